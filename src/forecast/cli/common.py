"""What every command shares: its options, the folder it writes to, and how it reads what it is given.

A folder with a manifest is a finished run, one with `.parts` an unfinished one that the same command goes on with.
"""

import json
import os
import shutil
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from forecast import data
from forecast.cli.frame import Decorator, Existing, Folder, Whole, argument, language_option, option
from forecast.data.messages import SeveralErrors, UserError, language, translate
from forecast.data.synonyms import meant

if TYPE_CHECKING:  # a command imports what it needs when it runs, so that `forecast --help` is quick
    import pandas as pd

    from forecast.answer.projection import Projection
    from forecast.language.words import Text
    from forecast.question.scenario import Scenario
    from forecast.show.picture import Picture


MOST_DRAWS = 1_000_000  # of a run
PARTS, MANIFEST, ANSWER = ".parts", "manifest.json", "answer.md"
with_out = option(
    "--out",
    type=Folder(),
    default="results",
    show_default=True,
    help="Folder for the results.",
)
with_force = option("--force", is_flag=True, help="Replace the results of an older run in that folder.")
with_draws = option(
    "--draws", type=Whole(1, MOST_DRAWS), default=200, show_default=True, help="Draws of each scenario."
)
with_seed = option(
    "--seed",
    type=Whole(0, 2**63 - 1),
    default=1,
    show_default=True,
    help="Random seed: the same seed gives the same numbers.",
)
with_jobs = option("--jobs", type=Whole(1, 4096), default=None, help="Processes; all cores by default.")
with_lang = language_option()
with_engines = option("--engines", default="agents,stock,pool", show_default=True, help="Engines, separated by commas.")
BUDGET = "2e9"  # VND of an example
LEDGER = "Folder of the ledger of published forecasts; data/published by default."
with_scenarios = argument("scenarios", nargs=-1, required=True, type=Existing(dir_okay=False))
with_learned = option(
    "--learned",
    type=click.Choice(["counts", "priors"]),
    default="counts",
    show_default=True,
    help="What the status quo follows: what counts taught that were known at its start, or the priors alone.",
)


def _on_cluster(context: click.Context, _: click.Parameter, address: str | None) -> None:
    """Let the command's work be done on a cluster until it ends, and then say by which workers it was done."""
    if not address or context.resilient_parsing:
        return
    from forecast.data import workers

    place = context.with_resource(workers.cluster(address))
    before = os.environ.get(workers.ADDRESS)
    os.environ[workers.ADDRESS] = address  # for the notebooks of a report, which are processes of their own

    def ended() -> None:
        os.environ.pop(workers.ADDRESS) if before is None else os.environ.update({workers.ADDRESS: before})
        if place and place.ran:
            by = ", ".join(translate("{count} by {worker}", count=n, worker=w) for w, n in sorted(place.ran.items()))
            note("pieces of work that were done: {by}", by=by)

    context.call_on_close(ended)


with_cluster = option(
    "--cluster",
    metavar="ADDRESS",
    default=None,
    expose_value=False,
    callback=_on_cluster,
    help="Address of a Dask scheduler whose workers do the work (docs/cluster.md).",
)
"""Gives a command --cluster: all that it asks of :mod:`forecast.data.workers` is done there."""


def together(*options: Decorator) -> Decorator:
    """Return one decorator that gives a command all of these options, in this order."""

    def give(command: Callable[..., Any]) -> Callable[..., Any]:
        for one in reversed(options):
            command = one(command)
        return command

    return give


with_result = together(with_out, with_force, with_lang)
with_work = together(with_seed, with_jobs, with_cluster, with_result)  # of every command that computes for a while
with_run = together(with_draws, with_engines, with_work, with_learned)


def read_scenarios(paths: Sequence[Path]) -> list["Scenario"]:
    """Read all scenario files, or name every fault of all of them at once."""
    from forecast.question.scenario import read_scenario

    faults: list[UserError] = []
    questions: list[Scenario] = []
    for path in paths:
        try:
            questions.append(read_scenario(path))
        except UserError as error:
            faults.append(error)
    names = [q.scenario for q in questions]
    faults += [
        UserError(
            "{file}: scenario: {name!r} is the name in another file as well; expected names that differ",
            file=q.file,
            name=q.scenario,
        )
        for i, q in enumerate(questions)
        if q.scenario in names[:i]
    ]
    if faults:
        _tell_own_tables(paths)
        raise SeveralErrors(faults)
    return questions


def _tell_own_tables(files: Iterable[Path]) -> None:
    """Say how to ask about a folder of one's own, where a scenario lies in one and the project's tables were read."""
    folders = {file.parent.parent for file in files if (file.parent.parent / "places.csv").is_file()}
    for folder in sorted(folders):
        if folder.resolve() != data.tables.data_dir().resolve():
            note("{folder} has tables of its own: say FORECAST_DATA={folder} before the command", folder=folder)


def believing(questions: list["Scenario"], learned: str) -> list["Scenario"]:
    """Return the questions with a status quo that follows what counts taught, or the priors alone."""
    return [question if question.learned == learned else question.but(learned=learned) for question in questions]


def aimed(questions: list["Scenario"]) -> list["Scenario"]:
    """Return the questions of a command that needs their targets; an error names the file that gives none."""
    for question in questions:
        if question.target is None:
            raise UserError("{file}: no target; expected target: {{measure, value, by}}", file=question.file)
    return questions


