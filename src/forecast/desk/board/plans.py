"""The plan for next December that would be met with a given chance, what is left of it in March, and its communes.

December ends just above its plan wherever the plan is within reach (decision 23), so a plan is part of what makes it:
for each plan tried, the campaign of the engine `campaign` is drawn anew on the board's lasting members, with the luck
that the engine itself would have.
"""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from forecast.data import tables
from forecast.data.places import read_place
from forecast.data.vocabulary import NATION
from forecast.desk.allocation import allocate
from forecast.desk.board.outlook import Asked, Outlook, few
from forecast.engines.campaign import parameters as par
from forecast.engines.campaign.beliefs import Beliefs
from forecast.engines.campaign.kept import learned
from forecast.engines.campaign.known import Known, known_at
from forecast.engines.campaign.nation import Drawn
from forecast.engines.campaign.particles import Luck
from forecast.engines.campaign.places import Deviation, Goal, campaign
from forecast.question.scenario import Scenario, Target

CHANCES = (0.5, 0.8, 0.9)
TRIED = np.exp(np.linspace(-3.0, 1.5, 901))  # plans over the median of lasting members
COLUMNS = ["place", "chance", "plan", "over_last", "met", "left", "left_low", "left_high"]


class December:
    """The December of one place and year under any plan: draws of members then and in the March after."""

    def __init__(self, asked: Asked, outlook: Outlook, place: str, year: int, beliefs: Beliefs, known: Known):
        """Take what the draws have before the plan is known."""
        row = np.arange(outlook.draws) % beliefs.rows
        self.place, self.year, self.p = place, year, {k: v[row] for k, v in beliefs.parameters.items()}
        self.lasting = np.maximum(outlook.of(place, "lasting_members"), 1).astype(float)
        self.low = np.log(self.lasting[outlook.at(f"{year}-12")])
        self.march = self.lasting[outlook.at(f"{year + 1}-03")]
        self.last = np.log(np.maximum(outlook.of(place)[outlook.at(f"{year - 1}-12")], 1))
        draws, nation = range(outlook.draws), outlook.of(NATION)[outlook.at(f"{year - 1}-12")]
        self.luck = Luck.of(asked.seed, draws, place)
        unplanned = replace(known, plans={key: plan for key, plan in known.plans.items() if key != (NATION, year)})
        self.drawn = Drawn.of(self.p, unplanned, year, np.log(nation), Luck.of(asked.seed, draws, NATION))

    def rise(self, plan: float) -> np.ndarray:
        """Return the log by which December stands above lasting members under `plan`, (draws,)."""
        if self.place == NATION:
            goal = np.full(len(self.low), np.log(plan))
            ambition = self.p["ambition"] * (goal - self.last - par.USUAL_AMBITION)
            return replace(self.drawn, plan=goal, closed=par.clipped(self.drawn.share - ambition)).rise(self.low)
        none = np.zeros(len(self.low))
        d = Deviation(none, none, none, none, none)
        nation = (self.drawn.share, np.maximum(none, 1e-3))
        campaign(d, self.p, self.year, _goal(plan, self.last), self.low, nation, self.luck)
        return d.rise

    def members(self, plan: float) -> np.ndarray:
        """Return members of December under `plan`, (draws,)."""
        return np.asarray(np.exp(self.low + self.rise(plan)))

    def left(self, plan: float) -> np.ndarray:
        """Return members of the March after, (draws,)."""
        return np.asarray(self.march * np.exp(par.left_of(self.rise(plan), self.drawn.stay, 3)))


def _goal(plan: float, last: np.ndarray) -> Goal:
    return Goal(plan, last)


def plans(
    asked: Asked, outlook: Outlook, year: int, chances: Iterable[float] = CHANCES, names: Iterable[str] | None = None
) -> pd.DataFrame:
    """Return the largest plan for the December of `year` that each place meets with each chance (:data:`COLUMNS`).

    `over_last` is the plan over the December before, in the middle; `met` the share of draws that meet it; `left` the
    share of the plan that is still there in March, with its 90% interval. The nation's plan is its own: chances do not
    add up, so neither do plans.
    """
    known = known_at(asked.known_history, tables.month(asked.month), asked.known_law)
    beliefs, rows = few(learned(known), outlook.draws), []
    for place in names or outlook.all:
        december = December(asked, outlook, place, year, beliefs, known)
        tried = np.rint(np.exp(np.median(december.low)) * TRIED)
        met = np.array([(december.members(plan) >= plan).mean() for plan in tried])
        for chance in chances:
            enough = np.flatnonzero(met >= chance)
            best = enough.max() if len(enough) else 0
            share = december.left(tried[best]) / tried[best]
            low, middle, high = np.quantile(share, (0.05, 0.5, 0.95))
            over = tried[best] / float(np.exp(np.median(december.last)))
            rows.append((place, chance, tried[best], over, met[best], middle, low, high))
    return pd.DataFrame(rows, columns=COLUMNS)


def by_commune(
    asked: Asked,
    outlook: Outlook,
    place: str,
    plan: float,
    year: int,
    draws: int | None = None,
    jobs: int | None = None,
    *,
    keep: Path | None = None,
) -> pd.DataFrame:
    """Return a province's plan split over its communes, whole persons that are equally hard to reach: commune, plan.

    How communes differ comes from the agent engine (:func:`forecast.desk.allocation.allocate`); no count of a commune
    was published, so their members of today are a share of the province's by people. `draws` are as many as the board's
    when left out; `keep` is a folder for finished pieces of them.
    """
    opening = round(float(np.median(outlook.of(place, "lasting_members")[0])))
    question = Scenario(
        "plan",
        read_place(place, at=asked.month),
        start=asked.month,
        until=f"{year}-12",
        target=Target(value=plan, by=f"{year}-12"),
        assumptions={"opening_members": opening},
    )
    draws = draws or asked.draws
    split = allocate(question, draws=draws, seed=asked.seed, jobs=jobs, progress=False, keep=keep).table
    return split[["commune", "people", "share_by_capacity"]].rename(columns={"share_by_capacity": "plan"})
