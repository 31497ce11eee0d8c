"""Answers to the questions of a reading: given by `--map LEFT=RIGHT`, kept for the next month's file.

LEFT is a heading or a column's letter and RIGHT its role (members, entries, lapses, returns, plan, skip, thousands,
whole), or LEFT a role and RIGHT the heading or letter; LEFT a name in the file and RIGHT the commune it means; or LEFT
one of month, year, hidden.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import yaml

from forecast.data import doors, tables
from forecast.data.tables import UserError
from forecast.exchange.reading import months
from forecast.exchange.reading.cells import Grid, letter
from forecast.exchange.reading.headings import COUNTS, HELPERS, KEYS
from forecast.exchange.reading.report import FINDING, Note
from forecast.exchange.reading.texts import fold, tidy

FILE = "reading.yaml"
"""Where answers are kept, beside the tables that they helped to make."""
ROLES = (*COUNTS, *HELPERS, *KEYS, "skip", "thousands", "whole")


class Answers(NamedTuple):
    """What was answered: roles by folded heading or letter, names by folded name, month, year, hidden rows read."""

    roles: dict[str, str] = {}  # noqa: RUF012 (never written to)
    names: dict[str, str] = {}  # noqa: RUF012
    month: str | None = None
    year: int | None = None
    hidden: bool = False

    def role(self, letter: str, heading: str, sheet: str, undated: str = "") -> str:
        """Return the role that was given to a column, "" if none was; by its heading, or that without its month."""
        keys = (fold(heading), fold(undated), f"{fold(sheet)} {letter.lower()}", letter.lower())
        return next((self.roles[key] for key in keys if key and key in self.roles), "")


def parse(given: Iterable[str]) -> Answers:
    """Return answers as they were typed.

    >>> parse(["members=E", "Tu Li=Tú Lý", "Kế hoạch=skip", "year=2023"]).roles
    {'e': 'members', 'ke hoach': 'skip'}
    >>> parse(["Tu Li=Tú Lý", "month=2023-01"])[1:3]
    ({'tu li': 'Tú Lý'}, '2023-01')
    """
    roles: dict[str, str] = {}
    names: dict[str, str] = {}
    month, year, hidden = None, None, False
    for one in given:
        left, sign, right = (tidy(part) for part in one.partition("="))
        if not (sign and left and right):
            raise UserError(
                '--map "{word}"; expected LEFT=RIGHT, such as members=E, "Tu Li=Tú Lý" or year=2023', word=one
            )
        if left == "hidden":
            hidden = right == "read"
        elif left == "year" and right.isdigit():
            year = int(right)
        elif left == "month" and (stated := months.month_of(right)):
            month = stated
        elif right in ROLES:
            roles[fold(left)] = right
        elif left in ROLES:
            roles[fold(right)] = left
        else:
            names[fold(left)] = right
    return Answers(roles, names, month, year, hidden)


def unasked(given: Iterable[str], grids: Iterable[Grid], read: Iterable[str] | None = None) -> list[Note]:
    """Return a finding for each answer that no question of a file can have: what it names stands nowhere in it.

    `read` are the months that were read (None where nothing was): an answered month or year is none of them where the
    file says another. Such an answer changes nothing, so that it blocks nothing, and it is not kept.

    >>> grid = Grid("T1", [["Xã", "Số người"], ["Tu Li", 9]])
    >>> [note.where for note in unasked(["Tu Li=Tú Lý", "Số người=members", "B=plan", "Z=skip", "Tu Ly=Tú Lý"], [grid])]
    ['--map "Z=skip"', '--map "Tu Ly=Tú Lý"']
    """
    grids = list(grids)
    cells = {fold(cell) for grid in grids for row in grid.rows for cell in row if cell is not None}
    words = {word for text in [*cells, *(fold(grid.sheet) for grid in grids)] for word in text.split()}
    letters = {letter(x).lower() for grid in grids for x in range(max(map(len, grid.rows), default=0))}
    hidden = any(grid.hidden or grid.hidden_rows or grid.hidden_columns for grid in grids)
    notes = []
    for one in given:
        asked = parse([one])
        there = all(set(key.split()) <= words | letters for key in asked.roles)
        there &= set(asked.names) <= cells and (hidden or not asked.hidden)
        if read is not None and (said := asked.month or asked.year):
            there &= any(month.startswith(str(said)) for month in read)
        if not there:
            vi, en = "tệp không hỏi điều này, câu trả lời không được dùng", "nothing in the file asks this: not used"
            notes.append(Note(FINDING, "", f'--map "{one}"', vi, en))
    return notes


def load(folder: Path) -> list[str]:
    """Return the answers that a folder keeps, as they were typed."""
    path = folder / FILE
    if not path.is_file():
        return []
    try:
        kept = doors.read_yaml(path)["answers"]
        return [f"{left}={right}" for left, right in kept.items()]
    except (UserError, KeyError, TypeError, AttributeError):
        raise UserError(
            "{file}: not the answers of an import; remove it, or give them again with --map", file=path
        ) from None


def save(given: Iterable[str], folder: Path) -> None:
    """Keep answers for the next file; a month's own (month, year) are not kept."""
    kept = {tidy(one.partition("=")[0]): tidy(one.partition("=")[2]) for one in given}
    kept = {left: right for left, right in kept.items() if left not in ("month", "year", "hidden")}
    if kept:
        text = yaml.safe_dump({"answers": kept}, allow_unicode=True, sort_keys=True)
        tables.write_text(text, folder / FILE)
