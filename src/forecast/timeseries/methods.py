"""Simple forecasting methods, each a function of one series without gaps.

Every method takes ``x`` (n,), oldest value first, and returns an :class:`Ahead`: the next ``horizon`` values on the
same scale and the errors that it made on the way; :mod:`forecast.timeseries.combination` joins them. Smoothing is
fitted on a grid of its parameters: each point of the grid is run through the series at once, starting values by least
squares, and the forecast is the mean over the grid, each point with the weight of its likelihood. That is steadier
than the one best point where little is known, needs no optimizer, and takes a millisecond. Series of :data:`MANY`
values go through :mod:`forecast.timeseries.loops`.
"""

from functools import lru_cache
from typing import NamedTuple

import numpy as np

# Points of the grids: smoothing of the level, of the slope as a share of that, what remains of a slope after a step,
# smoothing of the season as a share of what the level leaves.
LEVELS = (0.05, 0.15, 0.3, 0.45, 0.6, 0.75, 0.9, 0.999)
SLOPES = (0.0, 0.03, 0.1, 0.25, 0.5, 0.9)
DAMPINGS = (0.7, 0.8, 0.9, 0.95, 0.98, 1.0)
SEASON_LEVELS, SEASON_SLOPES, SEASON_DAMPINGS = (0.05, 0.2, 0.4, 0.7), (0.0, 0.05, 0.2), (0.85, 0.95, 1.0)
SEASON_SHARES = (0.02, 0.1, 0.25, 0.5)
THETA_LEVELS = np.linspace(0.05, 1.0, 20)
CALM = 1e-3  # size of errors, in usual changes, below which a fit is no better than another
# What a drift that fades is made of: weight of a change a year older, and what remains of the drift after a year.
# Chosen on the uptake set (8 and 12 points): benchmarks/forecasting.
CHANGE_WEIGHT, FADE = 0.85, 0.9
LATEST = 30  # changes of which a steady drift is made, the last ones: M3 "other", yearly M3 and M1 not worse
# Weight of a seasonal pattern a year older. Of 0.6 to 1, best or next to it on quarterly and monthly M1, M3, tourism.
PATTERN_WEIGHT = 0.75
MANY = 10_000  # values from which on loops are compiled: matrices then cost as much as loading a compiler, a second


class Ahead(NamedTuple):
    """What a method says of the next steps (horizon,), and the mean squared error that it made one step ahead."""

    values: np.ndarray
    error: float


def smooth(x: np.ndarray, horizon: int, dampings: tuple[float, ...] = DAMPINGS) -> Ahead:
    """Smooth exponentially with a trend that fades (Gardner and McKenzie 1985), averaged over a grid of parameters.

    ``dampings`` are what may remain of the trend after a step; of (1.0,) alone it does not fade (Holt).

    >>> bool((np.diff(smooth(np.arange(20.0), horizon=3).values) > 0.5).all())
    True
    """
    standard, center, scale = _standard(x)
    level, slope, damping = _grid(LEVELS, SLOPES, dampings)
    mse, end, trend = _trends(standard, level, slope * level, damping)
    weights = _weights(mse, len(x))
    paths = end[:, None] + np.cumsum(damping[:, None] ** np.arange(1, horizon + 1), axis=1) * trend[:, None]
    return Ahead(weights @ paths * scale + center, float(weights @ mse) * scale**2)


def theta(x: np.ndarray, horizon: int, share: float = 0.5, weight: float = 1.0) -> Ahead:
    """Forecast by the Theta method of Assimakopoulos and Nikolopoulos (2000): half of the linear trend goes on.

    It is simple smoothing with half the slope of the straight line as a drift (Hyndman and Billah 2003). ``share`` is
    that part of the slope, ``weight`` that of a value in the line against the value a step later.

    >>> theta(np.arange(20.0), horizon=2).values.round(1).tolist()
    [19.5, 20.0]
    """
    standard, center, scale = _standard(x)
    count = len(x)
    weights = weight ** np.arange(count)[::-1]
    at = np.arange(count) - weights @ np.arange(count) / weights.sum()
    slope = share * (weights * at) @ standard / max((weights * at) @ at, 1e-9)
    errors = _simple_errors(standard, slope)
    mse = np.mean(errors**2, axis=0)
    weights = _weights(mse, count)
    level = standard[-1] - errors[-1] * (1 - THETA_LEVELS)
    paths = level[:, None] + slope * np.arange(1, horizon + 1)
    return Ahead(weights @ paths * scale + center, float(weights @ mse) * scale**2)


