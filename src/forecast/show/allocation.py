"""A target split over communes: how hard it is for each, in a sentence and a picture."""

import numpy as np
import pandas as pd

from forecast.answer import stated
from forecast.answer.stated import Figure
from forecast.data import frames
from forecast.data.places import Place
from forecast.desk.allocation import Allocation
from forecast.language import words
from forecast.language.words import Text, say
from forecast.question.scenario import target_of
from forecast.show.marks import MUTED, margin
from forecast.show.picture import LOOKS, Picture, sheet, source_line, style


def text(allocation: Allocation, lang: str = "vi") -> Text:
    """Say how hard the target is for the communes, under both splits."""
    table, target = allocation.table, target_of(allocation.scenario)
    head = (allocation.scenario.place.name, allocation.scenario.scenario, target.measure, target.by, "all", "agents")
    ends = {
        f"{end} chance of a commune, split by {split}": float(getattr(table[f"chance_by_{split}"], end)())
        for split in ("capacity", "people")
        for end in ("min", "max")
    }
    told = {f"probability of {target.value:g}": allocation.place_chance} | ends
    stated.tell(Figure(*head, name, value) for name, value in told.items())
    return say(
        lang,
        vi="Cả địa bàn đạt {v:n} người vào {by:t} với khả năng {p:c}. Chia theo khả năng, mỗi xã đạt phần của "
        "mình với khả năng {a:c} – {b:c}; chia theo dân số, từ {c:c} đến {d:c}.",
        en="The whole place reaches {v:n} by {by:t} with probability {p:c}. Split by capacity, each commune meets its "
        "share with probability {a:c} to {b:c}; split by population, {c:c} to {d:c}.",
        v=target.value,
        by=target.by,
        p=allocation.place_chance,
        a=table["chance_by_capacity"].min(),
        b=table["chance_by_capacity"].max(),
        c=table["chance_by_people"].min(),
        d=table["chance_by_people"].max(),
    )


def picture(table: pd.DataFrame, place: Place, lang: str = "vi", most: int = 25) -> Picture:
    """Draw the chance of each commune to meet its share, under both splits; of many communes, every n-th by chance.

    `table` is what `forecast.desk.allocation.allocate` returns.
    """
    rows = table.sort_values("chance_by_people", kind="stable").reset_index(drop=True)
    rows = rows.iloc[np.unique(np.linspace(0, len(rows) - 1, min(most, len(rows))).round().astype(int))]
    low, high = table["chance_by_people"].min(), table["chance_by_people"].max()
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
                vi="Khả năng đạt. Ô vuông: chia theo dân số; chấm tròn: chia để khó như nhau.\n{some}",
                en="Probability. Square: split by population; dot: split by capacity (equally hard).\n{some}",
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
            c=table["chance_by_capacity"].min(),
            d=table["chance_by_capacity"].max(),
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
