"""Beliefs learned from counts at an origin, and whether other random numbers would have learned the same."""

from typing import NamedTuple

import numpy as np
import pandas as pd

from forecast.data import frames, shown, tables
from forecast.data import history as published
from forecast.data.law import read_law
from forecast.engines.campaign import parameters as par
from forecast.engines.campaign.beliefs import PARTICLES, ROWS, Beliefs, learn, states
from forecast.engines.campaign.known import NATION, known_at
from forecast.engines.campaign.learned import learned_table
from forecast.engines.campaign.particles import Luck

AGAIN = 2  # times that learning is repeated with other random numbers
MOST_ERROR = 1.0  # a center that moves by more lies outside the interval that was learned (judgement)
PLACE = ["place", "counts", "low", "center", "high"]


class Learned(NamedTuple):
    """What counts taught at the end of `origin`: `counts` of them in `places`.

    `table` is :func:`learned_table` with `error`: the largest difference between the centers that other random numbers
    learn, as a share of half the learned range from 5 to 95%.
    """

    origin: str
    beliefs: Beliefs
    table: pd.DataFrame

    @property
    def counts(self) -> int:
        """How many counts were learned from."""
        return len(self.beliefs.known.counts)

    @property
    def places(self) -> int:
        """Of how many places they are, the nation among them."""
        return len(self.beliefs.known.places)

    @property
    def converged(self) -> bool:
        """Whether no center differs by more than :data:`MOST_ERROR`."""
        return bool((self.table["error"] <= MOST_ERROR).all())

    def _repr_html_(self) -> str:
        return shown.html(self)


def last_month(history: pd.DataFrame) -> str:
    """Return the last month that was counted, of those whose figures are known."""
    counts = published.counts(history, learn=True)
    return str(counts.loc[counts["known"] != "", "month"].max())


def learn_at(
    origin: str | None = None,
    history: pd.DataFrame | None = None,
    *,
    seed: int = 1,
    again: int = AGAIN,
    particles: int = PARTICLES,
    rows: int = ROWS,
) -> Learned:
    """Learn the beliefs from what was known at the end of `origin` (the last counted month), in some two seconds each.

    `again` more learnings with other random numbers say how sure the centers are. A month before the first count of the
    nation, or after all that is known, is a :class:`~forecast.data.tables.UserError`.
    """
    table = tables.read(tables.data_dir() / "history.csv", "history") if history is None else history
    month = str(tables.month(origin)) if origin else last_month(table)
    counts = published.counts(table, learn=True)
    if month > (last := max([*counts["month"], *counts["known"], ""])):
        raise tables.UserError(
            "{month}: nobody knows yet what will be counted; the last month of which there is a count is {last}",
            month=month,
            last=last,
        )
    known = known_at(table, tables.month(month), read_law().known(month))
    if not known.of(NATION):
        raise published.nothing_known(table, NATION, month)
    beliefs = [learn(known, seed=seed + n, particles=particles, rows=rows) for n in range(1 + again)]
    priors = par.NATION | par.PLACES
    learned = [learned_table(b) for b in beliefs]
    centers = np.array([[priors[r.parameter].free(r.center) for r in frames.rows(one)] for one in learned])
    ends = np.array([[priors[r.parameter].free(x) for x in (r.low, r.high)] for r in frames.rows(learned[0])])
    error = 2 * np.ptp(centers, axis=0) / (ends[:, 1] - ends[:, 0])
    return Learned(month, beliefs[0], learned[0].assign(error=error))


def of_places(learned: Learned, places: list[str]) -> pd.DataFrame:
    """Return how far places stand from their share of the nation by labor force: `place, counts, low, center, high`.

    A factor: 1 is as many lasting members as the place's share of the nation's; `low` to `high` hold 90%.
    """
    rows = []
    for place in places:
        if place == NATION:
            continue
        state = states(learned.beliefs, place)
        luck = Luck.of(learned.beliefs.seed, range(len(state.mean)), place).normal("deviation")
        draws = np.exp(state.mean + np.sqrt(state.variance) * luck)
        rows.append((place, len(learned.beliefs.known.of(place)), *np.quantile(draws, (0.05, 0.5, 0.95))))
    return pd.DataFrame(rows, columns=PLACE)
