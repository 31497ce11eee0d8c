"""What the series of a table have in common, seen in their own last values: how growth goes on, how far a guess misses.

The last values of each are held back and forecast from those before. Four things are learned, each drawn towards what
holds where nothing is known: how much drifts weigh in yearly series of few values; how much each member weighs in
longer yearly ones; at what pace their growth goes on; and how wide intervals had to be. What is learned from one end
of all series is one experience and no more, however many they are: years in which all went well or badly are common to
them (:data:`TRUST`).
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from forecast.timeseries import combination
from forecast.timeseries.combination import LEAN, MOST_LEAN, SHORT, Habits, Shown

LEANS, FEWEST = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0, 1.2), 20  # above one: growth faster than the drift
ASKED = 200  # series of a kind that are asked at most
USUAL_WORTH = 60  # series that the usual pace and weights are worth; M1, M3 and tourism, whole and in tables of 40
PACES = tuple(round(0.5 + 0.1 * i, 1) for i in range(12))  # that are tried
# Power of what members missed of which their weights are made, and how far one may be from all together; ends before
# the last ones of yearly M1, M3 and tourism.
MEMBER_POWER, FARTHEST_MISS = 5, 2.0
FEWEST_STEPS = 4  # that are held back at least: a single month or year is one luck that all of a table have in common
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
    habits, longer = Habits(lean), _some([values for values in whole if len(values) > SHORT])
    in_logs, in_counts = _ends(longer, season, horizon, habits)
    if season == 1:
        habits = habits._replace(weights_in_logs=_weights(in_logs), weights_in_counts=_weights(in_counts))
        in_logs, in_counts = _ends(longer, season, horizon, habits)
        habits = habits._replace(pace=_pace(in_logs))
    return habits._replace(
        width_in_logs=_width(in_logs, season, habits.pace), width_in_counts=_width(in_counts, season, 1.0)
    )


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
            known = [combination.shows(values[:-1], 1, 1, Habits(lean)).middle[0] for lean in knots]
            ends = np.interp(LEANS, knots, known)
            misses.append(np.abs(values[-1] - ends) / size)
    if len(misses) < FEWEST:
        return LEAN
    best = LEANS[int(np.argmin(np.mean(misses, axis=0)))]
    return (FEWEST * LEAN + len(misses) * best) / (FEWEST + len(misses))


def _some(series: list[np.ndarray]) -> list[np.ndarray]:
    """Return about ASKED of them at most, from all over the table; none of fewer than FEWEST, who show nothing."""
    return [] if len(series) < FEWEST else series[:: max(1, len(series) // ASKED)]


def _ends(series: list[np.ndarray], season: int, horizon: int, habits: Habits) -> tuple[list[_Kept], list[_Kept]]:
    """Return the ends of series that were held back, in logs and in counts."""
    kept = [one for values in series for one in _held_back(values, season, horizon, habits)]
    return [one for one in kept if one.shown.in_logs], [one for one in kept if not one.shown.in_logs]


def _held_back(values: np.ndarray, season: int, horizon: int, habits: Habits) -> Iterable[_Kept]:
    """Yield the end of a series where enough is left before it: a year or more, at most a third of its values."""
    steps = min(max(horizon, season, FEWEST_STEPS), (len(values) - 1) // 3)
    past, came = values[:-steps], values[-steps:]
    if len(past) <= SHORT or (season > 1 and len(past) < 2 * season + 2):
        return
    unit = float(np.abs(past[season:] - past[:-season]).mean())
    if unit > 0:
        yield _Kept(past, came, unit, combination.shows(past, season, steps, habits))


def _weights(kept: list[_Kept]) -> tuple[float, ...]:
    """Return factors on the members' weights: the less one missed, against all together, the more it weighs."""
    if len(kept) < FEWEST:
        return ()
    misses = np.array([[one.miss(path) for path in (*one.shown.paths, one.shown.middle)] for one in kept])
    mean = misses.mean(axis=0) + 1e-12  # (members and all together, 2)
    relative = np.clip((mean[:-1] / mean[-1]).mean(axis=1), 1 / FARTHEST_MISS, FARTHEST_MISS)
    return tuple((relative ** (-MEMBER_POWER * len(kept) / (USUAL_WORTH + len(kept)))).tolist())


def _pace(kept: list[_Kept]) -> float:
    """Return the pace at which the growth of yearly series went on, against what they had shown."""
    if len(kept) < FEWEST:
        return 1.0
    misses = np.array([[one.miss(combination.paced(one.shown, one.past, pace)) for pace in PACES] for one in kept])
    mean = misses.mean(axis=0) + 1e-12  # (paces, 2)
    best = PACES[int(np.argmin((mean / mean[PACES.index(1.0)]).sum(axis=1)))]
    return (USUAL_WORTH + len(kept) * best) / (USUAL_WORTH + len(kept))


def _width(kept: list[_Kept], season: int, pace: float) -> float:
    """Return how many times as wide intervals are to be."""
    if len(kept) < FEWEST:
        return 1.0
    needed = [one.needed(combination.paced(one.shown, one.past, pace), season) for one in kept]
    parts = [np.quantile(np.concatenate([each[i] for each in needed]), share) for i, (_, share) in enumerate(HELD)]
    times = np.log(np.maximum(parts, LEAST_WIDTH)).mean()
    return float(np.exp(TRUST * len(kept) / (FEWEST + len(kept)) * times))
