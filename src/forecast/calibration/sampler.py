"""Learn the model's parameters from all published counts at once: a hierarchical posterior over places and nation.

The posterior mode and its curvature are found first (Gauss and Newton). Runs around it teach a quadratic stand-in for
the stock engine (`emulator`), whose posterior emcee samples by Hamiltonian moves for next to nothing; where it leads,
the engine is run again, until the stand-in is good there. Its last draws are weighed by what the engine itself says of
each, with a smoothed tail (Pareto smoothed importance sampling, Vehtari and others 2024), so that the posterior is the
engine's and the stand-in's errors cost draws. Nothing here asks the clock or a global generator: the same seed gives
the same bytes, on any number of cores.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import emcee
import numpy as np
import pandas as pd
from arviz_stats.base.array import array_stats
from threadpoolctl import threadpool_limits
from tqdm.auto import tqdm

from forecast.beliefs.posterior import EFFECT, PLACE_STEP, PLACE_YEAR, STEP_PRIORS, YEAR, YEAR_STEP
from forecast.calibration.emulator import Emulator, Shape, size_of
from forecast.calibration.likelihood import DEGREES, Model
from forecast.data import chance, workers
from forecast.data.files import kept_arrays

GROUPS = 2  # independent ensembles
WALKERS, STEPS, DRAWS = 64, 400, 10_000  # chains of an ensemble, steps that count, draws that the engine weighs
BURN_IN = 0.2  # more steps at first, as a part of those that count
# Runs of the engine for the stand-in, per number that it has of one place; the first ones have this spread.
RUNS, WIDER = (5.5, 3.0, 3.0, 5.5), 1.3
CHUNK = 100  # vectors in one run of the engine
ROUNDS = 5  # times at most that draws are weighed, and taught to the stand-in where the weights are too uneven
POOL_WALKERS, POOL_STEPS = 128, 40  # chains that say where to run next, and steps after which they are believed
# A result is only good if the chains agree and hold enough independent draws (Vehtari and others 2021), and if no few
# draws carry the weight of all (k-hat, the shape of the weights' tail).
MOST_RHAT, LEAST_ESS, MOST_KHAT = 1.05, 400, 0.7


@dataclass(frozen=True, eq=False)
class Fit:
    """What was learned: draws of equal weight, `z` (draws, coordinates), and what each predicts, (draws, targets)."""

    model: Model
    z: np.ndarray
    predicted: np.ndarray
    chains: np.ndarray  # (chains, steps, coordinates) of the stand-in, before they were weighed
    weighed: float  # effective draws that the weights leave
    khat: float
    accepted: float  # share of the chains' moves
    divergences: int  # moves whose path lost its energy
    emulator: Emulator
    runs: tuple[np.ndarray, np.ndarray]  # of the engine, that the stand-in was fitted to: z and predicted

    @property
    def diagnostics(self) -> pd.DataFrame:
        """R-hat, effective sample sizes and whether they are good enough, by coordinate; the rest is common to all.

        R-hat is that of the chains; effective draws are what their correlation and the weights leave together.
        """
        given = {"chain_axis": 0, "draw_axis": 1}
        left = self.weighed / (self.chains.shape[0] * self.chains.shape[1])
        tail = array_stats.ess(self.chains, **given, method="tail", prob=(0.05, 0.95))
        table = pd.DataFrame(
            {
                "rhat": array_stats.rhat(self.chains, **given),
                "ess_bulk": np.minimum(array_stats.ess(self.chains, **given) * left, self.weighed),
                "ess_tail": np.minimum(tail * left, self.weighed),
                "khat": self.khat,
                "accepted": self.accepted,
                "divergences": self.divergences,
            },
            index=pd.Index(self.model.coordinates, name="coordinate"),
        )
        good = (table["rhat"] <= MOST_RHAT) & (table[["ess_bulk", "ess_tail"]].min(axis=1) >= LEAST_ESS)
        good &= (table["khat"] <= MOST_KHAT) & (table["divergences"] == 0)
        return table.assign(good=good).reset_index()

    def draws(self, count: int) -> np.ndarray:
        """Positions of `count` draws, evenly spaced (each is used once at most)."""
        return np.unique(np.linspace(0, len(self.z) - 1, min(count, len(self.z))).round().astype(int))

    def frame(self, count: int) -> pd.DataFrame:
        """Joint draws in natural units, one row each: what `posterior.parquet` holds."""
        return natural(self.model, self.z[self.draws(count)])

    def moved(self) -> pd.DataFrame:
        """Which data moved which parameter: `coordinate, source, shift, narrowed`.

        `shift` is by how many prior standard deviations the mean would go on if the figures of `source` (a place)
        counted twice, to first order: the covariance of the coordinate with their log likelihood (Kallioinen and
        others 2024). `narrowed` is 1 - posterior variance / prior variance.
        """
        z = self.z
        each = self.model.log_likelihood(z, self.predicted)
        places = [t.place for t in self.model.targets]
        centered, narrowed, rows = z - z.mean(axis=0), 1 - z.var(axis=0), []
        for place in dict.fromkeys(places):
            score = each[:, [p == place for p in places]].sum(axis=1)
            shift = centered.T @ (score - score.mean()) / len(z)
            rows += list(zip(self.model.coordinates, [place] * len(shift), shift, narrowed, strict=True))
        return pd.DataFrame(rows, columns=["coordinate", "source", "shift", "narrowed"])


def natural(model: Model, z: np.ndarray) -> pd.DataFrame:
    """Vectors in natural units: parameters, and what else `posterior.Posterior` knows, `model_error` beside it."""
    drawn = model.drawn(z)
    columns = {name: drawn[name] for name in model.free}
    columns |= {EFFECT + p: np.exp(model.effect(z, p)) for p in model.tracks}
    columns |= {f"{YEAR}{y}": factor for y, factor in model.year_effects(z).items()}
    for p in model.tracks:
        if f"effect/{p}" in model.at:
            columns |= {f"{PLACE_YEAR}{y}/{p}": np.exp(walk) for y, walk in model.place_years(z, p).items()}
    columns |= {name: STEP_PRIORS[name][0] * model.wider(z, name) for name in (YEAR_STEP, PLACE_STEP)}
    frame = pd.DataFrame(columns | {"model_error": model.model_error(z)})
    return frame.rename_axis("draw").reset_index()


def mode(model: Model, rounds: int = 20, step: float = 1e-3) -> tuple[np.ndarray, np.ndarray]:
    """Find the posterior mode and the covariance of the normal approximation there (Gauss and Newton).

    The t errors are weighed anew in each round, and a step is cut while it does not help. The spreads of places and
    years stand nearly at their medians: together with what they spread, the highest density is where nothing differs.
    """
    size = len(model.coordinates)
    z, unit, spreads = np.zeros(size), np.eye(size), [model.at[name] for name in model.levels]
    for _ in range(rounds):
        predicted, scale = model.predict(np.vstack([z, z + step * unit])), model.spread(z[None])[0]
        slopes = (predicted[1:] - predicted[0]) / step
        score = (model.seen - predicted[0]) / scale
        weight = (DEGREES + 1) / (DEGREES + score**2)
        pull = model.prior_slope(z[None])[0]
        pull[spreads] = 0.0
        information = (slopes * (weight / scale**2)) @ slopes.T + np.eye(size)
        information[spreads, spreads] = 16.0
        direction = np.linalg.solve(information, (slopes * (weight / scale)) @ score + pull)
        tried = z + np.array([0, 1, 0.5, 0.25, 0.1, 0.03])[:, None] * direction
        values = model.log_posterior(tried)[0]
        best = int(values.argmax())
        z = tried[best]
        if values[best] < values[0] + 0.01:
            break
    return z, np.linalg.inv(information)


def keyed_luck(seed: int, *names: object) -> np.random.RandomState:
    """Return a generator of its own for each name."""
    key = chance.stream(seed, chance.name_number("/".join(map(str, names))))
    return np.random.RandomState(int(key % np.uint64(2**32)))


def stand_in(
    emulator: Emulator, start: np.ndarray, steps: int, luck: np.random.RandomState
) -> tuple[np.ndarray, float, int]:
    """Sample the stand-in's posterior from each row of `start`.

    Return the chains (steps, walkers, coordinates), the share of moves taken and the number of paths that diverged.
    """
    lost = []

    def move(z: np.ndarray, random: np.random.RandomState) -> tuple[np.ndarray, np.ndarray]:
        z, energy, diverged = emulator.roll(z, random)
        lost.append(int(diverged.sum()))
        return z, energy

    sampler = emcee.EnsembleSampler(
        *start.shape, lambda z: emulator.log_posterior(z)[0], moves=emcee.moves.MHMove(move), vectorize=True
    )
    sampler.run_mcmc(emcee.State(start, random_state=luck.get_state()), steps, skip_initial_state_check=True)
    return sampler.get_chain(), float(sampler.acceptance_fraction.mean()), sum(lost)


def weigh(emulator: Emulator, z: np.ndarray, predicted: np.ndarray) -> tuple[np.ndarray, float, float]:
    """Weigh draws of the stand-in's posterior by what the engine says, `predicted` (draws, targets).

    Return positions of as many draws of equal weight (a draw may come again), the effective number of draws that the
    weights leave, and k-hat.
    """
    model, used = emulator.model, emulator.used
    gain = model.log_likelihood(z, predicted)[:, used].sum(axis=1) + model.log_prior(z) - emulator.log_posterior(z)[0]
    log, khat = array_stats.psislw(-np.nan_to_num(gain, nan=-1e3, posinf=-1e3))  # it takes what to divide by
    share = np.exp(log - log.max())
    share /= share.sum()
    rows = np.searchsorted(np.cumsum(share), (np.arange(len(z)) + 0.5) / len(z))
    return np.minimum(rows, len(z) - 1), float(1 / np.square(share).sum()), float(khat)


def calibrate(
    model: Model,
    *,
    seed: int = 1,
    jobs: int | None = None,
    keep: str | Path | None = None,
    progress: bool = True,
    plan: tuple[int, int, int] = (WALKERS, STEPS, DRAWS),
    name: str = "",
) -> Fit:
    """Learn the posterior of `model`; `plan` is (chains of an ensemble, steps that count, draws that are weighed).

    `keep` is a folder in which finished work is kept for a run that is repeated after a kill; `name` says what else
    the numbers depend on (code and data), so that work of another state is not taken for one's own.
    """
    walkers, steps, draws = plan
    size = len(model.coordinates)
    asked = repr((model.coordinates, model.targets, seed, plan, name))
    folder = Path(keep) / hashlib.sha256(asked.encode()).hexdigest()[:16] if keep else None
    counts = [int(r * max(size_of(i.shape[1]) for i in model.inputs().values())) for r in RUNS]
    with (
        one_thread(),
        tqdm(total=sum(counts) + ROUNDS * draws, desc="calibrate", disable=not progress) as bar,
    ):

        def done(tasks: dict[str, tuple[Any, ...]]) -> list[dict[str, np.ndarray]]:
            """Do tasks (file name -> function and arguments) that were not kept, in their order."""
            paths = [folder / f"{n}.npz" if folder else None for n in tasks]
            return workers.every(_do, list(tasks.values()), jobs, paths=paths, kept=lambda _, path: kept_arrays(path))

        def run(name: str, z: np.ndarray) -> np.ndarray:
            """Ask the engine about all rows of z, some at a time: the bar moves, and a kill costs little."""
            chunks, found = [z[i : i + CHUNK] for i in range(0, len(z), CHUNK)], []
            for i in range(0, len(chunks), 8):
                some = chunks[i : i + 8]
                found += done({f"{name}-{j}": (_run, model, c) for j, c in enumerate(some, start=i)})
                bar.update(sum(map(len, some)))
            return np.concatenate([part["predicted"] for part in found])

        shape = Shape.of(*mode(model))
        z = shape.draw(counts[0], keyed_luck(seed, "runs"), WIDER)
        seen = np.empty((0, size)), np.empty((0, len(model.targets)))
        walked = shape.draw(POOL_WALKERS, keyed_luck(seed, "pool"))[None]
        for stage, more in enumerate([*counts[1:], 20 * POOL_WALKERS]):
            runs = run(f"runs-{stage}", z)
            seen = np.concatenate([seen[0], z]), np.concatenate([seen[1], runs])
            emulator = Emulator.fit(model, shape, *seen)
            luck = keyed_luck(seed, "pool", stage)
            walked = stand_in(emulator, walked[-1], POOL_STEPS - -more // POOL_WALKERS, luck)[0]
            z = walked[POOL_STEPS:].reshape(-1, size)[-more:]
            shape = Shape.around(z)
        emulator, burn_in = replace(emulator, shape=shape), int(BURN_IN * steps)
        starts = z[np.arange(-GROUPS * walkers, 0) % len(z)]
        best: Fit | None = None
        for again in range(ROUNDS):
            lucks = [keyed_luck(seed, f"chains/{again}" if again else "chains", n) for n in range(GROUPS)]
            tasks: dict[str, tuple[Any, ...]] = {
                f"chains-{again}-{n}": (_chains, emulator, part, burn_in, steps, lucks[n])
                for n, part in enumerate(np.split(starts, GROUPS))
            }
            parts = done(tasks)
            chains = np.concatenate([np.swapaxes(part["z"], 0, 1) for part in parts])
            thin = max(1, chains.shape[0] * chains.shape[1] // draws)
            chains = chains[:, thin - 1 :: thin]
            z = chains.reshape(-1, size)
            predicted = run(f"draws-{again}", z)
            rows, weighed, khat = weigh(emulator, z, predicted)
            accepted, diverged = (np.array([part[name] for part in parts]) for name in ("accepted", "diverged"))
            given = weighed, khat, float(accepted.mean()), int(diverged.sum()), emulator, seen
            found = Fit(model, z[rows], predicted[rows], chains, *given)
            best = found if best is None or khat < best.khat else best
            if khat <= MOST_KHAT and weighed >= 2 * LEAST_ESS:
                break
            seen = np.concatenate([seen[0], z]), np.concatenate([seen[1], predicted])
            emulator = Emulator.fit(model, Shape.around(z[rows]), *seen)
            starts = chains[:, -1]
        bar.update(sum(counts) + ROUNDS * draws - bar.n)
    assert best is not None  # there is a round at least
    return best


def one_thread() -> threadpool_limits:
    """Keep matrix products to one thread: how many share one decides its last digits, and chains magnify these."""
    return threadpool_limits(1)


def _do(function: Callable[..., dict[str, np.ndarray]], *given: Any) -> dict[str, np.ndarray]:
    return function(*given)


def _chains(
    emulator: Emulator, start: np.ndarray, burn_in: int, steps: int, luck: np.random.RandomState
) -> dict[str, np.ndarray]:
    with one_thread():
        z, accepted, diverged = stand_in(emulator, start, burn_in + steps, luck)
    return {"z": z[burn_in:], "accepted": np.array(accepted), "diverged": np.array(diverged)}


def _run(model: Model, z: np.ndarray) -> dict[str, np.ndarray]:
    with one_thread():
        return {"predicted": model.predict(z)}
