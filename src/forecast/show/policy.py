"""What a policy adds, among whom and at what cost: sentences, a table and pictures of paired differences."""

import numpy as np
import pandas as pd

from forecast.answer import stated
from forecast.answer.projection import Projection
from forecast.data import frames, places, tables
from forecast.data.places import Place
from forecast.data.tables import GROUPS, UserError
from forecast.data.vocabulary import GUARDED
from forecast.language import words
from forecast.language.words import Text, join, say, term
from forecast.question.scenario import Scenario
from forecast.show import marks
from forecast.show.picture import (
    GRID,
    LOOKS,
    Picture,
    against,
    capital,
    few_ticks,
    redrawn,
    sheet,
    short,
    signed,
    source_line,
    speaks,
    style,
)

LEAST = 0.5  # of a person or a member-year: less is nothing


_WHO = {
    "guarded": {
        "vi": "người nghèo, cận nghèo và đồng bào dân tộc thiểu số",
        "en": "poor, near-poor and minority people",
    },
    "poor": {"vi": "hộ nghèo và hộ cận nghèo", "en": "poor and near-poor people"},
}


_WHAT = {
    "years": {"vi": "năm tham gia", "en": "member-years"},
    "members": {"vi": "người tham gia", "en": "members"},
}


def added_text(
    comparison: pd.DataFrame,
    lang: str = "vi",
    scenario: Scenario | None = None,
    engine: str | None = None,
    base: str = "",
) -> Text:
    """Say what `scenario` (the first of the comparison when left out) adds in its last month, among whom, at what cost.

    `base` is the title of what it is compared with, if that is no status quo.
    """
    name = scenario.scenario if scenario is not None else comparison["scenario"].iloc[0]
    rows = comparison[comparison["scenario"] == name]
    engine = engine or speaks(rows)
    rows = rows[rows["engine"] == engine]
    stated.tell(stated.added(rows))
    members = rows[rows["measure"] == "members"].set_index("group")
    total = frames.at(members, "all")
    poor = members["median"].reindex(["poor", "near_poor"]).sum()
    few = poor / total["median"] if total["median"] > 0 else np.nan
    what = capital(words.title(scenario, lang)) if scenario is not None else name
    lines = [
        say(
            lang,
            what=what,
            x=total["median"],
            low=total["low"],
            high=total["high"],
            base=against(base, lang),
            month=total["month"],
            draws=total["draws"],
            vi="**{what}**: so với {base}, vào {month:T} có thêm khoảng {x:a} người (khoảng dự báo 90%: {low:a} – "
            "{high:a}; {draws:n} lần mô phỏng).",
            en="**{what}**: compared with {base} there are about {x:a} more members in {month:T} (90% interval: "
            "{low:a} to {high:a}; {draws:n} draws).",
        )
    ]
    losing = uneven(poor, total["median"], total["low"], lang, who="poor", what="members")
    if np.isfinite(few) and losing:
        lines.append(losing)
    elif np.isfinite(few) and few < 0.97:
        lines.append(
            say(
                lang,
                few=max(few, 0),
                vi="Hộ nghèo và hộ cận nghèo chiếm {few:p} phần tăng thêm.",
                en="Poor and near-poor people are {few:p} of that gain.",
            )
        )
    elif np.isfinite(few):
        lines.append(
            say(
                lang,
                vi="Phần tăng thêm hầu như đều là hộ nghèo và hộ cận nghèo.",
                en="Almost all of that gain are poor and near-poor people.",
            )
        )
    cost = rows[
        (rows["measure"] == "cost_per_member_year") & (rows["group"] == "all") & (rows["payer"] == "public and donors")
    ]
    if len(cost):
        lines.append(
            say(
                lang,
                x=cost["median"].iloc[0],
                low=cost["low"].iloc[0],
                high=cost["high"].iloc[0],
                vi="Mỗi năm tham gia tăng thêm, ngân sách, nhà hảo tâm và cơ quan BHXH chi "
                "khoảng {x:m1} (khoảng dự báo 90%: "
                "{low:m1} – {high:m1}).",
                en="Each additional member-year costs public budgets, donors and the office "
                "about {x:m1} (90% interval: {low:m1} "
                "to {high:m1}).",
            )
        )
    return join(lines, " ")


def paired_text(lang: str = "vi") -> Text:
    """Say what a paired comparison is."""
    return say(
        lang,
        vi="Phép so từng cặp: trong hai kịch bản là cùng những người ấy, cùng yếu tố ngẫu nhiên, chỉ khác "
        "chính sách. Phần tăng thêm là số người tham gia nhờ kế hoạch, không kể những người đằng nào "
        "cũng tham gia.",
        en="The comparison is paired: both scenarios have the same people with the same random numbers, and only the "
        "policy differs. What is added are people who join because of the plan, without those who would have "
        "joined anyway.",
    )


