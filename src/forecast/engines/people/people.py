"""One draw of the people of one place: who is there at the opening, who comes in each year, and month after month."""

import numpy as np

from forecast.data import chance
from forecast.engines.people import behavior as b
from forecast.engines.people import events
from forecast.engines.people.records import COHORT_BRANCH, COMMUNE, NEVER, PERSON, G, Ledger, Month, Pool, Rules

LUMP = 4  # people who become eligible come in lumps of so many, to keep the number of cells small


def band_sizes(sizes: np.ndarray) -> np.ndarray:
    """Split whole numbers of people over income bands: (communes, groups) -> (cells,), int32.

    The parts of each commune and group add up to it, and each band has its share of people over many communes: the
    rounding begins at another point in each (multiples of the golden section), so that thin bands have their turn.

    >>> cells = band_sizes(np.full((500, 4), 40.0)).reshape(2000, b.BANDS)
    >>> set(cells.sum(axis=1).tolist()), (np.abs(cells.mean(axis=0) / 40 - b.BAND_SHARES) < 0.001).all().item()
    ({40}, True)
    """
    edges = np.concatenate([[0.0], np.cumsum(b.BAND_SHARES)])
    edges[-1] = 1.0
    begin = (np.arange(sizes.size).reshape(sizes.shape) * 0.6180339887498949) % 1.0
    return np.diff(np.floor(np.rint(sizes)[..., None] * edges + begin[..., None]), axis=2).astype(np.int32).ravel()


class People:
    """One draw of the people of one place; see the module for how they come into being."""

    def __init__(self, key, commune_numbers, cells, rules: Rules, to_compulsory, to_other, fastest_return, room=None):
        """Set up the pools.

        `key` names the draw, `commune_numbers` the communes, `cells` are persons by cell. `to_compulsory` (months,
        communes) and `to_other` (months,) are hazards per month of leaving; `fastest_return`
        (months, classes, groups, bands) is the highest hazard of return that is foreseen (a higher one is noticed and
        costs time, not truth). `room` is that of other people who are not needed any more.
        """
        months, communes = to_compulsory.shape
        names = np.empty(len(cells), np.uint64)
        events.name_cells(key, commune_numbers, names)
        self.rules, self.cells = rules, cells
        self.pool = Pool(
            np.arange(len(cells), dtype=np.int32), names, cells.astype(np.int32), np.zeros(len(cells), np.int32),
            np.zeros(len(cells), np.int32), np.zeros(len(cells)), np.zeros(len(cells)), np.full(len(cells), NEVER),
        )  # fmt: skip
        hazard = to_compulsory + to_other[:, None]
        leave_clock = np.ascontiguousarray(np.cumsum(hazard, axis=0).T)
        never = np.exp(leave_clock - leave_clock[:, -1:]) * (1 - 1e-9)  # a rounding must not keep anybody
        foreseen = np.cumsum(fastest_return + rules.lump_sum_rate / 12, axis=0)
        self.ledger = Ledger(
            pressure=np.zeros(len(cells)),
            return_clock=np.zeros(len(cells)),
            foreseen=np.ascontiguousarray(np.moveaxis(foreseen, 0, -1)),
            leave_clock=leave_clock,
            leave_never=np.ascontiguousarray(never.T),
            leave_split=np.ascontiguousarray((to_compulsory / np.maximum(hazard, 1e-300)).T),
            members=np.zeros((communes, G)),
            active=np.zeros((communes, G)),
            due=np.zeros((months + 62, communes)),
            count=np.zeros(1, np.int64),
        )
        self.table, self.wake, self.turns = room or (np.zeros(0, kind) for kind in (PERSON, np.int16, np.int32))

    def _make_room(self, wanted: int) -> None:
        """Lengthen the table of people to at least `wanted` rows."""
        have = len(self.table)
        if wanted > have:
            size = max(wanted, have + have // 4 + 1024)
            for column in (self.table, self.wake):  # in place: where the memory ends, pages are added and none copied
                column.resize(size, refcheck=False)
            self.turns = np.empty(size + events.AHEAD, np.int32)

    @property
    def room(self) -> tuple[np.ndarray, ...]:
        """The tables that can be used again when these people are not needed any more."""
        return self.table, self.wake, self.turns

    def open(self, opening: np.ndarray, start: int, december: float, subsidy_months: int) -> None:
        """Make the opening members: `opening` (cells,), who are the lowest resistances of their cells.

        Tenure is exponential with mean 24 months, the paid spell is one that a passer-by would meet (long spells are
        met more often), and `december` is the chance to be a rush member who pays short; `start` is a month index and
        `subsidy_months` the months since the subsidy began.
        """
        self._make_room(int(opening.sum() * 5 // 4) + 1024)
        self.pool.year[:] = start // 12
        events.open_members(
            opening, self.pool, self.ledger, self.rules, self.table, self.wake, start, december, subsidy_months
        )

    def new_year(self, year: int) -> None:
        """Let those who became eligible come in as cells of their own."""
        # Systematic within each commune, beginning at a point of its own each year, so that every cell has its due.
        offset = chance.uniform_array(self.pool.key[: len(self.cells) : COMMUNE], COHORT_BRANCH - year)
        lumps = np.cumsum(self.cells.reshape(-1, COMMUNE), axis=1) * (self.rules.eligible_entry_rate / LUMP)
        coming = LUMP * np.diff(np.floor(lumps + offset[:, None]), prepend=0.0, axis=1).ravel().astype(np.int32)
        home = np.flatnonzero(coming).astype(np.int32)
        fresh = Pool(
            home, chance.child_array(self.pool.key[home], COHORT_BRANCH + year), coming[home],
            np.zeros(len(home), np.int32), np.full(len(home), year, np.int32), np.zeros(len(home)),
            self.ledger.pressure[home], np.full(len(home), NEVER),
        )  # fmt: skip
        events.first_resistances(fresh, self.rules.frailty_shape)
        self.pool = Pool(*(np.concatenate(pair) for pair in zip(self.pool, fresh, strict=True)))

    def live(self, now: Month, gift: np.ndarray, gift_months: np.ndarray, flows: np.ndarray) -> None:
        """Live a month; what happens is written to `flows` (communes, groups, FLOWS), which come in as zeros.

        `gift` persons (communes, groups) are given books of `gift_months`.
        """
        harder = self.rules.renewal_price_response * now.burden_rise
        hardest = self.rules.renewal_price_response * now.full_rise
        # What prices do to lapsing, with subsidy and without, and to returning; lapse hazards by spell and by tenure.
        effects = np.exp(harder), np.exp(hardest), np.exp(-harder), np.empty(len(b.SPELLS)), np.empty(now.t + 151)
        begun = False
        while not events.live_month(
            begun, now, self.rules, self.pool, self.ledger, self.table, self.wake, self.turns, *effects, gift,
            gift_months, flows,
        ):  # fmt: skip
            self._make_room(len(self.table) + 1 + int(np.ceil(gift).sum()) + gift.size)
            begun = True  # it goes on where the table was full
