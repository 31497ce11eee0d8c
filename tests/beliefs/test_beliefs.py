"""What is believed, and what work costs: tables of a few rows, worked out by hand."""

import math

import numpy as np
import pandas as pd
import pytest

from forecast.beliefs import costs, evidence, parameters
from forecast.beliefs.parameters import Assumption, check_assumption, known_names, missing, parameters_table
from forecast.beliefs.ranges import most, seen
from forecast.beliefs.sets import Sets
from forecast.data import chance, tables, toy
from forecast.data.messages import Wrong

HEAD = "item,since,until,unit,low,value,high,hours,payer,source,status,note\n"
RANGES = "column,place,group,per,least,most,source,status,note\n"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A data folder of the test's own."""
    monkeypatch.setenv("FORECAST_DATA", str(tmp_path))
    return tmp_path


def months(first: str, last: str) -> pd.PeriodIndex:
    return pd.period_range(first, last, freq="M")


def test_a_price_is_that_of_the_row_in_force(folder):
    rows = "visit,{since},,visit,{low},{value},{high},1.5,office,judgement,judgement,x\n"
    second, first = (
        rows.format(since="2022-07", low=20, value=30, high=60),
        rows.format(since="2021-01", low=10, value=20, high=20),
    )
    (folder / "unit_costs.csv").write_text(HEAD + second + first, encoding="utf-8")
    path = costs.prices("visit", months("2020-12", "2022-08"))
    assert path.value.tolist() == [20.0] * 19 + [30.0] * 2  # before the first row as in it
    assert (path.low[-1], path.high[-1]) == (20.0, 60.0)
    assert costs.newest().at["visit", "since"] == "2022-07"
    assert (costs.hours("visit"), costs.payer("visit"), costs.items()) == (1.5, "office", ["visit"])
    with pytest.raises(tables.UserError, match=r"unit_costs.csv has no item 'vist'; expected one of visit"):
        costs.prices("vist", months("2022-01", "2022-01"))


def test_a_planners_price_stands_in_for_the_table():
    path = costs.prices("visit", months("2022-01", "2022-02"), Assumption(value=5, low=4, high=7))
    assert [p.tolist() for p in path] == [[4.0, 4.0], [5.0, 5.0], [7.0, 7.0]]
    assert costs.prices("visit", months("2022-01", "2022-01"), 9).high.tolist() == [9.0]
    costs.check_price("visit", 0)
    for name, given in (
        ("vist", 1),
        ("visit", -1),
        ("visit", math.nan),
        ("visit", Assumption(value=1, low=-1, high=2)),
    ):
        with pytest.raises(Wrong):
            costs.check_price(name, given)


def test_a_drawn_price_passes_its_three_points_and_has_one_luck_for_an_item():
    path = costs.Path3(*(np.array([x, 2 * x]) for x in (10.0, 20.0, 80.0)))
    keys = chance.streams(1, range(4000))
    drawn = costs.drawn("visit", path, keys)
    assert np.quantile(drawn[:, 0], [0.05, 0.5, 0.95]) == pytest.approx([10, 20, 80], rel=0.1)
    assert drawn[:, 1] == pytest.approx(2 * drawn[:, 0])
    fixed = costs.Path3(*(np.array([7.0]) for _ in range(3)))
    assert (costs.drawn("visit", fixed, keys) == 7).all()
    from_nothing = costs.drawn("visit", costs.Path3(*(np.array([x]) for x in (0.0, 1.0, 3.0))), keys)
    assert from_nothing.min() >= 0 and np.quantile(from_nothing, 0.95) == pytest.approx(3, rel=0.1)


def test_the_most_of_a_lever_is_that_of_the_nearest_place_in_the_units_of_the_whole_place(folder):
    place = toy.place()
    rows = [
        ("visits", "Việt Nam", "all", "household", 0, 0.5),
        ("meetings", "Việt Nam", "all", "commune", 0, 2),
        ("meetings", place.name, "all", "commune", 1, 3),
        ("model", place.name, "all", "communes", 0, 0.4),
        ("gift", place.name, "poor", "person", 0, 0.1),
        *(("top_up", place.name, group, "one", 0, share) for group, share in (("all", 0.5), ("poor", 0.2))),
    ]
    text = "".join(",".join(map(str, row)) + ",judgement,judgement,why\n" for row in rows)
    (folder / "ranges.csv").write_text(RANGES + text, encoding="utf-8")
    assert most("visits", place) == pytest.approx(0.5 * place.households)
    assert most("meetings", place) == 3 * 6 and seen("meetings", place).least == 1
    assert most("model", place) == 3  # 0.4 of six communes, whole ones
    poor = place.group_sizes().sum(axis=0)[0]
    assert most("gift", place, "poor") == pytest.approx(0.1 * poor)
    assert (most("top_up", place, "near_poor"), most("top_up", place)) == (0.5, 0.2)
    assert seen("drives", place) is None and most("drives", place) == math.inf


def test_an_assumption_stays_within_the_limits_of_its_row():
    for good in (0.0, 0.999, Assumption(value=0.2, low=0.1, high=0.9)):
        check_assumption("annual_lapse", good)
    for bad in (-0.1, 1.0, math.nan, Assumption(value=0.2, low=0.1, high=1.0)):
        with pytest.raises(Wrong, match="expected a number of at least 0 and below 1"):
            check_assumption("annual_lapse", bad)
    with pytest.raises(ValueError, match="expected low <= value <= high"):
        Assumption(value=0.2, low=0.3, high=0.4)


def test_what_engines_read_and_a_table_lacks_is_named_one_by_one():
    assert missing(known_names()) == []
    told = [str(fault) for fault in missing(n for n in known_names() if n not in ("annual_lapse", "entry_rate"))]
    assert sorted(text.split("row for ")[1].split(",")[0] for text in told) == ["annual_lapse", "entry_rate"]
    assert set(parameters_table()["kind"]) == {"parameter"} and parameters.NO_ROW not in known_names()


def test_a_study_made_from_the_counts_themselves_supports_nothing():
    studies, found = evidence.studies(), evidence.supporting()
    own = studies[studies["from_counts"]]
    assert len(own) and not set(own["study"]) & set(found["study"]) - set(studies[~studies["from_counts"]]["study"])
    assert set(found["supports"]) <= set(parameters_table().index)


def test_draws_after_one_another_share_a_set_and_come_round_again():
    sets = Sets.of(pd.DataFrame({"entry_rate": [1.0, 2.0]}), repeats=2)
    assert sets.column("entry_rate", range(6)).tolist() == [1, 1, 2, 2, 1, 1]
    assert sets.column("annual_lapse", range(6)) is None
    assert sets.digest != Sets.of(sets.frame, repeats=3).digest
