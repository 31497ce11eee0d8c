"""What a command says first: a verdict, a small table."""

import pytest

from forecast.experiment.project import project
from forecast.question.levers import Visits
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
