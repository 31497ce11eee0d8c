"""What a trial did is found where it is known, and the priors in data/parameters.csv are what the counts say."""

import numpy as np
import pandas as pd
import pytest

from forecast.beliefs.parameters import parameters_table
from forecast.calibration import trials
from forecast.data import tables
from forecast.data.law import Law, read_law
from forecast.data.tables import UserError
from forecast.engines.people.stock import StockEngine
from forecast.question.scenario import Scenario
from made import stocks

MONTHS = pd.period_range("2020-01", "2021-12", freq="M").astype(str)
SINCE = "2021-06"


def office(seed, effect=0.0, head_start=0.0, drift=0.0, units=60, treated=20):
    """Entries by commune and month: communes that differ and wander, a season, and a trial of the first `treated`."""
    rng = np.random.default_rng(seed)
    given = np.arange(units) < treated
    level = 2.5 + rng.normal(0, 0.5, units) + head_start * given
    season = 0.3 * np.sin(np.arange(len(MONTHS)))
    wander = np.cumsum(rng.normal(0, 0.05, (units, len(MONTHS))), axis=1)
    after = np.asarray(MONTHS) >= SINCE
    log = level[:, None] + season + wander + np.outer(given, effect * after + drift * np.arange(len(MONTHS)))
    names = pd.Index([f"commune {u}" for u in range(units)], name="unit")
    frame = pd.DataFrame(rng.poisson(np.exp(log)), names, MONTHS)
    rows = frame.rename_axis(columns="month").stack().rename("value").reset_index()
    return rows.assign(treated=rows["unit"].map(dict(zip(frame.index, given, strict=True))))


def test_a_planted_effect_is_found_and_its_interval_covers_nine_in_ten():
    found = [trials.difference(office(seed, effect=np.log(2)), SINCE) for seed in range(60)]
    assert np.mean([e.mean for e in found]) == pytest.approx(np.log(2), abs=0.03)
    covered = np.mean([low < 2 < high for _, low, high in (e.ratio() for e in found)])
    assert 0.8 <= covered <= 0.98


def test_a_head_start_is_no_effect_and_is_shown():
    found = trials.difference(office(1, head_start=1.0), SINCE)
    assert abs(found.mean) < 2 * found.sd
    assert found.checks.at["head_start", "shift"] == pytest.approx(1.0, abs=3 * found.checks.at["head_start", "sd"])
    drawn = trials.difference(office(1), SINCE).checks.loc["head_start"]
    assert abs(drawn["shift"]) < 3 * drawn["sd"]


def test_units_that_were_already_parting_are_caught_before_the_trial():
    parting = trials.difference(office(2, drift=0.05), SINCE).checks.loc["earlier_trend"]
    assert parting["shift"] > 3 * parting["sd"]
    steady = trials.difference(office(2), SINCE).checks.loc["earlier_trend"]
    assert abs(steady["shift"]) < 3 * steady["sd"]


def test_units_chosen_after_a_lucky_year_fall_back_as_the_others_say():
    rng = np.random.default_rng(3)
    last = rng.normal(0, 0.5, (200, 2))  # two years that have nothing in common
    lucky = last[:, 0] >= np.sort(last[:, 0])[-40]
    rows = [
        (u, month, 1000 * np.exp(last[u, year]), lucky[u])
        for u in range(200)
        for year, month in enumerate(("2020-06", "2021-06"))
    ]
    found = trials.difference(pd.DataFrame(rows, columns=trials.COLUMNS), "2021-01")
    assert found.mean < -0.4
    back = found.checks.loc["regression_to_mean"]
    assert back["shift"] == pytest.approx(found.mean, abs=3 * np.hypot(back["sd"], found.sd))


