"""What a search may choose from: levers with a range, and what a unit of each costs.

A choice is written like a lever, with a range `[low, high]` in place of one number; a lever without a range is taken
or left. Each range is walked in :data:`LEVELS` equal steps, level 0 leaves the lever out: an office carries out round
numbers, and a search that knows no others can be gone on with and repeated.
"""

from functools import cached_property
from typing import Annotated, Any, Literal

import pandas as pd
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator

from forecast.data import tables
from forecast.data.places import Place
from forecast.question.levers import AnyLever, Lever, Policy
from forecast.question.plan import GROUPS

LEVELS = 10
PAYERS = ("outreach", "province", "donors", "state")
# The row of data/evidence.csv that prices a unit of a lever; top-ups and gifts are priced by the law.
PRICES = {
    "Collectors": "cost_collector",
    "Drive": "cost_drive",
    "Language": "cost_language",
    "Meetings": "cost_meeting",
    "ModelCommunes": "cost_model_commune",
    "PaymentAdvice": "cost_payment_advice",
    "Reminders": "cost_reminders",
    "Training": "cost_training",
    "Visits": "cost_visit",
}
_LEVER = TypeAdapter(AnyLever)


class Choice(BaseModel):
    """One lever that may be taken, at one of its levels.

    >>> choice = Choice.of({"lever": "Visits", "count": [0, 200], "start": "2022-01"})
    >>> choice.at(5).count, choice.at(0), choice.levels
    (100.0, None, 10)
    """

    model_config = ConfigDict(frozen=True, ignored_types=(cached_property,))
    form: dict[str, Any]  # the lever's fields, without the range
    field: tuple[str, ...] = ()  # where the number of the range stands; () if the lever has none
    low: float = 0.0
    high: float = 0.0

    @classmethod
    def of(cls, form: dict[str, Any]) -> "Choice":
        """Read a lever with a range; ValueError says what is wrong with it."""
        found = list(_ranges(form))
        if len(found) > 1:
            raise ValueError(f"one range at most, found {' and '.join('.'.join(f) for f, _ in found)}")
        path, (low, high) = found[0] if found else ((), (0.0, 0.0))
        if path and not 0 <= low < high:
            raise ValueError(f"{'.'.join(path)}: expected [low, high] with 0 <= low < high, not [{low:g}, {high:g}]")
        choice = cls(form=form, field=path, low=low, high=high)
        for level in (1, choice.levels):
            try:
                choice.at(level)
            except ValidationError as error:
                fault = error.errors(include_url=False)[0]
                where = ".".join(str(part) for part in fault["loc"])
                raise ValueError(f"{where}: {fault['msg'].removeprefix('Value error, ')}") from None
        return choice

    @property
    def lever(self) -> str:
        """Name of the lever."""
        return self.form["lever"]

    @property
    def name(self) -> str:
        """A name that tells two choices of one lever apart."""
        more = [self.form[k] for k in ("group", "payer", "first") if isinstance(self.form.get(k), str)]
        return "/".join([self.lever, *more])

    @property
    def levels(self) -> int:
        """Highest level; the lowest, 0, leaves the lever out."""
        return LEVELS if self.field else 1

    def at(self, level: int) -> Lever | None:
        """Return the lever at `level`, None at 0."""
        if not level:
            return None
        form = dict(self.form)
        if self.field:
            value = self.low + (self.high - self.low) * level / LEVELS
            value = float(f"{value:.4g}")
            inner = form
            for key in self.field[:-1]:
                inner[key] = dict(inner[key])
                inner = inner[key]
            inner[self.field[-1]] = max(1, round(value)) if self.field[0] == "where" else value
        return _LEVER.validate_python(form)


def _ranges(form: dict[str, Any], path: tuple[str, ...] = ()):
    for key, value in form.items():
        if isinstance(value, dict):
            yield from _ranges(value, (*path, key))
        elif isinstance(value, (list, tuple)) and len(value) == 2:
            if all(isinstance(v, (int, float)) and not isinstance(v, bool) for v in value):
                yield (*path, key), (float(value[0]), float(value[1]))


