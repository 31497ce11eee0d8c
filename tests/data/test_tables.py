"""What the table reader promises: typed frames, or one message that names every fault."""

import doctest
import os

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from forecast.data import tables

HEADER = "scheme,place,level,month,measure,group,value,unit,kind,status,denominator,source,locator,note\n"
GOOD = "voluntary_si,Việt Nam,nation,2021-12,members,all,1450000,persons,observation,stated,,vss,,\n"


def put(folder, text, name="history.csv"):
    """Write ``text`` into a file of ``folder`` and return its path."""
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8"))
    return path


def faults_of(folder, text, table="history"):
    """Return (row, column, value) of the faults in a table with this text."""
    with pytest.raises(tables.TableError) as caught:
        tables.read(put(folder, text), table)
    return [(fault.row, fault.column, fault.value) for fault in caught.value.faults]


def test_examples_in_the_docstrings_hold():
    assert doctest.testmod(tables).failed == 0


def test_a_good_table_is_typed(tmp_path):
    frame = tables.read(put(tmp_path, HEADER + GOOD), "history")
    assert frame["value"].dtype == float
    assert frame["note"].tolist() == [""]
    assert frame["month"].tolist() == ["2021-12"]
    assert list(frame.columns) == tables.columns("history")


def test_what_is_read_again_is_what_the_file_holds_now(tmp_path):
    path = put(tmp_path, HEADER + GOOD)
    frame = tables.read(path, "history")
    frame.loc[0, "value"] = 1.0  # a reader may write into what it was given
    frame["note"] = "mine"
    again = tables.read(path, "history")
    assert again["value"].tolist() == [1450000.0] and again["note"].tolist() == [""]
    put(tmp_path, HEADER + GOOD.replace("1450000", "1450001"))
    assert tables.read(path, "history")["value"].tolist() == [1450001.0]


def test_columns_may_stand_in_any_order_and_excel_may_have_saved_the_file(tmp_path):
    names = tables.columns("sources")[::-1]
    text = "\ufeff" + ",".join(names) + "\r\nhttps://x,2021,P,T,a\r\n"
    assert list(tables.read(put(tmp_path, text), "sources").iloc[0]) == ["a", "T", "P", "2021", "https://x"]


def test_every_fault_is_named_in_one_message(tmp_path):
    bad = GOOD.replace("2021-12", "2021").replace("voluntary_si", "lottery")
    with pytest.raises(tables.TableError) as caught:
        tables.read(put(tmp_path, HEADER + GOOD + bad), "history")
    assert [(f.row, f.column) for f in caught.value.faults] == [(3, "scheme"), (3, "month")]
    assert 'history.csv, row 3, column month: found "2021", expected a month written YYYY-MM' in str(caught.value)
    assert str(caught.value).count("\n") == 1


@pytest.mark.parametrize(
    ("old", "new", "column", "value"),
    [
        ("1450000", "1,450", None, None),
        ("1450000", '"1,45,000"', "value", "1,45,000"),
        ("1450000", "inf", "value", "inf"),
        ("1450000", "1_000", "value", "1_000"),
        ("1450000", "nan", "value", "nan"),
        ("2021-12", "2021-13", "month", "2021-13"),
        ("2021-12", "12/2021", "month", "12/2021"),
        ("members", "stock", "measure", "stock"),
        ("persons", "percent", "unit", "percent"),
        (",all,", ",rich,", "group", "rich"),
        ("observation", "guess", "kind", "guess"),
        ("stated", "sure", "status", "sure"),
        ("nation", "planet", "level", "planet"),
        ("vss", " ", "source", " "),
        ("1450000", "", "note", ""),
        ("stated,,", "stated,people,", "denominator", "people"),
    ],
)
def test_a_wrong_cell_is_named(tmp_path, old, new, column, value):
    found = faults_of(tmp_path, HEADER + GOOD + GOOD.replace(old, new, 1))
    assert found == ([(3, "", "15")] if column is None else [(3, column, value)])


@pytest.mark.parametrize("value", ["60.000", '"60,000"', "60 000", "60\u202f000"])
def test_persons_are_whole_so_a_mark_before_three_digits_is_thousands(value, tmp_path):
    persons = GOOD.replace("1450000", value, 1)
    assert tables.read(put(tmp_path, HEADER + persons), "history")["value"].tolist() == [60_000]


