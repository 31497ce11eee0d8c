"""Growth that saturates: a ceiling that is given, or one that a table of series shows together.

Below a ceiling the log of what is reached over what is left (the logit) is taken to go on as it did, from the last
value on: the logistic curve of Verhulst. A common ceiling is where growth ends when growth rates fall with the level,
``growth = rate x (1 - level / ceiling)``, by least squares over all steps of all series. A given ceiling bounds every
quantile; a learned one, an estimate, moves the median and bounds nothing.
"""

import numpy as np
import pandas as pd

from forecast.data import tables, typed, written
from forecast.timeseries import methods
from forecast.timeseries.table import Series, name, one_each, text

LEARNED = "learned"
FEWEST_STEPS = 60  # steps of growth in a table from which a common ceiling is estimated
CLEAR = 4.0  # how many standard errors growth must fall with the level
LOGISTIC = 0.5  # share of the logistic curve in the forecast, beside the one made without a ceiling
ABOVE = 1.05  # of its largest value: the least ceiling of a series whose table has a common one
LEFT = 0.25  # least share taken to be left: nearer to a ceiling, intervals do not fill all below it
ROOM = 0.999  # of the ceiling: the most a median may reach


def ceilings(cases: list[Series], frame: pd.DataFrame, asked: str | float, file: str = "table") -> list[float]:
    """Return a ceiling for each series, NaN for none: a number, a column of the table (its last number), or learned.

    Raises :class:`forecast.data.tables.UserError` for a ceiling below what was already reached.

    >>> from forecast.timeseries.table import series_of
    >>> table = pd.DataFrame({"unique_id": "a", "ds": ["2020", "2021"], "y": [1, 2], "people": [9, 9]})
    >>> ceilings(series_of(table), table, "people"), ceilings(series_of(table), table, 5)
    ([9.0], [5.0])
    """
    if asked == LEARNED:
        common = learned(cases)
        return [max(common, ABOVE * float(np.nanmax(case.values))) for case in cases]
    if asked in frame.columns:
        one_each(frame, [str(asked)], file)
        rows = pd.DataFrame({"name": [name(cell) for cell in text(frame["unique_id"])]})
        rows["number"] = numbers = pd.to_numeric(frame[asked].to_numpy(), errors="coerce")
        cells = list(zip(text(frame[str(asked)]), numbers, strict=True))
        wrong = [i for i, (cell, number) in enumerate(cells) if cell.lower() not in ("", "nan") and np.isnan(number)]
        if wrong:
            expected = "a number, or an empty cell for a gap"
            raise tables.TableError([tables.Fault(file, i + 2, str(asked), cells[i][0], expected) for i in wrong])
        last = rows.dropna().groupby("name")["number"].last()
        limits = [float(last.get(case.name, np.nan)) for case in cases]
    else:
        if isinstance(asked, str) and typed.two_readings(asked):
            raise tables.UserError(
                "{file}: ceiling {asked}: expected {what}", file=file, asked=asked, what=written.either(asked)
            )
        try:
            limits = [float(str(typed.number(asked)))] * len(cases)
        except ValueError:
            raise tables.UserError(
                "{file}: ceiling {asked}: expected a number, a column of the table or {learned}",
                file=file,
                asked=asked,
                learned=LEARNED,
            ) from None
    for case, ceiling in zip(cases, limits, strict=True):
        most = float(np.nanmax(case.values))
        if ceiling <= most or np.nanmin(case.values) < 0:
            raise tables.UserError(
                "{file}: unique_id {name}: ceiling {ceiling:g}, expected more than its largest value, {most:g}",
                file=file,
                name=case.name,
                ceiling=ceiling,
                most=most,
            )
    return limits


def learned(cases: list[Series]) -> float:
    """Return the level at which growth ends in a table of series, NaN where growth does not clearly fall with it."""
    level, growth = [], []
    for case in cases:
        y = case.values
        both = np.isfinite(y[1:]) & np.isfinite(y[:-1]) & (y[:-1] > 0) & (y[1:] > 0)
        level += y[:-1][both].tolist()
        growth += np.log(y[1:][both] / y[:-1][both]).tolist()
    if len(level) < FEWEST_STEPS:
        return np.nan
    design = np.column_stack([np.ones(len(level)), level])
    (rate, fall), *_ = np.linalg.lstsq(design, np.array(growth), rcond=None)
    rest = np.array(growth) - design @ [rate, fall]
    error = np.sqrt(rest @ rest / (len(rest) - 2) * np.linalg.inv(design.T @ design)[1, 1])
    return float(-rate / fall) if rate > 0 and fall < -CLEAR * error else np.nan


def below(values: np.ndarray, middle: np.ndarray, season: int, ceiling: float) -> np.ndarray:
    """Return a median (horizon,) below a ceiling, joined to the last value: half of it goes on along the logit.

    >>> below(np.array([10.0, 20.0, 35.0]), np.array([52.0, 70.0]), 1, 60.0).round(1).tolist()
    [49.1, 56.4]
    """
    known = values[np.isfinite(values)]
    share = np.clip(known / ceiling, 1e-6, ROOM)
    logit = methods.fading_drift(np.log(share / (1 - share)), len(middle), season)
    middle = np.minimum(middle, ROOM * ceiling)
    curve = np.minimum(ceiling / (1 + np.exp(-logit)), middle)  # a ceiling restrains, and drives nothing
    return np.asarray(LOGISTIC * curve + (1 - LOGISTIC) * middle)


def squeezed(middle: np.ndarray, reach: np.ndarray, ceiling: float) -> np.ndarray:
    """Return quantiles (horizon, levels) between zero and a ceiling; ``reach`` is their distance in logs.

    A small distance in logs is one of the logit divided by what is left to the ceiling, at least LEFT.
    """
    share = np.clip(middle / ceiling, 1e-9, ROOM)[:, None]
    logit = np.log(share / (1 - share)) + reach / np.maximum(1 - share, LEFT)
    return ceiling / (1 + np.exp(-np.clip(logit, -700, 700)))
