"""Commands about scenarios: what is wrong with the data, what will be, what a policy adds, what a target needs."""

import json
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from forecast import data
from forecast.cli.common import (
    BUDGET,
    PARTS,
    aimed,
    believing,
    claim,
    engine_names,
    finish,
    picture,
    read_scenarios,
    records,
    start_workers,
    tell_silence,
    with_draws,
    with_lang,
    with_learned,
    with_run,
    with_scenarios,
    with_work,
)
from forecast.cli.frame import Existing, Month, Share, Whole, argument, command, option
from forecast.cli.terminal import answer, tell, typed
from forecast.data.messages import UserError, translate

if TYPE_CHECKING:
    from forecast.answer.projection import Projection
    from forecast.desk.additionality import Added
    from forecast.question.scenario import Scenario


@command()
@argument("files", nargs=-1, type=Existing())
@option("--json", "as_json", is_flag=True, help="Print findings as JSON.")
@option(
    "--all",
    "every",
    is_flag=True,
    help="List every finding; else only what must be mended and how many there are of the rest.",
)
@with_lang
def check(*, files: tuple[Path, ...], as_json: bool, every: bool, lang: str) -> None:
    """Check tables, scenario files and projections, or the project's own data when no FILE is given.

    A folder that is a site of forecast report is checked for numbers, pictures and downloads that somebody changed.
    Conflicts that the data already mark are listed; a new one, or a fault, exits with 1.
    """
    from forecast.checks import check as checks
    from forecast.checks.findings import FAULT, NEW, NOTE, Finding
    from forecast.publish import audit

    sites = [path for path in files if (path / audit.MARK).exists()]
    rest = [path for path in files if path not in sites]
    result = checks.check_files(rest) if rest else [] if sites else checks.check_project()
    result += [
        Finding(wrong.page, 0, "page", "", FAULT, wrong.text("en"), wrong.text("vi"))
        for site in sites
        for wrong in audit.verify(site)
    ]
    bad = checks.failed(result)
    if as_json:
        click.echo(json.dumps([checks.as_dict(f) for f in result], ensure_ascii=False, indent=1, allow_nan=False))
    else:
        told_of = [f for f in result if every or f.severity in (FAULT, NEW) or (files and f.severity == NOTE)]
        if told_of:
            click.echo(checks.as_text(told_of, lang) + "\n")
        scenario = next((path for path in rest if path.suffix in (".yaml", ".yml")), None)
        following = typed("target" if scenario else "board", *filter(None, [scenario]))
        if bad or not files:
            following = typed("check", *files, *([] if bad else ["--all"]))
        answer(checks.verdict(result, lang), then=following)
    click.get_current_context().exit(1 if bad else 0)


@command()
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
    names = engine_names(engines)
    start_workers(names, jobs)
    questions = believing(read_scenarios(scenarios), learned)
    claim(out, force)
    from forecast.experiment.manifest import manifest
    from forecast.experiment.project import project as run
    from forecast.show import brief, projection

    answer = run(questions, names, draws=draws, seed=seed, jobs=jobs, keep=out / PARTS)
    tell_silence(answer, questions, names)
    answer.save(out / "projection.parquet")
    data.tables.write(answer.summary(), out / "summary.csv")
    picture(
        out / "fan.png",
        projection.fan(answer, [q for q in questions if q.place.name == questions[0].place.name], lang=lang),
    )
    files = finish(out, manifest(questions, names, draws, seed))
    first = next((path for path, q in zip(scenarios, questions, strict=True) if q.target is not None), None)
    following = typed("target", first) if first else typed("compare", *scenarios)
    tell(brief.projected(answer, questions, lang), out, files, following)


@command()
@with_scenarios
@option("--base", default=None, help="Name of the scenario to compare with; the first file by default.")
@option(
    "--until",
    default=None,
    type=Month(),
    metavar="YYYY-MM",
    help="Last month, YYYY-MM, to judge all over the same years.",
)
@option("--people", type=Whole(0, 10_000), default=60, show_default=True, help="Draws to follow people in.")
@with_draws
@option("--engines", default="agents", show_default=True, help="Engines, separated by commas.")
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
    names = engine_names(engines)
    start_workers(names, jobs)
    questions = believing(read_scenarios(scenarios), learned)
    if until:
        questions = [q.lasting(until) for q in questions]
    if len(questions) == 1:
        from forecast.desk.compare import status_quo

        questions.insert(0, status_quo(questions[0]))
    base = base or questions[0].scenario
    if base not in [q.scenario for q in questions]:
        known = ", ".join(q.scenario for q in questions)
        raise click.BadParameter(translate("{base!r} is none of {known}", base=base, known=known), param_hint="--base")
    first = questions[0]
    for q in questions[1:]:
        if (q.place.name, q.start, q.until) != (first.place.name, first.start, first.until):
            raise UserError(
                "{scenario!r} ({place}, {start} to {until}) cannot be compared with {other!r} ({its_place}, "
                "{its_start} to {its_until}): expected the same place and months",
                scenario=q.scenario,
                place=q.place.name,
                start=q.start,
                until=q.until,
                other=first.scenario,
                its_place=first.place.name,
                its_start=first.start,
                its_until=first.until,
            )
    (quo,) = (q for q in questions if q.scenario == base)
    others = [q for q in questions if q is not quo]
    people = min(people, draws) if "agents" in names else 0
    claim(out, force)
    from forecast.answer import projection
    from forecast.desk.additionality import follow
    from forecast.desk.compare import comparison
    from forecast.experiment.manifest import manifest
    from forecast.experiment.project import project as run
    from forecast.language import words
    from forecast.show import brief, policy

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
    data.tables.write(table, out / "comparison.csv")
    titles = {
        q.scenario: {str(known): text for known, text in q.title.items()}.get(lang, q.scenario) for q in questions
    }
    against = words.title(quo, lang) if quo.policy.levers else ""
    picture(out / "comparison.png", policy.versus(table, lang=lang, titles=titles, base=against))
    texts: list[str] = [
        policy.added_text(table, lang, q, base=against) for q in others if q.scenario in set(table["scenario"])
    ]
    if result:
        texts += _people(quo, others, result, answer, out=out, lang=lang, against=against)
    facts = manifest(questions, names, draws, seed, more=["desk"]) | {"base": base, "people": people}
    files = finish(out, facts, *texts)
    following = next((path for path in reversed(scenarios) if path.stem != base), scenarios[-1])
    tell(brief.compared(table, titles, against, lang), out, files, typed("target", following))


