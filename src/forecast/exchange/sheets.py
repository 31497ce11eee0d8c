"""What sheets of an office's workbooks share: a head with the mark of invented counts, sums as formulas, widths."""

import math

import pandas as pd
from openpyxl import Workbook
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from forecast.data.files import inert
from forecast.exchange.spreadsheet import MARK
from forecast.language import words

TOP = 4  # first row below the headings


def head(sheet: Worksheet, title: str, synthetic: bool, names: list[str]) -> None:
    """Write the title, the mark of invented counts, and the headings in row 3."""
    sheet.append([inert(title)])
    sheet.append([MARK if synthetic else None])
    sheet.append([inert(name) for name in names])
    sheet["A1"].font, sheet["A2"].font = Font(bold=True, size=13), Font(bold=True, color="8C1D18")
    for cell in sheet[3]:
        cell.font, cell.fill = Font(bold=True), PatternFill("solid", fgColor="DFE3E8")
        cell.alignment = Alignment(wrap_text=True, horizontal="center", vertical="center")


def sum_row(sheet: Worksheet, label: str) -> None:
    """Add a row of sums of the rows from :data:`TOP`."""
    last = sheet.max_row
    letters = [get_column_letter(number) for number in range(2, sheet.max_column + 1)]
    sheet.append([label, *(f"=SUM({letter}{TOP}:{letter}{last})" for letter in letters)])
    for cell in sheet[last + 1]:
        cell.font = Font(bold=True)


def shape(sheet: Worksheet) -> None:
    """Give the first column room for names and the others the form of counts."""
    sheet.column_dimensions["A"].width = 30
    for row in sheet.iter_rows(min_row=TOP, min_col=2):
        for cell in row:
            cell.number_format = "#,##0"
    sheet.freeze_panes = f"B{TOP}"


def due(sheet: Worksheet, counts: pd.DataFrame, place: str, synthetic: bool, lang: str) -> None:
    """Fill a sheet of who is due: months by commune in `counts` become a column a month, with sums both ways."""
    at = 0 if lang == "vi" else 1
    title = ("Số người đến hạn đóng theo tháng", "Members due by month")[at]
    months = [words.month(str(month), lang) for month in counts.index]
    names = [("Xã, phường", "Commune")[at], *months, ("Cộng", "Sum")[at]]
    head(sheet, f"{title}, {place}", synthetic, names)
    end = get_column_letter(1 + len(counts))
    for number, name in enumerate(counts.columns):
        y = TOP + number
        sheet.append([inert(str(name)), *(int(n) for n in counts.iloc[:, number]), f"=SUM(B{y}:{end}{y})"])
    sum_row(sheet, ("Cộng", "Sum")[at])
    shape(sheet)


def sign(book: Workbook, about: str) -> None:
    """Write what a workbook says of itself (`about`), when it was made and what was known, below each of its sheets."""
    for sheet in book.worksheets if about else ():
        sheet.append([])
        sheet.append([inert(about)])
        sheet.cell(sheet.max_row, 1).font = Font(italic=True, color="55606E")


def cell(value: object, formula: str, digits: int) -> str | float | None:
    """Return what stands in a cell: a formula of ours, a number, or a text that no program runs."""
    if formula:
        return formula
    if isinstance(value, str):
        return inert(value)
    number = float(str(value)) if value is not None else math.nan
    return None if math.isnan(number) else round(number, digits)
