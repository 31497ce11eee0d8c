"""A sample workbook in the other formats that offices send: .xls, .ods, text with its letters, old fonts.

An .ods file is packed XML, written here as OpenDocument 1.3 asks, since no library for it is kept well; why xlwt, at
rest as the format itself, writes the .xls, says decision 22. Windows-1258 and the fonts TCVN3 and VNI are those of
:mod:`forecast.data.letters`.
"""

import csv
import datetime
import io
import zipfile
from collections.abc import Callable
from typing import NamedTuple
from xml.sax.saxutils import escape, quoteattr

import openpyxl
from openpyxl.worksheet.worksheet import Worksheet

from forecast.data import letters
from forecast.data.files import timeless
from forecast.data.tables import UserError

TEXTS: dict[str, tuple[str, str]] = {  # the separator and the letters of a text format
    "csv-semicolon": (";", "utf-8"),
    "csv-tab": ("\t", "utf-8"),
    "csv-bom": (",", "utf-8-sig"),
    "csv-utf16": ("\t", "utf-16"),
    "csv-1258": (";", "cp1258"),
}
FORMATS = ("xlsx", "xls", "ods", *TEXTS)
XLS = 65_536, 256
"""Rows and columns that a sheet of an .xls file has."""
FONTS: dict[str, Callable[[str], str]] = {"TCVN3": letters.to_tcvn3, "VNI": letters.to_vni}
Cell = str | int | float | bool | datetime.date | None
_SPACES = " ".join(
    f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"' for name in ("office", "table", "text")
)
_ODS = "application/vnd.oasis.opendocument.spreadsheet"


class _Sheet(NamedTuple):
    """A sheet: its name, rows of cells, and how many rows and columns the first cell of a merged area takes."""

    name: str
    rows: list[list[Cell]]
    spans: dict[tuple[int, int], tuple[int, int]]


def converted(book: bytes, form: str, font: str = "") -> tuple[bytes, str]:
    """Return an .xlsx file in one of :data:`FORMATS`, with letters of a font of :data:`FONTS`, and its suffix.

    Chart sheets stay in .xlsx alone. Raises :class:`~forecast.data.tables.UserError` for several sheets in a text
    format, which has one, for letters of a font in Windows-1258, which has letters of its own, and for more rows or
    columns than an .xls has (:data:`XLS`).

    >>> book = openpyxl.Workbook()
    >>> book.worksheets[0].append(["Xã", 3])
    >>> stream = io.BytesIO()
    >>> book.save(stream)
    >>> data, suffix = converted(stream.getvalue(), "csv-semicolon", "TCVN3")
    >>> data.decode("latin-1").strip(), suffix
    ('X·;3', '.csv')
    """
    if form == "xlsx" and not font:
        return book, ".xlsx"
    if form == "csv-1258" and font:
        raise UserError("csv-1258 has letters of its own; leave out --font {font}", font=font)
    change = FONTS.get(font, str)
    sheets = [_read(sheet, change) for sheet in openpyxl.load_workbook(io.BytesIO(book)).worksheets]
    if form == "xlsx":
        return _xlsx(sheets), ".xlsx"
    if form == "xls":
        return _xls(sheets), ".xls"
    if form == "ods":
        return _ods(sheets), ".ods"
    if len(sheets) > 1:
        raise UserError(
            "{form} holds one sheet and this layout has {count}; take xlsx, xls or ods", form=form, count=len(sheets)
        )
    return _text(sheets[0], *TEXTS[form], font), ".csv"


def _read(sheet: Worksheet, change: Callable[[str], str]) -> _Sheet:
    """Return a sheet with the letters of its texts changed."""
    rows = [[_cell_of(cell, change) for cell in row] for row in sheet.iter_rows(values_only=True)]
    spans = {
        (area.min_row - 1, area.min_col - 1): (area.max_row - area.min_row + 1, area.max_col - area.min_col + 1)
        for area in sheet.merged_cells.ranges
    }
    return _Sheet(sheet.title, rows, spans)


def _cell_of(cell: object, change: Callable[[str], str]) -> Cell:
    """Return a cell of a sample: a text, a number, a day or nothing."""
    if isinstance(cell, str):
        return change(cell)
    return cell if isinstance(cell, int | float | datetime.date) else None


def _xlsx(sheets: list[_Sheet]) -> bytes:
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for name, rows, spans in sheets:
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
        for (y, x), (down, across) in spans.items():
            sheet.merge_cells(start_row=y + 1, start_column=x + 1, end_row=y + down, end_column=x + across)
    stream = io.BytesIO()
    book.save(stream)
    return timeless(stream.getvalue())


