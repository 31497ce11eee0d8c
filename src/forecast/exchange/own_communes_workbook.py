"""Communes by one's own counts as a workbook that adds up: ranks and shares, forecast by month, who is due by month."""

import io
import math

import numpy as np
import openpyxl
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from forecast.data.apportion import shared
from forecast.data.files import inert, timeless
from forecast.exchange.own_communes import Communes
from forecast.exchange.spreadsheet import MARK
from forecast.language import words

HEADINGS = {  # column: Vietnamese, English, number format; a formula where the fourth is given
    "rank": ("Thứ tự cần giúp", "Needs help, rank", "0", ""),
    "commune": ("Xã, phường", "Commune", "@", ""),
    "members": ("Đang tham gia", "Members", "#,##0", ""),
    "last_year": ("Cùng kỳ năm trước", "A year ago", "#,##0", ""),
    "low": ("Khoảng dự báo 90%: dưới", "90% interval: low", "#,##0", ""),
    "expected": ("Dự kiến (trung bình)", "Expected (mean)", "#,##0", ""),
    "high": ("Khoảng dự báo 90%: trên", "90% interval: high", "#,##0", ""),
    "plan": ("Kế hoạch năm", "Plan of the year", "#,##0", ""),
    "gap": ("Còn thiếu", "Missing", "#,##0", '=IF(N({plan})>0,MAX(0,{plan}-{members}),"")'),
    "plan_chance": ("Khả năng đạt kế hoạch", "Probability of the plan", "0%", ""),
    "share": ("Phần khó như nhau", "Equally hard share", "#,##0", ""),
    "share_chance": ("Khả năng đạt phần đó", "Probability of the share", "0%", ""),
    "tried": ("Số lần thử lại", "Past forecasts tried", "0", ""),
    "met": ("Trong khoảng 80%", "Inside the 80% interval", "0", ""),
}
_SUMS = ("members", "last_year", "expected", "plan", "gap", "share", "tried", "met")


def workbook(found: Communes, lang: str = "vi") -> bytes:
    """Return the communes as .xlsx; the same counts, draws and seed give the same bytes.

    Means add up and are whole persons; bounds of the interval do not add up, so the place has its own.
    """
    at = 0 if lang == "vi" else 1
    book = openpyxl.Workbook()
    first = book.worksheets[0]
    first.title = ("Từng xã", "Communes")[at]
    _ranks(first, found, at)
    _months(book.create_sheet(("Dự báo theo tháng", "Forecast by month")[at]), found, at)
    if found.due is not None:
        _due(book.create_sheet(("Đến hạn theo tháng", "Due by month")[at]), found, at)
    stream = io.BytesIO()
    book.save(stream)
    return timeless(stream.getvalue())


def _head(sheet: Worksheet, found: Communes, title: str, names: list[str]) -> None:
    """Write the title, the mark of invented counts, and the headings in row 3."""
    sheet.append([inert(f"{title}, {found.place.name}")])
    sheet.append([MARK if found.synthetic else None])
    sheet.append([inert(name) for name in names])
    sheet["A1"].font, sheet["A2"].font = Font(bold=True, size=13), Font(bold=True, color="8C1D18")
    for cell in sheet[3]:
        cell.font, cell.fill = Font(bold=True), PatternFill("solid", fgColor="DFE3E8")
        cell.alignment = Alignment(wrap_text=True, horizontal="center", vertical="center")


