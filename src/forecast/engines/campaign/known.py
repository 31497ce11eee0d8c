"""What can be known at the end of a month: counts of members, their errors, plans, prices."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from forecast.engines.structural import price_path
from forecast.law import Law

NATION = "Việt Nam"


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
