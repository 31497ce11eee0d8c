"""The command line: each command reads files, does one job, and writes its results to a folder of its own.

Exit codes: 0 done, 1 the work found faults or failed, 2 wrong usage. Results go to `--out`, never over an older run
without `--force`; a killed `project` goes on where it was when it is started again.
"""

import errno
import json
import shutil
import sys
from pathlib import Path

import click

from forecast import tables

PARTS, MANIFEST = ".parts", "manifest.json"
_out = click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    default="results",
    show_default=True,
    help="Folder for the results.",
)
_force = click.option("--force", is_flag=True, help="Replace the results of an older run in that folder.")
_draws = click.option(
    "--draws", type=click.IntRange(1, 1_000_000), default=200, show_default=True, help="Draws of each scenario."
)
_seed = click.option(
    "--seed", type=click.IntRange(0, 2**63 - 1), default=1, show_default=True, help="Number that fixes all luck."
)
_jobs = click.option("--jobs", type=click.IntRange(1, 4096), default=None, help="Processes; all cores by default.")
_cluster = click.option("--cluster", metavar="ADDRESS", default=None, help="Address of a Dask scheduler.")
_lang = click.option(
    "--lang", type=click.Choice(["vi", "en"]), default="vi", show_default=True, help="Language of pictures."
)
_engines = click.option(
    "--engines", default="agents,stock,series", show_default=True, help="Engines, separated by commas."
)
_LEDGER = "Folder of the ledger of published forecasts; data/published by default."
_scenarios = click.argument(
    "scenarios", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path)
)


class _Commands(click.Group):
    """Turns what goes wrong with somebody's input into one message, without a traceback."""

    def invoke(self, ctx):
        try:
            return super().invoke(ctx)
        except tables.UserError as error:
            click.echo(f"forecast: {error}", err=True)
            ctx.exit(1)
        except OSError as error:  # no room, no right to write, a file where a folder is wanted
            if error.errno == errno.EPIPE:
                raise
            click.echo(f"forecast: {error.filename or ''}: {error.strerror or error}", err=True)
            ctx.exit(1)
        except KeyboardInterrupt:
            click.echo("\nforecast: stopped; the same command goes on from here", err=True)
            ctx.exit(1)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="forecast")
def main():
    """Project enrollment in Viet Nam's voluntary social insurance, and see what would meet a target."""


