"""Whole numbers that add up: the ways in which totals are shared out, so that no rounding loses or makes a person."""

import numpy as np


def largest_remainders(exact: np.ndarray, total: float) -> np.ndarray:
    """Round numbers that add up to `total` to whole ones that do: the largest remainders go up, ties in order.

    >>> largest_remainders(np.array([1.4, 1.4, 1.2]), 4).tolist()
    [2.0, 1.0, 1.0]
    """
    whole: np.ndarray = np.floor(exact)
    order = np.argsort(whole - exact, kind="stable")
    whole[order[: int(round(total - whole.sum()))]] += 1
    return whole


def scaled(parts: np.ndarray, total: float) -> np.ndarray:
    """Scale whole numbers to add up to `total`; unchanged if they do already, or if either is not known.

    >>> scaled(np.array([1.0, 1.0, 2.0]), 5.0).tolist()
    [1.0, 1.0, 3.0]
    """
    if np.isnan(parts).any() or np.isnan(total) or parts.sum() in (0, total):
        return parts
    return largest_remainders(parts * total / parts.sum(), total)


def shared(shares: np.ndarray, total: int) -> np.ndarray:
    """Return whole persons in proportion to `shares` that add up to `total`.

    >>> shared(np.array([0.6, 0.6, 0.6, 1.2]), 3).tolist()
    [1, 1, 0, 1]
    """
    return largest_remainders(shares * (total / max(shares.sum(), 1e-300)), total).astype(int)


def systematic(weights: np.ndarray, caps: np.ndarray, totals: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    """Return whole persons for each cell in proportion to weights, never above caps, adding up to `totals`.

    `weights` is (draws, cells), `caps` (cells,) persons, `totals` (draws,) whole persons, `offsets` (draws,) luck
    between 0 and 1: systematic sampling, so that every cell gets its share on average. Cells that are full pass their
    people on. Written in loops, since the engines compile it (numba).

    >>> systematic(np.array([[1.0, 1.0, 2.0]]), np.array([9, 9, 9]), np.array([4.0]), np.array([0.5])).tolist()
    [[1, 1, 2]]
    """
    out = np.zeros(weights.shape, np.int32)
    for d in range(weights.shape[0]):
        total = int(totals[d])
        scale = total / max(weights[d].sum(), 1e-300)
        running, given = offsets[d], 0
        for j in range(weights.shape[1]):
            running += weights[d, j] * scale
            want = int(running) - given
            want = min(max(want, 0), caps[j], total - given)
            out[d, j] = want
            given += want
        j = 0
        while given < total:  # cells that were full pass their people on
            if out[d, j] < caps[j]:
                out[d, j] += 1
                given += 1
            j = (j + 1) % weights.shape[1]
    return out
