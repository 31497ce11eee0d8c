"""The pool: draws of several engines side by side, in the proportions in which they had earned trust at an origin.

A linear pool: each draw is one engine's draw of the same number, so whole paths stay together. How often an engine is
taken follows from its scores at earlier origins alone (`forecast backtest --calendar --store` writes the table
`data/pool.csv`: origin, scope, engine, weight); before the first of them all engines weigh the same.
"""

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd

from forecast.answer.projection import COLUMNS
from forecast.data import tables
from forecast.data.chance import child_array, name_number, streams, uniform_array
from forecast.engines import Engine, deaf_to, silence
from forecast.engines.campaign.engine import CampaignEngine
from forecast.engines.campaign.known import NATION
from forecast.engines.series.engine import SeriesEngine
from forecast.question.scenario import Scenario

MEMBERS: Mapping[str, type] = {"campaign": CampaignEngine, "series": SeriesEngine}
FILE = "pool.csv"


class PoolEngine:
    """A linear pool of engines as an engine: `members` alone, all groups together, deaf to levers.

    `history` is handed to its engines; `weights` (columns origin, scope, engine, weight) replaces data/pool.csv. An
    engine that has nothing to say leaves its share to the others.

    >>> taken([0.75, 0.25], np.array([0.1, 0.74, 0.76])).tolist()
    [0, 0, 1]
    """

    name = "pool"
    sees: frozenset[str] = frozenset()

    def __init__(self, history: pd.DataFrame | None = None, weights: pd.DataFrame | None = None):
        """Keep the tables; nothing is read before the first run."""
        self._history, self._weights = history, weights
        self._made: dict[str, Engine] = {}  # what an engine has fitted serves its next run

    def run(self, scenario: Scenario, draws: range, seed: int) -> pd.DataFrame:
        """Return rows of `members` from the start to the last month; raises what an engine raises that cannot start."""
        if deaf_to(self, scenario):
            return silence()
        table = _read(tables.data_dir() / FILE) if self._weights is None else self._weights
        weights = weights_at(table, scenario.start, scope_of(scenario.place.name), list(MEMBERS))
        engines = [self._made.setdefault(name, MEMBERS[name](self._history)) for name in weights]
        u = uniform_array(child_array(streams(seed, draws), name_number(scenario.place.name)), name_number("pool"))
        chosen = taken(list(weights.values()), u)
        parts = []
        for i, engine in enumerate(engines):
            mine = np.asarray(list(draws))[chosen == i]
            if len(mine):
                rows = engine.run(scenario, range(int(mine.min()), int(mine.max()) + 1), seed)
                parts.append(rows[(rows["measure"] == "members") & rows["draw"].isin(mine)])
        rows = pd.concat([part.astype({"month": str}) for part in parts], ignore_index=True)
        rows = rows.assign(engine=self.name).sort_values(["draw", "month"], kind="stable")
        return rows[COLUMNS].reset_index(drop=True)


def scope_of(place: str) -> str:
    """Return whose scores a place's weights come from: those of the nation, or those of all other places.

    >>> scope_of("Việt Nam"), scope_of("Cà Mau")
    ('nation', 'places')
    """
    return "nation" if place == NATION else "places"


def taken(weights: list[float], u: np.ndarray) -> np.ndarray:
    """Return which of the weighted engines each uniform number `u` takes, (n,)."""
    edges = np.cumsum(weights) / np.sum(weights)
    return np.searchsorted(edges, u).clip(max=len(weights) - 1)


def weights_at(table: pd.DataFrame, month: str, scope: str, engines: list[str]) -> dict[str, float]:
    """Return the weight of each engine at the last origin of `table` up to `month`; before the first, the same."""
    rows = table[(table["scope"] == scope) & (table["origin"] <= month) & table["engine"].isin(engines)]
    rows = rows[rows["origin"] == rows["origin"].max()]
    found = dict(zip(rows["engine"], rows["weight"].astype(float), strict=True))
    return {name: found.get(name, 0.0) for name in engines} if found else dict.fromkeys(engines, 1 / len(engines))


def _read(path: Path) -> pd.DataFrame:
    return _table(path, path.stat().st_mtime_ns if path.is_file() else 0)


@lru_cache(maxsize=4)
def _table(path: Path, changed: int) -> pd.DataFrame:
    """Read the table once for as long as its file does not change; an empty one where there is none."""
    return tables.read(path, "pool") if changed else pd.DataFrame(columns=tables.columns("pool"))
