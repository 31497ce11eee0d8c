"""What counts teach of the nation and of all places, as equally likely rows."""

from dataclasses import dataclass

import numpy as np

from forecast.engines.campaign import parameters as par
from forecast.engines.campaign.known import NATION, Known
from forecast.engines.campaign.nation import Nation, Past, learn_nation
from forecast.engines.campaign.particles import Luck, effective, jittered, resampled
from forecast.engines.campaign.places import Deviation, Given, filtered

PARTICLES, ROWS, PARTS = 16_000, 2_000, 12
ISLANDS = 4  # filters of the nation side by side: what one of them loses by chance another keeps


@dataclass(frozen=True, eq=False)
class Beliefs:
    """Equally likely rows of what counts taught: parameters (R,), and the nation's past of each row.

    `past` is the nation's past of each row, `nation` its state at the origin.
    """

    known: Known
    seed: int
    parameters: dict[str, np.ndarray]
    past: Past
    nation: Nation

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return len(self.nation.growth)


def learn(known: Known, seed: int = 1, particles: int = PARTICLES, rows: int = ROWS) -> Beliefs:
    """Return what the counts of the nation and of all places teach, in about two seconds on one core."""
    p, nation, past = _islands(known, seed, particles // 2, rows)
    luck = Luck.of(seed, range(particles), "places")
    local = {k: prior.draws(luck.normal(k)) for k, prior in par.PLACES.items()}
    speed = past.speed()

    def choose(log_weight: np.ndarray, name: str) -> np.ndarray | None:
        return resampled(log_weight, 0.5) if effective(log_weight) < particles / 2 else None

    for place in known.places:
        if place == NATION:
            continue
        # The nation's pasts are dealt anew: what a place says of them is cut off, since many counts of places with
        # large errors would leave a handful of pasts alive.
        pointer = np.argsort(luck.uniform(f"deal {place}"), kind="stable") % rows
        both = {k: v[pointer] for k, v in p.items()} | local
        index, weight, _ = filtered(known, place, Given(both, past, speed, pointer), luck, choose)
        index = index[resampled(weight, 0.5)]
        local = jittered({k: v[index] for k, v in local.items()}, par.PLACES, luck, f"jitter {place}")
    dealt = np.argsort(luck.uniform("deal"), kind="stable")[:rows]
    return Beliefs(known, seed, p | {k: v[dealt] for k, v in local.items()}, past, nation)


def _islands(known: Known, seed: int, particles: int, rows: int) -> tuple[dict[str, np.ndarray], Nation, Past]:
    """Return what several filters of the nation learned, each with other luck, as rows side by side."""
    each = -(-rows // ISLANDS)
    islands = [learn_nation(known, seed + i * 2**32, particles, each) for i in range(ISLANDS)]
    parameters = {name: np.concatenate([p[name] for p, _, _ in islands])[:rows] for name in par.NATION}
    ends, pasts = [s for _, s, _ in islands], [q for _, _, q in islands]
    nation = Nation(**{k: np.concatenate([getattr(s, k) for s in ends])[:rows] for k in vars(ends[0])})
    past = Past(**{k: np.concatenate([getattr(q, k) for q in pasts], axis=1)[:, :rows] for k in vars(pasts[0])})
    mixed = np.arange(rows).reshape(ISLANDS, -1).T.ravel() if rows % ISLANDS == 0 else np.arange(rows)
    return {k: v[mixed] for k, v in parameters.items()}, nation.take(mixed), past.take(mixed)


def states(b: Beliefs, place: str, known: Known | None = None, parts: int = PARTS) -> Deviation:
    """Return what each row of `b` says of a place at the origin, given its counts; `known` replaces those of the rows.

    Each row is tried `parts` times and one of them is taken, by how well they foretold the counts.
    """
    known, rows = known or b.known, b.rows
    wide = np.repeat(np.arange(rows), parts)
    luck = Luck.of(b.seed, range(rows * parts), f"states of {place}")

    def choose(log_weight: np.ndarray, name: str) -> np.ndarray:
        weight = log_weight.reshape(rows, parts)
        weight = np.exp(weight - weight.max(axis=1, keepdims=True))
        edges = np.cumsum(weight, axis=1) / weight.sum(axis=1, keepdims=True)
        u = luck.uniform("choose " + name).reshape(rows, parts)[:, :1]
        points = (np.arange(parts) + u) / parts
        index = (points[:, :, None] > edges[:, None, :-1]).sum(axis=2)
        chosen: np.ndarray = (index + parts * np.arange(rows)[:, None]).ravel()
        return chosen

    p = {k: v[wide] for k, v in b.parameters.items()}
    _, weight, d = filtered(known, place, Given(p, b.past, b.past.speed(), wide), luck, choose)
    return d.take(choose(weight, "last")[::parts])
