"""The stock engine: expected entries minus expected exits, the model that a planner can follow by hand.

Communes that the policy treats alike are one stratum. For each stratum, group and month, with the same formulas as the
agents: entries = people left x fall of the survival curve under the month's pressure; every member has a due month, and
those who are due renew or lapse; the lapsed return; some leave. Where the formulas bend, the mean of people is not the
person at the mean: teams come in classes of skill, and of tenure the mean and the spread are kept. Nothing is rounded
to whole people, and the luck of single people is left out: the spread of the answer comes from the parameters and the
months' common shocks. `active_9of12` needs single people, so this engine is silent about it. The end of the
subsidy after so many months is told from members' tenure.
"""

import hashlib
import pickle
from typing import NamedTuple

import numpy as np
import pandas as pd
from numba import njit

from forecast.data import tables
from forecast.engines import deaf_to, silence
from forecast.engines.people import expected as e
from forecast.engines.people import hazards, records, teams
from forecast.engines.people.contact import Made, contact
from forecast.engines.people.money import charge
from forecast.engines.people.prices import BANDS
from forecast.engines.people.tenure import Slots
from forecast.engines.people.world import World, make_world, rows_of, team_skill
from forecast.question.plan import COLUMNS, GROUPS, Effect
from forecast.question.scenario import Scenario

G = len(GROUPS)
SILENT = ("active_9of12",)
BATCH = 200
MOST_LEVELS = 12  # kept in a process: at most some 5 MB each
# Shares of the people who live under each class of team, from the least to the most skilled. What a visit brings falls
# with the number of visits, so teams of unequal skill bring less than as many of the mean skill; the best are few.
CLASS_SHARES = np.array([0.3, 0.3, 0.2, 0.13, 0.07])
_LEVELS: dict[bytes, np.ndarray] = {}


class StockEngine:
    """Expected flows by stratum and group; sees every lever.

    >>> StockEngine().name
    'stock'
    """

    name = "stock"
    sees = frozenset(COLUMNS)

    def run(self, scenario: Scenario, draws: range, seed: int) -> pd.DataFrame:
        """Return projection rows of the place, for every month, group and measure but `active_9of12`."""
        if deaf_to(self, scenario):
            return silence()
        rows = rows_of(scenario, self.name, draws, self.values(scenario, draws, seed))
        return rows[~rows["measure"].isin(SILENT)].reset_index(drop=True)

    def values(self, scenario: Scenario, draws: range, seed: int) -> np.ndarray:
        """Return the numbers behind the rows, (draws, months, measures, groups + all): for those who add them up."""
        starts = range(draws.start, draws.stop, BATCH)
        return np.concatenate([_answer(scenario, range(d, min(d + BATCH, draws.stop)), seed) for d in starts])


def _answer(scenario: Scenario, draws: range, seed: int) -> np.ndarray:
    """Values as `expected` gives them, at the level of one stratum.

    Cutting a place into strata moves the level a little by itself (what saturates, saturates elsewhere). Strata
    therefore only say what the policy adds: the status quo in one stratum plus, in the policy's strata, the policy
    minus the status quo. So a lever of no size adds nothing, and two policies can be compared. Where a policy leaves
    hardly anybody, less of the level is moved, so that nothing falls below zero.
    """
    strata = strata_of(scenario)
    values = _in_strata(scenario, draws, seed, strata)
    if strata.any():
        level, groups = _level(scenario, draws, seed, strata), values[..., :G]
        room = np.full_like(level, np.inf)
        np.divide(groups, -level, out=room, where=level < 0)
        groups += np.clip(room.min(axis=(1, 2), keepdims=True), 0, 1) * level  # one factor a draw: the ledger holds
        values[..., G] = groups.sum(axis=-1)
    charge(values, scenario, draws, seed)
    return values


