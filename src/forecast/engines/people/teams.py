"""What the team of a commune does with a month: renewals, inspections and new visits out of the same hours."""

from typing import NamedTuple

import numpy as np
from numba import njit

from forecast.engines.people.draws import Drawn
from forecast.question.plan import Effect, Plan

RENEWAL_COST = 0.3  # visits' worth of time to call on one due member
INSPECTION_COST = 1.5  # visits' worth of time in one hour of inspection
MOST_FOR_RENEWALS = 0.5  # share of a team's time
ASSISTED_COST = 0.5  # visits' worth of time to fill in and hand in a form, beside the visit itself
FULL_STAFF_QUOTA = 2.0  # new members a month at which officials make all of `staff_visits` (Đông Triều, met at 104%)


class Seen(NamedTuple):
    """What a team sees at the beginning of a month: the plan's numbers for its commune, then arrays (draws,)."""

    collectors: float
    extra_visits: float
    quota: float
    staff: float
    staff_quota: float
    reminders: float
    inspection: float  # hours
    assisted: float  # share of visits that help with the form
    commission_new: float  # change of what collectors earn by new members, as a share of the law's
    commission_renewal: float  # and by renewals
    skill: np.ndarray
    due: np.ndarray  # members whose paid months run out
    members: np.ndarray
    plan_members: np.ndarray  # the plan for December


PLANNED, LOOKED_AT = Seen._fields[:10], Seen._fields[10:]


class TeamRules(NamedTuple):
    """Parameters that teams act by, each (draws,)."""

    visits_per_collector: np.ndarray
    follow_up: np.ndarray
    quota_effort: np.ndarray
    staff_visits: np.ndarray
    staff_displacement: np.ndarray
    commission_response: np.ndarray

    @classmethod
    def of(cls, drawn: Drawn) -> "TeamRules":
        """Take them out of all drawn parameters."""
        return cls(*(np.ascontiguousarray(drawn[name]) for name in cls._fields))


def plan_rows(plan: Plan, t: int) -> np.ndarray:
    """The plan's numbers that a team sees in month `t`: (communes, PLANNED), in the order of `Seen`."""
    names = (
        *("collectors", "visits", "quota", "staff", "staff_quota", "reminders", "inspection", "assisted"),
        *("commission_new", "commission_renewal"),
    )
    return np.stack([plan.columns[name][t] for name in names], axis=1)


class Hours(NamedTuple):
    """What a team does with a month, arrays (draws,)."""

    visits: np.ndarray  # to people who have never joined, in visits of ordinary skill
    called: np.ndarray  # share of due members called on


def team_month(seen: Seen, rules: TeamRules) -> Hours:
    """Split a team's month among renewals, inspections and new visits.

    A quota lifts effort while the year's plan is not met. Due members come first (those on a list, or the follow_up
    share, more where renewals pay better), at most half of the time; then inspection hours; what is left are visits,
    fewer where the form is filled in at the door or new members pay less. Officials with a quota visit after hours, and
    part of what they bring is displaced from the collectors. A team without anybody does nothing.
    """
    draws = len(seen.members)
    row, hours = np.array([seen[: len(PLANNED)]], float), np.empty((len(Hours._fields), 1, draws))
    team_acts(0, row, np.array(seen[-len(LOOKED_AT) :])[:, None, :], np.array(rules), hours)
    return Hours(*hours[:, 0])


@njit(cache=True)
def team_acts(c: int, planned: np.ndarray, looked_at: np.ndarray, rules: np.ndarray, hours: np.ndarray) -> None:
    """Let the team of commune `c` do `team_month` in place (jitted), for many teams one after the other.

    `planned` (communes, PLANNED), `looked_at` (LOOKED_AT, communes, draws), `rules` (TeamRules, draws); the answer is
    written to `hours` (Hours, communes, draws).
    """
    collectors, extra_visits, quota, staff, staff_quota, reminders, inspection, assisted, pay_new, pay_renewal = (
        planned[c]
    )
    asked = min(staff_quota / FULL_STAFF_QUOTA, 1.0)
    pressed = min(quota + asked, 1.0)
    for d in range(hours.shape[2]):
        skill, due, members, goal = looked_at[:, c, d]
        visits_per_collector, follow_up, quota_effort, staff_visits, staff_displacement, response = rules[:, d]
        lift = 1.0 + (quota_effort - 1.0) * pressed if members < goal else 1.0
        time = collectors * visits_per_collector * lift
        asked_for = min(follow_up * (1.0 + pay_renewal) ** response, 1.0) if pay_renewal != 0.0 else follow_up
        zeal = (1.0 + pay_new) ** response if pay_new != 0.0 else 1.0
        for_due = min(max(asked_for, reminders) * max(due, 0.0) * RENEWAL_COST, MOST_FOR_RENEWALS * time)
        free = max(time - for_due - inspection * INSPECTION_COST, 0.0)
        officials = staff * staff_visits * asked * lift
        hours[0, c, d] = (free * zeal / (1.0 + ASSISTED_COST * assisted) + extra_visits) * skill + officials * (
            1.0 - staff_displacement
        )
        wanted = RENEWAL_COST * due
        hours[1, c, d] = min(for_due / wanted, 1.0) if wanted > 0.0 else 0.0


def reference_reach(collectors: np.ndarray, households: np.ndarray, due: np.ndarray, drawn: Drawn) -> np.ndarray:
    """Share of households visited in an ordinary month of an ordinary team, (communes, draws)."""
    hours = ordinary_visits(collectors, due, drawn)
    result: np.ndarray = -np.expm1(-hours / households)
    return result


def ordinary_visits(collectors: np.ndarray, due: np.ndarray, drawn: Drawn) -> np.ndarray:
    """Visits of a team of ordinary skill in a month without quota or list."""
    time = collectors * drawn["visits_per_collector"]
    result: np.ndarray = np.maximum(
        time - np.minimum(drawn["follow_up"] * due * RENEWAL_COST, MOST_FOR_RENEWALS * time), 1e-9
    )
    return result


def inspected(plan: Plan, due: np.ndarray, drawn: Drawn) -> np.ndarray:
    """Hours of inspection that are worked, (months, draws, communes): as planned, as far as the team has the time.

    `due` (communes, draws) are members due in an ordinary month, who come first.
    """
    hours = np.zeros((len(plan.months), due.shape[1], due.shape[0]))
    for t in np.flatnonzero(plan.inspection.any(axis=1)):
        time = ordinary_visits(plan.collectors[t][:, None], due, drawn)
        hours[t] = np.minimum(plan.inspection[t][:, None], time / INSPECTION_COST).T
    return hours


def with_others(hours: Hours, effect: Effect, t: int) -> Hours:
    """Add what others than the team do in month `t`: visits, and calls on due members whom the team has not reached."""
    if effect.visits is not None:
        hours = hours._replace(visits=hours.visits + effect.visits[t])
    if effect.called is not None:
        hours = hours._replace(called=1 - (1 - hours.called) * (1 - effect.called[t]))
    return hours
