"""Tables on a sheet: where their headings stand, what each column is, and which texts stand above."""

import datetime
import re
from typing import NamedTuple

from forecast.exchange.reading import headings, months
from forecast.exchange.reading.cells import Cell, Grid, letter
from forecast.exchange.reading.names import Names
from forecast.exchange.reading.numbers import whole
from forecast.exchange.reading.texts import fold, tidy

HEAD_ROWS = 3  # rows that a heading takes at most, beside the one that names the commune


class Column(NamedTuple):
    """One column of a table: its place, its heading from the top down, its role, and the month that it names.

    `number` is the month of a heading without a year; `why` says why a column is told and not taken.
    """

    at: int
    path: tuple[str, ...]
    role: str
    why: str = ""
    month: str | None = None
    number: int | None = None

    @property
    def heading(self) -> str:
        """The texts above the column in one line."""
        return " / ".join(self.path)

    @property
    def undated(self) -> str:
        """The heading without its months and years, the same in each month of a table with months across.

        >>> Column(2, ("Năm 2023", "Tháng 3", "BHXH TN"), "told").undated
        'BHXH TN'
        """
        return " / ".join(
            part for part in self.path if not _month_like(part) and not re.fullmatch(r"nam \d{4}", fold(part))
        )


class Table(NamedTuple):
    """A table on a sheet: rows `top` to `bottom` are its heading, data end before `end` (rows count from 0).

    `context` holds the texts above it; `repeated` the rows in which its heading stands again.
    """

    grid: Grid
    top: int
    bottom: int
    end: int
    columns: tuple[Column, ...]
    context: tuple[str, ...]
    repeated: frozenset[int] = frozenset()

    def by_role(self, *roles: str) -> list[Column]:
        """Return the columns of some roles."""
        return [column for column in self.columns if column.role in roles]

    def where(self, column: Column) -> str:
        """Return the letters of a column and its heading."""
        return f'{letter(column.at)} "{column.heading}"'


class _Sheet:
    """A sheet with merged cells at hand."""

    def __init__(self, grid: Grid):
        self.grid = grid
        self.rows = grid.rows
        self.width = max((len(row) for row in grid.rows), default=0)
        self.areas: dict[tuple[int, int], tuple[int, int, int, int]] = {}
        for area in grid.merged:
            top, left, bottom, right = area
            if (bottom - top + 1) * (right - left + 1) <= 100_000:
                for y in range(top, min(bottom + 1, len(self.rows))):
                    self.areas |= {(y, x): area for x in range(left, min(right + 1, self.width))}

    def raw(self, y: int, x: int) -> Cell:
        row = self.rows[y] if 0 <= y < len(self.rows) else []
        return row[x] if x < len(row) else None

    def cell(self, y: int, x: int) -> Cell:
        """Return the value of a cell, in a merged area that of its first cell."""
        value = self.raw(y, x)
        if value is None and (area := self.areas.get((y, x))):
            return self.raw(area[0], area[1])
        return value

    def texts(self, y: int) -> list[int]:
        """Return the columns of a row that hold a text."""
        return [x for x, value in enumerate(self.rows[y]) if isinstance(value, str) and tidy(value)]


def find_tables(grid: Grid, names: Names | None) -> list[Table]:
    """Return the tables of a sheet that have a row for each commune, or a heading that says so."""
    sheet = _Sheet(grid)
    blocks, named = _blocks(sheet, "commune"), False
    if not blocks and names is not None:
        blocks = _by_names(sheet, names)
        named = bool(blocks)
    if not blocks:  # a sheet for each commune names the month instead
        blocks = _blocks(sheet, "month")[:1]
    tables: list[Table] = []
    since = 0
    for number, (top, bottom, key) in enumerate(blocks):
        end = blocks[number + 1][0] if number + 1 < len(blocks) else len(sheet.rows)
        context = _context(sheet, since, top)
        columns = _columns(sheet, top, bottom, context)
        if named:
            columns = tuple(c._replace(role="commune", why="") if c.at == key else c for c in columns)
        title_lines = context[1:] if tables and since else context
        if tables and [c.path for c in columns] == [c.path for c in tables[-1].columns] and not title_lines:
            tables[-1] = tables[-1]._replace(end=end, repeated=tables[-1].repeated | set(range(top, bottom + 1)))
        else:
            for part in _side_by_side(columns):
                tables.append(Table(grid, top, bottom, end, part, title_lines))
        since = bottom + 1
    # What stands between two tables belongs to the second.
    return [
        table._replace(end=min(table.end, _last_row(sheet, table) + 1))
        if any(other.top >= table.end for other in tables)
        else table
        for table in tables
    ]


