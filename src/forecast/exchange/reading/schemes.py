"""Which scheme a column is of: by its heading, its table's title and its sheet, or by an answer."""

import re

from forecast.exchange.reading import headings, months
from forecast.exchange.reading.headings import COUNTS, HELPERS
from forecast.exchange.reading.report import FINDING, QUESTION, Note
from forecast.exchange.reading.tables import Column, Table
from forecast.exchange.reading.texts import fold
from forecast.exchange.reading.titles import scheme_above, title_meaning

PERSONS = (*COUNTS, *HELPERS)
_OF_PERSONS = re.compile(r"\b(tham gia|nguoi|doi tuong|tinh hinh|ket qua|so lieu)\b")  # "BHXH ĐÀ BẮC" is an office


def by_scheme(column: Column, table: Table) -> Column:
    """Return a column as its table's scheme and title have it.

    "Trong đó: BHXH tự nguyện" beside "Tổng số người tham gia BHXH" is of what that counts.
    """
    above = scheme_above(table)
    role, why = column.role, column.why
    if role in ("of_title", "scheme_only"):
        role, why = _of_title(role, table)
        beside = {_measure(other, table) for other in table.columns if other.why == "any_scheme"}
        if column.role == "scheme_only" and len(beside) == 1 and (measure := beside.pop()) in COUNTS:
            role, why = measure, ""
        if column.role == "scheme_only":
            return column._replace(role=role, why=why)
    if role in PERSONS and why != "answered" and above in ("other", "both"):
        voluntary = any(headings.scheme_of(text) == "voluntary" for text in column.path)
        if not voluntary:
            return column._replace(role="told", why="scheme" if above == "other" else "schemes")
    return column._replace(role=role, why=why)


def _of_title(role: str, table: Table) -> tuple[str, str]:
    """Return what a column holds whose heading names a month or the scheme alone: what the title says."""
    title = title_meaning(table.context)
    if title.role in COUNTS:
        return title.role, ""
    said = fold(" ".join(table.context))
    if role == "scheme_only" and re.search(r"so nguoi|tham gia", said) and not re.search(r"moi|phat trien|giam", said):
        return "members", ""
    return "told", "unclear"


def _measure(column: Column, table: Table) -> str:
    """Return the measure of a column that names no scheme, if it is of the voluntary one."""
    role = headings.if_voluntary(column.path).role
    return _of_title(role, table)[0] if role == "scheme_only" else role


def asked(table: Table, columns: list[Column]) -> list[Note]:
    """Return a question for each measure of which only a heading that names no scheme could be the column.

    A title that names none, above headings that name none, is a finding: its persons may be voluntary members alone.
    """
    above = scheme_above(table)
    if above in ("other", "both"):
        return []
    taken = {column.role for column in columns if column.role in PERSONS}
    notes: dict[str, Note] = {}
    for column in columns:
        if column.why != "any_scheme":
            continue
        role = _measure(column, table)
        if role not in PERSONS or role in taken:
            continue
        heading = column.undated or column.heading
        vi = f'chỉ đếm BHXH tự nguyện? Trả lời --map "{heading}={role}"; nếu gồm cả bắt buộc thì "=skip"'
        en = f'voluntary members alone? Answer --map "{heading}={role}"; if compulsory ones too, "=skip"'
        notes.setdefault(fold(heading), Note(QUESTION, table.grid.sheet, table.where(column), vi, en))
    voluntary = above or any(headings.scheme_of(text) == "voluntary" for c in columns for text in c.path)
    titles = [t for t in table.context if headings.any_scheme((t,)) and _OF_PERSONS.search(fold(t))]
    title = next((t for t in reversed(titles) if not months.signed(t)), "")
    if not voluntary and title and "members" in taken and not any(c.why == "answered" for c in columns):
        vi = f'tiêu đề "{title}" không ghi là BHXH tự nguyện; số liệu được hiểu là của BHXH tự nguyện'
        en = f'the title "{title}" does not say voluntary; its figures are taken for the voluntary scheme'
        notes["title"] = Note(FINDING, table.grid.sheet, "", vi, en)
    return list(notes.values())
