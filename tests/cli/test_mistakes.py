"""Natural mistakes at the command line: understood where there is one reading, else told or asked about."""

import re

import pytest

from forecast.data import new_counts, tables
from forecast.question.levers import TopUp
from forecast.question.scenario import read_scenario
from forecast.question.scenario_file import scenario_form

FILE = """scenario: mine
place: Đà Bắc
start: 2019-06
until: 2020-12
target: {measure: members, value: 750, by: 2020-12}
policy:
  - {lever: TopUp, group: poor, share: 0.2, start: 2019-07}
"""


def mine(folder, *changes):
    """Write a scenario with some words replaced."""
    text = FILE
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    path = folder / "mine.yaml"
    path.write_text(text, encoding="utf-8")
    return path


# What has one reading: how it is written, in place of what.
READ = {
    "month first": [("until: 2020-12", "until: 12/2020"), ("start: 2019-07", "start: tháng 7/2019")],
    "percent": [("share: 0.2", "share: 20%")],
    "decimal comma": [("share: 0.2", "share: '0,20'")],
    "the group in Vietnamese": [("group: poor", "group: hộ nghèo")],
    "the group without diacritics": [("group: poor", "group: ho ngheo")],
    "the place without diacritics": [("place: Đà Bắc", "place: da bac")],
    "the lever in small letters": [("lever: TopUp", "lever: top_up")],
    "what is counted in Vietnamese": [("measure: members", "measure: số người đang tham gia")],
    "another name of what is counted": [("measure: members", "measure: Thành viên")],
    "the kind of place before its name": [("place: Đà Bắc", "place: Huyện Đà Bắc")],
    "the kind of place and what it lies in": [("place: Đà Bắc", "place: 'huyện Đà Bắc, tỉnh Hòa Bình'")],
    "the lever in short": [("lever: TopUp", "lever: hỗ trợ thêm")],
    "the end of a year in words": [("until: 2020-12", "until: hết năm 2020")],
    "a month by its English name": [("until: 2020-12", "until: Dec 2020")],
    "people with their unit": [("value: 750", "value: 750 người")],
    "who pays in short": [("share: 0.2,", "share: 0.2, payer: tỉnh,")],
}


@pytest.mark.parametrize("mistake", READ)
def test_what_has_one_reading_is_understood(mistake, tmp_path):
    plain, read = read_scenario(mine(tmp_path)), read_scenario(mine(tmp_path, *READ[mistake]))
    assert scenario_form(read) == scenario_form(plain)
    assert isinstance(read.policy.levers[0], TopUp) and read.policy.levers[0].share == 0.2


# Units of levers in Vietnamese: a lever as it is written, and as programs write it.
WRITTEN = {
    "visits by commune": ("{lever: thăm hộ, count: 10, per: xã}", "{lever: Visits, count: 10, per: commune}"),
    "visits by household": ("{lever: Visits, count: 1, per: mỗi hộ}", "{lever: Visits, count: 1, per: household}"),
    "collectors in the whole place": (
        "{lever: nhân viên thu, count: 90, per: toàn huyện}",
        "{lever: Collectors, count: 90, per: place}",
    ),
    "meetings by year": (
        "{lever: hội nghị, count: 6, every: năm, per: thôn}",
        "{lever: Meetings, count: 6, every: year, per: hamlet}",
    ),
    "the farthest first": ("{lever: thứ tự thăm hộ, first: nơi xa trước}", "{lever: VisitOrder, first: farthest}"),
    "quota of officials": (
        "{lever: khoán chỉ tiêu, per_month: 1, holder: cán bộ, staff: 9}",
        "{lever: Quota, per_month: 1, holder: staff, staff: 9}",
    ),
    "where": (
        "{lever: tập huấn, where: {count: 3, order: nghèo nhất}}",
        "{lever: Training, where: {count: 3, order: poorest}}",
    ),
    "everywhere": ("{lever: Reminders, where: tất cả các xã}", "{lever: Reminders, where: all}"),
    "a price in words": ("{lever: Training, unit_cost: 1,5 triệu đồng}", "{lever: Training, unit_cost: 1500000}"),
}