def uneven(
    part: float, whole: float, low: float, lang: str = "vi", *, who: str = "guarded", what: str = "years"
) -> Text:
    """Say who gains and who loses where the share that `part` is of `whole` says nothing; "" where it is a percentage.

    `part` and `whole` are member-years or members (`what`) that a policy adds among the poor (`who`: guarded, or poor)
    and in all; `low` is the low end of the interval of the whole, which is not clearly more than nothing where this is
    not.

    >>> uneven(117.0, 100.0, 20.0, "en", who="poor")
    'Poor and near-poor people gain about 117 member-years, more than all together (100): others lose about 17.'
    >>> uneven(30.0, 100.0, 20.0, "en")
    ''
    """
    values = {
        "who": _WHO[who][lang],
        "what": _WHAT[what][lang],
        "part": abs(part),
        "whole": whole,
        "others": abs(whole - part),
    }
    if not low > LEAST or not whole > LEAST:
        word = {"vi": ("thêm", "mất"), "en": ("gain", "lose")}[lang][int(part < 0)]
        sentence = say(
            lang,
            **values,
            word=word,
            vi="chưa chắc tính chung có tăng thêm hay không, nên không nói phần của từng nhóm; riêng {who} "
            "{word} khoảng {part:a} {what}.",
            en="it is not sure that anything is added in all, so that no share can be told; {who} {word} about "
            "{part:a} {what}.",
        )
    elif part > whole * 1.005:
        sentence = say(
            lang,
            **values,
            vi="{who} thêm khoảng {part:a} {what}, nhiều hơn cả mức tăng chung ({whole:a}): các nhóm khác mất "
            "khoảng {others:a}.",
            en="{who} gain about {part:a} {what}, more than all together ({whole:a}): others lose about {others:a}.",
        )
    elif part < -LEAST:
        sentence = say(
            lang,
            **values,
            vi="{who} mất khoảng {part:a} {what}, trong khi tính chung tăng {whole:a}: chỉ các nhóm khác được lợi.",
            en="{who} lose about {part:a} {what} while all together gain {whole:a}: only others gain.",
        )
    else:
        return Text("")
    return Text(capital(sentence))


@redrawn
def versus(
    comparison: pd.DataFrame,
    lang: str = "vi",
    measure: str = "members",
    titles: dict[str, str] | None = None,
    place: Place | None = None,
    plan: str = "",
    base: str = "",
) -> Picture:
    """Draw what each scenario adds to the base, by group: median and the interval that holds nine draws in ten.

    More than three scenarios are drawn as a whole only, or nobody would see them side by side. `comparison` is the
    frame of `decide.comparison`; `titles` gives scenarios a name for people, `plan` is the title of a single one,
    to stand over the picture, `base` that of the base if it is no status quo.
    """
    rows = comparison[comparison["measure"] == measure]
    if rows.empty:
        raise UserError("nothing to draw: the comparison has no {measure}", measure=measure)
    stated.tell(stated.added(rows))
    engine, titles = speaks(rows), titles or {}
    name = place.name if place is not None else str(rows["place"].iloc[0])
    several = rows["scenario"].nunique()
    tops = rows[(rows["engine"] == engine) & (rows["group"] == "all")].set_index("scenario")["median"]
    most = str(tops.idxmax())
    drawn = ("all", *GROUPS) if several <= 3 else ("all",)
    shown = pd.concat(
        [rows[(rows["engine"] == engine) & (rows["group"] == g)] for g in drawn]
        + [rows[(rows["engine"] != engine) & (rows["group"] == "all")]]
    )
    shown = pd.concat([part for _, part in frames.groups(shown, "scenario", observed=True, sort=False)])
    with style():
        picture, axes = sheet(
            say(
                lang,
                vi="{place}: {title} {n} {unit} vào {t:t}{after}",
                en="{place}: {title} {n} {unit} in {t:t}{after}",
                after=_second(tops, titles, name, lang),
                place=name,
                title=say(lang, vi="kế hoạch", en="the plan")
                if several == 1
                else say(
                    lang, vi="nhiều nhất là {who},", en="most by {who},", who=short(titles.get(most, most), name, lang)
                ),
                n=signed(tops[most], lang),
                unit=term(f"unit.{tables.MEASURES[measure]}", lang),
                t=rows["month"].iloc[0],
            ),
            (f"{short(plan, name, lang)}\n" if plan else "")
            + say(
                lang,
                month=rows["month"].iloc[0],
                draws=rows["draws"].max(),
                vi="{measure}, {month:T}: chênh so với {base} (vạch: khoảng 90%; {draws:n} lần mô phỏng)",
                en="{measure}, {month:T}: difference from {base} (line: 90% interval; {draws:n} draws)",
                base=against(base, lang),
                measure=capital(term(f"measure.{measure}", lang)),
            ),
            source_line(lang, place),
            height=1.5 + 0.42 * len(shown) + (0.2 if plan else 0),
        )
        inch = 1 / picture.get_figheight()
        axes.set_position((0.44, 0.55 * inch, 0.39, 1 - (1.65 if plan else 1.45) * inch))
        differences, bars = [], []
        for row in frames.records(shown):
            group, value = term(f"group.{row['group']}", lang), signed(row["median"], lang)
            parts = [] if several > 3 else [group]
            parts = [short(titles.get(row["scenario"], row["scenario"]), name, lang), *parts] if several > 1 else parts
            label, look = ": ".join(parts), LOOKS[0]
            if row["engine"] == engine:
                differences.append(f"{label} {value}")
            else:
                label, look = f"{label} ({term('engine.' + row['engine'], lang)})", LOOKS[1]
            bars.append(marks.Bar(capital(label), value, row["median"], row["low"], row["high"], *look))
        marks.hbars(axes, bars, width=32)
        axes.grid(False)
        axes.grid(True, axis="x", color=GRID)
        few_ticks(axes.xaxis, 4)
        axes.xaxis.set_major_formatter(lambda v, _: words.number(v, lang))
    return picture.describe(
        say(
            lang,
            vi="Chênh lệch so với {base}: {differences}.",
            en="Difference from {base}: {differences}.",
            differences="; ".join(differences),
            base=against(base, lang),
        )
    )


