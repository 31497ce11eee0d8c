"""Cells of any file that an office sends: .xlsx, .xlsm, .xls, .ods, text (CSV of any letters), and XML of a D05-TS.

python-calamine reads .xlsx and .ods, xlrd reads .xls, both as they were saved: no formula is run, nothing is looked up
elsewhere. A look into a packed file comes first (:mod:`forecast.exchange.reading.packed`), because what would fill the
memory has to be refused before it is unpacked. A damaged .xls can ask calamine for 84 GB, which ends the process.
"""

import csv
import datetime
import io
import math
import os
import re
from pathlib import Path

import python_calamine
import xlrd
from lxml import html

from forecast.data import letters
from forecast.data.tables import UserError
from forecast.exchange.reading import filed, fonts, packed
from forecast.exchange.reading.cells import Cell, Grid

MOST_BYTES = 30e6
"""Bytes of a file that is read at all."""
MOST_ROWS, MOST_COLUMNS, MOST_CELLS, MOST_SHEETS = 200_000, 400, 6_000_000, 200
"""Rows and columns of a sheet, cells of all sheets together, and sheets of a file."""

SEPARATORS = ";\t,|"
"""What may separate the cells of a text file."""

_XML = re.compile(rb"(?:\xef\xbb\xbf|\xff\xfe|\xfe\xff)?[\s\x00]*<\x00?[?!A-Za-z]")
_OLE = bytes.fromhex("d0cf11e0a1b11ae1")
_DAMAGED = "{file}: a damaged spreadsheet, or none; open it and save it again as .xlsx"
_LOCKED = "{file}: locked with a password; save it without one"
_NO_BOOK = "{file}: not a spreadsheet that can be read; expected .xlsx, .xls, .ods or .csv"


def read_grids(path: Path) -> list[Grid]:
    """Return the sheets of a file, in its order.

    Raises :class:`~forecast.data.tables.UserError` for a file that is no spreadsheet, is damaged or locked, or would
    be too large once unpacked.
    """
    path = Path(path)
    if not path.is_file():
        raise UserError("{file}: there is no such file", file=path)
    size = path.stat().st_size
    if size > MOST_BYTES:
        raise UserError(
            "{file}: {size:.0f} MB; expected at most {most:.0f}", file=path.name, size=size / 1e6, most=MOST_BYTES / 1e6
        )
    with open(path, "rb") as file:
        head = file.read(2048)
    if not head.strip(b"\x00 \r\n\t"):
        raise UserError(_NO_BOOK, file=path.name)
    if head.startswith(b"PK"):
        grids = _book(path, packed.look(path, MOST_COLUMNS, MOST_ROWS, MOST_CELLS))
    elif head.startswith(_OLE):
        grids = _old_book(path)
    elif re.search(rb"<(html|table|!doctype html)", head, re.I):
        grids = _page(path)
    elif _XML.match(head):
        rows: list[list[Cell]] = [list(row) for row in filed.rows(path, MOST_ROWS)]
        grids = [Grid(path.stem, rows)]
    else:
        grids = [_text(path)]
    return [fonts.converted(grid) for grid in grids]


