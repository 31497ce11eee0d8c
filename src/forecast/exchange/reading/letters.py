"""Vietnamese letters of the time before Unicode: fonts TCVN3 (.VnTime) and VNI, and Windows-1258, to Unicode.

In such a font the code of one letter shows another: `Cao S¬n` is Cao Sơn in a TCVN3 font. A cell is converted only if
it is no Vietnamese as it stands and is Vietnamese once converted. The tables are those of TCVN 5712:1993 (third set)
and of VNI-Windows.
"""

import re
import unicodedata
from functools import lru_cache
from typing import TYPE_CHECKING

from forecast.language.syllables import foreign

if TYPE_CHECKING:
    from forecast.exchange.reading.grids import Grid

_TCVN3 = dict(
    zip(
        "µ¶·¸¹¨»¼½¾Æ©ÇÈÉÊË®ÌÎÏÐÑªÒÓÔÕÖ×ØÜÝÞßáâãä«åæçèé¬êëìíîïñòóô\xadõö÷øùúûüýþ¡¢£¤¥¦§",
        "àảãáạăằẳẵắặâầẩẫấậđèẻẽéẹêềểễếệìỉĩíịòỏõóọôồổỗốộơờởỡớợùủũúụưừửữứựỳỷỹýỵĂÂÊÔƠƯĐ",
        strict=True,
    )
)
_TONES = {"ù": "\u0301", "ø": "\u0300", "û": "\u0309", "õ": "\u0303", "ï": "\u0323"}
_MARKED = {
    "ê": "\u0306",
    "é": "\u0306\u0301",
    "è": "\u0306\u0300",
    "ú": "\u0306\u0309",
    "ü": "\u0306\u0303",
    "ë": "\u0306\u0323",
    "â": "\u0302",
    "á": "\u0302\u0301",
    "à": "\u0302\u0300",
    "å": "\u0302\u0309",
    "ã": "\u0302\u0303",
    "ä": "\u0302\u0323",
}
_ALONE = {"ñ": "đ", "ô": "ơ", "ö": "ư", "æ": "ỉ", "ó": "ĩ", "ò": "ị", "î": "ỵ"}


def from_tcvn3(text: str) -> str:
    """Return text typed for a TCVN3 font in Unicode.

    >>> from_tcvn3("§µ B¾c, Cao S¬n, Tó Lý")
    'Đà Bắc, Cao Sơn, Tú Lý'
    """
    return "".join(_TCVN3.get(one, one) for one in unicodedata.normalize("NFC", text))


def to_tcvn3(text: str) -> str:
    """Return text as it stands in a TCVN3 font (small letters for those that the font lacks).

    >>> to_tcvn3("Đà Bắc")
    '§µ B¾c'
    """
    back = {new: old for old, new in _TCVN3.items()}
    return "".join(back.get(one, back.get(one.lower(), one)) for one in unicodedata.normalize("NFC", text))


def from_vni(text: str) -> str:
    """Return text typed for a VNI font in Unicode.

    >>> from_vni("Ñaø Baéc, Cao Sôn, Tuù Lyù, Möôøng")
    'Đà Bắc, Cao Sơn, Tú Lý, Mường'
    """
    out: list[str] = []
    for one in unicodedata.normalize("NFC", text):
        small = one.lower()
        before = out[-1][-1:].lower() if out else ""
        base = unicodedata.normalize("NFD", before)[:1]
        if small in _TONES and base in tuple("aeiouy"):
            out.append(_TONES[small])
        elif small in _MARKED and base in tuple("aeo") and (base != "e" or small in "âáàåãä"):
            out.append(_MARKED[small])
        elif small in _ALONE:
            out.append(_ALONE[small].upper() if one != small else _ALONE[small])
        else:
            out.append(one)
    return unicodedata.normalize("NFC", "".join(out))


def to_vni(text: str) -> str:
    """Return text as it stands in a VNI font.

    >>> to_vni("Đà Bắc, Mường")
    'Ñaø Baéc, Möôøng'
    """
    tones = {mark: letter for letter, mark in _TONES.items()}
    marked = {mark: letter for letter, mark in _MARKED.items()}
    alone = {new: old for old, new in _ALONE.items()}
    out = []
    for one in unicodedata.normalize("NFC", text):
        small = one.lower()
        parts = unicodedata.normalize("NFD", small)
        horn = "\u031b" in parts
        base = {"o": "ô", "u": "ö"}[parts[0]] if horn else parts[0]
        marks = parts[1:].replace("\u031b", "")
        if small in alone:
            encoded = alone[small]
        elif not marks:
            encoded = base if horn else small
        else:
            ordered = "".join(sorted(marks, key=lambda m: m not in "\u0306\u0302"))
            encoded = base + (marked.get(ordered) or tones.get(ordered) or ordered)
        out.append(encoded.upper() if one != small else encoded)
    return "".join(out)


