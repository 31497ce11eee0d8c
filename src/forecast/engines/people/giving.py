"""People who become members by a book or in a campaign: picked at random among those who have not joined (compiled)."""

import numpy as np
from numba import uint64

from forecast.data import chance
from forecast.engines.people import hazards as h
from forecast.engines.people.memory import compiled, compiled_within
from forecast.engines.people.person import begin, name_person, next_resistance, room_for_one, still_there
from forecast.engines.people.prices import BANDS
from forecast.engines.people.records import (
    CAMPAIGN,
    CAMPAIGN_BRANCH,
    ENTRIES,
    GIFT_BRANCH,
    GIFTED,
    Crowd,
    G,
    Gifts,
    Late,
    Month,
    Pool,
    Rules,
    Who,
)


@compiled
def give(now: Month, rules: Rules, gifts: Gifts, crowd: Crowd, flows: np.ndarray) -> None:
    """Give books to people picked at random among those who have not joined."""
    for c in range(gifts.persons.shape[0]):
        for g in range(G):
            s = 0
            while s < len(now.spells.months) - 1 and now.spells.months[s] < gifts.months[c, g]:
                s += 1
            wanted = gifts.persons[c, g]
            what = (wanted, s, GIFTED, h.GIFT, GIFT_BRANCH + now.month * 65536)
            _bring(now, rules, crowd, (c, g), what, gifts.late, flows)


@compiled
def sign(now: Month, rules: Rules, gifts: Gifts, crowd: Crowd, flows: np.ndarray) -> None:
    """Let people sign for a campaign, picked at random among those who have not joined."""
    s = h.spell_of(0.0, True, 0.0, now.spells)
    for c in range(now.signing.shape[0]):
        for g in range(G):
            branch = CAMPAIGN_BRANCH + now.month * 16777216
            _bring(now, rules, crowd, (c, g), (now.signing[c, g], s, CAMPAIGN, h.SIGN, branch), gifts.late, flows)


@compiled_within
def _bring(
    now: Month,
    rules: Rules,
    crowd: Crowd,
    where: tuple[int, int],
    what: tuple[float, int, int, int, int],
    late: Late,
    flows: np.ndarray,
) -> None:
    """Make members of people picked at random; `what` is how many, their spell and kind, and whose luck it is."""
    (c, g), (persons, s, kind, decision, branch) = where, what
    if persons <= 0.0:
        return
    first = crowd.pool.key[(c * G + g) * BANDS]
    wanted, tries = int(persons / crowd.persons + chance.uniform(first, 32 * now.month + decision)), 0
    left = _left(crowd.pool, late, c, g)
    while wanted > 0 and left > tries:
        key = chance.child(first, uint64(branch + tries))
        wanted -= _bring_one(now, rules, crowd, Who(left - tries, c, g), (key, s, kind), late, flows)
        tries += 1


@compiled
def _left(pool: Pool, late: Late, c: int, g: int) -> int:
    """How many rows are to come of a group in a commune."""
    cell = c * G + g
    left: int = late.left[cell]
    for p in range(cell * BANDS, (cell + 1) * BANDS):
        left += pool.left[p]
    return left


@compiled
def _picked(pool: Pool, late: Late, cell: int, pick: int) -> int:
    """The pool of the person who stands at `pick` among those of a commune and group who have not joined."""
    for p in range(cell * BANDS, (cell + 1) * BANDS):
        if pick < pool.left[p]:
            return p
        pick -= pool.left[p]
    n = late.first[cell]
    while pick >= pool.left[late.pools[n]]:
        pick -= pool.left[late.pools[n]]
        n += 1
    last: int = late.pools[n]
    return last


@compiled_within
def _bring_one(
    now: Month,
    rules: Rules,
    crowd: Crowd,
    who: Who,
    how: tuple[np.uint64, int, int],
    late: Late,
    flows: np.ndarray,
) -> int:
    """Make a member of somebody; 0 if the one who was picked has left by now.

    `who.row` is how many rows are to come; `how`: luck, spell and kind.
    """
    pool, ledger, c, g = crowd.pool, crowd.ledger, who.commune, who.group
    key, s, kind = how
    pick = int(chance.uniform(key, h.GIFT) * who.row)
    p = _picked(pool, late, c * G + g, pick)
    is_next = chance.uniform(key, h.RESIST) * pool.left[p] < 1.0
    pool.left[p] -= 1
    late.left[c * G + g] -= p >= late.opening
    if is_next:
        key = chance.child(pool.key[p], pool.rank[p])
        pool.rank[p] += 1
        next_resistance(pool, p, rules.frailty_shape)
    if chance.uniform(key, h.LEAVE) >= still_there(now, ledger, c, pool.year[p]):
        return 0
    i = room_for_one(crowd)
    person = crowd.table[i]
    name_person(rules, person, key, pool.home[p], now.t, now.floor)
    person.persons = crowd.persons
    flows[c, g, ENTRIES] += crowd.persons
    begin(now, crowd, person, Who(i, c, g), s, kind, flows)
    return 1
