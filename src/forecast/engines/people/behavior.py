"""How people and teams respond: entry, renewal and return as pure functions that every engine shares.

Rates are per month unless they say otherwise. Functions marked jitted take and return single numbers and run inside
compiled loops; the others take arrays whose last axis is draws. Parameters are rows of data/evidence.csv; each draw
of an experiment has its own set of them, and the set of draw 7 is the same under every policy.
"""

import math
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from statistics import NormalDist
from typing import NamedTuple

import numpy as np
import pandas as pd
from numba import njit

from forecast.beliefs import posterior
from forecast.data import chance, tables
from forecast.data.law import NATION, Law
from forecast.data.places import Place
from forecast.question.plan import GROUPS, Plan
from forecast.question.scenario import Assumption, Scenario, parameters_table

REFERENCE_MONTH = "2021-06"  # the prices to which the parameter entry_rate refers
SPELLS = np.array([1, 3, 6, 12, 60])  # months that can be paid at once (law.csv, payment_modes)
# Shares of payers by length of spell. Nobody publishes them; judgement of the makers, to be learned from paid months.
USUAL_SPELLS = np.array([0.15, 0.40, 0.25, 0.18, 0.02])
RUSH_SPELLS = np.array([0.40, 0.60, 0.0, 0.0, 0.0])
TYPICAL_SPELL = 5.0  # months, mean of USUAL_SPELLS without the 60-month payers
# Extra effort in a calendar month when a team is far from its plan, 1 = full (judgement: the sprint of the last weeks).
DEADLINE = np.array([0, 0, 0, 0, 0, 0, 0, 0, 0, 0.1, 0.4, 1.0])
RENEWAL_COST = 0.3  # visits' worth of time to call on one due member
INSPECTION_COST = 1.5  # visits' worth of time in one hour of inspection
MOST_FOR_RENEWALS = 0.5  # share of a team's time
SUBSIDY_MONTHS = 120  # law.csv, subsidy_max_months
SUBSIDY_BEGINS = 2018 * 12  # month index of the first subsidized month (law.csv, state_subsidy_share)
REFERENCE_TENURE_YEARS = 2.0
# Group mix of the country in 2021-22: poor 4.03% and near-poor 3.49% of households; minority share is recalled (15%).
NATIONAL_MIX = np.array([0.0403, 0.0349, 0.11, 0.8148])

# Income bands: the nodes of Gauss and Hermite's rule in standard deviations of log income, and the share of people that
# stands for each. Eight of them give means over a log-normal income to better than 0.1% (a test holds them to it),
# where as many bands of equal numbers would be off by several percent.
BANDS = 8
BAND_NODES, _WEIGHTS = np.polynomial.hermite_e.hermegauss(BANDS)
BAND_SHARES = _WEIGHTS / _WEIGHTS.sum()

# Decisions of one person; the person's luck is uniform(person, 32 * month + decision), with months of their own that
# begin at 1 when they join, and month 0 for what is decided once.
RESIST, SPELL, RUSH, FLOOR, TAIL, LEAVE, LAPSE, RETURN, GIFT, TENURE, DUE, CALLED, WHERE = range(13)


def parameter_draws(scenario: Scenario, seed: int, draws: range) -> dict[str, np.ndarray]:
    """Draw every parameter: name -> array (draws,).

    A parameter's prior passes through its low (5%), value (50%) and high (95%) on a log scale, on a logit scale for
    shares, and on a plain scale cut at zero where low is zero. What was learned from counts stands in for the prior
    (`posterior.learned`). Added are `place_effect`, a factor on entry_rate, and, where years were learned, a factor
    `year/<year>` on all entries of the place in each calendar year.
    """
    keys, known = chance.streams(seed, draws), posterior.learned(scenario)
    table, drawn = parameters_table(), {}
    for name, value, low, high in zip(table.index, table["value"], table["low"], table["high"], strict=True):
        given = scenario.assumptions.get(name)
        if isinstance(given, (int, float)):
            drawn[name] = np.full(len(keys), float(given))
            continue
        if given is None and known is not None and (column := known.column(name, draws)) is not None:
            drawn[name] = column
            continue
        prior = given if isinstance(given, Assumption) else Assumption(value=value, low=low, high=high)
        z = chance.normal_array(keys, chance.name_number(name))
        drawn[name] = between(z, prior.value, prior.low, prior.high)
    if known is None:
        return drawn | {"place_effect": place_effect(scenario, drawn, keys)}
    about = scenario.place.lineage, scenario.months[0].year
    years = {y: known.year(y, draws, keys, *about) for y in sorted({*scenario.months[1:].year.tolist()})}
    drawn |= {f"{posterior.YEAR}{y}": factor for y, factor in years.items() if factor is not None}
    effects = [known.column(posterior.EFFECT + place, draws) for place in scenario.place.lineage]
    if effects[0] is not None:
        return drawn | {"place_effect": effects[0]}
    above = next((e for e in effects if e is not None), np.ones(len(keys)))
    return drawn | {"place_effect": above * place_effect(scenario, drawn | {"above": above}, keys)}


