"""Who goes to households, how well, and how often."""

import math
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from pydantic import BeforeValidator, Field, model_validator

from forecast.beliefs.ranges import most
from forecast.data import tables
from forecast.data.messages import Wrong
from forecast.data.places import Place
from forecast.data.synonyms import meant
from forecast.question.levers.base import Count, Lever, Offers, Per, Share
from forecast.question.plan import Plan, chosen, picked, spread


class Collectors(Lever):
    """Number of collectors from a date on: in all, for each commune, or for each hamlet.

    Column `collectors`: persons, by month and commune. What they bring rests on `visits_per_collector` and
    `visit_share`.

    Sources: data/parameters.csv, and `collector` of data/unit_costs.csv for a unit's cost. Refused: a number below
    0 and an `end` before its `start`.

    >>> from forecast.data import toy
    >>> from forecast.question.levers import Policy
    >>> plan = Policy(Collectors(count=3, per="commune", start="2022-02")).plan(toy.place(), "2021-12", "2022-12")
    >>> plan.collectors[2].tolist()
    [3.0, 3.0, 3.0, 3.0, 3.0, 3.0]
    """

    lever: Literal["Collectors"] = "Collectors"
    count: Count
    per: Per = "commune"
    evidence: ClassVar[tuple[str, ...]] = ("visits_per_collector", "visit_share")
    cost: ClassVar[str] = "collector"
    examples: ClassVar[tuple[dict[str, Any], ...]] = ({"count": 9},)

    @classmethod
    def offers(cls, place: Place, collectors: float) -> Offers:
        """As many collectors as were seen, and four times those that there are where that is not known."""
        top = most("collectors", place)
        high = top if math.isfinite(top) else 4 * collectors
        return {10: {"lever": "Collectors", "count": [collectors, high], "per": "place"}} if high > collectors else {}

    def _apply(self, plan: Plan, place: Place) -> None:
        part = self._months(plan)[:, None] * picked(self.where, place)
        wanted = self._box(plan, place) * spread(self.count, self.per, self.where, place)
        wanted = wanted + (1 - part) * plan.collectors
        gap = wanted - plan.collectors
        plan.take_back("collector", np.maximum(-gap, 0))  # those sent home cost less
        self._spend(plan, np.maximum(gap, 0))
        plan.collectors[:] = wanted


class Training(Lever):
    """Share of collectors trained in the first month, and again every `every` months; the effect fades.

    Column `training`: share of collectors whose training still counts, by month and commune; it halves in `half_life`
    months. What it brings rests on `training_gain`.

    Sources: data/parameters.csv, and `training` of data/unit_costs.csv for a unit's cost. Refused: a share outside
    0 to 1 and an `end` before its `start`.

    >>> from forecast.data import toy
    >>> from forecast.question.levers import Policy
    >>> plan = Policy(Training(share=0.5, start="2022-01", half_life=6)).plan(toy.place(), "2021-12", "2022-12")
    >>> plan.training[[1, 7], 0].tolist()
    [0.5, 0.25]
    """

    lever: Literal["Training"] = "Training"
    share: Share = 1.0
    every: Annotated[int, Field(ge=1)] | None = Field(None, description="months between courses; once when left out")
    half_life: Annotated[float, Field(gt=0)] = Field(12.0, description="months")
    evidence: ClassVar[tuple[str, ...]] = ("training_gain",)
    cost: ClassVar[str] = "training"

    @classmethod
    def offers(cls, place: Place, collectors: float) -> Offers:
        """A course a year for a part of the collectors."""
        return {30: {"lever": "Training", "share": [0, 1], "every": 12}}

    def _apply(self, plan: Plan, place: Place) -> None:
        begin = tables.month_index(tables.month(self.start)) if self.start else plan.first
        index = plan.first + np.arange(len(plan.months))
        age = index - begin
        last = age % self.every if self.every else age
        if self.end:  # no course after the end; what was learned goes on fading
            final = tables.month_index(tables.month(self.end)) - begin
            last = np.where(age > final, age - (final - final % self.every if self.every else 0), last)
        level = np.where(age >= 0, self.share * 0.5 ** (last / self.half_life), 0.0)
        where = chosen(self.where, place)
        courses = (age >= 0) & (last == 0)
        self._spend(plan, courses[:, None] * where * self.share * plan.collectors)
        np.maximum(plan.training, level[:, None] * where, out=plan.training)


