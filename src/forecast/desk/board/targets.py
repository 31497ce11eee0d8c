"""What each province is to reach: its own number where one is public, else a derived share of the nation's.

Resolution 403/NQ-CP sets 2,444,500 members in 2030 (data/law.csv) and a review in July 2028; its numbers by province
are in an appendix that could not be read. So a province gets the nation's number by its share of the labor force, in
whole persons that add up, and the row says `derived`. The number of July 2028 is derived as well: on a straight line
from the nation's last count before the resolution that is no December.
"""

from pathlib import Path

import numpy as np
import pandas as pd

from forecast.data import frames, places, tables
from forecast.data import history as facts
from forecast.data.apportion import shared
from forecast.data.law import Law
from forecast.data.messages import SeveralErrors, UserError
from forecast.data.vocabulary import NATION, SCHEME

GOAL, REVIEW = "2030-12", "2028-07"  # of Resolution 403/NQ-CP; the review is due by 31 July 2028 (data/law.csv)
PASSED = "2025-12"  # the month of the resolution
COLUMNS = ["place", "month", "target", "basis"]
SHARES = ("labor_force", "eligible", "population")  # denominators of which places have figures


def resolution(law: Law, history: pd.DataFrame, names: tuple[str, ...]) -> pd.DataFrame:
    """Return the targets of the nation and of provinces `names` (:data:`COLUMNS`), persons.

    `basis` is `stated` or `derived`. The provinces add up to the nation, to a person.
    """
    goal = law.value("target_members", GOAL)
    counts = facts.counts(history)
    before = counts[(counts["place"] == NATION) & (counts["month"] < PASSED) & ~counts["month"].str.endswith("-12")]
    if before.empty:
        raise UserError(
            "no count of {nation} before {month} that is no December; the target of {review} needs one",
            nation=NATION,
            month=PASSED,
            review=REVIEW,
        )
    last = before.iloc[-1]
    gone, whole = (
        (tables.month(REVIEW) - tables.month(last["month"])).n,
        (tables.month(GOAL) - tables.month(last["month"])).n,
    )
    review = float(np.rint(last["value"] + (goal - last["value"]) * gone / whole))
    labor, rows = np.array([places.read_place(name, at=GOAL).labor_force for name in names]), []
    for month, value, basis in ((REVIEW, review, "derived"), (GOAL, goal, "stated")):
        rows.append((NATION, month, value, basis))
        for name, part in zip(names, shared(labor, int(value)), strict=True):
            rows.append((name, month, float(part), "derived"))
    return pd.DataFrame(rows, columns=COLUMNS)


def published(history: pd.DataFrame, month: str) -> pd.DataFrame:
    """Return the targets that provinces have published for `month` or later: place, month, target, basis, source.

    A share is turned into persons by the place's figure of what it is a share of.

    >>> rows = tables.read(tables.data_dir() / "history.csv", "history")
    >>> published(rows, "2026-11")["place"].tolist()
    ['Nghệ An']
    """
    rows = history[
        (history["scheme"] == SCHEME)
        & (history["kind"] == "target")
        & history["measure"].isin(("members", "members_share"))
        & (history["group"] == "all")
        & (history["month"] >= month)
        & (history["level"] == "province")
        & history["value"].notna()
    ]
    targets = [
        (
            row.place,
            row.month,
            persons(row.value, row.unit, row.denominator, row.place, row.month),
            "stated",
            row.source,
        )
        for row in frames.rows(rows)
    ]
    return pd.DataFrame(targets, columns=[*COLUMNS, "source"])


def persons(value: float, unit: str, denominator: str, place: str, month: str) -> float:
    """Return a target in whole persons; a share needs to say of what.

    >>> persons(2.0, "percent", "labor_force", "ha-noi", "2030-12")
    100840.0
    >>> persons(2.0, "percent", "", "ha-noi", "2030-12")
    Traceback (most recent call last):
    ...
    forecast.data.messages.UserError: Hà Nội, 2030-12: a target of 2% does not say of what; expected a denominator: ...
    """
    where = places.read_place(place, at=month)
    if unit == "persons":
        return float(np.rint(value))
    if denominator not in SHARES:
        bare = "{place}, {month}: a target of {share} does not say of what; expected a denominator: {known}"
        other = "{place}, {month}: a target of {share} is a share of {what}; expected a denominator: {known}"
        raise UserError(
            other if denominator else bare,
            place=where.name,
            month=month,
            share=f"{value:g}%",
            what=denominator,
            known=", ".join(SHARES),
        )
    base = float(getattr(where, denominator))
    if not base > 0:
        raise UserError(
            "{place}, {month}: data/places.csv has no {denominator}, so {share} is no number",
            place=where.name,
            month=month,
            denominator=denominator,
            share=f"{value:g}%",
        )
    return float(np.rint(value / 100 * base))


def read(path: str | Path) -> pd.DataFrame:
    """Return the targets of a file of one's own (table `targets`): place, month, target, basis, source.

    Each fault is named by file and row: a place that is not known or no longer there, a share that does not say of
    what.
    """
    rows, targets, faults = tables.read(path, "targets"), [], []
    for line, row in enumerate(frames.rows(rows), 2):
        try:
            name = places.read_place(row.place, at=row.month).name
            value = persons(row.value, row.unit, row.denominator, row.place, row.month)
            targets.append((name, row.month, value, "stated", row.source))
        except UserError as error:
            faults.append(UserError("{file}, row {row}: {error}", file=Path(path).name, row=line, error=error))
    if faults:
        raise SeveralErrors(faults)
    return pd.DataFrame(targets, columns=[*COLUMNS, "source"])
