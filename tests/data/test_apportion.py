"""Whole numbers add up, whatever is shared out, and are as near to the exact shares as whole numbers can be."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from forecast.data.apportion import scaled, shared, systematic

PARTS = st.lists(st.integers(0, 10_000), min_size=1, max_size=40).map(lambda x: np.array(x, float))


@given(PARTS, st.integers(0, 1_000_000))
def test_scaled_parts_add_up_and_none_is_off_by_a_whole(parts, total):
    found = scaled(parts, float(total))
    if parts.sum() in (0, total):
        assert (found == parts).all()
    else:
        assert found.sum() == total and (found == found.round()).all()
        assert (np.abs(found - parts * total / parts.sum()) < 1 + 1e-9).all()


def test_what_is_not_known_is_left_alone():
    assert np.isnan(scaled(np.array([1.0, np.nan]), 5.0)[1])
    assert scaled(np.array([1.0, 2.0]), float("nan")).tolist() == [1.0, 2.0]


def test_largest_remainders_are_rounded_up():
    assert shared(np.array([0.6, 0.6, 0.6, 1.2]), 3).tolist() == [1, 1, 0, 1]
    assert scaled(np.array([3.0, 3.0, 4.0]), 11.0).tolist() == [3.0, 3.0, 5.0]


@given(PARTS.filter(lambda x: x.sum() > 0), st.integers(0, 100_000))
def test_shares_add_up(shares, total):
    found = shared(shares, total)
    assert found.sum() == total and (found >= 0).all()
    assert (np.abs(found - shares * total / shares.sum()) < 1 + 1e-6).all()


@pytest.mark.parametrize("total", [0, 1, 7, 20])
def test_systematic_draws_add_up_within_their_caps(total):
    weights, caps = np.array([[0.0, 1.0, 5.0, 2.0], [3.0, 3.0, 3.0, 3.0]]), np.array([9, 2, 6, 3])
    found = systematic(weights, caps, np.full(2, float(total)), np.array([0.1, 0.9]))
    assert (found.sum(axis=1) == total).all() and (found <= caps).all()


def test_systematic_draws_give_each_cell_its_share_on_average():
    offsets = (np.arange(1000) + 0.5) / 1000
    weights = np.tile([[1.0, 2.0, 0.5, 6.5]], (1000, 1))
    found = systematic(weights, np.full(4, 99), np.full(1000, 7.0), offsets)
    assert found.mean(axis=0) == pytest.approx(np.array([0.7, 1.4, 0.35, 4.55]), abs=0.01)
