"""Spreadsheets come in and go out: a sample round trip, faults named by their cell, nothing that a cell could do."""

import datetime
import io
import unicodedata
import zipfile

import openpyxl
import pytest

from forecast.data import history, places, tables
from forecast.data.places import read_place
from forecast.data.tables import UserError
from forecast.engines.pool import PoolEngine
from forecast.exchange import sample, scaffold
from forecast.exchange import spreadsheet as exchange
from forecast.exchange.reading import grids
from forecast.question.scenario import BORROWED, Scenario, read_scenario
from forecast.show import spreadsheet as exchange_texts

DA_BAC = places.read_place("Đà Bắc", at="2021-01")
COMMUNES = [c.rpartition("/")[2] for c in DA_BAC.communes["commune"]]


def book(rows, head=("Xã", "Tháng", "Đang tham gia", "Tăng mới", "Dừng đóng"), above=()):
    wanted = openpyxl.Workbook()
    for row in (*above, head, *rows):
        wanted.active.append(list(row))
    stream = io.BytesIO()
    wanted.save(stream)
    return stream.getvalue()


def read(tmp_path, data: bytes):
    path = tmp_path / "report.xlsx"
    path.write_bytes(data)
    return exchange.read(path)


def test_a_sample_comes_back_as_the_counts_it_was_made_of(tmp_path):
    data = sample.sample(DA_BAC, "2021-01", months=14)
    assert data == sample.sample(DA_BAC, "2021-01", months=14)
    back = read(tmp_path, data)
    made = sample.invented(DA_BAC, "2021-01", 14, seed=1)
    assert back.synthetic
    assert back.counts.astype(made.dtypes).equals(made)
    one = made[made["commune"] == made["commune"].iloc[0]].set_index("month")
    moved = one["members"].diff() - (one["entries"] - one["lapses"])
    assert (moved.dropna() == 0).all()


def test_a_sample_holds_values_and_no_formula():
    sheet = openpyxl.load_workbook(io.BytesIO(sample.sample(DA_BAC, "2021-01", months=2))).active
    assert not [cell.coordinate for row in sheet.iter_rows() for cell in row if cell.data_type == "f"]


def test_from_sample_to_tables_to_a_projection(tmp_path, run):
    assert run("sample", "da-bac", "--months", 12, "--out", tmp_path / "s").exit_code == 0
    done = run("import", tmp_path / "s" / "da-bac.xlsx", "--place", "Đà Bắc", "--out", tmp_path / "d")
    assert done.exit_code == 0, done.output
    counts = tables.read(tmp_path / "d" / "history.csv", "history").query("source == @scaffold.OWN")
    assert set(counts["status"]) == {"synthetic"}
    whole = counts[(counts["place"] == "Đà Bắc") & (counts["measure"] == "members") & (counts["kind"] == "observation")]
    assert list(whole["month"]) == [f"2021-{m:02d}" for m in range(1, 13)]
    assert "(số giả lập)" in (tmp_path / "d" / "scenarios" / "da-bac-plan.yaml").read_text(encoding="utf-8")
    env = {"FORECAST_DATA": str(tmp_path / "d")}
    quo = tmp_path / "d" / "scenarios" / "da-bac-status-quo.yaml"
    done = run("project", quo, "--draws", 2, "--jobs", 1, "--engines", "stock", "--out", tmp_path / "p", **env)
    assert done.exit_code == 0, done.output
    first = tables.read(tmp_path / "p" / "projection.parquet", "projection")
    opening = first[(first["month"] == "2021-12") & (first["measure"] == "members") & (first["group"] == "all")]
    assert opening["value"].iloc[0] == pytest.approx(whole["value"].iloc[-1])
    assert run("import", tmp_path / "s" / "da-bac.xlsx", "--place", "Đà Bắc", "--out", tmp_path / "d").exit_code == 2


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_headings_are_known_by_their_words_however_written(tmp_path, form):
    above = [("BÁO CÁO THÁNG",), (), ("STT", "TÊN  XÃ", "Kỳ báo cáo", "Biến động", None, "Lũy kế")]
    head = (None, None, None, "tăng mới", "Giảm", "số người tham gia")
    words = [tuple(unicodedata.normalize(form, c) if c else c for c in row) for row in (*above, head)]
    rows = [
        (1, unicodedata.normalize(form, "Đoàn Kết"), "Tháng 1/2021", "1.204", 3, "12 345"),
        (2, "Tú Lý", datetime.date(2021, 1, 31), 7, None, 8.0),
        ("", "Tổng cộng", "", 9, 9, 9),
    ]
    found = read(tmp_path, book(rows, words[-1], words[:-1])).counts
    assert found["commune"].tolist() == ["Đoàn Kết", "Tú Lý"]
    assert found[["month", "members", "entries"]].values.tolist() == [["2021-01", 12345, 1204], ["2021-01", 8, 7]]
    assert found["lapses"].isna().tolist() == [False, True]


