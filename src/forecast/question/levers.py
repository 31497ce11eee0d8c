"""Policies: dated levers that compile to one month x commune x lever plan, which every engine reads.

A lever says what an office decides; the plan says what each commune gets in each month. Engines never see a lever.
"""

import datetime
from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated, ClassVar, Literal, get_args

import numpy as np
import pandas as pd
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from forecast.data import tables
from forecast.data.places import Place
from forecast.question.plan import COLUMNS, GROUPS, PAYERS, Plan, Where, chosen, empty_plan, spread

MEETINGS_ATTENDANCE = 40  # persons; what an office reports of one commune conference (judgement of the makers)

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


class Lever(BaseModel):
    """What all levers share: dates, places, cost, payer; subclasses say what they do to the plan."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    start: Month | None = Field(None, description="first month; from the beginning when left out")
    end: Month | None = Field(None, description="last month; for ever when left out")
    where: Literal["all"] | Where = "all"
    unit_cost: Annotated[float, Field(ge=0, allow_inf_nan=False)] = Field(0.0, description="VND per unit")
    payer: Literal["office", "state", "province", "donors"] = "office"
    evidence: ClassVar[tuple[str, ...]] = ()  # parameters in data/evidence.csv on which the lever's effect rests

    @model_validator(mode="after")
    def _in_order(self):
        if self.start and self.end and self.end < self.start:
            raise ValueError(f"end: {self.end} is before start {self.start}")
        return self

    def _apply(self, plan: "Plan", place: Place) -> None:
        """Write this lever into a plan that is being built."""
        raise TypeError(f"{type(self).__name__} does not act by itself: use one of {', '.join(sorted(LEVERS))}")

    def _months(self, plan: "Plan") -> np.ndarray:
        since = tables.month(self.start) if self.start else plan.months[0]
        until = tables.month(self.end) if self.end else plan.months[-1]
        return np.asarray((plan.months >= since) & (plan.months <= until))

    def _box(self, plan: "Plan", place: Place) -> np.ndarray:
        return self._months(plan)[:, None] & chosen(self.where, place)[None, :]

    def _groups(self) -> np.ndarray:
        group = getattr(self, "group", "all")
        return np.array([group in ("all", g) for g in GROUPS])

    def _spend(self, plan: "Plan", units: np.ndarray) -> None:
        plan.spending[:, :, PAYERS.index(self.payer)] += units * self.unit_cost


class TopUp(Lever):
    """Extra share of the floor contribution, paid by the province or donors on top of the state's share."""

    lever: Literal["TopUp"] = "TopUp"
    share: Share
    group: Group = "all"
    payer: Literal["province", "donors"] = "province"
    evidence: ClassVar = ("price_response", "renewal_price_response")

    def _apply(self, plan, place):
        column = plan.top_up if self.payer == "province" else plan.top_up_donors
        column += self.share * (self._box(plan, place)[:, :, None] & self._groups())


class Gift(Lever):
    """Books given by donors: a number of people a month get a number of paid months, which then run out."""

    lever: Literal["Gift"] = "Gift"
    persons_per_month: Count = Field(description="people given a book each month, in the whole place")
    months: Literal[1, 3, 6, 12, 60] = 12
    group: Group = "poor"
    payer: Literal["donors"] = "donors"
    evidence: ClassVar = ("gift_retention",)

    def _apply(self, plan, place):
        sizes = place.group_sizes() * chosen(self.where, place)[:, None] * self._groups()
        if sizes.sum() == 0:
            raise tables.UserError(f"Gift: nobody of group {self.group} lives where the gift is given")
        gifts = self.persons_per_month * sizes / sizes.sum()
        when = self._months(plan)[:, None, None]
        plan.gift[:] += when * gifts
        np.maximum(plan.gift_months, when * (gifts > 0) * float(self.months), out=plan.gift_months)
        self._spend(plan, (when * gifts).sum(axis=2))


class Collectors(Lever):
    """Number of collectors from a date on: in all, for each commune, or for each hamlet."""

    lever: Literal["Collectors"] = "Collectors"
    count: Count
    per: Literal["place", "commune", "hamlet"] = "commune"
    evidence: ClassVar = ("visits_per_collector", "visit_share")

    def _apply(self, plan, place):
        wanted = self._box(plan, place) * spread(self.count, self.per, self.where, place)
        self._spend(plan, np.maximum(wanted - plan.collectors, 0))  # only the added ones are this policy's cost
        plan.collectors[:] = np.where(self._box(plan, place), wanted, plan.collectors)


