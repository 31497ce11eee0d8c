"""Pictures say what they show, in one language, without a label over another, and the same twice."""

import re
from functools import cache
from itertools import combinations

import numpy as np
import pandas as pd
import pytest

from forecast.data import places
from forecast.data.tables import UserError
from forecast.desk.compare import comparison
from forecast.desk.target import needed_path, target_table
from forecast.engines.campaign import parameters as beliefs
from forecast.language import words
from forecast.publish import colors
from forecast.question.levers import Drive, Policy
from forecast.question.scenario import Target
from forecast.show import calibration, figures, law, narrow, next_count, policy, projection, target, uncertainty
from forecast.show.marks import INK
from forecast.uncertainty import study
from made import answer, question, texts

PLAN, QUIET = question(), question("status quo")
ANSWER = answer(PLAN, QUIET)
CA_MAU = question("status quo").but(place=places.read_place("Cà Mau"), target=Target(value=116_400, by="2023-12"))
STUDY = study.read()[0]
STUDIED = STUDY["shares"]["place"].iloc[0]
DRAWN = {
    "fan": lambda lang: projection.fan(ANSWER, [PLAN, QUIET], lang=lang),
    "fan without a scenario": lambda lang: projection.fan(answer(CA_MAU), lang=lang),
    "fan on a card": lambda lang: projection.fan(ANSWER, [PLAN, QUIET], lang=lang, small=True),
    "large fan on a card": lambda lang: projection.fan(answer(CA_MAU), [CA_MAU], lang=lang, small=True),
    "target": lambda lang: target.picture(target_table(ANSWER, PLAN), needed_path(ANSWER, PLAN), PLAN, lang),
    "versus": lambda lang: policy.versus(comparison(ANSWER, "status quo"), lang),
    "groups": lambda lang: policy.groups(ANSWER, PLAN, lang=lang),
    "history": lambda lang: figures.picture(places.read_place("Cà Mau"), lang),
    "history of the nation": lambda lang: figures.picture(places.read_place("Việt Nam"), lang, until="2024-03"),
    "price": lambda lang: law.price(places.read_place("Hà Nội"), lang=lang),
    "width by source": lambda lang: uncertainty.ladder(STUDY["ladder"], lang),
    "what to count next": lambda lang: next_count.dots(STUDY["next"], "Đà Bắc", lang),
    "what moves the headline": lambda lang: uncertainty.tornado(STUDY["morris"], STUDIED, lang),
    "shares of the variance": lambda lang: uncertainty.split(STUDY["sobol"], STUDIED, lang),
    "what counts taught": lambda lang: calibration.before_after(learned(lang), lang),
}


def learned(lang: str) -> pd.DataFrame:
    """Draws of each parameter of the baseline, as if counts had taught little."""
    names = [calibration.coordinate(name, lang) for name in beliefs.NATION | beliefs.PLACES]
    return pd.DataFrame(np.random.default_rng(1).normal(size=(40, len(names))), columns=names)


@cache
def drawn(name, lang):
    return DRAWN[name](lang)


@pytest.mark.parametrize("name", DRAWN)
@pytest.mark.parametrize("lang", ["vi", "en"])
def test_no_label_covers_another_or_leaves_the_picture(name, lang):
    picture = drawn(name, lang)
    shown = texts(picture)
    for (one, a), (two, b) in combinations(shown, 2):
        wide = min(a.x1, b.x1) - max(a.x0, b.x0)
        high = min(a.y1, b.y1) - max(a.y0, b.y0)
        assert wide < 2 or high < 2, f"{one!r} covers {two!r}"
    frame = picture.bbox
    for text, box in shown:
        assert box.x0 >= -1 and box.x1 <= frame.x1 + 1 and box.y0 >= -1 and box.y1 <= frame.y1 + 1, f"{text!r} is cut"


@pytest.mark.parametrize("name", DRAWN)
@pytest.mark.parametrize("lang", ["vi", "en"])
def test_for_a_phone_a_picture_is_drawn_anew_with_letters_of_11_pixels_and_nothing_cut(name, lang):
    picture = drawn(name, lang).again()
    across = {"card": narrow.CARD}.get(name.split()[-1], narrow.WIDTH)
    assert picture.get_figwidth() == across and picture.alt == drawn(name, lang).alt
    assert {text.get_fontsize() * 96 / 72 >= 11 for text in narrow._texts(picture)} == {True}
    for text, box in texts(picture):
        assert box.x0 >= -1 and box.x1 <= picture.bbox.x1 + 1 and box.y1 <= picture.bbox.y1 + 1, f"{text!r} is cut"
    assert not narrow.on()


def test_a_drawing_is_of_letters_without_a_font_and_of_colors_with_a_name():
    svg = drawn("fan", "vi").svg()
    assert 'role="img"' in svg and f'aria-label="{drawn("fan", "vi").alt[:40]}' in svg
    assert "Giữ nguyên" in svg and "font-family" not in svg and "<style" not in svg and "<metadata" not in svg
    assert not re.search(r'(?<![,("])#[0-9a-f]{6}', svg) and len(svg) < 20_000
    assert svg == drawn("fan", "vi").svg() and "\n\n" not in svg


def test_every_color_that_can_be_read_on_white_can_be_read_in_the_dark():
    used = {color for name in DRAWN for color in re.findall(r"--c([0-9a-f]{6})", drawn(name, "vi").svg())}
    assert len(used) > 6
    for color in {f"#{color}" for color in used}:
        if colors.contrast(color, "#ffffff") >= 4.5:
            assert colors.contrast(colors.dark(color), "#131416") >= 4.5, color
    assert all(f"--c{color}:" in colors.sheet(f"var(--c{color},x)" for color in used) for color in used)


