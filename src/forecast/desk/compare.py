"""What a policy adds, and at what cost: paired differences between scenarios of the same place and months."""

import numpy as np
import pandas as pd

from forecast.answer.projection import Projection
from forecast.data import frames, tables
from forecast.data.vocabulary import INTERVAL, PAYERS
from forecast.experiment.project import refuse_others
from forecast.question.scenario import Scenario

ALL = "all"  # payers together


def comparison(answer: Projection, base: str) -> pd.DataFrame:
    """Return what each other scenario adds to `base`: paired differences with 90% intervals.

    Columns: place, scenario, base, engine, month (the last), group, measure, payer, unit, median, low, high, mean,
    draws. Measures: members (in that month), entries and lapses (over all months up to it), member_years (added up),
    money by payer and of all of them ("all"), unpaid_hours, and cost_per_member_year: additional money of the payer for
    each additional member-year, left out of a draw in which nothing was added. Money is contributions, commission and
    the work of levers (`engines.people.money`); work and hours are for all groups together and stand with "all".
    `median`, `low` and `high` are over draws, in the `unit` of the row (persons, years, vnd, hours); of the `mean`, the
    payers' add up to that of all. A `base` that is not in the answer, or nothing beside it, raises
    :class:`~forecast.data.tables.UserError`. What money holds stands in docs/decisions/0028-money-is-whole.md.

    >>> import forecast as f
    >>> quo = f.Scenario("quo", f.toy.place(), start="2021-12", until="2022-12", law=f.toy.law())
    >>> visits = quo.with_policy("visits", f.Policy(f.Visits(count=50, per="commune")))
    >>> answer = f.project([quo, visits], ["stock"], draws=8, progress=False, jobs=1)
    >>> found = comparison(answer, "quo").set_index(["group", "measure"])
    >>> bool(found.loc[("all", "members"), "low"] > 0)
    True
    """
    gaps = answer.versus(base).frame
    if gaps.empty:
        raise tables.UserError(
            "nothing to compare with {base!r}: give at least two scenarios of the same place and months", base=base
        )
    keys = ["place", "scenario", "engine", "group"]
    last = max(map(str, gaps["month"].unique()))
    parts = []
    summed = gaps.groupby([*keys, "measure", "draw"], observed=True, sort=False)["value"].sum()
    members = gaps[(gaps["measure"] == "members") & (gaps["month"] == last)]
    ends = dict(frames.groups(members, keys, observed=True))
    for asked, totals in summed.groupby(keys, observed=True, sort=False):
        wide = totals.droplevel([*keys]).unstack("measure").sort_index()
        place, scenario, engine, group = asked
        head = {"place": place, "scenario": scenario, "base": base, "engine": engine, "month": last, "group": group}
        end = ends.get(asked, members[:0])["value"]
        years = wide["members"] / 12
        measured = [("members", "", "persons", end), ("member_years", "", "years", years)]
        measured += [(m, "", "persons", wide[m]) for m in ("entries", "lapses") if m in wide]
        if "unpaid_hours" in wide and wide["unpaid_hours"].notna().all():
            measured.append(("unpaid_hours", "", "hours", wide["unpaid_hours"]))
        for payer, measure in PAYERS.items():
            if measure in wide and wide[measure].notna().all():
                measured.append(("money", payer, "vnd", wide[measure]))
                if payer != "members":
                    added = years > 0.5  # fewer than half a year added in all: a price for it would mean nothing
                    measured.append(("cost_per_member_year", payer, "vnd", wide[measure][added] / years[added]))
        paid = [m for p, m in PAYERS.items() if p != "members" and m in wide and wide[m].notna().all()]
        if paid:
            everybody = [m for m in PAYERS.values() if m in wide and wide[m].notna().all()]
            measured.append(("money", ALL, "vnd", wide[everybody].sum(axis=1)))
            added = years > 0.5
            measured.append(
                ("cost_per_member_year", "public and donors", "vnd", wide[paid].sum(axis=1)[added] / years[added])
            )
        for measure, payer, unit, values in measured:
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
                        "mean": float(np.mean(values)),
                        "draws": len(values),
                    }
                )
    return pd.DataFrame(parts)


def status_quo(scenario: Scenario, name: str = "status quo") -> Scenario:
    """Return the same question if nothing changes, named `name`: levers that act before the start go on, no other acts.

    Place, months and beliefs are those of `scenario`; which levers act before the start, says
    :meth:`forecast.question.levers.Policy.in_force`. What is no scenario is refused. How a plan acts stands in
    docs/model.md.

    >>> import forecast as f
    >>> plan = f.Scenario("plan", f.toy.place(), start="2021-12", until="2022-12", law=f.toy.law(),
    ...                   policy=f.Policy(f.Visits(count=50)))
    >>> status_quo(plan).scenario, len(status_quo(plan).policy.levers)
    ('status quo', 0)
    """
    refuse_others([scenario])
    return scenario.with_policy(name, scenario.policy.in_force(scenario.start))
