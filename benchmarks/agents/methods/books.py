"""A life with the books that this engine keeps, for compiled programs that live it by events; what they share.

A book is a number by month, commune and group: entries, returns, lapses, who leaves and where to, who has paid 9 of the
last 12 months, the months that are paid and by whom, what new members are worth to collectors, and members. Beside
them stand the members who are due in each month, by commune. Luck is a sequence and not a name, so that two policies
cannot be paired; all else is as in `forecast.py`.
"""

import math
from typing import NamedTuple

import numpy as np
import work as w
from numba import njit, uint64

from methods.dense_numba import spell_of, uniform

BOOKS = (
    "entries returns lapses exits_compulsory exits_other active_9of12 paid_months"
    " paid_members paid_state paid_province paid_donors newly members"
).split()
ENTRIES, RETURNS, LAPSES, TO_COMPULSORY, TO_OTHER, ACTIVE, PAID_MONTHS, DECLARED, SUPPORTED = range(9)
BY_PROVINCE, BY_DONORS, NEWLY, MEMBERS = range(9, 13)
MEMBER, LAPSED, GONE = 0, 1, 2
LONG, NEW_FOR, MOST_FLOORS, SUBSIDY_MONTHS = 32767, 12, 20.0, 120
CONTRIBUTION, STATE, PROVINCE, DONORS = 330_000.0, 0.2, 0.1, 0.0
SHAPE, COMPULSORY = w.FRAILTY_SHAPE, 0.75
SPELLS, LAPSE, LEAVE_HAZARD, RETURN_HAZARD = w.SPELLS, w.LAPSE, w.LEAVE_HAZARD, w.RETURN_HAZARD
compiled = njit(cache=True, nogil=True, error_model="numpy", _nrt=False)  # without counts of references: they cost most
inlined = njit(inline="always", error_model="numpy", _nrt=False)
PERSON = np.dtype(
    [
        ("declared", np.float32),
        ("cell", np.int32),
        ("joined", np.int16),
        ("due", np.int16),
        ("leave", np.int16),  # of a member; of a lapsed person: the month of the return
        ("since", np.int16),
        ("active", np.int16),
        ("paid", np.int16),  # a bit for each of the 12 months before `since`
        ("subsidized", np.int16),
        ("state", np.int8),
        ("spell", np.int8),
        ("nine", np.int8),  # is counted as one who has paid 9 of 12 months
    ],
    align=True,
)


class Declaring(NamedTuple):
    """Who declares more than the floor, by group, and how much more in the mean; what a new member is worth."""

    above: np.ndarray
    excess: float
    newly: np.ndarray


def declaring() -> Declaring:
    """Take them from the tables, as this engine does."""
    from forecast.beliefs.parameters import parameters_table

    of = parameters_table()["value"].to_dict()
    above = (1.0 - of["floor_share"]) * np.array([of["poor_above_floor"]] * 2 + [1.0] * (w.GROUPS - 2))
    return Declaring(above, of["declared_tail"] - 1.0, np.zeros(len(SPELLS)))


@inlined
def draw(luck):
    luck[0] += uint64(1)
    return uniform(luck[0])


@inlined
def after(t, hazard, luck):
    """The month after `t` in which a clock of constant hazard strikes."""
    months = -math.log(1.0 - draw(luck)) / hazard
    return t + 1 + int(months) if months < LONG - 1000 else LONG


@inlined
def log_uniform(luck):
    return math.log(1.0 - draw(luck))


@compiled
def pay(p, t, row, due, c, newly, luck):
    s = spell_of(draw(luck))
    months = SPELLS[s]
    p.spell = s
    p.due = t + months
    due[min(t + months, due.shape[0] - 1), c] += 1
    supported = min(months, max(0, SUBSIDY_MONTHS - p.subsidized))
    p.subsidized += supported
    row[PAID_MONTHS] += months
    if p.since == p.joined and t - p.joined < NEW_FOR:
        row[NEWLY] += newly[s]
    row[DECLARED] += months * min(max(p.declared, 1.0), MOST_FLOORS)
    row[SUPPORTED] += supported


@compiled
def begin(p, t, row, due, c, newly, luck):
    """Become a member, for the first time or again; return the month in which to look again."""
    p.state, p.since = MEMBER, t
    row[MEMBERS] += 1
    pay(p, t, row, due, c, newly, luck)
    p.leave = after(t, LEAVE_HAZARD, luck)
    mask, wanted = p.paid, 0
    while wanted < 9:  # months in a row until 9 of the last 12 are paid
        mask = ((mask << 1) | 1) & 4095
        wanted += 1
        bits, rest = 0, mask
        while rest:
            rest &= rest - 1
            bits += 1
        if bits >= 9:
            break
    p.active, p.nine = t + wanted - 1, 0
    return look_again(p, t, row)


@compiled
def look_again(p, t, row):
    if not p.nine and p.active <= t:
        p.nine = 1
        row[ACTIVE] += 1
    first = min(p.due, p.leave)
    return first if p.nine else min(first, p.active)


@compiled
def enroll(p, t, row, due, where, rules, luck):
    """Enroll as a person of a cell; return the month in which to look again."""
    c, g, cell = where
    p.cell, p.joined, p.paid, p.subsidized = cell, t, 0, 0
    p.declared = 1.0
    if draw(luck) < rules.above[g]:
        p.declared = 1.0 - rules.excess * log_uniform(luck)
    row[ENTRIES] += 1
    return begin(p, t, row, due, c, rules.newly, luck)


@compiled
def happen(p, t, row, due, c, newly, luck):
    """Let happen what happens to a person in a month; return the month in which to look again."""
    if p.state == LAPSED:
        row[RETURNS] += 1
        p.paid = (p.paid << min(t - 1 - p.since, 12)) & 4095
        return begin(p, t, row, due, c, newly, luck)
    if p.leave <= t:
        row[MEMBERS] -= 1
        row[ACTIVE] -= p.nine
        if p.due > t:
            due[min(p.due, due.shape[0] - 1), c] -= 1
        row[TO_COMPULSORY if draw(luck) < COMPULSORY else TO_OTHER] += 1
        p.state = GONE
        return LONG
    if p.due <= t:
        if draw(luck) < LAPSE[p.spell]:
            row[MEMBERS] -= 1
            row[ACTIVE] -= p.nine
            row[LAPSES] += 1
            streak = min(t - p.since, 12)
            p.paid = (((p.paid << streak) | ((1 << streak) - 1)) << 1) & 4095
            p.since, p.state = t, LAPSED
            return after(t, RETURN_HAZARD, luck)
        pay(p, t, row, due, c, newly, luck)
    return look_again(p, t, row)


@compiled
def settle(row):
    """Turn a month's paid months into money, VND."""
    declared, supported = row[DECLARED] * CONTRIBUTION, row[SUPPORTED] * CONTRIBUTION
    row[SUPPORTED], row[BY_PROVINCE], row[BY_DONORS] = supported * STATE, supported * PROVINCE, supported * DONORS
    row[DECLARED] = declared - row[SUPPORTED] - row[BY_PROVINCE] - row[BY_DONORS]


@compiled
def next_log_survival(left, log_survival, luck):
    """The survival level of the lowest resistance of those who are left."""
    return log_survival + log_uniform(luck) / left


@compiled
def resistance(log_survival):
    return SHAPE * math.expm1(-log_survival / SHAPE)
