"""Settings from outside: bounded before they are made, and each fault of a parser is one message of bounded length."""

import json
import time
from functools import partial

import pytest

from forecast.checks.check import as_text
from forecast.checks.findings import FAULT, Finding
from forecast.data import doors, letters, tables
from forecast.data.tables import UserError
from forecast.timeseries import table as series

BOMB = ["m0: &m0 {k: 1}"] + [f"m{n}: &m{n} {{<<: [{','.join([f'*m{n - 1}'] * 9)}]}}" for n in range(1, 9)]
TWICE = ["a0: &a0 [x]"] + [f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]" for n in range(1, 30)]
YAML = {
    "merges of merges": ("\n".join(BOMB), "point back"),
    "lists of lists": ("\n".join(TWICE), "point back"),
    "one that holds itself": ("a: &a [*a]", "point back"),
    "many pointers": ("a: &a 1\nb: [" + ",".join(["*a"] * 101) + "]", "point back"),
    "deep in brackets": ("[" * 500 + "]" * 500, "nests too deep"),
    "deep in dashes": ("- " * 300 + "x", "nests too deep"),
    "deep in braces": ("{a: " * 60 + "1" + "}" * 60, "nests too deep"),
    "many values": ("[" + "1," * 60_000 + "]", "more than 50,000 values"),
    "a day that is none": ("start: 2021-13-45", "month"),
    "another day that is none": ("a: 2021-02-30", "day"),
    "a key that is a list": ("? [a]\n: 1", "YAML"),
    "a number of many digits": ("a: " + "9" * 5000, "YAML"),
    "an object of Python": ("a: !!python/object/apply:os.system [echo]", "YAML"),
    "a control character": ("a: \x00", "YAML"),
    "half a bracket": ("a: [", "YAML"),
}


@pytest.mark.parametrize("case", YAML)
def test_yaml_that_cannot_be_taken_is_refused_at_once_in_words(case, tmp_path):
    text, words = YAML[case]
    path = tmp_path / "x.yaml"
    path.write_text(text, encoding="utf-8")
    since = time.process_time()
    with pytest.raises(UserError, match=words) as told:
        doors.read_yaml(path)
    assert time.process_time() - since < 5
    assert "x.yaml" in str(told.value)


def test_yaml_as_people_write_it_is_read(tmp_path):
    path = tmp_path / "x.yaml"
    path.write_text("\ufeffa: &a {b: 1}\nc: *a\nd: {<<: *a, e: Đà Bắc}\n", encoding="utf-8")
    assert doors.read_yaml(path) == {"a": {"b": 1}, "c": {"b": 1}, "d": {"b": 1, "e": "Đà Bắc"}}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[" * 100_000, "nests too deep"),
        ("[" * 60 + "]" * 60, "nests too deep"),
        ("[" + "1," * 60_000 + "1]", "more than 50,000 values"),
        ("9" * 5000, "JSON"),
        ("{", "JSON"),
        ('"' + "x" * 1_100_000 + '"', "expected at most 1 MB"),
    ],
)
def test_json_that_cannot_be_taken_is_refused_in_words(text, words, tmp_path):
    path = tmp_path / "x.json"
    path.write_text(text)
    with pytest.raises(UserError, match=words):
        doors.read_json(path)


def test_what_is_no_text_is_named(tmp_path):
    path = tmp_path / "x.yaml"
    path.write_bytes("Đà Bắc".encode("utf-16"))
    for read in (doors.read_yaml, doors.read_json):
        with pytest.raises(UserError, match="expected text in UTF-8"):
            read(path)
        with pytest.raises(UserError, match="no such file"):
            read(tmp_path / "never")


def test_a_message_is_short_and_moves_no_cursor():
    text = doors.shortened("\n".join(f"row {n}: found \x1b[2J{'x' * 5000} expected a month" for n in range(30_000)))
    lines = text.splitlines()
    assert len(lines) == doors.MOST_FAULTS
    assert all(len(line) <= doors.MOST_LETTERS for line in lines)
    assert lines[0].startswith("row 0: found ?") and lines[0].endswith("expected a month")
    assert lines[-1] == "and 29,981 more"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"until": "9999-12"}, "until: 9999-12 is 95,766 months after start; expected at most 1,200"),
        ({"scenario": "x\u202ey"}, "control characters"),
        ({"scenario": "x\x1b[2J"}, "control characters"),
        ({"assumptions": {"death_rate": 1e308}}, "death_rate"),
    ],
)
def test_questions_without_measure_are_refused(changes, words, command, tmp_path):
    asked = {"scenario": "x", "place": "Đà Bắc", "start": "2019-06", "until": "2020-12"} | changes
    (tmp_path / "x.yaml").write_text(json.dumps(asked), encoding="utf-8")
    said = command("check", tmp_path / "x.yaml", "--lang", "en", code=1)
    assert words in said


