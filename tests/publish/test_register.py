"""Every figure that a page shows is told to the register of published figures: of pictures by what they write."""

import ast
import functools
import re
from pathlib import Path

import nbformat
import pandas as pd
import pytest

from forecast.answer import stated
from forecast.desk.compare import comparison
from forecast.desk.target import needed_path, target_table
from forecast.language import words
from forecast.publish import page
from forecast.show import policy, projection, register, target
from made import answer, question

ROOT = Path(__file__).parents[2]
PLAN, QUIET = question(), question("status quo")
ANSWER = answer(PLAN, QUIET)
PICTURES = {
    "fan": lambda: projection.fan(ANSWER, [PLAN, QUIET], lang="en"),
    "groups": lambda: policy.groups(ANSWER, PLAN, lang="en"),
    "versus": lambda: policy.versus(comparison(ANSWER, "status quo"), "en"),
    "target": lambda: target.picture(target_table(ANSWER, PLAN), needed_path(ANSWER, PLAN), PLAN, "en"),
}
# Modules whose figures are of tables of data and sources, of the code or of a table that a reader gave, and of no
# question; what is shown of single runs, of learning, and of what people may look for is no forecast either.
NO_QUESTION = {"figures", "history", "law", "levers", "model", "contents", "spreadsheet", "evidence"}
NO_FORECAST = {
    "score.backtest": "forecasts of earlier origins, each scored in data/exam.csv",
    "calibration.": "what counts taught about parameters",
    "communes.": "one run, followed month by month",
    "teams.months": "one run, followed month by month",
    "teams.by_draw": "nothing shown",
    "teams.beside": "nothing shown",
    "exam.misses": "rows of data/exam.csv",
    "exam.price": "how many draws there are",
    "exam.checks": "nothing shown",
    "exam.checks_text": "rows of data/exam.csv",
    "exam.checks_table": "rows of data/exam.csv",
    "exam.read": "nothing shown",
    "costs.held": "words",
    "sliders.sliders": "worked out on the page from runs of a surface, with its error",
    "policy.paired_text": "words",
    "equal_money.titles": "words",
    "board_desk.year_of": "nothing shown",
    "board.notes": "counts of rows",
    "picture.speaks": "nothing shown",
    "uncertainty.cost_text": "runs of the study",
    "uncertainty.basis_text": "shares of the study by parameter, added up",
}


def free(name: str) -> bool:
    """Does a function of `show` show nothing that a run says of a question?"""
    module = name.partition(".")[0]
    return module in NO_QUESTION or name in NO_FORECAST or f"{module}." in NO_FORECAST


BESIDE = {  # what shows figures that another function of the same page tells, from the same table
    "equal_money.beside": "equal_money.text",
    "equal_money.chances": "equal_money.text",
    "equal_money.table": "equal_money.text",
    "equal_money.left_table": "equal_money.text",
    "hours.picture": "hours.text",
    "allocation.picture": "allocation.text",
    "target.agreement": "target.desk_table",
}


@pytest.mark.parametrize("name", PICTURES)
def test_the_figures_that_a_picture_writes_are_told(name, tmp_path, monkeypatch):
    monkeypatch.setenv(page.FOLDER, str(tmp_path))
    picture = PICTURES[name]()
    monkeypatch.delenv(page.FOLDER)
    figures = stated.read_figures(tmp_path)
    goal = PLAN.target.value
    known = {words.about(one.value, "en").lstrip("+−-") for one in figures}
    known |= {words.number(one.value, "en") for one in figures} | {words.number(goal, "en")}
    chances = {
        words.chance(words.Chance(one.value, one.draws), "en") for one in figures if one.draws and one.value <= 1
    }
    alt = re.sub(r"\b[A-Z][a-z]+ \d{4}", "", picture.alt).replace("90% interval", "")
    for chance in chances:
        alt = alt.replace(chance, "")
    written = set(re.findall(r"\d[\d,.]*\d|\d", alt))
    assert figures and len(written) > 1
    assert written <= known, written - known


def test_groups_tell_each_group_with_its_draws(tmp_path, monkeypatch):
    monkeypatch.setenv(page.FOLDER, str(tmp_path))
    policy.groups(ANSWER, PLAN, lang="vi")
    medians = [one for one in stated.read_figures(tmp_path) if one.statistic == "median"]
    assert len({one.group for one in medians}) == 4 and all(one.draws > 1 for one in medians)


def test_a_province_among_the_five_places_is_told_as_the_board_tells_it(tmp_path, monkeypatch):
    """Medians of draws have halves; the board tells whole persons, and one question has one number."""
    row = {"en": "Hà Nội", "now": 10.5, "december": 11.5, "march": 9.5, "goal": 20.5, "goal_lasting": 15.25}
    monkeypatch.setenv(page.FOLDER, str(tmp_path))
    register.five(pd.DataFrame([row | {"low": 7.75, "high": 30.5, "taken": 1.5}]))
    assert {one.value % 1 for one in stated.read_figures(tmp_path)} == {0.0}


@functools.cache
def calls(module: str) -> dict[str, set[str]]:
    """What each function of a module of `show` calls, by its last name (`register.ways` by both)."""
    tree = ast.parse((ROOT / "src" / "forecast" / "show" / f"{module}.py").read_text(encoding="utf-8"))
    found = {}
    for one in ast.walk(tree):
        if isinstance(one, ast.FunctionDef):
            found[one.name] = {ast.unparse(call.func) for call in ast.walk(one) if isinstance(call, ast.Call)}
    return found


@functools.cache
def borrowed(module: str) -> dict[str, str]:
    """What a module of `show` takes from another: name -> that module."""
    tree = ast.parse((ROOT / "src" / "forecast" / "show" / f"{module}.py").read_text(encoding="utf-8"))
    taken = [one for one in ast.walk(tree) if isinstance(one, ast.ImportFrom)]
    return {
        name.name: one.module.rpartition(".")[2]
        for one in taken
        for name in one.names
        if (one.module or "").startswith("forecast.show.")
    }


def tells(module: str, name: str, seen: frozenset[tuple[str, str]] = frozenset()) -> bool:
    """Does a function of `show` tell figures, itself or by what it calls?"""
    inside, seen = calls(module).get(name, set()), seen | {(module, name)}
    if "stated.tell" in inside or any(call.startswith("register.") for call in inside):
        return True
    if "tell" in inside and "tell" not in calls(module):  # of answer.stated, or of show.board
        return True
    called = {(module, call) for call in inside & set(calls(module))}
    called |= {(borrowed(module)[call], call) for call in inside & set(borrowed(module))}
    return any(tells(*one, seen) for one in called - seen)


def shown() -> dict[str, set[str]]:
    """What each notebook shows: page -> functions of `show`."""
    found = {}
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        book = nbformat.read(path, as_version=4)
        code = "\n".join(cell.source for cell in book.cells if cell.cell_type == "code")
        found[path.stem] = {".".join(pair) for pair in re.findall(r"show\.(\w+)\.(\w+)", code)}
    return found


def test_every_figure_of_a_run_that_a_page_shows_is_told():
    for stem, functions in shown().items():
        for name in functions:
            known = free(name) or tells(*name.split("."))
            assert known or BESIDE.get(name) in functions, f"{stem}: {name} tells the register nothing"


def test_what_needs_no_telling_is_shown_somewhere_and_tells_nothing():
    there = set().union(*shown().values())
    assert {word for word in NO_FORECAST if not any(name.startswith(word) for name in there)} == set()
    assert {name for name in BESIDE if name not in there or tells(*name.split("."))} == set()
