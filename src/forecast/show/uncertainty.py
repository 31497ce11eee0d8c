"""Pictures and sentences of the study of doubt: the ladder, what moves the headline, what it cost to find out."""

import textwrap

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from forecast.data import frames
from forecast.data.tables import UserError
from forecast.language import words
from forecast.language.words import say, term
from forecast.show import register
from forecast.show.evidence import label
from forecast.show.marks import INK, MUTED, margin
from forecast.show.picture import GRID, LOOKS, Picture, redrawn, sheet, signed, source_line, style

SOURCES = ("parameters", "counts", "judgement", "model", "chance")
SHADES = {"parameters": "#1b5e9b", "counts": "#1b5e9b", "judgement": "#b4561f", "model": "#3f7d3a", "chance": "#8a94a0"}
HATCHES = {"judgement": "////", "model": "....", "chance": ""}
MOST = 12  # factors in a picture
FACTORS, SMALL_FACTORS = (0.1, 0.25, 0.5, 1, 2, 4, 10), (0.5, 0.8, 0.9, 1, 1.1, 1.25, 2)  # ticks of a log scale
QUO = "-status-quo"  # ends the name of a scenario in which nothing changes (CONTRIBUTING.md, A place)


def percents(axes: Axes, top: float, lang: str) -> None:
    """Put ticks at nothing, a half and all of a share `top`."""
    ticks = [0.0, top / 2, top]
    axes.set_xticks(ticks, [words.percent(tick, lang) for tick in ticks], fontsize=8.5)


def short_label(name: str, lang: str) -> str:
    """A name in words, on two lines where one has no room beside the picture."""
    return textwrap.fill(label(name, lang), 34)


@redrawn
def ladder(table: pd.DataFrame, lang: str = "vi") -> Picture:
    """Draw the width of each place's interval by source: bars of equal length, each part with its share.

    `table` is that of `Projection.ladder` for one or several places.
    """
    if table.empty:
        raise UserError("nothing to draw: no ladder")
    register.ladder(table)
    names = list(dict.fromkeys(table["place"]))
    there = [s for s in SOURCES if s in set(table["source"])]
    first = max(there, key=lambda source: float(table.loc[table["source"] == source, "share"].mean()))
    height = 2.35 + 0.62 * len(names)
    with style({"hatch.linewidth": 0.5}):
        picture, axes = sheet(
            say(
                lang,
                vi="Khoảng dự báo rộng trước hết vì {source}: {p}",
                en="Intervals are wide first of all for {source}: {p}",
                source=term(f"ladder.{first}", lang),
                p=words.percent(float(table.loc[table["source"] == first, "share"].mean()), lang),
            ),
            say(
                lang,
                vi="Phần của mỗi nguồn trong độ rộng của khoảng dự báo 90%; dưới tên: khoảng, số người.",
                en="Share of each source in the width of the 90% interval.\nBelow the name: the interval, in persons.",
            ),
            source_line(lang),
            height=height,
        )
        axes.set_position((0.27, 0.58 / height, 0.70, 1 - 1.95 / height))
        for y, place in enumerate(names):
            parts, left = table[table["place"] == place].set_index("source"), 0.0
            for source in (s for s in there if s in parts.index):
                share = float(parts.at[source, "share"])
                axes.barh(
                    y,
                    share,
                    left=left,
                    height=0.58,
                    color=SHADES[source],
                    alpha=0.85,
                    ec="white",
                    lw=1.2,
                    hatch=HATCHES.get(source, ""),
                )
                if share >= 0.06:
                    axes.text(
                        left + share / 2,
                        y,
                        words.percent(share, lang),
                        ha="center",
                        va="center",
                        fontsize=9,
                        color=INK,
                        bbox={"boxstyle": "round,pad=0.18", "fc": "white", "ec": "none"},
                    )
                left += share
            low, high = parts[["low", "high"]].iloc[0]
            axes.text(-0.02, y - 0.14, place, ha="right", va="center", fontsize=10.5)
            axes.text(
                -0.02,
                y + 0.2,
                f"{words.about(low, lang)} – {words.about(high, lang)}",
                ha="right",
                va="center",
                fontsize=8.5,
                color=MUTED,
            )
        edge, lowest = -0.36, -0.46
        for (
            source
        ) in there:  # names stand over the first bar in the order of its parts, in two rows where they need them
            text = axes.text(
                edge, lowest, f"■ {term(f'ladder.{source}', lang)}", fontsize=9, color=SHADES[source], va="bottom"
            )
            width = text.get_window_extent().width / axes.bbox.width
            if edge + width > 1:
                edge, lowest = -0.36, lowest - 0.34
                text.set_position((edge, lowest))
            edge += width + 0.035
        axes.set(xlim=(0, 1), ylim=(len(names) - 0.5, -0.5), yticks=[])
        percents(axes, 1.0, lang)
        axes.grid(False)
    shares_by_place = "; ".join(
        f"{place}: "
        + ", ".join(
            f"{term(f'ladder.{r.source}', lang)} {words.percent(r.share, lang)}"
            for r in frames.rows(table[table["place"] == place])
        )
        for place in names
    )
    return picture.describe(
        say(
            lang,
            vi="Độ rộng khoảng dự báo theo nguồn. {shares_by_place}.",
            en="Width of the intervals by source. {shares_by_place}.",
            shares_by_place=shares_by_place,
        )
    )


