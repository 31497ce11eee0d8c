"""Published figures, prices and sources, looked up for a page: what stands in the tables, never what a run made."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Protocol, cast

import pandas as pd

from forecast.data import frames, tables
from forecast.data.law import Law, read_law
from forecast.data.tables import GROUPS, UserError

if TYPE_CHECKING:  # places reads history, and not the other way round
    from forecast.data.places import Place

SCHEME = "voluntary_si"
MAKERS = "the makers of this project"  # publisher of what was only recalled or judged; no source to name on a picture


class HasPlace(Protocol):
    """A question about a place."""

    @property
    def place(self) -> "Place":
        """The place."""


def published(
    place: "Place",
    measure: str,
    month: str,
    kind: str = "observation",
    group: str = "all",
    scheme: str = SCHEME,
    at: str | None = None,
) -> float:
    """Return one published figure from data/history.csv, in the unit of its measure.

    `at` names another place whose rows stand with those of `place` (its model communes). The figure must stand there
    once, or in several rows that agree, those marked as conflicting left out where there are others; else an error
    says what there is.
    """
    where = at or place.name
    rows = place.history if at is None else _history()
    rows = rows[
        (rows["place"] == where)
        & (rows["measure"] == measure)
        & (rows["scheme"] == scheme)
        & (rows["kind"] == kind)
        & (rows["group"] == group)
        & rows["value"].notna()
    ]
    same = rows[rows["month"] == month]
    clear = same[same["status"] != "conflicting"]
    found = (clear if len(clear) else same)["value"].unique()
    if len(found) != 1:
        there = ", ".join(f"{r.month}: {r.value:g}" for r in frames.rows(rows)) or "none"
        raise UserError(f"{where}: expected one {measure} ({kind}, {group}) in {month}; data/history.csv has {there}")
    return float(found[0])


def _history() -> pd.DataFrame:
    return tables.read(tables.data_dir() / "history.csv", "history")


def observed(history: pd.DataFrame, measure: str = "", group: str = "", *, conflicting: bool = True) -> pd.DataFrame:
    """Return the observations of the voluntary scheme in a history that have a value, in their order.

    `measure` and `group` keep those of one measure or group. What contradicts another figure of its source is there
    unless `conflicting` is False; who learns or judges by counts takes :func:`counts`.

    >>> rows = _history().query("place == 'Cà Mau'")
    >>> observed(rows, "members")["month"].tolist()
    ['2021-12', '2022-06']
    """
    rows = history[(history["scheme"] == SCHEME) & (history["kind"] == "observation") & history["value"].notna()]
    if not conflicting:
        rows = rows[rows["status"] != "conflicting"]
    for column, word in (("measure", measure), ("group", group)):
        rows = rows[rows[column] == word] if word else rows
    return rows


def known_since(history: pd.DataFrame, dated: pd.DataFrame | None = None) -> pd.Series:
    """Return for each row of a history the month (text) from which it was known, "" where nobody can say.

    That is the month in which its source came out, never before the month that is counted. A source dated with a
    year alone counts as out in December; one without a date (memory) never. Rows of an invented place are known at
    once. `dated` is a table of sources (data/sources.csv when left out).

    >>> rows = observed(_history().query("place == 'Cà Mau'"), "members")
    >>> rows.assign(known=known_since(rows))[["month", "known"]].to_numpy().tolist()
    [['2021-12', '2022-07'], ['2022-06', '2022-07']]
    """
    dates = (sources() if dated is None else dated.set_index("source", drop=False))["date"]
    out = history["source"].map(dates.where(dates.str.len() != 4, dates + "-12").str[:7]).fillna("")
    out = out.mask(history["status"] == "synthetic", history["month"])
    return out.mask((out != "") & (out < history["month"]), history["month"]).astype(str)


def counts(history: pd.DataFrame, dated: pd.DataFrame | None = None) -> pd.DataFrame:
    """Return the counts of members that a forecast may learn from or be judged by: `place, month, value, known`.

    Observations of the voluntary scheme, all groups together, stated or derived (or of an invented place); recalled
    figures, which nobody has checked, and conflicting ones are left out. Of several for a month the one listed
    last stands last; `known` is :func:`known_since`.
    """
    rows = observed(history, "members", "all")
    rows = rows[rows["status"].isin(("stated", "derived", "synthetic"))]
    rows = rows.assign(known=known_since(rows, dated), value=rows["value"].astype(float))
    rows = rows[["place", "month", "value", "known"]]
    found: pd.DataFrame = rows.sort_values(["place", "month"], kind="stable").reset_index(drop=True)
    return found


def net_prices(place: "Place", months: pd.PeriodIndex, law: Law | None = None) -> pd.DataFrame:
    """Return the least that a person pays for a month, VND: index month (text), one column a group."""
    path = (law or read_law()).price_arrays(months, place.lineage)
    gross = path["rate"] * path["floor"]
    net = gross[:, None] * (1 - path["state_share"] - path["local_share"])
    return pd.DataFrame(net.round(2), index=months.astype(str), columns=list(GROUPS))


def price_changes(
    place: "Place", since: str, until: str, group: str = "other", law: Law | None = None
) -> list[tuple[str, float, float]]:
    """Return (month, VND before, VND after) for each change of the least to pay after `since`, up to `until`."""
    net = net_prices(place, pd.period_range(since, until, freq="M"), law)[group]
    changed = net[net.diff().abs() > 0.5]
    before = net.shift()
    return [(str(month), float(before[str(month)]), float(value)) for month, value in changed.items()]


def sources(names: Iterable[str] | None = None) -> pd.DataFrame:
    """Return data/sources.csv (index source), or its rows of `names` in their order."""
    table = tables.read(tables.data_dir() / "sources.csv", "sources").set_index("source", drop=False)
    return table if names is None else table.loc[[n for n in dict.fromkeys(names) if n in table.index]]


def used(place: "Place | HasPlace | Sequence[Place | HasPlace]", law: bool = True) -> pd.DataFrame:
    """Return what the pages of a place, or of several, stand on: rows `table, source, status` of history and law.

    A row of the law that holds in several of them is there once.
    """
    several = together(place)
    rows = [one.history.assign(table="history")[["table", "source", "status"]] for one in several]
    if law:
        frame = read_law().frame
        lineages = {above for one in several for above in one.lineage}
        frame = frame[frame["place"].isin(lineages) & (frame["scheme"] == SCHEME)]
        rows.append(frame.assign(table="law")[["table", "source", "status"]])
    return pd.concat(rows, ignore_index=True)


def together(place: "Place | HasPlace | Sequence[Place | HasPlace]") -> "list[Place]":
    """Return one place, or several in a list (scenarios stand for theirs), as a list in which each is once."""
    several = place if isinstance(place, Sequence) else [place]
    found: list[Place] = [getattr(one, "place", None) or cast("Place", one) for one in several]
    return list({one.name: one for one in found}.values())


def publishers(place: "Place", measure: str = "members") -> list[str]:
    """Return who published the counts of `measure` of a place, the most used first."""
    rows = place.history
    rows = rows[(rows["place"] == place.name) & (rows["measure"] == measure) & (rows["scheme"] == SCHEME)]
    names = sources(rows["source"].value_counts().index)["publisher"]
    return [n for n in dict.fromkeys(name.split(" (")[0] for name in names) if n != MAKERS]
