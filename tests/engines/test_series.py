from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from forecast.answer.projection import COLUMNS
from forecast.data import tables, toy
from forecast.data.law import Law, read_law
from forecast.data.places import read_place
from forecast.engines.series.engine import SeriesEngine
from forecast.engines.series.pooling import NATION, cleared, growths, national_fit, plans, pooled_drift, read_pool
from forecast.engines.series.structural import (
    DECEMBER,
    DECEMBER_PRIOR,
    ELASTICITY,
    GROWTH,
    PRICE_PRIOR,
    monthly_grid,
    usable,
)
from forecast.question.levers import Policy, TopUp
from forecast.question.scenario import Scenario
from made import stocks

DRAWS = range(300)
LAW = read_law()
HISTORY = tables.read(tables.data_dir() / "history.csv", "history")
ENGINE = SeriesEngine(HISTORY)  # one for all tests: it keeps its fits


def month(text):
    return tables.month(text)


def made(values, name="Toy", **changes):
    """A place with these stocks and no other figures."""
    return replace(toy.place(), name=name, history=stocks(name, values), **changes)


def ask(place, start, until, **data):
    return Scenario("status quo", place, start=start, until=until, **({"law": LAW} | data))


def paths(scenario, engine=None, draws=DRAWS, seed=1):
    """Members by month (rows) and draw (columns)."""
    rows = (engine or ENGINE).run(scenario, draws, seed)
    return rows.pivot(index="month", columns="draw", values="value").sort_index()


def width(path, at):
    low, high = np.quantile(path.loc[at], [0.05, 0.95])
    return np.log(high / low)


def test_it_knows_nothing_after_the_origin():
    place = read_place("Hà Nội")
    later = [
        stocks("Hà Nội", [("2021-01", 1.0), ("2022-12", 9e6)]),
        stocks("Việt Nam", [("2021-06", 7e6)], "nation"),
        stocks("Nghệ An", [("2021-01", 1.0)]),
    ]
    before = paths(ask(place, "2020-12", "2022-12"))
    told = replace(place, history=pd.concat([place.history, *later], ignore_index=True))
    after = paths(ask(told, "2020-12", "2022-12"), SeriesEngine(pd.concat([HISTORY, *later], ignore_index=True)))
    assert before.equals(after)


def test_it_is_silent_about_a_policy_and_not_about_an_empty_one():
    today = ask(toy.place(), "2021-12", "2022-06", law=toy.law())
    policy = today.with_policy("top-up", Policy(TopUp(share=0.2, start="2022-03")))
    nothing = ENGINE.run(policy, range(3), 1)
    assert list(nothing.columns) == COLUMNS and nothing.empty
    assert len(ENGINE.run(today, range(3), 1)) == 3 * 7


def test_a_draw_is_the_same_bytes_whichever_others_are_asked():
    scenario = ask("Cà Mau", "2021-12", "2025-12")
    every = ENGINE.run(scenario, range(101), 7)
    some = SeriesEngine(HISTORY).run(scenario, range(37, 60), 7)
    same = every[every["draw"].isin(range(37, 60))]
    assert some["value"].to_numpy().tobytes() == same["value"].to_numpy().tobytes()
    assert not np.array_equal(some["value"], ENGINE.run(scenario, range(37, 60), 8)["value"])


def test_rows_are_members_of_all_groups_from_the_known_stock_on():
    rows = ENGINE.run(ask("Cà Mau", "2021-12", "2022-12"), range(5), 1)
    assert list(rows.columns) == COLUMNS
    assert set(rows["measure"]) == {"members"} and set(rows["group"]) == {"all"} and set(rows["origin"]) == {"2021-12"}
    assert (rows.loc[rows["month"] == "2021-12", "value"] == 26948).all()
    assert rows.loc[rows["month"] != "2021-12", "value"].nunique() == 5 * 12


def test_one_point_is_at_least_as_wide_as_the_spread_between_places():
    origin = month("2021-12")
    known = growths(HISTORY, origin, LAW, national_fit(HISTORY, origin, LAW).belief(DECEMBER).mean)["growth"].drop(
        "Việt Nam"
    )
    place = read_place("Cà Mau")
    one = place.history[(place.history["month"] == "2021-12") & (place.history["kind"] == "observation")]
    path = paths(ask(replace(place, history=one), "2021-12", "2022-12"))
    assert len(known) >= 5
    assert width(path, "2022-12") >= np.subtract(*np.quantile(known, [0.95, 0.05]))


