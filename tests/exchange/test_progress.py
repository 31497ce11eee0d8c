"""Three commands from a sample to the month's report; every layout of a sample comes back as it was made."""

import io
import struct
import zipfile

import docx
import openpyxl
import pandas as pd
import pytest
from pptx import Presentation

from forecast.cli.exchange import LAYOUTS
from forecast.data import places
from forecast.exchange import layouts, progress, progress_workbook, sample, spreadsheet
from forecast.exchange.spreadsheet import MARK
from forecast.show import progress as shown

DA_BAC = places.read_place("Đà Bắc", at="2023-01")


@pytest.mark.parametrize("layout", layouts.LAYOUTS)
def test_every_layout_of_a_sample_comes_back_as_it_was_made(tmp_path, layout):
    assert set(LAYOUTS) == {"long", *layouts.LAYOUTS}
    data = layouts.laid_out(DA_BAC, layout, "2023-01", months=3, seed=7)
    assert data == layouts.laid_out(DA_BAC, layout, "2023-01", months=3, seed=7)
    (tmp_path / "s.xlsx").write_bytes(data)
    found = spreadsheet.read(tmp_path / "s.xlsx", "da-bac")
    assert found.synthetic
    made = sample.invented(DA_BAC, "2023-01", 1 if layout == "title" else 3, 7).set_index(["commune", "month"])
    read = found.counts.set_index(["commune", "month"])
    assert sorted(read.index) == sorted(made.index)
    for measure in ("members", "entries", "lapses", "plan"):
        if read[measure].notna().any():
            assert (read[measure].reindex(made.index) == made[measure]).all()


def test_from_a_sample_to_the_months_report_in_three_commands(tmp_path, run):
    assert run("sample", "da-bac", "--since", "2023-06", "--months", 14, "--out", tmp_path / "s").exit_code == 0
    done = run("import", tmp_path / "s" / "da-bac.xlsx", "--place", "da-bac", "--out", tmp_path / "d")
    assert done.exit_code == 0, done.output
    data = str(tmp_path / "d")
    done = run(
        "progress", "da-bac", "--lang", "vi", "--draws", 4, "--jobs", 1, "--out", tmp_path / "p", FORECAST_DATA=data
    )
    assert done.exit_code == 0, done.output
    assert {"progress.docx", "progress.xlsx", "progress.pptx", "progress.png", "progress.csv"} <= {
        path.name for path in (tmp_path / "p").iterdir()
    }
    width, height = struct.unpack(">II", (tmp_path / "p" / "progress.png").read_bytes()[16:24])
    assert (width, height) == (1080, 1350)
    paper = "\n".join(p.text for p in docx.Document(str(tmp_path / "p" / "progress.docx")).paragraphs)
    assert MARK in paper
    assert MARK in (tmp_path / "p" / "answer.md").read_text(encoding="utf-8")
    slides = Presentation(str(tmp_path / "p" / "progress.pptx")).slides
    assert len(slides) == 1


def report(**more) -> progress.Progress:
    rows = {
        "commune": ["Cao Sơn", "=Tú Lý"],
        "members": [40.0, 90.0],
        "entries": [2.0, 3.0],
        "lapses": [1.0, 0.0],
        "before": [39.0, 87.0],
        "last_year": [30.0, 80.0],
        "low": [41.0, 70.0],
        "expected": [45.0, 80.0],
        "high": [50.0, 95.0],
        "warning": ["low", ""],
        "plan": [60.0, 100.0],
        "due": [4.0, 8.0],
        "renewed": [1.0, 2.0],
    }
    table = progress._work(pd.DataFrame(rows), more.get("hours", 100.0))
    return progress.Progress(DA_BAC, "2024-06", "2023-06", table[list(progress.COLUMNS)], 0.4, 0.6, False, 10, 1)


def test_hours_add_up_and_go_where_the_gap_is():
    table = report().table
    assert table["hours"].sum() == pytest.approx(100)
    assert table["hours"][0] > table["hours"][1]
    spent = (
        progress.CALL * table["calls"]
        + progress.VISIT * table["visits"]
        + progress.MEETING * table["meetings"]
        + progress.CAMPAIGN * table["campaign_days"]
    )
    assert (spent <= table["hours"] + 1e-9).all()
    assert report(hours=1.0).table["calls"].sum() <= 4


def test_sentences_say_plan_expectation_and_warning_in_both_languages():
    vi, en = (" ".join(shown.sentences(report(), lang)) for lang in ("vi", "en"))
    assert "Cảnh báo sớm" in vi
    assert "Cao Sơn" in en
    assert "81.2%" in en
    assert "81,2%" in vi
    assert "12 are due next month; 3 have renewed" in en
    assert "5 above" in en


def test_formulas_of_the_workbook_point_at_the_right_cells_and_a_name_is_no_formula():
    sheet = openpyxl.load_workbook(io.BytesIO(progress_workbook.workbook(report(), "en"))).worksheets[0]
    names = [cell.value for cell in sheet[3]]
    row = {name: cell for name, cell in zip(names, sheet[4], strict=True)}  # noqa: C416
    total = {name: cell for name, cell in zip(names, sheet[6], strict=True)}  # noqa: C416
    members, plan = row["Members"].coordinate, row["Plan of the year"].coordinate
    assert row["% of plan"].value == f'=IF(N({plan})>0,{members}/{plan},"")'
    assert total["Members"].value == f"=SUM({members[0]}4:{members[0]}5)"
    assert sheet["A5"].value != "=Tú Lý"
    assert sheet["A5"].data_type == "s"


def test_the_same_report_gives_the_same_bytes():
    assert shown.paper(report()) == shown.paper(report())
    assert progress_workbook.workbook(report()) == progress_workbook.workbook(report())
    assert zipfile.is_zipfile(io.BytesIO(shown.slide(report())))
