"""What the table of additionality says of numbers that can be worked out by head."""

import numpy as np
import pandas as pd
import pytest

from forecast.answer.projection import COLUMNS, Projection
from forecast.data import toy
from forecast.data.tables import UserError
from forecast.desk import additionality
from forecast.desk.additionality import Added
from forecast.desk.lined_up import COUNTED, KINDS
from forecast.question.levers import Policy, TopUp, Training, Visits
from forecast.question.plan import GROUPS
from forecast.question.scenario import Scenario

QUO = Scenario("quo", toy.place(), start="2021-12", until="2023-12", law=toy.law())
PLAN = QUO.with_policy("plan", Policy(TopUp(share=0.5, start="2022-02", end="2022-05")))
MONTHS = PLAN.months.astype(str)


def people(draws: int = 1, **changed: dict[str, float]) -> pd.DataFrame:
    """Nothing at all for every group and kind, but for columns of `GROUP_KIND`."""
    rows = [
        dict.fromkeys(COUNTED, 0.0) | {"draw": draw, "group": group, "kind": kind} | changed.get(f"{group}_{kind}", {})
        for draw in range(draws)
        for group in GROUPS
        for kind in KINDS
    ]
    return pd.DataFrame(rows)


def months(members=0, gap=0) -> pd.DataFrame:
    """Those whom the policy has brought, month by month: numbers, or one for each month."""
    return pd.DataFrame({"draw": 0, "kind": "brought", "month": MONTHS, "members": members, "gap": gap})


def answer(**paths: dict[str, np.ndarray]) -> Projection:
    """What the agents answer for all groups: `SCENARIO={"measure": (months,)}`; zero members where nothing is given."""
    parts, none = [], np.zeros(len(MONTHS))
    for name in ("quo", "plan"):
        for measure, values in ({"members": none, "active_9of12": none} | paths.get(name, {})).items():
            parts.append(pd.DataFrame({"month": MONTHS, "scenario": name, "measure": measure, "value": values}))
    told = {"place": "Toy", "engine": "agents", "origin": "2021-12", "group": "all", "draw": 0}
    return Projection(pd.concat(parts).assign(**told)[COLUMNS])


def told(found: pd.DataFrame, after: pd.DataFrame | None = None, projected: Projection | None = None) -> pd.Series:
    """The medians of the table by measure and group."""
    after, projected = months() if after is None else after, projected or answer()
    return additionality.table(Added(found, after), QUO, PLAN, projected).set_index(["measure", "group", "kind"])[
        "median"
    ]


def on(**months_: float) -> np.ndarray:
    """A hundred in every month but these, named m2022_12."""
    values = pd.Series(100.0, index=MONTHS)
    for month, value in months_.items():
        values[month[1:].replace("_", "-")] = value
    return values.to_numpy()


def test_shares_are_those_of_people_who_came_under_the_policy():
    came = {"entries": 4.0, "once": 1.0, "paid": 36.0}
    table = told(people(poor_because=came, other_anyway={"entries": 4.0, "paid": 12.0}))
    assert table["once", "poor", ""] == 1 / 4 and table["paid_per_entry", "poor", ""] == 9.0
    assert table["once", "all", ""] == 1 / 8 and table["paid_per_entry", "all", ""] == 6.0
    assert ("once", "near_poor", "") not in table.index  # nobody came


def test_equity_is_the_part_of_the_three_groups_and_creaming_that_part_by_their_share_of_people():
    years = {"poor_because": 1.0, "near_poor_sooner": 0.5, "ethnic_minority_because": 0.5, "other_because": 3.0}
    table = told(
        people(**{name: {"member_years": value} for name, value in years.items()}, other_instead={"member_years": -1})
    )
    sizes = QUO.place.group_sizes().sum(axis=0)
    assert table["added", "all", ""] == 4.0 and table["added", "all", "guarded"] == 2.0
    assert table["equity", "all", ""] == 0.5
    assert table["creaming", "all", ""] == pytest.approx(0.5 / (1 - sizes[GROUPS.index("other")] / sizes.sum()))
    assert table["member_years", "poor", "because"] == 1.0 and table["member_years", "all", "because"] == 4.5


@pytest.mark.parametrize(("years", "is_told"), [(0.5, False), (0.51, True)])
def test_a_share_of_less_than_half_a_year_is_not_told(years, is_told):
    assert (("equity", "all", "") in told(people(poor_because={"member_years": years})).index) == is_told


def test_of_those_brought_some_are_still_there_at_the_end():
    """Eight in the policy's last month, six in the last month, of whom four would not be there without it."""
    members, gap = np.full(len(MONTHS), 7), np.full(len(MONTHS), 5)
    members[5], members[-1], gap[-1] = 8, 6, 4
    table = told(people(), months(members, gap))
    assert table["stayed", "all", "brought"] == 6 / 8 and table["net", "all", "brought"] == 4 / 8
    rows = additionality.after(Added(people(), months(members, gap)), QUO, PLAN)
    assert rows["median"].tolist() == rows["low"].tolist() == rows["high"].tolist() == members.tolist()
    assert rows["net"].tolist() == gap.tolist()
    assert rows.loc[rows["acting"], "month"].tolist() == ["2022-02", "2022-03", "2022-04", "2022-05"]