def test_each_fault_is_named_by_sheet_row_column_and_value(tmp_path):
    rows = [
        ("A", "12/2021", 5, 1, 1),
        ("B", "32/2021", 5, 1, 1),
        ("C", "12/2021", "năm", -1, 1.5),
        ("A", "31/12/2021", 6),
    ]
    with pytest.raises(UserError) as found:
        read(tmp_path, book(rows))
    lines = str(found.value).splitlines()
    assert len(lines) == 5
    assert 'report.xlsx: sheet "Sheet", row 3, column B (Tháng): "32/2021"; expected a month' in lines[0]
    assert 'row 4, column C (Đang tham gia): "năm"' in lines[1]
    assert "another row has it already" in lines[4]


def test_many_faults_end_in_one_line(tmp_path):
    with pytest.raises(UserError, match="and 5 faults more"):
        read(tmp_path, book([(f"X{i}", "12/2021", "?") for i in range(25)]))


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"not a workbook", "not a spreadsheet"),
        (book([], ("Tên", "Ngày")), 'no heading "Xã, phường", "Tháng"'),
        (book([]), "no row of a commune"),
        (b"", "not a spreadsheet"),
    ],
)
def test_a_file_that_is_no_report_gets_one_message(tmp_path, data, said):
    with pytest.raises(UserError, match=said):
        read(tmp_path, data)


def test_a_zip_bomb_and_an_endless_sheet_are_not_read(tmp_path, monkeypatch):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("xl/worksheets/sheet1.xml", b"0" * 20_000_000)
    with pytest.raises(UserError, match="which no report of communes needs"):
        read(tmp_path, stream.getvalue())
    monkeypatch.setattr(grids, "MOST_ROWS", 10)
    with pytest.raises(UserError, match="more than 10 rows"):
        read(tmp_path, sample.sample(DA_BAC, "2021-01", months=1))


def test_a_formula_is_never_run(tmp_path):
    with pytest.raises(UserError, match=r"column C .*formulas without a saved result"):
        read(tmp_path, book([("A", "12/2021", "=1+1")]))


def test_text_that_a_spreadsheet_would_run_stands_as_text(tmp_path):
    name = '=HYPERLINK("x")'
    found = exchange.Book(read(tmp_path, book([("A", "12/2021", 5)])).counts.assign(commune=name), False, "Sheet")
    place = places.read_place("Đà Bắc/Tú Lý", at="2021-12")
    with pytest.raises(UserError, match="is none of"):
        scaffold.added_counts(scaffold.copied(), place, found, "report.xlsx")
    tables.write(found.counts, tmp_path / "counts.csv")
    assert f"'{name[:5]}" in (tmp_path / "counts.csv").read_text(encoding="utf-8")


def test_a_commune_of_elsewhere_is_named_and_nothing_is_written(tmp_path, run):
    rows = [(name, "12/2021", 5) for name in (*COMMUNES[:-1], "Tú Lyy", "Atlantis")]
    (tmp_path / "f.xlsx").write_bytes(book(rows))
    done = run("import", tmp_path / "f.xlsx", "--place", "da-bac", "--out", tmp_path / "d")
    assert done.exit_code == 1
    assert 'commune "Atlantis" is none of Đà Bắc' in done.output
    assert "nearest: Tú Lý" in done.output
    assert not (tmp_path / "d").exists()


def test_a_month_that_lacks_communes_has_no_sum(tmp_path, run):
    (tmp_path / "f.xlsx").write_bytes(book([(name, "12/2021", 5) for name in COMMUNES[:-1]]))
    done = run("import", tmp_path / "f.xlsx", "--place", "da-bac", "--out", tmp_path / "d")
    assert done.exit_code == 1
    assert f"missing: {COMMUNES[-1]}" in done.output
    assert "used: sheet" in done.output and f"because {COMMUNES[-1]} is missing" in done.output  # the report comes too


