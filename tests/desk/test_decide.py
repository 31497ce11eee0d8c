"""What the decision desk promises: chance, path and effort of a target, and what a policy adds."""

import numpy as np
import pandas as pd
import pytest

from forecast.answer.projection import COLUMNS, Projection, concat
from forecast.data import tables, toy
from forecast.desk import target
from forecast.desk.compare import comparison, status_quo
from forecast.desk.target import effort, needed_path, target_table
from forecast.experiment.project import project
from forecast.question import menu
from forecast.question.levers import Effort, Gift, TopUp, Visits
from forecast.question.scenario import Scenario, Target
from forecast.show import ways as ways_shown
from made import toy_question

PLACE, LAW = toy.place(), toy.law()


def question(name="plan", *levers, goal=400.0, by="2022-12", target=..., **more) -> Scenario:
    target = Target(value=goal, by=by) if target is ... else target
    return toy_question(name, *levers, target=target, **more)


def run(*questions, draws=10, engines=("stock",)):
    return project(questions, engines, draws=draws, jobs=1, progress=False)


MADE = question(goal=324.0)  # 24 more in twelve months


def made(engine="agents", entries=12.0, draws=5, scenario="plan", group="all") -> Projection:
    """A made answer: each month 5% of the members lapse, 1% come back, and `entries` enter; draw d has d more."""
    rows = []
    for draw in range(draws):
        members = 300.0
        for t, month in enumerate(MADE.months.astype(str)):
            if t:
                flows = {
                    "entries": entries + draw,
                    "returns": 0.01 * members,
                    "lapses": 0.04 * members,
                    "exits_compulsory": 0.008 * members,
                    "exits_other": 0.002 * members,
                }
                members += flows["entries"] + flows["returns"] - 0.05 * members
                rows += [(month, measure, draw, value) for measure, value in flows.items()]
            rows.append((month, "members", draw, members))
    frame = pd.DataFrame(rows, columns=["month", "measure", "draw", "value"])
    return Projection(
        frame.assign(place="Toy", scenario=scenario, engine=engine, origin="2021-12", group=group)[COLUMNS]
    )


def test_the_target_desk_says_how_likely_and_how_far():
    answer = concat([made("agents", entries=13.0), made("stock", entries=15.0)])
    ends = {e: answer.only(engine=e, measure="members").at("2022-12").frame["value"] for e in ("agents", "stock")}
    desk = target_table(answer, MADE).set_index("engine")
    assert list(desk.index) == ["agents", "stock"]
    for engine, values in ends.items():
        row = desk.loc[engine]
        assert row["probability"] == np.mean(values >= 324)
        assert row["standard_error"] == pytest.approx(np.sqrt(row["probability"] * (1 - row["probability"]) / 5))
        assert (row["median"], row["gap"]) == pytest.approx((np.median(values), np.median(values) - 324))
        assert (row["low"], row["high"]) == pytest.approx(tuple(np.quantile(values, [0.05, 0.95])))
        assert (row["target"], row["by"], row["measure"], row["draws"]) == (324, "2022-12", "members", 5)
    assert 0 < desk.loc["agents", "probability"] < 1


def test_a_target_of_a_flow_is_added_up_from_its_first_month():
    flow = question(target=Target(measure="entries", value=143, since="2022-02", by="2022-12"))
    desk = target_table(made(), flow).iloc[0]
    assert desk["median"] == pytest.approx(11 * 14)
    assert desk["probability"] == 0.8  # 11 months of 12, 13, 14, 15 and 16
    assert (desk["low"], desk["high"]) == pytest.approx((11 * 12.2, 11 * 15.8))


def test_a_target_of_a_group_looks_at_the_group():
    poor = question(target=Target(value=324, by="2022-12", group="poor"))
    both = concat([made(entries=50), made(entries=1, group="poor")])
    assert target_table(both, poor)["probability"].item() == 0
    assert target_table(both, MADE)["probability"].item() == 1


def test_a_silent_engine_has_no_row_and_no_answer_is_an_error():
    assert list(target_table(made("stock"), MADE)["engine"]) == ["stock"]
    with pytest.raises(tables.UserError, match="no engine answered scenario 'plan'"):
        target_table(made(scenario="other"), MADE)
    with pytest.raises(tables.UserError, match="'agents' did not answer"):
        needed_path(made("stock"), MADE)


def test_a_scenario_without_a_target_is_an_error():
    for ask in (lambda q: target_table(made(), q), lambda q: needed_path(made(), q), effort):
        with pytest.raises(tables.UserError, match="no target"):
            ask(question(target=None))
    with pytest.raises(tables.UserError, match="not of entries"):
        needed_path(made(), question(target=Target(measure="entries", value=1, since="2022-02", by="2022-12")))


