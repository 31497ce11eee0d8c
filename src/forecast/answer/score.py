"""How good were forecasts: error, intervals and the whole distribution, scored against what was counted later.

Scores of single forecasts take arrays whose last axis holds draws or quantiles; :func:`scores` turns a projection and
counts into one tidy table, and :func:`summary` compares engines with the yardsticks on the targets that both answered.
Smaller is better for all but coverage. CRPS of draws is that of scoringrules. Pinball and the interval score are one
line each and agree with it (a test holds them to that): importing it takes seconds, which every command would wait for
that tells how an engine has scored. Its weighted interval score (0.10) puts the median where its distance belongs.
"""

from collections.abc import Iterable

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from forecast.answer.projection import QUANTILES, Projection
from forecast.data import tables

YARDSTICKS = ("seasonal naive", "naive", "drift")
COLUMNS = [
    "place",
    "scenario",
    "engine",
    "origin",
    "month",
    "horizon",
    "group",
    "measure",
    "observed",
    "median",
    "metric",
    "level",
    "value",
]
KEYS = COLUMNS[:8]
LEVELS = (0.5, 0.8, 0.9, 0.95)  # of the central intervals whose coverage is asked for
BANDS = (6, 12, 24)  # last months of the bands of horizons
FREE = ("covered", "mase", "msis", "scaled_crps", "relative_error")  # without a unit: means over places make sense
JUDGED = ("absolute_error", "crps", "wis", "interval_score")  # their ratio to a yardstick's is a skill


def pinball(observed: ArrayLike, values: ArrayLike, probabilities: ArrayLike) -> np.ndarray:
    """Return the quantile loss of each quantile, unit of the values, shape (..., quantiles).

    (y - q) p above the quantile q of probability p, (q - y)(1 - p) below it (Koenker and Bassett 1978).

    >>> pinball(10.0, [8.0, 12.0], [0.1, 0.9]).round(3).tolist()
    [0.2, 0.2]
    """
    value, p = _quantiles(values, probabilities)
    error = np.asarray(observed, float)[..., None] - value
    return np.asarray(np.maximum(p * error, (p - 1) * error))


def wis(observed: ArrayLike, values: ArrayLike, probabilities: ArrayLike) -> np.ndarray:
    """Return the weighted interval score of quantiles, unit of the values, shape (...).

    The mean over all quantiles of twice the pinball loss, which is the weighted mean of the central intervals' scores
    and the distance from the median (Bracher et al. 2021, equation 1). Quantiles come in pairs p and 1 - p, with or
    without the median.

    >>> float(wis(10.0, [8.0, 11.0, 12.0], [0.1, 0.5, 0.9]).round(4))
    0.6
    """
    _, p = _quantiles(values, probabilities)
    if not np.allclose(np.sort(p), np.sort(1 - p)):
        raise tables.UserError(
            "quantiles {quantiles}; expected pairs p and 1 - p", quantiles=", ".join(f"{x:g}" for x in p)
        )
    return np.asarray(2 * pinball(observed, values, probabilities).mean(axis=-1))


def crps(observed: ArrayLike, samples: ArrayLike) -> np.ndarray:
    """Return the continuous ranked probability score of the draws taken as the whole forecast, shape (...).

    E|X - y| - E|X - X'| / 2 (Gneiting and Raftery 2007, equation 21), the distance |x - y| for a single draw.

    >>> float(crps(1.0, [0.0, 2.0]))
    0.5
    """
    from scoringrules import crps_ensemble

    draws = np.asarray(samples, float)
    if draws.shape[-1] < 1:
        raise tables.UserError("no draws to score; expected at least one")
    return np.asarray(crps_ensemble(np.asarray(observed, float), draws, estimator="qd", backend="numpy"))


