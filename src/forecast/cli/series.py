"""The command for any table of series."""

from pathlib import Path

import click

from forecast.cli.common import PARTS, claim, finish, with_force, with_jobs, with_out
from forecast.data import tables


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--horizon", type=click.IntRange(1, 1000), required=True, help="Steps after the last value of each series."
)
@click.option(
    "--season", type=click.IntRange(1, 400), default=None, help="Steps in a season; read from the dates if not said."
)
@click.option(
    "--quantiles",
    default="0.025,0.1,0.25,0.5,0.75,0.9,0.975",
    show_default=True,
    help="Probabilities, rising, separated by commas.",
)
@click.option(
    "--hierarchy",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="CSV table unique_id, parent: forecasts of parts then add up to those of their parents.",
)
@with_jobs
@with_out
@with_force
def baseline(
    *,
    file: Path,
    horizon: int,
    season: int | None,
    quantiles: str,
    hierarchy: Path | None,
    jobs: int | None,
    out: Path,
    force: bool,
) -> None:
    """Forecast each series of FILE, a CSV table unique_id, ds, y; writes baseline.csv."""
    import hashlib

    from forecast.timeseries import baseline as baselines
    from forecast.timeseries import reconcile

    try:
        levels = baselines.levels_of(quantiles.split(","))
    except tables.UserError as error:
        raise click.BadParameter(str(error), param_hint="--quantiles") from None
    frame = baselines.read(file)
    baselines.series_of(frame, season, file.name)  # faults are told before the folder is touched
    nodes = baselines.read(hierarchy) if hierarchy else None
    if nodes is not None and hierarchy:
        reconcile.tree(nodes, hierarchy.name)
    claim(out, force)
    if nodes is not None:
        answer = baselines.coherent(frame, nodes, horizon, season, levels, jobs, file=file.name, keep=out / PARTS)
    else:
        answer = baselines.baseline(frame, horizon, season, levels, jobs, file=file.name, keep=out / PARTS)
    tables.write(answer, out / "baseline.csv")
    asked = {
        "command": "baseline",
        "file": file.name,
        "input": hashlib.sha256(file.read_bytes()).hexdigest(),
        "horizon": horizon,
        "season": season,
        "quantiles": levels,
    }
    if hierarchy:
        asked["hierarchy"] = hashlib.sha256(hierarchy.read_bytes()).hexdigest()
    finish(out, asked, "baseline.csv")
