"""A progress table of renewals becomes counts by area and commune, beside which nothing of a person stands."""

import openpyxl
import pytest

from forecast.data import places
from forecast.data.tables import UserError
from forecast.exchange import members_lists, own_counts

DA_BAC = places.read_place("Đà Bắc", at="2023-01")
HEAD = ["STT", "Địa bàn", "Chỉ tiêu giao", "Đang thực hiện", "Kết quả", "Tỷ lệ", "Tiến độ hoàn thành"]


def saved(path, title="BẢNG THEO DÕI ĐÔN ĐỐC THU BHXH TỰ NGUYỆN - TÁI TỤC 11/2025"):
    """Write two tables side by side, the second with a commune, as an office prints them."""
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet.append([title])
    sheet.append(HEAD + HEAD)
    sheet.append([1, "Cụm 1", 40, 10, 30, 75, "75%", 3, "Cụm 3", 10, 0, 12, 120, "120%"])
    sheet.append([2, "Cụm 2", "1.020", 20, "1.000", 98, "98%", 4, "xã Tú Lý", 5, 5, 0, 0, "0%"])
    sheet.append([None, "Tổng cộng", 1060, 30, 1030])
    book.save(path)
    return path


def test_renewals_by_area_are_due_and_renewed_in_their_month(tmp_path, run):
    path = saved(tmp_path / "tai tuc.xlsx")
    assert members_lists.has_list(members_lists.read_grids(path))
    done = run("import", path, "--place", "da-bac", "--out", tmp_path / "l")
    assert done.exit_code == 0, done.output
    assert "6: more renewed" not in done.output and "3: more renewed than were due" in done.output
    read = own_counts.listed(tmp_path / "l" / "member-counts.csv")
    areas = own_counts.by_area(read, "2025-11").set_index("area")
    assert areas["due"].to_dict() == {"Cụm 1": 40, "Cụm 2": 1020, "Cụm 3": 12}
    assert areas["renewed"].to_dict() == {"Cụm 1": 30, "Cụm 2": 1000, "Cụm 3": 12}
    assert own_counts.due_in(read, "2025-11", ["Tú Lý"]) == [5]
    assert own_counts.renewed(read, ["Tú Lý"]) == [0]


def test_a_table_of_renewals_without_a_month_is_asked_about(tmp_path):
    path = saved(tmp_path / "x.xlsx", "ĐÔN ĐỐC TÁI TỤC")
    with pytest.raises(UserError, match="no month above a table of renewals"):
        members_lists.read_list(path, DA_BAC)
    assert set(members_lists.read_list(path, DA_BAC, month="2025-10").counts["due"]) == {"2025-10"}


def test_a_monthly_table_that_speaks_of_renewals_is_none_of_them(tmp_path):
    book = openpyxl.Workbook()
    book.worksheets[0].append(["PHÁT TRIỂN MỚI, TÁI TỤC THÁNG 11/2025"])
    book.worksheets[0].append(["Xã", "Chỉ tiêu giao", "Kết quả", "Số người đang tham gia"])
    book.save(tmp_path / "x.xlsx")
    assert not members_lists.has_list(members_lists.read_grids(tmp_path / "x.xlsx"))
