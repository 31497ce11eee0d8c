"""What collectors earn: of what new members pay, and of what renewals pay."""

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from forecast.data.places import Place
from forecast.question.levers.base import Lever, Offers
from forecast.question.plan import Column, Plan

Times = Annotated[float, Field(ge=0, le=5)]


class Commission(Lever):
    """The commission of collectors as so many times that of the law: for new members, and for renewals.

    Columns `commission_new` and `commission_renewal`: the change as a share of the law's commission (-0.5 is half of
    it), by month and commune. The office pays what the law's rates come to then. Collectors call on more due members
    where renewals pay better, at the expense of their visits, and visit less where new members pay less: both by
    `commission_response`.

    Sources: data/parameters.csv, and data/law.csv for what it costs. Refused: a number below 0 and an `end` before
    its `start`.

    >>> from forecast.data import toy
    >>> from forecast.question.levers import Policy
    >>> plan = Policy(Commission(new=0.5, renewal=2, start="2022-03")).plan(toy.place(), "2021-12", "2022-12")
    >>> plan.commission_new[[2, 3], 0].tolist(), plan.commission_renewal[[2, 3], 0].tolist()
    ([0.0, -0.5], [0.0, 1.0])
    """

    lever: Literal["Commission"] = "Commission"
    new: Times = Field(1.0, description="times the law's commission on what new members pay")
    renewal: Times = Field(1.0, description="times the law's commission on renewals")
    evidence: ClassVar[tuple[str, ...]] = ("commission_response",)
    columns: ClassVar[dict[str, Column]] = {
        "commission_new": Column("change of the commission on new members, as a share of the law's"),
        "commission_renewal": Column("change of the commission on renewals, as a share of the law's"),
    }
    examples: ClassVar[tuple[dict[str, Any], ...]] = ({"new": 0.5, "renewal": 2.0},)

    @classmethod
    def offers(cls, place: Place, collectors: float) -> Offers:
        """Up to twice the commission on renewals, and none less on new members."""
        return {46: {"lever": "Commission", "renewal": [1, 2]}}

    def _apply(self, plan: Plan, place: Place) -> None:
        box = self._box(plan, place)
        plan.columns["commission_new"][box] = self.new - 1
        plan.columns["commission_renewal"][box] = self.renewal - 1
