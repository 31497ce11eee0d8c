"""Policies of the nation beside one another for the same money.

Each policy that costs is made so small that what all payers but the members pay more in the year is the same budget. A
policy that costs less as it was asked for stays as it is: nothing is made larger than somebody asked for.
"""

from collections.abc import Iterable
from functools import partial

import numpy as np
import pandas as pd

from forecast.data.vocabulary import NATION
from forecast.desk.board.board import Board
from forecast.desk.board.compare import Compared, found_of, rows_of
from forecast.desk.board.policies import effects
from forecast.desk.equal_money import best
from forecast.question.levers import Lever, Policy, Where
from forecast.question.scenario import Scenario

BUDGET = 100e9  # VND a year for the nation: what the cheaper policies that come with the data can spend
EXACT = 0.05  # how near to the budget is near enough
PASSES = 2
SIZES = ("count", "share", "per_month", "hours_per_month")  # fields of levers that say how much of it
SHARES = ("local_top_up_share",)  # changes of the law that can be had in part


def equal(
    board: Board,
    scenarios: Iterable[Scenario],
    compared: Compared,
    *,
    budget: float = BUDGET,
    draws: int | None = None,
    jobs: int | None = None,
) -> pd.DataFrame:
    """Return rows of the nation as :class:`~forecast.desk.board.compare.Compared` has them, at equal money.

    `compared` is what the same scenarios do as they were asked for. `size` is the part of each policy that `budget`
    (VND in the first year) pays for, `first` the share of draws in which it adds most lasting members by the last month
    (:func:`forecast.desk.equal_money.best`). Policies that save money, and those of which there is no half, are left
    out.
    """
    asked = {one.scenario: one for one in scenarios}
    whole = compared.rows[compared.rows["place"] == NATION].set_index("policy")
    costs = {name: float(whole["support"][name]) for name in asked if whole["support"][name] > 0}
    sizes = {name: min(budget / cost, 1.0) for name, cost in costs.items() if sized(asked[name], 0.5) is not None}
    rows: dict[str, dict[str, object]] = {}
    added: dict[str, np.ndarray] = {}
    open_ = set(sizes)
    for _ in range(PASSES):
        made = [one for name in sorted(open_) if (one := sized(asked[name], sizes[name])) is not None]
        if not made:
            break
        levers = {one.scenario: partial(_given, one.policy.levers) for one in made if one.policy.levers}
        done = effects(board.asked, board.outlook, levers, draws=draws, jobs=jobs) if levers else {}
        found = found_of(board, made, {**done, "": compared.usual})
        told = {str(row["policy"]): row for row in rows_of(board, found) if row["place"] == NATION}
        for name in list(open_):
            rows[name] = told[name] | {"size": sizes[name]}
            gain = found[name][1].of(NATION, "lasting_members")[-1] - board.outlook.of(NATION, "lasting_members")[-1]
            added[name] = gain[: int(str(rows[name]["draws"]))]
            spent = float(str(rows[name]["support"]))
            if sizes[name] == 1.0 or abs(spent - budget) < EXACT * budget or spent <= 0:
                open_.discard(name)
            else:
                sizes[name] = min(sizes[name] * budget / spent, 1.0)
    frame = pd.DataFrame(list(rows.values()), columns=[*compared.rows.columns, "size", "first"])
    if added:
        each = pd.concat({name: pd.DataFrame({"end": x}) for name, x in added.items()}, names=["scenario", "draw"])
        frame["first"] = frame["policy"].map(best(each, ["end"])["end"])
    return frame


def _given(levers: tuple[Lever, ...], _: object) -> tuple[Lever, ...]:
    return levers


def sized(scenario: Scenario, times: float) -> Scenario | None:
    """Return a scenario of which there is so much less (communes, visits, lists, points); None where it has no part.

    >>> from forecast.question.levers import Visits
    >>> asked = Scenario("visits", "Việt Nam", start="2026-11", until="2030-12", policy=Policy(Visits(count=21)))
    >>> sized(asked, 0.5).policy.levers[0].count
    10.5
    """
    levers = [_smaller(lever, times) for lever in scenario.policy.levers]
    changes = [
        change.model_copy(update={"value": change.value * times}) if change.parameter in SHARES else None
        for change in scenario.changes
    ]
    kept_levers = tuple(x for x in levers if x is not None)
    kept = tuple(x for x in changes if x is not None)
    if len(kept_levers) < len(levers) or len(kept) < len(changes):
        return None
    return scenario.but(policy=Policy(*kept_levers), changes=kept)


def _smaller(lever: Lever, times: float) -> Lever | None:
    """Return a lever of which there is so much less."""
    if isinstance(lever.where, Where) and lever.where.count:
        count = max(round(lever.where.count * times), 1)
        return lever.model_copy(update={"where": lever.where.model_copy(update={"count": count})})
    for name in SIZES:
        if name in type(lever).model_fields:
            return lever.model_copy(update={name: getattr(lever, name) * times})
    return None
