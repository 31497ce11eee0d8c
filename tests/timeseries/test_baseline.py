"""Any table of series gets a sensible forecast or a clear message; no series is lost; all cores say the same."""

import json
import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forecast.data import tables
from forecast.timeseries import baseline, combination, habits, methods

LEVELS = (0.025, 0.5, 0.975)


def table(**series) -> pd.DataFrame:
    """A long table: each name with its dates and values."""
    rows = [(name, ds, y) for name, (dates, values) in series.items() for ds, y in zip(dates, values, strict=True)]
    return pd.DataFrame(rows, columns=list(baseline.COLUMNS))


def months(start: str, count: int) -> list[str]:
    return pd.period_range(start, periods=count, freq="M").astype(str).tolist()


def ahead(frame, horizon=3, **more) -> pd.DataFrame:
    return baseline.baseline(frame, horizon, quantiles=LEVELS, jobs=1, progress=False, **more)


def one_series(*asked):
    """The median and the quantiles of one series."""
    answer = combination.forecast(*asked)
    return answer.median, answer.quantiles


def sound(mean, quantiles, values):
    assert np.isfinite(mean).all() and np.isfinite(quantiles).all()
    assert (np.diff(quantiles, axis=1) >= 0).all()
    assert (quantiles[:, 0] <= mean).all() and (mean <= quantiles[:, -1]).all()
    if np.nanmin(values) >= 0:
        assert (quantiles >= 0).all()


# One series of numbers


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.none() | st.floats(-1e9, 1e9) | st.integers(0, 5), min_size=1, max_size=9).filter(
        lambda values: values[0] is not None and values[-1] is not None
    ),
    st.sampled_from([1, 4, 12]),
)
def test_a_few_values_of_any_kind_give_finite_rising_quantiles(values, season):
    values = np.array([np.nan if v is None else v for v in values], dtype=float)
    sound(*one_series(values, season, 5, LEVELS), values)


@settings(max_examples=12, deadline=None)
@given(st.integers(10, 40), st.sampled_from([1, 4, 12]), st.integers(0, 2**32 - 1), st.booleans(), st.booleans())
def test_longer_series_of_any_kind_give_finite_rising_quantiles(count, season, seed, positive, gaps):
    rng = np.random.default_rng(seed)
    values = np.round(np.cumsum(rng.standard_t(2, count)), 1)
    values = np.abs(values) + 1 if positive else values
    if gaps:
        values[1:-1][rng.random(count - 2) < 0.4] = np.nan
    sound(*one_series(values, season, 6, LEVELS), values)


@pytest.mark.parametrize(
    "values",
    [
        [0.0] * 30,
        [7.0] * 30,
        [0.0] * 29 + [1.0],
        [1e-12] * 20,
        [1e15, 2e15] * 10,
        [5.0],
        [0.0],
        [-3.0, -3.0],
        [1.0] + [np.nan] * 20 + [2.0],
        np.tile([1.0, 2.0, 3.0, 9.0], 8),
        np.arange(40.0),
        np.exp(np.arange(30.0)),
        [10.0, 0.0] * 15,
        [3.0] * 14 + [900.0],
    ],
)
@pytest.mark.parametrize("season", [1, 4, 12])
def test_awkward_series_are_forecast(values, season):
    sound(*one_series(values, season, 8, LEVELS), np.array(values))


def test_a_constant_goes_on_and_its_interval_is_not_a_point_where_little_is_known():
    mean, quantiles = one_series([50.0] * 3, 1, 2, LEVELS)
    assert mean == pytest.approx([50, 50]) and (quantiles[:, 2] > 55).all()
    mean, quantiles = one_series([50.0] * 40, 12, 2, LEVELS)
    assert mean == pytest.approx([50, 50], rel=1e-6)


def test_a_trend_and_a_season_go_on():
    t = np.arange(72)
    truth = 1000 + 5 * t + 80 * np.sin(t * np.pi / 6)
    mean, _ = one_series(truth[:60], 12, 12, LEVELS)
    naive = np.mean(np.abs(truth[60:] - truth[59]))
    assert np.mean(np.abs(mean - truth[60:])) < 0.35 * naive


def test_intervals_of_few_points_are_wider_and_grow_with_the_horizon():
    few = one_series([100.0], 1, 4, LEVELS)[1]
    more = one_series([97.0, 98.5, 99.0, 101.0, 100.0], 1, 4, LEVELS)[1]
    assert (few[:, 2] - few[:, 0] > more[:, 2] - more[:, 0]).all()
    assert (np.diff(more[:, 2] - more[:, 0]) > 0).all()


