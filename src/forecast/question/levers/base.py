"""What all levers share, their registry, and the kinds of numbers in their fields."""

import datetime
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from forecast.data import shown, tables, typed
from forecast.data.messages import Wrong
from forecast.data.places import Place
from forecast.data.synonyms import meant
from forecast.data.vocabulary import GROUPS, GroupOrAll, OutreachPayer
from forecast.question.asked import Asked
from forecast.question.plan import COLUMNS, Bill, Column, Plan, Where, chosen

Month = Annotated[
    str,
    Field(pattern=r"^\d{4}-(0[1-9]|1[0-2])$", description="month, YYYY-MM", examples=["2022-07"]),
    BeforeValidator(typed.month),
]


def _real(day: str) -> str:
    try:
        datetime.date.fromisoformat(day)
    except ValueError:
        raise Wrong("", "{day} is no day of the calendar", day=day) from None
    return day


Day = Annotated[
    str, Field(pattern=r"^\d{4}-(0[1-9]|1[0-2])-([0-2]\d|3[01])$", description="day, YYYY-MM-DD"), AfterValidator(_real)
]
Share = Annotated[float, Field(ge=0, le=1), BeforeValidator(typed.share)]
Count = Annotated[float, Field(ge=0, allow_inf_nan=False), BeforeValidator(typed.number)]
Group = Annotated[GroupOrAll, BeforeValidator(meant("group"))]
Payer = Annotated[OutreachPayer, BeforeValidator(meant("payer"))]
Every = Annotated[Literal["month", "year"], BeforeValidator(meant("every"))]
Per = Annotated[Literal["place", "commune", "hamlet"], BeforeValidator(meant("per"))]
Offers = dict[int, dict[str, Any]]  # what a search may take, by its place in the list

LEVERS: dict[str, type["Lever"]] = {}
"""Every lever by name, in the order in which the classes are defined; a class with a field `lever` is one."""


class Lever(BaseModel, metaclass=Asked):
    """What all levers share: dates, places, cost, payer; subclasses say what they do to the plan.

    A subclass that has a field `lever` is registered in :data:`LEVERS`, and its `columns` in those of a plan; with
    that it is known to scenario files, plans, engines, the search, the scenario page and the page on the model.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    start: Month | None = Field(None, description="first month; from the beginning when left out")
    end: Month | None = Field(None, description="last month; for ever when left out")
    where: Annotated[Literal["all"] | Where, BeforeValidator(meant("where"))] = "all"
    unit_cost: Count | None = Field(
        None, description="VND per unit, a planner's own price; that of data/unit_costs.csv when left out"
    )
    payer: Payer = Field("office", description="who pays the cost")
    evidence: ClassVar[tuple[str, ...]] = ()  # parameters in data/evidence.csv on which the lever's effect rests
    cost: ClassVar[str] = ""  # the item of data/unit_costs.csv that prices a unit; "" where the law does
    columns: ClassVar[dict[str, Column]] = {}  # columns that the lever brings to the plan
    examples: ClassVar[tuple[dict[str, Any], ...]] = ({},)  # small cases, to see which columns it changes

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        """Register the lever and its columns."""
        super().__pydantic_init_subclass__(**kwargs)
        if "lever" in cls.model_fields:
            LEVERS[cls.__name__] = cls
            COLUMNS.update(cls.columns)

    @classmethod
    def offers(cls, place: Place, collectors: float) -> Offers:
        """Return what an office of `place` with so many `collectors` can usually choose of this lever: none as a rule.

        A form is written like the lever in a scenario file, with a range `[low, high]` in place of one number.
        """
        return {}

    _repr_html_ = shown.html

    @model_validator(mode="after")
    def _in_order(self) -> "Lever":
        if self.start and self.end and self.end < self.start:
            raise Wrong("end", "{end} is before start {start}", end=self.end, start=self.start)
        return self

    def _apply(self, plan: Plan, place: Place) -> None:
        """Write this lever into a plan that is being built."""
        raise TypeError(f"{type(self).__name__} does not act by itself: use one of {', '.join(sorted(LEVERS))}")

    def acts(self, plan: Plan) -> bool:
        """Is any of its months one of the plan's, after the opening?"""
        return bool(self._months(plan)[1:].any())

    def _months(self, plan: Plan) -> np.ndarray:
        since = tables.month(self.start) if self.start else plan.months[0]
        until = tables.month(self.end) if self.end else plan.months[-1]
        return np.asarray((plan.months >= since) & (plan.months <= until))

    def _box(self, plan: Plan, place: Place) -> np.ndarray:
        result: np.ndarray = self._months(plan)[:, None] & chosen(self.where, place)[None, :]
        return result

    def _groups(self) -> np.ndarray:
        group = getattr(self, "group", "all")
        return np.array([group in ("all", g) for g in GROUPS])

    def _spend(self, plan: Plan, units: np.ndarray, item: str = "", priced: bool = False) -> None:
        """Note `units` (months, communes) of the lever's item, or of another one.

        A planner's price of a unit is that of the lever's item; another item has it only if it stands in its place.
        """
        priced = priced or not item or item == self.cost
        if units.any():
            plan.bills.append(Bill(item or self.cost, self.payer, units, self.unit_cost if priced else None))


class LevelLever(Lever):
    """A lever that is a share between 0 and 1 in one column."""

    share: Share = 1.0
    column: ClassVar[str]

    def _apply(self, plan: Plan, place: Place) -> None:
        level, before = self._box(plan, place) * self.share, plan.columns[self.column].copy()
        np.maximum(plan.columns[self.column], level, out=plan.columns[self.column])
        self._spend(plan, plan.columns[self.column] - before)  # what a lever before it does is its own cost
