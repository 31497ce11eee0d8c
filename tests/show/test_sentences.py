"""Sentences say what the run found: another run, another sentence; contradictions of the sources are not smoothed."""

import pytest

from forecast.checks import check
from forecast.data import places
from forecast.data.tables import data_dir
from forecast.desk.compare import comparison
from forecast.desk.target import needed_path, target_table
from forecast.language import words
from forecast.question.levers import Policy
from forecast.question.scenario import read_scenario
from forecast.show import figures, law, levers, policy, projection, target, ways
from made import answer, question

PLAN, QUIET = question(), question("status quo")
ANSWER = answer(PLAN, QUIET)
DESK, PATH = target_table(ANSWER, PLAN), needed_path(ANSWER, PLAN)
FINDINGS = check.check_project()


def test_the_headline_follows_the_run():
    easy = question(goal=100)
    sure = target.headline(target_table(answer(easy), easy), easy, "vi")
    never = question(goal=90_000)
    none = target.headline(target_table(answer(never), never), never, "vi")
    assert "trên " in sure and "gần như chắc chắn" in sure and "vượt khoảng" in sure
    assert "dưới " in none and "gần như không thể" in none and "thiếu khoảng" in none and "90.000" in none


def test_a_target_that_no_source_states_is_said_to_be_ours():
    plan = read_scenario(data_dir() / "scenarios" / "lao-cai-plan.yaml")
    desk = DESK.assign(target=plan.target.value, by=plan.target.by)
    assert "suy ra, dựa trên số nhớ lại, chưa kiểm chứng" in target.headline(desk, plan, "vi")
    stated = read_scenario(data_dir() / "scenarios" / "ca-mau-plan.yaml")
    assert "suy ra" not in target.headline(desk, stated, "vi")


@pytest.mark.parametrize("lang", ["vi", "en"])
def test_engines_that_keep_silent_are_named_and_silence_is_not_called_zero(lang):
    said = target.agreement(DESK, lang)
    assert words.term("engine.pool", lang) in said.lower()
    assert {"vi": "không có nghĩa là không có tác động", "en": "not mean that there is no effect"}[lang] in said


@pytest.mark.parametrize(("lang", "ends"), [("vi", "từ dưới"), ("en", "from below")])
def test_no_range_of_probabilities_begins_at_a_bound(lang, ends):
    """None of 200 draws is told as a bound, which is no end of a range."""
    said = target.agreement(DESK.assign(probability=[0.0, 0.01], draws=200), lang)
    assert ends not in said
    assert words.chance(words.Chance(0.01, 200), lang) in said


def test_the_needed_path_ends_at_the_target():
    assert target.path_table(PATH, "vi").split("\n")[-1].startswith("| 12/2023 | 600 |")
    assert target.path_text(PATH, "en")
    assert target.path_text(PATH[["month", "expected", "low", "high", "needed"]], "en") == ""


def test_effort_that_does_not_reach_is_said_and_not_rounded_away():
    asked = {
        "place": "Đà Bắc",
        "scenario": "plan",
        "engine": "stock",
        "draws": 200,
        "by": "2020-12",
        "probability_wanted": 0.5,
        "probability_now": 0.1,
        "visits_per_month_now": 470.0,
        "collectors_now": 9.0,
        "target": 750.0,
        "probability_reached": 0.24,
        "multiple": None,
        "most_multiple": 5.0,
        "total": 1e9,
        "hours": 0.0,
    }
    assert "24 ± 6% (200 lần mô phỏng)" in ways.effort_text(asked, "vi")
    enough = asked | {"multiple": 5.8, "visits_per_month_needed": 2726.0, "collectors_needed": 52.2}
    assert "5,8 lần" in ways.effort_text(enough, "vi") and "5.8 times" in ways.effort_text(enough, "en")
    assert "10 ± 4% (200 draws)" in ways.effort_text(enough | {"multiple": 1.0}, "en")


def test_what_a_plan_adds_is_the_paired_difference():
    table = comparison(ANSWER, "status quo")
    rows = table[(table["engine"] == "agents") & (table["measure"] == "members") & (table["group"] == "all")]
    said = policy.added_text(table, "en", PLAN)
    assert words.about(rows["median"].iloc[0], "en") in said and "Toy, the plan" in said
    assert "5%" in said  # poor and near-poor, as they were made


def test_the_projection_is_held_against_what_was_published_later():
    cà_mau = question("status quo").but(place=places.read_place("Cà Mau"))
    said = projection.outcome_text(answer(cà_mau), cà_mau, "vi")
    assert "06/2022" in said and "21.824" in said and "thấp hơn" in said
    assert "12/2021" not in said.split("công bố")[0]
    assert "Nothing was published" in projection.outcome_text(ANSWER, PLAN, "en")


@pytest.mark.parametrize(
    ("place", "wanted"),
    [
        ("Đà Bắc", ("90", "648", "170", "11,6")),
        ("Đông Triều", ("99,3%", "389", "97,1%")),
        ("Hà Nội", ("25.221", "14.600", "37.000", "50.739", "115")),
        ("Cà Mau", ("100.720", "15.680", "19.920")),
    ],
)
def test_conflicts_of_a_place_are_listed_with_their_arithmetic(place, wanted):
    said = figures.conflicts(FINDINGS, places.read_place(place), "vi")
    assert all(figure in said for figure in wanted)
    assert "voluntary_si" not in said


def test_recalled_figures_are_named_wherever_a_place_uses_them():
    said = figures.statuses(places.read_place("Hà Nội"), "vi")
    assert "số nhớ lại, chưa kiểm chứng" in said and "thu nhập bình quân" in said
    assert "dòng luật (nhận định của nhóm làm)" in said  # commission of before 2026
    assert "recalled, not verified" in figures.table(places.read_place("Hà Nội"), "en")


def test_prices_are_those_of_the_law():
    cà_mau = places.read_place("Cà Mau")
    assert "138.600 đồng → 297.000 đồng" in law.price_text(cà_mau, "2021-01", "2022-12", "vi")
    assert law.price_table(cà_mau, "2021-01", "2022-12", "en").count("\n") == 3


@pytest.mark.parametrize("file", sorted(p.name for p in (data_dir() / "scenarios").glob("*.yaml")))
@pytest.mark.parametrize("lang", ["vi", "en"])
def test_every_lever_of_every_plan_can_be_shown(file, lang):
    plan = read_scenario(data_dir() / "scenarios" / file)
    said = levers.table(plan, lang)
    assert said.count("\n") == (len(plan.policy.levers) + 1 if plan.policy.levers else 0)
    assert "None" not in said and "{" not in said
    assert levers.table(plan.model_copy(update={"policy": Policy()}), lang)


def test_sources_are_listed_and_the_run_can_be_repeated():
    assert "Báo Hòa Bình" in figures.source_list(places.read_place("Đà Bắc"), "vi")
    said = figures.repeat(["plan.yaml", "quiet.yaml"], 96, 1, "en")
    assert "--draws 96 --seed 1" in said and said.index("quiet.yaml") < said.index("plan.yaml")


@pytest.mark.parametrize(
    ("lang", "said"),
    [
        ("vi", ("1 ngày mỗi 2,6 tháng", "19 lượt trên 1.000 hộ mỗi tháng")),
        ("en", ("1 day every 2.6 months", "19 visits per 1,000 households a month")),
    ],
)
def test_what_is_seldom_is_said_in_a_unit_that_can_be_pictured(lang, said):
    shown = levers.table(read_scenario(data_dir() / "scenarios" / "ca-mau-plan.yaml"), lang)
    assert all(words in shown for words in said)
