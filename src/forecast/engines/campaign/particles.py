"""Many particles at once: their luck, their weights, and which of them go on."""

import numpy as np

from forecast.data.chance import child_array, name_number, normal_array, streams, uniform_array
from forecast.engines.campaign import parameters as par
from forecast.engines.campaign.parameters import Prior

DISCOUNT = 0.99  # of Liu and West: how little the kernel of the parameters forgets
SHRINK = (3 * DISCOUNT - 1) / (2 * DISCOUNT)


class Luck:
    """Numbers of each particle or draw by name: the same name gives the same numbers, in any order."""

    def __init__(self, keys: np.ndarray, prefix: str = ""):
        """Take keys, (n,); `prefix` goes before every name."""
        self.keys, self.prefix = keys, prefix

    @classmethod
    def of(cls, seed: int, draws: range, name: str) -> "Luck":
        """Return the luck of `draws` of the experiment `seed`, apart from that of another `name`."""
        return cls(child_array(streams(seed, draws), name_number(name)))

    def under(self, prefix: str) -> "Luck":
        """Return the same luck with a longer name."""
        return Luck(self.keys, self.prefix + prefix)

    def normal(self, name: str) -> np.ndarray:
        """Return standard normal numbers, (n,)."""
        return normal_array(self.keys, name_number(self.prefix + name))

    def uniform(self, name: str) -> np.ndarray:
        """Return numbers between 0 and 1, (n,)."""
        return uniform_array(self.keys, name_number(self.prefix + name))

    def exponential(self, name: str) -> np.ndarray:
        """Return exponential numbers of mean 1, (n,)."""
        waits: np.ndarray = -np.log(self.uniform(name))
        return waits

    def bump(self, name: str) -> np.ndarray:
        """Return bumps of a month from April to November (:data:`parameters.BUMPS`), (n,)."""
        (share, small), (_, large) = par.BUMPS
        bumps: np.ndarray = np.where(self.uniform(name + " kind") < share, small, large) * self.exponential(name)
        return bumps

    def toss(self, name: str) -> np.ndarray:
        """Return numbers of variance 1 of which a tenth is drawn twice as wide, (n,)."""
        share, far, near = par.JUMP
        tossed: np.ndarray = self.normal(name) * np.where(self.uniform(name + " kind") < share, far, near)
        return tossed


def log_normal(x: np.ndarray, variance: np.ndarray | float) -> np.ndarray:
    """Return the log density of a normal number of mean 0, without its constant."""
    density: np.ndarray = -0.5 * (x**2 / variance + np.log(variance))
    return density


def resampled(log_weight: np.ndarray, u: float) -> np.ndarray:
    """Return which particles go on, by systematic resampling with one uniform number.

    >>> resampled(np.log(np.array([0.25, 0.5, 0.25])), 0.5).tolist()
    [0, 1, 2]
    """
    weight = np.exp(log_weight - log_weight.max())
    edges = np.cumsum(weight) / weight.sum()
    return np.searchsorted(edges, (np.arange(len(weight)) + u) / len(weight)).clip(max=len(weight) - 1)


def effective(log_weight: np.ndarray) -> float:
    """Return the effective number of weighted particles."""
    weight = np.exp(log_weight - log_weight.max())
    return float(weight.sum() ** 2 / (weight**2).sum())


def jittered(p: dict[str, np.ndarray], priors: dict[str, Prior], luck: Luck, name: str) -> dict[str, np.ndarray]:
    """Return the parameters of `priors` moved by a kernel that keeps their mean and covariance (Liu and West 2001)."""
    x = np.array([priors[k].free(p[k]) for k in priors])
    mean = x.mean(axis=1, keepdims=True)
    root = np.linalg.cholesky(np.cov(x) + 1e-10 * np.eye(len(x)))
    z = np.array([luck.normal(f"{name} {k}") for k in priors])
    moved = SHRINK * x + (1 - SHRINK) * mean + np.sqrt(1 - SHRINK**2) * (root @ z)
    return p | {k: priors[k].back(row) for k, row in zip(priors, moved, strict=True)}
