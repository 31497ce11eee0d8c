"""People who have not enrolled, in expectation: pressure passes their resistances, and they enter (compiled)."""

from typing import NamedTuple

import numpy as np
from numba import njit

from forecast.engines.people import hazards
from forecast.engines.people.prices import BANDS
from forecast.engines.people.world import World
from forecast.question.plan import GROUPS

G = len(GROUPS)
# Shares of the people who live under each class of team, from the least to the most skilled. What a visit brings falls
# with the number of visits, so teams of unequal skill bring less than as many of the mean skill; the best are few.
CLASS_SHARES = np.array([0.3, 0.3, 0.2, 0.13, 0.07])
NEWTON = 7  # steps, enough for a part in a million
NEAR = 1e-9  # of what is wanted: nearer need nobody come
MOST_PRESSURE = 1e3  # times the ordinary, which nothing in the world comes near


class Pool(NamedTuple):
    """People by year in which they became eligible, (draws, rows, cells of a commune)."""

    size: np.ndarray  # persons
    since: np.ndarray  # the pressure there was when they came in
    survived: np.ndarray  # the share of them not passed yet; brought up to date


class Outside(NamedTuple):
    """People who have not enrolled, by class of team; those of later years are few and not told apart by class."""

    pressure: np.ndarray  # (draws, strata x classes, cells of a commune) so far
    common: np.ndarray  # (draws, strata, cells of a commune) its mean over classes
    pools: list[Pool]  # of the opening first, then of later years

    @classmethod
    def of(cls, world: World) -> "Outside":
        """Those of the opening: the readiest are members."""
        draws, strata, classes = len(world.keys), len(world.numbers), len(CLASS_SHARES)
        rows = draws, strata * classes, G * BANDS
        cells = world.cells.reshape(strata, G * BANDS)[:, None, :] * CLASS_SHARES[:, None]
        cells = np.array(np.broadcast_to(cells.reshape(rows[1:]), rows))  # a copy, of a single draw too
        left = 1.0 - world.opening / np.maximum(world.cells, 1)
        shape = world.drawn["frailty_shape"]
        pressure = shape[:, None] * np.expm1(-np.log(np.maximum(left, 1e-12)) / shape[:, None])
        pressure = np.repeat(pressure.reshape(draws, strata, -1), classes, axis=1)
        survived = (1.0 + pressure / shape[:, None, None]) ** -shape[:, None, None]
        common = np.empty((draws, strata, G * BANDS))
        nobody, price_class = np.zeros((*rows[:2], G)), world.prices.price_class
        _press(pressure, nobody, world.accept[0], price_class, CLASS_SHARES, common)
        return cls(pressure, common, [Pool(cells, np.zeros(rows), survived)])

    def new_year(self, world: World) -> None:
        """Let some leave for good, and others become eligible."""
        drawn, strata = world.drawn, len(world.numbers)
        stay = 1 - drawn["eligible_exit_rate"][:, None, None]
        self.pools[:] = [pool._replace(size=pool.size * stay) for pool in self.pools]
        size = world.cells.reshape(strata, -1) * drawn["eligible_entry_rate"][:, None, None]
        self.pools.append(Pool(size, self.common.copy(), np.ones_like(size)))

    def find(self, hazard: np.ndarray) -> None:
        """Let inspections move people to compulsory insurance for good, at a hazard (draws, strata)."""
        if hazard.any():
            stay = np.repeat(np.exp(-hazard)[:, :, None], G, axis=2)
            for pool in self.pools:
                _thin(pool, stay)

    def enter(self, world: World, t: int, press: np.ndarray) -> np.ndarray:
        """Let a month of pressure act; returns who enters, (draws, strata, classes, groups)."""
        shape, strata = world.drawn["frailty_shape"], len(world.numbers)
        _press(self.pressure, press, world.accept[t], world.prices.price_class, CLASS_SHARES, self.common)
        entering, late = np.zeros((*press.shape[:2], G)), np.zeros((len(world.keys), strata, G))
        _pass(self.pressure, shape, self.pools[0], entering)
        for pool in self.pools[1:]:
            _pass(self.common, shape, pool, late)
        here: np.ndarray = entering.reshape(len(late), strata, -1, G) + late[:, :, None] * CLASS_SHARES[:, None]
        return here

    def take(self, wanted: np.ndarray) -> np.ndarray:
        """Take people out who become members by themselves or by a book, picked at random; returns how many there were.

        `wanted` and the answer are (draws, strata, groups); nobody is taken twice.
        """
        if not wanted.any():
            return wanted
        left = np.zeros(wanted.shape)
        for pool in self.pools:
            _count(pool, left)
        taken: np.ndarray = np.minimum(wanted, left)
        rest = 1 - taken / np.maximum(left, 1e-300)
        for pool in self.pools:
            _thin(pool, rest)
        return taken

    def pressure_for(
        self, world: World, t: int, press: tuple[np.ndarray, np.ndarray], wanted: np.ndarray
    ) -> np.ndarray:
        """Return the factor y, (draws,), with which `press[0] + y press[1]` lets `wanted` (draws,) people enter.

        0 where nobody is wanted, :data:`MOST_PRESSURE` where there are not so many people. Entries are concave in y,
        so Newton's method comes near from below. A draw that is there is left as it is.
        """
        y, added, open_ = np.zeros(len(wanted)), self._added(world, t, press), wanted > 0
        for _ in range(NEWTON):
            if not open_.any():
                break
            value, slope = self._gain(world, added, y, open_)
            open_ = open_ & (np.abs(wanted - value) > NEAR * wanted)
            new = np.clip(y + (wanted - value) / np.maximum(slope, 1e-300), 0.0, MOST_PRESSURE)
            open_ = open_ & (new != y)
            y = np.where(open_, new, y)
        return y

    def entries(self, world: World, t: int, press: tuple[np.ndarray, np.ndarray], y: float) -> np.ndarray:
        """Return how many would enter under `press[0] + y press[1]`, (draws,); nothing is kept of it."""
        y_of, everywhere = np.full(len(world.keys), y), np.ones(len(world.keys), np.bool_)
        return self._gain(world, self._added(world, t, press), y_of, everywhere)[0]

    def _added(self, world: World, t: int, press: tuple[np.ndarray, np.ndarray]) -> list[np.ndarray]:
        """What both parts of the press add to the pressure: two by class, then two in the mean over classes."""
        by_class = [_added(part, world.accept[t], world.prices.price_class) for part in press]
        shape = len(world.keys), len(world.numbers), len(CLASS_SHARES), G * BANDS
        return by_class + [np.einsum("dsqj,q->dsj", x.reshape(shape), CLASS_SHARES) for x in by_class]

    def _gain(
        self, world: World, added: list[np.ndarray], y: np.ndarray, open_: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        gain = np.zeros((2, len(y)))
        shape, first, later = world.drawn["frailty_shape"], (added[0], added[1]), (added[2], added[3])
        _gain(self.pressure, first, self.pools[0], shape, y, open_, gain)
        for pool in self.pools[1:]:
            _gain(self.common, later, pool, shape, y, open_, gain)
        return gain[0], gain[1]


@njit(cache=True)
def _count(pool: Pool, left: np.ndarray) -> None:
    """Add to `left` (draws, strata, groups) the people of a pool who have not joined."""
    rows = pool.size.shape[1] // left.shape[1]
    for d in range(pool.size.shape[0]):
        for r in range(pool.size.shape[1]):
            for j in range(pool.size.shape[2]):
                left[d, r // rows, j // BANDS] += pool.size[d, r, j] * pool.survived[d, r, j]


@njit(cache=True)
def _thin(pool: Pool, rest: np.ndarray) -> None:
    """Leave the share `rest` (draws, strata, groups) of the people of a pool."""
    rows = pool.size.shape[1] // rest.shape[1]
    for d in range(pool.size.shape[0]):
        for r in range(pool.size.shape[1]):
            for j in range(pool.size.shape[2]):
                pool.size[d, r, j] *= rest[d, r // rows, j // BANDS]


@njit(cache=True)
def _press(
    pressure: np.ndarray,
    press: np.ndarray,
    accept: np.ndarray,
    price_class: np.ndarray,
    shares: np.ndarray,
    common: np.ndarray,
) -> None:
    """Add a month's contact x acceptance to the pressure, by class, and note its mean over classes in `common`."""
    for d in range(pressure.shape[0]):
        for s in range(common.shape[1]):
            for j in range(pressure.shape[2]):
                g, mean = j // BANDS, 0.0
                for q in range(len(shares)):
                    c = s * len(shares) + q
                    pressure[d, c, j] += press[d, c, g] * accept[d, price_class[s], g, j % BANDS]
                    mean += shares[q] * pressure[d, c, j]
                common[d, s, j] = mean


@njit(cache=True)
def _added(press: np.ndarray, accept: np.ndarray, price_class: np.ndarray) -> np.ndarray:
    """A month's contact x acceptance, (draws, strata x classes, cells of a commune)."""
    classes = press.shape[1] // len(price_class)
    added = np.empty((press.shape[0], press.shape[1], G * BANDS))
    for d in range(added.shape[0]):
        for c in range(added.shape[1]):
            for j in range(added.shape[2]):
                g = j // BANDS
                added[d, c, j] = press[d, c, g] * accept[d, price_class[c // classes], g, j % BANDS]
    return added


@njit(cache=True)
def _gain(
    pressure: np.ndarray,
    added_by: tuple[np.ndarray, np.ndarray],
    pool: Pool,
    shape: np.ndarray,
    y: np.ndarray,
    open_: np.ndarray,
    gain: np.ndarray,
) -> None:
    """Add to `gain` how many of a pool would be passed by the pressure and `added + y by`, and how that rises with y.

    In the draws that are `open_`; `gain` is (2, draws).
    """
    added, by = added_by
    for d in range(pressure.shape[0]):
        if not open_[d]:
            continue
        k = shape[d]
        for c in range(pressure.shape[1]):
            for j in range(pressure.shape[2]):
                if pool.size[d, c, j] > 0.0:
                    then = pressure[d, c, j] - pool.since[d, c, j] + added[d, c, j] + y[d] * by[d, c, j]
                    survived = hazards.survival(then, k)
                    gain[0, d] += pool.size[d, c, j] * (pool.survived[d, c, j] - survived)
                    gain[1, d] += pool.size[d, c, j] * survived / (1.0 + then / k) * by[d, c, j]


@njit(cache=True)
def _pass(pressure: np.ndarray, shape: np.ndarray, pool: Pool, entering: np.ndarray) -> None:
    """Add to `entering` (draws, rows, groups) the people of a pool whose resistance the new pressure has passed."""
    for d in range(pressure.shape[0]):
        for c in range(pressure.shape[1]):
            for j in range(pressure.shape[2]):
                if pool.size[d, c, j] > 0.0:
                    now = hazards.survival(pressure[d, c, j] - pool.since[d, c, j], shape[d])
                    entering[d, c, j // BANDS] += pool.size[d, c, j] * (pool.survived[d, c, j] - now)
                    pool.survived[d, c, j] = now