def _last_row(sheet: _Sheet, table: Table) -> int:
    """Return the last row of a table that holds a number."""
    for y in range(table.end - 1, table.bottom, -1):
        if sum(whole(value) is not None for value in sheet.rows[y] if value is not None):
            return y
    return table.bottom


def _blocks(sheet: _Sheet, role: str) -> list[tuple[int, int, int]]:
    """Return (first row, last row, column of the commune or month) of each heading of a sheet."""
    blocks = []
    y = 0
    while y < len(sheet.rows):
        block = _block(sheet, y, role)
        if block:
            blocks.append(block)
            y = block[1]
        y += 1
    return blocks


def _block(sheet: _Sheet, y: int, role: str) -> tuple[int, int, int] | None:
    """Return the heading to which a row belongs, if it names the communes (or months) and something else."""
    texts = sheet.texts(y)
    key = next((x for x in texts if headings.key_role(sheet.raw(y, x)) == role), None)
    if key is None or role == "month" and len(texts) < 2:
        return None
    top = bottom = y
    while bottom + 1 < len(sheet.rows) and bottom < y + HEAD_ROWS - 1 and _goes_on(sheet, bottom + 1, key, y):
        bottom += 1
    while top > 0 and top > y - HEAD_ROWS + 1 and _begins(sheet, top - 1, key):
        top -= 1
    known = 0
    for x in range(sheet.width):
        path = [sheet.cell(row, x) for row in range(top, bottom + 1)]
        parts = [text for text in path if text is not None]
        if (
            x != key
            and parts
            and (
                any(headings.key_role(tidy(text)) for text in parts)
                or any(_month_like(text) for text in parts)
                or headings.meaning(tuple(tidy(text) for text in parts)).role not in ("unknown", "")
            )
        ):
            known += 1
    others = len({x for row in range(top, bottom + 1) for x in sheet.texts(row)} - {key})
    others += sum(isinstance(value, datetime.date) for value in sheet.rows[y])
    numbers = sum(isinstance(value, int | float) and not _month_like(value) for value in sheet.rows[y])
    return (top, bottom, key) if known >= 1 and others >= 1 and numbers <= 1 else None


def _month_like(value: Cell) -> bool:
    """Return whether a cell of a heading is a month, with a year or without one."""
    if isinstance(value, bool):
        return False
    if isinstance(value, int | float):
        return value in range(1, 13) or months.month_of(value) is not None
    return months.month_of(value) is not None or bool(isinstance(value, str) and months.bare_month(value))


def is_number(value: Cell) -> bool:
    """Return whether a cell holds a number, be it as text, that is not a month.

    >>> is_number("16,12"), is_number(55), is_number("02/23"), is_number("T1"), is_number(None)
    (True, True, False, False, False)
    """
    if isinstance(value, str):
        return bool(re.fullmatch(r"[-+]?\d[\d., ]*%?", tidy(value))) and not months.month_of(value)
    return isinstance(value, int | float) and not isinstance(value, bool) and not _month_like(value)


def _goes_on(sheet: _Sheet, y: int, key: int, first: int) -> bool:
    """Return whether a row goes on with a heading: nothing new about communes, texts above the columns of values."""
    if (key_cell := sheet.raw(y, key)) is not None and tidy(key_cell) != tidy(sheet.raw(first, key)):
        return False
    area = sheet.areas.get((y, key))
    if area and area[0] > first:
        return False
    values = {x: value for x, value in enumerate(sheet.rows[y]) if value is not None and x != key}
    texts = [x for x, value in values.items() if isinstance(value, str) and whole(value) is None]
    months_there = [x for x, value in values.items() if _month_like(value)]
    if len(months_there) + len(texts) < len(values) or not values:
        return False
    beyond = [x for x in {*texts, *months_there} if x > key or sheet.raw(first, x) is not None]
    only_numbers = not texts and not any(isinstance(values[x], datetime.date) for x in months_there)
    if only_numbers and len(months_there) < 2:
        return False
    return bool(beyond) and not (len(texts) == 1 and texts[0] < key)


