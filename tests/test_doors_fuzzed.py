"""Any input gives an answer or one message: hypothesis mutates good files, 300 times a door, `make fuzz` 10,000."""

import datetime
import io
import json
import os
import time
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

from forecast.cli.common import read_scenarios
from forecast.data import doors, places, tables, toy
from forecast.exchange import members_lists, own_counts, spreadsheet
from forecast.exchange.layouts import laid_out
from forecast.exchange.reading import answers
from forecast.exchange.reading.grids import read_grids
from forecast.exchange.sample import sample
from forecast.experiment import manifest
from forecast.timeseries import baseline, effects, reconcile

pytestmark = pytest.mark.slow

TIMES = int(os.environ.get("FUZZ", "300"))
SECONDS = 10
SERIES = "unique_id,ds,y\n" + "".join(f"{n},20{y},{y * n + 3}\n" for n in (1, 2) for y in range(10, 18))
SCENARIO = """scenario: thử
place: Đà Bắc
start: 2019-06
until: 2020-12
title: {vi: Thử, en: A try}
target: {measure: members, value: 750, by: 2020-12}
policy:
  - {lever: TopUp, group: poor, share: 0.2, start: 2019-07}
  - &v {lever: Visits, count: 30, where: {count: 2}}
assumptions: {death_rate: 0.004, entry_rate: {value: 0.05, low: 0.04, high: 0.06}}
"""
MANIFEST = json.dumps(
    {
        "scenarios": [{"scenario": "x", "file": "x.yaml", "fingerprint": "0", "parameters": "priors"}],
        "engines": ["stock"],
        "draws": 2,
        "seed": 1,
        "code": "0",
        "data": {"a": "b"},
        "versions": {"numpy": "2"},
        "sha256": {"projection.parquet": "0"},
    }
)
DA_BAC = places.read_place("Đà Bắc", at="2023-01")
LIST = """STT;Họ và tên;Mã số BHXH;Địa chỉ;Điểm thu;Mức thu nhập;Số tháng đóng;Từ tháng/năm;Số tiền phải đóng;Ghi chú
1;A;7912345678;xã Tú Lý, huyện Đà Bắc;Cụm 1;1500000;3;11/2024;990000;P.Thức Tăng_mới
2;B;7912345679;xã Cao Sơn, huyện Đà Bắc;Cụm 2;1.500.000;1;12/2024;330.000;P.Thức Đóng_tiếp
"""
FILED = """<?xml version="1.0" encoding="utf-8"?><D05-TS><NoiDung><LaoDong><HoTen>A</HoTen><MucTien>1500000</MucTien>
<Sothang>3</Sothang><Tuthang>11/2024</Tuthang><Maxa_DangSS>03979</Maxa_DangSS></LaoDong></NoiDung></D05-TS>"""
# What parsers stumble over, put anywhere.
TOKENS = [
    *("", "\x00", "\x1b[2J", "\ufeff", "\u202e", "\r", "\n\n", '"', "'", ",", ";", ":", "- ", "[", "{", "}", "]"),
    *("&a ", "*a", "<<: *a\n", "!!python/name:os.system", "null", "NaN", "1e308", "-1e308", "1e400", "-1", "0", "0x10"),
    *("9999-12", "0000-00", "2021-02-30", "2021-13", "2021-12-31T00:00:00+99:99", "999999999", "9" * 400, "true"),
    *("%s" * 50, "Đ" * 3000, "=1+1", "＝1+1", "[" * 300, "- " * 300, "{a: " * 100, "2020Q9", "2020-W60", "\udcff"),
    *("unique_id,ds,y\n", "..", "1_000", "<!DOCTYPE a [<!ENTITY b 'c'>]>", "<v>1e999</v>", "&b;", "<LaoDong>" * 60),
]  # fmt: skip


def csv_series(path: Path) -> None:
    frame = baseline.read(path)
    for case in baseline.series_of(frame, None, path.name):
        baseline.ahead(case, 2, path.name)


