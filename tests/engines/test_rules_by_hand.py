"""The rules of people, prices and teams on numbers that can be worked out by head."""

import math

import numpy as np
import pandas as pd
import pytest

from forecast.data import chance, tables, toy
from forecast.data.law import Law
from forecast.engines.people import hazards, prices, teams
from forecast.engines.people.draws import place_effect
from forecast.engines.people.prices import PaidMonths, Terms
from forecast.engines.people.teams import Hours, Seen, TeamRules
from forecast.question.levers import Inspection, Policy, Reminders, TopUp, Visits
from forecast.question.plan import Effect, Where
from made import counted, toy_question


def law(*modes: int, **values: float) -> Law:
    """The toy law with these modes of payment and other values for parameters."""
    frame = toy.law().frame
    for name, value in values.items():
        frame.loc[frame["parameter"] == name, "value"] = value
    row = frame.iloc[-1].to_dict()
    more = [row | {"parameter": f"payment_mode_{mode}", "value": mode, "since": "2016-01"} for mode in modes]
    return Law(pd.concat([frame, pd.DataFrame(more)], ignore_index=True) if more else frame)


JANUARY = pd.period_range("2022-01", periods=1, freq="M")


def test_a_reference_member_lapses_at_the_annual_rate_and_longer_spells_weigh_by_their_root():
    hazard = -math.log(0.75) / 12
    assert hazards.lapse_hazard(0.25, 5.0) == pytest.approx(5 * hazard)
    assert hazards.lapse_hazard(0.25, 20.0) == pytest.approx(10 * hazard)


def test_tenure_counts_from_two_years():
    assert hazards.tenure_factor(24.0, 0.5) == 1.0
    assert hazards.tenure_factor(0.0, 1.0) == pytest.approx(3.0) == hazards.tenure_factor(-5.0, 1.0)
    assert hazards.tenure_factor(132.0, 0.5) == pytest.approx(0.5)


def test_the_chance_to_lapse_by_kind_of_member():
    """A hazard of log 4 stops three in four; a call that takes half of it off, one in two."""
    hazard = math.log(4)
    rest = 0.5, 0.6, 0.15  # contact, what campaign members stop with, gift_retention
    assert hazards.lapse_chance(hazard, False, False, False, *rest) == pytest.approx(0.75)
    assert hazards.lapse_chance(hazard, True, False, False, *rest) == pytest.approx(0.5)
    assert hazards.lapse_chance(hazard, True, True, False, *rest) == pytest.approx(0.6)
    assert hazards.lapse_chance(hazard, False, True, False, *rest) == pytest.approx(0.6)
    assert hazards.lapse_chance(hazard, True, True, True, *rest) == pytest.approx(0.85)


def test_resistance_and_survival_under_gamma_frailty():
    """Shape 2: at a pressure of 2 a quarter is left."""
    assert hazards.survival(2.0, 2.0) == pytest.approx(0.25)
    assert hazards.threshold(math.log(0.25), 2.0) == pytest.approx(2.0)


def test_declared_incomes_are_the_floor_or_an_exponential_above_it():
    assert hazards.declared_multiple(0.29, 0.5, 0.3, 3.0) == 1.0
    assert hazards.declared_multiple(0.31, math.exp(-1), 0.3, 3.0) == pytest.approx(3.0)
    assert hazards.declared_multiple(0.3, math.exp(-2), 0.3, 1.5) == pytest.approx(2.0)


def test_entry_and_exit_rates_are_of_a_year():
    values = {"entry_rate": 0.24, "place_effect": 2.0}
    drawn = {name: np.array([value]) for name, value in values.items()}
    assert hazards.entry_hazard(drawn) == pytest.approx(0.04)
    rates = {"death_rate": np.array([0.06]), "pension_rate": np.array([0.03])}
    months = pd.period_range("2022-01", periods=2, freq="M")
    assert hazards.other_exits(months, rates, law()) == pytest.approx(np.full((2, 1), 0.09 / 12))
    assert hazards.other_exits(months, rates, law(min_years_for_pension=10)) == pytest.approx(
        np.full((2, 1), 0.12 / 12)
    )


