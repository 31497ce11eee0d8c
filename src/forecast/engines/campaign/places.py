"""A place given the nation: a deviation from its share, filtered through its counts, and campaigns of its own."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from forecast.engines.campaign import parameters as par
from forecast.engines.campaign.known import Count, Known
from forecast.engines.campaign.nation import BEGIN, Past, above, bumpy
from forecast.engines.campaign.particles import Luck, log_normal

LEAST_RISE, MOST_RISE = -7.0, 0.9  # log of the log rise of a campaign whose plan is not known


@dataclass
class Deviation:
    """A place's log deviation from its share of the nation: normal given the particle; and its last campaign."""

    mean: np.ndarray
    variance: np.ndarray
    price: np.ndarray
    rise: np.ndarray
    closed: np.ndarray  # by which share of what lasting members gain the campaign shrinks
    of_year: int = 0

    def take(self, index: np.ndarray) -> "Deviation":
        """Return the particles of `index`."""
        arrays = (self.mean, self.variance, self.price, self.rise, self.closed)
        mean, variance, price, rise, closed = (values[index] for values in arrays)
        return Deviation(mean, variance, price, rise, closed, self.of_year)


def drift(d: Deviation, p: dict[str, np.ndarray], speed: np.ndarray, keep: np.ndarray) -> None:
    """Move a deviation by one month in which the nation moved by `speed` a year; `keep` is `hold ** (1 / 12)`."""
    d.mean = p["mean"] + keep * (d.mean - p["mean"])
    d.variance = keep**2 * d.variance + (p["still"] + p["moved"] * speed) ** 2 / 12


class Goal(NamedTuple):
    """What a place's December is set: the plan in members, and the log of its last December; None where not known."""

    plan: float | None
    last: np.ndarray | float | None


class Given(NamedTuple):
    """The particles of a place: parameters (n,), the nation's pasts, how fast it moved in them, and whose is which."""

    parameters: dict[str, np.ndarray]
    past: Past
    speed: np.ndarray
    pointer: np.ndarray

    def take(self, index: np.ndarray) -> "Given":
        """Return the particles of `index`."""
        parameters = {name: values[index] for name, values in self.parameters.items()}
        return Given(parameters, self.past, self.speed, self.pointer[index])


def campaign(
    d: Deviation,
    p: dict[str, np.ndarray],
    year: int,
    goal: Goal,
    low: np.ndarray,
    nation: tuple[np.ndarray, np.ndarray],
    luck: Luck,
) -> None:
    """Draw a place's campaign of a year into `d`, from its plan or else from the nation's.

    `low` is the log of its lasting members, `nation` the share of the gap that the nation closes and its log rise.
    """
    z, (share, rise) = luck.normal(f"close {year}"), nation
    if goal.plan is None:
        d.rise = np.exp(np.clip(np.log(rise) + p["free"] * z, LEAST_RISE, MOST_RISE))
        d.closed = np.zeros(len(z))
    else:
        ambition = 0.0 if goal.last is None else np.log(goal.plan) - goal.last - par.USUAL_AMBITION
        closed = par.clipped(share + p["close_place"] * z - p["ambition"] * ambition)
        excess = par.EXCESS_PLACE * luck.exponential(f"excess {year}") + par.FLOOR
        gap = np.log(goal.plan) - low
        d.rise = closed * par.softplus(gap, par.ROOM) + excess
        d.closed = closed / (1 + np.exp(-np.clip(gap / par.ROOM, -50, 50)))
    d.of_year = year


def filtered(
    known: Known, place: str, given: Given, luck: Luck, choose: Callable[[np.ndarray, str], np.ndarray | None]
) -> tuple[np.ndarray, np.ndarray, Deviation]:
    """Take in the counts of a place; return each particle's ancestor, its log weight, and its deviation at the origin.

    `choose` says from log weights (and the name of the count) which particles go on; None keeps all and their weights.
    """
    n, luck, whole = len(given.pointer), luck.under(f"{place} "), given
    index, weight, p = np.arange(n), np.zeros(n), given.parameters
    price = p["price"] + par.PRICE_OF_PLACE * luck.normal("price")
    d = Deviation(mean=p["mean"].copy(), variance=p["first"] ** 2, price=price, rise=np.zeros(n), closed=np.zeros(n))
    at = None
    for count in known.of(place):
        now = (count.month - BEGIN).n
        if at is not None:
            _moved(d, given, range(at + 1, now + 1))
        at = now
        total = _expected(known, place, given, d, count, luck)
        error = float(np.hypot(count.error, par.LEAST_ERROR["place"]))
        x, variance = count.log - total, d.variance + error**2
        weight = weight + log_normal(x, variance)
        gain = d.variance / variance
        d.mean, d.variance = d.mean + gain * x, d.variance * (1 - gain)
        chosen = choose(weight, str(count.month))
        if chosen is not None:
            index, d, weight = index[chosen], d.take(chosen), np.zeros(n)
            given = whole.take(index)
    months = len(given.past.level)
    _moved(d, given, range(months if at is None else at + 1, months))
    return index, weight, d


def _moved(d: Deviation, given: Given, months: range) -> None:
    """Move a deviation through months of the nation's past."""
    keep = given.parameters["hold"] ** (1 / 12)
    for t in months:
        drift(d, given.parameters, given.speed[t][given.pointer], keep)


def _expected(known: Known, place: str, given: Given, d: Deviation, count: Count, luck: Luck) -> np.ndarray:
    """Return the log of a count as expected, (n,); what is not linear is drawn, some of it into `d`."""
    past, who, p, month = given.past, given.pointer, given.parameters, count.month
    level = past.level[(month - BEGIN).n][who] + known.size(place) - d.price * known.price(place, month)
    year, add = month.year - (month.month < 12), np.zeros(len(who))
    if (month.month == 12 or month.month <= 6) and year >= BEGIN.year:
        nation = past.share[year - BEGIN.year][who], past.rise[year - BEGIN.year][who]
        if d.of_year != year:
            goal = Goal(known.plans.get((place, year)), known.december(place, year - 1))
            if goal.plan is not None:  # what it closes depends on the deviation, so that one is drawn
                d.mean = d.mean + np.sqrt(d.variance) * luck.normal(f"deviation {year}")
                d.variance = np.zeros(len(who))
            campaign(d, p, year, goal, level + d.mean, nation, luck)
        add = add + above(month, d.rise, past.stay[year - BEGIN.year][who])
    bump = luck.bump(f"bump {month}") if bumpy(month) else 0.0
    expected: np.ndarray = level + d.mean + add + bump
    return expected
