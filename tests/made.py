"""Made projections, for tests of pictures and sentences that need an answer and no engine."""

from functools import cache

import numpy as np
import pandas as pd
from matplotlib.text import Text

from forecast.answer.projection import Projection, concat
from forecast.data import toy
from forecast.data.tables import GROUPS
from forecast.question.scenario import Scenario, Target

SHARES = {"all": 1.0, **dict(zip(GROUPS, (0.02, 0.03, 0.10, 0.85), strict=True))}


def question(name: str = "plan", goal: float = 600, **more) -> Scenario:
    """Return a question about the toy district over two years."""
    titles = {"vi": "Toy, kế hoạch", "en": "Toy, the plan"} if name == "plan" else {}
    return Scenario(
        name,
        toy.place(),
        start="2021-12",
        until="2023-12",
        law=toy.law(),
        title=titles,
        target=Target(value=goal, by="2023-12"),
        **more,
    )


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
                for measure, value in (
                    ("members", path),
                    ("entries", path * 0.04),
                    ("lapses", path * 0.02),
                    ("returns", path * 0.0),
                    ("exits_compulsory", path * 0.0),
                    ("exits_other", path * 0.0),
                    ("paid_province", path * 100_000.0),
                ):
                    parts.append(
                        pd.DataFrame(
                            {
                                "place": asked.place.name,
                                "scenario": asked.scenario,
                                "engine": engine,
                                "origin": asked.start,
                                "month": np.repeat(months, draws),
                                "group": group,
                                "measure": measure,
                                "draw": np.tile(np.arange(draws), len(months)),
                                "value": (value * share).ravel(),
                            }
                        )
                    )
    return concat(parts)


@cache
def texts(picture):
    """Visible texts of a picture with the box that each takes."""
    picture.draw_without_rendering()
    beyond = [
        label
        for axes in picture.axes
        for label, at, (low, high) in (
            *((t, t.get_position()[0], sorted(axes.get_xlim())) for t in axes.get_xticklabels()),
            *((t, t.get_position()[1], sorted(axes.get_ylim())) for t in axes.get_yticklabels()),
        )
        if not low <= at <= high
    ]
    found = [
        t
        for t in picture.findobj(match=lambda a: hasattr(a, "get_text"))
        if t.get_visible() and t.get_text().strip() and t not in beyond
    ]
    renderer = picture._get_renderer()
    return [(t.get_text(), Text.get_window_extent(t, renderer)) for t in found]  # without the lines that lead to labels