def between(z: np.ndarray, value: float, low: float, high: float) -> np.ndarray:
    """Turn standard normal numbers into a parameter with the given 5%, 50% and 95% points.

    >>> between(np.array([-1.6449, 0, 1.6449]), 0.2, 0.1, 0.4).round(3).tolist()
    [0.1, 0.2, 0.4]
    """
    scaled = normal_scale(z, value, low, high)
    if low > 0 and high < 1:
        return 1 / (1 + np.exp(-scaled))
    return np.exp(scaled) if low > 0 else scaled


def normal_scale(z: np.ndarray, value: float, low: float, high: float) -> np.ndarray:
    """Turn standard normal numbers into a parameter as `between` does, on the scale on which its prior is normal.

    >>> normal_scale(np.array([0.0, 1.6449]), 0.5, 0.1, 0.9).round(3).tolist()
    [0.0, 2.197]
    """
    if low > 0 and high < 1:

        def scale(x):
            return math.log(x / (1 - x))
    else:
        scale = math.log if low > 0 else float
    center, unit = scale(value), NormalDist().inv_cdf(0.95)
    below, above = (center - scale(low)) / unit, (scale(high) - center) / unit
    scaled = center + np.where(z < 0, below, above) * z
    return scaled if low > 0 else np.maximum(scaled, 0.0)


def place_effect(scenario: Scenario, drawn: dict, keys: np.ndarray) -> np.ndarray:
    """Factor on the pooled entry rate for this place, (draws,): its own past growth, shrunk towards the others.

    Own evidence is the growth between the last two stocks of the same calendar month known at the start: entries per
    eligible person and year = (yearly rise + yearly exits of the mean stock) / eligible. It is weighed against the
    spread between places (normal with normal, on the log scale); its error is 0.25 (rounding and reading of the
    counts) with 0.35 for the year to come, both judgement. Without such a pair the place is one like any other.
    """
    z = chance.normal_array(keys, chance.name_number("place_effect/" + scenario.place.name))
    spread = drawn["place_spread"]
    pair = _same_season_pair(scenario)
    if pair is None:
        return np.exp(spread * z)
    (first, last), years = pair
    exits = -np.log1p(-drawn["annual_lapse"]) + drawn["transfer_rate"] + drawn["death_rate"] + drawn["pension_rate"]
    gross = np.maximum((last - first) / years + exits * (first + last) / 2, 1.0) / scenario.place.eligible
    own, error = np.log(gross / (drawn["entry_rate"] * drawn.get("above", 1.0))), math.hypot(0.25, 0.35)
    weight = spread**2 / (spread**2 + error**2)
    return np.exp(weight * own + spread * np.sqrt(1 - weight) * z)


def _same_season_pair(scenario: Scenario):
    stocks = scenario.place.observed("members", until=scenario.start)
    for last in stocks.index[::-1]:
        earlier = [m for m in stocks.index if m < last and m.month == last.month]
        if earlier:
            first = earlier[-1]
            return (float(stocks[first]), float(stocks[last])), (last - first).n / 12
    return None


@dataclass(frozen=True, eq=False)
class Money:
    """What people face, month by month: shapes start with (months, classes, groups) unless they say otherwise.

    A class is a set of communes with the same top-ups in every month; `price_class` (communes,) names each one's.
    """

    price_class: np.ndarray
    net: np.ndarray  # VND a month at the floor, after all support
    state: np.ndarray  # shares of the floor contribution, so cut that the sum stays at most 1
    province: np.ndarray
    donors: np.ndarray
    floor_contribution: np.ndarray  # (months,) VND
    ceiling_multiple: np.ndarray  # (months,) ceiling / floor
    reference_net: np.ndarray  # (groups,) VND at REFERENCE_MONTH under the law alone


