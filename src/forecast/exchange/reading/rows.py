"""Rows of a table: communes, sums, groups, notes, signatures, numbers of columns, headings that stand again."""

import re
from collections.abc import Callable
from typing import NamedTuple

from forecast.exchange.reading import months
from forecast.exchange.reading.cells import Cell
from forecast.exchange.reading.names import Names
from forecast.exchange.reading.numbers import whole
from forecast.exchange.reading.tables import Column, Table
from forecast.exchange.reading.texts import fold, tidy

SKIPPED = {  # why a row is no commune's: Vietnamese, English
    "hidden": (
        "dòng bị ẩn, không đọc (trả lời --map hidden=read nếu cần đọc)",
        "hidden rows, not read (say --map hidden=read to read them)",
    ),
    "repeated": ("tiêu đề lặp lại", "the heading again"),
    "numbering": ("dòng số thứ tự cột", "numbers of the columns"),
    "sum": ("dòng cộng, chỉ dùng để kiểm tra", "sums, used as a check"),
    "group": ("dòng nhóm", "group rows"),
    "part": ("dòng chi tiết của một dòng khác", "parts of another row"),
    "note": ("ghi chú, chữ ký hoặc dòng không có số", "notes, signatures, or rows without a number"),
}
_SUM = re.compile(
    r"^(?:[ivx]+ |[a-z] |\d+ )?(tong|cong|toan (huyen|tinh|xa|thanh pho|quan|thi xa|bo|nganh)|tc|sum\b|total"
    r"|subtotal|grand)\b"
)
_PART = re.compile(r"^(trong do|nu|nam|ho ngheo|can ngheo|dan toc|- )\b")
_NOTE = re.compile(
    r"^(ghi chu|luu y|nguoi lap|giam doc|pho giam doc|thu truong|noi nhan|ky ten|ke toan|nguon|note|can bo"
    r"|truong phong|kt giam doc|xac nhan|nguoi tong hop|trang \d)"
)
_ROMAN = re.compile(r"^(?:[IVX]+|[A-H])[.)]?$")


class Row(NamedTuple):
    """One row of a commune, or a sum: its place (from 0), name, unit ("" if not known), district and month."""

    at: int
    name: str
    unit: str
    district: str
    month: str | None


class Rows(NamedTuple):
    """The rows of a table by what they are; `unknown` holds (row, name, near ones, how) of names that match nothing."""

    data: list[Row]
    sums: list[Row]
    skipped: dict[str, list[int]]
    unknown: list[tuple[int, str, tuple[str, ...], str]]
    read_as: dict[str, str]  # names found without diacritics or in an old font, and what they are
    bad_months: list[tuple[int, Cell]]
    carried: int  # names or months taken from the row above


