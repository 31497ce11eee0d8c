"""Where the project's files are."""

import atexit
import os
import shutil
import tempfile
from functools import cache
from pathlib import Path

PACKAGE = Path(__file__).parents[1]  # src/forecast
ROOT = PACKAGE / "project" if (PACKAGE / "project").is_dir() else PACKAGE.parents[1]
"""Where data/, docs/ and notebooks/ are: beside src/, or in an installed package."""
_SHARED = "FORECAST_COMPILED"  # numba's own variable would be read again at each compilation, and undo ours


@cache
def scratch(near: Path, name: str) -> Path:
    """Return a folder for what can be made again: `near`, or else the user's cache, or else one that ends with us.

    A package may be read-only and its user without a home, in a container or as a service. A folder that others can
    write to is never taken: what is found there would be run.
    """
    home = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    for folder in (near, Path(home) / "forecast" / name):
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError:
            continue
        if os.access(folder, os.W_OK):
            return folder
    made = tempfile.mkdtemp(prefix=f"forecast-{name}-")
    atexit.register(_remove, os.getpid(), made)
    return Path(made)


def _remove(owner: int, folder: str) -> None:
    if os.getpid() == owner:  # and no process that was forked from it
        shutil.rmtree(folder, ignore_errors=True)


def code_folder() -> Path:
    """Return the folder in which compiled code is kept, chosen once for this process and those that work for it."""
    folder = os.environ.get("NUMBA_CACHE_DIR") or os.environ.get(_SHARED)
    folder = folder or str(scratch(PACKAGE / "__pycache__", "compiled"))
    os.environ[_SHARED] = folder
    return Path(folder)
