"""What a command says first: a verdict, a small table."""

import pytest

from forecast.experiment.project import project
from forecast.language import words
from forecast.question.levers import Visits
from forecast.question.scenario import Scenario
from forecast.show import brief
from made import toy_question


@pytest.mark.parametrize("lang", ["vi", "en"])
def test_a_scenario_without_a_target_beside_one_with_a_target_has_a_dash_for_its_chance(lang):
    aim = toy_question("aim", target={"value": 300, "by": "2022-12"})
    free = toy_question("free", Visits(count=5))
    told = brief.projected(project([aim, free], ["stock"], draws=8, progress=False, jobs=1), [aim, free], lang)
    rows = {row[0]: row for row in told.table.rows}
    assert rows["free"][-1] == "–" and rows["aim"][-1] != "–"
    assert len(told.lines) == 2


@pytest.mark.parametrize(
    ("lang", "none"), [("vi", "chưa có số nào được công bố"), ("en", "no count of it up to Dec 2021")]
)
def test_a_share_of_the_nations_members_is_not_told_as_a_count(lang, none):
    for place, counted in (("Sơn La", False), ("Cà Mau", True)):
        asked = Scenario("quo", place, start="2021-12", until="2022-02")
        (said,) = brief.projected(project(asked, ["pool"], draws=4, progress=False, jobs=1), [asked], lang).lines
        opening = words.about(asked.opening[0], lang)
        assert (none in said, opening in said) == (not counted, counted)
