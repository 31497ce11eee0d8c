"""Policies beside one another for the same money: what each adds, for whom, at what price, and what is left of it.

A researcher who compares a large policy with a small one learns mostly their sizes. Here each alternative is made as
large as a budget allows, acts in the same months, and is judged by the same people with the same luck, up to years
after its end. Money that is held equal is what an office decides about: its outreach, the province's and donors' money.
The state's share of the contribution is due by law; it is shown and not held equal.
"""

from collections.abc import Iterable
from functools import partial

import pandas as pd

from forecast.answer.projection import Projection
from forecast.data import tables
from forecast.desk.additionality import GUARDED
from forecast.desk.target import INTERVAL, PAYERS, effort_now
from forecast.experiment.project import project
from forecast.language import words
from forecast.language.words import Text, join, say, term
from forecast.question import menu
from forecast.question.levers import Collectors, Gift, ModelCommunes, PaymentAdvice, Policy, Reminders, TopUp, Visits
from forecast.question.plan import GROUPS, Where
from forecast.question.scenario import Scenario

OWN = ("province", "donors", "outreach")  # payers whose money is held equal
PAID = ("state", "province", "donors", "outreach")  # whose money a table shows
CRITERIA = ("years", "end", "guarded")  # what a policy may be best in: columns of `draws`
EXACT = 0.02  # how near to the budget is near enough


def ending(scenario: Scenario, end: str) -> Scenario:
    """Return the scenario with no lever acting after the month `end`.

    >>> import forecast as f
    >>> plan = f.Scenario("visits", f.toy.place(), start="2021-12", until="2023-12", law=f.toy.law(),
    ...                   policy=f.Policy(f.Visits(count=9), f.TopUp(share=0.1, end="2022-02")))
    >>> [lever.end for lever in ending(plan, "2022-06").policy.levers]
    ['2022-06', '2022-02']
    """
    levers = [lever.model_copy(update={"end": min(lever.end or end, end)}) for lever in scenario.policy.levers
              if not lever.start or lever.start <= end]  # fmt: skip
    return _named(scenario, scenario.scenario, Policy(*levers), scenario.title)


def priced(scenario: Scenario) -> Scenario:
    """Return the scenario with the price of data/evidence.csv for each lever that has one and was given none.

    A plan whose collectors cost nothing would win every comparison. A commission is paid from what is collected, and is
    counted nowhere.

    >>> import forecast as f
    >>> plan = f.Scenario("visits", f.toy.place(), start="2021-12", until="2023-12", law=f.toy.law(),
    ...                   policy=f.Policy(f.Visits(count=9), f.Drive(per_month=1, unit_cost=5.0)))
    >>> [lever.unit_cost for lever in priced(plan).policy.levers]
    [30000.0, 5.0]
    """
    price = menu.cost_table()["value"]
    levers = [lever.model_copy(update={"unit_cost": lever.unit_cost or float(price.get(_priced_by(lever), 0.0))})
              for lever in scenario.policy.levers]  # fmt: skip
    return _named(scenario, scenario.scenario, Policy(*levers), scenario.title)


def _priced_by(lever) -> str:
    return menu.PRICES.get(type(lever).__name__, "")


def free(scenario: Scenario, lang: str = "vi") -> Text:
    """Say which levers of a plan have no price in any table, so that its money is counted too low; "" if all have."""
    names = [type(lever).__name__ for lever in scenario.policy.levers
             if not lever.unit_cost and type(lever).__name__ not in ("TopUp", "Gift")]  # fmt: skip
    told = "; ".join(dict.fromkeys(term(f"lever.{name}", lang) for name in names))
    if not told:
        return Text("")
    return say(lang, told=told, what=words.title(scenario, lang),
               vi="Chưa biết giá nên tính là không tốn tiền trong “{what}”: {told}. Hoa hồng của nhân viên thu trích "
               "từ số thu và cũng không tính ở đây.",
               en="Without a known price, and counted as free in “{what}”: {told}. Commissions of collectors are paid "
               "from what is collected and are not counted either.")  # fmt: skip


