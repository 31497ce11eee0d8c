"""Policies of one budget: what each adds, costs and leaves, and how often each is the best."""

import textwrap
from collections.abc import Iterable
from functools import partial
from typing import Any

import pandas as pd

from forecast.answer.stated import Figure, tell
from forecast.data import frames
from forecast.data.places import Place
from forecast.desk.equal_money import CRITERIA
from forecast.language import words
from forecast.language.words import Chance, Text, join, say, term
from forecast.question.scenario import Scenario
from forecast.show import ranking
from forecast.show.costs import adding, of_year
from forecast.show.marks import INK, MUTED, margin
from forecast.show.picture import GRID, LOOKS, Picture, bare, capital, few_ticks, redrawn, sheet, source_line, style

ROW, AXIS = 0.46, 0.3  # inches of a row, and of the ticks of an axis with its unit
PAID = ("state", "province", "donors", "office")  # whose money a table shows


def _heads(until: str, lang: str) -> dict[str, tuple[str, str, str]]:
    """Return for each measure its heading, the form of its numbers and their unit; `until` is the last month."""
    end = say(lang, vi="Người tăng thêm\nvào {t:t}", en="Members added\nin {t:t}", t=until)
    return {
        "years": (
            say(lang, vi="Số năm tham gia\ntăng thêm", en="Additional\nmember-years"),
            "a",
            say(lang, vi="năm", en="years"),
        ),
        "own_price": (
            say(lang, vi="Chi cho mỗi\nnăm ấy", en="Price of\neach"),
            "n2",
            say(lang, vi="triệu đồng", en="million VND"),
        ),
        "end": (end, "a", say(lang, vi="người", en="persons")),
    }


@redrawn
def beside(
    summary: pd.DataFrame, titles: dict[str, str], place: Place, until: str, lang: str = "vi", note: str = ""
) -> Picture:
    """Draw additional member-years, the price of one and what is left in the last month, with the 90% interval.

    `summary` is :func:`desk.equal_money.summary`, `titles` names scenarios in the order wanted, `until` is the last
    month, `note` says more under the title.
    """
    height = 1.95 + AXIS + ROW * len(titles)
    labelled_medians = []
    best, *after = sorted(titles, key=lambda name: -float(frames.at(summary, (name, "years"))["median"]))
    more = {name: float(frames.at(summary, (name, "years"))["median"]) for name in titles}
    following = (
        say(lang, vi="; kế đó {name}, {x:a}", en="; next {name}, {x:a}", name=titles[after[0]], x=more[after[0]])
        if after
        else ""
    )
    with style():
        picture, first = sheet(
            say(
                lang,
                vi="{place}: {title} thêm được nhiều năm tham gia nhất, {x:a}{following}",
                en="{place}: {title} adds most member-years, {x:a}{following}",
                place=place.name,
                title=titles[best],
                x=more[best],
                following=following,
            ),
            say(
                lang,
                vi="So với giữ nguyên cách làm cũ. Chấm: mức giữa; vạch: khoảng dự báo 90%",
                en="Against the status quo. Dot: median; line: 90% interval",
            )
            + say(
                lang,
                vi=".\nChi: ngân sách địa phương, nhà hảo tâm, cơ quan BHXH; không kể Nhà nước hỗ trợ",
                en=".\nPrice: local budget, donors, social insurance office, without the state's support",
            )
            + (f"\n{note}" if note else ""),
            source_line(lang, place),
            height=height,
        )
        base, tall = (0.42 + AXIS) / height, ROW * len(titles) / height
        for number, (measure, (head, spec, unit)) in enumerate(_heads(until, lang).items()):
            axes = first if number == 0 else picture.add_axes((0, 0, 0.1, 0.1))
            axes.set_position((0.285 + 0.245 * number, base, 0.13, tall))
            scale = 1e6 if measure == "own_price" else 1
            color = LOOKS[number][0]
            for y, (name, title) in enumerate(titles.items()):
                row = frames.at(summary, (name, measure)) / scale
                value = words.form(row["median"], spec, lang)
                axes.plot([row["low"], row["high"]], [y, y], color=color, lw=2.2)
                axes.plot([row["median"]], [y], marker=LOOKS[number][2], ms=7, color=color)
                margin(axes, y, value, 1.05, fontsize="medium", fontweight="bold")
                if number == 0:
                    margin(axes, y, textwrap.fill(capital(title), 22), -0.1, linespacing=1.1)
                labelled_medians.append(f"{title}: {head} {value}".replace("\n", " "))
            axes.axvline(0, color=INK, lw=1)
            axes.set(ylim=(len(titles) - 0.5, -0.5), yticks=[])
            few_ticks(axes.xaxis, 2)
            axes.xaxis.set_major_formatter(lambda v, _: words.number(v, lang, 0 if abs(v) >= 10 or v == 0 else 1))
            axes.tick_params(axis="x", labelsize=8)
            axes.set_xlabel(unit, fontsize=8)
            axes.set_title(head, fontsize=9, color=color, loc="left", linespacing=1.15)
            axes.grid(False)
            axes.grid(True, axis="x")
    return picture.describe("; ".join(labelled_medians) + ".")


