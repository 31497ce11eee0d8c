"""What the scenario files promise, and what a person hears who writes a wrong one."""

import json
import re
from functools import lru_cache
from pathlib import Path

import numpy as np
import pytest
import yaml

from forecast.beliefs.parameters import Assumption, parameters_table
from forecast.data import tables
from forecast.data.law import read_law
from forecast.question.levers import LEVERS, Gift, Policy, Visits
from forecast.question.menu import Search
from forecast.question.plan import COLUMNS
from forecast.question.scenario import Scenario, Target, read_scenario, schema
from forecast.question.scenario_file import scenario_yaml

FOLDER = tables.data_dir() / "scenarios"
SCHEMA = Path(__file__).parents[2] / "docs" / "scenario.schema.json"

# File -> columns of the plan whose totals differ from the status quo. The collectors of Đà Bắc and Đông Triều are the
# only ones that were ever counted there, so the status quo has as many.
CHANGES = {
    "ca-mau-plan": "collectors drives inspection quota reminders training visits",
    "ca-mau-status-quo": "",
    "da-bac-plan": "broadcasts cadres inspection meetings order quota training visits",
    "da-bac-status-quo": "",
    "dong-trieu-plan": "broadcasts drives meetings staff staff_quota",
    "dong-trieu-status-quo": "",
    "ha-noi-pilot": "model",
    "ha-noi-plan": "broadcasts model",
    "ha-noi-status-quo": "",
    "lao-cai-plan": "broadcasts collectors gift gift_months meetings staff staff_quota training",
    "lao-cai-status-quo": "",
    "lao-cai-top-up": "top_up",
}

# Place -> start, opening stock, end, target; the plan and the status quo ask the same.
QUESTIONS = {
    "da-bac": ("2019-06", 127, "2020-12", 750),
    "dong-trieu": ("2020-11", 2591, "2021-12", 3656),
    "ha-noi": ("2021-12", 63300, "2022-12", 100_000),
    "lao-cai": ("2023-10", 8700, "2025-12", 9705),
    "ca-mau": ("2021-12", 26948, "2025-12", 116_400),
}


@lru_cache
def scenario(name: str) -> Scenario:
    return read_scenario(FOLDER / f"{name}.yaml")


def lines_of(name: str) -> list[str]:
    return (FOLDER / f"{name}.yaml").read_text(encoding="utf-8").splitlines()


def lever_comments(name: str) -> list[tuple[str, str]]:
    """Each lever's first line with the comment that stands right above it."""
    found, comment = [], []
    for line in lines_of(name)[lines_of(name).index("policy:") + 1 :]:
        if line.startswith("  #"):
            comment.append(line.strip("# "))
        elif line.startswith("  - "):
            found.append((line, " ".join(comment)))
            comment = []
    return found


def test_every_file_of_the_folder_is_known_here():
    assert {path.stem for path in FOLDER.glob("*.yaml")} == set(CHANGES)


@pytest.mark.parametrize("name", CHANGES)
def test_a_plan_differs_from_the_status_quo_in_what_it_says(name):
    asked = scenario(name)
    assert asked.scenario == name
    ours, theirs = asked.plan, asked.status_quo_plan
    totals = {c for c in COLUMNS if not np.allclose(getattr(ours, c).sum(axis=1), getattr(theirs, c).sum(axis=1))}
    assert totals == set(CHANGES[name].split())
    assert bool(totals) == (asked.policy != asked.policy.in_force(asked.start))  # what goes on changes nothing
    assert all(bill.units.min() >= 0 for bill in ours.bills)


@pytest.mark.parametrize("place", QUESTIONS)
def test_the_plan_and_the_status_quo_ask_the_same_question(place):
    start, stock, until, target = QUESTIONS[place]
    for name in (f"{place}-status-quo", f"{place}-plan"):
        asked = scenario(name)
        assert (asked.place.slug, asked.start, asked.until) == (place, start, until)
        assert asked.opening[:2] == (stock, start)
        assert (asked.target.measure, asked.target.value, asked.target.by) == ("members", target, until)
    others = [scenario(name) for name in CHANGES if name.startswith(place) and name != "ha-noi-pilot"]
    assert len({other.model_dump_json(include={"start", "until", "target", "assumptions"}) for other in others}) == 1


