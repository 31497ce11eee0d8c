"""Which beliefs and which levers move the headline: Morris's screening and Sobol's indices, by SALib.

A factor is a parameter (moved over what is believed of it), the place's own factor on entries, or a lever (moved over
its levels). All runs of a design have the same draws: the same people with the same luck, so that a difference between
two runs is the factor's and not chance's. :func:`pairing` measures how many runs that saves. The headline is the
logarithm of what the target counts, since effects multiply.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from SALib.analyze import morris as morris_indices
from SALib.analyze import sobol as sobol_indices
from SALib.sample import morris as morris_design
from SALib.sample import sobol as sobol_design
from scipy.special import ndtri

from forecast.beliefs.parameters import NUMBERS, Assumption, parameters_table
from forecast.beliefs.sets import EFFECT, Sets
from forecast.data import chance, tables
from forecast.data.frames import rows as rows_of
from forecast.engines.people.draws import between, place_effect
from forecast.experiment.project import Task, run_tasks
from forecast.question.menu import Choice, policy, usual
from forecast.question.scenario import Scenario, target_of

PLACE = "place_effect"  # the place's own factor on entries, which no row of data/parameters.csv holds
ENDS = (0.05, 0.95)  # a parameter's low and high in data/parameters.csv; Morris's grid lies between them
LEVELS = 4  # of that grid


class Factors(NamedTuple):
    """What is moved: names of parameters (and PLACE), and levers with a range each."""

    scenario: Scenario
    parameters: tuple[str, ...]
    levers: tuple[Choice, ...]

    @property
    def names(self) -> list[str]:
        """Names in the order of a design's columns: parameters, then levers."""
        return [*self.parameters, *(lever.name for lever in self.levers)]

    @property
    def kinds(self) -> list[str]:
        """What each of the names is, `parameter` or `lever`."""
        return ["parameter"] * len(self.parameters) + ["lever"] * len(self.levers)

    def only(self, names: Iterable[str]) -> "Factors":
        """Keep the factors of these names; others stay at their medians, levers are left out."""
        names = list(names)
        unknown = [name for name in names if name not in self.names]
        if unknown:
            raise tables.UserError(
                "no factor {name!r}; expected some of {known}", name=unknown[0], known=", ".join(self.names)
            )
        return Factors(
            self.scenario,
            tuple(p for p in self.parameters if p in names),
            tuple(c for c in self.levers if c.name in names),
        )

    def problem(self, ends: tuple[float, float]) -> dict[str, Any]:
        """Return the factors as SALib wants them: shares of a prior between `ends`, of a lever's range from 0 to 1."""
        bounds = [list(ends)] * len(self.parameters) + [[0.0, 1.0]] * len(self.levers)
        return {"num_vars": len(bounds), "names": self.names, "bounds": bounds}

    def at(self, row: np.ndarray, seed: int) -> Scenario:
        """Return the question with each factor at its share of `row`: a quantile of what is believed, or a level."""
        question = self.scenario
        quantile = dict(zip(self.names, np.clip(row, 1e-6, 1 - 1e-6), strict=True))
        values = {}
        for name, prior in _priors().items():
            given, u = question.assumptions.get(name), quantile.get(name, 0.5)
            given = given if given is not None else Assumption(**prior)
            if isinstance(given, Assumption):
                given = float(between(np.array(ndtri(u)), given.value, given.low, given.high))
            values[name] = float(given)
        place_factor, u = EFFECT + question.place.name, quantile.get(PLACE, 0.5)
        values[place_factor] = _place_effect(question, values, ndtri(u), seed)
        levels = tuple(round(float(quantile[c.name]) * c.levels) for c in self.levers)
        rest = {name: v for name, v in question.assumptions.items() if name not in values}
        held = Sets.of(pd.DataFrame([values], dtype=float))
        return question.but(policy=policy(question.policy, self.levers, levels), assumptions=rest, sets=held)


