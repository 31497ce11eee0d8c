"""Parameters that were learned from counts, and how projections come by them.

A posterior is a table with one row a draw (`forecast calibrate` writes it). Draw d of an experiment always takes row
d modulo the number of rows, under every policy and for every number of draws, so that policies stay paired. What a
scenario assumes by itself goes before what was learned.

One can be kept with the data (`data/posterior/`); a question about a real place takes it when it says so
(`Scenario.learned`, "stored"). It holds only for the counts, priors and prices that it was learned from: once one of
these changes, it is refused, since numbers that silently go back to the priors would look like news.
"""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from forecast.data import chance, tables

FILE, STORED, DRAWS = "posterior.parquet", "posterior", "draws.csv"
EFFECT, YEAR = "place_effect/", "year/"  # beginnings of the names of columns that are factors on entry_rate
PLACE_YEAR = "place_year/"  # likewise, with a year and a place
YEAR_STEP, PLACE_STEP = "year_step", "place_step"
# How far entries go from one calendar year to the next: standard deviations of the log step that all places share, and
# of each place's own beside it. Median and log spread of their priors, which calibration narrows (judgement): an
# ordinary step is a third; a place's own steps in the six years since the subsidy began are as much as places differ
# for good (0.4 / sqrt(6), see place_spread). Nine in ten chances lie between half and double.
STEP_PRIORS = {YEAR_STEP: (0.3, 0.4), PLACE_STEP: (0.15, 0.4)}
READ = "history", "evidence", "places", "law"
MEASURES = "members", "entries", "entries_per_commune", "collectors", "income_per_head"
PRIORS, KEPT = "priors", "stored"  # what a scenario says that wants none of this, and one that wants what is kept


@dataclass(frozen=True, eq=False)
class Posterior:
    """Joint draws, one row each; `digest` names the rows.

    Columns are parameters, `place_effect/<place>` (in the last year that was learned of it), `year/<year>`,
    `place_year/<year>/<place>`, `year_step` and `place_step`.
    """

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

    def column(self, name: str, draws: Iterable[int]) -> np.ndarray | None:
        """Return what `draws` have in a column, (draws,); None where the table has no such column."""
        if name not in self.frame:
            return None
        return self.frame[name].to_numpy(float)[[self.row(d) for d in draws]]

    @property
    def walks(self) -> list[str]:
        """Names of the columns that say how entries go from year to year."""
        return [c for c in self.frame if c.startswith((YEAR, PLACE_YEAR)) or c in STEP_PRIORS]

    def year(self, year: int, draws: Iterable[int], keys: np.ndarray, lineage=(), since: int = 0) -> np.ndarray | None:
        """Return the factor on entries in a calendar year, (draws,); None where the table has no years.

        That is the factor that all places share, times that of the place (`lineage`: it and those that contain it,
        the nation last) beside it: its own, else that of the smallest place around it that was learned. Before the
        first year that was learned it is that year's. After the last one it goes on by steps as wide as those between
        the years learned, drawn by `keys`; a place of which no year was learned takes its first step after `since`.
        """
        shared = {int(c.removeprefix(YEAR)): c for c in self.frame if c.startswith(YEAR)}
        if not shared:
            return None
        factor = self._walked(shared, YEAR_STEP, YEAR, year, draws, keys)
        if len(lineage) > 1 and PLACE_STEP in self.frame:
            own = next((found for p in lineage if (found := self._years_of(p))), {since: ""})
            factor = factor * self._walked(own, PLACE_STEP, f"{PLACE_YEAR}{lineage[0]}/", year, draws, keys)
        return factor

    def _years_of(self, place: str) -> dict[int, str]:
        columns = [c for c in self.frame if c.startswith(PLACE_YEAR)]
        parts = [c.removeprefix(PLACE_YEAR).split("/", 1) for c in columns]
        return {int(year): c for c, (year, name) in zip(columns, parts, strict=True) if name == place}

    def _walked(self, known: dict[int, str], step: str, name: str, year: int, draws, keys: np.ndarray) -> np.ndarray:
        """Factor of a year from the columns of `known` years ("" is 1), or by steps beyond them."""
        last, none = max(known), np.zeros(len(keys))
        column = known[min(max(year, min(known)), last)]
        factor = self.column(column, draws) if column else np.ones(len(keys))
        size = self.column(step, draws) if step in self.frame else STEP_PRIORS[step][0]
        steps = [chance.normal_array(keys, chance.name_number(f"{name}{y}")) for y in range(last + 1, year + 1)]
        return factor * np.exp(size * sum(steps, none))

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

    def scenario(self, question, draw: int = 0):
        """Return the question with these parameters; whichever draw is asked for takes the row of that draw."""
        return question.model_copy(update={"learned": self})


