"""starsim with its paired random numbers on: a module with states, and one distribution for each decision."""

import numpy as np
import starsim as ss
import work as w


class Book(ss.Module):
    def __init__(self, work, **kwargs):
        super().__init__(name="book", **kwargs)
        self.work, self.total = work, 0
        self.define_states(
            ss.BoolState("never", default=True),
            ss.BoolState("member"),
            ss.BoolState("lapsed"),
            ss.FloatArr("frailty", default=ss.gamma(a=w.FRAILTY_SHAPE, scale=1 / w.FRAILTY_SHAPE)),
            ss.IntArr("cell"),
            ss.IntArr("due"),
            ss.IntArr("spell"),
        )
        self.entering, self.leaving = ss.random(), ss.bernoulli(p=w.LEAVE)
        self.stopping, self.returning = ss.bernoulli(p=0.0), ss.bernoulli(p=w.RETURN)
        self.paying, self.shares = ss.random(), np.cumsum(w.SPELL_SHARES)[:-1]

    def init_post(self):
        super().init_post()
        self.cell[:] = w.cell_of_people(self.work)
        self.hazard = self.work.hazard.astype(np.float32)

    def step(self):
        t = self.ti + 1
        never, member, lapsed = self.never.uids, self.member.uids, self.lapsed.uids
        left = self.leaving.rvs(member)
        self.member[member[left]] = False
        asked = member[~left]
        asked = asked[self.due[asked] <= t]
        self.stopping.set(p=w.LAPSE[self.spell[asked]])
        stop = self.stopping.rvs(asked).astype(bool)
        self.member[asked[stop]], self.lapsed[asked[stop]] = False, True
        back = self.returning.filter(lapsed)
        self.lapsed[back] = False
        x, luck = self.hazard[t][self.cell[never]] * self.frailty[never], self.entering.rvs(never)
        new = np.flatnonzero(luck < x)  # the chance is a little less than the hazard: look again at these few
        new = never[new[luck[new] < -np.expm1(-x[new])]]
        self.never[new] = False
        paying = ss.uids.concatenate(asked[~stop], back, new)
        self.member[paying] = True
        kind = np.searchsorted(self.shares, self.paying.rvs(paying), side="right")
        self.spell[paying], self.due[paying] = kind, t + w.SPELLS[kind]
        self.total += len(new)


def prepare(work, seed):
    assert ss.options.crn  # paired random numbers, which are the default
    book = Book(work)
    years = ss.years((work.months - 1) / 12)  # starsim counts the first month as one that is lived
    sim = ss.Sim(
        n_agents=work.people,
        start=ss.date("2022-02-01"),
        dur=years,
        dt=ss.months(1),
        modules=book,
        rand_seed=seed,
        verbose=0,
        copy_inputs=False,
    )
    sim.init()
    assert sim.t.npts == work.months, f"starsim lives {sim.t.npts} months, not {work.months}"
    return sim, book


def live(people):
    people[0].run()


def count(people):
    book = people[1]
    return [(book.total, int(book.member.sum()))]
