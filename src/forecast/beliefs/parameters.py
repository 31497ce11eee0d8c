"""The model's parameters: one typed table, data/parameters.csv, with what is believed of each before any count is seen.

A row of kind `parameter` is a belief: its center (`value`) with the 5% and 95% points (`low`, `high`). A row of kind
`opening` is a count that a scenario may give in place of the published one, so it has no value. `least` and `most` are
where the formulas end (`open` names the ends that are themselves outside), `unit` is the unit of all of these,
`distance` how far the nearest study is from this scheme. Titles for people are terms of docs/words.csv.
"""

import math
import sys
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

import pandas as pd
from pydantic import BaseModel, ConfigDict, model_validator

from forecast.data import tables
from forecast.data.messages import Message, Wrong
from forecast.data.places import Place
from forecast.data.tables import Fault, TableError
from forecast.language import words

FILE = "parameters.csv"
NUMBERS = ["value", "low", "high"]
NO_ROW = "place_effect"  # made for each place out of its counts and the spread of places


class Assumption(BaseModel):
    """A belief about one parameter: center with the 5% and 95% points of its spread."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    value: float
    low: float
    high: float

    @model_validator(mode="after")
    def _ordered(self) -> "Assumption":
        if not self.low <= self.value <= self.high:
            text = "expected low <= value <= high, not {low}, {value}, {high}"
            raise Wrong("", text, low=self.low, value=self.value, high=self.high)
        return self


def parameters_table() -> pd.DataFrame:
    """Return the parameters of the model: index parameter, the other columns of data/parameters.csv.

    >>> parameters_table().loc["annual_lapse", ["unit", "status"]].tolist()
    ['share per year', 'judgement']
    """
    return _kind("parameter")


def missing(names: Iterable[str]) -> list[Fault]:
    """Return a fault for each parameter that the engines read and that is not among `names`, those of a table.

    What has a name for people (`parameter.` in docs/words.csv) is read.

    >>> print(*missing(name for name in known_names() if name != "annual_lapse"))
    parameters.csv: expected a row for annual_lapse, which the engines read
    """
    read = [term.partition(".")[2] for term in words.terms().index if term.startswith("parameter.")]
    there = {*names, NO_ROW}
    texts = [Message("a row for {name}, which the engines read", name=name) for name in read if name not in there]
    return [Fault(FILE, 0, "", "", text) for text in texts]


def known_names() -> list[str]:
    """Return what a scenario may assume: all parameters and the opening counts, in alphabetical order."""
    return sorted(_table().index)


def check_assumption(name: str, given: float | Assumption, place: Place | None = None) -> None:
    """Raise :class:`Wrong` where an assumption about `name` lies outside the limits of its row.

    Of a `place` there are at most as many members at the opening as there are people who may join.

    >>> check_assumption("annual_lapse", 1.0)
    Traceback (most recent call last):
    ...
    forecast.data.messages.Wrong: assumptions.annual_lapse: expected a number of at least 0 and below 1, not 1
    """
    low, high = (given.low, given.high) if isinstance(given, Assumption) else (given, given)
    path = tables.data_dir() / FILE
    least, most, open_at = _limits(path, tables.changed(path))[name]
    above, below = open_at in ("least", "both"), open_at in ("most", "both")
    low_fits = low > least if above else low >= least
    high_fits = high < most if below else high <= (sys.float_info.max if math.isnan(most) else most)
    if not (low_fits and high_fits):  # a number that is none (nan) fits nowhere
        finite, under = Message("that is finite"), Message("below {most:g}", most=most)
        end = finite if math.isnan(most) else under if below else Message("of at most {most:g}", most=most)
        start = Message("above {least:g}", least=least) if above else Message("of at least {least:g}", least=least)
        one = low == high or math.isnan(low)
        shown = f"{low:g}" if one else Message("{low:g} to {high:g}", low=low, high=high)
        text = "expected a number {start} and {end}, not {shown}"
        raise Wrong(f"assumptions.{name}", text, start=start, end=end, shown=shown)
    if name == "opening_members" and place is not None and high > place.may_join > 0:
        raise Wrong(
            f"assumptions.{name}",
            "{value:,.0f}; expected at most the {people:,.0f} people of {place} who may join",
            value=high,
            people=place.may_join,
            place=place.name,
        )


def _kind(kind: str) -> pd.DataFrame:
    path = tables.data_dir() / FILE
    return _of_kind(path, tables.changed(path), kind).copy()


@lru_cache(maxsize=8)
def _of_kind(path: Path, changed: int, kind: str) -> pd.DataFrame:
    """Every batch of draws asks for it."""
    table = _read(path, changed)
    return table[table["kind"] == kind]


@lru_cache(maxsize=4)
def _limits(path: Path, changed: int) -> dict[str, tuple[float, float, str]]:
    """Least, most and which of them is open by parameter: each scenario asks for those of all that it assumes."""
    table = _read(path, changed)
    return dict(zip(table.index, zip(table["least"], table["most"], table["open"], strict=True), strict=True))


def _table() -> pd.DataFrame:
    path = tables.data_dir() / FILE
    return _read(path, tables.changed(path))


@lru_cache(maxsize=4)
def _read(path: Path, changed: int) -> pd.DataFrame:
    """Read the table once for each state of its file: every batch of draws asks for it."""
    table = tables.read(path, "parameters").set_index("parameter")
    if faults := missing(table.index):
        raise TableError(faults)
    return table
