"""Events and known futures: what moves a series by a known amount, or by one that is learned across a table.

An event is a row `date, kind, size, lasting`: from its date on (in the step that holds it), counts differ by the share
`size` (-0.2: a fifth less), for good (`lasting`) or for a while (`passing`); an empty `size` is learned from earlier
events of that kind, in the series itself and in all others. `steps` says over how many steps a lasting effect comes in,
or how long a passing one stays; `unique_id` names the series that an event is for, all where it is empty. A known
future is a table `ds` and any columns of numbers (a price, a rule that is in force or not), by `unique_id` where there
is one; their effects are learned in the same way.

Effects are factors. A change of the log of a series is a constant and the changes of the columns times their effects;
least squares tells them series by series, and each is then drawn towards the mean of all by a random-effects model
(DerSimonian and Laird 1986). What is not known of an effect widens the intervals from its date on.
"""

import hashlib
from typing import NamedTuple

import numpy as np
import pandas as pd

from forecast.data import tables, typed
from forecast.data.messages import Message
from forecast.timeseries import dates
from forecast.timeseries.table import Series, name, one_each, text

# Judgement of the makers: a law of the kind seen in data/law.csv moves a stock by some tenth to a fifth.
USUAL = 0.15  # standard deviation of the log effect of an event of which nothing is known, and the pull towards none
SIZE_DOUBT = 0.3  # standard deviation of an announced effect as a share of its size
FEWEST = 4  # changes of a series from which effects are estimated in it
SMALLEST_NOISE = 0.002  # log, standard deviation of a change: no series is steadier
DURATIONS = {"lasting": True, "passing": False}
NEEDED, MORE = ("date", "kind", "size", "lasting"), ("steps", "unique_id")  # columns of a table of events


class Event(NamedTuple):
    """One event; ``size`` is a share of the count, NaN where it is to be learned."""

    date: str
    kind: str
    size: float
    lasting: bool
    steps: int
    series: str


class Moves(NamedTuple):
    """What moves one series: log factors of its past (n,) and future (horizon,), 0 at the last value, and their doubt.

    ``doubt`` (horizon,) is the variance of the future log factor.
    """

    past: np.ndarray
    ahead: np.ndarray
    doubt: np.ndarray


def events_of(frame: pd.DataFrame, file: str = "events") -> list[Event]:
    """Read a table of events: `date`, `kind`, `size`, `lasting` and, if wanted, `steps` and `unique_id`.

    Raises :class:`forecast.data.tables.TableError` naming every wrong cell.

    >>> table = pd.DataFrame({"date": ["2025-07"], "kind": ["law"], "size": ["-0.1"], "lasting": ["lasting"]})
    >>> events_of(table)[0].size
    -0.1
    """
    one_each(frame, NEEDED, file, MORE)
    faults: list[tables.Fault] = []
    cells = {column: text(frame[column]) for column in (*NEEDED, *MORE) if column in frame}
    parsed = []
    for i in range(len(frame)):
        row = {column: part[i] for column, part in cells.items()}
        if not any(row.values()):
            continue
        size = _number(str(typed.share(row["size"]))) if row["size"].lower() not in ("", "unknown") else np.nan
        steps = _number(row.get("steps") or "1")
        wrong = {
            "date": (
                not any(dates.place(row["date"], form) is not None for form in dates.FORMS),
                dates.WRITTEN,
            ),
            "kind": (not row["kind"], Message("a word, the same for events that act alike")),
            "size": (
                size is None or size <= -1 or (size >= 2 and not row["size"].endswith("%")),  # 20 is meant as 20%
                Message("a share above -1, such as -0.2 or -20%, or an empty cell (a factor of three: 200%)"),
            ),
            "lasting": (row["lasting"] not in DURATIONS, Message("lasting or passing")),
            "steps": (steps is None or steps < 1 or steps != int(steps), Message("a whole number from 1 on")),
        }
        faults += [tables.Fault(file, i + 2, c, row.get(c, "")[:60], say) for c, (bad, say) in wrong.items() if bad]
        if not any(bad for bad, _ in wrong.values()):
            series = name(row.get("unique_id", ""))
            size, steps = float(size or 0.0), int(steps or 1)
            parsed.append(Event(row["date"], row["kind"], size, DURATIONS[row["lasting"]], steps, series))
    if faults:
        raise tables.TableError(faults)
    return parsed


