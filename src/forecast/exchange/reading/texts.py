"""Texts as they are compared: however they were stored, whatever spaces and dashes stand between their words."""

import re
import unicodedata
from functools import lru_cache


@lru_cache(maxsize=200_000)
def tidy(text: object) -> str:
    """Return text in one form (NFC), its words parted by single spaces, without what cannot be seen.

    >>> tidy("  Tú\\xa0Lý\\u200b ")
    'Tú Lý'
    """
    plain = unicodedata.normalize("NFKC", "" if text is None else str(text)).replace("Ð", "Đ").replace("ð", "đ")
    plain = "".join(one for one in plain if unicodedata.category(one) not in ("Cf", "Cc") or one in "\n\t\r")
    return " ".join(plain.split())


@lru_cache(maxsize=200_000)
def fold(text: object) -> str:
    """Return text in small letters without diacritics, its words parted by single spaces.

    >>> fold("Xã,  PHƯỜNG"), fold(unicodedata.normalize("NFD", "Đang tham gia"))
    ('xa phuong', 'dang tham gia')
    """
    plain = unicodedata.normalize("NFD", tidy(text).casefold()).replace("đ", "d")
    plain = "".join(one for one in plain if not unicodedata.combining(one))
    return re.sub(r"[^a-z0-9]+", " ", plain).strip()


_TONES = "\u0300\u0301\u0303\u0309\u0323"


@lru_cache(maxsize=200_000)
def spelled(text: object) -> tuple[str, ...]:
    """Return the words of a text, each with its tone at the end: `Hòa` and `Hoà` are one word, `Hóa` another.

    >>> spelled("Hòa Bình") == spelled("HOÀ  BÌNH"), spelled("Sa Pa") == spelled("Sa Pả")
    (True, False)
    """
    words = re.sub(r"[^\w\u0300-\u036f]+", " ", unicodedata.normalize("NFD", tidy(text).casefold())).split()
    return tuple(
        "".join(one for one in word if one not in _TONES) + "".join(one for one in word if one in _TONES)
        for word in words
    )
