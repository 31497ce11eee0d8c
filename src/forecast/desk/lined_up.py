"""Two worlds lined up, person by person: which kind each is of, and what each was a member and paid for in both."""

import numpy as np
import pandas as pd
from numba import njit

from forecast.engines.people.lives import WORD, Lives
from forecast.question.plan import GROUPS

KINDS = ("because", "sooner", "anyway", "already", "instead")
BECAUSE, SOONER, ANYWAY, ALREADY, INSTEAD = range(len(KINDS))
COUNTED = ("persons", "member_years", "supported", "before", "dead", "once", "entries", "paid")
_NEVER = np.iinfo(np.int16).max


def compare(without: Lives, under: Lives, acts: tuple[int, int, int, int]) -> tuple[np.ndarray, np.ndarray]:
    """Return what differs between one draw's people of two worlds, lined up by their keys: people, and months.

    Sums by (groups, kinds, counted), and members by (kinds and brought, now and then, months); see :func:`frames`.

    The columns are those of :func:`forecast.desk.additionality.follow`. `acts` is the number of months, the last one
    of the policy, and which rows of `supported` stand before it and at its end.
    """
    order, asked = np.argsort(without.key), np.argsort(under.key)
    keys, wanted = without.key[order], under.key[asked]  # both in order, which is what makes the search quick
    at = np.minimum(np.searchsorted(keys, wanted), len(order) - 1)
    match = np.empty(len(asked), np.int64)
    match[asked] = np.where(keys[at] == wanted, order[at], -1)
    alone = np.ones(len(order), bool)
    alone[match[match >= 0]] = False
    sums = np.zeros((len(GROUPS), len(KINDS), len(COUNTED)))
    paths = np.zeros((len(KINDS) + 1, 2, acts[0]), np.int64)
    _add_up(without, under, match, np.flatnonzero(alone), acts, sums, paths)
    return sums, paths


def frames(people: np.ndarray, paths: np.ndarray, months: pd.Index) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return what :func:`compare` found in draws 0, 1, ... as tables: a row a draw, group and kind, or kind and month.

    `people` and `paths` have a first axis of draws.
    """
    draws, kinds = range(len(people)), [*KINDS, "brought"]
    each = pd.MultiIndex.from_product([draws, GROUPS, KINDS], names=["draw", "group", "kind"])
    by_kind = pd.MultiIndex.from_product([draws, kinds, months], names=["draw", "kind", "month"])
    now, then = paths[:, :, 0].ravel(), paths[:, :, 1].ravel()
    table = pd.DataFrame(people.reshape(-1, len(COUNTED)), each, list(COUNTED)).reset_index()
    return table, pd.DataFrame({"members": now, "gap": now - then}, by_kind).reset_index()


@njit(cache=True)
def _kind(with_policy: int, without_policy: int) -> int:
    """Kind of somebody who joined under the policy, by the months of joining in both worlds."""
    if without_policy == _NEVER:
        return BECAUSE
    if with_policy == 0 and without_policy == 0:
        return ALREADY
    return SOONER if with_policy < without_policy else ANYWAY


@njit(cache=True)
def _add_up(
    without: Lives,
    under: Lives,
    match: np.ndarray,
    alone: np.ndarray,
    acts: tuple[int, int, int, int],
    sums: np.ndarray,
    paths: np.ndarray,
) -> None:
    """Go through all people: those under the policy with their match (-1: none), then those without one."""
    end, last, before, ended = acts
    brought, none = len(KINDS), np.zeros(under.member.shape[1], np.uint64)
    for i in range(len(match)):
        j, came, would_come, paid_before = match[i], under.joined[i], _NEVER, 0
        then = none
        if j >= 0:
            then, would_come = without.member[j], without.joined[j]
            paid_before = without.supported[ended, j] - without.supported[before, j]
        now, kind, paid = (
            under.member[i],
            _kind(came, would_come),
            under.supported[ended, i] - under.supported[before, i],
        )
        persons = under.persons[i]
        gap = _count(now, persons, end, paths[kind, 0]) - _count(then, persons, end, paths[kind, 1])
        if came <= last < would_come:
            _count(now, persons, end, paths[brought, 0])
            _count(then, persons, end, paths[brought, 1])
        row = sums[under.group[i], kind]
        row[0] += persons
        row[1] += gap / 12
        row[2] += persons * paid
        row[3] += persons * paid_before
        row[4] += persons * min(paid, paid_before)
        if came > 0:
            row[5] += persons * under.once[i]
            row[6] += persons
            row[7] += persons * under.supported[-1, i]
    for j in alone:
        row, persons = sums[without.group[j], INSTEAD], without.persons[j]
        row[0] += persons
        row[1] -= _count(without.member[j], persons, end, paths[INSTEAD, 1]) / 12
        row[3] += persons * (without.supported[ended, j] - without.supported[before, j])


@njit(cache=True)
def _count(member: np.ndarray, persons: int, end: int, path: np.ndarray) -> int:
    """Add the months as a member of a row of `persons` to `path`, and return their number."""
    months = 0
    for t in range(end):
        here = persons * int((member[t // WORD] >> np.uint64(t % WORD)) & np.uint64(1))
        path[t] += here
        months += here
    return months