def test_the_trial_of_hanoi_runs_in_one_commune_of_each_district():
    asked = scenario("ha-noi-pilot")
    assert asked.opening[:2] == (48_700, "2020-12")
    assert (asked.target.value, asked.target.by) == (63_167, "2021-12")
    model = dict(zip(asked.plan.months.astype(str), (asked.plan.model > 0).sum(axis=1), strict=True))
    assert (model["2021-05"], model["2021-06"], model["2021-12"]) == (0, 30, 30)
    districts = asked.place.communes["district"][asked.plan.model[-1] > 0]
    assert districts.is_unique
    larger = scenario("ha-noi-plan").plan.model
    assert ((larger > 0).sum(axis=1) == [30] * 4 + [60] * 9).all()
    assert larger[0].max() == 1  # begun half a year before


def test_the_target_of_lao_cai_is_its_share_of_the_labor_force():
    asked = scenario("lao-cai-plan")
    assert asked.target.value == round(0.025 * asked.place.labor_force)


def test_the_books_of_lao_cai_cost_what_the_fund_holds():
    asked, fund = scenario("lao-cai-plan"), 2 * 170 * 300_000
    for month in ("2023-11", "2025-06", "2025-07"):
        books = asked.plan.gift[asked.plan.months == month].sum() * 12
        price = 12 * read_law().price("poor", tables.month(month), asked.place.lineage).net
        assert fund * 0.9 < books * price <= fund


def test_numbers_of_the_articles_arrive_in_the_plans():
    trieu, bac, mau = (scenario(f"{p}-plan") for p in ("dong-trieu", "da-bac", "ca-mau"))
    year = trieu.plan.months.year == 2021
    assert trieu.plan.meetings[year].sum() == pytest.approx(21 + 4)
    assert (trieu.plan.meetings[-1] > 0).sum() == 11  # eight communes and four, An Sinh among both
    days = dict(zip(trieu.plan.months.astype(str), trieu.plan.drives[:, 0], strict=True))
    assert [month for month, count in days.items() if count] == ["2021-05", "2021-07", "2021-09", "2021-11"]
    assert (trieu.plan.staff * trieu.plan.staff_quota)[year].sum() == pytest.approx(17 * 24)
    assert trieu.plan.collectors[-1].sum() == pytest.approx(21)
    first_ten = (bac.plan.months >= "2020-01") & (bac.plan.months <= "2020-10")
    assert bac.plan.visits[first_ten].sum() == pytest.approx(2000)
    assert (bac.plan.collectors * bac.plan.quota)[first_ten].sum() == pytest.approx(90)  # of the 648
    assert bac.plan.broadcasts[-1, 0] == pytest.approx(2 * 52 / 12)
    assert mau.plan.collectors[-1].sum() == 3 * mau.place.hamlets
    assert mau.plan.visits.sum() == pytest.approx(0.9 * mau.place.households)


@pytest.mark.parametrize("name", CHANGES)
def test_every_lever_says_where_it_comes_from_and_what_its_cost_rests_on(name):
    asked = scenario(name)
    said = lever_comments(name) if asked.policy.levers else []
    assert len(said) == len(asked.policy.levers)
    for lever, (line, comment) in zip(asked.policy.levers, said, strict=True):
        assert re.search(r"[Pp]aragraph", comment), line
        if lever.unit_cost:
            assert "judgement" in comment.lower(), line


@pytest.mark.parametrize("name", CHANGES)
def test_every_file_names_known_sources_and_a_title_in_both_languages(name):
    sources = set(tables.read(tables.data_dir() / "sources.csv", "sources")["source"])
    asked, text = scenario(name), "\n".join(lines_of(name))
    assert any(source in text for source in sources - {"recalled", "judgement"})
    assert asked.target.source in sources or asked.target.source.startswith("derived")
    assert set(asked.title) == {"vi", "en"}
    assert re.search(r"[ăâđêôơưĂÂĐÊÔƠƯà-ỹ]", asked.title["vi"])
    titles = [tuple(scenario(other).title.values()) for other in CHANGES]
    assert len(set(titles)) == len(titles)


def test_every_lever_points_at_evidence_that_exists():
    known = set(parameters_table().index)
    assert {name: set(kind.evidence) - known for name, kind in LEVERS.items() if set(kind.evidence) - known} == {}


