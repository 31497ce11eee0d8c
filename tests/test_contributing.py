"""What CONTRIBUTING.md gives as examples works: the class of a lever, its rows, and an engine."""

import csv
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
BLOCKS = re.findall(r"```(\w+)\n(.*?)```", (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"), re.S)

TRIED = """
import numpy as np
from forecast.data import toy
from forecast.question.plan import COLUMNS
from forecast.question.scenario import Scenario, read_scenario
import engine, test_lever

test_lever.test_calls_stand_in_their_column_at_their_cost()
calls = np.full((2, 1), 0.8)
effect = COLUMNS["calls"].effect(calls, {"call_reach": np.array([0.5, 0.25])})
assert effect.called[0].tolist() == [[0.4, 0.2]]
assert read_scenario("calls.yaml").plan.calls.max() == 0.8
quo = Scenario("quo", toy.place(), start="2021-12", until="2022-03", law=toy.law())
rows = engine.StillEngine().run(quo, range(3), 1)
assert len(rows) == 12 and set(rows["value"]) == {quo.opening[0]}
"""


def block(words: str) -> str:
    """The one example in which these words stand."""
    (text,) = (text for _, text in BLOCKS if words in text)
    return text


def test_the_lever_and_the_engine_do_what_the_page_says(tmp_path):
    """In a copy of the project, file by file as the page says."""
    for folder in ("src/forecast", "data", "docs"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    for path, words in (
        ("src/forecast/question/levers/phone_calls.py", "class PhoneCalls"),
        ("calls.yaml", "scenario: da-bac-calls"),
        ("test_lever.py", "def test_fewer_lapse"),
        ("engine.py", "class StillEngine"),
    ):
        (tmp_path / path).write_text(block(words), encoding="utf-8")
    for path, words in (("data/parameters.csv", "call_reach,parameter"), ("docs/words.csv", "lever.PhoneCalls,")):
        with (tmp_path / path).open("a", encoding="utf-8") as table:
            table.write(block(words))
    (tmp_path / "tried.py").write_text(TRIED, encoding="utf-8")
    found = os.environ | {"PYTHONPATH": os.pathsep.join([str(tmp_path / "src"), str(ROOT / "tests")])}
    subprocess.run([sys.executable, "tried.py"], check=True, timeout=300, env=found, cwd=tmp_path)


def test_the_rows_have_the_columns_of_their_tables():
    for words, table in (
        ("call_reach,parameter", "data/parameters.csv"),
        ("lever.PhoneCalls,", "docs/words.csv"),
        ("engine.still,", "docs/words.csv"),
    ):
        with (ROOT / table).open(encoding="utf-8", newline="") as lines:
            columns = next(csv.reader(lines))
        assert {len(row) for row in csv.reader(block(words).splitlines())} == {len(columns)}, table


def test_files_that_the_page_names_exist():
    page = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    made = {
        "src/forecast/question/levers/phone_calls.py",
        "src/forecast/engines/still.py",
        "tests/levers/test_phonecalls.py",
    }
    named = set(re.findall(r"`((?:src|docs|data|tests)/[\w./-]+\.(?:py|md|csv))`", page)) - made
    assert named and [name for name in named if not (ROOT / name).exists()] == []
