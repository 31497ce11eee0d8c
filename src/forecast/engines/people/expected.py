"""A month of members in expectation: who is due, lapses, returns, joins, and what they pay (compiled).

Members of a stratum and group are numbers by kind (usual, won in a campaign, given a book) and slot (months paid at
once, months until due). Of their tenure, the sum and the sum of squares are kept.

Hazards fall with tenure and tenure differs, so a hazard at the mean tenure would be too low (Jensen). With X = 1 +
years as if log-normal with that mean and variance, mean and squares of X among those who lapse at a hazard in
proportion to X^-e follow as m (1 + v)^-e and m^2 (1 + v)^(1 - 2e), v the variance over m^2. Who has used up the months
of subsidy is told from the same distribution of tenure: months since joining stand for months with subsidy.
"""

from typing import Any, NamedTuple

import numpy as np

from forecast.engines.people import hazards as h
from forecast.engines.people import records
from forecast.engines.people.declared import after_move, mean_declared, share_above
from forecast.engines.people.hazards import Spells
from forecast.engines.people.memory import compiled, compiled_within
from forecast.engines.people.prices import PaidMonths, Terms, settle
from forecast.engines.people.records import G, Rules
from forecast.engines.people.tenure import Due, Slots, first_year, supported_months, uneven, used_up

USUAL, CAMPAIGN, GIFTED = range(3)


class Members(NamedTuple):
    """Members and those who lapsed, (draws, strata, groups, ...); brought up to date month by month."""

    stock: np.ndarray  # (..., kinds, slots) members
    tenure: np.ndarray  # (..., kinds, slots) their months of membership, added up
    square: np.ndarray  # (..., kinds, slots) the squares of these, added up
    lapsed: np.ndarray  # (..., 3) who lapsed, their months of membership, and the squares
    declared: np.ndarray  # (..., 3) share of members above the floor, their mean excess in floors, and all members


class Coming(NamedTuple):
    """Who joins in a month, (draws, strata, groups), and what is given, (strata, groups)."""

    entries: np.ndarray
    signed: np.ndarray  # of the entries, those of a campaign
    gifts: np.ndarray  # persons given a book
    gift_months: np.ndarray  # length of a book


class Facing(NamedTuple):
    """What members face in a month."""

    rise: np.ndarray  # (draws, strata, groups) rise of price / income
    full_rise: np.ndarray  # the same for those whose months of subsidy are used up
    called: np.ndarray  # (draws, strata) share of due members called on
    keep: np.ndarray  # (draws, strata) chance that a campaign member pays for one month more
    lapse: np.ndarray  # (draws,) factor on the hazard of lapsing of all others
    advised: np.ndarray  # (draws, strata) share of short payers who follow the advice to pay a year
    to_compulsory: np.ndarray  # (draws, strata) hazard of leaving for compulsory insurance
    to_other: np.ndarray  # (draws,) hazard of death and pension
    returning: np.ndarray  # (draws, strata) hazard of returning at the base price


class Tariff(NamedTuple):
    """What a month of membership costs and who pays it; k stands for price classes."""

    price_class: np.ndarray  # (strata,)
    contribution: float  # VND a month on the floor
    moved: float  # the floor of the month before over this one
    ceiling: float  # highest declared income as a multiple of the floor
    state: np.ndarray  # (draws, k, g) shares of the floor contribution
    province: np.ndarray
    donors: np.ndarray


class Month(NamedTuple):
    """All that comes to members in a month."""

    coming: Coming
    facing: Facing
    tariff: Tariff
    wanted: np.ndarray  # (draws,) the others stand still


class Where(NamedTuple):
    """A draw, a stratum and a group."""

    draw: int
    stratum: int
    group: int


class _Scratch(NamedTuple):
    """Room for one stratum and group."""

    join: np.ndarray  # (kinds, spells) who pay for a new spell
    moments: np.ndarray  # (2, spells) tenure and its square of those of the usual kind who do
    again: np.ndarray  # (3,) those who renew or return: how many, tenure, squares
    signed: np.ndarray  # (2,) tenure and its squares of campaign members who go on
    usual: np.ndarray  # (spells,) shares, after advice
    campaign: np.ndarray  # (spells,)
    worth: np.ndarray  # (2,) months by which a new member of each kind, usual or of a campaign, is worth more
    newly: np.ndarray  # (1,) these months of those who renew in their first year


class _Joining(NamedTuple):
    """Who begins or comes back in one stratum and group."""

    entries: float
    signed: float  # of the entries
    gifts: float
    back: Due  # who returns, with months of membership


