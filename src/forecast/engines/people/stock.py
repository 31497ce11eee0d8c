"""The stock engine: expected entries minus expected exits, the model that a planner can follow by hand.

Communes that the policy treats alike are one stratum. For each stratum, group and month, with the same formulas as the
agents: entries = people left x fall of the survival curve under the month's pressure; every member has a due month, and
those who are due renew or lapse; the lapsed return; some leave. Where the formulas bend, the mean of people is not the
person at the mean: teams come in classes of skill, and of tenure the mean and the spread are kept. Nothing is rounded
to whole people, and the luck of single people is left out: the spread of the answer comes from the parameters and the
months' common shocks. `active_9of12` needs single people, so this engine is silent about it. The 120-month end of the
subsidy, which reaches the first members in 2028, is left to the agents as well.
"""

import hashlib
import pickle
from dataclasses import replace

import numpy as np
import pandas as pd
from numba import njit

from forecast.data import chance, tables
from forecast.engines import deaf_to, silence
from forecast.engines.people import behavior as b
from forecast.engines.people import records
from forecast.engines.people.behavior import BANDS
from forecast.engines.people.world import World, contact, make_world, plan_rows, rows_of
from forecast.question.levers import Policy
from forecast.question.plan import COLUMNS, GROUPS
from forecast.question.scenario import Scenario

G = len(GROUPS)
SILENT = ("active_9of12",)
BATCH = 200
MOST_LEVELS = 12  # kept in a process: at most some 5 MB each
USUAL, RUSHED, GIFTED = range(3)
# Shares of the people who live under each class of team, from the least to the most skilled. What a visit brings falls
# with the number of visits, so teams of unequal skill bring less than as many of the mean skill; the best are few.
CLASS_SHARES = np.array([0.3, 0.3, 0.2, 0.13, 0.07])
COUNTS = ("collectors", "visits", "staff", "meetings", "inspection")  # divided among classes; levels are common to them
TEAM_COLUMNS = (*COUNTS, "quota", "staff_quota", "reminders", "assisted", "training", "model", "drives", "broadcasts",
                "cadres", "order")  # fmt: skip
SLOT_OF = np.concatenate([[0], np.cumsum(b.SPELLS)])  # first slot of each spell; a slot is (spell, months until due)
SLOTS = int(SLOT_OF[-1])
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
        whole = np.array([m != "spent_outreach" for m in tables.MEASURES])
        values[:, :, whole, G] = groups[:, :, whole].sum(axis=-1)
    return values


def _level(scenario: Scenario, draws: range, seed: int, strata: np.ndarray) -> np.ndarray:
    """What cutting the status quo into strata takes from it, kept for the next policy that cuts the same way."""
    quo = scenario.with_policy("quo", Policy())
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
    table, spread = scenario.place.communes, world.drawn["skill_spread"]
    numbers = np.array([chance.name_number(n) for n in table["commune"]])
    people = np.maximum(table["eligible"].to_numpy(float), 1.0)
    luck = chance.normal_array(chance.child_array(world.keys, chance.name_number("skill")), numbers[:, None])
    skill = np.exp(spread * luck - spread**2 / 2)
    edges = np.concatenate([[0.0], np.cumsum(CLASS_SHARES)])
    result = np.empty((len(world.numbers), len(CLASS_SHARES), len(spread)))
    for s in range(len(world.numbers)):
        inside = strata == s
        order = np.argsort(skill[inside], axis=0, kind="stable")
        ends = np.cumsum(people[inside][order], axis=0)
        ends = np.concatenate([np.zeros((1, len(spread))), ends / ends[-1]])
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
        name: np.repeat(getattr(world.plan, name), classes, axis=1) * (share if name in COUNTS else 1.0)
        for name in TEAM_COLUMNS
    }
    return world._replace(
        plan=replace(world.plan, communes=tuple(range(strata * classes)), **cut),
        numbers=np.repeat(world.numbers, classes),
        households=np.repeat(world.households, classes) * share,
        eligible=np.repeat(world.eligible, classes) * share,
        skill=skill.reshape(-1, draws),
        reach=np.repeat(world.reach, classes, axis=0),
        goals=np.repeat(world.goals, classes, axis=1) * share[:, None],
    )


