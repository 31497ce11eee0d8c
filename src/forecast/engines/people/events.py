"""People by events: only those who enroll come into being, named by (cell, rank).

A cell is commune x group x income band. Everybody who has not enrolled yet carries a resistance, exponential divided
by a gamma frailty; pressure adds up on the cell, and a person enrolls in the month in which it passes their
resistance (Sellke 1983). With n people left, the log of the survival level of the lowest resistance falls by
log(U)/n, so that resistances are drawn in rising order, one at a time, and the cost is that of the events. Every
later decision of a person is a hash of (seed, draw, cell, rank, month, decision), with months counted from the one in
which they joined: who joins two months earlier under another policy lives the same life two months earlier.

The same construction serves for leaving and returning: a clock of hazard runs for each commune (leaving) and each cell
(returning), and a person carries the reading at which it is their turn. People who become eligible later form cells of
their own, by year. Whether somebody has left the pool for good is asked when their resistance is passed: it is luck of
their own, so more pressure never enrolls anybody else instead.

All of it is compiled and works on the arrays of :mod:`engines.people.records`. A month is an index from the opening
(0). Nobody is looked at before the month in which something can happen to them (`wake`).
"""

import math

import numpy as np
from numba import njit, uint64

from forecast.data import chance
from forecast.engines.people import hazards as h
from forecast.engines.people.hazards import Spells
from forecast.engines.people.memory import fetch_soon
from forecast.engines.people.prices import BANDS, PaidMonths, Terms, settle
from forecast.engines.people.records import (
    ACTIVE,
    ACTIVE_BIT,
    BY_DONORS,
    BY_MEMBERS,
    BY_PROVINCE,
    BY_STATE,
    COMMUNE,
    DECLARED,
    ENTRIES,
    GIFT_BRANCH,
    GIFTED,
    GIVEN,
    GIVEN_SUPPORTED,
    GONE,
    LAPSED,
    LAPSES,
    MEMBER,
    NEVER,
    NO_MONTH,
    PAID_MONTHS,
    RETURNS,
    RUSHED,
    SUPPORTED,
    TO_COMPULSORY,
    TO_OTHER,
    G,
    Who,
)

AHEAD = 12  # rows that are asked for before they are needed
WHOLE = 0x7FFFFFFF  # all bits but the sign: what cannot be negative is not asked whether it counts from the end


def met_spells(spells: Spells) -> np.ndarray:
    """Shares of spells as a passer-by meets them, (spells,): long ones are met more often.

    >>> import pandas as pd
    >>> from forecast.data import toy
    >>> (one,) = h.spells(pd.period_range("2021-12", periods=1, freq="M"), toy.law())
    >>> met_spells(one).round(3).tolist()
    [0.024, 0.193, 0.241, 0.348, 0.193]
    """
    met: np.ndarray = spells.months * spells.usual
    return met / met.sum()


def _months_to_nine() -> np.ndarray:
    """Paid months in a row until 9 of the last 12 are paid, by what was paid in the 12 months before (a bit each)."""
    wanted = np.zeros(4096, np.int8)
    for mask in range(4096):
        paid = mask
        while paid.bit_count() < 9:  # each month adds one that is paid and drops the oldest
            paid = ((paid << 1) | 1) & 4095
            wanted[mask] += 1
    return wanted


_TO_NINE = _months_to_nine()

# Compiled without reference counts: the loops own nothing and return no array, and counting costs more than the work.
compiled = njit(cache=True, _nrt=False)


@compiled
def name_cells(key, commune_numbers, out):
    """Name the cells of each commune: keys in the order commune, group, band."""
    j = 0
    for c in range(len(commune_numbers)):
        commune = chance.child(key, commune_numbers[c])
        for g in range(G):
            group = chance.child(commune, g)
            for band in range(BANDS):
                out[j] = chance.child(group, band)
                j += 1


@compiled
def _next_resistance(pool, p, shape):
    """Draw the resistance of the one who is next, as the pressure at which it is passed."""
    if pool.left[p] <= 0:
        pool.next[p] = NEVER
    else:
        person = chance.child(pool.key[p], pool.rank[p])
        pool.log_survival[p] += math.log(chance.uniform(person, h.RESIST)) / pool.left[p]
        pool.next[p] = pool.start[p] + h.threshold(pool.log_survival[p], shape)


@compiled
def first_resistances(pool, shape):
    """Draw the lowest resistance of each cell of a pool."""
    for p in range(len(pool.left)):
        _next_resistance(pool, p, shape)


