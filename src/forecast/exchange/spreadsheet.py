"""Planners' spreadsheets, in and out: what an office keeps by commune and month becomes a table, and a sample of it.

A file is a workbook whose first sheet has a row for each commune and month under headings that may take two rows and
be merged. Headings are known by their words, without regard to capitals, spaces or how diacritics are stored. Values
are read as they were saved: no formula is ever run, and nothing is looked up elsewhere. Every fault is named with its
sheet, row and column, and a file with a fault gives no table at all.
"""

import datetime
import io
import math
import re
import unicodedata
import zipfile
from pathlib import Path
from typing import NamedTuple

import openpyxl
import pandas as pd
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.utils.exceptions import InvalidFileException

from forecast.data import chance, tables
from forecast.data.files import inert, timeless
from forecast.data.places import Place, slug
from forecast.data.tables import UserError

MOST_BYTES, MOST_UNPACKED, MOST_RATIO = 30e6, 200e6, 300  # of a file, of what is in it, and of the one to the other
MOST_ROWS, MOST_COLUMNS, HEAD_ROWS, MOST_FAULTS = 200_000, 60, 30, 20
MARK = "SỐ LIỆU GIẢ LẬP"  # stands in a sample; a file with it gives synthetic counts, whatever became of it
# Headings by what they hold, without diacritics; the longest that is found in a heading decides.
HEADINGS = {
    "commune": ("xa phuong", "ten xa", "don vi", "xa", "phuong", "commune"),
    "month": ("thang bao cao", "ky bao cao", "thang nam", "thang", "ky", "month"),
    "members": ("dang tham gia", "so nguoi tham gia", "luy ke cuoi thang", "cuoi ky", "members"),
    "entries": ("tang moi", "tham gia moi", "phat trien moi", "entries", "new members"),
    "lapses": ("dung dong", "ngung dong", "so giam", "giam", "lapses"),
    "plan": ("ke hoach", "chi tieu", "plan"),
}
NEEDED = ("commune", "month", "members")
SUMS = ("cong", "tong", "tong cong", "tong so", "toan huyen", "toan tinh", "toan xa", "sum", "total")
COLUMNS = ["commune", "month", "members", "entries", "lapses", "plan"]
NAMES = {"commune": "Xã, phường", "month": "Tháng", "members": "Đang tham gia", "entries": "Tăng mới",
         "lapses": "Dừng đóng", "plan": "Kế hoạch năm"}  # fmt: skip


# What a cell should have held, in Vietnamese and English.
EXPECTED = {
    "commune": ("tên một xã, phường", "the name of a commune"),
    "month": ("một tháng, như 12/2023 hoặc 31/12/2023", "a month: 12/2023 or 31/12/2023"),
    "members": ("số người đang tham gia", "a count of persons"),
    "count": ("một số nguyên, như 1234 hoặc 1.234", "a whole number of persons, with or without a sign for thousands"),
    "once": ("mỗi xã một dòng trong mỗi tháng", "each commune once a month, and another row has it already"),
}


class Fault(NamedTuple):
    """A cell that is not what its column asks for; `expected` is a key of :data:`EXPECTED`."""

    row: int
    letter: str
    column: str
    value: str
    expected: str


class SheetError(UserError):
    """Faults of a spreadsheet, as many as there are in `faults`; the message names the first of them."""

    def __init__(self, file: str, sheet: str, faults: list[Fault]):
        """Keep the faults and build the message."""
        self.faults = faults
        told = [f'{file}: sheet "{sheet}", row {f.row}, column {f.letter} ({NAMES[f.column]}): "{f.value}"; expected '
                f"{EXPECTED[f.expected][1]}" for f in faults[:MOST_FAULTS]]  # fmt: skip
        more = len(faults) - MOST_FAULTS
        super().__init__("\n".join(told + ([f"{file}: and {more} faults more"] if more > 0 else [])))


class Book(NamedTuple):
    """What a spreadsheet holds: `counts` (the columns of `COLUMNS`, a row for each commune and month), and marks."""

    counts: pd.DataFrame
    synthetic: bool
    sheet: str


