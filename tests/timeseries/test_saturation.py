"""A ceiling is never passed, a forecast starts at the last value, and a table can show a ceiling by itself."""

import numpy as np
import pandas as pd
import pytest

from forecast.data import tables
from forecast.timeseries import baseline, saturation
from forecast.timeseries.table import series_of


def logistic(ceilings: list[float], count: int = 12) -> pd.DataFrame:
    rng = np.random.default_rng(2)
    parts = []
    for number, ceiling in enumerate(ceilings):
        y = ceiling / (1 + np.exp(-0.5 * (np.arange(count) - rng.uniform(5, 9)))) * np.exp(rng.normal(0, 0.01, count))
        years = [str(2010 + year) for year in range(count)]
        parts.append(pd.DataFrame({"unique_id": f"s{number}", "ds": years, "y": y, "people": 1.25 * ceiling}))
    return pd.concat(parts, ignore_index=True)


def ahead(frame, **more) -> pd.DataFrame:
    return baseline.baseline(frame, 6, jobs=1, progress=False, **more)


@pytest.mark.parametrize("ceiling", ["people", 130, "learned"])
def test_no_quantile_passes_a_ceiling_and_the_first_step_is_near_the_last_value(ceiling):
    frame = logistic([100.0] * 20)
    answer = ahead(frame, ceiling=ceiling)
    top = {"people": 125.0, 130: 130.0, "learned": 1.05 * frame["y"].max()}[ceiling]
    assert answer["median"].max() <= top and (answer["0.025"] >= 0).all()
    assert ceiling == "learned" or answer["0.975"].max() <= top
    last = frame.groupby("unique_id", sort=False)["y"].last().to_numpy()
    first = answer.groupby("unique_id", sort=False)["median"].first().to_numpy()
    assert np.abs(first / last - 1).max() < 0.2


def test_a_table_shows_a_common_ceiling_and_steady_growth_shows_none():
    assert saturation.learned(series_of(logistic([100.0] * 20))) == pytest.approx(100, rel=0.1)
    years = [str(2010 + year) for year in range(12)]
    rng = np.random.default_rng(3)
    steady = pd.concat(
        pd.DataFrame(
            {"unique_id": f"s{i}", "ds": years, "y": 10 * 1.1 ** np.arange(12) * np.exp(rng.normal(0, 0.02, 12))}
        )
        for i in range(20)
    )
    assert np.isnan(saturation.learned(series_of(steady)))


def test_a_ceiling_that_was_passed_or_is_none_is_refused():
    with pytest.raises(tables.UserError, match="s0: ceiling 50, expected more than its largest value"):
        ahead(logistic([100.0]), ceiling=50)
    with pytest.raises(tables.UserError, match="ceiling heaven: expected a number, a column of the table or learned"):
        ahead(logistic([100.0]), ceiling="heaven")
