"""Does the calibrated model come out where the counts did, and does the method find what it should?

:func:`checks` draws new counts from the posterior and asks, for each thing that the model must get right at once, how
often they come out at least as high as what was published. :func:`recovery` invents parameters, lets the model make
counts of toy districts from them, calibrates on those, and notes the rank of the truth among the draws: the ranks are
uniform if the whole machinery is right (Talts and others 2018).
"""

from collections.abc import Callable, Sequence
from copy import copy
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import stdtrit
from scipy.stats import kstest, spearmanr

from forecast.beliefs.counts import MODELS
from forecast.calibration.likelihood import DEGREES, Model
from forecast.calibration.sampler import Fit, calibrate
from forecast.data import chance, tables, toy
from forecast.data.places import Place

LIMITS = (0.02, 0.98)  # a p-value outside needs an explanation
VN = "Việt Nam"


@dataclass(frozen=True)
class Check:
    """A number made of log counts; `wanted` are the keys (place, month, measure) that it is made of, in order."""

    item: str
    wanted: tuple[tuple[str, str, str], ...]
    number: Callable[..., np.ndarray]
    unit: str


def _members(place: str, *months: str) -> tuple[tuple[str, str, str], ...]:
    return tuple((place, month, "members") for month in months)


def _percent(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return np.asarray(100 * np.expm1(b - a))


CHECKS = (
    Check("nation, growth 2018-10 to 2024-03", _members(VN, "2018-10", "2024-03"), lambda a, b: np.exp(b - a), "times"),
    Check("nation, change 2021-12 to 2022-06", _members(VN, "2021-12", "2022-06"), _percent, "percent"),
    Check("Cà Mau, change 2021-12 to 2022-06", _members("Cà Mau", "2021-12", "2022-06"), _percent, "percent"),
    Check("nation, rise 2021-11 to 2021-12", _members(VN, "2021-11", "2021-12"), _percent, "percent"),
    Check("nation, rise 2023-09 to 2023-12", _members(VN, "2023-09", "2023-12"), _percent, "percent"),
    Check("nation, fall 2020-12 to 2021-03", _members(VN, "2020-12", "2021-03"), _percent, "percent"),
    Check("nation, fall 2023-12 to 2024-03", _members(VN, "2023-12", "2024-03"), _percent, "percent"),
    Check(
        "nation, fall of 2024 less that of 2021",
        _members(VN, "2020-12", "2021-03", "2023-12", "2024-03"),
        lambda a, b, c, d: _percent(c, d) - _percent(a, b),
        "points",
    ),
    Check("Hà Nội, 30 model communes at 2021-12", _members(MODELS, "2021-12"), np.exp, "persons"),
    Check("Hà Nội, entries a model commune", ((MODELS, "2021-12", "entries"),), np.exp, "persons"),
    Check("Hà Nội, entries a commune", (("Hà Nội", "2021-12", "entries"),), np.exp, "persons"),
    Check(
        "Hà Nội, entries of a model commune over another's",
        ((MODELS, "2021-12", "entries"), ("Hà Nội", "2021-12", "entries")),
        lambda a, b: np.exp(a - b),
        "times",
    ),
    Check("Lào Cai, poor members at 2023-10", (("Lào Cai", "2023-10", "poor"),), np.exp, "persons"),
    Check("Lào Cai, near-poor members at 2023-10", (("Lào Cai", "2023-10", "near_poor"),), np.exp, "persons"),
    Check(
        "Lào Cai, poor and near-poor share of members",
        (("Lào Cai", "2023-10", "poor"), ("Lào Cai", "2023-10", "near_poor")),
        lambda a, b: 100 * (np.exp(a) + np.exp(b)) / 8700,
        "percent",
    ),
    Check("Đông Triều, growth 2020-11 to 2021-11", _members("Đông Triều", "2020-11", "2021-11"), _percent, "percent"),
    Check("Đà Bắc, members at 2019-06", _members("Đà Bắc", "2019-06"), np.exp, "persons"),
    Check("Đà Bắc, members at 2020-10", _members("Đà Bắc", "2020-10"), np.exp, "persons"),
    Check(
        "Cà Mau, members at 2022-06 over the plan of 36,720",
        _members("Cà Mau", "2022-06"),
        lambda a: 100 * np.exp(a) / 36_720,
        "percent",
    ),
)


Counts = dict[tuple[str, str, str], Any]  # place, month, measure -> logs


def replicated(fit: Fit, seed: int = 1, most: int = 2000) -> tuple[Counts, Counts]:
    """Return what was published and new counts drawn from the posterior, both as log values by key.

    A key is (place, month, measure). A new count has the error of the report and that of the model; the first count
    of a place has the error of its report alone.
    """
    model, rows = fit.model, fit.draws(most)
    z, predicted = fit.z[rows], fit.predicted[rows]
    keys = chance.streams(seed, range(len(z)))
    seen, new = {}, {}
    for name, track in model.tracks.items():
        key = name, track.scenario.start, "members"
        error = track.opening_sd * z[:, model.at[f"opening/{name}"]]
        luck = chance.normal_array(keys, chance.name_number(f"first/{name}"))
        seen[key] = np.log(track.scenario.opening[0])
        new[key] = seen[key] + error + track.opening_sd * luck
    scale = model.spread(z)
    for i in reversed(range(len(model.targets))):  # of several reports for a month the first is the least doubtful
        target = model.targets[i]
        key = target.place, target.month, target.measure
        luck = chance.uniform_array(keys, chance.name_number(f"{target.item}/{i}"))
        seen[key], new[key] = model.seen[i], predicted[:, i] + scale[:, i] * stdtrit(DEGREES, luck)
    return seen, new


def checks(fit: Fit, seed: int = 1) -> pd.DataFrame:
    """Return `item, unit, published, low, median, high, p_value, good`: what must come out right at once.

    `low` to `high` hold 90% of new counts; `p_value` is the share of them that is at least as high as what was
    published; `good` says that it is between 0.02 and 0.98. A check whose places were not calibrated is left out.
    """
    seen, new = replicated(fit, seed)
    rows = []
    for check in CHECKS:
        if not set(check.wanted) <= set(seen):
            continue
        published = float(check.number(*(seen[key] for key in check.wanted)))
        drawn = check.number(*(new[key] for key in check.wanted))
        p = float(np.mean(drawn >= published))
        low, median, high = np.quantile(drawn, (0.05, 0.5, 0.95))
        rows.append((check.item, check.unit, published, low, median, high, p, LIMITS[0] <= p <= LIMITS[1]))
    return pd.DataFrame(rows, columns=["item", "unit", "published", "low", "median", "high", "p_value", "good"])


def predicted(fit: Fit) -> pd.DataFrame:
    """Return figures beside what the posterior expects: `item, place, month, measure, published, low, median, high`.

    `low` to `high` hold 90% of the expected values, without the errors of report and model.
    """
    low, median, high = np.exp(np.quantile(fit.predicted, (0.05, 0.5, 0.95), axis=0))
    table = pd.DataFrame(
        [(t.item, t.place, t.month, t.measure, t.value) for t in fit.model.targets],
        columns=["item", "place", "month", "measure", "published"],
    )
    return table.assign(low=low, median=median, high=high)


def toy_model(
    months: Sequence[str] = ("2022-03", "2022-12", "2023-06", "2023-12"),
    places: int = 2,
    free: Sequence[str] | None = None,
) -> Model:
    """Return a model of toy districts, each counted in December 2021 and in `months` (the values are only a start)."""
    names = ["Toy", *(f"Toy {n}" for n in range(2, places + 1))]
    free = free or ("entry_rate", "annual_lapse", "rush", "renewal_price_response")
    return Model([_counted(name, months) for name in names], law=toy.law(), free=free)


def _counted(name: str, months: Sequence[str]) -> Place:
    place = toy.place(scale=10, members=3000)
    first = place.history[place.history["measure"] == "members"]
    more = pd.concat([first.assign(month=month) for month in months])
    history = pd.concat([place.history, more], ignore_index=True).assign(place=name)
    return replace(place, name=name, slug=name.lower().replace(" ", "-"), lineage=(name, VN), history=history)


def given(model: Model, seen: np.ndarray) -> Model:
    """Return the model with other published values, `seen` (targets,) as logs."""
    other = copy(model)
    other.__dict__.pop("seen", None)
    other.targets = [t._replace(value=float(np.exp(v))) for t, v in zip(model.targets, seen, strict=True)]
    return other


def recovery(
    model: Model, times: int, seed: int = 1, plan: tuple[int, int, int] = (32, 40, 600), progress: bool = False
) -> pd.DataFrame:
    """Invent, calibrate and look: `time, coordinate, truth, mean, low, high, rank`, in prior standard deviations.

    `truth` is drawn from the prior, `low` to `high` hold 80% of the posterior, `rank` is the share of draws
    that are below the truth.
    """
    rows = []
    for time in range(times):
        key = chance.child(chance.stream(seed, time), chance.name_number("recovery"))
        size = len(model.coordinates)
        truth = model.from_normals(chance.normal_array(key, np.arange(size))[None])
        error = stdtrit(DEGREES, chance.uniform_array(key, size + np.arange(len(model.targets))))
        counts = model.predict(truth)[0] + model.spread(truth)[0] * error
        fit = calibrate(given(model, counts), seed=seed + time, jobs=1, plan=plan, progress=progress)
        z = fit.z
        low, high = np.quantile(z, (0.1, 0.9), axis=0)
        rank = (z < truth).mean(axis=0)
        rows.append(
            pd.DataFrame(
                {
                    "time": time,
                    "coordinate": model.coordinates,
                    "truth": truth[0],
                    "mean": z.mean(axis=0),
                    "low": low,
                    "high": high,
                    "rank": rank,
                }
            )
        )
    return pd.concat(rows, ignore_index=True)


def verdict(table: pd.DataFrame) -> pd.DataFrame:
    """Judge a table of `recovery`: `coordinate, times, uniform_p, held, found`.

    `uniform_p` is the p-value of Kolmogorov and Smirnov's test that ranks are uniform, `held` the share of truths in
    the 80% interval, `found` the rank correlation of the truth and the posterior mean.
    """
    if table["time"].nunique() < 2:
        raise tables.UserError("nothing to judge: expected at least two calibrations of the toy district")
    rows = []
    for name, part in [*table.groupby("coordinate", sort=False), ("all", table)]:
        held = ((part["truth"] >= part["low"]) & (part["truth"] <= part["high"])).mean()
        found = spearmanr(part["truth"], part["mean"]).statistic
        rows.append((name, part["time"].nunique(), kstest(part["rank"], "uniform").pvalue, held, found))
    return pd.DataFrame(rows, columns=["coordinate", "times", "uniform_p", "held", "found"])
