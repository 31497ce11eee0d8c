"""New counts: checked, set beside what was foretold of them, and never written unless asked."""

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from forecast.cli import main
from forecast.data import new_counts, tables
from forecast.data.vocabulary import PUBLISHED_QUANTILES
from forecast.engines.campaign.engine import CampaignEngine
from forecast.engines.campaign.parameters import NATION, PLACES
from forecast.experiment import alarm, update
from forecast.experiment.update import Ask, Baseline
from forecast.show import update as shown

HISTORY = tables.read(tables.data_dir() / "history.csv", "history")
DRAWS = 200


class Steady:
    """An engine whose draws go from half to twice the last known count of the place, in any month."""

    name, sees = "steady", frozenset()

    def __init__(self, history=None):
        self.history = history

    def run(self, scenario, draws, seed):
        rows = self.history[(self.history["place"] == scenario.place.name) & new_counts.is_count(self.history)]
        if rows.empty:
            raise tables.UserError("never counted")
        last = rows.sort_values("month", kind="stable")["value"].iloc[-1]
        values = last * np.exp(np.linspace(-np.log(2), np.log(2), len(draws)))
        months = scenario.months.astype(str)
        table = {"month": np.tile(months, len(draws)), "draw": np.repeat(list(draws), len(months))}
        return pd.DataFrame(table | {"measure": "members", "value": np.repeat(values, len(months))})


@pytest.fixture
def steady(monkeypatch):
    """The baseline is :class:`Steady`, and parameters do not move, so that nothing has to be learned."""
    names = [*NATION, *PLACES]
    still = pd.DataFrame({"parameter": names, "scope": "nation", "low": 0.1, "center": 0.2, "high": 0.3})
    monkeypatch.setattr(Baseline, "_engine", lambda self, kind, origin: Steady(self._then(origin)))
    monkeypatch.setattr(Baseline, "parameters", lambda self, origin: still)


def written(folder: Path, text: str) -> Path:
    path = folder / "counts.csv"
    path.write_text(text, encoding="utf-8")
    return path


SHORT = "place,month,value\nca-mau,2026-06,70000\nViệt Nam,2026-03,2600000\n"


def test_the_short_form_becomes_rows_of_a_history(tmp_path):
    rows = new_counts.read(written(tmp_path, SHORT), HISTORY)
    assert rows[["place", "month", "known", "level"]].to_numpy().tolist() == [
        ["Cà Mau (2025)", "2026-06", "2026-06", "province"],
        ["Việt Nam", "2026-03", "2026-03", "nation"],
    ]
    assert new_counts.is_count(rows).all() and set(rows["status"]) == {"stated"}
    assert not tables.check(rows.assign(source="x"), "history")


@pytest.mark.parametrize("month", ["tháng 6/2026", "46174", "46174.0", "46203"])
def test_months_and_numbers_are_read_as_people_write_them_and_as_spreadsheets_number_days(month, tmp_path):
    rows = new_counts.read(written(tmp_path, f"place,month,value\nviet nam,{month},2.700.000\n"), HISTORY)
    assert rows[["place", "month", "value"]].to_numpy().tolist() == [["Việt Nam", "2026-06", 2_700_000.0]]


@pytest.mark.parametrize(
    "text",
    [
        "place,month,value\nCà Mau,2026-06,60.000\nHà Nội,2026-06,119.500\n",
        'place,month,value\nCà Mau,2026-06,"60,000"\nHà Nội,2026-06,"119,500"\n',
        "place;month;value\nCà Mau;T6/2026;60.000\nHà Nội;T6/2026;119.500\n",
        "place;month;value\nCà Mau;6/2026;60 000\nHà Nội;6/2026;119500,0\n",
    ],
)
def test_persons_are_whole_so_thousands_have_one_reading(text, tmp_path):
    assert new_counts.read(written(tmp_path, text), HISTORY)["value"].tolist() == [60_000, 119_500]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (("60.000", "1234.500"), "60000 if this is thousands, or 60 if it is not"),  # a program's three decimals
        (("60.5", "972"), "a whole number of persons"),
        (("60.00", "972"), None),
    ],
)
def test_counts_of_two_readings_are_refused_and_so_are_parts_of_persons(values, message, tmp_path):
    path = written(tmp_path, "place,month,value\nCà Mau,2026-06,{}\nHà Nội,2026-06,{}\n".format(*values))
    if message is None:
        assert new_counts.read(path, HISTORY)["value"].tolist() == [60, 972]
        return
    with pytest.raises(tables.TableError, match=message):
        new_counts.read(path, HISTORY)


