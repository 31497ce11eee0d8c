"""Policies of equal cost stand beside one another: sized to the budget, paired, counted how often each is the best."""

import numpy as np
import pandas as pd
import pytest

from forecast.answer.projection import COLUMNS, Projection
from forecast.beliefs.costs import newest
from forecast.data import toy
from forecast.data.tables import UserError
from forecast.data.vocabulary import PAYERS
from forecast.desk import equal_money
from forecast.experiment import project
from forecast.language import words
from forecast.question.levers import Collectors, Policy, Quota, TopUp, Visits
from forecast.question.scenario import Scenario
from forecast.show import costs
from forecast.show import equal_money as shown

QUO = Scenario(
    "status quo", toy.place(), start="2021-12", until="2024-12", law=toy.law(), assumptions={"opening_collectors": 4}
)
BUDGET, WAYS = 2e7, ("top_up", "visits", "renewals")


@pytest.fixture(scope="module")
def asked():
    return equal_money.alternatives(QUO, BUDGET, WAYS, start="2022-01", end="2022-12", draws=8)


@pytest.fixture(scope="module")
def rows(asked):
    answer = project.project([QUO, *asked], ["stock"], draws=24, jobs=1, progress=False)
    return equal_money.draws(answer, QUO.scenario, "2022-12", "stock")


def test_each_alternative_costs_the_budget_or_all_that_it_can_spend(rows, asked):
    own = rows["own"].groupby("scenario").median()
    assert own["visits"] == pytest.approx(BUDGET, rel=0.15)  # prices are drawn, and the middle was held equal
    assert own["top_up"] == pytest.approx(BUDGET, rel=0.1)  # the money of other draws than those that sized it
    price, (renewals,) = newest()["value"], (one for one in asked if one.scenario == "renewals")
    most = len(QUO.place.communes) * 12 * (price["due_list"] + price["payment_advice"])
    spent = sum(bill.units[1:].sum() * price[bill.item] for bill in renewals.plan.bills)
    assert spent == pytest.approx(min(BUDGET, most), rel=0.03)


def test_what_a_policy_adds_is_the_paired_difference_and_chances_add_up(rows):
    found = equal_money.summary(rows)
    price = found.loc[("visits", "own_price")]
    assert price["low"] <= price["median"] <= price["high"]
    exact = rows.loc["visits", "own"] / rows.loc["visits", "years"]
    assert price["median"] == pytest.approx(exact[rows.loc["visits", "years"] > 0.5].median())
    chances = equal_money.best(rows)
    assert (chances[list(equal_money.CRITERIA)].sum() <= 1 + 1e-9).all()
    assert set(chances["draws"]) == {rows.index.get_level_values("draw").nunique()}
    assert chances["years"].sum() == pytest.approx((rows["years"].groupby("draw").max() > 0).mean())
    assert list(chances.index) == list(WAYS)


def test_a_way_or_a_budget_that_makes_no_sense_is_named():
    with pytest.raises(UserError, match="no way 'prizes'"):
        equal_money.alternatives(QUO, BUDGET, ["prizes"], start="2022-01", end="2022-12")
    with pytest.raises(UserError, match="budget: 0 VND"):
        equal_money.alternatives(QUO, 0, WAYS, start="2022-01", end="2022-12")


@pytest.mark.parametrize("lang", ["vi", "en"])
def test_a_table_of_money_says_what_it_holds_and_its_payers_add_up(rows, asked, lang):
    found = equal_money.summary(rows)
    for name in WAYS:
        mean = found.loc[name]["mean"]
        assert mean[list(shown.PAID)].sum() == pytest.approx(mean["public"])
    plan = QUO.with_policy("plan", Policy(Collectors(count=9), Quota(per_month=1), TopUp(share=0.1)))
    told = costs.held(plan, lang=lang)
    for item in ("collector", "collector_quota"):
        assert words.term(f"item.{item}", lang) in told
    assert "unpaid_hour" in told
    assert "unpaid_hour: " not in costs.held(plan.but(prices={"unpaid_hour": 20_000}), lang=lang)
    assert "unpaid_hour" not in costs.held(QUO, lang=lang)


def test_a_policy_ends_when_it_is_told_to():
    plan = QUO.with_policy("plan", Policy(Visits(count=1, start="2023-01"), Visits(count=2)))
    assert equal_money.ending(plan, "2022-06").policy == Policy(Visits(count=2, end="2022-06"))


@pytest.mark.parametrize("lang", ["vi", "en"])
def test_tables_and_pictures_tell_the_same_numbers(rows, asked, lang):
    found, chances = equal_money.summary(rows), equal_money.best(rows)
    titles = shown.titles(asked, lang)
    said = shown.text(
        found, chances, titles, place=QUO.place, stop="2022-12", until="2024-12", budget=BUDGET, lang=lang
    )
    winner = chances["years"].idxmax()
    assert titles[winner] in said
    assert titles[winner] in shown.table(found, titles, lang)
    assert len(shown.left_table(found, titles, "2022-12", "2024-12", lang).splitlines()) == len(WAYS) + 2
    for picture in (
        shown.beside(found, titles, QUO.place, "2024-12", lang),
        shown.chances(chances, titles, QUO.place, "2024-12", lang),
    ):
        assert all(title in picture.alt for title in titles.values())
        for axes in picture.axes:  # ticks, and a unit where they are no percentages
            assert len(axes.get_xticks()) > 1 and (axes.get_xlabel() or axes.get_xlim() == (0, 1))


@pytest.mark.parametrize("lang", ["vi", "en"])
def test_a_share_above_the_whole_is_named_and_explained(rows, asked, lang):
    titles = shown.titles(asked, lang)
    told = {}
    for part in (0.4, 1.34):
        found = equal_money.summary(rows.assign(guarded=part * rows["years"]))
        told[part] = shown.left_table(found, titles, "2022-12", "2024-12", lang)
    over = {"vi": "trên 100%", "en": "over 100%"}[lang]
    assert over in told[1.34].splitlines()[-3] and "134%" not in told[1.34] and "40%" in told[0.4]
    assert over in told[1.34].splitlines()[-1].lower() and over not in told[0.4].lower()


def test_a_tie_is_shared_and_nothing_gained_is_nobodys():
    at = pd.MultiIndex.from_product([["a", "b"], range(3)], names=["scenario", "draw"])
    table = pd.DataFrame({"years": [2.0, 1.0, -1.0, 2.0, 3.0, 0.0]}, index=at)
    assert np.allclose(equal_money.best(table, ["years"])["years"], [0.5 / 3, 1.5 / 3])


def test_own_money_is_that_of_province_donors_and_office_counted_once():
    """Each payer gives another power of two, so that a sum tells who is in it; groups are parts of all."""
    paid = {"members": 1.0, "state": 2.0, "province": 4.0, "donors": 8.0, "office": 16.0}
    rows = [
        (month, group, PAYERS[payer], draw, vnd * part * (draw + 1))
        for month in ("2022-01", "2022-02")
        for group, part in (("all", 1.0), ("poor", 0.5))
        for payer, vnd in paid.items()
        for draw in range(2)
    ]
    frame = pd.DataFrame(rows, columns=["month", "group", "measure", "draw", "value"])
    answer = Projection(frame.assign(place="Toy", scenario="q", engine="stock", origin="2021-12")[COLUMNS])
    assert equal_money.own_money(answer).to_dict() == {0: 2 * 28.0, 1: 4 * 28.0}
