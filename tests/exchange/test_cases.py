"""Every kind of spreadsheet that was once read wrongly gives what it should; made here, and tried on stored ones."""

import csv
import io
import os
from pathlib import Path

import openpyxl
import pytest

from forecast.data import letters, places, tables
from forecast.data.tables import UserError
from forecast.exchange import scaffold, spreadsheet

STORED = Path(os.environ.get("FORECAST_CASES", Path(__file__).parents[3] / "shared" / "cases"))
DA_BAC = places.read_place("Đà Bắc", at="2023-01")
COMMUNES = [unit.rpartition("/")[2] for unit in DA_BAC.communes["commune"]]
SUMS = {"2023-01": 1776, "2023-02": 1806, "2023-03": 1827, "2023-04": 1836, "2023-05": 1866, "2023-06": 1863}
ENTRIES = {"2023-01": 32, "2023-02": 56, "2023-03": 45, "2023-04": 32, "2023-05": 59, "2023-06": 34}

# Of a stored case: how many months its members cover, or words of the message that refuses it; words of the report.
RIGHT = {
    "b01_month_in_title": (1, ["sum", "month 2023-01 from the title"]),
    "b02_sheet_each_month": (6, ['"T06"']),
    "b03_month_sheets_with_month_column": (6, []),
    "b04_months_across": (6, ["6 sums of the file agree"]),
    "b05_months_across_three_measures": (6, []),
    "b06_commune_merged_down": (6, []),
    "b07_groups_dashes_notes": (6, ["read as 0", "group rows", "sums", "signatures"]),
    "b08_all_schemes": (6, ["another scheme"]),
    "a_compulsory_first": (3, ["another scheme"]),
    "b09_opening_and_closing": (6, ["opening stock"]),
    "b12_cumulative": (6, ["a difference", "a share"]),
    "a_difference": (3, ["a difference"]),
    "a_plan_money": (3, ["an amount of money"]),
    "b10_two_tables": (6, ["another table"]),
    "b11_names_loose": ("nearest: Tú Lý", []),
    "b13_semicolon": (6, []),
    "b14_unicode_text": (6, []),
    "a_tcvn3": (3, ["TCVN3"]),
    "a_formula_entries": (3, ['E "Tăng mới"', "formulas that no program has calculated"]),
    "a_formula_members": ("formulas without a saved result", []),
    "a_hidden_sheet": (3, ["a hidden sheet"]),
    "a_cover_first": (3, ['"Bìa"']),
    "f_no_balance": (3, ["33 + 90 - 0 is 123, not 38"]),
    "f_more_than_people": ("row 2, column D (", []),
    "a_text_fraction": ("no leading zero", []),
    "a_total_2": (1, ["sums, used as a check"]),
    "a_repeated_heading": (3, ["the heading again"]),
    "a_numbering_row": (3, ["numbers of the columns"]),
    "a_month_iso": (3, []),
    "f_chartsheet_first": ("no heading", ["a chart sheet"]),
}


def book(sheets: dict[str, list], merges: dict[str, tuple[str, ...]] | None = None) -> bytes:
    made = openpyxl.Workbook()
    made.remove(made.active)
    for name, rows in sheets.items():
        sheet = made.create_sheet(name)
        for row in rows:
            sheet.append(list(row))
        for area in (merges or {}).get(name, ()):
            sheet.merge_cells(area)
    stream = io.BytesIO()
    made.save(stream)
    return stream.getvalue()


@pytest.fixture
def read(tmp_path):
    def give(data: bytes, name: str = "f.xlsx", answers=(), place: str = "da-bac"):
        (tmp_path / name).write_bytes(data)
        return spreadsheet.read(tmp_path / name, place, answers)

    return give


def sums(found) -> dict[str, float]:
    return found.counts.groupby("month")["members"].sum().to_dict()


def number(i: int, step: int = 0) -> int:
    return 20 + i + step


def total(step: int = 0) -> int:
    return sum(number(i, step) for i in range(len(COMMUNES)))


def rows_of(*steps, months=("01/2023", "02/2023", "03/2023")):
    return [(i + 1, c, months[s], number(i, s)) for s in steps for i, c in enumerate(COMMUNES)]


HEAD = ("STT", "Xã", "Tháng", "Đang tham gia")