def expected(world: World, skill: np.ndarray) -> np.ndarray:
    """Values by (draws, months, measures, groups + all): expected stock, flows and money of the place.

    `skill` is what `skill_classes` gives. Teams act, and people enter, by class; members are not told apart by class
    but for how many each class has, since nothing that a member does depends on the team's skill.
    """
    plan, d, money, teams = world.plan, world.drawn, world.money, _classes(world, skill)
    draws, strata, classes = len(world.keys), len(world.numbers), len(CLASS_SHARES)
    by_class, first = (draws, strata, classes), tables.month_index(plan.months[0])
    measures = list(tables.MEASURES)
    columns = [measures.index(f) for f in records.FLOWS]
    values = np.zeros((draws, len(plan.months), len(measures), G + 1))
    rows = draws, strata * classes, G * BANDS
    opening = world.opening.reshape(draws, strata, G, BANDS)
    cells = world.cells.reshape(strata, G * BANDS)[:, None, :] * CLASS_SHARES[:, None]
    cells = np.ascontiguousarray(np.broadcast_to(cells.reshape(rows[1:]), rows))
    left = 1.0 - world.opening / np.maximum(world.cells, 1)
    shape = d["frailty_shape"]
    pressure = shape[:, None] * np.expm1(-np.log(np.maximum(left, 1e-12)) / shape[:, None])
    pressure = np.repeat(pressure.reshape(draws, strata, -1), classes, axis=1)
    # People by year of entry: how many, the pressure there was when they came in, the share of them not passed yet.
    # Those of later years are few and begin without a past, so they are not told apart by class.
    pool = cells, np.zeros(rows), (1.0 + pressure / shape[:, None, None]) ** -shape[:, None, None]
    common, later = np.empty((draws, strata, G * BANDS)), []
    _press(pressure, np.zeros((*rows[:2], G)), world.accept[0], money.price_class, CLASS_SHARES, common)
    stock = np.zeros((draws, strata, G, 3, SLOTS))  # members by kind and slot
    tenure, square = np.zeros_like(stock), np.zeros_like(stock)  # their months of membership, and the squares, added up
    december = d["december_rush_share"] * (first % 12 == 11)
    _open(opening.sum(axis=3).astype(float), december, stock, tenure, square)
    lapsed, pulled = np.zeros((draws, strata, G, 3)), np.zeros(rows[:2])
    rise = _mean_rise(world, opening)
    rules, team_rules = records.Rules.of(d), np.array(world.team_rules)
    values[:, 0, 0, :G] = stock.sum(axis=(1, 3, 4))
    members = np.ascontiguousarray(stock.sum(axis=(2, 3, 4)).T)  # (strata, draws)
    part = (members[:, None] * CLASS_SHARES[:, None]).reshape(-1, draws)  # of which in each class
    year_start = part
    gifted = False
    for t in range(1, len(plan.months)):
        month = first + t
        year_start = part if month % 12 == 0 else year_start
        due = np.ascontiguousarray(stock[..., SLOT_OF[:-1]])  # else the order of the sum, and its last bit, would
        due = np.ascontiguousarray(due.sum(axis=(2, 3, 4)).T)  # depend on how many draws there are
        weight = part.reshape(strata, classes, draws) / np.maximum(members, 1e-300)[:, None]
        weight = np.where(members[:, None] > 0, weight, CLASS_SHARES[:, None])
        due = (weight * due[:, None]).reshape(-1, draws)
        looked_at = np.stack([teams.skill, due, part, teams.goals[t], year_start])
        planned, hours = plan_rows(teams.plan, t), np.empty((len(b.Hours._fields), *part.shape))
        for c in range(len(part)):
            b.team_acts(c, float(world.deadline[t]), planned, looked_at, team_rules, hours)
        hours = b.Hours(*hours)
        press, rushed = contact(teams, t, hours.visits, hours.rushed, part, pulled)
        called, effort, back_rushed = (_mean(weight, x) for x in (hours.called, hours.effort, rushed.T))
        before = common.copy()
        _press(pressure, press, world.accept[t], money.price_class, CLASS_SHARES, common)
        if month % 12 == 0:
            stay = 1 - d["eligible_exit_rate"][:, None, None]
            pool, later = (pool[0] * stay, *pool[1:]), [(size * stay, *rest) for size, *rest in later]
            size = world.cells.reshape(strata, -1) * d["eligible_entry_rate"][:, None, None]
            later.append((size, before, np.ones_like(size)))
        entering, late = np.zeros((*rows[:2], G)), np.zeros((draws, strata, G))
        _pass(pressure, shape, *pool, entering)
        for those in later:
            _pass(common, shape, *those, late)
        entering = entering.reshape(*by_class, G) + late[:, :, None] * CLASS_SHARES[:, None]
        entries = entering.sum(axis=2)
        hurried = (entering * rushed.reshape(*by_class, 1)).sum(axis=2) * d["rush_short"][:, None, None]
        gifts = np.broadcast_to(plan.gift[t], entries.shape)
        gifted = gifted or plan.gift[t].any()
        inspected = 1 + d["inspection_effect"][:, None] * (plan.inspection[t] / world.eligible * 1000)
        flows = np.zeros((draws, len(records.FLOWS), strata, G))
        _month(
            stock,
            tenure,
            square,
            lapsed,
            entries,
            hurried,
            gifts,
            gifted,
            plan.gift_months[t],
            rise[t],
            rules,
            called,
            back_rushed,
            plan.advice[t],
            d["transfer_rate"][:, None] / 12 * inspected,
            world.other_exits[t],
            d["return_rate"][:, None] * effort,
            money.price_class,
            money.floor_contribution[t],
            money.state[t],
            money.province[t],
            money.donors[t],
            flows,
        )
        values[:, t, columns, :G] = flows.sum(axis=2)
        values[:, t, 0, :G] = stock.sum(axis=(1, 3, 4))
        members = np.ascontiguousarray(stock.sum(axis=(2, 3, 4)).T)
        came = np.moveaxis(entering.sum(axis=3), 0, 2)  # (strata, classes, draws)
        part = (weight * (members - came.sum(axis=1))[:, None] + came).reshape(-1, draws)
    values[..., G] = values[..., :G].sum(axis=-1)
    values[:, 1:, measures.index("spent_outreach"), G] = plan.spending.sum(axis=(1, 2))[1:]
    return values


