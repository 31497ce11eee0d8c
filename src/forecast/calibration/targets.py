"""The published counts of each place as figures to meet, and its months laid out so that many vectors are one run.

Each place starts at its first count and is compared with every later one at that count's own month. The stock engine
carries parameter vectors as draws, all communes of a place in one stratum.
"""

import math
import re
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.special import ndtr, ndtri

from forecast.beliefs.posterior import PRIORS
from forecast.data import tables
from forecast.data.law import Law, read_law
from forecast.data.places import Place, read_place
from forecast.engines.people import behavior, stock
from forecast.engines.people.behavior import BANDS
from forecast.engines.people.world import G, World, _depletion, _goals, make_world
from forecast.question.levers import ModelCommunes, Policy
from forecast.question.plan import GROUPS
from forecast.question.scenario import Scenario, read_scenario

SCHEME, NATION, CITY, MODELS = "voluntary_si", "Việt Nam", "Hà Nội", "Hà Nội/30 xã điểm"
SINCE = "2018"  # the state's subsidy began; counts before it are of another scheme
# Standard deviation of the log of a published count by its status; ROUGH is added (as variance) where the note says
# that the number was rounded (judgement).
STATUS_SD = {"stated": 0.02, "derived": 0.03, "synthetic": 0.02, "recalled": 0.06, "conflicting": 0.10}
ROUGH, ROUGH_WORDS = 0.03, r"rounded|nearly|more than|about|preliminary|weak|wording"
FLOW_SD = 0.15  # of the log of entries in a span of months: what counts as new is not the same everywhere (judgement)
# What an office did in the months of its counts, as its scenario file describes it.
POLICIES = {"Đông Triều": "dong-trieu-plan", "Đà Bắc": "da-bac-plan"}


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
    template: World
    collectors: float  # of the status quo
    years: np.ndarray  # calendar year of each month

    @classmethod
    def of(cls, scenario: Scenario, opening_sd: float) -> "Track":
        """Lay the place out in one stratum."""
        template = make_world(scenario, range(1), 0, np.zeros(len(scenario.plan.communes), np.int64))
        collectors = float(scenario.status_quo_plan.collectors[0].sum())
        return cls(scenario, opening_sd, template, collectors, scenario.months.year.to_numpy())

    def world(self, drawn: dict, reference: np.ndarray, years: dict, opening_error: np.ndarray) -> World:
        """Lay out the world of many parameter vectors at once, as `make_world` does, with `drawn` given.

        Opening members are not rounded to whole persons, so that the likelihood is smooth; the months have no luck.
        """
        old, scenario, draws = self.template, self.scenario, len(reference)
        income = self.income(drawn)
        past = np.array([behavior.years_from_reference(str(m)) for m in old.plan.months])
        growth = (1 + drawn["income_growth"])[None, :] ** past[:, None]
        now = income[None, :, None] * growth[:, :, None, None, None]
        net = old.money.net[:, None, :, :, None]
        accept = np.stack([behavior.acceptance(n, i, drawn) for n, i in zip(net, now, strict=True)])
        accept /= reference[None, :, None, None, None]
        rise = net / now - (old.money.reference_net[None, :, None] / income)[None, :, None]
        opening = self.shares(drawn, now[0, :, 0]) * (scenario.opening[0] * np.exp(opening_error))[:, None]
        opening = np.minimum(opening, 0.9 * old.cells)
        members = opening.sum(axis=1)[None]
        base = behavior.entry_hazard(drawn) / _depletion(opening, old.cells, drawn["frailty_shape"])
        reach = behavior.reference_reach(
            np.array([[self.collectors]]), old.households[:, None], members / behavior.TYPICAL_SPELL, drawn
        )
        campaign = np.stack([years[y] for y in self.years])[:, :, None, None, None]
        return old._replace(
            keys=np.zeros(draws, np.uint64), drawn=drawn, accept=np.ascontiguousarray(accept * campaign),
            burden_rise=np.ascontiguousarray(rise), opening=opening, base=base, reach=reach,
            goals=_goals(scenario, old.plan, members, drawn),
            other_exits=behavior.other_exits(old.plan.months, drawn, scenario.law),
            team_rules=behavior.TeamRules.of(drawn),
        )  # fmt: skip

    @cached_property
    def per_head(self) -> tuple[float, str]:
        """The place's income per head and its month; looked up once, since every step asks for it."""
        return behavior.income_per_head(self.scenario.place)

    def income(self, drawn: dict) -> np.ndarray:
        """Monthly income by (draws, groups, bands) at the reference month, as `behavior.incomes` gives it."""
        return behavior._bands(behavior._median(*self.per_head, drawn), drawn)

    def shares(self, drawn: dict, income: np.ndarray) -> np.ndarray:
        """Share of the opening members in each cell, (draws, cells): people x acceptance, as in `make_world`."""
        law, months = self.scenario.law, self.template.plan.months
        price = np.array([law.price(g, months[0], self.scenario.place.lineage).net for g in GROUPS])
        accept = behavior.acceptance(price[:, None], income, drawn)
        weight = self.template.cells.reshape(-1, G, BANDS)[None] * accept[:, None]
        weight = weight.reshape(len(income), -1)
        return weight / weight.sum(axis=1, keepdims=True)

    def run(self, *given) -> np.ndarray:
        """Return expected members and entries by (draws, months, 2 measures, groups + all)."""
        world = self.world(*given)
        return stock.expected(world, even_classes(world.drawn["skill_spread"]))[:, :, [MEMBERS, ENTRIES]]


