"""What a spreadsheet of an allocation promises: it opens, adds up, runs nothing, and is the same again."""

import io

import openpyxl
import pandas as pd
import pytest

from forecast.desk.allocation import Allocation
from forecast.exchange.workbook import workbook
from made import question


@pytest.fixture
def made() -> Allocation:
    """An allocation to communes whose names a spreadsheet would run."""
    rows = [
        ('=HYPERLINK("x")', "Toy", 90, 40, 60, 200, 0.5, 180, 0.6),
        ("Toy/@SUM(1)", "Toy", 60, 30, 40, 140, 0.5, 160, 0.4),
    ]
    columns = "commune district people opening expected share_by_capacity chance_by_capacity share_by_people".split()
    table = pd.DataFrame(rows, columns=[*columns, "chance_by_people"]).assign(draws=100)
    return Allocation(question(goal=340.0), table, level=0.5, place_chance=0.5)


def test_the_sheet_opens_and_runs_nothing(made):
    data = workbook(made, 32, 1)
    book = openpyxl.load_workbook(io.BytesIO(data))
    assert book.sheetnames == ["Phân bổ chỉ tiêu", "Allocation", "Nguồn - Sources"]
    for sheet in book:
        for row in sheet.iter_rows():
            for cell in row:
                assert cell.data_type != "f"
                assert not (isinstance(cell.value, str) and cell.value.startswith(("=", "+", "-", "@")))
    sheet = book.worksheets[0]
    assert [sheet.cell(4, 1).value, sheet.cell(5, 1).value] == ['\'=HYPERLINK("x")', "'@SUM(1)"]
    assert sheet.freeze_panes == "B4" and sheet.print_title_rows == "$3:$3"
    assert sheet.page_setup.orientation == "landscape"
    column = [c.value for c in sheet["F"][3:]]
    assert sum(column[:-1]) == column[-1] == 340
    assert sheet.cell(4, 6).number_format == "#,##0" and sheet.cell(4, 7).number_format == "0%"
    notes = " ".join(str(c.value) for c in book.worksheets[2]["A"])
    assert "GIẢ LẬP" in notes and "SYNTHETIC" in notes


def test_the_same_allocation_gives_the_same_bytes(made, monkeypatch):
    first = workbook(made, 32, 1)
    monkeypatch.setattr("time.localtime", lambda *_: (2030, 1, 1, 0, 0, 0, 0, 1, 0))
    assert workbook(made, 32, 1) == first
