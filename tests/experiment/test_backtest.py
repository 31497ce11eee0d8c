"""A backtest knows at an origin what was out then and nothing else, goes on after a kill, and tells who was silent."""

import json
from dataclasses import replace
from itertools import combinations

import numpy as np
import pandas as pd
import pytest

from forecast.answer import score
from forecast.answer.projection import COLUMNS, Projection
from forecast.data import history, law, places, tables, toy
from forecast.engines import silence
from forecast.engines.yardsticks import YARDSTICKS, Drift, Naive, SeasonalNaive
from forecast.experiment import backtest as past
from forecast.experiment.backtest import backtest
from forecast.question.scenario import Scenario
from forecast.show import score as score_charts
from made import texts

LAW = toy.law()


def counted(*counts, place="Toy", status="stated", source="x") -> pd.DataFrame:
    """History rows of members; a count is (month, value) or (month, value, source)."""
    rows = [
        {
            "scheme": "voluntary_si",
            "place": place,
            "level": "district",
            "month": c[0],
            "measure": "members",
            "group": "all",
            "value": float(c[1]),
            "unit": "persons",
            "kind": "observation",
            "status": status,
            "denominator": "",
            "source": c[2] if len(c) > 2 else source,
            "locator": "",
            "note": "",
        }
        for c in counts
    ]
    return pd.DataFrame(rows, columns=tables.columns("history"))


def made(*counts, **more):
    """The toy district with these counts, published in their own month, beside its other figures."""
    place, own = toy.place(), counted(*counts, status="synthetic", **more)
    rest = place.history[place.history["measure"] != "members"]
    return replace(place, history=pd.concat([own, rest], ignore_index=True))


NOBODY = counted()  # a country in which nothing else was counted
STEADY = made(*[(f"2020-{m:02d}", 300 + 10 * m) for m in range(1, 13)])


def run(places=STEADY, engines=(), **options):
    return backtest(places, engines, **{"draws": 40, "jobs": 1, "progress": False, "history": NOBODY} | options)


