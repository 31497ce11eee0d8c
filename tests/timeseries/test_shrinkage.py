"""Correlations follow the errors where there are many, and the tree where there are few."""

import numpy as np
import pandas as pd
import pytest

from forecast.timeseries.reconcile import MISFIT, shared_correlation, tree

SHAPE = tree(pd.DataFrame({"unique_id": ["a", "b"], "parent": ["whole", "whole"]}))
SPREAD = np.array([1.0, 1.0, 1.0])
A, B = SHAPE.names.index("a"), SHAPE.names.index("b")


def errors(dates: int, correlation: float, seed: int = 1) -> np.ndarray:
    """Errors of two parts with this correlation, and of their sum, (dates, nodes) in the order of the tree."""
    parts = np.random.default_rng(seed).multivariate_normal([0, 0], [[1, correlation], [correlation, 1]], dates)
    columns = {"a": parts[:, 0], "b": parts[:, 1], "whole": parts.sum(axis=1)}
    return np.stack([columns[name] for name in SHAPE.names], axis=1)


def between_parts(found: np.ndarray) -> float:
    """Correlation of the two parts, without what each node's own error takes off."""
    return found[A, B] * (1 + MISFIT)


def test_many_errors_outweigh_the_tree():
    found = shared_correlation(errors(4000, -0.8), SHAPE, SPREAD)
    assert between_parts(found) == pytest.approx(-0.8, abs=0.03)


def test_few_errors_leave_the_tree_as_it_is():
    alone = between_parts(shared_correlation(np.empty((0, 3)), SHAPE, SPREAD))
    assert alone > 0  # parts of one whole share a shock
    few = [between_parts(shared_correlation(errors(8, 0.0, seed), SHAPE, SPREAD)) for seed in range(40)]
    raw = [np.corrcoef(errors(8, 0.0, seed)[:, [A, B]].T)[0, 1] for seed in range(40)]
    assert np.mean(np.abs(np.subtract(few, alone))) < 0.8 * np.mean(np.abs(np.subtract(raw, alone)))


def test_correlations_are_those_of_something():
    for dates, correlation in ((0, 0.0), (6, 0.9), (48, -0.5)):
        found = shared_correlation(errors(dates, correlation) if dates else np.empty((0, 3)), SHAPE, SPREAD)
        assert np.diag(found) == pytest.approx(1.0)
        assert np.linalg.eigvalsh(found).min() > 0
