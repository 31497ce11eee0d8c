"""Communes by one's own monthly table: a forecast that adds up, how it would have done, shares of a plan, and ranks.

The forecast is by the counts alone (:mod:`forecast.timeseries`): no law and no lever. Each draw holds a path of every
commune, and the place is their sum in that draw. An interval is that of 90% of the draws. What `forecast progress` says
of the same plan comes from simulated people, who know the season of campaigns; a table of less than two years does not
show it.
"""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.special import ndtri

from forecast.data import tables
from forecast.data.apportion import shared
from forecast.data.places import Place
from forecast.data.tables import UserError
from forecast.desk.allocation import equally_hard
from forecast.exchange import own_counts
from forecast.timeseries import baseline, reconcile

LEAST, SEASONS = 6, 24
"""Months that a table has at least for a forecast, and from which it shows a season."""
BACK, STEPS = 4, 3
"""Past months from which the forecast is tried, at most, and how many months ahead."""
WHOLE = "\x00"  # the name of the sum among the communes: no commune has it
COLUMNS = (
    "commune",
    "rank",
    "members",
    "last_year",
    "low",
    "expected",
    "high",
    "plan",
    "plan_chance",
    "share",
    "share_chance",
    "tried",
    "met",
)
"""Of :attr:`Communes.table`: rank (1 needs help first), members now and a year ago; low, expected (mean, adding up),
high by the date; the plan and the probability of it; the equally hard share and its probability; past forecasts that
were tried, and how many counts fell inside their 80% intervals."""
_EDGE = 3.0  # standard deviations beyond which luck ends


class Communes(NamedTuple):
    """Communes of a place by one's own counts: `table` has a row for each with :data:`COLUMNS`, by rank.

    `stock` has the counted months (rows) by commune, `paths` (draws, months, communes) the forecast for `months`, in
    persons, communes in the order of `stock`. `by` is the December of the plan, `goal` what is shared out (None if
    there is neither a plan of all communes nor a target), `level` the probability of each equally hard share. `due`
    has months by commune where a list was given.
    """

    place: Place
    month: str
    by: str
    goal: int | None
    level: float
    table: pd.DataFrame
    stock: pd.DataFrame
    months: list[str]
    paths: np.ndarray
    due: pd.DataFrame | None
    synthetic: bool

    @property
    def whole(self) -> np.ndarray:
        """Members of the place by (draws, months): the sum of its communes in each draw."""
        return np.asarray(self.paths.sum(axis=2))

    @property
    def goal_chance(self) -> float:
        """Probability that the place meets what is shared out, NaN if nothing is."""
        reached = self.whole[:, self.months.index(self.by)]
        return float("nan") if self.goal is None else float((reached >= self.goal).mean())


def communes(
    place: str,
    month: str | None = None,
    *,
    target: float | None = None,
    due: Path | None = None,
    draws: int = 200,
    seed: int = 1,
    jobs: int | None = None,
) -> Communes:
    """Return the communes of a place by one's own counts up to a month (the last counted one if left out).

    `target` is shared out in place of the plan of the year; `due` is the member-counts.csv of an imported list. Raises
    :class:`~forecast.data.tables.UserError` for a table of fewer than :data:`LEAST` months.
    """
    counts = own_counts.read(place, month)
    past = counts.stock.loc[counts.stock.index <= counts.month, counts.units].set_axis(counts.names, axis=1)
    if len(past) < LEAST:
        raise UserError(
            "{place}: {count} months in which all communes were counted up to {month}; a forecast by commune needs at "
            "least {least}",
            place=counts.place.name,
            count=len(past),
            month=counts.month,
            least=LEAST,
        )
    if draws < 2:
        raise UserError("draws: {draws}; expected at least 2", draws=draws)
    by = f"{(tables.month(counts.month) + 1).year}-12"
    march = tables.month(f"{by[:4]}-12") + 3
    months = [str(tables.month(counts.month) + n) for n in range(1, _between(counts.month, str(march)) + 1)]
    paths = ahead(past, len(months), draws, seed, jobs)
    end = paths[:, months.index(by)]
    now = past.loc[counts.month].to_numpy(float)
    low, high = np.quantile(end, (0.05, 0.95), axis=0)
    table = pd.DataFrame({"commune": counts.names, "members": now})
    table["last_year"] = past.reindex([str(tables.month(counts.month) - 12)]).to_numpy(float)[0]
    expected = end.mean(axis=0)
    table["low"], table["expected"], table["high"] = low, shared(expected, round(expected.sum())), high
    table["plan"] = counts.of("plan").reindex([by]).to_numpy(float)[0]
    known = table["plan"].notna().to_numpy()
    table["plan_chance"] = np.where(known, (end >= table["plan"].fillna(0).to_numpy()).mean(axis=0), np.nan)
    goal = target if target is not None else float(table["plan"].sum()) if known.all() else None
    table["share"], table["share_chance"], level = np.nan, np.nan, float("nan")
    if goal is not None:
        half = draws // 2
        wanted, level = equally_hard(end[:half], round(goal))
        table["share"] = shared(wanted, round(goal))
        table["share_chance"] = (end[half:] >= table["share"].to_numpy()).mean(axis=0)
    table["tried"], table["met"] = held_out(past, draws, seed, jobs)
    table = _ranked(table)
    listed = own_counts.NOBODY if due is None else own_counts.listed(due)
    by_month = None if due is None else own_counts.due_by_month(listed, counts.month, counts.names)
    synthetic = counts.synthetic or "synthetic" in set(listed["status"])
    goal = None if goal is None else round(goal)
    return Communes(counts.place, counts.month, by, goal, level, table, past, months, paths, by_month, synthetic)


