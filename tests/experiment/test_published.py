"""What was published stays as it was, is there once, and its miss is split into parts that add up to it."""

import json
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from nbformat.v4 import new_code_cell, new_notebook

from forecast.answer import score
from forecast.answer.projection import COLUMNS
from forecast.beliefs.parameters import Assumption
from forecast.checks import check
from forecast.data import tables, toy, vocabulary
from forecast.data.law import Law, read_law
from forecast.data.tables import UserError
from forecast.engines import ENGINES, Kind
from forecast.experiment import ledger as published
from forecast.experiment import misses
from forecast.experiment import project as experiment
from forecast.experiment.project import project
from forecast.publish import audit, site
from forecast.question.fingerprint import fingerprint
from forecast.question.levers import Policy, Reminders, TopUp, Visits
from forecast.question.scenario import Scenario, Target, read_scenario
from forecast.question.scenario_file import scenario_yaml

DRAWS = 101
MIDDLE = np.arange(DRAWS) - DRAWS // 2


class Plain:
    """An engine whose every part can be told: 1,000 members, the floor, the levers, doubt 100 z and chance z."""

    name, sees = "plain", frozenset({"visits", "top_up", "due_lists"})

    def run(self, scenario, draws, seed):
        doubt = 0.0 if "entry_rate" in scenario.assumptions else 100.0
        months = scenario.months.astype(str)
        floor = np.array([scenario.law.value("min_declared_income", m) / 10_000 for m in months])
        z = MIDDLE[list(draws)][:, None]
        values = 1000 + floor - 30 * len(scenario.policy.levers) + (doubt + 1.0) * z + np.zeros(len(months))
        return pd.DataFrame(
            {
                "place": scenario.place.name,
                "scenario": scenario.scenario,
                "engine": self.name,
                "origin": scenario.start,
                "month": np.tile(months, len(z)),
                "group": "all",
                "measure": "members",
                "draw": np.repeat(list(draws), len(months)),
                "value": values.ravel(),
            }
        )[COLUMNS]


@pytest.fixture(autouse=True)
def plain(monkeypatch):
    """Let the transparent engine be one of the project's."""
    monkeypatch.setitem(ENGINES, "plain", Kind(f"{__name__}:Plain", "people", "", 200))


def law(floor: float) -> Law:
    """The law with another floor since 2022."""
    frame = read_law().frame
    return Law(
        frame.assign(
            value=frame["value"].mask(
                (frame["parameter"] == "min_declared_income") & (frame["since"] == "2022-01"), floor
            )
        )
    )


TODAY, THEN = read_law(), law(700_000)
PLAN = Scenario(
    "the plan",
    "Cà Mau",
    start="2021-12",
    until="2022-12",
    law=THEN,
    policy=Policy(Visits(count=10), TopUp(group="poor", share=0.2, start="2022-07")),
    target=Target(value=2000, by="2022-12"),
    title={"vi": "kế hoạch", "en": "the plan"},
)


def entry(asked=PLAN, engines=("plain",), draws=DRAWS, seed=3):
    return published.entry(project(asked, engines, draws=draws, seed=seed, jobs=1, progress=False), asked, seed=seed)


@pytest.fixture
def ledger(tmp_path):
    published.add(entry(), tmp_path / "ledger", "2022-01-10")
    return tmp_path / "ledger"


def counted(*counts) -> pd.DataFrame:
    """History rows of Cà Mau, (month, value), from a source of July 2022."""
    like = PLAN.place.history.query("measure == 'members' and kind == 'observation'").iloc[0]
    return pd.DataFrame([{**like, "month": m, "value": float(v), "source": "vss-10455", "known": m} for m, v in counts])


def happened(folder: Path, *levers) -> Path:
    """A folder of scenarios with what was done in Cà Mau."""
    folder.mkdir(exist_ok=True)
    data = {
        "scenario": "as happened",
        "place": "Cà Mau",
        "start": "2021-12",
        "until": "2025-12",
        "policy": [lever.model_dump(mode="json", exclude_none=True) for lever in levers],
    }
    (folder / "ca-mau-as-happened.yaml").write_text(yaml.safe_dump(data), encoding="utf-8")
    return folder


