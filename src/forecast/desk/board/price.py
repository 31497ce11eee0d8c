"""The next rise of the floor: what it takes away, and the top-up that would undo it."""

from typing import NamedTuple

import pandas as pd

from forecast.data import tables
from forecast.data.law import Law
from forecast.data.law_changes import Change, changed
from forecast.data.tables import UserError
from forecast.data.vocabulary import GROUPS, NATION, SCHEME
from forecast.question.levers import TopUp


class Rise(NamedTuple):
    """A rise of the least income that a contribution is paid on: its month, VND a month before and after."""

    month: str
    before: float
    after: float


def next_rise(law: Law, month: str) -> Rise:
    """Return the first rise of the floor after `month`.

    >>> from forecast.data.law import read_law
    >>> next_rise(read_law(), "2026-11")
    Rise(month='2027-01', before=1500000.0, after=2200000.0)
    """
    rows = law.frame
    floor = rows[(rows["parameter"] == "min_declared_income") & (rows["scheme"] == SCHEME) & (rows["place"] == NATION)]
    for since in sorted(floor.loc[floor["since"] > month, "since"]):
        before = law.value("min_declared_income", str(tables.month(since) - 1))
        after = law.value("min_declared_income", since)
        if after > before:
            return Rise(since, before, after)
    raise UserError("the law has no rise of the floor after {month}", month=month)


def without(law: Law, rise: Rise) -> Law:
    """Return the law as it would be had the floor not risen."""
    return changed(law, [Change(parameter="min_declared_income", value=rise.before, since=rise.month)])


def undoing(law: Law, rise: Rise, lineage: tuple[str, ...]) -> dict[str, float]:
    """Return the top-up, as a share of the floor contribution, that leaves each group the price it had before `rise`.

    >>> from forecast.data.law import read_law
    >>> law = read_law()
    >>> shares = undoing(law, next_rise(law, "2026-11"), ("Việt Nam",))
    >>> {group: round(share, 3) for group, share in shares.items()}
    {'poor': 0.159, 'near_poor': 0.191, 'ethnic_minority': 0.223, 'other': 0.255}
    """
    before = str(tables.month(rise.month) - 1)
    shares = {}
    for group in GROUPS:
        then, now = law.price(group, before, lineage), law.price(group, rise.month, lineage)
        shares[group] = max(0.0, now.net - then.net) / now.gross
    return shares


def top_ups(law: Law, rise: Rise, lineage: tuple[str, ...]) -> tuple[TopUp, ...]:
    """Return these top-ups as levers, paid by the province from the month of the rise on."""
    shares = undoing(law, rise, lineage)
    return tuple(
        TopUp.model_validate({"share": s, "group": g, "start": rise.month}) for g, s in shares.items() if s > 0
    )


def prices(law: Law, rise: Rise) -> pd.DataFrame:
    """Return what a month costs, VND: group, before and after (of the person), state and gross after the rise."""
    before = str(tables.month(rise.month) - 1)
    rows = [(g, law.price(g, before).net, law.price(g, rise.month)) for g in GROUPS]
    return pd.DataFrame(
        [(g, net, p.net, p.state, p.gross) for g, net, p in rows],
        columns=["group", "before", "after", "state", "gross"],
    )