def fading_drift(x: np.ndarray, horizon: int, season: int = 1, fade: float = FADE) -> np.ndarray:
    """Go on by the mean change, in which late changes weigh more, and which fades; see :data:`CHANGE_WEIGHT`.

    >>> fading_drift(np.array([1.0, 2.0, 3.0]), horizon=2).round(2).tolist()
    [3.9, 4.71]
    """
    changes = np.diff(x)
    if not len(changes):
        return np.repeat(x[-1], horizon)
    age = np.arange(len(changes))[::-1] / season
    weights = CHANGE_WEIGHT**age
    drift = weights @ changes / weights.sum()
    return np.asarray(x[-1] + drift * np.cumsum(fade ** (np.arange(1, horizon + 1) / season)))


def drift(x: np.ndarray, horizon: int, pace: float = 1.0) -> np.ndarray:
    """Go on by ``pace`` times the mean of the last :data:`LATEST` changes.

    >>> drift(np.array([1.0, 2.0, 6.0, 7.0]), horizon=2).tolist()
    [9.0, 11.0]
    """
    changes = np.diff(x)[-LATEST:]
    return np.asarray(x[-1] + pace * (changes.mean() if len(changes) else 0.0) * np.arange(1, horizon + 1))


def median_drift(x: np.ndarray, horizon: int, season: int = 1) -> np.ndarray:
    """Go on by the median of the last :data:`LATEST` changes, of those over a whole season where there is one.

    A jump or a single bad year counts for as much as any other. More than ``season`` values.

    >>> median_drift(np.array([1.0, 2.0, 6.0, 7.0]), horizon=2).tolist()
    [8.0, 9.0]
    """
    change = float(np.median((x[season:] - x[:-season])[-LATEST * season :])) / season
    return np.asarray(x[-1] + change * np.arange(1, horizon + 1))