def test_intervals_widen_with_the_horizon_and_narrow_with_points():
    thin = paths(ask(made([("2021-12", 50_000)]), "2021-12", "2024-12"))
    assert np.all(np.diff([width(thin, f"{year}-12") for year in (2022, 2023, 2024)]) > 0)
    monthly = [(str(m), 50_000 * 1.02**i) for i, m in enumerate(pd.period_range("2019-01", "2021-12", freq="M"))]
    thick = paths(ask(made(monthly), "2021-12", "2024-12"))
    assert width(thick, "2022-12") < 0.6 * width(thin, "2022-12")


@pytest.mark.parametrize("origin", ["2021-12", "2023-09"])
def test_the_nation_stays_within_what_was_expected_of_it(origin):
    nation = read_place("Việt Nam")
    seen = nation.observed()
    later = seen[(seen.index > month(origin)) & (seen.index <= month("2024-03"))]
    path = paths(ask(nation, origin, "2024-03"))
    low, high = np.quantile(path.loc[later.index.astype(str)], [0.025, 0.975], axis=1)
    assert len(later) >= 3
    assert np.mean((low <= later.to_numpy()) & (later.to_numpy() <= high)) >= 0.95


def test_it_beats_the_last_stock_wherever_a_place_was_counted_a_year_apart():
    own, naive, inside = [], [], []
    rows = usable(HISTORY, month("2024-06"))
    for name in sorted(set(rows.loc[rows["level"].isin(["province", "district"]), "place"])):
        place = read_place(name)
        seen = place.observed()
        for origin in seen.index[(seen.index + 12).isin(seen.index)]:
            path = paths(ask(place, str(origin), str(origin + 12))).loc[str(origin + 12)]
            low, middle, high = np.quantile(path, [0.05, 0.5, 0.95])
            own.append(np.log(seen[origin + 12] / middle))
            naive.append(np.log(seen[origin + 12] / seen[origin]))
            inside.append(low <= seen[origin + 12] <= high)
    assert len(own) >= 10
    assert np.mean(np.square(own)) < np.mean(np.square(naive))
    assert np.mean(inside) >= 0.85


def test_the_floor_of_2022_lowers_the_stock_in_every_draw_that_believes_so():
    frame = LAW.frame
    floor = (frame["parameter"] == "min_declared_income") & (frame["since"] >= "2022-01")
    unchanged = Law(frame.assign(value=frame["value"].mask(floor, 700_000.0)))
    place = read_place("Cà Mau")
    risen, same = (paths(ask(place, "2021-12", "2022-12", law=law)) for law in (LAW, unchanged))
    effect = np.log(risen / same).loc["2022-06"]
    assert -0.16 < effect.median() < -0.07
    assert np.mean(effect < 0) > 0.85
    assert (np.log(risen / same).loc["2022-01"].abs() < effect.abs() + 1e-12).all()


def held_back(least=1, most=60):
    """Forecasts of published counts from each earlier count of the same place: place, level, months ahead, rank."""
    rows, found = usable(HISTORY[HISTORY["status"] != "synthetic"], month("2026-10")), []
    for name in sorted(set(rows.loc[rows["level"].isin(["nation", "province", "district"]), "place"])):
        place = read_place(name)
        part = rows[rows["place"] == name]
        seen = pd.Series(part["value"].to_numpy(), pd.PeriodIndex(part["month"], freq="M")).sort_index()["2012":]
        for origin in seen.index[:-1]:
            later = seen[(seen.index > origin) & (seen.index <= origin + most)]
            path = paths(ask(place, str(origin), str(seen.index[-1])), draws=range(200))
            found += [
                (name, part["level"].iloc[0], (at - origin).n, (path.loc[str(at)] < count).mean())
                for at, count in later.items()
            ]
    return pd.DataFrame(found, columns=["place", "level", "ahead", "rank"])


