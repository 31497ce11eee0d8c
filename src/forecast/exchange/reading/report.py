"""What a reading is told to people: what was used, what was skipped and why, what is odd, and what has to be asked."""

from typing import NamedTuple

import pandas as pd

USED, SKIPPED, FINDING, QUESTION = "used", "skipped", "finding", "question"
KINDS = {
    USED: ("đã dùng", "used"),
    SKIPPED: ("không dùng", "not used"),
    FINDING: ("cần xem lại", "finding"),
    QUESTION: ("cần trả lời", "question"),
}


class Note(NamedTuple):
    """One line of a report: its kind, the sheet, rows and columns it is about, and the text in both languages."""

    kind: str
    sheet: str
    where: str
    vi: str
    en: str


class Fault(NamedTuple):
    """A cell that is not what its column asks for; rows count from 1, `expected` is a key of what was expected.

    `column` is the role of its column and `heading` what the file calls it, "" if it has no name there.
    """

    row: int
    letter: str
    column: str
    value: str
    expected: str
    sheet: str
    heading: str = ""


def rows_text(rows: list[int]) -> str:
    """Return rows (from 0) as a person counts them, runs together.

    >>> rows_text([1, 2, 3, 7])
    '2-4, 8'
    """
    runs: list[list[int]] = []
    for row in sorted(set(rows)):
        if runs and row == runs[-1][1] + 1:
            runs[-1][1] = row
        else:
            runs.append([row, row])
    spans = [str(a + 1) if a == b else f"{a + 1}-{b + 1}" for a, b in runs]
    return ", ".join(spans[:12]) + (" ..." if len(spans) > 12 else "")


def brief(text: object, most: int = 60) -> str:
    """Return a text short enough for a line."""
    plain = " ".join(str(text).split())
    return plain if len(plain) <= most else plain[: most - 1] + "…"


def to_frame(notes: list[Note]) -> pd.DataFrame:
    """Return notes as a table with the columns kind, sheet, where, vi and en."""
    return pd.DataFrame(notes, columns=list(Note._fields))


def to_text(notes: list[Note], lang: str = "vi") -> str:
    """Return notes as lines, by kind, the questions last.

    >>> print(to_text([Note(SKIPPED, "T01", "24", "dòng cộng", "a sum")], "en"))
    not used: sheet "T01", 24: a sum
    """
    at = 0 if lang == "vi" else 1
    lines = []
    for kind, names in KINDS.items():
        for note in dict.fromkeys(notes):
            if note.kind == kind:
                place = f'{("trang", "sheet")[at]} "{note.sheet}"' if note.sheet else ""
                where = ", ".join(part for part in (place, note.where) if part)
                lines.append(f"{names[at]}: {where + ': ' if where else ''}{note.vi if lang == 'vi' else note.en}")
    return "\n".join(lines)
