"""A cheap stand-in for the stock engine near the posterior: each place's figures as quadratic functions of its inputs.

It only proposes. Its posterior has slopes, so that a chain can roll along it for many small steps at once (Hamiltonian
moves, Neal 2011). What the chains bring is weighed by the engine's own likelihood, so that the stand-in's errors cost
draws and never truth.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from forecast.calibration.likelihood import Model

RIDGE = 1e-2  # keeps the fit from following what too few runs cannot tell
FAR = 40.0  # runs whose log posterior is so far below the best are not learned from
STEP, LEAPS = 0.15, 12  # length of a small step, in the approximation's spreads, and how many make a move
EDGE = 1.6  # the stand-in is believed as far from the center as this many times a typical draw; then a slope leads back
DIVERGED = 1000.0  # change of energy on a path that says that its steps were too long (as Stan has it)


class Shape(NamedTuple):
    """A normal approximation of a posterior: `center` (coordinates,), `root` of the covariance and its inverse."""

    center: np.ndarray
    root: np.ndarray
    inverse: np.ndarray

    @classmethod
    def of(cls, center: np.ndarray, covariance: np.ndarray) -> "Shape":
        """Take a mean and a covariance, whose root is worked out once."""
        root = np.linalg.cholesky(covariance)
        return cls(center, root, np.linalg.inv(root))

    @classmethod
    def around(cls, z: np.ndarray) -> "Shape":
        """Take mean and covariance of draws (draws, coordinates)."""
        return cls.of(z.mean(axis=0), np.cov(z.T) + 1e-6 * np.eye(z.shape[1]))

    def draw(self, count: int, luck: np.random.RandomState, wider: float = 1.0) -> np.ndarray:
        """Draw (count, coordinates), with a spread `wider` times as large."""
        return np.asarray(self.center + wider * luck.standard_normal((count, len(self.center))) @ self.root.T)


class Place(NamedTuple):
    """The quadratic functions of one place: x = bent z @ map - center; figures = level + x @ slope + x @ bend @ x."""

    map: np.ndarray  # (coordinates, inputs)
    center: np.ndarray  # (inputs,)
    level: np.ndarray  # (targets,)
    slope: np.ndarray  # (inputs, targets)
    bend: np.ndarray  # (targets, inputs, inputs), symmetric
    targets: np.ndarray  # positions
    off: np.ndarray  # (targets,) standard deviation by which the figures are off

    def figures(self, bent: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return log figures (draws, targets), and x @ bend, (targets, draws, inputs), of which slopes are made."""
        x = bent @ self.map - self.center
        turned = x @ self.bend
        return self.level + x @ self.slope + np.einsum("tdi,di->dt", turned, x), turned


