"""Limits that the world has, in both engines: what members declare, pay ahead and keep, and who can be reached."""

import numpy as np
import pandas as pd
import pytest

from forecast.data import toy
from forecast.data.law import Law
from forecast.engines.people.agents import AgentEngine, Team, model_of
from forecast.engines.people.means import Run, skill_classes
from forecast.engines.people.records import MEMBER
from forecast.engines.people.stock import StockEngine
from forecast.engines.people.world import make_world
from forecast.question.levers import Gift, Inspection, Policy
from forecast.question.scenario import Scenario

ENGINES = {"agents": AgentEngine, "stock": StockEngine}
NOTHING = """
    eligible_entry_rate eligible_exit_rate return_rate lump_sum_rate transfer_rate death_rate pension_rate month_noise
    campaign_rise skill_spread place_spread quota_paper_share renewal_price_response poor_above_floor prepaying
""".split()
QUIET = dict.fromkeys(NOTHING, 0.0) | {"entry_rate": 1e-9, "annual_lapse": 1e-9, "floor_share": 1.0}
MONTH = 400_000.0  # VND a month on the floor of 2022, which is twice that of 2021


def question(*levers, until="2022-12", members=3000.0, law=None, **assumptions) -> Scenario:
    asked = {"law": law or toy.law(), "policy": Policy(*levers), "assumptions": QUIET | assumptions}
    return Scenario("q", toy.place(members=members), start="2021-12", until=until, **asked)


def lived(engine: str, scenario: Scenario, group="all", draws=1) -> pd.DataFrame:
    """What an engine answers, by month (rows) and measure; the mean of the draws."""
    rows = ENGINES[engine]().run(scenario, range(draws), 1)
    rows = rows[rows["group"] == group]
    table = rows.pivot_table(index="month", columns="measure", values="value", aggfunc="sum", observed=True)
    return table.fillna(0.0).iloc[1:] / draws


def gross(table: pd.DataFrame) -> float:
    """What a month of membership brings, in floors of 2022."""
    money = table[["paid_members", "paid_state", "paid_province", "paid_donors"]].to_numpy().sum()
    return money / table["paid_months"].sum() / MONTH


@pytest.mark.parametrize("engine", ENGINES)
def test_of_the_poor_fewer_declare_more_than_the_floor(engine):
    """Books of one month bring people who pay by themselves from the next month on, all on the floor of 2022."""
    books = [Gift(persons_per_month=40, months=1, group=g, start="2022-01", end="2022-06") for g in ("poor", "other")]
    known = {"members": 1e-6, "gift_retention": 1.0, "floor_share": 0.5, "declared_tail": 3.0}
    poor, other = (gross(lived(engine, question(*books, **known), g, draws=8)) for g in ("poor", "other"))
    assert poor == pytest.approx(1.0) and other > 1.3
    more = gross(lived(engine, question(*books, **known | {"poor_above_floor": 1.0}), "poor", draws=8))
    assert more == pytest.approx(other, rel=0.25)


@pytest.mark.parametrize("engine", ENGINES)
def test_whoever_declares_more_than_the_floor_keeps_it_in_vnd_when_the_floor_doubles(engine):
    """Half of all were above the floor of 2021, by a mean of one floor: an e-th of them are above twice that."""
    known = {"floor_share": 0.5, "declared_tail": 2.0, "poor_above_floor": 1.0}
    found = gross(lived(engine, question(**known), draws=4))
    assert found == pytest.approx(1 + 0.5 * np.exp(-1) * 0.5, rel=0.02)


@pytest.mark.parametrize("engine", ENGINES)
def test_some_pay_a_year_ahead_of_a_rise_that_was_announced_and_of_no_other(engine):
    frame = toy.law().frame
    row = frame[(frame["parameter"] == "min_declared_income") & (frame["since"] == "2022-01")].index[0]
    frame.loc[row, "until"] = "2022-09"
    rise = frame.loc[[row]].assign(since="2022-10", until="", value=3 * frame.at[row, "value"])
    for basis, ahead in (("a decree of 2022-03-05", 1.3), ("a decree", 1.0)):
        law = Law(pd.concat([frame, rise.assign(legal_basis=basis)], ignore_index=True))
        none, some = (lived(engine, question(law=law, prepaying=share), draws=4)["paid_months"] for share in (0.0, 0.5))
        before, soon = slice("2022-01", "2022-06"), slice("2022-07", "2022-09")
        assert (some[before] == none[before]).all()
        assert (some[soon].sum() > ahead * none[soon].sum()) if ahead > 1 else (some == none).all()


def test_tenure_of_a_person_counts_months_paid():
    AgentEngine().run(question(annual_lapse=0.9, return_rate=0.3, until="2023-12"), range(1), 1)
    people = model_of(Team).people[0]
    table = people.table[: people.ledger.count[0]]
    there = table[(table["state"] == MEMBER) & (table["away"] > 0)]
    assert len(there) > 100
    opened = there[there["joined"] <= 0]
    assert (opened["away"] <= 24).all() and (opened["since"] > opened["away"]).all()


