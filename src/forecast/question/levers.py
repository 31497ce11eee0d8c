"""Policies: dated levers that compile to one month x commune x lever plan, which every engine reads.

A lever says what an office decides; the plan says what each commune gets in each month. Engines never see a lever.
"""

import datetime
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, Union

import numpy as np
import pandas as pd
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from forecast.data import tables
from forecast.data.places import Place
from forecast.data.vocabulary import GROUPS, OUTREACH_PAYERS
from forecast.question.plan import COLUMNS, Column, Plan, Where, chosen, empty_plan, spread

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
        return self._months(plan)[:, None] & chosen(self.where, place)[None, :]

    def _groups(self) -> np.ndarray:
        group = getattr(self, "group", "all")
        return np.array([group in ("all", g) for g in GROUPS])

    def _spend(self, plan: Plan, units: np.ndarray) -> None:
        plan.spending[:, :, OUTREACH_PAYERS.index(self.payer)] += units * self.unit_cost


class TopUp(Lever):
    """Extra share of the floor contribution, paid by the province or donors on top of the state's share.

    Column `top_up` or `top_up_donors`: share, by month, commune and group. What a lower price does rests on
    `price_response` and `renewal_price_response` (data/parameters.csv).

    >>> from forecast.data import toy
    >>> plan = Policy(TopUp(share=0.2, group="poor", start="2022-07")).plan(toy.place(), "2021-12", "2022-12")
    >>> plan.top_up[7, 0].tolist()
    [0.2, 0.0, 0.0, 0.0]
    """

    lever: Literal["TopUp"] = "TopUp"
    share: Share
    group: Group = "all"
    payer: Literal["province", "donors"] = "province"
    evidence: ClassVar[tuple[str, ...]] = ("price_response", "renewal_price_response")
    examples: ClassVar[tuple[dict[str, Any], ...]] = ({"share": 0.2}, {"share": 0.2, "payer": "donors"})

    @classmethod
    def offers(cls, place: Place, collectors: float) -> Offers:
        """60 points more of the contribution for each group."""
        form = {"lever": "TopUp", "share": [0, 0.6]}
        usual = {80 + i: form | {"group": group} for i, group in enumerate(("poor", "near_poor", "other"))}
        return usual | ({110: form | {"group": "ethnic_minority"}} if place.minority_share > 0.1 else {})

    def _apply(self, plan: Plan, place: Place) -> None:
        column = plan.top_up if self.payer == "province" else plan.top_up_donors
        column += self.share * (self._box(plan, place)[:, :, None] & self._groups())


class Gift(Lever):
    """Books given by donors: a number of people a month get a number of paid months, which then run out.

    Columns `gift` (persons in the month, by commune and group) and `gift_months`. How many pay on by themselves rests
    on `gift_retention`. Where nobody of the group lives, the plan is refused.

    >>> from forecast.data import toy
    >>> plan = Policy(Gift(persons_per_month=12, months=12, end="2022-06")).plan(toy.place(), "2021-12", "2022-12")
    >>> float(plan.gift[6].sum().round(6))
    12.0
    """

    lever: Literal["Gift"] = "Gift"
    persons_per_month: Count = Field(description="people given a book each month, in the whole place")
    months: Annotated[int, Field(ge=1, le=120)] = Field(12, description="months in a book, as the law lets people pay")
    group: Group = "poor"
    payer: Literal["donors"] = "donors"
    evidence: ClassVar[tuple[str, ...]] = ("gift_retention",)
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
            raise tables.UserError(f"Gift: nobody of group {self.group} lives where the gift is given")
        gifts = self.persons_per_month * sizes / sizes.sum()
        when = self._months(plan)[:, None, None]
        plan.gift[:] += when * gifts
        np.maximum(plan.gift_months, when * (gifts > 0) * float(self.months), out=plan.gift_months)
        self._spend(plan, (when * gifts).sum(axis=2))


