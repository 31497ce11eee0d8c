"""The board: provinces that add up to the nation, targets that say what they are, and faults of one line."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from forecast import show
from forecast.data import files, tables
from forecast.data.law import read_law
from forecast.data.law_changes import Change, changed
from forecast.data.places import read_place
from forecast.data.tables import UserError
from forecast.data.vocabulary import AS_IS
from forecast.desk.allocation import Allocation
from forecast.desk.board import (
    adding,
    back,
    board,
    compare,
    counted,
    equal,
    five,
    outlook,
    plans,
    policies,
    price,
    targets,
)
from forecast.desk.board.outlook import Asked
from forecast.engines.campaign.beliefs import learn
from forecast.question.levers import ModelCommunes, Policy, TopUp, Visits, YearEndCampaign
from forecast.question.scenario import Scenario

ASKED = Asked("2026-11", until="2028-12", draws=24)


@pytest.fixture(scope="module")
def history():
    return tables.read(tables.data_dir() / "history.csv", "history")


@pytest.fixture(scope="module")
def made():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(outlook, "learned", lambda known: learn(known, particles=800, rows=24))
        yield board.board(ASKED)


def test_provinces_add_up_to_the_nation_in_every_draw(made):
    for measure in outlook.MEASURES:
        values = made.outlook.persons[measure]
        assert values.dtype.kind == "i" and len(values) == 34
        assert (values.sum(axis=0) == made.outlook.of("Việt Nam", measure)).all()
    rows = made.outlook.projection()
    wide = rows.pivot_table(index=["measure", "month", "draw"], columns="place", values="value", observed=True)
    assert (wide["Việt Nam"] == wide.drop(columns="Việt Nam").sum(axis=1)).all()
    assert tables.check(rows.head(200), "projection") == []


def test_a_province_that_was_counted_lately_moves_less(made):
    weight = adding.weights(np.array([[90.0, 100.0, 111.0], [30.0, 100.0, 330.0]]))
    moved = adding.factors(np.full((2, 1, 1), 100.0), weight, np.array([[150.0]]))
    assert moved[0] > 0.98 and moved[1] < 0.55
    spread = {name: np.log(made.outlook.of(name)[0]).std() for name in ("Hà Nội", "Lai Châu")}
    assert spread["Hà Nội"] < spread["Lai Châu"]


def test_quantiles_of_the_nation_are_those_of_its_sums(made):
    path = made.paths[(made.paths["place"] == "Việt Nam") & (made.paths["measure"] == "members")]
    draws = made.outlook.persons["members"].sum(axis=0)
    assert path["q90"].tolist() == np.rint(np.quantile(draws, 0.9, axis=1)).tolist()
    summed = made.paths[(made.paths["place"] != "Việt Nam") & (made.paths["measure"] == "members")]
    assert (summed.groupby("month")["q90"].sum().to_numpy() > path["q90"].to_numpy()).all()


def test_the_rise_of_the_floor_is_paired(made):
    """Without the rise nothing differs before it, and the same draw has more members after it where price counts."""
    before = made.outlook.at("2026-12")
    gap = made.outlook.of("Việt Nam", "lasting_members") - made.flat.of("Việt Nam", "lasting_members")
    assert (gap[: before + 1] == 0).all()
    assert np.median(gap[made.outlook.at("2027-12")]) < 0
    row = made.rows.set_index("place").loc["Việt Nam"]
    assert row["median_rise_year"] == np.rint(np.median(gap[made.outlook.at("2027-12")]))


def test_the_board_is_the_same_for_the_same_seed_and_each_draw_alone(made):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(outlook, "learned", lambda known: learn(known, particles=800, rows=24))
        again = outlook.outlooks(ASKED._replace(until="2027-01", draws=2))[AS_IS]
    assert (again.persons["members"] == made.outlook.persons["members"][:, :3, :2]).all()


def test_rows_are_ordered_by_the_chance_and_the_nation_stands_first(made):
    rows = made.rows
    assert rows["place"].iloc[0] == "Việt Nam" and len(rows) == 35
    assert rows["chance_goal_lasting"].isna().all()  # the board of this test ends before 2030
    assert rows["chance_review"].between(0, 1).all() and (rows["basis_review"] == "derived").all()


def test_targets_of_provinces_add_up_to_that_of_the_resolution(history):
    found = targets.resolution(read_law(), history, outlook.provinces("2026-11"))
    goal = found[found["month"] == targets.GOAL].set_index("place")
    assert goal.at["Việt Nam", "target"] == 2_444_500 and goal.at["Việt Nam", "basis"] == "stated"
    parts = goal.drop(index="Việt Nam")
    assert parts["target"].sum() == 2_444_500 and set(parts["basis"]) == {"derived"}
    review = found[(found["month"] == targets.REVIEW) & (found["place"] == "Việt Nam")].iloc[0]
    assert 2_016_000 < review["target"] < 2_444_500 and review["basis"] == "derived"


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("Bắc Giang,2030-12,9000,persons,,", "Bắc Ninh (2025)"),
        ("Đà Bắc,2030-12,900,persons,,", "Phú Thọ (2025)"),
        ("Atlantis,2030-12,900,persons,,", 'there is no place "Atlantis"'),
        ("ca-mau,2030-12,5,percent,,", "Cà Mau (2025), 2030-12: a target of 5% does not say of what"),
    ],
)
def test_a_target_that_cannot_be_is_one_message_with_the_present_name(tmp_path, row, said):
    path = tmp_path / "mine.csv"
    path.write_text("place,month,value,unit,denominator,source\n" + row + "\n", encoding="utf-8")
    with pytest.raises(UserError) as error:
        targets.read(path)
    assert said in str(error.value) and "mine.csv, row 2" in str(error.value) and "\n" not in str(error.value)


def test_a_commune_cannot_stand_on_the_board(made, tmp_path):
    given = pd.DataFrame(
        [("Phú Thọ (2025)/Đà Bắc", "2027-12", 5.0, "stated", "")], columns=[*targets.COLUMNS, "source"]
    )
    with pytest.raises(UserError, match=r"it is counted in Phú Thọ \(2025\)"):
        board._within(given, made.outlook, "mine.csv")


def test_last_counts_are_carried_and_say_what_they_are(history):
    found = counted.last_counts(history, outlook.provinces("2026-11"), "2026-11").set_index("place")
    assert found.loc["Việt Nam", ["month", "members", "age"]].tolist() == ["2025-12", 3_071_900.0, 11]
    assert found.loc["Lào Cai (2025)", ["month", "of"]].tolist() == ["2025-12", "own"]
    assert found.loc["Cà Mau (2025)", ["members", "of", "known_parts"]].tolist() == [32_000.0, "parts", 2]
    assert found.loc["Lai Châu", "of"] == "none" and np.isnan(found.loc["Lai Châu", "members"])


def test_top_ups_that_undo_a_rise_leave_the_price_as_it_was():
    law = read_law()
    rise = price.next_rise(law, "2026-11")
    for lineage in (("Việt Nam",), ("Hà Nội", "Việt Nam"), ("Quảng Ninh", "Việt Nam")):
        for group, share in price.undoing(law, rise, lineage).items():
            now, then = law.price(group, rise.month, lineage), law.price(group, "2026-12", lineage)
            assert now.net - share * now.gross == pytest.approx(then.net)
    with pytest.raises(UserError, match="no rise of the floor"):
        price.next_rise(law, "2027-01")


def test_a_changed_law_is_cut_where_it_changes():
    law = read_law()
    share = [Change(parameter="state_subsidy_share", group="all", value=0.1, since="2027-01", until="2027-12")]
    other = changed(law, share)
    assert other.price("poor", "2027-06").state == pytest.approx(48_400)
    assert other.price("poor", "2028-01").net == law.price("poor", "2028-01").net
    assert other.price("poor", "2026-12").net == law.price("poor", "2026-12").net
    assert law.value("state_subsidy_share", "2027-06", "poor") == 0.5  # the law itself is as it was


@pytest.fixture(scope="module")
def planned(made):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(plans, "learned", lambda known: learn(known, particles=800, rows=24))
        yield plans.plans(made.asked, made.outlook, 2027, names=["Việt Nam", "Hà Nội", "Lai Châu"])


def test_a_plan_that_is_met_more_often_is_smaller(planned):
    assert (planned["met"] >= planned["chance"]).all() and len(planned) == 9
    for _, rows in planned.groupby("place"):
        assert rows["plan"].is_monotonic_decreasing and rows["left"].is_monotonic_increasing
        assert (rows["left_low"] <= rows["left"]).all() and (rows["left"] <= rows["left_high"]).all()


def test_a_december_ends_above_a_plan_within_reach_and_falls_by_march(made):
    """A plan a little above lasting members is met nearly always; one of ten times as many, never."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(plans, "learned", lambda known: learn(known, particles=800, rows=24))
        known = plans.known_at(made.asked.known_history, tables.month("2026-11"), made.asked.known_law)
        beliefs = outlook.few(plans.learned(known), 24)
        december = plans.December(made.asked, made.outlook, "Hà Nội", 2027, beliefs, known)
    low = float(np.exp(december.low).min())
    assert (december.members(0.9 * low) >= 0.9 * low).all()
    assert (december.members(30 * low) < 30 * low).all()
    assert (december.left(2 * low) < december.members(2 * low) * 1.5).all()


