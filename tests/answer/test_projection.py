"""What a projection promises: questions with exact answers, paired differences, a ledger, and the same bytes."""

import hashlib

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forecast.answer import projection
from forecast.answer.projection import COLUMNS, FLOWS_IN, FLOWS_OUT, QUANTILES, Projection, concat
from forecast.data import tables

MONTHS = ["2024-01", "2024-02", "2024-03"]


def rows(scenario="base", engine="stock", draws=range(4), months=MONTHS, plus=0.0, group="all", place="Toy"):
    """A ledger that balances: 100 + draw members at first, then 10 join (and `plus`), 1 returns, 2 + 1 + 1 go."""
    flows = dict(zip(FLOWS_IN + FLOWS_OUT, (10.0 + plus, 1.0, 2.0, 1.0, 1.0), strict=True))
    found = []
    for draw in draws:
        members = 100.0 + draw
        for t, month in enumerate(months):
            if t:
                members += 7.0 + plus
                found += [(month, flow, draw, value) for flow, value in flows.items()]
            found.append((month, "members", draw, members))
    frame = pd.DataFrame(found, columns=["month", "measure", "draw", "value"])
    return frame.assign(place=place, scenario=scenario, engine=engine, origin=months[0], group=group)[COLUMNS]


BASE = Projection(rows())
BOTH = concat([BASE, Projection(rows("plan", plus=5.0))])


def sha(answer: Projection, path) -> str:
    answer.save(path)
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_at_and_only_keep_just_the_rows_that_were_asked_for():
    answer = BOTH.at("2024-02").only(measure=["members", "entries"], scenario="plan", draw=3).frame
    assert list(answer["measure"]) == ["entries", "members"]
    assert list(answer["value"]) == [15.0, 115.0]
    assert set(answer["month"]) == {"2024-02"}
    assert len(BOTH.only(draw=np.int64(3)).frame) == len(BOTH.only(draw=range(3, 4)).frame) == len(BOTH.frame) / 4


def test_questions_change_nothing():
    before = BOTH.frame.copy()
    BOTH.at("2024-02").versus("base").summary()
    BOTH.quantiles()
    BOTH.probability(at_least=100, by="2024-03")
    BOTH.to_hub()
    pd.testing.assert_frame_equal(BOTH.frame, before)


def test_a_month_that_is_not_there_is_named_with_those_that_are():
    with pytest.raises(tables.UserError, match="2030-01.*2024-01 to 2024-03"):
        BASE.at("2030-01")
    with pytest.raises(tables.UserError, match="2024-13"):
        BASE.at("2024-13")
    with pytest.raises(tables.UserError, match="empty"):
        BASE.only(engine="agents").at("2024-01")


def test_a_month_may_be_written_as_people_do():
    assert BASE.at("3/2024").frame.equals(BASE.at("2024-03").frame)
    assert BOTH.probability(at_least=116, by="03/2024").equals(BOTH.probability(at_least=116, by="2024-03"))


def test_a_word_that_nobody_knows_is_no_empty_answer_and_a_text_no_number():
    assert BASE.only(measure="active_9of12").frame.empty  # nobody projected it
    with pytest.raises(tables.UserError, match="measure: 'membrs'; expected one of members"):
        BASE.only(measure="membrs")
    with pytest.raises(tables.UserError, match="group: 'poorr'; expected one of all, poor"):
        BASE.only(group=["all", "poorr"])
    with pytest.raises(tables.UserError, match="at_least: '116'; expected a number"):
        BASE.probability(at_least="116", by="2024-03")


def test_a_column_that_is_not_there_is_named_with_those_that_are():
    with pytest.raises(tables.UserError, match="colour.*place, scenario, engine"):
        BASE.only(colour="red")
    with pytest.raises(tables.UserError, match="missing: draw, value"):
        Projection(rows().drop(columns=["draw", "value"]))


def test_quantiles_are_those_of_the_draws():
    wanted = BOTH.only(measure="members", scenario="plan").at("2024-03").quantiles([0, 0.5, 1])
    assert list(wanted["quantile"]) == [0, 0.5, 1]
    assert list(wanted["value"]) == [124.0, 125.5, 127.0]
    assert len(BOTH.quantiles()) == len(QUANTILES) * 2 * (3 + 2 * 5)


def test_the_summary_holds_nine_draws_in_ten():
    one = BASE.only(measure="members").at("2024-01").summary().iloc[0]
    assert (one["mean"], one["median"]) == (101.5, 101.5)
    assert (one["low"], one["high"]) == pytest.approx((100.15, 102.85))