def live(members: Members, slots: Slots, month: Month, rules: Rules, flows: np.ndarray) -> None:
    """Let one month of members pass; `members` is brought up to date, `flows` (draws, FLOWS, strata, groups) filled."""
    count = len(slots.spells.months)
    join, moments, again, signed = np.zeros((3, count)), np.zeros((2, count)), np.zeros(3), np.zeros(2)
    shares, worth = np.zeros((2, count)), np.zeros(2)
    scratch = _Scratch(join, moments, again, signed, shares[0], shares[1], worth, newly=np.zeros(1))
    _live(members, slots, month, rules, scratch, flows)


@compiled
def _live(members: Members, slots: Slots, month: Month, rules: Rules, scratch: _Scratch, flows: np.ndarray) -> None:
    """Live the month of every draw, stratum and group."""
    spells = slots.spells
    for d in range(len(month.wanted)):
        if not month.wanted[d]:
            continue
        one = rules_of(rules, d)
        for s in range(members.stock.shape[1]):
            _shares(spells, slots.newly, month.facing.advised[d, s], scratch)
            for g in range(G):
                _group(Where(d, s, g), members, slots, month, one, scratch, flows)


@compiled_within
def rules_of(rules: Any, d: int) -> Rules:
    """The parameters of one draw."""
    return Rules(
        rules.annual_lapse[d],
        rules.renewal_price_response[d],
        rules.tenure_effect[d],
        rules.renewal_contact[d],
        rules.gift_retention[d],
        rules.floor_share[d],
        rules.poor_above_floor[d],
        rules.declared_tail[d],
        rules.lump_sum_rate[d],
        rules.frailty_shape[d],
        rules.eligible_entry_rate[d],
        rules.eligible_exit_rate[d],
    )


@compiled_within
def _shares(spells: Spells, newly: np.ndarray, advised: float, scratch: _Scratch) -> None:
    """Shares of payers by spell when some of those who pay short follow the advice; `newly` (spells,) as in `Slots`."""
    short, scratch.worth[:] = 0.0, 0.0
    for k in range(spells.advised):
        short += spells.usual[k]
    for k in range(len(spells.months)):
        scratch.campaign[k] = spells.campaign[k]
        scratch.usual[k] = spells.usual[k] * (1 - advised if k < spells.advised else 1) + (
            advised * short if k == spells.advised else 0
        )
        scratch.worth[USUAL] += scratch.usual[k] * newly[k]
        scratch.worth[CAMPAIGN] += scratch.campaign[k] * newly[k]


@compiled_within
def _group(
    where: Where, members: Members, slots: Slots, month: Month, rules: Rules, scratch: _Scratch, flows: np.ndarray
) -> None:
    """Live the month of one draw, stratum and group."""
    d, s, g = where
    coming, facing, tariff = month.coming, month.facing, month.tariff
    scratch.join[:], scratch.moments[:], scratch.again[:], scratch.signed[:] = 0.0, 0.0, 0.0, 0.0
    gone, lapsing, lapsing_months, lapsing_squares = 0.0, 0.0, 0.0, 0.0
    leaving = facing.to_compulsory[d, s] + facing.to_other[d]
    stay = np.exp(-leaving)
    burden = np.exp(rules.renewal_price_response * facing.rise[d, s, g])
    price = facing.lapse[d] * burden
    full = facing.lapse[d] * np.exp(rules.renewal_price_response * facing.full_rise[d, s, g])
    stock, tenure, square = members.stock[d, s, g], members.tenure[d, s, g], members.square[d, s, g]
    for kind in range(3):
        if kind == GIFTED and not slots.gifted:
            continue
        for k in range(len(slots.spells.months)):
            if kind == CAMPAIGN and not slots.campaign_ever[k]:
                continue
            begin = slots.first[k]
            # Those whose paid months end now; the month that ends counts as one more of membership.
            n = stock[kind, begin] * stay
            months = tenure[kind, begin] * stay
            due = Due(n, months + n, square[kind, begin] * stay + 2 * months + n)
            gone += stock[kind, begin] * (1 - stay)
            if n > 0:
                stop = 1.0 - facing.keep[d, s] ** slots.spells.months[k]
                out = _lapse((kind, k), due, (facing.called[d, s], stop), rules, (price, full), slots)
                lapsing += out.n
                lapsing_months += out.months
                lapsing_squares += out.squares
                _renew(kind, n - out.n, max(due.months - out.months, 0.0), max(due.squares - out.squares, 0.0), scratch)
            gone = _age(stock[kind], tenure[kind], square[kind], (begin, slots.first[k + 1] - 1), stay, gone)
    _renew_newly(scratch)
    out = Due(lapsing, lapsing_months, lapsing_squares)
    back = _return(members.lapsed[d, s, g], out, facing.returning[d, s] / burden, rules)
    joining = _Joining(coming.entries[d, s, g], coming.signed[d, s, g], coming.gifts[d, s, g], back)
    _join(joining, coming.gift_months[s, g], slots, scratch)
    members.declared[d, s, g, 2] += coming.entries[d, s, g] + coming.gifts[d, s, g] + back.n - lapsing - gone
    _begin(stock, tenure, square, slots, scratch)
    p = tariff.price_class[s]
    terms = Terms(tariff.contribution, tariff.state[d, p, g], tariff.province[d, p, g], tariff.donors[d, p, g])
    _pay(joining, slots, scratch, _declared(members, where, joining, tariff, rules), terms, flows[d, :, s, g])
    flows[d, records.ENTRIES, s, g] = coming.entries[d, s, g] + coming.gifts[d, s, g]
    flows[d, records.RETURNS, s, g] = back.n
    flows[d, records.LAPSES, s, g] = lapsing
    if leaving > 0:
        flows[d, records.TO_COMPULSORY, s, g] = gone * facing.to_compulsory[d, s] / leaving
        flows[d, records.TO_OTHER, s, g] = gone * facing.to_other[d] / leaving


