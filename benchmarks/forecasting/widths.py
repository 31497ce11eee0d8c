"""Learn how wide intervals must be, on real series: `python benchmarks/forecasting/widths.py --series DIR`.

It prints the constants `WIDTHS` and `COUNT_WIDTHS` of src/forecast/timeseries/combination.py, and for each set the
coverage when it was learned on the others alone. Weights have the greatest likelihood of the errors under Student's
distribution; constant and freedom are then set so that 95 and 80.5% of what came lie within the 95 and 80% intervals.
Each set has one vote in all (SHARES says which have less), each of its series the same part of it.
"""

import argparse
from pathlib import Path
from typing import NamedTuple

import numpy as np
import peers
import real
from scipy import special, stats
from scipy.optimize import brentq, minimize

from forecast.timeseries import combination

LEARN = {
    1: ("m1 yearly", "m3 yearly", "m3 other", "tourism yearly"),
    4: ("m1 quarterly", "m3 quarterly", "tourism quarterly"),
    12: ("m1 monthly", "m3 monthly", "tourism monthly", "uptake monthly"),
}
COUNTS = ("uptake of 12 points", "uptake of 8 points", "uptake of 4 to 6 points", "m1 yearly", "tourism yearly")
SHARES = {"m3 other": 0.3, "tourism quarterly": 0.5, "tourism monthly": 0.5, "uptake monthly": 0.1}
FEW = 60  # a set with fewer series has less than a vote
AIM = (0.95, 0.805)
PULL = {True: 1e-3, False: 0.02}  # towards no weight: series in counts are few


class Errors(NamedTuple):
    """Errors (n,), what the scale of each is made of (6, n), the weight of each, and the set that it is of."""

    error: np.ndarray
    shown: np.ndarray
    weight: np.ndarray
    of: np.ndarray


def main() -> None:
    """Learn, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--series", type=Path, required=True, help="folder of m1, m3, tourism and uptake .parquet")
    parser.add_argument("--most", type=int, default=250, help="series of each group")
    options = parser.parse_args()
    groups = real.read(options.series)
    shown = {}
    for label, cases in groups.items():
        habits = peers.beside("this project", cases)["habits"]  # of a table of short series: what drifts weigh
        lean = {season: combination.Habits(one.lean) for season, one in habits.items()}
        shown[label] = [
            (case, combination.shows(case.past, case.season, len(case.future), lean[case.season]))
            for case in cases[: options.most]
        ]
    for logs, sets in ((True, LEARN), (False, {1: COUNTS})):
        for season, labels in sets.items():
            parts = {label: errors(label, shown[label], logs) for label in labels}
            print(f"    {season}: {rounded(learned(list(parts.values()), logs))},")
            for label, part in parts.items():
                others = learned([other for one, other in parts.items() if one != label], logs)
                print(f"# {label}, learned on the others: " + ", ".join(f"{share:.1%}" for share in held(part, others)))


def errors(label: str, rows: list, logs: bool) -> Errors:
    """Return the errors of series in logs or in counts, in units of their logs or their mean size."""
    rows = [(case, one) for case, one in rows if one.in_logs == logs]
    found, weight = [], SHARES.get(label, 1.0) / max(len(rows), FEW)
    for case, one in rows:
        if logs:
            error = np.log(np.maximum(case.future, 1e-9 * one.scale) / np.maximum(one.middle, 1e-9 * one.scale))
        else:
            error = (case.future - one.middle) / one.scale
        unit = [combination.Width(*line, 1.0) for line in np.vstack([np.zeros(6), np.eye(6)])]
        rest, *parts = (np.log(combination.deviation(one, width)) for width in unit)
        found.append((error, np.array(parts) - rest, np.full(len(error), weight / len(error)), [label] * len(error)))
    return Errors(*(np.concatenate(part, axis=-1) for part in zip(*found, strict=True)))


def learned(parts: list[Errors], logs: bool) -> combination.Width:
    """Return the width of greatest likelihood, moved to the aim."""
    error, shown, weight, _ = (np.concatenate(part, axis=-1) for part in zip(*parts, strict=True))
    weight = weight / weight.sum()

    def loss(point: np.ndarray) -> tuple[float, np.ndarray]:
        freedom, scale = 2 + point[6] ** 2, point[:6] @ shown
        squares = (error * np.exp(-scale)) ** 2 / freedom

        def likely(nu: float) -> np.ndarray:
            own = special.gammaln((nu + 1) / 2) - special.gammaln(nu / 2) - 0.5 * np.log(nu * np.pi) - scale
            return own - (nu + 1) / 2 * np.log1p(squares * freedom / nu)

        slope = -1 + (freedom + 1) * squares / (1 + squares)
        gradient = np.append(-(shown * (weight * slope)).sum(axis=1), 0.0)
        step = 1e-4
        gradient[6] = -weight @ (likely(2 + (point[6] + step) ** 2) - likely(freedom)) / step + 2e-3 * point[6]
        gradient[1:6] += 2 * PULL[logs] * point[1:6]
        pull = PULL[logs] * np.sum(point[1:6] ** 2) + 1e-3 * point[6] ** 2
        return float(-weight @ likely(freedom) + pull), gradient

    point = minimize(loss, [-0.5, 0.4, 0.4, 0.2, 0.3, -0.1, 1.5], jac=True, method="L-BFGS-B").x
    sizes = np.abs(error) * np.exp(-point[:6] @ shown)
    order = np.argsort(sizes)
    ends = [sizes[order][np.searchsorted(np.cumsum(weight[order]), share)] for share in AIM]

    def beside(freedom: float) -> float:
        return float(stats.t.ppf(0.975, freedom) / stats.t.ppf(0.9, freedom) - ends[0] / ends[1])

    freedom = brentq(beside, 1.2, 200) if beside(200) < 0 < beside(1.2) else 200.0
    constant = point[0] + np.log(ends[0] / stats.t.ppf(0.975, freedom))
    return combination.Width(constant, *point[1:6], freedom)


def held(part: Errors, width: combination.Width) -> list[float]:
    """Return the shares of errors within the 95 and the 80% interval."""
    sizes = np.abs(part.error) * np.exp(-np.array(width[:6]) @ part.shown)
    return [float(np.mean(sizes <= stats.t.ppf(end, width.freedom))) for end in (0.975, 0.9)]


def rounded(width: combination.Width) -> combination.Width:
    """Return a width to two digits."""
    return combination.Width(*(round(float(value), 2) for value in width))


if __name__ == "__main__":
    main()
