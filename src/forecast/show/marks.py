"""Labels of pictures: months on the axis, names at the ends of lines, numbers beside dots, none over another.

Functions take matplotlib axes and need nothing else of matplotlib, so that one module alone imports it.
"""

import textwrap
from collections.abc import Iterable, Sequence
from itertools import product
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.transforms import Bbox

from forecast.data import tables
from forecast.data.places import Place
from forecast.data.tables import month_index
from forecast.language import words
from forecast.language.words import say
from forecast.show import narrow

MONTH = 0.62  # inches that the name of a month takes on an axis of a narrow picture
INK, MUTED = "#1c2733", "#5b6672"


def number(month: str) -> int:
    """Return a month as a place on the axis."""
    return month_index(tables.month(str(month)))


def numbers(months: Iterable[str]) -> np.ndarray:
    """Return months as places on the axis."""
    return np.array([number(m) for m in months])


def _figure(axes: Axes) -> Figure:
    """Return the whole figure that axes stand in."""
    figure = axes.get_figure(root=True)
    assert figure is not None  # axes are drawn, so they stand in one
    return figure


def month_axis(axes: Axes, since: str, until: str, lang: str, most: int = 6, pad: int = 0) -> None:
    """Label the axis of months: the last month always, others a round number of months before it."""
    first, last = number(since), number(until)
    if narrow.on():
        most = min(most, max(2, int(axes.get_position().width * _figure(axes).get_figwidth() / MONTH)))
    step = next(s for s in (1, 2, 3, 6, 12, 24, 36, 48, 60, 120, 240) if (last - first) / s <= most - 1 or s == 240)
    at = np.arange(last, first - 1, -step)[::-1]
    if narrow.on() and len(at) < 2:
        at = np.array([first, last])
    axes.set_xlim(first - pad, last + pad)
    axes.set_xticks(at, [words.month(f"{m // 12:04d}-{m % 12 + 1:02d}", lang) for m in at])
    axes.yaxis.set_major_formatter(lambda v, _: words.number(v, lang))
    longest, box = len(words.number(axes.get_ylim()[1], lang)), axes.get_position()
    room = (0.23 + 0.091 * longest) / _figure(axes).get_figwidth()  # what the longest number needs, as a share
    left = max(box.x0, room) if box.x0 < 0.2 else box.x0
    axes.set_position((left, box.y0, box.x1 - left, box.height))


def end_labels(
    axes: Axes, labels: Iterable[tuple[float, float, str, str]], gap: float = 0.035, width: int = 22
) -> None:
    """Write each label of `labels` (x, y, text, color) right of the axes at its line's end, none over another.

    They stay beside the axes, from bottom to top, where there is room for all of them.
    """
    if narrow.on():
        box = axes.get_position()
        width = narrow.letters((1 - box.x1 - 0.045 * box.width) * _figure(axes).get_figwidth(), narrow.LARGEST)
    low, high = axes.get_ylim()
    inches = axes.get_position().height * _figure(axes).get_figheight()
    line = 0.2 / inches  # height of one line of text in the house font, as a share of the axes
    marks = sorted(
        ((y - low) / (high - low), "\n".join(textwrap.fill(part, width) for part in t.split("\n")), c)
        for _, y, t, c in labels
    )
    sizes = [line * (t.count("\n") + 1) for _, t, _ in marks]
    at = [y for y, _, _ in marks]
    top = 1.02 if sum(sizes) + gap * (len(sizes) - 1) < 1 else np.inf
    for _ in range(200):  # push neighbors apart until none overlap; few labels, so this ends at once
        moved = False
        for i in range(len(at) - 1):
            overlap = (sizes[i] + sizes[i + 1]) / 2 + gap - (at[i + 1] - at[i])
            if overlap > 1e-9:
                at[i], at[i + 1], moved = at[i] - overlap / 2, at[i + 1] + overlap / 2, True
        sunk = sizes[0] / 2 - at[0] if at else 0
        if sunk > 1e-9:
            at[0], moved = at[0] + sunk, True
        above = at[-1] + sizes[-1] / 2 - top if at else 0
        if above > 1e-9:
            at[-1], moved = at[-1] - above, True
        if not moved:
            break
    for (y, text, color), place in zip(marks, at, strict=True):
        axes.annotate(
            text,
            (1, y),
            xytext=(1.045, place),
            xycoords="axes fraction",
            textcoords="axes fraction",
            color=color,
            va="center",
            fontsize=9,
            linespacing=1.15,
            annotation_clip=False,
            arrowprops={"arrowstyle": "-", "color": color, "lw": 0.7, "shrinkA": 3, "shrinkB": 1, "relpos": (0, 0.5)},
        )