@pytest.mark.parametrize("name", ['Xóm "Mới": #1', "Bản & Mường"])
def test_a_scaffold_for_a_place_nobody_knows_can_be_read(tmp_path, name, monkeypatch, run):
    done = run("new", name, "--population", 5000, "--commune", "A", "--commune", "B", "--out", tmp_path / "n")
    assert done.exit_code == 0, done.output
    monkeypatch.setenv("FORECAST_DATA", str(tmp_path / "n"))
    plan, quo = (read_scenario(path) for path in sorted((tmp_path / "n" / "scenarios").iterdir()))
    assert len(plan.place.communes) == 2
    assert quo.opening[0] > 0
    assert len(plan.policy.levers) == 3
    assert quo.place.name == name


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["../../etc"], "there is no place"),
        (["a/b", "--population", "9"], "no name of a place"),
        (["Mới", "--population", "9", "--parent", "Nowhere"], 'no place "Nowhere"'),
        (["Mới", "--population", "9", "--commune", "A", "--commune", "A"], "named twice"),
        (["Mới", "--population", "9", "--commune", "Xã A", "--commune", "Xã  A "], "named twice"),
        (["Mới", "--population", "900", "--members", "901"], "at most the 310 people of Mới"),
        (["Đà Bắc", "--start", "2019-06", "--members", "999999"], "people of Đà Bắc"),
    ],
)
def test_a_scaffold_that_cannot_be_is_told_and_leaves_nothing(tmp_path, args, said, run):
    done = run("new", *args, "--out", tmp_path / "n")
    assert done.exit_code == 1
    assert said in done.output
    assert not (tmp_path / "n").exists()


@pytest.mark.parametrize("parent", ["Tỉnh Cà Mau", "ca mau", "Cà Mau"])
def test_the_place_above_a_new_one_is_found_as_everywhere_and_communes_may_stand_in_one_list(parent, tmp_path, run):
    words = ("--population", 900, "--parent", parent, "--commune", "A, B; C", "--commune", "D")
    assert run("new", "Mới", *words, "--out", tmp_path / "n").exit_code == 0
    places_there = tables.read(tmp_path / "n" / "places.csv", "places").set_index("place")
    assert places_there.at["Mới", "parent"] == "Cà Mau (2025)"  # the one of the month
    assert places_there.index[places_there["parent"] == "Mới"].tolist() == ["Mới/A", "Mới/B", "Mới/C", "Mới/D"]
    assert places_there.at["Mới", "communes"] == 4


def test_what_a_known_place_does_not_need_is_told(tmp_path, run):
    done = run("new", "Đà Bắc", "--population", 20000, "--out", tmp_path / "n")
    assert done.exit_code == 0
    assert "note: Đà Bắc is known: its own population and communes are taken" in done.output


def test_a_scaffold_of_a_known_place_starts_at_its_last_count(tmp_path, run):
    assert run("new", "ca-mau", "--out", tmp_path / "n").exit_code == 0
    text = (tmp_path / "n" / "scenarios" / "ca-mau-plan.yaml").read_text(encoding="utf-8")
    assert "start: 2024-09" in text
    assert "opening_members" not in text


@pytest.mark.parametrize(("name", "place"), [("Sơn La", "Sơn La"), ("Huế", "Huế"), ("Phú Thọ", "Phú Thọ (2025)")])
def test_a_scaffold_of_a_place_nobody_counted_opens_with_its_share_of_the_nations_last_count(
    tmp_path, name, place, monkeypatch, run
):
    assert run("new", name, "--out", tmp_path / "n").exit_code == 0
    monkeypatch.setenv("FORECAST_DATA", str(tmp_path / "n"))
    month, members, _ = read_place("Việt Nam").latest("members", until=None)
    for path in (tmp_path / "n" / "scenarios").iterdir():
        asked = read_scenario(path)
        assert (asked.place.name, asked.start) == (place, str(month))
        assert 0.001 < asked.opening[0] / members < 0.2 and asked.opening[2] == BORROWED
        assert "Nobody has counted the place" in path.read_text(encoding="utf-8")


def test_a_scaffold_that_starts_earlier_opens_with_what_was_counted_by_then(tmp_path, monkeypatch, run):
    assert run("new", "Xóm Mới", "--population", 5000, "--start", "2021-12", "--out", tmp_path / "n").exit_code == 0
    monkeypatch.setenv("FORECAST_DATA", str(tmp_path / "n"))
    quo = read_scenario(tmp_path / "n" / "scenarios" / "xom-moi-status-quo.yaml")
    nation = read_place("Việt Nam")
    members = nation.latest("members", until="2021-12")[1]
    assert quo.opening[0] == pytest.approx(5000 / nation.population * members, rel=0.1)


