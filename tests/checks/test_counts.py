"""Counts that cannot be: each rule finds its own, in a table and in the history that it became."""

import pandas as pd
import pytest

from forecast.checks import counts, findings
from forecast.data import tables

MONTHS = [f"2023-0{m}" for m in range(1, 7)]


def table(members, entries=None, lapses=None, plan=None, units=("A", "B")):
    rows = []
    for unit in units:
        for number, month in enumerate(MONTHS):
            one = {"unit": f"Đà Bắc/{unit}", "month": month, "members": members[number]}
            for name, values in (("entries", entries), ("lapses", lapses), ("plan", plan)):
                if values is not None:
                    one[name] = values[number]
            rows.append(one)
    return pd.DataFrame(rows)


GOOD = table([50, 52, 54, 55, 55, 57], [0, 3, 3, 2, 1, 4], [0, 1, 1, 1, 1, 2], [60] * 6)
BAD = {
    "balance": table([50, 52, 54, 55, 55, 57], [0, 3, 3, 2, 1, 90], [0, 1, 1, 1, 1, 2]),
    "jump": table([50, 52, 540, 55, 55, 57]),
    "eligible": table([50, 52, 54, 155, 55, 57]),
    "plan-below": table([50, 52, 54, 55, 55, 57], plan=[40] * 6),
    "cumulative": table([50, 50, 50, 50, 50, 50], [3, 6, 9, 14, 18, 22]),
}


def test_counts_that_fit_give_no_finding():
    assert counts.impossible(GOOD, {"Đà Bắc/A": 100, "Đà Bắc/B": 100}) == []


@pytest.mark.parametrize("rule", BAD)
def test_each_rule_finds_its_counts(rule):
    found = counts.impossible(BAD[rule], {"Đà Bắc/A": 100, "Đà Bắc/B": 100})
    assert rule in {odd.rule for odd in found}
    assert all(odd.vi and odd.en for odd in found)


@pytest.mark.parametrize("rule", BAD)
def test_forecast_check_finds_them_in_rows_of_ones_own_files(rule):
    data = BAD[rule]
    rows = []
    for measure in ("members", "entries", "lapses"):
        if measure in data:
            rows.append(data.assign(measure=measure, value=data[measure].astype(float)))
    long = pd.concat(rows, ignore_index=True).rename(columns={"unit": "place"})
    history = long.assign(
        scheme="voluntary_si",
        group="all",
        unit="persons",
        kind="observation",
        status="stated",
        denominator="",
        source=counts.OWN,
        locator="",
        note="",
        level="commune",
    )
    history = history.assign(known="", error=float("nan"), use="")[tables.columns("history")]
    places = pd.DataFrame({"place": ["Đà Bắc/A", "Đà Bắc/B"], "parent": "", "eligible": [100.0, 100.0]})
    found = findings.find(history, findings.Setting(places), only={f"own-{rule}"})
    if rule == "plan-below":  # a plan stands with the place, not with its communes
        assert found == []
    else:
        assert found
        assert all(finding.message_vi.endswith(".") for finding in found)


def test_new_members_beyond_the_stock_are_one_finding_with_all_of_its_rows():
    found = counts.impossible(table([50, 52, 54, 55, 55, 57], [90, 2, 2, 1, 0, 2], [0] * 6))
    (below,) = [odd for odd in found if "month before" in odd.en]
    assert (below.rule, below.rows) == ("balance", [0, 6])
    assert "2 counts give a negative month before; first A, 2023-01: 50 members, 90 new" in below.en
    (alone,) = counts.impossible(table([50, 52, 54, 55, 55, 57], [90, 2, 2, 1, 0, 2], [0] * 6, units=("A",)))
    assert alone.en.startswith("A, 2023-01: 50 members, 90 new and 0 stopped make -40 a month before")
