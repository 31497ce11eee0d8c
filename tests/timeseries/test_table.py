"""What reads like something else is read rightly or refused with the row that shows it."""

import numpy as np
import pandas as pd
import pytest

from forecast.data import tables
from forecast.timeseries import baseline, reconcile
from forecast.timeseries.table import read, series_of


def table(dates: list[str], y=None, name="a") -> pd.DataFrame:
    return pd.DataFrame({"unique_id": name, "ds": dates, "y": y if y is not None else range(3, 3 + len(dates))})


def ahead(frame, horizon=2) -> list[str]:
    return baseline.baseline(frame, horizon, jobs=1, progress=False)["ds"].tolist()


@pytest.mark.parametrize(
    ("dates", "expected"),
    [
        (["202310", "202311", "202312"], ["202401", "202402"]),
        (["202311", "202312", "202313"], ["202314", "202315"]),  # no month 13: these are numbers
        (["45230", "45260", "45291"], ["45322", "45351"]),  # ends of months as Excel counts days
        (["44926", "45291"], ["45322", "45351"]),
        (["20001", "20002", "20003"], ["20004", "20005"]),
    ],
)
def test_numbers_that_are_dates_are_dates_and_others_are_not(dates, expected):
    assert ahead(table(dates)) == expected


def test_business_days_skip_the_weekend_and_have_a_season_of_five():
    frame = table(pd.bdate_range("2024-01-01", periods=30).strftime("%Y-%m-%d").tolist())
    case = series_of(frame)[0]
    assert case.season == 5 and np.isfinite(case.values).all() and len(case.values) == 30
    assert ahead(frame, 3) == ["2024-02-12", "2024-02-13", "2024-02-14"]
    holiday = series_of(frame.drop(index=[7]))[0]
    assert np.isnan(holiday.values[7]) and len(holiday.values) == 30


def test_names_that_look_alike_are_one_series_and_one_node():
    name, apart = "Đông Triều", "Đông Triê\u0300u"
    frame = pd.concat([table(["2021-01", "2021-02"], name=name), table(["2021-03"], name=apart)])
    assert [(case.name, len(case.values)) for case in series_of(frame)] == [(name, 3)]
    nodes = pd.DataFrame({"unique_id": ["Tu\u0301 Ly\u0301"], "parent": ["all"]})
    assert reconcile.tree(nodes).leaves == ["Tú Lý"]


def test_a_dot_before_three_digits_among_hundreds_is_refused_and_plain_decimals_are_not():
    dates = [f"2021-{month:02d}" for month in range(1, 7)]
    with pytest.raises(tables.TableError) as error:
        series_of(table(dates, ["972", "986", "987", "991", "1.013", "1.029"]), file="c.csv")
    assert str(error.value).startswith('c.csv, row 6, column y: found "1.013", expected 1013 if this is thousands')
    assert series_of(table(dates, ["1.726", "5.182", "8.452", "1.357", "3.365", "2.626"]))[0].values[0] == 1.726
    assert series_of(table(dates, ["972", "986.5", "987", "991", "1.013", "1.1"]))[0].values[4] == 1.013


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("unique_id,ds,y\na,2019,5,6\na,2020,6,7\n", "row 2: found 4 cells, expected at most 3"),
        ("unique_id,ds,y\na,1,1\na,2,3\na,999999999,2\n", 'row 4, column ds: found "999999999"'),
        ("unique_id,ds,y\na,0001-01-01,1\na,0001-01-02,3\na,9999-12-31,2\n", 'row 4, column ds: found "9999-12-31"'),
        ("unique_id,ds,y\na,9999-12-29,1\na,9999-12-30,2\na,9999-12-31,3\n", "beyond the year 9999"),
        ("unique_id,ds,y\na,2020,1\na,2021,1e308\n", 'row 3, column y: found "1e308"'),
        ('unique_id,ds,y\na,2020,1\na,2021,"1,271"\n', 'column y: found "1,271", expected 1271 if this is thousands'),
        ('unique_id,ds,y\na,"2020,1\n', "not a CSV table"),
    ],
)
def test_what_cannot_be_is_refused_in_one_message(tmp_path, text, said):
    path = tmp_path / "counts.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(tables.UserError) as error:
        baseline.baseline(read(path), 2, jobs=1, progress=False, file="counts.csv")
    assert said in str(error.value) and len(str(error.value).splitlines()) == 1


@pytest.mark.parametrize("text", ["unique_id,parent", "unique_id,parent\n", "unique_id,parent\n,\n"])
def test_a_tree_without_rows_is_refused(tmp_path, text):
    path = tmp_path / "nodes.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(tables.UserError, match="expected at least one row"):
        reconcile.tree(read(path))