def money(place: Place, plan: Plan, law: Law) -> Money:
    """Work out what each group pays in each month under the law and the plan's top-ups."""
    table = law.price_arrays(plan.months, place.lineage)
    extra = np.concatenate([plan.top_up, plan.top_up_donors], axis=2)  # (months, communes, 2 groups)
    rows = np.ascontiguousarray(extra.transpose(1, 0, 2).reshape(len(plan.communes), -1))
    known: dict[bytes, int] = {}
    price_class = np.array([known.setdefault(row.tobytes(), len(known)) for row in rows], np.int32)
    classes = rows[np.unique(price_class, return_index=True)[1]]
    extra = classes.reshape(len(classes), len(plan.months), 2, len(GROUPS)).transpose(2, 1, 0, 3)
    state = np.broadcast_to(table["state_share"][:, None, :], extra[0].shape)
    province = np.minimum(table["local_share"][:, None, :] + extra[0], 1 - state)
    donors = np.minimum(extra[1], 1 - state - province)
    contribution = table["rate"] * table["floor"]
    net = contribution[:, None, None] * (1 - state - province - donors)
    reference = np.array([law.price(g, tables.month(REFERENCE_MONTH)).net for g in GROUPS])
    return Money(
        price_class,
        net,
        np.ascontiguousarray(state),
        province,
        donors,
        contribution,
        table["ceiling"] / table["floor"],
        reference,
    )


def incomes(scenario: Scenario, drawn: dict) -> np.ndarray:
    """Monthly income of a person by (draws, groups, bands), VND, at the reference month.

    Incomes are log-normal within a group, seen at BAND_NODES. The other group's median is the place's published income
    per head (or its parent's) times worker_income_ratio, moved to the reference month by income_growth; the spread
    within the poor groups is half of the others'.
    """
    return _bands(_median(*income_per_head(scenario.place), drawn), drawn)


def _median(per_head: float, month: str, drawn: dict) -> np.ndarray:
    return per_head * drawn["worker_income_ratio"] * (1 + drawn["income_growth"]) ** -years_from_reference(month)


def years_from_reference(month: str) -> float:
    """Years from REFERENCE_MONTH to `month`.

    >>> years_from_reference("2022-06")
    1.0
    """
    return (tables.month_index(tables.month(month)) - tables.month_index(tables.month(REFERENCE_MONTH))) / 12


def _bands(median: np.ndarray, drawn: dict) -> np.ndarray:
    ratio = np.stack(
        [
            drawn["poor_income_ratio"],
            drawn["near_poor_income_ratio"],
            drawn["minority_income_ratio"],
            np.ones_like(median),
        ],
        axis=1,
    )
    spread = drawn["income_spread"][:, None] * np.array([0.5, 0.5, 1.0, 1.0])
    return median[:, None, None] * ratio[:, :, None] * np.exp(spread[:, :, None] * BAND_NODES)


def income_per_head(place: Place) -> tuple[float, str]:
    """Return the nearest published income per head: (VND per month, month); the place's own, else its parent's."""
    return _income(place.lineage, place.history)


def _income(lineage: tuple[str, ...], history: pd.DataFrame | None = None) -> tuple[float, str]:
    path = tables.data_dir() / "history.csv"
    known = _incomes(path, path.read_bytes() if path.is_file() else b"")
    for name in lineage:
        own = known.get(name)
        if own is None and history is not None:  # a place of the reader's own brings its rows with it
            own = _last_incomes(history).get(name)
        if own:
            return own
    raise tables.UserError(f"{lineage[0]}: history.csv has no income_per_head for it or for any place above it")


def _last_incomes(history: pd.DataFrame) -> dict[str, tuple[float, str]]:
    """The last income per head of each place: (VND per month, month)."""
    rows = history[(history["measure"] == "income_per_head") & history["value"].notna()]
    return {
        row.place: (row.value / (12 if row.unit == "vnd_per_year" else 1), row.month) for row in rows.itertuples()
    }


@lru_cache(maxsize=4)
def _incomes(path: Path, content: bytes) -> dict[str, tuple[float, str]]:
    """Read the table once for each content: every batch of draws asks for it."""
    return _last_incomes(tables.read(path, "history"))


def acceptance(net, income, drawn: dict) -> np.ndarray:
    """Share of people who say yes when asked: logistic in net price / income; arrays with draws first.

    At a price of zero it is zero_price_acceptance; each unit of burden takes price_response off the logit.
    """
    shape = (-1,) + (1,) * (np.ndim(income) - 1)
    top = drawn["zero_price_acceptance"].reshape(shape)
    logit = np.log(top / (1 - top)) - drawn["price_response"].reshape(shape) * net / income
    return 1 / (1 + np.exp(-logit))


