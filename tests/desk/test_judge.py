"""Promises about the probability of a mix: right on average, and with the error that it says."""

import numpy as np
import pytest

from forecast.desk import verify

DRAWS, WIDE, AGENTS = 600, 20_000, 60


def world(seed: int):
    """Return parameters of very many draws, and what the fast engine and the agents reach on the first of them."""
    luck = np.random.default_rng(seed)
    drawn = {name: np.exp(luck.normal(0.0, spread, WIDE)) for name, spread in (("a", 0.3), ("b", 0.2))}
    fast = 900 * drawn["a"][:DRAWS] * drawn["b"][:DRAWS] ** 0.5 * np.exp(luck.normal(0.0, 0.05, DRAWS))
    agents = 1.05 * fast**0.99 * np.exp(luck.normal(0.0, 0.05, DRAWS))
    return drawn, fast, agents


@pytest.fixture(scope="module")
def estimates():
    """Estimates with parameters and without them from forty worlds, and the truth from all agents of all of them."""
    found, truth = [], []
    for seed in range(40):
        drawn, fast, agents = world(seed)
        features = verify.features(drawn)
        three = verify.chance(agents[:AGENTS], fast, 1000.0, features[:DRAWS], features)
        found.append((three, verify.chance(agents[:AGENTS], fast, 1000.0)))
        truth.append(np.mean(agents >= 1000.0))
    return found, float(np.mean(truth))


@pytest.mark.parametrize("kind", [0, 1])
def test_a_probability_is_right_on_average_and_errs_as_it_says(estimates, kind):
    found, truth = estimates
    values = np.array([pair[kind].value for pair in found])
    said = np.mean([pair[kind].standard_error for pair in found])
    assert abs(values.mean() - truth) < 4 * np.hypot(said / 40**0.5, 0.5 / (40 * DRAWS) ** 0.5)
    assert 0.6 < values.std() / said < 1.5


def test_parameters_take_most_of_the_error_away(estimates):
    three, two = (np.mean([pair[kind].error_of_many for pair in estimates[0]]) for kind in (0, 1))
    assert three < 0.5 * two


def test_a_line_that_does_not_fit_is_put_right():
    """The agents reach nothing at all where the fast engine reaches much: the few draws say so."""
    luck = np.random.default_rng(5)
    fast = luck.lognormal(6.0, 0.3, 2000)
    agents = np.where(fast > 420, 1.0, fast)[:400]
    found = verify.chance(agents, fast, 300.0)
    truth = np.mean((fast > 300) & (fast <= 420))
    assert abs(found.value - truth) < 3 * max(found.standard_error, 0.02)


def test_agents_alone_are_counted():
    agents = np.arange(100.0)
    assert verify.chance(agents, agents, 75.0).value == 0.25
