"""Numba, event-driven, with the books of this engine: only those who enroll come into being, looked at when due.

Resistances are drawn in rising order, cell by cell; a calendar holds who is to be looked at in each month. As in this
engine, months are lived one after the other, so that teams could answer to what has happened.
"""

import numpy as np
import work as w

from methods import books
from methods.books import BOOKS, ENTRIES, MEMBERS, compiled


@compiled
def open_cells(cells, left, log_survival, lowest, luck):
    for j in range(len(cells)):
        left[j] = cells[j]
        if left[j]:
            log_survival[j] = books.next_log_survival(left[j], 0.0, luck)
            lowest[j] = books.resistance(log_survival[j])


@compiled
def month(t, path, pool, calendar, table, noted, fate):
    """Live month `t`: who is due, then who enrolls; flows are of the month, members and active ones run on."""
    (contact, acceptance), (flows, due), (rules, luck) = path, noted, fate
    left, log_survival, lowest, pressure, count = pool
    first, after = calendar
    bands, groups = acceptance.shape[1], acceptance.shape[0]
    flows[:, :, : books.ACTIVE] = 0.0
    flows[:, :, books.PAID_MONTHS : books.MEMBERS] = 0.0
    i = first[t]
    while i >= 0:
        onward, p = after[i], table[i]
        group = p.cell // bands
        c, g = group // groups, group % groups
        again = books.happen(p, t, flows[c, g], due, c, rules.newly, luck)
        if again < len(first):
            after[i], first[again] = first[again], i
        i = onward
    j = 0
    for c in range(len(contact)):
        for g in range(groups):
            for band in range(bands):
                pressure[j] += contact[c] * acceptance[g, band]
                while pressure[j] >= lowest[j]:
                    i = count[0]
                    if i == len(table):
                        raise MemoryError("more enroll in a month than there is room for")
                    count[0] += 1
                    again = books.enroll(table[i], t, flows[c, g], due, (c, g, j), rules, luck)
                    if again < len(first):
                        after[i], first[again] = first[again], i
                    left[j] -= 1
                    lowest[j] = np.inf
                    if left[j]:
                        log_survival[j] = books.next_log_survival(left[j], log_survival[j], luck)
                        lowest[j] = books.resistance(log_survival[j])
                j += 1
            books.settle(flows[c, g])


class People:
    def __init__(self, work, seed):
        self.work, self.entries = work, 0
        self.luck = np.array([np.uint64(seed) << np.uint64(40)])
        n, months = len(work.cells), work.months
        self.pool = (
            np.zeros(n, np.int32), np.zeros(n), np.full(n, np.inf), np.zeros(n), np.zeros(1, np.int64)
        )  # fmt: skip
        open_cells(work.cells, *self.pool[:3], self.luck)
        self.calendar = [np.full(months + 1, -1, np.int32), np.zeros(0, np.int32)]
        self.table = np.zeros(0, books.PERSON)
        self.flows = np.zeros((work.communes, w.GROUPS, len(BOOKS)))
        self.due = np.zeros((months + 62, work.communes))
        self.rules = books.declaring()

    def make_room(self):
        """Have room for all who may enroll in a month, in place: pages are added and none is copied."""
        wanted = int(self.pool[4][0]) + 2000 + self.work.people // 8
        if wanted > len(self.table):
            for column in (self.table, self.calendar[1]):
                column.resize(wanted + len(self.table) // 8, refcheck=False)


def prepare(work, seed):
    return People(work, seed)


def live(people, kept=None):
    """Live all months; `kept` (months + 1, communes, groups, books) takes the books of each."""
    p, work = people, people.work
    for t in range(1, work.months + 1):
        p.make_room()
        path, noted = (work.contact[t], work.acceptance), (p.flows, p.due)
        month(t, path, p.pool, tuple(p.calendar), p.table, noted, (p.rules, p.luck))
        p.entries += p.flows[..., ENTRIES].sum()
        if kept is not None:
            kept[t] = p.flows


def count(people):
    return [(float(people.entries), float(people.flows[..., MEMBERS].sum()))]
