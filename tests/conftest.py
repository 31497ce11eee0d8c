"""Settings that hold for every test."""

import os

from hypothesis import settings

# Set before anything imports numba; the Makefile sets it too, for runs that do not start here.
os.environ.setdefault("NUMBA_THREADING_LAYER", "workqueue")

# The same examples on every run, and no deadline: the first call of a compiled function is slow.
settings.register_profile("forecast", derandomize=True, deadline=None)
settings.load_profile("forecast")


def pytest_addoption(parser):
    """Let `pytest tests/test_site.py --site FOLDER` look at a finished site, not at a small one made for the test."""
    parser.addoption("--site", default=None, metavar="FOLDER", help="site to look at in tests/test_site.py")
    parser.addoption("--redraw", action="store_true", help="write what tests/test_drawn.py compares anew")
