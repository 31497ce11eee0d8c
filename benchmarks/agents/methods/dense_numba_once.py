"""Dense numba, the leanest that we know: everybody's resistance is drawn once, and compared in each month.

This takes the idea of the event engine (Sellke's resistances) without its order statistics: no luck is drawn in the
months of those who never enroll, but every person is still looked at.
"""

import numpy as np
import work as w
from numba import njit, uint64

from methods.dense_numba import GONE, LAPSE, LAPSED, LEAVE, MEMBER, NEVER, RETURN, SPELLS, spell_of, uniform


@njit(cache=True)
def month(t, at, pressure, cell, resistance, life):
    """Live month `t`; returns entries and the new place in the sequence of luck."""
    state, due, spell = life
    entries, one = 0, uint64(1)
    for i in range(len(cell)):
        if state[i] == NEVER:
            if pressure[cell[i]] >= resistance[i]:
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
        rng = np.random.default_rng(seed)
        self.work, self.entries, self.at = work, 0, np.uint64(seed) << np.uint64(40)
        self.cell = w.cell_of_people(work)
        with np.errstate(divide="ignore"):  # a frailty that is zero in single precision never enrolls
            self.resistance = rng.standard_exponential(work.people, np.float32) / w.frailties(work, rng)
        self.state = np.zeros(work.people, np.int8)
        self.due, self.spell = np.zeros(work.people, np.int16), np.zeros(work.people, np.int8)


def prepare(work, seed):
    return People(work, seed)


def live(people):
    p = people
    pressure = np.zeros(len(p.work.cells))
    for t in range(1, p.work.months + 1):
        pressure += p.work.hazard[t]
        new, p.at = month(
            t, np.uint64(p.at), pressure.astype(np.float32), p.cell, p.resistance, (p.state, p.due, p.spell)
        )
        p.entries += new


def count(people):
    return [(people.entries, int((people.state == MEMBER).sum()))]
