"""The time-series engine: what the counts of the past suggest for the status quo."""
