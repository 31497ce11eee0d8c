"""Every error that a person can meet is told in Vietnamese too: as a template with named fields, in the catalog."""

import ast
import re
import string
from collections import defaultdict
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from babel.messages import pofile

from forecast.data import messages
from forecast.data.tables import SCHEMAS, _expected
from forecast.engines import ENGINES

SOURCE = Path(messages.__file__).parents[1]
PO = messages.LOCALE / "vi" / "LC_MESSAGES" / "forecast.po"
TOLD = {"UserError": (0,), "NothingError": (0,), "_Differs": (0,), "Message": (0,), "translate": (0,), "note": (0,)}
TOLD |= {"Wrong": (1,), "steps": (0, 1), "Fault": (4,)}  # which arguments of a call are told to a person
PLAIN = ("beliefs", "question")  # whose checks are of what people write: `Wrong` there, which can be told again
CLICK = ("UsageError", "BadParameter")  # click's errors, whose text is told already
SOME = re.compile(rf"\b({'|'.join([*TOLD, *CLICK])})\(")
ALLOWED = {
    "data/messages.py": "the mechanism hands on what it is given",
    "data/steps.py": "hands on the words of a bar, which are read where `steps` is called",
    "data/tables.py _expected": "what the checks of tables expect, which is read from the tables' schemas",
    "cli/common.py note": "hands on what `note` is given",
    "cli/frame.py": "help and click's own words, which tests/cli/test_languages.py reads",
    "cli/proof.py": "why an engine is silent, and what it knew too early, which the engines say",
    "experiment/project.py run_tasks": "the word of a bar, which callers give",
    "question/faults.py _message": "the words of pydantic and of plain checks, where no message of ours fits",
}
OTHERS = {  # calls that are only named like these
    "checks/findings.py translate", "desk/additionality.py note", "exchange/reading/reader.py Fault",
    "exchange/reading/uncut.py Fault", "exchange/place_counts.py Fault", "exchange/spreadsheet.py Fault",
    "publish/audit.py Wrong", "timeseries/baseline.py steps", "timeseries/effects.py steps",
    "timeseries/table.py steps",
}  # fmt: skip

Texts = list[str] | None  # the literal texts that an expression may be; None where it may be something else


class Told(NamedTuple):
    """One thing that is told: file, function, line and call, the argument, its texts, and which values are given."""

    file: str
    owner: str
    line: int
    call: str
    argument: ast.expr
    texts: Texts
    values: set[str] | None

    @property
    def allowed(self) -> bool:
        return bool({self.file, f"{self.file} {self.owner}"} & set(ALLOWED))

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.call}({ast.unparse(self.argument)})"


def _texts(node: ast.expr, known: dict[str, Texts]) -> Texts:
    """Return the texts of an expression: a literal, a name of literals alone, or one of two by a condition."""
    if isinstance(node, ast.Constant):
        return [node.value] if isinstance(node.value, str) else None
    if isinstance(node, ast.IfExp):
        one, other = _texts(node.body, known), _texts(node.orelse, known)
        return None if one is None or other is None else one + other
    return known.get(_name(node))


def _name(node: ast.AST) -> str:
    return str(getattr(node, "id", getattr(node, "attr", "")))


def _assigned(nodes: list[ast.Assign]) -> dict[str, Texts]:
    """Return the texts that are given to each name."""
    found: dict[str, Texts] = {}
    for node in nodes:
        name, texts = _name(node.targets[0]), _texts(node.value, {})
        before = found.get(name, [])
        found[name] = None if texts is None or before is None else before + texts
    return found


@cache
def everything() -> list[Told]:
    """Return everything that the package tells a person in words of its own."""
    sources = {path: path.read_text(encoding="utf-8") for path in sorted(SOURCE.rglob("*.py"))}
    rules = SOURCE / "data" / "schemas.py"  # it tells nothing itself; others tell its words
    trees = {path: ast.parse(text) for path, text in sources.items() if SOME.search(text) or path == rules}
    constants: dict[str, Texts] = {}
    for tree in trees.values():
        mine = _assigned([node for node in tree.body if isinstance(node, ast.Assign)])
        constants |= {name: texts for name, texts in mine.items() if texts}
    return [one for path, tree in trees.items() for one in _of(path.relative_to(SOURCE).as_posix(), tree, constants)]


