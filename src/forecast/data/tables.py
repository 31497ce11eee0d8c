"""The shape of every table, one check for each, and one readable message that names every fault.

A table is read with :func:`read`, which either returns a typed frame or raises a :class:`TableError` whose message
lists file, row, column, value and what was expected. A table is written with :func:`write`. The words that may stand in
the columns (schemes, groups, statuses, kinds, measures) are those of :mod:`forecast.data.vocabulary`.
"""

import csv
import io
import math
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pandera.pandas as pa

from forecast.data.files import RISKY, ROOT
from forecast.data.files import write_bytes as write_bytes
from forecast.data.files import write_text as write_text
from forecast.data.vocabulary import GROUPS as GROUPS  # named again, so that readers of tables find them here
from forecast.data.vocabulary import KINDS as KINDS
from forecast.data.vocabulary import LEVELS as LEVELS
from forecast.data.vocabulary import MEASURES as MEASURES
from forecast.data.vocabulary import OUTREACH_PAYERS as OUTREACH_PAYERS
from forecast.data.vocabulary import SCHEMES as SCHEMES
from forecast.data.vocabulary import STATUSES as STATUSES
from forecast.data.vocabulary import STUDIED_SCHEMES as STUDIED_SCHEMES
from forecast.data.vocabulary import USES as USES

BASELINE_MEASURES = {"lasting_members": "persons"}
"""Measures that only an engine of the baseline says: members less those whom a campaign brought."""

SCOPES = ("nation", "places")
"""Whose scores a weight comes from: those of the nation, or those of all other places."""

PUBLISHED_QUANTILES = {f"q{round(1000 * p):03d}": p for p in (0.025, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.975)}
"""Columns of published forecasts and the probability of each: ``q500`` is the median."""

HISTORY_MEASURES: dict[str, tuple[str, ...]] = {
    # people in the scheme: stocks, flows and ratios are different measures, never one
    "members": ("persons",), "members_change": ("persons",), "members_growth": ("percent",),
    "members_share": ("percent",), "members_share_excess": ("percentage_points",),
    "members_share_of_parent": ("percent",), "members_change_per_year": ("persons_per_year",),
    "members_per_commune": ("persons_per_commune",), "members_missing_to_plan": ("persons",),
    "entries": ("persons",), "campaign_entries": ("persons",), "women_share": ("percent",),
    "entries_per_commune": ("persons_per_commune",), "entries_ratio": ("times",),
    "plan_attainment": ("percent",), "plan_attainment_claim": ("percent",), "rank": ("rank",),
    # money
    "money": ("vnd",), "money_growth": ("percent",), "arrears_share": ("percent",), "arrears_limit": ("months",),
    "contribution_per_head": ("vnd_per_month",), "income_per_head": ("vnd_per_month", "vnd_per_year"),
    "example_income": ("vnd_per_month",), "state_subsidy_share": ("percent",), "pay_days_given": ("days",),
    "subsidy_paid": ("vnd",), "subsidized_months": ("months",),
    # people and places of the setting
    "population": ("persons",), "eligible": ("persons",), "labor_force": ("persons",), "communes": ("communes",),
    "minority_share": ("percent",), "wave": ("number",), "tourism_types": ("number",),
    # who collects and how they are driven
    "collectors": ("persons",), "collector_agencies": ("agencies",), "collection_points": ("points",),
    "collectors_per_commune": ("persons_per_commune",), "agencies_per_hamlet": ("agencies_per_hamlet",),
    "staff": ("persons",), "quota_per_agency": ("persons_per_month",),
    "quota_per_staff": ("persons_per_month", "persons_per_year"), "quota_attainment": ("percent",),
    "employers_per_staff": ("employers_per_year",), "lump_sums": ("persons",), "lump_sums_share": ("percent",),
    "lapses": ("persons",), "offices": ("offices",), "new_collector_agencies": ("agencies",),
    "members_per_collector": ("persons_per_collector",), "entries_per_collector": ("persons_per_collector",),
    # outreach
    "broadcasts": ("times_per_week",), "visits": ("visits",), "meetings": ("meetings",),
    "meeting_attendance": ("persons",), "meetings_per_district": ("meetings_per_month",),
    "entries_at_meetings": ("persons",), "entries_per_meeting": ("persons_per_meeting",),
    "entries_per_day": ("persons_per_day",), "campaign_groups": ("groups",), "group_size": ("persons_per_group",),
    "entries_per_group": ("persons_per_group",), "people_reached": ("persons",), "entries_per_reached": ("percent",),
    "saving_groups": ("groups",), "saving_members": ("persons",), "saving_boxes": ("boxes",),
    "outreach_points": ("points",), "campaign_days": ("days",),
    "model_communes": ("communes",), "model_communes_per_district": ("communes_per_district",),
    "districts_with_model_communes": ("districts",), "pilot_months": ("months",),
    "household_workers": ("persons",), "trained_share": ("percent",), "informed_share": ("percent",),
    "visited_share": ("percent",), "practice": ("none",), "document": ("none",),
}
"""Measures that a history row may carry and the units allowed for each; ``data/README.md`` says what each means."""

