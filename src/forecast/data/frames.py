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


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows of a table as dictionaries, by column.

    >>> records(pd.DataFrame({"members": [648], "plan": [750]}))
    [{'members': 648, 'plan': 750}]
    """
    return [{str(column): value for column, value in row.items()} for row in frame.to_dict("records")]


def pairs(frame: pd.DataFrame) -> Iterator[tuple[Any, Any]]:
    """Give the rows of a table one by one as (label, row), a row being a series by column.

    >>> [(label, int(row["plan"])) for label, row in pairs(pd.DataFrame({"plan": [750]}, index=["Đà Bắc"]))]
    [('Đà Bắc', 750)]
    """
    return iter(frame.iterrows())


def groups(frame: pd.DataFrame, by: str | list[str], **how: Any) -> Iterator[tuple[Any, pd.DataFrame]]:
    """Give the parts of a table that agree in the columns `by`, each with what they agree on; `how` goes to pandas.

    >>> [(place, len(part)) for place, part in groups(pd.DataFrame({"place": ["A", "B", "A"]}), "place")]
    [('A', 2), ('B', 1)]
    """
    return iter(frame.groupby(by, **how))


def at(table: pd.DataFrame | pd.Series, *where: Any) -> Any:
    """Return what stands in a table at a label of the index (a row), or at a label and a column.

    >>> int(at(pd.DataFrame({"plan": [750]}, index=["Đà Bắc"]), "Đà Bắc", "plan"))
    750
    """
    return table.loc[where if len(where) > 1 else where[0]]
