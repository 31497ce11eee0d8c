"""Progress tables of indicators ("Theo dõi thực hiện các chỉ tiêu Thu, Phát triển đối tượng"): which row is of members.

Such a table is of a whole office: a row for each indicator (money, persons of every scheme, shares), beside it what was
planned, what is left and what was done. One column mixes persons, money and percents, so that a row alone says what its
numbers are: by its label, the rows above that it belongs to, and its unit. A row counts only if the voluntary scheme is
named; the reading of each row is that of a heading (:mod:`forecast.exchange.reading.headings`).
"""

import re
from typing import NamedTuple

from forecast.exchange.reading import headings, months, numbers
from forecast.exchange.reading.answers import Answers
from forecast.exchange.reading.cells import Cell, Grid, letter
from forecast.exchange.reading.headings import REASONS
from forecast.exchange.reading.periods import sheet_month
from forecast.exchange.reading.texts import fold, tidy

_LABEL = re.compile(r"^(ten |cac )?(noi dung|chi tieu|nhiem vu|dau muc)( (chi tieu|cong viec|thuc hien|cong tac))*$")
_COLUMNS = (  # what a heading of the form says, first that fits
    ("rate", re.compile(r"ty le|ti le|phan tram")),
    ("progress", re.compile(r"tien do|ghi chu")),
    ("being", re.compile(r"dang thuc hien|con (lai|phai|thieu)|chua (thuc hien|hoan thanh)")),
    ("unit", re.compile(r"^(don vi( tinh)?|dvt)$")),
    ("plan", re.compile(r"ke hoach|\bkh\b|chi tieu giao|duoc giao|dau viec|^giao")),
    ("done", re.compile(r"da (thuc hien|hoan thanh|dat)|ket qua|^thuc hien|luy ke")),
)
_LEAD = re.compile(r"^[\W_]*((trong đó|bao gồm|gồm|chỉ tiêu( về)?|kế hoạch|nhiệm vụ)[\s:]+)+", re.I)
_UNIT = re.compile(r"^\(?\w\)?$|%|tỷ lệ|đồng|vnđ|vnd|\b(người|nguoi|đối tượng|lao động|thẻ|sổ|hồ sơ|lượt|hộ|cuộc)\b")
_THU = re.compile(r"(?<!\w)thu(?!\w)|số tiền|kinh phí|(triệu|tỷ) đồng")
NUMBERS = ("plan", "being", "done", "rate")
WHY = REASONS | {
    "section": ("là tên mục, không có số", "the name of a part, without numbers"),
    "no_scheme": ("không nói là BHXH tự nguyện", "does not say that it is of the voluntary scheme"),
    "numbered": ("là số thứ tự cột", "numbers of columns"),
    "below": ("ghi chú hoặc chữ ký", "notes or signatures"),
    "no_count": ("không có số đã thực hiện", "no figure of what was done"),
    "hidden_row": ("là dòng bị ẩn", "a hidden row"),
    "another": ("dòng khác đã được chọn", "another row was answered"),
}
"""Why a row is told and not taken: Vietnamese, English."""
ROLES = ("members", "entries", "lapses")
"""What a row may count."""


class Indicators(NamedTuple):
    """A table on a sheet: rows from `first` to before `end`, the column of each role, the texts above it."""

    grid: Grid
    top: int
    first: int
    end: int
    columns: dict[str, tuple[int, ...]]
    named: dict[int, str]
    context: tuple[str, ...]

    def heading(self, role: str) -> str:
        """Return the column of a role as people find it: letter and heading."""
        x = self.columns[role][0]
        return f'{letter(x)} "{self.named[x]}"'


class Row(NamedTuple):
    """A row of a table: where it stands, its label, labels of the rows above that it belongs to, and what it counts.

    `role` is one of :data:`ROLES`, "unclear" (members or new ones) or "told", which `why` (a key of :data:`WHY`)
    explains.
    """

    at: int
    label: str
    above: tuple[str, ...]
    role: str
    why: str = ""

    def names(self) -> tuple[str, ...]:
        """Return the names by which an answer may mean this row, the longer first."""
        return (*(f"{part} / {self.label}" for part in self.above[-1:]), self.label)