def fold(text) -> str:
    """Return text in small letters without diacritics, however they were stored, its words parted by single spaces.

    >>> fold("Xã,  PHƯỜNG"), fold(unicodedata.normalize("NFD", "Đang tham gia"))
    ('xa phuong', 'dang tham gia')
    """
    return slug(unicodedata.normalize("NFC", str(text or ""))).replace("-", " ")


def whole(value) -> int | None:
    """Return a count, None for what is none: 1234, "1.234", "1 234", "1,234"; never 1.5 or a negative number.

    >>> whole("1.234"), whole("12 345"), whole(7.0), whole("1.23"), whole(True), whole(-1)
    (1234, 12345, 7, None, None, None)
    """
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return int(value) if math.isfinite(value) and value >= 0 and value == int(value) else None
    text = str(value).replace("\xa0", " ").replace("\u202f", " ").strip()
    if re.fullmatch(r"\d{1,3}([., ]\d{3})+|\d+", text) and len({c for c in text if not c.isdigit()}) <= 1:
        return int(re.sub(r"\D", "", text))
    return None


def month_of(value) -> str | None:
    """Return the month (`YYYY-MM`) that a cell names, None if it names none.

    >>> [month_of(x) for x in ("31/12/2023", "12/2023", "Tháng 3 năm 2024", "2024-03", "13/2024", 5)]
    ['2023-12', '2023-12', '2024-03', '2024-03', None, None]
    """
    if isinstance(value, datetime.datetime | datetime.date):
        return f"{value.year:04d}-{value.month:02d}"
    text = fold(value)
    parts = re.fullmatch(r"(?:ngay )?(?:(\d{1,2}) )?(?:thang |t ?)?(\d{1,2}) (?:nam )?(\d{4})", text)
    if parts:
        day, month, year = (int(part or 1) for part in parts.groups())
    elif parts := re.fullmatch(r"(\d{4}) (\d{1,2})", text):
        day, year, month = 1, *map(int, parts.groups())
    else:
        return None
    try:
        datetime.date(year, month, day)
    except ValueError:
        return None
    return f"{year:04d}-{month:02d}"


def read(path: Path) -> Book:
    """Read a planner's spreadsheet; every fault is named at once, and then there is no table.

    Raises :class:`~forecast.data.tables.UserError` for a file that is no workbook, is too large once unpacked, lacks a
    heading, or holds a cell that is not what its column asks for.
    """
    path = Path(path)
    _no_bomb(path)
    try:
        book = openpyxl.load_workbook(path, read_only=True, data_only=True, keep_links=False)
    except (InvalidFileException, zipfile.BadZipFile, KeyError, ValueError, OSError, SyntaxError):
        raise UserError(f"{path.name}: not a spreadsheet that can be read; expected an .xlsx file") from None
    try:
        sheet = book.worksheets[0] if book.worksheets else None
        if sheet is None:
            raise UserError(f"{path.name}: no sheet in it; expected a row for each commune and month")
        sheet.reset_dimensions()
        rows = []
        for row in sheet.iter_rows(max_col=MOST_COLUMNS, values_only=True):
            rows.append(row)
            if len(rows) > MOST_ROWS:
                raise UserError(f'{path.name}: sheet "{sheet.title}" has more than {MOST_ROWS:,} rows; split the file')
        return _table(rows, path.name, sheet.title)
    except (SyntaxError, ValueError, KeyError, zipfile.BadZipFile):
        raise UserError(f"{path.name}: a damaged spreadsheet; save it again as .xlsx") from None
    finally:
        book.close()