def test_a_policy_of_the_nation_acts_in_a_province_and_is_paid_for(made):
    name = "Cao Bằng"
    one = outlook.Outlook((name,), made.outlook.months, {m: v[[5]] for m, v in made.outlook.persons.items()})
    assert made.outlook.places[5] == name
    asked = {question.scenario: question for question in map(compare.read_scenario, compare.files())}
    levers = asked["model-communes"].policy.levers
    found = policies.effects(made.asked, one, {"model": lambda place: levers}, draws=2, jobs=1)
    again = policies.effects(made.asked, one, {"model": lambda place: levers}, jobs=1, usual=found[""])
    for policy, measure in ((p, m) for p in ("", "model") for m in outlook.MEASURES):
        assert (again[policy][name].times[measure] == found[policy][name].times[measure]).all()
    assert (again["model"][name].spent["office"] == found["model"][name].spent["office"]).all()
    more, law = policies.under(one, found["model"]), made.asked.known_law
    assert (more.of(name)[-1] > one.of(name)[-1]).all() and (more.of(name)[0] == one.of(name)[0]).all()
    usual = policies.money(law, one, found[""], name, 2027)
    topped = policies.money(asked["top-ups"].law, one, found[""], name, 2027)
    assert usual["province"].sum() == 0 and (topped["province"] > 0).all()
    assert topped["province"] + topped["members"] == pytest.approx(usual["members"])
    assert (policies.money(law, more, found["model"], name, 2027)["office"] > usual["office"]).all()


