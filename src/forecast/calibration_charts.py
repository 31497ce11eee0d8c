"""Pictures of a calibration: what was believed before and after, and which data moved which parameter."""

import numpy as np
import pandas as pd

from forecast import charts, words
from forecast.charts import LOOKS, Picture, rc_context, sheet, source_line
from forecast.marks import INK, MUTED
from forecast.tables import UserError
from forecast.words import say

PRIOR = 1.645  # nine in ten of a standard normal lie between minus and plus this
MOST = 14  # rows of the table of what moved what


def before_after(z: pd.DataFrame, lang: str = "vi") -> Picture:
    """Draw each parameter's posterior beside its prior; `z` has a column a parameter, in prior standard deviations.

    The prior is the same gray bar for all; a parameter of which the counts say nothing fills it again.
    """
    if z.empty:
        raise UserError("nothing to draw: no draws of a posterior")
    low, middle, high = np.quantile(z, (0.05, 0.5, 0.95), axis=0)
    order = np.argsort(high - low, kind="stable")
    height = 1.75 + 0.24 * len(order)
    color, _, marker = LOOKS[0]
    with rc_context(charts.STYLE):
        picture, axes = sheet(
            say(lang, vi="Tham số trước và sau khi học từ số liệu", en="Parameters before and after the counts"),
            say(lang, vi="Vạch xám: trước (9 phần 10 khả năng). Vạch xanh: sau. Đơn vị: độ lệch chuẩn trước khi học.\n"
                      "Vạch xanh dài bằng vạch xám: số liệu không nói gì về tham số đó.",
                en="Gray: before (nine in ten). Blue: after. Unit: standard deviations of what was believed before.\n"
                   "A blue line as long as the gray one: the counts say nothing about that parameter."),
            source_line(lang), height=height)  # fmt: skip
        axes.set_position((0.34, 0.45 / height, 0.60, 1 - 1.65 / height))
        for y, i in enumerate(order):
            axes.plot([-PRIOR, PRIOR], [y, y], color=charts.GRID, lw=7, solid_capstyle="butt")
            axes.plot([low[i], high[i]], [y, y], color=color, lw=2.2)
            axes.plot([middle[i]], [y], marker=marker, ms=5, color=color)
        axes.set_yticks(range(len(order)), [z.columns[i] for i in order], fontsize=8.5)
        axes.set_ylim(len(order) - 0.4, -0.6)
        axes.axvline(0, color=MUTED, lw=1, ls=charts.DASHES)
        axes.grid(False)
    narrowest = ", ".join(z.columns[i] for i in order[:5])
    return picture.describe(say(lang, vi="Số liệu thu hẹp nhiều nhất: {names}.", names=narrowest,
                                en="Most narrowed by the counts: {names}."))  # fmt: skip


def moved(table: pd.DataFrame, lang: str = "vi") -> Picture:
    """Draw which data moved which parameter; `table` is that of `Fit.moved`, its rows the most moved coordinates."""
    wide = table.pivot(index="coordinate", columns="source", values="shift")
    wide = wide[~wide.index.str.startswith("opening/")]
    wide = wide.loc[wide.abs().max(axis=1).sort_values(ascending=False, kind="stable").index[:MOST]]
    wide = wide[wide.abs().max().sort_values(ascending=False, kind="stable").index]
    if wide.empty:
        raise UserError("nothing to draw: no coordinate was moved")
    height, top = 2.9 + 0.3 * len(wide), float(np.abs(wide.to_numpy()).max()) or 1.0
    with rc_context(charts.STYLE):
        picture, axes = sheet(
            say(lang, vi="Số liệu nào kéo tham số nào", en="Which data moved which parameter"),
            say(lang, vi="Trung bình sẽ đi thêm bao nhiêu độ lệch chuẩn nếu số liệu của nơi đó được tính hai lần.\n"
                      "Cam: tăng; xanh: giảm.",
                en="By how many standard deviations the mean would go on if that place's figures counted twice.\n"
                   "Orange: up; blue: down."),
            source_line(lang), height=height)  # fmt: skip
        axes.set_position((0.34, 1.35 / height, 0.62, 1 - 2.35 / height))
        for y, name in enumerate(wide.index):
            for x, source in enumerate(wide.columns):
                value = wide.at[name, source]
                color = LOOKS[1][0] if value > 0 else LOOKS[0][0]
                axes.plot([x], [y], "s", ms=15, color=color, alpha=min(abs(value) / top, 1.0), mec="none")
                if abs(value) >= 0.1:
                    axes.text(x, y, words.number(value, lang, 1), ha="center", va="center", fontsize=7, color=INK)
        axes.set_yticks(range(len(wide)), wide.index, fontsize=8.5)
        axes.set_xticks(range(len(wide.columns)), wide.columns, fontsize=8, rotation=50, ha="right")
        axes.set(xlim=(-0.6, len(wide.columns) - 0.4), ylim=(len(wide) - 0.4, -0.6))
        axes.grid(False)
    strongest = table.loc[table["shift"].abs().idxmax()]
    return picture.describe(say(lang, vi="Mạnh nhất: {source} kéo {name}.", en="Strongest: {source} moves {name}.",
                                source=strongest["source"], name=strongest["coordinate"]))  # fmt: skip
