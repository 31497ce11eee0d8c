"""Where the project's files are, files that are there whole or not at all, and results kept under what made them."""

import hashlib
import io
import json
import logging
import os
import re
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pandas as pd

from forecast.data.folders import half_name
from forecast.data.home import PACKAGE as PACKAGE
from forecast.data.home import ROOT as ROOT
from forecast.data.home import scratch

LOG = logging.getLogger("forecast")
SEAL = hashlib.sha256().digest_size  # bytes
RISKY = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # a spreadsheet would run a cell that begins so
MOST_REMEMBERED = 300  # files in a scratch folder: some 30 MB
T = TypeVar("T")


@contextmanager
def replacing(path: str | Path) -> Iterator[Path]:
    """Give a name to write to; the file stands at `path` when the block ends, and nowhere when it ends in an error.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with replacing(Path(folder) / "a" / "b.txt") as half:
    ...         _ = half.write_text("whole")
    ...     (Path(folder) / "a" / "b.txt").read_text(), len(list((Path(folder) / "a").iterdir()))
    ('whole', 1)
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    half = half_name(path)
    try:
        yield half
        _synced(half)
        os.replace(half, path)
    finally:
        half.unlink(missing_ok=True)


def _synced(path: Path) -> None:
    """Have a file's bytes on the disk: a name that is moved before its bytes outlives a power cut without them."""
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def write_bytes(data: bytes, path: str | Path) -> Path:
    """Write a whole file or, if anything goes wrong, none; return the path."""
    with replacing(path) as half:
        half.write_bytes(data)
    return Path(path)


def write_text(text: str, path: str | Path) -> Path:
    """Write a whole UTF-8 file or none; return the path."""
    return write_bytes(text.encode(), path)


def name_of(*what: Any) -> str:
    """Return a name of 24 hexadecimal digits for a result that depends on `what` (anything that JSON can say).

    >>> name_of("stock", [0, 32], 1) == name_of("stock", [0, 32], 1) != name_of("stock", [0, 32], 2)
    True
    """
    return hashlib.sha256(json.dumps(what).encode()).hexdigest()[:24]


def keep(result: pd.DataFrame | Mapping[str, np.ndarray], path: Path | None) -> None:
    """Keep a result at `path` for a run that is repeated: a table as Parquet, named arrays as npz; not without one.

    Before it stands the hash of its bytes and of its own name, so that no bit of it and no other name passes for it.
    """
    if path is None:
        return
    stream = io.BytesIO()
    if isinstance(result, pd.DataFrame):
        stream.write(result.to_parquet())
    else:
        np.savez(stream, **result)  # type: ignore[arg-type]  # names are the mapping's, none is allow_pickle
    write_bytes(_seal(path.name, stream.getbuffer()) + stream.getvalue(), path)


def kept_table(path: Path | None) -> pd.DataFrame | None:
    """Return the table that an earlier run kept at `path`; None where there is none or it is damaged, which is told."""
    return _kept(path, pd.read_parquet)


def kept_arrays(path: Path | None) -> dict[str, np.ndarray] | None:
    """Return the arrays that an earlier run kept at `path`; None where there are none or they are damaged: told."""
    return _kept(path, _arrays)


def kept_shapes(path: Path | None, shapes: Mapping[str, tuple[int, ...]]) -> dict[str, np.ndarray] | None:
    """Return the arrays that an earlier run kept at `path` if they have these names and shapes; else None, and told."""
    arrays = kept_arrays(path)
    if arrays is None or path is None or {name: array.shape for name, array in arrays.items()} == dict(shapes):
        return arrays
    damaged(path, "it holds other arrays")
    return None


def damaged(path: Path, why: str) -> None:
    """Tell that kept work cannot be used, and take it away; it is done again."""
    LOG.warning("note: %s: kept work is damaged (%s); it is done again", path, why)
    path.unlink(missing_ok=True)


def remembered(room: str, asked: Iterable[Any], make: Callable[[], Mapping[str, np.ndarray]]) -> dict[str, np.ndarray]:
    """Return the arrays that `make` gives, from where an earlier process left them under all that was `asked`.

    They lie in a scratch folder `room` of the package, the :data:`MOST_REMEMBERED` last ones. What is damaged, or not
    there any more, is made again.
    """
    folder = scratch(PACKAGE / "__pycache__" / room, room)
    path = folder / f"{name_of(*asked)}.npz"
    arrays = kept_arrays(path)
    if arrays is None:
        arrays = {name: np.asarray(values) for name, values in make().items()}
        keep(arrays, path)
        for old in sorted(folder.glob("*.npz"), key=_age)[:-MOST_REMEMBERED]:
            old.unlink(missing_ok=True)
    return arrays


def _age(path: Path) -> float:
    """When a file was written; one that another process has just taken away is the oldest."""
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return 0.0


def _seal(name: str, data: bytes | memoryview) -> bytes:
    """Return the 32 bytes that stand before kept data."""
    return hashlib.sha256(name.encode() + b"\0" + data).digest()


def _arrays(stream: io.BytesIO) -> dict[str, np.ndarray]:
    with np.load(stream, allow_pickle=False) as archive:
        return dict(archive)


def _kept(path: Path | None, read: Callable[[io.BytesIO], T]) -> T | None:
    if path is None or not path.is_file():
        return None
    data = path.read_bytes()
    if data[:SEAL] == _seal(path.name, memoryview(data)[SEAL:]):
        return read(io.BytesIO(data[SEAL:]))
    damaged(path, "its hash does not fit")
    return None


def inert(text: str) -> str:
    """Return text that no spreadsheet runs: an apostrophe stands before what looks like a formula.

    >>> inert("=1+1"), inert("An Xuyên"), inert("＝1+1")
    ("'=1+1", 'An Xuyên', "'＝1+1")
    """
    text = str(text)
    return "'" + text if text.startswith(RISKY) else text


def timeless(data: bytes) -> bytes:
    """Return the same workbook without the clock: openpyxl writes the time of saving into it."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for item in sorted(old.infolist(), key=lambda i: i.filename != "[Content_Types].xml"):
            content = old.read(item)
            if item.filename == "docProps/core.xml":
                content = re.sub(rb"<dcterms:(created|modified)\b[^>]*>[^<]*</dcterms:\1>", b"", content)
            new.writestr(zipfile.ZipInfo(item.filename, (1980, 1, 1, 0, 0, 0)), content, zipfile.ZIP_DEFLATED)
    return out.getvalue()
