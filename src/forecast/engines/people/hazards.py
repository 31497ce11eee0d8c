"""How people respond: entry, renewal and return as pure functions that every engine shares.

Rates are per month unless they say otherwise. Functions marked jitted take and return single numbers and run inside
compiled loops; the others take arrays whose last axis is draws. Parameters are rows of data/evidence.csv.
"""

import math
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import pandas as pd
from numba import njit

from forecast.data.law import Law
from forecast.engines.people.draws import Drawn
from forecast.engines.people.memory import compiled_within

# Shares of payers by months paid at once. Nobody publishes them: judgement of the makers.
USUAL_SHARES = {1: 0.15, 3: 0.40, 6: 0.25, 12: 0.18, 60: 0.02}
CAMPAIGN_SHARES = {1: 1.0}  # who was won in a campaign pays month by month, and goes on with a chance (`keep`)
TYPICAL_SPELL = 5.0  # months, mean of USUAL_SHARES without the 60-month payers
ADVISED_SPELL = 12  # months that payers are advised to pay at once
REFERENCE_TENURE_YEARS = 2.0
PENSION_YEARS = 20.0  # of contributions, under which pension_rate was measured (its row in data/evidence.csv)

# Decisions of one person; the person's luck is uniform(person, 32 * month + decision), with months of their own that
# begin at 1 when they join, and month 0 for what is decided once.
RESIST, SPELL, CAMPAIGN, FLOOR, TAIL, LEAVE, LAPSE, RETURN, GIFT, TENURE, DUE, CALLED, WHERE, SIGN = range(14)


class Spells(NamedTuple):
    """How many months people pay at once in a month, by the modes of payment that the law has then."""

    months: np.ndarray  # (spells,) every spell of the scenario, rising; the same in each of its months
    usual: np.ndarray  # (spells,) shares of payers
    campaign: np.ndarray  # (spells,) shares of those who were won in a campaign
    up_to: np.ndarray  # (2, spells - 1) both added up, usual first
    advised: int  # position of the spell that payers are advised to take


def spells(months: pd.PeriodIndex, law: Law) -> list[Spells]:
    """Return how many months people pay at once, month by month.

    The shares are USUAL_SHARES and CAMPAIGN_SHARES; those whose spell the law does not have pay for the next shorter
    one that it has (or the shortest); otherwise nobody pays for a spell of which no share is known, though a gift may
    be as long.
    A law that says nothing of modes of payment has all that shares are known of.

    >>> from forecast.data import toy
    >>> (one,) = spells(pd.period_range("2021-12", periods=1, freq="M"), toy.law())
    >>> one.months.tolist(), one.campaign.tolist(), one.advised
    ([1, 3, 6, 12, 60], [1.0, 0.0, 0.0, 0.0, 0.0], 3)
    """
    return list(_of_months(tuple(map(str, months)), law))


@lru_cache(maxsize=64)
def _of_months(months: tuple[str, ...], law: Law) -> tuple[Spells, ...]:
    """What :func:`spells` says; each batch of draws asks for it."""
    allowed = [law.payment_modes(month) or tuple(USUAL_SHARES) for month in months]
    known = sorted({*USUAL_SHARES, *(mode for modes in allowed for mode in modes)})
    of_modes = {modes: _spells(known, modes) for modes in set(allowed)}
    return tuple(of_modes[modes] for modes in allowed)


def _spells(known: list[int], modes: tuple[int, ...]) -> Spells:
    shares = np.zeros((2, len(known)))
    for row, table in zip(shares, (USUAL_SHARES, CAMPAIGN_SHARES), strict=True):
        for spell, share in table.items():
            row[known.index(max((mode for mode in modes if mode <= spell), default=modes[0]))] += share
    up_to = np.minimum(np.cumsum(shares, axis=1), 1.0)[:, :-1].round(12)
    advised = known.index(max((mode for mode in modes if mode <= ADVISED_SPELL), default=modes[0]))
    usual, campaign = shares
    return Spells(np.array(known), usual, campaign, np.ascontiguousarray(up_to), advised)


def entry_hazard(drawn: Drawn) -> np.ndarray:
    """Hazard of entry per eligible person and month outside campaigns, (draws,), at the reference prices."""
    result: np.ndarray = drawn["entry_rate"] * drawn["place_effect"] / 12
    return result