class Collectors(Lever):
    """Number of collectors from a date on: in all, for each commune, or for each hamlet.

    Column `collectors`: persons, by month and commune. What they bring rests on `visits_per_collector` and
    `visit_share`.

    >>> from forecast.data import toy
    >>> plan = Policy(Collectors(count=3, per="commune", start="2022-02")).plan(toy.place(), "2021-12", "2022-12")
    >>> plan.collectors[2].tolist()
    [3.0, 3.0, 3.0, 3.0, 3.0, 3.0]
    """

    lever: Literal["Collectors"] = "Collectors"
    count: Count
    per: Literal["place", "commune", "hamlet"] = "commune"
    evidence: ClassVar[tuple[str, ...]] = ("visits_per_collector", "visit_share")
    cost: ClassVar[str] = "cost_collector"
    examples: ClassVar[tuple[dict[str, Any], ...]] = ({"count": 9},)

    @classmethod
    def offers(cls, place: Place, collectors: float) -> Offers:
        """Up to four times the collectors that there are."""
        return {10: {"lever": "Collectors", "count": [collectors, 4 * collectors], "per": "place"}}

    def _apply(self, plan: Plan, place: Place) -> None:
        wanted = self._box(plan, place) * spread(self.count, self.per, self.where, place)
        self._spend(plan, np.maximum(wanted - plan.collectors, 0))  # only the added ones are this policy's cost
        plan.collectors[:] = np.where(self._box(plan, place), wanted, plan.collectors)


