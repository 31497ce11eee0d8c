"""The text in bytes: UTF-8, UTF-16, and Vietnamese letters of the time before Unicode.

Those are the fonts TCVN3 (.VnTime) and VNI, and Windows-1258.

In such a font the code of one letter shows another: `Cao S¬n` is Cao Sơn in a TCVN3 font. A cell is converted only if
it is no Vietnamese as it stands and is Vietnamese once converted. The tables are those of TCVN 5712:1993 (third set)
and of VNI-Windows.
"""

import re
import unicodedata
from collections.abc import Callable
from functools import lru_cache

from forecast.data.syllables import foreign

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
    return _RUN.sub(lambda run: _of_vni(run[0]), unicodedata.normalize("NFC", text))


_RUN = re.compile(r"[A-Za-z]?[^\x00-\x7f]+")  # a letter and the codes behind it; all else stands as it is


@lru_cache(maxsize=50_000)
def _of_vni(text: str) -> str:
    out: list[str] = []
    for one in text:
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
SAMPLE, WORD = 20_000, 10  # bytes that tell in which letters a text was saved, and letters of a long word


def strange(text: str) -> int:
    """Return how many words of a text with letters beyond a to z cannot be Vietnamese.

    >>> strange("Cao S¬n"), strange("Cao Sơn"), strange("§µ B¾c"), strange("Total")
    (1, 0, 2, 0)
    """
    return sum(_odd(word[0]) for word in _WORD.finditer(unicodedata.normalize("NFC", text)))


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


_LEGACY: tuple[Callable[[bytes], str], ...] = (
    lambda data: unicodedata.normalize("NFC", data.decode("cp1258", "replace")),
    lambda data: from_tcvn3(data.decode("latin-1")),
    lambda data: from_vni(data.decode("latin-1")),
    lambda data: data.decode("latin-1"),
)


def legacy(data: bytes) -> str:
    """Return the text in bytes of no Unicode: of Windows-1258 and the two fonts the one with the fewest odd words.

    What tells are the first :data:`SAMPLE` bytes from where letters beyond a to z begin.
    """
    beyond = re.search(rb"[\x80-\xff]", data)
    start = max(beyond.start() - WORD, 0) if beyond else 0
    return min(_LEGACY, key=lambda read: strange(read(data[start : start + SAMPLE])))(data)


def decoded(data: bytes) -> tuple[str, bool]:
    """Return the text in bytes, and whether it is Unicode: by their mark, as UTF-8, as UTF-16.

    Else it is in the letters that make it most Vietnamese.

    >>> decoded("Xã;Tháng".encode("utf-16"))
    ('Xã;Tháng', True)
    >>> decoded(to_1258("Xã Tú Lý; Đà Bắc; Mường Chiềng"))
    ('Xã Tú Lý; Đà Bắc; Mường Chiềng', False)
    """
    for mark, encoding in ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if data.startswith(mark):
            return data.decode(encoding, "replace"), True
    try:
        text = data.decode("utf-8")
        if "\x00" not in text:
            return text, True
    except UnicodeDecodeError:
        pass
    if data[:4000].count(0) > len(data[:4000]) // 5:
        from charset_normalizer import from_bytes  # heavy, and seldom asked

        best = from_bytes(data[:4000]).best()
        wide = (
            best.encoding
            if best and best.encoding.startswith("utf_16")
            else ("utf-16-le" if data[1:4000:2].count(0) > data[:4000:2].count(0) else "utf-16-be")
        )
        return data.decode(wide, "replace"), True
    return legacy(data), False
