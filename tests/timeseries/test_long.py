"""Long series go through compiled loops: as matrices have it, in little memory; what is too long is refused."""

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from forecast.data.tables import TableError
from forecast.timeseries import methods
from forecast.timeseries.baseline import series_of

LOOK = """
import resource, sys
import numpy as np
from forecast.timeseries import combination
days = np.arange(60_000)
values = np.random.default_rng(1).normal(days / 100 + 1000 + days % 7, 2)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
answer = combination.forecast(values, 7, 14, [0.1, 0.9])
size = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / (1e6 if sys.platform == "darwin" else 1e3)
print(np.abs(answer.median - 1600 - days[:14] / 100 - (days[-1] + 1 + days[:14]) % 7).max(), size)
"""


def _series(kind: str, count: int) -> np.ndarray:
    steps = np.random.default_rng(7).normal(size=count)
    return {
        "walk": np.cumsum(steps),
        "line": 5e3 + 2.0 * np.arange(count),
        "noise": 100 + 3 * np.arange(count) + steps,
        "still for long": np.where(np.arange(count) < count / 2, steps, 0.0),
    }[kind]


@pytest.mark.parametrize("kind", ["walk", "line", "noise", "still for long"])
@pytest.mark.parametrize("count", [3, 40, 3000])
def test_loops_give_what_matrices_give(kind, count, monkeypatch):
    x = _series(kind, count)

    def answers() -> list[np.ndarray]:
        all_three = [methods.smooth(x, 4), methods.smooth(x, 4, (1.0,)), methods.theta(x, 4)]
        return [part for ahead in all_three for part in (ahead.values, np.sqrt(ahead.error))] + [
            methods.step_errors(x, 4)
        ]

    by_matrices = answers()
    monkeypatch.setattr(methods, "MANY", 2)
    for one, other in zip(by_matrices, answers(), strict=True):
        assert other == pytest.approx(one, rel=1e-8, abs=1e-8)


def test_a_long_series_needs_little_memory():
    """Matrices of 60,000 dates took 415 MB for each of six smoothings."""
    done = subprocess.run([sys.executable, "-c", LOOK], capture_output=True, text=True, check=True)
    error, size = map(float, done.stdout.split())
    assert error < 2
    assert size < 300


@pytest.mark.parametrize(("days", "refused"), [(199_999, False), (200_000, True)])
def test_dates_too_far_from_each_other_are_refused(days, refused):
    dates = np.datetime64("1500-01-01") + np.array([0, 1, 3, days])
    table = pd.DataFrame({"unique_id": "a", "ds": dates.astype(str), "y": 1.0})
    if not refused:
        assert len(series_of(table)[0].values) == days + 1
        return
    with pytest.raises(TableError, match="200,000 steps"):
        series_of(table)
