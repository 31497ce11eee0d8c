"""Commands about trust: beliefs learned from counts, and forecasts judged by what came later."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from forecast import data
from forecast.cli.common import (
    LEDGER,
    PARTS,
    claim,
    engine_names,
    finish,
    picture,
    records,
    with_draws,
    with_work,
)
from forecast.cli.frame import argument, command, option
from forecast.data.messages import UserError

if TYPE_CHECKING:
    from forecast.calibration.learning import Learned


@command()
@argument("places", nargs=-1)
@option("--at", default=None, metavar="MONTH", help="Month at whose end counts are known; the last by default.")
@option(
    "--ranks",
    type=click.IntRange(2, 10_000),
    default=None,
    metavar="N",
    help="Test the learning instead, on N invented nations; writes ranks.csv.",
)
@option("--held-out", "held", is_flag=True, help="Also run the exam of past origins; writes held_out.csv.")
@option("--store", is_flag=True, help="With --ranks: keep the ranks with the data.")
@with_work
def calibrate(
    *,
    places: tuple[str, ...],
    at: str | None,
    ranks: int | None,
    held: bool,
    store: bool,
    seed: int,
    jobs: int | None,
    out: Path,
    force: bool,
    lang: str,
) -> None:
    """Learn the beliefs from the published counts of all places, as known at the end of a month.

    Writes beliefs.csv (each parameter before and after the counts, and by how much other random numbers would move it,
    which must be little, else the exit code is 1), checks.csv (each published count beside what beliefs that had not
    seen it foretold, from data/exam.csv or from --held-out), and a picture; for PLACES also places.csv (how far each
    stands from its share of the nation).
    """
    from forecast.calibration import learning
    from forecast.data.places import read_place
    from forecast.experiment.manifest import manifest
    from forecast.show import calibration as shown

    if store and not ranks:
        raise click.UsageError("--store goes with --ranks: beliefs are learned anew wherever they are needed")
    if ranks:
        return _rank(ranks, seed, jobs, store=store, out=out, force=force)
    learned = learning.learn_at(at, seed=seed)
    names = [read_place(name, at=learned.origin).name for name in places]
    claim(out, force)
    data.tables.write(learned.table, out / "beliefs.csv")
    if names:
        data.tables.write(learning.of_places(learned, names), out / "places.csv")
    picture(out / "before-after.png", shown.before_after(shown.standardized(learned.beliefs, lang), lang))
    click.echo(shown.answer(learned, lang).replace("**", ""))
    _check(learned, seed, jobs, held=held, out=out, lang=lang)
    facts = {"origin": learned.origin, "counts": learned.counts, "places": learned.places}
    more = {"converged": learned.converged, "error": float(learned.table["error"].max())}
    finish(out, manifest([], ["campaign"], 0, seed, more=["calibration"]) | facts | more, "beliefs.csv")
    if not learned.converged:
        worst = learned.table.sort_values("error", kind="stable").iloc[-1]
        raise UserError(
            f"other random numbers learn something else: the center of {worst['parameter']} moves by "
            f"{worst['error']:.2f} of its spread; expected at most {learning.MOST_ERROR} (see {out / 'beliefs.csv'})"
        )
    return None


def _check(learned: "Learned", seed: int, jobs: int | None, *, held: bool, out: Path, lang: str) -> None:
    """Write the checks that can fail, from the exam that is kept or from one that is run now, and say them."""
    from forecast.experiment import calendar as exam
    from forecast.show import exam as shown

    scored = exam.stored()
    if held:
        found = exam.calendar(
            asked=exam.origins(last=learned.origin), draws=200, seed=seed, jobs=jobs, keep=out / PARTS
        )
        scored = found.scored
        data.tables.write(scored, out / "held_out.csv")
        data.tables.write(exam.summary(scored), out / "held_out_summary.csv")
    scored = scored[scored["known"] <= learned.origin]
    if scored.empty:
        click.echo(
            "note: no checks: no exam is kept; say --held-out, or forecast backtest --calendar --store", err=True
        )
        return
    checks = shown.checks(scored)
    data.tables.write(checks, out / "checks.csv")
    click.echo(shown.checks_text(checks, lang).replace("**", ""))


def _rank(times: int, seed: int, jobs: int | None, *, store: bool, out: Path, force: bool) -> None:
    """Write the ranks of the truth in invented worlds and what they say, and keep them if asked."""
    from forecast.calibration import ranks
    from forecast.experiment.manifest import manifest

    claim(out, force)
    table = ranks.ranks(times, seed, jobs)
    judged = ranks.verdict(table)
    data.tables.write(table, out / "ranks.csv")
    data.tables.write(judged, out / "verdict.csv")
    click.echo(judged.round(3).to_string(index=False))
    if store:
        click.echo(f"kept with the data: {ranks.store(table)}")
    finish(out, manifest([], ["campaign"], 0, seed, more=["calibration"]) | {"worlds": times}, "ranks.csv")


@command()
@argument("places", nargs=-1)
@option("--published", "judge", is_flag=True, help="Judge what reports published (PLACES may be left out).")
@option("--calendar", is_flag=True, help="Each June and December; all counted places if none is named.")
@option("--store", is_flag=True, help="With --calendar: keep the exam and the pool's weights with the data.")
@option("--ledger", type=click.Path(exists=True, file_okay=False, path_type=Path), default=None, help=LEDGER)
@option("--origins", default=None, metavar="MONTHS", help="Months to forecast from, YYYY-MM,...; all by default.")
@option("--horizon", type=click.IntRange(1, 1200), default=48, show_default=True, help="Most months after an origin.")
@option("--engines", default=None, help="Engines, separated by commas.  [default: series,stock; with --calendar: all]")
@with_draws
@with_work
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
    months = None if origins is None else [str(data.tables.month(o.strip())) for o in origins.split(",") if o.strip()]
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
    for note in data.frames.rows(reasons):
        where = f"{note.place} from {note.origin}" if note.origin else note.place
        click.echo(f"note: {where}: {note.engine + ' ' if note.engine else ''}{note.why}", err=True)
    scored = score.scores(result.forecasts, result.counts)
    judged = set(scored.loc[scored["engine"].isin(names), "place"])
    if not judged:
        raise UserError("nothing could be scored: no forecast was met by a count that came out later")
    for name in names:
        click.echo(f"note: {name}: {ENGINES[name].hindsight}", err=True)
    result.forecasts.save(out / "forecasts.parquet")
    data.tables.write(scored, out / "scores.csv")
    short = score.summary(scored)
    data.tables.write(score.summary(scored, by=("engine", "band")), out / "summary.csv")
    shown = next(p for p in asked if p.name in judged)
    picture(out / "backtest.png", shown_scores.backtest(result.forecasts, result.counts, shown, lang=lang))
    picture(out / "scores.png", shown_scores.scores(short, lang=lang))
    for engine, part in short.set_index("metric").groupby("engine", sort=False):
        held = part.loc[["covered"]].query("level == 0.9")["value"].iloc[0]
        beside, targets = (
            float(data.frames.at(part, "crps", "skill naive")),
            int(data.frames.at(part, "crps", "targets")),
        )
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
        raise UserError("nothing could be scored: no forecast was met by a count that came out later")
    short = exam.summary(found.scored)
    data.tables.write(found.scored, out / "calendar.csv")
    data.tables.write(short, out / "summary.csv")
    data.tables.write(exam.summary(found.scored, ("scope", "engine", "band")), out / "bands.csv")
    data.tables.write(found.weights, out / "pool.csv")
    data.tables.write(found.silent, out / "silent.csv")
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
        raise UserError(f"{folder}: {count} forecasts are published, none met by a count that came out later")
    claim(out, force)
    parts = misses.split(folder, jobs=jobs, only=set(scored["forecast"]))
    data.tables.write(scored, out / "scores.csv")
    data.tables.write(parts, out / "parts.csv")
    for row in data.frames.rows(parts):
        click.echo(
            f"{row.place} {row.month} ({row.engine}, {row.scenario}, published {row.published}): {row.total:+,.0f} = "
            f"law {row.law_part:+,.0f}, scenario {row.scenario_part:+,.0f}, chance {row.chance_part:+,.0f}, model "
            f"{row.model_part:+,.0f}" + (f"; {row.told}" if row.told else "")
        )
    facts = manifest([], sorted(set(parts["engine"])), 0, 0) | {"ledger": str(folder)}
    del facts["draws"], facts["seed"]  # each forecast has its own
    finish(out, facts, "parts.csv")
