"""What a small table gives, cell by cell: differences, doubles, limits, names, and what is told of it."""

import numpy as np
import openpyxl
import pytest

from forecast.data import places
from forecast.data.tables import UserError
from forecast.exchange import spreadsheet
from forecast.exchange.faults import called
from forecast.exchange.reading.report import Fault
from forecast.exchange.spreadsheet import NothingError, QuestionError, SheetError

DA_BAC = places.read_place("Đà Bắc", at="2023-01")
COMMUNES = [unit.rpartition("/")[2] for unit in DA_BAC.communes["commune"]]
HEAD = "Xã,Tháng,Đang tham gia,Tăng mới,Dừng đóng\n"


@pytest.fixture
def read(tmp_path):
    """Read a table that is given as text, for a place if there is one."""

    def of(text: str, place: str | None = None, answers=()) -> spreadsheet.Book:
        path = tmp_path / "t.csv"
        path.write_text(text, encoding="utf-8")
        return spreadsheet.read(path, place, answers)

    return of


def told(book: spreadsheet.Book, kind: str) -> list[str]:
    return [note.en for note in book.notes if note.kind == kind]


def test_rows_come_as_they_stand_with_their_units(read):
    book = read(HEAD + "Tú Lý,12/2022,5,2,1\nTú Lý,01/2023,6,,0\n", "Đà Bắc")
    assert book.counts.columns.tolist() == ["commune", "month", "members", "entries", "lapses", "plan"]
    assert book.counts[["commune", "month", "members"]].values.tolist() == [
        ["Tú Lý", "2022-12", 5],
        ["Tú Lý", "2023-01", 6],
    ]
    assert book.counts["entries"].isna().tolist() == [False, True] and book.counts["plan"].isna().all()
    assert book.units == ("Đà Bắc/Tú Lý", "Đà Bắc/Tú Lý") and not book.synthetic
    assert read(HEAD + "A,12/2022,5,2,1\n").units == ("",)


def test_a_figure_since_january_becomes_that_of_each_month(read):
    """3, 3 and 8 since January are 3, 0 and 5; a year begins anew, and after a gap nothing is known but differences."""
    head = "Xã,Tháng,Đang tham gia,Tăng mới lũy kế từ đầu năm\n"
    rows = [("01/2022", 3), ("02/2022", 3), ("03/2022", 8), ("05/2022", 9), ("11/2022", 12), ("12/2022", 16)]
    rows += [("01/2023", 2)]
    text = head + "A,12/2021,50,\n" + "".join(f"A,{month},50,{value}\n" for month, value in rows)
    found = read(text).counts.set_index("month")["entries"]
    assert found[["2022-01", "2022-02", "2022-03", "2022-12", "2023-01"]].tolist() == [3, 0, 5, 4, 2]
    assert np.isnan(found[["2021-12", "2022-05", "2022-11"]]).all()
    with pytest.raises(SheetError, match=r'row 4, column D .*"7"; expected a figure since January'):
        read(head + "A,01/2022,50,3\nA,02/2022,50,8\nA,03/2022,50,7\n")


def test_a_double_row_is_a_fault_once_and_the_same_row_again_is_none(read):
    with pytest.raises(SheetError) as found:
        read(HEAD + "A,12/2022,5,2,1\nB,12/2022,5,2,1\nA,12/2022,6,3,2\n")
    assert len(found.value.faults) == 1 and found.value.faults[0].row == 4
    assert len(read(HEAD + "A,12/2022,5,2,1\nA,12/2022,5,2,1\n").counts) == 1


@pytest.mark.parametrize("again", [14, 16])
def test_a_double_is_told_by_the_cell_that_says_its_month_or_else_its_commune(read, again):
    """The same month again, or a commune that has another figure in a column of a month, more or less."""
    expected = "expected each commune once a month, and another row has it already"
    with pytest.raises(SheetError) as found:
        read(HEAD + f"A,12/2022,15,,\nA,12/2022,{again},,\n")
    assert str(found.value) == f't.csv: sheet "t", row 3, column B (Tháng): "12/2022"; {expected}'
    with pytest.raises(SheetError) as found:
        read(f"Xã,Đang tham gia 12/2022\nAn Bình,15\nBa Vì,15\nAn Bình,{again}\n")
    assert str(found.value) == f't.csv: sheet "t", row 4, column A (Xã): "An Bình"; {expected}'


