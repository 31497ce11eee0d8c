"""Things show themselves in a notebook: each class, both languages, escaped, and small."""

import re

import pandas as pd
import pytest
from lxml import html as parsed

import forecast as f
from forecast.answer.projection import COLUMNS, Projection
from forecast.calibration.learning import learn_at
from forecast.data.messages import speaking
from forecast.desk.additionality import Added
from forecast.desk.allocation import allocate
from forecast.desk.marginal_hours import scarce_hours
from forecast.experiment.backtest import Backtest
from forecast.experiment.calendar import Exam
from forecast.experiment.update import SURPRISE, Update
from forecast.language import words
from forecast.question.levers import LEVERS
from forecast.show import cards, exam
from forecast.uncertainty.truth import Truth
from made import toy_question

QUESTION = toy_question("plan", f.Visits(count=10, per="commune", start="2022-03"))
ANSWER = f.project(QUESTION, ["stock"], draws=8, jobs=1, progress=False)
AIMED = QUESTION.but(target=f.Target(value=400, by=QUESTION.until))
SHOWN = {
    "place": f.toy.place(),
    "law": f.toy.law(),
    "laws of the nation": f.read_law(),
    "scenario": QUESTION,
    "status quo": f.status_quo(QUESTION),
    "policy": QUESTION.policy,
    "no policy": f.Policy(),
    "target": f.Target(value=400, by="2022-12"),
    "flow": f.Target(measure="entries", value=400, since="2022-01", by="2022-12", group="poor"),
    "projection": ANSWER,
    "nothing": Projection(pd.DataFrame(columns=COLUMNS)),
    "backtest": Backtest(ANSWER, pd.DataFrame(columns=["place"]), pd.DataFrame(columns=["place"])),
    "allocation": allocate(AIMED, draws=4, jobs=1, progress=False),
    "added": Added(
        pd.DataFrame(
            {
                "draw": [0, 0, 1, 1],
                "group": "poor",
                "kind": ["because", "anyway"] * 2,
                "persons": [3.0, 8.0, 5.0, 8.0],
                "member_years": [2.0, 0.0, 4.0, 0.0],
            }
        ),
        pd.DataFrame(),
    ),
    "hours": scarce_hours(QUESTION, draws=2, jobs=1, progress=False),
    "truth": Truth(
        *("Toy", "plan", "agents", "stock", "2022-12", False, 0.8, 50, 90, 60, 70, "2022-01"),
        *("pool", "places", "1-12", 40, 0.7, 0.9),
    ),
    "exam": Exam(exam.read(), pd.DataFrame(), pd.DataFrame()),
    "learned": learn_at("2019-06", again=1),
    "update": Update(
        pd.DataFrame(
            [
                [
                    "Cà Mau",
                    "2025-12",
                    61_000.0,
                    "beliefs",
                    "",
                    "pool",
                    "2024-12",
                    *range(40_000, 49_000, 1000),
                    0.98,
                    0.04,
                ]
            ],
            columns=SURPRISE,
        ),
        *[pd.DataFrame()] * 5,
    ),
    **{name: kind(**({"lever": name} | kind.examples[0])) for name, kind in LEVERS.items()},
}


@pytest.mark.parametrize("lang", ["vi", "en"])
@pytest.mark.parametrize("what", SHOWN)
def test_each_thing_shows_a_small_table_in_the_reader_s_language(what, lang, monkeypatch):
    monkeypatch.setenv("FORECAST_LANG", lang)
    shown = SHOWN[what]._repr_html_()
    assert shown == cards.html(SHOWN[what], lang)
    (table,) = parsed.fragments_fromstring(shown)
    assert table.tag == "table"
    assert table.find("caption/b").text
    heads, rows = table.findall("thead/tr/th"), table.findall("tbody/tr")
    assert len(rows) <= cards.ROWS + 1
    assert all(len(row.findall("td")) == len(heads) for row in rows[: cards.ROWS])
    assert not {"nan", "None"} & set(re.split(r"\W+", table.text_content()))


def test_the_language_is_that_which_is_spoken_before_that_of_the_shell(monkeypatch):
    monkeypatch.setenv("FORECAST_LANG", "vi")
    assert "Chính sách" in f.Policy()._repr_html_()
    with speaking("en"):
        assert "Policy" in f.Policy()._repr_html_()
    monkeypatch.delenv("FORECAST_LANG")
    assert "Policy" in f.Policy()._repr_html_()


def test_what_people_wrote_is_text_and_no_markup():
    named = toy_question("<script>", until="2022-06")
    told = named.but(title={"en": "<b>&"}, assumptions={"annual_lapse": 0.2})
    assert "&lt;script&gt;" in cards.html(named, "vi").casefold()
    assert "<script>" not in cards.html(named, "vi").casefold()
    assert "&lt;b&gt;&amp;" in cards.html(told, "en")
    assert "annual_lapse = 0.2" in cards.html(told, "en")


@pytest.mark.parametrize(
    ("place", "month", "communes"), [("Việt Nam", "2026-11", "3,321"), ("Nghệ An", "2021-12", "412")]
)
def test_a_place_counts_communes_and_not_rows(place, month, communes):
    text = re.sub("<[^>]+>", " ", cards.html(f.read_place(place, month), "en"))
    assert re.search(rf"Communes\s+{communes}\s", text)


def test_a_policy_of_many_levers_says_how_many_are_left_out():
    many = f.Policy(*[f.Drive(per_month=1)] * (cards.ROWS + 3))
    assert "and 3 rows more" in cards.html(many, "en")


def test_a_projection_shows_its_members_at_the_end():
    text = re.sub("<[^>]+>", " ", cards.html(ANSWER, "en")).replace("\u00a0", " ")
    last = ANSWER.only(measure="members", group="all", month=QUESTION.until).summary()
    assert "Dec 2022" in text
    assert f" {words.about(float(last['median'].iloc[0]), 'en')} " in text


def test_results_show_the_figures_that_they_hold():
    added = re.sub("<[^>]+>", " ", cards.html(SHOWN["added"], "en"))
    assert "Join because of it" in added and re.search(r"Join because of it\s+4\s+3\s", added)  # medians of two draws
    new = re.sub("<[^>]+>", " ", cards.html(SHOWN["update"], "vi")).replace("\u00a0", " ")
    assert "0 trong 1 số mới" in new and "61.000" in new and "44.000" in new
    bought = SHOWN["hours"].place.set_index(["kind", "task"])
    shown = re.sub("<[^>]+>", " ", cards.html(SHOWN["hours"], "en"))
    assert f" {words.number(1000 * bought.loc[('hour', 'visits'), 'median'], 'en', 1)} " in shown
