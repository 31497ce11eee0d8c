"""One's own counts as reports read them: the monthly table by commune, the counts of an imported list."""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from forecast.data import doors, tables, typed
from forecast.data.history import observed
from forecast.data.places import Place, place_in, slug
from forecast.data.schemas import EXPECTED_MONTH
from forecast.data.tables import UserError
from forecast.exchange.reading import numbers
from forecast.exchange.reading.names import Names
from forecast.exchange.scaffold import OWN


class Counts(NamedTuple):
    """One's own monthly table of a place.

    `names` tells the communes apart, by their district where two have one name. `stock` has the members of each of
    `units` (communes as in places.csv; columns) in each month in which all of them were counted (rows), `month` is the
    month of the report, `wide` everything that was counted.
    """

    place: Place
    units: list[str]
    names: list[str]
    stock: pd.DataFrame
    month: str
    synthetic: bool
    wide: pd.DataFrame

    @property
    def by_commune(self) -> bool:
        """Whether communes were counted; if not, the one unit is the place, which may have none in places.csv."""
        return self.units != [self.place.name]

    def of(self, measure: str) -> pd.DataFrame:
        """Return one measure, months by communes, NaN where it was not counted; plans stand at their December."""
        columns = self.wide.loc[:, self.wide.columns.get_level_values(0) == measure].droplevel(0, axis=1)
        return pd.DataFrame(columns).reindex(columns=self.units)


def read(place: str, month: str | None = None, *, whole: bool = False) -> Counts:
    """Return one's own counts of a place, for a report on a month (the last that was counted if left out).

    With `whole` a month in which the place was counted and its communes were not has one unit, the place. Raises
    :class:`~forecast.data.tables.UserError` where there are no counts, or none of all communes in the month.
    """
    rows = _rows(place)
    last = month or str(observed(rows)["month"].max())
    if whole and (counted := _whole_place(rows, place_in(place, last), month)) is not None:
        return counted
    rows = rows[rows["level"] == "commune"]
    if rows.empty:
        raise UserError(
            "{place}: the place was counted, not its communes; import a monthly table by commune first", place=place
        )
    wide = _wide(rows)
    place_record = place_in(place, month or str(wide.index.max()))
    units = list(place_record.communes["commune"])
    known = Names(place_record)
    counts = Counts(place_record, units, [known.short(unit) for unit in units], wide, "", False, wide)
    return _dated(counts, month)


def _whole_place(rows: pd.DataFrame, place: Place, month: str | None) -> Counts | None:
    """Return the counts of a place alone where its communes were not counted in the month, None where they were."""
    alone = rows[rows["place"] == place.name]
    months = observed(alone, "members")["month"]
    month = str(tables.month(month)) if month else str(months.max())
    parts = rows[rows["place"].isin(set(place.communes["commune"]) - {place.name})]
    by_commune = month in set(observed(parts)["month"])
    if months.empty or len(parts) and (by_commune or month not in set(months)):
        return None
    wide = _wide(alone)
    return _dated(Counts(place, [place.name], [place.name], wide, "", False, wide), month)


def _dated(counts: Counts, month: str | None) -> Counts:
    """Return counts with their months in which all units were counted, and the month of the report."""
    stock = counts.of("members").dropna(how="any")
    if stock.empty:
        raise UserError(
            "{place}: no month in which all communes were counted; import a monthly table first",
            place=counts.place.name,
        )
    month = str(tables.month(month)) if month else str(stock.index.max())
    if month not in stock.index:
        raise UserError(
            "{place}: {month} was not counted in all communes; counted: {first} to {last}",
            place=counts.place.name,
            month=month,
            first=stock.index[0],
            last=stock.index[-1],
        )
    synthetic = bool((counts.of("status").loc[month] == "synthetic").any())
    return counts._replace(stock=stock, month=month, synthetic=synthetic)


def _rows(place: str) -> pd.DataFrame:
    """Return all rows of one's own counts."""
    history = tables.read(tables.data_dir() / "history.csv", "history")
    rows = history[history["source"] == OWN]
    if rows.empty:
        name = place_in(place, None).name  # one that there is not is told first
        raise UserError(
            "{place}: no counts of one's own in {folder}; import a monthly table first: forecast import FILE --place "
            "{word} --out own, and then FORECAST_DATA=own before the command",
            place=name,
            word=slug(name),
            folder=tables.data_dir(),
        )
    return rows