def test_finished_provinces_are_kept_and_damaged_ones_done_again(made, tmp_path, monkeypatch, caplog):
    one, done, project = alone(made, "Huế"), [], policies.project
    monkeypatch.setattr(policies, "project", lambda asked, *a, **more: done.append(asked) or project(asked, *a, **more))
    levers = Policy(Visits(count=30, start="2027-01"))
    asked = Scenario("visits", "Việt Nam", start="2026-11", until="2028-12", policy=levers)

    def rows(**more):
        found = compare.compared(one, [asked], draws=2, jobs=1, **more)
        budget = float(found.rows["support"].max()) / 3
        return found.rows, equal.equal(one, [asked], found, budget=budget, jobs=1, **more)

    alone_rows, kept_rows = rows(), rows(keep=tmp_path)
    assert [one.scenario for asked in done for one in asked].count("status quo") == 2  # once in each of the answers
    kept, pieces, count = sorted(tmp_path.iterdir()), len(done), len(done) // 2
    assert len(kept) == count > 1
    again = rows(keep=tmp_path)
    assert len(done) == pieces
    for table, *others in zip(alone_rows, kept_rows, again, strict=True):
        for other in others:
            pd.testing.assert_frame_equal(other, table, check_exact=True)
    arrays = files.kept_arrays(kept[0])
    files.keep({name: array[:-1] for name, array in arrays.items()}, kept[0])
    kept[1].write_bytes(kept[1].read_bytes()[:-1])
    rows(keep=tmp_path)
    assert len(done) == pieces + 2
    assert "its hash does not fit" in caplog.text and "it holds other policies, months or draws" in caplog.text


def test_finished_boards_of_earlier_months_are_kept(history, tmp_path, monkeypatch):
    wanted = back.counted_places(history)
    wanted, done = wanted[wanted["place"] == "Việt Nam"], []
    monkeypatch.setattr(back, "counted_places", lambda _: wanted)
    outlooks = back.outlooks
    monkeypatch.setattr(back, "outlooks", lambda asked: done.append(asked.month) or outlooks(asked))
    first = back.back(4, history=history, keep=tmp_path)
    again = back.back(4, history=history, keep=tmp_path)
    assert done == wanted["seen"].tolist()
    pd.testing.assert_frame_equal(again, first, check_exact=True)
    assert first["members"].tolist() == wanted["members"].tolist() and (first["low"] <= first["high"]).all()


def test_a_top_up_on_the_board_is_a_change_of_the_law(made):
    asked = Scenario("more", "Việt Nam", start="2026-11", until="2028-12", policy=Policy(TopUp(share=0.1)))
    with pytest.raises(UserError, match="more: TopUp on the board is a change of the law"):
        compare.compared(made, [asked])


