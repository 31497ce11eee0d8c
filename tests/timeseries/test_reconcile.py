"""Forecasts add up whatever the tree, and one series goes through the merger with the same people in it."""

import numpy as np
import pandas as pd
import pytest
from hierarchicalforecast.core import HierarchicalReconciliation
from hierarchicalforecast.methods import MinTrace

from forecast.data import mergers, places
from forecast.data.tables import UserError
from forecast.timeseries import reconcile
from forecast.timeseries.reconcile import METHODS, add_sums, place_nodes, tree

# A city with two districts of communes and, across them, two kinds of communes: every commune stands below two nodes.
NODES = pd.DataFrame(
    [(f"c{i}", above) for i in range(6) for above in (f"d{i // 3}", f"kind {i % 2}")]
    + [(n, "city") for n in ("d0", "d1", "kind 0", "kind 1")],
    columns=["unique_id", "parent"],
)
LEVELS = ["0.05", "0.5", "0.95"]


def past(seed=1, months=48, shared=0.03, own=0.05, names=tuple(f"c{i}" for i in range(6))):
    """Members by commune and month: a shock that all share and one of each one's own."""
    rng = np.random.default_rng(seed)
    dates = pd.period_range("2018-01", periods=months, freq="M").astype(str)
    common = np.cumsum(rng.normal(0.005, shared, months))
    logs = 5 + common[:, None] + np.cumsum(rng.normal(0, own, (months, len(names))), axis=0)
    frame = pd.DataFrame(np.exp(logs), pd.Index(dates, name="ds"), pd.Index(names, name="unique_id"))
    return frame.T.stack().rename("y").reset_index()


def ahead(history, steps=3, level=0.15, seed=2):
    """Forecasts that do not add up: each node's last value with an error of its own."""
    rng = np.random.default_rng(seed)
    last = history.sort_values("ds").groupby("unique_id")["y"].last()
    rows = []
    for name, value in last.items():
        for step in range(1, steps + 1):
            middle = value * np.exp(rng.normal(0, level))
            spread = 0.1 * value * np.sqrt(step)
            rows.append((name, f"2022-{step:02d}", middle, middle - 1.645 * spread, middle, middle + 1.645 * spread))
    return pd.DataFrame(rows, columns=["unique_id", "ds", "mean", *LEVELS])


def by_node(found, column="mean"):
    return found.pivot(index="ds", columns="unique_id", values=column)


@pytest.mark.parametrize("method", METHODS)
def test_children_add_up_to_their_parents_and_nobody_is_below_zero(method):
    history = add_sums(past(), NODES)
    forecasts = ahead(history)
    forecasts.loc[forecasts["unique_id"] == "c0", ["mean", *LEVELS]] -= 5000.0  # a base forecast that makes no sense
    found = by_node(reconcile.reconcile(forecasts, history, NODES, method))
    for parent, children in NODES.groupby("parent")["unique_id"]:
        if parent != "city":
            np.testing.assert_allclose(found[list(children)].sum(axis=1), found[parent], rtol=1e-12)
    for pair in (["d0", "d1"], ["kind 0", "kind 1"]):
        np.testing.assert_allclose(found[pair].sum(axis=1), found["city"], rtol=1e-12)
    assert (found.to_numpy() >= 0).all()


def test_forecasts_that_add_up_already_stay_as_they_are():
    history = add_sums(past(), NODES)
    leaves = ahead(history)[["unique_id", "ds", "mean"]].rename(columns={"mean": "y"})
    fitting = add_sums(leaves[leaves["unique_id"].str.startswith("c") & (leaves["unique_id"] != "city")], NODES)
    fitting = fitting.rename(columns={"y": "mean"})
    found = reconcile.reconcile(fitting, history, NODES).merge(fitting, on=["unique_id", "ds"])
    np.testing.assert_allclose(found["mean_x"], found["mean_y"], rtol=1e-9)


@pytest.mark.parametrize("method", ["ols", "wls_struct"])
def test_a_method_of_the_library_gives_what_the_library_gives(method):
    history = add_sums(past(), NODES)
    forecasts = ahead(history)[["unique_id", "ds", "mean"]]
    ours = by_node(reconcile.reconcile(forecasts, history, NODES, method))
    shape = tree(NODES)
    sums = pd.DataFrame(shape.sums, columns=shape.leaves).assign(unique_id=shape.names)
    theirs = HierarchicalReconciliation([MinTrace(method)]).reconcile(
        Y_hat_df=forecasts.assign(ds=pd.to_datetime(forecasts["ds"])),
        tags={"all": np.array(shape.names)},
        S_df=sums[["unique_id", *shape.leaves]],
    )
    column = [c for c in theirs.columns if c.startswith("mean/")]
    theirs = theirs.pivot(index="ds", columns="unique_id", values=column[0])
    np.testing.assert_allclose(ours[shape.names], theirs[shape.names], rtol=1e-9)


