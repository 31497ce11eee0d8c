"""Forecasts that add up: communes to districts, provinces and the nation, or any other tree of series.

Forecasts made for each series on its own do not add up, and each knows something the others do not: a sum is calmer
than its parts, a part knows its own turn. Reconciliation moves all of them, as little as their errors allow, until
they do (Wickramasuriya, Athanasopoulos and Hyndman 2019). What is assumed of the errors is the method:

- `shared`, the default: correlations from the past, shrunk towards those of a tree whose leaves share a shock, and for
  every node an error of its own. Places share a law, a campaign and a deadline, which the usual target (no correlation)
  leaves out: a forecast of the whole is then pulled too far to the sum of its parts;
- `mint_shrink`, `wls_var`, `wls_struct`, `ols`, `bottom_up`: those of hierarchicalforecast.

benchmarks/reconciliation compares them.
"""

from collections.abc import Callable, Iterable
from graphlib import CycleError, TopologicalSorter
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.special import ndtri

from forecast.data import places
from forecast.data.tables import Fault, TableError, UserError
from forecast.timeseries import table as cells

NODES = ("unique_id", "parent")  # columns of a table of nodes
METHODS = ("shared", "mint_shrink", "wls_var", "wls_struct", "ols", "bottom_up")
# Chosen on simulated trees (benchmarks/reconciliation). A past in which sums always add up shows nothing of the error
# that a forecast has for itself alone, so it is put in; else chance decides whether the whole gives way or its parts.
LEAST_SHARED = 0.1  # correlation between leaves that live under one law, whatever a short past shows
MISFIT = 1.0  # variance of a node's own error as a share of that of its surprises
FEW = 8  # residuals below which correlations are not estimated
SAMPLES = 1000


class Tree(NamedTuple):
    """Which series add up to which: `names` of nodes, sums first and leaves last; `sums` (nodes, leaves), 0 or 1."""

    names: list[str]
    sums: np.ndarray

    @property
    def leaves(self) -> list[str]:
        """Names of the nodes that have nothing below them, in the order of the columns of `sums`."""
        return self.names[len(self.names) - self.sums.shape[1] :]


def tree(nodes: pd.DataFrame, file: str = "nodes") -> Tree:
    """Read a tree from a table with the columns `unique_id` and `parent` (empty for a node without one).

    A node may stand in several rows, below several parents (a region and a kind of visitor): it then counts once in
    what stands above both. A parent needs no row of its own. Raises :class:`UserError` for a missing
    column, an empty name or a node that stands above itself.

    >>> shape = tree(pd.DataFrame({"unique_id": ["A", "B", "C"], "parent": ["X", "X", "Y"]}))
    >>> shape.names, shape.sums[0].tolist()
    (['X', 'Y', 'A', 'B', 'C'], [1.0, 1.0, 0.0])
    """
    cells.one_each(nodes, NODES, file)
    pairs = pd.DataFrame({c: [cells.name(cell) for cell in cells.text(nodes[c])] for c in NODES})
    pairs = pairs[(pairs != "").any(axis=1)].drop_duplicates()  # a blank line is not a row
    if pairs.empty:
        raise UserError("{file}: expected at least one row, the name of a series and that of its parent", file=file)
    if nameless := [int(row) + 2 for row in pairs.index[pairs["unique_id"] == ""]]:
        raise TableError([Fault(file, row, "unique_id", "", "the name of a series") for row in nameless])
    above: dict[str, set[str]] = {name: set() for name in [*pairs["parent"], *pairs["unique_id"]] if name}
    for child, parent in pairs.itertuples(index=False):
        above[child] |= {parent} - {""}
    parents = set().union(*above.values()) if above else set()
    leaves = [name for name in dict.fromkeys(pairs["unique_id"]) if name not in parents]
    try:
        TopologicalSorter(above).prepare()
    except CycleError as error:
        raise UserError(
            "{file}: {name} stands above itself; expected a tree", file=file, name=error.args[1][0]
        ) from None
    over = {leaf: _climb(leaf, above) for leaf in leaves}
    heads = [name for name in above if name in parents]
    heads.sort(key=lambda name: -sum(name in climbed for climbed in over.values()))
    sums = np.zeros((len(heads) + len(leaves), len(leaves)))
    for inside, name in zip(sums, heads, strict=False):
        inside[:] = [name in over[leaf] for leaf in leaves]
    np.fill_diagonal(sums[len(heads) :], 1.0)
    return Tree(heads + leaves, sums)


def _climb(name: str, above: dict[str, set[str]]) -> set[str]:
    """Return all nodes above one."""
    ancestors, todo = set(), list(above[name])
    while todo:
        node = todo.pop()
        if node not in ancestors:
            ancestors.add(node)
            todo += above[node]
    return ancestors


