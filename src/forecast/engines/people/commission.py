"""What collectors keep of what members pay: a share of new members, by months paid at once, another of renewals.

The dated rates are rows of the law (`collector_commission_...`); a plan that changes commissions multiplies them. Who
is new, engines tell of each payment (:func:`newly`), so that who is won in a campaign, given a book or advised to pay a
year earns their collector what they pay; :mod:`forecast.engines.people.money` makes money of it.
"""

from functools import lru_cache

import numpy as np

from forecast.data.law import Law
from forecast.engines.people import hazards
from forecast.question.scenario import Scenario

NEW, RENEWAL = "collector_commission_new", "collector_commission_renewal"
NEW_FOR = 12  # months of unbroken payment in which a member counts as new (law.csv, collector_commission_new_rule)


def newly(scenario: Scenario) -> np.ndarray:
    """Return by how much a payment of a new member is worth more to a collector than a renewal, (months, spells).

    In months of what is paid: of each month that counts as new, the share that is kept less that of a renewal. Of a
    spell of years, the first year counts. Nothing where the law knows no commission.

    >>> from forecast.data import toy
    >>> from forecast.data.law import read_law
    >>> asked = Scenario("q", toy.place(), start="2026-08", until="2026-09", law=read_law())
    >>> newly(asked)[0].round(2).tolist()  # of 1, 3, 6, 12 and 60 months
    [0.03, 0.18, 0.48, 1.32, 1.32]
    """
    spells = hazards.spells(scenario.months, scenario.law)[0].months.tolist()
    factor, renewal = _times(scenario, "commission_new"), renewals(scenario)
    extra = np.zeros((len(scenario.months), len(spells)))
    if RENEWAL not in set(scenario.law.frame["parameter"]):
        return extra
    rates = _rates(scenario.law, tuple(map(str, scenario.months)), tuple(spells))
    for k, spell in enumerate(spells):
        extra[:, k] = min(spell, NEW_FOR) * (rates[:, k] * factor - renewal)
    return extra


def renewals(scenario: Scenario) -> np.ndarray:
    """Return the share of a renewal that a collector keeps, (months,)."""
    rates = [scenario.law.find(RENEWAL, str(month)) or 0.0 for month in scenario.months]
    return np.asarray(np.array(rates) * _times(scenario, "commission_renewal"))


@lru_cache(maxsize=16)
def _rates(law: Law, months: tuple[str, ...], spells: tuple[int, ...]) -> np.ndarray:
    """Shares that are kept of what a new member pays for so many months, (months, spells); every batch asks for them.

    A share is that of the longest mode which is no longer.
    """
    known = {name for name in law.frame["parameter"] if name.startswith(f"{NEW}_") and name.endswith("_months")}
    modes = [max((m for name in known if (m := int(name.split("_")[-2])) <= spell), default=0) for spell in spells]

    def rate(mode: int, month: str) -> float:
        of_mode = law.find(f"{NEW}_{mode}_months", month) if mode else None
        return (law.find(NEW, month) or 0.0) if of_mode is None else of_mode

    return np.array([[rate(mode, month) for mode in modes] for month in months])


def _times(scenario: Scenario, column: str) -> np.ndarray:
    """What a plan multiplies a rate by, the mean over eligible people, (months,)."""
    people = scenario.place.communes["eligible"].to_numpy(float)
    change: np.ndarray = scenario.plan.columns[column] @ people / max(people.sum(), 1.0)
    return 1 + change
