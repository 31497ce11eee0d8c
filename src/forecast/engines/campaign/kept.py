"""What counts taught, kept: in this process, and in a folder for the next one, since learning takes seconds.

The file's name says what it follows from: what was known, and the code that learned from it. What is damaged, or not
there any more, is learned again.
"""

import hashlib
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TypeVar

import numpy as np

from forecast.data import files
from forecast.engines.campaign.beliefs import Beliefs, learn, states
from forecast.engines.campaign.known import Known
from forecast.engines.campaign.nation import Nation, Past
from forecast.engines.campaign.places import Deviation

MOST_KEPT = 64  # in a process
_LEARNED: dict[str, Beliefs] = {}
_STATES: dict[tuple[str, str, str], Deviation] = {}
Arrays = dict[str, np.ndarray]
K = TypeVar("K")
V = TypeVar("V")


def learned(known: Known) -> Beliefs:
    """Return :func:`beliefs.learn` of `known`."""

    def make() -> Beliefs:
        arrays = files.remembered("learned", ("learn", known.digest, _code()), lambda: _flat(learn(known)))
        part = {name: _under(name, arrays) for name in ("parameters", "past", "nation")}
        return Beliefs(known, int(arrays["seed"]), part["parameters"], Past(**part["past"]), Nation(**part["nation"]))

    return kept(_LEARNED, known.digest, make)


def stated(beliefs: Beliefs, known: Known, place: str) -> Deviation:
    """Return :func:`beliefs.states` of a place."""

    def make() -> Deviation:
        arrays = files.remembered("learned", ("states", *key, _code()), lambda: vars(states(beliefs, place, known)))
        parts = ("mean", "variance", "price", "rise", "closed")
        mean, variance, price, rise, closed = (arrays[name] for name in parts)
        return Deviation(mean, variance, price, rise, closed, int(arrays["of_year"]))

    key = beliefs.known.digest, known.digest, place
    return kept(_STATES, key, make)


def kept(have: dict[K, V], key: K, make: Callable[[], V]) -> V:
    """Return what is kept under `key`, made first where it is not; the oldest goes when there are too many.

    >>> have = {}
    >>> kept(have, "a", lambda: 1), kept(have, "a", lambda: 2)
    (1, 1)
    """
    if key not in have:
        while len(have) >= MOST_KEPT:
            have.pop(next(iter(have)))
        have[key] = make()
    return have[key]


def _flat(b: Beliefs) -> Arrays:
    """All arrays of what was learned, by the name of their part and their own."""
    parts = {"parameters": b.parameters, "past": vars(b.past), "nation": vars(b.nation)}
    named = {f"{part}/{name}": values for part, arrays in parts.items() for name, values in arrays.items()}
    return named | {"seed": np.array(b.seed)}


def _under(part: str, arrays: Arrays) -> Arrays:
    return {name.removeprefix(f"{part}/"): values for name, values in arrays.items() if name.startswith(f"{part}/")}


@cache
def _code() -> str:
    """Hash of the code that learns."""
    sources = [*sorted(Path(__file__).parent.glob("*.py")), files.PACKAGE / "data" / "chance.py"]
    return hashlib.sha256(b"".join(path.read_bytes() for path in sources)).hexdigest()
