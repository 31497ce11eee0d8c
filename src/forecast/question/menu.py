"""What a search may choose from: levers with a range.

A choice is written like a lever, with a range `[low, high]` in place of one number; a lever without a range is taken
or left. Each range is walked in :data:`LEVELS` equal steps, level 0 leaves the lever out: an office carries out round
numbers, and a search that knows no others can be gone on with and repeated. The usual levers end where a place was seen
to end (data/ranges.csv).
"""

import math
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator

from forecast.data.messages import Message, Wrong, joined
from forecast.data.places import Place
from forecast.data.vocabulary import OutreachPayer
from forecast.question.faults import of_model
from forecast.question.levers import LEVERS, AnyLever, Lever, Policy
from forecast.question.plan import Plan

if TYPE_CHECKING:
    from forecast.question.scenario import Scenario

LEVELS = 100  # steps of a range
_LEVER = TypeAdapter(AnyLever)
UNITS = {
    "Collectors": "collectors",
    "Visits": "visits_per_month",
    "Meetings": "meetings_per_year",
    "Drive": "days_per_month",
    "ModelCommunes": "communes",
    "Gift": "books_per_month",
}


class Choice(BaseModel):
    """One lever that may be taken, at one of its levels.

    >>> choice = Choice.of({"lever": "Visits", "count": [0, 200], "start": "2022-01"})
    >>> choice.at(50).count, choice.at(0), choice.levels
    (100.0, None, 100)
    """

    model_config = ConfigDict(frozen=True, ignored_types=(cached_property,))
    form: dict[str, Any]  # the lever's fields, without the range
    field: tuple[str, ...] = ()  # where the number of the range stands; () if the lever has none
    low: float = 0.0
    high: float = 0.0

    @classmethod
    def of(cls, form: dict[str, Any]) -> "Choice":
        """Read a lever with a range; ValueError says what is wrong with it."""
        intervals, lever = list(_ranges(form)), str(form.get("lever", ""))
        if len(intervals) > 1:
            ranges = joined([Message("{range}", range=".".join(path)) for path, _ in intervals], Message(" and "))
            raise Wrong(lever, "one range at most, found {ranges}", ranges=ranges)
        path, (low, high) = intervals[0] if intervals else ((), (0.0, 0.0))
        if path and not 0 <= low < high:
            text = "expected [low, high] with 0 <= low < high, not [{low:g}, {high:g}]"
            raise Wrong(".".join([lever, *path]), text, low=low, high=high)
        choice = cls(form=form, field=path, low=low, high=high)
        for level in (1, choice.levels):
            try:
                choice.at(level)
            except ValidationError as error:
                fault = of_model(error, LEVERS.get(lever, Lever))[0]
                raise Wrong(fault.key, "{what}", what=fault.what) from None
        return choice

    @property
    def lever(self) -> str:
        """Name of the lever."""
        name: str = self.form["lever"]
        return name

    @property
    def name(self) -> str:
        """A name that tells two choices of one lever apart."""
        more = [self.form[k] for k in ("group", "payer", "first") if isinstance(self.form.get(k), str)]
        return "/".join([self.lever, *more])

    @property
    def levels(self) -> int:
        """Highest level; the lowest, 0, leaves the lever out."""
        return LEVELS if self.field else 1

    @property
    def unit(self) -> str:
        """What its number counts: a term `amount.UNIT`; "" for a lever that is taken or left."""
        return UNITS.get(self.lever, "share") if self.field else ""

    def amount(self, level: int) -> float:
        """How much a level is beside nothing of it, in its unit: 1 for a lever that is taken."""
        if not self.field:
            return float(bool(level))
        value = self._value(level) if level else self.low
        return value - (self.low if self.lever == "Collectors" else 0.0) if level else 0.0

    def _value(self, level: int) -> float:
        value = float(f"{self.low + (self.high - self.low) * level / LEVELS:.4g}")
        if self.field[0] == "where":
            return float(max(1, round(value)))
        whole = math.ceil(self.low), math.floor(self.high)
        if (self.lever, self.form.get("per")) != ("Collectors", "place") or whole[0] > whole[1]:
            return value
        return float(min(max(round(value), whole[0]), whole[1]))  # nobody hires a part of a person

    def at(self, level: int) -> Lever | None:
        """Return the lever at `level`, None at 0."""
        if not level:
            return None
        form = dict(self.form)
        if self.field:
            value = self._value(level)
            inner = form
            for key in self.field[:-1]:
                inner[key] = dict(inner[key])
                inner = inner[key]
            inner[self.field[-1]] = int(value) if self.field[0] == "where" else value
        return _LEVER.validate_python(form)


def _ranges(form: dict[str, Any], path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], tuple[float, float]]]:
    for key, value in form.items():
        if isinstance(value, dict):
            yield from _ranges(value, (*path, key))
        elif isinstance(value, (list, tuple)) and len(value) == 2:
            if all(isinstance(v, (int, float)) and not isinstance(v, bool) for v in value):
                yield (*path, key), (float(value[0]), float(value[1]))