def alternatives(base: Scenario, budget: float, ways: Iterable[str], *, start: str, end: str, draws: int = 12,
                 seed: int = 1) -> list[Scenario]:  # fmt: skip
    """Return for each way a scenario on top of `base` that costs the `budget` (VND, of :data:`OWN` payers, median).

    Ways: top_up (for everybody), top_up_poor (for the poor and near-poor), books (for the poor, for a year),
    collectors, visits, model_communes (the largest first), renewals (lists of due members, and advice to pay for a
    year). Each acts from month `start` to `end`, at the prices of data/evidence.csv. How large it is is found with the
    stock engine; one that cannot spend the budget is as large as it can be, and its cost tells. A name that is none of
    these is an error.
    """
    makers = _makers(base, start, end)
    ways = list(ways)
    unknown = [way for way in ways if way not in makers]
    if unknown:
        raise tables.UserError(f"no way {unknown[0]!r} to spend a budget; expected some of {', '.join(makers)}")
    if not budget > 0:
        raise tables.UserError(f"budget: {budget:g} VND; expected more than 0")
    usual = own_money(project(base, ["stock"], draws=draws, seed=seed, jobs=1, progress=False))
    return [_sized(base, way, *makers[way], budget, usual, draws, seed) for way in ways]


def _makers(base: Scenario, start: str, end: str) -> dict[str, tuple]:
    """Return for each way the most there can be of it, and what makes its levers of an amount."""
    price = menu.cost_table()["value"]
    when = {"start": start, "end": end}
    now = effort_now(base)[0]
    poor = base.place.group_sizes().sum(axis=0)[GROUPS.index("poor")]
    months = max(tables.month_index(tables.month(end)) - tables.month_index(tables.month(start)) + 1, 1)

    def cost(lever):
        return {"unit_cost": float(price[menu.PRICES[lever]])} | when

    return {
        "top_up": (1.0, lambda x: [TopUp(share=x, **when)]),
        "top_up_poor": (1.0, lambda x: [TopUp(share=x, group=g, **when) for g in ("poor", "near_poor")]),
        "books": (poor / months, lambda x: [Gift(persons_per_month=x, months=12, group="poor", **when)]),
        "collectors": (3 * now + 1, lambda x: [Collectors(count=now + x, per="place", **cost("Collectors"))]),
        "visits": (base.place.households, lambda x: [Visits(count=x, per="place", **cost("Visits"))]),
        "model_communes": (
            len(base.place.communes),
            lambda x: [ModelCommunes(where=Where(count=max(round(x), 1)), **cost("ModelCommunes"))],
        ),
        "renewals": (
            1.0,
            lambda x: [Reminders(share=x, **cost("Reminders")), PaymentAdvice(share=x, **cost("PaymentAdvice"))],
        ),
    }


def _sized(base, way, most, make, budget, usual, draws, seed) -> Scenario:
    """Return the scenario of one way whose own money is the budget, or the largest there can be."""
    titles = {lang: term(f"way.{way}", lang) for lang in words.LANGS}

    def at(amount: float) -> Scenario:
        return _named(base, way, Policy(*base.policy.levers, *make(amount)), titles)

    def over(amount: float) -> float:
        answer = project(at(amount), ["stock"], draws=draws, seed=seed, jobs=1, progress=False)
        return float((own_money(answer) - usual).median()) - budget

    low, high = (0.0, -budget), (most, over(most))
    if high[1] <= 0:
        return at(most)
    for _ in range(12):  # most ways cost in proportion to their size, so that a chord soon meets the budget
        amount = low[0] - low[1] * (high[0] - low[0]) / (high[1] - low[1])
        missed = over(amount)
        if abs(missed) < EXACT * budget:
            break
        low, high = ((amount, missed), high) if missed < 0 else (low, (amount, missed))
    return at(float(f"{amount:.3g}"))


def _named(base: Scenario, name: str, policy: Policy, title: dict) -> Scenario:
    fields = {field: getattr(base, field) for field in type(base).model_fields}
    return Scenario(**fields | {"scenario": name, "policy": policy, "title": title})


def own_money(answer: Projection) -> pd.Series:
    """Return what the province, donors and outreach pay over all months, VND by draw, in an answer of one scenario."""
    rows = answer.only(measure=[PAYERS[p] for p in OWN], group="all").frame
    return rows.groupby("draw", observed=True)["value"].sum()


