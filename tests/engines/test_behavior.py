"""What people and teams promise: they answer to price, income, time and each other the way the evidence says."""

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from forecast.beliefs.parameters import parameters_table
from forecast.data import tables, toy
from forecast.engines.people import hazards, prices, teams
from forecast.engines.people.draws import between, parameter_draws
from forecast.question.levers import Policy, TopUp, Visits, Where
from forecast.question.plan import GROUPS
from forecast.question.scenario import Scenario
from made import toy_question

PLACE, LAW = toy.place(), toy.law()
(SPELLS,) = hazards.spells(pd.period_range("2021-12", periods=1, freq="M"), LAW)
DRAWS = 4000
MANY = np.linspace(0, 1, 100_001)[:-1] + 0.5e-5  # luck, evenly


def question(**more) -> Scenario:
    return toy_question("q", **more)


@pytest.fixture(scope="module")
def drawn():
    return parameter_draws(question(), 1, range(DRAWS))


@pytest.mark.parametrize("name", parameters_table().index)
def test_a_parameter_passes_through_its_low_center_and_high(name, drawn):
    row = parameters_table().loc[name]
    for point, share in (("low", 0.05), ("value", 0.5), ("high", 0.95)):
        error = math.sqrt(share * (1 - share) / DRAWS)
        below = np.mean(drawn[name] <= row[point] + 1e-12)
        # a limit that cannot be passed (a share of 0, a center equal to low) holds all that would lie beyond it
        assert below > share - 5 * error, point
        if row["low"] < row[point] or point == "low":
            assert below < share + 5 * error, point


def test_a_parameter_never_leaves_its_kind(drawn):
    table = parameters_table()
    for name, row in table.iterrows():
        assert (drawn[name] >= 0).all(), name
        if row["low"] > 0:
            assert (drawn[name] > 0).all(), name
            if row["high"] < 1:
                assert (drawn[name] < 1).all(), name


def test_parameters_are_drawn_apart_from_each_other(drawn):
    spread = {n: v for n, v in drawn.items() if np.ptp(v) > 0 and n != "place_effect"}
    ranks = np.corrcoef(np.argsort(np.argsort(np.stack(list(spread.values())), axis=1), axis=1))
    assert np.abs(ranks - np.eye(len(spread))).max() < 5.5 / math.sqrt(DRAWS)


def test_an_assumption_fixes_one_parameter_and_leaves_the_others_alone(drawn):
    fixed = parameter_draws(question(assumptions={"campaign_rise": 0, "annual_lapse": 0.3}), 1, range(DRAWS))
    assert (fixed["campaign_rise"] == 0).all()
    assert (fixed["annual_lapse"] == 0.3).all()
    for name in set(drawn) - {"campaign_rise", "annual_lapse", "place_effect"}:
        assert (fixed[name] == drawn[name]).all(), name


def test_an_assumption_can_be_a_spread():
    given_spread = {"value": 0.2, "low": 0.19, "high": 0.21}
    values = parameter_draws(question(assumptions={"annual_lapse": given_spread}), 1, range(1000))["annual_lapse"]
    assert np.quantile(values, [0.05, 0.5, 0.95]) == pytest.approx([0.19, 0.2, 0.21], abs=0.001)


def test_a_draw_has_the_same_parameters_under_every_policy_and_beside_any_other_draws(drawn):
    other = parameter_draws(question(policy=Policy(Visits(count=9))), 1, range(70, 80))
    for name, values in other.items():
        assert (values == drawn[name][70:80]).all(), name


@pytest.mark.parametrize("low, center, high", [(0.1, 0.2, 0.4), (0.5, 3, 4), (0, 2, 6), (0.2, 0.2, 0.2), (1, 1, 5)])
def test_a_prior_of_any_kind_goes_through_its_three_points(low, center, high):
    z = stats.norm.ppf([0.05, 0.5, 0.95])
    assert between(z, center, low, high) == pytest.approx([low, center, high], abs=1e-9)


