"""What rows have to be to be a projection: each key once, months and draws in one form, a value in each row."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from forecast.data import tables
from forecast.data.messages import Message, UserError
from forecast.data.schemas import EXPECTED_MONTH

COLUMNS = ["place", "scenario", "engine", "origin", "month", "group", "measure", "draw", "value"]
TEXT = COLUMNS[:7]
MONTHS = ("origin", "month")
MOST_DRAW = np.iinfo(np.int32).max


def refuse_faults(frame: pd.DataFrame) -> None:
    """Raise :class:`~forecast.data.tables.UserError` where `frame` (text as categories) is no projection.

    >>> refuse_faults(pd.DataFrame({c: pd.Series([], dtype="category" if c in TEXT else float) for c in COLUMNS}))
    """
    for column in TEXT:
        if (frame[column].cat.codes < 0).any():
            raise _fault(frame, frame[column].isna(), column, Message("a name in each row"))
    for column in MONTHS:
        for month in frame[column].cat.categories:
            if not _is_month(month):
                where = frame[column] == month
                if where.any():
                    raise _fault(frame, where, column, Message(EXPECTED_MONTH))
    draws = frame["draw"].to_numpy(float)
    with np.errstate(invalid="ignore"):
        whole = (draws == np.floor(draws)) & (draws >= 0) & (draws <= MOST_DRAW)
    if not whole.all():
        raise _fault(frame, ~whole, "draw", Message("whole numbers from 0 on"))
    values = frame["value"].to_numpy(float)
    if np.isnan(values).any():
        raise _fault(frame, np.isnan(values), "value", Message("a number in each row"))
    if (twice := pd.Series(numbered(frame)).duplicated()).any():
        row = frame.iloc[int(twice.argmax())]
        raise UserError(
            "a projection has each value once; there are several of {key}",
            key=", ".join(str(row[column]) for column in COLUMNS[:-1]),
        )


def _is_month(text: Any) -> bool:
    try:
        return isinstance(text, str) and str(tables.month(text)) == text
    except UserError:
        return False


def numbered(frame: pd.DataFrame, columns: Sequence[str] = TEXT) -> np.ndarray:
    """Return a number for each row, the same where draw and `columns` (categories) are the same: rows are many.

    >>> rows = pd.DataFrame({"draw": [0, 1, 0], "month": pd.Categorical(["2024-01", "2024-01", "2024-01"])})
    >>> numbered(rows, ["month"]).tolist()
    [0, 2, 0]
    """
    number = frame["draw"].to_numpy(np.int64)
    size = int(number.max(initial=0)) + 1
    for column in columns:
        codes = frame[column].cat.codes.to_numpy(np.int64)
        count = len(frame[column].cat.categories) + 1
        if size > np.iinfo(np.int64).max // count:  # more keys than numbers: name those that there are
            number, size = pd.factorize(number)[0].astype(np.int64), len(number) + 1
        number, size = number * count + codes, size * count
    return number


def _fault(frame: pd.DataFrame, where: Any, column: str, expected: Message) -> UserError:
    row = int(np.asarray(where).argmax())
    return UserError(
        "row {row} of a projection: {column} is {found!r}; expected {expected}",
        row=row,
        column=column,
        found=frame[column].iloc[row],
        expected=expected,
    )
