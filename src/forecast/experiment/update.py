"""New counts: how surprising they are, what they move, and whether forecasts miss more often than they should.

Nothing here is written. A count is set beside what the baseline said of it before any of the new counts was known, and
beside published forecasts of it. Then the beliefs are learned with the new rows, and the forecasts of today are made
twice from the same month with the same luck, without and with them.
"""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from forecast.data import history as facts
from forecast.data import shown, tables, workers
from forecast.data.frames import names
from forecast.data.frames import rows as rows_of
from forecast.data.law import Law, read_law
from forecast.data.new_counts import is_count
from forecast.data.places import name_at, read_place
from forecast.data.vocabulary import PUBLISHED_QUANTILES
from forecast.engines import Engine
from forecast.engines.campaign.engine import CampaignEngine
from forecast.engines.campaign.kept import learned
from forecast.engines.campaign.known import NATION, known_at
from forecast.engines.campaign.learned import learned_table
from forecast.engines.pool import PoolEngine
from forecast.experiment import alarm, ledger
from forecast.question.scenario import Scenario

FAR_END = "2030-12"
BELIEFS = "beliefs"  # who foretold a count, where it was no published forecast
SURPRISE = ["place", "month", "observed", "by", "scenario", "engine", "origin", *PUBLISHED_QUANTILES, "below", "chance"]
POINTS = {"low": 0.1, "median": 0.5, "high": 0.9}
CHANGED = ["forecast", "published", "place", "scenario", "engine", "month", "median", "now", "change", "error"]
ERRORS = 2.0  # standard errors of simulation that a change must exceed to be named


class Update(NamedTuple):
    """What new counts say.

    `surprise` (:data:`SURPRISE`): a row for each count and each forecast of it; `below` is the share of the forecast
    that lies below the count, `chance` how often a count is at least as far out, either way. `moved` (place, month,
    then `low`, `median`, `high` of the 80% interval, each with `_before` and `_after`) and `beliefs` (parameter, scope,
    the same columns) are the forecasts and parameters without and with the counts. `published` (:data:`CHANGED`) are
    forecasts of the ledger that move by more than their error of simulation. `alarm` is :func:`alarm.outside`.
    """

    surprise: pd.DataFrame
    moved: pd.DataFrame
    beliefs: pd.DataFrame
    published: pd.DataFrame
    alarm: pd.DataFrame
    untold: pd.DataFrame

    def _repr_html_(self) -> str:
        return shown.html(self)


class Ask(NamedTuple):
    """A question to the baseline: members of a place after `origin` up to `until`, said by one of `engines`."""

    place: str
    origin: str
    until: str
    engines: tuple[type, ...] = (PoolEngine, CampaignEngine)


class Baseline:
    """The baseline as it was with a history: forecasts of any place from any month, with what was known then."""

    def __init__(self, history: pd.DataFrame, draws: int, seed: int):
        """Keep the table; nothing is learned before the first question."""
        self.history, self.draws, self.seed = history, draws, seed
        self._since = facts.known_since(history)
        self._made: dict[tuple[str, type], Engine] = {}
        self._laws: dict[str, Law] = {}

    def members(self, ask: Ask) -> pd.DataFrame:
        """Return members, one row a draw, one column a month.

        The first of the engines that can start from what was known answers. Raises the last one's
        :class:`~forecast.data.tables.UserError`.
        """
        then = self._then(ask.origin)
        place = read_place(ask.place, at=ask.until)
        place = read_place(ask.place, at=max(ask.origin, place.since))
        place = replace(place, history=then[then["place"] == place.name].reset_index(drop=True))
        question = Scenario("status quo", place, start=ask.origin, until=ask.until, law=self._law(ask.origin))
        *others, last = (self._engine(kind, ask.origin) for kind in ask.engines)
        rows = pd.DataFrame()
        for engine in others:
            with suppress(tables.UserError):
                rows = engine.run(question, range(self.draws), self.seed)
                break
        if rows.empty:
            rows = last.run(question, range(self.draws), self.seed)
        rows = rows[rows["measure"] == "members"].astype({"month": str})
        wide: pd.DataFrame = rows.pivot(index="draw", columns="month", values="value")
        return wide[[month for month in names(wide) if month > ask.origin]]

    def parameters(self, origin: str) -> pd.DataFrame:
        """Return what was learned at the end of `origin`, the columns of :func:`learned_table`."""
        return learned_table(learned(known_at(self.history, tables.month(origin), self._law(origin))))

    def _law(self, origin: str) -> Law:
        return self._laws.setdefault(origin, read_law().known(origin))

    def _then(self, origin: str) -> pd.DataFrame:
        return self.history[(self._since != "") & (self._since <= origin)]

    def _engine(self, kind: type, origin: str) -> Engine:
        """Return an engine that knows what was known, the same for all places: what it fitted serves them all."""
        key = origin, kind
        if key not in self._made:
            self._made[key] = kind(self._then(origin))
        return self._made[key]


