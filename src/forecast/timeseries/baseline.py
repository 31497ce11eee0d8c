"""What a table of counts alone suggests: a forecast for each series of any long table ``unique_id, ds, y``.

A series may be yearly, quarterly, monthly, weekly or daily, or be numbered 1, 2, 3, ...; it may have gaps. Its step is
read from its own dates: the largest step that meets all of them. :mod:`forecast.timeseries.combination` forecasts the
numbers; here they come from a table, are laid on a grid without holes, and go back into a table.
"""

import hashlib
import math
import re
from calendar import monthrange
from collections import Counter
from datetime import date, timedelta
from pathlib import Path
from typing import NamedTuple

import joblib
import numpy as np
import pandas as pd
from tqdm.auto import tqdm

from forecast.data import files, tables
from forecast.timeseries import combination, methods, reconcile

COLUMNS = ("unique_id", "ds", "y")
QUANTILES = (0.025, 0.1, 0.25, 0.5, 0.75, 0.9, 0.975)
DATE_FORMS = "a year (2021), a quarter (2021-Q3), a month (2021-12), a day (2021-12-31) or a whole number"
SEASONS = {"day": {1: 7, 7: 52}, "number": {}}  # steps in a season, by the unit and length of a step; months: 12 / step
CHUNK = 8  # series in one task: tasks cost little, and the bar moves


class Grid(NamedTuple):
    """How dates are counted: ``unit`` (month, day, number), units in a ``step``, and the ``form`` of their text."""

    unit: str
    step: int
    form: str

    @property
    def season(self) -> int:
        """Steps in a season; 1 where there is none."""
        return 12 // self.step if self.unit == "month" else SEASONS[self.unit].get(self.step, 1)


class Series(NamedTuple):
    """One series on its grid: ``values`` without holes in time (NaN for a gap), and where the ``last`` one lies.

    ``season`` is the number of steps in a season; ``day`` that of the month where dates are days, 31 for its last.
    """

    name: str
    values: np.ndarray
    last: int
    grid: Grid
    season: int
    day: int


def baseline(frame: pd.DataFrame, horizon: int, season: int | None = None, quantiles=QUANTILES,
             jobs: int | None = None, progress: bool = True, file: str = "table",
             keep: str | Path | None = None) -> pd.DataFrame:
    """Forecast every series of a long table with the columns ``unique_id``, ``ds`` and ``y``, in any order of rows.

    ``horizon`` counts steps after the last value of each series. ``season`` is the number of steps in a season, read
    from the dates when not given (a monthly series: 12). An empty ``y`` is a gap. ``jobs`` processes work at once (all
    cores by default); the answer does not depend on them. ``keep`` is a folder for finished series, so that the same
    question, asked again after a kill, goes on where it was. Returns ``unique_id, ds, mean`` and one column for each
    quantile, named for it, in the order in which the series first appear. Raises :class:`TableError`
    naming every wrong cell; ``file`` is the table's name in it.

    >>> counts = pd.DataFrame({"unique_id": "Thanh Hải", "ds": ["2019", "2020", "2021"], "y": [100, 110, 121]})
    >>> baseline(counts, horizon=2, quantiles=[0.1, 0.9], progress=False, jobs=1)["ds"].tolist()
    ['2022', '2023']
    """
    levels = levels_of(quantiles)
    if horizon < 1 or (season is not None and season < 1):
        raise tables.UserError(f"horizon {horizon}, season {season}: expected whole numbers from 1 on")
    cases = series_of(frame, season, file)
    chunks = [cases[i:i + CHUNK] for i in range(0, len(cases), CHUNK)]
    paths = [Path(keep) / _named(chunk, horizon, levels) if keep else None for chunk in chunks]
    answers = [_answer(files.kept_arrays(path)) for path in paths]
    waiting = [i for i, answer in enumerate(answers) if answer is None]
    todo = [joblib.delayed(_forecast)([case.values for case in chunks[i]], [case.season for case in chunks[i]],
                                      horizon, levels) for i in waiting]
    done = len(cases) - sum(len(chunks[i]) for i in waiting)
    with tqdm(total=len(cases), initial=done, unit="series", disable=not progress) as bar:
        working = joblib.Parallel(n_jobs=1 if len(todo) <= 1 else jobs or -1, return_as="generator")(todo)
        for i, answer in zip(waiting, working, strict=True):
            answers[i] = answer
            files.keep({"mean": answer[0], "quantiles": answer[1]}, paths[i])
            bar.update(len(chunks[i]))
    found = {"unique_id": [case.name for case in cases for _ in range(horizon)],
             "ds": [text for case in cases for text in _after(case, horizon)],
             "mean": np.concatenate([mean for mean, _ in answers], axis=None)}
    spread = np.concatenate([quantile.reshape(-1, len(levels)) for _, quantile in answers])
    return pd.DataFrame(found | {f"{level:g}": spread[:, i] for i, level in enumerate(levels)})


