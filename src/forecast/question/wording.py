"""Words of planners in a question: groups, levers, measures and payers by their names in either language."""

from collections.abc import Callable
from functools import cache

from forecast.data.places import slug


@cache
def _names(kind: str) -> dict[str, str]:
    """Return the word of the program for each name of a kind, without diacritics; only names that mean one thing."""
    from forecast.language import words  # only where a word is not one of the program

    meanings: dict[str, set[str]] = {}
    for key, row in words.terms().iterrows():
        head, _, name = str(key).partition(".")
        if head == kind:
            for text in (name, *(str(row[lang]) for lang in words.LANGS)):
                meanings.setdefault(slug(text), set()).add(name)
    return {text: next(iter(names)) for text, names in meanings.items() if len(names) == 1}


def meant(kind: str) -> Callable[[object], object]:
    """Return what reads a word of a kind ("group", "lever", "measure", "payer"); others it leaves alone.

    >>> meant("group")("hộ nghèo"), meant("group")("can ngheo"), meant("lever")("top up"), meant("group")("rich")
    ('poor', 'near_poor', 'TopUp', 'rich')
    """

    def read(text: object) -> object:
        if not isinstance(text, str):
            return text
        known = _names(kind)
        word = slug(text)
        return known.get(word) or known.get(f"ho-{word}") or known.get(word.replace("-", "")) or text

    return read
