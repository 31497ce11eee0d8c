"""Rows of tables, for loops that say and draw: what a column holds is known from the table's schema, not from pandas."""

from collections.abc import Iterator
from typing import Any

import pandas as pd


def rows(frame: pd.DataFrame) -> Iterator[Any]:
    """Give the rows of a table one by one, each column an attribute, the index as `Index`.

    >>> [row.members - row.plan for row in rows(pd.DataFrame({"members": [648], "plan": [750]}))]
    [-102]
    """
    return iter(frame.itertuples())
