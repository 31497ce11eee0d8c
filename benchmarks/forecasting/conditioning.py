"""Three ways to make simulated worlds follow a baseline: how many worlds carry the answer, and how it scores.

    python benchmarks/forecasting/conditioning.py [--out FOLDER] [--draws N]

*Weights*: worlds of the stock engine as its priors have it, weighted by how likely the pool holds their path; *filter*:
the same worlds, chosen anew each half year by how they did in it (a particle filter; a world is not changed, so that
its books stay whole); *factors*: factors of each month on entry and lapsing that are found draw by draw, as the product
does (`engines.people.following`). Paths are members at each June and December; densities are normal in logs,
with the means and covariances of the draws. Scored on counts that came later, with what was known at each origin.
Writes conditioning.json and conditioning.md.
"""

import argparse
import json
import time
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.stats import multivariate_normal

from forecast.answer import score
from forecast.data import history as facts
from forecast.data import tables
from forecast.data.law import read_law
from forecast.data.places import read_place
from forecast.data.vocabulary import EXAM_QUANTILES, PUBLISHED_QUANTILES
from forecast.engines.people.stock import StockEngine
from forecast.engines.pool import PoolEngine
from forecast.experiment.calendar import counted
from forecast.question.scenario import Scenario

RESULTS = Path(__file__).parents[1] / "results"
ORIGINS = ("2021-12", "2023-12")
AHEAD = 48  # months
PROBABILITIES = [PUBLISHED_QUANTILES[name] for name in EXAM_QUANTILES]
MEMBERS = list(tables.MEASURES).index("members")
LEAST = 1e-4  # added to the variances of logs, since at the opening all worlds have one number of members


def asked(name: str, origin: str, table: pd.DataFrame) -> Scenario:
    """What happens if nothing changes, with the counts that were known at the origin."""
    since = facts.known_since(table)
    then = table[(since != "") & (since <= origin)]
    place = replace(read_place(name, at=origin), history=then[then["place"] == name].reset_index(drop=True))
    until = min(str(pd.Period(origin, "M") + AHEAD), "2025-12")
    return Scenario("status quo", place, start=origin, until=until, law=read_law().known(origin))


def members(values: np.ndarray) -> np.ndarray:
    """Logs of members by (draws, months) of what the stock engine says."""
    return np.log(np.maximum(values[:, :, MEMBERS, -1], 1.0))


def normal(draws: np.ndarray) -> multivariate_normal:
    """Return the normal distribution with the mean and covariance of `draws` (draws, times)."""
    covariance = np.atleast_2d(np.cov(draws, rowvar=False)) + LEAST * np.eye(draws.shape[1])
    return multivariate_normal(draws.mean(axis=0), covariance, allow_singular=True)


def log_weights(worlds: np.ndarray, pool: np.ndarray) -> np.ndarray:
    """How likely the pool holds a path up to each time over how likely the priors make it, in logs: (times, draws)."""
    times = range(1, worlds.shape[1] + 1)
    return np.array(
        [normal(pool[:, :k]).logpdf(worlds[:, :k]) - normal(worlds[:, :k]).logpdf(worlds[:, :k]) for k in times]
    )


def weights(logs: np.ndarray) -> np.ndarray:
    """Weights that add up to 1."""
    plain = np.exp(logs - logs.max())
    return plain / plain.sum()


def filtered(logs: np.ndarray, seed: int) -> np.ndarray:
    """Return which worlds are left at the end, (draws,): chosen systematically at each time by what it adds."""
    rng, count = np.random.default_rng(seed), logs.shape[1]
    chosen, before = np.arange(count), np.zeros(count)
    for now in logs:
        steps = np.cumsum(weights((now - before)[chosen]))
        picks = np.searchsorted(steps, (np.arange(count) + rng.uniform()) / count)
        chosen, before = chosen[np.minimum(picks, count - 1)], now
    return chosen


