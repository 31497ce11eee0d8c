"""What the levers promise: each compiles to its own columns, on its dates, in its communes, at its cost."""

from dataclasses import replace

import numpy as np
import pytest
from pydantic import ValidationError

from forecast.data import tables, toy
from forecast.data.places import read_place
from forecast.data.vocabulary import OUTREACH_PAYERS
from forecast.question.levers import (
    LEVERS,
    Broadcast,
    Collectors,
    Drive,
    Gift,
    Inspection,
    Language,
    Lever,
    Meetings,
    ModelCommunes,
    PaymentAdvice,
    Policy,
    Quota,
    Reminders,
    TopUp,
    Training,
    VisitOrder,
    Visits,
)
from forecast.question.plan import COLUMNS, GROUPS, Where, baseline_collectors, chosen
from made import has_its_own_test

START, UNTIL = "2020-12", "2021-12"
TOY = toy.place()
PEOPLE = TOY.communes["eligible"].to_numpy(float)
# Two districts of three communes each, for selections within districts.
HALVES = replace(TOY, communes=TOY.communes.assign(district=["Xuôi"] * 3 + ["Ngược"] * 3))

# A lever, the columns that it may write, and the total that it must write in one month in which it acts.
CASES = {
    "TopUp": (TopUp(share=0.2, group="poor"), {"top_up"}, {"top_up": 0.2 * 6}),
    "TopUp donors": (TopUp(share=0.2, payer="donors"), {"top_up_donors"}, {"top_up_donors": 0.2 * 6 * 4}),
    "Gift": (Gift(persons_per_month=3, months=6), {"gift", "gift_months"}, {"gift": 3, "gift_months": 6 * 6}),
    "Collectors": (Collectors(count=3), {"collectors"}, {"collectors": 18}),
    "Collectors hamlet": (Collectors(count=2, per="hamlet"), {"collectors"}, {"collectors": 74}),
    "Collectors place": (Collectors(count=30, per="place"), {"collectors"}, {"collectors": 30}),
    "Training": (Training(share=0.5, every=1), {"training"}, {"training": 3}),
    "Quota": (Quota(per_month=1), {"quota"}, {"quota": 6}),
    "Quota staff": (
        Quota(per_month=2, holder="staff", staff=17),
        {"staff", "staff_quota"},
        {"staff": 17, "staff_quota": 12},
    ),
    "Visits": (Visits(count=10), {"visits"}, {"visits": 60}),
    "Visits place": (Visits(count=10, per="place"), {"visits"}, {"visits": 10}),
    "Visits household": (Visits(count=0.01, per="household"), {"visits"}, {"visits": 50}),
    "Visits assisted": (Visits(count=10, assisted=0.3), {"visits", "assisted"}, {"visits": 60, "assisted": 1.8}),
    "Meetings": (Meetings(count=12, every="year"), {"meetings"}, {"meetings": 6}),
    "Meetings large": (Meetings(count=1, attendance=80), {"meetings"}, {"meetings": 12}),
    "Broadcast": (Broadcast(count=104, every="year", per="place"), {"broadcasts"}, {"broadcasts": 104 / 12}),
    "Drive": (Drive(per_month=1.5), {"drives"}, {"drives": 9}),
    "ModelCommunes": (ModelCommunes(ramp=0), {"model"}, {"model": 6}),
    "Reminders": (Reminders(share=0.5), {"reminders"}, {"reminders": 3}),
    "PaymentAdvice": (PaymentAdvice(), {"advice"}, {"advice": 1.2}),
    "Language": (Language(share=1.0), {"cadres"}, {"cadres": 6}),
    "YearEndCampaign": (LEVERS["YearEndCampaign"](kept=0.5), {"campaign_kept"}, {"campaign_kept": 3}),
    "VisitOrder easy": (VisitOrder(first="easy"), {"order"}, {"order": 6}),
    "VisitOrder far": (VisitOrder(first="farthest"), {"order"}, {"order": -6}),
    "Inspection": (Inspection(hours_per_month=20), {"inspection"}, {"inspection": 20}),
}


def compiled(*levers, place=TOY, start=START, until=UNTIL):
    return Policy(*levers).plan(place, start, until)


def quiet(place=TOY, start=START, until=UNTIL):
    return compiled(place=place, start=start, until=until)


