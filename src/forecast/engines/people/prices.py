"""Who pays what: prices of each group month by month, incomes, what burden does to acceptance, and the settlement."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from numba import njit

from forecast.data import tables
from forecast.data.law import NATION, Law
from forecast.data.places import Place
from forecast.engines.people.draws import Drawn
from forecast.question.plan import GROUPS, Plan
from forecast.question.scenario import Scenario

# Group mix of the country in 2021-22: poor 4.03% and near-poor 3.49% of households; minority share is recalled (15%).
NATIONAL_MIX = np.array([0.0403, 0.0349, 0.11, 0.8148])

# Income bands: the nodes of Gauss and Hermite's rule in standard deviations of log income, and the share of people that
# stands for each. Eight of them give means over a log-normal income to better than 0.1% (a test holds them to it),
# where as many bands of equal numbers would be off by several percent.
BANDS = 8
BAND_NODES, _WEIGHTS = np.polynomial.hermite_e.hermegauss(BANDS)
BAND_SHARES = _WEIGHTS / _WEIGHTS.sum()

NEAR_POOR = GROUPS.index("near_poor")  # the groups after it are neither poor nor near-poor
AHEAD = 3  # months before a rise in which some pay ahead (judgement)
LEAST_RISE = 0.05  # of the floor, from which on anybody does


@dataclass(frozen=True, eq=False)
class Prices:
    """What people face, month by month: shapes start with (months, classes, groups) unless they say otherwise.

    A class is a set of communes with the same top-ups in every month; `price_class` (communes,) names each one's.
    """

    price_class: np.ndarray
    net: np.ndarray  # VND a month at the floor, after all support
    state: np.ndarray  # shares of the floor contribution, so cut that the sum stays at most 1
    province: np.ndarray
    donors: np.ndarray
    floor_contribution: np.ndarray  # (months,) VND
    ceiling_multiple: np.ndarray  # (months,) ceiling / floor
    base_net: np.ndarray  # (groups,) VND in the law's base month, without top-ups


def prices(place: Place, plan: Plan, law: Law) -> Prices:
    """Work out what each group pays in each month under the law and the plan's top-ups."""
    table = law.price_arrays(plan.months, place.lineage)
    extra = np.concatenate([plan.top_up, plan.top_up_donors], axis=2)  # (months, communes, 2 groups)
    rows = np.ascontiguousarray(extra.transpose(1, 0, 2).reshape(len(plan.communes), -1))
    known: dict[bytes, int] = {}
    price_class = np.array([known.setdefault(row.tobytes(), len(known)) for row in rows], np.int32)
    classes = rows[np.unique(price_class, return_index=True)[1]]
    extra = classes.reshape(len(classes), len(plan.months), 2, len(GROUPS)).transpose(2, 1, 0, 3)
    state = np.broadcast_to(table["state_share"][:, None, :], extra[0].shape)
    province = np.minimum(table["local_share"][:, None, :] + extra[0], 1 - state)
    donors = np.minimum(extra[1], 1 - state - province)
    contribution = table["rate"] * table["floor"]
    net = contribution[:, None, None] * (1 - state - province - donors)
    return Prices(
        price_class,
        net,
        np.ascontiguousarray(state),
        province,
        donors,
        contribution,
        table["ceiling"] / table["floor"],
        law.base_prices(),
    )


def announced(months: pd.PeriodIndex, law: Law) -> np.ndarray:
    """Return 1 for months in which a rise of the floor was known that comes within :data:`AHEAD` months, else 0.

    What was known when is :meth:`forecast.data.law.Law.known`.

    >>> from forecast.data.law import read_law
    >>> announced(pd.period_range("2026-08", "2027-01", freq="M"), read_law()).tolist()
    [0.0, 0.0, 1.0, 1.0, 1.0, 0.0]
    """
    return np.array(_announced(str(months[0]), len(months), law))


