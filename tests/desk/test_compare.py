"""What a comparison promises: paired differences, and money of each payer counted once."""

import pytest

from forecast.answer.projection import concat
from forecast.desk.compare import comparison, status_quo
from forecast.desk.equal_money import draws, own_money
from made import answer, question


@pytest.fixture(scope="module")
def both():
    """A plan and its status quo, in which the province pays 100,000 VND a member and month and donors a fifth of it."""
    plan = question()
    rows = answer(plan, question("status quo"), engines=("stock",))
    gifts = rows.only(measure="paid_province").frame.assign(measure="paid_donors")
    state = gifts.assign(measure="paid_state", value=0.0)
    return concat([rows, gifts.assign(value=gifts["value"] / 5), state])


def of_all(table):
    return table[table["group"] == "all"].set_index(["measure", "payer"])["median"]


def test_the_price_of_a_year_counts_each_payer_once(both):
    found = of_all(comparison(both, "status quo"))
    years = found["member_years", ""]
    assert found["money", "province"] == pytest.approx(1_200_000 * years)
    assert found["cost_per_member_year", "province"] == pytest.approx(1_200_000)
    assert found["cost_per_member_year", "donors"] == pytest.approx(240_000)
    assert found["cost_per_member_year", "public and donors"] == pytest.approx(1_440_000)


def test_policies_of_one_budget_count_a_gift_once(both):
    rows = draws(both, "status quo", "2022-12", engine="stock")
    assert rows["own"].to_numpy() == pytest.approx(1.2 * rows["province"].to_numpy())
    assert rows["public"].to_numpy() == pytest.approx(1.2 * rows["province"].to_numpy())
    assert own_money(both.only(scenario="plan")).gt(0).all()


def test_the_status_quo_is_the_same_question_without_levers():
    plan = question()
    quiet = status_quo(plan)
    assert not quiet.policy.levers and quiet.scenario == "status quo"
    assert (quiet.place, quiet.start, quiet.until) == (plan.place, plan.start, plan.until)
