"""How the work is done: in which language, where first, on what else, how much more."""

from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from pydantic import BeforeValidator, Field

from forecast.data.places import Place
from forecast.data.synonyms import meant
from forecast.question.levers.base import Count, LevelLever, Lever, Offers
from forecast.question.plan import Plan, spread


class Language(LevelLever):
    """Visits made together with a local cadre who speaks the language of the hamlet.

    Column `cadres`: share of visits, by month and commune. What it does rests on `language_factor`.

    Sources: data/parameters.csv, and `local_cadre` of data/unit_costs.csv for a unit's cost. Refused: a share
    outside 0 to 1 and an `end` before its `start`.

    >>> from forecast.data import toy
    >>> from forecast.question.levers import Policy
    >>> plan = Policy(Language(share=0.6)).plan(toy.place(), "2021-12", "2022-12")
    >>> float(plan.cadres[1, 0])
    0.6
    """

    lever: Literal["Language"] = "Language"
    column: ClassVar[str] = "cadres"
    evidence: ClassVar[tuple[str, ...]] = ("language_factor",)
    cost: ClassVar[str] = "local_cadre"

    @classmethod
    def offers(cls, place: Place, collectors: float) -> Offers:
        """Local cadres where many belong to a minority."""
        return {120: {"lever": "Language", "share": [0, 1]}} if place.minority_share > 0.1 else {}


class VisitOrder(Lever):
    """Which hamlets are visited first: the easy ones (creaming), or the farthest and poorest.

    Column `order`: 1 for the easy ones first, -1 for the farthest, by month and commune. How much it matters rests on
    `creaming`.

    Sources: data/parameters.csv, and `route` of data/unit_costs.csv for a unit's cost. Refused: an order that is
    neither and an `end` before its `start`.

    >>> from forecast.data import toy
    >>> from forecast.question.levers import Policy
    >>> plan = Policy(VisitOrder(first="farthest")).plan(toy.place(), "2021-12", "2022-12")
    >>> float(plan.order[1, 0])
    -1.0
    """

    lever: Literal["VisitOrder"] = "VisitOrder"
    first: Annotated[Literal["easy", "farthest"], BeforeValidator(meant("first"))]
    evidence: ClassVar[tuple[str, ...]] = ("creaming",)
    cost: ClassVar[str] = "route"
    examples: ClassVar[tuple[dict[str, Any], ...]] = ({"first": "farthest"},)

    @classmethod
    def offers(cls, place: Place, collectors: float) -> Offers:
        """The farthest hamlets first."""
        return {90: {"lever": "VisitOrder", "first": "farthest"}}

    def _apply(self, plan: Plan, place: Place) -> None:
        box = self._box(plan, place)
        plan.order[box] = 1.0 if self.first == "easy" else -1.0
        self._spend(plan, box.astype(float))
        if self.first == "farthest":
            self._spend(plan, box.astype(float), "far_route")


class Inspection(Lever):
    """Hours spent on inspecting employers: people move to compulsory insurance, and the hours are gone.

    Column `inspection`: hours in the month, by commune, in proportion to eligible people. What they do rests on
    `inspection_effect` and `transfer_rate`.

    Sources: data/parameters.csv, and `inspection` of data/unit_costs.csv for a unit's cost. Refused: more hours
    than collectors have and an `end` before its `start`.

    >>> from forecast.data import toy
    >>> from forecast.question.levers import Policy
    >>> plan = Policy(Inspection(hours_per_month=30)).plan(toy.place(), "2021-12", "2022-12")
    >>> float(plan.inspection[1].sum().round(6))
    30.0
    """

    lever: Literal["Inspection"] = "Inspection"
    hours_per_month: Count = Field(description="hours in the whole place")
    evidence: ClassVar[tuple[str, ...]] = ("inspection_effect", "transfer_rate")
    cost: ClassVar[str] = "inspection"
    examples: ClassVar[tuple[dict[str, Any], ...]] = ({"hours_per_month": 9},)

    def _apply(self, plan: Plan, place: Place) -> None:
        hours = self._box(plan, place) * spread(self.hours_per_month, "place", self.where, place)
        plan.inspection[:] += hours
        self._spend(plan, hours)


class Effort(Lever):
    """More of the same: as many times the collectors and extra visits as the levers before it have given.

    What it adds costs what that of the levers before it costs, to whoever pays for it. Its own `payer`, and its price,
    are those of added collectors where none had been added before, or where it has a `unit_cost`.

    Sources: `visits_per_collector` and `visit_share` of data/parameters.csv, and `collector` of data/unit_costs.csv
    for a unit's cost. Refused: a number below 0 and an `end` before its `start`.

    >>> from forecast.data import toy
    >>> from forecast.question.levers import Policy, Visits
    >>> given = Visits(count=10, unit_cost=40_000, payer="province")
    >>> plan = Policy(given, Effort(times=3, start="2022-02")).plan(toy.place(), "2021-12", "2022-12")
    >>> bills = [bill for bill in plan.bills if bill.item == "visit"]
    >>> {(bill.price, bill.payer) for bill in bills}, float(sum(bill.units for bill in bills)[2].sum())
    ({(40000.0, 'province')}, 180.0)
    """

    lever: Literal["Effort"] = "Effort"
    times: Count
    evidence: ClassVar[tuple[str, ...]] = ("visits_per_collector", "visit_share")
    cost: ClassVar[str] = "collector"
    examples: ClassVar[tuple[dict[str, Any], ...]] = ({"times": 2},)

    def _apply(self, plan: Plan, place: Place) -> None:
        more = np.where(self._box(plan, place), self.times, 1.0)
        for item, column in (("collector", plan.collectors), ("visit", plan.visits)):
            gap = (more - 1) * column
            plan.take_back(item, np.maximum(-gap, 0))
            priced = item == self.cost and self.unit_cost is not None
            added = np.maximum(gap, 0)
            self._spend(plan, added if priced else plan.more_of(item, added), item)
            column[:] *= more
