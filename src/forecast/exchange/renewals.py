"""Progress tables of renewals ("Đôn đốc thu - Tái tục"): how many were due in a month and renewed, by area or commune.

Such a table names no person. It counts as a list does: those who renewed, and the rest of those who were due.
"""

import re
from collections import Counter
from typing import NamedTuple

from forecast.exchange.reading import headings, numbers
from forecast.exchange.reading.cells import Cell, Grid, letter
from forecast.exchange.reading.months import months_in, signed
from forecast.exchange.reading.names import Names
from forecast.exchange.reading.report import FINDING, SKIPPED, USED, Note, rows_text
from forecast.exchange.reading.texts import fold

_WHERE = re.compile(r"^(dia ban|khu vuc|cum|diem thu|tuyen thu|xa|xa phuong|don vi)( (thu|xa|quan ly))?$")
_DUE = re.compile(r"chi tieu giao|ke hoach giao|so giao|den han|phai (dong|thu|tai tuc)")
_DONE = re.compile(r"ket qua|da (thuc hien|tai tuc|dong|thu)|tai tuc duoc")
_SUM = re.compile(r"^(tong|cong|toan)\b")
Key = tuple[str, str, str, int, str, str]


class Renewals(NamedTuple):
    """A table on a sheet: the row of its heading, its columns, and the month that the texts above name."""

    top: int
    where: int
    due: int
    done: int
    month: str | None


def find(grid: Grid) -> list[Renewals]:
    """Return the tables of renewals on a sheet, those side by side each by itself.

    >>> rows = [["TÁI TỤC 11/2025"], ["STT", "Địa bàn", "Chỉ tiêu giao", "Kết quả"], [1, "Cụm 1", 5, 3]]
    >>> find(Grid("S", rows))
    [Renewals(top=1, where=1, due=2, done=3, month='2025-11')]
    """
    for y, row in enumerate(grid.rows[:40]):
        texts = {x: fold(cell) for x, cell in enumerate(row) if isinstance(cell, str)}
        keys = [x for x, text in texts.items() if _WHERE.match(text)]
        above = [cell for line in grid.rows[:y] for cell in line if isinstance(cell, str)]
        if not keys or not any("tai tuc" in fold(text) for text in (*above, grid.sheet)):
            continue
        if any(headings.if_voluntary((str(row[x]),)).role == "members" for x in texts if x not in keys):
            return []  # a monthly table
        months_above = {month for text in above if not signed(text) for month in months_in(text)}
        month = months_above.pop() if len(months_above) == 1 else None
        tables = []
        for key, end in zip(keys, [*keys[1:], len(row)], strict=True):
            due = next((x for x in range(key + 1, end) if _DUE.search(texts.get(x, ""))), None)
            done = next((x for x in range(key + 1, end) if _DONE.search(texts.get(x, "")) and x != due), None)
            if due is not None and done is not None:
                tables.append(Renewals(y, key, due, done, month))
        return tables
    return []


def count(grid: Grid, table: Renewals, names: Names | None, month: str) -> tuple[Counter[Key], list[Note]]:
    """Return the counts of a table, with the keys of a list's, and what is said of it."""
    counts: Counter[Key] = Counter()
    skipped, more, wrong = [], [], []
    for y in range(table.top + 1, len(grid.rows)):
        row = grid.rows[y]
        place, due, done = (_at(row, x) for x in (table.where, table.due, table.done))
        given, kept = numbers.whole(due), numbers.whole(done)
        text = " ".join(str(place or "").split())
        if not text or _SUM.match(fold(text)) or due is None:
            skipped += [y] if any(cell is not None for cell in (place, due, done)) else []
        elif given is None or kept is None:
            wrong.append(y)
        else:
            unit = names.match(text).unit if names is not None else ""
            commune, area = (names.short(unit), "") if names is not None and unit else ("", text)
            counts[commune, area, "unknown", 0, "renewal", month] += kept
            if given > kept:
                counts[commune, area, "unknown", 0, "unknown", month] += given - kept
            more += [y] if kept > given else []
    columns = {letter(table.where): ("địa bàn", "area"), letter(table.due): ("đến hạn", "due")}
    columns[letter(table.done)] = ("đã tái tục", "renewed")
    vi, en = (", ".join(f"{at} = {label[i]}" for at, label in columns.items()) for i in (0, 1))
    notes = [Note(USED, grid.sheet, "", f"bảng tái tục tháng {month}: {vi}", f"renewals of {month}: {en}")]
    for rows, kind, label in (
        (skipped, SKIPPED, ("dòng cộng hoặc không có số", "sums, or rows without a number")),
        (wrong, FINDING, ("không phải số người, không đếm", "no count of persons, not counted")),
        (more, FINDING, ("tái tục nhiều hơn số đến hạn", "more renewed than were due")),
    ):
        if rows:
            notes.append(Note(kind, grid.sheet, rows_text(rows), *label))
    return counts, notes


def _at(row: list[Cell], x: int) -> Cell:
    return row[x] if x < len(row) else None
