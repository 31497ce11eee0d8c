"""Where a list of persons stands on a sheet, and what each of its columns is, by the words of the forms' headings."""

import re
from typing import NamedTuple

from forecast.exchange.reading.cells import Cell, Grid
from forecast.exchange.reading.texts import fold

HEADINGS = (  # role, what its heading says; the first that fits
    ("name", r"^(ho va ten|ho ten|hovaten|ho va ten lot|ten khach hang)"),
    ("number", r"^(ma so bhxh|so so bhxh|masobhxh|ma so bao hiem)"),
    ("code", r"^(so )?(cccd|cmnd|dien thoai|sdt|sodienthoai|ngay( thang nam)? sinh)"),
    ("elsewhere", r"khai sinh|\bkcb\b|kham chua|ho khau|giam ho|cha me|phu luc"),
    ("change", r"noi dung thay doi"),
    ("commune_code", r"^ma (xa|phuong)"),
    ("area", r"^(dia ban|khu vuc|diem thu|tuyen thu|cum thu|cum|to thu|mang luoi)\b"),
    ("collector", r"nhan vien thu|\bma nv\b|\bnvt\b"),
    (
        "commune",
        r"(^|\bxa phuong |dia chi |dia chi .* )((ten )?xa( phuong)?( thi tran)?|phuong( xa)?)( dang sinh song)?$",
    ),
    ("district", r"(^|dia chi |dia chi .* )(quan huyen|huyen( quan)?)( dang sinh song)?$"),
    ("address", r"dia chi|diachi|noi o"),
    ("income", r"muc thu nhap|muc tien|mucdong|muc dong"),
    ("since", r"tu thang|tuthang"),
    ("months", r"so thang|sothang"),
    ("mode", r"^phuong ?thuc( dong)?$"),
    ("due", r"ngay den han|ngaydenhan|den han|han dong"),
    ("total", r"so tien phai dong|tong so tien|tong tien|tongtien|sophaidong|so phai dong"),
    ("own", r"nguoi tham gia dong|ntg dong|tu dong|tien tudong|tien tu nguyen dong"),
    ("share", r"(nsnn|nha nuoc).*(ty le|%)|ty le nsnn|tyle ?nsnn"),
    ("state", r"(nsnn|nha nuoc).*so tien|tien nsnn|so tien nsnn|tien ?hotro$"),
    ("province_money", r"(nsdp|ns dia phuong|dia phuong).*so tien|tien nsdp|so tien nsdp"),
    ("other_money", r"(ho tro khac|to chuc|khac).*so tien|tien ho tro khac|tienhotrokhac"),
    ("plan", r"phuong an"),
    ("note", r"ghi chu|ghichu"),
)
ROLES = {
    "name": ("họ tên (không ghi lại)", "name (not kept)"),
    "number": ("mã số (không ghi lại)", "code (not kept)"),
    "code": ("giấy tờ, ngày sinh hoặc điện thoại (không ghi lại)", "papers, birth date or telephone (not kept)"),
    "change": ("nội dung thay đổi (không ghi lại)", "what is changed (not kept)"),
    "area": ("khu vực thu", "collector's area"),
    "collector": ("nhân viên thu (không ghi lại mã)", "collector (code not kept)"),
    "commune": ("xã, phường", "commune"),
    "district": ("huyện", "district"),
    "commune_code": ("mã xã", "code of the commune"),
    "address": ("địa chỉ (chỉ lấy xã)", "address (commune alone)"),
    "income": ("mức thu nhập", "income"),
    "since": ("từ tháng", "from month"),
    "months": ("số tháng đóng", "months paid"),
    "mode": ("phương thức đóng", "mode of payment"),
    "due": ("ngày đến hạn", "due date"),
    "total": ("số tiền phải đóng", "amount"),
    "own": ("người tham gia đóng", "own part"),
    "share": ("tỷ lệ Nhà nước hỗ trợ", "share of the state"),
    "state": ("tiền Nhà nước hỗ trợ", "part of the state"),
    "province_money": ("tiền địa phương hỗ trợ", "part of the province"),
    "other_money": ("tiền hỗ trợ khác", "part of others"),
    "plan": ("phương án", "kind of change"),
    "note": ("ghi chú", "note"),
}


class Listed(NamedTuple):
    """A list found on a sheet: its columns by role, the first row below its heading, and whether it is of TK1-TS."""

    columns: dict[str, int]
    first: int
    tk1: bool = False