@pytest.fixture(scope="module", autouse=True)
def toy_law():
    """The toy district has a law of its own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(past, "read_law", toy.law)
        yield


def test_every_month_in_which_something_came_out_is_an_origin_and_the_last_count_the_end():
    found = run()
    assert sorted(found.forecasts.frame["origin"].unique()) == [f"2020-{m:02d}" for m in range(2, 12)]  # no spread in 1
    months = found.forecasts.frame[["origin", "month"]].astype(str).drop_duplicates()
    assert (months["month"] > months["origin"]).all() and set(months["month"]) <= set(STEADY.history["month"])
    assert set(found.forecasts.frame["engine"].unique()) <= set(YARDSTICKS)


def test_a_horizon_cuts_and_origins_can_be_named():
    found = run(origins=["2020-06"], horizon=2).forecasts.frame
    assert set(found["origin"]) == {"2020-06"} and set(found["month"]) == {"2020-07", "2020-08"}


class Spy:
    """An engine that remembers what it was asked and says the last stock it knows."""

    name, sees = "spy", frozenset()

    def __init__(self):
        self.asked = []

    def run(self, scenario, draws, seed):
        self.asked.append(scenario)
        months = scenario.months[1:].astype(str)
        return pd.DataFrame(
            [
                {
                    "place": scenario.place.name,
                    "scenario": scenario.scenario,
                    "engine": self.name,
                    "origin": scenario.start,
                    "month": m,
                    "group": "all",
                    "measure": "members",
                    "draw": d,
                    "value": scenario.opening[0],
                }
                for d in draws
                for m in months
            ],
            columns=COLUMNS,
        )


LATE = pd.DataFrame(
    {"source": ["soon", "late"], "date": ["2021-01", "2022-02-03"], "title": "", "publisher": "x", "address": ""}
)


@pytest.fixture
def late(monkeypatch):
    """A place whose December count came out in February of the year after next, in an article of that day."""
    monkeypatch.setattr(history, "sources", lambda names=None: LATE.set_index("source", drop=False))
    late = [(month, value, "late") for month, value in (("2020-12", 999), ("2021-06", 400), ("2022-12", 500))]
    rows = counted(("2020-06", 300, "soon"), *late)
    rest = toy.place().history.query("measure != 'members'")
    return replace(toy.place(), history=pd.concat([rows, rest], ignore_index=True))


def test_a_count_in_a_later_article_is_not_known(late):
    spy = Spy()
    found = run(late, [spy])
    asked = {s.start: s.place.history.query("measure == 'members'")["month"].tolist() for s in spy.asked}
    assert asked == {"2021-01": ["2020-06"], "2022-02": ["2020-06", "2020-12", "2021-06"]}
    assert set(found.forecasts.only(engine="spy", origin="2021-01").frame["value"]) == {300}
    table = score.scores(found.forecasts, found.counts)
    met = table[table["engine"] == "spy"][["origin", "month"]].drop_duplicates().to_numpy().tolist()
    assert met == [["2021-01", "2021-06"], ["2021-01", "2022-12"], ["2022-02", "2022-12"]]


def test_what_came_out_later_changes_no_forecast(late):
    changed = late.history.assign(value=late.history["value"].mask(late.history["source"] == "late", 7777.0))
    one, two = (
        run(place, origins=["2021-01"]).forecasts.frame["value"] for place in (late, replace(late, history=changed))
    )
    assert one.equals(two)


def test_the_law_is_that_of_the_origin():
    spy = Spy()
    run(engines=[spy], origins=["2020-06"])
    (question,) = spy.asked
    assert question.law.value("min_declared_income", "2023-01") == 1e6  # the floor of 2022 is enacted in 2022
    assert LAW.value("min_declared_income", "2023-01") == 2e6
    assert question.scenario == "status quo" and not question.policy.levers


def test_simulating_engines_start_where_the_stock_was_counted_and_are_told_apart_by_their_origin(late):
    found = run(late, ["stock"], draws=3)
    rows = found.forecasts.only(engine="stock").frame
    assert set(rows["origin"]) == {"2021-01", "2022-02"}
    assert rows.groupby("origin", observed=True)["month"].agg(lambda m: str(min(m))).to_dict() == {
        "2021-01": "2021-02",
        "2022-02": "2022-03",
    }
    assert set(rows["measure"]) == {"members"} and set(rows["group"]) == {"all"}


def test_a_place_with_too_few_counts_is_told_so_with_its_counts():
    found = run([replace(made(("2020-06", 300)), name="Elsewhere"), STEADY])
    told = found.silent[found.silent["origin"] == ""]
    assert told["place"].tolist() == ["Elsewhere"]
    assert "too few counts" in told["why"].iloc[0] and "2020-06 (out 2020-06)" in told["why"].iloc[0]
    assert len(found.forecasts.frame)


def test_an_origin_before_the_first_count_and_one_after_the_last_are_told():
    told = run(origins=["2019-01", "2020-12", "2020-06"]).silent.set_index("origin")["why"]
    assert "no count of it was known" in told["2019-01"]
    assert "came out later" in told["2020-12"]


def test_an_engine_that_cannot_start_is_told_with_its_reason_and_others_go_on():
    class Broken(Spy):
        name = "broken"

        def run(self, scenario, draws, seed):
            raise tables.UserError("no income is known")

    found = run(engines=[Broken()], origins=["2020-06"])
    assert found.silent[["engine", "why"]].to_numpy().tolist()[0] == ["broken", "no income is known"]
    assert "naive" in set(found.forecasts.frame["engine"])


def test_wrong_questions_are_one_message():
    for words, match in (
        ({"engines": ["x"]}, "no engine 'x'"),
        ({"places": []}, "at least one"),
        ({"draws": 0}, "at least 1"),
        ({"origins": ["2020"]}, "YYYY-MM"),
        ({"places": "Atlantis"}, "Atlantis"),
        ({"places": [STEADY, STEADY]}, "two places"),
        ({"engines": ["series", "series"]}, "two engines"),
        ({"engines": [Naive()]}, "'naive'"),
    ):
        with pytest.raises(tables.UserError, match=match):
            run(**words)


def test_a_killed_backtest_goes_on_and_gives_the_same_answer(tmp_path, monkeypatch):
    whole = run(engines=["stock"], origins=["2020-04", "2020-08"], draws=3)
    asked, ordinary = [], past.Trial.run

    def counted_run(self):
        if len(asked) == 3 and not resumed:
            raise KeyboardInterrupt
        asked.append((self.origin, self.engine.name))
        return ordinary(self)

    monkeypatch.setattr(past.Trial, "run", counted_run)
    resumed = False
    again = {"engines": ["stock"], "origins": ["2020-04", "2020-08"], "draws": 3, "keep": tmp_path}
    with pytest.raises(KeyboardInterrupt):
        run(**again)
    resumed = True
    found = run(**again)
    assert len(asked) == len(set(asked)) == 8
    assert found.forecasts.frame.equals(whole.forecasts.frame)
    assert found.silent.equals(whole.silent)
    other = made(*[(f"2020-{m:02d}", 900 + 10 * m) for m in range(1, 13)])
    assert not run(other, **again).forecasts.frame["value"].equals(whole.forecasts.frame["value"])


def test_somebody_elses_engine_is_never_kept(tmp_path):
    spy = Spy()
    for _ in range(2):
        run(engines=[spy], origins=["2020-06"], keep=tmp_path)
    assert len(spy.asked) == 2


def question(place, start="2020-12", until="2021-12") -> Scenario:
    return Scenario("status quo", place, start=start, until=until, law=LAW)


def middle(engine, asked) -> pd.Series:
    rows = Projection(engine(NOBODY).run(asked, range(400), 1))
    return rows.frame.groupby(rows.frame["month"].astype(str))["value"].median()


def test_yardsticks_say_what_their_names_say():
    place = made(("2019-06", 240), ("2019-12", 300), ("2020-06", 270), ("2020-12", 330))
    asked = question(place)
    assert middle(Naive, asked).to_numpy() == pytest.approx(330, rel=0.002)
    seasonal = middle(SeasonalNaive, asked)
    assert seasonal.index.tolist() == ["2021-06", "2021-12"]  # no other month was ever counted
    assert seasonal.to_numpy() == pytest.approx([270, 330], rel=0.003)
    drift = middle(Drift, asked)
    assert drift.to_numpy() == pytest.approx(330 + 5 * np.arange(1, 13), rel=0.005)  # 90 persons in 18 months


def test_the_spread_of_a_yardstick_is_that_of_the_changes_before_and_grows_with_the_root_of_time():
    logs = np.cumsum(np.random.default_rng(5).normal(0, 0.05, 120))
    months = pd.period_range("2011-01", periods=120, freq="M").astype(str)
    place = made(*zip(months, 1000 * np.exp(logs), strict=True))
    rows = pd.DataFrame(Naive(NOBODY).run(question(place), range(4000), 3))
    spread = rows.assign(value=np.log(rows["value"])).groupby("month")["value"].std()
    assert spread["2021-01"] == pytest.approx(0.05, rel=0.15)
    assert spread["2021-12"] / spread["2021-01"] == pytest.approx(np.sqrt(12), rel=0.01)


def test_a_place_with_one_count_borrows_its_spread_and_is_silent_where_nobody_lends():
    place = made(("2020-12", 330))
    others = counted(("2020-06", 100), ("2020-12", 130), place="Elsewhere", status="synthetic")
    assert Naive(NOBODY).run(question(place), range(5), 1).empty
    lent = Naive(others).run(question(place), range(4000), 1)
    spread = np.log(lent.loc[lent["month"] == "2021-01", "value"]).std()
    assert spread == pytest.approx(np.log(1.3) / np.sqrt(6), rel=0.05)
    assert Drift(others).run(question(place), range(5), 1).empty  # one count has no slope


def test_a_yardstick_keeps_the_promise_of_an_engine():
    for kind in YARDSTICKS.values():
        many, few = (kind(NOBODY).run(question(STEADY), draws, 1) for draws in (range(20), range(5, 9)))
        assert many[many["draw"].between(5, 8)]["value"].tolist() == few["value"].tolist()
        assert list(many.columns) == list(silence().columns)
        assert (many["value"] > 0).all()


@pytest.fixture(scope="module")
def published():
    """A backtest of what was published about two places."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(past, "read_law", law.read_law)
        return backtest(["Nghệ An", "Lào Cai"], ["series"], draws=60, jobs=1, progress=False)


