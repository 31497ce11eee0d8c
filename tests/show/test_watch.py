"""Two rules are compared with the same luck, and each month can be looked at: in words, in pictures, under controls."""

import re
from itertools import combinations

import numpy as np
import pandas as pd
import pytest

from forecast.data import toy
from forecast.data.tables import UserError
from forecast.engines.people.agents import RenewalsFirst, observe
from forecast.question.scenario import Scenario
from forecast.show import teams
from made import texts

ASKED = Scenario("status quo", toy.place(), start="2021-12", until="2022-12", law=toy.law())
MONTHS = ("2022-03", "2022-12")
NAMES = {"vi": ("thường lệ", "gọi nhắc trước"), "en": ("usual", "renewals first")}
ENGLISH = re.compile(r"\b(the|of|and|members?|visits?|month|means|usual|not|clearly)\b", re.I)


@pytest.fixture(scope="module")
def usual():
    return teams.by_draw(ASKED, draws=12)


@pytest.fixture(scope="module")
def renewals():
    return teams.by_draw(ASKED, RenewalsFirst, draws=12)


@pytest.fixture(scope="module")
def rules():
    return dict(zip(NAMES["vi"], (observe(ASKED, draws=4), observe(ASKED, RenewalsFirst, draws=4)), strict=True))


def test_the_totals_of_draws_are_what_observe_sees_by_commune(usual):
    seen = observe(ASKED, draws=12).groupby("month")[["members", "visits"]].sum()
    mean = usual.groupby("month")[["members", "visits"]].mean()
    pd.testing.assert_frame_equal(mean, seen.loc[mean.index])


def test_the_table_of_draws_keeps_the_ledger_of_a_year(usual):
    year = usual.groupby("draw")[["entries", "returns", "lapses"]].sum()
    last = usual[usual["month"] == "2022-12"].set_index("draw")["members"]
    left = 300 + year["entries"] + year["returns"] - year["lapses"] - last
    assert (left >= 0).all()  # what remains are exits to compulsory insurance, pensions and deaths
    assert left.max() < 60


def test_a_rule_beside_itself_differs_in_nothing(usual):
    table = teams.beside(usual, teams.by_draw(ASKED, draws=12), MONTHS)
    assert (table[["more", "more_low", "more_high"]] == 0).all(axis=None)
    assert "chưa khác biệt rõ" in teams.beside_text(table, NAMES["vi"], "vi")


def test_a_list_of_the_due_brings_more_calls_and_fewer_visits(usual, renewals):
    table = teams.beside(usual, renewals, MONTHS).set_index(["measure", "month"])
    assert table.loc[("called", ""), "more_low"] > 0 and table.loc[("visits", ""), "more_high"] < 0
    one = usual.merge(renewals, on=["month", "draw"])
    gap = (one["members_y"] - one["members_x"])[one["month"] == "2022-12"]
    assert table.loc[("members", "2022-12"), "more"] == np.median(gap)


@pytest.mark.parametrize(("more", "low", "high", "vi", "en"), [
    (5, 1, 9, "nhiều hơn rõ rệt", "clearly more"), (-5, -9, -1, "ít hơn rõ rệt", "clearly fewer"),
    (5, -1, 9, "chưa khác biệt rõ", "neither clearly more nor fewer")])
def test_the_verdict_is_clear_only_where_nine_in_ten_agree(usual, more, low, high, vi, en):
    table = teams.beside(usual, usual, MONTHS).assign(more=more, more_low=low, more_high=high)
    for lang, word in (("vi", vi), ("en", en)):
        first = teams.beside_text(table, NAMES[lang], lang).split("\n")[0]
        assert word in first and first.startswith("> **")


