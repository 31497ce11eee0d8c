"""Lasting and campaign members, measured: the exam at calendar origins, turns of the year, Cà Mau, and plans met.

    python benchmarks/forecasting/december.py [--out FOLDER] [--draws N] [--jobs N] [--samples FILE]

Writes december.json and december.md. Structure and priors were chosen on origins up to December 2022 (and the priors of
the first trial had seen all counts); origins from June 2023 are shown apart.
"""

import argparse
import json
import platform
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from forecast.data import history as facts
from forecast.data import tables
from forecast.data.law import read_law
from forecast.data.places import read_place
from forecast.engines.campaign.beliefs import learn
from forecast.engines.campaign.engine import CampaignEngine
from forecast.engines.campaign.known import known_at
from forecast.engines.yardsticks import MORE_YARDSTICKS, YARDSTICKS, Naive
from forecast.experiment import calendar, december
from forecast.experiment.backtest import backtest
from forecast.question.scenario import Scenario

CHOSEN = "2022-12"  # last origin on which anything was chosen
RESULTS = Path(__file__).parents[1] / "results"
SINCE, QUARTER = "2012-01", 3  # months
SHARES = (0.7, 0.85, 0.95)  # that were compared


class NarrowNaive(Naive):
    """The last count, as wide as the place's own counts since 2012 moved, where a gap is at least a quarter.

    The goals for the pool (0.30 and 0.40 of naive) were set beside this one. It leaves out the boom of 2008 to 2011 and
    what other places did, so that its intervals miss the climb of 2019 by more and its score is worse than that of the
    naive of the exam: a ratio to it is smaller. Both are shown.
    """

    name = "naive, own counts since 2012"

    def variance(self, known: pd.Series, ahead: pd.PeriodIndex) -> np.ndarray:
        """Return the months since the last count, at least a quarter."""
        return np.maximum(super().variance(known, ahead), QUARTER)

    def changes(self, known: pd.Series) -> np.ndarray:
        """Return log changes over the root of the months between counts, at least a quarter."""
        own = known[known.index >= pd.Period(SINCE, "M")]
        months = np.diff([month.ordinal for month in own.index])
        scaled: np.ndarray = np.diff(np.log(own)) / np.sqrt(np.maximum(months, QUARTER))
        return scaled

    def _pooled(self, scenario: Scenario) -> float:
        """Return what other places add, where a place has fewer than three changes of its own."""
        known = scenario.place.observed("members", until=scenario.start)
        return float("nan") if len(self.changes(known[known > 0])) > 2 else super()._pooled(scenario)


def ca_mau(draws: int) -> dict[str, float]:
    """Cà Mau in December 2025 as foretold in December 2021: median, ends of the 80% interval, and their ratio."""
    table = tables.read(tables.data_dir() / "history.csv", "history")
    since = facts.known_since(table)
    then = table[(since != "") & (since <= "2021-12")]
    place = replace(read_place("Cà Mau", at="2021-12"), history=then[then["place"] == "Cà Mau"].reset_index(drop=True))
    quo = Scenario("status quo", place, start="2021-12", until="2025-12", law=read_law().known("2021-12"))
    rows = CampaignEngine(then).run(quo, range(draws), 1)
    last = rows[(rows["month"] == "2025-12") & (rows["measure"] == "members")]["value"]
    low, median, high = np.quantile(last, [0.1, 0.5, 0.9])
    return {"low": low, "median": median, "high": high, "ratio": high / low}


def refit_seconds() -> float:
    """Seconds of processor time for one origin with all counts of today."""
    table = tables.read(tables.data_dir() / "history.csv", "history")
    known = known_at(table, pd.Period("2025-12", "M"), read_law())
    begun = time.process_time()
    learn(known)
    return time.process_time() - begun


def by_first_share(values: pd.DataFrame) -> pd.DataFrame:
    """The pool's score over that of naive by the share of the weight that `campaign` begins with, chosen and apart."""
    rows, kept = [], calendar.FIRST_SHARE["campaign"]
    try:
        for share in SHARES:
            calendar.FIRST_SHARE["campaign"] = share
            scored = calendar.examined(values).scored
            short = calendar.summary(scored.assign(judged=scored["origin"] > CHOSEN), ("scope", "judged", "engine"))
            rows.append(short[short["engine"] == calendar.POOL].assign(first_share=share))
    finally:
        calendar.FIRST_SHARE["campaign"] = kept
    return pd.concat(rows)[["first_share", "scope", "judged", "targets", "held_80", "wis", "of_naive"]]


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=RESULTS)
    parser.add_argument("--draws", type=int, default=400)
    parser.add_argument("--jobs", type=int, default=None)
    parser.add_argument("--samples", type=Path, help="Parquet file of forecasts: kept there, or taken from there.")
    asked = parser.parse_args()
    begun, cpu = time.time(), time.process_time()
    history = tables.read(tables.data_dir() / "history.csv", "history")
    if asked.samples is None or not asked.samples.is_file():
        found = backtest(
            calendar.counted(history),
            calendar.EXAMINED,
            origins=calendar.origins(),
            horizon=calendar.HORIZON,
            draws=asked.draws,
            jobs=asked.jobs,
            progress=False,
            yardsticks=YARDSTICKS | MORE_YARDSTICKS | {NarrowNaive.name: NarrowNaive},
        )
        values = calendar.samples(found.forecasts, found.counts)
        if asked.samples is not None:
            values.to_parquet(asked.samples)
    else:
        values = pd.read_parquet(asked.samples)
    exam = calendar.examined(values)
    took = {"exam_wall": time.time() - begun, "exam_processor_one_job": time.process_time() - cpu}
    scored = exam.scored.assign(judged=exam.scored["origin"] > CHOSEN)
    found = {
        "exam": calendar.summary(scored),
        "exam, apart: origins on which nothing was chosen": calendar.summary(scored, ("scope", "judged", "engine")),
        "bands": calendar.summary(scored, ("scope", "engine", "band")),
        "the pool by the first share of campaign": by_first_share(values),
        "weights": exam.weights.pivot_table(index=["scope", "origin"], columns="engine", values="weight").reset_index(),
        "turns of the year": december.turns(CampaignEngine(), draws=1000),
        "Decembers and their plans": december.plans_met(history),
        "bunching": pd.DataFrame([december.bunching(december.plans_met(history))]),
        "Cà Mau in December 2025, foretold in December 2021": pd.DataFrame([ca_mau(1000)]),
        "seconds": pd.DataFrame([took | {"refit_processor": refit_seconds()}]),
    }
    parts = [
        f"# Lasting and campaign members, measured\n\n{time.strftime('%Y-%m-%d')}, Python "
        f"{platform.python_version()}, {platform.machine()}; {asked.draws} draws.\n"
    ]
    for title, table in found.items():
        cells = table.round(3).map(str)
        parts.append(f"\n## {title}\n\n| {' | '.join(cells)} |\n|{'---|' * len(cells.columns)}\n")
        parts += [f"| {' | '.join(row)} |\n" for row in cells.to_numpy()]
    asked.out.mkdir(parents=True, exist_ok=True)
    (asked.out / "december.md").write_text("".join(parts), encoding="utf-8")
    told = {title: table.round(4).to_dict("records") for title, table in found.items()}
    (asked.out / "december.json").write_text(json.dumps(told, ensure_ascii=False, indent=1), encoding="utf-8")
    print("".join(parts))


if __name__ == "__main__":
    main()
