"""The world of a batch of draws: a scenario made into numbers that engines share.

What every engine that simulates people needs before its first month: parameters, prices, acceptance, cells, the
opening members and the teams' skill; and the one formula that turns a month's outreach into contact.
"""

import math
from dataclasses import fields, replace
from typing import NamedTuple

import numpy as np
import pandas as pd
from numba import njit

from forecast.answer.projection import COLUMNS as PROJECTION_COLUMNS
from forecast.data import chance, tables
from forecast.engines.people import behavior
from forecast.engines.people.behavior import BANDS
from forecast.engines.people.people import band_sizes
from forecast.question.plan import GROUPS, Plan
from forecast.question.scenario import Scenario

G = len(GROUPS)


class World(NamedTuple):
    """What a scenario means to a batch of draws: everything that the months need and that no month changes.

    `communes` below are the place's communes, or the strata into which an engine has put them.
    """

    scenario: Scenario
    plan: Plan
    keys: np.ndarray  # (draws,)
    drawn: dict  # parameter -> (draws,)
    numbers: np.ndarray  # (communes,) names as numbers
    households: np.ndarray  # (communes,)
    eligible: np.ndarray  # (communes,)
    money: behavior.Money
    accept: np.ndarray  # (months, draws, classes, groups, bands), relative to the reference
    burden_rise: np.ndarray  # the same shape: net price / income minus what it was in the reference month
    full_rise: np.ndarray  # (months, draws, groups, bands): the same for those whose months of subsidy are used up
    cells: np.ndarray  # (cells,) persons
    opening: np.ndarray  # (draws, cells) persons who are members at the start
    skill: np.ndarray  # (communes, draws), mean 1
    base: np.ndarray  # (draws,) hazard of entry per month at the reference
    reach: np.ndarray  # (communes, draws) share of households that an ordinary team of the status quo visits in a month
    goals: np.ndarray  # (months, communes, draws) the plan for the next December, persons
    other_exits: np.ndarray  # (months, draws) hazard per month of death and pension
    deadline: np.ndarray  # (months,) how near the year's end is
    team_rules: behavior.TeamRules


def make_world(scenario: Scenario, draws: range, seed: int, strata: np.ndarray | None = None) -> World:
    """Draw the parameters and lay out the people of a batch; `strata` (communes,) puts communes together."""
    keys, place, law = chance.streams(seed, draws), scenario.place, scenario.law
    table, sizes = place.communes, place.group_sizes()
    numbers = np.array([chance.name_number(n) for n in table["commune"]])
    households, eligible = (np.maximum(table[c].to_numpy(float), 1.0) for c in ("households", "eligible"))
    drawn = behavior.parameter_draws(scenario, seed, draws)
    spread = drawn["skill_spread"]
    luck = chance.normal_array(chance.child_array(keys, chance.name_number("skill")), numbers[:, None])
    skill = np.exp(spread * luck - spread**2 / 2)
    plan, status_quo = scenario.plan, scenario.status_quo_plan
    if strata is not None:
        plan, status_quo = _put_together(plan, strata, eligible), _put_together(status_quo, strata, eligible)
        first = np.unique(strata, return_index=True)[1]
        member = (strata == np.arange(len(first))[:, None]).astype(float)
        skill = _summed(member * eligible, skill) / (member @ eligible)[:, None]
        numbers, households, eligible, sizes = numbers[first], member @ households, member @ eligible, member @ sizes
    money = behavior.money(place, plan, law)
    income = behavior.incomes(scenario, drawn)
    years = np.array([behavior.years_from_reference(str(m)) for m in plan.months])
    growth = (1 + drawn["income_growth"])[None, :] ** years[:, None]
    now = income[None, :, None] * growth[:, :, None, None, None]  # (months, draws, 1, groups, bands)
    net = money.net[:, None, :, :, None]
    accept = np.stack([behavior.acceptance(n, i, drawn) for n, i in zip(net, now, strict=True)])
    accept /= behavior.reference_acceptance(drawn, law)[None, :, None, None, None]
    if f"year/{plan.months[-1].year}" in drawn:
        accept[1:] *= np.stack([drawn[f"year/{m.year}"] for m in plan.months[1:]])[:, :, None, None, None]
    before = money.reference_net[None, :, None] / income  # (draws, groups, bands)
    burden_rise = net / now - before[None, :, None]
    full_rise = money.floor_contribution[:, None, None, None] / now[:, :, 0] - before
    cells = band_sizes(sizes)
    price = np.array([law.price(g, plan.months[0], place.lineage).net for g in GROUPS])  # no policy changes the past
    opening = _opening(scenario, cells, behavior.acceptance(price[:, None], now[0, :, 0], drawn), keys)
    base = behavior.entry_hazard(drawn) / _depletion(opening, cells, drawn["frailty_shape"])
    members = opening.reshape(len(keys), len(numbers), -1).sum(axis=2).T.astype(float)
    reach = behavior.reference_reach(
        status_quo.collectors[0][:, None], households[:, None], members / behavior.TYPICAL_SPELL, drawn
    )
    return World(
        scenario,
        plan,
        keys,
        drawn,
        numbers,
        households,
        eligible,
        money,
        np.ascontiguousarray(accept),
        np.ascontiguousarray(burden_rise),
        np.ascontiguousarray(full_rise),
        cells,
        opening,
        skill,
        base,
        reach,
        _goals(scenario, plan, members, drawn),
        behavior.other_exits(plan.months, drawn, law),
        behavior.DEADLINE[plan.months.month - 1],
        behavior.TeamRules.of(drawn),
    )


