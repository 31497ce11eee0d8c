"""The world of a batch of draws: a scenario made into numbers that engines share.

What every engine that simulates people needs before its first month: parameters, prices, acceptance, cells, the
opening members and the teams' skill. :func:`lay_out` holds what no parameter changes; :func:`fill` adds the rest, for
parameters that are drawn (:func:`make_world`) or given.
"""

from typing import NamedTuple

import numpy as np
import pandas as pd
from numba import njit

from forecast.answer.projection import COLUMNS as PROJECTION_COLUMNS
from forecast.data import chance, tables
from forecast.data.apportion import systematic
from forecast.engines.people import first_use, hazards, prices, teams
from forecast.engines.people.campaigns import Campaigns, campaigns_of
from forecast.engines.people.commission import newly
from forecast.engines.people.draws import Drawn, parameter_draws
from forecast.engines.people.people import band_sizes
from forecast.engines.people.prices import BANDS, Prices
from forecast.question.plan import COLUMNS, GROUPS, Effect, Plan
from forecast.question.scenario import Scenario

G = len(GROUPS)
STANDARD = "poverty_standard"  # of the law: the year with which a poverty standard began


class Layout(NamedTuple):
    """What a scenario means before any parameter is known.

    `communes` below are the place's communes, or the strata into which an engine has put them.
    """

    scenario: Scenario
    plan: Plan
    collectors: np.ndarray  # (communes,) of the status quo
    numbers: np.ndarray  # (communes,) names as numbers
    households: np.ndarray  # (communes,)
    eligible: np.ndarray  # (communes,)
    prices: Prices
    opening_net: np.ndarray  # (groups,) VND a month at the opening, which no policy changes
    spells: list[hazards.Spells]  # of each month
    newly: np.ndarray  # (months, spells) months by which a new member's payment is worth more to collectors
    subsidy_months: np.ndarray  # (months,) for which the state subsidizes one person
    subsidized: int  # months since the subsidy began, at the opening
    anew: np.ndarray  # (months,) 1 from the month on in which another poverty standard than that of the opening holds
    announced: np.ndarray  # (months,) 1 where a rise of the floor was announced that comes soon, else 0
    cells: np.ndarray  # (cells,) persons
    income: tuple[float, str]  # published income per head of the place, and its month
    base_income: tuple[float, str]  # the same of the nation


class World(NamedTuple):
    """What a scenario means to a batch of draws: everything that the months need and that no month changes."""

    layout: Layout
    keys: np.ndarray  # (draws,)
    drawn: Drawn  # parameter -> (draws,)
    plan: Plan
    numbers: np.ndarray  # (communes,) names as numbers
    households: np.ndarray  # (communes,)
    eligible: np.ndarray  # (communes,)
    accept: np.ndarray  # (months, draws, classes, groups, bands), relative to the base month
    burden_rise: np.ndarray  # the same shape: net price / income minus what it was in the base month
    full_rise: np.ndarray  # (months, draws, groups, bands): the same for those whose months of subsidy are used up
    opening: np.ndarray  # (draws, cells) persons who are members at the start
    skill: np.ndarray  # (communes, draws), mean 1
    base: np.ndarray  # (months, draws) hazard of entry per month at the reference
    lapse: np.ndarray  # (months, draws) factor on the hazard of lapsing of those who are no campaign members
    campaigns: Campaigns
    reach: np.ndarray  # (communes, draws) share of households that an ordinary team of the status quo visits in a month
    goals: np.ndarray  # (months, communes, draws) the plan for the next December, persons
    support: prices.Support  # what state, province and donors pay
    to_compulsory: np.ndarray  # (months, draws, communes) hazard per month of leaving for compulsory insurance
    inspection_hazard: np.ndarray  # the same shape: hazard per month that an inspection finds who has not enrolled
    other_exits: np.ndarray  # (months, draws) hazard per month of death and pension
    team_rules: teams.TeamRules
    effect: Effect  # what levers do through inputs that all engines know

    @property
    def scenario(self) -> Scenario:
        """The question."""
        return self.layout.scenario

    def advised(self, t: int) -> np.ndarray:
        """Return who of the short payers pays a year in month `t`, as a share: advised, or ahead of a rise."""
        ahead = self.drawn["prepaying"][:, None] * self.layout.announced[t]
        share: np.ndarray = 1 - (1 - self.plan.advice[t]) * (1 - ahead)
        return share

    @property
    def prices(self) -> Prices:
        """What people face, month by month."""
        return self.layout.prices

    @property
    def cells(self) -> np.ndarray:
        """Persons by cell, (cells,)."""
        return self.layout.cells