class _Reader:
    """Walks down a table, with the district and the month of the group that it is in."""

    def __init__(
        self,
        table: Table,
        names: Callable[[str | None], Names | None],
        answers: dict[str, str],
        year: int | None,
        read_hidden: bool,
    ):
        self.table, self.names, self.answers, self.year = table, names, answers, year
        self.read_hidden = read_hidden
        self.rows = table.grid.rows
        one: dict[str, Column | None] = {
            role: next(iter(table.by_role(role)), None) for role in ("commune", "district", "month", "year", "order")
        }
        self.key = one
        kinds = ("order", "commune", "district", "province", "month", "year")
        self.values = [c.at for c in table.columns if c.role not in kinds]
        self.merged = self._merged()
        self.sheet_name = table.grid.sheet if one["commune"] is None else ""
        self.american = self._american()
        self.district = ""
        self.month: str | None = None
        self.sorted_rows = Rows([], [], {}, [], {}, [], 0)
        self.carried = 0
        self.down = {role for role in ("commune", "month", "district") if self._carries(role)}
        self.last: dict[str, Cell] = {}

    def _merged(self) -> dict[tuple[int, int], Cell]:
        """Return the value of each cell in a merged area of several rows."""
        out: dict[tuple[int, int], Cell] = {}
        for top, left, bottom, right in self.table.grid.merged:
            if bottom > top and bottom - top < 10_000 and right - left < 5:
                value = self.rows[top][left] if top < len(self.rows) and left < len(self.rows[top]) else None
                out |= {(y, x): value for y in range(top, bottom + 1) for x in range(left, right + 1)}
        return out

    def cell(self, y: int, role: str) -> Cell:
        column = self.key.get(role)
        return None if column is None else self.at(y, column.at)

    def at(self, y: int, x: int) -> Cell:
        value = self.rows[y][x] if x < len(self.rows[y]) else None
        return self.merged.get((y, x)) if value is None else value

    def _american(self) -> bool:
        """Return whether the days of the month column have their month first, which a day above 12 shows."""
        if self.key["month"] is None:
            return False
        texts = [tidy(self.cell(y, "month")) for y in range(self.table.bottom + 1, self.table.end)]
        parts = [re.fullmatch(r"(\d{1,2})[/.-](\d{1,2})[/.-]\d{4}", text) for text in texts]
        return any(p and int(p[2]) > 12 for p in parts) and not any(p and int(p[1]) > 12 for p in parts)

    def _carries(self, role: str) -> bool:
        """Return whether a key is written once and left empty below, as a file that lost its merged cells has it."""
        if self.key[role] is None:
            return False
        span = [y for y in range(self.table.bottom + 1, self.table.end) if self._numbers(y)]
        filled = [y for y in span if self.cell(y, role) is not None]
        other = "month" if role == "commune" else "commune"
        full = [y for y in span if self.cell(y, other) is not None]
        return bool(filled) and filled[0] == span[0] and len(filled) < 0.67 * len(span) and len(full) > 0.9 * len(span)

    def _numbers(self, y: int) -> bool:
        """Return whether a row has a number in a column of values."""
        row = self.rows[y]
        return any(whole(row[x]) is not None or isinstance(row[x], float) for x in self.values if x < len(row))

    def run(self) -> Rows:
        """Sort every row below the heading."""
        for y in range(self.table.bottom + 1, self.table.end):
            if all(value is None or value == "" for value in self.rows[y]):
                continue
            kind = self._kind(y)
            if kind:
                self.sorted_rows.skipped.setdefault(kind, []).append(y)
        return self.sorted_rows._replace(carried=self.carried)

    def _kind(self, y: int) -> str:
        """Return why a row is no commune's ("" if it is one), and take it down if it is one or a sum."""
        table = self.table
        if y in table.grid.hidden_rows and not self.read_hidden:
            return "hidden"
        if y in table.repeated or self._again(y):
            return "repeated"
        if self._numbering(y):
            return "numbering"
        name, order = self._name(y), tidy(self.cell(y, "order"))
        label = name or order or next((tidy(v) for v in self.rows[y] if isinstance(v, str) and tidy(v)), "")
        numbers = self._numbers(y)
        month = self._month(y)
        matched = self._match(name, y, month) if name else ""
        if matched and not self._heads_group(name, order):
            return self._take(y, name, matched, month)
        district = self._district(label)
        if _SUM.match(fold(label)) or not district and self._is_place(label):
            return self._sum(y, label, month) if numbers else "group"
        if _NOTE.match(fold(label)) and not matched:
            return "note"
        if district or (numbers and _ROMAN.match(order) and not matched):
            self.district = district
            return self._sum(y, label, month) if numbers else "group"
        if not numbers and not (month and name and self.key["month"]):
            return self._text_row(y, label, order)
        if _PART.match(fold(label)) or re.match(r"^[-+*•]", tidy(name)):
            return "part"
        return self._take(y, name, matched, month)

    def _name(self, y: int) -> str:
        if self.key["commune"] is None:
            return self.sheet_name if self._numbers(y) else ""
        value = self.cell(y, "commune")
        if value is None and "commune" in self.down and self._numbers(y) and not self._labelled(y):
            self.carried += 1
            return tidy(self.last.get("commune"))
        if isinstance(value, float) and value == int(value):
            value = int(value)
        if value is not None and self._numbers(y):
            self.last["commune"] = value
        return tidy(value)

    def _labelled(self, y: int) -> bool:
        """Return whether a row says in another column that it is a sum or a note."""
        return any(
            isinstance(value, str) and (_SUM.match(fold(value)) or _NOTE.match(fold(value))) for value in self.rows[y]
        )

    def _month(self, y: int) -> str | None:
        """Return the month of a row, by its own cells or by the group that it is in."""
        if self.key["month"] is None:
            return self.month
        value = self.cell(y, "month")
        if value is None and "month" in self.down:
            value = self.last.get("month")
            self.carried += 1
        elif value is not None:
            self.last["month"] = value
        stated = self.cell(y, "year")
        number = whole(stated) if stated is not None else None
        year = number if number and 1990 <= number <= 2060 else self.year
        if number and (bare := months.bare_month(value) or whole(value)):
            return months.month(number, bare)
        return months.month_of(value, year, self.american)

    def _again(self, y: int) -> bool:
        """Return whether a row holds the texts of the heading."""
        heading_texts = {column.at: {fold(text) for text in column.path} for column in self.table.columns}
        texts = {x: fold(v) for x, v in enumerate(self.rows[y]) if isinstance(v, str) and tidy(v)}
        same = sum(1 for x, text in texts.items() if text in heading_texts.get(x, ()))
        return len(texts) >= 2 and same == len(texts)

    def _numbering(self, y: int) -> bool:
        """Return whether a row numbers the columns: (1), (2), 3=1+2, A, B, right under a heading."""
        if y - 1 not in {self.table.bottom, *self.table.repeated} and y != self.table.bottom + 1:
            return False
        texts = [tidy(v).removesuffix(".0") for v in self.rows[y] if v is not None]
        short = [text for text in texts if re.fullmatch(r"[(\[]?\s*([A-Za-zĐđ]|\d{1,2})\s*[)\]]?\s*([=(].*)?", text)]
        name = tidy(self.cell(y, "commune"))
        return (
            len(texts) >= 2
            and len(short) == len(texts)
            and bool(re.fullmatch(r"\W*(\w|\d{1,2}(\.0)?)\W*", name or "x"))
        )

    def _heads_group(self, name: str, order: str) -> bool:
        """Return whether a name that a district and a commune share is the district's: its number is Roman."""
        return bool(self._district(name)) and bool(
            _ROMAN.match(order) or re.match(r"(huyện|thành phố|thị xã|quận)\b", name, re.I)
        )

    def _names(self, month: str | None) -> Names | None:
        return self.names(month)

    def _district(self, label: str) -> str:
        names = self._names(self.month)
        return names.district(label) if names is not None and label else ""

    def _is_place(self, label: str) -> bool:
        names = self._names(self.month)
        return names is not None and names.is_place(label)

    def _match(self, name: str, y: int, month: str | None) -> str:
        """Return the unit that a name means, "" if none or several; without a place the name itself is one."""
        names = self._names(month)
        if names is None:
            known = _SUM.match(fold(name)) or _NOTE.match(fold(name)) or not self._numbers(y)
            return "" if known else name
        asked = self.answers.get(fold(name), name)
        if asked in names.units:
            return asked
        match = names.match(asked, tidy(self.cell(y, "district")) or self.district)
        if match.unit and (match.how in ("TCVN3", "VNI") or (match.how == "plain" and fold(name) != name.casefold())):
            self.sorted_rows.read_as[name] = match.unit
        return match.unit

    def _take(self, y: int, name: str, unit: str, month: str | None) -> str:
        """Take a row down as a commune's; a name that is none of the place is kept to be asked about."""
        names = self._names(month)
        if not unit and names is not None and name:
            match = names.match(self.answers.get(fold(name), name), tidy(self.cell(y, "district")) or self.district)
            self.sorted_rows.unknown.append((y, name, match.near, match.how))
        if self.key["month"] is not None and month is None:
            self.sorted_rows.bad_months.append((y, self.cell(y, "month")))
        self.sorted_rows.data.append(Row(y, name, unit, tidy(self.cell(y, "district")) or self.district, month))
        return ""

    def _sum(self, y: int, label: str, month: str | None) -> str:
        if month is None:
            inside = months.months_in(label)
            month = (
                inside[0]
                if len(inside) == 1
                else months.month_of(re.sub(r"^.*?(?=tháng)", "", label, flags=re.I), self.year)
            )
        self.sorted_rows.sums.append(Row(y, label, "", self.district, month))
        return "sum"

    def _text_row(self, y: int, label: str, order: str) -> str:
        """Return what a row without a number is; a group that names a month or a district gives it to those below."""
        text = (
            label
            if not _ROMAN.match(label)
            else next((tidy(v) for v in self.rows[y] if isinstance(v, str) and tidy(v) and tidy(v) != label), label)
        )
        inside = months.months_in(text)
        if self.key["month"] is None and (len(inside) == 1 or months.bare_month(text)) and not months.signed(text):
            self.month = inside[0] if inside else months.month_of(text, self.year)
            return "group"
        if _ROMAN.match(order) and not self.key["district"]:
            self.district = ""
        return (
            "group"
            if _ROMAN.match(order)
            or _ROMAN.match(label.split(".")[0])
            or y < self.table.end - 1
            and any(self._numbers(below) for below in range(y + 1, min(y + 3, self.table.end)))
            else "note"
        )


def sort_rows(
    table: Table,
    names: Callable[[str | None], Names | None],
    answers: dict[str, str] | None = None,
    year: int | None = None,
    read_hidden: bool = False,
) -> Rows:
    """Return the rows of a table by what they are.

    `names` gives the communes that the place has in a month; `answers` maps folded names to the commune that a person
    said they are; `year` is that of months without one.
    """
    return _Reader(table, names, answers or {}, year, read_hidden).run()
