"""A progress table of indicators gives the month of a place: the row of voluntary members, and no other's."""

import io
import json

import openpyxl
import pandas as pd
import pytest

from forecast.data import places, tables
from forecast.data.tables import UserError
from forecast.exchange import indicators, own_counts, place_counts, progress, sample, sample_indicators, scaffold
from forecast.exchange.reading import answers, headings
from forecast.exchange.reading.cells import Grid
from forecast.exchange.spreadsheet import NothingError, QuestionError, SheetError
from forecast.show import progress as shown
from forecast.show import progress_papers as papers

DA_BAC = places.read_place("Đà Bắc", at="2023-01")
HEAD = [
    *("STT", "Nội dung / Chỉ tiêu", "Kế hoạch giao (Đầu việc)", "Đang thực hiện", "Đã thực hiện", "Tỷ lệ"),
    "Tiến độ hoàn thành",
]
TITLE = "BẢNG THEO DÕI THỰC HIỆN CÁC CHỈ TIÊU THU, PHÁT TRIỂN ĐỐI TƯỢNG THÁNG 11/2023"
OTHERS = [
    [1, "Số thu BHXH, BHYT (triệu đồng)", 900.5, 100, 800.5, 88.9],
    [2, "Số người tham gia BHXH bắt buộc", 3000, 100, 2900, 96.7],
    [3, "Số người tham gia BHYT hộ gia đình", 9000, 600, 8400, 93.3],
    [4, "Tỷ lệ bao phủ BHXH tự nguyện", "95%", "5%", "90%", "94.7%"],
    [5, "Số thu BHXH tự nguyện (triệu đồng)", 700, 350, 350, 50],
    [6, "Đôn đốc tái tục BHXH tự nguyện", 60, 20, 40, 66.7],
]
MEMBERS = [7, "Số người tham gia BHXH tự nguyện", 1200, 168, 1032, 0.86, "đang làm"]


def saved(folder, *rows, title=TITLE, head=(HEAD,), others=OTHERS, sheet="Sheet1"):
    """Write a table with these rows below those of other things, as an office does."""
    book = openpyxl.Workbook()
    book.worksheets[0].title = sheet
    for line in (["BHXH HUYỆN ĐÀ BẮC"], [title], *head, *others, *rows):
        book.worksheets[0].append(list(line))
    book.save(folder / "x.xlsx")
    return folder / "x.xlsx"


def read(path, *given):
    """Return the one month of a file: members, entries, lapses and plan, None where there is none."""
    counts = place_counts.read(path, "da-bac", given).counts
    assert len(counts) == 1
    return [None if pd.isna(x) else x for x in counts.iloc[0][["members", "entries", "lapses", "plan"]]]


def notes(path, *given):
    """Return the notes of a reading in English, by kind."""
    try:
        of_file = place_counts.read(path, "da-bac", given).notes
    except (QuestionError, NothingError, SheetError) as error:
        of_file = error.notes
    return {kind: [(n.where, n.en) for n in of_file if n.kind == kind] for kind in {n.kind for n in of_file}}


def test_the_row_of_voluntary_members_is_the_place_of_the_month_and_each_other_row_is_named(tmp_path):
    path = saved(tmp_path, MEMBERS)
    book = place_counts.read(path, "da-bac")
    first = book.counts.iloc[0]
    assert (first["commune"], first["month"], first["members"], first["plan"]) == ("Đà Bắc", "2023-11", 1032, 1200)
    skipped = dict(notes(path)["skipped"])
    reasons = {label.split('"')[1]: why for label, why in skipped.items() if label[0].isdigit()}
    assert reasons == {
        "Số thu BHXH, BHYT (triệu đồng)": "about another scheme",
        "Số người tham gia BHXH bắt buộc": "about another scheme",
        "Số người tham gia BHYT hộ gia đình": "about another scheme",
        "Tỷ lệ bao phủ BHXH tự nguyện": "a share",
        "Số thu BHXH tự nguyện (triệu đồng)": "an amount of money",
        "Đôn đốc tái tục BHXH tự nguyện": "persons due, or renewed",
    }
    assert ('G "Tiến độ hoàn thành"', "columns not used") in skipped.items()
    assert "finding" not in notes(path)


