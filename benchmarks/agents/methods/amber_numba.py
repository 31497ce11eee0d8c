"""AMBER (ambr) with whole columns borrowed as arrays, and one loop of numba over them: the fastest that it allows."""

import numpy as np

from methods import amber
from methods.amber import count, live
from methods.dense_numba import month

__all__ = ["count", "live", "prepare"]


class Country(amber.Country):
    at = np.uint64(0)

    def step_vectorized(self):
        state, due, spell, cell, frailty = (
            self.agents.borrow(name)[0] for name in ("state", "due", "spell", "cell", "frailty")
        )
        state, due, spell = state.copy(), due.copy(), spell.copy()  # what is borrowed may not be changed
        t = self.t + 1
        new, at = month(t, np.uint64(self.at), self.hazard[t], cell, frailty, (state, due, spell))
        self.agents.commit(state=state, due=due, spell=spell)
        self.at, self.entries = at, self.entries + new


def prepare(work, seed):
    country = amber.prepare(work, seed, Country)
    country.at = np.uint64(seed) << np.uint64(40)
    return country
