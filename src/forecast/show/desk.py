"""Pictures of the decision desk: what money and hours buy, for whom, and how hard a target is for communes."""

import textwrap

import numpy as np
import pandas as pd

from forecast.desk.marginal_hours import SAID_PER, task_name
from forecast.language import words
from forecast.language.words import say
from forecast.show.marks import MUTED
from forecast.show.picture import DASHES, LOOKS, STYLE, TARGET, MaxNLocator, Picture, rc_context, sheet, source_line

MOST_POINTS = 10  # of a front that carry a mark; all of them are on its line


def front(optimum, lang: str = "vi") -> Picture:
    """Draw the front of cost against probability, and beneath it that of cost against who gains.

    `optimum` is what `search.optimize` returns. Only mixes that no cheaper one beats are drawn; the star is the mix
    that was chosen, by its verified probability.
    """
    place, target = optimum.scenario.place, optimum.scenario.target
    rows = optimum.tried
    panels = (
        ("front", "probability", say(lang, vi="Khả năng đạt chỉ tiêu", en="Probability of the target"),
         optimum.verified.probability),
        ("fair", "guarded_share", say(
            lang, vi="Phần tăng thêm của người nghèo, cận nghèo, dân tộc thiểu số",
            en="Share of the gain for poor, near-poor and minority people"),
         optimum.verified.guarded_share),
    )  # fmt: skip
    said = []
    with rc_context(STYLE):
        picture, first = sheet(
            say(lang, vi="{place}: chi bao nhiêu, được gì?", en="{place}: what does money buy?", place=place.name),
            say(lang, vi="Chỉ tiêu {v:n} người vào {by:t}. Trục ngang: chi phí tăng thêm cả giai đoạn.\n"
                "Đường: tổ hợp giải pháp mà không tổ hợp rẻ hơn nào bằng; sao: tổ hợp được chọn.",
                en="Target: {v:n} members by {by:t}. Across: additional cost over all months.\n"
                "Line: mixes that no cheaper one equals; star: the mix chosen.",
                v=target.value, by=target.by),
            source_line(lang, place), height=6.6)  # fmt: skip
        for index, (mark, column, title, chosen) in enumerate(panels):
            axes = first if index == 0 else picture.add_axes((0, 0, 0.1, 0.1))
            axes.set_position((0.13, 0.525 - 0.42 * index, 0.72, 0.265))
            color, pattern, marker = LOOKS[index]
            shown = rows[rows[mark]]
            x, y = shown["cost"].to_numpy() / 1e9, shown[column].clip(0, 1).to_numpy()
            axes.plot(x, y, pattern, color=color, lw=1.6, drawstyle="steps-post")
            few = np.unique(np.linspace(0, len(x) - 1, min(MOST_POINTS, len(x))).round().astype(int)) if len(x) else []
            axes.plot(x[few], y[few], ls="", marker=marker, ms=6, color=color)
            star, height = optimum.verified.cost / 1e9, min(max(chosen, 0), 1)
            axes.plot([star], [height], marker="*", ms=15, color=TARGET, mec="white", zorder=5)
            axes.annotate(
                f"{words.part(chosen, lang)}\n{words.money(optimum.verified.cost, lang)}", (star, height),
                xytext=(10, -4), textcoords="offset points", va="top", fontsize=9, color=TARGET, zorder=6,
                bbox={"boxstyle": "square,pad=0.1", "fc": "white", "ec": "none", "alpha": 0.85},
            )  # fmt: skip
            axes.axvline(optimum.budget / 1e9, color=MUTED, lw=1.1, ls=DASHES)
            axes.set_ylim(0, 1.08)
            most = max([optimum.budget / 1e9, star, *x[y <= 1]]) if len(x) else optimum.budget / 1e9
            axes.set_xlim(*(first.get_xlim() if index else (0, min(most, 2 * max(optimum.budget / 1e9, star)) * 1.12)))
            if index == 0:
                axes.axhline(optimum.probability, color=MUTED, lw=1.1, ls=":")
                wanted = say(lang, vi="mong muốn", en="wanted")
                axes.text(axes.get_xlim()[1], optimum.probability, wanted, va="bottom", ha="right", fontsize=9,
                          color=MUTED)  # fmt: skip
                axes.text(optimum.budget / 1e9, 1.08, say(lang, vi="ngân sách", en="budget"), ha="center", va="bottom",
                          fontsize=9, color=MUTED)  # fmt: skip
            axes.set_title(title, loc="left", fontsize=10, pad=14 if index == 0 else 6)
            axes.yaxis.set_major_formatter(lambda v, _: words.percent(v, lang))
            far = axes.get_xlim()[1]
            axes.xaxis.set_major_locator(MaxNLocator(6))
            digits = 0 if far >= 5 else 1 if far >= 1 else 2
            axes.xaxis.set_major_formatter(lambda v, _, digits=digits: words.number(v, lang, digits))
            axes.set_xlabel(say(lang, vi="tỷ đồng", en="billion VND"), fontsize=9.5)
            ends = "; ".join(
                f"{words.money(a * 1e9, lang)}: {words.percent(b, lang)}" for a, b in zip(x, y, strict=True)
            )
            said.append(f"{title}: {ends}")
    return picture.describe(say(lang, vi="Đường biên chi phí tại {place}. {said}. Chọn: {c:m}, khả năng {p:c}.",
                                en="Front of cost in {place}. {said}. Chosen: {c:m}, probability {p:c}.",
                                place=place.name, said=". ".join(said), c=optimum.verified.cost,
                                p=optimum.verified.probability))  # fmt: skip