@pytest.mark.parametrize("lever", WRITTEN)
def test_levers_and_their_units_are_understood_in_vietnamese(lever, tmp_path):
    written, plain = (one.replace("1,5 triệu đồng", "'1,5 triệu đồng'") for one in WRITTEN[lever])
    old = "{lever: TopUp, group: poor, share: 0.2, start: 2019-07}"
    read = read_scenario(mine(tmp_path, (old, written)))
    assert scenario_form(read) == scenario_form(read_scenario(mine(tmp_path, (old, plain))))


def commune(name):
    return [("start: 2019-07}", "start: 2019-07, where: {communes: [" + name + "]}}")]


def test_a_commune_is_understood_without_diacritics(tmp_path):
    for written in ("tu ly", "Xã Tú Lý", "xa tu ly"):
        read = read_scenario(mine(tmp_path, *commune(written)))
        assert read.plan.top_up[5].any(axis=1).sum() == 1


# What is told or asked about: what is written in place of what, then what is said in English and in Vietnamese.
TOLD = {
    "a key with a typing error": (
        [("until:", "untill:")],
        "mine.yaml, line 4: untill: this key is not permitted (found '2020-12'); did you mean until?",
        "mine.yaml, dòng 4: untill: không có mục này (thấy '2020-12'); có phải ý bạn là until?",
    ),
    "a month that is none": (
        [("until: 2020-12", "until: 13/2020")],
        "line 4: until: found '13/2020', expected a month YYYY-MM, such as 2021-12 (or 12/2021)",
        "dòng 4: until: thấy '13/2020', cần tháng dạng NĂM-THÁNG như 2021-12 (hoặc 12/2021)",
    ),
    "a year for a month": (
        [("until: 2020-12", "until: 2020")],
        "line 4: until: found 2020, which is a year; expected a month, such as 2020-01 or 2020-12",
        "dòng 4: until: thấy 2020 là năm; cần tháng, như 2020-01 hoặc 2020-12",
    ),
    "a year in words": (
        [("by: 2020-12", "by: năm 2020")],
        "line 5: target.by: found năm 2020, which is a year; expected a month, such as 2020-01 or 2020-12",
        "dòng 5: target.by: thấy năm 2020 là năm; cần tháng, như 2020-01 hoặc 2020-12",
    ),
    "a key in Vietnamese": (
        [("target:", "mục tiêu:")],
        "line 5: mục tiêu: this key is not permitted (found …); did you mean target?",
        "dòng 5: mục tiêu: không có mục này (thấy …); có phải ý bạn là target?",
    ),
    "a name that several places have": (
        [("place: Đà Bắc", "place: xã Tân Thành")],
        '"xã Tân Thành" is the name of',
        '"xã Tân Thành" là tên của',
    ),
    "a kind of place with a typing error in the name": (
        [("place: Đà Bắc", "place: huyện Đà Bắk")],
        'there is no place "huyện Đà Bắk"; nearest: Đà Bắc',
        'không có địa phương "huyện Đà Bắk"; gần giống: Đà Bắc',
    ),
    "a share above one": (
        [("share: 0.2", "share: 20")],
        "line 7: policy.0.TopUp.share: found 20, expected a number less than or equal to 1; did you mean 20%?",
        "dòng 7: policy.0.TopUp.share: thấy 20, cần một số không quá 1; có phải ý bạn là 20%?",
    ),
    "thousands with a point": (
        [("value: 750", "value: 116.400")],
        "line 5: target.value: found 116.4, expected whole persons; did you mean 116400?",
        "dòng 5: target.value: thấy 116.4, cần số người nguyên; có phải ý bạn là 116400?",
    ),
    "whole thousands with a point": (
        [("value: 750", "value: 50.000")],
        "mine.yaml, line 5: 50.000 may be 50 or 50000; expected a number without a dot for thousands",
        "mine.yaml, dòng 5: 50.000 có thể là 50 hoặc 50000; hãy ghi số không có dấu chấm hàng nghìn",
    ),
    "thousands with a comma": (
        [("value: 750", "value: 20,000")],
        "mine.yaml, line 5: 20,000: in braces a comma ends a number; expected digits, with a point for decimals",
        "mine.yaml, dòng 5: 20,000: trong ngoặc nhọn, dấu phẩy kết thúc một số; cần viết số không có dấu phẩy",
    ),
    "a key that stands twice": (
        [("until: 2020-12", "until: 2020-12\nstart: 2019-01")],
        "mine.yaml, line 5: 'start' stands in line 3 already; expected each key once",
        "mine.yaml, dòng 5: 'start' đã có ở dòng 3; mỗi mục chỉ ghi một lần",
    ),
    "a lever outside the months": (
        [("start: 2019-07}", "start: 2021-07}")],
        "line 7: policy.0.TopUp: it never acts: expected one of its months within 2019-07 to 2020-12",
        "dòng 7: policy.0.TopUp: giải pháp này không có tháng nào trong kỳ 2019-07 đến 2020-12",
    ),
    "a lever with a typing error": (
        [("lever: TopUp", "lever: TopUpp")],
        "line 7: policy.0: no lever is called 'TopUpp'; did you mean TopUp?",
        "dòng 7: policy.0: không có giải pháp nào tên 'TopUpp'; có phải ý bạn là TopUp?",
    ),
    "a group that is none": (
        [("group: poor", "group: pour")],
        "line 7: policy.0.TopUp.group: found 'pour'; did you mean poor?; expected one of all, poor, near_poor",
        "dòng 7: policy.0.TopUp.group: thấy 'pour'; có phải ý bạn là poor?; cần một trong all, poor, near_poor",
    ),
    "a place with a typing error": (
        [("place: Đà Bắc", "place: Đà Bắk")],
        'there is no place "Đà Bắk"; nearest: Đà Bắc',
        'không có địa phương "Đà Bắk"; gần giống: Đà Bắc',
    ),
    "a commune with a typing error": (
        commune("Tú Lí Xã"),
        "Đà Bắc has no commune 'Tú Lí Xã'; did you mean Đà Bắc/Tú Lý?",
        "Đà Bắc không có xã 'Tú Lí Xã'; có phải ý bạn là Đà Bắc/Tú Lý?",
    ),
}