class Given(NamedTuple):
    """What a batch of draws has in place of what :func:`make_world` draws."""

    keys: np.ndarray  # (draws,)
    drawn: Drawn
    skill: np.ndarray  # (communes, draws), mean 1
    opening: np.ndarray | None = None  # (draws,) members at the opening; else those of the scenario
    opened: np.ndarray | None = None  # (draws,) share of campaign members among them


def lay_out(scenario: Scenario, strata: np.ndarray | None = None) -> Layout:
    """Work out what no parameter changes; `strata` (communes,) puts communes together."""
    first_use.get_ready()
    place, law, table = scenario.place, scenario.law, scenario.place.communes
    sizes, plan, collectors = place.group_sizes(), scenario.plan, scenario.status_quo_plan.collectors
    numbers = np.array([chance.name_number(n) for n in table["commune"]])
    households, eligible = (np.maximum(table[c].to_numpy(float), 1.0) for c in ("households", "eligible"))
    if strata is not None:
        plan = _put_together(plan, strata, eligible)
        collectors = _put_together(scenario.status_quo_plan, strata, eligible).collectors
        first = np.unique(strata, return_index=True)[1]
        member = _members_of(strata)
        numbers, households, eligible, sizes = numbers[first], member @ households, member @ eligible, member @ sizes
    begins, opening = law.first_subsidized_month, tables.month_index(plan.months[0])
    return Layout(
        scenario=scenario,
        plan=plan,
        collectors=collectors[0],
        numbers=numbers,
        households=households,
        eligible=eligible,
        prices=prices.prices(place, plan, law),
        opening_net=np.array([law.price(g, plan.months[0], place.lineage).net for g in GROUPS]),
        spells=hazards.spells(plan.months, law),
        newly=newly(scenario),
        subsidy_months=np.array([law.subsidy_months(month) for month in plan.months]),
        subsidized=0 if begins is None else max(0, opening - begins + 1),
        anew=np.array([law.find(STANDARD, m) != law.find(STANDARD, plan.months[0]) for m in plan.months], float),
        announced=prices.announced(plan.months, law),
        cells=band_sizes(sizes),
        income=prices.income_per_head(place),
        base_income=prices.national_income(),
    )


def make_world(
    scenario: Scenario,
    draws: range,
    seed: int,
    strata: np.ndarray | None = None,
    opening: np.ndarray | None = None,
) -> World:
    """Draw the parameters and lay out the people of a batch; `strata` (communes,) puts communes together.

    `opening` is members at the opening and the share of campaign members among them, each (draws,). Nobody signs for a
    campaign, and the months are like any other: :func:`following.world_of` adds both.
    """
    keys, layout = chance.streams(seed, draws), lay_out(scenario, strata)
    drawn = parameter_draws(scenario, seed, draws)
    skill = team_skill(scenario, keys, drawn)
    if strata is not None:
        people = np.maximum(scenario.place.communes["eligible"].to_numpy(float), 1.0)
        member = _members_of(strata)
        skill = _summed(member * people, skill) / (member @ people)[:, None]
    members, opened = (None, None) if opening is None or not len(opening) else opening
    return fill(layout, Given(keys, drawn, skill, members, opened))


def team_skill(scenario: Scenario, keys: np.ndarray, drawn: Drawn) -> np.ndarray:
    """Skill of the team of each commune of the place, (communes, draws): log-normal with mean 1."""
    numbers = np.array([chance.name_number(n) for n in scenario.place.communes["commune"]])
    spread = drawn["skill_spread"]
    luck = chance.normal_array(chance.child_array(keys, chance.name_number("skill")), numbers[:, None])
    skill: np.ndarray = np.exp(spread * luck - spread**2 / 2)
    return skill