def needs_stored():
    return pytest.mark.skipif(not (STORED / "cases.csv").is_file(), reason="the stored cases are not here")


@needs_stored()
@pytest.mark.parametrize("case", sorted(RIGHT))
def test_a_stored_case_gives_what_its_row_asks(case, tmp_path, run):
    with open(STORED / "cases.csv", encoding="utf-8") as file:
        row = next(row for row in csv.DictReader(file) if row["case"] == case)
    right, said = RIGHT[case]
    done = run("import", STORED / row["files"], "--place", "da-bac", "--out", tmp_path / "d", "--lang", "en")
    assert "Traceback" not in done.output
    for words in said:
        assert words in done.output
    if isinstance(right, str):
        assert done.exit_code == 1
        assert right in done.output
        assert not (tmp_path / "d").exists()
        return
    assert done.exit_code == 0, done.output
    counts = tables.read(tmp_path / "d" / "history.csv", "history").query("source == @scaffold.OWN")
    whole = counts[(counts["place"] == "Đà Bắc") & (counts["kind"] == "observation")]
    wanted = dict(list(SUMS.items())[:right])
    assert whole[whole["measure"] == "members"].set_index("month")["value"].to_dict() == wanted
    if case == "b12_cumulative":
        assert whole[whole["measure"] == "entries"].set_index("month")["value"].to_dict() == ENTRIES
    if case in ("b12_cumulative", "a_difference"):
        assert "lapses" not in set(whole["measure"])
    if case in ("a_plan_money", "b08_all_schemes"):
        assert "plan" not in set(counts["kind"])
    if case in ("b01_month_in_title", "b12_cumulative", "b10_two_tables"):
        plans = counts[(counts["kind"] == "plan") & (counts["place"] == "Đà Bắc")]
        assert plans["value"].tolist() == [2254]


@needs_stored()
def test_stored_cases_of_other_shapes(tmp_path):
    office = STORED / "office"
    found = spreadsheet.read(office / "a_laocai_same_names.xlsx", "lao-cai")
    assert (len(found.counts), len(set(found.units))) == (152, 152)
    hidden = spreadsheet.read(office / "a_hidden_rows.xlsx", "da-bac")
    assert "19-35" in " ".join(note.where for note in hidden.notes if note.kind == "finding")
    lacking = spreadsheet.read(office / "a_commune_missing.xlsx", "da-bac")
    assert any("2 of 3 months have no sum" in n.en and "Tú Lý is missing" in n.en for n in lacking.notes)
    jump = spreadsheet.read(office / "f_tenfold.xlsx", "da-bac")
    assert any("Cao Sơn, 2023-02: from 33 to 380" in n.en for n in jump.notes)
    frames, _, _ = scaffold.imported(office / "f_across_merger.xlsx", "ca-mau")
    own = frames["history"].query("source == @scaffold.OWN and measure == 'members'")
    old, new = own[own["place"] == "Cà Mau"], own[own["place"] == "Cà Mau (2025)"]
    assert (old["month"].tolist(), new["month"].tolist()) == (["2025-05", "2025-06"], ["2025-07", "2025-08"])
    for name in ("import-1e15-members", "import-more-than-people"):
        with pytest.raises(UserError, match=r"row 2, column C .*no more than the people"):
            spreadsheet.read(STORED / "faults" / f"{name}.xlsx", "da-bac")
    for path in [*(STORED / "faults").glob("xlsx-*.xlsx"), office / "fuzz_0.xlsx"]:
        try:
            spreadsheet.read(path, "da-bac")
        except UserError as error:
            assert len(str(error)) > 10


def test_the_next_months_file_replaces_and_says_so(tmp_path, run):
    def month(step, plus):
        return [(i, c, f"0{step}/2023", number(i) + plus) for i, c in enumerate(COMMUNES)]

    (tmp_path / "jan.xlsx").write_bytes(book({"S": [HEAD, *month(1, 0)]}))
    (tmp_path / "feb.xlsx").write_bytes(book({"S": [HEAD, *month(1, 1), *month(2, 2)]}))
    assert run("import", tmp_path / "jan.xlsx", "--place", "da-bac", "--out", tmp_path / "a").exit_code == 0
    env = {"FORECAST_DATA": str(tmp_path / "a")}
    args = ["import", tmp_path / "feb.xlsx", "--place", "da-bac", "--out", tmp_path / "b", "--lang", "en"]
    done = run(*args, **env)
    assert "18 counts of an earlier file replaced: Cao Sơn 2023-01: 20 -> 21" in done.output
    history = tables.read(tmp_path / "b" / "history.csv", "history").query("source == @scaffold.OWN")
    assert not history.duplicated(["place", "month", "measure"]).any()
    done = run("check", FORECAST_DATA=str(tmp_path / "b"))
    assert done.exit_code == 0, done.output


