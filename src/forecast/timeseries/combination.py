"""One series of numbers in, its mean and quantiles out: the mean of a few simple forecasts, with learned widths.

No single method wins on all series, and the mean of simple, different ones beats most of them and nearly every choice
among them (the M3 and M4 competitions; Petropoulos and Svetunkov, 2020). The members are those of
:mod:`forecast.timeseries.methods`: the Theta method and smoothing with a fading trend, each in counts and in logs, of
what is left when the season is taken off; with a season, smoothing with a season that moves as well; in yearly series
and in quarterly ones the median change of a year, and in yearly ones the mean change too. Logs are left out where
growth is fast: there, they take growth that slows down to go on.

The width of the intervals comes from the errors that the series itself made at each horizon and from how far the
members disagree; how these weigh was learned on real series (:data:`WIDTHS`), because the formula of a model gives
intervals that are too narrow: it knows neither the doubt about the model nor breaks to come.
"""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import stdtrit

from forecast.timeseries import methods, saturation

FAST = 0.15  # mean change of logs a step from which on a series is forecast in counts; uptake set
SHORT = 6  # yearly values up to which drifts weigh more than all else together: see LEAN
LEAN = 0.6  # share of the drift then, unless a table says which was best: timeseries/habits.py
FEWEST_SMOOTHED = 3  # values
MOST_LEAN = 0.9  # of the weight, so that members can disagree; a drift that should count for more goes on faster
LATE_SLOPE = (0.7, 0.9)  # share and weight of the slope in Theta of yearly series; M1, M3, tourism
QUARTERLY, MEDIAN_SHARE = 4, 0.2  # steps in a season up to which the median drift joins, and its share; M1, M3, tourism
MANY = 30  # values from which on members weigh by the inverse of their squared errors; M1, M3, tourism, uptake
# Steadiness of the last season's changes (or FEWEST_STEPS) from which on growth is taken to go on; uptake, not worse
# on M1, M3.
STEADY, FEWEST_STEPS = 2.0, 8
LONGEST_SEASON = 400  # steps
SMALLEST = 1e-4  # of the mean size of a series: logarithms are for series that stay above it
FARTHEST = 20.0  # a member stays within this factor of what was seen
MOST = 5.0  # no quantile is above this many times the largest of past and forecast
NODES = tuple((np.arange(100) + 0.5) / 100)  # probabilities whose quantiles make the mean
# The size of a yearly step that is expected before a short series has shown its own, and how many steps this weighs.
FIRST_STEP, FIRST_STEPS = 0.10, 2.0


class Width(NamedTuple):
    """How wide: log of the scale = ``constant`` + weights x logs of what the series shows.

    ``error`` weighs the usual size of its errors one step ahead, ``walk`` that at the horizon, ``spread`` the members'
    disagreement, ``horizon`` the log of the horizon; ``few`` is added for ten known values, a tenth of it for a
    hundred. ``freedom`` is that of Student's distribution.
    """

    constant: float
    error: float
    walk: float
    spread: float
    horizon: float
    few: float
    freedom: float


# Learned on M1, M3 and tourism, by steps in a season; of series in counts, on yearly uptake, M1 and tourism. In logs,
# the quarterly and yearly ones were then moved by hand; what benchmarks/forecasting/widths.py learns: decision 0020.
# The freedom of quarterly ones is that of ends of M1, M3 and tourism that were held back.
WIDTHS = {
    1: Width(-0.27, 0.79, -0.03, 0.27, 0.52, 0.77, 4.6),
    4: Width(-0.08, 0.22, 0.61, 0.16, 0.17, -0.23, 4.6),
    12: Width(-0.35, 0.18, 0.56, 0.19, 0.12, 0.57, 5.07),
}
COUNT_WIDTHS = {1: Width(0.57, 0.5, 0.14, 0.58, 0.35, 0.3, 3.62)}


# What widths of at most SHORT values are multiplied by: uptake, M3 and tourism cut to five values, and in counts also
# invented enrollment (seed 2010), where 95% intervals held 99% in logs and 78% in counts.
SHORT_LOGS, SHORT_COUNTS = 0.68, 1.35


class Habits(NamedTuple):
    """What the series of a table have in common (:mod:`forecast.timeseries.habits`); one alone has the usual ones.

    ``lean`` is the share of drifts in a yearly series of at most SHORT values. Of longer ones, ``pace`` is that of
    growth against what a yearly series in logs shows by itself, and widths are factors on the usual ones; weights are
    factors on those of the members of a yearly series, none for the usual ones.
    """

    lean: float = LEAN
    pace: float = 1.0
    width_in_logs: float = 1.0
    width_in_counts: float = 1.0
    weights_in_logs: tuple[float, ...] = ()
    weights_in_counts: tuple[float, ...] = ()

    def weights(self, in_logs: bool) -> tuple[float, ...]:
        """Return the factors on the members' weights in a yearly series of more than SHORT values."""
        return self.weights_in_logs if in_logs else self.weights_in_counts


