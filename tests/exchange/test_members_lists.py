"""A list of persons becomes counts; no name, code or address is written anywhere, or told."""

import io
import os
import tempfile
from pathlib import Path

import openpyxl
import pytest

from forecast.data import places
from forecast.data.tables import UserError
from forecast.exchange import members_lists, own_counts, sample
from forecast.exchange.reading import grids

DA_BAC = places.read_place("Đà Bắc", at="2023-01")
DA_BAC_NAMES = [unit.rpartition("/")[2] for unit in DA_BAC.communes["commune"]]
SECRET = ("Nguyễn Văn Bímật", "7912345678", "017000111222", "Xóm Kín", "0987654321")
COLLECTOR = "NV0199"
NV = "nhân viên thu 1 (Tú Lý)"


def form(broken: bool = False) -> bytes:
    """Return a D05-TS of Decision 490 with four rows of headings, four persons, and its marks and signatures."""
    book = openpyxl.Workbook()
    sheet = book.active
    for text in (
        "Tên đơn vị/Điểm thu: Đà Bắc",
        "Mã đơn vị",
        "Địa chỉ:",
        "Điện thoại:",
        "",
        "DANH SÁCH NGƯỜI THAM GIA BẢO HIỂM XÃ HỘI TỰ NGUYỆN",
        "Đợt nộp: 1",
    ):
        sheet.append([text])
    who = ["STT", "Họ và tên", "Mã số BHXH", "Số CCCD", "Địa chỉ", "Ngày biên lai", "Số biên lai"]
    paid = ["Mức thu nhập tháng đóng BHXH", "Phương thức đóng", None, "Số tiền đóng", *[None] * 7]
    sheet.append([*who, *paid, "Mã số nhân viên thu", "Ghi chú"])
    paid = ["Số tháng đóng", "Từ tháng/năm", "Số tiền phải đóng theo quy định", "Người tham gia đóng", "Trong đó"]
    sheet.append([*[None] * 8, *paid])
    sheet.append([*[None] * 12, "NSNN hỗ trợ theo quy định", None, "NSĐP hỗ trợ thêm", None, "Hỗ trợ khác", None])
    sheet.append([None] * 12 + ["Tỷ lệ % được hỗ trợ", "Số tiền"] * 3)
    for area in ("I8:J8", "K8:R8", "M9:R9", "M10:N10", "O10:P10", "Q10:R10"):
        sheet.merge_cells(area)
    sheet.append(["A", "B", "C", *range(1, 18)])
    sheet.append(["I", "Tăng"])
    sheet.append(["I.1", "Người tham gia"])
    name, code, card, hamlet, phone = SECRET
    persons = (
        (50, 3, 1_500_000, "Tăng_mới"),
        (40, 6, 2_000_000, "Đóng_tiếp"),
        (20, 1, 1_500_000, "Đóng_tiếp"),
        (20, 1, 1_500_000, "Tăng_mới"),
    )
    for number, (share, months, income, kind) in enumerate(persons, 1):
        total = income * 0.22 * months
        state = 1_500_000 * 0.22 * share / 100 * months
        own = total - state + (5000 if broken and number == 2 else 0)
        where, note = f"{hamlet}, xã Tú Lý, huyện Đà Bắc", f"Đối tượng Khác, P.Thức {kind}, SĐT {phone}"
        person = [number, f"{name} {number}", code, card, where, "05/11/2025", number]
        money = [income, months, "11/2025", total, own, share, state, None, None, None, None]
        sheet.append([*person, *money, COLLECTOR, note])
    sheet.append(["Cộng tăng", *[None] * 9, 1, 1, 130])
    sheet.append(["II", "Giảm"])
    sheet.append(["TỔNG CỘNG (4 người tham gia)"])
    sheet.append([None, "NGƯỜI LẬP BIỂU", None, "CÁN BỘ THU TIỀN"])
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def filed(broken: bool = False, encoding: str = "utf-8") -> bytes:
    """Return the same list as a filing program sends it: XML with codes of communes and no names of them."""
    name, code, card, hamlet, phone = SECRET
    people = []
    persons = ((50, 3, 1_500_000, "Tăng_mới"), (40, 6, 2_000_000, "Đóng_tiếp"))
    for number, (share, months, income, kind) in enumerate(persons, 1):
        total, state = income * 0.22 * months, 1_500_000 * 0.22 * share / 100 * months
        own = total - state + (5000 if broken else 0)
        told = {
            "STT": number,
            "HoTen": f"{name} &amp; {number}",
            "MasoBHXH": code,
            "MucTien": income,
            "Tuthang": "11/2025",
        }
        told |= {"Sothang": months, "Tongtien": f"{total:.0f}", "TienTudong": f"{own:.0f}", "TyleNSNN": share}
        told |= {"TienHotro": f"{state:.0f}", "Ghichu": f"P.Thức {kind}, SĐT {phone}", "CMND": card}
        told |= {"Maxa_DangSS": "03979", "Diachi_DangSS": hamlet}
        people.append("<LaoDong>" + "".join(f"<{tag}>{value}</{tag}>" for tag, value in told.items()) + "</LaoDong>")
    text = f'<?xml version="1.0" encoding="{encoding}"?>\n<D05-TS><ThongTinKhac><SoSoBHXH>2</SoSoBHXH></ThongTinKhac>'
    return (text + f"<NoiDung>{''.join(people)}</NoiDung><Cky>x</Cky></D05-TS>").encode(encoding)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_list_as_xml_becomes_counts_and_asks_for_the_names_of_its_codes(tmp_path, encoding):
    (tmp_path / "D05-TS-595.xml").write_bytes(filed(encoding=encoding))
    assert members_lists.has_list(grids.read_grids(tmp_path / "D05-TS-595.xml"))
    found = members_lists.read_list(tmp_path / "D05-TS-595.xml", DA_BAC)
    assert found.counts["commune"].tolist() == ["", ""]
    findings = [note.en for note in found.notes if note.kind == "finding"]
    assert findings == [
        "2 persons of no known commune",
        'codes of communes without a name: 03979 (2); answer --map "CODE=COMMUNE"',
    ]
    found = members_lists.read_list(tmp_path / "D05-TS-595.xml", DA_BAC, codes={"03979": "Tú Lý"})
    assert found.counts.to_numpy().tolist() == [
        ["Tú Lý", "", "near_poor", 6, "renewal", "2026-05", 1],
        ["Tú Lý", "", "poor", 3, "new", "2026-02", 1],
    ]
    assert not [note for note in found.notes if note.kind == "finding"]
    (tmp_path / "broken.xml").write_bytes(filed(broken=True, encoding=encoding))
    notes = members_lists.read_list(tmp_path / "broken.xml", DA_BAC, codes={"03979": "Tú Lý"}).notes
    assert "2 rows: the own part is not the amount less subsidies" in [note.en for note in notes]


