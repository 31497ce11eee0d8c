"""Where published figures contradict each other: one small rule for each kind of conflict; none knows a place.

A rule compares figures of one source unless it says otherwise, computes with the printed digits, and lets rounding
pass where a conflict would be nothing else. :func:`forecast.checks.findings.find` runs them all.
"""

import ast
import operator
import re
from collections.abc import Iterator
from typing import Any

import pandas as pd

from forecast.checks.findings import FAULT, NOTE, Found, Row, Setting, each, half_unit, last, pick, ratio, rule

SAME_GOAL = 0.05  # relative difference below which two goals count as one


@rule(
    "yearly-step",
    "{scheme}: {base} plus {step} a year for {years} years makes {reached}, not the {goal} stated: "
    "{shortfall} short; {needed} a year would be needed, and the stated step fits {steps} steps",
    "{scheme}: {base} cộng {step} mỗi năm trong {years} năm được {reached}, không phải {goal} như đã nêu: "
    "thiếu {shortfall}; cần {needed} mỗi năm, còn bước tăng đã nêu khớp với {steps} lần tăng",
)
def yearly_step(h: pd.DataFrame, setting: Setting) -> Found:
    """A stated yearly increase that does not lead from the stated start to the stated target."""
    for step in each(pick(h, measure="members_change_per_year")):
        stocks = pick(h, step, measure="members", group=step["group"], kind=("target", "plan"))
        base, goal = last(stocks[stocks["t"] < step["t"]]), last(stocks[stocks["t"] == step["t"]])
        if base is None or goal is None:
            continue
        years = (goal["t"] - base["t"]) / 12
        reached = base["value"] + years * step["value"]
        short = goal["value"] - reached
        if abs(short) > years * half_unit(step["value"]) + half_unit(goal["value"]):
            yield (
                [step, base, goal],
                {
                    "base": base["value"],
                    "step": step["value"],
                    "years": years,
                    "reached": reached,
                    "goal": goal["value"],
                    "shortfall": short,
                    "needed": (goal["value"] - base["value"]) / years,
                    "steps": ratio(goal["value"] - base["value"], step["value"]),
                },
            )


@rule(
    "gross-net",
    "{each} new members in each of {communes} model communes make {gross}, but they grew by {net}: gross "
    "and net differ by {left}, who left within {months} months",
    "bình quân {each} người mới ở {communes} xã điểm là {gross}, nhưng số tham gia chỉ tăng {net}: con "
    "số gộp và con số thuần lệch {left} người, tức đã rời đi trong {months} tháng",
)
def gross_net(h: pd.DataFrame, setting: Setting) -> Found:
    """New members of model communes (gross) printed beside a growth (net) that is smaller."""
    for new in each(pick(h, measure="entries_per_commune", level="commune_group")):
        count = last(pick(h, new, measure="model_communes"))
        net = last(pick(h, new, measure="members_change", month=new["month"]))
        months = last(pick(h, new, measure="pilot_months"))
        if count is None or net is None:
            continue
        gross = new["value"] * count["value"]
        if gross - net["value"] > half_unit(new["value"]) * count["value"] + 2 * half_unit(net["value"]):
            yield (
                [new, net],
                {
                    "each": new["value"],
                    "communes": count["value"],
                    "gross": gross,
                    "net": net["value"],
                    "left": gross - net["value"],
                    "left_percent": 100 * ratio(gross - net["value"], gross),
                    "months": months["value"] if months is not None else float("nan"),
                },
            )