MEMBERS, ENTRIES = (list(tables.MEASURES).index(m) for m in ("members", "entries"))


def even_classes(spread: np.ndarray) -> np.ndarray:
    """Mean skill of each class when teams are many, (1, classes, draws): slices of a log-normal with mean 1."""
    edges = ndtri(np.concatenate([[0.0], np.minimum(np.cumsum(stock.CLASS_SHARES), 1.0)]))
    below = ndtr(edges[:, None] - spread)
    return (np.diff(below, axis=0) / stock.CLASS_SHARES[:, None])[None]


def error_of(row) -> float:
    """Standard deviation of the log of a published count, from its status and its note."""
    rough = ROUGH if re.search(ROUGH_WORDS, row.note) else 0.0
    return math.hypot(STATUS_SD[row.status], rough)


def counts(place: Place) -> pd.DataFrame:
    """Return the counts of members of a place that are used, oldest first, each with its `sd`."""
    rows = place.history
    rows = rows[(rows["scheme"] == SCHEME) & (rows["measure"] == "members") & (rows["group"] == "all")
                & (rows["kind"] == "observation") & rows["value"].notna() & (rows["month"] >= SINCE)]  # fmt: skip
    rows = rows.assign(sd=[error_of(r) for r in rows.itertuples()], doubt=rows["status"] == "conflicting")
    return rows.sort_values(["month", "doubt"], kind="stable").reset_index(drop=True)


def _policy(place: Place, start: str) -> Policy:
    if place.name == MODELS:
        return Policy(ModelCommunes(start="2021-06"))
    path = tables.data_dir() / "scenarios" / f"{POLICIES.get(place.name)}.yaml"
    return read_scenario(path).policy if place.name in POLICIES and path.is_file() else Policy()


def track_of(place: Place, law: Law | None = None) -> tuple[Track, list[Target]] | None:
    """Return a place's track and targets; None for a place that was counted in one month only."""
    rows = counts(place)
    if rows["month"].nunique() < 2:
        return None
    first, last = rows.iloc[0], rows["month"].max()
    assumptions = {"opening_members": float(first["value"])}
    if len(place.communes) == 1 and place.name != MODELS and not (place.history["measure"] == "collectors").any():
        # Its communes are not listed, so that the density by commune of the default would give it a handful.
        assumptions["opening_collectors"] = 1711 / read_place("Nghệ An").eligible * place.eligible
    scenario = Scenario(place.name, place, start=first["month"], until=last, law=law or read_law(),
                        policy=_policy(place, first["month"]), assumptions=assumptions, learned=PRIORS)  # fmt: skip
    targets = [Target(f"{place.name} {r.month}", place.name, r.month, r.month, "members", r.value, r.sd)
               for r in rows.itertuples() if r.month > first["month"]]  # fmt: skip
    return Track.of(scenario, float(first["sd"])), targets


def flows(tracks: dict[str, Track]) -> list[Target]:
    """Published entries of spans of months, of the places that are run."""
    found = []
    if NATION in tracks:
        value = _figure(read_place(NATION), "entries", "2019-12")
        found.append(Target(f"{NATION} 2019, entries", NATION, "2019-01", "2019-12", "entries", value, FLOW_SD))
    for place, communes in ((CITY, 579.0), (MODELS, 30.0)):
        if place in tracks:
            value = _figure(read_place(place), "entries_per_commune", "2021-12")
            item = f"{place} 2021-06 to 2021-12, entries a commune"
            found.append(Target(item, place, "2021-06", "2021-12", "entries", value, FLOW_SD, communes))
    return found


def _figure(place: Place, measure: str, month: str) -> float:
    rows = place.history
    return float(rows[(rows["measure"] == measure) & (rows["month"] == month) & (rows["scheme"] == SCHEME)
                      & (rows["kind"] == "observation")]["value"].iloc[0])  # fmt: skip