@pytest.mark.parametrize(
    ("rows", "right"),
    [
        ([[7, "Số người đang tham gia BHXH TN", "1.200", "168", "1.032", "86%"]], [1032, None, None, 1200]),
        ([MEMBERS, [8, "Phát triển mới BHXH tự nguyện", 40, 10, 30, 75]], [1032, 30, None, 1200]),
        (
            [MEMBERS, ["7.1", "Trong đó: tăng mới", 40, 10, 30, 75], ["7.2", "- Dừng đóng", 9, 2, 7]],
            [1032, 30, 7, 1200],
        ),
        ([MEMBERS, ["a", "Nữ", 600, 100, 500], ["b", "Hộ nghèo", 90, 10, 80]], [1032, None, None, 1200]),
        (
            [["II", "Số người tham gia"], [1, "BHXH TN", 1200, 168, 1032], [2, "BHXH BB", 3000, 0, 3000]],
            [1032, None, None, 1200],
        ),
        (
            [["B", "BHXH tự nguyện"], [1, "Số người tham gia", 1200, 168, 1032], [2, "Số thu", 9, 1, 8]],
            [1032, None, None, 1200],
        ),
        ([[7, "Số người tham gia BHXH tự nguyện", None, None, 1032]], [1032, None, None, None]),
        ([MEMBERS, [None, "Người lập biểu", None, None, "Giám đốc"], [None, "Nguyễn Văn A"]], [1032, None, None, 1200]),
        ([MEMBERS, [8, "Số người tham gia", 44, 4, 40]], [1032, None, None, 1200]),  # of no scheme
    ],
)
def test_rows_are_read_by_their_words_and_by_the_rows_above_them(tmp_path, rows, right):
    path = saved(tmp_path, *rows)
    assert read(path) == right
    assert "Nguyễn" not in str(place_counts.read(path, "da-bac").notes)


@pytest.mark.parametrize(
    ("label", "role"),
    [
        ("Lũy kế số người tham gia BHXH tự nguyện", "members"),
        ("Tổng số người đang tham gia BHXH TN đến cuối tháng", "members"),
        ("BHXH tự nguyện (người)", "unclear"),
        ("Phát triển người tham gia BHXH tự nguyện", "unclear"),
        ("Vận động mới BHXH TN", "entries"),
        ("Số người dừng đóng BHXH TN", "lapses"),
        ("Số tiền BHXH TN", "told"),
        ("Thu BHXH TN", "told"),
        ("Số xã có người tham gia BHXH TN", "told"),
        ("Số người tham gia BHXH TN đến hạn", "told"),
        ("Số người BHXH TN tham gia lại", "told"),
        ("Số người tham gia BHXH, BHYT, BHXH TN", "told"),
        ("Số người tham gia BHXH TN so với cùng kỳ", "told"),
        ("Số người tham gia BHXH TN đầu năm", "told"),
        ("Tăng mới BHXH TN lũy kế từ đầu năm", "told"),
        ("BHXH TN thuộc hộ nghèo", "told"),
    ],
)
def test_labels_as_offices_write_them(label, role):
    table = indicators.find(Grid("S", [[TITLE], HEAD, [1, label, 1200, 168, 1032]]))[0]
    assert [row.role for row in indicators.rows(table, answers.Answers())] == [role]


def test_places_that_have_members_are_no_members_in_headings_of_columns_either():
    for heading in ("Số xã có người tham gia BHXH TN", "Số thôn đã có người tham gia", "Xã có người tham gia"):
        assert headings.meaning((heading,)).role == "told"
    assert headings.meaning(("Người tham gia bảo hiểm xã hội tự nguyện có đến cuối kỳ",)).role == "members"


def test_rows_below_money_are_money_and_units_tell_what_a_bare_row_counts(tmp_path):
    path = saved(tmp_path, ["I", "Chỉ tiêu thu"], [1, "BHXH tự nguyện", 700, 350, 350], ["II", "Đối tượng"], MEMBERS)
    assert read(path) == [1032, None, None, 1200]
    assert ('11 "BHXH tự nguyện"', "an amount of money") in notes(path)["skipped"]
    unit = [["STT", "Nội dung", "Đơn vị", "Kế hoạch", "Đã thực hiện"]]
    rows = [[1, "BHXH tự nguyện tham gia", "%", 95, 90], [2, MEMBERS[1], "người", 1200, 1032]]
    path = saved(tmp_path, *rows, head=unit, others=[])
    assert place_counts.imported(path, "da-bac")[2].counts["members"].tolist() == [1032]


