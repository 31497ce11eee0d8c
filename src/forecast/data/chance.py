"""Luck as a pure function of (seed, draw, person, month, decision): no state and no order.

A key is a 64-bit number. A child of a key is another key, and a uniform number is read off a key and a small
integer, so that a decision can be asked in any order, on any number of cores, and always has the same answer.
The mixing function is the finalizer of SplitMix64 (Steele, Lea and Flood 2014, "Fast splittable pseudorandom
number generators"), applied once for each level of the name.

>>> key = stream(seed=1, draw=0)
>>> 0.0 < uniform(key, 7) < 1.0
True
>>> uniform(key, 7) == uniform(stream(seed=1, draw=0), 7)
True
"""

import hashlib
import math
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from numba import config, float64, int64, njit, uint64, vectorize

from forecast.data.code import compiled_folder

# Before anything is compiled: this module is imported before any other that does.
config.CACHE_DIR = str(compiled_folder())  # type: ignore[attr-defined]  # set late

Key = np.uint64 | int  # a key of Python's own, or one inside compiled code

GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_M1 = np.uint64(0xBF58476D1CE4E5B9)
_M2 = np.uint64(0x94D049BB133111EB)
_R30, _R27, _R31, _R12 = np.uint64(30), np.uint64(27), np.uint64(31), np.uint64(12)
_TO_UNIT = 2.0**-52  # 52 bits and a half: with 53 the largest would round to 1


@njit(uint64(uint64), cache=True, inline="always")
def mix(x: np.uint64) -> np.uint64:
    """Return a well-mixed 64-bit number from another one (a bijection)."""
    x = (x ^ (x >> _R30)) * _M1
    x = (x ^ (x >> _R27)) * _M2
    return x ^ (x >> _R31)


# Types are named, because a key of Python's own is now below, now above 2**63; a number may have a sign or none.
_NAMED = [uint64(uint64, int64), uint64(uint64, uint64)]
_READ = [float64(uint64, int64), float64(uint64, uint64)]


@njit(_NAMED, cache=True, inline="always")
def child(key: Key, number: Key) -> np.uint64:
    """Return the key of the `number`-th child of `key`; `number` is any integer, taken modulo 2**64."""
    return mix(uint64(key) + (uint64(number) + uint64(1)) * GOLDEN)


@njit(_READ, cache=True, inline="always")
def uniform(key: Key, number: Key) -> float:
    """Return a number in (0, 1), never 0 and never 1, for decision `number` of `key`."""
    return (float(child(key, number) >> _R12) + 0.5) * _TO_UNIT


@njit(_NAMED, cache=True)
def stream(seed: int, draw: int) -> np.uint64:
    """Return the key under which everything of one draw of one experiment is named."""
    return child(mix(uint64(seed)), draw)


@njit(_READ, cache=True)
def normal(key: Key, number: Key) -> float:
    """Return a standard normal number for decision `number` of `key` (Box and Muller 1958)."""
    radius = math.sqrt(-2.0 * math.log(uniform(key, number)))
    return radius * math.cos(2.0 * math.pi * uniform(child(key, number), -1))


def _over_arrays(signature: str) -> Callable[[Callable[..., Any]], Callable[..., np.ndarray]]:
    """Compile a function of numbers into one of arrays."""
    ready: Callable[[Callable[..., Any]], Callable[..., np.ndarray]] = vectorize([signature], cache=True)
    return ready


@_over_arrays("uint64(uint64, int64)")
def child_array(key: Any, number: Any) -> Any:
    """`child` for arrays: shapes broadcast, result uint64."""
    return mix(key + (uint64(number) + uint64(1)) * GOLDEN)


@_over_arrays("float64(uint64, int64)")
def uniform_array(key: Any, number: Any) -> Any:
    """`uniform` for arrays: shapes broadcast, result float64 in (0, 1)."""
    return (float(mix(key + (uint64(number) + uint64(1)) * GOLDEN) >> _R12) + 0.5) * _TO_UNIT


@_over_arrays("float64(uint64, int64)")
def normal_array(key: Any, number: Any) -> Any:
    """`normal` for arrays: shapes broadcast, result float64."""
    return normal(key, number)


def streams(seed: int, draws: Iterable[int]) -> np.ndarray:
    """Return the keys of several draws, shape (draws,), uint64."""
    root = mix(np.uint64(seed % 2**64))
    return child_array(np.uint64(root), np.asarray(list(draws), dtype=np.int64))


def name_number(text: str) -> int:
    """Return a number for a name, so that luck follows the name and not its place in a list.

    >>> name_number("Hà Nội") == name_number("Hà Nội"), name_number("Hà Nội") == name_number("Cà Mau")
    (True, False)
    """
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=7).digest(), "little")
