"""What the law says is said once: every statutory value that changes in the law changes both engines."""

from functools import cache

import numpy as np
import pandas as pd
import pytest

from forecast.data import toy
from forecast.data.law import NO_END, Law
from forecast.data.vocabulary import MEASURES
from forecast.engines.people import hazards
from forecast.engines.people.agents import AgentEngine
from forecast.engines.people.stock import StockEngine
from forecast.question.levers import Gift, Policy
from forecast.question.scenario import Scenario

PLACE = toy.place(scale=2, members=1000)
DRAWS = range(4)
ENGINES = {"stock": StockEngine, "agents": AgentEngine}
MODES = [("payment_mode_1", 1), ("payment_mode_3", 3), ("payment_mode_6", 6), ("payment_mode_12", 12)]


TOY = toy.law()


def changed(parameter: str, **cells) -> Law:
    """The toy law with other cells in all rows of a parameter."""
    frame = toy.law().frame
    return Law(frame.assign(**{c: frame[c].mask(frame["parameter"] == parameter, v) for c, v in cells.items()}))


def with_rows(*rows: tuple[str, float]) -> Law:
    """The toy law with more rows, in force from 2016 on."""
    frame = toy.law().frame
    more = [frame.iloc[0].to_dict() | {"parameter": name, "value": value, "unit": "months"} for name, value in rows]
    return Law(pd.concat([frame, pd.DataFrame(more)], ignore_index=True))


LAWS = {
    "cap of subsidized months": (changed("subsidy_max_months", value=6.0), "members"),
    "modes of payment": (with_rows(*MODES[:2]), "members"),
    "contribution rate": (changed("contribution_rate", value=0.25), "paid_state"),
    "floor": (changed("min_declared_income", value=1.5e6), "members"),
    "ceiling": (changed("max_declared_income", value=2e6), "paid_members"),
    "state's share": (changed("state_subsidy_share", value=0.4), "members"),
    "years for a pension": (
        Law(
            pd.concat(
                [
                    toy.law().frame,
                    toy.law().frame.query("parameter == 'min_years_for_pension'").assign(since="2022-03", value=2.0),
                ]
            )
        ),
        "exits_other",
    ),
    "base month": (Law(toy.law().frame, base_month="2022-06"), "members"),
}


@cache
def answered(engine: str, law: Law, levers: tuple) -> pd.DataFrame:
    """All measures added up over all months, by draw."""
    asked = Scenario("q", PLACE, start="2021-12", until="2023-06", law=law, policy=Policy(*levers))
    rows = ENGINES[engine]().run(asked, DRAWS, 1)
    rows = rows[rows["group"] == "all"]
    return rows.groupby(["draw", "measure"], observed=True)["value"].sum().unstack()


def total(engine: str, law: Law, measure: str, *levers) -> np.ndarray:
    """A measure added up over all months, by draw."""
    return answered(engine, law, levers)[measure].to_numpy()


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("value", LAWS)
def test_a_statutory_value_changes_both_engines(value, engine):
    law, measure = LAWS[value]
    assert (total(engine, law, measure) != total(engine, TOY, measure)).all()


@pytest.mark.parametrize("engine", ENGINES)
def test_when_the_subsidy_began_matters_to_those_who_have_had_it_since(engine):
    """With an end after 24 months, members of long standing have used it up only where it began long ago."""
    long_ago = changed("subsidy_max_months", value=24.0)
    lately = Law(
        long_ago.frame.assign(
            since=long_ago.frame["since"].mask(long_ago.frame["parameter"] == "state_subsidy_share", "2021-06")
        )
    )
    assert (total(engine, lately, "paid_state") > 1.05 * total(engine, long_ago, "paid_state")).all()


@pytest.mark.parametrize("engine", ENGINES)
def test_an_end_of_the_subsidy_costs_the_state_less_and_drives_members_away(engine):
    short, none = changed("subsidy_max_months", value=6.0), changed("subsidy_max_months", value=float(NO_END))
    assert (total(engine, short, "paid_state") < 0.6 * total(engine, none, "paid_state")).all()
    assert (total(engine, short, "members") < total(engine, none, "members")).all()


@pytest.mark.parametrize("months", [6, 24, 60])
def test_the_stock_tells_the_end_of_the_subsidy_nearly_as_the_agents_do(months):
    """What the state pays and how many stay, as parts of what they are when the subsidy has no end.

    Months since joining stand for months of subsidy, which is rough for members who had paid ahead or had lapsed.
    """
    law, none = (changed("subsidy_max_months", value=float(end)) for end in (months, NO_END))
    for measure, off in (("paid_state", 0.12), ("members", 0.02)):
        parts = {engine: (total(engine, law, measure) / total(engine, none, measure)).mean() for engine in ENGINES}
        assert parts["stock"] == pytest.approx(parts["agents"], abs=off)


def test_who_cannot_pay_as_long_as_before_pays_for_the_next_shorter_spell():
    months = pd.period_range("2021-12", periods=2, freq="M")
    one, _ = hazards.spells(months, with_rows(*MODES))
    assert one.months.tolist() == [1, 3, 6, 12, 60]
    assert one.usual.tolist() == pytest.approx([0.15, 0.4, 0.25, 0.2, 0.0])
    (yearly,) = hazards.spells(months[:1], with_rows(("payment_mode_12", 12), ("payment_mode_24", 24)))
    assert yearly.months.tolist() == [1, 3, 6, 12, 24, 60]
    assert yearly.usual.tolist() == pytest.approx([0, 0, 0, 0.98, 0.02, 0])


@pytest.mark.parametrize("engine", ENGINES)
def test_a_book_may_be_as_long_as_a_new_mode_of_payment(engine):
    law = with_rows(*MODES, ("payment_mode_24", 24))
    longer, shorter = (
        total(engine, law, "paid_donors", Gift(persons_per_month=5, months=m, unit_cost=0.0)) for m in (24, 12)
    )
    assert (longer > 1.8 * shorter).all()


def test_measures_of_this_test_exist():
    assert {measure for _, measure in LAWS.values()} <= set(MEASURES)
