"""The published figures that parameters are learned from, each with its error."""

import numpy as np
import pandas as pd

from forecast.data import history, tables
from forecast.data.history import observed
from forecast.data.places import Place, read_place
from forecast.data.vocabulary import NATION as NATION

SINCE = "2018"  # the state's subsidy began; counts before it are of another scheme
# Least standard deviation of the log of a published count by its status, for parameters of behavior (judgement).
STATUS_SD = {"stated": 0.02, "derived": 0.03, "synthetic": 0.02, "recalled": 0.06, "conflicting": 0.10}
CITY, MODELS = "Hà Nội", "Hà Nội/30 xã điểm"
# Published entries of spans of months: place, measure, month of the row, first month of the span.
FLOWS = (
    (NATION, "entries", "2019-12", "2019-01"),
    (CITY, "entries_per_commune", "2021-12", "2021-06"),
    (MODELS, "entries_per_commune", "2021-12", "2021-06"),
)
# What an office did in the months of its counts, as its scenario file describes it.
POLICIES = {"Đông Triều": "dong-trieu-plan", "Đà Bắc": "da-bac-plan"}
DENSE = "Nghệ An"  # its collectors per person stand for places whose communes are not listed


def errors(rows: pd.DataFrame) -> pd.Series:
    """Return the standard deviation of the log of each count: that of the history, at least :data:`STATUS_SD`.

    >>> errors(pd.DataFrame({"status": ["stated", "derived", "stated"], "error": [None, 0.02, 0.06]})).tolist()
    [0.02, 0.03, 0.06]
    """
    least = rows["status"].map(STATUS_SD).astype(float)
    return history.errors(rows).clip(lower=least)


def counts(place: Place) -> pd.DataFrame:
    """Return the counts of members of a place that are used, oldest first, each with its `sd` (of the log).

    >>> counts(read_place("Cà Mau")).loc[2:3, ["month", "value", "sd"]].to_numpy().tolist()
    [['2021-12', 26948.0, 0.03], ['2022-06', 21824.0, 0.02]]
    """
    rows = observed(place.history, "members", "all")
    rows = rows[(rows["month"] >= SINCE) & (history.usable(rows) | (rows["status"] == "conflicting"))]
    rows = rows.assign(sd=errors(rows), doubt=rows["status"] == "conflicting")
    found: pd.DataFrame = rows.sort_values(["month", "doubt"], kind="stable").reset_index(drop=True)
    return found


def is_track(place: Place) -> bool:
    """Say whether a place was counted in two months, so that something can be learned from how it went."""
    return counts(place)["month"].nunique() > 1


def assumes_collectors(place: Place) -> bool:
    """Say whether a place's collectors are taken from elsewhere: its communes are not listed, nor its collectors."""
    return len(place.communes) == 1 and place.name != MODELS and not (place.history["measure"] == "collectors").any()


def with_groups(place: Place) -> list[str]:
    """Return the groups whose members were counted in the month of the last count of all."""
    whole = place.latest("members", until=None)
    found = {group: place.latest("members", until=None, group=group) for group in tables.GROUPS}
    return [group for group, one in found.items() if one and whole and one[0] == whole[0]]


def figures(place: Place) -> pd.DataFrame:
    """Return the rows of data/history.csv that calibration reads about a place: counts, flows, collectors, income.

    >>> figures(read_place("Cà Mau"))["measure"].tolist()
    ['members', 'members', 'members', 'members', 'members', 'collectors', 'income_per_head']
    """
    rows, months, parts = counts(place), [], []
    if is_track(place):
        parts.append(rows[(rows.index == 0) | (rows["month"] > rows["month"].iloc[0])])
        months.append(rows["month"].iloc[0])
        flows = [
            observed(place.history, measure, "all").query("month == @month")
            for name, measure, month, _ in FLOWS
            if name == place.name
        ]
        parts += flows
    for group in with_groups(place):
        month, value, _ = place.latest("members", until=None, group=group) or (None, 0.0, "")
        parts += [
            observed(place.history, "members", who).query("month == @which").tail(1)
            for which in [str(month)]
            for who in (group, "all")
        ]
        months.append(str(month))
    parts += [_collectors(place, month) for month in months if not assumes_collectors(place)]
    parts += [_income(place)] if months else []
    found: pd.DataFrame = pd.concat([place.history[:0], *parts])[list(place.history)]
    return found.drop_duplicates().reset_index(drop=True)


def counted_places() -> list[str]:
    """Return the places whose members were ever counted, in the order of data/history.csv: calibration takes them all.

    >>> counted_places()[:2]
    ['Đà Bắc', 'Đông Triều']
    """
    rows = tables.read(tables.data_dir() / "history.csv", "history")
    rows = observed(rows, "members")
    return list(dict.fromkeys(rows.loc[rows["level"] != "region", "place"]))


def _collectors(place: Place, month: str) -> pd.DataFrame:
    """The published count of collectors nearest in time to `month`, if there is one."""
    rows = observed(place.history, "collectors", "all")
    away = [abs(tables.month_index(tables.month(m)) - tables.month_index(tables.month(month))) for m in rows["month"]]
    return rows.iloc[[int(np.argmin(away))]] if away else rows


def _income(place: Place) -> pd.DataFrame:
    """The last published income per head of the place, else of the nearest that contains it."""
    for name in place.lineage:
        rows = place.history if name == place.name else read_place(name).history
        rows = rows[(rows["measure"] == "income_per_head") & rows["value"].notna()]
        if len(rows):
            return rows.tail(1)
    return place.history[:0]