def test_intervals_hold_what_they_say_on_random_walks():
    rng = np.random.default_rng(3)
    held = []
    for _ in range(60):
        y = 100 * np.exp(np.cumsum(rng.normal(0.02, 0.05, 12)))
        quantiles = one_series(y[:8], 1, 4, LEVELS)[1]
        held.append(np.mean((y[8:] >= quantiles[:, 0]) & (y[8:] <= quantiles[:, 2])))
    assert 0.88 <= np.mean(held) <= 1.0


# A table of series


@pytest.mark.parametrize("count", [8, 15])
def test_growth_that_slows_down_goes_on_less_than_growth_that_does_not(count):
    """What is left to the ceiling halves each year; the straight line through all years would pass it at once."""
    slower = 1000 * (1 - 0.5 ** np.arange(1, count + 1))
    median, _ = one_series(slower, 1, 4, [0.5])
    line = slower[-1] + 4 * (slower[-1] - slower[0]) / (count - 1)
    assert slower[-1] < median[-1] < slower[-1] + 0.6 * (line - slower[-1])
    steady = 1000 + 100.0 * np.arange(count)
    assert one_series(steady, 1, 4, [0.5])[0][-1] > steady[-1] + 250


def test_a_table_of_short_series_says_how_much_drifts_weigh():
    """Straight lines ask for drifts; values that only swing round a mean do not."""
    rng = np.random.default_rng(7)
    lines = [100 + rng.uniform(5, 20) * np.arange(6) for _ in range(30)]
    swings = [100 + 20 * (-1.0) ** np.arange(6) * rng.uniform(0.9, 1.1, 6) for _ in range(30)]
    assert habits.lean_of(swings) < combination.LEAN < habits.lean_of(lines)
    assert habits.lean_of(lines[:5]) == combination.LEAN


def test_a_table_whose_growth_speeds_up_lets_a_short_series_grow_faster_than_its_drift():
    rng = np.random.default_rng(7)
    faster = [100 + rng.uniform(5, 20) * np.arange(6) ** 1.3 for _ in range(200)]
    lean = habits.lean_of(faster)
    assert lean > 1
    y = faster[0]
    plain = y[-1] + (y[-1] - y[0]) / 5
    slow, fast = (combination.shows(y, 1, 1, combination.Habits(share)).middle[0] for share in (0.6, lean))
    assert slow < plain < fast


def speeding(count, n=16):
    """Series of growth that goes on faster than it was, with noise, and no faster than is forecast in logs."""
    rng = np.random.default_rng(7)
    return [rng.uniform(50, 500) * np.exp(0.004 * np.arange(n) ** 1.6 + rng.normal(0, 0.01, n)) for _ in range(count)]


def test_a_table_whose_growth_speeds_up_lets_its_yearly_series_go_on_faster():
    """Held back ends say so; few series say nothing, and series whose growth ends say the contrary."""
    rows = speeding(60)
    learned = habits.of(rows, 1, 4)
    assert learned.pace > 1.2
    assert habits.of(rows[:10], 1, 4) == combination.USUAL
    ended = [np.append(y, np.full(5, y[-1])) * np.random.default_rng(1).normal(1, 0.005, 21) for y in rows]
    assert habits.of(ended, 1, 4).pace < 0.9
    alone = combination.forecast(rows[0], 1, 4, LEVELS)
    beside = combination.forecast(rows[0], 1, 4, LEVELS, combination.Given(habits=learned))
    assert (beside.median > alone.median).all()
    every = pd.concat([table(**{f"{i}": (range(2000, 2016), y)}) for i, y in enumerate(rows)])
    answer = ahead(every, 4).groupby("unique_id", sort=False)["median"].last()
    assert answer.iloc[0] == pytest.approx(beside.median[-1])


def noisy_levels(count, n=20):
    """Series that swing around a level, drawn anew each year: what a drift from the last value says is wrong."""
    rng = np.random.default_rng(3)
    return [rng.uniform(50, 500) * np.exp(rng.normal(0, 0.1, n)) for _ in range(count)]


