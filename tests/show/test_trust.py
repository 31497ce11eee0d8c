"""Which engine to trust is told from scores: ratios to yardsticks, coverage, and how far the engines are apart."""

import numpy as np
import pandas as pd
import pytest

from forecast.answer import score
from forecast.answer.projection import Projection
from forecast.data.tables import UserError
from forecast.show import backtest
from made import answer, question


def scored() -> pd.DataFrame:
    """Scores of three ways on eight targets in two places, whose ratios are known: 0.5, 0.8 and 1 of the naive one."""
    counts = pd.DataFrame([
        {"place": place, "month": month, "value": 100.0 + 10 * i, "known": month}
        for place in ("Toy", "Play") for i, month in enumerate(("2021-03", "2021-09", "2022-06", "2023-12"))
    ])  # fmt: skip
    rows = []
    for engine, miss in (("series", 5.0), ("stock", 8.0), ("naive", 10.0), ("drift", 10.0), ("seasonal naive", 20.0)):
        for c in counts.itertuples():
            rows += [{"place": c.place, "scenario": "status quo", "engine": engine, "origin": "2020-12",
                      "month": c.month, "group": "all", "measure": "members", "draw": d, "value": c.value + miss}
                     for d in range(2)]  # fmt: skip
    return score.scores(Projection(pd.DataFrame(rows)), counts)


SCORED = scored()
SUMMARY, BANDS = score.summary(SCORED), score.summary(SCORED, ("engine", "band"))


def test_errors_are_shares_of_a_yardstick_and_the_best_is_named():
    assert backtest.errors(SUMMARY).round(6).loc[["series", "stock", "naive"]].tolist() == [0.5, 0.8, 1.0]
    assert (backtest.errors(BANDS).loc["series"].reindex(backtest.BANDS).round(6) == 0.5).all()
    said = backtest.answer(SUMMARY, "vi")
    assert "**xu hướng chuỗi số liệu**: sai số bằng 50%" in said
    assert "cân đối tăng – giảm: sai số 80%" in said
    assert "held 0% of the counts" in backtest.answer(SUMMARY, "en")


def test_the_table_has_a_row_for_each_way_and_its_coverage():
    lines = backtest.table(SUMMARY, "en").splitlines()
    assert len(lines) == 2 + 5
    assert [cell.strip() for cell in lines[2].split("|")][2:6] == ["8", "25%", "50%", "50%"]


def test_places_without_a_trial_are_named():
    class Found:
        forecasts = Projection(pd.DataFrame(answer(question("status quo")).frame))
        silent = pd.DataFrame({"place": ["Toy", "Elsewhere"], "origin": "", "engine": "", "why": ""})

    assert "Elsewhere" in backtest.untried(Found, "en")
    assert "Toy" not in backtest.untried(Found, "en")


@pytest.mark.parametrize("lang", ["vi", "en"])
def test_engines_that_are_far_apart_are_told(lang):
    quo = question("status quo")
    one = answer(quo).frame
    two = one.assign(engine="series", value=3 * one["value"])
    found = backtest.apart(Projection(pd.concat([one, two], ignore_index=True)), [quo])
    assert found["median"].max() / found["median"].min() == pytest.approx(3)
    said = {"vi": "gấp 3,0 lần", "en": "3.0 times as many"}[lang]
    assert said in backtest.apart_text(found, lang)
    assert quo.place.name in backtest.apart_table(found, lang)
    assert quo.place.name in backtest.apart_picture(found, lang).alt
    assert "50%" in backtest.by_band(BANDS, lang).alt


def test_a_picture_of_nothing_is_an_error_for_a_person():
    with pytest.raises(UserError, match="nothing to draw"):
        backtest.by_band(BANDS, shown=())
    assert np.isnan(backtest.errors(SUMMARY).get("agents", np.nan))