def test_shares_of_spells_follow_what_the_law_has():
    (usual,) = hazards.spells(JANUARY, law())
    assert usual.months.tolist() == [1, 3, 6, 12, 60] and usual.months[usual.advised] == 12
    assert usual.usual == pytest.approx([0.15, 0.40, 0.25, 0.18, 0.02]) and usual.campaign.tolist() == [1, 0, 0, 0, 0]
    assert usual.up_to[0] == pytest.approx([0.15, 0.55, 0.80, 0.98]) and usual.up_to[1].tolist() == [1, 1, 1, 1]
    (few,) = hazards.spells(JANUARY, law(3, 9, 24))
    shares = dict(zip(few.months.tolist(), few.usual.tolist(), strict=True))
    assert shares == pytest.approx({1: 0, 3: 0.15 + 0.40 + 0.25, 6: 0, 9: 0.18, 12: 0, 24: 0.02, 60: 0})
    assert few.months[few.advised] == 9 and few.campaign[few.months.tolist().index(3)] == pytest.approx(1.0)
    (long,) = hazards.spells(JANUARY, law(24, 60))
    assert long.months[long.advised] == 24  # the shortest that there is
    twelve = hazards.spells(pd.period_range("2015-12", periods=2, freq="M"), law(1, 12))
    assert twelve[0].usual[1] == 0.40 and twelve[1].usual[1] == 0  # the law had no modes before 2016


def test_luck_chooses_a_spell_and_advice_moves_those_who_pay_short():
    (spells,) = hazards.spells(JANUARY, law())

    def months(luck: float, campaign: bool = False, advised: float = 0.0) -> int:
        return int(spells.months[hazards.spell_of(luck, campaign, advised, spells)])

    assert [months(x) for x in (0.0, 0.149, 0.15, 0.54, 0.56, 0.79, 0.81, 0.97)] == [1, 1, 3, 3, 6, 6, 12, 12]
    assert months(0.981) == months(0.999) == 60
    assert [months(x, campaign=True) for x in (0.39, 0.41, 0.99)] == [1, 1, 1]
    assert [months(x, advised=0.5) for x in (0.07, 0.08, 0.27, 0.28, 0.39, 0.41, 0.97, 0.99)] == [
        1,
        3,
        3,
        6,
        6,
        12,
        12,
        60,
    ]
    assert months(0.01, advised=1.0) == 12 and months(0.01, campaign=True, advised=1.0) == 1
    (more,) = hazards.spells(JANUARY, law(1, 3, 6, 12, 24, 60))
    assert [more.months[hazards.spell_of(luck, False, 1.0, more)] for luck in (0.01, 0.97, 0.99)] == [12, 12, 60]


def test_money_of_paid_months_by_payer():
    """Ten months at twice the floor, six with subsidy; five of a book, two with subsidy; a month costs 100."""
    paid = PaidMonths(declared=20.0, supported=6.0, given=5.0, given_supported=2.0)
    terms = Terms(contribution=100.0, state=0.5, province=0.2, donors=0.1)
    assert prices.settle(paid, terms) == pytest.approx((2000 - 300 - 120 - 60, 300 + 100, 120, 60 + 500 - 100))


def test_acceptance_falls_by_the_price_in_incomes():
    drawn = {"zero_price_acceptance": np.array([0.5, 0.8]), "price_response": np.array([2.0, 1.0])}
    found = prices.acceptance(np.array([0.0, 100.0]), np.full((2, 2), 100.0), drawn)
    assert found == pytest.approx(np.array([[0.5, 1 / (1 + math.e**2)], [0.8, 4 / (4 + math.e)]]))


def test_incomes_of_groups_lie_around_their_medians():
    ratios = {"poor": 0.3, "near_poor": 0.5, "minority": 0.6}
    drawn = {f"{name}_income_ratio": np.array([value]) for name, value in ratios.items()}
    found = prices.bands(np.array([100.0]), drawn | {"income_spread": np.array([0.4])})[0]
    assert np.exp(np.log(found) @ prices.BAND_SHARES) == pytest.approx([30, 50, 60, 100])
    spread = np.sqrt(((np.log(found) - np.log([[30], [50], [60], [100]])) ** 2) @ prices.BAND_SHARES)
    assert spread == pytest.approx([0.2, 0.2, 0.4, 0.4])


