"""AMBER (ambr) with whole columns: borrowed as arrays, worked out with numpy, committed in one go."""

import ambr
import numpy as np
import work as w
from work import GONE, LAPSED, LEAVE, MEMBER, NEVER, RETURN

SHARES = np.cumsum(w.SPELL_SHARES)[:-1]


class Country(ambr.Model):
    def people(self, work):
        self.hazard, self.entries = work.hazard.astype(np.float32), 0
        self.add_agents(
            work.people,
            cell=w.cell_of_people(work),
            frailty=w.frailties(work, self.rng),
            state=np.full(work.people, NEVER, np.int8),
            due=np.zeros(work.people, np.int16),
            spell=np.zeros(work.people, np.int8),
        )

    def step_vectorized(self):
        t, rng = self.t + 1, self.rng
        state, due, spell, cell, frailty = (
            self.agents.borrow(name)[0] for name in ("state", "due", "spell", "cell", "frailty")
        )
        state, due, spell = state.copy(), due.copy(), spell.copy()  # what is borrowed may not be changed
        x = self.hazard[t][cell]
        x *= frailty
        u = rng.random(len(x), np.float32)
        new = np.flatnonzero((u < x) & (state == NEVER))  # the chance is a little less than the hazard: look again
        new = new[u[new] < -np.expm1(-x[new])]
        member, lapsed = np.flatnonzero(state == MEMBER), np.flatnonzero(state == LAPSED)
        left = rng.random(len(member)) < LEAVE
        state[member[left]] = GONE
        asked = member[~left]
        asked = asked[due[asked] <= t]
        stop = rng.random(len(asked)) < w.LAPSE[spell[asked]]
        state[asked[stop]] = LAPSED
        back = lapsed[rng.random(len(lapsed)) < RETURN]
        paying = np.concatenate([asked[~stop], back, new])
        kind = np.searchsorted(SHARES, rng.random(len(paying)), side="right")
        state[paying], spell[paying], due[paying] = MEMBER, kind, t + w.SPELLS[kind]
        self.agents.commit(state=state, due=due, spell=spell)
        self.entries += len(new)


def prepare(work, seed, kind=Country):
    country = kind({"steps": work.months, "seed": seed, "show_progress": False})
    country.people(work)  # here and not in `setup`, which `run` would call within the time
    return country


def live(country):
    country.cpu(mode="vectorized").run()


def count(country):
    return [(country.entries, int((country.agents.numpy("state") == MEMBER).sum()))]