class Training(Lever):
    """Share of collectors trained in the first month, and again every `every` months; the effect fades.

    Column `training`: share of collectors whose training still counts, by month and commune; it halves in `half_life`
    months. What it brings rests on `training_gain`.

    >>> from forecast.data import toy
    >>> plan = Policy(Training(share=0.5, start="2022-01", half_life=6)).plan(toy.place(), "2021-12", "2022-12")
    >>> plan.training[[1, 7], 0].tolist()
    [0.5, 0.25]
    """

    lever: Literal["Training"] = "Training"
    share: Share = 1.0
    every: Annotated[int, Field(ge=1)] | None = Field(None, description="months between courses; once when left out")
    half_life: Annotated[float, Field(gt=0)] = Field(12.0, description="months")
    evidence: ClassVar[tuple[str, ...]] = ("training_gain",)
    cost: ClassVar[str] = "cost_training"

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

    >>> from forecast.data import toy
    >>> plan = Policy(Quota(per_month=2)).plan(toy.place(), "2021-12", "2022-12")
    >>> float(plan.quota[1, 0])
    2.0
    """

    lever: Literal["Quota"] = "Quota"
    per_month: Count
    holder: Literal["collector", "staff"] = "collector"
    staff: Count = Field(0.0, description="officials in the whole place who hold the quota (holder: staff)")
    evidence: ClassVar[tuple[str, ...]] = ("quota_effort", "quota_paper_share", "staff_displacement")
    examples: ClassVar[tuple[dict[str, Any], ...]] = (
        {"per_month": 1},
        {"per_month": 1, "holder": "staff", "staff": 9},
    )

    @model_validator(mode="after")
    def _someone_holds_it(self) -> "Quota":
        if self.holder == "staff" and not self.staff:
            raise ValueError("holder staff: say in staff how many officials hold the quota")
        return self

    def _apply(self, plan: Plan, place: Place) -> None:
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
    """Household visits beyond what collectors make; `assisted` is the share that fills in the form on the spot.

    Columns `visits` (in the month, by commune) and `assisted` (share). What a visit brings rests on `visit_share` and
    `assisted_ratio`.

    >>> from forecast.data import toy
    >>> plan = Policy(Visits(count=40, per="commune", assisted=0.5)).plan(toy.place(), "2021-12", "2022-12")
    >>> float(plan.visits[1].sum()), float(plan.assisted[1, 0])
    (240.0, 0.5)
    """

    lever: Literal["Visits"] = "Visits"
    count: Count = Field(description="visits a month, per place, commune, hamlet or household")
    per: Literal["place", "commune", "hamlet", "household"] = "commune"
    assisted: Share = Field(0.0, description="share of all visits, collectors' too, with help to complete the form")
    evidence: ClassVar[tuple[str, ...]] = ("visit_share", "assisted_ratio")
    cost: ClassVar[str] = "cost_visit"
    examples: ClassVar[tuple[dict[str, Any], ...]] = ({"count": 9, "assisted": 0.5},)

    @classmethod
    def offers(cls, place: Place, collectors: float) -> Offers:
        """One more visit to each household a year."""
        return {20: {"lever": "Visits", "count": [0, place.households / 12], "per": "place"}}

    def _apply(self, plan: Plan, place: Place) -> None:
        visits = self._box(plan, place) * spread(self.count, self.per, self.where, place)
        plan.visits[:] += visits
        np.maximum(plan.assisted, self._box(plan, place) * self.assisted, out=plan.assisted)
        self._spend(plan, visits)


class _Events(Lever):
    """Events counted per year or per month, spread evenly over the communes chosen."""

    count: Count
    every: Literal["month", "year"] = "month"
    per: Literal["place", "commune", "hamlet"] = "commune"

    def _monthly(self, plan: Plan, place: Place) -> np.ndarray:
        rate = self.count / (12 if self.every == "year" else 1)
        events = self._box(plan, place) * spread(rate, self.per, self.where, place)
        self._spend(plan, events)
        return events


class Meetings(_Events):
    """Conferences, small groups, market stalls: people listen, and some of them join.

    Column `meetings`: meetings of 40 people in the month, by commune. What one brings rests on `meeting_yield`.

    >>> from forecast.data import toy
    >>> six = Meetings(count=6, every="year", per="commune", attendance=80)
    >>> plan = Policy(six).plan(toy.place(), "2021-12", "2022-12")
    >>> float(plan.meetings[1, 0])
    1.0
    """

    lever: Literal["Meetings"] = "Meetings"
    attendance: Count = Field(MEETINGS_ATTENDANCE, description="persons at one meeting")
    evidence: ClassVar[tuple[str, ...]] = ("meeting_yield",)
    cost: ClassVar[str] = "cost_meeting"
    examples: ClassVar[tuple[dict[str, Any], ...]] = ({"count": 1},)

    @classmethod
    def offers(cls, place: Place, collectors: float) -> Offers:
        """A meeting a month in each commune."""
        return {60: {"lever": "Meetings", "count": [0, 12], "every": "year", "per": "commune"}}

    def _apply(self, plan: Plan, place: Place) -> None:
        plan.meetings[:] += self._monthly(plan, place) * (self.attendance / MEETINGS_ATTENDANCE)


class Broadcast(_Events):
    """Loudspeaker, Zalo, Facebook, livestream: many hear, the trials found almost no effect.

    Column `broadcasts`: in the month, by commune. What they bring rests on `mass_information`.

    >>> from forecast.data import toy
    >>> plan = Policy(Broadcast(count=2)).plan(toy.place(), "2021-12", "2022-12")
    >>> float(plan.broadcasts[1].sum())
    12.0
    """

    lever: Literal["Broadcast"] = "Broadcast"
    evidence: ClassVar[tuple[str, ...]] = ("mass_information", "language_factor")
    examples: ClassVar[tuple[dict[str, Any], ...]] = ({"count": 1},)

    def _apply(self, plan: Plan, place: Place) -> None:
        plan.broadcasts[:] += self._monthly(plan, place)


class Drive(Lever):
    """Campaign days on dates: a pulse of entries, some of which are only pulled forward.

    Column `drives`: campaign days in the month, by commune. What a day brings, and how much of it would have come
    later, rests on `drive_yield` and `drive_pulled_forward`.

    >>> from forecast.data import toy
    >>> plan = Policy(Drive(dates=("2022-05-21", "2022-05-28"))).plan(toy.place(), "2021-12", "2022-12")
    >>> float(plan.drives[5, 0])
    2.0
    """

    lever: Literal["Drive"] = "Drive"
    dates: tuple[Day, ...] = ()
    per_month: Count = Field(0.0, description="campaign days each month, beside the dates")
    evidence: ClassVar[tuple[str, ...]] = ("drive_yield", "drive_pulled_forward")
    cost: ClassVar[str] = "cost_drive"
    examples: ClassVar[tuple[dict[str, Any], ...]] = ({"per_month": 1},)

    @classmethod
    def offers(cls, place: Place, collectors: float) -> Offers:
        """A campaign day a month."""
        return {70: {"lever": "Drive", "per_month": [0, 1]}}

    def _apply(self, plan: Plan, place: Place) -> None:
        days = self._months(plan) * self.per_month
        for date in self.dates:
            days = days + np.asarray(plan.months == pd.Period(date[:7], "M"), float)
        pulses = days[:, None] * chosen(self.where, place)
        plan.drives[:] += pulses
        self._spend(plan, pulses)


class ModelCommunes(Lever):
    """Communes with a steering committee, tasks for each member and all channels at once; they take time to start.

    Column `model`: 0 to 1, by month and commune. How many times as many join there rests on `model_commune_ratio`.

    >>> from forecast.data import toy
    >>> plan = Policy(ModelCommunes(where={"count": 2}, start="2022-01")).plan(toy.place(), "2021-12", "2022-12")
    >>> plan.model[[1, 2, 3]].sum(axis=1).round(2).tolist()
    [0.67, 1.33, 2.0]
    """

    lever: Literal["ModelCommunes"] = "ModelCommunes"
    ramp: Annotated[int, Field(ge=0)] = Field(2, description="months until the full effect")
    evidence: ClassVar[tuple[str, ...]] = ("model_commune_ratio",)
    cost: ClassVar[str] = "cost_model_commune"
    examples: ClassVar[tuple[dict[str, Any], ...]] = ({"where": {"count": 1}},)

    @classmethod
    def offers(cls, place: Place, collectors: float) -> Offers:
        """Half of the communes."""
        most = max(2, len(place.communes) // 2)
        form = {"lever": "ModelCommunes", "where": {"count": [0, most], "order": "largest"}}
        return {100: form} if len(place.communes) > 1 else {}

    def _apply(self, plan: Plan, place: Place) -> None:
        begin = tables.month_index(tables.month(self.start)) if self.start else plan.first
        age = plan.first + np.arange(len(plan.months)) - begin
        level = np.clip((age + 1) / (self.ramp + 1), 0, 1) * self._months(plan)
        np.maximum(plan.model, level[:, None] * chosen(self.where, place), out=plan.model)
        self._spend(plan, self._box(plan, place).astype(float))


class _Level(Lever):
    """A lever that is a share between 0 and 1 in one column."""

    share: Share = 1.0
    column: ClassVar[str]

    def _apply(self, plan: Plan, place: Place) -> None:
        level = self._box(plan, place) * self.share
        np.maximum(plan.columns[self.column], level, out=plan.columns[self.column])
        self._spend(plan, level)


class Reminders(_Level):
    """Lists of due members handed to collectors, who call on those on the list; it takes their time.

    Column `reminders`: share of due members on a list, by month and commune. What a call does rests on
    `renewal_contact`.

    >>> from forecast.data import toy
    >>> plan = Policy(Reminders(share=0.8, start="2022-03")).plan(toy.place(), "2021-12", "2022-12")
    >>> plan.reminders[[2, 3], 0].tolist()
    [0.0, 0.8]
    """

    lever: Literal["Reminders"] = "Reminders"
    column: ClassVar[str] = "reminders"
    evidence: ClassVar[tuple[str, ...]] = ("renewal_contact",)
    cost: ClassVar[str] = "cost_reminders"

    @classmethod
    def offers(cls, place: Place, collectors: float) -> Offers:
        """Lists of a part of those who are due."""
        return {40: {"lever": "Reminders", "share": [0, 1]}}


class PaymentAdvice(_Level):
    """Advice to pay for 12 months rather than 1, 3 or 6: fewer due dates, fewer chances to lapse.

    Column `advice`: share of payers, by month and commune. What longer spells do rests on `annual_lapse`.

    >>> from forecast.data import toy
    >>> plan = Policy(PaymentAdvice(share=0.3)).plan(toy.place(), "2021-12", "2022-12")
    >>> float(plan.advice[1, 0])
    0.3
    """

    lever: Literal["PaymentAdvice"] = "PaymentAdvice"
    share: Share = Field(0.2, description="share of payers of short spells who follow the advice")
    column: ClassVar[str] = "advice"
    evidence: ClassVar[tuple[str, ...]] = ("annual_lapse",)
    cost: ClassVar[str] = "cost_payment_advice"

    @classmethod
    def offers(cls, place: Place, collectors: float) -> Offers:
        """Advice that up to 40% follow."""
        return {50: {"lever": "PaymentAdvice", "share": [0, 0.4]}}


class Language(_Level):
    """Visits made together with a local cadre who speaks the language of the hamlet.

    Column `cadres`: share of visits, by month and commune. What it does rests on `language_factor`.

    >>> from forecast.data import toy
    >>> plan = Policy(Language(share=0.6)).plan(toy.place(), "2021-12", "2022-12")
    >>> float(plan.cadres[1, 0])
    0.6
    """

    lever: Literal["Language"] = "Language"
    column: ClassVar[str] = "cadres"
    evidence: ClassVar[tuple[str, ...]] = ("language_factor",)
    cost: ClassVar[str] = "cost_language"

    @classmethod
    def offers(cls, place: Place, collectors: float) -> Offers:
        """Local cadres where many belong to a minority."""
        return {120: {"lever": "Language", "share": [0, 1]}} if place.minority_share > 0.1 else {}


class VisitOrder(Lever):
    """Which hamlets are visited first: the easy ones (creaming), or the farthest and poorest.

    Column `order`: 1 for the easy ones first, -1 for the farthest, by month and commune. How much it matters rests on
    `creaming`.

    >>> from forecast.data import toy
    >>> plan = Policy(VisitOrder(first="farthest")).plan(toy.place(), "2021-12", "2022-12")
    >>> float(plan.order[1, 0])
    -1.0
    """

    lever: Literal["VisitOrder"] = "VisitOrder"
    first: Literal["easy", "farthest"]
    evidence: ClassVar[tuple[str, ...]] = ("creaming",)
    examples: ClassVar[tuple[dict[str, Any], ...]] = ({"first": "farthest"},)

    @classmethod
    def offers(cls, place: Place, collectors: float) -> Offers:
        """The farthest hamlets first."""
        return {90: {"lever": "VisitOrder", "first": "farthest"}}

    def _apply(self, plan: Plan, place: Place) -> None:
        plan.order[self._box(plan, place)] = 1.0 if self.first == "easy" else -1.0


class Inspection(Lever):
    """Hours spent on inspecting employers: people move to compulsory insurance, and the hours are gone.

    Column `inspection`: hours in the month, by commune, in proportion to eligible people. What they do rests on
    `inspection_effect` and `transfer_rate`.

    >>> from forecast.data import toy
    >>> plan = Policy(Inspection(hours_per_month=30)).plan(toy.place(), "2021-12", "2022-12")
    >>> float(plan.inspection[1].sum().round(6))
    30.0
    """

    lever: Literal["Inspection"] = "Inspection"
    hours_per_month: Count = Field(description="hours in the whole place")
    evidence: ClassVar[tuple[str, ...]] = ("inspection_effect", "transfer_rate")
    examples: ClassVar[tuple[dict[str, Any], ...]] = ({"hours_per_month": 9},)

    def _apply(self, plan: Plan, place: Place) -> None:
        hours = self._box(plan, place) * spread(self.hours_per_month, "place", self.where, place)
        plan.inspection[:] += hours
        self._spend(plan, hours)


class Effort(Lever):
    """More of the same: as many times the collectors and extra visits as the levers before it have given."""

    lever: Literal["Effort"] = "Effort"
    times: Count
    evidence: ClassVar[tuple[str, ...]] = ("visits_per_collector", "visit_share")
    examples: ClassVar[tuple[dict[str, Any], ...]] = ({"times": 2},)

    def _apply(self, plan: Plan, place: Place) -> None:
        more = np.where(self._box(plan, place), self.times, 1.0)
        self._spend(plan, np.maximum(more - 1, 0) * plan.collectors)
        plan.collectors[:] *= more
        plan.visits[:] *= more


if TYPE_CHECKING:
    AnyLever = Lever
else:  # any class that is registered, told apart by its name
    AnyLever = Annotated[Union[tuple(LEVERS.values())], Field(discriminator="lever")]  # noqa: UP007


class Policy(BaseModel):
    """A list of dated levers; an empty one is the status quo.

    >>> Policy(TopUp(group="poor", share=0.20, start="2022-07")).levers[0].share
    0.2
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    levers: tuple[AnyLever, ...] = ()

    def __init__(self, *levers: Lever, **data: Any):
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
        for array in (*plan.columns.values(), plan.spending):
            array.setflags(write=False)
        return plan


def spending(levers: Sequence[Lever], plan: Plan, place: Place) -> list[float]:
    """Return what each of `levers` spends (VND, all months after the opening) when put, in order, behind a plan.

    >>> from forecast import toy
    >>> plan = Policy().plan(toy.place(), "2021-12", "2022-12")
    >>> spending([Visits(count=100, per="place", unit_cost=30_000)], plan, toy.place())
    [36000000.0]
    """
    writable = {name: column.copy() for name, column in plan.columns.items()}
    plan, spent = plan.but(spending=plan.spending.copy(), **writable), []
    for lever in levers:
        before = plan.spending[1:].sum()
        lever._apply(plan, place)
        spent.append(float(plan.spending[1:].sum() - before))
    return spent
