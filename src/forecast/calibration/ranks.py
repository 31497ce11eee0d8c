"""Does the method find invented truths? Counts drawn from the priors, learned from, and the rank of the truth.

A nation and places are invented: parameters from the priors, and counts of them in the months, with the errors and with
the plans that the real ones have. Plans are made of invented counts alone, so that they say nothing else about the
truth. Beliefs are learned from the counts as from real ones, and each truth (parameters, the state at the origin,
members of months to come) has a rank among what was learned. Ranks are uniform if the machinery is right (Talts and
others 2018). The first level of the nation is that of the real one, from which learning starts as well.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.stats import kstest, spearmanr

from forecast.data import frames, tables, workers
from forecast.data import history as published
from forecast.data.law import read_law
from forecast.engines.campaign import parameters as par
from forecast.engines.campaign.ahead import CEILING, ahead
from forecast.engines.campaign.beliefs import PARTICLES, ROWS, learn
from forecast.engines.campaign.known import NATION, Count, Known, known_at
from forecast.engines.campaign.nation import BEGIN, Nation, Past, above, bumpy, step
from forecast.engines.campaign.particles import Luck
from forecast.engines.campaign.places import Deviation, Goal, campaign, drift

LEAST = 4  # counts that a place has to have to be invented
MOST = 6  # places that are invented, those with the most counts
AHEAD = (12, 36)  # months after the origin that are foretold (an origin of December: Decembers)
FILE = "validation/ranks.csv"  # in data/
SHARE = 0.8  # of truths should lie in the interval that is reported
COLUMNS = ["time", "coordinate", "truth", "mean", "low", "high", "rank"]
Numbers = dict[str, np.ndarray]


@dataclass(frozen=True, eq=False)
class Truth:
    """An invented world: its parameters (1,), what of it can be known, and the members of months to come, persons."""

    parameters: Numbers
    level: float
    known: Known
    later: dict[tuple[str, str], float]


def pattern(history: pd.DataFrame | None = None, origin: str | None = None, most: int = MOST) -> Known:
    """Return what is known of the nation and of the `most` places with the most counts, as a pattern to fill.

    `origin` is the last December that the nation was counted in when left out.
    """
    table = tables.read(tables.data_dir() / "history.csv", "history") if history is None else history
    if origin is None:
        months = published.counts(table).query("place == @NATION")["month"]
        origin = str(months[months.str.endswith("-12")].max())
    known = known_at(table, tables.month(origin), read_law().known(origin))
    several = known.counts.loc[known.counts["place"] != NATION, "place"].value_counts()
    names = sorted(several.index[several >= LEAST], key=lambda name: (-several[name], name))[:most]
    return replace(known, counts=known.counts[known.counts["place"].isin([NATION, *names])].reset_index(drop=True))


def invented(like: Known, luck: Luck) -> Truth:
    """Return a world drawn from the priors with counts where `like` has them; `luck` is that of one draw."""
    p = {k: prior.draws(luck.normal(f"true {k}")) for k, prior in (par.NATION | par.PLACES).items()}
    known = replace(like, plans={}, counts=like.counts.iloc[:0])
    counts, past, after, later = _nation(like, known, p, luck)
    counted = {(NATION, month): value for month, value in counts.items()}
    for place in like.places:
        if place != NATION:
            members, then = _place(like, known, place, p, (past, after), luck.under(f"{place} "))
            counted |= {(place, month): value for month, value in members.items()}
            later |= {(place, month): value for month, value in then.items()}
    values = [counted[row.place, row.month] for row in frames.rows(like.counts)]
    level = float(past.level[(like.origin - BEGIN).n, 0])
    return Truth(p, level, replace(known, counts=like.counts.assign(value=values)), later)


def _planned(like: Known, known: Known, place: str, year: int, last: float, luck: Luck) -> None:
    """Set the plan of a year, where the real place had one, at a usual distance from its last count (log `last`)."""
    if (place, year) in like.plans:
        z = par.INCREMENT_OF_YEAR * luck.normal(f"plan {place} {year}")[0]
        known.plans[place, year] = float(np.exp(last + par.USUAL_AMBITION + z))


def _nation(
    like: Known, known: Known, p: Numbers, luck: Luck
) -> tuple[dict[pd.Period, float], Past, int, dict[tuple[str, str], float]]:
    """Return the nation's counts, its months and campaigns up to the last one foretold, their number and what comes."""
    real = {c.month: c for c in like.of(NATION)}
    first = like.of(NATION)[0]
    start = first.log - 0.1 * ((first.month - BEGIN).n + 1) / 12 + 0.15 * luck.normal("start")
    none = np.zeros(1)
    growth = p["growth"] + 0.03 * luck.normal("first growth")
    s = Nation(start, growth, start + 0.05, none + 0.05, none + 0.1, none, none)
    months = pd.period_range(BEGIN, like.origin + max(AHEAD), freq="M")
    level, years = np.empty((len(months), 1)), {name: np.zeros((len(months) // 12 + 1, 1)) for name in _YEARLY}
    counts: dict[pd.Period, float] = {}
    later: dict[tuple[str, str], float] = {}
    last = float(s.last[0])
    for t, month in enumerate(months):
        if month.month == 12 and month <= like.origin:
            _planned(like, known, NATION, month.year, last, luck)
        ceiling = np.log(CEILING * like.labor_force[NATION]) if month > like.origin else np.inf
        step(s, p, known, month, luck, ceiling)
        level[t] = s.level
        if month.month == 12:
            for name, values in years.items():
                values[t // 12] = getattr(s, name)
        low = s.level - p["price"] * known.price(NATION, month)
        if month in real:
            last = _counted(low + above(month, s.rise, s.stay), month, real[month], "nation", luck)
            counts[month] = float(np.exp(last))
            s.last = np.array([last]) if month.month == 12 else s.last
        if (month - like.origin).n in AHEAD:
            later[NATION, str(month)] = float(np.exp(low + above(month, s.rise, s.stay) + _bump(month, luck))[0])
    return counts, Past(level, **years), len(months), later


_YEARLY = ("share", "rise", "stay")


def _counted(log: np.ndarray | float, month: pd.Period, count: Count, scope: str, luck: Luck) -> float:
    """Return the log of a count of members of log `log`: with its bump and its error."""
    error = np.hypot(count.error, par.LEAST_ERROR[scope])
    return float((log + _bump(month, luck) + error * luck.normal(f"count {month}"))[0])


def _bump(month: pd.Period, luck: Luck) -> np.ndarray:
    """Return by how much the log of members stands above what campaigns explain, (1,)."""
    return luck.bump(f"bump {month}") if bumpy(month) else np.zeros(1)


def _place(
    like: Known, known: Known, place: str, p: Numbers, world: tuple[Past, int], luck: Luck
) -> tuple[dict[pd.Period, float], dict[str, float]]:
    """Return a place's counts, and its members of the months to come; its first count has the first spread."""
    past, end = world
    real = {c.month: c for c in like.of(place)}
    begin = min(real)
    speed, keep = past.speed(), p["hold"] ** (1 / 12)
    d = Deviation(
        p["mean"] + p["first"] * luck.normal("deviation"),
        np.zeros(1),
        p["price"] + par.PRICE_OF_PLACE * luck.normal("price"),
        np.zeros(1),
        np.zeros(1),
    )
    decembers: dict[int, float] = {}
    counts: dict[pd.Period, float] = {}
    later: dict[str, float] = {}
    for t in range((begin - BEGIN).n, end):
        month = BEGIN + t
        if month > begin:
            drift(d, p, speed[t], keep)
            d.mean = d.mean + np.sqrt(d.variance) * luck.normal(f"drift {month}")
            d.variance = np.zeros(1)
        low = past.level[t] + like.size(place) + d.mean - d.price * known.price(place, month)
        year = month.year - (month.month < 12)
        if d.of_year != year and (month.month == 12 or month.month <= 6):
            if year <= like.origin.year:
                before = decembers.get(year - 1, counts and np.log(list(counts.values())[-1]))
                _planned(like, known, place, year, float(before or low[0]), luck)
            goal = Goal(known.plans.get((place, year)), decembers.get(year - 1))
            nation = past.share[year - BEGIN.year], past.rise[year - BEGIN.year]
            campaign(d, p, year, goal, low, nation, luck)
        total = low + above(month, d.rise, past.stay[year - BEGIN.year])
        if month in real:
            log = _counted(total, month, real[month], "place", luck)
            counts[month] = float(np.exp(log))
            if month.month == 12:
                decembers[month.year] = log
        if (month - like.origin).n in AHEAD:
            later[str(month)] = float(np.exp(total + _bump(month, luck))[0])
    return counts, later


def ranks_of(like: Known, time: int, seed: int = 1, particles: int = PARTICLES, rows: int = ROWS) -> pd.DataFrame:
    """Return :data:`COLUMNS` of one invented world: each truth beside what was learned (persons in logs).

    `low` to `high` hold 80%, `rank` is the share of rows that are below the truth.
    """
    truth = invented(like, Luck.of(seed, range(time, time + 1), "invented"))
    b = learn(truth.known, seed=seed + time, particles=particles, rows=rows)
    coordinates = [(name, float(truth.parameters[name][0]), values) for name, values in b.parameters.items()]
    coordinates.append(("level", truth.level, b.nation.level))
    months = pd.period_range(like.origin, like.origin + max(AHEAD), freq="M")
    for place in like.places:
        paths = ahead(b, place, months, range(rows), seed + time)
        for n in AHEAD:
            name = f"{'nation' if place == NATION else 'place'}, {n} months ahead"
            coordinates.append(
                (name, float(np.log(truth.later[place, str(like.origin + n)])), np.log(paths.members[n]))
            )
    lines = []
    for name, true, values in coordinates:
        low, high = np.quantile(values, (0.5 - SHARE / 2, 0.5 + SHARE / 2))
        lines.append((time, name, true, values.mean(), low, high, float((values < true).mean())))
    return pd.DataFrame(lines, columns=COLUMNS)


def ranks(times: int, seed: int = 1, jobs: int | None = None, like: Known | None = None, **how: int) -> pd.DataFrame:
    """Return :func:`ranks_of` of `times` invented worlds, about two seconds each; `how` goes to it."""
    known = like or pattern()
    work = [(known, time, seed) for time in range(times)]
    one: Callable[..., pd.DataFrame] = partial(ranks_of, **how)  # type: ignore[arg-type]  # its whole numbers
    return pd.concat(workers.every(one, work, jobs), ignore_index=True)


def store(table: pd.DataFrame, folder: Path | None = None) -> Path:
    """Keep a table of :func:`ranks` with the data, numbers with five figures, and return the file."""
    numbers = ["truth", "mean", "low", "high", "rank"]
    rounded = table.assign(**{name: [float(f"{x:.5g}") for x in table[name]] for name in numbers})
    return tables.write(rounded, (folder or tables.data_dir()) / FILE)


def stored(folder: Path | None = None) -> pd.DataFrame:
    """Return the kept ranks; an error where none are kept."""
    path = (folder or tables.data_dir()) / FILE
    return tables.read(path, "ranks")


def verdict(table: pd.DataFrame) -> pd.DataFrame:
    """Judge a table of :func:`ranks`: `coordinate, times, uniform_p, held, found`.

    `uniform_p` is the p-value of Kolmogorov and Smirnov's test that ranks are uniform (of several places of one world
    the first counts, since they share the nation), `held` the share of truths in the 80% interval, `found` the rank
    correlation of the truth and the mean of what was learned. The row "all" takes one truth of each world in turn.
    """
    if table["time"].nunique() < 2:
        raise tables.UserError("nothing to judge: expected at least two invented worlds")
    names = list(dict.fromkeys(table["coordinate"]))
    turn = pd.concat([part.iloc[[time % len(part)]] for time, part in frames.groups(table, "time", sort=True)])
    rows = []
    for name in [*names, "all"]:
        part = turn if name == "all" else table[table["coordinate"] == name]
        held = ((part["truth"] >= part["low"]) & (part["truth"] <= part["high"])).mean()
        one = part.drop_duplicates("time")
        rank_correlation = float(spearmanr(part["truth"], part["mean"]).statistic) if name != "all" else float("nan")
        rows.append((name, len(one), float(kstest(one["rank"], "uniform").pvalue), float(held), rank_correlation))
    return pd.DataFrame(rows, columns=["coordinate", "times", "uniform_p", "held", "found"])