def asked_of(scenario: object, lang: str) -> str:
    """Say under which policy a number of the study is asked: the status quo, or the scenario by its name."""
    return say(
        lang,
        name=scenario,
        vi="giữ nguyên cách làm cũ" if str(scenario).endswith(QUO) else "kịch bản {name}",
        en="if nothing changes" if str(scenario).endswith(QUO) else "scenario {name}",
    )


def ladder_text(table: pd.DataFrame, lang: str = "vi") -> words.Text:
    """Say for each place which source makes most of its width, one line a place."""
    register.ladder(table)
    lines = []
    for place, parts in frames.groups(table, "place", sort=False):
        most = frames.at(parts, parts["share"].idxmax())
        lines.append(
            say(
                lang,
                place=place,
                low=most["low"],
                high=most["high"],
                source=term(f"ladder.{most['source']}", lang),
                share=most["share"],
                width=most["width"],
                asked=asked_of(most["scenario"], lang),
                vi="**{place}** ({asked}): từ {low:a} đến {high:a} người; phần lớn nhất do {source} ({share:p}, "
                "khoảng {width:a} người)",
                en="**{place}** ({asked}): {low:a} to {high:a} persons; the largest part is {source} ({share:p}, about "
                "{width:a} persons)",
            )
        )
    return words.listing(lines)


@redrawn
def tornado(table: pd.DataFrame, place: str, lang: str = "vi") -> Picture:
    """Draw how far each factor moves the headline: Morris's mean effect over its whole range, with its sign.

    `table` is that of `sensitivity.morris`; effects are told as percent of members.
    """
    strongest = table.head(MOST)
    if strongest.empty:
        raise UserError("nothing to draw: no factor")
    register.factors(strongest, place, ("effect", "uneven"))
    height = 1.95 + 0.36 * len(strongest)
    with style():
        picture, axes = sheet(
            say(
                lang,
                vi="{place}: {what} làm thay đổi dự báo nhiều nhất",
                en="{place}: {what} moves the forecast most",
                place=place,
                what=label(str(strongest["factor"].iloc[0]), lang),
            ),
            say(
                lang,
                vi="Số người thay đổi bao nhiêu (thang lôgarit) khi một yếu tố đi từ thấp nhất đến cao nhất.\n"
                "Chấm tròn: điều chưa biết chắc; hình vuông: giải pháp; vạch: sai số.",
                en="Change of members (log scale) when a factor goes from its lowest to its highest.\n"
                "Circles: what is not known for sure; squares: levers; lines: error.",
            ),
            source_line(lang),
            height=height,
        )
        axes.set_position((0.50, 0.72 / height, 0.40, 1 - 1.75 / height))
        sign = np.where(strongest["direction"] < 0, -1.0, 1.0)
        middle, error = sign * strongest["effect"].to_numpy(), strongest["error"].to_numpy()
        reach = float(np.max(np.abs(middle) + error)) * 1.2
        for y, row in enumerate(frames.rows(strongest)):
            color, _, marker = LOOKS[0] if row.kind == "parameter" else LOOKS[1]
            axes.plot([0, middle[y]], [y, y], color=color, lw=1, alpha=0.5)
            axes.plot([middle[y] - error[y], middle[y] + error[y]], [y, y], color=color, lw=2.4)
            axes.plot([middle[y]], [y], marker=marker, ms=8, color=color, mec="white")
            margin(axes, y, short_label(row.factor, lang))
            margin(axes, y, signed(100 * np.expm1(middle[y]), lang) + "%", 1.02)
        axes.axvline(0, color=INK, lw=1)
        ticks = [t for t in np.log(FACTORS if reach > np.log(2) else SMALL_FACTORS) if abs(t) <= reach]
        axes.set_xticks(ticks, [signed(100 * np.expm1(t), lang) + "%" for t in ticks], fontsize=8.5)
        axes.set(xlim=(-reach, reach), ylim=(len(strongest) - 0.4, -0.6), yticks=[])
        axes.grid(False)
        axes.grid(True, axis="x", color=GRID)
    effects = "; ".join(
        f"{label(r.factor, lang)} {signed(100 * np.expm1(m), lang)}%"
        for r, m in zip(frames.rows(strongest), middle, strict=True)
    )
    return picture.describe(
        say(
            lang,
            vi="Ảnh hưởng đến số người tham gia tại {place}: {effects}.",
            en="Effect on members in {place}: {effects}.",
            place=place,
            effects=effects,
        )
    )


