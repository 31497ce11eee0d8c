"""The parameters of each draw of a scenario: from priors, or from the sets that the scenario carries.

Each draw of an experiment has its own set of parameters, and the set of draw 7 is the same under every policy.
"""

import math
from statistics import NormalDist

import numpy as np

from forecast.beliefs.parameters import Assumption, parameters_table
from forecast.beliefs.sets import EFFECT
from forecast.data import chance
from forecast.question.scenario import Scenario

Drawn = dict[str, np.ndarray]  # parameter -> (draws,)


def parameter_draws(scenario: Scenario, seed: int, draws: range) -> Drawn:
    """Draw every parameter: name -> array (draws,).

    A parameter's prior passes through its low (5%), value (50%) and high (95%) on a log scale, on a logit scale for
    shares, and on a plain scale cut at zero where low is zero. Sets that the scenario carries stand in for the priors.
    Added is `place_effect`, a factor on entry_rate.
    """
    keys, known = chance.streams(seed, draws), scenario.sets
    table, drawn = parameters_table(), {}
    for name, value, low, high in zip(table.index, table["value"], table["low"], table["high"], strict=True):
        given = scenario.assumptions.get(name)
        if isinstance(given, (int, float)):
            drawn[name] = np.full(len(keys), float(given))
            continue
        if given is None and known is not None and (column := known.column(name, draws)) is not None:
            drawn[name] = column
            continue
        prior = given if isinstance(given, Assumption) else Assumption(value=value, low=low, high=high)
        z = chance.normal_array(keys, chance.name_number(name))
        drawn[name] = between(z, prior.value, prior.low, prior.high)
    effect = None if known is None else known.column(EFFECT + scenario.place.name, draws)
    return drawn | {"place_effect": place_effect(scenario, drawn, keys) if effect is None else effect}


def between(z: np.ndarray, value: float, low: float, high: float) -> np.ndarray:
    """Turn standard normal numbers into a parameter with the given 5%, 50% and 95% points.

    >>> between(np.array([-1.6449, 0, 1.6449]), 0.2, 0.1, 0.4).round(3).tolist()
    [0.1, 0.2, 0.4]
    """
    scaled = normal_scale(z, value, low, high)
    if low > 0 and high < 1:
        result: np.ndarray = 1 / (1 + np.exp(-scaled))
        return result
    return np.exp(scaled) if low > 0 else scaled


def normal_scale(z: np.ndarray, value: float, low: float, high: float) -> np.ndarray:
    """Turn standard normal numbers into a parameter as `between` does, on the scale on which its prior is normal.

    >>> normal_scale(np.array([0.0, 1.6449]), 0.5, 0.1, 0.9).round(3).tolist()
    [0.0, 2.197]
    """
    if low > 0 and high < 1:

        def scale(x: float) -> float:
            return math.log(x / (1 - x))
    else:

        def scale(x: float) -> float:
            return math.log(x) if low > 0 else float(x)

    center, unit = scale(value), NormalDist().inv_cdf(0.95)
    below, above = (center - scale(low)) / unit, (scale(high) - center) / unit
    scaled = center + np.where(z < 0, below, above) * z
    result: np.ndarray = scaled if low > 0 else np.maximum(scaled, 0.0)
    return result


def place_effect(scenario: Scenario, drawn: Drawn, keys: np.ndarray) -> np.ndarray:
    """Factor on the pooled entry rate for this place, (draws,): its past growth, shrunk towards the others.

    The evidence is the growth between the last two stocks of the same calendar month known at the start: entries per
    eligible person and year = (yearly rise + yearly exits of the mean stock) / eligible. It is weighed against the
    spread between places (normal with normal, on the log scale); its error is 0.25 (rounding and reading of the
    counts) with 0.35 for the year to come, both judgement. Without such a pair the place is one like any other.
    """
    z = chance.normal_array(keys, chance.name_number("place_effect/" + scenario.place.name))
    spread = drawn["place_spread"]
    pair = _same_season_pair(scenario)
    if pair is None:
        alike: np.ndarray = np.exp(spread * z)
        return alike
    (first, last), years = pair
    exits = -np.log1p(-drawn["annual_lapse"]) + drawn["transfer_rate"] + drawn["death_rate"] + drawn["pension_rate"]
    gross = np.maximum((last - first) / years + exits * (first + last) / 2, 1.0) / scenario.place.eligible
    observed, error = np.log(gross / drawn["entry_rate"]), math.hypot(0.25, 0.35)
    weight = spread**2 / (spread**2 + error**2)
    result: np.ndarray = np.exp(weight * observed + spread * np.sqrt(1 - weight) * z)
    return result


def _same_season_pair(scenario: Scenario) -> tuple[tuple[float, float], float] | None:
    stocks = scenario.place.observed("members", until=scenario.start)
    for last in stocks.index[::-1]:
        earlier = [m for m in stocks.index if m < last and m.month == last.month]
        if earlier:
            first = earlier[-1]
            return (float(stocks[first]), float(stocks[last])), (last - first).n / 12
    return None
