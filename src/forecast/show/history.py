"""Pictures of what happened: the nation's saw-tooth, and what was counted and hoped for in several places."""

import numpy as np

from forecast.data import history, places
from forecast.data.history import SCHEME
from forecast.data.tables import UserError
from forecast.language import words
from forecast.language.words import say
from forecast.show import chronicle, marks
from forecast.show import picture as charts
from forecast.show.marks import INK, MUTED
from forecast.show.picture import LOOKS, TARGET, Picture, rc_context, sheet, source_line

TALL = 1.12  # inches for each place


def saw_tooth(place, lang: str = "vi", since: str = "2015-12", until: str = "2024-12") -> Picture:
    """Draw the counts of a place month by month, ends of years large, with each fall behind them in percent.

    Hollow dots were recalled and not verified, crosses contradict another figure of the same month; the dotted
    lines are months in which the price changed for an ordinary person. `place` is one with a December that was followed
    by a count (:func:`forecast.show.chronicle.teeth`), else an error says so.
    """
    rows = place.history
    rows = rows[
        (rows["scheme"] == SCHEME)
        & (rows["measure"] == "members")
        & (rows["group"] == "all")
        & (rows["kind"] == "observation")
        & rows["value"].notna()
        & rows["month"].between(since, until)
    ]
    falls = chronicle.teeth(rows).dropna(subset="fall")
    if falls.empty:
        raise UserError(f"nothing to draw: no count of {place.name} within half a year behind a December")
    color, red = LOOKS[0][0], LOOKS[1][0]
    firm = history.counts(rows).drop_duplicates("month", keep="last")
    with rc_context(charts.STYLE):
        picture, axes = sheet(
            say(lang, vi="{place}: cuối năm lên đỉnh, đầu năm tụt xuống",
                en="{place}: up at the end of the year, down after",
                place=place.name),
            say(lang, vi="Số người đang tham gia. Chấm lớn: cuối năm; chấm rỗng: số nhớ lại, chưa kiểm chứng; dấu "
                "chéo: mâu thuẫn với số khác cùng tháng; nét đứt: phần mất đi trong nửa năm sau",
                en="Members. Large dots: ends of years; hollow: recalled, not verified; crosses:\n"
                "contradict another figure; dashes: what was gone in the half year after"),
            source_line(lang, place, own=False), height=4.9)  # fmt: skip
        axes.set_position((0.12, 0.125, 0.82, 0.575))
        axes.plot(marks.numbers(firm["month"]), firm["value"], color=color, lw=1, ls=":")
        for row in rows.itertuples():
            if row.status == "conflicting":  # on a white ground, since it lies on another dot
                axes.plot([marks.number(row.month)], [row.value], "x", ms=8, mew=4, color="white", zorder=6)
            look = {"marker": "x", "ms": 6, "mew": 1.6, "color": INK, "zorder": 6} if row.status == "conflicting" else {
                "marker": "o", "ms": 9 if row.month.endswith("-12") else 5, "mew": 1.5,
                "mfc": "white" if row.status == "recalled" else color, "color": color}  # fmt: skip
            axes.plot([marks.number(row.month)], [row.value], ls="", **look)
        told = []
        for r in falls.itertuples():
            x = marks.numbers([r.month, r.after_month])
            axes.plot(x, [r.members, r.after], color=red, lw=2.4, ls="--", zorder=5)
            if r.fall >= 0.005:
                axes.annotate(
                    words.percent(-r.fall, lang),
                    (x[1], r.after),
                    xytext=(5, -13),
                    color=red,
                    fontsize=9.5,
                    textcoords="offset points",
                    fontweight="bold",
                )
            told.append(say(lang, vi="sau {m:t} mất {x:p}", en="{x:p} gone after {m:t}", m=r.month, x=r.fall))
        ends = firm[firm["month"].str.endswith("-12")]
        texts = [(marks.number(r.month), r.value, words.number(r.value, lang), INK) for r in ends.itertuples()]
        axes.set_ylim(0, rows["value"].max() * 1.16)
        marks.month_axis(axes, since, until, lang, most=6, pad=3)
        marks.dot_labels(picture, axes, texts)
        marks.law_ticks(picture, axes, history.price_changes(place, since, until), lang)
    return picture.describe(say(
        lang, vi="Số người tham gia tại {place}, cuối {a:t} {n:n} người, cuối {b:t} {m:n} người; {told}.",
        en="Members in {place}: {n:n} in {a:t}, {m:n} in {b:t}; {told}.", place=place.name, a=ends["month"].iloc[0],
        n=ends["value"].iloc[0], b=ends["month"].iloc[-1], m=ends["value"].iloc[-1], told="; ".join(told)))  # fmt: skip


