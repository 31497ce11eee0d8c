"""What the decision desk says: a search in sentences, as JSON, and as a scenario file that is ready to be run."""

import pandas as pd
import yaml

from forecast.language import words
from forecast.language.words import Text, join, listing, say, term
from forecast.show import gains, sentences

WHY = {
    "levers": {
        "vi": "**Không thể đạt bằng các giải pháp đã cho**: dùng tất cả ở mức cao nhất, không kể tiền, khả năng đạt "
        "{target:n} người vào {by:t} cũng chỉ là {most}, chưa tới {p:p}.",
        "en": "**Cannot be reached with the levers given**: all of them at their highest, whatever the money, give "
        "{target:n} by {by:t} a probability of {most}, not {p:p}.",
    },
    "budget": {
        "vi": "**Không thể đạt trong ngân sách {budget:m}**: khả năng cao nhất tìm được là {found}, chưa tới {p:p}. "
        "Không kể tiền thì có thể tới {high:c}.",
        "en": "**Cannot be reached within {budget:m}**: the highest probability that was found is {found}, not "
        "{p:p}. Whatever the money, it can be {high:c}.",
    },
    "share": {
        "vi": "**Không thể đạt khi phải dành ít nhất {share:p} phần tăng thêm cho hộ nghèo, cận nghèo và người dân tộc "
        "thiểu số** trong ngân sách {budget:m}: tổ hợp gần nhất cho khả năng {found}.",
        "en": "**Cannot be reached with at least {share:p} of the gain for poor, near-poor and minority people** "
        "within {budget:m}: the nearest mix gives a probability of {found}.",
    },
    "stay": {
        "vi": "**Không thể đạt khi ít nhất {stay:p} số người tăng thêm phải còn tham gia sau một năm kể từ khi thôi hỗ "
        "trợ, vận động**, trong ngân sách {budget:m}: tổ hợp gần nhất cho khả năng {found}.",
        "en": "**Cannot be reached if at least {stay:p} of the added members must still be there a year after the "
        "levers end**, within {budget:m}: the nearest mix gives a probability of {found}.",
    },
}


def optimum_text(optimum, lang: str = "vi") -> Text:
    """Say what a search found, at what cost, and what is left of its promise on simulations it had not seen."""
    target, promised, verified = optimum.scenario.target, optimum.promised, optimum.verified
    common = {"target": target.value, "by": target.by, "p": optimum.probability, "budget": optimum.budget,
              "share": optimum.poor_share, "stay": optimum.least_stay, "high": optimum.most,
              "most": words.below(optimum.most, optimum.probability, lang)}  # fmt: skip
    lower = min(promised.probability, verified.probability)
    common["found"] = words.below(lower, optimum.probability, lang)
    if optimum.met:
        common |= {"cost": verified.cost, "low": verified.cost_low, "high": verified.cost_high, "base": optimum.base}
        head = say(lang, **common,
                   vi="Tổ hợp rẻ nhất tìm được để đạt {target:n} người vào {by:t} với khả năng ít nhất {p:p} (nếu "
                   "không làm thêm: {base:c}) tốn thêm khoảng **{cost:m}** cả giai đoạn (9 phần 10 khả năng trong "
                   "khoảng {low:m} – {high:m}; ngân sách {budget:m}).",
                   en="The cheapest mix found that gives {target:n} by {by:t} a probability of at least {p:p} "
                   "({base:c} without it) costs about **{cost:m}** more over all months (nine in ten between {low:m} "
                   "and {high:m}; budget {budget:m}).")  # fmt: skip
    else:
        said = WHY[optimum.why]
        head = say(lang, **common, vi=said["vi"], en=said["en"])
        head = join([head, say(lang, cost=verified.cost, top=verified.cost_high,
                               vi="Tốt nhất tìm được, tốn thêm khoảng {cost:m} (cứ 20 lần thì 19 lần không quá "
                               "{top:m}, và ngân sách phải đủ cho cả 19 lần ấy):",
                               en="The best that was found costs about {cost:m} more (19 times in 20 at most "
                               "{top:m}, and the budget has to hold in all of these):")], " ")  # fmt: skip
    loss = say(
        lang, a=promised.probability, b=verified.probability, n=abs(optimum.optimism) * 100,
        se=(promised.standard_error**2 + verified.standard_error**2) ** 0.5 * 100,
        word={"vi": ("giảm", "tăng"), "en": ("lost", "gained")}[lang][optimum.optimism < 0],
        vi="Khả năng khi tìm: **{a:p1}**; kiểm lại bằng các lần mô phỏng mới: **{b:p1}** ({word} {n:n1} điểm phần "
        "trăm; sai số mô phỏng {se:n1}).",
        en="Probability promised by the search: **{a:p1}**; verified with new simulations: **{b:p1}** ({word} {n:n1} "
        "points; error of the simulation {se:n1}).")  # fmt: skip
    years = verified.member_years
    share = gains.uneven(verified.guarded_share * years, years, years, lang) or say(
        lang, share=verified.guarded_share, years=years,
        vi="Phần của hộ nghèo, cận nghèo và người dân tộc thiểu số trong khoảng {years:a} năm tham gia tăng thêm: "
        "{share:p}.",
        en="Of about {years:a} additional member-years, {share:p} go to poor, near-poor and minority people."
    )  # fmt: skip
    stays = say(lang, stay=verified.stay, least=optimum.least_stay,
                vi="Một năm sau khi mọi giải pháp của tổ hợp kết thúc, còn {stay:p} số người tăng thêm vẫn tham gia "
                "(yêu cầu ít nhất {least:p}).",
                en="A year after all levers of the mix have ended, {stay:p} of the added members are still there (at "
                "least {least:p} was asked for).")  # fmt: skip
    paid = listing(f"{_payer(name, lang)}: {words.money(vnd, lang)}" for name, vnd in verified.by_payer.items())
    return join([head, sentences.levers(optimum.scenario, lang), loss, share, stays,
                 say(lang, vi="Ai trả thêm:", en="Who pays more:"), paid])  # fmt: skip


