"""Meetings, broadcasts, campaign days, and communes in which all of it is done at once."""

from typing import Annotated, Any, ClassVar, Literal

import numpy as np
import pandas as pd
from pydantic import Field

from forecast.beliefs.ranges import most
from forecast.data import tables
from forecast.data.places import Place
from forecast.question.levers.base import Count, Day, Every, Lever, Offers, Per
from forecast.question.plan import Plan, chosen, picked, spread

MEETINGS_ATTENDANCE = 40  # persons; what an office reports of one commune conference (judgement of the makers)


class _Events(Lever):
    """Events counted per year or per month, spread evenly over the communes chosen."""

    count: Count
    every: Every = "month"
    per: Per = "commune"

    def _monthly(self, plan: Plan, place: Place) -> np.ndarray:
        rate = self.count / (12 if self.every == "year" else 1)
        events: np.ndarray = self._box(plan, place) * spread(rate, self.per, self.where, place)
        return events


class Meetings(_Events):
    """Conferences, small groups, market stalls: people listen, and some of them join.

    Column `meetings`: meetings of 40 people in the month, by commune. What one brings rests on `meeting_yield`.

    Sources: data/parameters.csv, and `meeting` of data/unit_costs.csv for a unit's cost. Refused: a number below 0
    and an `end` before its `start`.

    >>> from forecast.data import toy
    >>> from forecast.question.levers import Policy
    >>> six = Meetings(count=6, every="year", per="commune", attendance=80)
    >>> plan = Policy(six).plan(toy.place(), "2021-12", "2022-12")
    >>> float(plan.meetings[1, 0])
    1.0
    """

    lever: Literal["Meetings"] = "Meetings"
    attendance: Count = Field(MEETINGS_ATTENDANCE, description="persons at one meeting")
    evidence: ClassVar[tuple[str, ...]] = ("meeting_yield",)
    cost: ClassVar[str] = "meeting"
    examples: ClassVar[tuple[dict[str, Any], ...]] = ({"count": 1},)

    @classmethod
    def offers(cls, place: Place, collectors: float) -> Offers:
        """As many meetings in each commune as were seen, at most one a month."""
        top = min(12 * most("meetings", place) / max(place.communes["communes"].sum(), 1), 12.0)
        return {60: {"lever": "Meetings", "count": [0, top], "every": "year", "per": "commune"}}

    def _apply(self, plan: Plan, place: Place) -> None:
        meetings = self._monthly(plan, place) * (self.attendance / MEETINGS_ATTENDANCE)
        plan.meetings[:] += meetings
        self._spend(plan, meetings)


class Broadcast(_Events):
    """Loudspeaker, Zalo, Facebook, livestream: many hear, the trials found almost no effect.

    Column `broadcasts`: in the month, by commune. What they bring rests on `mass_information`.

    Sources: `mass_information` and `language_factor` of data/parameters.csv, and `broadcast` of data/unit_costs.csv
    for a unit's cost. Refused: a number below 0 and an `end` before its `start`.

    >>> from forecast.data import toy
    >>> from forecast.question.levers import Policy
    >>> plan = Policy(Broadcast(count=2)).plan(toy.place(), "2021-12", "2022-12")
    >>> float(plan.broadcasts[1].sum())
    12.0
    """

    lever: Literal["Broadcast"] = "Broadcast"
    evidence: ClassVar[tuple[str, ...]] = ("mass_information", "language_factor")
    cost: ClassVar[str] = "broadcast"
    examples: ClassVar[tuple[dict[str, Any], ...]] = ({"count": 1},)

    def _apply(self, plan: Plan, place: Place) -> None:
        broadcasts = self._monthly(plan, place)
        plan.broadcasts[:] += broadcasts
        self._spend(plan, broadcasts)


class Drive(Lever):
    """Campaign days on dates: a pulse of entries, some of which are only pulled forward.

    Column `drives`: campaign days in the month, by commune. What a day brings, and how much of it would have come
    later, rests on `drive_yield` and `drive_pulled_forward`.

    Sources: data/parameters.csv, and `campaign_day` of data/unit_costs.csv for a unit's cost. Refused: a day that
    is in no calendar, a number below 0 and an `end` before its `start`.

    >>> from forecast.data import toy
    >>> from forecast.question.levers import Policy
    >>> plan = Policy(Drive(dates=("2022-05-21", "2022-05-28"))).plan(toy.place(), "2021-12", "2022-12")
    >>> float(plan.drives[5, 0])
    2.0
    """

    lever: Literal["Drive"] = "Drive"
    dates: tuple[Day, ...] = ()
    per_month: Count = Field(0.0, description="campaign days each month, beside the dates")
    evidence: ClassVar[tuple[str, ...]] = ("drive_yield", "drive_pulled_forward")
    cost: ClassVar[str] = "campaign_day"
    examples: ClassVar[tuple[dict[str, Any], ...]] = ({"per_month": 1},)

    @classmethod
    def offers(cls, place: Place, collectors: float) -> Offers:
        """As many campaign days a month as were seen, at most one."""
        return {70: {"lever": "Drive", "per_month": [0, min(most("drives", place), 1.0)]}}

    def acts(self, plan: Plan) -> bool:
        """Is any of its dates or months one of the plan's, after the opening?"""
        dated = plan.months[1:].astype(str).isin([date[:7] for date in self.dates]).any()
        return bool(dated) or (super().acts(plan) and (self.per_month > 0 or not self.dates))

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

    Sources: data/parameters.csv, and `model_commune` of data/unit_costs.csv for a unit's cost. Refused: a commune
    that is not there and an `end` before its `start`.

    >>> from forecast.data import toy
    >>> from forecast.question.levers import Policy
    >>> plan = Policy(ModelCommunes(where={"count": 2}, start="2022-01")).plan(toy.place(), "2021-12", "2022-12")
    >>> plan.model[[1, 2, 3]].sum(axis=1).round(2).tolist()
    [0.67, 1.33, 2.0]
    """

    lever: Literal["ModelCommunes"] = "ModelCommunes"
    ramp: Annotated[int, Field(ge=0)] = Field(2, description="months until the full effect")
    evidence: ClassVar[tuple[str, ...]] = ("model_commune_ratio",)
    cost: ClassVar[str] = "model_commune"
    examples: ClassVar[tuple[dict[str, Any], ...]] = ({"where": {"count": 1}},)

    @classmethod
    def offers(cls, place: Place, collectors: float) -> Offers:
        """As many communes as were run so, at most half of them."""
        top = min(most("model", place), max(2, len(place.communes) // 2))
        form = {"lever": "ModelCommunes", "where": {"count": [0, top], "order": "largest"}}
        return {100: form} if len(place.communes) > 1 and (place.communes["communes"] == 1).all() else {}

    def _apply(self, plan: Plan, place: Place) -> None:
        begin = tables.month_index(tables.month(self.start)) if self.start else plan.first
        age = plan.first + np.arange(len(plan.months)) - begin
        level = np.clip((age + 1) / (self.ramp + 1), 0, 1) * self._months(plan)
        part = picked(self.where, place)
        new = self._box(plan, place) & (plan.model == 0)  # a commune that is one by another lever has its committee
        np.maximum(plan.model, level[:, None] * part, out=plan.model)
        self._spend(plan, new * part * place.communes["communes"].fillna(1.0).to_numpy(float))
