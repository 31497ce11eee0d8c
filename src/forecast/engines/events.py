"""People by events: only those who enroll come into being, named by (cell, rank).

A cell is commune x group x income band. Everybody who has not enrolled yet carries a resistance, exponential divided
by a gamma frailty; pressure adds up on the cell, and a person enrolls in the month in which it passes their
resistance (Sellke 1983). With n people left, the log of the survival level of the lowest resistance falls by
log(U)/n, so that resistances are drawn in rising order, one at a time, and the cost is that of the events. Every
later decision of a person is a hash of (seed, draw, cell, rank, month, decision).

`People` holds a batch of draws side by side; its arrays have draws first. A month is an index from the opening (0).
"""

import math

import numpy as np
from numba import njit, uint64

from forecast import behavior as b
from forecast import chance
from forecast.policy import GROUPS

MEMBER, LAPSED, GONE = 0, 1, 2
RUSHED, GIFTED = 1, 2  # bits of a person's kind
G = len(GROUPS)
FLOWS = ("entries", "returns", "lapses", "exits_compulsory", "exits_other", "paid_months", "paid_members", "paid_state",
         "paid_province", "paid_donors", "active_9of12")
ENTRIES, RETURNS, LAPSES, TO_COMPULSORY, TO_OTHER, PAID_MONTHS, BY_MEMBERS, BY_STATE, BY_PROVINCE, BY_DONORS, ACTIVE = range(11)
GIFT_BRANCH = 1 << 40  # ranks of gifted people, so that a gift never takes the name of somebody who joins by themselves


def even_bands(sizes: np.ndarray, bands: int) -> np.ndarray:
    """Split whole numbers of people over bands as evenly as can be: (communes, groups) -> (cells,), int32.

    >>> even_bands(np.array([[5.0, 0.0, 2.0, 1.0]]), 2).tolist()
    [2, 3, 0, 0, 1, 1, 0, 1]
    """
    edges = np.arange(bands + 1) / bands
    return np.diff(np.floor(np.rint(sizes)[..., None] * edges), axis=2).astype(np.int32).ravel()


