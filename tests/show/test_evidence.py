"""Every parameter and lever has a card, and every number on it is read from a table."""

import re

import pandas as pd
import pytest

from forecast.beliefs.costs import newest
from forecast.beliefs.parameters import parameters_table
from forecast.data import tables
from forecast.language import words
from forecast.question.levers import LEVERS
from forecast.show import evidence, model

CARDS = {card.name: card for card in evidence.cards()}


def test_every_parameter_and_every_lever_has_a_card_in_both_languages():
    assert set(CARDS) == set(parameters_table().index) | set(LEVERS) == set(evidence.names())
    for card in CARDS.values():
        for lang in words.LANGS:
            assert evidence.text(card, lang) and evidence.label(card.name, lang) != card.name


def test_a_card_says_what_the_table_says():
    for name, row in parameters_table().iterrows():
        assert CARDS[name].prior == (row["low"], row["value"], row["high"]) and CARDS[name].status == row["status"]
    known = {*parameters_table()["value"], *newest()["value"]}
    assert all(card.prior[1] in known for card in CARDS.values() if card.prior)


def test_no_number_is_typed_in_by_hand(monkeypatch):
    """A changed table changes the card."""
    table = parameters_table()
    table.loc["plan_growth", ["low", "value", "high"]] = [1.0, 2.0, 3.0]
    monkeypatch.setattr(evidence, "parameters_table", lambda: table)
    assert evidence.card("plan_growth").prior == (1.0, 2.0, 3.0)
    assert "2 (1 – 3)" in evidence.text(evidence.card("plan_growth"), "vi")


def test_distances_are_those_of_the_nearest_study():
    """The column of parameters.csv is what the studies' own columns give: 2 also where there is none."""
    assert [CARDS[name].distance for name in ("entry_rate", "price_response", "visit_share")] == [0, 1, 2]
    given = parameters_table()["distance"].dropna()
    assert given.to_dict() == {name: CARDS[name].distance for name in given.index}


def test_a_lever_rests_on_the_weakest_of_its_parameters():
    top_up = CARDS["TopUp"]
    assert top_up.parameters == LEVERS["TopUp"].evidence
    bases = {CARDS[p].basis for p in top_up.parameters}
    assert top_up.basis == ("judgement" if "judgement" in bases else "studies")
    assert CARDS["Visits"].prior[1] == 30_000 and CARDS["TopUp"].prior is None


def test_shares_of_a_headline_add_up_by_what_they_rest_on():
    shares = pd.Series({"death_rate": 0.3, "model_commune_ratio": 0.1, "month_noise": -0.05})
    found = evidence.cards(shares=shares)
    assert evidence.by_basis(found).to_dict() == pytest.approx({"studies": 0.25, "judgement": 0.75})
    table = evidence.overview(found, "parameter", "vi")
    first = table.splitlines()[2]
    assert "30%" in first and evidence.label("death_rate", "vi") in first


def test_what_comes_from_the_table_is_escaped_and_english_is_marked(monkeypatch):
    studies = evidence.supporting()
    studies["study"] = "A<script>alert(1)</script>"
    monkeypatch.setattr(evidence, "supporting", lambda: studies)
    for lang in words.LANGS:
        assert "<script>" not in evidence.text(evidence.card("gift_retention"), lang)
    said = evidence.text(evidence.card("gift_retention"), "vi")
    assert re.findall(r'<span lang="en">A&lt;script', said)


def test_an_unknown_name_is_answered_with_the_names_there_are():
    with pytest.raises(tables.UserError, match="no parameter or lever 'luck'.*entry_rate"):
        evidence.card("luck")


@pytest.mark.parametrize("lang", ["vi", "en"])
def test_the_pages_on_evidence_and_on_the_model_count_the_same_judgements(lang):
    rests = [card for card in CARDS.values() if card.kind == "parameter" and card.basis == "judgement"]
    judged = int((parameters_table()["status"] == "judgement").sum())
    assert len(rests) == judged > 40
    assert words.number(judged, lang) in model.parameters_text(lang)
    told = words.terms().at["status.judgement", lang]
    assert model.parameters(lang).count(told) == judged
