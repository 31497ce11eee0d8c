"""What collectors keep, on members who can be followed by hand: by how they join and pay, for a year; both engines."""

import numpy as np
import pandas as pd
import pytest

from forecast.data import toy
from forecast.data.law import Law, read_law
from forecast.engines.people.agents import AgentEngine
from forecast.engines.people.commission import NEW_FOR, newly
from forecast.engines.people.stock import StockEngine
from forecast.question.levers import Gift, PaymentAdvice, Policy
from forecast.question.levers.campaign import YearEndCampaign
from forecast.question.scenario import Scenario

ENGINES = {"agents": AgentEngine, "stock": StockEngine}
ONE, YEAR, RENEWAL = 0.1, 0.2, 0.04  # of what is paid: new members a month at once, a year at once, renewals
RATES = {
    "collector_commission_new": ONE,
    "collector_commission_new_12_months": YEAR,
    "collector_commission_renewal": RENEWAL,
}
QUIET = {"transfer_rate": 0.0, "death_rate": 0.0, "pension_rate": 0.0, "month_noise": 0.0, "skill_spread": 0.0}
STAY = {"annual_lapse": 1e-9, "eligible_entry_rate": 0.0, "campaign_stay": 1.0, "prepaying": 0.0}
NO_CAMPAIGN = YearEndCampaign(held=0.0, start="2022-01")
NOBODY_COMES = {"entry_rate": 1e-9, "return_rate": 0.0, "quota_paper_share": 0.0}


def kept(engine: str, *levers, members: float = 300.0, draws: int = 2, until: str = "2023-06", **given) -> pd.DataFrame:
    """What collectors keep and what they collect (VND), and entries, by month: sums of the draws and groups."""
    law = toy.law()
    rows = pd.DataFrame([law.frame.iloc[0].to_dict() | {"parameter": n, "value": v} for n, v in RATES.items()])
    rows = rows.assign(place="Việt Nam", until="", unit="share")
    asked = Scenario(
        "q",
        toy.place(scale=0.3, members=members),
        start="2021-12",
        until=until,
        law=Law(pd.concat([law.frame, rows], ignore_index=True)),
        assumptions=QUIET | given,
        policy=Policy(*levers),
    )
    found = ENGINES[engine]().run(asked, range(draws), 1)
    sums = found[found["group"] != "all"].pivot_table("value", "month", "measure", aggfunc="sum", observed=True)
    sums = sums.iloc[1:]
    collected = sums["paid_members"] + sums["paid_donors"]
    return pd.DataFrame({"kept": sums["spent_outreach"], "collected": collected, "entries": sums["entries"]})


def shares(found: pd.DataFrame) -> np.ndarray:
    """Share of what is collected that is kept, (months,)."""
    return (found["kept"] / found["collected"]).to_numpy()


def share(found: pd.DataFrame) -> float:
    """The same of all months together."""
    return float(found["kept"].sum() / found["collected"].sum())


@pytest.mark.parametrize("engine", ENGINES)
def test_who_was_won_in_a_rush_is_new_for_a_year_at_the_rate_of_a_single_month(engine):
    """All members signed in a campaign of December, the last there is, and pay month by month."""
    found = kept(engine, NO_CAMPAIGN, campaign_rise=1e9, **NOBODY_COMES, **STAY)
    assert shares(found[:"2022-10"]) == pytest.approx([ONE] * 10)
    assert shares(found["2023-01":]) == pytest.approx([RENEWAL] * 6)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_book_earns_what_its_months_earn(engine):
    """Nobody else is there: what is collected in March is books of a year, or of a month."""
    for months, rate in ((12, YEAR), (1, ONE)):
        gift = Gift(persons_per_month=100, months=months, group="poor", start="2022-03", end="2022-03")
        found = kept(engine, gift, members=1.0, campaign_rise=0.0, **NOBODY_COMES, **STAY)
        assert found.loc["2022-03", "entries"] > 150
        assert share(found.loc[["2022-03"]]) == pytest.approx(rate, rel=0.04)  # members of before renew


@pytest.mark.parametrize("engine", ENGINES)
def test_who_is_advised_to_pay_a_year_earns_the_rate_of_a_year(engine):
    """All who join pay a year at once but those (2%) who pay five, of which the first counts."""
    given = {"members": 1.0, "campaign_rise": 0.0, "entry_rate": 0.3, "quota_paper_share": 0.0, "draws": 12}
    usual, advised = (kept(engine, *levers, **given) for levers in ((), (PaymentAdvice(share=1.0),)))
    five = (0.98 * 12 * YEAR + 0.02 * (12 * YEAR + 48 * RENEWAL)) / (0.98 * 12 + 0.02 * 60)
    later = slice("2022-02", "2022-11")
    assert share(advised[later]) == pytest.approx(five, rel=0.05)
    assert RENEWAL < share(usual[later]) < 0.9 * five


def test_a_spell_of_years_counts_as_new_for_its_first_year():
    worth = newly(Scenario("q", toy.place(), start="2026-07", until="2026-08", law=read_law()))
    assert worth[1].tolist() == pytest.approx([0.12 - 0.09, 3 * 0.06, 6 * 0.08, 12 * 0.11, NEW_FOR * 0.11])
    assert worth[0].tolist() == pytest.approx([0.02, 0.06, 0.12, 0.24, 0.24])  # before August 2026 one rate for all
    assert not newly(Scenario("q", toy.place(), start="2021-12", until="2022-01", law=toy.law())).any()


def test_the_engines_agree_on_the_share_that_is_kept():
    """Stock tells who is in their first year from the spread of tenure; agents know it of each person."""
    given = {"members": 600.0, "draws": 8, "until": "2024-12", "campaign_rise": 0.4, "entry_rate": 0.04}
    agents, stock = (share(kept(engine, **given)) for engine in ENGINES)
    assert stock == pytest.approx(agents, rel=0.05)
    assert agents > 1.2 * RENEWAL