@pytest.mark.parametrize("mark", [";", "\t"])
def test_a_table_may_be_separated_as_a_spreadsheet_writes_it_with_decimal_commas(mark, tmp_path):
    plain = "unique_id,ds,y\na,2020,1.5\na,2021,2.5\n"
    (tmp_path / "plain.csv").write_text(plain)
    written = plain.replace(",", mark).replace(".", ",")
    (tmp_path / "written.csv").write_text("\ufeff" + written, encoding="utf-8", newline="\r\n")
    assert read(tmp_path / "written.csv").equals(read(tmp_path / "plain.csv"))


@pytest.mark.parametrize("mark", [";", "\t", ","])
@pytest.mark.parametrize(
    ("cells", "values"),
    [
        (["1.234,5", "1.300", "-12"], [1234.5, 1300, -12]),  # a decimal comma: points group
        (["1.234.567", "972", "1.300"], [1234567, 972, 1300]),
        (["1.234.567", "972", "7"], [1234567, 972, 7]),
        (["12,5", "0,125", "2,750"], [12.5, 0.125, 2.75]),
        (["12.5", "1.234", "7"], [12.5, 1.234, 7]),  # a decimal point
        (["972", "0.125", ""], [972, 0.125, None]),
        (["1.234", "1.300", "1.400"], None),  # a thousand and more, or between one and two
        (["1,234", "972", "7"], None),
        (["1.234", "", "7"], None),
        (["12,5", "12.5", "1.234"], None),  # the table says both
        (["1234.500", "1.234", "7"], [1234.5, 1.234, 7]),
        (["1.234,5", "1.2.3", "7"], "1.2.3"),  # no number, and no 123
    ],
)
def test_marks_of_numbers_are_read_as_the_table_shows_them_or_refused(mark, cells, values, tmp_path):
    cells = [f'"{cell}"' if mark in cell else cell for cell in cells]
    lines = [f"a{mark}{year}{mark}{cell}" for year, cell in zip((2019, 2020, 2021), cells, strict=True)]
    (tmp_path / "t.csv").write_text("\n".join([mark.join(("unique_id", "ds", "y")), *lines]), encoding="utf-8")
    if values is None:
        with pytest.raises(tables.TableError, match=r"if this is thousands, or 1[.,]2340 if it is not"):
            read(tmp_path / "t.csv")
        return
    if isinstance(values, str):
        assert read(tmp_path / "t.csv")["y"].tolist()[1] == values
        return
    told = [None if cell == "" else float(cell) for cell in read(tmp_path / "t.csv")["y"]]
    assert told == values


def test_other_headings_are_one_fault(tmp_path):
    with pytest.raises(tables.TableError) as told:
        series_of(pd.DataFrame({"id": ["a"], "date": ["2020"], "value": [1.0]}), file="a.csv")
    assert str(told.value) == 'a.csv, row 1: found "id, date, value", expected the columns unique_id, ds, y'


@pytest.mark.parametrize("written", ["{}/2025", "T{}/2025", "tháng {}/2025"])
def test_months_are_read_as_people_write_them_and_days_are_not_guessed(written):
    table = pd.DataFrame({"unique_id": "a", "ds": [written.format(n) for n in (9, 10, 12)], "y": [1.0, 2.0, 4.0]})
    (case,) = series_of(table)
    assert case.grid.write(case.last) == "2025-12" and len(case.values) == 4
    with pytest.raises(tables.TableError, match="row 2, column ds: found"):
        series_of(table.assign(ds=["03/04/2025", "04/04/2025", "05/04/2025"]))


def test_a_table_is_laid_on_its_grid_once_and_faults_come_before_the_folder_is_touched(tmp_path, monkeypatch, run):
    parsed = []
    monkeypatch.setattr(baseline, "series_of", lambda *asked: parsed.append(1) or series_of(*asked))
    (tmp_path / "t.csv").write_text("unique_id,ds,y\na,2019,1\na,2020,2\na,2021,3\n")
    (tmp_path / "e.csv").write_text("date,kind,size,lasting\n2020,law,much,lasting\n")
    words = ("baseline", tmp_path / "t.csv", "--horizon", 1, "--jobs", 1, "--out", tmp_path / "out")
    told = run(*words, "--events", tmp_path / "e.csv")
    assert told.exit_code == 1 and "e.csv, row 2, column size" in told.output
    assert not (tmp_path / "out").exists()
    parsed.clear()
    assert run(*words).exit_code == 0
    assert len(parsed) == 1
