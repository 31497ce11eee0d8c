"""The command for any table of series."""

from pathlib import Path
from typing import Any

import click

from forecast import data
from forecast.cli.common import PARTS, claim, finish, with_force, with_jobs, with_lang, with_out
from forecast.cli.frame import Existing, Whole, argument, command, option
from forecast.cli.terminal import tell
from forecast.data.messages import UserError, translate


@command()
@argument("file", type=Existing(dir_okay=False))
@option("--horizon", type=Whole(1, 1000), required=True, help="Steps after the last value of each series.")
@option("--season", type=Whole(1, 400), default=None, help="Steps in a season; read from the dates if not said.")
@option(
    "--quantiles",
    default="0.025,0.1,0.25,0.5,0.75,0.9,0.975",
    show_default=True,
    help="Probabilities, rising, separated by commas.",
)
@option(
    "--hierarchy",
    type=Existing(dir_okay=False),
    help="CSV table unique_id, parent: forecasts of parts then add up to those of their parents.",
)
@option(
    "--events",
    type=Existing(dir_okay=False),
    help="CSV table date, kind, size, lasting (and steps, unique_id): what happened and is announced. A size is a "
    "share (-0.2: a fifth less); an empty one is learned. lasting: lasting or passing.",
)
@option(
    "--known",
    type=Existing(dir_okay=False),
    help="CSV table ds (and unique_id) and columns whose future is known, such as a price.",
)
@option(
    "--ceiling",
    default=None,
    help="What no value can pass: a number, a column of FILE (its last number), or learned (from all series).",
)
@with_jobs
@with_out
@with_force
@with_lang
def baseline(
    *,
    file: Path,
    horizon: int,
    season: int | None,
    quantiles: str,
    hierarchy: Path | None,
    events: Path | None,
    known: Path | None,
    ceiling: str | None,
    jobs: int | None,
    out: Path,
    force: bool,
    lang: str,
) -> None:
    """Forecast each series of FILE, a CSV table unique_id, ds, y; writes baseline.csv."""
    import hashlib

    from forecast.show import brief_base
    from forecast.timeseries import baseline as baselines

    try:
        levels = baselines.levels_of(quantiles.split(","))
    except UserError as error:
        raise click.BadParameter(str(error), param_hint="--quantiles") from None
    if hierarchy and ceiling:
        raise click.UsageError(translate("--ceiling is for single series; expected no --hierarchy with it"))
    frame = baselines.read(file)
    nodes, happened, future = (baselines.read(path) if path else None for path in (hierarchy, events, known))

    def begin() -> None:  # faults are told before the folder is touched
        claim(out, force)

    how: dict[str, Any] = {"events": happened, "known": future, "file": file.name, "checked": begin}
    how["keep"] = out / PARTS
    if nodes is not None:
        answer = baselines.coherent(frame, nodes, horizon, season, levels, jobs, **how)
    else:
        answer = baselines.baseline(frame, horizon, season, levels, jobs, ceiling=ceiling, **how)
    data.tables.write(answer, out / "baseline.csv")
    asked = {
        "command": "baseline",
        "file": file.name,
        "input": hashlib.sha256(file.read_bytes()).hexdigest(),
        "horizon": horizon,
        "season": season,
        "quantiles": levels,
    }
    for key, path in {"hierarchy": hierarchy, "events": events, "known": known}.items():
        if path:
            asked[key] = hashlib.sha256(path.read_bytes()).hexdigest()
    if ceiling:
        asked["ceiling"] = ceiling
    files = finish(out, asked)
    rest = brief_base.some(brief_base.ROWS, answer["unique_id"].nunique(), "baseline.csv", lang)
    tell(brief_base.series(answer, horizon, lang), out, files, more=rest)