def crps_of_quantiles(observed: ArrayLike, values: ArrayLike, probabilities: ArrayLike) -> np.ndarray:
    """Return the CRPS of a forecast that is known by its quantiles only, shape (...).

    The CRPS is twice the integral of the pinball loss over all probabilities (Laio and Tamea 2007); each quantile
    stands for the probabilities nearer to it than to another, the outermost ones for the tails. :func:`wis` gives
    all the same weight, which counts the tails for more where quantiles crowd there.

    >>> p = (np.arange(99) + 1) / 100
    >>> uniform = crps_of_quantiles(0.5, p, p)  # 1/12 for a uniform forecast between 0 and 1 and a count of 0.5
    >>> float(uniform.round(3))
    0.083
    """
    value, p = _quantiles(values, probabilities)
    edges = np.concatenate([[0.0], (p[1:] + p[:-1]) / 2, [1.0]])
    return np.asarray(2 * (pinball(observed, value, p) * np.diff(edges)).sum(axis=-1))


def interval_score(observed: ArrayLike, low: ArrayLike, high: ArrayLike, level: float) -> np.ndarray:
    """Return the score of the central interval that should hold `level` of all cases, unit of the values.

    Its width, and 2 / (1 - level) for each unit by which it was missed (Gneiting and Raftery 2007, equation 43).

    >>> float(interval_score(13.0, 8.0, 12.0, 0.9).round(6))
    24.0
    """
    counted, lower, upper = (np.asarray(x, float) for x in (observed, low, high))
    missed = np.maximum(lower - counted, 0.0) + np.maximum(counted - upper, 0.0)
    return np.asarray(upper - lower + 2 / (1 - level) * missed)


def covered(observed: ArrayLike, low: ArrayLike, high: ArrayLike) -> np.ndarray:
    """Return 1.0 where an observation lies in its interval, ends included, and 0.0 elsewhere.

    >>> covered([1, 5, 9], 1, 8).tolist()
    [1.0, 1.0, 0.0]
    """
    counted, lower, upper = (np.asarray(x, float) for x in (observed, low, high))
    return np.asarray((counted >= lower) & (counted <= upper), float)


def scale(values: ArrayLike, months: ArrayLike | None = None, season: int = 1) -> float:
    """Return what a series used to change by in a month, the unit of MASE and MSIS; NaN where it cannot be told.

    A regular series (`months` left out) has the mean absolute change from one season to the next (Hyndman and Koehler
    2006). With the `months` of counts as whole numbers, the changes are those between neighboring counts, adjusted to
    one month: the sum of absolute changes over the sum of the months that they took, which is the same thing where
    every month was counted and gives a long gap its weight. A stock that stood still has no scale.

    >>> scale([1.0, 3.0, 2.0]), scale([100.0, 160.0, 150.0], months=[0, 12, 14])
    (1.5, 5.0)
    """
    counts = np.asarray(values, float)
    if months is None:
        steps = np.abs(counts[season:] - counts[:-season])
        result = float(np.mean(steps)) if len(steps) else 0.0
    else:
        order = np.argsort(np.asarray(months), kind="stable")
        took = np.diff(np.asarray(months, float)[order])
        result = float(np.abs(np.diff(counts[order])).sum() / took.sum()) if took.sum() > 0 else 0.0
    return result if result > 0 else np.nan


def mase(observed: ArrayLike, forecast: ArrayLike, unit: float) -> float:
    """Return the mean absolute scaled error of point forecasts; `unit` is :func:`scale` of what was known before.

    >>> mase([10.0, 12.0], [11.0, 15.0], unit=2.0)
    1.0
    """
    return float(np.mean(np.abs(np.asarray(observed, float) - np.asarray(forecast, float))) / unit)


def msis(observed: ArrayLike, low: ArrayLike, high: ArrayLike, unit: float, level: float = 0.95) -> float:
    """Return the mean scaled interval score (the M4 competition's measure of 95% intervals); `unit` as in mase.

    >>> round(msis([10.0, 13.0], [8.0, 8.0], [12.0, 12.0], unit=4.0, level=0.9), 6)
    3.5
    """
    return float(np.mean(interval_score(observed, low, high, level)) / unit)


