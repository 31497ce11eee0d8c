"""What event dates are worth: `python benchmarks/forecasting/events.py --series DIR`, in half a minute.

Uptake series, and invented enrollment, get a shock of our own making one step into what is held back: a lasting factor
whose log is normal with standard deviation 0.25, at once in yearly series and over six steps in monthly ones. Asked are
`forecast.baseline` without a word, with date and size of the event, and with its date alone (no series has had one
before, so that only the intervals can answer). Printed as Markdown: MASE over that of the naive forecast, and the
shares of what came within the 95 and the 80% intervals.
"""

import argparse
from pathlib import Path
from typing import NamedTuple

import invented
import numpy as np
import pandas as pd
import real
from invented import Case

from forecast.timeseries import baseline

SEED, SPREAD = 7, 0.25
MOST = 60


class Shocked(NamedTuple):
    """A table of pasts, its events with their sizes, and what came after in each series."""

    table: pd.DataFrame
    events: pd.DataFrame
    futures: dict[str, np.ndarray]


def main() -> None:
    """Measure, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--series", type=Path, help="folder with uptake.parquet; invented series alone without it")
    options = parser.parse_args()
    members = [case for case in invented.enrollment(400, SEED) if len(case.past) >= 8 and len(case.future) > 1]
    groups = {
        f"invented enrollment, {word}": [case for case in members if case.season == season]
        for season, word in ((1, "yearly"), (12, "monthly"))
    }
    if options.series:
        uptake = real.read(options.series, ("uptake",))
        groups |= {label: cases for label, cases in uptake.items() if "4 to" not in label}
    print("| series | told | MASE / naive | 95% holds | 80% holds |\n| :-- | :-- | --: | --: | --: |")
    for label, cases in groups.items():
        one = shocked(cases[:MOST])
        told = {"nothing": None, "date and size": one.events, "date": one.events.assign(size="")}
        for word, events in told.items():
            ratio, wide, narrow = score(one, events)
            print(f"| {label}, {len(one.futures)} | {word} | {ratio:.3f} | {wide:.1%} | {narrow:.1%} |")


def shocked(cases: list[Case]) -> Shocked:
    """Return series with a shock in what is held back, at its second step where there is one."""
    rng = np.random.default_rng(SEED)
    rows, events, futures = [], [], {}
    for number, case in enumerate(cases):
        y, count = np.append(case.past, case.future), len(case.past)
        steps, size = (1 if case.season == 1 else 6), rng.normal(0, SPREAD)
        y = y * np.exp(size * np.clip((np.arange(len(y)) - count) / steps, 0, 1))
        first = pd.Period("1990", freq="Y") if case.season == 1 else pd.Period("1990-01", freq="M")
        dates = [str(first + step) for step in range(len(y))]
        name = f"s{number}"
        rows += [(name, date, value) for date, value in zip(dates[:count], case.past, strict=True)]
        events.append((name, dates[count + 1], "shock", str(np.expm1(size)), "lasting", str(steps)))
        futures[name] = y[count:]
    columns = ["unique_id", "date", "kind", "size", "lasting", "steps"]
    return Shocked(pd.DataFrame(rows, columns=["unique_id", "ds", "y"]), pd.DataFrame(events, columns=columns), futures)


def score(one: Shocked, events: pd.DataFrame | None) -> tuple[float, float, float]:
    """Return MASE over naive, and coverage of the 95 and the 80% interval."""
    horizon = max(len(future) for future in one.futures.values())
    answer = baseline.baseline(one.table, horizon, jobs=1, progress=False, events=events)
    errors, held = [], []
    for name, future in one.futures.items():
        rows = answer[answer["unique_id"] == name].head(len(future))
        past = one.table.loc[one.table["unique_id"] == name, "y"].to_numpy()
        unit = max(float(np.mean(np.abs(np.diff(past)))), 1e-9)
        errors.append([np.mean(np.abs(guess - future)) / unit for guess in (rows["median"].to_numpy(), past[-1])])
        held.append(
            [
                np.mean((future >= rows[low]) & (future <= rows[high]))
                for low, high in (("0.025", "0.975"), ("0.1", "0.9"))
            ]
        )
    ours, naive = np.mean(errors, axis=0)
    return (float(ours / naive), *map(float, np.mean(held, axis=0)))


if __name__ == "__main__":
    main()
