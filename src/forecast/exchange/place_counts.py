"""A place's own month from a progress table of indicators: counts of the whole place, without its communes.

A table of :mod:`forecast.exchange.indicators` says how many take part in a place, and the plan. They become rows of the
history as those of a place whose communes are not counted: what projects, targets and reports of the place need. Where
one's own communes were counted in a month, their sum stays and the difference is told.
"""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from forecast.checks import counts as impossible_counts
from forecast.data.history import observed
from forecast.data.messages import UserError
from forecast.data.places import Place, place_in
from forecast.exchange import indicators, scaffold
from forecast.exchange.faults import NothingError, QuestionError, SheetError, told
from forecast.exchange.indicators import NUMBERS, ROLES, WHY, Indicators, Row, cell
from forecast.exchange.reading import answers as given
from forecast.exchange.reading import numbers
from forecast.exchange.reading.answers import Answers
from forecast.exchange.reading.cells import Cell, Grid, letter
from forecast.exchange.reading.grids import read_grids
from forecast.exchange.reading.measures import ROLE_NAMES
from forecast.exchange.reading.names import UNIT
from forecast.exchange.reading.report import FINDING, QUESTION, SKIPPED, USED, Fault, Note, brief, rows_text
from forecast.exchange.reading.texts import fold
from forecast.exchange.spreadsheet import COLUMNS, MARK, Book

_CHECKS = {
    "being": ("đang thực hiện khác kế hoạch trừ đã thực hiện", "what is left is not the plan less what was done"),
    "rate": ("tỷ lệ khác đã thực hiện chia kế hoạch", "the rate is not what was done by the plan"),
}

_WAYS = ("members", "entries", "skip")
"""Answers to a question about one row."""


class _Month(NamedTuple):
    """What a table says of a month: figures by role (those of ROLES, and plan), and the sheet."""

    month: str
    figures: dict[str, int]
    sheet: str


def imported(path: Path, place: str, answers: Iterable[str] = ()) -> tuple[scaffold.Frames, dict[str, str], Book]:
    """Return tables, scenarios and the reading of any spreadsheet: by commune if it is, else of the place alone.

    Raises what :func:`forecast.exchange.scaffold.imported` raises.
    """
    answers, grids = list(answers), read_grids(path)
    tables = [bool(indicators.find(grid)) for grid in grids if grid.rows]
    if not (tables and all(tables)):
        try:
            return scaffold.imported(path, place, answers)
        except NothingError:
            if not any(tables):
                raise
    book = read(path, place, answers, grids)
    with told(book.notes):
        return _with_scenarios(book, place, Path(path).name)


def _with_scenarios(book: Book, place: str, title: str) -> tuple[scaffold.Frames, dict[str, str], Book]:
    """Return tables and scenarios of the months of a place."""
    frames = scaffold.copied()
    before = frames["history"]
    frames, notes = _added(frames, book, place, title)
    notes = [*_impossible(book.counts, place, before), *notes]
    book = book._replace(notes=(*book.notes, *notes, *scaffold.replaced(before, frames["history"])))
    last = max(book.counts["month"])
    return frames, scaffold.scenarios(place_in(place, last).name, last, synthetic=book.synthetic), book


