"""The exam at calendar origins: each June and December, the nation and other places apart, by horizon.

Forecasts come from :func:`forecast.experiment.backtest.backtest`: with what was known at each origin and nothing else.
They are scored on the log scale, on which a place of a hundred members counts like one of a million, and beside
naive on the same targets. The pool is the linear pool of the draws of its engines; its weights at an origin, and how
wide it is for places, come from the counts that were known by then, of forecasts made at earlier origins. Engines that
carry policies are scored as well, with fewer draws, and weigh nothing. What was found is kept in the table
data/exam.csv: quantiles of each forecast beside its count, from which every score follows.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.special import ndtri

from forecast.answer import score
from forecast.answer.projection import Projection
from forecast.data import history as facts
from forecast.data import shown, tables
from forecast.data.frames import at, groups
from forecast.data.vocabulary import EXAM_QUANTILES, PUBLISHED_QUANTILES
from forecast.engines import POOLED, scope_of
from forecast.engines.yardsticks import MORE_YARDSTICKS, YARDSTICKS
from forecast.experiment.backtest import backtest

EXAMINED = POOLED
POOL, NAIVE = "pool", "naive"
FILE = "exam.csv"  # in data/
MOST_DRAWS = {"agents": 24, "stock": 100}  # of engines that take long; the others have those that were asked for
FIRST, HORIZON = "2018-06", 48
BANDS = {"1-6": 6, "7-12": 12, "13-24": 24, "25-48": 48}
LEVELS = (0.5, 0.8, 0.95)
QUANTILES = {name: PUBLISHED_QUANTILES[name] for name in EXAM_QUANTILES}
FIRST_SHARE = {"campaign": 0.95}  # of the pool's weight before any score; the other engines share the rest
TRUST = 3.0  # a pool's weight is the inverse of an engine's mean score to this power
FORMER = 3.0  # targets' worth of equal scores with which every engine begins, and counts' worth of an honest width
LEAST_SPREAD = 0.5  # never are forecasts drawn nearer to their median than this
STORED = ["scope", "place", "origin", "month", "known", "engine", "draws", "observed", *QUANTILES]
_PROBABILITIES = tuple(QUANTILES.values())
WITHIN = {level: f"within_{round(100 * level)}" for level in LEVELS}
COLUMNS = [*STORED, "horizon", "band", "wis", "bias", "width", *WITHIN.values()]


class Exam(NamedTuple):
    """What :func:`calendar` found.

    `scored` has one row for each target and engine (:data:`COLUMNS`), `weights` the pool's at each origin
    (data/pool.csv), `silent` who could not be tried and why.
    """

    scored: pd.DataFrame
    weights: pd.DataFrame
    silent: pd.DataFrame

    def _repr_html_(self) -> str:
        return shown.html(self)


def origins(first: str = FIRST, last: str | None = None) -> list[str]:
    """Return each June and December from `first` to `last` (the last month of the history's counts when left out).

    >>> origins("2018-06", "2019-07")
    ['2018-06', '2018-12', '2019-06']
    """
    if last is None:
        last = str(facts.counts(tables.read(tables.data_dir() / "history.csv", "history"))["month"].max())
    months = pd.period_range(first, last, freq="M")
    return [str(month) for month in months if month.month in (6, 12)]


def counted(history: pd.DataFrame, known: pd.DataFrame | None = None) -> list[str]:
    """Return the places of data/places.csv with at least two counts that forecasts can be judged by, nation first."""
    known = tables.read(tables.data_dir() / "places.csv", "places") if known is None else known
    units = set(known.loc[known["level"] != "commune_group", "place"])
    several = facts.counts(history)["place"].value_counts()
    names = sorted(place for place in several.index[several >= 2] if place in units)
    return sorted(names, key=lambda place: scope_of(place) != "nation")


def calendar(
    places: Iterable[str] | None = None,
    engines: Iterable[str] = EXAMINED,
    *,
    asked: Iterable[str] | None = None,
    draws: int = 400,
    seed: int = 1,
    jobs: int | None = None,
    progress: bool = True,
    keep: str | Path | None = None,
    history: pd.DataFrame | None = None,
) -> Exam:
    """Return scores of `engines`, the yardsticks and the pool at calendar origins (`asked`; all when left out).

    `places` are all with two counts or more when left out, and `history` is data/history.csv. The pool's engines come
    along if any is asked for; an engine of :data:`MOST_DRAWS` has no more draws than it says.
    """
    table = tables.read(tables.data_dir() / "history.csv", "history") if history is None else history
    names = counted(table) if places is None else list(places)
    engines = list(dict.fromkeys(e for e in engines if e != POOL))
    few = {e: min(draws, MOST_DRAWS.get(e, draws)) for e in engines}
    parts, silent = [], []
    for size in sorted({draws, *few.values()}, reverse=True):
        outcome = backtest(
            names,
            [e for e in engines if few[e] == size],
            origins=list(asked or origins()),
            horizon=HORIZON,
            draws=size,
            seed=seed,
            jobs=jobs,
            progress=progress,
            keep=keep,
            history=history,
            yardsticks=YARDSTICKS | MORE_YARDSTICKS if size == draws else {},
        )
        parts.append(samples(outcome.forecasts, outcome.counts))
        silent.append(outcome.silent)
    pooled = [e for e in engines if e in EXAMINED] or engines
    reasons = pd.concat(silent, ignore_index=True).drop_duplicates()
    return examined(pd.concat(parts, ignore_index=True), pooled)._replace(silent=reasons)


def examined(values: pd.DataFrame, pooled: Iterable[str] = EXAMINED) -> Exam:
    """Return the exam of the rows of :func:`samples`: scores, the pool of the engines `pooled` and its weights."""
    engines, scored = list(pooled), scores(values)
    weights = pool_weights(scored, engines, sorted(values["origin"].unique())).assign(spread=1.0)
    weights["spread"] = spreads(pool(values, weights, engines), weights)
    mixed = scores(pool(values, weights, engines))
    silent = pd.DataFrame(columns=["place", "origin", "engine", "why"])
    return Exam(pd.concat([scored, mixed], ignore_index=True)[COLUMNS], weights, silent)


def store(exam: Exam, folder: Path | None = None) -> list[Path]:
    """Keep the exam and the pool's weights with the data (numbers of persons whole), and return the files."""
    folder = folder or tables.data_dir()
    rows = exam.scored[STORED].copy()
    rows[["observed", *QUANTILES]] = rows[["observed", *QUANTILES]].round(1)
    order = ["scope", "place", "origin", "month", "engine"]
    rows = rows.sort_values(order, kind="stable")
    return [tables.write(rows, folder / FILE), tables.write(exam.weights, folder / "pool.csv")]


def stored(folder: Path | None = None) -> pd.DataFrame:
    """Return the kept exam (data/exam.csv) with its scores (:data:`COLUMNS`).

    >>> exam = stored()
    >>> exam.empty or bool((exam["known"] > exam["origin"]).all())
    True
    """
    path = (folder or tables.data_dir()) / FILE
    return judged(tables.read(path, "exam")) if path.is_file() else pd.DataFrame(columns=COLUMNS)


def samples(forecasts: Projection, counts: pd.DataFrame) -> pd.DataFrame:
    """Return one row for each engine and target that came out later: its draws (array of persons) and the count."""
    truth = counts.drop_duplicates(["place", "month"], keep="last").rename(columns={"value": "observed"})
    frame = forecasts.frame[["place", "engine", "origin", "month", "value"]]
    frame = frame[frame["month"].isin(truth["month"])]  # most months were never counted, and texts take room
    frame = frame.astype(dict.fromkeys(("place", "engine", "origin", "month"), str))
    frame = frame.merge(truth, on=["place", "month"])
    frame = frame[(frame["known"] > frame["origin"]) & (frame["observed"] > 0)]
    keys = ["place", "origin", "month", "known", "observed", "engine"]
    rows = frame.groupby(keys, sort=True)["value"].agg(lambda v: np.maximum(v.to_numpy(float), 0.5)).reset_index()
    return rows.rename(columns={"value": "draws"})


def scores(values: pd.DataFrame) -> pd.DataFrame:
    """Return the scores of the rows of :func:`samples`; a row may have a column `share`, the weights of its draws."""
    if values.empty:
        return pd.DataFrame(columns=COLUMNS)
    shares = values["share"] if "share" in values else [None] * len(values)
    ranked = np.array([_quantiles(d, w) for d, w in zip(values["draws"], shares, strict=True)])
    rows = values.drop(columns="share", errors="ignore").assign(
        scope=[scope_of(place) for place in values["place"]],
        draws=[float(len(d)) for d in values["draws"]],
        **{name: ranked[:, i] for i, name in enumerate(QUANTILES)},
    )
    return judged(rows)


def judged(rows: pd.DataFrame) -> pd.DataFrame:
    """Return rows of :data:`STORED` with their scores, :data:`COLUMNS`.

    `wis` is the weighted interval score of the log (50, 80 and 95% intervals and the median; Bracher et al. 2021),
    `bias` the log of the median over the count, `width` upper over lower end of the 80% interval.
    """
    log, ranked = np.log(rows["observed"].to_numpy(float)), np.log(rows[list(QUANTILES)].to_numpy(float))
    ahead = [
        tables.month_index(tables.month(month)) - tables.month_index(tables.month(origin))
        for origin, month in zip(rows["origin"], rows["month"], strict=True)
    ]
    quantile = {p: ranked[:, i] for i, p in enumerate(QUANTILES.values())}
    ends = {level: (quantile[round(0.5 - level / 2, 4)], quantile[round(0.5 + level / 2, 4)]) for level in LEVELS}
    inside = {WITHIN[level]: score.covered(log, *both) for level, both in ends.items()}
    scored = rows.assign(
        horizon=ahead,
        band=[band(h) for h in ahead],
        wis=wis(log, ranked),
        bias=quantile[0.5] - log,
        width=np.exp(quantile[0.9] - quantile[0.1]),
        **inside,
    )
    return scored[COLUMNS]


def wis(log: np.ndarray, ranked: np.ndarray) -> np.ndarray:
    """Return the weighted interval score of quantiles of probabilities :data:`QUANTILES`, shape (n,), in log units.

    >>> float(wis(np.array([0.0]), np.array([[-2.0, -1.0, -0.5, 0.0, 0.5, 1.0, 2.0]]))[0].round(4))
    0.1571
    """
    total: np.ndarray = 0.5 * np.abs(log - ranked[:, 3])
    for level in LEVELS:
        low, high = (ranked[:, _PROBABILITIES.index(round(0.5 + s * level / 2, 4))] for s in (-1, 1))
        total = total + (1 - level) / 2 * score.interval_score(log, low, high, level)
    total /= len(LEVELS) + 0.5
    return total


def _quantiles(draws: np.ndarray, share: np.ndarray | None) -> np.ndarray:
    """Return the quantiles of draws of persons, taken on the log scale."""
    log = np.log(draws)
    if share is None:
        return np.asarray(np.exp(np.quantile(log, _PROBABILITIES)))
    order = np.argsort(log, kind="stable")
    edges = np.cumsum(share[order])
    ranked = np.interp(np.array(_PROBABILITIES) * edges[-1], edges - share[order] / 2, log[order])
    return np.asarray(np.exp(ranked))


def band(horizon: int) -> str:
    """Return the band of horizons in months that a horizon belongs to.

    >>> band(1), band(12), band(25)
    ('1-6', '7-12', '25-48')
    """
    return next(name for name, last in BANDS.items() if horizon <= last)


def first_shares(engines: list[str]) -> pd.Series:
    """Return the weight of each engine before anything was scored (:data:`FIRST_SHARE`), index the engines.

    >>> first_shares(["campaign", "series"]).round(2).tolist(), first_shares(["series", "stock"]).tolist()
    ([0.95, 0.05], [0.5, 0.5])
    """
    named = {e: FIRST_SHARE[e] for e in engines if e in FIRST_SHARE}
    rest = (1 - sum(named.values())) / max(len(engines) - len(named), 1)
    shares = pd.Series({e: named.get(e, rest) for e in engines}, dtype=float)
    return shares / shares.sum()


def pool_weights(scored: pd.DataFrame, engines: list[str], asked: list[str]) -> pd.DataFrame:
    """Return the pool's weights at the origins `asked`: columns origin, scope, engine, weight.

    At an origin only forecasts of earlier origins count whose count was known by then. An engine's weight is the
    inverse of its mean score, to the power :data:`TRUST`, over targets that all engines answered, times its first share
    (:func:`first_shares`); all begin with :data:`FORMER` targets' worth of the same score.
    """
    rows = scored[scored["engine"].isin(engines)]
    wide = rows.pivot_table(index=["scope", "origin", "known", "place", "month"], columns="engine", values="wis")
    wide = wide.reindex(columns=engines).dropna().reset_index()
    parts, prior = [], first_shares(engines)
    for origin in asked:
        for scope in ("nation", "places"):
            past = wide[(wide["scope"] == scope) & (wide["origin"] < origin) & (wide["known"] <= origin)][engines]
            usual = float(past.to_numpy().mean()) if len(past) else 1.0
            mean = (past.sum() + FORMER * usual) / (len(past) + FORMER)
            weight = prior * mean**-TRUST
            weight = weight / weight.sum()
            shares = weight.round(4).to_numpy()
            parts.append(pd.DataFrame({"origin": origin, "scope": scope, "engine": engines, "weight": shares}))
    return pd.concat(parts, ignore_index=True)


def pool(values: pd.DataFrame, weights: pd.DataFrame, engines: list[str]) -> pd.DataFrame:
    """Return the linear pool of the rows of :func:`samples`: the draws of all engines, and the share of each."""
    from forecast.engines.pool import nearer  # loads engines, which who reads a kept exam does without

    known = weights.set_index(["origin", "scope", "engine"])
    keys = ["place", "origin", "month", "known", "observed"]
    mixtures = []
    for key, rows in groups(values[values["engine"].isin(engines)], keys, sort=True):
        share = [at(known["weight"], key[1], scope_of(key[0]), engine) for engine in rows["engine"]]
        spread = at(known["spread"], key[1], scope_of(key[0]), engines[0])
        draws = [nearer(d[None], np.array([np.median(d)]), spread)[0] for d in rows["draws"]]
        each = [np.full(len(d), w / len(d)) for d, w in zip(draws, share, strict=True)]
        mixtures.append((*key, POOL, np.concatenate(draws), np.concatenate(each)))
    return pd.DataFrame(mixtures, columns=[*keys, "engine", "draws", "share"])


def spreads(pooled: pd.DataFrame, weights: pd.DataFrame) -> pd.Series:
    """Return the factor on the width of forecasts that goes with each row of `weights`; 1 for the nation.

    A count is so many standard deviations off as the share of a forecast's draws below it says; the mean square is 1
    where widths are honest. At an origin it is that of all forecasts of earlier origins whose count was known by then,
    each count once (the mean of all that foretold it), beside :data:`FORMER` counts' worth of 1. Forecasts are never
    made wider, and those of the nation are left as they are: its counts are all of one climb.
    """
    met = zip(pooled["draws"], pooled["share"], pooled["observed"], strict=True)
    below = np.array([share[draws < observed].sum() / share.sum() for draws, share, observed in met])
    least = np.array([0.5 / len(draws) for draws in pooled["draws"]])
    off = ndtri(np.clip(below, least, 1 - least))
    rows = pooled[["place", "origin", "month", "known"]].assign(square=off**2)
    rows = rows[[scope_of(place) != "nation" for place in rows["place"]]]

    def spread(origin: str) -> float:
        past = rows[(rows["origin"] < origin) & (rows["known"] <= origin)]
        each = past.groupby(["place", "month"])["square"].mean()
        return float(np.clip(((each.sum() + FORMER) / (len(each) + FORMER)) ** 0.5, LEAST_SPREAD, 1.0).round(4))

    by_origin = {origin: spread(origin) for origin in weights["origin"].unique()}
    factors = [
        1.0 if scope == "nation" else by_origin[o] for o, scope in zip(weights["origin"], weights["scope"], strict=True)
    ]
    return pd.Series(factors, weights.index, dtype=float)


def summary(scored: pd.DataFrame, by: Iterable[str] = ("scope", "engine")) -> pd.DataFrame:
    """Return the exam in short: one row for each value of `by` (columns of :data:`COLUMNS`).

    `held_50`, `held_80` and `held_95` are the shares of counts inside the intervals, `width` the median of upper over
    lower end of the 80% interval, `bias` the mean log of median over count, `of_naive` the sum of scores over naive's
    on the targets that both answered (`beside` of them).
    """
    by, target = list(by), ["place", "origin", "month"]
    naive = scored.loc[scored["engine"] == NAIVE, [*target, "wis"]].rename(columns={"wis": "naive"})
    both = scored.merge(naive, on=target, how="left")
    both["own"] = both["wis"].where(both["naive"].notna())
    held = {within.replace("within", "held"): (within, "mean") for within in WITHIN.values()}
    grouped = both.groupby(by, sort=False)
    table = grouped.agg(
        targets=("wis", "size"),
        places=("place", "nunique"),
        **held,
        width=("width", "median"),
        bias=("bias", "mean"),
        wis=("wis", "mean"),
        own=("own", "sum"),
        naive=("naive", "sum"),
        beside=("naive", "count"),
    ).reset_index()
    table["of_naive"] = table["own"] / table["naive"].where(table["naive"] > 0)
    return table.drop(columns=["own", "naive"])