def margin(axes: Axes, y: float, text: str, x: float = -0.02, **look: Any) -> None:
    """Write a row's text beside the axes, at height `y` of the data: left of them with `x` below 0.5, else right."""
    usual: dict[str, Any] = {"ha": "right" if x < 0.5 else "left", "va": "center", "fontsize": 9}
    axes.text(x, y, text, transform=axes.get_yaxis_transform(), **usual | look)


class Bar(NamedTuple):
    """A row of :func:`hbars`: its name and number as they are written, its median and interval, its look."""

    label: str
    value: str
    median: float
    low: float
    high: float
    color: str
    pattern: str = "-"
    marker: str = "o"


def hbars(axes: Axes, bars: Sequence[Bar], size: float = 8, width: int = 34) -> None:
    """Draw rows from top to bottom: a line for the interval, a mark of `size` points at the median.

    The label stands left of the axes, broken after `width` letters, the value right of them in bold; zero has a line.
    """
    for y, bar in enumerate(bars):
        axes.plot([bar.low, bar.high], [y, y], bar.pattern, color=bar.color, lw=2.2)
        axes.plot([bar.median], [y], marker=bar.marker, ms=size, color=bar.color)
        label = textwrap.fill(bar.label, width)
        margin(axes, y, label, -0.03, fontsize=None)
        margin(axes, y, bar.value, 1.03, fontsize=None, fontweight="bold")
    axes.axvline(0, color=INK, lw=1)
    axes.set(ylim=(len(bars) - 0.4, -0.6), yticks=[])


def published_dots(
    axes: Axes, place: Place, measure: str, group: str, origin: str, until: str, lang: str
) -> list[tuple[float, float, str]]:
    """Put published figures over a projection: filled if known at the origin, hollow if published of later months.

    Return the number of each dot (x, y, text), for :func:`beside` when all lines are drawn.
    """
    if group != "all":
        return []
    dots: list[tuple[float, float, str]] = []
    seen = place.observed(measure, until=until)
    seen = seen[seen.index >= tables.month(origin) - 12]
    for month, value in zip(seen.index, seen.to_numpy(float), strict=True):
        later = month > tables.month(origin)
        x = max(month_index(month), number(origin))
        if month < tables.month(origin):
            continue
        axes.plot(
            [x], [value], marker="o", ms=7, color=INK, mfc="white" if later else INK, mew=1.5, zorder=6, clip_on=False
        )
        dots.append((x, value, words.number(value, lang)))
    return dots


def beside(axes: Axes, texts: Iterable[tuple[float, float, str]]) -> None:
    """Write `texts` (x, y, text) near their dots where they cross no line or other text, or where they cross least.

    None stands nearer to another dot than to its own.
    """
    texts = list(texts)
    dots = [tuple(axes.transData.transform((x, y))) for x, y, _ in texts]
    lines = [line.get_transform().transform_path(line.get_path()) for line in axes.lines]
    span, frame = axes.get_xlim()[1] - axes.get_xlim()[0], axes.get_window_extent()
    taken: list[Bbox] = []
    for (x, y, text), dot in zip(texts, dots, strict=True):
        right = axes.get_xlim()[1] - x > 0.15 * span  # room on that side
        best, label = None, None
        for away in (9, -15, 16, -22, 24, -30, 34, -40):
            tried = axes.annotate(
                text,
                (x, y),
                xytext=(6 if right else -7, away),
                zorder=7,
                fontsize=9,
                textcoords="offset points",
                ha="left" if right else "right",
                bbox={"boxstyle": "square,pad=0.1", "fc": "white", "ec": "none", "alpha": 0.7},
            )
            box = tried.get_window_extent().padded(2)
            crossed = sum(line.intersects_bbox(box, filled=False) for line in lines)
            crossed += 9 * sum(box.overlaps(other) for other in taken)
            crossed += 9 * any(_gap(box, other) < _gap(box, dot) for other in dots)
            crossed += 99 * (box.y0 < frame.y0 or box.y1 > frame.y1)
            if best is None or crossed < best:
                best, label, tried = crossed, tried, label
            if tried is not None:
                tried.remove()
            if best == 0:
                break
        if label is not None:
            taken.append(label.get_window_extent())


def _gap(box: Bbox, dot: Sequence[float]) -> float:
    """Return how far a dot (x, y) is from a box."""
    x, y = (max(low - at, at - high, 0.0) for low, high, at in ((box.x0, box.x1, dot[0]), (box.y0, box.y1, dot[1])))
    return float(np.hypot(x, y))