def test_codes_of_communes_are_answered_once(tmp_path, run):
    (tmp_path / "d05.xml").write_bytes(filed())
    args = ("import", tmp_path / "d05.xml", "--place", "da-bac", "--out", tmp_path / "out")
    done = run(*args, "--map", "03979=Tú Lý", "--map", f"{SECRET[1]}=Tú Lý")
    assert done.exit_code == 0, done.output
    assert "03979" in (tmp_path / "out" / "reading.yaml").read_text(encoding="utf-8")
    assert SECRET[1] not in (tmp_path / "out" / "reading.yaml").read_text(encoding="utf-8")
    assert run(*args, "--force").exit_code == 0
    assert (tmp_path / "out" / "due.csv").read_text(encoding="utf-8").splitlines()[1:] == [
        "2026-02,Tú Lý,1,stated",
        "2026-05,Tú Lý,1,stated",
    ]


BOMB = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10 if n else "ha"}">' for n in range(9))
NO_XML = {
    "a bomb of entities": f"<!DOCTYPE D [{BOMB}]><D><LaoDong><HoTen>&e8;</HoTen></LaoDong></D>",
    "a file of this machine": '<!DOCTYPE D [<!ENTITY f SYSTEM "FILE">]><D><LaoDong><HoTen>&f;</HoTen></LaoDong></D>',
    "entities of elsewhere": '<!DOCTYPE D SYSTEM "http://127.0.0.1:9/x.dtd"><D><LaoDong><HoTen>A</HoTen></LaoDong></D>',
    "without end": f"<D><LaoDong><HoTen>{SECRET[0]}</HoTen><MasoBHXH>{SECRET[1]}",
    "too deep": "<D><LaoDong>" + "<x>" * 100_000,
    "too long a field": f"<D><LaoDong><HoTen>{SECRET[0] * 1000}</HoTen></LaoDong></D>",
    "letters that are none": "<?xml version='1.0' encoding='klingon'?><D/>",
}


@pytest.mark.parametrize("kind", NO_XML)
def test_xml_that_defines_or_exceeds_anything_is_refused_without_a_word_of_it(tmp_path, kind):
    kept = tmp_path / "kept.txt"
    kept.write_text("Bí mật của máy", encoding="utf-8")
    (tmp_path / "x.xml").write_text(NO_XML[kind].replace("FILE", kept.as_uri()), encoding="utf-8")
    with pytest.raises(
        UserError, match=r"^x\.xml: an XML file that is damaged, too large, or defines entities"
    ) as told:
        members_lists.read_list(tmp_path / "x.xml", DA_BAC)
    assert told.value.__cause__ is None and told.value.__suppress_context__
    assert not [secret for secret in (*SECRET, "Bí mật") if secret in str(told.value)]


