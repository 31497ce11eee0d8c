"""Wrong arguments in a notebook are told in the words of scenario files, and say what to do."""

import pytest

import forecast as f
from forecast.data.messages import UserError, speaking
from made import toy_question


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (
            lambda: f.Visits(cout=3),
            ["Visits: count: required", "cout: this key", "did you mean count?"],
        ),
        (lambda: f.TopUp(group="poor", share=20), ["TopUp: share: found 20", "did you mean 20%?"]),
        (lambda: f.TopUp(group="por", share=0.2), ["TopUp: group: found 'por'; did you mean poor?"]),
        (lambda: f.Visits(count="hai mươi"), ["Visits: count: found 'hai mươi', expected a number such as"]),
        (lambda: f.Visits(count=1, start="2022-13"), ["Visits: start: found '2022-13', expected a month YYYY-MM"]),
        (lambda: f.Visits(count=1, where={"count": 0}), ["Visits: where", "greater than or equal to 1"]),
        (lambda: f.Policy("Visits"), ["Policy: levers.0: found 'Visits', expected a lever, such as"]),
        (lambda: f.Target(value="nhiều", by="2025-12"), ["Target: value: found 'nhiều', expected a number"]),
        (lambda: f.Target(value=3, by="2025-12", since="2024-01"), ["Target: members is a stock: leave since out"]),
        (lambda: f.project([]), ["scenarios: an empty list; expected at least one"]),
        (lambda: f.project(toy_question(), []), ["engines: an empty list; expected at least one"]),
        (lambda: f.project("Cà Mau"), ["'Cà Mau' is no scenario; give Scenario("]),
        (lambda: f.project(["a.yaml"]), ["read_scenario(path)"]),
        (lambda: f.project(toy_question(), draws="8"), ["draws: '8'; expected a whole number"]),
        (lambda: f.project(toy_question(), engines=5), ["no engine 5; expected one of agents"]),
        (lambda: f.status_quo("a.yaml"), ["'a.yaml' is no scenario; give Scenario("]),
        (lambda: toy_question(law="2024"), ["law: found '2024', expected what read_law() returns"]),
        (lambda: toy_question(until="2022-06", policy="Visits"), ["policy: found 'Visits'"]),
    ],
)
def test_it_is_said_what_to_do(make, words):
    with pytest.raises(UserError) as caught:
        make()
    said = str(caught.value)
    assert all(part in said for part in words), said
    assert "pydantic" not in said
    with speaking("vi"):
        assert str(caught.value.text()) != said


def test_one_lever_or_a_list_of_them_is_a_policy():
    lever = f.Visits(count=1, per="commune")
    assert f.Policy([lever]) == f.Policy(lever)
    assert toy_question(policy=lever).policy == toy_question(policy=[lever]).policy == f.Policy(lever)