def test_persons_with_two_readings_are_refused_with_both(tmp_path):
    """A share of 0.25 says that a dot is no thousands here; people say that it is nothing else."""
    share = GOOD.replace("1450000", "0.25", 1).replace("members", "members_share").replace("persons", "percent")
    with pytest.raises(tables.TableError) as told:
        tables.read(put(tmp_path, HEADER + GOOD.replace("1450000", "60.000", 1) + share), "history")
    assert 'row 2, column value: found "60.000", expected 60000 if this is thousands, or 60 if' in str(told.value)
    assert "60000 nếu là hàng nghìn, hoặc 60 nếu không phải" in told.value.text("vi")


def test_a_fraction_of_other_units_stays_one(tmp_path):
    share = GOOD.replace("1450000", "1.125", 1).replace("members", "members_share").replace("persons", "percent")
    table = tables.read(put(tmp_path, HEADER + GOOD + share), "history")
    assert table["value"].tolist() == [1_450_000, 1.125]


def test_the_row_is_the_line_in_the_file_even_after_a_cell_of_two_lines(tmp_path):
    long = GOOD.rstrip("\n") + '"a note\nof two lines"\n'
    assert faults_of(tmp_path, HEADER + long + GOOD.replace("2021-12", "x")) == [(4, "month", "x")]


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (HEADER.replace(",note", ""), [(1, "note", "")]),
        (HEADER.replace("note", "notes"), [(1, "note", ""), (1, "notes", "notes")]),
        (HEADER.replace("note", "locator"), [(1, "note", ""), (1, "locator", "locator")]),
    ],
)
def test_a_wrong_header_is_named(tmp_path, header, expected):
    assert faults_of(tmp_path, header + GOOD) == expected


@pytest.mark.parametrize("content", [b"\xff\xfeh\x00", b'a,"b', b"\x00"])
def test_what_is_no_table_is_a_message_for_a_person(tmp_path, content):
    with pytest.raises(tables.UserError, match="history.csv"):
        tables.read(put(tmp_path, content), "history")


def test_a_file_that_is_not_there_is_a_message_for_a_person(tmp_path):
    with pytest.raises(tables.UserError, match="no such file"):
        tables.read(tmp_path / "history.csv", "history")


def test_an_unknown_table_is_named():
    with pytest.raises(tables.UserError, match='"weather".*history'):
        tables.columns("weather")


STUDY = {"measure": "p", "scheme": "other", "study": "s", "source": "x", "status": "stated", "use": "u"}
PRIOR = {
    "parameter": "p",
    "kind": "parameter",
    "value": 1.0,
    "low": 0.5,
    "high": 2.0,
    "least": 0.0,
    "unit": "share",
    "source": "x",
    "status": "stated",
    "study": "s",
    "meaning": "m",
}


@pytest.mark.parametrize(
    ("table", "row", "column"),
    [
        ("places", {"place": "A", "level": "commune", "since": "2020-01", "poor_share": 1.2}, "poor_share"),
        ("places", {"place": "A", "level": "commune", "since": "2020-01", "until": "2019-12"}, "until"),
        ("places", {"place": "A", "level": "commune", "since": "2020-01", "population": -1.0}, "population"),
        ("evidence", STUDY | {"value": 1.0, "low": 2.0}, "low"),
        ("evidence", STUDY | {"value": 3.0, "high": 2.0}, "high"),
        ("evidence", STUDY | {"year": "now"}, "year"),
        ("evidence", STUDY | {"abroad": "perhaps"}, "abroad"),
        ("evidence", STUDY | {"supports": "campaign_rise; annual_lapse"}, "supports"),
        ("evidence", STUDY | {"scheme": ""}, "scheme"),
        ("parameters", PRIOR | {"kind": "guess"}, "kind"),
        ("parameters", PRIOR | {"value": np.nan}, "value"),
        ("parameters", PRIOR | {"low": 1.5}, "low"),
        ("parameters", PRIOR | {"open": "yes"}, "open"),
        ("parameters", PRIOR | {"least": np.nan}, "least"),
        ("parameters", PRIOR | {"learned": 1.0}, "distance"),
        ("parameters", PRIOR | {"distance": 3.0}, "distance"),
        ("parameters", PRIOR | {"unit": ""}, "unit"),
        ("sources", {"source": "a", "title": "t", "publisher": "p", "date": "March"}, "date"),
    ],
)
def test_rules_of_other_tables(table, row, column):
    names = tables.columns(table)
    number = {name for name in names if tables.SCHEMAS[table].columns[name].dtype is not None}
    frame = pd.DataFrame([{name: row.get(name, np.nan if name in number else "") for name in names}])
    good = {
        "until": "",
        "poor_share": 0.2,
        "population": 1.0,
        "low": np.nan,
        "high": np.nan,
        "year": "",
        "date": "2020",
        "abroad": "yes",
        "supports": "campaign_rise annual_lapse",
        "scheme": "pension",
        "kind": "opening",
        "open": "both",
        "least": 0.0,
        "unit": "times",
        "value": 1.0,
        "learned": np.nan,
        "distance": 2.0,
    }
    if (table, column) == ("parameters", "low"):
        good["low"] = 0.1
    assert {(f.row, f.column) for f in tables.check(frame, table)} == {(2, column)}
    assert tables.check(frame.assign(**{column: good[column]}), table) == []