def test_the_ledger_says_what_was_said_by_whom_and_of_what(ledger):
    rows = published.read(ledger)
    assert list(rows.columns) == tables.columns("published")
    assert rows["month"].tolist() == [f"2022-{m:02d}" for m in range(1, 13)]
    first = rows.iloc[0]
    assert first[["published", "place", "scenario", "engine", "origin", "group", "measure", "seed"]].tolist() == [
        "2022-01-10",
        "Cà Mau",
        "the plan",
        "plain",
        "2021-12",
        "all",
        "members",
        "3",
    ]
    assert first["q500"] == 1000 + 70 - 60 and first["draws"] == DRAWS
    assert first["q025"] == pytest.approx(1010 + 101 * np.quantile(MIDDLE, 0.025))
    assert sorted(p.name for p in ledger.iterdir()) == sorted(
        ["published.csv", f"{first['question']}.yaml", f"law-{first['law']}.csv"]
    )


def test_the_question_can_be_asked_again_in_full(ledger):
    kept = published.question(next(published.read(ledger).itertuples()), ledger)
    for name in ("scenario", "start", "until", "policy", "assumptions", "target", "title"):
        assert getattr(kept, name) == getattr(PLAN, name), name
    assert fingerprint(kept) == fingerprint(PLAN)
    assert kept.law.value("min_declared_income", "2022-06") == 700_000
    under = published.question(next(published.read(ledger).itertuples()), ledger, TODAY)
    assert under.law.value("min_declared_income", "2022-06") == 1_500_000


@pytest.mark.parametrize("path", sorted((tables.data_dir() / "scenarios").glob("*.yaml")), ids=lambda p: p.stem)
def test_every_scenario_of_the_project_survives_being_kept(path, tmp_path):
    asked = read_scenario(path)
    (tmp_path / "kept.yaml").write_text(scenario_yaml(asked, everything=True), encoding="utf-8")
    kept = read_scenario(tmp_path / "kept.yaml")
    assert fingerprint(kept) == fingerprint(asked) and kept.title == asked.title


def test_the_same_forecast_is_there_once_and_rows_never_move(ledger):
    before = (ledger / "published.csv").read_bytes()
    assert published.add(entry(), ledger, "2023-05-05") == 0
    assert (ledger / "published.csv").read_bytes() == before
    assert published.add(entry(seed=4), ledger, "2023-05-05") == 1  # another seed was published
    assert (
        published.add(published.merged([entry(seed=4), entry(PLAN.with_policy("quo", Policy()))]), ledger, "2023-05-06")
        == 1
    )
    after = (ledger / "published.csv").read_bytes()
    assert after.startswith(before) and len(after.splitlines()) == 1 + 3 * 12
    assert published.read(ledger)["published"].unique().tolist() == ["2022-01-10", "2023-05-05", "2023-05-06"]


def test_another_policy_law_or_assumption_is_another_forecast():
    names = [
        set(entry(asked).rows["forecast"])
        for asked in (
            PLAN,
            PLAN.with_policy("the plan", Policy()),
            PLAN.but(law=TODAY),
            PLAN.but(assumptions={"entry_rate": Assumption(value=0.02, low=0.01, high=0.03)}),
        )
    ]
    assert len(set.union(*names)) == 4


def test_an_invented_place_and_somebody_elses_engine_are_not_published():
    quo = Scenario("quo", toy.place(), start="2021-12", until="2022-02", law=toy.law())
    assert entry(quo, ["stock"], draws=2).rows.empty
    stranger = Plain()
    stranger.name = "stranger"
    assert entry(engines=[stranger]).rows.empty


@pytest.mark.parametrize("column, text", [("q500", "1011"), ("seed", "5"), ("engine", "stock"), ("month", "2023-01")])
def test_a_row_that_was_changed_is_found(ledger, column, text):
    path = ledger / "published.csv"
    rows = pd.read_csv(path, dtype=str, keep_default_na=False)
    rows.loc[4, column] = text
    rows.to_csv(path, index=False)
    with pytest.raises(UserError, match="row 2: forecast .* does not say any more"):
        published.read(ledger)
    assert [f.rule for f in check.check_files([path])] == ["published-changed"]
    with pytest.raises(UserError, match="does not say"):
        published.add(entry(seed=9), ledger, "2023-01-01")


