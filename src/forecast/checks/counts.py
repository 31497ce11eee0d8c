"""Counts by commune and month that cannot be: a stock that its flows do not make, a jump, more than the eligible.

The same functions look at a spreadsheet before it is taken (:func:`impossible`) and at the history that it became (the
rules below, which `forecast check` runs on rows of one's own files).
"""

from collections.abc import Hashable, Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from forecast.checks.findings import NOTE, Found, Setting, rule
from forecast.data.history import observed

OWN = "own-file"
"""Source of the rows of a history that came from a spreadsheet of one's own."""
JUMP, LEAST = 2.0, 20
"""A stock that doubles or halves within a month and changes by at least so many persons is a jump."""


class Odd(NamedTuple):
    """Counts that cannot be: a rule, the labels of its rows, and the arithmetic in both languages."""

    rule: str
    rows: list[int]
    vi: str
    en: str


def impossible(counts: pd.DataFrame, eligible: dict[str, float] | None = None) -> list[Odd]:
    """Return what is odd in counts with the columns unit, month, members and, where known, the others.

    `entries`, `lapses`, `returns`, `plan` and `opening` may be missing or NaN; `eligible` holds by unit the persons who
    may join.

    >>> table = pd.DataFrame({"unit": "A", "month": ["2023-01", "2023-02"], "members": [10.0, 10.0],
    ...                       "entries": [0.0, 90.0], "lapses": [0.0, 0.0]})
    >>> [(odd.rule, odd.en[-38:]) for odd in impossible(table)]
    [('balance', 'A, 2023-02: 10 + 90 - 0 is 100, not 10')]
    """
    table = counts.copy()
    for column in ("members", "entries", "lapses", "returns", "plan", "opening"):
        if column not in table:
            table[column] = np.nan
    months = pd.PeriodIndex(table["month"], freq="M")
    table["t"] = months.year * 12 + months.month
    table["label"] = table.index
    table = table.sort_values(["unit", "t"], kind="stable")
    follows = (table["unit"] == table["unit"].shift()) & (table["t"] == table["t"].shift() + 1)
    table["before"] = table["members"].shift().where(follows)
    table["before"] = table["opening"].fillna(table["before"])
    table["made"] = table["before"] + table["entries"] + table["returns"].fillna(0) - table["lapses"]
    oddities: list[Odd] = []
    for rule_of in (_balance, _first, _jump, _above, _plan, _since_january):
        oddities += rule_of(table, eligible or {})
    return oddities


def _name(row: Mapping[Hashable, Any] | pd.Series) -> str:
    return str(row["unit"]).rpartition("/")[2]


def _balance(table: pd.DataFrame, _: dict[str, float]) -> Iterator[Odd]:
    wrong = table[table["made"].notna() & table["members"].notna() & (table["made"] != table["members"])]
    if wrong.empty:
        return
    row = wrong.iloc[0]
    back = f" + {row['returns']:g}" if row["returns"] > 0 else ""
    sums = f"{row['before']:g} + {row['entries']:g}{back} - {row['lapses']:g}"
    n = len(wrong)
    yield Odd(
        "balance",
        list(wrong["label"]),
        f"{n} số người không bằng số trước + tăng mới + trở lại - dừng; đầu tiên là {_name(row)}, {row['month']}: "
        f"{sums} = {row['made']:g}, không phải {row['members']:g}",
        f"{n} count{'s are' if n > 1 else ' is'} not the one before + new + returned - stopped; first {_name(row)}, "
        f"{row['month']}: {sums} is {row['made']:g}, not {row['members']:g}",
    )


def _first(table: pd.DataFrame, _: dict[str, float]) -> Iterator[Odd]:
    """Where the month before is not known, its flows say what it was: never below none, seldom half or double."""
    now = table["members"]
    before = (now + table["lapses"] - table["entries"] - table["returns"].fillna(0)).where(table["before"].isna())
    steep = (now >= JUMP * before) | (now * JUMP <= before)
    odd = (before < 0) | (((now - before).abs() >= LEAST) & steep)
    found = table.assign(was=before)[odd.fillna(False)]
    below = found[found["was"] < 0]
    n = len(below)
    several = ("", "")
    if n > 1:  # one finding: a cumulative column makes one of each commune
        several = (
            f"{n} số tính ngược ra tháng trước dưới 0 người; đầu tiên là ",
            f"{n} counts give a negative month before; first ",
        )
    for rule_of, part, (vi, en) in (
        ("balance", below.head(1), several),
        ("jump", found[found["was"] >= 0], ("", "")),
    ):
        for label, row in zip(part["label"], part.to_dict("records"), strict=True):
            yield Odd(
                rule_of,
                list(below["label"]) if rule_of == "balance" else [label],
                f"{vi}{_name(row)}, {row['month']}: {row['members']:g} người, tăng mới {row['entries']:g}, dừng "
                f"{row['lapses']:g}, vậy tháng trước là {row['was']:g} người",
                f"{en}{_name(row)}, {row['month']}: {row['members']:g} members, {row['entries']:g} new and "
                f"{row['lapses']:g} stopped make {row['was']:g} a month before",
            )


