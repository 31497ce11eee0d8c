"""The command that repeats a run from its manifest, bit for bit, or says which input is not the same any more."""

import hashlib
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from forecast.cli.common import believing, read_scenarios, with_jobs
from forecast.cli.frame import Existing, argument, command
from forecast.cli.terminal import answer, typed
from forecast.data.messages import UserError, translate

if TYPE_CHECKING:
    from forecast.experiment.manifest import Manifest

CHANGED = "{what}: {old} then, {new} now"


@command()
@argument("manifest", type=Existing(dir_okay=False))
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
        translate("scenario {name}: there is no file {file}", name=one.scenario, file=one.file)
        for one, path in zip(asked.scenarios, paths, strict=True)
        if path is None
    ]
    there = [path for path in paths if path is not None]
    questions = [] if changed else read_scenarios(there)
    questions = [believing([q], one.learned)[0] for q, one in zip(questions, asked.scenarios, strict=False)]
    now = made.manifest(questions, asked.engines, asked.draws, asked.seed)
    changed += differences(asked, now)
    if changed:
        raise UserError(
            "not the same inputs as then, so the run cannot be repeated:\n{changes}", changes="\n".join(changed)
        )
    again = project(questions, asked.engines, draws=asked.draws, seed=asked.seed, jobs=jobs)
    with tempfile.TemporaryDirectory() as folder:
        again.save(Path(folder) / made.ANSWER)
        result = hashlib.sha256((Path(folder) / made.ANSWER).read_bytes()).hexdigest()
    if result != asked.sha256[made.ANSWER]:
        raise UserError(
            "{file}: all inputs are the same, yet {answer} is not: {now} instead of {then}",
            file=manifest,
            answer=made.ANSWER,
            now=result[:16],
            then=asked.sha256[made.ANSWER][:16],
        )
    line = translate(
        "The same, bit for bit: {file} {hash}, {draws} draws of {count} scenarios, seed {seed}.",
        file=made.ANSWER,
        hash=result[:16],
        draws=asked.draws,
        count=len(questions),
        seed=asked.seed,
    )
    answer(line, then=typed("target", *there[:1]))


def _found(file: str, manifest: Path) -> Path | None:
    """Return where a scenario file is: as it was named, from here, or beside the manifest; None where it is not."""
    for path in (Path(file), manifest.parent / Path(file).name):
        if file and path.is_file():
            return path
    return None


def differences(then: "Manifest", now: dict[str, Any]) -> list[str]:
    """Return one line for each input that is not what it was."""
    from forecast.data.code import TABLES

    lines, in_code = [], False
    for name in sorted(then.data.keys() | now["data"].keys()):
        old, new = then.data.get(name, "none"), now["data"].get(name, "none")
        if old != new:
            in_code |= name.removesuffix(".csv") in TABLES
            what = translate("law") if name == "law.csv" else translate("data")
            lines.append(translate(CHANGED, what=f"{what} {name}", old=old, new=new))
    if then.code != now["code"] and not in_code:  # tables that engines read are part of the hash of code
        lines.append(translate(CHANGED, what=translate("code"), old=then.code, new=now["code"]))
    for name, old in then.versions.items():
        new = now["versions"].get(name, "none")
        if old != new:
            lines.append(translate(CHANGED, what=translate("version of {name}", name=name), old=old, new=new))
    data_moved = bool(lines)
    for one, new in zip(then.scenarios, now["scenarios"], strict=False):
        if one.fingerprint != new["fingerprint"] and not data_moved:  # the data are part of a question
            what = translate("scenario {name}", name=one.scenario)
            lines.append(translate(CHANGED, what=what, old=one.fingerprint, new=new["fingerprint"]))
    return lines