def moves(
    cases: list[Series], horizon: int, events: list[Event], known: pd.DataFrame | None, file: str = "known"
) -> list[Moves]:
    """Return what moves each series over its past and the next ``horizon`` steps; effects are learned across all.

    Raises :class:`forecast.data.tables.UserError` for an event whose date no series can place, and for a column of
    ``known`` without a number for a future step.
    """
    lost = {event.series for event in events} - {case.name for case in cases} - {""}
    if lost:
        raise tables.UserError("events: unique_id {name}: expected a series of the table", name=min(lost))
    future = _Known(known, file) if known is not None else None
    columns, offsets, doubts = [], [], []
    for case in cases:
        terms = _events(case, horizon, events)
        if future is not None:
            terms.columns.update(future.of(case, horizon))
        columns.append(terms.columns)
        offsets.append(terms.offset)
        doubts.append(terms.doubt)
    names = sorted({column for one in columns for column in one})
    table = [
        np.stack([one.get(column, np.zeros(len(off))) for column in names], axis=1)
        if names
        else np.zeros((len(off), 0))
        for one, off in zip(columns, offsets, strict=True)
    ]
    effects = _learn(cases, table, offsets, [column.startswith("event ") for column in names])
    out = []
    for case, z, offset, doubt, (effect, variance) in zip(cases, table, offsets, doubts, effects, strict=True):
        last = len(case.values) - 1
        whole = offset + z @ effect
        beside = (z[last + 1 :] - z[last]) ** 2 @ variance + doubt[last + 1 :]
        out.append(Moves(whole[: last + 1] - whole[last], whole[last + 1 :] - whole[last], beside))
    return out


class _EventTerms(NamedTuple):
    columns: dict[str, np.ndarray]
    offset: np.ndarray
    doubt: np.ndarray


def _events(case: Series, horizon: int, events: list[Event]) -> _EventTerms:
    """Return the columns of events whose size is to be learned, the log factor of the others, and its variance."""
    count = len(case.values) + horizon
    terms = _EventTerms({}, np.zeros(count), np.zeros(count))
    for event in events:
        if event.series not in ("", case.name):
            continue
        place = dates.on_grid(event.date, case.grid)
        if place is None:
            raise tables.UserError(
                "events: date {date}: expected a date like those of {name}", date=event.date, name=case.name
            )
        begin = int(case.grid.steps(case.first, np.array([place]))[0])
        since = np.arange(count) - begin + 1
        shape = np.clip(since / event.steps, 0.0, 1.0) if event.lasting else (since >= 1) & (since <= event.steps)
        shape = np.asarray(shape, dtype=float)
        if np.isnan(event.size):
            key = f"event {event.kind}"
            terms.columns[key] = terms.columns.get(key, 0.0) + shape
        else:
            size = np.log1p(event.size)
            terms.offset[:] += size * shape
            if begin >= len(case.values):
                terms.doubt[:] += (SIZE_DOUBT * size * shape) ** 2
    return terms


class _Known:
    """Columns whose future is known, by series and date."""

    def __init__(self, frame: pd.DataFrame, file: str):
        named = [column for column in frame.columns if column]  # a spreadsheet leaves empty ones at the end
        one_each(frame, ["ds"], file, named)
        self._file = file
        self._ds = text(frame["ds"])
        self._names = [name(cell) for cell in text(frame["unique_id"])] if "unique_id" in frame else None
        self._numbers: dict[str, list[float]] = {}
        faults = []
        for column in (column for column in named if column not in ("unique_id", "ds", "y")):
            cells = text(frame[column])
            numbers = [_number(cell) for cell in cells]
            faults += [
                tables.Fault(file, i + 2, column, cell[:60], "a number")
                for i, (cell, number) in enumerate(zip(cells, numbers, strict=True))
                if number is None and cell
            ]
            self._numbers[column] = [np.nan if number is None else number for number in numbers]
        if faults:
            raise tables.TableError(faults)
        if not self._numbers:
            raise tables.UserError("{file}: expected a column of numbers beside unique_id and ds", file=file)

    def of(self, case: Series, horizon: int) -> dict[str, np.ndarray]:
        """Return each column (n + horizon,) on the grid of a series; the past is filled from its neighbors in time."""
        count = len(case.values) + horizon
        line = {column: np.full(count, np.nan) for column in self._numbers}
        for i, cell in enumerate(self._ds):
            if self._names is not None and self._names[i] not in ("", case.name):
                continue
            place = dates.on_grid(cell, case.grid)
            at = -1 if place is None else int(case.grid.steps(case.first, np.array([place]))[0])
            if 0 <= at < count:
                for column, numbers in self._numbers.items():
                    line[column][at] = numbers[i]
        for column, values in line.items():
            ahead = np.flatnonzero(np.isnan(values[count - horizon :]))
            if len(ahead):
                places = case.grid.ahead(case.last, horizon)
                when = case.grid.write(places[ahead[0]])
                raise tables.UserError(
                    "{file}: column {column}: expected a number for {name} at {when}",
                    file=self._file,
                    column=column,
                    name=case.name,
                    when=when,
                )
            line[column] = pd.Series(values).ffill().bfill().to_numpy()
        return {f"known {column}": values for column, values in line.items()}


