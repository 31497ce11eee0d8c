"""The pool: draws of several engines side by side, in the proportions in which they had earned trust at an origin.

A linear pool: each draw is one engine's draw of the same number, so whole paths stay together. How often an engine is
taken follows from its scores at earlier origins alone (`forecast backtest --calendar --store` writes the table
`data/pool.csv`: origin, scope, engine, weight, spread); before the first of them all engines weigh the same.

Side by side, engines that are each as wide as they should be are too wide together (Gneiting and Ranjan 2013). So the
draws of each are brought nearer to its median, in logs, by the factor `spread`, which follows from counts that earlier
forecasts met.
"""

from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property, lru_cache
from pathlib import Path

import numpy as np
import pandas as pd

from forecast.data import files, tables
from forecast.data.chance import child_array, name_number, streams, uniform_array
from forecast.data.code import ENGINES, code_hash
from forecast.engines import POOLED, as_counts_see, deaf_to, heard, scope_of, silence
from forecast.engines.campaign.ahead import Paths
from forecast.engines.campaign.engine import CampaignEngine, rows_of
from forecast.engines.campaign.kept import kept
from forecast.engines.series.engine import SeriesEngine
from forecast.question.fingerprint import fingerprint
from forecast.question.levers import Policy
from forecast.question.scenario import BORROWED, Scenario

MEMBERS: Mapping[str, type] = dict(zip(POOLED, (CampaignEngine, SeriesEngine), strict=True))
FILE = "pool.csv"
MIDDLE = range(200)  # draws whose median is an engine's, whichever draws are asked for
WIDE = 256  # draws that are found at once: some take hardly longer than few
_OF_DRAWS = ("members", "lasting", "keep", "closed")


class PoolEngine:
    """A linear pool of engines as an engine: `members` and `lasting_members`, all groups together, deaf to levers.

    `history` is handed to its engines; `weights` (columns of data/pool.csv) replaces that table. An
    engine that has nothing to say leaves its share to the others.

    >>> taken([0.75, 0.25], np.array([0.1, 0.74, 0.76])).tolist()
    [0, 0, 1]
    """

    name = "pool"
    sees = heard("pool")

    def __init__(self, history: pd.DataFrame | None = None, weights: pd.DataFrame | None = None):
        """Keep the tables; nothing is read before the first run."""
        self._history, self._weights = history, weights
        self._middles: dict[tuple[str, str, int], np.ndarray] = {}  # by engine and question
        self._blocks: dict[tuple[str, int, int], Paths] = {}  # by question and first draw

    @cached_property
    def _campaign(self) -> CampaignEngine:
        return CampaignEngine(self._history)

    @cached_property
    def _series(self) -> SeriesEngine:
        return SeriesEngine(self._history)  # what it has fitted serves its next run

    def run(self, scenario: Scenario, draws: range, seed: int) -> pd.DataFrame:
        """Return rows from the start to the last month; raises what an engine raises that cannot start."""
        if deaf_to(self, scenario):
            return silence()
        return rows_of(self.name, scenario, draws, self.paths(scenario, draws, seed))

    def paths(self, scenario: Scenario, draws: range, seed: int) -> Paths:
        """Return the months ahead under the status quo, draw by draw; the policy of `scenario` is not looked at.

        A draw of the series engine has no lasting members of its own: it takes the share that lasts from the campaign
        engine's draw of the same number. From the project's own tables they are found :data:`WIDE` draws at a time.
        """
        if self._history is not None or self._weights is not None or scenario.sets is not None:
            return self._paths(scenario, draws, seed)
        blocks = [
            self._block(as_counts_see(scenario), range(first, first + WIDE), seed)
            for first in range(draws.start - draws.start % WIDE, draws.stop, WIDE)
        ]
        wanted = slice(draws.start % WIDE, draws.start % WIDE + len(draws))
        of_draws = (np.concatenate([getattr(b, n) for b in blocks], axis=1)[:, wanted].copy() for n in _OF_DRAWS)
        return Paths(scenario.months, *of_draws)

    def _block(self, asked: Scenario, block: range, seed: int) -> Paths:
        """Return the paths of a whole block of draws, kept for the next question about the same months of the place."""
        key = fingerprint(asked), block.start, seed
        return kept(self._blocks, key, lambda: self._paths(asked, block, seed))

    def _paths(self, scenario: Scenario, draws: range, seed: int) -> Paths:
        table = _read(tables.data_dir() / FILE) if self._weights is None else self._weights
        scope = scope_of(scenario.place.name)
        weights = weights_at(table, scenario.start, scope, list(MEMBERS))
        borrowed = scenario.opening[2] == BORROWED  # nobody has counted the place: no count says how wide it should be
        spread = 1.0 if borrowed else spread_at(table, scenario.start, scope)
        u = uniform_array(child_array(streams(seed, draws), name_number(scenario.place.name)), name_number("pool"))
        other = np.flatnonzero(taken(list(weights.values()), u) == list(weights).index(SeriesEngine.name))
        paths = self._campaign.paths(scenario, draws, seed)
        share = paths.lasting / _some(paths.members)
        if spread != 1:
            members, lasting = self._middle("campaign", scenario, seed)
            paths = replace(
                paths,
                members=nearer(paths.members, members, spread),
                lasting=nearer(paths.lasting, lasting, spread),
            )
        if len(other) and not borrowed:  # else a series has nothing to go on from
            wanted = range(draws[int(other[0])], draws[int(other[-1])] + 1)
            values = self._series_members(scenario, wanted, seed)
            if spread != 1:
                values = nearer(values, self._middle("series", scenario, seed)[0], spread)
            paths.members[:, other] = values[:, other - other[0]]
            paths.lasting[:, other] = paths.members[:, other] * share[:, other]
        return by_half_year(paths)

    def _middle(self, engine: str, scenario: Scenario, seed: int) -> np.ndarray:
        """Return the median of an engine in each month: members (and lasting members, by the campaign engine)."""

        def found() -> dict[str, np.ndarray]:
            if engine == SeriesEngine.name:
                values = [self._series_members(scenario, MIDDLE, seed)]
            else:
                paths = self._campaign.paths(scenario, MIDDLE, seed)
                values = [paths.members, paths.lasting]
            return {"middle": np.asarray(np.median(values, axis=2))}

        def made() -> np.ndarray:
            if self._history is not None:  # tables of one's own are not those that the hash is of
                return found()["middle"]
            return files.remembered("led", ("middle", *asked, code_hash(*ENGINES)), found)["middle"]

        asked = engine, fingerprint(as_counts_see(scenario)), seed
        return kept(self._middles, asked, made)

    def prepare(self, scenario: Scenario, seed: int, engine: str) -> None:
        """Find what all draws of a question share by one of the :data:`MEMBERS`, and leave it to other processes."""
        if scenario.opening[2] != BORROWED:
            self._middle(engine, scenario, seed)
        elif engine == CampaignEngine.name:
            self._campaign.paths(scenario, range(1), seed)

    def _series_members(self, scenario: Scenario, draws: range, seed: int) -> np.ndarray:
        """Return members by the series engine, (months, draws)."""
        rows = self._series.run(scenario.with_policy("status quo", Policy()), draws, seed)
        return rows["value"].to_numpy(float).reshape(len(draws), -1).T


