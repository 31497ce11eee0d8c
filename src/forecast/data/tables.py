"""Tables read, checked and written, and one readable message that names every fault.

A table is read with :func:`read`, which either returns a typed frame or raises a :class:`TableError` whose message
lists file, row, column, value and what was expected. A table is written with :func:`write`. What each table holds is
said in :mod:`forecast.data.schemas`, the words that may stand in its columns in :mod:`forecast.data.vocabulary`.
"""

import csv
import hashlib
import io
import math
import os
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pandera.pandas as pa

from forecast.data import doors, frames, typed, written
from forecast.data.files import RISKY, ROOT, timeless
from forecast.data.files import write_bytes as write_bytes
from forecast.data.files import write_text as write_text
from forecast.data.messages import Message, joined
from forecast.data.messages import UserError as UserError
from forecast.data.schemas import EXPECTED_MONTH, of_persons
from forecast.data.schemas import SCHEMAS as SCHEMAS  # named again, as the words below: readers of tables look here
from forecast.data.vocabulary import GROUPS as GROUPS
from forecast.data.vocabulary import MEASURES as MEASURES
from forecast.data.vocabulary import STATUSES as STATUSES


@dataclass(frozen=True)
class Fault:
    """One wrong cell: ``row`` is the line in the file (the header is line 1), or 0 when the whole file is meant."""

    file: str
    row: int
    column: str
    value: str
    expected: str | Message

    def text(self, lang: str | None = None) -> str:
        """Return one line for a person, such as ``history.csv, row 7, column month: found "2021", expected ...``."""
        where = self.file + (Message(", row {row}", row=self.row).text(lang) if self.row else "")
        where += Message(", column {column}", column=self.column).text(lang) if self.column else ""
        cell = Message('found "{value}", ', value=self.value).text(lang) if self.value or self.column else ""
        return where + ": " + cell + Message("expected {what}", what=_expected(self.expected)).text(lang)

    def __str__(self) -> str:
        """Return the line in the language that is spoken."""
        return self.text()


BY_HAND = ("counts",)
"""Tables that a person types for one command: no folder of tables holds one."""
MOST_ROWS = 1_048_576  # of a sheet
REMEMBERED = 2_000_000  # bytes of a file up to which a process keeps what it has read and checked


def _expected(what: str | Message) -> Message:
    """Return what was expected as a message, the words of a list apart: they are the same in all languages."""
    if isinstance(what, Message):
        return what
    if not what.startswith("one of "):
        return Message(what)
    words = what.removeprefix("one of ").split(", ")
    parts = [Message("nothing") if word == "nothing" else Message("{word}", word=word) for word in words]
    return Message("one of {words}", words=joined(parts, ", "))


class TableError(UserError):
    """Faults of one table in one message; ``faults`` holds them one by one."""

    def __init__(self, faults: list[Fault]):
        """Keep ``faults`` and build the message that names all of them."""
        self.faults = list(faults)
        super().__init__("\n".join(str(fault) for fault in self.faults))

    def text(self, lang: str | None = None) -> str:
        """Return the faults, a line each."""
        return "\n".join(fault.text(lang) for fault in self.faults)


def data_dir() -> Path:
    """Return the folder of the project's tables: ``$FORECAST_DATA`` if set, else ``data/`` beside ``src/``."""
    return Path(os.environ.get("FORECAST_DATA") or ROOT / "data")


def changed(path: Path) -> int:
    """Return when a file was changed last, 0 where there is none: for so long holds what was read of it.

    >>> changed(data_dir() / "no-such-table.csv")
    0
    """
    return path.stat().st_mtime_ns if path.is_file() else 0


Month = str | pd.Period
"""A month as text (``YYYY-MM``) or as a period of one month."""


def month(text: Month) -> pd.Period:
    """Return the month named by ``text`` (``YYYY-MM``); it means the last day of that month.

    Raises :class:`UserError` for anything else.

    >>> month("2021-12")
    Period('2021-12', 'M')
    """
    return _month(str(text))