def _no_bomb(path: Path) -> None:
    """Raise an error if a file is too large, or would be once unpacked."""
    if not path.is_file():
        raise UserError(f"{path}: there is no such file")
    size = path.stat().st_size
    if size > MOST_BYTES:
        raise UserError(f"{path.name}: {size / 1e6:.0f} MB; expected at most {MOST_BYTES / 1e6:.0f}")
    try:
        with zipfile.ZipFile(path) as packed:
            inside = sum(item.file_size for item in packed.infolist())
    except (zipfile.BadZipFile, OSError):
        raise UserError(f"{path.name}: not a spreadsheet that can be read; expected an .xlsx file") from None
    if inside > MOST_UNPACKED or inside > MOST_RATIO * max(size, 10_000):
        raise UserError(f"{path.name}: unpacks to {inside / 1e6:,.0f} MB, which no report of communes needs; not read")


def _table(rows: list[tuple], file: str, sheet: str) -> Book:
    """Turn the rows of a sheet into counts, or name every fault."""
    head, columns = _headings(rows, file, sheet)
    marked = any(fold(MARK) in fold(cell) for row in rows[: head + 1] for cell in row if isinstance(cell, str))
    found, faults, seen = [], [], {}

    def fault(number: int, column: str, value, expected: str) -> None:
        letter = get_column_letter(columns[column] + 1)
        faults.append(Fault(number, letter, column, "" if value is None else str(value), expected))

    for number, row in enumerate(rows[head + 1 :], head + 2):
        cells = {name: row[at] if at < len(row) else None for name, at in columns.items()}
        if all(cell in (None, "") for cell in cells.values()) or fold(cells["commune"]) in SUMS:
            continue
        name = unicodedata.normalize("NFC", " ".join(str(cells["commune"] or "").split()))
        month = month_of(cells["month"])
        if not name:
            fault(number, "commune", None, "commune")
        if month is None:
            fault(number, "month", cells["month"], "month")
        counts = {}
        for column in COLUMNS[2:]:
            value = cells.get(column)
            if value in (None, ""):
                counts[column] = math.nan
                if column == "members":
                    fault(number, column, None, "members")
                continue
            count = whole(value)
            counts[column] = math.nan if count is None else float(count)
            if count is None:
                fault(number, column, value, "count")
        if name and month:
            first = seen.setdefault((fold(name), month), number)
            if first != number:
                fault(number, "month", cells["month"], "once")
        found.append({"commune": name, "month": month} | counts)
    if faults:
        raise SheetError(file, sheet, faults)
    if not found:
        raise UserError(f'{file}: sheet "{sheet}" has no row of a commune below its headings')
    return Book(pd.DataFrame(found, columns=COLUMNS), marked, sheet)


def _headings(rows: list[tuple], file: str, sheet: str) -> tuple[int, dict[str, int]]:
    """Return the last row of the headings (from 0) and the column of each; they take one row or two, and may be merged.

    A merged cell has its text in its first cell only, so the upper row is carried on to the right.
    """
    best: dict[str, int] = {}
    for at in range(min(len(rows), HEAD_ROWS)):
        for last in (at, at + 1):
            if last >= len(rows):
                continue
            upper = _carried(rows[at]) if last > at else [""] * len(rows[last])
            texts = [f"{a} {fold(b)}".strip() for a, b in zip(upper, rows[last], strict=False)]
            found = _match(texts)
            if all(name in found for name in NEEDED):
                below = _match([fold(cell) for cell in rows[last + 1]]) if last + 1 < len(rows) else {}
                if last == at and len(below) > 1:
                    continue  # a second row of headings follows
                return last, found
            best = max(best, found, key=len)
    missing = ", ".join(f'"{NAMES[name]}"' for name in NEEDED if name not in best)
    raise UserError(f'{file}: sheet "{sheet}": no heading {missing} in its first {HEAD_ROWS} rows; expected a row of '
                    f"headings with at least {', '.join(NAMES[name] for name in NEEDED)}")  # fmt: skip


def _carried(row: tuple) -> list[str]:
    out, last = [], ""
    for cell in row:
        last = fold(cell) if cell not in (None, "") else last
        out.append(last)
    return out


