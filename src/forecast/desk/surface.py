"""How the answer moves with the levers that matter most: a surface through a few runs, for a page that runs nothing.

Four levers of the menu, each from nothing to the most that was seen, are tried together: at the corners, faces and
middles of their ranges (a face-centered central composite design, Box and Wilson 1951), alone, and at points of Sobol's
sequence between. Through what came out goes, for each month and each quantile of what the target counts, a polynomial
of third degree in logs (least squares, through the plan as it stands), and one for the money. A lever counts as
log(1 + 5 x share): its first steps do most. Runs at settings that were not used for that say how far it is off. Degree,
transformation and number of runs were chosen on the plans of Đà Bắc, Cà Mau and Hà Nội.
"""

from collections.abc import Sequence
from itertools import combinations_with_replacement, product
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy import stats
from scipy.stats import qmc

from forecast.data.tables import UserError
from forecast.desk import target as desk
from forecast.desk.totals import paths
from forecast.question import menu
from forecast.question.scenario import Scenario, target_of

LEVERS = 4  # as many as a reader can pull and still see what each does
QUANTILES = (0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.975, 0.99)
NORMAL = np.asarray(stats.norm.ppf(QUANTILES))
MIDDLE, BEND, DEGREE = 0.35, 5.0, 3  # of a range: what counts as its middle, and how its steps shrink
BETWEEN, CHECKS = 24, 8  # settings between the corners, and those that say how far the surface is off
SMALLEST = 0.5  # persons: less than one counts as half of one, which has a logarithm


class Answer(NamedTuple):
    """What one setting of the levers comes to, month by month: arrays (months,), VND over all months for `money`."""

    median: np.ndarray
    low: np.ndarray
    high: np.ndarray
    probability: np.ndarray
    money: float


class Surface(NamedTuple):
    """The polynomials of a question: `quantiles` (months, QUANTILES, terms) of logs, `money` (terms,) VND.

    `choices` are the levers, each at a share of its range from 0 (nothing more) to 1 (the most that was seen); the
    terms are those of :func:`terms`. `runs` is the number of settings tried, each with `draws` draws; of `checks` more,
    `off_probability` is the largest error of the probability (a share) and `off_members` that of the median (a share).
    """

    question: Scenario
    engine: str
    draws: int
    choices: tuple[menu.Choice, ...]
    months: tuple[str, ...]
    quantiles: np.ndarray
    money: np.ndarray
    runs: int
    checks: int
    off_probability: float
    off_members: float

    def at(self, shares: Sequence[float]) -> Answer:
        """Return the answer with each lever at a share of its range; one of another number or range is an error."""
        if len(shares) != len(self.choices) or not all(0 <= share <= 1 for share in shares):
            raise UserError("expected {number} shares from 0 to 1", number=len(self.choices))
        features = terms(np.asarray([shares], float))[0]
        return _answer(
            np.sort(self.quantiles @ features, axis=1), target_of(self.question).value, self.money @ features
        )


def terms(shares: np.ndarray) -> np.ndarray:
    """Return the terms up to :data:`DEGREE` of each row of `shares`, those of one lever in the order of :func:`powers`.

    >>> terms(np.array([[0.0, 1.0]]))[0, :3].round(2).tolist(), terms(np.ones((1, 4))).shape
    ([1.0, 0.0, 1.79], (1, 35))
    """
    bent = np.log1p(BEND * shares)
    return np.column_stack([np.prod(bent[:, list(part)], axis=1) for part in powers(shares.shape[1])])


def powers(levers: int) -> list[tuple[int, ...]]:
    """Return which levers are multiplied in each term: none, each, each pair, each three; one may stand twice.

    >>> powers(2)[:6]
    [(), (0,), (1,), (0, 0), (0, 1), (1, 1)]
    """
    return [part for degree in range(DEGREE + 1) for part in combinations_with_replacement(range(levers), degree)]


def design(levers: int) -> tuple[list[list[float]], list[list[float]]]:
    """Return the settings that are tried, nothing first, and those that check: each a share of every lever's range.

    >>> tried, checks = design(4)
    >>> len(tried), len(checks), tried[0]
    (53, 8, [0.0, 0.0, 0.0, 0.0])
    """
    corners = [list(corner) for corner in product((0.0, 1.0), repeat=levers)]
    each = range(levers)
    faces = [[end if one == lever else MIDDLE for one in each] for lever in each for end in (0.0, 1.0)]
    alone = [[MIDDLE if one == lever else 0.0 for one in each] for lever in each]
    points = qmc.Sobol(levers, scramble=False)
    points.fast_forward(1)  # the first is nothing
    between: list[list[float]] = points.random(BETWEEN).tolist()
    checks: list[list[float]] = points.random(CHECKS).tolist()
    return [*corners, *faces, [MIDDLE] * levers, *alone, *between], checks


