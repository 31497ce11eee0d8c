"""What `check` finds, and how a rule turns rows that disagree into a finding in both languages.

A rule is a function of the history table and its setting that yields the rows that disagree and the arithmetic; the
rules themselves are in ``conflicts``. A conflict is known when one of its rows carries the tag ``conflict:RULE`` in
its note, or the status ``conflicting`` without any tag; it is new otherwise.
"""

import math
import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd

from forecast.data import tables

KNOWN, NEW, FAULT, NOTE = "known conflict", "new conflict", "fault", "note"


@dataclass(frozen=True)
class Finding:
    """One thing that `check` found: where, which rule, how bad, and the arithmetic in words and numbers.

    ``row`` is the line in the file (header = 1; 0 for the whole file); ``numbers`` maps names to numbers.
    """

    file: str
    row: int
    rule: str
    place: str
    severity: str
    message_en: str
    message_vi: str
    numbers: dict[str, float] = field(default_factory=dict, hash=False)


@dataclass(frozen=True)
class Setting:
    """What rules need beside the history: the places table (may be empty) and the yearly lapse of the model."""

    places: pd.DataFrame
    annual_lapse: float = 0.22

    def lineage(self, place: str) -> list[str]:
        """Return the place and what lies above it, nearest first."""
        parents = dict(zip(self.places["place"], self.places["parent"], strict=True))
        result = [place]
        while parents.get(result[-1]):
            result.append(parents[result[-1]])
        return result

    def number(self, place: str, column: str) -> float:
        """Return one number of a place, NaN if it is not known."""
        rows = self.places.loc[self.places["place"] == place, column]
        return float(rows.iloc[0]) if len(rows) else float("nan")


Row = pd.Series  # a row of the history table
Rows = list[Row]
Found = Iterator[tuple[Rows, dict[str, Any]]]
Rule = Callable[[pd.DataFrame, Setting], Found]
RULES: dict[str, tuple[Rule, str | None, str, str]] = {}


def rule(name: str, en: str, vi: str, severity: str | None = None) -> Callable[[Rule], Rule]:
    """Register a rule with its message in English and Vietnamese; without a severity it finds conflicts.

    A message names numbers in braces; ``numbers["severity"]`` of one result overrides the rule's severity, and
    ``numbers["also"]`` adds a phrase.
    """

    def add(function: Rule) -> Rule:
        RULES[name] = (function, severity, en, vi)
        return function

    return add


PHRASES = {
    "rounding": ("; rounding alone could explain it", "; riêng việc làm tròn cũng có thể giải thích"),
    "met": ("; the second was met before the year began", "; mốc thứ hai đã đạt từ trước khi năm bắt đầu"),
}


def find(
    history: pd.DataFrame, setting: Setting, file: str = "history.csv", only: Collection[str] | None = None
) -> list[Finding]:
    """Return the findings of all rules (or of those named in ``only``) in a valid history table, in file order."""
    frame = history.reset_index(drop=True)
    frame = frame.astype({name: object for name in frame.columns if name != "value"})  # compares small columns faster
    frame = frame.assign(line=frame.index + 2, t=[tables.month_index(tables.month(m)) for m in frame["month"]])
    result: list[Finding] = []
    for name, (function, fixed, en, vi) in RULES.items():
        if only is not None and name not in only:
            continue
        for rows, numbers in function(frame, setting):
            severity = numbers.pop("severity", fixed) or (KNOWN if any(marked(r, name) for r in rows) else NEW)
            add_en, add_vi = PHRASES.get(numbers.pop("also", ""), ("", ""))
            first = rows[0]
            words = numbers | {"month": first["month"], "source": first["source"], "scheme": first["scheme"]}
            say_en, say_vi = ({k: _Word(v, lang) for k, v in words.items()} for lang in ("en", "vi"))
            result.append(
                Finding(
                    file,
                    int(first["line"]),
                    name,
                    first["place"],
                    severity,
                    en.format(**say_en) + add_en + ".",
                    vi.format(**say_vi) + add_vi + ".",
                    {k: float(v) for k, v in numbers.items() if not isinstance(v, str | dict)},
                )
            )
    return sorted(result, key=lambda f: (f.row, f.rule))


def marked(row: Row, name: str) -> bool:
    """Return whether a row says that its conflict under rule ``name`` is known."""
    if "conflict:" in row["note"]:
        return f"conflict:{name}" in row["note"].replace(";", " ").split()
    return bool(row["status"] == "conflicting")


