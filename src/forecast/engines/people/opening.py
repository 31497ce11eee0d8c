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


def rows_of_members(members: np.ndarray, persons: int, luck: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Put opening members (cells,) into rows of so many `persons`: rows, and whom the first row stands for, (cells,).

    The members of a commune and group stand in a line, band by band, and every so many of them are a row, in the cell
    of one of them (the same one in each row, by `luck` (communes x groups,), so that each band has its due). What is
    left over is the row that comes last, so that the persons of all rows are as many as there are.

    >>> members = np.array([0, 3, 1, 0, 9, 0, 4, 1])
    >>> rows, first = rows_of_members(members, 4, np.array([0.6]))
    >>> rows.tolist(), first.tolist()
    ([0, 1, 0, 0, 2, 0, 1, 1], [4, 4, 4, 4, 4, 4, 4, 2])
    """
    line = np.cumsum(members.reshape(-1, BANDS), axis=1)
    whole, rest = np.divmod(line[:, -1:], persons)
    place = np.floor(luck[:, None] * persons).astype(np.int64)
    full = np.clip((line - place + persons - 1) // persons, 0, whole)
    light = (line > whole * persons + np.floor(luck[:, None] * rest)) & (rest > 0)  # from the cell of the last row on
    rows = np.diff(full + light, axis=1, prepend=0)
    first = np.where(np.diff(light, axis=1, prepend=False), rest, persons)
    return rows.ravel(), first.ravel()


def rows_to_come(left: np.ndarray, persons: int, luck: np.ndarray) -> np.ndarray:
    """Rows of so many `persons` in which people who have not enrolled (cells,) can come, in the mean as many as they.

    >>> rows_to_come(np.array([0, 3, 1, 0, 9, 0, 4, 1]), 4, np.array([0.6])).tolist()
    [0, 1, 0, 0, 2, 0, 1, 1]
    """
    line = np.cumsum(left.reshape(-1, BANDS), axis=1) / persons + luck[:, None]
    rows: np.ndarray = np.diff(np.floor(line), axis=1, prepend=0.0).astype(np.int64)
    return rows.ravel()


@compiled
def open_members(
    cells: tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray], crowd: Crowd, rules: Rules, past: Past
) -> None:
    """Make the opening members, the lowest resistances of each cell (see `People.open`).

    `cells` are persons, members, their rows and whom the first row stands for, each (cells,).
    """
    (people, opening, rows, first), pool, ledger = cells, crowd.pool, crowd.ledger
    for j in range(len(opening)):
        for r in range(rows[j]):
            _was_member(j, r, first[j] if r == 0 else crowd.persons, crowd, rules, past)
        m, n = opening[j], people[j]
        pool.rank[j] = rows[j]
        if n > m:
            pool.log_survival[j] = math.log((n - m) / n)
            ledger.pressure[j] = h.threshold(pool.log_survival[j], rules.frailty_shape)
        next_resistance(pool, j, rules.frailty_shape)


@compiled
def _was_member(j: int, r: int, persons: int, crowd: Crowd, rules: Rules, past: Past) -> None:
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
    person.persons = persons
    person.due = 1 + int(chance.uniform(key, first + h.DUE) * past.spells.months[s])
    person.subsidized = min(tenure, past.subsidized)
    person.state, person.kind, person.spell, person.since = MEMBER, CAMPAIGN if signed else 0, s, 1 - tenure
    person.leave = month_of_leaving(ledger, c, 0, chance.uniform(key, first + h.LEAVE))
    ledger.members[c, g] += persons
    ledger.campaign[c, g] += persons * (person.kind & CAMPAIGN)
    ledger.due[person.due, c] += persons
    sleep(ledger, person, crowd.wake, Who(i, c, g), 0)