@dataclass(frozen=True, eq=False)
class Emulator:
    """Log figures of all places, nearly; `used` (targets,) says which of them its posterior knows."""

    model: Model
    shape: Shape
    places: list[Place]
    used: np.ndarray

    @classmethod
    def fit(
        cls, model: Model, shape: Shape, z: np.ndarray, predicted: np.ndarray, used: np.ndarray | None = None
    ) -> "Emulator":
        """Fit to runs of the engine: `z` (runs, coordinates), `predicted` (runs, targets)."""
        used = np.ones(len(model.targets), bool) if used is None else used
        value = model.log_likelihood(z, predicted)[:, used].sum(axis=1) + model.log_prior(z)
        value = np.where(np.isfinite(value), value, -np.inf)
        near = value > value.max() - FAR
        bent, places = model.bent(z[near])[0], []
        for name, inputs in model.inputs().items():
            targets = np.array([i for i, t in enumerate(model.targets) if t.place == name])
            x = bent @ inputs
            scale = np.linalg.inv(np.linalg.cholesky(np.cov(x.T) + 1e-9 * np.eye(x.shape[1]))).T
            center = x.mean(axis=0) @ scale
            features = _features(x @ scale - center)
            normal = features.T @ features + RIDGE * np.eye(features.shape[1])
            weights = np.linalg.solve(normal, features.T @ predicted[near][:, targets])
            off = np.std(features @ weights - predicted[near][:, targets], axis=0)
            size = x.shape[1]
            bend = np.zeros((len(targets), size, size))
            bend[:, *np.triu_indices(size)] = weights[1 + size :].T
            bend = (bend + bend.transpose(0, 2, 1)) / 2
            places.append(Place(inputs @ scale, center, weights[0], weights[1 : 1 + size], bend, targets, off))
        return cls(model, shape, places, used)

    def predict(self, z: np.ndarray) -> np.ndarray:
        """Log of the expected value of each target, (draws, targets), nearly."""
        result, bent = np.empty((len(z), len(self.model.targets))), self.model.bent(z)[0]
        for place in self.places:
            result[:, place.targets] = place.figures(bent)[0]
        return result

    def log_posterior(self, z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Log posterior up to a constant, nearly, (draws,), and its slopes, (draws, coordinates).

        Errors are wider by how far the stand-in itself is off, so that it leads to all places where the engine may be.
        """
        model = self.model
        bent = model.bent(z)[0]
        value, slope = np.zeros(len(z)), np.zeros_like(z)
        error = np.zeros(len(z))
        for place in self.places:
            used = self.used[place.targets]
            figures, turned = place.figures(bent)
            each, by_figure, by_error = model.errors(z, figures, place.targets, place.off)
            value += each[:, used].sum(axis=1)
            error += by_error[:, used].sum(axis=1)
            pull = by_figure * used
            slope += (pull @ place.slope.T + 2 * np.einsum("dt,tdi->di", pull, turned)) @ place.map.T
        slope = model.unbent(z, slope)
        slope[:, model.at["model_error"]] += error
        wall, by_wall = self._wall(z)
        value += model.log_prior(z) + wall
        slope += model.prior_slope(z) + by_wall
        return np.where(np.isfinite(value), value, -np.inf), slope

    def _wall(self, z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """What is taken off far from the center, where no run has been and quadratic functions go anywhere."""
        far = (z - self.shape.center) @ self.shape.inverse.T
        radius = np.sqrt(np.square(far).sum(axis=1))
        over = np.maximum(radius - EDGE * np.sqrt(z.shape[1]), 0.0)
        return -0.5 * over**2, -(over / np.maximum(radius, 1e-12))[:, None] * (far @ self.shape.inverse)

    def roll(self, z: np.ndarray, luck: np.random.RandomState) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Roll from each z along the slopes of the stand-in's posterior, by leaps of one length for all.

        Return where the paths end, the kinetic energy lost on the way (what a Metropolis step has to add), and whether
        the path diverged: (draws, coordinates), (draws,) and (draws,).
        """
        root, step = self.shape.root, STEP * luck.uniform(0.5, 1.5)
        speed = luck.standard_normal(z.shape)
        lost = 0.5 * np.square(speed).sum(axis=1)
        begin, (before, slope) = z, self.log_posterior(z)
        for _ in range(LEAPS):
            speed = speed + 0.5 * step * slope @ root
            z = z + step * speed @ root.T
            after, slope = self.log_posterior(z)
            speed = speed + 0.5 * step * slope @ root
        lost -= 0.5 * np.square(speed).sum(axis=1)
        with np.errstate(invalid="ignore"):
            diverged = ~(np.abs(after - before + lost) < DIVERGED)
        arrived = np.isfinite(z).all(axis=1)  # a path that overflows goes nowhere
        lost = np.where(arrived & np.isfinite(lost), lost, -np.inf)
        return np.where(arrived[:, None], z, begin), lost, diverged


def size_of(coordinates: int) -> int:
    """Return how many numbers describe a quadratic function.

    >>> size_of(2)
    6
    """
    return 1 + coordinates + coordinates * (coordinates + 1) // 2


def _features(x: np.ndarray) -> np.ndarray:
    """One, the inputs, and their products, (draws, features)."""
    first, second = np.triu_indices(x.shape[1])
    return np.concatenate([np.ones((len(x), 1)), x, x[:, first] * x[:, second]], axis=1)
