"""A structural model of a stock of members, for short and irregular histories, on a monthly grid with gaps.

    count(t)  = level(t) + winter(month) * december(t) + elasticity * price(t) + noise      (log of persons)
    level(t)  = level(t-1) + growth(t-1) + noise
    growth(t) = growth(t-1), half of it gone in 18 months, + noise
    december  = a new size every December: the last one, a little more, + noise

The Kalman filter of statsmodels turns a place's points into beliefs at its last one. Every belief starts from a prior
(:mod:`forecast.engines.pooling` says where it comes from); a place with one point keeps it, and each further point
moves it; from eight points on, the noise is estimated too. The law's price path is taken as given.
"""

from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.optimize import minimize
from statsmodels.tsa.statespace.kalman_filter import KalmanFilter

from forecast import tables
from forecast.chance import normal_array
from forecast.law import Law

GOOD = ("stated", "derived", "synthetic")
ENOUGH_POINTS = 8  # from here on a place's own points say how noisy it is
LEVEL, GROWTH, DECEMBER, ELASTICITY = range(STATES := 4)

# The December peak is gone by the end of March: in 2024 71% of the fall was over in the first days of March.
WINTER = {12: 1.0, 1: 2 / 3, 2: 1 / 3}
WINTER_STEP = 0.01  # the peaks grow: 2020/21 small, 2023/24 a fifth of the stock (judgement of the makers)
WINTER_SPREAD = 0.05  # sd between two winters, and between a place and the nation (judgement of the makers)
FADE = 0.5 ** (1 / 18)  # Hòa Bình grew by 149% in the year to 2019-06, then 5.3 times in 54 months: half gone in 18
RENEWAL_MONTHS = 6  # prepaid months keep their old price; most of the stock comes up for renewal in half a year


class Belief(NamedTuple):
    """A normal belief: mean and standard deviation."""

    mean: float
    sd: float


class Noise(NamedTuple):
    """Standard deviations: of a month's change of the log level, of a count, of growth a year."""

    level: float
    count: float
    growth: float


class Fit(NamedTuple):
    """Beliefs at the last point of a series: mean (4,) and covariance (4, 4) of level, growth, december, elasticity."""

    last: pd.Period
    mean: np.ndarray
    cov: np.ndarray
    noise: Noise
    points: int

    def belief(self, state: int) -> Belief:
        """Return the belief about one state; growth is the log change a month."""
        return Belief(float(self.mean[state]), float(np.sqrt(self.cov[state, state])))


# Before any count is seen (judgement of the makers). Trials give elasticities of entry near -0.5 (data/evidence.csv:
# nguyen-wagstaff-2014 -0.46, capuno-2014 -0.59); some 30% of a stock enters or renews in half a year, hence -0.15. The
# shock of 2022, which no forecast made before it may use, was -0.12 in the nation and -0.28 in Cà Mau: both inside.
PRICE_PRIOR = Belief(-0.15, 0.10)
DECEMBER_PRIOR = Belief(0.08, 0.06)
GROWTH_PRIOR = Belief(0.25, 0.30)
NOISE_PRIOR = Noise(level=0.03, count=0.015, growth=0.30)
NOISE_SPREAD = np.array([0.5, 1.0, 0.5])  # sd of the log of each: the noise of a count differs most between sources


def usable(history: pd.DataFrame, origin: pd.Period) -> pd.DataFrame:
    """Return the rows of `history` that a forecast made at `origin` may learn stocks of members from.

    Observations of the voluntary scheme, all groups together, of months up to `origin`, stated or derived (synthetic
    ones are a synthetic place's own). A recalled figure, which nobody has checked, counts only for a place that has
    nothing else; a conflicting one never. Of several in a month the last listed is taken.
    """
    wanted = {"scheme": "voluntary_si", "measure": "members", "group": "all", "kind": "observation"}
    rows = history[history["value"].notna() & (history["month"] <= str(origin))]
    for column, word in wanted.items():
        rows = rows[rows[column] == word]
    good, poor = rows[rows["status"].isin(GOOD)], rows[rows["status"] == "recalled"]
    rows = pd.concat([good, poor[~poor["place"].isin(good["place"])]])
    return rows.drop_duplicates(["place", "month"], keep="last").sort_values(["place", "month"], kind="stable")


