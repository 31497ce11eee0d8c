"""Rows of tables, for loops that say and draw: the schema of a table says what a column holds, pandas does not."""

from collections.abc import Iterator
from typing import Any

import pandas as pd


def rows(frame: pd.DataFrame) -> Iterator[Any]:
    """Give the rows of a table one by one, each column an attribute, the index as `Index`.

    >>> [row.members - row.plan for row in rows(pd.DataFrame({"members": [648], "plan": [750]}))]
    [-102]
    """
    return iter(frame.itertuples())
