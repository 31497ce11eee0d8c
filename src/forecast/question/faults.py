"""What is wrong with a scenario file: file, line, key, value, what was expected, and what was probably meant."""

from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import BaseModel, ValidationError

from forecast.data import doors, typed
from forecast.data.messages import Message, UserError, Wrong
from forecast.data.synonyms import reading
from forecast.question.levers.base import LEVERS

MOST = 8  # faults of one file that are told
MONTH = r"^\d{4}-(0[1-9]|1[0-2])$"


class Fault(NamedTuple):
    """One fault: the line of the file (0 where it is not known), the key, and what is wrong there."""

    line: int
    key: str
    what: Message

    def text(self, lang: str | None = None) -> str:
        """Return the fault without its file."""
        return f"{self.key}: {self.what.text(lang)}" if self.key else self.what.text(lang)


class ScenarioError(UserError):
    """The faults of one scenario file (or of one scenario that was made in code, then `where` is its name)."""

    def __init__(self, where: str, faults: Iterable[Fault]):
        self.where, self.faults = where, list(faults)
        super().__init__("; ".join(fault.text() for fault in self.faults))

    def text(self, lang: str | None = None) -> str:
        """Return the faults, a line each."""
        lines = []
        for fault in self.faults[:MOST]:
            at = Message(", line {line}", line=fault.line).text(lang) if fault.line else ""
            lines.append(f"{self.where}{at}: {fault.text(lang)}")
        if len(self.faults) > MOST:
            more = Message("and {count} more faults", count=len(self.faults) - MOST).text(lang)
            lines.append(f"{self.where}: {more}")
        return "\n".join(lines)


def of_model(error: ValidationError, form: type[BaseModel], path: Path | None = None) -> list[Fault]:
    """Turn pydantic's errors about a `form` into faults; with the file they know their lines."""
    lines = doors.lines(path) if path is not None else {}
    faults = []
    for one in error.errors(include_url=False):
        loc = tuple(part for part in one["loc"] if not _label(part))
        if _other_branch(dict(one)):
            continue
        key, what = _message(dict(one), form)
        where = ".".join([*map(str, loc), *([key] if key else [])])
        faults.append(Fault(_line(lines, loc), where, what))
    return faults


def _label(part: int | str) -> bool:
    """Return whether a part of a key is no key of the file but pydantic's name for a kind of value."""
    return isinstance(part, str) and (part in ("float", "int", "[key]") or part.startswith(("literal[", "function-")))


def _other_branch(one: dict[str, Any]) -> bool:
    """Return whether an error is about another kind of value than the one that was given: a number for a table."""
    given, last = one.get("input"), str(one["loc"][-1]) if one["loc"] else ""
    table = isinstance(given, dict)
    return (table and (last == "float" or last.startswith("literal["))) or (
        not table and last.startswith("function-") and one["type"] in ("model_type", "dict_type")
    )


def _line(lines: Mapping[tuple[Any, ...], int], loc: tuple[Any, ...]) -> int:
    """Return the line of a key; pydantic names the kind of a lever among the keys, the file does not."""
    plain = tuple(part for part in loc if part not in LEVERS)
    while plain and plain not in lines:
        plain = plain[:-1]
    return lines.get(plain, 0)


def _message(one: dict[str, Any], form: type[BaseModel]) -> tuple[str, Message]:
    """Return the key that a check of a whole names itself, if any, and what is wrong."""
    wrong = one.get("ctx", {}).get("error")
    if isinstance(wrong, Wrong):
        return wrong.key, wrong.message
    if isinstance(wrong, ValueError):
        key, colon, sentence = str(wrong).partition(": ")
        return (key, Message(sentence)) if colon and " " not in key else ("", Message(str(wrong)))
    return "", _expected(one, form)


