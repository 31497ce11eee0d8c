"""Reconciliation on two parts and their sum, with numbers that can be worked out by head."""

import numpy as np
import pandas as pd
import pytest
from scipy.special import ndtri

from forecast.data.tables import UserError
from forecast.timeseries import reconcile
from forecast.timeseries.reconcile import (
    LEAST_SHARED,
    MISFIT,
    add_sums,
    projection,
    residuals,
    shared_correlation,
    tree,
)

NODES = pd.DataFrame({"unique_id": ["a", "b"], "parent": ["whole", "whole"]})
SHAPE = tree(NODES)  # whole, a, b
NO_ERRORS = np.empty((0, 3))


def moved(values: list[float], spread: list[float], correlation: np.ndarray | None = None) -> list[float]:
    """Values of whole, a and b brought to add up; errors of these standard deviations, strangers if nothing else."""
    correlation = np.eye(3) if correlation is None else correlation
    move = projection(SHAPE, "shared", NO_ERRORS, correlation, np.array(spread))
    return move(np.array(values)).round(9).tolist()


def test_each_gives_way_by_its_variance():
    """The whole is 3 above its parts: a third each where all are as sure, nothing who is sure."""
    assert moved([10, 4, 3], [1, 1, 1]) == [9, 5, 4]
    assert moved([10, 4, 3], [1e-6, 1, 1]) == pytest.approx([10, 5.5, 4.5])
    assert moved([10, 4, 3], [1, 1e-6, 1e-6]) == pytest.approx([7, 4, 3])
    assert moved([10, 4, 3], [1, 2, 1]) == [9.5, 6, 3.5]  # variances 1, 4, 1


def test_errors_that_go_together_take_less_from_the_whole():
    """With a common shock of the parts their sum is less sure, so it gives way more."""
    together = np.eye(3)
    together[1, 2] = together[2, 1] = 0.5
    assert moved([10, 4, 3], [1, 1, 1], together) == pytest.approx([10 - 3 / 4, 4 + 9 / 8, 3 + 9 / 8])


def test_nothing_is_below_the_least_and_what_adds_up_stays():
    assert moved([7, 4, 3], [1, 5, 2]) == [7, 4, 3]
    assert moved([10, 14, -9], [1, 1, 1]) == pytest.approx([47 / 3, 47 / 3, 0])
    low = projection(SHAPE, "shared", NO_ERRORS, np.eye(3), np.ones(3), least=-np.inf)
    assert low(np.array([10.0, 14.0, -9.0])).tolist() == pytest.approx([10 - 5 / 3, 14 + 5 / 3, -9 + 5 / 3])
    assert projection(SHAPE, "bottom_up", NO_ERRORS, np.eye(3), np.ones(3))(np.array([10.0, 4, 3])).tolist() == [
        7,
        4,
        3,
    ]
    alone = projection(
        tree(pd.DataFrame({"unique_id": ["a"], "parent": [""]})), "shared", NO_ERRORS, np.eye(1), np.ones(1)
    )
    assert alone(np.array([5.0])).tolist() == [5.0]


def test_the_tree_alone_says_how_its_parts_go_with_the_whole():
    """Two equal parts with a correlation c: their sum has variance 2 + 2c, and 1 + c in common with each."""
    found = shared_correlation(NO_ERRORS, SHAPE, np.array([9.0, 1.0, 1.0])) * (1 + MISFIT)
    c = LEAST_SHARED
    assert found[1, 2] == found[2, 1] == pytest.approx(c)
    assert found[0, 1] == found[0, 2] == pytest.approx((1 + c) / np.sqrt(2 + 2 * c))
    uneven = shared_correlation(NO_ERRORS, SHAPE, np.array([9.0, 1.0, 3.0])) * (1 + MISFIT)
    assert uneven[1, 2] == pytest.approx(c)
    assert uneven[0, 2] == pytest.approx((9 + 3 * c) / 3 / np.sqrt(10 + 6 * c))


@pytest.mark.parametrize(("dates", "shock"), [(8, 0.6), (7, LEAST_SHARED)])
def test_the_shock_is_what_makes_the_sum_as_uncertain_as_it_was(dates, shock):
    """Parts with a sample correlation of 0.6, seen often enough or not."""
    one = np.array([1.0, -1] * 4)[:dates]
    other = np.array([1.0, 1, -1, -1] * 2)[:dates]
    a, b = one, 0.6 * one + 0.8 * other
    errors = np.stack([np.full(dates, np.nan), a, b], axis=1)
    whole = np.stack([a + b, a, b], axis=1)
    found = shared_correlation(whole, SHAPE, np.array([1.0, 1.0, 1.0]))
    assert found[1, 2] * (1 + MISFIT) == pytest.approx(shock)  # seen and tree agree, so that no weight matters
    gaps = shared_correlation(errors, SHAPE, np.ones(3))
    assert gaps[0, 1] * (1 + MISFIT) == pytest.approx((1 + LEAST_SHARED) / np.sqrt(2 + 2 * LEAST_SHARED))