def test_who_enters_as_needed_and_leaves_as_expected_lands_on_the_target():
    path = needed_path(made(), MADE)
    assert list(path["month"]) == list(MADE.months.astype(str)) and set(path["draws"]) == {5}
    members = path["needed"].iloc[0]
    assert members == 300
    for needed, entries in zip(path["needed"].iloc[1:], path["entries_needed"].iloc[1:], strict=True):
        members += entries - 0.04 * members  # 5% leave, 1% come back
        assert members == pytest.approx(needed)
    assert members == pytest.approx(324)


def test_the_needed_path_lies_beside_the_expected_one():
    path = needed_path(made(), MADE)
    assert path["entries_expected"].iloc[1:].to_numpy() == pytest.approx(np.full(12, 14.0))
    expected = made().only(measure="members").summary()
    assert path["expected"].tolist() == expected["median"].tolist()
    assert (path["low"].tolist(), path["high"].tolist()) == (expected["low"].tolist(), expected["high"].tolist())


def test_the_needed_path_bends_as_the_draws_bend():
    """Draws that grow evenly need an even path; one that falls by a tenth in March makes room for that in March."""
    frame = made().only(measure="members").frame
    frame["value"] = 300.0 + frame["draw"] * (frame.groupby("draw").cumcount())
    even = needed_path(Projection(frame), MADE)
    assert np.diff(even["needed"]) == pytest.approx(np.full(12, 2.0))
    assert even["needed_low"].tolist() == pytest.approx(even["needed_high"].tolist())
    frame.loc[(frame["month"] == "2022-03") & (frame["draw"] < 4), "value"] *= 0.9
    bent = needed_path(Projection(frame), MADE).set_index("month")
    assert bent.at["2022-03", "needed"] == pytest.approx(0.9 * 306)
    assert bent.at["2022-03", "needed_low"] == pytest.approx(0.9 * 306)
    assert 0.9 * 306 < bent.at["2022-03", "needed_high"] <= 306
    assert bent.drop("2022-03")["needed"].to_numpy() == pytest.approx(even["needed"].drop(3).to_numpy())


def test_a_place_without_members_gets_an_even_path_from_nothing():
    frame = made().only(measure="members").frame
    path = needed_path(Projection(frame.assign(value=0.0)), MADE)
    for bound in ("needed", "needed_low", "needed_high"):
        assert path[bound].tolist() == pytest.approx([27.0 * t for t in range(13)])


def test_the_path_ends_with_the_target_even_if_the_projection_goes_on():
    early = question(by="2022-06", goal=312)
    path = needed_path(made(), early)
    assert path["month"].iloc[-1] == "2022-06"
    assert path["needed"].iloc[-1] == 312


def test_a_scenario_that_began_later_does_not_disturb_the_path():
    later = made(scenario="later").frame
    both = concat([later[later["month"].astype(str) >= "2022-06"], made().frame])
    pd.testing.assert_frame_equal(needed_path(both, MADE), needed_path(made(), MADE), check_categorical=False)


def test_an_engine_that_knows_no_flows_gives_a_path_without_entries():
    path = needed_path(made("series").only(measure="members"), MADE, "series")
    assert "entries_needed" not in path
    assert path["needed"].iloc[-1] == 324


@pytest.fixture(scope="module")
def even_odds():
    """The effort for even odds of a target that ordinary work misses and more work can reach."""
    return effort(question(goal=400.0), 0.5, draws=8)


def test_the_effort_found_is_enough_and_hardly_more_than_enough(even_odds):
    def chance(times):
        more = question("plan", Effort(times=times, start="2022-01"), goal=400.0)
        return target_table(run(more, draws=8), more)["probability"].item()

    found = even_odds
    assert found["probability_now"] < 0.5 <= found["probability_reached"]
    assert 1 < found["multiple"] < target.MOST_EFFORT
    assert chance(found["multiple"]) == found["probability_reached"]
    assert chance(found["multiple"] / 1.03) < 0.5
    assert found["office"] > 0 and found["total"] == sum(found[p] for p in ("state", "province", "donors", "office"))
    assert found["collectors_now"] == pytest.approx(12)
    assert found["collectors_needed"] == pytest.approx(12 * found["multiple"])
    assert found["visits_per_month_needed"] == pytest.approx(found["visits_per_month_now"] * found["multiple"])
    assert (found["target"], found["by"], found["probability_wanted"]) == (400, "2022-12", 0.5)


