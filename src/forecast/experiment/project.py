"""Experiments: scenarios x engines x draws, on one core, all cores or a cluster.

Work is cut into chunks of draws of one scenario and engine. A chunk is a pure function of (scenario, engine, draws,
seed), so the answer does not depend on how many cores there are, and a finished chunk that was kept on disk need not be
done again: a run that was killed goes on where it was.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from pkgutil import resolve_name
from typing import Any, cast

import numpy as np
import pandas as pd

from forecast.answer import projection
from forecast.answer.projection import Projection
from forecast.data import files, tables, workers
from forecast.data.code import PACKAGES, code_hash
from forecast.data.messages import Message
from forecast.data.steps import steps
from forecast.engines import ENGINES, POOLED, USUAL, Engine, as_counts_see, deaf_to
from forecast.question.fingerprint import fingerprint
from forecast.question.scenario import Scenario

CHUNK = 32  # draws: little enough that all cores end at about the same time


@dataclass(frozen=True)
class Task:
    """One chunk of work; its name is the hash of everything that the answer depends on.

    An engine of ours is its name: whoever does the work loads it, and the process that asks for it does without.
    """

    scenario: Scenario
    engine: str | Engine
    draws: range
    seed: int

    def run(self) -> pd.DataFrame:
        """Return projection rows."""
        return engine_of(self.engine).run(self.scenario, self.draws, self.seed)

    @property
    def name(self) -> str:
        """A file name for the answer."""
        asked = [
            fingerprint(self.scenario),
            *names_of(self.engine),
            [self.draws.start, self.draws.stop],
            self.seed,
            code_hash(*PACKAGES, *type(self).__module__.split(".")[1:2]),
        ]
        return files.name_of(*asked) + ".parquet"

    def kept(self, path: Path | None) -> pd.DataFrame | None:
        """Return the answer that an earlier run kept at `path`: one of these draws and months, or None."""
        rows = files.kept_table(path)
        if rows is None or path is None:
            return None
        if not self.fits(rows):
            files.damaged(path, "it holds other columns, draws or months")
            return None
        return rows

    def fits(self, rows: pd.DataFrame) -> bool:
        """Has an answer its columns, and no draws and months but those that were asked for?"""
        if not {"draw", "value"} <= set(rows.columns):
            return False
        months = set(rows["month"].unique().astype(str)) if "month" in rows else set()
        return bool(rows["draw"].isin(self.draws).all()) and months <= {str(m) for m in self.scenario.months}

    @property
    def keepable(self) -> bool:
        """Is it one of our engines as it comes? Somebody else's code, or another team rule, has no hash to go by."""
        return isinstance(self.engine, str) or _as_it_comes(self.engine)


def project(
    scenarios: Scenario | Iterable[Scenario],
    engines: str | Engine | Iterable[str | Engine] = USUAL,
    *,
    draws: int | range = 200,
    seed: int = 1,
    jobs: int | None = None,
    cluster: str | None = None,
    progress: bool = True,
    keep: str | Path | None = None,
) -> Projection:
    """Answer `scenarios` with `engines`, `draws` times each (or for a range of draws); scenarios are paired by draw.

    `jobs` is the number of processes (all cores by default; 1 runs here), `cluster` the address of a Dask scheduler,
    `keep` a folder in which finished chunks are kept for a run that is repeated after a kill.

    Members are persons on the last day of a month, flows persons in the month, money VND in the month
    (:mod:`forecast.answer.projection`). An engine that does not see a lever of the policy gives no rows for it. Two
    scenarios or engines of one name, an engine that is not known, or no draws raise
    :class:`~forecast.data.tables.UserError`. How the engines work, and on what figures, stands in docs/model.md.

    >>> import forecast as f
    >>> quo = f.Scenario("quo", f.toy.place(), start="2021-12", until="2022-06", law=f.toy.law())
    >>> answer = project(quo, ["stock"], draws=8, progress=False, jobs=1)
    >>> members = answer.at("2022-06").only(measure="members", group="all").frame["value"]
    >>> bool(200 < members.median() < 400)
    True
    """
    scenarios = [scenarios] if isinstance(scenarios, Scenario | str) else list(scenarios)
    named = several(engines)
    _refuse(scenarios, named, draws, seed, jobs)
    asked = [_ours(engine) for engine in named]
    wanted = draws if isinstance(draws, range) else range(draws)
    differ(Message("scenarios"), [s.scenario for s in scenarios])
    differ(Message("engines"), [names_of(e)[0] for e in asked])
    tasks = [
        Task(s, e, range(d, min(d + CHUNK, wanted.stop)), seed)
        for s in scenarios
        for e in asked
        for d in range(wanted.start, wanted.stop, CHUNK)
    ]
    parts = run_tasks(tasks, jobs, cluster, progress, keep)
    return projection.concat(parts)


def refuse_others(scenarios: Iterable[object]) -> None:
    """Raise :class:`~forecast.data.tables.UserError` for what somebody gave in place of a scenario."""
    for one in scenarios:
        if not isinstance(one, Scenario):
            raise tables.UserError(
                "{found!r} is no scenario; give Scenario(name, place, start, until), or read_scenario(path)", found=one
            )


