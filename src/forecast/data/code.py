"""What code and tables an answer depends on, as a hash: kept work and compiled code are named by it."""

import hashlib
from functools import cache
from pathlib import Path

from forecast.data import tables
from forecast.data.home import PACKAGE, code_folder

# What an engine reads: the code of these packages (a test follows their imports) and these tables, beside what the
# question itself holds and what was learned (:func:`forecast.question.fingerprint.fingerprint`).
ENGINES = ("data", "timeseries", "answer", "beliefs", "question", "engines")
PACKAGES = (*ENGINES, "experiment")  # and what a run of them is made with
TABLES = ("history", "law", "places", "crosswalk", "parameters", "unit_costs", "ranges", "sources", "pool")


def code_hash(*packages: str) -> str:
    """Return a hash of the code of `packages` and of the tables that engines read; of all code and tables where none
    is named, as for the pages, which show them all.

    >>> code_hash(*PACKAGES) == code_hash(*reversed(PACKAGES)) != code_hash("engines")
    True
    """
    folder = tables.data_dir()
    data = [folder / f"{name}.csv" for name in TABLES] if packages else sorted(folder.glob("*.csv"))
    folders = tuple(PACKAGE / name for name in sorted(set(packages))) or (PACKAGE,)
    return _hash(folders, tuple((path, tables.changed(path)) for path in data))


@cache
def _hash(folders: tuple[Path, ...], data: tuple[tuple[Path, int], ...]) -> str:
    """Hash code, and tables as they were changed last: one process may come to know other tables."""
    code = [path for folder in folders for path in folder.rglob("*.py")]
    digest = hashlib.sha256()
    for path in sorted(code):
        digest.update(path.relative_to(PACKAGE).as_posix().encode() + path.read_bytes())
    for path, _ in sorted(data):
        digest.update(path.name.encode() + (path.read_bytes() if path.is_file() else b""))
    return digest.hexdigest()[:16]


def compiled_sources() -> list[Path]:
    """Return the files whose code is compiled, or compiled in: those that speak of numba or of compiled code."""
    sources = {path: path.read_bytes() for path in sorted(PACKAGE.rglob("*.py"))}
    return [path for path, source in sources.items() if b"numba" in source or b"compiled" in source]


def compiled_folder() -> Path:
    """Return the folder for compiled code, named after all code that is compiled; no compiler is loaded for that.

    numba asks only whether the file of a function has changed. A function that calls one of another file would go on
    with the old one, and its numbers with it.
    """
    name = hashlib.sha256(b"".join(path.read_bytes() for path in compiled_sources())).hexdigest()[:12]
    return code_folder() / f"compiled-{name}"
