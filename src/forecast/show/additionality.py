"""What to say and to show about people whom a policy adds: who they are, what is paid for nothing, and who stays."""

from typing import Any

import numpy as np
import pandas as pd

from forecast.answer import stated
from forecast.data import frames
from forecast.data.places import Place
from forecast.data.tables import UserError
from forecast.desk import additionality
from forecast.language import words
from forecast.language.words import Text, join, say, term
from forecast.show import marks
from forecast.show.marks import INK, MUTED
from forecast.show.picture import LOOKS, Picture, against, few_ticks, redrawn, sheet, signed, source_line, style
from forecast.show.policy import uneven

SHOWN = ("because", "sooner", "already", "anyway", "instead")  # the order of the bars


QUALITY = ("paid_per_entry", "once", "active", "rush", "fall")  # what tells growth that lasts


def _all(table: pd.DataFrame, measure: str, **where: Any) -> Any:
    rows = table[(table["measure"] == measure) & (table["group"] == "all")]
    for column, value in where.items():
        rows = rows[rows[column] == value]
    return rows.iloc[0] if len(rows) else None


def people_text(table: pd.DataFrame, lang: str = "vi") -> Text:
    """Say who was added, who would have joined anyway, what was paid for nothing, and who stays."""
    stated.tell(stated.added(table))
    because, sooner = (_all(table, "persons", kind=k) for k in ("because", "sooner"))
    anyway = _all(table, "persons", kind="anyway")
    lines = [
        say(
            lang,
            n=because["median"],
            sooner=sooner["median"],
            anyway=anyway["median"],
            month=because["month"],
            draws=because["draws"],
            vi="Nhờ chính sách, khoảng {n:a} người tham gia mà nếu không có thì đến hết {month:T} vẫn chưa tham gia "
            "(kể cả "
            "người sau đó đã dừng đóng); khoảng {sooner:a} người tham gia sớm hơn; khoảng {anyway:a} người đằng nào "
            "cũng tham gia vào lúc ấy ({draws:n} lần mô phỏng).",
            en="About {n:a} people join because of the policy who otherwise would not have by {month:T} "
            "(those who have stopped since are counted too); about {sooner:a} join sooner; about {anyway:a} would have "
            "joined just then anyway ({draws:n} draws).",
        ),
    ]
    stayed, net = (_all(table, m) for m in ("stayed", "net"))
    if stayed is not None:
        lines.append(
            say(
                lang,
                stayed=max(stayed["median"], 0),
                net=max(net["median"], 0),
                month=stayed["month"],
                vi="Trong số người mà chính sách đã đưa vào khi nó kết thúc, đến {month:T} còn {stayed:p} đang tham "
                "gia; "
                "trừ đi những người mà đến lúc ấy đằng nào cũng đã tham gia thì còn {net:p} (chưa kể người tham gia "
                "sau khi chính sách kết thúc).",
                en="Of those whom the policy had brought in by the time it ended, {stayed:p} are members in {month:T}; "
                "less those who would be members by then without it, {net:p} (those who came after its end are not "
                "counted here).",
            )
        )
    for payer in ("province", "donors", "state"):
        dead = _all(table, "dead_weight", payer=payer)
        if dead is not None:
            lines.append(
                say(
                    lang,
                    x=dead["median"],
                    payer=term(f"payer.{payer}", lang),
                    vi="Khoảng {x:m1} do {payer} chi thêm rơi vào những tháng mà đằng nào cũng được đóng.",
                    en="Of the extra cost ({payer}), about {x:m1} goes to months that would have been paid for anyway.",
                )
            )
    creaming, guarded = _all(table, "creaming"), _all(table, "added", kind="guarded")
    total = _all(table, "added", kind="")
    if creaming is not None:
        lines.append(
            uneven(guarded["median"], total["median"], total["low"], lang)
            or say(
                lang,
                x=max(_all(table, "equity")["median"], 0),
                c=creaming["median"],
                vi="Người nghèo, cận nghèo và đồng bào dân tộc thiểu số được {x:p} số năm tham gia tăng thêm, bằng "
                "{c:n1} lần tỷ trọng của họ trong dân số thuộc diện.",
                en="Poor, near-poor and minority people get {x:p} of the additional member-years, {c:n1} times their "
                "share of the eligible people.",
            )
        )
    signs = additionality.paper(table)
    if signs:
        lines.append(
            say(
                lang,
                why="; ".join(term(f"paper.{s}", lang) for s in signs),
                vi="**Cảnh báo tăng trên giấy**: {why}.",
                en="**Growth on paper**: {why}.",
            )
        )
    return join(lines, " ")


