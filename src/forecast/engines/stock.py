"""The stock engine: expected entries minus expected exits, the model that a planner can follow by hand.

Communes that the policy treats alike are one stratum. For each stratum, group and month, with the same formulas as the
agents: entries = people left x fall of the survival curve under the month's pressure; every member has a due month, and
those who are due renew or lapse; the lapsed return; some leave. Nothing is rounded to whole people, and the luck of
single people is left out: the spread of the answer comes from the parameters and the months' common shocks.
`active_9of12` needs single people, so this engine is silent about it. The 120-month end of the subsidy, which reaches
the first members in 2028, is left to the agents as well.
"""

import numpy as np
import pandas as pd
from numba import njit

from forecast import behavior as b
from forecast import tables
from forecast.behavior import BANDS
from forecast.engines import deaf_to, events, silence
from forecast.engines.world import World, contact, make_world, plan_rows, rows_of
from forecast.plan import COLUMNS, GROUPS
from forecast.policy import Policy
from forecast.scenario import Scenario

G = len(GROUPS)
SILENT = ("active_9of12",)
BATCH = 200
USUAL, RUSHED, GIFTED = range(3)
SLOT_OF = np.concatenate([[0], np.cumsum(b.SPELLS)])  # first slot of each spell; a slot is (spell, months until due)
SLOTS = int(SLOT_OF[-1])


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
        parts = [
            _answer(scenario, range(d, min(d + BATCH, draws.stop)), seed) for d in range(draws.start, draws.stop, BATCH)
        ]
        rows = rows_of(scenario, self.name, draws, np.concatenate(parts))
        return rows[~rows["measure"].isin(SILENT)].reset_index(drop=True)


def _answer(scenario: Scenario, draws: range, seed: int) -> np.ndarray:
    """Values as `expected` gives them, at the level of one stratum.

    Cutting a place into strata moves the level a little by itself (what saturates, saturates elsewhere). Strata
    therefore only say what the policy adds: the status quo in one stratum plus, in the policy's strata, the policy
    minus the status quo. So a lever of no size adds nothing, and two policies can be compared. Where a policy leaves
    hardly anybody, less of the level is moved, so that nothing falls below zero.
    """
    strata = strata_of(scenario)
    values = expected(make_world(scenario, draws, seed, strata))
    if strata.any():
        quo = scenario.with_policy(scenario.scenario, Policy())
        level = expected(make_world(quo, draws, seed, np.zeros_like(strata)))[..., :G]
        level -= expected(make_world(quo, draws, seed, strata))[..., :G]
        groups = values[..., :G]
        room = np.full_like(level, np.inf)
        np.divide(groups, -level, out=room, where=level < 0)
        groups += np.clip(room.min(axis=(1, 2), keepdims=True), 0, 1) * level  # one factor a draw: the ledger holds
        whole = np.array([m != "spent_outreach" for m in tables.MEASURES])
        values[:, :, whole, G] = groups[:, :, whole].sum(axis=-1)
    return values


def strata_of(scenario: Scenario) -> np.ndarray:
    """Number the strata: communes for which the policy changes the same columns in the same months, (communes,)."""
    plan, base = scenario.plan, scenario.status_quo_plan
    changed = [getattr(plan, n) != getattr(base, n) for n in sorted(plan.changed(base))]
    if not changed:
        return np.zeros(len(plan.communes), np.int64)
    rows = np.concatenate([np.moveaxis(c, 1, 0).reshape(len(plan.communes), -1) for c in changed], axis=1)
    return np.unique(rows, axis=0, return_inverse=True)[1].ravel()