def _second(tops: pd.Series, titles: dict[str, str], place: str, lang: str) -> Text:
    """Return what a title adds that names the policy that adds most: the next one, and what that adds."""
    if len(tops) < 2:
        return say(lang, vi="", en="")
    ordered = tops.sort_values(ascending=False, kind="stable")
    name = str(ordered.index[1])
    values = {"who": short(titles.get(name, name), place, lang), "n": signed(float(ordered.iloc[1]), lang)}
    return say(lang, **values, vi="; kế đó {who}, {n}", en="; next {who}, {n}")


@redrawn
def groups(
    answer: Projection,
    scenario: Scenario | None = None,
    measure: str = "members",
    lang: str = "vi",
    engine: str | None = None,
) -> Picture:
    """Draw one small picture for each group, each with its own scale: who is reached and who is not."""
    frame = answer.only(measure=measure, group=list(GROUPS)).frame
    engine = engine or speaks(frame)
    name = scenario.scenario if scenario is not None else str(frame["scenario"].iloc[0])
    frame = frame[(frame["engine"] == engine) & (frame["scenario"] == name)]
    if frame.empty:
        raise UserError(
            "nothing to draw: no {measure} by group of engine {engine} for {name}",
            measure=measure,
            engine=engine,
            name=name,
        )
    place = scenario.place if scenario is not None else places.read_place(str(frame["place"].iloc[0]))
    frame = frame.assign(month=frame["month"].astype(str), group=frame["group"].astype(str))
    last = frame[frame["month"] == frame["month"].max()]
    stated.tell(stated.paths(last))
    ends = last.groupby("group")["value"].mean()
    medians = []
    with style():
        picture, first = sheet(
            say(
                lang,
                vi="{place}: {p} thuộc nhóm yếu thế vào {t:t}",
                en="{place}: {p} are poor, near-poor or minority in {t:t}",
                place=place.name,
                p=words.part(float(ends[list(GUARDED)].sum() / ends.sum()), lang),
                t=frame["month"].max(),
            ),
            say(
                lang,
                vi="{what} ({unit}), mỗi hình một thang đo riêng; dải nhạt: khoảng dự báo 90%",
                en="{what} ({unit}), each picture on its own scale; band: 90% interval",
                what=capital(term(f"measure.{measure}", lang)),
                unit=term(f"unit.{tables.MEASURES[measure]}", lang),
            ),
            source_line(lang, place),
            height=5.2,
        )
        for index, group in enumerate(GROUPS):
            axes = first if index == 0 else picture.add_axes((0, 0, 0.1, 0.1))
            axes.set_position((0.10 + 0.48 * (index % 2), 0.555 - 0.40 * (index // 2), 0.30, 0.235))
            wide = frame[frame["group"] == group].pivot(index="month", columns="draw", values="value").sort_index()
            x = marks.numbers(wide.index)
            low, middle, high = np.quantile(wide, (0.05, 0.5, 0.95), axis=1)
            color, pattern, _ = LOOKS[index]
            axes.fill_between(x, low, high, color=color, alpha=0.18, lw=0)
            axes.plot(x, middle, pattern, color=color, lw=2.2)
            axes.set_title(term(f"group.{group}", lang).capitalize(), loc="left", fontsize=10.5, color=color)
            axes.set_ylim(0, max(high.max() * 1.1, 1))
            marks.month_axis(axes, wide.index[0], wide.index[-1], lang, most=3)
            few_ticks(axes.yaxis, 3, integer=True)
            marks.end_labels(axes, [(x[-1], middle[-1], words.about(middle[-1], lang), color)])
            medians.append(f"{term(f'group.{group}', lang)} {words.about(middle[-1], lang)}")
    return picture.describe(
        say(
            lang,
            vi="{measure} tại {place} vào {m:t}, mức giữa theo nhóm: {medians}.",
            en="{measure} in {place} by {m:t}, medians by group: {medians}.",
            place=place.name,
            measure=term(f"measure.{measure}", lang).capitalize(),
            m=max(wide.index),
            medians="; ".join(medians),
        )
    )
