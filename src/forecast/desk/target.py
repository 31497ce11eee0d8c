"""The decision desk: will the target be met, what is missing, and what would it take.

Every function takes a projection (and the scenario that was asked) and returns a table; nothing is printed here.
"""

from bisect import bisect_left
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from forecast.answer.projection import FLOWS_IN, FLOWS_OUT, Projection
from forecast.data import tables
from forecast.engines.people.stock import SILENT
from forecast.experiment.project import project
from forecast.question.levers import Collectors, Effort, Lever, ModelCommunes, Policy, Reminders, TopUp, Visits
from forecast.question.plan import Where
from forecast.question.scenario import Scenario, Target, parameters_table

INTERVAL = (0.05, 0.95)  # the 90% interval shown everywhere
MOST_EFFORT = 50.0  # times the ordinary outreach; beyond it no office could go
PAYERS = {
    "members": "paid_members",
    "state": "paid_state",
    "province": "paid_province",
    "donors": "paid_donors",
    "outreach": "spent_outreach",
}


def target_table(answer: Projection, scenario: Scenario) -> pd.DataFrame:
    """Return the target desk: one row for each engine that answered.

    Columns: place, scenario, engine, probability, standard_error, draws, median, gap (median minus target), low, high
    (90% interval), target, by, measure. A scenario without a target is an error.
    """
    target = target_of(scenario)
    rows = answer.only(scenario=scenario.scenario, measure=target.measure, group=target.group)
    if rows.frame.empty:
        raise tables.UserError(f"no engine answered scenario {scenario.scenario!r} for {target.measure}")
    desk = rows.probability(target.measure, at_least=target.value, by=target.by, group=target.group, since=target.since)
    months = [m for m in rows.frame["month"].unique() if (target.since or target.by) <= m <= target.by]
    total = rows.only(month=months).frame.groupby(["engine", "draw"], observed=True)["value"].sum()
    by_engine = total.groupby("engine", observed=True)
    desk["low"], desk["high"] = (desk["engine"].map(by_engine.quantile(q)).astype(float) for q in INTERVAL)
    return desk.assign(target=target.value, by=target.by, measure=target.measure)


def needed_path(answer: Projection, scenario: Scenario, engine: str = "agents") -> pd.DataFrame:
    """Return the monthly path to the target beside the expected one.

    Columns: month, expected, low, high (members), needed, needed_low, needed_high, entries_expected and entries_needed
    (persons in the month, medians; needed counts the exits that the engine expects at the needed stock, less the
    returns). An even path from the opening stock to the target is bent as each draw bends between its own first and
    last month (a December peak, a fall by March, a slow beginning): needed is the median of these paths, and nine in
    ten of them lie between low and high.
    """
    target = target_of(scenario)
    if target.measure != "members":
        raise tables.UserError(f"a monthly path needs a target of members, not of {target.measure}")
    rows = answer.only(scenario=scenario.scenario, engine=engine, group=target.group)
    if rows.only(measure="members").frame.empty:
        raise tables.UserError(f"engine {engine!r} did not answer scenario {scenario.scenario!r}")
    wide = rows.frame.pivot_table(index="month", columns="measure", values="value", aggfunc="median", observed=True)
    members = rows.only(measure="members").summary().set_index("month")
    months = [m for m in members.index if m <= target.by]
    steps = np.arange(len(months)) / max(len(months) - 1, 1)
    of_draws = rows.only(measure="members").frame.pivot_table(
        index="month", columns="draw", values="value", observed=True
    )
    draws = of_draws.loc[months].to_numpy()
    own_line = draws[0] + (draws[-1] - draws[0]) * steps[:, None]
    bend = np.divide(draws, own_line, out=np.ones_like(draws), where=own_line > 0)
    even = members["median"].iloc[0] + (target.value - members["median"].iloc[0]) * steps
    needed, needed_low, needed_high = even * np.quantile(bend, [0.5, 0.05, 0.95], axis=1)
    path = pd.DataFrame(
        {
            "month": months,
            "expected": members.loc[months, "median"].to_numpy(),
            "low": members.loc[months, "low"].to_numpy(),
            "high": members.loc[months, "high"].to_numpy(),
            "needed": needed,
            "needed_low": needed_low,
            "needed_high": needed_high,
        }
    )
    if not set(FLOWS_IN + FLOWS_OUT) <= set(wide.columns):
        return path  # the engine knows no flows
    net_exits = wide[FLOWS_OUT].sum(axis=1) - wide["returns"]
    rate = (net_exits / wide["members"].shift()).loc[months].to_numpy()
    path["entries_expected"] = wide.loc[months, "entries"].to_numpy()
    path["entries_needed"] = np.diff(needed, prepend=np.nan) + rate * np.roll(needed, 1)
    return path