@pytest.mark.parametrize("role", ["Đang tham gia", "Tăng mới", "Dừng đóng"])
def test_no_count_is_above_the_people_of_its_commune(read, role):
    people = int(DA_BAC.communes["population"].iloc[0])
    position = HEAD.strip().split(",").index(role) - 2

    def row(value: int) -> str:
        values = ["1", "1", "1"]
        values[position] = str(value)
        return HEAD + f"{COMMUNES[0]},01/2023,{','.join(values)}\n"

    read(row(people), "Đà Bắc")
    for text in (row(people + 1), row(people + 1).replace(",1", ",") + f"{COMMUNES[1]},01/2023,1,1,1\n"):
        with pytest.raises(SheetError, match="no more than the people who live in the commune"):
            read(text, "Đà Bắc")


def test_without_a_place_a_commune_has_at_most_ten_million(read):
    assert len(read(HEAD + "A,01/2023,10000000,,\n").counts) == 1
    with pytest.raises(SheetError, match="no more than the people"):
        read(HEAD + "A,01/2023,10000001,,\n")


@pytest.mark.parametrize(
    ("faults", "last"), [(20, ""), (21, "t.csv: and 1 faults more"), (25, "t.csv: and 5 faults more")]
)
def test_twenty_faults_are_named_and_the_rest_counted(read, faults, last):
    with pytest.raises(SheetError) as found:
        read(HEAD + "".join(f"X{i},12/2021,?,,\n" for i in range(faults)))
    lines = str(found.value).splitlines()
    assert len(found.value.faults) == faults and len(lines) == 20 + bool(last)
    assert lines[-1] == last or not last


@pytest.mark.parametrize(
    ("names", "last"), [(8, ""), (9, "and 1 names more that are no commune"), (12, "and 4 names more")]
)
def test_eight_unknown_names_are_told_and_the_rest_counted(read, names, last):
    rows = "".join(f"Atlantis {'qwxz'[i % 4] * (2 + i)},01/2023,5,,\n" for i in range(names))
    with pytest.raises(QuestionError) as found:
        read(HEAD + rows, "Đà Bắc")
    lines = [line for line in str(found.value).splitlines() if "is none of" in line or "more that are" in line]
    assert len(lines) == 8 + bool(last) and last in lines[-1]
    assert lines[0].count(", ") >= 7 and COMMUNES[7] in lines[0]  # some that it has


def test_a_name_that_is_nearly_one_is_told_with_the_nearest_and_can_be_answered(read):
    text = HEAD + "Tú Lyy,01/2023,5,,\n"
    with pytest.raises(QuestionError, match=r'"Tú Lyy" is none of Đà Bắc; nearest: Tú Lý.*--map "Tú Lyy=COMMUNE"'):
        read(text, "Đà Bắc")
    assert read(text, "Đà Bắc", ["Tú Lyy=Tú Lý"]).counts["commune"].tolist() == ["Tú Lý"]


def test_a_name_of_several_communes_is_told_with_their_districts(read):
    with pytest.raises(QuestionError) as found:
        read(HEAD + "Minh Khai,01/2023,5,,\n", "ha noi")
    choices = " or ".join(f"Minh Khai ({district})" for district in ("Bắc Từ Liêm", "Hai Bà Trưng", "Hoài Đức"))
    said = f'commune "Minh Khai" may be {choices}; say the district beside it, or answer --map "Minh Khai=COMMUNE"'
    assert str(found.value) == f't.csv: sheet "t", {said}'


def test_what_is_asked_is_told_and_nothing_else_and_in_both_languages(read):
    with pytest.raises(QuestionError) as found:
        read("Xã,Tháng,Đang tham gia BHXH tự nguyện,Đang tham gia\nA,12/2022,1234,1233\n")
    where = 't.csv: {}, C "Đang tham gia BHXH tự nguyện"; D "Đang tham gia": '
    answer = '--map "members=C" {} --map "members=D"'
    asked = where.format('sheet "t"') + "which column holds members? Answer " + answer.format("or")
    assert found.value.text("en") == asked
    asked = where.format('trang tính "t"') + "cột nào là số người đang tham gia? Trả lời " + answer.format("hoặc")
    assert found.value.text("vi") == asked