def _mean(weight, values):
    """Mean over classes, (draws, strata), exactly their value where they have the same."""
    values = values.reshape(weight.shape)
    return (values[:, 0] + (weight * (values - values[:, :1])).sum(axis=1)).T


@njit(cache=True)
def _press(pressure, press, accept, price_class, shares, common):
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
def _pass(pressure, shape, size, since, survived, entering):
    """Add to `entering` (draws, rows, groups) the people of a pool whose resistance the new pressure has passed."""
    for d in range(pressure.shape[0]):
        for c in range(pressure.shape[1]):
            for j in range(pressure.shape[2]):
                if size[d, c, j] > 0.0:
                    now = b.survival(pressure[d, c, j] - since[d, c, j], shape[d])
                    entering[d, c, j // BANDS] += size[d, c, j] * (survived[d, c, j] - now)
                    survived[d, c, j] = now


def _mean_rise(world: World, opening: np.ndarray) -> np.ndarray:
    """Rise of price/income of the typical member, (months, draws, strata, groups): bands weighed as at the opening."""
    weight = np.maximum(opening, 1e-9)
    weight = weight / weight.sum(axis=3, keepdims=True)
    return np.einsum("tdkgb,dkgb->tdkg", world.burden_rise[:, :, world.money.price_class], weight)


@njit(cache=True)
def _open(members, december, stock, tenure, square):
    lengths = b.SPELLS * b.USUAL_SPELLS
    lengths = lengths / lengths.sum()
    for d in range(members.shape[0]):
        for s in range(members.shape[1]):
            for g in range(G):
                for k in range(len(b.SPELLS)):
                    for slot in range(SLOT_OF[k], SLOT_OF[k + 1]):
                        share = (1 - december[d]) * lengths[k] / b.SPELLS[k]
                        stock[d, s, g, USUAL, slot] = members[d, s, g] * share
                        share = december[d] * b.RUSH_SPELLS[k] / b.SPELLS[k]
                        stock[d, s, g, RUSHED, slot] = members[d, s, g] * share
                for slot in range(SLOTS):
                    n = stock[d, s, g, USUAL, slot]  # tenure is exponential with a mean of two years
                    tenure[d, s, g, USUAL, slot], square[d, s, g, USUAL, slot] = 24.0 * n, 2 * 24.0**2 * n
                    tenure[d, s, g, RUSHED, slot] = square[d, s, g, RUSHED, slot] = stock[d, s, g, RUSHED, slot]


@njit(cache=True)
def _uneven(n, months, squares):
    """How uneven tenure is (jitted): variance over squared mean of 1 + years, from the sums over `n` members."""
    mean = 1.0 + months / n / 12.0
    variance = (squares / n - (months / n) ** 2) / 144.0
    return max(variance, 0.0) / mean**2


@njit(cache=True)
def _month(
    stock,
    tenure,
    square,
    lapsed,
    entries,
    hurried,
    gifts,
    gifted,
    gift_months,
    rise,
    rules,
    called,
    rushed,
    advised,
    to_compulsory,
    to_other,
    returning,
    price_class,
    contribution,
    state_share,
    province,
    donors,
    flows,
):
    """Let one month of members pass; the arrays of the state are brought up to date, `flows` come in as zeros.

    Hazards fall with tenure and tenure differs, so a hazard at the mean tenure would be too low (Jensen). With
    X = 1 + years as if log-normal with that mean and variance, mean and squares of X among those who lapse at a
    hazard in proportion to X^-e follow as m (1 + v)^-e and m^2 (1 + v)^(1 - 2e), v the variance over m^2.
    """
    slots = SLOT_OF
    join = np.zeros((3, len(b.SPELLS)))
    moments = np.zeros((2, len(b.SPELLS)))  # tenure and its square of those who pay again
    usual, rush = np.zeros(len(b.SPELLS)), np.zeros(len(b.SPELLS))
    for d in range(stock.shape[0]):
        effect = rules.tenure_effect[d]
        for s in range(stock.shape[1]):
            short = b.USUAL_SPELLS[0] + b.USUAL_SPELLS[1] + b.USUAL_SPELLS[2]
            for k in range(len(b.SPELLS)):
                rush[k] = b.RUSH_SPELLS[k]
                usual[k] = b.USUAL_SPELLS[k] * (1 - advised[s] if k < 3 else 1) + (advised[s] * short if k == 3 else 0)
            leaving = to_compulsory[d, s] + to_other[d]
            stay = np.exp(-leaving)
            p = price_class[s]
            for g in range(G):
                join[:], moments[:] = 0.0, 0.0
                gone, lapsing, lapsing_months, lapsing_squares = 0.0, 0.0, 0.0, 0.0
                price = np.exp(rules.renewal_price_response[d] * rise[d, s, g])
                for kind in range(3):
                    if kind == GIFTED and not gifted:
                        continue
                    for k in range(len(b.SPELLS)):
                        if kind == RUSHED and b.RUSH_SPELLS[k] == 0.0:
                            continue
                        begin, last = slots[k], slots[k + 1] - 1
                        # Those whose paid months end now; the month that ends counts as one more of membership.
                        n = stock[d, s, g, kind, begin] * stay
                        months = tenure[d, s, g, kind, begin] * stay
                        squares = square[d, s, g, kind, begin] * stay + 2 * months + n
                        months += n
                        gone += stock[d, s, g, kind, begin] * (1 - stay)
                        if n > 0:
                            uneven = _uneven(n, months, squares)
                            hazard = (
                                b.lapse_hazard(rules.annual_lapse[d], b.SPELLS[k])
                                * b.tenure_factor(months / n, effect)
                                * (1.0 + uneven) ** (effect * (effect + 1.0) / 2.0)
                                * price
                            )
                            stop = 0.0
                            for is_called in range(2):
                                weight = called[d, s] if is_called else 1 - called[d, s]
                                stop += weight * b.lapse_chance(
                                    hazard,
                                    is_called,
                                    kind == RUSHED,
                                    kind == GIFTED,
                                    rules.renewal_contact[d],
                                    rules.rush_lapse[d],
                                    rules.gift_retention[d],
                                )
                            out, out_months, out_squares = n * stop, months * stop, squares * stop
                            if kind == USUAL:  # the short tenures are among those who stop
                                years = (1.0 + months / n / 12.0) * (1.0 + uneven) ** -effect
                                years_squares = (1.0 + months / n / 12.0) ** 2 * (1.0 + uneven) ** (1.0 - 2.0 * effect)
                                out_months = out * max(12.0 * (years - 1.0), 0.0)
                                out_squares = out * max(144.0 * (years_squares - 2.0 * years + 1.0), 0.0)
                            lapsing += out
                            lapsing_months += out_months
                            lapsing_squares += out_squares
                            for q in range(len(b.SPELLS)):
                                join[0, q] += (n - out) * usual[q]
                                moments[0, q] += max(months - out_months, 0.0) * usual[q]
                                moments[1, q] += max(squares - out_squares, 0.0) * usual[q]
                        for slot in range(begin, last):  # everybody else is a month nearer to the due date
                            n = stock[d, s, g, kind, slot + 1]
                            gone += n * (1 - stay)
                            n *= stay
                            months = tenure[d, s, g, kind, slot + 1] * stay
                            stock[d, s, g, kind, slot] = n
                            tenure[d, s, g, kind, slot] = months + n
                            square[d, s, g, kind, slot] = square[d, s, g, kind, slot + 1] * stay + 2 * months + n
                        stock[d, s, g, kind, last] = tenure[d, s, g, kind, last] = square[d, s, g, kind, last] = 0.0
                away = lapsed[d, s, g]  # how many have lapsed, and their months and squares since they first joined
                away[2] += 2 * away[1] + away[0]
                away[1] += away[0]
                coming = returning[d, s] / price
                withdraw = rules.lump_sum_rate[d] / 12.0
                moving = -np.expm1(-coming - withdraw)
                coming_back = moving * coming / max(coming + withdraw, 1e-300)
                back, back_months, back_squares = away[0] * coming_back, away[1] * coming_back, away[2] * coming_back
                away *= 1.0 - moving
                away[0] += lapsing
                away[1] += lapsing_months
                away[2] += lapsing_squares
                again = back * rushed[d, s]
                for q in range(len(b.SPELLS)):
                    join[1, q] += (hurried[d, s, g] + again) * rush[q]
                    join[0, q] += (entries[d, s, g] - hurried[d, s, g] + back - again) * usual[q]
                    moments[0, q] += (back_months - back_months * rushed[d, s]) * usual[q]
                    moments[1, q] += (back_squares - back_squares * rushed[d, s]) * usual[q]
                    last = slots[q + 1] - 1
                    tenure[d, s, g, RUSHED, last] += back_months * rushed[d, s] * rush[q]
                    square[d, s, g, RUSHED, last] += back_squares * rushed[d, s] * rush[q]
                if gifts[d, s, g] > 0:
                    q = 0
                    while q < len(b.SPELLS) - 1 and b.SPELLS[q] < gift_months[s, g]:
                        q += 1
                    join[2, q] = gifts[d, s, g]
                for q in range(len(b.SPELLS)):
                    last = slots[q + 1] - 1
                    for kind in range(3):
                        stock[d, s, g, kind, last] += join[kind, q]
                    tenure[d, s, g, 0, last] += moments[0, q]
                    square[d, s, g, 0, last] += moments[1, q]
                    months = b.SPELLS[q]
                    paying = join[0, q] + join[1, q]
                    floors = contribution * months * (paying + join[2, q])
                    gross = floors + contribution * months * paying * (1 - rules.floor_share[d]) * (
                        rules.declared_tail[d] - 1
                    )
                    from_state = floors * state_share[p, g]
                    from_province = contribution * months * paying * province[p, g]
                    from_donors = contribution * months * (paying * donors[p, g] + join[2, q] * (1 - state_share[p, g]))
                    flows[d, records.PAID_MONTHS, s, g] += months * (paying + join[2, q])
                    flows[d, records.BY_STATE, s, g] += from_state
                    flows[d, records.BY_PROVINCE, s, g] += from_province
                    flows[d, records.BY_DONORS, s, g] += from_donors
                    flows[d, records.BY_MEMBERS, s, g] += gross - from_state - from_province - from_donors
                flows[d, records.ENTRIES, s, g] = entries[d, s, g] + gifts[d, s, g]
                flows[d, records.RETURNS, s, g] = back
                flows[d, records.LAPSES, s, g] = lapsing
                if leaving > 0:
                    flows[d, records.TO_COMPULSORY, s, g] = gone * to_compulsory[d, s] / leaving
                    flows[d, records.TO_OTHER, s, g] = gone * to_other[d] / leaving