def _city(h: pd.DataFrame, setting: Setting, group: Row) -> dict[str, Any] | None:
    """Return the counts of the place around a commune group in the same source; None if one is missing."""
    above = (setting.lineage(group["place"]) + [group["place"].rpartition("/")[0]])[1]
    totals = pick(h, group, place=above, measure="members", month=group["month"], kind="observation")
    total = last(totals[totals["status"] != "conflicting"])
    net = last(pick(h, group, place=above, measure="members_change", month=group["month"]))
    communes = last(pick(h, place=above, measure="communes"))
    models = last(pick(h, group, measure="model_communes"))
    if total is None or net is None or communes is None or models is None:
        return None
    return {
        "place": above,
        "net": net["value"],
        "opening": total["value"] - net["value"],
        "communes": communes["value"],
        "models": models["value"],
        "row": net,
    }


def outflows(h: pd.DataFrame, setting: Setting) -> Iterator[tuple[Row, dict[str, Any]]]:
    """Yield, for each ratio of model communes to others, what left the whole place according to gross and net."""
    for times in each(pick(h, measure="entries_ratio")):
        new = last(pick(h, times, measure="entries_per_commune", month=times["month"]))
        city = _city(h, setting, times)
        months = last(pick(h, times, measure="pilot_months"))
        if new is None or city is None or months is None:
            continue
        elsewhere = ratio(new["value"], times["value"])
        others = elsewhere * (city["communes"] - city["models"])
        gross = others + new["value"] * city["models"]
        yield (
            times,
            {
                "elsewhere": elsewhere,
                "ratio": times["value"],
                "gross": gross,
                "others": others,
                "net": city["net"],
                "months": months["value"],
                "opening": city["opening"],
                "left": gross - city["net"],
                "low": 100 * ratio(others - city["net"], city["opening"]),
                "high": 100 * ratio(gross - city["net"], city["opening"]),
                "city": city["place"],
            },
        )


@rule(
    "outflow",
    "{city}: {ratio} times means {elsewhere:1} new members in each other commune, so {gross} gross in "
    "{months} months against {net} net in twelve: {low:1} to {high:1}% of the opening {opening} left "
    "(low: only the {others} recruits of the other communes count; high: all recruits count)",
    "{city}: gấp {ratio} lần nghĩa là mỗi xã khác có {elsewhere:1} người mới, tức {gross} lượt tham gia mới trong "
    "{months} tháng so với tăng thuần {net} trong mười hai tháng: {low:1} đến {high:1}% của {opening} "
    "người đầu kỳ đã rời đi (thấp: chỉ tính {others} người mới ở các xã khác; cao: tính mọi người mới)",
)
def outflow(h: pd.DataFrame, setting: Setting) -> Found:
    """Gross entries of a place, from its model communes and their ratio to others, above its net growth."""
    for times, numbers in outflows(h, setting):
        if numbers["left"] > 2 * half_unit(numbers["net"]):
            yield [times], numbers


@rule(
    "pilot-selection",
    "the model communes began with {models:0} members each, the others of {city} with {others:0}: they were not behind",
    "các xã điểm khởi đầu với {models:0} người mỗi xã, các xã khác của {city} với {others:0}: xã điểm không hề tụt hậu",
    NOTE,
)
def pilot_selection(h: pd.DataFrame, setting: Setting) -> Found:
    """Model communes that were ahead of the others before they began: their ratio is no pure effect."""
    for times in each(pick(h, measure="entries_ratio")):
        city = _city(h, setting, times)
        counts = pick(h, times, measure="members", kind="observation")
        before = last(counts[counts["t"] < times["t"]])
        if city is None or before is None:
            continue
        models = ratio(before["value"], city["models"])
        others = ratio(city["opening"] - before["value"], city["communes"] - city["models"])
        if models > others:
            yield [before], {"models": models, "others": others, "city": city["place"]}


