"""What can be known at the end of a month: counts of members, their errors, plans, prices."""

import hashlib
from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

import numpy as np
import pandas as pd

from forecast.data import history as published
from forecast.data import tables
from forecast.data.frames import rows as rows_of
from forecast.data.law import Law
from forecast.data.places import Place
from forecast.data.vocabulary import NATION as NATION
from forecast.engines.series.structural import price_path

WORKING = 0.497  # labor force over people: 48.96m / 98.5m, the nation at the end of 2021 (data/places.csv)
FIRST = "2015-01"  # month from which counts are taken: before it the floor was another one, and most are recalled


class Count(NamedTuple):
    """A count of members: its month, its log, and the standard deviation of the log."""

    month: pd.Period
    log: float
    error: float


@dataclass(frozen=True, eq=False)
class Known:
    """What the model may use at the end of `origin`.

    `counts` has the columns place, month (Period), value (persons) and error (standard deviation of its log), one row
    for a place and month; `plans` members planned for the December of a year by (place, year); `labor_force` persons
    by place, the nation among them; `lineages` a place and all that contain it, for local top-ups.
    """

    origin: pd.Period
    counts: pd.DataFrame
    plans: dict[tuple[str, int], float]
    labor_force: dict[str, float]
    law: Law
    lineages: dict[str, tuple[str, ...]]

    @cached_property
    def digest(self) -> str:
        """Hash of everything here that the model looks at; the order of rows does not matter."""
        rows = self.counts.sort_values(["place", "month"], kind="stable")
        labor = {place: self.labor_force[place] for place in {NATION, *rows["place"]} if place in self.labor_force}
        prices = [self._price(self.lineages.get(place, (place, NATION))).round(9).tolist() for place in sorted(labor)]
        facts = (str(self.origin), rows.to_csv(index=False), sorted(self.plans.items()), sorted(labor.items()), prices)
        return hashlib.sha256(repr(facts).encode()).hexdigest()

    @cached_property
    def places(self) -> tuple[str, ...]:
        """Places with counts, in the order of their names."""
        return tuple(sorted(self._counts))

    def of(self, place: str) -> list["Count"]:
        """Return the counts of a place, oldest first."""
        return self._counts.get(place, [])

    def count(self, place: str, month: pd.Period) -> "Count | None":
        """Return the count of a place in a month, None where there is none."""
        return next((c for c in self.of(place) if c.month == month), None)

    def december(self, place: str, year: int) -> float | None:
        """Return the log of the count of a place's December, None where there is none."""
        count = self.count(place, pd.Period(f"{year}-12", "M"))
        return count.log if count else None

    def size(self, place: str) -> float:
        """Return the log of a place's share of the nation's labor force."""
        return float(np.log(self.labor_force[place] / self.labor_force[NATION]))

    @cached_property
    def _counts(self) -> dict[str, list["Count"]]:
        rows = self.counts.sort_values(["place", "month"], kind="stable")
        counts: dict[str, list[Count]] = {}
        for row in rows_of(rows):
            counts.setdefault(row.place, []).append(Count(row.month, float(np.log(row.value)), float(row.error)))
        return counts

    def price(self, place: str, month: pd.Period) -> float:
        """Return the log of the least net price that those who renew meet, less that of the nation in December 2017.

        The mean of six months, since prepaid months keep their price (:func:`structural.price_path`).
        """
        path = self._price(self.lineages.get(place, (place, NATION)))
        months = pd.period_range("2015-01", periods=len(path), freq="M")
        return float(path[min(max((month - months[0]).n, 0), len(path) - 1)])

    def prices(self, place: str, months: pd.PeriodIndex) -> np.ndarray:
        """Return :meth:`price` of each of `months`."""
        return np.array([self.price(place, m) for m in months])

    def beside(self, place: Place, opening: tuple[float, str, str]) -> "Known":
        """Return the same with what `place` says of itself: its own counts and plans, labor force and lineage.

        `opening` is the stock from which a question starts: (persons, month, status). One that was assumed, or that
        nobody checked, stands as a count of its own where the place has none of that month.
        """
        own_known = known_at(place.history, self.origin, self.law, _alone(place))
        counts, (value, month, _) = own_known.counts, opening
        if value > 0 and not (counts["month"] == pd.Period(month, "M")).any():
            one = pd.DataFrame({"place": [place.name], "month": [pd.Period(month, "M")], "value": [float(value)]})
            counts = pd.concat([counts, one.assign(error=published.STATUS_ERROR["recalled"])], ignore_index=True)
        rest = self.counts[self.counts["place"] != place.name]
        plans = {key: value for key, value in self.plans.items() if key[0] != place.name}
        combined = replace(
            self,
            counts=pd.concat([rest, counts[counts["place"] == place.name]], ignore_index=True),
            plans=plans | {key: value for key, value in own_known.plans.items() if key[0] == place.name},
            labor_force=self.labor_force | {place.name: own_known.labor_force.get(place.name, np.nan)},
            lineages=self.lineages | {place.name: place.lineage},
        )
        combined._paths.update(self._paths)  # of the same law
        return combined

    def _price(self, lineage: tuple[str, ...]) -> np.ndarray:
        lineage = tuple(place for place in lineage if place in self._ruled)  # the others have no rule of their own
        if lineage not in self._paths:
            months = pd.period_range("2015-01", "2035-12", freq="M")
            base = price_path(self.law, pd.period_range("2017-12", "2017-12", freq="M"), (NATION,))[0]
            self._paths[lineage] = price_path(self.law, months, lineage) - base
        return self._paths[lineage]

    @cached_property
    def _ruled(self) -> set[str]:
        return set(self.law.frame["place"])

    @cached_property
    def _paths(self) -> dict[tuple[str, ...], np.ndarray]:
        return {}