def quantiles(values: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Weighted quantiles at PROBABILITIES."""
    order = np.argsort(values)
    steps = np.cumsum(weight[order])
    return values[order][np.minimum(np.searchsorted(steps, PROBABILITIES), len(values) - 1)]


def tried(name: str, origin: str, table: pd.DataFrame, draws: int) -> tuple[dict, list[dict]]:
    """Return how many worlds carry each answer, and the scores of all counts that came later."""
    quo = asked(name, origin, table)
    months = [str(month) for month in quo.months]
    times = [t for t, month in enumerate(months) if t and month[-2:] in ("06", "12")]
    worlds = members(StockEngine().values(quo.model_copy(update={"learned": "priors"}), range(draws), 1))
    led = members(StockEngine().values(quo, range(draws), 1))
    pool = np.log(np.maximum(PoolEngine().paths(quo, range(draws), 1).members.T, 1.0))
    logs = log_weights(worlds[:, times], pool[:, times])
    weight, left = weights(logs[-1]), filtered(logs, 1)
    even = np.full(draws, 1 / draws)
    ways = {"weights": (worlds, weight), "filter": (worlds[left], even), "factors": (led, even), "pool": (pool, even)}
    later = facts.counts(table)
    later = later[(later["place"] == name) & later["month"].astype(str).isin(months[1:])]
    rows = []
    for month, value in zip(later["month"].astype(str), later["value"], strict=True):
        t, truth = months.index(month), float(np.log(value))
        for way, (values, each) in ways.items():
            found = quantiles(values[:, t], each)
            inside = found[PROBABILITIES.index(0.1)] <= truth <= found[PROBABILITIES.index(0.9)]
            loss = float(score.wis(truth, found, PROBABILITIES))
            rows.append({"place": name, "origin": origin, "month": month, "way": way, "wis": loss, "held_80": inside})
    carried = {"weights": 1 / float((weight**2).sum()), "filter": len(np.unique(left)), "factors": draws}
    return {"place": name, "origin": origin, "months": months[times[-1]]} | carried, rows


def main() -> None:
    """Try all places and origins that have later counts, and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=RESULTS)
    parser.add_argument("--draws", type=int, default=1000)
    options = parser.parse_args()
    table, begun = tables.read(tables.data_dir() / "history.csv", "history"), time.process_time()
    carried, scored = [], []
    for name in counted(table):
        for origin in ORIGINS:
            try:
                one, rows = tried(name, origin, table, options.draws)
            except tables.UserError as error:
                print(f"{name} {origin}: {error}")
                continue
            if rows:
                carried.append(one)
                scored += rows
                print(one)
    worlds, scores = pd.DataFrame(carried), pd.DataFrame(scored)
    scores["scope"] = np.where(scores["place"] == "Việt Nam", "nation", "places")
    means = (
        scores.groupby(["scope", "way"])[["wis", "held_80"]]
        .mean()
        .assign(targets=scores.groupby(["scope", "way"]).size())
    )
    result = {"date": date.today().isoformat(), "draws": options.draws, "seconds": time.process_time() - begun}
    options.out.mkdir(parents=True, exist_ok=True)
    record = result | {"worlds": carried, "scores": means.reset_index().to_dict("records")}
    text = json.dumps(record, indent=1, ensure_ascii=False) + "\n"
    (options.out / "conditioning.json").write_text(text, encoding="utf-8")
    lines = [
        "# Making simulated worlds follow a baseline, three ways",
        "",
        f"`python benchmarks/forecasting/conditioning.py --draws {options.draws}`, {result['date']},"
        f" {result['seconds']:.0f} processor seconds. Of {options.draws:,} worlds so many carry the answer at the end"
        " (effective number of the weights, distinct worlds of the filter):",
        "",
        worlds.round(1).to_markdown(index=False),
        "",
        "Weighted interval score of logs, and the share of later counts inside the 80% intervals:",
        "",
        means.reset_index().round(3).to_markdown(index=False),
        "",
    ]
    (options.out / "conditioning.md").write_text("\n".join(lines), encoding="utf-8")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