def test_the_long_form_may_be_a_spreadsheets_too(tmp_path):
    row = (
        HISTORY[HISTORY["month"] == "2025-12"]
        .tail(1)
        .assign(month="2026-06", value=2_500_000, known="", unit="persons")
    )
    row = row.assign(measure="members", place="Việt Nam", level="nation", note="", locator="", kind="observation")
    tables.write(row, tmp_path / "long.csv")
    text = (tmp_path / "long.csv").read_text(encoding="utf-8").replace(",", ";").replace("2500000", "2.500.000")
    rows = new_counts.read(written(tmp_path, text), HISTORY)
    assert rows[["month", "value"]].to_numpy().tolist() == [["2026-06", 2_500_000.0]]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("place,month,value\nca-mao,2026-06,7\n", r"row 2, column place: .*nearest: Cà Mau"),
        ("place,month,value\nCà Mau,2026-13,7\n", r"row 2, column month: found \"2026-13\""),
        ("place,month,value\nCà Mau,2014-12,7\n", r"row 2, column month: found \"2014-12\", expected 2015-01 or later"),
        ("place,month,value\nCà Mau,2026-06,\n", "row 2, column value: .*a whole number of persons"),
        ("place,month,value\nCà Mau,2026-06,9000000\n", "row 2, column value: .*at most .* people of Cà Mau"),
        ("place,month,value\nCà Mau,2021-12,26948\n", "row 2, column value: .*not in data/history.csv yet"),
        ("place,month,value\nCà Mau,2026-06,7\nca-mau,2026-06,8\n", "row 3, column month: .*one count of a place"),
        ("place,month,value\nĐà Bắc,2026-06,7\n", "row 2, column place: .*ended in 2025-06"),
        ("place,month,value\n", "at least one count"),
        ("place,month\nCà Mau,2026-06\n", "column value: .*this column, which is missing"),
    ],
)
def test_a_wrong_count_is_named_by_row_column_and_value(text, message, tmp_path):
    with pytest.raises(tables.UserError, match=message):
        new_counts.read(written(tmp_path, text), HISTORY)


def test_a_count_is_foretold_by_what_was_known_before_any_of_them(steady):
    rows = HISTORY[new_counts.is_count(HISTORY) & (HISTORY["place"] == "Việt Nam") & (HISTORY["month"] == "2025-12")]
    last = float(rows["value"].iloc[-1])
    new = pd.concat([rows.assign(month=m, value=last * f, known=m) for m, f in (("2026-06", 1.9), ("2026-09", 10.0))])
    found = update.update(new, HISTORY, draws=DRAWS, jobs=1).surprise.set_index("month")
    assert found["origin"].tolist() == ["2025-12", "2025-12"]  # the second does not know the first
    assert found["q500"].tolist() == pytest.approx([last, last], rel=1e-3)
    assert found.at["2026-06", "below"] == pytest.approx(0.96, abs=0.01)
    assert found.at["2026-09", "chance"] < 0.01


def test_a_count_moves_the_forecasts_made_after_it(steady):
    rows = HISTORY[new_counts.is_count(HISTORY) & (HISTORY["place"] == "Việt Nam") & (HISTORY["month"] == "2025-12")]
    new = rows.tail(1).assign(month="2026-06", value=2e6, known="2026-06")
    moved = update.update(new, HISTORY, draws=DRAWS, jobs=1).moved
    assert moved["month"].tolist() == ["2026-12", "2027-03", "2030-12"]
    assert moved["median_after"].tolist() == pytest.approx([2e6] * 3, rel=1e-3)
    assert moved["median_before"].tolist() == pytest.approx([float(rows["value"].iloc[-1])] * 3, rel=1e-3)


def published(**changes) -> pd.DataFrame:
    ends = dict(zip(PUBLISHED_QUANTILES, [60, 70, 80, 90, 100, 111, 125, 143, 167], strict=True))
    texts = {"forecast": "a" * 16, "published": "2026-01-05", "place": "Việt Nam", "scenario": "status quo"}
    row = texts | {"engine": "pool", "origin": "2025-12", "month": "2026-06", "group": "all", "measure": "members"}
    return pd.DataFrame([row | ends | {"draws": 1000.0} | changes])


def counted(value: float, known: str = "2026-06") -> pd.DataFrame:
    return pd.DataFrame([{"place": "Việt Nam", "month": "2026-06", "value": value, "known": known}])


def test_a_published_forecast_is_met_by_a_count_known_later():
    met = update.surprises(counted(125.0), [], published())
    assert met["chance"].tolist() == pytest.approx([0.2]) and met["scenario"].tolist() == ["status quo"]
    assert update.surprises(counted(125.0, known="2026-01"), [], published()).empty
    assert update.surprises(counted(900.0), [], published())["chance"].iloc[0] < 0.03