def acting(plan, column):
    """Months in which a plan differs from the status quo in a column."""
    changed = getattr(plan, column) != getattr(quiet(start=plan.months[0], until=plan.months[-1]), column)
    return [str(m) for m, c in zip(plan.months, changed.reshape(len(plan.months), -1).any(axis=1), strict=True) if c]


def test_every_lever_has_a_case():
    cases = {type(lever).__name__ for lever, _, _ in CASES.values()} | {"Effort"}
    assert cases == {name for name in LEVERS if not has_its_own_test(name)}


@pytest.mark.parametrize("case", CASES)
def test_a_lever_writes_its_own_columns_and_the_amount_it_says(case):
    lever, columns, totals = CASES[case]
    plan = compiled(lever)
    assert plan.changed(quiet()) == columns
    for column, total in totals.items():
        assert getattr(plan, column).sum(axis=tuple(range(1, getattr(plan, column).ndim))) == pytest.approx(
            np.full(len(plan.months), total)
        )


def test_effort_multiplies_what_the_levers_before_it_gave():
    plan = compiled(Visits(count=10), LEVERS["Effort"](times=3, start="2021-02"))
    assert plan.changed(quiet()) == {"visits", "collectors"}
    assert plan.visits[:, 0].tolist() == [10.0] * 2 + [30.0] * 11
    assert plan.collectors.sum(axis=1).tolist() == pytest.approx([12.0] * 2 + [36.0] * 11)


def test_an_empty_policy_is_the_status_quo():
    plan = Policy().plan(TOY, START, UNTIL)
    assert plan.changed(quiet()) == frozenset()
    assert {c for c in COLUMNS if getattr(plan, c).any()} == {"collectors"}
    assert plan.collectors == pytest.approx(np.tile(12 * PEOPLE / PEOPLE.sum(), (13, 1)))
    assert not plan.bills


def test_collectors_of_a_place_that_published_none_have_the_density_of_nghe_an():
    silent = replace(TOY, history=TOY.history[TOY.history["measure"] != "collectors"])
    assert baseline_collectors(silent, START) == pytest.approx(np.full(6, 1711 / 477))


@pytest.mark.parametrize("case", CASES)
def test_the_first_and_the_last_month_both_count(case):
    lever, columns, _ = CASES[case]
    plan = compiled(lever.model_copy(update={"start": "2021-03", "end": "2021-05"}))
    for column in columns - {"training"}:  # what was learned outlasts the course
        assert acting(plan, column) == ["2021-03", "2021-04", "2021-05"]


@pytest.mark.parametrize("case", CASES)
def test_a_lever_outside_the_months_of_the_question_does_nothing(case):
    lever, _, _ = CASES[case]
    over = lever.model_copy(update={"start": "2022-01"})
    assert compiled(over).changed(quiet()) == frozenset()
    assert not compiled(over).bills


@pytest.mark.parametrize("case", CASES)
def test_nothing_frozen_changes(case):
    lever, _, _ = CASES[case]
    policy, before = Policy(lever), lever.model_dump()
    communes, history = TOY.communes.copy(), TOY.history.copy()
    first, again = policy.plan(TOY, START, UNTIL), policy.plan(TOY, START, UNTIL)
    assert first.changed(again) == frozenset()
    for one, other in zip(first.bills, again.bills, strict=True):
        assert one.item == other.item and np.array_equal(one.units, other.units)
    assert lever.model_dump() == before
    assert TOY.communes.equals(communes) and TOY.history.equals(history)
    with pytest.raises(ValidationError):
        lever.start = "2021-01"
    for array in (*(getattr(first, column) for column in COLUMNS), *(bill.units for bill in first.bills)):
        with pytest.raises(ValueError, match="read-only"):
            array[:] = 1


def test_drives_fall_in_the_months_of_their_dates():
    plan = compiled(Drive(dates=("2021-05-21", "2021-07-11", "2021-07-12", "2023-01-01")))
    assert dict(zip(plan.months.astype(str), plan.drives[:, 0], strict=True)) | {
        "2021-05": 1,
        "2021-07": 2,
    } == dict.fromkeys(plan.months.astype(str), 0.0) | {"2021-05": 1, "2021-07": 2}
    assert plan.drives.sum() == 3 * 6