def alone(board_of_all, place):
    """The board as if the nation were one province."""
    at = board_of_all.outlook.places.index(place)
    one, flat = (
        outlook.Outlook((place,), drawn.months, {m: v[[at]] for m, v in drawn.persons.items()})
        for drawn in (board_of_all.outlook, board_of_all.flat)
    )
    return replace(board_of_all, outlook=one, flat=flat)


def test_policies_are_made_so_small_that_they_cost_the_same(made):
    one, levers = alone(made, "Huế"), Policy(Visits(count=30, start="2027-01"))
    asked = Scenario("visits", "Việt Nam", start="2026-11", until="2028-12", policy=levers)
    done = compare.compared(one, [asked], draws=2, jobs=1)
    whole = done.rows[done.rows["place"] == "Huế"].set_index("policy").loc["visits"]
    assert whole["added_year"] > 0 and whole["more_office"] > 0
    nation = done.rows[done.rows["place"] == "Việt Nam"].set_index("policy").loc["visits"]
    budget = nation["support"] / 3
    (row,) = equal.equal(one, [asked], done, budget=budget, jobs=1).to_dict("records")
    assert row["support"] == pytest.approx(budget, rel=equal.EXACT) and row["size"] == pytest.approx(1 / 3, rel=0.1)
    assert 0 < row["added_year"] < nation["added_year"]
    assert row["first"] == 1 and row["draws"] == 2  # the only one
    dear = equal.equal(one, [asked], done, budget=9 * nation["support"], jobs=1).iloc[0]
    assert dear["size"] == 1 and dear["support"] == nation["support"]  # nothing is made larger than it was asked for
    assert np.isnan(dear["first"])  # and what costs less than the others is not ranked with them
    assert (done.prices[["counts", "people"]] > 0).all().all() and done.prices["place"].tolist() == ["Việt Nam", "Huế"]


def test_what_cannot_cost_the_budget_says_what_it_costs_and_is_not_ranked(made):
    one = alone(made, "Huế")
    levers = ModelCommunes(where={"count": 2}, start="2027-01"), Visits(count=30, start="2027-01")
    asked = [Scenario(name, "Việt Nam", start="2026-11", until="2028-12", policy=Policy(lever))
             for name, lever in zip(("communes", "visits"), levers, strict=True)]  # fmt: skip
    done = compare.compared(one, asked, draws=2, jobs=1)
    dear = done.rows[done.rows["place"] == "Việt Nam"].set_index("policy").loc["communes"]
    budget = 0.8 * dear["support"]  # between one commune and two, and below what the visits cost
    found = equal.equal(one, asked, done, budget=budget, jobs=1).set_index("policy")
    assert abs(found["support"]["communes"] / budget - 1) > equal.EXACT and np.isnan(found["first"]["communes"])
    assert found["support"]["visits"] == pytest.approx(budget, rel=equal.EXACT) and found["first"]["visits"] == 1
    text = str(show.board_desk.equal(found.reset_index(), done.titles, "en"))
    assert "Visits ranks first" in text and "No part of communes costs" in text and "| not ranked |" in text


def test_of_some_policies_there_is_a_part_and_of_others_none():
    asked = {question.scenario: question for question in map(compare.read_scenario, compare.files())}
    assert equal.sized(asked["model-communes"], 0.1).policy.levers[0].where.count == 69
    half = equal.sized(asked["top-ups"], 0.5)
    assert half.law.value("local_top_up_share", "2027-06", "poor") == pytest.approx(0.05)
    assert equal.sized(asked["floor-delayed"], 0.5) is None and equal.sized(asked["renewal-commission"], 0.5) is None


def test_policies_of_the_board_are_about_the_nation(made):
    for path in compare.files():
        assert compare.read_scenario(path).place.name == "Việt Nam"
    other = compare.read_scenario(tables.data_dir() / "scenarios" / "ca-mau-plan.yaml")
    with pytest.raises(UserError, match="expected Việt Nam"):
        compare.compared(made, [other])


def test_without_campaigns_members_are_lasting_members_from_the_first_december_on(made):
    drawn = made.outlook
    none = compare.less_campaign(drawn, YearEndCampaign(held=0, start="2027-01"))
    begin, lasting = drawn.at("2027-12"), drawn.persons["lasting_members"]
    assert (none.persons["members"][:, begin:] == lasting[:, begin:]).all()
    assert (none.persons["members"][:, :begin] == drawn.persons["members"][:, :begin]).all()
    half = compare.less_campaign(drawn, YearEndCampaign(held=0.5, end="2026-12"))
    winter = drawn.at("2026-12")
    gap = drawn.persons["members"] - lasting
    assert np.abs(half.persons["members"] - lasting - gap / 2)[:, winter].max() <= 0.5
    assert (half.persons["members"][:, begin:] == drawn.persons["members"][:, begin:]).all()
    assert (half.persons["lasting_members"] == lasting).all()