def test_another_office_in_the_head_and_a_jump_are_findings(tmp_path, monkeypatch):
    path = saved(tmp_path, MEMBERS, title="BHXH HUYỆN MAI CHÂU, THÁNG 11/2023", others=[])
    assert "finding" not in notes(path)  # Đà Bắc stands there as well
    book = openpyxl.load_workbook(path)
    book.worksheets[0]["A1"] = "Đơn vị báo cáo"
    book.save(path)
    assert ("", 'the head names "MAI CHÂU"; the counts are taken for Đà Bắc') in notes(path)["finding"]
    frames, texts, _ = place_counts.imported(saved(tmp_path, MEMBERS), "da-bac")
    scaffold.write(frames, texts, tmp_path / "d")
    monkeypatch.setenv("FORECAST_DATA", str(tmp_path / "d"))
    later = saved(tmp_path, [1, MEMBERS[1], 3000, 500, 2500], title=TITLE.replace("11/", "12/"), others=[])
    read_notes = [note.en for note in place_counts.imported(later, "da-bac")[2].notes]
    assert "Đà Bắc, 2023-12: from 1032 to 2500 in one month" in read_notes
    report = progress.progress("da-bac", draws=4, jobs=1)
    assert (report.month, report.synthetic, report.table["members"].tolist()) == ("2023-11", False, [1032])
    assert report.since == "2023-11" and pd.isna(report.whole[1])


@pytest.mark.parametrize(
    ("rows", "asked"),
    [
        ([[7, "BHXH tự nguyện", 1200, 168, 1032]], ["BHXH tự nguyện=members", "BHXH tự nguyện=entries"]),
        ([MEMBERS, [8, "BHXH TN", 40, 10, 30]], [f"{MEMBERS[1]}=members", "BHXH TN=members"]),
        ([MEMBERS, [8, "Phát triển đối tượng BHXH TN", 40, 10, 30]], ["Phát triển đối tượng BHXH TN=members"]),
        (
            [["A", "Trong tháng"], MEMBERS, ["B", "Cả năm"], [1, *MEMBERS[1:]]],
            [f"Trong tháng / {MEMBERS[1]}=members", f"Cả năm / {MEMBERS[1]}=members"],
        ),
        ([["A", "Tăng mới"], MEMBERS], [f"{MEMBERS[1]}=members", f"{MEMBERS[1]}=entries"]),
    ],
)
def test_two_rows_that_may_be_meant_are_a_question_that_an_answer_settles(tmp_path, rows, asked):
    path = saved(tmp_path, *rows)
    with pytest.raises(QuestionError) as error:
        read(path)
    for way in asked:
        assert f'--map "{way}"' in str(error.value)
    assert "1032" in str(error.value)
    assert read(path, asked[0])[0] == (30 if "Phát triển" in asked[0] else 1032)


def test_an_answer_of_rows_says_what_each_is_and_the_rest_is_told(tmp_path):
    path = saved(tmp_path, MEMBERS, [8, "BHXH TN", 40, 10, 30])
    assert read(path, f"{MEMBERS[1]}=members", "BHXH TN=entries") == [1032, 30, None, 1200]
    assert read(path, "BHXH TN=skip") == [1032, None, None, 1200]
    assert ('11 "BHXH TN"', "another row was answered") in notes(path, f"{MEMBERS[1]}=members")["skipped"]


def test_checks_of_the_form_are_findings(tmp_path):
    path = saved(tmp_path, [7, MEMBERS[1], 1200, 100, 1032, 86], [8, "Tăng mới BHXH TN", 40, 10, 30, 70])
    findings = dict(notes(path)["finding"])
    assert findings["10"] == "what is left is not the plan less what was done"
    assert findings["11"] == "the rate is not what was done by the plan"
    assert read(path) == [1032, 30, None, 1200]
    above = saved(tmp_path, [7, MEMBERS[1], 1000, 0, 1032, "103,2%"])  # nothing is left of a plan that is passed
    assert "finding" not in notes(above)
    assert any("plan of 2023 is 1000" in note.en for note in place_counts.imported(above, "da-bac")[2].notes)


@pytest.mark.parametrize("done", ["khoảng 1000", 1032.5, -3])
def test_a_figure_that_is_no_count_is_a_fault_of_its_cell(tmp_path, done):
    with pytest.raises(SheetError, match="row 10, column E"):
        read(saved(tmp_path, [7, MEMBERS[1], 1200, 168, done]))


