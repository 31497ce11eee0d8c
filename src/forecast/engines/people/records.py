"""What is kept of people: a row for each who ever enrolled, numbers by cell for the others, and a running ledger.

Compiled code (`person`, `opening`, `events`) reads and writes these; each is a plain array or a tuple of arrays.
"""

from typing import Any, NamedTuple

import numpy as np

from forecast.engines.people.draws import Drawn
from forecast.engines.people.hazards import Spells
from forecast.engines.people.prices import BANDS
from forecast.question.plan import GROUPS

G = len(GROUPS)
COMMUNE = G * BANDS  # cells of a commune
MEMBER, LAPSED, GONE = 0, 1, 2
CAMPAIGN, GIFTED, ACTIVE_BIT = 1, 2, 4  # bits of a person's kind
FLOWS = (
    "entries returns lapses exits_compulsory exits_other active_9of12"
    " paid_months paid_members paid_state paid_province paid_donors"
).split()
ENTRIES, RETURNS, LAPSES, TO_COMPULSORY, TO_OTHER, ACTIVE = range(6)
PAID_MONTHS, BY_MEMBERS, BY_STATE, BY_PROVINCE, BY_DONORS = range(6, 11)
NEWLY, COUNTED = len(FLOWS), len(FLOWS) + 1  # no measure: what new members are worth to collectors; how many there are
# While a month runs, four of the money columns hold months that are turned into money at its end (`prices.settle`):
# months x declared income in floors, months with subsidy, and the same two for books given by donors.
DECLARED, SUPPORTED, GIVEN, GIVEN_SUPPORTED = BY_MEMBERS, BY_STATE, BY_PROVINCE, BY_DONORS
# Branches of a cell's name, far above any rank, so that nobody takes the name of somebody who joins by themselves.
GIFT_BRANCH, CAMPAIGN_BRANCH, COHORT_BRANCH, ROW_BRANCH = 1 << 40, 1 << 45, 1 << 50, 1 << 55
NEVER, NO_MONTH = np.inf, 32767

PERSON = np.dtype(
    [
        ("key", np.uint64),
        ("turn", np.float32),  # a lapsed person's reading of the cell's clock at which they come back or withdraw
        ("declared", np.float32),  # declared income in floors of the opening, before the ceiling
        ("cell", np.int32),
        ("joined", np.int16),
        ("due", np.int16),  # month in which the paid months have run out
        ("leave", np.int16),  # month in which a member leaves for good, if they are one then
        ("since", np.int16),  # a member's first month in a row; a lapsed person's month of lapsing
        ("paid", np.int16),  # the 12 months before `since` (a member), or up to it (a lapsed one); bit 0 is the last
        ("subsidized", np.int16),  # months of subsidy used
        ("away", np.int16),  # months of having lapsed since joining, before the last return
        ("state", np.int8),
        ("kind", np.int8),
        ("spell", np.int8),
        ("persons", np.int8),  # whom this row stands for: they live one life
    ],  # not aligned: a row without gaps is a fifth shorter, and memory is what limits the size of a world
)


Row = Any  # a row of a table of PERSON: compiled code reads its columns as attributes, for which numpy has no type


class Rules(NamedTuple):
    """Parameters of a draw that compiled code needs (the stock engine has arrays of many draws in their place)."""

    annual_lapse: float
    renewal_price_response: float
    tenure_effect: float
    renewal_contact: float
    gift_retention: float
    floor_share: float
    poor_above_floor: float
    declared_tail: float
    lump_sum_rate: float
    frailty_shape: float
    eligible_entry_rate: float
    eligible_exit_rate: float

    @classmethod
    def of(cls, drawn: Drawn) -> "Rules":
        """Take them out of all drawn parameters: arrays (draws,)."""
        arrays: Any = [np.ascontiguousarray(drawn[name]) for name in cls._fields]
        return cls(*arrays)

    def one(self, draw: int) -> "Rules":
        """Those of one draw."""
        arrays: Any = self
        return Rules(*(float(values[draw]) for values in arrays))


