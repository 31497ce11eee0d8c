"""What is done for those who are members: lists of due members, advice on how long to pay."""

from typing import ClassVar, Literal

from pydantic import Field

from forecast.data.places import Place
from forecast.question.levers.base import LevelLever, Offers, Share


class Reminders(LevelLever):
    """Lists of due members handed to collectors, who call on those on the list; it takes their time.

    Column `reminders`: share of due members on a list, by month and commune. What a call does rests on
    `renewal_contact`.

    Sources: data/parameters.csv, and `due_list` of data/unit_costs.csv for a unit's cost. Refused: a share outside
    0 to 1 and an `end` before its `start`.

    >>> from forecast.data import toy
    >>> from forecast.question.levers import Policy
    >>> plan = Policy(Reminders(share=0.8, start="2022-03")).plan(toy.place(), "2021-12", "2022-12")
    >>> plan.reminders[[2, 3], 0].tolist()
    [0.0, 0.8]
    """

    lever: Literal["Reminders"] = "Reminders"
    column: ClassVar[str] = "reminders"
    evidence: ClassVar[tuple[str, ...]] = ("renewal_contact",)
    cost: ClassVar[str] = "due_list"

    @classmethod
    def offers(cls, place: Place, collectors: float) -> Offers:
        """Lists of a part of those who are due."""
        return {40: {"lever": "Reminders", "share": [0, 1]}}


class PaymentAdvice(LevelLever):
    """Advice to pay for 12 months rather than 1, 3 or 6: fewer due dates, fewer chances to lapse.

    Column `advice`: share of payers, by month and commune. What longer spells do rests on `annual_lapse`.

    Sources: data/parameters.csv, and `payment_advice` of data/unit_costs.csv for a unit's cost. Refused: a share
    outside 0 to 1 and an `end` before its `start`.

    >>> from forecast.data import toy
    >>> from forecast.question.levers import Policy
    >>> plan = Policy(PaymentAdvice(share=0.3)).plan(toy.place(), "2021-12", "2022-12")
    >>> float(plan.advice[1, 0])
    0.3
    """

    lever: Literal["PaymentAdvice"] = "PaymentAdvice"
    share: Share = Field(0.2, description="share of payers of short spells who follow the advice")
    column: ClassVar[str] = "advice"
    evidence: ClassVar[tuple[str, ...]] = ("annual_lapse",)
    cost: ClassVar[str] = "payment_advice"

    @classmethod
    def offers(cls, place: Place, collectors: float) -> Offers:
        """Advice that up to 40% follow."""
        return {50: {"lever": "PaymentAdvice", "share": [0, 0.4]}}
