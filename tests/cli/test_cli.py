"""What the command line promises: its files, its exit codes, one message for wrong input, and nothing half done."""

import hashlib
import json
import re
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
import yaml
from click.testing import CliRunner

from forecast.answer.projection import COLUMNS, Projection
from forecast.cli import main
from forecast.cli.common import MANIFEST, PARTS
from forecast.data import tables
from forecast.data.folders import locked
from forecast.data.vocabulary import MONEY
from forecast.engines.people.agents import AgentEngine
from forecast.engines.people.stock import StockEngine
from forecast.experiment import project

SCENARIOS = tables.data_dir() / "scenarios"
PLAN, QUO = SCENARIOS / "da-bac-plan.yaml", SCENARIOS / "da-bac-status-quo.yaml"
DRAWS = 6
QUICK = ("--draws", DRAWS, "--jobs", 1, "--engines", "stock")
COMMANDS = ("check", "project", "compare", "target", "backtest", "baseline", "report")


def forecast(*words, code=0):
    """Run the command in this process; whatever happens there is no traceback."""
    result = CliRunner().invoke(main, [str(w) for w in words])
    assert result.exception is None or isinstance(result.exception, SystemExit), repr(result.exception)
    assert "Traceback" not in result.output
    assert result.exit_code == code, result.output
    return result


def sha(path) -> str:
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


def files(folder) -> list[str]:
    return sorted(p.name for p in Path(folder).iterdir()) if Path(folder).exists() else []


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    """One finished run of each command that makes a folder, and what it said."""
    root = tmp_path_factory.mktemp("done")
    words = {
        "project": ("project", PLAN, QUO, *QUICK),
        "compare": ("compare", PLAN, *QUICK),
        "target": ("target", PLAN, "--probability", 0.5, *QUICK),
    }
    said = {name: forecast(*command, "--out", root / name) for name, command in words.items()}
    return root, said


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_every_command_explains_itself(command):
    said = forecast(*command.split(), "--help").output
    assert said.startswith("Usage:")
    for name in COMMANDS if not command else ():
        assert name in said
    assert forecast(*command.split(), "-h").output == said


def test_the_package_is_a_command_and_a_module():
    run = subprocess.run(
        [sys.executable, "-m", "forecast", "project", str(SCENARIOS / "never.yaml")], capture_output=True, text=True
    )
    assert run.returncode == 2
    assert "never.yaml" in run.stderr
    assert "Traceback" not in run.stderr
    assert re.search(r"^\w+ \d+\.\d+", forecast("--version").output)


def test_project_writes_its_files(done):
    folder = done[0] / "project"
    assert files(folder) == ["fan.png", "manifest.json", "projection.parquet", "summary.csv"]
    answer = Projection.read(folder / "projection.parquet")
    assert list(answer.frame.columns) == COLUMNS
    assert answer.frame["draw"].nunique() == DRAWS
    assert set(answer.frame["scenario"]) == {"da-bac-plan", "da-bac-status-quo"}
    assert answer.ledger_faults().empty
    summary = pd.read_csv(folder / "summary.csv")
    assert {"scenario", "engine", "month", "group", "measure", "mean", "low", "median", "high"} <= set(summary.columns)
    assert (folder / "fan.png").read_bytes().startswith(b"\x89PNG")


def test_compare_writes_its_files_and_takes_the_status_quo_as_base(done):
    folder = done[0] / "compare"
    assert files(folder) == ["answer.md", "comparison.csv", "comparison.png", "manifest.json"]
    table = pd.read_csv(folder / "comparison.csv")
    assert set(table["scenario"]) == {"da-bac-plan"}
    assert {"members", "entries", "member_years", "money", "cost_per_member_year"} <= set(table["measure"])
    assert {"state", "province", "donors", "office"} <= set(table["payer"])
    assert [s["scenario"] for s in json.loads((folder / MANIFEST).read_text())["scenarios"]] == [
        "status quo",
        "da-bac-plan",
    ]


