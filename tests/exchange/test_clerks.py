"""Words and layouts of clerks beyond those that the reader was made with: none passes for another."""

import datetime
import io

import openpyxl
import pytest

from forecast.data import places
from forecast.data.synonyms import terms, unit
from forecast.exchange import spreadsheet
from forecast.exchange.reading.headings import meaning
from forecast.exchange.reading.names import parted

COMMUNES = [unit.rpartition("/")[2] for unit in places.read_place("Đà Bắc", at="2023-01").communes["commune"]]
HEAD = ("BÁO CÁO SỐ NGƯỜI THAM GIA BHXH TỰ NGUYỆN",)


def number(i: int, step: int = 0) -> int:
    return 20 + i + step


@pytest.fixture
def read(tmp_path):
    """Return what reads sheets of rows, each named, as the file of an office."""

    def sheets(answers=(), **rows):
        made = openpyxl.Workbook()
        made.remove(made.worksheets[0])
        for name, lines in rows.items():
            sheet = made.create_sheet(name)
            for line in lines:
                sheet.append(line)
        stream = io.BytesIO()
        made.save(stream)
        (tmp_path / "f.xlsx").write_bytes(stream.getvalue())
        return spreadsheet.read(tmp_path / "f.xlsx", "da-bac", answers)

    return sheets


def columns(*heads, top=HEAD, **values):
    """Return a table of all communes: each heading with its number, that of members for `None`."""
    return [
        *([top] if top else []),
        ("STT", "Xã", *heads),
        *[(i + 1, c, *[number(i) if v is None else v for v in values.values()]) for i, c in enumerate(COMMUNES)],
    ]


@pytest.mark.parametrize(
    ("heading", "role"),
    [
        ("Số người tham gia tại thời điểm báo cáo", "members"),  # thời is no thôi
        ("Không tiếp tục tham gia", "lapses"),
        ("Thôi đóng", "lapses"),
        ("Tham gia lần đầu", "entries"),
        ("Vận động mới", "entries"),
        ("Số KH giao", "plan"),  # số is no so
        ("Nghị quyết giao", "plan"),
        ("KH cả năm", "plan"),
        ("Kế hoạch/chỉ tiêu", "plan"),
        ("Tái tham gia", "returns"),
        ("Số người hiện tại tham gia", "members"),
        ("Tăng mới tháng 6 năm 2023", "entries"),
    ],
)
def test_a_heading_is_known_by_its_diacritics(heading, role):
    assert meaning((heading,)).role == role


@pytest.mark.parametrize(
    "heading",
    [
        *(
            "Số người được tặng sổ BHXH",
            "Nông thôn mới",
            "Mời họp",
            "Số người đóng đúng hạn",
            "Nghị quyết 28",
            "Giám sát",
        ),
        *("Số người hưởng BHXH hàng tháng", "Số người dự hội nghị", "Số người nợ", "Số người quá hạn", "Số người mất"),
        *("Số người tạm hoãn", "Giảm tháng trước", "Tăng mới tháng trước", "Tăng ròng", "Thừa, thiếu", "Tổng số thẻ"),
        *("Số hội viên tham gia", "Số người tham gia câu lạc bộ", "Số người sử dụng VssID", "Kế hoạch tuyên truyền"),
        *("KH 6 tháng", "Chỉ tiêu quý I", "Tăng mới quý I", "Tăng mới 6 tháng", "Tăng mới trong năm", "Giảm năm 2023"),
        *(
            "Số người tham gia cao nhất năm",
            "Số người tham gia bình quân",
            "Tăng thực",
            "Số người tham gia qua Bưu điện",
        ),
        *(
            "Tỷ lệ so KH",
            "Tăng mới do chuyển đến từ nơi khác",
            "TH/KH",
            "Thực hiện / kế hoạch",
            "Số người tham gia/dân số",
        ),
        *("Số người đóng 12 tháng", "Số người tham gia trên 5 năm", "Số người đã cấp sổ", "Số người đăng ký"),
    ],
)
def test_a_heading_with_another_word_passes_for_no_count(heading):
    told = meaning((heading,))
    assert told.role in ("told", "unknown") and told.why


@pytest.mark.parametrize(
    "heading",
    [
        *(
            "Tổng số người tham gia BHXH",
            "Số người tham gia BHXH",
            "Người tham gia bảo hiểm xã hội",
            "Tổng BHXH",
            "BHXH",
        ),
        *("Tổng số người tham gia bảo hiểm", "Số người tham gia các loại hình", "Số đối tượng tham gia BHXH huyện"),
        *("Tăng mới BHXH", "Kế hoạch tham gia BHXH", "Social insurance members"),
    ],
)
def test_a_heading_that_names_social_insurance_and_no_scheme_passes_for_no_count(heading):
    assert meaning((heading,)) == ("told", "any_scheme")
    assert meaning(("BHXH tự nguyện", heading)).role in ("members", "entries", "plan", "scheme_only")


