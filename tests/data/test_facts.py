"""Published figures, prices and sources are found in the tables, or the error says what there is."""

import pandas as pd
import pytest

from forecast.data import history, places
from forecast.data.tables import UserError

CA_MAU = places.read_place("Cà Mau")


def test_a_published_figure_is_found_and_a_count_that_conflicts_gives_way():
    assert history.published(CA_MAU, "members", "2021-12") == 26948
    assert history.published(CA_MAU, "members", "2025-12", kind="target") == 116400
    assert history.published(places.read_place("Hà Nội"), "members", "2021-12") == 63300
    assert history.published(places.read_place("Lào Cai"), "members", "2023-10", group="poor") == 67
    assert history.published(CA_MAU, "members", "2021-12", at="Hà Nội/30 xã điểm") == 6500


def test_a_figure_that_is_not_there_is_an_error_that_lists_what_is():
    with pytest.raises(UserError, match="2022-06: 21824"):
        history.published(CA_MAU, "members", "2019-01")


def test_prices_change_when_the_law_or_the_province_changes_them():
    assert history.price_changes(CA_MAU, "2021-01", "2022-12") == [("2022-01", 138600.0, 297000.0)]
    months = [month for month, _, _ in history.price_changes(places.read_place("Hà Nội"), "2021-12", "2025-12")]
    assert months == ["2022-01", "2022-08", "2025-07"]


def test_publishers_are_named_once_and_we_are_no_source_of_our_own():
    for name in ("Cà Mau", "Việt Nam"):
        found = history.publishers(places.read_place(name))
        assert found and len(set(found)) == len(found) and history.MAKERS not in found


def test_a_count_is_known_from_when_its_source_came_out_and_never_before_its_own_month():
    dated = pd.DataFrame({"source": ["day", "month", "year", "memory"], "date": ["2022-03-28", "2022-04", "2022", ""]})
    rows = pd.DataFrame(
        {
            "source": ["day", "month", "year", "memory", "day", "nobody", "day"],
            "month": ["2021-12"] * 4 + ["2022-05"] + ["2021-12"] * 2,
            "status": ["stated"] * 6 + ["synthetic"],
        }
    )
    known = history.known_since(rows, dated)
    assert known.tolist() == ["2022-03", "2022-04", "2022-12", "", "2022-05", "", "2021-12"]


def test_counts_leave_out_what_nobody_has_checked_and_what_contradicts_itself():
    found = history.counts(places.read_place("Việt Nam").history)
    assert not {"2008-12", "2022-12"} & set(found["month"])  # recalled
    assert found.loc[found["month"] == "2019-12", "value"].tolist() == [574_000]  # two others are conflicting
    assert (found["known"] >= found["month"]).all()