def _jump(table: pd.DataFrame, _: dict[str, float]) -> Iterator[Odd]:
    before, now = table["before"], table["members"]
    far = (now - before).abs() >= LEAST
    steep = (now >= JUMP * before) | (now * JUMP <= before)
    for _index, row in table[far & steep & (table["made"] != now)].iterrows():
        yield Odd(
            "jump",
            [row["label"]],
            f"{_name(row)}, {row['month']}: từ {row['before']:g} lên {row['members']:g} trong một tháng"
            if row["members"] > row["before"]
            else f"{_name(row)}, {row['month']}: từ {row['before']:g} xuống {row['members']:g} trong một tháng",
            f"{_name(row)}, {row['month']}: from {row['before']:g} to {row['members']:g} in one month",
        )


def _above(table: pd.DataFrame, eligible: dict[str, float]) -> Iterator[Odd]:
    most = table["unit"].map(eligible).astype(float)
    over = table[table["members"] > most]
    for _, part in over.groupby("unit", sort=False):
        row = part.iloc[0]
        unit = str(row["unit"])
        yield Odd(
            "eligible",
            list(part["label"]),
            f"{_name(row)}, {row['month']}: {row['members']:g} người tham gia, hơn {eligible[unit]:g} người thuộc diện",
            f"{_name(row)}, {row['month']}: {row['members']:g} members, only {eligible[unit]:g} eligible people",
        )


def _plan(table: pd.DataFrame, _: dict[str, float]) -> Iterator[Odd]:
    known = table[table["plan"].notna() & table["members"].notna()]
    for year, part in known.groupby(known["month"].str[:4]):
        first = part[part["month"] == part["month"].min()]
        plan, members = first["plan"].sum(), first["members"].sum()
        if plan < members:
            yield Odd(
                "plan-below",
                list(first["label"]),
                f"kế hoạch năm {year} là {plan:g}, dưới {members:g} người đang tham gia tháng {first['month'].iloc[0]}",
                f"the plan of {year} is {plan:g}, below the {members:g} members of {first['month'].iloc[0]}",
            )


def _since_january(table: pd.DataFrame, _: dict[str, float]) -> Iterator[Odd]:
    for column, vi in (("entries", "tăng mới"), ("lapses", "dừng đóng")):
        known = table[table[column].notna()]
        for year, part in known.groupby(known["month"].str[:4]):
            wide = part.pivot_table(index="month", columns="unit", values=column, aggfunc="sum", sort=True).sort_index()
            if len(wide) < 4 or wide.to_numpy().sum() < LEAST:
                continue
            steps = wide.diff().iloc[1:]
            rising = (steps.sum(axis=1) > 0).all() and (steps.fillna(0) >= 0).all(axis=0).mean() >= 0.8
            if rising and not (part["made"] == part["members"]).sum() > len(part) / 2:
                yield Odd(
                    "cumulative",
                    list(part["label"]),
                    f"{vi} năm {year} không tháng nào giảm: có thể là số lũy kế từ đầu năm",
                    f"{column} of {year} never fall: they may be counted since January",
                )


def _own_counts(h: pd.DataFrame) -> pd.DataFrame:
    """Return a table of counts from the rows of one's own files, with the label of each month's row of members."""
    rows = observed(h[(h["source"] == OWN) & (h["level"] == "commune")], group="all")
    rows = rows.drop_duplicates(["place", "month", "measure"], keep="last")
    if rows.empty or "members" not in set(rows["measure"]):
        return pd.DataFrame()
    wide = rows.pivot(index=["place", "month"], columns="measure", values="value").astype(float)
    stock = rows[rows["measure"] == "members"].set_index(["place", "month"])
    wide = wide.loc[wide.index.isin(stock.index)]
    labels = stock["line"]
    wide = wide.reset_index().rename(columns={"place": "unit"})
    wide.index = [labels[(unit, month)] for unit, month in zip(wide["unit"], wide["month"], strict=True)]
    return wide


def _rule(name: str, severity: str | None, en: str, vi: str) -> None:
    """Register a rule of the history that looks at counts of one's own files."""

    @rule(name, en, vi, severity)
    def look(h: pd.DataFrame, setting: Setting) -> Found:
        table = _own_counts(h)
        if table.empty:
            return
        eligible = (
            {unit: setting.number(unit, "eligible") for unit in set(table["unit"])} if len(setting.places) else {}
        )
        lines = h.set_index("line")
        for odd in impossible(table, eligible):
            if odd.rule == name.removeprefix("own-"):
                rows = [pd.Series(lines.loc[label]) for label in odd.rows[:1]]
                for row, label in zip(rows, odd.rows, strict=False):
                    row["line"] = label
                yield rows, {"n": float(len(odd.rows)), "en": odd.en, "vi": odd.vi}


for _name_of, _severity in (
    ("own-balance", None),
    ("own-jump", NOTE),
    ("own-eligible", None),
    ("own-plan-below", NOTE),
    ("own-cumulative", None),
):
    _rule(_name_of, _severity, "{en}", "{vi}")
