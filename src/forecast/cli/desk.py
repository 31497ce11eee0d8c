"""Commands of the decision desk: the cheapest levers, and a target split over communes."""

import json
from pathlib import Path

from forecast import data
from forecast.cli.common import (
    PARTS,
    about,
    aimed,
    believing,
    claim,
    finish,
    picture,
    read_scenarios,
    start_workers,
    with_draws,
    with_learned,
    with_work,
)
from forecast.cli.frame import Amount, Existing, Share, Whole, argument, command, option
from forecast.cli.terminal import tell, typed


@command()
@argument("scenario", type=Existing(dir_okay=False))
@option(
    "--budget",
    type=Amount(0, min_open=True),
    required=True,
    metavar="VND",
    help="Most that may be spent on top of the scenario, over all its months.",
)
@option(
    "--probability",
    type=Share(0, 1, min_open=True, max_open=True),
    default=0.5,
    show_default=True,
    help="Probability that is wanted.",
)
@option(
    "--minimum-poor-share",
    "poor_share",
    type=Share(0, 1),
    default=None,
    help="Least share of the gain for poor, near-poor and minority people.",
)
@option(
    "--minimum-stay",
    "least_stay",
    type=Share(0, 1),
    default=0.5,
    show_default=True,
    help="Least share of the added members that is still added a year after all levers have ended.",
)
@option("--trials", type=Whole(1, 100_000), default=96, show_default=True, help="Mixes to explore.")
@option(
    "--draws",
    type=Whole(1, 1_000_000),
    default=100,
    show_default=True,
    help="Draws to compare mixes by; promise and verification use 12 times as many.",
)
@with_work
@with_learned
def optimize(
    *,
    scenario: Path,
    budget: float,
    probability: float,
    poor_share: float | None,
    least_stay: float,
    trials: int,
    draws: int,
    seed: int,
    jobs: int | None,
    out: Path,
    force: bool,
    lang: str,
    learned: str,
) -> None:
    """Find the cheapest levers that meet SCENARIO's target; writes optimum.json, optimum.yaml and front.png.

    Levers of the search come on top of the scenario's own; which ones, and whose money counts, stands in its section
    search (the usual ones if it has none). What was found is judged again by draws that no choice has seen.
    """
    from forecast.desk.optimize import optimize as optimum
    from forecast.desk.search import fast_engine
    from forecast.experiment.manifest import manifest
    from forecast.question.scenario_file import scenario_yaml
    from forecast.show import brief, desk, scenario_file

    (question,) = aimed(believing(read_scenarios([scenario]), learned))
    scenario_yaml(question.but(search=None))  # what could not be written in the end is refused before the work
    claim(out, force)
    result = optimum(
        question,
        budget,
        probability,
        poor_share=poor_share,
        least_stay=least_stay,
        draws=draws,
        seed=seed,
        trials=trials,
        jobs=jobs,
        keep=out / PARTS,
    )
    record = scenario_file.optimum_record(result)
    data.tables.write_text(
        json.dumps(record, ensure_ascii=False, indent=1, allow_nan=False) + "\n", out / "optimum.json"
    )
    data.tables.write_text(scenario_yaml(result.scenario.but(search=None)), out / "optimum.yaml")
    picture(out / "front.png", desk.front(result, lang=lang))
    asked = {
        "budget": budget,
        "probability": probability,
        "poor_share": poor_share,
        "least_stay": least_stay,
        "trials": trials,
    }
    names = ["agents", fast_engine(question)]
    facts = manifest([question], names, draws, seed, more=["desk"]) | asked
    files = finish(out, facts, desk.optimum_text(result, lang))
    tell(brief.optimum(result, lang), out, files, typed("compare", scenario, out / "optimum.yaml"))


@command()
@argument("scenario", type=Existing(dir_okay=False))
@with_draws
@with_work
@with_learned
@option("--hours", "by_hour", is_flag=True, help="Measure too what a collector's hour buys, by commune and task.")
def allocate(
    *,
    scenario: Path,
    draws: int,
    seed: int,
    jobs: int | None,
    out: Path,
    force: bool,
    lang: str,
    learned: str,
    by_hour: bool,
) -> None:
    """Split SCENARIO's target over communes; writes allocation.csv, allocation.xlsx and allocation.png.

    One split is equally hard for each commune, the other goes by people; both with the probability that each commune
    meets its share, from as many other draws. With --hours, hours.csv, hours-place.csv and hours.png say what the next
    hour, the next collector and the next million VND buy.
    """
    start_workers(["agents"], jobs)
    (question,) = believing(read_scenarios([scenario]), learned)
    claim(out, force)
    from forecast.desk import allocation, marginal_hours
    from forecast.exchange.workbook import workbook
    from forecast.experiment.manifest import manifest
    from forecast.show import allocation as shown
    from forecast.show import brief, hours

    result = allocation.allocate(question, draws=draws, seed=seed, jobs=jobs, keep=out / PARTS)
    data.tables.write(result.table, out / "allocation.csv")
    data.tables.write_bytes(
        workbook(result, draws, seed, {at: about(at) for at in ("vi", "en")}), out / "allocation.xlsx"
    )
    picture(out / "allocation.png", shown.picture(result.table, question.place, lang=lang))
    texts = [shown.text(result, lang)]
    if by_hour:
        measured = marginal_hours.scarce_hours(question, draws=max(2, draws), seed=seed, jobs=jobs, keep=out / PARTS)
        data.tables.write(measured.communes, out / "hours.csv")
        data.tables.write(measured.place, out / "hours-place.csv")
        picture(out / "hours.png", hours.picture(measured.place, question.place, lang=lang))
        texts.append(hours.text(measured, lang))
    files = finish(out, manifest([question], ["agents"], 2 * draws, seed, more=["desk"]), *texts)
    short = brief.allocated(result, lang)
    rest = brief.some(brief.ROWS, len(result.table), "allocation.csv", lang)
    tell(short, out, files, typed("target", scenario), rest)
