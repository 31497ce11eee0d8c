"""The line under a headline: what of its width is judgement, what had seen the outcome, and how its engine did."""

import pytest

from forecast.beliefs.parameters import parameters_table
from forecast.experiment import calendar
from forecast.question.levers import Visits
from forecast.show import model
from forecast.show import truth as shown
from forecast.uncertainty import truth
from made import toy_question

FIXED = {str(name): float(value) for name, value in parameters_table()["value"].items()}


def test_a_width_without_judgement_rests_on_none_of_it():
    free = truth.truth(toy_question(goal=300.0), "stock", draws=16)
    sure = truth.truth(toy_question(goal=300.0, assumptions=FIXED), "stock", draws=16)
    assert 0.2 < free.judged <= 1
    assert sure.judged == 0


def test_what_is_added_has_a_width_of_its_own_and_was_never_scored():
    quo, plan = toy_question("quo"), toy_question("plan", Visits(count=50))
    found = truth.truth(plan, "agents", quo, draws=16)
    assert found.adds and 0.2 < found.judged <= 1
    assert "has never been scored" in shown.text(found, "en")


def test_scores_are_those_of_the_exam_for_places_as_many_months_ahead():
    found = truth.truth(toy_question(goal=300.0), "agents", draws=4)
    scored = calendar.stored()
    mine = scored[(scored["scope"] == "places") & (scored["band"] == "7-12") & (scored["engine"] == found.examined)]
    assert (found.scope, found.band, found.forecasts) == ("places", "7-12", len(mine))
    assert found.held == pytest.approx(mine["within_80"].mean())
    said = shown.text(found, "en")
    assert "not scored" in said or found.examined == "agents"


def test_parameters_that_were_written_down_later_had_seen_the_outcome():
    found = truth.truth(toy_question(goal=300.0), "stock", draws=4)
    assert found.later == int((parameters_table()["year"].astype(int) > 2021).sum())
    assert f"{found.later} of {found.parameters} parameters" in shown.text(found, "en")
    assert "no parameter was written down later" in shown.text(found._replace(later=0), "en")


@pytest.mark.parametrize("lang", ["vi", "en"])
def test_two_pages_count_judgement_by_one_sentence(lang):
    every, judged = truth.judgements()
    assert judged == int((parameters_table()["status"] == "judgement").sum()) and every == len(parameters_table())
    assert shown.judged_text(lang) in model.parameters_text(lang)
