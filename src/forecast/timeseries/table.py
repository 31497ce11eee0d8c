"""A long table ``unique_id, ds, y`` read cell by cell, checked, and laid on grids without holes, one a series.

What may mean two things is refused with the row that shows it: a row longer than the header, a dot before three digits
among counts of hundreds. Names that look alike are alike: they are kept in Unicode's composed form (NFC).
"""

import csv
import io
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from forecast.data import doors, tables, typed, written
from forecast.data.messages import Message
from forecast.timeseries import dates

FILE = "file"  # attribute of a table that was read: the name of its file
COLUMNS = ("unique_id", "ds", "y")
MOST_STEPS = 200_000  # of a series: 540 years of days
LARGEST = 1e100  # a value: its square is a number still
THOUSANDS = re.compile(r"-?[1-9]\d{0,2}([.,]\d{3})+")
NO_NUMBERS = (
    "unique_id",
    "parent",
    "ds",
    "date",
    "kind",
    "lasting",
)  # columns whose dots and commas are no marks of numbers


class Series(NamedTuple):
    """One series on its grid: ``values`` without holes in time (NaN for a gap), and where the ``last`` one lies.

    ``season`` is the number of steps in a season.
    """

    name: str
    values: np.ndarray
    last: int
    grid: dates.Grid
    season: int

    @property
    def first(self) -> int:
        """The place of the first value; of business days, counted back from the last."""
        if self.grid.unit == "business":
            day = np.busday_offset(np.datetime64("1970-01-01") + self.last, 1 - len(self.values), roll="backward")
            return int(day.astype("datetime64[D]").astype(int))
        return self.last - self.grid.step * (len(self.values) - 1)


def read(path: str | Path) -> pd.DataFrame:
    """Read a CSV table (UTF-8) as text, all columns; a blank line stays, so that rows keep their numbers.

    Columns may be separated by semicolons or tabs, as spreadsheets write them. Numbers have a decimal comma if any of
    them tells so (12,5), and what may be thousands as well (1.234) is refused where none tells anything.

    Raises :class:`forecast.data.tables.UserError` for a file that is no such table, and names a row with more cells
    than the header.
    """
    text = doors.table_text(Path(path))
    try:
        mark = typed.separator(text)
        header, *rows = csv.reader(io.StringIO(text, newline=""), delimiter=mark, strict=True)
    except (csv.Error, ValueError) as error:
        raise tables.UserError(
            "{file}: not a CSV table ({error})", file=path, error=str(error) or "it is empty"
        ) from None
    for number, row in enumerate(rows, start=2):
        if len(row) > len(header):
            raise tables.UserError(
                "{file}, row {row}: found {cells} cells, expected at most {most}, as in the header",
                file=path,
                row=number,
                cells=len(row),
                most=len(header),
            )
    width = len(header)
    filled = [row + [""] * (width - len(row)) for row in rows]
    frame = pd.DataFrame(filled, columns=[name.strip() for name in header], dtype=str)
    frame = _with_points(frame, str(path))
    frame.attrs[FILE] = Path(path).name
    return frame


def of_file(frame: pd.DataFrame | None, otherwise: str) -> str:
    """Return the name of the file that a table was read from; `otherwise` where it comes from elsewhere.

    >>> of_file(pd.DataFrame(), "events")
    'events'
    """
    return otherwise if frame is None else str(frame.attrs.get(FILE, otherwise))


def _with_points(frame: pd.DataFrame, file: str) -> pd.DataFrame:
    """Return a table with decimal points; a number of two readings that nothing decides is a fault."""
    at = [i for i, column in enumerate(frame.columns) if column not in NO_NUMBERS]
    values = frame.iloc[:, at].to_numpy()
    if all(typed.as_programs_write(cell) for cell in pd.unique(values.ravel())):
        return frame
    mark = typed.decimal_mark(cell.strip() for cell in values.ravel())
    pointed = [[typed.pointed(cell, mark) for cell in row] for row in values]
    faults = [
        tables.Fault(file, row + 2, str(frame.columns[at[i]]), values[row, i], written.either(values[row, i]))
        for row, cells in enumerate(pointed)
        for i, cell in enumerate(cells)
        if cell is None
    ]
    if faults:
        raise tables.TableError(faults)
    frame.iloc[:, at] = pointed
    return frame