def _level(scenario: Scenario, draws: range, seed: int, strata: np.ndarray) -> np.ndarray:
    """What cutting the status quo into strata takes from it, kept for the next policy that cuts the same way."""
    quo = scenario.with_policy("quo", scenario.policy.in_force(scenario.start))
    asked = pickle.dumps((dict(quo), strata, draws, seed))  # what is pickled otherwise is worked out again, no more
    key = hashlib.blake2b(asked).digest()
    if key not in _LEVELS:
        level = _in_strata(quo, draws, seed, np.zeros_like(strata))[..., :G]
        level -= _in_strata(quo, draws, seed, strata)[..., :G]
        _LEVELS[key] = level
        if len(_LEVELS) > MOST_LEVELS:
            del _LEVELS[next(iter(_LEVELS))]  # the oldest
    return _LEVELS[key]


def _in_strata(scenario: Scenario, draws: range, seed: int, strata: np.ndarray) -> np.ndarray:
    world = make_world(scenario, draws, seed, strata)
    return expected(world, skill_classes(scenario, strata, world))


def strata_of(scenario: Scenario) -> np.ndarray:
    """Number the strata: communes for which the policy changes the same columns in the same months, (communes,)."""
    plan, base = scenario.plan, scenario.status_quo_plan
    changed = [getattr(plan, n) != getattr(base, n) for n in sorted(plan.changed(base))]
    if not changed:
        return np.zeros(len(plan.communes), np.int64)
    rows = np.concatenate([np.moveaxis(c, 1, 0).reshape(len(plan.communes), -1) for c in changed], axis=1)
    return np.unique(rows, axis=0, return_inverse=True)[1].ravel()


def skill_classes(scenario: Scenario, strata: np.ndarray, world: World) -> np.ndarray:
    """Mean skill of the teams of each class, (strata, classes, draws): classes by skill, of CLASS_SHARES of the people.

    The skills are those that the agents' teams have in the same draws; a commune on an edge is in two classes.
    """
    people = np.maximum(scenario.place.communes["eligible"].to_numpy(float), 1.0)
    skill, draws = team_skill(scenario, world.keys, world.drawn), len(world.keys)
    edges = np.concatenate([[0.0], np.cumsum(CLASS_SHARES)])
    result = np.empty((len(world.numbers), len(CLASS_SHARES), draws))
    for s in range(len(world.numbers)):
        inside = strata == s
        order = np.argsort(skill[inside], axis=0, kind="stable")
        ends = np.cumsum(people[inside][order], axis=0)
        ends = np.concatenate([np.zeros((1, draws)), ends / ends[-1]])
        ranked = np.take_along_axis(skill[inside], order, axis=0)
        for q in range(len(CLASS_SHARES)):
            inner = np.diff(np.clip(ends, edges[q], edges[q + 1]), axis=0)
            result[s, q] = np.cumsum(inner * ranked, axis=0)[-1] / CLASS_SHARES[q]
    return result


def _classes(world: World, skill: np.ndarray) -> World:
    """The world with each stratum cut into classes of team skill, which share its people, households and teams."""
    strata, classes, draws = skill.shape
    share = np.tile(CLASS_SHARES, strata)
    cut = {
        name: np.repeat(world.plan.columns[name], classes, axis=1) * (share if column.adds == "sum" else 1.0)
        for name, column in COLUMNS.items()
        if not column.by_group
    }
    communes = tuple(f"class {number}" for number in range(strata * classes))
    return world._replace(
        plan=world.plan.but(communes=communes, **cut),
        numbers=np.repeat(world.numbers, classes),
        households=np.repeat(world.households, classes) * share,
        eligible=np.repeat(world.eligible, classes) * share,
        skill=skill.reshape(-1, draws),
        reach=np.repeat(world.reach, classes, axis=0),
        goals=np.repeat(world.goals, classes, axis=1) * share[:, None],
        effect=_cut(world.effect, classes, share),
    )


