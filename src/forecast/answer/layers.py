"""What a spread is made of: chance, parameters, model, told apart by a design in which they were drawn apart.

Draws are nested: many sets of parameters, and under each set several draws that differ in chance alone. Variances then
come apart by the law of total variance, and the usual sums of squares estimate them without bias (analysis of variance
of a balanced nested design; Searle, Casella and McCulloch 1992, chapters 3 and 5). Engines are pooled linearly: the
pool's variance is the mean of theirs, plus the variance of their means, which is the doubt about the model.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from forecast.data.messages import Message, UserError

MODEL = "model"


def components(values: np.ndarray) -> list[float]:
    """Split the variance of `values`, an array with one axis for each source, the outermost first.

    With V the mean variance of cell means within the cells above (divisor n - 1), a source's part is its V less V/n of
    the source below it: what luck alone leaves in a mean is taken off. Estimates are unbiased, so that one of a small
    part may fall below zero; their sum estimates the variance of a single draw.

    >>> components(np.array([[1.0, 3.0], [5.0, 7.0]]))  # cell means 2 and 6: variance 8, less 2/2 owed to chance
    [7.0, 2.0]
    """
    if values.ndim < 1 or min(values.shape) < 2:
        raise UserError(
            "a nested design of {shape}; expected at least 2 of each source", shape=" x ".join(map(str, values.shape))
        )
    parts: list[float] = []
    below, size = 0.0, 1
    for axis in reversed(range(values.ndim)):
        means = values.mean(axis=tuple(range(axis + 1, values.ndim)))
        spread = float(means.var(axis=axis, ddof=1).mean())
        parts.insert(0, spread - below / size)
        below, size = spread, values.shape[axis]
    return parts


def split(
    values: Mapping[str, tuple[np.ndarray, tuple[str, ...]]], weights: Mapping[str, float] | None = None
) -> "pd.Series[float]":
    """Split the variance of a linear pool of engines: a Series of parts, index source, in the order first met.

    `values` gives each engine's array and the names of its axes, the outermost first; `weights` default to equal ones.
    The part `model` is the weighed variance of the engines' means. It is half the sum over pairs of engines of
    w v (difference of means)^2, and each squared difference is corrected for what few parameter sets leave in it;
    sets that engines share (the outermost axis) are paired, so that what moves all engines alike drops out.

    >>> luck = np.array([[-1.0, 1.0], [-1.0, 1.0]])
    >>> split({"a": (luck, ("parameters", "chance")), "b": (luck + 10, ("parameters", "chance"))}).round(3).to_dict()
    {'parameters': -1.0, 'chance': 2.0, 'model': 25.0}
    """
    names = list(values)
    w = weights_of(names, weights)
    parts: dict[str, float] = {}
    for name, (array, sources) in values.items():
        for source, part in zip(sources, components(array), strict=True):
            parts[source] = parts.get(source, 0.0) + w[name] * part
    if len(names) > 1:
        parts[MODEL] = sum(
            w[a] * w[b] * _apart(values[a][0], values[b][0]) for i, a in enumerate(names) for b in names[:i]
        )
    return pd.Series(parts, name="variance")


def _apart(one: np.ndarray, other: np.ndarray) -> float:
    """Squared difference of two engines' means, without the part that chance and few parameter sets put in."""
    a, b = (x.reshape(len(x), -1).mean(axis=1) for x in (one, other))
    if len(a) == len(b):
        error = np.var(a - b, ddof=1) / len(a)
    else:
        error = np.var(a, ddof=1) / len(a) + np.var(b, ddof=1) / len(b)
    return float((a.mean() - b.mean()) ** 2 - error)


def weights_of(names: list[str], weights: Mapping[str, float] | None = None) -> dict[str, float]:
    """Return the weight of each engine in a pool, adding up to one: equal ones, or those given for exactly these names.

    >>> weights_of(["agents", "series"], {"agents": 3, "series": 1})
    {'agents': 0.75, 'series': 0.25}
    """
    given = dict.fromkeys(names, 1.0) if weights is None else dict(weights)
    if not names or set(given) != set(names) or min(given.values()) < 0 or not sum(given.values()) > 0:
        shown = ", ".join(f"{name}: {value:g}" for name, value in given.items()) or Message("none")
        raise UserError(
            "weights {shown}; expected one of at least 0 for each of {engines}",
            shown=shown,
            engines=", ".join(names) or Message("no engine"),
        )
    return {name: given[name] / sum(given.values()) for name in names}
