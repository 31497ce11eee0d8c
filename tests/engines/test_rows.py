"""Where many are members, a row stands for several persons: counts are kept to a person, answers in the mean."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from forecast.data import tables, toy
from forecast.desk import lined_up
from forecast.engines.people import agents, lives
from forecast.engines.people.opening import rows_of_members, rows_to_come
from forecast.engines.people.prices import BANDS
from forecast.question.levers import Gift, Policy, TopUp, Visits
from forecast.question.scenario import Scenario, read_scenario

SIX = 6  # persons
MEASURES = list(tables.MEASURES)


def question(*levers, **assumptions: float) -> Scenario:
    place = toy.place(scale=30, members=9001)
    policy = Policy(*levers)
    return Scenario("q", place, start="2021-12", until="2023-12", law=toy.law(), policy=policy, assumptions=assumptions)


@pytest.fixture
def six(monkeypatch):
    """Rows of six persons."""
    monkeypatch.setattr(agents, "persons_per_row", lambda _: SIX)


def values(asked: Scenario, draws: range = range(3)) -> np.ndarray:
    """By draw, month, measure, and group with all of them last."""
    return agents.batch(agents.Team, asked, draws, 1)


def test_a_row_stands_for_more_persons_where_more_are_members():
    found = {
        name: agents.persons_per_row(read_scenario(tables.data_dir() / "scenarios" / f"{name}-status-quo.yaml"))
        for name in ("da-bac", "dong-trieu", "ca-mau", "ha-noi")
    }
    assert found == {"da-bac": 1, "dong-trieu": 1, "ca-mau": 4, "ha-noi": 8}


@given(st.lists(st.integers(0, 40), min_size=2 * BANDS, max_size=2 * BANDS), st.integers(1, 9), st.floats(0.001, 0.999))
def test_rows_of_members_have_all_of_them_and_no_more(members, persons, luck):
    there = np.array(members)
    rows, first = rows_of_members(there, persons, np.full(2, luck))
    held = rows * persons - (persons - first) * (rows > 0)
    by_group = there.reshape(2, BANDS).sum(axis=1)
    assert held.reshape(2, BANDS).sum(axis=1).tolist() == by_group.tolist()
    assert rows.reshape(2, BANDS).sum(axis=1).tolist() == (-(-by_group // persons)).tolist()
    assert (rows >= 0).all() and (first >= 1).all()
    to_come = rows_to_come(there, persons, np.full(2, luck))
    assert (to_come >= 0).all()
    assert (np.abs(to_come.reshape(2, BANDS).sum(axis=1) * persons - by_group) < persons).all()
    if persons == 1:
        assert rows.tolist() == to_come.tolist() == members


def test_each_band_has_its_due_of_rows():
    there = np.array([1, 0, 5, 9, 2, 0, 3, 2])  # 22: three rows of six and one of four
    luck = (np.arange(6000) + 0.5) / 6000
    rows, first = (part.reshape(-1, BANDS) for part in rows_of_members(np.tile(there, 6000), SIX, luck))
    held = rows * SIX - (SIX - first) * (rows > 0)
    assert held.mean(axis=0) == pytest.approx(there, abs=0.01)
    to_come = rows_to_come(np.tile(there, 6000), SIX, luck).reshape(-1, BANDS)
    assert to_come.mean(axis=0) * SIX == pytest.approx(there, abs=0.01)


def test_the_opening_and_the_books_of_every_month_are_kept_to_a_person(six):
    got = values(question(Gift(persons_per_month=30, months=12, group="poor", start="2022-03", end="2022-09")))
    measure = {name: got[:, :, MEASURES.index(name), :] for name in MEASURES}
    assert (measure["members"][:, 0, -1] == 9001).all()
    came = measure["entries"] + measure["returns"]
    went = measure["lapses"] + measure["exits_compulsory"] + measure["exits_other"]
    assert np.array_equal(np.diff(measure["members"], axis=1), (came - went)[:, 1:])
    assert (measure["entries"][:, 1:] % SIX == 0).all() and measure["entries"].any()
    assert (measure["active_9of12"] <= measure["members"]).all()


def test_how_many_draws_are_lived_side_by_side_changes_nothing(six):
    asked = question(TopUp(group="poor", share=0.2, start="2022-03"))
    assert np.array_equal(values(asked, range(3))[2], values(asked, range(2, 3))[0])


def test_answers_agree_in_the_mean_with_a_row_for_each_person(monkeypatch):
    """The same draws of all parameters: what is left is the luck of single persons, 1 to 2% of a draw here."""
    policy = [Visits(count=300, per="place", start="2022-03"), TopUp(share=0.1, start="2022-06")]
    policy += [Gift(persons_per_month=60, months=12, start="2022-03")]
    found = {}
    for persons in (1, SIX):
        monkeypatch.setattr(agents, "persons_per_row", lambda _, persons=persons: persons)
        quo, plan = (values(question(*levers), range(40))[:, -12:, :, -1].mean(axis=1) for levers in ([], policy))
        found[persons] = quo, plan, plan - quo
    for name in ("members", "lasting_members", "active_9of12", "paid_months", "paid_members", "paid_state"):
        of = MEASURES.index(name)
        level = found[1][0][:, of].mean()
        for part in range(3):
            one, many = (found[persons][part][:, of] for persons in (1, SIX))
            assert many.mean() == pytest.approx(one.mean(), abs=0.01 * level), (name, part)
            assert many.std() == pytest.approx(one.std(), rel=0.1, abs=0.01 * level), (name, part)


def test_lives_are_those_behind_the_numbers_and_count_persons(six):
    quo, plan = question(), question(TopUp(share=0.3, start="2022-03"))
    last = len(quo.months) - 1
    (_, without), (got, under) = (lives.lives(asked, range(2), 1, [last]) for asked in (quo, plan))
    members = got[:, last, MEASURES.index("members"), -1]
    for draw, (before, after) in enumerate(zip(without, under, strict=True)):
        sums, paths = lined_up.compare(before, after, (last + 1, last, 0, 1))
        assert paths[: len(lined_up.KINDS), 0, last].sum() == members[draw]
        persons = sums[:, :, lined_up.COUNTED.index("persons")].sum(axis=0)
        assert persons[lined_up.ALREADY] == 9001
        assert persons[lined_up.BECAUSE] > 0