def test_a_campaign_that_is_not_held_saves_its_work_on_the_board(made):
    one = alone(made, "Huế")
    none = Scenario(
        "none", "Việt Nam", start="2026-11", until="2028-12", policy=Policy(YearEndCampaign(held=0, start="2027-12"))
    )
    usual = policies.Effect(
        dict.fromkeys(outlook.MEASURES, np.ones((26, 24))), {"office": np.full((26, 2), 5.0)}, np.full(4, 0.25), {}
    )
    found = compare.outcomes_of(one, [none], {"": {"Huế": usual}})
    law, drawn, effect = found["none"]
    paid, before = (policies.money(law, drawn, one_effect, "Huế", 2027) for one_effect in (effect, {"Huế": usual}))
    communes = len(read_place("Huế", at="2026-11").communes)
    saved = before["office"] - paid["office"]
    assert (saved > 0).all() and before["office"].tolist() == [60.0] * 24
    assert np.median(saved) == pytest.approx(5_000_000 * communes, rel=0.6)
    assert (before["province"] == paid["province"]).all() and (before["donors"] == 0).all()
    rows = pd.DataFrame(compare.rows_of(one, found)).set_index(["policy", "place"])
    assert rows.loc[("none", "Huế"), "draws"] == 24 and rows.loc[("none", "Huế"), "more_office"] < 0


def test_the_split_of_a_plan_rests_on_as_many_draws_as_the_board(made, monkeypatch):
    asked = []

    def split(question, *, draws, **_):
        asked.append((question.target.value, draws))
        return Allocation(question, pd.DataFrame(columns=["commune", "people", "share_by_capacity"]), 0.5, 0.5)

    monkeypatch.setattr(plans, "allocate", split)
    plans.by_commune(made.asked, made.outlook, "Huế", 40_000, 2027)
    assert asked == [(40_000, made.asked.draws)]


def test_what_others_than_the_office_pay_for_outreach_is_on_the_board(made):
    one, asked = alone(made, "Huế"), {}
    for payer in ("office", "donors"):
        levers = Policy(Visits(count=30, start="2027-01", payer=payer))
        asked[payer] = Scenario(payer, "Việt Nam", start="2026-11", until="2028-12", policy=levers)
    rows = compare.compared(one, asked.values(), draws=2, jobs=1).rows
    rows = rows[rows["place"] == "Huế"].set_index("policy")
    assert rows["more_donors"]["office"] == 0 < rows["more_donors"]["donors"]
    assert 0 < rows["more_office"]["donors"] < rows["more_office"]["office"]  # commission alone
    assert set(rows["draws"]) == {2}


def test_earlier_boards_are_held_against_counts_that_came_later(history):
    asked = back.counted_places(history).set_index("place")
    assert asked.loc["Việt Nam", ["month", "seen"]].tolist() == ["2025-12", "2025-08"]
    assert not asked[asked["last"]].index.duplicated().any() and set(asked.index) == set(asked[asked["last"]].index)
    assert len(asked) > 2 * asked["last"].sum() and asked["seen"].min() == back.SINCE
    for row in asked.itertuples():
        assert (tables.month(row.month) - tables.month(row.seen)).n >= (4 if row.Index == "Việt Nam" else back.AHEAD)
    found = pd.DataFrame(
        [
            ("Việt Nam", 1, True, True, True, True),
            ("A", 0, True, False, True, True),
            ("B", 2, True, False, False, True),
            ("B", 1, False, True, True, True),
        ],
        columns=["place", "before", "last", "in_50", "in_80", "in_95"],
    ).assign(low=10.0, high=40.0)
    rates = back.rates(found).set_index("which")
    assert rates.loc["last", ["counts", "in_50", "in_80", "in_95", "width"]].tolist() == [2, 0, 0.5, 1, 4]
    assert rates["counts"].tolist() == [2, 1, 3, 2] and rates.loc["before", "in_80"] == 0.5


def test_the_five_places_have_communes_of_today():
    assert {place.now for place in five.FIVE} <= set(outlook.provinces("2026-11"))
    assert len(five.communes_of("Đông Triều", "Quảng Ninh")) >= 5
    assert all(
        read_place(name, at="2026-11").level == "commune" for name in five.communes_of("Đà Bắc", "Phú Thọ (2025)")
    )