def reference_acceptance(drawn: dict, law: Law) -> np.ndarray:
    """Mean acceptance in the country at the reference month, (draws,): what entry_rate was measured at."""
    median = _median(*_income(NATION), drawn)
    net = np.array([law.price(g, tables.month(REFERENCE_MONTH)).net for g in GROUPS])
    shares = acceptance(net[None, :, None], _bands(median, drawn), drawn) @ BAND_SHARES
    return (shares * (NATIONAL_MIX / NATIONAL_MIX.sum())).sum(axis=1)


def entry_hazard(drawn: dict) -> np.ndarray:
    """Hazard of entry per eligible person and month outside the year-end rush, (draws,), at the reference prices."""
    rushed = 1 + drawn["visit_share"] * drawn["rush"] * DEADLINE.mean()
    return drawn["entry_rate"] * drawn["place_effect"] / 12 / rushed


def other_exits(months: pd.PeriodIndex, drawn: dict, law: Law) -> np.ndarray:
    """Hazard per month of a member's death or pension, (months, draws).

    pension_rate is what it was with 20 years of contributions; it is inverse to the years that the law asks for.
    """
    years = np.array([law.value("min_years_for_pension", m) for m in months])
    return (drawn["death_rate"] + drawn["pension_rate"] * (20.0 / years)[:, None]) / 12


class Seen(NamedTuple):
    """What a team sees at the beginning of a month: the plan's numbers for its commune, then arrays (draws,)."""

    collectors: float
    extra_visits: float
    quota: float
    staff: float
    staff_quota: float
    reminders: float
    inspection: float  # hours
    deadline: float  # how near the year's end is, see DEADLINE
    skill: np.ndarray
    due: np.ndarray  # members whose paid months run out
    members: np.ndarray
    plan_members: np.ndarray  # the plan for December
    year_start: np.ndarray  # members when the year began


PLANNED, LOOKED_AT = Seen._fields[:7], Seen._fields[8:]


class TeamRules(NamedTuple):
    """Parameters that teams act by, each (draws,)."""

    visits_per_collector: np.ndarray
    follow_up: np.ndarray
    rush: np.ndarray
    quota_effort: np.ndarray
    staff_visits: np.ndarray
    staff_displacement: np.ndarray

    @classmethod
    def of(cls, drawn: dict) -> "TeamRules":
        """Take them out of all drawn parameters."""
        return cls(*(np.ascontiguousarray(drawn[name]) for name in cls._fields))


class Hours(NamedTuple):
    """What a team does with a month, arrays (draws,)."""

    visits: np.ndarray  # to people who have never joined, in visits of ordinary skill
    called: np.ndarray  # share of due members called on
    rushed: np.ndarray  # share of the visits that is owed to the rush
    effort: np.ndarray  # 1 = ordinary


def team_month(seen: Seen, rules: TeamRules) -> Hours:
    """Split a team's month among renewals, inspections and new visits.

    Effort rises near the year's end with the share of the year's plan that is still missing; a quota lifts effort
    while it is not met. Due members come first (those on a list, or the follow_up share), at most half of the time;
    then inspection hours; what is left are visits. Officials with a quota visit after hours, and part of what they
    bring is displaced from the collectors. A team without anybody does nothing.
    """
    draws = len(seen.members)
    row, hours = np.array([seen[: len(PLANNED)]], float), np.empty((len(Hours._fields), 1, draws))
    team_acts(0, seen.deadline, row, np.array(seen[-len(LOOKED_AT) :])[:, None, :], np.array(rules), hours)
    return Hours(*hours[:, 0])


