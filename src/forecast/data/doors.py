"""What comes from outside as YAML or JSON: bounded before it is read, and any fault of it one message.

A parser's own errors (of syntax, of dates, of depth) are turned into :class:`~forecast.data.tables.UserError` here,
where the file is opened.
"""

import json
import unicodedata
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml

from forecast.data import letters
from forecast.data.messages import Message, UserError
from forecast.data.typed import two_readings

MOST_FAULTS, MOST_LETTERS = 20, 200
"""Faults of one message, and letters of each: more help nobody."""
MOST_BYTES, MOST_DEPTH, MOST_PARTS, MOST_ALIASES = 1_000_000, 40, 50_000, 100
"""Bounds of a file of settings: its size, how deep it nests, its values, and how often it points back to one."""


WORKBOOKS = (b"PK\x03\x04", bytes.fromhex("d0cf11e0a1b11ae1"))
"""How files of .xlsx and .ods begin, and of .xls."""
DEEP = "{file}: nests too deep; expected at most {most} levels"
LIST = 5  # commas that make a line a list


def shortened(text: str, faults: int = MOST_FAULTS, letters: int = MOST_LETTERS) -> str:
    """Return a message of at most so many lines and letters a line, without characters that move a cursor.

    >>> print(shortened("\\n".join(f"row {n}" for n in range(30))).splitlines()[-1])
    and 11 more
    """
    nonempty = [line for line in text.splitlines() if line.strip()]
    lines = [_cut(line, letters) for line in nonempty[:faults]]
    if len(nonempty) > faults:
        lines[-1] = Message("and {count:,} more", count=len(nonempty) - faults + 1).text()
    return "\n".join(lines)