@compiled_within
def _renew(kind: int, n: float, months: float, squares: float, scratch: _Scratch) -> None:
    """Add due members who go on, with their tenure and its squares, to the ones who pay for a spell now."""
    shares = scratch.campaign if kind == CAMPAIGN else scratch.usual
    join = scratch.join[CAMPAIGN if kind == CAMPAIGN else USUAL]
    for q in range(len(shares)):
        join[q] += n * shares[q]
        if kind != CAMPAIGN:
            scratch.moments[0, q] += months * shares[q]
            scratch.moments[1, q] += squares * shares[q]
    if kind == CAMPAIGN:
        scratch.signed[0] += months
        scratch.signed[1] += squares
    scratch.again[0] += n
    scratch.again[1] += months
    scratch.again[2] += squares


@compiled_within
def _renew_newly(scratch: _Scratch) -> None:
    """Note what those who renew in their first year are worth to collectors; called before anybody joins."""
    usual = Due(scratch.join[USUAL].sum(), scratch.moments[0].sum(), scratch.moments[1].sum())
    campaign = Due(scratch.join[CAMPAIGN].sum(), scratch.signed[0], scratch.signed[1])
    scratch.newly[0] = 0.0
    if usual.n > 0.0 and scratch.worth[USUAL] != 0.0:
        scratch.newly[0] += usual.n * first_year(usual) * scratch.worth[USUAL]
    if campaign.n > 0.0 and scratch.worth[CAMPAIGN] != 0.0:
        scratch.newly[0] += campaign.n * first_year(campaign) * scratch.worth[CAMPAIGN]


@compiled_within
def _lapse(
    kind_spell: tuple[int, int],
    due: Due,
    called_stop: tuple[float, float],
    rules: Rules,
    price: tuple[float, float],
    slots: Slots,
) -> Due:
    """Those of the due members who lapse.

    `called_stop`: the share called on, the chance of campaign members to stop; `price`: with and without subsidy.
    """
    kind, spell, (called, campaign_stop) = kind_spell[0], slots.spells.months[kind_spell[1]], called_stop
    effect, burden = rules.tenure_effect, price[0]
    without = used_up(due, slots)  # subsidy
    if without > 0.0:
        burden += without * (price[1] - price[0])
    spread = uneven(due)
    hazard = (
        h.lapse_hazard(rules.annual_lapse, spell)
        * h.tenure_factor(due.months / due.n, effect)
        * (1.0 + spread) ** (effect * (effect + 1.0) / 2.0)
        * burden
    )
    stop = 0.0
    for is_called in range(2):
        stop += (called if is_called else 1 - called) * h.lapse_chance(
            hazard,
            is_called == 1,
            kind == CAMPAIGN,
            kind == GIFTED,
            rules.renewal_contact,
            campaign_stop,
            rules.gift_retention,
        )
    out, months, squares = due.n * stop, due.months * stop, due.squares * stop
    if kind == USUAL:  # the short tenures are among those who stop
        years = (1.0 + due.months / due.n / 12.0) * (1.0 + spread) ** -effect
        years_squares = (1.0 + due.months / due.n / 12.0) ** 2 * (1.0 + spread) ** (1.0 - 2.0 * effect)
        months = out * max(12.0 * (years - 1.0), 0.0)
        squares = out * max(144.0 * (years_squares - 2.0 * years + 1.0), 0.0)
    return Due(out, months, squares)


@compiled_within
def _age(
    stock: np.ndarray, tenure: np.ndarray, square: np.ndarray, span: tuple[int, int], stay: float, gone: float
) -> float:
    """Bring members who are not due a month nearer to it; adds those who leave for good to `gone` and returns it."""
    begin, last = span
    for slot in range(begin, last):
        n = stock[slot + 1]
        gone += n * (1 - stay)
        n *= stay
        months = tenure[slot + 1] * stay
        stock[slot] = n
        tenure[slot] = months + n
        square[slot] = square[slot + 1] * stay + 2 * months + n
    stock[last] = tenure[last] = square[last] = 0.0
    return gone