def test_compare_follows_people_where_the_agents_answer(tmp_path):
    forecast("compare", PLAN, "--draws", "4", "--jobs", "1", "--out", tmp_path)
    assert "join because of the policy" in (tmp_path / "answer.md").read_text(encoding="utf-8")
    pictures = ["after.png", "comparison.png", "people.png"]
    assert files(tmp_path) == sorted(
        ["additional.csv", "after.csv", "answer.md", "comparison.csv", "manifest.json", *pictures]
    )
    people = pd.read_csv(tmp_path / "additional.csv")
    assert {"persons", "member_years", "once", "creaming", "equity"} <= set(people["measure"])
    assert set(pd.read_csv(tmp_path / "after.csv")["scenario"]) == {"da-bac-plan"}


def test_target_writes_its_files_and_says_the_answer(done):
    folder = done[0] / "target"
    assert files(folder) == ["answer.md", "manifest.json", "target.json", "target.png", "ways.csv"]
    result = json.loads((folder / "target.json").read_text(encoding="utf-8"))
    assert set(result) == {"desk", "path", "effort", "ways", "standing", "trust"}
    assert [row["month"] for row in result["standing"]] == ["2020-12", "2020-12", "2021-03"]
    assert result["standing"][0]["probability"] == result["desk"][0]["probability"]
    ways = [way["way"] for way in result["ways"]]
    assert {"Collectors", "Visits", "ModelCommunes", "TopUp/all", "Reminders"} <= set(ways)
    assert all(way["total"] == pytest.approx(sum(way[p] for p in MONEY)) for way in result["ways"])
    desk = result["desk"][0]
    assert (desk["target"], desk["by"], desk["engine"]) == (750, "2020-12", "stock")
    assert 0 <= desk["probability"] <= 1
    assert result["path"][-1]["needed"] == pytest.approx(750)
    said = done[1]["target"].output
    assert "Đà Bắc reaches 750 members by December 2020 with probability" in said
    assert "number of collectors" in said
    assert "**" not in said
    assert "| :--" not in said


@pytest.mark.parametrize("command", ["project", "compare", "target"])
def test_the_manifest_knows_every_file_by_its_hash(command, done):
    folder = done[0] / command
    facts = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    assert facts["files"] == [n for n in files(folder) if n != MANIFEST]
    assert facts["sha256"] == {n: sha(folder / n) for n in facts["files"]}
    assert (facts["draws"], facts["seed"], facts["engines"]) == (DRAWS, 1, ["stock"])
    for name, digest in facts["data"].items():
        assert sha(tables.data_dir() / name).startswith(digest)


def test_running_twice_gives_the_same_bytes(done, tmp_path):
    forecast("project", PLAN, QUO, *QUICK, "--out", tmp_path / "again")
    for name in ("projection.parquet", "summary.csv", "fan.png"):
        assert sha(tmp_path / "again" / name) == sha(done[0] / "project" / name), name
    forecast("project", PLAN, QUO, *QUICK, "--seed", 2, "--out", tmp_path / "other")
    assert sha(tmp_path / "other" / "projection.parquet") != sha(done[0] / "project" / "projection.parquet")


def test_all_three_engines_answer_and_one_says_to_what_it_is_deaf(tmp_path):
    said = forecast("project", PLAN, QUO, "--draws", 3, "--jobs", 1, "--out", tmp_path / "x")
    answer = Projection.read(tmp_path / "x" / "projection.parquet").frame
    engines = answer.groupby("scenario", observed=True)["engine"].agg(lambda e: set(e))
    assert engines["da-bac-status-quo"] == {"agents", "stock", "pool"}
    assert engines["da-bac-plan"] == {"agents", "stock"}
    assert "pool has no estimate for da-bac-plan: it cannot take in" in said.output
    assert Projection(answer).ledger_faults().empty


def test_an_older_run_is_only_replaced_when_asked(done, tmp_path):
    out = tmp_path / "x"
    forecast("project", QUO, *QUICK, "--out", out)
    before = {n: sha(out / n) for n in files(out)}
    said = forecast("project", PLAN, *QUICK, "--out", out, code=2).output
    assert "older run" in said
    assert "--force" in said
    assert {n: sha(out / n) for n in files(out)} == before
    (out / "mine.txt").write_text("not of a run")
    forecast("target", PLAN, *QUICK, "--out", out, "--force")
    assert files(out) == [
        "answer.md",
        "manifest.json",
        "mine.txt",
        "target.json",
        "target.png",
        "ways.csv",
    ]  # nothing of the older run is left


