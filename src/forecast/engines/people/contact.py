"""How a month's outreach becomes contact: the hazard of entry of each commune and group at the base acceptance."""

import math
from typing import NamedTuple

import numpy as np
from numba import njit

from forecast.data import chance, tables
from forecast.engines.people.draws import Drawn
from forecast.engines.people.world import World
from forecast.question.plan import GROUPS, Plan

G = len(GROUPS)


class Taken(NamedTuple):
    """Parameters of contact, each (draws,)."""

    visit_share: np.ndarray
    assisted_ratio: np.ndarray
    meeting_yield: np.ndarray
    drive_yield: np.ndarray
    drive_pulled_forward: np.ndarray
    model_commune_ratio: np.ndarray
    training_gain: np.ndarray
    mass_information: np.ndarray
    peer_effect: np.ndarray
    language_factor: np.ndarray
    creaming: np.ndarray
    month_noise: np.ndarray
    quota_paper_share: np.ndarray

    @classmethod
    def of(cls, drawn: Drawn) -> "Taken":
        """Take them out of all drawn parameters."""
        return cls(*(np.ascontiguousarray(drawn[name]) for name in cls._fields))


class Outreach(NamedTuple):
    """What the plan gives each commune in a month, each (communes,); see `plan.COLUMNS`."""

    assisted: np.ndarray
    training: np.ndarray
    model: np.ndarray
    meetings: np.ndarray
    drives: np.ndarray
    broadcasts: np.ndarray
    cadres: np.ndarray
    order: np.ndarray
    quota: np.ndarray

    @classmethod
    def of(cls, plan: Plan, t: int) -> "Outreach":
        """Take the month `t` out of a plan."""
        return cls(*(plan.columns[name][t] for name in cls._fields))


class Commune(NamedTuple):
    """What is so in every month: (communes,), `reach` (communes, draws), `base` and `shock` (draws,)."""

    households: np.ndarray
    eligible: np.ndarray
    reach: np.ndarray
    base: np.ndarray  # of this month
    shock: np.ndarray  # the luck of the month that all communes share


class Made(NamedTuple):
    """What teams and members bring to a month, each (communes, draws)."""

    visits: np.ndarray
    members: np.ndarray


def contact(
    world: World, t: int, made: Made, pulled: np.ndarray, base: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Turn a month's outreach into contact; `base` (draws,) stands in for the world's hazard of entry of the month.

    `pulled` is what drives have pulled forward, (draws, communes), which is brought up to date. Returns contact, the
    hazard of entry at the base acceptance (draws, communes, groups), and the share of entries that a quota has on
    paper, who pay as those of a campaign do (draws, communes).
    """
    plan, drawn = world.plan, world.drawn
    month = tables.month_index(plan.months[t])
    noise = chance.normal_array(world.keys, chance.name_number(f"{world.scenario.place.name}/{month}"))
    shape = len(world.keys), len(plan.communes)
    base = world.base[t] if base is None else base
    result, on_paper = np.empty((*shape, G)), np.empty(shape)
    communes = Commune(world.households, world.eligible, world.reach, base, noise)
    _contact(made, communes, Taken.of(drawn), Outreach.of(plan, t), pulled, result, on_paper)
    if world.effect.contact is not None:
        result *= world.effect.contact[t].T[:, :, None]
    return result, on_paper


@njit(cache=True)
def _contact(
    made: Made,
    communes: Commune,
    taken: Taken,
    outreach: Outreach,
    pulled: np.ndarray,
    contact: np.ndarray,
    on_paper: np.ndarray,
) -> None:
    """The formula of contact; see docs/model.md. Groups 0, 1 and 2 are poor, near-poor and ethnic minority."""
    for d in range(contact.shape[0]):
        share, spread = taken.visit_share[d], taken.month_noise[d]
        language, creaming = taken.language_factor[d], taken.creaming[d]
        shock = math.exp(spread * communes.shock[d] - 0.5 * spread * spread)
        for c in range(contact.shape[1]):
            drives, cadres, order = outreach.drives[c], outreach.cadres[c], outreach.order[c]
            seen = -math.expm1(-made.visits[c, d] / communes.households[c]) / communes.reach[c, d]
            visited = (
                share
                * seen
                * (1 + outreach.assisted[c] * (taken.assisted_ratio[d] - 1))
                * (1 + taken.training_gain[d] * outreach.training[c])
            )
            heard = -math.expm1(-0.1 * outreach.broadcasts[c])
            walk_in = (1 - share) * (1 + taken.peer_effect[d] * made.members[c, d] / communes.eligible[c])
            lift = 1 + outreach.model[c] * (taken.model_commune_ratio[d] - 1)
            per_drive = taken.drive_yield[d]
            pulse = per_drive * drives + taken.meeting_yield[d] * outreach.meetings[c] / communes.eligible[c]
            owed = pulled[d, c] * 0.5  # half of what was pulled forward is missing in each of two months, nearly
            pulled[d, c] = owed + taken.drive_pulled_forward[d] * per_drive * drives
            information = taken.mass_information[d]
            for g in range(4):
                tongue = 1.0
                if g == 2:
                    tongue = language + (1 - language) * cadres
                first = 1 + creaming * order if g == 3 else 1 - creaming * order
                ordinary = (
                    communes.base[d] * lift * (visited * tongue * first + walk_in * (1 + information * heard * tongue))
                )
                contact[d, c, g] = shock * max(ordinary + pulse - owed, 0.2 * (ordinary + pulse))
            ordinary = communes.base[d] * lift * (visited + walk_in)
            part = communes.base[d] * lift * visited / max(ordinary + pulse, 1e-300)
            on_paper[d, c] = part * taken.quota_paper_share[d] if outreach.quota[c] > 0.0 else 0.0
