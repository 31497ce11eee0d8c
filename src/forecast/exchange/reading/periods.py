"""The month of a table that has no month in its rows or headings: by its title, its sheet, or the name of the file."""

import re
from typing import NamedTuple

from forecast.exchange.reading import months
from forecast.exchange.reading.tables import Table
from forecast.exchange.reading.texts import fold, tidy


class Period(NamedTuple):
    """A month and where it was found ("title", "sheet", "heading", "file", "answer"), or the readings that disagree."""

    month: str | None
    source: str = ""
    rivals: tuple[tuple[str, str], ...] = ()


def year_of(table: Table, tables: list[Table], file: str, answer: int | None = None) -> int | None:
    """Return the year of months without one: by an answer, the title, the sheet, the headings, the file, or the book.

    A source that names two years says nothing.
    """
    if answer is not None:
        return answer
    book = [text for other in tables for text in other.context]
    heads = [column.heading for column in table.columns]
    for texts in (table.context, (table.grid.sheet,), heads, (re.sub(r"[_-]", " ", file),), book):
        years = {year for text in texts for year in months.years_in(text)}
        if len(years) == 1:
            return years.pop()
    return None


def period_of(table: Table, year: int | None, file: str, answer: str | None = None) -> Period:
    """Return the one month that a table is about, if its rows and headings do not say their own.

    What the title says and what the sheet's name says must agree; a name of a file is taken only where neither says
    anything; the day of a signature never is.
    """
    if answer:
        return Period(answer, "answer")
    title: dict[str, str] = {}
    for text in table.context:
        if not months.signed(text) and not (months.range_in(text) and not re.search(r"\b(den|het)\b", fold(text))):
            title |= dict.fromkeys(months.months_in(text), text)
    if not title and year is not None:
        for text in table.context:
            if (
                not months.range_in(text)
                and (parts := re.search(r"\bthang (\d{1,2})\b", fold(text)))
                and not months.signed(text)
            ):
                if month := months.month(year, int(parts[1])):
                    title[month] = text
    heads = {c.month or (months.month(year, c.number) if year and c.number else None) for c in table.columns} - {None}
    tab_month = sheet_month(table.grid.sheet, year)
    if len(title) > 1:
        if tab_month in title:
            return Period(tab_month, "title")
        return Period(None, "", tuple(title.items()))
    if title:
        month = next(iter(title))
        bare = months.bare_month(table.grid.sheet) or _only_number(table.grid.sheet)
        if (tab_month and tab_month != month) or (not tab_month and bare and bare != int(month[5:])):
            return Period(None, "", ((month, title[month]), (tab_month or f"{bare:02d}", table.grid.sheet)))
        return Period(month, "title")
    if tab_month:
        return Period(tab_month, "sheet")
    if len(heads) == 1:
        return Period(str(heads.pop()), "heading")
    named = months.months_in(re.sub(r"[_\-.]+", " ", file).replace("T", " T")) or [
        file_month for part in re.findall(r"20\d\d[-_.]?\d\d|\d\d[-_.]?20\d\d", file) if (file_month := _digits(part))
    ]
    if len(set(named)) == 1:
        return Period(named[0], "file")
    return Period(None)


def sheet_month(name: str, year: int | None) -> str | None:
    """Return the month that a sheet's name says.

    >>> [sheet_month(x, 2023) for x in ("T01", "Tháng 2", "3", "04-2022", "BC T5.2023", "Sheet1", "Báo cáo")]
    ['2023-01', '2023-02', '2023-03', '2022-04', '2023-05', None, None]
    """
    text = tidy(name)
    if (
        (named_month := months.month_of(text))
        or len(named_months := months.months_in(text)) == 1
        and (named_month := named_months[0])
    ):
        return named_month
    number = months.bare_month(text) or _only_number(text)
    if not number and (parts := re.search(r"\b(?:thang|t) ?(\d{1,2})\b", fold(text))):
        number = int(parts[1])
    return months.month(year, number) if number and year else None


def _only_number(text: str) -> int | None:
    return int(tidy(text)) if re.fullmatch(r"0?[1-9]|1[0-2]", tidy(text)) else None


def _digits(text: str) -> str | None:
    plain = re.sub(r"\D", "", text)
    first = months.month(int(plain[:4]), int(plain[4:]))
    return first or months.month(int(plain[2:]), int(plain[:2]))