def test_xml_without_a_person_is_refused(tmp_path):
    (tmp_path / "x.xml").write_text("<D05-TS><NoiDung/></D05-TS>", encoding="utf-8")
    with pytest.raises(UserError, match="without a person"):
        grids.read_grids(tmp_path / "x.xml")


def test_persons_of_an_xml_file_are_bounded(tmp_path, monkeypatch):
    monkeypatch.setattr(grids, "MOST_ROWS", 1)
    (tmp_path / "x.xml").write_bytes(filed())
    with pytest.raises(UserError, match="too large"):
        grids.read_grids(tmp_path / "x.xml")


def test_a_list_becomes_counts_by_commune_group_mode_kind_and_month_due(tmp_path):
    (tmp_path / "d05.xlsx").write_bytes(form())
    found = members_lists.read_list(tmp_path / "d05.xlsx", DA_BAC)
    assert found.persons == 4
    assert found.counts.to_numpy().tolist() == [
        ["Tú Lý", NV, "near_poor", 6, "renewal", "2026-05", 1],
        ["Tú Lý", NV, "other", 1, "new", "2025-12", 1],
        ["Tú Lý", NV, "other", 1, "renewal", "2025-12", 1],
        ["Tú Lý", NV, "poor", 3, "new", "2026-02", 1],
    ]
    assert not [note for note in found.notes if note.kind == "finding"]


def test_the_checks_of_the_form_are_findings_by_row(tmp_path):
    (tmp_path / "d05.xlsx").write_bytes(form(broken=True))
    (finding,) = [n for n in members_lists.read_list(tmp_path / "d05.xlsx", DA_BAC).notes if n.kind == "finding"]
    assert (finding.where, finding.en) == ("16", "1 rows: the own part is not the amount less subsidies")


