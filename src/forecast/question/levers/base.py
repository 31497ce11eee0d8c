"""What all levers share, their registry, and the kinds of numbers in their fields."""

import datetime
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from forecast.data import tables
from forecast.data.places import Place
from forecast.data.vocabulary import GROUPS, OUTREACH_PAYERS
from forecast.question.plan import COLUMNS, Column, Plan, Where, chosen

Month = Annotated[str, Field(pattern=r"^\d{4}-(0[1-9]|1[0-2])$", description="month, YYYY-MM", examples=["2022-07"])]


def _real(day: str) -> str:
    try:
        datetime.date.fromisoformat(day)
    except ValueError:
        raise ValueError(f"{day} is no day of the calendar") from None
    return day


Day = Annotated[
    str, Field(pattern=r"^\d{4}-(0[1-9]|1[0-2])-([0-2]\d|3[01])$", description="day, YYYY-MM-DD"), AfterValidator(_real)
]
Share = Annotated[float, Field(ge=0, le=1)]
Count = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Group = Literal["all", "poor", "near_poor", "ethnic_minority", "other"]


Offers = dict[int, dict[str, Any]]  # what a search may take, by its place in the list

LEVERS: dict[str, type["Lever"]] = {}
"""Every lever by name, in the order in which the classes are defined; a class with a field `lever` is one."""


class Lever(BaseModel):
    """What all levers share: dates, places, cost, payer; subclasses say what they do to the plan.

    A subclass that has a field `lever` is registered in :data:`LEVERS`, and its `columns` in those of a plan; with
    that it is known to scenario files, plans, engines, the search, the scenario page and the page on the model.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    start: Month | None = Field(None, description="first month; from the beginning when left out")
    end: Month | None = Field(None, description="last month; for ever when left out")
    where: Literal["all"] | Where = "all"
    unit_cost: Annotated[float, Field(ge=0, allow_inf_nan=False)] = Field(0.0, description="VND per unit")
    payer: Literal["office", "state", "province", "donors"] = Field("office", description="who pays the cost")
    evidence: ClassVar[tuple[str, ...]] = ()  # parameters in data/evidence.csv on which the lever's effect rests
    cost: ClassVar[str] = ""  # the row of data/evidence.csv that prices a unit; "" where the law does, or nobody
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

    @model_validator(mode="after")
    def _in_order(self) -> "Lever":
        if self.start and self.end and self.end < self.start:
            raise ValueError(f"end: {self.end} is before start {self.start}")
        return self

    def _apply(self, plan: Plan, place: Place) -> None:
        """Write this lever into a plan that is being built."""
        raise TypeError(f"{type(self).__name__} does not act by itself: use one of {', '.join(sorted(LEVERS))}")

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

    def _spend(self, plan: Plan, units: np.ndarray) -> None:
        plan.spending[:, :, OUTREACH_PAYERS.index(self.payer)] += units * self.unit_cost


class LevelLever(Lever):
    """A lever that is a share between 0 and 1 in one column."""

    share: Share = 1.0
    column: ClassVar[str]

    def _apply(self, plan: Plan, place: Place) -> None:
        level = self._box(plan, place) * self.share
        np.maximum(plan.columns[self.column], level, out=plan.columns[self.column])
        self._spend(plan, level)