def test_a_published_income_is_moved_to_the_base_month():
    """A year and a half after June 2021, growth of a tenth a year."""
    drawn = {"worker_income_ratio": np.array([0.5]), "income_growth": np.array([0.1])}
    assert prices.median_income((200.0, "2022-12"), toy.law(), drawn) == pytest.approx(100 / 1.1**1.5)
    assert prices.years_from_base("2019-06", toy.law()) == -2.0


def test_the_last_income_of_a_place_is_that_of_a_month():
    row = {"measure": "income_per_head", "month": "2021-12"}
    rows = [
        row | {"place": "a", "unit": "vnd_per_month", "value": 5.0},
        row | {"place": "a", "unit": "vnd_per_year", "value": 120.0, "month": "2022-12"},
        row | {"place": "b", "unit": "vnd_per_month", "value": np.nan},
        row | {"place": "b", "unit": "persons", "value": 7.0, "measure": "members"},
    ]
    assert prices._last_incomes(pd.DataFrame(rows)) == {"a": (10.0, "2022-12")}
    assert prices.income_per_head(toy.place()) == (3_000_000.0, "2021-12")
    with pytest.raises(tables.UserError, match=r"^Nowhere: history.csv has no income_per_head"):
        prices._income(("Nowhere", "Neither"))
    assert prices._income(("Nowhere", "Việt Nam")) == prices.national_income()


def test_support_fills_up_to_the_whole_price_and_no_further():
    """The poor get half from the state; 30% of the province and 40% of donors leave the donors 20%."""
    place, some = toy.place(), Where(communes=("Núi", "Rừng"))
    given = TopUp(group="poor", share=0.4, start="2022-01", payer="donors", where=some)
    plan = Policy(TopUp(group="poor", share=0.3, start="2022-01"), given).plan(place, "2021-12", "2022-02")
    found = prices.prices(place, plan, toy.law())
    assert found.price_class.tolist() == [0, 0, 0, 0, 1, 1]
    assert found.floor_contribution.tolist() == [200_000, 400_000, 400_000] and found.ceiling_multiple.tolist() == [
        20,
        10,
        10,
    ]
    assert found.state[1].tolist() == [[0.5, 0.3, 0.1, 0.1]] * 2
    assert found.province[1, :, 0] == pytest.approx([0.3, 0.3]) and found.donors[1, :, 0] == pytest.approx([0.0, 0.2])
    assert found.net[1, :, 0] == pytest.approx([80_000, 0]) and found.net[1, :, 3] == pytest.approx([360_000] * 2)
    assert found.net[0, :, 0] == pytest.approx([100_000] * 2)
    whole = Policy(TopUp(group="poor", share=0.9, start="2022-01")).plan(place, "2021-12", "2022-01")
    assert prices.prices(place, whole, toy.law()).province[1, 0, 0] == pytest.approx(0.5)
    assert found.base_net.tolist() == [100_000, 140_000, 180_000, 180_000]


def test_acceptance_of_the_nation_is_the_mean_of_its_groups():
    drawn = {
        "zero_price_acceptance": np.array([0.5]),
        "price_response": np.array([0.0]),
        "income_spread": np.array([0.4]),
    }
    drawn |= {f"{name}_income_ratio": np.array([0.5]) for name in ("poor", "near_poor", "minority")}
    drawn |= {"worker_income_ratio": np.array([1.0]), "income_growth": np.array([0.0])}
    assert prices.base_acceptance(drawn, toy.law(), (1e6, "2021-06")) == pytest.approx([0.5])
    steep = drawn | {"price_response": np.array([5.0]), "income_spread": np.array([1e-9])}
    cost = np.array([100_000, 140_000, 180_000, 180_000]) / np.array([5e5, 5e5, 5e5, 1e6])
    mix = np.array([0.0403, 0.0349, 0.11, 0.8148])
    expected = (1 / (1 + np.exp(5 * cost))) @ mix / mix.sum()
    assert prices.base_acceptance(steep, toy.law(), (1e6, "2021-06")) == pytest.approx([expected])


