"""Commands about trust: parameters learned from counts, and forecasts judged by what came later."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from forecast.cli.common import (
    LEDGER,
    PARTS,
    claim,
    engine_names,
    finish,
    picture,
    records,
    with_cluster,
    with_draws,
    with_jobs,
    with_result,
    with_seed,
)
from forecast.data import files, tables
from forecast.data.frames import at, rows

if TYPE_CHECKING:
    import pandas as pd

    from forecast.calibration.sampler import Fit

STORED_ROWS = 400  # draws that are kept with the data


@click.command()
@click.argument("places", nargs=-1)
@click.option(
    "--draws", type=click.IntRange(10, 100_000), default=1000, show_default=True, help="Rows of posterior.parquet."
)
@click.option(
    "--check",
    type=click.IntRange(2, 10_000),
    default=None,
    metavar="N",
    help="Test the method instead, on N invented toy districts; writes recovery.csv.",
)
@click.option(
    "--ranks",
    type=click.IntRange(2, 10_000),
    default=None,
    metavar="N",
    help="Test the learning of beliefs instead, on N invented nations; writes ranks.csv.",
)
@click.option("--held-out", "held", is_flag=True, help="Also hold back each place and last year; writes held_out.csv.")
@click.option("--store", is_flag=True, help="Keep what was learned with the data, for all projections to take.")
@with_seed
@with_jobs
@with_cluster
@with_result
def calibrate(
    *,
    places: tuple[str, ...],
    draws: int,
    check: int | None,
    ranks: int | None,
    held: bool,
    store: bool,
    seed: int,
    jobs: int | None,
    out: Path,
    force: bool,
    lang: str,
) -> None:
    """Learn the parameters from the published counts of PLACES (all by default); writes posterior.parquet.

    Places learn from each other. Beside the draws stand diagnostics.csv (R-hat and effective sample sizes, which must
    be good enough, else the exit code is 1), checks.csv (what must come out right at once, with p-values),
    predicted.csv (each figure beside what is expected), moved.csv (which data moved which parameter), and two pictures.
    """
    from forecast.calibration import predictive_checks, sampler
    from forecast.calibration.likelihood import Model
    from forecast.experiment.manifest import PACKAGES, code_hash, manifest

    if ranks:
        return _rank(ranks, seed, jobs, store=store, out=out, force=force)
    if check:
        claim(out, force)
        table = predictive_checks.recovery(predictive_checks.toy_model(), check, seed, progress=True)
        judged = predictive_checks.verdict(table)
        tables.write(table, out / "recovery.csv")
        tables.write(judged, out / "verdict.csv")
        click.echo(judged.round(3).to_string(index=False))
        facts = manifest([], ["stock"], 0, seed, more=["calibration"]) | {"check": check}
        return finish(out, facts, "recovery.csv")
    model = Model(list(places) or None)
    claim(out, force)
    code = files.name_of(code_hash(*PACKAGES, "calibration"), model.read.to_csv())
    fit = sampler.calibrate(model, seed=seed, jobs=jobs, keep=out / PARTS, name=code)
    more = _hold_out(fit, seed, jobs, out, code) if held else {}
    return _write_fit(fit, draws, seed, out=out, lang=lang, store=store, more=more)


def _rank(times: int, seed: int, jobs: int | None, *, store: bool, out: Path, force: bool) -> None:
    """Write the ranks of the truth in invented worlds and what they say, and keep them if asked."""
    from forecast.calibration import ranks
    from forecast.experiment.manifest import manifest

    claim(out, force)
    table = ranks.ranks(times, seed, jobs)
    judged = ranks.verdict(table)
    tables.write(table, out / "ranks.csv")
    tables.write(judged, out / "verdict.csv")
    click.echo(judged.round(3).to_string(index=False))
    if store:
        click.echo(f"kept with the data: {ranks.store(table)}")
    finish(out, manifest([], ["campaign"], 0, seed, more=["calibration"]) | {"worlds": times}, "ranks.csv")


def _hold_out(fit: "Fit", seed: int, jobs: int | None, out: Path, code: str) -> dict[str, "pd.DataFrame"]:
    """Hold back places and years in turn, write what came of it, say it, and return the tables."""
    from forecast.calibration import cross_validation

    table = cross_validation.held_out(fit, seed, jobs, keep=out / PARTS / code)
    short = cross_validation.summary(table)
    tables.write(table, out / "held_out.csv")
    tables.write(short, out / "held_out_summary.csv")
    click.echo(short.round(3).to_string(index=False))
    return {"held_out": table, "held_out_summary": short}


def _write_fit(
    fit: "Fit", draws: int, seed: int, *, out: Path, lang: str, store: bool, more: dict[str, "pd.DataFrame"]
) -> None:
    """Write what a calibration found, and say whether it can be used."""
    import pandas as pd

    from forecast.beliefs import posterior
    from forecast.beliefs.posterior import FILE
    from forecast.calibration import predictive_checks, sampler
    from forecast.experiment.manifest import manifest
    from forecast.show.calibration import before_after
    from forecast.show.calibration import moved as moved_picture

    frame, diagnostics, checked = fit.frame(draws), fit.diagnostics, predictive_checks.checks(fit, seed)
    frame.to_parquet(out / FILE, index=False)
    moved = fit.moved()
    result = {
        "diagnostics": diagnostics,
        "checks": checked,
        "predicted": predictive_checks.predicted(fit),
        "moved": moved,
    }
    for name, table in result.items():
        tables.write(table, out / f"{name}.csv")
    free = pd.DataFrame(fit.z[:, : len(fit.model.free)], columns=fit.model.free)
    picture(out / "before-after.png", before_after(free, lang))
    picture(out / "moved.png", moved_picture(moved, lang))
    bad, wrong = diagnostics[~diagnostics["good"]], checked[~checked["good"]]
    facts = manifest([], ["stock"], len(frame), seed, more=["calibration"]) | {
        "places": fit.model.places,
        "asked": fit.model.asked,
        "months": fit.model.months,
        "until": max(t.month for t in fit.model.targets),
        "targets": len(fit.model.targets),
        "converged": bad.empty,
        "accepted": fit.accepted,
        "khat": fit.khat,
        "divergences": fit.divergences,
        "rhat": float(diagnostics["rhat"].max()),
        "ess_bulk": float(diagnostics["ess_bulk"].min()),
        "ess_tail": float(diagnostics["ess_tail"].min()),
    }
    finish(out, facts, FILE)
    click.echo(
        f"{len(fit.model.targets)} figures of {len(fit.model.tracks)} places; R-hat at most {facts['rhat']:.3f}, "
        f"effective draws at least {min(facts['ess_bulk'], facts['ess_tail']):.0f}, k-hat of their weights "
        f"{fit.khat:.2f}, {fit.divergences} divergences"
    )
    click.echo(f"{len(checked) - len(wrong)} of {len(checked)} checks have a p-value between 0.02 and 0.98")
    for row in rows(wrong):
        click.echo(
            f"  {row.item}: {row.published:,.3g} {row.unit}, expected {row.low:,.3g} to {row.high:,.3g}, "
            f"p = {row.p_value:.3f}"
        )
    if len(bad):
        raise tables.UserError(
            f"the chains have not converged, so the posterior must not be used: {len(bad)} of {len(diagnostics)} "
            f"coordinates have R-hat above {sampler.MOST_RHAT} or fewer than {sampler.LEAST_ESS} effective draws, or "
            f"the weights k-hat above {sampler.MOST_KHAT}; the worst is "
            f"{bad.sort_values('rhat')['coordinate'].iloc[-1]} (see {out / 'diagnostics.csv'})"
        )
    if store:
        posterior.store(fit.frame(STORED_ROWS), facts, fit.model.read, result | more)
        click.echo(f"kept with the data, in {tables.data_dir() / posterior.STORED}")


@click.command()
@click.argument("places", nargs=-1)
@click.option("--published", "judge", is_flag=True, help="Judge what reports published (PLACES may be left out).")
@click.option("--calendar", is_flag=True, help="Each June and December; all counted places if none is named.")
@click.option("--store", is_flag=True, help="With --calendar: keep the exam and the pool's weights with the data.")
@click.option("--ledger", type=click.Path(exists=True, file_okay=False, path_type=Path), default=None, help=LEDGER)
@click.option("--origins", default=None, metavar="MONTHS", help="Months to forecast from, YYYY-MM,...; all by default.")
@click.option(
    "--horizon", type=click.IntRange(1, 1200), default=48, show_default=True, help="Most months after an origin."
)
@click.option(
    "--engines", default=None, help="Engines, separated by commas.  [default: series,stock; with --calendar: all]"
)
@with_draws
@with_seed
@with_jobs
@with_cluster
@with_result
def backtest(
    *,
    places: tuple[str, ...],
    judge: bool,
    calendar: bool,
    store: bool,
    ledger: Path | None,
    origins: str | None,
    horizon: int,
    engines: str | None,
    draws: int,
    seed: int,
    jobs: int | None,
    out: Path,
    force: bool,
    lang: str,
) -> None:
    """Forecast PLACES from past months with what was known then; writes scores.csv and pictures.

    An origin is a month at whose end a forecast is made. Only counts that were published by then are used, and the law
    as it stood; counts that came out later are the judge. Every engine stands beside naive, seasonal naive and drift.

    With --published, forecasts of earlier reports are judged by what came out after them; writes scores.csv, and
    parts.csv, which splits each miss into law, scenario, chance and model (run again as they were: only --jobs counts).

    With --calendar, origins are each June and December since 2018, more yardsticks and the pool come along, scores are
    those of the log, and the nation stands apart; engines that take long have fewer draws; writes calendar.csv,
    summary.csv, bands.csv and pool.csv.
    """
    from forecast.answer import score
    from forecast.data.places import read_place
    from forecast.engines import ENGINES
    from forecast.experiment import backtest as past
    from forecast.experiment.manifest import manifest
    from forecast.show import score as shown_scores

    if not places and not judge and not calendar:
        raise click.UsageError("Missing argument 'PLACES...'; or say --published or --calendar")
    if store and (not calendar or places):
        raise click.UsageError("--store goes with --calendar and all places: weights of a few would stand for all")
    usual = ",".join(ENGINES) if calendar else "series,stock"
    asked, names = list({p.name: p for p in map(read_place, places)}.values()), engine_names(engines or usual)
    if judge:
        return _judge([p.name for p in asked], ledger, jobs, out, force)
    months = None if origins is None else [str(tables.month(o.strip())) for o in origins.split(",") if o.strip()]
    if months is not None and not months:
        raise click.BadParameter(f"{origins!r}; expected months such as 2021-12,2022-06", param_hint="--origins")
    if calendar:
        return _calendar(
            [p.name for p in asked], names, months, out, draws=draws, seed=seed, jobs=jobs, store=store, force=force
        )
    claim(out, force)
    result = past.backtest(
        [p.name for p in asked],
        names,
        origins=months,
        horizon=horizon,
        draws=draws,
        seed=seed,
        jobs=jobs,
        keep=out / PARTS,
    )
    reasons = result.silent.groupby(["place", "engine", "why"], sort=False)["origin"].agg(", ".join).reset_index()
    for note in rows(reasons):
        where = f"{note.place} from {note.origin}" if note.origin else note.place
        click.echo(f"note: {where}: {note.engine + ' ' if note.engine else ''}{note.why}", err=True)
    scored = score.scores(result.forecasts, result.counts)
    judged = set(scored.loc[scored["engine"].isin(names), "place"])
    if not judged:
        raise tables.UserError("nothing could be scored: no forecast was met by a count that came out later")
    for name in names:
        click.echo(f"note: {name}: {ENGINES[name].hindsight}", err=True)
    result.forecasts.save(out / "forecasts.parquet")
    tables.write(scored, out / "scores.csv")
    short = score.summary(scored)
    tables.write(score.summary(scored, by=("engine", "band")), out / "summary.csv")
    shown = next(p for p in asked if p.name in judged)
    picture(out / "backtest.png", shown_scores.backtest(result.forecasts, result.counts, shown, lang=lang))
    picture(out / "scores.png", shown_scores.scores(short, lang=lang))
    for engine, part in short.set_index("metric").groupby("engine", sort=False):
        held = part.loc[["covered"]].query("level == 0.9")["value"].iloc[0]
        beside, targets = float(at(part, "crps", "skill naive")), int(at(part, "crps", "targets"))
        error = f"{1 - beside:.0%} of naive's" if beside == beside else "not beside naive's"  # nan: no common month
        click.echo(f"{engine:>14}: error {error}, 90% intervals held {held:.0%} of {targets} counts")
    facts = manifest([], names, draws, seed) | {
        "places": [p.name for p in asked],
        "origins": months or "all",
        "horizon": horizon,
        "silent": records(result.silent),
        "hindsight": {n: ENGINES[n].hindsight for n in names},
    }
    return finish(out, facts, "scores.csv")


def _calendar(
    names: list[str],
    engines: list[str],
    months: list[str] | None,
    out: Path,
    *,
    draws: int,
    seed: int,
    jobs: int | None,
    store: bool,
    force: bool,
) -> None:
    """Write the exam at calendar origins, and say it in short."""
    from forecast.experiment import calendar as exam
    from forecast.experiment.manifest import manifest

    claim(out, force)
    found = exam.calendar(names or None, engines, asked=months, draws=draws, seed=seed, jobs=jobs, keep=out / PARTS)
    if found.scored.empty:
        raise tables.UserError("nothing could be scored: no forecast was met by a count that came out later")
    short = exam.summary(found.scored)
    tables.write(found.scored, out / "calendar.csv")
    tables.write(short, out / "summary.csv")
    tables.write(exam.summary(found.scored, ("scope", "engine", "band")), out / "bands.csv")
    tables.write(found.weights, out / "pool.csv")
    tables.write(found.silent, out / "silent.csv")
    for row in short.itertuples():
        click.echo(
            f"{row.scope:>7} {row.engine:>17}: 80% intervals held {row.held_80:.0%} and 95% intervals "
            f"{row.held_95:.0%} of {row.targets} counts, upper over lower end {row.width:.2f}, "
            f"score {row.of_naive:.2f} of naive's"
        )
    if store:
        click.echo(f"kept with the data: {', '.join(map(str, exam.store(found)))}")
    each = {str(e): int(n) for e, n in found.scored.groupby("engine")["draws"].max().items()}
    facts = manifest([], engines, draws, seed) | {"calendar": True, "places": names or "all", "draws of each": each}
    finish(out, facts, "calendar.csv")


def _judge(names: list[str], ledger: Path | None, jobs: int | None, out: Path, force: bool) -> None:
    """Score published forecasts of the places `names` (all if none) and split their misses."""
    from forecast.experiment import ledger as published
    from forecast.experiment import misses
    from forecast.experiment.manifest import manifest

    folder = ledger or published.ledger()
    there = published.read(folder)
    scored = published.scores(folder)
    scored = scored[scored["place"].isin(names or there["place"])]
    if scored.empty:
        count = there.loc[there["place"].isin(names or there["place"]), "forecast"].nunique()
        raise tables.UserError(f"{folder}: {count} forecasts are published, none met by a count that came out later")
    claim(out, force)
    parts = misses.split(folder, jobs=jobs, only=set(scored["forecast"]))
    tables.write(scored, out / "scores.csv")
    tables.write(parts, out / "parts.csv")
    for row in rows(parts):
        click.echo(
            f"{row.place} {row.month} ({row.engine}, {row.scenario}, published {row.published}): {row.total:+,.0f} = "
            f"law {row.law_part:+,.0f}, scenario {row.scenario_part:+,.0f}, chance {row.chance_part:+,.0f}, model "
            f"{row.model_part:+,.0f}" + (f"; {row.told}" if row.told else "")
        )
    facts = manifest([], sorted(set(parts["engine"])), 0, 0) | {"ledger": str(folder)}
    del facts["draws"], facts["seed"]  # each forecast has its own
    finish(out, facts, "parts.csv")
