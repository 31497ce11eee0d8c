"""What a person types, where it has one reading: months, shares and numbers as they are written in Viet Nam.

Each function returns what it was given where it cannot be read, so that the check behind it says what was expected.
"""

import re
from calendar import monthrange
from collections.abc import Iterable
from datetime import date, timedelta
from difflib import get_close_matches

from forecast.data.synonyms import meanings, reading, slug

EXCEL_EPOCH = date(1899, 12, 30)
"""Day 0 of a spreadsheet; its day 60, 1900-02-29, was none: right from 61 on."""
_EXCEL = re.compile(r"(\d{5})(?:\.0)?")
_MONTH = re.compile(r"(\D*?)\s*(\d{1,2})(?:\s*[/.-]\s*|\s+(\D+?)\s+)(\d{4})")
_MONTH_IN_WORDS = re.compile(r"(\D+?)\s+(\d{4})")
_DAY = re.compile(
    r"(?P<d>\d{1,2})[/.-](?P<m>\d{1,2})[/.-](?P<y>\d{4})|(?P<Y>\d{4})[/.-](?P<M>\d{1,2})[/.-](?P<D>\d{1,2})"
)
_YEAR = re.compile(r"(\D*?)\s*((?:19|20|21)\d{2})")
_MONTH_YEAR_FIRST = re.compile(r"(\d{4})\s*[/.-]\s*(\d{1,2})")
_NUMBER = re.compile(r"[-−]?\d+(?:[.,]\d+)?")
_MARKED = {  # numbers that can only be read with one decimal mark
    mark: re.compile(
        rf"[-−]?(?:\d+{d}(?:\d{{1,2}}|\d{{4,}})|(?:0|\d{{4,}}){d}\d+"
        rf"|\d{{1,3}}(?:{g}\d{{3}})+{d}\d+|\d{{1,3}}(?:{g}\d{{3}}){{2,}})"
    )
    for mark, d, g in ((",", ",", r"\."), (".", r"\.", ","))
}
_WRITTEN = {  # numbers with one decimal mark, with or without marks of thousands
    mark: re.compile(rf"-?(?:\d{{1,3}}(?:{g}\d{{3}})+|\d+)(?:{d}\d+)?")
    for mark, d, g in ((",", ",", r"\."), (".", r"\.", ","))
}
_PLAIN = re.compile(r"(?:-?(?:\d+|0\.\d+|\d{4,}\.\d+|\d+\.(?:\d{1,2}|\d{4,})))?")
_PERSONS = re.compile(r"[1-9]\d{0,2}(?:(?:\.\d{3})+|(?:,\d{3})+)")
_SPACED = re.compile(r"(?<=\d)[ \u00a0\u202f](?=\d{3}(?!\d))")
_GROUPED = re.compile(r"\d{1,3}(?:\.\d{3}){2,}|\d{1,3}(?:,\d{3}){2,}|\d{1,3}(?:[ \u00a0]\d{3})+")


def month(text: object) -> object:
    """Return a month as `YYYY-MM`; the last day of a month means it.

    >>> month("12/2021"), month("tháng 7/2022"), month("tháng 12 năm 2025"), month("2021-6"), month("2021-13")
    ('2021-12', '2022-07', '2025-12', '2021-06', '2021-13')
    >>> month("hết năm 2025"), month("Dec 2025"), month("2025"), month("45992")
    ('2025-12', '2025-12', '2025', '2025-12')
    >>> month("31/12/2025"), month("2024-02-29"), month("15/12/2025")
    ('2025-12', '2024-02', '15/12/2025')
    """
    if not isinstance(text, str):
        return text
    word = text.strip()
    if (match := _MONTH.fullmatch(word)) and _is("month", match[1]) and _is("year", match[3]):
        number, year = match[2], match[4]
    elif match := _MONTH_YEAR_FIRST.fullmatch(word):
        year, number = match.groups()
    elif (match := _MONTH_IN_WORDS.fullmatch(word)) and (named := reading("month", match[1])):
        return f"{match[2]}-{named}"
    elif (match := _EXCEL.fullmatch(word)) and (day := excel_day(int(match[1]))):
        return f"{day.year}-{day.month:02d}"
    elif match := _DAY.fullmatch(word):
        part = {name.lower(): int(number) for name, number in match.groupdict().items() if number}
        if not 1 <= part["m"] <= 12 or part["d"] != monthrange(part["y"], part["m"])[1]:
            return text
        year, number = part["y"], part["m"]
    else:
        return text
    return f"{year}-{int(number):02d}" if 1 <= int(number) <= 12 else text


def excel_day(number: int) -> date | None:
    """Return the day that a spreadsheet's day number means, None before 1990 and after 2060.

    >>> excel_day(45992), excel_day(202512)
    (datetime.date(2025, 12, 1), None)
    """
    return EXCEL_EPOCH + timedelta(number) if 32_874 <= number <= 58_805 else None


def _is(period: str, word: str | None) -> bool:
    """Return whether a word before a number says that it is a month, or a year; nothing need be said."""
    return not word or reading("every", word) == period


