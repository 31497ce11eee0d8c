"""People by events: only those who enroll come into being, named by (cell, rank).

A cell is commune x group x income band. Everybody who has not enrolled yet carries a resistance, exponential divided
by a gamma frailty; pressure adds up on the cell, and a person enrolls in the month in which it passes their
resistance (Sellke 1983). With n people left, the log of the survival level of the lowest resistance falls by
log(U)/n, so that resistances are drawn in rising order, one at a time, and the cost is that of the events. Every
later decision of a person is a hash of (seed, draw, cell, rank, month, decision).

The same construction serves for leaving and returning: a clock of hazard runs for each commune (leaving) and each cell
(returning), and a person carries the reading at which it is their turn. People who become eligible later form cells of
their own, by year; those who leave the pool take the next resistance along with chance 1/n.

`People` holds a batch of draws side by side; its arrays have draws first. A month is an index from the opening (0).
"""

import math
from typing import NamedTuple

import numpy as np
from numba import njit, uint64

from forecast import behavior as b
from forecast import chance
from forecast.behavior import BANDS
from forecast.plan import GROUPS

G = len(GROUPS)
COMMUNE = G * BANDS  # cells of a commune
MEMBER, LAPSED, GONE = 0, 1, 2
RUSHED, GIFTED = 1, 2  # bits of a person's kind
FLOWS = (
    "entries",
    "returns",
    "lapses",
    "exits_compulsory",
    "exits_other",
    "active_9of12",
    "paid_months",
    "paid_members",
    "paid_state",
    "paid_province",
    "paid_donors",
)
ENTRIES, RETURNS, LAPSES, TO_COMPULSORY, TO_OTHER, ACTIVE, PAID_MONTHS, BY_MEMBERS, BY_STATE, BY_PROVINCE, BY_DONORS = (
    range(11)
)
# While a month runs, four of the money columns hold months that are turned into money at its end (`_settle`): months x
# declared income in floors, months with subsidy, and the same two for books given by donors.
DECLARED, SUPPORTED, GIVEN, GIVEN_SUPPORTED = BY_MEMBERS, BY_STATE, BY_PROVINCE, BY_DONORS
LUMP = 4  # people who become eligible come in lumps of so many, to keep the number of cells small
# Branches of a cell's name, far above any rank, so that nobody takes the name of somebody who joins by themselves.
GIFT_BRANCH, COHORT_BRANCH = 1 << 40, 1 << 50
NEVER = np.inf
_BITS = np.array([bin(mask).count("1") for mask in range(4096)], np.int8)


class Rules(NamedTuple):
    """Parameters of a batch that compiled code needs, each (draws,)."""

    annual_lapse: np.ndarray
    renewal_price_response: np.ndarray
    tenure_effect: np.ndarray
    renewal_contact: np.ndarray
    rush_lapse: np.ndarray
    gift_retention: np.ndarray
    floor_share: np.ndarray
    declared_tail: np.ndarray
    rush_short: np.ndarray
    lump_sum_rate: np.ndarray
    frailty_shape: np.ndarray

    @classmethod
    def of(cls, drawn: dict) -> "Rules":
        """Take them out of all drawn parameters."""
        return cls(*(np.ascontiguousarray(drawn[name]) for name in cls._fields))


class Month(NamedTuple):
    """What a month brings to people; c, g, k, b stand for communes, groups, price classes and bands."""

    t: int  # months since the opening
    month: int  # month index of the calendar
    accept: np.ndarray  # (draws, k, g, b) relative acceptance
    burden_rise: np.ndarray  # (draws, k, g, b)
    contact: np.ndarray  # (draws, c, g) hazard of entry at acceptance 1
    rushed: np.ndarray  # (draws, c) share of this month's entries and returns that the rush has brought
    called: np.ndarray  # (draws, c) share of due members called on
    advised: np.ndarray  # (c,) share of short payers who follow the advice to pay a year
    to_compulsory: np.ndarray  # (draws, c) hazard per month
    to_other: np.ndarray  # (draws,) hazard per month
    returning: np.ndarray  # (draws, c) hazard per month at the reference price
    price_class: np.ndarray  # (c,)
    contribution: float  # VND a month on the floor
    ceiling: float  # highest income as a multiple of the floor
    state: np.ndarray  # (k, g) shares of the floor contribution
    province: np.ndarray
    donors: np.ndarray


