"""How much of each lever a place can do: the least and the most that was seen or planned, from data/ranges.csv.

A row is a column of a plan, for a place and all within it, with the source of its most. Beyond it nobody has seen what
happens: `forecast target` says so and gives no number, a search does not go there, and `forecast check` names a plan
that does.
"""

import math
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from forecast.data import tables
from forecast.data.places import Place
from forecast.data.vocabulary import GROUPS, NATION

FILE = "ranges.csv"
PER_COMMUNE = 1711 / 477  # collectors, where none were published: collection points of Nghệ An in 2018


class Seen(NamedTuple):
    """A row of data/ranges.csv."""

    column: str
    place: str
    group: str
    per: str
    least: float
    most: float
    source: str
    status: str
    note: str


def seen(column: str, place: Place, group: str = "all") -> Seen | None:
    """Return the range of a plan's column in a place: of the nearest place around it, of the group or else of all.

    >>> from forecast.data.places import read_place
    >>> seen("collectors", read_place("Cà Mau")).most, seen("collectors", read_place("Đà Bắc")).most
    (3.0, 1.2)
    """
    table = _table()
    asked = ((column, name, who) for name in (*place.lineage, NATION) for who in dict.fromkeys((group, "all")))
    return next((table[key] for key in asked if key in table), None)


def most(column: str, place: Place, group: str = "all") -> float:
    """Return the most of a column in the whole place: persons, visits, meetings or hours a month, communes, or a share.

    Infinite where the table knows none. For the share of a contribution that everybody gets it is the least of the
    groups' most.

    >>> from forecast.data.places import read_place
    >>> round(most("collectors", read_place("Cà Mau"))), most("model", read_place("Đà Bắc"))
    (2649, 3.0)
    """
    if column.startswith("top_up") and group == "all":
        return min(most(column, place, one) for one in GROUPS)
    row = seen(column, place, group)
    return math.inf if row is None else row.most * _units(row, place)


def _units(row: Seen, place: Place) -> float:
    communes = place.communes["communes"].sum()  # a province whose communes are not listed is one row
    if row.per == "hamlet":
        return place.hamlets if place.hamlets > 0 else communes * PER_COMMUNE / row.most
    if row.per == "communes":  # whole ones, and one at least
        return max(math.ceil(row.most * communes), 1) / row.most
    if row.per == "person":
        sizes = dict(zip(GROUPS, place.group_sizes().sum(axis=0), strict=True))
        return float(sizes.get(row.group, sum(sizes.values())))
    return {"commune": float(communes), "household": place.households}.get(row.per, 1.0)


def _table() -> dict[tuple[str, str, str], Seen]:
    path = tables.data_dir() / FILE
    return _read(path, tables.changed(path))


@lru_cache(maxsize=4)
def _read(path: Path, changed: int) -> dict[tuple[str, str, str], Seen]:
    """Read the table once for each state of its file: a search asks for it many times."""
    rows = [Seen(*row) for row in tables.read(path, "ranges")[list(Seen._fields)].itertuples(index=False)]
    return {(row.column, row.place, row.group): row for row in rows}
