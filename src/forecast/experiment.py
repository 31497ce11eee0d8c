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
from dataclasses import dataclass, fields
from functools import cache
from importlib.metadata import version
from pathlib import Path

import joblib
import pandas as pd
from tqdm.auto import tqdm

from forecast import projection, tables
from forecast.engines import Engine
from forecast.engines.agents import AgentEngine
from forecast.engines.series import SeriesEngine
from forecast.engines.stock import StockEngine
from forecast.projection import Projection
from forecast.scenario import Scenario

ENGINES: dict[str, type] = {"agents": AgentEngine, "stock": StockEngine, "series": SeriesEngine}
CHUNK = 48  # draws; three batches of the agent engine


@dataclass(frozen=True)
class Task:
    """One chunk of work; its name is the hash of everything that the answer depends on."""

    scenario: Scenario
    engine: Engine
    draws: range
    seed: int

    def run(self) -> pd.DataFrame:
        """Return projection rows."""
        return self.engine.run(self.scenario, self.draws, self.seed)

    @property
    def name(self) -> str:
        """A file name for the answer."""
        facts = [
            fingerprint(self.scenario),
            self.engine.name,
            type(self.engine).__qualname__,
            [self.draws.start, self.draws.stop],
            self.seed,
            code_hash(),
        ]
        return hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:24] + ".parquet"


def project(
    scenarios: Scenario | Iterable[Scenario],
    engines: Iterable[str | Engine] = ("agents", "stock", "series"),
    *,
    draws: int = 200,
    seed: int = 1,
    jobs: int | None = None,
    cluster: str | None = None,
    progress: bool = True,
    keep: str | Path | None = None,
) -> Projection:
    """Answer `scenarios` with `engines`, `draws` times each; draws of different scenarios are paired.

    `jobs` is the number of processes (all cores by default; 1 runs here), `cluster` the address of a Dask scheduler,
    `keep` a folder in which finished chunks are kept for a run that is repeated after a kill.
    """
    scenarios = [scenarios] if isinstance(scenarios, Scenario) else list(scenarios)
    engines = [engine_of(e) for e in ([engines] if isinstance(engines, (str, *ENGINES.values())) else engines)]
    if draws < 1:
        raise tables.UserError(f"draws: {draws}; expected at least 1")
    for what, names in (("scenarios", [s.scenario for s in scenarios]), ("engines", [e.name for e in engines])):
        twice = sorted({n for n in names if names.count(n) > 1})
        if twice:
            raise tables.UserError(f"two {what} are called {twice[0]!r}; names must differ within a run")
    tasks = [
        Task(s, e, range(d, min(d + CHUNK, draws)), seed)
        for s in scenarios
        for e in engines
        for d in range(0, draws, CHUNK)
    ]
    parts = _run(tasks, jobs or os.cpu_count() or 1, cluster, progress, Path(keep) if keep else None)
    return projection.concat(parts)


def engine_of(engine: str | Engine) -> Engine:
    """Return an engine by name, or the engine itself."""
    if not isinstance(engine, str):
        return engine
    if engine not in ENGINES:
        raise tables.UserError(f"no engine {engine!r}; expected one of {', '.join(ENGINES)}")
    return ENGINES[engine]()


def _run(tasks: list[Task], jobs: int, cluster: str | None, progress: bool, keep: Path | None) -> list[pd.DataFrame]:
    paths = [keep / t.name if keep and _known(t.engine) else None for t in tasks]
    parts = [_kept(p) for p in paths]
    waiting = [i for i, rows in enumerate(parts) if rows is None]
    one_here = cluster is None and (jobs == 1 or len(waiting) <= 1)
    bar = tqdm(
        total=sum(len(t.draws) for t in tasks),
        initial=sum(len(t.draws) for t, rows in zip(tasks, parts, strict=True) if rows is not None),
        unit="draw",
        desc="project",
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


def _known(engine: Engine) -> bool:
    """Is it one of our engines as it comes? Somebody else's code, or another team rule, has no hash to go by."""
    ours = ENGINES.get(engine.name)
    return type(engine) is ours and vars(engine) == vars(ours())


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
    return digest.hexdigest()


@cache
def code_hash() -> str:
    """Hash of the package's code and the data that engines read by themselves."""
    digest = hashlib.sha256()
    root = Path(__file__).parent
    for path in [*sorted(root.rglob("*.py")), *sorted(tables.data_dir().glob("*.csv"))]:
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()[:16]


def manifest(scenarios: list[Scenario], engines: Iterable[str], draws: int, seed: int) -> dict:
    """Everything that another run needs to give the same bytes, and the versions it was made with."""
    files = {p.name: hashlib.sha256(p.read_bytes()).hexdigest()[:16] for p in sorted(tables.data_dir().glob("*.csv"))}
    return {
        "scenarios": [
            {"scenario": s.scenario, "file": s.file, "place": s.place.name, "fingerprint": fingerprint(s)[:16]}
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
