"""This project's engine: only those who enroll come into being. Teams are replaced by a fixed path of contact.

It does more than the others: money by payer, months of subsidy, declared incomes, the count of those who paid 9 of the
last 12 months, the ledger by commune and group, and luck that is a name and not a sequence.
"""

import numpy as np
import pandas as pd
import work as w

from forecast.beliefs.parameters import parameters_table
from forecast.data import chance, toy
from forecast.engines.people import hazards, records
from forecast.engines.people.people import Moves, People

NEUTRAL = {  # effects that the other methods do not have
    "renewal_price_response": 0.0,
    "tenure_effect": 0.0,
    "renewal_contact": 0.0,
    "lump_sum_rate": 0.0,
    "eligible_exit_rate": 0.0,
    "eligible_entry_rate": 0.0,
    "annual_lapse": w.ANNUAL_LAPSE,
    "frailty_shape": w.FRAILTY_SHAPE,
}


class World:
    def __init__(self, work, seed):
        self.work, self.entries = work, 0
        values = parameters_table()["value"].to_dict() | NEUTRAL
        rules = records.Rules(**{name: float(values[name]) for name in records.Rules._fields})
        months = work.months + 1
        self.people = People(
            chance.streams(seed, range(1))[0],
            np.arange(work.communes),
            work.cells,
            rules,
            Moves(
                np.full((months, work.communes), 0.75 * w.LEAVE_HAZARD),
                np.zeros((months, work.communes)),
                np.full(months, 0.25 * w.LEAVE_HAZARD),
                np.full((months, 1, records.G, records.BANDS), w.RETURN_HAZARD),
                longest_spell=60,
            ),
        )
        month = pd.period_range("2022-01", periods=1, freq="M")
        (self.spells,) = hazards.spells(month, toy.law())  # w.SPELLS, with the shares w.SPELL_SHARES
        self.people.open(np.zeros(len(work.cells), np.int32), w.FIRST_MONTH, 0.0, 0, self.spells)


def prepare(work, seed):
    return World(work, seed)


def live(world, kept=None):
    """Live all months; `kept` (months + 1, communes, groups, flows and members) takes the books of each."""
    work, nothing = world.work, np.zeros(world.work.communes)
    books = np.zeros((work.communes, w.GROUPS))
    flows = np.zeros((work.communes, w.GROUPS, records.COUNTED))
    same = {
        "accept": work.acceptance[None],
        "burden_rise": np.zeros((1, w.GROUPS, w.BANDS)),
        "full_rise": np.zeros((w.GROUPS, w.BANDS)),
        "on_paper": nothing,
        "signing": np.zeros((work.communes, w.GROUPS)),
        "keep": nothing,
        "lapse": 1.0,
        "called": nothing,
        "advised": nothing,
        "returning": np.full(work.communes, w.RETURN_HAZARD),
        "staying": np.ones(work.months // 12 + 2),
        "price_class": np.zeros(work.communes, np.int32),
        "spells": world.spells,
        "newly": np.zeros(len(world.spells.months)),
        "subsidy_months": 120,
        "contribution": 330_000.0,
        "floor": 1.0,
        "per_floor": 1.0,
        "ceiling": 20.0,
        "state": np.full((1, w.GROUPS), 0.2),
        "province": np.full((1, w.GROUPS), 0.1),
        "donors": np.zeros((1, w.GROUPS)),
    }
    for t in range(1, work.months + 1):
        flows[:] = 0.0
        contact = np.repeat(work.contact[t][:, None], w.GROUPS, axis=1)
        world.people.live(records.Month(t=t, month=w.FIRST_MONTH + t, contact=contact, **same), books, books, flows)
        world.entries += flows[..., records.ENTRIES].sum()
        if kept is not None:
            kept[t, ..., :-1], kept[t, ..., -1] = flows, world.people.ledger.members


def count(world):
    return [(float(world.entries), float(world.people.ledger.members.sum()))]