def coherent(frame: pd.DataFrame, nodes: pd.DataFrame, horizon: int, season: int | None = None, quantiles=QUANTILES,
             jobs: int | None = None, progress: bool = True, file: str = "table",
             keep: str | Path | None = None) -> pd.DataFrame:
    """Forecast every node of a tree of series so that parts add up to their sums; see :mod:`timeseries.reconcile`.

    ``frame`` is a table as for :func:`baseline`, with rows for each leaf; a sum without rows is that of its leaves,
    where gaps inside a leaf are bridged. ``nodes`` has ``unique_id`` and ``parent``. All series have one step;
    ``horizon`` counts from the last date of all. Returns a table as :func:`baseline` does, with rows for every node.

    >>> counts = pd.DataFrame({"unique_id": ["a"] * 3 + ["b"] * 3, "ds": ["2019", "2020", "2021"] * 2,
    ...                        "y": [100, 110, 121, 50, 50, 50]})
    >>> tree = pd.DataFrame({"unique_id": ["a", "b"], "parent": "all"})
    >>> found = coherent(counts, tree, 1, progress=False, jobs=1).set_index("unique_id")["mean"]
    >>> bool(abs(found["all"] - found["a"] - found["b"]) < 1e-9)
    True
    """
    shape = reconcile.tree(nodes)
    cases = {case.name: case for case in series_of(frame, season, file)}
    lost = [name for name in shape.leaves if name not in cases] + [name for name in cases if name not in shape.names]
    if lost:
        raise tables.UserError(f"{file}: unique_id {lost[0]}: expected rows in the table and a place in the tree")
    one, *others = cases.values()
    for other in others:
        if (other.grid, other.season) != (one.grid, one.season) or (other.last - one.last) % one.grid.step:
            raise tables.UserError(f"{file}: {one.name} and {other.name} have other dates; expected one step in a tree")
    step = one.grid.step
    rows = [(case.name, case.last - step * (len(case.values) - 1 - i), value) for case in cases.values()
            for i, value in enumerate(case.values)]
    known = pd.DataFrame(rows, columns=list(COLUMNS))
    bridged = known.assign(y=known.groupby("unique_id")["y"].transform(lambda y: y.interpolate(limit_area="inside")))
    sums = reconcile.add_sums(bridged, nodes)
    for name in shape.names:
        if name not in set(sums["unique_id"]):
            raise tables.UserError(f"{file}: unique_id {name}: expected a date at which all its parts are counted")
    history = pd.concat([known, sums[~sums["unique_id"].isin(cases)]])
    lag = int((known["ds"].max() - history.dropna().groupby("unique_id")["ds"].max()).max()) // step
    ahead = set(_after(one._replace(last=known["ds"].max()), horizon))
    history["ds"] = [_after(one._replace(last=place - step), 1)[0] for place in history["ds"]]
    base = baseline(history, horizon + lag, season, quantiles, jobs, progress, file, keep)
    return reconcile.reconcile(base[base["ds"].isin(ahead)], history, nodes, season=one.season)


