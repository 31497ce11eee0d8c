"""From sheets to counts: each value with the cell it came from, each fault and question, and a report of it all."""

from collections.abc import Callable
from typing import NamedTuple

from forecast.data.places import Place
from forecast.exchange.reading import measures, numbers, schemes, sums
from forecast.exchange.reading.answers import Answers
from forecast.exchange.reading.cells import Cell, Grid, letter
from forecast.exchange.reading.headings import REASONS
from forecast.exchange.reading.measures import PERSONS, Chosen
from forecast.exchange.reading.names import Names
from forecast.exchange.reading.report import FINDING, QUESTION, SKIPPED, USED, Fault, Note, brief, rows_text
from forecast.exchange.reading.rows import SKIPPED as ROW_KINDS
from forecast.exchange.reading.rows import Rows, sort_rows
from forecast.exchange.reading.tables import Column, Table, find_tables, is_number
from forecast.exchange.reading.texts import fold
from forecast.exchange.reading.titles import scheme_above
from forecast.exchange.reading.uncut import uncut
from forecast.exchange.reading.unnamed import unnamed


class Value(NamedTuple):
    """One count: the unit and its name, month, role, number, and the cell it came from (row from 1).

    `key` is the letter of the column that says the month (or else the commune), `key_text` what stands there;
    `heading` and `key_heading` are what the file calls the two columns.
    """

    unit: str
    name: str
    month: str
    role: str
    value: int
    sheet: str
    row: int
    letter: str
    key: str
    key_text: str
    heading: str = ""
    key_heading: str = ""


class Outcome(NamedTuple):
    """What was read: values in the order of the file, faults, notes, and names of no commune with near ones.

    `tables` are those that were found, each by the name of its sheet.
    """

    values: list[Value]
    faults: list[Fault]
    notes: list[Note]
    unknown: list[tuple[str, str, tuple[str, ...], str]]
    tables: list[str]


Communes = Callable[[str | None], Names | None]


def communes_of(place_at: Callable[[str | None], Place] | None) -> Communes:
    """Return what gives the communes of a place in a month; each set of communes is learned once."""
    kept: dict[str | None, Names | None] = {}
    by_name: dict[tuple[str, int, str], Names] = {}

    def names(month: str | None) -> Names | None:
        if place_at is None:
            return None
        if month not in kept:
            place = place_at(month)
            which = place.name, len(place.communes), place.communes["commune"].iloc[0]
            if which not in by_name:
                by_name[which] = Names(place)
            kept[month] = by_name[which]
        return kept[month]

    return names


def read_sheets(grids: list[Grid], file: str, names: Communes, answers: Answers) -> Outcome:
    """Return what the sheets of a file hold."""
    notes: list[Note] = []
    tables: list[Table] = []
    for grid in grids:
        if grid.chart:
            notes.append(Note(SKIPPED, grid.sheet, "", "trang biểu đồ", "a chart sheet"))
        elif grid.hidden and not answers.hidden and not all(other.hidden for other in grids):
            notes.append(
                Note(
                    FINDING,
                    grid.sheet,
                    "",
                    "trang bị ẩn, không đọc (trả lời --map hidden=read nếu cần đọc)",
                    "a hidden sheet, not read (say --map hidden=read to read it)",
                )
            )
        elif not any(cell is not None for row in grid.rows for cell in row):
            notes.append(Note(SKIPPED, grid.sheet, "", "trang trống", "an empty sheet"))
        else:
            sheet_tables = find_tables(grid, names(None))
            tables += sheet_tables
            if grid.font:
                notes.append(
                    Note(
                        USED,
                        grid.sheet,
                        "",
                        f"chữ phông {grid.font} đã đổi sang Unicode",
                        f"letters of a {grid.font} font, converted to Unicode",
                    )
                )
            if not sheet_tables:
                first = next((cell for row in grid.rows for cell in row if isinstance(cell, str)), "")
                notes.append(
                    Note(
                        SKIPPED,
                        grid.sheet,
                        "",
                        f'không có bảng theo xã ("{brief(first)}")',
                        f'no table by commune ("{brief(first)}")',
                    )
                )
    notes += _outside(tables)
    several = [measures.choose(table, tables, file, answers) for table in tables]
    notes += measures.not_alike(several)
    outcome = Outcome([], [], notes, [], [table.grid.sheet for table in tables])
    for chosen in several:
        outcome = _one(chosen, tables, names, answers, outcome)
    return outcome


