"""Policies beside one another for the same money: what each adds, for whom, at what price, and what is left of it.

A researcher who compares a large policy with a small one learns mostly their sizes. Here each alternative is made as
large as a budget allows, acts in the same months, and is judged by the same people with the same random numbers, up to
years after its end. Money that is held equal is what an office decides about: its outreach, the province's and donors'
money. The state's share of the contribution is due by law; it is shown and not held equal.
"""

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import pandas as pd

from forecast.answer.projection import Projection
from forecast.beliefs import costs
from forecast.data import frames, tables
from forecast.data.vocabulary import GUARDED, INTERVAL, PAYERS
from forecast.desk.target import effort_now
from forecast.experiment.project import project
from forecast.language import words
from forecast.language.words import say, term
from forecast.question.levers import (
    Collectors,
    Gift,
    Lever,
    ModelCommunes,
    PaymentAdvice,
    Policy,
    Reminders,
    TopUp,
    Visits,
)
from forecast.question.plan import GROUPS, Where
from forecast.question.scenario import Scenario

OWN = ("province", "donors", "office")  # payers whose money is held equal
CRITERIA = ("years", "end", "guarded")  # what a policy may be best in: columns of `draws`
EXACT = 0.02  # how near to the budget is near enough


class Way(NamedTuple):
    """A way to spend a budget: the most there can be of it, and what makes its levers of an amount."""

    most: float
    make: Callable[[float], list[Lever]]


class _Missed(NamedTuple):
    """What is asked of each way: money on top of `base`, of which `usual` (VND by draw) is spent anyway."""

    base: Scenario
    budget: float
    usual: "pd.Series[float]"
    draws: int
    seed: int

    def by(self, asked: Scenario) -> float:
        """Return by how much (VND, median) a scenario is dearer than the budget, at the middle of each price.

        Few draws size a policy; the luck of their prices would make one of two equal policies the larger.
        """
        middle = {bill.item: float(frames.at(costs.newest(), bill.item, "value")) for bill in asked.plan.bills}
        asked = asked.but(prices=middle | asked.prices)
        answer = project(asked, ["stock"], draws=self.draws, seed=self.seed, jobs=1, progress=False)
        return float((own_money(answer) - self.usual).median()) - self.budget


def ending(scenario: Scenario, end: str) -> Scenario:
    """Return the scenario with no lever acting after the month `end`, named and titled so: it is another policy.

    >>> import forecast as f
    >>> plan = f.Scenario("visits", f.toy.place(), start="2021-12", until="2023-12", law=f.toy.law(),
    ...                   policy=f.Policy(f.Visits(count=9), f.TopUp(share=0.1, end="2022-02")))
    >>> [lever.end for lever in ending(plan, "2022-06").policy.levers]
    ['2022-06', '2022-02']
    """
    levers = [
        lever.model_copy(update={"end": min(lever.end or end, end)})
        for lever in scenario.policy.levers
        if not lever.start or lever.start <= end
    ]
    titles: dict[Any, str] = {
        lang: say(
            lang, vi="{name}, đến hết {end:t}", en="{name}, until {end:t}", name=words.title(scenario, lang), end=end
        )
        for lang in words.LANGS
    }
    return _named(scenario, f"{scenario.scenario}-until-{end}", Policy(*levers), titles)


def alternatives(
    base: Scenario, budget: float, ways: Iterable[str], *, start: str, end: str, draws: int = 12, seed: int = 1
) -> list[Scenario]:
    """Return for each way a scenario on top of `base` that costs the `budget` (VND, of :data:`OWN` payers, median).

    Ways: top_up (for everybody), top_up_poor (for the poor and near-poor), books (for the poor, for a year),
    collectors, visits, model_communes (the largest first), renewals (lists of due members, and advice to pay for a
    year). Each acts from month `start` to `end`, at the prices of data/unit_costs.csv. Its size is found with the
    stock engine; one that cannot spend the budget is as large as it can be, and its cost tells. A name that is none of
    these is an error.
    """
    makers = _makers(base, start, end)
    ways = list(ways)
    unknown = [way for way in ways if way not in makers]
    if unknown:
        raise tables.UserError(
            "no way {name!r} to spend a budget; expected some of {known}", name=unknown[0], known=", ".join(makers)
        )
    if not budget > 0:
        raise tables.UserError("budget: {budget:g} VND; expected more than 0", budget=budget)
    usual = own_money(project(base, ["stock"], draws=draws, seed=seed, jobs=1, progress=False))
    missed = _Missed(base, budget, usual, draws, seed)
    return [_sized(missed, name, makers[name]) for name in ways]