def test_a_text_that_was_changed_or_is_gone_is_found(ledger):
    row = published.read(ledger).iloc[0]
    for name in (f"{row['question']}.yaml", f"law-{row['law']}.csv"):
        kept = (ledger / name).read_bytes()
        (ledger / name).write_bytes(kept + b"# one word more\n")
        with pytest.raises(UserError, match=name):
            published.read(ledger)
        (ledger / name).unlink()
        with pytest.raises(UserError, match=name):
            published.read(ledger)
        (ledger / name).write_bytes(kept)
    assert not check.check_files([ledger / "published.csv"])


def test_a_day_that_is_none_and_a_quantile_that_falls_are_errors_and_nothing_is_written(tmp_path):
    for day in ("2022-1-10", "2022-02-30", "today", ""):
        with pytest.raises(UserError, match="YYYY-MM-DD"):
            published.add(entry(), tmp_path / "x", day)
    assert not (tmp_path / "x").exists()
    wrong = entry()
    wrong.rows.loc[2, "q950"] = 0.0
    with pytest.raises(UserError, match="quantiles that rise"):
        published.add(wrong, tmp_path / "x", "2022-01-10")
    assert not list((tmp_path / "x").iterdir())


def test_reports_that_add_at_once_lose_nothing(ledger):
    entries = [entry(seed=s) for s in range(10, 18)]
    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(lambda e: published.add(e, ledger, "2023-01-01"), entries)) == 8
    assert published.read(ledger)["seed"].nunique() == 9
    assert not list(ledger.glob(".*"))


def test_a_ledger_that_is_held_is_named_and_a_failed_write_leaves_it_as_it_was(ledger, monkeypatch):
    monkeypatch.setattr(published, "WAIT", 0.0)
    (ledger / ".lock").touch()
    with pytest.raises(UserError, match=r"\.lock.*delete that file"):
        published.add(entry(seed=5), ledger, "2023-01-01")
    (ledger / ".lock").unlink()
    before = (ledger / "published.csv").read_bytes()

    def full(data, path):
        raise OSError(28, "No space left on device", str(path))

    monkeypatch.setattr(tables, "write_bytes", full)
    with pytest.raises(OSError):
        published.add(entry(seed=5), ledger, "2023-01-01")
    assert (ledger / "published.csv").read_bytes() == before
    assert not list(ledger.glob(".*"))


def test_an_entry_survives_the_way_out_of_a_notebook(ledger):
    answer = project(PLAN, ["plain"], draws=DRAWS, seed=3, jobs=1, progress=False)
    bundle = json.loads(json.dumps(published.entry(answer, [PLAN], seed=3).bundle()))
    assert published.add(published.unbundled(bundle), ledger, "2024-01-01") == 0  # it is the one that is there
    assert published.entry(answer, [], seed=3).rows.empty  # nobody says what it answers


def test_only_counts_that_came_out_in_a_later_month_are_met(ledger):
    counts = counted(("2022-03", 1200), ("2022-06", 900))
    assert set(published.scores(ledger, counts)["month"]) == {"2022-03", "2022-06"}
    published.add(entry(seed=8), ledger, "2022-07-31")  # the source came out in July
    table = published.scores(ledger, counts)
    assert set(table["published"]) == {"2022-01-10"}
    assert list(table.columns) == ["forecast", "published", *score.COLUMNS]
    plain = table[table["level"].isna() & (table["month"] == "2022-06")].set_index("metric")["value"]
    assert plain["error"] == 1010 - 900
    row = published.read(ledger).query("month == '2022-06' and seed == '3'").iloc[0]
    quantiles = row[list(vocabulary.PUBLISHED_QUANTILES)].to_numpy(float)
    assert plain["wis"] == pytest.approx(score.wis(900, quantiles, list(vocabulary.PUBLISHED_QUANTILES.values())))
    assert misses.split(ledger, counted(("2021-06", 5))).empty