def test_a_table_says_how_much_each_member_weighs():
    """Ends that were held back say so, in a forecast as well; few series and short ones have the usual weights."""
    rows = noisy_levels(60)
    learned = habits.of([y[:-4] for y in rows], 1, 4)
    mean_drift, median_drift, late_theta, smoothing = learned.weights_in_logs
    assert smoothing > 1 > max(mean_drift, median_drift) and smoothing > late_theta
    assert habits.of(rows[:10], 1, 4).weights_in_logs == habits.of(rows, 4, 4).weights_in_logs == ()
    misses = {
        one: np.mean([np.abs(combination.forecast(y[:-4], 1, 4, LEVELS, one).median - y[-4:]).mean() for y in rows])
        for one in (combination.ALONE, combination.Given(habits=combination.Habits(weights_in_logs=learned[-2])))
    }
    alone, beside = misses.values()
    assert beside < alone
    short = np.array([100.0, 104.0, 109.0, 113.0, 120.0])
    other, usual = (combination.shows(short, 1, 2, one).middle for one in (learned, combination.USUAL))
    assert (other == usual).all()


@pytest.mark.parametrize(("season", "n"), [(1, 14), (12, 60)])
def test_a_table_says_how_wide_intervals_have_to_be(season, n):
    """Series that jump at their end need wide intervals, those that hardly move narrow ones; both hold what comes."""
    rng = np.random.default_rng(11)
    wide, narrow = (
        [
            100 * np.exp(np.cumsum(rng.normal(0, late * np.where(np.arange(n) < n - 5 - season, 0.1, 1), n)))
            for _ in range(80)
        ]
        for late in (0.3, 0.004)
    )
    for rows, expected in ((wide, lambda width: width > 1.1), (narrow, lambda width: width < 0.9)):
        learned = habits.of([y[:-3] for y in rows], season, 3)
        assert expected(learned.width_in_logs)
        given, held, alone = combination.Given(habits=learned), [], []
        for y in rows:
            for found, one in ((held, given), (alone, combination.ALONE)):
                quantiles = combination.forecast(y[:-3], season, 3, LEVELS, one).quantiles
                found.append(np.mean((y[-3:] >= quantiles[:, 0]) & (y[-3:] <= quantiles[:, 2])))
        assert abs(np.mean(held) - 0.95) <= abs(np.mean(alone) - 0.95)


def test_one_calm_month_does_not_make_intervals_narrow():
    """Communes that all stand still in the last month: a question about one month asks of a whole year."""
    rng = np.random.default_rng(5)
    rows = [100 * np.exp(np.cumsum(rng.normal(0, 0.05, 60))) for _ in range(40)]
    still = [np.append(y, y[-1]) for y in rows]
    assert habits.of(still, 12, 1).width_in_logs == pytest.approx(habits.of(rows, 12, 1).width_in_logs, rel=0.1)


def test_tables_that_show_nothing_have_the_usual_habits():
    """Flat series, series that a formula made, gaps, zeros: no warning and no width of nothing."""
    flat, lines = [np.full(20, 7.0)] * 30, [100.0 + np.arange(20) * step for step in range(1, 31)]
    gaps = [np.append(np.arange(1.0, 20.0), np.nan)] * 30
    zeros = [np.where(np.arange(40) % 7, 0.0, 3.0)] * 30
    assert habits.of(flat, 1, 4) == habits.of(gaps, 1, 4) == combination.USUAL
    assert 0.1 <= habits.of(lines, 1, 4).width_in_logs < 1
    assert np.isfinite(np.hstack(habits.of(zeros, 12, 6))).all()


def test_one_jump_moves_the_drift_and_not_the_median_drift():
    y = 100 + 2.0 * np.arange(12)
    jump = y + 60 * (np.arange(12) > 5)
    assert methods.median_drift(jump, 1)[0] == jump[-1] + 2
    assert methods.drift(jump, 1)[0] > jump[-1] + 7
    waves = np.tile([0.0, 5.0, 9.0, 2.0], 6) + 0.5 * np.arange(24)
    assert methods.median_drift(waves, 4, 4) == pytest.approx(waves[-1] + 0.5 * np.arange(1, 5))


def test_a_drift_is_that_of_the_last_thirty_changes():
    y = np.append(np.zeros(50), np.arange(1.0, 31.0))
    assert methods.drift(y, 1)[0] == methods.median_drift(y, 1)[0] == 31.0


