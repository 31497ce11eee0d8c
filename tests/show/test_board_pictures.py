"""The board in words and pictures: the finding, what is old, what is derived, and a picture that says it all."""

import io
from dataclasses import replace

import numpy as np
import openpyxl
import pandas as pd
import pytest

from forecast.desk.board import board as made
from forecast.desk.board import outlook
from forecast.desk.board.outlook import Asked
from forecast.exchange.board_workbook import workbook
from forecast.show import board as show
from forecast.show import vintage

ASKED = Asked("2026-11", draws=6)


@pytest.fixture(scope="module")
def board():
    """A board of invented draws."""
    names, shape = outlook.provinces("2026-11"), (34, len(ASKED.months), ASKED.draws)
    lasting = np.random.default_rng(1).integers(20_000, 150_000, shape)
    flat = {"lasting_members": lasting + 500, "members": lasting + 2_500}
    law = {"lasting_members": lasting, "members": lasting + 2_000}
    drawn = {name: outlook.Outlook(names, ASKED.months, persons) for name, persons in (("law", law), ("no_rise", flat))}
    return made.of(ASKED, drawn)


@pytest.fixture(scope="module")
def pictures(board):
    return {lang: show.picture(board, lang) for lang in ("vi", "en")}


@pytest.mark.parametrize("lang", ["vi", "en"])
def test_the_finding_and_the_vintage_stand_on_everything(board, pictures, lang):
    foot = show.foot(board, lang)
    said = show.summary(board, lang, ("Cà Mau (2025)",))
    assert str(foot) in said and "2.444.500" in said or "2,444,500" in said
    assert "Cà Mau:" in said and "(2025)" not in said
    picture = pictures[lang]
    assert str(show.title(board, lang)) in picture.alt
    assert sum(len(axes.patches) for axes in picture.axes) == 34 and len(picture.axes) == 36
    assert str(foot).split(".")[0] in "\n".join(picture.written()).replace("\n", " ")


def test_small_pictures_are_ordered_by_the_chance(board, pictures):
    chance = board.rows["chance_goal_lasting"].iloc[1:]
    assert chance.is_monotonic_decreasing
    titles = [axes.get_title(loc="left").rsplit(" ", 1)[0] for axes in pictures["en"].axes[2:]]
    assert titles == [show.short(place) for place in board.rows["place"].iloc[1:]]
    assert all(len(axes.get_yticks()) == 2 and axes.get_ylim()[0] == 0 for axes in pictures["en"].axes[2:])
    assert "Each province on its own scale" in "\n".join(pictures["en"].written()).replace("\n", " ")


def test_counts_older_than_nine_months_are_marked(board):
    assert vintage.old("2026-02", 9, "vi") == "02/2026" and vintage.old("2026-01", 10, "vi") == "01/2026 (cũ)"
    assert "12/2025 (cũ)" in show.table(board, "vi")


def test_the_spreadsheet_holds_values_and_no_formula(board):
    bad = board.rows.assign(place=board.rows["place"].mask(board.rows.index == 1, "=1+1"))
    book = openpyxl.load_workbook(io.BytesIO(workbook(replace(board, rows=bad), {"vi": "=2"})))
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
    assert not any(cell.data_type == "f" for cell in cells)
    sheet = book.worksheets[0]
    assert sheet.max_row == 3 + len(board.rows) and sheet["A4"].value == "Việt Nam"
    assert workbook(board) == workbook(board)


def test_numbers_of_the_picture_are_those_of_the_table(board, pictures):
    texts = {text.get_text() for axes in pictures["en"].axes for text in axes.texts}
    chance = pd.Series(board.rows["chance_goal_lasting"]).iloc[1]
    assert f"{round(100 * chance)}%" in texts or ">99%" in texts


def test_a_folder_of_ones_own_data_needs_no_map(tmp_path, monkeypatch):
    mine = show.tiles_of_map()
    monkeypatch.setenv("FORECAST_DATA", str(tmp_path))
    assert len(mine) == 34 and show.tiles_of_map().equals(mine)
    (tmp_path / "tiles.csv").write_text("place,row,column\nHà Nội,1,1\n", encoding="utf-8")
    assert show.tiles_of_map().index.tolist() == ["Hà Nội"]