def test_nothing_is_said_of_those_who_stayed_where_the_policy_acts_to_the_end_or_never():
    for levers in ([TopUp(share=0.5, start="2022-02")], []):
        plan = QUO.with_policy("plan", Policy(*levers))
        table = additionality.table(Added(people(), months(8, 8)), QUO, plan, answer())
        assert "stayed" not in set(table["measure"])


def test_the_rush_is_a_december_and_the_fall_a_march_of_the_last_whole_year():
    entries, members = on(m2022_12=1000, m2023_12=700), on(m2022_12=200, m2023_03=150, m2022_03=1)
    table = told(people(), projected=answer(plan={"entries": entries, "members": members}))
    assert table["rush", "all", ""] == 700 / (11 * 100 + 700)
    assert table["fall", "all", ""] == 1 - 150 / 200


def test_the_fall_is_that_of_the_last_winter_of_which_both_ends_are_known():
    """Months up to June 2023 have a winter before and a December of 2022; without December 2021 only the other."""
    members = on(m2021_12=160, m2022_03=80, m2022_12=200, m2023_03=150)

    def fall(first: str, last: str) -> list[float]:
        quo, plan = (asked.but(start=first, until=last) for asked in (QUO, PLAN))
        part = answer(plan={"members": members}).only(month=quo.months.astype(str).tolist())
        table = additionality.table(Added(people(), months()), quo, plan, part)
        return table.loc[table["measure"] == "fall", "median"].tolist()

    assert fall("2021-12", "2023-06") == fall("2022-01", "2023-03") == [1 - 150 / 200]
    assert fall("2021-12", "2022-12") == [1 - 80 / 160] and fall("2022-01", "2022-12") == []


def paid(
    without: dict[str, list[float]],
    under: dict[str, list[float]],
    payer: str = "province",
    months: pd.Index = MONTHS[2:7],
) -> Projection:
    """What a payer gives in every month of the policy and in June after it, in VND: by group, a number a draw."""
    rows = [
        {"scenario": scenario, "month": month, "group": group, "draw": draw, "value": value}
        for scenario, money in (("quo", without), ("plan", under))
        for group, values in money.items()
        for draw, value in enumerate(values)
        for month in months
    ]
    told = {"place": "Toy", "engine": "agents", "origin": "2021-12", "measure": f"paid_{payer}"}
    projected = answer().frame
    both = [projected.assign(draw=draw) for draw in range(max(row["draw"] for row in rows) + 1)]
    return Projection(pd.concat([*both, pd.DataFrame(rows).assign(**told)[COLUMNS]]))


def test_dead_weight_is_told_by_payer_and_group_over_the_draws():
    """Ten months are supported, five of them paid for anyway, which cost 8 VND each without the policy.

    Of 4 x 50 VND under the policy 200 - 80 are extra, of which half is dead weight. In the second draw nobody has paid
    before, so nothing is. Others are supported too, but not by the province.
    """
    found = people(2)
    at = found["group"].eq("poor") & found["kind"].eq("already")
    found.loc[at & (found["draw"] == 0), ["supported", "before", "dead"]] = 10.0, 5.0, 5.0
    found.loc[at & (found["draw"] == 1), "supported"] = 10.0
    found.loc[found["group"].eq("other") & found["kind"].eq("because"), "supported"] = 8.0
    money = paid({"poor": [10.0, 0.0], "other": [0.0, 0.0]}, {"poor": [50.0, 50.0], "other": [0.0, 0.0]})
    table = additionality.table(Added(found, months()), QUO, PLAN, money)
    rows = table[table["measure"] == "dead_weight"].set_index("group")
    assert (
        rows.index.tolist() == ["all", "poor"] and set(rows["payer"]) == {"province"} and set(rows["unit"]) == {"vnd"}
    )
    for group in ("all", "poor"):
        assert rows.loc[group, ["median", "low", "high", "draws"]].tolist() == pytest.approx([30, 3, 57, 2])


def test_dead_weight_of_a_policy_that_begins_at_once_has_the_money_of_january():
    """Of 70 VND in January 20 are usual; all ten months would have been paid for anyway."""
    early = QUO.with_policy("plan", Policy(TopUp(share=0.5, start="2022-01", end="2022-01")))
    found = people(poor_already={"supported": 10.0, "before": 10.0, "dead": 10.0})
    money = paid({"poor": [20.0]}, {"poor": [70.0]}, months=MONTHS[1:3])
    table = additionality.table(Added(found, months()), QUO, early, money)
    assert table.loc[table["measure"] == "dead_weight", "median"].tolist() == [50, 50]