@main.command()
@click.argument("files", nargs=-1, type=click.Path(exists=True, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print findings as JSON.")
@click.option("--lang", type=click.Choice(["vi", "en"]), default="vi", show_default=True, help="Language of messages.")
def check(files, as_json, lang):
    """Check tables, scenario files and projections, or the project's own data when no FILE is given.

    Conflicts that the data already mark are listed; a new one, or a fault, exits with 1.
    """
    from forecast import check as checks
    from forecast.findings import FAULT, NEW

    found = checks.check_files(list(files)) if files else checks.check_project()
    if as_json:
        click.echo(json.dumps([checks.as_dict(f) for f in found], ensure_ascii=False, indent=1, allow_nan=False))
    else:
        click.echo(checks.as_text(found, lang))
    bad = any(f.severity in (FAULT, NEW) for f in found)
    click.get_current_context().exit(1 if bad else 0)


@main.command()
@_scenarios
@_draws
@_seed
@_engines
@_jobs
@_cluster
@_out
@_force
@_lang
@click.option(
    "--posterior", "learned", type=click.Path(exists=True, file_okay=False, path_type=Path), default=None,
    help="Folder of a forecast calibrate run to take the parameters from; the priors by default.",
)  # fmt: skip
def project(scenarios, draws, seed, engines, jobs, cluster, out, force, lang, learned):
    """Project SCENARIOS; writes projection.parquet, summary.csv, manifest.json and fan.png."""
    from forecast import charts, experiment
    from forecast.posterior import Posterior

    questions, names = _read(scenarios), _names(engines)
    posterior = Posterior.read(learned) if learned else None
    _claim(out, force)
    answer = experiment.project(
        questions, names, draws=draws, seed=seed, jobs=jobs, cluster=cluster, keep=out / PARTS, posterior=posterior
    )
    _tell_silence(answer, questions, names)
    answer.save(out / "projection.parquet")
    tables.write(answer.summary(), out / "summary.csv")
    _picture(
        out / "fan.png",
        charts.fan(answer, [q for q in questions if q.place.name == questions[0].place.name], lang=lang),
    )
    facts = experiment.manifest(questions, names, draws, seed)
    facts |= {"posterior": posterior.digest} if posterior else {}
    _finish(out, facts, "projection.parquet")


@main.command()
@_scenarios
@click.option("--base", default=None, help="Name of the scenario to compare with; the first file by default.")
@click.option("--until", default=None, metavar="MONTH", help="Last month, YYYY-MM, to judge all over the same years.")
@click.option(
    "--people", type=click.IntRange(0, 10_000), default=60, show_default=True, help="Draws to follow people in."
)
@_draws
@_seed
@click.option("--engines", default="agents", show_default=True, help="Engines, separated by commas.")
@_jobs
@_cluster
@_out
@_force
@_lang
def compare(scenarios, base, until, people, draws, seed, engines, jobs, cluster, out, force, lang):
    """Compare SCENARIOS draw by draw; writes comparison.csv and comparison.png.

    One file alone is compared with its own place and months under an empty policy. Where the agents answer, the same
    people are looked up under each policy and under the base: additional.csv says who joined because of it, who would
    have anyway, what was paid for nothing and whom it reached; after.csv what remains of them; with a picture of each.
    """
    from forecast import charts, decide, experiment

    questions, names = _read(scenarios), _names(engines)
    if until:
        questions = [q.lasting(until) for q in questions]
    if len(questions) == 1:
        questions.insert(0, decide.status_quo(questions[0]))
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
    _claim(out, force)
    answer = experiment.project(questions, names, draws=draws, seed=seed, jobs=jobs, cluster=cluster, keep=out / PARTS)
    _tell_silence(answer, questions, names)
    table = decide.comparison(answer, base)
    tables.write(table, out / "comparison.csv")
    titles = {q.scenario: q.title.get(lang, q.scenario) for q in questions}
    _picture(out / "comparison.png", charts.versus(table, lang=lang, titles=titles))
    if people and "agents" in names:
        _follow(questions, base, answer, min(people, draws), seed, jobs, out, lang)
    _finish(out, experiment.manifest(questions, names, draws, seed), "comparison.csv")


def _follow(questions, base: str, answer, draws: int, seed: int, jobs: int | None, out: Path, lang: str) -> None:
    """Write what each policy adds, person by person, and say it."""
    import pandas as pd

    from forecast import additional, additional_charts, words

    (quo,) = (q for q in questions if q.scenario == base)
    tables_, paths = [], []
    for question in (q for q in questions if q is not quo):
        found = additional.added(quo, question, draws=draws, seed=seed, jobs=jobs)
        tables_.append(additional.table(found, quo, question, answer))
        paths.append(additional.after(found, quo, question).assign(scenario=question.scenario))
        name, title = f"-{len(paths)}" if len(questions) > 2 else "", words.title(question, lang)
        click.echo(f"{question.scenario}: {additional_charts.people_text(tables_[-1], lang)}")
        _picture(out / f"people{name}.png", additional_charts.people(tables_[-1], lang, question.place, title))
        _picture(out / f"after{name}.png", additional_charts.after(paths[-1], question.place, lang, title))
    tables.write(pd.concat(tables_), out / "additional.csv")
    tables.write(pd.concat(paths), out / "after.csv")


@main.command()
@click.argument("scenario", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--probability",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    default=0.5,
    show_default=True,
    help="Probability that is wanted.",
)
@_draws
@_seed
@_engines
@_jobs
@_cluster
@_out
@_force
@_lang
def target(scenario, probability, draws, seed, engines, jobs, cluster, out, force, lang):
    """Say how likely SCENARIO's target is and what would be needed; writes target.json and target.png."""
    from forecast import charts, decide, experiment

    (question,), names = _read([scenario]), _names(engines)
    if question.target is None:
        raise tables.UserError(f"{scenario}: no target; expected target: {{measure, value, by}}")
    _claim(out, force)
    answer = experiment.project(question, names, draws=draws, seed=seed, jobs=jobs, cluster=cluster, keep=out / PARTS)
    _tell_silence(answer, [question], names)
    desk = decide.target_table(answer, question)
    engine = desk["engine"].iloc[0]
    path = decide.needed_path(answer, question, engine) if question.target.measure == "members" else None
    needed = decide.effort(question, probability, draws=min(draws, 200), seed=seed)
    ways = decide.ways(question, probability, draws=min(draws, 100), seed=seed)
    result = {
        "desk": _records(desk), "path": _records(path) if path is not None else [], "effort": needed,
        "ways": _records(ways),
    }  # fmt: skip
    tables.write_text(json.dumps(result, ensure_ascii=False, indent=1, allow_nan=False) + "\n", out / "target.json")
    if path is not None:
        _picture(out / "target.png", charts.target(desk, path, question, lang=lang))
    for row in result["desk"]:
        click.echo(
            f"{row['engine']:>7}: P = {row['probability']:.1%} (+-{row['standard_error']:.1%}), "
            f"median {row['median']:,.0f}, gap {row['gap']:+,.0f} of {row['target']:,.0f} by {row['by']}"
        )
    if needed["multiple"] is None:
        click.echo(
            f"cannot be reached with collectors and visits alone: even {decide.MOST_EFFORT:.0f} times as many give "
            f"P = {needed['probability_reached']:.1%}"
        )
    else:
        click.echo(
            f"P = {probability:.0%} needs {needed['multiple']:.2g} times the collectors and visits "
            f"({needed['collectors_now']:,.0f} to {needed['collectors_needed']:,.0f} collectors)"
        )
    for row in ways.itertuples():
        amount = row.needed if row.needed == row.needed else row.most
        said = "needs" if row.needed == row.needed else "is not enough, even"
        click.echo(f"{row.way} alone {said} {amount:,.6g} {row.unit}: P = {row.probability_reached:.1%}")
    _finish(out, experiment.manifest([question], names, draws, seed), "target.json")


@main.command()
@click.argument("places", nargs=-1)
@click.option(
    "--draws", type=click.IntRange(10, 100_000), default=1000, show_default=True, help="Rows of posterior.parquet."
)
@click.option("--check", type=click.IntRange(2, 10_000), default=None, metavar="N",
              help="Test the method instead, on N invented toy districts; writes recovery.csv.")
@_seed
@_jobs
@_out
@_force
@_lang
def calibrate(places, draws, check, seed, jobs, out, force, lang):
    """Learn the parameters from the published counts of PLACES (all by default); writes posterior.parquet.

    Places learn from each other. Beside the draws stand diagnostics.csv (R-hat and effective sample sizes, which must
    be good enough, else the exit code is 1), checks.csv (what must come out right at once, with p-values),
    predicted.csv (each figure beside what is expected), moved.csv (which data moved which parameter), and two pictures.
    """
    from forecast import calibration, experiment, posterior_checks
    from forecast.likelihood import Model

    if check:
        _claim(out, force)
        table = posterior_checks.recovery(posterior_checks.toy_model(), check, seed, progress=True)
        judged = posterior_checks.verdict(table)
        tables.write(table, out / "recovery.csv")
        tables.write(judged, out / "verdict.csv")
        click.echo(judged.round(3).to_string(index=False))
        facts = experiment.manifest([], ["stock"], 0, seed) | {"check": check}
        return _finish(out, facts, "recovery.csv")
    model = Model(list(places) or None)
    _claim(out, force)
    code = experiment.code_hash()
    fit = calibration.calibrate(model, seed=seed, jobs=jobs, keep=out / PARTS, name=code)
    return _write_fit(fit, draws, seed, out, lang)


def _write_fit(fit, draws: int, seed: int, out: Path, lang: str) -> None:
    """Write what a calibration found, and say whether it can be used."""
    import pandas as pd

    from forecast import calibration, calibration_charts, experiment, posterior_checks
    from forecast.posterior import FILE

    frame, told, checked = fit.frame(draws), fit.diagnostics, posterior_checks.checks(fit, seed)
    frame.to_parquet(out / FILE, index=False)
    moved = fit.moved()
    for name, table in (("diagnostics", told), ("checks", checked), ("predicted", posterior_checks.predicted(fit)),
                        ("moved", moved)):  # fmt: skip
        tables.write(table, out / f"{name}.csv")
    free = pd.DataFrame(fit.flat[0][:, : len(fit.model.free)], columns=fit.model.free)
    _picture(out / "before-after.png", calibration_charts.before_after(free, lang))
    _picture(out / "moved.png", calibration_charts.moved(moved, lang))
    bad, wrong = told[~told["good"]], checked[~checked["good"]]
    facts = experiment.manifest([], ["stock"], len(frame), seed) | {
        "places": list(fit.model.tracks), "targets": len(fit.model.targets), "converged": bad.empty,
        "rhat": float(told["rhat"].max()), "ess_bulk": float(told["ess_bulk"].min()),
        "ess_tail": float(told["ess_tail"].min()),
    }  # fmt: skip
    _finish(out, facts, FILE)
    click.echo(
        f"{len(fit.model.targets)} figures of {len(fit.model.tracks)} places; R-hat at most {facts['rhat']:.3f}, "
        f"effective draws at least {min(facts['ess_bulk'], facts['ess_tail']):.0f}"
    )
    click.echo(f"{len(checked) - len(wrong)} of {len(checked)} checks have a p-value between 0.02 and 0.98")
    for row in wrong.itertuples():
        click.echo(f"  {row.item}: {row.published:,.3g} {row.unit}, expected {row.low:,.3g} to {row.high:,.3g}, "
                   f"p = {row.p_value:.3f}")  # fmt: skip
    if len(bad):
        raise tables.UserError(
            f"the chains have not converged, so the posterior must not be used: {len(bad)} of {len(told)} coordinates "
            f"have R-hat above {calibration.MOST_RHAT} or fewer than {calibration.LEAST_ESS} effective draws; the "
            f"worst is {bad.sort_values('rhat')['coordinate'].iloc[-1]} (see {out / 'diagnostics.csv'})"
        )


@main.command()
@click.argument("places", nargs=-1)
@click.option("--published", "judge", is_flag=True, help="Judge what reports published (PLACES may be left out).")
@click.option("--ledger", type=click.Path(exists=True, file_okay=False, path_type=Path), default=None, help=_LEDGER)
@click.option("--origins", default=None, metavar="MONTHS", help="Months to forecast from, YYYY-MM,...; all by default.")
@click.option(
    "--horizon", type=click.IntRange(1, 1200), default=48, show_default=True, help="Most months after an origin."
)
@click.option("--engines", default="series,stock", show_default=True, help="Engines, separated by commas.")
@_draws
@_seed
@_jobs
@_cluster
@_out
@_force
@_lang
def backtest(places, judge, ledger, origins, horizon, engines, draws, seed, jobs, cluster, out, force, lang):
    """Forecast PLACES from past months with what was known then; writes scores.csv and pictures.

    An origin is a month at whose end a forecast is made. Only counts that were published by then are used, and the law
    as it stood; counts that came out later are the judge. Every engine stands beside naive, seasonal naive and drift.

    With --published, forecasts of earlier reports are judged by what came out after them; writes scores.csv, and
    parts.csv, which splits each miss into law, scenario, chance and model (run again as they were: only --jobs counts).
    """
    from forecast import experiment, score, score_charts
    from forecast.places import read_place

    if not places and not judge:
        raise click.UsageError("Missing argument 'PLACES...'; or say --published")
    asked, names = list({p.name: p for p in map(read_place, places)}.values()), _names(engines)
    if judge:
        return _judge([p.name for p in asked], ledger, jobs, out, force)
    months = None if origins is None else [str(tables.month(o.strip())) for o in origins.split(",") if o.strip()]
    if months is not None and not months:
        raise click.BadParameter(f"{origins!r}; expected months such as 2021-12,2022-06", param_hint="--origins")
    _claim(out, force)
    found = experiment.backtest(
        [p.name for p in asked], names, origins=months, horizon=horizon, draws=draws, seed=seed, jobs=jobs,
        cluster=cluster, keep=out / PARTS,
    )  # fmt: skip
    reasons = found.silent.groupby(["place", "engine", "why"], sort=False)["origin"].agg(", ".join).reset_index()
    for note in reasons.itertuples():
        where = f"{note.place} from {note.origin}" if note.origin else note.place
        click.echo(f"note: {where}: {note.engine + ' ' if note.engine else ''}{note.why}", err=True)
    scored = score.scores(found.forecasts, found.counts)
    judged = set(scored.loc[scored["engine"].isin(names), "place"])
    if not judged:
        raise tables.UserError("nothing could be scored: no forecast was met by a count that came out later")
    for name in names:
        click.echo(f"note: {name}: {experiment.HINDSIGHT[name]}", err=True)
    found.forecasts.save(out / "forecasts.parquet")
    tables.write(scored, out / "scores.csv")
    short = score.summary(scored)
    tables.write(score.summary(scored, by=("engine", "band")), out / "summary.csv")
    shown = next(p for p in asked if p.name in judged)
    _picture(out / "backtest.png", score_charts.backtest(found.forecasts, found.counts, shown, lang=lang))
    _picture(out / "scores.png", score_charts.scores(short, lang=lang))
    for engine, rows in short.set_index("metric").groupby("engine", sort=False):
        held = rows.loc[["covered"]].query("level == 0.9")["value"].iloc[0]
        beside = rows.at["crps", "skill naive"]
        error = f"{1 - beside:.0%} of naive's" if beside == beside else "not beside naive's"  # nan: no common month
        click.echo(f"{engine:>14}: error {error}, 90% intervals held {held:.0%} of {rows.at['crps', 'targets']} counts")
    facts = experiment.manifest([], names, draws, seed) | {
        "places": [p.name for p in asked], "origins": months or "all", "horizon": horizon,
        "silent": _records(found.silent), "hindsight": {n: experiment.HINDSIGHT[n] for n in names},
    }  # fmt: skip
    return _finish(out, facts, "scores.csv")


def _judge(names: list[str], ledger: Path | None, jobs: int | None, out: Path, force: bool) -> None:
    """Score published forecasts of the places `names` (all if none) and split their misses."""
    from forecast import experiment, published

    folder = ledger or published.ledger()
    there = published.read(folder)
    scored = published.scores(folder)
    scored = scored[scored["place"].isin(names or there["place"])]
    if scored.empty:
        count = there.loc[there["place"].isin(names or there["place"]), "forecast"].nunique()
        raise tables.UserError(f"{folder}: {count} forecasts are published, none met by a count that came out later")
    _claim(out, force)
    parts = published.split(folder, jobs=jobs, only=set(scored["forecast"]))
    tables.write(scored, out / "scores.csv")
    tables.write(parts, out / "parts.csv")
    for row in parts.itertuples():
        click.echo(
            f"{row.place} {row.month} ({row.engine}, {row.scenario}, published {row.published}): {row.total:+,.0f} = "
            f"law {row.law_part:+,.0f}, scenario {row.scenario_part:+,.0f}, chance {row.chance_part:+,.0f}, model "
            f"{row.model_part:+,.0f}" + (f"; {row.told}" if row.told else "")
        )
    facts = experiment.manifest([], sorted(set(parts["engine"])), 0, 0) | {"ledger": str(folder)}
    del facts["draws"], facts["seed"]  # each forecast has its own
    _finish(out, facts, "parts.csv")


@main.command()
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
@_jobs
@_out
@_force
def baseline(file, horizon, season, quantiles, hierarchy, jobs, out, force):
    """Forecast each series of FILE, a CSV table unique_id, ds, y; writes baseline.csv."""
    import hashlib

    from forecast import baselines, reconcile

    try:
        levels = baselines.levels_of(quantiles.split(","))
    except tables.UserError as error:
        raise click.BadParameter(str(error), param_hint="--quantiles") from None
    frame = baselines.read(file)
    baselines.series_of(frame, season, file.name)  # faults are told before the folder is touched
    nodes = baselines.read(hierarchy) if hierarchy else None
    if hierarchy:
        reconcile.tree(nodes, hierarchy.name)
    _claim(out, force)
    if hierarchy:
        answer = baselines.coherent(frame, nodes, horizon, season, levels, jobs, file=file.name)
    else:
        answer = baselines.baseline(frame, horizon, season, levels, jobs, file=file.name)
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
    _finish(out, asked, "baseline.csv")


@main.command()
@click.argument("scenario", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--budget", type=click.FloatRange(0, min_open=True), required=True, metavar="VND",
              help="Most that may be spent on top of the scenario, over all its months.")
@click.option("--probability", type=click.FloatRange(0, 1, min_open=True, max_open=True), default=0.5,
              show_default=True, help="Probability that is wanted.")
@click.option("--minimum-poor-share", "poor_share", type=click.FloatRange(0, 1), default=None,
              help="Least share of the gain for poor, near-poor and minority people.")
@click.option("--trials", type=click.IntRange(1, 100_000), default=96, show_default=True, help="Mixes to explore.")
@_draws
@_seed
@_jobs
@_out
@_force
@_lang
@click.option(
    "--posterior", "learned", type=click.Path(exists=True, file_okay=False, path_type=Path), default=None,
    help="Folder of a forecast calibrate run to take the parameters from; the priors by default.",
)  # fmt: skip
def optimize(scenario, budget, probability, poor_share, trials, draws, seed, jobs, out, force, lang, learned):
    """Find the cheapest levers that meet SCENARIO's target; writes optimum.json, optimum.yaml and front.png.

    Levers of the search come on top of the scenario's own; which ones, and whose money counts, stands in its section
    search (the usual ones if it has none). What was found is judged again by draws that no choice has seen.
    """
    from forecast import desk_charts, desk_texts, experiment, search
    from forecast.posterior import Posterior

    (question,) = _read([scenario])
    if question.target is None:
        raise tables.UserError(f"{scenario}: no target; expected target: {{measure, value, by}}")
    posterior = Posterior.read(learned) if learned else None
    _claim(out, force)
    found = search.optimize(
        question, budget, probability, poor_share=poor_share, draws=draws, seed=seed, trials=trials, jobs=jobs,
        keep=out / PARTS, posterior=posterior,
    )  # fmt: skip
    record = desk_texts.optimum_record(found)
    tables.write_text(json.dumps(record, ensure_ascii=False, indent=1, allow_nan=False) + "\n", out / "optimum.json")
    tables.write_text(desk_texts.scenario_yaml(found.scenario), out / "optimum.yaml")
    _picture(out / "front.png", desk_charts.front(found, lang=lang))
    click.echo(desk_texts.optimum_text(found, lang))
    asked = {"budget": budget, "probability": probability, "poor_share": poor_share, "trials": trials}
    asked |= {"posterior": posterior.digest} if posterior else {}
    names = ["agents", search.fast_engine(question)]
    _finish(out, experiment.manifest([question], names, draws, seed) | asked, "optimum.json")


@main.command()
@click.argument("scenario", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@_draws
@_seed
@_jobs
@_out
@_force
@_lang
@click.option("--hours", "by_hour", is_flag=True, help="Measure too what a collector's hour buys, by commune and task.")
def allocate(scenario, draws, seed, jobs, out, force, lang, by_hour):
    """Split SCENARIO's target over communes; writes allocation.csv, allocation.xlsx and allocation.png.

    One split is equally hard for each commune, the other goes by people; both with the probability that each commune
    meets its share, from as many other draws. With --hours, hours.csv, hours-place.csv and hours.png say what the next
    hour, the next collector and the next million VND buy.
    """
    from forecast import allocate as allocations
    from forecast import desk_charts, experiment, hours

    (question,) = _read([scenario])
    _claim(out, force)
    found = allocations.allocate(question, draws=draws, seed=seed, jobs=jobs)
    tables.write(found.table, out / "allocation.csv")
    tables.write_bytes(allocations.workbook(found, draws, seed), out / "allocation.xlsx")
    _picture(out / "allocation.png", desk_charts.allocation(found.table, question.place, lang=lang))
    click.echo(allocations.told(found, lang))
    if by_hour:
        measured = hours.scarce_hours(question, draws=max(2, min(draws, 64)), seed=seed, jobs=jobs)
        tables.write(measured.communes, out / "hours.csv")
        tables.write(measured.place, out / "hours-place.csv")
        _picture(out / "hours.png", desk_charts.hours(measured.place, question.place, lang=lang))
        click.echo(hours.told(measured, lang))
    _finish(out, experiment.manifest([question], ["agents"], 2 * draws, seed), "allocation.csv")


@main.command()
@click.argument("places", nargs=-1)
@click.option("--lang", "langs", default="vi,en", show_default=True, help="Languages, separated by commas.")
@click.option(
    "--draws", type=click.IntRange(1, 1_000_000), default=None, help="Draws of each scenario in the notebooks."
)
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    default="site",
    show_default=True,
    help="Folder of the site.",
)
@click.option("--day", default=None, metavar="YYYY-MM-DD", help="Day of publication; today by default.")
@click.option("--ledger", type=click.Path(file_okay=False, path_type=Path), default=None, help=_LEDGER)
@click.option("--draft", is_flag=True, help="Add nothing to the ledger of published forecasts.")
@_force
def report(places, langs, draws, out, day, ledger, draft, force):
    """Run the notebooks of PLACES (all by default) and publish the site.

    What the pages forecast is added to the ledger, so that later counts can judge it: forecast backtest --published.
    """
    from datetime import date

    from forecast import published
    from forecast import report as reports

    chosen = tuple(part.strip() for part in langs.split(",") if part.strip())
    if not chosen or set(chosen) - {"vi", "en"}:
        raise click.BadParameter(f"{langs!r}; expected vi, en or both", param_hint="--lang")
    kept = None if draft else ledger or published.ledger()
    front = reports.build(
        places=list(places) or None, langs=chosen, out=out, draws=draws, force=force, ledger=kept,
        day=day or date.today().isoformat(),
    )  # fmt: skip
    if kept:
        click.echo(f"{kept} holds {published.read(kept)['forecast'].nunique()} published forecasts")
    click.echo(f"the site is ready: open {front}")


def _read(paths) -> list:
    from forecast.scenario import read_scenario

    faults, questions = [], []
    for path in paths:
        try:
            questions.append(read_scenario(path))
        except tables.UserError as error:
            faults.append(str(error))
    names = [q.scenario for q in questions]
    faults += [
        f"{q.file}: scenario: {q.scenario!r} is the name in another file as well; expected names that differ"
        for i, q in enumerate(questions)
        if q.scenario in names[:i]
    ]
    if faults:
        raise tables.UserError("\n".join(faults))
    return questions


def _names(engines: str) -> list[str]:
    from forecast.experiment import ENGINES

    names = [n.strip() for n in engines.split(",") if n.strip()]
    wrong = [n for n in names if n not in ENGINES]
    if wrong or not names:
        raise click.BadParameter(f"{engines!r}; expected some of {', '.join(ENGINES)}", param_hint="--engines")
    return list(dict.fromkeys(names))


def _claim(out: Path, force: bool) -> None:
    """Make the folder ours: a finished run is only replaced when asked, an unfinished one is gone on with."""
    if (out / MANIFEST).exists() and not force:
        raise click.UsageError(f"{out} holds the results of an older run: choose another --out, or say --force")
    if out.exists() and any(out.iterdir()) and not (out / MANIFEST).exists() and not (out / PARTS).exists():
        raise click.UsageError(f"{out} is not empty and holds no run of forecast: choose another --out")
    out.mkdir(parents=True, exist_ok=True)
    if (out / MANIFEST).exists():
        try:
            names = [str(name) for name in json.loads((out / MANIFEST).read_text(encoding="utf-8"))["files"]]
        except (ValueError, KeyError, TypeError):
            raise tables.UserError(f"{out / MANIFEST}: not the manifest of a run; choose another --out") from None
        for name in names:
            if Path(name).name == name:  # only files of the folder itself
                (out / name).unlink(missing_ok=True)
        (out / MANIFEST).unlink()
    (out / PARTS).mkdir(exist_ok=True)


def _finish(out: Path, facts: dict, main_file: str) -> None:
    """Write the manifest last: a folder with a manifest is a finished run."""
    import hashlib

    facts["files"] = sorted(p.name for p in out.iterdir() if p.is_file() and not p.name.startswith("."))
    facts["sha256"] = {n: hashlib.sha256((out / n).read_bytes()).hexdigest() for n in facts["files"]}
    tables.write_text(json.dumps(facts, ensure_ascii=False, indent=1) + "\n", out / MANIFEST)
    shutil.rmtree(out / PARTS)
    click.echo(f"written to {out}: {', '.join(facts['files'])}, {MANIFEST}")


def _picture(path: Path, picture) -> None:
    tables.write_bytes(picture.png(), path)


def _records(frame) -> list[dict]:
    """Rows as plain values, a missing number as null."""
    return json.loads(frame.to_json(orient="records", double_precision=6, force_ascii=False))


def _tell_silence(answer, questions, names) -> None:
    """Say which engine said nothing, and to what it is deaf: silence is not zero."""
    from forecast.engines import deaf_to
    from forecast.experiment import engine_of

    said = set(zip(answer.frame["scenario"].astype(str), answer.frame["engine"].astype(str), strict=True))
    for q in questions:
        for name in names:
            if (q.scenario, name) not in said:
                deaf = ", ".join(sorted(deaf_to(engine_of(name), q)))
                click.echo(f"note: {name} says nothing about {q.scenario!r}: it cannot hear {deaf}", err=True)


if __name__ == "__main__":
    sys.exit(main())