USUAL = Habits()


class Given(NamedTuple):
    """What is known beside a series: log factors of its past and future, their doubt, a ceiling, habits of the table.

    ``past`` (n,) and ``ahead`` (horizon,) are 0 at the last value, ``doubt`` (horizon,) is the variance of ``ahead``:
    :class:`forecast.timeseries.effects.Moves`. ``ceiling`` is NaN for none; one that is not ``hard``, an estimate,
    moves the median and bounds nothing.
    """

    past: np.ndarray | float = 0.0
    ahead: np.ndarray | float = 0.0
    doubt: np.ndarray | float = 0.0
    ceiling: float = float("nan")
    habits: Habits = USUAL
    hard: bool = True


ALONE = Given()


class Shown(NamedTuple):
    """What a series shows of its future: forecast, and what its width is made of, in logs where ``in_logs``.

    ``middle``, ``walk`` and ``spread`` are (horizon,); ``error`` is one number; ``scale`` turns them into the unit
    of the series where they are not logs; ``points`` is the number of known values. ``paths`` (members, horizon) is
    what each member says.
    """

    middle: np.ndarray
    error: float
    walk: np.ndarray
    spread: np.ndarray
    in_logs: bool
    scale: float
    points: int
    paths: np.ndarray


class Answer(NamedTuple):
    """A forecast in the unit of the series: ``mean`` and ``median`` (horizon,), ``quantiles`` (horizon, levels)."""

    mean: np.ndarray
    median: np.ndarray
    quantiles: np.ndarray


def forecast(values: ArrayLike, season: int, horizon: int, levels: Sequence[float], given: Given = ALONE) -> Answer:
    """Forecast one series, oldest value first, NaN for a gap inside it.

    ``season`` is the number of steps in a season (1: none) and ``levels`` are probabilities, rising; ``given`` is what
    is known beside the series. Quantiles are not negative where no value is, and at most MOST times the largest of past
    and median; the mean is that of the distribution that they describe. At least one value is known.

    >>> answer = forecast([100, 104, 109, 113], season=1, horizon=2, levels=[0.1, 0.9])
    >>> bool((answer.quantiles[:, 0] < answer.median).all() and (answer.median < answer.quantiles[:, 1]).all())
    True
    """
    known = np.asarray(values, dtype=float) / np.exp(given.past)
    shown = shows(known, season, horizon, given.habits)
    if season == 1:
        shown = shown._replace(middle=paced(shown, known, given.habits.pace))
    if np.isfinite(given.ceiling):
        shown = shown._replace(middle=saturation.below(known, shown.middle, season, given.ceiling))
    width = width_of(shown, season, given.habits)
    quantiles = quantiles_of(known, shown, width, (*levels, *NODES), given)
    shift = np.exp(given.ahead) * np.ones(horizon)
    quantiles, count = quantiles * shift[:, None], len(levels)
    return Answer(quantiles[:, count:].mean(axis=1), shown.middle * shift, quantiles[:, :count])


def quantiles_of(values: np.ndarray, shown: Shown, width: Width, levels: tuple[float, ...], given: Given) -> np.ndarray:
    """Return the quantiles at ``levels`` (horizon, levels), within what can be."""
    scale = deviation(shown, width)
    relative = 1.0 if shown.in_logs else np.abs(shown.middle) / shown.scale
    scale = np.sqrt(scale**2 + given.doubt * relative**2)
    reach = np.outer(scale, student(levels, width.freedom))
    if np.isfinite(given.ceiling) and given.hard:
        relative = np.maximum(np.asarray(relative) * np.ones(len(scale)), SMALLEST)
        return saturation.squeezed(shown.middle, reach / relative[:, None], given.ceiling)
    if shown.in_logs:
        quantiles = shown.middle[:, None] * np.exp(np.clip(reach, -50, 50))
    else:
        quantiles = shown.middle[:, None] + reach * shown.scale
    largest = MOST * max(float(np.nanmax(np.abs(values))), float(np.abs(shown.middle).max()))
    least = 0.0 if np.nanmin(values) >= 0 else -largest
    return np.asarray(np.clip(quantiles, least, largest))


