"""Pictures: what a planner sees first. The only module that imports matplotlib.

Every function takes frames and a language and returns a :class:`Picture`, a matplotlib figure that carries its own
description (`alt`) for people who do not see it. House style: names stand on the lines and not in a legend, lines
differ in pattern as well as color, units stand under the title, the source under the picture.
"""

import base64
import functools
import io
import os
import textwrap
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, ParamSpec

import pandas as pd
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.font_manager import fontManager
from matplotlib.text import Text
from matplotlib.ticker import MaxNLocator
from matplotlib.transforms import Bbox

from forecast.answer import stated
from forecast.data import history
from forecast.data.files import ROOT
from forecast.data.known import known
from forecast.data.places import Place
from forecast.engines import ENGINES as ENGINES
from forecast.language import words
from forecast.language.words import say
from forecast.publish import drawings
from forecast.show import narrow
from forecast.show.marks import INK, MUTED

Asked = ParamSpec("Asked")
for _font in sorted((ROOT / "docs" / "site" / "static" / "fonts").glob("*.ttf")):
    fontManager.addfont(_font)  # that of the pages, so that letters take the room here that they take there
WIDTH = 6.4  # inches; a page shows it at the width of its text, a phone one that is drawn anew (`show.narrow`)
_LETTERS = 17  # of the smallest size that stand on an inch
SMALL = 8  # points of the smallest letters: 11 pixels where a page shows a picture 640 wide
GRID, TARGET = "#dfe3e8", "#8c1d18"
DASHES = (0, (6, 2, 1, 2))  # the pattern of targets and of what they need
# One look for each line, darkest first, so that they stay apart in gray: color, pattern, marker.
LOOKS = (("#1b5e9b", "-", "o"), ("#b4561f", "--", "s"), ("#3f7d3a", "-.", "^"), ("#7b5ea7", ":", "D"))
STYLE: dict[Any, Any] = {
    "font.family": ["Noto Sans", "DejaVu Sans"],
    "svg.fonttype": "none",
    "font.size": 10.5,
    "text.color": INK,
    "axes.edgecolor": MUTED,
    "axes.labelcolor": INK,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.spines.left": False,
    "axes.grid": True,
    "axes.grid.axis": "y",
    "grid.color": GRID,
    "axes.axisbelow": True,
    "ytick.left": False,
    "xtick.major.pad": 5,  # lines of the house font are high
    "hatch.linewidth": 0.4,
}


class Picture(Figure):
    """A figure with a description in words; a notebook shows it as PNG, sharp on dense screens, a page as SVG."""

    alt = ""
    again: Callable[[], "Picture"] | None = None  # draws it for a phone
    spare = (0.0, 0.0)  # inches that its head and its foot take

    def __init__(self, *args: Any, **settings: Any):
        super().__init__(*args, **settings)
        self.head: list[Text] = []
        self.foot: list[Text] = []

    def describe(self, text: str) -> "Picture":
        """Set the description and return the figure."""
        self.alt = " ".join(str(text).split())
        self.set_label(self.alt)
        return self

    def written(self) -> list[str]:
        """Return all that is written in the figure, for search, for tests, for people who read it with a machine."""
        self.draw_without_rendering()  # which writes the numbers at the ticks
        artists = (artist for artist in self.findobj(Text) if isinstance(artist, Text) and artist.get_visible())
        return [text for text in (artist.get_text().strip() for artist in artists) if text]

    def png(self, dpi: int = 150, foot: str = "") -> bytes:
        """Return the figure as PNG, with its description, its texts and what was known; the same, the same bytes.

        `foot` is what stands below all else in a file that is handed on without a page around it.
        """
        stream = io.BytesIO()
        wide, high = self.get_size_inches()
        below = textwrap.fill(foot, round(_LETTERS * wide))
        room = Bbox([[0, -0.06 - 0.13 * (below.count("\n") + 1)], [wide, high]]) if foot else None
        with rc_context(STYLE):
            added = self.text(0.02, 0, below, color=MUTED, fontsize=SMALL, va="top")
            metadata = {"Software": None, "Description": self.alt, "Comment": "\n".join(self.written())}
            metadata["Source"] = ", ".join(f"{name} {value}" for name, value in known().items())
            self.savefig(stream, format="png", dpi=dpi, facecolor="white", metadata=metadata, bbox_inches=room)
            added.remove()
        return stream.getvalue()

    def svg(self) -> str:
        """Return the figure as SVG for a page (:mod:`forecast.publish.drawings`), with texts that are texts."""
        stream = io.StringIO()
        with rc_context(STYLE | {"svg.hashsalt": self.alt}):
            self.savefig(stream, format="svg", metadata={"Date": None})
        return drawings.cleaned(stream.getvalue(), self.alt)

    def __repr__(self) -> str:
        return self.alt or super().__repr__()

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> tuple[dict[str, str], dict[str, Any]]:
        data: dict[str, Any] = {"image/png": base64.b64encode(self.png()).decode(), "text/plain": self.alt}
        if stated.PAGE in os.environ:  # a report makes a page of it
            data[drawings.MIME] = {"wide": self.svg(), "narrow": self.again().svg() if self.again else ""}
        return data, {"image/png": {"alt": self.alt, "width": round(self.get_figwidth() * 100)}}