class People:
    """A batch of draws of the people of one place; see the module for how they come into being."""

    def __init__(self, keys: np.ndarray, commune_numbers: np.ndarray, cells: np.ndarray, bands: int, months: int,
                 shape: np.ndarray, capacity: int):
        """Set up empty pools: `keys` (draws,), `cells` persons by cell, `shape` the frailty's by draw."""
        draws = len(keys)
        self.bands, self.communes, self.shape = bands, len(commune_numbers), shape
        self.cell_keys = np.empty((draws, len(cells)), np.uint64)
        _name_cells(keys, commune_numbers, bands, self.cell_keys)
        self.left = np.repeat(cells[None, :], draws, axis=0)
        self.rank = np.zeros((draws, len(cells)), np.int32)
        self.log_survival = np.zeros((draws, len(cells)))
        self.pressure = np.zeros((draws, len(cells)))
        self.next = np.zeros((draws, len(cells)))
        self.count = np.zeros(draws, np.int64)
        self.members = np.zeros((draws, self.communes, G))
        self.due = np.zeros((draws, months + 62, self.communes))  # members due in each month, for the teams
        self._people(draws, capacity)

    def _people(self, draws: int, capacity: int) -> None:
        self.key = np.zeros((draws, capacity), np.uint64)
        self.cell = np.zeros((draws, capacity), np.int32)
        self.due_month = np.zeros((draws, capacity), np.int16)
        self.joined = np.zeros((draws, capacity), np.int16)
        self.paid_mask = np.zeros((draws, capacity), np.int16)
        self.subsidized = np.zeros((draws, capacity), np.int16)
        self.state = np.zeros((draws, capacity), np.int8)
        self.kind = np.zeros((draws, capacity), np.int8)
        self.spell = np.zeros((draws, capacity), np.int8)

    def _grow(self) -> None:
        for name in ("key", "cell", "due_month", "joined", "paid_mask", "subsidized", "state", "kind", "spell"):
            old = getattr(self, name)
            new = np.zeros((old.shape[0], old.shape[1] * 3 // 2 + 1024), old.dtype)
            new[:, :old.shape[1]] = old
            setattr(self, name, new)

    @property
    def _persons(self):
        return (self.key, self.cell, self.due_month, self.joined, self.paid_mask, self.subsidized, self.state, self.kind,
                self.spell)

    def open(self, opening: np.ndarray, start: int, december: np.ndarray, subsidy_months: int) -> None:
        """Make the opening members: `opening` (draws, cells), who are the lowest resistances of their cells.

        Tenure is exponential with mean 24 months, the paid spell is one that a passer-by would meet (long spells are
        met more often), and `december` is the chance to be a rush member who pays short; `start` is a month index.
        """
        while self.key.shape[1] < opening.sum(axis=1).max():
            self._grow()
        _open(opening, self.left, self.rank, self.log_survival, self.pressure, self.next, self.shape, self.cell_keys,
              self._persons, self.count, self.members, self.due, start, december, subsidy_months, self.bands)

    def advance(self, t: int, month: int, *, accept, burden_rise, contact, gift, gift_months, rushed, called, advised,
                to_compulsory, to_other, returning, price_class, contribution, ceiling, state, province, donors, drawn,
                rush_short, flows) -> None:
        """Live month `t` (calendar index `month`) and add what happens to `flows` (draws, flow, communes, groups)."""
        flows[:, ACTIVE] = 0.0
        _live(t, month, self._persons, self.count, self.members, self.due, self.bands, burden_rise, rushed, called,
              advised, to_compulsory, to_other, returning, price_class, contribution, ceiling, state, province, donors,
              drawn, flows)
        _press(self.pressure, self.left, accept, contact, price_class, self.bands)
        done = False
        while not done:  # stops when the table of people is full, and goes on where it was after the table has grown
            done = _enter(t, month, self.left, self.rank, self.log_survival, self.pressure, self.next, self.shape,
                          self.cell_keys, self._persons, self.count, self.members, self.due, self.bands, rushed, rush_short,
                          advised, price_class, contribution, ceiling, state, province, donors, drawn, flows)
            if not done:
                self._grow()
        if gift.any():
            while (self.count + int(np.ceil(gift.sum())) + gift.size).max() > self.key.shape[1]:
                self._grow()
            _give(t, month, gift, gift_months, self.left, self.rank, self.log_survival, self.next, self.shape, self.cell_keys,
                  self._persons, self.count, self.members, self.due, self.bands, price_class, contribution, state, drawn,
                  flows)


def floats(drawn: dict) -> np.ndarray:
    """Pack the parameters that compiled code needs: (draws, 11), in the order of `_lapse` and `_pay`."""
    names = ("annual_lapse", "renewal_price_response", "tenure_effect", "renewal_contact", "rush_lapse", "gift_retention",
             "floor_share", "declared_tail")
    return np.ascontiguousarray(np.stack([drawn[n] for n in names], axis=1))


@njit(cache=True)
def _name_cells(keys, commune_numbers, bands, out):
    for d in range(len(keys)):
        j = 0
        for c in range(len(commune_numbers)):
            commune = chance.child(keys[d], commune_numbers[c])
            for g in range(G):
                group = chance.child(commune, g)
                for band in range(bands):
                    out[d, j] = chance.child(group, band)
                    j += 1


@njit(cache=True)
def _next_resistance(d, j, left, rank, log_survival, following, shape, cell_keys):
    if left[d, j] <= 0:
        following[d, j] = np.inf
        return
    person = chance.child(cell_keys[d, j], rank[d, j])
    log_survival[d, j] += math.log(chance.uniform(person, b.RESIST)) / left[d, j]
    following[d, j] = b.threshold(log_survival[d, j], shape[d])


@njit(cache=True)
def _open(opening, left, rank, log_survival, pressure, following, shape, cell_keys, persons, count, members, due, start,
          december, subsidy_months, bands):
    key, cell, due_month, joined, paid_mask, subsidized, state, kind, spell = persons
    lengths = b.SPELLS * b.USUAL_SPELLS
    lengths = lengths / lengths.sum()
    for d in range(opening.shape[0]):
        for j in range(opening.shape[1]):
            c, g = j // (G * bands), (j // bands) % G
            for r in range(opening[d, j]):
                i = count[d]
                count[d] += 1
                person = chance.child(cell_keys[d, j], r)
                tenure = 1 + int(-24.0 * math.log(chance.uniform(person, 32 * start + b.TENURE)))
                tenure = min(tenure, 150)
                luck, below, s = chance.uniform(person, 32 * start + b.SPELL), 0.0, 0
                for k in range(len(b.SPELLS)):
                    below += lengths[k]
                    s = k
                    if luck < below:
                        break
                rush = chance.uniform(person, 32 * start + b.RUSH) < december[d]
                if rush:
                    s = b.spell_of(luck, True, 0.0)
                when = 1 + int(chance.uniform(person, 32 * start + b.DUE) * b.SPELLS[s])
                key[d, i], cell[d, i], due_month[d, i], joined[d, i] = person, j, when, -tenure
                paid_mask[d, i] = (1 << min(1 if rush else tenure, 12)) - 1
                subsidized[d, i] = min(tenure, subsidy_months)
                state[d, i], kind[d, i], spell[d, i] = MEMBER, RUSHED if rush else 0, s
                members[d, c, g] += 1
                due[d, when, c] += 1
            m, n = opening[d, j], left[d, j]
            left[d, j], rank[d, j] = n - m, m
            if n > m:
                log_survival[d, j] = math.log((n - m) / n)
                pressure[d, j] = b.threshold(log_survival[d, j], shape[d])
            _next_resistance(d, j, left, rank, log_survival, following, shape, cell_keys)


@njit(cache=True)
def _pay(d, i, t, month, c, g, s, by_donors, persons, due, price_class, contribution, ceiling, state_share,
         province, donors, drawn, flows):
    """Pay for a spell: sets the due date, adds months and money; the price of today holds for all months paid."""
    key, cell, due_month, joined, paid_mask, subsidized, state, kind, spell = persons
    months = b.SPELLS[s]
    spell[d, i] = s
    due_month[d, i] = t + months
    if t + months < due.shape[1]:
        due[d, t + months, c] += 1
    k = price_class[c]
    supported = min(months, max(0, b.SUBSIDY_MONTHS - subsidized[d, i]))
    subsidized[d, i] += supported
    multiple = 1.0
    if not by_donors:
        multiple = b.declared_multiple(chance.uniform(key[d, i], b.FLOOR), chance.uniform(key[d, i], b.TAIL), drawn[d, 6],
                                       drawn[d, 7], ceiling)
    gross = contribution * multiple * months
    from_state = contribution * state_share[k, g] * supported
    from_province = contribution * province[k, g] * supported
    from_donors = contribution * donors[k, g] * supported
    if by_donors:
        from_donors = gross - from_state - from_province
    flows[d, PAID_MONTHS, c, g] += months
    flows[d, BY_STATE, c, g] += from_state
    flows[d, BY_PROVINCE, c, g] += from_province
    flows[d, BY_DONORS, c, g] += from_donors
    flows[d, BY_MEMBERS, c, g] += gross - from_state - from_province - from_donors


@njit(cache=True)
def _live(t, month, persons, count, members, due, bands, burden_rise, rushed, called, advised, to_compulsory, to_other,
          returning, price_class, contribution, ceiling, state_share, province, donors, drawn, flows):
    key, cell, due_month, joined, paid_mask, subsidized, state, kind, spell = persons
    luck = 32 * month
    for d in range(len(count)):
        other = to_other[d]
        for i in range(count[d]):
            if state[d, i] == GONE:
                continue
            j = cell[d, i]
            c, g, band = j // (G * bands), (j // bands) % G, j % bands
            rise = burden_rise[d, price_class[c], g, band]
            if state[d, i] == MEMBER:
                hazard = to_compulsory[d, c] + other
                leave, chance_to_leave = chance.uniform(key[d, i], luck + b.LEAVE), -math.expm1(-hazard)
                if leave < chance_to_leave:
                    state[d, i] = GONE
                    members[d, c, g] -= 1
                    if due_month[d, i] > t:
                        due[d, due_month[d, i], c] -= 1
                    if leave * hazard < chance_to_leave * to_compulsory[d, c]:
                        flows[d, TO_COMPULSORY, c, g] += 1
                    else:
                        flows[d, TO_OTHER, c, g] += 1
                    continue
                if due_month[d, i] <= t:
                    is_called = chance.uniform(key[d, i], luck + b.CALLED) < called[d, c]
                    stop = b.lapse_chance(drawn[d, 0], b.SPELLS[spell[d, i]], (t - joined[d, i]) / 12.0, rise, is_called,
                                          kind[d, i] & RUSHED, kind[d, i] & GIFTED, drawn[d, 1], drawn[d, 2], drawn[d, 3],
                                          drawn[d, 4], drawn[d, 5])
                    if chance.uniform(key[d, i], luck + b.LAPSE) < stop:
                        state[d, i] = LAPSED
                        members[d, c, g] -= 1
                        flows[d, LAPSES, c, g] += 1
                    else:
                        kind[d, i] = 0
                        s = b.spell_of(chance.uniform(key[d, i], luck + b.SPELL), False, advised[c])
                        _pay(d, i, t, month, c, g, s, False, persons, due, price_class, contribution, ceiling, state_share,
                             province, donors, drawn, flows)
            elif chance.uniform(key[d, i], luck + b.RETURN) < -math.expm1(-returning[d, c] * math.exp(-drawn[d, 1] * rise)):
                state[d, i] = MEMBER
                members[d, c, g] += 1
                flows[d, RETURNS, c, g] += 1
                rush = chance.uniform(key[d, i], luck + b.RUSH) < rushed[d, c]
                kind[d, i] = RUSHED if rush else 0
                s = b.spell_of(chance.uniform(key[d, i], luck + b.SPELL), rush, advised[c])
                _pay(d, i, t, month, c, g, s, False, persons, due, price_class, contribution, ceiling, state_share, province,
                     donors, drawn, flows)
            paid = 1 if state[d, i] == MEMBER else 0
            mask = ((paid_mask[d, i] << 1) | paid) & 4095
            paid_mask[d, i] = mask
            if paid:
                bits = 0
                while mask:
                    mask &= mask - 1
                    bits += 1
                if bits >= 9:
                    flows[d, ACTIVE, c, g] += 1


@njit(cache=True)
def _press(pressure, left, accept, contact, price_class, bands):
    for d in range(pressure.shape[0]):
        j = 0
        for c in range(contact.shape[1]):
            k = price_class[c]
            for g in range(G):
                rate = contact[d, c, g]
                for band in range(bands):
                    pressure[d, j] += rate * accept[d, k, g, band]
                    j += 1


@njit(cache=True)
def _enter(t, month, left, rank, log_survival, pressure, following, shape, cell_keys, persons, count, members, due, bands,
           rushed, rush_short, advised, price_class, contribution, ceiling, state_share, province, donors, drawn, flows):
    key, cell, due_month, joined, paid_mask, subsidized, state, kind, spell = persons
    capacity = key.shape[1]
    for d in range(pressure.shape[0]):
        for j in range(pressure.shape[1]):
            while pressure[d, j] >= following[d, j]:
                i = count[d]
                if i >= capacity:
                    return False
                count[d] += 1
                c, g = j // (G * bands), (j // bands) % G
                key[d, i] = chance.child(cell_keys[d, j], rank[d, j])
                rush = chance.uniform(key[d, i], 32 * month + b.RUSH) < rushed[d, c] * rush_short[d]
                cell[d, i], joined[d, i], subsidized[d, i], paid_mask[d, i] = j, t, 0, 1
                state[d, i], kind[d, i] = MEMBER, RUSHED if rush else 0
                members[d, c, g] += 1
                flows[d, ENTRIES, c, g] += 1
                s = b.spell_of(chance.uniform(key[d, i], 32 * month + b.SPELL), rush, advised[c])
                _pay(d, i, t, month, c, g, s, False, persons, due, price_class, contribution, ceiling, state_share, province,
                     donors, drawn, flows)
                left[d, j] -= 1
                rank[d, j] += 1
                _next_resistance(d, j, left, rank, log_survival, following, shape, cell_keys)
    return True


@njit(cache=True)
def _give(t, month, gift, gift_months, left, rank, log_survival, following, shape, cell_keys, persons, count, members, due,
          bands, price_class, contribution, state_share, drawn, flows):
    """Give books to people picked at random; with chance 1/n the one picked is the next who would have joined."""
    key, cell, due_month, joined, paid_mask, subsidized, state, kind, spell = persons
    none = np.zeros_like(state_share)
    for d in range(left.shape[0]):
        for c in range(gift.shape[0]):
            for g in range(G):
                if gift[c, g] <= 0.0:
                    continue
                first = (c * G + g) * bands
                give = int(gift[c, g] + chance.uniform(cell_keys[d, first], 32 * month + b.GIFT))
                for n in range(give):
                    name = chance.child(cell_keys[d, first], uint64(GIFT_BRANCH + month * 4096 + n))
                    j = first + int(chance.uniform(name, b.GIFT) * bands)
                    if left[d, j] <= 0:
                        continue
                    if chance.uniform(name, b.RESIST) * left[d, j] < 1.0:
                        name = chance.child(cell_keys[d, j], rank[d, j])
                        left[d, j] -= 1
                        rank[d, j] += 1
                        _next_resistance(d, j, left, rank, log_survival, following, shape, cell_keys)
                    else:
                        left[d, j] -= 1
                    i = count[d]
                    count[d] += 1
                    key[d, i], cell[d, i], joined[d, i], subsidized[d, i], paid_mask[d, i] = name, j, t, 0, 1
                    state[d, i], kind[d, i] = MEMBER, GIFTED
                    members[d, c, g] += 1
                    flows[d, ENTRIES, c, g] += 1
                    s = 0
                    while s < len(b.SPELLS) - 1 and b.SPELLS[s] < gift_months[c, g]:
                        s += 1
                    _pay(d, i, t, month, c, g, s, True, persons, due, price_class, contribution, 1.0, state_share, none,
                         none, drawn, flows)