def test_a_backtest_of_the_published_counts_is_scored_against_the_yardsticks(published):
    assert published.silent.query("origin == ''")["place"].tolist() == ["Lào Cai"]
    table = score.scores(published.forecasts, published.counts)
    known = published.counts.query("place == 'Nghệ An'").drop_duplicates("month", keep="last")
    assert set(table["origin"]) <= set(known["known"]) and table["origin"].nunique() >= 6
    assert (table["month"] > table["origin"]).all()
    short = score.summary(table).set_index(["engine", "metric"])
    assert np.isfinite(short.loc[("series", "crps"), "skill naive"])
    assert short.loc[("naive", "crps"), "skill naive"] == pytest.approx(0)


@pytest.mark.parametrize("lang", ["vi", "en"])
def test_pictures_say_what_they_show_and_no_label_covers_another(published, lang):
    table = score.scores(published.forecasts, published.counts)
    drawn = [
        score_charts.backtest(published.forecasts, published.counts, places.read_place("Nghệ An"), lang),
        score_charts.scores(score.summary(table), lang),
    ]
    for picture in drawn:
        for (one, a), (two, b) in combinations(texts(picture), 2):
            assert min(a.x1, b.x1) - max(a.x0, b.x0) < 2 or min(a.y1, b.y1) - max(a.y0, b.y0) < 2, f"{one} | {two}"
        for text, box in texts(picture):
            assert 0 <= box.x0 and box.x1 <= picture.bbox.width and box.y1 <= picture.bbox.height, text
    assert ("Nghệ An" in drawn[0].alt) and ("%" in drawn[1].alt)
    assert {"vi": "Nguồn", "en": "Source"}[lang] in " ".join(t.get_text() for t in drawn[0].texts)


