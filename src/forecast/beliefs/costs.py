"""What a unit of work costs, and how many hours of it nobody pays: one dated table, data/unit_costs.csv.

A row is an item (a visit, a meeting, a course) from its month `since` to `until`: VND a unit with the 5% and 95% points
of its spread, the hours that a unit takes of people whom this price does not pay, and who pays. What collectors earn is
no row here: commission is law (data/law.csv) and follows from what they collect.
"""

from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from forecast.beliefs.parameters import Assumption
from forecast.data import tables
from forecast.data.messages import Wrong

FILE = "unit_costs.csv"
UNPAID = "unpaid_hour"  # the item that prices an hour which nobody pays: nothing, unless a scenario says so


class Path3(NamedTuple):
    """A price month by month, VND a unit, each (months,): with the 5% and 95% points of its spread."""

    low: np.ndarray
    value: np.ndarray
    high: np.ndarray


def unit_costs() -> pd.DataFrame:
    """Return data/unit_costs.csv, the rows of an item in the order of their dates.

    >>> float(unit_costs().set_index("item").at["visit", "value"])
    30000.0
    """
    path = tables.data_dir() / FILE
    return _read(path, tables.changed(path))


def newest() -> pd.DataFrame:
    """Return the row of each item that began last: index item, the other columns of the table.

    >>> newest().loc["inspection", "since"], float(newest().loc["inspection", "value"])
    ('2026-07', 68000.0)
    """
    return unit_costs().drop_duplicates("item", keep="last").set_index("item")


def prices(item: str, months: pd.PeriodIndex, given: float | Assumption | None = None) -> Path3:
    """Return the price of an item in each of `months`; a number `given` by a planner stands in for the table.

    Before its first row an item has the price of that row, after its last one that of the last. An item that is not in
    the table raises :class:`~forecast.data.tables.UserError`.

    >>> prices("inspection", pd.period_range("2023-06", "2023-07", freq="M")).value.tolist()
    [40000.0, 48000.0]
    """
    if given is not None:
        three = (given.low, given.value, given.high) if isinstance(given, Assumption) else (given,) * 3
        return Path3(*(np.full(len(months), float(x)) for x in three))
    dated = _of(item)
    index = np.arange(len(months)) + (tables.month_index(months[0]) if len(months) else 0)  # month after month
    at = np.clip(np.searchsorted(dated.since, index, side="right") - 1, 0, None)
    return Path3(*(of_rows[at] for of_rows in dated.price))


def drawn(item: str, price: Path3, keys: np.ndarray) -> np.ndarray:
    """Return a price in each draw and month, (draws, months): one luck for an item, the same in every policy.

    >>> from forecast.data import chance
    >>> path = prices("visit", pd.period_range("2022-01", "2022-01", freq="M"))
    >>> bool(drawn("visit", path, chance.streams(1, range(2000))).min() > 0)
    True
    """
    from forecast.data import chance  # compiles: not for a command that only reads

    z = chance.normal_array(keys, chance.name_number(f"price/{item}"))[:, None]
    low, value, high = price
    if (low <= 0).any() or (low == high).all():
        spread = np.where(z < 0, value - low, high - value) / _UNIT
        return np.asarray(np.maximum(value + spread * z, 0.0))
    spread = np.where(z < 0, np.log(value / low), np.log(high / value)) / _UNIT
    return np.asarray(value * np.exp(spread * z))


_UNIT = 1.6448536269514722  # standard deviations from the middle to the 95% point


def hours(item: str) -> float:
    """Return the unpaid hours that a unit takes.

    >>> hours("campaign_day")
    24.0
    """
    return _of(item).hours


def payer(item: str) -> str:
    """Return who pays an item as a rule."""
    return _of(item).payer


def items() -> list[str]:
    """Return the items that have a price, in the order of the table."""
    return unit_costs()["item"].drop_duplicates().tolist()


def check_price(name: str, given: float | Assumption) -> None:
    """Raise :class:`Wrong` where `prices` of a scenario name no item, or a price below nothing."""
    if name not in items():
        raise Wrong(f"prices.{name}", "no such item; expected one of {known}", known=", ".join(items()))
    low = given.low if isinstance(given, Assumption) else given
    if not (np.isfinite(low) and low >= 0):
        raise Wrong(f"prices.{name}", "expected VND of at least 0, not {low:g}", low=low)


class _Dated(NamedTuple):
    """The rows of an item: the month index from which each holds, its price; hours and payer of the last."""

    since: np.ndarray
    price: Path3  # each (rows,)
    hours: float
    payer: str


def _of(item: str) -> _Dated:
    """Return the rows of an item."""
    path = tables.data_dir() / FILE
    rows = _items(path, tables.changed(path)).get(item)
    if rows is None:
        raise tables.UserError(
            "{file} has no item {item!r}; expected one of {known}", file=FILE, item=item, known=", ".join(items())
        )
    return rows


@lru_cache(maxsize=4)
def _items(path: Path, changed: int) -> dict[str, _Dated]:
    """Rows by item: every batch of draws asks for those of each bill."""
    by_item = {}
    for item, rows in _read(path, changed).groupby("item", sort=False):
        since = np.array([tables.month_index(tables.month(m)) for m in rows["since"]])
        price = Path3(*(rows[name].to_numpy() for name in Path3._fields))
        by_item[str(item)] = _Dated(since, price, float(rows["hours"].iloc[-1]), str(rows["payer"].iloc[-1]))
    return by_item


@lru_cache(maxsize=4)
def _read(path: Path, changed: int) -> pd.DataFrame:
    """Read the table once for each state of its file: every batch of draws asks for it."""
    table = tables.read(path, "unit_costs")
    order = {name: number for number, name in enumerate(table["item"].drop_duplicates())}
    return table.sort_values(
        ["item", "since"], key=lambda c: c.map(order) if c.name == "item" else c, ignore_index=True
    )