@pytest.mark.parametrize("lang", ["en", "vi"])
@pytest.mark.parametrize("mistake", TOLD)
def test_what_is_wrong_is_told_in_the_readers_words(mistake, lang, tmp_path, run):
    changes, *said = TOLD[mistake]
    done = run("target", mine(tmp_path, *changes), "--lang", lang, "--out", tmp_path / "x")
    assert done.exit_code == 1 and done.output.startswith("forecast: ")
    assert said[lang == "vi"] in done.output
    assert not (tmp_path / "x").exists()
    checked = run("check", tmp_path / "mine.yaml", "--lang", lang)
    assert (
        checked.exit_code == 1
        and said[lang == "vi"].split("line 7: ")[-1].split("dòng 7: ")[-1][-40:] in checked.output
    )


@pytest.mark.parametrize(
    ("words", "en", "vi"),
    [
        (
            ["target", "data/scenarios/ca-mau-paln.yaml"],
            "did you mean data/scenarios/ca-mau-plan.yaml?",
            "có phải ý bạn là",
        ),
        (["compare", "{mine}", "--until", "13/2021"], "'13/2021' is no month", "'13/2021' không phải là tháng"),
        (["target", "{mine}", "--probability", "80"], "did you mean 80%?", "có phải ý bạn là 80%?"),
        (["target", "{mine}", "--probability", "-1"], "-1.0 is not in the range 0<x<1", "-1.0 nằm ngoài khoảng 0<x<1"),
        (["optimize", "{mine}", "--budget", "2", "tỷ"], "'tỷ': nothing asks for this", "thừa 'tỷ'"),
        (["project", "data"], "data is a folder; expected a file", "data là thư mục; cần một tệp"),
        (["project", "{mine}", "--out", "{mine}"], "is a file; expected a folder", "là tệp; cần một thư mục"),
        (["target", "Hà", "Nội"], "did you mean data/scenarios/ha-noi-", "có phải ý bạn là data/scenarios/ha-noi-"),
        (["optimize", "{mine}", "--budget", "2.500"], "write 2500", "hãy viết 2500"),
        (
            ["optimize", "{mine}", "--budget", "hai tỷ"],
            "'hai tỷ' is no amount; expected one such as 2e9",
            "'hai tỷ' không phải là số; cần dạng như 2e9",
        ),
        (
            ["target", "{mine}", "--probability", "80%%"],
            "'80%%' is no share; expected one such as 0.2 or 20%",
            "'80%%' không phải là tỷ lệ; cần dạng như 0,2 hoặc 20%",
        ),
        (
            ["compare", "{mine}", "--until", "2025"],
            "'2025' is a year; expected a month, such as 2025-01 or 2025-12",
            "'2025' là năm; cần tháng, như 2025-01 hoặc 2025-12",
        ),
        (
            ["project", "{mine}", "--engines", "agent,stock"],
            "'agent,stock'; did you mean agents?; expected some of agents, stock",
            "'agent,stock'; có phải ý bạn là agents?; cần một số trong agents, stock",
        ),
        (
            ["project", "{mine}", "--draws", "nhiều"],
            "'nhiều' is no whole number; expected one such as 200",
            "'nhiều' không phải là số nguyên; cần một số như 200",
        ),
        (["project", "Cà Mau"], "did you mean data/scenarios/ca-mau-", "có phải ý bạn là data/scenarios/ca-mau-"),
        (["project", "{mine}", "--draw", "5"], "Did you mean '--draws'?", "Có phải ý bạn là '--draws'?"),
        (["targt", "{mine}"], "Did you mean 'target'?", "Có phải ý bạn là 'target'?"),
    ],
)
def test_what_is_wrong_in_the_words_of_a_command_is_told(words, en, vi, tmp_path, run):
    path = str(mine(tmp_path))
    for lang, said in (("en", en), ("vi", vi)):
        done = run(*[word.replace("{mine}", path) for word in words], FORECAST_LANG=lang)
        assert done.exit_code == 2 and said in done.output
        assert re.search({"en": "^Error: ", "vi": "^Lỗi: "}[lang], done.output, re.MULTILINE)