def points(rows: pd.DataFrame) -> pd.Series:
    """Return the stocks of one place (rows of :func:`usable`) as a Series of persons by month."""
    return pd.Series(rows["value"].to_numpy(float), pd.PeriodIndex(rows["month"].astype(str), freq="M")).sort_index()


def monthly_grid(series: pd.Series) -> pd.Series:
    """Return the log of a Series by month on every month from its first to its last; NaN where nothing was counted.

    Of several values in a month the last is taken; a stock below half a person counts as half a person.

    >>> grid = monthly_grid(pd.Series([100.0, 0.0], pd.PeriodIndex(["2021-10", "2021-12"], freq="M")))
    >>> grid.round(2).tolist()
    [4.61, nan, -0.69]
    """
    series = series[~series.index.duplicated(keep="last")].sort_index()
    grid = pd.period_range(series.index[0], series.index[-1], freq="M")
    return np.log(series.clip(lower=0.5)).reindex(grid)


def price_path(law: Law, months: pd.PeriodIndex, lineage: tuple[str, ...]) -> np.ndarray:
    """Return the log of the least net price of an ordinary person, as those who renew meet it, shape (months,).

    The mean of the last six months: prepaid months keep their price. Before the law's table begins and after it ends
    the price stands still.
    """
    early = pd.period_range(months[0] - (RENEWAL_MONTHS - 1), months[-1], freq="M")
    prices = pd.Series([_log_price(law, month, lineage) for month in early]).ffill().bfill().fillna(0.0)
    return prices.rolling(RENEWAL_MONTHS).mean().to_numpy()[RENEWAL_MONTHS - 1 :]


def _log_price(law: Law, month: pd.Period, lineage: tuple[str, ...]) -> float:
    try:
        price = law.price("other", month, lineage)
    except tables.UserError:
        return np.nan
    return np.log(max(price.net, 0.05 * price.gross))  # a free membership has no logarithm


def winter(months: pd.PeriodIndex) -> np.ndarray:
    """Return the share of the December peak that is left in each month, shape (months,).

    >>> winter(pd.period_range("2021-11", "2022-03", freq="M")).round(2).tolist()
    [0.0, 1.0, 0.67, 0.33, 0.0]
    """
    return np.array([WINTER.get(month, 0.0) for month in months.month])


def fit_structural(
    grid: pd.Series,
    price: np.ndarray | None = None,
    growth: Belief = GROWTH_PRIOR,
    december: Belief = DECEMBER_PRIOR,
    noise: Noise = NOISE_PRIOR,
) -> Fit:
    """Fit the module's model to a log series with gaps and return the beliefs at its last month.

    `grid` comes from :func:`monthly_grid`; `price` is :func:`price_path` of the same months (none: it stood still);
    `growth` is the log change a year expected of such places; `december` the size of the peak in the first winter.
    From eight points on, `noise` is the center of a log-normal prior, and the mode of the posterior takes its place.

    >>> months = pd.period_range("2020-01", periods=24, freq="M")
    >>> fit = fit_structural(pd.Series(np.log(1000) + 0.01 * np.arange(24), months), december=Belief(0.0, 0.01))
    >>> bool(0.08 < 12 * fit.mean[GROWTH] < 0.16), fit.points
    (True, 24)
    """
    price = np.zeros(len(grid)) if price is None else price - price[0]
    count = int(grid.notna().sum())
    if count >= ENOUGH_POINTS:
        center = np.log(noise)

        def surprise(z):
            scaled = Noise(*np.exp(center + NOISE_SPREAD * z))
            return 0.5 * np.sum(z**2) - _model(grid, price, growth, december, scaled).loglike()

        found = minimize(surprise, np.zeros(3), method="L-BFGS-B", bounds=[(-4, 4)] * 3)
        noise = Noise(*np.exp(center + NOISE_SPREAD * found.x))
    result = _model(grid, price, growth, december, noise).filter()
    mean, cov = result.filtered_state[:, -1], result.filtered_state_cov[:, :, -1]
    # From here on prices are told relative to the last month, so its price is part of the level.
    shift = np.eye(STATES)
    shift[LEVEL, ELASTICITY] = price[-1]
    return Fit(grid.index[-1], shift @ mean, shift @ cov @ shift.T, noise, count)


