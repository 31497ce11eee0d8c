"""Lasting and campaign members as an engine: the status quo of any place, deaf to levers."""

import hashlib
import pickle
from functools import lru_cache

import numpy as np
import pandas as pd

from forecast.answer.projection import COLUMNS
from forecast.data import mergers, tables
from forecast.data.code import ENGINES, code_hash
from forecast.data.law import Law
from forecast.engines import deaf_to, heard, silence
from forecast.engines.campaign.ahead import Paths, ahead
from forecast.engines.campaign.beliefs import Beliefs
from forecast.engines.campaign.kept import kept, learned, stated
from forecast.engines.campaign.known import NATION, Known, known_at
from forecast.engines.campaign.places import Deviation
from forecast.question.scenario import BORROWED, Scenario

MEASURES = ("members", "lasting_members")


class CampaignEngine:
    """The engine of :mod:`forecast.engines.campaign`: `members` and `lasting_members`, all groups together.

    `history` (columns of data/history.csv, which is read when it is left out) is what it learns from: what was known
    at the scenario's start, and the law as the scenario gives it. Each place's own rows go before those of the table.
    A place that was put together from others whole, and was not counted since, is the sum of them. It has no flows, no
    groups and no money, and is silent about any policy. Draws of one number have the same nation
    in every place.
    """

    name = "campaign"
    sees = heard("campaign")

    def __init__(self, history: pd.DataFrame | None = None):
        """Keep the table; nothing is read or learned before the first run."""
        self._history = history

    def run(self, scenario: Scenario, draws: range, seed: int) -> pd.DataFrame:
        """Return rows from the start to the last month; a stock that was counted at the start is the same in all draws.

        Raises :class:`~forecast.tables.UserError` where no count of the nation, or neither a count nor a labor force
        of the place, is known at the start.
        """
        if deaf_to(self, scenario):
            return silence()
        p = self.paths(scenario, draws, seed)
        return rows_of(self.name, scenario, draws, p)

    def paths(self, scenario: Scenario, draws: range, seed: int) -> Paths:
        """Return the months ahead under the status quo, draw by draw; the policy of `scenario` is not looked at."""
        beliefs, known, state = self.beliefs(scenario)
        name, months = scenario.place.name, scenario.months
        units = [name] if known.of(name) else _parts(name, known) or [name]
        rows = None if scenario.sets is None else scenario.sets.taught(draws)
        unit_paths = [
            ahead(beliefs, unit, months, draws, seed, known, state if unit == name else None, rows=rows)
            for unit in units
        ]
        members, lasting = np.sum([(p.members, p.lasting) for p in unit_paths], axis=0)
        share = np.array([p.lasting for p in unit_paths]) / lasting
        keep, closed = ((share * np.array([getattr(p, k) for p in unit_paths])).sum(axis=0) for k in ("keep", "closed"))
        value, month, _ = _opening(scenario)
        if month == scenario.start:
            members[0] = value
        most = scenario.place.eligible if scenario.place.eligible > 0 else np.inf
        members = np.minimum(members, max(most, float(members[0].max())))
        return Paths(months, members, np.minimum(lasting, members), keep, closed)

    def beliefs(self, scenario: Scenario) -> tuple[Beliefs, Known, Deviation | None]:
        """Return what was learned at the start, what is known with the place's own figures, and what follows of it."""
        place, opening = scenario.place, _opening(scenario)
        facts = place.name, place.lineage, place.labor_force, place.population, place.history
        asked = pickle.dumps((facts, scenario.start, scenario.law.frame, opening))
        key = code_hash(*ENGINES), hashlib.blake2b(asked).hexdigest()
        if self._history is None:
            return kept(_ASKED, key, lambda: self._beliefs(scenario, opening))
        return self._beliefs(scenario, opening)

    def _beliefs(self, scenario: Scenario, opening: tuple[float, str, str]) -> tuple[Beliefs, Known, Deviation | None]:
        history = self._history
        if history is None:
            history = tables.read(tables.data_dir() / "history.csv", "history")
        place, origin = scenario.place, tables.month(scenario.start)
        shared = _known(_Table(history), origin, scenario.law)
        if not shared.of(NATION):
            raise tables.UserError(
                "scenario {scenario!r}: no count of {nation} was known in {origin}; the engine campaign needs one",
                scenario=scenario.scenario,
                nation=NATION,
                origin=origin,
            )
        known = shared.beside(place, opening)
        if not known.labor_force[place.name] > 0:
            raise tables.UserError(
                "scenario {scenario!r}: labor force and population of {place} are unknown; expected one of them",
                scenario=scenario.scenario,
                place=place.name,
            )
        beliefs = learned(shared)
        return beliefs, known, None if place.name == NATION else stated(beliefs, known, place.name)


class _Table:
    """A table as a key of what is kept: two are the same when their rows are."""

    def __init__(self, frame: pd.DataFrame):
        wanted = (frame["measure"] == "members") & (frame["status"] != "synthetic")
        self.frame = frame[wanted]
        self._key = hash(tuple(pd.util.hash_pandas_object(self.frame.astype(str), index=False)))

    def __hash__(self) -> int:
        return self._key

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Table) and self._key == other._key


@lru_cache(maxsize=64)
def _known(table: _Table, origin: pd.Period, law: Law) -> Known:
    return known_at(table.frame, origin, law)


_ASKED: dict[tuple[str, str], tuple[Beliefs, Known, Deviation | None]] = {}


def _parts(place: str, known: Known) -> list[str]:
    """Return the old units that went over whole into `place` (:func:`mergers.parts`) if any was counted; else none.

    >>> known = Known(None, pd.DataFrame(columns=["place", "month"]), {}, {}, None, {})
    >>> _parts("Hà Nội", known)
    []
    """
    units = [old for old in mergers.parts(place) if old in known.labor_force]
    return units if any(known.of(unit) for unit in units) else []


def _opening(scenario: Scenario) -> tuple[float, str, str]:
    """Return the stock from which the scenario starts; (0, start, "") where there is none: the place is not counted."""
    try:
        counted = scenario.opening
    except tables.UserError:
        return 0.0, "", ""
    return (0.0, "", "") if counted[2] == BORROWED else counted


def rows_of(engine: str, scenario: Scenario, draws: range, paths: Paths) -> pd.DataFrame:
    """Return members and lasting members as rows of a projection, draw by draw."""
    values = np.array([paths.members, paths.lasting])
    count, months, _ = values.shape
    texts = {"place": scenario.place.name, "scenario": scenario.scenario, "engine": engine}
    texts |= {"origin": scenario.start, "group": "all"}
    one = np.zeros(values.size, np.int8)
    columns: dict[str, object] = {
        name: pd.Categorical.from_codes(one, pd.Index([text])) for name, text in texts.items()
    }
    inner = np.tile(np.arange(count * months), len(draws))
    columns["measure"] = pd.Categorical.from_codes(inner // months, pd.Index(MEASURES))
    columns["month"] = pd.Categorical.from_codes(inner % months, scenario.months.astype(str))
    columns["draw"] = np.repeat(np.asarray(list(draws), np.int32), count * months)
    columns["value"] = np.moveaxis(values, -1, 0).ravel()
    return pd.DataFrame(columns)[COLUMNS]
