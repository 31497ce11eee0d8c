"""The same people have the same luck: under every policy, on any number of cores, in batches of any size."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from forecast.beliefs.parameters import parameters_table
from forecast.data import toy
from forecast.engines.people import agents, records, teams
from forecast.engines.people.people import People
from forecast.engines.people.world import World, make_world
from forecast.experiment import project
from forecast.question.levers import Effort, Inspection, Meetings, Reminders, TopUp, Visits
from forecast.question.plan import GROUPS
from forecast.question.scenario import Scenario
from made import toy_question
from reference import engine

STORED = Path(__file__).parent / "paired_members.csv"
MORE_PRESSURE = {
    "2% more visits": Effort(times=1.02, start="2022-01"),
    "twice the visits": Effort(times=2, start="2022-01"),
    "fifty times the visits": Effort(times=50, start="2022-01"),
    "meetings for half a year": Meetings(count=3, every="month", start="2022-03", end="2022-08"),
    "help with the form": Visits(count=0, assisted=1.0, start="2023-01"),
    "a top-up": TopUp(share=0.3, start="2022-07"),
}


class Steady(agents.Team):
    """A team whose rule is fixed: it visits as much as its plan allows, whatever has happened."""

    def step(self) -> None:
        seen = self.look()
        ones = np.ones(len(seen.members))
        self.act(teams.Hours(ones * (30 * seen.collectors + seen.extra_visits), 0 * ones))


def question(name: str = "quo", *levers, until: str = "2026-12", scale: float = 1.0, **assumptions) -> Scenario:
    place = toy.place(scale, members=300 * scale)
    return toy_question(name, *levers, until=until, place=place, assumptions=assumptions)


def lived(world: World, team: type[agents.Team] = Steady) -> agents.Offices:
    """Return the model after the last month."""
    model = agents.Offices(team)
    model.load(world)
    for _ in world.plan.months[1:]:
        model.step()
    return model


def everybody(people: People) -> np.ndarray:
    """Rows of all who ever enrolled."""
    return people.table[: people.ledger.count[0]]


# More pressure


@pytest.fixture(scope="module")
def under_the_status_quo() -> list[set]:
    model = lived(make_world(question(peer_effect=0.0), range(24), 1))
    return [set(everybody(people)["key"].tolist()) for people in model.people]


@pytest.mark.parametrize("name", MORE_PRESSURE)
def test_more_pressure_enrolls_the_same_people_and_more(under_the_status_quo, name):
    model = lived(make_world(question(name, MORE_PRESSURE[name], peer_effect=0.0), range(24), 1))
    more = 0
    for people, before in zip(model.people, under_the_status_quo, strict=True):
        keys = everybody(people)["key"].tolist()
        assert len(set(keys)) == len(keys)  # nobody twice
        assert before <= set(keys)
        more += len(keys) - len(before)
    assert more > 0


def test_who_joins_later_under_another_policy_lives_the_same_life_later():
    worlds = [
        make_world(
            question(
                n,
                *levers,
                peer_effect=0.0,
                annual_lapse=0.2,
                tenure_effect=0.0,
                renewal_price_response=0.0,
                floor_share=1.0,
            ),
            range(8),
            1,
        )
        for n, levers in (("quo", ()), ("more", (Effort(times=1.5),)))
    ]
    same = shifted = 0
    for quo, more in zip(*(lived(world).people for world in worlds), strict=True):
        one = pd.DataFrame(everybody(quo)).set_index("key")
        other = pd.DataFrame(everybody(more)).set_index("key").loc[one.index]
        earlier = one["joined"] - other["joined"]
        assert (earlier >= 0).all()
        one, other = one[earlier > 0], other[earlier > 0]
        # Both have lapsed after as many months of their own; the one who joined earlier may also have come back.
        lapsed = (one["state"] == records.LAPSED) & (other["state"] == records.LAPSED)
        same += ((one["since"] - one["joined"]) == (other["since"] - other["joined"]))[lapsed].sum()
        shifted += lapsed.sum()
    assert shifted > 50
    assert same / shifted > 0.9


# The variance of a difference


def ends(draws: range, team: type[agents.Team], *levers, **assumptions) -> np.ndarray:
    """Members of the place in the last month, (draws,)."""
    return engine(question("q", *levers, **assumptions), draws, 1, team)[:, -1, 0].sum(axis=(1, 2))


def times_smaller(team: type[agents.Team], times: float, **assumptions) -> float:
    """How many times smaller the variance of a difference is than with independent draws."""
    before, after = (ends(range(200), team, *levers, **assumptions) for levers in ((), (Effort(times=times),)))
    return (before.var() + after.var()) / (after - before).var()


@pytest.mark.parametrize(("times", "promised"), [(2.0, 3.0), (1.02, 10.0)])
def test_a_difference_of_policies_has_less_variance_with_the_same_luck(times, promised):
    assert times_smaller(agents.Team, times) > promised  # parameters vary: the same ones under both policies


@pytest.mark.parametrize(("times", "promised"), [(2.0, 3.0), (1.02, 10.0)])
def test_a_difference_has_less_variance_even_when_only_the_luck_of_persons_is_left(times, promised):
    fixed = parameters_table()["value"].astype(float).to_dict()
    fixed |= {"place_spread": 0.0, "skill_spread": 0.0, "month_noise": 0.0}
    assert times_smaller(Steady, times, **fixed) > promised


# The same bits


@pytest.fixture(scope="module")
def asked() -> list[Scenario]:
    levers = (TopUp(group="poor", share=0.2, start="2022-03"), Reminders(share=0.5), Inspection(hours_per_month=5))
    return [question("quo", until="2023-03", scale=0.2), question("more", *levers, until="2023-03", scale=0.2)]


@pytest.fixture(scope="module")
def answer(asked) -> pd.DataFrame:
    return project.project(asked, ["agents"], draws=100, seed=3, jobs=1, progress=False).frame


def test_one_core_and_two_give_the_same_bits(asked, answer):
    two = project.project(asked, ["agents"], draws=100, seed=3, jobs=2, progress=False).frame
    pd.testing.assert_frame_equal(two, answer, check_exact=True)


@pytest.mark.parametrize("size", [1, 7, 16, 100])
def test_batches_of_any_size_give_the_same_bits(asked, answer, size, monkeypatch):
    monkeypatch.setattr(agents, "BATCH", size)
    for scenario in asked:
        rows = agents.AgentEngine().run(scenario, range(30), 3)
        same = answer[(answer["scenario"] == scenario.scenario) & (answer["draw"] < 30)]
        for column in ("month", "group", "measure", "draw"):
            assert rows[column].astype(str).tolist() == same[column].astype(str).tolist()
        assert rows["value"].to_numpy().tobytes() == same["value"].to_numpy().tobytes()


def test_a_draw_does_not_depend_on_the_draws_that_are_asked_with_it(asked, answer):
    rows = agents.AgentEngine().run(asked[1], range(41, 44), 3)
    same = answer[(answer["scenario"] == "more") & answer["draw"].between(41, 43)]
    assert rows["value"].to_numpy().tobytes() == same["value"].to_numpy().tobytes()


def without(world: World, c: int) -> World:
    """The same world without one of its communes."""
    keep = [i for i in range(len(world.numbers)) if i != c]
    shape = (len(world.numbers), -1)
    plan = world.plan.but(
        communes=tuple(world.plan.communes[i] for i in keep),
        **{name: column[:, keep] for name, column in world.plan.columns.items()},
    )
    layout = world.layout._replace(
        prices=replace(world.prices, price_class=world.prices.price_class[keep]),
        cells=world.cells.reshape(shape)[keep].ravel(),
    )
    return world._replace(
        plan=plan,
        numbers=world.numbers[keep],
        households=world.households[keep],
        eligible=world.eligible[keep],
        layout=layout,
        opening=world.opening.reshape(len(world.keys), *shape)[:, keep].reshape(len(world.keys), -1),
        skill=world.skill[keep],
        to_compulsory=world.to_compulsory[:, :, keep],
        inspection_hazard=world.inspection_hazard[:, :, keep],
        reach=world.reach[keep],
        goals=world.goals[:, keep],
        campaigns=world.campaigns._replace(share=world.campaigns.share[:, keep]),
    )


def flows_of(world: World) -> np.ndarray:
    """All that happens, (months, draws, flows, communes, groups), with the usual teams."""
    model, shape = agents.Offices(), (len(world.keys), records.COUNTED, len(world.numbers), len(GROUPS))
    model.load(world)
    found = np.zeros((len(world.plan.months), *shape))
    for month in found[1:]:
        model.step()
        month[:] = model.flows.transpose(0, 3, 1, 2)
    return found


def test_returns_that_nobody_foresaw_cost_time_and_not_truth():
    world = make_world(question(until="2024-12", return_rate=0.5), range(4), 1)
    expected, found = flows_of(world), []
    model = agents.Offices()
    model.load(world)
    for people in model.people:
        people.ledger.foreseen[:] = 0.0
    for _ in world.plan.months[1:]:
        model.step()
        found.append(model.flows.transpose(0, 3, 1, 2).copy())
    assert expected[:, :, records.RETURNS].sum() > 100
    assert np.array_equal(expected[1:], found)


@pytest.mark.parametrize("c", [0, 3, 5])
def test_one_more_commune_changes_nothing_for_the_people_of_the_others(c):
    world = make_world(question("q", Visits(count=5, start="2022-04"), until="2024-12", scale=0.3), range(5), 1)
    others = [i for i in range(6) if i != c]
    assert np.array_equal(flows_of(world)[:, :, :, others], flows_of(without(world, c)))


def test_one_more_person_in_a_cell_changes_nothing_for_other_cells():
    """Newcomers are left out: they come in proportion to the people there are."""
    world = make_world(question(scale=0.3, peer_effect=0.0, eligible_entry_rate=0.0), range(6), 1)
    cell = int(np.flatnonzero(world.cells > 20)[3])
    more = world._replace(layout=world.layout._replace(cells=world.cells + (np.arange(len(world.cells)) == cell)))
    sooner = 0
    for one, other in zip(lived(world).people, lived(more).people, strict=True):
        a, b = (pd.DataFrame(everybody(people)).set_index("key") for people in (one, other))
        pd.testing.assert_frame_equal(a[a["cell"] != cell], b[b["cell"] != cell], check_exact=True)
        a, b = a[a["cell"] == cell], b[b["cell"] == cell]
        assert set(a.index) <= set(b.index)
        assert (b.loc[a.index, "joined"] <= a["joined"]).all()
        sooner += (b.loc[a.index, "joined"] < a["joined"]).sum()
    assert sooner > 0


# The stored answer


def small_answer() -> pd.DataFrame:
    """Members and entries of three draws of the toy place under a few levers: whole numbers."""
    levers = (
        TopUp(group="poor", share=0.2, start="2022-07"),
        Visits(count=10, assisted=0.2, start="2022-04"),
        Meetings(count=6, every="year"),
        Reminders(share=0.5, start="2023-01"),
        Inspection(hours_per_month=10, start="2023-01"),
    )
    scenario = question("stored", *levers, until="2024-12")
    rows = project.project(scenario, ["agents"], draws=3, seed=1, jobs=1, progress=False).frame
    rows = rows[(rows["group"] == "all") & rows["measure"].isin(["members", "entries", "lapses"])]
    wide = rows.pivot_table(index=["draw", "month"], columns="measure", values="value", observed=True)
    wide = wide[["members", "entries", "lapses"]].fillna(0).reset_index().astype({"month": str})
    return wide.astype(dict.fromkeys(("draw", "members", "entries", "lapses"), "int64"))


def test_the_answer_is_the_one_that_was_stored():
    """The same on every Python and every mesa; where it has to change, `python tests/test_pairing.py` stores it again.

    A change of the answer is a change for every reader: it needs a line in CHANGES.md.
    """
    stored = pd.read_csv(STORED, dtype={"month": str})
    pd.testing.assert_frame_equal(small_answer(), stored, check_names=False)


# Memory

GROWTH = """
import gc, os
from pathlib import Path
from forecast.data import toy
from forecast.engines.people.agents import AgentEngine, model_of, Team
from forecast.question.scenario import Scenario

def resident():
    gc.collect()
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20

scenario = Scenario("toy", toy.place(), start="2021-12", until="2022-12", law=toy.law())
AgentEngine().run(scenario, range(64), 1)
before = resident()
for start in range(64, 264, 40):
    AgentEngine().run(scenario, range(start, start + 40), 1)
print(resident() - before, len(model_of(Team).agents))
"""


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="reads the resident memory from /proc")
def test_memory_does_not_grow_with_the_draws_of_a_process():
    done = subprocess.run([sys.executable, "-c", GROWTH], capture_output=True, text=True, check=True)
    grown, teams = done.stdout.split()
    assert float(grown) < 20  # MB
    assert int(teams) == 6  # mesa keeps every model it ever made: one model is loaded again and again


if __name__ == "__main__":
    small_answer().to_csv(STORED, index=False)
