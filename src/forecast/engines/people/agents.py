"""The agent engine: commune teams act (mesa agents), people respond (compiled events).

The order of a month, written down once:
1. Each team looks at its members, its due list and its plan, and splits its hours (`Team.step`).
2. Visits, meetings, broadcasts, word of mouth and drives become contact per eligible person (`Offices.contact`).
3. Members leave, renew or lapse; the lapsed may return; then pressure is added and people enter (`People`).
4. The ledger of the month is kept by draw, commune and group.

One mesa model holds a batch of draws side by side: a team's numbers are arrays (draws,), so a team of one commune acts
in all worlds at once. To try another rule, subclass `Team` with another `step` and give it to `AgentEngine(team=...)`.
"""

from collections.abc import Callable
from typing import Any

import mesa
import numpy as np
import pandas as pd

from forecast.data import tables
from forecast.data.trim import trim
from forecast.engines import deaf_to, heard, silence
from forecast.engines.people import records, teams
from forecast.engines.people.contact import Made, contact
from forecast.engines.people.following import world_of
from forecast.engines.people.money import charge
from forecast.engines.people.people import Moves, People
from forecast.engines.people.world import World, rows_of
from forecast.question.plan import GROUPS
from forecast.question.scenario import Scenario

BATCH, BATCH_ROWS = 32, 300_000  # draws side by side, fewer where many are members; no answer depends on it
ROOM = 500_000  # rows of a table of people that the next question uses again; else the longest of all would stay
FEWEST = 2  # draws side by side of a large place: each takes some 100 MB where a million people ever enroll
G = len(GROUPS)


# Members at the opening for each person more a row stands for, and the most of them: what single persons do by luck
# moves their number by about 1%, as in a place of so many members, far less than what nobody knows of the years ahead.
MEMBERS_A_PERSON, MOST_PERSONS = 6_000, 8