@pytest.mark.parametrize(
    "changes",
    [{"draws": 10**9}, {"draws": 2**70}, {"seed": -1}, {"scenarios": [{}] * 300}, {"engines": ["stock"] * 99}],
)
def test_a_manifest_without_measure_is_refused(changes, command, tmp_path):
    asked = {"scenario": "x", "file": "x.yaml", "fingerprint": "0"}
    facts = {"scenarios": [asked], "engines": ["stock"], "draws": 2, "seed": 1, "code": "0", "data": {}, "versions": {}}
    (tmp_path / "manifest.json").write_text(json.dumps(facts | {"sha256": {"projection.parquet": "0"}} | changes))
    said = command("replay", tmp_path / "manifest.json", code=1)
    assert f"not the manifest of a run of forecast project ({next(iter(changes))}" in said
    facts["scenarios"] = [asked | {"file": "x\0.yaml"}]
    (tmp_path / "manifest.json").write_text(json.dumps(facts | {"sha256": {}}))
    assert "scenarios.0.file" in command("replay", tmp_path / "manifest.json", code=1)


def test_of_a_long_list_of_what_was_expected_the_first_are_told():
    names = ", ".join(f"parameter_{n}" for n in range(90))
    said = doors.shortened(f"forecast: {'/a/very/long' * 20}/mine.yaml: assumptions.x: no such parameter: {names}")
    assert len(said) <= doors.MOST_LETTERS
    assert "mine.yaml: assumptions.x: no such parameter: parameter_0, parameter_1" in said and said.endswith(", …")


@pytest.mark.parametrize("lang", ["vi", "en"])
def test_a_table_of_thirty_thousand_faults_is_told_in_a_few_lines(lang):
    found = [Finding("a.csv", row, "schema", "", FAULT, f"row {row}", f"dòng {row}") for row in range(2, 30_002)]
    found.append(Finding("b.csv", 2, "schema", "", FAULT, "of another", "của tệp khác"))
    lines = as_text(found, lang).splitlines()
    assert len(lines) == 2 * doors.MOST_FAULTS + 2 + 2
    assert "a.csv: và 29980 lỗi nữa" in lines or "a.csv: and 29980 more faults" in lines
    assert lines[-1].startswith("30001 ")


@pytest.mark.parametrize("read", [partial(tables.read, table="counts", by_hand=True), series.read])
def test_a_table_by_hand_may_be_utf_16_and_a_workbook_in_its_place_is_told_as_one(tmp_path, read):
    path = tmp_path / "t.csv"
    text = "place\tmonth\tvalue\nĐà Bắc\t2026-06\t12\n"
    path.write_text(text, encoding="utf-16")
    assert read(path)["place"].tolist() == ["Đà Bắc"]
    path.write_bytes("\ufeffplace".encode("utf-16-le") + b"\x00")  # cut within a letter
    with pytest.raises(UserError, match="not UTF-8 text"):
        read(path)
    for head in doors.WORKBOOKS:
        path.write_bytes(head + b"\x14\x00")
        with pytest.raises(UserError) as told:
            read(path)
        assert "a workbook" in told.value.text("en") and "là tệp bảng tính" in told.value.text("vi")


@pytest.mark.parametrize("end", ["\r", "\n", "\r\n"])
@pytest.mark.parametrize("read", [partial(tables.read, table="counts", by_hand=True), series.read])
def test_lines_may_end_as_any_system_ends_them(tmp_path, read, end):
    path = tmp_path / "t.csv"
    path.write_bytes(end.join(["place;month;value", "Đà Bắc;2026-06;12", "Cà Mau;2026-06;1271,0"]).encode())
    assert read(path)["place"].tolist() == ["Đà Bắc", "Cà Mau"]


BY_HAND = "nơi;tháng\nĐà Bắc;2026-06\nMường Chiềng, xã Tú Lý;2026-07\n"


@pytest.mark.parametrize("bytes_of", [letters.to_1258, letters.to_tcvn3, letters.to_vni])
def test_letters_of_before_unicode_are_read_where_they_make_vietnamese(tmp_path, bytes_of):
    saved = bytes_of(BY_HAND)
    path = tmp_path / "t.csv"
    path.write_bytes(saved if isinstance(saved, bytes) else saved.encode("latin-1"))
    assert doors.table_text(path).casefold() == BY_HAND.casefold()
    plain = "unit;2026-06\n" * 3000  # letters that begin late tell as well
    path.write_bytes(plain.encode() + path.read_bytes())
    assert doors.table_text(path).casefold() == (plain + BY_HAND).casefold()


@pytest.mark.parametrize("damage", [b"T\xc3 L\xc3\xbd", b"Espa\xf1a", b"\xef\xbb\xbfT\xff", b"\x80\x81\x82"])
def test_bytes_that_make_no_vietnamese_are_refused_and_not_read_as_another_name(tmp_path, damage):
    path = tmp_path / "t.csv"
    path.write_bytes(b"place;month\n" + damage + b";2026-06\n")
    with pytest.raises(UserError, match="not UTF-8 text"):
        doors.table_text(path)
