"""Factors move the headline as they should, all runs of a design have the same luck, and the tables can be repeated."""

import numpy as np
import pytest

import forecast as f
from forecast.beliefs.parameters import parameters_table
from forecast.data import tables
from forecast.engines.people.draws import parameter_draws
from forecast.uncertainty import sensitivity, study
from made import toy_question


def question(**assumptions) -> f.Scenario:
    return toy_question("s", until="2022-06", goal=400, assumptions=assumptions)


QUIET = {"jobs": 1, "progress": False}


def test_everything_open_is_a_factor_and_what_is_fixed_is_not():
    found = sensitivity.factors(question(campaign_rise=0.2))
    assert set(found.parameters) == {*parameters_table().index, sensitivity.PLACE} - {"campaign_rise"}
    assert {"Visits", "TopUp/poor", "Collectors"} <= set(found.names)
    with pytest.raises(tables.UserError, match="no factor 'campaign_rise'"):
        found.only(["campaign_rise"])


def test_a_row_of_a_design_is_a_question_with_quantiles_for_parameters_and_levels_for_levers():
    moved = sensitivity.factors(question()).only(["annual_lapse", sensitivity.PLACE, "Training"])
    asked = moved.at(np.array([0.95, 0.5, 0.5]), seed=1)
    prior = parameters_table().loc["annual_lapse"]
    drawn = parameter_draws(asked, 1, range(3))
    assert drawn["annual_lapse"] == pytest.approx(prior["high"])
    assert drawn["campaign_rise"] == pytest.approx(parameters_table().at["campaign_rise", "value"])
    assert drawn["place_effect"].tolist() == [1.0] * 3
    assert asked.policy.levers[0].share == pytest.approx(0.5)
    own = [moved.at(np.array([0.5, u, 0.0]), seed=1) for u in (0.05, 0.95)]
    low, high = (parameter_draws(question, 1, range(1))["place_effect"][0] for question in own)
    assert np.log(high / low) == pytest.approx(2 * 1.6449 * parameters_table().at["place_spread", "value"], rel=1e-3)
    assert not own[0].policy.levers


@pytest.fixture
def known(monkeypatch):
    """A headline that is 2 x the first factor + the second, whatever the model says."""
    monkeypatch.setattr(sensitivity, "headline", lambda moved, rows, *_, **__: rows[:, :2] @ np.array([[2.0], [1.0]]))
    return sensitivity.factors(question()).only(["entry_rate", "annual_lapse", "campaign_rise"])


def test_a_straight_line_has_the_effects_and_the_indices_of_a_straight_line(known):
    table, _ = sensitivity.morris(known, trajectories=5)
    found = table.set_index("factor")
    assert found["effect"].to_dict() == pytest.approx({"entry_rate": 1.8, "annual_lapse": 0.9, "campaign_rise": 0.0})
    assert found["uneven"].abs().max() < 1e-9 and list(table["factor"][:1]) == ["entry_rate"]
    split = sensitivity.sobol(known, base=256).set_index("factor")
    assert split["first"].to_dict() == pytest.approx(
        {"entry_rate": 0.8, "annual_lapse": 0.2, "campaign_rise": 0.0}, abs=0.05
    )
    assert split["total"].to_dict() == pytest.approx(
        {"entry_rate": 0.8, "annual_lapse": 0.2, "campaign_rise": 0.0}, abs=0.05
    )
    with pytest.raises(tables.UserError, match="base: 6; expected a power of 2"):
        sensitivity.sobol(known, base=6)


def test_the_same_luck_cancels_and_luck_of_ones_own_does_not():
    luck = np.random.default_rng(1).normal(size=(1, 400))
    values = np.concatenate([luck, luck + 1, luck * 1.1 + 1, luck - 1], axis=0)
    found = sensitivity.pairing(values, 4)
    assert found["times"] > 50 and found["unpaired"] == pytest.approx(2 * luck.var(), rel=0.2)
    alone = np.random.default_rng(2).normal(size=(4, 4000))
    assert sensitivity.pairing(alone, 4)["times"] == pytest.approx(1.0, abs=0.1)
    with pytest.raises(tables.UserError, match="whole trajectories"):
        sensitivity.pairing(values, 3)


def test_runs_have_the_same_people_and_luck_on_any_number_of_cores_and_none_is_done_twice(tmp_path, monkeypatch):
    moved = sensitivity.factors(question()).only(["frailty_shape"])
    rows = np.array([[0.5], [0.5], [0.9]])
    two = sensitivity.headline(moved, rows, "agents", lucks=2, jobs=2, progress=False, keep=tmp_path)
    assert (two[0] == two[1]).all() and (two[0] != two[2]).any() and two[0, 0] != two[0, 1]
    one = sensitivity.headline(moved, rows, "agents", lucks=2, **QUIET)
    assert (one == two).all()
    monkeypatch.setattr(sensitivity.Asked, "run", lambda self: pytest.fail("done before"))
    again = sensitivity.headline(moved, rows, "agents", lucks=2, keep=tmp_path, **QUIET)
    assert (again == one).all()


def test_a_lever_and_a_belief_move_the_headline_the_way_they_should():
    moved = sensitivity.factors(question(month_noise=0.0)).only(["annual_lapse", "entry_rate", "Visits"])
    table, values = sensitivity.morris(moved, trajectories=2, **QUIET)
    found = table.set_index("factor")
    assert found.at["annual_lapse", "direction"] < 0 < min(found.loc[["entry_rate", "Visits"], "direction"])
    assert values.shape == (8, 1) and found.at["Visits", "kind"] == "lever"


def test_what_the_study_writes_is_read_back(tmp_path):
    with pytest.raises(tables.UserError, match="no manifest.json"):
        study.read(tmp_path)