@compiled
def _staying(year, year_came, rules):
    """Share of those who came into a pool in one year that have not left it for good by another."""
    return (1.0 - rules.eligible_exit_rate) ** max(year - year_came, 0)


@compiled
def _sleep(person, wake, i):
    """Nothing can happen to a member before the first of these months."""
    first = min(person.due, person.leave)
    wake[i] = first if person.kind & ACTIVE_BIT else min(first, person.active)


@compiled
def _pay(now, ledger, person, c, g, s, flows):
    """Pay for a spell: sets the due month, adds months; today's price holds for all months that are paid."""
    months = now.spells.months[s]
    person.spell = s
    person.due = now.t + months
    ledger.due[min(now.t + months, ledger.due.shape[0] - 1), c] += 1
    supported = min(months, max(0, now.subsidy_months - person.subsidized))
    person.subsidized += supported
    flows[c, g, PAID_MONTHS] += months
    if person.kind & GIFTED:
        flows[c, g, GIVEN] += months
        flows[c, g, GIVEN_SUPPORTED] += supported
    else:
        flows[c, g, DECLARED] += months * min(person.declared, now.ceiling)
        flows[c, g, SUPPORTED] += supported


@compiled
def _luck(person, t):
    """Number of a person's first decision of a month, months counted from the one in which they joined."""
    return 32 * (1 + t - person.joined)


@compiled
def _first_at(clock, t, turn):
    """The first month after `t` in which a clock (months,), which never falls, has come to `turn`; or its length.

    Halving without branches, since each would be guessed wrong half of the time; most turns never come.
    """
    last = len(clock) - 1
    if clock[last] < turn:
        return last + 1
    low, left = t, last - t
    while left > 1:
        half = left // 2
        low += half * int(clock[low + half] < turn)
        left -= half
    return low + 1


@compiled
def _leaving(ledger, c, t, luck):
    """The first month after `t` in which the commune's clock has moved on by an exponential number."""
    if luck < ledger.leave_never[t, c]:
        return NO_MONTH
    clock = ledger.leave_clock[c]
    month = _first_at(clock, t, clock[t] - math.log(luck))
    return month if month < len(clock) else NO_MONTH


@compiled
def _begin(now, crowd, person, who, s, kind, flows):
    """Become a member, for the first time or again; `person.paid` holds the 12 months before this one."""
    ledger, c, g = crowd.ledger, who.commune, who.group
    person.state, person.kind, person.since = MEMBER, kind, now.t
    ledger.members[c, g] += 1
    _pay(now, ledger, person, c, g, s, flows)
    person.leave = _leaving(ledger, c, now.t, chance.uniform(person.key, _luck(person, now.t) + h.LEAVE))
    person.active = now.t + max(_TO_NINE[person.paid] - 1, 0)
    _activate(ledger, person, c, g, now.t)
    _sleep(person, crowd.wake, who.row)


@compiled
def _activate(ledger, person, c, g, t):
    if person.active <= t and not person.kind & ACTIVE_BIT:
        person.kind |= ACTIVE_BIT
        ledger.active[c, g] += 1


@compiled
def _end(ledger, person, c, g, state):
    """Stop being a member."""
    person.state = state
    ledger.members[c, g] -= 1
    if person.kind & ACTIVE_BIT:
        ledger.active[c, g] -= 1


@compiled
def _wait(ledger, person, wake, i, j, path, t):
    """A lapsed person need not be looked at before the clock can have come to their turn."""
    turn = (person.turn - ledger.return_clock[j]) * (1 - 1e-9) + path[t]  # a rounding must not make anybody late
    wake[i] = _first_at(path, t, turn)


@compiled
def open_members(opening, crowd, rules, past):
    """Make the opening members, the lowest resistances of each cell (see `People.open`)."""
    pool, ledger = crowd.pool, crowd.ledger
    for j in range(len(opening)):
        for r in range(opening[j]):
            _was_member(j, r, crowd, rules, past)
        m, n = opening[j], pool.left[j]
        pool.left[j], pool.rank[j] = n - m, m
        if n > m:
            pool.log_survival[j] = math.log((n - m) / n)
            ledger.pressure[j] = h.threshold(pool.log_survival[j], rules.frailty_shape)
        _next_resistance(pool, j, rules.frailty_shape)


