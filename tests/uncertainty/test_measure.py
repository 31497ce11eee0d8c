"""The statistic that narrows a decision most is named, by a rule that is held against draws it has not seen."""

import math

import numpy as np
import pandas as pd
import pytest

import forecast as f
from forecast.beliefs.parameters import parameters_table
from forecast.data import chance, tables
from forecast.uncertainty import value_of_information
from made import toy_question

DRAWS = 3000
A, B, C = chance.normal_array(chance.streams(5, range(DRAWS))[:, None], np.arange(3)).T


def row(table: pd.DataFrame, name: str) -> pd.Series:
    return table.set_index("statistic").loc[name]


def test_the_worth_of_a_statistic_is_that_of_the_textbook():
    """Take it or leave it, gain a + b with a and b standard normal: knowing a is worth phi(0), all sqrt(2) phi(0)."""
    gains = np.stack([np.zeros(DRAWS), A + B], axis=1)
    found = value_of_information.rank_statistics(gains, A + B, pd.DataFrame({"a": A, "noise": C, "bent": np.exp(A)}))
    assert row(found, "a")["worth"] == pytest.approx(1 / math.sqrt(2 * math.pi), abs=0.03)
    assert row(found, "a")["resolved"] == pytest.approx(1 / math.sqrt(2), abs=0.03)
    assert row(found, "a")["narrower"] == pytest.approx(1 - 1 / math.sqrt(2), abs=0.03)
    assert row(found, "bent")["worth"] == pytest.approx(row(found, "a")["worth"], rel=1e-6)
    assert row(found, "noise")["worth"] == 0 and abs(row(found, "noise")["narrower"]) < 0.02
    assert found["statistic"].iloc[-1] == "noise"


def test_what_multiplies_is_judged_on_the_scale_on_which_it_is_even():
    found = value_of_information.rank_statistics(np.stack([-A, A], axis=1), np.exp(A + B), pd.DataFrame({"a": A}))
    low, high = np.quantile(np.exp(B), value_of_information.ENDS)
    assert row(found, "a")["width"] == pytest.approx(np.exp(A).mean() * (high - low), rel=0.05)


def test_a_statistic_is_judged_by_what_it_says_beyond_what_comes_out_anyway():
    gains = np.stack([np.zeros(DRAWS), A + B], axis=1)
    known = pd.DataFrame({"members": A, "again": 2 * A + 0.001 * C, "rest": B - A})
    found = value_of_information.rank_statistics(gains, A + B, known, anyway="members")
    assert found[~found["published"]]["statistic"].iloc[0] == "rest" and row(found, "rest")["narrower"] > 0.8
    assert row(found, "again")["worth"] == 0 and row(found, "again")["narrower"] < 0.02
    assert found.set_index("statistic")["published"].to_dict() == {"members": True, "again": False, "rest": False}


def test_a_decision_that_nothing_can_turn_is_worth_nothing():
    gains = np.stack([A + 9, A - 9], axis=1)
    found = value_of_information.rank_statistics(gains, A, pd.DataFrame({"a": A}))
    assert found["worth"].tolist() == [0.0] and found["resolved"].tolist() == [0.0]


def test_few_different_values_are_means_and_not_a_curve():
    x = (A > 0).astype(float)
    assert np.abs(value_of_information.predicted(x, 3 * x) - 3 * x).max() < 1e-9


def test_first_order_shares_are_those_of_a_sum():
    found = value_of_information.first_orders(pd.DataFrame({"a": A, "b": B, "c": C}), 2 * A + B)
    assert found.to_dict() == pytest.approx({"a": 0.8, "b": 0.2, "c": 0.0}, abs=0.03)


def question(**more) -> f.Scenario:
    known = parameters_table()["value"].to_dict() | {"place_spread": 0.0, "month_noise": 0.0, "skill_spread": 0.0}
    known = {name: value for name, value in known.items() if name not in ("entry_rate", "annual_lapse")}
    return toy_question("s", until="2023-12", goal=320, assumptions=known, **more)


def test_where_only_joining_and_leaving_are_unknown_one_of_them_is_named():
    found = value_of_information.measure_next(question(), draws=200, jobs=1, progress=False)
    assert found.named["statistic"] in ("entries", "lapses", "returns", "renewal", "paid_months", "exits_compulsory")
    assert found.named["narrower"] > 0.05 and not found.named["published"]
    assert not {"visits_per_collector", "income", "willing", "rush_entries"} & set(found.table["statistic"])
    assert found.low < found.median < found.high and 0 < found.probability < 1 and found.months == 8


def test_two_policies_are_weighed_by_what_they_are_worth():
    more = question().with_policy("books", f.Policy(f.Gift(persons_per_month=5, months=12)))
    cheap = value_of_information.measure_next(more, against=question(), worth=1e9, draws=100, jobs=1, progress=False)
    assert cheap.probability == 1 and cheap.everything == 0 and cheap.median > 0
    assert cheap.table["worth"].max() == 0


@pytest.mark.parametrize(("more", "said"), [({"wanted": 1.0}, "wanted: 1"), ({"draws": 10}, "draws: 10")])
def test_what_cannot_be_answered_is_said(more, said):
    with pytest.raises(tables.UserError, match=said):
        value_of_information.measure_next(question(), **more)
    with pytest.raises(tables.UserError, match="no target"):
        value_of_information.measure_next(question().but(target=None))
