"""Statutory values at a date, each with its legal basis, and the price that a person pays.

The law is data (``data/law.csv``): a row holds one value from its month ``since`` to its month ``until``,
both included, for a group and a place. Where several rows hold at once, the one that began last replaces the
others, and a row of a commune or district goes before one of its province, which goes before one of the
nation. Rows whose unit is ``rule`` are rules in words; they have no value and are there to be read. A
proposal has a parameter name of its own (``local_top_up_share_proposed``), which no price ever asks for.
"""

import math
import re
from calendar import month_name
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from forecast.data import shown, tables, vocabulary
from forecast.data.messages import Message
from forecast.data.tables import UserError
from forecast.data.vocabulary import GROUPS, SCHEME, STATUSES

NATION = (vocabulary.NATION,)
PAYMENT_MODE = "payment_mode_"  # parameters that begin so are numbers of months that can be paid at once
NO_END = 30_000  # months of subsidy where the law sets no end: more than anybody pays
_FOREVER = 10**6  # a month index after every month

Month = pd.Period | str  # a month, or ``YYYY-MM``


class Rule(NamedTuple):
    """One dated row of the law: months as whole numbers, ``value`` NaN for a rule in words."""

    since: int
    until: int
    value: float
    basis: str
    status: str


@dataclass(frozen=True)
class Price:
    """What one month of membership costs, in VND per month, and who pays it.

    ``gross = state + local + net``. ``basis`` names the legal basis of every row used and ``status`` is the
    weakest status among them, in the order of :data:`forecast.data.vocabulary.STATUSES`.
    """

    gross: float
    state: float
    local: float
    net: float
    basis: tuple[str, ...]
    status: str


