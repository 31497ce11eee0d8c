"""What happened: the year-end peaks of membership, and what was counted and planned in several places.

Nothing here is a forecast. Counts that nobody has checked stay marked, and contradictory ones are listed, not averaged.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from forecast.data import frames, places, tables
from forecast.data.history import PLANNED, counts, observed, price_changes, publishers, with_plans
from forecast.data.places import Place
from forecast.data.tables import UserError
from forecast.data.vocabulary import NATION as NATION
from forecast.language import words
from forecast.language.words import Text, say
from forecast.show import marks, narrow
from forecast.show.marks import INK, MUTED
from forecast.show.picture import LOOKS, TARGET, Picture, capital, redrawn, sheet, source_line, style

TEETH = {False: 4.9, True: 7.6}  # inches of the saw's picture, on a page and on a phone, where years stand close
BEFORE, AFTER = 4, 6  # months before and after a December within which a count belongs to its tooth


def teeth(history: pd.DataFrame | None = None) -> pd.DataFrame:
    """Return each December that was counted together with a count before or after it: one tooth of the saw.

    Columns: place, month (of the December), members, before_month and before (the last count of the months before it),
    after_month and after (the lowest count of the half year behind it), fall (share of the December that was gone by
    then; negative where the stock had grown). Only stated and derived counts of `history` (data/history.csv when left
    out) are used, :func:`forecast.data.history.counts`.

    >>> rows = teeth().set_index(["place", "month"])
    >>> round(float(rows.at[("Việt Nam", "2023-12"), "fall"]), 2), rows.at[("Cà Mau", "2021-12"), "after_month"]
    (0.21, '2022-06')
    """
    if history is None:
        history = tables.read(tables.data_dir() / "history.csv", "history")
    rows = []
    for place, counted in frames.groups(counts(history), "place", sort=False):
        members = counted.drop_duplicates("month", keep="last").set_index("month")["value"]
        for month in members.index[members.index.str.endswith("-12")]:
            peak = tables.month(month)
            early = members[(members.index < month) & (members.index >= str(peak - BEFORE))]
            late = members[(members.index > month) & (members.index <= str(peak + AFTER))]
            if early.empty and late.empty:
                continue
            row = {"place": place, "month": month, "members": members[month]}
            if len(early):
                row |= {"before_month": early.index[-1], "before": early.iloc[-1]}
            if len(late):
                low = late.idxmin()
                row |= {"after_month": low, "after": late[low], "fall": 1 - late[low] / members[month]}
            rows.append(row)
    columns = ["place", "month", "members", "before_month", "before", "after_month", "after", "fall"]
    return pd.DataFrame(rows, columns=columns)


def teeth_table(peaks: pd.DataFrame, lang: str = "vi") -> Text:
    """Return teeth as a table: the count before, the December, the count after, and what was gone by then."""
    rows = [
        {
            "place": r.place,
            "early": _dated(r.before, r.before_month, lang),
            "peak": _dated(r.members, r.month, lang),
            "late": _dated(r.after, r.after_month, lang),
            "change": -r.fall,
        }
        for r in frames.rows(peaks)
    ]
    names = {
        "early": say(lang, vi="trước tháng 12", en="before December"),
        "peak": say(lang, vi="cuối năm", en="end of the year"),
        "late": say(lang, vi="thấp nhất trong nửa năm sau", en="lowest in the next half year"),
        "change": say(lang, vi="so với cuối năm", en="against the year's end"),
    }
    return words.table(
        pd.DataFrame(rows), lang, {"place": "", "early": "", "peak": "", "late": "", "change": "p"}, names
    )


def _dated(value: float, month: Any, lang: str) -> str:
    """Return a count with its month, a dash where there is none."""
    when = words.month(month, lang).replace(" ", "\u00a0") if value == value else ""
    return f"{words.number(value, lang)} ({when})" if when else "–"


def answer(lang: str = "vi") -> Text:
    """Return what happened in the nation, in a few sentences: how far it came, the teeth, the price, what is due."""
    nation = places.read_place(NATION)
    ends = counts(nation.history).query("month.str.endswith('-12')").set_index("month")["value"]
    old = nation.observed("members").iloc[:1]
    falls = teeth().query("place == @NATION").dropna(subset="fall")
    steps = price_changes(nation, "2018-01", "2027-12")
    worst, last = max(steps, key=lambda step: step[2] / step[1]), steps[-1]
    losses = "; ".join(
        say(lang, vi="sau {m:t} {x:p}", en="after {m:t} {x:p}", m=r.month, x=r.fall) for r in frames.rows(falls)
    )
    return words.join(
        [
            say(
                lang,
                a=ends.index[0],
                n=ends.iloc[0],
                b=ends.index[-1],
                m=ends.iloc[-1],
                x=old.iloc[0],
                o=str(old.index[0]),
                times=ends.iloc[-1] / ends.iloc[0],
                vi="Từ cuối {a:T} đến cuối {b:T}, số người tham gia cả nước tăng từ {n:n} lên **{m:n}**, gấp "
                "{times:n1} "
                "lần (cuối {o:T}: {x:n} người, số nhớ lại, chưa kiểm chứng).",
                en="From {a:T} to {b:T} the nation's members rose from {n:n} to **{m:n}**, {times:n1} times as many "
                "({x:n} in {o:T}, recalled and not verified).",
            ),
            say(
                lang,
                losses=losses,
                vi="Nhưng số cuối năm là đỉnh của năm, nửa năm sau đã giảm, và mức giảm lớn dần. Phần mất trong sáu "
                "tháng sau, so với cuối năm: {losses}.",
                en="But counts peak at the end of each year and fall in the months after, by more each time. Lost in "
                "the following six months: {losses}.",
            ),
            say(
                lang,
                m=worst[0],
                a=worst[1],
                b=worst[2],
                up=worst[2] / worst[1] - 1,
                vi="Thay đổi lớn nhất về giá là vào {m:T}: mức đóng thấp nhất của người không thuộc diện ưu tiên tăng "
                "{up:p}, từ {a:d} lên {b:d} mỗi tháng.",
                en="The largest change of price came in {m:T}: the minimum contribution of an ordinary person rose by "
                "{up:p}, "
                "from "
                "{a:d} to {b:d} a month.",
            ),
            say(
                lang,
                m=last[0],
                up=last[2] / last[1] - 1,
                b=last[2],
                vi="Lần tăng sắp tới, {m:T}, là {up:p}, lên {b:d} mỗi tháng.",
                en="The next rise, in {m:T}, is {up:p}, to {b:d} a month.",
            ),
        ],
        " ",
    )


TALL = 1.12  # inches for each place


def _members(rows: pd.DataFrame, since: str, until: str) -> pd.DataFrame:
    """Rows of a history about members of all groups in some months, without those that contradict another."""
    members = with_plans(rows, "members")
    return members[members["month"].between(since, until)]


def _growth(rows: pd.DataFrame) -> float:
    """The last count as a multiple of the first one."""
    seen = observed(rows).sort_values("month", kind="stable")["value"]
    return float(seen.iloc[-1] / seen.iloc[0]) if len(seen) > 1 else 1.0


@redrawn
def saw_tooth(place: Place, lang: str = "vi", since: str = "2015-12", until: str = "2024-12") -> Picture:
    """Draw the counts of a place month by month, ends of years large, with each fall behind them in percent.

    Hollow dots were recalled and not verified, crosses contradict another figure of the same month; the dotted
    lines are months in which the price changed for an ordinary person. `place` is one with a December that was followed
    by a count (:func:`forecast.show.history.teeth`), else an error says so.
    """
    rows = observed(place.history, "members", "all")
    rows = rows[rows["month"].between(since, until)]
    falls = teeth(rows).dropna(subset="fall")
    if falls.empty:
        raise UserError("nothing to draw: no count of {place} within half a year behind a December", place=place.name)
    color, red = LOOKS[0][0], LOOKS[1][0]
    firm = counts(rows).drop_duplicates("month", keep="last")
    height = TEETH[narrow.on()]
    with style():
        picture, axes = sheet(
            say(
                lang,
                vi="{place}: cuối năm lên đỉnh, đầu năm tụt xuống",
                en="{place}: up at the end of the year, down after",
                place=place.name,
            ),
            say(
                lang,
                vi="Số người đang tham gia. Chấm lớn: cuối năm; chấm rỗng: số nhớ lại, chưa kiểm chứng; dấu "
                "chéo: mâu thuẫn với số khác cùng tháng; nét đứt: phần mất đi trong nửa năm sau",
                en="Members. Large dots: ends of years; hollow: recalled, not verified; crosses:\n"
                "contradict another figure; dashes: lost in the following six months",
            ),
            source_line(lang, place, simulated=False),
            height=height,
        )
        axes.set_position((0.12, 0.61 / height, 0.82, 1 - 2.08 / height))
        axes.plot(marks.numbers(firm["month"]), firm["value"], color=color, lw=1, ls=":")
        for row in frames.rows(rows):
            if row.status == "conflicting":  # on a white ground, since it lies on another dot
                axes.plot([marks.number(row.month)], [row.value], "x", ms=8, mew=4, color="white", zorder=6)
            look = (
                {"marker": "x", "ms": 6, "mew": 1.6, "color": INK, "zorder": 6}
                if row.status == "conflicting"
                else {
                    "marker": "o",
                    "ms": 9 if row.month.endswith("-12") else 5,
                    "mew": 1.5,
                    "mfc": "white" if row.status == "recalled" else color,
                    "color": color,
                }
            )
            axes.plot([marks.number(row.month)], [row.value], ls="", clip_on=False, **look)
        losses = []
        for r in frames.rows(falls):
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
            losses.append(say(lang, vi="sau {m:t} mất {x:p}", en="{x:p} gone after {m:t}", m=r.month, x=r.fall))
        ends = firm[firm["month"].str.endswith("-12")]
        texts = [(marks.number(r.month), r.value, words.number(r.value, lang), INK) for r in frames.rows(ends)]
        axes.set_ylim(0, rows["value"].max() * 1.16)
        marks.month_axis(axes, since, until, lang, most=6, pad=3)
        marks.dot_labels(picture, axes, texts)
        marks.law_ticks(picture, axes, price_changes(place, since, until), lang)
    return picture.describe(
        say(
            lang,
            vi="Số người tham gia tại {place}, cuối {a:t} {n:n} người, cuối {b:t} {m:n} người; {losses}.",
            en="Members in {place}: {n:n} in {a:t}, {m:n} in {b:t}; {losses}.",
            place=place.name,
            a=ends["month"].iloc[0],
            n=ends["value"].iloc[0],
            b=ends["month"].iloc[-1],
            m=ends["value"].iloc[-1],
            losses="; ".join(losses),
        )
    )


@redrawn
def side_by_side(names: Sequence[str], lang: str = "vi", since: str = "2018-01", until: str = "2025-12") -> Picture:
    """Draw what was counted and hoped for in several places, each with its own scale and all over the same months.

    `names` are those of places; dots are counts, stars are plans and targets.
    """
    shown_places, endpoints = [places.read_place(name) for name in names], []
    shown = [_members(place.history, since, until) for place in shown_places]
    height = 1.45 + TALL * len(shown_places)
    with style():
        picture, first = sheet(
            say(
                lang,
                vi="{k:n} trong {n:n} nơi có số người tham gia tăng gấp đôi trở lên",
                en="In {k:n} of {n:n} places members doubled or more",
                k=sum(_growth(rows) >= 2 for rows in shown),
                n=len(shown_places),
            ),
            say(
                lang,
                vi="Số người tham gia; mỗi nơi một thang đo riêng. Chấm: thực hiện; sao: kế hoạch, mục tiêu;\n"
                "vạch đứng: mức đóng thấp nhất thay đổi",
                en="Members; each place has its own scale. Dots: counted; stars: plans and targets;\n"
                "upright lines: the minimum contribution changed",
            ),
            say(
                lang,
                vi="Nguồn: {who}",
                en="Source: {who}",
                who=", ".join(
                    dict.fromkeys(
                        words.form(who, "publisher", lang) for place in shown_places for who in publishers(place)[:1]
                    )
                ),
            ),
            height=height,
        )
        for index, place in enumerate(shown_places):
            axes = first if index == 0 else picture.add_axes((0, 0, 0.1, 0.1))
            bottom = height - 1.0 - TALL * (index + 1) + 0.12
            axes.set_position((0.19, bottom / height, 0.76, (TALL - 0.12) / height))
            rows, texts = shown[index], []
            for r in frames.rows(rows):
                wish = r.kind in PLANNED
                axes.plot(
                    [marks.number(r.month)],
                    [r.value],
                    "*" if wish else "o",
                    ms=9 if wish else 6,
                    mew=0.8,
                    color=TARGET if wish else LOOKS[0][0],
                )
                texts.append((marks.number(r.month), r.value, words.number(r.value, lang), TARGET if wish else INK))
            for month, *_ in price_changes(place, since, until):
                axes.axvline(marks.number(month), color=MUTED, lw=0.9, ls=(0, (1, 2)))
            axes.text(
                -0.03,
                0.5,
                capital(words.form(place.name, "place", lang)),
                transform=axes.transAxes,
                ha="right",
                va="center",
                fontsize=10.5,
                color=LOOKS[0][0],
            )
            top = max(rows["value"].max(), 1)
            axes.set_ylim(-0.45 * top, 1.5 * top)  # room for the numbers under low dots
            axes.axhline(0, color=MUTED, lw=0.8)
            axes.spines["bottom"].set_visible(False)
            marks.month_axis(axes, since, until, lang, most=8, pad=10)
            box = axes.get_position()
            axes.set_position((0.19, box.y0, 0.76, box.height))
            axes.set_yticks([])
            if place is not shown_places[-1]:
                axes.set_xticklabels([])
                axes.tick_params(axis="x", length=0)
            marks.dot_labels(picture, axes, texts)
            seen = observed(rows).sort_values("month", kind="stable")
            endpoints += [
                say(
                    lang,
                    vi="{place}: {n:n} ({m:t})",
                    en="{place}: {n:n} ({m:t})",
                    place=place.name,
                    n=r.value,
                    m=r.month,
                )
                for r in frames.rows(seen.iloc[np.unique([0, -1])])
            ]
    return picture.describe(
        say(
            lang,
            vi="Số người tham gia đã công bố. {endpoints}.",
            en="Members as published. {endpoints}.",
            endpoints="; ".join(endpoints),
        )
    )
