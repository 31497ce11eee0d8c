"""What one spell costs, and whom, on people whose months can be counted by hand: both engines."""

import numpy as np
import pandas as pd
import pytest

from forecast.data import toy
from forecast.data.law import Law
from forecast.engines.people.agents import AgentEngine
from forecast.engines.people.stock import StockEngine
from forecast.question.levers import Gift, Policy
from forecast.question.scenario import Scenario

ENGINES = {"agents": AgentEngine, "stock": StockEngine}
NOBODY_COMES = {"entry_rate": 1e-9, "return_rate": 0.0, "eligible_entry_rate": 0.0, "floor_share": 1.0}
NOBODY_GOES = {"transfer_rate": 0.0, "death_rate": 0.0, "pension_rate": 0.0, "month_noise": 0.0, "skill_spread": 0.0}
BOOKS, MONTH = 20, 400_000.0  # books given in March; VND a month on the floor of 2022


def paid(engine: str, cap: int, members: float, *levers: Gift, group: str = "poor") -> pd.DataFrame:
    """VND and months paid by a group, by month (rows) and measure, where the state subsidizes `cap` months a person."""
    frame = toy.law().frame
    frame.loc[frame["parameter"] == "subsidy_max_months", "value"] = cap
    asked = Scenario(
        "q",
        toy.place(scale=0.3, members=members),
        start="2021-12",
        until="2022-06",
        law=Law(frame),
        assumptions=NOBODY_COMES | NOBODY_GOES,
        policy=Policy(*levers),
    )
    rows = ENGINES[engine]().run(asked, range(1), 1)
    return rows[rows["group"] == group].pivot(index="month", columns="measure", values="value").iloc[1:]


@pytest.mark.parametrize("engine", ENGINES)
def test_a_book_of_twelve_months_has_five_with_subsidy_where_the_law_has_five(engine):
    """For a book the state pays half of five months, donors the other half and the seven months that are left."""
    march = paid(engine, 5, 1.0, Gift(persons_per_month=BOOKS, months=12, group="poor", start="2022-03", end="2022-03"))
    march = march.loc["2022-03"]
    books = march["entries"]
    assert books == pytest.approx(BOOKS, abs=2)  # agents round by chance, commune by commune
    assert march["paid_months"] == pytest.approx(12 * books)
    assert march["paid_state"] == pytest.approx(books * 5 * MONTH / 2)
    assert march["paid_donors"] == pytest.approx(books * (12 - 5 / 2) * MONTH)
    assert march["paid_members"] == pytest.approx(0.0, abs=1.0)
    assert march["paid_province"] == 0


@pytest.mark.parametrize("engine", ENGINES)
def test_members_who_have_used_up_their_months_pay_all_themselves(engine):
    """No month is subsidized where the law has none; with 120 a month the state pays a tenth."""
    none, usual = (paid(engine, cap, 300.0, group="other") for cap in (0, 120))
    assert none["paid_months"].sum() > 0 and usual["paid_months"].sum() > 0
    assert (none["paid_state"] == 0).all()
    assert none["paid_members"].to_numpy() == pytest.approx(MONTH * none["paid_months"].to_numpy())
    assert np.allclose(usual["paid_state"], 0.1 * MONTH * usual["paid_months"])
    assert np.allclose(usual["paid_members"], 0.9 * MONTH * usual["paid_months"])
