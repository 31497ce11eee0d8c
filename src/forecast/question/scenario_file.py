"""A question written in the form of its file (`scenario.read_scenario` reads it): the one writer of scenario files."""

import re
from typing import Any

import yaml

from forecast.data import tables
from forecast.question.levers.base import Lever
from forecast.question.scenario import Scenario


def scenario_form(scenario: Scenario, everything: bool = False) -> dict[str, Any]:
    """Return a scenario in the form of its file, defaults left out; with `everything` they stand there as well.

    >>> from forecast.data import toy
    >>> asked = Scenario("x", toy.place(), start="2021-12", until="2022-12", law=toy.law())
    >>> scenario_form(asked)["place"], scenario_form(asked)["policy"]
    ('Toy', [])
    """
    target = scenario.target
    assumptions = {
        name: given if isinstance(given, (int, float)) else given.model_dump()
        for name, given in scenario.assumptions.items()
    }
    prices = {
        n: given if isinstance(given, (int, float)) else given.model_dump() for n, given in scenario.prices.items()
    }
    form = {
        "scenario": scenario.scenario,
        "title": dict(scenario.title),
        "place": scenario.place.name,
        "start": scenario.start,
        "until": scenario.until,
        "target": target and target.model_dump(mode="json", exclude_none=True, exclude_defaults=not everything),
        "policy": [lever_form(lever, everything) for lever in scenario.policy.levers],
        "assumptions": assumptions,
        "prices": prices,
    }
    if scenario.changes:
        form["law"] = [change.model_dump(exclude_defaults=True) for change in scenario.changes]
    if scenario.search and not everything:  # what a search may choose is no part of what is asked of an engine
        form["search"] = scenario.search.model_dump(mode="json", exclude_defaults=True)
    return form


def lever_form(lever: Lever, everything: bool = False) -> dict[str, Any]:
    """Return a lever in the form of a scenario file, defaults left out unless `everything` is wanted.

    >>> from forecast.question.levers import Reminders
    >>> lever_form(Reminders(share=0.5))
    {'lever': 'Reminders', 'share': 0.5}
    """
    form = lever.model_dump(mode="json", exclude_none=True, exclude_defaults=not everything)
    form.pop("lever", None)
    return {"lever": type(lever).__name__} | form


def scenario_yaml(scenario: Scenario, everything: bool = False) -> str:
    """Return a scenario as the text of its file; with `everything`, one that reads the same whatever defaults become.

    >>> from forecast.data import toy
    >>> print(scenario_yaml(Scenario("x", toy.place(), start="2021-12", until="2022-12", law=toy.law())))
    scenario: x
    place: Toy
    start: 2021-12
    until: 2022-12
    policy: []
    <BLANKLINE>
    """
    if everything:
        form = {name: value for name, value in scenario_form(scenario, True).items() if value is not None}
        return str(yaml.safe_dump(form, allow_unicode=True, sort_keys=True))
    return form_yaml(scenario_form(scenario))


def form_yaml(form: dict[str, Any]) -> str:
    """Return the text of a scenario file that has this form (:func:`scenario_form`); what is empty is left out.

    The place of a form need not be in the data yet.

    >>> print(form_yaml({"scenario": "x", "place": "Xã: mới", "start": "2021-12", "policy": [], "assumptions": {}}))
    scenario: x
    place: 'Xã: mới'
    start: 2021-12
    policy: []
    <BLANKLINE>
    """
    form = {name: value for name, value in form.items() if value or name in ("policy", "search")}
    text = str(yaml.safe_dump(form, allow_unicode=True, sort_keys=False, width=120))
    # The writer quotes months; quotes that are not needed make a file harder to read and to change by hand.
    written = (plain for plain in (text.replace("'", ""), _MONTH.sub(r"\1", text), text) if _reads(plain, form))
    readable = next(written, None)
    if readable is None:
        raise tables.UserError(
            "scenario {scenario!r}: it cannot be written as a file that reads the same", scenario=form.get("scenario")
        )
    return readable


_MONTH = re.compile(r"'(\d{4}-\d{2})'")


def _reads(text: str, form: dict[str, Any]) -> bool:
    try:
        return bool(yaml.safe_load(text) == form)
    except yaml.YAMLError:
        return False
