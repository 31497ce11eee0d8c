"""Experiments: scenarios x engines x draws, on one core, all cores or a cluster.

Work is cut into chunks of draws of one scenario and engine. A chunk is a pure function of (scenario, engine, draws,
seed), so the answer does not depend on how many cores there are, and a finished chunk that was kept on disk need not be
done again: a run that was killed goes on where it was.
"""

import os
from collections.abc import Iterable
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from pkgutil import resolve_name

import joblib
import pandas as pd
from tqdm.auto import tqdm

from forecast.answer import projection
from forecast.answer.projection import Projection
from forecast.beliefs.posterior import Posterior
from forecast.data import files, tables
from forecast.engines import Engine
from forecast.experiment.manifest import PACKAGES, code_hash, fingerprint
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
            code_hash(*PACKAGES, *type(self).__module__.split(".")[1:2]),
        ]
        asked += [self.posterior.digest] if self.posterior else []
        return files.name_of(*asked) + ".parquet"

    @property
    def keepable(self) -> bool:
        """Is it one of our engines as it comes? Somebody else's code, or another team rule, has no hash to go by."""
        if self.engine.name not in ENGINES:
            return False
        ours = class_of(self.engine.name)
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
    differ("scenarios", [s.scenario for s in scenarios])
    differ("engines", [e.name for e in engines])
    tasks = [
        Task(s, e, range(d, min(d + CHUNK, wanted.stop)), seed, posterior=posterior)
        for s in scenarios
        for e in engines
        for d in range(wanted.start, wanted.stop, CHUNK)
    ]
    parts = run_tasks(tasks, jobs, cluster, progress, keep)
    return projection.concat(parts)


def engine_of(engine: str | Engine) -> Engine:
    """Return an engine by name, or the engine itself."""
    if not isinstance(engine, str):
        return engine
    if engine not in ENGINES:
        raise tables.UserError(f"no engine {engine!r}; expected one of {', '.join(ENGINES)}")
    return class_of(engine)()


def class_of(engine: str) -> type:
    """Return the class of an engine of ours, importing it."""
    return resolve_name(ENGINES[engine])


def differ(what: str, names: list[str]) -> None:
    """Raise :class:`UserError` where two of `names` are the same; `what` says what they name."""
    twice = sorted({n for n in names if names.count(n) > 1})
    if twice:
        raise tables.UserError(f"two {what} are called {twice[0]!r}; names must differ within a run")


def run_tasks(
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
    parts = [files.kept_table(p) for p in paths]
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
            files.keep(rows, paths[i])
            parts[i] = rows
            bar.update(len(tasks[i].draws))
    return [p for p in parts if p is not None]


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