def draws(answer: Projection, base: str, stop: str, engine: str = "agents") -> pd.DataFrame:
    """Return what each policy adds to the scenario `base` in each draw, paired.

    Index: scenario, draw. Columns: years (additional member-years), guarded (those of poor, near-poor and minority
    people), stop and end (additional members when the policies end, month `stop`, and in the last month), active
    (additional members in the last month who paid 9 of 12 months; nan where the engine is silent), the money of each
    payer (VND), own (that of :data:`OWN`) and public (all but the members').
    """
    gaps = answer.only(engine=engine).versus(base).frame
    keys = ["scenario", "draw"]

    def total(measure, months=None, group="all"):
        rows = gaps[(gaps["measure"] == measure) & gaps["group"].isin([group] if isinstance(group, str) else group)]
        rows = rows if months is None else rows[rows["month"].astype(str).isin(months)]
        return rows.groupby(keys, observed=True)["value"].sum()

    last = gaps["month"].astype(str).max()
    found = {"years": total("members") / 12, "guarded": total("members", group=GUARDED) / 12,
             "stop": total("members", [stop]), "end": total("members", [last]),
             "active": total("active_9of12", [last])}  # fmt: skip
    frame = pd.DataFrame(found | {payer: total(measure) for payer, measure in PAYERS.items()})
    money = [payer for payer in PAYERS if payer != "members"]
    return frame.assign(own=frame[list(OWN)].sum(axis=1), public=frame[money].sum(axis=1))


def summary(rows: pd.DataFrame) -> pd.DataFrame:
    """Return median, low and high (90%) of each policy and measure of :func:`draws`, and of what a year costs.

    Index: scenario, measure. Beside the columns of `rows` there are price (public money and donors' for each additional
    member-year, VND; of draws that add at least half of one), own_price (the same of :data:`OWN`), share (of the
    additional member-years that goes to poor, near-poor and minority people) and left (of the members that a policy had
    added when it ended, how much of it there is in the last month).
    """
    years, stop = rows["years"].where(rows["years"] > 0.5), rows["stop"].where(rows["stop"] > 0.5)
    part = rows["guarded"] / years
    more = rows.assign(price=rows["public"] / years, own_price=rows["own"] / years, share=part,
                       left=rows["end"] / stop)  # fmt: skip
    tall = more.stack(future_stack=True).rename_axis(["scenario", "draw", "measure"])
    ends = tall.groupby(["scenario", "measure"], observed=True).quantile([INTERVAL[0], 0.5, INTERVAL[1]]).unstack()
    ends.columns = ["low", "median", "high"]
    return ends


def best(rows: pd.DataFrame, criteria: Iterable[str] = CRITERIA) -> pd.DataFrame:
    """Return how often each policy is the best: the share of draws in which it adds most, by criterion.

    Index: scenario, in the order of `rows`; a column for each criterion, a column of :func:`draws`. A draw in which two
    are equal gives each its part, and one in which nothing is added is nobody's.

    >>> at = pd.MultiIndex.from_product([["a", "b"], [0, 1]], names=["scenario", "draw"])
    >>> best(pd.DataFrame({"years": [3.0, 1.0, 2.0, 2.0]}, index=at), ["years"])["years"].tolist()
    [0.5, 0.5]
    """
    found = {}
    for criterion in criteria:
        wide = rows[criterion].unstack("scenario")
        top = wide.eq(wide.max(axis=1), axis=0) & (wide > 0)
        found[criterion] = top.div(top.sum(axis=1).clip(lower=1), axis=0).mean()
    order = rows.index.get_level_values("scenario").unique()
    return pd.DataFrame(found).reindex(order).rename_axis("scenario")


def table(found: pd.DataFrame, titles: dict[str, str], lang: str = "vi") -> Text:
    """Return policies beside one another, one row each: what is added, the money by payer, and the price of a year."""
    rows = []
    for name, title in titles.items():
        one = found.loc[name]
        rows.append({"what": title, "years": one.at["years", "median"], "range": _between(one, "years", "a", lang),
                     "price": one.at["price", "median"] / 1e6}
                    | {payer: one.at[payer, "median"] / 1e9 for payer in PAID})  # fmt: skip
    names = {"what": term("column.policy", lang), "years": term("column.added_years", lang),
             "range": term("column.interval", lang),
             "price": term("column.price_of_year", lang) + say(lang, vi=" (triệu đồng)", en=" (million VND)"),
             }  # fmt: skip
    names |= {payer: term(f"payer.{payer}", lang) + say(lang, vi=" (tỷ đồng)", en=" (billion VND)") for payer in PAID}
    forms = {"what": "", "years": "a", "range": ""} | dict.fromkeys(PAID, "n1") | {"price": "n1"}
    return words.table(pd.DataFrame(rows), lang, forms, names)