@lru_cache(maxsize=4096)
def _month(text: str) -> pd.Period:
    """Every question reads the same months again and again."""
    if len(text) == 7 and text[4] == "-" and text.isascii() and text[:4].isdigit() and text[5:] in _MONTH_NUMBERS:
        return pd.Period(text, freq="M")
    raise UserError('"{text}" is not {expected}', text=text, expected=Message(EXPECTED_MONTH))


_MONTH_NUMBERS = {f"{number:02d}" for number in range(1, 13)}


def month_index(period: pd.Period) -> int:
    """Return the month as a whole number that grows by one a month: year * 12 + month - 1.

    >>> month_index(month("2021-01")) - month_index(month("2020-12"))
    1
    """
    return period.year * 12 + period.month - 1


def columns(table: str) -> list[str]:
    """Return the column names of ``table`` in file order.

    >>> columns("sources")
    ['source', 'title', 'publisher', 'date', 'address']
    """
    if table not in SCHEMAS:
        raise UserError('there is no table "{table}"; known tables: {known}', table=table, known=", ".join(SCHEMAS))
    return list(SCHEMAS[table].columns)


def check(frame: pd.DataFrame, table: str, file: str = "") -> list[Fault]:
    """Return the faults of ``frame`` as a ``table``; none means that it fits.

    ``file`` is the name used in the faults. The row of a fault is the frame's position plus 2, which is the line in a
    CSV file whose cells hold no line breaks.
    """
    file = file or table
    wanted, present = columns(table), list(frame.columns)
    needed = [name for name in wanted if SCHEMAS[table].columns[name].required]
    faults = [Fault(file, 1, name, "", "this column, which is missing") for name in needed if name not in present]
    faults += [
        Fault(file, 1, str(name), str(name), Message("only the columns {words}", words=", ".join(wanted)))
        for name in present
        if name not in wanted
    ]
    if faults:
        return faults
    try:
        SCHEMAS[table].validate(frame.reset_index(drop=True), lazy=True)
    except pa.errors.SchemaErrors as errors:
        cases = errors.failure_cases
        faults = [_fault(case, frame, file) for case in frames.records(cases)]
    return sorted(set(faults), key=lambda fault: (fault.row, wanted.index(fault.column) if fault.column else -1))


def _fault(case: dict[str, Any], frame: pd.DataFrame, file: str) -> Fault:
    """Turn one failure case of pandera into a fault that a person can read."""
    row = 0 if pd.isna(case["index"]) else int(case["index"]) + 2
    column, expected = str(case["column"]), str(case["check"])
    if case["schema_context"] == "DataFrameSchema" and ": " in expected:  # a rule about whole rows names its own column
        column, expected = expected.split(": ", 1)
    if expected.startswith("dtype("):
        return Fault(file, 0, column, str(case["failure_case"]), "a column of numbers")
    value = frame[column].iloc[row - 2] if row and column in frame else case["failure_case"]
    return Fault(file, row, column, "" if pd.isna(value) else str(value), expected)


def read(path: str | Path, table: str, *, by_hand: bool = False) -> pd.DataFrame:
    """Read one table: CSV (UTF-8), or Parquet for a projection.

    Text columns are strings with ``""`` for an empty cell, number columns are float64 with NaN for one, and months
    stay text (``YYYY-MM``). A table written `by_hand` may be separated by semicolons, and have months and numbers as
    people write them (:mod:`forecast.data.typed`). Raises :class:`TableError` naming every fault, or
    :class:`UserError` if the file cannot be read at all.
    """
    path = Path(path)
    columns(table)  # a table that nobody knows is an error
    if not path.is_file():
        raise UserError("{file}: there is no such file", file=path)
    if path.suffix != ".parquet" and path.stat().st_size <= REMEMBERED:
        with path.open("rb") as content:
            digest = hashlib.file_digest(content, "sha256").digest()
        return _remembered(path, digest, table, by_hand).copy(deep=False)
    return _read(path, table, by_hand)


@lru_cache(maxsize=16)
def _remembered(path: Path, digest: bytes, table: str, by_hand: bool) -> pd.DataFrame:
    """Read a small table once for each content: a command asks for the same ones again and again."""
    return _read(path, table, by_hand)


