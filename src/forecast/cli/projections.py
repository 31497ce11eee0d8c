"""Commands about scenarios: what is wrong with the data, what will be, what a policy adds, what a target needs."""

import json
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from forecast.cli.common import (
    PARTS,
    believing,
    claim,
    engine_names,
    finish,
    picture,
    read_scenarios,
    records,
    tell_silence,
    with_draws,
    with_learned,
    with_run,
    with_scenarios,
    with_work,
)
from forecast.data import tables

if TYPE_CHECKING:
    from forecast.answer.projection import Projection
    from forecast.desk.additionality import Added
    from forecast.question.scenario import Scenario


@click.command()
@click.argument("files", nargs=-1, type=click.Path(exists=True, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print findings as JSON.")
@click.option("--lang", type=click.Choice(["vi", "en"]), default="vi", show_default=True, help="Language of messages.")
def check(*, files: tuple[Path, ...], as_json: bool, lang: str) -> None:
    """Check tables, scenario files and projections, or the project's own data when no FILE is given.

    A folder that is a site of forecast report is checked for numbers, pictures and downloads that somebody changed.
    Conflicts that the data already mark are listed; a new one, or a fault, exits with 1.
    """
    from forecast.checks import check as checks
    from forecast.checks.findings import FAULT, NEW, Finding
    from forecast.publish import audit

    sites = [path for path in files if (path / audit.MARK).exists()]
    rest = [path for path in files if path not in sites]
    result = checks.check_files(rest) if rest else [] if sites else checks.check_project()
    result += [
        Finding(wrong.page, 0, "page", "", FAULT, wrong.text("en"), wrong.text("vi"))
        for site in sites
        for wrong in audit.verify(site)
    ]
    if as_json:
        click.echo(json.dumps([checks.as_dict(f) for f in result], ensure_ascii=False, indent=1, allow_nan=False))
    else:
        click.echo(checks.as_text(result, lang))
    bad = any(f.severity in (FAULT, NEW) for f in result)
    click.get_current_context().exit(1 if bad else 0)


@click.command()
@with_scenarios
@with_run
def project(
    *,
    scenarios: tuple[Path, ...],
    draws: int,
    seed: int,
    engines: str,
    jobs: int | None,
    out: Path,
    force: bool,
    lang: str,
    learned: str,
) -> None:
    """Project SCENARIOS; writes projection.parquet, summary.csv, manifest.json and fan.png."""
    from forecast.experiment.manifest import manifest
    from forecast.experiment.project import project as run
    from forecast.show import projection

    questions, names = believing(read_scenarios(scenarios), learned), engine_names(engines)
    claim(out, force)
    answer = run(questions, names, draws=draws, seed=seed, jobs=jobs, keep=out / PARTS)
    tell_silence(answer, questions, names)
    answer.save(out / "projection.parquet")
    tables.write(answer.summary(), out / "summary.csv")
    picture(
        out / "fan.png",
        projection.fan(answer, [q for q in questions if q.place.name == questions[0].place.name], lang=lang),
    )
    finish(out, manifest(questions, names, draws, seed), "projection.parquet")


@click.command()
@with_scenarios
@click.option("--base", default=None, help="Name of the scenario to compare with; the first file by default.")
@click.option("--until", default=None, metavar="MONTH", help="Last month, YYYY-MM, to judge all over the same years.")
@click.option(
    "--people", type=click.IntRange(0, 10_000), default=60, show_default=True, help="Draws to follow people in."
)
@with_draws
@click.option("--engines", default="agents", show_default=True, help="Engines, separated by commas.")
@with_work
@with_learned
def compare(
    *,
    scenarios: tuple[Path, ...],
    base: str | None,
    until: str | None,
    people: int,
    draws: int,
    seed: int,
    engines: str,
    jobs: int | None,
    out: Path,
    force: bool,
    lang: str,
    learned: str,
) -> None:
    """Compare SCENARIOS draw by draw; writes comparison.csv and comparison.png.

    One file alone is compared with its own place and months under an empty policy. Where the agents answer, the same
    people are looked up under each policy and under the base: additional.csv says who joined because of it, who would
    have anyway, what was paid for nothing and whom it reached; after.csv what remains of them; with a picture of each.
    """
    from forecast.answer import projection
    from forecast.desk.additionality import follow
    from forecast.desk.compare import comparison, status_quo
    from forecast.experiment.manifest import manifest
    from forecast.experiment.project import project as run
    from forecast.language import words
    from forecast.show import policy

    questions, names = believing(read_scenarios(scenarios), learned), engine_names(engines)
    if until:
        questions = [q.lasting(until) for q in questions]
    if len(questions) == 1:
        questions.insert(0, status_quo(questions[0]))
    base = base or questions[0].scenario
    if base not in [q.scenario for q in questions]:
        raise click.BadParameter(f"{base!r} is none of {', '.join(q.scenario for q in questions)}", param_hint="--base")
    first = questions[0]
    for q in questions[1:]:
        if (q.place.name, q.start, q.until) != (first.place.name, first.start, first.until):
            raise tables.UserError(
                f"{q.scenario!r} ({q.place.name}, {q.start} to {q.until}) cannot be compared with "
                f"{first.scenario!r} ({first.place.name}, {first.start} to {first.until}): expected the same "
                "place and months"
            )
    (quo,) = (q for q in questions if q.scenario == base)
    others = [q for q in questions if q is not quo]
    people = min(people, draws) if "agents" in names else 0
    claim(out, force)
    followed = projection.concat([])
    result: list[Added] = []
    if people:
        followed, result = follow(quo, others, draws=people, seed=seed, jobs=jobs, keep=out / PARTS)
    ask = partial(run, questions, seed=seed, jobs=jobs, keep=out / PARTS)
    parts = [followed]  # who was followed need not live again
    if people < draws and "agents" in names:
        parts.append(ask(["agents"], draws=range(people, draws)))
    if rest := [name for name in names if name != "agents"]:
        parts.append(ask(rest, draws=draws))
    answer = projection.concat(parts)
    tell_silence(answer, questions, names)
    table = comparison(answer, base)
    tables.write(table, out / "comparison.csv")
    titles = {
        q.scenario: {str(known): text for known, text in q.title.items()}.get(lang, q.scenario) for q in questions
    }
    against = words.title(quo, lang) if quo.policy.levers else ""
    picture(out / "comparison.png", policy.versus(table, lang=lang, titles=titles, base=against))
    if result:
        _people(quo, others, result, answer, out=out, lang=lang, against=against)
    facts = manifest(questions, names, draws, seed, more=["desk"]) | {"base": base, "people": people}
    finish(out, facts, "comparison.csv")


def _people(
    quo: "Scenario",
    others: list["Scenario"],
    result: list["Added"],
    answer: "Projection",
    *,
    out: Path,
    lang: str,
    against: str,
) -> None:
    """Write what each policy adds, person by person, and say it."""
    import pandas as pd

    from forecast.desk.additionality import after, table
    from forecast.language import words
    from forecast.show import additionality

    tables_, paths = [], []
    for question, added in zip(others, result, strict=True):
        tables_.append(table(added, quo, question, answer))
        paths.append(after(added, quo, question).assign(scenario=question.scenario))
        name, title = f"-{len(paths)}" if len(others) > 1 else "", words.title(question, lang)
        click.echo(f"{question.scenario}: {additionality.people_text(tables_[-1], lang)}")
        shown = additionality.people(tables_[-1], lang, question.place, title, against)
        picture(out / f"people{name}.png", shown)
        picture(out / f"after{name}.png", additionality.after(paths[-1], question.place, lang, title))
    tables.write(pd.concat(tables_), out / "additional.csv")
    tables.write(pd.concat(paths), out / "after.csv")


@click.command()
@click.argument("scenario", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--probability",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    default=0.5,
    show_default=True,
    help="Probability that is wanted.",
)
@with_run
def target(
    *,
    scenario: Path,
    probability: float,
    draws: int,
    seed: int,
    engines: str,
    jobs: int | None,
    out: Path,
    force: bool,
    lang: str,
    learned: str,
) -> None:
    """Say how likely SCENARIO's target is and what would be needed; writes target.json and target.png."""
    from forecast.desk.standing import STOCKS, long_enough, standing
    from forecast.desk.target import effort, needed_path, target_table
    from forecast.desk.target import ways as ways_to_target
    from forecast.experiment.manifest import manifest
    from forecast.experiment.project import project as run
    from forecast.show import picture as picture_of
    from forecast.show import target as shown
    from forecast.show import truth as trusted
    from forecast.show import ways as more
    from forecast.uncertainty.truth import truth

    (question,), names = believing(read_scenarios([scenario]), learned), engine_names(engines)
    if question.target is None:
        raise tables.UserError(f"{scenario}: no target; expected target: {{measure, value, by}}")
    claim(out, force)
    answer = run(long_enough(question), names, draws=draws, seed=seed, jobs=jobs, keep=out / PARTS)
    tell_silence(answer, [question], names)
    desk = target_table(answer, question)
    engine = desk["engine"].iloc[0]
    path = needed_path(answer, question, engine) if question.target.measure == "members" else None
    spoken = picture_of.speaks(desk)
    stands = []
    if question.target.measure in STOCKS:
        stands = records(standing(question, answer, draws=draws, seed=seed, engine=spoken))
    parts = out / PARTS
    trust = truth(question, spoken, draws=draws, seed=seed, jobs=jobs, keep=parts)
    needed = effort(question, probability, draws=draws, seed=seed, keep=parts)
    ways = ways_to_target(question, probability, draws=draws, seed=seed, jobs=jobs, keep=parts)
    result = {
        "desk": records(desk),
        "path": records(path) if path is not None else [],
        "effort": needed,
        "ways": records(ways),
        "standing": stands,
        "trust": {name: None if value != value else value for name, value in trust._asdict().items()},
    }
    tables.write_text(json.dumps(result, ensure_ascii=False, indent=1, allow_nan=False) + "\n", out / "target.json")
    if path is not None:
        picture(out / "target.png", shown.picture(desk, path, question, lang=lang))
    for text in (
        shown.headline(desk, question, lang),
        trusted.text(trust, lang),
        shown.desk_table(desk, question, lang),
        more.effort_text(needed, lang),
        more.table(ways, lang),
    ):
        plain = text.replace("**", "").replace("> ", "").replace("<small>", "").replace("</small>", "")
        click.echo(plain + "\n")
    finish(out, manifest([question], names, draws, seed, more=["desk"]), "target.json")
