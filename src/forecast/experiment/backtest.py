"""Backtests: forecasts of past months from what was known before them, each beside the count that came out later."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from forecast.answer import projection
from forecast.answer.projection import Projection
from forecast.beliefs.posterior import PRIORS
from forecast.data import files, tables
from forecast.data import history as facts
from forecast.data.law import Law, read_law
from forecast.data.places import Place, read_place
from forecast.engines import Engine, silence
from forecast.engines.yardsticks import YARDSTICKS
from forecast.experiment.project import CHUNK, Task, class_of, differ, engine_of, run_tasks
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


class Backtest(NamedTuple):
    """What :func:`backtest` found.

    `forecasts` is a Projection of members whose `origin` is the month at whose end a forecast could have been made;
    `counts` (place, month, value, known) is what it is judged by; `silent` (place, origin, engine, why) says what could
    not be tried, with an empty origin where a whole place could not.
    """

    forecasts: Projection
    counts: pd.DataFrame
    silent: pd.DataFrame


def backtest(
    places: str | Place | Iterable[str | Place],
    engines: Iterable[str | Engine] = ("series", "stock"),
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
) -> Backtest:
    """Forecast the status quo of `places` from each past origin, with what was known at its end and nothing else.

    An origin is a month (`YYYY-MM`); all months in which something about the place came out when left out. Known are
    counts whose source was out (:func:`facts.known_since`; those of other places too, for the engines that pool) and
    the law as :meth:`Law.known` gives it. What is not dated in the tables is taken as known: people and communes
    of a place. The parameters of `stock` and `agents` were set with the whole history in view, so their scores
    flatter them. The yardsticks (naive, seasonal naive, drift) always come along. A forecast is
    made for the months after its origin up to the last count, `horizon` months at most.

    An engine that grows a stock starts in the month of the last known count, since a count of December tried in
    March would keep its peak; `series` is told the origin and bridges the months by itself. `history` replaces
    data/history.csv.
    """
    engines = [engines] if isinstance(engines, str) or hasattr(engines, "run") else list(engines)
    differ("engines", [engine_of(e).name for e in engines] + list(YARDSTICKS))
    places = [places] if isinstance(places, str | Place) else list(places)
    read = [read_place(p) if isinstance(p, str) else p for p in places]
    differ("places", [p.name for p in read])
    origins = None if origins is None else [str(tables.month(o)) for o in origins]
    if draws < 1 or horizon < 1:
        raise tables.UserError(f"draws: {draws}, horizon: {horizon}; expected at least 1 of each")
    if not places:
        raise tables.UserError("no place to try; expected the name of at least one")
    table = tables.read(tables.data_dir() / "history.csv", "history") if history is None else history
    law, laws, tasks, silent, counts = read_law(), {}, [], [], []
    for place, named in zip(read, places, strict=True):
        whole = pd.concat([table[table["place"] != place.name], place.history], ignore_index=True)
        since, own = facts.known_since(whole), facts.counts(place.history)
        counts.append(own)
        for origin in _origins(place, own, origins, horizon, silent):
            then = whole[(since != "") & (since <= origin)]
            laws.setdefault(origin, law.known(origin))
            if isinstance(named, str) and place.since <= origin and (not place.until or origin <= place.until):
                place = read_place(place.name, at=origin)  # with the communes that it had then
            tasks += _trials(place, origin, then, laws[origin], _until(own, origin, horizon), engines, draws, seed)
    parts = run_tasks(tasks, jobs, cluster, progress, keep, "backtest")
    for task, rows in zip(tasks, parts, strict=True):
        if rows.empty and task.draws.start == 0:
            why = rows.attrs.get("why", "has nothing to say about these months with what was known")
            silent.append((task.scenario.place.name, task.origin, task.engine.name, why))
    told = pd.DataFrame(silent, columns=["place", "origin", "engine", "why"])
    return Backtest(projection.concat(parts), pd.concat(counts, ignore_index=True), told)


def _origins(place: Place, own: pd.DataFrame, asked: list[str] | None, horizon: int, silent: list) -> list[str]:
    """Return the months from which a forecast of `place` can be tried and judged; say in `silent` why others cannot."""
    dated = own[own["known"] != ""]
    found = []
    for origin in asked if asked is not None else sorted(dated["known"].unique()):
        if not (dated["known"] <= origin).any():
            silent.append((place.name, origin, "", "no count of it was known"))
        elif _until(own, origin, horizon) is None:
            if asked is not None:
                silent.append((place.name, origin, "", f"no count of the {horizon} months after it came out later"))
        else:
            found.append(origin)
    if not found and asked is None:
        seen = ", ".join(f"{c.month} (out {c.known or 'at no known date'})" for c in own.itertuples()) or "none"
        why = f"too few counts: no forecast can start from one and be judged by a later one within {horizon} months"
        why += f"; there are {seen}"
        silent.append((place.name, "", "", why))
    return found


def _until(own: pd.DataFrame, origin: str, horizon: int) -> str | None:
    """Return the last month that a forecast made at `origin` is judged by: counted, and not known then."""
    last = str(tables.month(origin) + horizon)
    later = own[(own["month"] > origin) & (own["month"] <= last) & (own["known"] > origin)]
    return None if later.empty else later["month"].max()


def _trials(place: Place, origin: str, then: pd.DataFrame, law: Law, until: str, engines, draws, seed) -> list[Trial]:
    """Return the work for one place and origin; `then` holds the history of all places that was known."""
    own = then[then["place"] == place.name].reset_index(drop=True)
    place = replace(place, history=own)
    last = str(facts.counts(own)["month"].max())
    digest = hashlib.sha256(then.to_csv().encode()).hexdigest()
    trials = []
    for asked in [*engines, *YARDSTICKS]:
        ours = isinstance(asked, str)
        kind = None if not ours else YARDSTICKS[asked] if asked in YARDSTICKS else class_of(asked)
        engine = asked if not ours else kind() if asked in ("stock", "agents") else kind(then)
        start = last if engine.name in ("stock", "agents") else origin
        question = Scenario("status quo", place, start=start, until=until, law=law, learned=PRIORS)
        step = CHUNK if engine.name == "agents" else draws
        trials += [
            Trial(question, engine, range(d, min(d + step, draws)), seed, origin, digest, ours)
            for d in range(0, draws, step)
        ]
    return trials
