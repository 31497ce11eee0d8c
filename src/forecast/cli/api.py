"""The page of reference on the library: each public name with its signature, what its docstring says, and its example.

It is made of the docstrings, which are English, and stored beside the other guides (`make schema` renews it).
"""

import inspect
import re
import textwrap
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

from pydantic import BaseModel
from pydantic_core import PydanticUndefined

import forecast
from forecast.language.words import say
from forecast.question.levers.base import Lever

WIDTH = 88  # of a signature on one line
_ROLE = re.compile(r":(?:class|func|meth|mod|data|attr):`~?(?:[\w.]+\.)?(\w+)`")
_PATH = re.compile(r"\b(?:[A-Za-z_]\w*\.)+(\w+)")


def names() -> Iterator[tuple[str, Any]]:
    """Give each public name with its thing: functions first, then questions and answers, levers, and modules.

    >>> [name for name, _ in names()][:2]
    ['backtest', 'baseline']
    """
    things = {name: getattr(forecast, name) for name in vars(forecast)["__all__"]}

    def part(name: str) -> tuple[int, str]:
        thing = things[name]
        if isinstance(thing, ModuleType):
            return 3, name
        if isinstance(thing, type):
            return (2 if issubclass(thing, Lever) else 1), name
        return 0, name

    for name in sorted(things, key=part):
        yield name, things[name]


def page(lang: str) -> str:
    """Return the page in Markdown; what comes from docstrings is marked as English.

    >>> "## `project`" in page("vi")
    True
    """
    count = sum(1 for _ in names())
    head = [
        say(lang, vi="# Thư viện Python", en="# The Python library"),
        say(
            lang,
            n=count,
            vi="Trong Python, `import forecast as f` cho {n:n} tên dưới đây. Phần giải thích lấy nguyên từ mã nguồn "
            "nên viết bằng tiếng Anh; `help(f.project)` hiện cũng phần ấy. Ví dụ bắt đầu bằng `>>>` đều chạy được và "
            "được kiểm mỗi lần thử.",
            en="In Python, `import forecast as f` gives the {n:n} names below. What is said of them is that of the "
            "source; `help(f.project)` shows the same. Examples, lines that begin with `>>>`, are run by the tests.",
        ),
    ]
    parts = []
    for name, thing in names():
        text = "\n\n".join(_entry(name, thing))
        parts += [f"## `{name}`", f'<div lang="en">\n\n{text}\n\n</div>' if lang != "en" else text]
    return "\n\n".join([*head, *parts]) + "\n"


def _entry(name: str, thing: Any) -> Iterator[str]:
    if not isinstance(thing, ModuleType):
        yield f"```python\n{signature(name, thing)}\n```"
    yield markdown(inspect.getdoc(thing) or "")
    if isinstance(thing, type) and issubclass(thing, BaseModel) and (table := _fields(thing)):
        yield table
    if methods := _methods(thing):
        yield "\n".join(["| method | what it does |", "|---|---|", *methods])


def signature(name: str, thing: Callable[..., Any]) -> str:
    """Return how a thing is called, on one line or with a line for each argument.

    >>> signature("read_place", forecast.read_place)
    'read_place(name: str, at: str | Period | None = None) -> Place'
    """
    if isinstance(thing, type) and issubclass(thing, Lever):
        own = [field for field in thing.model_fields if field not in (*Lever.model_fields, "lever")]
        arguments, returned = [_field(thing, field) for field in (*own, *Lever.model_fields)], ""
    elif isinstance(thing, type) and issubclass(thing, BaseModel) and "__init__" not in vars(thing):
        arguments, returned = [_field(thing, field) for field in thing.model_fields], ""
    else:
        arguments, returned = _arguments(thing)
    arguments = [re.sub(r"'([^'\"]*)'", r'"\1"', argument) for argument in arguments]
    line = f"{name}({', '.join(arguments)}){returned}"
    if len(line) <= WIDTH:
        return line
    return f"{name}(\n" + "".join(f"    {argument},\n" for argument in arguments) + f"){returned}"


def _field(model: type[BaseModel], name: str) -> str:
    default = model.model_fields[name].default
    return name if default is PydanticUndefined else f"{name}={default!r}"


def _arguments(thing: Callable[..., Any]) -> tuple[list[str], str]:
    """Return the arguments of a function with their types, and what it returns; of a model, as it takes them."""
    called = inspect.signature(thing)
    if isinstance(thing, type):
        kept = inspect.signature(vars(thing).get("__init__", thing))
        known = thing.model_fields if issubclass(thing, BaseModel) else {}
        named = [str(p) for n, p in kept.parameters.items() if n != "self" and p.kind is not p.VAR_KEYWORD]
        taken = {n for n in kept.parameters if n != "self"}
        more = [_field(thing, n) for n in known if n not in taken] if known and _open(kept) else []
        return [_short(text) for text in named] + (["*", *more] if more else []), ""
    written, starred = [], False
    for parameter in called.parameters.values():
        if parameter.kind is parameter.KEYWORD_ONLY and not starred:
            written.append("*")
            starred = True
        written.append(_short(str(parameter)))
    returned = called.return_annotation
    text = "" if returned is inspect.Signature.empty else inspect.formatannotation(returned)
    return written, f" -> {_short(text)}" if text else ""


def _open(called: inspect.Signature) -> bool:
    return any(p.kind is p.VAR_KEYWORD for p in called.parameters.values())


def _short(text: str) -> str:
    """Return types without the modules that they are in."""
    return re.sub(r"<class '(\w+)'>", r"\1", _PATH.sub(r"\1", text))


def markdown(doc: str) -> str:
    """Return a docstring as Markdown: names as code, examples as blocks of code.

    >>> markdown("See :class:`~a.B` and ``c``.\\n\\n>>> 1 + 1\\n2").splitlines()
    ['See `B` and `c`.', '', '```pycon', '>>> 1 + 1', '2', '```']
    """
    blocks = []
    for block in re.split(r"\n\s*\n", textwrap.dedent(doc).strip()):
        if block.lstrip().startswith(">>>"):
            blocks.append(f"```pycon\n{textwrap.dedent(block)}\n```")
        else:
            text = _ROLE.sub(r"`\1`", block)
            blocks.append(re.sub(r"``([^`]+)``", r"`\1`", text).replace("<", "&lt;"))
    joined = "\n\n".join(blocks)
    return joined.replace("\n```\n\n```pycon\n", "\n")


def _fields(model: type[BaseModel]) -> str:
    """Return what a model's own fields mean, a row each; fields of every lever stand with the scenario file."""
    same = set(Lever.model_fields) if issubclass(model, Lever) else set()
    told = [(n, f.description) for n, f in model.model_fields.items() if f.description and n not in same]
    rows = [f"| `{name}` | {str(text).replace('|', chr(92) + '|')} |" for name, text in told]
    return "\n".join(["| field | meaning |", "|---|---|", *rows]) if rows else ""


def _methods(thing: Any) -> list[str]:
    """Return the verbs of a class that is no lever, each with the first line of its docstring."""
    if not isinstance(thing, type) or issubclass(thing, Lever):
        return []
    rows = []
    for name, member in vars(thing).items():
        call = member.__func__ if isinstance(member, classmethod | staticmethod) else member
        if name.startswith("_") or not inspect.isfunction(call) or not call.__doc__:
            continue
        first = markdown(re.split(r"\n\s*\n", inspect.cleandoc(call.__doc__))[0]).replace("\n", " ")
        first = first.replace("|", "\\|")
        rows.append(f"| `{name}` | {first} |")
    return rows
