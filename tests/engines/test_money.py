"""The whole cost: no lever is free in silence, commission follows the law, payers add up, hours are told as hours."""

import pandas as pd
import pytest

from forecast.answer.projection import Projection
from forecast.beliefs import costs
from forecast.data import toy
from forecast.data.law import Law, read_law
from forecast.data.vocabulary import GROUPS, PAYERS
from forecast.desk.compare import comparison
from forecast.experiment.project import project
from forecast.question.levers import LEVERS, Policy, Visits
from forecast.question.scenario import Scenario

RATES = {
    "collector_commission_new": 0.1,
    "collector_commission_new_12_months": 0.2,
    "collector_commission_renewal": 0.04,
}
CASES = [(name, i, form) for name, lever in LEVERS.items() for i, form in enumerate(lever.examples)]


def paying() -> Law:
    """The toy law with a commission."""
    law = toy.law()
    rows = pd.DataFrame([law.frame.iloc[0].to_dict() | {"parameter": n, "value": v} for n, v in RATES.items()])
    return Law(pd.concat([law.frame, rows.assign(place="Việt Nam", until="", unit="share")], ignore_index=True))


def question(name: str, *levers, **more) -> Scenario:
    given = {"place": toy.place(), "law": paying(), "policy": Policy(*levers)} | more
    return Scenario(name, start="2021-12", until="2022-12", **given)


def answered(*asked: Scenario, engines=("stock",), draws: int = 6) -> Projection:
    return project(list(asked), engines, draws=draws, seed=1, jobs=1, progress=False)


def sums(answer: Projection, scenario: str, engine: str = "stock", group: str = "all") -> pd.Series:
    rows = answer.only(scenario=scenario, engine=engine, group=group).frame
    return rows.groupby("measure", observed=True)["value"].sum()


@pytest.fixture(scope="module")
def all_levers() -> Projection:
    asked = [question(f"{name} {i}", LEVERS[name](**form)) for name, i, form in CASES]
    return answered(question("quo"), *asked)


@pytest.mark.parametrize(("name", "i"), [(name, i) for name, i, _ in CASES])
def test_no_lever_is_free_in_silence(name, i, all_levers):
    """Every registered lever: somebody who is no member pays for it, or it takes hours that are told."""
    quo, own = sums(all_levers, "quo"), sums(all_levers, f"{name} {i}")
    work = own["unpaid_hours"] - quo["unpaid_hours"]
    paid = {payer: own[measure] - quo[measure] for payer, measure in PAYERS.items() if payer != "members"}
    plan = Policy(LEVERS[name](**dict(next(f for n, k, f in CASES if (n, k) == (name, i))))).plan(
        toy.place(), "2021-12", "2022-12"
    )
    if name == "YearEndCampaign" and plan.campaign_cut.any() and not plan.campaign_moved.any():
        assert work < 0 and max(paid.values()) <= 0  # less of what is done anyway
    elif name == "Commission":  # priced by the law; tests/levers/test_commission.py
        assert plan.commission_renewal.any() and not plan.bills
    elif name == "TopUp":
        assert max(paid["province"], paid["donors"]) > 0
    else:
        assert {bill.item for bill in plan.bills} <= set(costs.items()) and plan.bills
        assert work > 0 or max(paid.values()) > 0


@pytest.mark.parametrize("engine", ["stock", "agents"])
def test_payers_add_up_to_the_total_and_groups_to_contributions_with_commission(engine):
    visits = Visits(count=20, assisted=0.5)
    table = comparison(answered(question("quo"), question("visits", visits), engines=(engine,), draws=3), "quo")
    for group in ("all", *GROUPS):
        rows = table[(table["measure"] == "money") & (table["group"] == group)].set_index("payer")["mean"]
        assert rows[list(PAYERS)].sum() == pytest.approx(rows["all"])
    answer = answered(question("quo"), engines=(engine,), draws=3)
    parts = sum(sums(answer, "quo", engine, group)[PAYERS["office"]] for group in GROUPS)
    assert parts == pytest.approx(sums(answer, "quo", engine)[PAYERS["office"]]) and parts > 0


def test_commission_is_a_share_of_what_is_collected_between_that_of_renewals_and_of_new_members():
    asked = question("quo")
    found = sums(answered(asked), "quo")
    share = found["spent_outreach"] / (found["paid_members"] + found["paid_donors"])
    assert RATES["collector_commission_renewal"] < share < RATES["collector_commission_new_12_months"]
    assert sums(answered(question("none", law=toy.law())), "none")["spent_outreach"] == 0


def test_the_law_of_the_country_is_dated_and_says_which_rates_were_not_found():
    law = read_law()
    assert [law.find("collector_commission_renewal", m) for m in ("2021-12", "2026-03", "2026-09")] == [
        0.03,
        0.03,
        0.09,
    ]
    rows = law.frame[law.frame["parameter"] == "collector_commission_renewal"].set_index("since")["status"]
    assert rows["2018-01"] == "judgement" and rows["2026-08"] == "recalled"


def test_hours_that_nobody_pays_are_hours_until_a_planner_prices_them():
    meetings = LEVERS["Meetings"](count=1, unit_cost=0)
    asked = (
        question("free", meetings, law=toy.law()),
        question("priced", meetings, law=toy.law(), prices={"unpaid_hour": 9e3}),
    )
    answer = answered(*asked, draws=2)
    free, priced = sums(answer, "free"), sums(answer, "priced")
    assert free["unpaid_hours"] == priced["unpaid_hours"] == 2 * 12 * 6 * costs.hours("meeting")
    assert free["spent_outreach"] == 0
    assert priced["spent_outreach"] == pytest.approx(9e3 * priced["unpaid_hours"])


def test_a_planners_own_price_is_known_and_others_are_drawn_the_same_under_every_policy():
    visits = Visits(count=10)
    drawn, given = (
        question("drawn", visits, law=toy.law()),
        question("given", visits, law=toy.law(), prices={"visit": 5}),
    )
    twice = question("twice", Visits(count=20), law=toy.law())
    rows = answered(drawn, given, twice, draws=40).only(measure="spent_outreach", group="all").at("2022-06").frame
    wide = rows.pivot_table(index="draw", columns="scenario", values="value", observed=True)
    assert wide["given"].to_numpy() == pytest.approx(5 * 60)
    assert wide["twice"].to_numpy() == pytest.approx(2 * wide["drawn"].to_numpy())
    assert wide["drawn"].std() > 0.2 * wide["drawn"].mean()


@pytest.mark.parametrize(("prices", "message"), [({"gold": 1}, "no such item"), ({"visit": -1}, "at least 0")])
def test_a_price_of_nothing_known_is_refused(prices, message):
    from forecast.data.tables import UserError

    with pytest.raises(UserError, match=message):
        question("x", prices=prices)
