"""Lasting and campaign members: what is learned is keyed, blind to what came later, and right on invented counts."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from forecast.data import tables
from forecast.data.law import read_law
from forecast.data.places import read_place
from forecast.engines.campaign import parameters as par
from forecast.engines.campaign.ahead import Paths, ahead
from forecast.engines.campaign.beliefs import learn, states
from forecast.engines.campaign.engine import CampaignEngine, rows_of
from forecast.engines.campaign.known import NATION, Known, known_at
from forecast.engines.campaign.nation import Nation, above, bumpy, step
from forecast.engines.campaign.particles import Luck, effective, resampled
from forecast.engines.pool import PoolEngine, weights_at
from forecast.question.levers import Policy, TopUp
from forecast.question.scenario import Scenario

LAW = read_law()
HISTORY = tables.read(tables.data_dir() / "history.csv", "history")
FEW = 2000


def known(origin: str, history: pd.DataFrame = HISTORY) -> Known:
    return known_at(history, pd.Period(origin, "M"), LAW.known(origin))


@pytest.fixture(scope="module")
def beliefs():
    return learn(known("2021-12"), particles=FEW, rows=400)


def months(since: str, until: str) -> pd.PeriodIndex:
    return pd.period_range(since, until, freq="M")


def test_what_came_later_is_not_known():
    then, now = known("2021-12"), known("2025-12")
    assert (then.counts["month"] <= pd.Period("2021-12")).all()
    assert ("Việt Nam", 2022) not in then.plans and ("Việt Nam", 2022) in now.plans
    later = HISTORY[~((HISTORY["month"] > "2021-12") & (HISTORY["kind"] == "observation"))]
    assert known("2021-12", later).digest == then.digest != now.digest


def test_a_count_that_follows_from_a_later_one_waits_for_it():
    september = pd.Period("2023-09", "M")
    held = [
        k.counts.query("place == @NATION")["month"].eq(september).any() for k in (known("2023-12"), known("2024-12"))
    ]
    assert held == [False, True]


def test_recalled_figures_and_hopes_set_years_ahead_teach_nothing():
    now = known("2022-12")
    assert not (now.counts.query("place == @NATION")["month"] == pd.Period("2022-12")).any()
    assert ("Cà Mau", 2025) not in known("2025-12").plans and now.plans["Cà Mau", 2021] == 36720


def test_the_same_seed_gives_the_same_rows_and_another_seed_others(beliefs):
    again = learn(known("2021-12"), particles=FEW, rows=400)
    ahead_months = months("2021-12", "2022-12")
    one, two = (ahead(b, "Cà Mau", ahead_months, range(50), 1) for b in (beliefs, again))
    assert (one.members == two.members).all() and (one.lasting == two.lasting).all()
    assert (ahead(beliefs, "Cà Mau", ahead_months, range(50), 2).members != one.members).any()


def test_a_draw_does_not_depend_on_the_others_asked_with_it(beliefs):
    ahead_months = months("2021-12", "2022-12")
    whole = ahead(beliefs, "Hà Nội", ahead_months, range(60), 1).members
    part = ahead(beliefs, "Hà Nội", ahead_months, range(20, 40), 1).members
    assert (part == whole[:, 20:40]).all()


def test_december_stands_above_lasting_members_and_most_of_it_is_gone_by_march(beliefs):
    paths = ahead(beliefs, NATION, months("2021-12", "2023-03"), range(400), 1)
    at = {str(month): i for i, month in enumerate(paths.months)}
    over = np.median(paths.members / paths.lasting, axis=1)
    assert over[at["2022-12"]] > 1.05 > over[at["2023-03"]] > 0.97


def test_more_counts_of_a_place_narrow_its_interval(beliefs):
    def width(place):
        paths = ahead(beliefs, place, months("2021-12", "2022-12"), range(400), 1)
        low, high = np.quantile(paths.members[-1], [0.1, 0.9])
        return high / low

    assert width("Nghệ An") < 0.6 * width("An Giang")


def test_a_place_never_counted_borrows_its_share_of_the_nation(beliefs):
    paths = ahead(beliefs, "An Giang", months("2021-12", "2022-12"), range(400), 1)
    nation = ahead(beliefs, NATION, months("2021-12", "2022-12"), range(400), 1)
    share = np.exp(beliefs.known.size("An Giang"))
    assert 0.3 < np.median(paths.lasting[0] / nation.lasting[0]) / share < 1.5


def test_the_filter_finds_the_state_of_an_invented_nation():
    """Counts drawn from the model itself: the true lasting level lies within what was learned, at its right rank."""
    inside = 0
    for trial in range(6):
        truth, counts = invented(trial)
        origin = pd.Period("2021-10", "M")
        k = Known(origin, counts, {}, {NATION: 48.96e6}, LAW, {NATION: (NATION,)})
        found = learn(k, seed=trial, particles=FEW, rows=400)
        low, high = np.quantile(found.nation.level, [0.025, 0.975])
        inside += low <= truth <= high
    assert inside >= 4


def invented(trial: int) -> tuple[float, pd.DataFrame]:
    """The log of lasting members before prices at 2021-10, and counts, of a nation drawn from the priors."""
    luck = Luck.of(1000 + trial, range(1), "truth")
    p = {k: prior.draws(luck.normal(k)) for k, prior in par.NATION.items()}
    none = Known(
        pd.Period("2021-10", "M"),
        pd.DataFrame(columns=["place", "month", "value", "error"]),
        {},
        {NATION: 48.96e6},
        LAW,
        {NATION: (NATION,)},
    )
    start = np.array([12.2])
    s = Nation(start, p["growth"], start + 0.05, start * 0 + 0.05, start * 0 + 0.1, p["close"], start * 0)
    rows = []
    for month in months("2015-01", "2021-10"):
        step(s, p, none, month, luck)
        if month.month in (3, 7, 10, 12):
            low = s.level - p["price"] * none.price(NATION, month) + above(month, s.rise, s.stay)
            bump = luck.bump(f"bump {month}") if bumpy(month) else 0.0
            value = np.exp(low + bump + 0.0156 * luck.normal(f"count {month}"))[0]
            rows.append((NATION, month, value, 0.01))
    return float(s.level[0]), pd.DataFrame(rows, columns=["place", "month", "value", "error"])


def test_the_engine_is_deaf_to_levers_and_says_both_measures():
    engine = CampaignEngine()
    quo = Scenario("status quo", "Cà Mau", start="2021-12", until="2022-03")
    rows = engine.run(quo, range(8), 1)
    assert set(rows["measure"]) == {"members", "lasting_members"} and len(rows) == 2 * 4 * 8
    start = rows[(rows["month"] == "2021-12") & (rows["measure"] == "members")]["value"]
    assert (start == 26948).all()
    helped = quo.with_policy("top-up", Policy(TopUp(group="poor", share=0.2, start="2022-01")))
    assert engine.run(helped, range(8), 1).empty


def test_a_count_of_ones_own_moves_a_place_and_no_other(beliefs):
    place = read_place("Cà Mau", at="2021-12")
    other = beliefs.known.beside(place, (30000.0, "2021-12", "assumed"))
    more = place.history.copy()
    more.loc[(more["month"] == "2021-12") & (more["measure"] == "members"), "value"] = 40000.0
    moved = beliefs.known.beside(replace(place, history=more), (40000.0, "2021-12", "assumed"))
    level = [np.median(states(beliefs, "Cà Mau", k).mean) for k in (other, moved)]
    assert level[1] - level[0] > 0.2
    assert (states(beliefs, "Hà Nội", other).mean == states(beliefs, "Hà Nội", moved).mean).all()


def test_a_nation_that_was_never_counted_is_told_in_one_message():
    quo = Scenario("status quo", "Cà Mau", start="2021-12", until="2022-03")
    with pytest.raises(tables.UserError, match="no count of Việt Nam was known in 2021-12"):
        CampaignEngine(HISTORY[HISTORY["place"] != NATION]).run(quo, range(4), 1)


def test_rows_stand_draw_by_draw():
    quo = Scenario("status quo", "Cà Mau", start="2021-12", until="2022-01")
    values = np.arange(8.0).reshape(2, 2, 2)  # measures, months, draws
    rows = rows_of("campaign", quo, range(2), Paths(quo.months, *values, *values))
    assert rows["value"].tolist() == [0.0, 2.0, 4.0, 6.0, 1.0, 3.0, 5.0, 7.0]
    assert rows["measure"].tolist()[:4] == ["members", "members", "lasting_members", "lasting_members"]


def test_resampling_keeps_the_shares_of_the_weights():
    weight = np.log(np.array([0.1, 0.2, 0.7]))
    assert effective(weight) == pytest.approx(1 / (0.01 + 0.04 + 0.49))
    many = np.repeat(weight, 1000)
    assert np.bincount(resampled(many, 0.5) // 1000).tolist() == pytest.approx([300, 600, 2100], abs=2)


def test_a_pool_takes_each_engine_as_often_as_it_weighs():
    weights = pd.DataFrame(
        {"origin": ["2021-06"] * 2, "scope": ["places"] * 2, "engine": ["campaign", "series"], "weight": [1.0, 0.0]}
    ).assign(spread=1.0)
    quo = Scenario("status quo", "Cà Mau", start="2021-12", until="2022-03")
    rows = PoolEngine(weights=weights).run(quo, range(6), 1)
    alone = CampaignEngine().run(quo, range(6), 1)
    ends = ["2021-12", "2022-06", "2022-12"]  # between them the pool goes straight
    assert (rows["value"] == alone["value"])[rows["month"].isin(ends)].all() and set(rows["engine"]) == {"pool"}
    assert weights_at(weights, "2021-05", "places", ["campaign", "series"]) == {"campaign": 0.5, "series": 0.5}
    assert weights_at(weights, "2022-05", "places", ["campaign", "series"]) == {"campaign": 1.0, "series": 0.0}


def test_a_pool_draws_nearer_to_its_median_by_what_counts_asked_for():
    quo = Scenario("status quo", "Cà Mau", start="2021-12", until="2022-12")
    table = pd.DataFrame({"origin": ["2021-06"], "scope": ["places"], "engine": ["campaign"], "weight": [1.0]})
    wide, narrow = (PoolEngine(weights=table.assign(spread=s)).paths(quo, range(200), 1) for s in (1.0, 0.5))
    assert np.log(narrow.members[-1]).std() == pytest.approx(0.5 * np.log(wide.members[-1]).std())
    assert np.median(narrow.members[-1]) == pytest.approx(np.median(wide.members[-1]), rel=0.01)
    assert (narrow.members >= narrow.lasting).all()
    part = PoolEngine(weights=table.assign(spread=0.5)).paths(quo, range(3, 5), 1)
    assert (part.members == narrow.members[:, 3:5]).all()  # whichever draws are asked for
