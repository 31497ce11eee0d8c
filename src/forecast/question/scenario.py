"""One frozen question: a place, a policy, assumptions, and months. No seed, no state, never changed by a run."""

from difflib import get_close_matches
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal

import pandas as pd
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from forecast.beliefs.costs import check_price
from forecast.beliefs.parameters import Assumption, check_assumption, known_names, parameters_table
from forecast.beliefs.sets import Sets
from forecast.data import doors, shown, tables
from forecast.data.law import Law, read_law
from forecast.data.law_changes import Change, changed
from forecast.data.messages import Message, Wrong
from forecast.data.places import Place, read_place
from forecast.data.synonyms import meant
from forecast.question.asked import Asked
from forecast.question.faults import Fault, ScenarioError, meant_word, of_model
from forecast.question.levers import LEVERS, AnyLever, Count, Gift, Group, Month, Policy, as_policy
from forecast.question.menu import Search
from forecast.question.plan import Plan

MOST_MONTHS, MOST_ASSUMED = 1200, 1e12
"""Months of a question, and the size of an assumption: there are not more people, hours or VND in the scheme."""
BORROWED = "borrowed"
"""Status of an opening stock that nobody counted: the place's share of the nation's."""


class Target(BaseModel, metaclass=Asked):
    """A number to reach: a stock on the last day of `by`, or a flow added up from `since` to `by`.

    `value` is persons; months are written YYYY-MM. A number below 0, a month that is none, or a `since` for a stock
    raises :class:`~forecast.data.tables.UserError`. Where published targets come from stands in data/scenarios
    and data/sources.csv.

    >>> Target(measure="members", value=116_400, by="2025-12").since is None
    True
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    measure: Annotated[
        Literal["members", "lasting_members", "active_9of12", "entries", "paid_months"],
        BeforeValidator(meant("measure")),
    ] = "members"
    value: Count = Field(description="persons, or paid months")
    by: Month
    since: Month | None = Field(None, description="first month of a flow; not for stocks")
    group: Group = "all"
    source: str = Field("", description="source in data/sources.csv, or why this number")
    _repr_html_ = shown.html

    @model_validator(mode="after")
    def _flows_have_a_beginning(self) -> "Target":
        flow = self.measure in ("entries", "paid_months")
        if flow != (self.since is not None):
            raise Wrong(
                "",
                "{measure} is a flow: say since" if flow else "{measure} is a stock: leave since out",
                measure=self.measure,
            )
        return self


class Scenario(BaseModel):
    """A question to an engine: what happens in `place` from `start` (its stock is known) to `until` under `policy`?

    `assumptions` replaces priors of data/parameters.csv: a number fixes a parameter, {value, low, high} gives it
    another spread. `opening_members` among them replaces the published stock at `start`, `opening_collectors` the
    number of collectors in the whole place when nothing changes. `learned` says what the status quo follows: what the
    "counts" taught that were known at the start, or the "priors" of the simulation alone; `sets` gives parameters draw
    by draw, as a design wants them. Months are written YYYY-MM, members are persons. What cannot be asked raises
    :class:`~forecast.question.faults.ScenarioError`. The fields are those of a file: docs/scenario.schema.json.

    >>> question = Scenario("plan", "Cà Mau", start="2021-12", until="2025-12", assumptions={"annual_lapse": 0.2})
    >>> len(question.months), question.opening[0]
    (49, 26948.0)
    >>> Scenario("x", "Cà Mau", start="2021-12", until="2020-12")
    Traceback (most recent call last):
    ...
    forecast.question.faults.ScenarioError: scenario 'x': until: 2020-12 is not after start 2021-12
    """

    model_config = ConfigDict(
        frozen=True, extra="forbid", arbitrary_types_allowed=True, ignored_types=(cached_property,)
    )
    scenario: str = Field(min_length=1, description="name, unique in a run")
    place: Place
    start: Month
    until: Month
    target: Target | None = None
    policy: Annotated[Policy, BeforeValidator(as_policy)] = Policy()
    assumptions: dict[str, float | Assumption] = {}
    prices: dict[str, float | Assumption] = Field(
        {}, description="a planner's own prices, VND by item of data/unit_costs.csv; unpaid_hour prices unpaid hours"
    )
    title: dict[Literal["vi", "en"], str] = Field({}, description="name for people, in both languages")
    law: Law = Field(default_factory=read_law, description="the law in force; another one asks what a change would do")
    changes: tuple[Change, ...] = Field((), exclude=True, description="values of the law that are replaced")
    search: Search | None = Field(None, exclude=True, description="what forecast optimize may change")
    file: str = Field("", exclude=True)
    learned: Literal["counts", "priors"] = Field(
        "counts", exclude=True, repr=False, description="what the status quo follows"
    )
    sets: Sets | None = Field(None, exclude=True, repr=False, description="parameters given draw by draw")

    _repr_html_ = shown.html

    def __init__(self, scenario: str, place: Place | str, **data: Any):
        """Take a name and a place (or the name of one), then the rest by keyword."""
        if isinstance(place, str):
            place = read_place(place, at=data.get("start"))
        if data.get("changes") and "law" not in data:
            data["law"] = changed(read_law(), data["changes"])
        try:
            super().__init__(scenario=scenario, place=place, **data)
        except ValidationError as error:
            raise ScenarioError(f"scenario {scenario!r}", of_model(error, type(self))) from None

    @model_validator(mode="after")
    def _fits(self) -> "Scenario":
        start, until = tables.month(self.start), tables.month(self.until)
        if until <= start:
            raise Wrong("until", "{until} is not after start {start}", until=self.until, start=self.start)
        length = tables.month_index(until) - tables.month_index(start)
        if length > MOST_MONTHS:
            raise Wrong(
                "until",
                "{until} is {length:,} months after start; expected at most {most:,}",
                until=self.until,
                length=length,
                most=MOST_MONTHS,
            )
        if not doors.plain(self.scenario):
            raise Wrong("scenario", "{name!r}: expected a name without control characters", name=self.scenario)
        if self.target and not start < tables.month(self.target.by) <= until:
            raise Wrong(
                "target.by", "{by} is not within {first} to {last}", by=self.target.by, first=start + 1, last=self.until
            )
        if (
            self.target
            and self.target.since
            and not start < tables.month(self.target.since) <= tables.month(self.target.by)
        ):
            raise Wrong(
                "target.since",
                "{by} is not within {first} to {last}",
                by=self.target.since,
                first=start + 1,
                last=self.target.by,
            )
        modes = self.law.payment_modes(start)
        for number, lever in enumerate(self.policy.levers):
            if isinstance(lever, Gift) and modes and lever.months not in modes:
                expected = ", ".join(map(str, modes))
                raise Wrong(
                    f"policy.{number}.Gift.months",
                    "{months}; expected a mode of payment: {expected}",
                    months=lever.months,
                    expected=expected,
                )
        unknown = sorted(self.assumptions.keys() - {*parameters_table().index, "opening_members", "opening_collectors"})
        for name, given in self.assumptions.items():
            size = abs(given.value if isinstance(given, Assumption) else given)
            if size > MOST_ASSUMED:
                raise Wrong(f"assumptions.{name}", "{size:g}; expected at most {most:g}", size=size, most=MOST_ASSUMED)
        if unknown:
            nearest = get_close_matches(unknown[0], known_names(), 8, cutoff=0.0)
            raise Wrong(
                f"assumptions.{unknown[0]}", "no such parameter; expected one as {nearest}", nearest=", ".join(nearest)
            )
        for name, given in self.assumptions.items():
            check_assumption(name, given, self.place)
        for name, given in self.prices.items():
            check_price(name, given)
        return self

    @property
    def follows(self) -> bool:
        """Does the status quo follow what counts taught?"""
        return self.learned == "counts" and not self.invented

    @cached_property
    def invented(self) -> bool:
        """Is the place or the law made up? Then what was published of the real ones says nothing about it."""
        rows = self.place.history
        counts = rows[(rows["measure"] == "members") & (rows["place"] == self.place.name)]
        rules = self.law.frame["status"] == "synthetic"
        return bool(rules.all()) or (len(counts) > 0 and bool((counts["status"] == "synthetic").all()))

    @cached_property
    def months(self) -> pd.PeriodIndex:
        """Months from `start` (index 0, the opening stock) to `until`."""
        return pd.period_range(self.start, self.until, freq="M")

    @cached_property
    def plan(self) -> Plan:
        """The policy compiled for this place and these months."""
        return self.policy.plan(self.place, self.start, self.until, self.collectors_given)

    @cached_property
    def status_quo_plan(self) -> Plan:
        """The plan if nothing changes, to see what the policy does: levers that act before the start go on."""
        return self.policy.in_force(self.start).plan(self.place, self.start, self.until, self.collectors_given)

    @property
    def collectors_given(self) -> float | None:
        """How many collectors the scenario assumes that there are when nothing changes; None for the published ones."""
        given = self.assumptions.get("opening_collectors")
        return given.value if isinstance(given, Assumption) else given

    @cached_property
    def opening(self) -> tuple[float, str, str]:
        """Members at the start: (persons, month it was counted, status).

        Without an assumption, the published stock of the start month, or else the latest one before it. A place that
        nobody has counted borrows: its share of the nation's labor force, of what the nation counted ("borrowed"). An
        engine that follows what counts taught carries either to the start, each draw its own way.
        """
        given = self.assumptions.get("opening_members")
        if given is not None:
            return (given.value if isinstance(given, Assumption) else given), self.start, "assumed"
        latest = self.place.latest("members", until=self.start)
        if latest is not None:
            return float(latest[1]), str(latest[0]), latest[2]
        nation = read_place(self.place.lineage[-1])
        counted, share = nation.latest("members", until=self.start), self.place.labor_force / nation.labor_force
        if counted is None or not share > 0 or not self.follows:
            raise tables.UserError(
                "scenario {name!r}: {place} has no published stock of members up to {start}; give "
                "assumptions.opening_members",
                name=self.scenario,
                place=self.place.name,
                start=self.start,
            )
        return float(counted[1]) * share, str(counted[0]), BORROWED

    def but(self, **changes: Any) -> "Scenario":
        """Return the same question with some fields changed, checked anew; all others stay, title and search too.

        >>> asked = Scenario("x", "Đà Bắc", start="2019-06", until="2020-12", title={"vi": "thử"})
        >>> asked.but(until="2021-12").title, asked.but(assumptions={"campaign_rise": -1})
        Traceback (most recent call last):
        ...
        forecast.question.faults.ScenarioError: scenario 'x': assumptions.campaign_rise: expected a number of ...
        """
        kept = {name: getattr(self, name) for name in type(self).model_fields}
        if "changes" in changes:  # another law follows from them
            kept.pop("law")
        other = Scenario(**kept | changes)
        if not changes.keys() & _BEHIND_PLAN:
            there = vars(self)
            vars(other).update({name: there[name] for name in _COMPILED if name in there})
        return other

    def with_policy(self, name: str, policy: Policy) -> "Scenario":
        """Return the same question under another policy and name; under another name the title stays behind."""
        return self.but(scenario=name, policy=policy, title=self.title if name == self.scenario else {})

    def lasting(self, until: str) -> "Scenario":
        """Return the same question with another last month; levers without an end go on, those with one do not."""
        return self.but(until=until)


# Fields that a compiled plan depends on; it is compiled again where one of them changes, and only there.
_COMPILED: tuple[str, ...] = ("plan", "status_quo_plan")
_BEHIND_PLAN = {"place", "start", "until", "policy", "assumptions"}


class _File(BaseModel):
    """The form of a scenario file; its JSON Schema is docs/scenario.schema.json."""

    model_config = ConfigDict(extra="forbid", title="Scenario")
    scenario: str = Field(min_length=1, description="name of the scenario")
    place: str = Field(min_length=1, description="place, as in data/places.csv, or without diacritics: ca-mau")
    start: Month = Field(description="opening month: its stock of members is known")
    until: Month
    title: dict[Literal["vi", "en"], str] = {}
    target: Target | None = None
    law: tuple[Change, ...] = Field((), description="values of the law that are replaced, one after the other")
    policy: tuple[AnyLever, ...] = ()
    assumptions: dict[str, float | Assumption] = {}
    prices: dict[str, float | Assumption] = Field({}, description="own prices, VND by item of data/unit_costs.csv")
    search: Search | None = None


def target_of(scenario: Scenario) -> Target:
    """Return the target of a scenario; an error says so where it has none."""
    if scenario.target is None:
        raise tables.UserError(
            "scenario {name!r} has no target; give target: {{measure, value, by}}", name=scenario.scenario
        )
    return scenario.target


def read_scenario(path: str | Path) -> Scenario:
    """Read a scenario file (YAML); every fault is named with file, key, value and what was expected.

    Keys and their units are those of docs/scenario.schema.json. A fault raises
    :class:`~forecast.data.tables.UserError`.

    >>> read_scenario(tables.data_dir() / "scenarios" / "da-bac-status-quo.yaml").place.name
    'Đà Bắc'
    """
    path = Path(path)
    data = doors.read_yaml(path)
    if not isinstance(data, dict):
        raise tables.UserError(
            "{file}: expected a mapping with scenario, place, start, until; found {kind}",
            file=path,
            kind=Message(
                "an empty file" if data is None else "a list" if isinstance(data, list) else "a text or a number"
            ),
        )
    if isinstance(data.get("policy"), list):
        data["policy"] = [_named(lever) for lever in data["policy"]]
    try:
        if fault := _thousands(data.get("target")):
            raise ScenarioError(str(path), [fault])
        form = _File.model_validate(data)
        scenario = Scenario(
            form.scenario,
            form.place,
            start=form.start,
            until=form.until,
            title=form.title,
            target=form.target,
            policy=Policy(*form.policy),
            assumptions=form.assumptions,
            prices=form.prices,
            changes=form.law,
            search=form.search,
            file=str(path),
        )
        _ = scenario.plan, scenario.opening  # a lever that does not fit the place is a fault of the file
        for number, lever in enumerate(scenario.policy.levers):
            if not lever.acts(scenario.plan):
                name = type(lever).__name__
                what = Message(
                    "it never acts: expected one of its months within {first} to {last} (start {start}, end {end})",
                    first=scenario.months[1],
                    last=scenario.until,
                    start=lever.start or Message("left out"),
                    end=lever.end or Message("left out"),
                )
                raise ScenarioError(str(path), [Fault(0, f"policy.{number}.{name}", what)])
        return scenario
    except ValidationError as error:
        raise ScenarioError(str(path), of_model(error, _File, path)) from None
    except ScenarioError as error:
        raise ScenarioError(str(path), [_placed(fault, path) for fault in error.faults]) from None
    except tables.UserError as error:
        raise tables.UserError("{file}: {fault}", file=path, fault=error) from None


def _thousands(target: Any) -> Fault | None:
    """Ask about a target such as 116.400, which YAML reads as 116.4: nobody plans for a part of a person."""
    value = target.get("value") if isinstance(target, dict) else None
    if not isinstance(value, float) or value.is_integer() or round(value * 1000, 6) != round(value * 1000):
        return None
    what = Message("found {value}, expected whole persons{hint}", value=value, hint=meant_word(f"{value * 1000:.0f}"))
    return Fault(0, "target.value", what)


def _named(lever: Any) -> Any:
    """Return a lever of a file under the name of its class, if it has another name that means one."""
    if not isinstance(lever, dict) or lever.get("lever") in LEVERS:
        return lever
    return lever | {"lever": meant("lever")(lever["lever"])} if "lever" in lever else lever


def _placed(fault: Fault, path: Path) -> Fault:
    """Return a fault of a scenario with the line of the file where its key stands."""
    lines, parts = doors.lines(path), fault.key.split(".")
    where = tuple(int(part) if part.isdigit() else part for part in parts if part not in LEVERS)
    while where and where not in lines:
        where = where[:-1]
    return fault._replace(line=lines.get(where, 0))


def schema() -> dict[str, Any]:
    """Return the JSON Schema of a scenario file; what a thing is for is said in one paragraph."""
    json_schema: dict[str, Any] = _in_short(_File.model_json_schema())
    return json_schema


def _in_short(part: Any) -> Any:
    """Cut descriptions to their first paragraph: examples for Python are none for YAML."""
    if isinstance(part, dict):
        return {
            key: value.partition("\n\n")[0] if key == "description" and isinstance(value, str) else _in_short(value)
            for key, value in part.items()
        }
    return [_in_short(one) for one in part] if isinstance(part, list) else part


__all__ = ["Assumption", "Scenario", "Target", "parameters_table", "read_scenario", "schema"]
