"""What became of old units: series of counts carried through the mergers of 2024 and 2025."""

from typing import overload

import numpy as np
import pandas as pd

from forecast.data import frames, tables
from forecast.data.place_names import find, table
from forecast.data.places import REFORM, crosswalk, district_gone
from forecast.data.tables import Month


def parts(name: str) -> tuple[str, ...]:
    """Return the old units that went over whole into a place: the provinces of a merger, the district of a group.

    >>> parts("Phú Thọ (2025)"), parts("Phú Thọ (2025)/Đà Bắc cũ"), parts("Hà Nội")
    (('Hòa Bình', 'Phú Thọ', 'Vĩnh Phúc'), ('Đà Bắc',), ())
    """
    if old := district_gone(name):
        return (old,)
    moves = crosswalk()
    whole = moves.loc[(moves["new"] == name) & (moves["share"] == 1) & ~moves["old"].str.contains("/"), "old"]
    provinces = {old.split("/")[0] for old in moves["old"] if old.count("/") == 2}  # others are districts
    return tuple(sorted(set(whole) & provinces))


@overload
def carry(values: pd.Series, at: Month = REFORM) -> pd.Series: ...
@overload
def carry(values: pd.DataFrame, at: Month = REFORM) -> pd.DataFrame: ...
def carry(values: pd.Series | pd.DataFrame, at: Month = REFORM) -> pd.Series | pd.DataFrame:
    """Return counts by old unit as counts by the units that exist in the month ``at``; the total stays the same.

    ``values`` is a Series indexed by unit, or a DataFrame with one column a unit (rows: months). Units that did
    not change keep their column. A missing part makes the sum missing. Only counts can be carried, no shares.
    Where a unit's people were divided, the crosswalk's share is an even split, so the new units are estimates.

    >>> carry(pd.Series({"Đà Bắc/Vầy Nưa": 10.0, "Đà Bắc/Tiền Phong": 20.0})).to_dict()
    {'Phú Thọ (2025)/Thống Nhất': 5.0, 'Phú Thọ (2025)/Tiền Phong': 25.0}
    """
    moves = crosswalk()
    month = str(tables.month(at))
    moves = moves[moves["since"] <= month]
    targets = {old: list(zip(part["new"], part["share"], strict=True)) for old, part in frames.groups(moves, "old")}
    frame = values.to_frame().T if isinstance(values, pd.Series) else values
    places = table("places")
    units = [unit if unit in targets else find(unit, places) for unit in frame.columns]
    columns = dict(zip(units, frame.to_numpy().T, strict=True))
    while any(unit in targets for unit in columns):  # twice where a unit that merged in 2024 merged again in 2025
        moved: dict[str, np.ndarray] = {}
        for unit, series in columns.items():
            for new, share in targets.get(unit, [(unit, 1.0)]):
                part = series * share
                moved[new] = moved[new] + part if new in moved else part
        columns = moved
    result = pd.DataFrame(columns, index=frame.index)
    if isinstance(values, pd.DataFrame):
        return result
    total = result.iloc[0]
    total.name = values.name
    return total


def one_series(values: pd.DataFrame, at: Month = REFORM) -> pd.DataFrame:
    """Return counts by month (index, YYYY-MM or Period) and unit (columns) as one series for each unit of ``at``.

    Months before ``at`` are carried (:func:`carry`), months since then stand as they are, so that a unit that merged
    has the same territory before and after. A unit of which a part was not counted in a month has no count in it.

    >>> before = pd.DataFrame({"Cà Mau": [10.0], "Phú Thọ": 7.0, "Bạc Liêu": 5.0}, index=["2025-06"])
    >>> both = one_series(pd.concat([before, pd.DataFrame({"Cà Mau (2025)": 16.0}, index=["2025-07"])]))
    >>> both["Cà Mau (2025)"].to_dict(), list(both)
    ({'2025-06': 15.0, '2025-07': 16.0}, ['Cà Mau (2025)'])
    """
    month = str(tables.month(at))
    then = values.index.astype(str) < month
    early, late = values[then].dropna(axis="columns", how="all"), values[~then].dropna(axis="columns", how="all")
    moves = crosswalk()
    moves = moves[moves["since"] <= month]
    # What has to be counted for a new unit: all its parts of the level of those that were (a province is the sum of old
    # provinces, or of all its old communes).
    groups = pd.Series(list(zip(moves["new"], moves["old"].map(table("places")["level"]), strict=True)), moves["old"])
    while missing := sorted(set(groups.index[groups.isin(groups[groups.index.isin(list(early))])]) - set(early)):
        early = early.reindex(columns=[*early, *missing])
    return pd.concat([carry(early, at).dropna(axis="columns", how="all"), late])
