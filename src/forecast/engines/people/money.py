"""The whole cost of a scenario by payer, group and month: contributions, commission, work, and hours that nobody pays.

*Contributions* are settled month by month under the law (:mod:`forecast.engines.people.prices`). *Commission* is what
collectors earn of what they collect (:mod:`forecast.engines.people.commission`); the office pays it, for each group.
*Work* is what the plan's levers take (:mod:`forecast.question.costs`); it is spent on all groups together. Every engine
that simulates people puts its flows through :func:`charge`, so that no command and no page has a cost of its own.
"""

from typing import NamedTuple

import numpy as np

from forecast.data import chance, tables
from forecast.data.vocabulary import PAYERS
from forecast.engines.people.commission import renewals
from forecast.engines.people.draws import parameter_draws
from forecast.question import costs
from forecast.question.scenario import Scenario

HOURS = "unpaid_hours"


class Collected(NamedTuple):
    """What comes in, each (draws, months, groups)."""

    months: np.ndarray  # that are paid
    newly: np.ndarray  # months by which what new members pay is worth more to a collector than renewals
    vnd: np.ndarray  # that collectors are handed


def charge(values: np.ndarray, scenario: Scenario, draws: range, seed: int) -> np.ndarray:
    """Return the values of an engine with commission, work and unpaid hours, (draws, months, measures, groups + all).

    What comes in holds contributions by then, groups and their sum, and behind the measures what new members are worth
    to collectors (`records.NEWLY`). The opening month has no flows and costs nothing.
    """
    measures = list(tables.MEASURES)
    values, newly = values[:, :, :-1], values[:, :, -1]
    office, groups = values[:, :, measures.index(PAYERS["office"])], slice(0, values.shape[3] - 1)

    def of(*names: str) -> np.ndarray:
        return np.asarray(sum(values[:, :, measures.index(name), groups] for name in names))

    collected = Collected(of("paid_months"), newly[..., groups], of(PAYERS["members"], PAYERS["donors"]))
    earned = commission(scenario, collected)
    office[..., groups] += earned
    office[..., -1] += earned.sum(axis=-1)
    if scenario.plan.bills:
        drawn = parameter_draws(scenario, seed, draws) if costs.depends(scenario) else None
        for item in costs.work(scenario, chance.streams(seed, draws), drawn):
            values[:, :, measures.index(PAYERS[item.payer]), -1] += item.vnd
            values[:, :, measures.index(HOURS), -1] += item.hours
    return values


def commission(scenario: Scenario, collected: Collected) -> np.ndarray:
    """Return what collectors earn of what they collect, VND, (draws, months, groups).

    Books of donors count as collected; what the state and the province add to a contribution does not.
    """
    months, newly, vnd = collected
    each = np.divide(vnd, months, out=np.zeros_like(vnd), where=months > 0)
    return np.asarray((months * renewals(scenario)[:, None] + newly) * each)
