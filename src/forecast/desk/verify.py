"""Judge a mix of levers by the agents: on few of their draws, and on many of the fast engine's.

A mean is estimated on two levels (Giles 2008): that of the fast engine over many draws, plus what the agents say
otherwise on the first of them. A probability is estimated on three, each a smooth step that leaves little for the next
to correct: what parameters alone suggest, over very many draws of parameters that no engine has to run; what the fast
engine says otherwise on many; what the agents say otherwise on few. What is reached is nearly a line on log scales,
in the fast engine's answer for the agents and in parameters and their squares for the fast engine, so that "where the
fast engine reaches so much, the agents reach the target with this chance" is a normal distribution function. Nothing
is taken on trust: a correction is right whether or not the line fits, and its error is part of the standard error.
"""

import math
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.special import ndtr

from forecast.data.vocabulary import INTERVAL, PAYERS
from forecast.desk.totals import guarded_share, stay

SPARE = 5  # draws for each feature, else parameters are left aside
LEAST = 0.5  # persons; below it there is no log


class Judged(NamedTuple):
    """What a mix does, by the agent engine: probability with its standard error, and what it adds to the base."""

    probability: float
    standard_error: float
    cost: float  # VND, mean of the draws, over all months; of the payers that count
    cost_low: float
    cost_high: float
    guarded_share: float  # share of additional member-years that go to poor, near-poor and minority people
    stay: float  # share of the added members who are still there a year after all levers of the mix have ended
    member_years: float  # added, mean
    by_payer: dict[str, float]  # VND added, mean; members and state too
    hours: float  # added, mean, that nobody pays
    draws: tuple[int, int]  # of the agents, of the fast engine


class Chance(NamedTuple):
    """A probability with its standard error: that of all levels but the agents', and that of the agents' few draws."""

    value: float
    error_of_many: float
    error_of_few: float
    by_lines: float  # without what the agents' few draws say beside their line: two mixes share that luck, nearly

    @property
    def standard_error(self) -> float:
        """Of all levels together."""
        return math.hypot(self.error_of_many, self.error_of_few)


def chance(
    few: np.ndarray, many: np.ndarray, goal: float, known: np.ndarray | None = None, wide: np.ndarray | None = None
) -> Chance:
    """Return the probability that the agents reach `goal`, from few of their draws and many of the fast engine's.

    `few` and `many` (draws,) are what is reached; the first of `many` are the same draws as `few`. `known` (draws,
    features) are the parameters of the many, as :func:`features` gives them, `wide` those of very many; without them
    there are two levels.

    >>> many = np.random.default_rng(1).lognormal(6.0, 0.4, 4000)
    >>> found = chance(1.1 * many[:50], many, 500.0)
    >>> abs(found.value - float((1.1 * many >= 500).mean())) < 0.01, found.error_of_few < 0.01
    (True, True)
    """
    n = len(few)
    if n == len(many):  # nothing but agents
        met = few >= goal
        return Chance(float(met.mean()), float(met.std() / math.sqrt(n)), 0.0, float(met.mean()))
    x, y, bar = np.log(np.maximum(many, LEAST)), np.log(np.maximum(few, LEAST)), math.log(max(goal, LEAST))
    slope, height = np.polyfit(x[:n], y, 1) if np.ptp(x[:n]) > 1e-9 else (1.0, float((y - x[:n]).mean()))
    spread = max(float(np.std(y - height - slope * x[:n], ddof=2)), 1e-9)
    by_fast = ndtr((height + slope * x - bar) / spread)
    gap = (few >= goal) - by_fast[:n]
    left = max(float(np.mean(by_fast * (1 - by_fast))), float(gap.var()))  # few draws may show no gap where one is
    value, error = float(by_fast.mean() + gap.mean()), float(by_fast.std() / math.sqrt(len(x)))
    if known is not None and wide is not None and len(x) > SPARE * known.shape[1]:
        weights = np.linalg.lstsq(known, x, rcond=None)[0]
        rest = float(np.square(x - known @ weights).sum() / (len(x) - known.shape[1]))
        alone = ndtr((height + slope * (known @ weights) - bar) / math.sqrt(spread**2 + slope**2 * rest))
        broad = ndtr((height + slope * (wide @ weights) - bar) / math.sqrt(spread**2 + slope**2 * rest))
        value += float(broad.mean() - alone.mean())
        error = math.hypot(float((by_fast - alone).std() / math.sqrt(len(x))), broad.std() / math.sqrt(len(broad)))
    return Chance(min(max(value, 0.0), 1.0), error, math.sqrt(left / n), value - float(gap.mean()))


def features(drawn: dict[str, np.ndarray]) -> np.ndarray:
    """Return parameters as features (draws, features): one, each parameter that varies, and its square.

    Each is taken in logs where it is above zero, less its mean, over its spread.

    >>> features({"a": np.array([1.0, np.e]), "b": np.array([2.0, 2.0])}).round(6).tolist()
    [[1.0, -1.0, 1.0], [1.0, 1.0, 1.0]]
    """
    scaled = (np.log(values) if (values > 0).all() else values for values in drawn.values())
    each = np.stack([(v - v.mean()) / v.std() for v in scaled if v.std() > 1e-9], axis=1)
    return np.concatenate([np.ones((len(each), 1)), each, each**2], axis=1)


def judged(
    estimate: Chance,
    few: tuple[pd.DataFrame, pd.DataFrame],
    many: tuple[pd.DataFrame, pd.DataFrame],
    cost: tuple[np.ndarray, np.ndarray],
) -> Judged:
    """Put together what is known of a mix.

    `few` and `many` are the tallies of (the mix, the base) by the agents and by the fast engine, and `cost` VND in
    each of their draws.
    """
    n = len(few[0])

    def mean(name: str) -> float:
        slow, fast = ((rows[name] - base[name]).to_numpy() for rows, base in (few, many))
        return float(fast.mean() + (slow - fast[:n]).mean())

    both = _two_levels(few, many)
    shift = float((cost[0] - cost[1][:n]).mean())
    low, high = np.quantile(cost[1] + shift, INTERVAL)
    return Judged(
        probability=estimate.value,
        standard_error=estimate.standard_error,
        cost=float(cost[1].mean() + shift),
        cost_low=float(low),
        cost_high=float(high),
        guarded_share=guarded_share(*both),
        stay=stay(*both),
        member_years=mean("years"),
        by_payer={p: mean(p) for p in PAYERS},
        hours=mean("hours"),
        draws=(n, len(many[0])),
    )


def _two_levels(
    few: tuple[pd.DataFrame, pd.DataFrame], many: tuple[pd.DataFrame, pd.DataFrame]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Means over the draws of (the mix, the base) on two levels, as tallies of one row."""
    n = len(few[0])
    mix, base = (
        (fast.mean() + (slow.to_numpy() - fast.iloc[:n].to_numpy()).mean(axis=0)).to_frame().T
        for slow, fast in zip(few, many, strict=True)
    )
    return mix, base