@pytest.mark.slow  # a quarter of a minute
def test_intervals_cover_counts_that_were_held_back():
    found = held_back()
    places = found[found["level"] != "nation"]
    assert len(places) > 50 and places["place"].nunique() >= 8

    def covered(rows, share):
        inside = rows["rank"].between((1 - share) / 2, (1 + share) / 2)
        return inside.groupby(rows["place"]).mean().mean()  # each place once: two thirds of the pairs are Nghệ An's

    # Measured on 128 pairs of 14 places: 0.72 and 0.87, each place once (0.84 and 0.96 of all pairs); Lâm Đồng has one
    # pair, a rise from 2,117 to 6,500 in a year, which is missed.
    assert 0.70 <= covered(places, 0.80) <= 0.90 and 0.85 <= covered(places, 0.95) <= 0.99
    assert 0.35 <= covered(places, 0.50) <= 0.65
    # The nation is one history, whose rise of 2018 to 2021 no earlier figure foretold: two years ahead at most.
    nation = found[(found["level"] == "nation") & (found["ahead"] <= 24)]
    assert 0.70 <= covered(nation, 0.80) <= 0.90 and 0.88 <= covered(nation, 0.95) <= 0.99


def test_four_years_from_one_count_are_wide_and_still_of_use():
    path = paths(ask("Cà Mau", "2021-12", "2025-12"), draws=range(1000))
    assert 5 < np.exp(width(path, "2025-12")) < 20
    # Had nobody joined since, a fifth to a quarter of the members a year would have left.
    assert np.quantile(path.loc["2025-12"], 0.02) > 0.25 * 26948
    assert np.quantile(path.loc["2025-12"], 0.98) < 0.4 * 612_000


def goal(place, until, value, kind="plan", source="test"):
    """A row of a history: a plan for members."""
    return stocks(place, [(until, value)]).assign(kind=kind, source=source, status="synthetic")


def test_the_december_rush_is_larger_where_the_place_is_behind_its_plan():
    known = stocks("Toy", [("2021-03", 47_000), ("2021-10", 50_000)])

    def rush(*plans):
        place = replace(toy.place(), name="Toy", eligible=2e6, history=pd.concat([known, *plans], ignore_index=True))
        path = np.log(paths(ask(place, "2021-10", "2022-04")))
        return path.loc["2021-12"] - path.loc["2022-04"]

    none, met, behind = rush(), rush(goal("Toy", "2021-12", 50_000)), rush(goal("Toy", "2021-12", 80_000))
    assert met.median() + 0.03 < none.median() < behind.median() - 0.02
    assert (behind >= met - 1e-9).all()
    hopeless = rush(goal("Toy", "2021-12", 900_000))
    assert hopeless.median() < behind.median() + 0.1


def test_a_plan_counts_from_its_year_or_from_its_source_on():
    assert plans(HISTORY, "Cà Mau", month("2020-12")) == {}
    assert plans(HISTORY, "Cà Mau", month("2022-06"))[month("2025-12")] == 116_400
    nation = plans(HISTORY, NATION, month("2026-06"))
    assert nation[month("2030-12")] == 2_444_500 and nation[month("2025-12")] == 2_947_000
    assert plans(HISTORY, NATION, month("2021-01")).get(month("2021-12")) == 1_736_000


def test_what_is_read_from_the_same_figures_is_read_once():
    origin = month("2021-12")
    assert read_pool(HISTORY.copy(), origin, read_law()) is read_pool(HISTORY, origin, LAW)
    more = pd.concat([HISTORY, stocks("Nghệ An", [("2021-11", 1.0)])])
    assert read_pool(more, origin, LAW) is not read_pool(HISTORY, origin, LAW)
    twice = LAW.frame.assign(value=LAW.frame["value"].where(LAW.frame["parameter"] != "min_declared_income", 9e5))
    assert read_pool(HISTORY, origin, Law(twice)) is not read_pool(HISTORY, origin, LAW)


def test_after_the_floor_of_2022_every_place_knows_what_the_nation_has_learned():
    asked = (ask(made([(m, 1000)]), m, "2024-12") for m in ("2021-12", "2023-12"))
    before, after = (ENGINE.fit(scenario).belief(ELASTICITY) for scenario in asked)
    nation = read_pool(HISTORY, month("2023-12"), LAW).nation.belief(ELASTICITY)
    assert after.mean == pytest.approx(nation.mean) and after.mean != pytest.approx(before.mean)


def monthly(months, last="2020-12"):
    """Stocks of each of these months up to the last: growth of 1% a month that wanders, a season in December."""
    index = pd.period_range(end=last, periods=months, freq="M")
    steps = np.random.default_rng(7).normal(0.01, 0.01, 200)[-months:]
    values = 50_000 * np.exp(np.cumsum(steps)) * np.where(index.month == 12, 1.1, 1.0)
    return [(str(m), v) for m, v in zip(index, values, strict=True)]