def _model(grid, price, growth, december, noise) -> KalmanFilter:
    """Return the state-space form over `grid`'s months; the pool's growth is what a place's own returns to."""
    steps = len(grid)
    new_winter = np.append((grid.index + 1).month[:-1] == 12, False)
    transition = np.eye(STATES)
    transition[LEVEL, GROWTH] = 1.0
    transition[GROWTH, GROWTH] = FADE
    intercept = np.zeros((STATES, steps))
    intercept[GROWTH] = (1 - FADE) * growth.mean / 12
    intercept[DECEMBER] = new_winter * WINTER_STEP
    change = np.zeros((STATES, STATES, steps))
    change[LEVEL, LEVEL] = noise.level**2
    change[GROWTH, GROWTH] = (1 - FADE**2) * (noise.growth / 12) ** 2
    change[DECEMBER, DECEMBER] = new_winter * WINTER_SPREAD**2
    design = np.zeros((1, STATES, steps))
    design[0] = np.ones(steps), np.zeros(steps), winter(grid.index), price
    model = KalmanFilter(
        grid.to_numpy(float)[:, None],
        k_states=STATES,
        design=design,
        transition=transition,
        state_intercept=intercept,
        selection=np.eye(STATES),
        state_cov=change,
        obs_cov=np.array([[noise.count**2]]),
    )
    start = np.array([grid.iloc[0], growth.mean / 12, december.mean, PRICE_PRIOR.mean])
    spread = np.array([5.0, growth.sd / 12, december.sd, PRICE_PRIOR.sd])
    model.initialize_known(start, np.diag(spread**2))
    return model


def simulate(fit: Fit, months: pd.PeriodIndex, price: np.ndarray, keys: np.ndarray) -> np.ndarray:
    """Return counts of persons for `months`, which follow `fit.last` one by one, shape (months, draws).

    `price` is :func:`price_path` of `fit.last` and `months`, shape (1 + months,). A draw is a function of its key
    (uint64, from :mod:`forecast.chance`) alone: beliefs are drawn once, noise month by month, and growth fades to none.
    """

    def luck(month: pd.Period, number: int) -> np.ndarray:
        return normal_array(keys, tables.month_index(month) * 16 + number)

    z = [luck(fit.last, 8 + number) for number in range(STATES)]
    root = np.linalg.cholesky(fit.cov + 1e-12 * np.eye(STATES))  # a rounding may leave a variance just below zero
    # Sums are written out: a matrix product may round otherwise for another number of draws.
    level, growth, december, elasticity = (
        fit.mean[i] + sum(root[i, j] * z[j] for j in range(i + 1)) for i in range(STATES)
    )
    left, path = winter(months), price[1:] - price[0]
    stir = np.sqrt(1 - FADE**2) * fit.noise.growth / 12
    counts = np.empty((len(months), len(keys)))
    for step, month in enumerate(months):
        level = level + growth + fit.noise.level * luck(month, 0)
        growth = FADE * growth + stir * luck(month, 1)
        if month.month == 12:
            december = december + WINTER_STEP + WINTER_SPREAD * luck(month, 2)
        counts[step] = level + left[step] * december + path[step] * elasticity + fit.noise.count * luck(month, 3)
    return np.exp(np.minimum(counts, 40.0))
