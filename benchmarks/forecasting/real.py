"""Real series: those of the M1, M3 and tourism competitions and of uptake, where you have a copy of them.

A folder holds `m1.parquet`, `m3.parquet`, `tourism.parquet` and `uptake.parquet`, long tables with the columns `id`,
`period` (yearly, quarterly, monthly, other), `part` (train, test), `t`, `y`; `uptake` also has `group`. None of them is
part of the project. What was held back by those who made a set is held back here.
"""

import hashlib
from pathlib import Path

import numpy as np
import pandas as pd
from invented import Case

SETS = ("m1", "m3", "tourism", "uptake")
SEASON = {"yearly": 1, "quarterly": 4, "monthly": 12, "other": 1}
FEWEST = 9  # values that a series has that ends earlier, and two seasons and two
FIRST_POINTS, FIRST_HORIZON = (4, 5, 6), 6  # a longer uptake series as it was known when it had so few points


def read(folder: Path, sets: tuple[str, ...] = SETS) -> dict[str, list[Case]]:
    """Return the cases of each group of series, named for set and period, in a fixed order that is not that of a set.

    Raises FileNotFoundError where a set is missing.
    """
    groups: dict[str, list[Case]] = {}
    for name in sets:
        table = pd.read_parquet(folder / f"{name}.parquet").sort_values(["id", "t"], kind="stable")
        for (series, period), rows in table.groupby(["id", "period"], sort=False):
            past, future = (rows.loc[rows["part"] == part, "y"].to_numpy(float) for part in ("train", "test"))
            label = f"{name} {period}" if name != "uptake" else _uptake(rows["group"].iloc[0])
            groups.setdefault(label, []).append(Case(past, future, SEASON[period], label))
            if name == "uptake" and "broadband_n8" in series:
                groups.setdefault("uptake of 4 to 6 points", []).extend(_first(np.append(past, future)))
    return {label: sorted(cases, key=key) for label, cases in groups.items()}


def earlier(groups: dict[str, list[Case]]) -> dict[str, list[Case]]:
    """Return the series as they were known one horizon before, with what came then; too short ones are left out."""
    ended = {f"{label}, earlier": [_ended(case) for case in cases if _lasts(case)] for label, cases in groups.items()}
    return {label: cases for label, cases in ended.items() if cases}


def _lasts(case: Case) -> bool:
    return len(case.past) - len(case.future) >= max(FEWEST, 2 * case.season + 2)


def _ended(case: Case) -> Case:
    steps = len(case.future)
    return case._replace(past=case.past[:-steps], future=case.past[-steps:])


def _uptake(group: str) -> str:
    """Return the group of an uptake series: its points where they are yearly."""
    known = {
        "adopt_broadband_n8": "uptake of 8 points",
        "adopt_broadband_n12": "uptake of 12 points",
        "bes_province_annual": "uptake of 4 to 6 points",
    }
    return known.get(group, "uptake monthly")


def _first(values: np.ndarray) -> list[Case]:
    """Return a series as it was known after its first 4, 5 or 6 points, one of them by its own values."""
    count = FIRST_POINTS[int(key(Case(values, values[:0], 1, ""))[:8], 16) % len(FIRST_POINTS)]
    return [Case(values[:count], values[count : count + FIRST_HORIZON], 1, "uptake of 4 to 6 points")]


def key(case: Case) -> str:
    """Return a name of a series that depends on its numbers alone; in its order, the first ones are a fair sample."""
    return hashlib.sha256(np.concatenate([[case.season, len(case.past)], case.past, case.future]).tobytes()).hexdigest()
