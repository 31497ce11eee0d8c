"""One series of numbers in, its middle and quantiles out: the mean of a few simple forecasts.

No single method wins on all series, and the mean of simple, different ones beats most of them and nearly every choice
among them (the M3 and M4 competitions; Petropoulos and Svetunkov, 2020). The members are those of
:mod:`forecast.timeseries.methods`. Every series gets two autoregressions, of values and of changes, and an ARIMA model,
all of what is left when the season is taken off, where its changes show one (Kruskal and Wallis). A series of two
seasons and more gets smoothing and ARIMA with a season as well, each in logarithms and in counts. Yearly series get the
Theta method instead, and a drift that fades as it did in the past: the shorter the series, the more it weighs. Growth
that has slowed down is not taken to be what it was.

The width of the intervals comes from the errors that the series itself made, from its own changes over the horizon,
and from how far the members disagree; how these weigh was learned on other series (:data:`WIDTHS`), because the formula
of a model gives intervals that are too narrow: it knows neither the doubt about the model nor breaks to come. A series
with fewer values than :func:`enough` gets that drift alone, and an interval that leans on how other short series err.
"""

import warnings
from typing import NamedTuple

import numpy as np
from scipy import stats

from forecast.timeseries import methods

ENOUGH = 10  # values from which on models are estimated, and two seasons
DRIFT_ALONE = 8  # values up to which a drift is all; its weight falls with the square of their number
SEASON_DOUBT = 0.2  # chance to see a season where there is none: to miss one costs more
LONGEST_SEASON = 24  # states of a season beyond this are too many to estimate
RECENT_SHARE = 1 / 3  # of the changes: where it shows whether yearly growth has slowed down
SMALLEST = 1e-4  # of the mean size of a series: logarithms are for series that stay above it
FARTHEST = 3.0  # a forecast's log stays within this of what was seen: a factor of 20
SIZE_OF_MEAN = 1.2533  # standard deviation of a normal variable whose mean absolute size is one


class Width(NamedTuple):
    """How wide: log of the standard deviation = ``constant`` + weights x logs of what the series shows.

    ``error`` weighs its one-step errors, ``walk`` its own changes over the horizon, and what is left to one the
    members' disagreement; ``horizon`` weighs the log of the horizon, ``few`` is added for ten known values, a tenth of
    it for a hundred. ``freedom`` is that of Student's distribution.
    """

    constant: float
    error: float
    walk: float
    horizon: float
    few: float
    freedom: float


# Learned by `python benchmarks/forecasting/widths.py` on invented series of M-competition form and invented enrollment.
WIDTHS = {
    1: Width(-0.27, 0.65, 0.11, 0.47, 0.44, 4.27),
    4: Width(-0.05, -0.06, 0.76, 0.04, 0.22, 4.65),
    12: Width(-0.01, 0.07, 0.66, 0.05, 0.57, 5.06),
}
SHORT = Width(-0.79, 1.0, 0.0, 0.86, 0.13, 3.08)
# The size of a yearly step that is expected before a short series has shown its own, and how many steps this weighs.
FIRST_STEP, FIRST_STEPS = 0.10, 2.0


class Shown(NamedTuple):
    """What a series shows of its future: forecast, and what its width is made of, in logs where ``in_logs``.

    ``middle``, ``walk`` and ``spread`` are (horizon,); ``error`` is one number; ``scale`` turns them into the unit
    of the series where they are not logs; ``count`` is that of known values.
    """

    middle: np.ndarray
    error: float
    walk: np.ndarray
    spread: np.ndarray
    in_logs: bool
    scale: float
    count: int