@compiled
def _was_member(j, r, crowd, rules, past):
    """Make one opening member of cell `j`, with a past as a member."""
    c, g, first, ledger = j // COMMUNE, (j // BANDS) % G, 32 * past.month, crowd.ledger
    i = ledger.count[0]
    ledger.count[0] += 1
    person = crowd.table[i]
    key = chance.child(crowd.pool.key[j], r)
    tenure = min(1 + int(-24.0 * math.log(chance.uniform(key, first + h.TENURE))), 150)
    luck, below, s = chance.uniform(key, first + h.SPELL), 0.0, 0
    for k in range(len(past.met)):
        below += past.met[k]
        s = k
        if luck < below:
            break
    rush = chance.uniform(key, first + h.RUSH) < past.december
    if rush:
        s = h.spell_of(luck, True, 0.0, past.spells)
        tenure = 1
    _name_person(rules, person, key, j, 1 - tenure)
    person.due = 1 + int(chance.uniform(key, first + h.DUE) * past.spells.months[s])
    person.subsidized = min(tenure, past.subsidized)
    person.state, person.kind, person.spell, person.since = MEMBER, RUSHED if rush else 0, s, 1 - tenure
    person.active = 9 - tenure
    person.leave = _leaving(ledger, c, 0, chance.uniform(key, first + h.LEAVE))
    ledger.members[c, g] += 1
    ledger.due[person.due, c] += 1
    _activate(ledger, person, c, g, 0)
    _sleep(person, crowd.wake, i)


@compiled
def _name_person(rules, person, key, j, joined):
    """Begin a row: the name, what the person will declare for good, where and when they join, nothing paid yet."""
    person.key, person.cell, person.joined, person.paid, person.subsidized, person.kind = key, j, joined, 0, 0, 0
    person.declared = h.declared_multiple(
        chance.uniform(key, h.FLOOR), chance.uniform(key, h.TAIL), rules.floor_share, rules.declared_tail
    )


@compiled
def _awake(count, table, wake, t, unforeseen, turns):
    """List the rows to which something may happen; the rest of `turns` is of no meaning, but can be read."""
    awake = 0
    for i in range(count):
        turns[awake] = i  # always written and then kept or not: a branch would be guessed wrong too often
        awake += wake[i] <= t
    if unforeseen:
        awake = 0
        for i in range(count):
            turns[awake] = i
            awake += wake[i] <= t or table[i].state == LAPSED
    turns[awake : awake + AHEAD] = 0
    return awake


@compiled
def live_month(begun, now, rules, crowd, effects, gifts, flows):
    """Live a month, all in one call since each call costs more than a quiet month; False when the table is full."""
    if not begun:
        _live(now, rules, crowd, effects, flows)
    if not _enter(now, rules, crowd, flows):
        return False
    books = 0
    for c in range(gifts.persons.shape[0]):
        for g in range(G):
            books += int(math.ceil(gifts.persons[c, g]))
    if books:
        if crowd.ledger.count[0] + books > len(crowd.table):
            return False
        _give(now, rules, gifts, crowd, flows)
    _settle(now, crowd.ledger, flows)
    return True


@compiled
def _bring_clocks_forward(now, ledger, ease, withdraw):
    """Let every cell's clock of returning and its pressure go on by a month; was any of the clocks not foreseen?

    The two inner loops have no branch and one stride, so that they run at several cells a step.
    """
    for c in range(len(now.returning)):
        k = now.price_class[c]
        for g in range(G):
            first, returning, contact = c * COMMUNE + g * BANDS, now.returning[c], now.contact[c, g]
            for band in range(BANDS):
                ledger.return_clock[first + band] += returning * ease[k, g, band] + withdraw
            for band in range(BANDS):
                ledger.pressure[first + band] += contact * now.accept[k, g, band]
    unforeseen = False
    for k in range(len(ease)):
        fastest = 0.0
        for c in range(len(now.returning)):
            fastest = max(fastest, now.returning[c] if now.price_class[c] == k else 0.0)
        for g in range(G):
            for band in range(BANDS):
                path = ledger.foreseen[k, g, band]
                move = fastest * ease[k, g, band] + withdraw
                unforeseen |= move > (path[now.t] - path[now.t - 1]) * (1 + 1e-9)
    return unforeseen