def test_training_fades_by_half_in_its_half_life_and_is_renewed_by_courses():
    once = compiled(Training(share=0.8, half_life=6, start="2020-12")).training[:, 0]
    assert once[[0, 6, 12]].tolist() == pytest.approx([0.8, 0.4, 0.2])
    often = compiled(Training(share=0.8, half_life=6, every=6, start="2020-12")).training[:, 0]
    assert often[[0, 6, 12]].tolist() == pytest.approx([0.8, 0.8, 0.8])
    over = compiled(Training(share=0.8, half_life=6, every=6, start="2020-12", end="2021-03")).training[:, 0]
    assert over[[0, 6, 12]].tolist() == pytest.approx([0.8, 0.4, 0.2])
    early = compiled(Training(share=0.8, half_life=6, start="2020-06")).training[:, 0]
    assert early[0] == pytest.approx(0.4)


def test_model_communes_take_time_to_start_and_those_begun_before_are_in_full_swing():
    new = compiled(ModelCommunes(ramp=2, start="2021-06")).model[:, 0]
    assert new[5:10].tolist() == pytest.approx([0, 1 / 3, 2 / 3, 1, 1])
    assert (compiled(ModelCommunes(ramp=2, start="2020-06")).model == 1).all()


@pytest.mark.parametrize(("name", "month"), [("Việt Nam", "2026-11"), ("Sơn La", "2023-06")])
def test_a_number_of_communes_is_picked_where_rows_stand_for_many(name, month):
    place = read_place(name, at=month)
    inside = place.communes["communes"].to_numpy(float)
    when = {"start": "2027-01", "until": "2027-03"}
    nine = compiled(ModelCommunes(where={"count": 9}, ramp=0), place=place, **when)
    assert (nine.model[1] @ inside, nine.bills[0].units[1].sum()) == pytest.approx((9, 9))
    assert ((nine.model[1] > 0).sum(), nine.model.max()) == (1, pytest.approx(9 / inside[nine.model[1] > 0][0]))
    every = compiled(ModelCommunes(ramp=0), place=place, **when)
    assert (every.model == 1).all() and every.bills[0].units[1].sum() == inside.sum() > 100
    most = compiled(ModelCommunes(where={"count": 10**6}, ramp=0), place=place, **when)
    assert (most.model == 1).all()
    visits = compiled(Visits(count=20, where={"count": 9}), place=place, **when)
    assert visits.visits[1].sum() == pytest.approx(20 * 9)
    usual = quiet(place=place, **when).collectors[1]
    more = compiled(Collectors(count=100, per="commune", where={"count": 9}), place=place, **when).collectors[1]
    assert (more - usual).sum() == pytest.approx(9 * 100 - nine.model[1] @ usual)


def test_counts_of_collectors_replace_shares_take_the_larger_and_the_rest_adds_up():
    plan = compiled(Collectors(count=3), Collectors(count=2, start="2021-06"))
    assert plan.collectors[[5, 6], 0].tolist() == [3, 2]
    assert compiled(Reminders(share=0.5), Reminders(share=0.3)).reminders.max() == 0.5
    assert compiled(Visits(count=10), Visits(count=5)).visits[0, 0] == 15
    both = compiled(TopUp(share=0.2), TopUp(share=0.1, group="poor")).top_up[0, 0]
    assert both == pytest.approx([0.3, 0.2, 0.2, 0.2])


@pytest.mark.parametrize("group", [*GROUPS, "all"])
def test_a_top_up_and_a_gift_reach_their_group_only(group):
    inside = np.array([group in ("all", g) for g in GROUPS])
    plan = compiled(TopUp(share=0.1, group=group), Gift(persons_per_month=10, group=group))
    assert ((plan.top_up > 0) == inside).all()
    assert not plan.gift[:, :, ~inside].any()
    sizes = TOY.group_sizes() * inside
    assert plan.gift[0] == pytest.approx(10 * sizes / sizes.sum())


def test_a_gift_to_nobody_is_refused():
    rich = replace(TOY, communes=TOY.communes.assign(poor_share=0.0))
    with pytest.raises(tables.UserError, match="nobody of group poor"):
        compiled(Gift(persons_per_month=1), place=rich)


