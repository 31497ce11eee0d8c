"""What people pay: a share paid for them, and books that are given."""

from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from pydantic import BeforeValidator, Field

from forecast.beliefs.ranges import most
from forecast.data import tables
from forecast.data.places import Place
from forecast.data.synonyms import meant
from forecast.data.vocabulary import GROUPS
from forecast.question.levers.base import Count, Group, Lever, Offers, Share
from forecast.question.plan import Plan, chosen


class TopUp(Lever):
    """Extra share of the floor contribution, paid by the province or donors on top of the state's share.

    Column `top_up` or `top_up_donors`: share, by month, commune and group. What a lower price does rests on
    `price_response` and `renewal_price_response`.

    Sources: data/parameters.csv, and data/law.csv for what it costs. Refused: a share outside 0 to 1 and an `end`
    before its `start`.

    >>> from forecast.data import toy
    >>> from forecast.question.levers import Policy
    >>> plan = Policy(TopUp(share=0.2, group="poor", start="2022-07")).plan(toy.place(), "2021-12", "2022-12")
    >>> plan.top_up[7, 0].tolist()
    [0.2, 0.0, 0.0, 0.0]
    """

    lever: Literal["TopUp"] = "TopUp"
    share: Share
    group: Group = "all"
    payer: Annotated[Literal["province", "donors"], BeforeValidator(meant("payer"))] = "province"
    evidence: ClassVar[tuple[str, ...]] = ("price_response", "renewal_price_response")
    examples: ClassVar[tuple[dict[str, Any], ...]] = ({"share": 0.2}, {"share": 0.2, "payer": "donors"})

    @classmethod
    def offers(cls, place: Place, collectors: float) -> Offers:
        """As large a part of the contribution as a province has paid for each group, at most 60 points."""
        forms = {group: {"lever": "TopUp", "share": [0, min(most("top_up", place, group), 0.6)]} for group in GROUPS}
        forms |= {"all": {"lever": "TopUp", "share": [0, min(most("top_up", place), 0.6)]}}
        usual = {
            79 + i: forms[group] | {"group": group} for i, group in enumerate(("all", "poor", "near_poor", "other"))
        }
        minority = {110: forms["ethnic_minority"] | {"group": "ethnic_minority"}}
        return usual | (minority if place.minority_share > 0.1 else {})

    def _apply(self, plan: Plan, place: Place) -> None:
        column = plan.top_up if self.payer == "province" else plan.top_up_donors
        column += self.share * (self._box(plan, place)[:, :, None] & self._groups())


class Gift(Lever):
    """Books given by donors: a number of people a month get a number of paid months, which then run out.

    Columns `gift` (persons in the month, by commune and group) and `gift_months`. How many pay on by themselves rests
    on `gift_retention`. Where nobody of the group lives, the plan is refused.

    Sources: data/parameters.csv, and `book` of data/unit_costs.csv for a unit's cost. Refused: a number below 0,
    months outside 1 to 120, a group of whom nobody lives there and an `end` before its `start`.

    >>> from forecast.data import toy
    >>> from forecast.question.levers import Policy
    >>> plan = Policy(Gift(persons_per_month=12, months=12, end="2022-06")).plan(toy.place(), "2021-12", "2022-12")
    >>> float(plan.gift[6].sum().round(6))
    12.0
    """

    lever: Literal["Gift"] = "Gift"
    persons_per_month: Count = Field(description="people given a book each month, in the whole place")
    months: Annotated[int, Field(ge=1, le=120)] = Field(12, description="months in a book, as the law lets people pay")
    group: Group = "poor"
    payer: Annotated[Literal["donors"], BeforeValidator(meant("payer"))] = "donors"
    evidence: ClassVar[tuple[str, ...]] = ("gift_retention",)
    cost: ClassVar[str] = "book"
    examples: ClassVar[tuple[dict[str, Any], ...]] = ({"persons_per_month": 1},)

    @classmethod
    def offers(cls, place: Place, collectors: float) -> Offers:
        """Books for 2% of the poor each month."""
        poor = dict(zip(GROUPS, place.group_sizes().sum(axis=0), strict=True))["poor"]
        form = {"lever": "Gift", "persons_per_month": [0, 0.02 * poor], "months": 12, "group": "poor"}
        return {130: form} if poor >= 1 else {}

    def _apply(self, plan: Plan, place: Place) -> None:
        sizes = place.group_sizes() * chosen(self.where, place)[:, None] * self._groups()
        if sizes.sum() == 0:
            raise tables.UserError("Gift: nobody of group {group} lives where the gift is given", group=self.group)
        gifts = self.persons_per_month * sizes / sizes.sum()
        when = self._months(plan)[:, None, None]
        plan.gift[:] += when * gifts
        np.maximum(plan.gift_months, when * (gifts > 0) * float(self.months), out=plan.gift_months)
        self._spend(plan, (when * gifts).sum(axis=2))
