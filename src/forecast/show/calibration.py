"""Pictures of a calibration: what was believed before and after, and which data moved which parameter."""

import textwrap

import numpy as np
import pandas as pd
from scipy.stats import binom

from forecast.data import frames
from forecast.data.tables import UserError
from forecast.language import words
from forecast.language.words import say
from forecast.show.marks import INK, MUTED
from forecast.show.picture import DASHES, GRID, LOOKS, Picture, sheet, source_line, style

PRIOR = 1.645  # 90% of a standard normal lie between minus and plus this
MOST = 14  # rows of the table of what moved what
SAID = 0.1  # standard deviations from which a square carries its number


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
    with style():
        picture, axes = sheet(
            say(lang, vi="Tham số trước và sau khi học từ số liệu", en="Parameters before and after the counts"),
            say(
                lang,
                vi="Vạch xám: trước (khoảng 90%). Vạch xanh: sau. Vạch xanh dài bằng vạch xám:\n"
                "số liệu không nói gì về tham số đó. Đơn vị: độ lệch chuẩn trước khi học.",
                en="Gray: before (90% interval). Blue: after; as long as the gray one: the counts say\n"
                "nothing about that parameter. Unit: standard deviations of what was believed before.",
            ),
            source_line(lang),
            height=height,
        )
        axes.set_position((0.53, 0.45 / height, 0.44, 1 - 1.65 / height))
        for y, i in enumerate(order):
            axes.plot([-PRIOR, PRIOR], [y, y], color=GRID, lw=7, solid_capstyle="butt")
            axes.plot([low[i], high[i]], [y, y], color=color, lw=2.2)
            axes.plot([middle[i]], [y], marker=marker, ms=5, color=color)
        axes.set_yticks(range(len(order)), [z.columns[i] for i in order], fontsize=8.5)
        axes.set_ylim(len(order) - 0.4, -0.6)
        axes.axvline(0, color=MUTED, lw=1, ls=DASHES)
        axes.grid(False)
    narrowest = ", ".join(z.columns[i] for i in order[:5])
    return picture.describe(
        say(
            lang, vi="Số liệu thu hẹp nhiều nhất: {names}.", names=narrowest, en="Most narrowed by the counts: {names}."
        )
    )


def moved(table: pd.DataFrame, lang: str = "vi") -> Picture:
    """Draw which data moved which parameter; `table` is that of `Fit.moved`, its rows the most moved coordinates."""
    wide = table.pivot(index="coordinate", columns="source", values="shift")
    wide = wide[~wide.index.str.startswith("opening/")]
    wide = wide.loc[wide.abs().max(axis=1).sort_values(ascending=False, kind="stable").index[:MOST]]
    wide = wide[wide.abs().max().sort_values(ascending=False, kind="stable").index]
    if wide.empty:
        raise UserError("nothing to draw: no coordinate was moved")
    # squares that meet, and names on two lines: nothing is cut, and no number leaves its square
    row, top = 0.335, float(np.abs(wide.to_numpy()).max()) or 1.0
    height = 2.75 + row * len(wide)
    with style():
        picture, axes = sheet(
            say(lang, vi="Số liệu nào kéo tham số nào", en="Which data moved which parameter"),
            say(
                lang,
                vi="Trung bình đi thêm bao nhiêu độ lệch chuẩn nếu tính số liệu của nơi đó hai lần.\n"
                "Cam: tăng; xanh: giảm; ô không ghi số: dưới 0,1.",
                en="By how many standard deviations the mean moves on if a place's figures count twice.\n"
                "Orange: up; blue: down; squares without a number: below 0.1.",
            ),
            source_line(lang),
            height=height,
        )
        axes.set_position((0.40, 1.55 / height, 0.58, 1 - 2.55 / height))
        for y, name in enumerate(wide.index):
            for x, source in enumerate(wide.columns):
                value = float(frames.at(wide, name, source))
                color = LOOKS[1][0] if value > 0 else LOOKS[0][0]
                deep = min(abs(value) / top, 1.0) if value == value else 0.0
                axes.bar([x], [0.9], width=0.94, bottom=y - 0.45, color=color, alpha=deep)
                if abs(value) >= SAID:
                    axes.text(
                        x,
                        y,
                        words.number(value, lang, 1),
                        ha="center",
                        va="center",
                        fontsize=7.5,
                        color="white" if deep > 0.6 else INK,
                    )
        names = [textwrap.fill(name, 40) for name in wide.index]
        axes.set_yticks(range(len(wide)), names, fontsize=8, linespacing=1.15)
        axes.set_xticks(range(len(wide.columns)), wide.columns, fontsize=8, rotation=50, ha="right")
        axes.set(xlim=(-0.6, len(wide.columns) - 0.4), ylim=(len(wide) - 0.4, -0.6))
        axes.grid(False)
        axes.tick_params(axis="y", colors=INK)
    strongest = frames.at(table, table["shift"].abs().idxmax())
    return picture.describe(
        say(
            lang,
            vi="Mạnh nhất: {source} kéo {name}.",
            en="Strongest: {source} moves {name}.",
            source=strongest["source"],
            name=strongest["coordinate"],
        )
    )


