"""What both simulating engines promise, shown on the toy district: ledgers, paired luck, levers that pull."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st

from forecast.data import tables, toy
from forecast.data.law import Law, read_law
from forecast.data.tables import UserError
from forecast.data.vocabulary import OUTREACH_PAYERS, PAYERS
from forecast.engines import deaf_to
from forecast.engines.people.agents import AgentEngine
from forecast.engines.people.stock import StockEngine
from forecast.experiment.project import project
from forecast.question.levers import (
    LEVERS,
    Broadcast,
    Collectors,
    Drive,
    Effort,
    Gift,
    Inspection,
    Language,
    Meetings,
    ModelCommunes,
    PaymentAdvice,
    Policy,
    Quota,
    Reminders,
    TopUp,
    Training,
    VisitOrder,
    Visits,
    Where,
)
from forecast.question.plan import COLUMNS
from forecast.question.scenario import Scenario
from made import has_its_own_test

PLACE, LAW = toy.place(), toy.law()
GROUPS = tables.GROUPS
ENGINES = ("stock", "agents")
DRAWS = 8
UNTIL = "2022-12"


def question(name, *levers, until=UNTIL, place=PLACE, law=LAW, **more) -> Scenario:
    return Scenario(name, place, start="2021-12", until=until, law=law, policy=Policy(*levers), **more)


def run(*questions, engines=ENGINES, draws=DRAWS):
    return project(questions, engines, draws=draws, jobs=1, progress=False)


def by_draw(answer, **columns) -> pd.DataFrame:
    """Values by (scenario, draw), added up over the months after the first."""
    rows = answer.only(**columns).frame
    rows = rows[rows["month"] != "2021-12"]
    return rows.groupby(["scenario", "draw"], observed=True)["value"].sum().unstack("draw")


# Lever -> (the lever, [(measure, group, direction)]): what it must move, and which way. Members and active people are
# added up over the months. `engines` is left out where both must show it.
CASES = {
    "TopUp": (
        TopUp(share=0.5, group="poor"),
        [("entries", "poor", 1), ("paid_province", "poor", 1)],
    ),
    "TopUp by donors": (TopUp(share=0.5, payer="donors"), [("entries", "all", 1), ("paid_donors", "other", 1)]),
    "Gift": (Gift(persons_per_month=5), [("entries", "poor", 1), ("paid_donors", "poor", 1), ("members", "poor", 1)]),
    "Collectors": (Collectors(count=6), [("entries", "all", 1), ("members", "all", 1)]),
    "fewer Collectors": (Collectors(count=0.5), [("entries", "all", -1), ("members", "all", -1)]),
    "Training": (Training(every=6), [("entries", "all", 1)]),
    "Quota": (Quota(per_month=1), [("entries", "all", 1)]),
    "Quota of staff": (Quota(per_month=1, holder="staff", staff=40), [("entries", "all", 1)]),
    "Visits": (Visits(count=100), [("entries", "all", 1), ("members", "all", 1), ("entries", "poor", 1)]),
    "Visits assisted": (Visits(count=0, assisted=0.5), [("entries", "all", 1)]),
    "Meetings": (Meetings(count=1), [("entries", "all", 1)]),
    "Broadcast": (Broadcast(count=30), [("entries", "all", 1)]),
    "Drive": (Drive(per_month=2), [("entries", "all", 1)]),
    "ModelCommunes": (ModelCommunes(), [("entries", "all", 1)]),
    "Reminders": (Reminders(), [("lapses", "all", -1), ("entries", "all", -1)]),  # it takes time from visits
    "PaymentAdvice": (
        PaymentAdvice(share=0.8),
        [("lapses", "all", -1), ("paid_months", "all", 1), ("members", "all", 1)],
    ),
    "Language": (Language(), [("entries", "ethnic_minority", 1)]),
    "VisitOrder easy": (VisitOrder(first="easy"), [("entries", "other", 1), ("entries", "poor", -1)]),
    "VisitOrder farthest": (VisitOrder(first="farthest"), [("entries", "other", -1), ("entries", "poor", 1)]),
    "YearEndCampaign": (LEVERS["YearEndCampaign"](kept=1.0), [("lapses", "all", -1), ("members", "all", 1)]),
    "Inspection": (Inspection(hours_per_month=60), [("exits_compulsory", "all", 1), ("entries", "all", -1)]),
    "Effort": (Effort(times=3), [("entries", "all", 1), ("members", "all", 1)]),
}
DIRECTIONS = [(lever, *promise) for lever, (_, promises) in CASES.items() for promise in promises]


@pytest.fixture(scope="module")
def answer():
    """Every lever by itself beside the status quo, answered by both engines."""
    return run(question("status quo"), *(question(name, lever) for name, (lever, _) in CASES.items()))


@pytest.fixture(scope="module")
def added(answer):
    return answer.versus("status quo")


def test_every_lever_has_a_direction_that_is_tested():
    assert {type(lever).__name__ for lever, _ in CASES.values()} == {n for n in LEVERS if not has_its_own_test(n)}


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("lever, measure, group, way", DIRECTIONS)
def test_a_lever_pulls_its_way(lever, measure, group, way, engine, added):
    gaps = way * by_draw(added, scenario=lever, engine=engine, measure=measure, group=group).loc[lever]
    assert gaps.mean() > 0
    # The same people with the same luck: hardly a draw may go the other way, and none in expectation.
    assert (gaps >= -1e-9).mean() >= (0.85 if engine == "stock" else 0.6)


@pytest.mark.parametrize("engine", ENGINES)
def test_the_ledger_balances_in_every_draw_group_and_month(engine, answer):
    mine = answer.only(engine=engine)
    assert mine.ledger_faults().empty
    for group in (*GROUPS, "all"):
        for measure in ("members", "entries", "lapses", "exits_other"):
            rows = mine.only(group=group, measure=measure).frame
            assert len(rows) == (len(CASES) + 1) * DRAWS * (13 if measure == "members" else 12)
            assert np.isfinite(rows["value"]).all()
            assert (rows["value"] >= -1e-9).all()


@pytest.mark.parametrize("engine", ENGINES)
def test_groups_add_to_all(engine, answer):
    rows = answer.only(engine=engine).frame
    rows = rows[rows["measure"] != "unpaid_hours"]  # the work of levers stands with all groups together
    rows = rows[(rows["scenario"] == "status quo") | ~rows["measure"].isin([PAYERS[p] for p in OUTREACH_PAYERS])]
    keys = ["scenario", "measure", "month", "draw"]
    parts = rows[rows["group"] != "all"].groupby(keys, observed=True)["value"].sum()
    whole = rows[rows["group"] == "all"].set_index(keys)["value"]
    assert np.allclose(parts.reindex(whole.index), whole, rtol=1e-12)


def test_agents_are_whole_people(answer):
    people = [
        "members",
        "entries",
        "returns",
        "lapses",
        "exits_compulsory",
        "exits_other",
        "active_9of12",
        "paid_months",
    ]
    values = answer.only(engine="agents", measure=people).frame["value"]
    assert (values == values.round()).all()


def test_nobody_is_active_who_is_no_member(answer):
    agents = answer.only(engine="agents")
    active, members = (agents.only(measure=m).frame for m in ("active_9of12", "members"))
    both = active.merge(members, on=["scenario", "month", "group", "draw"])
    assert (both["value_x"] <= both["value_y"]).all()
    assert active["value"].sum() > 0
    assert "active_9of12" not in set(answer.only(engine="stock").frame["measure"])  # silent, never zero


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("lever", ["Visits", "Meetings", "ModelCommunes", "Effort"])  # help at the door takes time
def test_more_outreach_never_enrolls_fewer(lever, engine, answer):
    entries = answer.only(engine=engine, measure="entries", group="all", scenario=["status quo", lever]).frame
    wide = entries.pivot(index=["draw", "month"], columns="scenario", values="value").sort_index()
    so_far = wide.groupby(level="draw").cumsum()
    assert (so_far[lever] >= so_far["status quo"] - 1e-9).all()


@pytest.mark.parametrize("engine", ENGINES)
def test_a_top_up_for_the_poor_touches_nobody_else(engine):
    alone = {"peer_effect": 0, "follow_up": 0}  # no word of mouth, no shared time
    both = run(
        question("quo", assumptions=alone),
        question("top-up", TopUp(share=0.4, group="poor"), assumptions=alone),
        engines=[engine],
        draws=6,
    )
    gaps = both.versus("quo").frame
    assert (gaps[~gaps["group"].isin(["poor", "all"])]["value"] == 0).all()
    assert by_draw(both.versus("quo"), measure="entries", group="poor").loc["top-up"].gt(0).all()


def test_word_of_mouth_and_shared_time_change_others_only_a_little(added):
    for engine in ENGINES:
        entries = {
            g: by_draw(added, scenario="TopUp", engine=engine, measure="entries", group=g).loc["TopUp"].mean()
            for g in GROUPS
        }
        assert all(abs(entries[g]) < 0.05 * entries["poor"] for g in GROUPS if g != "poor")


@pytest.mark.parametrize("engine", ENGINES)
def test_an_empty_policy_and_one_that_never_acts_are_the_status_quo_to_the_byte(engine):
    never = Visits(count=500, start="2030-01")
    nothing = TopUp(share=0.0), Visits(count=0), Training(share=0.0), Broadcast(count=0)
    answers = [
        run(Scenario("same", PLACE, start="2021-12", until="2022-06", law=LAW), engines=[engine], draws=5),
        run(question("same", until="2022-06"), engines=[engine], draws=5),
        run(question("same", never, until="2022-06"), engines=[engine], draws=5),
        run(question("same", *nothing, until="2022-06"), engines=[engine], draws=5),
    ]
    values = {a.frame["value"].to_numpy().tobytes() for a in answers}
    assert len(values) == 1


@pytest.mark.parametrize("engine", ENGINES)
def test_a_lever_of_no_size_adds_nothing(engine):
    """Looking at some communes apart must not pass for an effect."""
    hardly = Visits(count=1e-6, where=Where(count=2)), Reminders(share=1e-9, where=Where(communes=("Núi",)))
    both = run(question("quo"), question("hardly", *hardly), engines=[engine])
    gaps = both.versus("quo").only(measure=["members", "entries", "lapses"]).frame["value"]
    assert gaps.abs().max() < 1e-3


@pytest.mark.parametrize("engine", [StockEngine, AgentEngine])
def test_an_engine_that_is_deaf_to_a_lever_is_silent_about_it(engine):
    class HardOfHearing(engine):
        sees = engine.sees - {"visits", "top_up"}

    heard, unheard = question("heard", Meetings(count=1)), question("unheard", Visits(count=5), Meetings(count=1))
    assert deaf_to(HardOfHearing(), unheard) == {"visits"}
    assert deaf_to(HardOfHearing(), heard) == deaf_to(engine(), unheard) == frozenset()
    answer = run(heard, unheard, engines=[HardOfHearing()], draws=2)
    assert set(answer.frame["scenario"]) == {"heard"}


@pytest.fixture(scope="module")
def seasons():
    """The status quo with campaigns, without them, and with strong ones; two years."""
    return run(
        question("campaign", until="2024-03"),
        question("no campaign", until="2024-03", assumptions={"campaign_rise": 0}),
        question("strong campaign", until="2024-03", assumptions={"campaign_rise": 0.5}),
        draws=32,
    )


def mean_path(answer, **columns) -> pd.Series:
    rows = answer.only(measure="members", group="all", **columns).frame
    return rows.groupby("month", observed=True)["value"].mean()


@pytest.mark.parametrize("engine", ENGINES)
def test_the_stock_of_december_is_a_peak_that_falls_by_march(engine, seasons):
    known = mean_path(seasons, scenario="campaign", engine=engine)
    assert known["2022-03"] < 0.97 * known["2021-12"]
    strong = mean_path(seasons, scenario="strong campaign", engine=engine)
    assert strong["2024-03"] < strong["2023-12"] > strong["2023-11"]


def sprint(answer, **columns) -> float:
    """Persons a month by which the last quarter of 2023 grows more than the quarter after it."""
    path = mean_path(answer, **columns)
    return (2 * path["2023-12"] - path["2023-09"] - path["2024-03"]) / 3


@pytest.mark.parametrize("engine", ENGINES)
def test_december_rises_faster_than_the_months_around_it(engine, seasons):
    assert sprint(seasons, scenario="campaign", engine=engine) > 3
    assert sprint(seasons, scenario="strong campaign", engine=engine) > sprint(
        seasons, scenario="campaign", engine=engine
    )


@pytest.mark.parametrize("engine", ENGINES)
def test_the_peak_is_gone_without_campaigns(engine, seasons):
    path = mean_path(seasons, scenario="no campaign", engine=engine)
    assert path["2022-03"] >= path["2021-12"]
    assert path["2023-03"] >= path["2022-12"]
    assert abs(sprint(seasons, scenario="no campaign", engine=engine)) < 1.5


def test_the_stock_engine_is_the_mean_of_the_agents(seasons):
    for name in ("campaign", "no campaign", "strong campaign"):
        stock, agents = (mean_path(seasons, scenario=name, engine=e) for e in ENGINES)
        assert (stock / agents).between(0.9, 1.1).all(), name


def test_the_engines_agree_on_what_a_lever_adds(added):
    """Within a third; strata know only the mean of their teams, so that saturation comes later."""
    for lever in ("TopUp", "Gift", "Meetings", "ModelCommunes", "PaymentAdvice", "Visits", "Effort"):
        stock, agents = (
            by_draw(added, scenario=lever, engine=e, measure="members", group="all").loc[lever].mean() for e in ENGINES
        )
        assert 0.67 < stock / agents < 1.5, lever


@pytest.mark.parametrize("engine", ENGINES)
def test_ten_times_the_place_has_ten_times_the_members(engine):
    small = mean_path(run(question("q"), engines=[engine], draws=6))
    large = mean_path(run(question("q", place=toy.place(scale=10, members=3000)), engines=[engine], draws=6))
    assert (large / small).iloc[-1] == pytest.approx(10, rel=0.02 if engine == "stock" else 0.15)


@pytest.mark.parametrize("engine", ENGINES)
def test_members_lapse_and_fewer_enter_when_the_floor_rises(engine):
    lower = LAW.frame.copy()
    lower.loc[(lower["parameter"] == "min_declared_income") & (lower["since"] == "2022-01"), "value"] = 1e6
    both = run(question("doubled"), question("kept", law=Law(lower)), engines=[engine])
    entries = by_draw(both, measure="entries", group="all")
    assert (entries.loc["doubled"] < entries.loc["kept"]).all()
    lapses = by_draw(both, measure="lapses", group="all") / by_draw(both, measure="members", group="all")
    assert (lapses.loc["doubled"] > lapses.loc["kept"]).mean() >= 0.9


@pytest.mark.parametrize("engine", ENGINES)
def test_money_is_the_contribution_for_the_months_paid(engine):
    """Everybody on the floor: 200,000 VND in 2021 and 400,000 from 2022, half of it the state's for the poor."""
    floor = run(
        question("q", TopUp(share=0.2, group="poor"), assumptions={"floor_share": 1}), engines=[engine], draws=4
    )
    rows = floor.frame[floor.frame["month"] != "2021-12"]
    rows = rows[rows["measure"].str.startswith("paid_")]
    wide = rows.pivot(index=["group", "draw", "month"], columns="measure", values="value")
    payers = wide[["paid_members", "paid_state", "paid_province", "paid_donors"]]
    assert np.allclose(payers.sum(axis=1), 400_000 * wide["paid_months"], rtol=1e-9)
    poor, other = wide.loc["poor"], wide.loc["other"]
    assert np.allclose(poor["paid_state"], 0.5 * 400_000 * poor["paid_months"])
    assert np.allclose(poor["paid_province"], 0.2 * 400_000 * poor["paid_months"])
    assert np.allclose(other["paid_state"], 0.1 * 400_000 * other["paid_months"])
    assert (other["paid_province"] == 0).all()
    assert (wide["paid_donors"] == 0).all()