def slowing(x: np.ndarray) -> float:
    """Return the share of its usual change that a series keeps: less than one where its last changes are less than all.

    Half way from one to the root of the ratio of their means; the last changes are the last third of them.

    >>> slowing(np.arange(9.0)), round(slowing(1 - 0.5 ** np.arange(9.0)), 2)
    (1.0, 0.61)
    """
    changes = np.diff(x)[-LATEST:]
    usual, recent = changes.mean(), changes[-max(2, len(changes) // 3) :].mean()
    return float(1 + np.sqrt(np.clip(recent / usual, 0.0, 1.0))) / 2 if usual else 1.0


def smooth_season(x: np.ndarray, horizon: int, season: int, pattern: np.ndarray) -> Ahead:
    """Smooth with a fading trend and an additive season that moves (Holt and Winters), averaged over a grid.

    ``pattern`` (season,) is where the season begins. Errors count from the middle of the first season on.

    >>> x = np.tile([1.0, 2.0, 3.0, 6.0], 6)
    >>> smooth_season(x, 4, 4, np.array([-2.0, -1.0, 0.0, 3.0])).values.round(1).tolist()
    [1.0, 2.0, 3.0, 6.0]
    """
    standard, center, scale = _standard(x)
    level, slope, damping, share = _grid(SEASON_LEVELS, SEASON_SLOPES, SEASON_DAMPINGS, SEASON_SHARES)
    slope, share = slope * level, share * (1 - level)
    waves = np.repeat(pattern[:, None] / scale, len(level), axis=1)
    count = min(len(x), 2 * season)
    rise, base = np.polyfit(np.arange(count), standard[:count] - np.resize(pattern, count) / scale, 1)
    run, trend, squares = np.full(len(level), base - rise), np.full(len(level), rise), np.zeros(len(level))
    for step, value in enumerate(standard):
        place = step % season
        ahead = run + damping * trend
        error = value - ahead - waves[place]
        if step >= season // 2:
            squares += error * error
        run = ahead + level * error
        trend = damping * trend + slope * error
        waves[place] += share * error
    mse = squares / (len(x) - season // 2)
    weights = _weights(mse, len(x))
    ahead = np.arange(1, horizon + 1)
    paths = run[:, None] + np.cumsum(damping[:, None] ** ahead, axis=1) * trend[:, None]
    paths = paths + waves[(len(x) + ahead - 1) % season].T
    return Ahead(weights @ paths * scale + center, float(weights @ mse) * scale**2)


def steadiness(x: np.ndarray, steps: int) -> float:
    """Return the mean of the last ``steps`` changes in standard deviations: high where growth goes on evenly.

    >>> steadiness(np.array([5.0, 1.0, 2.0, 3.1, 4.0]), steps=3) > 4, steadiness(np.array([1.0, 2.0, 1.0]), steps=2)
    (True, 0.0)
    """
    changes = np.diff(x)[-steps:]
    spread = float(changes.std())
    return abs(float(changes.mean())) / spread if spread > 0 else float("inf") if changes.any() else 0.0


def season_of(x: np.ndarray, season: int) -> np.ndarray:
    """Return the additive season of ``x`` (n,), from the place of its first value on, shape (season,), sum zero.

    Classical decomposition, in which a year weighs :data:`PATTERN_WEIGHT` of the one after it, shrunken towards no
    season by the rule of James and Stein (Miller and Williams 2003): what chance makes of no season is taken for none.
    At least two seasons.

    >>> season_of(np.tile([1.0, 2.0, 3.0, 6.0], 6), 4).round(2).tolist()
    [-2.0, -1.0, 0.0, 3.0]
    """
    count, half = len(x), season // 2
    kernel = np.ones(season + 1 - season % 2)
    if season % 2 == 0:
        kernel[[0, -1]] = 0.5
    trend = np.convolve(x, kernel / season, mode="valid")
    beside, when = x[half : count - half] - trend, np.arange(half, count - half)
    weight = PATTERN_WEIGHT ** ((count - 1 - when) / season)
    place = when % season
    total = np.bincount(place, weight, season)
    pattern = np.bincount(place, weight * beside, season) / total
    rest = beside - pattern[place]
    pattern = pattern - pattern.mean()
    noise = rest @ rest / max(len(beside) - season, 1) * np.mean(np.bincount(place, weight**2, season) / total**2)
    squares = pattern @ pattern
    return np.asarray(pattern * max(0.0, 1 - (season - 1) * noise / squares) if squares > 0 else pattern)


def step_errors(x: np.ndarray, horizon: int, season: int = 1) -> np.ndarray:
    """Return the usual size of errors 1, 2, ... steps ahead that smoothing with a drift made in ``x``, (horizon,).

    With a season, which was taken off, a year weighs :data:`PATTERN_WEIGHT` of the one after it, and the values that
    the season took to be estimated do not count. Horizons with few errors are taken from shorter ones, growing as those
    of a random walk do.

    >>> step_errors(np.array([0.0, 1.0] * 20), horizon=2).round(1).tolist()
    [0.6, 0.5]
    """
    count = len(x)
    drift = (x[-1] - x[0]) / max(count - 1, 1)
    weight = (PATTERN_WEIGHT if season > 1 else 1.0) ** (np.arange(count)[::-1] / season)
    errors = _simple_errors(x, drift)
    best = int(np.argmin(weight @ errors**2))
    levels = x - errors[:, best] * (1 - THETA_LEVELS[best])
    most = max(1, min(horizon, count // 3))
    squares = [weight[h:] @ (x[h:] - levels[:-h] - h * drift) ** 2 / weight[h:].sum() for h in range(1, most + 1)]
    if season > 1:
        known = weight.sum()
        squares = np.array(squares) * known / max(known - season, known / 4)
    sizes = np.sqrt(squares)
    farther = np.sqrt(np.arange(most + 1, horizon + 1) / most) * sizes[-1]
    return np.append(sizes, farther)


def _trends(
    x: np.ndarray, level: np.ndarray, slope: np.ndarray, damping: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the mean squared error, last level and last trend of each point of the grid, start fitted."""
    if len(x) >= MANY:
        from forecast.timeseries import loops  # compiles

        return loops.trends(x, level, slope, damping)
    run = np.zeros((3, len(level)))  # what the values, a first level of one and a first slope of one lead to
    trend = np.zeros_like(run)
    run[1], trend[2] = 1.0, 1.0
    errors = np.empty((len(x), *run.shape))
    for step, value in enumerate(x):
        ahead = run + damping * trend
        error = -ahead
        error[0] += value
        errors[step] = error
        run = ahead + level * error
        trend = damping * trend + slope * error
    first, rising = _starts(errors)
    mse = np.mean((errors[:, 0] + errors[:, 1] * first + errors[:, 2] * rising) ** 2, axis=0)
    end, trend = (part[0] + part[1] * first + part[2] * rising for part in (run, trend))
    return mse, end, trend


def _simple_errors(x: np.ndarray, drift: float) -> np.ndarray:
    """Return the errors of simple smoothing with a drift for each point of the grid (n, points), start fitted."""
    if len(x) >= MANY:
        from forecast.timeseries import loops  # compiles

        return loops.simple_errors(x, drift, THETA_LEVELS)
    count, stay = len(x), 1 - THETA_LEVELS
    errors = np.empty((count, 2, len(stay)))
    run = np.stack([np.zeros_like(stay), np.ones_like(stay)])
    for step, value in enumerate(x):
        errors[step, 0], errors[step, 1] = value - run[0], -run[1]
        run = run + THETA_LEVELS * errors[step]
        run[0] += drift
    first = -np.sum(errors[:, 0] * errors[:, 1], axis=0) / np.sum(errors[:, 1] ** 2, axis=0)
    return np.asarray(errors[:, 0] + errors[:, 1] * first)


def _starts(errors: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the first level and slope (points,) with the least squares of ``errors`` (n, 3, points).

    A slope costs as much as an error of its own size: where little is known there is none.
    """
    value, level, slope = errors[:, 0], errors[:, 1], errors[:, 2]
    a, b, c = (np.einsum("ij,ij->j", *pair) for pair in ((level, level), (level, slope), (slope, slope)))
    p, q = (-np.einsum("ij,ij->j", value, part) for part in (level, slope))
    c = c + 1.0
    determinant = a * c - b * b
    return (p * c - q * b) / determinant, (a * q - b * p) / determinant


def _weights(mse: np.ndarray, count: int) -> np.ndarray:
    """Return the weights of the points of a grid: their likelihood under normal errors."""
    logs = -0.5 * count * np.log(mse + CALM**2)
    weights = np.exp(logs - logs.max())
    return np.asarray(weights / weights.sum())


@lru_cache(maxsize=8)
def _grid(*axes: tuple[float, ...]) -> list[np.ndarray]:
    return [axis.ravel() for axis in np.meshgrid(*map(np.asarray, axes), indexing="ij")]


def _standard(x: np.ndarray) -> tuple[np.ndarray, float, float]:
    """Return ``x`` around its last value in units of its usual change, and what brings it back."""
    scale = float(np.std(np.diff(x))) if len(x) > 1 else 0.0
    least = 1e-9 * max(1.0, float(np.abs(x).max()))
    scale = scale if scale > least else max(float(np.ptp(x)) / max(len(x) - 1, 1), 1.0)
    return (x - x[-1]) / scale, float(x[-1]), scale