def parts(ledger, observed, tmp_path, *done, today=TODAY):
    folder = happened(tmp_path / "scenarios", *done) if done else tmp_path / "none"
    found = misses.split(ledger, counted(("2022-06", observed)), law=today, happened=folder, progress=False)
    assert len(found) == 1
    row = found.iloc[0]
    assert row["total"] == observed - 1010 and row["median"] == 1010
    assert row[published.PARTS].sum() == pytest.approx(row["total"], abs=1e-9)
    return row[published.PARTS].tolist(), row["told"]


SPREAD = np.quantile(MIDDLE, 0.95)  # of chance alone, persons around 1,090 of the settled engine


def test_each_part_of_a_miss_is_known_in_a_case_made_for_it(ledger, tmp_path):
    done = (Visits(count=10),)  # the top-up never came: 30 more in this engine's odd world
    center = 1010 + 80 + 30
    room = SPREAD / 1120 * center
    for rest in (0.0, 20.0, -20.0):
        assert parts(ledger, center + rest, tmp_path, *done) == (pytest.approx([80, 30, rest, 0]), "")
    for sign in (1, -1):
        found, _ = parts(ledger, center + sign * 300, tmp_path, *done)
        assert found == pytest.approx([80, 30, sign * room, sign * (300 - room)])


def test_a_law_that_stayed_has_no_part_and_what_nobody_wrote_down_is_told(ledger, tmp_path):
    found, told = parts(ledger, 1010, tmp_path, today=THEN)
    assert found == [0, 0, 0, 0] and told == "what was done is not recorded"
    found, _ = parts(ledger, 1020, tmp_path, today=law(900_000))
    assert found == pytest.approx([20, 0, -10, 0])


def test_an_engine_that_is_deaf_to_what_was_done_says_so(ledger, tmp_path, monkeypatch):
    def run(self, scenario, draws, seed, ordinary=Plain.run):
        rows = ordinary(self, scenario, draws, seed)
        return rows[:0] if scenario.scenario == "done" else rows

    monkeypatch.setattr(Plain, "run", run)
    found, told = parts(ledger, 1100, tmp_path, Reminders(share=0.5))
    assert found == pytest.approx([80, 0, 10, 0]) and told == "plain is deaf to what was done"


def test_a_forecast_that_cannot_be_run_again_is_all_model_and_says_why(ledger, tmp_path, monkeypatch):
    def run(self, scenario, draws, seed):
        raise UserError("no such engine any more")

    monkeypatch.setattr(Plain, "run", run)
    found, told = parts(ledger, 1100, tmp_path)
    assert found == [0, 0, 0, 90] and "no such engine any more" in told


@pytest.mark.parametrize("engine", ["stock", "series"])
def test_the_projects_own_engines_leave_less_to_chance_than_they_doubt(engine, tmp_path):
    """By priors: what a baseline of counts leaves open is mostly chance; there is little to narrow."""
    quo = Scenario("quo", "Cà Mau", start="2021-12", until="2022-06", law=TODAY, learned="priors")
    calm, settled = misses._settled(quo, experiment.engine_of(engine))
    wide, narrow = (
        project(asked, [e], draws=60, jobs=1, progress=False)
        .at("2022-06")
        .only(measure="members", group="all")
        .frame["value"]
        for e, asked in ((engine, quo), (calm, settled))
    )
    assert 0 < narrow.std() < 0.9 * wide.std()
    published.add(entry(quo, [engine], draws=20), tmp_path, "2022-01-10")
    found = misses.split(tmp_path, counted(("2022-06", 21824)), happened=tmp_path, progress=False)
    assert found[published.PARTS].sum(axis=1).to_numpy() == pytest.approx(found["total"].to_numpy())
    assert found["law_part"].tolist() == [0.0]


