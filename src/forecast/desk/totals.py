"""What a question comes to in each draw: a few sums in place of a long projection, kept so that none is asked twice."""

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from forecast.data import files, tables, workers
from forecast.data.code import code_hash
from forecast.data.vocabulary import GUARDED, PAYERS
from forecast.engines import ENGINES
from forecast.experiment import project
from forecast.question.plan import GROUPS
from forecast.question.scenario import Scenario, target_of

COLUMNS = ("reached", "held", "later", "years", "guarded", "hours", *PAYERS)


def tallies(
    asked: list[tuple[Scenario, str, range]],
    seed: int,
    *,
    jobs: int = 1,
    keep: Path | None = None,
    last: str | None = None,
) -> list[pd.DataFrame]:
    """Return the :func:`tally` of each (question, engine, draws), worked out by `jobs` processes."""
    return _each(tally, asked, (last,), seed, jobs, keep)


def paths(
    asked: list[tuple[Scenario, str, range]],
    months: tuple[str, ...],
    seed: int,
    *,
    jobs: int = 1,
    keep: Path | None = None,
) -> list[pd.DataFrame]:
    """Return the :func:`path` of each (question, engine, draws), worked out by `jobs` processes."""
    return _each(path, asked, (months,), seed, jobs, keep)


def _each(
    work: Callable[..., pd.DataFrame],
    asked: list[tuple[Scenario, str, range]],
    more: tuple[Any, ...],
    seed: int,
    jobs: int,
    keep: Path | None,
) -> list[pd.DataFrame]:
    parts = [
        (number, question, engine, range(d, min(d + ENGINES[engine].batch, draws.stop)))
        for number, (question, engine, draws) in enumerate(asked)
        for d in range(draws.start, draws.stop, ENGINES[engine].batch)
    ]
    given = [(question, engine, draws, seed, *more) for _, question, engine, draws in parts]
    files_of = [keep / _name(work.__name__, *part) if keep else None for part in given]
    done = workers.every(work, given, jobs, paths=files_of)
    numbers = [number for number, *_ in parts]
    return [
        pd.concat([rows for n, rows in zip(numbers, done, strict=True) if n == number]) for number in range(len(asked))
    ]


def tally(
    question: Scenario,
    engine: str,
    draws: range,
    seed: int,
    last: str | None = None,
) -> pd.DataFrame:
    """Return what a question comes to, one row a draw: :data:`COLUMNS`.

    `reached` is the target's measure by its month (nan without a target), `held` the members in the month `last` (the
    question's last one if left out), `later` those in the question's last month, `years` member-years of all and
    `guarded` of the groups that the equity guard looks after, `hours` those that nobody pays, and the rest is VND, all
    of them added up to `last`.
    """
    task = _task(question, engine, draws, seed)
    months, measures, groups = [str(m) for m in question.months], list(tables.MEASURES), [*GROUPS, "all"]
    values, target = _values(task, months, measures, groups), question.target
    end = months.index(last) if last else len(months) - 1

    def total(measure: str, group: str = "all", first: int = 0, until: int = end) -> np.ndarray:
        of_months = values[:, first : until + 1, measures.index(measure), groups.index(group)]
        return np.asarray(of_months.sum(axis=1))

    reached: np.ndarray | float = math.nan
    if target:
        span = (months.index(m) for m in (target.since or target.by, target.by))
        reached = total(target.measure, target.group, *span)
    sums = {
        "reached": reached,
        "held": total("members", first=end),
        "later": total("members", first=len(months) - 1, until=len(months) - 1),
        "years": total("members") / 12,
        "guarded": sum(total("members", group) for group in GUARDED) / 12,
        "hours": total("unpaid_hours"),
    } | {payer: total(measure) for payer, measure in PAYERS.items()}
    return pd.DataFrame(sums, index=pd.Index(draws, name="draw"))[list(COLUMNS)]


def path(question: Scenario, engine: str, draws: range, seed: int, months: tuple[str, ...]) -> pd.DataFrame:
    """Return what the target counts in each of `months`, and `money`, one row a draw.

    A stock as it stands in the month, a flow since it began; `money` is VND of all payers but the members, over all
    months of the question. A question without a target is an error.
    """
    task, target = _task(question, engine, draws, seed), target_of(question)
    every, measures, groups = [str(m) for m in question.months], list(tables.MEASURES), [*GROUPS, "all"]
    values = _values(task, every, measures, groups)
    of_target = values[:, :, measures.index(target.measure), groups.index(target.group)]
    if target.since:
        of_target = of_target[:, every.index(target.since) :].cumsum(axis=1)
        every = every[every.index(target.since) :]
    paid = [measures.index(measure) for payer, measure in PAYERS.items() if payer != "members"]
    money = values[:, :, paid, groups.index("all")].sum(axis=(1, 2))
    columns = {month: of_target[:, every.index(month)] for month in months}
    return pd.DataFrame(columns | {"money": money}, index=pd.Index(draws, name="draw"))


def _task(question: Scenario, engine: str, draws: range, seed: int) -> project.Task:
    asked = question.with_policy("-", question.policy)  # an answer does not depend on the question's name
    return project.Task(asked, engine, draws, seed)


def _name(work: str, question: Scenario, engine: str, draws: range, seed: int, *more: Any) -> str:
    """A file name for a tally, or a path."""
    return files.name_of(work, *more, _task(question, engine, draws, seed).name, code_hash("desk")) + ".parquet"


def _values(task: project.Task, months: list[str], measures: list[str], groups: list[str]) -> np.ndarray:
    """Values of a task by (draws, months, measures, groups + all); 0 where the engine has no row."""
    engine = project.engine_of(task.engine)
    if hasattr(engine, "values"):
        given: np.ndarray = engine.values(task.scenario, task.draws, task.seed)
        return given
    rows = task.run()
    values = np.zeros((len(task.draws), len(months), len(measures), len(groups)))
    known = (("month", months), ("measure", measures), ("group", groups))
    at = [pd.Categorical(rows[name], names).codes for name, names in known]
    values[rows["draw"].to_numpy() - task.draws.start, *at] = rows["value"]
    return values


def guarded_share(rows: pd.DataFrame, base: pd.DataFrame) -> float:
    """Share of additional member-years that go to the guarded groups; 0 where nothing is added."""
    added = float((rows["years"] - base["years"]).mean())
    return float((rows["guarded"] - base["guarded"]).mean()) / added if added > 0.5 else 0.0


def stay(rows: pd.DataFrame, base: pd.DataFrame) -> float:
    """Share of the members added by the month `last` that are still added in the last month; 1 where none are added."""
    held = float((rows["held"] - base["held"]).mean())
    return float((rows["later"] - base["later"]).mean()) / held if held > 0.5 else 1.0