@lru_cache(maxsize=64)
def _announced(first: str, count: int, law: Law) -> tuple[float, ...]:
    """What :func:`announced` says; each batch of draws asks for it."""
    every = pd.period_range(first, periods=count + AHEAD, freq="M")
    floor = law.price_arrays(every)["floor"]
    rising = [0.0] * count
    for t in range(count):
        if (floor[t + 1 : t + 1 + AHEAD] > floor[t] * (1 + LEAST_RISE)).any():
            known = law.known(every[t])
            soon = [known.value("min_declared_income", month) for month in every[t : t + 1 + AHEAD]]
            rising[t] = float(max(soon) > soon[0] * (1 + LEAST_RISE))
    return tuple(rising)


def incomes(scenario: Scenario, drawn: Drawn) -> np.ndarray:
    """Monthly income of a person by (draws, groups, bands), VND, in the law's base month.

    Incomes are log-normal within a group, seen at BAND_NODES. The other group's median is the place's published income
    per head (or its parent's) times worker_income_ratio, moved to that month by income_growth; the spread
    within the poor groups is half of the others'.
    """
    return bands(median_income(income_per_head(scenario.place), scenario.law, drawn), drawn)


def median_income(published: tuple[float, str], law: Law, drawn: Drawn) -> np.ndarray:
    """Median income of the other group in the law's base month, (draws,), VND, by what `income_per_head` gives."""
    per_head, month = published
    return per_head * drawn["worker_income_ratio"] * (1 + drawn["income_growth"]) ** -years_from_base(month, law)


def years_from_base(month: str, law: Law) -> float:
    """Years from the law's base month to `month`.

    >>> from forecast.data import toy
    >>> years_from_base("2022-06", toy.law())
    1.0
    """
    return (tables.month_index(tables.month(month)) - tables.month_index(tables.month(law.base_month))) / 12


def bands(median: np.ndarray, drawn: Drawn) -> np.ndarray:
    """Incomes by (draws, groups, bands), VND, around the median of the other group, (draws,)."""
    ratio = np.stack(
        [
            drawn["poor_income_ratio"],
            drawn["near_poor_income_ratio"],
            drawn["minority_income_ratio"],
            np.ones_like(median),
        ],
        axis=1,
    )
    spread = drawn["income_spread"][:, None] * np.array([0.5, 0.5, 1.0, 1.0])
    result: np.ndarray = median[:, None, None] * ratio[:, :, None] * np.exp(spread[:, :, None] * BAND_NODES)
    return result


def income_per_head(place: Place) -> tuple[float, str]:
    """Return the nearest published income per head: (VND per month, month); of the place, else of its parent."""
    return _income(place.lineage, place.history)


def _income(lineage: tuple[str, ...], history: pd.DataFrame | None = None) -> tuple[float, str]:
    path = tables.data_dir() / "history.csv"
    known = _incomes(path, tables.changed(path))
    # A place that a reader has made brings its rows with it.
    own = {} if history is None or lineage[0] in known else _last_incomes(history)
    for name in lineage:
        if last := known.get(name) or own.get(name):
            return last
    raise tables.UserError(
        "{place}: history.csv has no income_per_head for it or for any place above it", place=lineage[0]
    )


def _last_incomes(history: pd.DataFrame) -> dict[str, tuple[float, str]]:
    """The last income per head of each place: (VND per month, month)."""
    rows = history[(history["measure"] == "income_per_head") & history["value"].notna()]
    last = zip(*(rows[name].tolist() for name in ("place", "value", "unit", "month")), strict=True)
    return {place: (value / (12 if unit == "vnd_per_year" else 1), month) for place, value, unit, month in last}


@lru_cache(maxsize=4)
def _incomes(path: Path, changed: int) -> dict[str, tuple[float, str]]:
    """Read the table once for each state of its file: every batch of draws asks for it."""
    return _last_incomes(tables.read(path, "history"))


def national_income() -> tuple[float, str]:
    """Return the last published income per head of the nation: (VND per month, month)."""
    return _income(NATION)