def without(node, names: set[str]):
    """A JSON Schema without some of its levers."""
    if isinstance(node, list):
        gone = [{"$ref": f"#/$defs/{name}"} for name in names]
        return [without(one, names) for one in node if one not in gone]
    if isinstance(node, dict):
        return {key: without(value, names) for key, value in node.items() if key not in names}
    return node


def test_the_published_schema_is_the_one_that_is_checked():
    """A lever that is newer than the published schema is allowed to be missing there: `make schema` renews it."""
    published = json.loads(SCHEMA.read_text(encoding="utf-8"))
    newer = set(LEVERS) - set(published["$defs"])
    assert published == without(schema(), newer), "renew it: make schema"


def test_a_book_is_as_long_as_the_law_lets_people_pay():
    with pytest.raises(tables.UserError, match=r"policy.0.Gift.months: 5; expected a mode of payment: 1, 3, 6, 12, 60"):
        Scenario("x", "Đà Bắc", start="2019-06", until="2020-12", policy=Policy(Gift(persons_per_month=1, months=5)))


GOOD = {"scenario": "x", "place": "Đà Bắc", "start": "2019-06", "until": "2020-12"}
TOP_UP = {"lever": "TopUp", "share": 0.1}
VISITS = {"lever": "Visits", "count": 3}


@pytest.mark.parametrize(
    ("wrong", "key", "shown"),
    [
        ({"color": "red"}, "color", "'red'"),
        ({"place": "Đà Bác Thượng"}, "place", "Đà Bác Thượng"),
        ({"place": 5}, "place", "5"),
        ({"start": "2019-13"}, "start", "'2019-13'"),
        ({"start": 2019}, "start", "2019"),
        ({"until": "2019-06"}, "until", "2019-06"),
        ({"until": None}, "until", "None"),
        ({"title": {"fr": "x"}}, "title.fr", "'fr'"),
        ({"target": {"value": 750, "by": "2022-01"}}, "target.by", "2022-01"),
        ({"target": {"value": -1, "by": "2020-12"}}, "target.value", "-1"),
        ({"target": {"measure": "entries", "value": 9, "by": "2020-12"}}, "target", "since"),
        ({"target": {"measure": "happiness", "value": 9, "by": "2020-12"}}, "target.measure", "'happiness'"),
        ({"assumptions": {"entry_rte": 1}}, "assumptions.entry_rte", "entry_rate"),
        ({"assumptions": {"entry_rate": {"value": 1, "low": 2, "high": 3}}}, "assumptions.entry_rate", "low <= value"),
        ({"policy": "none"}, "policy", "'none'"),
        ({"policy": [3]}, "policy.0", "3"),
        ({"policy": [{"share": 0.1}]}, "policy.0", "lever"),
        ({"policy": [{"lever": "Bribe"}]}, "policy.0", "'Bribe'"),
        ({"policy": [TOP_UP | {"share": -0.1}]}, "policy.0.TopUp.share", "-0.1"),
        ({"policy": [VISITS, TOP_UP | {"share": 1.5}]}, "policy.1.TopUp.share", "1.5"),
        ({"policy": [TOP_UP | {"shares": 0.1}]}, "policy.0.TopUp.shares", "0.1"),
        ({"policy": [TOP_UP | {"group": "rich"}]}, "policy.0.TopUp.group", "'rich'"),
        ({"policy": [TOP_UP | {"start": "2020-00"}]}, "policy.0.TopUp.start", "'2020-00'"),
        ({"policy": [TOP_UP | {"start": "2020-05", "end": "2020-04"}]}, "policy.0.TopUp", "2020-04 is before start"),
        ({"policy": [{"lever": "Drive", "dates": ["2020-02-31"]}]}, "policy.0.Drive.dates.0", "2020-02-31"),
        ({"policy": [VISITS | {"count": "many"}]}, "policy.0.Visits.count", "'many'"),
        ({"policy": [VISITS | {"unit_cost": -1}]}, "policy.0.Visits.unit_cost", "-1"),
        ({"policy": [VISITS | {"where": "nowhere"}]}, "policy.0.Visits.where", "'nowhere'"),
        ({"policy": [VISITS | {"where": {}}]}, "policy.0.Visits.where", "communes, count or per_district"),
        ({"policy": [VISITS | {"where": {"count": 0}}]}, "policy.0.Visits.where", "0"),
        ({"policy": [VISITS | {"where": {"communes": ["Hà Nội"]}}]}, "policy.0.Visits", "no commune 'Hà Nội'"),
    ],
)
def test_a_fault_is_named_with_file_key_and_value_in_one_line(tmp_path, wrong, key, shown):
    path = tmp_path / "mine.yaml"
    path.write_text(yaml.safe_dump(GOOD | wrong, allow_unicode=True), encoding="utf-8")
    with pytest.raises(tables.UserError) as caught:
        read_scenario(path)
    message = str(caught.value)
    assert re.match(rf"{re.escape(str(path))}(, line \d+)?: ", message)
    assert key in message.removeprefix(str(path)) and shown in message
    assert "\n" not in message
    assert caught.value.__cause__ is None and caught.value.__suppress_context__  # nothing else is printed after it


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("- a\n- b\n", "expected a mapping"),
        ("", "expected a mapping"),
        ("a: [", "not readable as YAML"),
        ("scenario: x\nplace: Đà Bắc\nstart: 2019-06\n", "until: required, but it is missing"),
        ("scenario: x\nplace: Đà Bắc\nstart: 2019-06-01\nuntil: 2020-12\n", "start"),
        (
            "scenario: x\nplace: Đà Bắc\nstart: 2019-06\nuntil: 2020-12\n"
            "policy:\n- {lever: Drive, dates: [2020-05-21]}\n",
            "policy.0.Drive.dates.0",
        ),
    ],
)
def test_a_file_of_another_shape_is_refused_in_one_line(tmp_path, text, said):
    path = tmp_path / "mine.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(tables.UserError) as caught:
        read_scenario(path)
    assert str(caught.value).startswith(str(path)) and said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_file_that_is_not_there_or_not_text_is_said_so(tmp_path):
    with pytest.raises(tables.UserError, match="no such file"):
        read_scenario(tmp_path / "none.yaml")
    (tmp_path / "picture.yaml").write_bytes(b"\xff\xfe\x00\x9f")
    with pytest.raises(tables.UserError, match="not readable as YAML"):
        read_scenario(tmp_path / "picture.yaml")


