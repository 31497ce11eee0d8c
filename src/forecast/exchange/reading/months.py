"""Months in cells, headings, titles, names of sheets and files: each form that an office writes, and no guess."""

import datetime
import re

from forecast.data import typed
from forecast.exchange.reading.texts import fold, tidy

FIRST_YEAR, LAST_YEAR = 1990, 2060
"""Years that a report can be about: the scheme began in 2008."""
_ENGLISH = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_WORDS = ("gieng mot", "hai", "ba", "tu bon", "-", "sau", "bay", "tam", "chin", "muoi", "muoi mot", "muoi hai chap")
_PAPER = re.compile(r"quyet dinh|ban hanh|cong van|kem theo|nghi quyet|nghi dinh|thong tu|\bso\b.*\bqd\b")


def month(year: int, number: int) -> str | None:
    """Return `YYYY-MM`, None for what is no month of a report.

    >>> month(2023, 1), month(2023, 13), month(23, 1)
    ('2023-01', None, '2023-01')
    """
    year += 2000 if 0 <= year < 100 else 0
    return f"{year:04d}-{number:02d}" if 1 <= number <= 12 and FIRST_YEAR <= year <= LAST_YEAR else None


def month_of(value: object, year: int | None = None, american: bool = False) -> str | None:
    """Return the month that a cell names, None if it names none; `year` is that of a cell without one.

    `american` reads 01/31/2023 as January, which a column of such cells asks for. A bare day number of Excel counts
    days since 1899-12-30.

    >>> [month_of(x) for x in ("31/12/2023", "12/2023", "Tháng 3 năm 2024", "2024-03", "13/2024", 5, "T1.2023")]
    ['2023-12', '2023-12', '2024-03', '2024-03', None, None, '2023-01']
    >>> [month_of(x) for x in ("2023-01-28", 44927, 202301, "01/23", "Jan-23")], month_of("T3", 2022)
    (['2023-01', '2023-01', '2023-01', '2023-01', '2023-01'], '2022-03')
    """
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, datetime.datetime | datetime.date):
        return month(value.year, value.month)
    if isinstance(value, int | float):
        return _of_number(value, year)
    text = fold(value)
    if re.fullmatch(r"\d+", text):
        return _of_number(int(text), year) if len(text) < 8 else month(int(text[:4]), int(text[4:6]))
    head = r"(?:(?:trong |cuoi |het |den )?(?:thang|t|ky|ngay))?\s*"
    if parts := re.fullmatch(r"(?:ngay )?(\d{1,2}) (?:thang )?(\d{1,2}) (?:nam )?(\d{4})(?: 0+)*", text):
        day, number, stated = (int(part) for part in parts.groups())
        if american:
            day, number = number, day
        return month(stated, number) if 1 <= day <= 31 else None
    if parts := re.fullmatch(rf"{head}(\d{{1,2}}) (?:nam )?(\d{{4}}|\d{{2}})", text):
        return month(int(parts[2]), int(parts[1]))
    if parts := re.fullmatch(r"(\d{4}) (?:thang |t)?(\d{1,2})(?: \d{1,2}(?: 0+)*)?", text):
        return month(int(parts[1]), int(parts[2]))
    if parts := re.fullmatch(rf"({'|'.join(_ENGLISH)})[a-z]* (\d{{4}}|\d{{2}})", text):
        return month(int(parts[2]), _ENGLISH.index(parts[1]) + 1)
    if year is not None and (bare := bare_month(value)):
        return month(year, bare)
    return None


