"""Experiments: scenarios x engines x draws, on one core, all cores or a cluster.

Work is cut into chunks of draws of one scenario and engine. A chunk is a pure function of (scenario, engine, draws,
seed), so the answer does not depend on how many cores there are, and a finished chunk that was kept on disk need not be
done again: a run that was killed goes on where it was.
"""

import hashlib
import json
import os
import platform
from collections.abc import Iterable
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field, fields, replace
from functools import cache
from importlib.metadata import version
from pathlib import Path
from pkgutil import resolve_name
from typing import NamedTuple

import joblib
import pandas as pd
from tqdm.auto import tqdm

from forecast.answer import projection
from forecast.answer.projection import Projection
from forecast.beliefs.posterior import PRIORS, Posterior, learned
from forecast.data import history as facts
from forecast.data import tables
from forecast.data.files import PACKAGE
from forecast.data.law import Law, read_law
from forecast.data.places import Place, read_place
from forecast.engines import Engine, silence
from forecast.engines.yardsticks import YARDSTICKS
from forecast.question.scenario import Scenario

ENGINES = {  # imported when they are asked for: each brings libraries that take seconds to load
    "agents": "forecast.engines.people.agents:AgentEngine",
    "stock": "forecast.engines.people.stock:StockEngine",
    "series": "forecast.engines.series.engine:SeriesEngine",
}
CHUNK = 32  # draws: little enough that all cores end at about the same time
HINDSIGHT = {  # what a backtest cannot hide from an engine, to be said beside its scores
    "series": "the constants of its model were chosen with the whole history in view; what it fits, it fits to counts "
    "that were known",
    "stock": "its parameters were set with the whole history in view, so its scores flatter it",
    "agents": "its parameters were set with the whole history in view, so its scores flatter it",
}


@dataclass(frozen=True)
class Task:
    """One chunk of work; its name is the hash of everything that the answer depends on."""

    scenario: Scenario
    engine: Engine
    draws: range
    seed: int
    posterior: Posterior | None = field(default=None, kw_only=True)

    def run(self) -> pd.DataFrame:
        """Return projection rows; with a posterior, each draw with the parameters of its row."""
        question = self.posterior.scenario(self.scenario) if self.posterior else self.scenario
        return self.engine.run(question, self.draws, self.seed)

    @property
    def name(self) -> str:
        """A file name for the answer."""
        asked = [
            fingerprint(self.scenario),
            self.engine.name,
            type(self.engine).__qualname__,
            [self.draws.start, self.draws.stop],
            self.seed,
            code_hash(),
        ]
        asked += [self.posterior.digest] if self.posterior else []
        return hashlib.sha256(json.dumps(asked).encode()).hexdigest()[:24] + ".parquet"

    @property
    def keepable(self) -> bool:
        """Is it one of our engines as it comes? Somebody else's code, or another team rule, has no hash to go by."""
        if self.engine.name not in ENGINES:
            return False
        ours = _class_of(self.engine.name)
        return type(self.engine) is ours and vars(self.engine) == vars(ours())


def project(
    scenarios: Scenario | Iterable[Scenario],
    engines: Iterable[str | Engine] = ("agents", "stock", "series"),
    *,
    draws: int | range = 200,
    seed: int = 1,
    jobs: int | None = None,
    cluster: str | None = None,
    progress: bool = True,
    keep: str | Path | None = None,
    posterior: Posterior | None = None,
) -> Projection:
    """Answer `scenarios` with `engines`, `draws` times each (or for a range of draws); scenarios are paired by draw.

    With a `posterior`, draw d has the parameters of its row (`Posterior.scenario`); without, they come from the priors.

    `jobs` is the number of processes (all cores by default; 1 runs here), `cluster` the address of a Dask scheduler,
    `keep` a folder in which finished chunks are kept for a run that is repeated after a kill.
    """
    scenarios = [scenarios] if isinstance(scenarios, Scenario) else list(scenarios)
    engines = [engine_of(e) for e in ([engines] if isinstance(engines, str) or hasattr(engines, "run") else engines)]
    wanted = draws if isinstance(draws, range) else range(draws)
    if not len(wanted):
        raise tables.UserError(f"draws: {draws}; expected at least 1")
    _differ("scenarios", [s.scenario for s in scenarios])
    _differ("engines", [e.name for e in engines])
    tasks = [
        Task(s, e, range(d, min(d + CHUNK, wanted.stop)), seed, posterior=posterior)
        for s in scenarios
        for e in engines
        for d in range(wanted.start, wanted.stop, CHUNK)
    ]
    parts = _run(tasks, jobs, cluster, progress, keep)
    return projection.concat(parts)


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
        return hashlib.sha256((super().name + self.origin + self.known).encode()).hexdigest()[:24] + ".parquet"


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
    _differ("engines", [engine_of(e).name for e in engines] + list(YARDSTICKS))
    places = [places] if isinstance(places, str | Place) else list(places)
    read = [read_place(p) if isinstance(p, str) else p for p in places]
    _differ("places", [p.name for p in read])
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
    parts = _run(tasks, jobs, cluster, progress, keep, "backtest")
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
        kind = None if not ours else YARDSTICKS[asked] if asked in YARDSTICKS else _class_of(asked)
        engine = asked if not ours else kind() if asked in ("stock", "agents") else kind(then)
        start = last if engine.name in ("stock", "agents") else origin
        question = Scenario("status quo", place, start=start, until=until, law=law, learned=PRIORS)
        step = CHUNK if engine.name == "agents" else draws
        trials += [
            Trial(question, engine, range(d, min(d + step, draws)), seed, origin, digest, ours)
            for d in range(0, draws, step)
        ]
    return trials


