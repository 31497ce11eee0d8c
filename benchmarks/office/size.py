"""Seconds and memory of `forecast import` for a province's year and for a long list of persons.

    python benchmarks/office/size.py --persons 50000

The year is that of a sample of Lào Cai (152 communes until June 2025): twelve sheets in one workbook, months across,
and twelve files read one after another by one process. The list is a D05-TS of invented persons without names in the
twenty columns of Decision 490. Each import is a process of its own; memory is the most that it held (Linux tells it).
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import openpyxl

from forecast.data import places
from forecast.data.places import Place
from forecast.exchange import layouts, spreadsheet

WATCHED = """
import atexit, runpy, sys
def held():
    with open("/proc/self/status") as file:
        print("\\n" + next(line for line in file if line.startswith("VmHWM")).split()[1])
atexit.register(held)
sys.argv[0] = "forecast"
runpy.run_module("forecast", run_name="__main__")
"""
PLACE = "lao-cai"
SINCE = "2024-01"


def listed(place: Place, persons: int, path: Path) -> None:
    """Write a D05-TS of invented persons, spread evenly over the communes of a place."""
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("D05-TS")
    sheet.append(["DANH SÁCH NGƯỜI THAM GIA BẢO HIỂM XÃ HỘI TỰ NGUYỆN"])
    who = ["STT", "Họ và tên", "Mã số BHXH", "Số CCCD", "Địa chỉ", "Ngày biên lai", "Số biên lai"]
    paid = ["Mức thu nhập tháng đóng BHXH", "Số tháng đóng", "Từ tháng/năm", "Số tiền phải đóng theo quy định"]
    paid += ["Người tham gia đóng", "NSNN hỗ trợ: Tỷ lệ %", "NSNN hỗ trợ: Số tiền", "NSĐP hỗ trợ: Tỷ lệ %"]
    paid += ["NSĐP hỗ trợ: Số tiền", "Hỗ trợ khác: Tỷ lệ %", "Hỗ trợ khác: Số tiền", "Mã số nhân viên thu", "Ghi chú"]
    sheet.append([*who, *paid])
    communes = [unit.rpartition("/")[2] for unit in place.communes["commune"]]
    for number in range(1, persons + 1):
        months, share = (1, 3, 6, 12)[number % 4], (50, 40, 30, 20)[number // 4 % 4]
        income = 1_500_000 + 50_000 * (number % 7)
        total, state = 0.22 * income * months, 0.22 * 1_500_000 * share / 100 * months
        kind = "Tăng_mới" if number % 5 == 0 else "Đóng_tiếp"
        person = [number, f"Người mẫu {number}", f"MẪU{number:06d}", f"{number:012d}"]
        person += [f"Thôn {number % 9}, xã {communes[number % len(communes)]}", "05/11/2025", number]
        money = [income, months, "11/2024", total, total - state, share, state, None, None, None, None]
        sheet.append([*person, *money, f"NV{number % 40}", f"P.Thức {kind}"])
    book.save(path)


def imported(file: Path, out: Path) -> tuple[float, float, float]:
    """Return seconds of the clock, of processors, and megabytes of an import that ends well."""
    command = [sys.executable, "-c", WATCHED, "import", str(file), "--place", PLACE, "--out", str(out), "--lang", "en"]
    begun = time.perf_counter()
    child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    told = child.stdout.read().decode() if child.stdout else ""
    _, status, used = os.wait4(child.pid, 0)
    if status:
        raise SystemExit(told)
    return time.perf_counter() - begun, used.ru_utime + used.ru_stime, int(told.split()[-1]) / 1024


def main() -> None:
    """Run and tell."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--persons", type=int, default=50_000)
    asked = parser.parse_args()
    place = places.read_place(PLACE, at=SINCE)
    print(f"{place.name}: {len(place.communes)} communes", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        for layout in ("sheets", "across-measures"):
            (home / f"{layout}.xlsx").write_bytes(layouts.laid_out(place, layout, SINCE, months=12))
            tell(f"a year, {layout}", *imported(home / f"{layout}.xlsx", home / layout))
        months = [f"2024-{month:02d}" for month in range(1, 13)]
        for month in months:
            (home / f"{month}.xlsx").write_bytes(layouts.laid_out(place, "title", month))
        clock, processor = time.perf_counter(), time.process_time()
        for month in months:
            spreadsheet.read(home / f"{month}.xlsx", PLACE)
        tell("a year, twelve files", time.perf_counter() - clock, time.process_time() - processor)
        listed(place, asked.persons, home / "list.xlsx")
        tell(f"a D05-TS of {asked.persons:,} persons", *imported(home / "list.xlsx", home / "list"))


def tell(what: str, seconds: float, processor: float, memory: float | None = None) -> None:
    """Print one line."""
    held = "" if memory is None else f", {memory:.0f} MB"
    print(f"{what}: {seconds:.1f} s, {processor:.1f} s of processor time{held}", flush=True)


if __name__ == "__main__":
    main()
