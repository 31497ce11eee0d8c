"""Pages 12 (what the forecasts rest on) and 15 (how it works) say the same of what is judgement."""

import re

import pytest

from forecast.beliefs.parameters import parameters_table
from forecast.language import words
from forecast.show import evidence, model, next_count, truth
from forecast.uncertainty import study


def column(table: str, at: int) -> list[str]:
    """A column of a Markdown table, without its head."""
    rows = [line for line in table.splitlines() if line.startswith("|")]
    return [line.strip("|").split("|")[at].strip() for line in rows[2:]]


@pytest.mark.parametrize("lang", ["vi", "en"])
def test_two_pages_count_the_same_judgements_row_by_row(lang):
    found, _ = study.read()
    cards = evidence.cards(shares=found["shares"].set_index("parameter")["share"])
    twelve = evidence.overview(cards, "parameter", lang)
    fifteen = model.parameters(lang)
    judged = {
        "twelve": [cell == words.term("basis.judgement", lang) for cell in column(twelve, 1)],
        "fifteen": [cell == words.term("status.judgement", lang) for cell in column(fifteen, 4)],
    }
    assert len(judged["twelve"]) == len(judged["fifteen"]) == len(parameters_table())
    assert sum(judged["twelve"]) == sum(judged["fifteen"]) > 0
    for said in (truth.judged_text(lang), model.parameters_text(lang)):
        every, of_them, part = (int(number) for number in re.findall(r"\d+", said)[:3])
        assert (every, of_them) == (len(judged["twelve"]), sum(judged["twelve"]))
        assert part == round(100 * of_them / every)


@pytest.mark.parametrize("lang", ["vi", "en"])
def test_names_of_judgements_are_the_same_on_both_pages(lang):
    cards = evidence.cards()
    judged = {c.name for c in cards if c.kind == "parameter" and c.basis == "judgement"}
    rows = model.parameters(lang)
    basis = zip(column(rows, 0), column(rows, 4), strict=True)
    assert judged == {name.strip("`") for name, said in basis if said == words.term("status.judgement", lang)}


@pytest.mark.parametrize("lang", ["vi", "en"])
def test_a_chance_of_the_study_carries_the_error_of_its_draws(lang):
    found, told = study.read()
    draws = told["plan"]["draws"]
    best = found["next"][~found["next"]["published"]].drop_duplicates("place")
    said = next_count.text(found["next"], draws, lang)
    quiet = best.loc[best["worth"] <= 0, "probability"]
    assert len(quiet) and draws >= 200
    for p in quiet:
        assert words.chance(words.Chance(float(p), draws), lang) in said
