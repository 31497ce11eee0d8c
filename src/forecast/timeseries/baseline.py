"""What a table of counts alone suggests: a forecast for each series of any long table ``unique_id, ds, y``.

A series may be yearly, quarterly, monthly, weekly, daily, of business days, or be numbered 1, 2, 3, ...; it may have
gaps. Its step is read from its own dates: the largest step that meets all of them (:mod:`forecast.timeseries.table`).
:mod:`forecast.timeseries.combination` forecasts the numbers; events, known futures and ceilings come in from
:mod:`forecast.timeseries.effects` and :mod:`forecast.timeseries.saturation`.
"""

import hashlib
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from forecast.data import files, tables, workers
from forecast.data.steps import steps
from forecast.timeseries import combination, effects, habits, reconcile, saturation
from forecast.timeseries.combination import Given
from forecast.timeseries.table import COLUMNS, Series, of_file, read, series_of

__all__ = ["COLUMNS", "QUANTILES", "baseline", "coherent", "levels_of", "read", "series_of"]

QUANTILES = (0.025, 0.1, 0.25, 0.5, 0.75, 0.9, 0.975)
CHUNK = 64  # series in one task at most: tasks cost little, and the bar moves
TASKS = 64  # tasks at least, where there are so many series


class _Chunk(NamedTuple):
    """Series that are forecast in one task, and what is known beside each."""

    cases: list[Series]
    given: list[Given]