class Training(Lever):
    """Share of collectors trained in the first month, and again every `every` months; the effect fades."""

    lever: Literal["Training"] = "Training"
    share: Share = 1.0
    every: Annotated[int, Field(ge=1)] | None = Field(None, description="months between courses; once when left out")
    half_life: Annotated[float, Field(gt=0)] = Field(12.0, description="months")
    evidence: ClassVar = ("training_gain",)

    def _apply(self, plan, place):
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
    """New members wanted of each holder a month: a floor to effort, never a flow by itself."""

    lever: Literal["Quota"] = "Quota"
    per_month: Count
    holder: Literal["collector", "staff"] = "collector"
    staff: Count = Field(0.0, description="officials in the whole place who hold the quota (holder: staff)")
    evidence: ClassVar = ("quota_effort", "quota_paper_share", "staff_displacement")

    @model_validator(mode="after")
    def _someone_holds_it(self):
        if self.holder == "staff" and not self.staff:
            raise ValueError("holder staff: say in staff how many officials hold the quota")
        return self

    def _apply(self, plan, place):
        box = self._box(plan, place)
        if self.holder == "collector":
            np.maximum(plan.quota, box * self.per_month, out=plan.quota)
            return
        inside = chosen(self.where, place)
        people = place.communes["eligible"].to_numpy(float) * inside
        plan.staff[:] += self._months(plan)[:, None] * (self.staff * people / people.sum())
        np.maximum(plan.staff_quota, box * self.per_month, out=plan.staff_quota)
        self._spend(plan, self._months(plan)[:, None] * (self.staff * people / people.sum()))


class Visits(Lever):
    """Household visits beyond what collectors make; `assisted` is the share that fills in the form on the spot."""

    lever: Literal["Visits"] = "Visits"
    count: Count = Field(description="visits a month, per place, commune, hamlet or household")
    per: Literal["place", "commune", "hamlet", "household"] = "commune"
    assisted: Share = Field(0.0, description="share of all visits, collectors' too, with help to complete the form")
    evidence: ClassVar = ("visit_share", "assisted_ratio")

    def _apply(self, plan, place):
        visits = self._box(plan, place) * spread(self.count, self.per, self.where, place)
        plan.visits[:] += visits
        np.maximum(plan.assisted, self._box(plan, place) * self.assisted, out=plan.assisted)
        self._spend(plan, visits)


class _Events(Lever):
    """Events counted per year or per month, spread evenly over the communes chosen."""

    count: Count
    every: Literal["month", "year"] = "month"
    per: Literal["place", "commune", "hamlet"] = "commune"

    def _monthly(self, plan, place):
        rate = self.count / (12 if self.every == "year" else 1)
        events = self._box(plan, place) * spread(rate, self.per, self.where, place)
        self._spend(plan, events)
        return events


class Meetings(_Events):
    """Conferences, small groups, market stalls: people listen, and some of them join."""

    lever: Literal["Meetings"] = "Meetings"
    attendance: Count = Field(MEETINGS_ATTENDANCE, description="persons at one meeting")
    evidence: ClassVar = ("meeting_yield",)

    def _apply(self, plan, place):
        plan.meetings[:] += self._monthly(plan, place) * (self.attendance / MEETINGS_ATTENDANCE)


class Broadcast(_Events):
    """Loudspeaker, Zalo, Facebook, livestream: many hear, the trials found almost no effect."""

    lever: Literal["Broadcast"] = "Broadcast"
    evidence: ClassVar = ("mass_information", "language_factor")

    def _apply(self, plan, place):
        plan.broadcasts[:] += self._monthly(plan, place)


class Drive(Lever):
    """Campaign days on dates: a pulse of entries, some of which are only pulled forward."""

    lever: Literal["Drive"] = "Drive"
    dates: tuple[Day, ...] = ()
    per_month: Count = Field(0.0, description="campaign days each month, beside the dates")
    evidence: ClassVar = ("drive_yield", "drive_pulled_forward")

    def _apply(self, plan, place):
        days = self._months(plan) * self.per_month
        for date in self.dates:
            days = days + np.asarray(plan.months == pd.Period(date[:7], "M"), float)
        pulses = days[:, None] * chosen(self.where, place)
        plan.drives[:] += pulses
        self._spend(plan, pulses)


class ModelCommunes(Lever):
    """Communes with a steering committee, tasks for each member and all channels at once; they take time to start."""

    lever: Literal["ModelCommunes"] = "ModelCommunes"
    ramp: Annotated[int, Field(ge=0)] = Field(2, description="months until the full effect")
    evidence: ClassVar = ("model_commune_ratio",)

    def _apply(self, plan, place):
        begin = tables.month_index(tables.month(self.start)) if self.start else plan.first
        age = plan.first + np.arange(len(plan.months)) - begin
        level = np.clip((age + 1) / (self.ramp + 1), 0, 1) * self._months(plan)
        np.maximum(plan.model, level[:, None] * chosen(self.where, place), out=plan.model)
        self._spend(plan, self._box(plan, place).astype(float))


