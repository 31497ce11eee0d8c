"""Numbers in the cells of a table: what each says, or what should stand there where it says nothing or two things."""

import math
from collections.abc import Mapping, Sequence

from forecast.data import typed
from forecast.data.messages import Message
from forecast.data.schemas import EXPECTED_NUMBER


def numbers(
    columns: dict[str, list[str]], persons: Mapping[str, Sequence[bool]], by_hand: bool
) -> dict[str, list[float | Message]]:
    """Return each cell of the number columns of a table as a number (NaN for an empty one), or as what was expected.

    `persons` says which cells of a column count persons, who are whole. Those, and all that is written `by_hand`, are
    read with the decimal mark that the numbers of the table show; a program writes the others, with a decimal point.

    >>> numbers({"value": ["60.000", "972"]}, {"value": [True, True]}, by_hand=True)
    {'value': [60000.0, 972.0]}
    """
    asked = {(cell, of) for name, cells in columns.items() for cell, of in zip(cells, persons[name], strict=True)}
    marked = by_hand or any("." in cell or "," in cell for cell, of in asked if of)
    mark = typed.decimal_mark(cell.strip() for cell, _ in asked) if marked else ""
    read = {(cell, of): _number(cell, mark, of, by_hand) for cell, of in asked}
    return {
        name: [read[cell, of] for cell, of in zip(cells, persons[name], strict=True)] for name, cells in columns.items()
    }


def _number(cell: str, mark: str, persons: bool, by_hand: bool) -> float | Message:
    """Return the number in a cell, or what was expected."""
    text: object = cell
    if persons or by_hand:
        text = typed.pointed(cell, mark, persons)
        if text is None:
            return either(cell)
    if by_hand:
        text = typed.number(text)
    if not str(text).strip():
        return math.nan
    try:
        number = float(str(text))
    except ValueError:
        number = math.nan
    return number if math.isfinite(number) and "_" not in cell else Message(EXPECTED_NUMBER)


def either(cell: str) -> Message:
    """Return what to write in place of a number with two readings.

    >>> str(either("60.000")), str(either("1.234"))
    ('60000 if this is thousands, or 60 if it is not', '1234 if this is thousands, or 1.2340 if it is not')
    """
    cell = cell.strip()
    other = cell[:-4] if cell.endswith("000") else f"{cell}0"
    plain = cell.replace(".", "").replace(",", "")
    return Message("{plain} if this is thousands, or {other} if it is not", plain=plain, other=other)