def find(grid: Grid) -> list[Indicators]:
    """Return the tables of indicators on a sheet, those side by side each by itself.

    >>> head = ["STT", "Nội dung / Chỉ tiêu", "Kế hoạch giao (Đầu việc)", "Đang thực hiện", "Đã thực hiện", "Tỷ lệ"]
    >>> table, = find(Grid("S", [["THEO DÕI CHỈ TIÊU THÁNG 11/2025"], head, [1, "Số người tham gia BHXH TN", 9, 2, 7]]))
    >>> table.first, table.columns["plan"], table.columns["done"], table.context
    (2, (2,), (4,), ('THEO DÕI CHỈ TIÊU THÁNG 11/2025',))
    """
    tables: list[Indicators] = []
    above = 0
    for y, row in enumerate(grid.rows):
        keys = [x for x, cell in enumerate(row) if isinstance(cell, str) and _LABEL.match(fold(cell))]
        if not keys or any(_communes(grid, y, x) for x in range(len(row))):
            continue
        first = y + 1
        named = {x: tidy(cell) for x, cell in enumerate(row) if isinstance(cell, str)}
        while first < len(grid.rows) and _goes_on(grid.rows[first], keys):
            below = {x: tidy(cell) for x, cell in enumerate(grid.rows[first]) if isinstance(cell, str)}
            named |= {x: f"{named.get(x, '')} {text}".strip() for x, text in below.items()}
            first += 1
        context = tuple(tidy(cell) for line in grid.rows[above:y] for cell in line if isinstance(cell, str))
        sides = []
        for at, (key, end) in enumerate(zip(keys, [*keys[1:], 10**6], strict=True)):
            start = 0 if at == 0 else next((x for x in (key - 1,) if _of(named.get(x, "")) == "order"), key)
            columns: dict[str, tuple[int, ...]] = {"label": (key,)}
            for x in sorted(
                x for x in named if start <= x < end and x != key and not (x == end - 1 and _stt(named, x))
            ):
                if role := _of(named[x]):
                    columns[role] = (*columns.get(role, ()), x)
            if "plan" in columns and "done" in columns:
                sides.append(Indicators(grid, y, first, len(grid.rows), columns, named, context))
        if sides:
            tables = [t._replace(end=min(t.end, y)) for t in tables] + sides
            above = first
    return tables


def _communes(grid: Grid, y: int, x: int) -> bool:
    """Return whether a heading is one of communes: "Đơn vị" above units (người, %, đồng) is none."""
    heading = grid.rows[y][x]
    if not isinstance(heading, str) or headings.key_role(heading) != "commune":
        return False
    below = [cell for line in grid.rows[y + 1 :] if x < len(line) and isinstance(cell := line[x], str)]
    return not (fold(heading) == "don vi" and below and all(_UNIT.search(tidy(cell).casefold()) for cell in below))


def _stt(named: dict[int, str], x: int) -> bool:
    return x > 0 and _of(named[x]) == "order"


def _goes_on(row: list[Cell], keys: list[int]) -> bool:
    """Return whether a row is the second or third of a heading: texts alone, none where the labels stand."""
    texts = [cell for cell in row if isinstance(cell, str)]
    return (
        bool(texts)
        and len(texts) == sum(cell is not None for cell in row)
        and not any(x < len(row) and row[x] is not None for x in keys)
        and not any(numbers.whole(text) is not None or re.fullmatch(r"\(?\w{1,2}\)?", tidy(text)) for text in texts)
    )


def _of(heading: str) -> str:
    """Return the role of a column by its heading, "" for none."""
    if headings.key_role(heading) == "order":
        return "order"
    if "%" in heading:
        return "rate"
    return next((role for role, pattern in _COLUMNS if pattern.search(fold(heading))), "")


def month_of(table: Indicators) -> tuple[str | None, tuple[str, ...]]:
    """Return the month that the texts above a table name, or else its sheet, and those that disagree.

    >>> month_of(Indicators(Grid("T10", []), 0, 0, 0, {}, {}, ("Chỉ tiêu tháng 11/2025",)))
    (None, ('2025-11', '2025-10'))
    """
    texts = [text for text in table.context if not months.signed(text)]
    stated = {m for text in texts if not _ranged(text) for m in months.months_in(text)}
    years = {year for text in texts for year in months.years_in(text)}
    sheet = sheet_month(table.grid.sheet, years.pop() if len(years) == 1 else None)
    everything = tuple(sorted(stated | ({sheet} if sheet else set()), reverse=True))
    return (everything[0], ()) if len(everything) == 1 else (None, everything)


def _ranged(text: str) -> bool:
    return months.range_in(text) and not re.search(r"\b(den|het)\b", fold(text))


