"""Plain numpy, with care: chances of all who never enrolled, block by block; tables of members and of the lapsed.

Blocks fit the processor's cache, single precision is enough for the chances, and those who enroll are taken out of the
table of those who never did.
"""

import numpy as np
import work as w

BLOCK = 1 << 15


class People:
    def __init__(self, work, seed):
        self.work, self.rng = work, np.random.default_rng(seed)
        self.cell = w.cell_of_people(work)
        self.frailty = w.frailties(work, self.rng)
        self.due, self.spell = np.zeros(0, np.int16), np.zeros(0, np.int8)  # of members
        self.lapsed = self.entries = 0
        self.shares = np.cumsum(w.SPELL_SHARES)

    def month(self, t):
        rng = self.rng
        stay = rng.random(len(self.due)) >= w.LEAVE
        due, spell = self.due[stay], self.spell[stay]
        asked = due <= t
        stops = rng.random(np.count_nonzero(asked)) < w.LAPSE[spell[asked]]
        back = rng.binomial(self.lapsed, w.RETURN)
        new = self.enter(self.work.hazard[t].astype(np.float32))
        paying = len(stops) - np.count_nonzero(stops) + back + new
        kind = np.searchsorted(self.shares[:-1], rng.random(paying), side="right").astype(np.int8)
        self.due = np.concatenate([due[~asked], (t + w.SPELLS[kind]).astype(np.int16)])
        self.spell = np.concatenate([spell[~asked], kind])
        self.lapsed += int(np.count_nonzero(stops)) - back
        self.entries += new

    def enter(self, hazard):
        """Ask everybody who never enrolled; return how many do, and close the gaps that they leave."""
        n, to = len(self.cell), 0
        luck, chance = np.empty(BLOCK, np.float32), np.empty(BLOCK, np.float32)
        for at in range(0, n, BLOCK):
            cell, frailty = self.cell[at : at + BLOCK], self.frailty[at : at + BLOCK]
            u, x = luck[: len(cell)], chance[: len(cell)]
            self.rng.random(dtype=np.float32, out=u)
            np.take(hazard, cell, out=x, mode="clip")
            np.multiply(x, frailty, out=x)
            joins = np.flatnonzero(u < x)  # the chance is a little less than the hazard: look again at these few
            joins = joins[u[joins] < -np.expm1(-x[joins])]
            keep = len(cell)
            if len(joins):
                cell, frailty = np.delete(cell, joins), np.delete(frailty, joins)
                keep = len(cell)
            if to != at or len(joins):
                self.cell[to : to + keep], self.frailty[to : to + keep] = cell, frailty
            to += keep
        self.cell, self.frailty = self.cell[:to], self.frailty[:to]
        return n - to


def prepare(work, seed):
    return People(work, seed)


def live(people):
    for t in range(1, people.work.months + 1):
        people.month(t)


def count(people):
    return [(people.entries, len(people.due))]