def test_a_picture_of_nothing_is_an_error(published):
    with pytest.raises(tables.UserError, match="Hà Nội"):
        score_charts.backtest(published.forecasts, published.counts, places.read_place("Hà Nội"))
    with pytest.raises(tables.UserError, match="no scores"):
        score_charts.scores(score.summary(pd.DataFrame(columns=score.COLUMNS)))


def test_the_command_writes_its_files_and_tells_who_had_too_little(tmp_path, monkeypatch, command):
    monkeypatch.setattr(past, "read_law", law.read_law)
    words = ("nghe-an", "lao-cai", "--engines", "series", "--draws", 20, "--jobs", 1, "--out", tmp_path / "x")
    said = command("backtest", *words)
    assert "note: Lào Cai: too few counts" in said and "hindsight" not in said
    assert "chosen with the whole history in view" in said
    assert "errs least" in said and "of the error of the last count again" in said
    folder = tmp_path / "x"
    assert sorted(p.name for p in folder.iterdir()) == [
        "backtest.png",
        "forecasts.parquet",
        "manifest.json",
        "scores.csv",
        "scores.png",
        "summary.csv",
    ]
    facts_of_it = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    assert facts_of_it["places"] == ["Nghệ An", "Lào Cai"] and facts_of_it["silent"]
    table = pd.read_csv(folder / "scores.csv")
    assert list(table.columns) == score.COLUMNS
    again = score.scores(
        Projection.read(folder / "forecasts.parquet"), history.counts(places.read_place("Nghệ An").history)
    )
    assert again["value"].to_numpy() == pytest.approx(table["value"].to_numpy())
    assert "older run" in command("backtest", *words, code=2)


def test_wrong_words_are_one_message(tmp_path, command):
    out = ("--out", tmp_path / "x")
    assert "xyz" in command("backtest", "xyz", *out, code=1)
    assert "--engines" in command("backtest", "ca-mau", "--engines", "magic", *out, code=2)
    assert "YYYY-MM" in command("backtest", "ca-mau", "--origins", "2020", *out, code=1)
    assert "--origins" in command("backtest", "ca-mau", "--origins", ",", *out, code=2)
    assert not (tmp_path / "x").exists()
    assert "nothing could be scored" in command("backtest", "lao-cai", *out, "--draws", 2, code=1)
    assert "PLACES" in command("backtest", code=2)