def test_tenure_of_the_stock_counts_months_paid():
    scenario, strata = question(return_rate=0.1, until="2022-06"), np.zeros(6, np.int64)
    world = make_world(scenario, range(2), 1, strata)
    run = Run(world, skill_classes(scenario, strata, world))
    run.members.lapsed[:] = 10.0, 120.0, 1500.0
    for t in range(1, 4):
        said = run.begin(t)
        run.live(t, said, run.press(t, said), np.zeros((2, 1, 4)))
    n, months, squares = np.moveaxis(run.members.lapsed, -1, 0)
    assert (n < 9).all() and months / n == pytest.approx(12.0, rel=1e-3)
    assert squares / n == pytest.approx(150.0, rel=1e-3)


@pytest.mark.parametrize("engine", ENGINES)
def test_who_became_eligible_later_can_be_given_a_book(engine):
    book = Gift(persons_per_month=2000, months=12, group="near_poor", start="2022-02", end="2022-06")
    none, more = (
        lived(engine, question(book, members=1e-6, eligible_entry_rate=rate), "near_poor")["entries"].sum()
        for rate in (0.0, 0.5)
    )
    assert more == pytest.approx(1.5 * none, rel=0.02)


@pytest.mark.parametrize("engine", ENGINES)
def test_inspections_end_with_the_hours_there_are(engine):
    def left(hours: float) -> float:
        lever = Inspection(hours_per_month=hours, start="2022-01")
        scenario = question(lever, transfer_rate=0.02, visits_per_collector=4.0)
        return float(lived(engine, scenario, draws=4)["exits_compulsory"].sum())

    assert left(0.0) < left(120.0) == left(240.0)


@pytest.mark.parametrize("engine", ENGINES)
def test_inspections_take_people_who_have_not_enrolled_out_of_reach_of_books(engine):
    """With a hazard of .02 a month for a year, e^-.24 of those who are left can still be given a book."""

    def given(hours: float) -> float:
        book = Gift(persons_per_month=9000, months=12, group="near_poor", start="2022-12", end="2022-12")
        levers = [book, Inspection(hours_per_month=hours, start="2022-01")]
        known = {"transfer_rate": 0.12, "inspection_effect": 0.5, "visits_per_collector": 400.0}
        return float(lived(engine, question(*levers, members=1e-6, **known), "near_poor", draws=8)["entries"].sum())

    assert given(40.0) == pytest.approx(np.exp(-0.02 * 12) * given(0.0), rel=0.04)  # 4 hours a thousand people


@pytest.mark.parametrize("engine", ENGINES)
def test_inspections_leave_fewer_who_enroll_by_themselves(engine):
    known = {"entry_rate": 0.1, "transfer_rate": 0.12, "inspection_effect": 0.5, "visits_per_collector": 400.0}
    lever = Inspection(hours_per_month=40, start="2022-01")
    none, some = (
        lived(engine, question(*levers, members=1e-6, visit_share=0.0, **known), draws=8)["entries"].sum()
        for levers in ((), (lever,))
    )
    assert some == pytest.approx(none * (1 - np.exp(-0.24)) / 0.24, rel=0.05)


def under_a_new_standard(since: str) -> Law:
    """The toy law, in which a poverty standard begins with the month of opening and another one later."""
    frame = toy.law().frame
    row = frame[frame["parameter"] == "min_declared_income"].iloc[[0]].assign(parameter="poverty_standard", unit="year")
    old, new = row.assign(since="2021-01", until="", value=2021.0), row.assign(since=since, until="", value=2022.0)
    return Law(pd.concat([frame, old, new], ignore_index=True))


@pytest.mark.parametrize("engine", ENGINES)
def test_a_new_poverty_standard_counts_more_people_as_near_poor(engine):
    """Some of the others get the near-poor's share of the state from its first month on, and more of them enroll."""
    law, known = under_a_new_standard("2022-07"), {"entry_rate": 0.05, "price_response": 8.0, "members": 600.0}
    none, some = (lived(engine, question(law=law, newly_poor=share, **known), "other", draws=8) for share in (0.0, 0.4))
    before, after = slice("2022-01", "2022-06"), slice("2022-08", "2022-12")
    assert (none[before] == some[before]).all(axis=None)
    assert some[after]["entries"].sum() > 1.01 * none[after]["entries"].sum()
    months = {name: table[after]["paid_months"].sum() for name, table in (("none", none), ("some", some))}
    usual = none[after]["paid_state"].sum() / months["none"] / MONTH
    more = some[after]["paid_state"].sum() / months["some"] / MONTH
    near = law.price("near_poor", "2022-08")
    held = (more - usual) / (near.state / near.gross - usual)
    assert 0.2 < held < 0.4  # less than the share of people: those with the lowest incomes are members less often
    same = lived(engine, question(law=toy.law(), newly_poor=0.4, **known), "other", draws=8)
    assert (same == none).all(axis=None)
