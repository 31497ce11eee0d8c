"""The stock engine says what agents do on average, also where the formulas bend."""

import numpy as np
import pytest

from forecast.data import toy
from forecast.engines.people import means, outside, stock
from forecast.engines.people.world import make_world
from forecast.experiment.project import project
from forecast.question.levers import Gift, ModelCommunes, Policy
from forecast.question.plan import Where
from forecast.question.scenario import Scenario

LARGE = toy.place(scale=10, members=3000)


def question(**assumptions) -> Scenario:
    return Scenario("q", LARGE, start="2021-12", until="2024-12", law=toy.law(), assumptions=assumptions)


@pytest.mark.parametrize(
    "assumptions",
    [{}, {"skill_spread": 1.2, "tenure_effect": 0}, {"skill_spread": 0, "tenure_effect": 1}, {"campaign_rise": 0}],
)
def test_the_stock_is_the_mean_of_the_agents_within_two_percent(assumptions):
    """Teams of unequal skill and members of unequal tenure made it 5% too high when it knew only their means."""
    answer = project(question(**assumptions), ["stock", "agents"], draws=16, jobs=1, progress=False)
    rows = answer.only(measure="members", group="all").frame
    mean = rows.groupby(["engine", "month"], observed=True)["value"].mean()
    assert mean["stock"].to_numpy() == pytest.approx(mean["agents"].to_numpy(), rel=0.02)


def test_classes_of_skill_keep_the_mean_and_rise():
    scenario, strata = question(), np.zeros(6, np.int64)
    world = make_world(scenario, range(5), 1, strata)
    classes = means.skill_classes(scenario, strata, world)
    assert classes.shape == (1, len(outside.CLASS_SHARES), 5)
    assert (np.diff(classes, axis=1) >= -1e-9).all()
    assert np.einsum("sqd,q->sd", classes, outside.CLASS_SHARES) == pytest.approx(world.skill, rel=1e-12)


def test_one_commune_has_one_skill():
    scenario, strata = question(), np.arange(6)
    world = make_world(scenario, range(5), 1, strata)
    classes = means.skill_classes(scenario, strata, world)
    assert classes == pytest.approx(np.repeat(world.skill[:, None], len(outside.CLASS_SHARES), axis=1), rel=1e-12)


def test_a_book_is_as_long_in_strata_as_in_communes():
    """A mean over communes of unequal size is not quite 12, and the next longer spell would be 60 months."""
    levers = Gift(persons_per_month=20, months=12, start="2022-01"), ModelCommunes(where=Where(count=5))
    scenario = question().with_policy("gifts", Policy(*levers))
    strata = stock.strata_of(scenario)
    assert len(set(strata)) > 1
    assert set(np.unique(make_world(scenario, range(2), 1, strata).plan.gift_months)) == {0.0, 12.0}
