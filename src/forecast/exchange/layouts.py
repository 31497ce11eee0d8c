"""Samples in the layouts that offices use, with invented counts and a mark that says so: for round trips."""

import datetime
import io
from typing import NamedTuple

import openpyxl
import pandas as pd
from openpyxl.chart import BarChart
from openpyxl.utils import get_column_letter

from forecast.data.files import inert, timeless
from forecast.data.places import Place
from forecast.data.tables import UserError
from forecast.exchange.sample import invented
from forecast.exchange.spreadsheet import MARK

LAYOUTS = (
    *("title", "sheets", "across", "across-measures", "merged", "groups", "two-tables"),
    *("three-rows", "cover", "side-by-side"),
)
"""Month in the title; a sheet a month; months across; months across with three measures; communes merged down; groups,
dashes, sums and notes; two tables on one sheet, the second about another scheme; a heading of three rows, columns
numbered, beside another scheme; a cover and a chart before the table; one table whose halves stand side by side."""
ONE_MONTH = ("title", "three-rows", "side-by-side")
"""Layouts of a single month."""

Line = list[str | int | float | datetime.date | None]


class Page(NamedTuple):
    """A sheet of a sample: its name, lines of cells, and merged areas (top, left, bottom, right; from 0)."""

    name: str
    lines: list[Line]
    merged: list[tuple[int, int, int, int]]


def laid_out(place: Place, layout: str, since: str, months: int = 6, seed: int = 1) -> bytes:
    """Return a sample of a place in a layout (one of :data:`LAYOUTS`), as .xlsx; a seed gives the same bytes.

    Raises :class:`~forecast.data.tables.UserError` for a layout that there is not.
    """
    if layout not in LAYOUTS:
        raise UserError("layout: {layout}; expected one of {known}", layout=layout, known=", ".join(LAYOUTS))
    rows = invented(place, since, 1 if layout in ONE_MONTH else months, seed)
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    if layout == "cover":
        book.create_chartsheet("Biểu đồ").add_chart(BarChart())
    for page in _pages(place, layout, rows):
        sheet = book.create_sheet(page.name)
        for line in page.lines:
            sheet.append([inert(cell) if isinstance(cell, str) and len(cell) > 1 else cell for cell in line])
        for top, left, bottom, right in page.merged:
            area = f"{get_column_letter(left + 1)}{top + 1}:{get_column_letter(right + 1)}{bottom + 1}"
            sheet.merge_cells(area)
    stream = io.BytesIO()
    book.save(stream)
    return timeless(stream.getvalue())


def _pages(place: Place, layout: str, rows: pd.DataFrame) -> list[Page]:
    months = sorted(set(rows["month"]))
    head: list[Line] = [[f"BHXH {place.name.split(' (')[0].upper()}"], [MARK]]
    if layout in ("title", "sheets"):
        return [
            _month(f"T{month[5:]}" if layout == "sheets" else "Báo cáo", rows[rows["month"] == month], month, head)
            for month in months
        ]
    if layout.startswith("across"):
        return [_across(rows, months, head, layout == "across-measures")]
    if layout == "merged":
        return [_merged(rows, head)]
    if layout == "cover":
        cover: list[Line] = [*head, ["BÁO CÁO SỐ LIỆU BHXH TỰ NGUYỆN"], [f"Năm {months[0][:4]}"]]
        return [Page("Bìa", cover, []), _groups(rows, [])._replace(name="Số liệu")]
    if layout in ("three-rows", "side-by-side"):
        title: Line = [f"SỐ NGƯỜI THAM GIA BHXH TỰ NGUYỆN THÁNG {months[0][5:]} NĂM {months[0][:4]}"]
        return [(_three_rows if layout == "three-rows" else _side_by_side)(rows, [*head, title])]
    return [_groups(rows, head) if layout == "groups" else _two_tables(rows, head)]


def _counts(rows: pd.DataFrame) -> list[tuple[str, str, int, int, int, int]]:
    """Return (commune, month, members, entries, lapses, plan) of each row."""
    columns = ["commune", "month", "members", "entries", "lapses", "plan"]
    return [(str(c), str(m), int(a), int(b), int(d), int(e)) for c, m, a, b, d, e in rows[columns].to_numpy().tolist()]


def _month(name: str, rows: pd.DataFrame, month: str, head: list[Line]) -> Page:
    lines: list[Line] = [*head, [f"KẾT QUẢ PHÁT TRIỂN NGƯỜI THAM GIA BHXH TỰ NGUYỆN THÁNG {month[5:]} NĂM {month[:4]}"]]
    at = len(lines)
    done = ["Thực hiện trong tháng", None, "Lũy kế số người đang tham gia", "Tỷ lệ % so KH"]
    lines += [["STT", "Đơn vị", "Kế hoạch giao", *done], [None, None, None, "Tăng mới", "Giảm", None, None]]
    sums = [0, 0, 0, 0]
    for number, (commune, _, members, entries, lapses, plan) in enumerate(_counts(rows), 1):
        lines.append([number, commune, plan, entries, lapses, members, round(100 * members / max(plan, 1), 1)])
        sums = [a + b for a, b in zip(sums, (plan, entries, lapses, members), strict=True)]
    lines.append([None, "Tổng cộng", *sums, None])
    merged = [(at, 3, at, 4), *((at, x, at + 1, x) for x in (0, 1, 2, 5, 6))]
    return Page(name, lines, merged)


