"""The stock engine: expected entries minus expected exits, the model that a planner can follow by hand.

Communes that the policy treats alike are one stratum. For each stratum, group and month, with the same formulas as the
agents: entries = people left x fall of the survival curve under the month's pressure; every member has a due month, and
those who are due renew or lapse; the lapsed return; some leave. Where the formulas bend, the mean of people is not the
person at the mean: teams come in classes of skill, and of tenure the mean and the spread are kept. Nothing is rounded
to whole people, and the luck of single people is left out: the spread of the answer comes from the parameters and the
months' common shocks. `active_9of12` needs single people, so this engine is silent about it. The end of the
subsidy after so many months is told from members' tenure.
"""

import hashlib
import pickle

import numpy as np
import pandas as pd

from forecast.data.code import ENGINES, code_hash
from forecast.engines import SILENT, deaf_to, heard, silence
from forecast.engines.people.following import world_of
from forecast.engines.people.means import expected, skill_classes
from forecast.engines.people.money import charge
from forecast.engines.people.world import rows_of
from forecast.question.plan import GROUPS
from forecast.question.scenario import Scenario

G = len(GROUPS)
BATCH = 200
MOST_LEVELS = 16  # kept in a process: at most some 5 MB each
_LEVELS: dict[bytes, np.ndarray] = {}


class StockEngine:
    """Expected flows by stratum and group; sees every lever.

    >>> StockEngine().name
    'stock'
    """

    name = "stock"
    sees = heard("stock")

    def run(self, scenario: Scenario, draws: range, seed: int) -> pd.DataFrame:
        """Return projection rows of the place, for every month, group and measure but `active_9of12`."""
        if deaf_to(self, scenario):
            return silence()
        rows = rows_of(scenario, self.name, draws, self.values(scenario, draws, seed))
        return rows[~rows["measure"].isin(SILENT)].reset_index(drop=True)

    def values(self, scenario: Scenario, draws: range, seed: int) -> np.ndarray:
        """Return the numbers behind the rows, (draws, months, measures, groups + all): for those who add them up."""
        starts = range(draws.start, draws.stop, BATCH)
        return np.concatenate([_answer(scenario, range(d, min(d + BATCH, draws.stop)), seed) for d in starts])


def _answer(scenario: Scenario, draws: range, seed: int) -> np.ndarray:
    """Values as `expected` gives them, at the level of one stratum.

    Cutting a place into strata moves the level a little by itself (what saturates, saturates elsewhere). Strata
    therefore only say what the policy adds: the status quo in one stratum plus, in the policy's strata, the policy
    minus the status quo. So a lever of no size adds nothing, and two policies can be compared. Where a policy leaves
    hardly anybody, less of the level is moved, so that nothing falls below zero.
    """
    strata = strata_of(scenario)
    values = _in_strata(scenario, draws, seed, strata)
    if strata.any():
        level, groups = _level(scenario, draws, seed, strata), values[..., :G]
        room = np.full_like(level, np.inf)
        np.divide(groups, -level, out=room, where=level < 0)
        least = room[:, :, :-1].min(axis=(1, 2), keepdims=True)  # of measures; what new members are worth is none
        groups += np.clip(least, 0, 1) * level  # one factor a draw: the ledger holds
        values[..., G] = groups.sum(axis=-1)
    return charge(values, scenario, draws, seed)


def _level(scenario: Scenario, draws: range, seed: int, strata: np.ndarray) -> np.ndarray:
    """What cutting the status quo into strata takes from it."""
    quo = scenario.with_policy("quo", scenario.policy.in_force(scenario.start))
    asked = pickle.dumps(
        (dict(quo), draws, seed, code_hash(*ENGINES))
    )  # what is pickled otherwise is worked out again, no more
    whole, cut = (_quo(quo, draws, seed, one, asked) for one in (np.zeros_like(strata), strata))
    level: np.ndarray = whole - cut
    return level


def _quo(quo: Scenario, draws: range, seed: int, strata: np.ndarray, asked: bytes) -> np.ndarray:
    """Return the status quo in strata, kept for the next policy that cuts the same way; `asked` names the question."""
    key = hashlib.blake2b(asked + strata.tobytes()).digest()
    level = _LEVELS.pop(key, None)
    if level is None:
        level = _in_strata(quo, draws, seed, strata)[..., :G].copy()
        if len(_LEVELS) >= MOST_LEVELS:
            del _LEVELS[next(iter(_LEVELS))]  # the one that was not asked for longest
    _LEVELS[key] = level
    return level


def _in_strata(scenario: Scenario, draws: range, seed: int, strata: np.ndarray) -> np.ndarray:
    world = world_of(scenario, draws, seed, strata)
    return expected(world, skill_classes(scenario, strata, world))


def strata_of(scenario: Scenario) -> np.ndarray:
    """Number the strata: communes for which the policy changes the same columns in the same months, (communes,)."""
    plan, base = scenario.plan, scenario.status_quo_plan
    changed = [getattr(plan, n) != getattr(base, n) for n in sorted(plan.changed(base))]
    if not changed:
        return np.zeros(len(plan.communes), np.int64)
    rows = np.concatenate([np.moveaxis(c, 1, 0).reshape(len(plan.communes), -1) for c in changed], axis=1)
    known: dict[bytes, int] = {}  # rows are few: only those that differ are sorted
    of_row = [known.setdefault(row.tobytes(), len(known)) for row in rows]
    first = np.unique(of_row, return_index=True)[1]
    return np.unique(rows[first], axis=0, return_inverse=True)[1].ravel()[of_row]
