"""Formulas of our own workbooks, saved with what they give: a viewer that calculates nothing shows no empty cell.

A phone's preview shows the result that was saved beside a formula, and openpyxl saves none. Only what our workbooks
write is known here: SUM, IF, N, MAX, comparisons and arithmetic on cells of the same sheet.
"""

import io
import math
import re
import zipfile
from collections.abc import Callable

from openpyxl import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from forecast.data.files import timeless

Value = float | str | bool | None
_TOKENS = re.compile(r'"[^"]*"|[A-Z]{1,3}\d+(?::[A-Z]{1,3}\d+)?|[A-Z]+(?=\()|\d+(?:\.\d+)?|<>|<=|>=|[-+*/(),<>=]')
_CELL = re.compile(rb'<c r="([A-Z]+\d+)"([^>]*)><f>(.*?)</f><v ?/?>(?:</v>)?</c>')
_COMPARED: dict[str, Callable[[float, float], bool]] = {
    "=": lambda a, b: a == b,
    "<>": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    ">": lambda a, b: a > b,
    "<=": lambda a, b: a <= b,
    ">=": lambda a, b: a >= b,
}


def saved(book: Workbook) -> bytes:
    """Return a workbook as .xlsx in which each formula stands with its result; the same book gives the same bytes."""
    stream, out = io.BytesIO(), io.BytesIO()
    book.save(stream)
    results = {f"xl/worksheets/sheet{number}.xml": Results(s) for number, s in enumerate(book.worksheets, 1)}
    with zipfile.ZipFile(stream) as old, zipfile.ZipFile(out, "w") as new:
        for item in old.infolist():
            content = old.read(item)
            if item.filename in results:
                content = _CELL.sub(results[item.filename].beside, content)
            new.writestr(item, content)
    return timeless(out.getvalue())


class Results:
    """What the formulas of a sheet give.

    >>> sheet = Workbook().worksheets[0]
    >>> for row in ([4, 3], ["=SUM(A1:B1)", '=IF(N(A3)>0,A1/A3,"")'], [None, "=MAX(0,B1-A1)"]):
    ...     sheet.append(row)
    >>> [Results(sheet).of(cell) for cell in ("A2", "B2", "B3")]
    [7.0, '', 0.0]
    """

    def __init__(self, sheet: Worksheet):
        self._sheet = sheet
        self._known: dict[str, Value] = {}

    def of(self, cell: str) -> Value:
        """Return what a cell shows; NaN for a formula that divides by nothing."""
        if cell not in self._known:
            value = self._sheet[cell].value
            if isinstance(value, str) and value.startswith("=") and self._sheet[cell].data_type == "f":
                value = _Reader(value[1:], self).whole()
            self._known[cell] = value if isinstance(value, str | int | float) else None
        return self._known[cell]

    def between(self, area: str) -> list[Value]:
        """Return what the cells of an area show."""
        return [self.of(cell.coordinate) for row in self._sheet[area] for cell in row]

    def beside(self, found: re.Match[bytes]) -> bytes:
        """Return a cell of the sheet's XML with the result beside its formula."""
        value = self.of(found[1].decode())
        if isinstance(value, str):
            text, kind = value, b' t="str"'
        else:
            text, kind = ("" if value is None or math.isnan(value) else f"{float(value):.17g}"), b""
        shown = text.replace("&", "&amp;").replace("<", "&lt;").encode()
        return b'<c r="%s"%s%s><f>%s</f><v>%s</v></c>' % (found[1], found[2], kind, found[3], shown)


class _Reader:
    """Reads one formula from left to right."""

    def __init__(self, formula: str, results: Results):
        self._tokens = _TOKENS.findall(formula)
        if "".join(self._tokens) != formula:
            raise ValueError(f"a formula that is not known: {formula}")
        self._results = results

    def whole(self) -> Value:
        value = self._compared()
        if self._tokens:
            raise ValueError(f"a formula that goes on: {self._tokens}")
        return value

    def _next(self, *wanted: str) -> str:
        return self._tokens.pop(0) if self._tokens and (not wanted or self._tokens[0] in wanted) else ""

    def _compared(self) -> Value:
        left = self._added()
        if sign := self._next(*_COMPARED):
            return _COMPARED[sign](number(left), number(self._added()))
        return left

    def _added(self) -> Value:
        left = self._multiplied()
        while sign := self._next("+", "-"):
            left = number(left) + (1 if sign == "+" else -1) * number(self._multiplied())
        return left

    def _multiplied(self) -> Value:
        left = self._atom()
        while sign := self._next("*", "/"):
            by = number(self._atom())
            left = number(left) * by if sign == "*" else number(left) / by if by else math.nan
        return left

    def _atom(self) -> Value:
        token = self._next()
        if token == "(":
            value = self._compared()
            self._next(")")
            return value
        if token.startswith('"'):
            return token[1:-1]
        if token[:1].isdigit():
            return float(token)
        return self._called(token) if token.isalpha() else self._results.of(token)

    def _called(self, name: str) -> Value:
        given: list[Value] = []
        self._next("(")
        while not self._next(")"):
            area = self._tokens[0] if ":" in self._tokens[0] else ""
            given += self._results.between(self._next()) if area else [self._compared()]
            self._next(",")
        if name == "IF":
            return given[1] if given[0] else given[2]
        counts = [float(one) for one in given if isinstance(one, int | float)]
        if name not in ("SUM", "MAX", "N"):
            raise ValueError(f"a function that is not known: {name}")
        return max(counts, default=0.0) if name == "MAX" else sum(counts, start=0.0)


def number(value: Value) -> float:
    """Return a value as a spreadsheet calculates with it: nothing and a text are 0.

    >>> number(None), number(3), number("thấp")
    (0.0, 3.0, 0.0)
    """
    return float(value) if isinstance(value, int | float) else 0.0