def known_at(history: pd.DataFrame, origin: pd.Period, law: Law, places: pd.DataFrame | None = None) -> Known:
    """Return what `history` (rows of data/history.csv) says at the end of `origin`, with `law` as it is given.

    Counts are those that a model may learn from (:func:`forecast.data.history.counts`), known by then, of places whose
    labor force is known; recalled ones are left out. Of several in a month the one listed last is taken. Plans are
    those of :func:`set_plans`. `places` is data/places.csv when left out.
    """
    table = tables.read(tables.data_dir() / "places.csv", "places") if places is None else places
    table = table.drop_duplicates("place").set_index("place")
    labor = table.loc[table["level"] != "commune_group", "labor_force"].astype(float)
    labor = labor[labor > 0]
    rows = published.counts(history, learn=True)
    rows = rows[(rows["month"] >= FIRST) & (rows["month"] <= str(origin)) & (rows["value"] > 0)]
    rows = rows[(rows["known"] != "") & (rows["known"] <= str(origin)) & rows["place"].isin(labor.index)]
    rows = rows.drop_duplicates(["place", "month"], keep="last")
    months = pd.PeriodIndex(rows["month"], freq="M")
    counts = rows[["place", "month", "value", "error"]].assign(month=months)
    planned = set_plans(history)
    planned = planned[(planned["known"] != "") & (planned["known"] <= str(origin)) & (planned["value"] > 0)]
    plans = {(p, int(y)): float(v) for p, y, v in zip(planned["place"], planned["year"], planned["value"], strict=True)}
    labor_force = {str(place): float(persons) for place, persons in labor.items()}
    parents = {str(place): str(parent) for place, parent in table["parent"].items()}
    return Known(origin, counts, plans, labor_force, law, _lineages(parents))


def set_plans(history: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of :func:`forecast.data.history.plans` that an office works by, one for a place and year.

    All plans; of targets those whose source is of the year that they are for: one that was set years ahead is a hope.

    >>> rows = tables.read(tables.data_dir() / "history.csv", "history")
    >>> set_plans(rows).query("place == 'Cà Mau'")["year"].tolist()
    ['2021', '2024']
    """
    planned = published.plans(history)
    rows = history[(history["kind"] == "target") & (history["measure"] == "members")]
    out = rows["source"].map(published.sources()["date"]).fillna("").str[:4]
    asked = zip(rows["place"], rows["month"], out, strict=True)
    fresh = {(place, month[:4]) for place, month, year in asked if year >= month[:4]}
    keys = zip(planned["place"], planned["year"], strict=True)
    set_ = (planned["kind"] == "plan") | pd.Series([key in fresh for key in keys], index=planned.index, dtype=bool)
    return planned[set_].drop_duplicates(["place", "year"])  # plans stand first


def _lineages(parents: dict[str, str]) -> dict[str, tuple[str, ...]]:
    """Return each place and all that contain it, smallest first."""
    lineages = {}
    for place in parents:
        line = [place]
        while parents.get(line[-1]):
            line.append(parents[line[-1]])
        lineages[place] = tuple(line)
    return lineages


def _alone(place: Place) -> pd.DataFrame:
    """Return a place as the one row of a table of places; without a labor force, its people of working age stand in.

    Whoever is asked about is a place, of whatever level; a group of communes teaches others nothing.
    """
    labor = place.labor_force if place.labor_force > 0 else WORKING * place.population
    return pd.DataFrame({"place": [place.name], "parent": [""], "level": [""], "labor_force": [labor]})