def _outside(tables: list[Table]) -> list[Note]:
    """Return a finding for rows with numbers that belong to no table of a sheet that has one."""
    notes = []
    for sheet, grid in {table.grid.sheet: table.grid for table in tables}.items():
        inside = {y for t in tables if t.grid.sheet == sheet for y in range(t.bottom + 1, t.end)}
        inside |= {y for t in tables if t.grid.sheet == sheet for y in t.repeated}
        out = [y for y, row in enumerate(grid.rows) if y not in inside and sum(map(is_number, row)) >= 2]
        if out:
            vi, en = "dòng có số nhưng không thuộc bảng nào", "rows with numbers that belong to no table"
            notes.append(Note(FINDING, sheet, rows_text(out), vi, en))
    return notes


def _one(chosen: Chosen, tables: list[Table], names: Communes, answers: Answers, outcome: Outcome) -> Outcome:
    """Return an outcome with one table more."""
    table = chosen.table
    if not chosen.taken():
        asked = schemes.asked(table, list(chosen.columns))
        return outcome._replace(notes=[*outcome.notes, *asked, *_untaken(chosen)])
    last = chosen.month or max((c.month for c in chosen.taken() if c.month), default=None)
    table = table._replace(columns=chosen.columns)
    rows = sort_rows(table, lambda month: names(month or last), answers.names, chosen.year, answers.hidden)
    faults = uncut(table, known) if (known := names(last)) else []
    if not rows.data:
        return outcome._replace(notes=[*outcome.notes, *_row_notes(table, rows)], faults=outcome.faults + faults)
    chosen, asked = measures.doubles(chosen, lambda a, b: _cells(table, rows, a) == _cells(table, rows, b))
    notes = [*chosen.notes, *asked, *_row_notes(table, rows), *unnamed(table, tables, rows)]
    key, name = _key(chosen, "month"), _key(chosen, "commune")
    for y, cell in rows.bad_months:
        at, heading = _named(key)
        faults.append(Fault(y + 1, at, "month", _cell_text(cell), "month", table.grid.sheet, heading))
    at, heading = _named(name)
    faults += [
        Fault(row.at + 1, at, "commune", "", "commune", table.grid.sheet, heading) for row in rows.data if not row.name
    ]
    chosen, readings, reading_notes, wrong = _readings(table, rows, chosen, answers)
    notes += reading_notes
    faults += wrong
    values = _values(table, rows, chosen, readings, names)
    notes = [*measures.column_notes(chosen), *notes, *sums.compared(table, rows, chosen, readings)]
    unknown = [(table.grid.sheet, name, near, how) for _, name, near, how in rows.unknown]
    return Outcome(
        outcome.values + values,
        outcome.faults + faults,
        outcome.notes + notes,
        outcome.unknown + unknown,
        outcome.tables,
    )


def _key(chosen: Chosen, role: str) -> Column | None:
    """Return the column of a table that says the month or the commune of its rows."""
    return next((column for column in chosen.columns if column.role == role), None)


def _named(column: Column | None) -> tuple[str, str]:
    """Return the letter of a column and what the file calls it; the first one where a table has none."""
    return (letter(column.at), brief(column.heading)) if column else (letter(0), "")


