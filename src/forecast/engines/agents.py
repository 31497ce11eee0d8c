"""The agent engine: commune teams act (mesa agents), people respond (compiled events).

The order of a month, written down once:
1. Each team looks at its members, its due list and its plan, and splits its hours (`Team.step`).
2. Visits, meetings, broadcasts, word of mouth and drives become contact per eligible person (`Offices.contact`).
3. Members leave, renew or lapse; the lapsed may return; then pressure is added and people enter (`events.People`).
4. The ledger of the month is kept by draw, commune and group.

One mesa model holds a batch of draws side by side: a team's numbers are arrays (draws,), so a team of one commune acts
in all worlds at once. Subclass `Team` and give it to `AgentEngine(team=...)` to try another rule.
"""

import mesa
import numpy as np
import pandas as pd

from forecast import behavior, tables
from forecast.engines import deaf_to, events, silence
from forecast.engines.world import World, contact, make_world, plan_rows, rows_of
from forecast.plan import COLUMNS, GROUPS
from forecast.scenario import Scenario

BATCH, BATCH_MEMBERS = 32, 500_000  # draws side by side, fewer where many are members; no answer depends on it
G = len(GROUPS)


class Team(mesa.Agent):
    """The collectors of one commune; its numbers are arrays (draws,), one for each world of the batch."""

    def __init__(self, model: "Offices", place_in_list: int):
        """Join `model` as the team of commune number `place_in_list`."""
        super().__init__(model)
        self.commune = place_in_list

    def step(self) -> None:
        """Look at the commune, decide the month's hours, and report them to the model."""
        self.model.report(self.commune, self.decide(self.model.view(self.commune)))

    def decide(self, seen: behavior.Seen) -> behavior.Hours:
        """Split the month's hours; override this to try another rule.

        A rule may call this one and change its answer, as in
        `hours = super().decide(seen); return hours._replace(visits=1.2 * hours.visits)`.
        """
        return behavior.team_month(seen, self.model.world.team_rules)


class RenewalsFirst(Team):
    """Another rule, as an example: call on every due member before anybody new is visited."""

    def decide(self, seen: behavior.Seen) -> behavior.Hours:
        """Split the month's hours as if all due members were on a list."""
        return super().decide(seen._replace(reminders=1.0))


