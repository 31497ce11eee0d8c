"""Communes by one's own counts as a workbook that adds up: ranks and shares, forecast by month, who is due by month."""

import numpy as np
import openpyxl
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from forecast.data.apportion import shared
from forecast.data.files import inert
from forecast.exchange import formulas, sheets
from forecast.exchange.own_communes import Communes
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
_COUNTED = {"gap": "plan"}  # what a formula is of
_SUMS = ("members", "last_year", "expected", "plan", "gap", "share", "tried", "met")


def workbook(communes: Communes, lang: str = "vi", about: str = "") -> bytes:
    """Return the communes as .xlsx, signed with `about`; the same counts, draws and seed give the same bytes.

    Means add up and are whole persons; bounds of the interval do not add up, so the place has its own.
    """
    at = 0 if lang == "vi" else 1
    book = openpyxl.Workbook()
    first = book.worksheets[0]
    first.title = ("Từng xã", "Communes")[at]
    _ranks(first, communes, at)
    _months(book.create_sheet(("Dự báo theo tháng", "Forecast by month")[at]), communes, at)
    if communes.due is not None:
        name = ("Đến hạn theo tháng", "Due by month")[at]
        sheets.due(book.create_sheet(name), communes.due, communes.place.name, communes.synthetic, lang)
    sheets.sign(book, about)
    return formulas.saved(book)


def _ranks(sheet: Worksheet, communes: Communes, at: int) -> None:
    until = words.month(communes.by, ("vi", "en")[at])
    title = (f"Từng xã đến {until}, theo riêng số đã đếm", f"Communes to {until}, by the counts alone")[at]
    sheets.head(
        sheet, f"{title}, {communes.place.name}", communes.synthetic, [names[at] for names in HEADINGS.values()]
    )
    letters = {name: get_column_letter(number) for number, name in enumerate(HEADINGS, 1)}
    top = sheets.TOP
    for y, row in enumerate(communes.table.to_dict("records"), top):
        cells = {name: f"{column}{y}" for name, column in letters.items()}
        sheet.append([sheets.cell(row.get(name), heading[3].format(**cells), 3) for name, heading in HEADINGS.items()])
    last = top - 1 + len(communes.table)
    end = communes.whole[:, communes.months.index(communes.by)]
    low, high = (round(float(bound)) for bound in np.quantile(end, (0.05, 0.95)))
    totals = {
        "commune": ("Cả địa bàn", "The whole place")[at],
        "low": low,
        "high": high,
        "plan_chance": communes.goal_chance,
    }
    if not communes.table["plan"].sum() == communes.goal:
        totals["plan_chance"] = float("nan")  # what is shared out is not the plan
    sheet.append(
        [
            f"=SUM({letters[name]}{top}:{letters[name]}{last})"
            if name in _SUMS and communes.table[_COUNTED.get(name, name)].notna().any()  # a sum of nothing is no 0
            else sheets.cell(totals.get(name), "", 3)
            for name in HEADINGS
        ]
    )
    for number, (name, heading) in enumerate(HEADINGS.items(), 1):
        sheet.column_dimensions[letters[name]].width = 24 if name == "commune" else 13
        for y in range(top, last + 2):
            sheet.cell(y, number).number_format = heading[2]
        sheet.cell(last + 1, number).font = Font(bold=True)
    sheet.freeze_panes = "C4"
    sheet.auto_filter.ref = f"A3:{letters['met']}{last}"


def _months(sheet: Worksheet, communes: Communes, at: int) -> None:
    """Fill the sheet of means by month, whole persons that add up, with the interval of the place below the sum."""
    lang = ("vi", "en")[at]
    title = ("Số người dự kiến theo tháng", "Members expected by month")[at]
    names = [("Xã, phường", "Commune")[at], *(words.month(m, lang) for m in communes.months)]
    sheets.head(sheet, f"{title}, {communes.place.name}", communes.synthetic, names)
    means = communes.paths.mean(axis=0)
    whole = np.stack([shared(row, round(row.sum())) for row in means])
    units = [str(name) for name in communes.stock.columns]
    for number, name in enumerate(units):
        sheet.append([inert(name), *(int(n) for n in whole[:, number])])
    sheets.sum_row(sheet, ("Cả địa bàn (tổng)", "The whole place (sum)")[at])
    for share, label in ((0.05, ("khoảng 90%: dưới", "90% interval: low")), (0.95, ("khoảng 90%: trên", "high"))):
        sheet.append([label[at], *(round(float(n)) for n in np.quantile(communes.whole, share, axis=0))])
    sheets.shape(sheet)