@compiled
def _live(now, rules, crowd, effects, flows):
    """Bring the clocks forward, then let every person whose month it is leave, renew, lapse or return."""
    ledger, table, wake, turns, t = crowd.ledger, crowd.table, crowd.wake, crowd.turns, now.t
    for k in range(len(effects.by_spell)):
        effects.by_spell[k] = h.lapse_hazard(rules.annual_lapse, now.spells.months[k])
    for months in range(len(effects.by_tenure)):
        effects.by_tenure[months] = h.tenure_factor(months, rules.tenure_effect)
    withdraw = rules.lump_sum_rate / 12.0
    unforeseen = _bring_clocks_forward(now, ledger, effects.ease, withdraw)
    awake = _awake(ledger.count[0], table, wake, t, unforeseen, turns)
    for n in range(awake):
        # Rows lie far apart, so the next ones are fetched from memory while this one is at work.
        fetch_soon(table, turns[n + AHEAD])
        i = turns[n] & WHOLE
        person = table[i]
        j = person.cell & WHOLE
        who = Who(i, j // COMMUNE, (j // BANDS) % G)
        if person.state == MEMBER:
            if person.leave <= t:
                _leave(now, ledger, person, who, flows)
                wake[i] = NO_MONTH
            elif person.due > t or _renews(now, rules, crowd, effects, person, who, flows):
                _activate(ledger, person, who.commune, who.group, t)
                _sleep(person, wake, i)
        elif ledger.return_clock[j] < person.turn:
            path = ledger.foreseen[now.price_class[who.commune], who.group, j % BANDS]
            _wait(ledger, person, wake, i, j, path, t)
        else:
            _come_back(now, crowd, effects.ease, withdraw, person, who, flows)


@compiled
def _leave(now, ledger, person, who, flows):
    """Leave for good: for compulsory insurance, or by death or pension."""
    c, g = who.commune, who.group
    _end(ledger, person, c, g, GONE)
    if person.due > now.t:
        ledger.due[min(person.due, ledger.due.shape[0] - 1), c] -= 1
    moved = chance.uniform(person.key, _luck(person, now.t) + h.WHERE) < ledger.leave_split[c, now.t]
    flows[c, g, TO_COMPULSORY if moved else TO_OTHER] += 1


@compiled
def _renews(now, rules, crowd, effects, person, who, flows):
    """Pay again, or else lapse: the paid months have run out."""
    t, c, g, j = now.t, who.commune, who.group, person.cell & WHOLE
    key, band, luck, ledger = person.key, j % BANDS, _luck(person, t), crowd.ledger
    used_up = person.subsidized >= now.subsidy_months
    burden = effects.full[g, band] if used_up else effects.price[now.price_class[c], g, band]
    hazard = effects.by_spell[person.spell & WHOLE] * effects.by_tenure[(t - person.joined) & WHOLE] * burden
    special = person.kind & (RUSHED | GIFTED)
    stopping = chance.uniform(key, luck + h.LAPSE)
    # 1 - exp(-hazard) is never above the hazard, so most need no exponential.
    if (stopping < hazard or special) and stopping < h.lapse_chance(
        hazard,
        chance.uniform(key, luck + h.CALLED) < now.called[c],
        special & RUSHED,
        special & GIFTED,
        rules.renewal_contact,
        rules.rush_lapse,
        rules.gift_retention,
    ):
        _end(ledger, person, c, g, LAPSED)
        flows[c, g, LAPSES] += 1
        streak = min(t - person.since, 12)
        person.paid = (((person.paid << streak) | ((1 << streak) - 1)) << 1) & 4095
        person.since = t
        person.turn = ledger.return_clock[j] - math.log(chance.uniform(key, luck + h.RETURN))
        _wait(ledger, person, crowd.wake, who.row, j, ledger.foreseen[now.price_class[c], g, band], t)
        return False
    person.kind &= ACTIVE_BIT
    s = h.spell_of(chance.uniform(key, luck + h.SPELL), False, now.advised[c], now.spells)
    _pay(now, ledger, person, c, g, s, flows)
    return True


@compiled
def _come_back(now, crowd, ease, withdraw, person, who, flows):
    """Return, or take the contributions out, after which nobody can come back."""
    t, c, g, i = now.t, who.commune, who.group, who.row
    key, luck = person.key, _luck(person, t)
    hazard = now.returning[c] * ease[now.price_class[c], g, (person.cell & WHOLE) % BANDS]
    if chance.uniform(key, luck + h.WHERE) * (hazard + withdraw) >= hazard:
        person.state, crowd.wake[i] = GONE, NO_MONTH
        return
    flows[c, g, RETURNS] += 1
    person.paid = (person.paid << min(t - 1 - person.since, 12)) & 4095
    rush = chance.uniform(key, luck + h.RUSH) < now.rushed[c]
    s = h.spell_of(chance.uniform(key, luck + h.SPELL), rush, now.advised[c], now.spells)
    _begin(now, crowd, person, who, s, RUSHED if rush else 0, flows)


@compiled
def _enter(now, rules, crowd, flows):
    """Let those enroll whose resistance the pressure on their cell has passed; False when the table is full."""
    pool, ledger, table = crowd.pool, crowd.ledger, crowd.table
    year, came, staying = now.month // 12, -1, 1.0
    for p in range(len(pool.next)):
        j = pool.home[p] & WHOLE
        if pool.year[p] != came:  # rarely: pools stand in the order of their years
            came = pool.year[p]
            staying = _staying(year, came, rules)
        while ledger.pressure[j] >= pool.next[p]:
            i = ledger.count[0]
            if i >= len(table):
                return False
            key = chance.child(pool.key[p], pool.rank[p])
            pool.left[p] -= 1
            pool.rank[p] += 1
            _next_resistance(pool, p, rules.frailty_shape)  # first, so that its chain of steps runs beside what follows
            if chance.uniform(key, h.LEAVE) < staying:
                ledger.count[0] += 1
                c, g = j // COMMUNE, (j // BANDS) % G
                _name_person(rules, table[i], key, j, now.t)
                flows[c, g, ENTRIES] += 1
                luck = _luck(table[i], now.t)
                rush = chance.uniform(key, luck + h.RUSH) < now.rushed[c] * rules.rush_short
                s = h.spell_of(chance.uniform(key, luck + h.SPELL), rush, now.advised[c], now.spells)
                _begin(now, crowd, table[i], Who(i, c, g), s, RUSHED if rush else 0, flows)
    return True


@compiled
def _give(now, rules, gifts, crowd, flows):
    """Give books to people picked at random among those of the opening who have not joined."""
    for c in range(gifts.persons.shape[0]):
        for g in range(G):
            if gifts.persons[c, g] <= 0.0:
                continue
            s = 0
            while s < len(now.spells.months) - 1 and now.spells.months[s] < gifts.months[c, g]:
                s += 1
            first = crowd.pool.key[(c * G + g) * BANDS]
            wanted = int(gifts.persons[c, g] + chance.uniform(first, 32 * now.month + h.GIFT))
            tries = 0
            while wanted > 0 and _someone_left(crowd.pool, c, g):
                wanted -= _give_one(now, rules, crowd, Who(tries, c, g), s, flows)
                tries += 1


@compiled
def _someone_left(pool, c, g):
    """How many people of a group have not joined in a commune, of those of the opening."""
    first, left = (c * G + g) * BANDS, 0
    for p in range(first, first + BANDS):
        left += pool.left[p]
    return left


@compiled
def _give_one(now, rules, crowd, who, s, flows):
    """Give a book to somebody; 0 if the one who was picked has left by now. `who.row` numbers the attempts."""
    pool, ledger, c, g = crowd.pool, crowd.ledger, who.commune, who.group
    first = (c * G + g) * BANDS
    key = chance.child(pool.key[first], uint64(GIFT_BRANCH + now.month * 65536 + who.row))
    p, pick = first, int(chance.uniform(key, h.GIFT) * _someone_left(pool, c, g))
    while pick >= pool.left[p]:
        pick -= pool.left[p]
        p += 1
    is_next = chance.uniform(key, h.RESIST) * pool.left[p] < 1.0
    pool.left[p] -= 1
    if is_next:
        key = chance.child(pool.key[p], pool.rank[p])
        pool.rank[p] += 1
        _next_resistance(pool, p, rules.frailty_shape)
    if chance.uniform(key, h.LEAVE) >= _staying(now.month // 12, pool.year[p], rules):
        return 0
    i = ledger.count[0]
    ledger.count[0] += 1
    person = crowd.table[i]
    _name_person(rules, person, key, p, now.t)
    flows[c, g, ENTRIES] += 1
    _begin(now, crowd, person, Who(i, c, g), s, GIFTED, flows)
    return 1


@compiled
def _settle(now, ledger, flows):
    """Turn the month's paid months into money, and note who has paid 9 of the last 12 months."""
    for c in range(flows.shape[0]):
        k = now.price_class[c]
        for g in range(G):
            row = flows[c, g]
            paid = PaidMonths(row[DECLARED], row[SUPPORTED], row[GIVEN], row[GIVEN_SUPPORTED])
            terms = Terms(now.contribution, now.state[k, g], now.province[k, g], now.donors[k, g])
            row[BY_MEMBERS], row[BY_STATE], row[BY_PROVINCE], row[BY_DONORS] = settle(paid, terms)
            row[ACTIVE] = ledger.active[c, g]
