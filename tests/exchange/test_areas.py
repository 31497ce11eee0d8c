"""Areas of collectors: an area's word with a number or a commune is kept, what may be a person is numbered."""

from collections import Counter

import pytest

from forecast.data import places
from forecast.exchange.areas import CODE, named
from forecast.exchange.reading.names import Names

DA_BAC = Names(places.read_place("Đà Bắc", at="2023-01"))
KEPT = (
    "Cụm 3",
    "Khu vực II",
    "Điểm thu Tú Lý",
    "Bưu điện xã Cao Sơn",
    "BĐ VHX Tú Lý",
    "Tú Lý",
    "Tuyến ĐB-01",
    "KV1",
    "Cụm số 2",
)
HIDDEN = (
    *("Điểm thu Nguyễn Văn A", "Nguyễn Văn Tú Lý", "Tú Lý 0912345678", "Xóm Kín", "0912345678", "Tổ 12345678"),
    *("Số 5 ngõ 12", "Số 5", "7912345678", "Bùi Thị Kín", "Cụm 3 Bùi Thị Kín"),
)


@pytest.mark.parametrize("text", KEPT)
def test_an_area_is_kept_as_it_is_written(text):
    assert named({text: Counter()}, DA_BAC) == {text: text}


@pytest.mark.parametrize("text", HIDDEN)
@pytest.mark.parametrize("names", [DA_BAC, None])
def test_what_may_be_a_person_or_an_address_is_a_number(text, names):
    assert named({text: Counter({"Tú Lý": 2, "": 9})}, names) == {text: "khu vực 1 (Tú Lý)"}


def test_a_code_of_a_collector_is_never_kept_even_if_it_looks_like_an_area():
    told = named({CODE + "KV1": Counter({"Cao Sơn": 1}), CODE + "Tú Lý": Counter()}, DA_BAC)
    assert sorted(told.values()) == ["nhân viên thu 1 (Cao Sơn)", "nhân viên thu 2"]


def test_numbers_follow_the_names_so_that_next_month_has_the_same():
    first = named({"Bùi Thị B": Counter(), "Bùi Thị A": Counter()}, DA_BAC)
    assert first == named({"Bùi Thị A": Counter(), "Bùi Thị B": Counter()}, DA_BAC)
    assert first["Bùi Thị A"] == "khu vực 1"
