"""Beliefs learned at an origin: sure enough, blind to what came later, told in both languages."""

import json
import re

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from forecast.calibration import learning, ranks
from forecast.cli import main
from forecast.data import tables
from forecast.engines.campaign import parameters as par
from forecast.experiment import calendar
from forecast.show import calibration

FEW = {"particles": 1500, "rows": 300}
HISTORY = tables.read(tables.data_dir() / "history.csv", "history")


@pytest.fixture(scope="module")
def learned():
    return learning.learn_at("2021-12", again=1, **FEW)


def test_each_parameter_stands_with_what_was_believed_before(learned):
    table = learned.table.set_index("parameter")
    assert list(table.index) == [*par.NATION, *par.PLACES] and not table.isna().any().any()
    prior = par.NATION["growth"]
    assert table.at["growth", "prior_center"] == pytest.approx(prior.center)
    assert table.at["growth", "prior_high"] == pytest.approx(prior.center + 1.6449 * prior.spread, rel=1e-3)
    assert (table["low"] < table["center"]).all() and (table["center"] < table["high"]).all()
    assert table["narrowed"].max() > 0.2  # counts teach something


def test_what_came_later_teaches_nothing(learned):
    later = HISTORY["month"].gt("2021-12") & HISTORY["kind"].eq("observation")
    changed = HISTORY.assign(value=HISTORY["value"].where(~later, HISTORY["value"] * 3))
    again = learning.learn_at("2021-12", changed, again=0, **FEW)
    assert again.table["center"].tolist() == learned.table["center"].tolist()


def test_the_last_counted_month_is_the_origin_and_an_early_one_is_refused():
    assert learning.last_month(HISTORY) == "2025-12"
    with pytest.raises(tables.UserError, match="2011-12: no count of Việt Nam was known"):
        learning.learn_at("2011-12", again=0, **FEW)


@pytest.mark.parametrize("month", ["2026-01", "2099-12"])
def test_a_month_after_all_that_is_known_is_refused(month):
    with pytest.raises(
        tables.UserError, match=f"{month}: .* the last month of which there is a count is 2025-12"
    ) as told:
        learning.learn_at(month, again=0, **FEW)
    assert "số liệu mới nhất là của 2025-12" in told.value.text("vi")


def test_a_month_between_a_count_and_its_publication_is_asked_about():
    late = HISTORY.assign(known=HISTORY["known"].mask(HISTORY["month"].eq("2025-12"), "2026-03"))
    assert learning.learn_at("2026-02", late, again=0, **FEW).origin == "2026-02"


def test_a_place_stands_beside_its_share_of_the_nation(learned):
    found = learning.of_places(learned, ["Việt Nam", "Nghệ An", "An Giang"]).set_index("place")
    assert list(found.index) == ["Nghệ An", "An Giang"] and found.at["An Giang", "counts"] == 0
    spread = found["high"] / found["low"]
    assert spread["Nghệ An"] < spread["An Giang"]


@pytest.mark.parametrize("lang", ["vi", "en"])
def test_the_page_says_what_was_learned_and_what_ranks_say(learned, lang):
    text = calibration.answer(learned, lang)
    assert f"{learned.counts}" in text and "nan" not in text
    # Of a whole interval, while `error` is of half: a center that moves from one end to the other moves by all of it.
    moved = learned._replace(table=learned.table.assign(error=2.0))
    assert "100%" in calibration.answer(moved, lang)
    assert len(calibration.table(learned, lang).splitlines()) == 2 + len(learned.table)
    for row in calibration.table(learned, lang).rows:  # most parameters are below one: their ends differ all the same
        for _, low, high in (re.fullmatch(r"(.+) \((.+) – (.+)\)", told).groups() for told in row[1:3]):
            assert low != high
    z = calibration.standardized(learned.beliefs, lang)
    assert calibration.before_after(z, lang).alt and z.shape[1] == len(learned.table)
    prior = calibration.standardized(learned.beliefs, lang).iloc[:, 0].median()
    assert abs(prior) < 3
    table = pd.DataFrame({"time": range(40), "coordinate": "growth", "truth": 0.0, "mean": np.linspace(0, 1, 40)})
    table = table.assign(low=-1.0, high=1.0, rank=np.linspace(0.9, 1.0, 40))
    told = calibration.found_again(ranks.verdict(table), lang)
    assert "1" in told and "100%" in told
    assert calibration.ranks(table, lang).alt.startswith({"vi": "10 trên 10", "en": "10 of 10"}[lang])


def test_the_methods_own_test_is_kept_with_the_data_and_passed():
    table = ranks.stored()
    judged = ranks.verdict(table).set_index("coordinate")
    assert judged.at["all", "times"] >= 40
    assert judged.at["all", "uniform_p"] > 0.01
    assert 0.7 < judged.drop("all")["held"].mean() < 0.9


def test_the_command_writes_what_was_learned_and_its_checks(tmp_path, monkeypatch, learned):
    monkeypatch.setattr(learning, "learn_at", lambda at, seed: learned)
    words = ["calibrate", "nghe-an", "--at", "2021-12", "--out", str(tmp_path), "--lang", "en"]
    result = CliRunner().invoke(main, words)
    assert result.exit_code == (0 if learned.converged else 1), result.output
    names = {path.name for path in tmp_path.iterdir()}
    assert {"beliefs.csv", "places.csv", "before-after.png", "manifest.json"} <= names
    assert ("checks.csv" in names) == (not calendar.stored().empty)
    assert json.loads((tmp_path / "manifest.json").read_text())["counts"] == learned.counts
    unsure = learned._replace(table=learned.table.assign(error=2.0))
    monkeypatch.setattr(learning, "learn_at", lambda at, seed: unsure)
    result = CliRunner().invoke(main, [*words, "--force"])
    assert result.exit_code == 1 and "other random numbers" in result.output
    assert CliRunner().invoke(main, ["calibrate", "--store", "--out", str(tmp_path / "x")]).exit_code == 2
