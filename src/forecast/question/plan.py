"""The plan: what each commune gets in each month, which is all that an engine sees of a policy.

A column has shape (months, communes), or (months, communes, groups) where it is by group. :data:`COLUMNS` is the
registry: a lever of a new kind adds its column there (`Lever.columns`). `bills` say what the plan takes beside the
contributions: units of an item of data/unit_costs.csv by month, and who pays them. What they come to in money and in
hours is worked out in one place, :mod:`forecast.question.costs`.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from typing import Annotated, Any, Literal, NamedTuple

import numpy as np
import pandas as pd
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from forecast.beliefs.ranges import PER_COMMUNE
from forecast.data import tables
from forecast.data.messages import Message, Wrong
from forecast.data.places import Place, slug
from forecast.data.synonyms import meant, unit
from forecast.data.vocabulary import GROUPS as GROUPS
from forecast.question.asked import Asked

Drawn = dict[str, np.ndarray]  # parameter -> (draws,)


class Effect(NamedTuple):
    """What a column does through inputs that every engine knows; each (months, communes, draws), None for nothing."""

    called: np.ndarray | None = None  # share of due members contacted, beside those whom the team calls on
    visits: np.ndarray | None = None  # household visits a month by others than the team, of ordinary skill
    contact: np.ndarray | None = None  # factor on the hazard of entry


@dataclass(frozen=True)
class Column:
    """What a column of a plan holds.

    `unit` is in words; `adds` says what the number of several communes together is: the sum, the mean over eligible
    people, or the longest. `effect` turns the column (months, communes) and the drawn parameters (draws,) into inputs
    of the engines; None where the engines' formulas read the column themselves.
    """

    unit: str
    adds: Literal["sum", "mean", "longest"] = "mean"
    by_group: bool = False
    effect: Callable[[np.ndarray, Drawn], Effect] | None = None


COLUMNS: dict[str, Column] = {
    "collectors": Column("persons", "sum"),
    "visits": Column("extra household visits a month", "sum"),
    "assisted": Column("share of visits that help with the form"),
    "training": Column("effective share of collectors trained"),
    "quota": Column("new members per collector and month"),
    "staff": Column("officials who recruit", "sum"),
    "staff_quota": Column("new members per official and month"),
    "meetings": Column("meetings a month", "sum"),
    "broadcasts": Column("broadcasts a month"),
    "drives": Column("campaign days a month"),
    "model": Column("0 to 1: how far a commune is run as a model commune"),
    "reminders": Column("share of due members on a list"),
    "advice": Column("share of payers advised to pay a year"),
    "cadres": Column("share of visits with a local cadre"),
    "order": Column("+1 easy hamlets first, -1 farthest first"),
    "inspection": Column("hours a month", "sum"),
    "top_up": Column("extra share of the floor contribution, by the province", by_group=True),
    "top_up_donors": Column("extra share of the floor contribution, by donors", by_group=True),
    "gift": Column("persons given a book a month", "sum", by_group=True),
    "gift_months": Column("months in a book", "longest", by_group=True),
}
"""The columns of a plan, in the order in which it lists them."""


class Where(BaseModel, metaclass=Asked):
    """Which communes: listed by name, or the first `count` (of the place, or of each district) in an order."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    communes: tuple[str, ...] | None = None
    count: Annotated[int, Field(ge=1)] | None = None
    per_district: Annotated[int, Field(ge=1)] | None = None
    order: Annotated[
        Literal["largest", "smallest", "poorest", "richest", "listed"], BeforeValidator(meant("order"))
    ] = "largest"

    @model_validator(mode="after")
    def _chooses(self) -> "Where":
        if not (self.communes or self.count or self.per_district):
            raise Wrong("", "chooses nothing: say communes, count or per_district")
        return self


class Bill(NamedTuple):
    """Units of an item of data/unit_costs.csv that a plan takes in each month, and who pays for them."""

    item: str
    payer: str
    units: np.ndarray  # (months, communes); below nothing where less is done of what is done anyway
    price: float | None = None  # VND a unit, where a planner gave one; the table's if not
    per: str = ""  # a parameter that the units are multiplied by, where they depend on it


