"""Members of the opening in expectation: laid out by what they paid and when they are due."""

import numpy as np

from forecast.engines.people.declared import share_above
from forecast.engines.people.expected import CAMPAIGN, USUAL, Members, rules_of
from forecast.engines.people.hazards import Spells
from forecast.engines.people.memory import compiled
from forecast.engines.people.records import G, Rules


def first_slots(spells: Spells) -> np.ndarray:
    """First slot of each spell, and behind them the number of slots, (spells + 1,)."""
    return np.concatenate([[0], np.cumsum(spells.months)])


def open_members(
    opening: np.ndarray, campaign: np.ndarray, layout: tuple[Spells, np.ndarray], rules: Rules, members: Members
) -> None:
    """Lay out the opening members, (draws, strata, groups), of whom the share `campaign` (draws,) is a campaign's.

    `layout` is how months are paid and the first slot of each spell.
    """
    spells, slots = layout
    lengths = spells.months * spells.usual
    for d in range(len(opening)):
        one = rules_of(rules, d)
        for g in range(G):
            members.declared[d, :, g, 0], members.declared[d, :, g, 1] = share_above(one, g), one.declared_tail - 1.0
    members.declared[..., 2] = opening
    _open(opening, campaign, spells, (lengths / lengths.sum(), slots), members)


@compiled
def _open(
    opening: np.ndarray,
    campaign: np.ndarray,
    spells: Spells,
    lengths_slots: tuple[np.ndarray, np.ndarray],
    members: Members,
) -> None:
    lengths, slots = lengths_slots
    for d in range(opening.shape[0]):
        for s in range(opening.shape[1]):
            for g in range(G):
                stock, tenure, square = members.stock[d, s, g], members.tenure[d, s, g], members.square[d, s, g]
                for k in range(len(spells.months)):
                    usual = opening[d, s, g] * ((1 - campaign[d]) * lengths[k] / spells.months[k])
                    signed = opening[d, s, g] * (campaign[d] * spells.campaign[k] / spells.months[k])
                    for slot in range(slots[k], slots[k + 1]):  # tenure is exponential with a mean of two years
                        stock[USUAL, slot], stock[CAMPAIGN, slot] = usual, signed
                        tenure[USUAL, slot], square[USUAL, slot] = 24.0 * usual, 2 * 24.0**2 * usual
                        tenure[CAMPAIGN, slot] = square[CAMPAIGN, slot] = signed
