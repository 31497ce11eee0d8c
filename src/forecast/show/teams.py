"""Commune teams: one rule beside another, in numbers, in pictures of a month, and under controls.

A rule is a class of teams (`Team` or a subclass of it). With the same seed two rules meet the same people with the same
random numbers, so a difference between them is due to the rule alone. ipywidgets shows the months in JupyterLab.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from forecast.answer import stated
from forecast.data import frames
from forecast.data.places import Place
from forecast.data.tables import UserError
from forecast.engines.people import records
from forecast.engines.people.agents import Offices, Team
from forecast.engines.people.following import world_of
from forecast.language import words
from forecast.language.words import Text, join, say, term
from forecast.question.scenario import Scenario
from forecast.show import marks
from forecast.show.picture import LOOKS, Picture, capital, few_ticks, redrawn, sheet, source_line, style

FLOWS = ("entries", "returns", "lapses")


_MODELS: dict[type[Team], Offices] = {}  # one for each class: mesa 3.3 never frees a model that is thrown away


def _offices(team: type[Team]) -> Offices:
    """Return the model of a class of teams."""
    return _MODELS.setdefault(team, Offices(team)) if team not in _MODELS else _MODELS[team]


def by_draw(scenario: Scenario, team: type[Team] = Team, *, draws: int = 100, seed: int = 1) -> pd.DataFrame:
    """Return what all teams of a place do and meet in each month and draw.

    Columns: place, scenario, month, draw, members (at the end of the month), visits (in the month, to people who have
    not joined), due (members whose paid months run out), called (those of them who are called on), entries, returns,
    lapses (persons).

    >>> from forecast import toy
    >>> asked = Scenario("quiet", toy.place(), start="2021-12", until="2022-03", law=toy.law())
    >>> rows = by_draw(asked, draws=2)
    >>> len(rows), bool((rows["called"] <= rows["due"]).all())
    (6, True)
    """
    model = _offices(team)
    model.load(world_of(scenario, range(draws), seed))
    parts = []
    for month in scenario.months[1:]:
        model.step()
        hours, due = model.hours, model.looked_at[1]
        flows = model.flows.sum(axis=(1, 2)).T
        parts.append(
            pd.DataFrame(
                {
                    "place": scenario.place.name,
                    "scenario": f"{scenario.scenario}, {team.__name__}",
                    "month": str(month),
                    "draw": np.arange(draws),
                    "members": model.members().sum(axis=0),
                    "visits": hours[0].sum(axis=0),
                    "due": due.sum(axis=0),
                    "called": (hours[1] * due).sum(axis=0),
                    **{name: flows[records.FLOWS.index(name)] for name in FLOWS},
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def beside(first: pd.DataFrame, second: pd.DataFrame, months: tuple[str, ...]) -> pd.DataFrame:
    """Return two rules side by side, from their tables of :func:`by_draw` with the same seed.

    One row for members at each of `months`, and one for each flow of the whole time (`month` is then ""). Columns:
    place, scenarios (of both), draws, measure, month, then median, low and high (90% of the draws) of each rule
    (`first`, `first_low`, ...), of the second, and of their difference draw by draw (`more`: second minus first).
    """
    if len(first) != len(second) or not (first[["month", "draw"]] == second[["month", "draw"]]).all(axis=None):
        raise UserError("two rules are compared month by month and draw by draw; run both with the same draws")
    unknown = sorted(set(months) - set(first["month"]))
    if unknown:
        raise UserError(
            "month {name} was not watched; there are {first} to {last}",
            name=unknown[0],
            first=min(first["month"]),
            last=max(first["month"]),
        )
    asked = [("members", m) for m in months] + [(c, "") for c in ("visits", "due", "called", *FLOWS)]
    rows = []
    for measure, month in asked:
        parts = [f[f["month"] == month] if month else f for f in (first, second)]
        a, b = (f.groupby("draw")[measure].sum().to_numpy(float) for f in parts)
        head = {"place": first["place"].iloc[0], "draws": len(a)}
        scenarios = tuple(f["scenario"].iloc[0] for f in (first, second))
        row: dict[str, Any] = head | {"scenarios": scenarios, "measure": measure, "month": month}
        for name, values in (("first", a), ("second", b), ("more", b - a)):
            row[f"{name}_low"], row[name], row[f"{name}_high"] = np.quantile(values, (0.05, 0.5, 0.95))
        rows.append(row)
    return pd.DataFrame(rows)


def _tell(table: pd.DataFrame) -> None:
    """Tell the figures of :func:`beside`: of each rule, and of their difference."""
    first, second = (table["scenarios"].str[at] for at in (0, 1))
    for name, who in (("first", first), ("second", second), ("more", second + " less " + first)):
        ends = {name: "median", f"{name}_low": "low", f"{name}_high": "high"}
        stated.tell(stated.rows(table.assign(scenario=who, engine="agents"), ends))


def beside_text(table: pd.DataFrame, names: tuple[str, str], lang: str = "vi") -> Text:
    """Say what the second rule of :func:`beside` changes: whether more people are members, and what the teams do."""
    _tell(table)
    flows, stocks = table[table["month"] == ""].set_index("measure"), frames.records(table[table["month"] != ""])
    called, visits = flows.loc["called"], flows.loc["visits"]
    lines = [
        say(
            lang,
            first=names[0],
            second=names[1],
            month=stocks[-1]["month"],
            word=_verdict(stocks[-1], lang),
            vi="> **{month:t}: so với “{first}”, cách “{second}” cho số người tham gia {word}**",
            en="> **{month:t}: {word} members under “{second}” than under “{first}”**",
        )
    ]
    lines.append(
        say(
            lang,
            first=names[0],
            second=names[1],
            a=called["first"],
            b=called["second"],
            p=called["first"] / _some(flows),
            q=called["second"] / _some(flows, "second"),
            v=visits["first"],
            w=visits["second"],
            vi="Theo cách “{second}”, trong cả thời gian mô phỏng các tổ thu gọi nhắc khoảng **{b:a} lượt người đến "
            "hạn** "
            "({q:p} số đến hạn); theo cách “{first}” là {a:a} lượt ({p:p}). Vẫn từng ấy nhân viên thu, số lượt thăm "
            "hộ mới "
            "là **{w:a}** thay vì {v:a}.",
            en="Under “{second}” the teams call on about **{b:a} due members** over the whole time ({q:p} of those "
            "due), "
            "under “{first}” on {a:a} ({p:p}). The same collectors make **{w:a}** new visits instead of {v:a}.",
        )
    )
    for row in stocks:
        lines.append(
            say(
                lang,
                **row,
                word=_verdict(row, lang),
                sign="+" if row["more"] > 0 else "",
                vi="{month:t}: {second:a} người tham gia (khoảng dự báo 90%: {second_low:a} – {second_high:a}) "
                "thay vì "
                "{first:a} ({first_low:a} – {first_high:a}). So từng cặp, cùng yếu tố ngẫu nhiên: **{sign}{more:a} "
                "người** "
                "({more_low:a} đến {more_high:a}), {word}.",
                en="{month:t}: {second:a} members (90% interval: {second_low:a} to {second_high:a}) instead of "
                "{first:a} ({first_low:a} to {first_high:a}). Paired, with the same random numbers: **{sign}{more:a}** "
                "({more_low:a} "
                "to {more_high:a}), {word}.",
            )
        )
    return join([*lines[:2], words.listing(lines[2:])])


def _verdict(row: dict[str, Any], lang: str) -> str:
    """Return in words whether the 90% interval of paired draws lies on one side of zero."""
    words_of = {
        "vi": ("ít hơn rõ rệt", "chưa khác biệt rõ", "nhiều hơn rõ rệt"),
        "en": ("clearly fewer", "neither clearly more nor fewer", "clearly more"),
    }[lang]
    return words_of[1 if row["more_low"] <= 0 <= row["more_high"] else 2 if row["more"] > 0 else 0]


def beside_table(table: pd.DataFrame, names: tuple[str, str], lang: str = "vi") -> Text:
    """Return the rows of :func:`beside` as a table, each number with its 90% interval."""
    _tell(table)
    rows = pd.DataFrame({"named": [_label(r["measure"], r["month"], lang) for r in frames.records(table)]})
    for column in ("first", "second", "more"):
        rows[column] = [
            say(
                lang,
                vi="{sign}{x:a} ({a:a} đến {b:a})",
                en="{sign}{x:a} ({a:a} to {b:a})",
                x=r[column],
                sign="+" if column == "more" and r[column] > 0 else "",
                a=r[f"{column}_low"],
                b=r[f"{column}_high"],
            )
            for r in frames.records(table)
        ]
    heads = dict(
        zip(
            ("named", "first", "second", "more"),
            (
                say(lang, vi="cả thời gian mô phỏng, nếu không ghi tháng", en="the whole time, if no month is said"),
                *names,
                say(lang, vi="chênh lệch", en="difference"),
            ),
            strict=True,
        )
    )
    return join(
        [
            words.table(rows, lang, names=heads),
            say(
                lang,
                vi="Trong ngoặc: khoảng dự báo 90%. Chênh lệch được tính trong từng lần mô phỏng "
                "rồi "
                "lấy mức giữa, nên không nhất thiết bằng hiệu của hai cột trước.",
                en="In brackets: 90% interval. The difference is taken within each simulation, and its "
                "median need "
                "not be that of the two columns before it.",
            ),
        ]
    )


def _some(flows: pd.DataFrame, column: str = "first") -> float:
    """Return the due members of a rule, at least one."""
    return max(float(frames.at(flows, "due", column)), 1.0)


def _label(measure: str, month: str, lang: str) -> str:
    """Return what a row counts."""
    texts = {
        "members": say(lang, vi="số người tham gia", en="members"),
        "visits": say(lang, vi="lượt thăm hộ mới", en="new visits"),
        "due": say(lang, vi="lượt người đến hạn đóng", en="members who fell due"),
        "called": say(lang, vi="lượt người đến hạn được gọi nhắc", en="due members called on"),
    }
    text = texts[measure] if measure in texts else term(f"measure.{measure}", lang)
    return capital(text) + (f", {words.month(month, lang)}" if month else "")


@redrawn
def months(rules: dict[str, pd.DataFrame], place: Place, lang: str = "vi") -> Picture:
    """Draw what commune teams do under one or more rules: members, new visits, and due members called on.

    `rules` gives each rule a name for people and its months as `forecast.observe` returns them.
    """
    rows = (
        (say(lang, vi="Số người đang tham gia", en="Members"), "members", "sum", words.about),
        (
            say(
                lang, vi="Lượt đến nhà người chưa tham gia, mỗi tháng", en="Visits a month to those who have not joined"
            ),
            "visits",
            "sum",
            words.about,
        ),
        (
            say(lang, vi="Tỷ lệ người đến hạn được gọi nhắc", en="Share of due members called on"),
            "called",
            "mean",
            words.percent,
        ),
    )
    last_values, last = (
        [],
        {name: float(frame.groupby("month")["members"].sum().iloc[-1]) for name, frame in rules.items()},
    )
    ahead = max(last, key=lambda name: last[name])
    with style():
        picture, first = sheet(
            say(
                lang,
                vi="{place}: theo cách “{name}” có nhiều người tham gia nhất, {n:a}",
                en="{place}: most members under “{name}”, {n:a}",
                place=place.name,
                name=ahead,
                n=last[ahead],
            ),
            say(
                lang,
                vi="Các tổ thu làm gì mỗi tháng: trung bình các lần mô phỏng, cả địa bàn",
                en="What the teams do each month: means of the simulations, the whole place",
            ),
            source_line(lang, place),
            height=6.4,
        )
        for index, (title, column, how, form) in enumerate(rows):
            axes = first if index == 0 else picture.add_axes((0, 0, 0.1, 0.1))
            axes.set_position((0.11, 0.665 - 0.27 * index, 0.60, 0.175))
            ends, top = [], 0.0
            for number, (name, frame) in enumerate(rules.items()):
                months = frame.groupby("month")[column].agg(how)
                x, (color, pattern, _) = marks.numbers(months.index), LOOKS[number]
                axes.plot(x, months, pattern, color=color, lw=2.0)
                top = max(top, months.max())
                ends.append((x[-1], months.iloc[-1], f"{name}\n{form(months.iloc[-1], lang)}", color))
                last_values.append(f"{title}, {name}: {form(months.iloc[-1], lang)}")
            axes.set_title(title, loc="left", fontsize=10)
            axes.set_ylim(0, 1.1 * top or 1)  # the line itself is not cut
            few_ticks(axes.yaxis, 3)
            marks.month_axis(axes, months.index[0], months.index[-1], lang)
            axes.yaxis.set_major_formatter(partial(_written, form=form, lang=lang))
            marks.end_labels(axes, ends)
    return picture.describe(
        say(
            lang,
            vi="Tổ thu tại {place} đến {m:t}. {last_values}.",
            en="Teams in {place} by {m:t}. {last_values}.",
            place=place.name,
            m=months.index[-1],
            last_values="; ".join(last_values),
        )
    )


def _written(x: float, _: int | None, *, form: Callable[[float, str], str], lang: str) -> str:
    """Return what stands at a tick of an axis."""
    return form(x, lang)