def _readings(
    table: Table, rows: Rows, chosen: Chosen, answers: Answers
) -> tuple[Chosen, dict[int, numbers.Reading], list[Note], list[Fault]]:
    """Return the columns that are taken, each read as persons, what is said of them, and their faults.

    A column whose numbers lost their zeros (1.08 for 1,080) has none with three decimals; another of the table that
    has, or a sum of the file that fits, says how its dots are meant.
    """
    first = {c.at: _numbers(table, rows, c, answers, "") for c in chosen.taken()}
    habit = any(reading.how == "thousands" for reading, *_ in first.values())
    columns, readings = list(chosen.columns), {}
    notes: list[Note] = []
    faults: list[Fault] = []
    for number, column in enumerate(columns):
        if column.at not in first or column.role not in PERSONS:
            continue
        reading, column_notes, wrong, taken = first[column.at]
        if (wrong or reading.how == "mixed") and taken and column.role != "formula":
            again = _numbers(table, rows, column, answers, "thousands")
            if not again[2] and (habit and wrong or sums.fits(table, rows, column, again[0])):
                reading, column_notes, wrong, taken = again
        reading, more = sums.full_thousands(table, rows, column, reading)
        notes += [*column_notes, *more]
        faults += wrong
        if not taken:
            columns[number] = column._replace(role="told", why="formula")
            continue
        readings[column.at] = reading
        gone = [row.at for row in rows.data if reading.values.get(row.at, 0) is None]
        if gone and column.role == "members":
            where = f"{rows_text(gone)}, {table.where(column)}"
            vi, en = f"{len(gone)} ô không có số", f"{len(gone)} cells without a count"
            notes.append(Note(FINDING, table.grid.sheet, where, vi, en))
    return chosen._replace(columns=tuple(columns)), readings, notes, faults


def _values(
    table: Table, rows: Rows, chosen: Chosen, readings: dict[int, numbers.Reading], names: Communes
) -> list[Value]:
    """Return the counts of a table, each with its cell."""
    key, name = _key(chosen, "month"), _key(chosen, "commune")
    values = []
    for column in chosen.taken():
        for row in rows.data:
            value = readings[column.at].values.get(row.at)
            if value is None:
                continue
            month = row.month if key is not None and not column.month else column.month or row.month or chosen.month
            by = key if key is not None and not column.month else name
            cells, x = table.grid.rows[row.at], by.at if by else 0
            key_text = _cell_text(cells[x]) if x < len(cells) else row.name
            at, heading = _named(by)
            for one in _months(column, month, chosen, key is not None):
                if unit := row.unit or (row.name if names(one) is None else ""):
                    place = (table.grid.sheet, row.at + 1, letter(column.at), at, key_text)
                    names_of = (brief(column.heading), heading)
                    values.append(Value(unit, row.name, one, column.role, value, *place, *names_of))
    return values


def _months(column: Column, month: str | None, chosen: Chosen, keyed: bool) -> list[str]:
    """Return the months that a value is of: a plan without a month is that of each month of the table."""
    if month is not None:
        return [month]
    if column.role == "plan" and not keyed:
        return sorted({c.month for c in chosen.taken() if c.month and c.role != "plan"})
    return []


def _untaken(chosen: Chosen) -> list[Note]:
    """Return what is said of a table of which no column counts."""
    above = scheme_above(chosen.table)
    if above in ("other", "both"):
        title = brief(next((text for text in reversed(chosen.table.context) if text), chosen.table.grid.sheet))
        return [
            Note(
                SKIPPED,
                chosen.table.grid.sheet,
                f"{chosen.table.top + 1}-{chosen.table.end}",
                f'một bảng khác ("{title}"): {REASONS["scheme"][0]}',
                f'another table ("{title}"): {REASONS["scheme"][1]}',
            )
        ]
    return measures.column_notes(chosen)


def _cells(table: Table, rows: Rows, column: Column) -> list[Cell]:
    return [
        table.grid.rows[row.at][column.at] if column.at < len(table.grid.rows[row.at]) else None for row in rows.data
    ]


def _cell_text(cell: object) -> str:
    return "" if cell is None else brief(cell)


