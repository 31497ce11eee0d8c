"""The frame of all commands: their help, options and errors in the language of the reader, from one catalog.

Commands and options are made with :func:`command`, :func:`option` and :func:`argument` of this module, which are those
of click; their texts are written in English and looked up when they are shown.
"""

import copy
import inspect
import math
import os
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import click

from forecast.data import typed
from forecast.data.home import ROOT
from forecast.data.messages import LANGS, language, speaking, translate
from forecast.data.synonyms import slug

Decorator = Callable[[Callable[..., Any]], Any]
LANGUAGE = "FORECAST_LANG"  # language for who says no --lang
USUAL = "vi"
WIDTH = 100  # columns of help


class Month(click.ParamType[str]):
    """A month, as `2021-12` or `12/2021`."""

    name = "month"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the month as `YYYY-MM`."""
        month = str(typed.month(value))
        if year := typed.a_year(value):
            text = "{value!r} is a year; expected a month, such as {first} or {last}"
            self.fail(translate(text, value=value, first=f"{year}-01", last=f"{year}-12"), param, ctx)
        if not re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", month):
            text = "{value!r} is no month; expected YYYY-MM, such as 2021-12 (or 12/2021)"
            self.fail(translate(text, value=value), param, ctx)
        return month


class Share(click.FloatRange):
    """A share, as `0.2`, `0,2` or `20%`."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the share as a number."""
        share = _number(typed.share(value))
        if share is None:
            self.fail(translate("{value!r} is no share; expected one such as 0.2 or 20%", value=value), param, ctx)
        if 2 <= share <= 100 and not str(value).strip().endswith("%"):
            text = "{value!r} is more than the whole; did you mean {percent}%?"
            self.fail(translate(text, value=value, percent=f"{share:g}"), param, ctx)
        return super().convert(share, param, ctx)


class Amount(click.FloatRange):
    """A number, as `2e9`, `2.000.000.000` or `2 tỷ`."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the amount as a number; one with two readings is asked about."""
        if isinstance(value, str) and typed.two_readings(value):
            plain = re.sub("[.,]", "", value)
            self.fail(
                translate("{value!r} may be thousands or a fraction: write {plain}", value=value, plain=plain),
                param,
                ctx,
            )
        amount = _number(value)
        if amount is None:
            text = "{value!r} is no amount; expected one such as 2e9, 2.000.000.000 or 2 tỷ"
            self.fail(translate(text, value=value), param, ctx)
        return super().convert(amount, param, ctx)


class Whole(click.IntRange):
    """A whole number, as `1000`, `1.000` or `1 000`: nothing that is counted here has a fraction."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the number."""
        number = _number(typed.pointed(value, "", persons=True) if isinstance(value, str) else value)
        if number is None or not number.is_integer():
            self.fail(translate("{value!r} is no whole number; expected one such as 200", value=value), param, ctx)
        return super().convert(int(number), param, ctx)


def _number(value: Any) -> float | None:
    """Return a number as people write it, None for what is none."""
    try:
        number = float(typed.number(value))  # type: ignore[arg-type]  # what cannot be read stays a text
    except (TypeError, ValueError):
        return None
    return number if math.isfinite(number) else None


class _Path(click.Path):
    """A path that is told in the reader's language where it is a folder in place of a file, or the other way round."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the path."""
        path = Path(os.fspath(value))
        if path.is_dir() and not self.dir_okay:
            self.fail(translate("{path} is a folder; expected a file", path=path), param, ctx)
        if path.is_file() and not self.file_okay:
            self.fail(translate("{path} is a file; expected a folder", path=path), param, ctx)
        return super().convert(value, param, ctx)


class Existing(_Path):
    """A file or folder that is there; where it is not, one with a like name is offered."""

    def __init__(self, **settings: Any):
        super().__init__(exists=True, path_type=Path, **settings)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the path."""
        path = Path(os.fspath(value))
        if not path.exists():
            near = like(path)
            hint = translate("; did you mean {word}?", word=near) if near else ""
            self.fail(translate("there is no file {path}{hint}", path=path, hint=hint), param, ctx)
        return super().convert(value, param, ctx)


class Folder(_Path):
    """A folder to write to, which need not be there."""

    def __init__(self) -> None:
        super().__init__(file_okay=False, path_type=Path)


def like(path: Path) -> Path | None:
    """Return a file whose name is like that of a missing one: beside it, or among the scenarios of the data folder.

    Whoever names a place where a scenario is wanted means that of its plan.
    """
    of_data = _scenarios()
    if not path.suffix and (plans := sorted(of_data.glob(f"{slug(path.name) or '-'}-*plan.yaml"))):
        return plans[0]
    for folder in (path.parent, of_data):
        try:
            names = [one.name for one in folder.iterdir()]
        except OSError:
            continue
        for name in (path.name, slug(path.name), f"{slug(path.name)}.yaml"):
            if near := typed.nearest(name, names, 0.75):
                return folder / near
    return None


def _scenarios() -> Path:
    """Return the folder of the scenarios that come with the data, as somebody here would write it."""
    folder = Path(os.environ.get("FORECAST_DATA") or ROOT / "data") / "scenarios"
    here = Path.cwd()
    return folder.relative_to(here) if folder.is_relative_to(here) else folder


class Option(click.Option):
    """An option whose help and placeholder are shown in the reader's language."""

    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        """Return the option and its help."""
        spoken = copy.copy(self)
        spoken.help = translate(self.help) if self.help else self.help
        return click.Option.get_help_record(spoken, ctx)

    def make_metavar(self, ctx: click.Context) -> str:
        """Return the placeholder of the value."""
        return translate(super().make_metavar(ctx))


