"""Where plans, quotas, claims and dates do not fit the counts: the other half of the rules of `check`."""

import math

import pandas as pd

from forecast.checks.findings import NOTE, Found, Row, Setting, each, half_unit, last, pick, ratio, rule, unsure

MOST_OF_INCOME = 0.32  # social, health and unemployment contributions of both sides, share of a wage (law of 2014)


@rule(
    "claim",
    "all goals are said to be met, but the same source has {list}",
    "nguồn nói mọi chỉ tiêu đều hoàn thành, nhưng cũng nguồn đó ghi {list}",
)
def claim(h: pd.DataFrame, setting: Setting) -> Found:
    """A claim that plans are met beside attainments below 100 percent."""
    for claimed in each(pick(h, measure="plan_attainment_claim")):
        near = h if claimed["scheme"] == "all_schemes" else h[h["scheme"] == claimed["scheme"]]
        attained = {
            f"{row['scheme']} attainment": row["value"]
            for row in each(
                pick(near, claimed, same=("place", "source"), month=claimed["month"], measure="plan_attainment")
            )
        }
        for measure in ("members", "money"):
            for done in each(
                pick(
                    near,
                    claimed,
                    same=("place", "source"),
                    month=claimed["month"],
                    measure=measure,
                    kind="observation",
                    group="all",
                )
            ):
                plan = last(pick(near, done, measure=measure, kind="plan", month=done["month"][:4] + "-12"))
                if plan is not None and (measure == "money" or f"{done['scheme']} attainment" not in attained):
                    attained[f"{done['scheme']} {measure}"] = 100 * ratio(done["value"], plan["value"])
        short = {name: value for name, value in attained.items() if value < claimed["value"]}
        if short:
            yield [claimed], short | {"list": short}


def _at(rows: pd.DataFrame, row: Row) -> Row | None:
    """Return the newest of ``rows`` in the year of ``row`` and not after it."""
    return last(rows[(rows["t"] <= row["t"]) & (rows["t"] > row["t"] - 12)])


@rule(
    "quota-plan",
    "a quota of {quota} a month explains {explained} of {members} by {month_now} with {agencies} "
    "agencies ({explained_all} with {agencies_all}) and makes {year} ({year_all}) in a year, while the "
    "plan of {plan} needs {per_month} a month, {per_agency:1} for each agency",
    "chỉ tiêu {quota} người mỗi tháng giải thích {explained} trong {members} người đến {month_now} với "
    "{agencies} đại lý ({explained_all} với {agencies_all}) và cả năm được {year} ({year_all}), trong "
    "khi kế hoạch {plan} cần {per_month} người mỗi tháng, tức {per_agency:1} người mỗi đại lý",
)
def quota_plan(h: pd.DataFrame, setting: Setting) -> Found:
    """A quota for each agency whose whole year does not make the plan."""
    for quota in each(pick(h, measure="quota_per_agency")):
        plan = last(pick(h, quota, measure="members", kind="plan", month=quota["month"]))
        done = _at(pick(h, quota, measure="members", kind="observation", group="all"), quota)
        agencies = pick(h, quota, measure="collector_agencies")
        now, wanted = last(pick(agencies, kind="observation")), last(agencies)
        if plan is None or done is None or now is None or wanted is None:
            continue
        months, everyone = done["t"] % 12 + 1, max(wanted["value"], now["value"])
        need = plan["value"] / 12
        if 12 * quota["value"] * everyone < plan["value"]:
            yield (
                [quota, plan, done],
                {
                    "quota": quota["value"],
                    "agencies": now["value"],
                    "agencies_all": everyone,
                    "months": months,
                    "month_now": done["month"],
                    "members": done["value"],
                    "plan": plan["value"],
                    "explained": quota["value"] * now["value"] * months,
                    "explained_all": quota["value"] * everyone * months,
                    "year": 12 * quota["value"] * now["value"],
                    "year_all": 12 * quota["value"] * everyone,
                    "per_month": need,
                    "per_agency": ratio(need, now["value"]),
                },
            )


