"""From notebooks to a site: run, build, print, hold against the run."""
