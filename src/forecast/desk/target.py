"""The decision desk: will the target be met, what is missing, and what would it take.

Every function takes a projection (and the scenario that was asked) and returns a table; nothing is printed here.
"""

from bisect import bisect_left
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import numpy as np
import pandas as pd

from forecast.answer.projection import FLOWS_IN, FLOWS_OUT, Projection
from forecast.beliefs.parameters import parameters_table
from forecast.data import tables, workers
from forecast.data.vocabulary import INTERVAL, MONEY, TOGETHER
from forecast.desk.standing import long_enough
from forecast.desk.totals import tallies
from forecast.engines import SILENT
from forecast.question import menu
from forecast.question.levers import Effort, Lever, Policy
from forecast.question.scenario import Scenario, Target, target_of

R = TypeVar("R")
MOST_EFFORT = 50.0  # times the ordinary outreach, where nothing that was seen ends it before


def target_table(answer: Projection, scenario: Scenario) -> pd.DataFrame:
    """Return the target desk: one row for each engine that answered.

    Columns: place, scenario, engine, probability, standard_error, draws, median, gap (median minus target), low, high
    (90% interval), target, by, measure. A scenario without a target is an error.
    """
    target = target_of(scenario)
    rows = answer.only(scenario=scenario.scenario, measure=target.measure, group=target.group)
    if rows.frame.empty:
        raise tables.UserError(
            "no engine answered scenario {scenario!r} for {measure}", scenario=scenario.scenario, measure=target.measure
        )
    aim: dict[str, Any] = {"at_least": target.value, "by": target.by, "group": target.group, "since": target.since}
    desk = rows.probability(target.measure, **aim).drop(columns="origin")
    months = [m for m in rows.frame["month"].unique() if (target.since or target.by) <= m <= target.by]
    total = rows.only(month=months).frame.groupby(["engine", "draw"], observed=True)["value"].sum()
    by_engine = total.groupby("engine", observed=True)
    desk["low"], desk["high"] = (desk["engine"].map(by_engine.quantile(q)).astype(float) for q in INTERVAL)
    return desk.assign(target=target.value, by=target.by, measure=target.measure)


def needed_path(answer: Projection, scenario: Scenario, engine: str = "agents") -> pd.DataFrame:
    """Return the monthly path to the target beside the expected one.

    Columns: place, scenario, engine, group, draws, month, expected, low, high (members), needed, needed_low,
    needed_high, entries_expected and entries_needed (persons in the month, medians; needed counts the exits that the
    engine expects at the needed stock, less the returns). An even path from the opening stock to the target is bent as
    each draw bends between its own first and last month (a December peak, a fall by March, a slow beginning): needed is
    the median of these paths, low and high the ends of their 90% interval.
    """
    target = target_of(scenario)
    if target.measure != "members":
        raise tables.UserError("a monthly path needs a target of members, not of {measure}", measure=target.measure)
    rows = answer.only(scenario=scenario.scenario, engine=engine, group=target.group)
    if rows.only(measure="members").frame.empty:
        raise tables.UserError(
            "engine {engine!r} did not answer scenario {scenario!r}", engine=engine, scenario=scenario.scenario
        )
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
            "place": scenario.place.name,
            "scenario": scenario.scenario,
            "engine": engine,
            "group": target.group,
            "draws": draws.shape[1],
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


class Asked(NamedTuple):
    """A question about a target, and with what it is answered."""

    scenario: Scenario
    engine: str
    draws: int
    seed: int
    keep: Path | None

    def tally(self, *levers: Lever | None) -> pd.DataFrame:
        """What the question comes to with more levers.

        It is asked for the months of :func:`standing`, so that what its status quo follows is found once for both.
        """
        policy = Policy(*self.scenario.policy.levers, *(lever for lever in levers if lever is not None))
        question = long_enough(self.scenario.with_policy(self.scenario.scenario, policy))
        asked = [(question, self.engine, range(self.draws))]
        return tallies(asked, self.seed, keep=self.keep, last=self.scenario.until)[0]


def put_to(scenario: Scenario, engine: str, draws: int, seed: int, keep: Path | None) -> Asked:
    """A target that the stock engine is silent about is put to the agents."""
    silent = engine == "stock" and target_of(scenario).measure in SILENT
    return Asked(scenario, "agents" if silent else engine, draws, seed, keep)


