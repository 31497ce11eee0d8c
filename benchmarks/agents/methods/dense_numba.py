"""Dense numba: one compiled loop over all people in each month, everybody asked what they do."""

import math

import numpy as np
import work as w
from numba import njit, uint64

NEVER, MEMBER, LAPSED, GONE = w.NEVER, w.MEMBER, w.LAPSED, w.GONE
SPELLS, SHARES, LAPSE = w.SPELLS, np.cumsum(w.SPELL_SHARES), w.LAPSE
LEAVE, RETURN = w.LEAVE, w.RETURN


@njit(inline="always")
def uniform(at):
    """SplitMix64: the number at place `at` of a sequence, in [0, 1)."""
    x = at * uint64(0x9E3779B97F4A7C15)
    x = (x ^ (x >> uint64(30))) * uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> uint64(27))) * uint64(0x94D049BB133111EB)
    x = x ^ (x >> uint64(31))
    return float(x >> uint64(11)) * 2.0**-53


@njit(inline="always")
def spell_of(luck):
    for s in range(4):
        if luck < SHARES[s]:
            return s
    return 4


@njit(cache=True)
def month(t, at, hazard, cell, frailty, life):
    """Live month `t`; `at` is where the sequence of luck stands. Returns entries and the new place."""
    state, due, spell = life
    entries, one = 0, uint64(1)
    for i in range(len(cell)):
        if state[i] == NEVER:
            at += one
            luck = uniform(at)
            x = frailty[i] * hazard[cell[i]]
            if luck < x and luck < -math.expm1(-x):
                entries += 1
                state[i] = MEMBER
                at += one
                spell[i] = spell_of(uniform(at))
                due[i] = t + SPELLS[spell[i]]
        elif state[i] == MEMBER:
            at += one
            if uniform(at) < LEAVE:
                state[i] = GONE
            elif due[i] <= t:
                at += one
                if uniform(at) < LAPSE[spell[i]]:
                    state[i] = LAPSED
                else:
                    at += one
                    spell[i] = spell_of(uniform(at))
                    due[i] = t + SPELLS[spell[i]]
        elif state[i] == LAPSED:
            at += one
            if uniform(at) < RETURN:
                state[i] = MEMBER
                at += one
                spell[i] = spell_of(uniform(at))
                due[i] = t + SPELLS[spell[i]]
    return entries, at


class People:
    def __init__(self, work, seed):
        self.work, self.entries = work, 0
        self.at = np.uint64(seed) << np.uint64(40)
        self.cell = w.cell_of_people(work)
        self.frailty = w.frailties(work, np.random.default_rng(seed))
        self.state = np.zeros(work.people, np.int8)
        self.due, self.spell = np.zeros(work.people, np.int16), np.zeros(work.people, np.int8)


def prepare(work, seed):
    return People(work, seed)


def live(people):
    p, hazard = people, people.work.hazard.astype(np.float32)
    for t in range(1, p.work.months + 1):
        new, p.at = month(t, np.uint64(p.at), hazard[t], p.cell, p.frailty, (p.state, p.due, p.spell))
        p.entries += new


def count(people):
    return [(people.entries, int((people.state == MEMBER).sum()))]
