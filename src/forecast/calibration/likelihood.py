"""What the published counts of all places say about one set of parameters, through the stock engine.

A vector of standard normal numbers (a coordinate each) stands for everything that is not known: the model's parameters
(their priors are rows of data/parameters.csv, widened by the distance of their studies; all others keep their
priors, and stand at their medians here), a factor on entries for each place, one for
each calendar year that all places share, one for each year of each place, the error of each place's first count, and
how far the model itself is off. How much places, years, and a place's own years differ is learned too.
Each place starts at its first count and is compared with every later one (`tracks`); the error of a log count is
Student's t with 4 degrees of freedom, so that one odd report does not drag the rest along.
"""

import math
from collections.abc import Iterable, Sequence
from functools import cached_property
from statistics import NormalDist
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import gammaln

from forecast.beliefs.counts import NATION, counted_places, with_groups
from forecast.beliefs.learned_from import read_by_calibration, spans
from forecast.beliefs.parameters import parameters_table, priors
from forecast.beliefs.posterior import PLACE_STEP, PLACE_YEAR, PRIORS, STEP_PRIORS, YEAR, YEAR_STEP
from forecast.calibration.targets import Target, Track, flows, track_of
from forecast.data import tables
from forecast.data.frames import rows as rows_of
from forecast.data.law import Law, read_law
from forecast.data.places import Place, read_place
from forecast.engines.people.draws import between, normal_scale
from forecast.engines.people.prices import BANDS
from forecast.engines.people.world import G
from forecast.question.plan import GROUPS
from forecast.question.scenario import Scenario

GROUP = 0.3  # standard deviation of the log by which the rule is off that spreads members over groups (judgement)
MODEL_ERROR = (0.05, 0.4)  # median and log spread of the standard deviation by which the model is off (judgement)
REFERENCE_YEAR = 2021  # entry_rate is that of 2020-21
DEGREES = 4.0
SPREAD = "place_spread"