@lru_cache(maxsize=64)
def student(levels: tuple[float, ...], freedom: float) -> np.ndarray:
    """Return quantiles of Student's distribution."""
    return np.asarray(stdtrit(freedom, np.array(levels)))


def paced(shown: Shown, values: np.ndarray, pace: float) -> np.ndarray:
    """Return the middle (horizon,) of a yearly series whose growth goes on at ``pace`` times what it showed.

    In counts, and of at most SHORT values, it is left as it is.
    """
    if pace == 1 or not shown.in_logs or shown.points <= SHORT:
        return shown.middle
    last = values[np.isfinite(values)][-1]
    ends = float(np.nanmin(values)) / FARTHEST, float(np.nanmax(values)) * FARTHEST
    return np.asarray(np.clip(last + pace * (shown.middle - last), *ends))


def width_of(shown: Shown, season: int, habits: Habits = USUAL) -> Width:
    """Return what was learned for series of this season, in logs or in counts, and of the table."""
    known = WIDTHS if shown.in_logs else COUNT_WIDTHS
    width = known[min(known, key=lambda one: abs(np.log(one / season)))]
    if shown.points > SHORT:
        times = habits.width_in_logs if shown.in_logs else habits.width_in_counts
    else:
        times = SHORT_LOGS if shown.in_logs else SHORT_COUNTS
    return width._replace(constant=width.constant + float(np.log(times)))


def deviation(shown: Shown, width: Width) -> np.ndarray:
    """Return the scale at each horizon (horizon,), in logs or shares of the mean size of the series."""
    least = 1e-3
    ahead = np.arange(1, len(shown.middle) + 1)
    logs = (
        width.constant
        + width.error * np.log(shown.error + least)
        + width.walk * np.log(shown.walk + least)
        + width.spread * np.log(shown.spread + 0.1 * shown.error + least)
        + width.horizon * np.log(ahead)
        + width.few * 10 / shown.points
    )
    return np.asarray(np.exp(logs))


def shows(values: np.ndarray, season: int, horizon: int, habits: Habits = USUAL) -> Shown:
    """Return what one series shows of its next ``horizon`` values."""
    scale = float(np.nanmean(np.abs(values))) or 1.0
    y = values / scale
    count = int(np.isfinite(y).sum())
    seasonal = season if season <= LONGEST_SEASON and count >= 2 * season + 2 else 1
    positive = bool(np.nanmin(y) > SMALLEST)
    y = _filled(np.log(y) if positive else y, seasonal)
    y = np.exp(y) if positive else y
    in_logs = positive and (np.log(y[-1] / y[0]) < FAST * (len(y) - 1) or len(y) == 1)
    one = _taken_apart(y, seasonal, horizon, positive)
    shares, rows = zip(*_members(one, seasonal, horizon, in_logs, habits.lean), strict=True)
    usual, paths = np.array(shares) / sum(shares), np.array(rows)
    weights = usual
    if season == 1 and count > SHORT and (factors := habits.weights(in_logs)):
        weights = usual * factors / (usual @ factors)
    if positive:
        paths = np.clip(paths, y.min() / FARTHEST, y.max() * FARTHEST)
    elif y.min() >= 0:
        paths = np.maximum(paths, 0.0)
    middle = weights @ paths
    compared, center = (np.log(paths), np.log(middle)) if in_logs else (paths, middle)
    spread = np.sqrt(usual @ (compared - center) ** 2)  # by the usual weights, with which widths were learned
    rest = np.log(one.adjusted) if in_logs else one.adjusted
    walk = _walk(rest, horizon, season, seasonal)
    return Shown(middle * scale, float(walk[0]), walk, spread, in_logs, scale, count, paths * scale)


class _Parts(NamedTuple):
    """A series without gaps in units of its mean size, (n,), what is left of it without its season, and the season.

    The season is a factor where ``positive``, else a term: ``ahead`` (horizon,) is that of the steps to come.
    """

    y: np.ndarray
    adjusted: np.ndarray
    ahead: np.ndarray
    season: int
    positive: bool

    def put(self, path: np.ndarray) -> np.ndarray:
        """Return a forecast of what is left (horizon,) with its season."""
        return np.asarray(np.maximum(path, SMALLEST) * self.ahead if self.positive else path + self.ahead)

    def put_logs(self, path: np.ndarray) -> np.ndarray:
        """Return a forecast of the log of what is left (horizon,) with its season."""
        return np.asarray(np.exp(np.clip(path, -30, 30)) * self.ahead)