DENOMINATORS = ("labor_force", "eligible", "members", "population", "households", "floor_contribution",
                "outreach_staff", "collectors_and_hamlet_heads", "workers_and_employers", "lump_sums", "people_reached")
"""What a share may be a share of; an empty cell for what is no share."""

RANGE_UNITS = ("one", "hamlet", "commune", "communes", "household", "person", "collector")
"""What the most of a lever is counted for: itself, or each of these; ``communes`` is a share of all communes."""

_EXPECTED_MONTH = "a month written YYYY-MM, such as 2021-12"
_EXPECTED_NUMBER = "a number such as 1234.5, without thousands separators, or an empty cell"


class UserError(Exception):
    """A problem that a person can mend; the command line prints its message and no traceback."""


@dataclass(frozen=True)
class Fault:
    """One wrong cell: ``row`` is the line in the file (the header is line 1), or 0 when the whole file is meant."""

    file: str
    row: int
    column: str
    value: str
    expected: str

    def __str__(self) -> str:
        """Return one line for a person, such as ``history.csv, row 7, column month: "2021" (expected ...)``."""
        where = self.file + (f", row {self.row}" if self.row else "")
        where += f", column {self.column}" if self.column else ""
        found = f'found "{self.value}", ' if self.value or self.column else ""
        return f"{where}: {found}expected {self.expected}"


class TableError(UserError):
    """Faults of one table in one message; ``faults`` holds them one by one."""

    def __init__(self, faults: list[Fault]):
        """Keep ``faults`` and build the message that names all of them."""
        self.faults = list(faults)
        super().__init__("\n".join(str(fault) for fault in self.faults))


def data_dir() -> Path:
    """Return the folder of the project's tables: ``$FORECAST_DATA`` if set, else ``data/`` beside ``src/``."""
    return Path(os.environ.get("FORECAST_DATA") or ROOT / "data")


def month(text: str) -> pd.Period:
    """Return the month named by ``text`` (``YYYY-MM``); it means the last day of that month.

    Raises :class:`UserError` for anything else.

    >>> month("2021-12")
    Period('2021-12', 'M')
    """
    text = str(text)
    if len(text) == 7 and text[4] == "-" and text.isascii() and text[:4].isdigit() and text[5:] in _MONTH_NUMBERS:
        return pd.Period(text, freq="M")
    raise UserError(f'"{text}" is not {_EXPECTED_MONTH}')


_MONTH_NUMBERS = {f"{number:02d}" for number in range(1, 13)}


def month_index(period: pd.Period) -> int:
    """Return the month as a whole number that grows by one a month: year * 12 + month - 1.

    >>> month_index(month("2021-01")) - month_index(month("2020-12"))
    1
    """
    return period.year * 12 + period.month - 1


def _one_of(words) -> pa.Check:
    """Return the check that a cell holds one of ``words``."""
    words = tuple(words)
    return pa.Check.isin(words, error="one of " + ", ".join(word or "nothing" for word in words))


def _matches(pattern: str, expected: str) -> pa.Check:
    """Return the check that the whole cell matches ``pattern``; ``expected`` says it in words."""
    def rule(cells: pd.Series) -> pd.Series:
        words = pd.Series(cells.unique()).dropna()  # a projection repeats few words in millions of rows
        return cells.isin(words[words.astype(str).str.fullmatch(pattern)])

    return pa.Check(rule, error=expected, ignore_na=False)


