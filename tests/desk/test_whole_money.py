"""Money is whole in every table: payers add up to the total, and one lever alone is priced in full or marked."""

import numpy as np
import pytest

import forecast as f
from forecast.data.vocabulary import PAYERS
from forecast.desk import equal_money, target
from forecast.question.levers import TopUp, Visits
from forecast.show import costs
from forecast.show import equal_money as policies
from forecast.show import ways as shown
from made import toy_question

PUBLIC = [payer for payer in PAYERS if payer != "members"]


@pytest.fixture(scope="module")
def compared():
    quo = toy_question("quo")
    plans = [
        toy_question("visits", Visits(count=60, start="2022-02")),
        toy_question("top-up", TopUp(share=0.3, group="poor", start="2022-02")),
    ]
    answer = f.project([quo, *plans], ["stock"], draws=12, jobs=1, progress=False)
    return answer, f.comparison(answer, "quo")


@pytest.mark.parametrize("goal", [340.0, 9_900.0])
def test_each_lever_alone_is_priced_in_full_by_payer_or_marked_beyond_what_was_seen(goal):
    found = target.ways(toy_question(goal=goal), 0.5, draws=8)
    assert np.allclose(found["total"], found[PUBLIC].sum(axis=1), rtol=1e-12)
    assert found[[*PUBLIC, "total", "hours"]].notna().all(axis=None)
    assert ((found["total"] > 0) | (found["hours"] > 0)).all()
    lines = shown.table(found, "en").splitlines()[2 : 2 + len(found)]
    beyond = found["needed"].isna().to_numpy()
    marked = [
        "more than has been seen" in line or "not enough" in line or "cannot be reached" in line for line in lines
    ]
    assert marked == beyond.tolist()


def cells(table: str, wanted: list[int]) -> list[list[float]]:
    """Numbers of some columns of a Markdown table in English."""
    rows = [line.strip("| ").split(" | ") for line in table.splitlines() if line.startswith("|")][2:]
    return [[float(row[k].replace(",", "").replace("−", "-")) for k in wanted] for row in rows]


def test_who_adds_up_the_cells_of_a_table_finds_its_total(compared):
    """Digit by digit, though each cell is rounded by itself."""
    ways = target.ways(toy_question(goal=340.0), 0.5, draws=8)
    columns = shown.table(ways, "en").splitlines()[0].count("|") - 1  # way, needed, probability, payers, total, hours
    for *parts, total in cells(shown.table(ways, "en"), list(range(3, columns - 1))):
        assert sum(parts) == pytest.approx(total, abs=1e-6)
    answer, found = compared
    for *parts, total in cells(
        policies.table(
            equal_money.summary(equal_money.draws(answer, "quo", "2022-06", "stock")),
            {"visits": "visits", "top-up": "top-up"},
            "en",
        ),
        [3, 4, 5, 6, 7],
    ):
        assert sum(parts) == pytest.approx(total, abs=1e-6)
    *parts, (total,), _hours = cells(costs.table(found[found["scenario"] == "visits"], "en"), [1])
    assert sum(part for (part,) in parts) == pytest.approx(total, abs=1e-6)


def test_means_of_payers_add_up_to_the_total_of_a_comparison(compared):
    _, table = compared
    money = table[table["measure"] == "money"].pivot_table(index=["scenario", "group"], columns="payer", values="mean")
    assert len(money) and np.allclose(money["all"], money[list(PAYERS)].sum(axis=1), rtol=1e-9, atol=1e-3)


def test_means_of_payers_add_up_beside_one_another(compared):
    answer, _ = compared
    found = equal_money.summary(equal_money.draws(answer, "quo", "2022-06", "stock"))["mean"].unstack("measure")
    assert np.allclose(found["public"], found[PUBLIC].sum(axis=1), rtol=1e-9, atol=1e-3)
    assert np.allclose(found["own"], found[list(equal_money.OWN)].sum(axis=1), rtol=1e-9, atol=1e-3)
