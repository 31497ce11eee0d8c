"""What an editor knows of the public names: mypy reads this file in `make test`, and nothing here is run."""

from typing import assert_type

import pandas as pd

import forecast as f
from forecast.answer.projection import Projection
from forecast.data.law import Law
from forecast.data.places import Place
from forecast.language.words import Text
from forecast.question.levers import TopUp
from forecast.question.scenario import Scenario


def answers(place: Place, scenario: Scenario) -> None:
    """State the type of each kind of public name."""
    assert_type(f.read_place("Cà Mau"), Place)
    assert_type(f.toy.place(), Place)
    assert_type(f.read_law(), Law)
    assert_type(f.read_scenario("plan.yaml"), Scenario)
    assert_type(f.Scenario("plan", place, start="2021-12", until="2022-12"), Scenario)
    assert_type(f.TopUp(share=0.1), TopUp)
    assert_type(f.status_quo(scenario), Scenario)
    answer = assert_type(f.project(scenario, engines=["stock"]), Projection)
    assert_type(f.comparison(answer, "status quo"), pd.DataFrame)
    assert_type(f.show.figures.status_key("en"), Text)
