"""People by events: only those who enroll come into being, named by (cell, rank).

A cell is commune x group x income band. Everybody who has not enrolled yet carries a resistance, exponential divided
by a gamma frailty; pressure adds up on the cell, and a person enrolls in the month in which it passes their
resistance (Sellke 1983). With n people left, the log of the survival level of the lowest resistance falls by
log(U)/n, so that resistances are drawn in rising order, one at a time, and the cost is that of the events. Every
later decision of a person is a hash of (seed, draw, cell, rank, month, decision), with months counted from the one in
which they joined: who joins two months earlier under another policy lives the same life two months earlier.

The same construction serves for leaving and returning: a clock of hazard runs for each commune (leaving) and each cell
(returning), and a person carries the reading at which it is their turn. People who become eligible later form cells of
their own, by year. Whether somebody has left the pool for good is asked once pressure exceeds their resistance: it is
luck of their own, so more pressure never enrolls anybody else instead.

All of it is compiled and works on the arrays of :mod:`engines.people.records`. A month is an index from the opening
(0). Nobody is looked at before the month in which something can happen to them (`wake`).
"""

import math

import numpy as np

from forecast.data import chance
from forecast.engines.people import hazards as h
from forecast.engines.people.giving import give, sign
from forecast.engines.people.memory import compiled, fetch_soon
from forecast.engines.people.person import (
    begin,
    end,
    go,
    luck_of,
    name_person,
    next_resistance,
    pay,
    room_for_one,
    sleep,
    still_there,
    wait,
)
from forecast.engines.people.prices import BANDS, PaidMonths, Terms, settle
from forecast.engines.people.records import (
    ACTIVE,
    ACTIVE_BIT,
    BY_DONORS,
    BY_MEMBERS,
    BY_PROVINCE,
    BY_STATE,
    CAMPAIGN,
    COMMUNE,
    DECLARED,
    ENTRIES,
    GIFTED,
    GIVEN,
    GIVEN_SUPPORTED,
    GONE,
    LAPSED,
    LAPSES,
    MEMBER,
    RETURNS,
    SUPPORTED,
    TO_COMPULSORY,
    TO_OTHER,
    Crowd,
    Effects,
    G,
    Gifts,
    Late,
    Ledger,
    Month,
    Row,
    Rules,
    Who,
)

AHEAD = 12  # rows that are asked for before they are needed
WHOLE = 0x7FFFFFFF  # all bits but the sign: what cannot be negative is not asked whether it counts from the end


@compiled
def _awake(count: int, table: np.ndarray, wake: np.ndarray, t: int, unforeseen: bool, turns: np.ndarray) -> int:
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
def live_month(
    begun: bool, now: Month, rules: Rules, crowd: Crowd, effects: Effects, gifts: Gifts, flows: np.ndarray
) -> bool:
    """Live a month, all in one call since each call costs more than a quiet month; False when the table is full."""
    if not begun:
        _live(now, rules, crowd, effects, flows)
    if not _enter(now, rules, crowd, gifts.late, flows):
        return False
    more = 0  # rows
    for c in range(gifts.persons.shape[0]):
        for g in range(G):
            given, signed = gifts.persons[c, g] / crowd.persons, now.signing[c, g] / crowd.persons
            more += int(math.ceil(given)) + int(math.ceil(signed))
    if more:
        if crowd.ledger.count[0] - crowd.ledger.free[1] + more > len(crowd.table):
            return False
        give(now, rules, gifts, crowd, flows)
        sign(now, rules, gifts, crowd, flows)
    _settle(now, crowd.ledger, flows)
    return True


@compiled
def _bring_clocks_forward(now: Month, ledger: Ledger, ease: np.ndarray, withdraw: float) -> bool:
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
def _live(now: Month, rules: Rules, crowd: Crowd, effects: Effects, flows: np.ndarray) -> None:
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
                _leave(now, crowd, person, who, flows)
            elif person.due > t or _renews(now, rules, crowd, effects, person, who, flows):
                sleep(ledger, person, wake, who, t)
        elif ledger.return_clock[j] < person.turn:
            path = ledger.foreseen[now.price_class[who.commune], who.group, j % BANDS]
            wait(ledger, person, wake, i, j, path, t)
        else:
            _come_back(now, crowd, effects.ease, withdraw, person, who, flows)


@compiled
def _leave(now: Month, crowd: Crowd, person: Row, who: Who, flows: np.ndarray) -> None:
    """Leave for good: for compulsory insurance, or by death or pension."""
    c, g, ledger = who.commune, who.group, crowd.ledger
    end(ledger, person, c, g, GONE)
    if person.due > now.t:
        ledger.due[min(person.due, ledger.due.shape[0] - 1), c] -= person.persons
    moved = chance.uniform(person.key, luck_of(person, now.t) + h.WHERE) < ledger.leave_split[c, now.t]
    flows[c, g, TO_COMPULSORY if moved else TO_OTHER] += person.persons
    go(crowd, person, who.row)