def _people(
    quo: "Scenario",
    others: list["Scenario"],
    result: list["Added"],
    answer: "Projection",
    *,
    out: Path,
    lang: str,
    against: str,
) -> list[str]:
    """Write what each policy adds, person by person, and return it in sentences."""
    import pandas as pd

    from forecast.desk.additionality import after, table
    from forecast.language import words
    from forecast.show import additionality

    tables_, paths, texts = [], [], []
    for question, added in zip(others, result, strict=True):
        tables_.append(table(added, quo, question, answer))
        paths.append(after(added, quo, question).assign(scenario=question.scenario))
        name, title = f"-{len(paths)}" if len(others) > 1 else "", words.title(question, lang)
        texts.append(f"**{title}**: {additionality.people_text(tables_[-1], lang)}")
        shown = additionality.people(tables_[-1], lang, question.place, title, against)
        picture(out / f"people{name}.png", shown)
        picture(out / f"after{name}.png", additionality.after(paths[-1], question.place, lang, title))
    data.tables.write(pd.concat(tables_), out / "additional.csv")
    data.tables.write(pd.concat(paths), out / "after.csv")
    return texts


@command()
@argument("scenario", type=Existing(dir_okay=False))
@option(
    "--probability",
    type=Share(0, 1, min_open=True, max_open=True),
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
    names = engine_names(engines)
    start_workers(names, jobs)
    (question,) = aimed(believing(read_scenarios([scenario]), learned))
    claim(out, force)
    from forecast.desk.standing import STOCKS, long_enough, standing
    from forecast.desk.target import effort_and_ways, needed_path, target_table
    from forecast.experiment.manifest import manifest
    from forecast.experiment.project import project as run
    from forecast.question.scenario import target_of
    from forecast.show import brief
    from forecast.show import picture as picture_of
    from forecast.show import target as shown
    from forecast.show import truth as trusted
    from forecast.show import ways as more
    from forecast.uncertainty.truth import truth

    measure = target_of(question).measure
    answer = run(long_enough(question), names, draws=draws, seed=seed, jobs=jobs, keep=out / PARTS)
    tell_silence(answer, [question], names)
    desk = target_table(answer, question)
    engine = desk["engine"].iloc[0]
    path = needed_path(answer, question, engine) if measure == "members" else None
    spoken = picture_of.speaks(desk)
    stands = []
    if measure in STOCKS:
        stands = records(standing(question, answer, draws=draws, seed=seed, engine=spoken))
    parts = out / PARTS
    trust = truth(question, spoken, answer=answer, draws=draws, seed=seed, jobs=jobs, keep=parts)
    needed, ways = effort_and_ways(question, probability, draws=draws, seed=seed, jobs=jobs, keep=parts)
    result = {
        "desk": records(desk),
        "path": records(path) if path is not None else [],
        "effort": needed,
        "ways": records(ways),
        "standing": stands,
        "trust": {name: None if value != value else value for name, value in trust._asdict().items()},
    }
    data.tables.write_text(
        json.dumps(result, ensure_ascii=False, indent=1, allow_nan=False) + "\n", out / "target.json"
    )
    if path is not None:
        picture(out / "target.png", shown.picture(desk, path, question, lang=lang))
    data.tables.write(ways, out / "ways.csv")
    files = finish(
        out,
        manifest([question], names, draws, seed, more=["desk"]),
        shown.headline(desk, question, lang),
        trusted.text(trust, lang),
        shown.desk_table(desk, question, lang),
        more.effort_text(needed, lang),
        more.table(ways, lang),
    )
    short = brief.target(desk, ways, question, lang)
    rest = brief.some(len(short.table.rows), len(ways), "ways.csv", lang) if short.table is not None else ""
    tell(short, out, files, typed("optimize", scenario, "--budget", BUDGET), rest)
