"""What a process keeps for its next question holds for the tables as they are, and for whichever draws are asked."""

import shutil

import numpy as np
import pytest

from forecast.data import tables
from forecast.data.vocabulary import NATION
from forecast.engines.people import following
from forecast.engines.people.stock import StockEngine
from forecast.engines.pool import WIDE, PoolEngine
from forecast.experiment import project as experiment
from forecast.question.scenario import Scenario


def quo() -> Scenario:
    return Scenario("status quo", "Đà Bắc", start="2021-12", until="2022-06")


def test_a_table_that_changes_moves_the_next_answer(tmp_path, monkeypatch):
    folder = shutil.copytree(tables.data_dir(), tmp_path / "d", ignore=shutil.ignore_patterns("published", "board"))
    monkeypatch.setenv("FORECAST_DATA", str(folder))
    before = StockEngine().values(quo(), range(4), 1)
    pooled = experiment.engine_of("pool").paths(quo(), range(4), 1).members
    rows = tables.read(folder / "history.csv", "history")
    nation = (rows["place"] == NATION) & (rows["measure"] == "members") & (rows["month"] <= "2021-12")
    rows.loc[nation & (rows["month"] >= "2020-06"), "value"] *= 1.3
    tables.write(rows, folder / "history.csv")
    after = experiment.engine_of("pool").paths(quo(), range(4), 1).members
    assert not np.allclose(after[1:], pooled[1:], rtol=1e-3)
    assert after == pytest.approx(PoolEngine(rows).paths(quo(), range(4), 1).members)
    led = following.led_by(quo(), range(4), 1)
    assert led.opening[0] == pytest.approx(np.rint(after[0]))
    assert not np.allclose(StockEngine().values(quo(), range(4), 1), before, rtol=1e-3)


def test_a_draw_of_the_pool_is_the_same_whichever_others_are_asked():
    asked = range(WIDE - 3, WIDE + 2)
    whole = PoolEngine().paths(quo(), asked, 1)
    alone = PoolEngine(tables.read(tables.data_dir() / "history.csv", "history")).paths(quo(), asked, 1)
    assert (whole.members == alone.members).all() and (whole.lasting == alone.lasting).all()
    assert (whole.keep == alone.keep).all() and (whole.closed == alone.closed).all()


def test_what_all_draws_follow_is_found_once_and_not_for_one_piece_alone(monkeypatch):
    shared = []
    monkeypatch.setattr("forecast.data.workers.share", lambda _, given, jobs: shared.extend(given))
    policy = quo().but(scenario="other", assumptions={"annual_lapse": 0.2})
    tasks = [experiment.Task(one, engine, range(2), 1) for one in (quo(), policy) for engine in ("stock", "pool")]
    experiment.run_tasks(tasks[:1], 1, None, False, None)
    assert not shared
    experiment.run_tasks(tasks, 1, None, False, None)
    assert [name for _, name, _ in shared] == ["campaign", "series"]
