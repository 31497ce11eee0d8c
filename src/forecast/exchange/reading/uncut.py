"""Rows of a table whose cells were never cut apart: a line with another separator than the others."""

from forecast.exchange.reading import numbers
from forecast.exchange.reading.cells import letter
from forecast.exchange.reading.grids import SEPARATORS
from forecast.exchange.reading.names import Names
from forecast.exchange.reading.report import Fault, brief
from forecast.exchange.reading.tables import Table


def uncut(table: Table, known: Names) -> list[Fault]:
    """Return a fault for each row of a table that holds a commune and its number in one cell: `Cao Sơn,20`."""
    faults = []
    for y in range(table.bottom + 1, table.end):
        there = [(x, cell) for x, cell in enumerate(table.grid.rows[y]) if cell is not None]
        if len(there) != 1 or not isinstance(text := there[0][1], str):
            continue
        for mark in SEPARATORS:
            parts = [part.strip() for part in text.split(mark) if part.strip()]
            count = [part for part in parts if numbers.whole(part) is not None]
            if count and any(known.match(part).unit for part in parts if part not in count):
                x = there[0][0]
                heading = next((brief(column.heading) for column in table.columns if column.at == x), "")
                faults.append(Fault(y + 1, letter(x), "commune", brief(text), "cut", table.grid.sheet, heading))
                break
    return faults