def _taken_apart(y: np.ndarray, season: int, horizon: int, positive: bool) -> _Parts:
    if season == 1:
        return _Parts(y, y, np.full(horizon, float(positive)), 1, positive)
    pattern = methods.season_of(np.log(y) if positive else y, season)
    whole = np.resize(pattern, len(y) + horizon)
    if positive:
        return _Parts(y, y / np.exp(whole[: len(y)]), np.exp(whole[len(y) :]), season, True)
    return _Parts(y, y - whole[: len(y)], whole[len(y) :], season, False)


def _members(one: _Parts, season: int, horizon: int, in_logs: bool, lean: float) -> Iterator[tuple[float, np.ndarray]]:
    """Yield the weight and the forecast (horizon,) of each member."""
    if season == 1:
        yield from _yearly(one, horizon, in_logs, lean)
        return
    steady = methods.steadiness(one.adjusted, max(season, FEWEST_STEPS))
    if season > QUARTERLY and len(one.y) >= MANY and steady >= STEADY:
        share = min(1.0, steady / (2 * STEADY))
        yield 1 - share, one.put(methods.smooth(one.adjusted, horizon).values)
        yield share, one.put(methods.smooth(one.adjusted, horizon, (1.0,)).values)
        return
    members = [(one.put(part.values), part.error) for part in _both(one.adjusted, horizon)]
    if in_logs:
        size = float(np.exp(2 * np.log(one.adjusted).mean()))
        members += [(one.put_logs(part.values), part.error * size) for part in _both(np.log(one.adjusted), horizon)]
    if one.season > 1:
        moving = methods.smooth_season(one.y, horizon, one.season, methods.season_of(one.y, one.season))
        members.append((moving.values, moving.error))
    weights = [1 / (error + SMALLEST**2) if len(one.y) >= MANY else 1.0 for _, error in members]
    if season <= QUARTERLY:
        members.append((one.put(methods.median_drift(one.adjusted, horizon, season)), 0.0))
        weights.append(sum(weights) * MEDIAN_SHARE / (1 - MEDIAN_SHARE))
    for weight, (path, _) in zip(weights, members, strict=True):
        yield weight, path


def _both(x: np.ndarray, horizon: int) -> tuple[methods.Ahead, methods.Ahead]:
    return methods.theta(x, horizon), methods.smooth(x, horizon)


def _yearly(one: _Parts, horizon: int, in_logs: bool, lean: float) -> Iterator[tuple[float, np.ndarray]]:
    """Yield the members of a series without a season; chosen on yearly M1, M3, tourism and uptake."""
    y, put = one.y, one.put_logs if in_logs else one.put
    x = np.log(y) if in_logs else y
    if len(y) <= SHORT:
        share = min(lean, MOST_LEAN) if len(y) >= FEWEST_SMOOTHED else 1.0
        yield share, methods.drift(y, horizon, max(lean / MOST_LEAN, 1.0))
        for part in _both(x, horizon) if share < 1 else ():
            yield (1 - share) / 2, put(part.values)
    elif one.positive and not in_logs:
        for fade in (1.0, methods.FADE):
            yield 1.0, methods.fading_drift(y, horizon, fade=fade)
        yield 1.0, put(methods.smooth(y, horizon).values)
        yield 1.0, put(methods.theta(y, horizon, share=0.0).values)
    else:
        yield 1.0, methods.drift(y, horizon, methods.slowing(y))
        yield 1.0, methods.median_drift(y, horizon)
        yield 1.0, put(methods.theta(x, horizon, *LATE_SLOPE).values)
        yield 1.0, put(methods.smooth(x, horizon).values)


def _walk(x: np.ndarray, horizon: int, season: int, removed: int) -> np.ndarray:
    """Return the usual size of errors at each horizon (horizon,), pooled with what is expected of a first step."""
    expected = FIRST_STEP**2 / season
    if len(x) < 3:
        return np.asarray(np.sqrt(expected * np.arange(1, horizon + 1)))
    sizes = methods.step_errors(x, horizon, removed)
    share = FIRST_STEPS / (FIRST_STEPS + len(x) - 2)
    return np.sqrt((1 - share) * sizes**2 + share * expected * np.arange(1, horizon + 1))


def _filled(x: np.ndarray, season: int) -> np.ndarray:
    """Fill gaps on the straight line between their neighbors, plus the season of that line's series."""
    gaps, at = np.isnan(x), np.arange(len(x))
    if not gaps.any():
        return x
    line = np.interp(at, at[~gaps], x[~gaps])
    if season == 1:
        return np.asarray(line)
    seasonal = np.resize(methods.season_of(line, season), len(x))
    return np.where(gaps, np.interp(at, at[~gaps], (x - seasonal)[~gaps]) + seasonal, x)
