"""New counts on their way in: a file of them read, completed and checked, and added to data/history.csv.

A file has the columns of data/history.csv, or the short form `place, month, value` and, if wanted, `source` (the table
`counts`). In the short form a row is a count of members of the voluntary scheme that its office had at the end of the
month. The long form may hold plans as well: they teach what is aimed at, and judge nothing.
"""

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from forecast.data import doors, frames, history, tables, typed
from forecast.data.messages import Message
from forecast.data.places import Place, read_place
from forecast.data.tables import Fault, TableError, UserError
from forecast.data.vocabulary import SCHEME

FILE = "history.csv"
FIRST = "2015-01"
"""Counts of before this month are of a scheme with another floor, from which nothing is learned."""
ORDER = ["place", "month"]


def read(path: Path, known: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of `path` as rows of a history, by place and month.

    `known` is the history so far. Raises :class:`~forecast.data.tables.TableError`, which names each fault: a place
    that there is not in that month, a month before 2015, more members than people, a figure that is there already, one
    that nobody checked. A place that changed its unit is named as it is called in the month of the row.
    """
    short = not set(_header(path)) & {"measure", "kind", "status"}
    rows = tables.read(path, "counts" if short else "history", by_hand=True)
    completed: list[dict[str, Any]] = []
    faults: list[Fault] = []
    for number, row in enumerate(frames.records(rows), start=2):
        try:
            place = read_place(row["place"], at=max(row["month"], FIRST))
        except UserError as error:
            faults.append(
                Fault(
                    path.name,
                    number,
                    "place",
                    row["place"],
                    Message("a place of data/places.csv: {error}", error=error),
                )
            )
            continue
        full = _completed(row, place) if short else row | {"place": place.name, "level": place.level}
        faults += [Fault(path.name, number, *fault) for fault in _faults(full, place, known, completed)]
        completed.append(full)
    if rows.empty:
        faults.append(Fault(path.name, 0, "", "", Message("at least one count")))
    if faults:
        raise TableError(faults)
    table = pd.DataFrame(completed, columns=tables.columns("history")).astype({"value": float, "error": float})
    dated = history.known_since(table)
    table["known"] = dated.where(dated != "", table["month"])
    return table.sort_values(ORDER, kind="stable").reset_index(drop=True)


def _header(path: Path) -> list[str]:
    """Return the names of the columns of a file; empty where it cannot be read, which `tables.read` will say."""
    try:
        text = doors.table_text(path)
        return next(csv.reader(io.StringIO(text, newline=""), delimiter=typed.separator(text)), [])
    except (OSError, UserError, csv.Error):
        return []


def _completed(row: dict[str, object], place: Place) -> dict[str, object]:
    """Return a row of the short form as a row of a history."""
    blank = dict.fromkeys(tables.columns("history"), "")
    fixed = {"scheme": SCHEME, "measure": "members", "group": "all", "unit": "persons", "kind": "observation"}
    mine = {"place": place.name, "level": place.level, "month": row["month"], "value": row["value"]}
    return blank | fixed | mine | {"status": "stated", "source": row["source"], "known": row["month"], "error": np.nan}


def is_count(rows: pd.DataFrame) -> pd.Series:
    """Return for each row of a history whether it counts all members of the voluntary scheme."""
    return pd.Series(rows.index.isin(history.observed(rows, "members", "all").index), rows.index)


def _faults(
    row: dict[str, object], place: Place, known: pd.DataFrame, before: list[dict[str, object]]
) -> Iterator[tuple[str, str, Message]]:
    """Give column, value and what was expected for each fault of a completed row."""
    month, value = str(row["month"]), float(str(row["value"]))
    people = place.may_join
    if month < FIRST:
        yield (
            "month",
            month,
            Message("{first} or later: what came before it was another scheme and teaches nothing", first=FIRST),
        )
    if not is_count(pd.DataFrame([row])).iloc[0]:
        return
    if row["status"] not in ("stated", "derived"):
        expected = Message("stated or derived: a count that somebody checked and can learn from")
        yield "status", str(row["status"]), expected
    if people > 0 and value > people:
        yield (
            "value",
            f"{value:g}",
            Message("at most the {people:,.0f} people of {place} who may join", people=people, place=place.name),
        )
    same = known[is_count(known) & (known["place"] == place.name) & (known["month"] == month)]
    if (same["value"] == value).any():
        yield "value", f"{value:g}", Message("a count that is not in data/{file} yet", file=FILE)
    if any(other["place"] == place.name and other["month"] == month for other in before):
        yield "month", month, Message("one count of a place and month in the file")


def sourced(rows: pd.DataFrame) -> None:
    """Raise :class:`~forecast.data.tables.TableError` for rows whose source is not in data/sources.csv."""
    named = set(tables.read(tables.data_dir() / "sources.csv", "sources")["source"])
    expected = Message(
        "the name of a source in data/sources.csv (add a row there first): what is kept says where it is from"
    )
    faults = [
        Fault(f"{row.place} {row.month}", 0, "source", row.source, expected)
        for row in frames.rows(rows)
        if row.source not in named
    ]
    if faults:
        raise TableError(faults)


def keep(rows: pd.DataFrame) -> Path:
    """Add rows of a history behind those of data/history.csv, as a whole or not at all, and return the file.

    What is there keeps its bytes. A row without a source of data/sources.csv is a fault.
    """
    sourced(rows)
    path = tables.data_dir() / FILE
    with open(path, encoding="utf-8-sig", newline="") as handle:
        header = next(csv.reader(handle))
    return tables.behind(rows[header], path)