def test_shares_and_amounts_are_read_as_they_are_written(tmp_path, run):
    # both options are read, and then the target is missing
    path = mine(tmp_path, ("target: {measure: members, value: 750, by: 2020-12}\n", ""))
    written = ("80%", "2 tỷ"), ("0,8", "2.000.000.000"), ("0.8", "2e9"), ("80 %", "2ty"), (".8", "2 tỷ đồng")
    for probability, budget in written:
        done = run("optimize", path, "--probability", probability, "--budget", budget)
        assert done.exit_code == 1 and "no target" in done.output


@pytest.mark.parametrize("draws", ["1.000", "1 000", "1,000", "1000"])
def test_thousands_of_draws_are_read_as_they_are_written(draws, tmp_path, run):
    assert run("sample", "Đà Bắc", "--months", draws, "--lang", "en", "--out", tmp_path / "x").exit_code == 2
    said = run("sample", "Đà Bắc", "--months", draws, "--lang", "en", "--out", tmp_path / "x").output
    assert "1000 is not in the range 1<=x<=240" in said


def test_a_name_of_several_words_needs_no_quotes(tmp_path, run):
    for words in (["Đà", "Bắc"], ["huyện", "Đà", "Bắc"], ["da-bac"]):
        out = tmp_path / words[0]
        assert run("sample", *words, "--out", out).exit_code == 0
        assert (out / "da-bac.xlsx").exists()
    for words in (["Cà", "Mau", "da-bac"], ["Cà Mau", "huyện", "Đà", "Bắc"]):
        done = run("backtest", *words, "--engines", "nothing", "--lang", "en")
        assert done.exit_code == 2 and "some of" in done.output  # the places were read before


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["Cà", "Mauu"], "Cà Mauu"),
        (["Hà", "Nội", "Cà", "Mauu"], "Cà Mauu"),
        (["Cà", "Mauu", "Đà", "Bắc"], "Cà Mauu"),
        (["Cà Mauu", "Đà Bắc"], "Cà Mauu"),
        (["ca-mauu", "da-bac"], "ca-mauu"),
    ],
)
def test_a_name_that_nobody_knows_is_told_as_a_whole(words, named, tmp_path, run):
    said = run("backtest", *words, "--lang", "en", "--out", tmp_path / "x").output
    assert said.startswith(f'forecast: there is no place "{named}"; nearest: Cà Mau, ')