def place_nodes(names: Iterable[str], at: str) -> pd.DataFrame:
    """Return the places above each of `names` in the month `at` as a table of nodes: `unique_id`, `parent`.

    Districts are there until 2025-06 and gone since. Places are named as in data/places.csv.

    >>> place_nodes(["Đà Bắc/Tú Lý"], at="2021-12")["parent"].tolist()
    ['Đà Bắc', 'Hòa Bình', 'Việt Nam', '']
    """
    rows: dict[str, str] = {}
    for name in names:
        line = [name, *places.read_place(name, at=at).lineage]
        line = list(dict.fromkeys(line))
        rows |= dict(zip(line, [*line[1:], ""], strict=True))
    return pd.DataFrame({"unique_id": list(rows), "parent": list(rows.values())})


def add_sums(table: pd.DataFrame, nodes: pd.DataFrame) -> pd.DataFrame:
    """Return a long table `unique_id, ds, y` with rows for every node of a tree: sums of leaves where there are none.

    A sum of which a leaf is missing in a month is not there in that month. Rows of nodes that the table has are kept as
    they are; rows of series that are no nodes are left out.

    >>> parts = pd.DataFrame({"unique_id": ["A", "B"], "ds": "2021", "y": [1.0, 2.0]})
    >>> add_sums(parts, pd.DataFrame({"unique_id": ["A", "B"], "parent": "X"}))["y"].tolist()
    [3.0, 1.0, 2.0]
    """
    shape = tree(nodes)
    wide = _wide(table, "y").reindex(columns=shape.names)
    for name, row in zip(shape.names, shape.sums, strict=True):
        if wide[name].isna().all():
            parts = [leaf for leaf, inside in zip(shape.leaves, row, strict=True) if inside]
            wide[name] = wide[parts].sum(axis=1, min_count=len(parts))
    long = wide.rename_axis(index="ds").reset_index().melt("ds", var_name="unique_id", value_name="y")
    return long.dropna(subset="y")[["unique_id", "ds", "y"]].reset_index(drop=True)


def _wide(table: pd.DataFrame, column: str) -> pd.DataFrame:
    """Return one column of a long table as dates (rows, in order) by series."""
    double = table[table.duplicated(["unique_id", "ds"])]
    if len(double):
        row = double.iloc[0]
        raise UserError(
            "row {row}: unique_id {name} has ds {ds} twice; expected once",
            row=double.index[0],
            name=row["unique_id"],
            ds=row["ds"],
        )
    wide = table.pivot(index="ds", columns="unique_id", values=column)
    return wide.loc[sorted(wide.index, key=lambda ds: (len(str(ds)), str(ds)))]


def reconcile(
    forecasts: pd.DataFrame,
    history: pd.DataFrame,
    nodes: pd.DataFrame,
    method: str = "shared",
    seed: int = 0,
    season: int | None = None,
) -> pd.DataFrame:
    """Return forecasts of all nodes that add up, negative only where the past was, in the form of `forecasts`.

    `forecasts` has a row for each node and date: `unique_id`, `ds`, `mean` and, where the spread is wanted, one column
    for each quantile, named for it ("0.05"); `history` is the long table that they were made from: `unique_id`, `ds`,
    `y` (gaps allowed); `nodes` is a table for :func:`tree`. In the result each parent's mean is the sum of its
    children's, to the last digits of a float. Quantiles are those of samples that add up one by one; quantiles of sums
    are no sums of quantiles. The same `seed` gives the same samples. `season` is the number of steps in a season, read
    from the dates when not given (:func:`residuals`).

    >>> nodes = pd.DataFrame({"unique_id": ["A", "B"], "parent": "X"})
    >>> past = pd.DataFrame({"unique_id": list("AB") * 3, "ds": ["2019"] * 2 + ["2020"] * 2 + ["2021"] * 2,
    ...                      "y": [10.0, 20, 11, 22, 12, 21]})
    >>> ahead = pd.DataFrame({"unique_id": ["X", "A", "B"], "ds": "2022", "mean": [36.0, 13, 22]})
    >>> means = reconcile(ahead, add_sums(past, nodes), nodes).set_index("unique_id")["mean"]
    >>> bool(35 < means["X"] < 36), bool(abs(means["X"] - means["A"] - means["B"]) < 1e-9)
    (True, True)
    """
    if method not in METHODS:
        raise UserError("method {method}: expected one of {known}", method=method, known=", ".join(METHODS))
    shape = tree(nodes)
    means = _of_all(forecasts, "mean", shape)
    levels = sorted((c for c in forecasts.columns if _is_level(c)), key=float)
    quantiles = np.array([_of_all(forecasts, c, shape).to_numpy() for c in levels])  # levels, dates, nodes
    past = _wide(history, "y").reindex(columns=shape.names)
    errors, least = residuals(past, season), (0.0 if not past.lt(0).any(axis=None) else -np.inf)
    spread = _spread(means.to_numpy(), quantiles, levels, errors)
    correlation = shared_correlation(errors, shape, spread.mean(axis=0))
    luck = _luck(correlation, shape.names, seed) if levels else np.empty((len(shape.names), 0))
    out = []
    for step, ds in enumerate(means.index):
        project = projection(shape, method, errors, correlation, spread[step], least)
        result = pd.DataFrame({"unique_id": shape.names, "ds": ds, "mean": project(means.loc[ds].to_numpy())})
        if levels:
            paths = project(_at(luck, quantiles[:, step].T, np.array(levels, float)))
            result[levels] = np.quantile(paths, np.array(levels, float), axis=1).T
        out.append(result)
    order = {name: i for i, name in enumerate(dict.fromkeys([*forecasts["unique_id"], *shape.names]))}
    reconciled = pd.concat(out, ignore_index=True)
    return reconciled.sort_values("unique_id", key=lambda c: c.map(order), kind="stable").reset_index(drop=True)


