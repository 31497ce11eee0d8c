"""The hypothesis of December: it ends just above the plan wherever the plan can be reached.

Each December that was counted and had a plan is set beside it. "Within reach" cannot be seen; what can be seen is the
plan over the December before. Under the hypothesis counts crowd just above 1 of their plan and leave the space just
below it empty, more than a smooth spread of results would.
"""

from collections.abc import Iterable
from dataclasses import replace
from math import comb

import numpy as np
import pandas as pd

from forecast.data import history as facts
from forecast.data import tables
from forecast.data.frames import at
from forecast.data.frames import rows as rows_of
from forecast.data.law import read_law
from forecast.data.places import read_place
from forecast.engines import Engine
from forecast.engines.campaign.known import NATION, set_plans
from forecast.question.scenario import Scenario

JUST = 0.06  # how far above the plan, or below it, is "just"
RISES = (("2021-11", "2021-12"), ("2023-09", "2023-12"), ("2025-11", "2025-12"))
FALLS = (("2020-12", "2021-03"), ("2023-12", "2024-03"), ("2024-12", "2025-03"))
TURNS = RISES + FALLS  # the nation's published rises to December and falls by March


def plans_met(history: pd.DataFrame) -> pd.DataFrame:
    """Return `place, year, plan, members, of_plan, ambition`: each December with a plan or a target of its own year.

    `ambition` is the plan over the December before, NaN where that was not counted. Only counts that may judge are
    taken; a target that was set in an earlier year is none.
    """
    counts = facts.counts(history)
    december = counts[counts["month"].str.endswith("-12")].drop_duplicates(["place", "month"], keep="last")
    value = {(row.place, int(row.month[:4])): row.value for row in rows_of(december)}
    rows = []
    for row in rows_of(set_plans(history)):
        key = row.place, int(row.year)
        if key in value:
            before = value.get((key[0], key[1] - 1), float("nan"))
            rows.append((*key, row.value, value[key], value[key] / row.value, row.value / before))
    return pd.DataFrame(rows, columns=["place", "year", "plan", "members", "of_plan", "ambition"])


def bunching(met: pd.DataFrame, just: float = JUST) -> dict[str, float]:
    """Return how many Decembers end just above their plan, just below it, far above, far below, and how odd that is.

    `p_value` is the chance of at least so many just above, among those within `just` on either side, if both sides were
    equally likely: a one-sided sign test, since a smooth spread of results does not jump at the plan.

    >>> met = pd.DataFrame({"of_plan": [1.0, 1.01, 1.05, 0.7, 1.8]})
    >>> bunching(met)["above"], bunching(met)["p_value"]
    (3, 0.125)
    """
    ratio = met["of_plan"]
    above, below = int(ratio.between(1.0, 1 + just).sum()), int((ratio.lt(1.0) & ratio.ge(1 - just)).sum())
    near = above + below
    chance = sum(comb(near, k) for k in range(above, near + 1)) / 2**near
    far = {"far_above": int((ratio > 1 + just).sum()), "far_below": int((ratio < 1 - just).sum())}
    return {"above": above, "below": below, **far, "p_value": chance}


def turns(
    engine: Engine,
    pairs: Iterable[tuple[str, str]] = TURNS,
    draws: int = 1000,
    seed: int = 1,
    place: str = NATION,
    history: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Return what `engine` foretold of published changes: `since, month, published, low, median, high, width, inside`.

    A forecast is made at the end of `since` with the law and the counts known then; a count of `since` that came out
    later is foretold as well. Changes are in percent, `low` and `high` the ends of the 80% interval, `width` between
    them in percentage points: a check that any change would pass says so by its width.
    """
    table = tables.read(tables.data_dir() / "history.csv", "history") if history is None else history
    counts = facts.counts(table).query("place == @place").drop_duplicates("month", keep="last").set_index("month")
    since_when = facts.known_since(table)
    rows = []
    for since, month in pairs:
        then = table[(since_when != "") & (since_when <= since)]
        own_history = then[then["place"] == place].reset_index(drop=True)
        unit = replace(read_place(place, at=since), history=own_history)
        question = Scenario("status quo", unit, start=since, until=month, law=read_law().known(since))
        members = engine.run(question, range(draws), seed)
        members = members[members["measure"] == "members"].pivot(index="draw", columns="month", values="value")
        change = 100 * (members[month] / members[since] - 1)
        low, median, high = np.quantile(change, [0.1, 0.5, 0.9])
        published = 100 * (at(counts, month, "value") / at(counts, since, "value") - 1)
        rows.append((since, month, published, low, median, high, high - low, bool(low <= published <= high)))
    return pd.DataFrame(rows, columns=["since", "month", "published", "low", "median", "high", "width", "inside"])