def series_of(frame: pd.DataFrame, season: int | None = None, file: str = "table") -> list[Series]:
    """Check a table and lay each series on its grid, in the order in which they first appear.

    Raises :class:`forecast.data.tables.TableError` naming every wrong cell.

    >>> table = pd.DataFrame({"unique_id": "a", "ds": ["2021-Q1", "2021-Q4"], "y": [1, 2]})
    >>> series_of(table)[0].values
    array([ 1., nan, nan, 2.])
    """
    cells, rows = _cells(frame, file)
    faults: list[tables.Fault] = []
    numbers = _numbers(cells["y"], rows, file, faults)
    names, groups = _groups(cells["unique_id"], rows, file, faults)
    dated = _Dates(cells["ds"])
    series = {}
    for name, at in zip(names, groups, strict=True):
        places, grid = dated.of(at, rows, name, file, faults)
        empty = np.isnan(numbers[at])
        if name and all(cells["y"][i].lower() in ("", "nan") for i in at):
            faults.append(
                tables.Fault(file, int(rows[at[0]]), "y", "", Message("at least one number for {name}", name=name))
            )
        elif grid is not None and not empty.all():
            _thousands([cells["y"][i] for i in at], rows[at], file, faults)
            series[name] = places, grid, numbers[at]
            _span(places, grid, [cells["ds"][i] for i in at], rows[at], file, faults)
    if faults:
        raise tables.TableError(sorted(set(faults), key=lambda fault: (fault.row, COLUMNS.index(fault.column))))
    several = Counter(grid for places, grid, _ in series.values() if len(places) > 2)
    common = [grid for grid, _ in several.most_common()]
    return [_case(name, *one, common, season) for name, one in series.items()]


def text(column: pd.Series) -> list[str]:
    """Return the cells of a column as text without spaces around it, an empty one as ""."""
    if pd.api.types.is_datetime64_any_dtype(column):
        return list(column.dt.strftime("%Y-%m-%d").fillna("").astype(str))
    return ["" if empty else str(cell).strip() for cell, empty in zip(column, column.isna(), strict=True)]


def name(cell: str) -> str:
    """Return a name as it is compared: Unicode's composed form, one space where there are several.

    >>> name("Tu\\u0301  Ly\\u0301") == "Tú Lý"
    True
    """
    return " ".join(unicodedata.normalize("NFC", cell).split())


def one_each(frame: pd.DataFrame, needed: Iterable[str], file: str, others: Iterable[str] = ()) -> None:
    """Raise TableError unless each of the columns `needed` is there once, and each of the `others` at most once.

    >>> one_each(pd.DataFrame(columns=["ds", "price", "price"]), ["ds"], "known.csv", ["price"])
    Traceback (most recent call last):
    forecast.data.tables.TableError: known.csv, row 1, column price: ...
    """
    count, needed = Counter(frame.columns), list(needed)
    if not any(count[column] for column in (*needed, *others)):
        wanted = Message("the columns {words}", words=", ".join(needed))
        raise tables.TableError([tables.Fault(file, 1, "", ", ".join(map(str, frame.columns)), wanted)])
    faults = [tables.Fault(file, 1, c, "", "this column, which is missing") for c in needed if not count[c]]
    several = [c for c in dict.fromkeys([*needed, *others]) if count[c] > 1]
    faults += [tables.Fault(file, 1, c, c, "this column once") for c in several]
    if faults:
        raise tables.TableError(faults)


def _cells(frame: pd.DataFrame, file: str) -> tuple[dict[str, list[str]], np.ndarray]:
    """Return the text of each column without blank lines, and the row numbers in the file."""
    one_each(frame, COLUMNS, file)
    cells = {column: text(frame[column]) for column in COLUMNS}
    there = [i for i, row in enumerate(zip(*cells.values(), strict=True)) if any(row)]
    if not there:
        raise tables.TableError([tables.Fault(file, 2, "y", "", "at least one row")])
    return {column: [part[i] for i in there] for column, part in cells.items()}, np.array(there) + 2


def _numbers(cells: list[str], rows: np.ndarray, file: str, faults: list[tables.Fault]) -> np.ndarray:
    numbers = pd.to_numeric(pd.Series(cells, dtype=object).replace("", "nan"), errors="coerce").to_numpy(float)
    numbers = np.where(np.abs(numbers) <= LARGEST, numbers, np.nan)
    for i in np.flatnonzero(np.isnan(numbers)):
        if cells[i].lower() not in ("", "nan"):
            expected = Message("a number, or an empty cell for a gap")
            if re.fullmatch(r"-?\d{1,3}(,\d{3})+(\.\d+)?", cells[i]):
                expected = Message("a number without commas, such as {plain}", plain=cells[i].replace(",", ""))
            faults.append(tables.Fault(file, int(rows[i]), "y", cells[i][:60], expected))
    return numbers


def _groups(
    cells: list[str], rows: np.ndarray, file: str, faults: list[tables.Fault]
) -> tuple[list[str], list[np.ndarray]]:
    """Return the names of all series and the positions of their rows."""
    alike = {cell: name(cell) for cell in set(cells)}
    codes, names = pd.factorize(np.array([alike[cell] for cell in cells], dtype=object))
    for i in np.flatnonzero(np.array([not cell for cell in cells])):
        faults.append(tables.Fault(file, int(rows[i]), "unique_id", "", "the name of a series"))
    order = np.argsort(codes, kind="stable")
    return list(names), np.split(order, np.cumsum(np.bincount(codes))[:-1])