def test_a_row_without_what_was_done_is_told(tmp_path):
    path = saved(tmp_path, [7, MEMBERS[1], 1200, 168, "..."])
    assert (f'10 "{MEMBERS[1]}"', "no figure of what was done") in notes(path)["finding"]
    with pytest.raises(NothingError):
        read(path)


def test_a_dash_is_none_and_is_told(tmp_path):
    path = saved(tmp_path, MEMBERS, [8, "Số người dừng đóng BHXH TN", "-", "-", "-"])
    assert read(path) == [1032, None, 0, 1200]
    assert notes(path)["finding"] == [("11", 'cells "-" are read as 0')]


def test_dots_of_thousands_are_read_by_the_row_or_asked_about(tmp_path):
    assert read(saved(tmp_path, [7, MEMBERS[1], 1.264, 0.232, 1.032]))[0] == 1032
    path = saved(tmp_path, [7, MEMBERS[1], "3.000", "1.000", "2.000"])
    assert '"Đã thực hiện=thousands"' in str(notes(path)["question"])
    assert read(path, "Đã thực hiện=thousands")[0] == 2000
    assert read(path, "Đã thực hiện=whole")[0] == 2


def test_a_percent_row_is_never_persons(tmp_path):
    for row in (
        [7, "BHXH tự nguyện", 0.95, 0.05, 0.9],
        [7, "BHXH tự nguyện", "95%", None, "90%"],
        [7, "Số người tham gia BHXH tự nguyện so với lực lượng lao động", 95, 5, 90],
    ):
        with pytest.raises(NothingError):
            read(saved(tmp_path, row))
    unit = [[*HEAD[:2], "ĐVT", *HEAD[2:]]]
    rows = [[1, "BHXH tự nguyện tham gia", "%", 95, 5, 90], [2, MEMBERS[1], "người", *MEMBERS[2:]]]
    assert read(saved(tmp_path, *rows, head=unit, others=[])) == [1032, None, None, 1200]
    for other in ("triệu đồng", "thẻ"):
        with pytest.raises(NothingError):
            read(saved(tmp_path, [2, MEMBERS[1], other, *MEMBERS[2:]], head=unit, others=[]))


def test_tables_without_a_row_of_members_are_refused_with_each_row_named(tmp_path):
    path = saved(tmp_path, [7, "Tăng mới BHXH tự nguyện", 40, 10, 30])
    with pytest.raises(NothingError, match="no row of a table of indicators"):
        read(path)
    assert len([where for where, _ in notes(path)["skipped"] if where[0].isdigit()]) == len(OTHERS)


def test_the_month_is_that_of_the_title_or_the_sheet_and_asked_about_where_they_disagree(tmp_path):
    bare = "BẢNG THEO DÕI CHỈ TIÊU NĂM 2023"

    def month(path, *given):
        return place_counts.read(path, "da-bac", given).counts["month"].tolist()

    assert month(saved(tmp_path, MEMBERS, title=bare, sheet="T10")) == ["2023-10"]
    for path in (saved(tmp_path, MEMBERS, title=bare), saved(tmp_path, MEMBERS, sheet="T10")):
        with pytest.raises(QuestionError, match="month=YYYY-MM"):
            month(path)
        assert month(path, "month=2023-09") == ["2023-09"]


def test_flows_of_several_months_are_no_months(tmp_path):
    rows = (MEMBERS, [8, "Tăng mới BHXH TN", 400, 100, 300])
    assert read(saved(tmp_path, *rows, title="CHỈ TIÊU 6 THÁNG ĐẦU NĂM, ĐẾN THÁNG 6/2023")) == [1032, None, None, 1200]
    assert read(saved(tmp_path, MEMBERS, [8, "Tăng mới BHXH TN lũy kế từ đầu năm", 400, 100, 300]))[1] is None


def test_a_heading_of_two_rows_two_columns_of_what_was_done_and_the_plan_of_a_month(tmp_path):
    two = [["STT", "Chỉ tiêu", "Kế hoạch giao", "Kết quả"], [None, None, "(Đầu việc)", "đã thực hiện"]]
    path = saved(tmp_path, [1, MEMBERS[1], 1200, 1032], head=two, others=[])
    assert read(path) == [1032, None, None, 1200]
    twice = [["STT", "Chỉ tiêu", "Kế hoạch tháng", "Thực hiện trong tháng", "Lũy kế thực hiện"]]
    path = saved(tmp_path, [1, MEMBERS[1], 1200, 30, 1032], head=twice, others=[])
    assert '"Lũy kế thực hiện=skip"' in str(notes(path)["question"])
    assert read(path, "Thực hiện trong tháng=skip") == [1032, None, None, None]