def quality_table(table: pd.DataFrame, lang: str = "vi") -> Text:
    """Return the marks of growth that lasts or does not, each with its limit and whether it is beyond it."""
    stated.tell(stated.added(table))
    beyond, rows = additionality.paper(table), []
    for measure in QUALITY:
        row = _all(table, measure)
        if row is None:
            continue
        shape = "n1" if row["unit"] == "months" else "s" if measure == "active" else "p"
        limit, sign = additionality.PAPER.get(measure, (None, 1))
        if limit is not None and shape == "p" and row["median"] != limit and round(row["median"] - limit, 2) == 0:
            shape = "p1"  # so near the limit that whole percents would not show on which side of it
        bound = {"vi": "không quá {x:p}", "en": "at most {x:p}"}
        if sign < 0:
            bound = {"vi": "ít nhất {x:p}", "en": "at least {x:p}"}
        rows.append(
            {
                "what": term(f"quality.{measure}", lang),
                "median": words.form(row["median"], shape, lang),
                "range": say(
                    lang,
                    vi="{a} đến\u00a0{b}",
                    en="{a} to\u00a0{b}",
                    **{k: words.form(row[end], shape, lang) for k, end in (("a", "low"), ("b", "high"))},
                ),
                "limit": "–" if limit is None else say(lang, **bound, x=limit),
                "flag": term(f"flag.{'yes' if measure in beyond else 'no'}", lang) if limit is not None else "–",
            }
        )
    forms = dict.fromkeys(("what", "median", "range", "limit", "flag"), "")
    names = {"what": "measure", "median": "median", "range": "interval", "limit": "limit", "flag": "paper"}
    shown = words.table(pd.DataFrame(rows), lang, forms, {c: term(f"column.{n}", lang) for c, n in names.items()})
    active = _all(table, "active")
    if active is None or active["high"] < 1.005:
        return shown
    return join(
        [
            shown,
            say(
                lang,
                vi="Trên 100% nghĩa là số người đóng từ 9 tháng trở lên tăng nhiều hơn số người đang tham gia: chính "
                "sách còn làm cho những người đằng nào cũng tham gia đóng đều hơn.",
                en="Over 100% means that those who pay 9 months or more rise by more than members do: the policy also "
                "makes "
                "people who would have been members anyway pay more steadily.",
            ),
        ]
    )


@redrawn
def people(
    table: pd.DataFrame, lang: str = "vi", place: Place | None = None, title: str = "", base: str = ""
) -> Picture:
    """Draw the additional member-years by kind of people, with the 90% interval; `table` of one policy.

    `base` is the title of what it is compared with, if that is no status quo.
    """
    rows = table[(table["measure"] == "member_years") & (table["group"] == "all")]
    if rows.empty:
        raise UserError("nothing to draw: the table has no member_years of people")
    stated.tell(stated.added(rows))
    rows = rows.set_index("kind")
    rows = rows.reindex([k for k in SHOWN if k in rows.index])
    name, labelled_values, most = str(table["place"].iloc[0]), [], str(rows["median"].idxmax())
    with style():
        picture, axes = sheet(
            say(
                lang,
                vi="{place}: phần tăng thêm nhiều nhất là {kind} ({n})",
                en="{place}: the largest part of what is added: {kind} ({n})",
                place=name,
                kind=term(f"kind.{most}", lang)[:1].lower() + term(f"kind.{most}", lang)[1:],
                n=signed(rows["median"].max(), lang),
            ),
            (f"{title}\n" if title else "")
            + say(
                lang,
                vi="Số năm tham gia tăng thêm trong cả kỳ, so với {base}\n(vạch: khoảng dự báo 90%)",
                en="Additional member-years over all months, against {base}\n(line: 90% interval)",
                base=against(base, lang),
            ),
            source_line(lang, place),
            height=3.9 + (0.2 if title else 0),
        )
        inch = 1 / picture.get_figheight()
        axes.set_position((0.44, 0.55 * inch, 0.39, 1 - (1.65 if title else 1.45) * inch))
        bars = []
        for y, (kind, row) in enumerate(frames.pairs(rows)):
            color = LOOKS[0][0] if kind in ("because", "sooner") else MUTED
            axes.barh([y], [row["median"]], height=0.55, color=color, alpha=0.35)
            label, value = term(f"kind.{kind}", lang), signed(row["median"], lang)
            bars.append(marks.Bar(label, value, row["median"], row["low"], row["high"], color))
            labelled_values.append(f"{label} {value}")
        marks.hbars(axes, bars, size=7)
        axes.grid(False, axis="y")
        few_ticks(axes.xaxis, 4)
        axes.xaxis.set_major_formatter(lambda v, _: words.number(v, lang))
    return picture.describe(
        say(
            lang,
            vi="Số năm tham gia tăng thêm tại {place}: {labelled_values}.",
            en="Additional member-years in {place}: {labelled_values}.",
            place=name,
            labelled_values="; ".join(labelled_values),
        )
    )