@pytest.mark.parametrize(
    ("name", "first"),
    [("Hà Lội", "Hà Nội"), ("Đà Bắc (huyện cũ)", "Đà Bắc"), ("Thành phố Hà Lội", "Hà Nội"), ("Nghệ Ann", "Nghệ An")],
)
def test_of_names_as_like_the_larger_place_is_offered_first(name, first, tmp_path, run):
    said = run("sample", name, "--lang", "en", "--out", tmp_path / "x").output
    assert re.match(rf'forecast: there is no place "{re.escape(name)}"; nearest: {first}(,|$)', said)


@pytest.mark.parametrize("command", ["progress", "communes"])
def test_whoever_has_no_counts_of_their_own_is_told_how_to_bring_them(command, tmp_path, run):
    told = {
        place: run(command, place, "--lang", "en", "--out", tmp_path / "x").output for place in ("da-bac", "da-bak")
    }
    assert "forecast import FILE --place da-bac --out own" in told["da-bac"]
    assert 'there is no place "da-bak"; nearest: Đà Bắc' in told["da-bak"]


@pytest.mark.parametrize(
    ("text", "en", "vi"),
    [
        ("", "found an empty file", "thấy tệp trống"),
        ("- a", "found a list", "thấy một danh sách"),
        ("a", "found a text or a number", "thấy một chữ hoặc số"),
        (
            FILE.replace("policy:\n", "policy: none\nx:\n"),
            "expected a list: a line for each",
            "cần một danh sách: mỗi mục",
        ),
        (FILE.replace("until: 2020-12", "until: 2150-12"), "is 1,578 months after", "cách tháng bắt đầu 1.578 tháng"),
    ],
)
def test_what_is_no_scenario_is_told_without_words_of_programs(text, en, vi, tmp_path, run):
    (tmp_path / "mine.yaml").write_text(text, encoding="utf-8")
    for lang, said in (("en", en), ("vi", vi)):
        assert said in run("project", tmp_path / "mine.yaml", "--lang", lang, "--out", tmp_path / "x").output


def test_what_is_no_manifest_is_told_with_its_line_alone(tmp_path, run):
    (tmp_path / "mine.yaml").write_text(FILE, encoding="utf-8")
    said = run("replay", tmp_path / "mine.yaml", "--lang", "vi").output
    assert said.endswith("mine.yaml, dòng 1: không đọc được dạng JSON\n")


def test_a_folder_with_nothing_to_check_is_not_in_order_in_silence(tmp_path, run):
    (tmp_path / "notes.txt").write_text("a")
    assert "nothing-to-check" in run("check", tmp_path, "--all", "--lang", "en").output


def test_people_are_whole_and_a_point_stands_for_thousands(tmp_path, run):
    words = ["new", "Huyện Mới", "--commune", "A", "--out", tmp_path / "x"]
    assert run(*words, "--population", "20.000").exit_code == 0
    assert ",20000," in next(row for row in (tmp_path / "x" / "places.csv").read_text().splitlines() if "Mới/A" in row)
    assert "needs --population" in run("new", "Huyện Mới", "--lang", "en", "--out", tmp_path / "y").output


def test_a_scenario_of_an_own_folder_says_how_to_ask_about_it(tmp_path, run):
    out = tmp_path / "x"
    assert run("new", "Huyện Mới", "--commune", "A", "--population", "20.000", "--out", out).exit_code == 0
    words = ["target", out / "scenarios" / "huyen-moi-plan.yaml", "--lang", "en", "--out", tmp_path / "y"]
    hint = f"FORECAST_DATA={out} before the command"
    assert hint in run(*words).output
    for file in ("huyen-moi-plan.yaml", "huyen-moi-status-quo.yaml"):
        path = out / "scenarios" / file
        path.write_text(path.read_text(encoding="utf-8") + "untill: 2030-12\n", encoding="utf-8")
    assert hint not in run(*words, FORECAST_DATA=str(out)).output  # another fault, and these tables were read


