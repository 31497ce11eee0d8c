"""Which columns of a table are taken, for which measure and month, and why the others are not."""

import re
from collections.abc import Callable
from typing import NamedTuple

from forecast.exchange.reading import headings, months, periods, schemes
from forecast.exchange.reading.answers import Answers
from forecast.exchange.reading.cells import letter
from forecast.exchange.reading.headings import COUNTS, KEYS
from forecast.exchange.reading.report import FINDING, QUESTION, Note
from forecast.exchange.reading.tables import Column, Table
from forecast.exchange.reading.texts import fold
from forecast.exchange.reading.titles import scheme_above, title_meaning

ROLE_NAMES = {  # a role in words: Vietnamese, English
    "members": ("số người đang tham gia", "members"),
    "entries": ("tăng mới", "new members"),
    "lapses": ("dừng đóng", "stopped"),
    "returns": ("tham gia lại", "returned"),
    "plan": ("kế hoạch năm", "plan"),
    "opening": ("số đầu kỳ, để kiểm tra", "opening stock, as a check"),
    "entries_year": ("tăng mới lũy kế, lấy hiệu", "new members since January, by differences"),
    "lapses_year": ("dừng đóng lũy kế, lấy hiệu", "stopped since January, by differences"),
    "commune": ("xã, phường", "commune"),
    "district": ("huyện", "district"),
    "month": ("tháng", "month"),
    "year": ("năm", "year"),
    "order": ("số thứ tự", "order"),
    "province": ("tỉnh", "province"),
}
PERSONS = schemes.PERSONS


class Chosen(NamedTuple):
    """The columns of a table as they are taken; `month` is the one that its title names, `year` that of months."""

    table: Table
    columns: tuple[Column, ...]
    month: str | None
    year: int | None
    source: str
    notes: tuple[Note, ...]

    def taken(self) -> list[Column]:
        """Return the columns that become counts or check them."""
        return [column for column in self.columns if column.role in PERSONS]


def choose(table: Table, tables: list[Table], file: str, answers: Answers) -> Chosen:
    """Return which columns of a table are taken."""
    year = periods.year_of(table, tables, file, answers.year)
    notes: list[Note] = []
    columns = [_dated(_answered(column, table, answers), year) for column in table.columns]
    columns = [schemes.by_scheme(column, table) for column in columns]
    columns = [_seen(column, table, answers) for column in columns]
    columns = [_only_unnamed(column, columns, table) for column in columns]
    keyed = any(column.role == "month" for column in columns)
    if keyed:
        across = {column.month for column in columns if column.role in PERSONS and column.month}
        if len(across) < 2:
            columns = [
                column._replace(month=None, number=None) if column.role in PERSONS else column for column in columns
            ]
    period = periods.period_of(table, year, file, answers.month) if not keyed else periods.Period(None)
    if not keyed and (stated := int(period.month[:4]) if period.month else year):
        columns = [_of_its_year(column, stated) for column in columns]
    columns = _whole_period(columns, keyed, period.source)
    if any(column.role in PERSONS for column in columns):
        notes += _asked_month(table, columns, keyed, period, year)
    notes += _since_january(table, columns)
    notes += schemes.asked(table, columns)
    if re.search(r"\b(nghin|ngan|1000|1 000) nguoi", fold(" ".join([*table.context, *(c.heading for c in columns)]))):
        notes.append(
            Note(
                QUESTION,
                table.grid.sheet,
                "",
                "đơn vị là nghìn người; hãy đổi ra người rồi nhập lại",
                "the unit is thousand persons; write persons and import again",
            )
        )
    return Chosen(table, tuple(columns), period.month, year, period.source, tuple(notes))


def _answered(column: Column, table: Table, answers: Answers) -> Column:
    """Return a column with the role that a person gave it."""
    role = answers.role(letter(column.at), column.heading, table.grid.sheet, column.undated)
    if role == "skip":
        return column._replace(role="told", why="answer")
    return column if role in ("", "thousands", "whole") else column._replace(role=role, why="answered")


def _dated(column: Column, year: int | None) -> Column:
    """Return a column whose heading names a month without a year, with the year."""
    if column.number is not None and year is not None:
        return column._replace(month=months.month(year, column.number))
    return column


def _of_its_year(column: Column, year: int) -> Column:
    """Return a column without a month as a figure of another period if its heading names other years alone."""
    if column.role not in PERSONS or column.month or column.why == "answered":
        return column
    years = months.years_in(column.heading)
    return column._replace(role="told", why="earlier") if years and year not in years else column


def _seen(column: Column, table: Table, answers: Answers) -> Column:
    """Return a column that is hidden, or empty, as one that is told and not taken."""
    if column.role not in PERSONS:
        return column
    if column.at in table.grid.hidden_columns and not answers.hidden:
        return column._replace(role="told", why="hidden")
    rows = table.grid.rows[table.bottom + 1 : table.end]
    full = any(column.at < len(row) and row[column.at] is not None for row in rows)
    bare = any((y, column.at) in table.grid.uncalculated for y in range(table.bottom + 1, table.end))
    return column if full or bare else column._replace(role="told", why="empty")