def side_by_side(names, lang: str = "vi", since: str = "2018-01", until: str = "2025-12") -> Picture:
    """Draw what was counted and hoped for in several places, each with its own scale and all over the same months.

    `names` are those of places; dots are counts, stars are plans and targets.
    """
    found, told = [places.read_place(name) for name in names], []
    height = 1.45 + TALL * len(found)
    with rc_context(charts.STYLE):
        picture, first = sheet(
            say(lang, vi="Số người tham gia ở từng nơi", en="Members in each place"),
            say(lang, vi="Người; mỗi nơi một thang đo riêng. Chấm: thực hiện; sao: kế hoạch, mục tiêu;\n"
                "vạch đứng: mức đóng thấp nhất thay đổi",
                en="Persons; each place has its own scale. Dots: counted; stars: plans and targets;\n"
                "upright lines: the least to pay changed"), say(
                lang, vi="Nguồn: {who}", en="Source: {who}",
                who=", ".join(dict.fromkeys(words.form(who, "publisher", lang) for place in found
                                           for who in history.publishers(place)[:1]))),
            height=height)  # fmt: skip
        for index, place in enumerate(found):
            axes = first if index == 0 else picture.add_axes((0, 0, 0.1, 0.1))
            bottom = height - 1.0 - TALL * (index + 1) + 0.12
            axes.set_position((0.19, bottom / height, 0.76, (TALL - 0.12) / height))
            rows = place.history
            rows = rows[(rows["scheme"] == SCHEME) & (rows["measure"] == "members") & (rows["group"] == "all")
                        & rows["value"].notna() & (rows["status"] != "conflicting")
                        & rows["month"].between(since, until)]  # fmt: skip
            texts = []
            for r in rows.itertuples():
                wish = r.kind != "observation"
                axes.plot([marks.number(r.month)], [r.value], "*" if wish else "o", ms=9 if wish else 6, mew=0.8,
                          color=TARGET if wish else LOOKS[0][0])  # fmt: skip
                texts.append((marks.number(r.month), r.value, words.number(r.value, lang), TARGET if wish else INK))
            for month, *_ in history.price_changes(place, since, until):
                axes.axvline(marks.number(month), color=MUTED, lw=0.9, ls=(0, (1, 2)))
            axes.text(-0.03, 0.5, place.name, transform=axes.transAxes, ha="right", va="center", fontsize=10.5,
                      color=LOOKS[0][0])  # fmt: skip
            top = max(rows["value"].max(), 1)
            axes.set_ylim(-0.45 * top, 1.5 * top)  # room for the numbers under low dots
            axes.axhline(0, color=MUTED, lw=0.8)
            axes.spines["bottom"].set_visible(False)
            marks.month_axis(axes, since, until, lang, most=8, pad=10)
            box = axes.get_position()
            axes.set_position((0.19, box.y0, 0.76, box.height))
            axes.set_yticks([])
            if place is not found[-1]:
                axes.set_xticklabels([])
                axes.tick_params(axis="x", length=0)
            marks.dot_labels(picture, axes, texts)
            seen = rows[rows["kind"] == "observation"].sort_values("month")
            told += [say(lang, vi="{p}: {n:n} ({m:t})", en="{p}: {n:n} ({m:t})", p=place.name, n=r.value, m=r.month)
                     for r in seen.iloc[np.unique([0, -1])].itertuples()]  # fmt: skip
    return picture.describe(say(lang, vi="Số người tham gia đã công bố. {told}.", en="Members as published. {told}.",
                                told="; ".join(told)))  # fmt: skip