@rule(
    "staff-quota",
    "{staff} staff with a quota of {quota} a month, met at {attained}% over {months} months, brought "
    "about {recruits:0} members: {share:0}% of the net growth of {growth} if all stayed",
    "{staff} cán bộ với chỉ tiêu {quota} người mỗi tháng, đạt {attained}% trong {months} tháng, mang lại khoảng "
    "{recruits:0} người: {share:0}% của mức tăng thuần {growth} nếu không ai rời đi",
    NOTE,
)
def staff_quota(h: pd.DataFrame, setting: Setting) -> Found:
    """What a quota for each staff member brought, beside the net growth of twelve months."""
    for quota in each(pick(h, measure="quota_per_staff", unit="persons_per_month")):
        staff = last(pick(h, quota, same=("place", "source"), measure="staff"))
        done = _at(pick(h, quota, measure="members", kind="observation", group="all"), quota)
        if staff is None or done is None:
            continue
        before = last(pick(h, quota, measure="members", kind="observation", group="all", t=done["t"] - 12))
        attained = last(pick(h, quota, measure="quota_attainment", month=done["month"]))
        met = attained["value"] if attained is not None else 100.0
        months = done["t"] % 12 + 1
        recruits = staff["value"] * quota["value"] * months * met / 100
        growth = done["value"] - before["value"] if before is not None else float("nan")
        yield (
            [quota, staff],
            {
                "staff": staff["value"],
                "quota": quota["value"],
                "months": months,
                "attained": met,
                "recruits": recruits,
                "growth": growth,
                "share": 100 * ratio(recruits, growth),
            },
        )


@rule(
    "even-pace",
    "at the average pace of {pace:1} a month the year ends at {end}, {percent:1}% of the plan of {plan}, "
    "which is met in month {met:1} of the year",
    "với tốc độ trung bình {pace:1} người mỗi tháng, cuối năm đạt {end}, bằng {percent:1}% kế hoạch "
    "{plan}; kế hoạch đạt vào tháng thứ {met:1} tính từ đầu năm",
    NOTE,
)
def even_pace(h: pd.DataFrame, setting: Setting) -> Found:
    """Where the average pace ends the year, for a plan that is not met yet.

    The pace is that of the last twelve months in the same source. Where there is none, it is that of the year so far
    if the plan's note says ``reading:from-zero``, that is, if the plan counts the recruits of the year.
    """
    for plan in each(pick(h, measure="members", kind="plan", group="all")):
        counts = pick(h, plan, measure="members", kind="observation", group="all")
        done = _at(counts[counts["status"] != "conflicting"], plan)
        if done is None or done["t"] == plan["t"] or done["value"] >= plan["value"]:
            continue
        before, months = last(counts[counts["t"] == done["t"] - 12]), done["t"] % 12 + 1
        if before is not None:
            pace = (done["value"] - before["value"]) / 12
        elif "reading:from-zero" in plan["note"]:
            pace = done["value"] / months
        else:
            continue
        end = done["value"] + pace * (plan["t"] - done["t"])
        met = months + (plan["value"] - done["value"]) / pace if pace > 0 else float("inf")
        yield (
            [plan, done],
            {"pace": pace, "end": end, "plan": plan["value"], "met": met, "percent": 100 * ratio(end, plan["value"])},
        )


@rule(
    "commune-goal",
    "{each} members in each of {communes} communes make {total}, against a goal of {goal}: {each} is a "
    "stock, not an increase",
    "{each} người ở mỗi xã trong {communes} xã được {total}, so với mục tiêu {goal}: {each} là số đang "
    "tham gia, không phải số tăng thêm",
    NOTE,
)
def commune_goal(h: pd.DataFrame, setting: Setting) -> Found:
    """A number of members for each commune, times the communes, beside the goal of the place."""
    for per in each(pick(h, measure="members_per_commune")):
        goal = last(pick(h, per, measure="members", month=per["month"], kind=("target", "plan")))
        communes = last(pick(h, place=per["place"], measure="communes"))
        if goal is not None and communes is not None:
            yield (
                [per, goal],
                {
                    "each": per["value"],
                    "communes": communes["value"],
                    "total": per["value"] * communes["value"],
                    "goal": goal["value"],
                },
            )


@rule(
    "attainment",
    "{members} of a plan of {plan} is {computed}%, not {stated}%",
    "{members} trên kế hoạch {plan} là {computed}%, không phải {stated}%",
)
def attainment(h: pd.DataFrame, setting: Setting) -> Found:
    """A stated attainment that the stated count and plan do not give."""
    stated = h[~h["status"].isin(["derived", "conflicting"])]
    for share in each(pick(stated, measure="plan_attainment")):
        done = last(pick(stated, share, measure="members", kind="observation", group="all", month=share["month"]))
        plan = last(pick(stated, share, measure="members", kind="plan", group="all", month=share["month"][:4] + "-12"))
        if done is None or plan is None:
            continue
        computed = 100 * ratio(done["value"], plan["value"])
        slack = computed * (unsure(done["value"]) + unsure(plan["value"]))
        if abs(computed - share["value"]) > half_unit(share["value"]) + slack:
            yield (
                [share, done, plan],
                {"members": done["value"], "plan": plan["value"], "computed": computed, "stated": share["value"]},
            )