def law_ticks(picture: Figure, axes: Axes, changes: list[tuple[str, float, float]], lang: str, most: int = 4) -> None:
    """Mark above the axes when the minimum contribution changed most for an ordinary person, and from what to what."""
    largest = sorted(changes, key=lambda change: -abs(np.log(max(change[2], 1) / max(change[1], 1))))[:most]
    for month, _, _ in largest:
        axes.axvline(number(month), color=MUTED, lw=0.9, ls=(0, (1, 2)))
    long = ("{m:t}: mức đóng thấp nhất\n{a:n} → {b:n} đồng", "{m:t}: minimum contribution\n{a:n} → {b:n} VND")
    short = ("{m:t}: mức đóng\n→ {b:n} đồng", "{m:t}: contribution\n→ {b:n} VND")
    for forms in ((long,), (short,), (long, short, ("{m:t}:\n→ {b:n}",) * 2)):
        if _ticks(picture, axes, largest, forms, lang, all_or_none=len(forms) == 1):
            return


def _ticks(
    picture: Figure,
    axes: Axes,
    changes: list[tuple[str, float, float]],
    forms: tuple[tuple[str, str], ...],
    lang: str,
    all_or_none: bool,
) -> bool:
    """Write over each line the first of `forms` that fits, the last line first; return whether all have a label."""
    box, edge, written = axes.get_position(), 1.005, []
    for month, before, after in sorted(changes, reverse=True):  # each label ends before the one right of it begins
        at = box.x0 + box.width * (number(month) - axes.get_xlim()[0]) / (axes.get_xlim()[1] - axes.get_xlim()[0])
        for vi, en in forms:
            label = picture.text(
                at,
                box.y1 + 0.015,
                say(lang, vi=vi, en=en, m=month, a=before, b=after),
                fontsize=narrow.SMALLEST if narrow.on() else 8,
                color=MUTED,
                va="bottom",
                linespacing=1.2,
            )
            width = label.get_window_extent().width / picture.bbox.width
            left = min(at, edge - 0.02 - width)
            if left >= max(0.01, at - width):  # it reaches its line
                label.set_position((left, box.y1 + 0.015))
                edge = left
                written.append(label)
                break
            label.remove()
    if all_or_none and len(written) < len(changes):
        for label in written:
            label.remove()
    return len(written) == len(changes)


APART = 3  # pixels left and right of a number that no other one may touch
# Where a number may stand beside its dot, in points, best first.
PLACES = ((0, 11, "center"), (0, -18, "center"), (10, -4, "left"), (-10, -4, "right"), (0, 21, "center"))


def dot_labels(picture: Figure, axes: Axes, texts: Sequence[tuple[float, float, str, str]]) -> None:
    """Write `texts` (x, y, text, color) beside their dots, where they cover no dot, no other text, and are not cut.

    Where there is room they cover no other mark of the axes either.
    """
    dots = axes.transData.transform([(x, y) for x, y, _, _ in texts])
    taken = [(x - 9, y - 9, x + 9, y + 9) for x, y in dots]
    there = [label for label in (*axes.get_xticklabels(), *axes.texts) if label.get_text()]
    taken += [(box.x0, box.y0, box.x1, box.y1) for box in (label.get_window_extent() for label in there)]
    marked = [line for line in axes.lines if line.get_marker() not in ("", "None", None)]
    small = [tuple(at) for line in marked for at in axes.transData.transform(line.get_xydata())]
    covered = [(x - 4, y - 4, x + 4, y + 4) for x, y in small]
    for x, y, text, color in (t for t in texts if t[2]):
        for avoided, (dx, dy, ha) in product((covered, []), PLACES):
            label = axes.annotate(
                text,
                (x, y),
                xytext=(dx, dy),
                textcoords="offset points",
                ha=ha,
                fontsize=9,
                color=color,
                annotation_clip=False,
                zorder=8,
                bbox={"boxstyle": "square,pad=0.05", "fc": "white", "ec": "none", "alpha": 0.75},
            )
            left, low, right, high = label.get_window_extent().extents
            box = (left - APART, low, right + APART, high)
            inside = box[0] >= 0 and box[2] <= picture.bbox.x1
            if inside and not any(_overlap(box, other) for other in (*taken, *avoided)):
                taken.append(box)
                break
            label.remove()


def _overlap(a: tuple[float, float, float, float], b: tuple[float, float, float, float]) -> bool:
    """Return whether two boxes (left, bottom, right, top) have points in common."""
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]