def left_table(found: pd.DataFrame, titles: dict[str, str], lang: str = "vi") -> Text:
    """Return what is left of each policy, and whom it reached: one row each."""
    silent = found.xs("active", level="measure")["median"].isna().all()
    rows = [{"what": title, "stop": found.at[(name, "stop"), "median"], "end": found.at[(name, "end"), "median"],
             "range": _between(found.loc[name], "end", "a", lang), "left": found.at[(name, "left"), "median"],
             "active": found.at[(name, "active"), "median"], "share": found.at[(name, "share"), "median"]}
            for name, title in titles.items()]  # fmt: skip
    names = {"what": term("column.policy", lang),
             "stop": say(lang, vi="tăng thêm khi kết thúc", en="added when it ends"),
             "end": say(lang, vi="tăng thêm cuối kỳ", en="added at the end"), "range": term("column.interval", lang),
             "left": say(lang, vi="còn lại", en="left"),
             "active": say(lang, vi="người đóng đều tăng thêm", en="added who pay steadily"),
             "share": say(lang, vi="phần của hộ nghèo, cận nghèo, dân tộc thiểu số",
                          en="share of poor, near-poor, minority people")}  # fmt: skip
    forms = {"what": "", "stop": "a", "end": "a", "range": "", "left": "p", "active": "a", "share": "s"}
    if silent:
        del forms["active"]
    over = say(lang, vi="Trên 100% nghĩa là những nhóm ấy tăng nhiều hơn cả mức tăng chung: các nhóm khác giảm.",
               en="Over 100% means that these groups gain more than all together: others lose members.")
    shown = words.table(pd.DataFrame(rows), lang, forms, names)
    return join([shown, over]) if any(row["share"] >= 1.005 for row in rows) else shown


def _between(one: pd.DataFrame, measure: str, spec: str, lang: str) -> str:
    low, high = (words.form(one.at[measure, end], spec, lang) for end in ("low", "high"))
    return say(lang, vi="{a} đến\u00a0{b}", en="{a} to\u00a0{b}", a=low, b=high)


def text(found: pd.DataFrame, chances: pd.DataFrame, titles: dict[str, str], place, stop: str, until: str,
         budget: float, lang: str = "vi") -> Text:  # fmt: skip
    """Say which policy adds most for the budget, how sure that is, which leaves most, and which reaches the poor."""
    say_ = partial(say, lang)
    winner = {criterion: chances[criterion].idxmax() for criterion in chances}
    common = {f"{c}_name": titles[winner[c]] for c in winner} | {f"{c}_p": chances.at[winner[c], c] for c in winner}
    one = found.loc[winner["years"]]
    lines = [
        say_(place=place.name, budget=budget, stop=stop, until=until, x=one.at["years", "median"],
             low=one.at["years", "low"], high=one.at["years", "high"], price=one.at["own_price", "median"], **common,
             vi="**{place}**: cùng chi khoảng {budget:m1} đến {stop:t}, tính hết {until:t}, cách đem lại nhiều năm "
             "tham gia tăng thêm nhất là **{years_name}**: {x:a} năm (9 phần 10 trong khoảng {low:a} – {high:a}), "
             "{price:m1} cho mỗi năm, không kể phần Nhà nước hỗ trợ. Cách ấy đứng đầu trong {years_p:p} số lần mô "
             "phỏng.",
             en="**{place}**: with about {budget:m1} spent by {stop:t} and judged up to {until:t}, most additional "
             "member-years come from **{years_name}**: {x:a} (nine in ten between {low:a} and {high:a}), {price:m1} "
             "each, the state's support aside. It is the first in {years_p:p} of the simulations."),
        say_(**common, n=found.at[(winner["end"], "end"), "median"], until=until,
             vi="Cuối {until:T}, còn nhiều người tăng thêm nhất là {end_name}: {n:a} người, đứng đầu trong {end_p:p} "
             "số lần.", en="At the end of {until:T} most is left of {end_name}: {n:a} members, first in {end_p:p} of "
             "the simulations."),
        say_(**common, n=found.at[(winner["guarded"], "guarded"), "median"],
             vi="Cho hộ nghèo, cận nghèo và đồng bào dân tộc thiểu số, nhiều nhất là {guarded_name}: {n:a} năm, đứng "
             "đầu trong {guarded_p:p} số lần.",
             en="For poor, near-poor and minority people most comes from {guarded_name}: {n:a} "
             "member-years, first in {guarded_p:p}."),
    ]  # fmt: skip
    less = [titles[n] for n in titles if found.at[(n, "own"), "median"] < 0.9 * budget]
    if less:
        lines.append(say_(names="; ".join(less), vi="Không tiêu hết số tiền ấy: {names}.",
                          en="These cannot spend that much: {names}."))  # fmt: skip
    return join(lines, " ")