def inspection_hazard(hours: np.ndarray, eligible: np.ndarray, rate: np.ndarray, effect: np.ndarray) -> np.ndarray:
    """Hazard per month by which inspections find a person who belongs into compulsory insurance.

    All arrays are (months, draws, communes). The moves a year `rate` (draws,) rise by `effect` (draws,) for each of the
    `hours` a thousand of the `eligible` (communes,); this is the rise, which members and those who have not enrolled
    share: an inspector who comes to an employer does not ask who pays voluntarily (judgement).

    >>> hours, eligible = np.full((1, 1, 1), 2.0), np.array([1000.0])
    >>> inspection_hazard(hours, eligible, np.array([0.12]), np.array([0.5])).round(6).tolist()
    [[[0.01]]]
    """
    hazard: np.ndarray = rate[:, None] / 12 * (effect[:, None] * (hours / eligible * 1000))
    return hazard


def other_exits(months: pd.PeriodIndex, drawn: Drawn, law: Law) -> np.ndarray:
    """Hazard per month of a member's death or pension, (months, draws).

    pension_rate was measured where PENSION_YEARS of contributions were asked for; it is inverse to the law's years.
    """
    years = np.array([law.value("min_years_for_pension", m) for m in months])
    return (drawn["death_rate"] + drawn["pension_rate"] * (PENSION_YEARS / years)[:, None]) / 12


@njit(cache=True)
def threshold(log_survival: float, shape: float) -> float:
    """Resistance at a survival level under gamma frailty of mean 1 (jitted): k (S^(-1/k) - 1).

    >>> round(threshold(math.log(0.5), 1.0), 6)
    1.0
    """
    return shape * math.expm1(-log_survival / shape)


@njit(cache=True)
def survival(pressure: float, shape: float) -> float:
    """Share not yet enrolled at a pressure (jitted), the inverse of `threshold`: (1 + P/k)^-k."""
    return math.exp(-shape * math.log1p(pressure / shape))


@njit(cache=True)
def lapse_hazard(annual: float, spell: float) -> float:
    """Hazard of a reference member to stop when a spell of so many months has run out (jitted).

    The annual lapse hazard for a month, times the square root of the spell times the typical one: those who pay long
    decide less often, but more rides on each decision.
    """
    return -math.log1p(-annual) / 12.0 * math.sqrt(spell * TYPICAL_SPELL)


@njit(cache=True)
def tenure_factor(months: float, tenure_effect: float) -> float:
    """What months of membership do to the hazard of lapsing (jitted): ((1 + years) / 3)^-effect, 1 after two years."""
    factor: float = ((1.0 + max(months, 0.0) / 12.0) / (1.0 + REFERENCE_TENURE_YEARS)) ** (-tenure_effect)
    return factor


@njit(cache=True)
def lapse_chance(
    hazard: float, called: bool, campaign: bool, gifted: bool, contact: float, stop: float, kept: float
) -> float:
    """Chance to stop at a due date (jitted).

    `hazard` is lapse_hazard x tenure_factor x exp(renewal_price_response x rise of price/income since the reference
    month). Being called on takes the share `contact` off it. A campaign member stops with chance `stop`; one who was
    given a book stays with chance `kept`.
    """
    if gifted:
        return 1.0 - kept
    if campaign:
        return stop
    return -math.expm1(-hazard * (1.0 - contact) if called else -hazard)


@compiled_within
def spell_of(luck: float, campaign: bool, advised: float, spells: Spells) -> int:
    """Months paid at once (jitted): position in `Spells.months`; `advised` is the share of short payers who follow it.

    It counts the spells whose cumulative share lies below `luck`, in (0, 1): no branch to be guessed wrong.
    """
    kind, take, position = (1, 1.0, 0) if campaign else (0, 1.0 - advised, 0)
    for k in range(spells.up_to.shape[1]):
        position += int(luck >= spells.up_to[kind, k] * (take if k < spells.advised else 1.0))
    return position


@njit(cache=True)
def declared_multiple(luck_floor: float, luck_tail: float, floor_share: float, tail: float) -> float:
    """Declared income in floors (jitted): 1 with chance floor_share, else 1 + exponential with mean `tail` in all."""
    return 1.0 if luck_floor < floor_share else 1.0 - (tail - 1.0) * math.log(luck_tail)
