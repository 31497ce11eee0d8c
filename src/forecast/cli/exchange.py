"""Commands for a place of one's own: a scaffold, a sample spreadsheet, a planner's spreadsheet turned into tables."""

import os
import shlex
from functools import partial
from pathlib import Path

import click

from forecast import data
from forecast.cli.common import (
    about,
    claim,
    finish,
    note,
    with_draws,
    with_force,
    with_lang,
    with_out,
    with_seed,
    with_work,
)
from forecast.cli.frame import Existing, Month, Whole, argument, command, option, place_argument
from forecast.cli.terminal import answer, typed
from forecast.data.messages import UserError, translate

REPORT = 400, 1000  # lines of what was read from a spreadsheet, and letters of each
LAYOUTS = (
    *("long", "list", "title", "sheets", "across", "across-measures", "merged", "groups", "two-tables", "three-rows"),
    *("cover", "side-by-side", "indicators"),
)
FORMATS = ("xlsx", "xls", "ods", "csv-semicolon", "csv-tab", "csv-bom", "csv-utf16", "csv-1258")


@command()
@place_argument()
@option("--population", type=Whole(1), default=None, help="People, for a place that is not known.")
@option("--parent", default="Việt Nam", show_default=True, help="The place above a new one.")
@option("--commune", "communes", multiple=True, help="Name of a commune of a new place; once for each.")
@option(
    "--members",
    type=Whole(0),
    default=None,
    help="Members at the start; those counted, or else its share of the nation's.",
)
@option(
    "--start",
    default=None,
    type=Month(),
    metavar="YYYY-MM",
    help="Month to start from; that of the last count by default.",
)
@with_out
@with_force
def new(
    *,
    place: str,
    population: int | None,
    parent: str,
    communes: tuple[str, ...],
    members: float | None,
    start: str | None,
    out: Path,
    force: bool,
) -> None:
    """Make a scaffold for PLACE: tables and scenarios to be changed, in a folder that forecast can work on."""
    from forecast.data import place_names
    from forecast.data.history import startable
    from forecast.exchange import scaffold

    frames, counted = scaffold.copied(), members is not None
    if start:
        startable(start)
    try:
        known, begin = scaffold.beginning(place, start)
    except UserError:
        if population is None:
            if not place_names.known(place):
                note("a place that is not known needs --population")
            raise
        begin = start or scaffold.last_counted()
        frames = scaffold.added_place(frames, place, population, parent, communes, since=min(begin, "2025-07"))
        people = float(frames["places"].set_index("place")["eligible"][place])
    else:
        if population is not None or communes:
            note(
                "{place} is known: its own population and communes are taken, not those of the command",
                place=known.name,
            )
        place, counted = known.name, counted or known.latest("members", until=begin) is not None
        people = known.may_join
    if members is not None and members > people:
        raise UserError(
            "--members {members:,.0f}: expected at most the {people:,.0f} people of {place} who may join",
            members=members,
            people=people,
            place=place,
        )
    texts = scaffold.scenarios(place, begin, members, counted=counted)
    claim(out, force)
    scaffold.write(frames, texts, out)
    files = finish(out, {"command": "new", "place": place, "start": begin})
    line = translate("The folder of {place} is ready: change its tables and scenarios, then ask.", place=place)
    answer(line, out=out, files=files, then=own_folder(out, texts))


