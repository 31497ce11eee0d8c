"""A look into a packed workbook before it is read: its size, far cells, hidden rows, formulas without a result."""

import contextlib
import os
import sys
import zipfile
from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple
from xml.parsers import expat

from forecast.data.messages import Message, UserError

MOST_UNPACKED, MOST_RATIO, MOST_FILES = 300e6, 300, 5000
"""Bytes of what is in a file, how many times those of the file they may be, and files that are packed into it."""

Start = Callable[[str, dict[str, str]], None]
Text = Callable[[str], None]


class Sheet(NamedTuple):
    """What is hidden on a sheet, and which cells (row, column) hold a formula without a result; all count from 0."""

    hidden_rows: frozenset[int] = frozenset()
    hidden_columns: frozenset[int] = frozenset()
    uncalculated: frozenset[tuple[int, int]] = frozenset()


class Look(NamedTuple):
    """What was seen of each sheet, by its name."""

    sheets: dict[str, Sheet] = {}  # noqa: RUF012 (never written to)


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Keep what a compiled library writes to the error stream from the reader; what it raises is still raised."""
    try:
        kept = os.dup(2)
    except OSError:
        yield
        return
    sys.stderr.flush()
    with open(os.devnull, "w") as nothing:
        os.dup2(nothing.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(kept, 2)
            os.close(kept)


def look(path: Path, columns: int, rows: int, cells: int) -> Look:
    """Return what is hidden in a packed workbook, or raise an error if it is damaged, too large, or too far spread.

    At most so many `columns`, `rows` and `cells` with a value are let through. Everything is unpacked once, piece by
    piece, so that a size that the file states wrongly is found here.
    """
    damaged = UserError("{file}: a damaged spreadsheet, or none; open it and save it again as .xlsx", file=path.name)
    try:
        with zipfile.ZipFile(path) as file:
            _bounded(path, file)
            names = set(file.namelist())
            if "content.xml" in names:
                _open_document(path, file, columns, rows, cells)
                return Look()
            if not any(name.endswith("workbook.xml") for name in names):
                raise UserError(
                    "{file}: not a spreadsheet that can be read; expected .xlsx, .xls, .ods or .csv", file=path.name
                )
            return _open_xml(path, file, columns, rows, cells)
    except UserError:
        raise
    except Exception:  # what unpacking and XML parsing raise on damaged bytes has no end; all of it is one message
        raise damaged from None


def _bounded(path: Path, file: zipfile.ZipFile) -> None:
    """Unpack all of a file in pieces, and raise an error as soon as it is more than a report can be."""
    size, total = path.stat().st_size, 0
    if len(file.infolist()) > MOST_FILES:
        raise UserError(
            "{file}: {count:,} files packed into it; no report needs them", file=path.name, count=len(file.infolist())
        )
    stated = sum(item.file_size for item in file.infolist())
    most = min(MOST_UNPACKED, MOST_RATIO * max(size, 10_000))
    for item in file.infolist():
        if stated > most:
            break
        with file.open(item) as stream:
            while piece := stream.read(1 << 20):
                total += len(piece)
                if total > most:
                    break
    if max(total, stated) > most:
        megabytes = max(total, stated) / 1e6
        raise UserError(
            "{file}: unpacks to {size:,.0f} MB, which no report of communes needs; not read",
            file=path.name,
            size=megabytes,
        )


def parser(start: Start, end: Text | None = None, text: Text | None = None) -> expat.XMLParserType:
    """Return a parser that refuses what defines names of its own (a way to make gigabytes of a few bytes)."""
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = start, end, text

    def refuse(*_: object) -> None:
        raise ValueError("a document type")

    parser.StartDoctypeDeclHandler = refuse
    return parser


def _parsed(file: zipfile.ZipFile, name: str, start: Start, end: Text | None = None, text: Text | None = None) -> None:
    with file.open(name) as stream:
        parser(start, end, text).ParseFile(stream)


def _open_xml(path: Path, file: zipfile.ZipFile, columns: int, rows: int, cells: int) -> Look:
    """Look into each sheet of an .xlsx file."""
    by_id: dict[str, str] = {}
    targets: dict[str, str] = {}
    lower = {name.lower().lstrip("/"): name for name in file.namelist()}
    book = next(name for name in file.namelist() if name.endswith("workbook.xml"))
    folder = book.rpartition("/")[0]

    def sheet(tag: str, attributes: dict[str, str]) -> None:
        if _bare(tag) == "sheet":
            key = next((value for name, value in attributes.items() if name.endswith(":id")), "")
            by_id[key] = attributes.get("name", "")

    def relation(tag: str, attributes: dict[str, str]) -> None:
        if _bare(tag) == "Relationship":
            targets[attributes.get("Id", "")] = attributes.get("Target", "")

    _parsed(file, book, sheet)
    relations = f"{folder}/_rels/workbook.xml.rels".lstrip("/")
    if relations in file.namelist():
        _parsed(file, relations, relation)
    sheets, left, looked = {}, cells, set()
    for key, name in by_id.items():
        target = targets.get(key, "")
        whole = target.lstrip("/") if target.startswith("/") else f"{folder}/{target}".lstrip("/")
        member = lower.get(whole.lower())
        if member and "worksheets/" in member:
            sheets[name], left = _sheet_xml(path, file, member, name, columns, rows, left)
            looked.add(member)
    for member in file.namelist():  # a sheet that nothing names could still be read by its place
        if "worksheets/" in member and member.endswith(".xml") and member not in looked:
            _, left = _sheet_xml(path, file, member, member.rpartition("/")[2], columns, rows, left)
    return Look(sheets)


class _Watch:
    """Follows the XML of a sheet: what is hidden, formulas without a result, cells that are too far or too many."""

    def __init__(self, file: Message, columns: int, rows: int, left: int):
        self.file, self.columns, self.rows, self.left = file, columns, rows, left
        self.row = self.column = -1
        self.formula = self.value = self.inside = False
        self.hidden_rows: set[int] = set()
        self.hidden_columns: set[int] = set()
        self.bare: set[tuple[int, int]] = set()

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        """Take the start of an element."""
        tag = _bare(tag)
        if tag == "c":
            self.formula = self.value = False
            place = attributes.get("r")
            if place is None:
                self.column += 1
            else:
                letters = place.rstrip("0123456789")
                self.row, self.column = int(place[len(letters) :]) - 1, _number(letters)
        elif tag in ("v", "t"):
            self.inside = True
        elif tag == "f":
            self.formula = True
        elif tag == "row":
            stated = attributes.get("r")
            self.row = int(stated) - 1 if stated else self.row + 1
            self.column = -1
            if attributes.get("hidden") in ("1", "true") or attributes.get("ht") == "0":
                self.hidden_rows.add(self.row)
        elif tag == "col" and (attributes.get("hidden") in ("1", "true") or attributes.get("width") == "0"):
            first, last = int(attributes.get("min", 1)), int(attributes.get("max", 0))
            self.hidden_columns.update(range(max(first, 1) - 1, min(last, self.columns)))

    def text(self, _: str) -> None:
        """Take a text: a cell with one has a value."""
        if self.inside:
            self.value = True

    def end(self, tag: str) -> None:
        """Take the end of an element; at that of a cell its place is judged."""
        self.inside = False
        if tag != "c" and _bare(tag) != "c":
            return
        if self.value or self.formula:
            self.left -= 1
            if self.row >= self.rows or self.row < 0:
                raise UserError("{file} has more than {most:,} rows; split the file", file=self.file, most=self.rows)
            if self.column >= self.columns or self.left < 0:
                cell = "{file} has a cell in column {column:,}, which no report of communes needs; not read"
                many = "{file} has millions of cells, which no report of communes needs; not read"
                raise UserError(cell if self.left >= 0 else many, file=self.file, column=self.column + 1)
        if self.formula and not self.value:
            self.bare.add((self.row, self.column))


def _sheet_xml(
    path: Path, file: zipfile.ZipFile, member: str, name: str, columns: int, rows: int, left: int
) -> tuple[Sheet, int]:
    """Return what is hidden on one sheet, and how many cells may still come."""
    watch = _Watch(Message('{file}: sheet "{sheet}"', file=path.name, sheet=name), columns, rows, left)
    _parsed(file, member, watch.start, watch.end, watch.text)
    sheet = Sheet(frozenset(watch.hidden_rows), frozenset(watch.hidden_columns), frozenset(watch.bare))
    return sheet, watch.left


def _bare(tag: str) -> str:
    """Return the name of an element without its prefix."""
    return tag.rpartition(":")[2]


@lru_cache(maxsize=1000)
def _number(letters: str) -> int:
    """Return the place of a column, from 0.

    >>> _number("A"), _number("Z"), _number("AA")
    (0, 25, 26)
    """
    if not (1 <= len(letters) <= 3 and letters.isascii() and letters.isalpha()):
        raise ValueError(letters)
    place = 0
    for one in letters.upper():
        place = 26 * place + ord(one) - 64
    return place - 1


def _open_document(path: Path, file: zipfile.ZipFile, columns: int, rows: int, cells: int) -> None:
    """Raise an error if the filled cells of an .ods file would be too many once repeats are written out."""
    at = {"row": 0, "column": 0, "cells": cells, "last": 0, "repeat": 1, "nested": 0}

    def attribute(attributes: dict[str, str], name: str) -> int:
        return max(1, int(next((value for key, value in attributes.items() if key.endswith(name)), 1)))

    def start(tag: str, attributes: dict[str, str]) -> None:
        tag = _bare(tag)
        if tag == "table":
            at["row"] = at["column"] = at["nested"] = 0
        elif tag == "table-row":
            at["repeat"] = attribute(attributes, "number-rows-repeated")
            at["column"] = at["last"] = 0
        elif tag in ("table-cell", "covered-table-cell"):
            at["column"] += attribute(attributes, "number-columns-repeated")
            if any(key.endswith("value-type") for key in attributes):
                at["last"] = at["column"]

    def end(tag: str) -> None:
        if _bare(tag) != "table-row":
            return
        at["row"] += at["repeat"]
        if at["last"]:
            at["cells"] -= at["last"] * at["repeat"]
            if at["last"] > columns or at["row"] > rows or at["cells"] < 0:
                raise UserError(
                    "{file}: a sheet with {rows:,} rows and {columns:,} columns, which no report of communes needs; "
                    "not read",
                    file=path.name,
                    rows=at["row"],
                    columns=at["last"],
                )

    _parsed(file, "content.xml", start, end)
