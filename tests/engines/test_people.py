"""Promises about people: income bands, newcomers, and the saw-tooth that comes from teams that hurry."""

from itertools import pairwise

import numpy as np
import pytest
from scipy.special import ndtri

from forecast.beliefs.parameters import parameters_table
from forecast.data import tables, toy
from forecast.engines.people import agents, hazards, prices, records
from forecast.engines.people.draws import parameter_draws
from forecast.engines.people.world import make_world
from forecast.question.scenario import Scenario
from made import toy_question
from reference import MEASURES, engine

G = len(tables.GROUPS)


def question(until: str = "2026-12", scale: float = 1.0, **assumptions) -> Scenario:
    place = toy.place(scale, members=300 * scale)
    return toy_question("toy", until=until, place=place, assumptions=assumptions)


def expected_entries(scenario: Scenario, seed: int, draws: range, nodes, shares) -> np.ndarray:
    """Share of each group that enters within the months, by (draws, groups), with any set of income bands."""
    d = parameter_draws(scenario, seed, draws)
    own = prices.incomes(scenario, d)
    center = np.exp(np.log(own) @ prices.BAND_SHARES)  # the nodes are symmetric, so this is the median
    spread = d["income_spread"][:, None] * np.array([0.5, 0.5, 1.0, 1.0])
    income = center[:, :, None] * np.exp(spread[:, :, None] * nodes)
    money, base = prices.prices(scenario.place, scenario.plan, scenario.law), hazards.entry_hazard(d)
    pressure = 0.0
    for t, when in enumerate(scenario.plan.months):
        years = prices.years_from_base(str(when), scenario.law)
        now = income * ((1 + d["income_growth"]) ** years)[:, None, None]
        pressure = pressure + base[:, None, None] * prices.acceptance(money.net[t, 0][None, :, None], now, d)
    pressure = pressure / prices.base_acceptance(d, scenario.law)[:, None, None]
    k = d["frailty_shape"][:, None, None]
    return (1 - (1 + pressure / k) ** -k) @ shares


EQUAL = ndtri((np.arange(4096) + 0.5) / 4096), np.full(4096, 1 / 4096)
BANDS = prices.BAND_NODES, prices.BAND_SHARES


@pytest.mark.parametrize("income_spread", [0.35, 0.5, 0.65])
@pytest.mark.parametrize("price_response", [4.0, 18.0, 60.0])
def test_eight_bands_give_the_entries_of_4096_to_a_thousandth(income_spread, price_response):
    """At the ends and centers of the two parameters that bend acceptance most; the other parameters vary."""
    scenario = question(until="2023-12", income_spread=income_spread, price_response=price_response)
    eight, many = (expected_entries(scenario, 1, range(16), *bands) for bands in (BANDS, EQUAL))
    people = scenario.place.group_sizes().sum(axis=0)
    assert eight @ people == pytest.approx(many @ people, rel=0.001)


def test_eight_bands_do_not_bias_the_mean_over_all_parameters():
    scenario = question(until="2022-12")
    eight, many = (expected_entries(scenario, 1, range(400), *bands) for bands in (BANDS, EQUAL))
    assert eight.mean(axis=0) == pytest.approx(many.mean(axis=0), rel=0.001)
    off = np.abs(eight[:, 3] / many[:, 3] - 1)
    assert (off < 0.001).mean() > 0.98  # the rest: prices that keep nearly everybody out


def test_newcomers_are_as_many_as_the_law_of_the_parameter_says_in_every_commune_and_group():
    world = make_world(question(scale=0.06, eligible_entry_rate=0.02), range(300), 1)
    model = agents.Offices()
    model.load(world)
    came = np.zeros((300, len(world.cells)))
    for draw, people in enumerate(model.people):
        for year in range(2022, 2027):
            people.new_year(year)
        later = slice(len(world.cells), None)
        came[draw] = np.bincount(people.pool.home[later], people.pool.left[later], minlength=len(world.cells))
    due = 5 * 0.02 * world.cells
    assert came.sum(axis=1).mean() == pytest.approx(due.sum(), rel=0.02)
    for axis in (2, 1):  # by commune, by group
        shape = (len(world.numbers), G, prices.BANDS)
        mean = came.reshape(300, *shape).sum(axis=(axis, 3))
        error = mean.std(axis=0) / np.sqrt(300)
        assert (np.abs(mean.mean(axis=0) - due.reshape(shape).sum(axis=(axis - 1, 2))) < 4 * error + 1e-9).all()


def test_everybody_leaves_the_pool_when_the_rate_is_one():
    values = engine(question(scale=0.1, eligible_exit_rate=1.0, eligible_entry_rate=0.0), range(4), 1)
    assert values[:, 1:, MEASURES.index("entries")].sum() == 0  # the first month after the opening is a January


def test_nobody_returns_and_nothing_breaks_when_nobody_can():
    values = engine(question(scale=0.1, return_rate=0.0, lump_sum_rate=0.0), range(4), 1)
    assert values[:, :, MEASURES.index("returns")].sum() == 0
    assert values[:, :, MEASURES.index("lapses")].sum() > 0