_TEXT = pa.Column()
_FILLED = pa.Column(checks=_matches(r"(?s)\s*\S.*", "some text"))
_UNIQUE = pa.Column(checks=[_matches(r"(?s)\s*\S.*", "some text"),
                            pa.Check(lambda cells: ~cells.duplicated(), error="a name that stands in one row only")])
_MONTH = pa.Column(checks=_matches(r"[0-9]{4}-(0[1-9]|1[0-2])", _EXPECTED_MONTH))
_MONTH_OR_EMPTY = pa.Column(checks=_matches(r"([0-9]{4}-(0[1-9]|1[0-2]))?", _EXPECTED_MONTH + ", or an empty cell"))
_HASH = pa.Column(checks=_matches(r"[0-9a-f]{16}", "a hash of 16 digits, 0-9 and a-f"))
_GROUP = pa.Column(checks=_one_of((*GROUPS, "all")))
_SCHEME = pa.Column(checks=_one_of(SCHEMES))
_LEVEL = pa.Column(checks=_one_of(LEVELS))
_STATUS = pa.Column(checks=_one_of(STATUSES))


def _number(low: float = -math.inf, high: float = math.inf, expected: str = _EXPECTED_NUMBER) -> pa.Column:
    """Return a column of numbers between ``low`` and ``high``, empty cells allowed."""
    inside = pa.Check(lambda cells: cells.isna() | (np.isfinite(cells) & cells.between(low, high)), error=expected)
    return pa.Column(float, checks=inside, nullable=True)


def _rows(rule, column: str, expected: str) -> pa.Check:
    """Return a check of whole rows: ``rule(frame)`` is true for good ones; ``column`` is the cell to blame."""
    return pa.Check(rule, error=f"{column}: {expected}", ignore_na=False)


_COUNT = _number(0, expected="a number of at least 0, or an empty cell")
_SHARE = _number(0, 1, expected="a share between 0 and 1, or an empty cell")
_AMOUNT = pa.Column(float, checks=pa.Check(lambda cells: np.isfinite(cells) & (cells >= 0),
                                          error="a number of at least 0"))
_ERROR = _number(0.001, 2, expected="the standard deviation of a log, 0.001 to 2, or an empty cell")
_VALUE = _number()
_YEAR = pa.Column(checks=_matches(r"([0-9]{4})?", "a year of four digits, or an empty cell"))
_YES = pa.Column(checks=_one_of(("yes", "")))
_ORDERED_RANGE = [_rows(lambda f: ~(f["low"] > f["value"]), "low", "a number not above value"),
                  _rows(lambda f: ~(f["high"] < f["value"]), "high", "a number not below value")]


def _optional(column: pa.Column) -> pa.Column:
    """Return a column that a file may lack: it is read as empty cells, so that tables of before it stay readable."""
    return pa.Column(column.dtype, checks=column.checks, nullable=column.nullable, required=False)


_ORDERED = _rows(lambda f: (f["until"] == "") | (f["until"] >= f["since"]), "until", "a month not before since")


def _known_unit(frame: pd.DataFrame) -> pd.Series:
    """Return for each history row whether its unit is one that its measure allows."""
    pairs = zip(frame["measure"], frame["unit"], strict=True)
    return pd.Series([m not in HISTORY_MEASURES or u in HISTORY_MEASURES[m] for m, u in pairs], index=frame.index)