DOORS: dict[str, tuple[str, bytes, Callable[[Path], object]]] = {
    "scenario": ("x.yaml", SCENARIO.encode(), lambda path: read_scenarios([path])),
    "series": ("x.csv", SERIES.encode(), csv_series),
    "hierarchy": ("x.csv", b"unique_id,parent\n1,all\n2,all\n", lambda p: reconcile.tree(baseline.read(p), p.name)),
    "events": (
        "x.csv",
        b"date,kind,size,lasting\n2015,law,-0.2,lasting\n2016,flood,,passing\n",
        lambda p: effects.events_of(baseline.read(p), p.name),
    ),
    "table": (
        "law.csv",
        (tables.data_dir() / "law.csv").read_bytes()[:3000].rpartition(b"\n")[0] + b"\n",
        lambda path: tables.read(path, "law"),
    ),
    "manifest": ("manifest.json", MANIFEST.encode(), manifest.read),
    "answers": (
        "reading.yaml",
        b'answers: {members: E, "Tu Li": Tu Ly, year: 2023}\n',
        lambda path: answers.parse(answers.load(path.parent)),
    ),
    "spreadsheet": ("x.xlsx", sample(toy.place(), since="2021-01", months=2, seed=1), read_grids),
    "workbook": (
        "x.xlsx",
        sample(DA_BAC, since="2023-01", months=1, seed=1),
        lambda path: spreadsheet.read(path, "da-bac"),
    ),
    "months across": (
        "x.xlsx",
        laid_out(DA_BAC, "across-measures", "2023-01", months=2),
        lambda path: spreadsheet.read(path, "da-bac"),
    ),
    "list of persons": ("x.csv", LIST.encode(), lambda path: members_lists.read_list(path, DA_BAC)),
    "list as XML": ("x.xml", FILED.encode(), lambda path: members_lists.read_list(path, DA_BAC)),
    "counts of a list": ("x.csv", b"commune,area,kind,due,persons\nA,B,new,2026-01,3\n", own_counts.listed),
    "text as spreadsheet": ("x.csv", "Xã;Tháng;Đang tham gia\nA;2021-01;5\n".encode(), read_grids),
}
CELLS = ("workbook", "months across")  # edited by cell: a packed file whose bytes are edited is mostly damaged
EDITS = st.lists(
    st.tuples(
        st.sampled_from(["put", "cut", "flip", "twice"]),
        st.floats(0, 1, exclude_max=True),
        st.integers(1, 40),
        st.sampled_from(TOKENS),
    ),
    min_size=1,
    max_size=6,
)


def edited(data: bytes, edits: list[tuple[str, float, int, str]]) -> bytes:
    """Return data with a few things put in, cut out, flipped or said twice."""
    for kind, where, length, token in edits:
        at = int(where * (len(data) + 1))
        if kind == "put":
            data = data[:at] + token.encode("utf-8", "surrogateescape") + data[at:]
        elif kind == "cut":
            data = data[:at] + data[at + length :]
        elif kind == "twice":
            data = data[: at + length] + data[at:]
        elif at < len(data):
            data = data[:at] + bytes([data[at] ^ 1 << length % 8]) + data[at + 1 :]
    return data


def recelled(data: bytes, edits: list[tuple[str, float, int, str]]) -> bytes:
    """Return a workbook with cells put, emptied, made another number, or a row said twice: a sound file, odd inside."""
    sheet = openpyxl.load_workbook(io.BytesIO(data)).worksheets[0]
    rows = [list(row) for row in sheet.iter_rows(values_only=True)]
    for kind, where, length, token in edits:
        y, x = divmod(int(where * len(rows) * len(rows[0])), len(rows[0]))
        if kind == "put":
            rows[y][x] = ILLEGAL_CHARACTERS_RE.sub("", token.encode("utf-8", "ignore").decode())[:32_000]
        elif kind == "cut":
            rows[y][x : x + length] = [None] * len(rows[y][x : x + length])
        elif kind == "twice":
            rows.insert(y, list(rows[y]))
        else:
            rows[y][x] = [-1, 0.5, 1e15, 1e308, 44927, True, "1.764", "12 345", datetime.date(1900, 1, 1)][length % 9]
    book = openpyxl.Workbook()
    for row in rows:
        book.worksheets[0].append(row)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


@pytest.mark.parametrize("door", DOORS)
def test_any_input_gets_an_answer_or_one_message(door, tmp_path):
    name, whole, read = DOORS[door]
    read_as_it_is = tmp_path / name
    read_as_it_is.write_bytes(whole)
    read(read_as_it_is)
    refused = 0

    @settings(max_examples=TIMES, suppress_health_check=list(HealthCheck))
    @given(EDITS)
    def tried(edits):
        nonlocal refused
        path = tmp_path / name
        path.write_bytes(recelled(whole, edits) if door in CELLS else edited(whole, edits))
        since = time.process_time()
        try:
            read(path)
        except tables.UserError as error:
            refused += 1
            text = doors.shortened(f"forecast: {error}")
            assert text.strip() and len(text.splitlines()) <= doors.MOST_FAULTS
            assert max(map(len, text.splitlines())) <= doors.MOST_LETTERS
        assert time.process_time() - since < SECONDS

    tried()
    assert refused > TIMES // 20  # the mutations reach what is refused