def alone(values, until, law=LAW, draws=DRAWS):
    """Paths of a place with these stocks, from the last of them on."""
    place = made(values, eligible=1e6, lineage=("Toy", "Việt Nam"))
    return paths(ask(place, values[-1][0], until, law=law), draws=draws)


def test_three_years_of_own_months_take_the_combination_and_fewer_do_not():
    few, many = (alone(monthly(months), "2021-12") for months in (35, 36))
    assert width(many, "2021-12") < 0.7 * width(few, "2021-12")
    middle = many.median(axis=1)
    assert middle["2021-12"] > middle["2021-11"]
    assert np.log(middle["2021-12"] / middle["2020-12"]) == pytest.approx(0.12, abs=0.06)
    quarterly = [value for value in monthly(72) if value[0][-2:] in ("03", "06", "09", "12")]
    assert width(alone(quarterly, "2021-12"), "2021-12") > width(many, "2021-12")


def test_a_draw_of_a_long_series_keeps_its_luck_and_its_bytes_and_hears_the_price():
    values = monthly(60, last="2021-12")
    path = alone(values, "2023-12")
    luck = np.log(path.loc[["2022-09", "2022-10", "2023-12"]]).T.corr()
    assert luck.loc["2022-09", "2022-10"] > 0.9 > luck.loc["2022-09", "2023-12"] > 0.3
    assert alone(values, "2023-12", draws=range(37, 60)).equals(path[list(range(37, 60))])
    frame = LAW.frame
    floor = (frame["parameter"] == "min_declared_income") & (frame["since"] >= "2022-01")
    unchanged = Law(frame.assign(value=frame["value"].mask(floor, 700_000.0)))
    same = alone(values, "2023-12", law=unchanged)
    assert -0.2 < np.log(path / same).loc["2022-06"].median() < -0.05


def test_december_stands_above_the_next_march():
    for name, start in (("Việt Nam", "2021-12"), ("Cà Mau", "2021-12"), ("Lào Cai", "2023-10")):
        path = paths(ask(name, start, "2025-06"))
        middle = path.median(axis=1)
        assert middle["2024-12"] > middle["2025-03"]


def test_a_december_and_a_march_stand_side_by_side_without_the_peak():
    price = pd.Series(0.0, pd.period_range("2020-12", "2021-03", freq="M"))
    series = pd.Series([1000 * np.exp(0.1), 1000.0], pd.PeriodIndex(["2020-12", "2021-03"], freq="M"))
    assert np.ptp(cleared(series, 0.1, price)) < 1e-9


def test_the_season_is_learned_from_the_nation_up_to_the_origin():
    early, late = (national_fit(HISTORY, month(m), LAW).belief(DECEMBER) for m in ("2020-11", "2024-03"))
    assert late.mean > 0.12 and late.mean > early.mean - early.sd
    assert national_fit(HISTORY.iloc[:0], month("2024-03"), LAW) is None and DECEMBER_PRIOR.sd > late.sd


def test_growth_is_pooled_from_the_others_and_not_from_the_place_itself():
    excess = pd.Series({"A": 0.9, "B": 0.0, "C": 0.1})
    assert pooled_drift(excess, place="A").mean < pooled_drift(excess, place="B").mean
    assert pooled_drift(excess * 3).sd > pooled_drift(excess).sd


def test_own_points_move_the_pool_and_more_of_them_move_it_further():
    def growth(values):
        return 12 * ENGINE.fit(ask(made(values), "2021-12", "2022-12")).mean[GROWTH]

    pool = growth([("2021-12", 1000)])
    two = growth([("2021-06", 1000), ("2021-11", 1500), ("2021-12", 1600)])
    assert pool < two
    assert growth([("2021-11", 1000), ("2021-12", 1000)]) < two


def test_the_price_belief_is_what_the_evidence_says():
    evidence = tables.read(tables.data_dir() / "evidence.csv", "evidence")
    trials = evidence[
        (evidence["measure"] == "price_elasticity") & evidence["source"].isin(["nguyen-wagstaff-2014", "capuno-2014"])
    ]
    stock = evidence[evidence["measure"] == "price_elasticity_stock"]
    assert 0.3 * trials["value"].mean() == pytest.approx(PRICE_PRIOR.mean, abs=0.01)
    assert len(stock) == 3 and stock["low"].lt(PRICE_PRIOR.mean).all() and stock["high"].gt(PRICE_PRIOR.mean).all()