def _makers(base: Scenario, start: str, end: str) -> dict[str, Way]:
    """Return the ways by name, acting from month `start` to `end`."""
    when: dict[str, Any] = {"start": start, "end": end}
    now = effort_now(base)[0]
    poor = base.place.group_sizes().sum(axis=0)[GROUPS.index("poor")]
    months = max(tables.month_index(tables.month(end)) - tables.month_index(tables.month(start)) + 1, 1)

    return {
        "top_up": Way(1.0, lambda x: [TopUp(share=x, **when)]),
        "top_up_poor": Way(1.0, lambda x: [TopUp(share=x, group=g, **when) for g in ("poor", "near_poor")]),
        "books": Way(poor / months, lambda x: [Gift(persons_per_month=x, months=12, group="poor", **when)]),
        "collectors": Way(3 * now + 1, lambda x: [Collectors(count=now + x, per="place", **when)]),
        "visits": Way(base.place.households, lambda x: [Visits(count=x, per="place", **when)]),
        "model_communes": Way(
            len(base.place.communes), lambda x: [ModelCommunes(where=Where(count=max(round(x), 1)), **when)]
        ),
        "renewals": Way(1.0, lambda x: [Reminders(share=x, **when), PaymentAdvice(share=x, **when)]),
    }


def _sized(spent: "_Missed", name: str, way: Way) -> Scenario:
    """Return the scenario of one way whose own money is the budget, or the largest there can be."""
    titles = {lang: term(f"way.{name}", lang) for lang in words.LANGS}

    def at(amount: float) -> Scenario:
        return _named(spent.base, name, Policy(*spent.base.policy.levers, *way.make(amount)), titles)

    low, high = (0.0, -spent.budget), (way.most, spent.by(at(way.most)))
    if high[1] <= 0:
        return at(way.most)
    for _ in range(12):  # most ways cost in proportion to their size, so that a chord soon meets the budget
        amount = low[0] - low[1] * (high[0] - low[0]) / (high[1] - low[1])
        missed = spent.by(at(amount))
        if abs(missed) < EXACT * spent.budget:
            break
        low, high = ((amount, missed), high) if missed < 0 else (low, (amount, missed))
    return at(float(f"{amount:.3g}"))


def _named(base: Scenario, name: str, policy: Policy, title: dict[Any, str]) -> Scenario:
    return base.but(scenario=name, policy=policy, title=title)


def own_money(answer: Projection) -> "pd.Series[float]":
    """Return what the province, donors and outreach pay over all months, VND by draw, in an answer of one scenario."""
    rows = answer.only(measure=[PAYERS[p] for p in OWN], group="all").frame
    paid: pd.Series[float] = rows.groupby("draw", observed=True)["value"].sum()
    return paid


def added_money(answer: Projection, base: str) -> "pd.Series[float]":
    """Return what the one other scenario of an answer costs these payers more than `base`, VND by draw."""
    others = [name for name in answer.frame["scenario"].unique() if name != base]
    if len(others) != 1:
        raise tables.UserError("expected one scenario beside {base!r}, not {count}", base=base, count=len(others))
    more: pd.Series[float] = own_money(answer.only(scenario=others[0])) - own_money(answer.only(scenario=base))
    return more