def test_a_surer_target_needs_more_effort(even_odds):
    assert 1 < effort(question(goal=400.0), 0.25, draws=8)["multiple"] < even_odds["multiple"]


def test_an_impossible_target_has_no_effort_that_meets_it():
    found = effort(question(goal=9_900.0), 0.5, draws=5)
    assert found["multiple"] is found["collectors_needed"] is found["visits_per_month_needed"] is None
    assert found["probability_reached"] < 0.5


def test_a_target_that_is_met_anyway_needs_no_more():
    found = effort(question(goal=10.0), 0.9, draws=5)
    assert (found["multiple"], found["probability_now"], found["probability_reached"]) == (1.0, 1.0, 1.0)


def test_a_target_that_the_stock_engine_cannot_see_is_put_to_the_agents():
    active = question(target=Target(measure="active_9of12", value=1, by="2022-12"))
    assert effort(active, 0.5, draws=2)["probability_now"] == 1.0


@pytest.fixture(scope="module")
def compared():
    """One draw, so that medians add up: a top-up, gifts, visits that cost, and nothing, each against the status quo."""
    given = {"assumptions": {"floor_share": 1}}
    asked = [
        question("quo", **given),
        question("top-up", TopUp(group="poor", share=0.4, start="2022-01"), **given),
        question("gift", Gift(persons_per_month=5, unit_cost=0), **given),
        question("visits", Visits(count=100, unit_cost=30_000), **given),
        question("nothing", Visits(count=0), **given),
    ]
    answer = run(*asked, draws=1, engines=("stock", "agents"))
    return answer, comparison(answer, "quo")


def cell(table, scenario, measure, payer="", group="all", engine="stock"):
    rows = table[(table["scenario"] == scenario) & (table["measure"] == measure) & (table["payer"] == payer)]
    return rows[(rows["group"] == group) & (rows["engine"] == engine)]["median"].item()


def total(answer, scenario, measure, group="all", engine="stock"):
    return answer.only(scenario=scenario, measure=measure, group=group, engine=engine).frame["value"].sum()


@pytest.mark.parametrize("engine", ["stock", "agents"])
def test_what_a_policy_adds_is_the_paired_difference(engine, compared):
    answer, table = compared
    for scenario in ("top-up", "gift", "visits"):
        for measure in ("entries", "lapses"):
            gap = total(answer, scenario, measure, engine=engine) - total(answer, "quo", measure, engine=engine)
            assert cell(table, scenario, measure, engine=engine) == pytest.approx(gap)
        years = (
            total(answer, scenario, "members", engine=engine) - total(answer, "quo", "members", engine=engine)
        ) / 12
        assert cell(table, scenario, "member_years", engine=engine) == pytest.approx(years)
        last = answer.at("2022-12")
        end = total(last, scenario, "members", engine=engine) - total(last, "quo", "members", engine=engine)
        assert cell(table, scenario, "members", engine=engine) == pytest.approx(end)
        assert end > 0


@pytest.mark.parametrize("scenario", ["top-up", "gift", "visits"])
@pytest.mark.parametrize("group", ["all", "poor"])
def test_money_by_payer_adds_up_to_the_contributions(scenario, group, compared):
    answer, table = compared
    money = sum(cell(table, scenario, "money", payer, group) for payer in ("members", "state", "province", "donors"))
    months = total(answer, scenario, "paid_months", group) - total(answer, "quo", "paid_months", group)
    assert money == pytest.approx(400_000 * months)


def test_a_top_up_costs_the_province(compared):
    _, table = compared
    assert cell(table, "top-up", "money", "province", "poor") > 0
    assert cell(table, "top-up", "money", "province", "other") == 0
    assert cell(table, "top-up", "money", "donors") == cell(table, "top-up", "money", "office") == 0
    years = cell(table, "top-up", "member_years", group="poor")
    price = cell(table, "top-up", "money", "province", "poor") / years
    assert cell(table, "top-up", "cost_per_member_year", "province", "poor") == pytest.approx(price)
    assert price > 0.4 * 400_000 * 12  # it is paid for all poor members, not only for those whom it added


def test_a_gift_costs_the_donors_and_visits_cost_the_office(compared):
    _, table = compared
    assert cell(table, "gift", "money", "donors") == pytest.approx(60 * 12 * 200_000)  # 5 a month, half is the state's
    assert cell(table, "gift", "money", "province") == 0
    assert cell(table, "visits", "money", "office") == pytest.approx(12 * 6 * 100 * 30_000)
    parts = ("state", "province", "donors", "office")
    public = sum(cell(table, "visits", "cost_per_member_year", payer) for payer in parts)
    assert cell(table, "visits", "cost_per_member_year", "public and donors") == pytest.approx(public)


