"""How far a headline can be trusted: what of its width is judgement, what had seen the outcome, how its engine did."""

from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from forecast.answer.projection import Projection
from forecast.beliefs.parameters import parameters_table
from forecast.data import frames, shown, tables
from forecast.engines import SILENT, scope_of
from forecast.experiment import calendar
from forecast.experiment.project import project
from forecast.question.scenario import Scenario, target_of

JUDGEMENT = "judgement"  # a status of data/parameters.csv
LEAST = 0.5  # persons: below it there is no log
ENGINE = "stock"  # by which the width is split: the agents' expectation, and quick


class Truth(NamedTuple):
    """What stands under a headline by `engine` about a `month`, its width split `by` an engine.

    `adds` where it is about what a policy adds.
    `judged` is the part of the width that goes when every parameter that is judgement is at its middle (of the standard
    deviation of the log; of the 80% interval where it is about what is added, which may be less than nothing); `later`
    of `parameters` were written down after the scenario's first month, `judgements` of them judgement. `examined` is
    the engine whose exam is told ("" where none is kept), over `forecasts` of the same scope and band of months ahead:
    `held` is the part of counts that its 80% intervals held, `of_naive` its error over that of the naive forecast.
    """

    place: str
    scenario: str
    engine: str
    by: str
    month: str
    adds: bool
    judged: float
    draws: int
    parameters: int
    judgements: int
    later: int
    since: str
    examined: str
    scope: str
    band: str
    forecasts: int
    held: float
    of_naive: float

    def _repr_html_(self) -> str:
        return shown.html(self)


def judgements() -> tuple[int, int]:
    """Return how many parameters the model has, and how many of them are judgement.

    >>> judgements()[0] >= judgements()[1] > 0
    True
    """
    table = parameters_table()
    return len(table), int((table["status"] == JUDGEMENT).sum())


def truth(
    scenario: Scenario,
    engine: str,
    base: Scenario | None = None,
    *,
    answer: Projection | None = None,
    draws: int = 200,
    seed: int = 1,
    **run: Any,
) -> Truth:
    """Return how far the headline of a scenario can be trusted: its target by `engine`, or what it adds to `base`.

    What it adds are member-years over all months. The width is split by :data:`ENGINE` (the agents where it is silent),
    with paired draws, whichever engine speaks; an engine that the exam does not know is answered for by :data:`ENGINE`
    too. A scenario with neither a target nor a base is an error. `answer`, of as many `draws`,
    need not be asked for again; `run` goes to :func:`forecast.project`.
    """
    table = parameters_table()
    rest = {str(row.Index): float(row.value) for row in frames.rows(table[table["status"] == JUDGEMENT])}
    measure = "members" if base is not None else target_of(scenario).measure
    by = "agents" if measure in SILENT else ENGINE
    questions = [one for one in (scenario, base) if one is not None]
    sure = [one.but(assumptions={**rest, **one.assumptions}) for one in questions]
    how = {"draws": draws, "seed": seed, "jobs": 1, "progress": False} | run
    asked = None if answer is None else answer.only(engine=by, scenario=[one.scenario for one in questions])
    if asked is None or set(asked.frame["scenario"].unique()) != {one.scenario for one in questions}:
        asked = project(questions, [by], **how)
    spread = [_width(_values(one, scenario, base), base is None) for one in (asked, project(sure, [by], **how))]
    judged = max(0.0, 1 - spread[1] / spread[0]) if spread[0] > 0 else np.nan
    month = scenario.until if base is not None else target_of(scenario).by
    later = int((table["year"].astype(str) > scenario.start[:4]).sum())
    every, of_makers = judgements()
    name, scope, band, forecasts, held, of_naive = _exam(scenario, engine, month)
    return Truth(
        place=scenario.place.name,
        scenario=scenario.scenario,
        engine=engine,
        by=by,
        month=month,
        adds=base is not None,
        judged=judged,
        draws=draws,
        parameters=every,
        judgements=of_makers,
        later=later,
        since=scenario.start,
        examined=name,
        scope=scope,
        band=band,
        forecasts=forecasts,
        held=held,
        of_naive=of_naive,
    )


def _values(answer: Projection, scenario: Scenario, base: Scenario | None) -> "pd.Series[float]":
    """Return by draw the target's measure by its month, or the members added to `base`, all months together."""
    if base is not None:
        rows = answer.versus(base.scenario).only(scenario=scenario.scenario, measure="members", group="all").frame
    else:
        target = target_of(scenario)
        rows = answer.only(measure=target.measure, group=target.group).frame
        wanted = [m for m in rows["month"].cat.categories if (target.since or target.by) <= str(m) <= target.by]
        rows = rows[rows["month"].isin(wanted)]
    values: pd.Series[float] = rows.groupby("draw", observed=True)["value"].sum()
    return values


def _width(values: "pd.Series[float]", in_logs: bool) -> float:
    """Return a width that few draws give steadily: the far ends of an interval are too uncertain."""
    if in_logs:
        return float(np.log(np.maximum(values.to_numpy(float), LEAST)).std())
    low, high = np.quantile(values.to_numpy(float), (0.1, 0.9))
    return float(high - low)


def _exam(scenario: Scenario, engine: str, by: str) -> tuple[str, str, str, int, float, float]:
    """Return engine, scope, band, number of forecasts, share of counts in 80% intervals, error over naive's."""
    scored = calendar.stored()
    ahead = tables.month_index(tables.month(by)) - tables.month_index(tables.month(scenario.start))
    scope, band = scope_of(scenario.place.name), calendar.band(min(ahead, calendar.HORIZON))
    name = engine if engine in set(scored["engine"]) else ENGINE
    some = scored[(scored["scope"] == scope) & (scored["band"] == band)]
    short = calendar.summary(some, ("engine",))
    short = short[short["engine"] == name]
    if short.empty:
        return "", scope, band, 0, np.nan, np.nan
    row = short.iloc[0]
    return name, scope, band, int(row["targets"]), float(row["held_80"]), float(row["of_naive"])
