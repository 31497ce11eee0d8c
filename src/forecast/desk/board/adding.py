"""Provinces that add up to the nation in every draw, to a person."""

import numpy as np

ROUNDS = 60  # of Newton's method; it ends long before
NEAR = 1e-10  # how near in log the sum comes to the total
LEAST_WEIGHT = 1e-4  # variance of a log that every place has


def weights(today: np.ndarray) -> np.ndarray:
    """Return how far each place may be moved: the variance of the log of its stock of today, (places,).

    `today` is (places, draws), persons. A place that was counted lately moves little, one that never was,
    most. What is known today holds for all months: weights of their own would let provinces grow for no other reason.
    """
    variances: np.ndarray = np.log(np.maximum(today, 1.0)).var(axis=1) + LEAST_WEIGHT
    return variances


def factors(values: np.ndarray, weight: np.ndarray, totals: np.ndarray) -> np.ndarray:
    """Return by what each value is multiplied so that places add up to `totals`, shape of `values`.

    `values` (places, months, draws) are positive, `weight` (places,), `totals` (months, draws). The factor of a
    place is `exp(x w)`, w its weight and x one number for a month and draw.

    >>> values = np.array([[[100.0]], [[100.0]]])
    >>> found = factors(values, np.array([0.01, 0.09]), np.array([[150.0]]))
    >>> (values * found).round(1).ravel().tolist()
    [93.8, 56.2]
    """
    w = (weight / weight.mean())[:, None, None]
    x, log = np.zeros(totals.shape), np.log(np.maximum(values, 1e-9))
    for _ in range(ROUNDS):
        moved = np.exp(log + w * x)
        total = moved.sum(axis=0)
        gap = np.log(totals) - np.log(total)
        if np.abs(gap).max() < NEAR:
            break
        x = x + gap * total / (w * moved).sum(axis=0)
    return np.asarray(np.exp(w * x))


def whole(values: np.ndarray) -> np.ndarray:
    """Return whole persons, (places, ...), whose sum over places is the rounded sum: the largest remainders go up.

    >>> whole(np.array([[1.4, 2.0], [1.4, 3.6], [1.2, 1.0]])).tolist()
    [[2, 2], [1, 4], [1, 1]]
    """
    down = np.floor(values)
    missing = np.rint(values.sum(axis=0)) - down.sum(axis=0)
    order = np.argsort(down - values, axis=0, kind="stable")
    rank = np.argsort(order, axis=0, kind="stable")
    return np.asarray((down + (rank < missing)).astype(np.int64))
