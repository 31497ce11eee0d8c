"""A place month by month in expectation: teams act, people enter, members live, strata side by side.

Where formulas bend, the mean of people is not the person at the mean: teams come in classes of skill, and of tenure the
mean and the spread are kept. Nothing is rounded to whole people.
"""

from typing import NamedTuple

import numpy as np

from forecast.data import tables
from forecast.engines.people import expected as e
from forecast.engines.people import records, teams
from forecast.engines.people.contact import Made, contact
from forecast.engines.people.expected_opening import first_slots, open_members
from forecast.engines.people.outside import CLASS_SHARES, Outside
from forecast.engines.people.prices import BANDS
from forecast.engines.people.tenure import Slots
from forecast.engines.people.world import World, team_skill
from forecast.question.plan import COLUMNS, GROUPS, Effect
from forecast.question.scenario import Scenario

G = len(GROUPS)


def skill_classes(scenario: Scenario, strata: np.ndarray, world: World) -> np.ndarray:
    """Mean skill of the teams of each class, (strata, classes, draws): classes by skill, of CLASS_SHARES of the people.

    The skills are those that the agents' teams have in the same draws; a commune on an edge is in two classes.
    """
    people = np.maximum(scenario.place.communes["eligible"].to_numpy(float), 1.0)
    skill, draws = team_skill(scenario, world.keys, world.drawn), len(world.keys)
    edges = np.concatenate([[0.0], np.cumsum(CLASS_SHARES)])
    result = np.empty((len(world.numbers), len(CLASS_SHARES), draws))
    for s in range(len(world.numbers)):
        inside = strata == s
        order = np.argsort(skill[inside], axis=0, kind="stable")
        ends = np.cumsum(people[inside][order], axis=0)
        ends = np.concatenate([np.zeros((1, draws)), ends / ends[-1]])
        ranked = np.take_along_axis(skill[inside], order, axis=0)
        for q in range(len(CLASS_SHARES)):
            inner = np.diff(np.clip(ends, edges[q], edges[q + 1]), axis=0)
            result[s, q] = np.cumsum(inner * ranked, axis=0)[-1] / CLASS_SHARES[q]
    return result


def _classes(world: World, skill: np.ndarray) -> World:
    """The world with each stratum cut into classes of team skill, which share its people, households and teams."""
    strata, classes, draws = skill.shape
    share = np.tile(CLASS_SHARES, strata)
    cut = {
        name: np.repeat(world.plan.columns[name], classes, axis=1) * (share if column.adds == "sum" else 1.0)
        for name, column in COLUMNS.items()
        if not column.by_group
    }
    communes = tuple(f"class {number}" for number in range(strata * classes))
    return world._replace(
        plan=world.plan.but(communes=communes, bills=None, **cut),
        numbers=np.repeat(world.numbers, classes),
        households=np.repeat(world.households, classes) * share,
        eligible=np.repeat(world.eligible, classes) * share,
        skill=skill.reshape(-1, draws),
        reach=np.repeat(world.reach, classes, axis=0),
        goals=np.repeat(world.goals, classes, axis=1) * share[:, None],
        effect=_cut(world.effect, classes, share),
    )


def _cut(effect: Effect, classes: int, share: np.ndarray) -> Effect:
    """What levers do, for classes: visits are divided, the rest is common to them."""
    called, visits, press = (None if x is None else np.repeat(x, classes, axis=1) for x in effect)
    return Effect(called, None if visits is None else visits * share[:, None], press)


class TeamWork(NamedTuple):
    """What teams do with a month: their hours, and of each stratum's members how many each class has."""

    hours: teams.Hours
    weight: np.ndarray  # (strata, classes, draws)


