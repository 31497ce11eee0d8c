"""What a change of the law would do: a law with some of its values replaced from a month on."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Annotated, Any, Literal

import pandas as pd
from pydantic import BaseModel, ConfigDict, Field

from forecast.data import tables
from forecast.data.law import Law
from forecast.data.vocabulary import NATION, SCHEME, GroupOrAll

MonthText = Annotated[
    str, Field(pattern=r"^\d{4}-(0[1-9]|1[0-2])$", description="month, YYYY-MM", examples=["2027-01"])
]
Ruled = Literal["min_declared_income", "contribution_rate", "state_subsidy_share", "local_top_up_share"]
UNITS = {"min_declared_income": "vnd_per_month", "contribution_rate": "share_of_declared_income"}


class Change(BaseModel):
    """A value of the law (data/law.csv) from a month on, for ever or to `until`, after which the law goes on."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    parameter: Ruled
    value: Annotated[float, Field(ge=0, allow_inf_nan=False)] = Field(description="VND a month, or a share")
    since: MonthText
    until: MonthText | Literal[""] = ""
    group: GroupOrAll = "all"
    place: str = NATION


def changed(law: Law, changes: Iterable[Change]) -> Law:
    """Return `law` under `changes`, one after the other; the rows that they replace are cut where they overlap.

    A change for all groups replaces the rows of each group.

    >>> from forecast.data.law import read_law
    >>> kept = changed(read_law(), [Change(parameter="min_declared_income", value=1_500_000, since="2027-01",
    ...                                    until="2027-12")])
    >>> [kept.value("min_declared_income", month) for month in ("2026-12", "2027-06", "2028-01")]
    [1500000.0, 1500000.0, 2200000.0]
    """
    frame = law.frame
    for change in changes:
        frame = _with(frame, change)
    return replace(law, frame=frame)


def _with(frame: pd.DataFrame, change: Change) -> pd.DataFrame:
    """Return the rows of a law under one change."""
    same = (
        (frame["scheme"] == SCHEME)
        & (frame["parameter"] == change.parameter)
        & (frame["place"] == change.place)
        & ((frame["group"] == change.group) | (change.group == "all"))
        & ((frame["until"] == "") | (frame["until"] >= change.since))
    )
    if change.until:
        same &= frame["since"] <= change.until
    cut = frame[same]
    before = cut[cut["since"] < change.since].assign(until=str(tables.month(change.since) - 1))
    parts = [frame[~same], before]
    if change.until:
        after = cut[(cut["until"] == "") | (cut["until"] > change.until)]
        parts.append(after.assign(since=str(tables.month(change.until) + 1)))
    row: dict[str, Any] = change.model_dump() | {
        "scheme": SCHEME,
        "unit": UNITS.get(change.parameter, "share_of_floor_contribution"),
        "legal_basis": "assumed by the scenario",
        "source": "judgement",
        "status": "synthetic",
    }
    parts.append(pd.DataFrame([row])[list(frame.columns)])
    return pd.concat(parts, ignore_index=True)
