"""The shape of every table: one schema for each, whose checks say in words what a cell should hold."""

import math
from collections.abc import Callable, Iterable

import numpy as np
import pandas as pd
import pandera.pandas as pa

from forecast.data.vocabulary import (
    DENOMINATORS,
    EXAM_QUANTILES,
    GROUPS,
    HISTORY_MEASURES,
    KINDS,
    LEVELS,
    MEASURES,
    OUTREACH_PAYERS,
    PUBLISHED_QUANTILES,
    RANGE_UNITS,
    SCHEMES,
    SCOPES,
    STATUSES,
    STUDIED_SCHEMES,
    USES,
)

EXPECTED_MONTH = "a month written YYYY-MM, such as 2021-12"
EXPECTED_NUMBER = "a number such as 1234.5, without thousands separators, or an empty cell"


def _one_of(words: Iterable[str]) -> pa.Check:
    """Return the check that a cell holds one of ``words``."""
    words = tuple(words)
    return pa.Check.isin(words, error="one of " + ", ".join(word or "nothing" for word in words))


def _matches(pattern: str, expected: str) -> pa.Check:
    """Return the check that the whole cell matches ``pattern``; ``expected`` says it in words."""

    def rule(cells: pd.Series) -> pd.Series:
        words = pd.Series(cells.unique()).dropna()  # a projection repeats few words in millions of rows
        return cells.isin(words[words.astype(str).str.fullmatch(pattern)])

    return pa.Check(rule, error=expected, ignore_na=False, description=pattern)


FILLED = r"(?s)\s*\S.*"  # something but spaces
_TEXT = pa.Column()
_FILLED = pa.Column(checks=_matches(FILLED, "some text"))
_UNIQUE = pa.Column(
    checks=[
        _matches(FILLED, "some text"),
        pa.Check(lambda cells: ~cells.duplicated(), error="a name that stands in one row only"),
    ]
)
_MONTH = pa.Column(checks=_matches(r"[0-9]{4}-(0[1-9]|1[0-2])", EXPECTED_MONTH))
_MONTH_OR_EMPTY = pa.Column(checks=_matches(r"([0-9]{4}-(0[1-9]|1[0-2]))?", EXPECTED_MONTH + ", or an empty cell"))
_HASH = pa.Column(checks=_matches(r"[0-9a-f]{16}", "a hash of 16 digits, 0-9 and a-f"))
_GROUP = pa.Column(checks=_one_of((*GROUPS, "all")))
_SCHEME = pa.Column(checks=_one_of(SCHEMES))
_LEVEL = pa.Column(checks=_one_of(LEVELS))
_STATUS = pa.Column(checks=_one_of(STATUSES))


def _number(low: float = -math.inf, high: float = math.inf, expected: str = EXPECTED_NUMBER) -> pa.Column:
    """Return a column of numbers between ``low`` and ``high``, empty cells allowed."""
    inside = pa.Check(lambda cells: cells.isna() | (np.isfinite(cells) & cells.between(low, high)), error=expected)
    return pa.Column(float, checks=inside, nullable=True)


def _rows(rule: Callable[[pd.DataFrame], pd.Series], column: str, expected: str) -> pa.Check:
    """Return a check of whole rows: ``rule(frame)`` is true for good ones; ``column`` is the cell to blame."""
    return pa.Check(rule, error=f"{column}: {expected}", ignore_na=False)


