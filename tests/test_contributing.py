"""What CONTRIBUTING.md gives as examples works: the class of a lever, its rows, and an engine."""

import csv
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
BLOCKS = re.findall(r"```(\w+)\n(.*?)```", (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"), re.S)

TRIED = """
import numpy as np
from forecast.data import toy
from forecast.question.levers import LEVERS
from forecast.question.plan import COLUMNS, empty_plan
from forecast.question.scenario import Scenario
import lever, engine

plan = empty_plan(toy.place(), "2021-12", "2022-12")
LEVERS["PhoneCalls"](share=0.8, start="2022-01", unit_cost=1000)._apply(plan, toy.place())
assert plan.changed(empty_plan(toy.place(), "2021-12", "2022-12")) == {"calls"}
effect = COLUMNS["calls"].effect(plan.calls, {"call_reach": np.array([0.5, 0.25])})
assert effect.called[:2, 0].tolist() == [[0.0, 0.0], [0.4, 0.2]]
quo = Scenario("quo", toy.place(), start="2021-12", until="2022-03", law=toy.law())
rows = engine.StillEngine().run(quo, range(3), 1)
assert len(rows) == 12 and set(rows["value"]) == {quo.opening[0]}
"""


def block(words: str) -> str:
    """The one example in which these words stand."""
    (text,) = (text for _, text in BLOCKS if words in text)
    return text


def test_the_lever_and_the_engine_do_what_the_page_says(tmp_path):
    (tmp_path / "lever.py").write_text(block("class PhoneCalls"), encoding="utf-8")
    (tmp_path / "engine.py").write_text(block("class StillEngine"), encoding="utf-8")
    (tmp_path / "tried.py").write_text(TRIED, encoding="utf-8")
    subprocess.run([sys.executable, tmp_path / "tried.py"], check=True, timeout=300)


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
