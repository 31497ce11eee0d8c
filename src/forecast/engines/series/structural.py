"""A structural model of a stock of members, for short and irregular histories, on a monthly grid with gaps.

    count(t)  = level(t) + winter(month) * december(t) + elasticity * price(t) + noise      (log of persons)
    level(t)  = level(t-1) + growth(t-1) + noise
    growth(t) = growth(t-1), half of the way back to its usual size in a year, + noise
    december  = a new size every December: the last one, a little more, + noise

The Kalman filter of statsmodels turns a place's points into beliefs at its last one. Every belief starts from a prior
(:mod:`engines.series.pooling` says where it comes from); a place with one point keeps it, and each further point
moves it; from eight points on, the noise is estimated too. The law's price path is taken as given.

Ahead of the last point, three things keep the paths within what can happen, all of them told by counts or studies: a
stock cannot fall faster than its members leave when nobody joins; growth slows down as the share of eligible people
nears a ceiling; and the peak of a December is higher where the place is far behind its plan in November. How wide the
paths should be was read off the published counts: each count of each place, with what was known at each earlier one
(:data:`FADE` says what came of it); tests/test_series.py holds the coverage to it.
"""

from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from forecast.data import files, tables
from forecast.data.chance import normal_array
from forecast.data.code import code_hash
from forecast.data.history import firm, observed
from forecast.data.law import Law


class Belief(NamedTuple):
    """A normal belief: mean and standard deviation."""

    mean: float
    sd: float


GOOD = ("stated", "derived", "synthetic")
ENOUGH_POINTS = 8  # from here on a place's own points say how noisy it is
LEVEL, GROWTH, DECEMBER, ELASTICITY = range(STATES := 4)

# The December peak is gone by the end of March: in 2024 71% of the fall was over in the first days of March.
WINTER = {12: 1.0, 1: 2 / 3, 2: 1 / 3}
WINTER_STEP = 0.01  # the peaks grow: 2020/21 small, 2023/24 a fifth of the stock (judgement of the makers)
WINTER_SPREAD = 0.05  # sd between two winters, and between a place and the nation (judgement of the makers)

# Over 60 pairs of counts of places up to five years apart, and the nation's since 2012, the score (CRPS) was best with
# growth half of the way back in 8 to 12 months, not 18, to 0.15 a year, not 0, and with the limits below. Three to five
# years ahead it fell from 0.72 to 0.51 for the nation and from 0.48 to 0.34 for places (three pairs), and the 90%
# interval of places from a factor of 63 to one of 18. Spreads of growth of 0.7 of those between places and years
# covered only two thirds of the nation's counts two to three years ahead.
FADE = 0.5 ** (1 / 12)
FAR_GROWTH = Belief(0.15, 0.12)  # a year; from any December to the fourth after it the nation grew 0.06 to 0.47 a year
LEAST = np.log(1 - 0.25) / 12  # nobody joins, members leave as usual: annual_lapse 22%, transfers 3% (evidence.csv)
# Log of the share of eligible people at which growth ends: 20%, 10 to 40%. Thailand came to 10 and 15% without a duty
# to join (coverage_thailand_40, coverage_thailand_all); a commune may do better (judgement of the makers).
CEILING = Belief(np.log(0.20), 0.42)
# Rise of the December peak per log gap between plan and stock in November, beside the peak of a usual gap: the nation
# lacked 0.30 in November 2021, plans being last December and 30% more (plan_growth), and rose by 0.12. A plan out of
# reach moves no more than one that lacks 0.6. Spread: judgement of the makers.
PULL = Belief(0.3, 0.15)
USUAL_GAP, FULL_GAP = 0.3, 0.6
RENEWAL_MONTHS = 6  # prepaid months keep their old price; most of the stock comes up for renewal in half a year


class Noise(NamedTuple):
    """Standard deviations: of a month's change of the log level, of a count, of growth a year."""

    level: float
    count: float  # type: ignore[assignment]  # tuples have a method of this name, which nobody needs here
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
# shock of 2022, which no forecast made before it may use, was -0.12 in the nation and -0.34 in Cà Mau, known to 0.2 and
# 0.3 only (price_elasticity_stock, from effects.price_change).
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
    rows = observed(history, "members", "all")
    rows = rows[(rows["month"] <= str(origin)) & firm(rows)]
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
    result: pd.Series = np.log(series.clip(lower=0.5)).reindex(grid)
    return result


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
    result: float = np.log(max(price.net, 0.05 * price.gross))  # a free membership has no logarithm
    return result


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
    elasticity: Belief = PRICE_PRIOR,
) -> Fit:
    """Fit the module's model to a log series with gaps and return the beliefs at its last month.

    `grid` comes from :func:`monthly_grid`; `price` is :func:`price_path` of the same months (none: it stood still);
    `growth` is the log change a year expected of such places; `december` the size of the peak in the first winter;
    `elasticity` what a unit of `price` does (a step of another kind in place of a price is its own unit).
    From eight points on, `noise` is the center of a log-normal prior, and the mode of the posterior takes its place.

    >>> months = pd.period_range("2020-01", periods=24, freq="M")
    >>> fit = fit_structural(pd.Series(np.log(1000) + 0.01 * np.arange(24), months), december=Belief(0.0, 0.01))
    >>> bool(0.08 < 12 * fit.mean[GROWTH] < 0.16), fit.points
    (True, 24)
    """
    price = np.zeros(len(grid)) if price is None else price - price[0]
    asked = [str(grid.index[0]), grid.to_numpy(float).tolist(), price.tolist(), growth, december, noise, elasticity]

    def make() -> dict[str, np.ndarray]:
        mean, cov, found = _fitted(grid, price, growth, december, noise, elasticity)
        return {"mean": mean, "cov": cov, "noise": np.array(found)}

    arrays = files.remembered("fits", [*asked, code_hash("data", "engines")], make)  # the next process loads no filter
    spreads = Noise(*arrays["noise"].tolist())
    return Fit(grid.index[-1], arrays["mean"], arrays["cov"], spreads, int(grid.notna().sum()))


