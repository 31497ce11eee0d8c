"""What the next hour, the next collector and the next million VND buy: in words, and as a picture."""

import textwrap
from typing import Any

import pandas as pd

from forecast.answer import stated
from forecast.data import frames
from forecast.data.places import Place
from forecast.desk.marginal_hours import Hours
from forecast.language import words
from forecast.language.words import Text, join, say, term
from forecast.show.marks import MUTED, margin
from forecast.show.picture import LOOKS, Picture, capital, few_ticks, redrawn, sheet, source_line, style

UNITS_SHOWN = {"hour": 1000, "collector": 1, "million": 100}  # units of each kind in one step that people read
MOST_NAMED = 3  # levers in a sentence; the picture shows all


def text(hours: Hours, lang: str = "vi") -> Text:
    """Say what the next hour, the next collector and the next million VND buy."""
    place, asked = hours.place, hours.scenario
    gains = place.assign(place=asked.place.name, scenario=asked.scenario, engine="agents", draws=hours.draws)
    gains["measure"] = "member_years of one " + gains["unit"] + ", " + gains["task"]
    stated.tell(stated.rows(gains, {name: name for name in stated.QUANTILES}, month=asked.until))
    hour = place[place["kind"] == "hour"].set_index("task")
    best = hours.communes[hours.communes["task"] == "visits"].sort_values("mean", ascending=False)
    collector = place[place["kind"] == "collector"].iloc[0]
    buys = {str(task): 1000 * frames.at(hour, task, "median") for task in hour.index}
    parts: list[str] = [
        say(
            lang,
            n=hours.draws,
            v=buys["visits"],
            a=1000 * frames.at(hour, "visits", "low"),
            b=1000 * frames.at(hour, "visits", "high"),
            vi="Thêm 1.000 giờ đi thăm người chưa tham gia được khoảng {v:n1} năm tham gia (khoảng dự báo 90%: {a:n1} "
            "– {b:n1}; {n} lần mô phỏng).",
            en="1,000 more hours of visits buy about {v:n1} member-years (90% interval: {a:n1} to {b:n1}; {n} draws).",
        ),
        *(
            say(
                lang,
                n=buys[task],
                task=term(f"task.{task}", lang),
                why=_why(task, buys[task], lang),
                vi="Cũng ngần ấy giờ cho việc {task}: {n:n1} năm{why}.",
                en="The same hours of {task}: {n:n1}{why}.",
            )
            for task in hour.index[1:]
        ),
        say(
            lang,
            m=collector["median"],
            a=collector["low"],
            b=collector["high"],
            vi="Thêm một nhân viên thu suốt giai đoạn: {m:n1} năm tham gia ({a:n1} – {b:n1}).",
            en="One more collector over all months: {m:n1} member-years ({a:n1} to {b:n1}).",
        ),
        say(
            lang,
            first=best["commune"].iloc[0].rpartition("/")[2],
            last=best["commune"].iloc[-1].rpartition("/")[2],
            a=1000 * best["mean"].iloc[0],
            b=1000 * best["mean"].iloc[-1],
            vi="Giờ đi thăm có ích nhất ở {first} ({a:n1} năm tham gia cho 1.000 giờ), ít nhất ở {last} ({b:n1}).",
            en="Hours of visits do most in {first} ({a:n1} member-years for 1,000 hours), least in {last} ({b:n1}).",
        ),
    ]
    money = place[place["kind"] == "million"]
    if len(money):
        money = money.sort_values("median", ascending=False, kind="stable")
        named = [f"{task_name(row.task, lang)} {words.number(100 * row.median, lang, 1)}" for row in frames.rows(money)]
        listed, least = "; ".join(named[:MOST_NAMED]), named[-1] if len(named) > MOST_NAMED else ""
        vi = "Mỗi 100 triệu đồng, trong nửa đầu mức của giải pháp, mua được nhiều năm tham gia nhất: {listed}"
        en = "100 million VND, over the lower half of a lever's range, buy most member-years by: {listed}"
        parts.append(
            say(lang, vi=vi, en=en, listed=listed)
            + (say(lang, vi="; ít nhất: {least}.", en="; least by: {least}.", least=least) if least else ".")
        )
    return join(parts, " ")


def task_name(task: str, lang: str) -> str:
    """Return a task or a lever ("TopUp/poor") in words."""
    lever, _, group = task.partition("/")
    if f"task.{task}" in words.terms().index:
        return term(f"task.{task}", lang)
    name = term(f"lever.{lever}", lang)
    return f"{name} ({term(f'group.{group}', lang)})" if f"group.{group}" in words.terms().index else name