@pytest.mark.parametrize("heading", ["KH BHXH tỉnh giao", "Kế hoạch BHXH giao", "Chỉ tiêu BHXH Việt Nam giao"])
def test_an_office_that_gives_a_plan_is_no_scheme(heading):
    assert meaning((heading,)).role == "plan"


@pytest.mark.parametrize("more", [(), ("BHXH bắt buộc",), ("Ghi chú",)])
def test_bhxh_under_a_title_of_the_voluntary_scheme_is_asked_about(read, more):
    top = ("BÁO CÁO BHXH TỰ NGUYỆN THÁNG 01/2023",)
    rows = columns("Tổng số người tham gia BHXH", *more, a=None, **({"b": 900} if more else {}), top=top)
    with pytest.raises(spreadsheet.QuestionError) as asked:
        read(S=rows)
    assert "voluntary members alone?" in str(asked.value)
    assert '--map "Tổng số người tham gia BHXH=members"' in str(asked.value)
    book = read(["Tổng số người tham gia BHXH=members"], S=rows)
    assert book.counts["members"].tolist() == [number(i) for i in range(len(COMMUNES))]
    with pytest.raises(spreadsheet.NothingError):
        read(["Tổng số người tham gia BHXH=skip"], S=rows)


def test_bhxh_in_months_across_is_asked_about_once(read):
    lines = [HEAD, ("STT", "Xã", *[f"Tháng {m:02d}/2023" for m in (1, 2, 3)])]
    lines += [(None, None, *["Số người tham gia BHXH"] * 3)]
    lines += [(i + 1, c, *[number(i, m) for m in range(3)]) for i, c in enumerate(COMMUNES)]
    with pytest.raises(spreadsheet.QuestionError) as asked:
        read(S=lines)
    assert str(asked.value).count("--map") == 1
    book = read(["Số người tham gia BHXH=members"], S=lines)
    assert sorted(set(book.counts["month"])) == ["2023-01", "2023-02", "2023-03"]


@pytest.mark.parametrize("part", ["Trong đó: tự nguyện", "Trong đó: số người BHXH TN", "BHXH tự nguyện"])
def test_bhxh_beside_members_of_the_voluntary_scheme_is_told_and_not_asked_about(read, part):
    top = ("BÁO CÁO BHXH TỰ NGUYỆN THÁNG 01/2023",)
    book = read(S=columns("Số người tham gia BHXH", part, a=900, b=None, top=top))
    assert book.counts["members"].tolist() == [number(i) for i in range(len(COMMUNES))]
    assert any('"Số người tham gia BHXH"' in n.where and "may include compulsory" in n.en for n in book.notes)


def test_a_title_that_names_no_scheme_is_told_and_taken(read):
    told = "does not say voluntary"
    plain = read(S=columns("Số người tham gia", a=None, top=("SỐ NGƯỜI THAM GIA BHXH THÁNG 01/2023",)))
    assert plain.counts["members"].notna().all() and any(told in n.en for n in plain.notes)
    named = columns("Số người tham gia", a=None, top=("BHXH ĐÀ BẮC: SỐ NGƯỜI THAM GIA BHXH TỰ NGUYỆN THÁNG 01/2023",))
    assert not any(told in n.en for n in read(S=named).notes)


def test_a_sheet_without_the_members_that_another_took_is_asked_about(read):
    first = columns("BHXH TN", "Giảm", a=None, b=1, top=("SỐ NGƯỜI THAM GIA BHXH TN",))
    second = columns("BHXH TN", "Giảm", a=None, b=1, top=("KẾT QUẢ PHÁT TRIỂN BHXH TN",))
    with pytest.raises(spreadsheet.QuestionError, match='"T2-2023", C "BHXH TN": another sheet took it for members'):
        read(**{"T1-2023": first, "T2-2023": second})
    book = read(["BHXH TN=members"], **{"T1-2023": first, "T2-2023": second})
    assert len(book.counts) == 2 * len(COMMUNES) and book.counts["members"].notna().all()


@pytest.mark.parametrize("title", ["TỪ THÁNG 01 ĐẾN THÁNG 03/2023", "6 THÁNG ĐẦU NĂM 2023", "QUÝ I NĂM 2023"])
def test_flows_under_a_title_of_several_months_are_asked_about(read, title):
    rows = columns("Tăng mới", "Đang tham gia đến 30/6/2023", a=7, b=None, top=(f"KẾT QUẢ BHXH TỰ NGUYỆN {title}",))
    with pytest.raises(spreadsheet.QuestionError, match='Tăng mới": the title speaks of several months'):
        read(["month=2023-06"], S=rows)
    assert read(["month=2023-06", "Tăng mới=skip"], S=rows).counts["entries"].isna().all()
    said = columns("Tăng mới trong tháng", "Đang tham gia", a=7, b=None, top=(f"KẾT QUẢ BHXH TỰ NGUYỆN {title}",))
    assert set(read(["month=2023-06"], S=said).counts["entries"]) == {7}


