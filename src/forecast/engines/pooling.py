"""What is known of a place beside its own points: the nation's season and price, and how fast places grow."""

from typing import NamedTuple

import numpy as np
import pandas as pd

from forecast.engines.structural import (
    DECEMBER,
    DECEMBER_PRIOR,
    GROWTH,
    GROWTH_PRIOR,
    NOISE_PRIOR,
    PRICE_PRIOR,
    WINTER_SPREAD,
    WINTER_STEP,
    Belief,
    Fit,
    Noise,
    fit_structural,
    monthly_grid,
    points,
    price_path,
    usable,
    winter,
)
from forecast.law import Law

NATION = "Việt Nam"
POOLED_LEVELS = ("nation", "province", "district")


class Pool(NamedTuple):
    """What is known at an origin beside a place's own points: the nation's fit, and :func:`growths` of places."""

    nation: Fit | None
    places: pd.DataFrame


def national_fit(history: pd.DataFrame, origin: pd.Period, law: Law) -> Fit | None:
    """Return the fit to the nation's points known at `origin`; None when there are none."""
    rows = usable(history, origin)
    rows = rows[rows["place"] == NATION]
    if rows.empty:
        return None
    grid = monthly_grid(points(rows))
    return fit_structural(grid, price_path(law, grid.index, (NATION,)))


def december_season(history: pd.DataFrame, origin: pd.Period, law: Law) -> Belief:
    """Return what the nation's points known at `origin` say of the size of the December peak there (log of persons)."""
    fit = national_fit(history, origin, law)
    return DECEMBER_PRIOR if fit is None else fit.belief(DECEMBER)


def cleared(series: pd.Series, december: float, price: pd.Series) -> pd.Series:
    """Return the log of a Series of persons by month without the December peak and the price, gaps left out.

    So a December and a mid-year stock can stand side by side. `price` is :func:`price_path` by month.
    """
    grid = monthly_grid(series)
    return (grid - december * winter(grid.index) - PRICE_PRIOR.mean * price.reindex(grid.index)).dropna()


def growths(history: pd.DataFrame, origin: pd.Period, law: Law, december: float) -> pd.DataFrame:
    """Return each place's latest growth known at `origin`: index place, columns `growth` and `excess`.

    `growth` is the log change a year between its last count, not older than three years, and the earliest in the two
    years before that, at least half a year apart; `excess` is how much that is above the nation's growth in the same
    months (its points joined by straight lines), which takes out that all places grew faster in some years.
    """
    rows = usable(history, origin)
    rows = rows[rows["level"].isin(POOLED_LEVELS)]
    if rows.empty:
        return pd.DataFrame(columns=["growth", "excess"], dtype=float)
    months = pd.period_range(rows["month"].min(), origin, freq="M")
    price = pd.Series(price_path(law, months, (NATION,)), months)
    logs = {name: cleared(points(part), december, price) for name, part in rows.groupby("place", sort=True)}
    nation = logs.get(NATION, pd.Series([0.0], months[:1]))
    table = {name: _growth(log, nation) for name, log in logs.items() if log.index[-1] >= origin - 36}
    return pd.DataFrame.from_dict(table, orient="index", columns=["growth", "excess"], dtype=float).dropna()


def _growth(log: pd.Series, nation: pd.Series) -> tuple[float, float]:
    log = log[log.index >= log.index[-1] - 24]
    years = (log.index[-1] - log.index[0]).n / 12
    if years < 0.5:
        return np.nan, np.nan
    growth = (log.iloc[-1] - log.iloc[0]) / years
    ends = np.interp([log.index[0].ordinal, log.index[-1].ordinal], [m.ordinal for m in nation.index], nation)
    return growth, growth - (ends[1] - ends[0]) / years


def pooled_drift(excess: pd.Series, nation: Belief = GROWTH_PRIOR, place: str = "") -> Belief:
    """Return the growth (log change a year) to expect of a place from the nation's and the excess of all the others.

    Places are taken as no faster than the nation, with the weight of one place; the spread between places has a prior
    with the weight of two. The doubts about the nation and about the mean are part of the answer.

    >>> pooled_drift(pd.Series({"A": 0.3, "B": 0.0}), nation=Belief(0.2, 0.1)).mean.__round__(3)
    0.3
    """
    others = excess.drop([place, NATION], errors="ignore").to_numpy(float)
    mean = others.sum() / (1 + len(others))
    spread = np.sqrt((2 * GROWTH_PRIOR.sd**2 + ((others - mean) ** 2).sum()) / (2 + len(others)))
    return Belief(float(nation.mean + mean), float(np.hypot(spread * np.sqrt(1 + 1 / (1 + len(others))), nation.sd)))


def read_pool(history: pd.DataFrame, origin: pd.Period, law: Law) -> Pool:
    """Return what `history` tells at `origin`; synthetic places tell nothing of real ones."""
    history = history[history["status"] != "synthetic"]
    nation = national_fit(history, origin, law)
    return Pool(nation, growths(history, origin, law, (nation.belief(DECEMBER) if nation else DECEMBER_PRIOR).mean))


def fit_place(name: str, lineage: tuple[str, ...], series: pd.Series, pool: Pool, law: Law) -> Fit:
    """Fit the stocks of one place (persons by month, all up to the origin), helped by what is known of the others."""
    grid = monthly_grid(series)
    price = price_path(law, grid.index, lineage)
    if name == NATION:
        return fit_structural(grid, price)
    general, growth, december = NOISE_PRIOR, GROWTH_PRIOR, DECEMBER_PRIOR
    if pool.nation:
        general, month, peak = pool.nation.noise, pool.nation.belief(GROWTH), pool.nation.belief(DECEMBER)
        growth = Belief(12 * month.mean, 12 * month.sd)
        # The peak in the winter of the place's first point, from the one in the winter of the nation's last.
        earlier = (pool.nation.last - grid.index[0]).n / 12
        december = Belief(max(peak.mean - WINTER_STEP * earlier, 0.0), float(np.hypot(peak.sd, WINTER_SPREAD)))
    drift = pooled_drift(pool.places["excess"], growth, name)
    # Chance alone moves a small stock: some 4% change in a month, in lumps of five (a meeting, a family).
    lumps = min(0.2 / max(np.exp(grid.iloc[-1]), 1.0), 0.02)
    noise = Noise(float(np.hypot(general.level, np.sqrt(lumps))), general.count, drift.sd)
    return fit_structural(grid, price, drift, december, noise)
