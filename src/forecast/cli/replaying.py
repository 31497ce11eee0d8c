"""The command that repeats a run from its manifest, bit for bit, or says which input is not the same any more."""

import hashlib
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from forecast.cli.common import believing, read_scenarios, with_jobs
from forecast.cli.frame import argument, command
from forecast.data.messages import UserError

if TYPE_CHECKING:
    from forecast.experiment.manifest import Manifest


@command()
@argument("manifest", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@with_jobs
def replay(*, manifest: Path, jobs: int | None) -> None:
    """Repeat the run of MANIFEST (a manifest.json of forecast project) and compare it bit for bit.

    Where an input is not the same any more (data, law, code, a scenario, a version, parameters), it is named and
    nothing is run. Nothing is written.
    """
    from forecast.experiment import manifest as made
    from forecast.experiment.project import project

    asked = made.read(manifest)
    paths = [_found(one.file, manifest) for one in asked.scenarios]
    changed = [
        f"scenario {one.scenario}: there is no file {one.file}"
        for one, path in zip(asked.scenarios, paths, strict=True)
        if path is None
    ]
    there = [path for path in paths if path is not None]
    questions = [] if changed else read_scenarios(there)
    questions = [believing([q], one.learned)[0] for q, one in zip(questions, asked.scenarios, strict=False)]
    now = made.manifest(questions, asked.engines, asked.draws, asked.seed)
    changed += differences(asked, now)
    if changed:
        raise UserError("\n".join(["not the same inputs as then, so the run cannot be repeated:", *changed]))
    answer = project(questions, asked.engines, draws=asked.draws, seed=asked.seed, jobs=jobs)
    with tempfile.TemporaryDirectory() as folder:
        answer.save(Path(folder) / made.ANSWER)
        result = hashlib.sha256((Path(folder) / made.ANSWER).read_bytes()).hexdigest()
    if result != asked.sha256[made.ANSWER]:
        raise UserError(
            f"{manifest}: all inputs are the same, yet {made.ANSWER} is not: {result[:16]} instead of "
            f"{asked.sha256[made.ANSWER][:16]}"
        )
    click.echo(
        f"the same, bit for bit: {made.ANSWER} {result[:16]}, {asked.draws} draws of {len(questions)} scenarios, "
        f"seed {asked.seed}"
    )


def _found(file: str, manifest: Path) -> Path | None:
    """Return where a scenario file is: as it was named, from here, or beside the manifest; None where it is not."""
    for path in (Path(file), manifest.parent / Path(file).name):
        if file and path.is_file():
            return path
    return None


def differences(then: "Manifest", now: dict[str, Any]) -> list[str]:
    """Return one line for each input that is not what it was."""
    lines = []
    for name in sorted(then.data.keys() | now["data"].keys()):
        old, new = then.data.get(name, "none"), now["data"].get(name, "none")
        if old != new:
            lines.append(f"{'law' if name == 'law.csv' else 'data'} {name}: {old} then, {new} now")
    if then.code != now["code"]:
        lines.append(f"code: {then.code} then, {now['code']} now")
    for name, old in then.versions.items():
        new = now["versions"].get(name, "none")
        if old != new:
            lines.append(f"version of {name}: {old} then, {new} now")
    data_moved = bool(lines)
    for one, new in zip(then.scenarios, now["scenarios"], strict=False):
        if one.fingerprint != new["fingerprint"] and not data_moved:  # the data are part of a question
            lines.append(f"scenario {one.scenario}: {one.fingerprint} then, {new['fingerprint']} now")
    return lines
