"""Dates as people write them, counted in months, business days, days or whole numbers.

A form is how a date is written; a grid says what is counted and in which steps. Two forms look like whole numbers:
`202312` is a month where every date of a series is one, and Excel's number of a day (45291 is 2023-12-31) is taken for
a day where the dates lie as far apart as months, quarters or years do. Other numbers are numbers.
"""

import math
import re
from calendar import monthrange
from datetime import date, timedelta
from typing import NamedTuple

import numpy as np

from forecast.data import typed
from forecast.data.messages import Message

FORMS = {
    "year": r"(?P<year>[12]\d{3})",
    "quarter": r"(?P<year>[12]\d{3})-?[Qq](?P<quarter>[1-4])",
    "month": r"(?P<year>[12]\d{3})-(?P<month>0[1-9]|1[0-2])",
    "compact": r"(?P<year>(?:19|20|21)\d{2})(?P<month>0[1-9]|1[0-2])",
    "day": r"(?P<year>\d{4})-(?P<month>\d{2})-(?P<day>\d{2})(?:[ T]00:00(?::00(?:\.0+)?)?)?",
    "excel": r"(?P<excel>[2-7]\d{4})(?:\.0)?",
    "number": r"(?P<number>\d{1,9})",
}
_PATTERNS = {form: re.compile(pattern, re.ASCII).fullmatch for form, pattern in FORMS.items()}
WRITTEN = Message(
    "a year (2021), a quarter (2021-Q3), a month (2021-12 or 202112), a day (2021-12-31) or a whole number"
)
OWN_STEP = {"year": 12, "quarter": 3, "month": 1, "compact": 1}
SEASONS = {"day": {1: 7, 7: 52}, "business": {1: 5}, "number": {}}  # steps in a season, by unit and step
EPOCH = date(1970, 1, 1)
LAST_DAY = (date(9999, 12, 31) - EPOCH).days
LAST_MONTH = 9999 * 12 + 11
WEEKDAYS = 10  # dates from which on the lack of any Saturday and Sunday says that business days are counted


