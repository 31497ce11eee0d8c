"""Counts, plans and prices at an origin as the arrays that the model of :mod:`.model` takes.

Time is measured in years since the end of 2014 (:data:`FIRST`), so December of a year is a whole number and a quarter
ends at a multiple of 1/4. The sizes of all arrays are rounded up and the added entries are masked, so that the model
is compiled once for many origins.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from forecast.engines.campaign.known import NATION, Known

FIRST = 2014  # time 0 is the end of this year; before it the floor was another one and no count is more than recalled
QUARTERS, YEARS = 4 * 16, 17  # of the grid: ends of quarters until 2030, and the years 2015 to 2031
LEAST_ERROR = {True: 0.012, False: 0.03}  # of the log of a count of the nation, of a place, whatever its source says
USUAL_CAMPAIGN = 0.1  # log rise of a December, for where the sampler begins only
ROUND = 32


@dataclass(frozen=True, eq=False)
class Arrays:
    """What is known, as numbers. N counts (first axis of most), P campaigns (place and year), S places.

    `place` 0 is the nation. A campaign belongs to the counts of its December and of the six months after it.
    `parent` is the place's earlier count (itself where there is none), `gap` the years between them and `overlap`
    (N, QUARTERS) the years of each quarter that lie in the gap. `whiten` holds, for the nation's levels at the ends of
    quarters and for each count's deviation from them, a center and the Cholesky factor of a covariance: the posterior
    of a linear model at nominal parameters, in whose units the sampler moves.
    """

    names: tuple[str, ...]
    campaigns: tuple[tuple[int, int], ...]
    place: np.ndarray
    month: np.ndarray
    time: np.ndarray
    log: np.ndarray
    error: np.ndarray
    valid: np.ndarray
    size: np.ndarray
    price: np.ndarray
    campaign: np.ndarray
    age: np.ndarray
    parent: np.ndarray
    gap: np.ndarray
    overlap: np.ndarray
    decay: np.ndarray
    c_place: np.ndarray
    c_year: np.ndarray
    c_plan: np.ndarray
    c_known: np.ndarray
    c_node: np.ndarray
    c_price: np.ndarray
    c_last: np.ndarray
    y_plan: np.ndarray
    y_known: np.ndarray
    y_count: np.ndarray
    y_price: np.ndarray
    y_seen: np.ndarray
    quarters: np.ndarray
    level: tuple[np.ndarray, np.ndarray]
    deviation: tuple[np.ndarray, np.ndarray]

    def data(self) -> dict[str, np.ndarray | tuple[np.ndarray, np.ndarray]]:
        """Return the arrays by name, as keyword arguments of the model."""
        return {k: v for k, v in vars(self).items() if k not in ("names", "campaigns", "month")} | {
            "spring": ((self.month >= 4) & (self.month < 12)).astype(float)
        }


def time_of(month: pd.Period) -> float:
    """Return the end of a month in years since the end of 2014.

    >>> time_of(pd.Period("2015-12", "M")), time_of(pd.Period("2014-12", "M"))
    (1.0, 0.0)
    """
    return month.year - FIRST - 1 + month.month / 12


def arrays(known: Known) -> Arrays:
    """Return `known` as arrays; raises nothing: what does not fit was refused when it was read."""
    rows = known.counts.sort_values(["place", "month"], kind="stable")
    names = (NATION, *sorted(set(rows["place"]) - {NATION}))
    n, size = len(rows), _round(len(rows))
    place = np.array([names.index(p) for p in rows["place"]], int)
    months = pd.PeriodIndex(rows["month"], freq="M")
    time = np.array([time_of(m) for m in months])
    owner = np.where(months.month == 12, months.year, months.year - 1)
    needs = (months.month == 12) | (months.month <= 6)
    campaigns = tuple(sorted({(int(p), int(y)) for p, y, need in zip(place, owner, needs, strict=True) if need}))
    number = {pair: i for i, pair in enumerate(campaigns)}
    mine = np.array([number.get((p, y), -1) for p, y in zip(place, owner, strict=True)])
    mine = np.where(needs, mine, -1)
    parent = np.arange(n)
    for i in range(1, n):
        if place[i] == place[i - 1] > 0:
            parent[i] = i - 1
    log = np.log(rows["value"].to_numpy(float))
    least = np.where(place == 0, LEAST_ERROR[True], LEAST_ERROR[False])
    error = np.hypot(rows["error"].to_numpy(float), least)
    labor = np.array([known.labor_force[p] for p in names])
    relative = np.log(labor / known.labor_force[NATION])
    price = np.array([known.price(names[p], m) for p, m in zip(place, months, strict=True)])
    starts = np.arange(QUARTERS) / 4
    last = np.minimum(time[:, None], starts + 0.25)
    overlap = np.clip(last - np.maximum(time[parent][:, None], starts), 0, None)
    decay = np.clip(time[:, None] - (starts + 0.125), 0, None)
    seen_until = time_of(known.origin)
    per_campaign = _campaigns(known, names, campaigns, mine, place, months, log)
    per_year = _years(known, log[place == 0], months[place == 0], seen_until)
    quarters = (starts < seen_until + 0.25 - 1e-9).astype(float)
    level = _whitened_level(time[place == 0], log[place == 0], error[place == 0], months[place == 0], price[place == 0])
    nation = np.interp(time, np.arange(QUARTERS + 1) / 4, level[0])
    deviation = _whitened_deviation(place, parent, time, log - nation - relative[place] + 0.15 * price, error, size)
    pad = size - n
    return Arrays(
        names=names, campaigns=campaigns, place=_pad(place, pad), month=_pad(months.month.to_numpy(), pad),
        time=_pad(time, pad), log=_pad(log, pad), error=_pad(error, pad, 1.0), valid=_pad(np.ones(n), pad),
        size=_pad(relative[place], pad), price=_pad(price, pad), campaign=_pad(np.maximum(mine, 0), pad),
        age=_pad(np.where(mine >= 0, np.where(months.month == 12, 0, months.month) / 3, np.inf), pad, np.inf),
        parent=np.concatenate([parent, np.arange(n, size)]), gap=_pad(time - time[parent], pad),
        overlap=np.pad(overlap, ((0, pad), (0, 0))), decay=np.pad(decay, ((0, pad), (0, 0))),
        quarters=quarters, level=level, deviation=deviation, **per_campaign, **per_year,
    )  # fmt: skip


def _round(n: int) -> int:
    return max(ROUND, -(-n // ROUND) * ROUND)


def _pad(values: np.ndarray, pad: int, fill: float = 0) -> np.ndarray:
    return np.pad(np.asarray(values), (0, pad), constant_values=fill)


def _campaigns(known: Known, names, campaigns, mine, place, months, log) -> dict[str, np.ndarray]:
    """Return place, year, plan and price of each campaign, and the first count that tells of it, padded."""
    pad = _round(len(campaigns)) - len(campaigns)
    plans = [known.plans.get((names[p], y), np.nan) for p, y in campaigns]
    december = [pd.Period(f"{y}-12", "M") for _, y in campaigns]
    first = [int(np.flatnonzero(mine == i)[0]) for i in range(len(campaigns))]
    counted = {(int(p), m.year): v for p, m, v in zip(place, months, log, strict=True) if m.month == 12}
    last = [counted.get((p, y - 1), np.nan) for p, y in campaigns]
    return {
        "c_place": _pad(np.array([p for p, _ in campaigns], int), pad),
        "c_year": _pad(np.array([y - FIRST - 1 for _, y in campaigns], int), pad),
        "c_plan": _pad(np.log(np.nan_to_num(plans, nan=1.0)), pad),
        "c_known": _pad(np.isfinite(plans).astype(float), pad),
        "c_node": _pad(np.array(first, int), pad),
        "c_price": _pad(np.array([known.price(names[p], m) for (p, _), m in zip(campaigns, december, strict=True)]), pad),
        "c_last": _pad(np.array(last, float), pad, np.nan),
    }


def _years(known: Known, log, months, until: float) -> dict[str, np.ndarray]:
    """Return the nation's plan, counted December and price of each year, and which years began before `until`."""
    years = range(FIRST + 1, FIRST + 1 + YEARS)
    plans = np.array([known.plans.get((NATION, y), np.nan) for y in years])
    december = {m.year: value for m, value in zip(months, log, strict=True) if m.month == 12}
    counted = np.array([december.get(y, np.nan) for y in years])
    return {
        "y_plan": np.log(np.nan_to_num(plans, nan=1.0)),
        "y_known": np.isfinite(plans).astype(float),
        "y_count": counted,
        "y_price": np.array([known.price(NATION, pd.Period(f"{y}-12", "M")) for y in years]),
        "y_seen": (np.arange(YEARS) < until).astype(float),
    }


