"""One identity of names: with diacritics first, then by the district, then without diacritics where that is unique.

Xã, phường, thị trấn, X., P. and TT. are no part of a name; they tell two communes of one name apart. How diacritics
are stored (NFC, NFD), and where a tone stands (Hòa, Hoà), makes no difference.
"""

import difflib
import re
from functools import lru_cache
from typing import NamedTuple

from forecast.data.letters import from_tcvn3, from_vni
from forecast.data.places import Place
from forecast.data.synonyms import unit_words
from forecast.exchange.reading.texts import fold, spelled, tidy

_WORDS = unit_words("commune")
_KINDS = {fold(word): whole for word, whole in _WORDS.items()}
_SHORT = "|".join(word for word, whole in _WORDS.items() if word != whole)
_ABOVE = unit_words("district", "province")


def _dotted(word: str) -> str:
    """Return the pattern of a word before a name: a letter alone is a short form with a dot, two letters may have one.

    >>> _dotted("huyện"), _dotted("h"), _dotted("tp")
    ('huyện', 'h\\\\.', 'tp\\\\.?')
    """
    return word if _ABOVE[word] == word else rf"{word}\." if len(word) == 1 else rf"{word}\.?"


_DISTRICTS = rf"(?:{'|'.join(map(_dotted, _ABOVE))})"
UNIT = rf"(?:{_DISTRICTS}|{'|'.join(_WORDS)})"
"""Pattern of a word before the name of a unit of any level."""
_OFFICES = re.compile(r"^(?:ubnd|bhxh|bảo hiểm xã hội|bưu điện|bđ-?vhx|điểm thu|đlt|đại lý(?: thu)?)\s+", re.I)
_KIND = re.compile(
    rf"^(?:({'|'.join({**_WORDS, **_KINDS})})\s+|({_SHORT})\.\s*)(?=\S)|^({_SHORT})(?=\d)",
    re.I,
)


class Name(NamedTuple):
    """A name taken apart: its words, the kind of unit and the district, "" where it does not say."""

    name: str
    kind: str = ""
    district: str = ""


class Match(NamedTuple):
    """The unit that a name means ("" if none or several), the names that are near, and how it was found."""

    unit: str
    near: tuple[str, ...] = ()
    how: str = "exact"


@lru_cache(maxsize=50_000)
def parted(text: str) -> Name:
    """Return a commune's name taken apart.

    >>> parted("xã Hiền Lương, huyện Đà Bắc"), parted("TT. Đà Bắc"), parted("1. P.05"), parted("Tân Thành (phường)")
    (Name(name='Hiền Lương', kind='xã', district='Đà Bắc'), Name(name='Đà Bắc', kind='thị trấn', district=''),
     Name(name='5', kind='phường', district=''), Name(name='Tân Thành', kind='phường', district=''))
    """
    name = tidy(text)
    name = re.sub(r"^(?:\d{1,3}\s*[.)]\s+|\d{5}\s*-?\s+|[-+*•]\s*)", "", name)
    name = _OFFICES.sub("", name)
    name = re.sub(r"\s*[(\[]?\s*\*+\s*[)\]]?$", "", name)  # the sign of a note
    name = re.sub(r"\s*[(\[-]?\s*\b\d{5}\b\s*[)\]]?$", "", name).strip() or name
    kind = district = ""
    if parts := re.fullmatch(r"(.+?)\s*[(\[]\s*(.+?)\s*[)\]]", name):
        inner = fold(parts[2])
        if inner in _KINDS:
            name, kind = parts[1], _KINDS[inner]
        elif re.match(_DISTRICTS, parts[2], re.I) or not inner.isdigit():
            name, district = parts[1], parts[2]
    elif parts := re.fullmatch(rf"(.+?)\s*(?:,|\s[-–]\s|/|;)\s*({_DISTRICTS}.*|[^,;/]+)", name, re.I):
        name, district = parts[1], parts[2].split(",")[0]
    district = re.sub(rf"^{_DISTRICTS}\s*", "", district, flags=re.I)
    if parts := _KIND.match(name):
        kind, name = _KINDS.get(fold(parts[1] or parts[2] or parts[3]), ""), name[parts.end() :]
    if re.fullmatch(r"0*\d+", name):
        name = str(int(name))
    return Name(name.strip(" .:-"), kind, district.strip(" ."))