def test_a_name_stands_once():
    frame = pd.DataFrame([["a", "t", "p", "", ""]] * 2, columns=tables.columns("sources"))
    assert [(f.row, f.column) for f in tables.check(frame, "sources")] == [(3, "source")]


def test_a_column_of_text_instead_of_numbers_is_a_fault():
    frame = pd.DataFrame(
        [["s", "e", "p", "2020-01", "2020-02", "all", "members", 0, "many"]], columns=tables.columns("projection")
    )
    assert {f.column for f in tables.check(frame, "projection")} == {"value"}


LETTERS = st.characters(exclude_categories=("Cs",), exclude_characters="\r\x00")
NUMBERS = st.floats(allow_nan=False, allow_infinity=False)


@given(st.lists(st.tuples(st.text(alphabet=LETTERS), NUMBERS), min_size=1, max_size=5))
def test_what_is_written_is_read_again(tmp_path_factory, rows):
    path = tmp_path_factory.mktemp("round") / "evidence.csv"
    frame = pd.DataFrame(
        [
            [f"p{i}", value, np.nan, np.nan, "", "", "", "other", text, "s", "", "x", "stated", "u" + text]
            for i, (text, value) in enumerate(rows)
        ],
        columns=tables.columns("evidence"),
    )
    tables.write(frame, path)
    pd.testing.assert_frame_equal(tables.read(path, "evidence"), frame, check_dtype=False)


@pytest.mark.parametrize("text", ["=1+1", "+84", "-5", "@x", "'=1"])
def test_no_cell_becomes_a_formula(tmp_path, text):
    frame = pd.DataFrame([["a", text, "p", "", ""]], columns=tables.columns("sources"))
    written = tables.write(frame, tmp_path / "sources.csv").read_text(encoding="utf-8").splitlines()[1]
    assert written.split(",")[1] == "'" + text
    assert tables.read(tmp_path / "sources.csv", "sources")["title"].tolist() == [text]


def test_numbers_are_written_plainly(tmp_path):
    frame = pd.DataFrame({"x": [1.0, 0.1, np.nan, 383.9e9, -2.5, 7], "t": ["a", None, "", "b", "c", "d"]})
    lines = tables.write(frame, tmp_path / "t.csv").read_text(encoding="utf-8").splitlines()
    assert lines == ["x,t", "1,a", "0.1,", ",", "383900000000,b", "-2.5,c", "7,d"]


def test_a_failed_write_leaves_the_old_file_and_no_half(tmp_path):
    path = tables.write(pd.DataFrame({"a": ["old"]}), tmp_path / "t.csv")

    class Bad:
        def __str__(self):
            raise RuntimeError

    with pytest.raises(RuntimeError):
        tables.write(pd.DataFrame({"a": ["new", Bad()]}), path)
    assert path.read_text(encoding="utf-8") == "a\nold\n"
    assert os.listdir(tmp_path) == ["t.csv"]


def test_a_projection_goes_through_parquet(tmp_path):
    frame = pd.DataFrame(
        [["x", "s", "e", "2020-01", "2020-02", "all", "members", 0, 1.5]], columns=tables.columns("projection")
    )
    tables.write(frame, tmp_path / "p.parquet")
    pd.testing.assert_frame_equal(tables.read(tmp_path / "p.parquet", "projection"), frame)


@pytest.mark.parametrize("text", ["2021", "2021-00", "2021-1", "21-01", "2021-12-31", "", "²021-01"])
def test_a_month_that_is_none_is_named(text):
    with pytest.raises(tables.UserError, match="YYYY-MM"):
        tables.month(text)


def test_months_count_by_one():
    months = pd.period_range("2019-11", "2020-02", freq="M")
    assert np.diff([tables.month_index(m) for m in months]).tolist() == [1, 1, 1]
    assert [tables.month(str(m)) for m in months] == list(months)


def test_the_data_folder_can_be_moved(monkeypatch, tmp_path):
    monkeypatch.setenv("FORECAST_DATA", str(tmp_path))
    assert tables.data_dir() == tmp_path
    monkeypatch.delenv("FORECAST_DATA")
    assert (tables.data_dir() / "history.csv").is_file()
