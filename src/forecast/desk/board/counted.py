"""The last count of each province, carried through the merger of July 2025, and how old it is."""

from typing import NamedTuple

import pandas as pd

from forecast.data import frames, mergers, tables
from forecast.data import history as facts
from forecast.data.vocabulary import NATION

OLD = 9  # months after which a count is marked as old
COLUMNS = ["place", "month", "members", "of", "known_parts", "parts", "age"]


class Last(NamedTuple):
    """The last count of a place: its month, persons, and of what it is: `own`, `parts` (all or some), or `none`."""

    month: str
    members: float
    of: str
    known: int
    parts: int


def last_counts(history: pd.DataFrame, names: tuple[str, ...], month: str) -> pd.DataFrame:
    """Return the last count known by `month` of the nation and of provinces `names` (:data:`COLUMNS`).

    A province that was put together and not counted since has the sum of the last counts of its parts (`of` is
    `parts`); `month` is then that of the oldest of them, and `known_parts` of `parts` were counted. Where a part was
    never counted there is no sum: members are NaN. `age` is in months.
    """
    counts = facts.counts(history, learn=True)
    counts = counts[(counts["known"] != "") & (counts["known"] <= month) & (counts["month"] <= month)]
    last = counts.drop_duplicates("place", keep="last").set_index("place")
    rows = []
    for name in (NATION, *names):
        count = _last(name, last)
        age = (tables.month(month) - tables.month(count.month)).n if count.month else float("nan")
        rows.append((name, count.month, count.members, count.of, count.known, count.parts, age))
    return pd.DataFrame(rows, columns=COLUMNS)


def _last(name: str, last: pd.DataFrame) -> Last:
    if name in last.index:
        return Last(str(frames.at(last, name, "month")), float(frames.at(last, name, "value")), "own", 1, 1)
    made_of = mergers.parts(name)
    known = [part for part in made_of if part in last.index]
    if not known:
        return Last("", float("nan"), "none", 0, len(made_of))
    total = float(last.loc[known, "value"].sum()) if len(known) == len(made_of) else float("nan")
    return Last(str(last.loc[known, "month"].min()), total, "parts", len(known), len(made_of))