def test_nothing_added_has_no_price(compared):
    _, table = compared
    assert "cost_per_member_year" not in set(table[table["scenario"] == "nothing"]["measure"])
    assert (table[table["scenario"] == "nothing"]["median"] == 0).all()
    assert not ((table["measure"] == "cost_per_member_year") & (table["payer"] == "members")).any()
    # where a group gained no member-years, there is no price either
    others = table[(table["scenario"] == "gift") & (table["group"] == "other")]
    assert "cost_per_member_year" not in set(others["measure"])


def test_the_interval_holds_nine_draws_in_ten():
    answer = concat([made(scenario="quo", draws=21), *(made(draws=21, entries=20, scenario=s) for s in ("a", "b"))])
    table = comparison(answer, "quo")
    assert set(table["scenario"]) == {"a", "b"}
    gaps = answer.versus("quo").only(scenario="a", measure="members").at("2022-12").frame["value"]
    row = table[(table["scenario"] == "a") & (table["measure"] == "members")].iloc[0]
    assert (row["low"], row["median"], row["high"]) == pytest.approx(tuple(np.quantile(gaps, [0.05, 0.5, 0.95])))
    assert row["draws"] == 21


def test_a_difference_is_narrower_than_either_answer():
    both = run(question("quo"), question("visits", Visits(count=15)), draws=20)
    row = comparison(both, "quo").query("measure == 'members' and group == 'all'").iloc[0]
    alone = both.only(scenario="quo", measure="members", group="all").at("2022-12").summary().iloc[0]
    assert row["high"] - row["low"] < 0.5 * (alone["high"] - alone["low"])


def test_there_is_nothing_to_compare_one_scenario_with():
    with pytest.raises(tables.UserError, match="nothing to compare with 'plan'"):
        comparison(made(), "plan")
    with pytest.raises(tables.UserError, match="no scenario 'never'"):
        comparison(made(), "never")


def test_the_status_quo_is_the_same_question_without_levers():
    plan = question("plan", Visits(count=50), assumptions={"campaign_rise": 0.1})
    quo = status_quo(plan)
    assert (quo.scenario, quo.policy.levers) == ("status quo", ())
    assert (quo.place, quo.start, quo.until, quo.target, quo.law) == (
        plan.place,
        plan.start,
        plan.until,
        plan.target,
        plan.law,
    )
    assert quo.assumptions == plan.assumptions


@pytest.fixture(scope="module")
def single_ways():
    return target.ways(question(goal=340.0), 0.5, draws=10).set_index("way")


def test_each_single_way_is_just_enough(single_ways):
    """What is said to be needed reaches the chance, and a level less does not; it is priced in full, by payer."""
    met = single_ways[single_ways["needed"].notna()]
    assert {"Collectors", "Visits"} <= set(met.index)
    assert (met["probability_reached"] >= 0.5).all()
    assert (single_ways["probability_now"] < 0.5).all()
    (visits,) = (c for c in menu.offered(question(goal=340.0)) if c.name == "Visits")
    count, step = met.at["Visits", "needed"], visits.high / 100
    for less, enough in ((count, True), (count - 1.001 * step, False)):
        q = question("plan", Visits(count=less, per="place", start="2022-01"), goal=340.0)
        assert (target_table(run(q), q)["probability"].iloc[0] >= 0.5) == enough
    assert (single_ways["total"] == single_ways[["state", "province", "donors", "office"]].sum(axis=1)).all()
    assert ((single_ways["total"] > 0) | (single_ways["hours"] > 0)).all()


def test_a_way_that_is_not_enough_says_so_and_how_far_it_gets():
    found = target.ways(question(goal=9_900.0), 0.5, draws=5)
    assert list(found["way"]) == [*(choice.name for choice in menu.offered(question())), "together"]
    assert "không thể đạt bằng mức đã từng thấy" in ways_shown.table(found, "vi")
    assert "nhiều hơn mức đã từng thấy" in ways_shown.table(found, "vi")
    assert found["needed"].isna().all()
    assert (found["probability_reached"] < 0.5).all()


def test_a_target_that_is_met_anyway_needs_nothing():
    found = target.ways(question(goal=10.0), 0.5, draws=5)
    assert (found["needed"] == 0).all()
    assert (found["total"] == 0).all()