def read(path: Path, place: str, answers: Iterable[str] = (), grids: list[Grid] | None = None) -> Book:
    """Return the months of a place that tables of indicators hold: a row for each, its name in place of a commune's.

    Raises :class:`~forecast.exchange.spreadsheet.QuestionError` where two rows may be meant or no month stands there,
    :class:`~forecast.exchange.spreadsheet.SheetError` for a figure that is no count of persons, and
    :class:`~forecast.exchange.spreadsheet.NothingError` where no row is of voluntary members.
    """
    path, asked = Path(path), given.parse(answers)
    grids = read_grids(path) if grids is None else grids
    notes: list[Note] = []
    faults: list[Fault] = []
    read_months: list[_Month] = []
    for grid in grids:
        tables = indicators.find(grid)
        if grid.hidden and not asked.hidden and not all(other.hidden for other in grids):
            vi, en = "trang bị ẩn, không đọc (trả lời --map hidden=read nếu cần đọc)", "a hidden sheet, not read"
            notes.append(Note(FINDING, grid.sheet, "", vi, f"{en} (say --map hidden=read to read it)"))
            continue
        if not tables and (grid.rows or grid.chart):
            notes.append(Note(SKIPPED, grid.sheet, "", "không có bảng chỉ tiêu", "no table of indicators"))
        for table in tables:
            month = _month(table, asked, notes)
            _elsewhere(table, place_in(place, month), notes)
            figures = _figures(table, asked, month, notes, faults)
            if month and figures:
                read_months.append(_Month(month, figures, grid.sheet))
    if faults:
        raise SheetError(path.name, faults, tuple(notes))
    notes += _twice(read_months)
    if any(note.kind == QUESTION for note in notes):
        raise QuestionError(path.name, notes, [])
    if not read_months:
        raise NothingError(
            "{file}: no row of a table of indicators says how many take part in the voluntary scheme; answer "
            '--map "ROW=members" if one of them does',
            notes,
            file=path.name,
        )
    marked = any(
        fold(MARK) in fold(one) for grid in grids for row in grid.rows[:40] for one in row if isinstance(one, str)
    )
    once = {one.month: one for one in read_months}
    counts = pd.DataFrame(
        [
            {"commune": place_in(place, month).name, "month": month}
            | {column: float(one.figures.get(column, np.nan)) for column in COLUMNS[2:]}
            for month, one in sorted(once.items())
        ],
        columns=COLUMNS,
    )
    _people(counts, place, path.name)
    sheets = "; ".join(dict.fromkeys(one.sheet for one in read_months))
    return Book(counts, marked, sheets, tuple(counts["commune"]), tuple(notes))


def _month(table: Indicators, asked: Answers, notes: list[Note]) -> str | None:
    """Return the month of a table: its title's, its sheet's, or the answer; what it has to be asked goes to `notes`."""
    stated, rivals = indicators.month_of(table)
    month = stated or asked.month
    if month is None:
        vi, en = (" / ".join(rivals) or none for none in ("không thấy", "none is named"))
        text = (
            f"bảng chỉ tiêu thuộc tháng nào ({vi})? Trả lời --map month=NĂM-THÁNG",
            f"which month is the table of indicators of ({en})? Answer --map month=YYYY-MM",
        )
        notes.append(Note(QUESTION, table.grid.sheet, "", *text))
    return month


def _figures(
    table: Indicators, asked: Answers, month: str | None, notes: list[Note], faults: list[Fault]
) -> dict[str, int]:
    """Return the figures of a table by role; what is said and asked of it goes to `notes`, wrong cells to `faults`."""
    sheet = table.grid.sheet
    columns = {role: [x for x in at if not _left_out(table, x, asked)] for role, at in table.columns.items()}
    for role in NUMBERS[:3]:
        if len(columns.get(role, ())) > 1:
            several = " / ".join(f'{letter(x)} "{table.named[x]}"' for x in columns[role])
            name = table.named[columns[role][-1]]
            vi = f'hai cột có thể cùng nghĩa: {several}; trả lời --map "{name}=skip" để bỏ một cột'
            en = f'columns that could mean the same: {several}; answer --map "{name}=skip" to leave one out'
            notes.append(Note(QUESTION, sheet, "", vi, en))
            return {}
    table = table._replace(columns={role: tuple(at) for role, at in columns.items() if at})
    if not {"plan", "done"} <= set(table.columns):
        notes.append(Note(SKIPPED, sheet, "", "bảng chỉ tiêu: cột được bỏ theo trả lời", "a table left out as asked"))
        return {}
    every = indicators.rows(table, asked)
    if indicators.of_several_months(table):
        every = [r._replace(role="told", why="cumulative") if r.role in ("entries", "lapses") else r for r in every]
    chosen, questions, every = _chosen(table, every)
    notes += [*_reported(table, every, month), *questions]
    figures: dict[str, int] = {}
    for role, row in chosen.items():
        figures |= _counted(table, row, role, asked, notes, faults)
    return figures if "members" in figures else {}


