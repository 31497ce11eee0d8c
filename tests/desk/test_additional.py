"""Promises about what a policy adds, person by person."""

import re

import numpy as np
import pytest

from forecast.data import toy
from forecast.data.tables import UserError
from forecast.desk import additionality as additional
from forecast.desk.compare import comparison
from forecast.experiment.project import project
from forecast.question import levers
from forecast.question.scenario import Scenario
from forecast.show import additionality as additional_charts
from forecast.show import policy

QUO = Scenario("status quo", toy.place(), start="2021-12", until="2025-12", law=toy.law())
TOP_UP = QUO.with_policy("top-up", levers.Policy(levers.TopUp(share=0.5, start="2022-01", end="2023-06")))
DRAWS = 12


def added(base, policy, **run):
    """Who differs under one policy."""
    return additional.follow(base, [policy], **run)[1][0]


@pytest.fixture(scope="module")
def found():
    return added(QUO, TOP_UP, draws=DRAWS, jobs=1, progress=False)


@pytest.fixture(scope="module")
def answer():
    return project([QUO, TOP_UP], ["agents"], draws=DRAWS, jobs=1, progress=False)


@pytest.fixture(scope="module")
def table(found, answer):
    return additional.table(found, QUO, TOP_UP, answer)


def median(table, measure, **where):
    rows = table[(table["measure"] == measure) & (table["group"] == where.pop("group", "all"))]
    for column, value in where.items():
        rows = rows[rows[column] == value]
    assert len(rows) == 1
    return rows["median"].iloc[0]


def test_the_kinds_of_people_add_up_to_what_the_projections_differ_by(found, answer):
    gaps = answer.versus(QUO.scenario).only(measure="members").frame
    years = gaps[gaps["group"] == "all"].groupby("draw", observed=True)["value"].sum() / 12
    assert np.allclose(found.people.groupby("draw")["member_years"].sum(), years, atol=1e-9)
    by_group = gaps[gaps["group"] != "all"].groupby(["draw", "group"], observed=True)["value"].sum().sort_index() / 12
    ours = found.people.groupby(["draw", "group"])["member_years"].sum().sort_index()
    assert np.allclose(ours, by_group.loc[ours.index], atol=1e-9)


def test_people_are_counted_once_and_entries_are_those_of_the_ledger(found, answer):
    entries = answer.only(scenario="top-up", measure="entries", group="all").frame
    assert np.array_equal(
        found.people.groupby("draw")["entries"].sum(), entries.groupby("draw", observed=True)["value"].sum()
    )
    opened = found.people[found.people["kind"] == "already"].groupby("draw")["persons"].sum()
    assert (opened == QUO.opening[0]).all()


def test_months_with_a_subsidy_are_those_that_the_ledger_says_were_paid(found, answer):
    """Nobody reaches the cap of 120 months in the toy place's two years, so that every paid month carries support."""
    paid = answer.only(scenario="top-up", measure="paid_months", group="all").frame
    paid = paid[(paid["month"].astype(str) >= "2022-01") & (paid["month"].astype(str) <= "2023-06")]
    ours = found.people.groupby("draw")["supported"].sum()
    ledger = paid.groupby("draw", observed=True)["value"].sum()
    assert (ours <= ledger).all()
    assert (ours > 0.9 * ledger).all()


def test_a_top_up_goes_mostly_to_those_who_would_have_paid_anyway(table, answer):
    dead = median(table, "dead_weight", payer="province")
    money = comparison(answer, "status quo").set_index(["group", "measure", "payer"])["median"]
    spent = money["all", "money", "province"]
    assert 0.3 * spent < dead < spent
    assert median(table, "member_years", kind="instead") <= 0 < median(table, "persons", kind="sooner")


def test_what_remains_shrinks_after_the_money_stops(found, table):
    path = additional.after(found, QUO, TOP_UP).set_index("month")
    assert path.loc["2021-12", "median"] == 0
    assert list(path.index[path["acting"]]) == [str(m) for m in QUO.months[1:19]]
    assert path.loc["2023-06", "median"] > path.loc["2024-06", "median"] > path.loc["2025-12", "median"] > 0
    assert (path["net"] <= path["median"]).all()
    assert 0 < median(table, "net") < median(table, "stayed") < 1


def test_what_training_leaves_behind_is_not_the_policy_any_more():
    taught = QUO.with_policy("taught", levers.Policy(levers.Training(start="2022-01", end="2022-12")))
    assert taught.plan.training[-1].max() > 0  # it fades, and is not gone
    assert additional.acting(QUO, taught) == (1, 12)
    assert additional.acting(taught, QUO) == (1, 12)  # nor is it where it is left out
    assert additional.acting(QUO, QUO) == (0, 0)


def test_a_policy_that_changes_nothing_adds_nobody():
    same = added(QUO, QUO.with_policy("same", levers.Policy()), draws=2, jobs=1, progress=False)
    assert same.people["member_years"].abs().sum() == 0
    assert set(same.people.loc[same.people["persons"] > 0, "kind"]) == {"anyway", "already"}
    assert same.months["gap"].abs().sum() == 0


def test_the_answer_does_not_depend_on_the_cores(found):
    two = added(QUO, TOP_UP, draws=DRAWS, jobs=2, progress=False)
    for ours, theirs in zip(found, two, strict=True):
        assert ours.equals(theirs)


def test_a_top_up_for_the_poor_alone_reaches_the_poor():
    poor = QUO.with_policy("poor", levers.Policy(levers.TopUp(group="poor", share=0.6, start="2022-01")))
    found = added(QUO, poor, draws=DRAWS, jobs=1, progress=False)
    table = additional.table(found, QUO, poor, project([QUO, poor], ["agents"], draws=DRAWS, jobs=1, progress=False))
    assert median(table, "equity") > 0.8
    assert median(table, "creaming") > 1
    assert "stayed" not in set(table["measure"])  # it acts to the end