@pytest.mark.parametrize(("count", "noise"), [(24, 30), (40, 1)])
def test_a_quarterly_series_hears_the_median_change_of_a_year(count, noise):
    """Noise round a line: few values with much of it, and many that go on evenly."""
    rng = np.random.default_rng(5)
    y = 1000 + 10.0 * np.arange(count) + rng.normal(0, noise, count)
    with_it = combination.shows(y, 4, 8).middle
    one = combination._taken_apart(y / y.mean(), 4, 8, positive=True)
    path = one.put(methods.median_drift(one.adjusted, 8, 4)) * y.mean()
    shares, rows = zip(*combination._members(one, 4, 8, True, combination.LEAN), strict=True)
    assert shares[-1] / sum(shares) == pytest.approx(combination.MEDIAN_SHARE)
    rest = np.average(rows[:-1], axis=0, weights=shares[:-1]) * y.mean()
    assert with_it == pytest.approx(0.2 * path + 0.8 * rest)


def test_growth_that_goes_on_evenly_for_a_season_does_not_fade():
    """Two years of even growth after three without any, monthly: a year on, nearly all of it is still there."""
    y = np.append(np.full(36, 1000.0), 1000 + 10.0 * np.arange(1, 25)) + np.tile([0.5, -0.5], 30)
    median, _ = one_series(y, 12, 12, [0.5])
    assert median[-1] == pytest.approx(y[-1] + 120, abs=25)


def test_no_quantile_is_beyond_five_times_the_largest_of_past_and_median():
    y = np.array([1.0, 30.0, 2.0, 50.0, 1.0, 80.0, 2.0])
    median, quantiles = one_series(y, 1, 10, [0.001, 0.999])
    assert quantiles.max() <= combination.MOST * max(y.max(), median.max()) + 1e-9 and quantiles.min() >= 0


def test_the_mean_lies_above_the_median_where_the_upper_half_is_wider():
    answer = combination.forecast([100.0, 150.0, 120.0, 180.0, 160.0, 240.0, 200.0], 1, 6, [0.1, 0.9])
    assert (answer.mean > answer.median).all()


def test_rows_in_any_order_give_the_same_answer():
    frame = table(a=(months("2019-01", 30), range(30)), b=(["2020", "2021", "2022"], [5, 6, 8]))
    mixed = frame.sample(frac=1, random_state=1)
    pd.testing.assert_frame_equal(
        ahead(frame).sort_values(["unique_id", "ds"], ignore_index=True),
        ahead(mixed).sort_values(["unique_id", "ds"], ignore_index=True),
    )


@pytest.mark.parametrize(
    ("dates", "expected"),
    [
        (["2020", "2021", "2022"], ["2023", "2024"]),
        (["2020-Q3", "2020-Q4", "2021-Q1"], ["2021-Q2", "2021-Q3"]),
        (["2020-10", "2020-11", "2020-12"], ["2021-01", "2021-02"]),
        (["2019-12", "2020-12", "2021-12"], ["2022-12", "2023-12"]),
        (["2019-06", "2019-12", "2020-06"], ["2020-12", "2021-06"]),
        (["2020-11-30", "2020-12-31", "2021-01-31"], ["2021-02-28", "2021-03-31"]),
        (["2020-11-15", "2020-12-15", "2021-02-15"], ["2021-03-15", "2021-04-15"]),
        (["2021-01-04", "2021-01-11", "2021-01-25"], ["2021-02-01", "2021-02-08"]),
        (["2021-01-04", "2021-01-05", "2021-01-07"], ["2021-01-08", "2021-01-09"]),
        (["2021-01-01 00:00:00", "2021-02-01 00:00:00", "2021-03-01 00:00:00"], ["2021-04-01", "2021-05-01"]),
        (["1", "2", "3"], ["4", "5"]),
        (["2021-12"], ["2022-01", "2022-02"]),
        (["2021"], ["2022", "2023"]),
    ],
)
def test_the_step_is_read_from_the_dates(dates, expected):
    assert ahead(table(a=(dates, range(3, 3 + len(dates)))), horizon=2)["ds"].tolist() == expected


def test_one_value_takes_the_step_of_its_neighbors():
    frame = table(a=(["2020-12-31", "2021-03-31", "2021-06-30"], [1, 2, 3]), b=(["2021-06-30"], [9]))
    assert ahead(frame, horizon=1)["ds"].tolist() == ["2021-09-30", "2021-09-30"]


