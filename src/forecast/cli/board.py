"""The command for every province at once, from today to 2030."""

import json
from datetime import date, timedelta
from pathlib import Path

import click

from forecast.cli.common import claim, finish, picture, with_draws, with_result, with_seed
from forecast.data import tables


def this_month(today: date | None = None) -> str:
    """Return the month of the board: the last one that has ended, this one on its last day.

    >>> this_month(date(2026, 11, 30)), this_month(date(2026, 11, 29))
    ('2026-11', '2026-10')
    """
    end = (today or date.today()) + timedelta(days=1)
    return f"{end.replace(day=1) - timedelta(days=1):%Y-%m}"


@click.command()
@click.argument("places", nargs=-1)
@click.option(
    "--month", default=None, metavar="YYYY-MM", help="Month at whose end the board stands; the last by default."
)
@click.option("--until", default="2030-12", show_default=True, metavar="YYYY-MM", help="Last month.")
@click.option(
    "--targets",
    "own",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    default=None,
    help="Targets of one's own: place, month, value, unit (persons, percent), denominator, source.",
)
@with_draws
@with_seed
@with_result
def board(
    *,
    places: tuple[str, ...],
    month: str | None,
    until: str,
    own: Path | None,
    draws: int,
    seed: int,
    out: Path,
    force: bool,
    lang: str,
) -> None:
    """Say where every province and the nation will stand, and with what probability they meet 2028 and 2030.

    Provinces add up to the nation in every draw, to a person. PLACES are provinces to be told about (their sums are
    those of all); the whole table is written in any case.
    """
    from forecast.data.places import read_place
    from forecast.desk.board.board import board as made
    from forecast.desk.board.outlook import Asked
    from forecast.exchange.board_workbook import workbook
    from forecast.show import board as show

    asked = Asked(str(tables.month(month or this_month())), str(tables.month(until)), draws, seed)
    _ = asked.months
    chosen = [read_place(name, at=asked.month) for name in places]
    for place in chosen:
        if place.level not in ("nation", "province"):
            raise tables.UserError(
                f"{place.name} is a {place.level}; the board holds the nation and its provinces, and it is counted in "
                f"{place.lineage[1]}"
            )
    claim(out, force)
    with click.progressbar(length=34, label="board") as bar:
        result = made(asked, own=own, progress=lambda _: bar.update(1))
    tables.write(result.rows, out / "board.csv")
    tables.write(result.paths, out / "paths.csv")
    result.outlook.projection().to_parquet(out / "board.parquet", index=False)
    picture(out / "board.png", show.picture(result, lang))
    tables.write_bytes(workbook(result, {at: str(show.foot(result, at)) for at in ("vi", "en")}), out / "board.xlsx")
    click.echo(show.summary(result, lang, tuple(place.name for place in chosen)))
    facts = {"asked": {"month": asked.month, "until": asked.until, "draws": draws, "seed": seed}}
    finish(out, json.loads(json.dumps(facts)), "board.csv")