class Grid(NamedTuple):
    """How dates are counted: ``unit`` (month, day, business, number), units in a ``step``, the ``form`` of their text.

    ``day`` is that of the month where dates are days counted in months (31 for the last one).
    """

    unit: str
    step: int
    form: str
    day: int = 31

    @property
    def season(self) -> int:
        """Steps in a season; 1 where there is none."""
        return 12 // self.step if self.unit == "month" else SEASONS[self.unit].get(self.step, 1)

    @property
    def last(self) -> int:
        """The last place that can be written."""
        return {"month": LAST_MONTH, "day": LAST_DAY, "business": LAST_DAY}.get(self.unit, 10**12)

    def write(self, place: int) -> str:
        """Return the date at a place in time, written as those that were read.

        >>> Grid("month", 3, "quarter").write(2021 * 12 + 5)
        '2021-Q2'
        """
        if self.unit == "number":
            return str(place)
        if self.unit != "month":
            day = EPOCH + timedelta(days=place)
        else:
            year, month = place // 12, place % 12 + 1
            if self.form == "year":
                return f"{year:04d}"
            if self.form == "quarter":
                return f"{year:04d}-Q{(month - 1) // 3 + 1}"
            if self.form in ("month", "compact"):
                return f"{year:04d}{'-' * (self.form == 'month')}{month:02d}"
            day = date(year, month, min(self.day, monthrange(year, month)[1]))
        return str((day - typed.EXCEL_EPOCH).days) if self.form == "excel" else day.isoformat()

    def ahead(self, last: int, horizon: int) -> list[int]:
        """Return the places of the next ``horizon`` steps; those of business days skip Saturdays and Sundays."""
        if self.unit != "business":
            return [last + self.step * step for step in range(1, horizon + 1)]
        days = np.busday_offset(np.datetime64("1970-01-01") + last, np.arange(1, horizon + 1), roll="backward")
        return [int(day) for day in days.astype("datetime64[D]").astype(int)]

    def steps(self, first: int, places: np.ndarray) -> np.ndarray:
        """Return how many steps ``places`` lie after ``first``; rounded up where they lie between two."""
        if self.unit == "business":
            days = (np.datetime64("1970-01-01") + np.append(first, places)).astype("datetime64[D]")
            return np.busday_count(days[0], days[1:]).astype(int)
        return -((first - np.asarray(places)) // self.step)


def place(text: str, form: str, start: bool = False) -> int | None:
    """Return what a date counts: months (year * 12 + month - 1), days since 1970, or a number; None if it is no date.

    A year or quarter stands at its last month, or at its first where ``start``.

    >>> place("2021-Q2", "quarter") % 12, place("2021", "year", start=True) % 12, place("2021-02-30", "day")
    (5, 0, None)
    """
    if form == "month" and text.count("/") == 1:  # 12/2025, T12/2025, and no day of a month
        text = str(typed.month(text))
    matched = _PATTERNS[form](text)
    if not matched:
        return None
    if form == "day":
        try:
            return date(*map(int, matched.groups())).toordinal() - EPOCH.toordinal()
        except ValueError:
            return None
    part = {name: int(value) for name, value in matched.groupdict().items()}
    if form == "number":
        return part["number"]
    if form == "excel":
        return (typed.EXCEL_EPOCH - EPOCH).days + part["excel"]
    quarter = part.get("quarter", 1 if start else 4)
    return part["year"] * 12 + part.get("month", 3 * quarter - (2 if start else 0)) - 1


def on_grid(text: str, grid: Grid) -> int | None:
    """Return where a date of any form that is finer or coarser than a grid lies on it, the begin of a period; or None.

    >>> on_grid("2023-04-01", Grid("month", 1, "month")) == on_grid("2023-Q2", Grid("month", 3, "quarter"))
    True
    """
    if grid.unit == "number":
        return place(text, "number")
    for form in ("year", "quarter", "month", "compact", "day", "excel"):
        position = place(text, form, start=True)
        if position is None:
            continue
        if grid.unit == "month":
            if form in OWN_STEP:
                return position
            day = EPOCH + timedelta(days=position)
            return day.year * 12 + day.month - 1
        if form in OWN_STEP:
            return (date(position // 12, position % 12 + 1, 1) - EPOCH).days
        return position
    return None


def grid_of(places: np.ndarray, form: str) -> tuple[np.ndarray, Grid]:
    """Return the places of a series (n,) as its grid counts them, and the grid: its step is the largest that meets all.

    Dates written as days are counted in months where no two share a month and all keep their day, or are far apart.
    """
    if form == "number":
        return places, Grid("number", 1, form)
    if form in OWN_STEP:
        return places, Grid("month", math.gcd(_step(places, 12), 12), form)
    days = places.astype("datetime64[D]")
    months = days.astype("datetime64[M]").astype(int)
    at_end = bool(np.all((days + 1).astype("datetime64[M]").astype(int) > months))
    of_month = (days - days.astype("datetime64[M]").astype("datetime64[D]")).astype(int) + 1
    apart = np.diff(np.sort(places))
    if len(set(months)) == len(months) and (at_end or bool(np.all(of_month == of_month[0]) or np.all(apart >= 20))):
        grid = Grid("month", math.gcd(_step(months, 12), 12), form, 31 if at_end else int(of_month[0]))
        return months + 1970 * 12, grid
    if len(places) >= WEEKDAYS and bool(np.all(np.is_busday(days))) and np.ptp(places) > 2 * len(set(places % 7)):
        if not np.all(places % 7 == places[0] % 7):
            return places, Grid("business", 1, form)
    return places, Grid("day", 7 if _step(places, 7) % 7 == 0 else 1, form)


def is_excel(places: np.ndarray) -> bool:
    """Say whether numbers, read as Excel's days (places), lie as far apart as months, quarters or years do."""
    if len(places) < 2:
        return False
    return bool(np.all(np.diff(np.sort(places)) >= 28)) and grid_of(places, "excel")[1].unit == "month"


def _step(places: np.ndarray, alone: int) -> int:
    """Return the largest step that meets all places in time; ``alone`` for a single one."""
    return int(np.gcd.reduce(np.diff(np.sort(places)))) if len(places) > 1 else alone