def allocation(table: pd.DataFrame, place, lang: str = "vi", most: int = 25) -> Picture:
    """Draw the chance of each commune to meet its share, under both splits; of many communes, every n-th by chance.

    `table` is what `allocate.allocate` returns.
    """
    rows = table.sort_values("chance_by_people", kind="stable").reset_index(drop=True)
    rows = rows.iloc[np.unique(np.linspace(0, len(rows) - 1, min(most, len(rows))).round().astype(int))]
    with rc_context(STYLE):
        picture, axes = sheet(
            say(lang, vi="{place}: xã nào đạt được phần của mình?", en="{place}: which commune can meet its share?",
                place=place.name),
            say(lang, vi="Khả năng đạt. Ô vuông: chia theo dân số; chấm tròn: chia để khó như nhau.\n"
                "{some}", en="Probability. Square: split by population; dot: split by capacity (equally hard).\n{some}",
                some=_some(len(rows), len(table), lang)),
            source_line(lang, place), height=1.6 + 0.24 * len(rows))  # fmt: skip
        inch = 1 / picture.get_figheight()
        axes.set_position((0.30, 0.55 * inch, 0.62, 1 - 1.5 * inch))
        for y, row in enumerate(rows.itertuples()):
            a, b = row.chance_by_people, row.chance_by_capacity
            axes.plot([a, b], [y + 0.14, y - 0.14], color=MUTED, lw=1)
            axes.plot([a], [y + 0.14], marker=LOOKS[1][2], ms=6, color=LOOKS[1][0], clip_on=False)
            axes.plot([b], [y - 0.14], marker=LOOKS[0][2], ms=6, color=LOOKS[0][0], clip_on=False)
            axes.text(-0.02, y, row.commune.rpartition("/")[2], ha="right", va="center", fontsize=9,
                      transform=axes.get_yaxis_transform())  # fmt: skip
        axes.set(xlim=(0, 1), ylim=(len(rows) - 0.4, -0.6), yticks=[])
        axes.grid(False)
        axes.grid(True, axis="x")
        axes.xaxis.set_major_formatter(lambda v, _: words.percent(v, lang))
    low, high = table["chance_by_people"].min(), table["chance_by_people"].max()
    return picture.describe(say(
        lang, vi="Khả năng đạt phần được giao của từng xã tại {place}: chia theo dân số từ {a:c} đến {b:c}, chia theo "
        "khả năng từ {c:c} đến {d:c}.", en="Chance of each commune of {place} to meet its share: {a:c} to {b:c} when "
        "split by population, {c:c} to {d:c} by capacity.", place=place.name, a=low, b=high,
        c=table["chance_by_capacity"].min(), d=table["chance_by_capacity"].max()))  # fmt: skip


def _some(shown: int, there: int, lang: str) -> str:
    if shown == there:
        return ""
    return say(lang, vi="{n:n} trong {m:n} xã, cách đều theo khả năng đạt; đủ các xã ở bảng kèm theo.",
               en="{n:n} of {m:n} communes, evenly by probability; all of them are in the table.",
               n=shown, m=there)  # fmt: skip


def hours(table: pd.DataFrame, place, lang: str = "vi") -> Picture:
    """Draw what more hours, one more collector and more money bring: median and nine draws in ten.

    `table` is the `place` table of `hours.scarce_hours`.
    """
    with rc_context(STYLE):
        rows = table.reset_index(drop=True)
        picture, axes = sheet(
            say(lang, vi="{place}: thêm giờ, thêm người, thêm tiền được gì?",
                en="{place}: what do hours, collectors, money buy?", place=place.name),
            say(lang, vi="Số năm tham gia tăng thêm (vạch: 9 phần 10 số lần mô phỏng), mỗi dòng một thang đo",
                en="Additional member-years (line: nine in ten simulations); each row has its own scale"),
            source_line(lang, place), height=1.7 + 0.42 * len(rows))  # fmt: skip
        inch = 1 / picture.get_figheight()
        axes.set_position((0.44, 0.5 * inch, 0.36, 1 - 1.5 * inch))
        said = []
        for y, row in enumerate(rows.itertuples()):
            size = max(abs(row.low), abs(row.high), 1e-12)
            color, pattern, marker = LOOKS[("hour", "collector", "million").index(row.kind)]
            axes.plot([row.low / size, row.high / size], [y, y], pattern, color=color, lw=2.2)
            axes.plot([row.median / size], [y], marker=marker, ms=7, color=color)
            label = words.term(f"hours.{row.kind}", lang)
            label += "" if row.kind == "collector" else ": " + task_name(row.task, lang)
            label = label[:1].upper() + label[1:]
            axes.text(
                -0.03,
                y,
                textwrap.fill(label, 40),
                ha="right",
                va="center",
                fontsize=9,
                transform=axes.get_yaxis_transform(),
            )
            value = _figure(row.median * SAID_PER[row.kind], lang)
            axes.text(1.03, y, value, ha="left", va="center", fontweight="bold", transform=axes.get_yaxis_transform())
            said.append(f"{label} {value}")
        axes.axvline(0, color=MUTED, lw=1)
        axes.set(xlim=(-1.05, 1.05), ylim=(len(rows) - 0.4, -0.6), yticks=[], xticks=[])
        axes.grid(False)
        axes.spines["bottom"].set_visible(False)
    return picture.describe(say(lang, vi="Số năm tham gia tăng thêm tại {place}: {said}.",
                                en="Additional member-years in {place}: {said}.", place=place.name,
                                said="; ".join(said)))  # fmt: skip


def _figure(x: float, lang: str) -> str:
    digits = 0 if abs(x) >= 100 or x == 0 else 1 if abs(x) >= 10 else 2 if abs(x) >= 0.1 else 4
    return ("+" if x > 0 else "") + words.number(x, lang, digits)