_COUNT = _number(0, expected="a number of at least 0, or an empty cell")
_WHOLE = pa.Column(float, checks=_COUNT.checks, nullable=True, metadata={"persons": True})
_PERSONS = pa.Column(
    float,
    checks=pa.Check(
        lambda cells: np.isfinite(cells) & (cells >= 0.5),
        error="a number of persons of at least 1, such as 36720",
        ignore_na=False,
    ),
    nullable=True,  # an empty cell is a fault of the check, which says what was expected
)
_COUNTED = pa.Column(
    float,
    checks=pa.Check(
        lambda cells: np.isfinite(cells) & (cells >= 1) & (cells % 1 == 0),
        error="a whole number of persons of at least 1, such as 36720",
        ignore_na=False,
    ),
    nullable=True,
    metadata={"persons": True},
)
_SHARE = _number(0, 1, expected="a share between 0 and 1, or an empty cell")
_AMOUNT = pa.Column(
    float, checks=pa.Check(lambda cells: np.isfinite(cells) & (cells >= 0), error="a number of at least 0")
)
_ERROR = _number(0.001, 2, expected="the standard deviation of a log, 0.001 to 2, or an empty cell")
_VALUE = _number()
_VALUE_OF_UNIT = pa.Column(float, checks=_VALUE.checks, nullable=True, metadata={"persons": "unit"})
_YEAR = pa.Column(checks=_matches(r"([0-9]{4})?", "a year of four digits, or an empty cell"))
_YES = pa.Column(checks=_one_of(("yes", "")))
_ANSWER = {
    "place": _FILLED,
    "scenario": _FILLED,
    "engine": _FILLED,
    "origin": _MONTH,
    "month": _MONTH,
    "group": _GROUP,
    "measure": pa.Column(checks=_one_of(MEASURES)),
}  # what a number of a forecast is about: published ones and those of a run
_ORDERED_RANGE = [
    _rows(lambda f: ~(f["low"] > f["value"]), "low", "a number not above value"),
    _rows(lambda f: ~(f["high"] < f["value"]), "high", "a number not below value"),
]


def _optional(column: pa.Column) -> pa.Column:
    """Return a column that a file may lack: it is read as empty cells, so that tables of before it stay readable."""
    return pa.Column(column.dtype, checks=column.checks, nullable=column.nullable, required=False)


_ORDERED = _rows(lambda f: (f["until"] == "") | (f["until"] >= f["since"]), "until", "a month not before since")


def _known_unit(frame: pd.DataFrame) -> pd.Series:
    """Return for each history row whether its unit is one that its measure allows."""
    pairs = zip(frame["measure"], frame["unit"], strict=True)
    return pd.Series([m not in HISTORY_MEASURES or u in HISTORY_MEASURES[m] for m, u in pairs], index=frame.index)