@njit(cache=True)
def _summed(weights, values):
    """`weights @ values`, added up in one order: the linear algebra library's order depends on the number of draws."""
    out = np.zeros((weights.shape[0], values.shape[1]))
    for s in range(weights.shape[0]):
        for c in range(weights.shape[1]):
            for d in range(values.shape[1]):
                out[s, d] += weights[s, c] * values[c, d]
    return out


_SUMS = ("collectors", "visits", "staff", "meetings", "inspection", "gift", "spending")


def _put_together(plan: Plan, strata: np.ndarray, eligible: np.ndarray) -> Plan:
    """The plan of strata: counts are added, levels are averaged over eligible people."""
    member = (strata == np.arange(strata.max() + 1)[:, None]).astype(float)
    mean = member * eligible / (member @ eligible)[:, None]
    changed = {
        f.name: np.einsum("sc,tc...->ts...", member if f.name in _SUMS else mean, getattr(plan, f.name))
        for f in fields(plan)
        if f.name not in ("months", "communes")
    }
    # Months of a book are a length and no level: a mean would round to another spell.
    longest = np.stack([plan.gift_months[:, strata == s].max(axis=1) for s in range(len(member))], axis=1)
    changed["gift_months"] = longest
    return replace(plan, communes=tuple(f"stratum {s}" for s in range(len(member))), **changed)


