"""Conflicts in published figures are found by arithmetic, named with it, and vanish when the figures are mended."""

import doctest
import shutil

import numpy as np
import pandas as pd
import pytest

from forecast.beliefs import parameters
from forecast.checks import check, conflicts, findings, plans
from forecast.data import tables

DATA = tables.data_dir()


@pytest.fixture(scope="module")
def history():
    return tables.read(DATA / "history.csv", "history")


@pytest.fixture(scope="module")
def setting():
    places = tables.read(DATA / "places.csv", "places")
    return findings.Setting(places[~places["place"].str.contains("/") | (places["level"] == "commune_group")])


@pytest.fixture(scope="module")
def found(history, setting):
    return findings.find(history, setting)


def one(found, rule, place, **numbers):
    """Return the only finding of a rule about a place, if need be the one with these numbers."""
    near = [
        f
        for f in found
        if f.rule == rule
        and f.place == place
        and all(f.numbers[name] == pytest.approx(value) for name, value in numbers.items())
    ]
    assert len(near) == 1, near
    return near[0]


def rows(history, **equal):
    """Return the index of the rows with these values."""
    keep = np.logical_and.reduce([history[name] == value for name, value in equal.items()])
    assert keep.any()
    return history.index[keep]


@pytest.mark.parametrize("module", [check, conflicts, findings, plans])
def test_examples_in_the_docstrings_hold(module):
    assert doctest.testmod(module).failed == 0


def test_the_project_has_no_fault_and_no_unmarked_conflict():
    found = check.check_project()
    assert not check.failed(found), [f for f in found if f.severity in (findings.FAULT, findings.NEW)]
    assert {f.severity for f in found} == {findings.KNOWN, findings.NOTE}


def test_kept_findings_are_the_same_and_are_made_again_when_a_file_has_changed(monkeypatch, tmp_path):
    monkeypatch.setenv("FORECAST_DATA", str(shutil.copytree(tables.data_dir(), tmp_path / "data")))
    found = check.check_project(tmp_path / "kept")
    with monkeypatch.context() as patch:
        patch.setattr(check, "_check_project", lambda: pytest.fail("checked again"))
        assert check.check_project(tmp_path / "kept") == found
    (tmp_path / "data" / "scenarios" / "da-bac-plan.yaml").write_text("scenario: [")
    assert check.failed(check.check_project(tmp_path / "kept"))


@pytest.mark.parametrize(
    ("rule", "place", "severity", "numbers"),
    [
        ("yearly-step", "Cà Mau", "known conflict", {"shortfall": 15_680, "needed": 19_920, "reached": 100_720}),
        ("yearly-step", "Cà Mau", "known conflict", {"reached": 84_694, "goal": 86_383, "shortfall": 1_689}),
        ("moving-denominator", "Cà Mau", "known conflict", {"first": 612_000, "second": 593_574.7}),
        ("moving-denominator", "Cà Mau", "known conflict", {"first": 663_963, "second": 695_032}),
        ("falling-labor-force", "Cà Mau", "known conflict", {"first": 639_416, "second": 565_334}),
        ("liable-exceed-labor-force", "Cà Mau", "known conflict", {"eligible": 593_574.7, "labor_force": 565_334}),
        ("liable-exceed-labor-force", "Cà Mau", "known conflict", {"eligible": 612_000, "left": 575_922}),
        ("gross-net", "Hà Nội/30 xã điểm", "known conflict", {"gross": 3_450, "net": 3_100, "left": 350}),
        (
            "outflow",
            "Hà Nội/30 xã điểm",
            "known conflict",
            {"elsewhere": 39.66, "gross": 25_221, "net": 14_600, "low": 14.72, "high": 21.81},
        ),
        ("zero-dropout", "Hà Nội", "known conflict", {"new": 37_000, "needed": 50_739}),
        ("two-targets", "Hà Nội", "known conflict", {"plan": 63_167, "persons": 48_692}),
        ("two-stocks", "Hà Nội", "known conflict", {"value": 63_000, "other": 63_300}),
        ("growth-difference", "Hà Nội", "note", {"computed": 29.98, "growth": 30.06}),
        ("pilot-selection", "Hà Nội/30 xã điểm", "note", {"models": 113.3, "others": 82.5}),
        ("commune-goal", "Hà Nội", "note", {"total": 115_800, "goal": 100_000}),
        (
            "claim",
            "Đông Triều",
            "known conflict",
            {"voluntary_si attainment": 97.1, "household_hi attainment": 95, "compulsory_si attainment": 55},
        ),
        ("claim", "Đà Bắc", "known conflict", {"voluntary_si attainment": 86.4, "voluntary_si money": 86.7}),
        (
            "quota-plan",
            "Đà Bắc",
            "known conflict",
            {"explained": 90, "explained_all": 170, "members": 648, "year": 108, "year_all": 204, "per_month": 62.5},
        ),
        ("even-pace", "Đà Bắc", "note", {"pace": 64.8, "met": 11.57}),
        ("even-pace", "Đông Triều", "note", {"percent": 99.3, "plan": 3_656}),
        ("staff-quota", "Đông Triều", "note", {"recruits": 389, "growth": 959}),
        ("year-to-date", "Đông Triều", "known conflict", {"billion": 383.9, "months": 11}),
        ("unit-gone", "Cà Mau", "note", {}),
        ("list-order", "Gia Lai", "known conflict", {"value": 61, "above": 636, "below": 608}),
        ("two-stocks", "Việt Nam", "known conflict", {"value": 1_510_000, "other": 1_350_000}),
        ("two-stocks", "Nghệ An", "known conflict", {"value": 77_232, "other": 77_381}),
        ("growth-difference", "Hà Nội", "known conflict", {"computed": 30.4, "growth": 30.87}),
        ("season-mix", "Việt Nam", "note", {}),
    ],
)
def test_each_rule_finds_its_conflict(found, rule, place, severity, numbers):
    near = [f for f in found if (f.rule, f.place, f.severity) == (rule, place, severity)]
    assert any(all(f.numbers[n] == pytest.approx(v, rel=1e-3) for n, v in numbers.items()) for f in near), near


