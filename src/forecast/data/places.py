"""Places with dates of birth and death: their communes, their people, their history, and what became of them.

A place is one dated unit, a row of ``data/places.csv``. On 2025-07-01 63 provinces became 34, districts were
abolished and communes merged, so "Cà Mau" and "Cà Mau (2025)" are two places, and Hà Nội, which kept its name
and area, has other communes before and after. ``data/crosswalk.csv`` says where the people of an old unit are
counted since; :mod:`forecast.data.mergers` applies it to series.
"""

import re
from bisect import bisect_right
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from forecast.data import apportion, frames, shown, tables, typed
from forecast.data.history import firm, observed
from forecast.data.messages import Message
from forecast.data.place_names import find, table
from forecast.data.place_names import lineage as lineage_of
from forecast.data.synonyms import slug as slug
from forecast.data.tables import Month, UserError

DEFAULT_MONTH = "2021-12"
"""The month a place is looked at when none is asked for: before the mergers of 2024 and 2025, near most figures."""

REFORM = "2025-07"
"""The first month of the units that the reform of 2025 made."""

_COUNTS = ["population", "eligible", "households", "hamlets"]
_SHARES = ["poor_share", "near_poor_share", "minority_share"]

COMMUNE_COLUMNS = ("commune", "district", "communes", *_COUNTS, *_SHARES)
"""Columns of ``Place.communes``."""


@dataclass(frozen=True, eq=False)
class Place:
    """One dated unit: who lives there, in which communes, and what was published about it.

    Counts are persons (``population``, ``eligible`` for the voluntary scheme, ``labor_force``), households and
    hamlets, NaN if unknown; shares are between 0 and 1. ``lineage`` is the place and all that contain it, smallest
    first. ``since`` and ``until`` are months, ``until`` empty while the unit exists. ``communes`` has one row a
    commune (:data:`COMMUNE_COLUMNS`) whose counts sum to the place's; a nation has one a province, and a place whose
    communes are not listed one row, itself; ``communes`` of a row is how many communes it stands for. ``history``
    holds its rows of ``data/history.csv``; ``source`` and ``note`` are those of its row and say whose figure each one
    is.

    >>> place = read_place("da-bac")
    >>> place.name, place.lineage, len(place.communes)
    ('Đà Bắc', ('Đà Bắc', 'Hòa Bình', 'Việt Nam'), 17)
    """

    name: str
    slug: str
    level: str
    lineage: tuple[str, ...]
    since: str
    until: str
    population: float
    eligible: float
    labor_force: float
    households: float
    poor_share: float
    near_poor_share: float
    minority_share: float
    hamlets: float
    communes: pd.DataFrame
    history: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=tables.columns("history")))
    source: str = ""
    note: str = ""

    _repr_html_ = shown.html

    @property
    def may_join(self) -> float:
        """Persons who may join the voluntary scheme; those of the labor force where they were not counted."""
        return self.eligible if self.eligible > 0 else self.labor_force

    def group_sizes(self) -> np.ndarray:
        """Return eligible persons by commune and group, shape (communes, 4), groups in the order of ``GROUPS``.

        The shares of households are taken as shares of eligible people, and an unknown share as 0. A member of a
        minority who is poor or near-poor counts there; minorities are taken to be as often poor as everybody,
        which overstates ``ethnic_minority`` where they are poorer: no source splits the poor by ethnicity.

        >>> read_place("Đà Bắc").group_sizes().sum().item()
        22089.0
        """
        eligible = self.communes["eligible"].to_numpy(float)
        if np.isnan(eligible).any():
            raise UserError("{place}: the number of eligible persons is not known in every commune", place=self.name)
        poor, near_poor, minority = (np.nan_to_num(self.communes[name].to_numpy(float)) for name in _SHARES)
        rest = 1 - poor - near_poor
        if (rest < 0).any():
            raise UserError("{place}: the shares of poor and near-poor households sum to more than 1", place=self.name)
        shares = [poor, near_poor, minority * rest, (1 - minority) * rest]
        sizes: np.ndarray = eligible[:, None] * np.column_stack(shares)
        return sizes

    @cached_property
    def _counts(self) -> dict[tuple[str, str], pd.DataFrame]:
        """Observed rows of the voluntary scheme by (measure, group), oldest first, conflicting ones left out."""
        rows = observed(self.history, conflicting=False)
        rows = rows[firm(rows)]
        return dict(frames.groups(rows.sort_values("month", kind="stable"), ["measure", "group"]))

    @cached_property
    def _months(self) -> dict[tuple[str, str], list[str]]:
        """Their months: every question asks for the last one."""
        return {key: rows["month"].tolist() for key, rows in self._counts.items()}

    def _published(self, measure: str, group: str, until: Month | None) -> pd.DataFrame:
        """Return those of one measure and group up to ``until``."""
        rows = self._counts.get((measure, group), self.history[:0])
        if until is None or rows.empty:
            return rows
        return rows[: bisect_right(self._months[measure, group], str(until))]

    @cached_property
    def collectors(self) -> pd.DataFrame:
        """Published counts of the place's own collectors, in their order, conflicting ones too."""
        rows = observed(self.history, "collectors")
        return rows[rows["place"] == self.name]

    def observed(self, measure: str = "members", until: Month | None = None) -> pd.Series:
        """Return what was published for the whole place, indexed by month; gaps stay gaps.

        Of several counts of one month the one that stands last in the table is taken. ``until`` is the last month.

        >>> read_place("Đông Triều").observed().tolist()
        [2591.0, 3550.0]
        """
        rows = self._published(measure, "all", until).drop_duplicates("month", keep="last")
        index = pd.PeriodIndex(rows["month"], freq="M", name="month")
        return pd.Series(rows["value"].to_numpy(float), index=index, name=measure)

    def latest(self, measure: str, until: Month | None, group: str = "all") -> tuple[pd.Period, float, str] | None:
        """Return (month, value, status) of the last published figure up to ``until``, or None if there is none.

        >>> read_place("Cà Mau").latest("members", until="2022-03")
        (Period('2021-12', 'M'), 26948.0, 'derived')
        """
        rows = self._published(measure, group, until)
        if rows.empty:
            return None
        last: list[Any] = [rows[name].iat[-1] for name in ("month", "value", "status")]
        return tables.month(last[0]), float(last[1]), last[2]


