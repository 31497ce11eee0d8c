"""How much of a lever a target needs, where an engine answers by a rule that can be done by head."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from forecast.beliefs.parameters import parameters_table
from forecast.beliefs.ranges import most
from forecast.desk import target
from forecast.question import menu
from forecast.question.levers import Collectors, Effort, Visits
from forecast.question.scenario import Scenario, Target
from forecast.show import ways as ways_shown
from made import toy_question

GOAL, DRAWS = 400.0, 10
EACH = float(parameters_table()["value"]["visits_per_collector"])  # visits a month
ASKED: list[tuple[str, range, int]] = []


def question(*levers, measure: str = "members", **more) -> Scenario:
    return toy_question("plan", *levers, target=Target(measure=measure, value=GOAL, by="2022-12"), **more)


@pytest.fixture
def engine(monkeypatch) -> Callable[[Callable], None]:
    """Let a rule answer every question: levers by name -> (which draws meet the target, the province's money).

    A draw that meets it does so to a person, or has one more.
    """

    def answer_by(rule: Callable[[dict[str, list]], tuple[np.ndarray, float]]) -> None:
        ASKED.clear()

        def tally(scenario, engine, draws, seed) -> pd.DataFrame:
            ASKED.append((engine, draws, seed))
            levers: dict[str, list] = {}
            for lever in scenario.policy.levers:
                assert lever.start == "2022-01"
                levers.setdefault(lever.lever, []).append(lever)
            met, money = rule(levers)
            paid = {"province": money, "state": money / 4, "donors": 0.0, "office": 3.0 * len(levers), "members": 1e9}
            values = {
                "reached": np.where(met, GOAL + np.arange(len(met)) % 2, GOAL - 1),
                "hours": np.full(len(met), 7.0 * len(levers)),
            }
            return pd.DataFrame(values | {payer: np.full(len(met), vnd) for payer, vnd in paid.items()})

        def tallies(asked, seed, **_) -> list[pd.DataFrame]:
            return [tally(*one, seed) for one in asked]

        monkeypatch.setattr(target, "tallies", tallies)

    return answer_by


@pytest.fixture
def endless(monkeypatch) -> None:
    """Let no place have an end of what was seen there."""
    monkeypatch.setattr(target, "most_effort", lambda scenario: target.MOST_EFFORT)


def times(levers: dict[str, list]) -> float:
    """How many times the ordinary outreach there is."""
    return float(np.prod([lever.times for lever in levers.get("Effort", [])]))


@pytest.mark.parametrize(("probability", "needed"), [(0.5, 5.0), (0.1, 1.4), (1.0, 10.0)])
def test_the_effort_is_the_least_that_gives_the_probability(engine, endless, probability, needed):
    """Draw number d meets the target from d + 1 times the ordinary effort on, the first of them from 1.4 times."""
    engine(lambda levers: (times(levers) >= np.array([1.4, *range(2, DRAWS + 1)]), 0.0))
    found = target.effort(question(), probability, draws=DRAWS, seed=7)
    assert needed <= found["multiple"] <= 1.02 * needed
    assert found["probability_now"] == 0 and found["probability_reached"] == probability == found["probability_wanted"]
    assert found["collectors_now"] == pytest.approx(12) and found["visits_per_month_now"] == pytest.approx(12 * EACH)
    assert found["collectors_needed"] == pytest.approx(12 * found["multiple"])
    assert found["visits_per_month_needed"] == pytest.approx(12 * EACH * found["multiple"])
    assert (found["target"], found["by"]) == (GOAL, "2022-12")
    assert all(asked == ("stock", range(DRAWS), 7) for asked in ASKED)
    assert (found["office"], found["hours"], found["total"]) == (3.0, 7.0, 3.0)


def test_the_effort_comes_on_top_of_what_the_policy_does_already(engine, endless):
    engine(lambda levers: (np.full(DRAWS, times(levers) >= 6.0), 0.0))
    assert 2.0 <= target.effort(question(Effort(times=3.0, start="2022-01")))["multiple"] <= 2.04


@pytest.mark.parametrize("beyond", [False, True])
def test_nobody_is_sent_farther_than_was_seen(engine, beyond):
    """The toy district has 12 collectors and was never seen with more than 1.2 in a hamlet."""
    top = target.most_effort(question())
    assert top == pytest.approx(min(most("collectors", question().place) / 12, target.MOST_EFFORT), rel=0.01)
    engine(lambda levers: (np.full(DRAWS, times(levers) >= (1.05 if beyond else 0.95) * top), 0.0))
    found = target.effort(question())
    assert found["most_multiple"] == top and (found["multiple"] is None) == beyond
    assert found["probability_reached"] == float(not beyond)
    assert (found["collectors_needed"] is None) == beyond
    told = ways_shown.effort_text(found, "en")
    assert ("more than has been seen" in told) == beyond


def test_what_was_seen_is_held_against_the_months_in_which_there_would_be_more_effort():
    """With half of the collectors from January on there is room for twice the effort; what was in December is past."""
    usual, half = target.most_effort(question()), Collectors(count=6, per="place", start="2022-01")
    assert target.most_effort(question(half)) == pytest.approx(min(2 * usual, target.MOST_EFFORT), rel=0.005)
    many = Collectors(count=9 * usual * 12, per="place", start="2022-01")
    assert target.most_effort(question(many)) == 1.0


def test_what_is_met_already_needs_no_more_effort(engine):
    engine(lambda levers: (np.arange(DRAWS) < 5, 0.0))
    found = target.effort(question(), 0.5)
    assert (found["multiple"], found["probability_now"], found["probability_reached"]) == (1.0, 0.5, 0.5)
    assert len(ASKED) == 1
    assert target.effort(question(), 0.51)["multiple"] is None


@pytest.mark.parametrize("ask", [target.effort, target.ways])
def test_where_nothing_else_is_said_even_odds_are_asked_of_a_hundred_draws_by_the_stock(engine, ask):
    """49 draws of a hundred are not enough without a lever, 50 are with any."""
    engine(lambda levers: (np.arange(100) < (50 if levers else 49), 0.0))
    found = ask(question())
    assert set(ASKED) == {("stock", range(100), 1)}
    wanted = found["wanted"].iloc[0] if ask is target.ways else found["probability_wanted"]
    reached = found["probability_reached"] if ask is target.effort else found["probability_reached"].min()
    assert (wanted, reached) == (0.5, 0.5)


@pytest.mark.parametrize("ask", [target.effort, target.ways])
def test_a_measure_that_the_stock_does_not_know_is_put_to_the_agents(engine, ask):
    engine(lambda levers: (np.ones(DRAWS, bool), 0.0))
    ask(question(measure="active_9of12"))
    assert {engine for engine, *_ in ASKED} == {"agents"}
    ask(question(), engine="agents")
    assert {engine for engine, *_ in ASKED} == {"agents"}


def more(levers: dict[str, list], name: str, what: str, usual: float = 0.0) -> float:
    """Size of the last lever of a name, beyond what is usual; 0 where there is none."""
    return getattr(levers[name][-1], what) - usual if name in levers else 0.0


def test_each_way_needs_the_least_level_that_is_enough(engine):
    """Enough are 5 collectors more, 100 visits, a commune or a top-up of 13% for all; lists are never enough."""

    def rule(levers: dict[str, list]) -> tuple[np.ndarray, float]:
        communes = levers["ModelCommunes"][-1].where.count if "ModelCommunes" in levers else 0
        amounts = more(levers, "Collectors", "count", 12) / 5, more(levers, "Visits", "count") / 100, communes / 1
        top_up = more(levers, "TopUp", "share") * (levers["TopUp"][-1].group == "all" if "TopUp" in levers else 0)
        return np.full(DRAWS, max(*amounts, top_up / 0.13) > 1 - 1e-9), 1000.0 + 100 * more(levers, "TopUp", "share")

    engine(rule)
    asked = question()
    found = target.ways(asked, 0.5, draws=DRAWS, seed=3).set_index("way")
    offered = menu.offered(asked)
    assert list(found.index) == [choice.name for choice in offered]
    step = {c.name: (c.high - c.low) / 100 for c in offered}
    for way, enough in (("Collectors", 5), ("Visits", 100), ("ModelCommunes", 1), ("TopUp/all", 0.13)):
        assert enough <= found.at[way, "needed"] * 1.001
        assert found.at[way, "needed"] <= enough + step[way] * 1.001 and found.at[way, "probability_reached"] == 1
    assert found.at["Collectors", "most"] == int(most("collectors", asked.place)) - 12
    assert np.isnan(found.at["Reminders", "needed"]) and found.at["Reminders", "probability_reached"] == 0
    assert (found["probability_now"] == 0).all()
    assert found.at["TopUp/all", "province"] == pytest.approx(100 * found.at["TopUp/all", "needed"])
    assert (found["total"] == found[["state", "province", "donors", "office"]].sum(axis=1)).all()
    assert (found["hours"] == 7).all() and all(asked[1:] == (range(DRAWS), 3) for asked in ASKED)
    assert list(target.ways(asked, 0.5, draws=DRAWS, only=["Visits"])["way"]) == ["Visits"]


@pytest.mark.parametrize("enough", [True, False])
def test_all_ways_at_their_most_are_the_last_that_is_asked(engine, enough):
    def rule(levers: dict[str, list]) -> tuple[np.ndarray, float]:
        everything = {"Collectors", "Visits", "ModelCommunes", "TopUp", "Reminders"} <= set(levers)
        return np.full(DRAWS, everything and enough), 70.0 if everything else 20.0

    engine(rule)
    found = target.ways(question(), 0.5, draws=DRAWS)
    told, found = ways_shown.table(found, "en"), found.set_index("way")
    last = found.loc["together"]
    assert found.index[-1] == "together" and found["needed"].drop("together").isna().all()
    assert (last["needed"] == 1.0) == enough and last["probability_reached"] == float(enough)
    assert (last["unit"], last["most"], last["province"], last["probability_now"]) == ("share", 1.0, 50.0, 0.0)
    assert "more than has been seen" in told
    assert ("cannot be reached with what has been seen" in told) == (not enough)


def test_what_is_met_already_needs_nothing_more(engine):
    engine(lambda levers: (np.ones(DRAWS, bool), 10.0))
    found = target.ways(question(), 0.9, draws=DRAWS)
    assert (found["needed"] == 0).all() and (found["total"] == 0).all()
    assert len(ASKED) == 1


def test_visits_now_are_those_of_collectors_and_of_others():
    levers = Collectors(count=20, per="place", start="2022-03"), Visits(count=10, per="place", start="2022-06")
    assert target.effort_now(question(*levers)) == pytest.approx((20, 20 * EACH + 10))