def learned(question) -> Posterior | None:
    """Return the posterior that a scenario's parameters come from, None where they come from the priors.

    An invented place or law (all of its rows synthetic, as in `data.toy`) teaches nothing about the scheme and is
    told nothing about it. Raises :class:`UserError` where what is kept was learned from other tables.
    """
    if question.learned != KEPT or _invented(question):
        return question.learned if isinstance(question.learned, Posterior) else None
    folder = tables.data_dir() / STORED
    if not (folder / DRAWS).is_file():
        raise tables.UserError(f"{folder / DRAWS}: no such file; expected what forecast calibrate --store keeps")
    kept, of = _stored(folder, (folder / DRAWS).read_bytes(), (folder / "manifest.json").read_bytes())
    now = learned_from(tables.data_dir(), tuple(of["places"]), of["until"])
    changed = sorted(name for name, digest in of["learned_from"].items() if now[name] != digest)
    if changed:
        raise tables.UserError(
            f"{folder / DRAWS}: learned from other rows of {', '.join(changed)} than there are now; expected the same: "
            "learn anew (forecast calibrate --store), or ask with the priors alone (--posterior priors)"
        )
    return kept


def _invented(question) -> bool:
    counts = question.place.history
    counts = counts.loc[(counts["measure"] == "members") & (counts["place"] == question.place.name), "status"]
    rows = question.law.frame["status"]
    return bool((rows == "synthetic").all()) or (len(counts) > 0 and bool((counts == "synthetic").all()))


@lru_cache(maxsize=2)
def _stored(folder: Path, draws: bytes, told: bytes) -> tuple[Posterior, dict]:
    return Posterior.of(pd.read_csv(folder / DRAWS)), json.loads(told)


def store(folder: Path, frame: pd.DataFrame, told: dict, others: dict[str, pd.DataFrame]) -> None:
    """Keep `frame` (one row a draw) with the data of `folder`; `told` has `places` and `until`, see `learned_from`.

    `others` are tables that stand beside it, by name.
    """
    kept = folder / STORED
    kept.mkdir(exist_ok=True)
    told = told | {"learned_from": learned_from(folder, tuple(told["places"]), told["until"])}
    for name, table in {DRAWS.removesuffix(".csv"): frame, **others}.items():
        tables.write_text(table.to_csv(index=False, float_format="%.6g"), kept / f"{name}.csv")
    tables.write_text(json.dumps(told, ensure_ascii=False, indent=1) + "\n", kept / "manifest.json")


def learned_from(folder: Path, places: tuple[str, ...], until: str) -> dict[str, str]:
    """Return a hash for each table of `folder` of the rows that a calibration over `places` until a month reads.

    Rows about other places, later prices and studies that are no parameter's prior may change without harm.
    """
    return _learned_from(tuple((folder / f"{name}.csv").read_bytes() for name in READ), folder, places, until)


@lru_cache(maxsize=4)
def _learned_from(content: tuple[bytes, ...], folder: Path, places: tuple[str, ...], until: str) -> dict[str, str]:
    rows = {name: tables.read(folder / f"{name}.csv", name) for name in READ}
    table = rows["history"]
    read = table["measure"].isin(MEASURES) & (table["kind"] == "observation") & table["place"].isin(places)
    read &= (table["scheme"] == "voluntary_si") | (table["measure"] == "income_per_head")
    table = rows["evidence"]
    kept = {
        "history.csv": rows["history"].loc[read, ["place", "month", "measure", "group", "value", "status", "note"]],
        "evidence.csv": table.loc[table["use"].str.startswith("parameter:"), ["parameter", "value", "low", "high"]],
        "places.csv": rows["places"][rows["places"]["place"].isin(places)].drop(columns=["source", "note"]),
        "law.csv": rows["law"][rows["law"]["since"] <= until].drop(columns=["source", "status", "legal_basis"]),
    }
    return {name: hashlib.sha256(part.to_csv(index=False).encode()).hexdigest()[:16] for name, part in kept.items()}