def observed(*stocks):
    """The toy place with published Decembers."""
    row = PLACE.history.iloc[0].to_dict()
    rows = [row | {"month": m, "value": float(v)} for m, v in stocks]
    others = PLACE.history[PLACE.history["measure"] != "members"]
    return replace(PLACE, history=pd.concat([pd.DataFrame(rows), others], ignore_index=True))


def effect(*stocks, **more):
    place = observed(*stocks)
    return parameter_draws(Scenario("q", place, start="2021-12", until="2022-12", law=LAW, **more), 1, range(DRAWS))[
        "place_effect"
    ]


def test_a_place_is_judged_by_its_own_growth_as_far_as_it_is_known(drawn):
    unknown = drawn["place_effect"]
    assert np.median(unknown) == pytest.approx(1, abs=0.05)
    slow, fast = effect(("2020-12", 290), ("2021-12", 300)), effect(("2020-12", 150), ("2021-12", 300))
    assert np.median(fast) > 1.3 * np.median(slow)
    assert np.std(np.log(fast)) < np.std(np.log(unknown) + np.log(drawn["entry_rate"]))
    june = effect(("2021-06", 100), ("2021-12", 300))  # another season is no measure of growth
    assert (june == unknown).all()
    assert (effect(("2021-12", 300), ("2022-12", 900)) == unknown).all()  # the future is not known at the start


def many_prices():
    return np.linspace(0, 600_000, 30)


@pytest.mark.parametrize("income", [500_000.0, 3_000_000.0, 20_000_000.0])
def test_fewer_say_yes_at_a_higher_price(income, drawn):
    shares = np.stack(
        [prices.acceptance(p, np.full((50, 1), income), {n: v[:50] for n, v in drawn.items()}) for p in many_prices()]
    )
    assert (np.diff(shares, axis=0) < 0).all()
    assert shares[0, :, 0] == pytest.approx(drawn["zero_price_acceptance"][:50])


def test_more_say_yes_with_a_higher_income(drawn):
    few = {n: v[:50] for n, v in drawn.items()}
    shares = prices.acceptance(300_000.0, np.tile(np.geomspace(3e5, 3e7, 30), (50, 1)), few)
    assert (np.diff(shares, axis=1) > 0).all()
    assert (shares < few["zero_price_acceptance"][:, None]).all()


def test_price_and_income_act_through_one_term(drawn):
    few = {n: v[:50] for n, v in drawn.items()}
    one = prices.acceptance(150_000.0, np.full((50, 1), 3e6), few)
    assert prices.acceptance(300_000.0, np.full((50, 1), 6e6), few) == pytest.approx(one)


def test_eight_bands_stand_for_all_incomes():
    """Mean acceptance over a log-normal income, against a fine sum, at the edges of what is believed."""
    z = stats.norm.ppf((np.arange(20_000) + 0.5) / 20_000)
    for spread in (0.175, 0.35, 0.5, 0.65):
        for response in (4, 18, 60):
            for burden in (0.01, 0.03, 0.1, 0.2):
                drawn = {"zero_price_acceptance": np.array([0.3]), "price_response": np.array([float(response)])}
                fine = prices.acceptance(burden, np.exp(spread * z)[None], drawn).mean()
                banded = prices.acceptance(burden, np.exp(spread * prices.BAND_NODES)[None], drawn) @ prices.BAND_SHARES
                assert banded.item() == pytest.approx(fine, rel=0.001), (spread, response, burden)