def _alive(frame: pd.DataFrame, month: str) -> pd.Series:
    """Return for each place whether it exists in ``month``."""
    return (frame["since"] <= month) & ((frame["until"] == "") | (frame["until"] >= month))


def _successors(name: str) -> list[str]:
    """Return the units that took in the people of ``name``, the largest share first."""
    moves = table("crosswalk")
    return list(moves[moves["old"] == name].sort_values("share", ascending=False, kind="stable")["new"])


def _same_name(name: str, places: pd.DataFrame, month: str) -> str:
    """Return ``name``, or the unit of the same name that took its place by ``month``, or raise an error."""
    row = places.loc[name]
    if month < row["since"]:
        raise UserError(
            "{name} exists since {since}; {month} is before that", name=name, since=row["since"], month=month
        )
    if not row["until"] or month <= row["until"]:
        return name
    successors = _successors(name)
    for successor in successors:
        if successor.split(" (")[0] == name:
            return _same_name(successor, places, month)
    gone = Message("; its people are since counted in {units}", units=", ".join(successors)) if successors else ""
    raise UserError(
        "{name} ended in {until}, before {month}{gone}", name=name, until=row["until"], month=month, gone=gone
    )


def name_at(name: str, at: Month) -> str:
    """Return the exact name of the place called ``name`` in a month, or of that of the same name that took its place.

    Errors are those of :func:`read_place`, which takes a hundred times longer.

    >>> name_at("ca mau", "2021-12"), name_at("Cà Mau", "2026-01")
    ('Cà Mau', 'Cà Mau (2025)')
    """
    places, month = table("places"), str(tables.month(at))
    return _same_name(find(name, places, month), places, month)


def read_place(name: str, at: Month | None = None) -> Place:
    """Return the place called ``name``, with the communes it has in the month ``at`` (a Period or ``YYYY-MM``).

    ``name`` may be typed without diacritics and in small letters. If the unit was replaced by one of the same
    name before ``at``, that one is returned. Without ``at``, the month is :data:`DEFAULT_MONTH`, or the nearest
    one in the unit's life. An unknown name raises :class:`~forecast.data.tables.UserError` with the nearest names.
    Communes have persons by group and households; where each figure comes from stands in data/places.csv.

    >>> read_place("ca-mau").name, read_place("ca-mau", at="2026-01").name
    ('Cà Mau', 'Cà Mau (2025)')
    >>> len(read_place("Hà Nội").communes), len(read_place("Hà Nội", at="2026-01").communes)
    (579, 126)
    """
    places = table("places")
    if at is None:
        row = frames.at(places, find(name, places))
        month = max(min(DEFAULT_MONTH, row["until"] or DEFAULT_MONTH), row["since"])
    else:
        month = str(tables.month(str(typed.month(at))))
        row = frames.at(places, name_at(name, month))
    stamps = tuple(tables.changed(tables.data_dir() / f"{one}.csv") for one in ("places", "crosswalk", "history"))
    place = _read(tables.data_dir(), stamps, row["place"], month)
    # One's own: what is written into its tables (they are not copied until then) is in no other's.
    return replace(place, communes=place.communes.copy(deep=False), history=place.history.copy(deep=False))