Answer = pd.DataFrame | str  # draws by month, or why there are none


def _answers(
    history: pd.DataFrame, asks: list[Ask], luck: tuple[int, int], origin: str = ""
) -> tuple[list[Answer], pd.DataFrame]:
    """Return the baseline's answers, and the parameters learned at `origin` if it is given."""
    baseline, answers = Baseline(history, *luck), list[Answer]()
    for ask in asks:
        try:
            answers.append(baseline.members(ask))
        except tables.UserError as error:
            answers.append(str(error))
    return answers, baseline.parameters(origin) if origin else pd.DataFrame()


def unit(name: str, month: str) -> str:
    """Return the unit that a place is in a month: itself, that of the same name that took its place, or "" for none.

    >>> unit("Cà Mau", "2021-12"), unit("Cà Mau", "2026-12"), unit("Hòa Bình", "2026-12")
    ('Cà Mau', 'Cà Mau (2025)', '')
    """
    try:
        return name_at(name, month)
    except tables.UserError:
        return ""


def newest(history: pd.DataFrame) -> str:
    """Return the last month that a count of the history tells something about, at the time when it was known."""
    counts = facts.counts(history, learn=True)
    return str(counts.loc[counts["known"] != "", "month"].max())


def update(
    rows: pd.DataFrame,
    history: pd.DataFrame,
    *,
    folder: Path | None = None,
    draws: int = 1000,
    seed: int = 1,
    jobs: int | None = None,
) -> Update:
    """Return what the new `rows` (of a history, :func:`forecast.data.new_counts.read`) say beside `history`.

    `folder` is the ledger of published forecasts (data/published when left out).
    """
    counted = rows[is_count(rows)]
    whole = pd.concat([history, rows], ignore_index=True)
    published, last = ledger.read(folder or ledger.ledger()), newest(history)
    origin = max([last, *counted["month"]])
    until = max(_dates(origin))
    places = [name for name in dict.fromkeys([NATION, *(unit(p, until) for p in rows["place"])]) if name]
    later = published[(published["month"] > origin) & (published["measure"] == "members")]
    there = later[["place", "month"]].drop_duplicates()
    there = there[np.array([unit(r.place, r.month) == r.place for r in rows_of(there)], bool)]
    later = later.merge(there, on=["place", "month"])
    ends = later.groupby("place", sort=False)["month"].max()
    asks = [Ask(name, origin, max(until, ends.get(name, until))) for name in places]
    asks += [Ask(name, origin, str(end), (CampaignEngine,)) for name, end in ends.items() if name not in places]
    first = [Ask(r.place, min(str(tables.month(r.month) - 1), last), r.month) for r in rows_of(counted)]
    apart = [[ask for ask in first if ask.origin == month] for month in sorted({ask.origin for ask in first})]
    luck = draws, seed
    work: list[tuple[Any, ...]] = [(table, asks, luck, origin) for table in (history, whole)]
    work += [(history, some, luck) for some in apart]
    (before, then), (after, now), *earlier = workers.every(_answers, work, jobs)
    answered = [
        pair for some, (answers, _) in zip(apart, earlier, strict=True) for pair in zip(some, answers, strict=True)
    ]
    untold = [(ask.place, ask.until, why) for ask, why in answered if isinstance(why, str)]
    draws_of = [(*ask[:3], table[ask.until].to_numpy(float)) for ask, table in answered if not isinstance(table, str)]
    both = {a.place: (x, y) for a, x, y in zip(asks, before, after, strict=True) if not isinstance(x, str)}
    pairs = {name: (x, y) for name, (x, y) in both.items() if not isinstance(y, str)}
    surprise = surprises(counted, draws_of, published)
    keys = ["parameter", "scope"]
    points = [*keys, "low", "center", "high"]
    return Update(
        surprise,
        _moved({name: pairs[name] for name in places if name in pairs}, _dates(origin)),
        then[points].merge(now[points], on=keys, suffixes=("_before", "_after"), validate="one_to_one"),
        _changed(later, pairs),
        alarm.outside(alarm.evidence(surprise[surprise["by"] == BELIEFS], published, history)),
        pd.DataFrame(untold, columns=["place", "month", "why"]),
    )


