"""A list of persons becomes counts; no name, code or address is written anywhere, or told."""

import io
import os
import tempfile
from pathlib import Path

import openpyxl
import pytest

from forecast.data import places
from forecast.exchange import members_lists

DA_BAC = places.read_place("Đà Bắc", at="2023-01")
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


@pytest.mark.parametrize("broken", [False, True])
def test_nothing_of_a_person_is_written_or_told(tmp_path, monkeypatch, broken, run):
    """Every file under the folders that a run could write to is searched, memory-backed ones too."""
    source = tmp_path / "source"
    source.mkdir()
    (source / "d05.xlsx").write_bytes(form(broken))
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
    args = ["import", source / "d05.xlsx", "--place", "da-bac", "--out", work / "out", "--map", "month=2025-11"]
    done = run(*args)
    assert done.exit_code in (0, 1)
    assert "Traceback" not in done.output
    files = [p for p in work.rglob("*") if p.is_file()]
    files += [p for p in (set(shared.iterdir()) - before if shared.is_dir() else ()) if p.is_file()]
    texts = [done.output.encode(), *written, *(path.read_bytes() for path in files)]
    assert len(files) >= 3 or done.exit_code == 1
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
