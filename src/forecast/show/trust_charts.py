"""Pictures of trust: errors and coverage by how far ahead, and the engines' answers beside one another."""

import numpy as np
import pandas as pd

from forecast.data.tables import UserError
from forecast.language import words
from forecast.language.words import say, term
from forecast.show import picture as charts
from forecast.show import trust
from forecast.show.marks import INK, MUTED, end_labels
from forecast.show.picture import DASHES, LOOKS, Picture, rc_context, sheet, source_line
from forecast.show.sentences import ENGINES


def by_band(summary: pd.DataFrame, lang: str = "vi", shown=("series", "stock", "agents", "drift")) -> Picture:
    """Draw, by how far ahead, each engine's error beside the last count again, and how often its interval held.

    `summary` is `score.summary` by engine and band; `shown` names engines and yardsticks in the order wanted.
    """
    error, held = trust.errors(summary), trust.held(summary)
    engines = [e for e in shown if e in error.index.get_level_values("engine")]
    if not engines:
        raise UserError("nothing to draw: no scores by band")
    said = []
    with rc_context(charts.STYLE):
        picture, left = sheet(
            say(lang, vi="Dự báo càng xa, sai đến đâu?", en="How wrong, the farther ahead?"),
            say(lang, vi="Trái: sai số so với “{naive}” (dưới 100% là tốt hơn). Phải: phần số thực hiện nằm trong dải "
                "9 phần 10. Trục ngang: số tháng tính từ lúc dự báo", naive=term("engine.naive", lang),
                en="Left: error relative to “{naive}” (below 100% is better). Right: share of counts within the band "
                "of nine in ten. Across: months ahead"),
            source_line(lang), height=4.3)  # fmt: skip
        right = picture.add_axes((0, 0, 0.1, 0.1))
        x = np.arange(len(trust.BANDS))
        for axes, table, box, line in ((left, error, (0.11, 0.33), 1.0), (right, held, (0.53, 0.25), trust.HELD)):
            axes.set_position((box[0], 0.145, box[1], 0.56))
            ends, top = [], 1.05
            for engine, (color, pattern, marker) in zip(engines, LOOKS, strict=False):
                y = table.loc[engine].reindex(trust.BANDS)
                axes.plot(x, y, pattern, color=color, marker=marker, lw=2, ms=5)
                top = max(top, 1.08 * y.max())
                label = term(f"engine.{engine}", lang)
                ends.append((x[-1], y.dropna().iloc[-1], label, color))
                told = ", ".join(words.percent(v, lang) if v == v else "–" for v in y)
                said.append(f"{label}: {told}")
            axes.axhline(line, color=INK, lw=1, ls=DASHES)
            axes.set(xlim=(-0.2, x[-1] + 0.3), ylim=(0, top))
            axes.set_xticks(x, [band.replace("-", "–") for band in trust.BANDS])
            axes.yaxis.set_major_formatter(lambda v, _: words.percent(v, lang))
            if axes is right:
                end_labels(axes, ends, width=18)
    return picture.describe(say(
        lang, vi="Sai số so với cách đơn giản nhất và phần số thực hiện nằm trong dải, theo số tháng tính từ "
        "lúc dự báo ({b}). {said}.",
        en="Error beside the simplest way, and share of counts in the band, {b} months ahead. {said}.",
        b=", ".join(trust.BANDS), said="; ".join(said)))  # fmt: skip


def apart(found: pd.DataFrame, lang: str = "vi") -> Picture:
    """Draw each engine's answer for each place in times of the members at the start, with the interval of nine in ten.

    `found` is that of `trust.apart`; the scale is logarithmic, since twice and half are equally far.
    """
    names = list(dict.fromkeys(found["place"]))
    engines = [e for e in ENGINES if e in set(found["engine"])]
    said, height = [], 1.9 + 0.62 * len(names)
    with rc_context(charts.STYLE):
        picture, axes = sheet(
            say(lang, vi="Ba cách tính, năm địa phương: khác nhau đến đâu?", en="How far apart are the engines?"),
            say(lang, vi="Số người tham gia vào tháng của chỉ tiêu, nếu giữ nguyên cách làm cũ, gấp mấy lần số khi bắt "
                "đầu.\nVạch: 9 phần 10 số lần mô phỏng; cột số: mức giữa, số người",
                en="Members in the target's month under the status quo, as a multiple of the start.\n"
                "Line: nine in ten simulations; numbers: medians, in persons"),
            source_line(lang), height=height)  # fmt: skip
        axes.set_position((0.15, 0.5 / height, 0.43, 1 - 1.75 / height))
        ends = []
        for y, place in enumerate(names):
            part = found[found["place"] == place].set_index("engine")
            for number, engine in enumerate(e for e in engines if e in part.index):
                row, (color, _, marker) = part.loc[engine], LOOKS[engines.index(engine)]
                start, at = row["median"] / row["times"], y + 0.24 * (number - (len(part) - 1) / 2)
                axes.plot([row["low"] / start, row["high"] / start], [at, at], color=color, lw=2.2)
                axes.plot([row["times"]], [at], marker=marker, ms=6, color=color)
                axes.text(1.03, at, words.about(row["median"], lang), transform=axes.get_yaxis_transform(),
                          va="center", fontsize=8.5, color=color)  # fmt: skip
                said.append(f"{place}, {term(f'engine.{engine}', lang)} {words.about(row['median'], lang)}")
                if y == 0:
                    ends.append((engine, color, at))
        for engine, color, at in ends:  # names stand once, beside the numbers of the first place
            axes.annotate(term(f"engine.{engine}", lang), (1.22, at), xycoords=axes.get_yaxis_transform(), fontsize=8,
                          color=color, va="center", annotation_clip=False)  # fmt: skip
        axes.axvline(1, color=INK, lw=1)
        axes.set_xscale("log")
        low, high = found["low"] * found["times"] / found["median"], found["high"] * found["times"] / found["median"]
        steps = [t for t in (0.25, 0.5, 1, 2, 4, 8, 16) if low.min() / 1.3 < t < high.max() * 1.3]
        axes.set(xlim=(low.min() / 1.1, high.max() * 1.1), ylim=(len(names) - 0.5, -0.5))
        axes.set_yticks(range(len(names)), names)
        axes.set_xticks(steps, [words.number(t, lang, len(f"{t:g}".partition(".")[2])) for t in steps])
        axes.set_xticks([], minor=True)
        axes.grid(True, axis="x", color=charts.GRID)
        axes.grid(False, axis="y")
        axes.tick_params(axis="y", colors=INK)
        axes.spines["bottom"].set_color(MUTED)
    return picture.describe(say(lang, vi="Số người tham gia dự kiến: {said}.", en="Members expected: {said}.",
                                said="; ".join(said)))  # fmt: skip
