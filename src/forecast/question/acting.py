"""What a policy cannot do: levers that change nothing, and plans beyond what a place was seen to do."""

from typing import NamedTuple

import numpy as np

from forecast.beliefs.parameters import parameters_table
from forecast.beliefs.ranges import Seen, most, seen
from forecast.data.places import Place
from forecast.data.vocabulary import GROUPS
from forecast.question.levers import Lever, Policy, Reminders, TopUp
from forecast.question.plan import COLUMNS, Plan
from forecast.question.scenario import Scenario


class Idle(NamedTuple):
    """A lever that changes nothing, or a part of which does: `why` is months, same, price, part or follow_up."""

    number: int
    lever: Lever
    why: str


class Beyond(NamedTuple):
    """A column of a plan that asks for more than was seen: what it asks for and the most, in the whole place."""

    column: str
    group: str
    asked: float
    most: float
    seen: Seen


def idle(scenario: Scenario) -> list[Idle]:
    """Return the levers of a scenario that cannot act: outside its months, doing what is done anyway, under a price of
    zero, or beneath what a team does by itself.

    >>> from forecast.question.scenario import Scenario
    >>> late = Policy(Reminders(share=0.2), TopUp(share=0.9, group="poor", start="2021-01"))
    >>> asked = Scenario("x", "Đà Bắc", start="2019-06", until="2020-12", policy=late)
    >>> [(one.number, one.why) for one in idle(asked)]
    [(0, 'follow_up'), (1, 'months')]
    """
    candidates = [Idle(i, lever, _why(scenario, i, lever)) for i, lever in enumerate(scenario.policy.levers)]
    return [one for one in candidates if one.why]


def _why(scenario: Scenario, number: int, lever: Lever) -> str:
    plan, acting = scenario.plan, lever._months(scenario.plan)[1:]
    if not lever.acts(plan):
        return "months"
    others = [other for i, other in enumerate(scenario.policy.levers) if i != number]
    without = Policy(*others).plan(scenario.place, scenario.start, scenario.until, scenario.collectors_given)
    if not any(plan.columns[c][1:].tobytes() != without.columns[c][1:].tobytes() for c in COLUMNS):
        return "same"
    if isinstance(lever, TopUp):
        return _priced_out(scenario, lever, acting)
    if isinstance(lever, Reminders) and lever.share <= float(parameters_table()["value"]["follow_up"]):
        return "follow_up"
    return ""


def _priced_out(scenario: Scenario, lever: TopUp, acting: np.ndarray) -> str:
    """Is the price zero already, so that a top-up cannot lower it ("price"), or can only a part of it ("part")?"""
    table, plan = scenario.law.price_arrays(scenario.plan.months, scenario.place.lineage), scenario.plan
    room = 1 - table["state_share"] - table["local_share"]
    top_ups = (plan.top_up + plan.top_up_donors).max(axis=1)
    at = acting[:, None] & np.array([lever.group in ("all", group) for group in GROUPS])
    over = (top_ups - room)[1:][at]
    return "price" if (over >= lever.share - 1e-9).all() else "part" if (over > 1e-9).any() else ""


def beyond(scenario: Scenario) -> list[Beyond]:
    """Return the columns that the policy changes to more than was seen in the place (data/ranges.csv).

    Numbers of a month are those of the month with most of it; campaign days are the mean over the months in which
    they are held, from the first to the last.

    >>> from forecast.question.levers import Visits
    >>> many = Policy(Visits(count=2, per="household"))
    >>> asked = Scenario("x", "Đà Bắc", start="2019-06", until="2020-12", policy=many)
    >>> [(one.column, round(one.asked), round(one.most)) for one in beyond(asked)]
    [('visits', 30556, 993)]
    """
    return above(scenario.plan, scenario.status_quo_plan, scenario.place)


def above(plan: Plan, quo: Plan, place: Place) -> list[Beyond]:
    """Return what :func:`beyond` does, of a plan beside that of the status quo."""
    exceeded = []
    for column in sorted(plan.changed(quo)):
        by_group = COLUMNS[column].by_group and column != "gift_months"
        for g, group in enumerate(GROUPS if by_group else ("all",)):
            row = seen(column, place, group)
            values = plan.columns[column][1:, ..., g] if by_group else plan.columns[column][1:]
            asked = _asked(column, values)
            top = most(column, place, group)
            if row is not None and row.per == "collector":
                top = row.most * float(plan.collectors[1:].sum(axis=1).max())
            if row is not None and asked > top * (1 + 1e-6):
                exceeded.append(Beyond(column, group, asked, top, row))
    return exceeded


def _asked(column: str, values: np.ndarray) -> float:
    if column == "model":
        return float((values > 0).sum(axis=1).max())
    if column == "drives":
        held = np.flatnonzero(values.any(axis=1))
        return float(values[held[0] : held[-1] + 1].mean(axis=0).max()) if len(held) else 0.0
    totals = values.sum(axis=1) if COLUMNS[column].adds == "sum" else np.abs(values).max(axis=1)
    return float(totals.max())
