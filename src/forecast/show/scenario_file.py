"""A search as plain values, for optimum.json."""

from typing import Any

import pandas as pd

from forecast.data import frames
from forecast.desk.optimize import Optimum
from forecast.question.scenario_file import scenario_form
from forecast.show.desk import optimum_text
from forecast.show.target import goal


def optimum_record(optimum: Optimum) -> dict[str, Any]:
    """Return a search as plain values, for optimum.json."""
    columns = ["cost", "cost_high", "probability", "guarded_share", "stay"]
    return {
        "asked": {
            "budget": optimum.budget,
            "probability": optimum.probability,
            "poor_share": optimum.poor_share,
            "least_stay": optimum.least_stay,
        },
        "target": goal(optimum.scenario).model_dump(),
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


def _records(rows: pd.DataFrame, columns: list[str]) -> list[dict[str, Any]]:
    return [{name: float(row[name]) for name in columns} for row in frames.records(rows[columns])]