@pytest.mark.parametrize(("times", "weight"), [(2.0, 0.8), (0.5, 0.2)])
def test_a_place_is_judged_by_its_own_growth_the_more_the_wider_places_are_apart(times, weight):
    """From 100 to 200 of 10,000 in a year, a tenth of 150 gone: 115 came, e times what is usual."""
    asked, error = toy_question(place=counted(("2020-12", 100.0), ("2021-12", 200.0))), math.hypot(0.25, 0.35)
    values = {"entry_rate": 0.0115 / math.e, "place_spread": times * error, "transfer_rate": 0.1}
    values |= dict.fromkeys(("annual_lapse", "death_rate", "pension_rate"), 0.0)
    drawn = {name: np.full(4000, value) for name, value in values.items()}
    effect = np.log(place_effect(asked, drawn, chance.streams(1, range(4000))))
    assert effect.mean() == pytest.approx(weight, abs=0.03)
    assert effect.std() == pytest.approx(times * error * math.sqrt(1 - weight), rel=0.05)


RULES = TeamRules(*(np.array([value]) for value in (30.0, 0.3, 1.5, 10.0, 0.25, 0.5)))


def month(**seen: float) -> list[float]:
    """What a team of two collectors does: visits, share called."""
    usual = dict.fromkeys(Seen._fields, 0.0) | {"collectors": 2.0, "skill": 1.0, "members": 100.0}
    usual |= {"plan_members": 100.0} | seen
    planned = {name: usual[name] for name in teams.PLANNED}
    arrays = {name: np.array([usual[name]]) for name in teams.LOOKED_AT}
    return [float(part[0]) for part in teams.team_month(Seen(**planned, **arrays), RULES)]


def test_a_month_without_anything_to_hurry_is_visits():
    assert month() == [60, 0]
    assert month(skill=0.5, extra_visits=20) == [40, 0]
    assert month(collectors=0) == [0, 0]


def test_due_members_are_called_on_first_for_a_third_of_a_visit_and_at_most_half_of_the_time():
    """30% of 50 due members at 0.3 visits each are 4.5; a list of all 50 is 15; of 200, more than half of 60."""
    assert month(due=50) == pytest.approx([55.5, 0.3])
    assert month(due=50, reminders=1.0) == pytest.approx([45, 1.0])
    assert month(due=50, reminders=0.2) == pytest.approx([55.5, 0.3])
    assert month(due=200, reminders=1.0) == pytest.approx([30, 0.5])


def test_collectors_do_more_of_what_pays_more():
    """At a response of a half, four times the pay is twice the calls, and a quarter of it half the visits."""
    assert month(due=50, commission_renewal=3.0) == pytest.approx([60 - 9, 0.6])
    assert month(due=50, commission_renewal=99.0) == pytest.approx([60 - 15, 1.0])
    assert month(due=50, commission_new=-0.75) == pytest.approx([55.5 / 2, 0.3])
    assert month(due=50, commission_new=-1.0) == pytest.approx([0, 0.3])
    assert month(due=50, reminders=0.5, commission_renewal=0.2) == month(due=50, reminders=0.5)
    assert month(due=50, commission_renewal=-0.75) == pytest.approx([60 - 2.25, 0.15])
    assert month(due=50, commission_renewal=-1.0) == pytest.approx([60, 0])


def test_each_team_works_by_its_own_plan_and_each_draw_by_its_own_rules():
    """Two communes in three draws: of two collectors and of four, who find 10, 20 and 30 visits each."""
    planned = dict.fromkeys(teams.PLANNED, 0.0)
    rows = np.array([list((planned | {"collectors": count}).values()) for count in (2.0, 4.0)])
    looked_at = np.zeros((len(teams.LOOKED_AT), 2, 3))
    looked_at[teams.LOOKED_AT.index("skill")] = [[1.0, 1.0, 0.5], [1.0, 2.0, 1.0]]
    rules = np.array(RULES).repeat(3, axis=1)
    rules[TeamRules._fields.index("visits_per_collector")] = 10.0, 20.0, 30.0
    hours = np.full((len(Hours._fields), 2, 3), np.nan)
    for c in (0, 1):
        teams.team_acts(c, rows, looked_at, rules, hours)
    assert hours[0].tolist() == [[20, 40, 30], [40, 160, 120]] and (hours[1] == 0).all()


def test_an_hour_of_inspection_is_a_visit_and_a_half():
    assert month(inspection=10) == pytest.approx([45, 0])
    assert month(inspection=100) == [0, 0]


