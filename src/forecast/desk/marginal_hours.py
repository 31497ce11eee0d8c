"""Scarce hours: what the next hour of a collector buys, by commune and task, and the next collector and million VND.

Paired finite differences: the same people with the same random numbers, once with a little more of one thing. Communes
do not touch one another in the agent engine (a test holds it to that), so a step is taken in all of them at once and
read in each. What a reminder or an inspection takes from visits is given back, so that each task is priced by itself;
moving an hour from one task to another is the difference of two rows.

An hour is worth 1.5 visits, which is what an hour of inspection costs a team (`teams.INSPECTION_COST`). The hours of
calls on due members are worked out from the members and a typical spell.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from forecast.data import chance, shown, tables
from forecast.data.vocabulary import INTERVAL
from forecast.desk.allocation import commune_members
from forecast.desk.totals import tallies
from forecast.engines.people.draws import parameter_draws
from forecast.engines.people.hazards import TYPICAL_SPELL
from forecast.engines.people.teams import INSPECTION_COST, MOST_FOR_RENEWALS, RENEWAL_COST
from forecast.question import costs, menu
from forecast.question.levers import Collectors, Inspection, Lever, Policy, Reminders, Visits
from forecast.question.scenario import Scenario

VISITS_AN_HOUR = INSPECTION_COST
STEP = 0.2  # of a team's ordinary visits: large enough to be seen above whole persons, small enough to be a margin
TASKS = ("visits", "renewals", "inspections")
PLACE_COLUMNS = ["kind", "task", "unit", "step", "median", "low", "high", "vnd"]


class Hours(NamedTuple):
    """`communes`: member-years for each hour, one row a commune and task; `place`: the same for the place, and more.

    Columns of `communes`: commune, task, hours (of the step, all months), mean, median, low, high (member-years for an
    hour; the interval holds nine draws in ten, and one commune is few people). Columns of `place`: kind (hour,
    collector, million), task, unit, step (how many units were added), median, low, high (member-years for one unit),
    vnd (work for one unit at unit costs, without the commission on what it brings; a million of all that is paid).
    `draws` is what all of it rests on, `scenario` what the steps are on top of.
    """

    communes: pd.DataFrame
    place: pd.DataFrame
    draws: int
    scenario: Scenario

    def _repr_html_(self) -> str:
        return shown.html(self)


def scarce_hours(
    scenario: Scenario,
    *,
    draws: int = 64,
    seed: int = 1,
    jobs: int | None = None,
    progress: bool = True,
    keep: Path | None = None,
) -> Hours:
    """Measure what scarce hours buy in the months of `scenario`, on top of what it already does.

    `keep` is a folder for finished pieces, for whoever asks again.
    """
    if draws < 2:
        raise tables.UserError("draws: {draws}; expected at least 2", draws=draws)
    start, many = str(scenario.months[1]), range(draws)
    drawn = parameter_draws(scenario, seed, many)
    months, ordinary = len(scenario.months) - 1, scenario.plan.collectors[1:].mean(axis=0)
    visits = np.maximum(STEP * ordinary * float(np.median(drawn["visits_per_collector"])), 1.0)
    names = list(scenario.place.communes["commune"])

    def years(*levers: Lever) -> np.ndarray:
        asked = scenario.with_policy("step", Policy(*scenario.policy.levers, *levers)) if levers else scenario
        members = commune_members(asked, many, seed, jobs=jobs, progress=progress, keep=keep)
        return np.asarray(members[:, 1:].sum(axis=1) / 12)

    base = years()
    each = [Visits(count=float(v), where={"communes": [n]}, start=start) for n, v in zip(names, visits, strict=True)]
    spent = np.tile(visits * months / VISITS_AN_HOUR, (draws, 1))
    rate = {"visits": (years(*each) - base) / spent}
    hours = {"visits": spent}
    # Lists for all due members: the calls beyond those that a team makes anyway are hours taken from visits.
    due = base * 12 / TYPICAL_SPELL
    time = ordinary * drawn["visits_per_collector"][:, None] * months
    called = [
        np.minimum(np.maximum(drawn["follow_up"], s)[:, None] * due * RENEWAL_COST, MOST_FOR_RENEWALS * time)
        for s in (float(scenario.plan.reminders[1:].mean()), 1.0)
    ]
    hours["renewals"] = np.maximum(called[1] - called[0], 0.0) / VISITS_AN_HOUR
    gained = years(Reminders(share=1.0, start=start)) - base
    rate["renewals"] = _per(gained, hours["renewals"]) + rate["visits"]
    inspected = float(spent[0].sum() / months)
    hours["inspections"] = np.tile(inspected * _parts(scenario) * months, (draws, 1))
    lost = years(Inspection(hours_per_month=inspected, start=start)) - base
    rate["inspections"] = _per(lost, hours["inspections"]) + rate["visits"]
    paid = {
        "visits": _work(scenario, each, draws, seed),
        "renewals": _work(scenario, [Reminders(share=1.0, start=start)], draws, seed),
        "inspections": _work(scenario, [Inspection(hours_per_month=inspected, start=start)], draws, seed),
    }
    tasks = [task for task in TASKS if hours[task].sum() > 0]  # no hours can go where every due member is on a list
    more = (Collectors(count=float(ordinary.sum()) + len(names), per="place", start=start),)
    added = (years(*more) - base).sum(axis=1) / len(names)
    spent_hours = {t: float(hours[t].mean(axis=0).sum()) for t in tasks}
    place = [
        _row("hour", t, "hour", spent_hours[t], _whole(rate[t], hours[t]), paid[t] / spent_hours[t]) for t in tasks
    ]
    place.append(
        _row("collector", "collector", "collector", len(names), added, _work(scenario, more, draws, seed) / len(names))
    )
    place += _millions(scenario, draws, seed)
    return Hours(_communes(names, tasks, rate, hours), pd.DataFrame(place, columns=PLACE_COLUMNS), draws, scenario)


def _work(scenario: Scenario, levers: Sequence[Lever], draws: int, seed: int) -> float:
    """VND of the work of levers on top of a scenario, mean of the draws."""
    keys = chance.streams(seed, range(draws))
    more = scenario.with_policy("step", Policy(*scenario.policy.levers, *levers))
    spent = [sum(float(item.vnd.sum(axis=1).mean()) for item in costs.work(asked, keys)) for asked in (more, scenario)]
    return spent[0] - spent[1]


def _parts(scenario: Scenario) -> np.ndarray:
    people = scenario.place.communes["eligible"].to_numpy(float)
    return np.asarray(people / people.sum())


def _per(gained: np.ndarray, hours: np.ndarray) -> np.ndarray:
    """Member-years for an hour, (draws, communes): 0 where no hours were moved."""
    return np.asarray(np.divide(gained, hours, out=np.zeros_like(gained), where=hours > 1e-9))


def _whole(rate: np.ndarray, hours: np.ndarray) -> np.ndarray:
    """Member-years for an hour in the whole place, (draws,)."""
    return np.asarray((rate * hours).sum(axis=1) / np.maximum(hours.sum(axis=1), 1e-9))


def _row(kind: str, task: str, unit: str, step: float, values: np.ndarray, vnd: float = np.nan) -> dict[str, Any]:
    low, median, high = np.quantile(values, (INTERVAL[0], 0.5, INTERVAL[1]))
    ends = {"median": median, "low": low, "high": high}
    return {"kind": kind, "task": task, "unit": unit, "step": step} | ends | {"vnd": vnd}


def _communes(
    names: list[str], tasks: list[str], rate: dict[str, np.ndarray], hours: dict[str, np.ndarray]
) -> pd.DataFrame:
    rows = []
    for task in tasks:
        low, median, high = np.quantile(rate[task], (INTERVAL[0], 0.5, INTERVAL[1]), axis=0)
        columns = {"hours": hours[task].mean(axis=0), "mean": rate[task].mean(axis=0)}
        columns |= {"median": median, "low": low, "high": high}
        rows.append(pd.DataFrame({"commune": names, "task": task} | columns))
    return pd.concat(rows, ignore_index=True) if rows else pd.DataFrame(rows)


def _millions(scenario: Scenario, draws: int, seed: int) -> list[dict[str, Any]]:
    """What a million VND of each lever buys over the lower half of its range, by the stock engine: no whole persons."""
    half = ((c, c.at((c.levels + 1) // 2)) for c in menu.offered(scenario))
    levers = [(choice, lever) for choice, lever in half if lever is not None]
    questions = [scenario] + [
        scenario.with_policy(c.name, Policy(*scenario.policy.levers, lever)) for c, lever in levers
    ]
    base, *answers = tallies([(q, "stock", range(draws)) for q in questions], seed)
    rows = []
    for (choice, _), answer in zip(levers, answers, strict=True):
        money = sum(((answer[p] - base[p]).to_numpy() for p in ("office", "province", "donors")), np.zeros(draws))
        if (money > 1e5).all():
            years = (answer["years"] - base["years"]).to_numpy()
            rows.append(
                _row("million", choice.name, "million VND", float(money.mean() / 1e6), years / (money / 1e6), 1e6)
            )
    return sorted(rows, key=lambda row: -row["median"])