def _of_number(value: float, year: int | None) -> str | None:
    """Return the month of a bare number: 202301, a day number of Excel, or 1 to 12 of a known year."""
    if value != int(value):
        return None
    number = int(value)
    if 100 * FIRST_YEAR < number < 100 * LAST_YEAR + 13:
        return month(number // 100, number % 100)
    if day := typed.excel_day(number):
        return month(day.year, day.month)
    return month(year, number) if year is not None and 1 <= number <= 12 else None


def bare_month(value: object) -> int | None:
    """Return the number of a month that stands without a year: `T1`, `Tháng 01`, `Tháng Hai`, None for none.

    >>> bare_month("T1"), bare_month("Tháng 12"), bare_month("tháng mười một"), bare_month("Tháng"), bare_month("T13")
    (1, 12, 11, None, None)
    """
    text = fold(value)
    if parts := re.fullmatch(r"(?:trong |cuoi |het |den )?(?:thang|t|th) ?(\d{1,2})", text):
        return int(parts[1]) if 1 <= int(parts[1]) <= 12 else None
    if text.startswith("thang "):
        for number, words in enumerate(_WORDS, 1):
            if text[6:] in (words, *(words.split() if number in (1, 4) else ()), words.removesuffix(" chap")):
                return number
    return None


def months_in(text: object) -> list[str]:
    """Return the months that a sentence names with their year, in order, each once; dates of papers are none.

    >>> months_in("BÁO CÁO THÁNG 01 NĂM 2023"), months_in("Đến 31/12/2022: quyết định 5/QĐ ngày 1/3/2020")
    (['2023-01'], [])
    >>> months_in("Lũy kế đến 30/6/2023"), months_in("Từ tháng 1 đến tháng 3/2023"), months_in("Quý I năm 2023")
    (['2023-06'], ['2023-03'], [])
    """
    plain = re.sub(r"\s+", " ", tidy(text).casefold())
    if _PAPER.search(fold(text)):
        return []
    plain = fold(re.sub(r"[/.\-]", " ", plain))
    named_months = []
    for parts in re.finditer(
        r"\b(?:\d{1,2} )(?:thang )?(\d{1,2}) (?:nam )?(20\d\d)\b|\b(?:thang|t|ky) ?(\d{1,2}) (?:nam )?(20\d\d)\b"
        r"|\b(\d{1,2}) (20\d\d)\b",
        plain,
    ):
        number, stated = [int(one) for one in parts.groups() if one]
        if (named_month := month(stated, number)) and named_month not in named_months:
            named_months.append(named_month)
    return named_months


def range_in(text: object) -> bool:
    """Return whether a text is about several months: a quarter, half a year, `từ tháng 1 đến tháng 3`.

    >>> range_in("6 THÁNG ĐẦU NĂM 2023"), range_in("Quý I/2023"), range_in("tháng 6 năm 2023"), range_in("các tháng")
    (True, True, False, True)
    """
    plain = fold(text)
    return bool(
        re.search(
            r"\b\d+ thang (dau|cuoi)|\bquy (\d|[ivx]+)\b|\btu (thang|ngay)\b.*\bden\b|cac thang|\bthang "
            r"\d+ \d* ?den (thang )?\d",
            plain,
        )
    )


def signed(text: object) -> bool:
    """Return whether a text is the day of a paper and not of its figures: `Đà Bắc, ngày 5 tháng 2 năm 2023`.

    A day alone is one as well, unless it is the first or one of the last of a month.

    >>> signed("Đà Bắc, ngày 05 tháng 02 năm 2023"), signed("Số liệu đến ngày 31 tháng 01 năm 2023")
    (True, False)
    >>> signed("Ngày lập: 05/02/2023"), signed("05/02/2023"), signed("31/01/2023")
    (True, True, False)
    """
    plain = fold(text)
    if re.match(r"(ngay|thoi gian|gio) (lap|in|gui|nhan|tao|xuat|ky|nop|cap nhat)\b", plain):
        return True
    if alone := re.fullmatch(r"(?:ngay )?(\d{1,2}) \d{1,2} \d{4}", plain):
        return 1 < int(alone[1]) < 28
    return bool(re.search(r"\bngay\b.*\bthang\b.*\bnam\b", plain)) and not re.search(
        r"\b(den|het|chot|toi|cuoi|tinh)\b", plain.partition("ngay")[0]
    )


def years_in(text: object) -> list[int]:
    """Return the years that a text names, each once; those of papers and signatures are none.

    >>> years_in("SỐ NGƯỜI THAM GIA CÁC THÁNG NĂM 2023"), years_in("Đà Bắc, ngày 5 tháng 2 năm 2024")
    ([2023], [])
    """
    if signed(text) or _PAPER.search(fold(text)):
        return []
    return list(dict.fromkeys(int(one) for one in re.findall(r"(?<!\d)(20[0-5]\d)(?!\d)", tidy(text))))