def nearer(values: np.ndarray, middle: np.ndarray, spread: float) -> np.ndarray:
    """Return `values` (months, draws) at `spread` times their distance, in logs, from the `middle` of each month.

    >>> nearer(np.array([[1.0, 16.0]]), np.array([4.0]), 0.5).tolist()
    [[2.0, 8.0]]
    """
    center = middle[:, None]
    scaled = center * (values / _some(center)) ** spread
    return np.where(center > 0, scaled, values)


def by_half_year(paths: Paths) -> Paths:
    """Return the same with lasting members straight, in logs, from one end of a half-year to the next.

    The engines toss lasting members anew every month, which is noise that nobody could live: from one month to the next
    so many people neither join nor stop. Where nobody is lasting, nothing is changed: from none on no line is straight.
    """
    last = len(paths.months) - 1
    ends = [t for t, month in enumerate(paths.months) if month.month % 6 == 0 or t in (0, last)]
    at = np.arange(last + 1)
    there = _some(paths.lasting)
    ratio, logs = paths.members / there, np.log(there[ends])
    steps = np.array([np.interp(at, ends, one) for one in np.eye(len(ends))])
    straight, some = np.exp(steps.T @ logs), paths.lasting > 0
    members = np.where(some, straight * ratio, paths.members)
    return replace(paths, members=members, lasting=np.where(some, straight, paths.lasting))


def _some(persons: np.ndarray) -> np.ndarray:
    """Return the same with 1 for none, to divide by: an opening may have no member at all."""
    return np.where(persons > 0, persons, 1.0)


def taken(weights: list[float], u: np.ndarray) -> np.ndarray:
    """Return which of the weighted engines each uniform number `u` takes, (n,)."""
    edges = np.cumsum(weights) / np.sum(weights)
    return np.searchsorted(edges, u).clip(max=len(weights) - 1)


def weights_at(table: pd.DataFrame, month: str, scope: str, engines: list[str]) -> dict[str, float]:
    """Return the weight of each engine at the last origin of `table` up to `month`; before the first, the same."""
    rows = table[(table["scope"] == scope) & (table["origin"] <= month) & table["engine"].isin(engines)]
    rows = rows[rows["origin"] == rows["origin"].max()]
    latest = dict(zip(rows["engine"], rows["weight"].astype(float), strict=True))
    return {name: latest.get(name, 0.0) for name in engines} if latest else dict.fromkeys(engines, 1 / len(engines))


def spread_at(table: pd.DataFrame, month: str, scope: str) -> float:
    """Return the factor on the width of forecasts at the last origin of `table` up to `month`; 1 before the first.

    >>> rows = pd.DataFrame({"origin": ["2020-06"], "scope": ["places"], "engine": ["campaign"], "spread": [0.8]})
    >>> spread_at(rows, "2020-12", "places"), spread_at(rows, "2019-12", "places")
    (0.8, 1.0)
    """
    rows = table[(table["scope"] == scope) & (table["origin"] <= month)]
    return float(rows.loc[rows["origin"] == rows["origin"].max(), "spread"].iloc[0]) if len(rows) else 1.0


def _read(path: Path) -> pd.DataFrame:
    return _table(path, tables.changed(path))


@lru_cache(maxsize=4)
def _table(path: Path, changed: int) -> pd.DataFrame:
    """Read the table once for as long as its file does not change; an empty one where there is none."""
    return tables.read(path, "pool") if changed else pd.DataFrame(columns=tables.columns("pool"))