class Quota(Lever):
    """New members wanted of each holder a month: a floor to effort, never a flow by itself.

    Columns `quota`, or `staff` and `staff_quota`: persons in the month for each holder. What it does to effort, on
    paper and to others rests on `quota_effort`, `quota_paper_share` and `staff_displacement`.

    Sources: data/parameters.csv, and `collector_quota` of data/unit_costs.csv for a unit's cost. Refused: a number
    below 0 and an `end` before its `start`.

    >>> from forecast.data import toy
    >>> from forecast.question.levers import Policy
    >>> plan = Policy(Quota(per_month=1)).plan(toy.place(), "2021-12", "2022-12")
    >>> float(plan.quota[1, 0])
    1.0
    """

    lever: Literal["Quota"] = "Quota"
    per_month: Annotated[float, Field(ge=0, le=2)] = Field(
        description="new members of each holder: at most 1 of a collector and 2 of an official, which is what was tried"
    )
    holder: Annotated[Literal["collector", "staff"], BeforeValidator(meant("holder"))] = "collector"
    staff: Count = Field(0.0, description="officials in the whole place who hold the quota (holder: staff)")
    evidence: ClassVar[tuple[str, ...]] = ("quota_effort", "quota_paper_share", "staff_displacement")
    cost: ClassVar[str] = "collector_quota"
    examples: ClassVar[tuple[dict[str, Any], ...]] = (
        {"per_month": 1},
        {"per_month": 1, "holder": "staff", "staff": 9},
    )

    @model_validator(mode="after")
    def _someone_holds_it(self) -> "Quota":
        if self.holder == "staff" and not self.staff:
            raise Wrong("staff", "say how many officials hold the quota")
        if self.holder == "collector" and self.per_month > 1:
            raise Wrong(
                "per_month",
                "{asked:g}; expected at most 1: nobody has seen what more than that asked of a collector does",
                asked=self.per_month,
            )
        return self

    def _apply(self, plan: Plan, place: Place) -> None:
        box = self._box(plan, place)
        if self.holder == "collector":
            before = plan.quota.copy()
            np.maximum(plan.quota, box * self.per_month, out=plan.quota)
            self._spend(plan, (plan.quota - before) * plan.collectors)
            return
        inside = chosen(self.where, place)
        people = place.communes["eligible"].to_numpy(float) * inside
        officials = self._months(plan)[:, None] * (self.staff * people / people.sum())
        plan.staff[:] += officials
        np.maximum(plan.staff_quota, box * self.per_month, out=plan.staff_quota)
        self._spend(plan, officials * self.per_month / 2, "staff_quota", priced=True)  # two a month is a full quota


class Visits(Lever):
    """Household visits beyond what collectors make; `assisted` is the share that fills in the form on the spot.

    Columns `visits` (in the month, by commune) and `assisted` (share). What a visit brings rests on `visit_share` and
    `assisted_ratio`.

    Sources: data/parameters.csv, and `visit` of data/unit_costs.csv for a unit's cost. Refused: a number below 0, a
    share outside 0 to 1 and an `end` before its `start`.

    >>> from forecast.data import toy
    >>> from forecast.question.levers import Policy
    >>> plan = Policy(Visits(count=40, per="commune", assisted=0.5)).plan(toy.place(), "2021-12", "2022-12")
    >>> float(plan.visits[1].sum()), float(plan.assisted[1, 0])
    (240.0, 0.5)
    """

    lever: Literal["Visits"] = "Visits"
    count: Count = Field(description="visits a month, per place, commune, hamlet or household")
    per: Annotated[Literal["place", "commune", "hamlet", "household"], BeforeValidator(meant("per"))] = "commune"
    assisted: Share = Field(0.0, description="share of all visits, collectors' too, with help to complete the form")
    evidence: ClassVar[tuple[str, ...]] = ("visit_share", "assisted_ratio")
    cost: ClassVar[str] = "visit"
    examples: ClassVar[tuple[dict[str, Any], ...]] = ({"count": 9, "assisted": 0.5},)

    @classmethod
    def offers(cls, place: Place, collectors: float) -> Offers:
        """As many visits as were seen, at most one more to each household a year."""
        high = min(most("visits", place), place.households / 12)
        return {20: {"lever": "Visits", "count": [0, high], "per": "place"}}

    def _apply(self, plan: Plan, place: Place) -> None:
        visits = self._box(plan, place) * spread(self.count, self.per, self.where, place)
        plan.visits[:] += visits
        np.maximum(plan.assisted, self._box(plan, place) * self.assisted, out=plan.assisted)
        self._spend(plan, visits)