@njit(cache=True)
def team_acts(c, deadline, planned, looked_at, rules, hours):
    """Let the team of commune `c` do `team_month` in place (jitted), for many teams one after the other.

    `planned` (communes, PLANNED), `looked_at` (LOOKED_AT, communes, draws), `rules` (TeamRules, draws); the answer is
    written to `hours` (Hours, communes, draws).
    """
    collectors, extra_visits, quota, staff, staff_quota, reminders, inspection = planned[c]
    pressed = min(quota + staff_quota, 1.0)
    for d in range(hours.shape[2]):
        skill, due, members, goal, year_start = looked_at[:, c, d]
        visits_per_collector, follow_up, rush, quota_effort, staff_visits, staff_displacement = rules[:, d]
        missing = min(max((goal - members) / max(goal - year_start, 1.0), 0.0), 1.0)
        effort = 1.0 + rush * missing * deadline
        lift = 1.0 + (quota_effort - 1.0) * pressed if missing > 0.0 else 1.0
        time = collectors * visits_per_collector * lift * effort
        for_due = min(max(follow_up, reminders) * max(due, 0.0) * RENEWAL_COST, MOST_FOR_RENEWALS * time)
        free = max(time - for_due - inspection * INSPECTION_COST, 0.0)
        officials = staff * staff_visits * lift * effort if staff_quota > 0.0 else 0.0
        hours[0, c, d] = (free + extra_visits) * skill + officials * (1.0 - staff_displacement)
        hours[1, c, d] = min(for_due / (RENEWAL_COST * due), 1.0) if due > 0.0 else 0.0
        hours[2, c, d] = 1.0 - 1.0 / effort
        hours[3, c, d] = effort


def reference_reach(collectors, households, due, drawn: dict) -> np.ndarray:
    """Share of households visited in an ordinary month of an ordinary team, (communes, draws)."""
    hours = ordinary_visits(collectors, due, drawn)
    return -np.expm1(-hours / households)


def ordinary_visits(collectors, due, drawn: dict) -> np.ndarray:
    """Visits of a team of ordinary skill in a month without rush, quota or list."""
    time = collectors * drawn["visits_per_collector"]
    return np.maximum(time - np.minimum(drawn["follow_up"] * due * RENEWAL_COST, MOST_FOR_RENEWALS * time), 1e-9)


@njit(cache=True)
def threshold(log_survival, shape):
    """Resistance at a survival level under gamma frailty of mean 1 (jitted): k (S^(-1/k) - 1).

    >>> round(threshold(math.log(0.5), 1.0), 6)
    1.0
    """
    return shape * math.expm1(-log_survival / shape)


@njit(cache=True)
def survival(pressure, shape):
    """Share not yet enrolled at a pressure (jitted), the inverse of `threshold`: (1 + P/k)^-k."""
    return math.exp(-shape * math.log1p(pressure / shape))


@njit(cache=True)
def lapse_hazard(annual, spell):
    """Hazard of a reference member to stop when a spell of so many months has run out (jitted).

    The annual lapse hazard for a month, times the square root of the spell times the typical one: those who pay long
    decide less often, but more rides on each decision.
    """
    return -math.log1p(-annual) / 12.0 * math.sqrt(spell * TYPICAL_SPELL)


@njit(cache=True)
def tenure_factor(months, tenure_effect):
    """What months of membership do to the hazard of lapsing (jitted): ((1 + years) / 3)^-effect, 1 after two years."""
    return ((1.0 + max(months, 0.0) / 12.0) / (1.0 + REFERENCE_TENURE_YEARS)) ** (-tenure_effect)


@njit(cache=True)
def lapse_chance(hazard, called, rushed, gifted, contact, rush_lapse, kept):
    """Chance to stop at a due date (jitted).

    `hazard` is lapse_hazard x tenure_factor x exp(renewal_price_response x rise of price/income since the reference
    month). Being called on takes the share `contact` off it. A rush member stops with chance `rush_lapse` at least; one
    who was given a book stays with chance `kept`.
    """
    if gifted:
        return 1.0 - kept
    chance_to_lapse = -math.expm1(-hazard * (1.0 - contact) if called else -hazard)
    return max(chance_to_lapse, rush_lapse) if rushed else chance_to_lapse


_UP_TO = np.minimum(np.cumsum([USUAL_SPELLS, RUSH_SPELLS], axis=1), 1.0)[:, :-1].round(12)


@njit(cache=True)
def spell_of(luck, rushed, advised):
    """Months paid at once (jitted): position in SPELLS; `advised` is the share of short payers who take 12 instead.

    It counts the spells whose cumulative share lies below `luck`, in (0, 1): no branch to be guessed wrong.
    """
    kind, take = (1, 1.0) if rushed else (0, 1.0 - advised)
    up_to = _UP_TO[kind]
    return (
        int(luck >= up_to[0] * take)
        + int(luck >= up_to[1] * take)
        + int(luck >= up_to[2] * take)
        + int(luck >= up_to[3])
    )


@njit(cache=True)
def declared_multiple(luck_floor, luck_tail, floor_share, tail):
    """Declared income in floors (jitted): 1 with chance floor_share, else 1 + exponential with mean `tail` in all."""
    return 1.0 if luck_floor < floor_share else 1.0 - (tail - 1.0) * math.log(luck_tail)
