"""Methods that any forecast has to beat: the last count, the last of the same month, lines, and damped smoothing.

They answer a scenario as engines do, so that they meet the same origins and targets, and know the place's counts and
nothing else. Their spread is that of a random walk on the log scale: a month's standard deviation grows with the
square root of the months ahead. With few counts a place cannot say how much it moves, so the changes of all places
that were known then count as one change more of its own.
"""

import numpy as np
import pandas as pd
from scipy.special import ndtri

from forecast.answer.projection import COLUMNS
from forecast.data import history as facts
from forecast.data import tables
from forecast.engines import deaf_to, silence
from forecast.question.scenario import Scenario

GOLDEN = (5**0.5 - 1) / 2
TREND, DAMPING = 0.15, 0.95  # usual values for monthly series (judgement), not fitted to any count


class Yardstick:
    """What all have in common; `history` (data/history.csv if left out) tells how much other places move."""

    name = ""
    sees: frozenset[str] = frozenset()

    def __init__(self, history: pd.DataFrame | None = None):
        """Keep the table; it is read at the first run."""
        self._history = history

    def center(self, known: pd.Series, ahead: pd.PeriodIndex) -> np.ndarray:
        """Return the expected members in the months `ahead`, NaN where the method has nothing to say, (months,)."""
        raise NotImplementedError

    def variance(self, known: pd.Series, ahead: pd.PeriodIndex) -> np.ndarray:
        """Return the variance in units of a month's: for most the months since the last count, (months,)."""
        return np.array([(month - known.index[-1]).n for month in ahead], float)

    def changes(self, known: pd.Series) -> np.ndarray:
        """Return what the method did not foresee in each known change: log change / sqrt(months), (changes,)."""
        result: np.ndarray = np.diff(np.log(known)) / np.sqrt(_gaps(known))
        return result

    def run(self, scenario: Scenario, draws: range, seed: int) -> pd.DataFrame:
        """Return rows of `members` of the months after the start; none where the method has nothing to say.

        Draws are quantiles that any number of them spreads evenly (a golden-ratio sequence), the same for every seed:
        chance would only blur the yardstick.
        """
        known = scenario.place.observed("members", until=scenario.start)
        known = known[known > 0]
        ahead = scenario.months[1:]
        if deaf_to(self, scenario) or known.empty:
            return silence()
        center = self.center(known, ahead)
        own_changes, pooled = self.changes(known), self._pooled(scenario)
        if np.isnan(pooled) and not len(own_changes):
            return silence()
        month = np.sqrt(np.mean([*own_changes**2, *([pooled] if not np.isnan(pooled) else [])]))
        luck = ndtri((0.5 + np.asarray(list(draws)) * GOLDEN) % 1.0)
        spread = month * np.sqrt(np.maximum(self.variance(known, ahead), 0.0))
        values = center * np.exp(spread * luck[:, None])  # (draws, months)
        rows = pd.DataFrame(
            {
                "month": np.tile(ahead.astype(str), len(luck)),
                "value": values.ravel(),
                "draw": np.repeat(np.asarray(list(draws), np.int32), len(ahead)),
            }
        )
        names = {
            "place": scenario.place.name,
            "scenario": scenario.scenario,
            "engine": self.name,
            "origin": scenario.start,
            "group": "all",
            "measure": "members",
        }
        return rows.dropna().assign(**names)[COLUMNS].reset_index(drop=True)

    def _pooled(self, scenario: Scenario) -> float:
        """Mean square of :meth:`changes` over all places known at the start, NaN when there is none."""
        if self._history is None:
            self._history = tables.read(tables.data_dir() / "history.csv", "history")
        rows = facts.counts(self._history)
        rows = rows[(rows["month"] <= scenario.start) & (rows["value"] > 0)]
        rows = rows.drop_duplicates(["place", "month"], keep="last")
        changes = [
            self.changes(pd.Series(part["value"].to_numpy(), pd.PeriodIndex(part["month"], freq="M")))
            for _, part in rows.groupby("place")
        ]
        together = np.concatenate([[], *changes])
        return float(np.mean(together**2)) if len(together) else np.nan


class Naive(Yardstick):
    """The last known count, whatever month it is of.

    >>> from forecast import Scenario, toy
    >>> quo = Scenario("status quo", toy.place(), start="2021-12", until="2022-03", law=toy.law())
    >>> Naive(quo.place.history).run(quo, range(3), seed=1).empty  # one count, and nobody to learn the spread from
    True
    """

    name = "naive"

    def center(self, known: pd.Series, ahead: pd.PeriodIndex) -> np.ndarray:
        """Return the last count for every month."""
        return np.full(len(ahead), known.iloc[-1])


