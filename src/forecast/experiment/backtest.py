"""Backtests: forecasts of past months from what was known before them, each beside the count that came out later."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from forecast.answer import projection
from forecast.answer.projection import Projection
from forecast.data import files, shown, tables
from forecast.data.frames import rows as rows_of
from forecast.data.history import counts, known_since
from forecast.data.law import Law, read_law
from forecast.data.messages import Message, joined, translate
from forecast.data.places import Place, read_place
from forecast.engines import ENGINES, Engine, silence
from forecast.engines.yardsticks import YARDSTICKS
from forecast.experiment.project import CHUNK, Task, class_of, differ, names_of, run_tasks, several
from forecast.question.scenario import Scenario


@dataclass(frozen=True)
class Trial(Task):
    """A forecast as it could have been made at `origin`; `known` is the hash of what was known of all places then."""

    origin: str = ""
    known: str = ""
    keepable: bool = False

    def run(self) -> pd.DataFrame:
        """Return members of the months after the origin; an engine that cannot start leaves its reason in `attrs`."""
        try:
            rows = super().run()
        except tables.UserError as error:
            rows = silence()
            rows.attrs["why"] = str(error)
            return rows
        wanted = (rows["measure"] == "members") & (rows["group"] == "all")
        wanted &= rows["month"].astype(str) > self.origin
        return rows[wanted].assign(origin=self.origin).reset_index(drop=True)

    @property
    def name(self) -> str:
        """A file name for the answer."""
        return files.name_of(super().name, self.origin, self.known) + ".parquet"


Silence = tuple[str, str, str, str]  # place, origin, engine, why


class Backtest(NamedTuple):
    """What :func:`backtest` found.

    `forecasts` is a Projection of members whose `origin` is the month at whose end a forecast could have been made;
    `counts` (place, month, value, known) is what it is judged by; `silent` (place, origin, engine, why) says what could
    not be tried, with an empty origin where a whole place could not.
    """

    forecasts: Projection
    counts: pd.DataFrame
    silent: pd.DataFrame

    def _repr_html_(self) -> str:
        return shown.html(self)


def backtest(
    places: str | Place | Iterable[str | Place],
    engines: str | Engine | Iterable[str | Engine] = ("series", "stock"),
    *,
    origins: Iterable[str] | None = None,
    horizon: int = 48,
    draws: int = 200,
    seed: int = 1,
    jobs: int | None = None,
    cluster: str | None = None,
    progress: bool = True,
    keep: str | Path | None = None,
    history: pd.DataFrame | None = None,
    yardsticks: Mapping[str, type] = YARDSTICKS,
) -> Backtest:
    """Forecast the status quo of `places` from each past origin, with what was known at its end and nothing else.

    An origin is a month (`YYYY-MM`); all months in which something about the place came out when left out. Known are
    counts whose source was out (:func:`known_since`; those of other places too, for the engines that pool) and
    the law as :meth:`Law.known` gives it. What is not dated in the tables is taken as known: people and communes
    of a place. The parameters of `stock` and `agents` were set with the whole history in view, so their scores
    flatter them. The `yardsticks` (naive, seasonal naive, drift) always come along. A forecast is
    made for the months after its origin up to the last count, `horizon` months at most.

    An engine that grows a stock starts in the month of the last known count, since a count of December tried in
    March would keep its peak; `series` is told the origin and bridges the months by itself. `history` replaces
    data/history.csv.

    A place, engine or month that is not known raises :class:`~forecast.data.tables.UserError`; a place and origin that
    cannot be tried stand in `silent`, with the reason.

    >>> trial = backtest("Cà Mau", ["stock"], origins=["2021-12"], horizon=12, draws=4, progress=False, jobs=1)
    >>> sorted(trial.forecasts.frame["engine"].unique())
    ['drift', 'naive', 'stock']
    """
    named_engines = several(engines)
    asked = _Asked([*named_engines, *yardsticks.values()], draws, seed)
    differ(Message("engines"), [names_of(e)[0] for e in named_engines] + list(yardsticks))
    places = [places] if isinstance(places, str | Place) else list(places)
    read = [read_place(p) if isinstance(p, str) else p for p in places]
    differ(Message("places"), [p.name for p in read])
    origins = None if origins is None else [str(tables.month(o)) for o in origins]
    if draws < 1 or horizon < 1:
        raise tables.UserError(
            "draws: {draws}, horizon: {horizon}; expected at least 1 of each", draws=draws, horizon=horizon
        )
    if not places:
        raise tables.UserError("no place to try; expected the name of at least one")
    table = tables.read(tables.data_dir() / "history.csv", "history") if history is None else history
    law, counted = read_law(), []
    laws: dict[str, Law] = {}
    tasks: list[Trial] = []
    silent: list[Silence] = []
    for place, named in zip(read, places, strict=True):
        whole = pd.concat([table[table["place"] != place.name], place.history], ignore_index=True)
        since, own_counts = known_since(whole), counts(place.history)
        counted.append(own_counts)
        for origin in _origins(place, own_counts, origins, horizon, silent):
            then = whole[(since != "") & (since <= origin)]
            laws.setdefault(origin, law.known(origin))
            if isinstance(named, str) and place.since <= origin and (not place.until or origin <= place.until):
                place = read_place(place.name, at=origin)  # with the communes that it had then
            until = str(_until(own_counts, origin, horizon))
            tasks += _trials(place, origin, then, laws[origin], until, asked)
    parts = run_tasks(tasks, jobs, cluster, progress, keep, "backtest")
    for task, rows in zip(tasks, parts, strict=True):
        if rows.empty and task.draws.start == 0:
            why = rows.attrs.get("why", "has nothing to say about these months with what was known")
            silent.append((task.scenario.place.name, task.origin, names_of(task.engine)[0], why))
    reasons = pd.DataFrame(silent, columns=["place", "origin", "engine", "why"])
    return Backtest(projection.concat(parts), pd.concat(counted, ignore_index=True), reasons)


def _origins(
    place: Place, own_counts: pd.DataFrame, asked: list[str] | None, horizon: int, silent: list[Silence]
) -> list[str]:
    """Return the months from which a forecast of `place` can be tried and judged; say in `silent` why others cannot."""
    dated = own_counts[own_counts["known"] != ""]
    possible = []
    for origin in asked if asked is not None else sorted(dated["known"].unique()):
        if not (dated["known"] <= origin).any():
            silent.append((place.name, origin, "", translate("no count of it was known")))
        elif _until(own_counts, origin, horizon) is None:
            if asked is not None:
                why = translate("no count of the {months} months after it came out later", months=horizon)
                silent.append((place.name, origin, "", why))
        else:
            possible.append(origin)
    if not possible and asked is None:
        nowhere = Message("at no known date")
        seen = [Message("{month} (out {known})", month=c.month, known=c.known or nowhere) for c in rows_of(own_counts)]
        why = translate(
            "too few counts: no forecast can start from one and be judged by a later one within {months} months; "
            "there are {seen}",
            months=horizon,
            seen=joined(seen, ", ") if seen else Message("none"),
        )
        silent.append((place.name, "", "", why))
    return possible


def _until(own_counts: pd.DataFrame, origin: str, horizon: int) -> str | None:
    """Return the last month that a forecast made at `origin` is judged by: counted, and not known then."""
    last = str(tables.month(origin) + horizon)
    later = own_counts[(own_counts["month"] > origin) & (own_counts["month"] <= last) & (own_counts["known"] > origin)]
    return None if later.empty else str(later["month"].max())


@dataclass(frozen=True)
class _Asked:
    """What is asked of every engine at every origin."""

    engines: list[str | Engine | type]  # a type is one that is made with the history that was known
    draws: int
    seed: int


def _trials(place: Place, origin: str, then: pd.DataFrame, law: Law, until: str, asked: _Asked) -> list[Trial]:
    """Return the work for one place and origin; `then` holds the history of all places that was known."""
    own_history = then[then["place"] == place.name].reset_index(drop=True)
    place = replace(place, history=own_history)
    last = str(counts(own_history)["month"].max())
    digest = hashlib.sha256(then.to_csv().encode()).hexdigest()
    trials = []
    for wanted in asked.engines:
        engine = _knowing(wanted, then)
        kind = ENGINES.get(engine.name)
        start = last if kind and kind.needs == "people" else origin
        question = Scenario("status quo", place, start=start, until=until, law=law)
        step = CHUNK if engine.name == "agents" else asked.draws
        trials += [
            Trial(
                question,
                engine,
                range(d, min(d + step, asked.draws)),
                asked.seed,
                origin,
                digest,
                isinstance(wanted, str | type),
            )
            for d in range(0, asked.draws, step)
        ]
    return trials


def _knowing(wanted: str | Engine | type, then: pd.DataFrame) -> Engine:
    """The engine of a name, told what was known `then` where it reads a history; somebody's own as it is."""
    if not isinstance(wanted, str | type):
        return wanted
    kind: Any = wanted if isinstance(wanted, type) else class_of(wanted)
    engine: Engine = kind(then) if isinstance(wanted, type) or ENGINES[wanted].needs == "history" else kind()
    return engine