def test_a_series_with_fewer_draws_is_judged_by_its_own():
    mixed = concat([BASE, Projection(rows("short", draws=range(2)))])
    ends = mixed.only(measure="members").at("2024-03").summary().set_index("scenario")["median"]
    assert ends.to_dict() == {"base": 115.5, "short": 114.5}


def test_differences_are_taken_draw_by_draw():
    gaps = BOTH.versus("base").only(measure="members").frame
    assert set(gaps["scenario"]) == {"plan"}
    assert (gaps.groupby("month", observed=True)["value"].agg(["min", "max"]).to_numpy().T == [0, 5, 10]).all()
    shuffled = Projection(BOTH.frame.sample(frac=1, random_state=1))
    assert shuffled.versus("base").only(measure="members", month="2024-03").frame["value"].eq(10).all()


def test_what_has_no_partner_is_left_out_of_differences():
    lonely = concat([BASE, Projection(rows("plan", engine="agents")), Projection(rows("plan", draws=range(2)))])
    assert set(lonely.versus("base").frame["engine"]) == {"stock"}
    assert set(lonely.versus("base").frame["draw"]) == {0, 1}
    with pytest.raises(tables.UserError, match="'never'.*'base', 'plan'"):
        BOTH.versus("never")


def test_the_probability_is_the_share_of_draws_that_get_there():
    desk = BOTH.probability(at_least=116, by="2024-03").set_index("scenario")
    assert desk["probability"].to_dict() == {"base": 0.5, "plan": 1.0}
    assert desk["standard_error"].to_dict() == {"base": 0.25, "plan": 0.0}
    assert desk["median"].to_dict() == {"base": 115.5, "plan": 125.5}
    assert desk["gap"].to_dict() == {"base": -0.5, "plan": 9.5}
    assert list(desk["draws"]) == [4, 4]


def test_a_flow_is_added_up_over_its_months():
    assert BASE.probability("entries", at_least=20, by="2024-03", since="2024-02")["probability"].item() == 1.0
    assert BASE.probability("entries", at_least=20.1, by="2024-03", since="2024-02")["probability"].item() == 0.0
    assert BASE.probability("entries", at_least=10.1, by="2024-03", since="2024-03")["probability"].item() == 0.0


@pytest.mark.parametrize("since", ["2023-12", "2024-01"])
def test_part_of_a_sum_never_passes_for_the_whole(since):
    with pytest.raises(tables.UserError, match=f"{since} to 2024-03.*2024-02 to 2024-03"):
        BASE.probability("entries", at_least=1, by="2024-03", since=since)


def test_a_probability_of_what_nobody_projected_is_an_error():
    with pytest.raises(tables.UserError, match="lapses of group poor at 2024-03"):
        BASE.probability("lapses", at_least=1, by="2024-03", group="poor")
    with pytest.raises(tables.UserError, match="2024-03 to 2024-02"):
        BASE.probability("entries", at_least=1, by="2024-02", since="2024-03")


@pytest.mark.parametrize(
    ("column", "wrong", "words"),
    [
        ("value", np.nan, "row 3 of a projection: value is nan"),
        ("draw", 0.5, "draw is 0.5; expected whole numbers"),
        ("draw", -1, "draw is -1"),
        ("draw", np.nan, "draw is nan"),
        ("draw", 2**31, "draw is"),
        ("month", "2024-1", "month is '2024-1'; expected a month written YYYY-MM"),
        ("month", "2024-13", "month is '2024-13'"),
        ("origin", "2023", "origin is '2023'"),
        ("scenario", None, "scenario is nan; expected a name"),
    ],
)
def test_a_row_that_says_nothing_certain_is_refused(column, wrong, words):
    frame = rows()
    frame[column] = frame[column].astype(object)
    frame.loc[3, column] = wrong
    with pytest.raises(tables.UserError, match=words):
        Projection(frame)


def test_a_key_that_is_there_twice_is_refused_however_it_came_in():
    twice = pd.concat([rows(), rows().iloc[[5]]])
    with pytest.raises(tables.UserError, match="each value once.*Toy, base, stock, 2024-01"):
        Projection(twice)
    with pytest.raises(tables.UserError, match="each value once"):
        concat([BASE, Projection(rows())])


def test_a_key_is_found_twice_among_more_keys_than_there_are_numbers():
    count = 1 << 10
    wide = pd.concat([rows(draws=[0], months=["2024-01"])] * count, ignore_index=True)
    for column in ("place", "scenario", "engine", "group", "measure"):
        wide[column] = [f"{column} {number}" for number in range(count)]
    wide["draw"] = 2**31 - 1 - np.arange(count)
    assert len(Projection(wide).frame) == count
    with pytest.raises(tables.UserError, match="each value once.*place 7, "):
        Projection(pd.concat([wide, wide.iloc[[7]]]))