def test_faults_come_before_questions_and_the_report_has_both(read):
    with pytest.raises(SheetError) as found:
        read(HEAD + "Atlantis,12/2022,5,,\nTú Lyy,12/2022,?,,\n", "da bac")
    fault = 't.csv: trang tính "t", dòng 3, cột C (Đang tham gia): "?"; cần một số nguyên, như 1234 hoặc 1.234'
    assert found.value.text("vi") == fault
    asked = [(note.en, note.vi) for note in found.value.notes if note.kind == "question"]
    near = "Tú Lý"
    assert asked == [
        ('"Atlantis" is no commune of Đà Bắc', '"Atlantis" không phải xã nào của Đà Bắc'),
        (
            f'"Tú Lyy" is no commune of Đà Bắc; nearest: {near}',
            f'"Tú Lyy" không phải xã nào của Đà Bắc; gần nhất: {near}',
        ),
    ]


def test_months_that_lack_communes_are_told_with_five_of_them(read):
    full = "".join(f"{name},12/2022,5,,\n" for name in COMMUNES)
    notes = told(read(HEAD + full + f"{COMMUNES[0]},01/2023,5,,\n", "Đà Bắc"), "finding")
    missing = ", ".join(sorted(COMMUNES[1:], key=lambda name: f"Đà Bắc/{name}")[:5])
    assert notes[0] == f"1 of 2 months have no sum (2023-01), because {missing} ... are missing"
    one = told(read(HEAD + full.replace(f"{COMMUNES[3]},12/2022,5,,\n", ""), "Đà Bắc"), "finding")
    assert one[0] == f"1 of 1 months have no sum (2022-12), because {COMMUNES[3]} is missing"
    assert not [note for note in told(read(HEAD + full, "Đà Bắc"), "finding") if "no sum" in note]


def test_members_are_added_up_by_month(read):
    used = told(read(HEAD + "A,12/2022,5,,\nB,12/2022,7,,\nA,01/2023,6,,\n"), "used")
    assert used[-1] == "3 rows; members added up by month: 2022-12: 12, 2023-01: 6"
    book = read(HEAD + "".join(f"A,{m:02d}/{year},5,,\n" for year in (2021, 2022, 2023) for m in range(1, 13)))
    (note,) = (note for note in book.notes if note.en.startswith("36 rows"))
    cut = ", ".join(f"{year}-{m:02d}: 5" for year in (2021, 2022, 2023) for m in range(1, 13))[:299] + "…"
    assert note.en == f"36 rows; members added up by month: {cut}"
    assert note.vi == f"36 dòng; cộng số người theo tháng: {cut}"


def test_the_mark_of_a_sample_is_seen_in_its_first_forty_rows_however_written(read):
    assert read("bảng số liệu GIẢ LẬP\n" + HEAD + "A,12/2022,5,,\n").synthetic
    assert read(HEAD + "A,12/2022,5,,\n").synthetic is False
    rows = "".join(f"X{i},12/2022,5,,\n" for i in range(38))
    assert read(HEAD + rows + "Số liệu giả lập\n").synthetic  # row 40
    assert not read(HEAD + rows + "X38,12/2022,5,,\nSố liệu giả lập\n").synthetic


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Tên,Ngày\nA,1\n", 'no heading "Xã, phường", "Tháng" in any sheet'),
        ("Xã,Tháng,Tăng mới\nA,12/2022,5\n", 'no column of members was found ("Đang tham gia")'),
    ],
)
def test_a_file_without_members_says_what_is_missing(read, text, said):
    with pytest.raises(NothingError) as found:
        read(text)
    assert said in str(found.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "Xã,Tháng,Tăng mới,Số người tham gia BHYT,Ghi chú\nA,12/2022,5,7,x\n",
            'D "Số người tham gia BHYT": about another scheme; E "Ghi chú": a note',
        ),
        ("Xã,Tháng,Đang tham gia\nTổng cộng,12/2022,5\n", "it has no row of a commune"),
    ],
)
def test_columns_that_were_passed_over_are_told_where_members_are_missing(read, text, said):
    with pytest.raises(NothingError) as found:
        read(text)
    start, end = (
        't.csv: no column of members was found ("Đang tham gia"); ',
        "; answer --map members=COLUMN if one of them is",
    )
    assert str(found.value) == start + said + end


