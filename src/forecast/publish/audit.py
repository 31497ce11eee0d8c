"""The numbers that a page shows, held against those that its run gave: no number on a page may be anybody's own.

A page is made of an executed notebook. What code put out is the run's; prose that somebody wrote may hold no number
(:func:`by_hand`). :func:`of_notebook` reads the numbers from the notebook, and :func:`differences` says where the page
that a browser shows parts from them. A site keeps the first list of each page beside its
pages (``numbers.json``) and the hash of each picture, drawing and download, so that :func:`verify` can tell later, on
any machine and without running anything again, whether somebody changed a number.
"""

import hashlib
import html
import json
import re
from collections.abc import Iterable
from difflib import SequenceMatcher
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, NamedTuple

from markdown_it import MarkdownIt
from nbformat import NotebookNode

from forecast.data.tables import UserError
from forecast.publish import drawings

MARK = "site-manifest.json"  # a folder that holds it is a site of ours
NUMBERS = "numbers.json"
DRAWINGS = "drawings"  # in the manifest: the hashes of the drawings of each page
HASHED = ("_images", "download")  # what has numbers and is no page
# A number with its separators and its sign; a hyphen may join two numbers (2020-12) and is no sign.
_NUMBER = re.compile(r"[−+]?\d+(?:[.,]\d+)*")
_SHORT = 40  # characters either side of a number, for somebody who looks for it
_MARKDOWN = MarkdownIt("commonmark").enable("table")
_FIRST = ("text/html", "image/png", "text/markdown", "text/plain")  # of several forms a page shows the first


class _Shown(HTMLParser):
    """The text that a reader sees, descriptions of pictures included; of a whole page only the article."""

    def __init__(self, whole_page: bool):
        super().__init__()
        self.text: list[str] = []
        self.inside, self.hidden = 0 if whole_page else 1, 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.inside += tag == "article"
        self.hidden += tag in _UNREAD
        about = dict(attrs)
        if tag in ("img", "svg") and self.inside and about.get("class") != "on-phone":  # which is drawn a second time
            self.text.append(f" {about.get('alt') or about.get('aria-label') or ''} ")
        elif tag not in _INLINE:
            self.text.append(" ")

    def handle_endtag(self, tag: str) -> None:
        self.inside -= tag == "article"
        self.hidden -= tag in _UNREAD
        if tag not in _INLINE:
            self.text.append(" ")

    def handle_data(self, data: str) -> None:
        if self.inside and not self.hidden:
            self.text.append(data)


_UNREAD = ("script", "style", "svg")  # a drawing is read by its description, and held by its hash
_INLINE = {"a", "strong", "em", "b", "i", "span", "code", "sup", "sub"}  # no space before or behind them


def text_of(page: str, whole_page: bool = True) -> str:
    """Return what a reader sees of HTML: its article when it is a `whole_page`, else all of it.

    >>> text_of('<p>Cà Mau <b>2</b>.<img src="3.png" alt="4 xã"></p>', whole_page=False).split()
    ['Cà', 'Mau', '2.', '4', 'xã']
    """
    shown = _Shown(whole_page)
    shown.feed(page)
    return "".join(shown.text)


def numbers(text: str) -> list[str]:
    """Return the numbers of a text in order, as they are written.

    >>> numbers("Đến 12/2020: 1.648 người (86,4%), tăng +3, năm 2019-20.")
    ['12', '2020', '1.648', '86,4', '+3', '2019', '20']
    """
    return _NUMBER.findall(text)


def from_markdown(text: str) -> str:
    """Return Markdown as the text that a reader sees.

    >>> from_markdown("1. [648 **trên** 750](https://example.org/1)").split()
    ['648', 'trên', '750']
    """
    return text_of(_MARKDOWN.render(text), whole_page=False)


def of_notebook(book: NotebookNode) -> list[str]:
    """Return the numbers that a page made of an executed notebook shows, in order."""
    return numbers("\n".join(_shown_by(cell) for cell in book.cells))


def by_hand(book: NotebookNode) -> list[tuple[str, str]]:
    """Return (cell, number) for each number in prose that somebody wrote; commands (code) may hold one."""
    typed = []
    for cell in book.cells:
        if cell.cell_type == "markdown" and cell.get("id") != "end":
            prose = re.sub(r"<(code|pre)\b.*?</\1>", "", _MARKDOWN.render(cell.source), flags=re.DOTALL)
            typed += [(cell.get("id", ""), number) for number in numbers(text_of(prose, whole_page=False))]
    return typed


