"""What a search promises: cheap enough, likely enough, the same again, and honest about what it cannot reach."""

import json
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import yaml

from forecast.beliefs.costs import newest
from forecast.beliefs.sets import Sets
from forecast.data import tables, toy
from forecast.desk import search, target, totals
from forecast.desk.optimize import _farthest, _promise, optimize
from forecast.language import words
from forecast.question import menu
from forecast.question.levers import LEVERS, Meetings, Policy, Reminders, TopUp, Visits
from forecast.question.menu import Choice
from forecast.question.scenario import Scenario, Target, read_scenario
from forecast.question.scenario_file import scenario_yaml
from forecast.show import desk, scenario_file
from made import toy_question

PLACE, LAW = toy.place(), toy.law()
FEW = {
    "levers": [
        {"lever": "Visits", "count": [0, 400], "per": "commune", "start": "2022-01", "unit_cost": 30_000},
        {"lever": "Meetings", "count": [0, 12], "start": "2022-01"},
        {"lever": "TopUp", "share": [0, 0.4], "group": "poor", "start": "2022-01"},
    ]
}
SMALL = {"draws": 12, "trials": 6, "jobs": 1, "progress": False}


def question(goal=360.0, **more) -> Scenario:
    return toy_question(goal=goal, **({"search": FEW} | more))


@pytest.fixture(scope="module", autouse=True)
def fewer_draws_of_parameters():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(search, "WIDE", 2000)
        yield


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    keep = tmp_path_factory.mktemp("kept")
    return optimize(question(), 5e9, 0.5, keep=keep, **SMALL), keep


def test_a_choice_is_a_lever_with_a_range():
    choice = Choice.of({"lever": "TopUp", "group": "poor", "share": [0.1, 0.3]})
    assert (choice.at(100), choice.at(50).share) == (TopUp(group="poor", share=0.3), 0.2)
    assert choice.at(0) is None
    where = Choice.of({"lever": "ModelCommunes", "where": {"count": [0, 3], "order": "poorest"}})
    assert [where.at(level).where.count for level in (10, 50, 100)] == [1, 2, 3]
    collectors = Choice.of({"lever": "Collectors", "count": [12, 44.4], "per": "place"})
    assert [collectors.at(level).count for level in (1, 2, 50, 100)] == [12, 13, 28, 44]  # whole persons
    order = Choice.of({"lever": "VisitOrder", "first": "farthest"})
    assert order.levels == 1 and order.at(1).first == "farthest"


@pytest.mark.parametrize(
    ("form", "message"),
    [
        ({"lever": "TopUp", "share": [0.3, 0.1]}, "low < high"),
        ({"lever": "TopUp", "share": [0, 1.5]}, "share"),
        ({"lever": "Meetings", "count": [0, 3], "attendance": [1, 9]}, "one range at most"),
        ({"lever": "Nothing", "count": [0, 3]}, "Nothing"),
        ({"count": [0, 3]}, "levers.0: expected a lever"),
    ],
)
def test_a_wrong_choice_is_named(form, message):
    with pytest.raises(tables.UserError, match=message):
        question(search={"levers": [form]})
    with pytest.raises(tables.UserError, match="stands there twice"):
        question(search={"levers": [{"lever": "Meetings", "count": [0, 3]}] * 2})


def test_a_price_comes_from_the_choice_or_from_the_table():
    visits, meetings, top_up = question().search.choices
    assert (visits.at(1).unit_cost, meetings.at(1).unit_cost, top_up.at(1).unit_cost) == (30_000, None, None)
    plan = Policy(visits.at(1), meetings.at(1)).plan(PLACE, "2021-12", "2022-12")
    assert {bill.item: bill.price for bill in plan.bills} == {"visit": 30_000, "meeting": None}


def test_every_usual_lever_has_a_price_or_is_paid_by_law():
    for choice in menu.usual(PLACE, "2022-01", 12.0):
        assert LEVERS[choice.lever].cost in newest().index or choice.lever in ("TopUp", "Commission")
    costs = newest()
    assert (costs["low"] <= costs["value"]).all() and (costs["value"] <= costs["high"]).all()


