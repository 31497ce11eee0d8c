"""What the past suggests: a structural model of the stock of members, fitted to short and irregular histories.

One model serves every place (:mod:`forecast.engines.series.structural`), helped by what is known of the others
(:mod:`engines.series.pooling`). Only figures about months up to the origin are used; the constants were chosen with
the whole history in view, so a backtest is blind to figures, not to the makers' hindsight. The law's price path is
taken as given: it is the law that a scenario asks about.

A planner's own place with three years of monthly counts needs no others: the combination of
:mod:`forecast.timeseries.combination` takes over.
"""

from typing import Any

import numpy as np
import pandas as pd
from scipy.special import ndtr

from forecast.answer.projection import COLUMNS
from forecast.data import tables
from forecast.data.chance import child_array, name_number, streams
from forecast.engines import deaf_to, heard, silence
from forecast.engines.series.pooling import fit_place, plans, read_pool
from forecast.engines.series.structural import ELASTICITY, Fit, luck, points, price_path, simulate, usable
from forecast.question.scenario import BORROWED, Scenario
from forecast.timeseries import combination

MANY, LATELY = 36, 48  # months counted, of the last ones, from which a place's own past is taken for what it is
NORMAL = np.linspace(-3.5, 3.5, 29)  # quantiles of the combination, in standard deviations


class SeriesEngine:
    """The engine that hears the law's price path and nothing else; it projects `members`, all groups together.

    `history` (columns of data/history.csv, which is read when it is left out) is where it learns about other places.
    It has no flows, no groups and no money, and is silent about any policy. With `repeats`, so many draws after one
    another share their beliefs and differ in the noise of the months alone, so that the two can be told apart; of the
    combination only the elasticity is a belief.
    """

    name = "series"
    sees = heard("series")

    def __init__(self, history: pd.DataFrame | None = None, repeats: int = 1):
        """Keep the table; nothing is read or fitted before the first run."""
        self._history = history
        self._repeats = repeats
        self._kept: dict[Any, Any] = {}  # pools, fits and forecasts by what they were made from

    def run(self, scenario: Scenario, draws: range, seed: int) -> pd.DataFrame:
        """Return rows of `members` from the start (the known stock, the same in every draw) to the last month.

        Where the latest stock is older than the start, it stands at the start, and the paths after it have wandered
        since it was counted. Silent about a place that nobody has counted and for which no stock is assumed.
        """
        if deaf_to(self, scenario) or scenario.opening[2] == BORROWED:
            return silence()
        fit, place = self.fit(scenario), scenario.place
        ahead = pd.period_range(fit.last, scenario.months[-1], freq="M")
        keys = child_array(streams(seed, draws), name_number(place.name))
        shared = [draw - draw % self._repeats for draw in draws]
        believed = child_array(streams(seed, shared), name_number(place.name))
        price = price_path(scenario.law, ahead, place.lineage)
        eligible = place.eligible if place.eligible > 0 else np.nan
        if len(self._long(scenario)):
            paths = self._combined(scenario, fit, ahead, price, keys, believed)
        else:
            goals = plans(place.history, place.name, tables.month(scenario.start))
            paths = simulate(fit, ahead[1:], price, keys, eligible, goals, believed)
        opening = np.full((1, len(keys)), float(scenario.opening[0]))
        values = np.vstack([opening, paths[1 - len(scenario.months) :]])
        return _rows(self.name, scenario, draws, np.fmin(values, np.maximum(eligible, opening.max())))

    def fit(self, scenario: Scenario) -> Fit:
        """Return the beliefs about the scenario's place at its last count up to the start; kept for the next call."""
        place, origin, law = scenario.place, tables.month(scenario.start), scenario.law
        if self._history is None:
            self._history = tables.read(tables.data_dir() / "history.csv", "history")
        if (origin, law) not in self._kept:
            self._kept[origin, law] = read_pool(self._history, origin, law)
        series, pool = _own_points(scenario, origin), self._kept[origin, law]
        price = price_path(law, pd.period_range(series.index[0], series.index[-1], freq="M"), place.lineage)
        key = (place.name, id(pool), tuple(series.index), tuple(series), tuple(price))
        if key not in self._kept:  # kept with the pool, whose id would else be free for another
            self._kept[key] = pool, fit_place(place.name, series, pool, price)
        result: Fit = self._kept[key][1]
        return result

    def _long(self, scenario: Scenario) -> pd.Series:
        """The place's own stocks (persons by month, gaps as NaN) where they are many and recent, else nothing."""
        series = _own_points(scenario, tables.month(scenario.start))
        series = series[~series.index.duplicated(keep="last")]
        grid = series.reindex(pd.period_range(series.index[0], series.index[-1], freq="M"))
        return grid if grid[-LATELY:].notna().sum() >= MANY else grid.iloc[:0]

    def _combined(
        self,
        scenario: Scenario,
        fit: Fit,
        ahead: pd.PeriodIndex,
        price: np.ndarray,
        keys: np.ndarray,
        believed: np.ndarray,
    ) -> np.ndarray:
        """Return paths with the quantiles of the combination, and the law's price on top, shape (months, draws).

        A draw keeps its luck from month to month: its place among the quantiles is a walk divided by the root of its
        age. What prices did in the past is part of the series; what they will do is not.
        """
        grid = self._long(scenario)
        key = (tuple(grid.index), tuple(grid), len(ahead))
        if key not in self._kept:
            self._kept[key] = combination.forecast(grid.to_numpy(), 12, len(ahead) - 1, ndtr(NORMAL).tolist()).quantiles
        quantiles = np.log(np.maximum(self._kept[key], 0.5))
        elasticity = fit.mean[ELASTICITY] + np.sqrt(fit.cov[ELASTICITY, ELASTICITY]) * luck(believed, ahead[0], 8)
        walk, paths = np.zeros(len(keys)), np.empty((len(ahead) - 1, len(keys)))
        for step, month in enumerate(ahead[1:]):
            walk = walk + luck(keys, month, 0)
            z = np.clip(walk / np.sqrt(step + 1), NORMAL[0], NORMAL[-1])
            paths[step] = np.interp(z, NORMAL, quantiles[step]) + (price[step + 1] - price[0]) * elasticity
        return np.exp(np.minimum(paths, 40.0))


def _own_points(scenario: Scenario, origin: pd.Period) -> pd.Series:
    """The place's own stocks up to the origin; the scenario's opening stock stands in its month whatever its status."""
    place = scenario.place
    value, month, _ = scenario.opening
    rows = usable(place.history, origin)
    series = points(rows[rows["place"] == place.name]).drop(tables.month(month), errors="ignore")
    result: pd.Series = pd.concat([series, pd.Series([float(value)], pd.PeriodIndex([month], freq="M"))]).sort_index()
    return result


def _rows(engine: str, scenario: Scenario, draws: range, values: np.ndarray) -> pd.DataFrame:
    """Return `values` (months, draws) as rows of a projection, draw by draw."""
    texts = (scenario.place.name, scenario.scenario, engine, scenario.start, "all", "members")
    one = np.zeros(values.size, np.int8)
    columns: dict[str, Any] = {
        name: pd.Categorical.from_codes(one, pd.Index([text]))
        for name, text in zip(("place", "scenario", "engine", "origin", "group", "measure"), texts, strict=True)
    }
    codes = np.tile(np.arange(len(values)), len(draws))
    columns["month"] = pd.Categorical.from_codes(codes, scenario.months.astype(str))
    columns["draw"] = np.repeat(np.asarray(list(draws), np.int32), len(values))
    columns["value"] = values.T.ravel()
    return pd.DataFrame(columns)[COLUMNS]
