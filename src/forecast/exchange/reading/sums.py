"""The sums that a file gives itself, held against the rows that they are of."""

from forecast.exchange.reading import numbers
from forecast.exchange.reading.measures import Chosen
from forecast.exchange.reading.report import FINDING, USED, Note, rows_text
from forecast.exchange.reading.rows import Row, Rows
from forecast.exchange.reading.tables import Column, Table


def compared(table: Table, rows: Rows, chosen: Chosen, readings: dict[int, numbers.Reading]) -> list[Note]:
    """Return findings for sums that differ from their rows, and how many agree.

    A sum may be that of its month, its group, the last month, or everything: it agrees if it is any of them. `readings`
    holds the columns as they were read, by their place.
    """
    notes, right = [], 0
    for column in chosen.taken():
        reading = readings.get(column.at)
        if reading is None:
            continue
        for place, row in enumerate(rows.sums):
            cells = table.grid.rows[row.at]
            cell = cells[column.at] if column.at < len(cells) else None
            stated = numbers.whole(cell)
            if stated is None and isinstance(cell, float) and reading.how == "thousands":
                stated = round(1000 * cell)
            elif stated is not None and reading.how == "thousands" and isinstance(cell, float) and stated < 1000:
                continue
            if stated is None:
                continue
            sums = _possible(rows, place, row, reading)
            if not sums or stated in sums.values():
                right += bool(sums)
                continue
            near = min(sums.values(), key=lambda total: abs(total - stated))
            notes.append(
                Note(
                    FINDING,
                    table.grid.sheet,
                    f"{row.at + 1}, {table.where(column)}",
                    f"dòng cộng ghi {stated}, các dòng cộng lại là {near}",
                    f"the file's own sum is {stated}, its rows add up to {near}",
                )
            )
    if right:
        notes.append(
            Note(
                USED,
                table.grid.sheet,
                "",
                f"{right} số ở dòng cộng khớp với các dòng",
                f"{right} sums of the file agree with its rows",
            )
        )
    return notes


def _possible(rows: Rows, place: int, row: Row, reading: numbers.Reading) -> dict[str, int]:
    """Return the sums that a row may be meant to give: of its month, its group, the last month, or everything."""
    before = rows.sums[place - 1].at if place else -1
    after = rows.sums[place + 1].at if place + 1 < len(rows.sums) else 10**9
    last = max((r.month for r in rows.data if r.month), default=None)
    groups = {
        "all": rows.data,
        "above": [r for r in rows.data if before < r.at < row.at],
        "before": [r for r in rows.data if r.at < row.at],
        "below": [r for r in rows.data if row.at < r.at < after],
        "district": [r for r in rows.data if r.district and r.district == row.district],
    }
    out = {}
    for name, data in groups.items():
        for label, month in (("", None), ("month", row.month), ("last", last)):
            chosen = [r for r in data if month is None or r.month == month]
            counts = [count for r in chosen if (count := reading.values.get(r.at)) is not None]
            if counts and (label == "" or month is not None):
                out[name + label] = sum(counts)
    return out


def fits(table: Table, rows: Rows, column: Column, reading: numbers.Reading) -> int:
    """Return how many sums of the file are what a column adds up to, read so that its dots mark thousands."""
    count = 0
    for place, row in enumerate(rows.sums):
        cells = table.grid.rows[row.at]
        cell = cells[column.at] if column.at < len(cells) else None
        stated = numbers.whole(cell)
        stated_sums = {stated} if stated is not None else set()
        if isinstance(cell, float):
            stated_sums.add(round(1000 * cell))
        count += bool(stated_sums & set(_possible(rows, place, row, reading).values()))
    return count


def full_thousands(
    table: Table, rows: Rows, column: Column, reading: numbers.Reading
) -> tuple[numbers.Reading, list[Note]]:
    """Return a column that lost its dots with 1 read as 1000 where a sum of the file says so, and what is said of it.

    1.000 stands as 1 where 1.764 stands for 1764. Where no sum tells them apart the cells are told.
    """
    open_rows = []
    for at, count in reading.values.items():
        if reading.how != "thousands" or not (count and count < 10):
            continue
        other = reading._replace(values=reading.values | {at: 1000 * count})
        if fits(table, rows, column, other) > fits(table, rows, column, reading):
            reading = other
        else:
            open_rows.append(at)
    if not open_rows or fits(table, rows, column, reading) and fits(table, rows, column, reading) == len(rows.sums):
        return reading, []
    where = f"{rows_text(open_rows)}, {table.where(column)}"
    vi, en = "số dưới 10 trong cột mất dấu hàng nghìn: 1 có thể là 1000", "below 10 where dots were lost: 1 may be 1000"
    return reading, [Note(FINDING, table.grid.sheet, where, vi, en)]