def _cut(effect: Effect, classes: int, share: np.ndarray) -> Effect:
    """What levers do, for classes: visits are divided, the rest is common to them."""
    called, visits, press = (None if x is None else np.repeat(x, classes, axis=1) for x in effect)
    return Effect(called, None if visits is None else visits * share[:, None], press)


class _Outside(NamedTuple):
    """People who have not enrolled, by class of team; those of later years are few and not told apart by class."""

    pressure: np.ndarray  # (draws, strata x classes, cells of a commune) so far
    common: np.ndarray  # (draws, strata, cells of a commune) its mean over classes
    pools: list["_Pool"]  # of the opening first, then of later years

    @classmethod
    def of(cls, world: World) -> "_Outside":
        """Those of the opening: the readiest are members."""
        draws, strata, classes = len(world.keys), len(world.numbers), len(CLASS_SHARES)
        rows = draws, strata * classes, G * BANDS
        cells = world.cells.reshape(strata, G * BANDS)[:, None, :] * CLASS_SHARES[:, None]
        cells = np.ascontiguousarray(np.broadcast_to(cells.reshape(rows[1:]), rows))
        left = 1.0 - world.opening / np.maximum(world.cells, 1)
        shape = world.drawn["frailty_shape"]
        pressure = shape[:, None] * np.expm1(-np.log(np.maximum(left, 1e-12)) / shape[:, None])
        pressure = np.repeat(pressure.reshape(draws, strata, -1), classes, axis=1)
        survived = (1.0 + pressure / shape[:, None, None]) ** -shape[:, None, None]
        common = np.empty((draws, strata, G * BANDS))
        nobody, price_class = np.zeros((*rows[:2], G)), world.prices.price_class
        _press(pressure, nobody, world.accept[0], price_class, CLASS_SHARES, common)
        return cls(pressure, common, [_Pool(cells, np.zeros(rows), survived)])

    def enter(self, world: World, t: int, press: np.ndarray) -> np.ndarray:
        """Let a month of pressure act; returns who enters, (draws, strata, classes, groups)."""
        drawn, strata = world.drawn, len(world.numbers)
        shape, before = drawn["frailty_shape"], self.common.copy()
        _press(self.pressure, press, world.accept[t], world.prices.price_class, CLASS_SHARES, self.common)
        if world.plan.months[t].month == 1:
            stay = 1 - drawn["eligible_exit_rate"][:, None, None]
            self.pools[:] = [pool._replace(size=pool.size * stay) for pool in self.pools]
            size = world.cells.reshape(strata, -1) * drawn["eligible_entry_rate"][:, None, None]
            self.pools.append(_Pool(size, before, np.ones_like(size)))
        entering, late = np.zeros((*press.shape[:2], G)), np.zeros((len(world.keys), strata, G))
        _pass(self.pressure, shape, self.pools[0], entering)
        for pool in self.pools[1:]:
            _pass(self.common, shape, pool, late)
        here: np.ndarray = entering.reshape(len(late), strata, -1, G) + late[:, :, None] * CLASS_SHARES[:, None]
        return here


class _Pool(NamedTuple):
    """People by year in which they became eligible, (draws, rows, cells of a commune)."""

    size: np.ndarray  # persons
    since: np.ndarray  # the pressure there was when they came in
    survived: np.ndarray  # the share of them not passed yet; brought up to date


