"""The month's report as a workbook whose sums, shares and gaps are formulas that work."""

import io
import math

import openpyxl
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter

from forecast.data.files import inert, timeless
from forecast.exchange.progress import Progress
from forecast.exchange.spreadsheet import MARK

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
    "early": ("Cảnh báo", "Warning", '=IF(N({low})=0,"",IF({members}<{low},"thấp",IF({members}>{high},"cao","")))'),
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
_NO_SUM = (*_SHARES, *_TEXTS, "low", "high", "expected")


def workbook(report: Progress, lang: str = "vi") -> bytes:
    """Return the report as .xlsx; the same report gives the same bytes."""
    at = 0 if lang == "vi" else 1
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet.title = f"{report.month[5:]}-{report.month[:4]}"
    title = ("Tiến độ BHXH tự nguyện", "Progress of voluntary social insurance")[at]
    sheet.append([inert(f"{title}, {report.place.name}, {report.month[5:]}/{report.month[:4]}")])
    sheet.append([MARK if report.synthetic else None])
    sheet.append([names[at] for names in HEADINGS.values()])
    letters = {name: get_column_letter(number) for number, name in enumerate(HEADINGS, 1)}
    first, last = 4, 3 + len(report.table)
    for y, row in enumerate(report.table.to_dict("records"), first):
        cells = {name: f"{column}{y}" for name, column in letters.items()}
        sheet.append([_cell(row.get(name), told[2].format(**cells)) for name, told in HEADINGS.items()])
    total = last + 1
    sheet.append([("Cộng", "Sum")[at]])
    cells = {name: f"{column}{total}" for name, column in letters.items()}
    for number, (name, told) in enumerate(HEADINGS.items(), 1):
        if name in _SHARES or name in ("change", "missing"):
            sheet.cell(total, number).value = told[2].format(**cells)
        elif name not in _NO_SUM:
            sheet.cell(total, number).value = f"=SUM({letters[name]}{first}:{letters[name]}{last})"
    for number, name in enumerate(HEADINGS, 1):
        head = sheet.cell(3, number)
        head.font, head.fill = Font(bold=True), PatternFill("solid", fgColor="DFE3E8")
        head.alignment = Alignment(wrap_text=True, horizontal="center", vertical="center")
        sheet.column_dimensions[letters[name]].width = 24 if name == "commune" else 12
        for y in range(first, total + 1):
            sheet.cell(y, number).number_format = "0.0%" if name in _SHARES else "#,##0"
        sheet.cell(total, number).font = Font(bold=True)
    sheet["A1"].font, sheet["A2"].font = Font(bold=True, size=13), Font(bold=True, color="8C1D18")
    sheet.freeze_panes = "B4"
    stream = io.BytesIO()
    book.save(stream)
    return timeless(stream.getvalue())


def _cell(value: object, formula: str) -> str | float | None:
    """Return what stands in a cell: a formula of ours, a number, or a text that no program runs."""
    if formula:
        return formula
    if isinstance(value, str):
        return inert(value)
    number = float(str(value)) if value is not None else float("nan")
    return None if math.isnan(number) else round(number, 1)