def test_words_and_table_tell_every_number_with_its_interval(usual, renewals):
    table = teams.beside(usual, renewals, MONTHS)
    for lang in NAMES:
        said = teams.beside_table(table, NAMES[lang], lang)
        assert said.count("\n| ") == 1 + len(table) and said.count("(") == 3 * len(table)
        row = table.iloc[1]
        assert all(teams.words.about(row[c], lang) in said for c in ("first", "first_low", "second_high", "more"))
        assert all(teams.words.about(row[c], lang) in teams.beside_text(table, NAMES[lang], lang)
                   for c in ("first", "second", "second_low", "more_high"))
    assert not ENGLISH.search(said := teams.beside_table(table, NAMES["vi"], "vi")), said
    assert not ENGLISH.search(said := teams.beside_text(table, NAMES["vi"], "vi")), said


def test_rules_of_other_draws_or_an_unwatched_month_are_told(usual):
    with pytest.raises(UserError, match="same draws"):
        teams.beside(usual, teams.by_draw(ASKED, draws=2), MONTHS)
    with pytest.raises(UserError, match=r"month 2030-01 was not watched; there are 2022-01 to 2022-12"):
        teams.beside(usual, usual, ("2030-01",))


@pytest.mark.parametrize("measure", teams.MEASURES)
@pytest.mark.parametrize("lang", NAMES)
@pytest.mark.parametrize("months", ["2022-03", MONTHS])
def test_a_picture_of_communes_is_legible_and_describes_itself(rules, measure, lang, months):
    picture = teams.communes(rules, ASKED.place, months, measure, lang)
    shown, frame = texts(picture), picture.bbox
    for (one, a), (two, b) in combinations(shown, 2):
        assert min(a.x1, b.x1) - max(a.x0, b.x0) < 2 or min(a.y1, b.y1) - max(a.y0, b.y0) < 2, f"{one!r} covers {two!r}"
    assert all(box.x0 >= -1 and box.x1 <= frame.x1 + 1 and box.y1 <= frame.y1 + 1 for _, box in shown)
    assert len(picture.alt) > 40 and any("gọi nhắc trước" in text for text, _ in shown)
    assert lang == "en" or not [text for text, _ in shown if ENGLISH.search(text)] and not ENGLISH.search(picture.alt)


def test_bars_are_the_first_rule_and_marks_the_second(rules):
    (axes,) = teams.communes(rules, ASKED.place, "2022-03", "visits").axes
    names = [label.get_text() for label in axes.get_yticklabels()]
    for frame, drawn in ((rules["thường lệ"], [bar.get_width() for bar in axes.patches]),
                         (rules["gọi nhắc trước"], list(axes.lines[0].get_xdata()))):
        seen = frame[frame["month"] == "2022-03"].set_index("commune")["visits"]
        assert drawn == [seen[f"Toy/{name}"] for name in names]
    assert axes.get_xlim()[1] > max(frame["visits"].max() for frame in rules.values())  # months share one scale


def test_a_large_place_shows_its_largest_communes_and_says_so():
    many = pd.DataFrame({"month": "2022-01", "commune": [f"Toy/{i}" for i in range(40)], "members": range(40),
                         "visits": 1.0, "called": 0.5})
    picture = teams.communes({"thường lệ": many}, ASKED.place, "2022-01")
    names = [label.get_text() for label in picture.axes[0].get_yticklabels()]
    assert names == [str(i) for i in range(39, 39 - teams.MOST, -1)]
    assert any("24 xã đông người tham gia nhất" in text for text, _ in texts(picture))


def test_what_cannot_be_drawn_is_told(rules):
    with pytest.raises(UserError, match="expected one of members, visits, called"):
        teams.communes(rules, ASKED.place, "2022-03", "money")
    with pytest.raises(UserError, match=r"month 2031-01 was not watched; there are 2022-01 to 2022-12"):
        teams.communes(rules, ASKED.place, "2031-01")


def test_the_slider_steps_through_the_months_and_the_list_changes_the_measure(rules):
    box = teams.controls(rules, ASKED.place)
    (play, step, shown), view = box.children[0].children, box.children[1]
    assert step.max == play.max == 11 and "01/2022" in view.value and "data:image/png;base64," in view.value
    first = view.value
    step.value = 11
    assert "12/2022" in view.value and view.value != first
    shown.value = "called"
    assert "gọi nhắc" in view.value and "%" in re.search(r'alt="([^"]*)"', view.value)[1]
