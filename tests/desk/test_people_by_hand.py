"""The accounts of additionality, on six people whose months can be counted by hand."""

import numpy as np
import pandas as pd
import pytest

from forecast.answer.projection import Projection
from forecast.data import toy
from forecast.desk import additionality, lined_up
from forecast.engines.people.lives import Lives
from forecast.question.levers import Policy, TopUp
from forecast.question.scenario import Scenario

QUO = Scenario("status quo", toy.place(), start="2021-12", until="2022-06", law=toy.law())
TOP_UP = QUO.with_policy("top-up", Policy(TopUp(share=0.5, start="2022-02", end="2022-04")))
MONTHS = QUO.months.astype(str)
FIRST, LAST = 2, 4  # positions of the months in which the policy acts


def lives(**people: tuple[int, list[int]]) -> Lives:
    """One draw's people, all poor: each has the month of joining (members to the end) and supported months so far."""
    joined = np.array([month for month, _ in people.values()], np.int16)
    return Lives(
        key=np.array([ord(name) for name in people], np.uint64),
        group=np.zeros(len(people), np.int64),
        joined=joined,
        member=np.array([[sum(1 << t for t in range(month, len(MONTHS)))] for month in joined], np.uint64),
        supported=np.array([months for _, months in people.values()], np.int16).T,  # at the end of every month
        once=np.zeros(len(people), bool),
    )


# a: a member when the months begin; b: joins because of the policy; c: sooner; d, e: anyway; f: instead
UNDER = lives(
    a=(0, [0, 1, 3, 5, 7, 8, 9]),
    b=(3, [0, 0, 0, 1, 2, 2, 2]),
    c=(3, [0, 0, 0, 3, 3, 3, 6]),
    d=(3, [0, 0, 0, 3, 3, 3, 6]),
    e=(1, [0, 6, 6, 6, 6, 6, 6]),
)
WITHOUT = lives(
    a=(0, [0, 1, 2, 3, 4, 5, 6]),
    c=(5, [0, 0, 0, 0, 0, 3, 3]),
    d=(3, [0, 0, 0, 3, 3, 3, 6]),
    e=(1, [0, 6, 6, 6, 6, 6, 6]),
    f=(4, [0, 0, 0, 0, 1, 2, 3]),
)


@pytest.fixture(scope="module")
def added() -> additionality.Added:
    people, months = lined_up.compare(WITHOUT, UNDER, (len(MONTHS), LAST, FIRST - 1, LAST))
    return additionality.Added(*lined_up.frames(people[None], months[None], MONTHS))


def paid(scenario: str, by_month: list[float]) -> pd.DataFrame:
    """What the province pays for the poor in each month, in VND."""
    return pd.DataFrame(
        {
            "place": "Toy",
            "scenario": scenario,
            "engine": "agents",
            "origin": "2021-12",
            "month": MONTHS,
            "group": "poor",
            "measure": "paid_province",
            "draw": 0,
            "value": by_month,
        }
    )


@pytest.fixture(scope="module")
def table(added) -> pd.DataFrame:
    """What is told of them; the province pays much before and after the policy, which is no part of its account."""
    usual, more = [0, 500, 10, 10, 10, 500, 500], [0, 900, 30, 30, 30, 900, 900]
    answer = Projection(pd.concat([paid("status quo", usual), paid("top-up", more)]))
    rows = additionality.table(added, QUO, TOP_UP, answer)
    return rows[rows["group"] == "all"].set_index(["measure", "kind", "payer"])["median"]


def test_the_policy_acts_in_the_months_meant():
    assert additionality.acting(QUO, TOP_UP) == (FIRST, LAST)


def test_each_person_is_of_one_kind(added):
    persons = added.people.groupby("kind")["persons"].sum()
    assert persons.to_dict() == {"already": 1, "because": 1, "sooner": 1, "anyway": 2, "instead": 1}


def test_member_years_are_those_under_the_policy_less_those_without_it(added):
    years = 12 * added.people.groupby("kind")["member_years"].sum()
    assert years.round(9).to_dict() == {"already": 0, "because": 4, "sooner": 2, "anyway": 0, "instead": -3}


def test_those_who_join_anyway_are_not_counted_as_brought(added):
    brought = added.months[added.months["kind"] == "brought"]
    assert brought["members"].tolist() == [0, 0, 0, 2, 2, 2, 2]  # b and c
    assert brought["gap"].tolist() == [0, 0, 0, 2, 2, 1, 1]  # c would have come by herself in the fifth month


def test_what_remains_of_them_is_told_after_the_policy(table):
    assert table["stayed", "brought", ""] == 1.0
    assert table["net", "brought", ""] == 0.5


def test_months_paid_are_those_of_the_policy(added):
    sums = added.people.groupby("kind")[["supported", "before", "dead"]].sum()
    assert sums.loc["already"].tolist() == [6, 3, 3]
    assert sums.loc["because"].tolist() == [2, 0, 0]
    assert sums.loc["sooner"].tolist() == [3, 0, 0]
    assert sums.loc["anyway"].tolist() == [3, 3, 3]  # d; e paid before the policy began
    assert sums.loc["instead"].tolist() == [0, 1, 0]


def test_dead_weight_is_extra_money_of_the_policys_own_months_on_months_paid_anyway(table):
    """90 VND under the policy; 7 months cost 30 without it, so that 14 would cost 60; 6 of the 14 are paid anyway."""
    assert table["dead_weight", "", "province"] == pytest.approx((90 - 30 / 7 * 14) * 6 / 14)


def test_each_kinds_months_and_what_newcomers_paid(added):
    """Members under the policy and the gap to the other world, month by month; months paid by those who came."""

    def path(kind: str, what: str) -> list[int]:
        rows = added.months[added.months["kind"] == kind].set_index("month")[what]
        return rows.reindex(MONTHS).tolist()

    assert path("already", "members") == [1] * 7 and path("already", "gap") == [0] * 7
    assert path("because", "members") == path("because", "gap") == [0, 0, 0, 1, 1, 1, 1]
    assert path("sooner", "members") == [0, 0, 0, 1, 1, 1, 1] and path("sooner", "gap") == [0, 0, 0, 1, 1, 0, 0]
    assert path("anyway", "members") == [0, 1, 1, 2, 2, 2, 2] and path("anyway", "gap") == [0] * 7
    assert path("instead", "members") == [0] * 7 and path("instead", "gap") == [0, 0, 0, 0, -1, -1, -1]
    assert path("brought", "members") == [0, 0, 0, 2, 2, 2, 2] and path("brought", "gap") == [0, 0, 0, 2, 2, 1, 1]
    paid = added.people[added.people["group"] == "poor"].set_index("kind")["paid"]
    assert paid.to_dict() == {"because": 2, "sooner": 6, "anyway": 12, "already": 0, "instead": 0}
