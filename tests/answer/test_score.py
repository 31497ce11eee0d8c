"""Scores agree with their formulas worked out another way, with known values, and meet only counts that came later."""

import numpy as np
import pandas as pd
import pytest
import scoringrules
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.stats import norm

from forecast.answer import score
from forecast.answer.projection import QUANTILES, Projection
from forecast.data.tables import UserError

NUMBERS = st.floats(-1e6, 1e6)
SAMPLES = st.lists(NUMBERS, min_size=1, max_size=30)
P = np.array(QUANTILES)


def normal_crps(y: float) -> float:
    """The CRPS of a standard normal forecast (Gneiting and Raftery 2007, equation 5)."""
    return y * (2 * norm.cdf(y) - 1) + 2 * norm.pdf(y) - 1 / np.sqrt(np.pi)


@given(NUMBERS, SAMPLES)
def test_crps_of_draws_is_the_mean_distance_less_half_the_mean_distance_of_two_draws(y, x):
    x = np.array(x)
    wanted = np.abs(x - y).mean() - np.abs(x[:, None] - x[None, :]).mean() / 2
    assert score.crps(y, x) == pytest.approx(wanted, rel=1e-6, abs=1e-3)


@given(NUMBERS, SAMPLES)
def test_crps_of_draws_is_the_area_between_two_distributions(y, x):
    x = np.sort(x)
    ends = np.sort([*x, y])
    middles, widths = (ends[1:] + ends[:-1]) / 2, np.diff(ends)
    steps = np.searchsorted(x, middles) / len(x) - (middles > y)
    assert score.crps(y, x) == pytest.approx((steps**2 * widths).sum(), rel=1e-6, abs=1e-3)


@pytest.mark.parametrize("y", [-2.0, 0.0, 0.7, 3.0])
def test_crps_of_draws_and_of_quantiles_come_to_that_of_the_normal(y):
    p = (np.arange(4000) + 0.5) / 4000
    assert score.crps(y, norm.ppf(p)) == pytest.approx(normal_crps(y), rel=1e-3)
    assert score.crps_of_quantiles(y, norm.ppf(p), p) == pytest.approx(normal_crps(y), rel=1e-3)
    assert score.wis(y, norm.ppf(p), p) == pytest.approx(normal_crps(y), rel=1e-3)


@pytest.mark.parametrize("y", [-1.0, 0.2, 2.0])
def test_the_quantiles_of_a_projection_are_weighed_by_the_probabilities_they_stand_for(y):
    exact = normal_crps(y)
    weighed = score.crps_of_quantiles(y, norm.ppf(P), P)
    assert abs(weighed - exact) < 0.06 * max(exact, 0.5)
    whole = 2 * quad(lambda p: float(score.pinball(y, [norm.ppf(p)], [p])[0]), 1e-9, 1 - 1e-9, limit=300)[0]
    assert whole == pytest.approx(exact, rel=1e-3)  # twice the integral of the pinball loss is the CRPS


@given(NUMBERS, st.lists(NUMBERS, min_size=9, max_size=9))
def test_wis_is_the_weighted_mean_of_intervals_and_median(y, values):
    q = np.sort(values)
    total, pairs = 0.5 * abs(y - q[4]), 0
    for low, high, p in zip(q[:4], q[:4:-1], P[:4], strict=True):
        alpha = 2 * p
        missed = max(low - y, 0, y - high)
        total += alpha / 2 * ((high - low) + 2 / alpha * missed)
        pairs += 1
    assert score.wis(y, q, P) == pytest.approx(total / (pairs + 0.5), rel=1e-9, abs=1e-6)


@given(NUMBERS, NUMBERS, NUMBERS)
def test_interval_score_is_its_width_and_what_was_missed(y, a, b):
    low, high = min(a, b), max(a, b)
    missed = max(low - y, 0, y - high)
    assert score.interval_score(y, low, high, 0.95) == pytest.approx((high - low) + 40 * missed, rel=1e-9, abs=1e-6)
    assert score.covered(y, low, high) == float(missed == 0)


@pytest.mark.parametrize("p", [0.025, 0.1, 0.5, 0.9])
def test_pinball_is_smallest_at_the_quantile_itself(p):
    y = norm.ppf((np.arange(2000) + 0.5) / 2000)
    tried = (p, p * 0.8, min(p * 1.2, 0.99))
    losses = {q: score.pinball(y, np.full((2000, 1), norm.ppf(q)), [p]).mean() for q in tried}
    assert min(losses, key=losses.get) == p