class Model:
    """All places at once: coordinates, prior and likelihood; `places` are names or places.

    `coordinates` names the components of a vector: a parameter, `effect/<place>`, `opening/<place>`, `year/<year>`,
    `year_step`, `place_year/<year>/<place>`, `place_step` and `model_error`. `targets` are the figures to meet, in the
    order of what :meth:`predict` returns.
    """

    def __init__(
        self, places: Sequence[str | Place] | None = None, law: Law | None = None, free: Iterable[str] | None = None
    ) -> None:
        """Take all places of data/history.csv that were counted twice or by group, or the given ones."""
        self.asked = "all" if places is None else list(map(str, places))
        read = [read_place(p) if isinstance(p, str) else p for p in (counted_places() if places is None else places)]
        self._places = read
        self.prior = priors()
        self.tracks: dict[str, Track] = {}
        self.targets: list[Target] = []
        self.mixes: dict[str, tuple[Track, float]] = {}
        self.free = list(self.prior.index if free is None else free)
        self.law = law or read_law()
        for place in read:
            found = track_of(place, law)
            if found:
                self.tracks[place.name], own = found
                self.targets += own
            self._group_counts(place, law)
        self.targets += flows(self.tracks)
        if not self.targets:
            names = ", ".join(p.name for p in read)
            raise tables.UserError(f"{names}: no counts to learn from; expected a place with members in two months")
        known = {y for t in self.tracks.values() for y in t.years.tolist()} | {REFERENCE_YEAR}
        self.years = list(range(min(known), max(known) + 1))
        affected = [p for p in self.tracks if p != NATION]
        self.coordinates = [
            *self.free,
            *(f"effect/{p}" for p in affected),
            *(f"opening/{p}" for p in self.tracks),
            *(f"{YEAR}{y}" for y in self.years if y != REFERENCE_YEAR),
            YEAR_STEP,
            *(f"{PLACE_YEAR}{y}/{p}" for p in affected for y in self.years_of(p)[:-1]),
            PLACE_STEP,
            "model_error",
        ]
        self.place_of = {name: track.scenario.place for name, track in self.tracks.items()}
        mixed = [track.scenario.place for track, _ in self.mixes.values()]
        self.places = list(dict.fromkeys(p for x in [*self.place_of.values(), *mixed] for p in x.lineage))

    def _group_counts(self, place: Place, law: Law | None) -> None:
        for group in with_groups(place):
            found, whole = (place.latest("members", until=None, group=who) for who in (group, "all"))
            assert found and whole  # with_groups names no other
            start, value = str(found[0]), found[1]
            question = Scenario(
                place.name, place, start=start, until=str(found[0] + 1), law=law or read_law(), learned=PRIORS
            )
            self.mixes.setdefault(place.name, (Track.of(question, 0.0), whole[1]))
            sd = math.hypot(GROUP, 1 / math.sqrt(value))
            self.targets.append(Target(f"{place.name} {start}, {group}", place.name, start, start, group, value, sd))

    @cached_property
    def months(self) -> dict[str, tuple[str, str]]:
        """First and last month in which the law is read, by place."""
        return spans(self._places)

    @cached_property
    def read(self) -> pd.DataFrame:
        """All that was read of the tables, item by item (`learned_from.ITEM`); not for places of one's own."""
        return read_by_calibration(self._places, self.law)

    @cached_property
    def at(self) -> dict[str, int]:
        """Position of each coordinate."""
        return {name: i for i, name in enumerate(self.coordinates)}

    @cached_property
    def _medians(self) -> dict[str, float]:
        return {str(name): float(value) for name, value in parameters_table()["value"].items()} | {"month_noise": 0.0}

    def _normals(self, z: np.ndarray, name: str) -> np.ndarray:
        return z[:, self.at[name]] * self._widened[name]

    @cached_property
    def _widened(self) -> dict[str, float]:
        return {str(name): float(value) for name, value in self.prior["widened"].items()}

    @cached_property
    def _ranges(self) -> dict[str, tuple[float, float, float]]:
        return {r.Index: (r.value, r.low, r.high) for r in rows_of(self.prior)}

    def drawn(self, z: np.ndarray) -> dict[str, np.ndarray]:
        """Parameters (without the place effect) of vectors (draws, coordinates): name -> (draws,)."""
        result = {name: np.full(len(z), value) for name, value in self._medians.items()}
        for name in self.free:
            result[name] = between(self._normals(z, name), *self._ranges[name])
        return result | {SPREAD: self._medians[SPREAD] * self.wider(z, SPREAD)}

    @cached_property
    def levels(self) -> dict[str, np.ndarray]:
        """Positions of the coordinates whose spread is a coordinate itself, by the name of that.

        They stand in units of its prior's median, not of the spread itself: counts know the effects of places and
        years well and their spread badly. Of a place's own years they know little, so that these stand in units of
        their spread (`own_years`); the other way round chains would be lost where that is small.
        """
        heads = {SPREAD: "effect/", YEAR_STEP: YEAR}
        found = {name: [i for i, c in enumerate(self.coordinates) if c.startswith(h)] for name, h in heads.items()}
        return {name: np.array(positions, int) for name, positions in found.items() if name in self.at}

    @cached_property
    def own_years(self) -> np.ndarray:
        """Positions of the steps of places' own years."""
        return np.array([i for i, c in enumerate(self.coordinates) if c.startswith(PLACE_YEAR)], int)

    def _rate(self, z: np.ndarray, name: str) -> np.ndarray:
        """Slope of the log of a level's spread, (draws,).

        The prior of a spread is log-normal on each side of its median; that of places has no upper end either, though
        its row in data/parameters.csv lies below one, as that of a share would.
        """
        if name in STEP_PRIORS:
            return np.full(len(z), STEP_PRIORS[name][1])
        value, low, high = self._ranges[name]
        side = np.where(z[:, self.at[name]] < 0, math.log(value / low), math.log(high / value))
        return self._widened[name] * side / NormalDist().inv_cdf(0.95)

    def wider(self, z: np.ndarray, name: str) -> np.ndarray:
        """How many times its prior's median the spread of a level is, (draws,)."""
        return np.exp(self._rate(z, name) * z[:, self.at[name]]) if name in self.at else np.ones(len(z))

    def effect(self, z: np.ndarray, place: str) -> np.ndarray:
        """Log factor of a place on entry_rate, (draws,): its own and those of the places that contain it."""
        own = [z[:, self.at[f"effect/{p}"]] for p in self.place_of[place].lineage if f"effect/{p}" in self.at]
        return self._medians[SPREAD] * sum(own, np.zeros(len(z)))

    def log_prior(self, z: np.ndarray) -> np.ndarray:
        """Log density of the prior up to a constant, (draws,): all standard normal, but for what `levels` has."""
        value: np.ndarray = -0.5 * np.square(z).sum(axis=1)
        for name, own in self.levels.items():
            wider = self.wider(z, name)
            value += 0.5 * np.square(z[:, own]).sum(axis=1) * (1 - 1 / wider**2) - len(own) * np.log(wider)
        return value

    def prior_slope(self, z: np.ndarray) -> np.ndarray:
        """Slopes of `log_prior`, (draws, coordinates)."""
        slope = -z
        for name, own in self.levels.items():
            squares = np.square(self.wider(z, name))
            slope[:, own] = -z[:, own] / squares[:, None]
            slope[:, self.at[name]] += (np.square(z[:, own]).sum(axis=1) / squares - len(own)) * self._rate(z, name)
        return slope

    def from_normals(self, normals: np.ndarray) -> np.ndarray:
        """Turn standard normal numbers (draws, coordinates) into draws of the prior."""
        z = normals.copy()
        for name, own in self.levels.items():
            z[:, own] *= self.wider(z, name)[:, None]
        return z

    def bent(self, z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Vectors on the scales on which figures bend little, and the slopes of that bending, (draws, coordinates).

        Parameters stand on the scales on which their priors are normal (one that is wider on one side bends), steps
        of places' own years in units of their prior's median spread; all else stays as it is.
        """
        result, slopes = z.copy(), np.ones_like(z)
        for name in self.free:
            if name == SPREAD:
                continue  # no figure depends on it
            i, normals = self.at[name], self._normals(z, name)
            result[:, i] = normal_scale(normals, *self._ranges[name])
            side = np.where(normals < 0, -1.0, 1.0)
            slopes[:, i] = np.abs(normal_scale(side, *self._ranges[name]) - self._zero[name])
            slopes[:, i] *= self._widened[name]
            if self._ranges[name][1] <= 0:
                slopes[:, i] *= result[:, i] > 0  # cut at zero
        wider = self.wider(z, PLACE_STEP)[:, None]
        result[:, self.own_years] *= wider
        slopes[:, self.own_years] = wider
        return result, slopes

    def unbent(self, z: np.ndarray, slope: np.ndarray) -> np.ndarray:
        """Slopes by the coordinates themselves where `slope` are those by what `bent` gives, (draws, coordinates)."""
        bent, slopes = self.bent(z)
        result: np.ndarray = slope * slopes
        wide = (slope[:, self.own_years] * bent[:, self.own_years]).sum(axis=1)
        result[:, self.at[PLACE_STEP]] += wide * self._rate(z, PLACE_STEP)
        return result

    @cached_property
    def _zero(self) -> dict[str, float]:
        return {n: float(normal_scale(np.zeros(1), *r)[0]) for n, r in self._ranges.items()}

    def inputs(self) -> dict[str, np.ndarray]:
        """What the figures of each place depend on: (coordinates, inputs), sums of the coordinates of `bent`."""
        unit = np.eye(len(self.coordinates))
        common = unit[:, [self.at[name] for name in self.free if name not in ("entry_rate", SPREAD)]]
        entry = unit[:, [self.at["entry_rate"]]] if "entry_rate" in self.at else np.zeros((len(unit), 1))
        years = {y: np.log(factor)[:, None] for y, factor in self.year_effects(unit).items()}
        result = {}
        for name in self.tracks:
            own = [years[y] + walk[:, None] for y, walk in self.place_years(unit, name).items()]
            own = [year for year in own if year.any()]  # all but the reference year, where it is the place's last
            own += [entry + self.effect(unit, name)[:, None], unit[:, [self.at[f"opening/{name}"]]]]
            result[name] = np.concatenate([common, *own], axis=1)
        return result | {name: common for name in self.mixes if name not in result}

    def year_effects(self, z: np.ndarray) -> dict[int, np.ndarray]:
        """Factor on entries that all places share in a calendar year, a walk away from 1 in the reference year."""
        walk = {REFERENCE_YEAR: np.zeros(len(z))}
        for y in range(REFERENCE_YEAR - 1, self.years[0] - 1, -1):
            walk[y] = walk[y + 1] + STEP_PRIORS[YEAR_STEP][0] * z[:, self.at[f"{YEAR}{y}"]]
        for y in range(REFERENCE_YEAR + 1, self.years[-1] + 1):
            walk[y] = walk[y - 1] + STEP_PRIORS[YEAR_STEP][0] * z[:, self.at[f"{YEAR}{y}"]]
        return {y: np.exp(x) for y, x in walk.items()}

    def years_of(self, place: str) -> list[int]:
        """Calendar years of the months after a place's first count."""
        return sorted({*self.tracks[place].years[1:].tolist()})

    def place_years(self, z: np.ndarray, place: str) -> dict[int, np.ndarray]:
        """Log factor on entries of each year of a place beside what all places share, a walk back from its last year.

        The nation has none: its years are those that all places share.
        """
        years, step = self.years_of(place), STEP_PRIORS[PLACE_STEP][0] * self.wider(z, PLACE_STEP)
        walk = {years[-1]: np.zeros(len(z))}
        for y in years[-2::-1]:
            name = f"{PLACE_YEAR}{y}/{place}"
            walk[y] = walk[y + 1] + (step * z[:, self.at[name]] if name in self.at else 0.0)
        return dict(sorted(walk.items()))

    def model_error(self, z: np.ndarray) -> np.ndarray:
        """Standard deviation by which the model is off, log, (draws,)."""
        return np.asarray(MODEL_ERROR[0] * np.exp(MODEL_ERROR[1] * z[:, self.at["model_error"]]))

    def predict(self, z: np.ndarray) -> np.ndarray:
        """Log of the expected value of each target, (draws, targets)."""
        drawn, years = self.drawn(z), self.year_effects(z)
        result = np.empty((len(z), len(self.targets)))
        for name, track in self.tracks.items():
            own = drawn | {"place_effect": np.exp(self.effect(z, name))}
            walked = {y: years[y] * np.exp(walk) for y, walk in self.place_years(z, name).items()}
            error = track.opening_sd * z[:, self.at[f"opening/{name}"]]
            values = track.run(own, years | walked, error)
            months = {str(m): i for i, m in enumerate(track.scenario.months)}
            for i, target in enumerate(self.targets):
                if target.place == name and target.measure == "members":
                    result[:, i] = np.log(values[:, months[target.month], 0, G])
                elif target.place == name and target.measure == "entries":
                    span = slice(months[target.since], months[target.month] + 1)
                    result[:, i] = np.log(values[:, span, 1, G].sum(axis=1) / target.units)
        for name, (track, whole) in self.mixes.items():
            groups = track.shares(drawn).reshape(len(z), -1, G, BANDS).sum(axis=(1, 3))
            for i, target in enumerate(self.targets):
                if target.place == name and target.measure in GROUPS:
                    result[:, i] = np.log(whole * groups[:, GROUPS.index(target.measure)])
        return result

    @cached_property
    def seen(self) -> np.ndarray:
        """Log of the published value of each target."""
        return np.asarray(np.log([t.value for t in self.targets]))

    def spread(self, z: np.ndarray) -> np.ndarray:
        """Scale of the error of each target, (draws, targets): of the report and of the model."""
        return np.asarray(np.hypot(self._report, self.model_error(z)[:, None]))

    def log_likelihood(self, z: np.ndarray, predicted: np.ndarray | None = None) -> np.ndarray:
        """Log likelihood of each target, (draws, targets)."""
        predicted = self.predict(z) if predicted is None else predicted
        return self.errors(z, predicted, slice(None))[0]

    def errors(
        self, z: np.ndarray, predicted: np.ndarray, some: Any, more: Any = 0.0
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
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