@redrawn
def split(table: pd.DataFrame, place: str, lang: str = "vi") -> Picture:
    """Draw Sobol's indices: a factor's own share of the variance (filled) and that with its interactions (hollow)."""
    if table.empty:
        raise UserError("nothing to draw: no index")
    register.factors(table, place, ("first", "total"))
    height = 1.95 + 0.36 * len(table)
    with style():
        picture, axes = sheet(
            say(
                lang,
                vi="{place}: {what} giải thích {p} phương sai",
                en="{place}: {what} explains {p} of the variance",
                place=place,
                what=label(str(table["factor"].iloc[int(table["total"].argmax())]), lang),
                p=words.percent(float(np.clip(table["total"].max(), 0, 1)), lang),
            ),
            say(
                lang,
                vi="Phần phương sai. Chấm đặc: riêng yếu tố đó; chấm rỗng: kể cả tác động chung.\n"
                "Hai chấm ước lượng riêng nên có thể lệch nhau trong sai số (vạch).",
                en="Share of the variance. Filled: the factor alone; hollow: together with others.\n"
                "Both are estimated apart, so that they may differ within their errors (lines).",
            ),
            source_line(lang),
            height=height,
        )
        axes.set_position((0.50, 0.72 / height, 0.44, 1 - 1.75 / height))
        color, _, marker = LOOKS[0]
        for y, row in enumerate(frames.rows(table)):
            for up, value, error, fill in (
                (-0.13, row.first, row.first_error, color),
                (0.13, row.total, row.total_error, "white"),
            ):
                axes.plot([max(value - error, 0), value + error], [y + up] * 2, color=color, lw=1.4, alpha=0.6)
                axes.plot([max(value, 0)], [y + up], marker=marker, ms=7, color=color, mfc=fill, mew=1.4)
            margin(axes, y, short_label(row.factor, lang))
        axes.xaxis.set_major_formatter(lambda v, _: words.percent(v, lang))
        axes.set(xlim=(0, None), ylim=(len(table) - 0.4, -0.6), yticks=[])
        axes.grid(False)
        axes.grid(True, axis="x", color=GRID)
    shares = "; ".join(f"{label(r.factor, lang)} {words.percent(max(r.total, 0), lang)}" for r in frames.rows(table))
    return picture.describe(
        say(
            lang,
            vi="Phần phương sai của dự báo tại {place}, kể cả tác động chung: {shares}.",
            en="Share of the variance in {place}, interactions included: {shares}.",
            place=place,
            shares=shares,
        )
    )


def cost_text(designs: dict[str, pd.DataFrame], lang: str = "vi") -> words.Text:
    """Say what the designs cost, what common random numbers saved, and whether both engines agree on the order."""
    saved = designs["pairing"].set_index("what")["value"]
    return say(
        lang,
        morris=int(designs["morris"]["runs"].iloc[0]),
        sobol=int(designs["sobol"]["runs"].iloc[0]),
        agents=int(saved["runs"]),
        times=saved["times"],
        agreement=saved["agreement"],
        vi="Sàng lọc cần {morris:n} lần chạy, phân tích phương sai {sobol:n} lần, đều bằng cách cân đối tăng – giảm; "
        "mô phỏng từng xã và người dân chạy lại {agents:n} lần với các yếu tố mạnh nhất. Hai cách tính xếp thứ tự "
        "các yếu tố giống nhau đến đâu: tương quan thứ hạng là {agreement:n2} (1 là giống hệt). Mọi lần chạy dùng "
        "cùng con người và cùng yếu tố ngẫu nhiên; nếu không, phải chạy gấp {times:n1} lần mới bớt được yếu tố ngẫu "
        "nhiên như thế.",
        en="Screening took {morris:n} runs and the split of variance {sobol:n}, both by entries minus exits; people "
        "and commune teams ran {agents:n} times over the strongest factors. How alike the two engines order the "
        "factors is told by their rank correlation, {agreement:n2} (1 is the same order). All runs have the same "
        "people with the same random numbers; without that, "
        "{times:n1} times as many runs would be needed to be as free of chance.",
    )


def basis_text(shares: pd.Series, place: str, lang: str = "vi") -> words.Text:
    """Say what share of a headline's spread rests on judgement; `shares` is that of `evidence.by_basis`."""
    return say(
        lang,
        place=place,
        s=shares["studies"],
        j=shares["judgement"],
        vi="Trong phần do tham số của khoảng dự báo tại {place}, **{j:p} dựa vào nhận định** của nhóm làm bộ công cụ, "
        "{s:p} dựa vào nghiên cứu.",
        en="Of the part of the interval in {place} that parameters make, **{j:p} rests on judgement** of the makers, "
        "{s:p} on studies.",
    )
