"""The story of what happened is told from the tables: teeth, prices, law, merger, in both languages."""

import re

import pandas as pd
import pytest

from forecast.data import places, tables
from forecast.data.tables import UserError
from forecast.show import history, law
from made import texts

NAMES = ("Đà Bắc", "Đông Triều", "Hà Nội", "Lào Cai", "Cà Mau")
ENGLISH = re.compile(r"\b(the|of|and|members?|target|source|published|poor|others|law|decree|years)\b", re.I)


def made(**counts) -> pd.DataFrame:
    rows = [{"place": "Toy", "month": month.strip("m").replace("_", "-"), "value": float(value)}
            for month, value in counts.items()]  # fmt: skip
    same = {"scheme": "voluntary_si", "level": "province", "measure": "members", "group": "all", "unit": "persons",
            "kind": "observation", "status": "synthetic", "denominator": "", "source": "judgement", "locator": "",
            "note": ""}  # fmt: skip
    return pd.DataFrame(rows).assign(**same)[tables.columns("history")]


def test_a_tooth_is_a_december_with_the_lowest_count_of_the_half_year_behind_it():
    found = history.teeth(made(m2020_10=80, m2020_12=100, m2021_02=95, m2021_04=90, m2021_09=10, m2022_12=50))
    (row,) = found.to_dict("records")
    assert (row["month"], row["before"], row["after_month"], row["after"]) == ("2020-12", 80, "2021-04", 90)
    assert row["fall"] == pytest.approx(0.1)


@pytest.mark.parametrize("lang", ["vi", "en"])
def test_the_story_of_the_nation_tells_the_published_figures(lang):
    said = history.answer(lang)
    figures = ["203.000", "1.830.000", "138.600", "297.000", "114%", "21%", "47%"]
    figures = figures if lang == "vi" else [figure.replace(".", ",") for figure in figures]
    assert [figure for figure in figures if figure not in said] == []


def test_a_price_step_is_told_for_each_group_with_its_change():
    lines = law.price_steps(places.read_place("Việt Nam"), "2017-12", "2027-12", "vi").splitlines()[4:]
    assert [line.split(" | ")[0].strip("| ") for line in lines] == ["01/2018", "01/2022", "07/2025", "01/2027"]
    assert "107.800 → 231.000 (+114%)" in lines[1]
    assert "165.000 → 242.000 (+47%)" in lines[3]


def test_the_calendar_of_the_law_tells_changes_only_and_speaks_the_language():
    lines = law.calendar(NAMES, lang="vi").splitlines()[2:]
    rules = [tuple(line.split(" | ")[1:3]) for line in lines]
    assert len(lines) > 10
    assert all(a != b for a, b in zip(rules, rules[1:], strict=False))
    assert not [line for line in lines if ENGLISH.search(line)]
    assert law.acts("Resolution of July 2025 in place of Resolution 03/2022", "vi") == []


def test_the_merger_tells_communes_before_and_after():
    lines = law.merger_table(NAMES, lang="en").splitlines()
    assert next(line for line in lines if "Hà Nội" in line).split(" | ")[2:4] == ["526", "126"]
    assert "Bạc Liêu + Cà Mau" in lines[-1]


DRAWN = {
    "saw": lambda lang: history.saw_tooth(places.read_place("Việt Nam"), lang),
    "places": lambda lang: history.side_by_side(NAMES, lang),
}


@pytest.mark.parametrize("name", DRAWN)
@pytest.mark.parametrize("lang", ["vi", "en"])
def test_pictures_stay_in_their_frame_and_speak_their_language(name, lang):
    picture = DRAWN[name](lang)
    frame = picture.bbox
    for text, box in texts(picture):
        assert box.x0 >= -1 and box.x1 <= frame.x1 + 1 and box.y1 <= frame.y1 + 1, f"{text!r} is cut"
        assert lang == "en" or not ENGLISH.search(text)
    assert len(picture.alt) > 40
    assert lang == "en" or not ENGLISH.search(picture.alt)


def test_a_place_without_a_tooth_has_no_picture():
    with pytest.raises(UserError, match="nothing to draw: no count of Lào Cai"):
        history.saw_tooth(places.read_place("Lào Cai"))
