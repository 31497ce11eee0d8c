"""What the page about the model says is what the code does: names, order, levers, in the page and in docs/model.md."""

import inspect
import re
from pathlib import Path

import pytest

from forecast.beliefs.parameters import parameters_table
from forecast.data import tables, toy
from forecast.engines.people import agents, events, records
from forecast.question import levers
from forecast.question.plan import COLUMNS, Where
from forecast.question.scenario import Scenario
from forecast.show import model

DOC = (Path(__file__).parents[2] / "docs" / "model.md").read_text(encoding="utf-8")
ENGLISH = re.compile(r"\b(the|of|and|members?|target|source|poor|others|months?|who|with)\b", re.I)


def test_what_is_written_by_hand_names_all_of_the_code_and_nothing_else():
    assert tuple(model.VARIABLES) == records.PERSON.names
    assert all(model.column_name(column, lang) for column in COLUMNS for lang in ("vi", "en"))
    assert model.agrees(DOC) == []


def test_a_new_measure_or_step_would_be_missed_in_the_document():
    missing = model.agrees(DOC.replace("`paid_donors`", "").replace("`turn`", "").replace("`events._enter`", ""))
    assert missing == ["measure paid_donors", "variable turn", "step events._enter"]


def test_a_month_has_the_steps_of_the_code_in_their_order():
    """The functions that live a month, in the order in which they are called."""
    step, month = inspect.getsource(agents.Offices.step), inspect.getsource(events.live_month.py_func)
    names = [name.split(".")[1] for name in model.STEPS]
    assert names[:2] == ["team_acts", "contact"]
    assert step.index('do("step")') < step.index("contact(") < step.index("people.live(")
    assert "team_acts" in inspect.getsource(agents.Team)
    called = re.findall(r"\b(\w+)\(", month.partition(":")[2])
    assert [name for name in called if name in names] == names[2:]
    assert [name for name in called if name.startswith("_") and name not in names and name != "_month"] == []


def test_each_lever_changes_what_the_table_says():
    quo = Scenario("quo", toy.place(), start="2021-12", until="2022-12", law=toy.law())
    for name, kind in levers.LEVERS.items():
        changed = model.acts_on(name)
        assert changed, name
        if name != "Effort":
            one = quo.with_policy(name, levers.Policy(kind(**kind.examples[0])))
            assert one.plan.changed(quo.plan) <= changed
    assert model.acts_on("ModelCommunes") == {"model"}
    assert Where(count=1).count == 1


@pytest.mark.parametrize("lang", ["vi", "en"])
def test_the_page_names_every_parameter_lever_measure_variable_and_step(lang):
    page = "\n".join(
        [
            model.overview(lang),
            model.scales(lang),
            model.variables_table(lang),
            model.steps(lang),
            model.measures_table(lang),
            model.parameters_text(lang),
            model.parameters(lang),
            model.levers_table(lang),
            model.law_table("2026-11", lang),
        ]
    )
    wanted = [*parameters_table().index, *levers.LEVERS, *tables.MEASURES, *records.PERSON.names, *model.STEPS]
    assert [name for name in wanted if f"`{name}`" not in page] == []
    if lang == "vi":
        assert not ENGLISH.search(re.sub(r"`[^`]*`", "", page))
        assert "18.528" in page


def test_a_number_of_a_parameter_keeps_three_figures():
    assert [model._short(x, "vi") for x in (0.0005, 18.0, 1.25, 0.022, 60.0)] == ["0,0005", "18", "1,25", "0,022", "60"]
