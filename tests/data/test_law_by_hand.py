"""The rules of a law of a few rows, on prices that can be worked out by head."""

import numpy as np
import pandas as pd
import pytest

from forecast.data import toy
from forecast.data.law import NO_END, Law
from forecast.data.tables import UserError

HERE = ("Commune", "Province", "Việt Nam")
TOP_UP, TOTAL, STATE = "local_top_up_share", "total_support_share", "state_subsidy_share"


def law(*rows: tuple[str, float], without: str = "", **changed: float) -> Law:
    """The toy law with rows `(parameter [@place] [#group] [since..until], value)`, and other values for parameters."""
    frame = toy.law().frame
    frame = frame[frame["parameter"] != without]
    for name, value in changed.items():
        frame.loc[frame["parameter"] == name, "value"] = value
    usual = frame.iloc[-1].to_dict() | {"place": "Việt Nam", "group": "all", "since": "2016-01", "until": ""}
    more = []
    for words, value in rows:
        name, *marks = words.split()
        row = usual | {"parameter": name, "value": value, "legal_basis": f"text of {words}"}
        for mark in marks:
            if mark[0] == "@":
                row["place"] = mark[1:]
            elif mark[0] == "#":
                row["group"] = mark[1:]
            else:
                row["since"], row["until"] = mark.split("..")
        more.append(row)
    return Law(pd.concat([frame, pd.DataFrame(more)], ignore_index=True) if more else frame)


def shares(found: Law, group: str = "poor", month: str = "2022-01", **more) -> tuple[float, float, float]:
    """State's, local and own share of the contribution on the floor."""
    price = found.price(group, month, HERE, **more)
    return tuple(round(part / 400_000, 9) for part in (price.state, price.local, price.net))


def test_top_ups_of_a_province_and_a_commune_add_up_and_nobody_gets_more_than_all():
    assert shares(law()) == (0.5, 0, 0.5)
    assert shares(law((f"{TOP_UP} @Province", 0.2), (f"{TOP_UP} @Commune", 0.1))) == pytest.approx((0.5, 0.3, 0.2))
    assert shares(law((f"{TOP_UP} @Province", 0.4), (f"{TOP_UP} @Commune", 0.4))) == (0.5, 0.5, 0)
    assert shares(law((f"{TOP_UP} @Elsewhere", 0.2))) == (0.5, 0, 0.5)
    assert shares(law((f"{TOP_UP} @Province #other", 0.2))) == (0.5, 0, 0.5)


def test_of_two_claims_on_the_state_the_higher_one_counts():
    assert shares(law((f"{STATE} @Province", 0.6)))[0] == 0.6
    assert shares(law((f"{STATE} @Province", 0.4)))[0] == 0.5


@pytest.mark.parametrize(("total", "local"), [(0.9, 0.4), (0.7, 0.2), (0.6, 0.1), (0.55, 0.1), (0.3, 0.1)])
def test_a_promised_total_fills_what_is_missing_and_takes_nothing_away(total, local):
    found = law((f"{TOP_UP} @Province", 0.1), (f"{TOTAL} @Province", total))
    assert shares(found) == pytest.approx((0.5, local, 0.5 - local))
    told = f"text of {TOTAL} @Province" in found.price("poor", "2022-01", HERE).basis
    assert told == (total > 0.6)


def test_a_rule_holds_from_its_first_to_its_last_month_and_the_newest_one_counts():
    found = law((f"{TOP_UP} @Province 2022-03..2022-05", 0.2), (f"{TOP_UP} @Province 2022-05..", 0.3))
    by_month = [shares(found, month=f"2022-{m:02d}")[1] for m in range(2, 8)]
    assert by_month == [0, 0.2, 0.2, 0.3, 0.3, 0.3]


@pytest.mark.parametrize(("declared", "gross"), [(None, 400_000), (0.0, 400_000), (2.5e6, 500_000), (9e9, 4_000_000)])
def test_declared_incomes_lie_between_floor_and_ceiling_and_support_is_that_of_the_floor(declared, gross):
    price = toy.law().price("poor", "2022-01", declared_income=declared)
    assert (price.gross, price.state, price.local, price.net) == (gross, 200_000, 0, gross - 200_000)


@pytest.mark.parametrize("declared", [-1.0, float("nan"), float("inf")])
def test_an_income_that_cannot_be_is_named(declared):
    with pytest.raises(UserError, match="declared income is"):
        toy.law().price("poor", "2022-01", declared_income=declared)


def test_support_ends_after_the_months_of_the_law():
    assert shares(law(subsidy_max_months=5), subsidized_months=4) == (0.5, 0, 0.5)
    for months in (5, 6):
        assert shares(law(subsidy_max_months=5), subsidized_months=months) == (0, 0, 1)
    topped = law((f"{TOP_UP} @Province", 0.2), subsidy_max_months=5)
    assert shares(topped, subsidized_months=5) == (0, 0, 1)
    assert shares(law(subsidy_max_months=0)) == (0, 0, 1)
    assert shares(law(without="subsidy_max_months"), subsidized_months=10_000) == (0.5, 0, 0.5)
    assert law(subsidy_max_months=5).subsidy_months("2022-01") == 5
    assert law(without="subsidy_max_months").subsidy_months("2022-01") == NO_END


