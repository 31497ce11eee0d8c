"""Policies of the nation beside one another for the same money.

Each policy that costs is made so small that what all payers but the members pay more in the year is the same budget,
within a hundredth. A policy that costs less as it was asked for stays as it is: nothing is made larger than somebody
asked for. One that cannot be made to cost the budget (it costs less, or its parts are too large) says what it costs
and is not ranked.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy.optimize import brentq

from forecast.data.vocabulary import NATION
from forecast.desk.board.board import Board
from forecast.desk.board.compare import Compared, outcomes_of, rows_of
from forecast.desk.board.outlook import Outlook
from forecast.desk.board.policies import Effect, effects
from forecast.desk.equal_money import best
from forecast.question.levers import Lever, Policy, Where
from forecast.question.scenario import Scenario

BUDGET = 100e9  # VND a year for the nation: what the cheaper policies that come with the data can spend
EXACT = 0.01  # how near to the budget, as a part of it, is the same money
MOST = 8  # sizes of a policy that are tried
FINE = 1e-4  # two sizes nearer than this are one
SIZES = ("count", "share", "per_month", "hours_per_month")  # fields of levers that say how much of it
SHARES = ("local_top_up_share",)  # changes of the law that can be had in part


def equal(
    board: Board,
    scenarios: Iterable[Scenario],
    compared: Compared,
    *,
    budget: float = BUDGET,
    jobs: int | None = None,
    keep: Path | None = None,
) -> pd.DataFrame:
    """Return rows of the nation as :class:`~forecast.desk.board.compare.Compared` has them, at equal money.

    `compared` is what the same scenarios do as they were asked for: its draws and its status quo are those here.
    `size` is the part of each policy that costs nearest to `budget` (VND in the first year), `first` the share of draws
    in which it adds most lasting members by the last month (:func:`forecast.desk.equal_money.best`), among those that
    cost the budget; NaN for one that cannot, which is not ranked. Policies that save money, and those of which there is
    no half, are left out. `keep` is a folder for finished provinces.
    """
    whole = compared.rows[compared.rows["place"] == NATION].set_index("policy", drop=False)
    rows: list[dict[str, object]] = []
    added: dict[str, np.ndarray] = {}
    for asked in scenarios:
        row = {str(k): v for k, v in whole.loc[asked.scenario].to_dict().items()}
        if float(row["support"]) <= 0 or sized(asked, 0.5) is None:
            continue
        tried = _Tried(board, asked, compared, budget, partial(effects, jobs=jobs, keep=keep, usual=compared.usual))
        tried.at[1.0] = row, _gain(board, compared.outlooks[asked.scenario], row)
        size = tried.nearest()
        row, gain = tried.at[size]
        rows.append(row | {"size": size})
        if tried.is_equal(size):
            added[asked.scenario] = gain
    frame = pd.DataFrame(rows, columns=[*compared.rows.columns, "size", "first"])
    if added:
        each = pd.concat({name: pd.DataFrame({"end": x}) for name, x in added.items()}, names=["scenario", "draw"])
        frame["first"] = frame["policy"].map(best(each, ["end"])["end"])
    return frame


@dataclass
class _Tried:
    """Sizes of one policy: what it does at each, a row and the lasting members that it adds by draw."""

    board: Board
    asked: Scenario
    compared: Compared
    budget: float
    effects: Callable[..., dict[str, dict[str, Effect]]]
    at: dict[float, tuple[dict[str, Any], np.ndarray]] = field(default_factory=dict)

    def over(self, size: float) -> float:
        """Return by what part of the budget a size is too dear: 0 where it is the same money, so that a search ends."""
        if size <= 0:
            return -1.0
        if size not in self.at:
            self.at[size] = self._done(size)
        return 0.0 if self.is_equal(size) else self._gap(size)

    def is_equal(self, size: float) -> bool:
        """Return whether a size that was tried costs the budget."""
        return abs(self._gap(size)) <= EXACT

    def nearest(self) -> float:
        """Return the size that costs nearest to the budget, of :data:`MOST` at most."""
        if self.over(1.0) > 0:
            brentq(self.over, 0.0, 1.0, xtol=FINE, maxiter=MOST, disp=False)
        return min(self.at, key=lambda size: abs(self._gap(size)))

    def _gap(self, size: float) -> float:
        return float(self.at[size][0]["support"]) / self.budget - 1

    def _done(self, size: float) -> tuple[dict[str, Any], np.ndarray]:
        """Work out a part of the policy; parts that come to the same levers are worked out once."""
        board, made = self.board, sized(self.asked, size)
        if made is None:
            raise ValueError(f"{self.asked.scenario} has no part")
        for other, known in self.at.items():
            if (same := sized(self.asked, other)) and (same.policy, same.changes) == (made.policy, made.changes):
                return known
        levers = {made.scenario: partial(_given, made.policy.levers)} if made.policy.levers else {}
        done = self.effects(board.asked, board.outlook, levers) if levers else {}
        outcomes = outcomes_of(board, [made], {**done, "": self.compared.usual})
        (row,) = (row for row in rows_of(board, outcomes) if (row["policy"], row["place"]) == (made.scenario, NATION))
        return row, _gain(board, outcomes[made.scenario][1], row)


def _gain(board: Board, outlook: Outlook, row: Mapping[str, Any]) -> np.ndarray:
    """Return the lasting members that a policy adds to the nation by the last month, by draw."""
    gain = outlook.of(NATION, "lasting_members")[-1] - board.outlook.of(NATION, "lasting_members")[-1]
    return np.asarray(gain[: int(row["draws"])])


def _given(levers: tuple[Lever, ...], _: object) -> tuple[Lever, ...]:
    return levers


def sized(scenario: Scenario, times: float) -> Scenario | None:
    """Return a scenario of which there is so much less (communes, visits, lists, points); None where it has no part.

    >>> from forecast.question.levers import Visits
    >>> asked = Scenario("visits", "Việt Nam", start="2026-11", until="2030-12", policy=Policy(Visits(count=21)))
    >>> sized(asked, 0.5).policy.levers[0].count
    10.5
    """
    levers = [_smaller(lever, times) for lever in scenario.policy.levers]
    changes = [
        change.model_copy(update={"value": change.value * times}) if change.parameter in SHARES else None
        for change in scenario.changes
    ]
    kept_levers = tuple(x for x in levers if x is not None)
    kept = tuple(x for x in changes if x is not None)
    if len(kept_levers) < len(levers) or len(kept) < len(changes):
        return None
    return scenario.but(policy=Policy(*kept_levers), changes=kept)


def _smaller(lever: Lever, times: float) -> Lever | None:
    """Return a lever of which there is so much less."""
    if isinstance(lever.where, Where) and lever.where.count:
        count = max(round(lever.where.count * times), 1)
        return lever.model_copy(update={"where": lever.where.model_copy(update={"count": count})})
    for name in SIZES:
        if name in type(lever).model_fields:
            return lever.model_copy(update={name: getattr(lever, name) * times})
    return None
