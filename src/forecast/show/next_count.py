"""What to count next: which statistic would narrow a forecast most, and whether a decision hangs on it."""

import numpy as np
import pandas as pd

from forecast.data import frames
from forecast.data.tables import UserError
from forecast.language import words
from forecast.language.words import say
from forecast.show import register
from forecast.show.evidence import label
from forecast.show.marks import INK, margin
from forecast.show.picture import LOOKS, Picture, redrawn, sheet, source_line, style
from forecast.show.uncertainty import asked_of, percents, short_label


def text(table: pd.DataFrame, draws: int, lang: str = "vi") -> words.Text:
    """Say for each place which statistic to publish, by how much it would narrow, and why.

    `table` is that of `study.study`: the tables of `measure.Next` under one another; `draws` are those of its plan.
    """
    register.next_statistics(table)
    lines = []
    for place, statistics in frames.groups(table, "place", sort=False):
        known, best = statistics[statistics["published"]], statistics[~statistics["published"]].iloc[0]
        before = known["width"].iloc[0] if len(known) else best["high"] - best["low"]
        line: str = say(
            lang,
            place=place,
            name=label(best["statistic"], lang),
            now=best["high"] - best["low"],
            before=before,
            after=best["width"],
            less=max(best["narrower"], 0.0),
            months=int(best["months"]),
            vi="**{place}: {name}**. Khoảng dự báo hiện rộng {now:a} người. Sau {months:n} tháng, riêng số người đang "
            "tham gia (đằng nào cũng công bố) thu còn {before:a}; thêm con số này thì còn {after:a} (hẹp thêm "
            "{less:p}).",
            en="**{place}: {name}**. The interval is {now:a} persons wide now. After {months:n} months the count of "
            "members, which comes out anyway, leaves {before:a}; with this statistic {after:a} ({less:p} less).",
        )
        if best["worth"] > 0:
            line += say(
                lang,
                r=best["resolved"],
                vi=" Nó giải được {r:p} phần lưỡng lự về việc kế hoạch đã đủ chưa.",
                en=" It settles {r:p} of the doubt on whether the plan is enough.",
            )
        else:
            line += say(
                lang,
                p=words.Chance(float(best["probability"]), draws),
                asked=asked_of(best["scenario"], lang),
                vi=" Quyết định không đổi (khả năng đạt, {asked}: {p:c}), chỉ con số dự báo chắc hơn.",
                en=" The decision stays as it is (chance of the target, {asked}: {p:c}); the number becomes surer.",
            )
        lines.append(line)
    return words.listing(lines)


@redrawn
def dots(table: pd.DataFrame, place: str, lang: str = "vi") -> Picture:
    """Draw by how much each statistic would narrow the interval of a place, beyond the count of members."""
    register.next_statistics(table)
    rows = table[(table["place"] == place) & ~table["published"]].sort_values("narrower", ascending=False)
    rows = rows.head(8)
    if rows.empty:
        raise UserError("nothing to draw: no statistic of {place}", place=place)
    height, most = 1.7 + 0.34 * len(rows), float(rows["narrower"].iloc[0])
    with style():
        picture, axes = sheet(
            say(
                lang,
                vi="{place}: {what} làm dự báo chắc thêm {p}"
                if most >= 0.005
                else "{place}: ngoài số người tham gia, chưa số nào làm dự báo chắc hơn",
                en="{place}: {what} would make it {p} surer"
                if most >= 0.005
                else "{place}: beside members, no statistic makes it surer",
                place=place,
                what=label(str(rows["statistic"].iloc[0]), lang),
                p=words.percent(most, lang),
            ),
            say(
                lang,
                vi="Khoảng dự báo hẹp thêm bao nhiêu khi đã biết số người đang tham gia.",
                en="How much narrower the interval becomes, the count of members being known.",
            ),
            source_line(lang),
            height=height,
        )
        axes.set_position((0.50, 0.5 / height, 0.40, 1 - 1.45 / height))
        color, _, marker = LOOKS[0]
        for y, row in enumerate(frames.rows(rows)):
            value = max(row.narrower, 0.0)
            axes.plot([0, value], [y, y], color=color, lw=2.2)
            axes.plot([value], [y], marker=marker, ms=8, color=color, clip_on=False)
            margin(axes, y, short_label(row.statistic, lang))
            axes.annotate(
                words.percent(value, lang),
                (value, y),
                xytext=(9, 0),
                textcoords="offset points",
                va="center",
                fontsize=9.5,
            )
        top = 0.02 * np.ceil(max(float(rows["narrower"].max()), 0.01) / 0.02)
        axes.set(xlim=(0, top * 1.05), ylim=(len(rows) - 0.4, -0.6), yticks=[])
        percents(axes, top, lang)
        axes.grid(False)
        axes.axvline(0, color=INK, lw=1)
    gain = "; ".join(f"{label(r.statistic, lang)} {words.percent(max(r.narrower, 0), lang)}" for r in frames.rows(rows))
    return picture.describe(
        say(
            lang,
            vi="Khoảng dự báo của {place} hẹp thêm: {gain}.",
            en="The interval of {place} narrows by: {gain}.",
            place=place,
            gain=gain,
        )
    )