@pytest.mark.parametrize(
    ("where", "communes"),
    [
        ("all", "Chợ Đồng Sông Gò Núi Rừng"),
        (Where(communes=("Núi", "Toy/Gò")), "Gò Núi"),
        (Where(count=2), "Chợ Đồng"),
        (Where(count=2, order="smallest"), "Núi Rừng"),
        (Where(count=2, order="poorest"), "Núi Rừng"),
        (Where(count=2, order="richest"), "Chợ Đồng"),
        (Where(count=1, order="listed"), "Chợ"),
        (Where(per_district=1), "Chợ Gò"),
        (Where(per_district=1, order="smallest"), "Sông Rừng"),
        (Where(per_district=2, order="listed"), "Chợ Đồng Gò Núi"),
        (Where(count=99), "Chợ Đồng Sông Gò Núi Rừng"),
    ],
)
def test_where_chooses_by_name_number_and_order(where, communes):
    names = HALVES.communes["commune"].str.removeprefix("Toy/")
    assert names[chosen(where, HALVES)].tolist() == communes.split()
    plan = compiled(Visits(count=10, where=where), place=HALVES)
    assert (plan.visits[0] > 0).tolist() == chosen(where, HALVES).tolist()


def test_ties_go_by_name_whatever_the_order_of_the_rows():
    even = replace(TOY, communes=TOY.communes.assign(eligible=100.0))
    names = even.communes["commune"]
    first = set(names[chosen(Where(count=2), even)])
    back = replace(even, communes=even.communes[::-1].reset_index(drop=True))
    assert set(back.communes["commune"][chosen(Where(count=2), back)]) == first == set(sorted(names)[:2])


def test_communes_whose_district_is_unknown_are_not_a_district():
    some = replace(HALVES, communes=HALVES.communes.assign(district=["Xuôi"] * 3 + [""] * 3))
    assert chosen(Where(per_district=1), some).tolist() == [True] + [False] * 5
    none = replace(HALVES, communes=HALVES.communes.assign(district=""))
    with pytest.raises(tables.UserError, match="the districts of Toy are not known"):
        chosen(Where(per_district=1), none)


def test_a_total_for_the_place_is_shared_out_by_people():
    where = Where(communes=("Núi", "Rừng"))
    for lever, column in (
        (Visits(count=18, per="place", where=where), "visits"),
        (Meetings(count=18, per="place", where=where), "meetings"),
        (Inspection(hours_per_month=18, where=where), "inspection"),
        (Quota(per_month=1, holder="staff", staff=18, where=where), "staff"),
        (Collectors(count=18, per="place", where=where), "collectors"),
    ):
        assert getattr(compiled(lever), column)[0, 4:] == pytest.approx([10, 8])


def test_a_place_without_hamlets_cannot_have_collectors_for_each():
    blank = replace(TOY, communes=TOY.communes.assign(hamlets=np.nan))
    for lever in (Collectors(count=3, per="hamlet"), Visits(count=3, per="hamlet")):
        with pytest.raises(tables.UserError, match="no number of hamlets for Toy"):
            compiled(lever, place=blank)


def test_a_unit_that_stands_for_many_communes_has_as_many_times_what_each_gets():
    """An old province whose communes are not listed is one row; it was once given the collectors of one commune."""
    coarse = replace(TOY, history=TOY.history[:0], communes=TOY.communes.assign(communes=[100.0, 1, 1, 1, 1, 2]))
    for lever, column in (
        (Collectors(count=3, per="commune"), "collectors"),
        (Visits(count=30, per="commune"), "visits"),
        (Meetings(count=6, every="year", per="commune"), "meetings"),
    ):
        added = getattr(compiled(lever, place=coarse), column)
        assert added[-1, 0] == pytest.approx(100 * added[-1, 1]) and added[-1, 5] == pytest.approx(2 * added[-1, 1])
    before = baseline_collectors(coarse, "2021-12")
    assert before[0] == pytest.approx(100 * before[1]) and before[1] == pytest.approx(1711 / 477)


# Units that a cost is paid for, in the 13 months of the question.
COSTS = {
    "Gift": 3 * 13,
    "Collectors": 18 * 13 - sum(np.minimum(12 * PEOPLE / PEOPLE.sum(), 3)) * 13,
    "Quota staff": 17 * 13,
    "Visits": 60 * 13,
    "Visits place": 10 * 13,
    "Meetings": 6 * 13,
    "Meetings large": 12 * 13,
    "Broadcast": 104 / 12 * 13,
    "Drive": 9 * 13,
    "ModelCommunes": 6 * 13,
    "Reminders": 3 * 13,
    "PaymentAdvice": 1.2 * 13,
    "Language": 6 * 13,
    "Inspection": 20 * 13,
    "Training": 0.5 * 12 * 13,
}


