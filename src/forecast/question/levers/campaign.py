"""What is done with the campaign of the year's end: left out, moved, or followed up."""

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from forecast.data.places import Place
from forecast.question.levers.base import Lever, Offers, Share
from forecast.question.plan import Column, Plan


class YearEndCampaign(Lever):
    """The campaign of each December: how much of it is held, in which month, and who is asked to go on paying.

    Column `campaign_cut` is the share of the month's campaign that is not held, `campaign_moved` the share of the
    December campaign of the year that is held in the month, `campaign_kept` the share of campaign members who are
    asked to go on, by month and commune. How many sign follows from the baseline of the place (or `campaign_rise`); how
    many go on, from it too (or `campaign_stay`), and what asking does from `renewal_contact`. The campaign of a
    December that is held as ever costs a policy nothing; one that is not held saves its work, one in another month
    takes it there (`year_end_campaign` of data/unit_costs.csv).

    Sources: data/parameters.csv, and `due_list` of data/unit_costs.csv for a unit's cost. Refused: a share outside
    0 to 1, a month outside 1 to 12 and an `end` before its `start`.

    >>> from forecast.data import toy
    >>> from forecast.question.levers import Policy
    >>> plan = Policy(YearEndCampaign(month=10, kept=0.5)).plan(toy.place(), "2021-12", "2022-12")
    >>> plan.campaign_cut[[10, 12], 0].tolist(), plan.campaign_moved[[10, 12], 0].tolist()
    ([0.0, 1.0], [1.0, 0.0])
    """

    lever: Literal["YearEndCampaign"] = "YearEndCampaign"
    held: Share = Field(1.0, description="share of the campaign that is held at all")
    month: Annotated[int, Field(ge=1, le=12)] = Field(12, description="month of the year in which it is held")
    kept: Share = Field(0.0, description="share of those who signed who are asked to go on paying")
    evidence: ClassVar[tuple[str, ...]] = ("renewal_contact", "campaign_rise", "campaign_stay")
    cost: ClassVar[str] = "due_list"
    columns: ClassVar[dict[str, Column]] = {
        "campaign_cut": Column("share of the campaign of the month that is not held"),
        "campaign_moved": Column("share of the December campaign of the year that is held in the month"),
        "campaign_kept": Column("share of campaign members who are asked to go on"),
    }
    examples: ClassVar[tuple[dict[str, Any], ...]] = ({"kept": 0.8}, {"held": 0.0}, {"month": 10})

    @classmethod
    def offers(cls, place: Place, collectors: float) -> Offers:
        """Asking a part of those who signed to go on."""
        return {45: {"lever": "YearEndCampaign", "kept": [0, 1]}}

    def _apply(self, plan: Plan, place: Place) -> None:
        box, month = self._box(plan, place), plan.months.month.to_numpy()[:, None]
        december, chosen = box & (month == 12), box & (month == self.month)
        held = plan.campaign_moved - plan.campaign_cut  # more, or less, than when nothing changes
        plan.columns["campaign_cut"][december] = 1.0 if self.month != 12 else 1.0 - self.held
        if self.month != 12:
            plan.columns["campaign_moved"][chosen] = self.held
        plan.columns["campaign_kept"][box] = self.kept
        self._spend(plan, box * self.kept)
        self._spend(plan, plan.campaign_moved - plan.campaign_cut - held, "year_end_campaign")
        if self.month != 12:  # it has to be planned anew
            self._spend(plan, chosen * self.held, "route")