CSV = "\r\n".join(";".join(map(str, row)) for row in (HEAD, *rows_of(0)))


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("bom.csv", b"\xef\xbb\xbf" + CSV.encode()),
        ("wide.txt", CSV.replace(";", "\t").encode("utf-16")),
        ("big-endian.txt", b"\xfe\xff" + CSV.replace(";", "\t").encode("utf-16-be")),
        ("windows-1258.csv", letters.to_1258(CSV)),
        ("tcvn3.csv", letters.to_tcvn3(CSV).encode("latin-1")),
        ("vni.csv", letters.to_vni(CSV).encode("latin-1")),
        (
            "vni.xlsx",
            book({"S": [[letters.to_vni(v) if isinstance(v, str) else v for v in row] for row in (HEAD, *rows_of(0))]}),
        ),
        (
            "web.xls",
            (
                "<html><meta charset='utf-8'><table>"
                + "".join("<tr>" + "".join(f"<td>{v}</td>" for v in r) + "</tr>" for r in (HEAD, *rows_of(0)))
                + "</table>"
            ).encode(),
        ),
    ],
)
def test_letters_and_formats_of_old_programs_are_read(read, name, data):
    assert sums(read(data, name)) == {"2023-01": total()}


THREE_ROWS = [
    ("BÁO CÁO THÁNG 3 NĂM 2023",),
    ("STT", "Đơn vị", "BHXH tự nguyện", None, None, None, "BHYT hộ gia đình", None),
    (None, None, "Kế hoạch", "Thực hiện", None, None, "Kế hoạch", "Thực hiện"),
    (None, None, None, "Tăng", "Giảm", "Cuối kỳ", None, None),
    *[(i + 1, c, 90, 3, 1, number(i), 900, 800) for i, c in enumerate(COMMUNES)],
]


@pytest.mark.parametrize("areas", [(), ("A2:A4", "B2:B4", "C2:F2", "G2:H2", "C3:C4", "D3:F3", "G3:G4", "H3:H4")])
def test_headings_of_three_rows_merged_or_not(read, areas):
    found = read(book({"S": THREE_ROWS}, {"S": areas})).counts
    assert found[["entries", "lapses", "plan"]].drop_duplicates().to_numpy().tolist() == [[3, 1, 90]]
    assert found["members"].tolist() == [number(i) for i in range(len(COMMUNES))]


def test_months_in_other_places(read):
    by_year = [("Năm", "Tháng", "Xã", "Đang tham gia")] + [
        (2023, m, c, number(i, m)) for m in (1, 2) for i, c in enumerate(COMMUNES)
    ]
    assert sums(read(book({"S": by_year}))) == {"2023-01": total(1), "2023-02": total(2)}
    across = [
        ("SỐ NGƯỜI THAM GIA BHXH TỰ NGUYỆN NĂM 2023",),
        ("STT", "Xã", "Tháng", None),
        (None, None, 1, 2),
        *[(i, c, number(i), number(i, 1)) for i, c in enumerate(COMMUNES)],
    ]
    areas = {"S": ("A2:A3", "B2:B3", "C2:D2")}
    assert sums(read(book({"S": across}, areas))) == {"2023-01": total(), "2023-02": total(1)}
    sheets = {
        str(m): [("STT", "Xã", "Đang tham gia"), *[(i, c, number(i, m)) for i, c in enumerate(COMMUNES)]]
        for m in (1, 2)
    }
    assert sums(read(book(sheets), "BHXH TN 2023.xlsx")) == {"2023-01": total(1), "2023-02": total(2)}
    with pytest.raises(spreadsheet.QuestionError, match="no month"):
        read(book(sheets))
    assert sums(read(book(sheets), answers=["year=2023"])) == {"2023-01": total(1), "2023-02": total(2)}
    each = {
        c: [("Tháng", "Đang tham gia", "Tăng mới"), *[(f"{m:02d}/2023", number(i, m), 1) for m in (1, 2)]]
        for i, c in enumerate(COMMUNES)
    }
    assert sums(read(book(each))) == {"2023-01": total(1), "2023-02": total(2)}
    dated = [
        ("BÁO CÁO THÁNG 1/2023",),
        ("Xã", "Đang tham gia đến 31/12/2022", "Tăng mới", "Đang tham gia đến 31/01/2023"),
        *[(c, number(i), 2, number(i, 2)) for i, c in enumerate(COMMUNES)],
    ]
    assert sums(read(book({"S": dated}))) == {"2022-12": total(), "2023-01": total(2)}