@command()
@place_argument()
@option("--since", default="2021-01", show_default=True, type=Month(), metavar="YYYY-MM", help="First month.")
@option("--months", type=Whole(1, 240), default=36, show_default=True, help="How many months.")
@option(
    "--layout",
    type=click.Choice(LAYOUTS),
    default="long",
    show_default=True,
    help="How the sheet is laid out; title, three-rows and side-by-side have one month, list is a D05-TS list of "
    "persons, indicators a progress table of the whole place, a sheet a month.",
)
@option(
    "--format",
    "form",
    type=click.Choice(FORMATS),
    default="xlsx",
    show_default=True,
    help="The format of the file; a text format holds one sheet.",
)
@option("--font", type=click.Choice(("TCVN3", "VNI")), default=None, help="Letters of an old font instead of Unicode.")
@with_seed
@with_out
@with_force
def sample(
    *,
    place: str,
    since: str,
    months: int,
    layout: str,
    form: str,
    font: str | None,
    seed: int,
    out: Path,
    force: bool,
) -> None:
    """Write a spreadsheet of the planners' shape with invented counts of PLACE's communes, marked as such."""
    from forecast.data import places
    from forecast.exchange import formats, layouts, sample_indicators, sample_list
    from forecast.exchange import sample as made

    known = places.read_place(place, at=since)
    makers = {"long": made.sample, "list": sample_list.listed, "indicators": sample_indicators.indicators}
    make = makers.get(layout) or partial(layouts.laid_out, layout=layout)
    book, suffix = formats.converted(make(known, since=since, months=months, seed=seed), form, font or "")
    claim(out, force)
    name = f"{known.slug}{suffix}"
    data.tables.write_bytes(book, out / name)
    facts = {"command": "sample", "place": known.name, "since": since, "months": months, "seed": seed}
    files = finish(out, facts | {"status": "synthetic"})
    line = translate(
        "A sample of {months} months of {place}: the counts are invented.", months=months, place=known.name
    )
    following = typed("import", out / name, "--place", known.slug, "--out", out.with_name(f"{out.name}-import"))
    answer(line, out=out, files=files, then=following)


@command("import")
@argument("file", type=Existing(dir_okay=False))
@option("--place", required=True, help="The place whose communes the spreadsheet counts.")
@option(
    "--map",
    "answers",
    multiple=True,
    metavar="LEFT=RIGHT",
    help='Answer to a question of the report: members=E, "Tu Li=Tú Lý", year=2023, hidden=read; kept for the '
    "next file. May be given more than once.",
)
@with_out
@with_force
@with_lang
def import_(*, file: Path, place: str, answers: tuple[str, ...], out: Path, force: bool, lang: str) -> None:
    """Turn FILE, a planner's spreadsheet, into tables and scenarios that forecast can work on.

    .xlsx, .xls, .ods or text with separators; a row for each commune, with the month in a column, in headings, in the
    title or in the name of the sheet. What was read, skipped and found odd is told before anything is written. A file
    with a fault or an open question changes nothing. A list of persons (D05-TS, also as XML; members due) becomes
    counts alone; a progress table of indicators gives the month of the whole place.
    """
    import hashlib

    from forecast.data import places
    from forecast.data.tables import data_dir
    from forecast.exchange import members_lists, place_counts, scaffold
    from forecast.exchange.reading import answers as kept
    from forecast.exchange.reading import report
    from forecast.exchange.reading.grids import read_grids

    if members_lists.has_list(grids := read_grids(file)):
        _import_list(file, place, answers, out, force, lang)
        return
    given = [*kept.load(data_dir()), *(kept.load(out) if out != data_dir() else ()), *answers]
    try:
        frames, texts, book = place_counts.imported(file, place, given)
    except UserError as error:
        if read := report.to_text([*getattr(error, "notes", ()), *kept.unasked(answers, grids)], lang):
            click.echo(data.doors.shortened(read, *REPORT))
        raise
    unasked = kept.unasked(answers, grids, book.counts["month"])
    book = book._replace(notes=(*book.notes, *unasked))
    click.echo(data.doors.shortened(report.to_text(list(book.notes), lang), *REPORT))
    claim(out, force)
    scaffold.write(frames, texts, out)
    data.tables.write(book.counts, out / "counts.csv")
    data.tables.write(report.to_frame(list(book.notes)), out / "reading.csv")
    kept.save([one for one in given if f'--map "{one}"' not in {note.where for note in unasked}], out)
    facts = {
        "command": "import",
        "file": file.name,
        "place": place,
        "rows": len(book.counts),
        "status": "synthetic" if book.synthetic else "stated",
        "input": hashlib.sha256(file.read_bytes()).hexdigest(),
    }
    line = translate(
        "{count} counts of {place} were read.", count=len(book.counts), place=places.read_place(place).name
    )
    answer(line, out=out, files=finish(out, facts), then=own_folder(out, texts))