def _of(file: str, tree: ast.Module, constants: dict[str, Texts]) -> list[Told]:
    nodes: dict[type, list[Any]] = defaultdict(list)
    for node in ast.walk(tree):
        nodes[type(node)].append(node)
    found = []
    for call in nodes[ast.Call]:
        name = _name(call.func)
        if name not in (*TOLD, *CLICK) or f"{file} {name}" in OTHERS:
            continue
        around = [one for one in nodes[ast.FunctionDef] if one.lineno <= call.lineno <= one.end_lineno]
        local: dict[str, Texts] = {}
        for one in around:
            local |= dict.fromkeys(given.arg for given in ast.walk(one.args) if isinstance(given, ast.arg))
            local |= _assigned([a for a in nodes[ast.Assign] if one.lineno <= a.lineno <= one.end_lineno])
        values = {one.arg for one in call.keywords if one.arg}
        known = values if len(values) == len(call.keywords) else None
        for place in TOLD.get(name, (0,)):
            if place < len(call.args):
                texts = _texts(call.args[place], constants | local)
                owner = around[-1].name if around else ""
                found.append(Told(file, owner, call.lineno, name, call.args[place], texts, known))
    return found


def _fields(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def _wordless(text: str) -> bool:
    """Return whether a template has no word of its own, only fields and signs between them."""
    return not any(letter.isalpha() for before, *_ in string.Formatter().parse(text) for letter in before)


@pytest.fixture(scope="module")
def vietnamese():
    with PO.open("rb") as file:
        return {one.id if isinstance(one.id, str) else one.id[0]: one.string for one in pofile.read_po(file)}


def test_what_a_person_is_told_is_a_template_with_named_fields():
    def fits(one: Told) -> bool:
        if one.call in CLICK:
            return _name(getattr(one.argument, "func", one.argument)) in ("translate", "str")  # an error is told by str
        if one.call == "Fault":  # what was expected may be a message
            return not isinstance(one.argument, ast.JoinedStr | ast.BinOp)
        return one.texts is not None

    assert not [str(one) for one in everything() if not fits(one) and not one.allowed]


def test_a_check_of_what_people_write_raises_no_plain_error():
    files = [path for name in PLAIN for path in (SOURCE / name).rglob("*.py")]
    assert not [path.name for path in files if "raise ValueError(" in path.read_text(encoding="utf-8")]


def test_every_text_has_a_vietnamese_one_with_the_same_fields(vietnamese):
    said = {text: str(one) for one in everything() if one.call not in CLICK for text in one.texts or []}
    for name, schema in SCHEMAS.items():
        rules = [check.error.partition(": ")[2] or check.error for check in schema.checks]
        rules += [check.error for column in schema.columns.values() for check in column.checks]
        said |= {_expected(text).template: f"table {name}" for text in rules}
    said |= {engine.hindsight: "engine" for engine in ENGINES.values() if engine.hindsight}
    missing = {text: at for text, at in said.items() if not (vietnamese.get(text) or _wordless(text))}
    assert not missing, "add them to forecast.po, then make messages"
    assert not [text for text in said if _fields(vietnamese.get(text) or text) != _fields(text)]


def test_each_field_of_a_template_has_a_value():
    def filled(text: str, values: set[str] | None) -> bool:
        return values is None or (_fields(text) <= values if values else "{" not in text)

    some = [one for one in everything() if one.call not in ("Fault", "steps", *CLICK) and not one.allowed]
    assert not [str(one) for one in some for text in one.texts or [] if not filled(text, one.values)]


def test_the_list_of_what_is_allowed_holds_nothing_that_is_gone():
    there = {f"{one.file} {one.owner}" for one in everything()} | {one.file for one in everything()}
    assert set(ALLOWED) <= there