@pytest.mark.parametrize("level", [0.5, 0.9])
def test_the_right_interval_scores_best_and_covers_its_level(level):
    y = norm.ppf((np.arange(2000) + 0.5) / 2000)
    half = norm.ppf((1 + level) / 2)
    assert score.covered(y, -half, half).mean() == pytest.approx(level, abs=0.002)
    right = score.interval_score(y, np.full(2000, -half), np.full(2000, half), level).mean()
    for width in (0.7, 1.4):
        assert score.interval_score(y, np.full(2000, -half * width), np.full(2000, half * width), level).mean() > right


def test_quantiles_in_disorder_or_without_a_partner_are_named():
    with pytest.raises(UserError, match="rising order"):
        score.pinball(1.0, [1.0, 2.0], [0.9, 0.1])
    with pytest.raises(UserError, match="one value for each"):
        score.wis(1.0, [1.0, 2.0], [0.5])
    with pytest.raises(UserError, match="pairs"):
        score.wis(1.0, [1.0, 2.0], [0.1, 0.5])
    with pytest.raises(UserError, match="at least one"):
        score.crps(1.0, [])


def test_mase_of_the_seasonal_naive_method_within_its_own_sample_is_one():
    y = np.random.default_rng(3).normal(100, 10, 48)
    unit = score.scale(y, season=12)
    assert score.mase(y[12:], y[:-12], unit) == pytest.approx(1.0)


@given(st.lists(st.floats(1, 1e6), min_size=2, max_size=20), st.integers(1, 12))
def test_the_scale_of_counts_in_every_month_is_the_usual_one_and_gaps_stretch_it(y, gap):
    months = np.arange(len(y))
    assert score.scale(y, months) == pytest.approx(score.scale(y), nan_ok=True)
    assert score.scale(y, months * gap) == pytest.approx(score.scale(y) / gap, nan_ok=True)
    assert score.scale(y[::-1], months[::-1] * gap) == pytest.approx(score.scale(y, months * gap), nan_ok=True)


def test_one_count_or_a_stock_that_stood_still_has_no_scale():
    for values in ([], [5.0], [5.0, 5.0]):
        assert np.isnan(score.scale(values, list(range(len(values)))))
        assert np.isnan(score.scale(values))


def forecasts(*rows) -> Projection:
    """Draws 0..4 at value - 2 .. value + 2 for each (place, engine, origin, month, value)."""
    return Projection(
        pd.DataFrame(
            [
                {
                    "place": place,
                    "scenario": "status quo",
                    "engine": engine,
                    "origin": origin,
                    "month": month,
                    "group": "all",
                    "measure": "members",
                    "draw": draw,
                    "value": value + draw - 2.0,
                }
                for place, engine, origin, month, value in rows
                for draw in range(5)
            ]
        )
    )


COUNTS = pd.DataFrame(
    [
        ("A", "2020-01", 100.0, "2020-02"),
        ("A", "2020-07", 112.0, "2020-07"),
        ("A", "2020-12", 130.0, "2021-03"),
        ("A", "2021-02", 131.0, "2021-02"),
        ("A", "2021-06", 150.0, ""),
        ("B", "2020-12", 7.0, "2021-01"),
    ],
    columns=["place", "month", "value", "known"],
)


def test_only_counts_of_later_months_that_were_not_known_at_the_origin_are_met():
    made = forecasts(
        *[
            ("A", "x", origin, month, 120.0)
            for origin in ("2020-07", "2020-12", "2021-02")
            for month in ("2020-07", "2020-12", "2021-02", "2021-06")
            if month >= origin
        ]
    )
    found = score.scores(made, COUNTS)
    assert set(zip(found["origin"], found["month"], strict=True)) == {
        ("2020-07", "2020-12"),
        ("2020-07", "2021-02"),
        ("2020-12", "2021-02"),
    }
    assert set(found.loc[found["month"] == "2021-02", "horizon"]) == {7, 2}


