"""One's own counts as reports read them: the monthly table by commune, the counts of an imported list."""

import csv
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from forecast.data import tables
from forecast.data.places import Place
from forecast.data.tables import UserError
from forecast.exchange.reading.names import Names
from forecast.exchange.scaffold import OWN
from forecast.exchange.spreadsheet import place_in


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

    def of(self, measure: str) -> pd.DataFrame:
        """Return one measure, months by communes, NaN where it was not counted; plans stand at their December."""
        columns = self.wide.loc[:, self.wide.columns.get_level_values(0) == measure].droplevel(0, axis=1)
        return pd.DataFrame(columns).reindex(columns=self.units)


def read(place: str, month: str | None = None) -> Counts:
    """Return one's own counts of a place, for a report on a month (the last that was counted if left out).

    Raises :class:`~forecast.data.tables.UserError` where there are none, or none of all communes in the month.
    """
    wide = _wide(place)
    place_record = place_in(place, month or str(wide.index.max()))
    units = list(place_record.communes["commune"])
    known = Names(place_record)
    counts = Counts(place_record, units, [known.short(unit) for unit in units], wide, "", False, wide)
    stock = counts.of("members").dropna(how="any")
    if stock.empty:
        raise UserError(
            "{place}: no month in which all communes were counted; import a monthly table first", place=place
        )
    month = str(tables.month(month)) if month else str(stock.index.max())
    if month not in stock.index:
        raise UserError(
            "{place}: {month} was not counted in all communes; counted: {first} to {last}",
            place=place,
            month=month,
            first=stock.index[0],
            last=stock.index[-1],
        )
    synthetic = bool((counts.of("status").loc[month] == "synthetic").any())
    return counts._replace(stock=stock, month=month, synthetic=synthetic)


def _wide(place: str) -> pd.DataFrame:
    """Return everything that was counted: rows are months, columns (measure, unit)."""
    history = tables.read(tables.data_dir() / "history.csv", "history")
    own_history = history[(history["source"] == OWN) & (history["level"] == "commune")]
    if own_history.empty:
        raise UserError(
            "{place}: no counts of one's own in {folder}; import a monthly table first",
            place=place,
            folder=tables.data_dir(),
        )
    plans = own_history["kind"] == "plan"
    own_history = own_history.assign(measure=own_history["measure"].mask(plans, "plan"))
    wide = own_history.pivot_table(index="month", columns=["measure", "place"], values="value", aggfunc="last")
    status = own_history.pivot_table(index="month", columns="place", values="status", aggfunc="last")
    status.columns = pd.MultiIndex.from_product([["status"], status.columns])
    return wide.join(status)


NOBODY = pd.DataFrame(columns=["commune", "area", "kind", "due", "persons", "status"])
"""The counts of a list that names nobody."""


def listed(path: Path) -> pd.DataFrame:
    """Return the counts of an imported list (member-counts.csv): commune, area ("" if none), kind, due, persons,
    status (synthetic for a sample)."""
    rows = []
    try:
        with open(path, encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                names = ("commune", "kind", "due")
                more = {
                    "area": row.get("area") or "",
                    "status": row.get("status") or "stated",
                    "persons": int(row["persons"]),
                }
                rows.append({name: str(row[name]) for name in names} | more)
    except (KeyError, TypeError, ValueError, UnicodeDecodeError, csv.Error):
        raise UserError("{file}: not the member-counts.csv of an imported list", file=path) from None
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