def to_1258(text: str) -> bytes:
    """Return text in Windows-1258, which writes a tone as a mark after its letter."""
    out = []
    for one in unicodedata.normalize("NFC", text):
        try:
            out.append(one.encode("cp1258"))
        except UnicodeEncodeError:
            parts = unicodedata.normalize("NFD", one)
            tone = next(mark for mark in parts if mark in "\u0300\u0301\u0303\u0309\u0323")
            out.append(unicodedata.normalize("NFC", parts.replace(tone, "")).encode("cp1258") + tone.encode("cp1258"))
    return b"".join(out)


_WORD = re.compile(r"[^\s.,;:()/_\d-]+")


def strange(text: str) -> int:
    """Return how many words of a text with letters beyond a to z cannot be Vietnamese.

    >>> strange("Cao S¬n"), strange("Cao Sơn"), strange("§µ B¾c"), strange("Total")
    (1, 0, 2, 0)
    """
    return sum(map(_odd, _WORD.findall(unicodedata.normalize("NFC", text))))


@lru_cache(maxsize=50_000)
def _odd(word: str) -> bool:
    """Return whether a word cannot be Vietnamese."""
    if word.isascii():
        return False
    if not all(one.isalpha() and one not in "ªµº" for one in word) or not _vietnamese(word):
        return True
    mixed = any(one.islower() for one in word[:-1]) and any(one.isupper() and not one.isascii() for one in word[1:])
    return mixed or bool(foreign(word.capitalize()))


def _vietnamese(word: str) -> bool:
    return all(
        one.isascii() or "\u0300" <= one <= "\u036f" or one in "đĐ" for one in unicodedata.normalize("NFD", word)
    ) and not set(unicodedata.normalize("NFD", word)) & set("\u030a\u0327\u0308")


def best(text: str) -> tuple[str, str]:
    """Return a text in Unicode, and the font that it was typed for ("" if it is Unicode already).

    >>> best("Cao S¬n"), best("Tú Lý")
    (('Cao Sơn', 'TCVN3'), ('Tú Lý', ''))
    """
    if text.isascii() or not strange(text):
        return text, ""
    tried = [
        (strange(decoded), decoded, font) for decoded, font in ((from_tcvn3(text), "TCVN3"), (from_vni(text), "VNI"))
    ]
    count, decoded, font = min(tried)
    return (decoded, font) if count < strange(text) else (text, "")


def converted(grid: "Grid") -> "Grid":
    """Return a sheet with cells of old fonts in Unicode; `font` says which font, if there were any."""
    fonts: dict[str, int] = {}
    grid = grid._replace(
        rows=[
            [
                unicodedata.normalize("NFC", cell) if isinstance(cell, str) and not cell.isascii() else cell
                for cell in row
            ]
            for row in grid.rows
        ]
    )
    rows = []
    for row in grid.rows:
        cells = list(row)
        for at, cell in enumerate(cells):
            if isinstance(cell, str) and not cell.isascii():
                cells[at], font = best(cell)
                if font:
                    fonts[font] = fonts.get(font, 0) + 1
        rows.append(cells)
    if not fonts:
        return grid
    font = max(fonts, key=lambda name: fonts[name])
    back = from_tcvn3 if font == "TCVN3" else from_vni
    texts = {cell for row in grid.rows for cell in row if isinstance(cell, str) and not cell.isascii()}
    # Where nearly every cell is of the font, one that could be either is as well; in a mixed sheet it stays.
    if sum(1 for cell in texts if best(cell)[1]) > 0.6 * len(texts):
        rows = [
            [
                back(cell) if isinstance(cell, str) and not cell.isascii() and not strange(back(cell)) else new
                for cell, new in zip(row, fresh, strict=True)
            ]
            for row, fresh in zip(grid.rows, rows, strict=True)
        ]
    return grid._replace(rows=rows, font=font)


def legacy(data: bytes) -> str:
    """Return the text in bytes of no Unicode: of Windows-1258 and the two fonts the one with the fewest odd words."""
    plain = data.decode("latin-1")
    texts = [from_tcvn3(plain), from_vni(plain), plain]
    try:
        texts.insert(0, unicodedata.normalize("NFC", data.decode("cp1258")))
    except UnicodeDecodeError:
        pass
    return min(texts, key=lambda text: strange(text[:20_000]))
