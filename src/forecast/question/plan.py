"""The plan: what each commune gets in each month, which is all that an engine sees of a policy.

Columns, shape (months, communes), or (months, communes, groups) where marked *:
collectors (persons), visits (extra household visits a month), assisted (share of visits that help with the form),
training (effective share of collectors trained), quota (new members per collector and month), staff (officials who
recruit), staff_quota (new members per official and month), meetings, broadcasts (per month), drives (campaign days),
model (0 to 1: how far a commune is run as a model commune), reminders (share of due members on a list), advice (share
of payers advised to pay a year), cadres (share of visits with a local cadre), order (+1 easy hamlets first, -1
farthest first), inspection (hours a month), top_up* and top_up_donors* (extra share of the floor contribution),
gift* (persons given a book a month), gift_months* (months in a gift). `spending` is VND, (months, communes, payers).
"""

from dataclasses import dataclass, fields
from typing import Annotated, Literal

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict, Field, model_validator

from forecast.data import tables
from forecast.data.places import Place

GROUPS = tables.GROUPS
PAYERS = ("office", "state", "province", "donors")
# Nghệ An 2018: 1,711 collection points in 477 communes; used where a place's own number was never published.
DEFAULT_COLLECTORS_PER_COMMUNE = 1711 / 477
_BY_COMMUNE = (
    "collectors",
    "visits",
    "assisted",
    "training",
    "quota",
    "staff",
    "staff_quota",
    "meetings",
    "broadcasts",
    "drives",
    "model",
    "reminders",
    "advice",
    "cadres",
    "order",
    "inspection",
)
_BY_GROUP = ("top_up", "top_up_donors", "gift", "gift_months")
COLUMNS = _BY_COMMUNE + _BY_GROUP


class Where(BaseModel):
    """Which communes: listed by name, or the first `count` (of the place, or of each district) in an order."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    communes: tuple[str, ...] | None = None
    count: Annotated[int, Field(ge=1)] | None = None
    per_district: Annotated[int, Field(ge=1)] | None = None
    order: Literal["largest", "smallest", "poorest", "richest", "listed"] = "largest"

    @model_validator(mode="after")
    def _chooses(self):
        if not (self.communes or self.count or self.per_district):
            raise ValueError("chooses nothing: say communes, count or per_district")
        return self


@dataclass(frozen=True, eq=False)
class Plan:
    """What each commune gets in each month; see the module's first lines for columns, shapes and units."""

    months: pd.PeriodIndex
    communes: tuple[str, ...]
    collectors: np.ndarray
    visits: np.ndarray
    assisted: np.ndarray
    training: np.ndarray
    quota: np.ndarray
    staff: np.ndarray
    staff_quota: np.ndarray
    meetings: np.ndarray
    broadcasts: np.ndarray
    drives: np.ndarray
    model: np.ndarray
    reminders: np.ndarray
    advice: np.ndarray
    cadres: np.ndarray
    order: np.ndarray
    inspection: np.ndarray
    top_up: np.ndarray
    top_up_donors: np.ndarray
    gift: np.ndarray
    gift_months: np.ndarray
    spending: np.ndarray

    @property
    def first(self) -> int:
        """Month index (12 x year + month - 1) of the opening month."""
        return tables.month_index(self.months[0])

    def changed(self, other: "Plan") -> frozenset[str]:
        """Return the names of the columns in which two plans of the same months and communes differ."""
        return frozenset(
            f.name
            for f in fields(self)
            if f.name not in ("months", "communes", "spending")
            and not np.array_equal(getattr(self, f.name), getattr(other, f.name))
        )

    def frame(self) -> pd.DataFrame:
        """Return the plan as a long table `month, commune, group, lever, value` of all values that are not zero."""
        rows = []
        for name in COLUMNS:
            array = getattr(self, name)
            at = np.nonzero(array)
            group = np.array(GROUPS)[at[2]] if array.ndim == 3 else "all"
            rows.append(
                pd.DataFrame(
                    {
                        "month": self.months[at[0]].astype(str),
                        "commune": np.array(self.communes)[at[1]],
                        "group": group,
                        "lever": name,
                        "value": array[at],
                    }
                )
            )
        return pd.concat(rows, ignore_index=True)


