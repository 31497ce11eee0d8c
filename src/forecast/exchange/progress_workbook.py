"""The month's report as a workbook whose sums, shares and gaps are formulas that work, saved with their results."""

import openpyxl
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from forecast.data.files import inert
from forecast.exchange import formulas, sheets
from forecast.exchange.progress import Progress

HEADINGS = {  # column: (Vietnamese, English); a formula where the third is given ({c:NAME} is the cell of a column)
    "commune": ("Xã, phường", "Commune", ""),
    "members": ("Đang tham gia", "Members", ""),
    "entries": ("Tăng mới trong tháng", "New in the month", ""),
    "lapses": ("Dừng đóng trong tháng", "Stopped in the month", ""),
    "before": ("Đang tham gia tháng trước", "Members a month ago", ""),
    "lapse": ("Tỷ lệ dừng", "Lapse", '=IF(N({before})>0,{lapses}/{before},"")'),
    "last_year": ("Cùng kỳ năm trước", "A year ago", ""),
    "change": ("Tăng, giảm so cùng kỳ", "Change on a year ago", '=IF(N({last_year})>0,{members}-{last_year},"")'),
    "low": ("Khoảng dự báo 90%: dưới", "90% interval: low", ""),
    "expected": ("Dự kiến (mức giữa)", "Expected (median)", ""),
    "high": ("Khoảng dự báo 90%: trên", "90% interval: high", ""),
    "early": (
        "Cảnh báo",
        "Warning",
        '=IF(N({low})=0,"",IF({members}<{low},"{under}",IF({members}>{high},"{over}","")))',
    ),
    "plan": ("Kế hoạch năm", "Plan of the year", ""),
    "done": ("% kế hoạch", "% of plan", '=IF(N({plan})>0,{members}/{plan},"")'),
    "missing": ("Còn thiếu", "Missing", '=IF(N({plan})>0,MAX(0,{plan}-{members}),"")'),
    "due": ("Đến hạn tháng sau", "Due next month", ""),
    "renewed": ("Đã đóng tiếp", "Renewed", ""),
    "hours": ("Giờ công tháng sau", "Hours next month", ""),
    "calls": ("Gọi nhắc", "Calls", ""),
    "visits": ("Thăm hộ", "Visits", ""),
    "meetings": ("Hội nghị", "Meetings", ""),
    "campaign_days": ("Ngày ra quân", "Campaign days", ""),
}
_SHARES, _TEXTS = ("lapse", "done"), ("commune", "early")
_OWN = {"low": 0, "expected": 1, "high": 2}  # of the place: its own interval, which is no sum
_WORDS = ({"under": "thấp", "over": "cao"}, {"under": "low", "over": "high"})  # of a warning
_NO_SUM = (*_SHARES, *_TEXTS, *_OWN)


def workbook(report: Progress, lang: str = "vi", about: str = "") -> bytes:
    """Return the report as .xlsx, signed with `about`; the same report gives the same bytes."""
    at = 0 if lang == "vi" else 1
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet.title = f"{report.month[5:]}-{report.month[:4]}"
    title = ("Tiến độ BHXH tự nguyện", "Progress of voluntary social insurance")[at]
    title = f"{title}, {report.place.name}, {report.month[5:]}/{report.month[:4]}"
    sheets.head(sheet, title, report.synthetic, [names[at] for names in HEADINGS.values()])
    letters = {name: get_column_letter(number) for number, name in enumerate(HEADINGS, 1)}
    first, last = 4, 3 + len(report.table)
    for y, row in enumerate(report.table.to_dict("records"), first):
        cells = {name: f"{column}{y}" for name, column in letters.items()} | _WORDS[at]
        sheet.append([sheets.cell(row.get(name), heading[2].format(**cells), 1) for name, heading in HEADINGS.items()])
    total = last + 1
    sheet.append([("Cộng", "Sum")[at]])
    cells = {name: f"{column}{total}" for name, column in letters.items()}
    for number, (name, heading) in enumerate(HEADINGS.items(), 1):
        if name in _SHARES or name in ("change", "missing"):
            sheet.cell(total, number).value = heading[2].format(**cells)
        elif name in _OWN:
            sheet.cell(total, number).value = sheets.cell(report.whole[_OWN[name]], "", 1)
        elif name not in _NO_SUM and report.table[name].notna().any():  # a sum of nothing is no 0
            sheet.cell(total, number).value = f"=SUM({letters[name]}{first}:{letters[name]}{last})"
    for number, name in enumerate(HEADINGS, 1):
        sheet.column_dimensions[letters[name]].width = 24 if name == "commune" else 12
        for y in range(first, total + 1):
            sheet.cell(y, number).number_format = "0.0%" if name in _SHARES else "#,##0"
        sheet.cell(total, number).font = Font(bold=True)
    sheet.freeze_panes = "B4"
    if report.due is not None:
        name = ("Đến hạn theo tháng", "Due by month")[at]
        sheets.due(book.create_sheet(name), report.due, report.place.name, report.synthetic, lang)
    if len(report.areas):
        _areas(book.create_sheet(("Theo khu vực thu", "By area")[at]), report, at)
    sheets.sign(book, about)
    return formulas.saved(book)


def _areas(sheet: Worksheet, report: Progress, at: int) -> None:
    """Fill the sheet by collector's area: persons of the list, who is due next month, who renewed."""
    title = ("Theo khu vực của nhân viên thu", "By collector's area")[at]
    names = (
        ("Khu vực thu", "Người trong danh sách", "Đến hạn tháng sau", "Đã đóng tiếp"),
        ("Collector's area", "Persons of the list", "Due next month", "Renewed"),
    )[at]
    sheets.head(sheet, f"{title}, {report.place.name}", report.synthetic, list(names))
    for area, *counts in report.areas.itertuples(index=False):
        sheet.append([inert(str(area)), *(int(count) for count in counts)])
    sheets.sum_row(sheet, ("Cộng", "Sum")[at])
    sheets.shape(sheet)