def engine_names(engines: str) -> list[str]:
    """Names of engines in a list with commas, each once."""
    from forecast.engines import ENGINES

    names = [str(meant("engine")(n.strip())) for n in engines.split(",") if n.strip()]
    wrong = [n for n in names if n not in ENGINES]
    if wrong or not names:
        near = data.typed.nearest(wrong[0], ENGINES) if wrong else ""
        raise click.BadParameter(
            translate(
                "{found!r}{hint}; expected some of {known}",
                found=engines,
                hint=translate("; did you mean {word}?", word=near) if near else "",
                known=", ".join(ENGINES),
            ),
            param_hint="--engines",
        )
    return list(dict.fromkeys(names))


def claim(out: Path, force: bool) -> None:
    """Make the folder ours until the command ends: a finished run is only replaced when asked, an unfinished one is
    gone on with, and one that another process works in is refused.
    """
    from forecast.data.folders import LOCK, Taken, locked, swept

    try:
        click.get_current_context().with_resource(locked(out))
    except Taken as owner:
        raise UserError(
            "{out}: {owner} is writing there; wait for it, or choose another --out", out=out, owner=owner
        ) from None
    swept(out / PARTS)
    if (out / MANIFEST).exists() and not force:
        raise click.UsageError(
            translate("{out} holds the results of an older run: choose another --out, or say --force", out=out)
        )
    full = any(not path.name.startswith(LOCK) for path in out.iterdir())
    if full and not (out / MANIFEST).exists() and not (out / PARTS).exists():
        raise click.UsageError(
            translate("{out} is not empty and holds no run of forecast: choose another --out", out=out)
        )
    if (out / MANIFEST).exists():
        try:
            names = [str(name) for name in data.doors.read_json(out / MANIFEST)["files"]]
        except (UserError, KeyError, TypeError):
            raise UserError("{file}: not the manifest of a run; choose another --out", file=out / MANIFEST) from None
        for name in names:
            if Path(name).name == name:  # only files of the folder itself
                (out / name).unlink(missing_ok=True)
        (out / MANIFEST).unlink()
    (out / PARTS).mkdir(exist_ok=True)


def start_workers(engines: Sequence[str], jobs: int | None) -> None:
    """Let `engines` be loaded for the processes that will work with them, while the command loads the rest."""
    from forecast.data import workers
    from forecast.engines import ENGINES

    workers.get_ready([ENGINES[name].location.partition(":")[0] for name in engines], jobs)


def finish(out: Path, facts: dict[str, Any], *texts: object, foot: str = "") -> list[str]:
    """Write the manifest last: a folder with a manifest is a finished run. It says when, and what was known then.

    What `texts` say at length for a reader goes into answer.md, with its vintage (`foot`) below. Return the names
    of all files.
    """
    import hashlib

    from forecast.data.known import vintage

    facts = facts | vintage()
    if long := [str(text) for text in texts if text]:
        data.tables.write_text("\n\n".join([*long, foot or about()]) + "\n", out / ANSWER)
    facts["files"] = sorted(p.name for p in out.iterdir() if p.is_file() and not p.name.startswith("."))
    facts["sha256"] = {n: hashlib.sha256((out / n).read_bytes()).hexdigest() for n in facts["files"]}
    data.tables.write_text(json.dumps(facts, ensure_ascii=False, indent=1) + "\n", out / MANIFEST)
    shutil.rmtree(out / PARTS)
    names: list[str] = facts["files"]
    return [*names, MANIFEST]


def note(text: str, **values: Any) -> None:
    """Say something that a reader of the answer should know, beside the answer itself."""
    click.echo(translate("note: {what}", what=translate(text, **values)), err=True)


def about(lang: str = "", told: Sequence[str] = ("made", "counts_until", "law_until")) -> "Text":
    """Return the sentence that a file for readers ends with: when it was made, and what was known then.

    `told` is what it says of that: the board says by itself what it knows of counts and law.
    """
    from forecast.data.known import vintage
    from forecast.language.vintage import sentence

    return sentence(lang or language(), {name: value for name, value in vintage().items() if name in told})


def picture(path: Path, drawn: "Picture", foot: str = "") -> None:
    """Write a picture, with its vintage (`foot`) below it, as a whole or not at all."""
    data.tables.write_bytes(drawn.png(foot=foot or about()), path)


def records(frame: "pd.DataFrame") -> list[dict[str, Any]]:
    """Rows as plain values, a missing number as null."""
    rows: list[dict[str, Any]] = json.loads(frame.to_json(orient="records", double_precision=6, force_ascii=False))
    return rows


def tell_silence(answer: "Projection", questions: Iterable["Scenario"], names: Sequence[str]) -> None:
    """Say which engine said nothing, and to what it is deaf: silence is not zero."""
    from forecast.engines import deaf_to
    from forecast.language.words import form

    pairs = answer.frame.groupby(["scenario", "engine"], observed=True).size().index
    answered = {(str(scenario), str(engine)) for scenario, engine in pairs}
    for q in questions:
        for name in names:
            if (q.scenario, name) not in answered:
                deaf = [form(column, "plan", language()) for column in sorted(deaf_to(name, q))]
                if deaf:
                    note(
                        "{engine} has no estimate for {scenario}: it cannot take in {what}",
                        engine=name,
                        scenario=q.scenario,
                        what=", ".join(deaf),
                    )
                else:
                    note(
                        "{engine} has no estimate for {scenario}: nobody has counted {place}",
                        engine=name,
                        scenario=q.scenario,
                        place=q.place.name,
                    )