def test_published_forecasts_that_move_by_more_than_their_error_are_named():
    luck = np.exp(0.2 * np.random.default_rng(1).normal(size=500))
    before = pd.DataFrame({"2026-06": 100 * luck})
    far, near = (before * 1.1, before), (before * 1.001, before)
    pairs = [{"Việt Nam": pair[::-1]} for pair in (far, near)]
    named = [update._changed(published(), one) for one in pairs]
    assert len(named[0]) == 1 and named[1].empty
    assert named[0]["change"].iloc[0] == pytest.approx(0.1) and named[0]["now"].iloc[0] == pytest.approx(110.0)


def test_the_alarm_counts_each_count_once_and_sounds_for_too_many_misses():
    def rows(misses, of=20):
        months = [str(m) for m in pd.period_range("2024-01", periods=of, freq="M")]
        return pd.DataFrame({"scope": "nation", "month": months, "inside": [i >= misses for i in range(of)]})

    assert not alarm.outside(rows(4))["alarm"].iloc[0] and alarm.outside(rows(9))["alarm"].iloc[0]
    found = update.surprises(
        counted(900.0), [("Việt Nam", "2025-12", "2026-06", np.linspace(60, 160, 99))], published()
    )
    one = alarm.evidence(found[found["by"] == update.BELIEFS], published(), HISTORY)
    mine = one[(one["place"] == "Việt Nam") & (one["month"] == "2026-06")]
    assert mine["by"].tolist() == ["new"] and mine["inside"].tolist() == [False]


@pytest.mark.parametrize("lang", ["vi", "en"])
def test_it_is_said_in_both_languages(lang, steady):
    rows = HISTORY[new_counts.is_count(HISTORY) & (HISTORY["place"] == "Việt Nam") & (HISTORY["month"] == "2025-12")]
    new = rows.tail(1).assign(month="2026-06", value=2e7, known="2026-06")
    text = shown.summary(update.update(new, HISTORY, draws=DRAWS, jobs=1), lang)
    words = {"vi": ["cao hơn cả khoảng 95%", "12/2026"], "en": ["above the 95% interval", "Dec 2026"]}[lang]
    assert all(word in text for word in words) and "nan" not in text


def test_the_real_baseline_answers_and_a_place_without_counts_too():
    baseline = Baseline(HISTORY, 20, 1)
    for place in ("Việt Nam", "An Giang"):
        found = baseline.members(Ask(place, "2024-12", "2025-03", (CampaignEngine,)))
        assert list(found) == ["2025-01", "2025-02", "2025-03"] and len(found) == 20 and (found > 0).all().all()
    assert len(baseline.parameters("2024-12")) == len(NATION) + len(PLACES)


def forecast(*words, code=0):
    result = CliRunner().invoke(main, ["update", *map(str, words)])
    assert result.exit_code == code, result.output
    return result.output


def test_nothing_is_kept_unless_asked_and_then_whole_or_not_at_all(steady, tmp_path, monkeypatch):
    data = tmp_path / "data"
    shutil.copytree(tables.data_dir(), data, ignore=shutil.ignore_patterns("posterior", "sensitivity", "published"))
    monkeypatch.setenv("FORECAST_DATA", str(data))
    before = (data / "history.csv").read_bytes()
    counts = written(tmp_path, "place,month,value,source\nViệt Nam,2026-06,2700000,nobody\n")
    forecast(counts, "--draws", 60, "--jobs", 1, "--out", tmp_path / "one")
    names = {"update.csv", "moved.csv", "beliefs.csv", "published.csv", "alarm.csv", "update.md", "manifest.json"}
    assert {path.name for path in (tmp_path / "one").iterdir()} == names
    assert (data / "history.csv").read_bytes() == before
    said = forecast(counts, "--keep", "--draws", 60, "--jobs", 1, "--out", tmp_path / "two", code=1)
    assert "source" in said and "nobody" in said and (data / "history.csv").read_bytes() == before
    source = HISTORY["source"].iloc[0]
    counts = written(tmp_path, f"place,month,value,source\nViệt Nam,2026-06,2700000,{source}\n")
    forecast(counts, "--keep", "--draws", 60, "--jobs", 1, "--out", tmp_path / "three")
    after = (data / "history.csv").read_bytes()
    assert after.startswith(before) and after[len(before) :].count(b"\n") == 1
    kept = tables.read(data / "history.csv", "history").iloc[-1]
    assert (kept["value"], kept["source"], kept["status"], kept["known"]) == (2.7e6, source, "stated", "2026-06")
