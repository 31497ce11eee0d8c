"""Published figures, prices and sources, looked up for a page: what stands in the tables, never what a run made."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Protocol, cast

import pandas as pd

from forecast.data import frames, tables
from forecast.data.law import Law, read_law
from forecast.data.messages import Message, UserError
from forecast.data.tables import GROUPS
from forecast.data.vocabulary import NATION
from forecast.data.vocabulary import SCHEME as SCHEME  # named again for readers of histories

if TYPE_CHECKING:  # places reads history, and not the other way round
    from forecast.data.places import Place

STATUS_ERROR = {"stated": 0.015, "derived": 0.02, "synthetic": 0.01, "recalled": 0.03, "conflicting": 0.06}
"""Standard deviation of the log of a count by its status, where the row gives none (judgement)."""
ROUGHEST = 0.10
"""Largest error (standard deviation of the log) of a count that stands as a place's own figure (judgement)."""
PLANNED = ("plan", "target")  # kinds of figures of what is to be, beside observations
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
    values = (clear if len(clear) else same)["value"].unique()
    if len(values) != 1:
        there = ", ".join(f"{r.month}: {r.value:g}" for r in frames.rows(rows)) or Message("none")
        raise UserError(
            "{where}: expected one {measure} ({kind}, {group}) in {month}; data/history.csv has {there}",
            where=where,
            measure=measure,
            kind=kind,
            group=group,
            month=month,
            there=there,
        )
    return float(values[0])


def _history() -> pd.DataFrame:
    return tables.read(tables.data_dir() / "history.csv", "history")


def observed(history: pd.DataFrame, measure: str = "", group: str = "", *, conflicting: bool = True) -> pd.DataFrame:
    """Return the observations of the voluntary scheme in a history that have a value, in their order.

    `measure` and `group` keep those of one measure or group. What contradicts another figure of its source is there
    unless `conflicting` is False; who learns or judges by counts takes :func:`counts`.

    >>> rows = _history().query("place == 'Cà Mau'")
    >>> observed(rows, "members")["month"].tolist()
    ['2021-12', '2022-06', '2019-12', '2020-12', '2024-09']
    """
    return _of_kinds(history, ("observation",), measure, group, conflicting)


def with_plans(history: pd.DataFrame, measure: str, group: str = "all") -> pd.DataFrame:
    """Return the observations of a measure beside what was planned and hoped for, none that contradicts another figure.

    >>> sorted(set(with_plans(_history().query("place == 'Cà Mau'"), "members")["kind"]))
    ['observation', 'plan', 'target']
    """
    return _of_kinds(history, ("observation", *PLANNED), measure, group, conflicting=False)


def _of_kinds(
    history: pd.DataFrame, kinds: tuple[str, ...], measure: str, group: str, conflicting: bool
) -> pd.DataFrame:
    """Return the rows of the voluntary scheme of some kinds that have a value, in their order."""
    rows = history[(history["scheme"] == SCHEME) & history["kind"].isin(kinds) & history["value"].notna()]
    if not conflicting:
        rows = rows[rows["status"] != "conflicting"]
    for column, word in (("measure", measure), ("group", group)):
        rows = rows[rows[column] == word] if word else rows
    return rows


def out_since(history: pd.DataFrame, dated: pd.DataFrame | None = None) -> pd.Series:
    """Return for each row of a history the month (text) in which its source came out, "" where nobody can say.

    That is never before the month that is described. A source dated with a year alone counts as out in December; one
    without a date (memory) never. Rows of an invented place are out at once. `dated` is a table of sources
    (data/sources.csv when left out). What was said before that month was said without having read the figure.

    >>> rows = observed(_history().query("place == 'Cà Mau'"), "members")
    >>> rows = rows[rows["month"].between("2021-12", "2022-06")]
    >>> rows.assign(out=out_since(rows))[["month", "out"]].to_numpy().tolist()
    [['2021-12', '2022-07'], ['2022-06', '2022-07']]
    """
    dates = (sources() if dated is None else dated.set_index("source", drop=False))["date"]
    out = history["source"].map(dates.where(dates.str.len() != 4, dates + "-12").str[:7]).fillna("")
    out = out.mask(history["status"] == "synthetic", history["month"])
    return out.mask((out != "") & (out < history["month"]), history["month"]).astype(str)


