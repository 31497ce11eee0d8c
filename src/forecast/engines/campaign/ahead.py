"""What comes after the origin: the months of the nation and of a place, drawn forward from what was learned."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from forecast.engines.campaign.beliefs import Beliefs, states
from forecast.engines.campaign.known import NATION, Known
from forecast.engines.campaign.nation import Nation, above, bumpy, step
from forecast.engines.campaign.particles import Luck
from forecast.engines.campaign.places import Deviation, Goal, campaign, drift

CEILING = 0.2  # share of the labor force at which lasting members grow no more (see the series engine)


@dataclass(frozen=True, eq=False)
class Paths:
    """Members and lasting members of some draws, persons, each (months, draws); the first month is the origin.

    `keep` is the chance that a campaign member pays for one month more, `closed` the share by which the campaign of a
    December shrinks with the gap to the plan (0 where the plan is not known, and in other months).
    """

    months: pd.PeriodIndex
    members: np.ndarray
    lasting: np.ndarray
    keep: np.ndarray
    closed: np.ndarray


def ahead(
    b: Beliefs,
    place: str,
    months: pd.PeriodIndex,
    draws: range,
    seed: int,
    known: Known | None = None,
    state: Deviation | None = None,
    *,
    rows: list[int] | None = None,
) -> Paths:
    """Draw the members of `place` in `months`, the first of which is the origin of `b`.

    Draw d has row d modulo R of `b`, or that of `rows`, one number for each draw.

    All places have the same nation in the same draw. `known` replaces what the rows know of the place (its own counts
    and plans); `state` is :func:`states` of it, found here when left out.
    """
    known = known or b.known
    row = np.array([d % b.rows for d in (draws if rows is None else rows)])
    p = {k: v[row] for k, v in b.parameters.items()}
    s, shared, local = b.nation.take(row), Luck.of(seed, draws, NATION), Luck.of(seed, draws, place)
    lately = list(b.past.level[-13:, row])
    ceiling = np.log(CEILING * known.labor_force[NATION])
    asked = _Place(known, place, p, None if place == NATION else (state or states(b, place, known)).take(row), local)
    members, lasting, keep, closed = np.zeros((4, len(months), len(row)))
    for t, month in enumerate(months):
        if t > 0:
            step(s, p, known, month, shared, ceiling)
            lately = [*lately[1:], s.level]
        low, rise = asked.month(s, month, np.abs(lately[-1] - lately[0]), moved=t > 0)
        bump = local.bump(f"bump {month}") if bumpy(month) else 0.0
        lasting[t] = low
        members[t] = low + above(month, rise, s.stay) + bump
        keep[t] = s.stay ** (1 / 3)
        if month.month == 12:
            closed[t] = asked.closed(s)
    return Paths(months, np.exp(members), np.exp(lasting), keep, closed)


class _Place:
    """The place that is asked about, month by month; the nation itself has no deviation."""

    def __init__(self, known: Known, place: str, p: dict[str, np.ndarray], d: Deviation | None, luck: Luck):
        self.known, self.place, self.p, self.d, self.luck = known, place, p, d, luck
        self.decembers: dict[int, np.ndarray | float] = {
            c.month.year: c.log for c in known.of(place) if c.month.month == 12
        }
        self.keep = p["hold"] ** (1 / 12)
        if d is not None:
            d.mean = d.mean + np.sqrt(d.variance) * luck.normal("deviation")

    def closed(self, s: Nation) -> np.ndarray:
        """Return by which share this December's campaign shrinks with the gap to the plan."""
        return s.closed if self.d is None else self.d.closed

    def month(self, s: Nation, month: pd.Period, speed: np.ndarray, moved: bool) -> tuple[np.ndarray, np.ndarray]:
        """Return the log of lasting members at the end of `month`, and the log rise of the December that counts."""
        if self.d is None:
            return s.level - self.p["price"] * self.known.price(NATION, month), s.rise
        d = self.d
        if moved:
            d.variance = np.zeros(len(speed))
            drift(d, self.p, speed, self.keep)
            d.mean = d.mean + np.sqrt(d.variance) * self.luck.toss(f"deviation {month}")
        low = s.level + self.known.size(self.place) + d.mean - d.price * self.known.price(self.place, month)
        year = month.year - (month.month < 12)
        if d.of_year != year and (month.month == 12 or month.month <= 6):
            goal = Goal(self.known.plans.get((self.place, year)), self.decembers.get(year - 1))
            campaign(d, self.p, year, goal, low, (s.share, s.rise), self.luck)
            if month.month == 12:
                self.decembers[year] = low + d.rise
        return low, d.rise
