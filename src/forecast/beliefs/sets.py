"""Parameters that are given, draw by draw: how a design holds some and lets others be drawn.

A question (`Scenario.sets`) that carries a table of sets has its parameters from there and not from the priors, under
every policy, so that policies stay paired. Draws after one another can share a set, and sets after one another a row of
what counts taught, so that chance, judgement and counts are told apart (`uncertainty.variance`).
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

EFFECT = "place_effect/"  # beginning of the name of a column that is a place's factor on entry_rate


@dataclass(frozen=True, eq=False)
class Sets:
    """Joint sets of parameters, one row each: columns are parameters and `place_effect/<place>`; `digest` names them.

    `repeats` draws after one another share a row, `judged` rows after one another a row of what counts taught.
    """

    frame: pd.DataFrame
    digest: str
    repeats: int = 1
    judged: int = 1

    @classmethod
    def of(cls, frame: pd.DataFrame, repeats: int = 1, judged: int = 1) -> "Sets":
        """Take a table of sets."""
        text = f"{frame.to_csv(index=False)} x {repeats} x {judged}"
        return cls(frame, hashlib.sha256(text.encode()).hexdigest()[:24], repeats, judged)

    def column(self, name: str, draws: Iterable[int]) -> np.ndarray | None:
        """Return what `draws` have in a column, (draws,); None where the table has no such column."""
        if name not in self.frame:
            return None
        rows = [draw // self.repeats % len(self.frame) for draw in draws]
        values: np.ndarray = self.frame[name].to_numpy(float)[rows]
        return values

    def taught(self, draws: Iterable[int]) -> list[int]:
        """Return which row of what counts taught each draw has.

        >>> Sets.of(pd.DataFrame({"entry_rate": [0.1] * 4}), repeats=2, judged=2).taught(range(8))
        [0, 0, 0, 0, 1, 1, 1, 1]
        """
        return [draw // (self.repeats * self.judged) for draw in draws]
