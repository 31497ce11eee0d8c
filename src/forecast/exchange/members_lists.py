"""Lists of persons (D05-TS, TK1-TS, lists of members due) read into counts; no name, code or address leaves memory.

A list is read where it lies and becomes counts by commune, collector's area, group, months paid at once, new or
renewal, and the month in which the next payment is due. Forms: D05-TS of Decision 490/QĐ-BHXH (2023) and of Decision
505/QĐ-BHXH (2020), also as XML, sheets of filing programs, lists of TK1-TS, lists of members due, by the words of their
headings, and tables of renewals by area. A TK1-TS without an amount and a mode of payment is about another scheme, or
changes data: it is not counted. What the form itself asks (amount = income x 22% x months; the state's part = its share
of the poverty line; own = the rest) is checked, and a row that breaks it is told by its number alone: never a cell of a
person.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from forecast.data.law import read_law
from forecast.data.places import Place
from forecast.data.tables import UserError
from forecast.exchange import renewals
from forecast.exchange.areas import CODE, named
from forecast.exchange.members_headings import ROLES, Listed, find_list
from forecast.exchange.reading.cells import Cell, Grid, letter
from forecast.exchange.reading.grids import read_grids
from forecast.exchange.reading.months import month_of
from forecast.exchange.reading.names import Names
from forecast.exchange.reading.report import FINDING, SKIPPED, USED, Note, rows_text
from forecast.exchange.reading.texts import fold
from forecast.exchange.spreadsheet import MARK

RATE = 0.22
"""Contribution rate of the voluntary scheme (law.csv, contribution_rate)."""
SHARES = {50: "poor", 40: "near_poor", 30: "ethnic_minority", 20: "other", 25: "near_poor", 10: "other"}
"""Group of a member by the state's share in percent: 50, 40, 30, 20 since 2025-07, 30, 25, 10 before (30 is then
told apart by the year). Shares of 0 or others are "unknown"."""
COLUMNS = ["commune", "area", "group", "mode", "kind", "due", "persons"]
"""Columns of the counts; `area` is that of a collector as it may be written (:mod:`.areas`), `mode` is
months paid at once, `kind` new, renewal, stopped or unknown, `due` a month."""
_NEW = re.compile(r"t[ăa]ng[_ ]?m[ớo]i|đăng ký mới|\btm\b", re.I)
_AGAIN = re.compile(r"[đd][óo]ng[_ ]?ti[ếe]p|t[áa]i t[ụu]c|\b[đd]t\b", re.I)
Key = tuple[str, str, str, int, str, str]
_BESIDE = ("months", "mode", "income", "total", "number", "code", "due", "since")
_NO_PERSON = re.compile(r"\s*(cộng|tổng|người lập|cán bộ|tổ chức|người tham gia|tăng|giảm)\b", re.I)


class MemberCounts(NamedTuple):
    """What a list holds: counts with the columns of :data:`COLUMNS`, persons in all, the report of the reading, and
    whether the list is a marked sample."""

    counts: pd.DataFrame
    persons: int
    notes: tuple[Note, ...]
    synthetic: bool = False


def has_list(grids: list[Grid]) -> bool:
    """Return whether a file holds a list of persons, or a table of their renewals."""
    return any(find_list(grid) is not None or renewals.find(grid) for grid in grids)


def due(counts: pd.DataFrame) -> pd.DataFrame:
    """Return how many are due by month and commune: the columns due, commune, persons.

    >>> due(pd.DataFrame([["A", "", "poor", 3, "new", "2026-01", 4]], columns=COLUMNS)).to_numpy().tolist()
    [['2026-01', 'A', 4]]
    """
    known = counts[(counts["due"] != "") & (counts["kind"] != "stopped")]
    return pd.DataFrame(known.groupby(["due", "commune"], as_index=False)["persons"].sum())


def read_list(
    path: Path, place: Place | None = None, month: str | None = None, codes: Mapping[str, str] | None = None
) -> MemberCounts:
    """Return the counts of a list of persons; `month` is the month of the list where its rows say none.

    `codes` names the commune of each code of five digits, where the list has codes and no names of communes.

    Raises :class:`~forecast.data.tables.UserError` for a file without a list. Nothing of a person is in what it
    returns or raises.
    """
    path = Path(path)
    names = Names(place) if place is not None else None
    counts: Counter[Key] = Counter()
    notes: list[Note] = []
    any_list, synthetic = False, False
    for grid in read_grids(path):
        if any(fold(MARK) in fold(cell) for row in grid.rows[:40] for cell in row if isinstance(cell, str)):
            synthetic = True
            notes.append(Note(FINDING, grid.sheet, "", f"{MARK}: bản mẫu", "a sample with invented persons"))
        listing = find_list(grid)
        progress = renewals.find(grid) if listing is None else []
        for one in progress:
            if (when := one.month or month) is None:
                raise UserError(
                    "{file}: no month above a table of renewals; answer --map month=YYYY-MM", file=path.name
                )
            sheet_counts, more = renewals.count(grid, one, names, when)
            counts.update(sheet_counts)
            notes += more
        if progress:
            any_list = True
            continue
        if listing is None:
            if any(row for row in grid.rows):
                notes.append(Note(SKIPPED, grid.sheet, "", "không có danh sách người", "no list of persons"))
            continue
        any_list = True
        sheet_counts, more = _count(grid, listing, names, month, dict(codes or {}))
        counts.update(sheet_counts)
        notes += more
    if not any_list:
        raise UserError(
            "{file}: no list of persons (a heading Họ và tên with amounts or months of payment)", file=path.name
        )
    counts = _with_areas(counts, names)
    rows = [(*key, number) for key, number in sorted(counts.items())]
    table = pd.DataFrame(rows, columns=COLUMNS)
    return MemberCounts(table, int(table["persons"].sum()), tuple(notes), synthetic)


def _with_areas(counts: Counter[Key], names: Names | None) -> Counter[Key]:
    """Return the counts with areas as they may be written."""
    communes: dict[str, Counter[str]] = {}
    for (commune, area, *_), number in counts.items():
        communes.setdefault(area, Counter())[commune] += number
    known = named(communes, names)
    named_counts: Counter[Key] = Counter()
    for (commune, area, *rest), number in counts.items():
        named_counts[commune, known[area], *rest] += number  # type: ignore[index]  # of the same parts
    return named_counts


def _count(
    grid: Grid, listing: Listed, names: Names | None, month: str | None, codes: dict[str, str]
) -> tuple[Counter[Key], list[Note]]:
    """Return the counts of one list and what is said of it."""
    at = listing.columns
    counts: Counter[Key] = Counter()
    kind, skipped = "", []
    wrong: dict[str, list[int]] = {}
    others: list[int] = []
    known: dict[str, str] = {}
    unknown: Counter[str] = Counter()
    for y in range(listing.first, len(grid.rows)):
        row = grid.rows[y]
        cells = {role: row[x] if x < len(row) else None for role, x in at.items()}
        if not _is_person(cells):
            label = fold(" ".join(str(cell) for cell in row[:3] if cell is not None))
            kind = _section(label, kind)
            if label:
                skipped.append(y)
            continue
        if listing.tk1 and not any(cells.get(role) for role in ("income", "months", "mode", "total")):
            others.append(y)
            continue
        months = _months(cells.get("months")) or _months(cells.get("mode"))
        since = month_of(cells.get("since")) or month
        share = _whole(cells.get("share"))
        for fault in _amounts(cells, months, share, since):
            wrong.setdefault(fault, []).append(y)
        commune, group = _commune(cells, names, known, codes), _group(share, since)
        if not commune and re.fullmatch(r"\d{5}", code := str(cells.get("commune_code") or "").strip()):
            unknown[code] += 1
        counts[
            commune, _area(cells), group, months or 0, _kind(cells, kind, listing.tk1), _due(cells, since, months)
        ] += 1
    lost = sum(number for key, number in counts.items() if not key[0]) if names is not None else 0
    notes = [*_notes(grid, listing, counts, skipped, wrong, lost), *_coded(grid, unknown)]
    if others:
        vi = "không có mức tiền và phương thức đóng: không phải BHXH tự nguyện hoặc chỉ đổi thông tin, không đếm"
        en = "no amount and no mode of payment: another scheme or a change of data, not counted"
        notes.append(
            Note(SKIPPED, grid.sheet, rows_text(others), f"{len(others)} dòng: {vi}", f"{len(others)} rows: {en}")
        )
    return counts, notes


def codes_of(names: Iterable[str]) -> list[str]:
    """Return those of answered names that are codes of communes, of five digits: only they may be kept.

    >>> codes_of(["03979", "bui thi a", "7912345678"])
    ['03979']
    """
    return [name for name in names if re.fullmatch(r"\d{5}", name)]


def _coded(grid: Grid, unknown: Counter[str]) -> list[Note]:
    """Return a finding for codes of communes that nobody has named; such a code is public and of no person."""
    if not unknown:
        return []
    code_counts = ", ".join(f"{code} ({number})" for code, number in unknown.most_common(12))
    vi = f'mã xã chưa rõ tên: {code_counts}; trả lời --map "MÃ=TÊN XÃ"'
    return [
        Note(
            FINDING, grid.sheet, "", vi, f'codes of communes without a name: {code_counts}; answer --map "CODE=COMMUNE"'
        )
    ]


def _is_person(cells: dict[str, Cell]) -> bool:
    """Return whether a row is about a person: a name, and a number or code beside it."""
    name = cells.get("name")
    if not isinstance(name, str) or not name.strip() or _NO_PERSON.match(name):
        return False
    return any(cells.get(role) not in (None, "") for role in _BESIDE)


def _section(label: str, kind: str) -> str:
    """Return the part of the form that a row opens: I is Tăng, II is Giảm."""
    if re.search(r"^(i )?tang\b", label):
        return "new"
    return "stopped" if re.search(r"^(ii )?giam\b", label) else kind


def _whole(cell: Cell) -> int | None:
    """Return the whole number of a cell; None for what says none, or one so large that nobody paid it.

    >>> [_whole(x) for x in ("1.500.000", 0.3, "9" * 400, "9" * 400 + ",5", float("inf"))]
    [1500000, 30, None, None, None]
    """
    if isinstance(cell, bool) or cell is None:
        return None
    if isinstance(cell, int | float):
        if not abs(cell) < 10**LONGEST:
            return None
        value = float(cell)
        return round(100 * value) if 0 < value < 1 else round(value)
    text = re.sub(r"[^\d,.]", "", str(cell))
    if len(text) > LONGEST:
        return None
    if re.fullmatch(r"\d{1,3}([.,]\d{3})+|\d+", text):
        return int(re.sub(r"\D", "", text))
    return round(float(text.replace(",", "."))) if re.fullmatch(r"\d+[.,]\d{1,2}", text) else None


LONGEST = 18  # signs of an amount of money, dots among them; what is longer is no amount
_EVERY = (("thang", 1), ("quy", 3), ("nam", 12))  # what is paid every month, quarter or year


def _months(cell: Cell) -> int | None:
    """Return how many months are paid at once: a number, `3 tháng`, `Hằng tháng`, `2 năm`; None for what says none.

    >>> [_months(x) for x in (3, "03 tháng", "Hằng tháng", "hàng quý", "2 năm", "Về sau (24)", "Còn thiếu", None)]
    [3, 3, 1, 3, 24, 24, None, None]
    """
    text = fold(cell) if isinstance(cell, str) else ""
    if every := next((months for unit, months in _EVERY if re.fullmatch(rf"(hang|mot|1 lan moi) {unit}", text)), None):
        return every
    if years := re.fullmatch(r"(\d) nam( ve sau)?", text):
        return 12 * int(years[1])
    return _whole(cell)


def _kind(cells: dict[str, Cell], section: str, tk1: bool) -> str:
    """Return new, renewal, stopped or unknown: the note says it (P.Thức Tăng_mới, Đóng_tiếp), or the plan's column.

    In a list of TK1-TS one without a code is new: the form asks for the first code.
    """
    if section == "stopped":
        return "stopped"
    text = unicodedata.normalize("NFC", f"{cells.get('note') or ''} {cells.get('plan') or ''}")
    first = tk1 and not str(cells.get("number") or "").strip()
    return "renewal" if _AGAIN.search(text) else "new" if first or _NEW.search(text) else "unknown"


def _group(share: int | None, since: str | None) -> str:
    """Return the group that a share of the state stands for in its year."""
    if share is None:
        return "unknown"
    if share == 30 and since is not None and since < "2025-07":
        return "poor"
    return SHARES.get(share, "unknown")


def _due(cells: dict[str, Cell], since: str | None, months: int | None) -> str:
    """Return the month in which the next payment is due: as the list says it, or the months paid from the first."""
    if stated := month_of(cells.get("due")):
        return stated
    if since is None or not months or months > 60:
        return ""
    number = int(since[:4]) * 12 + int(since[5:]) - 1 + months
    return f"{number // 12:04d}-{number % 12 + 1:02d}"


def _commune(cells: dict[str, Cell], names: Names | None, known: dict[str, str], codes: dict[str, str]) -> str:
    """Return the commune of a person by its column, its code, or the parts of the address, "" if none is found."""
    if names is None:
        return ""
    if not cells.get("commune") and (answered := codes.get(str(cells.get("commune_code") or "").strip())):
        unit = names.match(answered).unit
        return names.short(unit) if unit else ""
    address = str(cells.get("commune") or cells.get("address") or cells.get("area") or "")
    if cells.get("commune") and (beside := str(cells.get("district") or "").strip()):
        address += f", huyện {re.sub(_DISTRICT, '', beside, flags=re.I)}"
    parts = [part.strip() for part in re.split(r"[,;]| - ", address) if part.strip()]
    for part in parts:
        if f"/{part}/" not in known:  # no address is read twice
            known[f"/{part}/"] = names.district(part)
    district = next((candidate for part in reversed(parts) if (candidate := known[f"/{part}/"])), "")
    for part in reversed(parts):
        if (key := f"{district}/{part}") not in known:
            hamlet = re.match(r"(thôn|xóm|bản|ấp|khu|tổ|số)\b|\d|(huyện|tỉnh|thành phố|tp)\b", part, re.I)
            unit = "" if hamlet else names.match(part, district).unit or names.match(part).unit
            known[key] = names.short(unit) if unit else ""
        if known[key]:
            return known[key]
    return ""


_DISTRICT = r"^(huyện|quận|thị xã|thành phố|tp\.?|tx\.?)\s+"


def _area(cells: dict[str, Cell]) -> str:
    """Return the area that a row names, or the code of its collector; neither is for writing yet."""
    if area := " ".join(str(cells.get("area") or "").split()):
        return area
    code = " ".join(str(cells.get("collector") or "").split())
    return CODE + code if code else ""


def _amounts(cells: dict[str, Cell], months: int | None, share: int | None, since: str | None) -> Iterable[str]:
    """Return which checks of the form a row breaks; more than 12 months ahead are discounted and not checked."""
    income, total = _whole(cells.get("income")), _whole(cells.get("total"))
    member_part, state = _whole(cells.get("own")), _whole(cells.get("state"))
    if income and total and months and months <= 12 and abs(total - income * RATE * months) > max(1000, 0.001 * total):
        yield "total"
    others = sum(_whole(cells.get(role)) or 0 for role in ("state", "province_money", "other_money"))
    if total is not None and member_part is not None and state is not None and abs(total - others - member_part) > 1000:
        yield "own"
    if state and share and since and months and months <= 12 and (floor := _floor(since, months)):
        if abs(state - floor * RATE * share / 100 * months) > max(1000, 0.001 * state):
            yield "state"
    if share is not None and not (0 <= share <= 100):
        yield "share"
    elif share is not None and "share" in cells and share not in (0, *SHARES):
        yield "share"


@lru_cache(maxsize=1000)
def _floor(since: str, months: int) -> float | None:
    """Return the rural poverty line (VND a month, law.csv) of some months, None where it changes among them.

    >>> _floor("2025-11", 3), _floor("2026-12", 3)
    (1500000.0, None)
    """
    law, last = read_law(), str(pd.Period(since, "M") + months - 1)
    first, end = (law.value("min_declared_income", month) for month in (since, last))
    return float(first) if first == end else None


_WRONG = {
    "state": (
        "tiền Nhà nước hỗ trợ khác chuẩn nghèo x 22% x tỷ lệ x số tháng",
        "the part of the state is not the poverty line x 22% x its share x months",
    ),
    "total": ("số tiền phải đóng khác mức thu nhập x 22% x số tháng", "the amount is not income x 22% x months"),
    "own": ("người tham gia đóng khác số tiền trừ các khoản hỗ trợ", "the own part is not the amount less subsidies"),
    "share": ("tỷ lệ hỗ trợ không có trong luật", "a share of the state that no law has"),
}


def _notes(
    grid: Grid, listing: Listed, counts: Counter[Key], skipped: list[int], wrong: dict[str, list[int]], lost: int
) -> list[Note]:
    """Return what is said of a list: by rows and columns, never by a cell."""
    vi, en = (", ".join(f"{letter(x)} = {ROLES[role][at]}" for role, x in listing.columns.items()) for at in (0, 1))
    total = sum(counts.values())
    notes = [
        Note(USED, grid.sheet, "", f"danh sách {total} người; cột {vi}", f"a list of {total} persons; columns {en}")
    ]
    width = max((len(row) for row in grid.rows[listing.first :]), default=0)
    if left := ", ".join(letter(x) for x in range(width) if x not in listing.columns.values()):
        vi, en = f"cột không dùng, không ghi lại: {left}", f"columns not used and not kept: {left}"
        notes.append(Note(SKIPPED, grid.sheet, "", vi, en))
    if skipped:
        vi, en = "dòng không phải người (mục, cộng, ký tên)", "rows that are no person (parts, sums, signatures)"
        notes.append(Note(SKIPPED, grid.sheet, rows_text(skipped), vi, en))
    for fault, rows in wrong.items():
        vi, en = _WRONG[fault]
        notes.append(Note(FINDING, grid.sheet, rows_text(rows), f"{len(rows)} dòng: {vi}", f"{len(rows)} rows: {en}"))
    if lost:
        vi, en = f"{lost} người không rõ xã", f"{lost} persons of no known commune"
        notes.append(Note(FINDING, grid.sheet, "", vi, en))
    return notes