def _wide(rows: pd.DataFrame) -> pd.DataFrame:
    """Return everything that was counted: rows are months, columns (measure, unit)."""
    plans = rows["kind"] == "plan"
    rows = rows.assign(measure=rows["measure"].mask(plans, "plan"))
    wide = rows.pivot_table(index="month", columns=["measure", "place"], values="value", aggfunc="last")
    status = rows.pivot_table(index="month", columns="place", values="status", aggfunc="last")
    status.columns = pd.MultiIndex.from_product([["status"], status.columns])
    return wide.join(status)


NOBODY = pd.DataFrame(columns=["commune", "area", "kind", "due", "persons", "status"])
"""The counts of a list that names nobody."""


def listed(path: Path) -> pd.DataFrame:
    """Return the counts of an imported list (member-counts.csv): commune, area ("" if none), kind, due, persons,
    status (synthetic for a sample). A spreadsheet may have saved it: with semicolons, and months and thousands of its
    own. Raises :class:`~forecast.data.tables.TableError` for a month or a count that says nothing."""
    rows: list[dict[str, object]] = []
    faults = []
    try:
        text = doors.table_text(path)
        lines = io.StringIO(text, newline="")
        for number, row in enumerate(csv.DictReader(lines, delimiter=typed.separator(text)), start=2):
            due, persons = str(typed.month(row["due"])), numbers.whole(row["persons"])
            if not re.fullmatch(r"(\d{4}-\d{2})?", due):
                faults.append(tables.Fault(path.name, number, "due", due, EXPECTED_MONTH))
            if persons is None:
                faults.append(
                    tables.Fault(
                        path.name, number, "persons", row["persons"], "a whole number of persons, such as 1234"
                    )
                )
            area, status = row.get("area") or "", row.get("status") or "stated"
            names = {name: str(row[name]) for name in ("commune", "kind")}
            rows.append(names | {"area": area, "due": due, "persons": persons or 0, "status": status})
    except (KeyError, TypeError, ValueError, csv.Error):
        raise UserError("{file}: not the member-counts.csv of an imported list", file=path) from None
    if faults:
        raise tables.TableError(faults)
    return pd.DataFrame(rows, columns=list(NOBODY))


def due_in(counts: pd.DataFrame, month: str, names: Iterable[str], column: str = "commune") -> list[float]:
    """Return how many of an imported list are due in a month, for each name in a column of it.

    >>> counts = pd.DataFrame({"commune": ["A", "A"], "kind": ["new", "stopped"], "due": "2026-01", "persons": [3, 1]})
    >>> due_in(counts, "2026-01", ["A", "B"])
    [3.0, 0.0]
    """
    return _sums(counts[(counts["due"] == month) & (counts["kind"] != "stopped")], names, column)


def renewed(counts: pd.DataFrame, names: Iterable[str], column: str = "commune") -> list[float]:
    """Return how many of an imported list renewed, for each name in a column of it."""
    return _sums(counts[counts["kind"] == "renewal"], names, column)


def due_by_month(counts: pd.DataFrame, month: str, names: list[str], months: int = 12) -> pd.DataFrame:
    """Return how many of an imported list are due in each of the months after `month`: months by commune."""
    after = [str(tables.month(month) + n) for n in range(1, months + 1)]
    return pd.DataFrame([due_in(counts, one, names) for one in after], index=after, columns=names)


def by_area(counts: pd.DataFrame, month: str) -> pd.DataFrame:
    """Return a row for each collector's area that an imported list names: area, persons, due (in `month`), renewed."""
    areas = sorted(set(counts["area"]) - {""})
    there = counts[counts["kind"] != "stopped"]
    sums = {"persons": _sums(there, areas, "area"), "due": due_in(counts, month, areas, "area")}
    return pd.DataFrame({"area": areas} | sums | {"renewed": renewed(counts, areas, "area")})


def _sums(rows: pd.DataFrame, names: Iterable[str], column: str) -> list[float]:
    sums: Counter[str] = Counter()
    for name, persons in zip(rows[column], rows["persons"], strict=True):
        sums[str(name)] += int(persons)
    return [float(sums[name]) for name in names]