@rule(
    "zero-dropout",
    "{new} new members bring {stock} to {goal} only if nobody leaves; with an outflow of {outflow:1}% "
    "about {needed} gross are needed",
    "{new} người mới chỉ đưa {stock} lên {goal} nếu không ai rời đi; với tỷ lệ rời đi {outflow:1}% thì cần khoảng "
    "{needed} lượt tham gia mới",
)
def zero_dropout(h: pd.DataFrame, setting: Setting) -> Found:
    """New members said to be needed that equal the gap to the target, as if nobody left."""
    rates = {(r["source"], n["city"]): n["high"] / 100 for r, n in outflows(h, setting)}
    for new in each(pick(h, measure="entries", kind=("target", "plan"))):
        goal = last(pick(h, new, measure="members", month=new["month"], kind=("target", "plan")))
        if goal is None:
            continue
        stocks = pick(h, new, measure="members", kind="observation", group="all")
        for stock in each(stocks[stocks["t"] < new["t"]]):
            if abs(goal["value"] - stock["value"] - new["value"]) < SAME_GOAL / 10 * new["value"]:
                rate = rates.get((new["source"], new["place"]), setting.annual_lapse)
                yield (
                    [new, goal, stock],
                    {
                        "new": new["value"],
                        "stock": stock["value"],
                        "goal": goal["value"],
                        "outflow": 100 * rate,
                        "needed": new["value"] + rate * stock["value"],
                    },
                )


@rule(
    "two-targets",
    "two goals for {month}: a plan of {plan} persons, and {share}% of the labor force, which is {persons} persons",
    "hai mục tiêu cho {month}: kế hoạch {plan} người và {share}% lực lượng lao động, tức {persons} người",
)
def two_targets(h: pd.DataFrame, setting: Setting) -> Found:
    """A plan in persons and a goal as a share that are far apart."""
    for excess in each(pick(h, measure="members_share_excess")):
        same = {"month": excess["month"], "kind": "observation"}
        share, attained = (last(pick(h, excess, measure=m, **same)) for m in ("members_share", "plan_attainment"))
        counts = pick(h, excess, measure="members", **same)
        count = last(counts[counts["status"] != "conflicting"])
        change = last(pick(h, excess, measure="members_change", **same))
        if share is None or attained is None or count is None:
            continue
        goal, plan = share["value"] - excess["value"], 100 * ratio(count["value"], attained["value"])
        persons = count["value"] * ratio(goal, share["value"])
        if abs(plan - persons) > SAME_GOAL * plan:
            opening = count["value"] - change["value"] if change is not None else float("nan")
            yield (
                [excess, share, attained],
                {
                    "plan": plan,
                    "share": goal,
                    "persons": persons,
                    "opening": opening,
                    "also": "met" if opening >= persons else "",
                },
            )


@rule(
    "two-stocks",
    "{month}, {scheme}: {other} and {value} are both given for the same count",
    "{month}, {scheme}: cùng một số liệu nhưng nêu cả {other} và {value}",
)
def two_stocks(h: pd.DataFrame, setting: Setting) -> Found:
    """Two values, from one source or several, for the members of one place, group and month."""
    counts = pick(h, measure="members", kind="observation")
    for _, same in counts.groupby(["scheme", "place", "group", "month"], sort=False):
        usual = same[same["status"] != "conflicting"]
        reference = (usual if len(usual) else same).iloc[0]
        for row in each(same[same["value"] != reference["value"]]):
            slack = half_unit(row["value"]) + half_unit(reference["value"])
            close = abs(row["value"] - reference["value"]) <= slack
            yield [row], {"value": row["value"], "other": reference["value"], "also": "rounding" if close else ""}