def _between(first: str, last: str) -> int:
    return int(tables.month_index(tables.month(last)) - tables.month_index(tables.month(first)))


def ahead(past: pd.DataFrame, horizon: int, draws: int, seed: int, jobs: int | None = None) -> np.ndarray:
    """Return draws of the next months that add up: members (draws, months, communes), at least none.

    `past` has months (rows) by commune, all counted; months that are missing between them are gaps. Each series and
    their sum are forecast alone, drawn with luck that goes together as their errors did, and reconciled draw by draw.
    """
    from forecast.data import chance  # compiles: not for a command that only reads

    units = [str(unit) for unit in past.columns]
    every = [str(m) for m in pd.period_range(past.index[0], past.index[-1], freq="M")]
    wide = past.reindex(every).assign(**{WHOLE: past.sum(axis=1)})
    long = wide.rename_axis("ds").reset_index().melt("ds", var_name="unique_id", value_name="y").dropna()
    levels = baseline.QUANTILES
    forecasts = baseline.baseline(long, horizon, None, levels, jobs, progress=False, file="history.csv")
    shape = reconcile.tree(pd.DataFrame({"unique_id": units, "parent": WHOLE}))
    quantiles = np.stack(
        [forecasts.pivot(index="ds", columns="unique_id", values=str(q))[shape.names].to_numpy(float) for q in levels]
    )
    errors = reconcile.residuals(wide[shape.names])
    normal = ndtri(np.array(levels))
    spread = np.maximum((quantiles[-1] - quantiles[0]) / (normal[-1] - normal[0]), 1e-6)
    correlation = reconcile.shared_correlation(errors, shape, spread.mean(axis=0))
    keys = chance.streams(seed, range(draws))
    independent = np.stack([chance.normal_array(keys, chance.name_number(name)) for name in shape.names])
    luck = np.clip(np.linalg.cholesky(correlation + 1e-6 * np.eye(len(independent))) @ independent, -_EDGE, _EDGE)
    paths = np.zeros((draws, horizon, len(units)))
    at = [shape.names.index(unit) for unit in units]
    for step in range(horizon):
        drawn = np.stack([_at(luck[n], quantiles[:, step, n], normal) for n in range(len(independent))])
        project = reconcile.projection(shape, "shared", errors, correlation, spread[step])
        paths[:, step] = project(drawn)[at].T
    return paths


def _at(luck: np.ndarray, quantiles: np.ndarray, normal: np.ndarray) -> np.ndarray:
    """Return where luck falls among quantiles: lines on the normal scale, which go on beyond the outer ones."""
    slopes = np.diff(quantiles)[[0, -1]] / np.diff(normal)[[0, -1]]
    low = quantiles[0] - slopes[0] * (normal[0] + _EDGE)
    high = quantiles[-1] + slopes[1] * (_EDGE - normal[-1])
    return np.asarray(np.interp(luck, [-_EDGE, *normal, _EDGE], [low, *quantiles, high]))


def held_out(past: pd.DataFrame, draws: int, seed: int, jobs: int | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Return how many forecasts of each commune were tried from past months, and how many counts they held.

    A forecast from a past month knows what was counted until then; a count is held by its 80% interval.
    """
    tried, met = np.zeros(past.shape[1], int), np.zeros(past.shape[1], int)
    for back in range(1, BACK + 1):
        known = past.iloc[: len(past) - back]
        if len(known) < LEAST:
            break
        steps = [_between(str(known.index[-1]), str(month)) for month in past.index[len(known) :]]
        steps = [step for step in steps if step <= STEPS]
        if not steps:
            continue
        low, high = np.quantile(ahead(known, max(steps), draws, seed, jobs), (0.1, 0.9), axis=0)
        for number, step in enumerate(steps):
            seen = past.iloc[len(known) + number].to_numpy(float)
            tried += 1
            met += (low[step - 1] <= seen) & (seen <= high[step - 1])
    return tried, met


def _ranked(table: pd.DataFrame) -> pd.DataFrame:
    """Return the table with ranks: the least probable plan first, without plans the smallest expected growth."""
    growth = table["expected"] / table["members"].clip(lower=1)
    order = table.assign(growth=growth, missing=-(table["plan"] - table["members"]))
    order = order.sort_values(["plan_chance", "missing", "growth", "commune"], kind="stable")
    return order.assign(rank=range(1, len(order) + 1))[list(COLUMNS)].reset_index(drop=True)
