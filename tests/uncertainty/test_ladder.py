"""The width of an interval falls apart into its sources, by a design that draws them apart."""

import numpy as np
import pandas as pd
import pytest

import forecast as f
from forecast.answer import layers, projection
from forecast.beliefs.parameters import parameters_table
from forecast.beliefs.sets import EFFECT, Sets
from forecast.data import chance, tables
from forecast.engines import pool
from forecast.engines.campaign.engine import CampaignEngine
from forecast.engines.series.engine import SeriesEngine
from forecast.uncertainty import variance
from made import toy_question

SETS, TIMES = 400, 5


def told(engine: str, shape: tuple[int, ...], sizes: tuple[float, ...], level: float = 0.0) -> projection.Projection:
    """An answer that is a sum: one normal number of its own for each source, times the source's size."""
    draw = np.arange(np.prod(shape))
    value, below = np.full(len(draw), level), len(draw)
    for source, (count, size) in enumerate(zip(shape, sizes, strict=True)):
        below //= count
        value += size * chance.normal_array(chance.streams(7, draw // below), source)  # the same in every engine
    rows = {
        "place": "Toy",
        "scenario": "s",
        "engine": engine,
        "origin": "2021-12",
        "month": "2022-12",
        "group": "all",
        "measure": "members",
        "draw": draw,
        "value": value,
    }
    return projection.Projection(pd.DataFrame(rows))


def shares(table: pd.DataFrame) -> dict[str, float]:
    return table.set_index("source")["share"].to_dict()


def test_a_sum_of_parameters_and_luck_falls_apart_as_it_was_made():
    answer = told("a", (SETS, TIMES), (2.0, 1.0))
    table = answer.ladder(by="2022-12", design={"parameters": SETS, "chance": TIMES}, log=False)
    assert shares(table) == pytest.approx({"parameters": 0.8, "chance": 0.2}, abs=0.03)
    assert table["width"].sum() == pytest.approx(table["high"].iloc[0] - table["low"].iloc[0])


def test_three_sources_fall_apart_too():
    answer = told("a", (200, 4, 3), (2.0, 1.0, 1.0))
    table = answer.ladder(by="2022-12", design={"counts": 200, "judgement": 4, "chance": 3}, log=False)
    assert shares(table) == pytest.approx({"counts": 4 / 6, "judgement": 1 / 6, "chance": 1 / 6}, abs=0.06)


def test_two_engines_that_share_their_draws_and_differ_by_a_step_are_the_doubt_about_the_model():
    answer = projection.concat([told("a", (SETS, TIMES), (2.0, 1.0)), told("b", (SETS, TIMES), (2.0, 1.0), level=6.0)])
    design = {"parameters": SETS, "chance": TIMES}
    found = answer.ladder(by="2022-12", design=design, log=False).set_index("source")["variance"]
    assert found["model"] == pytest.approx(9.0, abs=1e-6)  # (6/2)^2: paired draws leave no error in the difference
    uneven = answer.ladder(by="2022-12", design=design, log=False, weights={"a": 3, "b": 1}).set_index("source")
    assert uneven["variance"]["model"] == pytest.approx(6.0**2 * 0.75 * 0.25, abs=1e-6)


def test_estimates_are_unbiased_where_there_is_nothing_to_find():
    """Luck alone, in many small designs: what is found of parameters and model is zero on average."""
    luck = chance.normal_array(chance.streams(3, range(2000))[:, None], np.arange(2 * 5 * 2)).reshape(-1, 2, 5, 2)
    found = [layers.split({"a": (x[0], ("p", "c")), "b": (x[1], ("p", "c"))}) for x in luck]
    mean = pd.DataFrame(found).mean()
    assert mean["p"] == pytest.approx(0, abs=0.02) and mean["model"] == pytest.approx(0, abs=0.02)
    assert mean["c"] == pytest.approx(1, abs=0.02)


def test_a_pool_holds_the_draws_of_its_engines_as_their_weights_say():
    a, b = told("a", (4, 2), (1.0, 0.0)), told("b", (4, 2), (1.0, 0.0), level=50.0)
    both = projection.concat([a, b])
    pool = both.pooled()
    assert set(pool.frame["engine"]) == {"pool"} and pool.frame["draw"].is_unique
    assert sorted(pool.frame["value"]) == sorted(both.frame["value"])
    high = both.pooled({"a": 1, "b": 3}).frame["value"] > 25
    assert high.sum() == 8 and (~high).sum() == 3
    with pytest.raises(tables.UserError, match="expected one of at least 0 for each of a, b"):
        both.pooled({"a": 1})


def test_a_pool_keeps_scenarios_paired_and_leaves_out_who_is_silent():
    a, b = told("a", (4, 2), (1.0, 1.0)), told("b", (4, 2), (1.0, 1.0), level=50.0)
    more = [p.frame.assign(scenario="t", value=p.frame["value"] + 3) for p in (a, b)]
    pool = projection.concat([a, b, *more]).pooled()
    assert pool.versus("s").frame["value"].tolist() == pytest.approx([3.0] * 16)
    silent = projection.concat([a, b, more[0]]).pooled()
    assert silent.versus("s").frame["value"].tolist() == pytest.approx([3.0] * 8)


def test_a_design_that_does_not_fit_the_draws_is_named():
    with pytest.raises(tables.UserError, match="8 draws; expected 3 parameters x 2 chance"):
        told("a", (4, 2), (1.0, 1.0)).ladder(by="2022-12", design={"parameters": 3, "chance": 2})
    with pytest.raises(tables.UserError, match="above 0, or log=False"):
        told("a", (4, 2), (1.0, 1.0)).ladder(by="2022-12", design={"parameters": 4, "chance": 2})


def question(**assumptions) -> f.Scenario:
    return toy_question("s", until="2022-06", assumptions=assumptions)


def test_draws_of_one_set_share_their_parameters_and_nothing_else():
    asked = variance.layered(question(), ["agents", "stock"], sets=3, repeats=2, jobs=1, progress=False)
    assert asked.design["agents"] == {"parameters": 3, "chance": 2}
    last = asked.answer.at("2022-06").only(measure="members", group="all", engine="agents").frame
    assert last["value"].nunique() > 3
    rows = variance.parameter_rows(question(), 1, range(3))
    fixed = rows.iloc[1].drop(EFFECT + "Toy").to_dict()
    fixed["entry_rate"] *= rows[EFFECT + "Toy"].iloc[1]
    again = f.project(question(**fixed | {"place_spread": 0.0}), ["agents"], draws=4, jobs=1, progress=False)
    same = again.at("2022-06").only(measure="members", group="all").frame
    assert same["value"].iloc[2:].tolist() == last["value"].iloc[2:4].tolist()


def test_with_all_parameters_known_only_chance_is_left_and_without_chance_only_parameters():
    known = parameters_table()["value"].to_dict() | {"place_spread": 0.0}
    asked = variance.layered(question(**known), ["agents"], sets=12, repeats=4, jobs=1, progress=False)
    found = asked.ladder(by="2022-06").set_index("source")["variance"]
    assert abs(found["parameters"]) < found["chance"]
    calm = question(month_noise=0.0, skill_spread=0.0)
    asked = variance.layered(calm, ["stock"], sets=8, repeats=2, jobs=1, progress=False)
    assert shares(asked.ladder(by="2022-06"))["parameters"] > 0.999


def test_counts_and_judgement_are_drawn_apart(monkeypatch):
    """Draws of one row of what counts taught start from the same nation, whatever else is drawn for them."""
    nation = f.Scenario("s", "Việt Nam", start="2020-03", until="2020-12")
    design = Sets.of(pd.DataFrame({"annual_lapse": [0.1, 0.2, 0.3, 0.4]}), repeats=2, judged=2)
    start = CampaignEngine().paths(nation.but(sets=design), range(8), 1).lasting[0]
    assert len(set(start[:4])) == len(set(start[4:])) == 1 and start[0] != start[4]
    pure = pd.DataFrame({"origin": ["2018-06"], "scope": ["places"], "engine": ["campaign"], "weight": [1.0]})
    monkeypatch.setattr(pool, "_read", lambda path: pure)
    asked = f.Scenario("s", "Đà Bắc", start="2019-12", until="2020-03")
    found = variance.layered(asked, ["stock"], sets=2, judged=2, repeats=2, jobs=1, progress=False)
    assert found.design["stock"] == {"counts": 2, "judgement": 2, "chance": 2}
    assert set(found.ladder(by="2020-03")["source"]) == {"counts", "judgement", "chance"}


def test_draws_of_one_row_of_what_counts_taught_share_it_whatever_else_is_drawn():
    design = Sets.of(pd.DataFrame({"annual_lapse": [0.1, 0.2, 0.3, 0.4]}), repeats=2, judged=2)
    assert design.taught(range(8)) == [0, 0, 0, 0, 1, 1, 1, 1]
    assert design.column("annual_lapse", range(8)).tolist() == [0.1, 0.1, 0.2, 0.2, 0.3, 0.3, 0.4, 0.4]
    assert design.digest != Sets.of(design.frame, repeats=2).digest and design.column("entry_rate", range(2)) is None


def test_beliefs_of_the_series_are_shared_where_they_are_asked_to_be():
    place = f.read_place("Cà Mau")
    asked = f.Scenario("s", place, start="2021-12", until="2022-02")
    plain = SeriesEngine().run(asked, range(8), 1)
    nested = SeriesEngine(repeats=4).run(asked, range(8), 1)
    first = plain["draw"] % 4 == 0  # the first of each set has its own beliefs
    pd.testing.assert_frame_equal(plain[first], nested[first])
    wide = nested[nested["month"] == "2022-02"]["value"].to_numpy().reshape(2, 4)
    assert len(np.unique(wide)) == 8 and wide.std(axis=1).mean() < plain[plain["month"] == "2022-02"]["value"].std()


@pytest.mark.parametrize("sizes", [{"sets": 1}, {"repeats": 1}, {"judged": 2}])
def test_a_design_that_can_tell_nothing_apart_is_refused(sizes):
    with pytest.raises(tables.UserError, match="expected at least 2 sets"):
        variance.layered(question(), ["stock"], progress=False, **sizes)