def _read(path: Path, table: str, by_hand: bool) -> pd.DataFrame:
    """Read and check a table."""
    names = columns(table)
    if path.suffix == ".parquet":
        try:
            frame = pd.read_parquet(path)
        except (OSError, ValueError):  # pyarrow's own errors are kinds of these
            raise UserError("{file}: not a Parquet file that can be read", file=path) from None
        lines: list[int] = []
    else:
        frame, lines = _read_csv(path, names, SCHEMAS[table], by_hand)
    faults = check(frame, table, path.name)
    if faults:
        raise TableError([replace(f, row=lines[f.row - 2]) if lines and f.row > 1 else f for f in faults])
    return frame


class _Sheet(NamedTuple):
    """The cells of a CSV file as text: its header, its rows, and the line on which each row begins."""

    header: list[str]
    rows: list[list[str]]
    lines: list[int]


def _read_csv(
    path: Path, names: list[str], schema: pa.DataFrameSchema, by_hand: bool
) -> tuple[pd.DataFrame, list[int]]:
    """Return the frame and the line number of each row; faults of layout, and numbers that are none, are raised."""
    sheet = _cells(path, by_hand)
    faults = _layout(path.name, sheet, names, schema)
    if faults:
        raise TableError(faults)
    at = {name: sheet.header.index(name) for name in names if name in sheet.header}

    def texts(name: str) -> list[str]:  # of one column at a time: those of a whole table take room
        return [_unescape(row[at[name]]) if name in at else "" for row in sheet.rows]

    counted = {name: texts(name) for name in names if schema.columns[name].dtype is not None}
    units = {"unit": texts("unit")} if "unit" in names else {}
    persons = {name: of_persons(schema, name, counted | units) for name in counted}
    numbers = written.numbers(counted, persons, by_hand)
    frame = {}
    for name in names:
        if name not in numbers:
            column = texts(name)
            column = [str(typed.month(text)) for text in column] if by_hand and name == "month" else column
            frame[name] = pd.Series(pd.array(column, dtype="str"))
            continue
        for n, text, line in zip(numbers[name], counted[name], sheet.lines, strict=True):
            if isinstance(n, Message):
                faults.append(Fault(path.name, line, name, text, n))
        frame[name] = pd.Series([math.nan if isinstance(n, Message) else n for n in numbers[name]], dtype=float)
    if faults:
        raise TableError(faults)
    return pd.DataFrame(frame), sheet.lines


def _cells(path: Path, by_hand: bool) -> _Sheet:
    """Read the cells of a CSV file; one that is none raises :class:`UserError`, and so does one with semicolons."""
    rows, lines = [], []
    try:
        # a table of programs is read line by line: its whole text, held beside its cells, takes more room than they do
        by_line = (
            path.open(encoding="utf-8-sig", newline="") if not by_hand else io.StringIO(doors.table_text(path), "")
        )
        with by_line as text:
            mark = typed.separator(text.readline())
            if mark != "," and not by_hand:
                raise UserError("{file}: its columns are separated by {mark!r}; expected commas", file=path, mark=mark)
            text.seek(0)
            reader = csv.reader(text, delimiter=mark, strict=True)
            header = next(reader, [])
            start = reader.line_num + 1
            one = dict[str, str]()  # the same few words in thousands of cells: each is kept once
            for row in reader:
                if row:
                    rows.append([one.setdefault(cell, cell) for cell in row])
                    lines.append(start)
                start = reader.line_num + 1
    except UnicodeError:
        raise UserError("{file}: not UTF-8 text; save it as CSV UTF-8", file=path) from None
    except csv.Error as error:
        raise UserError("{file}: not a CSV table ({error})", file=path, error=error) from None
    return _Sheet(header, rows, lines)