def test_somebody_elses_folder_is_left_alone(tmp_path):
    (tmp_path / "thesis.docx").write_text("years of work")
    for force in ((), ("--force",)):
        said = forecast("project", QUO, *QUICK, "--out", tmp_path, *force, code=2).output
        assert "holds no run of forecast" in said
    (tmp_path / MANIFEST).write_text("{broken")
    assert MANIFEST in forecast("project", QUO, *QUICK, "--out", tmp_path, "--force", code=1).output
    (tmp_path / MANIFEST).write_text('{"files": ["../precious.txt"]}')
    (tmp_path.parent / "precious.txt").write_text("outside")
    forecast("project", QUO, *QUICK, "--out", tmp_path, "--force")
    assert (tmp_path.parent / "precious.txt").exists()
    assert (tmp_path / "thesis.docx").exists()


def test_a_killed_run_goes_on_where_it_was(done, tmp_path, monkeypatch):
    monkeypatch.setattr(project, "CHUNK", 2)
    asked, engine_run = [], StockEngine.run

    def counted(self, scenario, draws, seed):
        if len(asked) == 2 and not resumed:
            raise KeyboardInterrupt
        asked.append((scenario.scenario, draws.start))
        return engine_run(self, scenario, draws, seed)

    monkeypatch.setattr(StockEngine, "run", counted)
    out, resumed = tmp_path / "x", False
    assert "goes on from here" in forecast("project", PLAN, QUO, *QUICK, "--out", out, code=1).output
    assert files(out) == [PARTS]
    assert len(files(out / PARTS)) == 2
    resumed = True
    forecast("project", PLAN, QUO, *QUICK, "--out", out)
    assert asked == [(s, d) for s in ("da-bac-plan", "da-bac-status-quo") for d in (0, 2, 4)]
    assert files(out) == files(done[0] / "project")
    assert sha(out / "projection.parquet") == sha(done[0] / "project" / "projection.parquet")


def test_a_second_run_into_one_folder_is_refused_at_once(tmp_path):
    with locked(tmp_path / "x"):
        for force in ((), ("--force",)):
            said = forecast("project", QUO, *QUICK, "--out", tmp_path / "x", *force, code=1).output
            assert re.search(r"x: process \d+ on .* is writing there", said.replace("\n", " "))
    forecast("project", QUO, *QUICK, "--out", tmp_path / "x")
    assert files(tmp_path / "x") == ["fan.png", "manifest.json", "projection.parquet", "summary.csv"]


def scenario(folder, **changes):
    """A copy of Đà Bắc's status quo with some keys changed; a key of None is taken out."""
    data = yaml.safe_load(QUO.read_text(encoding="utf-8")) | changes
    path = folder / "mine.yaml"
    path.write_text(
        yaml.safe_dump({k: v for k, v in data.items() if v is not None}, allow_unicode=True), encoding="utf-8"
    )
    return path


