"""A sample of the spreadsheets that offices keep, with invented counts and a mark that says so."""

import datetime
import io

import openpyxl
import pandas as pd
from openpyxl.styles import Alignment, Font, PatternFill

from forecast.data import tables
from forecast.data.files import inert, timeless
from forecast.data.frames import rows as rows_of
from forecast.data.places import Place
from forecast.data.tables import UserError
from forecast.exchange.spreadsheet import COLUMNS, MARK, NAMES


def sample(place: Place, since: str, months: int = 36, seed: int = 1) -> bytes:
    """Return a spreadsheet of the planners' shape with invented counts of a place's communes, marked as such.

    People join by a commune's size, most of them in the last months of a year, and stop most in the first, so that the
    counts have the saw-tooth; members = members before + new - stopped. The same seed gives the same bytes.
    """
    if not 1 <= months <= 240:
        raise UserError("months: {months}; expected 1 to 240", months=months)
    rows = invented(place, since, months, seed)
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet.title = "Báo cáo tháng"
    sheet.append([inert(f"Báo cáo người tham gia BHXH tự nguyện theo xã, {place.name}")])
    sheet.append([f"{MARK}: số do máy tạo ra để làm mẫu, không phải số thật"])
    sheet.append([])
    sheet.append(["STT", NAMES["commune"], NAMES["month"], "Trong tháng (người)", None, "Cuối tháng (người)", None])
    sheet.append([None, None, None, NAMES["entries"], NAMES["lapses"], NAMES["members"], NAMES["plan"]])
    for number, row in enumerate(rows_of(rows), 1):
        month = datetime.date(int(row.month[:4]), int(row.month[5:]), 1)
        sheet.append([number, inert(row.commune), month, row.entries, row.lapses, row.members, row.plan])
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
    from forecast.data import chance  # compiles: not for a command that only reads

    key = chance.streams(seed, [0])[0]
    ends = [str(unit).rpartition("/")[2] for unit in place.communes["commune"]]
    again = {end for end in ends if ends.count(end) > 1}  # told apart by their district
    for commune in rows_of(place.communes):
        child_key = chance.child_array(key, chance.name_number(commune.commune))
        members, plan = round(0.015 * commune.eligible * (0.5 + chance.uniform_array(child_key, 0))), 0
        end = commune.commune.rpartition("/")[2]
        name = f"{end} ({commune.district})" if end in again else end
        for step in range(months):
            when = first + step
            if step == 0 or when.month == 1:
                plan = round(1.3 * members) + 1
            busy = {11: 2.0, 12: 3.5}.get(when.month, 0.7)
            leaving = {1: 3.0, 2: 2.5, 3: 2.0}.get(when.month, 0.6)
            luck = [float(chance.uniform_array(child_key, 1 + 2 * step + i)) for i in range(2)]
            entries = int(0.0012 * commune.eligible * busy * (0.5 + luck[0]) + luck[1])
            lapses = min(members, int(0.02 * members * leaving * (0.5 + luck[1]) + luck[0]))
            members += entries - lapses
            flows = {"entries": entries, "lapses": lapses}
            rows.append({"commune": name, "month": str(when), "members": members, "plan": plan} | flows)
    return pd.DataFrame(rows, columns=COLUMNS)