@rule(
    "growth-difference",
    "{month}: an increase of {change} on {opening} is {computed}%, not {growth}%",
    "{month}: tăng {change} trên {opening} là {computed}%, không phải {growth}%",
)
def growth_difference(h: pd.DataFrame, setting: Setting) -> Found:
    """A growth in percent that does not follow from the printed increase and stock."""
    for growth in each(pick(h, measure="members_growth")):
        change = last(pick(h, growth, measure="members_change", month=growth["month"]))
        counts = pick(h, growth, measure="members", month=growth["month"], kind="observation", group="all")
        count = last(counts[counts["status"] != "conflicting"])
        if change is None or count is None:
            continue
        c, m = change["value"], count["value"]
        dc, dm = 2 * half_unit(c), 2 * half_unit(m)  # "more than" may hide a whole unit of the last digit
        bounds = [100 * ratio(c + i * dc, m + j * dm - c - i * dc) for i in (-1, 1) for j in (-1, 1)]
        computed = 100 * ratio(c, m - c)
        if abs(computed - growth["value"]) > half_unit(growth["value"]):
            explained = min(bounds) <= growth["value"] <= max(bounds)
            yield (
                [growth, change],
                {
                    "change": c,
                    "opening": m - c,
                    "computed": computed,
                    "growth": growth["value"],
                    "severity": NOTE if explained else "",
                    "also": "rounding" if explained else "",
                },
            )


ARITHMETIC = {ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv}


def calculate(text: str) -> float:
    """Return the value of a formula of numbers and + - * / ( ); ValueError for anything else.

    >>> calculate("3550 / 1.37") > 2591
    True
    """

    def value(node: ast.AST) -> float:
        if isinstance(node, ast.Constant) and isinstance(node.value, int | float):
            return node.value
        if isinstance(node, ast.BinOp) and type(node.op) in ARITHMETIC:
            result: float = ARITHMETIC[type(node.op)](value(node.left), value(node.right))
            return result
        raise ValueError(text)

    try:
        return value(ast.parse(text.strip(), mode="eval").body)
    except (SyntaxError, ZeroDivisionError, RecursionError):
        raise ValueError(text) from None


@rule(
    "list-order",
    "{value} stands between {above} and {below} in a list that falls: a digit is lost",
    "{value} đứng giữa {above} và {below} trong một danh sách giảm dần: thiếu mất một chữ số",
)
def list_order(h: pd.DataFrame, setting: Setting) -> Found:
    """A figure of a source's falling list of places that is smaller than what stands below it (`place in the list`)."""
    rows = pick(h, measure="campaign_entries")
    rows = rows.assign(rank=pd.to_numeric(rows["note"].str.extract(r"place in the list: ([0-9]+)")[0]))
    for _, listed in rows.dropna(subset="rank").groupby(["source", "month"], sort=False):
        ordered = each(listed.sort_values("rank"))
        for above, row, below in zip(ordered, ordered[1:], ordered[2:], strict=False):
            if row["value"] < below["value"] <= above["value"]:
                yield [row], {"value": row["value"], "above": above["value"], "below": below["value"]}


REFERENCE = re.compile(r"\[([0-9]{4}-[0-9]{2})\]")


def written_out(text: str, row: pd.Series, h: pd.DataFrame) -> str:
    """Return a formula with `[YYYY-MM]` replaced by the members of the row's place in that month.

    Conflicting counts are left out. A count that is worked out from a later one names it so, instead of quoting it:
    each figure stands once.
    """
    counts = pick(h, row, same=("scheme", "place", "group"), measure="members", kind="observation")
    values = counts[counts["status"] != "conflicting"].set_index("month")["value"]
    return REFERENCE.sub(lambda reference: str(values.get(reference[1], "nothing")), text)


@rule(
    "formula",
    "the note says {formula}, which is {computed}, but the value is {value}",
    "ghi chú nêu {formula}, kết quả là {computed}, nhưng giá trị ghi là {value}",
    FAULT,
)
def formula(h: pd.DataFrame, setting: Setting) -> Found:
    """A derived value that its own formula does not give (to half a percent, or the printed digits)."""
    for row in each(h[h["note"].str.contains("formula:")]):
        text = written_out(row["note"].split("formula:")[1].split(";")[0].strip(), row, h)
        try:
            computed = calculate(text)
        except ValueError:
            computed = float("nan")
        if not abs(computed - row["value"]) <= max(0.005 * abs(computed), half_unit(row["value"])):
            yield [row], {"formula": text, "computed": computed, "value": row["value"]}