def _dates(origin: str) -> list[str]:
    """Return the months that are looked at: the next December, the March behind it, and the end of 2030.

    >>> _dates("2026-12"), _dates("2030-11")
    (['2027-12', '2028-03', '2030-12'], ['2030-12', '2031-03'])
    """
    month = tables.month(origin)
    year = month.year + (month.month == 12)
    return sorted({f"{year}-12", f"{year + 1}-03", *([FAR_END] if origin < FAR_END else [])})


def surprises(
    counted: pd.DataFrame, predicted: Iterable[tuple[str, str, str, np.ndarray]], published: pd.DataFrame
) -> pd.DataFrame:
    """Return :data:`SURPRISE` of the rows `counted`.

    `predicted` are (place, origin, month, draws) of the beliefs, `published` rows of the ledger: those of a count that
    came out in a later month than they did are met.
    """
    value = {(row.place, row.month): (row.value, row.known) for row in rows_of(counted)}
    rows: list[tuple[object, ...]] = []
    levels = list(PUBLISHED_QUANTILES.values())
    for place, origin, month, draws in predicted:
        seen = value[place, month][0]
        below = (float((draws < seen).sum()) + 0.5) / (len(draws) + 1)
        ends = np.quantile(draws, levels)
        rows.append((place, month, seen, BELIEFS, "", "", origin, *ends, below, _chance(below)))
    mine = (published["measure"] == "members") & (published["group"] == "all")
    for row in rows_of(published[mine]):
        if (row.place, row.month) not in value:
            continue
        seen, known = value[row.place, row.month]
        if known > row.published[:7]:
            ends = [getattr(row, name) for name in PUBLISHED_QUANTILES]
            below = float(np.interp(np.log(seen), np.log(np.maximum(ends, 0.5)), levels, left=0.0125, right=0.9875))
            texts = row.forecast, row.scenario, row.engine, row.origin
            rows.append((row.place, row.month, seen, *texts, *ends, below, _chance(below)))
    return pd.DataFrame(rows, columns=SURPRISE)


def _chance(below: float) -> float:
    """Return how often a count is at least as far out as one with a share `below` of the forecast below it.

    >>> round(_chance(0.95), 2), _chance(0.5)
    (0.1, 1.0)
    """
    return min(1.0, 2 * min(below, 1 - below))


def _moved(pairs: dict[str, tuple[pd.DataFrame, pd.DataFrame]], months: list[str]) -> pd.DataFrame:
    """Return the 80% intervals of `months` without and with the new rows."""
    intervals = []
    for name, pair in pairs.items():
        for month in months:
            ends = [np.quantile(table[month], list(POINTS.values())) for table in pair]
            intervals.append((name, month, *ends[0], *ends[1]))
    columns = [f"{point}_{when}" for when in ("before", "after") for point in POINTS]
    return pd.DataFrame(intervals, columns=["place", "month", *columns])


def _changed(later: pd.DataFrame, pairs: dict[str, tuple[pd.DataFrame, pd.DataFrame]]) -> pd.DataFrame:
    """Return the published forecasts that move by more than their error, each at its month of the largest move.

    `change` is the factor, less one, by which the baseline's median of that place and month moves, `now` the published
    median times it, `error` two standard errors of simulation of both, as a share.
    """
    moves = []
    for row in rows_of(later[later["group"] == "all"]):
        if row.place not in pairs or row.month not in pairs[row.place][0] or not row.q500 > 0:
            continue
        before, after = (np.log(table[row.month]) for table in pairs[row.place])
        change = float(np.median(after) - np.median(before))
        spread = (np.log(max(row.q750, 0.5)) - np.log(max(row.q250, 0.5))) / 1.349
        sampling_error = spread / np.sqrt(max(row.draws, 1.0))
        shift = float(np.std(after - before) / np.sqrt(len(after)))
        # The error of a median is 1.25 times that of a mean.
        error = ERRORS * 1.2533 * float(np.hypot(sampling_error, shift))
        if abs(change) > error:
            factor = float(np.exp(change))
            texts = (row.forecast, row.published, row.place, row.scenario, row.engine, row.month)
            moves.append((*texts, row.q500, row.q500 * factor, factor - 1, float(np.expm1(error))))
    table = pd.DataFrame(moves, columns=CHANGED)
    largest = table["change"].abs().sort_values(ascending=False, kind="stable").index
    return table.loc[largest].drop_duplicates("forecast").reset_index(drop=True)
