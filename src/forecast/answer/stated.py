"""Figures that pages state: each with the question that it answers, so that no two pages answer one differently.

A question is :data:`KEY`: place, scenario, measure, month, group, engine and statistic. What shows a figure tells it
(:func:`tell`); a report collects them page by page, and :func:`conflicts` names every question that two pages answer
with different values. Where no report is made, telling does nothing.
"""

import json
import math
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from forecast.data.frames import groups, records
from forecast.data.messages import Message, UserError

PAGE = "FORECAST_PAGE"  # variable of the environment: the folder of the page that a report runs
KEY = ("place", "scenario", "measure", "month", "group", "engine", "statistic")
QUANTILES = {"low": 0.05, "median": 0.5, "high": 0.95}
SAME = 1e-6  # relative: less is the rounding of sums
_FILE = "stated.jsonl"


class Figure(NamedTuple):
    """One published number and the question that it answers; `draws` is 0 where none were made."""

    place: str
    scenario: str
    measure: str
    month: str
    group: str
    engine: str
    statistic: str
    value: float
    draws: int = 0

    @property
    def key(self) -> tuple[str, ...]:
        """The question."""
        return tuple(str(part) for part in self[: len(KEY)])


def tell(figures: Iterable[Figure]) -> None:
    """Keep figures that a page shows, in the folder of the page; those that are no number are left out."""
    folder = os.environ.get(PAGE)
    lines = [json.dumps(list(one), ensure_ascii=False) for one in figures if math.isfinite(one.value)] if folder else []
    if folder and lines:
        with (Path(folder) / _FILE).open("a", encoding="utf-8") as file:
            file.write("\n".join(lines) + "\n")


def read_figures(folder: Path) -> list[Figure]:
    """Return the figures that a page kept in its folder, each once."""
    path = folder / _FILE
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    return [Figure(*json.loads(line)) for line in dict.fromkeys(lines)]


def rows(
    frame: pd.DataFrame,
    statistics: Mapping[str, str],
    *,
    month: str = "",
    measure: str = "",
    group: str = "all",
) -> list[Figure]:
    """Return the figures of a table: one for each row and each of its columns `statistics` (column: its name).

    `frame` has the columns place, scenario, engine and draws; its own measure, month, group and payer go before those
    given, and a payer stands behind the measure.

    >>> desk = pd.DataFrame({"place": ["A"], "scenario": ["plan"], "engine": ["stock"], "probability": [0.2]})
    >>> rows(desk.assign(draws=200), {"probability": "probability of 750"}, month="2020-12", measure="members")[0].key
    ('A', 'plan', 'members', '2020-12', 'all', 'stock', 'probability of 750')
    """
    figures = []
    for row in records(frame):
        what = str(row.get("measure") or measure)
        payer = str(row.get("payer") or "")
        head = (
            str(row["place"]),
            str(row["scenario"]),
            f"{what}, {payer}" if payer else what,
            str(row.get("month") or month),
            str(row.get("group") or group),
            str(row["engine"]),
        )
        draws = int(row.get("draws") or 0)
        figures += [Figure(*head, name, float(row[column]), draws) for column, name in statistics.items()]
    return figures


def added(frame: pd.DataFrame) -> list[Figure]:
    """Return the figures of a table of what policies add, with its columns base, measure, kind (where it has one)."""
    kinds = frame["kind"] if "kind" in frame else pd.Series("", index=frame.index)
    what = [
        f"{measure}{f' ({kind})' if kind else ''} added to {base}"
        for measure, kind, base in zip(frame["measure"], kinds, frame["base"], strict=True)
    ]
    names = {name: name for name in (*QUANTILES, "mean") if name in frame}
    return rows(frame.assign(measure=what), names)


def paths(frame: pd.DataFrame) -> list[Figure]:
    """Return median and 90% interval of each place, scenario, measure, month, group and engine of a projection's rows.

    >>> rows = pd.DataFrame({"value": [1.0, 2.0, 3.0], "month": "2020-12", "measure": "members", "group": "poor"})
    >>> figures = paths(rows.assign(place="A", scenario="plan", engine="stock"))
    >>> [(one.group, one.statistic, round(one.value, 6)) for one in figures]
    [('poor', 'low', 1.1), ('poor', 'median', 2.0), ('poor', 'high', 2.9)]
    """
    figures = []
    for key, part in groups(frame, list(KEY[:-1]), observed=True, sort=False):
        values = part["value"].to_numpy(float)
        ends = np.quantile(values, list(QUANTILES.values()))
        head = dict(zip(KEY, map(str, key), strict=False))
        summary = dict(zip(QUANTILES, map(float, ends), strict=True))
        figures += [Figure(**head, statistic=name, value=x, draws=len(values)) for name, x in summary.items()]
    return figures


def register(pages: Mapping[str, Iterable[Figure]]) -> pd.DataFrame:
    """Return one row for each question and page: :data:`KEY`, value, draws, page."""
    parts = [(*one, page) for page, figures in pages.items() for one in figures]
    return pd.DataFrame(parts, columns=[*Figure._fields, "page"]).drop_duplicates(ignore_index=True)


def conflicts(pages: Mapping[str, Iterable[Figure]]) -> list[UserError]:
    """Return a sentence for each scenario of which a question has two values, naming both pages and both values.

    It tells the first such question, and how many more there are between these pages about this scenario.

    >>> one = Figure("A", "plan", "members", "2020-12", "all", "stock", "median", 100.0, 200)
    >>> print(*conflicts({"01_a": [one], "13_desk": [one._replace(value=120.0, draws=40)]}))
    01_a gives 100 (200 draws) and 13_desk 120 (40 draws) for A, plan, members, 2020-12, all, stock, median
    """
    first: dict[tuple[str, ...], tuple[str, Figure]] = {}
    clashes: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for page, figures in pages.items():
        for one in figures:
            there, other = first.setdefault(one.key, (page, one))
            if not math.isclose(one.value, other.value, rel_tol=SAME, abs_tol=SAME):
                where = ", ".join(filter(None, one.key))
                fields = {
                    "first": there,
                    "one": _value_text(other),
                    "second": page,
                    "other": _value_text(one),
                    "where": where,
                }
                clashes.setdefault((there, page, one.place, one.scenario), []).append(fields)
    text = "{first} gives {one} and {second} {other} for {where}"
    more = "{first} gives {one} and {second} {other} for {where}, and for {count} more questions"
    return [UserError(more if len(cases) > 1 else text, **cases[0], count=len(cases) - 1) for cases in clashes.values()]


def _value_text(one: Figure) -> Message | str:
    return (
        Message("{value} ({draws} draws)", value=f"{one.value:.6g}", draws=one.draws)
        if one.draws
        else f"{one.value:.6g}"
    )
