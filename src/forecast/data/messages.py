"""What the program says to a person who types, in the language of that person.

A message is a text in English with fields in braces; the catalog `locale/vi/LC_MESSAGES/forecast.po` has it in
Vietnamese, and `make messages` compiles the catalog. The library speaks English; the command line says in whose
language it speaks (:func:`speaking`), and click, which uses gettext as well, finds its own words in the same catalog.
"""

import gettext
import os
import string
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

LANGS = ("vi", "en")
DOMAIN = "forecast"
LOCALE = Path(__file__).parent / "locale"
_spoken = ["en"]  # the last one counts


def language() -> str:
    """Return the language in which the program speaks now: "en" unless a command said otherwise.

    >>> with speaking("vi"):
    ...     language()
    'vi'
    """
    return _spoken[-1]


def speaks() -> bool:
    """Return whether a command speaks to somebody, and not only the library.

    >>> with speaking("vi"):
    ...     speaks()
    True
    """
    return len(_spoken) > 1


def reader() -> str:
    """Return the language of somebody who reads a notebook: the one that is spoken, else FORECAST_LANG, else English.

    >>> with speaking("vi"):
    ...     reader()
    'vi'
    """
    asked = os.environ.get("FORECAST_LANG")
    return asked if not speaks() and asked in LANGS else language()


@contextmanager
def speaking(lang: str) -> Iterator[None]:
    """Speak this language ("vi" or "en") inside, in messages of click as well."""
    before = os.environ.get("LANGUAGE"), gettext.textdomain()
    _spoken.append(lang)
    gettext.bindtextdomain(DOMAIN, str(LOCALE))
    gettext.textdomain(DOMAIN)
    os.environ["LANGUAGE"] = lang
    try:
        yield
    finally:
        _spoken.pop()
        gettext.textdomain(before[1])
        if before[0] is None:
            os.environ.pop("LANGUAGE", None)
        else:
            os.environ["LANGUAGE"] = before[0]


@cache
def _catalog(lang: str) -> gettext.NullTranslations:
    return gettext.translation(DOMAIN, str(LOCALE), [lang], fallback=True)


class _Fields(string.Formatter):
    """Fill fields; a value that can be told in a language is told in this one."""

    def __init__(self, lang: str):
        self.lang = lang

    def format_field(self, value: Any, format_spec: str) -> str:
        if isinstance(value, UserError):
            return value.text(self.lang)
        if isinstance(value, Message):
            return value.text(self.lang)
        text = format(value, format_spec)
        return text.translate(_VIETNAMESE) if self.lang == "vi" and _told_number(value, format_spec) else text


_VIETNAMESE = str.maketrans(",.", ".,")  # thousands with a point, decimals with a comma


def _told_number(value: Any, spec: str) -> bool:
    """Is it a number told in a form of its own? One without a form is repeated as it was typed."""
    return bool(spec) and isinstance(value, int | float) and not isinstance(value, bool)


class Message:
    """A text in English with its values, which can be told in any language.

    >>> unknown = Message('"{month}" is not a month', month="2021-13")
    >>> unknown.text("en"), str(unknown)
    ('"2021-13" is not a month', '"2021-13" is not a month')
    """

    def __init__(self, text: str, /, **values: Any):
        self.template, self.values = text, values

    def text(self, lang: str | None = None) -> str:
        """Return the message in a language, the one that is spoken by default."""
        lang = lang or language()
        translation = _catalog(lang).gettext(self.template) if self.template else ""
        return _Fields(lang).vformat(translation, (), self.values) if self.values else translation

    def __str__(self) -> str:
        return self.text()

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and vars(self) == vars(other)

    def __hash__(self) -> int:
        return hash(self.template)


class Both(Message):
    """A text of which both languages stand in the code, where its words are also those of a report.

    >>> Both(vi="hai dòng", en="two rows").text("vi")
    'hai dòng'
    """

    def __init__(self, *, vi: str, en: str):
        super().__init__(en)
        self.vi = vi

    def text(self, lang: str | None = None) -> str:
        """Return the text in a language, the one that is spoken by default."""
        return self.vi if (lang or language()) == "vi" else self.template


def joined(messages: Sequence[Message], separator: str | Message = "; ") -> Message:
    """Return several messages as one.

    >>> str(joined([Message("a"), Message("{x}", x=1)]))
    'a; 1'
    """
    names = [f"part_{number}" for number in range(len(messages))]
    text = "{between}".join(f"{{{name}}}" for name in names)
    return Message(text, between=separator, **dict(zip(names, messages, strict=True)))


def translate(text: str, /, **values: Any) -> str:
    """Return a message in the language that is spoken now.

    >>> translate("{count} files", count=3)
    '3 files'
    """
    return Message(text, **values).text()


class Wrong(ValueError):
    """A value that a check refuses: the key that it stands under, and a message that can be told in any language."""

    def __init__(self, key: str, text: str, /, **values: Any):
        self.key, self.message = key, Message(text, **values)
        super().__init__(f"{key}: {self.message}" if key else str(self.message))


class UserError(Exception):
    """A problem that a person can mend; the command line prints its message and no traceback.

    A message with values is looked up in the catalog before they are filled in, so that it can be told in any language;
    values may be errors themselves.

    >>> str(UserError("{file}: no such file", file="a.yaml"))
    'a.yaml: no such file'
    """

    def __init__(self, text: str = "", /, **values: Any):
        self.message = Message(text, **values)
        super().__init__(text)

    def text(self, lang: str | None = None) -> str:
        """Return the message in a language, the one that is spoken by default."""
        return self.message.text(lang)

    def __str__(self) -> str:
        return self.text()

    def __reduce__(self) -> tuple[Any, ...]:
        """Return what another process needs to raise the same."""
        return _again, (type(self), self.message.template, self.message.values, self.__dict__)


def _again(kind: type[UserError], text: str, values: Mapping[str, Any], more: dict[str, Any]) -> UserError:
    error = kind.__new__(kind)
    UserError.__init__(error, text, **values)
    error.__dict__.update(more)
    return error


class SeveralErrors(UserError):
    """Several problems in one message, a line each."""

    def __init__(self, errors: Iterable[UserError]):
        self.errors = list(errors)
        super().__init__("\n".join(str(error) for error in self.errors))

    def text(self, lang: str | None = None) -> str:
        """Return the messages one under the other."""
        return "\n".join(error.text(lang) for error in self.errors)
