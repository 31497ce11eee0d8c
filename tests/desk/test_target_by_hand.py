"""How much of a lever a target needs, where an engine answers by a rule that can be done by head."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from forecast.answer.projection import COLUMNS, Projection
from forecast.beliefs.parameters import parameters_table
from forecast.desk import target
from forecast.question.levers import Collectors, Effort, Visits
from forecast.question.scenario import Scenario, Target
from made import toy_question

GOAL, DRAWS = 400.0, 10
EACH = float(parameters_table()["value"]["visits_per_collector"])  # visits a month
ASKED: list[tuple[list[str], dict]] = []


def question(*levers, measure: str = "members", **more) -> Scenario:
    return toy_question("plan", *levers, target=Target(measure=measure, value=GOAL, by="2022-12"), **more)


@pytest.fixture
def engine(monkeypatch) -> Callable[[Callable], None]:
    """Let `project` answer by a rule: levers by name -> (which draws meet the target, public money of each draw)."""

    def answer_by(rule: Callable[[dict[str, list]], tuple[np.ndarray, float]]) -> None:
        ASKED.clear()

        def project(scenario, engines, **how) -> Projection:
            ASKED.append((engines, how))
            levers: dict[str, list] = {}
            for lever in scenario.policy.levers:
                assert lever.start == "2022-01"
                levers.setdefault(lever.lever, []).append(lever)
            met, money = rule(levers)
            values = {"members": np.where(met, GOAL, GOAL - 1), "paid_state": np.full(DRAWS, money / 4)}
            values |= {"active_9of12": values["members"], "paid_province": values["paid_state"]}
            values["paid_members"] = values["paid_donors"] = np.full(DRAWS, 1e9)
            parts = [
                pd.DataFrame({"measure": measure, "month": month, "draw": range(DRAWS), "value": of_draws})
                for measure, of_draws in values.items()
                for month in ("2022-11", "2022-12")
            ]
            told = {"place": "Toy", "scenario": "plan", "engine": engines[0], "origin": "2021-12", "group": "all"}
            return Projection(pd.concat(parts).assign(**told)[COLUMNS])

        monkeypatch.setattr(target, "project", project)

    return answer_by


def times(levers: dict[str, list]) -> float:
    """How many times the ordinary outreach there is."""
    return float(np.prod([lever.times for lever in levers.get("Effort", [])]))


@pytest.mark.parametrize(("probability", "needed"), [(0.5, 5.0), (0.1, 1.4), (1.0, 10.0)])
def test_the_effort_is_the_least_that_gives_the_probability(engine, probability, needed):
    """Draw number d meets the target from d + 1 times the ordinary effort on, the first of them from 1.4 times."""
    engine(lambda levers: (times(levers) >= np.array([1.4, *range(2, DRAWS + 1)]), 0.0))
    found = target.effort(question(), probability, draws=DRAWS, seed=7)
    assert needed <= found["multiple"] <= 1.02 * needed
    assert found["probability_now"] == 0 and found["probability_reached"] == probability == found["probability_wanted"]
    assert found["collectors_now"] == pytest.approx(12) and found["visits_per_month_now"] == pytest.approx(12 * EACH)
    assert found["collectors_needed"] == pytest.approx(12 * found["multiple"])
    assert found["visits_per_month_needed"] == pytest.approx(12 * EACH * found["multiple"])
    assert (found["target"], found["by"]) == (GOAL, "2022-12")
    how = {"draws": DRAWS, "seed": 7, "jobs": 1, "progress": False}
    assert all(asked == (["stock"], how) for asked in ASKED)


def test_the_effort_comes_on_top_of_what_the_policy_does_already(engine):
    engine(lambda levers: (np.full(DRAWS, times(levers) >= 6.0), 0.0))
    assert 2.0 <= target.effort(question(Effort(times=3.0, start="2022-01")))["multiple"] <= 2.04


@pytest.mark.parametrize(("from_", "met"), [(49.5, True), (50.5, False)])
def test_nobody_goes_fifty_times_as_often(engine, from_, met):
    engine(lambda levers: (np.full(DRAWS, times(levers) >= from_), 0.0))
    found = target.effort(question())
    assert (found["multiple"] is not None) == met and found["probability_reached"] == float(met)


def test_what_is_met_already_needs_no_more_effort(engine):
    engine(lambda levers: (np.arange(DRAWS) < 5, 0.0))
    found = target.effort(question(), 0.5)
    assert (found["multiple"], found["probability_now"], found["probability_reached"]) == (1.0, 0.5, 0.5)
    assert len(ASKED) == 2
    assert target.effort(question(), 0.51)["multiple"] is None


@pytest.mark.parametrize("ask", [target.effort, target.ways])
def test_a_measure_that_the_stock_does_not_know_is_put_to_the_agents(engine, ask):
    engine(lambda levers: (np.ones(DRAWS, bool), 0.0))
    ask(question(measure="active_9of12"))
    assert {engines[0] for engines, _ in ASKED} == {"agents"}
    ask(question(), engine="agents")
    assert {engines[0] for engines, _ in ASKED} == {"agents"}


def more(levers: dict[str, list], name: str, what: str, usual: float = 0.0) -> float:
    """Size of the last lever of a name, beyond what is usual; 0 where there is none."""
    return getattr(levers[name][-1], what) - usual if name in levers else 0.0


def test_each_way_needs_the_least_amount_that_is_enough(engine):
    """Enough are 5 collectors more, 100 visits, 3 communes or a top-up of 37%; lists are never enough."""

    def rule(levers: dict[str, list]) -> tuple[np.ndarray, float]:
        communes = levers["ModelCommunes"][-1].where.count if "ModelCommunes" in levers else 0
        amounts = more(levers, "Collectors", "count", 12) / 5, more(levers, "Visits", "count") / 100
        amounts += communes / 3, more(levers, "TopUp", "share") / 0.37
        return np.full(DRAWS, max(amounts) > 1 - 1e-9), 1000.0 + 100 * more(levers, "TopUp", "share")

    engine(rule)
    found = target.ways(question(), 0.5, draws=DRAWS, seed=3).set_index("way")
    assert list(found.index) == list(target.WAYS)
    assert found["unit"].tolist() == ["collectors", "visits_per_month", "communes", "share", "share"]
    assert found["most"].tolist() == pytest.approx([600, 12 * EACH * 50, 6, 1, 1])
    assert found["needed"].drop(["visits", "reminders"]).to_dict() == {
        "collectors": 5,
        "model_communes": 3,
        "top_up": 0.37,
    }
    assert 100 <= found.at["visits", "needed"] < 100 * 1.06
    assert np.isnan(found.at["reminders", "needed"]) and found.at["reminders", "probability_reached"] == 0
    assert (found["probability_now"] == 0).all()
    assert (found["probability_reached"].drop("reminders") == 1).all()
    assert found.at["top_up", "public_vnd"] == pytest.approx(37)
    assert (found["public_vnd"].drop("top_up") == 0).all()
    assert all(how["draws"] == DRAWS and how["seed"] == 3 for _, how in ASKED)


@pytest.mark.parametrize("enough", [True, False])
def test_all_ways_at_their_most_are_the_last_that_is_asked(engine, enough):
    def rule(levers: dict[str, list]) -> tuple[np.ndarray, float]:
        everything = {"Collectors", "Visits", "ModelCommunes", "TopUp", "Reminders"} <= set(levers)
        return np.full(DRAWS, everything and enough), 70.0 if everything else 20.0

    engine(rule)
    found = target.ways(question(), 0.5, draws=DRAWS).set_index("way")
    last = found.loc["together"]
    assert list(found.index) == [*target.WAYS, "together"] and found["needed"].drop("together").isna().all()
    assert (last["needed"] == 1.0) == enough and last["probability_reached"] == float(enough)
    assert (last["unit"], last["most"], last["public_vnd"], last["probability_now"]) == ("share", 1.0, 50.0, 0.0)


def test_what_is_met_already_needs_nothing_more(engine):
    engine(lambda levers: (np.ones(DRAWS, bool), 10.0))
    found = target.ways(question(), 0.9, draws=DRAWS)
    assert (found["needed"] == 0).all() and (found["public_vnd"] == 0).all() and len(found) == len(target.WAYS)
    assert len(ASKED) == 1


def test_visits_now_are_those_of_collectors_and_of_others():
    levers = Collectors(count=20, per="place", start="2022-03"), Visits(count=10, per="place", start="2022-06")
    assert target.effort_now(question(*levers)) == pytest.approx((20, 20 * EACH + 10))
