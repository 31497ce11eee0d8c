"""What the work of a plan comes to, item by item, in money and in hours that nobody pays.

Each unit that a lever takes has a dated price of data/unit_costs.csv, drawn with its spread, or the one that a planner
gave. What joins it to make the whole cost, the contributions and the commission, follows from who pays in:
:mod:`forecast.engines.people.money`.
"""

from typing import NamedTuple

import numpy as np

from forecast.beliefs import costs
from forecast.question.plan import Bill
from forecast.question.scenario import Scenario


class Work(NamedTuple):
    """What one item of a plan comes to: money (VND) and unpaid hours, each (draws, months)."""

    item: str
    payer: str
    vnd: np.ndarray
    hours: np.ndarray


def work(scenario: Scenario, keys: np.ndarray, drawn: dict[str, np.ndarray] | None = None) -> list[Work]:
    """Return what the plan's levers take, item by item; the opening month takes nothing.

    `keys` name the draws (`chance.streams`); `drawn` are the parameters that some units depend on, such as the visits
    of a collector (left out: their middle is taken).

    >>> import forecast as f
    >>> asked = f.Scenario("visits", f.toy.place(), start="2021-12", until="2022-12", law=f.toy.law(),
    ...                    policy=f.Policy(f.Visits(count=100, per="place", unit_cost=30_000)))
    >>> found = work(asked, np.zeros(2, np.uint64))[0]
    >>> found.item, found.payer, found.vnd.sum(axis=1).round(0).tolist()
    ('visit', 'office', [36000000.0, 36000000.0])
    """
    return [_work(scenario, bill, keys, drawn or {}) for bill in scenario.plan.bills]


def _work(scenario: Scenario, bill: Bill, keys: np.ndarray, drawn: dict[str, np.ndarray]) -> Work:
    months, given = scenario.plan.months, scenario.prices
    price = costs.prices(bill.item, months, given.get(bill.item) if bill.price is None else bill.price)
    units = bill.units.sum(axis=1) * (np.arange(len(months)) > 0)
    many = units * drawn[bill.per][:, None] if bill.per in drawn else np.tile(units, (len(keys), 1))
    hours = many * costs.hours(bill.item)
    worth = costs.prices(costs.UNPAID, months, given.get(costs.UNPAID))
    vnd = many * costs.drawn(bill.item, price, keys) + hours * costs.drawn(costs.UNPAID, worth, keys)
    return Work(bill.item, bill.payer, vnd, hours)


def depends(scenario: Scenario) -> bool:
    """Do units of the plan depend on parameters?"""
    return any(bill.per for bill in scenario.plan.bills)
