"""The board as a spreadsheet: one sheet a language, the path by month, and what it rests on; values and no formula."""

import io

import openpyxl
import pandas as pd
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from forecast.data.files import inert, timeless
from forecast.desk.board.board import Board
from forecast.language.words import say, term

COLUMNS = {  # column of the rows: (Vietnamese heading, English heading, number format)
    "place": ("Nơi", "Place", "@"),
    "count_month": ("Tháng có số gần nhất", "Month of the latest count", "@"),
    "count_members": ("Số gần nhất", "Latest count", "#,##0"),
    "median_now": ("Hiện nay (mức giữa)", "Today (median)", "#,##0"),
    "low_now": ("Hiện nay: dưới (90%)", "Today: low (90%)", "#,##0"),
    "high_now": ("Hiện nay: trên (90%)", "Today: high (90%)", "#,##0"),
    "median_now_lasting": ("Trong đó bền vững", "Of these lasting", "#,##0"),
    "median_december": ("Tháng 12 này", "This December", "#,##0"),
    "low_december": ("Tháng 12: dưới", "December: low", "#,##0"),
    "high_december": ("Tháng 12: trên", "December: high", "#,##0"),
    "median_march": ("Tháng 3 tới", "Next March", "#,##0"),
    "target_review": ("Mốc 07/2028", "Mark of July 2028", "#,##0"),
    "basis_review": ("Căn cứ", "Basis", "@"),
    "chance_review": ("Khả năng đạt", "Probability", "0%"),
    "chance_review_lasting": ("Khả năng, người bền vững", "Probability, lasting", "0%"),
    "target_goal": ("Mục tiêu 12/2030", "Target of December 2030", "#,##0"),
    "basis_goal": ("Căn cứ", "Basis", "@"),
    "chance_goal": ("Khả năng đạt", "Probability", "0%"),
    "chance_goal_lasting": ("Khả năng, người bền vững", "Probability, lasting", "0%"),
    "own_target": ("Chỉ tiêu riêng đã công bố", "Own published target", "#,##0"),
    "own_month": ("Đến tháng", "By", "@"),
    "own_chance": ("Khả năng đạt", "Probability", "0%"),
    "needed": ("Cần thêm mỗi tháng (bền vững)", "Needed a month (lasting)", "#,##0"),
    "expected": ("Dự kiến thêm mỗi tháng", "Expected a month", "#,##0"),
    "median_rise_year": ("Mức sàn mới: sau một năm", "New floor: after a year", "#,##0"),
    "low_rise_year": ("Dưới", "Low", "#,##0"),
    "high_rise_year": ("Trên", "High", "#,##0"),
}
PATH = {
    "place": ("Nơi", "Place"),
    "month": ("Tháng", "Month"),
    "measure": ("Số đo", "Measure"),
    "q05": ("5%", "5%"),
    "q25": ("25%", "25%"),
    "median": ("Mức giữa", "Median"),
    "q75": ("75%", "75%"),
    "q95": ("95%", "95%"),
}


def workbook(board: Board, about: dict[str, str] | None = None) -> bytes:
    """Return the board as .xlsx; `about` is what stands under its title by language. The same board, the same bytes."""
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for lang in ("vi", "en"):
        sheet = book.create_sheet(say(lang, vi="Bảng 2030", en="Board 2030"))
        head = say(
            lang,
            vi="Bảng 2030: người tham gia BHXH tự nguyện của cả nước và từng tỉnh, tính đến {m:T}",
            en="Board 2030: members of voluntary social insurance, the nation and every province, as of {m:T}",
            m=board.asked.month,
        )
        sheet.append([inert(head)])
        sheet.append([inert((about or {}).get(lang, ""))])
        _fill(sheet, board.rows, {name: heads[lang == "en"] for name, heads in COLUMNS.items()}, lang)
        for column, (_, _, form) in enumerate(COLUMNS.values(), 1):
            for line in range(4, sheet.max_row + 1):
                sheet.cell(line, column).number_format = form
        sheet["A1"].font = Font(bold=True, size=13)
        sheet.freeze_panes = "B4"
        path = book.create_sheet(say(lang, vi="Theo tháng", en="By month"))
        _fill(path, board.paths, {name: heads[lang == "en"] for name, heads in PATH.items()}, lang)
        path.freeze_panes = "D2"
    stream = io.BytesIO()
    book.save(stream)
    return timeless(stream.getvalue())


def _fill(sheet: Worksheet, rows: pd.DataFrame, heads: dict[str, str], lang: str) -> None:
    """Write headings and rows below what is there."""
    sheet.append(list(heads.values()))
    first = sheet.max_row
    for row in rows.reindex(columns=list(heads)).to_dict("records"):
        sheet.append([_cell(str(name), value, lang) for name, value in row.items()])
    for column in range(1, len(heads) + 1):
        head = sheet.cell(first, column)
        head.font, head.fill = Font(bold=True), PatternFill("solid", fgColor="DFE3E8")
        head.alignment = Alignment(wrap_text=True, vertical="center", horizontal="center")
        sheet.column_dimensions[get_column_letter(column)].width = 22 if column == 1 else 13


def _cell(column: str, value: object, lang: str) -> str | float | None:
    if isinstance(value, str):
        kind = {"basis_review": "status", "basis_goal": "status", "measure": "measure"}.get(column)
        return inert(term(f"{kind}.{value}", lang) if kind and value else value)
    number = float(str(value)) if value is not None else float("nan")
    return None if number != number else round(number, 4)