class Run:
    """A world on its way through the months; `members` and `outside` are brought up to date by :meth:`live`."""

    def __init__(self, world: World, skill: np.ndarray):
        """Open the place; `skill` is what :func:`skill_classes` gives."""
        draws, strata = len(world.keys), len(world.numbers)
        self.world, self.classes = world, _classes(world, skill)
        self.slots = first_slots(world.layout.spells[0])
        opening = world.opening.reshape(draws, strata, G, BANDS)
        self.outside, self.members = Outside.of(world), _opened(world, opening, self.slots)
        self.pulled = np.zeros((draws, strata * len(CLASS_SHARES)))
        self.rises, self.ever = _mean_rises(world, opening), _slots_of(world, self.slots)
        self.rules, self.team_rules = records.Rules.of(world.drawn), np.array(world.team_rules)
        self.held = self._held()  # (strata, draws)
        self.part = (self.held[:, None] * CLASS_SHARES[:, None]).reshape(-1, draws)  # of which in each class

    def stock(self) -> np.ndarray:
        """Members, (draws, groups)."""
        stock: np.ndarray = self.members.stock.sum(axis=(1, 3, 4))
        return stock

    def campaign(self) -> np.ndarray:
        """Members of campaigns, (draws, groups)."""
        campaign: np.ndarray = self.members.stock[..., e.CAMPAIGN, :].sum(axis=(1, 3))
        return campaign

    def _held(self) -> np.ndarray:
        return np.ascontiguousarray(self.members.stock.sum(axis=(2, 3, 4)).T)

    def begin(self, t: int) -> TeamWork:
        """Begin month `t`: a new year comes, and teams act."""
        world, draws = self.world, len(self.world.keys)
        self.outside.find(world.inspection_hazard[t])
        if world.plan.months[t].month == 1:
            self.outside.new_year(world)
        due = np.ascontiguousarray(self.members.stock[..., self.slots[:-1]])
        due = np.ascontiguousarray(due.sum(axis=(2, 3, 4)).T)  # else the last bit would depend on the number of draws
        weight = self.part.reshape(len(due), -1, draws) / np.maximum(self.held, 1e-300)[:, None]
        weight = np.where(self.held[:, None] > 0, weight, CLASS_SHARES[:, None])
        due = (weight * due[:, None]).reshape(-1, draws)
        classes = self.classes
        looked_at = np.stack([classes.skill, due, self.part, classes.goals[t]])
        planned, hours = teams.plan_rows(classes.plan, t), np.empty((len(teams.Hours._fields), *looked_at.shape[1:]))
        for c in range(looked_at.shape[1]):
            teams.team_acts(c, planned, looked_at, self.team_rules, hours)
        return TeamWork(teams.with_others(teams.Hours(*hours), classes.effect, t), weight)

    def press(self, t: int, work: TeamWork, base: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
        """Return contact and the share on paper of month `t`; with a `base` of one's own nothing is kept of it."""
        pulled = self.pulled if base is None else self.pulled.copy()
        return contact(self.classes, t, Made(work.hours.visits, self.part), pulled, base)

    def empty_month(self, t: int, work: TeamWork) -> e.Month:
        """Return month `t` as members meet it if nobody enters."""
        draws, strata = len(self.world.keys), len(self.held)
        nobody = np.zeros((draws, strata, len(CLASS_SHARES), G))
        paper = np.zeros((draws, self.part.shape[0]))
        return self._month(t, work, (nobody, paper, nobody[:, :, 0]), self.world.lapse[t])[0]

    def tried(self, t: int, month: e.Month, lapse: np.ndarray, wanted: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return lasting and campaign members at the end of a `month`, each (draws,); keeps nothing.

        `lapse` (draws,) is a factor on the hazard of lapsing; draws that are not `wanted` stand still.
        """
        kept = self.members
        self.members = e.Members(*(x.copy() for x in kept))
        self._lived(t, month._replace(facing=month.facing._replace(lapse=lapse), wanted=wanted))
        campaign, stock = self.campaign().sum(axis=1), self.stock().sum(axis=1)
        self.members = kept
        return stock - campaign, campaign

    def live(self, t: int, work: TeamWork, press: tuple[np.ndarray, np.ndarray], signing: np.ndarray) -> np.ndarray:
        """Live month `t` and return its flows, (draws, FLOWS, groups); `signing` is (draws, strata, groups)."""
        entering = self.outside.enter(self.world, t, press[0])
        wanted = np.broadcast_to(self.world.plan.gift[t], signing.shape)
        both = self.outside.take(wanted + signing) / np.maximum(wanted + signing, 1e-300)
        coming = entering, press[1], signing * both
        month, came = self._month(t, work, coming, self.world.lapse[t], wanted * both)
        flows = self._lived(t, month)
        self.held, came = self._held(), np.moveaxis(came.sum(axis=3), 0, 2)  # (strata, classes, draws)
        self.part = (work.weight * (self.held - came.sum(axis=1))[:, None] + came).reshape(-1, len(signing))
        return flows

    def _month(
        self,
        t: int,
        work: TeamWork,
        coming: tuple[np.ndarray, np.ndarray, np.ndarray],
        lapse: np.ndarray,
        gifts: np.ndarray | None = None,
    ) -> tuple[e.Month, np.ndarray]:
        """Return month `t` as members meet it, and all who come, campaign and all, by class.

        `coming` is who enters, the share of them on paper, and who signs for a campaign.
        """
        world, (entering, on_paper, signing) = self.world, coming
        plan, drawn, price = world.plan, world.drawn, world.prices
        paper = (entering * on_paper.reshape(*entering.shape[:3], 1)).sum(axis=2)
        came = entering + signing[:, :, None] * CLASS_SHARES[:, None]
        given = np.broadcast_to(plan.gift[t], signing.shape) if gifts is None else gifts
        month = e.Month(
            e.Coming(came.sum(axis=2), paper + signing, np.ascontiguousarray(given), plan.gift_months[t]),
            e.Facing(
                rise=self.rises[0][t],
                full_rise=self.rises[1][t],
                called=_mean(work.weight, work.hours.called),
                keep=world.campaigns.kept(plan, t),
                lapse=lapse,
                advised=world.advised(t),
                to_compulsory=world.to_compulsory[t],
                to_other=world.other_exits[t],
                returning=np.broadcast_to(drawn["return_rate"][:, None], world.to_compulsory[t].shape),
            ),
            e.Tariff(
                price.price_class,
                price.floor_contribution[t],
                float(price.floor_contribution[t - 1] / price.floor_contribution[t]),
                price.ceiling_multiple[t],
                *(share[t] for share in world.support),
            ),
            np.ones(len(lapse), np.bool_),
        )
        return month, came

    def _lived(self, t: int, month: e.Month) -> np.ndarray:
        """Let members live a month; return the flows, (draws, FLOWS, groups)."""
        flows = np.zeros((len(self.world.keys), records.COUNTED, len(self.held), G))
        e.live(self.members, self.ever[t], month, self.rules, flows)
        by_group: np.ndarray = flows.sum(axis=2)
        return by_group


def expected(world: World, skill: np.ndarray) -> np.ndarray:
    """Values by (draws, months, measures + 1, groups + all): expected stock, flows and contributions of the place.

    `skill` is what `skill_classes` gives; the last row is `records.NEWLY`, no measure. Teams act, and people enter, by
    class; members are not told apart by class but for how many each class has, since nothing that a member does depends
    on the team's skill.
    """
    run, plan, measures = Run(world, skill), world.plan, list(tables.MEASURES)
    columns = [*(measures.index(f) for f in records.FLOWS), len(measures)]
    stock, lasting = measures.index("members"), measures.index("lasting_members")
    values = np.zeros((len(world.keys), len(plan.months), len(measures) + 1, G + 1))
    for t in range(len(plan.months)):
        if t:
            work = run.begin(t)
            held = run.stock().sum(axis=1) - run.campaign().sum(axis=1)
            signing = world.campaigns.signing(plan, t, held)
            values[:, t, columns, :G] = run.live(t, work, run.press(t, work), signing)
        values[:, t, stock, :G] = run.stock()
        values[:, t, lasting, :G] = values[:, t, stock, :G] - run.campaign()
    values[..., G] = values[..., :G].sum(axis=-1)
    return values


def _opened(world: World, opening: np.ndarray, slots: np.ndarray) -> e.Members:
    """The opening members; `opening` is (draws, strata, groups, bands)."""
    shape = *opening.shape[:3], 3
    # Members by kind and slot; their months of membership, and the squares, added up.
    stock, tenure, square = (np.zeros((*shape, int(slots[-1]))) for _ in range(3))
    members = e.Members(stock, tenure, square, np.zeros(shape), np.zeros(shape))
    campaign, rules = world.campaigns.opened, records.Rules.of(world.drawn)
    open_members(opening.sum(axis=3).astype(float), campaign, (world.layout.spells[0], slots), rules, members)
    return members


def _slots_of(world: World, slots: np.ndarray) -> list[Slots]:
    """How members are told apart in each month."""
    layout, gifts = world.layout, world.plan.gift
    signed: np.ndarray = np.asarray(np.array([spells.campaign for spells in layout.spells]).any(axis=0))
    gifted = np.logical_or.accumulate(gifts.any(axis=(1, 2)) & (np.arange(len(gifts)) > 0))
    return [
        Slots(
            spells,
            layout.newly[t],
            slots,
            signed,
            bool(gifted[t]),
            int(layout.subsidy_months[t]),
            layout.subsidized + t,
        )
        for t, spells in enumerate(layout.spells)
    ]


def _mean(weight: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Mean over classes, (draws, strata), exactly their value where they have the same."""
    values = values.reshape(weight.shape)
    mean: np.ndarray = (values[:, 0] + (weight * (values - values[:, :1])).sum(axis=1)).T
    return mean


def _mean_rises(world: World, opening: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rise of price/income of the typical member, with subsidy and without, (months, draws, strata, groups).

    Bands are weighed as at the opening.
    """
    weight = np.maximum(opening, 1e-9)
    weight = weight / weight.sum(axis=3, keepdims=True)
    rise = np.einsum("tdkgb,dkgb->tdkg", world.burden_rise[:, :, world.prices.price_class], weight)
    return rise, np.einsum("tdgb,dkgb->tdkg", world.full_rise, weight)