def forecast(values, season: int, horizon: int, levels) -> tuple[np.ndarray, np.ndarray]:
    """Forecast one series, oldest value first, NaN for a gap inside it.

    ``season`` is the number of steps in a season (1: none) and ``levels`` are probabilities, rising. Returns the mean
    (horizon,) and the quantiles (horizon, levels), both in the unit of ``values``; they are not negative where no
    value is. At least one value is known.

    >>> mean, quantiles = forecast([100, 104, 109, 113], season=1, horizon=2, levels=[0.1, 0.9])
    >>> bool((quantiles[:, 0] < mean).all() and (mean < quantiles[:, 1]).all())
    True
    """
    values = np.asarray(values, dtype=float)
    shown = shows(values, season, horizon)
    if shown.count < enough(season):
        width = SHORT
    else:
        width = WIDTHS[min(WIDTHS, key=lambda known: abs(np.log(known / season)))]
    reach = np.outer(deviation(shown, width), stats.t.ppf(np.asarray(levels, dtype=float), width.freedom))
    if shown.in_logs:
        return shown.middle, shown.middle[:, None] * np.exp(np.clip(reach, -50, 50))
    quantiles = shown.middle[:, None] + reach * shown.scale
    return shown.middle, np.maximum(quantiles, 0.0) if np.nanmin(values) >= 0 else quantiles


def deviation(shown: Shown, width: Width) -> np.ndarray:
    """Return the standard deviation at each horizon (horizon,), in logs or shares of the scale."""
    least = 1e-3
    ahead = np.arange(1, len(shown.middle) + 1)
    spread = shown.spread + 0.1 * shown.error
    logs = (width.constant + width.error * np.log(shown.error + least) + width.walk * np.log(shown.walk + least)
            + (1 - width.error - width.walk) * np.log(spread + least) + width.horizon * np.log(ahead)
            + width.few * 10 / shown.count)
    return np.exp(logs)


def shows(values: np.ndarray, season: int, horizon: int) -> Shown:
    """Return what one series shows of its next ``horizon`` values."""
    scale = float(np.nanmean(np.abs(values))) or 1.0
    y = values / scale
    in_logs = bool(np.nanmin(y) > SMALLEST)
    x = np.log(y) if in_logs else y
    if (count := int(np.isfinite(x).sum())) < enough(season):
        return _short(x, season, horizon, in_logs, scale)
    x = _filled(x, season)
    seasonal = season if has_season(x, season) else 1
    own, ahead = methods.season_of(x, seasonal, horizon) if seasonal > 1 else (np.zeros(len(x)), np.zeros(horizon))
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")  # a member that does not converge is one of many
        rows = np.array(list(_members(x, x - own, ahead, season, horizon, in_logs)))
    rows = _bounded(rows[np.isfinite(rows).all(axis=1)], x)
    middle = np.mean(np.exp(rows) if in_logs else rows, axis=0)
    if season == 1:
        middle = y[-1] + _slowing(x, rows.mean(axis=0)) * (middle - y[-1])
        share = min(1.0, (DRIFT_ALONE / count) ** 2)
        middle = (1 - share) * middle + share * _drift(x, horizon, season, count < len(x), in_logs)
    spread = np.sqrt(np.mean((rows - np.median(rows, axis=0)) ** 2, axis=0))
    changes = np.diff(x - own)
    error = SIZE_OF_MEAN * np.mean(np.abs(changes - changes.mean()))
    walk = np.array([_walk(x - own, h) for h in range(1, horizon + 1)])
    middle = middle if in_logs or np.nanmin(y) < 0 else np.maximum(middle, 0.0)
    return Shown(middle * scale, float(error), walk, spread, in_logs, scale, count)


def enough(season: int) -> int:
    """Return the number of known values from which on models are estimated.

    >>> enough(1), enough(4), enough(12)
    (10, 10, 26)
    """
    return max(ENOUGH, 2 * min(season, LONGEST_SEASON) + 2)


def has_season(x: np.ndarray, season: int) -> bool:
    """Say whether the changes of ``x`` (n,) depend on the season, by a rank test at :data:`SEASON_DOUBT`.

    The usual test on autocorrelation misses the season of a series with a strong trend.

    >>> has_season(np.tile([1.0, 2.0, 3.0, 6.0], 6), 4), has_season(np.arange(24.0), 4)
    (True, False)
    """
    changes, when = np.diff(x), np.arange(1, len(x)) % season
    if season < 2 or len(x) < max(2 * season + 2, ENOUGH) or np.ptp(changes) <= 1e-9:
        return False
    return bool(stats.kruskal(*(changes[when == step] for step in range(season))).pvalue < SEASON_DOUBT)