@compiled_within
def _return(away: np.ndarray, lapsing: Due, coming: float, rules: Rules) -> Due:
    """Let those who lapsed return or withdraw, and add those who lapse now; returns those who come back."""
    withdraw = rules.lump_sum_rate / 12.0
    moving = -np.expm1(-coming - withdraw)
    part = moving * coming / max(coming + withdraw, 1e-300)
    back = Due(away[0] * part, away[1] * part, away[2] * part)
    away *= 1.0 - moving
    away[0] += lapsing.n
    away[1] += lapsing.months
    away[2] += lapsing.squares
    return back


@compiled_within
def _join(joining: _Joining, gift_months: float, slots: Slots, scratch: _Scratch) -> None:
    """Add those who begin and those who come back to the ones who pay for a spell now."""
    back = joining.back
    for q in range(len(slots.spells.months)):
        scratch.join[CAMPAIGN, q] += joining.signed * scratch.campaign[q]
        scratch.join[USUAL, q] += (joining.entries - joining.signed + back.n) * scratch.usual[q]
        scratch.moments[0, q] += back.months * scratch.usual[q]
        scratch.moments[1, q] += back.squares * scratch.usual[q]
    scratch.again[0] += back.n
    scratch.again[1] += back.months
    scratch.again[2] += back.squares
    if joining.gifts > 0:
        q = 0
        while q < len(slots.spells.months) - 1 and slots.spells.months[q] < gift_months:
            q += 1
        scratch.join[GIFTED, q] = joining.gifts


@compiled_within
def _begin(stock: np.ndarray, tenure: np.ndarray, square: np.ndarray, slots: Slots, scratch: _Scratch) -> None:
    """Put those who have paid into the slots of their spells."""
    for q in range(len(slots.spells.months)):
        last = slots.first[q + 1] - 1
        tenure[CAMPAIGN, last] += scratch.signed[0] * scratch.campaign[q]
        square[CAMPAIGN, last] += scratch.signed[1] * scratch.campaign[q]
        for kind in range(3):
            stock[kind, last] += scratch.join[kind, q]
        tenure[USUAL, last] += scratch.moments[0, q]
        square[USUAL, last] += scratch.moments[1, q]


@compiled_within
def _declared(members: Members, where: Where, joining: _Joining, tariff: Tariff, rules: Rules) -> tuple[float, float]:
    """Mean declared income in floors of who is new and of who was a member before; notes what all declare from now on.

    Whoever lapsed declares as members do.
    """
    d, s, g = where
    held, fresh = members.declared[d, s, g], (share_above(rules, g), rules.declared_tail - 1.0)
    share, excess = after_move(held[0], held[1], tariff.moved)
    came = joining.entries + joining.gifts
    part = min(came / held[2], 1.0) if held[2] > 0.0 else 1.0
    held[0] = share + part * (fresh[0] - share)
    total = share * excess + part * (fresh[0] * fresh[1] - share * excess)
    held[1] = total / held[0] if held[0] > 0.0 else fresh[1]
    return mean_declared(fresh[0], fresh[1], tariff.ceiling), mean_declared(share, excess, tariff.ceiling)


@compiled_within
def _pay(
    joining: _Joining, slots: Slots, scratch: _Scratch, above: tuple[float, float], terms: Terms, flows: np.ndarray
) -> None:
    """Settle what those who have paid for a spell bring, by payer; `above` is what is declared, new and before."""
    again = Due(scratch.again[0], scratch.again[1], scratch.again[2])
    declared, supported, given, given_supported = 0.0, 0.0, 0.0, 0.0
    for q in range(len(slots.spells.months)):
        months = slots.spells.months[q]
        paying, gifted = scratch.join[USUAL, q] + scratch.join[CAMPAIGN, q], scratch.join[GIFTED, q]
        new = (joining.entries - joining.signed) * scratch.usual[q] + joining.signed * scratch.campaign[q]
        at_most = min(months, slots.subsidy_months)
        flows[records.PAID_MONTHS] += months * (paying + gifted)
        flows[records.NEWLY] += (new + gifted) * slots.newly[q]
        declared += months * (new * above[0] + (paying - new) * above[1])
        supported += at_most * new + (paying - new) * supported_months(again, months, slots)
        given += months * gifted
        given_supported += at_most * gifted
    flows[records.NEWLY] += scratch.newly[0]
    money = settle(PaidMonths(declared, supported, given, given_supported), terms)
    flows[records.BY_MEMBERS], flows[records.BY_STATE] = money[0], money[1]
    flows[records.BY_PROVINCE], flows[records.BY_DONORS] = money[2], money[3]
