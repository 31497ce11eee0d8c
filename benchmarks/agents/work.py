"""The work that every method does, and the answer that is known in advance.

Everything random is left to the methods. What is here is exact: how many people live in each cell, the hazard of first
entry in each month and cell, what happens to members, and the expected numbers of entries and members, which follow
from these without any simulation. `benchmarks/README.md` says the same in words.

>>> small = make_work(10_000, months=12)
>>> int(small.cells.sum()), small.hazard.shape
(10000, (13, 32))
>>> entries, members = expected(small)
>>> bool(80 < entries < 100), bool(0 < members < entries)
(True, True)
"""

from typing import NamedTuple

import numpy as np

GROUPS, BANDS = 4, 8
GROUP_SHARES = np.array([0.02, 0.03, 0.10, 0.85])
GROUP_ACCEPTANCE = np.array([0.4, 0.6, 0.7, 1.0])
BAND_NODES, _WEIGHTS = np.polynomial.hermite_e.hermegauss(BANDS)
BAND_SHARES = _WEIGHTS / _WEIGHTS.sum()
PEOPLE_PER_COMMUNE = 5_000_000 / 579  # as in Hà Nội
ENTRY_A_YEAR = 0.009  # entries per eligible person and year: Hà Nội in 2021, about 25,000 in seven months of 4.87 m
FRAILTY_SHAPE = 0.5
SEASON = np.array([1, 1, 1, 1, 1, 1, 1, 1, 1, 1.15, 1.6, 2.5])  # January to December
FIRST_MONTH = 2022 * 12  # month index of the opening; a January, so month t is calendar month t % 12

SPELLS = np.array([1, 3, 6, 12, 60])  # months that are paid at once
SPELL_SHARES = np.array([0.15, 0.40, 0.25, 0.18, 0.02])
ANNUAL_LAPSE = 0.22
TYPICAL_SPELL = 5.0
LAPSE = -np.expm1(np.log1p(-ANNUAL_LAPSE) / 12 * np.sqrt(SPELLS * TYPICAL_SPELL))  # chance to stop when it has run out
LEAVE_HAZARD = 0.04 / 12  # a month: to compulsory insurance (three quarters), or by death or pension
RETURN_HAZARD = 0.02  # a month, of those who have stopped
LEAVE, RETURN = -np.expm1(-LEAVE_HAZARD), -np.expm1(-RETURN_HAZARD)

NEVER, MEMBER, LAPSED, GONE = 0, 1, 2, 3


class Work(NamedTuple):
    """One size of the work."""

    people: int
    communes: int
    months: int
    cells: np.ndarray  # (cells,) persons; a cell is commune x group x band, in this order
    contact: np.ndarray  # (months + 1, communes) hazard of entry a month at acceptance 1; month 0 is the opening
    acceptance: np.ndarray  # (groups, bands)
    hazard: np.ndarray  # (months + 1, cells): contact x acceptance


def make_work(people: int, months: int = 60, communes: int | None = None, entry_a_year: float = ENTRY_A_YEAR) -> Work:
    """Lay out `people` in cells; `communes` are as large as those of Hà Nội unless their number is given."""
    communes = communes or max(1, round(people / PEOPLE_PER_COMMUNE))
    shares = np.tile(np.outer(GROUP_SHARES, BAND_SHARES).ravel() / communes, communes)
    ends = np.rint(np.cumsum(shares) * people)
    ends[-1] = people
    cells = np.diff(ends, prepend=0.0).astype(np.int32)
    of_commune = np.exp(0.5 * np.random.default_rng(2021).standard_normal(communes))
    contact = np.outer(SEASON[np.arange(months + 1) % 12], of_commune)
    acceptance = GROUP_ACCEPTANCE[:, None] * np.exp(0.35 * BAND_NODES)
    hazard = (contact[:, :, None] * acceptance.ravel()).reshape(months + 1, -1)
    mean = (hazard[0] / SEASON[0] * cells).sum() / people * SEASON.mean()
    scale = entry_a_year / 12 / mean
    return Work(people, communes, months, cells, contact * scale, acceptance, hazard * scale)


def cell_of_people(work: Work) -> np.ndarray:
    """Return the cell of each person, (people,) int32."""
    return np.repeat(np.arange(len(work.cells), dtype=np.int32), work.cells)


def frailties(work: Work, rng: np.random.Generator) -> np.ndarray:
    """Draw the frailty of each person, gamma of mean 1, (people,) float32."""
    return rng.standard_gamma(FRAILTY_SHAPE, work.people, np.float32) / np.float32(FRAILTY_SHAPE)


def expected(work: Work) -> tuple[float, float]:
    """Return the expected entries up to the last month, and the expected members in it."""
    pressure = np.cumsum(np.where(np.arange(work.months + 1)[:, None] > 0, work.hazard, 0.0), axis=0)
    never = ((1 + pressure / FRAILTY_SHAPE) ** -FRAILTY_SHAPE) @ work.cells
    entries = -np.diff(never)
    waiting = np.zeros((len(SPELLS), SPELLS.max() + 1))  # members by spell and months until it has run out
    lapsed = 0.0
    for new in entries:
        waiting[:, :-1] = waiting[:, 1:] * (1 - LEAVE)
        waiting[:, -1] = 0.0
        stopping, back = waiting[:, 0] @ LAPSE, lapsed * RETURN
        lapsed += stopping - back
        paying = waiting[:, 0].sum() - stopping + back + new
        waiting[:, 0] = 0.0
        waiting[np.arange(len(SPELLS)), SPELLS] += paying * SPELL_SHARES
    return float(entries.sum()), float(waiting.sum())