@pytest.mark.parametrize(
    "lines",
    [
        [("Kỳ báo cáo:", "Tháng 01/2023"), ("Ngày lập:", "05/02/2023")],
        [("Tháng:", datetime.date(2023, 1, 1)), ("Ngày in:", datetime.date(2023, 2, 5))],
        [("Số liệu đến:", "31/01/2023", None, "05/02/2023")],
    ],
)
def test_the_month_is_that_of_the_figures_and_not_of_the_paper(read, lines):
    found = read(S=[HEAD, *lines, *columns("Đang tham gia", a=None, top=())])
    assert set(found.counts["month"]) == {"2023-01"}


def test_a_day_alone_is_no_month_of_the_figures(read):
    with pytest.raises(spreadsheet.QuestionError, match="no month"):
        read(S=[HEAD, ("05/02/2023",), *columns("Đang tham gia", a=None, top=())])


def test_communes_are_found_under_a_heading_that_nobody_foresaw(read):
    lines = [HEAD, ("STT", "Nơi cư trú", datetime.date(2023, 1, 1), datetime.date(2023, 2, 1))]
    lines += [(i + 1, c, number(i), number(i, 1)) for i, c in enumerate(COMMUNES)]
    found = read(S=lines)
    assert found.counts.groupby("month")["members"].sum().tolist() == [
        sum(number(i, step) for i in range(len(COMMUNES))) for step in (0, 1)
    ]
    bare = [line[1:] for line in lines[1:]]  # no numbers of rows: dates alone stand beside the name
    bare[0] = ("Xã", *bare[0][1:])
    assert read(S=[HEAD, *bare]).counts["members"].tolist() == found.counts["members"].tolist()


def test_two_opening_columns_are_told_and_ask_nothing(read):
    rows = columns("Đang tham gia", "Tháng trước chuyển sang", "Số đầu kỳ", a=None, b=5, c=6, top=("THÁNG 01/2023",))
    found = read(S=rows)
    assert sum(n.kind == "finding" and "several ways" in n.en for n in found.notes) == 2


def test_a_commune_twice_is_told_by_its_own_column_and_the_sign_of_a_note_is_no_part_of_a_name(read):
    rows = columns("Đang tham gia", a=None, top=("BHXH TỰ NGUYỆN THÁNG 01/2023",))
    rows[2:4] = [(1, f"{COMMUNES[0]} (*)", 20), (2, f"Xã {COMMUNES[1]}*", 21)]
    assert read(S=rows).counts["members"].tolist() == [number(i) for i in range(len(COMMUNES))]
    with pytest.raises(spreadsheet.SheetError, match=r'column B \(Xã\): "Cao Sơn \(\*\)"; expected each commune once'):
        read(S=[rows[0], rows[1], (1, COMMUNES[0], 19), *rows[2:]])


def test_an_answer_for_a_heading_holds_in_each_month_across(read):
    lines = [
        ("THEO DÕI NĂM 2023",),
        ("STT", "Xã", "Tháng 1", None, "Tháng 2", None),
        (None, None, *("BHXH TN", "Giảm") * 2),
    ]
    lines += [(i + 1, c, number(i), 1, number(i, 1), 2) for i, c in enumerate(COMMUNES)]
    with pytest.raises(spreadsheet.NothingError, match="Tháng 1 / BHXH TN.*several ways"):
        read(S=lines)
    found = read(["BHXH TN=members"], S=lines).counts
    assert found.groupby("month")[["members", "lapses"]].sum().to_numpy().tolist() == [
        [sum(number(i, step) for i in range(len(COMMUNES))), (step + 1) * len(COMMUNES)] for step in (0, 1)
    ]


def test_a_plan_or_stock_of_another_year_is_none_of_this_one(read):
    heads = ("Số người tham gia năm 2022", "Kế hoạch 2024", "Kế hoạch 2023", "Đang tham gia")
    rows = columns(*heads, a=7, b=99, c=80, d=None, top=("BHXH TỰ NGUYỆN THÁNG 12/2023",))
    found = read(S=rows)
    assert found.counts["members"].tolist() == [number(i) for i in range(len(COMMUNES))]
    assert set(found.counts["plan"]) == {80}
    assert sum(n.en == "a figure of another period" for n in found.notes) == 2


