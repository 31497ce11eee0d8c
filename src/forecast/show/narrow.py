"""The same picture for a phone: drawn anew on a narrow sheet, with letters that are large enough there.

A function that draws runs again while :func:`drawing` holds: its sheet is :data:`WIDTH` inches wide. Then :func:`fit`
makes room: small letters grow, lines that leave the sheet are broken, months that would touch are left out, and what
stands too close is moved apart by stretching the part between the head and the source line.
"""

import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from itertools import combinations
from typing import Any

from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.ticker import FixedLocator, MaxNLocator
from matplotlib.transforms import Bbox

WIDTH, CARD = 3.65, 2.9  # inches: 350 pixels of a phone, and 278 of a card on it
CARD_UP_TO = 4.5  # inches, of a picture on a card before it is drawn for a phone
SMALLEST, LARGEST = 8.4, 9.2  # points that letters have there; 8.25 are 11 pixels
TITLE = 11.0
STYLE: dict[str, Any] = {"font.size": LARGEST}
STRETCH = (1.0, 1.2, 1.45, 1.8, 2.3)  # of the heights between head and source line, tried in this order
EM = 0.55  # width of a letter of the house font, as a share of its size, with room to spare
WHOLE = 12  # letters of a text that is not broken: a number with its error
EDGE = 4.0  # pixels that stay free at the left and right edges
_WITH_ERROR = "\xa0±\xa0"
_on: ContextVar[bool] = ContextVar("narrow", default=False)


def on() -> bool:
    """Return whether pictures are drawn for a phone now."""
    return _on.get()


@contextmanager
def drawing() -> Iterator[None]:
    """Draw pictures for a phone for as long as this holds.

    >>> with drawing():
    ...     on()
    True
    """
    token = _on.set(True)
    try:
        yield
    finally:
        _on.reset(token)


def width(inches: float) -> float:
    """Return how wide a sheet is that is `inches` wide on a page: that of a card is smaller than others.

    >>> width(6.4)
    6.4
    """
    return inches if not on() else WIDTH if inches > CARD_UP_TO else CARD


def letters(inches: float, size: float) -> int:
    """Return how many letters of `size` points stand on a line of so many inches.

    >>> letters(3.65, 8.4)
    56
    """
    return max(6, int(inches * 72 / (size * EM)))


def filled(text: str, wide: int, size: float) -> str:
    """Return a text in lines: of `wide` letters on a page, of as many as a phone has room for in `size` points there.

    >>> with drawing():
    ...     filled("Số người tham gia, cuối tháng; dải nhạt: khoảng dự báo 90%", 84, 9.2).count(chr(10))
    1
    """
    text = " ".join(text.split()) if on() else text
    kept = text.replace(" ± ", _WITH_ERROR)  # a number and its error stay on one line
    return textwrap.fill(kept, letters(0.96 * WIDTH, size) if on() else wide).replace(_WITH_ERROR, " ± ")


def fit(picture: Figure, head: list[Text], foot: list[Text], spare: tuple[float, float]) -> None:
    """Make a narrow picture readable; `head` and `foot` are its texts above and below, which keep their places.

    `spare` are the inches that the picture, as it was drawn, has for head and foot.
    """
    picture.draw_without_rendering()  # which puts names of axes where they belong
    for text in _texts(picture):
        if text not in head:
            text.set_fontsize(min(max(text.get_fontsize(), SMALLEST), LARGEST))
    for axes in picture.axes:
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_tick_params(labelsize=SMALLEST)
            axis.offsetText.set_fontsize(SMALLEST)
    for axes in picture.axes:
        _break_ticks(picture, axes)
        _thin(axes.xaxis)
    for text in _texts(picture):
        _break(picture, text)
    for axes in picture.axes:
        _shrink(picture, axes)
        _thin(axes.xaxis)
    _stretched(picture, head, foot, spare)


def _texts(picture: Figure) -> list[Text]:
    """Return all that is written and seen, the labels of the ticks in view included."""
    found = list(picture.texts)
    for axes in picture.axes:
        found += [*axes.texts, axes.title, axes._left_title]  # type: ignore[attr-defined]
        for axis in (axes.xaxis, axes.yaxis) if axes.axison else ():
            found += [axis.label, *_ticks(axis)]
    return [text for text in found if text.get_visible() and text.get_text().strip()]


def _ticks(axis: Axis) -> list[Text]:
    """Return the labels of the ticks that are in view."""
    low, high = sorted(axis.get_view_interval())
    little = 1e-6 * (high - low)
    labels = zip(axis.get_majorticklocs(), axis.get_ticklabels(), strict=False)
    return [label for at, label in labels if low - little <= at <= high + little and label.get_text()]


def _break(picture: Figure, text: Text) -> None:
    """Break a text that leaves the sheet into lines that do not, as far as its words allow."""
    words, room = " ".join(text.get_text().replace("-\n", "-").split()), _room(picture, text)
    width = len(words) + 1
    if width <= WHOLE or _inside(text.get_window_extent(), room) or text.get_rotation():
        return
    while width > 6 and not _inside(text.get_window_extent(), room):
        width -= 1 if width < 30 else 2
        text.set_text(textwrap.fill(words, width, break_long_words=False, break_on_hyphens=False))


