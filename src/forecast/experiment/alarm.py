"""Do counts of late leave the 80% intervals more often than they should? A binomial test, one forecast a count.

Forecasts of one count from many origins miss together, so each count has one: that of the beliefs before it came, else
the last that was published of its status quo, else that of the last June or December before it (data/exam.csv).
"""

import pandas as pd
from scipy.stats import binom

from forecast.data import history as facts
from forecast.data import tables
from forecast.data.frames import groups
from forecast.engines import scope_of
from forecast.experiment import calendar

LATE = 24  # months up to the newest count that are "of late"
SHARE = 0.2  # of counts should leave an 80% interval
RARE = 0.05  # an alarm is raised when chance alone would bring so many misses more seldom than this
STATUS_QUO = "status quo"
EVIDENCE = ["place", "scope", "month", "origin", "by", "inside"]
COLUMNS = ["scope", "since", "until", "counts", "outside", "expected", "p_value", "alarm"]


def evidence(new: pd.DataFrame, published: pd.DataFrame, history: pd.DataFrame) -> pd.DataFrame:
    """Return :data:`EVIDENCE`, one row for each count (place and month) that a forecast has met.

    `new` are rows of :data:`update.SURPRISE`, `published` those of the ledger; the exam is the one that is kept.
    """
    parts = [_new(new), _ledger(published, history), _exam(calendar.stored())]
    table = pd.concat(parts, ignore_index=True).drop_duplicates(["place", "month"])
    return table.sort_values(["month", "place"], kind="stable").reset_index(drop=True)


def _new(rows: pd.DataFrame) -> pd.DataFrame:
    inside = rows["observed"].between(rows["q100"], rows["q900"]).astype(bool)
    return rows.assign(scope=[scope_of(p) for p in rows["place"]], by="new", inside=inside)[EVIDENCE]


def _ledger(published: pd.DataFrame, history: pd.DataFrame) -> pd.DataFrame:
    """Return the last published status quo of each count, of the pool where it was published."""
    truth = facts.counts(history).drop_duplicates(["place", "month"], keep="last")
    rows = published[(published["measure"] == "members") & (published["group"] == "all")]
    rows = rows[rows["scenario"].str.contains("status-quo") | (rows["scenario"] == STATUS_QUO)]
    rows = rows.merge(truth[["place", "month", "value", "out"]], on=["place", "month"])
    rows = rows[rows["out"] > rows["published"].str[:7]]
    rows = rows.assign(pool=rows["engine"] == calendar.POOL).sort_values(["pool", "published"], kind="stable")
    rows = rows.drop_duplicates(["place", "month"], keep="last")
    inside = rows["value"].between(rows["q100"], rows["q900"]).astype(bool)
    return rows.assign(scope=[scope_of(p) for p in rows["place"]], by="ledger", inside=inside)[EVIDENCE]


def _exam(scored: pd.DataFrame) -> pd.DataFrame:
    """Return the pool's last forecast of each count of the exam."""
    rows = scored[scored["engine"] == calendar.POOL].sort_values("origin", kind="stable")
    rows = rows.drop_duplicates(["place", "month"], keep="last")
    return rows.assign(by="exam", inside=rows["within_80"].astype(bool))[EVIDENCE]


def outside(rows: pd.DataFrame, late: int = LATE) -> pd.DataFrame:
    """Return :data:`COLUMNS` for the nation and for other places: counts of the last `late` months of `rows`.

    `p_value` is the chance of at least so many counts outside 80% intervals that are right.

    >>> rows = pd.DataFrame({"scope": "nation", "month": ["2025-03", "2025-06", "2025-12"], "inside": [False] * 3})
    >>> outside(rows)[["counts", "outside", "p_value", "alarm"]].round(3).to_numpy().tolist()
    [[3, 3, 0.008, True]]
    """
    tests = []
    for scope, part in groups(rows, "scope", sort=True):
        until = str(part["month"].max())
        since = str(tables.month(until) - (late - 1))
        part = part[part["month"] >= since]
        n, missed = len(part), int((~part["inside"].astype(bool)).sum())
        p = float(binom.sf(missed - 1, n, SHARE))
        tests.append((scope, since, until, n, missed, SHARE * n, p, p < RARE))
    return pd.DataFrame(tests, columns=COLUMNS)