def test_what_was_taken_from_the_others_is_bounded():
    rows = pd.DataFrame(
        [(u, m, 30.0 if u in "ab" and m >= SINCE else 10.0, u in "ab") for u in "abcd" for m in ("2021-05", "2021-06")],
        columns=trials.COLUMNS,
    )
    # Twenty more a commune on one side; had they come from the other, its 10 would have been 30: no effect at all.
    found = trials.difference(rows, SINCE)
    assert found.mean + found.checks.at["displaced", "shift"] == pytest.approx(0.0, abs=1e-9)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda p: p.drop(columns="treated"), "column treated is missing"),
        (lambda p: p.assign(value=-1.0), "value -1.0: expected a number of 0 or more"),
        (lambda p: pd.concat([p, p.head(1)]), "expected one row for each unit and month"),
        (lambda p: p.assign(treated=np.arange(len(p)) % 2 == 0), "expected the same `treated`"),
        (lambda p: p.assign(treated=True), "0 units have treated False"),
        (lambda p: p[p["month"] >= SINCE], "months before and after"),
        (lambda p: p.assign(value=0.0), "nobody at all in 2020-01"),
    ],
)
def test_what_cannot_be_compared_is_one_message(change, message):
    with pytest.raises(UserError, match=message):
        trials.difference(change(office(1, units=4, treated=2)), SINCE)


def test_the_prior_of_the_model_communes_is_what_the_published_counts_say():
    found = trials.model_communes()
    row = parameters_table().loc["model_commune_ratio"]
    assert found.ratio() == pytest.approx(tuple(row[["value", "low", "high"]]), abs=0.05)  # one decimal
    assert row["source"] == "chinhphu-ha-noi-2022" and row["status"] == "derived"


def test_the_model_communes_are_less_than_the_naive_ratio_and_more_than_nothing():
    found = trials.model_communes()
    naive = np.exp(found.steps.at["seen", "shift"])
    assert naive == pytest.approx(2.9, abs=0.01)
    at_once = found.mean - found.steps.at["ramp", "shift"]
    assert 1 < np.exp(at_once) < naive and found.ratio()[1] > 1
    # 113 members each in May 2021 against some 88 elsewhere.
    assert np.exp(-found.steps.at["head_start", "shift"]) == pytest.approx(113.3 / 88.4, abs=0.02)
    for step in ("head_start", "unseen", "displaced"):
        assert found.steps.at[step, "shift"] < 0, step


def test_the_elasticities_of_the_floor_are_what_the_published_counts_say():
    floor = trials.price_change("2022-01")
    rows = tables.read(tables.data_dir() / "evidence.csv", "evidence")
    rows = rows[rows["measure"] == "price_elasticity_stock"]
    for population, place in (("Viet Nam", "Việt Nam"), ("Cà Mau, members", "Cà Mau"), ("Cà Mau, Hà Nội", "")):
        row = rows[rows["population"].str.startswith(population)].iloc[0]
        mean, sd = floor.loc[place, ["elasticity", "elasticity_sd"]]
        assert (row["value"], row["low"], row["high"]) == pytest.approx(
            (mean, mean - 1.645 * sd, mean + 1.645 * sd), abs=0.006
        ), place


def test_the_fall_of_2022_is_smaller_than_the_counts_when_the_season_is_taken_out():
    floor = trials.price_change("2022-01")
    assert {"Việt Nam", "Cà Mau", "Hà Nội", "Hà Tĩnh"} <= set(floor.index)
    assert np.log(1323 / 1450) < floor.at["Việt Nam", "effect"] + 0.02 < 0.05
    assert floor.at["Việt Nam", "counts"] > 10 and floor.at["Cà Mau", "counts"] == 4
    assert floor.at["Cà Mau", "sd"] > floor.at["Việt Nam", "sd"]  # four counts tell less than seventeen
    parts = floor.drop(["Việt Nam", ""])
    assert parts["effect"].min() < floor.at["", "effect"] < parts["effect"].max()
    assert floor.at["", "sd"] < parts["sd"].min()


@pytest.mark.parametrize("since", ["2019-01", "2020-01", "2021-01", "2023-01"])
def test_a_month_without_a_new_price_shows_none(since):
    nation = trials.price_change(since).loc["Việt Nam"]
    assert abs(nation["effect"]) < 1.645 * nation["sd"] and np.isnan(nation["elasticity"])


