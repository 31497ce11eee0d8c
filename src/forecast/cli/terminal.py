"""What a command says in the end: its verdict, a small table, where the files are, and what to type next.

In a terminal the table has rules and the verdict is bold; in a pipe or a file it is plain text without color.
"""

import shlex
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from forecast.data.messages import translate

if TYPE_CHECKING:
    from rich.console import Console

    from forecast.language.words import Table
    from forecast.show.brief import Brief

WIDTH = 100  # columns of a table in a pipe or a file
MARKS = ("**", "<small>", "</small>", "<br>", "&nbsp;")


def plain(text: object) -> str:
    """Return a text of a page without the marks of Markdown.

    >>> plain("> **648** people  ")
    '648 people'
    """
    bare = str(text)
    for mark in MARKS:
        bare = bare.replace(mark, "")
    return "\n".join(line.removeprefix("> ").rstrip() for line in bare.splitlines()).strip()


def typed(*words: object) -> str:
    """Return a command as a person types it.

    >>> typed("check", "my file.yaml")
    "forecast check 'my file.yaml'"
    """
    return " ".join(["forecast", *(shlex.quote(str(word)) for word in words)])


def tell(brief: "Brief", out: Path, files: Iterable[str], then: str = "", more: str = "") -> None:
    """Print an answer in brief; `more` says where the rest of a table is."""
    answer(*brief.lines, table=brief.table, more=more, out=out, files=files, then=then)


def answer(
    *verdict: object,
    table: "Table | None" = None,
    more: str = "",
    out: Path | None = None,
    files: Iterable[str] = (),
    then: str = "",
) -> None:
    """Print the answer of a command.

    `verdict` are its lines, two at most, without marks of Markdown in the end; `table` a table in the language that is
    spoken; `files` what stands in the folder `out`; `then` the command that a person would type next.
    """
    from rich.console import Console
    from rich.text import Text

    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=WIDTH)
    for line in verdict:
        if line:
            console.print(Text(plain(line), style="bold"), soft_wrap=not console.is_terminal)
    if table is not None and table.rows:
        console.print()
        _draw(console, table.heads, table.rows, table.right)
        if more:
            console.print(Text(more), soft_wrap=True)
    lines = []
    if out is not None:
        lines.append((translate("Files"), f"{out}: {', '.join(files)}"))
    if then:
        lines.append((translate("Next"), then))
    if lines:
        console.print()
    for name, text in lines:
        console.print(Text.assemble((f"{name}: ", "dim"), text), soft_wrap=True)


def _draw(console: "Console", heads: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[bool]) -> None:
    from rich import box
    from rich.table import Table as Drawn

    terminal = console.is_terminal
    drawn = Drawn(box=box.SIMPLE_HEAD if terminal else None, pad_edge=False, header_style="bold" if terminal else "")
    for head, to_right in zip(heads, right, strict=True):
        drawn.add_column(plain(head), justify="right" if to_right else "left")
    for row in rows:
        drawn.add_row(*(plain(cell) for cell in row))
    if terminal:
        console.print(drawn)
        return
    with console.capture() as captured:
        console.print(drawn)
    for line in captured.get().splitlines():
        print(line.rstrip(), file=console.file)