class _Level(Lever):
    """A lever that is a share between 0 and 1 in one column."""

    share: Share = 1.0
    column: ClassVar[str]

    def _apply(self, plan, place):
        level = self._box(plan, place) * self.share
        np.maximum(getattr(plan, self.column), level, out=getattr(plan, self.column))
        self._spend(plan, level)


class Reminders(_Level):
    """Lists of due members handed to collectors, who call on those on the list; it takes their time."""

    lever: Literal["Reminders"] = "Reminders"
    column: ClassVar = "reminders"
    evidence: ClassVar = ("renewal_contact",)


class PaymentAdvice(_Level):
    """Advice to pay for 12 months rather than 1, 3 or 6: fewer due dates, fewer chances to lapse."""

    lever: Literal["PaymentAdvice"] = "PaymentAdvice"
    share: Share = Field(0.2, description="share of payers of short spells who follow the advice")
    column: ClassVar = "advice"
    evidence: ClassVar = ("annual_lapse",)


class Language(_Level):
    """Visits made together with a local cadre who speaks the language of the hamlet."""

    lever: Literal["Language"] = "Language"
    column: ClassVar = "cadres"
    evidence: ClassVar = ("language_factor",)


class VisitOrder(Lever):
    """Which hamlets are visited first: the easy ones (creaming), or the farthest and poorest."""

    lever: Literal["VisitOrder"] = "VisitOrder"
    first: Literal["easy", "farthest"]
    evidence: ClassVar = ("creaming",)

    def _apply(self, plan, place):
        plan.order[self._box(plan, place)] = 1.0 if self.first == "easy" else -1.0


class Inspection(Lever):
    """Hours spent on inspecting employers: people move to compulsory insurance, and the hours are gone."""

    lever: Literal["Inspection"] = "Inspection"
    hours_per_month: Count = Field(description="hours in the whole place")
    evidence: ClassVar = ("inspection_effect", "transfer_rate")

    def _apply(self, plan, place):
        hours = self._box(plan, place) * spread(self.hours_per_month, "place", self.where, place)
        plan.inspection[:] += hours
        self._spend(plan, hours)


class Effort(Lever):
    """More of the same: as many times the collectors and extra visits as the levers before it have given."""

    lever: Literal["Effort"] = "Effort"
    times: Count
    evidence: ClassVar = ("visits_per_collector", "visit_share")

    def _apply(self, plan, place):
        more = np.where(self._box(plan, place), self.times, 1.0)
        self._spend(plan, np.maximum(more - 1, 0) * plan.collectors)
        plan.collectors[:] *= more
        plan.visits[:] *= more


AnyLever = Annotated[
    TopUp
    | Gift
    | Collectors
    | Training
    | Quota
    | Visits
    | Meetings
    | Broadcast
    | Drive
    | ModelCommunes
    | Reminders
    | PaymentAdvice
    | Language
    | VisitOrder
    | Inspection
    | Effort,
    Field(discriminator="lever"),
]
LEVERS = {c.__name__: c for c in get_args(get_args(AnyLever)[0])}


class Policy(BaseModel):
    """A list of dated levers; an empty one is the status quo.

    >>> Policy(TopUp(group="poor", share=0.20, start="2022-07")).levers[0].share
    0.2
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    levers: tuple[AnyLever, ...] = ()

    def __init__(self, *levers: Lever, **data):
        """Take levers as arguments, or `levers=[...]`."""
        super().__init__(**({"levers": levers} if levers else data))

    def without(self, *names: str) -> "Policy":
        """Return the policy less all levers of the kinds named.

        >>> Policy(Drive(per_month=1), Reminders()).without("Drive").levers[0].lever
        'Reminders'
        """
        kinds = {lever.lever for lever in self.levers}
        unknown = sorted(set(names) - kinds)
        if unknown:
            raise tables.UserError(
                f"the policy has no lever {unknown[0]!r}; it has {', '.join(sorted(kinds)) or 'none at all'}"
            )
        return Policy(*(lever for lever in self.levers if lever.lever not in names))

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
                raise tables.UserError(f"policy.{number}.{type(lever).__name__}: {error}") from None
        for name in COLUMNS:
            getattr(plan, name).setflags(write=False)
        plan.spending.setflags(write=False)
        return plan


def spending(levers: Sequence[Lever], plan: Plan, place: Place) -> list[float]:
    """Return what each of `levers` spends (VND, all months after the opening) when put, in order, behind a plan.

    >>> from forecast import toy
    >>> plan = Policy().plan(toy.place(), "2021-12", "2022-12")
    >>> spending([Visits(count=100, per="place", unit_cost=30_000)], plan, toy.place())
    [36000000.0]
    """
    own = {name: getattr(plan, name).copy() for name in (*COLUMNS, "spending")}
    plan, spent = replace(plan, **own), []
    for lever in levers:
        before = plan.spending[1:].sum()
        lever._apply(plan, place)
        spent.append(float(plan.spending[1:].sum() - before))
    return spent