def test_the_weight_of_the_tree_is_noise_by_signal():
    """Worked out as Schäfer and Strimmer write it: variances of the products, by squares of the correlations."""
    errors = np.random.default_rng(3).normal(size=(12, 3)) * [3, 2, 1]
    scaled = (errors - errors.mean(axis=0)) / errors.std(axis=0)
    products = scaled[:, :, None] * scaled[:, None, :]
    seen, noise = products.mean(axis=0), products.var(axis=0) * 12 / 11**2
    off = ~np.eye(3, dtype=bool)
    weight = noise[off].sum() / (seen[off] ** 2).sum()
    weight = min(weight, 1.0)
    own = np.cov(errors[:, 1:].T, bias=True)
    shock = np.clip(own[0, 1] / np.sqrt(own[0, 0] * own[1, 1]), LEAST_SHARED, 0.95)
    found = shared_correlation(errors, SHAPE, np.ones(3)) * (1 + MISFIT)
    assert found[1, 2] == pytest.approx((1 - weight) * seen[1, 2] + weight * shock)
    in_tree = (1 + shock) / np.sqrt(2 + 2 * shock)
    assert found[0, 1] == pytest.approx((1 - weight) * seen[0, 1] + weight * in_tree)


def test_residuals_are_the_change_since_last_season_less_what_the_last_step_said():
    """Changes 1, 2, 4, 8, ... of which each is twice the last: the share is cut at 0.95."""
    values = pd.DataFrame({"x": 2.0 ** np.arange(10)}, index=range(10))
    change = np.diff(2.0 ** np.arange(10))
    assert residuals(values)[:, 0] == pytest.approx(change[1:] - 0.95 * change[:-1])
    ups = pd.DataFrame({"x": [0.0, 1, 0, 1, 0, 1, 0, 1, 0]})
    assert residuals(ups)[:, 0] == pytest.approx(np.diff(ups["x"])[1:])  # changes that turn about: no share
    x = np.array([0.0, 1, 2, 2, 3, 4, 4, 5, 6, 6])
    step = np.diff(x)
    share = (step[1:] * step[:-1]).sum() / (step[:-1] ** 2).sum()
    assert residuals(pd.DataFrame({"x": x}))[:, 0] == pytest.approx(step[1:] - share * step[:-1])
    gap = pd.DataFrame({"x": [0.0, 1, np.nan, 3, 4, 5]})
    assert np.isfinite(residuals(gap)[:, 0]).tolist() == [False, False, False, True]


@pytest.mark.parametrize(
    ("per_year", "years", "season"), [(12, 3, 12), (12, 2, 1), (4, 4, 4), (4, 3, 1), (5, 6, 1), (2, 6, 2), (1, 12, 1)]
)
def test_a_season_is_read_from_the_dates_and_needs_two_of_it_and_eight_more(per_year, years, season):
    dates = [f"{2010 + y}-{m + 1:02d}" for y in range(years) for m in range(per_year)]
    values = pd.DataFrame({"x": np.arange(len(dates)) ** 2.0}, index=dates)
    found = residuals(values)
    assert len(found) == len(dates) - season - 1
    assert np.allclose(found, residuals(values, season))
    assert len(residuals(values, 1)) == len(dates) - 2


def test_the_spread_is_that_of_the_past_or_else_that_of_the_quantiles_or_else_a_fifth():
    means, levels = np.array([[10.0, 20.0]]), ["0.05", "0.95"]
    quantiles = np.array([[[8.0, 10.0]], [[12.0, 30.0]]])
    seen = np.stack([np.tile([1.0, -1.0], 4), [np.nan] + [5.0, -5.0] * 3 + [0.0]], axis=1)
    found = reconcile._spread(means, quantiles, levels, seen)
    assert found.tolist() == [[1.0, pytest.approx(20 / (2 * ndtri(0.95)))]]
    assert reconcile._spread(means, np.empty((0, 1, 2)), [], np.zeros((0, 2))).tolist() == [[2.0, 4.0]]
    still = reconcile._spread(means, quantiles, levels, np.zeros((8, 2)))
    assert still[0, 0] == pytest.approx(4 / (2 * ndtri(0.95)))
    assert reconcile._spread(np.array([[0.0, -5.0]]), np.empty((0, 1, 2)), [], np.zeros((0, 2))) == pytest.approx(
        np.array([[5e-6, 1.0]])
    )
    nothing = reconcile._spread(np.zeros((1, 2)), np.empty((0, 1, 2)), [], np.zeros((0, 2)))
    assert (nothing > 0).all()  # no division by nothing where all is nothing


