"""A sample of a progress table of indicators with invented figures, and a mark that says so: for round trips."""

import io

import openpyxl
import pandas as pd

from forecast.data.files import inert, timeless
from forecast.data.places import Place
from forecast.exchange.sample import invented
from forecast.exchange.spreadsheet import MARK

HEADINGS = (
    "STT",
    "Nội dung / Chỉ tiêu",
    "Kế hoạch giao (Đầu việc)",
    "Đang thực hiện",
    "Đã thực hiện",
    "Tỷ lệ",
    "Tiến độ hoàn thành",
)
_COMPULSORY, _HEALTH, _MONEY = 9, 30, 0.33
"""Invented persons of two other schemes for each voluntary member, and millions of VND for each."""


def indicators(place: Place, since: str, months: int = 6, seed: int = 1) -> bytes:
    """Return a workbook with the indicators of a place in each month from `since`, a sheet a month, as .xlsx.

    The voluntary members are all of those of :func:`forecast.exchange.sample.invented`; a seed gives the same bytes.
    """
    counts = invented(place, since, months, seed)
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for month, part in counts.groupby("month"):
        sheet = book.create_sheet(f"T{str(month)[5:]}-{str(month)[:4]}")
        sheet.append([inert(f"BHXH {place.name.split(' (')[0].upper()}")])
        sheet.append([MARK])
        title = "BẢNG THEO DÕI THỰC HIỆN CÁC CHỈ TIÊU THU, PHÁT TRIỂN ĐỐI TƯỢNG"
        sheet.append([f"{title} THÁNG {str(month)[5:]}/{str(month)[:4]}"])
        sheet.append(list(HEADINGS))
        for order, label, plan, done in _rows(part):
            line: list[str | float | None] = [order, label]
            if plan is not None and done is not None:
                share = round(100 * done / max(plan, 1), 1)
                line += [plan, round(plan - done, 2), done, share, "Hoàn thành" if done >= plan else "Đang thực hiện"]
            sheet.append(line)
        sheet.append([])
        sheet.append([None, "NGƯỜI LẬP BIỂU", None, None, "GIÁM ĐỐC"])
    stream = io.BytesIO()
    book.save(stream)
    return timeless(stream.getvalue())


def _rows(part: pd.DataFrame) -> list[tuple[str | int, str, float | None, float | None]]:
    """Return (order, label, plan, done) of a month: money, persons of three schemes, and a percent."""
    members, entries, lapses, plan = (int(part[name].sum()) for name in ("members", "entries", "lapses", "plan"))
    return [
        ("I", "Chỉ tiêu thu", None, None),
        (1, "Số thu BHXH bắt buộc (triệu đồng)", 4.0 * plan, 3.5 * members),
        (2, "Số thu BHXH tự nguyện (triệu đồng)", round(_MONEY * plan, 2), round(_MONEY * members, 2)),
        ("II", "Chỉ tiêu đối tượng", None, None),
        (1, "Số người tham gia BHXH bắt buộc", _COMPULSORY * plan, _COMPULSORY * members),
        (2, "Số người tham gia BHXH tự nguyện", plan, members),
        ("2.1", "Trong đó: tăng mới trong tháng", entries + 5, entries),
        ("2.2", "Dừng đóng trong tháng", lapses, lapses),
        ("2.3", "Tái tục", 20, 15),
        (3, "Số người tham gia BHYT hộ gia đình", _HEALTH * plan, _HEALTH * members),
        (4, "Tỷ lệ bao phủ BHXH tự nguyện (%)", 5.5, 5.2),
    ]
