"""What is believed of the model's parameters before any count is seen, and the coordinates in which they move.

The numbers are the makers' judgement on studies and on the first look at the counts; decision 0023 says which counts
they had seen. A parameter moves without limits as itself, as a logarithm or as a logit.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import betaincinv, expit, logit, ndtr, ndtri


@dataclass(frozen=True)
class Prior:
    """A normal (center, spread), a half-normal (0, spread) or a beta distribution (center and spread its counts)."""

    kind: str
    center: float
    spread: float
    meaning: str

    def draws(self, z: np.ndarray) -> np.ndarray:
        """Return the values at standard normal scores `z`, same shape."""
        if self.kind == "normal":
            return self.center + self.spread * z
        if self.kind == "half":
            return self.spread * ndtri(0.5 + 0.5 * np.clip(ndtr(z), 1e-9, 1 - 1e-9))
        beta: np.ndarray = betaincinv(self.center, self.spread, np.clip(ndtr(z), 1e-9, 1 - 1e-9))
        return beta

    def free(self, value: np.ndarray) -> np.ndarray:
        """Return values in coordinates without limits."""
        if self.kind == "normal":
            return value
        wide: np.ndarray = np.log(value + 1e-9) if self.kind == "half" else logit(value)
        return wide

    def back(self, coordinate: np.ndarray) -> np.ndarray:
        """Return what :meth:`free` was given."""
        kind = self.kind
        return coordinate if kind == "normal" else np.exp(coordinate) if kind == "half" else expit(coordinate)


NATION: dict[str, Prior] = {
    "growth": Prior("normal", 0.027, 0.010, "mean growth of the log of lasting members a quarter"),
    "keep": Prior("beta", 9, 3, "share of the growth above its mean that is kept a quarter later"),
    "toss": Prior("half", 0, 0.03, "spread of a quarter's change of growth at a million members"),
    "push": Prior("normal", 0.04, 0.04, "what the subsidy of 2018 added to growth a quarter, wearing out"),
    "price": Prior("normal", 0.15, 0.07, "fall of lasting members per log of the net price"),
    "close": Prior("normal", 0.9, 0.25, "share of the gap to the plan that a December closes"),
    "close_year": Prior("half", 0, 0.4, "its spread between years"),
    "ambition": Prior("half", 0, 2.0, "its fall per log of the plan over last December above 0.3"),
    "increment": Prior("normal", 0.3, 0.08, "log of an unknown plan of the nation over last December"),
    "stay": Prior("normal", -2.2, 0.5, "logit of the share of a campaign that is left after three months"),
}
PLACES: dict[str, Prior] = {
    "mean": Prior("normal", -0.2, 0.2, "mean log deviation of a place from its share of the nation"),
    "first": Prior("half", 0, 0.7, "its spread between places"),
    "still": Prior("half", 0, 0.12, "spread of a year's change of it"),
    "moved": Prior("half", 0, 0.3, "more of it per log growth of the nation in the year"),
    "hold": Prior("beta", 18, 2, "share of it that is kept a year later"),
    "close_place": Prior("half", 0, 0.25, "spread of the closed share between places"),
    "free": Prior("half", 0, 0.35, "log spread of campaigns between places whose plan is not known"),
}
PRICE_OF_PLACE = 0.1  # spread of the price's effect between places
INCREMENT_OF_YEAR, STAY_OF_YEAR = 0.15, 0.7  # spreads between years
EXCESS_NATION, EXCESS_PLACE, FLOOR = 0.035, 0.025, 0.002  # mean log excess of a campaign over the plan, and its least
USUAL_AMBITION = 0.3
CURVE, REACH = 1.0, 1.5  # small stocks move faster: (L / 1m) ** -CURVE, within exp(REACH) of 1m
WEAR, PUSHED = 4.0, 2018  # years in which the push falls to 1/e, and the year in which it began
BUMPS = ((0.75, 0.02), (0.25, 0.12))  # share and mean of the two kinds of bumps of counts from April to November
TIGHT, ROOM = 0.05, 0.03  # roundings of the clip of the closed share, and of the gap
LEAST_ERROR = {"nation": 0.012, "place": 0.03}  # of the log of a count, whatever its source says
JUMP = (0.1, 2.0, 0.816)  # share of months that move so much further, and how far the others move: variance 1


def softplus(x: np.ndarray, width: float) -> np.ndarray:
    """Return max(x, 0) with its corner rounded within `width`.

    >>> float(softplus(np.array(1.0), 0.03).round(6))
    1.0
    """
    rounded: np.ndarray = width * np.logaddexp(0.0, np.asarray(x) / width)
    return rounded


def clipped(k: np.ndarray) -> np.ndarray:
    """Return `k` within 0 and 1, corners rounded within :data:`TIGHT`."""
    return 1 - softplus(1 - softplus(k, TIGHT), TIGHT)


def pace(level: np.ndarray) -> np.ndarray:
    """Return how much faster than at a million members a stock of log size `level` moves, in percent of itself."""
    faster: np.ndarray = np.exp(-CURVE * np.clip(level - np.log(1e6), -REACH, REACH))
    return faster


def push_left(time: float) -> float:
    """Return how much of the push of 2018 is left at a time in years (2018.5 is the end of June 2018)."""
    return float(np.exp(-(time - PUSHED) / WEAR)) if time >= PUSHED else 0.0


def left_of(rise: np.ndarray, stay: np.ndarray, months: int) -> np.ndarray:
    """Return the log by which members stand above lasting ones so many months after a December of log rise `rise`.

    `stay` is the share of campaign members that is left after three months.
    """
    left: np.ndarray = np.log1p(stay ** (months / 3) * np.expm1(rise))
    return left
