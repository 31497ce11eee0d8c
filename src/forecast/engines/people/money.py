"""The whole cost of a scenario by payer, group and month: contributions, commission, work, and hours that nobody pays.

*Contributions* are settled month by month under the law (:mod:`forecast.engines.people.prices`). *Commission* is what
collectors earn of what they collect, by the dated rows of the law: one share of what new members pay, by how many
months they pay at once, and another of renewals; the office pays it, for each group. *Work* is what the plan's levers
take (:mod:`forecast.question.costs`); it is spent on all groups together. Every engine that simulates people puts its
flows through :func:`charge`, so that no command and no page has a cost of its own.
"""

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from forecast.data import chance, tables
from forecast.data.law import Law
from forecast.data.vocabulary import PAYERS
from forecast.engines.people import hazards
from forecast.engines.people.draws import parameter_draws
from forecast.question import costs
from forecast.question.scenario import Scenario

NEW, RENEWAL = "collector_commission_new", "collector_commission_renewal"
NEW_FOR = 12  # months from joining in which a member counts as new (law.csv, collector_commission_new_rule)
HOURS = "unpaid_hours"


class Collected(NamedTuple):
    """What comes in, each (draws, months, groups): who joins, months that are paid, VND that collectors are handed."""

    entries: np.ndarray
    months: np.ndarray
    vnd: np.ndarray


def charge(values: np.ndarray, scenario: Scenario, draws: range, seed: int) -> None:
    """Add commission, work and unpaid hours to the values of an engine, (draws, months, measures, groups + all).

    The values hold contributions by then, groups and their sum. The opening month has no flows and costs nothing.
    """
    measures = list(tables.MEASURES)
    office, groups = values[:, :, measures.index(PAYERS["office"])], slice(0, values.shape[3] - 1)

    def of(*names: str) -> np.ndarray:
        return np.asarray(sum(values[:, :, measures.index(name), groups] for name in names))

    collected = Collected(of("entries"), of("paid_months"), of(PAYERS["members"], PAYERS["donors"]))
    earned = commission(scenario, collected)
    office[..., groups] += earned
    office[..., -1] += earned.sum(axis=-1)
    if scenario.plan.bills:
        drawn = parameter_draws(scenario, seed, draws) if costs.depends(scenario) else None
        for item in costs.work(scenario, chance.streams(seed, draws), drawn):
            values[:, :, measures.index(PAYERS[item.payer]), -1] += item.vnd
            values[:, :, measures.index(HOURS), -1] += item.hours


def commission(scenario: Scenario, collected: Collected) -> np.ndarray:
    """Return what collectors earn of what they collect, VND, (draws, months, groups).

    A new member pays as payers usually do, again when it has run out, and counts as new for a year; all else is a
    renewal, and so is what those pay who were members at the opening. Books of donors count as collected; what the
    state and the province add to a contribution does not. Where the law knows no commission, there is none. A plan that
    changes commissions multiplies the law's.
    """
    law, months = scenario.law, scenario.months
    rates = _rates(law, tuple(map(str, months)))
    if rates is None:
        return np.zeros_like(collected.vnd)
    pay_new, pay_renewal = (1 + _mean(scenario, name) for name in ("commission_new", "commission_renewal"))
    new, renewal = {spell: rate * pay_new for spell, rate in rates[0].items()}, rates[1] * pay_renewal
    spells = hazards.spells(scenario.months, law)
    left, earned = collected.months.copy(), np.zeros_like(collected.vnd)
    for k, spell in enumerate(spells[0].months.tolist()):
        share = np.array([one.usual[k] for one in spells])[:, None]
        coming, paid = collected.entries * share, np.zeros_like(left)
        for age in range(0, min(NEW_FOR, len(months)), spell):
            paid[:, age:] += spell * coming[:, : len(months) - age]
        paid = np.minimum(paid, left)
        left -= paid
        earned += paid * new[spell][:, None]
    earned += left * renewal[:, None]
    each = np.divide(collected.vnd, collected.months, out=np.zeros_like(left), where=collected.months > 0)
    return np.asarray(earned * each)


def _mean(scenario: Scenario, column: str) -> np.ndarray:
    """Return a column of the plan as the mean over eligible people, (months,)."""
    people = scenario.place.communes["eligible"].to_numpy(float)
    return np.asarray(scenario.plan.columns[column] @ people / max(people.sum(), 1.0))


@lru_cache(maxsize=16)
def _rates(law: Law, months: tuple[str, ...]) -> tuple[dict[int, np.ndarray], np.ndarray] | None:
    """Share of what is collected that is earned: of new members by months paid at once, each (months,), of renewals.

    Every batch of draws asks for it; nobody writes into it.
    """
    known = set(law.frame["parameter"])
    if RENEWAL not in known:
        return None
    modes = sorted(
        int(name.split("_")[-2]) for name in known if name.startswith(f"{NEW}_") and name.endswith("_months")
    )

    def rate(spell: int, month: str) -> float:
        mode = max((m for m in modes if m <= spell), default=0)
        found = law.find(f"{NEW}_{mode}_months", month) if mode else None
        return (law.find(NEW, month) or 0.0) if found is None else found

    spells = {spell for month in months for spell in law.payment_modes(month)} | set(hazards.USUAL_SHARES)
    new = {spell: np.array([rate(spell, month) for month in months]) for spell in sorted(spells)}
    return new, np.array([law.find(RENEWAL, month) or 0.0 for month in months])
