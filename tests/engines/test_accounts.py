"""Promises that both engines keep, on months and money that can be counted by hand."""

import numpy as np
import pytest

from forecast.answer.projection import Projection, concat
from forecast.data import toy
from forecast.engines.people.agents import AgentEngine
from forecast.engines.people.stock import StockEngine
from forecast.question.levers import Gift, Policy
from forecast.question.scenario import Scenario
from made import counted

ENGINES = {"agents": AgentEngine, "stock": StockEngine}
STEADY = {"month_noise": 0.0, "skill_spread": 0.0, "quota_paper_share": 0.0, "campaign_rise": 0.0}


def run(engine: str, asked: Scenario, draws: int = 4) -> Projection:
    """Return what an engine answers."""
    return concat([ENGINES[engine]().run(asked, range(draws), 1)])


@pytest.mark.parametrize("engine", ENGINES)
def test_people_leave_the_pool_at_the_turn_of_the_year_and_not_before(engine):
    """With a yearly rate of one nobody is left in January; until then everybody is there."""
    gone = {"eligible_exit_rate": 1.0, "eligible_entry_rate": 0.0} | STEADY
    asked = Scenario("q", toy.place(scale=3), start="2022-06", until="2023-03", law=toy.law(), assumptions=gone)
    entries = run(engine, asked).only(measure="entries", group="all").frame
    by_month = entries.groupby("month", observed=True)["value"].sum()
    assert (by_month["2022-07":"2022-12"] > 0).all()
    assert (by_month["2023-01":"2023-03"] == 0).all()


@pytest.mark.parametrize("engine", ENGINES)
def test_half_of_the_pool_is_left_after_a_year_at_a_rate_of_half(engine):
    """Who could enter is halved each January, and so are those who do."""
    rates = {"eligible_entry_rate": 0.0, "entry_rate": 0.002, "place_spread": 0.0, "peer_effect": 0.0} | STEADY
    years = {}
    for rate in (0.0, 0.5):
        asked = Scenario(
            "q",
            toy.place(scale=30),
            start="2021-12",
            until="2023-12",
            law=toy.law(),
            assumptions=rates | {"eligible_exit_rate": rate},
        )
        entries = run(engine, asked, draws=8).only(measure="entries", group="all").frame.astype({"month": str})
        years[rate] = entries.groupby(entries["month"].str[:4])["value"].sum()
    left = years[0.5] / years[0.0]
    assert left["2022"] == pytest.approx(0.5, rel=0.12)
    assert left["2023"] == pytest.approx(0.25, rel=0.12)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_gift_is_paid_once(engine):
    """Payers add up to the contribution for the months paid, those of a gift as well; donors pay no more than these."""
    asked = Scenario(
        "q",
        toy.place(),
        start="2021-12",
        until="2022-12",
        law=toy.law(),
        assumptions={"floor_share": 1},
        policy=Policy(Gift(persons_per_month=10, months=12, group="poor", start="2022-03", end="2022-05")),
    )
    rows = run(engine, asked).frame
    rows = rows[(rows["group"] == "poor") & rows["measure"].astype(str).str.startswith("paid_")]
    wide = rows.pivot(index=["draw", "month"], columns="measure", values="value")
    payers = wide[["paid_members", "paid_state", "paid_province", "paid_donors"]]
    months = wide.index.get_level_values("month") != "2021-12"
    assert np.allclose(payers[months].sum(axis=1), 400_000 * wide["paid_months"][months], rtol=1e-9)
    given = wide["paid_donors"].groupby("draw").sum()
    assert given.mean() == pytest.approx(30 * 12 * 400_000 * 0.5, rel=0.05)  # the state pays half for the poor
    assert (payers >= -1e-6).all(axis=None)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_place_is_held_to_its_own_growth_the_more_the_wider_places_are_apart(engine):
    """Own counts weigh little where all places are alike, and nearly everything where they differ widely."""

    def entries(spread: float, before: float) -> float:
        place = counted(("2020-12", before), ("2021-12", 300.0))
        fixed = {"place_spread": spread, "entry_rate": 0.01, "peer_effect": 0.0} | STEADY
        asked = Scenario("q", place, start="2021-12", until="2022-06", law=toy.law(), assumptions=fixed)
        found = run(engine, asked, draws=60).only(measure="entries", group="all").frame
        return float(found.groupby("draw")["value"].sum().median())

    alike = entries(0.02, 150.0) / entries(0.02, 290.0)
    apart = entries(2.0, 150.0) / entries(2.0, 290.0)
    assert alike == pytest.approx(1.0, abs=0.1)
    assert apart > 1.5