@command()
@place_argument()
@option(
    "--month",
    default=None,
    type=Month(),
    metavar="YYYY-MM",
    help="Month of the report; the last that was counted by default.",
)
@option("--hours", type=click.FloatRange(0), default=160.0, show_default=True, help="Hours of all collectors.")
@option(
    "--due",
    type=Existing(dir_okay=False),
    default=None,
    help="member-counts.csv of an imported list: who is due and who renewed.",
)
@with_draws
@with_work
def progress(
    *,
    place: str,
    month: str | None,
    hours: float,
    due: Path | None,
    draws: int,
    seed: int,
    jobs: int | None,
    out: Path,
    force: bool,
    lang: str,
) -> None:
    """Write the month's report of PLACE from one's own counts: progress.docx, .xlsx, .pptx, .png and .csv.

    Done against plan, against what was expected and against last year; who is due; lapse; communes outside their
    interval; a plan of work for the next month; the probability of the year's plan and of the stock next March. Counts
    are those of FORECAST_DATA, a folder that `forecast import` wrote.
    """
    from forecast.exchange import progress as reports
    from forecast.exchange.progress_workbook import workbook
    from forecast.show import progress as shown
    from forecast.show import progress_papers as papers

    report = reports.progress(place, month, hours=hours, due=due, draws=draws, seed=seed, jobs=jobs)
    claim(out, force)
    data.tables.write(report.table, out / "progress.csv")
    if len(report.areas):
        data.tables.write(report.areas, out / "areas.csv")
    data.tables.write_bytes(papers.paper(report, lang, about(lang)), out / "progress.docx")
    data.tables.write_bytes(workbook(report, lang, about(lang)), out / "progress.xlsx")
    data.tables.write_bytes(papers.slide(report, lang, about(lang)), out / "progress.pptx")
    data.tables.write_bytes(papers.phone(report, lang, about(lang)).png(), out / "progress.png")
    facts = {
        "command": "progress",
        "place": report.place.name,
        "month": report.month,
        "since": report.since,
        "draws": draws,
        "seed": seed,
        "hours": hours,
        "status": "synthetic" if report.synthetic else "stated",
    }
    sentences = shown.sentences(report, lang)
    sections = [
        "\n".join([f"{shown.PARTS[part][0 if lang == 'vi' else 1]}:", *(f"- {text}" for text in texts)])
        for part, texts in shown.parts(report, lang).items()
    ]
    files = finish(out, facts, *sections)
    following = typed(
        "target", Path(os.environ.get("FORECAST_DATA", "data")) / f"scenarios/{report.place.slug}-plan.yaml"
    )
    answer(*sentences[:2], out=out, files=files, then=own_folder(out, {}, following))


def _import_list(file: Path, place: str, answers: tuple[str, ...], out: Path, force: bool, lang: str) -> None:
    """Turn a list of persons into counts; nothing of a person is written, and not even the list's fingerprint."""
    from forecast.data.places import read_place
    from forecast.exchange import members_lists
    from forecast.exchange.reading import answers as kept
    from forecast.exchange.reading import report
    from forecast.exchange.reading.grids import read_grids

    given = [*kept.load(data.tables.data_dir()), *(kept.load(out) if out != data.tables.data_dir() else ()), *answers]
    asked = kept.parse(given)
    counted = members_lists.read_list(file, read_place(place, at=asked.month), asked.month, asked.names)
    unasked = kept.unasked(answers, read_grids(file))
    counted = counted._replace(notes=(*counted.notes, *unasked))
    click.echo(data.doors.shortened(report.to_text(list(counted.notes), lang), *REPORT))
    claim(out, force)
    status = "synthetic" if counted.synthetic else "stated"
    data.tables.write(counted.counts.assign(status=status), out / "member-counts.csv")
    data.tables.write(members_lists.due(counted.counts).assign(status=status), out / "due.csv")
    data.tables.write(report.to_frame(list(counted.notes)), out / "reading.csv")
    kept.save([one for one in given if one.partition("=")[0].strip() in members_lists.codes_of(asked.names)], out)
    files = finish(out, {"command": "import", "place": place, "persons": counted.persons, "status": status})
    line = translate("{count} persons were counted by commune; nothing of a person was kept.", count=counted.persons)
    answer(line, out=out, files=files, then=typed("progress", place, "--due", out / "member-counts.csv"))


def own_folder(out: Path, texts: dict[str, str], words: str = "") -> str:
    """Return a command that works on a folder of one's own; on its scenarios if none is given."""
    words = words or typed("project", *(out / "scenarios" / name for name in texts))
    return f"FORECAST_DATA={shlex.quote(os.environ.get('FORECAST_DATA', '') if not texts else str(out))} {words}"