def test_origins_are_kept_apart():
    later = rows().assign(origin="2024-02", value=lambda frame: frame["value"] + 50)
    both = concat([BASE, Projection(later)]).probability("members", at_least=160, by="2024-03")
    assert both.set_index("origin")["probability"].to_dict() == {"2024-01": 0.0, "2024-02": 1.0}
    assert both["draws"].tolist() == [4, 4]


def test_a_stock_is_not_added_up_over_months():
    with pytest.raises(tables.UserError, match="members is a stock"):
        BASE.probability("members", at_least=1, by="2024-03", since="2024-02")


def test_a_measure_that_is_not_there_is_named_with_those_that_are():
    with pytest.raises(tables.UserError, match="no 'member' in the projection; it has members, "):
        BASE.probability("member", at_least=1, by="2024-03")


def test_a_ledger_that_balances_has_no_faults():
    assert BOTH.ledger_faults().empty


@pytest.mark.parametrize("measure", ["members", *FLOWS_IN, *FLOWS_OUT])
def test_one_person_too_many_anywhere_is_found(measure):
    broken = BOTH.frame.copy()
    at = (broken["measure"] == measure) & (broken["month"] == "2024-03") & (broken["draw"] == 2)
    broken.loc[at & (broken["scenario"] == "plan"), "value"] += 1
    faults = Projection(broken).ledger_faults()
    assert list(zip(faults["scenario"], faults["month"], faults["draw"], strict=True)) == [("plan", "2024-03", 2)]
    assert abs(faults["difference"].item()) == pytest.approx(1)


def test_months_keep_their_order_when_scenarios_begin_apart():
    late, early = rows("late", months=MONTHS[1:]), rows("early")
    both = concat([Projection(late), Projection(early)])
    assert list(both.frame["month"].cat.categories) == MONTHS
    broken = early.copy()
    broken.loc[(broken["measure"] == "entries") & (broken["month"] == "2024-02"), "value"] += 1
    assert set(concat([late, broken]).ledger_faults()["month"]) == {"2024-02"}


def test_an_engine_without_flows_has_no_ledger_to_check():
    assert BASE.only(measure="members").ledger_faults().empty


def test_what_is_saved_is_read_again_and_gives_the_same_bytes(tmp_path):
    first = sha(BOTH, tmp_path / "a.parquet")
    again = Projection.read(tmp_path / "a.parquet")
    pd.testing.assert_frame_equal(again.frame, BOTH.frame)
    assert sha(again, tmp_path / "b.parquet") == first
    assert [p.name for p in sorted(tmp_path.iterdir())] == ["a.parquet", "b.parquet"]  # no half files


def test_the_same_rows_give_the_same_bytes_however_they_came_together(tmp_path):
    parts = [
        BOTH.only(scenario="base"),
        BOTH.only(scenario="plan", draw=[0]),
        BOTH.only(scenario="plan", draw=[1, 2, 3]),
    ]
    assert sha(concat(parts), tmp_path / "a.parquet") == sha(BOTH, tmp_path / "b.parquet")
    assert sha(BOTH.only(scenario="base"), tmp_path / "a.parquet") == sha(BASE, tmp_path / "b.parquet")


def test_rows_are_written_as_csv_and_as_a_workbook_too(tmp_path):
    named = Projection(rows("=1+1"))
    named.save(tmp_path / "a.csv")
    named.save(tmp_path / "a.xlsx")
    text = pd.read_csv(tmp_path / "a.csv")
    sheet = pd.read_excel(tmp_path / "a.xlsx", engine="openpyxl")
    assert list(text.columns) == list(sheet.columns) == COLUMNS
    assert set(text["scenario"]) == set(sheet["scenario"]) == {"'=1+1"}
    assert text["value"].tolist() == sheet["value"].tolist() == named.frame["value"].tolist()
    assert text["draw"].tolist() == sheet["draw"].tolist() == named.frame["draw"].tolist()
    first = (tmp_path / "a.xlsx").read_bytes()
    named.save(tmp_path / "b.xlsx")
    assert (tmp_path / "b.xlsx").read_bytes() == first
    with pytest.raises(tables.UserError, match=r"expected a name that ends in .parquet, .csv or .xlsx"):
        named.save(tmp_path / "a.ods")


def test_more_rows_than_a_sheet_holds_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(tables, "MOST_ROWS", 10)
    with pytest.raises(tables.UserError, match="and a sheet holds 9"):
        BASE.save(tmp_path / "a.xlsx")
    assert not list(tmp_path.iterdir())


def test_a_saved_projection_has_the_columns_of_the_contract(tmp_path):
    BOTH.save(tmp_path / "a.parquet")
    assert pq.read_schema(tmp_path / "a.parquet").names == COLUMNS
    assert COLUMNS == "place scenario engine origin month group measure draw value".split()


