"""Three commands from a sample to the month's report; every layout of a sample comes back as it was made."""

import io
import itertools
import shlex
import struct
import zipfile

import docx
import numpy as np
import openpyxl
import pandas as pd
import pytest
from pptx import Presentation

from forecast.cli.exchange import FORMATS, LAYOUTS
from forecast.data import places
from forecast.data.known import vintage
from forecast.exchange import formats, layouts, progress, progress_workbook, sample, spreadsheet
from forecast.exchange.spreadsheet import MARK
from forecast.language.vintage import sentence
from forecast.publish import guides
from forecast.show import progress as shown
from forecast.show import progress_papers as papers
from made import texts

DA_BAC = places.read_place("Đà Bắc", at="2023-01")


@pytest.mark.parametrize("layout", layouts.LAYOUTS)
def test_every_layout_of_a_sample_comes_back_as_it_was_made(tmp_path, layout):
    assert set(LAYOUTS) == {"long", "list", "indicators", *layouts.LAYOUTS}
    data = layouts.laid_out(DA_BAC, layout, "2023-01", months=3, seed=7)
    assert data == layouts.laid_out(DA_BAC, layout, "2023-01", months=3, seed=7)
    (tmp_path / "s.xlsx").write_bytes(data)
    found = spreadsheet.read(tmp_path / "s.xlsx", "da-bac")
    assert found.synthetic
    same(found.counts, sample.invented(DA_BAC, "2023-01", 1 if layout in layouts.ONE_MONTH else 3, 7))


def same(counts, made):
    """Hold what was read against what was made, measure by measure."""
    made, read = made.set_index(["commune", "month"]), counts.set_index(["commune", "month"])
    assert sorted(read.index) == sorted(made.index)
    for measure in ("members", "entries", "lapses", "plan"):
        if read[measure].notna().any():
            assert (read[measure].reindex(made.index) == made[measure]).all()


ROUND = [
    *itertools.product(("ods",), ("title", "sheets", "cover"), ("", "TCVN3", "VNI")),
    *itertools.product(("xls",), layouts.LAYOUTS, ("",)),
    *(("xls", "merged", "TCVN3"), ("xls", "sheets", "VNI")),
    *(("xlsx", "groups", "TCVN3"), ("xlsx", "merged", "VNI")),
    *itertools.product(formats.TEXTS, ("across", "three-rows"), ("",)),
    *(("csv-tab", "across-measures", "TCVN3"), ("csv-utf16", "side-by-side", "VNI"), ("csv-tab", "two-tables", "VNI")),
]


@pytest.mark.parametrize(("form", "layout", "font"), ROUND)
def test_every_format_of_a_sample_comes_back_as_it_was_made(tmp_path, form, layout, font):
    seed = 100 + ROUND.index((form, layout, font))  # another for each
    book = layouts.laid_out(DA_BAC, layout, "2023-01", months=2, seed=seed)
    data, suffix = formats.converted(book, form, font)
    assert (data, suffix) == formats.converted(book, form, font)
    (tmp_path / f"s{suffix}").write_bytes(data)
    found = spreadsheet.read(tmp_path / f"s{suffix}", "da-bac")
    assert found.synthetic
    same(found.counts, sample.invented(DA_BAC, "2023-01", 1 if layout in layouts.ONE_MONTH else 2, seed))


def test_a_sample_in_a_format_that_cannot_hold_it_is_refused(tmp_path, run):
    assert FORMATS == formats.FORMATS
    args = ("sample", "da-bac", "--since", "2023-01", "--months", 2, "--out", tmp_path / "s")
    many = run(*args, "--layout", "sheets", "--format", "csv-bom")
    assert (many.exit_code, "csv-bom holds one sheet and this layout has 2" in many.output) == (1, True)
    letters = run(*args, "--format", "csv-1258", "--font", "VNI")
    assert (letters.exit_code, "csv-1258 has letters of its own" in letters.output) == (1, True)
    wide = run(*args, "--months", 90, "--layout", "across-measures", "--format", "xls")
    assert (wide.exit_code, "65536 rows and 256 columns, and this sample has" in wide.output) == (1, True)
    assert not (tmp_path / "s").exists()


