"""Communes by one's own table: parts add up in every draw, shares to the plan, and what is said is what was found."""

import io

import numpy as np
import openpyxl
import pandas as pd
import pytest

from forecast.data import tables
from forecast.data.places import place_in
from forecast.data.tables import UserError
from forecast.exchange import members_lists, own_communes, own_communes_workbook, own_counts, progress, sample, scaffold
from forecast.exchange.spreadsheet import MARK
from forecast.show import own_communes as shown

MONTHS, SINCE = 16, "2023-03"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A data folder with a sample of 16 months to 2024-06, and a list of persons that are due."""
    out = tmp_path_factory.mktemp("own")
    book = out / "da-bac.xlsx"
    book.write_bytes(sample.sample(place_in("Đà Bắc", SINCE), SINCE, MONTHS))
    frames, texts, _ = scaffold.imported(book, "Đà Bắc")
    scaffold.write(frames, texts, out / "d")
    lines = ["Tú Lý,poor,3,renewal,2024-07,4", "Tú Lý,poor,3,new,2024-09,2", "Cao Sơn,other,1,stopped,2024-07,9"]
    (out / "due.csv").write_text("\n".join(["commune,group,mode,kind,due,persons", *lines]) + "\n", encoding="utf-8")
    return out


@pytest.fixture(scope="module")
def found(folder):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FORECAST_DATA", str(folder / "d"))
        return own_communes.communes("Đà Bắc", due=folder / "due.csv", draws=60, jobs=1)


def test_communes_add_up_to_the_place_in_every_draw_and_month(found):
    assert found.paths.shape == (60, 9, 17)
    assert (found.months[0], found.by, found.months[-1]) == ("2024-07", "2024-12", "2025-03")
    assert np.allclose(found.paths.sum(axis=2), found.whole)
    assert (found.paths >= 0).all()
    book = openpyxl.load_workbook(io.BytesIO(own_communes_workbook.workbook(found)))
    rows = list(book["Dự báo theo tháng"].iter_rows(min_row=4, max_row=20, min_col=2, values_only=True))
    assert np.array(rows).sum(axis=0).tolist() == [round(n) for n in found.whole.mean(axis=0)]


def test_the_forecast_starts_where_the_counts_end_and_the_place_is_no_wider_than_its_parts_together(found):
    now = found.stock.loc["2024-06"].to_numpy(float)
    first = np.median(found.paths[:, 0], axis=0)
    assert (np.abs(first - now) <= 0.1 * now + 2).all()
    low, high = np.quantile(found.paths[:, -1], (0.05, 0.95), axis=0)
    whole = np.quantile(found.whole[:, -1], (0.05, 0.95))
    assert 0 < whole[1] - whole[0] < (high - low).sum()


def test_shares_are_whole_persons_that_add_up_to_the_plan_and_are_equally_hard(found):
    assert found.goal == found.table["plan"].sum() == found.table["share"].sum()
    assert found.table["share"].dtype.kind == "i"
    assert found.table["share_chance"].std() < found.table["plan_chance"].std()
    chances = found.table["plan_chance"].tolist()
    assert chances == sorted(chances)
    assert found.table["rank"].tolist() == list(range(1, 18))


def test_past_forecasts_know_nothing_that_came_later():
    past = pd.DataFrame(
        {"a": np.arange(20.0, 34), "b": 50.0}, index=[f"2023-{m:02d}" for m in range(1, 13)] + ["2024-01", "2024-02"]
    )
    tried, met = own_communes.held_out(past, 40, 1, 1)
    assert tried.tolist() == [9, 9]
    assert met.min() >= 7
    jump = past.copy()
    jump.loc["2024-02", "b"] = 500.0
    assert own_communes.held_out(jump, 40, 1, 1)[1][1] == met[1] - 3  # the last month is looked at by three forecasts


def test_who_is_due_stands_by_month_and_commune(found):
    assert found.due.loc["2024-07", "Tú Lý"] == 4
    assert found.due.loc["2024-09", "Tú Lý"] == 2
    assert found.due.to_numpy().sum() == 6
    assert "07/2024: 4; 08/2024: 0; 09/2024: 2" in str(shown.sentences(found, "vi")[-1])
    sheet = openpyxl.load_workbook(io.BytesIO(own_communes_workbook.workbook(found, "en")))["Due by month"]
    line = next(row for row in sheet.iter_rows(min_row=4) if row[0].value == "Tú Lý")
    assert line[-1].value == f"=SUM(B{line[0].row}:M{line[0].row})"


def test_formulas_point_at_the_right_cells_and_the_place_has_its_own_interval(found):
    sheet = openpyxl.load_workbook(io.BytesIO(own_communes_workbook.workbook(found, "en"))).worksheets[0]
    at = {cell.value: number for number, cell in enumerate(sheet[3])}
    line, total = sheet[4], sheet[21]
    plan, members = line[at["Plan of the year"]].coordinate, line[at["Members"]].coordinate
    assert line[at["Missing"]].value == f'=IF(N({plan})>0,MAX(0,{plan}-{members}),"")'
    assert total[at["Expected (mean)"]].value == "=SUM(F4:F20)"
    end = found.whole[:, found.months.index("2024-12")]
    assert total[at["90% interval: low"]].value == round(np.quantile(end, 0.05))
    assert sheet["A2"].value == MARK


def test_sentences_and_picture_say_what_was_found_in_both_languages(found):
    vi, en = (" ".join(map(str, shown.sentences(found, lang))) for lang in ("vi", "en"))
    first = found.table["commune"][0]
    assert f"Cần giúp trước: {first}" in vi
    assert f"need help first: {first}" in en
    assert MARK in vi and MARK in en
    assert "16 tháng" in vi and "16 months" in en
    drawn = shown.picture(found, "vi")
    assert {"Cả địa bàn", *found.table["commune"]} <= set(drawn.written())
    assert len(drawn.axes) == 18
    line = drawn.axes[0].lines[0]
    assert list(line.get_ydata()) == found.stock.sum(axis=1).tolist()


def test_a_table_of_few_months_is_refused_in_one_message(folder, monkeypatch):
    monkeypatch.setenv("FORECAST_DATA", str(folder / "d"))
    with pytest.raises(UserError, match="Đà Bắc: 5 months .* at least 6"):
        own_communes.communes("da bac", "2023-07", draws=4, jobs=1)
    with pytest.raises(UserError, match=r"not the member-counts\.csv"):
        own_counts.listed(folder / "d" / "history.csv")


def test_a_list_that_is_none_is_told_before_the_work_of_a_report_begins(folder, monkeypatch):
    monkeypatch.setenv("FORECAST_DATA", str(folder / "d"))
    monkeypatch.setattr(progress, "_expected", lambda *_: pytest.fail("work began"))
    with pytest.raises(UserError, match=r"not the member-counts\.csv"):
        progress.progress("Đà Bắc", due=folder / "d" / "history.csv")


def test_a_list_that_a_spreadsheet_saved_is_read_as_it_was(tmp_path):
    made = "commune,area,kind,due,persons,status\nTú Lý,,new,2026-01,1020,stated\nTú Lý,,stopped,,3,stated\n"
    saved = "\ufeff" + made.replace(",", ";").replace("1020", "1.020").replace("2026-01", "01/2026")
    for name, text in (("made.csv", made), ("saved.csv", saved)):
        (tmp_path / name).write_text(text, encoding="utf-8")
    assert own_counts.listed(tmp_path / "saved.csv").equals(own_counts.listed(tmp_path / "made.csv"))
    (tmp_path / "saved.csv").write_text(made.replace("2026-01", "Jan-26").replace(",3,", ",x,"), encoding="utf-8")
    with pytest.raises(UserError) as told:  # nobody would be due in a month that is no month
        own_counts.listed(tmp_path / "saved.csv")
    assert 'row 2, column due: found "Jan-26"' in str(told.value) and 'row 3, column persons: found "x"' in str(
        told.value
    )


def test_the_command_writes_its_files_and_a_target_takes_the_place_of_the_plan(folder, tmp_path, run):
    out, data = tmp_path / "c", str(folder / "d")
    done = run(*("communes", "da-bac", "--target", 700, "--draws", 10, "--jobs", 1, "--out", out), FORECAST_DATA=data)
    assert done.exit_code == 0, done.output
    written = {path.name for path in out.iterdir()}
    assert {"communes.csv", "communes.xlsx", "communes.png", "paths.parquet", "answer.md"} <= written
    assert pd.read_csv(out / "communes.csv")["share"].sum() == 700
    assert len(pd.read_parquet(out / "paths.parquet")) == 10 * 9 * 17
    assert "of 17 rows" in done.output


def test_communes_of_one_name_are_told_apart_by_their_district(tmp_path, monkeypatch):
    place = place_in("Lào Cai", "2023-01")
    book = tmp_path / "lao-cai.xlsx"
    book.write_bytes(sample.sample(place, "2023-01", 7))
    frames, texts, _ = scaffold.imported(book, "Lào Cai")
    scaffold.write(frames, texts, tmp_path / "d")
    monkeypatch.setenv("FORECAST_DATA", str(tmp_path / "d"))
    own = own_counts.read("Lào Cai")
    assert len(set(own.names)) == len(own.names) == len(place.communes)
    ends = [unit.rpartition("/")[2] for unit in own.units]
    same, other = (own.names[n] for n in range(len(ends)) if ends[n] == next(e for e in ends if ends.count(e) == 2))
    assert same.rpartition("/")[2] == other.rpartition("/")[2]
    (district, _, end), (elsewhere, *_) = same.partition("/"), other.partition("/")
    rows = [f"{n};Người {n};79{n};xã {end}, huyện {district};1;07/2023" for n in range(3)]
    rows.append(f"4;Người 4;799;xã {end}, huyện {elsewhere};1;07/2023")
    head = "STT;Họ và tên;Mã số BHXH;Địa chỉ;Số tháng đóng;Từ tháng/năm"
    (tmp_path / "list.csv").write_text("\n".join([head, *rows]), encoding="utf-8")
    counts = members_lists.read_list(tmp_path / "list.csv", place).counts
    tables.write(counts, tmp_path / "counts.csv")
    found = own_communes.communes("Lào Cai", due=tmp_path / "counts.csv", draws=4, jobs=1)
    assert found.due.loc["2023-08", [same, other]].tolist() == [3, 1]
    assert found.due.to_numpy().sum() == 4
    assert sorted(found.table["commune"]) == sorted(own.names)


def test_without_a_plan_nothing_stands_for_one_and_a_way_to_give_it_is_told(found):
    bare = found._replace(goal=None, table=found.table.assign(plan=np.nan, plan_chance=np.nan, share=np.nan))
    assert "add --target PERSONS" in " ".join(map(str, shown.sentences(bare, "en")))
    assert shown.table(bare, "en").heads == ["Commune", "Members", "Expected"]
    assert len(shown.table(found, "en").heads) == 6
    said = [" ".join(" ".join(shown.picture(one, "en").written()).split()) for one in (found, bare)]
    assert ["level line: plan" in text for text in said] == [True, False]
    sheet = openpyxl.load_workbook(io.BytesIO(own_communes_workbook.workbook(bare, "en")), data_only=True).worksheets[0]
    total = {head.value: cell.value for head, cell in zip(sheet[3], sheet[sheet.max_row], strict=True)}
    assert total["Plan of the year"] is None and total["Missing"] is None and total["Members"] > 0