def expected(world: World) -> np.ndarray:
    """Values by (draws, months, measures, groups + all): expected stock, flows and money of the place."""
    plan, d, money = world.plan, world.drawn, world.money
    draws, strata = len(world.keys), len(world.numbers)
    first = tables.month_index(plan.months[0])
    measures = list(tables.MEASURES)
    columns = [measures.index(f) for f in events.FLOWS]
    values = np.zeros((draws, len(plan.months), len(measures), G + 1))
    cells = np.broadcast_to(world.cells.astype(float), world.opening.shape)
    left = np.where(cells > 0, cells - world.opening, 0.0)
    survival = np.where(cells > 0, left / np.maximum(cells, 1), 1.0)
    shape = d["frailty_shape"][:, None]
    pressure = shape * np.expm1(-np.log(np.maximum(survival, 1e-12)) / shape)
    pools = [(cells, np.zeros_like(pressure))]  # people by year of entry, and the pressure there was when they came in
    stock = np.zeros((draws, strata, G, 3, SLOTS))  # members by kind and slot
    tenure = np.zeros_like(stock)  # months of membership added up over those members
    opening = world.opening.reshape(draws, strata, G, BANDS)
    _open(opening.sum(axis=3).astype(float), d["december_rush_share"] * (first % 12 == 11), stock, tenure)
    lapsed, pulled = np.zeros((draws, strata, G)), np.zeros((draws, strata))
    rise = _mean_rise(world, opening)
    rules = events.Rules.of(d)
    values[:, 0, 0, :G] = stock.sum(axis=(1, 3, 4))
    members = stock.sum(axis=(2, 3, 4)).T
    year_start = members
    for t in range(1, len(plan.months)):
        month = first + t
        members = np.ascontiguousarray(stock.sum(axis=(2, 3, 4)).T)
        year_start = members if month % 12 == 0 else year_start
        due = np.ascontiguousarray(stock[..., SLOT_OF[:-1]])  # else the order of the sum, and its last bit, would
        due = np.ascontiguousarray(due.sum(axis=(2, 3, 4)).T)  # depend on how many draws there are
        seen = [
            b.Seen(*row, float(world.deadline[t]), world.skill[s], due[s], members[s], world.goals[t, s], year_start[s])
            for s, row in enumerate(plan_rows(plan, t).tolist())
        ]
        hours = b.Hours(*np.stack([b.team_month(one, world.team_rules) for one in seen], axis=1))
        press, rushed = contact(world, t, hours.visits, hours.rushed, members, pulled)
        before = pressure
        pressure = before + (press[..., None] * world.accept[t][:, money.price_class]).reshape(pressure.shape)
        if month % 12 == 0:
            pools = [(size * (1 - d["eligible_exit_rate"][:, None]), since) for size, since in pools]
            pools.append((cells * d["eligible_entry_rate"][:, None], before))
        entering = sum(
            size * ((1 + (before - since) / shape) ** -shape - (1 + (pressure - since) / shape) ** -shape)
            for size, since in pools
        )
        entries = entering.reshape(draws, strata, G, BANDS).sum(axis=3)
        gifts = np.broadcast_to(plan.gift[t], entries.shape)
        inspected = 1 + d["inspection_effect"][:, None] * (plan.inspection[t] / world.eligible * 1000)
        flows = np.zeros((draws, len(events.FLOWS), strata, G))
        _month(
            stock,
            tenure,
            lapsed,
            entries,
            gifts,
            plan.gift_months[t],
            rise[t],
            rules,
            hours.called.T,
            rushed,
            plan.advice[t],
            d["transfer_rate"][:, None] / 12 * inspected,
            world.other_exits[t],
            (d["return_rate"] * hours.effort).T,
            money.price_class,
            money.floor_contribution[t],
            money.state[t],
            money.province[t],
            money.donors[t],
            flows,
        )
        values[:, t, columns, :G] = flows.sum(axis=2)
        values[:, t, 0, :G] = stock.sum(axis=(1, 3, 4))
    values[..., G] = values[..., :G].sum(axis=-1)
    values[:, 1:, measures.index("spent_outreach"), G] = plan.spending.sum(axis=(1, 2))[1:]
    return values


def _mean_rise(world: World, opening: np.ndarray) -> np.ndarray:
    """Rise of price/income of the typical member, (months, draws, strata, groups): bands weighed as at the opening."""
    weight = np.maximum(opening, 1e-9)
    weight = weight / weight.sum(axis=3, keepdims=True)
    return np.einsum("tdkgb,dkgb->tdkg", world.burden_rise[:, :, world.money.price_class], weight)


@njit(cache=True)
def _open(members, december, stock, tenure):
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
                for kind in range(2):
                    for slot in range(SLOTS):
                        months = 24.0 if kind == USUAL else 1.0
                        tenure[d, s, g, kind, slot] = stock[d, s, g, kind, slot] * months