def _priors() -> dict[str, dict[str, float]]:
    """Value, low and high of each parameter."""
    return {row.Index: {name: float(getattr(row, name)) for name in NUMBERS} for row in rows_of(parameters_table())}


def factors(scenario: Scenario, levers: bool = True) -> Factors:
    """Return everything that can be moved in a question: parameters that it leaves open, and the usual levers.

    >>> from forecast import toy
    >>> question = Scenario("x", toy.place(), start="2021-12", until="2022-12", law=toy.law())
    >>> factors(question).names[:2], factors(question).names[-1]
    (['entry_rate', 'place_spread'], 'Gift/poor')
    """
    open_ones = [n for n in parameters_table().index if not isinstance(scenario.assumptions.get(n), (int, float))]
    offered = usual(scenario.place, str(scenario.months[1]), float(scenario.plan.collectors[-1].sum()))
    return Factors(scenario, (*open_ones, PLACE), offered if levers else ())


def _place_effect(question: Scenario, values: dict[str, float], z: float, seed: int) -> float:
    """Return the place's factor at its z-th standard deviation of its spread: its log is a line in z."""
    keys = chance.streams(seed, range(2))
    two = chance.normal_array(keys, chance.name_number("place_effect/" + question.place.name))
    drawn = {name: np.full(2, value) for name, value in values.items()}
    logs = np.log(place_effect(question, drawn, keys))
    return float(np.exp(logs[0] + (logs[1] - logs[0]) / (two[1] - two[0]) * (z - two[0])))


@dataclass(frozen=True)
class Asked(Task):
    """A run of a design; only what the target counts is kept of its answer."""

    keepable: bool = True

    def run(self) -> pd.DataFrame:
        """Return one row a draw: `draw, value`."""
        goal, rows = target_of(self.scenario), super().run()
        month = rows["month"].astype(str)
        wanted = (rows["measure"] == goal.measure) & (rows["group"] == goal.group)
        wanted &= (month >= (goal.since or goal.by)) & (month <= goal.by)
        totals = rows[wanted].groupby("draw")["value"].sum()
        return totals.reset_index()

    @property
    def name(self) -> str:
        """A file name for the answer."""
        return "asked-" + super().name


def headline(
    moved: Factors,
    rows: np.ndarray,
    engine: str = "stock",
    *,
    lucks: int = 1,
    seed: int = 1,
    jobs: int | None = None,
    progress: bool = True,
    keep: str | Path | None = None,
) -> np.ndarray:
    """Return the log of what the target counts for each row of a design, (rows, lucks): the same draws in each."""
    target_of(moved.scenario)
    tasks = [Asked(moved.at(row, seed), engine, range(lucks), seed) for row in rows]
    parts = run_tasks(tasks, jobs, None, progress, keep, "sensitivity")
    return np.asarray(np.log(np.maximum([part["value"].to_numpy() for part in parts], 1.0)))


def answered(
    scenario: Scenario,
    engine: str,
    draws: int,
    seed: int = 1,
    *,
    jobs: int | None = None,
    progress: bool = True,
    keep: str | Path | None = None,
) -> np.ndarray:
    """Return the log of what the target counts in each draw of an ordinary run, (draws,)."""
    task = Asked(scenario, engine, range(draws), seed)
    (rows,) = run_tasks([task], jobs, None, progress, keep, "sensitivity")
    return np.asarray(np.log(np.maximum(rows["value"].to_numpy(), 1.0)))