@dataclass(frozen=True, eq=False)
class Plan:
    """What each commune gets in each month: a column of :data:`COLUMNS` is read as an attribute, `plan.visits`."""

    months: pd.PeriodIndex
    communes: tuple[str, ...]
    columns: dict[str, np.ndarray]
    bills: list[Bill] = field(default_factory=list)

    def __getattr__(self, name: str) -> np.ndarray:
        """Return a column."""
        columns = self.__dict__.get("columns", {})
        if name not in columns:
            raise AttributeError(f"a plan has no column {name!r}; its columns are {', '.join(columns)}")
        column: np.ndarray = columns[name]
        return column

    def take_back(self, item: str, units: np.ndarray) -> None:
        """Note that `units` (months, communes) of an item are no longer wanted: who was billed gets back their part.

        Nobody gets back more than was billed there, at another price, or what somebody else pays: what there is when
        nothing changes costs a policy nothing, so that less of it saves nothing.
        """
        billed, total = self._billed(item)
        self._again(billed, -np.minimum(units, total), total)

    def more_of(self, item: str, units: np.ndarray) -> np.ndarray:
        """Note that more `units` (months, communes) of an item are wanted: at the prices and payers of those billed.

        Return the units of months and communes in which none was billed: their price is the lever's own.
        """
        billed, total = self._billed(item)
        self._again(billed, units, total)
        return np.where(total > 0, 0.0, units)

    def _billed(self, item: str) -> tuple[list[Bill], np.ndarray]:
        billed = [bill for bill in self.bills if bill.item == item]
        return billed, sum((bill.units for bill in billed), np.zeros((len(self.months), len(self.communes))))

    def _again(self, billed: list[Bill], units: np.ndarray, total: np.ndarray) -> None:
        """Bill `units` of which `total` were billed, to each in proportion."""
        part = np.divide(units, total, out=np.zeros(total.shape), where=total > 0)
        if part.any():
            self.bills.extend(bill._replace(units=part * bill.units) for bill in billed)

    @property
    def first(self) -> int:
        """Month index (12 x year + month - 1) of the opening month."""
        return tables.month_index(self.months[0])

    def but(
        self, communes: tuple[str, ...] | None = None, bills: list[Bill] | None = None, **columns: np.ndarray
    ) -> "Plan":
        """Return the plan with other communes, bills or columns."""
        changed = {"communes": communes, "bills": bills}
        kept: dict[str, Any] = {name: value for name, value in changed.items() if value is not None}
        return replace(self, columns=self.columns | columns, **kept)

    def changed(self, other: "Plan") -> frozenset[str]:
        """Return the names of the columns in which two plans of the same months and communes differ."""
        return frozenset(c for c in COLUMNS if not np.array_equal(self.columns[c], other.columns[c]))

    def frame(self) -> pd.DataFrame:
        """Return the plan as a long table `month, commune, group, lever, value` of all values that are not zero."""
        rows = []
        for name, array in self.columns.items():
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
    flat = len(months), len(communes)
    arrays = {name: np.zeros((*flat, len(GROUPS)) if c.by_group else flat) for name, c in COLUMNS.items()}
    here = baseline_collectors(place, start) if collectors is None else spread(collectors, "place", "all", place)
    arrays["collectors"][:] = here
    return Plan(months, communes, arrays)


def baseline_collectors(place: Place, start: str) -> np.ndarray:
    """Return collectors per commune when nothing changes, shape (communes,).

    The published count of the place nearest in time to `start`, spread in proportion to people; where none was
    published, the density of Nghệ An in 2018 (1,711 points in 477 communes).
    """
    people = place.communes["eligible"].to_numpy(float)
    rows = place.collectors
    if rows.empty:
        communes: np.ndarray = np.nan_to_num(place.communes["communes"].to_numpy(float), nan=1.0)
        return communes * PER_COMMUNE
    origin = tables.month_index(tables.month(start))
    distance = rows["month"].map(lambda m: abs(tables.month_index(tables.month(m)) - origin))
    result: np.ndarray = rows["value"].iloc[int(distance.to_numpy().argmin())] * people / people.sum()
    return result


def chosen(where: Literal["all"] | Where, place: Place) -> np.ndarray:
    """Return which communes of `place` a `where` means, shape (communes,), bool; ties go by name."""
    return picked(where, place) > 0


def picked(where: Literal["all"] | Where, place: Place) -> np.ndarray:
    """Return what part of each row of `place.communes` a `where` means, shape (rows,): 0 or 1 where a row is a commune.

    A row may stand for several communes (a nation's provinces, a place whose communes are not listed). A number of
    communes is then taken from the rows in order, each by what a commune of it is on average, as many as it has.

    >>> from forecast.data.places import read_place
    >>> picked(Where(count=9), read_place("Việt Nam", at="2026-11")).round(3).max().item()
    0.071
    """
    return _picked(where, place).astype(float)


def _picked(where: Literal["all"] | Where, place: Place) -> np.ndarray:
    table = place.communes
    names = table["commune"].to_numpy(str)
    if where == "all":
        return np.ones(len(names), bool)
    inside = np.zeros(len(names), bool)
    if where.communes:
        for wanted in where.communes:
            hit = (names == wanted) | np.char.endswith(names, "/" + wanted)
            if not hit.any():  # without diacritics, where that means one commune
                short = [slug(name.rpartition("/")[2]) for name in names]
                hit = np.array([slug(wanted) in (one, slug(name)) for one, name in zip(short, names, strict=True)])
            if not hit.any():  # with the word for its kind before it
                hit = np.array([unit(wanted).bare in (one, unit(one).bare) for one in short])
            if not hit.any():
                near = get_close_matches(unit(wanted).bare, short, 3)
                raise tables.UserError(
                    "{place} has no commune {wanted!r}{hint}; its communes are {names}, ...",
                    place=place.name,
                    wanted=wanted,
                    hint=Message("; did you mean {word}?", word=names[short.index(near[0])]) if near else "",
                    names=", ".join(names[:8]),
                )
            inside |= hit
        return inside
    size = table["eligible"] / table["communes"].fillna(1.0)
    key = {
        "largest": -size,
        "smallest": size,
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
                "where.per_district: the districts of {place} are not known, or there are none", place=place.name
            )
        inside[rank[known & (seen < where.per_district)]] = True
    if where.count:
        stands_for = table["communes"].fillna(1.0).to_numpy(float)[rank]
        before = np.cumsum(stands_for) - stands_for
        part = np.zeros(len(names))
        part[rank] = np.clip((where.count - before) / stands_for, 0.0, 1.0)
        return np.maximum(part, inside)
    return inside


def spread(count: float, per: str, where: Literal["all"] | Where, place: Place) -> np.ndarray:
    """Units per row of a place's communes: the share of a total, or the count times communes, hamlets or households."""
    inside = picked(where, place)
    if per == "place":
        people = place.communes["eligible"].to_numpy(float) * inside
        result: np.ndarray = count * people / people.sum()
        return result
    units = place.communes[{"commune": "communes", "hamlet": "hamlets", "household": "households"}[per]].to_numpy(float)
    if np.isnan(units).any():
        raise tables.UserError(
            "per {per}: data/places.csv has no number of {per}s for {place}", per=per, place=place.name
        )
    within: np.ndarray = count * units * inside
    return within