NAMES = {
    "voluntary_si": ("voluntary social insurance", "BHXH tự nguyện"),
    "household_hi": ("health insurance", "BHYT"),
    "compulsory_si": ("compulsory social insurance", "BHXH bắt buộc"),
    "all_schemes": ("all schemes", "tất cả các loại hình"),
    "members": ("members", "người tham gia"),
    "money": ("money", "số thu"),
    "attainment": ("", ""),
    "eligible": ("people eligible for the scheme", "số người thuộc diện tham gia"),
    "labor_force": ("labor force", "lực lượng lao động"),
    "goals": ("goals", "mục tiêu"),
    "figures": ("figures", "số liệu"),
}
"""Names of schemes, measures and bases in messages: English, Vietnamese."""


class _Word:
    """A number or word of a message in one language; ``{name:1}`` in a message asks for one decimal."""

    def __init__(self, value: str | float | dict[str, float], language: str):
        self.value, self.vi = value, language == "vi"

    def __format__(self, digits: str) -> str:
        if isinstance(self.value, dict):
            parts = [
                (" ".join(_name(word, self.vi) for word in name.split()).strip(), number_text(value, self.vi, 1))
                for name, value in self.value.items()
            ]
            return ", ".join(f"{name} {value}%" for name, value in parts)
        if isinstance(self.value, str):
            return _name(self.value, self.vi)
        return number_text(self.value, self.vi, int(digits) if digits else None)


def _name(word: str, vi: bool) -> str:
    """Return a name or a month in a language; words that are neither stay."""
    if word in NAMES:
        return NAMES[word][vi]
    return f"{word[5:]}/{word[:4]}" if vi and re.fullmatch(r"[0-9]{4}-[0-9]{2}", word) else word


def number_text(value: float, vi: bool = False, digits: int | None = None) -> str:
    """Write a number for people: whole from 100 up, else at most two decimals; or with the given decimals.

    >>> number_text(15680.4, vi=True), number_text(-11.574), number_text(99.28, digits=1)
    ('15.680', '−11.57', '99.3')
    """
    if not math.isfinite(value):
        return "–"
    if digits is None:
        text = f"{value:,.0f}" if abs(value) >= 100 else f"{value:,.2f}".rstrip("0").rstrip(".")
    else:
        text = f"{value:,.{digits}f}"
    return text.translate(str.maketrans(",.-", ".,−" if vi else ",.−"))


def half_unit(value: float) -> float:
    """Return half a unit of the last printed digit: what rounding may have taken or added.

    >>> half_unit(16000.0), half_unit(19.61), half_unit(6.0)
    (500.0, 0.005, 0.5)
    """
    if not math.isfinite(value):
        return math.inf
    exponent = int(Decimal(repr(float(value))).normalize().as_tuple().exponent)  # a finite number has a whole one
    return float(Decimal(5).scaleb(exponent - 1))


def ratio(part: float, whole: float) -> float:
    """Return part / whole, NaN where the whole is zero.

    >>> ratio(1.0, 4.0), ratio(1.0, 0.0)
    (0.25, nan)
    """
    return part / whole if whole else math.nan


def unsure(value: float) -> float:
    """Return the relative error that rounding may have made.

    >>> unsure(50.0)
    0.1
    """
    return abs(ratio(half_unit(value), value))


def pick(
    frame: pd.DataFrame, like: Row | None = None, same: Collection[str] = ("scheme", "place", "source"), **equal: Any
) -> pd.DataFrame:
    """Return rows with a value that equal ``like`` in the columns ``same`` and the given values; newest last."""
    keep = np.flatnonzero(frame["value"].notna())
    for column, value in (equal | ({c: like[c] for c in same if c not in equal} if like is not None else {})).items():
        there = frame[column].iloc[keep]
        same_there = there.isin(value) if isinstance(value, tuple) else there == value
        keep = keep[same_there.to_numpy(bool)]
    return frame.iloc[keep].sort_values("t", kind="stable")


def each(frame: pd.DataFrame) -> Rows:
    """Return the rows one by one."""
    return [row for _, row in frame.iterrows()]


def last(frame: pd.DataFrame) -> Row | None:
    """Return the last row, None if there is none."""
    return frame.iloc[-1] if len(frame) else None