def test_the_whole_is_foretold_better_than_by_its_own_forecast_or_by_its_parts():
    """The parts' forecasts miss a shock that they share; the sums' forecasts have errors of their own."""
    missed = []
    for seed in range(40):
        history = add_sums(past(seed, shared=0.06), NODES)
        truth = ahead(history, steps=1, level=0.0)[["unique_id", "ds", "mean"]]
        rng = np.random.default_rng(1000 + seed)
        leaf = truth["unique_id"].isin([f"c{i}" for i in range(6)])
        shock = rng.normal(0, 0.06) + rng.normal(0, 0.05, len(truth))
        error = np.where(leaf, shock, rng.normal(0, 0.06, len(truth)))
        base = truth.assign(mean=truth["mean"] * (1 + error))
        right = by_node(truth)["city"].iloc[0]
        answers = [base, *(reconcile.reconcile(base, history, NODES, method) for method in ("shared", "bottom_up"))]
        missed.append([by_node(answer)["city"].iloc[0] / right - 1 for answer in answers])
    alone, shared, parts = np.sqrt(np.mean(np.square(missed), axis=0))
    assert shared < 0.8 * alone and shared < 0.8 * parts


def test_quantiles_rise_and_a_sum_is_calmer_than_its_parts_but_not_as_if_they_were_strangers():
    history = add_sums(past(shared=0.06, own=0.04), NODES)
    found = reconcile.reconcile(ahead(history, level=0.01), history, NODES)
    assert (np.diff(found[LEVELS].to_numpy(), axis=1) > 0).all()
    width = by_node(found.assign(width=found["0.95"] - found["0.05"]), "width")
    parts = width[[f"c{i}" for i in range(6)]]
    assert (width["city"] < 0.99 * parts.sum(axis=1)).all()
    assert (width["city"] > 1.15 * np.sqrt((parts**2).sum(axis=1))).all()


def test_the_same_seed_gives_the_same_bytes_in_any_order_of_rows():
    history = add_sums(past(), NODES)
    forecasts = ahead(history)
    one = reconcile.reconcile(forecasts, history, NODES, seed=3)
    assert one.equals(reconcile.reconcile(forecasts, history.sample(frac=1, random_state=1), NODES, seed=3))
    other = reconcile.reconcile(forecasts, history, NODES, seed=4)
    assert one["mean"].equals(other["mean"]) and not one["0.95"].equals(other["0.95"])
    assert list(one.columns) == list(forecasts.columns) and list(one["unique_id"]) == list(forecasts["unique_id"])


@pytest.mark.parametrize("months", [1, 2, 5, 13, 30])
def test_a_short_past_with_gaps_is_enough(months):
    history = past(months=months)
    history.loc[history.index % 7 == 3, "y"] = np.nan
    forecasts = ahead(add_sums(past(), NODES), steps=2)
    for method in ("shared", "wls_struct"):
        found = by_node(reconcile.reconcile(forecasts, history, NODES, method))
        assert np.isfinite(found.to_numpy()).all()
        np.testing.assert_allclose(found[["d0", "d1"]].sum(axis=1), found["city"], rtol=1e-12)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda f, h, n: (f, h, n.rename(columns={"parent": "above"})),
            "nodes, row 1, column parent: .*this column, which is missing",
        ),
        (
            lambda f, h, n: (f, h, pd.concat([n, pd.DataFrame({"unique_id": ["city"], "parent": ["c1"]})])),
            "above itself",
        ),
        (lambda f, h, n: (f[f["unique_id"] != "d1"], h, n), "unique_id d1, ds 2022-01, column mean: missing"),
        (lambda f, h, n: (pd.concat([f, f.head(1)]), h, n), "unique_id c0 has ds 2022-01 twice"),
    ],
)
def test_what_does_not_fit_is_one_message(change, message):
    history = add_sums(past(), NODES)
    with pytest.raises(UserError, match=message):
        reconcile.reconcile(*change(ahead(history), history, NODES))
    with pytest.raises(UserError, match="method best: expected one of shared"):
        reconcile.reconcile(ahead(history), history, NODES, "best")


def closed_territory(start):
    """Old and new communes around one new commune, such that neither has people outside of the other."""
    moves = places.crosswalk()
    moves = moves[moves["old"].str.count("/").ge(1)]
    new, old = {start}, set()
    while True:
        more = set(moves.loc[moves["new"].isin(new), "old"])
        wider = set(moves.loc[moves["old"].isin(more), "new"])
        if more == old and wider == new:
            return sorted(old), sorted(new)
        old, new = more, wider