def _begins(sheet: _Sheet, y: int, key: int) -> bool:
    """Return whether a row above is the upper part of a heading, and no title."""
    if sheet.cell(y, key) is not None:
        return False
    if any(is_number(value) for value in sheet.rows[y]):
        return False
    texts = [x for x in sheet.texts(y) if x > key and len(tidy(sheet.raw(y, x))) < 80]
    left = [x for x in sheet.texts(y) if x < key and not headings.key_role(sheet.raw(y, x))]
    if left or not texts and not any(isinstance(v, datetime.date) for v in sheet.rows[y]):
        return False
    if any(fold(sheet.raw(y, x)).startswith(("dvt", "don vi tinh", "mau", "bieu", "trang")) for x in texts):
        return False
    if len(texts) >= 2:
        return not any(months.signed(sheet.raw(y, x)) for x in texts)
    if not texts:
        return True
    only = tidy(sheet.raw(y, texts[0]))
    area = sheet.areas.get((y, texts[0]))
    wide = area and area[3] > area[1] and area[1] > key
    return bool(
        wide
        or len(only) < 50
        and (_month_like(only) or headings.scheme_of(only) or headings.meaning((only,)).role not in ("unknown", ""))
        and not months.signed(only)
    )


def _by_names(sheet: _Sheet, names: Names) -> list[tuple[int, int, int]]:
    """Return the heading above a column most of whose texts are communes of the place."""
    best, key, first = 2, -1, 0
    for x in range(min(sheet.width, 12)):
        hits = [
            y for y in range(len(sheet.rows)) if isinstance(value := sheet.raw(y, x), str) and names.match(value).unit
        ]
        if len(hits) > best:
            best, key, first = len(hits), x, hits[0]
    if key < 0:
        return []
    bottom = first - 1
    while bottom > 0 and not any(isinstance(value, str | datetime.date) for value in sheet.rows[bottom][key + 1 :]):
        bottom -= 1
    if bottom < 0:
        return []
    top = bottom
    while top > 0 and bottom - top < HEAD_ROWS - 1 and _begins(sheet, top - 1, key):
        top -= 1
    return [(top, bottom, key)]


def _context(sheet: _Sheet, since: int, top: int) -> tuple[str, ...]:
    """Return the texts above a heading: from the last row with a number, or from the top of the sheet."""
    first = since
    for y in range(since, top):
        if since and sum(whole(value) is not None for value in sheet.rows[y] if value is not None) > 0:
            first = y + 1
    lines = [text for y in range(first, top) for text in _text_lines(sheet, y)]
    return (("",) if since else ()) + tuple(lines)


def _text_lines(sheet: _Sheet, y: int) -> list[str]:
    """Return the texts of a row above a heading; a label that ends in a colon takes what stands beside it."""
    lines: list[str] = []
    for value in sheet.rows[y]:
        label = bool(lines) and lines[-1].endswith(":")
        if isinstance(value, datetime.date) and label:
            lines[-1] += f" {value.day:02d}/{value.month:02d}/{value.year}"
        elif isinstance(value, str) and (text := tidy(value)):
            lines[-1:] = [f"{lines[-1]} {text}"] if label else [*lines[-1:], text]
    return lines


def _columns(sheet: _Sheet, top: int, bottom: int, context: tuple[str, ...]) -> tuple[Column, ...]:
    """Return what each column of a heading holds."""
    paths = {x: _path(sheet, top, bottom, x) for x in range(sheet.width)}
    counted = _counted_months(paths, context)
    columns = []
    for x, path in paths.items():
        data = any(sheet.raw(y, x) is not None for y in range(bottom + 1, min(len(sheet.rows), bottom + 400)))
        if path or data:
            columns.append(_column(x, path, counted.get(x)))
    return tuple(columns)


