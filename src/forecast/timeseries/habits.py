"""What the series of a table have in common, seen in their own last values: how growth goes on, how far a guess misses.

The last values of each are held back and forecast from those before. Three things are learned, each drawn towards what
holds where nothing is known: how much drifts weigh in yearly series of few values, at what pace the growth of longer
yearly ones goes on, and how wide intervals had to be. What is learned from one end of all series is one experience and
no more, however many they are: years in which all went well or badly are common to them (:data:`TRUST`).
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from forecast.timeseries import combination
from forecast.timeseries.combination import LEAN, MOST_LEAN, SHORT, Habits, Shown

LEANS, FEWEST = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0, 1.2), 20  # above one: growth faster than the drift
ASKED = 200  # series of a kind that are asked at most
# Paces that are tried, and the series that the usual one is worth; M1, M3 and tourism, whole and in tables of 40.
PACES, USUAL_PACE = tuple(round(0.5 + 0.1 * i, 1) for i in range(12)), 60
TRUST = 0.7  # power of the width that was needed; M1, M3, tourism and uptake, whole and in tables of 40
LEAST_WIDTH = 0.1  # times the usual: series that a formula made say that no width is needed
HELD = ((0.975, 0.95), (0.9, 0.8))  # ends of intervals and the shares that they are to hold


class _Kept(NamedTuple):
    """The end of a series that was held back: what was known, what came (steps,), what the known part showed."""

    past: np.ndarray
    came: np.ndarray
    unit: float  # mean size of a change over a season
    shown: Shown

    def miss(self, middle: np.ndarray) -> tuple[float, float]:
        """Return the mean error in units of the usual change, and as a share of what came and was foretold."""
        error = np.abs(self.came - middle)
        return float(error.mean()) / self.unit, float(np.mean(error / (np.abs(self.came) + np.abs(middle) + 1e-12)))

    def needed(self, middle: np.ndarray, season: int) -> list[np.ndarray]:
        """Return how many times as wide each interval of HELD had to be to hold what came (steps,)."""
        one, least = self.shown, 1e-9 * self.shown.scale
        if one.in_logs:
            error = np.abs(np.log(np.maximum(self.came, least) / np.maximum(middle, least)))
        else:
            error = np.abs(self.came - middle) / one.scale
        width = combination.width_of(one, season)
        ends = combination.student(tuple(end for end, _ in HELD), width.freedom)
        return [error / combination.deviation(one, width) / end for end in ends]


def of(series: Sequence[np.ndarray], season: int, horizon: int) -> Habits:
    """Return what ``series`` of one ``season``, oldest value first, show of their next ``horizon`` values.

    Series with gaps are left out; fewer than FEWEST of a kind show nothing.

    >>> lines = [100.0 + step * np.arange(30) for step in range(1, 40)]
    >>> of(lines, season=1, horizon=6).width_in_logs < 1
    True
    """
    whole = [values for values in series if np.isfinite(values).all()]
    lean = lean_of(_some([values for values in whole if 4 <= len(values) <= SHORT])) if season == 1 else LEAN
    kept = [
        one for values in _some([v for v in whole if len(v) > SHORT]) for one in _held_back(values, season, horizon)
    ]
    in_logs, in_counts = ([one for one in kept if one.shown.in_logs == logs] for logs in (True, False))
    pace = _pace(in_logs) if season == 1 else 1.0
    return Habits(lean, pace, _width(in_logs, season, pace), _width(in_counts, season, 1.0))


def lean_of(parts: Iterable[np.ndarray]) -> float:
    """Return the share of drifts that would have been best for the last values of short yearly series without gaps.

    Drawn towards :data:`combination.LEAN` as by FEWEST more series; each counts in units of its own mean change.

    >>> round(lean_of([np.arange(5.0) * step + 1 for step in range(1, 30)]), 2)
    0.84
    """
    misses = []
    for values in parts:
        size = float(np.abs(np.diff(values[:-1])).mean())
        if size > 0:
            knots = (0.0, MOST_LEAN, LEANS[-1])  # between them a forecast is linear in the lean
            ends = np.interp(LEANS, knots, [combination.shows(values[:-1], 1, 1, lean).middle[0] for lean in knots])
            misses.append(np.abs(values[-1] - ends) / size)
    if len(misses) < FEWEST:
        return LEAN
    best = LEANS[int(np.argmin(np.mean(misses, axis=0)))]
    return (FEWEST * LEAN + len(misses) * best) / (FEWEST + len(misses))


def _some(series: list[np.ndarray]) -> list[np.ndarray]:
    """Return about ASKED of them at most, from all over the table; none of fewer than FEWEST, who show nothing."""
    return [] if len(series) < FEWEST else series[:: max(1, len(series) // ASKED)]


def _held_back(values: np.ndarray, season: int, horizon: int) -> Iterable[_Kept]:
    """Yield the end of a series, at most a third of it, where enough is left before it."""
    steps = min(horizon, (len(values) - 1) // 3)
    past, came = values[:-steps], values[-steps:]
    if len(past) <= SHORT or (season > 1 and len(past) < 2 * season + 2):
        return
    unit = float(np.abs(past[season:] - past[:-season]).mean())
    if unit > 0:
        yield _Kept(past, came, unit, combination.shows(past, season, steps))


def _pace(kept: list[_Kept]) -> float:
    """Return the pace at which the growth of yearly series went on, against what they had shown."""
    if len(kept) < FEWEST:
        return 1.0
    misses = np.array([[one.miss(combination.paced(one.shown, one.past, pace)) for pace in PACES] for one in kept])
    mean = misses.mean(axis=0) + 1e-12  # (paces, 2)
    best = PACES[int(np.argmin((mean / mean[PACES.index(1.0)]).sum(axis=1)))]
    return (USUAL_PACE + len(kept) * best) / (USUAL_PACE + len(kept))


def _width(kept: list[_Kept], season: int, pace: float) -> float:
    """Return how many times as wide intervals are to be."""
    if len(kept) < FEWEST:
        return 1.0
    needed = [one.needed(combination.paced(one.shown, one.past, pace), season) for one in kept]
    parts = [np.quantile(np.concatenate([each[i] for each in needed]), share) for i, (_, share) in enumerate(HELD)]
    times = np.log(np.maximum(parts, LEAST_WIDTH)).mean()
    return float(np.exp(TRUST * len(kept) / (FEWEST + len(kept)) * times))