def _is_level(column: object) -> bool:
    try:
        return 0 < float(str(column)) < 1
    except (TypeError, ValueError):
        return False


def _of_all(forecasts: pd.DataFrame, column: str, shape: Tree) -> pd.DataFrame:
    """Return a column of the forecasts as dates by nodes; every node has one for every date."""
    wide = _wide(forecasts, column).reindex(columns=shape.names)
    missing = np.argwhere(wide.isna().to_numpy())
    if len(missing):
        ds, name = wide.index[missing[0][0]], wide.columns[missing[0][1]]
        raise UserError(
            "forecasts: unique_id {name}, ds {ds}, column {column}: missing; expected a number",
            name=name,
            ds=ds,
            column=column,
        )
    return wide


def residuals(wide: pd.DataFrame, season: int | None = None) -> np.ndarray:
    """Return what each series (columns) did that its last season and its last step did not say, shape (dates, series).

    Change from the same date a season before, less its own first autocorrelation (at least none, at most 0.95) times
    the change a step before. They stand in for the errors of whatever forecast was used, which need not be known. The
    season is that which dates that begin with a year show, if it is not given; a past too short for it has none.
    """
    if season is None:
        per_year = pd.Series([str(ds)[:4] for ds in wide.index]).value_counts().max() if len(wide) else 1
        season = int(per_year) if per_year in (2, 3, 4, 6, 12) else 1
    if len(wide) < 2 * season + FEW:
        season = 1
    values = wide.to_numpy(float)
    change = values[season:] - values[:-season]
    now, before = change[1:], change[:-1]
    both = np.isfinite(now) & np.isfinite(before)
    products = np.where(both, now * before, 0.0).sum(axis=0)
    squares = np.where(both, before**2, 0.0).sum(axis=0)
    return np.asarray(now - np.clip(products / np.maximum(squares, 1e-300), 0.0, 0.95) * before)


def _spread(means: np.ndarray, quantiles: np.ndarray, levels: list[str], errors: np.ndarray) -> np.ndarray:
    """Return a standard deviation for each date and node: of the past's errors, or else of the forecast's quantiles."""
    known = np.isfinite(errors).sum(axis=0) >= FEW
    past = np.array([np.nanstd(column) if ok else np.nan for column, ok in zip(errors.T, known, strict=True)])
    forecast_spread = 0.2 * np.abs(means)
    if len(levels) > 1:
        forecast_spread = (quantiles[-1] - quantiles[0]) / (ndtri(float(levels[-1])) - ndtri(float(levels[0])))
    spread = np.where(known & (past > 0), past, forecast_spread)
    return np.maximum(spread, 1e-6 * max(float(np.abs(means).max()), 1e-12))


