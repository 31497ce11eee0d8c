"""The accounts of additionality, on six people whose months can be counted by hand."""

import io
import sys

import numpy as np
import pandas as pd
import pytest

from forecast.answer.projection import Projection
from forecast.data import tables, toy
from forecast.desk import additionality, lined_up
from forecast.engines.people.lives import Lives
from forecast.question.levers import Policy, TopUp
from forecast.question.plan import GROUPS
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
        persons=np.ones(len(people), np.int8),
    )


# a: a member when the months begin; b: joins because of the policy; c: sooner; d, e: anyway; f: instead
UNDER = lives(
    a=(0, [0, 1, 3, 5, 7, 8, 9]),
    b=(3, [0, 0, 0, 1, 2, 2, 2]),
    c=(3, [0, 0, 0, 3, 3, 3, 6]),
    d=(3, [0, 0, 0, 3, 3, 3, 6]),
    e=(1, [0, 6, 6, 6, 6, 6, 6]),
)._replace(once=np.array([False, False, True, False, True]))  # c and e pay one time
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
    return rows.set_index(["group", "measure", "kind", "payer"])["median"]


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


def test_brought_is_who_came_after_the_opening_up_to_the_last_month_and_would_not_have_come_by_then():
    """Nobody is brought who was there already, came after the last month, or would have come in that month anyway."""
    none = [0] * len(MONTHS)
    without = lives(d=(LAST, none), e=(LAST + 1, none), g=(0, none))
    for name, month, brought in (
        *(("b", 1, 1), ("b", LAST, 1), ("b", LAST + 1, 0)),
        *(("d", 3, 0), ("e", 3, 1), ("g", 0, 0)),
    ):
        found, paths = lined_up.compare(without, lives(**{name: (month, none)}), (len(MONTHS), LAST, FIRST - 1, LAST))
        _, months = lined_up.frames(found[None], paths[None], MONTHS)
        rows = months[months["kind"] == "brought"]
        assert rows["members"].tolist() == [brought * (t >= month) for t in range(len(MONTHS))]


def test_what_remains_of_them_is_told_after_the_policy(table):
    assert table["all", "stayed", "brought", ""] == 1.0
    assert table["all", "net", "brought", ""] == 0.5


def test_months_paid_are_those_of_the_policy(added):
    sums = added.people.groupby("kind")[["supported", "before", "dead"]].sum()
    assert sums.loc["already"].tolist() == [6, 3, 3]
    assert sums.loc["because"].tolist() == [2, 0, 0]
    assert sums.loc["sooner"].tolist() == [3, 0, 0]
    assert sums.loc["anyway"].tolist() == [3, 3, 3]  # d; e paid before the policy began
    assert sums.loc["instead"].tolist() == [0, 1, 0]


def test_dead_weight_is_extra_money_of_the_policys_own_months_on_months_paid_anyway(table):
    """90 VND under the policy; 7 months cost 30 without it, so that 14 would cost 60; 6 of the 14 are paid anyway."""
    assert table["all", "dead_weight", "", "province"] == pytest.approx((90 - 30 / 7 * 14) * 6 / 14)
    assert table["poor", "dead_weight", "", "province"] == table["all", "dead_weight", "", "province"]


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
    rows = added.people[added.people["group"] == "poor"].set_index("kind")
    assert rows["paid"].to_dict() == {"because": 2, "sooner": 6, "anyway": 12, "already": 0, "instead": 0}
    assert rows["entries"].to_dict() == {"because": 1, "sooner": 1, "anyway": 2, "already": 0, "instead": 0}
    assert rows["once"].to_dict() == {"because": 0, "sooner": 1, "anyway": 1, "already": 0, "instead": 0}


@pytest.fixture
def asked(monkeypatch) -> list[tuple[str, range, int]]:
    """Let the engine answer each draw with the people above, its values the number of the draw; what it was asked."""
    questions: list[tuple[str, range, int]] = []

    def lived(scenario: Scenario, draws: range, seed: int, paid_by: list[int]) -> tuple[np.ndarray, list[Lives]]:
        questions.append((scenario.scenario, draws, seed))
        people = UNDER if scenario.policy.levers else WITHOUT
        values = np.zeros((len(draws), len(MONTHS), len(tables.MEASURES), len(GROUPS) + 1))
        values += np.array(draws)[:, None, None, None] + 100 * bool(scenario.policy.levers)
        return values, [people._replace(supported=people.supported[paid_by]) for _ in draws]

    monkeypatch.setattr(additionality.lives, "lives", lived)
    return questions


def sums_of(people: pd.DataFrame) -> dict[str, list[float]]:
    """Months supported under the policy, without it, and in both, by kind."""
    rows = people.groupby("kind")[["supported", "before", "dead"]].sum()
    return {str(kind): row for kind, row in zip(rows.index, rows.to_numpy().tolist(), strict=True)}