def known_since(history: pd.DataFrame, dated: pd.DataFrame | None = None) -> pd.Series:
    """Return for each row of a history the month (text) from which it was known, "" where nobody can say.

    That is the column `known` where it is filled: for a count the month in which its office had it, which is the month
    that is counted, or a later one where the figure follows from a later count alone. Elsewhere it is
    :func:`out_since`.

    >>> rows = _history().query("place == 'Hà Nội' and measure == 'members' and month >= '2024'")
    >>> rows = rows[(rows["scheme"] == "voluntary_si") & (rows["kind"] == "observation")]
    >>> rows.assign(known=known_since(rows))[["month", "known"]].to_numpy().tolist()
    [['2024-06', '2025-06'], ['2025-06', '2025-06']]
    """
    stated = _text(history, "known")
    return out_since(history, dated).where(stated == "", stated)


def usable(history: pd.DataFrame, learn: bool = True) -> pd.Series:
    """Return for each row of a history whether a model may learn from its figure, or (`learn=False`) be judged by it.

    Stated and derived figures, and those of an invented place. A recalled figure, which nobody has checked, and a
    conflicting one carry no calibration, nor does one whose `use` is "no" (a bound, say). One whose `use` is "learn"
    (an estimate with a wide error, a doubtful wording) is learned from with its error and judges nothing.

    >>> rows = _history().query("measure == 'members' and kind == 'observation' and month in ('2022-12', '2024-11')")
    >>> rows = rows[rows["place"] == "Việt Nam"]
    >>> usable(rows).tolist(), usable(rows, learn=False).tolist()
    ([False, True], [False, False])
    """
    fit = history["status"].isin(("stated", "derived", "synthetic")) & history["value"].notna()
    return fit & _text(history, "use").isin(("", "learn") if learn else ("",))


def firm(history: pd.DataFrame) -> pd.Series:
    """Return for each row of a history whether its figure can stand as a place's own: no bound, and not too rough.

    A count whose error is above :data:`ROUGHEST` is learned from, but nothing starts from it.

    >>> rows = _history().query("place == 'Hà Tĩnh' and measure == 'members' and kind == 'observation'")
    >>> rows.loc[~firm(rows), "month"].tolist()
    ['2019-12']
    """
    return (_text(history, "use") != "no") & ~(_numbers(history, "error") > ROUGHEST)


def errors(history: pd.DataFrame) -> pd.Series:
    """Return the standard deviation of the log of each figure: the column `error`, or by the status where it is empty.

    >>> errors(_history().query("place == 'Cà Mau' and month == '2024-09' and measure == 'members'")).tolist()
    [0.02]
    """
    by_status = history["status"].map(STATUS_ERROR).astype(float)
    return _numbers(history, "error").fillna(by_status)


def _text(history: pd.DataFrame, column: str) -> pd.Series:
    """Return a text column that a history may lack, "" where it does."""
    cells = history[column] if column in history else pd.Series("", index=history.index)
    return cells.astype(object).where(cells.notna(), "")


def _numbers(history: pd.DataFrame, column: str) -> pd.Series:
    """Return a number column that a history may lack, NaN where it does."""
    cells = history[column] if column in history else pd.Series(float("nan"), index=history.index)
    return pd.to_numeric(cells, errors="coerce").astype(float)


def counts(history: pd.DataFrame, dated: pd.DataFrame | None = None, learn: bool = False) -> pd.DataFrame:
    """Return the counts of members that a forecast is judged by: `place, month, value, known, out, error`.

    Observations of the voluntary scheme, all groups together, that are :func:`usable`; `learn` adds those that may
    only be learned from. Of several for a month the one listed last stands last; `known` is :func:`known_since`,
    `out` :func:`out_since`, `error` the standard deviation of the log (:func:`errors`).

    >>> table = counts(_history(), learn=True).set_index(["place", "month"])
    >>> table.at[("Việt Nam", "2024-11"), "known"], float(table.at[("Việt Nam", "2024-11"), "error"])
    ('2025-11', 0.2)
    """
    rows = observed(history, "members", "all")
    rows = rows[usable(rows, learn)]
    rows = rows.assign(
        value=rows["value"].astype(float),
        known=known_since(rows, dated),
        out=out_since(rows, dated),
        error=errors(rows),
    )
    rows = rows[["place", "month", "value", "known", "out", "error"]]
    return rows.sort_values(["place", "month"], kind="stable").reset_index(drop=True)


