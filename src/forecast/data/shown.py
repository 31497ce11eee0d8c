"""How a thing of ours shows itself as the last value of a notebook's cell: a small table in the reader's language.

A class says `_repr_html_ = shown.html` and no more. What stands in the table is told in one place above all packages,
:mod:`forecast.show.cards`, which is loaded when something is shown.
"""

from collections.abc import Callable
from pkgutil import resolve_name

CARDS = "forecast.show.cards:html"


def html(thing: object) -> str:
    """Return `thing` as HTML, escaped, in the language that is spoken, or else that of ``FORECAST_LANG``, or English.

    >>> from forecast.data import toy
    >>> html(toy.place()).startswith("<table>")
    True
    """
    renderer: Callable[[object], str] = resolve_name(CARDS)
    return renderer(thing)