def _across(rows: pd.DataFrame, months: list[str], head: list[Line], several: bool) -> Page:
    title = "BIỂU THEO DÕI BHXH TỰ NGUYỆN" if several else "SỐ NGƯỜI THAM GIA BHXH TỰ NGUYỆN CÁC THÁNG"
    lines: list[Line] = [*head, [title]]
    at, names = len(lines), ["Tăng mới", "Giảm", "Đang tham gia"]
    shown = [f"Tháng {month[5:]}/{month[:4]}" for month in months]
    merged = []
    if several:
        lines.append(["STT", "Xã", *[name if i == 0 else None for name in shown for i in range(3)]])
        lines.append([None, None, *names * len(months)])
        merged = [(at, 0, at + 1, 0), (at, 1, at + 1, 1)]
        merged += [(at, 2 + 3 * i, at, 4 + 3 * i) for i in range(len(months))]
    else:
        lines.append(["STT", "Xã", *shown])
    by_name: dict[str, Line] = {}
    for commune, _, members, entries, lapses, _plan in _counts(rows):
        line = by_name.setdefault(commune, [len(by_name) + 1, commune])
        line.extend([entries, lapses, members] if several else [members])
    return Page("Báo cáo", [*lines, *by_name.values()], merged)


def _merged(rows: pd.DataFrame, head: list[Line]) -> Page:
    lines: list[Line] = [*head, ["Xã", "Tháng", "Tăng mới", "Giảm", "Đang tham gia"]]
    merged, last = [], ""
    for commune, month, members, entries, lapses, _ in _counts(rows):
        new = commune != last
        lines.append([f"X. {commune}" if new else None, f"{month[5:]}/{month[:4]}", entries, lapses, members])
        y = len(lines) - 1
        if new:
            merged.append((y, 0, y, 0))
        else:
            merged[-1] = (merged[-1][0], 0, y, 0)
        last = commune
    return Page("Báo cáo", lines, [area for area in merged if area[2] > area[0]])


def _groups(rows: pd.DataFrame, head: list[Line]) -> Page:
    lines: list[Line] = [
        *head,
        ["STT", "Tên xã", "Tháng", "Tăng mới", "Ngừng đóng", "Số người đang tham gia", "Kế hoạch năm"],
    ]
    names = list(dict.fromkeys(rows["commune"]))
    for mark, part in (("I", names[: len(names) // 2]), ("II", names[len(names) // 2 :])):
        lines.append([mark, f"KHU VỰC {mark}"])
        total = 0
        chosen = rows[rows["commune"].isin(part)]
        for number, (commune, month, members, entries, lapses, plan) in enumerate(_counts(chosen), 1):
            lines.append(
                [number, commune.upper(), f"{month[5:]}/{month[:4]}", entries or "-", lapses or "-", members, plan]
            )
            total += members if month == max(rows["month"]) else 0
        lines.append([None, f"Cộng khu vực {mark}", None, None, None, total, None])
    lines += [[], ["Ghi chú: số liệu do máy tạo ra."], [None, "NGƯỜI LẬP BIỂU", None, None, None, "GIÁM ĐỐC"]]
    return Page("Báo cáo", lines, [])


def _two_tables(rows: pd.DataFrame, head: list[Line]) -> Page:
    lines = [*head]
    for title, times in (("A. BHXH TỰ NGUYỆN", 1), ("B. BHYT HỘ GIA ĐÌNH", 30)):
        lines += [[title], ["STT", "Xã", "Tháng", "Số người tham gia", "Kế hoạch"]]
        for number, (commune, month, members, _e, _l, plan) in enumerate(_counts(rows), 1):
            lines.append([number, commune, f"{month[5:]}/{month[:4]}", times * members, times * plan])
        lines.append([])
    return Page("Báo cáo", lines, [])


def _three_rows(rows: pd.DataFrame, head: list[Line]) -> Page:
    """Return a heading of three rows: the scheme, plan and work, what moved; another scheme beside it; numbers."""
    lines, at = [*head], len(head)
    lines.append(["STT", "Đơn vị", "BHXH tự nguyện", None, None, None, "BHYT hộ gia đình", None])
    lines.append([None, None, "Kế hoạch", "Thực hiện", None, None, "Kế hoạch", "Thực hiện"])
    lines.append([None, None, None, "Tăng", "Giảm", "Cuối kỳ", None, None])
    lines.append([f"({number})" for number in range(1, 9)])
    for number, (commune, _, members, entries, lapses, plan) in enumerate(_counts(rows), 1):
        lines.append([number, commune, plan, entries, lapses, members, 30 * plan, 30 * members])
    merged = [(at, x, at + 2, x) for x in (0, 1)] + [(at + 1, x, at + 2, x) for x in (2, 6, 7)]
    return Page("Báo cáo", lines, [*merged, (at, 2, at, 5), (at, 6, at, 7), (at + 1, 3, at + 1, 5)])


def _side_by_side(rows: pd.DataFrame, head: list[Line]) -> Page:
    """Return the first half of the communes beside the second, each under the same heading."""
    cells: list[Line] = [[n, commune, members] for n, (commune, _, members, *_rest) in enumerate(_counts(rows), 1)]
    half = (len(cells) + 1) // 2
    cells += [[None, None, None]] * (2 * half - len(cells))
    named: Line = ["STT", "Xã", "Đang tham gia"]
    return Page("Báo cáo", [*head, named * 2, *[a + b for a, b in zip(cells[:half], cells[half:], strict=True)]], [])