def _left_out(table: Indicators, x: int, asked: Answers) -> bool:
    return asked.role(letter(x), table.named.get(x, ""), table.grid.sheet) == "skip"


def _chosen(table: Indicators, every: list[Row]) -> tuple[dict[str, Row], list[Note], list[Row]]:
    """Return the row of each role, a question for each role of which two rows may be, and all rows as they were taken.

    An answer to a role settles it: other rows that may be meant are told as such.
    """
    chosen: dict[str, Row] = {}
    questions = []
    answered = {row.role for row in every if row.why == "answered"}
    if "members" in answered:
        every = [r._replace(role="told", why="another") if r.role == "unclear" else r for r in every]
    for role in ROLES:
        if role in answered:
            every = [
                r._replace(role="told", why="another") if r.role == role and r.why != "answered" else r for r in every
            ]
        meant = [r for r in every if r.role == role or (role == "members" and r.role == "unclear")]
        if len(meant) == 1 and meant[0].role == role:
            chosen[role] = meant[0]
        elif meant:
            questions.append(_question(table, role, meant))
    return chosen, questions, every


def _question(table: Indicators, role: str, meant: list[Row]) -> Note:
    """Return the question which of some rows is meant, each shown with what was done."""
    labels = [row.label for row in meant]
    names = [row.names()[0 if labels.count(row.label) > 1 else -1] for row in meant]
    shown = "; ".join(
        f'{row.at + 1} "{brief(name)}" = {_figure(cell(table, row.at, "done"))}'
        for row, name in zip(meant, names, strict=True)
    )
    lead = ("dòng nào là", "which row is") if len(meant) > 1 else ("dòng này có phải là", "is this row")
    ways = [f"{name}={role}" for name in names] if len(meant) > 1 else [f"{names[0]}={one}" for one in _WAYS]
    vi, en = (
        f"{lead[at]} {ROLE_NAMES[role][at]} ({shown})? {('Trả lời', 'Answer')[at]} "
        + (" hoặc ", " or ")[at].join(f'--map "{way}"' for way in ways)
        for at in (0, 1)
    )
    return Note(QUESTION, table.grid.sheet, rows_text([row.at for row in meant]), vi, en)


def _figure(value: Cell) -> str:
    """Return a cell as a person would say it: 12.0 is 12."""
    count = numbers.whole(value)
    return brief("" if value is None else value if count is None else count)


def _reported(table: Indicators, every: list[Row], month: str | None) -> list[Note]:
    """Return what is said of a table: its columns, each row that is not used, and the checks of the form."""
    sheet = table.grid.sheet
    parts = "; ".join(table.heading(role) for role in ("label", *NUMBERS) if role in table.columns)
    notes = [
        Note(USED, sheet, "", f"bảng chỉ tiêu tháng {month or '?'}: {parts}", f"indicators of {month or '?'}: {parts}")
    ]
    used = {x for role in ("label", "order", "unit", *NUMBERS) for x in table.columns.get(role, ())}
    if rest := "; ".join(f'{letter(x)} "{text}"' for x, text in sorted(table.named.items()) if x not in used):
        notes.append(Note(SKIPPED, sheet, rest, "cột không dùng", "columns not used"))
    for row in every:
        if row.role == "told":
            where = rows_text([row.at]) + (f' "{brief(row.label)}"' if row.label and row.why != "numbered" else "")
            kind = FINDING if row.why in ("unclear", "hidden_row") else SKIPPED
            notes.append(Note(kind, sheet, where, *WHY.get(row.why, WHY["unknown"])))
    for check, at in indicators.broken(table, every).items():
        if at:
            notes.append(Note(FINDING, sheet, rows_text(at), *_CHECKS[check]))
    return notes


