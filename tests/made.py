"""What several tests make alike: questions about the toy district, its counts, and answers without an engine."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.text import Text

from forecast.answer.projection import Projection, concat
from forecast.data import tables, toy
from forecast.data.places import Place
from forecast.data.tables import GROUPS
from forecast.question.levers import Lever, Policy
from forecast.question.scenario import Scenario, Target

SHARES = {"all": 1.0, **dict(zip(GROUPS, (0.02, 0.03, 0.10, 0.85), strict=True))}


def flipped(data: bytes, times: int, seed: int) -> Iterator[bytes]:
    """Give `data` so many times, each with another bit of it flipped."""
    for place in np.random.default_rng(seed).integers(0, 8 * len(data), times):
        other = bytearray(data)
        other[place // 8] ^= 1 << place % 8
        yield bytes(other)


def stocks(
    place: str, values: Iterable[tuple[str, float]], level: str = "province", status: str = "stated"
) -> pd.DataFrame:
    """Return rows of a history: the members of a place, (month, members) each."""
    row = dict.fromkeys(tables.columns("history"), "") | {
        "scheme": "voluntary_si",
        "place": place,
        "level": level,
        "measure": "members",
        "group": "all",
        "unit": "persons",
        "kind": "observation",
        "status": status,
        "source": "test",
    }
    return pd.DataFrame([row | {"month": m, "value": float(v)} for m, v in values], columns=list(row))


def has_its_own_test(lever: str) -> bool:
    """Has a lever a file of tests of its own, tests/levers/test_NAME.py, beside the tables in which others stand?"""
    return (Path(__file__).parent / "levers" / f"test_{lever.lower()}.py").is_file()


def toy_question(
    name: str = "quo", *levers: Lever, until: str = "2022-12", goal: float | None = None, **more: Any
) -> Scenario:
    """Return a question about the toy district from December 2021 on, with a target at its end if there is a `goal`."""
    given = {"place": toy.place(), "law": toy.law(), "policy": Policy(*levers)}
    if goal is not None:
        given["target"] = Target(value=goal, by=until)
    return Scenario(name, start="2021-12", until=until, **given | more)


def counted(*stocks: tuple[str, float]) -> Place:
    """Return the toy place with these published counts of members, by month, and no others."""
    place = toy.place()
    row = place.history.iloc[0].to_dict()
    rows = [row | {"month": month, "value": float(value)} for month, value in stocks]
    others = place.history[place.history["measure"] != "members"]
    return replace(place, history=pd.concat([pd.DataFrame(rows), others], ignore_index=True))


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
