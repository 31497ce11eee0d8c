"""A target split over communes: how hard it is for each, in a sentence and a picture."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from forecast.answer import stated
from forecast.answer.stated import Figure
from forecast.data import frames
from forecast.data.places import Place
from forecast.language import words
from forecast.language.words import Chance, Text, say, term
from forecast.question.scenario import target_of
from forecast.show.marks import MUTED, margin
from forecast.show.picture import LOOKS, Picture, capital, redrawn, sheet, source_line, style

if TYPE_CHECKING:
    from forecast.desk.allocation import Allocation


def text(allocation: "Allocation", lang: str = "vi") -> Text:
    """Say how hard the target is for the communes, under both splits."""
    table, target = allocation.table, target_of(allocation.scenario)
    asked, draws = allocation.scenario, _draws(allocation.table)
    head = (asked.scenario, target.measure, target.by, "all", "agents")
    figures = [Figure(asked.place.name, *head, f"probability of {target.value:g}", allocation.place_chance, 2 * draws)]
    for row in frames.rows(table):
        chances = {"capacity": row.chance_by_capacity, "people": row.chance_by_people}
        figures += [Figure(row.commune, *head, f"chance, split by {by}", float(p), draws) for by, p in chances.items()]
    stated.tell(figures)
    return say(
        lang,
        vi="{engine} {all:n} lần: cả địa bàn đạt {v:n} người vào {by:t} với khả năng {p:c}. Chia theo khả năng, mỗi "
        "xã đạt phần của mình với khả năng {a:c} – {b:c}; chia theo dân số, từ {c:c} đến {d:c} ({n:n} lần mô phỏng).",
        en="{engine}, {all:n} draws: the whole place reaches {v:n} by {by:t} with probability {p:c}. Split by "
        "capacity, each commune meets its share with probability {a:c} to {b:c}; split by population, {c:c} to {d:c} "
        "({n:n} draws).",
        v=target.value,
        by=target.by,
        p=of_place(allocation),
        n=draws,
        all=2 * draws,
        engine=capital(term("engine.agents", lang)),
        **ends(table),
    )


def _draws(table: pd.DataFrame) -> int:
    return int(table["draws"].iloc[0])


def of_place(allocation: "Allocation") -> Chance:
    """Return the chance of the whole place: the draws that made the split and those that judge it."""
    return Chance(allocation.place_chance, 2 * _draws(allocation.table))


def ends(table: pd.DataFrame) -> dict[str, Chance]:
    """Return the lowest and highest chance of a commune, split by capacity (a, b) and by people (c, d)."""
    columns = [table[f"chance_by_{split}"] for split in ("capacity", "people")]
    extremes = [float(end) for column in columns for end in (column.min(), column.max())]
    return {name: Chance(p, _draws(table)) for name, p in zip("abcd", extremes, strict=True)}


@redrawn
def picture(table: pd.DataFrame, place: Place, lang: str = "vi", most: int = 25) -> Picture:
    """Draw the chance of each commune to meet its share, under both splits; of many communes, every n-th by chance.

    `table` is what `forecast.desk.allocation.allocate` returns.
    """
    rows = table.sort_values("chance_by_people", kind="stable").reset_index(drop=True)
    rows = rows.iloc[np.unique(np.linspace(0, len(rows) - 1, min(most, len(rows))).round().astype(int))]
    chances = ends(table)
    low, high = chances["c"], chances["d"]
    with style():
        drawn, axes = sheet(
            say(
                lang,
                vi="{place}: chia theo dân số thì khó dễ từ {a:c} đến {b:c}",
                en="{place}: split by population, chances of {a:c} to {b:c}",
                place=place.name,
                a=low,
                b=high,
            ),
            say(
                lang,
                vi="Khả năng đạt ({n:n} lần mô phỏng). Ô vuông: chia theo dân số; chấm tròn: khó như nhau.\n{some}",
                en="Probability ({n:n} draws). Square: split by population; dot: by capacity (equally hard).\n{some}",
                n=_draws(table),
                some=_some(len(rows), len(table), lang),
            ),
            source_line(lang, place),
            height=1.6 + 0.24 * len(rows),
        )
        inch = 1 / drawn.get_figheight()
        axes.set_position((0.30, 0.55 * inch, 0.62, 1 - 1.5 * inch))
        for y, row in enumerate(frames.rows(rows)):
            a, b = row.chance_by_people, row.chance_by_capacity
            axes.plot([a, b], [y + 0.14, y - 0.14], color=MUTED, lw=1)
            axes.plot([a], [y + 0.14], marker=LOOKS[1][2], ms=6, color=LOOKS[1][0], clip_on=False)
            axes.plot([b], [y - 0.14], marker=LOOKS[0][2], ms=6, color=LOOKS[0][0], clip_on=False)
            margin(axes, y, row.commune.rpartition("/")[2])
        axes.set(xlim=(0, 1), ylim=(len(rows) - 0.4, -0.6), yticks=[])
        axes.grid(False)
        axes.grid(True, axis="x")
        axes.xaxis.set_major_formatter(lambda v, _: words.percent(v, lang))
    return drawn.describe(
        say(
            lang,
            vi="Khả năng đạt phần được giao của từng xã tại {place}: chia theo dân số từ {a:c} đến {b:c}, chia theo "
            "khả năng từ {c:c} đến {d:c}.",
            en="Chance of each commune of {place} to meet its share: {a:c} to {b:c} when "
            "split by population, {c:c} to {d:c} by capacity.",
            place=place.name,
            a=low,
            b=high,
            c=chances["a"],
            d=chances["b"],
        )
    )


def _some(shown: int, there: int, lang: str) -> str:
    if shown == there:
        return ""
    return say(
        lang,
        vi="{n:n} trong {m:n} xã, cách đều theo khả năng đạt; đủ các xã ở bảng kèm theo.",
        en="{n:n} of {m:n} communes, evenly by probability; all of them are in the table.",
        n=shown,
        m=there,
    )
