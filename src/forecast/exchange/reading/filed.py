"""A D05-TS as XML, as filing programs send it, read as the sheet of the printed form; nothing it defines is followed.

Each `LaoDong` is a person and becomes a row, each field of it a cell below the heading that the printed form has. The
parser refuses a document type, so that there are no entities of the file's own, inside or outside; depth, persons,
fields and length of a field are bounded, and nothing of the file stands in a message.
"""

from pathlib import Path
from xml.parsers import expat

from forecast.data.messages import UserError
from forecast.exchange.reading.packed import parser

PERSON = "laodong"
MOST_DEPTH, MOST_FIELDS, MOST_LETTERS = 40, 200, 4000
"""Elements within each other, fields of a person, and letters of a field."""
HEADINGS = {
    "stt": "STT",
    "hoten": "Họ và tên",
    "masobhxh": "Mã số BHXH",
    "muctien": "Mức thu nhập tháng đóng BHXH",
    "tuthang": "Từ tháng/năm",
    "sothang": "Số tháng đóng",
    "tongtien": "Số tiền phải đóng",
    "tientudong": "Người tham gia đóng",
    "tylensnn": "NSNN hỗ trợ: tỷ lệ %",
    "tienhotro": "NSNN hỗ trợ: số tiền",
    "tiennsdp": "NSĐP hỗ trợ: số tiền",
    "tienhotrokhac": "Hỗ trợ khác: số tiền",
    "pa": "Phương án",
    "ghichu": "Ghi chú",
    "maxa_dangss": "Mã xã",
    "diachi_dangss": "Địa chỉ",
    "manvthu": "Mã số nhân viên thu",
}
"""Heading of the printed form for each field, in small letters; other fields are of no use and are not read."""


class _Persons:
    """What is kept while a file is read: the rows so far and the person, field and text that are open."""

    def __init__(self, most: int):
        self.most = most
        self.rows: list[dict[str, str]] = []
        self.depth = 0
        self.person = 0  # the depth of the open person, 0 outside
        self.field, self.text, self.length = "", "", 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self.depth += 1
        if self.depth > MOST_DEPTH:
            raise ValueError("too deep")
        tag = _plain(name)
        if not self.person and tag == PERSON:
            if len(self.rows) >= self.most:
                raise ValueError("too many")
            self.person = self.depth
            self.rows.append({_plain(key): value for key, value in attributes.items()})
        elif self.person:
            self.field, self.text, self.length = tag, "", 0

    def data(self, text: str) -> None:
        if self.person and self.field in HEADINGS:
            self.length += len(text)
            if self.length > MOST_LETTERS:
                raise ValueError("too long")
            self.text += text

    def end(self, name: str) -> None:
        if self.person and self.depth > self.person and self.field in HEADINGS and self.text.strip():
            row = self.rows[-1]
            if len(row) >= MOST_FIELDS:
                raise ValueError("too many fields")
            row.setdefault(self.field, self.text.strip())
        self.field = ""
        if self.depth == self.person:
            self.person = 0
        self.depth -= 1


def _plain(name: str) -> str:
    """Return a tag in small letters, without the prefix of a namespace."""
    return name.rpartition(":")[2].lower()


def rows(path: Path, most: int) -> list[list[str | None]]:
    """Return the persons of an XML file as a sheet, headings first.

    Raises :class:`~forecast.data.messages.UserError` for a file that is damaged, defines entities, holds more than
    `most` persons or none at all.
    """
    persons = _Persons(most)
    try:
        with open(path, "rb") as file:
            parser(persons.start, persons.end, persons.data).ParseFile(file)
    except (expat.ExpatError, ValueError, LookupError):  # a letter of the file may stand in the error: it is not told
        raise UserError(
            "{file}: an XML file that is damaged, too large, or defines entities of its own; not read", file=path.name
        ) from None
    if not persons.rows:
        raise UserError("{file}: an XML file without a person of a D05-TS (LaoDong); not read", file=path.name)
    used = [field for field in HEADINGS if any(field in row for row in persons.rows)]
    return [[HEADINGS[field] for field in used], *([row.get(field) for field in used] for row in persons.rows)]
