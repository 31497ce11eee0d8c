"""Parameters that were learned from counts, for projections that ask for them.

A posterior is a table with one row a draw (`forecast calibrate` writes it). Draw d of an experiment always takes row
d modulo the number of rows, under every policy and for every number of draws, so that policies stay paired; with
`repeats`, so many draws after one another share a row and differ in chance alone. What a scenario assumes by itself
goes before what was learned.
"""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pyarrow as pa

from forecast import tables
from forecast.scenario import Scenario, parameters_table

FILE = "posterior.parquet"
EFFECT, YEAR = "place_effect/", "year/"  # beginnings of the names of columns that are factors on entry_rate


@dataclass(frozen=True, eq=False)
class Posterior:
    """Joint draws: columns are parameters, `place_effect/<place>` and `year/<year>`; `digest` names the rows."""

    frame: pd.DataFrame
    digest: str
    repeats: int = 1

    @classmethod
    def of(cls, frame: pd.DataFrame, repeats: int = 1) -> "Posterior":
        """Take a table of draws."""
        text = frame.to_csv(index=False) + (f"x {repeats}" if repeats > 1 else "")
        return cls(frame, hashlib.sha256(text.encode()).hexdigest()[:24], repeats)

    def row(self, draw: int) -> int:
        """Return the row of the table that `draw` takes."""
        return draw // self.repeats % len(self.frame)

    @classmethod
    def read(cls, folder: str | Path) -> "Posterior":
        """Read what `forecast calibrate` wrote to `folder`; draws of chains that did not agree are refused."""
        path, told = Path(folder) / FILE, Path(folder) / "manifest.json"
        if told.is_file() and json.loads(told.read_text(encoding="utf-8")).get("converged") is False:
            raise tables.UserError(f"{path}: its chains have not converged (diagnostics.csv), so it must not be used")
        try:
            frame = pd.read_parquet(path)
        except FileNotFoundError:
            raise tables.UserError(f"{path}: no such file; expected the folder of a forecast calibrate run") from None
        except (pa.ArrowInvalid, OSError):
            raise tables.UserError(f"{path}: not a Parquet file; expected what forecast calibrate writes") from None
        if "entry_rate" not in frame or frame.empty:
            raise tables.UserError(f"{path}: no column entry_rate, or no row; expected what forecast calibrate writes")
        return cls.of(frame)

    def scenario(self, question: Scenario, draw: int) -> Scenario:
        """Return the question with the parameters of `draw` fixed at those of its row.

        Entries are scaled by the effect of the place and by that of the first year that is projected (the nearest one
        with counts). A place that no row knows keeps the model's own place effect, with the learned spread.
        """
        row = self.frame.iloc[self.row(draw)]
        fixed = {name: float(row[name]) for name in parameters_table().index if name in row.index}
        years = sorted(int(c.removeprefix(YEAR)) for c in row.index if c.startswith(YEAR))
        if years:
            fixed["entry_rate"] *= float(row[f"{YEAR}{min(max(question.months[1].year, years[0]), years[-1])}"])
        if EFFECT + question.place.name in row.index:
            fixed["entry_rate"] *= float(row[EFFECT + question.place.name])
            fixed["place_spread"] = 0.0
        return question.model_copy(update={"assumptions": fixed | question.assumptions})
