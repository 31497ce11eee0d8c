"""What the law promises: each case that an official can read, and the published price path."""

import pickle
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from forecast.data import tables
from forecast.data.law import Law, read_law

HERE = Path(__file__).parent
CASES = pd.read_csv(HERE / "law_cases.csv", dtype={"declared_income": float})
PATH = pd.read_csv(HERE / "price_path.csv", keep_default_na=False)
LINEAGES = {
    "Việt Nam": (),
    "Hà Nội": ("Hà Nội",),
    "Quảng Ninh": ("Quảng Ninh",),
    "Hồ Chí Minh": ("Hồ Chí Minh",),
    "Long Biên": ("Long Biên", "Hà Nội"),
    "Đông Triều": ("Đông Triều", "Quảng Ninh"),
    "Quảng Ninh/Cô Tô": ("Quảng Ninh/Cô Tô", "Quảng Ninh"),
}


def lineage(place):
    """Return the place and all that contain it."""
    return (*LINEAGES[place], "Việt Nam")


@pytest.fixture(scope="module")
def law():
    return read_law()


@pytest.mark.parametrize("case", CASES.to_dict("records"), ids=lambda case: case["case"])
def test_each_case_that_an_official_can_read(law, case):
    income = None if np.isnan(case["declared_income"]) else case["declared_income"]
    price = law.price(case["group"], case["month"], lineage(case["place"]), income, case["subsidized_months"])
    assert (price.gross, price.state, price.local, price.net) == (
        case["gross"],
        case["state"],
        case["local"],
        case["net"],
    )
    assert any(case["legal_basis"] in basis for basis in price.basis)


@pytest.mark.parametrize(
    "row", PATH.to_dict("records"), ids=lambda row: f"{row['place']} {row['group']} {row['since']}"
)
def test_the_price_path_holds_in_the_first_a_middle_and_the_last_month(law, row):
    months = pd.period_range(row["since"], row["until"] or "2029-12", freq="M")
    for month in (months[0], months[len(months) // 2], months[-1]):
        price = law.price(row["group"], month, lineage(row["place"]))
        assert (price.gross, price.net) == (row["gross"], row["net"])


@pytest.mark.parametrize("place", LINEAGES)
def test_arrays_say_the_same_as_single_prices(law, place):
    months = pd.period_range("2017-06", "2028-06", freq="M")
    path = law.price_arrays(months, lineage(place))
    assert path["state_share"].shape == path["local_share"].shape == (len(months), 4)
    full = path["rate"] * path["floor"]
    net = full[:, None] * (1 - path["state_share"] - path["local_share"])
    expected = [[law.price(group, month, lineage(place)).net for group in tables.GROUPS] for month in months]
    np.testing.assert_allclose(net, expected, atol=0.01)
    assert law.price_arrays(months[:0])["state_share"].shape == (0, 4)


def test_the_parts_of_a_price_add_up_and_nobody_is_paid_to_join(law):
    for place in LINEAGES:
        for month in pd.period_range("2008-01", "2030-12", freq="6M"):
            for group in tables.GROUPS:
                price = law.price(group, str(month), lineage(place), declared_income=3e6)
                assert price.gross == pytest.approx(price.state + price.local + price.net)
                assert min(price.state, price.local, price.net) >= 0


def test_derived_rows_repeat_their_formula(law):
    for month in ("2009-01", "2016-03", "2020-01", "2023-08", "2026-08", "2027-01"):
        assert law.value("max_declared_income", month) == 20 * law.value("base_salary", month)
        if month >= "2016":
            floor = law.value("contribution_rate", month) * law.value("min_declared_income", month)
            assert law.value("min_contribution_gross", month) == pytest.approx(floor)


def test_the_floor_of_2027_is_marked_as_inferred_and_marks_the_price(law):
    assert law.price("other", "2025-12").status == "stated"
    assert law.price("other", "2027-01").status == "derived"
    assert any("inferred" in basis for basis in law.price("other", "2027-01").basis)
    assert law.price("other", "2015-01").status == "recalled"


def test_no_rows_of_one_parameter_overlap(law):
    frame = law.frame.assign(until=law.frame["until"].replace("", "9999-12"))
    replaced = []
    for key, rows in frame.groupby(["scheme", "parameter", "group", "place"]):
        rows = rows.sort_values("since")
        if (rows["until"].iloc[:-1].to_numpy() >= rows["since"].iloc[1:].to_numpy()).any():
            replaced.append(key[1:])
    assert not replaced


def test_ha_noi_keeps_its_old_top_up_until_the_new_one_begins(law):
    rows = law.frame.query("place == 'Hà Nội' and parameter == 'local_top_up_share'").set_index(["group", "since"])
    assert rows.loc[("poor", "2022-08"), ["value", "until"]].tolist() == [0.3, "2025-12"]
    assert rows.xs("2026-01", level="since")["value"].to_dict() == {
        "poor": 0.5,
        "near_poor": 0.6,
        "ethnic_minority": 0.1,
        "other": 0.1,
    }


def test_commissions_that_cannot_be_cited_are_recalled_and_price_nothing(law):
    rows = law.frame[law.frame["source"] == "collector-programs"]
    assert len(rows) and set(rows["status"]) == {"recalled"}
    assert law.value("collector_commission_new_12_months", "2026-11") == 0.2
    assert law.value("collector_commission_renewal", "2026-07") == 0.03


def test_a_wrong_question_is_answered_with_what_is_known(law):
    with pytest.raises(tables.UserError, match="known parameters: base_salary"):
        law.value("floor", "2020-01")
    with pytest.raises(tables.UserError, match="2008-01"):
        law.price("other", "2007-12")
    with pytest.raises(tables.UserError, match="rule in words"):
        law.value("payment_modes", "2026-01")
    with pytest.raises(tables.UserError, match="one of poor, near_poor"):
        law.price("rich", "2020-01")
    with pytest.raises(tables.UserError, match="at least 0"):
        law.price("poor", "2020-01", declared_income=-1)
    with pytest.raises(tables.UserError, match="YYYY-MM"):
        law.price("poor", "2020")


def test_asking_changes_nothing(law):
    before = law.frame.copy()
    law.price("poor", "2025-07", lineage("Hà Nội"))
    pd.testing.assert_frame_equal(law.frame, before)
    assert Law(before).price("poor", "2025-07").net == law.price("poor", "2025-07").net


def test_the_law_known_at_a_month_holds_nothing_that_was_enacted_later():
    law = read_law()
    before = law.known("2021-06")
    assert set(before.frame["since"]) <= set(law.frame["since"])
    assert before.value("min_declared_income", "2026-06") == 700_000  # its end was not known yet
    assert law.known("2021-12").value("min_declared_income", "2026-06") == 1_500_000
    ends = law.known("2023-06").frame.query("place == 'Hà Nội' and parameter == 'local_top_up_share'")
    assert set(ends["until"]) == {"2025-12"}  # its own end, which stood in it
    assert law.known("2025-06").price("other", "2025-07").state < law.price("other", "2025-07").state


def test_all_of_the_law_is_known_once_its_last_row_is():
    law = read_law()
    last = max(law.frame["since"])
    assert law.known(last).frame.equals(law.frame.reset_index(drop=True))


def test_a_law_that_came_from_another_process_is_the_same_law_and_a_changed_one_is_not():
    law = read_law()
    sent = pickle.loads(pickle.dumps(law))
    assert sent == law and hash(sent) == hash(law) and sent is not law
    frame = law.frame.copy()
    frame.loc[frame.index[0], "value"] += 1.0
    assert Law(frame) != law and replace(law, base_month="2020-06") != law
