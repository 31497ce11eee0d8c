"""AMBER (ambr) in the style of its first pages: filtered views that are read and assigned to."""

import numpy as np
import work as w
from work import GONE, LAPSED, LEAVE, MEMBER, NEVER, RETURN

from methods import amber
from methods.amber import SHARES, count, live

__all__ = ["count", "live", "prepare"]


class Country(amber.Country):
    def step_vectorized(self):
        t, rng, agents = self.t + 1, self.rng, self.agents
        never, member, lapsed = (agents.where(agents.state == kind) for kind in (NEVER, MEMBER, LAPSED))
        left = rng.random(len(member)) < LEAVE
        asked = ~left & (member.numpy("due") <= t)
        stop = asked & (rng.random(len(member)) < w.LAPSE[member.numpy("spell")])
        back = rng.random(len(lapsed)) < RETURN
        x = never.numpy("frailty") * self.hazard[t][never.numpy("cell")]
        new = rng.random(len(never), np.float32) < -np.expm1(-x)
        ids = member.ids.to_numpy()
        paying = [ids[asked & ~stop], lapsed.ids.to_numpy()[back], never.ids.to_numpy()[new]]
        self.entries += len(paying[2])
        paying = np.concatenate(paying)
        kind = np.searchsorted(SHARES, rng.random(len(paying)), side="right")
        for some, columns in (
            (ids[left], {"state": GONE}),
            (ids[stop], {"state": LAPSED}),
            (paying, {"state": MEMBER, "spell": kind, "due": t + w.SPELLS[kind]}),
        ):
            for name, value in columns.items() if len(some) else ():
                setattr(agents.at[some], name, value)


def prepare(work, seed):
    return amber.prepare(work, seed, Country)