def _numbers(
    table: Table, rows: Rows, column: Column, answers: Answers, how: str
) -> tuple[numbers.Reading, list[Note], list[Fault], bool]:
    """Return a column read as persons, what is said of it, its faults, and whether it is taken at all."""
    grid = table.grid
    heading, at = table.where(column), letter(column.at)
    merged = {
        (y, x)
        for top, left, bottom, right in grid.merged
        if bottom > top
        for y in range(top, bottom + 1)
        for x in range(left, right + 1)
        if bottom - top < 10_000 and right - left < 5
    }
    cells = {}
    for row, cell in zip(rows.data, _cells(table, rows, column), strict=True):
        if cell is None and (row.at, column.at) in merged and column.role == "plan":
            cell = next(
                grid.rows[top][left]
                for top, left, bottom, right in grid.merged
                if top <= row.at <= bottom and left <= column.at <= right
            )
        cells[row.at] = cell
    bare = [y for y in cells if (y, column.at) in grid.uncalculated and cells[y] is None]
    if bare:
        where = f"{rows_text(bare)}, {heading}"
        if column.role == "members":
            fault = Fault(bare[0] + 1, at, "members", "=…", "formula", grid.sheet, brief(column.heading))
            return numbers.Reading({}, []), [], [fault], True
        note = Note(
            FINDING,
            grid.sheet,
            where,
            f"{len(bare)} ô là công thức chưa có chương trình nào tính; mở tệp bằng bảng tính, lưu lại rồi nhập lại",
            f"{len(bare)} cells hold formulas that no program has calculated; open "
            "the file, save it and import it again",
        )
        return numbers.Reading({}, []), [note], [], False
    answer = how or answers.role(at, column.heading, grid.sheet, column.undated)
    reading = numbers.column(cells, answer)
    notes = []
    if reading.how == "thousands":
        odd = numbers.dotted(cells)
        notes.append(
            Note(
                FINDING,
                grid.sheet,
                f"{rows_text(odd)}, {heading}",
                "số có ba chữ số sau dấu phẩy được đọc là hàng nghìn (1,764 = 1764), vì người là số nguyên",
                "numbers with three decimals are read as thousands (1.764 = 1764), since persons are whole",
            )
        )
    if reading.how in ("unsure", "mixed"):
        notes.append(Note(QUESTION, grid.sheet, heading, *numbers.question(column.heading, reading.how)))
        return reading._replace(values={}), notes, [], True
    if reading.dashes:
        notes.append(
            Note(
                USED,
                grid.sheet,
                heading,
                f'{reading.dashes} ô "-" được đọc là 0',
                f'{reading.dashes} cells "-" are read as 0',
            )
        )
    kind = column.role if column.role in ("members", "entries", "lapses", "plan") else "members"
    wrong = [
        Fault(y + 1, at, kind, _cell_text(cells[y]), "count", grid.sheet, brief(column.heading)) for y in reading.wrong
    ]
    return reading, notes, wrong, True


def _row_notes(table: Table, rows: Rows) -> list[Note]:
    """Return what is said of the rows of a table that are no commune's."""
    notes = []
    for kind, at in rows.skipped.items():
        vi, en = ROW_KINDS[kind]
        label = ""
        if kind in ("sum", "group"):  # notes may hold names of people, and are not repeated
            labels = [
                next((str(cell) for cell in table.grid.rows[y] if isinstance(cell, str) and len(fold(cell)) > 2), "")
                for y in at[:3]
            ]
            label = " (" + "; ".join(brief(text, 40) for text in labels if text) + ")" if any(labels) else ""
        notes.append(
            Note(FINDING if kind == "hidden" else SKIPPED, table.grid.sheet, rows_text(at), vi + label, en + label)
        )
    for name, unit in rows.read_as.items():
        end = unit.rpartition("/")[2]
        notes.append(Note(USED, table.grid.sheet, "", f'"{name}" được đọc là {end}', f'"{name}" is read as {end}'))
    if rows.carried:
        notes.append(
            Note(
                USED,
                table.grid.sheet,
                "",
                f"{rows.carried} ô trống lấy theo dòng trên",
                f"{rows.carried} empty cells taken from the row above",
            )
        )
    return notes