SCHEMAS: dict[str, pa.DataFrameSchema] = {
    "sources": pa.DataFrameSchema({
        "source": _UNIQUE, "title": _FILLED, "publisher": _FILLED,
        "date": pa.Column(checks=_matches(r"([0-9]{4}(-[0-9]{2}){0,2})?", "YYYY, YYYY-MM, YYYY-MM-DD or empty")),
        "address": _TEXT}),
    "history": pa.DataFrameSchema({
        "scheme": _SCHEME, "place": _FILLED, "level": _LEVEL, "month": _MONTH,
        "measure": pa.Column(checks=_one_of(HISTORY_MEASURES)), "group": _GROUP, "value": _VALUE, "unit": _FILLED,
        "kind": pa.Column(checks=_one_of(KINDS)), "status": _STATUS,
        "denominator": pa.Column(checks=_one_of(("", *DENOMINATORS))), "source": _FILLED,
        "locator": _TEXT, "note": _TEXT, "known": _optional(_MONTH_OR_EMPTY), "error": _optional(_ERROR),
        "use": _optional(pa.Column(checks=_one_of(USES)))},
        checks=[_rows(_known_unit, "unit", "a unit that the data dictionary allows for this measure"),
                _rows(lambda f: f["value"].notna() | (f["note"] != ""), "note", "a note that explains no value")]),
    "law": pa.DataFrameSchema({
        "scheme": _SCHEME, "parameter": _FILLED, "group": _GROUP, "place": _FILLED, "since": _MONTH,
        "until": _MONTH_OR_EMPTY, "value": _VALUE, "unit": _FILLED, "legal_basis": _TEXT, "source": _FILLED,
        "status": _STATUS}, checks=[_ORDERED]),
    "places": pa.DataFrameSchema({
        "place": _UNIQUE, "level": _LEVEL, "parent": _TEXT, "since": _MONTH, "until": _MONTH_OR_EMPTY,
        "population": _COUNT, "eligible": _COUNT, "labor_force": _COUNT, "households": _COUNT, "poor_share": _SHARE,
        "near_poor_share": _SHARE, "minority_share": _SHARE, "communes": _COUNT, "hamlets": _COUNT, "source": _TEXT,
        "note": _TEXT}, checks=[_ORDERED]),
    "crosswalk": pa.DataFrameSchema({
        "old": _FILLED, "new": _FILLED, "since": _MONTH, "share": _SHARE, "source": _FILLED, "note": _TEXT}),
    "parameters": pa.DataFrameSchema({
        "parameter": _UNIQUE, "kind": pa.Column(checks=_one_of(("parameter", "opening"))), "value": _VALUE,
        "low": _VALUE, "high": _VALUE, "least": _VALUE, "most": _VALUE,
        "open": pa.Column(checks=_one_of(("", "least", "most", "both"))), "unit": _FILLED, "learned": _COUNT,
        "distance": _number(0, 2, expected="0, 1, 2 or an empty cell"), "source": _FILLED, "status": _STATUS,
        "study": _FILLED, "year": _YEAR, "population": _TEXT, "meaning": _FILLED},
        checks=[*_ORDERED_RANGE,
                _rows(lambda f: f[["value", "low", "high"]].notna().all(axis=1) | (f["kind"] == "opening"), "value",
                      "a value with its low and high"),
                _rows(lambda f: f["least"].notna(), "least", "the least that the formulas allow"),
                _rows(lambda f: f["distance"].isin((0, 1, 2)) | f["distance"].isna() & f["learned"].isna(), "distance",
                      "0, 1 or 2 for a parameter that is learned"),
                _rows(lambda f: f["learned"].isna() | ~f["learned"].duplicated(), "learned", "a position of its own")]),
    "unit_costs": pa.DataFrameSchema({
        "item": _FILLED, "since": _MONTH, "until": _MONTH_OR_EMPTY, "unit": _FILLED, "low": _AMOUNT, "value": _AMOUNT,
        "high": _AMOUNT, "hours": _AMOUNT, "payer": pa.Column(checks=_one_of(OUTREACH_PAYERS)), "source": _FILLED,
        "status": _STATUS, "note": _FILLED}, checks=[_ORDERED, *_ORDERED_RANGE]),
    "ranges": pa.DataFrameSchema({
        "column": _FILLED, "place": _FILLED, "group": _GROUP, "per": pa.Column(checks=_one_of(RANGE_UNITS)),
        "least": _AMOUNT, "most": _AMOUNT, "source": _FILLED, "status": _STATUS, "note": _FILLED},
        checks=[_rows(lambda f: f["least"] <= f["most"], "least", "a number not above most")]),
    "evidence": pa.DataFrameSchema({
        "measure": _FILLED, "value": _VALUE, "low": _VALUE, "high": _VALUE,
        "supports": pa.Column(checks=_matches(r"([a-z_]+( [a-z_]+)*)?", "names of parameters with a space between")),
        "from_counts": _YES, "abroad": _YES, "scheme": pa.Column(checks=_one_of(STUDIED_SCHEMES)),
        "population": _TEXT, "study": _FILLED, "year": _YEAR, "source": _FILLED, "status": _STATUS, "use": _FILLED},
        checks=_ORDERED_RANGE),
    "pool": pa.DataFrameSchema({
        "origin": _MONTH, "scope": pa.Column(checks=_one_of(SCOPES)), "engine": _FILLED, "weight": _SHARE}),
    "published": pa.DataFrameSchema({
        "forecast": _HASH, "published": pa.Column(checks=_matches(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", "a day, YYYY-MM-DD")),
        "place": _FILLED, "scenario": _FILLED, "engine": _FILLED, "origin": _MONTH, "month": _MONTH, "group": _GROUP,
        "measure": pa.Column(checks=_one_of((*MEASURES, *BASELINE_MEASURES))),
        **dict.fromkeys(PUBLISHED_QUANTILES, _VALUE),
        "draws": _COUNT, "seed": pa.Column(checks=_matches(r"[0-9]+", "a whole number")), "question": _HASH,
        "law": _HASH, "code": _HASH, "data": _HASH},
        checks=[_rows(lambda f: f["month"] > f["origin"], "month", "a month after the origin"),
                _rows(lambda f: (f[list(PUBLISHED_QUANTILES)].diff(axis=1).iloc[:, 1:] >= 0).all(axis=1),
                      "q500", "quantiles that rise")]),
    "projection": pa.DataFrameSchema({
        "place": _FILLED, "scenario": _FILLED, "engine": _FILLED, "origin": _MONTH, "month": _MONTH, "group": _GROUP,
        "measure": pa.Column(checks=_one_of((*MEASURES, *BASELINE_MEASURES))), "draw": pa.Column(),
        "value": pa.Column(float, checks=pa.Check(lambda cells: np.isfinite(cells), error="a finite number"))}),
}
"""One pandera schema a table; the columns stand in the order in which files hold them."""


def columns(table: str) -> list[str]:
    """Return the column names of ``table`` in file order.

    >>> columns("sources")
    ['source', 'title', 'publisher', 'date', 'address']
    """
    if table not in SCHEMAS:
        raise UserError(f'there is no table "{table}"; known tables: {", ".join(SCHEMAS)}')
    return list(SCHEMAS[table].columns)


def check(frame: pd.DataFrame, table: str, file: str = "") -> list[Fault]:
    """Return the faults of ``frame`` as a ``table``; none means that it fits.

    ``file`` is the name used in the faults. The row of a fault is the frame's position plus 2, which is the line in a
    CSV file whose cells hold no line breaks.
    """
    file = file or table
    wanted, found = columns(table), list(frame.columns)
    needed = [name for name in wanted if SCHEMAS[table].columns[name].required]
    faults = [Fault(file, 1, name, "", "this column, which is missing") for name in needed if name not in found]
    faults += [Fault(file, 1, str(name), str(name), f"only the columns {', '.join(wanted)}")
               for name in found if name not in wanted]
    if faults:
        return faults
    try:
        SCHEMAS[table].validate(frame.reset_index(drop=True), lazy=True)
    except pa.errors.SchemaErrors as errors:
        cases = errors.failure_cases
        faults = [_fault(case, frame, file) for case in cases.to_dict("records")]
    return sorted(set(faults), key=lambda fault: (fault.row, wanted.index(fault.column) if fault.column else -1))


def _fault(case: dict, frame: pd.DataFrame, file: str) -> Fault:
    """Turn one failure case of pandera into a fault that a person can read."""
    row = 0 if pd.isna(case["index"]) else int(case["index"]) + 2
    column, expected = str(case["column"]), str(case["check"])
    if case["schema_context"] == "DataFrameSchema" and ": " in expected:  # a rule about whole rows names its own column
        column, expected = expected.split(": ", 1)
    if expected.startswith("dtype("):
        return Fault(file, 0, column, str(case["failure_case"]), "a column of numbers")
    value = frame[column].iloc[row - 2] if row and column in frame else case["failure_case"]
    return Fault(file, row, column, "" if pd.isna(value) else str(value), expected)


def read(path, table: str) -> pd.DataFrame:
    """Read one table: CSV (UTF-8), or Parquet for a projection.

    Text columns are strings with ``""`` for an empty cell, number columns are float64 with NaN for one, and months
    stay text (``YYYY-MM``). Raises :class:`TableError` naming every fault, or :class:`UserError` if the file cannot be
    read at all.
    """
    path, names = Path(path), columns(table)
    if not path.is_file():
        raise UserError(f"{path}: there is no such file")
    if path.suffix == ".parquet":
        try:
            frame = pd.read_parquet(path)
        except (OSError, ValueError):  # pyarrow's own errors are kinds of these
            raise UserError(f"{path}: not a Parquet file that can be read") from None
        lines: list[int] = []
    else:
        frame, lines, faults = _read_csv(path, names, SCHEMAS[table])
        if faults:
            raise TableError(faults)
    faults = check(frame, table, path.name)
    if faults:
        at_line = [Fault(f.file, lines[f.row - 2] if lines and f.row > 1 else f.row, f.column, f.value, f.expected)
                   for f in faults]
        raise TableError(at_line)
    return frame


def _read_csv(path: Path, names: list[str], schema: pa.DataFrameSchema):
    """Return the frame, the line number of each row, and the faults of layout and numbers."""
    try:
        with open(path, encoding="utf-8-sig", newline="") as handle:
            reader = csv.reader(handle, strict=True)
            header = next(reader, [])
            rows, lines, start = [], [], reader.line_num + 1
            for row in reader:
                if row:
                    rows.append(row)
                    lines.append(start)
                start = reader.line_num + 1
    except UnicodeDecodeError:
        raise UserError(f"{path}: not UTF-8 text; save it as CSV UTF-8") from None
    except csv.Error as error:
        raise UserError(f"{path}: not a CSV table ({error})") from None
    absent = [n for n in names if n not in header]
    needed = [n for n in absent if schema.columns[n].required]
    missing = [Fault(path.name, 1, n, "", "this column, which is missing") for n in needed]
    if missing or set(header) - set(names) or len(header) != len(set(header)):
        extra = [Fault(path.name, 1, n, n, f"only the columns {', '.join(names)}, each once")
                 for n in sorted(set(header)) if n not in names or header.count(n) > 1]
        return None, [], missing + extra
    faults = [Fault(path.name, line, "", str(len(row)), f"{len(header)} cells")
              for row, line in zip(rows, lines, strict=True) if len(row) != len(header)]
    if faults:
        return None, [], faults
    cells = {name: [_unescape(row[place]) for row in rows] for place, name in enumerate(header)}
    cells |= {name: [""] * len(rows) for name in absent}
    for name in names:
        if schema.columns[name].dtype is None:
            cells[name] = pd.array(cells[name], dtype="str")
            continue
        numbers = [_parse(text) for text in cells[name]]
        faults += [Fault(path.name, line, name, text, _EXPECTED_NUMBER)
                   for text, number, line in zip(cells[name], numbers, lines, strict=True) if number is None]
        cells[name] = np.array([math.nan if number is None else number for number in numbers], dtype=float)
    return pd.DataFrame({name: cells[name] for name in names}), lines, faults


def _parse(text: str) -> float | None:
    """Return the number in ``text``, NaN for an empty cell, None for what is not a finite number."""
    if not text.strip():
        return math.nan
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) and "_" not in text else None


def _escape(text: str) -> str:
    """Put an apostrophe before text that a spreadsheet would run as a formula.

    >>> _escape("=1+1")
    "'=1+1"
    """
    return "'" + text if text.lstrip("'").startswith(RISKY) else text


def _unescape(text: str) -> str:
    """Undo :func:`_escape`."""
    return text[1:] if text.startswith("'") and text.lstrip("'").startswith(RISKY) else text


def write(frame: pd.DataFrame, path) -> Path:
    """Write ``frame`` to ``path`` as CSV (UTF-8, no index) or, for ``.parquet``, as Parquet; return the path.

    The order of rows and columns is the frame's own. Whole numbers are written without a decimal point, and a text
    that a spreadsheet would run as a formula is escaped; :func:`read` undoes both. The file appears whole or not
    at all.
    """
    stream = io.BytesIO()
    if Path(path).suffix == ".parquet":
        frame.to_parquet(stream, index=False)
    else:
        text = io.TextIOWrapper(stream, encoding="utf-8", newline="", write_through=True)
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow([_escape(str(name)) for name in frame.columns])
        writer.writerows([_cell(value) for value in row] for row in frame.itertuples(index=False, name=None))
    return write_bytes(stream.getvalue(), path)


def _cell(value) -> str:
    """Return one value as the text of a CSV cell."""
    if isinstance(value, str):
        return _escape(value)
    if pd.isna(value):
        return ""
    if isinstance(value, float | np.floating):
        return str(int(value)) if value == int(value) and abs(value) < 1e15 else repr(float(value))
    return str(value)