def of_several_months(table: Indicators) -> bool:
    """Return whether a title says that the table is about several months, so that flows are no month's."""
    return any(months.range_in(text) or "luy ke" in fold(text) for text in table.context)


def cell(table: Indicators, y: int, role: str) -> Cell:
    """Return the cell of a row in the column of a role, None where there is none."""
    x = table.columns[role][0] if role in table.columns else 10**6
    return table.grid.rows[y][x] if x < len(table.grid.rows[y]) else None


def rows(table: Indicators, answers: Answers) -> list[Row]:
    """Return the rows of a table, each with what it counts by its own words or by an answer; empty ones are left out.

    Labels below the last number may hold names of people: their rows have none.
    """
    numbered = [y for y in range(table.first, table.end) if any(_figure(cell(table, y, role)) for role in NUMBERS)]
    last = numbered[-1] if numbered else table.first - 1
    open_parts: list[tuple[int, str]] = []
    every = []
    for y in range(table.first, table.end):
        label = tidy(cell(table, y, "label"))
        has_numbers = y in numbered
        if y > last or not (label or has_numbers):
            if any(one is not None for one in table.grid.rows[y]):
                every.append(Row(y, "", (), "told", "below" if y > last else "section"))
            continue
        if len(fold(label)) <= 2:
            every.append(Row(y, label, (), "told", "numbered" if label else "unknown"))
            continue
        level = _level(cell(table, y, "order"), has_numbers)
        open_parts = [part for part in open_parts if part[0] < level]
        row = Row(y, label, tuple(text for _, text in open_parts), "told", "section")
        open_parts.append((level, label))
        if y in table.grid.hidden_rows and not answers.hidden:
            row = row._replace(why="hidden_row")
        elif has_numbers:
            row = _answered(table, row, answers)
        every.append(row)
    return every


def _figure(value: Cell) -> bool:
    """Return whether a cell holds a number or a sign for none, and not the words of a signature."""
    if not isinstance(value, str):
        return value is not None
    text = tidy(value).casefold()
    return text in (*numbers.NONE[1:], *numbers.MISSING) or bool(re.fullmatch(r"[+-]?\d[\d.,' ]*\s*(%|người)?", text))


def _level(order: Cell, has_numbers: bool) -> int:
    """Return how deep a row stands by its number: A, I, 1, 1.1, a, a dash; one without a number belongs to the last.

    >>> [_level(x, True) for x in ("A", "II", 3, "1.2", 1.2, "a)", "-", None)], _level(None, False)
    ([0, 1, 2, 3, 3, 8, 9, 9], 1)
    """
    whole = isinstance(order, float) and order == int(order)
    text = tidy(int(order) if whole and isinstance(order, float) else order).strip(".) ")
    if not text:
        return 9 if has_numbers else 1
    if re.fullmatch(r"[IVX]+", text):
        return 1
    if re.fullmatch(r"[A-ZĐ]", text):
        return 0
    if re.fullmatch(r"\d+(\.\d+)*", text):
        return 2 + text.count(".")
    return 8 if re.fullmatch(r"[a-zđ]", text) else 9


def _answered(table: Indicators, row: Row, answers: Answers) -> Row:
    """Return a row as it was answered, or else as its words say."""
    given = next((answers.roles[key] for name in row.names() if (key := fold(name)) in answers.roles), "")
    if given in ROLES:
        return row._replace(role=given, why="answered")
    if given:
        return row._replace(role="told", why="answer")
    role, why = _meaning(table, row)
    return row._replace(role=role, why=why)


