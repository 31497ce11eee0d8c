"""The command for every province at once, from today to 2030."""

import json
from datetime import date, timedelta
from pathlib import Path

import click

from forecast import data
from forecast.cli.common import PARTS, about, claim, finish, picture, read_scenarios, with_draws, with_work
from forecast.cli.frame import Existing, Month, command, option, places_argument
from forecast.cli.terminal import tell, typed
from forecast.data.messages import UserError, translate


def this_month(today: date | None = None) -> str:
    """Return the month of the board: the last one that has ended, this one on its last day.

    >>> this_month(date(2026, 11, 30)), this_month(date(2026, 11, 29))
    ('2026-11', '2026-10')
    """
    end = (today or date.today()) + timedelta(days=1)
    return f"{end.replace(day=1) - timedelta(days=1):%Y-%m}"


@command()
@places_argument()
@option(
    "--month",
    default=None,
    type=Month(),
    metavar="YYYY-MM",
    help="Month at whose end the board stands; the last by default.",
)
@option("--until", default="2030-12", show_default=True, type=Month(), metavar="YYYY-MM", help="Last month.")
@option(
    "--targets",
    "target_file",
    type=Existing(dir_okay=False),
    default=None,
    help="Targets of one's own: place, month, value, unit (persons, percent), denominator, source.",
)
@option(
    "--policy",
    "policies",
    multiple=True,
    type=Existing(),
    help="Scenario file about the nation, or a folder of them (data/scenarios/board); may be given again.",
)
@option("--back", "backward", is_flag=True, help="Hold earlier boards against the counts that came.")
@option("--store", is_flag=True, help="Keep what --policy, --back and --communes found with the data, for the page.")
@option("--communes", is_flag=True, help="Split the plan of each of PLACES over its communes, equally hard.")
@with_draws
@with_work
def board(
    *,
    places: tuple[str, ...],
    month: str | None,
    until: str,
    target_file: Path | None,
    policies: tuple[Path, ...],
    backward: bool,
    store: bool,
    communes: bool,
    draws: int,
    seed: int,
    jobs: int | None,
    out: Path,
    force: bool,
    lang: str,
) -> None:
    """Say where every province and the nation will stand, and with what probability they meet 2028 and 2030.

    Provinces add up to the nation in every draw, to a person. PLACES are provinces to be told about (their sums are
    those of all); the whole table is written in any case. plans.csv holds the plan for the December of next year that
    is met with 50, 80 and 90%, and what is left of it in March; with --communes, communes.csv splits the one of 80%.
    With --policy, policies.csv compares policies of the nation (equal.csv for the same money), undo.csv says what it
    costs to undo the next rise of the floor, prices.csv what the price does by two ways; with --back, back.csv says
    what boards of earlier months would have said of the counts that came.
    """
    import pandas as pd

    from forecast.data.places import read_place
    from forecast.data.steps import steps
    from forecast.desk.board import back, compare, equal, kept, plans, targets
    from forecast.desk.board.board import board as made
    from forecast.desk.board.board import no_row
    from forecast.desk.board.outlook import Asked
    from forecast.exchange.board_workbook import workbook
    from forecast.show import board as show
    from forecast.show import board_desk as desk
    from forecast.show import brief, brief_trust

    asked = Asked(str(data.tables.month(month or this_month())), str(data.tables.month(until)), draws, seed)
    _ = asked.months
    if not asked.month < targets.GOAL <= asked.until:
        raise UserError(
            "{month} to {until}: expected months around {goal}, the goal by which every province is judged",
            month=asked.month,
            until=asked.until,
            goal=targets.GOAL,
        )
    chosen = [read_place(name, at=asked.month) for name in places]
    for place in chosen:
        if place.level not in ("nation", "province"):
            raise no_row(place)
    if communes and not any(place.level == "province" for place in chosen):
        raise click.UsageError(translate("--communes splits the plan of PLACES: name at least one province"))
    if target_file:
        targets.read(target_file)  # a fault is told before anything is written
    files = [file for path in policies for file in (compare.files(path) if path.is_dir() else [path])]
    questions = read_scenarios(files)
    claim(out, force)
    with steps("provinces", "", 34) as bar:

        def done(_: str) -> None:
            bar.update()

        result = made(asked, target_file=target_file, progress=done)
    data.tables.write(result.rows, out / "board.csv")
    data.tables.write(result.paths, out / "paths.csv")
    result.outlook.projection().to_parquet(out / "board.parquet", index=False)
    picture(out / "board.png", show.picture(result, lang), about(lang, ["made"]))
    data.tables.write_bytes(
        workbook(result, {at: f"{about(at, ['made'])} {show.foot(result, at)}" for at in ("vi", "en")}),
        out / "board.xlsx",
    )
    names, parts = tuple(place.name for place in chosen), out / PARTS
    texts = [show.summary(result, lang, names)]
    year = desk.year_of(result)
    planned = plans.plans(asked, result.outlook, year)
    data.tables.write(planned, out / "plans.csv")
    texts.append(desk.plans(planned, year, lang))
    if communes:
        wanted = planned[planned["chance"] == 0.8].set_index("place")["plan"]
        split = [
            plans.by_commune(asked, result.outlook, place.name, float(wanted[place.name]), year, jobs=jobs, keep=parts)
            for place in chosen
            if place.level == "province"
        ]
        for folder in [out, *([kept.folder()] if store else [])]:
            data.tables.write(pd.concat(split, ignore_index=True), folder / "communes.csv")
    if questions:
        compared = compare.compared(result, questions, jobs=jobs, keep=parts)
        tables = {
            "undo": compare.undoing(result, compared.usual),
            "policies": compared.rows,
            "prices": compared.prices,
            "equal": equal.equal(result, questions, compared, jobs=jobs, keep=parts),
        }
        for folder in [out, *([kept.folder()] if store else [])]:
            for name, rows in tables.items():
                data.tables.write(rows, folder / f"{name}.csv")
        texts += [desk.undo(result, tables["undo"], lang), desk.prices(compared.prices, lang)]
        texts += [
            desk.policies(compared.rows, compared.titles, lang),
            desk.equal(tables["equal"], compared.titles, lang),
        ]
    if backward:
        before = back.back(draws, seed, jobs=jobs, keep=parts)
        for folder in [out, *([kept.folder()] if store else [])]:
            data.tables.write(before, folder / "back.csv")
        texts.append(desk.held(before, lang))
    facts = {"asked": {"month": asked.month, "until": asked.until, "draws": draws, "seed": seed}}
    written = finish(out, json.loads(json.dumps(facts)), *texts, foot=about(lang, ["made"]))
    short = brief_trust.board(result, names, lang)
    rest = brief.some(len(short.table.rows), len(result.rows), "board.csv", lang) if short.table is not None else ""
    following = () if communes else (names[:1] or ("Cà Mau",))
    tell(short, out, written, typed("board", *following, "--communes") if following else "", rest)
