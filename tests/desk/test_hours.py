"""What scarce hours buy: paired differences that are what a step does, task by task and commune by commune."""

import numpy as np
import pandas as pd
import pytest

from forecast.data import tables, toy
from forecast.desk.marginal_hours import PLACE_COLUMNS, TASKS, VISITS_AN_HOUR, scarce_hours
from forecast.experiment.project import project
from forecast.question.levers import Collectors, Policy, Reminders, Visits
from forecast.question.scenario import Scenario
from forecast.show import hours
from made import toy_question

PLACE, LAW = toy.place(), toy.law()
CHOICES = {
    "levers": [
        {"lever": "Visits", "count": [0, 300], "per": "commune", "unit_cost": 30_000},
        {"lever": "Meetings", "count": [0, 12]},
    ]
}


def question(*levers) -> Scenario:
    return toy_question("quo", *levers, search=CHOICES)


@pytest.fixture(scope="module")
def measured():
    return scarce_hours(question(), draws=16, seed=3, jobs=1, progress=False)


def test_every_commune_and_task_has_a_row(measured):
    assert list(measured.communes["task"].unique()) == list(TASKS)
    assert list(measured.communes["commune"].unique()) == list(PLACE.communes["commune"])
    assert (measured.communes["low"] <= measured.communes["median"]).all()
    assert (measured.communes["median"] <= measured.communes["high"]).all()
    assert list(measured.place) == PLACE_COLUMNS


def test_an_hour_of_visits_is_what_the_step_adds(measured):
    """The table's numbers, added up, are the difference of two ordinary projections."""
    row = measured.place.set_index("task").loc["visits"]
    rows = measured.communes[measured.communes["task"] == "visits"]
    assert rows["hours"].sum() == pytest.approx(row["step"])
    monthly = rows["hours"].to_numpy() * VISITS_AN_HOUR / 12
    each = [Visits(count=float(v), where={"communes": [n]}) for n, v in zip(rows["commune"], monthly, strict=True)]
    quo, more = question(), Scenario("more", PLACE, start="2021-12", until="2022-12", law=LAW, policy=Policy(*each))
    answer = project([quo, more], ["agents"], draws=16, seed=3, jobs=1, progress=False).versus("quo")
    added = answer.only(measure="members", group="all").frame.groupby("draw")["value"].sum() / 12
    assert np.median(added) / row["step"] == pytest.approx(row["median"])
    assert (rows["hours"] * rows["mean"]).sum() == pytest.approx(added.mean())


def test_visits_add_and_inspections_take_away(measured):
    rows = measured.place[measured.place["kind"] == "hour"].set_index("task")
    assert rows.at["visits", "median"] > 0
    assert rows.at["inspections", "median"] < rows.at["visits", "median"]


def test_one_more_collector_is_worth_the_visits_of_a_collector(measured):
    row = measured.place.set_index("task").loc["collector"]
    hour = measured.place.set_index("task").loc["visits"]
    year = 12 * 30 / VISITS_AN_HOUR  # the hours of a collector with thirty visits a month
    assert 0.2 < row["median"] / (hour["median"] * year) < 5
    quo = question()
    more = quo.with_policy("more", Policy(Collectors(count=18, per="place", start="2022-01")))  # twelve, and six more
    answer = project([quo, more], ["agents"], draws=16, seed=3, jobs=1, progress=False).versus("quo")
    added = answer.only(measure="members", group="all").frame.groupby("draw")["value"].sum() / 12
    assert row["median"] == pytest.approx(np.median(added) / 6)


def test_a_million_buys_years_at_the_prices_given(measured):
    rows = measured.place[measured.place["kind"] == "million"].set_index("task")
    assert set(rows.index) == {"Visits", "Meetings"}
    assert rows.at["Visits", "step"] == pytest.approx(150 * 6 * 12 * 30_000 / 1e6)
    assert (rows["median"] > 0).all() and (rows["vnd"] == 1e6).all()


def test_where_every_due_member_is_on_a_list_no_hour_can_go_to_calls():
    found = scarce_hours(question(Reminders(share=1.0)), draws=2, jobs=1, progress=False)
    assert list(found.place.loc[found.place["kind"] == "hour", "task"]) == ["visits", "inspections"]
    assert "gọi người đến hạn" not in hours.text(found, "vi")


def test_the_same_question_has_the_same_answer(measured):
    again = scarce_hours(question(), draws=16, seed=3, jobs=2, progress=False)
    pd.testing.assert_frame_equal(again.communes, measured.communes)
    pd.testing.assert_frame_equal(again.place, measured.place)


def test_one_draw_has_no_interval():
    with pytest.raises(tables.UserError, match="draws: 1"):
        scarce_hours(question(), draws=1, progress=False)


def test_sentences_and_picture_say_it_in_both_languages(measured):
    assert "Thêm 1.000 giờ" in hours.text(measured, "vi")
    assert "1,000 more hours" in hours.text(measured, "en")
    picture = hours.picture(measured.place, PLACE, lang="en")
    assert "1,000 more hours" in picture.alt and picture.png()[:4] == b"\x89PNG"


def test_all_rows_of_the_picture_stand_on_one_scale(measured):
    """Hours, collectors and money are all member-years: what is longer is more."""
    picture = hours.picture(measured.place, PLACE, lang="en")
    (ends,) = {axes.get_xlim() for axes in picture.axes}
    table, per = measured.place, measured.place["kind"].map(hours.UNITS_SHOWN)
    assert ends[0] < min((table["low"] * per).min(), 0) and ends[1] > max((table["high"] * per).max(), 0)
    assert all(len(axes.get_xticks()) > 1 and axes.get_xlabel() == "member-years" for axes in picture.axes)


def test_the_command_writes_hours_beside_the_allocation(tmp_path, run):
    out = tmp_path / "out"
    line = ["allocate", "data/scenarios/da-bac-status-quo.yaml", "--hours", "--draws", "2", "--jobs", "1", "--out"]
    done = run(*line, out)
    assert done.exit_code == 0, done.output
    assert {"hours.csv", "hours-place.csv", "hours.png"} <= {p.name for p in out.iterdir()}
    assert len(pd.read_csv(out / "hours.csv")) == 3 * 17