@pytest.mark.parametrize(("money", "dead", "is_told"), [(105.0, 10.0, False), (106.0, 10.0, True), (200.0, 0.0, False)])
def test_dead_weight_of_a_twentieth_or_of_nothing_is_none(money, dead, is_told):
    """The same ten months cost 100 VND without the policy; up to a twentieth of the money is a change of prices."""
    found = people(poor_already={"supported": 10.0, "before": 10.0, "dead": dead})
    projected = paid({"poor": [25.0]}, {"poor": [money / 4]}, "state")
    table = additionality.table(Added(found, months()), QUO, PLAN, projected)
    rows = table[table["measure"] == "dead_weight"]
    assert rows["median"].tolist() == pytest.approx([money - 100] * 2 if is_told else [])


def test_the_active_are_counted_among_the_added_of_the_last_month():
    quo = {"members": on(m2023_12=100), "active_9of12": on(m2023_12=60)}
    plan = {"members": on(m2023_12=110), "active_9of12": on(m2023_12=64)}
    assert told(people(), projected=answer(quo=quo, plan=plan))["active", "all", ""] == 4 / 10
    few = plan | {"members": on(m2023_12=100.5)}
    assert ("active", "all", "") not in told(people(), projected=answer(quo=quo, plan=few)).index


@pytest.mark.parametrize(("start", "is_told"), [("2022-06", True), ("2022-07", False)])
def test_nobody_is_active_before_they_have_had_time_to_pay(start, is_told):
    """18 months from June 2022 to December 2023."""
    plan = QUO.with_policy("plan", Policy(TopUp(share=0.5, start=start)))
    flows = {"members": on(m2023_12=110), "active_9of12": on(m2023_12=64)}
    found = answer(quo={"active_9of12": on(m2023_12=60), "members": on()}, plan=flows)
    table = additionality.table(Added(people(), months()), QUO, plan, found)
    assert ("active" in set(table["measure"])) == is_told


@pytest.mark.parametrize(
    ("values", "signs"),
    [
        ({"once": 0.26, "active": 0.49, "fall": 0.11}, ["once", "active", "fall"]),
        ({"once": 0.24, "active": 0.51, "fall": 0.09}, []),
        ({"fall": 0.2, "equity": 0.9}, ["fall"]),
    ],
)
def test_paper_growth_is_seen_by_its_three_signs(values, signs):
    rows = [{"group": "all", "measure": name, "median": value} for name, value in values.items()]
    rows += [{"group": "poor", "measure": name, "median": 1.0 - value} for name, value in values.items()]
    assert additionality.paper(pd.DataFrame(rows)) == signs


@pytest.mark.parametrize(
    ("scale", "draws", "at_once"),
    # Followed are a twentieth of those who could join, 150 bytes for each, in six hundred million bytes.
    [(1, 60, 15), (1, 16, 16), (1, 17, 9), (1, 3, 3), (1000, 20, 7), (1000, 8, 8), (2000, 9, 3), (10_000, 5, 2)],
)
def test_draws_are_followed_side_by_side_in_even_parts_as_far_as_there_is_room(scale, draws, at_once):
    asked = Scenario("q", toy.place(scale=scale), start="2021-12", until="2022-06", law=toy.law())
    assert additionality._side_by_side(asked, draws) == at_once


def test_a_policy_acts_from_its_first_change_to_its_last_end():
    def acts(*levers, base=QUO):
        return additionality.acting(base, base.with_policy("plan", Policy(*levers)))

    early, late = Visits(count=9, start="2022-03", end="2022-04"), TopUp(share=0.1, start="2022-08", end="2022-09")
    assert acts() == (0, 0)
    assert acts(early, late) == (3, 9)
    with_early = QUO.with_policy("early", Policy(early))
    assert acts(early, late, base=with_early) == (8, 9)
    assert acts(base=with_early) == (3, 4)  # to take a lever away is a policy too
    assert acts(TopUp(share=0.1, start="2023-01")) == (13, 24)
    assert acts(Training(share=0.5, start="2022-03", end="2022-05")) == (3, 5)  # what they learned stays


@pytest.mark.parametrize("changed", [{"start": "2022-01"}, {"until": "2023-11"}, {"place": toy.place(name="Other")}])
def test_other_months_or_another_place_cannot_be_compared(changed):
    with pytest.raises(UserError, match="expected the same place and months"):
        additionality.follow(QUO, [PLAN, PLAN.but(**changed)], draws=1, jobs=1, progress=False)


def test_draws_and_scenarios_come_back_in_their_order():
    short = Scenario("quo", toy.place(scale=0.02, members=6), start="2021-12", until="2022-03", law=toy.law())
    plan = short.with_policy("a plan", Policy(Visits(count=40, start="2022-02")))
    answer, (one, same) = additionality.follow(
        short, [plan, short.but(scenario="same")], draws=17, jobs=1, progress=False
    )
    assert list(dict.fromkeys(answer.frame["scenario"])) == ["quo", "a plan", "same"]
    assert sorted(answer.frame["draw"].unique()) == list(range(17)) == one.people["draw"].unique().tolist()
    nobody = same.people[same.people["kind"].isin(["because", "sooner", "instead"])]
    assert (nobody["persons"] == 0).all() and (same.people["member_years"] == 0).all()
    assert (one.people.loc[one.people["kind"] == "because", "persons"]).sum() > 0
