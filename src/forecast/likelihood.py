"""What the published counts of all places say about one set of parameters, through the stock engine.

A vector of standard normal numbers (a coordinate each) stands for everything that is not known: the model's parameters
(their priors are rows of data/evidence.csv, widened by :func:`priors`), a factor on entries for each place, one for
each calendar year that all places share, the error of each place's first count, and how far the model itself is off.
Each place starts at its first count and is compared with every later one at that count's own month; the error of a
log count is Student's t with 4 degrees of freedom, so that one odd report does not drag the rest along.

Many vectors are one run: the stock engine carries them as draws, all communes of a place in one stratum.
"""

import math
import re
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.special import gammaln, ndtr, ndtri

from forecast import behavior, tables
from forecast.behavior import BANDS
from forecast.engines import stock
from forecast.engines.world import G, World, _depletion, _goals, make_world
from forecast.law import Law, read_law
from forecast.places import Place, read_place
from forecast.plan import GROUPS
from forecast.policy import ModelCommunes, Policy
from forecast.posterior import PRIORS, YEAR_STEP
from forecast.scenario import Scenario, parameters_table, read_scenario

SCHEME, NATION, CITY, MODELS = "voluntary_si", "Việt Nam", "Hà Nội", "Hà Nội/30 xã điểm"
SINCE = "2018"  # the state's subsidy began; counts before it are of another scheme
# Parameters that a count of members under the practice of those years can tell anything about; all others keep their
# priors, and stand at their medians here.
FREE = (
    "entry_rate place_spread price_response renewal_price_response zero_price_acceptance visit_share"
    " visits_per_collector peer_effect annual_lapse renewal_contact follow_up tenure_effect rush rush_short plan_growth"
    " return_rate transfer_rate lump_sum_rate frailty_shape skill_spread worker_income_ratio income_growth"
    " income_spread poor_income_ratio near_poor_income_ratio language_factor rush_lapse december_rush_share"
    " eligible_entry_rate eligible_exit_rate model_commune_ratio staff_visits meeting_yield drive_yield"
).split()
# Standard deviation of the log of a published count by its status; ROUGH is added (as variance) where the note says
# that the number was rounded, and GROUP is how far the rule may be off that spreads members over groups (judgement).
STATUS_SD = {"stated": 0.02, "derived": 0.03, "synthetic": 0.02, "recalled": 0.06, "conflicting": 0.10}
ROUGH, ROUGH_WORDS, GROUP = 0.03, r"rounded|nearly|more than|about|preliminary|weak|wording", 0.3
FLOW_SD = 0.15  # of the log of entries in a span of months: what counts as new is not the same everywhere (judgement)
MODEL_ERROR = (0.05, 0.4)  # median and log spread of the standard deviation by which the model is off (judgement)
REFERENCE_YEAR = 2021  # entry_rate is that of 2020-21
DEGREES = 4.0
# What an office did in the months of its counts, as its scenario file describes it.
POLICIES = {"Đông Triều": "dong-trieu-plan", "Đà Bắc": "da-bac-plan"}


def priors() -> pd.DataFrame:
    """Return the prior of each free parameter: index parameter; columns value, low, high, distance, widened.

    The spread of a row of data/evidence.csv is multiplied (on its log or logit scale) by 1 + distance / 4. The
    distance of a study counts 1 if it is not about this scheme and 1 if it is not about Viet Nam; that of a
    parameter is that of its nearest supporting study, and 2 where none supports it. What the makers computed from the
    counts themselves supports nothing here, or the counts would be used twice.

    >>> priors().loc[["entry_rate", "renewal_contact"], "distance"].to_dict()
    {'entry_rate': 0, 'renewal_contact': 1}
    """
    evidence = tables.read(tables.data_dir() / "evidence.csv", "evidence")
    own = evidence["study"].str.contains(r"(?:counts|series|article|differences).*computed")
    studies = evidence[~evidence["use"].str.startswith("parameter:") & ~own]
    homes = [*tables.read(tables.data_dir() / "places.csv", "places").query("level != 'commune'")["place"]]
    homes += ["Viet Nam", "provinces"]
    table = parameters_table().loc[FREE, ["value", "low", "high"]].astype(float)
    distances = []
    for name in FREE:
        found = studies[studies["use"].str.contains(rf"supports [\w, ]*\b{name}\b", regex=True)]
        abroad = ~found["population"].map(lambda text: any(home in text for home in homes))
        other = found["population"].str.contains("insurance|pension|saving|cover|migrants")
        distances.append(int((abroad.astype(int) + other.astype(int)).min()) if len(found) else 2)
    return table.assign(distance=distances, widened=1 + np.array(distances) / 4)


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


