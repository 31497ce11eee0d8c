"""What a policy cannot do: levers that change nothing, more than was seen, more hours than there are."""

import pytest

from forecast.beliefs.ranges import most, seen
from forecast.checks.scenarios import scenario_findings
from forecast.data import tables, toy
from forecast.data.places import read_place
from forecast.question import menu
from forecast.question.acting import beyond, idle
from forecast.question.levers import (
    Collectors,
    Drive,
    Inspection,
    Meetings,
    ModelCommunes,
    Policy,
    Reminders,
    TopUp,
    Visits,
)
from forecast.question.plan import COLUMNS
from forecast.question.scenario import Scenario, read_scenario
from made import toy_question


def why(*levers) -> list[str]:
    return [one.why for one in idle(toy_question("x", *levers))]


@pytest.mark.parametrize(
    ("lever", "reason"),
    [
        (Visits(count=3, start="2023-01"), "months"),
        (Visits(count=3, end="2021-12"), "months"),  # the opening month has no flows
        (Drive(dates=("2024-05-01",)), "months"),
        (Visits(count=0), "same"),
        (Collectors(count=12, per="place"), "same"),
        (Reminders(share=0.1), "follow_up"),
        (TopUp(share=0.9, group="poor"), "part"),  # half is the state's
    ],
)
def test_a_lever_that_cannot_act_is_found_with_its_reason(lever, reason):
    assert why(lever) == [reason]


def test_a_top_up_under_a_price_of_zero_is_found():
    assert why(TopUp(share=0.5, group="poor"), TopUp(share=0.2, group="poor")) == ["part", "price"]


def test_levers_that_act_are_not_found():
    levers = Visits(count=3), Drive(dates=("2022-05-01",)), Reminders(share=0.8), TopUp(share=0.2), Meetings(count=0.1)
    assert why(*levers) == []
    assert why(Reminders(share=0.8), Reminders(share=0.5)) == ["same"]  # the larger share is there already


def test_every_lever_that_a_place_can_be_asked_for_has_a_range_and_says_where_it_was_seen():
    place = read_place("Đà Bắc", at="2019-06")
    known = {"staff", "gift_months", "order", *(c for c in COLUMNS if seen(c, place) or seen(c, place, "poor"))}
    assert set(COLUMNS) <= known
    for column in known - {"staff", "gift_months", "order"}:
        row = seen(column, place) or seen(column, place, "poor")
        assert row.least <= row.most and row.source and row.note
        assert 0 < most(column, place, row.group)


def test_a_plan_beyond_what_was_seen_is_a_note_of_check():
    asked = Scenario(
        "x",
        "Đà Bắc",
        start="2019-06",
        until="2020-12",
        policy=Policy(ModelCommunes(where={"count": 9}), Meetings(count=5), Visits(count=100, per="place")),
    )
    found = {one.column: (one.asked, one.most) for one in beyond(asked)}
    assert found["model"] == (9, 3) and found["meetings"][0] == 5 * 17 and "visits" not in found
    notes = scenario_findings("x.yaml", asked)
    assert {note.rule for note in notes} == {"beyond-seen"} and {note.severity for note in notes} == {"note"}
    assert all(note.message_vi != note.message_en for note in notes)
    assert menu.is_seen(asked, [ModelCommunes(where={"count": 5})])  # no more than it does itself
    assert not menu.is_seen(asked, [ModelCommunes(where={"count": 12})])


def test_what_comes_with_the_data_is_within_what_was_seen():
    for path in sorted((tables.data_dir() / "scenarios").glob("*.yaml")):
        assert beyond(read_scenario(path)) == [], path.name


def test_inspections_cannot_take_more_hours_than_there_are():
    place = toy.place()
    Policy(Inspection(hours_per_month=200)).plan(place, "2021-12", "2022-12")
    with pytest.raises(tables.UserError, match=r"hours_per_month: .* expected no more than there are"):
        Policy(Inspection(hours_per_month=300)).plan(place, "2021-12", "2022-12")  # 12 collectors have 240
    Policy(Collectors(count=30, per="place"), Inspection(hours_per_month=300)).plan(place, "2021-12", "2022-12")


def test_a_file_with_a_lever_outside_its_months_is_refused(tmp_path):
    path = tmp_path / "late.yaml"
    path.write_text(
        "scenario: late\nplace: Đà Bắc\nstart: 2019-06\nuntil: 2020-12\n"
        "policy:\n  - {lever: Reminders, share: 0.8, start: 2021-03}\n",
        encoding="utf-8",
    )
    with pytest.raises(tables.UserError, match=r"policy.0.Reminders: it never acts: expected .* 2019-07 to 2020-12"):
        read_scenario(path)


def test_what_acts_before_the_start_goes_on_when_nothing_changes():
    asked = toy_question("x", ModelCommunes(where={"count": 2}, start="2021-06"), Visits(count=3, start="2022-01"))
    assert (asked.status_quo_plan.model[1:] > 0).sum(axis=1).tolist() == [2] * 12
    assert asked.plan.changed(asked.status_quo_plan) == {"visits"}
    ended = toy_question("x", ModelCommunes(start="2021-01", end="2021-06"))
    assert not ended.status_quo_plan.model.any()