@redrawn
def chances(rankings: pd.DataFrame, titles: dict[str, str], place: Place, until: str, lang: str = "vi") -> Picture:
    """Draw how often each policy is the best by each criterion, with the Monte Carlo error.

    `rankings` is :func:`forecast.desk.equal_money.best`, `until` the last month.
    """
    height, many = 1.65 + AXIS + ROW * len(titles), int(rankings["draws"].iloc[0])
    heads = {
        "years": say(lang, vi="nhiều năm tham\ngia tăng thêm", en="most additional\nmember-years"),
        "end": say(lang, vi="nhiều người nhất\nvào {t:t}", en="most members\nin {t:t}", t=until),
        "guarded": say(lang, vi="nhiều cho nhóm\nyếu thế", en="most for poor and\nminority people"),
    }
    labelled_chances, shares = [], _first(rankings, titles, CRITERIA[0])
    title, share_of = ranking.ranked(shares)[0]
    with style():
        picture, first = sheet(
            say(
                lang,
                vi="{place}: {title} đứng đầu nhiều lần nhất, {p:c}{rest}",
                en="{place}: {title} ranks first most often, {p:c}{rest}",
                place=place.name,
                title=title,
                p=share_of,
                rest=ranking.next_best(shares, lang),
            ),
            say(
                lang,
                n=many,
                vi="Phần của {n:n} lần mô phỏng mà chính sách đứng đầu, theo ba tiêu chí (vạch: sai số mô phỏng)",
                en="Share of {n:n} simulations in which a policy ranks first, by three criteria (line: their error)",
            ),
            source_line(lang, place),
            height=height,
        )
        base, tall = (0.42 + AXIS) / height, ROW * len(titles) / height
        for number, criterion in enumerate(CRITERIA):
            axes = first if number == 0 else picture.add_axes((0, 0, 0.1, 0.1))
            axes.set_position((0.285 + 0.245 * number, base, 0.105, tall))
            for y, (name, title) in enumerate(titles.items()):
                share = float(frames.at(rankings, name, criterion))
                off = words.error(share, many)
                axes.plot([0, 1], [y, y], color=GRID, lw=7, solid_capstyle="butt")
                axes.plot([0, share], [y, y], color=LOOKS[number][0], lw=7, solid_capstyle="butt")
                axes.plot([max(share - off, 0), min(share + off, 1)], [y, y], color=INK, lw=1.2)
                value = words.chance(Chance(share, many), lang)
                weight = "bold" if share == rankings[criterion].max() else "normal"
                margin(axes, y, value, 1.06, fontsize=8.5, fontweight=weight)
                if number == 0:
                    margin(axes, y, textwrap.fill(capital(title), 22), -0.1, linespacing=1.1)
                labelled_chances.append(f"{title}, {heads[criterion]} {value}".replace("\n", " "))
            axes.set(xlim=(0, 1), ylim=(len(titles) - 0.5, -0.5), yticks=[], xticks=[0, 0.5, 1])
            axes.xaxis.set_major_formatter(lambda v, _: words.percent(v, lang))
            axes.tick_params(axis="x", labelsize=7.5)
            axes.set_title(heads[criterion], fontsize=9, color=LOOKS[number][0], loc="left", linespacing=1.15)
            axes.grid(False)
            axes.grid(True, axis="x")
            axes.spines["bottom"].set_color(MUTED)
    return picture.describe(
        say(
            lang,
            vi="Đứng đầu tại {place}. {labelled_chances}.",
            en="Ranked first in {place}. {labelled_chances}.",
            place=place.name,
            labelled_chances="; ".join(labelled_chances),
        )
    )