def engine_of(engine: str | Engine) -> Engine:
    """Return an engine by name, or the engine itself."""
    if not isinstance(engine, str):
        return engine
    if engine not in ENGINES:
        raise tables.UserError(f"no engine {engine!r}; expected one of {', '.join(ENGINES)}")
    return _class_of(engine)()


def _class_of(engine: str) -> type:
    return resolve_name(ENGINES[engine])


def _differ(what: str, names: list[str]) -> None:
    twice = sorted({n for n in names if names.count(n) > 1})
    if twice:
        raise tables.UserError(f"two {what} are called {twice[0]!r}; names must differ within a run")


def _run(
    tasks: list[Task],
    jobs: int | None,
    cluster: str | None,
    progress: bool,
    keep: str | Path | None,
    what: str = "project",
) -> list[pd.DataFrame]:
    """Return the rows of each task in the order of the tasks, those that were kept by an earlier run first."""
    jobs, keep = jobs or os.cpu_count() or 1, Path(keep) if keep else None
    paths = [keep / t.name if keep and t.keepable else None for t in tasks]
    parts = [_kept(p) for p in paths]
    waiting = [i for i, rows in enumerate(parts) if rows is None]
    one_here = cluster is None and (jobs == 1 or len(waiting) <= 1)
    bar = tqdm(
        total=sum(len(t.draws) for t in tasks),
        initial=sum(len(t.draws) for t, rows in zip(tasks, parts, strict=True) if rows is not None),
        unit="draw",
        desc=what,
        disable=not progress,
    )
    with bar, _dask(cluster) if cluster else nullcontext():
        done = (
            ((i, tasks[i].run()) for i in waiting)
            if one_here
            else joblib.Parallel(n_jobs=jobs, return_as="generator_unordered", batch_size=1)(
                joblib.delayed(_numbered)(i, tasks[i]) for i in waiting
            )
        )
        for i, rows in done:
            if paths[i] is not None:
                keep.mkdir(parents=True, exist_ok=True)
                partial = paths[i].with_suffix(".partial")
                rows.to_parquet(partial)
                partial.replace(paths[i])
            parts[i] = rows
            bar.update(len(tasks[i].draws))
    return [p for p in parts if p is not None]


def _kept(path: Path | None) -> pd.DataFrame | None:
    """Rows that an earlier run kept; None when there are none, or when the file was cut off."""
    if path is None or not path.exists():
        return None
    try:
        return pd.read_parquet(path)
    except (OSError, ValueError):
        return None


def _numbered(i: int, task: Task):
    return i, task.run()


@contextmanager
def _dask(address: str):
    """Let joblib work on a Dask scheduler for as long as this lasts; needs the extra `cluster`."""
    try:
        from dask.distributed import Client
    except ImportError:
        raise tables.UserError("a cluster needs the extra packages: pip install 'forecast[cluster]'") from None
    try:
        client = Client(address, timeout="10s")
    except (OSError, TimeoutError, ValueError) as error:
        raise tables.UserError(f"no Dask scheduler answers at {address!r}: {error}") from None
    with client, joblib.parallel_config(backend="dask"):
        yield


def fingerprint(scenario: Scenario) -> str:
    """Hash of all that a scenario says: place, law, plan, assumptions, months and target."""
    digest = hashlib.sha256()
    digest.update(scenario.model_dump_json(exclude={"place", "law", "title", "file"}).encode())
    facts = [f.name for f in fields(scenario.place) if f.name not in ("communes", "history")]
    digest.update(repr([getattr(scenario.place, name) for name in facts]).encode())
    for frame in (scenario.place.communes, scenario.place.history, scenario.law.frame):
        digest.update(frame.to_csv().encode())
    if found := learned(scenario):
        digest.update(found.digest.encode())
    return digest.hexdigest()


@cache
def code_hash() -> str:
    """Hash of the package's code and the data that engines read by themselves."""
    digest = hashlib.sha256()
    for path in [*sorted(PACKAGE.rglob("*.py")), *sorted(tables.data_dir().glob("*.csv"))]:
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()[:16]


def manifest(scenarios: list[Scenario], engines: Iterable[str], draws: int, seed: int) -> dict:
    """Everything that another run needs to give the same bytes, and the versions it was made with."""
    files = {p.name: hashlib.sha256(p.read_bytes()).hexdigest()[:16] for p in sorted(tables.data_dir().glob("*.csv"))}
    return {
        "scenarios": [
            {
                "scenario": s.scenario,
                "file": s.file,
                "place": s.place.name,
                "fingerprint": fingerprint(s)[:16],
                "parameters": found.digest if (found := learned(s)) else PRIORS,
            }
            for s in scenarios
        ],
        "engines": list(engines),
        "draws": draws,
        "seed": seed,
        "code": code_hash(),
        "data": files,
        "versions": {
            p: version(p) for p in ("forecast", "numpy", "scipy", "pandas", "pyarrow", "numba", "mesa", "statsmodels")
        }
        | {"python": platform.python_version()},
    }