def _counted(
    table: Indicators, row: Row, role: str, asked: Answers, notes: list[Note], faults: list[Fault]
) -> dict[str, int]:
    """Return the figures of a row: what was done, and the year's plan beside members."""
    sheet, y = table.grid.sheet, row.at
    at = {name: table.columns[name][0] for name in ("plan", "done")}
    bare = [name for name, x in at.items() if (y, x) in table.grid.uncalculated and cell(table, y, name) is None]
    if bare:
        x = at[bare[0]]
        faults.append(Fault(y + 1, letter(x), role, "=…", "formula", sheet, brief(table.named.get(x, ""))))
        return {}
    heading = table.named[at["done"]]
    answer = asked.role(letter(at["done"]), heading, sheet)
    reading = numbers.column({x: cell(table, y, name) for name, x in at.items()}, answer)
    if reading.how in ("unsure", "mixed"):
        notes.append(Note(QUESTION, sheet, rows_text([y]), *numbers.question(heading, reading.how)))
        return {}
    for name, x in at.items():
        if x in reading.wrong:
            column = "plan" if name == "plan" else role
            found, named = _figure(cell(table, y, name)), brief(table.named.get(x, ""))
            faults.append(Fault(y + 1, letter(x), column, found, "count", sheet, named))
    if reading.how == "thousands":
        vi, en = "số có ba chữ số lẻ được đọc là hàng nghìn", "numbers with three decimals are read as thousands"
        notes.append(Note(FINDING, sheet, rows_text([y]), vi, en))
    if reading.dashes:
        notes.append(Note(FINDING, sheet, rows_text([y]), 'ô "-" được đọc là 0', 'cells "-" are read as 0'))
    done, plan = (reading.values.get(at[name]) for name in ("done", "plan"))
    if done is None:
        notes.append(Note(FINDING, sheet, f'{rows_text([y])} "{brief(row.label)}"', *WHY["no_count"]))
        return {}
    figures = {role: done}
    of_month = any(word in fold(table.named[at["plan"]]).split() for word in ("thang", "quy"))
    if plan is not None and role == "members" and not of_month:
        figures["plan"] = plan
    label = f'{rows_text([y])} "{brief(row.label)}"'
    vi, en = (f"{ROLE_NAMES[role][at]} = {done}" for at in (0, 1))
    if "plan" in figures:
        vi, en = f"{vi}; {ROLE_NAMES['plan'][0]} = {plan}", f"{en}; {ROLE_NAMES['plan'][1]} = {plan}"
    notes.append(Note(USED, sheet, label, vi, en))
    if plan is not None and "plan" not in figures:
        notes.append(Note(SKIPPED, sheet, f"{letter(at['plan'])}{y + 1}", *WHY["plan_new"]))
    return figures


def _twice(read_months: list[_Month]) -> list[Note]:
    """Return a question for each month that two tables count differently."""
    first: dict[str, _Month] = {}
    notes = []
    for one in read_months:
        earlier = first.setdefault(one.month, one)
        if earlier.figures != one.figures:
            a, b = (f'"{m.sheet}": {m.figures["members"]}' for m in (earlier, one))
            vi = f"hai bảng cùng tháng {one.month} có số khác nhau ({a}; {b}); chỉ để lại một bảng"
            en = f"two tables of {one.month} have different figures ({a}; {b}); leave one of them in the file"
            notes.append(Note(QUESTION, one.sheet, "", vi, en))
    return notes


def _people(counts: pd.DataFrame, place: str, file: str) -> None:
    """Raise an error for more members than people."""
    for month, members, name in zip(counts["month"], counts["members"], counts["commune"], strict=True):
        if members > (people := place_in(place, month).population):
            raise UserError(
                "{file}: {count:g} members in {month}, only {people:g} people live in {place}",
                file=file,
                count=members,
                month=month,
                people=people,
                place=name,
            )


