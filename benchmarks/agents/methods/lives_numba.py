"""Numba, whole lives one after the other, with the books of this engine: the fastest order of the same work.

A cell's people are drawn by rising resistance, and each lives all their months before the next is drawn, so that all
that is touched fits into the processor's nearest memory. That can be done only where the path of contact is known
before anybody lives: where teams answer to what has happened, as in the whole engine, months must be lived in turn.
"""

import numpy as np
import work as w

from methods import books
from methods.books import BOOKS, ENTRIES, MEMBERS, compiled


@compiled
def live_all(path, cells, one, noted, fate):
    """Live all; contact (communes, months + 1) is added up; books are noted by commune, group and month."""
    (contact, acceptance), (kept, due), (rules, luck) = path, noted, fate
    communes, groups, months, _ = kept.shape
    bands, j = acceptance.shape[1], 0
    entries = members = 0.0
    p = one[0]
    for c in range(communes):
        for g in range(groups):
            rows = kept[c, g]
            for band in range(bands):
                left, survival, t = cells[j], 0.0, 1
                last = contact[c, months - 1] * acceptance[g, band]
                while left:
                    survival = books.next_log_survival(left, survival, luck)
                    lowest = books.resistance(survival)
                    if lowest > last:
                        break
                    while contact[c, t] * acceptance[g, band] < lowest:
                        t += 1
                    again = books.enroll(p, t, rows[t], due, (c, g, j), rules, luck)
                    while again < months:
                        again = books.happen(p, again, rows[again], due, c, rules.newly, luck)
                    left -= 1
                j += 1
            for t in range(1, months):  # what was noted where it changed runs on
                rows[t, books.MEMBERS] += rows[t - 1, books.MEMBERS]
                rows[t, books.ACTIVE] += rows[t - 1, books.ACTIVE]
                books.settle(rows[t])
                entries += rows[t, ENTRIES]
            members += rows[months - 1, MEMBERS]
    return entries, members


class People:
    def __init__(self, work, seed):
        self.work, self.answer = work, (0.0, 0.0)
        self.luck = np.array([np.uint64(seed) << np.uint64(40)])
        self.kept = np.zeros((work.communes, w.GROUPS, work.months + 1, len(BOOKS)))
        self.due = np.zeros((work.months + 62, work.communes))
        self.rules = books.declaring()


def prepare(work, seed):
    return People(work, seed)


def live(people, kept=None):
    """Live all months; `kept` (months + 1, communes, groups, books) takes the books of each."""
    p, work = people, people.work
    contact = np.ascontiguousarray(np.cumsum(np.where(np.arange(work.months + 1)[:, None] > 0, work.contact, 0.0), 0).T)
    one = np.zeros(1, books.PERSON)
    p.answer = live_all((contact, work.acceptance), work.cells, one, (p.kept, p.due), (p.rules, p.luck))
    if kept is not None:
        kept[:] = np.moveaxis(p.kept, 2, 0)


def count(people):
    return [people.answer]