def baseline(
    frame: pd.DataFrame,
    horizon: int,
    season: int | None = None,
    quantiles: Iterable[float | str] = QUANTILES,
    jobs: int | None = None,
    *,
    events: pd.DataFrame | None = None,
    known: pd.DataFrame | None = None,
    ceiling: float | str | None = None,
    progress: bool = True,
    file: str = "table",
    keep: str | Path | None = None,
    checked: Callable[[], None] | None = None,
) -> pd.DataFrame:
    """Forecast every series of a long table with the columns ``unique_id``, ``ds`` and ``y``, in any order of rows.

    ``horizon`` counts steps after the last value of each series. ``season`` is the number of steps in a season, read
    from the dates when not given (a monthly series: 12). An empty ``y`` is a gap. ``events`` and ``known`` are tables
    of :mod:`forecast.timeseries.effects`: what happened and is announced, and columns whose future is known.
    Twenty series of one season and more also show each other how growth goes on and how far guesses miss
    (:mod:`forecast.timeseries.habits`), so that the answer for one depends on which others are in the table.
    ``ceiling`` is a number, a column of the table, or "learned" (:mod:`forecast.timeseries.saturation`). ``jobs``
    processes work at once (all cores by default); the answer does not depend on them. ``keep`` is a folder for finished
    series, so that the same question, asked again after a kill, goes on where it was. ``checked`` is called when no
    fault was found, before any work. Returns ``unique_id, ds, mean,
    median`` and one column for each quantile, named for it, in the order in which the series first appear. Raises
    :class:`forecast.data.tables.UserError` naming every wrong cell; ``file`` is the table's name in it. The unit
    of a forecast is that of ``y``. The methods and the series that chose them: docs/decisions/0005 and 0020.

    >>> counts = pd.DataFrame({"unique_id": "Thanh Hải", "ds": ["2019", "2020", "2021"], "y": [100, 110, 121]})
    >>> baseline(counts, horizon=2, quantiles=[0.1, 0.9], progress=False, jobs=1)["ds"].tolist()
    ['2022', '2023']
    """
    levels = levels_of(quantiles)
    if horizon < 1 or (season is not None and season < 1):
        raise tables.UserError(
            "horizon {horizon}, season {season}: expected whole numbers from 1 on", horizon=horizon, season=season
        )
    cases = series_of(frame, season, file)
    places = [ahead(case, horizon, file) for case in cases]
    given = _given(cases, frame, horizon, events, known, ceiling, file)
    size = max(1, min(CHUNK, len(cases) // TASKS))
    chunks = [_Chunk(cases[i : i + size], given[i : i + size]) for i in range(0, len(cases), size)]
    if checked:
        checked()
    paths = [Path(keep) / _named(chunk, horizon, levels) if keep else None for chunk in chunks]
    answers = [_answer(files.kept_arrays(path)) for path in paths]
    waiting = [i for i, answer in enumerate(answers) if answer is None]
    todo = [(chunks[i], horizon, levels) for i in waiting]
    done = len(cases) - sum(len(chunks[i].cases) for i in waiting)
    with steps("forecasts", "series", len(cases), shown=progress, done=done) as bar:
        for number, answer in workers.each(_forecast, todo, jobs):
            i = waiting[number]
            answers[i] = answer
            files.keep({"answer": answer}, paths[i])
            bar.update(len(chunks[i].cases))
    whole = np.concatenate([answer for answer in answers if answer is not None])
    columns: dict[str, object] = {
        "unique_id": [case.name for case in cases for _ in range(horizon)],
        "ds": [case.grid.write(place) for case, line in zip(cases, places, strict=True) for place in line],
    }
    names = ["mean", "median", *(f"{level:g}" for level in levels)]
    return pd.DataFrame(columns | {name: whole[:, :, i].ravel() for i, name in enumerate(names)})


def ahead(case: Series, horizon: int, file: str = "table") -> list[int]:
    """Return the places of the next ``horizon`` steps of a series; UserError where they cannot be written.

    >>> ahead(series_of(pd.DataFrame({"unique_id": ["a"], "ds": ["2021-12"], "y": [1.0]}))[0], 1)[0] - 2022 * 12
    0
    """
    places = case.grid.ahead(case.last, horizon)
    if places[-1] > case.grid.last:
        raise tables.UserError(
            "{file}: unique_id {name}: {steps} steps on, dates go beyond the year 9999",
            file=file,
            name=case.name,
            steps=horizon,
        )
    return places


def _given(
    cases: list[Series],
    frame: pd.DataFrame,
    horizon: int,
    events: pd.DataFrame | None,
    known: pd.DataFrame | None,
    ceiling: float | str | None,
    file: str,
) -> list[Given]:
    """Return what is known beside each series."""
    inputs = [Given()] * len(cases)
    if events is not None or known is not None:
        listed = effects.events_of(events, of_file(events, "events")) if events is not None else []
        moves = effects.moves(cases, horizon, listed, known, of_file(known, "known"))
        inputs = [one._replace(past=m.past, ahead=m.ahead, doubt=m.doubt) for one, m in zip(inputs, moves, strict=True)]
    calm: dict[int, list[np.ndarray]] = {}
    for case, one in zip(cases, inputs, strict=True):
        calm.setdefault(case.season, []).append(case.values / np.exp(one.past))
    common = {season: habits.of(series, season, horizon) for season, series in calm.items()}
    inputs = [one._replace(habits=common[case.season]) for case, one in zip(cases, inputs, strict=True)]
    if ceiling is not None:
        limits = saturation.ceilings(cases, frame, ceiling, file)
        hard = ceiling != saturation.LEARNED
        inputs = [one._replace(ceiling=limit, hard=hard) for one, limit in zip(inputs, limits, strict=True)]
    return inputs


def coherent(
    frame: pd.DataFrame,
    nodes: pd.DataFrame,
    horizon: int,
    season: int | None = None,
    quantiles: Iterable[float | str] = QUANTILES,
    jobs: int | None = None,
    *,
    events: pd.DataFrame | None = None,
    known: pd.DataFrame | None = None,
    progress: bool = True,
    file: str = "table",
    keep: str | Path | None = None,
    checked: Callable[[], None] | None = None,
) -> pd.DataFrame:
    """Forecast every node of a tree of series so that parts add up (:mod:`forecast.timeseries.reconcile`).

    ``frame`` is a table as for :func:`baseline`, with rows for each leaf; a sum without rows is that of its leaves,
    where gaps inside a leaf are bridged. ``nodes`` has ``unique_id`` and ``parent``. All series have one step;
    ``horizon`` counts from the last date of all. Returns a table as :func:`baseline` does, with rows for every node.

    >>> counts = pd.DataFrame({"unique_id": ["a"] * 3 + ["b"] * 3, "ds": ["2019", "2020", "2021"] * 2,
    ...                        "y": [100, 110, 121, 50, 50, 50]})
    >>> tree = pd.DataFrame({"unique_id": ["a", "b"], "parent": "all"})
    >>> means = coherent(counts, tree, 1, progress=False, jobs=1).set_index("unique_id")["mean"]
    >>> bool(abs(means["all"] - means["a"] - means["b"]) < 1e-9)
    True
    """
    shape = reconcile.tree(nodes, of_file(nodes, "nodes"))
    cases = {case.name: case for case in series_of(frame, season, file)}
    names = set(shape.names)
    lost = [name for name in shape.leaves if name not in cases] + [name for name in cases if name not in names]
    if lost:
        raise tables.UserError(
            "{file}: unique_id {name}: expected rows in the table and a place in the tree", file=file, name=lost[0]
        )
    one, *others = cases.values()
    for other in others:
        if (other.grid, other.season) != (one.grid, one.season) or (other.last - one.last) % one.grid.step:
            raise tables.UserError(
                "{file}: {one} and {other} have other dates; expected one step in a tree",
                file=file,
                one=one.name,
                other=other.name,
            )
    grid, end = one.grid, max(case.last for case in cases.values())
    rows = [
        (case.name, place, value)
        for case in cases.values()
        for place, value in zip([case.first, *grid.ahead(case.first, len(case.values) - 1)], case.values, strict=True)
    ]
    counts = pd.DataFrame(rows, columns=list(COLUMNS))
    bridged = counts
    if counts["y"].isna().any():
        inside = counts.groupby("unique_id")["y"].transform(lambda y: y.interpolate(limit_area="inside"))
        bridged = counts.assign(y=inside)
    sums = reconcile.add_sums(bridged, nodes)
    summed = set(sums["unique_id"])
    for name in shape.names:
        if name not in summed:
            raise tables.UserError(
                "{file}: unique_id {name}: expected a date at which all its parts are counted", file=file, name=name
            )
    history = pd.concat([counts, sums[~sums["unique_id"].isin(cases)]])
    begun = history.dropna().groupby("unique_id")["ds"].max()
    lag = max(int(grid.steps(int(last), np.array([end]))[0]) for last in begun)
    dates = {grid.write(place) for place in ahead(one._replace(last=end), horizon, file)}
    history["ds"] = [grid.write(int(place)) for place in history["ds"]]
    levels = levels_of(quantiles)
    wanted = sorted({*levels, 0.5})
    base = baseline(
        history,
        horizon + lag,
        season,
        wanted,
        jobs,
        events=events,
        known=known,
        progress=progress,
        file=file,
        keep=keep,
        checked=checked,
    )
    base = base[base["ds"].isin(dates)].drop(columns="median")
    answer = reconcile.reconcile(base, history, nodes, season=one.season)
    answer.insert(3, "median", answer["0.5"])
    return answer if 0.5 in levels else answer.drop(columns="0.5")


def _forecast(chunk: _Chunk, horizon: int, levels: tuple[float, ...]) -> np.ndarray:
    """Return mean, median and quantiles, shape (series, horizon, 2 + levels)."""
    out = np.empty((len(chunk.cases), horizon, 2 + len(levels)))
    for row, case, given in zip(out, chunk.cases, chunk.given, strict=True):
        answer = combination.forecast(case.values, case.season, horizon, levels, given)
        row[:, 0], row[:, 1], row[:, 2:] = answer
    return out


def _named(chunk: _Chunk, horizon: int, levels: tuple[float, ...]) -> str:
    """Return a file name for the answer: the hash of everything that it depends on."""
    asked = hashlib.sha256(repr((horizon, levels, [(c.season, len(c.values)) for c in chunk.cases])).encode())
    for case, given in zip(chunk.cases, chunk.given, strict=True):
        asked.update(case.values.tobytes())
        for part in given:
            asked.update(repr(part).encode() if isinstance(part, tuple) else np.asarray(part, dtype=float).tobytes())
    for code in ("combination", "methods", "loops", "saturation"):
        asked.update(Path(__file__).with_name(f"{code}.py").read_bytes())
    return asked.hexdigest()[:24] + ".npz"


def _answer(kept: dict[str, np.ndarray] | None) -> np.ndarray | None:
    """Return what an earlier run kept; None when there is nothing, or something else."""
    return kept["answer"] if kept and kept.keys() == {"answer"} else None


def levels_of(quantiles: Iterable[float | str]) -> tuple[float, ...]:
    """Return probabilities as numbers; :class:`forecast.data.tables.UserError` unless they rise between 0 and 1.

    >>> levels_of(["0.1", "0.9"])
    (0.1, 0.9)
    """
    try:
        levels = tuple(float(level) for level in quantiles)
    except ValueError:
        levels = ()
    if not levels or sorted(set(levels)) != list(levels) or not 0 < levels[0] <= levels[-1] < 1:
        raise tables.UserError(
            "quantiles {found}: expected rising numbers between 0 and 1", found=", ".join(map(str, quantiles))
        )
    return levels