def test_a_gap_is_a_gap_whether_the_row_or_the_value_is_missing():
    there = table(a=(months("2020-01", 20), [5, 6, np.nan, *range(8, 25)]))
    gone = there.dropna()
    pd.testing.assert_frame_equal(ahead(there), ahead(gone))


def test_timestamps_and_numbers_do_as_well_as_text():
    frame = pd.DataFrame({"unique_id": 7, "ds": pd.date_range("2020-01-31", periods=4, freq="ME"), "y": [1, 2, 3, 4]})
    assert ahead(frame)["ds"].tolist() == ["2020-05-31", "2020-06-30", "2020-07-31"]
    assert ahead(frame)["unique_id"].tolist() == ["7"] * 3


def test_no_series_is_lost_and_jobs_change_nothing():
    rng = np.random.default_rng(5)
    frame = table(
        **{
            f"s{i}": (months("2020-01", n), rng.integers(0, 50, n))
            for i, n in enumerate([1, 2, 3, 4, 5, 9, 10, 11, 25, 26, 40])
        }
    )
    alone = ahead(frame)
    assert alone["unique_id"].unique().tolist() == [f"s{i}" for i in range(11)] and len(alone) == 33
    together = baseline.baseline(frame, 3, quantiles=LEVELS, jobs=2, progress=False)
    pd.testing.assert_frame_equal(alone, together, check_exact=True)


@pytest.mark.parametrize(
    ("rows", "fault"),
    [
        ([("a", "2021-01", "x")], 'row 2, column y: found "x", expected a number'),
        ([("a", "2021-01", "inf")], 'row 2, column y: found "inf", expected a number'),
        ([("a", "2021-01", "1"), ("a", "2021-13", "2")], 'row 3, column ds: found "2021-13", expected a year'),
        ([("a", "2021-02-30", "1")], 'row 2, column ds: found "2021-02-30"'),
        (
            [("a", "2021-01", "1"), ("a", "2021-01", "2")],
            'row 3, column ds: found "2021-01", expected a date not in row 2',
        ),
        ([("a", "2021-01", "1"), ("a", "2021-02", "2"), ("a", "2021", "3")], 'row 4, column ds: found "2021"'),
        ([("", "2021-01", "1")], "row 2, column unique_id"),
        ([("a", "2021-01", "")], "row 2, column y"),
    ],
)
def test_a_wrong_cell_is_named(rows, fault):
    with pytest.raises(tables.TableError) as error:
        ahead(pd.DataFrame(rows, columns=list(baseline.COLUMNS)), file="counts.csv")
    assert str(error.value).startswith("counts.csv, " + fault) and len(error.value.faults) == 1


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["a", "b", "=1+1", ""]),
            st.sampled_from(
                ["2020", "2021", "2020-01", "2020-02", "2020-Q1", "2020-01-31", "2020-02-29", "3", "x", ""]
            ),
            st.sampled_from(["0", "1", "-5", "", "nan", "1e9", "abc", "2.5"]),
        ),
        max_size=8,
    )
)
def test_any_table_is_forecast_whole_or_refused_with_every_fault(rows):
    frame = pd.DataFrame(rows, columns=list(baseline.COLUMNS))
    try:
        answer = ahead(frame, horizon=2)
    except tables.UserError as error:
        assert all(re.search(r"expected .", line) for line in str(error).splitlines())
    else:
        assert set(answer["unique_id"]) == {name for name, ds, y in rows if name or ds or y}
        sound(answer["mean"].to_numpy(), answer[["0.025", "0.5", "0.975"]].to_numpy(), [-1])


def test_what_was_finished_is_not_made_again_and_what_was_cut_off_is(tmp_path, monkeypatch):
    rng = np.random.default_rng(6)
    monkeypatch.setattr(baseline, "TASKS", 2)
    frame = table(**{f"s{i}": (months("2020-01", 6), rng.integers(1, 50, 6)) for i in range(9)})
    first = ahead(frame, keep=tmp_path)
    kept = sorted(tmp_path.iterdir())
    assert len(kept) == 3
    kept[0].write_bytes(kept[0].read_bytes()[:100])
    made = []
    forecast = combination.forecast
    monkeypatch.setattr(combination, "forecast", lambda *asked: made.append(1) or forecast(*asked))
    pd.testing.assert_frame_equal(ahead(frame, keep=tmp_path), first, check_exact=True)
    assert 1 <= len(made) <= 4
    ahead(frame, horizon=4, keep=tmp_path)  # another question
    assert len(made) >= 1 + 9


