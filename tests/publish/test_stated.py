"""One number for one question: publishing fails where two pages answer one differently, and says which."""

from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from forecast.answer import stated
from forecast.answer.stated import Figure
from forecast.data import toy
from forecast.data.tables import UserError
from forecast.desk import target
from forecast.experiment.project import project
from forecast.publish import page, site
from forecast.question.levers import Visits
from forecast.show import target as shown
from made import toy_question

ONE = Figure("A", "plan", "members", "2020-12", "all", "stock", "median", 100.0, 200)


def told(monkeypatch, folder: Path, draws: int) -> nbformat.NotebookNode:
    """Return a page that asks about the toy plan with so many draws, shows its headline and publishes its path."""
    folder.mkdir()
    monkeypatch.setenv(page.FOLDER, str(folder))
    plan = toy_question("plan", Visits(count=50), goal=300.0)
    answer = project(plan, ["stock"], draws=draws, jobs=1, progress=False)
    said = shown.headline(target.target_table(answer, plan), plan, "en")
    page.publish(answer, plan, seed=1)
    monkeypatch.delenv(page.FOLDER)
    assert f"({draws} draws)" in said
    book = new_notebook(cells=[new_code_cell("1", id="run")])
    book.metadata["page"] = page.record_of(folder)
    return book


def test_publishing_fails_where_one_page_has_other_draws_and_names_pages_and_values(monkeypatch, tmp_path):
    first, same, other = (told(monkeypatch, tmp_path / name, draws) for name, draws in (("a", 8), ("b", 8), ("c", 6)))
    figures = [Figure(*row) for row in first.metadata["page"]["figures"]]
    place = toy.place().name
    assert {(place, "plan", "members", "2022-12", "all", "stock", s) for s in ("low", "median", "high")} <= {
        one.key for one in figures
    }
    assert any(one.statistic == "probability of 300" and one.draws == 8 for one in figures)
    assert stated.conflicts({"01_a": figures, "02_b": [Figure(*row) for row in same.metadata["page"]["figures"]]}) == []
    with pytest.raises(UserError) as failed:
        site.publish({"01_a": {"en": first}, "13_desk": {"en": other}}, ("en",), tmp_path / "site")
    (line,) = str(failed.value).splitlines()
    theirs = {one.key: one for one in (Figure(*row) for row in other.metadata["page"]["figures"])}
    one = next(one for one in figures if one.value != pytest.approx(theirs[one.key].value))
    values = f"01_a gives {one.value:.6g} (8 draws) and 13_desk {theirs[one.key].value:.6g} (6 draws)"
    assert line.startswith(f"{values} for {', '.join(one.key)}, and for ")
    assert not (tmp_path / "site").exists()


@pytest.mark.parametrize("part", range(len(stated.KEY)))
def test_another_question_may_have_another_value(part):
    other = ONE._replace(**{stated.KEY[part]: "other"}, value=1.0)
    assert stated.conflicts({"a": [ONE], "b": [other]}) == []
    assert len(stated.conflicts({"a": [ONE], "b": [ONE._replace(value=100.1)]})) == 1


def test_one_page_may_not_answer_twice_either_and_rounding_is_no_difference():
    assert len(stated.conflicts({"a": [ONE, ONE._replace(value=101.0)]})) == 1
    assert stated.conflicts({"a": [ONE], "b": [ONE._replace(value=100.0 + 1e-9)]}) == []


def test_the_register_has_each_figure_of_each_page_once():
    found = stated.register({"a": [ONE, ONE], "b": [ONE]})
    assert list(found.columns) == [*stated.KEY, "value", "draws", "page"]
    assert found["page"].tolist() == ["a", "b"]


def test_nothing_is_told_where_no_report_is_made(monkeypatch, tmp_path):
    monkeypatch.delenv(page.FOLDER, raising=False)
    stated.tell([ONE])
    monkeypatch.setenv(page.FOLDER, str(tmp_path))
    stated.tell([ONE, ONE, ONE._replace(value=float("nan"))])
    assert stated.read_figures(tmp_path) == [ONE]
