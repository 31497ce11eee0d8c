"""The command for communes by one's own monthly table."""

from pathlib import Path

from forecast import data
from forecast.cli.common import about, claim, finish, picture, with_draws, with_work
from forecast.cli.exchange import own_folder
from forecast.cli.frame import Existing, Month, Whole, command, option, place_argument
from forecast.cli.terminal import answer, typed


@command()
@place_argument()
@option(
    "--month",
    default=None,
    type=Month(),
    metavar="YYYY-MM",
    help="Month from which to look ahead; the last that was counted by default.",
)
@option("--target", type=Whole(1), default=None, help="Members to be shared out; the plan of the year by default.")
@option(
    "--due",
    type=Existing(dir_okay=False),
    default=None,
    help="member-counts.csv of an imported list: who is due in which month.",
)
@with_draws
@with_work
def communes(
    *,
    place: str,
    month: str | None,
    target: int | None,
    due: Path | None,
    draws: int,
    seed: int,
    jobs: int | None,
    out: Path,
    force: bool,
    lang: str,
) -> None:
    """Look ahead by commune from one's own monthly table of PLACE: forecast, shares of the plan, ranks, who is due.

    By the counts alone, until the March after the plan; communes add up to the place in every draw. How the forecast
    would have done from past months stands beside it. Counts are those of FORECAST_DATA, a folder that `forecast
    import` wrote.
    """
    import numpy as np
    import pandas as pd

    from forecast.exchange import own_communes
    from forecast.exchange.own_communes_workbook import workbook
    from forecast.show import brief
    from forecast.show import own_communes as shown

    expected = own_communes.communes(place, month, target=target, due=due, draws=draws, seed=seed, jobs=jobs)
    claim(out, force)
    data.tables.write(expected.table, out / "communes.csv")
    names = [str(name) for name in expected.stock.columns]
    index = pd.MultiIndex.from_product([range(draws), expected.months, names], names=["draw", "month", "commune"])
    paths = pd.DataFrame({"members": expected.paths.astype(np.float64).ravel()}, index=index).reset_index()
    data.tables.write(paths, out / "paths.parquet")
    if expected.due is not None:
        data.tables.write(expected.due.rename_axis("month").reset_index(), out / "due.csv")
    data.tables.write_bytes(workbook(expected, lang, about(lang)), out / "communes.xlsx")
    picture(out / "communes.png", shown.picture(expected, lang))
    facts = {
        "command": "communes",
        "place": expected.place.name,
        "month": expected.month,
        "by": expected.by,
        "draws": draws,
        "seed": seed,
        "status": "synthetic" if expected.synthetic else "stated",
    }
    sentences, most = shown.sentences(expected, lang), 10
    files = finish(out, facts, *sentences, shown.table(expected, lang, len(expected.table)))
    following = own_folder(out, {}, typed("progress", expected.place.slug))
    answer(
        *sentences[:2],
        table=shown.table(expected, lang, most),
        more=brief.some(most, len(expected.table), "communes.csv", lang),
        out=out,
        files=files,
        then=following,
    )