def test_a_monthly_table_by_commune_is_no_table_of_indicators():
    head = ["STT", "Xã", "Chỉ tiêu", "Kế hoạch giao", "Đã thực hiện"]
    assert indicators.find(Grid("S", [head, [1, "Tú Lý", "x", 3, 2]])) == []
    numbered = Grid("S", [["Chỉ tiêu BHXH TN"], HEAD, ["(1)", "(2)", "(3)", "(4)=(3)-(5)", "(5)"], MEMBERS])
    table = indicators.find(numbered)[0]
    assert [r.role for r in indicators.rows(table, answers.Answers())] == ["told", "members"]


def test_tables_side_by_side_and_hidden_rows(tmp_path):
    path = saved(tmp_path, MEMBERS[:6] + [9, "BHYT hộ gia đình", 3, 1, 2, 67], head=[HEAD[:6] * 2], others=[])
    assert read(path) == [1032, None, None, 1200]
    path = saved(tmp_path, MEMBERS, [8, "Tăng mới BHXH TN", 40, 10, 30])
    book = openpyxl.load_workbook(path)
    book.worksheets[0].row_dimensions[11].hidden = True
    book.save(path)
    assert read(path) == [1032, None, None, 1200]
    assert read(path, "hidden=read") == [1032, 30, None, 1200]


@pytest.mark.parametrize("seed", [1, 7, 30])
def test_a_sample_comes_back_as_it_was_made(tmp_path, seed):
    data = sample_indicators.indicators(DA_BAC, "2023-01", 3, seed)
    assert data == sample_indicators.indicators(DA_BAC, "2023-01", 3, seed)
    (tmp_path / "s.xlsx").write_bytes(data)
    _, _, book = place_counts.imported(tmp_path / "s.xlsx", "da-bac")
    assert book.synthetic
    made = sample.invented(DA_BAC, "2023-01", 3, seed).groupby("month")[["members", "entries", "lapses", "plan"]].sum()
    assert (book.counts.set_index("month")[made.columns] == made).all(axis=None)


def test_from_a_sample_to_the_months_report_of_a_place(tmp_path, monkeypatch, run):
    args = ("--layout", "indicators", "--since", "2023-01", "--months", 4, "--format", "ods", "--out", tmp_path / "s")
    assert run("sample", "da-bac", *args).exit_code == 0
    done = run("import", tmp_path / "s" / "da-bac.ods", "--place", "da-bac", "--out", tmp_path / "d")
    assert done.exit_code == 0, done.output
    assert json.loads((tmp_path / "d" / "manifest.json").read_text(encoding="utf-8"))["status"] == "synthetic"
    monkeypatch.setenv("FORECAST_DATA", str(tmp_path / "d"))
    counts = pd.read_csv(tmp_path / "d" / "counts.csv").set_index("month")
    place = places.read_place("da-bac", at="2023-04")
    assert str(place.latest("members", "2023-04")[0]) == "2023-04"
    assert place.latest("members", "2023-04")[1] == counts.loc["2023-04", "members"]
    report = progress.progress("da-bac", draws=8, jobs=1)
    row = report.table.iloc[0]
    assert (len(report.table), row["commune"], report.month, report.since) == (1, "Đà Bắc", "2023-04", "2023-01")
    assert (row["members"], row["plan"]) == tuple(counts.loc["2023-04", ["members", "plan"]])
    assert row["before"] == counts.loc["2023-03", "members"]
    assert report.synthetic and 0 <= report.plan_chance <= 1
    assert report.whole == pytest.approx(tuple(row[["low", "expected", "high"]]))
    assert 0.5 * row["members"] < report.whole[1] < 2 * row["members"]
    for lang, present, absent in (("vi", "không theo xã", "ở bảng kèm theo"), ("en", "not by commune", "in the table")):
        text = " ".join(shown.sentences(report, lang))
        assert present in text and absent not in text
    assert papers.bars(report) is None
    with pytest.raises(UserError, match="not its communes"):
        own_counts.read("da-bac")
    with pytest.raises(UserError, match="2022-05 was not counted"):
        own_counts.read("da-bac", "2022-05", whole=True)