def test_rows_without_any_number_are_no_rows_and_eight_sheets_are_named(read, tmp_path):
    for text in ("Xã,Tháng,Đang tham gia\nA,12/2022,\n", "Xã,Tháng,Đang tham gia\n,12/2022,\n"):
        with pytest.raises(NothingError, match='sheet "t" has no row of a commune below its headings'):
            read(text)
    book = openpyxl.Workbook()
    for number in range(1, 10):
        book.create_sheet(f"S{number}").append(["nothing", number])
    book.remove(book.worksheets[0])
    book.save(tmp_path / "many.xlsx")
    with pytest.raises(NothingError) as found:
        spreadsheet.read(tmp_path / "many.xlsx")
    assert '"S1", "S2", "S3", "S4", "S5", "S6", "S7", "S8")' in str(found.value)


def test_a_place_is_read_in_its_month_and_in_its_first_one_before_it_began():
    assert len(places.place_in("Đà Bắc", "2023-01").communes) == 17
    later = places.place_in("Cà Mau (2025)", "2024-01")
    assert (later.name, later.since, len(later.communes)) == ("Cà Mau (2025)", "2025-07", 64)
    assert places.place_in("Cà Mau", "2007-01").since == "2008-01"
    for place, month, said in (
        ("Nowhere", None, "Nowhere"),
        ("Nowhere", "2022-01", "Nowhere"),
        ("Đà Bắc", "2026-01", "Đà Bắc ended in 2025-06"),
    ):
        with pytest.raises(UserError, match=said):
            places.place_in(place, month)


@pytest.fixture
def saved(tmp_path):
    """Read a workbook that is given by its sheets, each a name and rows."""

    def of(*sheets: tuple[str, list[list]]) -> spreadsheet.Book:
        book = openpyxl.Workbook()
        book.remove(book.worksheets[0])
        for name, rows in sheets:
            sheet = book.create_sheet(name)
            for row in rows:
                sheet.append(row)
        book.save(tmp_path / "t.xlsx")
        return spreadsheet.read(tmp_path / "t.xlsx")

    return of


COVER = "Bìa", [["Báo cáo tháng"]]
TITLES = ["Xã", "Tháng", "Đang tham gia", "Tăng mới"]


def test_the_sheets_that_were_read_are_named_and_not_a_cover(saved):
    book = saved(COVER, ("T1", [TITLES, ["A", "1/2022", 5, 1]]), ("T2", [TITLES, ["A", "2/2022", 6, 1]]))
    assert book.sheet == "T1; T2"
    with pytest.raises(SheetError, match=r'^t.xlsx: sheet "T1", row 3, column C \(Đang tham gia\): "\?"'):
        saved(COVER, ("T1", [TITLES, ["A", "1/2022", 5, 1], ["B", "1/2022", "?", 1]]))
    for rows in ([TITLES], [TITLES, ["A", "12/2022", None, None]]):
        with pytest.raises(NothingError, match='sheet "T1" has no row of a commune below its headings'):
            saved(COVER, ("T1", rows), ("T2", rows))


def test_sums_alone_are_no_rows_of_communes_and_an_empty_column_is_told_beside_a_full_one(saved):
    with pytest.raises(NothingError, match="it has no row of a commune; answer"):
        saved(COVER, ("T1", [TITLES, ["Tổng cộng", "12/2022", 5, 1]]))
    with pytest.raises(NothingError, match='; C "Đang tham gia": empty; answer'):
        saved(COVER, ("T1", [TITLES, ["A", "12/2022", None, 3]]))
    with pytest.raises(NothingError, match='; C "Đang tham gia": empty; D "Ghi chú": a note; answer'):
        saved(COVER, ("T1", [[*TITLES[:3], "Ghi chú"], ["A", "12/2022", None, "x"]]))


def test_eight_columns_that_were_passed_over_are_told(saved):
    titles = ["Xã", "Tháng", *(f"Số người tham gia BHYT {number}" for number in range(1, 10))]
    with pytest.raises(NothingError) as found:
        saved(("T1", [titles, ["A", "12/2022", *range(51, 60)]]))
    told_of = [f'{chr(66 + number)} "Số người tham gia BHYT {number}": about another scheme' for number in range(1, 9)]
    assert str(found.value).partition("); ")[2] == "; ".join(
        [*told_of, "answer --map members=COLUMN if one of them is"]
    )


def test_a_commune_of_which_only_the_plan_is_known_has_no_row(read):
    book = read("Xã,Tháng,Kế hoạch năm,Đang tham gia\nA,01/2022,9,\nB,01/2022,7,5\nC,01/2022,,6\n")
    assert book.counts[["commune", "members"]].to_numpy().tolist() == [["B", 5], ["C", 6]]
    assert book.counts["plan"].iloc[0] == 7


