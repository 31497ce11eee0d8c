"""Whole persons: the one reader of counts for every door, which reads a dot by the evidence of its column.

`1.764` is 1764 persons or a number with decimals, and a single cell does not say which. A column does: persons are
whole, so a column whose numbers have one or two decimals holds no persons, and one whose numbers have exactly three
after a dot holds thousands. Where both readings are possible the answer is a question, never a guess.
"""

import math
import re
from collections.abc import Mapping
from typing import NamedTuple

from forecast.exchange.reading.texts import tidy

NONE = ("", "-", "--", "---", "–", "—", "_", "−")
MISSING = ("...", "…", "..", ".", "x", "n/a", "na")


class Reading(NamedTuple):
    """A column read as persons: `values` (None where empty), rows that cannot be read, and how dots were read.

    `how` is "plain", "thousands" (numbers with three decimals are thousands), "unsure", where both are possible, or
    "mixed", where numbers of one column end in different ways after a dot or comma: thousands, or no persons.
    """

    values: dict[int, int | None]
    wrong: list[int]
    how: str = "plain"
    dashes: int = 0


def whole(value: object) -> int | None:
    """Return a count, None for what is none by itself: 1234, "1.234", "1 234", "1,234"; never 1.5 or a negative number.

    A group of three digits after a dot, comma or space is thousands, unless the number begins with a zero: nobody
    writes a count so.

    >>> whole("1.234"), whole("12 345"), whole(7.0), whole("1.23"), whole(True), whole(-1), whole("0.019")
    (1234, 12345, 7, None, None, None, None)
    >>> whole("1.234,0"), whole("33 người"), whole("1'234"), whole("33,00"), whole("007")
    (1234, 33, 1234, 33, 7)
    """
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, int | float):
        sound = math.isfinite(value) and 0 <= value <= 1e15 and value == int(value)
        return int(value) if sound else None
    text = (
        re.sub(r"(?<=\d)\s*(người|nguoi|ng|NLĐ)\.?$", "", tidy(value), flags=re.I).replace("’", "'").removeprefix("'")
    )
    if re.fullmatch(r"\d{1,15}", text):
        return int(text)
    if parts := re.fullmatch(r"(\d{1,3}(?:([., '])\d{3})(?:\2\d{3})*)(?:(?!\2)[.,]0+)?", text):
        return None if text[0] == "0" else int(re.sub(r"\D", "", parts[1]))
    if parts := re.fullmatch(r"(\d+)[.,]0{1,2}", text):
        return int(parts[1])
    return None


def column(cells: Mapping[int, object], answer: str = "") -> Reading:
    """Read the cells of a column (by row) as persons.

    `answer` is what a person said of an unsure one: "thousands" or "whole". Signs for unknown are missing,
    errors of formulas are wrong; a dash is none.

    >>> sorted(column({1: 1.764, 2: 33, 3: "-"}).values.items()), column({1: 1.764, 2: 33}).how
    ([(1, 1764), (2, 33), (3, 0)], 'thousands')
    >>> column({1: 1.2, 2: 33}).wrong, column({1: "0.019", 2: 33}).wrong, column({1: "33.000", 2: "41.000"}).how
    ([1], [1], 'unsure')
    >>> column({1: "1,442", 2: "1,44"}).how, column({1: "1,442", 2: "1,44"}, "thousands").values
    ('mixed', {1: 1442, 2: 1440})
    """
    values: dict[int, int | None] = {}
    wrong: list[int] = []
    pieces: dict[int, float] = {}
    dashes = 0
    for row, cell in cells.items():
        text = tidy(cell).removeprefix("'") if isinstance(cell, str) else None
        if cell is None or text is not None and text.casefold() in MISSING:
            values[row] = None
        elif text is not None and text in NONE:
            values[row], dashes = (0, dashes + 1) if text else (None, dashes)
        elif (count := whole(cell)) is not None and count <= 1e15:
            values[row] = count
        elif isinstance(cell, float) and 0.9995 < cell < 1000 and abs(1000 * cell - round(1000 * cell)) < 1e-6:
            pieces[row] = cell
        else:
            wrong.append(row)
    if not pieces:
        return _texts(cells, values, wrong, dashes, answer)
    exact = [cell for cell in pieces.values() if abs(100 * cell - round(100 * cell)) > 1e-6]
    plain = [values[row] for row, cell in cells.items() if isinstance(cell, float | int) and values.get(row)]
    if answer == "thousands" or (exact and all(count is not None and count < 1000 for count in plain) and not wrong):
        values |= {row: round(1000 * cell) for row, cell in pieces.items()}
        return Reading(values, wrong, "thousands", dashes)
    return Reading(values, sorted([*wrong, *pieces]), "plain", dashes)


def _texts(
    cells: Mapping[int, object], values: dict[int, int | None], wrong: list[int], dashes: int, answer: str
) -> Reading:
    """Read a column of texts again: 33.000 in every cell may be 33 persons with three decimals."""
    dotted = {
        row: text
        for row, cell in cells.items()
        if isinstance(cell, str)
        and re.fullmatch(r"\d{1,3}[.,]\d{3}", text := tidy(cell))
        and values.get(row) is not None
    }
    others = [row for row, count in values.items() if count and row not in dotted]
    if len(dotted) > 1 and not others and all(text.endswith("000") for text in dotted.values()):
        if answer == "whole":
            return Reading(values | {row: int(text[:-4]) for row, text in dotted.items()}, wrong, "plain", dashes)
        if answer != "thousands":
            return Reading(values, wrong, "unsure", dashes)
    marks = {text[-4] for text in dotted.values()}
    loose = {
        row: text
        for row in wrong
        if isinstance(cells[row], str) and re.fullmatch(r"[1-9]\d{0,2}[.,]\d{1,2}", text := tidy(cells[row]))
    }
    if answer == "thousands" and loose:  # 1,44 lost the zero of 1,440
        values |= {row: round(1000 * float(text.replace(",", "."))) for row, text in loose.items()}
        return Reading(values, [row for row in wrong if row not in loose], "thousands", dashes)
    if (
        dotted
        and answer != "thousands"
        and (len(marks) > 1 or any(text[-3] in marks or text[-2] in marks for text in loose.values()))
    ):
        return Reading(values, wrong, "mixed", dashes)
    return Reading(values, wrong, "plain", dashes)


def dotted(cells: Mapping[int, object]) -> list[int]:
    """Return the rows whose numbers have something behind a dot or comma.

    >>> dotted({1: 1.764, 2: 33.0, 3: "1,44", 4: "33"})
    [1, 3]
    """
    return [
        row
        for row, cell in cells.items()
        if (isinstance(cell, float) and cell % 1 != 0)
        or (isinstance(cell, str) and re.search(r"\d[.,]\d", cell) is not None)
    ]


def question(heading: str, how: str) -> tuple[str, str]:
    """Return the question of a column that is "unsure" or "mixed", in Vietnamese and English, with its answers.

    Decimals are no persons, so a mixed column that holds no thousands is left out.

    >>> question("Số người", "mixed")[1]
    'do dots or commas mark thousands or decimals? Answer --map "Số người=thousands" or "Số người=skip"'
    """
    one, other = f'"{heading}=thousands"', f'"{heading}={"whole" if how == "unsure" else "skip"}"'
    return (
        f"dấu chấm hoặc phẩy là hàng nghìn hay phần lẻ? Trả lời --map {one} hoặc {other}",
        f"do dots or commas mark thousands or decimals? Answer --map {one} or {other}",
    )