def test_what_was_found_holds_its_promise_within_the_budget(found):
    optimum, _ = found
    assert optimum.met and optimum.why == ""
    assert optimum.base < 0.5 <= optimum.promised.probability
    assert 0 < optimum.promised.cost <= optimum.promised.cost_high <= 5e9
    assert optimum.optimism == optimum.promised.probability - optimum.verified.probability
    assert optimum.verified != optimum.promised  # other draws
    assert abs(optimum.optimism) < 0.35  # a dozen draws; see the measured loss in docs/decisions
    cheaper = optimum.tried[optimum.tried["cost"] < 0.5 * optimum.verified.cost]
    assert (cheaper["probability"] < 0.75).all()


def test_a_mix_is_judged_by_how_many_stay_when_its_levers_have_ended(found):
    optimum, _ = found
    assert optimum.least_stay == 0.5
    assert optimum.promised.stay >= 0.5 and optimum.verified.stay > 0
    under_way = search.Search(question(), 1e9, 0.5, 0.0, 0.5, draws=6, seed=1)
    asked = under_way.until_after((100, 0, 50))
    assert asked.until == "2023-12"
    assert [lever.end for lever in asked.policy.levers] == ["2022-12", "2022-12"]
    assert (asked.plan.visits[-1] == 0).all() and (asked.plan.visits[12] > 0).all()
    record = scenario_file.optimum_record(optimum)
    assert record["asked"]["least_stay"] == 0.5 and 0 < record["verified"]["stay"] < 1
    assert "vẫn tham gia" in desk.optimum_text(optimum, "vi")


GIFTS = {
    "levers": [
        {"lever": "Gift", "persons_per_month": [0, 60], "months": 3, "group": "poor", "start": "2022-10"},
        {"lever": "Visits", "count": [0, 100], "per": "commune", "start": "2022-01"},
    ]
}


def test_gifts_that_vanish_do_not_fill_a_target():
    """Books in the last months reach the target by December; a year later their members are gone."""
    strict, free = (
        search.Search(question(goal=330.0, search=GIFTS), 5e9, 0.5, 0.0, least, draws=8, seed=1) for least in (0.5, 0.0)
    )
    books, visits = (100, 0), (0, 100)
    for under_way in (strict, free):
        under_way.screen([books, visits])
    assert strict.missing(books)["target"] == 0 < strict.missing(books)["stay"]
    assert strict.missing(visits)["stay"] == 0 == free.missing(books)["stay"]
    assert strict.in_the_way() == "stay"
    shown = strict.tried().set_index("mix")
    assert shown.at[books, "probability"] > 0.5 and not shown.at[books, "front"] and not shown.at[books, "fair"]
    assert free.tried().set_index("mix").at[books, "stay"] == shown.at[books, "stay"] < 0.5


def test_money_by_payer_is_what_counts(found):
    optimum, _ = found
    paid = optimum.verified.by_payer
    assert paid["office"] + paid["province"] + paid["donors"] == pytest.approx(optimum.verified.cost)


def test_the_front_rises_with_cost(found):
    front = found[0].tried.query("front")
    assert front["cost"].is_monotonic_increasing
    assert (np.diff(front["probability"]) > 0).all()
    fair = found[0].tried.query("fair")
    assert (np.diff(fair["guarded_share"]) > 0).all() and len(fair)


def test_a_search_that_is_gone_on_with_finds_the_same(found, monkeypatch):
    optimum, keep = found
    kept = sorted(keep.iterdir())
    kept[3].unlink()
    kept[5].write_bytes(b"cut off")
    runs, values = [], totals._values
    monkeypatch.setattr(totals, "_values", lambda *asked: runs.append(asked) or values(*asked))
    again = optimize(question(), 5e9, 0.5, keep=keep, **SMALL)
    assert len(runs) == 2
    assert json.dumps(scenario_file.optimum_record(again)) == json.dumps(scenario_file.optimum_record(optimum))
    assert again.tried.equals(optimum.tried)
    assert desk.front(again).png() == desk.front(optimum).png()