class Month(NamedTuple):
    """What a month brings to people; c, g, k, b stand for communes, groups, price classes and bands."""

    t: int  # months since the opening
    month: int  # month index of the calendar
    accept: np.ndarray  # (k, g, b) relative acceptance
    burden_rise: np.ndarray  # (k, g, b)
    full_rise: np.ndarray  # (g, b) the same for those whose months of subsidy are used up
    contact: np.ndarray  # (c, g) hazard of entry at acceptance 1
    on_paper: np.ndarray  # (c,) share of this month's entries that pay as those of a campaign do
    signing: np.ndarray  # (c, g) persons who sign for a campaign
    keep: np.ndarray  # (c,) chance that a member of a campaign pays for one month more
    lapse: float  # factor on the hazard of lapsing of all others
    called: np.ndarray  # (c,) share of due members called on
    advised: np.ndarray  # (c,) share of short payers who follow the advice to pay a year
    returning: np.ndarray  # (c,) hazard per month at the reference price
    staying: np.ndarray  # (years,) share of those who came into a pool so many years ago that have not left it for good
    price_class: np.ndarray  # (c,)
    spells: Spells
    newly: np.ndarray  # (spells,) months by which a new member's payment is worth more to collectors than a renewal
    subsidy_months: int  # months for which the state subsidizes one person
    contribution: float  # VND a month on the floor
    floor: float  # in floors of the opening
    per_floor: float  # the inverse of it
    ceiling: float  # highest income as a multiple of the floor
    state: np.ndarray  # (k, g) shares of the floor contribution
    province: np.ndarray
    donors: np.ndarray


class Pool(NamedTuple):
    """People who have not enrolled, by cell; the cells of the opening come first, then those of later years."""

    home: np.ndarray  # the opening's cell whose pressure they feel
    key: np.ndarray
    left: np.ndarray  # rows to come: those whose resistance has not been passed, some of whom will have left by then
    rank: np.ndarray
    year: np.ndarray  # calendar year in which they came in
    log_survival: np.ndarray
    start: np.ndarray  # the pressure there was when these people came in
    next: np.ndarray  # pressure at which the next of them enrolls


class Late(NamedTuple):
    """Pools of those who became eligible after the opening, by commune and group."""

    pools: np.ndarray  # (pools of later years,) their positions
    first: np.ndarray  # (communes x groups + 1,) where those of each begin
    left: np.ndarray  # (communes x groups,) rows to come from them
    opening: int  # the first pool of a later year


class Ledger(NamedTuple):
    """Running numbers of a draw."""

    pressure: np.ndarray  # (cells,)
    return_clock: np.ndarray  # (cells,)
    foreseen: np.ndarray  # (k, g, b, months) the most that a return clock will read, as far as can be foreseen
    leave_clock: np.ndarray  # (communes, months) sum of the hazards up to and with the month
    leave_never: np.ndarray  # (months, communes) luck below it never leaves, so that most need no logarithm
    found_clock: np.ndarray  # (months, communes) sum of the hazards of being found by inspections before enrolling
    leave_split: np.ndarray  # (communes, months) share of those who leave that go to compulsory insurance
    members: np.ndarray  # (communes, groups)
    campaign: np.ndarray  # (communes, groups) of the members, those who signed for a campaign and go on month by month
    active: np.ndarray  # (communes, groups) members who paid 9 of the last 12 months
    activated: np.ndarray  # (months, communes, groups) members of whom it is known that they will be from a month on
    due: np.ndarray  # (months, communes) members due in each month, for the teams
    count: np.ndarray  # type: ignore[assignment]  # (1,) rows of the table in use; not the method of tuples
    free: np.ndarray  # (2,) a row to be used again (each names the next one in `cell`), and how many there are


class Crowd(NamedTuple):
    """One draw of the people of a place, as compiled code works on it."""

    pool: Pool
    ledger: Ledger
    table: np.ndarray  # (rows,) PERSON
    wake: np.ndarray  # (rows,) first month in which something can happen to each
    turns: np.ndarray  # (rows,) which rows are looked at in this month
    everybody: bool  # rows of those who are gone for good are kept, for a reader; else they are used again
    persons: int  # whom a row stands for; the opening has rows of what is left over


class Effects(NamedTuple):
    """What prices, spells and tenure do to renewal and return in a month."""

    price: np.ndarray  # (k, g, b) factor on the hazard of lapsing
    full: np.ndarray  # (g, b) the same for those whose months of subsidy are used up
    ease: np.ndarray  # (k, g, b) factor on the hazard of returning
    by_spell: np.ndarray  # (spells,) hazards of lapsing; filled in when the month is lived
    by_tenure: np.ndarray  # (months,) factors on it; filled in as well


class Gifts(NamedTuple):
    """Books given in a month, and who stands beside the people of the opening to get one or to sign for a campaign."""

    persons: np.ndarray  # (c, g)
    months: np.ndarray  # (c, g) length of a book
    late: Late


class Past(NamedTuple):
    """What is known of the opening members."""

    month: int  # month index of the opening
    campaign: float  # chance to be a campaign member
    subsidized: int  # months since the subsidy began; nobody has had more
    spells: Spells
    met: np.ndarray  # (spells,) shares of spells that a passer-by meets: long ones are met more often


class Who(NamedTuple):
    """Where a person stands: row, commune and group."""

    row: int
    commune: int
    group: int