def _only_unnamed(column: Column, columns: list[Column], table: Table) -> Column:
    """Return the one column of numbers without a meaning of its own as what the title says, if it says it."""
    named = [other for other in columns if other.role in PERSONS or other.why in ("unclear", "any_scheme")]
    loose = [other for other in columns if other.role == "unknown" and other.path and _has_numbers(other, table)]
    if named or loose != [column] or scheme_above(table) not in ("", "voluntary"):
        return column
    title = title_meaning(table.context)
    return column._replace(role=title.role, why="") if title.role in COUNTS else column


def _has_numbers(column: Column, table: Table) -> bool:
    rows = table.grid.rows[table.bottom + 1 : table.end]
    return any(column.at < len(row) and isinstance(row[column.at], int | float) for row in rows)


def _whole_period(columns: list[Column], keyed: bool, source: str) -> list[Column]:
    """Return columns without a month beside several of the same measure with one as figures of the whole period."""
    if keyed:
        return columns
    dated: dict[str, set[str | int]] = {}
    for column in columns:
        if column.role in PERSONS and (column.month or column.number):
            dated.setdefault(column.role.removesuffix("_year"), set()).add(column.month or column.number or 0)
    several = len(set().union(*dated.values())) >= 2 if dated else False
    out = []
    for column in columns:
        loose = column.role in PERSONS and column.role != "plan" and not (column.month or column.number)
        if loose and (
            len(dated.get(column.role.removesuffix("_year"), ())) >= 2 or several and source in ("", "heading")
        ):
            column = column._replace(role="told", why="total_month")
        out.append(column)
    return out


def _asked_month(
    table: Table, columns: list[Column], keyed: bool, period: periods.Period, year: int | None
) -> list[Note]:
    """Return the question about the month of a table, if it has one."""
    loose = [c for c in columns if c.role in PERSONS and not c.month and (c.role != "plan" or len(columns) == 1)]
    counted = [c for c in loose if c.number]
    if keyed or not loose:
        return []
    if counted and year is None:
        return [
            Note(
                QUESTION,
                table.grid.sheet,
                "",
                "các tháng không ghi năm; trả lời --map year=NĂM",
                "months without a year; answer --map year=YEAR",
            )
        ]
    if period.rivals:
        rivals = "; ".join(f'{month} ("{text[:50]}")' for month, text in period.rivals)
        return [
            Note(
                QUESTION,
                table.grid.sheet,
                "",
                f"số liệu của tháng nào: {rivals}? Trả lời --map month=NĂM-THÁNG",
                f"which month is it: {rivals}? Answer --map month=YYYY-MM",
            )
        ]
    if period.month is None and not _groups_name_months(table, year):
        return [
            Note(
                QUESTION,
                table.grid.sheet,
                "",
                "không thấy tháng ở tiêu đề, tên trang hay tên tệp; trả lời --map month=NĂM-THÁNG",
                "no month in the title, the sheet's name or the file's; answer --map month=YYYY-MM",
            )
        ]
    return []


def _groups_name_months(table: Table, year: int | None) -> bool:
    """Return whether rows above groups of communes name months."""
    texts = [cell for row in table.grid.rows[table.bottom + 1 : table.end] for cell in row if isinstance(cell, str)]
    return any(months.months_in(text) or year and months.bare_month(text) for text in texts)


def _since_january(table: Table, columns: list[Column]) -> list[Note]:
    """Return a question for flows of which only the title says that they might be of several months."""
    title = fold(" ".join(table.context))
    since = bool(re.search(r"luy ke|cong don|tu dau nam", title))
    keyed = any(c.role == "month" for c in columns)
    several = not keyed and any(
        months.range_in(text) and "cac thang" not in fold(text) for text in (*table.context, table.grid.sheet)
    )
    if not (since or several) or re.search(r"trong thang|tung thang|hang thang", title):
        return []
    if any(c.role in ("entries_year", "lapses_year") for c in columns):
        return []
    loose = [
        c
        for c in columns
        if c.role in ("entries", "lapses")
        and c.why != "answered"
        and (since or not c.month)
        and not re.search(r"trong (thang|ky)|thang nay|thang bao cao|phat sinh", fold(c.heading))
    ]
    return [
        Note(
            QUESTION,
            table.grid.sheet,
            table.where(column),
            f"tiêu đề nói đến nhiều tháng hoặc lũy kế: cột này là số trong tháng hay từ đầu năm? Trả lời --map "
            f'"{column.heading}={column.role}", "={column.role}_year" hoặc "=skip"',
            f"the title speaks of several months: is this column of the month or since January? Answer --map "
            f'"{column.heading}={column.role}", "={column.role}_year" or "=skip"',
        )
        for column in loose
    ]