@pytest.mark.parametrize("form", ["ods", "xls"])
@pytest.mark.parametrize("layout", ["list", "long", "indicators"])
def test_lists_and_long_tables_come_back_from_other_formats(tmp_path, run, layout, form):
    args = ("sample", "da-bac", "--since", "2023-01", "--months", 2, "--out", tmp_path / "s")
    done = run(*args, "--layout", layout, "--format", form, "--font", "TCVN3")
    assert done.exit_code == 0, done.output
    read = run("import", tmp_path / "s" / f"da-bac.{form}", "--place", "da-bac", "--out", tmp_path / "d")
    assert read.exit_code == 0, read.output
    assert "synthetic" in next((tmp_path / "d").glob("[mh]*.csv")).read_text(encoding="utf-8")


def test_from_a_sample_to_the_months_report_in_the_three_commands_of_the_tutorial(tmp_path, monkeypatch, run):
    monkeypatch.chdir(tmp_path)
    lines = guides.commands(guides.read("guide_tutorial", "vi"))
    first = next(i for i, line in enumerate(lines) if " sample " in line)
    sampled, imported, reported = (shlex.split(line) for line in lines[first : first + 3])
    for words in (sampled, imported):
        assert words.pop(0) == "forecast"
        done = run(*words)
        assert done.exit_code == 0, done.output
    assert reported[1:3] == ["forecast", "progress"]
    name, _, folder = reported[0].partition("=")
    done = run(*reported[2:], "--lang", "vi", "--draws", 4, "--jobs", 1, **{name: folder})
    assert done.exit_code == 0, done.output
    assert {"progress.docx", "progress.xlsx", "progress.pptx", "progress.png", "progress.csv"} <= {
        path.name for path in (tmp_path / reported[-1]).iterdir()
    }
    width, height = struct.unpack(">II", (tmp_path / reported[-1] / "progress.png").read_bytes()[16:24])
    assert (width, height) == (1080, 1350)
    paper = "\n".join(p.text for p in docx.Document(str(tmp_path / reported[-1] / "progress.docx")).paragraphs)
    assert MARK in paper
    assert MARK in (tmp_path / reported[-1] / "answer.md").read_text(encoding="utf-8")
    slides = Presentation(str(tmp_path / reported[-1] / "progress.pptx")).slides
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
    areas = pd.DataFrame({"area": ["Cụm 1", "Cụm 2"], "persons": [20, 30], "due": [7, 5], "renewed": [2, 1]})
    due = pd.DataFrame({"Cao Sơn": [4, 1], "=Tú Lý": [8, 0]}, index=["2024-07", "2024-08"])
    return progress.Progress(
        place=DA_BAC,
        month="2024-06",
        since="2023-06",
        table=table[list(progress.COLUMNS)],
        plan_chance=0.4,
        march_chance=0.6,
        whole=(115.0, 124.0, 140.0),
        areas=areas if more.get("listed", True) else areas.iloc[:0],
        due=due if more.get("listed", True) else None,
        synthetic=more.get("synthetic", False),
        draws=10,
        seed=1,
    )


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
    assert "1 xã dưới khoảng dự báo 90%: Cao Sơn." in vi
    assert "Cao Sơn" in en
    assert "81.2%" in en
    assert "81,2%" in vi
    assert "12 are due next month; 3 of the list have renewed" in en
    assert "6 above" in en
    assert "(90% interval: 115 to 140)" in en
    assert "Theo khu vực thu (đến hạn / đã đóng tiếp): Cụm 1: 7 / 2; Cụm 2: 5 / 1." in vi
    assert "Due by month: Jul 2024: 12; Aug 2024: 1." in en
    assert "40 ± 30%" in en  # the error of ten draws
    assert "area" not in " ".join(shown.sentences(report(listed=False), "en"))


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
    assert papers.paper(report()) == papers.paper(report())
    assert progress_workbook.workbook(report()) == progress_workbook.workbook(report())
    assert zipfile.is_zipfile(io.BytesIO(papers.slide(report())))


