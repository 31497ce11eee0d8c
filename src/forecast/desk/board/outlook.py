"""Where every province and the nation will stand, month by month, in draws whose parts add up.

The engine `campaign` draws the nation and, with the same nation in the same draw, every province. Provinces that were
never counted have the spread of all places, so their sum is not the nation's; the nation is what was counted most
often and what forecasts of were scored best, so provinces are moved to its draw, each by the variance of its log
(:mod:`forecast.desk.board.adding`). The factors are found once, under the law as it is; every other law is drawn with
the same luck and the same factors, and the nation is then the sum of its provinces.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

import numpy as np
import pandas as pd

from forecast.answer.projection import COLUMNS
from forecast.data import tables
from forecast.data.law import Law, read_law
from forecast.data.mergers import parts
from forecast.data.vocabulary import AS_IS
from forecast.desk.board import adding
from forecast.engines.campaign.ahead import ahead
from forecast.engines.campaign.beliefs import Beliefs, states
from forecast.engines.campaign.kept import learned
from forecast.engines.campaign.known import NATION, Known, known_at
from forecast.engines.campaign.places import Deviation

UNTIL = "2030-12"
WEIGHED = 200  # draws by which it is found how far each province may be moved
MEASURES = ("members", "lasting_members")


class Asked(NamedTuple):
    """What a board is asked: the month at whose end it stands, the last month, draws and seed.

    `history` (columns of data/history.csv) and `law` are those of the data folder when left out; of both only what
    could be known at the end of `month` is used.
    """

    month: str
    until: str = UNTIL
    draws: int = 200
    seed: int = 1
    history: pd.DataFrame | None = None
    law: Law | None = None

    @property
    def months(self) -> pd.PeriodIndex:
        """Months from that of the board, which is today, to the last."""
        if tables.month(self.until) <= tables.month(self.month):
            raise tables.UserError(
                "until: {until} is not after {month}, the month of the board", until=self.until, month=self.month
            )
        return pd.period_range(self.month, self.until, freq="M")

    @property
    def known_history(self) -> pd.DataFrame:
        """The history that it learns from."""
        return tables.read(tables.data_dir() / "history.csv", "history") if self.history is None else self.history

    @property
    def known_law(self) -> Law:
        """The law as it could be read in its month."""
        return (self.law or read_law()).known(self.month)


@dataclass(frozen=True, eq=False)
class Outlook:
    """Draws of every province: whole persons by measure, each (places, months, draws); the nation is their sum."""

    places: tuple[str, ...]
    months: pd.PeriodIndex
    persons: Mapping[str, np.ndarray]

    def of(self, place: str, measure: str = "members") -> np.ndarray:
        """Return the draws of a province or of the nation, persons, (months, draws)."""
        values = self.persons[measure]
        draws = values.sum(axis=0) if place == NATION else values[self.places.index(place)]
        return np.asarray(draws)

    def at(self, month: str) -> int:
        """Return where a month stands."""
        position = self.months.get_indexer(pd.PeriodIndex([month], freq="M"))[0]
        if position < 0:
            raise tables.UserError(
                "{month} is not within the board's months, {first} to {last}",
                month=month,
                first=self.months[0],
                last=self.months[-1],
            )
        return int(position)

    @property
    def all(self) -> tuple[str, ...]:
        """The nation and its provinces."""
        return (NATION, *self.places)

    @cached_property
    def draws(self) -> int:
        """How many draws there are."""
        return int(self.persons["members"].shape[2])

    def projection(self, scenario: str = AS_IS) -> pd.DataFrame:
        """Return the draws as rows of a projection, the nation among the places; values are whole persons."""
        parts = []
        for measure in MEASURES:
            values = np.concatenate([self.persons[measure].sum(axis=0)[None], self.persons[measure]])
            index = pd.MultiIndex.from_product(
                [self.all, self.months.astype(str), range(self.draws)], names=["place", "month", "draw"]
            )
            rows = pd.DataFrame({"value": values.ravel().astype(float)}, index=index).reset_index()
            parts.append(rows.assign(measure=measure))
        frame = pd.concat(parts, ignore_index=True)
        frame = frame.assign(scenario=scenario, engine="board", origin=str(self.months[0]), group="all")
        text = {name: "category" for name in COLUMNS if name not in ("draw", "value")}
        return frame[COLUMNS].astype(text | {"draw": "int32"})


def provinces(month: str) -> tuple[str, ...]:
    """Return the provinces that exist in `month`, in the order of data/places.csv.

    >>> len(provinces("2026-11")), len(provinces("2025-06"))
    (34, 63)
    """
    table = tables.read(tables.data_dir() / "places.csv", "places")
    alive = (table["since"] <= month) & ((table["until"] == "") | (table["until"] >= month))
    return tuple(table.loc[alive & (table["level"] == "province"), "place"])


def outlooks(
    asked: Asked, laws: Mapping[str, Law] | None = None, progress: Callable[[str], None] = lambda _: None
) -> dict[str, Outlook]:
    """Return the outlook under the law as it is (:data:`AS_IS`), and under each of `laws`, draw by draw comparable.

    `progress` is told each province when it is done.
    """
    laws, months, names = dict(laws or {}), asked.months, provinces(asked.month)
    law = asked.known_law
    known = known_at(asked.known_history, tables.month(asked.month), law)
    if not known.of(NATION):
        raise tables.UserError(
            "no count of {nation} was known in {month}; the board needs one", nation=NATION, month=asked.month
        )
    beliefs = few(learned(known), max(asked.draws, WEIGHED))
    each = {AS_IS: known} | {name: replace(known, law=other) for name, other in laws.items()}
    nation = ahead(beliefs, NATION, months, range(asked.draws), asked.seed, known)
    drawn = {name: np.empty((2, len(names), len(months), asked.draws)) for name in each}
    table, today = tables.read(tables.data_dir() / "places.csv", "places"), []
    liable = dict(zip(table["place"], table["eligible"], strict=True))
    for i, name in enumerate(names):
        units = [(unit, states(beliefs, unit)) for unit in units_of(name, known)]
        today.append(_today(beliefs, units, asked))
        for which, values in _summed(beliefs, units, asked, each).items():
            drawn[which][:, i] = _capped(values, liable.get(name, 0.0))
        progress(name)
    whole_nation = _capped(np.array([nation.members, nation.lasting]), liable.get(NATION, 0.0))
    weight = adding.weights(np.array(today))
    pairs = zip(drawn[AS_IS], whole_nation, strict=True)
    fit = np.array([adding.factors(values, weight, totals) for values, totals in pairs])
    return {name: _outlook(names, months, values * fit) for name, values in drawn.items()}


def few(b: Beliefs, draws: int) -> Beliefs:
    """Return the rows of beliefs that so many draws look at; each says what it said."""
    index = np.arange(min(draws, b.rows))
    return Beliefs(
        b.known, b.seed, {k: v[index] for k, v in b.parameters.items()}, b.past.take(index), b.nation.take(index)
    )


def units_of(name: str, known: Known) -> list[str]:
    """Return what a province is drawn by: itself where it was counted, else its counted old provinces, else itself."""
    made_of = [] if known.of(name) else [p for p in parts(name) if known.labor_force.get(p, 0) > 0]
    return made_of if any(known.of(part) for part in made_of) else [name]


Units = list[tuple[str, Deviation]]  # what a province is the sum of, and what is believed of each


def _today(beliefs: Beliefs, units: Units, asked: Asked) -> np.ndarray:
    """Return lasting members of a province today, (draws,): always as many draws, so that each one stands alone."""
    now, draws = asked.months[:1], range(min(WEIGHED, beliefs.rows))
    by_unit = [ahead(beliefs, unit, now, draws, asked.seed, None, state).lasting[0] for unit, state in units]
    return np.asarray(np.sum(by_unit, axis=0))


def _summed(beliefs: Beliefs, units: Units, asked: Asked, each: Mapping[str, Known]) -> dict[str, np.ndarray]:
    """Return members and lasting members of a province that is the sum of `units`, by law, (2, months, draws)."""
    total = {name: np.zeros((2, len(asked.months), asked.draws)) for name in each}
    for unit, state in units:
        for name, known in each.items():
            paths = ahead(beliefs, unit, asked.months, range(asked.draws), asked.seed, known, state)
            total[name] += np.array([paths.members, paths.lasting])
    return total


def _capped(values: np.ndarray, most: float) -> np.ndarray:
    """Return draws that do not pass the people liable for the scheme, where those are known; the first may have."""
    return np.minimum(values, np.maximum(most, values[:, :1])) if most > 0 else values


def _outlook(names: tuple[str, ...], months: pd.PeriodIndex, values: np.ndarray) -> Outlook:
    """Return draws as whole persons: (2, places, months, draws)."""
    persons = {measure: adding.whole(draws) for measure, draws in zip(MEASURES, values, strict=True)}
    return Outlook(names, months, persons)