@pytest.mark.parametrize("case", COSTS)
def test_a_cost_is_units_times_unit_cost_and_its_payer_pays(case):
    lever = CASES[case][0]
    payers = ["donors"] if case == "Gift" else OUTREACH_PAYERS
    for payer in payers:
        bills = compiled(lever.model_copy(update={"unit_cost": 1000.0, "payer": payer})).bills
        own = [bill for bill in bills if bill.item in (type(lever).cost, "staff_quota")]
        assert {bill.payer for bill in bills} == {payer} and {bill.price for bill in own} == {1000.0}
        assert sum(bill.units.sum() for bill in own) == pytest.approx(COSTS[case])
    assert all(bill.price is None for bill in compiled(lever).bills)


def test_a_lever_takes_only_what_it_adds_to_those_before_it():
    def taken(item, *levers):
        bills = [bill for bill in compiled(*levers).bills if bill.item == item]
        return sum((bill.units.sum(axis=1) for bill in bills), np.zeros(13)).tolist()

    two, three = ModelCommunes(where=Where(count=2)), ModelCommunes(where=Where(count=3))
    assert taken("model_commune", two, three) == taken("model_commune", three) == [3.0] * 13
    assert taken("due_list", Reminders(share=0.5), Reminders(share=0.8)) == pytest.approx([6 * 0.8] * 13)
    more, fewer = Collectors(count=5, start="2021-03"), Collectors(count=3, start="2021-06")
    least = np.maximum(3 - 12 * PEOPLE / PEOPLE.sum(), 0).sum()  # what was there before saves nothing in any commune
    assert taken("collector", more, fewer) == pytest.approx([0] * 3 + [18] * 3 + [least] * 7)
    assert (
        taken("collector", Collectors(count=0.5)) == [0.0] * 13
    )  # sending home those there were saves a policy nothing
    twice = LEVERS["Effort"](times=2)
    assert taken("visit", Visits(count=10), twice) == [120.0] * 13 and taken("collector", twice) == [12.0] * 13


def test_what_a_cut_saves_goes_to_whoever_was_billed_at_the_price_that_was_paid():
    given = Visits(count=10, unit_cost=1000, payer="donors"), Visits(count=20, unit_cost=3000)
    bills = compiled(*given, LEVERS["Effort"](times=0.5, start="2021-03", unit_cost=9)).bills
    assert {(bill.item, bill.payer, bill.price) for bill in bills} == {
        ("visit", "donors", 1000),
        ("visit", "office", 3000),
    }
    for payer, full in (("donors", 60.0), ("office", 120.0)):
        units = sum(bill.units.sum(axis=1) for bill in bills if bill.payer == payer)
        assert units.tolist() == [full] * 3 + [full / 2] * 10


def test_what_effort_adds_costs_what_the_same_cost_before_and_to_whoever_paid():
    given = Visits(count=10, unit_cost=1000, payer="donors"), Collectors(count=4, unit_cost=7000, payer="province")
    bills = compiled(*given, LEVERS["Effort"](times=3, start="2021-03")).bills
    assert {(bill.item, bill.payer, bill.price) for bill in bills} == {
        ("visit", "donors", 1000),
        ("collector", "province", 7000),
    }
    assert sum(bill.units for bill in bills if bill.item == "visit").sum(axis=1).tolist() == [60.0] * 3 + [180.0] * 10
    own = compiled(*given, LEVERS["Effort"](times=3, unit_cost=9000)).bills
    assert {bill.price for bill in own if bill.item == "collector"} == {7000, 9000}


def test_a_cut_saves_what_was_billed_where_it_is_made():
    here, there = Where(count=2), Where(count=2, order="smallest")
    given = Visits(count=10, where=here, payer="donors"), Visits(count=20, where=there)
    bills = compiled(*given, LEVERS["Effort"](times=0.5, where=there)).bills
    paid = {payer: sum(bill.units for bill in bills if bill.payer == payer)[5].sum() for payer in ("donors", "office")}
    assert paid == {"donors": 20.0, "office": 20.0}  # the office's 40 are halved, the donors' 20 stand elsewhere