def test_one_series_before_and_after_the_merger_with_the_same_people():
    old, new = closed_territory("Phú Thọ (2025)/Tiền Phong")
    assert len(old) > len(new) > 1
    rng = np.random.default_rng(4)
    months = pd.period_range("2023-01", "2025-12", freq="M").astype(str)
    counts = np.cumsum(rng.poisson(3, (len(months), len(old))), axis=0) + 50.0
    before = pd.DataFrame(counts, months, old).loc[:"2025-06"]
    after = mergers.carry(pd.DataFrame(counts, months, old)).loc["2025-07":]
    both = mergers.one_series(pd.concat([before, after]))
    assert sorted(both) == new and both.notna().all(axis=None)
    np.testing.assert_allclose(both.sum(axis=1), counts.sum(axis=1), rtol=1e-12)

    nodes = place_nodes(new, at="2025-12")
    assert set(nodes["parent"]) >= {"Phú Thọ (2025)", "Việt Nam"}
    long = both.rename_axis("ds").rename_axis(columns="unique_id").T.stack().rename("y").reset_index()
    history = add_sums(long, nodes)
    found = by_node(reconcile.reconcile(ahead(history), history, nodes))
    np.testing.assert_allclose(found[new].sum(axis=1), found["Phú Thọ (2025)"], rtol=1e-12)
    np.testing.assert_allclose(found["Việt Nam"], found["Phú Thọ (2025)"], rtol=1e-12)


def test_a_forecast_by_old_communes_has_the_same_total_in_the_new_ones():
    old, new = closed_territory("Phú Thọ (2025)/Tiền Phong")
    nodes = place_nodes(old, at="2024-12")
    assert "Đà Bắc" in set(nodes["parent"])  # districts are there until 2025-06, and gone since
    assert "Đà Bắc" not in set(place_nodes(new, at="2025-12")["unique_id"])
    history = add_sums(past(names=tuple(old)), nodes)
    found = by_node(reconcile.reconcile(ahead(history), history, nodes))
    carried = mergers.carry(found[old])
    np.testing.assert_allclose(carried.sum(axis=1), found["Hòa Bình"], rtol=1e-12)
    assert sorted(carried) == new


def test_a_sum_is_only_where_all_its_parts_are():
    parts = pd.DataFrame({"unique_id": ["A", "B", "A"], "ds": ["2021", "2021", "2022"], "y": [1.0, 2.0, 5.0]})
    nodes = pd.DataFrame({"unique_id": ["A", "B"], "parent": "X"})
    assert add_sums(parts, nodes).query("unique_id == 'X'")[["ds", "y"]].to_numpy().tolist() == [["2021", 3.0]]
    told = pd.concat([parts, pd.DataFrame({"unique_id": ["X"], "ds": ["2022"], "y": [9.0]})])
    assert add_sums(told, nodes).query("unique_id == 'X'")["y"].tolist() == [9.0]


def commune_table(tmp_path, change=lambda table: table):
    """Monthly counts by commune as text, with a gap and a commune that stops early, and their tree, as files."""
    table = past(months=30)
    table = table[~((table["unique_id"] == "c1") & (table["ds"] == "2019-03"))]
    table = change(table[~((table["unique_id"] == "c2") & (table["ds"] > "2020-04"))])
    table.to_csv(tmp_path / "counts.csv", index=False)
    NODES.to_csv(tmp_path / "nodes.csv", index=False)
    return table


def test_the_command_forecasts_every_node_of_a_tree(tmp_path, run):
    commune_table(tmp_path)
    asked = [
        "baseline",
        str(tmp_path / "counts.csv"),
        "--horizon",
        "3",
        "--hierarchy",
        str(tmp_path / "nodes.csv"),
        "--quantiles",
        "0.1,0.9",
        "--jobs",
        "1",
        "--out",
        str(tmp_path / "out"),
    ]
    done = run(*asked)
    assert done.exit_code == 0, done.output
    found = by_node(pd.read_csv(tmp_path / "out" / "baseline.csv"))
    assert list(found.index) == ["2020-07", "2020-08", "2020-09"]
    assert set(found) == set(tree(NODES).names)
    np.testing.assert_allclose(found[["d0", "d1"]].sum(axis=1), found["city"], rtol=1e-9)
    np.testing.assert_allclose(found[[f"c{i}" for i in range(6)]].sum(axis=1), found["city"], rtol=1e-9)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: t[t["unique_id"] != "c3"], "unique_id c3: expected rows in the table"),
        (lambda t: t.assign(unique_id=t["unique_id"].replace("c3", "c9")), "unique_id c3: expected rows"),
        (
            lambda t: t[(t["unique_id"] != "c3") | (t["ds"].str[-2:].isin(["03", "06", "09", "12"]))],
            "c0 and c3 have other",
        ),
        (
            lambda t: t[(t["unique_id"] != "c3") | (t["ds"] < "2018-06")][
                lambda t: (t["unique_id"] != "c4") | (t["ds"] > "2018-09")
            ],
            "unique_id city: expected a date at which all",
        ),
    ],
)
def test_a_table_that_does_not_fit_its_tree_is_one_message(tmp_path, change, message, run):
    commune_table(tmp_path, change)
    asked = [
        "baseline",
        str(tmp_path / "counts.csv"),
        "--horizon",
        "3",
        "--hierarchy",
        str(tmp_path / "nodes.csv"),
        "--jobs",
        "1",
        "--out",
        str(tmp_path / "out"),
    ]
    done = run(*asked)
    assert done.exit_code == 1 and message in done.output and "Traceback" not in done.output
