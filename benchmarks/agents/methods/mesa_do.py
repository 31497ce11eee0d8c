"""mesa with one agent for each person, who act in order (`AgentSet.do`)."""

import math
from bisect import bisect_right

import mesa
import numpy as np
import work as w
from work import GONE, LAPSED, LEAVE, MEMBER, NEVER, RETURN

SHARES = np.cumsum(w.SPELL_SHARES)[:-1].tolist()
SPELLS, LAPSE = w.SPELLS.tolist(), w.LAPSE.tolist()


class Person(mesa.Agent):
    def __init__(self, model, cell, frailty):
        super().__init__(model)
        self.cell, self.frailty, self.state, self.due, self.spell = cell, frailty, NEVER, 0, 0

    def pay(self):
        self.state = MEMBER
        self.spell = bisect_right(SHARES, self.random.random())
        self.due = self.model.t + SPELLS[self.spell]

    def step(self):
        luck = self.model.luck
        if self.state == NEVER:
            x = self.frailty * self.model.hazard[self.cell]
            u = luck()
            if u < x and u < -math.expm1(-x):
                self.model.entries += 1
                self.pay()
        elif self.state == MEMBER:
            if luck() < LEAVE:
                self.state = GONE
            elif self.due <= self.model.t:
                if luck() < LAPSE[self.spell]:
                    self.state = LAPSED
                else:
                    self.pay()
        elif self.state == LAPSED and luck() < RETURN:
            self.pay()


class Country(mesa.Model):
    def __init__(self, work, seed):
        super().__init__(rng=seed)
        self.work, self.luck, self.t, self.entries = work, self.random.random, 0, 0
        frailty = w.frailties(work, np.random.default_rng(seed)).tolist()
        Person.create_agents(self, work.people, w.cell_of_people(work).tolist(), frailty)


def prepare(work, seed):
    return Country(work, seed)


def live(country, method="do"):
    for t in range(1, country.work.months + 1):
        country.t, country.hazard = t, country.work.hazard[t].tolist()
        getattr(country.agents, method)("step")


def count(country):
    return [(country.entries, sum(agent.state == MEMBER for agent in country.agents))]
