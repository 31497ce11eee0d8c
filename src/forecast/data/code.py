"""What code and tables an answer depends on, as a hash: kept work is named by it."""

import hashlib
from functools import cache

from forecast.data import tables
from forecast.data.files import PACKAGE

# What an engine reads: the code of these packages (a test follows their imports) and these tables, beside what the
# question itself holds and what was learned (:func:`forecast.question.fingerprint.fingerprint`).
ENGINES = ("data", "timeseries", "answer", "beliefs", "question", "engines")
PACKAGES = (*ENGINES, "experiment")  # and what a run of them is made with
TABLES = ("history", "law", "places", "crosswalk", "parameters", "unit_costs", "ranges", "sources", "pool")


@cache
def code_hash(*packages: str) -> str:
    """Return a hash of the code of `packages` and of the tables that engines read; of all code and tables where none
    is named, as for the pages, which show them all.

    >>> code_hash(*PACKAGES) == code_hash(*reversed(PACKAGES)) != code_hash("engines")
    True
    """
    folders = [PACKAGE / name for name in sorted(set(packages))] if packages else [PACKAGE]
    data = [tables.data_dir() / f"{name}.csv" for name in TABLES] if packages else tables.data_dir().glob("*.csv")
    code = [path for folder in folders for path in folder.rglob("*.py")]
    digest = hashlib.sha256()
    for path in sorted(code):
        digest.update(path.relative_to(PACKAGE).as_posix().encode() + path.read_bytes())
    for path in sorted(data):
        digest.update(path.name.encode() + (path.read_bytes() if path.is_file() else b""))
    return digest.hexdigest()[:16]
