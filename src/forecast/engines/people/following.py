"""The simulated status quo follows the baseline, draw by draw; policies are paired on top of it.

What happens if nothing changes is what the pool of engines says (:mod:`forecast.engines.pool`), which was true ahead;
what a policy changes is what people and teams do. They meet here: month by month the status quo's hazard of entry (or,
where lasting members fall faster than they would, the hazard of lapsing) is moved so that lasting members are those of
the baseline's draw, and as many people sign in campaigns as its draw has above them. Factors and campaigns are then the
same under every policy. It is found with the stock engine's means, and serves the agents as well.

A question that says so (`Scenario.learned` "priors"), or whose place or law is invented, follows nothing: its campaigns
are those of `campaign_rise` and `campaign_stay`.
"""

import hashlib
import pickle
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from forecast.data import files
from forecast.data.code import ENGINES, code_hash
from forecast.engines import status_quo
from forecast.engines.campaign.ahead import Paths
from forecast.engines.people.means import Run, TeamWork, skill_classes
from forecast.engines.people.outside import NEAR
from forecast.engines.people.world import World, make_world
from forecast.engines.pool import PoolEngine
from forecast.question.fingerprint import fingerprint
from forecast.question.scenario import Scenario

BLOCK = 32  # draws that are led side by side
MOST_KEPT = 256  # blocks in a process: some 100 kB each
LEAST_PRESSURE = 0.25  # of the ordinary: where members fall faster, more of them stop (judgement)
TRIES = 7  # of the hazard of lapsing, where members fall; each lives a month
MOST_LAPSE = 1e3
_LED: dict[tuple[bytes, int], "Led"] = {}


class Led(NamedTuple):
    """How the status quo comes to follow its baseline, each (months, draws)."""

    pressure: np.ndarray  # factor on the hazard of entry
    lapse: np.ndarray  # factor on the hazard of lapsing
    signed: np.ndarray  # persons who sign for a campaign
    keep: np.ndarray  # chance of a campaign member to pay for one month more
    closed: np.ndarray  # part of a gain by which the campaign shrinks
    lasting: np.ndarray  # members
    opening: np.ndarray  # members, and the share of campaign members; no rows where the place's own stand

    def part(self, draws: slice) -> "Led":
        """Return some of the draws, by position."""
        return Led._make(x[:, draws] for x in self)

    @classmethod
    def joined(cls, parts: Sequence["Led"]) -> "Led":
        """Return draws of several parts, one after the other."""
        return cls._make(np.concatenate(same, axis=1) for same in zip(*parts, strict=True))


def world_of(scenario: Scenario, draws: range, seed: int, strata: np.ndarray | None = None) -> World:
    """Return the world of a batch of draws as its months go; `strata` (communes,) puts communes together."""
    led = led_by(scenario, draws, seed)
    world = make_world(scenario, draws, seed, strata, led.opening)
    campaigns = world.campaigns._replace(signed=led.signed, keep=led.keep, closed=led.closed, lasting=led.lasting)
    return world._replace(base=world.base * led.pressure, lapse=led.lapse, campaigns=campaigns)


def led_by(scenario: Scenario, draws: range, seed: int) -> Led:
    """Return how the status quo of a question comes to follow its baseline: the same for every policy.

    It is found :data:`BLOCK` draws at a time and kept, here and for other processes: engines, policies and commands
    that ask about the same months of a place share it.
    """
    quo = status_quo(scenario)
    state = code_hash(*ENGINES)
    asked = pickle.dumps((dict(quo), quo.learned, seed, state))  # what is pickled otherwise is looked up again, no more
    key, blocks = hashlib.blake2b(asked).digest(), []
    for first in range(draws.start - draws.start % BLOCK, draws.stop, BLOCK):
        if (key, first) not in _LED:
            while len(_LED) >= MOST_KEPT:
                del _LED[next(iter(_LED))]  # the oldest
            _LED[key, first] = _led(quo, range(first, first + BLOCK), seed, state)
        wanted = slice(max(draws.start - first, 0), min(draws.stop - first, BLOCK))
        blocks.append(_LED[key, first].part(wanted))
    return Led.joined(blocks)