def _whitened_level(time, log, error, months, price) -> tuple[np.ndarray, np.ndarray]:
    """Return center and Cholesky factor of the nation's log level at each end of a quarter, given its counts.

    A random walk whose growth returns to 3% a quarter, with counts less a usual campaign: a linear model, solved.
    """
    n = QUARTERS + 1
    rows, targets, spreads = [], [], []
    for q in range(n - 2):  # g' - f g = (1 - f) m
        row = np.zeros(n)
        row[q : q + 3] = 0.75, -1.75, 1.0
        rows.append(row)
        targets.append(0.25 * 0.03)
        spreads.append(0.03)
    first = np.zeros(n)
    first[:2] = -1, 1
    rows.append(first)
    targets.append(0.03)
    spreads.append(0.05)
    for t, y, e, m, p in zip(time, log, error, months.month, price, strict=True):
        row = np.zeros(n)
        q = min(int(np.floor(4 * t + 1e-6)), n - 2)
        row[q], row[q + 1] = 1 - (4 * t - q), 4 * t - q
        usual = {12: 0.12, 1: 0.08, 2: 0.04}.get(m, 0.02)
        rows.append(row)
        targets.append(y - usual + 0.15 * p)
        spreads.append(np.hypot(e, 0.08 if m in (12, 1, 2) else 0.02))
    row = np.zeros(n)
    row[0] = 1
    rows.append(row)
    targets.append((log[0] if len(log) else 12.0))
    spreads.append(1.0)
    a = np.array(rows) / np.array(spreads)[:, None]
    b = np.array(targets) / np.array(spreads)
    covariance = np.linalg.inv(a.T @ a)
    return covariance @ (a.T @ b), np.linalg.cholesky(covariance)


def _whitened_deviation(place, parent, time, residual, error, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Return center and Cholesky factor of each place's deviation at each of its counts; the rest is standard normal."""
    n = len(place)
    precision, right = np.eye(size), np.zeros(size)
    for i in range(n):
        if place[i] == 0:
            continue
        precision[i, i] -= 1.0
        weight = 1 / (error[i] ** 2 + 0.08**2)
        precision[i, i] += weight
        right[i] += weight * (residual[i] - 0.05)
        if parent[i] == i:
            precision[i, i] += 1 / 0.7**2
            right[i] += -0.2 / 0.7**2
        else:
            gap = max(time[i] - time[parent[i]], 1 / 24)
            step = 1 / (0.2**2 * gap)
            for r, s in ((i, i), (parent[i], parent[i])):
                precision[r, s] += step
            precision[i, parent[i]] -= step
            precision[parent[i], i] -= step
    covariance = np.linalg.inv(precision)
    return covariance @ right, np.linalg.cholesky(covariance)