def _room(picture: Figure, text: Text) -> float:
    """Return up to where a text may reach: the edge, or the axes that stand right of those that it is the title of."""
    titles = ((axes, (axes.title, axes._left_title)) for axes in picture.axes)  # type: ignore[attr-defined]
    mine = next((axes for axes, own in titles if text in own), None)
    if mine is None:
        return float(picture.bbox.width) - EDGE
    here = mine.get_position()
    beside = [box.x0 for box in (axes.get_position() for axes in picture.axes) if box.y0 < here.y1 and here.y0 < box.y1]
    return float(picture.bbox.width * min([x for x in beside if x > here.x1], default=1.0)) - EDGE


def _inside(box: Bbox, room: float) -> bool:
    return bool(box.x0 >= EDGE and box.x1 <= room)


def _break_ticks(picture: Figure, axes: Axes) -> None:
    """Break the names left of the axes that leave the sheet."""
    if not isinstance(axes.yaxis.get_major_locator(), FixedLocator):
        return
    labels = axes.get_yticklabels()
    for text in labels:
        _break(picture, text)
    axes.set_yticks(axes.get_yticks(), [text.get_text() for text in labels])


def _thin(axis: Axis) -> None:
    """Leave out ticks of an axis until no label touches its neighbor."""
    for most in (6, 5, 4, 3, 2, 1):
        boxes = sorted((text.get_window_extent() for text in _ticks(axis)), key=lambda box: float(box.x0))
        if all(a.x1 + 3 < b.x0 for a, b in zip(boxes, boxes[1:], strict=False)):
            return
        if not isinstance(axis.get_major_locator(), FixedLocator):
            axis.set_major_locator(MaxNLocator(most))
            continue
        ticks = list(axis.get_majorticklocs())
        names = [text.get_text() for text in axis.get_ticklabels()]
        kept = range(len(ticks) - 1, -1, -2)  # the last one stays
        axis.set_ticks([ticks[i] for i in kept], [names[i] for i in kept])


def _shrink(picture: Figure, axes: Axes) -> None:
    """Take from the width of axes what the words beside them lack, half of it at most."""
    boxes = [
        text.get_window_extent()
        for text in (*axes.texts, axes.yaxis.label, *_ticks(axes.xaxis), *_ticks(axes.yaxis))
        if text.get_text().strip()
    ]
    if not boxes or not axes.axison:
        return
    width = picture.bbox.width
    left = max(0.0, EDGE - min(float(box.x0) for box in boxes)) / width
    right = max(0.0, max(float(box.x1) for box in boxes) - width + EDGE) / width
    place = axes.get_position()
    if 0 < left + right < place.width / 2:
        axes.set_position((place.x0 + left, place.y0, place.width - left - right, place.height))


def _stretched(picture: Figure, head: list[Text], foot: list[Text], spare: tuple[float, float]) -> None:
    """Give head and foot the height that they need, and stretch what is between them until nothing overlaps."""
    drawn = picture.get_figheight()
    above, below = (_inches(picture, texts) for texts in (head, foot))
    above, below = above + 0.12, below + 0.1
    places = [axes.get_position() for axes in picture.axes]
    others = [text for text in picture.texts if text not in (*head, *foot)]
    heights = [float(text.get_position()[1]) * drawn for text in others]
    best: tuple[int, float] | None = None
    for stretch in STRETCH:
        faults = _spread(picture, (head, foot), (places, others, heights), (drawn, above, below, spare), stretch)
        if best is None or faults < best[0]:
            best = (faults, stretch)
        if not faults:
            break
    assert best is not None  # there are stretches to try
    _spread(picture, (head, foot), (places, others, heights), (drawn, above, below, spare), best[1])


def _spread(
    picture: Figure,
    ends: tuple[list[Text], list[Text]],
    body: tuple[list[Bbox], list[Text], list[float]],
    inches: tuple[float, float, float, tuple[float, float]],
    stretch: float,
) -> int:
    """Place all parts for one stretch and return how many texts overlap then."""
    (places, others, heights), (drawn, above, below, spare) = body, inches
    high = above + below + (drawn - sum(spare)) * stretch
    picture.set_figheight(high)

    def at(inch: float) -> float:
        return (below + (inch - spare[1]) * stretch) / high

    for axes, box in zip(picture.axes, places, strict=True):
        axes.set_position((box.x0, at(box.y0 * drawn), box.width, box.height * drawn * stretch / high))
    for text, inch in zip(others, heights, strict=True):
        text.set_y(at(inch))
    top = high - 0.1
    for text in ends[0]:
        text.set_y(top / high)
        top -= _inches(picture, [text]) + 0.05
    for text in ends[1]:
        text.set_y(0.05 / high)
    boxes = [(text, Text.get_window_extent(text)) for text in _texts(picture)]  # of words without the lines to them
    return sum(
        min(a.x1, b.x1) - max(a.x0, b.x0) > 1.5 and min(a.y1, b.y1) - max(a.y0, b.y0) > 1.5
        for (_, a), (_, b) in combinations(boxes, 2)
    )


def _inches(picture: Figure, texts: list[Text]) -> float:
    """Return the height of texts, one under another."""
    return sum(float(text.get_window_extent().height) / picture.dpi + 0.05 for text in texts if text.get_text())
