"""Answers to what planners ask, as sentences in both languages; every number comes from the tables passed in."""

from collections.abc import Sequence
from typing import Any

import pandas as pd

from forecast.answer import stated
from forecast.answer.projection import Projection
from forecast.answer.stated import Figure
from forecast.data import frames
from forecast.data.vocabulary import PAYERS
from forecast.language import words
from forecast.language.words import Text, join, say, table, term
from forecast.question.scenario import Scenario
from forecast.show import costs, register
from forecast.show.target import goal

YEARS = "member_years"


def _of(comparison: pd.DataFrame, scenario: str, measure: str, group: str = "all", payer: str = "") -> Any:
    rows = comparison[
        (comparison["scenario"] == scenario)
        & (comparison["measure"] == measure)
        & (comparison["group"] == group)
        & (comparison["payer"].fillna("") == payer)
    ]
    return rows.iloc[0].to_dict() if len(rows) else None


def floor(comparison: pd.DataFrame, scenario: str, ways: pd.DataFrame, month: str, lang: str = "vi") -> Text:
    """Say what a rise of the floor costs in members, and how much of a top-up would undo it.

    `comparison` has `scenario` (the law as it is) beside the same months without the rise; `ways` is `decide.ways` with
    the members that there would be without the rise as its target; `month` is when the floor rises.
    """
    stated.tell(stated.added(comparison))
    register.ways(ways)
    lost = _of(comparison, scenario, "members")
    way = frames.at(ways.set_index("way"), "TopUp/all")
    lines = [
        say(
            lang,
            month=month,
            until=lost["month"],
            draws=lost["draws"],
            x=abs(lost["median"]),
            low=lost["low"],
            high=lost["high"],
            word={"vi": ("ít đi", "nhiều hơn"), "en": ("fewer", "more")}[lang][lost["median"] > 0],
            vi="Mức đóng tối thiểu tăng từ {month:t} làm số người tham gia vào {until:T} {word} khoảng {x:a} người so "
            "với không tăng (mức giữa của chênh lệch trong từng lần mô phỏng; khoảng dự báo 90%: {low:a} đến "
            "{high:a}; {draws:n} lần mô phỏng).",
            en="The rise of the floor in {month:T} leaves about {x:a} {word} members in {until:T} than without it (the "
            "median of the differences within each simulation; 90% interval: {low:a} to {high:a}; {draws:n} draws).",
        )
    ]
    if way["needed"] == way["needed"]:
        lines.append(
            say(
                lang,
                share=way["needed"],
                money=words.money(way["total"], lang, int(way["total"] < 1e10)),
                vi="Muốn bù lại với khả năng một nửa, phải hỗ trợ thêm {share:p} mức đóng tối thiểu cho "
                "mọi người; ngân sách và cơ quan BHXH chi thêm khoảng {money} trong cả kỳ.",
                en="A top-up of {share:p} of the contribution at the floor for everybody would offset the loss with a "
                "probability of one half; public budgets and the office pay about {money} more over all months.",
            )
        )
    else:
        lines.append(
            say(
                lang,
                most=way["most"],
                reached=words.below(words.Chance(way["probability_reached"], way["draws"]), 0.5, lang),
                vi="Mức hỗ trợ thêm cho mọi người từng thấy ({most:p}) không đủ bù lại: khả năng là {reached}, "
                "chưa tới "
                "một nửa.",
                en="The largest top-up for everybody that has been seen ({most:p}) does not offset it: the probability "
                "is {reached}, less than one half.",
            )
        )
    return join(lines, " ")


def model_communes(ways: pd.DataFrame, target: float, probability: float, lang: str = "vi") -> Text:
    """Say how many model communes a target takes, from `desk.target.ways`."""
    register.ways(ways)
    way = frames.at(ways.set_index("way"), "ModelCommunes")
    common = {
        "target": target,
        "p": probability,
        "most": way["most"],
        "draws": way["draws"],
        "now": words.Chance(way["probability_now"], way["draws"]),
        "reached": words.below(words.Chance(way["probability_reached"], way["draws"]), probability, lang),
    }
    if way["needed"] == way["needed"]:
        return say(
            lang,
            n=way["needed"],
            **common,
            vi="Để khả năng đạt {target:n} người là {p:p}, cần khoảng {n:n} xã điểm, chọn xã đông dân trước.",
            en="For a probability of {p:p} of {target:n} members, about {n:n} model communes are needed, the "
            "largest first.",
        )
    return say(
        lang,
        **common,
        vi="Dù làm ở {most:n} xã, phường đông dân nhất, mức cao nhất từng thấy, khả năng đạt {target:n} người "
        "cũng chỉ là "
        "{reached} (như hiện nay: {now:c}), chưa tới {p:p}. Cần nhiều xã điểm hơn mức đã từng thấy.",
        en="Even with the {most:n} largest communes as model communes, the most that has been seen, the probability of "
        "{target:n} members is only {reached} (as it is: {now:c}), not {p:p}. It takes more model communes than "
        "have been "
        "seen.",
    )