def test_names_of_places_may_be_typed_without_diacritics(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text(yaml.safe_dump(GOOD | {"place": "da-bac"}), encoding="utf-8")
    assert read_scenario(path).place.name == "Đà Bắc"


def test_reading_twice_gives_the_same_and_a_plan_is_never_changed():
    asked, again = (read_scenario(FOLDER / "da-bac-plan.yaml") for _ in range(2))
    assert asked.plan.changed(again.plan) == frozenset()
    assert asked.plan is asked.plan
    other = asked.with_policy("other", asked.policy)
    assert (other.start, other.until, other.target) == (asked.start, asked.until, asked.target)
    assert asked.months[0] == tables.month("2019-06") and asked.months[-1] == tables.month("2020-12")


def test_an_assumed_opening_stock_replaces_the_published_one():
    asked = Scenario("x", "Đà Bắc", start="2019-06", until="2020-12", assumptions={"opening_members": 200})
    assert asked.opening == (200.0, "2019-06", "assumed")
    with pytest.raises(tables.UserError, match=r"no published stock.*opening_members"):
        _ = Scenario("x", "Cà Mau", start="2019-06", until="2020-12", learned="priors").opening


def test_an_assumed_number_of_collectors_replaces_the_published_one():
    asked = Scenario("x", "Đà Bắc", start="2019-06", until="2020-12", assumptions={"opening_collectors": 5})
    assert asked.plan.collectors.sum(axis=1) == pytest.approx(np.full(19, 5))
    assert asked.status_quo_plan.changed(asked.plan) == frozenset()


def test_a_flow_has_a_beginning_and_a_stock_has_none():
    assert Target(measure="entries", value=100, since="2020-01", by="2020-12").since == "2020-01"
    with pytest.raises(tables.UserError, match="leave since out"):
        Target(measure="members", value=100, since="2020-01", by="2020-12")


def test_a_question_can_be_asked_for_more_years():
    plan = read_scenario("data/scenarios/da-bac-plan.yaml")
    longer = plan.lasting("2024-12")
    assert (longer.until, longer.start, longer.policy, longer.target) == (
        "2024-12",
        plan.start,
        plan.policy,
        plan.target,
    )
    assert len(longer.months) > len(plan.months)
    assert plan.until == "2020-12"
    with pytest.raises(tables.UserError, match="is not after start"):
        plan.lasting("2019-01")


ASKED = Scenario(
    "mine",
    "Đà Bắc",
    start="2019-06",
    until="2020-12",
    title={"vi": "của tôi", "en": "mine: '2020'"},
    target=Target(value=750, by="2020-12"),
    policy=Policy(Visits(count=30, start="2019-07")),
    assumptions={"campaign_rise": 0.3, "annual_lapse": Assumption(value=0.2, low=0.1, high=0.3)},
    search=Search(payers=("donors",), levers=({"lever": "Visits", "count": [0, 9]},)),
    file="mine.yaml",
    learned="priors",
)


@pytest.mark.parametrize(
    "change",
    [
        {"scenario": "other"},
        {"until": "2021-12"},
        {"policy": Policy()},
        {"learned": "counts"},
        {"assumptions": {}},
        {"target": None},
        {"place": "Đông Triều", "start": "2020-11", "until": "2021-12", "target": None},
    ],
)
def test_a_question_with_some_changes_keeps_all_the_rest(change):
    """Title, search, file and where parameters come from as well; three of six ways of copying lost some of them."""
    _ = ASKED.plan, ASKED.status_quo_plan, ASKED.opening
    changed = ASKED.but(**change)
    for name in Scenario.model_fields:
        if name not in change:
            assert getattr(changed, name) == getattr(ASKED, name), name
    again = Scenario(**{name: getattr(changed, name) for name in Scenario.model_fields})
    assert changed.plan.changed(again.plan) == frozenset() and changed.plan.months.equals(changed.months)
    assert changed.opening == again.opening


def test_a_changed_question_is_checked_and_compiled_anew():
    few = ASKED.but(assumptions={"opening_collectors": 5})
    assert few.plan.collectors[0].sum() == pytest.approx(5) != ASKED.plan.collectors[0].sum()
    assert ASKED.but(learned="counts").plan is ASKED.plan  # nothing that a plan depends on
    with pytest.raises(tables.UserError, match="until: 2018-01 is not after start"):
        ASKED.but(until="2018-01")


def test_another_policy_under_the_same_name_keeps_title_and_search_and_under_another_the_search():
    same, other = (ASKED.with_policy(name, Policy()) for name in ("mine", "quo"))
    assert (same.title, same.search) == (ASKED.title, ASKED.search)
    assert (other.title, other.search, other.learned) == ({}, ASKED.search, "priors")


def test_what_is_written_is_read_again_title_and_search_too(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text(scenario_yaml(ASKED), encoding="utf-8")
    read = read_scenario(path)
    for name in set(Scenario.model_fields) - {"place", "law", "file", "learned"}:
        assert getattr(read, name) == getattr(ASKED, name), name
    assert read.place.name == ASKED.place.name
    path.write_text(scenario_yaml(ASKED, everything=True), encoding="utf-8")
    assert read_scenario(path).policy == ASKED.policy


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.yaml")), ids=lambda path: path.stem)
def test_every_scenario_of_the_project_is_written_as_it_is_read(path, tmp_path):
    asked = read_scenario(path)
    for everything in (False, True):
        (tmp_path / "again.yaml").write_text(scenario_yaml(asked, everything), encoding="utf-8")
        again = read_scenario(tmp_path / "again.yaml")
        names = {"scenario", "title", "start", "until", "target", "policy", "assumptions"}
        assert all(getattr(again, name) == getattr(asked, name) for name in names)


def test_there_are_no_more_members_at_the_opening_than_people_who_may_join():
    asked = {"place": "Đà Bắc", "start": "2019-06", "until": "2019-09"}
    wide = {"value": 20_000, "low": 19_000, "high": 30_000}
    for too_many in (22_090, 1_000_000, wide):
        with pytest.raises(tables.UserError, match=r"opening_members: .*at most the 22,089 people of Đà Bắc"):
            Scenario("x", **asked, assumptions={"opening_members": too_many})
    everybody = Scenario("x", **asked, assumptions={"opening_members": 22_089}, learned="priors")
    assert everybody.opening[0] == 22_089