def _ranks(sheet: Worksheet, found: Communes, at: int) -> None:
    until = words.month(found.by, ("vi", "en")[at])
    title = (f"Từng xã đến {until}, theo riêng số đã đếm", f"Communes to {until}, by the counts alone")[at]
    _head(sheet, found, title, [names[at] for names in HEADINGS.values()])
    letters = {name: get_column_letter(number) for number, name in enumerate(HEADINGS, 1)}
    top = 4
    for y, row in enumerate(found.table.to_dict("records"), top):
        cells = {name: f"{column}{y}" for name, column in letters.items()}
        sheet.append([_cell(row.get(name), told[3].format(**cells)) for name, told in HEADINGS.items()])
    last = top - 1 + len(found.table)
    end = found.whole[:, found.months.index(found.by)]
    low, high = (round(float(bound)) for bound in np.quantile(end, (0.05, 0.95)))
    own = {"commune": ("Cả địa bàn", "The whole place")[at], "low": low, "high": high, "plan_chance": found.goal_chance}
    if not found.table["plan"].sum() == found.goal:
        own["plan_chance"] = float("nan")  # what is shared out is not the plan
    sheet.append(
        [
            f"=SUM({letters[name]}{top}:{letters[name]}{last})" if name in _SUMS else _cell(own.get(name), "")
            for name in HEADINGS
        ]
    )
    for number, (name, told) in enumerate(HEADINGS.items(), 1):
        sheet.column_dimensions[letters[name]].width = 24 if name == "commune" else 13
        for y in range(top, last + 2):
            sheet.cell(y, number).number_format = told[2]
        sheet.cell(last + 1, number).font = Font(bold=True)
    sheet.freeze_panes = "C4"
    sheet.auto_filter.ref = f"A3:{letters['met']}{last}"


def _months(sheet: Worksheet, found: Communes, at: int) -> None:
    """Fill the sheet of means by month, whole persons that add up, with the interval of the place below the sum."""
    lang = ("vi", "en")[at]
    title = ("Số người dự kiến theo tháng", "Members expected by month")[at]
    _head(sheet, found, title, [("Xã, phường", "Commune")[at], *(words.month(m, lang) for m in found.months)])
    means = found.paths.mean(axis=0)
    whole = np.stack([shared(row, round(row.sum())) for row in means])
    names = [unit.rpartition("/")[2] for unit in found.stock.columns]
    for number, name in enumerate(names):
        sheet.append([inert(name), *(int(n) for n in whole[:, number])])
    _sum_row(sheet, 4, ("Cả địa bàn (tổng)", "The whole place (sum)")[at])
    for share, label in ((0.05, ("khoảng 90%: dưới", "90% interval: low")), (0.95, ("khoảng 90%: trên", "high"))):
        sheet.append([label[at], *(round(float(n)) for n in np.quantile(found.whole, share, axis=0))])
    _shape(sheet)


def _due(sheet: Worksheet, found: Communes, at: int) -> None:
    lang, due = ("vi", "en")[at], found.due
    assert due is not None  # the sheet is made where there is a list
    title = ("Số người đến hạn đóng theo tháng", "Members due by month")[at]
    months = [words.month(str(m), lang) for m in due.index]
    _head(sheet, found, title, [("Xã, phường", "Commune")[at], *months, ("Cộng", "Sum")[at]])
    end = get_column_letter(1 + len(due))
    for name in due.columns:
        y = sheet.max_row + 1
        sheet.append([inert(str(name)), *(int(n) for n in due[name]), f"=SUM(B{y}:{end}{y})"])
    _sum_row(sheet, 4, ("Cộng", "Sum")[at])
    _shape(sheet)


def _sum_row(sheet: Worksheet, top: int, label: str) -> None:
    """Add a row of sums below the rows from `top`."""
    last = sheet.max_row
    letters = [get_column_letter(number) for number in range(2, sheet.max_column + 1)]
    sheet.append([label, *(f"=SUM({letter}{top}:{letter}{last})" for letter in letters)])
    for cell in sheet[last + 1]:
        cell.font = Font(bold=True)


def _shape(sheet: Worksheet) -> None:
    sheet.column_dimensions["A"].width = 26
    for row in sheet.iter_rows(min_row=4, min_col=2):
        for cell in row:
            cell.number_format = "#,##0"
    sheet.freeze_panes = "B4"


def _cell(value: object, formula: str) -> str | float | None:
    """Return what stands in a cell: a formula of ours, a number, or a text that no program runs."""
    if formula:
        return formula
    if isinstance(value, str):
        return inert(value)
    number = float(str(value)) if value is not None else math.nan
    return None if math.isnan(number) else round(number, 3)