def _match(texts: list[str]) -> dict[str, int]:
    """Return the column of each heading: the one whose words fit best, each column once."""
    fits = []
    for at, text in enumerate(texts):
        for name, words in HEADINGS.items():
            length = max((len(w) for w in words if re.search(rf"\b{w}\b", text)), default=0)
            if length and len(text) < 80:  # longer is a title
                fits.append((-length, at, name))
    found: dict[str, int] = {}
    for _, at, name in sorted(fits):
        if name not in found and at not in found.values():
            found[name] = at
    return found


def sample(place: Place, since: str, months: int = 36, seed: int = 1) -> bytes:
    """Return a spreadsheet of the planners' shape with invented counts of a place's communes, marked as such.

    People join by a commune's size, most of them in the last months of a year, and stop most in the first, so that the
    counts have the saw-tooth; members = members before + new - stopped. The same seed gives the same bytes.
    """
    if not 1 <= months <= 240:
        raise UserError(f"months: {months}; expected 1 to 240")
    rows = invented(place, since, months, seed)
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Báo cáo tháng"
    sheet.append([inert(f"Báo cáo người tham gia BHXH tự nguyện theo xã, {place.name}")])
    sheet.append([f"{MARK}: số do máy tạo ra để làm mẫu, không phải số thật"])
    sheet.append([])
    sheet.append(["STT", NAMES["commune"], NAMES["month"], "Trong tháng (người)", None, "Cuối tháng (người)", None])
    sheet.append([None, None, None, NAMES["entries"], NAMES["lapses"], NAMES["members"], NAMES["plan"]])
    for number, row in enumerate(rows.itertuples(), 1):
        sheet.append([number, inert(row.commune), datetime.date(int(row.month[:4]), int(row.month[5:]), 1),
                      row.entries, row.lapses, row.members, row.plan])  # fmt: skip
        sheet.cell(sheet.max_row, 3).number_format = "mm/yyyy"
    for area in ("A4:A5", "B4:B5", "C4:C5", "D4:E4", "F4:G4"):
        sheet.merge_cells(area)
    for cells in sheet["A4:G5"]:
        for cell in cells:
            cell.font, cell.fill = Font(bold=True), PatternFill("solid", fgColor="DFE3E8")
            cell.alignment = Alignment(wrap_text=True, horizontal="center", vertical="center")
    sheet["A1"].font, sheet["A2"].font = Font(bold=True, size=13), Font(bold=True, color="8C1D18")
    for letter, width in zip("ABCDEFG", (6, 28, 12, 12, 12, 16, 14), strict=True):
        sheet.column_dimensions[letter].width = width
    for cells in sheet.iter_rows(min_row=6, min_col=4, max_col=7):
        for cell in cells:
            cell.number_format = "#,##0"
    sheet.freeze_panes = "D6"
    stream = io.BytesIO()
    book.save(stream)
    return timeless(stream.getvalue())


def invented(place: Place, since: str, months: int, seed: int) -> pd.DataFrame:
    """Return invented counts with the columns of `COLUMNS`, by commune and month from `since`."""
    first, rows = tables.month(since), []
    key = chance.streams(seed, [0])[0]
    for commune in place.communes.itertuples():
        own = chance.child_array(key, chance.name_number(commune.commune))
        members, plan = round(0.015 * commune.eligible * (0.5 + chance.uniform_array(own, 0))), 0
        for step in range(months):
            when = first + step
            if step == 0 or when.month == 1:
                plan = round(1.3 * members) + 1
            busy = {11: 2.0, 12: 3.5}.get(when.month, 0.7)
            leaving = {1: 3.0, 2: 2.5, 3: 2.0}.get(when.month, 0.6)
            luck = [float(chance.uniform_array(own, 1 + 2 * step + i)) for i in range(2)]
            entries = int(0.0012 * commune.eligible * busy * (0.5 + luck[0]) + luck[1])
            lapses = min(members, int(0.02 * members * leaving * (0.5 + luck[1]) + luck[0]))
            members += entries - lapses
            rows.append({"commune": commune.commune.rpartition("/")[2], "month": str(when), "members": members,
                         "entries": entries, "lapses": lapses, "plan": plan})  # fmt: skip
    return pd.DataFrame(rows, columns=COLUMNS)
