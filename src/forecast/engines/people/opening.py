"""Who is there before the first month, compiled: names of cells, first resistances, and members with a past."""

import math

import numpy as np

from forecast.data import chance
from forecast.engines.people import hazards as h
from forecast.engines.people.hazards import Spells
from forecast.engines.people.memory import compiled
from forecast.engines.people.person import (
    month_of_leaving,
    name_person,
    next_resistance,
    sleep,
)
from forecast.engines.people.prices import BANDS
from forecast.engines.people.records import (
    CAMPAIGN,
    COMMUNE,
    MEMBER,
    Crowd,
    G,
    Past,
    Pool,
    Rules,
    Who,
)


def met_spells(spells: Spells) -> np.ndarray:
    """Shares of spells as a passer-by meets them, (spells,): long ones are met more often.

    >>> import pandas as pd
    >>> from forecast.data import toy
    >>> (one,) = h.spells(pd.period_range("2021-12", periods=1, freq="M"), toy.law())
    >>> met_spells(one).round(2).tolist()
    [0.02, 0.19, 0.24, 0.35, 0.19]
    """
    met: np.ndarray = spells.months * spells.usual
    result: np.ndarray = met / met.sum()
    return result


@compiled
def name_cells(key: np.uint64, commune_numbers: np.ndarray, out: np.ndarray) -> None:
    """Name the cells of each commune: keys in the order commune, group, band."""
    j = 0
    for c in range(len(commune_numbers)):
        commune = chance.child(key, commune_numbers[c])
        for g in range(G):
            group = chance.child(commune, g)
            for band in range(BANDS):
                out[j] = chance.child(group, band)
                j += 1


@compiled
def first_resistances(pool: Pool, shape: float) -> None:
    """Draw the lowest resistance of each cell of a pool."""
    for p in range(len(pool.left)):
        next_resistance(pool, p, shape)


@compiled
def open_members(opening: np.ndarray, crowd: Crowd, rules: Rules, past: Past) -> None:
    """Make the opening members, the lowest resistances of each cell (see `People.open`)."""
    pool, ledger = crowd.pool, crowd.ledger
    for j in range(len(opening)):
        for r in range(opening[j]):
            _was_member(j, r, crowd, rules, past)
        m, n = opening[j], pool.left[j]
        pool.left[j], pool.rank[j] = n - m, m
        if n > m:
            pool.log_survival[j] = math.log((n - m) / n)
            ledger.pressure[j] = h.threshold(pool.log_survival[j], rules.frailty_shape)
        next_resistance(pool, j, rules.frailty_shape)


@compiled
def _was_member(j: int, r: int, crowd: Crowd, rules: Rules, past: Past) -> None:
    """Make one opening member of cell `j`, with a past as a member."""
    c, g, first, ledger = j // COMMUNE, (j // BANDS) % G, 32 * past.month, crowd.ledger
    i = ledger.count[0]
    ledger.count[0] += 1
    person = crowd.table[i]
    key = chance.child(crowd.pool.key[j], r)
    tenure = min(1 + int(-24.0 * math.log(chance.uniform(key, first + h.TENURE))), 150)
    luck, below, s = chance.uniform(key, first + h.SPELL), 0.0, 0
    for k in range(len(past.met)):
        below += past.met[k]
        s = k
        if luck < below:
            break
    signed = chance.uniform(key, first + h.CAMPAIGN) < past.campaign
    if signed:
        s = h.spell_of(luck, True, 0.0, past.spells)
        tenure = 1
    name_person(rules, person, key, j, 1 - tenure, 1.0)
    person.due = 1 + int(chance.uniform(key, first + h.DUE) * past.spells.months[s])
    person.subsidized = min(tenure, past.subsidized)
    person.state, person.kind, person.spell, person.since = MEMBER, CAMPAIGN if signed else 0, s, 1 - tenure
    person.leave = month_of_leaving(ledger, c, 0, chance.uniform(key, first + h.LEAVE))
    ledger.members[c, g] += 1
    ledger.campaign[c, g] += person.kind & CAMPAIGN
    ledger.due[person.due, c] += 1
    sleep(ledger, person, crowd.wake, Who(i, c, g), 0)
