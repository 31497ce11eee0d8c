"""Names of collectors' areas in a list of persons, without the name, code or address of anybody.

A list may say the area in words ("Cụm 3", "Điểm thu Tú Lý") or by the code of the collector alone. A text is kept only
if it is an area's word with a number or a commune; any other may be a person's name or an address, and a code is one,
so these become a number, told apart by the commune in which most of their members live.
"""

import re
from collections import Counter
from collections.abc import Mapping

from forecast.exchange.reading.names import Names
from forecast.exchange.reading.texts import fold

CODE = "\x00"
"""Stands before what is the code of a collector and not the name of an area."""
_WORDS = r"khu vuc|khu|kv|cum|tuyen|to|diem thu|diem|dia ban|dai ly|to chuc dich vu|buu dien|buu cuc|bd|vhx|van hoa|thu"
_NUMBERED = re.compile(rf"(?:(?:{_WORDS})\s*)+(?:so )?((?:[a-z]{{1,3}}[ -]?)?\d{{1,3}}|[ivx]{{1,4}}|[a-z])")
_NAMED = re.compile(rf"(?:(?:{_WORDS})\s+)*")


def named(areas: Mapping[str, Counter[str]], names: Names | None) -> dict[str, str]:
    """Return a name for each area that may be written; `areas` counts the communes of its members.

    >>> named({"Cụm 3": Counter(), "Nguyễn Văn A": Counter({"Tú Lý": 2}), CODE + "NV01": Counter()}, None)
    {'Cụm 3': 'Cụm 3', '\\x00NV01': 'nhân viên thu 1', 'Nguyễn Văn A': 'khu vực 1 (Tú Lý)'}
    """
    labels = {text: text for text in areas if not text or _may_be_kept(text, names)}
    for word, codes in (("nhân viên thu", True), ("khu vực", False)):
        hidden = sorted(text for text in areas if text not in labels and text.startswith(CODE) == codes)
        for number, text in enumerate(hidden, 1):
            most = [commune for commune, _ in areas[text].most_common() if commune]
            labels[text] = f"{word} {number}" + (f" ({most[0]})" if most else "")
    return labels


def _may_be_kept(text: str, names: Names | None) -> bool:
    """Return whether a text is no more than an area's word with a number, or with the name of a commune."""
    if text.startswith(CODE):
        return False
    folded = fold(text)
    if _NUMBERED.fullmatch(folded):
        return True
    start = _NAMED.match(folded)
    words = text.split()[len(folded[: start.end()].split()) if start else 0 :]
    return names is not None and bool(words) and bool(names.match(" ".join(words)).unit)