def empty_plan(place: Place, start: str, until: str, collectors: float | None = None) -> Plan:
    """Return the plan of the status quo, months `start` (the opening stock) to `until`: only `collectors` are not zero.

    `collectors` is how many there are in the whole place (left out: `baseline_collectors`).
    """
    months = pd.period_range(tables.month(start), tables.month(until), freq="M")
    communes = tuple(place.communes["commune"])
    flat, deep = (len(months), len(communes)), (len(months), len(communes), len(GROUPS))
    arrays = {c: np.zeros(flat) for c in _BY_COMMUNE} | {c: np.zeros(deep) for c in _BY_GROUP}
    plan = Plan(months, communes, **arrays, spending=np.zeros((*flat, len(PAYERS))))
    own = baseline_collectors(place, start) if collectors is None else spread(collectors, "place", "all", place)
    plan.collectors[:] = own
    return plan


def baseline_collectors(place: Place, start: str) -> np.ndarray:
    """Return collectors per commune when nothing changes, shape (communes,).

    The published count of the place nearest in time to `start`, spread in proportion to people; where none was
    published, the density of Nghệ An in 2018 (1,711 points in 477 communes).
    """
    people = place.communes["eligible"].to_numpy(float)
    rows = place.history
    rows = rows[
        (rows["measure"] == "collectors")
        & (rows["kind"] == "observation")
        & rows["value"].notna()
        & (rows["place"] == place.name)
    ]
    if rows.empty:
        return np.full(len(people), DEFAULT_COLLECTORS_PER_COMMUNE)
    origin = tables.month_index(tables.month(start))
    distance = rows["month"].map(lambda m: abs(tables.month_index(tables.month(m)) - origin))
    return rows["value"].iloc[int(distance.to_numpy().argmin())] * people / people.sum()


def chosen(where, place: Place) -> np.ndarray:
    """Return which communes of `place` a `where` means, shape (communes,), bool; ties go by name."""
    table = place.communes
    names = table["commune"].to_numpy(str)
    if where == "all":
        return np.ones(len(names), bool)
    inside = np.zeros(len(names), bool)
    if where.communes:
        for wanted in where.communes:
            hit = (names == wanted) | np.char.endswith(names, "/" + wanted)
            if not hit.any():
                raise tables.UserError(
                    f"{place.name} has no commune {wanted!r}; its communes are {', '.join(names[:8])}, ..."
                )
            inside |= hit
        return inside
    key = {
        "largest": -table["eligible"],
        "smallest": table["eligible"],
        "poorest": -table["poor_share"],
        "richest": table["poor_share"],
        "listed": pd.Series(0, table.index),
    }[where.order].to_numpy(float)
    rank = np.lexsort((names, key)) if where.order != "listed" else np.arange(len(names))
    if where.per_district:
        district = table["district"].to_numpy(str)[rank]
        seen = pd.Series(district).groupby(district).cumcount().to_numpy()
        known = district != ""
        if not known.any():
            raise tables.UserError(
                f"where.per_district: the districts of {place.name} are not known, or there are none"
            )
        inside[rank[known & (seen < where.per_district)]] = True
    if where.count:
        inside[rank[: where.count]] = True
    return inside


def spread(count: float, per: str, where, place: Place) -> np.ndarray:
    """Units per commune: the count itself, its share of a total, or the count times hamlets or households."""
    inside = chosen(where, place)
    if per == "place":
        people = place.communes["eligible"].to_numpy(float) * inside
        return count * people / people.sum()
    if per == "commune":
        return np.full(len(inside), count)
    units = place.communes[{"hamlet": "hamlets", "household": "households"}[per]].to_numpy(float)
    if np.isnan(units).any():
        raise tables.UserError(f"per {per}: data/places.csv has no number of {per}s for {place.name}")
    return count * units