def _why(task: str, years: float, lang: str) -> str:
    """Say why inspections lose members of this scheme."""
    if task != "inspections" or years >= 0:
        return ""
    return say(lang, vi=", vì người lao động chuyển sang BHXH bắt buộc", en=", as workers move to compulsory insurance")


@redrawn
def picture(table: pd.DataFrame, place: Place, lang: str = "vi") -> Picture:
    """Draw what more hours, one more collector and more money bring: median and nine draws in ten.

    `table` is the `place` table of :func:`forecast.desk.marginal_hours.scarce_hours`. All rows are member-years and
    stand on one scale.
    """
    kinds = [kind for kind in KINDS if (table["kind"] == kind).any()]
    rows = {kind: table[table["kind"] == kind] for kind in kinds}
    tall = {kind: ROW * len(rows[kind]) for kind in kinds}
    height = 1.35 + sum(tall.values()) + PANEL * len(kinds)
    labelled_medians: list[str] = []
    with style():
        drawn, first = sheet(
            say(
                lang,
                vi="{place}: thêm một nhân viên thu được {n:n1} năm tham gia",
                en="{place}: one more collector buys {n:n1} member-years",
                place=place.name,
                n=rows["collector"]["median"].iloc[0],
            ),
            say(
                lang,
                vi="Số năm tham gia tăng thêm (vạch: khoảng dự báo 90%); mọi dòng cùng thang đo",
                en="Additional member-years (line: 90% interval), all rows on one scale",
            ),
            source_line(lang, place),
            height=height,
        )
        top = height - 0.95
        for number, kind in enumerate(kinds):
            axes = first if number == 0 else drawn.add_axes((0, 0, 0.1, 0.1))
            top -= tall[kind] + 0.22
            axes.set_position((0.44, top / height, 0.36, tall[kind] / height))
            labelled_medians += _panel(axes, rows[kind], kind, lang)
            axes.set_xlim(_scale(table))
            top -= PANEL - 0.22
    return drawn.describe(
        say(
            lang,
            vi="Số năm tham gia tăng thêm tại {place}: {labelled_medians}.",
            en="Additional member-years in {place}: {labelled_medians}.",
            place=place.name,
            labelled_medians="; ".join(labelled_medians),
        )
    )


def _scale(table: pd.DataFrame) -> tuple[float, float]:
    """Return the ends of the scale that all rows share, in member-years, with zero on it."""
    per = table["kind"].map(UNITS_SHOWN)
    low, high = min(float((table["low"] * per).min()), 0.0), max(float((table["high"] * per).max()), 0.0)
    room = 0.03 * (high - low) or 1.0
    return low - room, high + room


KINDS = ("hour", "collector", "million")  # of what is bought with, each in a panel of its own
ROW, PANEL = 0.42, 0.78  # inches of a row, and of a panel's title and axis


def _panel(axes: Any, rows: pd.DataFrame, kind: str, lang: str) -> list[str]:
    """Draw the rows of one kind on one scale; returns what they say."""
    color, pattern, marker = LOOKS[KINDS.index(kind)]
    labelled_medians = []
    for y, row in enumerate(frames.rows(rows)):
        low, median, high = (x * UNITS_SHOWN[kind] for x in (row.low, row.median, row.high))
        axes.plot([low, high], [y, y], pattern, color=color, lw=2.2)
        axes.plot([median], [y], marker=marker, ms=7, color=color)
        bought, value = capital(words.term(f"hours.{kind}", lang)), _figure(median, lang)
        task = "" if kind == "collector" else task_name(row.task, lang)
        margin(axes, y, textwrap.fill(capital(task) or bought, 36), -0.03)
        margin(axes, y, value, 1.03, fontsize="medium", fontweight="bold")
        labelled_medians.append(f"{bought}{task and ': '}{task} {value}")
    if kind != "collector":  # said once, above the rows
        margin(axes, -0.95, bought, -0.03, fontweight="bold")
    axes.axvline(0, color=MUTED, lw=1)
    axes.set(ylim=(len(rows) - 0.4, -0.6), yticks=[])
    axes.grid(False)
    axes.grid(True, axis="x")
    few_ticks(axes.xaxis, 4)
    axes.xaxis.set_major_formatter(lambda v, _: words.number(v, lang, 0 if abs(v) >= 10 or v == 0 else 1))
    axes.set_xlabel(say(lang, vi="năm tham gia", en="member-years"), fontsize=9)
    return labelled_medians


def _figure(x: float, lang: str) -> str:
    digits = 0 if abs(x) >= 100 or x == 0 else 1 if abs(x) >= 10 else 2 if abs(x) >= 0.1 else 4
    return ("+" if x > 0 else "") + words.number(x, lang, digits)