def _book(path: Path, look: packed.Look) -> list[Grid]:
    """Return the sheets of a workbook; any error of the library is one message."""
    try:
        with packed.quiet(), python_calamine.load_workbook(str(path)) as book:
            metadata = book.sheets_metadata
            if len(metadata) > MOST_SHEETS:
                raise UserError(
                    "{file}: {count} sheets; expected at most {most}",
                    file=path.name,
                    count=len(metadata),
                    most=MOST_SHEETS,
                )
            return [_sheet(path, book, at, look) for at in range(len(metadata))]
    except python_calamine.PasswordError:
        raise UserError(_LOCKED, file=path.name) from None
    except (UserError, KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:  # a panic of the library is no Exception
        known = isinstance(error, Exception) or type(error).__name__ == "PanicException"
        if not known:
            raise
        raise UserError(_DAMAGED, file=path.name) from None


def _sheet(path: Path, book: python_calamine.CalamineWorkbook, at: int, look: packed.Look) -> Grid:
    """Return one sheet of a workbook."""
    metadata = book.sheets_metadata[at]
    hidden = metadata.visible != python_calamine.SheetVisibleEnum.Visible
    if metadata.typ != python_calamine.SheetTypeEnum.WorkSheet:
        return Grid(metadata.name, [], hidden, chart=True)
    sheet = book.get_sheet_by_index(at)
    if sheet.total_height > MOST_ROWS:
        raise UserError(
            '{file}: sheet "{sheet}" has more than {most:,} rows; split the file',
            file=path.name,
            sheet=metadata.name,
            most=MOST_ROWS,
        )
    if sheet.total_width > MOST_COLUMNS:
        raise UserError(
            '{file}: sheet "{sheet}" has more than {most:,} columns; no report needs them',
            file=path.name,
            sheet=metadata.name,
            most=MOST_COLUMNS,
        )
    rows = [[_sound(cell) for cell in row] for row in sheet.to_python(skip_empty_area=False)]
    merged = tuple(
        (top, left, bottom, right)
        for (top, left), (bottom, right) in sheet.merged_cell_ranges or ()
        if top <= bottom and left <= right
    )
    seen = look.sheets.get(metadata.name, packed.Sheet())
    return Grid(metadata.name, rows, hidden, False, seen.hidden_rows, seen.hidden_columns, merged, seen.uncalculated)


def _sound(cell: Cell) -> Cell:
    """Return a cell: None for an empty one, a text for a number that is none."""
    if cell == "":
        return None
    return str(cell) if isinstance(cell, float) and not math.isfinite(cell) else cell


def _old_book(path: Path) -> list[Grid]:
    """Return the sheets of an .xls file."""
    try:
        with open(os.devnull, "w") as nothing:
            book = xlrd.open_workbook(str(path), logfile=nothing, formatting_info=True, ragged_rows=True)
            if book.nsheets > MOST_SHEETS:
                raise UserError(
                    "{file}: {count} sheets; expected at most {most}",
                    file=path.name,
                    count=book.nsheets,
                    most=MOST_SHEETS,
                )
            return [_old_sheet(path, book, book.sheet_by_index(at)) for at in range(book.nsheets)]
    except UserError:
        raise
    except (Exception, RecursionError) as error:  # the library raises what its parts raise
        locked = "encrypted" in str(error) or "password" in str(error)
        raise UserError(_LOCKED if locked else _DAMAGED, file=path.name) from None


def _old_sheet(path: Path, book: xlrd.Book, sheet: xlrd.sheet.Sheet) -> Grid:
    """Return one sheet of an .xls file."""
    if sheet.ncols > MOST_COLUMNS:
        raise UserError(
            '{file}: sheet "{sheet}" has more than {most:,} columns; no report needs them',
            file=path.name,
            sheet=sheet.name,
            most=MOST_COLUMNS,
        )
    rows: list[list[Cell]] = [[_old_cell(book, cell) for cell in sheet.row(y)] for y in range(sheet.nrows)]
    merged = tuple(
        (top, left, bottom - 1, right - 1)
        for top, bottom, left, right in sheet.merged_cells
        if bottom > top and right > left
    )
    hidden_rows = frozenset(y for y, info in sheet.rowinfo_map.items() if info.hidden)
    hidden_columns = frozenset(x for x, info in sheet.colinfo_map.items() if info.hidden and x < MOST_COLUMNS)
    return Grid(sheet.name, rows, sheet.visibility != 0, False, hidden_rows, hidden_columns, merged)


def _old_cell(book: xlrd.Book, cell: xlrd.sheet.Cell) -> Cell:
    """Return the value of a cell of an .xls file."""
    if cell.ctype in (xlrd.XL_CELL_EMPTY, xlrd.XL_CELL_BLANK) or cell.value == "":
        return None
    if cell.ctype == xlrd.XL_CELL_DATE:
        try:
            day: datetime.datetime = xlrd.xldate.xldate_as_datetime(cell.value, book.datemode)
            return day
        except (xlrd.xldate.XLDateError, OverflowError, ValueError):
            return float(cell.value)
    if cell.ctype == xlrd.XL_CELL_BOOLEAN:
        return bool(cell.value)
    if cell.ctype == xlrd.XL_CELL_ERROR:
        return str(xlrd.error_text_from_code.get(cell.value, "#N/A"))
    return _sound(cell.value)


def _page(path: Path) -> list[Grid]:
    """Return the tables of a web page that a program saved as .xls, each as a sheet."""
    try:
        tables = html.fromstring(path.read_bytes()).iter("table")
        grids = []
        for number, table in enumerate(tables, 1):
            rows: list[list[Cell]] = []
            merged: list[tuple[int, int, int, int]] = []
            held: set[tuple[int, int]] = set()
            for y, row in enumerate(table.iter("tr")):
                cells: list[Cell] = []
                for cell in row.iter("td", "th"):
                    while (y, len(cells)) in held:
                        cells.append(None)
                    down, across = (
                        min(max(int(cell.get(name) or 1), 1), MOST_COLUMNS) for name in ("rowspan", "colspan")
                    )
                    x = len(cells)
                    held |= {(y + i, x + j) for i in range(down) for j in range(across)}
                    if down * across > 1:
                        merged.append((y, x, y + down - 1, x + across - 1))
                    cells += [" ".join(cell.text_content().split()) or None] + [None] * (across - 1)
                rows.append(cells)
            grids.append(Grid(f"{path.stem} {number}", rows, merged=tuple(merged)))
    except (ValueError, html.etree.LxmlError):
        grids = []
    if not grids:
        raise UserError("{file}: a web page without a table; save it as .xlsx", file=path.name) from None
    return grids


def _text(path: Path) -> Grid:
    """Return a text file as a sheet; its separator is the one that cuts most lines into the same number of cells."""
    data = path.read_bytes()
    text, _ = letters.decoded(data)
    if "\x00" in text:
        raise UserError(_NO_BOOK, file=path.name)
    sample = [line for line in text.splitlines()[:200] if line.strip()]

    def fit(separator: str) -> tuple[int, int]:
        counts = [len(row) for row in csv.reader(sample, delimiter=separator)]
        most = max(set(counts), key=lambda n: (n > 1, counts.count(n), n)) if counts else 0
        return (counts.count(most) if most > 1 else 0), most

    try:
        separator = max(SEPARATORS, key=fit)
        if fit(separator)[0] < 2:
            raise UserError(_NO_BOOK, file=path.name)
        rows: list[list[Cell]] = []
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=separator):
            rows.append([cell.strip() or None for cell in row])
            if len(rows) > MOST_ROWS:
                raise UserError("{file}: more than {most:,} rows; split the file", file=path.name, most=MOST_ROWS)
            if len(row) > MOST_COLUMNS:
                raise UserError(
                    "{file}: more than {most:,} columns; no report needs them", file=path.name, most=MOST_COLUMNS
                )
    except csv.Error:
        raise UserError("{file}: a damaged table of text; save it as .xlsx", file=path.name) from None
    return Grid(path.stem, rows)