def test_every_rule_that_is_registered_is_tried_here():
    tried = {
        mark
        for test in (test_each_rule_finds_its_conflict, test_arithmetic_that_is_wrong_is_found)
        for m in test.pytestmark
        for mark in (case[0] for case in m.args[1])
    }
    own = {name for name in findings.RULES if name.startswith("own-")}  # of one's own files: test_counts.py
    assert tried == set(findings.RULES) - own


def test_messages_name_the_shortfall_in_both_languages(found):
    step = one(found, "yearly-step", "Cà Mau", shortfall=15_680)
    assert "15,680 short" in step.message_en
    assert "thiếu 15.680" in step.message_vi
    assert "10/2020" in one(found, "quota-plan", "Đà Bắc").message_vi


def test_every_known_conflict_is_new_once_its_mark_is_taken_away(history, setting, found):
    bare = history.assign(
        status=history["status"].replace("conflicting", "stated"),
        note=history["note"].str.replace(r"conflict:[a-z-]+;? ?", "", regex=True),
    )
    again = findings.find(bare, setting)
    known = {(f.rule, f.row) for f in found if f.severity == findings.KNOWN}
    fresh = {(f.rule, f.row) for f in again if f.severity == findings.NEW}
    assert known
    # a stock without its mark may itself become the reference, so two-stocks may name the other row of the pair
    assert {pair for pair in known if pair[0] != "two-stocks"} <= fresh
    assert any(rule == "two-stocks" for rule, _ in fresh)
    assert check.failed(again)


def test_a_mark_for_one_rule_does_not_hide_another(history, setting):
    changed = history.copy()
    share = rows(history, place="Cà Mau", measure="members_share", month="2025-12", scheme="voluntary_si")
    changed.loc[share, "note"] = "conflict:liable-exceed-labor-force"
    changed.loc[
        rows(history, place="Cà Mau", measure="members_share", month="2021-12", scheme="voluntary_si"),
        ["note", "status"],
    ] = ["", "stated"]
    again = findings.find(changed, setting, only=["moving-denominator", "liable-exceed-labor-force"])
    severity = {(f.rule, f.row): f.severity for f in again}
    assert severity["moving-denominator", share[0] + 2] == findings.NEW
    assert severity["liable-exceed-labor-force", share[0] + 2] == findings.KNOWN