def test_money_is_told_to_a_hundredth():
    """22% of 1,234,567.89 is 271,604.9358; half of it 135,802.4679, a third of it 90,534.9786."""
    found = law((f"{TOP_UP} @Province", 1 / 3), min_declared_income=1_234_567.89, contribution_rate=0.22)
    price = found.price("poor", "2022-01", HERE)
    assert (price.gross, price.state, price.local, price.net) == (271_604.94, 135_802.47, 90_534.98, 45_267.49)


def test_the_first_month_with_a_subsidy_is_that_of_a_share_above_nothing():
    assert toy.law().first_subsidized_month == 2018 * 12
    assert law((f"{STATE} 2010-01..2011-12", 0.0)).first_subsidized_month == 2018 * 12
    assert law((f"{STATE} 2010-01..2011-12", 0.01)).first_subsidized_month == 2010 * 12
    assert law((f"{STATE} @Province 2010-01..2011-12", 0.5)).first_subsidized_month == 2018 * 12
    assert law(without=STATE).first_subsidized_month is None


def test_modes_of_payment_are_those_of_at_least_a_month():
    found = law(
        ("payment_mode_a 2020-01..2021-12", 6), ("payment_mode_b", 1), ("payment_mode_c", 0), ("payment_mode_d", 3)
    )
    assert found.payment_modes("2021-12") == (1, 3, 6) and found.payment_modes("2022-01") == (1, 3)
    assert toy.law().payment_modes("2022-01") == ()


def test_what_is_asked_and_not_known_is_told_with_what_is():
    with pytest.raises(UserError) as found:
        law((f"{TOP_UP} @Province #poor 2020-01..2021-12", 0.2)).value(TOP_UP, "2022-01", "poor", HERE)
    said = "it is known for Province (poor) 2020-01 to 2021-12"
    assert str(found.value) == f"the law has no {TOP_UP} for poor in Commune in 2022-01; {said}"
    with pytest.raises(UserError, match=r"for Việt Nam \(all\) 2016-01 to 2021-12; Việt Nam \(all\) 2022-01 to now$"):
        toy.law().value("min_declared_income", "2015-01")
    with pytest.raises(
        UserError, match=r"no contribution_rate in 2015-01; it is known for Việt Nam \(all\) 2016-01 to now$"
    ):
        toy.law().price("poor", "2015-01")
    with pytest.raises(UserError, match="known parameters: contribution_rate, max_declared_income"):
        toy.law().value("nothing", "2022-01")
    with pytest.raises(UserError, match="a rule in words, not a number: text of words"):
        law(("words", float("nan"))).value("words", "2022-01")
    with pytest.raises(UserError, match='"rich" is not a subsidy group; expected one of poor'):
        toy.law().price("rich", "2022-01")


def test_what_was_handed_out_can_be_changed_without_changing_the_law():
    found, months = toy.law(), pd.period_range("2021-12", periods=2, freq="M")
    prices, path = found.base_prices(), found.price_arrays(months)
    assert path["floor"].tolist() == [1e6, 2e6] and path["state_share"].shape == path["local_share"].shape == (2, 4)
    prices[:], path["floor"][:] = 0.0, 0.0
    assert found.base_prices().tolist() == [100_000, 140_000, 180_000, 180_000]
    assert found.price_arrays(months)["floor"].tolist() == [1e6, 2e6]
    with pytest.raises(AttributeError):
        found.price("poor", "2022-01").net = 0.0
    assert np.shape(found.price_arrays(months[:0])["state_share"]) == (0, 4)


def test_a_rule_that_ended_because_of_one_that_was_not_known_yet_goes_on():
    rows = toy.law().frame.iloc[-1].to_dict() | {"parameter": TOP_UP, "place": "Province", "value": 0.2}
    first = rows | {"since": "2020-01", "until": "2022-06", "legal_basis": "Resolution 5/2019"}
    then = rows | {"since": "2022-07", "until": "", "value": 0.3, "legal_basis": "Resolution 7/2022 of 2022-04-30"}
    found = Law(pd.DataFrame([first, then]))
    before, after = found.known("2022-03"), found.known("2022-04")
    assert len(before.frame) == 1 and len(after.frame) == 2
    assert before.value(TOP_UP, "2022-07", "poor", HERE) == 0.2 and after.value(TOP_UP, "2022-07", "poor", HERE) == 0.3
    own_end = Law(pd.DataFrame([first | {"legal_basis": "Resolution 5/2019, its own end"}, then])).known("2022-03")
    assert own_end.frame["until"].tolist() == ["2022-06"]
    other = Law(pd.DataFrame([first, then | {"group": "poor"}])).known("2022-03")
    assert other.frame["until"].tolist() == ["2022-06"]  # it was for others


def test_a_year_without_a_text_or_month_does_not_say_that_a_rule_was_known_before_it_began():
    """Of "the report of 2021" nobody knows whether it had the rule of 2023; "the report of May 2021" is a text."""
    row = toy.law().frame.iloc[-1].to_dict() | {"since": "2023-01", "until": ""}
    for basis, rows in (("recalled, in the report of 2021", 0), ("recalled, in the report of May 2021", 1)):
        assert len(Law(pd.DataFrame([row | {"legal_basis": basis}])).known("2022-03").frame) == rows
