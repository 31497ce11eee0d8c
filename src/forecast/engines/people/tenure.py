"""How unevenly tenure is spread among members, and who of them has used up the months of subsidy (compiled).

Of many members, the sum of their months of membership and the sum of squares are known; 1 + years of tenure is taken as
log-normal with that mean and variance. Months since joining stand for months with subsidy, which is rough for members
who had paid ahead or had lapsed.
"""

import math
from typing import NamedTuple

import numpy as np

from forecast.engines.people.commission import NEW_FOR
from forecast.engines.people.hazards import Spells
from forecast.engines.people.memory import compiled


class Slots(NamedTuple):
    """How members are told apart by what they paid."""

    spells: Spells  # shares of this month
    newly: np.ndarray  # (spells,) months by which a new member's payment is worth more to collectors than a renewal
    first: np.ndarray  # (spells + 1,) first slot of each spell; a slot is (spell, months until due)
    campaign_ever: np.ndarray  # (spells,) does anybody of a campaign ever pay so?
    gifted: bool  # has anybody been given a book by now?
    subsidy_months: int  # for which the state subsidizes one person
    subsidized: int  # months since the subsidy began: nobody has had more


class Due(NamedTuple):
    """Members whose paid months end, or who lapse: how many, their tenure and its squares added up."""

    n: float
    months: float
    squares: float


@compiled
def uneven(due: Due) -> float:
    """How uneven tenure is: variance over squared mean of 1 + years."""
    mean = 1.0 + due.months / due.n / 12.0
    variance = (due.squares / due.n - (due.months / due.n) ** 2) / 144.0
    return max(variance, 0.0) / mean**2


@compiled
def _shorter(due: Due, months: float) -> float:
    """Share of members whose tenure is below so many months, as if 1 + years were log-normal."""
    if months <= 0.0:
        return 0.0
    variance = math.log1p(uneven(due))
    center = math.log(1.0 + due.months / due.n / 12.0) - variance / 2.0
    distance = math.log(1.0 + months / 12.0) - center
    if variance <= 1e-12:
        return 1.0 if distance > 0.0 else 0.0
    return 0.5 * math.erfc(-distance / math.sqrt(2.0 * variance))


@compiled
def first_year(due: Due) -> float:
    """Share of members who pay again while they still count as new."""
    return _shorter(due, NEW_FOR - 0.5)


@compiled
def used_up(due: Due, slots: Slots) -> float:
    """Share of due members whose months of subsidy are used up."""
    if slots.subsidized < slots.subsidy_months:
        return 0.0
    return 1.0 - _shorter(due, slots.subsidy_months - 0.5)  # tenure is in whole months


@compiled
def supported_months(due: Due, spell: int, slots: Slots) -> float:
    """Months with subsidy, in the mean, in a spell that members pay who have been there before.

    The integral over the spell of the share who still have a month left; Simpson's rule where tenure decides it.
    """
    end = float(slots.subsidy_months)
    if slots.subsidized + spell <= end or due.n <= 0.0:
        return float(spell)
    begin = max(end - spell, 0.0)
    sure = max(end - max(begin, float(slots.subsidized)), 0.0)  # nobody has had so many months by now
    until = min(end, float(slots.subsidized))
    if until <= begin:
        return sure
    middle = _shorter(due, (begin + until) / 2.0)
    return sure + (until - begin) / 6.0 * (_shorter(due, begin) + 4.0 * middle + _shorter(due, until))