@pytest.mark.parametrize(("lacking", "rest"), [(1, ""), (5, ""), (6, " ...")])
def test_communes_without_a_figure_that_others_have_are_told_with_five_of_them(read, lacking, rest):
    """In December all but one or more have new members; in January nobody has, which is no gap."""
    names = "GFEDCB"[:lacking]  # in the order of the file
    text = HEAD + "A,12/2022,5,2,\n" + "".join(f"{name},12/2022,5,,\n" for name in names)
    some = ", ".join(f"{name} 2022-12" for name in names[:5])
    (note,) = told(read(text + "A,01/2023,5,,\nB,01/2023,5,,\n"), "finding")
    assert note == f'{lacking} empty in "Tăng mới" ({some}{rest}): taken as not counted, without a sum'


def test_a_plan_is_that_of_a_year_in_whichever_month_it_stands(read):
    """A has its plan in February; B has none in 2022, and in 2023 nobody has one."""
    rows = "A,01/2022,5,\nB,01/2022,5,\nA,02/2022,5,9\nB,02/2022,5,\nA,01/2023,5,\nB,01/2023,5,\n"
    (note,) = told(read("Xã,Tháng,Đang tham gia,Kế hoạch năm\n" + rows), "finding")
    assert note == '1 empty in "Kế hoạch năm" (B 2022): taken as not counted, without a sum'


@pytest.mark.parametrize(("lacking", "rest"), [(2, ""), (5, ""), (6, " ...")])
def test_up_to_five_missing_communes_are_all_told(read, lacking, rest):
    text = HEAD + "".join(f"{name},12/2022,5,,\n" for name in COMMUNES[lacking:])
    missing = ", ".join(sorted(COMMUNES[:lacking], key=lambda name: f"Đà Bắc/{name}")[:5])
    first, *_ = told(read(text, "Đà Bắc"), "finding")
    assert first == f"1 of 1 months have no sum (2022-12), because {missing}{rest} are missing"


@pytest.mark.parametrize("row", ["Cao Sơn,20", "Cao Sơn\t20", "Cao Sơn|20"])
def test_a_row_with_another_separator_is_told_as_such(read, row):
    with pytest.raises(SheetError) as found:
        read(f"Xã;Tham gia 12/2021\nTú Lý;30\n{row}\nĐoàn Kết;40\n", "da bac")
    (fault,) = found.value.faults
    assert (fault.row, fault.value) == (3, " ".join(row.split()))
    assert "this row has another separator than the others" in found.value.text("en")
    assert "dòng này dùng dấu phân cách khác" in found.value.text("vi")


def test_a_note_below_a_table_is_no_row_with_another_separator(read):
    text = "Xã;Tham gia 12/2021\nTú Lý;30\nCao Sơn;20\nGhi chú: chưa có Đoàn Kết, 2021\n"
    assert read(text, "da bac").counts["members"].tolist() == [30, 20]


@pytest.mark.parametrize("heading", ["Số người tham gia", "Đang tham gia BHXH TN"])
def test_a_wrong_cell_is_told_by_what_the_file_calls_its_column(read, heading):
    with pytest.raises(SheetError) as found:
        read(f"Xã,Tháng,{heading}\nA,12/2022,?\nA,13/2022,4\n")
    for lang in ("vi", "en"):
        assert f"C ({heading})" in found.value.text(lang) and "B (Tháng)" in found.value.text(lang)


def test_a_column_without_a_name_is_told_by_what_it_holds():
    fault = Fault(3, "C", "members", "?", "count", "T1")
    assert [called(fault).text(lang) for lang in ("vi", "en")] == ["số người đang tham gia", "members"]


def test_the_communes_of_another_place_name_it(read):
    text = "Xã;Tham gia 12/2021\n" + "".join(f"{name};30\n" for name in ("Tú Lý", "Nánh Nghê", "Giáp Đắt", "Đồng Chum"))
    with pytest.raises(QuestionError) as asked:
        read(text, "Cà Mau")
    said = "t.csv: 4 of the names that are none of Cà Mau are communes of Đà Bắc"
    assert asked.value.text("en").startswith(f'{said}; is --place "Đà Bắc" meant?')
    with pytest.raises(QuestionError) as asked:
        read("Xã;Tham gia 12/2021\nTú Lý;3\nA;4\nB;5\nC;6\nD;7\n", "Cà Mau")
    assert "meant" not in asked.value.text("en")