def _first(chances: pd.DataFrame, titles: dict[str, str], criterion: str) -> dict[str, Chance]:
    """Return how often each policy ranks first by a criterion, by its title."""
    many = int(chances["draws"].iloc[0])
    return {title: Chance(float(frames.at(chances, name, criterion)), many) for name, title in titles.items()}


def titles(scenarios: Iterable[Scenario], lang: str = "vi") -> dict[str, str]:
    """Return the names for people of scenarios, the place left out of them."""
    return {s.scenario: bare(words.title(s, lang), s.place.name, lang) for s in scenarios}


def text(
    summary: pd.DataFrame,
    chances: pd.DataFrame,
    titles: dict[str, str],
    *,
    place: Place,
    stop: str,
    until: str,
    budget: float,
    lang: str = "vi",
    engine: str = "agents",
) -> Text:
    """Say which policy adds most for the budget, how sure that is, which leaves most, and which reaches the poor."""
    say_ = partial(say, lang)
    many = int(chances["draws"].iloc[0])
    head = {"place": place.name, "month": until, "group": "all", "engine": engine, "draws": many}
    tell(_figures(summary, chances, head))
    winner = {criterion: str(chances[criterion].idxmax()) for criterion in CRITERIA}
    common: dict[str, Any] = {f"{c}_name": titles[winner[c]] for c in winner}
    common |= {f"{c}_p": Chance(frames.at(chances, winner[c], c), many) for c in winner} | {"draws": many}
    common |= {f"{c}_rest": ranking.next_best(_first(chances, titles, c), lang) for c in winner}
    one = frames.at(summary, winner["years"])
    lines = [
        say_(
            place=place.name,
            budget=budget,
            stop=stop,
            until=until,
            x=one.at["years", "median"],
            low=one.at["years", "low"],
            high=one.at["years", "high"],
            price=one.at["own_price", "median"],
            **common,
            vi="**{place}**: cùng chi khoảng {budget:m1} đến {stop:t}, tính hết {until:t}, cách đem lại nhiều năm "
            "tham gia tăng thêm nhất là **{years_name}**: {x:a} năm (khoảng dự báo 90%: {low:a} – {high:a}), "
            "{price:m1} cho mỗi năm, không kể phần Nhà nước hỗ trợ. Cách ấy đứng đầu trong {years_p:c} của {draws:n} "
            "lần mô "
            "phỏng{years_rest}.",
            en="**{place}**: with about {budget:m1} spent by {stop:t} and judged up to {until:t}, most additional "
            "member-years come from **{years_name}**: {x:a} (90% interval: {low:a} to {high:a}), {price:m1} "
            "each, the state's support aside. It ranks first in {years_p:c} of {draws:n} simulations{years_rest}.",
        ),
        say_(
            **common,
            n=summary.at[(winner["end"], "end"), "median"],
            until=until,
            vi="Cuối {until:T}, còn nhiều người tăng thêm nhất là {end_name}: {n:a} người, đứng đầu trong {end_p:c} "
            "số lần{end_rest}.",
            en="At the end of {until:T} most is left of {end_name}: {n:a} members, first in {end_p:c} of "
            "the simulations{end_rest}.",
        ),
        say_(
            **common,
            n=summary.at[(winner["guarded"], "guarded"), "median"],
            vi="Cho hộ nghèo, cận nghèo và đồng bào dân tộc thiểu số, nhiều nhất là {guarded_name}: {n:a} năm, đứng "
            "đầu trong {guarded_p:c} số lần{guarded_rest}.",
            en="For poor, near-poor and minority people most comes from {guarded_name}: {n:a} "
            "member-years, first in {guarded_p:c}{guarded_rest}.",
        ),
    ]
    less = [titles[n] for n in titles if frames.at(summary, (n, "own"), "median") < 0.9 * budget]
    if less:
        lines.append(
            say_(
                names="; ".join(less),
                vi="Không tiêu hết số tiền ấy: {names}.",
                en="These measures cannot absorb the budget: {names}.",
            )
        )
    return join(lines, " ")


