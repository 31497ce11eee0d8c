"""Learn the model's parameters from all published counts at once: a hierarchical posterior over places and nation.

The posterior mode and its curvature are found first (Gauss and Newton). From runs around it a quadratic stand-in for
the stock engine is fitted (`emulator`), whose posterior is sampled at length for next to nothing; its draws are what
the chains of the true posterior propose, beside small steps of their own (preconditioned Crank-Nicolson moves, Cotter
and others 2013). emcee runs the chains and accepts by the engine's own likelihood. Nothing here asks the clock or a
global generator: the same seed gives the same bytes, on any number of cores.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import emcee
import joblib
import numpy as np
import pandas as pd
from arviz_stats.base import array_stats
from tqdm.auto import tqdm

from forecast import chance
from forecast.emulator import Emulator, size_of
from forecast.likelihood import DEGREES, Model
from forecast.posterior import EFFECT, YEAR

GROUPS = 2  # independent ensembles
WALKERS, STEPS, BLOCK = 48, 160, 20  # chains of an ensemble, steps that count, steps kept at once
BURN_IN = 0.2  # more steps at first, as a part of those that count
RUNS, WIDER = (2.5, 1.5), 1.3  # runs of the engine for the stand-in, per number that it has; spread of the first ones
CHUNK = 100  # vectors in one run of the engine
POOL_WALKERS, POOL_STEPS, POOL_THIN = 256, 600, 20  # chains of the stand-in; every so many steps a draw is taken
SIZES = (0.5, 0.3)  # of the moves of a chain's own, as a part of the normal approximation's spread
OWN = 0.2  # share of those moves
# A result is only good if the chains agree and hold enough independent draws (Vehtari and others 2021).
MOST_RHAT, LEAST_ESS = 1.05, 400


@dataclass(frozen=True, eq=False)
class Fit:
    """What was learned: `z` (chains, steps, coordinates) and what each draw predicts, (chains, steps, targets)."""

    model: Model
    z: np.ndarray
    predicted: np.ndarray
    accepted: float

    @property
    def diagnostics(self) -> pd.DataFrame:
        """R-hat, effective sample sizes and whether they are good enough, by coordinate; `accepted` share of moves."""
        given = {"chain_axis": 0, "draw_axis": 1}
        table = pd.DataFrame(
            {
                "rhat": array_stats.rhat(self.z, **given),
                "ess_bulk": array_stats.ess(self.z, **given),
                "ess_tail": array_stats.ess(self.z, **given, method="tail", prob=(0.05, 0.95)),
                "accepted": self.accepted,
            },
            index=pd.Index(self.model.coordinates, name="coordinate"),
        )
        good = (table["rhat"] <= MOST_RHAT) & (table[["ess_bulk", "ess_tail"]].min(axis=1) >= LEAST_ESS)
        return table.assign(good=good).reset_index()

    @property
    def flat(self) -> tuple[np.ndarray, np.ndarray]:
        """All draws under one another, step by step: z and predicted."""
        return tuple(np.swapaxes(x, 0, 1).reshape(-1, x.shape[2]) for x in (self.z, self.predicted))

    def draws(self, count: int) -> np.ndarray:
        """Positions in `flat` of `count` draws, evenly spaced over steps and chains (each is used once at most)."""
        total = self.z.shape[0] * self.z.shape[1]
        return np.unique(np.linspace(0, total - 1, min(count, total)).round().astype(int))

    def frame(self, count: int) -> pd.DataFrame:
        """Joint draws in natural units, one row each: what `posterior.parquet` holds."""
        return natural(self.model, self.flat[0][self.draws(count)])

    def moved(self) -> pd.DataFrame:
        """Which data moved which parameter: `coordinate, source, shift, narrowed`.

        `shift` is by how many prior standard deviations the mean would go on if the figures of `source` (a place)
        counted twice, to first order: the covariance of the coordinate with their log likelihood (Kallioinen and
        others 2024). `narrowed` is 1 - posterior variance / prior variance.
        """
        z, predicted = self.flat
        each = self.model.log_likelihood(z, predicted)
        places = [t.place for t in self.model.targets]
        centered, narrowed, rows = z - z.mean(axis=0), 1 - z.var(axis=0), []
        for place in dict.fromkeys(places):
            score = each[:, [p == place for p in places]].sum(axis=1)
            shift = centered.T @ (score - score.mean()) / len(z)
            rows += list(zip(self.model.coordinates, [place] * len(shift), shift, narrowed, strict=True))
        return pd.DataFrame(rows, columns=["coordinate", "source", "shift", "narrowed"])


def natural(model: Model, z: np.ndarray) -> pd.DataFrame:
    """Vectors in natural units: parameters, factors `place_effect/<place>` and `year/<year>`, model_error."""
    drawn = model.drawn(z)
    columns = {name: drawn[name] for name in model.free}
    columns |= {EFFECT + p: np.exp(model.effect(z, p, drawn)) for p in model.tracks}
    columns |= {f"{YEAR}{y}": factor for y, factor in model.year_effects(z).items()}
    frame = pd.DataFrame(columns | {"model_error": model.model_error(z)})
    return frame.rename_axis("draw").reset_index()


def mode(model: Model, rounds: int = 20, step: float = 1e-3) -> tuple[np.ndarray, np.ndarray]:
    """Find the posterior mode and the covariance of the normal approximation there (Gauss and Newton).

    The t errors are weighed anew in each round, and a step is cut while it does not help.
    """
    size = len(model.coordinates)
    z = np.zeros(size)
    for _ in range(rounds):
        around = np.vstack([z, z + step * np.eye(size)])
        predicted, scale = model.predict(around), model.spread(z[None])[0]
        slopes = (predicted[1:] - predicted[0]) / step
        score = (model.seen - predicted[0]) / scale
        weight = (DEGREES + 1) / (DEGREES + score**2)
        information = (slopes * (weight / scale**2)) @ slopes.T + np.eye(size)
        direction = np.linalg.solve(information, (slopes * (weight / scale)) @ score - z)
        tried = z + np.array([0, 1, 0.5, 0.25, 0.1, 0.03])[:, None] * direction
        values = model.log_posterior(tried)[0]
        best = int(values.argmax())
        z = tried[best]
        if values[best] < values[0] + 0.01:
            break
    return z, np.linalg.inv(information)


def _steps(shape: tuple[np.ndarray, np.ndarray], sizes: tuple[float, ...]) -> list:
    """Crank and Nicolson's proposals around a normal approximation, which they leave as it is."""
    center, root = shape[0], np.linalg.cholesky(shape[1])
    inverse = np.linalg.inv(root)

    def move(size):
        def propose(x, luck):
            new = center + np.sqrt(1 - size**2) * (x - center) + size * luck.standard_normal(x.shape) @ root.T
            old_norm, new_norm = (np.square((v - center) @ inverse.T).sum(axis=1) for v in (x, new))
            return new, (new_norm - old_norm) / 2

        return emcee.moves.MHMove(propose)

    return [move(size) for size in sizes]


