"""Forecasts of a tree of series that add up: this project's way beside MinT-shrink and others, in one run.

    python benchmarks/reconciliation/run.py                                  simulated visitors, quarterly, 8 states
    python benchmarks/reconciliation/run.py --season 12                      the same, monthly
    python benchmarks/reconciliation/run.py --data Y.csv --nodes NODES.csv   a table of one's own

Y.csv has `unique_id, ds, y` of the leaves (or of all nodes), NODES.csv `unique_id, parent`. The last `--horizon` dates
are kept back. Base forecasts are made twice: by automatic exponential smoothing of the logarithm, whose errors in the
sample are known, and by `forecast baseline`. Printed is the RMSSE (root mean squared error, scaled by that of the
seasonal naive forecast in the sample), the mean over all nodes and that of the top, and both as a ratio to MinT-shrink
of hierarchicalforecast on exponential smoothing with its own errors in the sample, which is what peers report.
"""

import argparse
import sys
import time
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
from hierarchicalforecast.methods import MinTrace
from statsmodels.tsa.exponential_smoothing.ets import ETSModel

from forecast.timeseries import baseline, reconcile

STATES, REGIONS, KINDS, YEARS = 8, 76, 4, 20


def simulate(seed: int, season: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return invented visitors (leaves: region x kind) and their tree: shocks of nation, state, region and kind."""
    rng = np.random.default_rng(seed)
    steps = YEARS * season
    when = np.arange(steps)
    a_step = 4 / season  # the shocks below are those of a quarter

    def walk(count, spread, fade=0.9, trend=0.0):
        growth, level, out = np.zeros(count), np.zeros(count), np.zeros((count, steps))
        for step in when:
            growth = fade**a_step * growth + rng.normal(0, trend * a_step**1.5, count)
            level = level + growth + rng.normal(0, spread * np.sqrt(a_step), count)
            out[:, step] = level
        return out

    state = np.sort(np.append(np.arange(STATES), rng.integers(0, STATES, REGIONS - STATES)))
    region, kind = np.repeat(np.arange(REGIONS), KINDS), np.tile(np.arange(KINDS), REGIONS)
    leaves = len(region)
    shared = walk(1, 0.008, trend=0.004) + walk(STATES, 0.012, trend=0.004)[state[region]]
    shared = shared + walk(REGIONS, 0.02, 0.8, 0.005)[region] + walk(KINDS, 0.01, trend=0.004)[kind]
    shared = shared + rng.normal(0, 0.02, (STATES, steps))[state[region]]
    size = 4 + rng.normal(0, 1, REGIONS)[region] + np.array([1.2, 1.0, 0.2, -0.8])[kind] + rng.normal(0, 0.4, leaves)
    strength = 1 + 0.3 * np.cumsum(rng.normal(0, 0.05, (leaves, YEARS)), axis=1).repeat(season, axis=1)
    waves = rng.normal(0, 0.25, (KINDS, season))[kind] + rng.normal(0, 0.2, (REGIONS, season))[region]
    noise = np.clip(0.15 * np.exp(-0.35 * (size - 4))[:, None] * rng.normal(size=(leaves, steps)), -1.5, 1.5)
    log = size[:, None] + shared + walk(leaves, 0.03) + waves[:, when % season] * strength + noise
    names = [f"R{r}-K{k}" for r, k in zip(region, kind, strict=True)]
    dates = pd.period_range("2001-01", periods=steps, freq="Q" if season == 4 else "M").astype(str)
    dates = [text.replace("Q", "-Q") for text in dates]
    table = pd.DataFrame(np.round(np.exp(log), 1), names, pd.Index(dates, name="ds")).rename_axis("unique_id")
    rows = [(n, f"R{r}") for n, r in zip(names, region, strict=True)]
    rows += [(n, f"S{state[r]}-K{k}") for n, r, k in zip(names, region, kind, strict=True)]
    rows += [(f"R{r}", f"S{state[r]}") for r in range(REGIONS)] + [(f"S{s}", "all") for s in range(STATES)]
    rows += [(f"S{s}-K{k}", above) for s in range(STATES) for k in range(KINDS) for above in (f"S{s}", f"K{k}")]
    rows += [(f"K{k}", "all") for k in range(KINDS)]
    return table.stack().rename("y").reset_index(), pd.DataFrame(rows, columns=["unique_id", "parent"])


def smooth(values: np.ndarray, season: int, horizon: int) -> tuple[np.ndarray, np.ndarray]:
    """Return forecasts of exponential smoothing with a damped trend and a season, and its errors in the sample."""
    log = np.log(np.maximum(values, 0.1))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fit = ETSModel(
            log,
            error="add",
            trend="add",
            damped_trend=True,
            seasonal="add" if season > 1 else None,
            seasonal_periods=season if season > 1 else None,
            initialization_method="heuristic",
        )
        fit = fit.fit(disp=False, maxiter=60)
    return np.exp(fit.forecast(horizon)), values - np.exp(fit.fittedvalues)


def case(table, nodes, season: int, horizon: int, jobs: int, quick: bool) -> pd.DataFrame:
    """Return the RMSSE of every method on one table: index method, columns all and top; and say what took long."""
    shape = reconcile.tree(nodes)
    full = reconcile.add_sums(table, nodes)
    wide = full.pivot(index="ds", columns="unique_id", values="y")[shape.names]
    wide = wide.loc[sorted(wide.index, key=lambda ds: (len(str(ds)), str(ds)))]
    past, ahead = wide.iloc[:-horizon], wide.iloc[-horizon:].to_numpy().T
    values = past.to_numpy().T
    began = time.perf_counter()
    pairs = [smooth(row, season, horizon) for row in values]
    ets, own = np.array([f for f, _ in pairs]), np.array([e for _, e in pairs])[:, season:]
    print(f"exponential smoothing {time.perf_counter() - began:.0f} s", end=", ", file=sys.stderr)
    bases = {"ets": ets}
    if not quick:
        began = time.perf_counter()
        train = full[full["ds"].isin(past.index)]
        base = baseline.baseline(train, horizon, season, jobs=jobs, progress=False)
        print(f"baseline {time.perf_counter() - began:.0f} s", end=", ", file=sys.stderr)
        ours = base["mean"].to_numpy().reshape(-1, horizon)  # series in the order of `train`, dates in theirs
        order = dict(zip(base["unique_id"].unique(), ours, strict=True))
        bases["baseline"] = np.array([order[name] for name in shape.names])
    errors = reconcile.residuals(past)
    spread = np.nanstd(errors, axis=0)
    correlation = reconcile.shared_correlation(errors, shape, spread)
    fit = MinTrace("mint_shrink").fit(shape.sums, ets, y_insample=own, y_hat_insample=np.zeros_like(own))
    answers = {"ets / mint_shrink (peer)": shape.sums @ (fit.P @ ets)}
    for name, forecasts in bases.items():
        answers[f"{name} / none"] = forecasts
        for method in reconcile.METHODS:
            project = reconcile.projection(shape, method, errors, correlation, spread)
            answers[f"{name} / {method}"] = project(forecasts)
    scale = np.mean((values[:, season:] - values[:, :-season]) ** 2, axis=1)
    top = int(np.argmax(shape.sums.sum(axis=1)))
    rows = {}
    for name, forecasts in answers.items():
        rmsse = np.sqrt(np.mean((ahead - np.maximum(forecasts, 0)) ** 2, axis=1) / scale)
        rows[name] = {"all": rmsse.mean(), "top": rmsse[top]}
    print(f"{len(shape.names)} nodes", file=sys.stderr)
    return pd.DataFrame.from_dict(rows, orient="index")


def main() -> None:
    """Run and print."""
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("--data", type=Path, help="table unique_id, ds, y (default: simulated)")
    ask.add_argument("--nodes", type=Path, help="table unique_id, parent")
    ask.add_argument("--season", type=int, default=4)
    ask.add_argument("--horizon", type=int, default=8)
    ask.add_argument("--seeds", type=int, default=6, help="how many simulated trees")
    ask.add_argument("--jobs", type=int, default=1)
    ask.add_argument("--quick", action="store_true", help="base forecasts by exponential smoothing only")
    given = ask.parse_args()
    if given.data:
        texts = {"unique_id": str, "ds": str, "parent": str}
        cases = [(pd.read_csv(given.data, dtype=texts), pd.read_csv(given.nodes, dtype=texts))]
    else:
        cases = [simulate(seed, given.season) for seed in range(1, given.seeds + 1)]
    scores = [case(*one, given.season, given.horizon, given.jobs, given.quick) for one in cases]
    mean = sum(scores) / len(scores)
    ratio = mean / mean.loc["ets / mint_shrink (peer)"]
    print(mean.join(ratio.add_suffix(" (ratio)")).round(3).sort_values("all").to_string())


if __name__ == "__main__":
    main()
