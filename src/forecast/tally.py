"""What a question comes to in each draw: a few sums in place of a long projection, kept so that none is asked twice."""

import math
from pathlib import Path

import joblib
import pandas as pd

from forecast import experiment, tables
from forecast.additional import GUARDED
from forecast.posterior import Posterior
from forecast.scenario import Scenario

COLUMNS = ("reached", "years", "guarded", "members", "state", "province", "donors", "outreach")
PART = {"agents": 50, "stock": 500}  # draws in one piece of work


def tallies(
    asked: list[tuple[Scenario, str, range]],
    seed: int,
    *,
    jobs: int = 1,
    keep: Path | None = None,
    posterior: Posterior | None = None,
) -> list[pd.DataFrame]:
    """Return the :func:`tally` of each (question, engine, draws), worked out by `jobs` processes."""
    parts = [
        (number, question, engine, range(d, min(d + PART[engine], draws.stop)))
        for number, (question, engine, draws) in enumerate(asked)
        for d in range(draws.start, draws.stop, PART[engine])
    ]
    work = (
        joblib.delayed(tally)(question, engine, draws, seed, keep, posterior) for _, question, engine, draws in parts
    )
    done = joblib.Parallel(n_jobs=min(jobs, len(parts)))(work)
    numbers = [number for number, *_ in parts]
    return [
        pd.concat([rows for n, rows in zip(numbers, done, strict=True) if n == number]) for number in range(len(asked))
    ]


def tally(
    question: Scenario,
    engine: str,
    draws: range,
    seed: int,
    keep: Path | None = None,
    posterior: Posterior | None = None,
) -> pd.DataFrame:
    """Return what a question comes to, one row a draw: :data:`COLUMNS`; `keep` is a folder for answers.

    `reached` is the target's measure by its month (nan without a target), `years` member-years of all and `guarded` of
    the groups that the equity guard looks after, and the rest is VND, each added up over all months.
    """
    asked = question.with_policy("-", question.policy)  # an answer does not depend on the question's name
    task = experiment.Task(asked, experiment.engine_of(engine), draws, seed, posterior=posterior)
    path = keep / f"tally-{task.name}" if keep else None
    if path is not None and path.exists():
        try:
            return pd.read_parquet(path)
        except (OSError, ValueError):
            pass  # cut off by a kill: done again
    rows = task.run()
    target = question.target
    months = [str(m) for m in question.months]
    wanted = [m for m in months if target and (target.since or target.by) <= m <= target.by]

    def total(measure, group="all", within=None):
        keep = (rows["measure"] == measure) & (rows["group"] == group)
        if within is not None:
            keep &= rows["month"].isin(within)
        return rows[keep].groupby("draw")["value"].sum().reindex(draws, fill_value=0.0).to_numpy()

    found = {
        "reached": total(target.measure, target.group, wanted) if target else math.nan,
        "years": total("members") / 12,
        "guarded": sum(total("members", group) for group in GUARDED) / 12,
        "outreach": total("spent_outreach"),
    } | {payer: total(f"paid_{payer}") for payer in ("members", "state", "province", "donors")}
    table = pd.DataFrame(found, index=pd.Index(draws, name="draw"))[list(COLUMNS)]
    if path is not None:
        tables.write_bytes(table.to_parquet(), path)
    return table


def guarded_share(rows: pd.DataFrame, base: pd.DataFrame) -> float:
    """Share of additional member-years that go to the guarded groups; 0 where nothing is added."""
    added = float((rows["years"] - base["years"]).mean())
    return float((rows["guarded"] - base["guarded"]).mean()) / added if added > 0.5 else 0.0