@pytest.mark.parametrize("words", [["Đà Bắc"], ["Sơn La"], ["Xóm Mới", "--population", 5000, "--members", 90]])
@pytest.mark.parametrize("start", ["2006-01", "2012-01"])
def test_a_scaffold_before_the_first_count_of_the_nation_is_refused_with_the_first_month(tmp_path, words, start, run):
    first = history.first_known(scaffold.copied()["history"], "Việt Nam")
    done = run("new", *words, "--start", start, "--out", tmp_path / "n")
    assert done.exit_code == 1
    assert done.output.splitlines() == [f"forecast: {start}: no count of Việt Nam was known; the first is of {first}"]
    assert not (tmp_path / "n").exists()
    assert run("new", *words, "--start", first, "--out", tmp_path / "n").exit_code == 0
    done = run(
        "project",
        *(tmp_path / "n" / "scenarios").iterdir(),
        "--draws",
        5,
        "--engines",
        "pool",
        "--out",
        tmp_path / "r",
        FORECAST_DATA=str(tmp_path / "n"),
    )
    assert done.exit_code == 0, done.output


def test_the_baseline_is_the_same_in_a_folder_of_ones_own(tmp_path, monkeypatch, run):
    def paths():
        return PoolEngine().paths(Scenario("quo", "Cà Mau", start="2021-12", until="2022-06"), range(40), 1).members

    before = paths()
    assert run("new", "ca-mau", "--out", tmp_path / "n").exit_code == 0
    monkeypatch.setenv("FORECAST_DATA", str(tmp_path / "n"))
    assert (paths() == before).all()


@pytest.mark.parametrize("lang", ["vi", "en"])
def test_faults_are_told_as_a_table_in_the_language_of_the_page(lang):
    lines = exchange_texts.faults(exchange_texts.wrong(), lang).splitlines()
    assert [line.split(" | ")[2] for line in lines[2:]] == ["13/2024", "khoảng 80", "31/01/2024"]
    assert {"vi": "một số nguyên", "en": "a whole number"}[lang] in lines[3]
    assert "forecast import" in exchange_texts.commands(lang)


PLAN = ("Xã", "Tháng", "Đang tham gia", "Tăng mới", "Dừng đóng", "Kế hoạch năm")


def findings(tmp_path, rows, head=PLAN) -> list[str]:
    (tmp_path / "report.xlsx").write_bytes(book(rows, head))
    found = exchange.read(tmp_path / "report.xlsx", "Đà Bắc")
    return [note.en for note in found.notes if note.kind == "finding"]


def test_an_empty_cell_and_a_column_without_a_heading_are_told(tmp_path):
    rows = [(name, "12/2022", 50, 2, 1, 60) for name in COMMUNES]
    assert findings(tmp_path, rows) == []
    odd = [(*rows[0][:3], None, 1, None), *rows[1:]]
    assert findings(tmp_path, odd) == [
        f'1 empty in "Tăng mới" ({COMMUNES[0]} 2022-12): taken as not counted, without a sum',
        f'1 empty in "Kế hoạch năm" ({COMMUNES[0]} 2022): taken as not counted, without a sum',
    ]
    assert findings(tmp_path, [(*row, 7) for row in rows], (*PLAN, None)) == [
        "columns with numbers and no heading, not used"
    ]
    numbered = [(*row, number) for number, row in enumerate(rows, 1)]
    assert findings(tmp_path, numbered, (*PLAN, None)) == []


def test_flows_that_no_month_before_could_have_are_told_and_a_plan_above_the_people_is_a_fault(tmp_path):
    rows = [(name, "12/2022", 50, 2, 1, 60) for name in COMMUNES]
    first = COMMUNES[0]
    new, stopped = [(first, "12/2022", 50, 90, 1, 60), *rows[1:]], [(first, "12/2022", 50, 2, 90, 60), *rows[1:]]
    assert findings(tmp_path, new) == [f"{first}, 2022-12: 50 members, 90 new and 1 stopped make -39 a month before"]
    assert findings(tmp_path, stopped) == [
        f"{first}, 2022-12: 50 members, 2 new and 90 stopped make 138 a month before"
    ]
    (tmp_path / "report.xlsx").write_bytes(book([(first, "12/2022", 50, 2, 1, 44927), *rows[1:]], PLAN))
    with pytest.raises(UserError, match=r"column F \(Kế hoạch năm\): \"44927\"; expected no more than the people"):
        exchange.read(tmp_path / "report.xlsx", "Đà Bắc")


def test_a_heading_of_hundreds_of_digits_is_no_month(tmp_path):
    rows = [(name, 50, 60) for name in COMMUNES]
    (tmp_path / "report.xlsx").write_bytes(book(rows, ("Xã", "9" * 400, "Đang tham gia tháng 12/2022")))
    assert exchange.read(tmp_path / "report.xlsx", "Đà Bắc").counts["members"].tolist() == [60.0] * len(COMMUNES)
