"""The exam at calendar origins: weights know nothing later, scores are those of the log, the pool is a linear pool."""

import tracemalloc

import numpy as np
import pandas as pd
import pytest

from forecast.answer.projection import Projection
from forecast.data import tables
from forecast.engines.yardsticks import Damped, SeasonalDrift
from forecast.experiment import calendar, december

MONTHS = pd.period_range("2020-01", "2020-12", freq="M")


def told(engine: str, origin: str, month: str, values, place="Cà Mau") -> pd.DataFrame:
    texts = {"place": place, "scenario": "status quo", "engine": engine, "origin": origin, "month": month}
    rows = {**texts, "group": "all", "measure": "members", "draw": range(len(values)), "value": values}
    return pd.DataFrame(rows)


def counts(*rows, place="Cà Mau") -> pd.DataFrame:
    return pd.DataFrame([(place, m, v, k) for m, v, k in rows], columns=["place", "month", "value", "known"])


SURE, WIDE = np.linspace(99, 101, 41), np.linspace(50, 300, 41)


def two(origin: str, month: str) -> pd.DataFrame:
    return pd.concat([told("a", origin, month, SURE), told("b", origin, month, WIDE)])


def test_a_forecast_is_met_only_by_a_count_that_was_not_known_at_its_origin():
    forecasts = Projection(two("2020-06", "2020-12"))
    met = calendar.samples(forecasts, counts(("2020-12", 100.0, "2021-02")))
    assert len(met) == 2 and calendar.samples(forecasts, counts(("2020-12", 100.0, "2020-05"))).empty


def test_months_that_nobody_counted_take_no_room_when_forecasts_meet_counts():
    months = [f"{year}-{month:02}" for year in range(2021, 2025) for month in range(1, 13)]
    frame = pd.concat([two("2020-12", month) for month in months], ignore_index=True)
    frame = frame.astype(dict.fromkeys(("place", "engine", "origin", "month"), "category"))
    forecasts, met = Projection(frame), counts(("2021-12", 100.0, "2022-03"))
    tracemalloc.start()
    try:
        rows = calendar.samples(forecasts, met)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert len(rows) == 2
    assert peak < 80 * len(frame)  # bytes; texts for all rows take more


def test_scores_are_in_logs_so_that_all_sizes_weigh_the_same():
    small = calendar.scores(
        calendar.samples(Projection(two("2020-06", "2020-12")), counts(("2020-12", 110.0, "2021-01")))
    )
    large = pd.concat([told(e, "2020-06", "2020-12", 1000 * v) for e, v in (("a", SURE), ("b", WIDE))])
    large = calendar.scores(calendar.samples(Projection(large), counts(("2020-12", 110_000.0, "2021-01"))))
    assert small["wis"].tolist() == pytest.approx(large["wis"].tolist())
    assert small.set_index("engine")["within_80"].to_dict() == {"a": 0.0, "b": 1.0}
    assert small["band"].tolist() == ["1-6"] * 2 and small["scope"].tolist() == ["places"] * 2


def test_weights_come_from_counts_known_by_the_origin_alone():
    forecasts = Projection(pd.concat([two("2020-06", "2020-12"), two("2021-06", "2021-12")]))
    met = counts(("2020-12", 100.0, "2021-03"), ("2021-12", 200.0, "2022-01"))
    scored = calendar.scores(calendar.samples(forecasts, met))
    weights = calendar.pool_weights(scored, ["a", "b"], ["2020-06", "2020-12", "2021-06"])
    weights = weights[weights["scope"] == "places"].pivot(index="origin", columns="engine", values="weight")
    assert weights.loc["2020-06", "a"] == weights.loc["2020-12", "a"] == 0.5  # nothing had come out
    assert weights.loc["2021-06", "a"] > 0.8  # the sharp engine was right; that it is wrong later is not known yet
    assert weights.sum(axis=1).tolist() == pytest.approx([1.0] * 3, abs=1e-3)