def _flows(tracks: dict[str, Track]) -> list[Target]:
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


class Model:
    """All places at once: coordinates, prior and likelihood; `places` are names or places.

    `coordinates` names the components of a vector: a parameter, `effect/<place>`, `opening/<place>`, `year/<year>`
    and `model_error`. `targets` are the figures to meet, in the order of what :meth:`predict` returns.
    """

    def __init__(self, places=None, law: Law | None = None, free=FREE):
        """Take all places of data/history.csv that were counted twice or by group, or the given ones."""
        if places is None:
            history = tables.read(tables.data_dir() / "history.csv", "history")
            rows = history[(history["scheme"] == SCHEME) & (history["measure"] == "members")
                           & (history["kind"] == "observation")]  # fmt: skip
            places = list(dict.fromkeys(rows["place"]))
        read = [read_place(p) if isinstance(p, str) else p for p in places]
        self.free, self.prior, self.tracks, self.targets, self.mixes = list(free), priors(), {}, [], {}
        self.law = law or read_law()
        for place in read:
            found = track_of(place, law)
            if found:
                self.tracks[place.name], own = found
                self.targets += own
            self._group_counts(place, law)
        self.targets += _flows(self.tracks)
        if not self.targets:
            names = ", ".join(p.name for p in read)
            raise tables.UserError(f"{names}: no counts to learn from; expected a place with members in two months")
        known = {y for t in self.tracks.values() for y in t.years.tolist()} | {REFERENCE_YEAR}
        self.years = list(range(min(known), max(known) + 1))
        affected = [p for p in self.tracks if p != NATION]
        self.coordinates = [
            *self.free, *(f"effect/{p}" for p in affected), *(f"opening/{p}" for p in self.tracks),
            *(f"year/{y}" for y in self.years if y != REFERENCE_YEAR), "model_error",
        ]  # fmt: skip
        self.place_of = {name: track.scenario.place for name, track in self.tracks.items()}
        mixed = [track.scenario.place for track, _ in self.mixes.values()]
        self.places = list(dict.fromkeys(p for x in [*self.place_of.values(), *mixed] for p in x.lineage))

    def _group_counts(self, place: Place, law) -> None:
        for group in GROUPS:
            found = place.latest("members", until=None, group=group)
            whole = place.latest("members", until=None)
            if found is None or whole is None or found[0] != whole[0]:
                continue
            start, value = str(found[0]), found[1]
            question = Scenario(place.name, place, start=start, until=str(found[0] + 1), law=law or read_law(),
                                learned=PRIORS)  # fmt: skip
            self.mixes.setdefault(place.name, (Track.of(question, 0.0), whole[1]))
            sd = math.hypot(GROUP, 1 / math.sqrt(value))
            self.targets.append(Target(f"{place.name} {start}, {group}", place.name, start, start, group, value, sd))

    @cached_property
    def at(self) -> dict[str, int]:
        """Position of each coordinate."""
        return {name: i for i, name in enumerate(self.coordinates)}

    @cached_property
    def _medians(self) -> dict[str, float]:
        return parameters_table()["value"].astype(float).to_dict() | {"month_noise": 0.0}

    def _normals(self, z: np.ndarray, name: str) -> np.ndarray:
        return z[:, self.at[name]] * self._widened[name]

    @cached_property
    def _widened(self) -> dict[str, float]:
        return self.prior["widened"].to_dict()

    @cached_property
    def _ranges(self) -> dict[str, tuple[float, float, float]]:
        return {r.Index: (r.value, r.low, r.high) for r in self.prior[["value", "low", "high"]].itertuples()}

    def drawn(self, z: np.ndarray) -> dict[str, np.ndarray]:
        """Parameters (without the place effect) of vectors (draws, coordinates): name -> (draws,)."""
        result = {name: np.full(len(z), value) for name, value in self._medians.items()}
        for name in self.free:
            result[name] = behavior.between(self._normals(z, name), *self._ranges[name])
        return result

    def spread_of_places(self, z: np.ndarray) -> np.ndarray:
        """Standard deviation of the log effects of places, in units of its prior's center, (draws,)."""
        if "place_spread" not in self.at:
            return np.ones(len(z))
        spread = behavior.between(self._normals(z, "place_spread"), *self._ranges["place_spread"])
        return np.maximum(spread, 1e-3) / self._medians["place_spread"]

    def effect(self, z: np.ndarray, place: str) -> np.ndarray:
        """Log factor of a place on entry_rate, (draws,): its own and those of the places that contain it."""
        own = [z[:, self.at[f"effect/{p}"]] for p in self.place_of[place].lineage if f"effect/{p}" in self.at]
        return self._medians["place_spread"] * sum(own, np.zeros(len(z)))

    def log_prior(self, z: np.ndarray) -> np.ndarray:
        """Log density of the prior up to a constant, (draws,): all standard normal, but for the effects of places."""
        spread, effects = self.spread_of_places(z), z[:, self._effects]
        others = np.square(z).sum(axis=1) - np.square(effects).sum(axis=1)
        own = np.square(effects).sum(axis=1) / spread**2
        return -0.5 * (others + own) - effects.shape[1] * np.log(spread)

    def prior_slope(self, z: np.ndarray) -> np.ndarray:
        """Slopes of `log_prior`, (draws, coordinates)."""
        slope, spread = -z, self.spread_of_places(z)
        effects = z[:, self._effects]
        slope[:, self._effects] = -effects / spread[:, None] ** 2
        if "place_spread" in self.at:
            i, step = self.at["place_spread"], 1e-4 * np.eye(len(self.coordinates))[self.at["place_spread"]]
            wider = np.log(self.spread_of_places(z + step) / self.spread_of_places(z - step)) / 2e-4
            slope[:, i] += (np.square(effects).sum(axis=1) / spread**2 - effects.shape[1]) * wider
        return slope

    def prior_precision(self, z: np.ndarray) -> np.ndarray:
        """How sharply the prior holds each coordinate of one vector z, (coordinates,)."""
        precision = np.ones(len(z))
        precision[self._effects] = 1 / self.spread_of_places(z[None])[0] ** 2
        return precision

    def from_normals(self, normals: np.ndarray) -> np.ndarray:
        """Turn standard normal numbers (draws, coordinates) into draws of the prior."""
        z = normals.copy()
        z[:, self._effects] *= self.spread_of_places(z)[:, None]
        return z

    @cached_property
    def _effects(self) -> np.ndarray:
        return np.array([i for i, name in enumerate(self.coordinates) if name.startswith("effect/")], int)

    def bent(self, z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Vectors with parameters on the scales on which their priors are normal, and the slopes of that bending.

        Both (draws, coordinates); a prior that is wider on one side bends, all else stays as it is.
        """
        result, slopes = z.copy(), np.ones_like(z)
        for name in self.free:
            i, normals = self.at[name], self._normals(z, name)
            result[:, i] = behavior.normal_scale(normals, *self._ranges[name])
            side = np.where(normals < 0, -1.0, 1.0)
            slopes[:, i] = np.abs(behavior.normal_scale(side, *self._ranges[name]) - self._zero[name])
            slopes[:, i] *= self._widened[name]
            if self._ranges[name][1] <= 0:
                slopes[:, i] *= result[:, i] > 0  # cut at zero
        return result, slopes

    @cached_property
    def _zero(self) -> dict[str, float]:
        return {n: float(behavior.normal_scale(np.zeros(1), *r)[0]) for n, r in self._ranges.items()}

    def inputs(self) -> dict[str, np.ndarray]:
        """What the figures of each place depend on: (coordinates, inputs), sums of the coordinates of `bent`."""
        unit = np.eye(len(self.coordinates))
        common = unit[:, [self.at[name] for name in self.free if name not in ("entry_rate", "place_spread")]]
        entry = unit[:, [self.at["entry_rate"]]] if "entry_rate" in self.at else np.zeros((len(unit), 1))
        years = {y: np.log(factor)[:, None] for y, factor in self.year_effects(unit).items()}
        result = {}
        for name, track in self.tracks.items():
            own = [years[y] for y in sorted({*track.years[1:].tolist()}) if y != REFERENCE_YEAR]
            own += [entry + self.effect(unit, name)[:, None], unit[:, [self.at[f"opening/{name}"]]]]
            result[name] = np.concatenate([common, *own], axis=1)
        return result | {name: common for name in self.mixes if name not in result}

    def year_effects(self, z: np.ndarray) -> dict[int, np.ndarray]:
        """Factor on entries that all places share in a calendar year, a walk away from 1 in the reference year."""
        walk = {REFERENCE_YEAR: np.zeros(len(z))}
        for y in range(REFERENCE_YEAR - 1, self.years[0] - 1, -1):
            walk[y] = walk[y + 1] + YEAR_STEP * z[:, self.at[f"year/{y}"]]
        for y in range(REFERENCE_YEAR + 1, self.years[-1] + 1):
            walk[y] = walk[y - 1] + YEAR_STEP * z[:, self.at[f"year/{y}"]]
        return {y: np.exp(x) for y, x in walk.items()}

    def model_error(self, z: np.ndarray) -> np.ndarray:
        """Standard deviation by which the model is off, log, (draws,)."""
        return MODEL_ERROR[0] * np.exp(MODEL_ERROR[1] * z[:, self.at["model_error"]])

    def reference(self, drawn: dict) -> np.ndarray:
        """Acceptance in the country at the reference month, as `behavior.reference_acceptance` gives it."""
        per_head, net = self._nation
        bands = behavior._bands(behavior._median(*per_head, drawn), drawn)
        shares = behavior.acceptance(net[None, :, None], bands, drawn) @ behavior.BAND_SHARES
        return (shares * (behavior.NATIONAL_MIX / behavior.NATIONAL_MIX.sum())).sum(axis=1)

    @cached_property
    def _nation(self) -> tuple[tuple[float, str], np.ndarray]:
        month = tables.month(behavior.REFERENCE_MONTH)
        net = np.array([self.law.price(g, month).net for g in GROUPS])
        return behavior.income_per_head(read_place(NATION)), net

    def predict(self, z: np.ndarray) -> np.ndarray:
        """Log of the expected value of each target, (draws, targets)."""
        drawn, years = self.drawn(z), self.year_effects(z)
        reference = self.reference(drawn)
        result = np.empty((len(z), len(self.targets)))
        for name, track in self.tracks.items():
            own = drawn | {"place_effect": np.exp(self.effect(z, name))}
            values = track.run(own, reference, years, track.opening_sd * z[:, self.at[f"opening/{name}"]])
            months = {str(m): i for i, m in enumerate(track.scenario.months)}
            for i, target in enumerate(self.targets):
                if target.place == name and target.measure == "members":
                    result[:, i] = np.log(values[:, months[target.month], 0, G])
                elif target.place == name and target.measure == "entries":
                    span = slice(months[target.since], months[target.month] + 1)
                    result[:, i] = np.log(values[:, span, 1, G].sum(axis=1) / target.units)
        for name, (track, whole) in self.mixes.items():
            month = str(track.scenario.months[0])
            grown = (1 + drawn["income_growth"]) ** behavior.years_from_reference(month)
            income = track.income(drawn) * grown[:, None, None]
            groups = track.shares(drawn, income).reshape(len(z), -1, G, BANDS).sum(axis=(1, 3))
            for i, target in enumerate(self.targets):
                if target.place == name and target.measure in GROUPS:
                    result[:, i] = np.log(whole * groups[:, GROUPS.index(target.measure)])
        return result

    @cached_property
    def seen(self) -> np.ndarray:
        """Log of the published value of each target."""
        return np.log([t.value for t in self.targets])

    def spread(self, z: np.ndarray) -> np.ndarray:
        """Scale of the error of each target, (draws, targets): of the report and of the model."""
        return np.hypot(self._report, self.model_error(z)[:, None])

    def log_likelihood(self, z: np.ndarray, predicted: np.ndarray | None = None) -> np.ndarray:
        """Log likelihood of each target, (draws, targets)."""
        predicted = self.predict(z) if predicted is None else predicted
        return self.errors(z, predicted, slice(None))[0]

    def errors(self, z: np.ndarray, predicted: np.ndarray, some, more=0.0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Log likelihood of the targets `some` (positions), its slopes by `predicted` and by the model's error.

        All (draws, targets); `more` is a further standard deviation of each target.
        """
        model = self.model_error(z)[:, None]
        scale = np.hypot(np.hypot(self._report[some], more), model)
        score = (self.seen[some] - predicted) / scale
        constant = gammaln((DEGREES + 1) / 2) - gammaln(DEGREES / 2) - 0.5 * math.log(DEGREES * math.pi)
        value = constant - np.log(scale) - (DEGREES + 1) / 2 * np.log1p(score**2 / DEGREES)
        pull = (DEGREES + 1) * score / (DEGREES + score**2)
        return value, pull / scale, (score * pull - 1) * (model / scale) ** 2 * MODEL_ERROR[1]

    @cached_property
    def _report(self) -> np.ndarray:
        return np.array([t.sd for t in self.targets])

    def log_posterior(self, z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Log posterior up to a constant (draws,), and what was predicted (draws, targets)."""
        predicted = self.predict(z)
        value = self.log_likelihood(z, predicted).sum(axis=1) + self.log_prior(z)
        return np.where(np.isfinite(value), value, -np.inf), predicted
