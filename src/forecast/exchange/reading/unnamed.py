"""Columns of a table by commune that no heading names: told, so that nothing is dropped in silence."""

from forecast.exchange.reading.cells import letter
from forecast.exchange.reading.report import FINDING, Note
from forecast.exchange.reading.rows import Rows
from forecast.exchange.reading.tables import Table


def unnamed(table: Table, tables: list[Table], rows: Rows) -> list[Note]:
    """Return a finding for columns with numbers beside communes that no heading names; 1, 2, 3 ... only number rows."""
    near = [t for t in tables if t.grid.sheet == table.grid.sheet and t.bottom < table.end and table.bottom < t.end]
    named = {column.at for one in near for column in one.columns if column.heading.strip()}
    cells = table.grid.rows
    odd = []
    for x in range(max((len(cells[row.at]) for row in rows.data), default=0)):
        if x in named:
            continue
        beside_names = [cells[row.at][x] for row in rows.data if x < len(cells[row.at])]
        values = [cell for cell in beside_names if isinstance(cell, int | float) and not isinstance(cell, bool)]
        if values and values != [*range(1, len(values) + 1)]:
            odd.append(letter(x))
    if not odd:
        return []
    vi, en = "cột có số nhưng không có tiêu đề, không dùng", "columns with numbers and no heading, not used"
    return [Note(FINDING, table.grid.sheet, ", ".join(odd[:12]), vi, en)]