def _payer(name: str, lang: str) -> str:
    return term("measure.spent_outreach" if name == "outreach" else f"measure.paid_{name}", lang)


def optimum_record(optimum) -> dict:
    """Return a search as plain values, for optimum.json."""
    target = optimum.scenario.target
    columns = ["cost", "cost_high", "probability", "guarded_share", "stay"]
    return {
        "asked": {"budget": optimum.budget, "probability": optimum.probability, "poor_share": optimum.poor_share,
                  "least_stay": optimum.least_stay},
        "target": target.model_dump(),
        "met": optimum.met,
        "why": optimum.why,
        "says": {lang: str(optimum_text(optimum, lang)) for lang in ("vi", "en")},
        "probability_without": optimum.base,
        "probability_at_most": optimum.most,
        "promised": optimum.promised._asdict(),
        "verified": optimum.verified._asdict(),
        "optimism": optimum.optimism,
        "levers": scenario_form(optimum.scenario)["policy"],
        "front": _records(optimum.tried[optimum.tried["front"]], columns),
        "front_of_equity": _records(optimum.tried[optimum.tried["fair"]], columns),
        "mixes_tried": len(optimum.tried),
    }


def _records(rows: pd.DataFrame, columns: list[str]) -> list[dict]:
    return [{name: float(row[name]) for name in columns} for row in rows[columns].to_dict("records")]


def scenario_form(scenario) -> dict:
    """Return a scenario in the form of its file."""
    levers = []
    for lever in scenario.policy.levers:
        said = lever.model_dump(mode="json", exclude_none=True, exclude_defaults=True)
        said.pop("lever", None)
        levers.append({"lever": type(lever).__name__} | said)
    assumptions = {
        name: given if isinstance(given, (int, float)) else given.model_dump()
        for name, given in scenario.assumptions.items()
    }
    return {
        "scenario": scenario.scenario,
        "title": dict(scenario.title),
        "place": scenario.place.name,
        "start": scenario.start,
        "until": scenario.until,
        "target": scenario.target.model_dump(exclude_none=True, exclude_defaults=True) if scenario.target else None,
        "policy": levers,
        "assumptions": assumptions,
    }


def scenario_yaml(scenario) -> str:
    """Return a scenario as the text of its file.

    >>> from forecast import toy
    >>> from forecast.question.scenario import Scenario
    >>> print(scenario_yaml(Scenario("x", toy.place(), start="2021-12", until="2022-12", law=toy.law())))
    scenario: x
    place: Toy
    start: 2021-12
    until: 2022-12
    policy: []
    <BLANKLINE>
    """
    form = {k: v for k, v in scenario_form(scenario).items() if v or k == "policy"}
    text = yaml.safe_dump(form, allow_unicode=True, sort_keys=False, width=120)
    return text.replace("'", "") if _plain(form, text) else text


def _plain(form: dict, text: str) -> bool:
    """Months are quoted by the writer, and read the same without quotes; keep the quotes where that is not so."""
    return yaml.safe_load(text.replace("'", "")) == form