def draws(answer: Projection, base: str, stop: str, engine: str = "agents") -> pd.DataFrame:
    """Return what each policy adds to the scenario `base` in each draw, paired.

    Index: scenario, draw. Columns: years (additional member-years), guarded (those of poor, near-poor and minority
    people), stop and end (additional members when the policies end, month `stop`, and in the last month), active
    (additional members in the last month who paid 9 of 12 months; nan where the engine is silent), the money of each
    payer (VND), hours (those that nobody pays), own (money of :data:`OWN`) and public (all but the members').
    """
    gaps = answer.only(engine=engine).versus(base).frame
    keys = ["scenario", "draw"]

    def total(measure: str, months: list[str] | None = None, groups: tuple[str, ...] = ("all",)) -> "pd.Series[float]":
        rows = gaps[(gaps["measure"] == measure) & gaps["group"].isin(groups)]
        rows = rows if months is None else rows[rows["month"].astype(str).isin(months)]
        sums: pd.Series[float] = rows.groupby(keys, observed=True)["value"].sum()
        return sums

    last = gaps["month"].astype(str).max()
    result = {
        "years": total("members") / 12,
        "guarded": total("members", groups=GUARDED) / 12,
        "stop": total("members", [stop]),
        "end": total("members", [last]),
        "active": total("active_9of12", [last]),
    }
    money_hours = {payer: total(measure) for payer, measure in PAYERS.items()} | {"hours": total("unpaid_hours")}
    frame = pd.DataFrame(result | money_hours)
    money = [payer for payer in PAYERS if payer != "members"]
    return frame.assign(own=frame[list(OWN)].sum(axis=1), public=frame[money].sum(axis=1))


def summary(rows: pd.DataFrame) -> pd.DataFrame:
    """Return median, low, high (90%) and mean of each policy and measure of :func:`draws`, and of what a year costs.

    Index: scenario, measure. Beside the columns of `rows` there are price (public money and donors' for each additional
    member-year, VND; of draws that add at least half of one), own_price (the same of :data:`OWN`), share (of the
    additional member-years that goes to poor, near-poor and minority people) and left (of the members that a policy had
    added when it ended, how much of it there is in the last month).
    """
    years, stop = rows["years"].where(rows["years"] > 0.5), rows["stop"].where(rows["stop"] > 0.5)
    part = rows["guarded"] / years
    more = rows.assign(price=rows["public"] / years, own_price=rows["own"] / years, share=part, left=rows["end"] / stop)
    tall = more.stack(future_stack=True).rename_axis(["scenario", "draw", "measure"])
    each = tall.groupby(["scenario", "measure"], observed=True)
    ends = {"low": INTERVAL[0], "median": 0.5, "high": INTERVAL[1]}
    return pd.DataFrame({name: each.quantile(p) for name, p in ends.items()} | {"mean": each.mean()})


def best(rows: pd.DataFrame, criteria: Iterable[str] = CRITERIA) -> pd.DataFrame:
    """Return how often each policy is the best: the share of draws in which it adds most, by criterion.

    Index: scenario, in the order of `rows`; a column for each criterion, a column of :func:`draws`, and `draws`, how
    many there were. A draw in which two are equal gives each its part, and one in which nothing is added is nobody's.

    >>> at = pd.MultiIndex.from_product([["a", "b"], [0, 1]], names=["scenario", "draw"])
    >>> best(pd.DataFrame({"years": [3.0, 1.0, 2.0, 2.0]}, index=at), ["years"])["years"].tolist()
    [0.5, 0.5]
    """
    result = {}
    for criterion in criteria:
        wide = rows[criterion].unstack("scenario")
        top = wide.eq(wide.max(axis=1), axis=0) & (wide > 0)
        result[criterion] = top.div(top.sum(axis=1).clip(lower=1), axis=0).mean()
    order = rows.index.get_level_values("scenario").unique()
    many = rows.index.get_level_values("draw").nunique()
    return pd.DataFrame(result).reindex(order).rename_axis("scenario").assign(draws=many)
