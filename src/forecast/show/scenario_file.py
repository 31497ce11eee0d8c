"""A search as JSON, and a scenario in the form of its file."""

import pandas as pd
import yaml

from forecast.show.desk import optimum_text


def optimum_record(optimum) -> dict:
    """Return a search as plain values, for optimum.json."""
    target = optimum.scenario.target
    columns = ["cost", "cost_high", "probability", "guarded_share", "stay"]
    return {
        "asked": {
            "budget": optimum.budget,
            "probability": optimum.probability,
            "poor_share": optimum.poor_share,
            "least_stay": optimum.least_stay,
        },
        "target": target.model_dump(),
        "met": optimum.met,
        "why": optimum.why,
        "says": {lang: str(optimum_text(optimum, lang)) for lang in ("vi", "en")},
        "probability_without": optimum.base,
        "probability_at_most": optimum.most,
        "promised": optimum.promised._asdict(),
        "verified": optimum.verified._asdict(),
        "optimism": optimum.optimism,
        "levers": scenario_form(optimum.scenario)["policy"],
        "front": _records(optimum.tried[optimum.tried["front"]], columns),
        "front_of_equity": _records(optimum.tried[optimum.tried["fair"]], columns),
        "mixes_tried": len(optimum.tried),
    }


def _records(rows: pd.DataFrame, columns: list[str]) -> list[dict]:
    return [{name: float(row[name]) for name in columns} for row in rows[columns].to_dict("records")]


def scenario_form(scenario) -> dict:
    """Return a scenario in the form of its file."""
    levers = []
    for lever in scenario.policy.levers:
        said = lever.model_dump(mode="json", exclude_none=True, exclude_defaults=True)
        said.pop("lever", None)
        levers.append({"lever": type(lever).__name__} | said)
    assumptions = {
        name: given if isinstance(given, (int, float)) else given.model_dump()
        for name, given in scenario.assumptions.items()
    }
    return {
        "scenario": scenario.scenario,
        "title": dict(scenario.title),
        "place": scenario.place.name,
        "start": scenario.start,
        "until": scenario.until,
        "target": scenario.target.model_dump(exclude_none=True, exclude_defaults=True) if scenario.target else None,
        "policy": levers,
        "assumptions": assumptions,
    }


def scenario_yaml(scenario) -> str:
    """Return a scenario as the text of its file.

    >>> from forecast import toy
    >>> from forecast.question.scenario import Scenario
    >>> print(scenario_yaml(Scenario("x", toy.place(), start="2021-12", until="2022-12", law=toy.law())))
    scenario: x
    place: Toy
    start: 2021-12
    until: 2022-12
    policy: []
    <BLANKLINE>
    """
    form = {k: v for k, v in scenario_form(scenario).items() if v or k == "policy"}
    text = yaml.safe_dump(form, allow_unicode=True, sort_keys=False, width=120)
    return text.replace("'", "") if _plain(form, text) else text


def _plain(form: dict, text: str) -> bool:
    """Months are quoted by the writer, and read the same without quotes; keep the quotes where that is not so."""
    return yaml.safe_load(text.replace("'", "")) == form