class Wrong(NamedTuple):
    """One thing on a site that is not as its run gave it: a number of a page, or a whole file (`kind` says what)."""

    page: str
    kind: str = "number"
    shown: str = ""
    due: str = ""
    near: str = ""

    def text(self, lang: str = "en") -> str:
        """Return it as a sentence without the page.

        >>> Wrong("a.html", shown="649", due="648", near="of 649 people").text()
        'shows 649 where the run gave 648, near "of 649 people"'
        """
        vi, en = {
            "number": (
                'hiện {0.shown}, trong khi lần chạy cho {0.due}, ở chỗ "{0.near}"',
                'shows {0.shown} where the run gave {0.due}, near "{0.near}"',
            ),
            "gone": ("tệp này không còn", "this file is gone"),
            "changed": ("tệp này đã bị sửa", "this file was changed"),
            "drawn": ("một hình trên trang đã bị sửa", "a picture of this page was changed"),
        }[self.kind]
        return (vi if lang == "vi" else en).format(self)


def differences(page: str, text: str, given: list[str]) -> list[Wrong]:
    """Return where the numbers of the `text` of a finished page are not those that were `given`; [] if nowhere."""
    at = list(_NUMBER.finditer(text))
    wrong = []
    for kind, a, b, c, d in SequenceMatcher(None, given, [m[0] for m in at], autojunk=False).get_opcodes():
        if kind != "equal":
            near = at[min(c, len(at) - 1)] if at else None
            around = " ".join(text[max(0, near.start() - _SHORT) : near.end() + _SHORT].split()) if near else ""
            shown, due = (" ".join(part) or "–" for part in ([m[0] for m in at[c:d]], given[a:b]))
            wrong.append(Wrong(page, "number", shown, due, around))
    return wrong


def seal(site: Path, given: dict[str, list[str]], facts: dict[str, Any]) -> None:
    """Write what :func:`verify` needs into a finished site, its manifest last.

    `given` has the numbers of each page (path below `site`) as the run gave them; `facts` is what else the manifest
    says.
    """
    (site / NUMBERS).write_text(json.dumps(given, ensure_ascii=False, separators=(",", ":")) + "\n", encoding="utf-8")
    files = [path for folder in HASHED for base in (site, *_below(site)) for path in (base / folder).rglob("*")]
    hashes = {
        path.relative_to(site).as_posix(): _hash(path) for path in sorted({*files, site / NUMBERS}) if path.is_file()
    }
    text = json.dumps(facts | {"sha256": hashes}, ensure_ascii=False, indent=1) + "\n"
    (site / MARK).write_text(text, encoding="utf-8")


def verify(site: str | Path) -> list[Wrong]:
    """Return each number, picture or download of a site that is not what its run gave; [] if none.

    A folder that is no site of ours is an error.
    """
    site = Path(site)
    try:
        sealed = json.loads((site / MARK).read_text(encoding="utf-8"))
        hashes, drawn = sealed["sha256"], sealed[DRAWINGS]
        given = json.loads((site / NUMBERS).read_text(encoding="utf-8"))
    except (OSError, ValueError, KeyError):
        raise UserError(
            "{folder}: no site of forecast; expected a folder with {mark} and {numbers}",
            folder=site,
            mark=MARK,
            numbers=NUMBERS,
        ) from None
    wrong = [
        Wrong(name, "changed" if (site / name).is_file() else "gone")
        for name, due in hashes.items()
        if not (site / name).is_file() or _hash(site / name) != due
    ]
    for name, due in given.items():
        if (site / name).is_file():
            text = (site / name).read_text(encoding="utf-8")
            wrong += differences(name, text_of(text), due)
            wrong += [Wrong(name, "drawn")] * (drawings.hashes(text) != drawn.get(name, []))
        else:
            wrong.append(Wrong(name, "gone"))
    return wrong


def _below(site: Path) -> Iterable[Path]:
    return (path for path in sorted(site.iterdir()) if path.is_dir() and not path.name.startswith("_"))


def _hash(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _shown_by(cell: NotebookNode) -> str:
    """Return the text that a page shows of one cell."""
    tags = set(cell.metadata.get("tags", []))
    if cell.cell_type == "markdown":
        return from_markdown(cell.source)
    if cell.cell_type != "code" or "remove-cell" in tags:
        return ""
    shown = [] if "remove-input" in tags else [cell.source]
    return "\n".join(shown + [_output(out) for out in cell.get("outputs", []) if "remove-output" not in tags])


def _output(output: NotebookNode) -> str:
    """Return the text that a page shows of one output; of a picture, its description."""
    if output.output_type == "stream":
        return output.text if output.name == "stdout" else ""
    data = output.get("data", {})
    kind = next((kind for kind in _FIRST if kind in data), "")
    text = "".join(data.get(kind, ""))
    if kind == "image/png":
        return str(output.metadata.get("image/png", {}).get("alt", ""))
    if kind == "text/markdown":
        return from_markdown(text)
    return text_of(text, whole_page=False) if kind == "text/html" else html.unescape(text) if kind else ""