@njit(cache=True)
def _month(
    stock,
    tenure,
    lapsed,
    entries,
    gifts,
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
    slots = SLOT_OF
    join = np.zeros((3, len(b.SPELLS)))
    join_tenure = np.zeros(len(b.SPELLS))
    usual, rush = np.zeros(len(b.SPELLS)), np.zeros(len(b.SPELLS))
    for d in range(stock.shape[0]):
        for s in range(stock.shape[1]):
            short = b.USUAL_SPELLS[0] + b.USUAL_SPELLS[1] + b.USUAL_SPELLS[2]
            for k in range(len(b.SPELLS)):
                rush[k] = b.RUSH_SPELLS[k]
                usual[k] = b.USUAL_SPELLS[k] * (1 - advised[s] if k < 3 else 1) + (advised[s] * short if k == 3 else 0)
            leaving = to_compulsory[d, s] + to_other[d]
            stay = np.exp(-leaving)
            p = price_class[s]
            for g in range(G):
                join[:], join_tenure[:] = 0.0, 0.0
                gone = 0.0
                lapsing = 0.0
                for kind in range(3):
                    for k in range(len(b.SPELLS)):
                        for slot in range(slots[k], slots[k + 1]):
                            n = stock[d, s, g, kind, slot]
                            gone += n * (1 - stay)
                            stock[d, s, g, kind, slot] = n * stay
                            tenure[d, s, g, kind, slot] *= stay
                        n = stock[d, s, g, kind, slots[k]]
                        months = tenure[d, s, g, kind, slots[k]] + n  # the month that ends now counts
                        if n > 0:
                            hazard = (
                                b.lapse_hazard(rules.annual_lapse[d], b.SPELLS[k])
                                * b.tenure_factor(months / n, rules.tenure_effect[d])
                                * np.exp(rules.renewal_price_response[d] * rise[d, s, g])
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
                            lapsing += n * stop
                            for q in range(len(b.SPELLS)):
                                join[0, q] += n * (1 - stop) * usual[q]
                                join_tenure[q] += months * (1 - stop) * usual[q]
                        for slot in range(slots[k], slots[k + 1] - 1):  # everybody is a month nearer to the due date
                            stock[d, s, g, kind, slot] = stock[d, s, g, kind, slot + 1]
                            tenure[d, s, g, kind, slot] = (
                                tenure[d, s, g, kind, slot + 1] + stock[d, s, g, kind, slot + 1]
                            )
                        stock[d, s, g, kind, slots[k + 1] - 1] = 0.0
                        tenure[d, s, g, kind, slots[k + 1] - 1] = 0.0
                coming = returning[d, s] * np.exp(-rules.renewal_price_response[d] * rise[d, s, g])
                withdraw = rules.lump_sum_rate[d] / 12.0
                moved = lapsed[d, s, g] * -np.expm1(-coming - withdraw)
                back = moved * coming / max(coming + withdraw, 1e-300)
                lapsed[d, s, g] += lapsing - moved
                for q in range(len(b.SPELLS)):
                    hurried = entries[d, s, g] * rushed[d, s] * rules.rush_short[d] + back * rushed[d, s]
                    join[1, q] += hurried * rush[q]
                    join[0, q] += (entries[d, s, g] + back - hurried) * usual[q]
                if gifts[d, s, g] > 0:
                    q = 0
                    while q < len(b.SPELLS) - 1 and b.SPELLS[q] < gift_months[s, g]:
                        q += 1
                    join[2, q] = gifts[d, s, g]
                for q in range(len(b.SPELLS)):
                    last = slots[q + 1] - 1
                    for kind in range(3):
                        stock[d, s, g, kind, last] += join[kind, q]
                    tenure[d, s, g, 0, last] += join_tenure[q]
                    months = b.SPELLS[q]
                    paying = join[0, q] + join[1, q]
                    floors = contribution * months * (paying + join[2, q])
                    gross = floors + contribution * months * paying * (1 - rules.floor_share[d]) * (
                        rules.declared_tail[d] - 1
                    )
                    from_state = floors * state_share[p, g]
                    from_province = contribution * months * paying * province[p, g]
                    from_donors = contribution * months * (paying * donors[p, g] + join[2, q] * (1 - state_share[p, g]))
                    flows[d, events.PAID_MONTHS, s, g] += months * (paying + join[2, q])
                    flows[d, events.BY_STATE, s, g] += from_state
                    flows[d, events.BY_PROVINCE, s, g] += from_province
                    flows[d, events.BY_DONORS, s, g] += from_donors
                    flows[d, events.BY_MEMBERS, s, g] += gross - from_state - from_province - from_donors
                flows[d, events.ENTRIES, s, g] = entries[d, s, g] + gifts[d, s, g]
                flows[d, events.RETURNS, s, g] = back
                flows[d, events.LAPSES, s, g] = lapsing
                if leaving > 0:
                    flows[d, events.TO_COMPULSORY, s, g] = gone * to_compulsory[d, s] / leaving
                    flows[d, events.TO_OTHER, s, g] = gone * to_other[d] / leaving