ROWS = {
    "semicolons": "place;month;value\nCà Mau;12/2026;61500\n",
    "semicolons and the mark of a spreadsheet": "\ufeffplace;month;value\r\nCà Mau;12/2026;61500\r\n",
    "tabs": "place\tmonth\tvalue\nCà Mau\t12/2026\t61500\n",
}


@pytest.mark.parametrize("written", ROWS)
def test_counts_are_read_however_a_spreadsheet_separates_columns(written, tmp_path):
    known = tables.read(tables.data_dir() / "history.csv", "history")
    for name, text in (("a.csv", ROWS[written]), ("b.csv", "place,month,value\nCà Mau,2026-12,61500\n")):
        (tmp_path / name).write_text(text, encoding="utf-8", newline="")
    read = [new_counts.read(tmp_path / name, known) for name in ("a.csv", "b.csv")]
    assert read[0].equals(read[1]) and len(read[0]) == 1


def test_other_headings_are_one_sentence_and_tables_of_data_keep_their_commas(tmp_path, run):
    (tmp_path / "a.csv").write_text("tỉnh,tháng,giá trị\nCà Mau,2026-12,61500\n", encoding="utf-8")
    said = run("update", tmp_path / "a.csv", "--lang", "vi", "--out", tmp_path / "x").output
    assert said == 'forecast: a.csv, dòng 1: thấy "tỉnh, tháng, giá trị", cần các cột place, month, value\n'
    (tmp_path / "targets.csv").write_text("place;month;value\n", encoding="utf-8")
    said = run("board", "--targets", tmp_path / "targets.csv", "--lang", "en", "--out", tmp_path / "x").output
    assert "its columns are separated by ';'; expected commas" in said


def test_what_lies_past_an_end_and_names_that_look_alike_are_findings(tmp_path, run):
    mine(tmp_path, ("until: 2020-12", "until: 2040-12"), ("start: 2019-07", "start: 2019-07, end: 2041-01"))
    (tmp_path / "other.yaml").write_text(FILE.replace("mine", "Mine"), encoding="utf-8")
    done = run("check", tmp_path / "mine.yaml", tmp_path / "other.yaml")
    assert done.exit_code == 1
    for rule, said in {
        "past-months": "end Jan 2041 lies after the scenario's last month Dec 2040",
        "past-unit": "Đà Bắc ended in",
        "past-law": "the law is known to change up to",
        "like-names": '"Mine" looks like "mine" (mine.yaml)',
    }.items():
        assert rule in done.output and said in done.output


@pytest.mark.parametrize(
    ("old", "new", "en", "vi"),
    [
        ("policy:", "\tpolicy:", "a tab stands there", "có dấu tab"),
        ("until: 2020-12", "until 2020-12", "no ':' behind the key", "thiếu dấu ':' sau tên mục"),
        ("scenario: mine", 'scenario: "mine', "a quote is not closed", "thiếu dấu ngoặc kép đóng"),
        ("by: 2020-12}", "by: 2020-12", "a bracket is not closed", "thiếu dấu đóng ngoặc"),
        ("scenario: mine", "scenario: mine: too", "a ':' or an indent too many", "thừa dấu ':'"),
    ],
)
def test_a_slip_of_the_hand_is_told_with_its_line(old, new, en, vi, tmp_path, run):
    path = mine(tmp_path, (old, new))
    line = next(i for i, text in enumerate(path.read_text("utf-8").splitlines(), 1) if new.strip() in text)
    for lang, said, at in (("en", en, "line"), ("vi", vi, "dòng")):
        done = run("target", path, "--lang", lang, "--out", tmp_path / "x")
        assert done.exit_code == 1
        assert said in done.output and f"{at} {line}" in done.output, done.output


def test_what_an_import_made_is_in_order(tmp_path, run):
    assert run("sample", "da-bac", "--months", "12", "--out", tmp_path / "s").exit_code == 0
    assert run("import", tmp_path / "s" / "da-bac.xlsx", "--place", "da-bac", "--out", tmp_path / "d").exit_code == 0
    done = run("check", tmp_path / "d", "--lang", "en")
    assert done.exit_code == 0, done.output