def test_the_sum_of_communes_that_were_counted_stays_and_the_difference_is_told(tmp_path, monkeypatch):
    (tmp_path / "c.xlsx").write_bytes(sample.sample(DA_BAC, "2023-11", months=1, seed=5))
    frames, texts, book = scaffold.imported(tmp_path / "c.xlsx", "da-bac")
    scaffold.write(frames, texts, tmp_path / "d")
    monkeypatch.setenv("FORECAST_DATA", str(tmp_path / "d"))
    path = saved(tmp_path, MEMBERS)
    after, _, read_book = place_counts.imported(path, "da-bac")
    whole = after["history"]
    whole = whole[(whole["source"] == scaffold.OWN) & (whole["place"] == "Đà Bắc") & (whole["measure"] == "members")]
    sums = {"observation": book.counts["members"].sum(), "plan": book.counts["plan"].sum()}
    assert dict(zip(whole["kind"], whole["value"], strict=True)) == sums
    notes_text = " ".join(note.en for note in read_book.notes)
    assert f"2023-11: an earlier file's communes add up to {sums['observation']:g}" in notes_text
    later = place_counts.imported(saved(tmp_path, MEMBERS, title=TITLE.replace("11/", "12/")), "da-bac")[0]
    scaffold.write(later, texts, tmp_path / "e")
    monkeypatch.setenv("FORECAST_DATA", str(tmp_path / "e"))
    assert own_counts.read("da-bac", whole=True).month == "2023-12"
    assert not own_counts.read("da-bac", whole=True).by_commune
    assert own_counts.read("da-bac", "2023-11", whole=True).by_commune
    assert own_counts.read("da-bac").month == "2023-11"


def test_answers_of_rows_are_kept_for_the_next_month_and_a_newer_file_replaces(tmp_path, monkeypatch, run):
    path = saved(tmp_path, [7, "BHXH tự nguyện", 1200, 168, 1032])
    first = run("import", path, "--place", "da-bac", "--out", tmp_path / "d")
    assert first.exit_code == 1 and not (tmp_path / "d").exists()
    assert "question" in first.output
    done = run("import", path, "--place", "da-bac", "--out", tmp_path / "d", "--map", "BHXH tự nguyện=members")
    assert done.exit_code == 0, done.output
    monkeypatch.setenv("FORECAST_DATA", str(tmp_path / "d"))
    path = saved(tmp_path, [7, "BHXH tự nguyện", 1200, 158, 1042])
    again = run("import", path, "--place", "da-bac", "--out", tmp_path / "e")
    assert again.exit_code == 0, again.output
    assert "1 counts of an earlier file replaced: Đà Bắc 2023-11: 1032 -> 1042" in again.output
    history = tables.read(tmp_path / "e" / "history.csv", "history")
    assert history.loc[history["source"] == scaffold.OWN, "value"].tolist() == [1042.0, 1200.0]


def test_more_members_than_people_and_two_tables_of_one_month_are_refused(tmp_path):
    with pytest.raises(UserError, match="people live in Đà Bắc"):
        read(saved(tmp_path, [7, MEMBERS[1], 990_000, 0, 990_000]))
    book = openpyxl.load_workbook(saved(tmp_path, MEMBERS))
    other = book.create_sheet("Tổ 2")
    for line in ([TITLE], HEAD, [1, MEMBERS[1], 300, 10, 290]):
        other.append(line)
    stream = io.BytesIO()
    book.save(stream)
    (tmp_path / "y.xlsx").write_bytes(stream.getvalue())
    with pytest.raises(QuestionError, match="two tables of 2023-11"):
        read(tmp_path / "y.xlsx")


def test_a_row_of_bhxh_without_a_scheme_counts_only_in_a_part_of_the_voluntary_one():
    row = [1, "Số người tham gia BHXH", 1200, 168, 1032]
    lines = [["THEO DÕI BHXH TỰ NGUYỆN THÁNG 11/2025"], HEAD, ["I", "BHXH tự nguyện"], row, ["II", "Khác"], row]
    table = indicators.find(Grid("S", lines))[0]
    assert [one.role for one in indicators.rows(table, answers.Answers())] == ["told", "members", "told", "unclear"]