def _led(quo: Scenario, block: range, seed: int, state: str) -> Led:
    if not quo.follows:
        return lead(quo, block, seed, None)

    def make() -> dict[str, np.ndarray]:
        return lead(quo, block, seed, _baseline(state).paths(quo, block, seed))._asdict()

    return Led(**files.remembered("led", (fingerprint(quo), block.start, seed, state), make))


@lru_cache(maxsize=2)
def _baseline(_: str) -> PoolEngine:
    """Return the pool for a state of code and tables: what it has found out is of that state."""
    return PoolEngine()


def lead(quo: Scenario, draws: range, seed: int, paths: Paths | None) -> Led:
    """Live the months of a status quo and find what makes it follow `paths`; without paths, its campaigns."""
    strata = np.zeros(len(quo.place.communes), np.int64)
    opening = np.zeros((0, len(draws)))
    if paths is not None:
        members = np.rint(paths.members[0])
        opening = np.stack([members, 1 - np.minimum(paths.lasting[0], members) / np.maximum(members, 1)])
    world = make_world(quo, draws, seed, strata, opening)
    run, shape = Run(world, skill_classes(quo, strata, world)), world.lapse.shape
    pressure, signed, lasting = np.ones(shape), np.zeros(shape), np.zeros(shape)
    keep, closed = (world.campaigns.keep, world.campaigns.closed) if paths is None else (paths.keep, paths.closed)
    world.campaigns.keep[:] = keep
    lasting[0] = (run.stock() - run.campaign()).sum(axis=1)
    for t in range(1, shape[0]):
        work = run.begin(t)
        if paths is None:
            december = quo.months[t].month == 12
            signed[t] = world.drawn["campaign_rise"] * lasting[t - 1] * december
        else:
            none = run.press(t, work, 0 * world.base[t])[0]
            press = none, run.press(t, work, world.base[t])[0] - none
            least = run.outside.entries(world, t, press, LEAST_PRESSURE)
            world.lapse[t], short, left = _lapse(run, t, work, paths.lasting[t] - least)
            pressure[t] = run.outside.pressure_for(world, t, press, short + least)
            world.base[t] *= pressure[t]
            signed[t] = np.maximum(paths.members[t] - paths.lasting[t] - left, 0.0)
        run.live(t, work, run.press(t, work), signed[t][:, None, None] * world.campaigns.share)
        lasting[t] = (run.stock() - run.campaign()).sum(axis=1)
    return Led(pressure, world.lapse, signed, keep, closed, lasting, opening)


def _lapse(run: Run, t: int, work: TeamWork, goal: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the factor on lapsing, how many must enter, and campaign members left, each (draws,).

    The factor is 1 where lasting members are below `goal` without anybody entering; else it is found by the secant
    method on its logarithm, so that they are at the goal. A draw that is there is left as it is.
    """
    month = run.empty_month(t, work)
    lasting, campaign = run.tried(t, month, np.ones(len(goal)), month.wanted)
    open_ = lasting > goal
    short = np.where(open_, 0.0, goal - lasting)
    x, y = np.zeros(len(goal)), lasting - goal
    new = np.where(open_, 0.7, 0.0)
    for _ in range(TRIES):
        if not open_.any():
            break
        residual = np.where(open_, run.tried(t, month, np.exp(new), open_)[0] - goal, y)
        slope = (residual - y) / np.where(new == x, 1.0, new - x)
        step = np.where(slope < 0, -residual / np.where(slope < 0, slope, -1.0), 0.0)
        x, y = new, residual
        open_ = open_ & (np.abs(residual) > NEAR * goal)
        new = np.where(open_, np.clip(new + step, 0.0, np.log(MOST_LAPSE)), new)
        open_ = open_ & (new != x)
    return np.exp(new), short, campaign