LEVER = {"lever": "TopUp", "group": "poor"}
# What somebody may get wrong -> words that the message must hold: key, value, what was expected.
WRONG = {
    "unknown place": ({"place": "Đà Bắk"}, ["Đà Bắk", "Đà Bắc"]),
    "unknown key": ({"untill": "2020-12"}, ["untill", "2020-12", "not permitted"]),
    "missing key": ({"start": None}, ["start", "required"]),
    "wrong month": ({"until": "2020-13"}, ["until", "2020-13", "YYYY-MM|pattern"]),
    "month as a number": ({"start": 2019}, ["start", "2019", "a month, such as 2019-01 or 2019-12"]),
    "end before start": ({"until": "2018-12", "target": None}, ["until", "2018-12", "not after start 2019-06"]),
    "negative share": (
        {"policy": [LEVER | {"share": -0.1}]},
        ["policy.0.TopUp.share", "-0.1", "greater than or equal to 0"],
    ),
    "share above one": ({"policy": [LEVER | {"share": 20}]}, ["policy.0.TopUp.share", "20", "less than or equal to 1"]),
    "unknown lever": ({"policy": [{"lever": "Bonus"}]}, ["policy.0", "Bonus", "TopUp"]),
    "unknown group": ({"policy": [LEVER | {"share": 0.1, "group": "rich"}]}, ["TopUp.group", "rich", "near_poor"]),
    "unknown commune": (
        {"policy": [{"lever": "Visits", "count": 1, "where": {"communes": ["Xã Không"]}}]},
        ["policy.0", "Xã Không", "Đà Bắc/"],
    ),
    "target after the end": (
        {"target": {"value": 750, "by": "2021-12"}},
        ["target.by", "2021-12", "2019-07 to 2020-12"],
    ),
    "flow from before the start": (
        {"target": {"measure": "entries", "value": 9, "since": "2019-01", "by": "2020-12"}},
        ["target.since", "2019-01", "2019-07 to 2020-12"],
    ),
    "flow without a beginning": ({"target": {"measure": "entries", "value": 9, "by": "2020-12"}}, ["target", "since"]),
    "negative target": ({"target": {"value": -750, "by": "2020-12"}}, ["target.value", "-750", "greater"]),
    "unknown assumption": ({"assumptions": {"entry_rat": 0.1}}, ["entry_rat", "entry_rate"]),
    "impossible assumption": ({"assumptions": {"annual_lapse": 1.2}}, ["annual_lapse", "1.2", "below 1"]),
    "no number": ({"assumptions": {"entry_rate": float("nan")}}, ["entry_rate", "nan", "above 0"]),
    "spread out of order": (
        {"assumptions": {"entry_rate": {"value": 0.5, "low": 0.6, "high": 0.7}}},
        ["entry_rate", "low <= value <= high", "0.6"],
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_wrong_input_gets_one_message_that_names_file_key_value_and_what_was_expected(case, tmp_path):
    changes, words = WRONG[case]
    said = forecast("project", scenario(tmp_path, **changes), *QUICK, "--out", tmp_path / "x", code=1).output
    assert said.startswith("forecast: ")
    assert said.count("forecast: ") == 1
    for word in ["mine.yaml", *words]:
        assert re.search(word if "|" in word else re.escape(word), said), f"{word!r} is not in {said!r}"
    assert files(tmp_path) == ["mine.yaml"]  # nothing was begun


@pytest.mark.parametrize(
    "text, words",
    [
        ("scenario: [", "not readable as YAML"),
        ("- a\n- b", "expected a mapping"),
        ("", "expected a mapping"),
        ("a: \x00", "YAML"),
    ],
)
def test_a_file_that_is_no_scenario_is_named(text, words, tmp_path):
    (tmp_path / "mine.yaml").write_text(text)
    said = forecast("project", tmp_path / "mine.yaml", *QUICK, "--out", tmp_path / "x", code=1).output
    assert "mine.yaml" in said
    assert words in said


def test_a_file_in_another_encoding_is_named(tmp_path):
    (tmp_path / "mine.yaml").write_bytes("place: Đà Bắc".encode("utf-16"))
    assert "mine.yaml" in forecast("project", tmp_path / "mine.yaml", "--out", tmp_path / "x", code=1).output


def test_all_faults_of_all_files_come_at_once(tmp_path):
    one = scenario(tmp_path, until="2020-13", place=None)
    (tmp_path / "other.yaml").write_text("- a")
    said = forecast("project", one, tmp_path / "other.yaml", PLAN, *QUICK, "--out", tmp_path / "x", code=1).output
    assert said.count("forecast: ") == 1
    for word in ("mine.yaml", "until", "place", "other.yaml"):
        assert word in said


def test_the_same_name_twice_stops_before_anything_is_deleted(done, tmp_path):
    out = tmp_path / "x"
    forecast("project", QUO, *QUICK, "--out", out)
    said = forecast("project", QUO, QUO, *QUICK, "--out", out, "--force", code=1).output
    assert "da-bac-status-quo" in said
    assert MANIFEST in files(out)


@pytest.mark.parametrize(
    "words, named",
    [
        (["project", "never.yaml"], "never.yaml"),
        (["project"], "SCENARIOS"),
        (["project", QUO, "--draws", 0], "--draws"),
        (["project", QUO, "--draws", "many"], "many"),
        (["project", QUO, "--engines", "agents,oracle"], "oracle.*agents, stock, series"),
        (["project", QUO, "--engines", ","], "--engines"),
        (["project", QUO, "--seed", -1], "--seed"),
        (["project", QUO, "--lang", "fr"], "fr"),
        (["target", QUO, "--probability", 1.5], "--probability"),
        (["target", QUO, PLAN], "nothing asks for this"),
        (["compare", PLAN, QUO, "--base", "never"], "never.*da-bac-plan"),
        (["report", "--lang", "fr"], "fr"),
        (["predict"], "predict"),
        (["check", "never.csv"], "never.csv"),
    ],
)
def test_wrong_usage_exits_with_2_and_names_it(words, named, tmp_path):
    with_out = [] if words[0] in ("check", "predict") else ["--out", tmp_path / "x"]
    said = forecast(*words, *with_out, code=2).output
    assert re.search(named, said.replace("\n", " "))
    assert files(tmp_path) == []


def test_a_target_needs_a_target(tmp_path):
    said = forecast("target", scenario(tmp_path, target=None), *QUICK, "--out", tmp_path / "x", code=1).output
    assert "mine.yaml: no target; expected target: {measure, value, by}" in said
    assert files(tmp_path) == ["mine.yaml"]


def test_only_the_same_place_and_months_are_compared(tmp_path):
    other = scenario(tmp_path, until="2020-11", scenario="shorter", target=None)
    said = forecast("compare", PLAN, other, *QUICK, "--out", tmp_path / "x", code=1).output
    for word in ("shorter", "2020-11", "da-bac-plan", "2020-12"):
        assert word in said
    assert files(tmp_path) == ["mine.yaml"]


def test_a_target_of_active_members_is_answered(tmp_path):
    mine = scenario(tmp_path, target={"measure": "active_9of12", "value": 1, "by": "2020-12"})
    forecast("target", mine, "--draws", 2, "--jobs", 1, "--engines", "agents", "--out", tmp_path / "x")
    assert files(tmp_path / "x") == [
        "answer.md",
        "manifest.json",
        "target.json",
        "ways.csv",
    ]  # no path: it is drawn for members


def test_a_place_where_nothing_can_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    said = forecast("project", QUO, *QUICK, "--out", tmp_path / "file" / "x", code=1).output
    assert "file" in said
    assert said.startswith("forecast: ")


def test_a_full_disk_leaves_no_finished_run_and_no_half_files(tmp_path, monkeypatch):
    def full(*args, **kwargs):
        raise OSError(28, "No space left on device", "summary.csv")

    monkeypatch.setattr(tables, "write", full)
    said = forecast("project", QUO, *QUICK, "--out", tmp_path / "x", code=1).output
    assert "summary.csv: no space is left on the disk" in said
    assert files(tmp_path / "x") == [PARTS, "projection.parquet"]
    monkeypatch.undo()
    forecast("project", QUO, *QUICK, "--out", tmp_path / "x")  # goes on without --force
    assert MANIFEST in files(tmp_path / "x")


def test_a_mistake_of_ours_is_not_hidden(tmp_path, monkeypatch):
    def broken(self, scenario, draws, seed):
        raise ZeroDivisionError

    monkeypatch.setattr(AgentEngine, "run", broken)
    words = ["project", str(QUO), "--draws", "1", "--jobs", "1", "--engines", "agents", "--out", str(tmp_path / "x")]
    assert isinstance(CliRunner().invoke(main, words).exception, ZeroDivisionError)


def test_check_says_whether_a_scenario_can_be_run(tmp_path):
    forecast("check", QUO)
    said = forecast("check", scenario(tmp_path, until="2020-13"), code=1).output
    assert "mine.yaml" in said
    found = json.loads(forecast("check", "--json", tmp_path / "mine.yaml", code=1).output)
    assert "2020-13" in json.dumps(found, ensure_ascii=False)


def test_check_reads_a_projection(done):
    forecast("check", done[0] / "project" / "projection.parquet")
