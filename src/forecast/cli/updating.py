"""The command that takes in new counts."""

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from forecast import data
from forecast.cli.common import LEDGER, about, claim, finish, note, with_work
from forecast.cli.frame import Existing, Whole, argument, command, option
from forecast.cli.terminal import tell, typed
from forecast.data.messages import UserError, language

if TYPE_CHECKING:
    import pandas as pd


@command()
@argument("counts", type=Existing(dir_okay=False))
@option("--keep", is_flag=True, help="Add the rows to data/history.csv; each needs a source of data/sources.csv.")
@option("--ledger", type=Existing(file_okay=False), default=None, help=LEDGER)
@option("--draws", type=Whole(50, 100_000), default=1000, show_default=True, help="Draws of a forecast.")
@with_work
def update(
    *,
    counts: Path,
    keep: bool,
    ledger: Path | None,
    draws: int,
    seed: int,
    jobs: int | None,
    out: Path,
    force: bool,
    lang: str,
) -> None:
    """Say how surprising the new COUNTS are, what they change, and whether to be alarmed.

    COUNTS is a table with the columns of data/history.csv, or with place, month (YYYY-MM), value (members) and, if
    wanted, source. Each count is set beside what was foretold of it before it was known; then the beliefs are learned
    with all of them. Writes update.csv (each count in its forecasts), moved.csv (coming dates, without and with them),
    beliefs.csv (parameters), published.csv (published forecasts that change), alarm.csv and update.md. Nothing is
    written to data/ without --keep.
    """
    from forecast.data import new_counts
    from forecast.experiment import update as news
    from forecast.experiment.manifest import manifest
    from forecast.show import brief_trust
    from forecast.show import update as shown

    history = data.tables.read(data.tables.data_dir() / "history.csv", "history")
    rows = new_counts.read(counts, history)
    if keep:
        _agree(rows, history)
    claim(out, force)
    updated = news.update(rows, history, folder=ledger, draws=draws, seed=seed, jobs=jobs)
    result = {"update": updated.surprise, "moved": updated.moved, "beliefs": updated.beliefs}
    for name, table in (result | {"published": updated.published, "alarm": updated.alarm}).items():
        data.tables.write(table, out / f"{name}.csv")
    text = shown.summary(updated, lang)
    data.tables.write_text(f"{text}\n\n{about(lang)}\n", out / "update.md")
    if keep:
        note("{count} rows added to {file}", count=len(rows), file=new_counts.keep(rows))
    facts = manifest([], ["campaign", "series"], draws, seed) | {"counts": counts.name, "kept": keep}
    following = typed("calibrate") if keep else typed("update", counts, "--keep")
    tell(brief_trust.updated(updated, lang), out, finish(out, facts), following)


def _agree(rows: "pd.DataFrame", history: "pd.DataFrame") -> None:
    """Raise an error where the history with these rows would have faults or conflicts that it has not now."""
    import pandas as pd

    from forecast.checks import check
    from forecast.data import new_counts

    new_counts.sourced(rows)
    with tempfile.TemporaryDirectory() as folder:
        failing = []
        for table in (history, pd.concat([history, rows], ignore_index=True)):
            path = data.tables.write(table, Path(folder) / new_counts.FILE)
            failing.append([f for f in check.check_files([path]) if check.failed([f])])
    before = {(f.rule, f.place, f.message_en) for f in failing[0]}
    new = [getattr(f, f"message_{language()}") for f in failing[1] if (f.rule, f.place, f.message_en) not in before]
    if new:
        raise UserError(
            "nothing was kept: with these counts the tables would not agree:\n{faults}", faults="\n".join(new)
        )