def _impossible(counts: pd.DataFrame, place: str, history: pd.DataFrame) -> list[Note]:
    """Return findings for counts that cannot be, the last one of one's own before them among them."""
    units = {str(month): place_in(place, month) for month in counts["month"]}
    rows = observed(history[history["source"] == scaffold.OWN], "members")
    earlier = rows[rows["place"].isin([at.name for at in units.values()]) & (rows["month"] < min(units))]
    last = earlier.sort_values("month").tail(1)
    before = pd.DataFrame({"unit": last["place"], "month": last["month"], "members": last["value"]})
    table = pd.concat([before, counts.assign(unit=counts["commune"])], ignore_index=True)
    eligible = {at.name: at.eligible for at in units.values() if np.isfinite(at.eligible)}
    return [Note(FINDING, "", "", one.vi, one.en) for one in impossible_counts.impossible(table, eligible)]


_OFFICE = re.compile(rf"(?:bhxh|bảo hiểm xã hội)\s+(?:cơ sở|{UNIT})\s+([^,;:\d–-]+)", re.I)


def _elsewhere(table: Indicators, place: Place, notes: list[Note]) -> None:
    """Add a finding where the head of a table names offices, and none of them is that of the place."""
    offices = [match[1].strip() for text in table.context for match in _OFFICE.finditer(text)]
    name = fold(place.name.partition(" (")[0])
    if offices and not any(re.search(rf"\b{name}\b", fold(office)) for office in offices):
        text = brief("; ".join(offices))
        vi = f'phần đầu bảng ghi "{text}", số liệu được lấy cho {place.name}'
        notes.append(
            Note(FINDING, table.grid.sheet, "", vi, f'the head names "{text}"; the counts are taken for {place.name}')
        )


def _added(frames: scaffold.Frames, book: Book, place: str, title: str) -> tuple[scaffold.Frames, list[Note]]:
    """Return the tables with the counts of a place, and what is said where its own communes were counted already."""
    head = scaffold.head(book)
    rows: list[dict[str, Any]] = []
    notes = []
    for one in book.counts.to_dict("records"):
        month, at = str(one["month"]), place_in(place, str(one["month"]))
        figures = {(name, "observation", month): one[name] for name in ROLES}
        figures[("members", "plan", f"{month[:4]}-12")] = one["plan"]
        for (measure, kind, when), value in figures.items():
            if np.isnan(value):
                continue
            known = _communes_sum(frames["history"], at.communes["commune"], at.name, measure, kind, when)
            if known is None:
                more = {"place": at.name, "level": at.level, "month": when, "measure": measure}
                rows.append(head | more | {"kind": kind, "value": value})
            elif known != value:
                vi = (
                    f"{when}: các xã đã nhập cộng lại là {known:g}, bảng chỉ tiêu ghi {value:g}; giữ số cộng của các xã"
                )
                en = (
                    f"{when}: an earlier file's communes add up to {known:g}, this table says {value:g}; that sum stays"
                )
                notes.append(Note(FINDING, book.sheet, "", vi, en))
    last = {(row["place"], row["month"], row["measure"], row["kind"]): row for row in rows}  # one plan a year
    return scaffold.with_rows(frames, list(last.values()), place, title, max(book.counts["month"])), notes


def _communes_sum(
    history: pd.DataFrame, communes: pd.Series, place: str, measure: str, kind: str, month: str
) -> float | None:
    """Return a place's figure of one's own that is the sum of its communes, None if it is not there."""
    if len(communes) == 1:
        return None
    rows = history[history["source"].eq(scaffold.OWN) & history["measure"].eq(measure) & history["kind"].eq(kind)]
    rows = rows[rows["month"].eq(month)]
    parts, whole = rows[rows["place"].isin(communes)], rows[rows["place"].eq(place)]
    return float(whole["value"].iloc[-1]) if len(parts) and len(whole) else None