def _learn(
    cases: list[Series], table: list[np.ndarray], offsets: list[np.ndarray], events: list[bool]
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return effects and their variances (columns,) of each series: its own, drawn towards the mean of all."""
    estimates = [_estimated(case.values, z, offset) for case, z, offset in zip(cases, table, offsets, strict=True)]
    effects = np.array([effect for effect, _ in estimates]).reshape(len(cases), -1)
    variances = np.array([variance for _, variance in estimates]).reshape(len(cases), -1)
    changes = [np.abs(np.diff(z, axis=0)).max(axis=0, initial=0.0) for z in table]
    for k in range(effects.shape[1]):
        size = 1.0 if events[k] else max(max(change[k] for change in changes), 1e-12)
        effects[:, k], variances[:, k] = _pooled(effects[:, k], variances[:, k], USUAL / size)
    return list(zip(effects, variances, strict=True))


def _estimated(values: np.ndarray, z: np.ndarray, offset: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the effects that one series shows and their variances, infinite where it shows nothing."""
    effect, variance = np.zeros(z.shape[1]), np.full(z.shape[1], np.inf)
    at = np.flatnonzero(np.isfinite(values) & (values > 0))
    if len(at) <= FEWEST or not z.shape[1]:
        return effect, variance
    x, changes = np.log(values[at]) - offset[at], np.diff(z[at], axis=0)
    moving = np.flatnonzero(np.ptp(changes, axis=0) > 1e-12)
    if not len(moving) or len(moving) + 2 > len(changes):
        return effect, variance
    design = np.column_stack([np.diff(at), changes[:, moving]])
    coefficients, *_ = np.linalg.lstsq(design, np.diff(x), rcond=None)
    rest = np.diff(x) - design @ coefficients
    noise = max(float(rest @ rest) / (len(rest) - design.shape[1]), SMALLEST_NOISE**2)
    effect[moving] = coefficients[1:]
    variance[moving] = noise * np.diag(np.linalg.pinv(design.T @ design))[1:]
    return effect, variance


def _pooled(effects: np.ndarray, variances: np.ndarray, usual: float) -> tuple[np.ndarray, np.ndarray]:
    """Return effects (series,) drawn towards their mean, and variances; ``usual`` is what is expected of an effect."""
    shown = np.isfinite(variances) & (variances > 0)
    weights = 1 / np.append(variances[shown], usual**2)
    observed = np.append(effects[shown], 0.0)
    mean = weights @ observed / weights.sum()
    between = usual**2
    if shown.sum() > 1:
        weights, observed = weights[:-1], observed[:-1]
        center = weights @ observed / weights.sum()
        beyond = weights @ (observed - center) ** 2 - (len(observed) - 1)
        between = max(0.0, beyond / (weights.sum() - weights @ weights / weights.sum()))
        weights = 1 / np.append(variances[shown] + between, usual**2)
        mean = weights @ np.append(observed, 0.0) / weights.sum()
    doubt = 1 / weights.sum()
    pulled, left = np.full(len(effects), mean), np.full(len(effects), between + doubt)
    if between > 0:
        precision = 1 / np.where(shown, variances, np.inf)
        pulled = (precision * effects + mean / between) / (precision + 1 / between)
        left = 1 / (precision + 1 / (between + doubt))
    return pulled, left


def _number(cell: str) -> float | None:
    try:
        number = float(cell.replace("_", "x"))
    except ValueError:
        return None
    return number if np.isfinite(number) else None


def fingerprint(one: Moves) -> bytes:
    """Return bytes that differ where two moves do."""
    return hashlib.sha256(one.past.tobytes() + one.ahead.tobytes() + one.doubt.tobytes()).digest()