def expected(world: World, skill: np.ndarray) -> np.ndarray:
    """Values by (draws, months, measures, groups + all): expected stock, flows and contributions of the place.

    `skill` is what `skill_classes` gives. Teams act, and people enter, by class; members are not told apart by class
    but for how many each class has, since nothing that a member does depends on the team's skill.
    """
    plan, drawn, classes = world.plan, world.drawn, _classes(world, skill)
    draws, strata = len(world.keys), len(world.numbers)
    measures, slots = list(tables.MEASURES), e.first_slots(world.layout.spells[0])
    columns = [measures.index(f) for f in records.FLOWS]
    values = np.zeros((draws, len(plan.months), len(measures), G + 1))
    opening = world.opening.reshape(draws, strata, G, BANDS)
    outside, members = _Outside.of(world), _opened(world, opening, slots)
    pulled, rises = np.zeros((draws, strata * len(CLASS_SHARES))), _mean_rises(world, opening)
    rules, team_rules = records.Rules.of(drawn), np.array(world.team_rules)
    values[:, 0, 0, :G] = members.stock.sum(axis=(1, 3, 4))
    held = np.ascontiguousarray(members.stock.sum(axis=(2, 3, 4)).T)  # (strata, draws)
    part = (held[:, None] * CLASS_SHARES[:, None]).reshape(-1, draws)  # of which in each class
    year_start, ever = part, _slots_of(world, slots)
    for t in range(1, len(plan.months)):
        year_start = part if plan.months[t].month == 1 else year_start
        due = np.ascontiguousarray(members.stock[..., slots[:-1]])  # else the order of the sum, and its last bit, would
        due = np.ascontiguousarray(due.sum(axis=(2, 3, 4)).T)  # depend on how many draws there are
        weight = part.reshape(strata, -1, draws) / np.maximum(held, 1e-300)[:, None]
        weight = np.where(held[:, None] > 0, weight, CLASS_SHARES[:, None])
        due = (weight * due[:, None]).reshape(-1, draws)
        looked_at = np.stack([classes.skill, due, part, classes.goals[t], year_start])
        hours = _teams(classes, t, looked_at, team_rules)
        press, rushed = contact(classes, t, Made(hours.visits, hours.rushed, part), pulled)
        entering = outside.enter(world, t, press)
        flows = np.zeros((draws, len(records.FLOWS), strata, G))
        month = _month(
            world,
            t,
            entering,
            rushed,
            (_mean(weight, hours.called), _mean(weight, hours.effort)),
            _mean(weight, rushed.T),
            rises,
        )
        e.live(members, ever[t], month, rules, flows)
        values[:, t, columns, :G] = flows.sum(axis=2)
        values[:, t, 0, :G] = members.stock.sum(axis=(1, 3, 4))
        held = np.ascontiguousarray(members.stock.sum(axis=(2, 3, 4)).T)
        came = np.moveaxis(entering.sum(axis=3), 0, 2)  # (strata, classes, draws)
        part = (weight * (held - came.sum(axis=1))[:, None] + came).reshape(-1, draws)
    values[..., G] = values[..., :G].sum(axis=-1)
    return values


def _opened(world: World, opening: np.ndarray, slots: np.ndarray) -> e.Members:
    """The opening members; `opening` is (draws, strata, groups, bands)."""
    shape = *opening.shape[:3], 3
    # Members by kind and slot; their months of membership, and the squares, added up.
    stock, tenure, square = (np.zeros((*shape, int(slots[-1]))) for _ in range(3))
    members = e.Members(stock, tenure, square, np.zeros(shape))
    december = world.drawn["december_rush_share"] * (world.plan.months[0].month == 12)
    e.open_members(opening.sum(axis=3).astype(float), december, world.layout.spells[0], slots, members)
    return members


def _slots_of(world: World, slots: np.ndarray) -> list[Slots]:
    """How members are told apart in each month."""
    layout, gifts = world.layout, world.plan.gift
    rush: np.ndarray = np.asarray(np.array([spells.rushed for spells in layout.spells]).any(axis=0))
    gifted = np.logical_or.accumulate(gifts.any(axis=(1, 2)) & (np.arange(len(gifts)) > 0))
    return [
        Slots(spells, slots, rush, bool(gifted[t]), int(layout.subsidy_months[t]), layout.subsidized + t)
        for t, spells in enumerate(layout.spells)
    ]


def _teams(classes: World, t: int, looked_at: np.ndarray, rules: np.ndarray) -> teams.Hours:
    """What the teams of all classes do with a month."""
    planned, hours = teams.plan_rows(classes.plan, t), np.empty((len(teams.Hours._fields), *looked_at.shape[1:]))
    for c in range(looked_at.shape[1]):
        teams.team_acts(c, float(classes.deadline[t]), planned, looked_at, rules, hours)
    return teams.with_others(teams.Hours(*hours), classes.effect, t)