def _members(x, adjusted, pattern, season, horizon, in_logs):
    """Yield the forecast of each member on the scale of ``x``; ``adjusted`` is ``x`` without its season."""

    def both(method, past, *more):
        """The same method in logs and in counts."""
        yield method(past, horizon, *more)
        if in_logs:
            yield np.log(np.maximum(method(np.exp(past), horizon, *more), SMALLEST))

    yield methods.autoregression(adjusted, horizon) + pattern
    yield adjusted[-1] + np.cumsum(methods.autoregression(np.diff(adjusted), horizon)) + pattern
    yield methods.arima(adjusted, horizon) + pattern
    if 1 < season <= LONGEST_SEASON:
        yield from both(methods.smooth, x, season)
        yield from both(methods.arima, x, season)
    else:
        yield methods.theta(adjusted, horizon) + pattern


def _drift(x: np.ndarray, horizon: int, season: int, gaps: bool, in_logs: bool) -> np.ndarray:
    """Return a drift that fades, in counts (horizon,); where ``x`` is in logs, the mean of one in logs and one not."""
    if len(x) < 2:
        return np.repeat(np.exp(x) if in_logs else x, horizon)
    if not in_logs:
        ahead = methods.recent_drift(x, horizon, season, gaps)
        return ahead if x.min() < 0 else np.maximum(ahead, 0.0)
    counts = np.maximum(methods.recent_drift(np.exp(x), horizon, season, gaps), SMALLEST)
    return (counts + np.exp(_bounded(methods.recent_drift(x, horizon, season, gaps), x))) / 2


def _slowing(x: np.ndarray, ahead: np.ndarray) -> float:
    """Return the share of the trend ``ahead`` that is kept: less than one where the last changes are less than all.

    Half way from one to the root of the ratio of their means; one where growth has not slowed down, or where the
    forecast turns round by itself.
    """
    changes = np.diff(x)
    usual = changes.mean()
    recent = changes[-max(3, int(RECENT_SHARE * len(changes))):].mean()
    if usual * (ahead[-1] - x[-1]) <= 0:
        return 1.0
    return float(1 + np.sqrt(np.clip(recent / usual, 0.0, 1.0))) / 2


def _bounded(rows: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Keep forecasts within reach of what was seen, so that one member that runs away moves nothing."""
    reach = max(FARTHEST, np.ptp(x))
    return np.clip(rows, x.min() - reach, x.max() + reach)


def _walk(x: np.ndarray, ahead: int) -> float:
    """Return the usual size of changes over ``ahead`` steps beside the drift; far ones are scaled from shorter ones."""
    steps = min(ahead, max(1, len(x) // 3))
    changes = x[steps:] - x[:-steps] - steps * (x[-1] - x[0]) / (len(x) - 1)
    return float(SIZE_OF_MEAN * np.mean(np.abs(changes)) * np.sqrt(ahead / steps))


def _short(x: np.ndarray, season: int, horizon: int, in_logs: bool, scale: float) -> Shown:
    """Forecast a few values: their drift, gaps filled on a straight line."""
    at = np.flatnonzero(np.isfinite(x))
    line = np.interp(np.arange(len(x)), at, x[at])
    middle = _drift(line, horizon, season, len(at) < len(line), in_logs)
    error = _first_error(x[at], np.diff(at), season)
    still = np.full(horizon, error)
    return Shown(middle * scale, error, still, still, in_logs, scale, len(at))


def _first_error(known: np.ndarray, gaps: np.ndarray, season: int) -> float:
    """Return the size of a step's surprise: what a few changes show, pooled with what is expected of a first one."""
    changes = np.diff(known) / gaps
    drift = np.mean(changes) / 2 if len(changes) else 0.0  # half of it: nobody knows yet that it lasts
    squares = FIRST_STEPS * FIRST_STEP**2 / season + np.sum((changes - drift) ** 2 * gaps)
    return float(np.sqrt(squares / (FIRST_STEPS + len(changes))))


def _filled(x: np.ndarray, season: int) -> np.ndarray:
    """Fill gaps on the straight line between their neighbors, plus the mean season of the known values."""
    gaps, at = np.isnan(x), np.arange(len(x))
    if not gaps.any():
        return x
    line = np.interp(at, at[~gaps], x[~gaps])
    if not has_season(line, season):
        return line
    own, _ = methods.season_of(line, season, 1)
    return np.where(gaps, np.interp(at, at[~gaps], (x - own)[~gaps]) + own, x)