def fill(layout: Layout, given: Given) -> World:
    """Add to a layout what follows from the parameters of a batch of draws."""
    scenario, plan, drawn, law = layout.scenario, layout.plan, given.drawn, layout.scenario.law
    draws, communes, price = len(given.keys), len(layout.numbers), layout.prices
    income = prices.bands(prices.median_income(layout.income, law, drawn), drawn)
    years = np.array([prices.years_from_base(str(m), law) for m in plan.months])
    growth = (1 + drawn["income_growth"])[None, :] ** years[:, None]
    now = income[None, :, None] * growth[:, :, None, None, None]  # (months, draws, 1, groups, bands)
    moved = prices.counted_anew(drawn)
    less = layout.anew[:, None, None] * (price.net[:, :, prices.NEAR_POOR, None] - price.net)
    net = price.net[:, None, :, :, None] + less[:, None, :, :, None] * moved[None, :, None]
    accept = np.stack([prices.acceptance(n, i, drawn) for n, i in zip(net, now, strict=True)])
    accept /= prices.base_acceptance(drawn, law, layout.base_income)[None, :, None, None, None]
    before = price.base_net[None, :, None] / income  # (draws, groups, bands)
    burden_rise = net / now - before[None, :, None]
    full_rise = price.floor_contribution[:, None, None, None] / now[:, :, 0] - before
    shape = len(plan.months), draws
    opening = _opening(layout, _weights(layout, now[0, :, 0], drawn), given)
    base = hazards.entry_hazard(drawn) / _depletion(opening, layout.cells, drawn["frailty_shape"])
    members = opening.reshape(draws, communes, -1).sum(axis=2).T.astype(float)
    by_band = opening.reshape(draws, communes, G, BANDS).sum(axis=1)
    counted = (by_band * moved).sum(axis=2) / np.maximum(by_band.sum(axis=2), 1)
    due = members / hazards.TYPICAL_SPELL
    inspected = teams.inspected(plan, due, drawn)
    inspection_hazard = hazards.inspection_hazard(
        inspected, layout.eligible, drawn["transfer_rate"], drawn["inspection_effect"]
    )
    reach = teams.reference_reach(layout.collectors[:, None], layout.households[:, None], due, drawn)
    return World(
        layout=layout,
        keys=given.keys,
        drawn=drawn,
        plan=plan,
        numbers=layout.numbers,
        households=layout.households,
        eligible=layout.eligible,
        accept=np.ascontiguousarray(accept),
        burden_rise=np.ascontiguousarray(burden_rise),
        full_rise=np.ascontiguousarray(full_rise),
        opening=opening,
        skill=given.skill,
        base=np.tile(base, (shape[0], 1)),
        lapse=np.ones(shape),
        campaigns=campaigns_of(layout.plan.months, layout.cells, drawn, opening, shape, given.opened),
        reach=reach,
        goals=_goals(scenario, plan, members, drawn),
        support=prices.support(price, layout.anew, counted),
        to_compulsory=drawn["transfer_rate"][:, None] / 12 + inspection_hazard,
        inspection_hazard=inspection_hazard,
        other_exits=hazards.other_exits(plan.months, drawn, law),
        team_rules=teams.TeamRules.of(drawn),
        effect=_effect(plan, drawn),
    )


def _effect(plan: Plan, drawn: Drawn) -> Effect:
    """What all columns that act through common inputs do together: shares of the rest, sums, and products."""
    effects = [c.effect(plan.columns[n], drawn) for n, c in COLUMNS.items() if c.effect and plan.columns[n].any()]

    def of(name: str) -> list[np.ndarray]:
        return [value for effect in effects if (value := getattr(effect, name)) is not None]

    called, visits, contact = (of(name) for name in Effect._fields)
    return Effect(
        1 - np.prod([1 - np.clip(share, 0, 1) for share in called], axis=0) if called else None,
        np.sum(visits, axis=0) if visits else None,
        np.prod(contact, axis=0) if contact else None,
    )


def _members_of(strata: np.ndarray) -> np.ndarray:
    """Which communes are in each stratum, (strata, communes), 0 or 1."""
    result: np.ndarray = (strata == np.arange(strata.max() + 1)[:, None]).astype(float)
    return result


@njit(cache=True)
def _summed(weights: np.ndarray, values: np.ndarray) -> np.ndarray:
    """`weights @ values`, added up in one order: the linear algebra library's order depends on the number of draws."""
    out = np.zeros((weights.shape[0], values.shape[1]))
    for s in range(weights.shape[0]):
        for c in range(weights.shape[1]):
            for d in range(values.shape[1]):
                out[s, d] += weights[s, c] * values[c, d]
    return out