def test_the_pool_is_the_weighted_mixture_of_its_engines():
    values = calendar.samples(Projection(two("2020-06", "2020-12")), counts(("2020-12", 100.0, "2021-03")))

    def median(weight):
        rows = [("2020-06", "places", "a", weight), ("2020-06", "places", "b", 1 - weight)]
        weights = pd.DataFrame(rows, columns=["origin", "scope", "engine", "weight"]).assign(spread=1.0)
        mixed = calendar.pool(values, weights, ["a", "b"])
        return float(calendar.scores(mixed)["bias"].iloc[0])

    alone = calendar.scores(values).set_index("engine")["bias"]
    assert median(1.0) == pytest.approx(alone["a"], abs=0.01) and median(0.0) == pytest.approx(alone["b"], abs=0.05)
    assert alone["a"] < median(0.5) < alone["b"]


def test_places_are_as_wide_as_counts_known_by_the_origin_asked_for():
    origins = [f"{year}-06" for year in range(2012, 2021)]
    forecasts = Projection(pd.concat([told("b", origin, f"{origin[:4]}-12", WIDE) for origin in origins]))
    middle = float(np.median(WIDE))

    def spread(*met, place="places"):
        values = calendar.samples(forecasts, counts(*met))
        found = calendar.examined(values, ["b"]).weights
        return found[found["scope"] == place].set_index("origin")["spread"]

    near = [(f"{o[:4]}-12", middle, f"{o[:4]}-12") for o in origins]
    found = spread(*near)
    assert found["2012-06"] == 1 and found.is_monotonic_decreasing  # each count near the median says: too wide
    assert found["2020-06"] == pytest.approx((3 / (3 + 8)) ** 0.5, abs=0.01)  # eight were known, three are assumed
    far = [(month, 1000.0, known) for month, _, known in near]
    assert (spread(*far) == 1).all()  # never wider
    assert (spread(*near, place="nation") == 1).all()
    late = [(month, value, "2030-01") for month, value, _ in near]
    assert (spread(*late) == 1).all()  # nobody knew


def test_the_summary_compares_with_naive_on_the_same_targets_only():
    rows = pd.concat([told("naive", "2020-06", "2020-12", WIDE), two("2020-06", "2020-12"), two("2020-06", "2020-11")])
    met = counts(("2020-12", 100.0, "2021-03"), ("2020-11", 100.0, "2021-03"))
    short = calendar.summary(calendar.scores(calendar.samples(Projection(rows), met))).set_index("engine")
    assert short.at["a", "targets"] == 2 and short.at["a", "beside"] == 1
    assert short.at["naive", "of_naive"] == 1.0 and short.at["b", "of_naive"] == pytest.approx(1.0)
    assert short.at["a", "of_naive"] < 0.1


def test_origins_are_each_june_and_december_and_places_those_with_two_counts():
    assert calendar.origins("2018-06", "2019-12") == ["2018-06", "2018-12", "2019-06", "2019-12"]
    history = tables.read(tables.data_dir() / "history.csv", "history")
    names = calendar.counted(history)
    assert names[0] == "Việt Nam" and "Cà Mau" in names and "Lào Cai" not in names


def test_the_new_yardsticks_do_what_they_say():
    steady = pd.Series([100.0, 110.0, 121.0], pd.PeriodIndex(["2018-12", "2019-12", "2020-12"], freq="M"))
    ahead = pd.PeriodIndex(["2021-12", "2022-06"], freq="M")
    drift = SeasonalDrift().center(steady, ahead)
    assert drift[0] == pytest.approx(133.1) and np.isnan(drift[1])
    damped = Damped().center(steady, pd.period_range("2021-01", "2040-12", freq="M"))
    assert (np.diff(damped) > 0).all() and damped[-1] < 145  # it rises less and less


def test_bunching_above_the_plan_is_told_from_a_smooth_spread():
    bunched = december.bunching(pd.DataFrame({"of_plan": [1.0, 1.01, 1.02, 1.03, 1.04, 0.7]}))
    smooth = december.bunching(pd.DataFrame({"of_plan": [0.96, 0.98, 0.99, 1.01, 1.02, 1.05]}))
    assert bunched["p_value"] == pytest.approx(1 / 32) and smooth["p_value"] > 0.5


def test_published_decembers_crowd_just_above_their_plan():
    met = december.plans_met(tables.read(tables.data_dir() / "history.csv", "history"))
    found = december.bunching(met)
    assert found["above"] > found["below"] and len(met) >= 10
    assert met.set_index(["place", "year"]).loc[("Cà Mau", 2021), "of_plan"] == pytest.approx(26948 / 36720)