def test_inspections_are_worked_in_their_months_as_far_as_a_team_has_the_time():
    """Of 30 hours Chợ has 7.8 and Núi 3. Collectors with time for 30 visits work them all, those with three cannot.

    The 1.2 collectors of Núi have 3.6 visits then, of which calls on 40 due members, a tenth of them, take 1.2.
    """
    planned = Policy(Inspection(hours_per_month=30, start="2022-09", end="2022-10"))
    drawn = {"visits_per_collector": np.array([30.0, 3.0]), "follow_up": np.array([0.1, 0.1])}
    found = teams.inspected(planned.plan(toy.place(), "2021-12", "2022-12"), np.full((6, 2), 40.0), drawn)
    assert found.shape == (13, 2, 6) and np.flatnonzero(found.any(axis=(1, 2))).tolist() == [9, 10]
    assert found[9, 0] == pytest.approx([7.8, 6.6, 5.7, 4.5, 3.0, 2.4])
    assert found[9, 1, [0, 4]] == pytest.approx([(9.36 - 1.2) / 1.5, (3.6 - 1.2) / 1.5])
    assert found[10].tolist() == found[9].tolist()


def test_a_quota_lifts_time_while_the_plan_is_not_met_and_officials_come_on_top():
    """Full quota: 1.5 times; four officials at ten visits, of which a quarter is displaced."""
    behind = {"plan_members": 140.0, "members": 120.0}
    assert month(quota=1.0, **behind) == pytest.approx([90, 0])
    assert month(quota=0.5, **behind) == pytest.approx([75, 0])
    assert month(quota=0.8, staff_quota=0.7, **behind) == pytest.approx([90, 0])
    assert month(quota=1.0) == [60, 0]
    assert month(staff=4, **behind) == [60, 0]  # without a quota officials do not visit
    assert month(staff=4, staff_quota=1.0, **behind) == pytest.approx([75 + 4 * 10 * 0.5 * 1.25 * 0.75, 0])
    assert month(staff=4, staff_quota=2.0, **behind) == pytest.approx([90 + 4 * 10 * 1.5 * 0.75, 0])
    assert month(staff=4, staff_quota=9.0, **behind) == month(staff=4, staff_quota=2.0, **behind)


def test_a_visit_with_help_at_the_form_takes_half_a_visit_more():
    assert month(assisted=1.0) == pytest.approx([60 / 1.5, 0])
    assert month(assisted=0.5, extra_visits=5) == pytest.approx([60 / 1.25 + 5, 0])


def test_ordinary_visits_are_what_calls_leave_and_reach_a_share_of_households():
    drawn = {"visits_per_collector": np.array([30.0]), "follow_up": np.array([0.5])}
    assert teams.ordinary_visits(np.array([[2.0]]), np.array([[100.0]]), drawn) == pytest.approx(60 - 15)
    assert teams.ordinary_visits(np.array([[2.0]]), np.array([[900.0]]), drawn) == pytest.approx(30)
    assert teams.ordinary_visits(np.array([[0.0]]), np.array([[900.0]]), drawn) == pytest.approx(1e-9)
    reach = teams.reference_reach(np.array([[2.0]]), np.array([[45.0]]), np.array([[100.0]]), drawn)
    assert reach == pytest.approx(1 - math.exp(-1))


def test_a_team_sees_the_plans_numbers_of_its_commune_and_month():
    levers = Visits(count=9, start="2022-02", where=Where(communes=("Núi",))), Reminders(share=0.5, start="2022-01")
    plan = Policy(*levers).plan(toy.place(), "2021-12", "2022-02")
    rows = teams.plan_rows(plan, 2)
    assert rows.shape == (6, len(teams.PLANNED)) and rows[:, 0].sum() == pytest.approx(12)
    none = [0] * 4
    assert rows[4].tolist()[1:] == [9, 0, 0, 0, 0.5, *none] and rows[0].tolist()[1:] == [0, 0, 0, 0, 0.5, *none]
    assert teams.plan_rows(plan, 1)[:, 1].sum() == 0


def test_others_add_visits_and_call_on_those_who_are_left():
    hours = Hours(*(np.array([[value]]) for value in (10.0, 0.5)))
    effect = Effect(visits=np.array([[[1.0]], [[5.0]]]), called=np.array([[[0.0]], [[0.4]]]))
    found = teams.with_others(hours, effect, 1)
    assert found.visits.item() == 15.0 and found.called.item() == pytest.approx(0.7)
    assert teams.with_others(hours, Effect(), 1) == hours