def test_the_poor_have_less(drawn):
    income = prices.incomes(question(), drawn)
    assert income.shape == (DRAWS, len(GROUPS), prices.BANDS)
    medians = np.median(income[:, :, prices.BANDS // 2 - 1 : prices.BANDS // 2 + 1].mean(axis=2), axis=0)
    assert (np.diff(medians) > 0).all()  # poor, near-poor, ethnic minority, other
    assert (np.diff(income, axis=2) > 0).all()
    assert prices.BAND_SHARES.sum() == pytest.approx(1)


def test_a_place_without_a_published_income_uses_that_of_the_place_above_it():
    without = replace(PLACE, history=PLACE.history[PLACE.history["measure"] != "income_per_head"])
    per_head, month = prices.income_per_head(without)
    assert 1e6 < per_head < 2e7
    assert prices.income_per_head(PLACE) == (3_000_000.0, "2021-12")
    with pytest.raises(tables.UserError, match="income_per_head"):
        prices.income_per_head(replace(without, lineage=("Toy",)))


def test_what_is_paid_adds_up_to_the_contribution():
    levers = [TopUp(group="poor", share=0.3), TopUp(group="poor", share=0.4, payer="donors"), TopUp(share=0.05)]
    money = prices.prices(PLACE, question(policy=Policy(*levers)).plan, LAW)
    total = money.state + money.province + money.donors + money.net / money.floor_contribution[:, None, None]
    assert total == pytest.approx(np.ones_like(total))
    assert (money.net >= 0).all()
    poor, other = GROUPS.index("poor"), GROUPS.index("other")
    assert money.state[1, 0, poor] == 0.5
    assert money.province[1, 0, poor] == pytest.approx(0.35)
    assert money.donors[1, 0, poor] == pytest.approx(0.15)  # what is left of the price, though 0.4 were promised
    assert money.net[1, 0, other] == pytest.approx(0.85 * 400_000)
    assert money.floor_contribution.tolist() == [200_000.0] + [400_000.0] * 12


def test_communes_with_the_same_support_share_a_price():
    plan = question(policy=Policy(TopUp(share=0.1, where=Where(count=2)))).plan
    money = prices.prices(PLACE, plan, LAW)
    assert money.net.shape[1] == 2
    assert len(set(money.price_class[:2])) == len(set(money.price_class[2:])) == 1
    assert money.price_class[0] != money.price_class[2]


def test_a_year_of_ordinary_months_brings_the_rate_of_entry(drawn):
    assert 12 * hazards.entry_hazard(drawn) == pytest.approx(drawn["entry_rate"] * drawn["place_effect"])


def test_exits_for_a_pension_double_when_the_law_asks_for_half_the_years(drawn):
    changed = LAW.frame.copy()
    changed.loc[changed["parameter"] == "min_years_for_pension", "value"] = 10.0
    plan = question().plan
    before, after = (hazards.other_exits(plan.months, drawn, law) for law in (LAW, type(LAW)(changed)))
    assert 12 * (after - before) == pytest.approx(np.tile(drawn["pension_rate"], (13, 1)))


def test_resistance_and_survival_undo_each_other():
    for shape in (0.2, 0.5, 2.0, 50.0):
        for level in (0.999, 0.5, 1e-6):
            assert hazards.survival(hazards.threshold(math.log(level), shape), shape) == pytest.approx(level)
    assert hazards.threshold(math.log(0.3), 1e9) == pytest.approx(-math.log(0.3), rel=1e-6)  # no frailty: exponential


def test_a_member_of_two_years_who_pays_the_typical_spell_lapses_at_the_annual_rate():
    for annual in (0.1, 0.22, 0.4):
        hazard = hazards.lapse_hazard(annual, hazards.TYPICAL_SPELL) * hazards.tenure_factor(24.0, 0.5)
        stays = 1 - hazards.lapse_chance(hazard, False, False, False, 0.25, 0.7, 0.15)
        assert 1 - stays ** (12 / hazards.TYPICAL_SPELL) == pytest.approx(annual)


def chance(hazard=0.1, called=False, campaign=False, gifted=False, contact=0.25, stop=0.7, kept=0.15):
    return hazards.lapse_chance(hazard, called, campaign, gifted, contact, stop, kept)


@given(st.floats(0, 5), st.floats(0, 5), st.floats(0, 1))
def test_lapsing_rises_with_its_hazard_and_falls_with_a_call(one, other, contact):
    low, high = sorted((one, other))
    assert 0 <= chance(low) <= chance(high) <= 1
    assert chance(high, called=True, contact=contact) <= chance(high)
    assert chance(low, campaign=True) == chance(high, campaign=True, called=True) == 0.7


def test_a_call_takes_its_share_off_the_hazard():
    assert chance(0.4, called=True, contact=0.25) == pytest.approx(1 - math.exp(-0.3))
    assert chance(0.4) == pytest.approx(1 - math.exp(-0.4))


def test_lapsing_falls_with_tenure_and_long_spells():
    factors = [hazards.tenure_factor(m, 0.5) for m in (0, 1, 12, 24, 60, 240)]
    assert (np.diff(factors) < 0).all()
    assert hazards.tenure_factor(60.0, 0.0) == 1.0
    yearly = [hazards.lapse_hazard(0.22, spell) * 12 / spell for spell in SPELLS.months]
    assert (np.diff(yearly) < 0).all()  # fewer due dates, fewer chances to lapse


def test_a_book_that_was_given_is_kept_by_the_share_that_keeps_it():
    assert chance(0.0, gifted=True) == pytest.approx(0.85)
    assert chance(9.0, gifted=True, called=True) == pytest.approx(0.85)


def shares_of(campaign, advised):
    spells = np.array([hazards.spell_of(u, campaign, advised, SPELLS) for u in MANY[::10]])
    return np.bincount(spells, minlength=len(SPELLS.months)) / len(spells)


def test_spells_are_chosen_in_their_shares():
    assert shares_of(False, 0.0) == pytest.approx(SPELLS.usual, abs=2e-4)
    assert shares_of(True, 0.0) == pytest.approx(SPELLS.campaign, abs=2e-4)
    assert SPELLS.usual.sum() == pytest.approx(1)
    assert SPELLS.campaign.sum() == pytest.approx(1)


def test_advice_moves_payers_of_short_spells_to_a_year():
    short = SPELLS.usual[:3]
    assert shares_of(False, 0.4) == pytest.approx([*(0.6 * short), 0.18 + 0.4 * short.sum(), 0.02], abs=2e-4)
    assert shares_of(False, 1.0)[:3].sum() == 0
    assert shares_of(True, 1.0) == pytest.approx(SPELLS.campaign, abs=2e-4)  # who signs in a campaign takes no advice


@pytest.mark.parametrize("luck", [1e-300, 0.5, 1 - 2**-53])
def test_any_luck_gives_a_spell_that_can_be_paid(luck):
    for advised in (0.0, 0.3, 1.0):
        assert SPELLS.usual[hazards.spell_of(luck, False, advised, SPELLS)] > 0
        assert SPELLS.campaign[hazards.spell_of(luck, True, advised, SPELLS)] > 0


def test_declared_incomes_are_the_floor_or_a_tail_above_it():
    multiples = np.array(
        [hazards.declared_multiple(u, MANY[(i * 7919) % len(MANY)], 0.6, 2.2) for i, u in enumerate(MANY[::10])]
    )
    assert np.mean(multiples == 1.0) == pytest.approx(0.6, abs=1e-3)
    assert multiples[multiples > 1].mean() == pytest.approx(2.2, rel=0.02)
    assert multiples.min() == 1.0


amounts, levels = st.floats(0, 300), st.floats(0, 1)


def month(
    collectors=2.0,
    *,
    extra=0.0,
    quota=0.0,
    staff=0.0,
    staff_quota=0.0,
    reminders=0.0,
    inspection=0.0,
    assisted=0.0,
    skill=1.0,
    due=10.0,
    members=100.0,
    plan=130.0,
    follow_up=0.3,
):
    """One month of one team in one draw; returns (hours, time that the collectors had)."""
    seen = teams.Seen(
        collectors,
        extra,
        quota,
        staff,
        staff_quota,
        reminders,
        inspection,
        assisted,
        0.0,
        0.0,
        *(np.array([float(v)]) for v in (skill, due, members, plan)),
    )
    rules = teams.TeamRules(*(np.array([float(v)]) for v in (30, follow_up, 1.25, 12, 0.5, 0.3)))
    hours = teams.Hours(*(v[0] for v in teams.team_month(seen, rules)))
    pressed = min(quota + min(staff_quota / 2, 1.0), 1.0)
    lifted = 1 + 0.25 * pressed * (plan > members)
    return hours, collectors * 30 * lifted


@given(
    st.fixed_dictionaries(
        dict.fromkeys(("collectors", "extra", "due", "members", "plan"), amounts)
        | dict.fromkeys(("quota", "reminders"), levels)
        | {"inspection": st.floats(0, 30)}
    )
)
def test_a_team_never_works_more_than_its_hours(asked):
    hours, time = month(**asked)
    extra, due, inspection = asked["extra"], asked["due"], asked["inspection"]
    for_due = hours.called * due * teams.RENEWAL_COST
    inspected = min(inspection * teams.INSPECTION_COST, time - for_due)
    assert hours.visits - extra + for_due + inspected <= time * (1 + 1e-9) + 1e-9
    assert for_due <= teams.MOST_FOR_RENEWALS * time * (1 + 1e-9)
    assert hours.visits >= 0
    assert 0 <= hours.called <= 1


@given(amounts, levels, amounts, amounts)
def test_nobody_visits_nobody(quota, reminders, due, plan):
    hours, _ = month(0.0, quota=quota, reminders=reminders, due=due, plan=plan)
    assert hours.visits == hours.called == 0


def test_due_members_come_before_new_ones():
    few, many = month(due=10.0)[0], month(due=60.0)[0]
    assert few.called == pytest.approx(0.3)  # follow_up
    assert many.called == pytest.approx(0.3)
    assert many.visits == pytest.approx(few.visits - 50 * 0.3 * teams.RENEWAL_COST)
    listed = month(due=60.0, reminders=1.0)[0]
    assert listed.called == 1.0
    assert listed.visits < many.visits
    flooded = month(due=1000.0, reminders=1.0)[0]
    assert flooded.called == pytest.approx(30 / (1000 * teams.RENEWAL_COST))  # half of the time, no more
    assert flooded.visits == pytest.approx(30)


def test_inspections_take_the_time_of_visits():
    assert month(inspection=10.0)[0].visits == pytest.approx(month()[0].visits - 10 * teams.INSPECTION_COST)
    assert month(inspection=1000.0)[0].visits == 0
    assert month(inspection=1000.0)[0].called == month()[0].called


def test_a_quota_lifts_effort_until_it_is_met():
    assert month(quota=1.0)[0].visits > month()[0].visits
    assert month(quota=5.0)[0].visits == month(quota=1.0)[0].visits
    assert month(quota=1.0, members=130.0)[0] == month(members=130.0)[0]


def test_skill_multiplies_what_a_visit_brings():
    assert month(skill=3.0, extra=20.0)[0].visits == pytest.approx(3 * month(extra=20.0)[0].visits)


def test_officials_with_a_quota_visit_and_displace():
    assert month(staff=10.0)[0] == month()[0]  # without a quota they do not
    added = month(staff=10.0, staff_quota=2.0)[0].visits - month(staff_quota=2.0)[0].visits
    assert added == pytest.approx(10 * 12 * 1.25 * 0.5)
    half = month(staff=10.0, staff_quota=1.0)[0].visits - month(staff_quota=1.0)[0].visits
    assert half == pytest.approx(10 * 12 * 0.5 * 1.125 * 0.5)


def test_help_with_the_form_takes_time_of_collectors_and_none_of_others():
    plain, helped = month(due=0.0, extra=20.0)[0].visits, month(due=0.0, extra=20.0, assisted=1.0)[0].visits
    assert helped - 20 == pytest.approx((plain - 20) / (1 + teams.ASSISTED_COST))


def test_the_reference_does_not_depend_on_how_many_draws_there_are(drawn):
    few = {n: v[3:4] for n, v in drawn.items()}
    assert prices.base_acceptance(few, LAW)[0] == prices.base_acceptance(drawn, LAW)[3]
