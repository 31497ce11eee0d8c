"""A target split over communes as a spreadsheet that an office can send out."""

import io
from collections.abc import Mapping

import openpyxl
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet

from forecast.data import history
from forecast.data.files import inert, timeless
from forecast.desk.allocation import Allocation
from forecast.language import words
from forecast.language.words import say
from forecast.question.scenario import target_of

COLUMNS = {  # column: (Vietnamese heading, English heading, number format, width)
    "commune": ("Xã, phường, thị trấn", "Commune", "@", 30),
    "district": ("Huyện", "District", "@", 18),
    "people": ("Số người thuộc diện", "People eligible", "#,##0", 14),
    "opening": ("Đang tham gia đầu kỳ (mô phỏng)", "Members at the start (simulated)", "#,##0", 17),
    "expected": ("Dự kiến đến hạn (mức giữa)", "Expected by the date (median)", "#,##0", 15),
    "share_by_capacity": ("Chỉ tiêu theo khả năng (khó như nhau)", "Share by capacity (equally hard)", "#,##0", 17),
    "chance_by_capacity": ("Khả năng đạt", "Probability", "0%", 11),
    "share_by_people": ("Chỉ tiêu theo dân số", "Share by people", "#,##0", 14),
    "chance_by_people": ("Khả năng đạt", "Probability", "0%", 11),
}

BASIS = {  # what stands on the last sheet
    "vi": (
        "Căn cứ của bảng phân bổ",
        "Kịch bản {name}; số đầu kỳ {opening:n} người ({status}), {month:T}; {draws:n} lần mô phỏng để chia, {draws:n} "
        "lần khác để kiểm tra; số khởi tạo ngẫu nhiên {seed}.",
        "Chia theo khả năng: mỗi xã đạt phần của mình với cùng một xác suất ({p:c}). Chia theo dân số: theo số người "
        "thuộc diện tham gia.",
        "SỐ GIẢ LẬP: số người đang tham gia của từng xã không được công bố; ở đây do mô hình chia từ số của cả địa "
        "bàn. Số nhân viên thu từng xã cũng được chia theo dân số nếu không có số riêng.",
        "Về dân số và các tỷ lệ của địa bàn (tiếng Anh, như trong places.csv): {note}",
        "Nguồn: {names}",
    ),
    "en": (
        "What the allocation rests on",
        "Scenario {name}; opening stock {opening:n} ({status}), {month:T}; {draws:n} simulations to split, {draws:n} "
        "others to judge; seed {seed}.",
        "By capacity: each commune meets its share with the same probability ({p:c}). By people: in proportion to "
        "eligible people.",
        "SYNTHETIC: members by commune were never published; here the model spreads the count of the whole place. "
        "Collectors by commune are spread by people as well where there is no own count.",
        "On people and shares of the place (as in places.csv): {note}",
        "Sources: {names}",
    ),
}


def workbook(allocation: Allocation, draws: int, seed: int, about: Mapping[str, str] | None = None) -> bytes:
    """Return the allocation as a spreadsheet that an office can send out: Vietnamese, English, and what it rests on.

    `about` is what the file says of itself, by language, on its last sheet. Everything is a value and
    nothing a formula; text that a spreadsheet would run stands as text. The same allocation gives the same bytes.
    """
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for lang, title in (("vi", "Phân bổ chỉ tiêu"), ("en", "Allocation")):
        sheet = book.create_sheet(title)
        _sheet(sheet, allocation, lang)
    notes = book.create_sheet("Nguồn - Sources")
    notes.column_dimensions["A"].width = 120
    lines = {lang: [*_basis(allocation, draws, seed, lang), (about or {}).get(lang, "")] for lang in ("vi", "en")}
    for line in (*lines["vi"], "", *lines["en"]):
        notes.append([inert(line)])
        notes.cell(notes.max_row, 1).alignment = Alignment(wrap_text=True, vertical="top")
    stream = io.BytesIO()
    book.save(stream)
    return timeless(stream.getvalue())


def _sheet(sheet: Worksheet, allocation: Allocation, lang: str) -> None:
    """Fill one sheet: title, headings, a row for each commune, the sum."""
    target, place = target_of(allocation.scenario), allocation.scenario.place
    here = ("vi", "en").index(lang)
    title = say(
        lang,
        vi="{place}: phân bổ chỉ tiêu {v:n} người tham gia BHXH tự nguyện đến {by:T}",
        en="{place}: a target of {v:n} members by {by:T}, split over communes",
        place=place.name,
        v=target.value,
        by=target.by,
    )
    chance = say(
        lang,
        vi="Cả địa bàn đạt chỉ tiêu với khả năng {p:c}. Dự thảo từ mô phỏng, không phải số liệu thống kê.",
        en="The whole place meets the target with probability {p:c}. A draft from simulations, not a count.",
        p=words.Chance(allocation.place_chance, 2 * int(allocation.table["draws"].iloc[0])),
    )
    sheet.append([inert(title)])
    sheet.append([inert(chance)])
    sheet.append([heads[here] for heads in COLUMNS.values()])
    for row in allocation.table[list(COLUMNS)].itertuples(index=False):
        name, district, *numbers = row
        sheet.append([inert(name.rpartition("/")[2]), inert(district), *numbers])
    counts = [name for name in COLUMNS if name in ("people", "opening", "share_by_capacity", "share_by_people")]
    total = {name: int(allocation.table[name].sum()) for name in counts}
    sheet.append([say(lang, vi="Cộng", en="Sum"), "", *(total.get(name) for name in list(COLUMNS)[2:])])
    first, last = 3, sheet.max_row
    for column, (_, _, form, width) in enumerate(COLUMNS.values(), 1):
        letter = get_column_letter(column)
        sheet.column_dimensions[letter].width = width
        for line in range(first + 1, last + 1):
            sheet.cell(line, column).number_format = form
        head = sheet.cell(first, column)
        head.font, head.fill = Font(bold=True), PatternFill("solid", fgColor="DFE3E8")
        head.alignment = Alignment(wrap_text=True, vertical="center", horizontal="center")
        sheet.cell(last, column).font = Font(bold=True)
    sheet["A1"].font = Font(bold=True, size=13)
    sheet.freeze_panes = f"B{first + 1}"
    sheet.auto_filter.ref = f"A{first}:{get_column_letter(len(COLUMNS))}{last - 1}"
    sheet.print_title_rows = f"{first}:{first}"
    sheet.page_setup.orientation, sheet.page_setup.paperSize = "landscape", int(sheet.PAPERSIZE_A4)
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    if sheet.oddFooter is not None:
        sheet.oddFooter.center.text = "&P / &N"


def _basis(allocation: Allocation, draws: int, seed: int, lang: str) -> list[str]:
    """Lines that say what the numbers rest on, and which of them nobody has checked."""
    place, scenario = allocation.scenario.place, allocation.scenario
    known = {
        "name": scenario.scenario,
        "opening": scenario.opening[0],
        "month": scenario.opening[1],
        "draws": draws,
        "status": words.form(scenario.opening[2], "status", lang),
        "seed": str(seed),
        "p": allocation.level,
        "note": place.note or "-",
        "names": "; ".join(history.publishers(place)) or "-",
    }
    lines = [say(lang, vi=vi, en=en, **known) for vi, en in zip(BASIS["vi"], BASIS["en"], strict=True)]
    return [str(line) for line in lines]