def _meaning(table: Indicators, row: Row) -> tuple[str, str]:
    """Return the role of a row with numbers by its words, its unit and the rows above it."""
    path = (table.grid.sheet, *table.context, *row.above, row.label)
    if (scheme := next((one for text in reversed(path) if (one := headings.scheme_of(text))), "")) != "voluntary":
        return "told", {"": "no_scheme", "other": "scheme", "both": "schemes"}[scheme]
    if why := _no_persons(table, row):
        return "told", why
    plain = _LEAD.sub("", row.label)
    role, why = headings.meaning((plain,))
    if why == "any_scheme":  # a row of a part of the voluntary scheme need not say so again
        if not any(headings.scheme_of(text) == "voluntary" for text in row.above):
            return "unclear", why
        role, why = headings.if_voluntary((plain,))
    above = fold(" ".join(row.above))
    nearest = next((t for one in reversed(row.above) if re.search(r"người|đối tượng|thu", t := one.casefold())), "")
    if role != "told" and _THU.search(nearest) and not re.search(r"người|đối tượng", nearest):
        return "told", "money"
    if role == "scheme_only":
        spoken = (fold(text) for text in reversed((*table.context, *row.above)))  # the nearest that says it
        kind = next((text for text in spoken if re.search(r"so nguoi|tham gia|moi|phat trien|giam|\btang\b", text)), "")
        return (
            ("unclear", "unclear") if re.search(r"moi|phat trien|giam|\btang\b", kind) or not kind else ("members", "")
        )
    if role == "members":
        return ("unclear", "unclear") if re.search(r"\b(moi|tang|giam)\b", above) else ("members", "")
    if role == "entries":
        new = re.search(r"\b(moi|tang|them|lan dau)\b", fold(plain))
        return ("entries", "") if new else ("unclear", "unclear")  # "Phát triển đối tượng" may be all of them
    if role == "lapses":
        return role, ""
    if why == "unclear":
        return "unclear", why
    if role == "told":
        return role, why
    return "told", "cumulative" if role.endswith("_year") else "opening" if role == "opening" else "other"


def _no_persons(table: Indicators, row: Row) -> str:
    """Return why the numbers of a row are no persons, "" if nothing says so: its unit, its label, signs of percents."""
    unit = tidy(cell(table, row.at, "unit")).casefold()
    if "%" in unit or "tỷ lệ" in unit:
        return "share"
    if re.search(r"đồng|vnđ|vnd", unit):
        return "money"
    if unit and not re.search(r"\b(người|nguoi|ng|đối tượng|lao động|lđ|nlđ)\b", unit):
        return "other"
    if re.match(r"(số |đã |kết quả |tổng |tổng số )?thu\b", row.label.casefold()):
        return "money"
    figures = [cell(table, row.at, role) for role in ("plan", "done")]
    if any(isinstance(one, str) and "%" in one for one in figures):
        return "share"
    shares = [one for one in figures if isinstance(one, float) and 0 < one < 1]
    return (
        "share" if shares and all(one is None or isinstance(one, int | float) and one <= 1 for one in figures) else ""
    )


def broken(table: Indicators, every: list[Row]) -> dict[str, list[int]]:
    """Return the rows that break a check of the form: `being` = plan - done, `rate` = done / plan."""
    wrong: dict[str, list[int]] = {"being": [], "rate": []}
    for row in every:
        plan, being, done, rate = (_number(cell(table, row.at, role)) for role in NUMBERS)
        if row.why in ("numbered", "below") or plan is None or done is None:
            continue
        slack = 1e-6 * max(1.0, abs(plan))
        if being is not None and min(abs(being - (plan - done)), abs(being - max(0.0, plan - done))) > slack:
            wrong["being"].append(row.at)
        if rate is not None and plan > 0 and not _is_rate(cell(table, row.at, "rate"), rate, done / plan):
            wrong["rate"].append(row.at)
    return wrong


def _number(value: Cell) -> float | None:
    """Return the number in a cell, a percent as it is written, None for what may be read in two ways.

    >>> [_number(x) for x in (0.5, "1.200", "93,5%", "93.5", "-", "xong", None)]
    [0.5, 1200.0, 93.5, 93.5, 0.0, None, None]
    """
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, int | float):
        return float(value)
    text = tidy(value).removesuffix("%").strip()
    if text in numbers.NONE[1:]:
        return 0.0
    if (whole := numbers.whole(text)) is not None:
        return float(whole)
    return float(text.replace(",", ".")) if re.fullmatch(r"-?\d+[.,]\d{1,2}|-\d+", text) else None


def _is_rate(value: Cell, rate: float, share: float) -> bool:
    """Return whether a rate is a share, as a fraction or in percent, to one unit of its last digit.

    >>> _is_rate(0.75, 0.75, 0.7504), _is_rate("75%", 75.0, 0.7504), _is_rate(74.0, 74.0, 0.76)
    (True, True, False)
    >>> _is_rate("1%", 1.0, 1.0)
    False
    """
    digits = len(f"{rate:.6f}".rstrip("0").rpartition(".")[2])
    unit = 10.0**-digits + 1e-6
    fraction = not (isinstance(value, str) and "%" in value) and abs(rate - share) <= min(unit, 0.01)
    return fraction or abs(rate - 100 * share) <= unit