class Offices(mesa.Model):
    """All commune teams of a place in a batch of worlds.

    mesa 3.3 never frees a model that is thrown away, so one model is kept for each process and `load`ed again.
    """

    def __init__(self, team: type[Team] = Team, collect: bool = False):
        """Make an empty model whose teams are of class `team`; `collect` keeps a monthly record for a reader."""
        super().__init__(rng=0)  # luck is never taken from the model; a fixed number keeps mesa from asking the clock
        self.team, self.collect = team, collect

    def load(self, world: World) -> None:
        """Take up a new batch: teams, people and month are as at the opening."""
        self.agents.do("remove")
        self.world, plan, d = world, world.plan, world.drawn
        self.t, first = 0, tables.month_index(plan.months[0])
        inspected = 1 + d["inspection_effect"][:, None, None] * (plan.inspection / world.eligible * 1000)
        to_compulsory = d["transfer_rate"][:, None, None] / 12 * inspected
        lowest_rise = world.burden_rise.min(axis=(0, 2, 3, 4))
        fastest = d["return_rate"] * (1 + d["rush"]) * np.exp(-d["renewal_price_response"] * lowest_rise)
        rushed = d["december_rush_share"] * (first % 12 == 11)
        self.people, rules = [], events.Rules.of(d)
        for draw, key in enumerate(world.keys):
            people = events.People(
                key, world.numbers, world.cells, rules.one(draw), to_compulsory[draw], world.other_exits[:, draw],
                fastest[draw],
            )  # fmt: skip
            people.open(world.opening[draw], first, rushed[draw], max(0, first - behavior.SUBSIDY_BEGINS + 1))
            self.people.append(people)
        self.members = self._members()
        self.year_start = self.members
        self.visits, self.called, self.rushed, self.effort = np.zeros((4, *self.members.shape))
        self.flows = np.zeros((len(world.keys), len(events.FLOWS), len(plan.communes), G))
        self.pulled = np.zeros(self.members.shape[::-1])
        self.team.create_agents(self, len(world.numbers), list(range(len(world.numbers))))
        self.datacollector = _collector() if self.collect else None

    def _members(self) -> np.ndarray:
        """Members by (communes, draws)."""
        return np.stack([people.ledger.members.sum(axis=1) for people in self.people], axis=1)

    def view(self, c: int) -> behavior.Seen:
        """What the team of commune `c` sees at the beginning of a month."""
        arrays = (self.world.skill, self.due, self.members, self.goals, self.year_start)
        return behavior.Seen(*self.rows[c], self.deadline, *(array[c] for array in arrays))

    def report(self, c: int, hours: behavior.Hours) -> None:
        """Note what the team of commune `c` does this month."""
        self.visits[c], self.called[c], self.rushed[c], self.effort[c] = hours

    def step(self) -> None:
        """Live one month; what happens is in `flows` until the next one."""
        world, plan, money = self.world, self.world.plan, self.world.money
        self.flows[:] = 0.0
        self.t += 1
        t, month = self.t, tables.month_index(plan.months[self.t])
        self.members = self._members()
        self.due = np.stack([people.ledger.due[t] for people in self.people], axis=1)
        self.rows, self.goals, self.deadline = plan_rows(plan, t).tolist(), world.goals[t], float(world.deadline[t])
        if month % 12 == 0:
            self.year_start = self.members
        self.agents.do("step")
        press, rushed = contact(world, t, self.visits, self.rushed, self.members, self.pulled)
        called, returning = self.called.T.copy(), (world.drawn["return_rate"] * self.effort).T.copy()
        for draw, people in enumerate(self.people):
            now = events.Month(
                t, month, world.accept[t, draw], world.burden_rise[t, draw], press[draw], rushed[draw], called[draw],
                plan.advice[t], returning[draw], money.price_class, money.floor_contribution[t],
                money.ceiling_multiple[t], money.state[t], money.province[t], money.donors[t],
            )  # fmt: skip
            if month % 12 == 0:
                people.new_year(month // 12)
            people.live(now, plan.gift[t], plan.gift_months[t], self.flows[draw])
        if self.datacollector:
            self.datacollector.collect(self)


def _collector() -> mesa.DataCollector:
    """What a reader can watch of each team: means over the draws."""
    reporters = {
        "month": lambda team: str(team.model.world.plan.months[team.model.t]),
        "commune": lambda team: team.model.world.plan.communes[team.commune],
        "members": lambda team: team.model._members()[team.commune].mean(),
    }
    for name in behavior.Hours._fields:
        reporters[name] = lambda team, name=name: getattr(team.model, name)[team.commune].mean()
    return mesa.DataCollector(agent_reporters=reporters)


def observe(scenario: Scenario, team: type[Team] = Team, *, draws: int = 16, seed: int = 1) -> pd.DataFrame:
    """Watch the teams of a scenario month by month.

    Returns `month, commune, members, visits, called, rushed, effort`: persons at the end of the month, visits in it,
    shares, and effort (1 = ordinary), each the mean over `draws`.
    """
    model = _model(team)
    model.collect = True
    try:
        model.load(make_world(scenario, range(draws), seed))
        for _ in scenario.months[1:]:
            model.step()
        return model.datacollector.get_agent_vars_dataframe().reset_index(drop=True)
    finally:
        model.collect = False


class AgentEngine:
    """Simulates teams and people; sees every lever.

    >>> AgentEngine().name
    'agents'
    """

    name = "agents"
    sees = frozenset(COLUMNS)

    def __init__(self, team: type[Team] = Team):
        """Use teams of class `team`, a subclass of `Team` with another rule."""
        self.team = team

    def run(self, scenario: Scenario, draws: range, seed: int) -> pd.DataFrame:
        """Return projection rows of the place, for every month, group and measure."""
        if deaf_to(self, scenario):
            return silence()
        size = min(BATCH, max(4, int(BATCH_MEMBERS // max(scenario.opening[0], 1))))
        starts = range(draws.start, draws.stop, size)
        results = [self._batch(scenario, range(d, min(d + size, draws.stop)), seed) for d in starts]
        return rows_of(scenario, self.name, draws, np.concatenate(results))

    def _batch(self, scenario: Scenario, draws: range, seed: int) -> np.ndarray:
        """Values by (draws, months, measures, groups + all) of the place."""
        model, world = _model(self.team), make_world(scenario, draws, seed)
        model.load(world)
        plan = world.plan
        values = np.zeros((len(draws), len(plan.months), len(tables.MEASURES), G + 1))
        columns = [list(tables.MEASURES).index(f) for f in events.FLOWS]
        spent = plan.spending.sum(axis=(1, 2))
        for t in range(len(plan.months)):
            if t:
                model.step()
                values[:, t, columns, :G] = model.flows.sum(axis=2)
            values[:, t, 0, :G] = [people.ledger.members.sum(axis=0) for people in model.people]
        values[..., G] = values[..., :G].sum(axis=-1)
        values[:, 1:, list(tables.MEASURES).index("spent_outreach"), G] = spent[1:]
        return values


_MODELS: dict[type, Offices] = {}


def _model(team: type[Team]) -> Offices:
    """The one model of this process for a class of teams."""
    if team not in _MODELS:
        _MODELS[team] = Offices(team)
    return _MODELS[team]