def test_paper_has_the_parts_of_an_office_paper_and_tables_by_commune_and_area():
    document = docx.Document(io.BytesIO(papers.paper(report(synthetic=True), "vi")))
    lines = [p.text for p in document.paragraphs]
    assert [line for line in lines if line[:2] in ("1.", "2.", "3.", "4.")] == [
        "1. Kết quả thực hiện",
        "2. Người đến hạn đóng",
        "3. Cảnh báo sớm",
        "4. Khả năng và kế hoạch tháng sau",
    ]
    assert MARK in lines
    assert "Số: ....../BC-BHXH" in document.tables[0].rows[1].cells[0].text
    communes, areas = document.tables[-2:]
    total = {a.text: b.text for a, b in zip(communes.rows[0].cells, communes.rows[-1].cells, strict=True)}
    assert (total["Đang tham gia"], total["Dự kiến"], total["Đến hạn"], total["Cảnh báo"]) == ("130", "124", "12", "")
    assert [cell.text for cell in areas.rows[-1].cells] == ["Cộng", "50", "12", "3"]
    assert len(document.sections) == 2
    assert document.sections[1].page_width > document.sections[1].page_height


def test_the_phone_says_the_figures_the_warning_and_the_work():
    drawn = papers.phone(report(synthetic=True), "vi")
    said = " ".join(drawn.written())
    for text in (
        MARK,
        "130",
        "81%",
        "40 ± 30%",
        "1 xã dưới khoảng dự báo 90%: Cao Sơn.",
        "67%",
        "Tháng sau: 100 giờ công",
    ):
        assert text in said, text


@pytest.mark.parametrize("lang", ["vi", "en"])
@pytest.mark.parametrize("kind", ["planned", "no plan", "many warnings"])
def test_nothing_on_the_phone_runs_over_anything(lang, kind):
    made = report(synthetic=True)
    if kind == "no plan":
        made = made._replace(table=made.table.assign(plan=np.nan), plan_chance=float("nan"))
    if kind == "many warnings":
        names = [f"Xã Rất Dài Tên Số {n}" for n in range(20)]
        rows = pd.concat([made.table] * 10, ignore_index=True).assign(commune=names, warning=["low", "high"] * 10)
        made = made._replace(table=rows)
    about = str(sentence(lang, vintage()))
    drawn = papers.phone(made, lang, about)
    said = " ".join(" ".join(drawn.written()).split())
    assert about in said
    assert {"vi": "Dự kiến từ 06/2023", "en": "Expected since Jun 2023"}[lang] in said
    assert {"vi": "giờ công cho", "en": "hours for"}[lang] in said
    drawn.draw_without_rendering()
    boxes = [text.get_window_extent() for text in drawn.texts]
    assert not [(a, b) for n, a in enumerate(boxes) for b in boxes[n + 1 :] if a.overlaps(b)]
    axes = drawn.axes[0].get_tightbbox()
    assert all((box.y0 > axes.y1 - 1 or box.y1 < axes.y0) and box.x1 <= drawn.bbox.x1 for box in boxes)


def test_the_slide_tells_each_sentence_once_and_shows_bars_alone():
    (page,) = Presentation(io.BytesIO(papers.slide(report(), "en"))).slides
    told = [p.text for shape in page.shapes if shape.has_text_frame for p in shape.text_frame.paragraphs]
    for text in shown.sentences(report(), "en"):
        assert told.count(text) == 1
    bars = papers.bars(report(), "en")
    assert "Communes lowest on their plan (line: 100%)" in bars.written()
    assert not set(bars.written()) & set(told)


def test_the_workbook_has_who_is_due_by_month_and_areas_and_the_place_has_its_own_interval():
    book = openpyxl.load_workbook(io.BytesIO(progress_workbook.workbook(report(), "en")))
    assert book.sheetnames == ["06-2024", "Due by month", "By area"]
    due = book["Due by month"]
    assert [cell.value for cell in due[4]] == ["Cao Sơn", 4, 1, "=SUM(B4:C4)"]
    assert [cell.value for cell in due[6]] == ["Sum", "=SUM(B4:B5)", "=SUM(C4:C5)", "=SUM(D4:D5)"]
    assert due["A5"].data_type == "s"
    assert [cell.value for cell in book["By area"][6]] == ["Sum", *(f"=SUM({c}4:{c}5)" for c in "BCD")]
    sheet = book.worksheets[0]
    total = {name.value: cell.value for name, cell in zip(sheet[3], sheet[6], strict=True)}
    assert total["Expected (median)"] == 124
    assert len(openpyxl.load_workbook(io.BytesIO(progress_workbook.workbook(report(listed=False)))).sheetnames) == 1


