"""What the past suggests: a structural model of the stock of members, fitted to short and irregular histories.

One model serves every place, on a monthly grid with gaps (a local level with a growth that fades; log of persons):

    count(t)  = level(t) + winter(month) * december(t) + elasticity * price(t) + noise
    level(t)  = level(t-1) + growth(t-1) + noise
    growth(t) = growth(t-1), half of it gone in 18 months, + noise
    december  = a new size every December: the last one, a little more, + noise

The Kalman filter of statsmodels turns a place's own points and what is known of other places into beliefs at the
origin. Every belief starts from a prior: `december` from the nation's points, growth from the pool of places,
elasticity from studies. A place with one point keeps them (pooled, wide); each further point moves them (normal-normal
partial pooling); from eight points on, the noise is estimated too. Only figures about months up to the origin are used;
the constants below were chosen with the whole history in view, so a backtest is blind to figures, not to the makers'
hindsight. The law's price path is taken as given: it is the law that a scenario asks about.
"""

from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.optimize import minimize
from statsmodels.tsa.statespace.kalman_filter import KalmanFilter

from forecast import tables
from forecast.chance import child_array, name_number, normal_array, streams
from forecast.engines import deaf_to, silence
from forecast.law import Law
from forecast.projection import COLUMNS
from forecast.scenario import Scenario

NATION = "Việt Nam"
POOLED_LEVELS = ("nation", "province", "district")
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


class Pool(NamedTuple):
    """What is known at an origin beside a place's own points: the nation's fit, and :func:`growths` of places."""

    nation: Fit | None
    places: pd.DataFrame


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


class SeriesEngine:
    """The engine that hears the law's price path and nothing else; it projects `members`, all groups together.

    `history` (columns of data/history.csv, which is read when it is left out) is where it learns about other places.
    It has no flows, no groups and no money, and is silent about any policy.
    """

    name = "series"
    sees: frozenset[str] = frozenset()

    def __init__(self, history: pd.DataFrame | None = None):
        """Keep the table; nothing is read or fitted before the first run."""
        self._history = history
        self._kept: dict = {}

    def run(self, scenario: Scenario, draws: range, seed: int) -> pd.DataFrame:
        """Return rows of `members` from the start (the known stock, the same in every draw) to the last month.

        Where the latest stock is older than the start, it stands at the start, and the paths after it have wandered
        since it was counted. Raises :class:`~forecast.tables.UserError` when no stock is known and none is assumed.
        """
        if deaf_to(self, scenario):
            return silence()
        fit, place = self.fit(scenario), scenario.place
        ahead = pd.period_range(fit.last, scenario.months[-1], freq="M")
        keys = child_array(streams(seed, draws), name_number(place.name))
        paths = simulate(fit, ahead[1:], price_path(scenario.law, ahead, place.lineage), keys)
        opening = np.full((1, len(keys)), float(scenario.opening[0]))
        values = np.vstack([opening, paths[1 - len(scenario.months) :]])
        cap = max(place.eligible, opening.max()) if place.eligible > 0 else np.inf  # not known is NaN
        return _rows(self.name, scenario, draws, np.minimum(values, cap))

    def fit(self, scenario: Scenario) -> Fit:
        """Return the beliefs about the scenario's place at its last count up to the start; kept for the next call."""
        place, origin, law = scenario.place, tables.month(scenario.start), scenario.law
        series = _own_points(scenario, origin)
        key = (place.name, place.lineage, law, tuple(series.index), tuple(series))
        if (origin, law) not in self._kept:
            if self._history is None:
                self._history = tables.read(tables.data_dir() / "history.csv", "history")
            self._kept[origin, law] = read_pool(self._history, origin, law)
        if (origin, key) not in self._kept:
            self._kept[origin, key] = fit_place(place.name, place.lineage, series, self._kept[origin, law], law)
        return self._kept[origin, key]


def _own_points(scenario: Scenario, origin: pd.Period) -> pd.Series:
    """The place's own stocks up to the origin; the scenario's opening stock stands in its month whatever its status."""
    place = scenario.place
    value, month, _ = scenario.opening
    rows = usable(place.history, origin)
    series = points(rows[rows["place"] == place.name]).drop(tables.month(month), errors="ignore")
    return pd.concat([series, pd.Series([float(value)], pd.PeriodIndex([month], freq="M"))]).sort_index()


def _rows(engine: str, scenario: Scenario, draws: range, values: np.ndarray) -> pd.DataFrame:
    """Return `values` (months, draws) as rows of a projection, draw by draw."""
    texts = (scenario.place.name, scenario.scenario, engine, scenario.start, "all", "members")
    one = np.zeros(values.size, np.int8)
    columns = {
        name: pd.Categorical.from_codes(one, [text])
        for name, text in zip(("place", "scenario", "engine", "origin", "group", "measure"), texts, strict=True)
    }
    codes = np.tile(np.arange(len(values)), len(draws))
    columns["month"] = pd.Categorical.from_codes(codes, scenario.months.astype(str))
    columns["draw"] = np.repeat(np.asarray(list(draws), np.int32), len(values))
    columns["value"] = values.T.ravel()
    return pd.DataFrame(columns)[COLUMNS]
