"""Planners' spreadsheets: what an office keeps by commune and month becomes a table of counts, or a question.

Any format and layout goes through the steps of :mod:`forecast.exchange.reading`. Values are read as they were saved: no
formula is ever run, and nothing is looked up elsewhere. Every fault is named with its sheet, row and column; two
readings that are both possible are a question; a file with either gives no table at all. Nothing is dropped without a
line of the report that says so.
"""

from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from forecast.checks import counts as impossible_counts
from forecast.data import place_names
from forecast.data.frames import groups
from forecast.data.frames import rows as rows_of
from forecast.data.messages import Both, Message, UserError, joined
from forecast.data.places import Place, place_in
from forecast.exchange.faults import NothingError, QuestionError, SheetError
from forecast.exchange.reading import answers as given
from forecast.exchange.reading import reader, report
from forecast.exchange.reading.cells import Grid
from forecast.exchange.reading.grids import read_grids
from forecast.exchange.reading.headings import REASONS
from forecast.exchange.reading.months import month_of
from forecast.exchange.reading.names import Names, parted
from forecast.exchange.reading.reader import Outcome, Value
from forecast.exchange.reading.report import FINDING, QUESTION, SKIPPED, USED, Fault, Note
from forecast.exchange.reading.texts import fold

FEWEST_NAMES, MOST_NAMES = 4, 0.7  # unknown names, and the share of them, that say that another place is meant
MARK = "SỐ LIỆU GIẢ LẬP"  # stands in a sample; a file with it gives synthetic counts, whatever became of it
COLUMNS = ["commune", "month", "members", "entries", "lapses", "plan"]
NAMES = {
    "commune": "Xã, phường",
    "month": "Tháng",
    "members": "Đang tham gia",
    "entries": "Tăng mới",
    "lapses": "Dừng đóng",
    "plan": "Kế hoạch năm",
    "returns": "Tham gia lại",
}

PlaceAt = Callable[[str | None], Place]


class Book(NamedTuple):
    """What a spreadsheet holds: `counts` (the columns of `COLUMNS`, a row for each commune and month), and marks.

    `units` names the unit of places.csv of each row ("" if it was read without a place), `notes` is the report.
    """

    counts: pd.DataFrame
    synthetic: bool
    sheet: str
    units: tuple[str, ...] = ()
    notes: tuple[Note, ...] = ()


def read(path: Path, place: str | None = None, answers: Iterable[str] = ()) -> Book:
    """Read a planner's spreadsheet; every fault is named at once, and then there is no table.

    `place` gives the communes by which names are known and limits checked; without it any name is a commune.
    `answers` are those of :mod:`forecast.exchange.reading.answers`. Raises :class:`SheetError` for cells that are not
    what their column asks for, :class:`QuestionError` for what has to be asked, and
    :class:`~forecast.data.tables.UserError` for a file that cannot be read or holds no counts of members.
    """
    path = Path(path)
    grids = read_grids(path)
    asked = given.parse(answers)
    place_at = partial(place_in, place) if place else None
    names = reader.communes_of(place_at)
    outcome = reader.read_sheets(grids, path.name, names, asked)
    cells, faults = _cells(outcome)
    faults = outcome.faults + faults + _too_many(cells, place_at)
    known = names(None)
    unknown = _unknown(outcome, known, path.name) if known else []
    notes = [*outcome.notes, *(_asked(outcome, known) if known else ())]
    if faults:
        raise SheetError(path.name, faults, tuple(notes))
    if unknown or any(note.kind == QUESTION for note in outcome.notes):
        raise QuestionError(path.name, outcome.notes, unknown)
    _members_there(path.name, grids, outcome)
    table, units = _table(cells, names)
    marked = any(
        fold(MARK) in fold(cell) for grid in grids for row in grid.rows[:40] for cell in row if isinstance(cell, str)
    )
    notes += _odd(table, units, place_at)
    table = table[
        [column for column in table if column in COLUMNS or column == "returns" and table[column].notna().any()]
    ]
    sheets = dict.fromkeys(value.sheet for value in outcome.values)
    return Book(table, marked, "; ".join(sheets), tuple(units), tuple(notes))


def _asked(outcome: Outcome, known: Names) -> list[Note]:
    """Return a question of the report for each name that matches no commune."""
    return [
        Note(
            QUESTION,
            sheet,
            "",
            f'"{name}" không phải xã nào của {known.place}' + (f"; gần nhất: {', '.join(near)}" if near else ""),
            f'"{name}" is no commune of {known.place}' + (f"; nearest: {', '.join(near)}" if near else ""),
        )
        for sheet, name, near, _ in dict.fromkeys(outcome.unknown)
    ]