def style(more: dict[str, Any] | None = None) -> AbstractContextManager[None]:
    """Return the context in which pictures are drawn: the house style of matplotlib, with `more` settings."""
    return rc_context(STYLE | (narrow.STYLE if narrow.on() else {}) | (more or {}))


def redrawn(draw: Callable[Asked, Picture]) -> Callable[Asked, Picture]:
    """Let what `draw` returns be drawn a second time, for a phone, where a page wants it."""

    @functools.wraps(draw)
    def drawn(*args: Asked.args, **kwargs: Asked.kwargs) -> Picture:
        picture = draw(*args, **kwargs)
        picture.again = functools.partial(_for_a_phone, functools.partial(draw, *args, **kwargs))
        return picture

    return drawn


def _for_a_phone(draw: Callable[[], Picture]) -> Picture:
    with narrow.drawing(), style():
        picture = draw()
        narrow.fit(picture, picture.head, picture.foot, picture.spare)
    return picture


def few_ticks(axis: Axis, most: int, integer: bool = False) -> None:
    """Let an axis carry at most `most` round numbers, whole ones if `integer`."""
    axis.set_major_locator(MaxNLocator(most, integer=integer))


def sheet(title: str, subtitle: str, source: str, height: float, width: float = WIDTH) -> tuple[Picture, Axes]:
    """Return an empty picture with its words in place, and axes to be moved where the caller wants them.

    There is room for one line of title: a long one is set smaller, and one that is longer still on two lines.
    """
    picture = Picture(figsize=(narrow.width(width), height))
    if narrow.on():
        size = narrow.TITLE
        shown = narrow.filled(capital(title), 0, size)
        subtitle, given = narrow.filled(subtitle, 0, narrow.LARGEST), _lines(subtitle)
        source, below = narrow.filled(source, 0, narrow.SMALLEST), source
    else:
        size = max(12.5 * min(1.0, 56 / max(len(title), 1)), 9.0)
        shown = textwrap.fill(capital(title), round(56 * 12.5 / size))
        subtitle = given = _lines(subtitle)
        below = source
    picture.spare = (
        (0.4 if title else 0.06) + 0.17 * (given.count("\n") + 1) * bool(given),
        0.06 + 0.13 * (below.count("\n") + 1) * bool(below),
    )
    inch = 1 / height
    at = 1 - (0.06 if "\n" in shown else 0.14) * inch
    picture.head.append(picture.text(0.02, at, shown, fontsize=size, fontweight="bold", va="top"))
    at = 1 - (0.44 if title else 0.1) * inch
    picture.head.append(picture.text(0.02, at, subtitle, color=MUTED, fontsize=9.5, va="top"))
    picture.foot.append(picture.text(0.02, 0.06 * inch, source, color=MUTED, fontsize=SMALL, va="bottom"))
    return picture, picture.add_axes((0.1, 0.15, 0.65, 0.6))


def _lines(subtitle: str) -> str:
    return "\n".join(textwrap.fill(line, 84) for line in subtitle.split("\n"))


def source_line(lang: str, place: Place | None = None, simulated: bool = True, most: int = 3) -> str:
    """Return the line under a picture: our runs (`simulated`), and who published the figures that they stand on."""
    names = [words.form(name, "publisher", lang) for name in history.publishers(place)] if place is not None else []
    more = say(lang, vi=" và {n:n} nguồn khác", en=" and {n:n} more", n=len(names) - most) if len(names) > most else ""
    seen = ", ".join(names[:most]) + more
    if simulated:
        seen = say(lang, vi="mô phỏng của bộ công cụ này", en="simulations of this workbench") + (
            say(lang, vi="; số đã công bố: ", en="; published figures: ") + seen if seen else ""
        )
    if place is not None and (place.history["status"] == "synthetic").any():
        seen += say(lang, vi="; một phần là số giả lập do máy tạo ra", en="; some counts are invented by the machine")
    return textwrap.fill(say(lang, vi="Nguồn: ", en="Source: ") + seen, round(_LETTERS * WIDTH))


def capital(text: str) -> str:
    """Return a text with its first letter in upper case.

    >>> capital("đồng")
    'Đồng'
    """
    return text[:1].upper() + text[1:]


def against(base: str, lang: str = "vi") -> str:
    """Return what a policy is compared with: the title of a scenario, or the status quo when there is none."""
    return f"“{base}”" if base else say(lang, vi="giữ nguyên cách làm cũ", en="the status quo")


def short(title: str, place: str, lang: str) -> str:
    """Return a scenario's title without the place (its name in the tables), which what stands around it names.

    >>> short("Lào Cai (cùng Yên Bái), ba việc", "Lào Cai (2025)", "vi")
    'Ba việc'
    """
    return capital(bare(title, place, lang)) or title


def bare(title: str, place: str, lang: str) -> str:
    """Return a scenario's title without the place, as it stands within a sentence.

    >>> bare("Lào Cai (cùng Yên Bái), ba việc", "Lào Cai (2025)", "vi")
    'ba việc'
    """
    return title.removeprefix(words.form(place, "place", lang)).lstrip(" ,:–-")


def speaks(frame: pd.DataFrame) -> str:
    """Return the engine to show alone: the first of ours that has an answer, else whichever has."""
    there = list(frame["engine"].unique())
    return next((e for e in ENGINES if e in there), str(there[0]) if there else "")


def signed(x: float, lang: str) -> str:
    """Return a difference with its sign, rounded for reading."""
    return ("+" if x > 0 else "") + words.about(x, lang)