def effort(
    scenario: Scenario, probability: float = 0.5, *, draws: int = 100, seed: int = 1, engine: str = "stock"
) -> dict[str, Any]:
    """Return how many times the scenario's visits would reach its target with `probability`.

    The scenario's collectors and visits are multiplied from the month after the start until the probability is reached
    (bisection on a log scale, to 2%; draws are paired: more effort never lowers it). A target that the stock
    engine is silent about is put to the agents. Keys: multiple (None
    when 50 times is not enough), probability_now, probability_reached, visits_per_month_now and _needed,
    collectors_now and _needed (in the last month).
    """
    target = target_of(scenario)
    if engine == "stock" and target.measure in SILENT:
        engine = "agents"

    def chance_at(multiple: float) -> float:
        more = Policy(*scenario.policy.levers, Effort(times=multiple, start=str(scenario.months[1])))
        question = scenario.with_policy(scenario.scenario, more)
        answer = project(question, [engine], draws=draws, seed=seed, jobs=1, progress=False)
        return float(target_table(answer, question)["probability"].iloc[0])

    now = chance_at(1.0)
    collectors, visits = effort_now(scenario)
    result = {
        "probability_wanted": probability,
        "probability_now": now,
        "collectors_now": collectors,
        "visits_per_month_now": visits,
        "target": target.value,
        "by": target.by,
    }
    if now >= probability:
        multiple = 1.0
    elif (most := chance_at(MOST_EFFORT)) < probability:
        return result | {
            "multiple": None,
            "probability_reached": most,
            "collectors_needed": None,
            "visits_per_month_needed": None,
        }
    else:
        low, high = 1.0, MOST_EFFORT
        while high / low > 1.02:
            middle = float(np.sqrt(low * high))
            low, high = (low, middle) if chance_at(middle) >= probability else (middle, high)
        multiple = high
    return result | {
        "multiple": multiple,
        "probability_reached": chance_at(multiple),
        "collectors_needed": collectors * multiple,
        "visits_per_month_needed": visits * multiple,
    }


WAYS = ("collectors", "visits", "model_communes", "top_up", "reminders")
TOGETHER = "together"