def test_luck_falls_among_quantiles_on_a_line_of_the_normal_scale_and_beyond_them():
    levels = np.array([0.05, 0.5, 0.95])
    quantiles = np.array([[0.0, 10.0, 30.0]])
    z = ndtri(0.95)
    luck = np.array([[-2 * z, -z, -z / 2, 0.0, z / 2, z, 2 * z]])
    assert reconcile._at(luck, quantiles, levels)[0] == pytest.approx([-10, 0, 5, 10, 20, 30, 50])
    assert reconcile._at(luck, np.array([[7.0]]), np.array([0.5]))[0].tolist() == [7.0] * 7


def test_luck_goes_together_as_the_nodes_do_and_stays_within_four():
    correlation = np.array([[1.0, 0.8], [0.8, 1.0]])
    luck = reconcile._luck(correlation, ["a", "b"], 1)
    assert np.corrcoef(luck)[0, 1] == pytest.approx(0.8, abs=0.05) and luck.std(axis=1) == pytest.approx(1, abs=0.08)
    assert np.abs(reconcile._luck(100 * correlation, ["a", "b"], 1)).max() == 4.0
    assert (reconcile._luck(np.eye(2), ["a", "b"], 1)[0] == reconcile._luck(np.eye(2), ["a", "c"], 1)[0]).all()


def test_a_sum_is_there_where_all_its_parts_are_and_what_is_given_stays():
    parts = pd.DataFrame({"unique_id": ["a", "b", "a", "c"], "ds": ["9", "9", "10", "9"], "y": [1.0, 2, 5, 7]})
    rows = add_sums(parts, NODES)
    assert rows.values.tolist() == [["whole", "9", 3.0], ["a", "9", 1.0], ["a", "10", 5.0], ["b", "9", 2.0]]
    given = pd.concat([parts, pd.DataFrame({"unique_id": ["whole"], "ds": ["9"], "y": [4.0]})])
    assert add_sums(given, NODES).iloc[0].tolist() == ["whole", "9", 4.0]
    with pytest.raises(UserError, match="unique_id a has ds 9 twice"):
        add_sums(pd.concat([parts, parts.head(1)]), NODES)


def test_what_is_no_level_is_no_quantile_and_order_is_that_of_the_forecasts():
    ahead = pd.DataFrame(
        {"unique_id": ["b", "whole", "a"], "ds": "2022", "mean": [3.0, 10.0, 4.0], "note": 1, "1": 2.0}
    )
    ahead["0.5"] = ahead["mean"]
    past = pd.DataFrame({"unique_id": ["a", "b"], "ds": "2021", "y": [4.0, 3.0]})
    found = reconcile.reconcile(ahead, past, NODES)
    assert found.columns.tolist() == ["unique_id", "ds", "mean", "0.5"] and found["unique_id"].tolist() == [
        "b",
        "whole",
        "a",
    ]
    assert found["0.5"].tolist() == pytest.approx(found["mean"].tolist())
    low = ahead.assign(mean=[-30.0, -26.0, 4.0])  # adds up, but where nothing was negative nothing will be
    assert reconcile.reconcile(low, past, NODES)["mean"].tolist() == [0.0, 4.0, 4.0]
    assert reconcile.reconcile(low, past.assign(y=[4.0, -3.0]), NODES)["mean"].tolist() == pytest.approx([-30, -26, 4])


def test_the_first_forecast_that_is_missing_is_named():
    dates = ["2022", "2022", "2023", "2023", "2023", "2024"]
    ahead = pd.DataFrame({"unique_id": ["whole", "a", "whole", "a", "b", "whole"], "ds": dates, "mean": 1.0})
    past = pd.DataFrame({"unique_id": ["a", "b"], "ds": "2021", "y": [4.0, 3.0]})
    with pytest.raises(UserError, match="unique_id b, ds 2022, column mean: missing"):
        reconcile.reconcile(ahead, past, NODES)
    with pytest.raises(UserError, match="unique_id b, ds 2022, column mean: missing"):
        reconcile.reconcile(ahead.iloc[:5], past, NODES)


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([("a", "b"), ("b", "a")], "stands above itself"),
        ([("", "x"), ("a", "x")], 'row 2, column unique_id: found "", expected the name'),
        ([], "expected at least one row"),
    ],
)
def test_what_is_no_tree_is_named(rows, said):
    with pytest.raises(UserError, match=said):
        tree(pd.DataFrame(rows, columns=["unique_id", "parent"]))


def test_sums_stand_from_the_widest_down_and_a_leaf_under_two_counts_once():
    rows = [("a", "x"), ("b", "x"), ("c", "y"), ("a", "kind"), ("x", "all"), ("y", "all"), ("kind", "all"), ("all", "")]
    found = tree(pd.DataFrame(rows, columns=["unique_id", "parent"]))
    assert found.names == ["all", "x", "y", "kind", "a", "b", "c"] and found.leaves == ["a", "b", "c"]
    assert found.sums[:4].tolist() == [[1, 1, 1], [1, 1, 0], [0, 0, 1], [1, 0, 0]]
