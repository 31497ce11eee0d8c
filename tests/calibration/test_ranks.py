"""Truths of invented nations and places are found again, at ranks that are uniform."""

import numpy as np
import pandas as pd
import pytest

from forecast.calibration import ranks
from forecast.data import tables
from forecast.engines.campaign.known import NATION
from forecast.engines.campaign.particles import Luck

FEW = {"particles": 600, "rows": 200}


@pytest.fixture(scope="module")
def like():
    return ranks.pattern(most=2)


@pytest.fixture(scope="module")
def table(like):
    return ranks.ranks(6, jobs=1, like=like, **FEW)


def truth(like, time: int, seed: int = 1) -> ranks.Truth:
    return ranks.invented(like, Luck.of(seed, range(time, time + 1), "invented"))


def test_an_invented_world_is_counted_where_the_real_one_is(like):
    found = truth(like, 0)
    assert found.known.counts[["place", "month", "error"]].equals(like.counts[["place", "month", "error"]])
    assert set(found.known.plans) == {key for key in like.plans if key[0] in like.places and key[1] <= 2025}
    assert {place for place, _ in found.later} == set(like.places) and NATION in like.places


def test_the_same_seed_invents_the_same_world_and_another_number_another(like):
    one, again, other = truth(like, 3), truth(like, 3), truth(like, 4)
    assert one.known.counts.equals(again.known.counts) and one.later == again.later
    assert not one.known.counts.equals(other.known.counts)


def test_what_was_counted_is_found_again(table):
    level = table[table["coordinate"] == "level"]
    assert (level["mean"] - level["truth"]).abs().max() < 0.3
    assert np.corrcoef(level["mean"], level["truth"])[0, 1] > 0.9
    assert table["rank"].between(0, 1).all()
    held = ((table["truth"] >= table["low"]) & (table["truth"] <= table["high"])).mean()
    assert 0.55 < held < 0.98


def test_ranks_that_pile_up_are_not_called_uniform():
    worlds = pd.DataFrame({"time": range(40), "coordinate": "x", "truth": 0.0, "mean": 1.0, "low": -1.0, "high": 1.0})
    even = ranks.verdict(worlds.assign(rank=np.linspace(0.01, 0.99, 40), truth=np.linspace(-1, 1, 40)))
    piled = ranks.verdict(worlds.assign(rank=0.9 + np.linspace(0, 0.1, 40), truth=2.0))
    assert even["uniform_p"].min() > 0.5 and even["held"].iloc[0] == 1.0
    assert piled["uniform_p"].max() < 0.01 and piled["held"].iloc[0] == 0.0
    with pytest.raises(tables.UserError, match="at least two"):
        ranks.verdict(worlds.head(1))
