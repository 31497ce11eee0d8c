"""What is known of a place beside its own points: growth of others, the nation's season and answer to a price, plans.

Synthetic places tell nothing of real ones. What is read from the same figures is kept for the next time.
"""

from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from forecast.data import history as facts
from forecast.data import tables
from forecast.data.law import Law
from forecast.data.vocabulary import NATION as NATION
from forecast.engines.series.structural import (
    DECEMBER,
    DECEMBER_PRIOR,
    ELASTICITY,
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

POOLED_LEVELS = ("nation", "province", "district")
PRICE_SPREAD = 0.05  # sd between a place's elasticity and the nation's (judgement of the makers)


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
    months: Any = grid.index
    return fit_structural(grid, price_path(law, months, (NATION,)))


def cleared(series: pd.Series, december: float, price: pd.Series) -> pd.Series:
    """Return the log of a Series of persons by month without the December peak and the price, gaps left out.

    So a December and a mid-year stock can stand side by side. `price` is :func:`price_path` by month.
    """
    grid = monthly_grid(series)
    months: Any = grid.index
    rest: pd.Series = grid - december * winter(months) - PRICE_PRIOR.mean * price.reindex(months)
    return rest.dropna()


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
    """Return what `history` tells at `origin`; the same figures and prices give the same object, read once."""
    history = history[history["status"] != "synthetic"]
    rows = usable(history, origin)
    if rows.empty:
        return Pool(None, growths(history, origin, law, 0.0))
    prices = price_path(law, pd.period_range(rows["month"].min(), origin, freq="M"), (NATION,))
    key = (origin, tuple(prices), tuple(rows[["place", "level", "month", "value"]].itertuples(index=False, name=None)))
    if key not in _POOLS:
        if len(_POOLS) >= 200:  # a backtest asks for a few dozen origins
            _POOLS.clear()
        nation = national_fit(history, origin, law)
        season = nation.belief(DECEMBER) if nation else DECEMBER_PRIOR
        _POOLS[key] = Pool(nation, growths(history, origin, law, season.mean))
    return _POOLS[key]


_POOLS: dict[tuple[Any, ...], Pool] = {}


def fit_place(
    name: str,
    series: pd.Series,
    pool: Pool,
    price: np.ndarray,
    elasticity: Belief | None = None,
) -> Fit:
    """Fit the stocks of one place (persons by month, all up to the origin), helped by what is known of the others.

    `price` is :func:`~forecast.engines.series.structural.price_path` from the first to the last month of `series`;
    `elasticity` replaces what the nation's counts say of its effect.
    """
    grid = monthly_grid(series)
    if name == NATION:
        return fit_structural(grid, price, elasticity=elasticity or PRICE_PRIOR)
    general, growth, december, response = NOISE_PRIOR, GROWTH_PRIOR, DECEMBER_PRIOR, PRICE_PRIOR
    if pool.nation:
        general = pool.nation.noise
        month, peak, answer = (pool.nation.belief(state) for state in (GROWTH, DECEMBER, ELASTICITY))
        growth = Belief(12 * month.mean, 12 * month.sd)
        # The peak in the winter of the place's first point, from the one in the winter of the nation's last.
        earlier = (pool.nation.last - grid.index[0]).n / 12
        december = Belief(max(peak.mean - WINTER_STEP * earlier, 0.0), float(np.hypot(peak.sd, WINTER_SPREAD)))
        response = Belief(answer.mean, float(np.hypot(answer.sd, PRICE_SPREAD)))
    drift = pooled_drift(pool.places["excess"], growth, name)
    # Chance alone moves a small stock: some 4% change in a month, in lumps of five (a meeting, a family).
    lumps = min(0.2 / max(np.exp(grid.iloc[-1]), 1.0), 0.02)
    noise = Noise(float(np.hypot(general.level, np.sqrt(lumps))), general.count, drift.sd)
    return fit_structural(grid, price, drift, december, noise, elasticity or response)


def plans(history: pd.DataFrame, place: str, origin: pd.Period) -> dict[pd.Period, float]:
    """Return the plans and targets for members at the end of a December that are known at `origin`: persons by month.

    A year's plan is known from its January; a later one from the day of its source. Of several for a December the one
    that came out last counts. Shares are left out: of whom is not always said.

    >>> from forecast.data import tables
    >>> history = tables.read(tables.data_dir() / "history.csv", "history")
    >>> plans(history, "Cà Mau", tables.month("2021-12"))
    {Period('2021-12', 'M'): 36720.0, Period('2025-12', 'M'): 116400.0}
    """
    wanted = {"scheme": "voluntary_si", "measure": "members", "group": "all", "unit": "persons", "place": place}
    rows = history[history["kind"].isin(("plan", "target")) & history["month"].str.endswith("-12")]
    rows = rows[rows["value"].gt(0) & (rows["status"] != "conflicting")]
    for column, word in wanted.items():
        rows = rows[rows[column] == word]
    dates = facts.sources()["date"]
    out = rows["source"].map(dates.where(dates.str.len() != 4, dates + "-12").str[:7])
    out = out.mask(rows["status"] == "synthetic", "").fillna("9999")
    rows = rows.assign(out=out)[(out <= str(origin)) | (rows["month"].str[:4] <= str(origin)[:4])]
    rows = rows.sort_values("out", kind="stable").drop_duplicates("month", keep="last").sort_values("month")
    return {tables.month(month): float(value) for month, value in zip(rows["month"], rows["value"], strict=True)}