def _put_together(plan: Plan, strata: np.ndarray, eligible: np.ndarray) -> Plan:
    """The plan of strata: each column adds up as it says (`plan.COLUMNS`), levels by eligible people."""
    member = _members_of(strata)
    mean = member * eligible / (member @ eligible)[:, None]

    def together(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
        added: np.ndarray = np.einsum("sc,tc...->ts...", weights, values)
        return added

    changed = {
        name: together(column, member if COLUMNS[name].adds == "sum" else mean) for name, column in plan.columns.items()
    }
    for name in (name for name in plan.columns if COLUMNS[name].adds == "longest"):
        # A length and no level: a mean would round to another spell.
        parts = [plan.columns[name][:, strata == s].max(axis=1) for s in range(len(member))]
        changed[name] = np.stack(parts, axis=1)
    strata_names = tuple(f"stratum {s}" for s in range(len(member)))
    return plan.but(communes=strata_names, bills=None, **changed)


def _goals(scenario: Scenario, plan: Plan, opening: np.ndarray, drawn: Drawn) -> np.ndarray:
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
    goals: np.ndarray = level[:, None, :] * parts[None]
    return goals


def _weights(layout: Layout, income: np.ndarray, drawn: Drawn) -> np.ndarray:
    """People x acceptance at the opening, (draws, communes, groups, bands); `income` (draws, groups, bands) then."""
    willing = prices.acceptance(layout.opening_net[:, None], income, drawn)
    weights: np.ndarray = layout.cells.reshape(-1, G, BANDS)[None] * willing[:, None]
    return weights


def _opening(layout: Layout, weights: np.ndarray, given: Given) -> np.ndarray:
    """Spread the opening stock over cells, (draws, cells): by `weights`, groups as published."""
    scenario, cells = layout.scenario, layout.cells
    if given.opening is None:
        total = int(round(scenario.opening[0]))
        if total > cells.sum():
            raise tables.UserError(
                "scenario {scenario!r}: {members:,} members at {start} are more than the {eligible:,} eligible "
                "people of {place}",
                scenario=scenario.scenario,
                members=total,
                start=scenario.start,
                eligible=int(cells.sum()),
                place=scenario.place.name,
            )
        totals = np.full(len(weights), float(total))
    else:
        totals = np.minimum(np.rint(given.opening), cells.sum())
    published = round(scenario.opening[0])
    known = {}
    for g, group in enumerate(GROUPS):
        last = scenario.place.latest("members", until=scenario.start, group=group)
        if last is not None and str(last[0]) == scenario.opening[1]:
            known[g] = last[1] * totals / max(published, 1)
    rest = np.maximum(totals - sum(known.values()), 0)
    free = [g for g in range(G) if g not in known]
    sums = weights.sum(axis=(1, 3))
    for g in range(G):
        wanted = known[g] if g in known else rest * sums[:, g] / np.maximum(sums[:, free].sum(axis=1), 1e-12)
        weights[:, :, g] *= (wanted / np.maximum(sums[:, g], 1e-12)).reshape(-1, 1, 1)
    offsets = chance.uniform_array(given.keys, chance.name_number("opening/" + scenario.place.name))
    allotted: np.ndarray = _allot(weights.reshape(len(given.keys), -1), cells, totals, offsets)
    return allotted


_allot = njit(cache=True)(systematic)


def _depletion(opening: np.ndarray, cells: np.ndarray, shape: np.ndarray) -> np.ndarray:
    """How far the mean hazard of those left has fallen because the readiest are in, (draws,): S^(1/k), weighed."""
    survival = 1 - opening / np.maximum(cells, 1)
    weight = cells - opening
    mean: np.ndarray = (survival ** (1 / shape[:, None]) * weight).sum(axis=1) / np.maximum(weight.sum(axis=1), 1)
    mean[mean == 0] = 1.0  # everybody is in: nobody is left whose hazard could have fallen
    return mean


def rows_of(scenario: Scenario, engine: str, draws: range, values: np.ndarray) -> pd.DataFrame:
    """Lay out values (draws, months, measures, groups + all) as projection rows.

    Month 0 has stocks of members only; hours that nobody pays are spent on all groups together: no row by group.
    """
    months, groups, measures = [str(m) for m in scenario.months], [*GROUPS, "all"], list(tables.MEASURES)
    index = np.indices(values.shape).reshape(4, -1)
    stocks = [measures.index("members"), measures.index("lasting_members")]
    keep = ((index[1] > 0) | np.isin(index[2], stocks)) & (
        (index[2] != measures.index("unpaid_hours")) | (index[3] == G)
    )
    d, t, m, g = index[:, keep]
    one = np.zeros(len(d), np.int8)
    return pd.DataFrame(
        {
            "place": pd.Categorical.from_codes(one, pd.Index([scenario.place.name])),
            "scenario": pd.Categorical.from_codes(one, pd.Index([scenario.scenario])),
            "engine": pd.Categorical.from_codes(one, pd.Index([engine])),
            "origin": pd.Categorical.from_codes(one, pd.Index([scenario.start])),
            "month": pd.Categorical.from_codes(t, pd.Index(months)),
            "group": pd.Categorical.from_codes(g, pd.Index(groups)),
            "measure": pd.Categorical.from_codes(m, pd.Index(measures)),
            "draw": np.asarray(draws, np.int32)[d],
            "value": values.ravel()[keep],
        }
    )[PROJECTION_COLUMNS]