@pytest.fixture(scope="module")
def missed():
    asked = question(goal=5_000.0, search={"levers": FEW["levers"][:2]})
    return optimize(asked, 5e8, 0.5, draws=6, trials=5, jobs=1, progress=False)


def test_what_cannot_be_reached_is_said_with_the_best_that_was_found(missed):
    assert (missed.met, missed.why) == (False, "levers")
    assert missed.most < 0.1
    assert missed.promised.cost_high <= 5e8
    assert missed.verified.member_years > 0
    assert "Không thể đạt bằng các giải pháp đã cho" in desk.optimum_text(missed, "vi")
    text = desk.optimum_text(missed, "en")
    assert "Cannot be reached with the levers given" in text
    assert f"The best of {words.number(len(missed.tried), 'en')} mixes that were tried" in text
    assert f"gained {words.number(100 * missed.finer, 'en', 1)} points" in text and 0 <= missed.finer < 1


def test_a_budget_that_is_too_small_is_named():
    poor = optimize(question(goal=600.0), 1e6, 0.5, draws=6, trials=5, jobs=1, progress=False)
    assert (poor.met, poor.why) == (False, "budget")
    assert poor.most >= 0.5
    assert "within 1 million VND" in desk.optimum_text(poor, "en").replace("1.0", "1")


def test_a_share_above_the_whole_is_told_in_member_years(found):
    """A mix that sends its hours to the poor can cost others: then the poor gain more than all together."""
    optimum, _ = found
    odd = optimum._replace(verified=optimum.verified._replace(guarded_share=1.17, member_years=200.0))
    assert "gain about 234 member-years, more than all together (200)" in desk.optimum_text(odd, "en")
    assert "các nhóm khác mất khoảng 34" in desk.optimum_text(odd, "vi")
    assert not any("117%" in desk.optimum_text(odd, lang) for lang in ("vi", "en"))
    assert "117%" not in desk.front(odd).alt


def test_a_search_takes_the_sets_of_its_question():
    given = Sets.of(pd.DataFrame({"entry_rate": [0.03, 0.05], "annual_lapse": [0.2, 0.3]}))
    prior, held = (
        search.Search(q, 1e9, 0.5, 0.0, 0.0, draws=4, seed=1) for q in (question(), question().but(sets=given))
    )
    assert held.base["reached"].mean() > prior.base["reached"].mean()
    known = question(assumptions={"entry_rate": 0.03, "annual_lapse": 0.2})
    first = search.Search(known, 1e9, 0.5, 0.0, 0.0, draws=1, seed=1).base
    assert first["reached"].iloc[0] == pytest.approx(held.base["reached"].iloc[0])


def test_wrong_wishes_are_one_message():
    for wish, match in (({"budget": 0}, "budget"), ({"probability": 1}, "probability"), ({"poor_share": 2}, "share")):
        with pytest.raises(tables.UserError, match=match):
            optimize(question(), **({"budget": 1e9, "probability": 0.5} | wish), **SMALL)
    with pytest.raises(tables.UserError, match="no target"):
        optimize(Scenario("x", PLACE, start="2021-12", until="2022-12", law=LAW), 1e9)


def test_prices_have_a_spread_and_stand_in_the_cost():
    under_way = search.Search(question(), 1e9, 0.5, 0.0, 0.0, draws=200, seed=1)
    under_way.screen([(100, 0, 0), (0, 100, 0)])
    visits, meetings = (under_way.seen[mix][0] for mix in ((100, 0, 0), (0, 100, 0)))
    assert np.ptp(visits) == pytest.approx(0, abs=1)  # its price stands in the scenario and is taken as known...
    # ...that of a meeting is drawn
    assert np.median(meetings) == pytest.approx(12 * 6 * 12 * 2e6, rel=0.15)
    assert np.quantile(meetings, 0.95) == pytest.approx(2 * np.median(meetings), rel=0.25)


