"""A cheap stand-in for the stock engine near the posterior: each target as a quadratic function of the coordinates.

It only proposes. What it proposes is accepted or not by the engine's own likelihood, so that its errors cost chains
some acceptance and never their truth (Liu 2001, section 9.4.3, the surrogate transition method).
"""

from dataclasses import dataclass

import numpy as np
from scipy.linalg import cho_factor, cho_solve

RIDGE = 1e-3  # keeps the fit from following what too few runs cannot tell
FAR = 60.0  # runs whose log posterior is so far below the best are not learned from


def size_of(coordinates: int) -> int:
    """Return how many numbers describe a quadratic function.

    >>> size_of(2)
    6
    """
    return 1 + coordinates + coordinates * (coordinates + 1) // 2


@dataclass(frozen=True, eq=False)
class Emulator:
    """Quadratic functions of x, the coordinates in units of a normal approximation: z = center + root x."""

    model: object  # forecast.likelihood.Model
    center: np.ndarray
    inverse: np.ndarray  # of the root
    weights: np.ndarray  # (features, targets)

    @classmethod
    def fit(cls, model, shape: tuple[np.ndarray, np.ndarray], z: np.ndarray, predicted: np.ndarray) -> "Emulator":
        """Fit to runs of the engine: `z` (runs, coordinates), `predicted` (runs, targets); `shape` scales."""
        inverse = np.linalg.inv(np.linalg.cholesky(shape[1]))
        value = model.log_likelihood(z, predicted).sum(axis=1) - 0.5 * np.square(z).sum(axis=1)
        near = np.isfinite(value) & (value > np.max(value[np.isfinite(value)]) - FAR)
        features = _features((z[near] - shape[0]) @ inverse.T)
        normal = features.T @ features + RIDGE * np.eye(features.shape[1])
        weights = cho_solve(cho_factor(normal), features.T @ predicted[near])
        return cls(model, shape[0], inverse, weights)

    def predict(self, z: np.ndarray) -> np.ndarray:
        """Log of the expected value of each target, (draws, targets), nearly."""
        return _features((z - self.center) @ self.inverse.T) @ self.weights

    def log_posterior(self, z: np.ndarray) -> np.ndarray:
        """Log posterior up to a constant, nearly, (draws,)."""
        return self.model.log_likelihood(z, self.predict(z)).sum(axis=1) - 0.5 * np.square(z).sum(axis=1)


def _features(x: np.ndarray) -> np.ndarray:
    """One, the coordinates, and their products, (draws, features)."""
    first, second = np.triu_indices(x.shape[1])
    return np.concatenate([np.ones((len(x), 1)), x, x[:, first] * x[:, second]], axis=1)
