"""What income members declare (compiled): the floor, or more; who declares more keeps it in VND when the floor moves.

A member declares the floor with a chance, else 1 + an exponential number of floors of the month of joining. Of many,
the share above the floor and their mean excess (in floors) are known. When the floor rises to 1/r of itself, an excess
x becomes (1 + x) r - 1, or nothing; what is left of an exponential excess above a limit is exponential again, so that
a share and a mean are all that is needed.
"""

import math

from forecast.engines.people.memory import compiled
from forecast.engines.people.records import Rules

POOREST = 2  # poor and near-poor people are the first two groups


@compiled
def share_above(rules: Rules, g: int) -> float:
    """Share of a group's new members who declare more than the floor: fewer of the poor and the near-poor."""
    above: float = (1.0 - rules.floor_share) * (rules.poor_above_floor if g < POOREST else 1.0)
    return above


@compiled
def after_move(share: float, excess: float, ratio: float) -> tuple[float, float]:
    """Share above the floor and their mean excess after the floor has moved; `ratio` is the old floor over the new one.

    >>> after_move(0.4, 1.2, 1.0)
    (0.4, 1.2)
    """
    if ratio >= 1.0 or excess <= 0.0:
        return share, excess
    return share * math.exp(-(1.0 / ratio - 1.0) / excess), excess * ratio


@compiled
def mean_declared(share: float, excess: float, ceiling: float) -> float:
    """Mean declared income in floors, up to the ceiling.

    >>> mean_declared(0.5, 2.0, 1e9)
    2.0
    """
    cut = math.exp(-(ceiling - 1.0) / excess) if excess > 0.0 else 0.0
    return 1.0 + share * excess * (1.0 - cut)
