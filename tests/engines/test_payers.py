"""Money of every lever goes to its payer: in a projection, in a comparison, and nowhere twice."""

import pytest

from forecast.checks.check import group_faults
from forecast.data.vocabulary import OUTREACH_PAYERS, PAYERS
from forecast.desk.compare import comparison
from forecast.experiment.project import project
from forecast.question.levers import Visits
from forecast.question.scenario import Scenario
from made import toy_question

COST = 12 * 100 * 30_000.0  # months x visits x VND


def question(name: str, *levers) -> Scenario:
    return toy_question(name, *levers)


@pytest.fixture(scope="module")
def answer():
    visits = [Visits(count=100, per="place", unit_cost=30_000, payer=payer) for payer in OUTREACH_PAYERS]
    asked = [question("none"), question("free", Visits(count=100, per="place", unit_cost=0))]
    asked += [question(lever.payer, lever) for lever in visits]
    return project(asked, ["stock", "agents"], draws=4, seed=1, jobs=1, progress=False)


def money(answer, scenario: str, engine: str) -> dict[str, float]:
    """VND by payer in all months, mean of the draws."""
    rows = answer.only(scenario=scenario, engine=engine, group="all").frame
    sums = rows.groupby("measure", observed=True)["value"].sum() / 4
    return {payer: float(sums[measure]) for payer, measure in PAYERS.items()}


@pytest.mark.parametrize("engine", ["stock", "agents"])
@pytest.mark.parametrize("payer", OUTREACH_PAYERS)
def test_what_a_lever_costs_is_paid_by_its_payer_and_by_nobody_else(payer, engine, answer):
    paid, free = money(answer, payer, engine), money(answer, "free", engine)
    added = {name: paid[name] - free[name] for name in PAYERS}
    assert added == pytest.approx(dict.fromkeys(PAYERS, 0.0) | {payer: COST}, abs=1.0)


@pytest.mark.parametrize("payer", OUTREACH_PAYERS)
def test_the_comparison_names_the_payer(payer, answer):
    table = comparison(answer, "free")
    rows = table[(table["scenario"] == payer) & (table["measure"] == "money") & (table["group"] == "all")]
    for engine, part in rows.groupby("engine", observed=True):
        assert dict(zip(part["payer"], part["median"], strict=True)) == pytest.approx(
            dict.fromkeys(PAYERS, 0.0) | {payer: COST, "all": COST}, abs=1.0
        ), engine


def test_groups_hold_contributions_and_never_more_than_all(answer):
    assert group_faults(answer.frame).empty
    broken = answer.frame.copy()
    at = (broken["measure"] == "paid_donors") & (broken["group"] == "poor") & (broken["scenario"] == "none")
    broken.loc[at, "value"] += 1e6
    assert len(group_faults(broken)) == at.sum()