def find_list(grid: Grid) -> Listed | None:
    """Return the list of persons on a sheet, None if there is none."""
    for y in range(min(len(grid.rows), 40)):
        texts = [fold(_uncoded(cell)) for cell in grid.rows[y] if isinstance(cell, str)]
        if not any(re.match(HEADINGS[0][1], text) for text in texts):
            continue
        bottom = y
        while bottom + 1 < len(grid.rows) and bottom < y + 5 and _still_heading(grid.rows[bottom + 1]):
            bottom += 1
        columns: dict[str, int] = {}
        tk1 = False
        for x in range(max(len(row) for row in grid.rows[y : bottom + 1])):
            path = " ".join(_path(grid, y, bottom, x))
            role = next((role for role, pattern in HEADINGS if re.search(pattern, path)), None)
            if role == "elsewhere":
                tk1 = True
            elif role and role not in columns:
                columns[role] = x
        if "name" in columns and len(columns) >= 3:
            title = " ".join(fold(cell) for row in grid.rows[:y] for cell in row if isinstance(cell, str))
            return Listed(columns, bottom + 1, tk1 or "change" in columns or "tk1" in title)
    return None


def _still_heading(row: list[Cell]) -> bool:
    """Return whether a row still is of the heading: texts without a number, or the numbers of the columns.

    In a text file a number, a code and a date of a person are texts as well.

    >>> _still_heading([None, "Xã (phường, thị trấn)", "Số tiền"]), _still_heading(["A", "B", "1", "2"])
    (True, True)
    >>> _still_heading(["1", "Bùi Thị A", "xã Cao Sơn, huyện Đà Bắc", "3", "07/2023"])
    False
    """
    cells = [cell for cell in row if cell is not None]
    texts = [cell for cell in cells if isinstance(cell, str) and not re.fullmatch(r"\d[\d\s.,/-]*", cell.strip())]
    numbers = [str(cell).removesuffix(".0").strip("()[] ") for cell in cells]
    numbering = len(cells) > 3 and all(re.fullmatch(r"[A-Z]|\d{1,2}(\.\d)?", text) for text in numbers)
    words = re.compile(
        r"so tien|ty le|so thang|tu thang|nsnn|nsdp|ho tro|trong do|phuong thuc|nguoi tham gia|ma so|thi tran|huyen|xa"
    )
    return numbering or bool(texts) and len(texts) == len(cells) and any(words.search(fold(text)) for text in texts)


def _path(grid: Grid, top: int, bottom: int, x: int) -> list[str]:
    """Return the folded texts above a column; a merged or empty upper one is that to its left."""
    areas = {(t, left): (t, left, b, right) for t, left, b, right in grid.merged}
    path = []
    for y in range(top, bottom + 1):
        value = _at(grid, y, x)
        if value is None:
            for left in range(x, -1, -1):
                area = areas.get((y, left))
                if area and area[3] >= x:
                    value = _at(grid, y, left)
                    break
        if value is None and y < bottom and not areas and _below(grid, y, bottom, x):
            left = next((at for at in range(x - 1, -1, -1) if _at(grid, y, at) is not None), x)
            value = _at(grid, y, left) if _below(grid, y, bottom, left) else None
        if isinstance(value, str) and (text := fold(_uncoded(value))) and text not in path:
            path.append(text)
    return path


def _at(grid: Grid, y: int, x: int) -> Cell:
    return grid.rows[y][x] if x < len(grid.rows[y]) else None


def _below(grid: Grid, y: int, bottom: int, x: int) -> bool:
    """Return whether a heading goes on below a cell, in words."""
    texts = [_at(grid, row, x) for row in range(y + 1, bottom + 1)]
    return any(isinstance(text, str) and len(fold(text)) > 2 for text in texts)


def _uncoded(text: str) -> str:
    """Return a heading without the number that the form gives it.

    >>> _uncoded("[07.2] Xã (phường, thị trấn)"), _uncoded("(2) Họ và tên"), _uncoded("12"), _uncoded("6 tháng")
    ('Xã (phường, thị trấn)', 'Họ và tên', '12', '6 tháng')
    """
    return re.sub(r"^\s*[\[(]\d{1,2}(\.\d)?[\])]\s*(?=\S)", "", text)