@rule(
    "share-of-parent",
    "{part} of {whole} in {city} is {computed}%, not {stated}%",
    "{part} trên {whole} của {city} là {computed}%, không phải {stated}%",
)
def share_of_parent(h: pd.DataFrame, setting: Setting) -> Found:
    """A share of the members of the place above that the two counts do not give."""
    for share in each(pick(h, measure="members_share_of_parent")):
        above = (setting.lineage(share["place"]) + [share["place"].rpartition("/")[0]])[1]
        same = {"measure": "members", "kind": "observation", "month": share["month"]}
        part, wholes = last(pick(h, share, **same)), pick(h, share, place=above, **same)
        whole = last(wholes[wholes["status"] != "conflicting"])
        if part is None or whole is None:
            continue
        computed = 100 * ratio(part["value"], whole["value"])
        slack = computed * (unsure(part["value"]) + unsure(whole["value"]))
        if abs(computed - share["value"]) > half_unit(share["value"]) + slack:
            yield (
                [share, part, whole],
                {
                    "part": part["value"],
                    "whole": whole["value"],
                    "computed": computed,
                    "stated": share["value"],
                    "city": above,
                },
            )


@rule(
    "year-to-date",
    "{billion:1} billion VND in one month would be {share:0}% of the income of all {people} people; over "
    "{months} months it is {spread:1}%, so it can only be the sum of the year so far",
    "{billion:1} tỷ đồng trong một tháng sẽ bằng {share:0}% thu nhập của toàn bộ {people} người; chia "
    "cho {months} tháng là {spread:1}%, nên đây chỉ có thể là số lũy kế từ đầu năm",
)
def year_to_date(h: pd.DataFrame, setting: Setting) -> Found:
    """Money printed for one month (tag ``period:month``) that all incomes of the place could not bear in a month."""
    incomes = pick(h, measure="income_per_head")
    for money in each(pick(h, measure="money", kind="observation")):
        if "period:month" not in money["note"]:
            continue
        insured = last(
            pick(h, money, scheme="household_hi", measure="members", kind="observation", month=money["month"])
        )
        counted = [setting.number(money["place"], "population"), insured["value"] if insured is not None else math.nan]
        people = max((count for count in counted if count > 0), default=math.nan)
        lineage = dict.fromkeys([*setting.lineage(money["place"]), *h.loc[h["level"] == "nation", "place"]])
        income = next((r for r in (last(incomes[incomes["place"] == p]) for p in lineage) if r is not None), None)
        if income is None or not people > 0:
            continue
        monthly = income["value"] / (12 if income["unit"] == "vnd_per_year" else 1)
        share, months = ratio(money["value"], people * monthly), money["t"] % 12 + 1
        if share > MOST_OF_INCOME >= share / months:
            yield (
                [money],
                {
                    "billion": money["value"] / 1e9,
                    "people": people,
                    "share": 100 * share,
                    "months": months,
                    "spread": 100 * share / months,
                },
            )


@rule(
    "unit-gone",
    "{what} for {month} lie outside the life of the unit ({since} to {until}); rows: {rows}",
    "{what} cho {month} nằm ngoài thời gian tồn tại của đơn vị ({since} đến {until}); số dòng: {rows}",
)
def unit_gone(h: pd.DataFrame, setting: Setting) -> Found:
    """Months outside a unit's life: a note for goals set before the unit was dissolved, a conflict for the rest.

    A figure of the territory before the unit was born, worked out from its parts, says so (`carried:parts`).
    """
    h = h[~h["note"].str.contains("carried:parts")]
    lives = setting.places.set_index("place")
    for (place, month), same in h.groupby(["place", "month"], sort=False):
        if place not in lives.index:
            continue
        life, month = lives.loc[str(place)], str(month)
        since, until = str(life["since"]), str(life["until"])
        early = month < since and not (same["level"] == "commune_group").all()  # its communes were there before it
        if not early and not (until and month > until):
            continue
        goals = same[same["kind"].isin(["target", "plan"])] if not early else same.iloc[:0]
        for rows, what, severity in ((goals, "goals", NOTE), (same.drop(goals.index), "figures", "")):
            if len(rows):
                yield (
                    each(rows),
                    {"what": what, "since": since, "until": until or "...", "rows": len(rows), "severity": severity},
                )


@rule(
    "season-mix",
    "counts of a December: {december}, of other months: {other}; a difference between them is mostly season",
    "chuỗi có {december} số liệu tháng 12 và {other} số liệu tháng khác: chênh lệch giữa chúng chủ yếu do mùa vụ",
    NOTE,
)
def season_mix(h: pd.DataFrame, setting: Setting) -> Found:
    """Counts of December and of other months in one series."""
    counts = pick(h[h["status"] != "conflicting"], measure="members", kind="observation", group="all")
    for _, series in counts.groupby(["scheme", "place"], sort=False):
        december = int((series["t"] % 12 == 11).sum())
        if 0 < december < len(series):
            yield each(series), {"december": december, "other": len(series) - december}