def _fitted(
    grid: pd.Series, price: np.ndarray, growth: Belief, december: Belief, noise: Noise, elasticity: Belief
) -> tuple[np.ndarray, np.ndarray, Noise]:
    """Mean and covariance at the last month, and the noise, as :func:`fit_structural` says."""
    count = int(grid.notna().sum())
    if count >= ENOUGH_POINTS:
        center = np.log(np.array(noise))

        def surprise(z: np.ndarray) -> float:
            scaled = Noise(*np.exp(center + NOISE_SPREAD * z))
            likely: float = _model(grid, price, growth, december, scaled, elasticity).loglike()
            result: float = 0.5 * np.sum(z**2) - likely
            return result

        from scipy.optimize import minimize  # not for a run that only reads what was fitted

        optimum = minimize(surprise, np.zeros(3), method="L-BFGS-B", bounds=[(-4, 4)] * 3)
        noise = Noise(*np.exp(center + NOISE_SPREAD * optimum.x))
    result = _model(grid, price, growth, december, noise, elasticity).filter()
    mean, cov = result.filtered_state[:, -1], result.filtered_state_cov[:, :, -1]
    # From here on prices are told relative to the last month, so its price is part of the level.
    shift = np.eye(STATES)
    shift[LEVEL, ELASTICITY] = price[-1]
    return shift @ mean, shift @ cov @ shift.T, noise


def _model(
    grid: pd.Series, price: np.ndarray, growth: Belief, december: Belief, noise: Noise, elasticity: Belief
) -> Any:
    """Return the state-space form over `grid`'s months; the pool's growth is what a place's own returns to."""
    steps, months = len(grid), pd.PeriodIndex(grid.index)
    new_winter = np.append((months + 1).month[:-1] == 12, False)
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
    design[0] = np.ones(steps), np.zeros(steps), winter(months), price
    from statsmodels.tsa.statespace.kalman_filter import KalmanFilter  # half a second; most runs fit nothing

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
    start = np.array([grid.iloc[0], growth.mean / 12, december.mean, elasticity.mean])
    spread = np.array([5.0, growth.sd / 12, december.sd, elasticity.sd])
    model.initialize_known(start, np.diag(spread**2))
    return model


def luck(keys: np.ndarray, month: pd.Period, number: int) -> np.ndarray:
    """Return standard normal numbers (draws,) that belong to a month and one of its sixteen uses."""
    return normal_array(keys, tables.month_index(month) * 16 + number)


def simulate(
    fit: Fit,
    months: pd.PeriodIndex,
    price: np.ndarray,
    keys: np.ndarray,
    eligible: float = np.nan,
    plans: dict[pd.Period, float] | None = None,
    believed: np.ndarray | None = None,
) -> np.ndarray:
    """Return counts of persons for `months`, which follow `fit.last` one by one, shape (months, draws).

    `price` is :func:`price_path` of `fit.last` and `months`, shape (1 + months,); `eligible` people may join (NaN: not
    known); `plans` are persons by December. A draw is a function of its key (uint64, from :mod:`forecast.data.chance`)
    alone: beliefs are drawn once (with the keys `believed`, if given), noise month by month. Growth returns to
    `FAR_GROWTH`; it slows down towards a share of the eligible people that each draw has its own of (`CEILING`), and
    nobody joining at all is the least (`LEAST`).
    """
    belief_keys = keys if believed is None else believed
    z = [luck(belief_keys, fit.last, 8 + number) for number in range(STATES + 3)]
    root = np.linalg.cholesky(fit.cov + 1e-12 * np.eye(STATES))  # a rounding may leave a variance just below zero
    # Sums are written out: a matrix product may round otherwise for another number of draws.
    level, growth, december, elasticity = (
        fit.mean[i] + sum(root[i, j] * z[j] for j in range(i + 1)) for i in range(STATES)
    )
    far = (FAR_GROWTH.mean + FAR_GROWTH.sd * z[STATES]) / 12
    pull = np.maximum(PULL.mean + PULL.sd * z[STATES + 1], 0.0)
    share = np.exp(level) / eligible
    ceiling = np.maximum(np.exp(CEILING.mean + CEILING.sd * z[STATES + 2]), 1.25 * share)
    left, path, plans = winter(months), price[1:] - price[0], plans or {}
    stir = np.sqrt(1 - FADE**2) * fit.noise.growth / 12
    counts = np.empty((len(months), len(keys)))
    behind = np.zeros(len(keys))
    for step, month in enumerate(months):
        if month.month == 12:
            december = december + WINTER_STEP + WINTER_SPREAD * luck(keys, month, 2)
            gap = np.log(plans[month]) - level if month in plans else np.full(len(keys), USUAL_GAP)
            behind = np.clip(gap, 0.0, FULL_GAP) - USUAL_GAP
        room = np.nan_to_num((ceiling - np.exp(level) / eligible) / (ceiling - share), nan=1.0)
        level = level + np.maximum(growth * np.clip(room, 0.0, 1.0), LEAST) + fit.noise.level * luck(keys, month, 0)
        growth = far + FADE * (growth - far) + stir * luck(keys, month, 1)
        peak = np.maximum(december + pull * behind, 0.0)
        counts[step] = level + left[step] * peak + path[step] * elasticity + fit.noise.count * luck(keys, month, 3)
    return np.exp(np.minimum(counts, 40.0))