@compiled
def _renews(now: Month, rules: Rules, crowd: Crowd, effects: Effects, person: Row, who: Who, flows: np.ndarray) -> bool:
    """Pay again, or else lapse: the paid months have run out."""
    t, c, g, j = now.t, who.commune, who.group, person.cell & WHOLE
    key, band, luck, ledger = person.key, j % BANDS, luck_of(person, t), crowd.ledger
    used_up = person.subsidized >= now.subsidy_months
    burden = effects.full[g, band] if used_up else effects.price[now.price_class[c], g, band]
    hazard = (
        effects.by_spell[person.spell & WHOLE] * effects.by_tenure[(t - person.joined - person.away) & WHOLE] * burden
    )
    special, months = person.kind & (CAMPAIGN | GIFTED), now.spells.months[person.spell & WHOLE]
    stopping = chance.uniform(key, luck + h.LAPSE)
    # 1 - exp(-hazard) is never above the hazard, so most need no exponential.
    if (stopping < hazard or special) and stopping < h.lapse_chance(
        hazard,
        chance.uniform(key, luck + h.CALLED) < now.called[c],
        special & CAMPAIGN,
        special & GIFTED,
        rules.renewal_contact,
        1.0 - now.keep[c] ** months,
        rules.gift_retention,
    ):
        end(ledger, person, c, g, LAPSED)
        flows[c, g, LAPSES] += person.persons
        streak = min(t - person.since, 12)
        person.paid = (((person.paid << streak) | ((1 << streak) - 1)) << 1) & 4095
        person.since = t
        person.turn = ledger.return_clock[j] - math.log(chance.uniform(key, luck + h.RETURN))
        wait(ledger, person, crowd.wake, who.row, j, ledger.foreseen[now.price_class[c], g, band], t)
        return False
    person.kind &= ACTIVE_BIT | CAMPAIGN
    s = h.spell_of(chance.uniform(key, luck + h.SPELL), special & CAMPAIGN, now.advised[c], now.spells)
    pay(now, ledger, person, c, g, s, flows)
    return True


@compiled
def _come_back(
    now: Month, crowd: Crowd, ease: np.ndarray, withdraw: float, person: Row, who: Who, flows: np.ndarray
) -> None:
    """Return, or take the contributions out, after which nobody can come back."""
    t, c, g, i = now.t, who.commune, who.group, who.row
    key, luck = person.key, luck_of(person, t)
    hazard = now.returning[c] * ease[now.price_class[c], g, (person.cell & WHOLE) % BANDS]
    if chance.uniform(key, luck + h.WHERE) * (hazard + withdraw) >= hazard:
        go(crowd, person, i)
        return
    flows[c, g, RETURNS] += person.persons
    person.away += t - person.since
    person.paid = (person.paid << min(t - 1 - person.since, 12)) & 4095
    s = h.spell_of(chance.uniform(key, luck + h.SPELL), False, now.advised[c], now.spells)
    begin(now, crowd, person, who, s, 0, flows)


@compiled
def _enter(now: Month, rules: Rules, crowd: Crowd, late: Late, flows: np.ndarray) -> bool:
    """Enroll those once pressure on their cell exceeds their resistance; False when the table is full."""
    pool, ledger, table = crowd.pool, crowd.ledger, crowd.table
    for p in range(len(pool.next)):
        j = pool.home[p] & WHOLE
        had = pool.left[p]
        while ledger.pressure[j] >= pool.next[p]:
            if ledger.count[0] >= len(table) and not ledger.free[1]:
                if p >= late.opening:
                    late.left[j // BANDS] -= had - pool.left[p]
                return False
            key = chance.child(pool.key[p], pool.rank[p])
            pool.left[p] -= 1
            pool.rank[p] += 1
            next_resistance(pool, p, rules.frailty_shape)  # first, so that its chain of steps runs beside what follows
            c, g = j // COMMUNE, (j // BANDS) % G
            if chance.uniform(key, h.LEAVE) < still_there(now, ledger, c, pool.year[p]):
                i = room_for_one(crowd)
                name_person(rules, table[i], key, j, now.t, now.floor)
                table[i].persons = crowd.persons
                flows[c, g, ENTRIES] += crowd.persons
                luck = luck_of(table[i], now.t)
                paper = chance.uniform(key, luck + h.CAMPAIGN) < now.on_paper[c]
                s = h.spell_of(chance.uniform(key, luck + h.SPELL), paper, now.advised[c], now.spells)
                begin(now, crowd, table[i], Who(i, c, g), s, CAMPAIGN if paper else 0, flows)
        if p >= late.opening:
            late.left[j // BANDS] -= had - pool.left[p]
    return True


@compiled
def _settle(now: Month, ledger: Ledger, flows: np.ndarray) -> None:
    """Turn the month's paid months into money, and note who has paid 9 of the last 12 months."""
    for c in range(flows.shape[0]):
        k = now.price_class[c]
        for g in range(G):
            row = flows[c, g]
            paid = PaidMonths(row[DECLARED], row[SUPPORTED], row[GIVEN], row[GIVEN_SUPPORTED])
            terms = Terms(now.contribution, now.state[k, g], now.province[k, g], now.donors[k, g])
            row[BY_MEMBERS], row[BY_STATE], row[BY_PROVINCE], row[BY_DONORS] = settle(paid, terms)
            ledger.active[c, g] += ledger.activated[now.t, c, g]
            row[ACTIVE] = ledger.active[c, g]