def ways(
    scenario: Scenario, probability: float = 0.5, *, draws: int = 100, seed: int = 1, engine: str = "stock"
) -> pd.DataFrame:
    """Return how much of each single lever, on top of the scenario's policy, would reach its target.

    One row each for: collectors (how many more in the whole place), visits (more household visits a month in the whole
    place), model_communes (how many, the largest first), top_up (extra share of the contribution for everybody, from
    the province), reminders (share of due members on a list). Each begins in the month after the start, and the least
    amount that gives `probability` is looked for with paired draws, up to `most`. Where none of them is enough, a last
    row, together, has all of them at their most: if even that is not enough, the target cannot be reached with the
    levers given. Columns: way, unit, most, needed (nan when even the most is not enough), probability_now,
    probability_reached (at `needed`, or at `most`), public_vnd (median of what the state and the province pay on top
    over all months; outreach has no price unless the scenario gives one).
    """
    target = target_of(scenario)
    if engine == "stock" and target.measure in SILENT:
        engine = "agents"
    start = str(scenario.months[1])
    now_collectors, now_visits = effort_now(scenario)
    steps = MOST_EFFORT * np.geomspace(1e-3, 1, 140)  # times what there is
    communes = len(scenario.place.communes)
    grids: dict[str, tuple[str, np.ndarray, Callable[[float], Lever]]] = {
        "collectors": (
            "collectors",
            np.unique(np.ceil(max(now_collectors, 1.0) * steps)),
            lambda n: Collectors(count=now_collectors + n, per="place", start=start),
        ),
        "visits": ("visits_per_month", now_visits * steps, lambda n: Visits(count=n, per="place", start=start)),
        "model_communes": (
            "communes",
            np.arange(1, communes + 1),
            lambda n: ModelCommunes(where=Where(count=int(n)), start=start),
        ),
        "top_up": ("share", np.arange(1, 101) / 100, lambda share: TopUp(share=share, start=start)),
        "reminders": ("share", np.arange(1, 101) / 100, lambda share: Reminders(share=share, start=start)),
    }

    def asked(*more: Lever) -> tuple[float, float]:
        """The probability, and the median of the public money over all months."""
        question = scenario.with_policy(scenario.scenario, Policy(*scenario.policy.levers, *more))
        answer = project(question, [engine], draws=draws, seed=seed, jobs=1, progress=False)
        money = answer.only(measure=[PAYERS["state"], PAYERS["province"]], group="all").frame
        paid = money.groupby("draw", observed=True)["value"].sum()
        return float(target_table(answer, question)["probability"].iloc[0]), float(paid.median()) if len(paid) else 0.0

    now, money_now = asked()
    rows: list[dict[str, Any]] = []
    for way in WAYS:
        unit, amounts, lever = grids[way]
        seen: dict[int, tuple[float, float]] = {}

        def enough(
            i: int,
            seen: dict[int, tuple[float, float]] = seen,
            amounts: np.ndarray = amounts,
            lever: Callable[[float], Lever] = lever,
        ) -> bool:
            seen[i] = asked(lever(float(amounts[i])))
            return seen[i][0] >= probability

        last = len(amounts) - 1
        at = None if now >= probability else bisect_left(range(last), True, key=enough) if enough(last) else last
        reached, money = (now, money_now) if at is None else seen[at]
        needed = 0.0 if at is None else float(amounts[at]) if reached >= probability else np.nan
        rows.append(
            {
                "way": way,
                "unit": unit,
                "most": float(amounts[-1]),
                "needed": needed,
                "probability_now": now,
                "probability_reached": reached,
                "public_vnd": money - money_now,
            }
        )
    if all(np.isnan(row["needed"]) for row in rows):
        reached, money = asked(*(lever(float(amounts[-1])) for _, amounts, lever in grids.values()))
        rows.append(
            {
                "way": TOGETHER,
                "unit": "share",
                "most": 1.0,
                "needed": 1.0 if reached >= probability else np.nan,
                "probability_now": now,
                "probability_reached": reached,
                "public_vnd": money - money_now,
            }
        )
    return pd.DataFrame(rows)


def effort_now(scenario: Scenario) -> tuple[float, float]:
    """Return the scenario's collectors in its last month, and household visits a month (theirs and extra ones)."""
    collectors = float(scenario.plan.collectors[-1].sum())
    each = float(parameters_table()["value"]["visits_per_collector"])
    return collectors, float(scenario.plan.visits[-1].sum()) + collectors * each


def target_of(scenario: Scenario) -> Target:
    """Return the target of a scenario; an error says so where it has none."""
    if scenario.target is None:
        raise tables.UserError(f"scenario {scenario.scenario!r} has no target; give target: {{measure, value, by}}")
    return scenario.target
