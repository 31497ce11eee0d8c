"""Commission of collectors: its columns, what the office pays, and what collectors then do."""

import numpy as np
import pytest

from forecast.data import toy
from forecast.data.law import read_law
from forecast.experiment.project import project
from forecast.question.levers import Policy
from forecast.question.levers.commission import Commission
from made import toy_question

SWAP = Commission(new=0.5, renewal=2, start="2022-01")


def test_the_change_stands_in_its_columns_and_takes_no_work():
    plan = Policy(SWAP).plan(toy.place(), "2021-12", "2022-12")
    assert plan.changed(Policy().plan(toy.place(), "2021-12", "2022-12")) == {"commission_new", "commission_renewal"}
    assert plan.commission_new[1:, 0].tolist() == [-0.5] * 12 and plan.commission_renewal[1:, 0].tolist() == [1] * 12
    assert plan.bills == []


def sums(engine: str, *levers: Commission, response: float) -> dict[str, float]:
    """Sums over all months and draws of what the toy place does under the levers, by measure."""
    asked = toy_question("asked", *levers, law=read_law(), assumptions={"commission_response": response})
    rows = project(asked, engines=[engine], draws=8, jobs=1, progress=False).only(group="all").frame
    return rows.groupby("measure", observed=True)["value"].sum().to_dict()


@pytest.mark.parametrize("engine", ["agents", "stock"])
def test_where_nobody_responds_only_money_moves(engine):
    usual, paid = (sums(engine, *levers, response=0.0) for levers in ((), (Commission(new=2, renewal=2),)))
    office = "spent_outreach"
    assert paid[office] == pytest.approx(2 * usual[office]) and usual[office] > 0
    assert {m: v for m, v in paid.items() if m != office} == {m: v for m, v in usual.items() if m != office}


@pytest.mark.parametrize("engine", ["agents", "stock"])
def test_collectors_who_respond_keep_more_members_and_bring_fewer(engine):
    usual, renewal, new = (
        sums(engine, *levers, response=0.8) for levers in ((), (Commission(renewal=5),), (Commission(new=0.1),))
    )
    assert renewal["lapses"] < usual["lapses"] and new["entries"] < usual["entries"]
    assert np.isfinite(list(renewal.values())).all()