@dataclass(frozen=True, eq=False)
class Law:
    """The law as a dated table with the columns of ``data/law.csv``; only the voluntary scheme acts.

    ``base_month`` is the month at whose prices rates were measured (``entry_rate`` of ``data/evidence.csv`` is that of
    2020-21); a change of prices acts through the difference from it.

    >>> law = read_law()
    >>> law.price("poor", "2025-06", ("Hà Nội", "Việt Nam")).net
    132000.0
    """

    frame: pd.DataFrame
    base_month: str = "2021-06"
    _repr_html_ = shown.html

    @cached_property
    def _key(self) -> tuple[Any, ...]:
        """All that it says: two laws are the same when it is, in whichever process each was read."""
        return (*pd.util.hash_pandas_object(self.frame.astype(str), index=False), self.base_month)

    def __hash__(self) -> int:
        return hash(self._key)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Law) and self._key == other._key

    @cached_property
    def _rules(self) -> dict[tuple[str, str, str], list[Rule]]:
        """Rules by (parameter, place, group), the one that began last first."""
        rules: dict[tuple[str, str, str], list[Rule]] = {}
        rows: Any = self.frame[self.frame["scheme"] == SCHEME].itertuples()
        for row in rows:
            until = tables.month_index(tables.month(row.until)) if row.until else _FOREVER
            since = tables.month_index(tables.month(row.since))
            rule = Rule(since, until, row.value, row.legal_basis, row.status)
            rules.setdefault((row.parameter, row.place, row.group), []).append(rule)
        return {key: sorted(versions, key=lambda rule: -rule.since) for key, versions in rules.items()}

    def _at(self, parameter: str, place: str, group: str, index: int) -> Rule | None:
        """Return the rule in force at one place for the group, or else for all groups, or else None."""
        for who in dict.fromkeys((group, "all")):
            for rule in self._rules.get((parameter, place, who), ()):
                if rule.since <= index <= rule.until:
                    return rule
        return None

    def _find(self, parameter: str, index: int, group: str, lineage: Iterable[str]) -> Rule | None:
        """Return the rule in force at the nearest place of ``lineage``; None if there is none."""
        return next((rule for place in lineage if (rule := self._at(parameter, place, group, index))), None)

    def value(self, parameter: str, month: Month, group: str = "all", lineage: tuple[str, ...] = NATION) -> float:
        """Return the value of ``parameter`` in ``month`` (a Period or ``YYYY-MM``), in the unit of its row.

        ``lineage`` is a place and all that contain it, smallest first (``Place.lineage``). Raises
        :class:`~forecast.data.tables.UserError`, which says what is known, if no row holds or the row is a rule in
        words.

        >>> read_law().value("min_declared_income", "2022-01")
        1500000.0
        """
        rule = self._find(parameter, _index(month), group, lineage)
        if rule is None:
            raise UserError(
                "the law has no {parameter} for {group} in {place} in {month}; {known}",
                parameter=parameter,
                group=group,
                place=lineage[0],
                month=month,
                known=self._known(parameter),
            )
        if math.isnan(rule.value):
            raise UserError(
                "{parameter} is a rule in words, not a number: {basis}", parameter=parameter, basis=rule.basis
            )
        return rule.value

    def find(self, parameter: str, month: Month) -> float | None:
        """Return the value of a national `parameter` for all groups in `month`, None where there is none.

        >>> read_law().find("collector_commission_renewal", "2026-09"), read_law().find("no such thing", "2026-09")
        (0.09, None)
        """
        rule = self._find(parameter, _index(month), "all", NATION)
        return None if rule is None or math.isnan(rule.value) else rule.value

    def _known(self, parameter: str) -> Message:
        """Say where, for whom and when ``parameter`` is known, or which parameters there are."""
        rows = self.frame[(self.frame["parameter"] == parameter) & (self.frame["scheme"] == SCHEME)]
        if rows.empty:
            return Message("known parameters: {names}", names=", ".join(sorted(self.frame["parameter"].unique())))
        spans = rows["place"] + " (" + rows["group"] + ") " + rows["since"] + " to "
        return Message("it is known for {spans}", spans="; ".join(spans + rows["until"].replace("", "now")))

    def price(
        self,
        group: str,
        month: Month,
        lineage: tuple[str, ...] = NATION,
        declared_income: float | None = None,
        subsidized_months: int = 0,
    ) -> Price:
        """Return what a person of ``group`` pays for ``month``, and what the state and the local budget pay.

        ``declared_income`` (VND per month; the floor if not given) is raised to the floor and cut at the
        ceiling. The supports are shares of the contribution on the floor, whatever is declared, and end after
        the month cap (120 ``subsidized_months`` so far). That the local support ends with the state's is our
        reading: no resolution that we have seen says how long it lasts for one person.

        >>> p = read_law().price("other", "2021-12")
        >>> p.gross, p.state, p.net
        (154000.0, 15400.0, 138600.0)
        """
        index = _index(month)
        _check_group(group)
        if declared_income is not None and not (math.isfinite(declared_income) and declared_income >= 0):
            raise UserError(
                "declared income is {declared_income}; expected VND per month, at least 0",
                declared_income=declared_income,
            )
        used = [self._need(name, index, month) for name in ("contribution_rate", "min_declared_income")]
        rate, floor = (rule.value for rule in used)
        ceiling = self._need("max_declared_income", index, month)
        income = max(floor, declared_income or 0.0)
        if income > ceiling.value:
            income = ceiling.value
            used.append(ceiling)
        state_share, local_share, rules = self._shares(group, index, lineage)
        cap = self._find("subsidy_max_months", index, "all", NATION)
        if rules and cap is not None and subsidized_months >= cap.value:
            state_share, local_share, rules = 0.0, 0.0, [cap]
        used += rules
        gross, state, local = (
            round(part, 2) for part in (rate * income, state_share * rate * floor, local_share * rate * floor)
        )
        return Price(
            gross,
            state,
            local,
            round(gross - state - local, 2),
            tuple(dict.fromkeys(rule.basis for rule in used)),
            max((rule.status for rule in used), key=STATUSES.index),
        )

    def _need(self, parameter: str, index: int, month: Month) -> Rule:
        """Return a national rule that every price rests on, or raise an error that says when it is known."""
        rule = self._find(parameter, index, "all", NATION)
        if rule is None:
            raise UserError(
                "the law has no {parameter} in {month}; {known}",
                parameter=parameter,
                month=month,
                known=self._known(parameter),
            )
        return rule

    def _shares(self, group: str, index: int, lineage: tuple[str, ...]) -> tuple[float, float, list[Rule]]:
        """Return the state's and the local share of the floor contribution, and the rules that give them.

        A person with two claims on the state gets the higher one (Decree 159/2025). Top-ups of a province and
        of a district add up; a promised total (``total_support_share``) fills what is missing; nobody gets
        more than all.
        """
        state = [rule for place in lineage if (rule := self._at("state_subsidy_share", place, group, index))]
        state = [max(state, key=lambda rule: rule.value)] if state else []
        local = [rule for place in lineage if (rule := self._at("local_top_up_share", place, group, index))]
        state_share, local_share = sum(rule.value for rule in state), sum(rule.value for rule in local)
        total = self._find("total_support_share", index, group, lineage)
        if total is not None and total.value > state_share + local_share:
            local_share = total.value - state_share
            local.append(total)
        return state_share, min(local_share, 1.0 - state_share), state + local

    def base_prices(self) -> np.ndarray:
        """Return what each group pays for a month of ``base_month`` in the nation: (groups,), VND per month.

        >>> read_law().base_prices().tolist()
        [107800.0, 115500.0, 138600.0, 138600.0]
        """
        return self._base_prices.copy()

    @cached_property
    def _base_prices(self) -> np.ndarray:
        return np.array([self.price(group, self.base_month).net for group in GROUPS])

    def subsidy_months(self, month: Month) -> int:
        """Return for how many months the state subsidizes one person, by the rule of ``month``; no rule means no end.

        >>> read_law().subsidy_months("2026-01"), read_law().subsidy_months("2017-12") == NO_END
        (120, True)
        """
        rule = self._find("subsidy_max_months", _index(month), "all", NATION)
        return NO_END if rule is None else int(rule.value)

    @cached_property
    def first_subsidized_month(self) -> int | None:
        """Month index of the first month in which the state pays a share for anybody, None if it never does.

        >>> divmod(read_law().first_subsidized_month, 12)
        (2018, 0)
        """
        rules = (
            rules
            for (name, place, _), rules in self._rules.items()
            if name == "state_subsidy_share" and place in NATION
        )
        return min((rule.since for versions in rules for rule in versions if rule.value > 0), default=None)

    def payment_modes(self, month: Month) -> tuple[int, ...]:
        """Return how many months can be paid at once in ``month``, rising; none where the law says nothing of it.

        >>> read_law().payment_modes("2026-01"), read_law().payment_modes("2010-01")
        ((1, 3, 6, 12, 60), ())
        """
        names = dict.fromkeys(name for name, _, _ in self._rules if name.startswith(PAYMENT_MODE))
        rules = (self._find(name, _index(month), "all", NATION) for name in names)
        return tuple(sorted({int(rule.value) for rule in rules if rule is not None and rule.value >= 1}))

    def price_arrays(self, months: pd.PeriodIndex, lineage: tuple[str, ...] = NATION) -> dict[str, np.ndarray]:
        """Return the price path of the law over ``months``, for engines that price people by the thousand.

        Keys: ``rate`` (share of income), ``floor`` and ``ceiling`` (VND per month), each ``(months,)``;
        ``state_share`` and ``local_share`` (shares of the contribution on the floor), each ``(months, 4)`` in
        the order of :data:`forecast.data.vocabulary.GROUPS`. The month cap is personal and so is left to the caller
        (:meth:`subsidy_months`).

        >>> path = read_law().price_arrays(pd.period_range("2021-12", "2022-01", freq="M"))
        >>> path["floor"].tolist(), path["state_share"][0].tolist()
        ([700000.0, 1500000.0], [0.3, 0.25, 0.1, 0.1])
        """
        asked = tuple(months), lineage
        if asked not in self._paths:  # every batch of draws asks for the same one
            self._paths[asked] = self._price_path(months, lineage)
        return {name: values.copy() for name, values in self._paths[asked].items()}

    @cached_property
    def _paths(self) -> dict[tuple[tuple[pd.Period, ...], tuple[str, ...]], dict[str, np.ndarray]]:
        """Price paths that were asked for."""
        return {}

    def _price_path(self, months: pd.PeriodIndex, lineage: tuple[str, ...]) -> dict[str, np.ndarray]:
        names = {"rate": "contribution_rate", "floor": "min_declared_income", "ceiling": "max_declared_income"}
        path = {
            key: np.array([self._need(name, tables.month_index(month), month).value for month in months])
            for key, name in names.items()
        }
        shares = np.array(
            [[self._shares(group, tables.month_index(month), lineage)[:2] for group in GROUPS] for month in months]
        )
        shares = shares.reshape(len(months), len(GROUPS), 2)  # keeps its shape when there are no months
        return path | {"state_share": shares[..., 0], "local_share": shares[..., 1]}

    def known(self, month: Month) -> "Law":
        """Return the law as it could be read at the end of ``month``: what was enacted later is taken out.

        The table has no column for the day of enactment, but ``legal_basis`` names texts, and a Vietnamese text
        carries its year in its number. A row counts as known from December of the latest year named there
        (from the month of a date that is written out), and at the latest from its own ``since``: rather too late than
        too early. A row that ended only because of a rule that was not known yet goes on, one
        whose text names "its own end" does not.

        >>> law = read_law()
        >>> law.known("2021-06").value("min_declared_income", "2022-01"), law.value("min_declared_income", "2022-01")
        (700000.0, 1500000.0)
        """
        frame, last = self.frame, str(tables.month(str(month)))
        rows: Any = frame.itertuples()
        since = [min(row.since, _enacted(row.legal_basis) or row.since) for row in rows]
        kept = (pd.Series(since, frame.index) <= last).to_numpy()
        keys = list(zip(*(frame[name] for name in ("scheme", "parameter", "group", "place")), strict=True))
        later = {(key, begins) for key, begins, known in zip(keys, frame["since"], kept, strict=True) if not known}
        ending = zip(keys, frame["until"], frame["legal_basis"].str.contains("its own end"), strict=True)
        replaced = [
            bool(until) and not ends_itself and (key, str(tables.month(until) + 1)) in later
            for key, until, ends_itself in ending
        ]
        until = frame["until"].mask(np.array(replaced, bool), "")
        return replace(self, frame=frame.assign(until=until)[kept].reset_index(drop=True))