def scores(forecasts: Projection | pd.DataFrame, counts: pd.DataFrame) -> pd.DataFrame:
    """Return one row for each forecast that was met by a later count, and each metric: the columns of `COLUMNS`.

    `forecasts` is a Projection, or quantiles in the columns `place, scenario, engine, origin, month, group,
    measure, quantile, value`; `counts` is that of :func:`forecast.data.history.counts` (`place, month, value,
    known`), of members of all groups. Only counts of months after the origin are met that were not known at its
    end; of two for one month the last listed counts. `horizon` is in months, `level` the probability of a quantile
    (pinball) or an interval (covered, 0 or 1; interval_score, msis). What is scaled is divided by :func:`scale` of
    the counts known at the origin, and has no row where these have none.
    """
    from_draws = isinstance(forecasts, Projection)
    frame = forecasts.frame if isinstance(forecasts, Projection) else forecasts
    frame = frame[(frame["measure"] == "members") & (frame["group"] == "all")]
    text = {c: frame[c].astype(str) for c in ("place", "scenario", "engine", "origin", "month", "group", "measure")}
    frame = frame.assign(**text)
    truth = counts.drop_duplicates(["place", "month"], keep="last").rename(columns={"value": "observed"})
    frame = frame.merge(truth, on=["place", "month"])
    frame = frame[(frame["month"] > frame["origin"]) & (frame["known"] > frame["origin"])]
    if frame.empty:
        return pd.DataFrame(columns=COLUMNS)
    ends = zip(frame["origin"], frame["month"], strict=True)
    frame["horizon"] = [(tables.month(month) - tables.month(origin)).n for origin, month in ends]
    column = "draw" if from_draws else "quantile"
    parts: list[pd.DataFrame] = []
    # draws or quantiles may differ in number between engines and scenarios
    for _, rows in frame.groupby(["engine", "scenario"], sort=False):
        wide = rows.set_index([*KEYS, "observed", column])["value"].unstack(column)
        values = wide.to_numpy(float)
        p = np.asarray(QUANTILES if from_draws else wide.columns, float)
        ranked = np.quantile(values, p, axis=1).T if from_draws else values
        parts.append(_metrics(wide.index.to_frame(index=False), ranked, p, values if from_draws else None, counts))
    return pd.concat(parts, ignore_index=True)[COLUMNS]


def _metrics(
    keys: pd.DataFrame, ranked: np.ndarray, p: np.ndarray, draws: np.ndarray | None, counts: pd.DataFrame
) -> pd.DataFrame:
    """Return every metric of forecasts given by quantiles `ranked` of probabilities `p`, and by draws if there are."""
    observed = keys["observed"].to_numpy(float)
    at = {round(float(x), 6): ranked[:, i] for i, x in enumerate(p)}
    if 0.5 not in at:
        raise tables.UserError(
            "quantiles {quantiles}; expected the median, 0.5, among them", quantiles=", ".join(f"{x:g}" for x in p)
        )
    median = at[0.5]
    unit = np.array([_unit(counts, place, origin) for place, origin in zip(keys["place"], keys["origin"], strict=True)])
    whole = crps(observed, draws) if draws is not None else crps_of_quantiles(observed, ranked, p)
    miss = np.abs(median - observed)
    result = [
        ("error", np.nan, median - observed),
        ("absolute_error", np.nan, miss),
        ("mase", np.nan, miss / unit),
        ("relative_error", np.nan, np.divide(miss, observed, out=np.full_like(miss, np.nan), where=observed > 0)),
        ("crps", np.nan, whole),
        ("scaled_crps", np.nan, whole / unit),
        ("wis", np.nan, wis(observed, ranked, p)),
    ]
    result += [("pinball", x, loss) for x, loss in zip(p, pinball(observed, ranked, p).T, strict=True)]
    for level in LEVELS:
        low, high = (at.get(round(x, 6)) for x in ((1 - level) / 2, (1 + level) / 2))
        if low is None or high is None:
            continue
        result.append(("covered", level, covered(observed, low, high)))
        if level == LEVELS[-1]:
            width = interval_score(observed, low, high, level)
            result += [("interval_score", level, width), ("msis", level, width / unit)]
    tall = [keys.assign(median=median, metric=name, level=level, value=value) for name, level, value in result]
    return pd.concat(tall, ignore_index=True).dropna(subset="value")