class Argument(click.Argument):
    """An argument whose placeholder is shown in the reader's language."""

    def make_metavar(self, ctx: click.Context) -> str:
        """Return the placeholder of the value, with the marks of what may be left out or given more than once."""
        name = (self.metavar or self.name or "").upper()
        return super().make_metavar(ctx).replace(name, translate(name))


class Command(click.Command):
    """A command that speaks Vietnamese or English: `--lang`, which every command has, or FORECAST_LANG."""

    def __init__(self, *args: Any, **settings: Any):
        super().__init__(*args, **settings)
        self._shown: click.Option | None = None
        if not any("--lang" in one.opts for one in self.params):
            language_option(expose_value=False)(self)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the words of a command; those that are too many may be the rest of a value (`--budget 2 tỷ`)."""
        ctx.allow_extra_args = True
        rest: list[str] = super().parse_args(ctx, args)
        if rest and not isinstance(self, click.Group) and not ctx.resilient_parsing:
            text = "{words!r}: nothing asks for this; a value of several words stands in quotes"
            ctx.fail(translate(text, words=" ".join(rest)))
        return rest

    def collect_usage_pieces(self, ctx: click.Context) -> list[str]:
        """Return what stands behind the name of the command."""
        return [translate(piece) for piece in super().collect_usage_pieces(ctx)]

    def get_help_option(self, ctx: click.Context) -> click.Option | None:
        """Return the option that shows the help, one object for all calls as click wants it."""
        if self._shown is None:
            names = self.get_help_option_names(ctx)
            click.help_option(*names, cls=Option, help="Show this message and exit.")(self)
            self._shown = self.params.pop()  # type: ignore[assignment]  # the option that was just added
        return self._shown

    def get_short_help_str(self, limit: int = 0) -> str:
        """Return the first sentence of the help; it is not cut."""
        return translate(_paragraphs(self.help)[0])

    def format_help_text(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the help, paragraph by paragraph."""
        for paragraph in paragraphs(self):
            formatter.write_paragraph()
            with formatter.indentation():
                formatter.write_text(paragraph)


def paragraphs(command: click.Command) -> list[str]:
    """Return what the help of a command says, paragraph by paragraph, in the language that is spoken."""
    return [translate(paragraph) for paragraph in _paragraphs(command.help)]


def _paragraphs(text: str | None) -> list[str]:
    return [" ".join(part.split()) for part in inspect.cleandoc(text or "").split("\n\n")]


class Commands(Command, click.Group):
    """All commands, in the order in which they were added."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of the commands."""
        return list(self.commands)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write each command with its first sentence."""
        with formatter.section(translate("Commands")):
            formatter.write_dl([(name, one.get_short_help_str()) for name, one in self.commands.items()])

    def main(self, args: Sequence[str] | None = None, *rest: Any, **named: Any) -> Any:
        """Run the command in the language that its words or the environment ask for."""
        import sys

        words = list(sys.argv[1:] if args is None else args)
        with speaking(asked_language(words)):
            return super().main(words, *rest, **named)


def asked_language(words: Sequence[str]) -> str:
    """Return the language that a command line asks for; help and errors need it before the words are read.

    >>> asked_language(["project", "x.yaml", "--lang", "en"]), asked_language(["report", "--lang=en,vi"])
    ('en', 'en')
    """
    asked = [os.environ.get(LANGUAGE, "")]
    for word, following in zip(words, [*words, ""][1:], strict=True):
        if word == "--lang":
            asked.append(following)
        elif word.startswith("--lang="):
            asked.append(word.partition("=")[2])
    known = [one for one in (each.split(",")[0].strip() for each in asked) if one in LANGS]
    return known[-1] if known else USUAL


def language_option(**settings: Any) -> Decorator:
    """Give a command the option `--lang`."""
    return option("--lang", type=click.Choice(LANGS), default=language, help=LANGUAGE_HELP, **settings)


LANGUAGE_HELP = "Language: vi or en; else that of FORECAST_LANG, else Vietnamese."


def command(name: str | None = None) -> Callable[[Callable[..., Any]], click.Command]:
    """Make a command of a function, as click.command does."""
    return click.command(name, cls=Command)


def option(*names: str, **settings: Any) -> Decorator:
    """Give a command an option, as click.option does."""
    return click.option(*names, cls=Option, **settings)


def place_argument() -> Decorator:
    """Give a command the argument `place`; a name of several words needs no quotes."""
    joined: Callable[..., str] = lambda ctx, param, words: " ".join(words)  # noqa: E731
    return argument("place", nargs=-1, required=True, metavar="PLACE", callback=joined)


def places_argument() -> Decorator:
    """Give a command the argument `places`, any number of them; names of several words need no quotes."""
    return argument("places", nargs=-1, callback=lambda ctx, param, words: tuple(_names(list(words))))


def _names(words: list[str]) -> list[str]:
    """Return words as names of places: those that mean nothing alone are joined with the words behind them.

    So is a name that nobody knows, up to the next one that is known: whoever reads it is told the whole of it.
    """
    from forecast.data.place_names import known  # reads a table: only where places were named

    names: list[str] = []
    unknown = False
    while words:
        ends = [1] if known(words[0]) else range(len(words), 1, -1)
        end = next((end for end in ends if known(" ".join(words[:end]))), 0)
        if not end and unknown and words[0].isalpha():
            names[-1] += f" {words[0]}"
        else:
            names.append(" ".join(words[: end or 1]))
            unknown = not end and words[0].isalpha()  # a syllable, and no name in quotes
        words = words[end or 1 :]
    return names


def argument(*names: str, **settings: Any) -> Decorator:
    """Give a command an argument, as click.argument does."""
    return click.argument(*names, cls=Argument, **settings)