def test_a_write_that_fails_leaves_the_old_file_alone(tmp_path, monkeypatch):
    before = sha(BASE, tmp_path / "a.parquet")

    def full(table, path, **options):
        path.write_bytes(b"PAR1")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(projection.pq, "write_table", full)
    with pytest.raises(OSError, match="No space"):
        BOTH.save(tmp_path / "a.parquet")
    assert hashlib.sha256((tmp_path / "a.parquet").read_bytes()).hexdigest() == before


def _no_parquet(path):
    path.write_text("place,scenario\n")


def _empty(path):
    path.write_bytes(b"")


def _another_table(path):
    pd.DataFrame({"a": [1]}).to_parquet(path)


def _words_for_numbers(path):
    rows().astype({"value": str}).assign(value="many").to_parquet(path)


def _draws_that_are_missing(path):
    rows().assign(draw=None).to_parquet(path)


NO_PROJECTIONS = {
    "text": _no_parquet,
    "empty": _empty,
    "another table": _another_table,
    "words for numbers": _words_for_numbers,
    "missing draws": _draws_that_are_missing,
    "folder": lambda path: path.mkdir(),
    "nothing": lambda path: None,
}


@pytest.mark.parametrize("made", NO_PROJECTIONS)
def test_a_file_that_is_no_projection_is_named(made, tmp_path):
    path = tmp_path / "some file.parquet"
    NO_PROJECTIONS[made](path)
    with pytest.raises(tables.UserError, match="some file.parquet: .*projection.parquet of a run"):
        Projection.read(path)


def test_the_hub_table_has_the_columns_and_dates_of_the_forecast_hubs():
    hub = BOTH.only(measure="members").to_hub()
    assert list(hub.columns) == (
        "location scenario_id model_id origin_date target_end_date target output_type output_type_id value".split()
    )
    assert set(hub["origin_date"]) == {"2024-01-31"}
    assert set(hub["target_end_date"]) == {"2024-02-29", "2024-03-31"}  # the opening stock is no forecast
    assert set(hub["output_type"]) == {"quantile"}
    assert set(hub["output_type_id"]) == set(QUANTILES)
    middle = hub[(hub["scenario_id"] == "base") & (hub["output_type_id"] == 0.5)]
    assert list(middle["value"]) == [108.5, 115.5]


def test_hub_samples_are_the_draws_and_groups_are_targets_of_their_own():
    hub = concat([BASE, Projection(rows(group="poor"))]).only(measure="members").to_hub(quantiles=None)
    assert set(hub["output_type"]) == {"sample"}
    assert set(hub["output_type_id"]) == {0, 1, 2, 3}
    assert set(hub["target"]) == {"members", "members:poor"}
    assert len(hub) == 2 * 2 * 4


def test_nothing_at_all_has_answers_of_the_same_form():
    nothing = BASE.only(engine="agents")
    assert nothing.frame.empty
    assert list(nothing.quantiles().columns) == list(BASE.quantiles().columns)
    assert list(nothing.summary().columns) == list(BASE.summary().columns)
    assert list(nothing.to_hub().columns) == list(BASE.to_hub().columns)
    assert nothing.ledger_faults().empty
    assert concat([]).frame.empty


names = st.text(st.characters(codec="utf-8", exclude_categories=("Cs",)), min_size=1, max_size=8)
tables_of_rows = st.lists(
    st.tuples(
        names,
        names,
        st.sampled_from(["agents", "stock"]),
        st.sampled_from(MONTHS),
        st.sampled_from(MONTHS),
        st.sampled_from(["all", *tables.GROUPS]),
        st.sampled_from(list(tables.MEASURES)),
        st.integers(0, 2**31 - 1),
        st.floats(allow_nan=False),
    ),
    max_size=6,
)


@settings(max_examples=25)
@given(st.lists(tables_of_rows, max_size=4))
def test_any_parts_come_back_whole_and_in_order(tmp_path_factory, parts):
    keys = set()
    parts = [[row for row in part if row[:-1] not in keys and not keys.add(row[:-1])] for part in parts]
    path = tmp_path_factory.mktemp("any") / "a.parquet"
    frames = [pd.DataFrame(part, columns=COLUMNS) for part in parts]
    whole = concat(frames)
    assert list(whole.frame.itertuples(index=False, name=None)) == [row for part in parts for row in part]
    first = sha(whole, path)
    again = Projection.read(path)
    assert list(again.frame.itertuples(index=False, name=None)) == list(whole.frame.itertuples(index=False, name=None))
    assert sha(again, path) == first
