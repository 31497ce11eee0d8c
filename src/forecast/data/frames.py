"""Rows of tables, for loops that say and draw: the schema of a table says what a column holds, pandas does not."""

from collections.abc import Iterator
from typing import Any

import pandas as pd


def names(frame: pd.DataFrame) -> list[str]:
    """Return the names of the columns of a table, in order.

    >>> names(pd.DataFrame({"place": ["Cà Mau"], "value": [26948.0]}))
    ['place', 'value']
    """
    return [str(name) for name in frame.columns]


def rows(frame: pd.DataFrame) -> Iterator[Any]:
    """Give the rows of a table one by one, each column an attribute, the index as `Index`.

    >>> [row.members - row.plan for row in rows(pd.DataFrame({"members": [648], "plan": [750]}))]
    [-102]
    """
    return iter(frame.itertuples())