@pytest.mark.parametrize(
    ("rule", "where", "value"),
    [
        ("yearly-step", {"measure": "members_change_per_year", "scheme": "voluntary_si"}, 19_920),
        ("yearly-step", {"measure": "members_change_per_year", "scheme": "compulsory_si"}, 5_722.25),
        (
            "falling-labor-force",
            {"measure": "members_share", "scheme": "compulsory_si", "month": "2025-12", "place": "Cà Mau"},
            13.5,
        ),
        ("gross-net", {"measure": "entries_per_commune", "level": "commune_group"}, 103.4),
        ("zero-dropout", {"measure": "entries", "month": "2022-12", "place": "Hà Nội"}, 51_000),
        ("two-stocks", {"measure": "members", "value": 63_000}, 63_300),
        ("growth-difference", {"measure": "members_growth", "place": "Hà Nội", "month": "2021-12"}, 29.98),
        ("list-order", {"measure": "campaign_entries", "place": "Gia Lai"}, 617),
        ("quota-plan", {"measure": "quota_per_agency"}, 7),
        ("year-to-date", {"measure": "money", "place": "Đông Triều"}, 34.9e9),
        ("even-pace", {"measure": "members", "place": "Đông Triều", "kind": "plan", "scheme": "voluntary_si"}, 3_500),
    ],
)
def test_a_conflict_vanishes_when_the_arithmetic_is_mended(history, setting, found, rule, where, value):
    mended = history.copy()
    which = rows(history, **where)
    assert len(which) == 1
    mended.loc[which, "value"] = value
    before = [f for f in found if f.rule == rule]
    assert len(findings.find(mended, setting, only=[rule])) == len(before) - 1


@pytest.mark.parametrize(
    ("rule", "where", "value"),
    [
        ("formula", {"place": "Đông Triều", "measure": "members", "month": "2020-11"}, 2_700),
        ("attainment", {"place": "Tuyên Quang", "measure": "plan_attainment"}, 117),
        ("share-of-parent", {"measure": "members_share_of_parent"}, 12.5),
        ("growth-difference", {"measure": "members_growth", "place": "Hà Nội", "month": "2021-12"}, 35.0),
        ("list-order", {"measure": "campaign_entries", "place": "Trà Vinh"}, 92.5),
    ],
)
def test_arithmetic_that_is_wrong_is_found(history, setting, rule, where, value):
    wrong = history.copy()
    wrong.loc[rows(history, **where), "value"] = value
    fails = (findings.NEW, findings.FAULT)
    assert not [f for f in findings.find(history, setting, only=[rule]) if f.severity in fails]
    bad = [f for f in findings.find(wrong, setting, only=[rule]) if f.severity in fails]
    assert [f.row for f in bad] == [rows(history, **where)[0] + 2]
    assert check.failed(bad)


def test_an_observation_of_a_unit_that_is_gone_is_a_new_conflict(history, setting):
    late = history.copy()
    count = rows(history, place="Cà Mau", measure="members", month="2022-06", scheme="voluntary_si")
    late.loc[count, "month"] = "2026-06"
    bad = [f for f in findings.find(late, setting, only=["unit-gone"]) if f.severity == findings.NEW]
    assert [f.place for f in bad] == ["Cà Mau"]


def test_rules_survive_any_numbers(history, setting):
    rng = np.random.default_rng(5)
    for _ in range(4):
        odd = history[rng.random(len(history)) > 0.1].copy()
        hit = rng.random(len(odd)) < 0.3
        odd.loc[hit, "value"] = rng.choice([0.0, -1.0, 1e12, np.nan, 1e-9, 3.0], hit.sum())
        for finding in findings.find(odd, setting):
            assert finding.message_en
            assert check.as_dict(finding)


def test_a_parameter_that_the_engines_read_has_a_row(tmp_path, monkeypatch):
    rows = tables.read(tables.data_dir() / "parameters.csv", "parameters")
    tables.write(rows[rows["parameter"] != "annual_lapse"], tmp_path / "parameters.csv")
    monkeypatch.setenv("FORECAST_DATA", str(tmp_path))
    bad = [f for f in check.check_files([tmp_path / "parameters.csv"]) if f.rule == "parameter"]
    assert len(bad) == 1 and "annual_lapse" in bad[0].message_vi and "a row for" in bad[0].message_en
    with pytest.raises(tables.TableError, match="a row for annual_lapse"):
        parameters.parameters_table()


def test_names_are_told_apart_but_for_those_that_the_ledger_keeps(tmp_path):
    text = "scenario: {name}\nplace: Đà Bắc\nstart: 2019-06\nuntil: 2020-12\n"
    for name in ("top-up", "top_up"):
        (tmp_path / f"{name}.yaml").write_text(text.format(name=name), encoding="utf-8")
    assert "like-names" in {f.rule for f in check.check_files([tmp_path])}
    tables.write(pd.DataFrame(columns=tables.columns("published")), tmp_path / "published.csv")
    assert "like-names" not in {f.rule for f in check.check_files([tmp_path])}


def test_a_source_that_nobody_lists_is_a_fault(tmp_path, history):
    changed = history.copy()
    changed.loc[3, "source"] = "hearsay"
    tables.write(changed, tmp_path / "history.csv")
    bad = [f for f in check.check_files([tmp_path / "history.csv"]) if f.severity == findings.FAULT]
    assert [(f.row, f.rule) for f in bad] == [(5, "unknown-source")]