def test_months_below_their_quarter_are_read(read):
    lines = [("BHXH TỰ NGUYỆN 2023",), ("STT", "Xã", "Quý I", None, None, None, "Quý II", None)]
    lines += [(None, None, "Tháng 2", None, "Tháng 3", None, "Tháng 4", None)]
    lines += [(None, None, *("Tăng mới", "Đang tham gia") * 3)]
    lines += [(i + 1, c, 1, number(i), 2, number(i, 1), 3, number(i, 2)) for i, c in enumerate(COMMUNES)]
    found = read(S=lines).counts
    assert found.groupby("month")["entries"].first().to_dict() == {"2023-02": 1, "2023-03": 2, "2023-04": 3}


def test_a_file_about_another_scheme_is_refused_with_that_reason(read):
    rows = columns("Số người đang tham gia", a=900, top=("SỐ NGƯỜI THAM GIA BHYT HỘ GIA ĐÌNH THÁNG 12/2023",))
    with pytest.raises(spreadsheet.NothingError, match="another table .*BHYT HỘ GIA ĐÌNH.*about another scheme"):
        read(S=rows)


def test_a_full_thousand_that_lost_its_dot_is_found_by_a_sum_or_told(read):
    made = [1.764 if i == 0 else 1.0 if i == 1 else 1 if i == 2 else number(i) for i in range(len(COMMUNES))]
    right = [1764, 1000, 1, *[number(i) for i in range(3, len(COMMUNES))]]
    lines = [("BHXH TỰ NGUYỆN 01/2023",), ("STT", "Xã", "Đang tham gia")]
    lines += [(i + 1, c, made[i]) for i, c in enumerate(COMMUNES)]
    found = read(S=[*lines, (None, "Cộng", sum(right) / 1000)])
    assert found.counts["members"].tolist() == right
    assert not any("may be 1000" in n.en for n in found.notes)
    bare = read(S=lines)
    assert bare.counts["members"].tolist() == [1764, 1, 1, *right[3:]]
    assert [n.where for n in bare.notes if "may be 1000" in n.en] == ['4-5, C "Đang tham gia"']


@pytest.mark.parametrize("total", [True, False])
def test_text_that_lost_a_zero_is_known_by_the_files_sum_or_asked_about(read, total):
    made = ["1,442" if i == 0 else "1,44" if i == 1 else str(number(i)) for i in range(len(COMMUNES))]
    right = [1442, 1440, *[number(i) for i in range(2, len(COMMUNES))]]
    lines = [("BHXH TỰ NGUYỆN 01/2023",), ("STT", "Xã", "Đang tham gia")]
    lines += [(i + 1, c, made[i]) for i, c in enumerate(COMMUNES)]
    if total:
        book = read(S=[*lines, (None, "Cộng", str(sum(right)))])
    else:
        with pytest.raises(spreadsheet.QuestionError, match='"Đang tham gia=thousands" or "Đang tham gia=skip"'):
            read(S=lines)
        book = read(["Đang tham gia=thousands"], S=lines)
    assert book.counts["members"].tolist() == right
    assert any("read as thousands" in n.en and n.where.startswith("3-4,") for n in book.notes)


@pytest.mark.parametrize(
    ("lang", "said"), [("vi", "câu trả lời không được dùng"), ("en", "nothing in the file asks this")]
)
def test_answers_to_what_nobody_asked_are_named_and_not_kept(lang, said, tmp_path, run):
    assert run("sample", "da-bac", "--since", "2023-01", "--months", "2", "--out", tmp_path / "s").exit_code == 0
    given = ["Tu Li=Tú Lý", "month=2019-01", "year=2019", "hidden=read", "Kế hoạch tuần=skip"]
    words = [word for one in [*given, "year=2023"] for word in ("--map", one)]
    done = run(
        "import", tmp_path / "s" / "da-bac.xlsx", "--place", "da-bac", *words, "--lang", lang, "--out", tmp_path / "d"
    )
    assert done.exit_code == 0, done.output
    told = [line for line in done.output.splitlines() if said in line]
    assert len(told) == len(given) and all(any(f'"{one}"' in line for line in told) for one in given), done.output
    assert not (tmp_path / "d" / "reading.yaml").exists()


def test_the_words_before_a_name_are_those_of_the_table_of_words():
    def words(*levels):
        rows = [terms()[f"{head}{level}"]["vi"] for level in levels for head in ("level.", "typed.level.")]
        return {word.strip().lower() for row in rows for word in row.split(";")}

    for word in words("commune"):
        name = parted(f"{word} Tân Hòa")
        assert name.name == "Tân Hòa" and name.kind in words("commune") and len(name.kind) > 1
        assert unit(f"{word} Tân Hòa") == (frozenset({"commune"}), "tan-hoa")
    for word in words("district", "province"):
        short = word + "." * (len(word) < 3)
        assert parted(f"Tân Hòa, {short} Đà Bắc").district == "Đà Bắc"