def _refuse(scenarios: Sequence[object], engines: Sequence[object], draws: object, seed: object, jobs: object) -> None:
    """Raise :class:`UserError` for what somebody gave in place of scenarios or whole numbers; it says what to give."""
    refuse_others(scenarios)
    for name, given in (("scenarios", scenarios), ("engines", engines)):
        if not given:
            raise tables.UserError("{name}: an empty list; expected at least one", name=name)
    if isinstance(draws, range) and len(draws):
        draws = 1
    for name, number, least in (("draws", draws, 1), ("seed", seed, 0), ("jobs", 1 if jobs is None else jobs, 1)):
        if not isinstance(number, int | np.integer) or number < least:
            raise tables.UserError(
                "{name}: {found!r}; expected a whole number of at least {least}", name=name, found=number, least=least
            )


def several(engines: str | Engine | Iterable[str | Engine]) -> list[str | Engine]:
    """Return engines as a list, one alone as well.

    >>> several("stock"), several(("stock", "series"))
    (['stock'], ['stock', 'series'])
    """
    if isinstance(engines, str) or hasattr(engines, "run"):
        return [cast("str | Engine", engines)]
    if not isinstance(engines, Iterable):
        raise tables.UserError(
            "no engine {engine!r}; expected one of {known}", engine=engines, known=", ".join(ENGINES)
        )
    return list(engines)


def engine_of(engine: str | Engine) -> Engine:
    """Return an engine by name, or the engine itself."""
    return _made(engine, code_hash(*PACKAGES)) if isinstance(engine := _ours(engine), str) else engine


@lru_cache(maxsize=8)
def _made(engine: str, _: str) -> Engine:
    """Return an engine of ours for a state of code and tables: what it has found out serves the next piece of work."""
    instance: Engine = class_of(engine)()
    return instance


def _ours(engine: str | Engine) -> str | Engine:
    """Return the name of an engine of ours or an engine itself; UserError where there is none of that name."""
    if isinstance(engine, str) and engine not in ENGINES:
        raise tables.UserError("no engine {engine!r}; expected one of {known}", engine=engine, known=", ".join(ENGINES))
    return engine


def names_of(engine: str | Engine) -> tuple[str, str]:
    """Return how an engine calls itself, and its class; UserError where there is none of that name."""
    if isinstance(engine := _ours(engine), str):
        return engine, ENGINES[engine].location.partition(":")[2]
    return engine.name, type(engine).__qualname__


def _as_it_comes(engine: Engine) -> bool:
    """Is it one of ours, with nothing set otherwise?"""
    if engine.name not in ENGINES:
        return False
    kind = class_of(engine.name)
    return type(engine) is kind and vars(engine) == vars(kind())


def class_of(engine: str) -> type:
    """Return the class of an engine of ours, importing it."""
    kind: type = resolve_name(ENGINES[engine].location)
    return kind


def differ(what: Message, names: list[str]) -> None:
    """Raise :class:`UserError` where two of `names` are the same; `what` says what they name."""
    twice = sorted({n for n in names if names.count(n) > 1})
    if twice:
        raise tables.UserError(
            "two {what} are called {name!r}; names must differ within a run", what=what, name=twice[0]
        )


def run_tasks(
    tasks: Sequence[Task],
    jobs: int | None,
    cluster: str | None,
    progress: bool,
    keep: str | Path | None,
    what: str = "projection",
) -> list[pd.DataFrame]:
    """Return the rows of each task in the order of the tasks, those that were kept by an earlier run first."""
    folder = Path(keep) if keep else None
    paths = [folder / t.name if folder and t.keepable else None for t in tasks]
    parts: list[pd.DataFrame] = [pd.DataFrame()] * len(tasks)
    if any(isinstance(t.engine, str) and ENGINES[t.engine].needs == "people" for t in tasks):
        from forecast.engines.people import first_use

        first_use.tell()  # and has the folder of compiled code chosen here, for all who work
    waiting = [t for t, path in zip(tasks, paths, strict=True) if not (path and path.is_file())]
    bar = steps(what, "draw", sum(len(t.draws) for t in tasks), shown=progress)
    with bar, workers.cluster(cluster):
        if len(waiting) > 1:  # one alone finds it for itself, and may need no process
            _prepare(waiting, jobs)
        for i, rows in workers.each(
            _answer, [(t,) for t in tasks], jobs, paths=paths, kept=lambda i, path: tasks[i].kept(path)
        ):
            parts[i] = rows
            bar.update(len(tasks[i].draws))
    return parts


def _prepare(tasks: Sequence[Task], jobs: int | None) -> None:
    """Have processes find what all draws of these tasks follow, one a part each, before they simulate the draws."""
    following = {
        (id(t.scenario), t.seed): t.scenario
        for t in tasks
        if isinstance(t.engine, str) and t.engine in USUAL and t.scenario.follows and not deaf_to(t.engine, t.scenario)
    }
    asked = [(as_counts_see(scenario), seed) for (_, seed), scenario in following.items()]
    quos = {(fingerprint(quo), seed): quo for quo, seed in asked}
    workers.share(_prepared, [(quo, name, seed) for (_, seed), quo in quos.items() for name in POOLED], jobs)


def _prepared(quo: Scenario, name: str, seed: int) -> None:
    pool: Any = engine_of("pool")
    pool.prepare(quo, seed, name)


def _answer(task: Task) -> pd.DataFrame:
    return task.run()