def effort(
    scenario: Scenario,
    probability: float = 0.5,
    *,
    draws: int = 100,
    seed: int = 1,
    engine: str = "stock",
    keep: Path | None = None,
) -> dict[str, Any]:
    """Return how many times the scenario's visits would reach its target with `probability`.

    The scenario's collectors and visits are multiplied from the month after the start until the probability is reached
    (bisection on a log scale, to 2%; draws are paired: more effort never lowers it), no farther than was seen in the
    place (data/ranges.csv). A target that the stock engine is silent about is put to the agents. Keys: place, scenario,
    engine, draws, probability_wanted, target, by, multiple (None
    where that is not enough), most_multiple (the largest within what was seen), probability_now, probability_reached,
    visits_per_month_now and _needed, collectors_now and _needed (in the last month); money added by payer, `total` of
    all but the members, and unpaid `hours`, means over all months, at the multiple that is needed or the largest.
    """
    asked = put_to(scenario, engine, draws, seed, keep)
    return _effort(asked, probability, asked.tally())


def _effort(asked: Asked, probability: float, base: pd.DataFrame) -> dict[str, Any]:
    scenario, target = asked.scenario, target_of(asked.scenario)
    collectors, visits = effort_now(scenario)
    top = most_effort(scenario)
    at: dict[float, pd.DataFrame] = {1.0: base}

    def chance_at(multiple: float) -> float:
        if multiple not in at:
            at[multiple] = asked.tally(Effort(times=multiple, start=str(scenario.months[1])))
        return _chance(at[multiple], target)

    multiple: float | None = 1.0
    if chance_at(1.0) < probability:
        multiple = None if chance_at(top) < probability else top
    if multiple is not None and multiple > 1:
        low, high = 1.0, top
        while high / low > 1.02:
            middle = float(np.sqrt(low * high))
            low, high = (low, middle) if chance_at(middle) >= probability else (middle, high)
        multiple = high
    shown = top if multiple is None else multiple
    needed = {"collectors_needed": collectors, "visits_per_month_needed": visits}
    return {
        "place": scenario.place.name,
        "scenario": scenario.scenario,
        "engine": asked.engine,
        "draws": asked.draws,
        "probability_wanted": probability,
        "probability_now": chance_at(1.0),
        "collectors_now": collectors,
        "visits_per_month_now": visits,
        "target": target.value,
        "by": target.by,
        "multiple": multiple,
        "most_multiple": top,
        "probability_reached": chance_at(shown),
        **{name: None if multiple is None else value * multiple for name, value in needed.items()},
        **_added(at[shown], base),
    }


def most_effort(scenario: Scenario) -> float:
    """Return how many times the scenario's collectors and visits stay within what was seen; 1 where they are there."""

    def fits(multiple: float) -> bool:
        more = Effort(times=multiple, start=str(scenario.months[1]))
        return menu.is_seen(scenario, [more])

    if fits(MOST_EFFORT):
        return MOST_EFFORT
    low, high = 1.0, MOST_EFFORT
    while high / low > 1.001:
        middle = float(np.sqrt(low * high))
        low, high = (middle, high) if fits(middle) else (low, middle)
    return low


def ways(
    scenario: Scenario,
    probability: float = 0.5,
    *,
    draws: int = 100,
    seed: int = 1,
    engine: str = "stock",
    only: Sequence[str] = (),
    jobs: int | None = 1,
    keep: Path | None = None,
) -> pd.DataFrame:
    """Return how much of each single lever, on top of the scenario's policy, would reach its target, and what it costs.

    One row for each lever that may be chosen (:func:`forecast.question.menu.offered`; `only` those named), each at the
    least of its hundred levels that gives `probability`, with paired draws, up to the most that was seen in the place.
    Where none of them is enough, a last row, together, has all of them at their most: if even that is not enough, the
    target cannot be reached with what has been seen. Columns: place, scenario, engine, by, wanted, draws, way (a
    choice's name), unit, most (amount), needed (nan when the most is not enough: more than has been seen would be
    needed), probability_now, probability_reached (at `needed`, or at `most`), then what is added over all months, means
    of the draws: the money of each payer but the members, total (their sum), members, and hours (unpaid; VND, hours).

    Levers are tried by `jobs` processes, one each; `keep` is a folder for what is finished.
    """
    asked = put_to(scenario, engine, draws, seed, keep)
    choices = [c for c in menu.offered(scenario) if not only or c.name in only]
    base = asked.tally()
    rows = workers.every(_way, [(asked, probability, choice, base) for choice in choices], jobs)
    return _with_all(asked, probability, base, rows, lambda: _everything(asked, choices))


