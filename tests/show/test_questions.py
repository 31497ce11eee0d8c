"""Promises about the answers to planners: numbers are those of the tables, in both languages."""

import numpy as np
import pandas as pd
import pytest

from forecast.data.tables import UserError
from forecast.question.levers import Drive, Policy, Reminders
from forecast.show import questions


def ways(needed: float, most: float = 579.0) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {
                "way": "ModelCommunes",
                "unit": "communes",
                "most": most,
                "needed": needed,
                "probability_now": 0.05,
                "probability_reached": 0.31,
                "total": 0.0,
                "draws": 200,
            },
            {
                "way": "TopUp/all",
                "unit": "share",
                "most": 1.0,
                "needed": needed / 1000,
                "probability_now": 0.05,
                "probability_reached": 0.5,
                "total": 4.2e9,
                "draws": 200,
            },
        ]
    ).assign(place="Toy", scenario="rise", engine="agents", by="2028-12", wanted=0.5)


def comparison(measure="members", median=-1234.0, group="all", scenario="rise", payer="") -> dict:
    return {
        "place": "Toy",
        "scenario": scenario,
        "base": "quo",
        "engine": "agents",
        "month": "2028-12",
        "draws": 200,
        "group": group,
        "measure": measure,
        "payer": payer,
        "unit": "persons",
        "median": median,
        "mean": median,
        "low": median - 10,
        "high": median + 10,
    }


@pytest.mark.parametrize(("lang", "said"), [("vi", "ít đi khoảng 1.230"), ("en", "about 1,230 fewer")])
def test_a_rise_of_the_floor_says_what_it_takes_and_what_undoes_it(lang, said):
    text = questions.floor(pd.DataFrame([comparison()]), "rise", ways(350.0), "2027-01", lang)
    assert said in text
    assert "35%" in text
    assert {"vi": "4,2 tỷ", "en": "4.2 billion"}[lang] in text
    assert "35%" not in questions.floor(pd.DataFrame([comparison()]), "rise", ways(np.nan), "2027-01", lang)


@pytest.mark.parametrize(("lang", "said"), [("vi", "49,7%"), ("en", "49.7%")])
def test_a_probability_just_below_the_wanted_one_is_not_said_to_be_it(lang, said):
    almost = ways(np.nan).assign(probability_reached=0.497, probability_now=0.2)
    text = questions.model_communes(almost, 100_000, 0.5, lang)
    assert said in text
    assert text.count("50%") == 1  # the wanted one


@pytest.mark.parametrize("lang", ["vi", "en"])
def test_model_communes_are_counted_or_not_enough(lang):
    assert "120" in questions.model_communes(ways(120.0), 100_000, 0.5, lang)
    not_enough = questions.model_communes(ways(np.nan), 100_000, 0.5, lang)
    assert "579" in not_enough
    assert "31 ± 6%" in not_enough


def test_policies_stand_side_by_side_in_the_order_that_was_asked():
    rows = []
    for name, years in (("a", 40.0), ("b", 90.0)):
        rows += [
            comparison("member_years", years, "poor", name),
            comparison("money", 1e9, "all", name, "province"),
            comparison("money", 5e8, "all", name, "office"),
            comparison("cost_per_member_year", 2e7, "all", name, "public and donors"),
        ]
    people = pd.DataFrame([{"scenario": "b", "measure": "net", "group": "all", "median": 0.25}])
    text = questions.side_by_side(pd.DataFrame(rows), {"b": "Beta", "a": "Alpha"}, "en", "poor", people)
    assert text.startswith("Most member-years for the poor come from **Beta**.")
    assert "Beta 90 (80 to 100); Alpha 40 (30 to 50)." in text.splitlines()[0]
    lines = text.splitlines()[4:6]
    assert "Money holds: contributions of each payer" in text and "the median of the simulations" in text
    assert [line.split("|")[1].strip() for line in lines] == ["Beta", "Alpha"]
    assert "1.5 billion" in lines[0]
    assert "25%" in lines[0]


@pytest.mark.parametrize(
    ("lang", "said"), [("vi", "mất nhiều nhất khi **Beta**"), ("en", "Most member-years are lost with **Beta**")]
)
def test_where_all_lose_it_is_said_who_loses_most_without_a_minus(lang, said):
    rows = [comparison("member_years", years, "all", name) for name, years in (("a", -40.0), ("b", -90.0))]
    text = questions.side_by_side(pd.DataFrame(rows), {"a": "Alpha", "b": "Beta"}, lang).splitlines()[0]
    assert said in text
    assert {"vi": "Beta 90 (80 đến 100); Alpha 40 (30 đến 50)", "en": "Beta 90 (80 to 100); Alpha 40 (30 to 50)"}[
        lang
    ] in text


def test_a_lever_is_taken_out_of_a_policy_and_one_that_is_not_there_is_named():
    policy = Policy(Drive(per_month=1), Reminders())
    assert policy.without("Drive") == Policy(Reminders())
    with pytest.raises(UserError, match="no lever 'Gift'; it has Drive, Reminders"):
        policy.without("Gift")
