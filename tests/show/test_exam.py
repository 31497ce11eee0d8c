"""The exam on a page: misses first, each scope apart, no check that would pass for any figure."""

import numpy as np
import pandas as pd
import pytest

from forecast.data.tables import UserError
from forecast.experiment import calendar
from forecast.show import exam


def forecasts(engine: str, miss: float, spread: float, scope: str = "places", n: int = 20, draws: float = 100):
    """Twenty forecasts of 1,000 persons whose counts are off by `miss` (log), with intervals of `spread` (log sd)."""
    z = {"q025": -1.96, "q100": -1.28, "q250": -0.67, "q500": 0.0, "q750": 0.67, "q900": 1.28, "q975": 1.96}
    place = "Việt Nam" if scope == "nation" else "Cà Mau"
    months = [str(m) for m in pd.period_range("2020-07", periods=n, freq="M")]
    rows = {"scope": scope, "place": place, "origin": "2020-06", "month": months, "known": months, "engine": engine}
    ends = {name: 1000 * np.exp(spread * x) for name, x in z.items()}
    return pd.DataFrame(rows | {"draws": draws, "observed": 1000 * np.exp(miss * np.linspace(-1, 1, n))} | ends)


@pytest.fixture
def scored():
    parts = [
        forecasts(engine, 0.5, spread, scope, draws=draws)
        for scope in exam.SCOPES
        for engine, spread, draws in (
            ("pool", 0.1, 400),
            ("series", 0.3, 400),
            ("agents", 0.3, 24),
            ("naive", 2.0, 400),
        )
    ]
    return calendar.judged(pd.concat(parts, ignore_index=True))


@pytest.mark.parametrize("lang", ["vi", "en"])
def test_misses_stand_before_the_scores(scored, lang):
    text = exam.answer(scored, lang)
    fails, good = {"vi": ("Chỗ chưa đạt", "Cả nước:"), "en": ("Where it fails", "The nation:")}[lang]
    assert text.index(fails) < text.rindex(good)
    better = {"vi": "thấp hơn thế có", "en": "smaller:"}[lang]
    assert better in text  # series has the smaller error here, and the page says so
    assert "nan" not in exam.table(scored, "nation", lang) and "24" in exam.price(scored, lang)


def test_each_count_is_named_once_and_the_worst_first(scored):
    lines = exam.misses(scored, "en").splitlines()[2:]
    assert len(lines) == exam.MOST and len({tuple(line.split("|")[1:3]) for line in lines}) == exam.MOST
    assert "no" in lines[0] and ("+65%" in lines[0] or "−39%" in lines[0])


def test_a_check_that_would_pass_for_any_figure_is_not_counted(scored):
    wide = calendar.judged(forecasts("campaign", 0.5, 1.0, "nation"))
    narrow = calendar.judged(forecasts("campaign", 0.5, 0.2))
    found = exam.checks(pd.concat([wide, narrow]))
    assert not found.loc[found["scope"] == "nation", "counted"].any()
    fair = found[found["scope"] == "places"]
    assert fair["counted"].all() and 0 < fair["inside"].sum() < len(fair)
    text = exam.checks_text(found, "en")
    assert "The nation" not in text and f"{(~fair['inside']).sum()} of 20" in text
    assert "Not counted" not in text  # where there is nothing to say
    one = found.assign(counted=fair.index[0] != found.index)
    assert "Not counted: 1," in exam.checks_text(one[one["scope"] == "places"], "en")
    assert len(exam.checks_table(found, "en", failed=True).splitlines()) == 2 + (~fair["inside"]).sum()


@pytest.mark.parametrize("lang", ["vi", "en"])
def test_the_picture_says_its_numbers(scored, lang):
    alt = exam.by_band(scored, lang).alt
    assert alt.count("%") >= 8
    assert "1–6" in exam.bands(scored, "nation", lang)


def test_an_exam_that_was_not_kept_is_named(tmp_path):
    with pytest.raises(UserError, match="backtest --calendar --store"):
        exam.read(tmp_path)


def test_what_is_kept_gives_the_scores_again(scored, tmp_path):
    weights = pd.DataFrame({"origin": ["2020-06"], "scope": ["nation"], "engine": ["series"], "weight": [1.0]})
    calendar.store(calendar.Exam(scored, weights.assign(spread=1.0), pd.DataFrame()), tmp_path)
    again = exam.read(tmp_path)
    keys = ["scope", "engine", "month"]
    one, two = (t.sort_values(keys).reset_index(drop=True) for t in (scored, again))
    assert one["wis"].to_numpy() == pytest.approx(two["wis"].to_numpy(), abs=2e-3)
    assert one["within_80"].tolist() == two["within_80"].tolist()
