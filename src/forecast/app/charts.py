"""Pictures of the scenario page, made of HTML and lines alone: letters keep their size on a phone.

Nothing is loaded for them. Numbers stand in the pictures as text, so that they are read aloud, searched and copied.
"""

from collections.abc import Sequence
from functools import cache
from html import escape
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from forecast.answer.projection import Projection
from forecast.language import words
from forecast.language.words import say, term
from forecast.publish import colors
from forecast.question.scenario import Scenario

COLORS = ("#1b5e9b", "#8a4b08", "#3d6b35", "#7a2e6e", "#4d4d4d")
"""Lines of the answer, the status quo, and kept answers; each reads on white (WCAG AA), and so in the dark."""


@cache
def style() -> str:
    """Return the style sheet of the page and of its pictures, in the colors of the published pages, light and dark."""
    page = colors.named(Path(__file__).with_name("style.css").read_text(encoding="utf-8"))
    return colors.alone() + page + colors.sheet([page, *map(colors.named, COLORS)])


class Line(NamedTuple):
    """A path that is drawn: its name, a value for each month, and its ends where it has a band."""

    name: str
    middle: np.ndarray
    low: np.ndarray | None = None
    high: np.ndarray | None = None


def path(projected: Projection, scenario: Scenario, name: str, engine: str, band: bool = False) -> Line:
    """Return the median of members by month, with its 90% interval if `band`."""
    rows = projected.only(scenario=scenario.scenario, measure="members", group="all", engine=engine).frame
    wide = rows.pivot(index="month", columns="draw", values="value").sort_index()
    low, middle, high = np.quantile(wide, (0.05, 0.5, 0.95), axis=1)
    return Line(name, middle, low, high) if band else Line(name, middle)


def fan(lines: Sequence[Line], scenario: Scenario, lang: str) -> str:
    """Draw lines over the months of a scenario, its target as a dashed line; the first line may have a band."""
    months, goal = scenario.months, scenario.target
    aim = goal.value if goal is not None and (goal.measure, goal.group) == ("members", "all") else None
    most = 1.05 * max([aim or 0.0, 1.0, *(float((x.middle if x.high is None else x.high).max()) for x in lines)])
    high = 10 ** np.floor(np.log10(most))
    top = next(step * high for step in (1, 1.5, 2, 3, 4, 5, 6, 8, 10) if step * high >= most)
    x = np.linspace(0, 1000, len(months))

    def points(values: np.ndarray) -> str:
        return " ".join(f"{a:.1f},{400 * (1 - v / top):.1f}" for a, v in zip(x, values, strict=True))

    drawn = []
    if lines[0].low is not None and lines[0].high is not None:
        there, back = points(lines[0].high), points(lines[0].low).split(" ")
        around = f"{there} {' '.join(reversed(back))}"
        drawn.append(f'<polygon points="{around}" style="fill:{_color(0)};fill-opacity:0.18"/>')
    if aim is not None:
        y = 400 * (1 - aim / top)
        drawn.append(f'<line x1="0" x2="1000" y1="{y:.1f}" y2="{y:.1f}" class="fc-aim"/>')
    for number, line in enumerate(lines):
        dash = "" if number == 0 else f' stroke-dasharray="{3 + 3 * number} 4"'
        drawn.append(f'<polyline points="{points(line.middle)}" style="stroke:{_color(number)};fill:none"{dash}/>')
    keys = [
        f'<li><span class="fc-key" style="background:{_color(n)}"></span>{escape(line.name)}: '
        f"<b>{words.about(line.middle[-1], lang)}</b></li>"
        for n, line in enumerate(lines)
    ]
    if aim is not None:
        word = term("column.target", lang)
        keys.append(f'<li><span class="fc-key fc-aimed"></span>{escape(word)}: <b>{words.number(aim, lang)}</b></li>')
    title = say(lang, vi="Số người tham gia, cuối tháng", en="Members, end of month")
    band = say(lang, vi="dải nhạt: khoảng dự báo 90%", en="band: 90% interval")
    ends = [words.month(months[0], lang), words.month(months[-1], lang)]
    return (
        f'<figure class="fc-fan"><figcaption><b>{escape(title)}</b> ({escape(band)})</figcaption>'
        f'<div class="fc-plot"><span class="fc-top">{words.number(top, lang)}</span><span class="fc-zero">0</span>'
        '<svg viewBox="0 0 1000 400" preserveAspectRatio="none" aria-hidden="true">' + "".join(drawn) + "</svg></div>"
        f'<div class="fc-ends"><span>{ends[0]}</span><span>{ends[1]}</span></div><ul>{"".join(keys)}</ul></figure>'
    )


def _color(number: int) -> str:
    return colors.named(COLORS[number % len(COLORS)])


def bars(rows: pd.DataFrame, title: str, lang: str) -> str:
    """Draw a bar for each row: `name`, `value`, and the ends of its interval, `low` and `high`, where they are told.

    >>> frame = pd.DataFrame({"name": ["poor"], "value": [120.0], "low": [80.0], "high": [160.0]})
    >>> "80 – 160" in bars(frame, "Added", "en")
    True
    """
    most = max(float(rows["value"].abs().max()), 1e-9)
    lines = []
    for name, value, *ends in rows.itertuples(index=False):
        text = words.about(value, lang)
        if len(ends) == 2:
            text += f" ({words.about(ends[0], lang)} – {words.about(ends[1], lang)})"
        color = _color(0 if value >= 0 else 1)
        lines.append(
            f'<li><span class="fc-name">{escape(str(name))}</span><span class="fc-number">{escape(text)}</span>'
            f'<span class="fc-track"><span style="width:{100 * abs(value) / most:.1f}%;background:{color}"></span>'
            "</span></li>"
        )
    return f'<figure class="fc-bars"><figcaption><b>{escape(title)}</b></figcaption><ul>{"".join(lines)}</ul></figure>'