def surface(
    question: Scenario,
    ways: pd.DataFrame,
    *,
    draws: int = 200,
    seed: int = 1,
    engine: str = "stock",
    jobs: int | None = 1,
    keep: Path | None = None,
) -> Surface:
    """Try the levers that matter most in `ways` (:func:`forecast.desk.target.ways`) and lay a surface through it.

    Months are the Decembers and Marches of the question, and the target's. Draws are paired with each other and with
    any other answer of the same seed. A question without a target, or without a lever that has a range, is an error.

    >>> import forecast as f
    >>> asked = f.Scenario("plan", f.toy.place(), start="2021-12", until="2022-12", law=f.toy.law(),
    ...                    target=f.Target(value=330, by="2022-12"))
    >>> ways = desk.ways(asked, draws=8, only=["Visits", "Meetings"])
    >>> made = surface(asked, ways, draws=8)
    >>> made.months, bool(made.at([0, 0]).probability[-1] <= made.at([1, 1]).probability[-1])
    (('2022-03', '2022-12'), True)
    """
    asked = desk.put_to(question, engine, draws, seed, keep)
    choices = most_telling(question, ways)
    months = _months(question)
    tried, checks = design(len(choices))
    settings = [*tried, *checks]
    plans = [
        asked.scenario.with_policy("-", menu.policy(question.policy, choices, levels(choices, s))) for s in settings
    ]
    cases = [(plan, asked.engine, range(draws)) for plan in plans]
    results = paths(cases, months, seed, jobs=jobs or 1, keep=keep)
    logs = np.stack([_logs(rows, months) for rows in results])  # (settings, months, quantiles)
    money = np.array([rows["money"].mean() for rows in results])
    features = terms(np.array([shares_of(choices, s) for s in tried]))
    fit = _fitted(features, logs[: len(tried)].reshape(len(tried), -1))
    fit_money = _fitted(features, (money - money[0])[: len(tried), None])[:, 0]
    made = Surface(
        question,
        asked.engine,
        draws,
        choices,
        months,
        np.moveaxis(fit.reshape(-1, *logs.shape[1:]), 0, -1),
        fit_money,
        len(tried),
        CHECKS,
        0.0,
        0.0,
    )
    wanted = target_of(question).value
    off = [(made.at(shares_of(choices, s)), r) for s, r in zip(checks, results[len(tried) :], strict=True)]
    chances = [np.abs(a.probability - (rows[list(months)] >= wanted).mean().to_numpy()).max() for a, rows in off]
    medians = [np.abs(a.median / rows[list(months)].median().to_numpy().clip(SMALLEST) - 1).max() for a, rows in off]
    return made._replace(off_probability=float(max(chances)), off_members=float(max(medians)))


def most_telling(question: Scenario, ways: pd.DataFrame) -> tuple[menu.Choice, ...]:
    """Return the levers that raise the probability most over their whole range, one of a kind, in the menu's order."""
    offered = {choice.name: choice for choice in menu.offered(question) if choice.field}
    rows = ways[ways["way"].isin(offered)]
    part = (rows["needed"] / rows["most"]).where(rows["needed"] > 0).fillna(1.0)  # of its range, where that is enough
    gains = ((rows["probability_reached"] - rows["probability_now"]) / part).set_axis(rows["way"])
    best: dict[str, menu.Choice] = {}
    for name in gains.sort_values(ascending=False, kind="stable").index:
        best.setdefault(offered[name].lever, offered[name])
    if not best:
        raise UserError("{scenario}: no lever of the menu has a range", scenario=question.scenario)
    chosen = list(best.values())[:LEVERS]
    return tuple(choice for choice in offered.values() if choice in chosen)


def levels(choices: Sequence[menu.Choice], shares: Sequence[float]) -> tuple[int, ...]:
    """Return the level of each choice at a share of its range."""
    return tuple(round(share * choice.levels) for choice, share in zip(choices, shares, strict=True))


def shares_of(choices: Sequence[menu.Choice], shares: Sequence[float]) -> list[float]:
    """Return the shares that the levels stand for: they are whole numbers, and of some levers so is the amount."""
    return [c.amount(level) / c.amount(c.levels) for c, level in zip(choices, levels(choices, shares), strict=True)]


def log_of(wanted: float) -> float:
    """Return the log of a target's number, on the scale of the surface."""
    return float(np.log(max(wanted, SMALLEST)))


def _fitted(features: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Return weights of the terms by least squares, exact for the plan as it stands, which a reader sees first.

    `features` (settings, terms), the first setting that plan, for which all terms but the first are 0; `values`
    (settings, n), weights (terms, n).

    >>> _fitted(terms(np.array([[0.0], [0.4], [1.0], [0.7]])), np.array([[1.0], [2.0], [2.5], [2.2]]))[0].item()
    1.0
    """
    rest = np.linalg.lstsq(features[1:, 1:], values[1:] - values[0], rcond=None)[0]
    return np.vstack([values[:1], rest])


def _months(question: Scenario) -> tuple[str, ...]:
    target, months = target_of(question), [str(month) for month in question.months[1:]]
    months = [m for m in months if not target.since or m >= target.since]
    return tuple(m for m in months if m[5:] in ("03", "12") or m == target.by)


def _logs(rows: pd.DataFrame, months: tuple[str, ...]) -> np.ndarray:
    """Return the logs of the quantiles of each month, (months, quantiles)."""
    return np.asarray(np.log(np.quantile(rows[list(months)].clip(lower=SMALLEST), QUANTILES, axis=0)).T)


def _answer(logs: np.ndarray, wanted: float, money: float) -> Answer:
    """Return what quantiles come to: between them the logs are taken as normal."""
    middle, low, high = (np.exp(logs[:, QUANTILES.index(q)]) for q in (0.5, 0.05, 0.95))
    reached = [_probability(row, log_of(wanted)) for row in logs]
    return Answer(middle, low, high, np.array(reached), float(money))


def _probability(logs: np.ndarray, wanted: float) -> float:
    """Return the probability of at least `wanted`, by the nearest two quantiles; beyond all of them, 0 or 1."""
    if wanted <= logs[0]:
        return 1.0 if wanted < logs[0] else 1 - QUANTILES[0]
    if wanted > logs[-1]:
        return 0.0
    return float(stats.norm.sf(np.interp(wanted, logs, NORMAL)))