SCHEMAS: dict[str, pa.DataFrameSchema] = {
    "sources": pa.DataFrameSchema(
        {
            "source": _UNIQUE,
            "title": _FILLED,
            "publisher": _FILLED,
            "date": pa.Column(checks=_matches(r"([0-9]{4}(-[0-9]{2}){0,2})?", "YYYY, YYYY-MM, YYYY-MM-DD or empty")),
            "address": _TEXT,
        }
    ),
    "history": pa.DataFrameSchema(
        {
            "scheme": _SCHEME,
            "place": _FILLED,
            "level": _LEVEL,
            "month": _MONTH,
            "measure": pa.Column(checks=_one_of(HISTORY_MEASURES)),
            "group": _GROUP,
            "value": _VALUE_OF_UNIT,
            "unit": _FILLED,
            "kind": pa.Column(checks=_one_of(KINDS)),
            "status": _STATUS,
            "denominator": pa.Column(checks=_one_of(("", *DENOMINATORS))),
            "source": _FILLED,
            "locator": _TEXT,
            "note": _TEXT,
            "known": _optional(_MONTH_OR_EMPTY),
            "error": _optional(_ERROR),
            "use": _optional(pa.Column(checks=_one_of(USES))),
        },
        checks=[
            _rows(_known_unit, "unit", "a unit that the data dictionary allows for this measure"),
            _rows(lambda f: f["value"].notna() | (f["note"] != ""), "note", "a note that explains no value"),
        ],
    ),
    "law": pa.DataFrameSchema(
        {
            "scheme": _SCHEME,
            "parameter": _FILLED,
            "group": _GROUP,
            "place": _FILLED,
            "since": _MONTH,
            "until": _MONTH_OR_EMPTY,
            "value": _VALUE,
            "unit": _FILLED,
            "legal_basis": _TEXT,
            "source": _FILLED,
            "status": _STATUS,
        },
        checks=[_ORDERED],
    ),
    "places": pa.DataFrameSchema(
        {
            "place": _UNIQUE,
            "level": _LEVEL,
            "parent": _TEXT,
            "since": _MONTH,
            "until": _MONTH_OR_EMPTY,
            "population": _WHOLE,
            "eligible": _WHOLE,
            "labor_force": _WHOLE,
            "households": _WHOLE,
            "poor_share": _SHARE,
            "near_poor_share": _SHARE,
            "minority_share": _SHARE,
            "communes": _WHOLE,
            "hamlets": _WHOLE,
            "source": _TEXT,
            "note": _TEXT,
        },
        checks=[_ORDERED],
    ),
    "crosswalk": pa.DataFrameSchema(
        {"old": _FILLED, "new": _FILLED, "since": _MONTH, "share": _SHARE, "source": _FILLED, "note": _TEXT}
    ),
    "parameters": pa.DataFrameSchema(
        {
            "parameter": _UNIQUE,
            "kind": pa.Column(checks=_one_of(("parameter", "opening"))),
            "value": _VALUE,
            "low": _VALUE,
            "high": _VALUE,
            "least": _VALUE,
            "most": _VALUE,
            "open": pa.Column(checks=_one_of(("", "least", "most", "both"))),
            "unit": _FILLED,
            "learned": _COUNT,
            "distance": _number(0, 2, expected="0, 1, 2 or an empty cell"),
            "source": _FILLED,
            "status": _STATUS,
            "study": _FILLED,
            "year": _YEAR,
            "population": _TEXT,
            "meaning": _FILLED,
        },
        checks=[
            *_ORDERED_RANGE,
            _rows(
                lambda f: f[["value", "low", "high"]].notna().all(axis=1) | (f["kind"] == "opening"),
                "value",
                "a value with its low and high",
            ),
            _rows(lambda f: f["least"].notna(), "least", "the least that the formulas allow"),
            _rows(
                lambda f: f["distance"].isin((0, 1, 2)) | f["distance"].isna() & f["learned"].isna(),
                "distance",
                "0, 1 or 2 for a parameter that is learned",
            ),
            _rows(lambda f: f["learned"].isna() | ~f["learned"].duplicated(), "learned", "a position of its own"),
        ],
    ),
    "unit_costs": pa.DataFrameSchema(
        {
            "item": _FILLED,
            "since": _MONTH,
            "until": _MONTH_OR_EMPTY,
            "unit": _FILLED,
            "low": _AMOUNT,
            "value": _AMOUNT,
            "high": _AMOUNT,
            "hours": _AMOUNT,
            "payer": pa.Column(checks=_one_of(OUTREACH_PAYERS)),
            "source": _FILLED,
            "status": _STATUS,
            "note": _FILLED,
        },
        checks=[_ORDERED, *_ORDERED_RANGE],
    ),
    "ranges": pa.DataFrameSchema(
        {
            "column": _FILLED,
            "place": _FILLED,
            "group": _GROUP,
            "per": pa.Column(checks=_one_of(RANGE_UNITS)),
            "least": _AMOUNT,
            "most": _AMOUNT,
            "source": _FILLED,
            "status": _STATUS,
            "note": _FILLED,
        },
        checks=[_rows(lambda f: f["least"] <= f["most"], "least", "a number not above most")],
    ),
    "evidence": pa.DataFrameSchema(
        {
            "measure": _FILLED,
            "value": _VALUE,
            "low": _VALUE,
            "high": _VALUE,
            "supports": pa.Column(
                checks=_matches(r"([a-z_]+( [a-z_]+)*)?", "names of parameters with a space between")
            ),
            "from_counts": _YES,
            "abroad": _YES,
            "scheme": pa.Column(checks=_one_of(STUDIED_SCHEMES)),
            "population": _TEXT,
            "study": _FILLED,
            "year": _YEAR,
            "source": _FILLED,
            "status": _STATUS,
            "use": _FILLED,
        },
        checks=_ORDERED_RANGE,
    ),
    "pool": pa.DataFrameSchema(
        {
            "origin": _MONTH,
            "scope": pa.Column(checks=_one_of(SCOPES)),
            "engine": _FILLED,
            "weight": _SHARE,
            "spread": _SHARE,
        }
    ),
    "tiles": pa.DataFrameSchema({"place": _UNIQUE, "row": _COUNT, "column": _COUNT}),
    "targets": pa.DataFrameSchema(
        {
            "place": _FILLED,
            "month": _MONTH,
            "value": pa.Column(
                float,
                checks=pa.Check(lambda cells: np.isfinite(cells) & (cells > 0), error="a number above 0"),
                metadata={"persons": "unit"},
            ),
            "unit": pa.Column(checks=_one_of(("persons", "percent"))),
            "denominator": pa.Column(checks=_one_of(("", *DENOMINATORS))),
            "source": _TEXT,
        }
    ),
    "exam": pa.DataFrameSchema(
        {
            "scope": pa.Column(checks=_one_of(SCOPES)),
            "place": _FILLED,
            "origin": _MONTH,
            "month": _MONTH,
            "known": _MONTH,
            "engine": _FILLED,
            "draws": _COUNT,
            "observed": _PERSONS,
            **dict.fromkeys(EXAM_QUANTILES, _PERSONS),
        },
        checks=[_rows(lambda f: f["known"] > f["origin"], "known", "a month after the origin")],
    ),
    "ranks": pa.DataFrameSchema(
        {
            "time": _COUNT,
            "coordinate": _FILLED,
            **dict.fromkeys(("truth", "mean", "low", "high"), _VALUE),
            "rank": _SHARE,
        }
    ),
    "counts": pa.DataFrameSchema({"place": _FILLED, "month": _MONTH, "value": _COUNTED, "source": _optional(_TEXT)}),
    "published": pa.DataFrameSchema(
        {
            "forecast": _HASH,
            "published": pa.Column(checks=_matches(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", "a day, YYYY-MM-DD")),
            **_ANSWER,
            **dict.fromkeys(PUBLISHED_QUANTILES, _VALUE),
            "draws": _COUNT,
            "seed": pa.Column(checks=_matches(r"[0-9]+", "a whole number")),
            "question": _HASH,
            "law": _HASH,
            "code": _HASH,
            "data": _HASH,
        },
        checks=[
            _rows(lambda f: f["month"] > f["origin"], "month", "a month after the origin"),
            _rows(
                lambda f: (f[list(PUBLISHED_QUANTILES)].diff(axis=1).iloc[:, 1:] >= 0).all(axis=1),
                "q500",
                "quantiles that rise",
            ),
        ],
    ),
    "projection": pa.DataFrameSchema(
        {
            **_ANSWER,
            "draw": pa.Column(),
            "value": pa.Column(float, checks=pa.Check(lambda cells: np.isfinite(cells), error="a finite number")),
        }
    ),
}
"""One pandera schema a table; the columns stand in the order in which files hold them."""


def of_persons(schema: pa.DataFrameSchema, column: str, cells: dict[str, list[str]]) -> list[bool]:
    """Return for each row whether its number in `column` counts persons, or other things that are whole.

    >>> of_persons(SCHEMAS["targets"], "value", {"value": ["5", "60.000"], "unit": ["percent", "persons"]})
    [False, True]
    """
    said = (schema.columns[column].metadata or {}).get("persons", False)
    return [unit == "persons" for unit in cells[said]] if isinstance(said, str) else [said] * len(cells[column])
