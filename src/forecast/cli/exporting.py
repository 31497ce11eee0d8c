"""The command that hands a projection on in the form of others."""

import shutil
from pathlib import Path

import click

from forecast.cli.common import claim, finish, with_force, with_lang, with_out
from forecast.cli.frame import Existing, argument, command, option
from forecast.cli.terminal import answer as tell
from forecast.data.messages import SeveralErrors, UserError, translate


@command()
@argument("file", type=Existing(dir_okay=False))
@option("--hub", is_flag=True, help="As model output of a forecast hub (hubverse), which is the one form there is.")
@option("--samples", is_flag=True, help="Each draw as a sample, in place of quantiles.")
@option(
    "--rules",
    type=Existing(dir_okay=False),
    help="The hub's own tasks.json: what it does not take is told, and nothing is written.",
)
@option("--team", default="forecast", show_default=True, help="Name of the team in the names of files.")
@with_out
@with_force
@with_lang
def export(
    *, file: Path, hub: bool, samples: bool, rules: Path | None, team: str, out: Path, force: bool, lang: str
) -> None:
    """Hand on FILE, the projection.parquet of a run, with --hub as forecast hubs take it: months after the origin."""
    from forecast.answer import hub as hubs
    from forecast.answer.projection import Projection
    from forecast.data import doors

    if not hub:
        raise click.UsageError(translate("say --hub: there is no other form"))
    rows = Projection.read(file).to_hub(None) if samples else Projection.read(file).to_hub()
    if rows.empty:
        raise UserError("{file}: no month after an origin", file=file)
    if rules and (wrong := hubs.faults(rows, doors.read_json(rules))):
        raise SeveralErrors(wrong)
    claim(out, force)
    shutil.rmtree(out / hubs.FOLDER, ignore_errors=True)  # of an older export, which claim has allowed to be replaced
    files = hubs.write(rows, out, team)
    made = finish(out, {"hub": True, "samples": samples, "team": team, "rules": str(rules or "")})
    names = [path.relative_to(out).as_posix() for path in files] + [name for name in made if name == "manifest.json"]
    line = translate("{count} rows of model output in {files} files.", count=f"{len(rows):,}", files=len(files))
    tell(line, out=out, files=names)