def test_a_report_publishes_what_its_notebooks_forecast(tmp_path, monkeypatch):
    code = (
        "import forecast as f\nquo = f.Scenario('quo', 'Cà Mau', start='2021-12', until='2022-02')\n"
        "answer = f.project(quo, ['stock'], draws=DRAWS, seed=SEED, jobs=1, progress=False)\n"
        "page.publish(answer, quo, seed=SEED)\nmore = f.project(quo, ['stock'], draws=3, jobs=1, progress=False)"
    )
    settings = "from forecast.publish import page\nLANG, DRAWS, SEED = page.settings(draws=9, seed=7)"
    book = new_notebook(
        cells=[
            new_code_cell(settings, metadata={"tags": ["settings"]}),
            new_code_cell(code, metadata={"tags": ["run"]}),
        ]
    )
    (tmp_path / "notebooks").mkdir()
    path = tmp_path / "notebooks" / "00_x.ipynb"
    path.write_text(site.nbformat.writes(book), encoding="utf-8")

    def publish(done, langs, out, pdf=False, ready=None, facts=None):
        ready()
        out.mkdir(exist_ok=True)
        cells = [cell for made in done.values() for lang in langs for cell in made[lang].cells]
        (out / "index.html").write_text(str(cells), encoding="utf-8")
        (out / audit.MARK).write_text("{}")

    for name, value in {"NOTEBOOKS": path.parent, "BUILD": tmp_path / "build", "publish": publish}.items():
        monkeypatch.setattr(site, name, value)
    more = {"out": tmp_path / "site", "draws": 5, "progress": False, "ledger": tmp_path / "ledger"}
    site.build(**more, day="2022-01-01")
    before = (tmp_path / "ledger" / "published.csv").read_bytes()
    rows = published.read(tmp_path / "ledger")
    assert rows["forecast"].nunique() == 1  # what the page did not publish is not there
    row = rows.iloc[0]
    assert (row["engine"], row["draws"], row["seed"], row["published"]) == ("stock", 5, "7", "2022-01-01")
    page = (tmp_path / "site" / "index.html").read_text(encoding="utf-8")
    assert "origin" not in page  # what is published is handed over beside the page, and not shown
    site.build(**more, day="2022-02-02")  # from what was kept
    assert (tmp_path / "ledger" / "published.csv").read_bytes() == before
    site.build(**more | {"ledger": None})
    with pytest.raises(UserError, match="YYYY-MM-DD"):
        site.build(**more, day="2022")


def test_publishing_changes_no_hash_of_what_forecasts_are_made_from(tmp_path, monkeypatch):
    data = tmp_path / "data"
    data.mkdir()
    for file in tables.data_dir().glob("*.csv"):
        (data / file.name).write_bytes(file.read_bytes())
    monkeypatch.setenv("FORECAST_DATA", str(data))
    before = site._hashes(), published._data_hash()
    published.add(entry(), published.ledger(), "2022-01-10")
    assert (site._hashes(), published._data_hash()) == before
    assert published.ledger().parent == data and (published.ledger() / "published.csv").exists()


def test_the_command_judges_what_was_published(ledger, tmp_path, command):
    words = ("backtest", "--published", "--ledger", ledger, "--jobs", 1, "--out", tmp_path / "x")
    said = command(*words, "ca-mau")
    folder = tmp_path / "x"
    assert sorted(p.name for p in folder.iterdir()) == ["manifest.json", "parts.csv", "scores.csv"]
    found = pd.read_csv(folder / "parts.csv")
    assert found["month"].tolist() == ["2022-06"] and found["total"].tolist() == [21824 - 1010]
    assert re.search(r"Cà Mau +Jun.2022 +plain +20,814 +80", said), said
    facts_of_it = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    assert facts_of_it["engines"] == ["plain"] and facts_of_it["ledger"] == str(ledger)
    assert "none met by a count" in command(*words, "ha-noi", "--force", code=1)
    assert (folder / "parts.csv").exists()


def test_wrong_words_are_one_message(ledger, tmp_path, command):
    assert "PLACES" in command("backtest", code=2)
    assert "never" in command("backtest", "--published", "--ledger", tmp_path / "never", code=2)
    assert "YYYY-MM-DD" in command("report", "--day", "soon", "--out", tmp_path / "site", code=1)
    (ledger / "published.csv").write_text("a,b\n1,2\n")
    assert "published.csv" in command("backtest", "--published", "--ledger", ledger, code=1)
    assert "published.csv" in command("report", "--ledger", ledger, "--out", tmp_path / "site", code=1)
    assert not (tmp_path / "site").exists()