def test_following_people_answers_like_a_projection(found, answer):
    """One pass through both worlds gives the rows of `project` and the people of each policy."""
    other = QUO.with_policy("meetings", levers.Policy(levers.Meetings(count=2, start="2022-02")))
    rows, both = additional.follow(QUO, [other, TOP_UP], draws=DRAWS, jobs=1, progress=False)
    names = ["scenario", "month", "group", "measure", "draw"]

    def sorted_rows(answer):
        return answer.frame[[*names, "value"]].astype(dict.fromkeys(names, str)).sort_values(names, ignore_index=True)

    assert sorted_rows(rows.only(scenario=["status quo", "top-up"])).equals(sorted_rows(answer))
    assert [ours.equals(theirs) for ours, theirs in zip(both[1], found, strict=True)] == [True, True]
    assert not both[0].people.equals(found.people)


def test_quality_has_a_row_for_each_mark_and_flags_what_is_beyond_its_limit(table, answer):
    shown = {lang: additional_charts.quality_table(table, lang) for lang in ("vi", "en")}
    assert sum(line.startswith("|") for line in shown["en"].splitlines()) == 2 + len(additional_charts.QUALITY)
    beyond = additional.paper(table)
    assert shown["en"].count("a sign of growth on paper") == len(beyond)
    entries = answer.only(scenario="top-up", measure="entries", group="all").frame.astype({"month": str})
    year = entries[entries["month"].str.startswith("2025")].groupby("draw", observed=True)["value"].sum()
    december = entries[entries["month"] == "2025-12"].set_index("draw")["value"]
    assert median(table, "rush") == pytest.approx((december / year).median())


@pytest.mark.parametrize(("lang", "usual"), [("vi", "giữ nguyên cách làm cũ"), ("en", "the status quo")])
def test_what_a_policy_is_compared_with_is_named(table, answer, lang, usual):
    compared = comparison(answer, "status quo")
    for base in ("", "kế hoạch A"):
        said = [
            policy.added_text(compared, lang, base=base),
            policy.versus(compared, lang, base=base).alt,
        ]
        for text in said:
            assert (usual in text) == (not base)
            assert ("“kế hoạch A”" in text) == bool(base)


def test_two_questions_are_not_compared():
    other = Scenario("other", toy.place(), start="2021-12", until="2026-12", law=toy.law())
    with pytest.raises(UserError, match="expected the same place and months"):
        added(QUO, other, draws=1, progress=False)


def test_months_paid_by_those_who_came_and_those_who_paid_once(found, table):
    people = found.people
    assert (people["once"] <= people["entries"]).all()
    assert median(table, "paid_per_entry") == pytest.approx(
        (people.groupby("draw")["paid"].sum() / people.groupby("draw")["entries"].sum()).median()
    )
    assert 1 <= median(table, "paid_per_entry") <= 48


@pytest.mark.parametrize(
    ("lang", "wanted"),
    [
        ("en", "gain about 120 member-years, more than all together (100): others lose about 20"),
        ("vi", "thêm khoảng 120 năm tham gia, nhiều hơn cả mức tăng chung (100): các nhóm khác mất khoảng 20"),
    ],
)
def test_a_share_above_the_whole_is_said_in_people_and_not_in_percent(table, lang, wanted):
    """The poor can gain more than all together, when others lose: no reader is told of 120% of a gain."""
    keys, ends = ["measure", "kind", "group"], ["low", "median", "high"]
    odd = table[table["payer"] == ""].set_index(keys).sort_index()
    odd.loc[("added", "", "all"), ends] = 40.0, 100.0, 160.0
    odd.loc[("added", "guarded", "all"), ends] = 90.0, 120.0, 150.0
    odd.loc[("equity", "", "all"), ends] = 0.8, 1.2, 3.0
    odd.loc[("active", "", "all"), ends] = 0.8, 1.34, 2.6
    said = additional_charts.people_text(odd.reset_index(), lang)
    assert wanted in said
    assert "120%" not in said
    quality = additional_charts.quality_table(odd.reset_index(), lang)
    assert all(int(share) <= 100 for share in re.findall(r"(\d+)%", quality))
    assert {"en": "Over 100% means", "vi": "Trên 100% nghĩa là"}[lang] in quality
    odd.loc[("added", "", "all"), "low"] = -3.0
    unsure = additional_charts.people_text(odd.reset_index(), lang)
    assert {"en": "no share can be told", "vi": "không nói phần của từng nhóm"}[lang] in unsure


def test_the_member_years_of_the_guarded_are_part_of_all(found, table):
    rows = found.people[found.people["group"].isin(additional.GUARDED)]
    guarded = table[(table["measure"] == "added") & (table["kind"] == "guarded")]["median"].item()
    assert guarded == pytest.approx(rows.groupby("draw")["member_years"].sum().median())


def test_growth_on_paper_is_named():
    """Quotas that are met on paper bring members who pay short and go; reminders keep those who are there."""

    def signs(lever, **assumptions):
        base = Scenario(
            "status quo", toy.place(), start="2021-12", until="2023-12", law=toy.law(), assumptions=assumptions
        )
        ours = base.with_policy("policy", levers.Policy(lever))
        answer = project([base, ours], ["agents"], draws=6, jobs=1, progress=False)
        return additional.paper(
            additional.table(added(base, ours, draws=6, jobs=1, progress=False), base, ours, answer)
        )

    hurried = levers.Quota(per_month=1, start="2022-01")
    assert "once" in signs(hurried, quota_paper_share=0.9, campaign_stay=0.0001, quota_effort=2.0)
    assert "once" not in signs(levers.Reminders(start="2022-01"))