def test_a_place_that_nobody_lists_is_a_fault(tmp_path, history):
    changed = history.copy()
    changed.loc[3, "place"] = "Atlantis"
    tables.write(changed, tmp_path / "history.csv")
    bad = [f for f in check.check_files([tmp_path / "history.csv"]) if f.severity == findings.FAULT]
    assert [(f.row, f.rule, f.place) for f in bad] == [(5, "unknown-place", "Atlantis")]


def test_a_table_is_known_by_its_header(tmp_path, history):
    tables.write(history.head(3), tmp_path / "my own name.csv")
    assert check.table_of(tmp_path / "my own name.csv") == "history"
    assert not check.failed(check.check_files([tmp_path / "my own name.csv"]))


def test_a_place_and_a_source_of_ones_own_may_stand_beside_the_file(tmp_path, history):
    own = history.head(2).assign(place="Atlantis", level="district", source="my-office")
    tables.write(own, tmp_path / "history.csv")
    tables.write(
        pd.DataFrame([["my-office", "Báo cáo", "BHXH", "", ""]], columns=tables.columns("sources")),
        tmp_path / "sources.csv",
    )
    row = {"place": "Atlantis", "level": "district", "parent": "Hòa Bình", "since": "2008-01", "until": "2025-06"}
    places = pd.DataFrame([row]).reindex(columns=tables.columns("places"))
    text = ["source", "note"]
    tables.write(places.assign(**dict.fromkeys(text, "my-office")), tmp_path / "places.csv")
    assert not check.failed(check.check_files([tmp_path]))
    (tmp_path / "sources.csv").unlink()
    assert {f.rule for f in check.check_files([tmp_path]) if f.severity == findings.FAULT} == {"unknown-source"}


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("notes.csv", b"a,b\n1,2\n"),
        ("empty.csv", b""),
        ("history.csv", b"\xff\xfe\x00"),
        ("law.csv", b'a,"b\n'),
        ("run.parquet", b"not parquet"),
        ("plan.yaml", b"scenario: [1\n"),
        ("plan.yml", b"- 1\n"),
        ("absent.csv", None),
    ],
)
def test_a_file_that_cannot_be_read_is_one_fault_and_no_exception(tmp_path, name, content):
    if content is not None:
        (tmp_path / name).write_bytes(content)
    found = check.check_files([tmp_path / name])
    assert found
    assert all(f.severity == findings.FAULT and f.file == name for f in found)


def ledger():
    """Return a small projection whose ledger balances and whose groups add up."""
    flows = {"entries": 5.0, "returns": 1.0, "lapses": 3.0, "exits_compulsory": 1.0, "exits_other": 0.5}
    out = []
    for draw in range(2):
        for group, size in zip((*tables.GROUPS, "all"), (1, 2, 3, 4, 10), strict=True):
            for t in range(3):
                values = {"members": 100.0 + 1.5 * t} | (flows if t else {})
                out += [
                    ["Toy", "s", "stock", "2021-12", f"2022-{t + 1:02d}", group, measure, draw, size * value]
                    for measure, value in values.items()
                ]
    return pd.DataFrame(out, columns=tables.columns("projection"))


def test_a_projection_that_balances_has_no_findings(tmp_path):
    ledger().to_parquet(tmp_path / "projection.parquet")
    assert check.check_files([tmp_path]) == []


@pytest.mark.parametrize(("group", "rules"), [("all", {"ledger", "groups"}), ("poor", {"ledger", "groups"})])
def test_a_lost_person_is_found_in_the_ledger_and_in_the_groups(tmp_path, group, rules):
    frame = ledger()
    hit = frame.query("group == @group and measure == 'entries' and draw == 1 and month == '2022-02'").index
    frame.loc[hit, "value"] += 1
    frame.to_parquet(tmp_path / "projection.parquet")
    found = check.check_files([tmp_path / "projection.parquet"])
    assert {f.rule for f in found} == rules
    assert all(abs(f.numbers["worst"]) == pytest.approx(1) for f in found)
    assert check.failed(found)


def test_findings_are_told_worst_first_and_counted(found):
    text = check.as_text(found, "en").splitlines()
    assert text[0].startswith("known conflict")
    assert text[-1] == ", ".join(f"{sum(f.severity == s for f in found)} {s}s" for s in ("known conflict", "note"))
    assert len(check.to_frame(found, "vi")) == len(found)