def _from_pool(emulator: Emulator, pool: np.ndarray):
    """Proposals that are draws of the stand-in's posterior, `pool` (steps, walkers, coordinates), each used once."""
    rows = iter(pool)

    def propose(x, _):
        new = next(rows)
        return new, emulator.log_posterior(x) - emulator.log_posterior(new)

    return emcee.moves.MHMove(propose)


def _luck(seed: int, *names) -> np.random.RandomState:
    """Return a generator of its own for each name."""
    key = chance.stream(seed, chance.name_number("/".join(map(str, names))))
    return np.random.RandomState(int(key % np.uint64(2**32)))


def _scatter(shape, count: int, luck, wider: float = 1.0) -> np.ndarray:
    """Draw from a normal approximation, (count, coordinates)."""
    return shape[0] + wider * luck.standard_normal((count, len(shape[0]))) @ np.linalg.cholesky(shape[1]).T


def _pool(emulator: Emulator, shape, seed: int, stage: int, count: int) -> np.ndarray:
    """Draw `count` vectors from the stand-in's posterior, (count, coordinates), neighbors from different chains."""
    luck = _luck(seed, "pool", stage)
    start = emcee.State(_scatter(shape, POOL_WALKERS, luck), random_state=luck.get_state())
    steps = POOL_STEPS + POOL_THIN * -(-count // POOL_WALKERS)
    sampler = emcee.EnsembleSampler(
        POOL_WALKERS, len(shape[0]), lambda z: np.nan_to_num(emulator.log_posterior(z), nan=-np.inf),
        moves=_steps(shape, (0.6, *SIZES)), vectorize=True,
    )  # fmt: skip
    sampler.run_mcmc(start, steps, skip_initial_state_check=True)
    return sampler.get_chain(discard=POOL_STEPS, thin=POOL_THIN, flat=True)[:count]


def _block(model: Model, part: dict, moves: tuple, count: int) -> dict[str, np.ndarray]:
    """Go on for `count` steps from where `part` ended: arrays (steps, walkers, ...)."""
    emulator, shape, pool = moves
    own = _steps(shape, SIZES)
    sampler = emcee.EnsembleSampler(
        part["z"].shape[1], part["z"].shape[2], model.log_posterior_rows, vectorize=True,
        moves=[(_from_pool(emulator, pool), 1 - OWN), *((m, OWN / len(own)) for m in own)],
    )  # fmt: skip
    known = {"log_prob": part["log"], "blobs": part["predicted"][-1]} if len(part["log"]) else {}
    words, more = part["words"], part["more"]
    luck = "MT19937", words, int(more[0]), int(more[1]), float(more[2])
    end = sampler.run_mcmc(emcee.State(part["z"][-1], random_state=luck, **known), count, skip_initial_state_check=True)
    _, words, *more = end.random_state
    return {
        "z": sampler.get_chain(), "predicted": sampler.get_blobs(), "log": end.log_prob,
        "accepted": sampler.acceptance_fraction, "words": words, "more": np.array(more, float),
    }  # fmt: skip


def _kept(path: Path | None) -> dict | None:
    if path is None or not path.exists():
        return None
    try:
        with np.load(path) as found:
            return dict(found)
    except (OSError, ValueError):
        return None


def _keep(path: Path | None, part: dict) -> None:
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(".partial.npz")
        np.savez(partial, **part)
        partial.replace(path)


def calibrate(
    model: Model, *, seed: int = 1, jobs: int | None = None, keep: str | Path | None = None, progress: bool = True,
    plan: tuple[int, int] = (WALKERS, STEPS), name: str = "",
) -> Fit:  # fmt: skip
    """Sample the posterior of `model`; `plan` is (walkers of an ensemble, steps that count).

    `keep` is a folder in which finished work is kept for a run that is repeated after a kill; `name` says what else
    the numbers depend on (code and data), so that work of another state is not taken for one's own.
    """
    walkers, steps = plan
    size = len(model.coordinates)
    asked = repr((model.coordinates, model.targets, seed, plan, name))
    folder = Path(keep) / hashlib.sha256(asked.encode()).hexdigest()[:16] if keep else None
    burn_in = -(-int(BURN_IN * steps) // BLOCK) * BLOCK
    counts = [int(r * size_of(size)) for r in RUNS]
    with (
        tqdm(total=sum(counts) + GROUPS * walkers * (burn_in + steps), desc="calibrate", disable=not progress) as bar,
        joblib.Parallel(n_jobs=jobs or joblib.cpu_count()) as work,
    ):

        def done(tasks: dict, ticks: int) -> list[dict]:
            """Do tasks (file name -> function and arguments) that were not kept, in their order."""
            paths = [folder / f"{n}.npz" if folder else None for n in tasks]
            found = [_kept(path) for path in paths]
            waiting = [i for i, part in enumerate(found) if part is None]
            todo = list(tasks.values())
            new = work(joblib.delayed(todo[i][0])(*todo[i][1:]) for i in waiting)
            for i, part in zip(waiting, new, strict=True):
                found[i] = part
                _keep(paths[i], part)
            bar.update(ticks)
            return found

        shape = mode(model)
        z = _scatter(shape, counts[0], _luck(seed, "runs"), WIDER)
        runs: list[np.ndarray] = []
        seen = np.empty((0, size))
        for stage in range(len(RUNS)):
            chunks = [z[i : i + CHUNK] for i in range(0, len(z), CHUNK)]
            for i in range(0, len(chunks), 8):  # the bar moves, and a kill costs little
                tasks = {f"runs-{stage}-{j}": (_run, model, c) for j, c in enumerate(chunks[i : i + 8], start=i)}
                runs += [p["predicted"] for p in done(tasks, sum(map(len, chunks[i : i + 8])))]
            seen = np.concatenate([seen, z])
            emulator = Emulator.fit(model, shape, seen, np.concatenate(runs))
            more = counts[stage + 1] if stage + 1 < len(RUNS) else GROUPS * walkers * (1 + burn_in + steps)
            z = _pool(emulator, shape, seed, stage, more)
        shape = z.mean(axis=0), np.cov(z.T) + 1e-6 * np.eye(size)
        pools = z.reshape(GROUPS, 1 + burn_in + steps, walkers, size)
        last = [_begin(pools[n, 0], _luck(seed, "chains", n)) for n in range(GROUPS)]
        parts = []
        for begin in range(0, burn_in + steps, BLOCK):
            count = min(BLOCK, burn_in + steps - begin)
            slices = [p[1 + begin : 1 + begin + count] for p in pools]
            tasks = {f"steps-{n}-{begin}": (_block, model, last[n], (emulator, shape, slices[n]), count)
                     for n in range(GROUPS)}  # fmt: skip
            last = done(tasks, GROUPS * walkers * count)
            if begin >= burn_in:
                parts.append(last)
    chains = [{k: np.concatenate([p[n][k] for p in parts]) for k in ("z", "predicted")} for n in range(GROUPS)]
    z, predicted = (np.concatenate([np.swapaxes(c[k], 0, 1) for c in chains]) for k in ("z", "predicted"))
    return Fit(model, z, predicted, float(np.mean([p[n]["accepted"] for p in parts for n in range(GROUPS)])))


def _run(model: Model, z: np.ndarray) -> dict[str, np.ndarray]:
    return {"predicted": model.predict(z)}


def _begin(z: np.ndarray, luck: np.random.RandomState) -> dict[str, np.ndarray]:
    """Put the walkers of an ensemble at their first places."""
    _, words, *more = luck.get_state()
    return {"z": z[None], "log": np.zeros(0), "words": words, "more": np.array(more, float)}