@redrawn
def after(path: pd.DataFrame, place: Place, lang: str = "vi", title: str = "") -> Picture:
    """Draw what becomes of those whom a policy brought, before and after it ends; `path` is `additional.after`'s."""
    x, last = marks.numbers(path["month"]), path.index[path["acting"]].max() if path["acting"].any() else 0
    ends = last < len(path) - 1
    names = {name: name for name in (*stated.QUANTILES, "net")}
    stated.tell(stated.rows(path.iloc[[-1]], names, measure="members of those whom the policy brought"))
    with style():
        picture, axes = sheet(
            say(
                lang,
                vi="{place}: đến {t:t} còn {n:a} người, {m:a} nếu trừ người sau tự tham gia",
                en="{place}: {n:a} left in {t:t}, {m:a} without those who come by themselves",
                place=place.name,
                n=path["median"].iloc[-1],
                m=max(float(path["net"].iloc[-1]), 0.0),
                t=path["month"].iloc[-1],
            ),
            (f"{title[:1].upper()}{title[1:]}\n" if title else "")
            + say(
                lang,
                vi="Người đang tham gia. Dải: khoảng dự báo 90%",
                en="Members. Band: 90% interval",
            ),
            source_line(lang, place),
            height=4.2,
        )
        axes.set_position((0.11, 0.135, 0.62, 0.62))
        color, _, _ = LOOKS[0]
        other, pattern, _ = LOOKS[1]
        axes.fill_between(x, path["low"], path["high"], color=color, alpha=0.15, lw=0)
        axes.plot(x, path["median"], color=color, lw=2.2)
        axes.plot(x, path["net"].clip(lower=0), pattern, color=other, lw=2.0)
        top = 1.1 * np.max(path["high"])
        axes.set_ylim(0, max(top, 1))
        if ends:
            axes.axvline(x[last], color=INK, lw=1, ls=":")
            axes.text(
                x[last],
                axes.get_ylim()[1],
                say(lang, vi=" chính sách kết thúc", en=" the policy ends"),
                ha="left",
                va="top",
                fontsize=9,
                color=INK,
            )
        axes.yaxis.set_major_formatter(lambda v, _: words.number(v, lang))
        marks.month_axis(axes, path["month"].iloc[0], path["month"].iloc[-1], lang)
        final = path.iloc[-1]
        net = max(final["net"], 0.0)
        marks.end_labels(
            axes,
            [
                (
                    x[-1],
                    final["median"],
                    say(lang, vi="còn tham gia\n{n:a}", en="still members\n{n:a}", n=final["median"]),
                    color,
                ),
                (
                    x[-1],
                    net,
                    say(
                        lang,
                        vi="trừ người sau\ntự tham gia\n{n:a}",
                        en="net of those who\nwould have joined\n{n:a}",
                        n=net,
                    ),
                    other,
                ),
            ],
        )
    return picture.describe(
        say(
            lang,
            vi="{place}: đến {m:t} còn khoảng {n:a} người do chính sách đưa vào đang tham gia, trừ người tự tham gia "
            "sau đó còn {net:a}.",
            en="{place}: by {m:t} about {n:a} of those whom the policy brought are members, {net:a} "
            "net of those who would have joined anyway.",
            place=place.name,
            m=path["month"].iloc[-1],
            n=final["median"],
            net=net,
        )
    )