def _goals(scenario: Scenario, plan: Plan, opening: np.ndarray, drawn: dict) -> np.ndarray:
    """The plan that each team has for the next December, (months, communes, draws), persons.

    With a target of members, a straight line from the opening to the target; else each December plan_growth above the
    one before. A commune's part is its part of the opening members.
    """
    total = opening.sum(axis=0)
    start = tables.month_index(plan.months[0])
    ends = np.array([tables.month_index(m) // 12 * 12 + 11 for m in plan.months])
    target = scenario.target
    if target and target.measure == "members" and target.group == "all":
        by = tables.month_index(tables.month(target.by))
        level = total + (target.value - total) * np.minimum((ends[:, None] - start) / max(by - start, 1), 1.0)
    else:
        level = total * (1 + drawn["plan_growth"]) ** ((ends[:, None] - start) / 12)
    parts = np.where(total > 0, opening / np.maximum(total, 1e-9), 1 / len(opening))
    return level[:, None, :] * parts[None]


def plan_rows(plan: Plan, t: int) -> np.ndarray:
    """The plan's numbers that a team sees in month `t`: (communes, 7), in the order of `behavior.Seen`."""
    names = ("collectors", "visits", "quota", "staff", "staff_quota", "reminders", "inspection")
    return np.stack([getattr(plan, name)[t] for name in names], axis=1)


def contact(world: World, t: int, visits, rushed, members, pulled) -> tuple[np.ndarray, np.ndarray]:
    """Turn a month's outreach into contact.

    Takes visits, the share of them owed to the rush, and members, each (communes, draws), and what drives have pulled
    forward, (draws, communes), which is brought up to date. Returns contact, the hazard of entry at the reference
    acceptance (draws, communes, groups), and the share of entries owed to the rush (draws, communes).
    """
    plan, d = world.plan, world.drawn
    month = tables.month_index(plan.months[t])
    noise = chance.normal_array(world.keys, chance.name_number(f"{world.scenario.place.name}/{month}"))
    names = (
        "visit_share",
        "assisted_ratio",
        "meeting_yield",
        "drive_yield",
        "drive_pulled_forward",
        "model_commune_ratio",
        "training_gain",
        "mass_information",
        "peer_effect",
        "language_factor",
        "creaming",
        "month_noise",
        "quota_paper_share",
    )
    packed = np.stack([d[n] for n in names], axis=1)
    row = np.stack(
        [
            plan.assisted[t],
            plan.training[t],
            plan.model[t],
            plan.meetings[t],
            plan.drives[t],
            plan.broadcasts[t],
            plan.cadres[t],
            plan.order[t],
            plan.quota[t],
        ],
        axis=1,
    )
    result = np.empty((len(world.keys), len(plan.communes), G))
    owed = np.empty((len(world.keys), len(plan.communes)))
    _contact(
        visits,
        rushed,
        world.reach,
        world.households,
        world.eligible,
        members,
        packed,
        row,
        world.base,
        noise,
        pulled,
        result,
        owed,
    )
    return result, owed


@njit(cache=True)
def _contact(visits, rush, reach, households, eligible, members, packed, row, base, noise, pulled, contact, rushed):
    """The formula of contact; see docs/model.md. Groups 0, 1 and 2 are poor, near-poor and ethnic minority."""
    for d in range(contact.shape[0]):
        (
            share,
            assisted_ratio,
            per_meeting,
            per_drive,
            forward,
            model_ratio,
            training,
            information,
            peer,
            language,
            creaming,
            spread,
            paper,
        ) = packed[d]
        shock = math.exp(spread * noise[d] - 0.5 * spread * spread)
        for c in range(contact.shape[1]):
            assisted, trained, model, meetings, drives, broadcasts, cadres, order, quota = row[c]
            seen = -math.expm1(-visits[c, d] / households[c]) / reach[c, d]
            visited = share * seen * (1 + assisted * (assisted_ratio - 1)) * (1 + training * trained)
            heard = -math.expm1(-0.1 * broadcasts)
            walk_in = (1 - share) * (1 + peer * members[c, d] / eligible[c])
            lift = 1 + model * (model_ratio - 1)
            pulse = per_drive * drives + per_meeting * meetings / eligible[c]
            owed = pulled[d, c] * 0.5  # half of what was pulled forward is missing in each of two months, nearly
            pulled[d, c] = owed + forward * per_drive * drives
            for g in range(4):
                tongue = 1.0
                if g == 2:
                    tongue = language + (1 - language) * cadres
                first = 1 + creaming * order if g == 3 else 1 - creaming * order
                ordinary = base[d] * lift * (visited * tongue * first + walk_in * (1 + information * heard * tongue))
                contact[d, c, g] = shock * max(ordinary + pulse - owed, 0.2 * (ordinary + pulse))
            ordinary = base[d] * lift * (visited + walk_in)
            part = base[d] * lift * visited / (ordinary + pulse)
            rushed[d, c] = part * max(rush[c, d], paper if quota > 0.0 else 0.0)


def _opening(scenario: Scenario, cells: np.ndarray, accept: np.ndarray, keys) -> np.ndarray:
    """Spread the opening stock over cells, (draws, cells): by people x acceptance, groups as published."""
    weights = cells.reshape(-1, G, BANDS)[None] * accept[:, None]
    total = int(round(scenario.opening[0]))
    if total > cells.sum():
        raise tables.UserError(
            f"scenario {scenario.scenario!r}: {total:,} members at {scenario.start} are more than the "
            f"{int(cells.sum()):,} eligible people of {scenario.place.name}"
        )
    known = {}
    for g, group in enumerate(GROUPS):
        found = scenario.place.latest("members", until=scenario.start, group=group)
        if found is not None and str(found[0]) == scenario.opening[1]:
            known[g] = found[1]
    rest = max(total - sum(known.values()), 0)
    free = [g for g in range(G) if g not in known]
    sums = weights.sum(axis=(1, 3))
    for g in range(G):
        wanted = known[g] if g in known else rest * sums[:, g] / np.maximum(sums[:, free].sum(axis=1), 1e-12)
        weights[:, :, g] *= (wanted / np.maximum(sums[:, g], 1e-12)).reshape(-1, 1, 1)
    offsets = chance.uniform_array(keys, chance.name_number("opening/" + scenario.place.name))
    return _allot(weights.reshape(len(keys), -1), cells, total, offsets)


@njit(cache=True)
def _allot(weights, caps, total, offsets):
    """Whole persons for each cell in proportion to weights, never above caps, adding up to `total` (systematic)."""
    out = np.zeros(weights.shape, np.int32)
    for d in range(weights.shape[0]):
        scale = total / max(weights[d].sum(), 1e-300)
        running, given = offsets[d], 0
        for j in range(weights.shape[1]):
            running += weights[d, j] * scale
            want = int(running) - given
            want = min(max(want, 0), caps[j], total - given)
            out[d, j] = want
            given += want
        j = 0
        while given < total:  # cells that were full pass their people on
            if out[d, j] < caps[j]:
                out[d, j] += 1
                given += 1
            j = (j + 1) % weights.shape[1]
    return out


def _depletion(opening: np.ndarray, cells: np.ndarray, shape: np.ndarray) -> np.ndarray:
    """How far the mean hazard of those left has fallen because the readiest are in, (draws,): S^(1/k), weighed."""
    survival = 1 - opening / np.maximum(cells, 1)
    weight = cells - opening
    return (survival ** (1 / shape[:, None]) * weight).sum(axis=1) / np.maximum(weight.sum(axis=1), 1)


def rows_of(scenario: Scenario, engine: str, draws: range, values: np.ndarray) -> pd.DataFrame:
    """Lay out values (draws, months, measures, groups + all) as projection rows.

    Month 0 has the stock of members only; outreach is spent on all groups together, so it has no row by group.
    """
    months, groups, measures = [str(m) for m in scenario.months], [*GROUPS, "all"], list(tables.MEASURES)
    index = np.indices(values.shape).reshape(4, -1)
    stock = measures.index("members")
    keep = ((index[1] > 0) | (index[2] == stock)) & ((index[2] != measures.index("spent_outreach")) | (index[3] == G))
    d, t, m, g = index[:, keep]
    one = np.zeros(len(d), np.int8)
    return pd.DataFrame(
        {
            "place": pd.Categorical.from_codes(one, [scenario.place.name]),
            "scenario": pd.Categorical.from_codes(one, [scenario.scenario]),
            "engine": pd.Categorical.from_codes(one, [engine]),
            "origin": pd.Categorical.from_codes(one, [scenario.start]),
            "month": pd.Categorical.from_codes(t, months),
            "group": pd.Categorical.from_codes(g, groups),
            "measure": pd.Categorical.from_codes(m, measures),
            "draw": np.asarray(draws, np.int32)[d],
            "value": values.ravel()[keep],
        }
    )[PROJECTION_COLUMNS]