def _path(sheet: _Sheet, top: int, bottom: int, x: int) -> list[Cell]:
    """Return the cells above a column from the top down; where nothing is merged, an upper one is carried on."""
    path: list[Cell] = []
    for y in range(top, bottom + 1):
        value = sheet.cell(y, x)
        if value is None and y < bottom and not sheet.areas.get((y, x)) and _below(sheet, y, bottom, x):
            left = next((at for at in range(x - 1, -1, -1) if sheet.cell(y, at) is not None), None)
            if (
                left is not None
                and _below(sheet, y, bottom, left)
                and headings.key_role(tidy(sheet.cell(y, left))) == ""
            ):
                value = sheet.cell(y, left)
        if value is not None and (not path or tidy(value) != tidy(path[-1])):
            path.append(value)
    return path


def _below(sheet: _Sheet, y: int, bottom: int, x: int) -> bool:
    return any(sheet.raw(row, x) is not None for row in range(y + 1, bottom + 1))


def _counted_months(paths: dict[int, list[Cell]], context: tuple[str, ...]) -> dict[int, int]:
    """Return the month of columns that are headed 1, 2, 3 ... below or beside the word month."""
    numbers = {x: re.fullmatch(r"0?([1-9]|1[0-2])(\.0)?", str(path[-1]).strip()) for x, path in paths.items() if path}
    bare = {x: int(number[1]) for x, number in numbers.items() if number}
    of_months = any("thang" in fold(text) for text in context) or any(
        "thang" in fold(" ".join(str(p) for p in paths[x][:-1])) for x in bare
    )
    steps = [b - a for a, b in zip(list(bare.values()), list(bare.values())[1:], strict=False)]
    return bare if len(bare) >= 2 and of_months and all(step == 1 for step in steps) else {}


def shown(value: Cell) -> str:
    """Return a cell of a heading as a text; a day of a month stands for its month.

    >>> shown(datetime.date(2023, 1, 1)), shown(3.0), shown("Xã")
    ('01/2023', '3', 'Xã')
    """
    if isinstance(value, datetime.datetime | datetime.date):
        return f"{value.month:02d}/{value.year}"
    return str(int(value)) if isinstance(value, float) and value == int(value) else tidy(value)


def _column(x: int, path: list[Cell], counted: int | None) -> Column:
    """Return one column with its role and the month that its heading names."""
    texts = tuple(shown(value) for value in path)
    if counted is not None:
        above = texts[:-1] if fold(texts[-2] if len(texts) > 1 else "") not in ("thang", "cac thang") else texts[:-2]
        return _measure(x, texts, above, None, counted)
    for text in (texts[-1:] or ("",)) + texts[:1]:
        if (role := headings.key_role(text)) and len(texts) <= 2 and not _month_like(text):
            return Column(x, texts, role)
    month: str | None = None
    number: int | None = None
    rest: list[str] = []
    for value, text in zip(path, texts, strict=True):
        if (whole_month := months.month_of(value)) and not (isinstance(value, int | float) and value < 1000):
            month = whole_month
        elif bare := (months.bare_month(text) if isinstance(value, str) else None):
            number = bare
        else:
            rest.append(text)
            inside = months.months_in(text)
            if len(inside) == 1:
                month = month or inside[0]
    return _measure(x, texts, tuple(rest), month, None if month else number)


def _measure(x: int, texts: tuple[str, ...], rest: tuple[str, ...], month: str | None, number: int | None) -> Column:
    rest = tuple(text for text in rest if fold(text) not in ("thang", "cac thang", "thuc hien", "thuc hien nguoi"))
    if month or number:  # what stands above months says nothing more
        rest = tuple(t for t in rest if not re.fullmatch(r"(quy (\d|[ivx]+)|nam)( nam)?( \d{4})?", fold(t)))
    if not rest:
        return Column(
            x, texts, "of_title" if month or number else "unknown", "" if month or number else "unknown", month, number
        )
    role, why = headings.meaning(rest)
    return Column(x, texts, role, why, month, number)


def _side_by_side(columns: tuple[Column, ...]) -> list[tuple[Column, ...]]:
    """Return the columns of each of several tables that stand beside one another: their headings repeat."""
    keys = [number for number, column in enumerate(columns) if column.role == "commune"]
    if len(keys) < 2 or len({columns[number].path for number in keys}) > 1:
        return [columns]
    starts = [number - 1 if number and columns[number - 1].role == "order" else number for number in keys]
    shared = columns[: starts[0]]
    parts = []
    for number, start in enumerate(starts):
        end = starts[number + 1] if number + 1 < len(starts) else len(columns)
        parts.append((*shared, *columns[start:end]))
    return parts
