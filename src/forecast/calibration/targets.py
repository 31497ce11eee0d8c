"""The published counts of each place as figures to meet, and its months laid out so that many vectors are one run.

Each place starts at its first count and is compared with every later one at that count's own month. The stock engine
carries parameter vectors as draws, all communes of a place in one stratum.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy.special import ndtr, ndtri

from forecast.beliefs.counts import (
    CITY,
    DENSE,
    FLOWS,
    MODELS,
    POLICIES,
    assumes_collectors,
    counts,
    figures,
    is_track,
)
from forecast.beliefs.posterior import PRIORS
from forecast.data import tables
from forecast.data.frames import rows as rows_of
from forecast.data.law import Law, read_law
from forecast.data.places import Place, read_place
from forecast.engines.people import means
from forecast.engines.people.draws import Drawn
from forecast.engines.people.outside import CLASS_SHARES
from forecast.engines.people.world import Given, Layout, World, fill, lay_out, opening_shares
from forecast.question.levers import ModelCommunes, Policy
from forecast.question.scenario import Scenario, read_scenario

UNITS = {CITY: 579.0, MODELS: 30.0}  # communes among which the entries of a place are shared
FLOW_SD = 0.15  # of the log of entries in a span of months: what counts as new is not the same everywhere (judgement)


class Target(NamedTuple):
    """One published figure that the model has to meet."""

    item: str  # place, month and measure, for people
    place: str
    since: str  # first month of a flow, else the month itself
    month: str
    measure: str  # members, entries (per unit) or a group's members
    value: float
    sd: float  # of the log, of the report alone
    units: float = 1.0  # communes among which a flow is shared


@dataclass(frozen=True, eq=False)
class Track:
    """The months of one place from its first count to its last, under what its office did, ready to be run."""

    scenario: Scenario
    opening_sd: float
    layout: Layout
    years: np.ndarray  # calendar year of each month

    @classmethod
    def of(cls, scenario: Scenario, opening_sd: float) -> "Track":
        """Lay the place out in one stratum."""
        layout = lay_out(scenario, np.zeros(len(scenario.plan.communes), np.int64))
        return cls(scenario, opening_sd, layout, scenario.months.year.to_numpy())

    def world(self, drawn: Drawn, years: dict[int, np.ndarray], opening_error: np.ndarray) -> World:
        """Lay out the world of many parameter vectors at once.

        `years` are factors on entries by calendar year, `opening_error` errors of the log of the opening stock, both
        (draws,). Opening members are not rounded to whole persons, so that the likelihood is smooth; the months have no
        luck, and of the teams' skill the mean is known.
        """
        draws = len(opening_error)
        return fill(
            self.layout,
            Given(
                keys=np.zeros(draws, np.uint64),
                drawn=drawn,
                skill=np.ones((1, draws)),
                years=np.stack([years[y] for y in self.years]),
                opening_factor=np.exp(opening_error),
            ),
        )

    def shares(self, drawn: Drawn) -> np.ndarray:
        """Share of the opening members in each cell, (draws, cells): people x acceptance."""
        return opening_shares(self.layout, drawn)

    def run(self, drawn: Drawn, years: dict[int, np.ndarray], opening_error: np.ndarray) -> np.ndarray:
        """Return expected members and entries by (draws, months, 2 measures, groups + all); see :meth:`world`."""
        world = self.world(drawn, years, opening_error)
        return means.expected(world, even_classes(world.drawn["skill_spread"]))[:, :, [MEMBERS, ENTRIES]]


MEMBERS, ENTRIES = (list(tables.MEASURES).index(m) for m in ("members", "entries"))


def even_classes(spread: np.ndarray) -> np.ndarray:
    """Mean skill of each class when teams are many, (1, classes, draws): slices of a log-normal with mean 1."""
    edges = ndtri(np.concatenate([[0.0], np.minimum(np.cumsum(CLASS_SHARES), 1.0)]))
    below = ndtr(edges[:, None] - spread)
    return np.asarray((np.diff(below, axis=0) / CLASS_SHARES[:, None])[None])


def _policy(place: Place, start: str) -> Policy:
    if place.name == MODELS:
        return Policy(ModelCommunes(start="2021-06"))
    path = tables.data_dir() / "scenarios" / f"{POLICIES.get(place.name)}.yaml"
    return read_scenario(path).policy if place.name in POLICIES and path.is_file() else Policy()


def track_of(place: Place, law: Law | None = None) -> tuple[Track, list[Target]] | None:
    """Return a place's track and targets; None for a place that was counted in one month only."""
    if not is_track(place):
        return None
    rows = counts(place)
    first, last = rows.iloc[0], rows["month"].max()
    assumptions = {"opening_members": float(first["value"])}
    if assumes_collectors(place):
        # Its communes are not listed, so that the density by commune of the default would give it a handful.
        assumptions["opening_collectors"] = 1711 / read_place(DENSE).eligible * place.eligible
    scenario = Scenario(
        place.name,
        place,
        start=first["month"],
        until=last,
        law=law or read_law(),
        policy=_policy(place, first["month"]),
        assumptions=assumptions,
        learned=PRIORS,
    )
    targets = [
        Target(f"{place.name} {r.month}", place.name, r.month, r.month, "members", r.value, r.sd)
        for r in rows_of(rows)
        if r.month > first["month"]
    ]
    return Track.of(scenario, float(first["sd"])), targets


def flows(tracks: dict[str, Track]) -> list[Target]:
    """Return the published entries of spans of months, of the places that are run."""
    found = []
    for name, measure, month, since in FLOWS:
        if name in tracks:
            place = tracks[name].scenario.place
            each = float(UNITS.get(name, 1.0))
            item = f"{name} {since} to {month}, entries a commune" if name in UNITS else f"{name} {since[:4]}, entries"
            found.append(Target(item, name, since, month, "entries", _figure(place, measure, month), FLOW_SD, each))
    return found


def _figure(place: Place, measure: str, month: str) -> float:
    rows = figures(place)
    return float(rows[(rows["measure"] == measure) & (rows["month"] == month)]["value"].iloc[0])