class SeasonalNaive(Yardstick):
    """The last known count of the same calendar month; silent about a month that was never counted."""

    name = "seasonal naive"

    def center(self, known: pd.Series, ahead: pd.PeriodIndex) -> np.ndarray:
        """Return the last count of each month's name."""
        last = known.groupby(pd.PeriodIndex(known.index).month).last()
        return last.reindex(ahead.month).to_numpy(float)

    def variance(self, known: pd.Series, ahead: pd.PeriodIndex) -> np.ndarray:
        """Return the months since the count that is repeated."""
        last = pd.Series(known.index, known.index).groupby(pd.PeriodIndex(known.index).month).last()
        return np.array([(month - last[month.month]).n if month.month in last.index else 0 for month in ahead], float)


class Drift(Yardstick):
    """A straight line through the first and the last known count, not below zero; silent with one count.

    The slope is itself uncertain: over h months the variance is that of h (1 + h / T) months, T those between the
    two counts (Hyndman and Athanasopoulos, Forecasting: Principles and Practice, the drift method).
    """

    name = "drift"

    def center(self, known: pd.Series, ahead: pd.PeriodIndex) -> np.ndarray:
        """Return the line's members, at least half a person."""
        if len(known) < 2:
            return np.full(len(ahead), np.nan)
        slope = (known.iloc[-1] - known.iloc[0]) / _gaps(known).sum()
        result: np.ndarray = np.maximum(known.iloc[-1] + slope * super().variance(known, ahead), 0.5)
        return result

    def variance(self, known: pd.Series, ahead: pd.PeriodIndex) -> np.ndarray:
        """Return h (1 + h / T)."""
        months = super().variance(known, ahead)
        result: np.ndarray = months * (1 + months / max(_gaps(known).sum(), 1))
        return result

    def changes(self, known: pd.Series) -> np.ndarray:
        """Return what is left of each log change when the mean growth is taken out."""
        log, gaps = np.log(known.to_numpy()), _gaps(known)
        if len(gaps) < 2:
            return np.empty(0)
        left = np.diff(log) - (log[-1] - log[0]) / gaps.sum() * gaps
        result: np.ndarray = left / np.sqrt(gaps) * np.sqrt(len(gaps) / (len(gaps) - 1))
        return result


class SeasonalDrift(SeasonalNaive):
    """The last count of the same calendar month, moved on by the mean log growth a year between counts of that month.

    Months counted once take the growth between the first and the last count of any month; silent about a month that
    was never counted, and with one count.
    """

    name = "seasonal drift"

    def center(self, known: pd.Series, ahead: pd.PeriodIndex) -> np.ndarray:
        """Return the last count of each month's name times its growth since, at most tenfold."""
        base = super().center(known, ahead)
        if len(known) < 2:
            return np.full(len(ahead), np.nan)
        log, when = np.log(known.to_numpy(float)), np.array([month.ordinal for month in known.index], float)
        whole = (log[-1] - log[0]) / (when[-1] - when[0])
        growth = {}
        for name, rows in pd.Series(range(len(log))).groupby(pd.PeriodIndex(known.index).month):
            first, last = rows.iloc[0], rows.iloc[-1]
            growth[name] = (log[last] - log[first]) / (when[last] - when[first]) if last > first else whole
        rates = np.array([growth.get(month, np.nan) for month in ahead.month])
        factor: np.ndarray = np.exp(np.clip(rates * super().variance(known, ahead), -np.log(10), np.log(10)))
        result: np.ndarray = base * factor
        return result


class Damped(Yardstick):
    """Exponential smoothing of the log with a damped trend, for counts at uneven gaps.

    The trend a month is smoothed by :data:`TREND` a count, and :data:`DAMPING` of it is left after each month ahead
    (Gardner and McKenzie 1985; uneven gaps as in Wright 1986: a trend told by a gap of more months weighs more).
    Silent with one count.
    """

    name = "damped smoothing"

    def center(self, known: pd.Series, ahead: pd.PeriodIndex) -> np.ndarray:
        """Return the last count moved on by what is left of the trend."""
        if len(known) < 2:
            return np.full(len(ahead), np.nan)
        log, gaps = np.log(known.to_numpy(float)), _gaps(known)
        trend = 0.0
        for change, gap in zip(np.diff(log), gaps, strict=True):
            weight = 1 - (1 - TREND) ** gap
            trend = DAMPING**gap * trend * (1 - weight) + weight * change / gap
        months = super().variance(known, ahead)
        result: np.ndarray = known.iloc[-1] * np.exp(trend * DAMPING * (1 - DAMPING**months) / (1 - DAMPING))
        return result


def _gaps(known: pd.Series) -> np.ndarray:
    """Months between neighboring counts."""
    return np.diff([month.ordinal for month in known.index]).astype(float)


YARDSTICKS: dict[str, type] = {kind.name: kind for kind in (Naive, SeasonalNaive, Drift)}
MORE_YARDSTICKS: dict[str, type] = {kind.name: kind for kind in (SeasonalDrift, Damped)}  # of calendar origins