def ranks(table: pd.DataFrame, lang: str = "vi", bins: int = 10) -> Picture:
    """Draw how often the truth had which rank among the draws; `table` is that of `predictive_checks.recovery`.

    A band holds 95% of the bars where ranks are uniform (binomial); a bar out of it carries a mark, so that no color
    is needed.
    """
    if table.empty:
        raise UserError("nothing to draw: no calibration of an invented district")
    each = np.histogram(table["rank"].to_numpy(float), bins=bins, range=(0.0, 1.0))[0]
    # The ranks of one calibration hang together, so that it counts once: as many trials as there were districts.
    times, share = table["time"].nunique(), each / each.sum()
    low, high = (float(binom.ppf(level, times, 1 / bins)) / times for level in (0.025, 0.975))
    out = (share < low) | (share > high)
    with style():
        picture, axes = sheet(
            say(lang, vi="Phương pháp có tìm lại được sự thật không?", en="Does the method find the truth again?"),
            say(
                lang,
                vi="Hạng của giá trị thật trong các lần rút, {n} lần hiệu chỉnh huyện giả định.\n"
                "Dải xám: 95% số cột phải nằm trong nếu phương pháp đúng.",
                en="Rank of the truth among the draws, {n} calibrations of invented districts.\n"
                "Gray band: holds 95% of the bars if the method is right.",
                n=times,
            ),
            source_line(lang),
            height=3.6,
        )
        axes.set_position((0.10, 0.24, 0.86, 0.47))
        axes.xaxis.set_major_formatter(lambda v, _: words.number(v, lang, 1))
        axes.axhspan(100 * low, 100 * high, color=GRID, lw=0)
        axes.axhline(100 / bins, color=MUTED, lw=1, ls=DASHES)
        middle = (np.arange(bins) + 0.5) / bins
        axes.bar(middle, 100 * share, width=0.8 / bins, color=LOOKS[0][0])
        for x, y in zip(middle[out], 100 * share[out], strict=True):
            axes.text(x, y + 0.4, "×", ha="center", va="bottom", fontsize=11, color=INK)
        axes.set(xlim=(0, 1), ylim=(0, max(100 * share.max(), 100 * high) + 2.5))
        axes.set_ylabel(say(lang, vi="Phần trăm", en="Percent"))
        axes.set_xlabel(
            say(lang, vi="Hạng (0: thấp hơn mọi lần rút; 1: cao hơn)", en="Rank (0: below all draws; 1: above)")
        )
    told = {"vi": "{n} trên {bins} cột nằm ngoài dải.", "en": "{n} of {bins} bars lie outside the band."}
    return picture.describe(say(lang, **told, n=int(out.sum()), bins=bins))


def december_text(checks: pd.DataFrame, lang: str = "vi") -> str:
    """Say what the model gets wrong about the December of 2023; `checks` is the table of `predictive_checks.checks`."""
    rows = checks.set_index("item")
    if "nation, rise 2023-09 to 2023-12" not in rows.index:
        raise UserError("nothing to tell: the December of 2023 is not among the checks")
    rise = frames.at(rows, "nation, rise 2023-09 to 2023-12")
    fall = frames.at(rows, "nation, fall 2023-12 to 2024-03")
    parts = ("published", "median", "low", "high")
    given = {
        f"{name}_{part}": words.number(row[part], lang, 0)
        for name, row in (("rise", rise), ("fall", fall))
        for part in parts
    }
    return say(
        lang,
        vi="Mô hình đoán thấp tháng 12/2023: cả nước tăng {rise_published}% so với tháng 9, mô hình dự kiến "
        "{rise_median}% (khoảng dự báo 90%: {rise_low} đến {rise_high}%). Đến tháng 3/2024 số đã công bố thay "
        "đổi {fall_published}%, mô hình dự kiến {fall_median}%. Lý do: mô hình chỉ có một mức nước rút cuối năm cho "
        "mọi năm, mà tháng 12/2022 hầu như không thấy nước rút; mức học được là mức chung giữa các năm. Vì vậy số của "
        "một tháng 12 có thể cao hơn dự báo và rút đi gần hết trong quý I; hãy so tháng 12 với tháng 12.",
        en="The model understates December 2023: the nation rose by {rise_published}% on September, the model "
        "expects {rise_median}% (90% interval: {rise_low} to {rise_high}%). By March 2024 the published figure changed "
        "by {fall_published}%, the model expects {fall_median}%. The reason: it has one strength of the year-end rush "
        "for all years, and December 2022 hardly shows one; what is learned lies between the years. So a December may "
        "stand above its forecast and lose most of that in the first quarter; compare December with December.",
        **given,
    )