def share(text: object) -> object:
    """Return a share as a number from 0 to 1.

    >>> share("20%"), share("0,20"), share("12,5 %"), share(0.2), share("a fifth")
    (0.2, 0.2, 0.125, 0.2, 'a fifth')
    """
    if not isinstance(text, str):
        return text
    word = text.strip()
    part = word.removesuffix("%").strip()
    if not _NUMBER.fullmatch(part):
        return text
    value = float(part.replace(",", ".").replace("−", "-"))
    return round(value / 100, 12) if word.endswith("%") else value


def number(text: object) -> object:
    """Return a number; what may be thousands as well as a fraction (`116.400`) is left for a question.

    >>> number("1.164.000"), number("116 400"), number("2 tỷ đồng"), number("1,5 triệu"), number("116.400")
    (1164000.0, 116400.0, 2000000000.0, 1500000.0, '116.400')
    """
    if not isinstance(text, str):
        return text
    head, _, unit = re.sub(r"(?<=\d)\s*(?=[^\d\s.,]|$)", "|", text.strip(), count=1).partition("|")
    head, size = head.strip(), _size(unit)
    if size is None:
        return text
    if _GROUPED.fullmatch(head):
        return float(re.sub(r"[.,\s]", "", head)) * size
    if not _NUMBER.fullmatch(head) or (size == 1 and two_readings(head)):
        return text
    return float(head.replace(",", ".").replace("−", "-")) * size


def _size(unit: str) -> float | None:
    """Return by how much a number is multiplied that has these words behind it, None where they are no amount."""
    size = 1.0
    for word in filter(None, slug(unit).split("-")):
        means = meanings("amount").get(word, frozenset())
        if len(means) != 1:
            return None
        size *= float(next(iter(means)))
    return size if slug(unit) or not unit.strip() else None


def a_year(text: object) -> str:
    """Return the year that stands where a month is wanted, "" where something else does.

    >>> a_year(2025), a_year("năm 2025"), a_year("2025-12")
    ('2025', '2025', '')
    """
    match = _YEAR.fullmatch(str(text).strip())
    return match[2] if match and _is("year", match[1]) else ""


def separator(text: str) -> str:
    """Return what separates the columns of a table by its first line: as spreadsheets write it in Viet Nam, or a comma.

    >>> separator("place;month;value\\rĐà Bắc;2026-06;1,5"), separator("place,month"), separator("y")
    (';', ',', ',')
    """
    header = re.match(r"[^\r\n]*", text)[0]  # type: ignore[index]  # matches at least nothing
    return next((mark for mark in (";", "\t") if mark in header and "," not in header), ",")


def decimal_mark(cells: Iterable[str]) -> str:
    """Return the decimal mark that numbers of one table are written with, "" where none of them tells, or they differ.

    >>> decimal_mark(["12,5", "1.234"]), decimal_mark(["1.234,5"]), decimal_mark(["12.5", "1.234"])
    (',', ',', '.')
    >>> decimal_mark(["1.234", "972"]), decimal_mark(["12,5", "12.5"])
    ('', '')
    """
    marks = {mark for cell in cells for mark, pattern in _MARKED.items() if pattern.fullmatch(cell)}
    return marks.pop() if len(marks) == 1 else ""


def as_programs_write(text: str) -> bool:
    """Return whether a cell is empty or a number that has one reading, with a decimal point.

    >>> as_programs_write("1234.500"), as_programs_write("-0.125"), as_programs_write("1.234"), as_programs_write("1,5")
    (True, True, False, False)
    """
    return bool(_PLAIN.fullmatch(text))


def two_readings(text: str) -> bool:
    """Return whether a number may be thousands or a fraction.

    >>> two_readings("116.400"), two_readings("116,4"), two_readings("0.200"), two_readings("-1,234")
    (True, False, False, True)
    """
    return bool(re.fullmatch(r"[-−]?[1-9]\d{0,2}[.,]\d{3}", text.strip()))


def pointed(cell: str, mark: str, persons: bool = False) -> str | None:
    """Return a number of a table with a decimal point and no marks of thousands, None for one of two readings.

    `mark` is :func:`decimal_mark` of the table. Persons are whole: a mark before three digits is thousands among them,
    unless the table has it as its decimal mark. What is no number is left as it is.

    >>> pointed("1.234,5", ","), pointed("1.234", ","), pointed("1.234", "."), pointed("1.234", ""), pointed("x", ",")
    ('1234.5', '1234', '1.234', None, 'x')
    >>> pointed("60.000", "", persons=True), pointed("60.000", ".", persons=True), pointed("116 400", "", persons=True)
    ('60000', None, '116400')
    """
    text = _SPACED.sub("", cell.strip().replace("−", "-"))
    if persons and _PERSONS.fullmatch(text):
        return None if mark and text[-4] == mark else re.sub("[.,]", "", text)
    if two_readings(text) and not mark:
        return None
    if mark and _WRITTEN[mark].fullmatch(text):
        return text.replace("." if mark == "," else ",", "").replace(",", ".")
    return text


def nearest(word: str, known: Iterable[str], cutoff: float = 0.6) -> str:
    """Return the known word that a word was probably meant to be, "" where none is near.

    >>> nearest("untill", ["until", "start"]), nearest("xyz", ["until"])
    ('until', '')
    """
    by_letters = {name.lower(): name for name in known}
    matches = get_close_matches(word.lower(), by_letters, 1, cutoff=cutoff)
    return by_letters[matches[0]] if matches else ""
