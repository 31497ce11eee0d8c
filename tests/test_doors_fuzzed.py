"""Any input gives an answer or one message: hypothesis mutates good files, 300 times a door, `make fuzz` 10,000."""

import json
import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from forecast.cli.common import read_scenarios
from forecast.data import doors, tables, toy
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
# What parsers stumble over, put anywhere.
TOKENS = [
    *("", "\x00", "\x1b[2J", "\ufeff", "\u202e", "\r", "\n\n", '"', "'", ",", ";", ":", "- ", "[", "{", "}", "]"),
    *("&a ", "*a", "<<: *a\n", "!!python/name:os.system", "null", "NaN", "1e308", "-1e308", "1e400", "-1", "0", "0x10"),
    *("9999-12", "0000-00", "2021-02-30", "2021-13", "2021-12-31T00:00:00+99:99", "999999999", "9" * 400, "true"),
    *("%s" * 50, "Đ" * 3000, "=1+1", "＝1+1", "[" * 300, "- " * 300, "{a: " * 100, "2020Q9", "2020-W60", "\udcff"),
    *("unique_id,ds,y\n", "..", "1_000"),
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
    "text as spreadsheet": ("x.csv", "Xã;Tháng;Đang tham gia\nA;2021-01;5\n".encode(), read_grids),
}
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
        path.write_bytes(edited(whole, edits))
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