def test_the_money_of_donors_for_outreach_counts_where_donors_count():
    """A budget of donors' money is used up by a lever that donors pay for, and one of the office's is not."""
    free = {"lever": "Visits", "count": [0, 200], "per": "place", "payer": "donors", "unit_cost": 30_000}
    costs = {}
    for payer in ("donors", "office"):
        asked = question().model_copy(update={"search": menu.Search(payers=(payer,), levers=(free,))})
        under_way = search.Search(asked, 1e9, 0.5, 0.0, 0.0, draws=20, seed=1)
        under_way.screen([under_way.all])
        costs[payer] = under_way.seen[under_way.all][0]
    assert costs["donors"] == pytest.approx(12 * 200 * 30_000)
    assert costs["office"] == pytest.approx(0, abs=1)


def test_what_was_found_is_a_scenario_file(found, tmp_path):
    optimum, _ = found
    text = scenario_yaml(optimum.scenario)
    form = yaml.safe_load(text)
    assert form["scenario"] == "quo-optimum" and form["target"]["value"] == 360
    plan = Scenario(
        "plan",
        "Đà Bắc",
        start="2019-06",
        until="2020-12",
        target=Target(value=750, by="2020-12"),
        policy=Policy(Visits(count=3, start="2020-01"), Meetings(count=1, where={"count": 2})),
    )
    path = tmp_path / "plan.yaml"
    path.write_text(scenario_yaml(plan), encoding="utf-8")
    assert read_scenario(path).policy == plan.policy
    assert read_scenario(path).target == plan.target


def test_the_picture_says_what_it_shows(found):
    picture = desk.front(found[0], lang="en")
    assert "Chosen" in picture.alt and picture.png()[:4] == b"\x89PNG"


def test_the_command_writes_an_answer_that_is_ready_to_be_run(tmp_path, run):
    asked = tmp_path / "ask.yaml"
    asked.write_text(
        "scenario: ask\nplace: Đà Bắc\nstart: 2019-06\nuntil: 2020-06\n"
        "target: {measure: members, value: 420, by: 2020-06}\n"
        "search:\n  levers:\n    - {lever: Meetings, count: [0, 2], start: 2019-07}\n",
        encoding="utf-8",
    )
    line = ["optimize", str(asked), "--budget", "2e9", "--draws", "6", "--trials", "4", "--jobs", "1", "--out"]
    outs = [tmp_path / "one", tmp_path / "two"]
    for out in outs:
        done = run(*line, out)
        assert done.exit_code == 0, done.output
    for name in ("optimum.json", "optimum.yaml", "front.png"):
        assert (outs[0] / name).read_bytes() == (outs[1] / name).read_bytes()
    assert "Verified with new simulations" in done.output
    assert "Probability promised" in (outs[0] / "answer.md").read_text(encoding="utf-8")
    assert read_scenario(outs[0] / "optimum.yaml").scenario == "ask-optimum"
    record = json.loads((outs[0] / "optimum.json").read_text(encoding="utf-8"))
    assert record["promised"]["probability"] - record["verified"]["probability"] == pytest.approx(record["optimism"])
    assert run(*line, outs[0]).exit_code == 2


class Screened:
    """Three mixes that cost 50, 90 and 200 of a budget of 100; on few draws each looks half as dear again."""

    mixes, budget, dear, draws, probability = {(1,): (50, 0.2), (2,): (90, 0.4), (3,): (200, 0.9)}, 100, 1.5, 100, 0.5
    seen, asked = mixes, []

    def farthest(self):
        return search.Rule(lambda mix: (max(self.mixes[mix][0] * self.dear - self.budget, 0), -self.shown(mix)), None)

    def shown(self, mix):
        return self.mixes[mix][1]

    def refine(self, mix, rule, step=1):
        return mix

    def judge(self, mix, first, enough=0.0):
        self.asked = [*self.asked, enough]
        self.dear, self.likely = 1.0, {one: chance for one, (_, chance) in self.mixes.items()}
        return SimpleNamespace(cost_high=self.mixes[mix][0], probability=self.shown(mix))

    def keeps(self, judged):
        return "budget" if judged.cost_high > self.budget else ""