def test_a_campaign_of_the_years_end_costs_only_what_is_changed_of_it():
    def taken(**fields):
        bills = [b for b in compiled(LEVERS["YearEndCampaign"](**fields)).bills if b.item == "year_end_campaign"]
        return sum((bill.units.sum(axis=1) for bill in bills), np.zeros(13))

    ends = compiled().months.month == 12
    assert not taken(kept=0.5).any()  # held as ever
    assert taken(held=0.25).tolist() == (-0.75 * 6 * ends).tolist()
    moved = taken(month=10)
    assert (moved[compiled().months.month == 10] == 6).all() and (moved[ends] == -6).all()


def test_help_with_the_form_takes_a_part_of_all_visits_whatever_the_order():
    def forms(*levers):
        bills = [bill for bill in compiled(*levers).bills if bill.item == "assisted_visit"]
        return {bill.per: bill.units[1].sum() for bill in bills}

    helped, more = Visits(count=0, assisted=0.5), Visits(count=10)
    assert forms(helped) == {"": 0, "visits_per_collector": 6}
    assert forms(helped, more) == forms(more, helped) == {"": 30, "visits_per_collector": 6}


def test_a_quota_beyond_what_was_tried_is_refused():
    with pytest.raises(tables.UserError, match="expected at most 1: nobody has seen"):
        Quota(per_month=1.5)
    with pytest.raises(tables.UserError, match="less than or equal to 2"):
        Quota(per_month=2.5, holder="staff", staff=3)


def test_a_campaign_costs_only_where_and_when_it_is_held():
    lever = Drive(dates=("2021-05-21",), where=Where(count=2), unit_cost=1e6)
    (bill,) = compiled(lever).bills
    assert bill.units.sum() == bill.units[5].sum() == 2


@pytest.mark.parametrize(
    ("lever", "key"),
    [
        (lambda: TopUp(share=-0.1), "share"),
        (lambda: TopUp(share=1.1), "share"),
        (lambda: TopUp(share=float("nan")), "share"),
        (lambda: TopUp(share=0.1, payer="office"), "payer"),
        (lambda: TopUp(share=0.1, group="rich"), "group"),
        (lambda: Visits(count=-1), "count"),
        (lambda: Visits(count=float("inf")), "count"),
        (lambda: Visits(), "count"),
        (lambda: Visits(count=1, unit_cost=-1), "unit_cost"),
        (lambda: Visits(count=1, color="red"), "color"),
        (lambda: Visits(count=1, start="2021-13"), "start"),
        (lambda: Visits(count=1, start="2021-01-01"), "start"),
        (lambda: Visits(count=1, end="soon"), "end"),
        (lambda: Drive(dates=("2021-05",)), "dates"),
        (lambda: Drive(dates=("2021-02-31",)), "2021-02-31"),
        (lambda: Gift(persons_per_month=1, months=0), "months"),
        (lambda: Training(every=0), "every"),
        (lambda: Training(half_life=0), "half_life"),
        (lambda: VisitOrder(first="nearest"), "first"),
        (lambda: Where(count=0), "count"),
        (lambda: Where(order="tallest", count=1), "order"),
        (lambda: Where(), "communes, count or per_district"),
        (lambda: Visits(count=1, start="2021-05", end="2021-04"), "2021-04 is before start 2021-05"),
        (lambda: Quota(per_month=2, holder="staff"), "staff"),
    ],
)
def test_a_lever_refuses_what_cannot_be(lever, key):
    with pytest.raises(tables.UserError) as caught:
        lever()
    assert key in str(caught.value)


def test_a_lever_of_no_kind_does_not_act():
    with pytest.raises(TypeError, match="use one of"):
        Lever()._apply(None, TOY)


def test_an_unknown_commune_is_named_with_those_that_exist():
    said = r"policy.1.Visits: Toy has no commune 'Biển'; its communes are Toy/Chợ"
    with pytest.raises(tables.UserError, match=said) as caught:
        compiled(Reminders(), Visits(count=1, where=Where(communes=("Biển",))))
    assert "\n" not in str(caught.value)


def test_a_plan_can_be_read_as_a_table():
    frame = compiled(TopUp(share=0.2, group="poor", start="2021-12"), Visits(count=5, where=Where(count=1))).frame()
    assert list(frame.columns) == ["month", "commune", "group", "lever", "value"]
    assert (frame[frame["lever"] == "top_up"][["month", "group", "value"]] == ["2021-12", "poor", 0.2]).all(axis=None)
    assert frame[frame["lever"] == "visits"]["commune"].unique().tolist() == ["Toy/Chợ"]
    assert frame["value"].ne(0).all()