def _unit(counts: pd.DataFrame, place: str, origin: str) -> float:
    known = counts[(counts["place"] == place) & (counts["known"] != "") & (counts["known"] <= origin)]
    known = known.drop_duplicates("month", keep="last")
    return scale(known["value"], [tables.month_index(tables.month(m)) for m in known["month"]])


def band(horizon: int) -> str:
    """Return the band of horizons, in months, that a horizon belongs to.

    >>> band(1), band(12), band(25)
    ('1-6', '7-12', '25+')
    """
    first = 1
    for last in BANDS:
        if horizon <= last:
            return f"{first}-{last}"
        first = last + 1
    return f"{first}+"


def summary(
    scored: pd.DataFrame, by: Iterable[str] = ("engine",), yardsticks: Iterable[str] = YARDSTICKS
) -> pd.DataFrame:
    """Return the table of :func:`scores` in short: one row for each value of `by`, metric and level.

    `by` holds columns of the table, or `band` for the bands of horizons. `value` is the mean over targets of a metric
    without a unit (others would mix places of all sizes, and are left empty), `targets` and `places` say of how many.
    `skill NAME` compares with a yardstick on the targets that both answered: 1 - the geometric mean over places of
    (sum of scores / sum of the yardstick's). 0 is as good as the yardstick, 1 is perfect, below 0 is worse. A place has
    one vote, however many counts it has.
    """
    if scored.empty:
        return pd.DataFrame(columns=[*by, "metric", "level", "value", "targets", "places"])
    scored = scored.assign(band=[band(h) for h in scored["horizon"]], level=scored["level"].fillna(-1.0))
    by, target = list(by), ["place", "origin", "month", "metric", "level"]
    groups = [*by, "metric", "level"]
    grouped = scored.groupby(groups, sort=False)
    table = grouped.agg(value=("value", "mean"), targets=("value", "size"), places=("place", "nunique")).reset_index()
    table.loc[~table["metric"].isin(FREE), "value"] = np.nan
    for name in yardsticks:
        other = scored.loc[scored["engine"] == name, [*target, "value"]]
        both = scored.merge(other, on=target, suffixes=("", "_yardstick"))
        sums = both[both["metric"].isin(JUDGED)].groupby([*groups, "place"])[["value", "value_yardstick"]].sum()
        ratio = sums["value"].clip(lower=1e-12) / sums["value_yardstick"].where(sums["value_yardstick"] > 0)
        logs = pd.Series(np.log(ratio.to_numpy(float)), ratio.index).groupby(groups).mean()
        skill = pd.Series(1 - np.exp(logs.to_numpy(float)), logs.index, name=f"skill {name}")
        table = table.merge(skill.reset_index(), on=groups, how="left")
    return table.assign(level=table["level"].replace(-1.0, np.nan))


def _quantiles(values: ArrayLike, probabilities: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    value, p = np.asarray(values, float), np.asarray(probabilities, float)
    if value.shape[-1:] != p.shape or not len(p) or not ((p > 0) & (p < 1)).all() or (np.diff(p) <= 0).any():
        raise tables.UserError(
            "quantiles: {count} values for probabilities {probabilities}; expected one value for each "
            "probability, in rising order between 0 and 1",
            count=value.shape[-1] if value.ndim else 1,
            probabilities=p.tolist(),
        )
    return value, p