def _month(
    world: World,
    t: int,
    entering: np.ndarray,
    rushed: np.ndarray,
    called_effort: tuple[np.ndarray, np.ndarray],
    back_rushed: np.ndarray,
    rises: tuple[np.ndarray, np.ndarray],
) -> e.Month:
    """What a month brings to members; `entering` is (draws, strata, classes, groups)."""
    plan, drawn, price, (called, effort) = world.plan, world.drawn, world.prices, called_effort
    entries = entering.sum(axis=2)
    hurried = (entering * rushed.reshape(*entering.shape[:3], 1)).sum(axis=2) * drawn["rush_short"][:, None, None]
    inspected = 1 + drawn["inspection_effect"][:, None] * (plan.inspection[t] / world.eligible * 1000)
    return e.Month(
        e.Coming(entries, hurried, np.broadcast_to(plan.gift[t], entries.shape), plan.gift_months[t]),
        e.Facing(
            rise=rises[0][t],
            full_rise=rises[1][t],
            called=called,
            rushed=back_rushed,
            advised=plan.advice[t],
            to_compulsory=drawn["transfer_rate"][:, None] / 12 * inspected,
            to_other=world.other_exits[t],
            returning=drawn["return_rate"][:, None] * effort,
        ),
        e.Tariff(
            price.price_class,
            price.floor_contribution[t],
            price.ceiling_multiple[t],
            price.state[t],
            price.province[t],
            price.donors[t],
        ),
    )


def _mean(weight: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Mean over classes, (draws, strata), exactly their value where they have the same."""
    values = values.reshape(weight.shape)
    mean: np.ndarray = (values[:, 0] + (weight * (values - values[:, :1])).sum(axis=1)).T
    return mean


@njit(cache=True)
def _press(
    pressure: np.ndarray,
    press: np.ndarray,
    accept: np.ndarray,
    price_class: np.ndarray,
    shares: np.ndarray,
    common: np.ndarray,
) -> None:
    """Add a month's contact x acceptance to the pressure, by class, and note its mean over classes in `common`."""
    for d in range(pressure.shape[0]):
        for s in range(common.shape[1]):
            for j in range(pressure.shape[2]):
                g, mean = j // BANDS, 0.0
                for q in range(len(shares)):
                    c = s * len(shares) + q
                    pressure[d, c, j] += press[d, c, g] * accept[d, price_class[s], g, j % BANDS]
                    mean += shares[q] * pressure[d, c, j]
                common[d, s, j] = mean


@njit(cache=True)
def _pass(pressure: np.ndarray, shape: np.ndarray, pool: _Pool, entering: np.ndarray) -> None:
    """Add to `entering` (draws, rows, groups) the people of a pool whose resistance the new pressure has passed."""
    for d in range(pressure.shape[0]):
        for c in range(pressure.shape[1]):
            for j in range(pressure.shape[2]):
                if pool.size[d, c, j] > 0.0:
                    now = hazards.survival(pressure[d, c, j] - pool.since[d, c, j], shape[d])
                    entering[d, c, j // BANDS] += pool.size[d, c, j] * (pool.survived[d, c, j] - now)
                    pool.survived[d, c, j] = now


def _mean_rises(world: World, opening: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rise of price/income of the typical member, with subsidy and without, (months, draws, strata, groups).

    Bands are weighed as at the opening.
    """
    weight = np.maximum(opening, 1e-9)
    weight = weight / weight.sum(axis=3, keepdims=True)
    rise = np.einsum("tdkgb,dkgb->tdkg", world.burden_rise[:, :, world.prices.price_class], weight)
    return rise, np.einsum("tdgb,dkgb->tdkg", world.full_rise, weight)