class Search(BaseModel):
    """The `search` section of a scenario file: which levers `forecast optimize` may choose, and whose money counts."""

    model_config = ConfigDict(frozen=True, extra="forbid", ignored_types=(cached_property,))
    payers: Annotated[tuple[Literal["outreach", "province", "donors", "state"], ...], Field(min_length=1)] = Field(
        ("outreach", "province", "donors"),
        description="whose money counts against the budget; the state's share is due by law and counts only if named",
    )
    levers: tuple[dict[str, Any], ...] = Field(
        (), description="levers, each with a range [low, high] in place of one number; the usual ones if left out"
    )

    @model_validator(mode="after")
    def _readable(self):
        names = [choice.name for choice in self.choices]
        twice = sorted({n for n in names if names.count(n) > 1})
        if twice:
            raise ValueError(f"levers: {twice[0]} stands there twice; expected each lever and group once")
        return self

    @cached_property
    def choices(self) -> tuple[Choice, ...]:
        """The levers as choices."""
        read = []
        for number, form in enumerate(self.levers):
            if "lever" not in form:
                raise ValueError(f"levers.{number}: expected a lever")
            try:
                read.append(Choice.of(form))
            except ValueError as error:
                raise ValueError(f"levers.{number}.{form['lever']}: {error}") from None
        return tuple(read)


def usual(place: Place, start: str, collectors: float) -> tuple[Choice, ...]:
    """Return the levers that an office of `place` can usually choose from, acting from month `start` on.

    Ranges are judgement of the makers: up to four times the `collectors` that there are (persons), one more visit to
    each household a year, a meeting and a campaign day a month in each commune, half of the communes as model
    communes, 60 points more support of the contribution, books for 2% of the poor each month. Left out are levers whose
    price nobody knows (quotas, broadcasts, help with the form) and inspections, which move members away.
    """
    poor = dict(zip(GROUPS, place.group_sizes().sum(axis=0), strict=True))["poor"]
    forms: list[dict[str, Any]] = [
        {"lever": "Collectors", "count": [collectors, 4 * collectors], "per": "place"},
        {"lever": "Visits", "count": [0, place.households / 12], "per": "place"},
        {"lever": "Training", "share": [0, 1], "every": 12},
        {"lever": "Reminders", "share": [0, 1]},
        {"lever": "PaymentAdvice", "share": [0, 0.4]},
        {"lever": "Meetings", "count": [0, 12], "every": "year", "per": "commune"},
        {"lever": "Drive", "per_month": [0, 1]},
        {"lever": "TopUp", "share": [0, 0.6], "group": "poor"},
        {"lever": "TopUp", "share": [0, 0.6], "group": "near_poor"},
        {"lever": "TopUp", "share": [0, 0.6], "group": "other"},
        {"lever": "VisitOrder", "first": "farthest"},
    ]
    if len(place.communes) > 1:
        most = max(2, len(place.communes) // 2)
        forms.append({"lever": "ModelCommunes", "where": {"count": [0, most], "order": "largest"}})
    if place.minority_share > 0.1:
        forms.append({"lever": "TopUp", "share": [0, 0.6], "group": "ethnic_minority"})
        forms.append({"lever": "Language", "share": [0, 1]})
    if poor >= 1:
        forms.append({"lever": "Gift", "persons_per_month": [0, 0.02 * poor], "months": 12, "group": "poor"})
    return tuple(Choice.of(form | {"start": start}) for form in forms)


def offered(scenario) -> tuple[Choice, ...]:
    """Return what may be chosen on top of a scenario, with prices: what its file says, or else the usual levers.

    >>> from forecast.question.scenario import Scenario
    >>> [c.name for c in offered(Scenario("x", "Đà Bắc", start="2019-06", until="2020-12"))][:3]
    ['Collectors', 'Visits', 'Training']
    """
    own = scenario.search.choices if scenario.search else ()
    collectors = float(scenario.plan.collectors[-1].sum())
    return priced(own or usual(scenario.place, str(scenario.months[1]), collectors), cost_table())


def priced(choices: tuple[Choice, ...], costs: pd.DataFrame) -> tuple[Choice, ...]:
    """Return the choices with a unit cost each: their own, or else that of `costs`, a table of :func:`cost_table`."""
    return tuple(
        choice
        if "unit_cost" in choice.form or PRICES.get(choice.lever) not in costs.index
        else choice.model_copy(
            update={"form": choice.form | {"unit_cost": float(costs.at[PRICES[choice.lever], "value"])}}
        )
        for choice in choices
    )


def cost_table() -> pd.DataFrame:
    """Return what a unit of outreach costs: rows of data/evidence.csv whose use begins with `cost:`, by parameter.

    >>> float(cost_table().at["cost_visit", "value"])
    30000.0
    """
    table = tables.read(tables.data_dir() / "evidence.csv", "evidence")
    return table[table["use"].str.startswith("cost:")].set_index("parameter")


def policy(base: Policy, choices: tuple[Choice, ...], levels: tuple[int, ...]) -> Policy:
    """Return `base` with the chosen levers behind its own."""
    chosen = (choice.at(level) for choice, level in zip(choices, levels, strict=True))
    return Policy(*base.levers, *(lever for lever in chosen if lever is not None))
