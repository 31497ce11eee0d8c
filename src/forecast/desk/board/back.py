"""Would the board have been right? What it would have said at an earlier month, beside the count that came later.

The nation's last December is seen from the August before it, each count of a province from the last December that is at
least half a year before it. Of the counts, the plans and the law only what was known then is used. A
province that did not exist then is the sum of its parts.
"""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from forecast.data import history as facts
from forecast.data import tables, workers
from forecast.data.mergers import parts
from forecast.data.vocabulary import AS_IS, NATION
from forecast.desk import pieces
from forecast.desk.board.outlook import Asked, Outlook, outlooks, provinces

LEVELS = (0.5, 0.8, 0.95)
SINCE = "2017-12"  # the first month from which is looked: the subsidy began in the month after
CHOSEN = "2022-12"  # the last origin on which most of the model was chosen (decisions 23, 24, 33)
AHEAD = 6  # months at least between a board and the count that it is held against
COLUMNS = [
    "place",
    "seen",
    "month",
    "members",
    "low",
    "median",
    "high",
    "before",
    "last",
    *(f"in_{round(100 * p)}" for p in LEVELS),
]


def seen_from(place: str, month: str) -> str:
    """Return the month from which the count of a place in `month` is seen.

    >>> seen_from("Việt Nam", "2025-12"), seen_from("Hà Nội", "2025-06"), seen_from("Gia Lai", "2024-03")
    ('2025-08', '2024-12', '2022-12')
    """
    if place == NATION:
        return str(tables.month(month) - 4)
    last = tables.month(month) - AHEAD
    while last.month != 12:
        last -= 1
    return str(last)


def counted_places(history: pd.DataFrame) -> pd.DataFrame:
    """Return the counts that can judge: place, month, members, seen, last.

    They are the last one of the nation, and those of provinces that are seen from :data:`SINCE` or later; `last` says
    which are the last of their place.
    """
    counts = facts.counts(history)
    table = tables.read(tables.data_dir() / "places.csv", "places")
    known = table.loc[table["level"].isin(("nation", "province")), "place"]
    counts = counts[counts["place"].isin(known)]
    counts = counts.assign(last=~counts.duplicated("place", keep="last"), members=counts["value"])
    counts = counts[counts["last"] | (counts["place"] != NATION)]
    seen = [seen_from(place, month) for place, month in zip(counts["place"], counts["month"], strict=True)]
    counts = counts.assign(seen=seen)[["place", "month", "members", "seen", "last"]]
    counts = counts[counts["seen"] >= SINCE]
    return counts.sort_values(["seen", "place"], kind="stable").reset_index(drop=True)


def back(
    draws: int = 200,
    seed: int = 1,
    history: pd.DataFrame | None = None,
    progress: Callable[[str], None] = lambda _: None,
    *,
    jobs: int | None = 1,
    keep: Path | None = None,
) -> pd.DataFrame:
    """Return what boards of earlier months would have said of the counts that came later (:data:`COLUMNS`).

    `low` and `high` are the 80% interval; `before` is how many counts of the place had been known, `last` whether the
    count is its last; the other columns say whether the count is inside the interval of each of :data:`LEVELS`.
    `keep` is a folder for finished boards, each made by one of `jobs` processes.
    """
    table = tables.read(tables.data_dir() / "history.csv", "history") if history is None else history
    given = [
        (Asked(str(seen), str(wanted["month"].max()), draws, seed, history=history), wanted)
        for seen, wanted in counted_places(table).groupby("seen", sort=True)
    ]
    counts = table.to_csv() if keep else ""
    paths = [
        pieces.path(keep, "back", (), asked.month, asked.until, wanted.to_csv(), draws, seed, counts, suffix=".parquet")
        for asked, wanted in given
    ]
    rows = [pd.DataFrame()] * len(given)
    for number, found in workers.each(_seen, given, jobs, paths=paths):
        rows[number] = found
        progress(given[number][0].month)
    return pd.concat(rows, ignore_index=True)


def _seen(asked: Asked, wanted: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of :func:`back` that the board of one month has: of the counts `wanted`, which came later."""
    known, outlook, rows = facts.counts(asked.known_history, learn=True), outlooks(asked)[AS_IS], []
    for place, month, members, last in wanted[["place", "month", "members", "last"]].itertuples(index=False):
        values = of_then(outlook, place, asked.month)[outlook.at(month)]
        units = {place, *parts(place)}
        before = int((known["place"].isin(units) & (known["known"] <= asked.month) & (known["known"] != "")).sum())
        low, median, high = np.rint(np.quantile(values, (0.1, 0.5, 0.9)))
        inside = [_inside(values, members, level) for level in LEVELS]
        rows.append((place, asked.month, month, members, low, median, high, before, last, *inside))
    return pd.DataFrame(rows, columns=COLUMNS)


def of_then(outlook: Outlook, place: str, month: str) -> np.ndarray:
    """Return members of a place as the board of `month` has them, (months, draws): a later province as its parts."""
    if place == NATION or place in provinces(month):
        return outlook.of(place)
    return np.asarray(np.sum([outlook.of(part) for part in parts(place)], axis=0))


def _inside(values: np.ndarray, members: float, level: float) -> bool:
    low, high = np.quantile(values, (0.5 - level / 2, 0.5 + level / 2))
    return bool(low <= members <= high)


def rates(scored: pd.DataFrame) -> pd.DataFrame:
    """Return the share of provinces' counts inside each interval: which, counts, a column for each level, width.

    `which` are all counts, those of a place that had been counted before, and of both the last ones of each place;
    `width` is the median of the upper over the lower end of the 80% interval: one that holds everything says so.
    """
    provinces_only = scored[scored["place"] != NATION]
    rows, known, last = [], provinces_only["before"] > 0, provinces_only["last"]
    chosen = {"last": last, "last before": last & known, "all": last | True, "before": known}
    for name, part in ((name, provinces_only[one]) for name, one in chosen.items()):
        width = float((part["high"] / part["low"].clip(lower=1)).median())
        rows.append((name, len(part), *(part[f"in_{round(100 * p)}"].mean() for p in LEVELS), width))
    return pd.DataFrame(rows, columns=["which", "counts", *(f"in_{round(100 * p)}" for p in LEVELS), "width"])
