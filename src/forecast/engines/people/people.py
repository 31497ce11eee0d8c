"""One draw of the people of one place: who is there at the opening, who comes in each year, and month after month."""

from typing import NamedTuple

import numpy as np

from forecast.data import chance
from forecast.engines.people import events
from forecast.engines.people.hazards import Spells
from forecast.engines.people.opening import (
    first_resistances,
    met_spells,
    name_cells,
    open_members,
    rows_of_members,
    rows_to_come,
)
from forecast.engines.people.prices import BAND_SHARES, BANDS
from forecast.engines.people.records import (
    COHORT_BRANCH,
    COMMUNE,
    NEVER,
    PERSON,
    ROW_BRANCH,
    Crowd,
    Effects,
    G,
    Gifts,
    Late,
    Ledger,
    Month,
    Past,
    Pool,
    Rules,
)

Room = tuple[np.ndarray, np.ndarray, np.ndarray]  # table, wake, turns: see `records.Crowd`
LUMP = 4  # rows of people who become eligible come in lumps of so many, to keep the number of cells small


class Moves(NamedTuple):
    """Hazards per month of leaving, and how fast people can come back."""

    to_compulsory: np.ndarray  # (months, communes)
    inspection_hazard: np.ndarray  # (months, communes) by inspections, of those who have not enrolled
    to_other: np.ndarray  # (months,)
    fastest_return: np.ndarray  # (months, classes, groups, bands); a higher one is noticed and costs time, not truth
    longest_spell: int  # months


def band_sizes(sizes: np.ndarray) -> np.ndarray:
    """Split whole numbers of people over income bands: (communes, groups) -> (cells,), int32.

    The parts of each commune and group add up to it, and each band has its share of people over many communes: the
    rounding begins at another point in each (multiples of the golden section), so that thin bands have their turn.

    >>> from forecast.engines.people.prices import BAND_SHARES, BANDS
    >>> cells = band_sizes(np.full((500, 4), 40.0)).reshape(2000, BANDS)
    >>> set(cells.sum(axis=1).tolist()), (np.abs(cells.mean(axis=0) / 40 - BAND_SHARES) < 0.001).all().item()
    ({40}, True)
    """
    edges = np.concatenate([[0.0], np.cumsum(BAND_SHARES)])
    edges[-1] = 1.0
    begin = (np.arange(sizes.size).reshape(sizes.shape) * 0.6180339887498949) % 1.0
    cells: np.ndarray = np.diff(np.floor(np.rint(sizes)[..., None] * edges + begin[..., None]), axis=2)
    return cells.astype(np.int32).ravel()


