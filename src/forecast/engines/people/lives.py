"""What became of the people of the agent engine, one by one, so that two policies can be lined up person by person."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from forecast.engines.people import agents, records
from forecast.engines.people.memory import compiled
from forecast.engines.people.people import People
from forecast.engines.people.prices import BANDS
from forecast.question.scenario import Scenario

WORD = 64  # months in a word of `Lives.member`


class Lives(NamedTuple):
    """What became of the people of one draw who were ever members; the same person has the same key in every policy."""

    key: np.ndarray  # (people,)
    group: np.ndarray  # (people,) position in GROUPS
    joined: np.ndarray  # (people,) months after the opening; 0 for those who were members by then
    member: np.ndarray  # (people, words) uint64: was this person a member in month t? Bit t % 64 of word t // 64
    supported: np.ndarray  # (asked months, people) months paid since the opening that carry a subsidy, added up
    once: np.ndarray  # (people,) bool: came, paid once, and was gone when it had run out
    persons: np.ndarray  # (people,) whom a row stands for


def lives(
    scenario: Scenario, draws: range, seed: int, paid_by: Sequence[int], team: type[agents.Team] = agents.Team
) -> tuple[np.ndarray, list[Lives]]:
    """Return the values behind `AgentEngine`'s rows, and the people behind them draw by draw, all side by side.

    `supported` is known at the ends of the months `paid_by` (positions; the last month last).

    >>> from forecast import toy
    >>> quo = Scenario("quo", toy.place(), start="2021-12", until="2022-02", law=toy.law())
    >>> _, (first, second) = lives(quo, range(2), 1, [2])
    >>> (first.joined > 0).any().item(), first.member.shape == (len(first.key), 1)
    (True, True)
    """
    words, last = -(-len(scenario.months) // WORD), len(scenario.months) - 1
    members = [np.zeros((0, words), np.uint64) for _ in draws]
    paid: list[dict[int, np.ndarray]] = [{} for _ in draws]

    def look(model: agents.Offices, t: int) -> None:
        for marks, kept, people in zip(members, paid, model.people, strict=True):
            count = people.ledger.count[0]
            if count > len(marks):
                marks.resize((count if t == last else len(people.table), words), refcheck=False)  # what is new is zero
            _mark(people.table, count, t, marks)
            if t in (0, *paid_by):
                kept[t] = people.table["subsidized"][:count].copy()

    values = agents.batch(team, scenario, draws, seed, look)
    model = agents.model_of(team)
    spells = model.world.layout.spells[0].months
    each = zip(model.people, members, paid, strict=True)
    histories = [_lives(people, marks, [kept[t] for t in (0, *paid_by)], last, spells) for people, marks, kept in each]
    return values, histories


@compiled
def _mark(table: np.ndarray, count: int, t: int, marks: np.ndarray) -> None:
    """Note of every person whether they are a member in month `t`."""
    word, bit = t // WORD, np.uint64(1) << np.uint64(t % WORD)
    for i in range(count):
        if table[i].state == records.MEMBER:
            marks[i, word] |= bit


def _lives(people: People, marks: np.ndarray, paid: list[np.ndarray], last: int, spells: np.ndarray) -> Lives:
    """What became of the people of a draw; `paid` is months with a subsidy at the opening, and when it was asked."""
    table, opened = people.table[: people.ledger.count[0]], len(paid[0])
    supported = np.zeros((len(paid) - 1, len(table)), np.int16)
    for row, then in zip(supported, paid[1:], strict=True):
        row[: len(then)] = then
    supported[:, :opened] -= paid[0]
    at_last = (marks[: len(table), last // WORD] >> np.uint64(last % WORD)).astype(bool)
    once = (supported[-1] == spells[table["spell"]]) & ~at_last & (np.arange(len(table)) >= opened)
    group = (table["cell"] // BANDS % records.G).astype(np.int8)
    joined, persons = np.maximum(table["joined"], 0), table["persons"].copy()
    return Lives(table["key"].copy(), group, joined, marks[: len(table)], supported, once, persons)