def test_what_is_spent_is_what_the_levers_cost(answer):
    costly = question(
        "costly", Visits(count=10, unit_cost=30_000), Meetings(count=1, unit_cost=2_000_000, start="2022-06")
    )
    spent = run(costly, draws=2).only(measure="spent_outreach", group="all").frame
    monthly = spent[spent["draw"] == 0].groupby(["engine", "month"], observed=True)["value"].first().unstack("engine")
    assert monthly.loc["2022-05"].tolist() == [6 * 10 * 30_000] * 2
    assert monthly.loc["2022-06"].tolist() == [6 * (10 * 30_000 + 2_000_000)] * 2
    assert (answer.only(scenario="quo", measure="spent_outreach").frame["value"] == 0).all()


def test_the_subsidy_ends_after_ten_years():
    known = {"annual_lapse": 0.01, "floor_share": 1, "campaign_rise": 0}
    long = question("q", until="2029-06", place=toy.place(scale=10, members=3000), assumptions=known)
    rows = run(long, engines=["agents"], draws=2).only(group="poor").frame
    wide = rows.groupby(["month", "measure"], observed=True)["value"].sum().unstack()
    share = wide["paid_state"] / (400_000 * wide["paid_months"])
    assert share.loc["2022-01":"2022-12"].to_numpy() == pytest.approx(0.5)
    assert share.loc["2028-06":].mean() < 0.48  # who pays for 60 months runs into the end from 2023 on


