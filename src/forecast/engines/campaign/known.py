"""What can be known at the end of a month: counts of members, their errors, plans, prices."""

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
import pandas as pd

from forecast.data.law import Law
from forecast.engines.series.structural import price_path

NATION = "Việt Nam"


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
    def places(self) -> tuple[str, ...]:
        """Places with counts, in the order of their names."""
        return tuple(sorted(self._counts))

    def of(self, place: str) -> list["Count"]:
        """Return the counts of a place, oldest first."""
        return self._counts.get(place, [])

    def size(self, place: str) -> float:
        """Return the log of a place's share of the nation's labor force."""
        return float(np.log(self.labor_force[place] / self.labor_force[NATION]))

    @cached_property
    def _counts(self) -> dict[str, list["Count"]]:
        rows = self.counts.sort_values(["place", "month"], kind="stable")
        found: dict[str, list[Count]] = {}
        for row in rows.itertuples():
            found.setdefault(row.place, []).append(Count(row.month, float(np.log(row.value)), float(row.error)))
        return found

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

    def _price(self, lineage: tuple[str, ...]) -> np.ndarray:
        if lineage not in self._paths:
            months = pd.period_range("2015-01", "2035-12", freq="M")
            base = price_path(self.law, pd.period_range("2017-12", "2017-12", freq="M"), (NATION,))[0]
            self._paths[lineage] = price_path(self.law, months, lineage) - base
        return self._paths[lineage]

    @cached_property
    def _paths(self) -> dict[tuple[str, ...], np.ndarray]:
        return {}