def _unknown(outcome: Outcome, known: Names, file: str) -> list[UserError]:
    """Return a line for each name that matches no commune, with the nearest ones."""
    several = (
        '{file}: sheet "{sheet}", commune "{name}" may be {near}; say the district beside it, or answer '
        '--map "{name}=COMMUNE"'
    )
    nearest = (
        '{file}: sheet "{sheet}", commune "{name}" is none of {place}; nearest: {near}; answer --map "{name}=COMMUNE", '
        "or mend the name"
    )
    none = (
        '{file}: sheet "{sheet}", commune "{name}" is none of {place}; it has {known}; answer --map "{name}=COMMUNE", '
        "or mend the name"
    )
    lines = []
    some = ", ".join(unit.rpartition("/")[2] for unit in known.units[:8])
    for sheet, name, near, how in dict.fromkeys(outcome.unknown):
        at = {"file": file, "sheet": sheet, "name": name, "place": known.place}
        if how == "several":
            either = joined([Message("{name}", name=one) for one in near], Message(" or "))
            lines.append(UserError(several, **at, near=either))
        else:
            lines.append(UserError(nearest if near else none, **at, near=", ".join(near), known=some))
    unknown = {name for _, name, _, how in outcome.unknown if how != "several"}
    if found := _meant(unknown, known.place):
        other = (
            '{file}: {count} of the names that are none of {place} are communes of {found}; is --place "{found}" meant?'
        )
        lines.insert(0, UserError(other, file=file, place=known.place, found=found[0], count=found[1]))
    more = len(lines) - 8
    last = [UserError("{file}: and {count} names more that are no commune", file=file, count=more)] if more > 0 else []
    return lines[:8] + last


def _meant(unknown: set[str], asked: str) -> tuple[str, int] | None:
    """Return the place whose communes most of the unknown names are, if there is one, and how many of them."""
    wanted = {fold(parted(name).name) for name in unknown}
    places = place_names.table("places")
    communes = places[(places["level"] == "commune") & (places["parent"] != asked)]
    named = communes.assign(end=[fold(parted(name.rpartition("/")[2]).name) for name in communes["place"]])
    counted = named[named["end"].isin(wanted)].groupby("parent")["end"].nunique()
    most = int(counted.max()) if len(counted) else 0
    return (str(counted.idxmax()), most) if most >= max(FEWEST_NAMES, MOST_NAMES * len(wanted)) else None


def _cells(outcome: Outcome) -> tuple[dict[tuple[str, str], dict[str, Value]], list[Fault]]:
    """Return the values by unit and month, and a fault for each that differs from an earlier one of its cell."""
    cells: dict[tuple[str, str], dict[str, Value]] = {}
    faults = []
    for value in outcome.values:
        row = cells.setdefault((value.unit, value.month), {})
        first = row.setdefault(value.role, value)
        if first is not value and first.value != value.value and value.role != "plan":
            key_column = "month" if month_of(value.key_text, 2000) else "commune"  # what the cell of its key says
            at = (value.row, value.key, key_column, value.key_text)
            faults.append(Fault(*at, "once", value.sheet, value.key_heading))
    _by_differences(cells, faults)
    once = {(f.sheet, f.row): f for f in faults if f.expected == "once"}
    return cells, [f for f in faults if f.expected != "once"] + list(once.values())


def _by_differences(cells: dict[tuple[str, str], dict[str, Value]], faults: list[Fault]) -> None:
    """Add flows of a month where a file has them since January: the difference to the month before, in its year."""
    for year_role, role in (("entries_year", "entries"), ("lapses_year", "lapses")):
        for (unit, month), row in cells.items():
            if year_role not in row or role in row:
                continue
            now = row[year_role]
            before = 0
            if month[5:] != "01":
                last = cells.get((unit, f"{month[:5]}{int(month[5:]) - 1:02d}"), {}).get(year_role)
                if last is None:
                    continue
                before = last.value
            if now.value < before:
                faults.append(Fault(now.row, now.letter, role, str(now.value), "rising", now.sheet, now.heading))
            row[role] = now._replace(role=role, value=max(0, now.value - before))


def _too_many(cells: dict[tuple[str, str], dict[str, Value]], place_at: PlaceAt | None) -> list[Fault]:
    """Return a fault for each count of members above the people of its commune."""
    people: dict[str, float] = {}
    faults = []
    for (unit, month), row in cells.items():
        for role in ("members", "entries", "lapses", "plan"):
            if role not in row:
                continue
            if place_at is not None and unit not in people:
                communes = place_at(month).communes
                people |= dict(zip(communes["commune"], communes["population"], strict=True))
            most = people.get(unit, np.nan)
            value = row[role]
            if value.value > (most if np.isfinite(most) else 10_000_000):
                at = (value.row, value.letter, role, str(value.value))
                faults.append(Fault(*at, "people", value.sheet, value.heading))
    return faults