@pytest.mark.parametrize("name", DRAWN)
@pytest.mark.parametrize(("lang", "source"), [("vi", "Nguồn"), ("en", "Source")])
def test_a_picture_describes_itself_and_names_its_source(name, lang, source):
    picture = drawn(name, lang)
    assert len(picture.alt) > 40 and re.search(r"\d", picture.alt)
    assert "card" in name or any(text.startswith(source) for text, _ in texts(picture))


def test_a_notebook_gets_the_description_with_the_picture():
    data, extra = drawn("versus", "vi")._repr_mimebundle_()
    assert data["text/plain"] == extra["image/png"]["alt"] == repr(drawn("versus", "vi"))


@pytest.mark.parametrize("name", DRAWN)
def test_no_english_leaks_into_a_vietnamese_picture(name):
    english = re.compile(r"\b(the|of|and|members?|target|expected|needed|source|published|poor|others)\b", re.I)
    found = [text for text, _ in texts(drawn(name, "vi")) if english.search(text)]
    assert not found and not english.search(drawn(name, "vi").alt)


def test_the_same_picture_has_the_same_bytes_and_lines_differ_without_color():
    first, second = (projection.fan(ANSWER, [PLAN, QUIET]).png(60) for _ in range(2))
    assert first == second and first.startswith(b"\x89PNG")
    lines = [line for line in projection.fan(ANSWER, [PLAN, QUIET]).axes[0].lines if len(line.get_xdata()) > 2]
    assert len({line.get_linestyle() for line in lines}) == len(lines) == 2


def test_counts_published_after_the_origin_are_hollow():
    picture = projection.fan(answer(CA_MAU), [CA_MAU])
    dots = [line for line in picture.axes[0].lines if line.get_marker() == "o"]
    faces = {tuple(line.get_ydata()): line.get_markerfacecolor() for line in dots}
    assert faces == {(26948.0,): INK, (21824.0,): "white"}


@pytest.mark.parametrize("name", DRAWN)
def test_every_axis_has_ticks_and_a_logarithmic_one_says_so(name):
    """Ticks with words or numbers; that of a picture's months, or of its rows, are names."""
    picture = drawn(name, "en")
    assert picture.axes
    for axes in picture.axes:
        low, high = sorted(axes.get_xlim())
        inside = [tick for tick in axes.get_xticks() if low <= tick <= high]
        assert len(inside) > 1 and all(label.get_text() for label in axes.get_xticklabels()[1:-1])
        assert axes.get_xscale() == axes.get_yscale() == "linear"
    if name == "what moves the headline":
        assert any("log scale" in text for text, _ in texts(picture))


def test_on_a_card_what_goes_on_anyway_is_no_plan():
    """A lever that was in force before the first month goes on when nothing changes, as Hà Nội's model communes do."""
    before, after = (Policy(Drive(per_month=1, start=start)) for start in ("2020-01", "2022-02"))
    quiet, plan = question("status quo").but(policy=before), question().but(policy=after)
    said = projection.fan(answer(plan, quiet), [plan, quiet], lang="en", small=True).alt
    assert said.count(words.term("card.plan", "en").capitalize() + ":") == 1
    assert said.count(words.term("card.quo", "en").capitalize() + ":") == 1


def test_a_picture_of_nothing_is_an_error_for_a_person():
    with pytest.raises(UserError, match="nothing to draw"):
        projection.fan(ANSWER, [question("other")])
    with pytest.raises(UserError, match="no collectors"):
        figures.picture(places.read_place("Đông Triều/An Sinh"), measure="collectors")


def test_many_scenarios_are_compared_as_a_whole():
    """Four policies by group would be twenty rows; the alternative text names each of the four once."""
    rows = comparison(ANSWER, "status quo")
    several = pd.concat([rows.assign(scenario=name) for name in "ABCD"])
    few = policy.versus(several[several["scenario"].isin(["A", "B"])], "en", titles={"A": "first", "B": "second"})
    assert "First: poor" in few.alt and "Second: poor" in few.alt
    assert policy.versus(several, "en").alt.count(";") == 3


@pytest.mark.parametrize("lang", ["vi", "en"])
def test_a_place_that_was_put_together_has_its_plain_name_in_every_picture_of_a_question(lang):
    title = {"vi": "Cà Mau (cùng Bạc Liêu), ba việc", "en": "Cà Mau (with Bạc Liêu), three things"}
    made_up = {"opening_members": 300.0}
    plan = PLAN.but(place=places.read_place("Cà Mau (2025)"), title=title, assumptions=made_up)
    quo = QUIET.but(place=plan.place, assumptions=made_up)
    both = answer(plan, quo)
    pictures = [
        target.picture(target_table(both, plan), needed_path(both, plan), plan, lang),
        projection.fan(both, [plan, quo], lang=lang),
        policy.versus(comparison(both, "status quo"), lang, place=plan.place, titles={"plan": title[lang]}),
    ]
    for picture in pictures:
        written = " ".join(picture.written())
        assert words.form("Cà Mau (2025)", "place", lang) in " ".join(written.split()) and "(2025)" not in written
        assert written.count("Bạc Liêu") == 1  # in the title; the labels of lines leave the place out
