"""Parameters that were learned from counts, and how projections come by them.

A posterior is a table with one row a draw (`forecast calibrate` writes it). Draw d of an experiment always takes row
d modulo the number of rows, under every policy and for every number of draws, so that policies stay paired. What a
scenario assumes by itself goes before what was learned.

One can be kept with the data (`data/posterior/`); a question about a real place takes it when it says so
(`Scenario.learned`, "stored"). It holds only for what it was learned from, each item of which is kept beside it
(`used.csv`): once one of these changes it is refused, since numbers that silently go back to the priors would look like
news. Counts that came later take nothing from it: it is used, and `unread` says which they are.
"""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol, Self, TypeVar

import numpy as np
import pandas as pd
import pyarrow as pa

from forecast.beliefs import learned_from
from forecast.beliefs.counts import counted_places
from forecast.data import chance, files, tables
from forecast.data.frames import names
from forecast.data.law import Law
from forecast.data.places import Place

FILE, STORED, DRAWS = "posterior.parquet", "posterior", "draws.csv"
EFFECT, YEAR = "place_effect/", "year/"  # beginnings of the names of columns that are factors on entry_rate
PLACE_YEAR = "place_year/"  # likewise, with a year and a place
YEAR_STEP, PLACE_STEP = "year_step", "place_step"
# How far entries go from one calendar year to the next: standard deviations of the log step that all places share, and
# of each place's own beside it. Median and log spread of their priors, which calibration narrows (judgement): an
# ordinary step is a third; a place's own steps in the six years since the subsidy began are as much as places differ
# for good (0.4 / sqrt(6), see place_spread). Nine in ten chances lie between half and double.
STEP_PRIORS = {YEAR_STEP: (0.3, 0.4), PLACE_STEP: (0.15, 0.4)}
USED, MANIFEST = "used.csv", "manifest.json"
READ = "history", "parameters", "places", "law"  # tables of which rows are read; scenario files beside them
MOST = 6  # changes that are named
PRIORS, KEPT = "priors", "stored"  # what a scenario says that wants none of this, and one that wants what is kept


class Question(Protocol):
    """What a question says of where its parameters come from (`question.scenario.Scenario`)."""

    @property
    def place(self) -> Place:
        """The place that is asked about."""

    @property
    def law(self) -> Law:
        """The law in force."""

    @property
    def learned(self) -> Any:
        """PRIORS, KEPT or a :class:`Posterior`."""

    def but(self, **changes: Any) -> Self:
        """Return the same question with some fields changed."""


Q = TypeVar("Q", bound=Question)


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
        values: np.ndarray = self.frame[name].to_numpy(float)[[self.row(d) for d in draws]]
        return values

    @property
    def walks(self) -> list[str]:
        """Names of the columns that say how entries go from year to year."""
        return [c for c in names(self.frame) if c.startswith((YEAR, PLACE_YEAR)) or c in STEP_PRIORS]

    def year(
        self, year: int, draws: Iterable[int], keys: np.ndarray, lineage: Sequence[str] = (), since: int = 0
    ) -> np.ndarray | None:
        """Return the factor on entries in a calendar year, (draws,); None where the table has no years.

        That is the factor that all places share, times that of the place (`lineage`: it and those that contain it,
        the nation last) beside it: its own, else that of the smallest place around it that was learned. Before the
        first year that was learned it is that year's. After the last one it goes on by steps as wide as those between
        the years learned, drawn by `keys`; a place of which no year was learned takes its first step after `since`.
        """
        shared = {int(c.removeprefix(YEAR)): c for c in names(self.frame) if c.startswith(YEAR)}
        if not shared:
            return None
        factor = self._walked(shared, YEAR_STEP, YEAR, year, draws, keys)
        if len(lineage) > 1 and PLACE_STEP in self.frame:
            own = next((found for p in lineage if (found := self._years_of(p))), {since: ""})
            factor = factor * self._walked(own, PLACE_STEP, f"{PLACE_YEAR}{lineage[0]}/", year, draws, keys)
        return factor

    def _years_of(self, place: str) -> dict[int, str]:
        columns = [c for c in names(self.frame) if c.startswith(PLACE_YEAR)]
        parts = [c.removeprefix(PLACE_YEAR).split("/", 1) for c in columns]
        return {int(year): c for c, (year, name) in zip(columns, parts, strict=True) if name == place}

    def _walked(
        self, known: dict[int, str], step: str, name: str, year: int, draws: Iterable[int], keys: np.ndarray
    ) -> np.ndarray:
        """Factor of a year from the columns of `known` years ("" is 1), or by steps beyond them."""
        last, none = max(known), np.zeros(len(keys))
        column = known[min(max(year, min(known)), last)]
        factor: Any = self.column(column, draws) if column else np.ones(len(keys))
        size: Any = self.column(step, draws) if step in self.frame else STEP_PRIORS[step][0]
        steps = [chance.normal_array(keys, chance.name_number(f"{name}{y}")) for y in range(last + 1, year + 1)]
        return np.asarray(factor * np.exp(size * sum(steps, none)))

    @classmethod
    def read(cls, folder: str | Path) -> "Posterior":
        """Read what `forecast calibrate` wrote to `folder`; draws of chains that did not agree are refused."""
        path, told = Path(folder) / FILE, Path(folder) / MANIFEST
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

    def scenario(self, question: Q, draw: int = 0) -> Q:
        """Return the question with these parameters; whichever draw is asked for takes the row of that draw."""
        return question.but(learned=self)