STEADY = {"month_noise": 0.0, "place_spread": 0.0, "skill_spread": 0.0, "quota_paper_share": 0.0, "entry_rate": 0.1}


def seasons(**assumptions: float) -> dict[str, tuple[float, float]]:
    """The December peak and the fall by March, persons a month, each with its standard error.

    The peak is the entries of December less the mean of November and February. The fall is the monthly change of the
    stock from December to March, less the mean of those from March to September before and after.
    """
    centers = parameters_table()["value"].astype(float).to_dict() | STEADY
    scenario = question(**(centers | assumptions))
    values = engine(scenario, range(60), 1).sum(axis=(3, 4))
    members, entries = values[:, :, 0], values[:, :, MEASURES.index("entries")]
    decembers = [t for t, month in enumerate(scenario.months[:-11]) if t > 1 and month.month == 12]
    peak = np.mean([entries[:, t] - (entries[:, t - 1] + entries[:, t + 2]) / 2 for t in decembers], axis=0)
    fall = np.mean(
        [
            (members[:, t + 3] - members[:, t]) / 3
            - (members[:, t - 3] - members[:, t - 9] + members[:, t + 9] - members[:, t + 3]) / 12
            for t in decembers
        ],
        axis=0,
    )
    return {"peak": mean_and_error(peak), "fall": mean_and_error(fall)}


def mean_and_error(sample: np.ndarray) -> tuple[float, float]:
    return sample.mean(), sample.std(ddof=1) / np.sqrt(len(sample))


def test_every_december_towers_over_the_months_around_it():
    """With the parameters as they come; nothing in the model knows a calendar but the campaign."""
    scenario = Scenario("status quo", "Cà Mau", start="2021-12", until="2026-03")
    members = engine(scenario, range(24), 1)[:, :, 0].sum(axis=(2, 3)).mean(axis=0)
    for t in range(12, 60, 12):
        assert members[t] > 1.03 * members[t - 1]
        assert members[t] > 1.01 * members[t + 3]


def test_without_campaigns_there_is_no_saw_tooth():
    for plan_growth in (0.3, 0.6):  # an unmet plan does nothing by itself
        for step, error in seasons(campaign_rise=0.0, plan_growth=plan_growth).values():
            assert abs(step) < 3 * error


def test_the_december_peak_and_the_fall_by_march_grow_with_the_campaign():
    found = [seasons(campaign_rise=rise) for rise in (0.1, 0.2, 0.4)]
    for step in found:
        assert step["peak"][0] > 3 * step["peak"][1]
        assert step["fall"][0] < -3 * step["fall"][1]
    for smaller, larger in pairwise(found):
        assert larger["peak"][0] > 1.2 * smaller["peak"][0]
        assert larger["fall"][0] < 1.2 * smaller["fall"][0]


LIMIT = toy.law().subsidy_months("2021-12")


def lapses_after(subsidized: int, full_price_matters: bool = True) -> np.ndarray:
    """Lapses by group in a year of members who have used up so many months of subsidy."""
    world = make_world(question(until="2022-12"), range(12), 1)
    if not full_price_matters:
        world = world._replace(full_rise=np.ascontiguousarray(world.burden_rise[:, :, 0]))
    model = agents.model_of(agents.Team)
    model.load(world)
    for people in model.people:
        people.table["subsidized"][: people.ledger.count[0]] = subsidized
    lapsed = np.zeros(len(agents.GROUPS))
    for _ in range(12):
        model.step()
        lapsed += model.flows[..., records.LAPSES].sum(axis=(0, 1))
    return lapsed


def test_who_has_used_up_the_subsidy_pays_the_whole_price_and_lapses_more_often():
    before, after = lapses_after(0), lapses_after(LIMIT)
    assert after.sum() > before.sum()
    assert after[0] / before[0] > after[3] / before[3] > 1.0  # the poor lose a subsidy of half, others one of a tenth
    assert (lapses_after(LIMIT, full_price_matters=False) == before).all()


def lived(everybody: bool) -> tuple[np.ndarray, list[np.ndarray]]:
    """Members by (months, draws, groups) of a place that many leave, and the rows of its people at the end."""
    model, asked = agents.Offices(), question(until="2025-12", annual_lapse=0.8, lump_sum_rate=0.3, entry_rate=0.05)
    model.load(make_world(asked, range(4), 1), everybody)
    members = []
    for _ in range(48):
        model.step()
        members.append(np.stack([people.ledger.members.sum(axis=0) for people in model.people]))
    return np.array(members), [people.table[: people.ledger.count[0]] for people in model.people]


def test_the_rows_of_those_who_are_gone_are_used_again_and_nobody_notices():
    (members, short), (same, long) = lived(everybody=False), lived(everybody=True)
    assert (members == same).all()
    for few, all_ in zip(short, long, strict=True):
        there, known = (rows[rows["state"] != records.GONE] for rows in (few, all_))
        assert sorted(there["key"].tolist()) == sorted(known["key"].tolist())
        gone = (all_["state"] == records.GONE).sum()
        assert gone > 0.1 * len(all_) and len(few) < len(all_) - gone / 2