def _enacted(basis: str) -> str:
    """Return the latest month that the texts named in ``basis`` can be from, or "" if it names no year.

    >>> _enacted("Law 58/2014: the line of Decree 07/2021"), _enacted("Decree 351/2025 of 2025-11-30"), _enacted("?")
    ('2021-12', '2025-11', '')
    >>> _enacted("the resolution of July 2025, after Resolution 03/2022")
    '2025-07'
    """
    months = re.findall(r"\b(\d{4}-\d{2})-\d{2}\b", basis)
    named = re.findall(rf"\b({'|'.join(month_name[1:])}) (\d{{4}})\b", basis)
    months += [f"{year}-{list(month_name).index(name):02d}" for name, year in named]
    years = set(re.findall(r"\b\d+/((?:19|20)\d{2})\b", basis)) - {month[:4] for month in months}
    return max([*months, *(f"{year}-12" for year in years)], default="")


def _index(month: Month) -> int:
    """Return the month index of a Period or of ``YYYY-MM``."""
    return tables.month_index(month if isinstance(month, pd.Period) else tables.month(month))


def _check_group(group: str) -> None:
    """Raise an error unless ``group`` is one of the four subsidy groups."""
    if group not in GROUPS:
        raise UserError(
            '"{group}" is not a subsidy group; expected one of {known}', group=group, known=", ".join(GROUPS)
        )


def read_law(path: str | Path | None = None) -> Law:
    """Read the law from ``path``, or from ``law.csv`` of the data folder; a wrong one raises TableError.

    Rates and shares are parts of one, money is VND a month; each row has its source and the month it was enacted
    (data/README.md).

    >>> read_law().price("other", "2027-01").net
    387200.0
    """
    return Law(tables.read(path or tables.data_dir() / "law.csv", "law"))