# The command


@pytest.fixture
def counts(tmp_path):
    path = tmp_path / "counts.csv"
    frame = table(**{"=cmd()": (["2020", "2021", "2022"], [5, 6, 8]), "Hà Nội": (months("2021-01", 12), range(12))})
    frame.sample(frac=1, random_state=2).assign(note="left out").to_csv(path, index=False)
    return path


def test_the_command_writes_one_row_for_each_step_and_escapes_formulas(counts, tmp_path, command):
    told = command("baseline", counts, "--horizon", 2, "--quantiles", "0.1,0.9", "--jobs", 1, "--out", tmp_path / "out")
    assert all(head in told for head in ("Median", "10% quantile", "90% quantile"))
    text = (tmp_path / "out" / "baseline.csv").read_text(encoding="utf-8")
    assert text.splitlines()[0] == "unique_id,ds,mean,median,0.1,0.9" and len(text.splitlines()) == 5
    assert "'=cmd(),2023," in text and "\n=" not in text and "Hà Nội,2022-01," in text
    assert json.loads((tmp_path / "out" / "manifest.json").read_text(encoding="utf-8"))["horizon"] == 2


def test_the_same_command_writes_the_same_bytes_and_never_over_an_older_run(counts, tmp_path, command):
    words = (counts, "--horizon", 2, "--jobs", 1)
    command("baseline", *words, "--out", tmp_path / "a")
    command("baseline", *words, "--out", tmp_path / "b")
    first, second = ((tmp_path / name / "baseline.csv").read_bytes() for name in "ab")
    assert first == second
    assert "--force" in command("baseline", *words, "--out", tmp_path / "a", code=2)
    command("baseline", *words, "--out", tmp_path / "a", "--force")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("unique_id,ds\na,2020\n", "column y"),
        ("", "not a CSV table"),
        ("unique_id,ds,y\n", "at least one row"),
        ("unique_id,ds,y\na,2020,one\nb,soon,2\n", 'found "one"'),
    ],
)
def test_wrong_files_get_one_message_and_leave_nothing(tmp_path, text, said, command):
    path = tmp_path / "counts.csv"
    path.write_text(text, encoding="utf-8")
    output = command("baseline", path, "--horizon", 2, "--out", tmp_path / "out", code=1)
    assert said in output and "Traceback" not in output and not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("--horizon", 0),
        ("--horizon", 2, "--quantiles", "0.9,0.1"),
        ("--horizon", 2, "--quantiles", "half"),
        ("--horizon", 2, "--season", 0),
    ],
)
def test_wrong_usage_ends_with_two(counts, tmp_path, words, command):
    command("baseline", counts, *words, "--out", tmp_path / "out", code=2)
    assert not (tmp_path / "out").exists()


def test_the_command_takes_events_a_known_future_and_a_ceiling(tmp_path, command):
    frame = table(a=(months("2021-01", 24), range(100, 124)))
    frame.to_csv(tmp_path / "counts.csv", index=False)
    (tmp_path / "events.csv").write_text("date,kind,size,lasting\n2023-02,law,-0.2,lasting\n", encoding="utf-8")
    known = pd.DataFrame({"ds": months("2021-01", 26), "price": [1.0] * 26})
    known.to_csv(tmp_path / "known.csv", index=False)
    words = [tmp_path / "counts.csv", "--horizon", 2, "--jobs", 1]
    more = ["--events", tmp_path / "events.csv", "--known", tmp_path / "known.csv"]
    command("baseline", *words, "--out", tmp_path / "quiet")
    command("baseline", *words, *more, "--out", tmp_path / "told")
    command("baseline", *words, "--ceiling", 124, "--out", tmp_path / "low")
    quiet, told, low = (pd.read_csv(tmp_path / name / "baseline.csv") for name in ("quiet", "told", "low"))
    assert (told["median"] / quiet["median"]).tolist() == pytest.approx([1.0, 0.8])
    assert low["0.975"].max() <= 124
    assert set(json.loads((tmp_path / "told" / "manifest.json").read_text(encoding="utf-8"))) >= {"events", "known"}
    said = command("baseline", *words, "--ceiling", 5, "--out", tmp_path / "no", code=1)
    assert "expected more than its largest value" in said
    assert not (tmp_path / "no").exists()