class Persons(NamedTuple):
    """Columns of the table of people who ever enrolled, each (draws, capacity)."""

    key: np.ndarray
    turn: np.ndarray  # reading of the clock at which a member leaves, or a lapsed person comes back or withdraws
    cell: np.ndarray
    due: np.ndarray  # month in which the paid months have run out
    joined: np.ndarray
    paid: np.ndarray  # bit 0: paid this month, bit 11: paid eleven months ago
    subsidized: np.ndarray  # months of subsidy used
    state: np.ndarray
    kind: np.ndarray
    spell: np.ndarray
    declared: np.ndarray  # declared income in floors, before the ceiling


class Pool(NamedTuple):
    """People who have not enrolled: cells of the opening, or of one later year; arrays (draws, cells of the pool)."""

    home: np.ndarray  # (cells,) the opening's cell whose pressure they feel
    key: np.ndarray
    left: np.ndarray
    rank: np.ndarray
    log_survival: np.ndarray
    start: np.ndarray  # the cell's pressure when these people came in
    next: np.ndarray  # pressure at which the next of them enrolls


def band_sizes(sizes: np.ndarray) -> np.ndarray:
    """Split whole numbers of people over income bands: (communes, groups) -> (cells,), int32.

    The parts of each commune and group add up to it, and each band has its share of people over many communes: the
    rounding begins at another point in each (multiples of the golden section), so that thin bands have their turn.

    >>> cells = band_sizes(np.full((500, 4), 40.0)).reshape(2000, BANDS)
    >>> set(cells.sum(axis=1).tolist()), (np.abs(cells.mean(axis=0) / 40 - b.BAND_SHARES) < 0.001).all().item()
    ({40}, True)
    """
    edges = np.concatenate([[0.0], np.cumsum(b.BAND_SHARES)])
    edges[-1] = 1.0
    begin = (np.arange(sizes.size).reshape(sizes.shape) * 0.6180339887498949) % 1.0
    return np.diff(np.floor(np.rint(sizes)[..., None] * edges + begin[..., None]), axis=2).astype(np.int32).ravel()


