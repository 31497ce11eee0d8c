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
    note,
    picture,
    records,
    with_draws,
    with_work,
)
from forecast.cli.frame import Existing, Month, Whole, command, option, places_argument
from forecast.cli.terminal import tell, typed
from forecast.data.messages import UserError, translate
from forecast.data.typed import month as month_of

if TYPE_CHECKING:
    from forecast.calibration.learning import Learned


@command()
@places_argument()
@option(
    "--at",
    default=None,
    type=Month(),
    metavar="YYYY-MM",
    help="Month at whose end counts are known; the last by default.",
)
@option(
    "--ranks",
    type=Whole(2, 10_000),
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
    from forecast.show import brief, brief_trust
    from forecast.show import calibration as shown

    if store and not ranks:
        raise click.UsageError(
            translate("--store goes with --ranks: beliefs are learned anew wherever they are needed")
        )
    if ranks:
        return _rank(ranks, seed, jobs, store=store, out=out, force=force, lang=lang)
    learned = learning.learn_at(at, seed=seed)
    names = [read_place(name, at=learned.origin).name for name in places]
    claim(out, force)
    data.tables.write(learned.table, out / "beliefs.csv")
    if names:
        data.tables.write(learning.of_places(learned, names), out / "places.csv")
    picture(out / "before-after.png", shown.before_after(shown.standardized(learned.beliefs, lang), lang))
    texts = [shown.answer(learned, lang), _check(learned, seed, jobs, held=held, out=out, lang=lang)]
    facts = {"origin": learned.origin, "counts": learned.counts, "places": learned.places}
    more = {"converged": learned.converged, "error": float(learned.table["error"].max())}
    files = finish(out, manifest([], ["campaign"], 0, seed, more=["calibration"]) | facts | more, *texts)
    short = brief_trust.learned(learned, lang)
    rest = brief.some(len(short.table.rows), len(learned.table), "beliefs.csv", lang) if short.table is not None else ""
    tell(short, out, files, typed("backtest", *(names[:1] or ["Cà Mau"])), rest)
    if not learned.converged:
        worst = learned.table.sort_values("error", kind="stable").iloc[-1]
        raise UserError(
            "other random numbers learn something else: the center of {name} moves by {error:.2f} of its spread; "
            "expected at most {most} (see {file})",
            name=worst["parameter"],
            error=worst["error"],
            most=learning.MOST_ERROR,
            file=out / "beliefs.csv",
        )
    return None


def _check(learned: "Learned", seed: int, jobs: int | None, *, held: bool, out: Path, lang: str) -> str:
    """Write the checks that can fail, from the exam that is kept or from one that is run now; return them in words."""
    from forecast.experiment import calendar as exam
    from forecast.show import exam as shown

    scored = exam.stored()
    if held:
        examined = exam.calendar(
            asked=exam.origins(last=learned.origin), draws=200, seed=seed, jobs=jobs, keep=out / PARTS
        )
        scored = examined.scored
        data.tables.write(scored, out / "held_out.csv")
        data.tables.write(exam.summary(scored), out / "held_out_summary.csv")
    scored = scored[scored["known"] <= learned.origin]
    if scored.empty:
        note("no checks: no exam is kept; say --held-out, or forecast backtest --calendar --store")
        return ""
    checks = shown.checks(scored)
    data.tables.write(checks, out / "checks.csv")
    return str(shown.checks_text(checks, lang))


def _rank(times: int, seed: int, jobs: int | None, *, store: bool, out: Path, force: bool, lang: str) -> None:
    """Write the ranks of the truth in invented worlds and what they say, and keep them if asked."""
    from forecast.calibration import ranks
    from forecast.experiment.manifest import manifest
    from forecast.show import brief, brief_trust

    claim(out, force)
    table = ranks.ranks(times, seed, jobs)
    judged = ranks.verdict(table)
    data.tables.write(table, out / "ranks.csv")
    data.tables.write(judged, out / "verdict.csv")
    if store:
        note("kept with the data: {file}", file=ranks.store(table))
    files = finish(out, manifest([], ["campaign"], 0, seed, more=["calibration"]) | {"worlds": times})
    short = brief_trust.ranked(judged, lang)
    tell(short, out, files, typed("calibrate"), brief.some(brief.ROWS, len(judged) - 1, "verdict.csv", lang))


@command()
@places_argument()
@option("--published", "judge", is_flag=True, help="Judge what reports published (PLACES may be left out).")
@option("--calendar", is_flag=True, help="Each June and December; all counted places if none is named.")
@option("--store", is_flag=True, help="With --calendar: keep the exam and the pool's weights with the data.")
@option("--ledger", type=Existing(file_okay=False), default=None, help=LEDGER)
@option("--origins", default=None, metavar="MONTHS", help="Months to forecast from, YYYY-MM,...; all by default.")
@option("--horizon", type=Whole(1, 1200), default=48, show_default=True, help="Most months after an origin.")
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
    from forecast.language.words import term
    from forecast.show import brief_trust
    from forecast.show import score as shown_scores

    if not places and not judge and not calendar:
        raise click.UsageError(translate("Missing argument PLACES; or say --published or --calendar"))
    if store and (not calendar or places):
        raise click.UsageError(translate("--store goes with --calendar and all places: a few must not weigh for all"))
    usual = ",".join(ENGINES) if calendar else "series,stock"
    asked, names = list({p.name: p for p in map(read_place, places)}.values()), engine_names(engines or usual)
    if judge:
        return _judge([p.name for p in asked], ledger, jobs, out=out, force=force, lang=lang)
    months = (
        None if origins is None else [str(data.tables.month(str(month_of(o)))) for o in origins.split(",") if o.strip()]
    )
    if months is not None and not months:
        raise click.BadParameter(
            translate("{found!r}; expected months such as 2021-12,2022-06", found=origins), param_hint="--origins"
        )
    if calendar:
        return _calendar(
            [p.name for p in asked],
            names,
            months,
            out,
            draws=draws,
            seed=seed,
            jobs=jobs,
            store=store,
            force=force,
            lang=lang,
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
    for one in data.frames.rows(reasons):
        where = translate("{place} from {origin}", place=one.place, origin=one.origin) if one.origin else one.place
        engine = f"{term(f'engine.{one.engine}', lang)}: " if one.engine else ""
        note("{where}: {why}", where=where, why=engine + translate(one.why))
    scored = score.scores(result.forecasts, result.counts)
    judged = set(scored.loc[scored["engine"].isin(names), "place"])
    if not judged:
        raise UserError("nothing could be scored: no forecast was met by a count that came out later")
    for name in names:
        note("{where}: {why}", where=term(f"engine.{name}", lang), why=translate(ENGINES[name].hindsight))
    result.forecasts.save(out / "forecasts.parquet")
    data.tables.write(scored, out / "scores.csv")
    short = score.summary(scored)
    data.tables.write(score.summary(scored, by=("engine", "band")), out / "summary.csv")
    shown = next(p for p in asked if p.name in judged)
    picture(out / "backtest.png", shown_scores.backtest(result.forecasts, result.counts, shown, lang=lang))
    picture(out / "scores.png", shown_scores.scores(short, lang=lang))
    facts = manifest([], names, draws, seed) | {
        "places": [p.name for p in asked],
        "origins": months or "all",
        "horizon": horizon,
        "silent": records(result.silent),
        "hindsight": {n: ENGINES[n].hindsight for n in names},
    }
    files = finish(out, facts)
    return tell(brief_trust.scored(short, lang), out, files, typed("calibrate", *(p.name for p in asked[:1])))


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
    lang: str,
) -> None:
    """Write the exam at calendar origins, and say it in short."""
    from forecast.experiment import calendar as exam
    from forecast.experiment.manifest import manifest
    from forecast.show import brief, brief_trust

    claim(out, force)
    examined = exam.calendar(names or None, engines, asked=months, draws=draws, seed=seed, jobs=jobs, keep=out / PARTS)
    if examined.scored.empty:
        raise UserError("nothing could be scored: no forecast was met by a count that came out later")
    short = exam.summary(examined.scored)
    data.tables.write(examined.scored, out / "calendar.csv")
    data.tables.write(short, out / "summary.csv")
    data.tables.write(exam.summary(examined.scored, ("scope", "engine", "band")), out / "bands.csv")
    data.tables.write(examined.weights, out / "pool.csv")
    data.tables.write(examined.silent, out / "silent.csv")
    if store:
        note("kept with the data: {file}", file=", ".join(map(str, exam.store(examined))))
    each = {str(e): int(n) for e, n in examined.scored.groupby("engine")["draws"].max().items()}
    facts = manifest([], engines, draws, seed) | {"calendar": True, "places": names or "all", "draws of each": each}
    files = finish(out, facts)
    rest = brief.some(brief.ROWS, len(short), "summary.csv", lang)
    tell(brief_trust.examined(short, lang), out, files, typed("calibrate"), rest)


def _judge(names: list[str], ledger: Path | None, jobs: int | None, *, out: Path, force: bool, lang: str) -> None:
    """Score published forecasts of the places `names` (all if none) and split their misses."""
    from forecast.experiment import ledger as published
    from forecast.experiment import misses
    from forecast.experiment.manifest import manifest
    from forecast.show import brief, brief_trust

    folder = ledger or published.ledger()
    there = published.read(folder)
    scored = published.scores(folder)
    scored = scored[scored["place"].isin(names or there["place"])]
    if scored.empty:
        count = there.loc[there["place"].isin(names or there["place"]), "forecast"].nunique()
        raise UserError(
            "{folder}: {count} forecasts are published, none met by a count that came out later",
            folder=folder,
            count=count,
        )
    claim(out, force)
    parts = misses.split(folder, jobs=jobs, only=set(scored["forecast"]))
    data.tables.write(scored, out / "scores.csv")
    data.tables.write(parts, out / "parts.csv")
    facts = manifest([], sorted(set(parts["engine"])), 0, 0) | {"ledger": str(folder)}
    del facts["draws"], facts["seed"]  # each forecast has its own
    files = finish(out, facts)
    rest = brief.some(brief.ROWS, len(parts), "parts.csv", lang)
    tell(brief_trust.split(parts, lang), out, files, typed("backtest", "--calendar"), rest)
