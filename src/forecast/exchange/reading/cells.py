"""What a sheet of any file is once it is read: rows of cells, and what a program shows of them.

What is known of sheets is told with these alone: the libraries that open files load where a file is opened.
"""

import datetime
from typing import NamedTuple

Cell = str | int | float | bool | datetime.date | datetime.time | datetime.timedelta | None


class Grid(NamedTuple):
    """One sheet: `rows` of cells (None where empty), and what a program shows of it; rows and columns count from 0.

    `merged` holds (top, left, bottom, right) of each merged area; `uncalculated` cells hold a formula without a saved
    result; `font` names the letters that were converted (TCVN3 or VNI), if any were.
    """

    sheet: str
    rows: list[list[Cell]]
    hidden: bool = False
    chart: bool = False
    hidden_rows: frozenset[int] = frozenset()
    hidden_columns: frozenset[int] = frozenset()
    merged: tuple[tuple[int, int, int, int], ...] = ()
    uncalculated: frozenset[tuple[int, int]] = frozenset()
    font: str = ""


def letter(column: int) -> str:
    """Return the letters of a column that counts from 0.

    >>> letter(0), letter(25), letter(26), letter(701)
    ('A', 'Z', 'AA', 'ZZ')
    """
    text = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        text = chr(65 + rest) + text
    return text
