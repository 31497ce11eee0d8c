"""Numbers and terms are right in both languages, and every word that a page needs is in the table of terms."""

import re

import pandas as pd
import pytest

from forecast.data import vocabulary
from forecast.data.tables import UserError
from forecast.data.vocabulary import PAYERS
from forecast.engines import ENGINES
from forecast.engines.yardsticks import MORE_YARDSTICKS, YARDSTICKS
from forecast.language import words
from forecast.question import levers
from forecast.question.plan import COLUMNS

KINDS = {
    "group": ("all", *vocabulary.GROUPS),
    "status": (*vocabulary.STATUSES, "assumed"),
    "kind": vocabulary.KINDS,
    "scheme": vocabulary.SCHEMES,
    "level": vocabulary.LEVELS,
    "engine": (*ENGINES, *YARDSTICKS, *MORE_YARDSTICKS),
    "plan": COLUMNS,
    "measure": (*vocabulary.MEASURES, *vocabulary.HISTORY_MEASURES),
    "payer": PAYERS,
    "lever": levers.LEVERS,
    "unit": {unit for units in vocabulary.HISTORY_MEASURES.values() for unit in units}
    | set(vocabulary.MEASURES.values()),
    "chance": range(7),
}


@pytest.mark.parametrize(("kind", "name"), [(k, n) for k, names in KINDS.items() for n in sorted(map(str, names))])
def test_every_word_of_the_tables_has_a_term_in_both_languages(kind, name):
    for lang in words.LANGS:
        words.term(f"{kind}.{name}", lang)


def test_a_name_of_the_code_without_a_word_is_an_error_and_a_name_that_a_user_gave_is_told_as_it_is():
    with pytest.raises(UserError, match="column.nothing"):
        words.table(pd.DataFrame({"nothing": [1]}), "en")
    with pytest.raises(UserError, match="measure.nothing"):
        words.table(pd.DataFrame({"measure": ["nothing"]}), "en")
    assert "| My engine |" in words.table(pd.DataFrame({"engine": ["My engine"]}), "en")


def test_terms_stand_once_and_no_english_word_is_left_in_a_vietnamese_term():
    table = words.terms()
    assert table.index.is_unique
    english = re.compile(r"\b(the|of|and|members?|new|each|month|year|for)\b")
    assert not [t for t in table["vi"] if english.search(t)]


@pytest.mark.parametrize(
    ("value", "vi", "en"),
    [
        (0, "0", "0"),
        (-0.2, "0", "0"),
        (999.5, "1.000", "1,000"),
        (1234567, "1.234.567", "1,234,567"),
        (-15680, "−15.680", "−15,680"),
        (float("nan"), "–", "–"),
        (float("inf"), "–", "–"),
    ],
)
def test_numbers_have_the_separators_of_their_language(value, vi, en):
    assert (words.number(value, "vi"), words.number(value, "en")) == (vi, en)


def test_a_simulated_number_keeps_three_figures_and_small_ones_stay_whole():
    assert [words.about(x, "en") for x in (38_217, 999.6, 12.4, 0.4, 0, -72_795)] == [
        "38,200",
        "1,000",
        "12",
        "1",
        "0",
        "−72,800",
    ]


def test_a_probability_from_draws_is_never_called_impossible_or_certain():
    assert [words.chance(p, "vi") for p in (0, 0.004, 0.03, 0.996, 1)] == [
        "dưới 1%",
        "dưới 1%",
        "3%",
        "trên 99%",
        "trên 99%",
    ]


def test_the_words_and_the_dots_of_a_verdict_rise_together():
    said = [words.verdict(p, "vi") for p in (0.0, 0.05, 0.2, 0.5, 0.8, 0.95, 1.0)]
    assert [text.count("●") for text in said] == list(range(7))
    assert len({text.split(" ", 1)[1] for text in said}) == 7


def test_money_and_months_are_written_as_people_write_them():
    assert words.money(1.3e9, "vi") == "1,3 tỷ đồng"
    assert words.money(1.5e6, "en") == "1.5 million VND"
    assert words.vnd(138_600, "vi") == "138.600 đồng"
    assert words.month("2025-12", "vi", long=True) == "tháng 12/2025"
    assert words.day("2021-11-27", "vi") == "27/11/2021"


def test_a_sentence_takes_its_numbers_from_values_in_the_form_of_its_language():
    said = {
        lang: words.say(
            lang,
            vi="{n:n} người ({s:p1}), {m:m1}, {t:t}, {g:group}",
            en="{n:n} people ({s:p1}), {m:m1}, {t:t}, {g:group}",
            n=1648,
            s=0.8641,
            m=1.3e9,
            t="2020-10",
            g="near_poor",
        )
        for lang in words.LANGS
    }
    assert said["vi"] == "1.648 người (86,4%), 1,3 tỷ đồng, 10/2020, hộ cận nghèo"
    assert said["en"] == "1,648 people (86.4%), 1.3 billion VND, Oct 2020, near-poor"
    assert said["vi"]._repr_markdown_() == said["vi"]


def test_a_table_shows_numbers_to_the_right_and_terms_in_words():
    frame = pd.DataFrame({"group": ["poor", "all"], "median": [67.0, 8700.0], "hidden": [1, 2]})
    assert words.table(frame, "vi", {"group": "", "median": "n"}).split("\n") == [
        "| Nhóm | Mức giữa |",
        "| :-- | --: |",
        "| hộ nghèo | 67 |",
        "| tất cả | 8.700 |",
    ]


@pytest.mark.parametrize(
    "ask", [lambda: words.number(1, "fr"), lambda: words.term("group.rich"), lambda: words.month("2025")]
)
def test_what_is_not_known_is_an_error_for_a_person(ask):
    with pytest.raises(UserError, match="expected|no term|is not"):
        ask()
