"""What a policy adds, and at what cost: paired differences between scenarios of the same place and months."""

import numpy as np
import pandas as pd

from forecast.answer.projection import Projection
from forecast.data import tables
from forecast.desk.target import INTERVAL, PAYERS
from forecast.question.levers import Policy
from forecast.question.scenario import Scenario


def comparison(answer: Projection, base: str) -> pd.DataFrame:
    """Return what each other scenario adds to `base`: paired differences with 90% intervals.

    Columns: place, scenario, engine, group, measure, payer, unit, median, low, high. Measures: members (at the end),
    entries and lapses (over all months), member_years (added up), money by payer, and cost_per_member_year: additional
    money of the payer for each additional member-year, left out of a draw in which nothing was added.
    """
    gaps = answer.versus(base).frame
    if gaps.empty:
        raise tables.UserError(
            f"nothing to compare with {base!r}: give at least two scenarios of the same place and months"
        )
    keys = ["place", "scenario", "engine", "group"]
    last = gaps["month"].astype(str).max()
    parts = []
    for (place, scenario, engine, group), rows in gaps.groupby(keys, observed=True, sort=False):
        wide = rows.pivot_table(index="draw", columns="measure", values="value", aggfunc="sum", observed=True)
        head = {"place": place, "scenario": scenario, "engine": engine, "group": group}
        end = rows[(rows["measure"] == "members") & (rows["month"].astype(str) == last)]["value"]
        years = wide["members"] / 12
        found = [("members", "", "persons", end), ("member_years", "", "years", years)]
        found += [(m, "", "persons", wide[m]) for m in ("entries", "lapses") if m in wide]
        for payer, measure in PAYERS.items():
            if measure in wide and wide[measure].notna().all():
                found.append(("money", payer, "vnd", wide[measure]))
                if payer != "members":
                    added = years > 0.5  # fewer than half a year added in all: a price for it would mean nothing
                    found.append(("cost_per_member_year", payer, "vnd", wide[measure][added] / years[added]))
        paid = [m for p, m in PAYERS.items() if p != "members" and m in wide and wide[m].notna().all()]
        if paid:
            added = years > 0.5
            found.append(
                ("cost_per_member_year", "public and donors", "vnd", wide[paid].sum(axis=1)[added] / years[added])
            )
        for measure, payer, unit, values in found:
            if len(values):
                low, median, high = np.quantile(values, [INTERVAL[0], 0.5, INTERVAL[1]])
                parts.append(
                    head
                    | {
                        "measure": measure,
                        "payer": payer,
                        "unit": unit,
                        "median": median,
                        "low": low,
                        "high": high,
                        "draws": len(values),
                    }
                )
    return pd.DataFrame(parts)


def status_quo(scenario: Scenario, name: str = "status quo") -> Scenario:
    """Return the same question with an empty policy."""
    return scenario.with_policy(name, Policy())