def test_a_title_and_a_sheet_that_disagree_are_a_question(read):
    rows = [("BÁO CÁO THÁNG 01/2023",), ("Xã", "Đang tham gia"), *[(c, number(i)) for i, c in enumerate(COMMUNES)]]
    with pytest.raises(spreadsheet.QuestionError, match="which month is it: 2023-01"):
        read(book({"T02": rows}))
    assert list(sums(read(book({"T02": rows}), answers=["month=2023-02"]))) == ["2023-02"]


def test_two_columns_that_could_mean_the_same_are_a_question_and_the_answer_is_kept(tmp_path, read, run):
    rows = [
        ("Xã", "Tháng", "Số người tham gia", "Đang tham gia"),
        *[(c, "01/2023", number(i), number(i, 1)) for i, c in enumerate(COMMUNES)],
    ]
    with pytest.raises(spreadsheet.QuestionError, match=r'C "Số người tham gia"; D "Đang tham gia".*members=C'):
        read(book({"S": rows}))
    path = tmp_path / "f.xlsx"
    out = tmp_path / "d"
    done = run("import", path, "--place", "da-bac", "--out", out, "--map", "Đang tham gia=members")
    assert done.exit_code == 0, done.output
    again = run("import", path, "--place", "da-bac", "--out", tmp_path / "e", FORECAST_DATA=str(out))
    assert again.exit_code == 0, again.output
    assert tables.read(tmp_path / "e" / "history.csv", "history").query(
        "source == @scaffold.OWN and place == 'Đà Bắc'"
    )["value"].tolist() == [total(1)]


def test_a_name_that_is_none_is_asked_about_and_answered(read):
    rows = [HEAD, *[(i, "Tu Li" if c == "Tú Lý" else c, m, v) for i, c, m, v in rows_of(0)]]
    with pytest.raises(spreadsheet.QuestionError, match="Tu Li.*nearest: Tú Lý"):
        read(book({"S": rows}))
    assert sums(read(book({"S": rows}), answers=["Tu Li=Tú Lý"])) == {"2023-01": total()}


def test_tables_side_by_side_are_read_both(read):
    half = len(COMMUNES) // 2 + 1
    cells = [(i + 1, c, number(i)) for i, c in enumerate(COMMUNES)] + [(None, None, None)] * (2 * half - len(COMMUNES))
    rows = [
        ("SỐ NGƯỜI THAM GIA BHXH TỰ NGUYỆN THÁNG 01/2023",),
        ("STT", "Xã", "Đang tham gia") * 2,
        *[cells[i] + cells[half + i] for i in range(half)],
    ]
    assert sums(read(book({"S": rows}))) == {"2023-01": total()}


def test_thousands_by_the_evidence_of_the_column(read):
    big = {0: 1764, 1: 1080}
    rows = [HEAD, *[(i, c, m, big.get(i, v) / 1000 if i in big else v) for i, (_, c, m, v) in enumerate(rows_of(0))]]
    found = read(book({"S": rows}))
    assert found.counts["members"].tolist()[:3] == [1764, 1080, number(2)]
    assert any("read as thousands" in note.en for note in found.notes)


def test_nothing_with_numbers_is_left_out_without_a_word(read):
    rows = [
        ("SỐ NGƯỜI THAM GIA BHXH TỰ NGUYỆN",),
        (None, 55, 66),
        ("Xã", "Tháng", "Đang tham gia"),
        *[(c, "01/2023", number(i)) for i, c in enumerate(COMMUNES)],
    ]
    assert any("belong to no table" in note.en and note.where == "2" for note in read(book({"S": rows})).notes)