def test_gifts_run_out_and_few_stay():
    given = question("given", Gift(persons_per_month=10, months=12, end="2022-03"), until="2023-12")
    stopped = run(question("quo", until="2023-12"), given, draws=8).versus("quo")
    for engine in ENGINES:
        poor = stopped.only(engine=engine, group="poor", measure="members").frame
        path = poor.groupby("month", observed=True)["value"].mean()
        assert path["2022-04"] == pytest.approx(30, abs=4)
        assert path["2023-12"] < 0.35 * path["2022-12"]


def test_the_toy_is_a_place_like_any_other():
    assert PLACE.group_sizes().sum() == pytest.approx(10_000)
    assert PLACE.communes["eligible"].sum() == PLACE.eligible
    for share in ("poor_share", "near_poor_share", "minority_share"):
        assert getattr(PLACE, share) == pytest.approx(
            (PLACE.communes[share] * PLACE.communes["eligible"]).sum() / PLACE.eligible
        )
    assert tables.check(PLACE.history, "history", "toy") == []
    assert tables.check(LAW.frame, "law", "toy") == []
    assert LAW.price("poor", "2021-06").net == 100_000
    assert LAW.price("other", "2022-06").net == 360_000


share = st.sampled_from([0.0, 0.1, 0.5, 1.0])
count = st.sampled_from([0.0, 0.3, 2.0, 40.0, 3000.0])
group = st.sampled_from(["all", *GROUPS])
months = st.one_of(st.none(), st.integers(-6, 12).map(lambda n: str(tables.month("2021-12") + n)))
where = st.one_of(
    st.just("all"),
    st.builds(Where, count=st.integers(1, 6), order=st.sampled_from(["largest", "poorest", "listed"])),
    st.builds(Where, communes=st.just(("Gò", "Rừng"))),
)
SPECIAL = {
    "TopUp": {"share": share, "group": group, "payer": st.sampled_from(["province", "donors"])},
    "Gift": {"persons_per_month": count, "months": st.sampled_from([1, 3, 6, 12, 60]), "group": group},
    "Collectors": {"count": count, "per": st.sampled_from(["place", "commune", "hamlet"])},
    "Training": {"share": share, "every": st.sampled_from([None, 1, 5])},
    "Quota": {"per_month": share, "holder": st.sampled_from(["collector", "staff"]), "staff": st.just(17)},
    "Visits": {"count": count, "assisted": share},
    "Meetings": {"count": count, "attendance": count},
    "Broadcast": {"count": count, "every": st.sampled_from(["month", "year"])},
    "Drive": {"per_month": count, "dates": st.just(("2022-05-08", "2022-05-30"))},
    "ModelCommunes": {"ramp": st.integers(0, 5)},
    "Reminders": {"share": share},
    "PaymentAdvice": {"share": share},
    "Language": {"share": share},
    "VisitOrder": {"first": st.sampled_from(["easy", "farthest"])},
    "Inspection": {"hours_per_month": count},
    "Effort": {"times": st.sampled_from([0.0, 0.3, 1.0, 30.0])},
    "Commission": {"new": st.sampled_from([0.0, 0.5, 2.0]), "renewal": st.sampled_from([0.0, 1.0, 5.0])},
}
PAID_LAW = read_law()  # it knows commissions, which the toy's does not
any_lever = st.sampled_from(sorted(LEVERS)).flatmap(
    lambda name: st.builds(
        lambda a, b, **more: LEVERS[name](start=min(a, b) if a and b else a, end=max(a, b) if a and b else b, **more),
        months,
        months,
        where=where,
        unit_cost=st.sampled_from([None, 1000]),
        **SPECIAL.get(name, {key: st.just(value) for key, value in LEVERS[name].examples[0].items()}),
    )
)


@settings(max_examples=5)
@given(st.lists(any_lever, max_size=5))
def test_any_policy_makes_a_sound_plan_and_a_ledger_that_balances(levers):
    asked = question("any", *levers, until="2022-08", law=PAID_LAW)
    try:
        plan = asked.plan
    except UserError:  # more hours than there are, a gift to a group that nobody is of
        reject()
    assert all(np.isfinite(bill.units).all() for bill in plan.bills)
    for name in COLUMNS:
        values = getattr(plan, name)
        assert np.isfinite(values).all(), name
        assert (values >= (-1 if name in ("order", "commission_new", "commission_renewal") else 0)).all(), name
        if name in ("assisted", "training", "model", "reminders", "advice", "cadres", "order"):
            assert (values <= 1).all(), name
    again = question("any", *levers, until="2022-08", law=PAID_LAW).plan
    assert plan.changed(again) == frozenset()
    answer = run(asked, draws=2)
    assert np.isfinite(answer.frame["value"]).all()
    assert answer.ledger_faults().empty
    values = answer.frame["value"]
    assert (values >= -1e-6).all()  # persons, months and VND: a cut saves no more than was billed for what it cuts