def test_sixty_draws_are_followed_under_each_policy_and_come_back_in_their_order(asked, added):
    answer, (one, none) = additionality.follow(QUO, [TOP_UP, QUO.but(scenario="same")], jobs=1)
    assert {seed for *_, seed in asked} == {1}
    for scenario, more in (("status quo", 0), ("top-up", 100), ("same", 0)):
        assert [draw for name, draws, _ in asked if name == scenario for draw in draws] == list(range(60))
        rows = answer.only(scenario=scenario, group="poor", measure="entries", month="2022-03").frame
        assert rows["draw"].tolist() == list(range(60)) and rows["value"].tolist() == [more + d for d in range(60)]
    assert answer.frame["engine"].unique().tolist() == ["agents"]
    for _, rows in one.people.groupby("draw"):
        pd.testing.assert_frame_equal(
            rows.drop(columns="draw").reset_index(drop=True), added.people.drop(columns="draw")
        )
    assert one.months["draw"].nunique() == none.people["draw"].nunique() == 60
    same = none.people.groupby("kind")["persons"].sum()
    assert same.to_dict() == {"already": 60, "because": 0, "sooner": 0, "anyway": 60 * 4, "instead": 0}


def test_months_are_counted_from_the_first_month_of_a_policy_that_begins_at_once(asked):
    """A policy of January to March: what was paid up to March, of which nothing before it."""
    early = QUO.with_policy("early", Policy(TopUp(share=0.5, start="2022-01", end="2022-03")))
    _, (found,) = additionality.follow(QUO, [early], draws=1, seed=5, jobs=1)
    assert asked == [("status quo", range(1), 5), ("early", range(1), 5)]
    expected = {
        "already": [5, 3, 3],
        "because": [1, 0, 0],
        "sooner": [3, 0, 0],
        "anyway": [9, 9, 9],
        "instead": [0] * 3,
    }
    assert sums_of(found.people) == expected


def test_policies_of_other_months_are_each_counted_in_their_own(asked):
    late = QUO.with_policy("late", Policy(TopUp(share=0.5, start="2022-06")))
    _, (usual, last) = additionality.follow(QUO, [TOP_UP, late], draws=2, jobs=1)
    assert sums_of(usual.people)["already"] == [12, 6, 6]
    june = {"already": [2, 2, 2], "because": [0] * 3, "sooner": [6, 0, 0], "anyway": [6, 6, 6], "instead": [0, 2, 0]}
    assert sums_of(last.people) == june


def test_what_was_followed_is_kept_whatever_the_questions_are_called(asked, tmp_path):
    how = {"draws": 2, "jobs": 1, "keep": tmp_path}
    _, (first,) = additionality.follow(QUO, [TOP_UP], **how)
    answer, (again,) = additionality.follow(QUO.but(scenario="quo"), [TOP_UP.but(scenario="plan")], **how)
    assert len(asked) == 2 and set(answer.frame["scenario"]) == {"quo", "plan"}
    pd.testing.assert_frame_equal(first.people, again.people)
    pd.testing.assert_frame_equal(first.months, again.months)
    additionality.follow(QUO, [TOP_UP], seed=2, **how)
    other = QUO.with_policy("top-up", Policy(TopUp(share=0.4, start="2022-02", end="2022-04")))
    additionality.follow(QUO, [other], **how)
    assert len(asked) == 6


@pytest.mark.parametrize(("how", "seen"), [({}, True), ({"progress": False}, False)])
def test_on_a_terminal_one_sees_how_far_it_is(asked, monkeypatch, how, seen):
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr(sys, "stderr", Terminal())
    additionality.follow(QUO, [TOP_UP], draws=3, jobs=1, **how)
    assert ("people followed" in sys.stderr.getvalue()) == ("0/3" in sys.stderr.getvalue()) == seen


def test_months_beyond_the_sixty_fourth_are_counted_too():
    """Of 70 months one is a member in ten, from the sixtieth on, and without the policy another in the last."""

    def one(key: int, first: int) -> Lives:
        member = [[sum(1 << t for t in range(first, 64)), sum(1 << t - 64 for t in range(max(first, 64), 70))]]
        return Lives(
            key=np.array([key], np.uint64),
            group=np.zeros(1, np.int64),
            joined=np.array([first], np.int16),
            member=np.array(member, np.uint64),
            supported=np.zeros((70, 1), np.int16),
            once=np.zeros(1, bool),
            persons=np.ones(1, np.int8),
        )

    people, paths = lined_up.compare(one(1, 69), one(2, 60), (70, 69, 0, 69))
    rows, months = lined_up.frames(people[None], paths[None], pd.RangeIndex(70))
    years = rows.groupby("kind")["member_years"].sum()
    assert (years["because"], years["instead"]) == pytest.approx((10 / 12, -1 / 12))
    assert months[months["kind"] == "because"]["members"].tolist() == [0] * 60 + [1] * 10
    assert months[months["kind"] == "instead"]["gap"].tolist() == [0] * 69 + [-1]


def test_a_row_of_three_persons_counts_as_three():
    one, three = (
        lined_up.compare(*(who._replace(persons=who.persons * times) for who in (WITHOUT, UNDER)), (7, LAST, 1, LAST))
        for times in (1, 3)
    )
    assert one[0].any() and one[1].any()
    assert np.array_equal(three[0], 3 * one[0]) and np.array_equal(three[1], 3 * one[1])