def test_a_planted_fall_is_found_in_monthly_counts():
    months = pd.period_range("2019-01", "2023-12", freq="M")
    late = np.clip((np.arange(len(months)) - 35) / 6, 0, 1)
    noise = np.random.default_rng(5).normal(0, 0.005, len(months))
    stock = np.exp(13 + 0.01 * np.arange(len(months)) - 0.2 * late + 0.1 * (months.month == 12) + noise)
    history = stocks("Việt Nam", zip(months.astype(str), stock, strict=True), "nation")
    found = trials.price_change("2022-01", history=history).loc["Việt Nam"]
    assert found["effect"] == pytest.approx(-0.2, abs=1.645 * found["sd"]) and found["sd"] < 0.1


def test_the_subsidy_of_2025_has_no_answer_until_it_is_counted_and_then_one():
    whole = tables.read(tables.data_dir() / "history.csv", "history")
    assert "Việt Nam" in trials.price_change("2025-07", history=whole).index
    history = whole[whole["month"] <= "2025-06"]
    assert trials.price_change("2025-07", history=history).empty
    more = [
        stocks("Việt Nam", {"2024-12": 2_000_000, "2025-06": 1_900_000, "2025-12": 2_500_000}.items(), "nation"),
        stocks("Hòa Bình", {"2025-06": 20_000}.items()),
        stocks("Vĩnh Phúc", {"2025-06": 30_000}.items()),
        stocks("Phú Thọ", {"2025-06": 50_000}.items()),
        stocks("Phú Thọ (2025)", {"2025-12": 130_000}.items()),
    ]
    found = trials.price_change("2025-07", history=pd.concat([history, *more], ignore_index=True))
    assert found.loc["Việt Nam", ["before", "after"]].tolist() == ["2025-06", "2025-12"]
    assert found.at["Việt Nam", "elasticity"] * found.at["Việt Nam", "effect"] < 0  # the price fell
    # Three provinces became one: their 100,000 of June stand before its 130,000 of December.
    assert found.loc["Phú Thọ (2025)", ["before", "counts"]].tolist() == ["2025-06", 2]


@pytest.mark.parametrize("lang", ["vi", "en"])
def test_an_estimate_is_told_step_by_step_in_both_languages(lang):
    found = trials.model_communes()
    said = trials.story(found, lang).splitlines()
    assert len(said) == 2 + len(found.steps) + 1
    assert said[-1].split(" | ")[1] == {"vi": "2,18", "en": "2.18"}[lang]
    floor = trials.price_change("2022-01")
    told = trials.price_story(floor, "2022-01", lang).splitlines()
    assert len(told) == len(floor) and any("Cà Mau: −18%" in line for line in told)
    assert ("Chưa" in trials.price_story(trials.price_change("2027-01"), "2027-01", lang)) == (lang == "vi")


@pytest.mark.parametrize("place", ["Cà Mau", "Hà Nội"])
def test_what_the_stock_engine_says_of_the_floor_is_what_counts_allow(place):
    law = read_law()
    late = (law.frame["parameter"] == "min_declared_income") & (law.frame["since"] >= "2022-01")
    unchanged = Law(law.frame.assign(value=law.frame["value"].mask(late, 700_000.0)))
    months = {"start": "2021-12", "until": "2022-06", "learned": "priors"}  # what people do by themselves
    asked = [Scenario("status quo", place, law=one, **months) for one in (law, unchanged)]
    rows = [StockEngine().run(one, range(40), 1) for one in asked]
    wanted = "measure == 'members' and group == 'all' and month == '2022-06'"
    risen, same = (table.query(wanted)["value"].to_numpy() for table in rows)
    said, floor = np.log(risen / same), trials.price_change("2022-01")
    assert (said < 0).mean() > 0.9
    for row in (place, "Việt Nam", ""):
        assert abs(np.median(said) - floor.at[row, "effect"]) < 1.645 * floor.at[row, "sd"], row
