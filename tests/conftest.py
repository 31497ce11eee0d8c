"""Settings that hold for every test."""

import os

from hypothesis import settings

# Set before anything imports numba; the Makefile sets it too, for runs that do not start here.
os.environ.setdefault("NUMBA_THREADING_LAYER", "workqueue")

# The same examples on every run, and no deadline: the first call of a compiled function is slow.
settings.register_profile("forecast", derandomize=True, deadline=None)
settings.load_profile("forecast")