def place_in(place: str, month: str | None) -> Place:
    """Return the place in a month; without a month, or before it began, in the first month it is known in."""
    try:
        return read_place(place, at=month)
    except UserError:
        if month is None:
            raise
        first = read_place(place)
        if month < first.since:
            return first
        raise


@lru_cache(maxsize=64)
def _read(folder: Path, changed: tuple[int, ...], name: str, month: str) -> Place:
    """Put a place together once for each state of the tables: an import asks for the same one for each month."""
    places = table("places")
    row = frames.at(places, name)
    units = _communes(row, places, month)
    counts = {column: float(row[column]) for column in (*_COUNTS, "labor_force")}
    if units["since"].min() > row["since"]:  # the place outlived a reform: its new communes carry its new figures
        counts = {column: float(units[column].sum(min_count=1)) for column in counts}
    frame = pd.DataFrame({"commune": units["place"], "district": _districts(units, places)})
    frame["communes"] = _stands_for(units, places.loc[_alive(places, month), ["level", "parent"]])
    for column in _COUNTS:
        frame[column] = apportion.scaled(units[column].to_numpy(float), counts[column])
    frame[_SHARES] = (units[_SHARES] if not district_gone(name) else row[_SHARES]).to_numpy(float)
    attributes = {key: row[key] for key in ("level", "since", "until", *_SHARES, "source", "note")} | counts
    lineage, communes = lineage_of(name, places), frame.reset_index(drop=True)
    return Place(name, slug(name), lineage=lineage, communes=communes, history=_history(name), **attributes)


def _communes(row: Any, places: pd.DataFrame, month: str) -> pd.DataFrame:
    """Return the communes of a place in ``month``, a nation's provinces; the place's own row where none are listed."""
    alive = _alive(places, month)  # whole rows are taken of the units alone: the table has thousands
    if old := district_gone(row["place"]):
        moves = table("crosswalk")
        return places.loc[moves.loc[(moves["old"] == old) & moves["new"].isin(places.index[alive]), "new"]]
    if row["level"] == "nation":
        return places[alive & (places["level"] == "province")]
    inside = alive & (places["parent"] == row["place"]) & (places["level"] == "district")
    parents = [row["place"], *places.loc[inside, "place"]]
    units = places[alive & (places["level"] == "commune") & places["parent"].isin(parents)]
    return units if len(units) else places.loc[[row["place"]]]


def _stands_for(units: pd.DataFrame, alive: pd.DataFrame) -> np.ndarray:
    """Return of how many communes each unit is made: those listed in its month, else as many as its row says."""
    inside = alive.loc[alive["level"] == "commune", "parent"]
    listed = pd.concat([inside, alive["parent"].reindex(inside)]).value_counts()
    counts: np.ndarray = (
        listed.reindex(units["place"]).fillna(units["communes"].astype(float).set_axis(units["place"])).to_numpy(float)
    )
    return counts


def _history(name: str) -> pd.DataFrame:
    """Return the rows of the history about one place; none if the data folder has no history."""
    if not (tables.data_dir() / "history.csv").is_file():
        return pd.DataFrame(columns=tables.columns("history"))
    rows = table("history")
    return rows[rows["place"] == name].reset_index(drop=True)


def _districts(units: pd.DataFrame, places: pd.DataFrame) -> list[str]:
    """Return the district of each commune; "" if there is none or it is not known."""
    inside = places["level"].reindex(units["parent"]).to_numpy() == "district"
    each = zip(units["place"], units["parent"], inside, strict=True)
    return [parent if known else _district_in(name) for name, parent, known in each]


def _district_in(name: str) -> str:
    """Return the district that stands in the name of a commune, "" where none does."""
    match = re.fullmatch(r"[^/]+/([^/(]+)/[^/]+", name)
    return match.group(1) if match else ""


def district_gone(group: str) -> str:
    """Return the old district of whose communes of today a group is made, by its name; "" for any other place.

    >>> district_gone("Phú Thọ (2025)/Đà Bắc cũ"), district_gone("Hà Nội/30 xã điểm")
    ('Đà Bắc', '')
    """
    match = re.fullmatch(r"[^/]+/([^/]+) cũ", group)
    return match.group(1) if match else ""


def crosswalk() -> pd.DataFrame:
    """Return where the people of each old unit are counted since: ``old, new, since, share, source, note``.

    ``share`` is the part of the old unit's people who are counted in the new one; the shares of an old unit sum
    to 1. Districts and provinces have rows of their own, so that their series can be carried as well.

    >>> moves = crosswalk()
    >>> moves.loc[moves["old"] == "Đà Bắc/Vầy Nưa", "share"].tolist()
    [0.5, 0.5]
    """
    return table("crosswalk").copy()