class People:
    """A batch of draws of the people of one place; see the module for how they come into being."""

    def __init__(self, keys: np.ndarray, commune_numbers: np.ndarray, cells: np.ndarray, months: int, drawn: dict):
        """Set up the pools: `keys` (draws,), `commune_numbers` name the communes, `cells` persons by cell."""
        draws, communes = len(keys), len(commune_numbers)
        self.rules, self.cells, self.drawn = Rules.of(drawn), cells, drawn
        names = np.empty((draws, len(cells)), np.uint64)
        _name_cells(keys, commune_numbers, names)
        self.pressure = np.zeros((draws, len(cells)))
        self.pools = [
            _pool(np.arange(len(cells), dtype=np.int32), names, np.repeat(cells[None], draws, axis=0), self.pressure)
        ]
        self.leave_clock = np.zeros((draws, communes))
        self.return_clock = np.zeros((draws, len(cells)))
        self.count = np.zeros(draws, np.int64)
        self.members = np.zeros((draws, communes, G))
        self.due = np.zeros((draws, months + 62, communes))  # members due in each month, for the teams
        self.persons = Persons(
            *(
                np.zeros((draws, 0), kind)
                for kind in (
                    np.uint64,
                    float,
                    np.int32,
                    np.int16,
                    np.int16,
                    np.int16,
                    np.int16,
                    np.int8,
                    np.int8,
                    np.int8,
                    np.float32,
                )
            )
        )

    def _make_room(self, wanted: int) -> None:
        """Lengthen the table of people to at least `wanted` rows."""
        have = self.persons.key.shape[1]
        if wanted > have:
            more = max(wanted, have + have // 4 + 1024) - have
            self.persons = Persons(*(np.pad(column, ((0, 0), (0, more))) for column in self.persons))

    def open(self, opening: np.ndarray, start: int, december: np.ndarray, subsidy_months: int) -> None:
        """Make the opening members: `opening` (draws, cells), who are the lowest resistances of their cells.

        Tenure is exponential with mean 24 months, the paid spell is one that a passer-by would meet (long spells are
        met more often), and `december` (draws,) is the chance to be a rush member who pays short; `start` is a month
        index and `subsidy_months` the months since the subsidy began.
        """
        self._make_room(int(opening.sum(axis=1).max() * 5 // 4) + 1024)
        _open(
            opening,
            self.pools[0],
            self.pressure,
            self.rules,
            self.persons,
            self.count,
            self.members,
            self.due,
            start,
            december,
            subsidy_months,
        )

    def new_year(self, year: int) -> None:
        """Let people leave the pools for good, and let those who became eligible come in as cells of their own."""
        for number, pool in enumerate(self.pools):
            _leave_pool(pool, self.drawn["eligible_exit_rate"], self.rules.frailty_shape, year * 64 + number)
        # Systematic, so that small cells have their turn; where a draw gives a cell nobody, its pool is empty.
        edges = np.floor(np.cumsum(self.cells)[None] * self.drawn["eligible_entry_rate"][:, None] / LUMP + 0.5)
        coming = LUMP * np.diff(edges, prepend=0.0, axis=1).astype(np.int32)
        home = np.flatnonzero(coming.any(axis=0)).astype(np.int32)
        names = chance.child_array(self.pools[0].key[:, home], COHORT_BRANCH + year)
        self.pools.append(_pool(home, names, coming[:, home], self.pressure))
        _first_resistances(self.pools[-1], self.rules.frailty_shape)

    def live(self, now: Month, gift: np.ndarray, gift_months: np.ndarray, flows: np.ndarray) -> None:
        """Live a month; what happens is written to `flows` (draws, flow, communes, groups), which come in as zeros.

        `gift` persons (communes, groups) are given books of `gift_months`.
        """
        _live(
            now,
            self.rules,
            self.persons,
            self.count,
            self.leave_clock,
            self.return_clock,
            self.members,
            self.due,
            flows,
        )
        _press(self.pressure, now)
        for pool in self.pools:
            while not _enter(
                now,
                self.rules,
                pool,
                self.pressure,
                self.persons,
                self.count,
                self.leave_clock,
                self.members,
                self.due,
                flows,
            ):  # stops when the table is full, and goes on where it was
                self._make_room(self.persons.key.shape[1] + 1)
        if gift.any():
            self._make_room(int(self.count.max() + np.ceil(gift).sum()))
            _give(
                now,
                self.rules,
                gift,
                gift_months,
                self.pools[0],
                self.persons,
                self.count,
                self.leave_clock,
                self.members,
                self.due,
                flows,
            )
        _settle(now, flows)


def _pool(home, names, left, pressure) -> Pool:
    shape = left.shape
    return Pool(
        home,
        names,
        left.astype(np.int32),
        np.zeros(shape, np.int32),
        np.zeros(shape),
        np.ascontiguousarray(pressure[:, home]),
        np.full(shape, NEVER),
    )


@njit(cache=True)
def _name_cells(keys, commune_numbers, out):
    for d in range(len(keys)):
        j = 0
        for c in range(len(commune_numbers)):
            commune = chance.child(keys[d], commune_numbers[c])
            for g in range(G):
                group = chance.child(commune, g)
                for band in range(BANDS):
                    out[d, j] = chance.child(group, band)
                    j += 1


@njit(cache=True, inline="always")
def _next_resistance(pool, d, j, shape):
    """Draw the resistance of the one who is next, as the pressure at which it is passed."""
    if pool.left[d, j] <= 0:
        pool.next[d, j] = NEVER
        return
    person = chance.child(pool.key[d, j], pool.rank[d, j])
    pool.log_survival[d, j] += math.log(chance.uniform(person, b.RESIST)) / pool.left[d, j]
    pool.next[d, j] = pool.start[d, j] + b.threshold(pool.log_survival[d, j], shape)


@njit(cache=True)
def _first_resistances(pool, shape):
    for d in range(pool.left.shape[0]):
        for j in range(pool.left.shape[1]):
            _next_resistance(pool, d, j, shape[d])


@njit(cache=True)
def _leave_pool(pool, rate, shape, when):
    """Take people out of the pool for good; each is the next in line with chance 1/n."""
    for d in range(pool.left.shape[0]):
        for j in range(pool.left.shape[1]):
            n = pool.left[d, j]
            if n <= 0:
                continue
            gone = int(n * rate[d] + chance.uniform(pool.key[d, j], GIFT_BRANCH - when))
            if gone <= 0:
                continue
            pool.left[d, j] = n - min(gone, n)
            if chance.uniform(pool.key[d, j], GIFT_BRANCH - 32 - when) * n < gone:
                pool.rank[d, j] += 1
                _next_resistance(pool, d, j, shape[d])
            elif pool.left[d, j] <= 0:
                pool.next[d, j] = NEVER


@njit(cache=True, inline="always")
def _wait_to_leave(persons, d, i, clock, month):
    persons.turn[d, i] = clock - math.log(chance.uniform(persons.key[d, i], 32 * month + b.LEAVE))


@njit(cache=True)
def _open(opening, pool, pressure, rules, persons, count, members, due, start, december, subsidy_months):
    lengths = b.SPELLS * b.USUAL_SPELLS
    lengths = lengths / lengths.sum()
    for d in range(opening.shape[0]):
        shape = rules.frailty_shape[d]
        for j in range(opening.shape[1]):
            c, g = j // COMMUNE, (j // BANDS) % G
            for r in range(opening[d, j]):
                i = count[d]
                count[d] += 1
                person = chance.child(pool.key[d, j], r)
                tenure = min(1 + int(-24.0 * math.log(chance.uniform(person, 32 * start + b.TENURE))), 150)
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
                _name_person(rules, persons, d, i, person)
                persons.cell[d, i], persons.due[d, i], persons.joined[d, i] = j, when, -tenure
                persons.paid[d, i] = (1 << min(1 if rush else tenure, 12)) - 1
                persons.subsidized[d, i] = min(tenure, subsidy_months)
                persons.state[d, i], persons.kind[d, i], persons.spell[d, i] = MEMBER, RUSHED if rush else 0, s
                _wait_to_leave(persons, d, i, 0.0, start)
                members[d, c, g] += 1
                due[d, when, c] += 1
            m, n = opening[d, j], pool.left[d, j]
            pool.left[d, j], pool.rank[d, j] = n - m, m
            if n > m:
                pool.log_survival[d, j] = math.log((n - m) / n)
                pressure[d, j] = b.threshold(pool.log_survival[d, j], shape)
            _next_resistance(pool, d, j, shape)


@njit(cache=True, inline="always")
def _pay(now, rules, persons, d, i, c, g, s, by_donors, due, flows):
    """Pay for a spell: sets the due month, adds months and money; today's price holds for all months that are paid."""
    months = b.SPELLS[s]
    persons.spell[d, i] = s
    persons.due[d, i] = now.t + months
    due[d, min(now.t + months, due.shape[1] - 1), c] += 1
    supported = min(months, max(0, b.SUBSIDY_MONTHS - persons.subsidized[d, i]))
    persons.subsidized[d, i] += supported
    flows[d, PAID_MONTHS, c, g] += months
    if by_donors:
        flows[d, GIVEN, c, g] += months
        flows[d, GIVEN_SUPPORTED, c, g] += supported
    else:
        flows[d, DECLARED, c, g] += months * min(persons.declared[d, i], now.ceiling)
        flows[d, SUPPORTED, c, g] += supported


@njit(cache=True)
def _settle(now, flows):
    """Turn the month's paid months into money; today's price holds for all months that were paid today."""
    for d in range(flows.shape[0]):
        for c in range(flows.shape[2]):
            k = now.price_class[c]
            for g in range(G):
                declared, supported = (
                    now.contribution * flows[d, DECLARED, c, g],
                    now.contribution * flows[d, SUPPORTED, c, g],
                )
                given = now.contribution * flows[d, GIVEN, c, g]
                given_state = now.contribution * flows[d, GIVEN_SUPPORTED, c, g] * now.state[k, g]
                by_state, by_province = supported * now.state[k, g], supported * now.province[k, g]
                by_donors = supported * now.donors[k, g]
                flows[d, BY_MEMBERS, c, g] = declared - by_state - by_province - by_donors
                flows[d, BY_STATE, c, g] = by_state + given_state
                flows[d, BY_PROVINCE, c, g] = by_province
                flows[d, BY_DONORS, c, g] = by_donors + given - given_state


@njit(cache=True)
def _name_person(rules, persons, d, i, key):
    """Give row `i` its name, and what it declares for good."""
    persons.key[d, i] = key
    persons.declared[d, i] = b.declared_multiple(
        chance.uniform(key, b.FLOOR), chance.uniform(key, b.TAIL), rules.floor_share[d], rules.declared_tail[d]
    )


@njit(cache=True, inline="always")
def _begin(now, rules, persons, d, i, c, g, s, kind, leave_clock, members, due, flows):
    """Become a member, for the first time or again."""
    persons.state[d, i], persons.kind[d, i] = MEMBER, kind
    members[d, c, g] += 1
    _pay(now, rules, persons, d, i, c, g, s, kind == GIFTED, due, flows)
    _wait_to_leave(persons, d, i, leave_clock[d, c], now.month)


@njit(cache=True)
def _live(now, rules, persons, count, leave_clock, return_clock, members, due, flows):
    """Bring the clocks forward, then let every person who ever enrolled leave, renew, lapse or return."""
    luck, t = 32 * now.month, now.t
    back = np.empty((now.burden_rise.shape[1], G, BANDS))
    by_spell, by_tenure = (
        np.empty(len(b.SPELLS)),
        np.empty(t + 152),
    )  # opening members have been in for up to 150 months
    for d in range(len(count)):
        for k in range(back.shape[0]):
            for g in range(G):
                for band in range(BANDS):
                    back[k, g, band] = math.exp(-rules.renewal_price_response[d] * now.burden_rise[d, k, g, band])
        for k in range(len(b.SPELLS)):
            by_spell[k] = b.lapse_hazard(rules.annual_lapse[d], b.SPELLS[k])
        for months in range(len(by_tenure)):
            by_tenure[months] = b.tenure_factor(months, rules.tenure_effect[d])
        withdraw = rules.lump_sum_rate[d] / 12.0
        for c in range(leave_clock.shape[1]):
            leave_clock[d, c] += now.to_compulsory[d, c] + now.to_other[d]
            j, k = c * COMMUNE, now.price_class[c]
            for g in range(G):
                for band in range(BANDS):
                    return_clock[d, j] += now.returning[d, c] * back[k, g, band] + withdraw
                    j += 1
        for i in range(count[d]):
            state = persons.state[d, i]
            if state == GONE:
                continue
            j = persons.cell[d, i]
            c = j // COMMUNE
            g, band = (j // BANDS) % G, j % BANDS
            if state == MEMBER:
                if leave_clock[d, c] >= persons.turn[d, i]:
                    persons.state[d, i] = GONE
                    members[d, c, g] -= 1
                    if persons.due[d, i] > t:
                        due[d, min(persons.due[d, i], due.shape[1] - 1), c] -= 1
                    hazard = now.to_compulsory[d, c] + now.to_other[d]
                    moved = chance.uniform(persons.key[d, i], luck + b.WHERE) * hazard < now.to_compulsory[d, c]
                    flows[d, TO_COMPULSORY if moved else TO_OTHER, c, g] += 1
                    continue
                if persons.due[d, i] <= t:
                    key = persons.key[d, i]
                    tenure = min(t - persons.joined[d, i], len(by_tenure) - 1)
                    hazard = by_spell[persons.spell[d, i]] * by_tenure[tenure] / back[now.price_class[c], g, band]
                    kind = persons.kind[d, i]
                    is_called = chance.uniform(key, luck + b.CALLED) < now.called[d, c]
                    stop = b.lapse_chance(
                        hazard,
                        is_called,
                        kind & RUSHED,
                        kind & GIFTED,
                        rules.renewal_contact[d],
                        rules.rush_lapse[d],
                        rules.gift_retention[d],
                    )
                    if chance.uniform(key, luck + b.LAPSE) < stop:
                        persons.state[d, i] = LAPSED
                        members[d, c, g] -= 1
                        flows[d, LAPSES, c, g] += 1
                        persons.turn[d, i] = return_clock[d, j] - math.log(chance.uniform(key, luck + b.RETURN))
                    else:
                        persons.kind[d, i] = 0
                        s = b.spell_of(chance.uniform(key, luck + b.SPELL), False, now.advised[c])
                        _pay(now, rules, persons, d, i, c, g, s, False, due, flows)
            elif return_clock[d, j] >= persons.turn[d, i]:
                key = persons.key[d, i]
                hazard = now.returning[d, c] * back[now.price_class[c], g, band]
                if chance.uniform(key, luck + b.WHERE) * (hazard + withdraw) >= hazard:
                    persons.state[d, i] = GONE  # has taken the contributions out, and cannot come back
                    continue
                flows[d, RETURNS, c, g] += 1
                rush = chance.uniform(key, luck + b.RUSH) < now.rushed[d, c]
                s = b.spell_of(chance.uniform(key, luck + b.SPELL), rush, now.advised[c])
                _begin(now, rules, persons, d, i, c, g, s, RUSHED if rush else 0, leave_clock, members, due, flows)
            paid = (persons.paid[d, i] << 1) & 4095
            if persons.state[d, i] == MEMBER:
                paid |= 1
                if _BITS[paid] >= 9:
                    flows[d, ACTIVE, c, g] += 1
            persons.paid[d, i] = paid


@njit(cache=True)
def _press(pressure, now):
    for d in range(pressure.shape[0]):
        j = 0
        for c in range(now.contact.shape[1]):
            k = now.price_class[c]
            for g in range(G):
                rate = now.contact[d, c, g]
                for band in range(BANDS):
                    pressure[d, j] += rate * now.accept[d, k, g, band]
                    j += 1


@njit(cache=True)
def _enter(now, rules, pool, pressure, persons, count, leave_clock, members, due, flows):
    capacity = persons.key.shape[1]
    for d in range(pool.next.shape[0]):
        for p in range(pool.next.shape[1]):
            j = pool.home[p]
            while pressure[d, j] >= pool.next[d, p]:
                i = count[d]
                if i >= capacity:
                    return False
                count[d] += 1
                c, g = j // COMMUNE, (j // BANDS) % G
                key = chance.child(pool.key[d, p], pool.rank[d, p])
                rush = chance.uniform(key, 32 * now.month + b.RUSH) < now.rushed[d, c] * rules.rush_short[d]
                _name_person(rules, persons, d, i, key)
                persons.cell[d, i], persons.joined[d, i] = j, now.t
                persons.subsidized[d, i], persons.paid[d, i] = 0, 1
                flows[d, ENTRIES, c, g] += 1
                s = b.spell_of(chance.uniform(key, 32 * now.month + b.SPELL), rush, now.advised[c])
                _begin(now, rules, persons, d, i, c, g, s, RUSHED if rush else 0, leave_clock, members, due, flows)
                pool.left[d, p] -= 1
                pool.rank[d, p] += 1
                _next_resistance(pool, d, p, rules.frailty_shape[d])
    return True


@njit(cache=True)
def _give(now, rules, gift, gift_months, pool, persons, count, leave_clock, members, due, flows):
    """Give books to people picked at random; with chance 1/n the one picked is the next who would have joined."""
    for d in range(pool.left.shape[0]):
        for c in range(gift.shape[0]):
            for g in range(G):
                if gift[c, g] <= 0.0:
                    continue
                first = (c * G + g) * BANDS
                s = 0
                while s < len(b.SPELLS) - 1 and b.SPELLS[s] < gift_months[c, g]:
                    s += 1
                for n in range(int(gift[c, g] + chance.uniform(pool.key[d, first], 32 * now.month + b.GIFT))):
                    key = chance.child(pool.key[d, first], uint64(GIFT_BRANCH + now.month * 4096 + n))
                    j = first + int(chance.uniform(key, b.GIFT) * BANDS)
                    left = pool.left[d, j]
                    if left <= 0:
                        continue
                    pool.left[d, j] = left - 1
                    if chance.uniform(key, b.RESIST) * left < 1.0:
                        key = chance.child(pool.key[d, j], pool.rank[d, j])
                        pool.rank[d, j] += 1
                        _next_resistance(pool, d, j, rules.frailty_shape[d])
                    i = count[d]
                    count[d] += 1
                    _name_person(rules, persons, d, i, key)
                    persons.cell[d, i], persons.joined[d, i] = j, now.t
                    persons.subsidized[d, i], persons.paid[d, i] = 0, 1
                    flows[d, ENTRIES, c, g] += 1
                    _begin(now, rules, persons, d, i, c, g, s, GIFTED, leave_clock, members, due, flows)
