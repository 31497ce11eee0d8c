"""Policies: dated levers that compile to one month x commune x lever plan, which every engine reads.

A lever says what an office decides; the plan says what each commune gets in each month. Engines never see a lever.
Each module of this package is read, in the order of names: a class in a new one is a lever without more.
"""

import importlib
import pkgutil
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any, Union

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from forecast.data import shown, tables
from forecast.data.messages import Message
from forecast.data.places import Place
from forecast.question.asked import Asked
from forecast.question.levers.base import LEVERS as LEVERS
from forecast.question.levers.base import Count as Count
from forecast.question.levers.base import Group as Group
from forecast.question.levers.base import Lever as Lever
from forecast.question.levers.base import Month as Month
from forecast.question.levers.campaign import YearEndCampaign as YearEndCampaign
from forecast.question.levers.commission import Commission as Commission
from forecast.question.levers.contribution import Gift as Gift
from forecast.question.levers.contribution import TopUp as TopUp
from forecast.question.levers.effort import Collectors as Collectors
from forecast.question.levers.effort import Quota as Quota
from forecast.question.levers.effort import Training as Training
from forecast.question.levers.effort import Visits as Visits
from forecast.question.levers.events import Broadcast as Broadcast
from forecast.question.levers.events import Drive as Drive
from forecast.question.levers.events import Meetings as Meetings
from forecast.question.levers.events import ModelCommunes as ModelCommunes
from forecast.question.levers.renewal import PaymentAdvice as PaymentAdvice
from forecast.question.levers.renewal import Reminders as Reminders
from forecast.question.levers.work import Effort as Effort
from forecast.question.levers.work import Inspection as Inspection
from forecast.question.levers.work import Language as Language
from forecast.question.levers.work import VisitOrder as VisitOrder
from forecast.question.plan import Bill, Plan, empty_plan
from forecast.question.plan import Where as Where

for _module in pkgutil.iter_modules(__path__):
    importlib.import_module(f"{__name__}.{_module.name}")

if TYPE_CHECKING:
    AnyLever = Lever
else:  # any class that is registered, told apart by its name
    AnyLever = Annotated[Union[tuple(LEVERS.values())], Field(discriminator="lever")]  # noqa: UP007


HOURS = 20.0  # of a collector in a month: 30 visits (visits_per_collector) at 1.5 an hour


class Policy(BaseModel, metaclass=Asked):
    """A list of dated levers; an empty one is the status quo.

    It compiles to a plan (:meth:`plan`): a table of months x communes for each column, in the unit of the column. What
    is no lever, or does not fit the place, raises :class:`~forecast.data.tables.UserError`. How a plan acts stands in
    docs/model.md.

    >>> Policy(TopUp(group="poor", share=0.20, start="2022-07")).levers[0].share
    0.2
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    levers: tuple[AnyLever, ...] = ()
    _repr_html_ = shown.html

    def __init__(self, *levers: Lever | Sequence[Lever], **data: Any):
        """Take levers as arguments, or a list of them."""
        if len(levers) == 1 and isinstance(levers[0], list | tuple):
            levers = tuple(levers[0])
        super().__init__(**({"levers": levers} if levers else data))

    def without(self, *names: str) -> "Policy":
        """Return the policy less all levers of the kinds named.

        >>> Policy(Drive(per_month=1), Reminders()).without("Drive").levers[0].lever
        'Reminders'
        """
        kinds = {type(lever).__name__ for lever in self.levers}
        unknown = sorted(set(names) - kinds)
        if unknown:
            raise tables.UserError(
                "the policy has no lever {name!r}; it has {known}",
                name=unknown[0],
                known=", ".join(sorted(kinds)) or Message("none at all"),
            )
        return Policy(*(lever for lever in self.levers if type(lever).__name__ not in names))

    def in_force(self, start: str) -> "Policy":
        """Return the levers that say a first month before `start` and act then: when nothing changes, they go on.

        >>> Policy(ModelCommunes(start="2021-06"), Drive(per_month=1)).in_force("2021-12").levers[0].lever
        'ModelCommunes'
        """
        return Policy(*(x for x in self.levers if x.start and x.start < start and not (x.end and x.end < start)))

    def plan(self, place: Place, start: str, until: str, collectors: float | None = None) -> Plan:
        """Compile to a plan for `place`, months `start` (the opening stock) to `until`; the same input, the same plan.

        `collectors` is how many the whole place has when nothing changes (left out: `plan.baseline_collectors`).
        Levers are applied in their order; counts of collectors replace, shares take the larger, all else adds up.
        """
        plan = empty_plan(place, start, until, collectors)
        for number, lever in enumerate(self.levers):
            try:
                lever._apply(plan, place)
            except tables.UserError as error:
                raise tables.UserError(
                    "policy.{number}.{lever}: {error}", number=number, lever=type(lever).__name__, error=error
                ) from None
        plan.bills.extend(self._forms(plan))
        _hours_balance(plan)
        for array in (*plan.columns.values(), *(bill.units for bill in plan.bills)):
            array.setflags(write=False)
        return plan

    def _forms(self, plan: Plan) -> list[Bill]:
        """What help with the form takes: a share of all visits, so that it is known when all levers have acted."""
        helping = [v.payer for v in self.levers if isinstance(v, Visits) and v.assisted and plan.assisted.any()]
        if not helping:
            return []
        return [
            Bill("assisted_visit", helping[0], plan.assisted * plan.visits),
            Bill("assisted_visit", helping[0], plan.assisted * plan.collectors, per="visits_per_collector"),
        ]


def as_policy(given: Any) -> Any:
    """Return a policy of one lever, or of a list of them, as a policy."""
    if isinstance(given, Lever):
        return Policy(given)
    return Policy(*given) if isinstance(given, list | tuple) and all(isinstance(x, Lever) for x in given) else given


def _hours_balance(plan: Plan) -> None:
    """Refuse inspections that take more hours than collectors have: what they leave is for renewals and visits."""
    over = plan.inspection - HOURS * plan.collectors
    if (over > 1e-6).any():
        t, c = (int(at) for at in np.unravel_index(int(over.argmax()), over.shape))
        raise tables.UserError(
            "Inspection.hours_per_month: {hours:.1f} hours in {commune} in {month}, where collectors have "
            "{most:.1f} in all; expected no more than there are",
            hours=plan.inspection[t, c],
            commune=plan.communes[c],
            month=plan.months[t],
            most=HOURS * plan.collectors[t, c],
        )
