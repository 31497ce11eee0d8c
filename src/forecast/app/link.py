"""The state of the scenario page as the end of an address, which people can read: `?from=da-bac-plan&Visits=40`."""

from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import parse_qsl, urlencode

LONGEST = 8_000
"""Characters of a link that is read: browsers and mail cut longer ones."""


class State(NamedTuple):
    """What a link holds: settings of the page, and of each control that was moved its level and what was changed."""

    settings: dict[str, str]
    levels: dict[str, int]
    edits: dict[str, dict[str, str]]


def write(settings: Mapping[str, str], levels: Mapping[str, int], edits: Mapping[str, Mapping[str, str]]) -> str:
    """Return the link, from its question mark on.

    >>> write({"from": "da-bac-plan"}, {"TopUp/poor": 20}, {"TopUp/poor": {"payer": "donors"}})
    '?from=da-bac-plan&TopUp/poor=20&TopUp/poor.payer=donors'
    """
    fields = [*settings.items(), *((key, str(level)) for key, level in levels.items())]
    fields += [(f"{key}.{name}", text) for key, changed in edits.items() for name, text in changed.items()]
    return "?" + urlencode(fields, safe="/:|")


def read(query: str, settings: frozenset[str]) -> State:
    """Return what a link holds; `settings` are the names that are no controls. What is no number is no level.

    >>> read("?from=x&Visits=4&Visits.start=2022-07&plan1=a", frozenset({"from"}))
    State(settings={'from': 'x'}, levels={'Visits': 4}, edits={'Visits': {'start': '2022-07'}})
    """
    state = State({}, {}, {})
    for name, text in parse_qsl(query.removeprefix("?")[:LONGEST]):
        key, _, field = name.partition(".")
        if name in settings:
            state.settings[name] = text
        elif field:
            state.edits.setdefault(key, {})[field] = text
        elif text.isdecimal() and len(text) <= 4:
            state.levels[key] = int(text)
    return state