def tk1(merged: bool = True) -> bytes:
    """Return a list of TK1-TS with the form's numbers: three of the scheme, one of another, one that changes data."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(["DANH SÁCH TỜ KHAI THAM GIA (TK1-TS)"])
    who = ["STT", "[01] Họ và tên", "[02] Ngày, tháng, năm sinh", "[03] Giới tính", "[05] Dân tộc"]
    where = ["[06] Nơi đăng ký giấy khai sinh", None, "[07] Địa chỉ nhận kết quả", None, None]
    paid = [
        "[08] Số CCCD",
        "Mã số BHXH",
        "[11] Mức tiền đóng",
        "[12] Phương thức đóng",
        "[04] Nội dung thay đổi, yêu cầu",
    ]
    sheet.append([*who, *where, *paid])
    below = ["[06.1] Xã (phường, thị trấn)", "[06.2] Huyện", "[07.1] Số nhà, thôn, xóm"]
    sheet.append([*[None] * 5, *below, "[07.2] Xã (phường, thị trấn)", "[07.3] Huyện"])
    if merged:
        for area in ("F2:G2", "H2:J2", *(f"{column}2:{column}3" for column in "ABCDEKLMNO")):
            sheet.merge_cells(area)
    name, code, card, hamlet, _phone = SECRET
    persons = (
        ("", 1_500_000, "Hằng tháng", None),
        ("", 1_500_000, "03 tháng", None),
        (code, 2_000_000, "12 tháng", None),
        ("", None, None, None),
        (code, None, None, "Đổi ngày sinh"),
    )
    for number, (own, income, mode, change) in enumerate(persons, 1):
        born = ["01/02/1980", "Nữ", "Mường", "Cao Sơn", "Đà Bắc", hamlet, "Tú Lý", "Đà Bắc"]
        sheet.append([number, f"{name} {number}", *born, card, own, income, mode, change])
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


@pytest.mark.parametrize("merged", [True, False])
def test_a_list_of_tk1_is_counted_where_it_is_of_the_scheme(tmp_path, merged):
    (tmp_path / "tk1.xlsx").write_bytes(tk1(merged))
    found = members_lists.read_list(tmp_path / "tk1.xlsx", DA_BAC, month="2025-05")
    assert found.counts.to_numpy().tolist() == [
        ["Tú Lý", "", "unknown", 1, "new", "2025-06", 1],
        ["Tú Lý", "", "unknown", 3, "new", "2025-08", 1],
        ["Tú Lý", "", "unknown", 12, "unknown", "2026-05", 1],
    ]
    assert [(n.where, n.en[:7]) for n in found.notes if "another scheme" in n.en] == [("7-8", "2 rows:")]
    assert [n.en for n in found.notes if n.en.startswith("columns not")] == [
        "columns not used and not kept: A, D, E, F, G, K"
    ]


def test_the_states_part_is_held_against_the_poverty_line(tmp_path):
    book = openpyxl.load_workbook(io.BytesIO(form()))
    sheet = book.worksheets[0]
    sheet["N15"], sheet["L15"] = sheet["N15"].value - 90_000, sheet["L15"].value + 90_000
    book.save(tmp_path / "d05.xlsx")
    (finding,) = [n for n in members_lists.read_list(tmp_path / "d05.xlsx", DA_BAC).notes if n.kind == "finding"]
    assert (finding.where, finding.en[:32]) == ("15", "1 rows: the part of the state is")


CUT = filed()[:-300]


@pytest.mark.parametrize(
    ("file", "data"),
    [
        ("d05.xlsx", form()),
        ("d05.xlsx", form(broken=True)),
        ("tk1.xlsx", tk1()),
        ("d05.xml", filed()),
        ("d05.xml", filed(broken=True, encoding="utf-16")),
        ("d05.xml", CUT),
    ],
)
def test_nothing_of_a_person_is_written_or_told(tmp_path, monkeypatch, file, data, run):
    """Every file under the folders that a run could write to is searched, memory-backed ones too."""
    source = tmp_path / "source"
    source.mkdir()
    (source / file).write_bytes(data)
    work = tmp_path / "work"
    work.mkdir()
    for name in ("TMPDIR", "HOME", "XDG_CACHE_HOME"):
        monkeypatch.setenv(name, str(work))
    monkeypatch.setattr(tempfile, "tempdir", None)
    shared = Path("/dev/shm")
    before = set(shared.iterdir()) if shared.is_dir() else set()
    written: list[bytes] = []
    kept = os.replace

    def watch(old, new, **more):
        written.append(Path(old).read_bytes())
        return kept(old, new, **more)

    monkeypatch.setattr(os, "replace", watch)
    args = ["import", source / file, "--place", "da-bac", "--out", work / "out", "--map", "month=2025-05"]
    done = run(*args)
    assert done.exit_code == (1 if data is CUT else 0)
    assert "Traceback" not in done.output
    files = [p for p in work.rglob("*") if p.is_file()]
    files += [p for p in (set(shared.iterdir()) - before if shared.is_dir() else ()) if p.is_file()]
    texts = [done.output.encode(), *written, *(path.read_bytes() for path in files)]
    assert len(files) >= 3 or data is CUT
    for secret in (*SECRET, COLLECTOR):
        for form_of in (secret.encode(), secret.encode("utf-16-le"), secret.split()[-1].encode()):
            assert not any(form_of in text for text in texts), secret


def test_a_list_of_members_due_is_counted_by_its_dates(tmp_path):
    book = openpyxl.Workbook()
    book.active.append(["STT", "Họ và tên", "Mã số BHXH", "Địa chỉ", "Ngày đến hạn", "Số phải đóng", "Phương thức"])
    for number in range(3):
        book.active.append([number, "Bùi Thị Kín", "791", "xã Cao Sơn, huyện Đà Bắc", f"1{number}/12/2025", 330_000, 1])
    book.save(tmp_path / "due.xlsx")
    found = members_lists.read_list(tmp_path / "due.xlsx", DA_BAC)
    assert members_lists.due(found.counts).to_numpy().tolist() == [["2025-12", "Cao Sơn", 3]]


@pytest.mark.parametrize("seed", [1, 8])
def test_a_sample_of_a_list_comes_back_as_it_was_made_and_stays_marked(tmp_path, run, seed):
    args = ("--layout", "list", "--since", "2023-01", "--months", 3, "--seed", seed, "--out", tmp_path / "s")
    assert run("sample", "da-bac", *args).exit_code == 0
    done = run("import", tmp_path / "s" / "da-bac.xlsx", "--place", "da-bac", "--out", tmp_path / "l")
    assert done.exit_code == 0, done.output
    made = sample.invented(DA_BAC, "2023-01", 3, seed)
    read = own_counts.listed(tmp_path / "l" / "member-counts.csv")
    assert set(read["status"]) == {"synthetic"}
    new = read[read["kind"] == "new"].groupby("commune")["persons"].sum()
    entries = made.groupby("commune")["entries"].sum()
    assert new.to_dict() == entries[entries > 0].to_dict()
    assert sum(own_counts.renewed(read, DA_BAC_NAMES)) == (0.2 * made["members"]).round().sum()
    assert set(read["area"]) == {"Cụm 1", "Cụm 2", "Cụm 3", "Cụm 4"}
    reading = (tmp_path / "l" / "reading.csv").read_text(encoding="utf-8")
    assert "a sample with invented persons" in reading
    assert "not income" not in reading
    assert "Người mẫu" not in reading + (tmp_path / "l" / "member-counts.csv").read_text(encoding="utf-8")
