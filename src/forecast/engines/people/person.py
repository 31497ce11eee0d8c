"""What one person does, compiled: draw a resistance, join, pay, come to the month of the next thing, stop."""

import math

import numpy as np

from forecast.data import chance
from forecast.engines.people import hazards as h
from forecast.engines.people.commission import NEW_FOR
from forecast.engines.people.declared import share_above
from forecast.engines.people.memory import compiled, fetch_soon
from forecast.engines.people.prices import BANDS
from forecast.engines.people.records import (
    ACTIVE_BIT,
    CAMPAIGN,
    DECLARED,
    GIFTED,
    GIVEN,
    GIVEN_SUPPORTED,
    GONE,
    MEMBER,
    NEVER,
    NEWLY,
    NO_MONTH,
    PAID_MONTHS,
    SUPPORTED,
    Crowd,
    G,
    Ledger,
    Month,
    Pool,
    Row,
    Rules,
    Who,
)


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


@compiled
def still_there(now: Month, ledger: Ledger, c: int, year_came: int) -> float:
    """Share of those who came into a pool in a year that have neither left for good nor been found by inspections."""
    clock, came = ledger.found_clock, max(12 * year_came - (now.month - now.t), 0)
    found, here = clock[now.t, c] - clock[came, c], now.staying[now.month // 12 - year_came]
    result: float = here * math.exp(-found) if found > 0.0 else here
    return result


@compiled
def next_resistance(pool: Pool, p: int, shape: float) -> None:
    """Draw the resistance of the one who is next, as the pressure at which it is passed."""
    if pool.left[p] <= 0:
        pool.next[p] = NEVER
    else:
        person = chance.child(pool.key[p], pool.rank[p])
        pool.log_survival[p] += math.log(chance.uniform(person, h.RESIST)) / pool.left[p]
        pool.next[p] = pool.start[p] + h.threshold(pool.log_survival[p], shape)


@compiled
def name_person(rules: Rules, person: Row, key: np.uint64, j: int, joined: int, floor: float) -> None:
    """Begin a row: the name, what the person will declare for good, where and when they join, nothing paid yet.

    `floor` is the month's, in floors of the opening.
    """
    person.key, person.cell, person.joined, person.paid, person.subsidized, person.kind = key, j, joined, 0, 0, 0
    at_floor, person.away = 1.0 - share_above(rules, (j // BANDS) % G), 0
    person.declared = floor * h.declared_multiple(
        chance.uniform(key, h.FLOOR), chance.uniform(key, h.TAIL), at_floor, rules.declared_tail
    )


@compiled
def luck_of(person: Row, t: int) -> int:
    """Number of a person's first decision of a month, months counted from the one in which they joined."""
    result: int = 32 * (1 + t - person.joined)
    return result


@compiled
def first_at(clock: np.ndarray, t: int, turn: float) -> int:
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
def month_of_leaving(ledger: Ledger, c: int, t: int, luck: float) -> int:
    """The first month after `t` in which the commune's clock has moved on by an exponential number."""
    if luck < ledger.leave_never[t, c]:
        return NO_MONTH
    clock = ledger.leave_clock[c]
    month = first_at(clock, t, clock[t] - math.log(luck))
    return month if month < len(clock) else NO_MONTH


@compiled
def active_from(person: Row) -> int:
    """The month from which a member has paid 9 of the last 12 months, if they go on paying."""
    month: int = person.since + max(_TO_NINE[person.paid] - 1, 0)
    return month


@compiled
def sleep(ledger: Ledger, person: Row, wake: np.ndarray, who: Who, t: int) -> None:
    """Nothing can happen to a member before one of these months; who will be active by then is noted now."""
    first = min(person.due, person.leave)
    wake[who.row] = first
    month = max(active_from(person), t)
    if not person.kind & ACTIVE_BIT and month < first:
        person.kind |= ACTIVE_BIT
        ledger.activated[month, who.commune, who.group] += person.persons


@compiled
def pay(now: Month, ledger: Ledger, person: Row, c: int, g: int, s: int, flows: np.ndarray) -> None:
    """Pay for a spell: sets the due month, adds months; today's price holds for all months that are paid."""
    months, persons = now.spells.months[s], person.persons
    person.spell = s
    person.due = now.t + months
    ledger.due[min(now.t + months, ledger.due.shape[0] - 1), c] += persons
    supported = min(months, max(0, now.subsidy_months - person.subsidized))
    person.subsidized += supported
    flows[c, g, PAID_MONTHS] += persons * months
    never_lapsed = person.since == person.joined and now.t - person.joined < NEW_FOR
    newly = now.newly[s] if never_lapsed else 0.0  # no branch: it would be guessed wrong too often
    flows[c, g, NEWLY] += persons * newly
    if person.kind & GIFTED:
        flows[c, g, GIVEN] += persons * months
        flows[c, g, GIVEN_SUPPORTED] += persons * supported
    else:
        flows[c, g, DECLARED] += persons * months * min(max(person.declared * now.per_floor, 1.0), now.ceiling)
        flows[c, g, SUPPORTED] += persons * supported


@compiled
def room_for_one(crowd: Crowd) -> int:
    """Return a row for somebody who joins: that of somebody who is gone for good, or else the next of the table."""
    ledger = crowd.ledger
    row: int = ledger.free[0]
    if ledger.free[1]:
        ledger.free[0] = crowd.table[row].cell
        ledger.free[1] -= 1
        fetch_soon(crowd.table, ledger.free[0])
        return row
    row = ledger.count[0]
    ledger.count[0] += 1
    return row


@compiled
def go(crowd: Crowd, person: Row, i: int) -> None:
    """Be gone for good; nothing is asked of the person any more."""
    person.state, crowd.wake[i] = GONE, NO_MONTH
    if not crowd.everybody:
        person.cell = crowd.ledger.free[0]
        crowd.ledger.free[0] = i
        crowd.ledger.free[1] += 1


@compiled
def begin(now: Month, crowd: Crowd, person: Row, who: Who, s: int, kind: int, flows: np.ndarray) -> None:
    """Become a member, for the first time or again; `person.paid` holds the 12 months before this one."""
    ledger, c, g = crowd.ledger, who.commune, who.group
    person.state, person.kind, person.since = MEMBER, kind, now.t
    ledger.members[c, g] += person.persons
    ledger.campaign[c, g] += person.persons * (kind & CAMPAIGN)
    pay(now, ledger, person, c, g, s, flows)
    person.leave = month_of_leaving(ledger, c, now.t, chance.uniform(person.key, luck_of(person, now.t) + h.LEAVE))
    sleep(ledger, person, crowd.wake, who, now.t)


@compiled
def end(ledger: Ledger, person: Row, c: int, g: int, state: int) -> None:
    """Stop being a member."""
    person.state = state
    ledger.members[c, g] -= person.persons
    ledger.campaign[c, g] -= person.persons * (person.kind & CAMPAIGN)
    if person.kind & ACTIVE_BIT:
        ledger.active[c, g] -= person.persons


@compiled
def wait(ledger: Ledger, person: Row, wake: np.ndarray, i: int, j: int, path: np.ndarray, t: int) -> None:
    """A lapsed person need not be looked at before the clock can have come to their turn."""
    turn = (person.turn - ledger.return_clock[j]) * (1 - 1e-9) + path[t]  # a rounding must not make anybody late
    wake[i] = first_at(path, t, turn)
