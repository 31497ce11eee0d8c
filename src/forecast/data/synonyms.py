"""What people write for the words of programs: groups, levers, measures, units of places, months, amounts of money.

They stand in ``docs/words.csv``. A row `KIND.NAME` names a thing in Vietnamese and English, and a row
`typed.KIND.NAME` holds what people write for it besides, separated by semicolons. Letters are compared without
diacritics and capitals, so that `hộ nghèo`, `Hộ nghèo` and `ho ngheo` are one word.
"""

import csv
import re
import unicodedata
from collections.abc import Callable
from functools import cache, lru_cache
from typing import NamedTuple

from forecast.data.home import ROOT
from forecast.data.messages import UserError

TERMS = ROOT / "docs" / "words.csv"
LANGS = ("vi", "en")
_UNITS = frozenset({"province", "district", "commune"})  # levels whose word stands before a name


@lru_cache(maxsize=50_000)
def slug(name: str) -> str:
    """Return ``name`` in small letters without diacritics, words joined by hyphens; for files and for typing.

    >>> slug("Đà Bắc/Tú Lý")
    'da-bac-tu-ly'
    """
    plain = unicodedata.normalize("NFD", name.casefold()).replace("đ", "d")
    plain = "".join(letter for letter in plain if not unicodedata.combining(letter))
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")


@cache
def terms() -> dict[str, dict[str, str]]:
    """Return the table of terms: columns `vi`, `en` and `meaning` of each term."""
    try:
        with open(TERMS, encoding="utf-8-sig", newline="") as handle:
            return {row.pop("term"): row for row in csv.DictReader(handle)}
    except FileNotFoundError:
        raise UserError("{file}: there is no such file; expected the table of terms", file=TERMS) from None


@cache
def meanings(kind: str) -> dict[str, frozenset[str]]:
    """Return what each word of a kind can mean, by its letters without diacritics.

    >>> sorted(meanings("level")["thanh-pho"])
    ['district', 'province']
    """
    of: dict[str, set[str]] = {}
    for key, row in terms().items():
        head, _, name = key.partition(".")
        besides = head == "typed"
        if besides:
            head, _, name = name.partition(".")
        if head == kind:
            cells = [text for lang in LANGS for text in row[lang].split(";" if besides else "\n")]
            for text in (name, *cells):
                of.setdefault(slug(text), set()).add(name)
    of.pop("", None)
    return {text: frozenset(names) for text, names in of.items()}


def reading(kind: str, text: str) -> str:
    """Return the one word of a kind that a text means, "" where there is none, or more than one.

    >>> reading("measure", "thành viên"), reading("per", "Mỗi xã"), reading("lever", "top up"), reading("group", "rich")
    ('members', 'commune', 'TopUp', '')
    """
    known, word = meanings(kind), slug(text)
    means = known.get(word) or known.get(word.replace("-", "")) or frozenset()
    return next(iter(means)) if len(means) == 1 else ""


def meant(kind: str) -> Callable[[object], object]:
    """Return what reads a word of a kind ("group", "lever", "measure", "payer", "per"); others it leaves alone.

    >>> meant("group")("hộ nghèo"), meant("group")("can ngheo"), meant("lever")("top up"), meant("group")("rich")
    ('poor', 'near_poor', 'TopUp', 'rich')
    """

    def read(text: object) -> object:
        return reading(kind, text) or text if isinstance(text, str) else text

    return read


@cache
def unit_words(*levels: str) -> dict[str, str]:
    """Return the Vietnamese words that stand before names of units of these levels, each with the whole word for it.

    A short form is in small letters and stands for the word that has these initials, or else begins so.

    >>> unit_words("commune")["tt"], unit_words("commune")["thị trấn"], unit_words("district", "province")["t"]
    ('thị trấn', 'thị trấn', 'tỉnh')
    """
    rows = [terms()[f"{head}{level}"] for level in levels for head in ("level.", "typed.level.")]
    words = [word.strip() for row in rows for word in row["vi"].split(";")]
    whole = {word: slug(word) for word in words if not word.isupper()}
    short = [word.lower() for word in words if word.isupper()]

    def meant_by(letters: str) -> str:
        initials = [word for word, plain in whole.items() if letters == "".join(w[0] for w in plain.split("-"))]
        return (initials + [word for word, plain in whole.items() if plain.startswith(letters)])[0]

    return {word: word for word in whole} | {letters: meant_by(letters) for letters in short}


class Unit(NamedTuple):
    """A unit's name without the word for its kind: the levels that this word can mean (none if it says no kind)."""

    levels: frozenset[str]
    bare: str


def unit(name: str) -> Unit:
    """Return a unit's name taken apart, its letters as in :func:`slug`.

    >>> unit("Tỉnh Cà Mau"), unit("TX. Đông Triều").bare, unit("Cà Mau (2025)").bare
    (Unit(levels=frozenset({'province'}), bare='ca-mau'), 'dong-trieu', 'ca-mau')
    """
    words = slug(re.sub(r"\s*\(\d{4}\)$", "", name.strip())).split("-")
    for length in (2, 1):
        levels = meanings("level").get("-".join(words[:length]), frozenset()) & _UNITS
        if levels and len(words) > length:
            return Unit(levels, "-".join(words[length:]))
    return Unit(frozenset(), "-".join(words))
