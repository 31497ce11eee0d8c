"""What is kept with the data: used while all that it was learned from stands, else refused with what changed."""

import json
import shutil

import pandas as pd
import pytest

from forecast.beliefs import posterior
from forecast.calibration.likelihood import Model
from forecast.data import tables, toy
from forecast.data.tables import UserError
from forecast.experiment.manifest import fingerprint
from forecast.question.scenario import Scenario

DRAWS = pd.read_csv(tables.data_dir() / posterior.STORED / posterior.DRAWS).head(20)


@pytest.fixture
def kept(tmp_path, monkeypatch):
    """A data folder of one's own with a posterior in it that was learned from Cà Mau."""
    folder = tmp_path / "data"
    shutil.copytree(tables.data_dir(), folder, ignore=shutil.ignore_patterns(posterior.STORED))
    monkeypatch.setattr(tables, "data_dir", lambda: folder)
    learned = Model()
    told = {"places": learned.places, "asked": learned.asked, "months": learned.months}
    posterior.store(DRAWS, told, learned.read, {"checks": pd.DataFrame({"item": ["x"]})})
    return folder


def ca_mau() -> Scenario:
    return Scenario("q", "Cà Mau", start="2021-12", until="2022-06", learned=posterior.KEPT)


def test_what_is_kept_is_taken_by_a_real_place_that_asks_and_by_no_invented_one(kept):
    found = posterior.learned(ca_mau())
    assert found.frame["rush"].to_numpy() == pytest.approx(DRAWS["rush"].to_numpy(), rel=1e-5)
    assert (kept / posterior.STORED / "checks.csv").is_file()
    assert posterior.learned(ca_mau().but(learned=posterior.PRIORS)) is None
    invented = Scenario("q", toy.place(), start="2021-12", until="2022-06", law=toy.law(), learned=posterior.KEPT)
    assert posterior.learned(invented) is None
    assert fingerprint(ca_mau()) != fingerprint(ca_mau().but(learned=posterior.PRIORS))


def change(folder, file: str, old: str, new: str) -> None:
    text = (folder / file).read_text(encoding="utf-8")
    assert old in text
    (folder / file).write_text(text.replace(old, new, 1), encoding="utf-8")


VISITS = "policy:\n  - {lever: Visits, count: 1}"


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        ("history.csv", ",26948,", ",26949,", "Cà Mau 2021-12 members.*26948 persons.* then, 26949 persons.* now"),
        ("history.csv", ",8700,", ",8701,", "Lào Cai 2023-10 members.*8700"),  # its groups are shares of it
        (
            "history.csv",
            "2021-12,income_per_head,all,3100000",
            "2021-12,income_per_head,all,3200000",
            "Cà Mau 2021-12 income_per_head.*3100000",
        ),
        ("history.csv", "collectors,all,1058,", "collectors,all,1059,", "Cà Mau 2022-12 collectors"),
        ("parameters.csv", "rush,parameter,7,3,12", "rush,parameter,7,3,13", "rush: 7 .3 to 12, distance 2. then"),
        (
            "parameters.csv",
            "gift_retention,parameter,0.15",
            "gift_retention,parameter,0.2",
            "gift_retention: 0.15 then",
        ),
        ("law.csv", "2025-12,1500000,", "2025-12,1500001,", "min_declared_income all Việt Nam 2022-01.*1500000 then"),
        ("scenarios/dong-trieu-plan.yaml", "policy:", VISITS, "policy: .* then"),
        ("scenarios/da-bac-plan.yaml", "policy:", VISITS, "policy: .* then"),
    ],
)
def test_what_was_learned_is_refused_where_what_it_was_learned_from_changed(kept, file, old, new, said):
    change(kept, file, old, new)
    with pytest.raises(UserError, match=f"learned from other rows than there are now: {file}: .*{said}"):
        posterior.learned(ca_mau())


def test_a_rule_that_was_not_there_and_a_place_or_file_that_is_gone_are_refused(kept):
    rule = "voluntary_si,local_top_up_share,poor,Cà Mau,2022-02,,0.1,share,x,recalled,recalled\n"
    with (kept / "law.csv").open("a", encoding="utf-8") as end:
        end.write(rule)
    with pytest.raises(UserError, match="local_top_up_share poor Cà Mau 2022-02 to 2024-09: none then, 0.1 now"):
        posterior.learned(ca_mau())
    change(kept, "law.csv", rule, "")
    assert posterior.learned(ca_mau()) is not None
    (kept / "scenarios" / "da-bac-plan.yaml").unlink()
    with pytest.raises(UserError, match="scenarios/da-bac-plan.yaml: policy: .* then, none now"):
        posterior.learned(ca_mau())