def learned(question: Question) -> Posterior | None:
    """Return the posterior that a scenario's parameters come from, None where they come from the priors.

    An invented place or law (all of its rows synthetic, as in `data.toy`) teaches nothing about the scheme and is
    told nothing about it. Raises :class:`UserError` where something that the kept one was learned from has changed.
    """
    if question.learned != KEPT or _invented(question):
        return question.learned if isinstance(question.learned, Posterior) else None
    draws, *_, changed = _kept_now()
    if changed:
        more = f", and {len(changed) - MOST} more" if len(changed) > MOST else ""
        raise tables.UserError(
            f"{tables.data_dir() / STORED / DRAWS}: learned from other rows than there are now: "
            f"{'; '.join(changed[:MOST])}{more}; expected the same: learn anew (forecast calibrate --store), or ask "
            "with the priors alone (--posterior priors)"
        )
    return draws


def unread() -> list[str]:
    """Return the published figures that what is kept with the data has not learned from, though it would today.

    They take nothing from what was learned; they are said wherever it is used, so that everybody knows.
    """
    _, used, told, _ = _kept_now()
    places = counted_places() if told["asked"] == "all" else told["places"]
    return learned_from.newer(used, places)


def changed() -> list[str]:
    """Return what was learned from and has changed since, a line each: while there is any, what is kept is refused."""
    return list(_kept_now()[3])


def _kept_now() -> tuple[Posterior, pd.DataFrame, dict[str, Any], list[str]]:
    """What is kept: draws, what they were learned from, their manifest, and what of it has changed since."""
    folder = tables.data_dir() / STORED
    for name in (DRAWS, USED, MANIFEST):
        if not (folder / name).is_file():
            raise tables.UserError(f"{folder / name}: no such file; expected what forecast calibrate --store keeps")
    data = tables.data_dir()
    paths = [folder / name for name in (DRAWS, USED, MANIFEST)] + [data / f"{name}.csv" for name in READ]
    paths += sorted((data / "scenarios").glob("*.yaml"))
    states = ((path, path.stat()) for path in paths if path.is_file())
    return _checked(folder, tuple((str(path), state.st_mtime_ns, state.st_size) for path, state in states))


@lru_cache(maxsize=2)
def _checked(
    folder: Path, state: tuple[tuple[str, int, int], ...]
) -> tuple[Posterior, pd.DataFrame, dict[str, Any], list[str]]:
    """Compare once for each `state` of the files (name, time of change, size)."""
    used = pd.read_csv(folder / USED, dtype="str", keep_default_na=False)
    told = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    return Posterior.of(pd.read_csv(folder / DRAWS)), used, told, learned_from.changed(used, told["months"])


def _invented(question: Question) -> bool:
    rows = question.place.history
    counts = rows[(rows["measure"] == "members") & (rows["place"] == question.place.name)]
    rules = question.law.frame["status"] == "synthetic"
    return bool(rules.all()) or (len(counts) > 0 and bool((counts["status"] == "synthetic").all()))


def store(frame: pd.DataFrame, told: dict[str, Any], used: pd.DataFrame, others: dict[str, pd.DataFrame]) -> None:
    """Keep `frame` (one row a draw) with the data, beside what it was learned from (`used`, `learned_from.ITEM`).

    `told` is its manifest, with `places`, `asked` ("all", or the places asked for) and `months` (`learned_from.spans`);
    `others` are tables that stand beside it, by name.
    """
    folder = tables.data_dir() / STORED
    for name, table in {DRAWS.removesuffix(".csv"): frame, **others}.items():
        files.write_text(table.to_csv(index=False, float_format="%.6g"), folder / f"{name}.csv")
    tables.write(used, folder / USED)
    files.write_text(json.dumps(told, ensure_ascii=False, indent=1) + "\n", folder / MANIFEST)
