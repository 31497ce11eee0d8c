"""The vintage of what was made, in words: the day, up to which month counts are known, up to which change the law."""

from typing import Any

from forecast.language import words
from forecast.language.words import Text, say


def vintage(lang: str, facts: dict[str, Any]) -> str:
    """Return what `facts` (:func:`forecast.data.known.vintage`) say, empty where they say nothing.

    >>> vintage("en", {"made": "2026-11-30", "counts_until": "2025-12", "law_until": "2027-01"})
    'made 30 Nov 2026, counts up to Dec 2025, law with changes up to Jan 2027'
    """
    parts = [
        say(lang, vi="lập ngày {d}", en="made {d}", d=words.day(facts["made"], lang)) if facts.get("made") else "",
        say(lang, vi="số liệu đến {t:t}", en="counts up to {t:t}", t=facts["counts_until"])
        if facts.get("counts_until")
        else "",
        say(lang, vi="luật với các thay đổi đến {t:t}", en="law with changes up to {t:t}", t=facts["law_until"])
        if facts.get("law_until")
        else "",
    ]
    return ", ".join(part for part in parts if part)


def sentence(lang: str, facts: dict[str, Any]) -> Text:
    """Return the vintage as a sentence for the foot of a file of its own.

    >>> sentence("vi", {"made": "2026-11-30", "counts_until": "2025-12"})
    'Lập ngày 30/11/2026, số liệu đến 12/2025.'
    """
    said = vintage(lang, facts)
    return Text(said[:1].upper() + said[1:] + "." if said else "")