def _members_there(file: str, grids: list[Grid], outcome: Outcome) -> None:
    """Raise an error if nothing says how many take part."""
    if any(value.role == "members" for value in outcome.values):
        return
    if not outcome.tables:
        sheets = ", ".join(f'"{grid.sheet}"' for grid in grids[:8])
        raise NothingError(
            '{file}: no heading "{commune}", "{month}" in any sheet ({sheets}); expected a row of headings '
            "with at least {commune} and {members}",
            outcome.notes,
            file=file,
            commune=NAMES["commune"],
            month=NAMES["month"],
            sheets=sheets,
            members=NAMES["members"],
        )
    if not outcome.values and all(not note.where or note.en == REASONS["empty"][1] for note in outcome.notes):
        raise NothingError(
            '{file}: sheet "{sheet}" has no row of a commune below its headings',
            outcome.notes,
            file=file,
            sheet=outcome.tables[0],
        )
    open_ones = [
        note
        for note in outcome.notes
        if note.kind in (SKIPPED, FINDING) and ('"' in note.where or note.en.startswith("another table"))
    ]
    rejected = list(dict.fromkeys((n.where, n.vi, n.en) for n in open_ones))  # once for sheets of one form
    reasons = [Message("{where}: {what}", where=where, what=Both(vi=vi, en=en)) for where, vi, en in rejected[:8]]
    text = (
        '{file}: no column of members was found ("{name}"); it has no row of a commune; '
        "answer --map members=COLUMN if one of them is"
    )
    if reasons:
        text = (
            '{file}: no column of members was found ("{name}"); {told}; answer --map members=COLUMN if one of them is'
        )
    raise NothingError(text, outcome.notes, file=file, name=NAMES["members"], told=joined(reasons))


def _table(cells: dict[tuple[str, str], dict[str, Value]], names: reader.Communes) -> tuple[pd.DataFrame, list[str]]:
    """Return the counts as a table in the order of the file, and the unit of each row."""
    rows, units = [], []
    for (unit, month), row in cells.items():
        if not {"members", "entries", "lapses", "returns"} & set(row):
            continue
        known = names(month)
        name = known.short(unit) if known is not None and unit in known.known else unit
        units.append(unit if known is not None else "")
        some = (*COLUMNS[2:], "returns", "opening")
        one = {column: float(row[column].value) if column in row else np.nan for column in some}
        rows.append({"commune": name, "month": month} | one)
    return pd.DataFrame(rows, columns=[*COLUMNS, "returns", "opening"]), units


def _odd(table: pd.DataFrame, units: list[str], place_at: PlaceAt | None) -> list[Note]:
    """Return findings for counts that cannot be, and for months in which a commune is missing."""
    eligible: dict[str, float] = {}
    notes = []
    if place_at is not None:
        missing: dict[str, list[str]] = {}
        counted = table.assign(unit=units)[table["members"].notna().to_numpy()]
        for month, part in groups(counted, "month"):
            communes = place_at(month).communes
            eligible |= dict(zip(communes["commune"], communes["eligible"], strict=True))
            if lacking := sorted(set(communes["commune"]) - set(part["unit"])):
                missing[str(month)] = [unit.rpartition("/")[2] for unit in lacking]
        if missing:
            months, all_months = ", ".join(missing), counted["month"].nunique()
            first = next(iter(missing.values()))
            lacking_names = ", ".join(first[:5]) + (" ..." if len(first) > 5 else "")
            notes.append(
                Note(
                    FINDING,
                    "",
                    "",
                    f"{len(missing)} trong {all_months} tháng không có tổng ({months}), vì thiếu {lacking_names}",
                    f"{len(missing)} of {all_months} months have no sum ({months}), because {lacking_names} "
                    f"{'is' if len(first) == 1 else 'are'} missing",
                )
            )
    notes += _empty(table, units)
    odd = impossible_counts.impossible(
        table.assign(unit=[u or c for u, c in zip(units, table["commune"], strict=True)]),
        {unit: most for unit, most in eligible.items() if np.isfinite(most)},
    )
    notes += [Note(FINDING, "", "", one.vi, one.en) for one in odd]
    sums = table.groupby("month")["members"].sum()
    monthly_sums = ", ".join(f"{month}: {total:g}" for month, total in sums.items())
    notes.append(
        Note(
            USED,
            "",
            "",
            f"{len(table)} dòng; cộng số người theo tháng: {report.brief(monthly_sums, 300)}",
            f"{len(table)} rows; members added up by month: {report.brief(monthly_sums, 300)}",
        )
    )
    return notes


def _empty(table: pd.DataFrame, units: list[str]) -> list[Note]:
    """Return findings for communes without a figure that others have: of the month, or a plan of the year."""
    by_unit = table.assign(unit=[unit or name for unit, name in zip(units, table["commune"], strict=True)])
    notes = []
    for measure in ("entries", "lapses", "plan"):
        when = by_unit["month"].str[:4] if measure == "plan" else by_unit["month"]
        known = by_unit.assign(when=when)[["when", "unit", "commune", measure]]
        known = known.groupby(["when", "unit"], sort=False).agg(commune=("commune", "first"), value=(measure, "last"))
        there = known["value"].notna()
        lacking = known[~there & there.groupby(level="when").transform("any")].reset_index()
        if len(lacking):
            some = ", ".join(f"{row.commune} {row.when}" for row in rows_of(lacking.head(5)))
            some += " ..." if len(lacking) > 5 else ""
            vi = f'{len(lacking)} ô trống ở "{NAMES[measure]}" ({some}): coi là chưa có số, không tính tổng'
            en = f'{len(lacking)} empty in "{NAMES[measure]}" ({some}): taken as not counted, without a sum'
            notes.append(Note(FINDING, "", "", vi, en))
    return notes
