"""Does a December stand? What is left of it when the campaign members have gone, and what lasts."""

from typing import Any

import numpy as np
import pandas as pd

from forecast.answer.projection import Projection
from forecast.data import tables
from forecast.experiment.project import project
from forecast.question.scenario import Scenario, target_of

AFTER = 3  # months from the target's month: from December to March
STOCKS = ("members", "lasting_members")


def long_enough(scenario: Scenario) -> Scenario:
    """Return the question with so many months that it can be told whether its target's stock stands.

    The months up to the question's last one have the same answer.

    >>> import forecast as f
    >>> goal = f.Target(measure="members", value=400, by="2022-12")
    >>> quo = f.Scenario("quo", f.toy.place(), start="2021-12", until="2022-12", law=f.toy.law(), target=goal)
    >>> long_enough(quo).until
    '2023-03'
    """
    target = scenario.target
    if target is None or target.measure not in STOCKS:
        return scenario
    return scenario.lasting(max(scenario.until, str(tables.month(target.by) + AFTER)))


def standing(
    scenario: Scenario,
    answer: Projection | None = None,
    *,
    draws: int = 200,
    seed: int = 1,
    engine: str = "stock",
    **run: Any,
) -> pd.DataFrame:
    """Return the chance that the target's stock is met in its month, and that it still stands three months later.

    One row each for members in the month of the target, for lasting members then, and for members three months later;
    columns: place, scenario, engine, measure, month, group, target, probability, standard_error, draws, median, low,
    high (90% interval). An `answer` of as many `draws` serves where it goes so far; else the scenario is
    asked for three months more. A target that is no stock of members is an error.
    """
    target = target_of(scenario)
    if target.measure not in STOCKS:
        raise tables.UserError(
            "{scenario}: {measure} is no stock of members, so nothing can stand",
            scenario=scenario.scenario,
            measure=target.measure,
        )
    later = str(tables.month(target.by) + AFTER)
    if answer is None or later not in answer.frame["month"].astype(str).unique():
        answer = project(long_enough(scenario), [engine], draws=draws, seed=seed, **run)
    answer = answer.only(scenario=scenario.scenario, engine=engine)
    rows = []
    for measure, month in (("members", target.by), ("lasting_members", target.by), ("members", later)):
        stocks = answer.at(month).only(measure=measure, group=target.group).frame["value"].to_numpy(float)
        low, middle, high = np.quantile(stocks, (0.05, 0.5, 0.95))
        p = float((stocks >= target.value).mean())
        rows.append((measure, month, target.value, p, np.sqrt(p * (1 - p) / draws), draws, middle, low, high))
    names = ["measure", "month", "target", "probability", "standard_error", "draws", "median", "low", "high"]
    head = {"place": scenario.place.name, "scenario": scenario.scenario, "engine": engine, "group": target.group}
    return pd.DataFrame(rows, columns=names).assign(**head)[[*head, *names]]