class Search(BaseModel):
    """The `search` section of a scenario file: which levers `forecast optimize` may choose, and whose money counts."""

    model_config = ConfigDict(frozen=True, extra="forbid", ignored_types=(cached_property,))
    payers: Annotated[tuple[OutreachPayer, ...], Field(min_length=1)] = Field(
        ("office", "province", "donors"),
        description="whose money counts against the budget; the state's share is due by law and counts only if named",
    )
    levers: tuple[dict[str, Any], ...] = Field(
        (), description="levers, each with a range [low, high] in place of one number; the usual ones if left out"
    )

    @model_validator(mode="after")
    def _readable(self) -> "Search":
        names = [choice.name for choice in self.choices]
        twice = sorted({n for n in names if names.count(n) > 1})
        if twice:
            raise Wrong("levers", "{name} stands there twice; expected each lever and group once", name=twice[0])
        return self

    @cached_property
    def choices(self) -> tuple[Choice, ...]:
        """The levers as choices."""
        read = []
        for number, form in enumerate(self.levers):
            if "lever" not in form:
                raise Wrong(f"levers.{number}", "expected a lever")
            try:
                read.append(Choice.of(form))
            except Wrong as error:
                key = ".".join(filter(None, [f"levers.{number}", error.key]))
                raise Wrong(key, "{what}", what=error.message) from None
        return tuple(read)


def usual(place: Place, start: str, collectors: float) -> tuple[Choice, ...]:
    """Return the levers that an office of `place` can usually choose from, acting from month `start` on.

    Each lever says what it offers (`Lever.offers`), within ranges that are judgement of the makers; there are
    `collectors` persons. Left out are quotas, broadcasts and help with the form, of which an office rather says than
    buys how much there is, and inspections, which move members away.
    """
    forms = {rank: form for lever in LEVERS.values() for rank, form in lever.offers(place, collectors).items()}
    return tuple(Choice.of(forms[rank] | {"start": start}) for rank in sorted(forms))


def offered(scenario: "Scenario") -> tuple[Choice, ...]:
    """Return what may be chosen on top of a scenario: what its file says, or else the usual levers.

    >>> from forecast.question.scenario import Scenario
    >>> [c.name for c in offered(Scenario("x", "Đà Bắc", start="2019-06", until="2020-12"))][:3]
    ['Collectors', 'Visits', 'Training']
    """
    asked = scenario.search.choices if scenario.search else ()
    collectors = float(scenario.plan.collectors[-1].sum())
    if asked:
        return asked
    return within(scenario, usual(scenario.place, str(scenario.months[1]), collectors))


def within(scenario: "Scenario", choices: tuple[Choice, ...]) -> tuple[Choice, ...]:
    """Return the choices with ranges that end where more than was seen would be done, beside what a scenario does.

    A choice of which nothing more was seen is left out, and one that changes nothing because all of it is done already.
    """

    def fits(choice: Choice) -> bool:
        lever = choice.at(choice.levels)
        return lever is None or is_seen(scenario, [lever])

    limited = []
    for choice in choices:
        lever = choice.at(choice.levels)
        if lever is None or not _more(scenario, [lever]).changed(scenario.plan):
            continue
        if fits(choice):
            limited.append(choice)
        elif choice.field:
            low, high = choice.low, choice.high
            for _ in range(14):
                middle = (low + high) / 2
                low, high = (middle, high) if fits(choice.model_copy(update={"high": middle})) else (low, middle)
            low = float(f"{low:.4g}")
            if low > choice.low + 1e-3 * (choice.high - choice.low):
                limited.append(choice.model_copy(update={"high": low}))
    return tuple(limited)


def is_seen(scenario: "Scenario", levers: Sequence[Lever]) -> bool:
    """Do `levers` on top of a scenario stay within what was seen in its place, or within what it does itself?"""
    from forecast.question.acting import above  # it asks about scenarios, which hold a menu

    place, quo = scenario.place, scenario.status_quo_plan
    already = {(one.column, one.group): one.asked for one in above(scenario.plan, quo, place)}
    plan = _more(scenario, levers)
    return all(x.asked <= already.get((x.column, x.group), 0.0) * (1 + 1e-6) for x in above(plan, quo, place))


def _more(scenario: "Scenario", levers: Sequence[Lever]) -> Plan:
    """The plan of a scenario with levers behind its own."""
    columns: dict[str, Any] = {name: column.copy() for name, column in scenario.plan.columns.items()}
    plan = scenario.plan.but(bills=[], **columns)
    for lever in levers:
        lever._apply(plan, scenario.place)
    return plan


def policy(base: Policy, choices: tuple[Choice, ...], levels: tuple[int, ...]) -> Policy:
    """Return `base` with the chosen levers behind its own."""
    chosen = (choice.at(level) for choice, level in zip(choices, levels, strict=True))
    return Policy(*base.levers, *(lever for lever in chosen if lever is not None))