def test_conflicting_figures_never_count_and_recalled_ones_only_alone():
    rows = pd.concat(
        [
            stocks("A", [("2020-12", 1), ("2020-12", 2)]),
            stocks("A", [("2020-12", 3)], status="conflicting"),
            stocks("A", [("2019-12", 4)], status="recalled"),
            stocks("B", [("2019-12", 5)], status="recalled"),
        ]
    )
    found = usable(rows, month("2021-01"))
    assert found[["place", "value"]].to_numpy().tolist() == [["A", 2.0], ["B", 5.0]]


def test_an_older_stock_stands_at_the_start_and_has_wandered_since():
    path = paths(ask("Cà Mau", "2022-03", "2022-12"))
    assert (path.loc["2022-03"] == 26948).all()
    fresh = paths(ask("Cà Mau", "2021-12", "2022-12"))
    assert width(path, "2022-04") == pytest.approx(width(fresh, "2022-04"), rel=0.1)
    assert width(path, "2022-04") > 2 * width(fresh, "2022-01")


def test_an_assumed_opening_replaces_the_published_one():
    path = paths(ask("Cà Mau", "2021-12", "2022-12", assumptions={"opening_members": 36_720}))
    assert (path.loc["2021-12"] == 36_720).all()
    assert path.loc["2022-06"].median() > 30_000
    nobody = ask(made([]), "2021-12", "2022-12", assumptions={"opening_members": 100})
    assert (paths(nobody).loc["2021-12"] == 100).all()


def test_a_series_is_silent_about_a_place_that_nobody_has_counted():
    nobody = ask(made([("2022-06", 10)]), "2021-12", "2022-12")
    assert ENGINE.run(nobody, DRAWS, 1).empty
    with pytest.raises(tables.UserError, match="no published stock"):
        ENGINE.run(nobody.but(learned="priors"), DRAWS, 1)


def test_values_stay_between_nobody_and_everybody_eligible():
    path = paths(ask(made([("2021-12", 9_000)], eligible=10_000.0), "2021-12", "2025-12"))
    assert path.to_numpy().min() >= 0 and path.to_numpy().max() == 10_000
    unknown = paths(ask(made([("2021-12", 9_000)], eligible=np.nan), "2021-12", "2025-12"))
    assert unknown.to_numpy().max() > 10_000


MONTHS = pd.period_range("2013-09", "2021-12", freq="M").astype(str)


@pytest.mark.parametrize(
    "values",
    [
        [("2021-12", 0)],
        [("1995-01", 3)],
        [("2021-12", 5), ("2021-12", 7)],
        [(m, 500) for m in MONTHS[-7:]],
        [(m, 500) for m in MONTHS[-8:]],
        [(m, 0) for m in MONTHS],
        [(m, 10 ** (i % 6)) for i, m in enumerate(MONTHS)],
        [(m, 200 * 1.05**i) for i, m in enumerate(MONTHS)],
    ],
)
def test_any_history_gives_finite_paths(values):
    path = paths(ask(made(values), "2021-12", "2022-12"), draws=range(50))
    assert path.shape == (13, 50) and np.isfinite(path.to_numpy()).all()


def test_a_toy_world_needs_no_history_of_others():
    path = paths(ask(toy.place(), "2021-12", "2022-12", law=toy.law()), SeriesEngine(HISTORY.iloc[:0]))
    assert (path.loc["2021-12"] == 300).all() and width(path, "2022-12") > 0.8


def test_a_run_changes_nothing_that_goes_in():
    place, history = read_place("Hà Nội"), HISTORY.copy()
    before = place.history.copy()
    SeriesEngine(history).run(ask(place, "2020-12", "2021-12"), range(3), 1)
    pd.testing.assert_frame_equal(place.history, before)
    pd.testing.assert_frame_equal(history, HISTORY)


def test_a_grid_has_every_month_and_the_last_of_two_values():
    months = pd.PeriodIndex(["2021-03", "2021-01", "2021-01"], freq="M")
    grid = monthly_grid(pd.Series([np.e, 1.0, np.e**2], months))
    assert grid.index.astype(str).tolist() == ["2021-01", "2021-02", "2021-03"]
    assert np.allclose(grid, [2, np.nan, 1], equal_nan=True)