def test_the_table_holds_each_metric_worked_out_by_hand():
    found = score.scores(forecasts(("A", "x", "2020-07", "2020-12", 120.0)), COUNTS)
    assert list(found.columns) == score.COLUMNS
    row = found.set_index(["metric", "level"])["value"]
    plain = found[found["level"].isna()].set_index("metric")["value"]
    assert plain["error"] == -10
    assert plain["absolute_error"] == 10
    assert plain["mase"] == 10 / 2  # from 100 to 112 in six months: 2 a month
    assert plain["relative_error"] == pytest.approx(10 / 130)
    draws = np.array([118, 119, 120, 121, 122.0])
    crps = np.abs(draws - 130).mean() - np.abs(draws[:, None] - draws).mean() / 2
    assert plain["crps"] == pytest.approx(crps)
    assert plain["scaled_crps"] == pytest.approx(crps / 2)
    assert (row["covered"] == 0).all() and set(row["covered"].index) == set(score.LEVELS)
    low, high = np.quantile(draws, (0.025, 0.975))
    assert row["msis", 0.95] == pytest.approx(((high - low) + 40 * (130 - high)) / 2)
    assert len(row["pinball"]) == len(QUANTILES)
    assert plain["wis"] == pytest.approx(2 * row["pinball"].mean())


def test_draws_and_their_quantiles_have_the_same_scores_but_for_the_crps():
    made = forecasts(("A", "x", "2020-07", "2020-12", 120.0), ("A", "x", "2020-07", "2021-02", 128.0))
    draws, table = score.scores(made, COUNTS), score.scores(made.quantiles(), COUNTS)
    same = ["place", "engine", "origin", "month", "metric", "level", "value"]
    either = [
        f[~f["metric"].str.contains("crps")][same].sort_values(same[3:6]).reset_index(drop=True) for f in (draws, table)
    ]
    pd.testing.assert_frame_equal(*either)


def test_a_place_with_one_known_count_is_scored_without_a_scale():
    counts = COUNTS[COUNTS["month"] != "2020-01"]
    found = score.scores(forecasts(("A", "x", "2020-07", "2020-12", 120.0)), counts)
    assert not {"mase", "msis", "scaled_crps"} & set(found["metric"])
    assert {"crps", "wis", "covered", "interval_score"} <= set(found["metric"])


def test_nothing_to_meet_is_an_empty_table():
    found = score.scores(forecasts(("A", "x", "2022-01", "2022-02", 120.0)), COUNTS)
    assert list(found.columns) == score.COLUMNS and found.empty
    assert score.summary(found).empty


def test_skill_is_over_the_targets_that_both_answered_and_a_place_has_one_vote():
    made = forecasts(
        ("A", "x", "2020-07", "2020-12", 125.0),
        ("A", "x", "2020-07", "2021-02", 200.0),
        ("A", "naive", "2020-07", "2020-12", 120.0),
        ("B", "x", "2020-07", "2020-12", 9.0),
        ("B", "naive", "2020-07", "2020-12", 8.0),
    )
    short = score.summary(score.scores(made, COUNTS)).set_index(["engine", "metric"])
    # A: 5 against 10; B: 2 against 1; the month that the yardstick left out does not count
    assert short.loc[("x", "absolute_error"), "skill naive"] == pytest.approx(1 - np.sqrt(0.5 * 2))
    assert short.loc[("naive", "absolute_error"), "skill naive"] == pytest.approx(0)
    assert short.loc[("x", "absolute_error"), ["targets", "places"]].tolist() == [3, 2]
    assert np.isnan(short.loc[("x", "absolute_error"), "value"])
    assert np.isnan(short.loc[("x", "absolute_error"), "skill drift"])
    bands = score.summary(score.scores(made, COUNTS), by=("engine", "band"))
    assert set(bands["band"]) == {"1-6", "7-12"}


@given(NUMBERS, st.lists(NUMBERS, min_size=2, max_size=2), st.sampled_from([0.5, 0.8, 0.95]))
def test_pinball_and_interval_score_are_those_of_a_library(y, ends, level):
    low, high = sorted(ends)
    theirs = scoringrules.interval_score(y, low, high, 1 - level, backend="numpy")
    assert score.interval_score(y, low, high, level) == pytest.approx(theirs)
    theirs = [scoringrules.quantile_score(y, end, p, backend="numpy") for end, p in ((low, 0.1), (high, 0.9))]
    assert score.pinball(y, [low, high], [0.1, 0.9]) == pytest.approx(theirs)