def _figures(summary: pd.DataFrame, chances: pd.DataFrame, head: dict[str, Any]) -> list[Figure]:
    """Return the figures of policies beside one another: what each adds, and how often it ranks first."""
    figures = [
        Figure(scenario=scenario, measure=f"added: {measure}", statistic=name, value=float(row[name]), **head)
        for (scenario, measure), row in frames.pairs(summary)
        for name in ("low", "median", "high", "mean")
    ]
    return figures + [
        Figure(scenario=str(scenario), measure=f"added: {c}", statistic="ranks first", value=float(row[c]), **head)
        for scenario, row in frames.pairs(chances)
        for c in CRITERIA
    ]


def table(summary: pd.DataFrame, titles: dict[str, str], lang: str = "vi") -> Text:
    """Return policies beside one another, one row each: what is added, the price of a year, money by payer, hours.

    Money is the mean of the draws, so that payers add up to the total.
    """
    rows = []
    for name, title in titles.items():
        one = frames.at(summary, name)
        rows.append(
            {
                "what": title,
                "years": one.at["years", "median"],
                "range": _between(one, "years", "a", lang),
                "price": one.at["price", "median"] / 1e6,
            }
            | (money := {payer: one.at[payer, "mean"] / 1e9 for payer in PAID})
            | {"total": adding(money.values(), 2), "hours": one.at["hours", "mean"]}
        )
    names = {
        "what": term("column.policy", lang),
        "years": term("column.added_years", lang),
        "range": term("column.interval", lang),
        "price": term("column.price_of_year", lang) + say(lang, vi=" (triệu đồng)", en=" (million VND)"),
    }
    billions = say(lang, vi=" (tỷ đồng)", en=" (billion VND)")
    names |= {payer: term(f"payer.{payer}", lang) + billions for payer in PAID}
    names |= {"total": term("column.total", lang) + billions, "hours": term("column.unpaid_hours", lang)}
    forms = {"what": "", "years": "a", "range": ""} | dict.fromkeys((*PAID, "total"), "n2")
    forms |= {"hours": "a", "price": "n1"}
    return words.join([words.table(pd.DataFrame(rows), lang, forms, names), of_year(lang)])


def left_table(summary: pd.DataFrame, titles: dict[str, str], stop: str, until: str, lang: str = "vi") -> Text:
    """Return what is left of each policy in the months `stop` and `until`, and whom it reached: one row each."""
    silent = summary.xs("active", level="measure")["median"].isna().all()
    rows: list[dict[str, Any]] = [
        {
            "what": title,
            "stop": summary.at[(name, "stop"), "median"],
            "end": summary.at[(name, "end"), "median"],
            "range": _between(frames.at(summary, name), "end", "a", lang),
            "left": summary.at[(name, "left"), "median"],
            "active": summary.at[(name, "active"), "median"],
            "share": float(frames.at(summary, (name, "share"), "median")),
        }
        for name, title in titles.items()
    ]
    names = {
        "what": term("column.policy", lang),
        "stop": say(lang, vi="tăng thêm vào {t:t}", en="added in {t:t}", t=stop),
        "end": say(lang, vi="tăng thêm vào {t:t}", en="added in {t:t}", t=until),
        "range": term("column.interval", lang),
        "left": say(lang, vi="còn lại", en="left"),
        "active": say(lang, vi="người đóng đều tăng thêm", en="added who pay steadily"),
        "share": say(
            lang, vi="phần của hộ nghèo, cận nghèo, dân tộc thiểu số", en="share of poor, near-poor, minority people"
        ),
    }
    forms = {"what": "", "stop": "a", "end": "a", "range": "", "left": "p", "active": "a", "share": "s"}
    if silent:
        del forms["active"]
    over = say(
        lang,
        vi="Trên 100% nghĩa là những nhóm ấy tăng nhiều hơn cả mức tăng chung: các nhóm khác giảm.",
        en="Over 100% means that these groups gain more than all together: others lose members.",
    )
    shown = words.table(pd.DataFrame(rows), lang, forms, names)
    return join([shown, over]) if any(float(row["share"]) >= 1.005 for row in rows) else shown


def _between(one: pd.DataFrame, measure: str, spec: str, lang: str) -> str:
    low, high = (words.form(one.at[measure, end], spec, lang) for end in ("low", "high"))
    return say(lang, vi="{a} đến\u00a0{b}", en="{a} to\u00a0{b}", a=low, b=high)