class _Dates:
    """The dates of a table, each different text read once in each form that it may have."""

    def __init__(self, cells: list[str]):
        self._codes, self._texts = pd.factorize(np.array(cells, dtype=object))
        read = [[dates.place(text, form) for text in self._texts] for form in dates.FORMS]
        self._places = np.array([[np.nan if p is None else p for p in line] for line in read], dtype=float)
        self._grids: dict[tuple[int, bytes], tuple[np.ndarray, dates.Grid]] = {}

    def of(
        self, at: np.ndarray, rows: np.ndarray, name: str, file: str, faults: list[tables.Fault]
    ) -> tuple[np.ndarray, dates.Grid | None]:
        """Return places and grid of one series; append faults.

        All dates of a series have one form; the one that most of them have is expected of the others.
        """
        codes = self._codes[at]
        places = self._places[:, codes]
        matched = np.isfinite(places)
        counts = dict(zip(dates.FORMS, matched.sum(axis=1), strict=True))
        forms = list(dates.FORMS)
        excel = forms.index("excel")
        if counts["excel"] < len(at) or not dates.is_excel(places[excel].astype(int)):
            counts["excel"] = 0
        if counts["compact"] < len(at):
            counts["compact"] = 0
        form = max(counts, key=lambda one: counts[one])
        line = forms.index(form)
        wrong = np.flatnonzero(~matched[line])
        for i in wrong:
            expected = Message("{written}, one form for all dates of {name}", written=dates.WRITTEN, name=name)
            faults.append(tables.Fault(file, int(rows[at[i]]), "ds", self._texts[codes[i]][:60], expected))
        whole = places[line][matched[line]].astype(int)
        if len(set(whole)) < len(whole):
            _twice(whole, rows[at[matched[line]]], [self._texts[c] for c in codes[matched[line]]], file, faults)
            return whole, None
        if len(wrong):
            return whole, None
        key = line, whole.tobytes()
        if key not in self._grids:
            self._grids[key] = dates.grid_of(whole, form)
        return self._grids[key]


def _twice(places: np.ndarray, rows: np.ndarray, texts: list[str], file: str, faults: list[tables.Fault]) -> None:
    seen: dict[int, int] = {}
    for place, row, cell in zip(places, rows, texts, strict=True):
        if place in seen:
            expected = Message("a date not in row {row}, of the same series", row=seen[place])
            faults.append(tables.Fault(file, int(row), "ds", cell, expected))
        seen.setdefault(place, int(row))


def _thousands(cells: list[str], rows: np.ndarray, file: str, faults: list[tables.Fault]) -> None:
    """Refuse a dot before three digits among whole numbers from a hundred on: 1.271 beside 972 and 986."""
    marked = [i for i, cell in enumerate(cells) if THOUSANDS.fullmatch(cell)]
    whole = [cell for cell in cells if re.fullmatch(r"-?\d+", cell)]
    other = len(cells) - len(marked) - len(whole) - sum(not cell for cell in cells)
    if marked and not other and sum(len(cell.lstrip("-")) >= 3 for cell in whole) > len(whole) / 2:
        for i in marked:
            plain = cells[i].replace(".", "")
            expected = Message(
                "{plain} if this is thousands, or {cell}0 if it is not: other values are whole numbers",
                plain=plain,
                cell=cells[i],
            )
            faults.append(tables.Fault(file, int(rows[i]), "y", cells[i], expected))


def _span(
    places: np.ndarray, grid: dates.Grid, cells: list[str], rows: np.ndarray, file: str, faults: list[tables.Fault]
) -> None:
    if (np.ptp(places)) // grid.step >= MOST_STEPS:
        far = int(np.argmax(np.abs(places - np.median(places))))
        expected = Message("a date within {most:,} steps of all others of the series", most=MOST_STEPS)
        faults.append(tables.Fault(file, int(rows[far]), "ds", cells[far], expected))


def _case(
    name: str, at: np.ndarray, grid: dates.Grid, numbers: np.ndarray, common: list[dates.Grid], season: int | None
) -> Series:
    """Lay one series on its grid, from its first value to its last.

    One or two dates say little about their step: they take the commonest grid of the table that meets them, or the
    step of the form in which they are written.
    """
    if len(at) < 3 and grid.unit != "number":
        alike = [g for g in common if (g.unit, g.form) == (grid.unit, grid.form) and not np.any(np.diff(at) % g.step)]
        form_step = dates.OWN_STEP.get(grid.form, 1) if grid.unit == "month" else grid.step
        grid = grid._replace(step=alike[0].step if alike else form_step)
    if season and grid.unit == "month" and 12 % season == 0 and season > grid.season > 1:
        grid = grid._replace(step=12 // season)  # asked to count in months: quarters with holes are months with holes
    known = ~np.isnan(numbers)
    first, last = int(at[known].min()), int(at[known].max())
    place = grid.steps(first, np.append(at[known], last))
    values = np.full(place[-1] + 1, np.nan)
    values[place[:-1]] = numbers[known]
    return Series(name, values, last, grid, season or grid.season)