def morris(
    moved: Factors, engine: str = "stock", *, trajectories: int = 10, lucks: int = 1, seed: int = 1, **run: Any
) -> tuple[pd.DataFrame, np.ndarray]:
    """Screen the factors: `factor, kind, effect, direction, uneven, error, runs`, the strongest first; and the values.

    `effect` is the mean size of the change of the log headline over a factor's whole range (Morris's mu*; a
    parameter from its 5% to its 95% point, a lever from nothing to its most), `direction` the mean change with its
    sign, `uneven` its spread over the other factors (sigma: curvature and interactions), `error` the half width of
    its 95% interval. The values (runs, lucks) are those of :func:`headline`, for :func:`pairing`.
    """
    problem = moved.problem(ENDS)
    rows = morris_design.sample(problem, trajectories, num_levels=LEVELS, seed=seed)
    values = headline(moved, rows, engine, lucks=lucks, seed=seed, **run)
    indices = morris_indices.analyze(problem, rows, values.mean(axis=1), num_levels=LEVELS, seed=seed)
    table = pd.DataFrame(
        {
            "factor": moved.names,
            "kind": moved.kinds,
            "effect": indices["mu_star"],
            "direction": indices["mu"],
            "uneven": indices["sigma"],
            "error": indices["mu_star_conf"],
            "runs": values.size,
        }
    )
    return table.sort_values("effect", ascending=False, kind="stable", ignore_index=True).astype(
        {"effect": float, "direction": float, "uneven": float, "error": float}
    ), values


def sobol(
    moved: Factors, engine: str = "stock", *, base: int = 64, lucks: int = 1, seed: int = 1, **run: Any
) -> pd.DataFrame:
    """Split the variance of the log headline: `factor, kind, first, first_error, total, total_error, runs`.

    `first` is a factor's own share, `total` that with all its interactions (Saltelli's design with Jansen's
    estimators), errors are half widths of 95% intervals. `base` is a power of 2; it takes base x (factors + 2) runs.
    """
    if base < 2 or base & (base - 1):
        raise tables.UserError("base: {base}; expected a power of 2", base=base)
    problem = moved.problem((0.0, 1.0))
    rows = sobol_design.sample(problem, base, calc_second_order=False, seed=seed)
    values = headline(moved, rows, engine, lucks=lucks, seed=seed, **run)
    indices = sobol_indices.analyze(problem, values.mean(axis=1), calc_second_order=False, seed=seed)
    table = pd.DataFrame(
        {
            "factor": moved.names,
            "kind": moved.kinds,
            "first": indices["S1"],
            "first_error": indices["S1_conf"],
            "total": indices["ST"],
            "total_error": indices["ST_conf"],
            "runs": values.size,
        }
    )
    return table.sort_values("total", ascending=False, kind="stable", ignore_index=True)


def pairing(values: np.ndarray, steps: int) -> "pd.Series[float]":
    """Measure what the same luck in all runs saves: `paired, unpaired, times`, from a Morris design of several lucks.

    `values` is (runs, lucks), trajectories of `steps` runs one after the other. `paired` is the variance that luck
    leaves in the difference of two neighboring runs when both have the same luck, `unpaired` when each has its own,
    `times` how many times the runs the second would need for the same error.

    >>> luck = np.array([1.0, -1.0, 0.5, -0.5])
    >>> pairing(np.array([luck, luck + 1, luck + 3 + [0.1, -0.1, 0, 0]]), 3).round(1).to_dict()
    {'paired': 0.0, 'unpaired': 1.7, 'times': 521.0}
    """
    if values.shape[1] < 2 or len(values) % steps:
        raise tables.UserError(
            "{count} runs x {lucks} lucks; expected whole trajectories of {steps} runs, and at least 2 lucks",
            count=len(values),
            lucks=values.shape[1],
            steps=steps,
        )
    walks = values.reshape(-1, steps, values.shape[1])
    luck_variance = walks.var(axis=2, ddof=1)
    paired = float(np.diff(walks, axis=1).var(axis=2, ddof=1).mean())
    unpaired = float((luck_variance[:, 1:] + luck_variance[:, :-1]).mean())
    return pd.Series({"paired": paired, "unpaired": unpaired, "times": unpaired / max(paired, 1e-300)})


def without_levers(scenario: Scenario) -> Scenario:
    """Return the question with an empty policy, from which levers are moved."""
    return scenario.with_policy(scenario.scenario, scenario.policy.in_force(scenario.start))