def test_communes_start_from_their_own_counts_and_add_up_to_the_place_in_every_draw():
    rng = np.random.default_rng(5)
    start = rng.integers(0, 9, (50, 6)).astype(float)
    end = start + rng.integers(1, 9, (50, 6))
    own = np.array([3.0, 9, 1, 0, 20, 4])
    found = progress.anchored(own, start, end)
    assert np.allclose(found.sum(axis=1), end.sum(axis=1))
    assert (found[:, 3] == 0).all()
    alike = progress.anchored(own, np.full((1, 6), 5.0), np.full((1, 6), 10.0))[0]
    assert np.allclose(alike / alike.sum(), own / own.sum())


@pytest.mark.parametrize("lang", ["vi", "en"])
def test_each_formula_is_saved_with_its_result_for_viewers_that_calculate_nothing(lang):
    data = progress_workbook.workbook(report(), lang)
    assert data == progress_workbook.workbook(report(), lang)
    formulas, results = (openpyxl.load_workbook(io.BytesIO(data), data_only=only) for only in (False, True))
    for sheet in formulas:
        for cell in (cell for row in sheet.iter_rows() for cell in row if cell.data_type == "f"):
            empty = cell.value.startswith("=IF(N(I5)=0")  # the commune without a warning shows none
            assert (results[sheet.title][cell.coordinate].value is None) == empty, cell.coordinate
    sheet = results.worksheets[0]
    names = [cell.value for cell in formulas.worksheets[0][3]]
    first, total = ([cell.value for cell in sheet[y]] for y in (4, 6))
    at = 0 if lang == "vi" else 1
    of = {name: heading[at] for name, heading in progress_workbook.HEADINGS.items()}
    assert first[names.index(of["early"])] == ("thấp", "low")[at]
    assert first[names.index(of["done"])] == pytest.approx(40 / 60)
    assert [total[names.index(of[name])] for name in ("members", "plan", "missing", "due", "change")] == [
        *(130, 160, 30, 12, 20),
    ]
    assert results.worksheets[1]["D6"].value == 13


def test_the_picture_of_a_place_without_communes_ends_below_its_last_sentence():
    whole, alone = (papers.phone(report()._replace(by_commune=counted), "vi") for counted in (True, False))
    assert alone.get_figheight() < whole.get_figheight() == 9
    boxes = [box for _, box in texts(alone)]
    assert 0 <= min(box.y0 for box in boxes) < 60 and max(box.y1 for box in boxes) <= alone.bbox.y1


def test_in_december_the_plan_is_met_or_not_and_no_probability():
    made = report()._replace(month="2024-12")
    said = " ".join(shown.sentences(made, "vi"))
    assert "còn thiếu 30" in said and "Khả năng đạt kế hoạch năm" not in said
    assert "Khả năng đạt kế hoạch năm" in " ".join(shown.sentences(report(), "vi"))
    told = " ".join(papers.phone(made, "vi").written())
    assert "khả năng tháng 3 không giảm" in told and "khả năng đạt kế hoạch" not in told


def test_without_a_list_nobody_is_due_and_nobody_is_called():
    table = report().table.assign(due=np.nan, renewed=np.nan)
    made = report(listed=False)._replace(table=progress._work(table, 20.0))
    said = " ".join(shown.sentences(made, "en"))
    assert "No list of members was given" in said and "calls" not in said and "campaign day" not in said
    assert "20 hours for" in said
    headings = [cell.text for cell in docx.Document(io.BytesIO(papers.paper(made))).tables[-1].rows[0].cells]
    assert "Thăm hộ" in headings and not {"Đến hạn", "Đóng tiếp", "Gọi nhắc"} & set(headings)
