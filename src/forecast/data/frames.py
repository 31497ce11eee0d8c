"""Rows and cells of tables, for what says and draws: a table's schema says what a column holds, pandas does not."""

from collections.abc import Iterator
from typing import Any

import pandas as pd


def rows(frame: pd.DataFrame) -> Iterator[Any]:
    """Give the rows of a table one by one, each column an attribute, the index as `Index`.

    >>> [row.members - row.plan for row in rows(pd.DataFrame({"members": [648], "plan": [750]}))]
    [-102]
    """
    return iter(frame.itertuples())


def number(frame: pd.DataFrame, row: Any, column: str) -> float:
    """Return one number of a table: that of the row with this label.

    >>> number(pd.DataFrame({"members": [648]}, index=["Đà Bắc"]), "Đà Bắc", "members")
    648.0
    """
    cell: Any = frame.at[row, column]
    return float(cell)