def _xls(sheets: list[_Sheet]) -> bytes:
    """Return sheets as the workbook of Excel 97 to 2003."""
    import xlwt

    book = xlwt.Workbook(encoding="utf-8")
    day = xlwt.easyxf(num_format_str="mm/yyyy")
    for sheet in sheets:
        rows, columns = len(sheet.rows), max(map(len, sheet.rows), default=0)
        if rows > XLS[0] or columns > XLS[1]:
            raise UserError(
                "a sheet of an .xls file has {most_rows} rows and {most_columns} columns, and this sample has {rows} "
                "and {columns}; take xlsx",
                most_rows=XLS[0],
                most_columns=XLS[1],
                rows=rows,
                columns=columns,
            )
        page = book.add_sheet(sheet.name)
        for (y, x), (down, across) in sheet.spans.items():
            page.merge(y, y + down - 1, x, x + across - 1)
        for y, row in enumerate(sheet.rows):
            for x, cell in enumerate(row):
                if cell is not None:
                    page.write(y, x, cell, *([day] if isinstance(cell, datetime.date) else []))
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def _text(sheet: _Sheet, separator: str, encoding: str, font: str) -> bytes:
    """Return a sheet as a text; letters of a font in one byte each, as old programs save them."""
    stream = io.StringIO(newline="")
    for row in sheet.rows:
        csv.writer(stream, delimiter=separator).writerow([_csv_cell(cell) for cell in row])
    text = stream.getvalue()
    if encoding == "cp1258":
        return letters.to_1258(text)
    return text.encode("latin-1" if font and encoding == "utf-8" else encoding)


def _csv_cell(cell: Cell) -> str | int | float:
    if isinstance(cell, datetime.date):
        return f"{cell.month:02d}/{cell.year}"
    return "" if cell is None else cell


def _ods(sheets: list[_Sheet]) -> bytes:
    """Return sheets as an OpenDocument spreadsheet."""
    tables = "".join(
        f"<table:table table:name={quoteattr(sheet.name)}>{''.join(_lines(sheet))}</table:table>" for sheet in sheets
    )
    head = '<?xml version="1.0" encoding="UTF-8"?>'
    body = f"<office:body><office:spreadsheet>{tables}</office:spreadsheet></office:body>"
    content = f'{head}<office:document-content {_SPACES} office:version="1.3">{body}</office:document-content>'
    space = "urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"
    files = "".join(
        f'<manifest:file-entry manifest:full-path="{path}" manifest:media-type="{kind}"/>'
        for path, kind in (("/", _ODS), ("content.xml", "text/xml"))
    )
    manifest = f'{head}<manifest:manifest xmlns:manifest="{space}" manifest:version="1.3">{files}</manifest:manifest>'
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as packed:
        for name, text in (("mimetype", _ODS), ("content.xml", content), ("META-INF/manifest.xml", manifest)):
            item = zipfile.ZipInfo(name)  # without a time of its own; the kind of file stands first and as it is
            item.compress_type = zipfile.ZIP_STORED if name == "mimetype" else zipfile.ZIP_DEFLATED
            packed.writestr(item, text)
    return stream.getvalue()


def _lines(sheet: _Sheet) -> list[str]:
    """Return the rows of a sheet as XML."""
    covered = {
        (y + i, x + j) for (y, x), (down, across) in sheet.spans.items() for i in range(down) for j in range(across)
    } - set(sheet.spans)
    return [
        "<table:table-row>"
        + "".join(
            "<table:covered-table-cell/>" if (y, x) in covered else _cell(cell, sheet.spans.get((y, x)))
            for x, cell in enumerate(row)
        )
        + "</table:table-row>"
        for y, row in enumerate(sheet.rows)
    ]


def _cell(cell: Cell, span: tuple[int, int] | None) -> str:
    """Return a cell as XML."""
    more = f' table:number-rows-spanned="{span[0]}" table:number-columns-spanned="{span[1]}"' if span else ""
    if cell is None:
        return f"<table:table-cell{more}/>"
    if isinstance(cell, datetime.date):
        value, text = f'office:value-type="date" office:date-value="{cell:%Y-%m-%d}"', str(_csv_cell(cell))
    elif isinstance(cell, str):
        value, text = 'office:value-type="string"', cell
    else:
        value, text = f'office:value-type="float" office:value="{cell}"', str(cell)
    return f"<table:table-cell {value}{more}><text:p>{escape(text)}</text:p></table:table-cell>"
