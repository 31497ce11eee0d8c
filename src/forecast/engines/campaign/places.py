"""A place given the nation: a deviation from its share, filtered through its counts, and campaigns of its own."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from forecast.engines.campaign import parameters as par
from forecast.engines.campaign.known import Known
from forecast.engines.campaign.nation import BEGIN, Past, above, bumpy
from forecast.engines.campaign.particles import Luck, log_normal


@dataclass
class Deviation:
    """A place's log deviation from its share of the nation: normal given the particle; and its last campaign."""

    mean: np.ndarray
    variance: np.ndarray
    price: np.ndarray
    pace: np.ndarray
    rise: np.ndarray
    of_year: int = 0

    def take(self, index: np.ndarray) -> "Deviation":
        """Return the particles of `index`."""
        arrays = (self.mean, self.variance, self.price, self.pace, self.rise)
        return Deviation(*(values[index] for values in arrays), of_year=self.of_year)


def drift(d: Deviation, p: dict[str, np.ndarray], speed: np.ndarray, keep: np.ndarray) -> None:
    """Move a deviation by one month in which the nation moved by `speed` a year; `keep` is `hold ** (1 / 12)`."""
    d.mean = p["mean"] + keep * (d.mean - p["mean"])
    d.variance = keep**2 * d.variance + (d.pace * (p["still"] + p["moved"] * speed)) ** 2 / 12


def campaign(
    d: Deviation, p: dict[str, np.ndarray], year: int, plan: float | None, last: float | None, low: np.ndarray,
    share: np.ndarray, rise: np.ndarray, luck: Luck,
) -> None:  # fmt: skip
    """Draw a place's campaign of a year into `d`, from its plan or else from the nation's log `rise`.

    `low` is the log of its lasting members, `last` of its last December (None where that is not known).
    """
    z = luck.normal(f"close {year}")
    if plan is None:
        d.rise = np.exp(np.clip(np.log(rise) + p["free"] * z, -7.0, 0.9))
    else:
        missed = 0.0 if last is None else p["ambition"] * (np.log(plan) - last - par.USUAL_AMBITION)
        closed = par.clipped(share + p["close_place"] * z - missed)
        excess = par.EXCESS_PLACE * luck.exponential(f"excess {year}") + par.FLOOR
        d.rise = closed * par.softplus(np.log(plan) - low, par.ROOM) + excess
    d.of_year = year


def filtered(
    known: Known, place: str, p: dict[str, np.ndarray], past: Past, speed: np.ndarray, pointer: np.ndarray, luck: Luck,
    choose: Callable[[np.ndarray, str], np.ndarray | None],
) -> tuple[np.ndarray, np.ndarray, Deviation]:  # fmt: skip
    """Take in the counts of a place; return each particle's ancestor, its log weight, and its deviation at the origin.

    `pointer` says which of the nation's pasts a particle has; `choose` says from log weights which particles go on.
    """
    n = len(pointer)
    name, index, weight = f"{place} ", np.arange(n), np.zeros(n)
    size = known.size(place)
    d = Deviation(
        p["mean"].copy(), p["first"] ** 2, p["price"] + par.PRICE_OF_PLACE * luck.normal(name + "price"),
        np.exp(par.PACE_OF_PLACE * luck.normal(name + "pace")), np.zeros(n),
    )  # fmt: skip
    counts = known.of(place)
    decembers = {c.month.year: c.log for c in counts if c.month.month == 12}
    at, own, who = None, p, pointer
    keep = p["hold"] ** (1 / 12)
    for count in counts:
        now = (count.month - BEGIN).n
        for t in range(now if at is None else at + 1, now + 1):
            if at is not None:
                drift(d, own, speed[t][who], keep)
        at = now
        year = count.month.year - (count.month.month < 12)
        price = d.price * known.price(place, count.month)
        add = 0.0
        if (count.month.month == 12 or count.month.month <= 6) and 2015 <= year:
            if d.of_year != year:
                plan = known.plans.get((place, year))
                if plan is not None:  # what it closes depends on the deviation, so that one is drawn
                    d.mean = d.mean + np.sqrt(d.variance) * luck.normal(f"{name}deviation {year}")
                    d.variance = np.zeros(n)
                low = past.level[now][who] + size + d.mean - price
                campaign(d, own, year, plan, decembers.get(year - 1), low, past.share[year - 2015][who],
                         past.rise[year - 2015][who], luck.under(name))  # fmt: skip
            add = above(count.month, d.rise, past.stay[year - 2015][who])
        bump = luck.bump(f"{name}bump {count.month}") if bumpy(count.month) else 0.0
        x = count.log - (past.level[now][who] + size + d.mean - price + add + bump)
        error = float(np.hypot(count.error, par.LEAST_ERROR["place"]))
        total = d.variance + error**2
        weight = weight + log_normal(x, total)
        gain = d.variance / total
        d.mean, d.variance = d.mean + gain * x, d.variance * (1 - gain)
        chosen = choose(weight, f"{name}{count.month}")
        if chosen is not None:
            index, d, weight = index[chosen], d.take(chosen), np.zeros(n)
            who = pointer[index]
            own = {k: v[index] for k, v in p.items()}
            keep = own["hold"] ** (1 / 12)
    for t in range(len(past.level) if at is None else at + 1, len(past.level)):
        drift(d, own, speed[t][who], keep)
    return index, weight, d