def feasible(answer: Projection, scenario: Scenario, lang: str = "vi", engine: str = "agents") -> Text:
    """Say which target the scenario's plan would have reached with probability 50%, 80% and 95%."""
    rows = answer.only(scenario=scenario.scenario, engine=engine, measure="members", group="all").at(goal(scenario).by)
    quantiles = rows.quantiles([0.05, 0.2, 0.5]).set_index("quantile")["value"]
    asked, draws = goal(scenario), int(rows.frame["draw"].nunique())
    head = (scenario.place.name, scenario.scenario, "members", asked.by, "all", engine)
    stated.tell(Figure(*head, f"quantile {p}", float(x), draws) for p, x in quantiles.items())
    return say(
        lang,
        n=draws,
        by=goal(scenario).by,
        target=goal(scenario).value,
        half=quantiles[0.5],
        most=quantiles[0.2],
        sure=quantiles[0.05],
        vi="Với các giải pháp của kế hoạch, chỉ tiêu vừa sức vào {by:t} là khoảng {half:a} người (khả năng một "
        "nửa), {most:a} người (80%) hay {sure:a} người (95%), thay vì {target:n} ({n:n} lần mô phỏng).",
        en="With the plan's levers, a target within reach by {by:T} is about {half:a} members (probability 50%), "
        "{most:a} (80%) or {sure:a} (95%), not {target:n} ({n:n} draws).",
    )


def side_by_side(
    comparison: pd.DataFrame,
    titles: dict[str, str],
    lang: str = "vi",
    group: str = "all",
    people: pd.DataFrame | None = None,
    plans: Sequence[Scenario] = (),
) -> Text:
    """Say which policy adds most member-years of `group`, over a table of them, money, price of one, what stayed.

    `comparison` is that of `desk.compare.comparison` for one engine, `titles` names the scenarios in the order wanted,
    `people` the tables of `additionality.table` (for the share that stays when the money stops). Below the table stands
    what the money of `plans` holds.
    """
    stated.tell(stated.added(comparison))
    rows = []
    for scenario, title in titles.items():
        years = _of(comparison, scenario, YEARS, group)
        money = [_of(comparison, scenario, "money", "all", p) for p in PAYERS if p != "members"]
        hours = _of(comparison, scenario, "unpaid_hours", "all")
        price = _of(comparison, scenario, "cost_per_member_year", "all", "public and donors")
        net = None
        if people is not None:
            net_rows = people[
                (people["scenario"] == scenario) & (people["measure"] == "net") & (people["group"] == "all")
            ]
            net = max(float(net_rows["median"].iloc[0]), 0.0) if len(net_rows) else None
        rows.append(
            {
                "what": title,
                "years": years["median"],
                "low": years["low"],
                "high": years["high"],
                "range": say(
                    lang, vi="{a:a} đến\u00a0{b:a}", en="{a:a} to\u00a0{b:a}", a=years["low"], b=years["high"]
                ),
                "money": sum(m["mean"] for m in money if m),
                "hours": hours["mean"] if hours else float("nan"),
                "price": price["median"] if price else float("nan"),
                "net": float("nan") if net is None else net,
            }
        )
    frame, forms = (
        pd.DataFrame(rows),
        {"what": "", "years": "a", "range": "", "money": "m1", "hours": "a", "price": "m1"},
    )
    if frame["hours"].isna().all():
        del forms["hours"]
    if frame["net"].notna().any():
        forms["net"] = "p"
    names = {
        name: term(f"column.{column}", lang)
        for name, column in (
            ("what", "policy"),
            ("years", "added_years"),
            ("range", "interval"),
            ("money", "all_money"),
            ("hours", "unpaid_hours"),
            ("price", "price_of_year"),
            ("net", "net_after"),
        )
    }
    shown = table(frame, lang, forms, {name: names[name] for name in forms})
    return join([_most(frame, lang, group), shown, costs.held(*plans, lang=lang), costs.of_year(lang)])


def _most(frame: pd.DataFrame, lang: str, group: str) -> Text:
    """Say which row of :func:`side_by_side` adds most, or loses most where none adds, and what the others do."""
    lost = (frame["years"] < 0).all()
    sign = -1 if lost else 1
    rows = frame.assign(more=sign * frame["years"]).sort_values("more", ascending=False, kind="stable")
    intervals = [
        say(
            lang,
            what=r.what,
            x=r.more,
            a=sign * (r.high if lost else r.low),
            b=sign * (r.low if lost else r.high),
            vi="{what} {x:a} ({a:a} đến {b:a})",
            en="{what} {x:a} ({a:a} to {b:a})",
        )
        for r in frames.rows(rows)
    ]
    whose = (
        {"vi": "", "en": ""}
        if group == "all"
        else {"vi": f" của {term(f'group.{group}', 'vi')}", "en": f" for the {term(f'group.{group}', 'en')}"}
    )
    values = {"first": f"**{rows['what'].iloc[0]}**", "intervals": "; ".join(intervals), "whose": whose[lang]}
    if lost:
        return say(
            lang,
            **values,
            vi="Tính theo số năm tham gia{whose}, mất nhiều nhất khi {first}. Số năm mất đi (khoảng dự báo 90%): "
            "{intervals}.",
            en="Most member-years{whose} are lost with {first}. Lost (90% interval): {intervals}.",
        )
    return say(
        lang,
        **values,
        vi="Tính theo số năm tham gia{whose}, đem lại nhiều nhất là {first}. Số năm tăng thêm (khoảng dự báo 90%): "
        "{intervals}.",
        en="Most member-years{whose} come from {first}. Added (90% interval): {intervals}.",
    )
