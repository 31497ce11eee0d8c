"""The simulated status quo is the baseline, draw by draw; what a policy changes is paired on top of it."""

import numpy as np
import pytest

from forecast.data import toy
from forecast.data.places import read_place
from forecast.data.tables import UserError
from forecast.engines.people.agents import AgentEngine
from forecast.engines.people.following import lead
from forecast.engines.people.stock import StockEngine
from forecast.engines.pool import PoolEngine
from forecast.engines.series.engine import SeriesEngine
from forecast.question.levers import Policy, Visits, YearEndCampaign
from forecast.question.scenario import Scenario

DRAWS = range(8)


@pytest.fixture(scope="module")
def quo() -> Scenario:
    return Scenario("status quo", "Đà Bắc", start="2021-12", until="2023-06")


def path(engine, scenario: Scenario, measure: str = "members", draws: range = DRAWS) -> np.ndarray:
    """(months, draws) of the whole place."""
    rows = engine.run(scenario, draws, 1)
    rows = rows[(rows["measure"] == measure) & (rows["group"] == "all")]
    return rows.pivot(index="month", columns="draw", values="value").to_numpy()


def test_a_real_place_follows_and_an_invented_one_does_not(quo):
    assert quo.follows and not quo.but(learned="priors").follows
    assert not Scenario("toy", toy.place(), start="2021-12", until="2022-06", law=toy.law()).follows


def test_the_stock_of_the_status_quo_is_the_pool_in_every_draw(quo):
    """But where a fall is steeper than people who are due can stop; then it is as near as it can be."""
    paths = PoolEngine().paths(quo, DRAWS, 1)
    lasting = path(StockEngine(), quo, "lasting_members")
    near = np.isclose(lasting[1:], paths.lasting[1:], rtol=1e-3)
    assert near.mean() > 0.9
    members = path(StockEngine(), quo)
    assert members[0] == pytest.approx(np.rint(paths.members[0]))
    december = 12
    assert np.isclose(members[december], paths.members[december], rtol=0.02).mean() >= 0.75


def test_agents_follow_as_the_stock_does(quo):
    stock, agents = path(StockEngine(), quo), path(AgentEngine(), quo)
    assert agents.mean(axis=1) == pytest.approx(stock.mean(axis=1), rel=0.03)


def test_a_draw_follows_alike_whichever_others_are_asked_with_it(quo):
    assert (path(StockEngine(), quo, draws=range(2, 5)) == path(StockEngine(), quo)[:, 2:5]).all()


def test_a_policy_is_paired_with_the_baseline(quo):
    more = quo.with_policy("more", Policy(Visits(count=20, start="2022-01")))
    gain = path(StockEngine(), more, "lasting_members") - path(StockEngine(), quo, "lasting_members")
    assert (gain[0] == 0).all() and (gain[-1] > 0).all()


def test_without_a_campaign_december_is_what_lasts(quo):
    none = quo.with_policy("none", Policy(YearEndCampaign(held=0.0)))
    gone = path(StockEngine(), quo) - path(StockEngine(), none)
    assert (gone[12] > 0).all()  # December 2022
    assert gone[15].mean() < 0.4 * gone[12].mean()  # March 2023: most of them were gone by then


def test_a_campaign_can_be_moved_and_followed_up(quo):
    moved = quo.with_policy("moved", Policy(YearEndCampaign(month=10)))
    late = path(StockEngine(), moved) - path(StockEngine(), quo)
    assert late[10].mean() > 0 > late[12].mean()
    kept = quo.with_policy("kept", Policy(YearEndCampaign(kept=1.0)))
    more = path(StockEngine(), kept) - path(StockEngine(), quo)
    assert (more[15] > 0).all() and more[11].mean() >= 0


def test_a_gain_makes_the_campaign_smaller_where_the_plan_is_known():
    scenario = Scenario("toy", toy.place(), start="2021-12", until="2022-12", law=toy.law())
    led = lead(scenario, DRAWS, 1, None)
    assert (led.signed[12] > 0).all() and (led.signed[:12] == 0).all()
    assert (led.closed == 0).all()  # no plan is known of an invented place


def test_one_seed_gives_the_same_bytes_twice(quo):
    assert path(AgentEngine(), quo, draws=range(2)).tobytes() == path(AgentEngine(), quo, draws=range(2)).tobytes()


def test_a_place_that_nobody_has_counted_borrows_its_share_of_the_nation():
    asked = Scenario("x", "Lai Châu", start="2026-06", until="2026-12")
    nation = read_place("Việt Nam").latest("members", until="2026-06")[1]
    value, month, status = asked.opening
    assert status == "borrowed" and 0 < value < nation / 20 and month <= "2026-06"
    assert SeriesEngine().run(asked, range(3), 1).empty
    stock, pool = path(StockEngine(), asked), path(PoolEngine(), asked)
    assert len(set(stock[0].round())) == len(DRAWS) and stock[0] == pytest.approx(np.rint(pool[0]))
    with pytest.raises(UserError, match="Lai Châu has no published stock"):
        _ = asked.but(learned="priors").opening


@pytest.mark.parametrize("engine", [AgentEngine, StockEngine, PoolEngine, SeriesEngine])
@pytest.mark.parametrize("learned", ["counts", "priors"])
@pytest.mark.parametrize("members", [0, 22_089])
def test_a_place_opens_with_nobody_and_with_everybody(engine, learned, members, recwarn):
    given = {"opening_members": members}
    asked = Scenario("x", "Đà Bắc", start="2019-06", until="2020-01", assumptions=given, learned=learned)
    there = path(engine(), asked)
    assert np.isfinite(there).all() and there.min() >= 0 and there.max() <= 22_089 * 1.000001
    assert (there[0] == pytest.approx(members)) and not recwarn.list
