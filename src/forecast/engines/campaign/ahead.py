"""What comes after the origin: the months of the nation and of a place, drawn forward from what was learned."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from forecast.engines.campaign import parameters as par
from forecast.engines.campaign.beliefs import Beliefs, states
from forecast.engines.campaign.known import NATION, Known
from forecast.engines.campaign.nation import above, bumpy, step
from forecast.engines.campaign.particles import Luck
from forecast.engines.campaign.places import Deviation, campaign, drift

CEILING = 0.2  # share of the labor force at which lasting members grow no more (see the series engine)


@dataclass(frozen=True, eq=False)
class Paths:
    """Members and lasting members of some draws, persons, each (months, draws); the first month is after the origin."""

    months: pd.PeriodIndex
    members: np.ndarray
    lasting: np.ndarray


def ahead(
    b: Beliefs, place: str, months: pd.PeriodIndex, draws: range, seed: int, known: Known | None = None,
    state: Deviation | None = None,
) -> Paths:  # fmt: skip
    """Draw the members of `place` in `months`, which begin after the origin of `b`; draw d stands on row d modulo R.

    All places have the same nation in the same draw. `known` replaces what the rows know of the place (its own counts
    and plans); `state` is :func:`states` of it, found here when left out.
    """
    known = known or b.known
    row = np.array([d % b.rows for d in draws])
    p = {k: v[row] for k, v in b.parameters.items()}
    s, shared = b.nation.take(row), Luck.of(seed, draws, NATION)
    own = Luck.of(seed, draws, place)
    d = None if place == NATION else (state or states(b, place, known)).take(row)
    lately = list(b.past.level[-12:, row])
    keep = p["hold"] ** (1 / 12)
    ceiling = np.log(CEILING * known.labor_force[NATION])
    decembers = {c.month.year: c.log for c in known.of(place) if c.month.month == 12}
    last: np.ndarray | float | None = decembers.get(b.known.origin.year - (b.known.origin.month < 12))
    if d is not None:
        first = d.mean + np.sqrt(d.variance) * own.normal("deviation")
        d.mean, d.variance = first, np.zeros(len(row))
        _open_winter(b, d, p, s, known, place, own, decembers)
    members, lasting = np.empty((2, len(months), len(row)))
    for t, month in enumerate(months):
        step(s, p, known, month, shared, ceiling)
        lately = [*lately[1:], s.level]
        price, size, add = p["price"], 0.0, above(month, s.rise, s.stay)
        if d is not None:
            drift(d, p, np.abs(lately[-1] - lately[0]) * 12 / 11, keep)
            d.mean = d.mean + np.sqrt(d.variance) * own.toss(f"deviation {month}")
            d.variance = np.zeros(len(row))
            price, size = d.price, known.size(place) + d.mean
        low = s.level + size - price * known.price(place, month)
        if d is not None:
            if month.month == 12:
                campaign(d, p, month.year, known.plans.get((place, month.year)), last, low, s.share, s.rise, own)
                last = low + d.rise
            add = above(month, d.rise, s.stay)
        error = par.LEAST_ERROR["nation" if d is None else "place"]
        bump = own.bump(f"bump {month}") if bumpy(month) else 0.0
        lasting[t] = np.exp(low)
        members[t] = np.exp(low + add + bump + error * own.normal(f"count {month}"))
    return Paths(months, members, lasting)


def _open_winter(b, d, p, s, known, place, own, decembers) -> None:
    """Draw the campaign of the last December where no count has told of it and some of it may still be left."""
    origin = b.known.origin
    year = origin.year - (origin.month < 12)
    if d.of_year == year or not (origin.month == 12 or origin.month < 6):
        return
    low = s.level + known.size(place) + d.mean - d.price * known.price(place, origin)
    campaign(d, p, year, known.plans.get((place, year)), decembers.get(year - 1), low, s.share, s.rise, own)