def persons_per_row(scenario: Scenario) -> int:
    """Return how many persons live one life together in a place of many members (super-individuals, Scheffer 1995).

    >>> from forecast import toy
    >>> persons_per_row(Scenario("quo", toy.place(), start="2021-12", until="2022-02", law=toy.law()))
    1
    """
    return int(min(max(scenario.opening[0] // MEMBERS_A_PERSON, 1), MOST_PERSONS))


class Team(mesa.Agent):  # type: ignore[misc]  # mesa has no types
    """The collectors of one commune; its numbers are arrays (draws,), one for each world of the batch."""

    def __init__(self, model: "Offices", place_in_list: int):
        """Join `model` as the team of commune number `place_in_list`."""
        super().__init__(model)
        self.commune = place_in_list

    def step(self) -> None:
        """Act by the ordinary rule: `self.act(self.ordinary(self.look()))`, in one compiled call."""
        teams.team_acts(self.commune, *self.model.desk)

    def look(self) -> teams.Seen:
        """See the commune at the beginning of a month."""
        planned, looked_at, *_ = self.model.desk
        facts: tuple[Any, ...] = (*planned[self.commune].tolist(), *looked_at[:, self.commune])
        return teams.Seen(*facts)

    def ordinary(self, seen: teams.Seen) -> teams.Hours:
        """Split the month's hours as ordinary teams do that see this."""
        return teams.team_month(seen, self.model.world.team_rules)

    def act(self, hours: teams.Hours) -> None:
        """Spend the month so."""
        self.model.hours[:, self.commune] = hours


class RenewalsFirst(Team):
    """Another rule, as an example: call on every due member before anybody new is visited."""

    def step(self) -> None:
        """Do as ordinary teams do when all due members are on a list."""
        self.act(self.ordinary(self.look()._replace(reminders=1.0)))


class Offices(mesa.Model):  # type: ignore[misc]  # mesa has no types
    """All commune teams of a place in a batch of worlds.

    mesa 3.3 never frees a model that is thrown away, so one model is kept for each process and `load`ed again.
    """

    def __init__(self, team: type[Team] = Team, collect: bool = False):
        """Make an empty model whose teams are of class `team`; `collect` keeps a monthly record for a reader."""
        super().__init__(rng=0)  # luck is never taken from the model; a fixed number keeps mesa from asking the clock
        self.team, self.collect = team, collect
        self.people: list[People] = []

    def load(self, world: World, everybody: bool = True) -> None:
        """Take up a new batch: teams, people and month are as at the opening.

        Without `everybody` those who are gone for good leave the tables of people, which takes less memory.
        """
        self.agents.do("remove")
        self.world, plan, d = world, world.plan, world.drawn
        self.t, first = 0, tables.month_index(plan.months[0])
        price = np.exp(-d["renewal_price_response"][:, None, None, None] * world.burden_rise)
        fastest = d["return_rate"][:, None, None, None] * price
        rooms = [people.room for people in self.people] + [None] * len(world.keys)  # memory is used again
        self.people, rules, persons = [], records.Rules.of(d), persons_per_row(world.scenario)
        spells = world.layout.spells
        for draw, key in enumerate(world.keys):
            moves = Moves(
                world.to_compulsory[:, draw],
                world.inspection_hazard[:, draw],
                world.other_exits[:, draw],
                fastest[:, draw],
                int(spells[0].months[-1]),
            )
            cells, one, room = world.cells, rules.one(draw), rooms[draw]
            people = People(key, world.numbers, cells, one, moves, room, everybody=everybody, persons=persons)
            people.open(world.opening[draw], first, world.campaigns.opened[draw], world.layout.subsidized, spells[0])
            self.people.append(people)
        size = len(plan.communes), len(world.keys)
        self.looked_at, self.hours = (np.zeros((len(f), *size)) for f in (teams.LOOKED_AT, teams.Hours._fields))
        skill, _, members, _ = self.looked_at
        skill[:] = world.skill
        members[:] = self.members()
        self.rules = np.array(world.team_rules)
        self.flows = np.zeros((len(world.keys), len(plan.communes), G, records.COUNTED))
        self.pulled = np.zeros(size[::-1])
        self.team.create_agents(self, len(world.numbers), list(range(len(world.numbers))))
        self.datacollector = _collector() if self.collect else None

    def give_back(self) -> None:
        """Let long tables of people go when a question is answered; the next batch of it would have used them again."""
        if any(len(people.table) > ROOM for people in self.people):
            self.people = []
            trim()

    def members(self) -> np.ndarray:
        """Members by (communes, draws), now."""
        return np.stack([people.ledger.members.sum(axis=1) for people in self.people], axis=1)

    def campaign(self) -> np.ndarray:
        """Members of campaigns by (draws, groups), now."""
        return np.stack([people.ledger.campaign.sum(axis=0) for people in self.people])

    def step(self) -> None:
        """Live one month; what happens is in `flows` until the next one."""
        world, plan, layout, price = self.world, self.world.plan, self.world.layout, self.world.prices
        self.flows[:] = 0.0
        self.t += 1
        t, month = self.t, tables.month_index(plan.months[self.t])
        _, due, members, goals = self.looked_at
        members[:], goals[:] = self.members(), world.goals[t]
        due[:] = np.stack([people.ledger.due[t] for people in self.people], axis=1)
        # What is on each team's desk, in the order of `teams.team_acts`.
        self.desk = teams.plan_rows(plan, t), self.looked_at, self.rules, self.hours
        self.agents.do("step")
        hours = teams.with_others(teams.Hours(*self.hours), world.effect, t)
        press, on_paper = contact(world, t, Made(hours.visits, members), self.pulled)
        called = hours.called.T.copy()
        returning = np.repeat(world.drawn["return_rate"][:, None], len(plan.communes), axis=1)
        signing = world.campaigns.signing(plan, t, members.sum(axis=0) - self.campaign().sum(axis=1))
        staying = (1 - world.drawn["eligible_exit_rate"][:, None]) ** np.arange(t // 12 + 2)
        keep, advised = world.campaigns.kept(plan, t), world.advised(t)
        for draw, people in enumerate(self.people):
            now = records.Month(
                t=t,
                month=month,
                accept=world.accept[t, draw],
                burden_rise=world.burden_rise[t, draw],
                full_rise=world.full_rise[t, draw],
                contact=press[draw],
                on_paper=on_paper[draw],
                signing=signing[draw],
                keep=keep[draw],
                lapse=float(world.lapse[t, draw]),
                called=called[draw],
                advised=advised[draw],
                returning=returning[draw],
                staying=staying[draw],
                price_class=price.price_class,
                spells=layout.spells[t],
                newly=layout.newly[t],
                subsidy_months=int(layout.subsidy_months[t]),
                contribution=price.floor_contribution[t],
                floor=float(price.floor_contribution[t] / price.floor_contribution[0]),
                per_floor=float(price.floor_contribution[0] / price.floor_contribution[t]),
                ceiling=price.ceiling_multiple[t],
                state=world.support.state[t, draw],
                province=world.support.province[t, draw],
                donors=world.support.donors[t, draw],
            )
            if month % 12 == 0:
                people.new_year(month // 12)
            people.live(now, plan.gift[t], plan.gift_months[t], self.flows[draw])
        if self.datacollector:
            self.datacollector.collect(self)


def _mean_of(row: int) -> Callable[[Team], Any]:
    """The mean over the draws of one row of a team's hours."""
    return lambda team: team.model.hours[row, team.commune].mean()


def _collector() -> mesa.DataCollector:
    """What a reader can watch of each team: means over the draws."""
    reporters: dict[str, Callable[[Team], Any]] = {
        "month": lambda team: str(team.model.world.plan.months[team.model.t]),
        "commune": lambda team: team.model.world.plan.communes[team.commune],
        "members": lambda team: team.model.members()[team.commune].mean(),
    }
    for i, name in enumerate(teams.Hours._fields):
        reporters[name] = _mean_of(i)
    return mesa.DataCollector(agent_reporters=reporters)


def observe(scenario: Scenario, team: type[Team] = Team, *, draws: int = 16, seed: int = 1) -> pd.DataFrame:
    """Watch the teams of a scenario month by month.

    Returns `month, commune, members, visits, called`: persons at the end of the month, visits in it, and the share of
    due members called on, each the mean over `draws`.
    """
    model = model_of(team)
    model.collect = True
    try:
        model.load(world_of(scenario, range(draws), seed))
        for _ in scenario.months[1:]:
            model.step()
        collector: Any = model.datacollector
        seen: pd.DataFrame = collector.get_agent_vars_dataframe()
        return seen.reset_index(drop=True)
    finally:
        model.collect = False


def by_commune(scenario: Scenario, draws: range, seed: int) -> np.ndarray:
    """Return members by (draws, months, communes), the same people as behind the numbers of `AgentEngine`.

    >>> from forecast import toy
    >>> quo = Scenario("quo", toy.place(), start="2021-12", until="2022-02", law=toy.law())
    >>> by_commune(quo, range(2), 1).shape
    (2, 3, 6)
    """
    model, members = model_of(Team), np.zeros((len(draws), len(scenario.months), len(scenario.place.communes)))
    for first in range(draws.start, draws.stop, BATCH):
        batch = range(first, min(first + BATCH, draws.stop))
        here = members[first - draws.start : batch.stop - draws.start]
        model.load(world_of(scenario, batch, seed), everybody=False)
        here[:, 0] = model.members().T
        for t in range(1, len(scenario.months)):
            model.step()
            here[:, t] = model.members().T
    return members


class AgentEngine:
    """Simulates teams and people; sees every lever.

    >>> AgentEngine().name
    'agents'
    """

    name = "agents"
    sees = heard("agents")

    def __init__(self, team: type[Team] = Team):
        """Use teams of class `team`, a subclass of `Team` with another rule."""
        self.team = team

    def run(self, scenario: Scenario, draws: range, seed: int) -> pd.DataFrame:
        """Return projection rows of the place, for every month, group and measure."""
        if deaf_to(self, scenario):
            return silence()
        rows = max(scenario.opening[0] / persons_per_row(scenario), 1)
        most = min(BATCH, max(FEWEST, int(BATCH_ROWS // rows)))
        size = -(-len(draws) // -(-len(draws) // most))  # batches as equal as can be
        starts = range(draws.start, draws.stop, size)
        results = [batch(self.team, scenario, range(d, min(d + size, draws.stop)), seed) for d in starts]
        model_of(self.team).give_back()
        return rows_of(scenario, self.name, draws, np.concatenate(results))


def batch(
    team: type[Team],
    scenario: Scenario,
    draws: range,
    seed: int,
    look: Callable[[Offices, int], object] | None = None,
) -> np.ndarray:
    """Values by (draws, months, measures, groups + all) of the place; `look` is shown the model and its month."""
    model, world = model_of(team), world_of(scenario, draws, seed)
    model.load(world, everybody=look is not None)
    plan, measures = world.plan, list(tables.MEASURES)
    values = np.zeros((len(draws), len(plan.months), len(measures) + 1, G + 1))
    columns = [*(measures.index(f) for f in records.FLOWS), len(measures)]
    stock, lasting = measures.index("members"), measures.index("lasting_members")
    for t in range(len(plan.months)):
        if t:
            model.step()
            values[:, t, columns, :G] = model.flows.sum(axis=1).transpose(0, 2, 1)
        values[:, t, stock, :G] = [people.ledger.members.sum(axis=0) for people in model.people]
        values[:, t, lasting, :G] = values[:, t, stock, :G] - model.campaign()
        if look:
            look(model, t)
    values[..., G] = values[..., :G].sum(axis=-1)
    return charge(values, scenario, draws, seed)


_MODELS: dict[type, Offices] = {}


def model_of(team: type[Team]) -> Offices:
    """The one model of this process for a class of teams."""
    if team not in _MODELS:
        _MODELS[team] = Offices(team)
    return _MODELS[team]