def counted_anew(drawn: Drawn) -> np.ndarray:
    """Share of people whom a new poverty standard counts as near-poor, (draws, groups, bands): `newly_poor` of a group.

    They are the lowest incomes of the groups that are neither poor nor near-poor; the bands fill from below.

    >>> share = counted_anew({"newly_poor": np.array([0.05])})
    >>> (share[0] @ BAND_SHARES).round(6).tolist()
    [0.0, 0.0, 0.05, 0.05]
    """
    below = np.cumsum(BAND_SHARES) - BAND_SHARES
    share = np.zeros((len(drawn["newly_poor"]), len(GROUPS), BANDS))
    share[:, NEAR_POOR + 1 :] = np.clip((drawn["newly_poor"][:, None, None] - below) / BAND_SHARES, 0.0, 1.0)
    return share


def base_acceptance(drawn: Drawn, law: Law, nation: tuple[float, str] | None = None) -> np.ndarray:
    """Mean acceptance in the country in the law's base month, (draws,): what entry_rate was measured at.

    `nation` is the income per head of the country (left out: looked up), as `income_per_head` gives it.
    """
    incomes = bands(median_income(nation or national_income(), law, drawn), drawn)
    shares = acceptance(law.base_prices()[None, :, None], incomes, drawn) @ BAND_SHARES
    result: np.ndarray = (shares * (NATIONAL_MIX / NATIONAL_MIX.sum())).sum(axis=1)
    return result


def acceptance(net: np.ndarray, income: np.ndarray, drawn: Drawn) -> np.ndarray:
    """Share of people who say yes when asked: logistic in net price / income; arrays with draws first.

    At a price of zero it is zero_price_acceptance; each unit of burden takes price_response off the logit.
    """
    shape = (-1,) + (1,) * (np.ndim(income) - 1)
    top = drawn["zero_price_acceptance"].reshape(shape)
    logit = np.log(top / (1 - top)) - drawn["price_response"].reshape(shape) * net / income
    result: np.ndarray = 1 / (1 + np.exp(-logit))
    return result


class Terms(NamedTuple):
    """Who pays how much of a month in a price class and group."""

    contribution: float  # VND a month on the floor
    state: float  # shares of the floor contribution
    province: float
    donors: float


class Support(NamedTuple):
    """Shares of the floor contribution by who pays them, each (months, draws, classes, groups)."""

    state: np.ndarray
    province: np.ndarray
    donors: np.ndarray


def support(price: Prices, anew: np.ndarray, held: np.ndarray) -> Support:
    """Return who pays which share in each draw: people counted as near-poor anew get what the near-poor get.

    `anew` (months,) is 1 from a new standard on, `held` (draws, groups) the share of a group's members whom it counts.
    """
    part = anew[:, None, None, None] * held[:, None]  # (months, draws, 1, groups)

    def shares(of_group: np.ndarray) -> np.ndarray:
        mixed: np.ndarray = of_group[:, None] + part * (of_group[:, :, NEAR_POOR, None] - of_group)[:, None]
        return np.ascontiguousarray(mixed)

    return Support(shares(price.state), shares(price.province), shares(price.donors))


class PaidMonths(NamedTuple):
    """The months that were paid in one month by a group, from which the money follows."""

    declared: float  # months x declared income in floors, of those who pay themselves
    supported: float  # their months with subsidy
    given: float  # months of books given by donors
    given_supported: float  # of which with subsidy


@njit(cache=True)
def settle(paid: PaidMonths, terms: Terms) -> tuple[float, float, float, float]:
    """Say what members, state, province and donors pay (jitted), VND: supports are shares of the floor contribution.

    For a book, donors pay what the state does not.

    >>> settle(PaidMonths(10.0, 10.0, 5.0, 5.0), Terms(100.0, 0.5, 0.25, 0.0))
    (250.0, 750.0, 250.0, 250.0)
    """
    supported, given = terms.contribution * paid.supported, terms.contribution * paid.given
    given_state = terms.contribution * paid.given_supported * terms.state
    by_state, by_province = supported * terms.state, supported * terms.province
    by_donors = supported * terms.donors
    by_members = terms.contribution * paid.declared - by_state - by_province - by_donors
    return by_members, by_state + given_state, by_province, by_donors + given - given_state