def test_where_the_target_is_out_of_reach_the_whole_budget_may_be_used():
    """A judgment on many draws can show that there was room left: then the search goes on."""
    screened = Screened()
    best, gained = _farthest(screened)
    assert screened.asked == [1.0, 1.0]  # a promise alone rests on all draws
    assert best == (2,) and gained == 0  # steps that find nothing better gain nothing


class FewDraws:
    """Four mixes, the dearer the surer; on the 4 draws of the search each shows a quarter more than the one before."""

    mixes = {(1,): (10, 0.48), (2,): (20, 0.57), (3,): (30, 0.8), (4,): (900, 1.0)}
    probability, draws, need, factor, dear = 0.5, 4, 0.5, 1.0, 1.0

    def __init__(self):
        self.seen = {mix: (np.array([cost]), None) for mix, (cost, _) in self.mixes.items()}

    def shown(self, mix):
        return mix[0] / 4 + 0.25

    def missing(self, mix):
        return {"target": float(self.shown(mix) < np.floor(self.need * self.draws) / self.draws)}

    def cheapest(self):
        return search.Rule(lambda mix: (self.missing(mix)["target"], self.mixes[mix][0]), None)

    def alone(self):
        return [min(self.mixes, key=self.cheapest().key)]

    def refine(self, mix, rule, step=1):
        return min(self.mixes, key=rule.key)

    def judge(self, mix, first):
        return SimpleNamespace(cost=self.mixes[mix][0], probability=self.mixes[mix][1])

    def holds(self, judged):
        return "target" if judged.probability < self.probability else ""


def test_a_promise_on_few_draws_asks_for_more_until_it_holds():
    """One that just misses is followed by the next dearer, not by the dearest of all."""
    best, judged, _ = _promise(FewDraws(), [(1,)])
    assert best == (2,) and judged.cost == 20


class Alike(FewDraws):
    """On the 4 draws of the search two levers alone show the same; on many draws the dearer of them is enough."""

    mixes = {(1,): (10, 0.48), (2,): (15, 0.52), (3,): (30, 0.8), (4,): (900, 1.0)}

    def shown(self, mix):
        return {1: 0.5, 2: 0.5, 3: 0.75, 4: 1.0}[mix[0]]

    def alone(self):
        return [mix for mix in ((1,), (2,)) if not self.missing(mix)["target"]] or [(3,)]


def test_a_lever_alone_that_holds_its_promise_is_taken_before_a_dearer_mix():
    best, judged, _ = _promise(Alike(), [(1,)])
    assert best == (2,) and judged.cost == 15


CHEAP = {
    "levers": [
        {"lever": "Visits", "count": [0, 400], "per": "commune", "start": "2022-01"},
        {"lever": "Meetings", "count": [0, 24], "every": "year", "per": "commune", "start": "2022-01"},
        {"lever": "Reminders", "share": [0, 1], "start": "2022-01"},
    ]
}


@pytest.fixture(scope="module")
def by_trials():
    """One search with few trials and one with twice as many, of which the few are the beginning."""
    asked = question(goal=360.0, search=CHEAP)
    return [
        optimize(asked, 5e9, 0.5, least_stay=0.0, draws=8, trials=trials, jobs=1, progress=False) for trials in (8, 16)
    ]


def test_more_trials_never_find_a_dearer_mix(by_trials):
    few, many = by_trials
    assert few.met and many.met
    assert many.promised.cost <= few.promised.cost
    assert set(few.tried["mix"]) <= set(many.tried["mix"])


def test_more_trials_never_find_a_less_likely_mix_where_none_is_enough():
    asked = question(goal=660.0, search=CHEAP)
    few, many = (
        optimize(asked, 5e9, 0.5, least_stay=0.0, draws=8, trials=trials, jobs=1, progress=False) for trials in (8, 16)
    )
    assert not few.met and not many.met
    assert many.promised.probability >= few.promised.probability > 0.4
    assert set(few.tried["mix"]) <= set(many.tried["mix"])
    assert all(optimum.most >= optimum.promised.probability for optimum in (few, many))