def effort_and_ways(
    scenario: Scenario,
    probability: float = 0.5,
    *,
    draws: int = 100,
    seed: int = 1,
    engine: str = "stock",
    jobs: int | None = 1,
    keep: Path | None = None,
) -> tuple[dict[str, Any], pd.DataFrame]:
    """Return what :func:`effort` and :func:`ways` do, by `jobs` processes side by side (1 works here).

    Where processes were started ahead, this one loads no engine for it.
    """
    asked, choices = put_to(scenario, engine, draws, seed, keep), menu.offered(scenario)
    (base,) = workers.every(Asked.tally, [(asked,)], jobs)
    order = sorted(choices, key=lambda one: one.field[:1] != ("where",))  # what tells communes apart takes longest
    pieces: list[tuple[Any, ...]] = [(_way, asked, probability, one, base) for one in order]
    # All levers together at once: most often none is enough alone.
    pieces += [(_effort, asked, probability, base), (_everything, asked, choices)]
    *found, needed, outcome = workers.every(_called, pieces, jobs)
    of = dict(zip((one.name for one in order), found, strict=True))
    return needed, _with_all(asked, probability, base, [of[one.name] for one in choices], lambda: outcome)


def _called(function: Callable[..., R], *given: Any) -> R:
    return function(*given)


def _everything(asked: Asked, choices: Sequence[menu.Choice]) -> pd.DataFrame:
    """What the question comes to with all levers at their most."""
    return asked.tally(*(choice.at(choice.levels) for choice in choices))


def _with_all(
    asked: Asked,
    probability: float,
    base: pd.DataFrame,
    rows: list[dict[str, Any]],
    everything: Callable[[], pd.DataFrame],
) -> pd.DataFrame:
    """Return the rows of all ways as a table, with one of all together where none is enough alone."""
    if rows and all(np.isnan(one["needed"]) for one in rows):
        outcome = everything()
        enough = _chance(outcome, target_of(asked.scenario)) >= probability
        amounts = {"way": TOGETHER, "unit": "share", "most": 1.0, "needed": 1.0 if enough else np.nan}
        rows = [*rows, _row(asked, probability, amounts, base, outcome)]
    return pd.DataFrame(rows)


def _way(asked: Asked, probability: float, choice: menu.Choice, base: pd.DataFrame) -> dict[str, Any]:
    """The row of a lever: at the least of its levels that gives `probability`, or at its most."""
    seen, target, last = {0: base}, target_of(asked.scenario), choice.levels

    def enough(level: int) -> bool:
        if level not in seen:
            seen[level] = asked.tally(choice.at(level))
        return _chance(seen[level], target) >= probability

    now = enough(0)
    met = not now and enough(last)
    at = 0 if now else 1 + bisect_left(range(1, last), True, key=enough) if met else last
    needed = choice.amount(at) if met or at == 0 else np.nan
    amounts = {"way": choice.name, "unit": choice.unit, "most": choice.amount(last), "needed": needed}
    return _row(asked, probability, amounts, base, seen[at])


def _row(
    asked: Asked, probability: float, amounts: dict[str, Any], base: pd.DataFrame, outcome: pd.DataFrame
) -> dict[str, Any]:
    target = target_of(asked.scenario)
    return (
        {"place": asked.scenario.place.name, "scenario": asked.scenario.scenario, "engine": asked.engine}
        | {"by": target.by, "wanted": probability, "draws": asked.draws}
        | amounts
        | {"probability_now": _chance(base, target), "probability_reached": _chance(outcome, target)}
        | _added(outcome, base)
    )


def _chance(rows: pd.DataFrame, target: Target) -> float:
    return float((rows["reached"] >= target.value).mean())


def _added(rows: pd.DataFrame, base: pd.DataFrame) -> dict[str, float]:
    """Money of each payer, its total without the members, and unpaid hours, added to `base`, means of the draws."""
    added = {name: float((rows[name] - base[name]).mean()) for name in (*MONEY, "members", "hours")}
    return added | {"total": sum(added[payer] for payer in MONEY)}


def effort_now(scenario: Scenario) -> tuple[float, float]:
    """Return the scenario's collectors in its last month, and household visits a month (theirs and extra ones)."""
    collectors = float(scenario.plan.collectors[-1].sum())
    each = float(parameters_table()["value"]["visits_per_collector"])
    return collectors, float(scenario.plan.visits[-1].sum()) + collectors * each