class People:
    """One draw of the people of one place; see the module for how they come into being."""

    def __init__(
        self,
        key: np.uint64,
        commune_numbers: np.ndarray,
        cells: np.ndarray,
        rules: Rules,
        moves: Moves,
        room: Room | None = None,
        *,
        everybody: bool = True,
        persons: int = 1,
    ):
        """Set up the pools.

        `key` names the draw, `commune_numbers` the communes, `cells` are persons by cell. `room` is that of other
        people who are not needed any more. Without `everybody` the rows of those who are gone for good are used again.
        A row stands for so many `persons`.
        """
        self.everybody, self.persons = everybody, persons
        to_compulsory, fastest_return = moves.to_compulsory, moves.fastest_return
        months, communes = to_compulsory.shape
        names = np.empty(len(cells), np.uint64)
        name_cells(key, commune_numbers, names)
        self.rules, self.cells = rules, cells
        self.pool = Pool(
            home=np.arange(len(cells), dtype=np.int32),
            key=names,
            left=np.zeros(len(cells), np.int32),
            rank=np.zeros(len(cells), np.int32),
            year=np.zeros(len(cells), np.int32),
            log_survival=np.zeros(len(cells)),
            start=np.zeros(len(cells)),
            next=np.full(len(cells), NEVER),
        )
        hazard = to_compulsory + moves.to_other[:, None]
        leave_clock = np.ascontiguousarray(np.cumsum(hazard, axis=0).T)
        never = np.exp(leave_clock - leave_clock[:, -1:]) * (1 - 1e-9)  # a rounding must not keep anybody
        foreseen = np.cumsum(fastest_return + rules.lump_sum_rate / 12, axis=0)
        self._list_late()
        self.ledger = Ledger(
            pressure=np.zeros(len(cells)),
            return_clock=np.zeros(len(cells)),
            foreseen=np.ascontiguousarray(np.moveaxis(foreseen, 0, -1)),
            leave_clock=leave_clock,
            leave_never=np.ascontiguousarray(never.T),
            found_clock=np.cumsum(moves.inspection_hazard, axis=0),
            leave_split=np.ascontiguousarray((to_compulsory / np.maximum(hazard, 1e-300)).T),
            members=np.zeros((communes, G)),
            campaign=np.zeros((communes, G)),
            active=np.zeros((communes, G)),
            activated=np.zeros((months + moves.longest_spell + 2, communes, G), np.int32),
            due=np.zeros((months + moves.longest_spell + 2, communes)),
            count=np.zeros(1, np.int64),
            free=np.zeros(2, np.int64),
        )
        none: Room = np.zeros(0, PERSON), np.zeros(0, np.int16), np.zeros(0, np.int32)
        self.table, self.wake, self.turns = room or none

    def _make_room(self, wanted: int) -> None:
        """Lengthen the table of people to at least `wanted` rows."""
        have = len(self.table)
        if wanted > have:
            size = max(wanted, have + have // 16 + 1024)
            for column in (self.table, self.wake):  # in place: where the memory ends, pages are added and none copied
                column.resize(size, refcheck=False)
            self.turns = np.empty(size + events.AHEAD, np.int32)

    @property
    def room(self) -> Room:
        """The tables that can be used again when these people are not needed any more."""
        return self.table, self.wake, self.turns

    @property
    def crowd(self) -> Crowd:
        """All of it, as compiled code works on it."""
        return Crowd(self.pool, self.ledger, self.table, self.wake, self.turns, self.everybody, self.persons)

    def open(self, opening: np.ndarray, start: int, campaign: float, subsidized: int, spells: Spells) -> None:
        """Make the opening members: `opening` (cells,), who are the lowest resistances of their cells.

        Tenure is exponential with mean 24 months, the paid spell is one that a passer-by would meet (long spells are
        met more often), and `campaign` is the chance to be a campaign member; `start` is a month index and
        `subsidized` the months since the subsidy began.
        """
        luck = chance.uniform_array(self.pool.key[::BANDS], ROW_BRANCH)
        rows, first = rows_of_members(opening, self.persons, luck)
        self._make_room(int(rows.sum() * 5 // 4) + 1024)
        self.pool.year[:] = start // 12
        self.pool.left[:] = rows_to_come(self.cells - opening, self.persons, luck)
        past = Past(start, campaign, subsidized, spells, met_spells(spells))
        open_members((self.cells, opening, rows, first), self.crowd, self.rules, past)
        self.ledger.active[:] = self.ledger.activated[0]

    def new_year(self, year: int) -> None:
        """Let those who became eligible come in as cells of their own."""
        # Systematic within each commune, beginning at a point of its own each year, so that every cell has its due.
        offset = chance.uniform_array(self.pool.key[: len(self.cells) : COMMUNE], COHORT_BRANCH - year)
        each = LUMP * self.persons
        lumps = np.cumsum(self.cells.reshape(-1, COMMUNE), axis=1) * (self.rules.eligible_entry_rate / each)
        coming = LUMP * np.diff(np.floor(lumps + offset[:, None]), prepend=0.0, axis=1).ravel().astype(np.int32)
        home = np.flatnonzero(coming).astype(np.int32)
        fresh = Pool(
            home=home,
            key=chance.child_array(self.pool.key[home], COHORT_BRANCH + year),
            left=coming[home],
            rank=np.zeros(len(home), np.int32),
            year=np.full(len(home), year, np.int32),
            log_survival=np.zeros(len(home)),
            start=self.ledger.pressure[home],
            next=np.full(len(home), NEVER),
        )
        first_resistances(fresh, self.rules.frailty_shape)
        self.pool = Pool(*(np.concatenate(pair) for pair in zip(self.pool, fresh, strict=True)))
        self._list_late()

    def _list_late(self) -> None:
        """List the pools of later years by commune and group."""
        group = self.pool.home[len(self.cells) :] // BANDS
        order = np.argsort(group, kind="stable")
        first = np.searchsorted(group[order], np.arange(len(self.cells) // BANDS + 1))
        left = np.bincount(group, self.pool.left[len(self.cells) :], len(self.cells) // BANDS).astype(np.int64)
        self.late = Late(order + len(self.cells), first, left, len(self.cells))

    def live(self, now: Month, given: np.ndarray, months: np.ndarray, flows: np.ndarray) -> None:
        """Live a month in which books of so many `months` are `given`, each (communes, groups).

        What happens is written to `flows` (communes, groups, FLOWS), which come in as zeros.
        """
        harder = self.rules.renewal_price_response * now.burden_rise
        hardest = self.rules.renewal_price_response * now.full_rise
        by_spell, by_tenure = np.empty(len(now.spells.months)), np.empty(now.t + 151)
        effects = Effects(now.lapse * np.exp(harder), now.lapse * np.exp(hardest), np.exp(-harder), by_spell, by_tenure)
        begun, gifts = False, Gifts(given, months, self.late)
        while not events.live_month(begun, now, self.rules, self.crowd, effects, gifts, flows):
            given, signed = gifts.persons / self.persons, now.signing / self.persons
            wanted = np.ceil(given).sum() + np.ceil(signed).sum() - self.ledger.free[1]
            self._make_room(len(self.table) + 1 + max(int(wanted), 0) + 2 * gifts.persons.size)
            begun = True  # it goes on where the table was full