def first_known(history: pd.DataFrame, place: str) -> str:
    """Return the month (text) in which the first count of a place was known that a model learns from, "" for none.

    >>> first_known(_history(), "Việt Nam")
    '2015-11'
    """
    rows = counts(history, learn=True)
    return min((known for known in rows.loc[rows["place"] == place, "known"] if known), default="")


def nothing_known(history: pd.DataFrame, place: str, month: str) -> UserError:
    """Return the error of a month in which no count of a place was known: it names the first month that has one.

    >>> print(nothing_known(_history(), "Việt Nam", "2012-01"))
    2012-01: no count of Việt Nam was known; the first is of 2015-11
    """
    text = "{month}: no count of {nation} was known; the first is of {first}"
    return UserError(text, month=month, nation=place, first=first_known(history, place) or Message("none"))


def startable(month: str) -> None:
    """Raise :class:`~forecast.data.tables.UserError` for a month in which no scenario can start; it names the first.

    What would have been had nothing changed is learned from the nation's counts: one has to be known.

    >>> startable("2015-11")
    """
    history = _history()
    if month < first_known(history, NATION):
        raise nothing_known(history, NATION, month)


def plans(history: pd.DataFrame, dated: pd.DataFrame | None = None) -> pd.DataFrame:
    """Return plans and targets for the members of a December: `place, year, value, kind, status, known`.

    `plan` is what the office above assigned, `target` what was hoped for; a place may have both for one year, and
    plans stand first. Shares and plans of recruits are left out. `known` is :func:`known_since`: a plan is known from
    the third month of its year (judgement: an office knows its own), the nation's from when it was published.

    >>> table = plans(_history()).query("kind == 'plan'").set_index(["place", "year"])
    >>> float(table.at[("Việt Nam", "2025"), "value"]), table.at[("Việt Nam", "2025"), "known"]
    (2947000.0, '2025-03')
    """
    rows = history[
        (history["scheme"] == SCHEME)
        & (history["measure"] == "members")
        & (history["group"] == "all")
        & history["kind"].isin(PLANNED)
        & history["month"].str.endswith("-12")
        & usable(history)
    ]
    rows = rows.assign(year=rows["month"].str[:4], known=known_since(rows, dated), value=rows["value"].astype(float))
    rows = rows.sort_values(["place", "year", "kind"], kind="stable")
    return rows[["place", "year", "value", "kind", "status", "known"]].reset_index(drop=True)


def net_prices(place: "Place", months: pd.PeriodIndex, law: Law | None = None) -> pd.DataFrame:
    """Return the least that a person pays for a month, VND: index month (text), one column a group."""
    path = (law or read_law()).price_arrays(months, place.lineage)
    gross = path["rate"] * path["floor"]
    net = gross[:, None] * (1 - path["state_share"] - path["local_share"])
    return pd.DataFrame(net.round(2), index=months.astype(str), columns=list(GROUPS))


def price_changes(
    place: "Place", since: str, until: str, group: str = "other", law: Law | None = None
) -> list[tuple[str, float, float]]:
    """Return (month, VND before, VND after) of each change of the minimum contribution after `since`, up to `until`."""
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
    places: list[Place] = [getattr(one, "place", None) or cast("Place", one) for one in several]
    return list({one.name: one for one in places}.values())


def publishers(place: "Place", measure: str = "members") -> list[str]:
    """Return who published the counts of `measure` of a place, the most used first."""
    rows = place.history
    rows = rows[(rows["place"] == place.name) & (rows["measure"] == measure) & (rows["scheme"] == SCHEME)]
    names = sources(rows["source"].value_counts().index)["publisher"]
    return [n for n in dict.fromkeys(name.split(" (")[0] for name in names) if n != MAKERS]
