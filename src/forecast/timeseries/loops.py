"""Smoothing of long series in compiled loops: the recursions that :mod:`forecast.timeseries.methods` has in matrices.

Matrices of dates x points of a grid are quick where a series is short, and need no compiler. In a long one they cost
more than it takes to load one, and memory without end: here each point of the grid keeps sums, and goes through the
series twice, once to find its start and once from there. The steps are the same; the sums are taken in another order,
so that the last digits may differ.
"""

import numpy as np
from numba import njit

import forecast.data.chance  # noqa: F401 (it says where compiled code is kept)

LEAST = 1e-150  # a level or a trend below it is none: a processor is slow with numbers next to nothing


@njit(cache=True)
def _some(number: float) -> float:
    return number if abs(number) > LEAST else 0.0


@njit(cache=True)
def _step(value: float, run: float, trend: float, a: float, b: float, d: float) -> tuple[float, float, float]:
    """Return the error of one step, and level and trend after it."""
    ahead = run + d * trend
    error = value - ahead
    return error, _some(ahead + a * error), _some(d * trend + b * error)


@njit(cache=True, nogil=True)
def trends(
    x: np.ndarray, level: np.ndarray, slope: np.ndarray, damping: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the mean squared error, last level and last trend of each point of a grid, each (points,).

    ``x`` (n,) is in any unit, and so is the answer; ``level``, ``slope`` and ``damping`` (points,) are what an error
    moves, and what remains of a trend. The start is that with the least squares, as in `methods._starts`.

    >>> half = np.array([0.5])
    >>> [float(part[0].round(6)) for part in trends(np.arange(400.0), half, half, 2 * half)[1:]]
    [399.0, 1.0]
    """
    out = np.empty((3, len(level)))
    for point in range(len(level)):
        a, b, d = level[point], slope[point], damping[point]
        run, trend = 0.0, 0.0  # what the values lead to, and a first level of one, and a first slope of one
        run_1, trend_1, run_2, trend_2 = 1.0, 0.0, 0.0, 1.0
        level_level, level_slope, slope_slope, value_level, value_slope = 0.0, 0.0, 1.0, 0.0, 0.0
        for value in x:
            error, run, trend = _step(value, run, trend, a, b, d)
            error_1, run_1, trend_1 = _step(0.0, run_1, trend_1, a, b, d)
            error_2, run_2, trend_2 = _step(0.0, run_2, trend_2, a, b, d)
            level_level += error_1 * error_1
            level_slope += error_1 * error_2
            slope_slope += error_2 * error_2
            value_level -= error * error_1
            value_slope -= error * error_2
        determinant = level_level * slope_slope - level_slope * level_slope
        run = (value_level * slope_slope - value_slope * level_slope) / determinant
        trend = (level_level * value_slope - level_slope * value_level) / determinant
        squares = 0.0
        for value in x:
            error, run, trend = _step(value, run, trend, a, b, d)
            squares += error * error
        out[0, point], out[1, point], out[2, point] = squares / len(x), run, trend
    return out[0], out[1], out[2]


@njit(cache=True, nogil=True)
def simple_errors(x: np.ndarray, drift: float, levels: np.ndarray) -> np.ndarray:
    """Return the errors of simple smoothing with a drift, start fitted, shape (n, points), in the unit of ``x`` (n,).

    ``levels`` (points,) are what an error moves.

    >>> bool(np.abs(simple_errors(np.arange(5.0), 1.0, np.array([0.5]))).max() < 1e-9)
    True
    """
    errors = np.empty((len(x), len(levels)))
    for point in range(len(levels)):
        level = levels[point]
        run, run_1, both, own = 0.0, 1.0, 0.0, 0.0
        for value in x:
            error, error_1 = value - run, -run_1
            run, run_1 = _some(run + level * error + drift), _some(run_1 + level * error_1)
            both += error * error_1
            own += error_1 * error_1
        run = -both / own
        for step in range(len(x)):
            errors[step, point] = x[step] - run
            run = _some(run + level * errors[step, point] + drift)
    return errors