def _cut(line: str, letters: int) -> str:
    if len(line) > letters:  # first what is one long word, as a path or a value, then the rest
        line = " ".join(word if len(word) <= letters // 3 else _middle(word, letters // 3) for word in line.split(" "))
    if len(line) > letters:
        line = _fewer(line, letters) if line.count(", ") >= LIST else _middle(line, letters)
    return "".join(c if plain(c) else "?" for c in line)


def _fewer(line: str, letters: int) -> str:
    """Cut a line that ends in a list of what was expected: as many of these as there is room for."""
    kept = line[: letters - 5]
    return f"{kept[: max(kept.rfind(', '), letters // 2)]}, …"


def _middle(text: str, letters: int) -> str:
    """Cut a text in its middle: what was expected stands at the end, and so does the name of a file."""
    end = letters // 2
    return f"{text[: letters - end - 1]}…{text[-end:]}"


def plain(text: str) -> bool:
    """Has a text no control characters: none that move a cursor, end a line, or turn the direction of reading?

    >>> plain("Đà Bắc"), plain("Đà\\x1b[2J"), plain("Đà\\u202eBắc")
    (True, False, False)
    """
    return text.isprintable() or all(c.isprintable() or unicodedata.category(c) == "Zs" for c in text)


def _text(path: Path, kind: str) -> str:
    """Return the text of a small file of this kind; UserError where it is none."""
    try:
        size = path.stat().st_size
        if size > MOST_BYTES:
            raise UserError(
                "{file}: {size:,.0f} MB; expected at most {most:.0f} MB of text",
                file=path,
                size=size / 1e6,
                most=MOST_BYTES / 1e6,
            )
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise UserError("{file}: there is no such file", file=path) from None
    except UnicodeDecodeError:
        raise UserError("{file}: not readable as {kind}: expected text in UTF-8", file=path, kind=kind) from None


def table_text(path: Path) -> str:
    """Return the text of a table in whichever letters it was saved: UTF-8, UTF-16, or Vietnamese of before Unicode.

    UserError for a workbook, for what is no text, and for bytes that make no Vietnamese: its names would be wrong.

    >>> table_text(Path(__file__)).splitlines()[3]
    'where the file is opened.'
    """
    data = path.read_bytes()
    if data.startswith(WORKBOOKS):
        raise UserError("{file}: a workbook; expected a table of text: save its sheet as CSV UTF-8", file=path)
    text, unicode = letters.decoded(data)
    if "\x00" in text or "\ufffd" in text or (not unicode and letters.strange(text)):
        raise UserError("{file}: not UTF-8 text; save it as CSV UTF-8", file=path)
    return text


def read_json(path: Path) -> Any:
    """Return what a JSON file holds; UserError where it is none, or nests deeper than :data:`MOST_DEPTH`."""
    text = _text(path, "JSON")
    try:
        content = json.loads(text)
    except RecursionError:
        raise UserError(DEEP, file=path, most=MOST_DEPTH) from None
    except json.JSONDecodeError as error:
        raise UserError(
            "{file}, line {line}: not readable as {kind}", file=path, line=error.lineno, kind="JSON"
        ) from None
    except ValueError:  # a number of thousands of digits
        raise UserError("{file}: not readable as {kind}: a number is too long", file=path, kind="JSON") from None
    _bounded(path, _parts_of(content))
    return content


def _parts_of(content: Any) -> Iterable[int]:
    """Give for each value how deep it lies; without recursion, for it may be deep."""
    waiting = [(content, 0)]
    while waiting:
        part, depth = waiting.pop()
        yield depth
        inside = part.values() if isinstance(part, dict) else part if isinstance(part, list) else ()
        waiting += [(one, depth + 1) for one in inside]


def _bounded(path: Path, depths: Iterable[int]) -> None:
    for number, depth in enumerate(depths, 1):
        if depth > MOST_DEPTH:
            raise UserError(DEEP, file=path, most=MOST_DEPTH)
        if number > MOST_PARTS:
            raise UserError("{file}: more than {most:,} values; expected fewer", file=path, most=MOST_PARTS)


class _Slip(Exception):
    """A fault that is found while a YAML file is read: the line of the node, and what is wrong there."""

    def __init__(self, node: yaml.Node, what: Message):
        super().__init__(str(what))
        self.line, self.what = node.start_mark.line + 1, what


def _of_line(path: Path, line: int, what: Message) -> UserError:
    return UserError("{file}, line {line}: {what}", file=path, line=line, what=what)


class _Once(yaml.SafeLoader):
    """A loader for which a key that stands twice is a fault, and so is a number that has two readings.

    The second key would be taken in silence, and `50.000`, as thousands are written in Viet Nam, as fifty. What
    is no whole number then (`116.400`, `2.088`) is left to the check of its field. In `{value: 20,000}` the comma ends
    the value, and `000` is a key without one.
    """

    def construct_yaml_float(self, node: yaml.ScalarNode) -> float:
        if two_readings(node.value) and node.value.endswith(".000"):
            raise _Slip(
                node,
                Message(
                    "{shown} may be {small:g} or {large}; expected a number without a dot for thousands",
                    shown=node.value,
                    small=float(node.value),
                    large=node.value.replace(".", ""),
                ),
            )
        return float(super().construct_yaml_float(node))

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: dict[str, int] = {}
        before = ""
        for key, value in node.value:
            if before.lstrip("-").isdigit() and str(key.value).isdigit() and value.value == "":
                raise _Slip(
                    key,
                    Message(
                        "{shown}: in braces a comma ends a number; expected digits, with a point for decimals",
                        shown=f"{before},{key.value}",
                    ),
                )
            before = value.value if isinstance(value, yaml.ScalarNode) else ""
            if isinstance(key, yaml.ScalarNode) and key.tag != "tag:yaml.org,2002:merge":
                if key.value in seen:
                    raise _Slip(
                        key,
                        Message(
                            "{key!r} stands in line {first} already; expected each key once",
                            key=key.value,
                            first=seen[key.value],
                        ),
                    )
                seen[key.value] = key.start_mark.line + 1
        mapping: dict[Any, Any] = super().construct_mapping(node, deep)
        return mapping


_SLIPS = (  # of the hand, by what the reader of YAML says of them: where it began, and what to do
    ("cannot start any token", False, Message("a tab stands there; expected spaces")),
    ("could not find expected ':'", True, Message("no ':' behind the key; expected key: value")),
    ("mapping values are not allowed", False, Message("a ':' or an indent too many; a text with ':' stands in quotes")),
    ("found unexpected end of stream", True, Message("a quote is not closed")),
    ("expected ',' or", True, Message("a bracket is not closed, or a comma is missing")),
    ("but found '<block", True, Message("an indent that differs from that of the lines above")),
)


def _slip(path: Path, error: yaml.YAMLError) -> UserError:
    """Say what is wrong with the text of a YAML file, in words of ours for what is common."""
    if isinstance(error, yaml.MarkedYAMLError):
        for sign, began, what in _SLIPS:
            mark = (error.context_mark if began else None) or error.problem_mark
            if sign in str(error.problem) and mark is not None:
                return _of_line(path, mark.line + 1, what)
    return UserError(
        "{file}: not readable as {kind}: {error}", file=path, kind="YAML", error=" ".join(str(error).split())
    )


_Once.add_constructor("tag:yaml.org,2002:float", _Once.construct_yaml_float)


def read_yaml(path: Path) -> Any:
    """Return what a YAML file holds; UserError where it is none, is too deep, or points back to itself too often."""
    text = _text(path, "YAML")
    try:
        _bounded(path, _yaml_parts(path, text))
        return yaml.load(text, _Once)
    except _Slip as slip:
        raise _of_line(path, slip.line, slip.what) from None
    except yaml.YAMLError as error:
        raise _slip(path, error) from None
    except (ValueError, TypeError, OverflowError, RecursionError) as error:  # of values: a day that is none, a key
        raise UserError(
            "{file}: not readable as {kind}: {error}", file=path, kind="YAML", error=" ".join(str(error).split())
        ) from None


def lines(path: Path) -> dict[tuple[str | int, ...], int]:
    """Return the line of each key and each item of a YAML file that can be read, by where it stands in it."""
    line_of: dict[tuple[str | int, ...], int] = {}
    waiting: list[tuple[tuple[str | int, ...], Any]] = [((), yaml.compose(_text(path, "YAML"), yaml.SafeLoader))]
    while waiting:
        where, node = waiting.pop()
        inside: list[tuple[str | int, Any, Any]] = []
        if isinstance(node, yaml.MappingNode):
            inside = [(str(key.value), key, value) for key, value in node.value]
        elif isinstance(node, yaml.SequenceNode):
            inside = [(number, value, value) for number, value in enumerate(node.value)]
        for name, mark, value in inside:
            line_of[(*where, name)] = mark.start_mark.line + 1
            if len(where) < MOST_DEPTH:
                waiting.append(((*where, name), value))
    return line_of


def _yaml_parts(path: Path, text: str) -> Iterable[int]:
    """Give the depth of each value before any is made: nine lines of pointers to pointers can be 10^8 of them."""
    depth = aliases = 0
    named: list[int] = []  # depths of what has a name and is still open
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        if isinstance(event, yaml.AliasEvent):
            aliases += 1
            if named or aliases > MOST_ALIASES:
                line = event.start_mark.line + 1 if event.start_mark else 0
                raise UserError(
                    "{file}, line {line}: *{anchor}: expected at most {most} values that point back to others, and "
                    "none within one that is pointed to",
                    file=path,
                    line=line,
                    anchor=event.anchor,
                    most=MOST_ALIASES,
                )
        if isinstance(event, (yaml.MappingEndEvent, yaml.SequenceEndEvent)):
            depth -= 1
            if named and named[-1] == depth:
                named.pop()
            continue
        yield depth
        if isinstance(event, (yaml.MappingStartEvent, yaml.SequenceStartEvent)):
            if event.anchor:
                named.append(depth)
            depth += 1