class Names:
    """The communes of a place, to be found by what a cell says."""

    def __init__(self, place: Place):
        """Learn the names of the communes of a place and of its districts."""
        self.place = place.name
        self.units = list(place.communes["commune"])
        self.districts: dict[str, str] = dict(zip(self.units, place.communes["district"], strict=True))
        self.known = {unit: parted(unit.rpartition("/")[2]) for unit in self.units}
        self._exact: dict[tuple[str, ...], list[str]] = {}
        self._plain: dict[str, list[str]] = {}
        for unit, name in self.known.items():
            self._exact.setdefault(spelled(name.name), []).append(unit)
            self._plain.setdefault(fold(name.name), []).append(unit)
        self._districts = {spelled(one) for one in self.districts.values() if one}
        self._districts_plain = {fold(one) for one in self.districts.values() if one}

    def short(self, unit: str) -> str:
        """Return the last part of a unit's name, with its district where another commune has the same."""
        end = unit.rpartition("/")[2]
        same = sum(1 for other in self.units if spelled(other.rpartition("/")[2]) == spelled(end))
        return end if same == 1 or not self.districts[unit] else f"{self.districts[unit]}/{end}"

    def district(self, text: str) -> str:
        """Return the district that a text names ("" if none): `I. Huyện Bát Xát`."""
        plain = re.sub(r"^(?:[IVX]+|[A-Z]|\d+)\s*[.)\-/]\s*", "", tidy(text))
        bare = re.sub(rf"^(?:BHXH\s+)?{_DISTRICTS}\s*", "", plain, flags=re.I)
        for one in set(self.districts.values()):
            if one and (spelled(one) == spelled(bare) or (fold(one) == fold(bare) and not _accents(bare))):
                return one
        return ""

    def is_place(self, text: str) -> bool:
        """Return whether a text names the place itself or one above it, in words that no commune has."""
        plain = re.sub(r"^(?:BHXH\s+)?(?:toàn\s+)?", "", tidy(text), flags=re.I)
        prefix = re.match(rf"{_DISTRICTS}\s*", plain, re.I)
        return prefix is not None and fold(plain[prefix.end() :]) == fold(self.place.split(" (")[0].rpartition("/")[2])

    def match(self, text: str, district: str = "") -> Match:
        """Return the commune that a cell means; `district` is that of its row, if the sheet says it."""
        name = parted(text)
        whole = [unit for unit in self.units if spelled(unit.rpartition("/")[2]) == spelled(text)]
        if len(whole) == 1 and (not district or fold(self._bare(district)) == fold(self.districts[whole[0]])):
            return Match(whole[0])
        candidate = self._among(name, district)
        if not candidate.unit and candidate.how == "none":  # "Xa" may be the first word of a name, not its kind
            candidate = self._among(name._replace(name=tidy(text)), district)
        if candidate.unit or candidate.how == "several":
            return candidate
        for old, font in ((from_tcvn3, "TCVN3"), (from_vni, "VNI")):
            changed = old(tidy(text))
            if changed != tidy(text):
                other = self._among(parted(changed), district)
                if other.unit and other.how == "exact":
                    return other._replace(how=font)
        ends = {fold(known.name): unit for unit, known in self.known.items()}
        wanted = fold(name.name)
        near = difflib.get_close_matches(wanted, ends, n=3, cutoff=0.6)
        near.sort(key=lambda end: end.replace("y", "i") != wanted.replace("y", "i"))
        return Match("", tuple(ends[end].rpartition("/")[2] for end in near), "none")

    def _among(self, name: Name, district: str) -> Match:
        """Return the commune by its name with diacritics, then by its district, then without diacritics."""
        if not fold(name.name):
            return Match("", (), "none")
        where = name.district or district
        tables = (
            (self._exact.get(spelled(name.name), ()), "exact"),
            (self._plain.get(fold(name.name), ()), "plain"),
        )
        for units, how in tables:
            matches = list(units)
            if len(matches) > 1 and where:
                inside = [unit for unit in matches if fold(self.districts[unit]) == fold(self._bare(where))]
                exact = [unit for unit in inside if spelled(self.districts[unit]) == spelled(self._bare(where))]
                matches = exact or inside or matches
            elif len(matches) == 1 and where and self.districts[matches[0]] and self._bare(where):
                other = self._bare(where)
                if fold(other) in self._districts_plain and fold(other) != fold(self.districts[matches[0]]):
                    matches = []  # another commune of this name, of a district that has none of it
            if len(matches) > 1 and name.kind:
                matches = (
                    [unit for unit in matches if self.known[unit].kind == name.kind]
                    or [unit for unit in matches if not self.known[unit].kind]
                    or matches
                )
            if len(matches) == 1:
                return Match(matches[0], (), how)
            if len(matches) > 1:
                return Match("", tuple(self._full(unit) for unit in matches), "several")
        return Match("", (), "none")

    def _full(self, unit: str) -> str:
        return unit.rpartition("/")[2] + (f" ({self.districts[unit]})" if self.districts[unit] else "")

    def _bare(self, text: str) -> str:
        return re.sub(rf"^{_DISTRICTS}\s*", "", tidy(text), flags=re.I)


def _accents(text: str) -> bool:
    """Return whether a text has diacritics."""
    return " ".join(spelled(text)) != fold(text)
