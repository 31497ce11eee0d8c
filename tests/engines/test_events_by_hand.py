"""Lives that can be told by head: with rates of nothing and of always, what the agents do in each month is known."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from forecast.data import tables, toy
from forecast.data.law import Law
from forecast.engines.people import agents
from forecast.engines.people.agents import AgentEngine
from forecast.question.levers import Collectors, Drive, Gift, Policy, Reminders, Visits
from forecast.question.plan import GROUPS
from forecast.question.scenario import Scenario

ALWAYS = 12_000.0  # a rate per year at which everybody does it in the first month
NOTHING = """
    eligible_entry_rate eligible_exit_rate return_rate lump_sum_rate transfer_rate death_rate pension_rate month_noise
    campaign_rise skill_spread place_spread quota_paper_share renewal_price_response
""".split()
QUIET = dict.fromkeys(NOTHING, 0.0) | {"entry_rate": 1e-9, "floor_share": 1.0}
BOOKS = Gift(persons_per_month=24, months=12, group="poor", start="2022-03", end="2022-03")


def asked(*levers, until="2023-06", members=0.0, scale=0.3, law=None, **assumptions) -> Scenario:
    """A question about a quiet place, in which only what is given happens."""
    return Scenario(
        "q",
        toy.place(scale=scale, members=max(members, 1e-6)),
        start="2021-12",
        until=until,
        law=law or toy.law(),
        assumptions=QUIET | assumptions,
        policy=Policy(*levers),
    )


def lived(*levers, group="all", **question: Any) -> pd.DataFrame:
    """What the agents answer in one draw, by month (rows) and measure."""
    rows = AgentEngine().run(asked(*levers, **question), range(1), 1)
    rows = rows[rows["group"] == group]
    return rows.pivot_table(index="month", columns="measure", values="value", aggfunc="sum", observed=True).fillna(0.0)


def law_of(spell: int, **values: float) -> Law:
    """The toy law, under which everybody pays so many months at a time, with other values for parameters."""
    frame = toy.law().frame
    for name, value in values.items():
        frame.loc[frame["parameter"] == name, "value"] = value
    mode = frame.iloc[-1].to_dict() | {"parameter": f"payment_mode_{spell}", "value": spell, "since": "2016-01"}
    return Law(pd.concat([frame, pd.DataFrame([mode])], ignore_index=True))


def only(months: dict[str, float], table: pd.DataFrame, measure: str) -> bool:
    """Does a measure have these values in these months, and nothing in others?"""
    found = table[measure]
    return found[found != 0].to_dict() == months


def test_everybody_enrolls_at_once_in_their_own_commune_and_group():
    sure = {"entry_rate": 1e6, "frailty_shape": 1e6, "price_response": 0.0, "annual_lapse": 1e-9}
    everybody = asked(scale=0.1, until="2022-02", **sure)
    eligible = everybody.place.group_sizes()
    rows = AgentEngine().run(everybody, range(1), 1)
    entries = rows[(rows["measure"] == "entries") & (rows["month"] == "2022-01")].set_index("group")["value"]
    assert entries[list(GROUPS)].tolist() == pytest.approx(eligible.sum(axis=0), abs=3.5)
    assert entries["all"] == entries[list(GROUPS)].sum()
    _, *members = agents.by_commune(everybody, range(1), 1)[0]
    assert members[0].tolist() == members[1].tolist() == pytest.approx(eligible.sum(axis=1), abs=2.5)


@pytest.mark.parametrize(("spell", "active"), [(3, "2023-01"), (6, "2022-12")])
def test_who_pays_with_a_month_between_is_active_with_the_ninth_month_of_twelve(spell, active):
    """Of three months and a gap the ninth within a year is January's; of six and a gap it comes sooner."""
    book = Gift(persons_per_month=24, months=spell, group="poor", start="2022-03", end="2022-03")
    always = {"return_rate": ALWAYS, "annual_lapse": 1 - 1e-15}
    table = lived(book, law=law_of(spell), gift_retention=0.0, until="2023-10", **always)
    books, since = table["entries"].sum(), 20  # months
    there = np.resize([1.0] * spell + [0.0], since)
    assert (table["members"].to_numpy()[-since:] == books * there).all()
    assert (table["active_9of12"] == table["members"] * (table.index.astype(str) >= active)).all()
    gaps = np.flatnonzero(there == 0)
    assert np.flatnonzero(table["lapses"].to_numpy()[-since:]).tolist() == gaps.tolist()
    assert table["paid_months"].sum() == books * spell * -(-since // (spell + 1))


def test_who_pays_month_by_month_is_active_in_the_ninth_month_and_not_when_stopping_then():
    book = Gift(persons_per_month=90, months=1, group="poor", start="2022-03", end="2022-03")
    table = lived(book, law=law_of(1), scale=1, gift_retention=1.0, annual_lapse=0.5)
    assert table.at["2022-11", "lapses"] > 0 and table.at["2023-06", "members"] > 0
    assert (table["active_9of12"][:"2022-10"] == 0).all()
    assert (table["active_9of12"]["2022-11":] == table["members"]["2022-11":]).all()


@pytest.mark.parametrize(("cap", "stay"), [(24, False), (25, True)])
def test_who_has_no_months_of_subsidy_left_pays_more_for_the_next_year_and_goes(cap, stay):
    """A book is one of twelve months, and the year after it another; March 2024 is the first time they choose."""
    law = law_of(12, subsidy_max_months=cap)
    most = {"gift_retention": 1.0, "annual_lapse": 1e-4, "renewal_price_response": 60.0}
    table = lived(BOOKS, law=law, until="2024-03", **most)
    books = table["entries"].sum()
    assert table["lapses"][:"2024-02"].sum() == 0
    assert table.at["2024-03", "lapses"] == (pytest.approx(0, abs=2) if stay else pytest.approx(books, abs=2))


def test_nobody_who_returns_is_missed_where_returning_was_not_foreseen():
    """Clocks that were expected to stand still: everybody is looked at, with the same result."""

    def values(expected: bool) -> np.ndarray:
        def look(model: agents.Offices, t: int) -> None:
            for people in model.people if t == 0 and not expected else ():
                people.ledger.foreseen[:] = 0.0

        busy = {"return_rate": 0.5, "annual_lapse": 0.5}
        return agents.batch(agents.Team, asked(members=200, until="2022-12", **busy), range(1), 1, look)

    usual = values(expected=True)
    assert np.array_equal(usual, values(expected=False))
    assert usual[:, :, list(tables.MEASURES).index("returns"), -1].sum() > 10


def test_no_answer_depends_on_how_much_room_there_was(monkeypatch):
    """1024 rows are there at first. In January 950 of 1000 people and 285 of 300 newcomers join; books follow."""
    book = Gift(persons_per_month=90, group="all", start="2022-02", end="2022-02")
    many = {"entry_rate": 36.0, "eligible_entry_rate": 0.3, "frailty_shape": 1e6, "price_response": 0.0, "scale": 0.1}
    question = asked(book, until="2022-03", annual_lapse=1e-9, **many)

    def values() -> np.ndarray:
        return agents.batch(agents.Team, question, range(1), 1)

    monkeypatch.setattr(agents, "_MODELS", {})
    narrow, wide = values(), values()  # the second takes over the room of the first
    assert np.array_equal(narrow, wide)
    monkeypatch.setattr(agents, "_MODELS", {})
    books = Gift(persons_per_month=1500, group="other", start="2022-01", end="2022-02")
    table = lived(books, until="2022-02", scale=1)
    assert table["entries"].tolist()[1:] == pytest.approx([1500, 1500], abs=3)


def test_of_those_who_lapsed_a_share_returns_each_month():
    """At a rate of a half a month, e^-0.5 of them are still away after one month and e^-1 after two."""
    table = lived(BOOKS.model_copy(update={"persons_per_month": 90}), scale=1, gift_retention=0.0, return_rate=0.5)
    away = table.at["2023-03", "lapses"]
    assert table.at["2023-04", "returns"] == pytest.approx(away * (1 - np.exp(-0.5)), abs=14)
    assert table.loc["2023-04":"2023-05", "returns"].sum() == pytest.approx(away * (1 - np.exp(-1.0)), abs=14)


def test_a_book_is_paid_once_counts_after_nine_months_and_ends_after_twelve():
    table = lived(BOOKS, gift_retention=0.0)
    books = table.at["2022-03", "entries"]
    assert 20 <= books <= 28
    assert only({"2022-03": books}, table, "entries") and only({"2022-03": 12 * books}, table, "paid_months")
    assert only({"2023-03": books}, table, "lapses")
    assert only({str(m): books for m in pd.period_range("2022-03", "2023-02", freq="M")}, table, "members")
    assert only({str(m): books for m in pd.period_range("2022-11", "2023-02", freq="M")}, table, "active_9of12")


def test_whoever_keeps_a_book_pays_for_the_next_spell_and_is_an_ordinary_member_then():
    table = lived(BOOKS, gift_retention=1.0, annual_lapse=1e-9)
    books = table.at["2022-03", "entries"]
    assert table["lapses"].sum() == 0 and (table["members"]["2022-03":] == books).all()
    assert table["paid_donors"]["2022-04":].sum() == 0 and table["paid_members"]["2023-03"] > 0
    rest = lived(BOOKS, gift_retention=1.0, annual_lapse=1 - 1e-12, until="2024-06")
    assert only({"2022-03": books}, rest, "entries") and rest["lapses"]["2023-03"] == 0
    assert rest["lapses"]["2023-04":].sum() >= 0.9 * books  # all but those who paid for years


@pytest.mark.parametrize(("months", "length"), [(1, 1), (2, 3), (3, 3), (6, 6), (7, 12)])
def test_a_book_is_as_long_as_the_next_spell_of_the_law(months, length):
    book = Gift(persons_per_month=24, months=months, group="poor", start="2022-03", end="2022-03")
    table = lived(book, until="2022-03")
    assert table["paid_months"].sum() == length * table["entries"].sum() > 0


def test_whoever_lapsed_returns_when_return_is_certain_and_is_active_at_once():
    """Eleven of the twelve months to April 2023 are paid: all but March."""
    table = lived(BOOKS, gift_retention=0.0, return_rate=ALWAYS, annual_lapse=1e-9, until="2023-05")
    books = table.at["2022-03", "entries"]
    assert only({"2023-04": books}, table, "returns") and only({"2023-03": books}, table, "lapses")
    assert table["members"].tolist()[-3:] == [0, books, books]
    assert table["active_9of12"].tolist()[-3:] == [0, books, books]


def test_whoever_takes_the_contributions_out_never_returns():
    gone = lived(BOOKS, gift_retention=0.0, lump_sum_rate=ALWAYS, return_rate=0.01, until="2023-12")
    assert gone["lapses"].sum() > 0 == gone["returns"].sum()
    many, even_odds = BOOKS.model_copy(update={"persons_per_month": 90}), {"lump_sum_rate": 12.0, "return_rate": 1.0}
    even = lived(many, gift_retention=0.0, until="2023-12", scale=1, **even_odds)
    assert even["returns"].sum() / even["lapses"]["2023-03"] == pytest.approx(0.5, abs=0.15)


@pytest.mark.parametrize(
    ("rates", "share"),
    [({"transfer_rate": ALWAYS}, 1.0), ({"death_rate": ALWAYS}, 0.0), ({"transfer_rate": 6.0, "death_rate": 6.0}, 0.5)],
)
def test_members_leave_for_a_job_or_for_good_by_their_rates(rates, share):
    table = lived(members=300, annual_lapse=1e-9, until="2022-12", **rates)
    exits = table[["exits_compulsory", "exits_other"]].sum()
    assert exits.sum() == pytest.approx(300, abs=3) and table["members"].iloc[-1] == pytest.approx(0, abs=3)
    assert exits["exits_compulsory"] / exits.sum() == pytest.approx(share, abs=0.1)
    if max(rates.values()) == ALWAYS:
        assert exits.sum() == table.loc["2022-01", ["exits_compulsory", "exits_other"]].sum()


def test_those_who_left_are_replaced_by_nobody_and_a_rate_of_a_twelfth_leaves_a_third():
    table = lived(members=600, scale=1, annual_lapse=1e-9, transfer_rate=1.0, until="2022-12")
    assert table["members"].iloc[-1] == pytest.approx(600 * np.exp(-1), abs=35)
    assert table["entries"].sum() == table["returns"].sum() == table["lapses"].sum() == 0


def test_the_stock_is_what_came_less_what_went_in_every_month_and_group():
    busy = {"entry_rate": 0.3, "return_rate": 0.5, "lump_sum_rate": 0.3, "transfer_rate": 0.2, "death_rate": 0.1}
    busy |= {"eligible_entry_rate": 0.05, "eligible_exit_rate": 0.05, "gift_retention": 0.5, "campaign_stay": 0.4}
    busy |= {"renewal_price_response": 8.0, "campaign_rise": 0.4}
    for group in ("all", "poor", "other"):
        levers = BOOKS, Visits(count=30, start="2022-04"), Drive(per_month=1, start="2022-06")
        table = lived(*levers, members=200, group=group, **busy)
        flows = table["entries"] + table["returns"] - table[["lapses", "exits_compulsory", "exits_other"]].sum(axis=1)
        assert (table["members"].diff().iloc[1:] == flows.iloc[1:]).all()
        assert (table["active_9of12"] <= table["members"]).all()
        if group == "all":
            assert (table[["entries", "returns", "lapses", "exits_compulsory", "exits_other"]].sum() > 0).all()
            assert table["active_9of12"].iloc[-1] > 0


def test_who_is_called_on_by_a_perfect_caller_stays_and_others_lapse():
    """Hundred collectors have time for every due member on the list."""
    call = Collectors(count=100, per="place", start="2022-01"), Reminders(share=1.0, start="2022-01")
    for contact, stays in ((1.0, True), (0.0, False)):
        table = lived(*call, members=300, annual_lapse=0.5, renewal_contact=contact, until="2022-09")
        assert (table["lapses"].sum() == 0) == stays
    assert lived(members=300, annual_lapse=0.5, renewal_contact=1.0, follow_up=0.0, until="2022-09")["lapses"].sum() > 0


def test_who_signed_in_a_campaign_goes_on_month_by_month():
    """Half of December's members are of its campaign: as many as last. An eighth of it is left after three months."""
    half = {"campaign_rise": 1.0, "annual_lapse": 1e-9, "until": "2022-03", "members": 400}
    stop = lived(campaign_stay=1e-9, **half)
    assert stop["lapses"]["2022-01"] == pytest.approx(200, abs=45) and stop["lapses"]["2022-02"] == 0
    some = lived(campaign_stay=0.125, **half)
    assert some["lapses"]["2022-01"] == pytest.approx(100, abs=35)
    assert some["lapses"].sum() == pytest.approx(175, abs=45)
    assert lived(campaign_stay=1.0, **half)["lapses"].sum() == 0


def test_as_many_sign_in_december_as_the_campaign_is_large():
    """A quarter more than last; nobody else comes, and hardly anybody stays."""
    table = lived(campaign_rise=0.25, campaign_stay=1e-9, annual_lapse=1e-9, members=500, scale=1, until="2023-01")
    lasting = table.loc["2022-11", "lasting_members"]
    assert table.loc["2022-12", "entries"] == pytest.approx(0.25 * lasting, rel=0.1)
    assert table.loc["2022-12", "members"] == lasting + table.loc["2022-12", "entries"]
    assert table.loc["2023-01", "members"] == table.loc["2022-11", "members"] == lasting


def test_fewer_renew_after_a_rise_of_the_price_and_fewer_of_those_whose_subsidy_is_used_up():
    """The floor doubles in January 2022; those without subsidy pay twice as much again among the poor."""
    calm, hard = (
        lived(members=400, scale=1, annual_lapse=0.1, renewal_price_response=x, until="2022-06") for x in (0.0, 30.0)
    )
    assert hard["lapses"].sum() > 1.5 * calm["lapses"].sum()


def test_newcomers_come_each_january_and_are_a_tenth_of_the_people():
    """With everybody enrolled who can be, only those enter who have just come; a year later half of the others left."""
    at_once = {"entry_rate": 1e6, "frailty_shape": 1e6, "price_response": 0.0, "annual_lapse": 1e-9, "members": 0.0}
    entries = lived(eligible_entry_rate=0.1, scale=0.1, until="2024-03", **at_once)["entries"]
    assert entries["2022-01"] == pytest.approx(1000 + 100, rel=0.05)
    assert entries["2023-01"] == pytest.approx(100, rel=0.15) and entries["2024-01"] == pytest.approx(100, rel=0.15)
    assert entries.drop(["2022-01", "2023-01", "2024-01"]).sum() == 0
    half = lived(eligible_exit_rate=0.5, scale=0.1, until="2022-03", **at_once)["entries"]
    assert half["2022-01"] == pytest.approx(500, rel=0.1) and half.sum() == half["2022-01"]


def test_pressure_adds_up_to_the_share_that_enters():
    """Without frailty (shape beyond all bounds) and at one price, a rate of 0.6 a year leaves e^-0.6 outside."""
    few = {"price_response": 0.0, "peer_effect": 0.0, "frailty_shape": 1e6, "follow_up": 0.0}
    table = lived(entry_rate=0.6, until="2022-12", annual_lapse=1e-9, **few)
    assert table["entries"].sum() == pytest.approx(3000 * (1 - np.exp(-0.6)), rel=0.06)
    assert table["members"].iloc[-1] == table["entries"].sum()
    months = table["entries"].iloc[1:]
    assert months.iloc[:6].sum() / months.iloc[6:].sum() == pytest.approx(np.exp(0.3), rel=0.12)