def test_a_mix_is_never_dearer_than_the_cheapest_lever_alone(by_trials):
    """At the same probability on the same draws, by the search's own money."""
    asked = question(goal=360.0, search=CHEAP)
    under_way = search.Search(asked, 5e9, 0.5, 0.0, 0.0, draws=8, seed=1)
    rule = under_way.cheapest()
    alone = under_way.alone()
    assert alone and all(sum(level > 0 for level in mix) == 1 for mix in alone)
    for mix in alone:  # the least level: one less is not enough
        less = tuple(max(level - 1, 0) for level in mix)
        under_way.screen([less])
        assert under_way.missing(mix)["target"] == 0 < under_way.missing(less)["target"]
    best = under_way.refine(under_way.refine(min(alone, key=rule.key), rule, search.COARSE), rule)
    assert under_way.seen[best][0].mean() <= min(under_way.seen[mix][0].mean() for mix in alone)
    ways = target.ways(asked, 0.5, draws=8).set_index("way")
    met = ways[ways["needed"].notna()]
    names = [choice.name for choice in under_way.choices]
    costs = {names[int(np.argmax(mix))]: under_way.seen[mix][0].mean() for mix in alone}
    paid = met[list(under_way.payers)].sum(axis=1)
    assert set(met.index) >= set(costs)  # what the desk tells of one lever alone is what the search starts from
    for name, cost in costs.items():
        assert paid[name] == pytest.approx(cost)


def test_the_text_says_of_how_many_mixes_it_is_the_best_and_what_a_finer_search_saved(by_trials):
    optimum = by_trials[0]
    assert 0 <= optimum.finer < 1
    assert words.number(len(optimum.tried), "en") in desk.optimum_text(optimum, "en")
    assert scenario_file.optimum_record(optimum)["mixes_tried"] == len(optimum.tried)


def test_the_usual_levers_end_where_a_place_was_seen_to_end():
    asked = Scenario("x", "Cà Mau", start="2021-12", until="2022-12", target=Target(value=30_000, by="2022-12"))
    offered = {choice.name: choice for choice in menu.offered(asked)}
    assert offered["Collectors"].high == pytest.approx(3 * 883)
    full = asked.with_policy("full", Policy(offered["Collectors"].at(100)))
    assert "Collectors" not in {choice.name for choice in menu.offered(full)}  # there is no more of it
    listed = asked.with_policy("listed", Policy(Reminders(share=1.0, start="2022-01")))
    assert "Reminders" not in {choice.name for choice in menu.offered(listed)}  # all of them are on a list already
    under_way = search.Search(asked, 1e12, 0.5, 0.0, 0.0, draws=2, seed=1)
    names = [choice.name for choice in under_way.choices]
    both = tuple(100 if name in ("TopUp/all", "TopUp/other") else 0 for name in names)
    one = tuple(100 if n == "TopUp/all" else 0 for n in names)
    assert not under_way.is_seen(both) and under_way.is_seen(one)
    lines = under_way._lines(one, search.COARSE)
    moves = under_way._moves(one, lines, under_way.farthest().guess, search.COARSE)
    assert len(moves) == search.ASKED_AT_ONCE and all(map(under_way.is_seen, moves))  # no step beyond it is tried


def test_a_scenario_that_no_file_can_hold_is_refused_before_the_work(run, tmp_path, monkeypatch):
    from forecast.question import scenario_file as form

    for name in ("lao-cai-status-quo", "lao-cai-plan", "ha-noi-plan"):
        path = tables.data_dir() / "scenarios" / f"{name}.yaml"
        again = tmp_path / f"{name}.yaml"
        again.write_text(scenario_yaml(read_scenario(path)), encoding="utf-8")
        assert read_scenario(again).policy == read_scenario(path).policy
    monkeypatch.setattr(form, "_reads", lambda text, form: False)
    done = run("optimize", str(path), "--budget", "1e9", "--out", tmp_path / "out")
    assert done.exit_code == 1 and "cannot be written" in done.output and not (tmp_path / "out").exists()