def _expected(one: dict[str, Any], form: type[BaseModel]) -> Message:
    kind, context, given = one["type"], one.get("ctx", {}), one.get("input")
    shown = "" if isinstance(given, (dict, list, BaseModel)) else repr(given)
    if kind == "extra_forbidden":
        key, keys = str(one["loc"][-1]), _keys(form, one["loc"])
        meant_key = reading("column", key)
        near = meant_key if meant_key in keys else typed.nearest(key, keys)
        text = "this key is not permitted (found {value}){hint}"
        return Message(text, value=shown or "…", hint=meant_word(near))
    if kind == "missing":
        return Message("required, but it is missing")
    if kind == "union_tag_invalid":
        tag = str(context.get("tag", ""))
        return Message(
            "no lever is called {tag!r}{hint}; there are {known}",
            tag=tag,
            hint=meant_word(typed.nearest(tag, LEVERS)),
            known=", ".join(LEVERS),
        )
    if kind == "union_tag_not_found":
        return Message("say which lever: one of {known}", known=", ".join(LEVERS))
    if kind == "literal_error":
        known = [part.strip("' ") for part in str(context["expected"]).replace(" or ", ", ").split(", ")]
        near = typed.nearest(str(given), known)
        return Message(
            "found {value}{hint}; expected one of {known}", value=shown, known=", ".join(known), hint=meant_word(near)
        )
    if year := typed.a_year(given) if kind in ("string_type", "string_pattern_mismatch") else "":
        return Message(
            "found {value}, which is a year; expected a month, such as {first} or {last}",
            value=given,
            first=f"{year}-01",
            last=f"{year}-12",
        )
    if kind == "string_pattern_mismatch" and context.get("pattern") == MONTH:
        return Message("found {value}, expected a month YYYY-MM, such as 2021-12 (or 12/2021)", value=shown)
    if kind == "string_type":
        given = given.isoformat() if isinstance(given, date) else given
        return Message("found {value}, expected text, or a month such as 2021-12", value=given)
    if another := _another_kind(kind, context, shown or given):
        return another
    if kind in ("less_than_equal", "less_than"):
        near = f"{given:g}%" if isinstance(given, (int, float)) and context.get("le") == 1 and 2 <= given <= 100 else ""
        most = context.get("le", context.get("lt"))
        return Message(
            "found {value}, expected a number less than or equal to {most:g}{hint}",
            value=shown,
            most=most,
            hint=meant_word(near),
        )
    if kind in ("greater_than_equal", "greater_than"):
        least = context.get("ge", context.get("gt"))
        return Message("found {value}, expected a number greater than or equal to {least:g}", value=shown, least=least)
    if kind in ("float_parsing", "float_type", "int_parsing", "int_type", "finite_number", "int_from_float"):
        return _no_number(str(given), shown)
    return Message("{said} (found {value})", said=one["msg"], value=shown or "…")


def _another_kind(kind: str, context: dict[str, Any], value: object) -> Message | None:
    """Return what was expected where a value is of another kind than the one that is wanted: a text for a list."""
    if kind == "model_attributes_type":
        return Message("found {value}, expected a lever, such as Visits(count=10)", value=value)
    if kind == "dataclass_type":
        name = str(context["class_name"]).lower()
        return Message("found {value}, expected what read_{name}() returns", value=value, name=name)
    if kind in ("model_type", "dict_type"):
        return Message("found {value}, expected keys with values, such as {{value: 1}}", value=value)
    if kind in ("tuple_type", "list_type"):
        return Message("found {value}, expected a list: a line for each, behind '- ', or [] for none", value=value)
    return None


def _no_number(given: str, shown: str) -> Message:
    if typed.two_readings(given):
        whole, part = (given.strip().replace(",", ".").replace(".", sep) for sep in ("", "."))
        return Message("found {value}: write {whole} or {part}", value=shown, whole=whole, part=part)
    if given.strip().endswith("%"):  # a share is read with its sign: here none is asked for
        return Message("found {value}, expected a number such as 10 or 1500, and no percentage", value=shown)
    return Message("found {value}, expected a number such as 0.2, 20% or 1500", value=shown)


def meant_word(word: str) -> Message | str:
    """Return the question whether a word was meant, "" without one."""
    return Message("; did you mean {word}?", word=word) if word else ""


def _keys(form: type[BaseModel], loc: tuple[Any, ...]) -> list[str]:
    """Return the keys that may stand where an unknown one was found."""
    if len(loc) == 1:
        return list(form.model_fields)
    for part in reversed(loc[:-1]):
        if part in LEVERS:
            return list(LEVERS[str(part)].model_fields)
    field = form.model_fields.get(str(loc[0]))
    kinds = [field.annotation, *getattr(field.annotation, "__args__", ())] if field else []
    return [name for kind in kinds if hasattr(kind, "model_fields") for name in kind.model_fields]