def shared_correlation(errors: np.ndarray, shape: Tree, spread: np.ndarray) -> np.ndarray:
    """Return correlations between nodes, shrunk towards a tree whose leaves share a shock, shape (nodes, nodes).

    `errors` (dates, nodes) may have gaps; `spread` (nodes,) are standard deviations. The shrinkage is that of Schäfer
    and Strimmer (2005), with the tree in place of no correlation; few errors mean the tree alone. The shock that leaves
    share is what makes the sum of their errors as large as it is, at least LEAST_SHARED; each node's own error, MISFIT,
    comes on top.
    """
    count = len(shape.names) - shape.sums.shape[1]
    finite = np.isfinite(errors)
    scale = np.array([np.nanstd(column) if ok.any() else 0.0 for column, ok in zip(errors.T, finite.T, strict=True)])
    scaled = np.where(finite, errors, 0.0)
    scaled = np.where(finite, scaled - scaled.sum(axis=0) / np.maximum(finite.sum(axis=0), 1), 0.0)
    scaled = scaled / np.where(scale > 0, scale, 1.0)
    pairs = finite.T.astype(float) @ finite.astype(float)
    leaf = spread[count:]
    shock = LEAST_SHARED
    whole = errors[:, count:] if finite.all() else np.empty((0, len(leaf)))
    if len(whole) >= FEW and len(leaf) > 1:
        parts = whole.var(axis=0)
        pairwise = np.sqrt(parts).sum() ** 2 - parts.sum()
        if pairwise > 0:
            shock = max(shock, min(float((whole.sum(axis=1).var() - parts.sum()) / pairwise), 0.95))
    leaves = shock * np.outer(leaf, leaf)
    np.fill_diagonal(leaves, np.diag(leaves) + (1 - shock) * leaf**2)
    above = shape.sums[:count] @ leaves
    target = np.block([[above @ shape.sums[:count].T, above], [above.T, leaves]])
    root = np.sqrt(np.diag(target))
    target /= np.outer(root, root)
    enough = pairs >= FEW
    number = np.maximum(pairs, 2.0)
    empirical = scaled.T @ scaled
    empirical /= number
    noise = (scaled**2).T @ scaled**2  # in place: of thousands of nodes, each matrix is as large as all else
    noise /= number
    noise -= empirical**2
    noise *= number
    noise /= (number - 1) ** 2
    off = enough.copy()
    np.fill_diagonal(off, False)
    weight = np.clip(noise[off].sum() / max((empirical[off] ** 2).sum(), 1e-300), 0.0, 1.0) if off.any() else 1.0
    mixed = np.where(enough, (1 - weight) * empirical + weight * target, target) / (1 + MISFIT)
    np.fill_diagonal(mixed, 1.0)
    return np.asarray(mixed)


def projection(
    shape: Tree,
    method: str,
    errors: np.ndarray,
    correlation: np.ndarray,
    spread: np.ndarray,
    least: float = 0.0,
) -> Callable[[np.ndarray], np.ndarray]:
    """Return a function from values of all nodes, (nodes,) or (nodes, samples), to the nearest ones that add up."""
    count = len(shape.names) - shape.sums.shape[1]
    upper = shape.sums[:count]
    if method == "shared":
        # W U (U' W U)^-1 U': how far each node gives way to what does not add up (Wickramasuriya and others 2019).
        constraint = np.hstack([np.eye(count), -upper])
        weighted = (correlation * np.outer(spread, spread)) @ constraint.T
        give = weighted @ np.linalg.pinv(constraint @ weighted, hermitian=True) if count else np.zeros((0, 0))

        def leaves(values: np.ndarray) -> np.ndarray:
            return (values - give @ (constraint @ values))[count:] if count else values
    elif method == "bottom_up":

        def leaves(values: np.ndarray) -> np.ndarray:
            return values[count:]
    else:
        from hierarchicalforecast.methods import MinTrace  # a second to import, and only peers need it

        past = np.where(np.isfinite(errors), errors, 0.0).T
        zeros = np.zeros((len(shape.names), 1))
        fit = MinTrace(method).fit(shape.sums, zeros, y_insample=past, y_hat_insample=np.zeros_like(past))

        def leaves(values: np.ndarray) -> np.ndarray:
            return np.asarray(fit.P @ values)

    def add_up(values: np.ndarray) -> np.ndarray:
        parts = np.maximum(leaves(values), least)
        return np.concatenate([upper @ parts, parts])

    return add_up


def _luck(correlation: np.ndarray, names: list[str], seed: int) -> np.ndarray:
    """Return standard normal numbers that go together as the nodes do, shape (nodes, SAMPLES)."""
    from forecast.data import chance  # compiles: not for a command that only reads

    keys = chance.streams(seed, range(SAMPLES))
    independent = np.stack([chance.normal_array(keys, chance.name_number(name)) for name in names])
    return np.asarray(np.clip(np.linalg.cholesky(correlation + 1e-6 * np.eye(len(names))) @ independent, -4.0, 4.0))


def _at(luck: np.ndarray, quantiles: np.ndarray, levels: np.ndarray) -> np.ndarray:
    """Return where each node's luck (nodes, SAMPLES) falls among its quantiles (nodes, levels).

    Between quantiles a line on the normal scale, beyond the outer ones the same line further.
    """
    if len(levels) == 1:
        return np.repeat(quantiles, luck.shape[1], axis=1)
    normal = ndtri(levels)
    place = np.clip(np.searchsorted(normal, luck) - 1, 0, len(normal) - 2)
    low, high = (np.take_along_axis(quantiles, place + more, axis=1) for more in (0, 1))
    return np.asarray(low + (high - low) * (luck - normal[place]) / (normal[place + 1] - normal[place]))