UNREAD = [
    ("history.csv", "members,all,116400,", "members,all,116401,"),  # a plan
    ("parameters.csv", "gift_retention,parameter,0.15,0.05,0.35", "gift_retention,parameter,0.15,0.05,0.45"),
    ("law.csv", "2200000,", "2300000,"),  # the floor of 2027
    ("evidence.csv", ",0.94,", ",0.95,"),
    ("scenarios/dong-trieu-plan.yaml", "title:", "# a remark\ntitle:"),
    ("scenarios/ca-mau-plan.yaml", "policy:", VISITS),
]


@pytest.mark.parametrize(("file", "old", "new"), UNREAD)
def test_what_calibration_never_reads_may_change(kept, file, old, new):
    change(kept, file, old, new)
    assert posterior.learned(ca_mau()) is not None and posterior.unread() == []


COUNT = "voluntary_si,{0},province,{1},members,all,{2},persons,observation,stated,,vss-10455,,,,,\n"


def test_newer_counts_take_nothing_from_what_was_learned_and_are_named(kept):
    before = posterior.learned(ca_mau()).digest
    with (kept / "history.csv").open("a", encoding="utf-8") as end:
        for place, month, value in (
            ("Cà Mau", "2023-06", 25000),
            ("Lào Cai", "2024-12", 15000),
            ("Thanh Hóa", "2023-12", 50000),
            ("Thanh Hóa", "2024-12", 60000),
        ):
            end.write(COUNT.format(place, month, value))
    with (kept / "parameters.csv").open("a", encoding="utf-8") as end:
        end.write("phone_gain,parameter,0.1,0.05,0.2,0,,,times,,,judgement,stated,makers,2026,,new\n")
    assert posterior.learned(ca_mau()).digest == before
    said = posterior.unread()
    assert sorted(line.split(" (")[0] for line in said) == [
        "Cà Mau 2023-06 members",
        "Lào Cai 2024-12 members",
        "Thanh Hóa 2018-12 income_per_head",
        "Thanh Hóa 2023-12 members",
        "Thanh Hóa 2024-12 members",
    ]


def test_what_is_kept_with_the_project_is_taken_while_it_is_current_and_else_refused_with_what_changed():
    """Its list of items is what calibration reads today, or the first that differ are named."""
    used = pd.read_csv(tables.data_dir() / posterior.STORED / posterior.USED, dtype="str", keep_default_na=False)
    today = Model().read.astype(str)
    before, now = (dict(zip(table["item"], table["value"], strict=True)) for table in (used, today))
    changed = [item for item, value in before.items() if now.get(item) != value]
    if not changed:
        assert posterior.learned(ca_mau()) is not None
        return
    with pytest.raises(UserError, match="learned from other rows than there are now") as refused:
        posterior.learned(ca_mau())
    assert any(item in str(refused.value) for item in changed)
    assert "forecast calibrate --store" in str(refused.value)


def test_nothing_kept_is_said(kept):
    (kept / posterior.STORED / posterior.DRAWS).unlink()
    with pytest.raises(UserError, match="no such file; expected what forecast calibrate --store keeps"):
        posterior.learned(ca_mau())


def test_who_uses_what_is_kept_hears_which_counts_it_was_learned_without(kept, tmp_path, run):
    with (kept / "history.csv").open("a", encoding="utf-8") as end:
        end.write(COUNT.format("Cà Mau", "2023-06", 25000))
    asked = [str(kept / "scenarios" / "da-bac-status-quo.yaml"), "--engines", "stock", "--draws", "2", "--jobs", "1"]
    result = run("project", *asked, "--posterior", "stored", "--out", tmp_path / "r")
    assert result.exit_code == 0, result.output
    assert "note: the stored parameters were learned without Cà Mau 2023-06 members" in result.output
    (said,) = json.loads((tmp_path / "r" / "manifest.json").read_text(encoding="utf-8"))["learned_without"]
    assert said.startswith("Cà Mau 2023-06 members")
