"""Two worlds lined up, person by person: which kind each is of, and what each was a member and paid for in both."""

import numpy as np
import pandas as pd
from numba import njit

from forecast.engines.people.agents import Lives
from forecast.question.plan import GROUPS

KINDS = ("because", "sooner", "anyway", "already", "instead")
BECAUSE, SOONER, ANYWAY, ALREADY, INSTEAD = range(len(KINDS))
COUNTED = ("persons", "member_years", "supported", "before", "dead", "once", "entries", "paid")
_NEVER = np.iinfo(np.int16).max


def compare(without: Lives, under: Lives, acts: tuple[int, int, int]) -> tuple[np.ndarray, np.ndarray]:
    """Return what differs between one draw's people of two worlds, lined up by their keys: people, and months.

    Sums by (groups, kinds, counted), and members by (kinds and brought, now and then, months); see :func:`frames`.

    The columns are those of :func:`forecast.desk.additionality.follow`. `acts` is the last month of the policy, and
    which rows of `supported` stand before it and at its end.
    """
    order, asked = np.argsort(without.key), np.argsort(under.key)
    keys, wanted = without.key[order], under.key[asked]  # both in order, which is what makes the search quick
    at = np.minimum(np.searchsorted(keys, wanted), len(order) - 1)
    match = np.empty(len(asked), np.int64)
    match[asked] = np.where(keys[at] == wanted, order[at], -1)
    alone = np.ones(len(order), bool)
    alone[match[match >= 0]] = False
    sums = np.zeros((len(GROUPS), len(KINDS), len(COUNTED)))
    paths = np.zeros((len(KINDS) + 1, 2, len(under.member)), np.int64)
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
    acts: tuple[int, int, int],
    sums: np.ndarray,
    paths: np.ndarray,
) -> None:
    """Go through all people: those under the policy with their match (-1: none), then those without one.

    Months come in the outer loop, since those of one month lie together.
    """
    last, before, ended = acts
    end, brought, kinds = paths.shape[2], len(KINDS), np.empty(len(match), np.int64)
    was_brought, gap = np.zeros(len(match), np.bool_), np.zeros(len(match), np.int64)
    for i in range(len(match)):
        with_policy, without_policy = under.joined[i], without.joined[match[i]] if match[i] >= 0 else _NEVER
        kinds[i] = _kind(with_policy, without_policy)
        was_brought[i] = 0 < with_policy <= last < without_policy
    for t in range(end):
        for i in range(len(match)):
            now, then = int(under.member[t, i]), int(match[i] >= 0 and without.member[t, match[i]])
            paths[kinds[i], 0, t] += now
            paths[kinds[i], 1, t] += then
            if was_brought[i]:
                paths[brought, 0, t] += now
                paths[brought, 1, t] += then
            if t > 0:
                gap[i] += now - then
    for i in range(len(match)):
        j, paid_before = match[i], 0
        if j >= 0:
            paid_before = without.supported[ended, j] - without.supported[before, j]
        paid = under.supported[ended, i] - under.supported[before, i]
        row = sums[under.group[i], kinds[i]]
        row[0] += 1
        row[1] += gap[i] / 12
        row[2] += paid
        row[3] += paid_before
        row[4] += min(paid, paid_before)
        if under.joined[i] > 0:
            row[5] += under.once[i]
            row[6] += 1
            row[7] += under.supported[-1, i]
    for j in alone:
        row, held = sums[without.group[j], INSTEAD], 0
        row[0] += 1
        row[3] += without.supported[ended, j] - without.supported[before, j]
        for t in range(end):
            paths[INSTEAD, 1, t] += without.member[t, j]
            if t > 0:
                held += without.member[t, j]
        row[1] -= held / 12