def not_alike(several: list[Chosen]) -> list[Note]:
    """Return a question for each table without members in which a column has the heading that gave them elsewhere."""
    taken = {fold(c.heading) for chosen in several for c in chosen.columns if c.role == "members"}
    notes = []
    for chosen in several:
        if any(c.role == "members" for c in chosen.columns) or scheme_above(chosen.table) in ("other", "both"):
            continue
        for column in chosen.columns:
            if column.role in ("told", "unknown") and column.why != "answer" and fold(column.heading) in taken:
                vi = f'trang khác lấy cột này làm số người đang tham gia; trả lời --map "{column.heading}=members"'
                en = f'another sheet took it for members; answer --map "{column.heading}=members", or "=skip"'
                where = chosen.table.where(column)
                notes.append(Note(QUESTION, chosen.table.grid.sheet, where, vi + ' hoặc "=skip"', en))
    return notes


def doubles(chosen: Chosen, same: Callable[[Column, Column], bool]) -> tuple[Chosen, list[Note]]:
    """Return a table without second columns of one measure and month, and a question for each that differs.

    `same` says whether two columns hold the same numbers; then the first is taken and the second told.
    """
    first: dict[tuple[str, str | None], Column] = {}
    drop: dict[int, str] = {}
    notes = []
    # What a person answered stands before what a heading says.
    for column in sorted(chosen.taken(), key=lambda c: (c.why != "answered", c.at)):
        key = (column.role, column.month)
        other = first.setdefault(key, column)
        if other is column:
            continue
        if other.why == "answered" and column.why != "answered":
            drop[column.at] = "answer"
        elif same(other, column):
            drop[column.at] = "same"
        elif column.role == "opening":  # it only checks: neither does
            drop |= {other.at: "unclear", column.at: "unclear"}
        else:
            drop |= {other.at: "unclear", column.at: "unclear"}
            vi, en = ROLE_NAMES[column.role]
            a, b = chosen.table.where(other), chosen.table.where(column)
            notes.append(
                Note(
                    QUESTION,
                    chosen.table.grid.sheet,
                    f"{a}; {b}",
                    f'cột nào là {vi}? Trả lời --map "{column.role}={letter(other.at)}" hoặc --map '
                    f'"{column.role}={letter(column.at)}"',
                    f'which column holds {en}? Answer --map "{column.role}={letter(other.at)}" or --map '
                    f'"{column.role}={letter(column.at)}"',
                )
            )
    columns = tuple(c._replace(role="told", why=drop[c.at]) if c.at in drop else c for c in chosen.columns)
    return chosen._replace(columns=columns), notes


def column_notes(chosen: Chosen) -> list[Note]:
    """Return what is said of the columns of a table: what each was used for, or why it was not."""
    notes, table = [], chosen.table
    span = f"{table.bottom + 2}-{table.end}"
    used = [c for c in chosen.columns if c.role in PERSONS or c.role in KEYS and c.role != "order"]
    for at, lang in ((0, "vi"), (1, "en")):
        parts = "; ".join(
            f"{table.where(c)} = {ROLE_NAMES[c.role][at]}" + (f" ({c.month})" if c.month else "") for c in used
        )
        if lang == "vi":
            vi = f"tiêu đề ở dòng {table.top + 1}-{table.bottom + 1}, số liệu ở dòng {span}: {parts}"
        else:
            notes.append(
                Note(
                    "used",
                    table.grid.sheet,
                    "",
                    vi,
                    f"heading in rows {table.top + 1}-{table.bottom + 1}, data in rows {span}: {parts}",
                )
            )
    same = ("trùng số với một cột khác", "holds the same numbers as another column")
    for column in chosen.columns:
        if column.role in PERSONS or column.role in KEYS or not column.path and column.why == "unknown":
            continue
        if column.why == "formula":
            continue  # told with its cells
        reason = {"same": same}.get(column.why) or headings.REASONS.get(column.why) or headings.REASONS["unknown"]
        kind = FINDING if column.why in ("hidden", "unclear", "any_scheme") else "skipped"
        notes.append(Note(kind, table.grid.sheet, table.where(column), *reason))
    if chosen.month and chosen.source != "answer":
        from_where = {
            "title": ("tiêu đề", "the title"),
            "sheet": ("tên trang", "the sheet's name"),
            "heading": ("tiêu đề cột", "a heading"),
            "file": ("tên tệp", "the file's name"),
        }[chosen.source]
        notes.append(
            Note(
                "used",
                table.grid.sheet,
                "",
                f"tháng {chosen.month} lấy từ {from_where[0]}",
                f"month {chosen.month} from {from_where[1]}",
            )
        )
    return notes
