"""Split a target over communes so that it is equally hard for each, beside the usual split by people.

What a commune can do is the spread of its members by the target's month, as the agent engine has it. An equally hard
share is the same quantile everywhere: each commune meets it with the same probability, and the shares add up to the
target. The usual split gives each the same share of its people. The probability of meeting a share is taken from
draws that the split has not seen.
"""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.special import ndtr, ndtri

from forecast.data import files, shown, tables, workers
from forecast.data.apportion import shared
from forecast.data.steps import steps
from forecast.desk import pieces
from forecast.engines.people.agents import by_commune
from forecast.question.scenario import Scenario

PART = 16  # draws in one piece of work
TAIL, FAR = float(ndtri(0.95)), 30.0  # where a curve takes over from draws, and where it ends, in standard deviations


class Allocation(NamedTuple):
    """A target split over communes.

    Columns of `table`, one row a commune: commune, district (names); people (eligible), opening (members at the start,
    mean of the draws), expected (members by the target's month, median), share_by_capacity, share_by_people (persons,
    adding up to the target), chance_by_capacity, chance_by_people (probability of meeting the share), draws (on which
    these rest; that of the place rests on twice as many).
    """

    scenario: Scenario
    table: pd.DataFrame
    level: float  # probability with which each commune meets its equally hard share, before whole persons
    place_chance: float  # probability that the place as a whole meets the target

    def _repr_html_(self) -> str:
        return shown.html(self)


def allocate(
    scenario: Scenario,
    *,
    draws: int = 200,
    seed: int = 1,
    jobs: int | None = None,
    progress: bool = True,
    keep: Path | None = None,
) -> Allocation:
    """Split the scenario's target of members over the communes of its place; shares are whole persons and add up.

    `draws` draws make the split and as many others judge it; `keep` is a folder for finished pieces of them. Where the
    target is beyond what nearly all draws of the communes show, curves go on in their place, which is as near to
    equally hard as can be told.
    """
    target = scenario.target
    if target is None or target.measure != "members" or target.group != "all":
        raise tables.UserError(
            "scenario {scenario!r}: only a target of all members can be split over communes; expected "
            "target: {{measure: members, value, by}}",
            scenario=scenario.scenario,
        )
    if draws < 2:
        raise tables.UserError("draws: {draws}; expected at least 2", draws=draws)
    members = commune_members(scenario, range(2 * draws), seed, jobs=jobs, progress=progress, keep=keep)
    at = list(scenario.months.astype(str)).index(target.by)
    made, judged = members[:draws, at], members[draws:, at]
    goal = int(round(target.value))
    wanted, level = equally_hard(made, goal)
    communes = scenario.place.communes
    people = communes["eligible"].to_numpy(float)
    by_capacity, by_people = shared(wanted, goal), shared(people / people.sum() * goal, goal)
    table = pd.DataFrame(
        {
            "commune": communes["commune"].to_numpy(str),
            "district": communes["district"].to_numpy(str),
            "people": np.rint(people).astype(int),
            "opening": np.rint(members[:, 0].mean(axis=0)).astype(int),
            "expected": np.rint(np.median(members[:, at], axis=0)).astype(int),
            "share_by_capacity": by_capacity,
            "chance_by_capacity": (judged >= by_capacity).mean(axis=0),
            "share_by_people": by_people,
            "chance_by_people": (judged >= by_people).mean(axis=0),
            "draws": draws,
        }
    )
    return Allocation(scenario, table, level, float((members[:, at].sum(axis=1) >= goal).mean()))


def commune_members(
    scenario: Scenario,
    draws: range,
    seed: int,
    *,
    jobs: int | None = None,
    progress: bool = True,
    keep: Path | None = None,
) -> np.ndarray:
    """Return members by (draws, months, communes), worked out in pieces by `jobs` processes (all cores if left out).

    `keep` is a folder for finished pieces, for whoever asks again.
    """
    parts = [range(d, min(d + PART, draws.stop)) for d in range(draws.start, draws.stop, PART)]
    shape = (len(scenario.months), len(scenario.place.communes))
    paths = [pieces.path(keep, "communes", [scenario], [p.start, p.stop], seed) for p in parts]

    def kept(number: int, path: Path | None) -> dict[str, np.ndarray] | None:
        return files.kept_shapes(path, {"members": (len(parts[number]), *shape)})

    arrays = [np.empty(0)] * len(parts)
    with steps("projection", "", len(parts), shown=progress) as bar:
        given = [(scenario, part, seed) for part in parts]
        for number, part in workers.each(_part, given, jobs, paths=paths, kept=kept):
            arrays[number] = part["members"]
            bar.update()
    return np.concatenate(arrays)


def _part(scenario: Scenario, draws: range, seed: int) -> dict[str, np.ndarray]:
    return {"members": by_commune(scenario, draws, seed)}


def equally_hard(members: np.ndarray, goal: float) -> tuple[np.ndarray, float]:
    """Return shares (communes,) that add up to `goal` and the probability with which each commune meets its own.

    `members` is (draws, communes). The shares are the communes' quantiles at one level. Beyond the 5% and 95% points,
    where few draws are left, a quantile goes on along the log-normal curve through that point and the median.

    >>> shares, chance = equally_hard(np.array([[10.0, 40.0], [20.0, 60.0], [30.0, 80.0]]), 80)
    >>> shares.round(6).tolist(), round(chance, 6)
    ([20.0, 60.0], 0.5)
    """
    low, middle, high = np.maximum(np.quantile(members, (0.05, 0.5, 0.95), axis=0), 0.5)

    def shares(z: float) -> np.ndarray:
        if abs(z) <= TAIL:
            return np.asarray(np.quantile(members, float(ndtr(z)), axis=0))
        end = high if z > 0 else low
        return np.asarray(end * (end / middle) ** (abs(z) / TAIL - 1))

    if (high <= low).all() or not shares(-FAR).sum() < goal < shares(FAR).sum():
        return middle * goal / middle.sum(), float(goal <= middle.sum())
    from scipy.optimize import brentq  # not for those who only show an allocation

    z = float(brentq(lambda z: shares(z).sum() - goal, -FAR, FAR, xtol=1e-9))
    return shares(z), float(ndtr(-z))
