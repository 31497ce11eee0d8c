"""Made projections, for tests of pictures and sentences that need an answer and no engine."""

import numpy as np
import pandas as pd

from forecast import toy
from forecast.projection import Projection, concat
from forecast.scenario import Scenario, Target
from forecast.tables import GROUPS

SHARES = {"all": 1.0, **dict(zip(GROUPS, (0.02, 0.03, 0.10, 0.85), strict=True))}


def question(name: str = "plan", goal: float = 600, **more) -> Scenario:
    """Return a question about the toy district over two years."""
    titles = {"vi": "Toy, kế hoạch", "en": "Toy, the plan"} if name == "plan" else {}
    return Scenario(name, toy.place(), start="2021-12", until="2023-12", law=toy.law(), title=titles,
                    target=Target(value=goal, by="2023-12"), **more)


def answer(*questions: Scenario, engines=("agents", "stock"), draws: int = 20, growth: float = 0.02) -> Projection:
    """Return growing members and steady flows for each question and engine; later questions grow more slowly."""
    parts = []
    for number, asked in enumerate(questions):
        for engine in engines:
            luck = np.random.default_rng(7)
            months = asked.months.astype(str)
            steps = luck.normal(growth / (1 + number), 0.02, (len(months) - 1, draws)).cumsum(axis=0)
            path = asked.opening[0] * np.exp(np.vstack([np.zeros(draws), steps]))
            for group, share in SHARES.items():
                for measure, value in (("members", path), ("entries", path * 0.04), ("lapses", path * 0.02),
                                       ("returns", path * 0.0), ("exits_compulsory", path * 0.0),
                                       ("exits_other", path * 0.0), ("paid_province", path * 100_000.0)):
                    parts.append(pd.DataFrame({
                        "place": asked.place.name, "scenario": asked.scenario, "engine": engine, "origin": asked.start,
                        "month": np.repeat(months, draws), "group": group, "measure": measure,
                        "draw": np.tile(np.arange(draws), len(months)), "value": (value * share).ravel()}))
    return concat(parts)
