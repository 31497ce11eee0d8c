"""Learn how wide intervals must be, on invented series: `python benchmarks/forecasting/widths.py`.

It prints the constants `WIDTHS` and `SHORT` of src/forecast/engines/combination.py. Weights have the greatest
likelihood of the errors under Student's distribution; the constant is then moved so that 95% intervals hold the share
AIM of the values of the series learned from. Short series cost little, so there are many. No seed is that of run.py.
"""

import argparse

import invented
import joblib
import numpy as np
from scipy import stats
from scipy.optimize import brentq, minimize

from forecast.timeseries import combination

AIM = 0.95
COUNTS = {1: 600, 4: 140, 12: 90}
ENROLLMENT, SHORT_ENROLLMENT = 150, 2400
SEEDS = (2000, 3000, 4000)


def main() -> None:
    """Learn, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--jobs", type=int, default=-1)
    options = parser.parse_args()
    cases = []
    for seed in SEEDS:
        cases += [case for season, count in COUNTS.items() for case in invented.m_form(season, count, seed)]
        cases += [case for case in invented.enrollment(ENROLLMENT, seed) if not short(case)]
        cases += [case for case in invented.enrollment(SHORT_ENROLLMENT, seed + 10) if short(case)]
    few = [case for case in cases if short(case)]
    cases += [case._replace(past=case.past[-1 - i % 3:]) for i, case in enumerate(few[::4])]  # one, two or three values
    todo = [joblib.delayed(shown)(case) for case in cases]
    found = list(zip(cases, joblib.Parallel(n_jobs=options.jobs)(todo), strict=True))
    for season in COUNTS:
        rows = [(c, s) for c, s in found if c.season == season and not short(c) and s.in_logs]
        print(f"    {season}: {learned(rows)},", flush=True)
    rows = [(c, s) for c, s in found if short(c) and s.in_logs]
    print(f"SHORT = {learned(rows, few=True)}  # learned on {len(rows)} series")


def short(case: invented.Case) -> bool:
    """Say whether a series has too few values for models."""
    return len(case.past) < combination.enough(case.season)


def shown(case: invented.Case) -> combination.Shown:
    """What the series shows, without what came after."""
    return combination.shows(case.past, case.season, len(case.future))


def learned(rows: list, few: bool = False) -> combination.Width:
    """Return the width of greatest likelihood, moved to the aim; each series has one vote."""
    errors = [np.log(np.maximum(case.future, 1e-9) / shown.middle) for case, shown in rows]
    every = np.concatenate(errors)
    share = np.concatenate([np.full(len(e), 1 / len(e) / len(errors)) for e in errors])
    rest, *columns = (np.concatenate([np.log(combination.deviation(s, weights)) for _, s in rows])
                      for weights in (combination.Width(*unit, 1.0) for unit in np.vstack([np.zeros(5), np.eye(5)])))
    columns = np.array(columns) - rest  # the log of the deviation is a sum of what is weighed

    def width(point) -> combination.Width:
        if few:
            return combination.Width(point[0], 1.0, 0.0, point[1], point[2], 2 + point[3] ** 2)
        return combination.Width(*point[:5], 2 + point[5] ** 2)

    def deviations(one) -> np.ndarray:
        return np.exp(rest + np.array(one[:5]) @ columns)

    def loss(point) -> float:
        one = width(point)
        likely = stats.t.logpdf(every, one.freedom, scale=deviations(one))
        return float(-share @ likely) + 1e-3 * point[-2] ** 2

    start = [0.0, 0.8, 0.0, 1.5] if few else [0.0, 0.4, 0.3, 0.1, 0.1, 1.5]
    best = width(minimize(loss, start, method="Nelder-Mead", options={"maxiter": 700, "xatol": 1e-3}).x)

    def missing(constant) -> float:
        held = np.abs(every) <= stats.t.ppf(0.975, best.freedom) * deviations(best._replace(constant=constant))
        return float(share @ held) - AIM

    best = best._replace(constant=brentq(missing, best.constant - 2, best.constant + 2, xtol=1e-3))
    return combination.Width(*(round(float(value), 2) for value in best))


if __name__ == "__main__":
    main()