def _layout(file: str, sheet: _Sheet, names: list[str], schema: pa.DataFrameSchema) -> list[Fault]:
    """Return what is wrong with the columns, or else with the number of cells of each row."""
    header, wanted = sheet.header, Message("only the columns {words}, each once", words=", ".join(names))
    needed = [name for name in names if name not in header and schema.columns[name].required]
    faults = [Fault(file, 1, name, "", "this column, which is missing") for name in needed]
    extra = [name for name in sorted(set(header)) if name not in names or header.count(name) > 1]
    faults += [Fault(file, 1, name, name, wanted) for name in extra]
    if needed and not set(names) & set(header):
        return [Fault(file, 1, "", ", ".join(header), Message("the columns {words}", words=", ".join(needed)))]
    if faults:
        return faults
    each = zip(sheet.rows, sheet.lines, strict=True)
    return [
        Fault(file, line, "", str(len(row)), Message("{count} cells", count=len(header)))
        for row, line in each
        if len(row) != len(header)
    ]


def _escape(text: str) -> str:
    """Put an apostrophe before text that a spreadsheet would run as a formula.

    >>> _escape("=1+1")
    "'=1+1"
    """
    return "'" + text if text.lstrip("'").startswith(RISKY) else text


def _unescape(text: str) -> str:
    """Undo :func:`_escape`."""
    return text[1:] if text.startswith("'") and text.lstrip("'").startswith(RISKY) else text


def write(frame: pd.DataFrame, path: str | Path) -> Path:
    """Write ``frame`` to ``path`` as CSV (UTF-8, no index) or, for ``.parquet``, as Parquet; return the path.

    The order of rows and columns is the frame's own. Whole numbers are written without a decimal point, and a text
    that a spreadsheet would run as a formula is escaped; :func:`read` undoes both. The file appears whole or not
    at all.
    """
    if Path(path).suffix != ".parquet":
        return write_bytes(csv_bytes(frame), path)
    stream = io.BytesIO()
    frame.to_parquet(stream, index=False)
    return write_bytes(stream.getvalue(), path)


def csv_bytes(frame: pd.DataFrame) -> bytes:
    """Return ``frame`` as the bytes of a CSV file, as :func:`write` writes it.

    >>> csv_bytes(pd.DataFrame({"place": ["=1"], "value": [3.0]}))
    b"place,value\\n'=1,3\\n"
    """
    data = io.BytesIO()  # encoded as it is written: a long table as one text is four times as large as its bytes
    with io.TextIOWrapper(data, "utf-8", newline="") as text:
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow([_escape(str(name)) for name in frame.columns])
        writer.writerows([_cell(value) for value in row] for row in frame.itertuples(index=False, name=None))
        text.flush()
        return data.getvalue()


def xlsx_bytes(frame: pd.DataFrame) -> bytes:
    """Return ``frame`` as the bytes of a workbook of one sheet; no cell is a formula.

    >>> xlsx_bytes(pd.DataFrame({"place": ["=1"], "value": [3.0]}))[:2]
    b'PK'
    """
    if len(frame) >= MOST_ROWS:
        raise UserError(
            "{count:,} rows, and a sheet holds {most:,}; expected fewer, or .csv", count=len(frame), most=MOST_ROWS - 1
        )
    texts = frame.columns[[not pd.api.types.is_numeric_dtype(frame[name].dtype) for name in frame.columns]]
    safe = frame.assign(**{name: frame[name].astype(str).map(_escape) for name in texts})
    stream = io.BytesIO()
    safe.rename(columns=_escape).to_excel(stream, index=False, engine="openpyxl")
    return timeless(stream.getvalue())


def behind(frame: pd.DataFrame, path: Path) -> Path:
    """Add the rows of ``frame`` (its columns are those of the file) behind those of a CSV file; return the path.

    What is there keeps its bytes, and the file is replaced as a whole or not at all.
    """
    old, lines = path.read_bytes() if path.exists() else b"", csv_bytes(frame)
    body = lines if not old else lines[lines.index(b"\n") + 1 :]
    return write_bytes(old + (b"" if not old or old.endswith(b"\n") else b"\n") + body, path)


def _cell(value: Any) -> str:
    """Return one value as the text of a CSV cell."""
    if isinstance(value, str):
        return _escape(value)
    if pd.isna(value):
        return ""
    if isinstance(value, float | np.floating):
        number = float(value)
        return str(int(number)) if number == int(number) and abs(number) < 1e15 else repr(number)
    return str(value)