def read(path) -> pd.DataFrame:
    """Read a CSV table (UTF-8) with the columns ``unique_id``, ``ds`` and ``y``, as text; others are left out.

    Raises :class:`forecast.data.tables.UserError` for a file that is not such a table.
    """
    try:
        frame = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig", skip_blank_lines=False)
    except UnicodeDecodeError:
        raise tables.UserError(f"{path}: not UTF-8 text; save it as CSV UTF-8") from None
    except (pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise tables.UserError(f"{path}: not a CSV table ({' '.join(str(error).split())})") from None
    return frame


def _forecast(parts, seasons, horizon: int, levels: tuple[float, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Return means (series, horizon) and quantiles (series, horizon, levels)."""
    found = [combination.forecast(values, season, horizon, levels)
             for values, season in zip(parts, seasons, strict=True)]
    return np.stack([mean for mean, _ in found]), np.stack([quantile for _, quantile in found])


def _named(chunk: list[Series], horizon: int, levels: tuple[float, ...]) -> str:
    """Return a file name for the answer: the hash of everything that it depends on."""
    asked = hashlib.sha256(repr((horizon, levels, [(case.season, len(case.values)) for case in chunk])).encode())
    for case in chunk:
        asked.update(case.values.tobytes())
    for code in (combination, methods):
        asked.update(Path(code.__file__).read_bytes())
    return asked.hexdigest()[:24] + ".npz"


def _answer(kept: dict[str, np.ndarray] | None) -> tuple[np.ndarray, np.ndarray] | None:
    """Return what an earlier run kept; None when there is nothing, or something else."""
    return (kept["mean"], kept["quantiles"]) if kept and kept.keys() == {"mean", "quantiles"} else None


def levels_of(quantiles) -> tuple[float, ...]:
    """Return probabilities as numbers; :class:`forecast.data.tables.UserError` unless they rise between 0 and 1.

    >>> levels_of(["0.1", "0.9"])
    (0.1, 0.9)
    """
    try:
        levels = tuple(float(level) for level in quantiles)
    except ValueError:
        levels = ()
    if not levels or sorted(set(levels)) != list(levels) or not 0 < levels[0] <= levels[-1] < 1:
        raise tables.UserError(f"quantiles {', '.join(map(str, quantiles))}: expected rising numbers between 0 and 1")
    return levels


def series_of(frame: pd.DataFrame, season: int | None = None, file: str = "table") -> list[Series]:
    """Check a table as :func:`baseline` does and lay each series on its grid.

    Raises :class:`forecast.data.tables.TableError` naming every wrong cell.

    >>> table = pd.DataFrame({"unique_id": "a", "ds": ["2021-Q1", "2021-Q4"], "y": [1, 2]})
    >>> series_of(table)[0].values
    array([ 1., nan, nan, 2.])
    """
    missing = [tables.Fault(file, 1, name, "", "this column, which is missing")
               for name in COLUMNS if list(frame.columns).count(name) != 1]
    if missing:
        raise tables.TableError(missing)
    if frame.empty:
        raise tables.TableError([tables.Fault(file, 2, "y", "", "at least one row")])
    rows = pd.DataFrame({name: _text(frame[name]) for name in COLUMNS}).reset_index(drop=True)
    rows["row"] = np.arange(len(rows)) + 2
    rows = rows[(rows[list(COLUMNS)] != "").any(axis=1)]  # a blank line is not a row
    rows["number"] = pd.to_numeric(rows["y"].replace("", "nan"), errors="coerce")
    rows["number"] = rows["number"].where(np.isfinite(rows["number"]))
    faults = [tables.Fault(file, row.row, "y", row.y, "a number, or an empty cell for a gap")
              for row in rows[rows["number"].isna()].itertuples() if row.y.lower() not in ("", "nan")]
    faults += [tables.Fault(file, row, "unique_id", "", "the name of a series")
               for row in rows.loc[rows["unique_id"] == "", "row"]]
    groups = dict(list(rows.groupby("unique_id", sort=False)))
    dated = {name: _dates(one, file, faults) for name, one in groups.items()}
    for name, one in groups.items():
        if one["y"].str.lower().isin(("", "nan")).all() and name:
            faults.append(tables.Fault(file, one["row"].iloc[0], "y", "", f"at least one number for {name}"))
    if faults:
        raise tables.TableError(sorted(set(faults), key=lambda fault: (fault.row, COLUMNS.index(fault.column))))
    common = [grid for grid, _ in Counter(grid for places, grid, _ in dated.values() if len(places) > 2).most_common()]
    return [_case(name, groups[name], *dated[name], common, season) for name in groups]


def _text(column: pd.Series) -> pd.Series:
    """Return the cells of a column as text, an empty one as ""."""
    if pd.api.types.is_datetime64_any_dtype(column):
        return column.dt.strftime("%Y-%m-%d").fillna("").astype(str)
    return column.astype(object).where(column.notna(), "").map(lambda cell: str(cell).strip())


# The forms of a date, and how each is counted: unit, months in its own step, and its whole numbers.
_FORMS = {
    "year": r"(?P<year>[12]\d{3})",
    "quarter": r"(?P<year>\d{4})-?[Qq](?P<quarter>[1-4])",
    "month": r"(?P<year>\d{4})-(?P<month>0[1-9]|1[0-2])",
    "day": r"(?P<year>\d{4})-(?P<month>\d{2})-(?P<day>\d{2})(?:[ T]00:00(?::00(?:\.0+)?)?)?",
    "number": r"(?P<number>\d{1,9})",
}
_OWN_STEP = {"year": 12, "quarter": 3, "month": 1, "day": 1}


def _dates(rows: pd.DataFrame, file: str, faults: list) -> tuple[np.ndarray, Grid | None, int]:
    """Return the places in time of one series, its grid, and its day of the month; append faults.

    All dates of a series have one form; the one that most of them have is expected of the others.
    """
    texts = rows["ds"].tolist()
    form = max(_FORMS, key=lambda name: sum(re.fullmatch(_FORMS[name], text) is not None for text in texts))
    places, days = [], []
    for text, row in zip(texts, rows["row"], strict=True):
        place = _place(text, form)
        if place is None:
            expected = DATE_FORMS + f", one form for all dates of {rows['unique_id'].iloc[0]}"
            faults.append(tables.Fault(file, row, "ds", text, expected))
        elif place in places:
            first = rows["row"].iloc[places.index(place)]
            faults.append(tables.Fault(file, row, "ds", text, f"a date not in row {first}, of the same series"))
        places.append(place)
        days.append(int(text[8:10]) if form == "day" and place is not None else 31)
    if None in places:
        return np.array([]), None, 31
    if form != "day":
        at = np.array(places)
        unit = "number" if form == "number" else "month"
        return at, Grid(unit, math.gcd(_step(at, 12 if unit == "month" else 1), 12), form), 31
    return _days(np.array(places), np.array(days))


def _place(text: str, form: str) -> int | None:
    """Return the month (year * 12 + month - 1), day (since 1970) or number that a text names; None if it names none."""
    found = re.fullmatch(_FORMS[form], text)
    if not found:
        return None
    part = {name: int(value) for name, value in found.groupdict().items()}
    if form == "number":
        return part["number"]
    if form == "day":
        try:
            return (date(part["year"], part["month"], part["day"]) - date(1970, 1, 1)).days
        except ValueError:
            return None
    return part["year"] * 12 + part.get("month", 3 * part.get("quarter", 4)) - 1


def _days(days: np.ndarray, day_of_month: np.ndarray) -> tuple[np.ndarray, Grid, int]:
    """Count dates written as days in months where no two share a month and all keep their day, else in days."""
    dates = days.astype("datetime64[D]")
    months = dates.astype("datetime64[M]").astype(int)
    at_end = bool(np.all((dates + 1).astype("datetime64[M]").astype(int) > months))
    same_day = bool(np.all(day_of_month == day_of_month[0]))
    spread = np.diff(np.sort(days))
    monthly = len(set(months)) == len(months) and (at_end or same_day or bool(np.all(spread >= 20)))
    if monthly:
        grid = Grid("month", math.gcd(_step(months, 12), 12), "day")
        return months + 1970 * 12, grid, 31 if at_end else int(day_of_month[0])
    step = _step(days, 7)
    return days, Grid("day", 7 if step % 7 == 0 else 1, "day"), 0


def _step(at: np.ndarray, alone: int) -> int:
    """Return the largest step that meets all places in time; ``alone`` for a single one."""
    return int(np.gcd.reduce(np.diff(np.sort(at)))) if len(at) > 1 else alone


def _case(name: str, rows: pd.DataFrame, at: np.ndarray, grid: Grid, day: int, common: list[Grid],
          season: int | None) -> Series:
    """Lay one series on its grid, from its first value to its last.

    One or two dates say little about their step: they take the commonest grid of the table that meets them, or the
    step of the form in which they are written.
    """
    if grid.unit == "number":
        grid = grid._replace(step=1)
    elif len(at) < 3:
        alike = [g for g in common if (g.unit, g.form) == (grid.unit, grid.form) and not np.any(np.diff(at) % g.step)]
        own = _OWN_STEP[grid.form] if grid.unit == "month" else grid.step
        grid = alike[0] if alike else grid._replace(step=own)
    if season and grid.unit == "month" and 12 % season == 0 and season > grid.season > 1:
        grid = grid._replace(step=12 // season)  # asked to count in months: quarters with holes are months with holes
    known = rows["number"].notna().to_numpy()
    first, last = at[known].min(), at[known].max()
    values = np.full((last - first) // grid.step + 1, np.nan)
    values[(at[known] - first) // grid.step] = rows["number"].to_numpy()[known]
    return Series(name, values, int(last), grid, season or grid.season, int(day))


def _after(case: Series, horizon: int) -> list[str]:
    """Return the dates of the forecast, written as those of the series are."""
    places = [case.last + case.grid.step * ahead for ahead in range(1, horizon + 1)]
    if case.grid.unit == "number":
        return [str(place) for place in places]
    if case.grid.unit == "day":
        return [(date(1970, 1, 1) + timedelta(days=place)).isoformat() for place in places]
    return [_written(place // 12, place % 12 + 1, case) for place in places]


def _written(year: int, month: int, case: Series) -> str:
    if case.grid.form == "year":
        return f"{year:04d}"
    if case.grid.form == "quarter":
        return f"{year:04d}-Q{(month - 1) // 3 + 1}"
    if case.grid.form == "month":
        return f"{year:04d}-{month:02d}"
    return f"{year:04d}-{month:02d}-{min(case.day, monthrange(year, month)[1]):02d}"
