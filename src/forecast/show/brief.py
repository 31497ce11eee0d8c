"""Answers of commands in brief, for a terminal: a verdict of two lines and a table of a few rows."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from forecast.answer.projection import Projection
from forecast.data import frames
from forecast.data.vocabulary import GROUPS, MONEY, TOGETHER
from forecast.language import words
from forecast.language.words import Chance, Table, say, term
from forecast.question.scenario import BORROWED, Scenario, target_of
from forecast.show import allocation, levers, ways
from forecast.show.brief_base import ROWS as ROWS
from forecast.show.brief_base import Brief as Brief
from forecast.show.brief_base import some as some
from forecast.show.desk import judged
from forecast.show.evidence import label
from forecast.show.picture import against, capital, speaks
from forecast.show.target import side

if TYPE_CHECKING:  # a projection is told without loading what searches and splits
    from forecast.desk.allocation import Allocation
    from forecast.desk.optimize import Optimum

NEAREST = 4  # ways that miss the target, where none or few reach it

WHY = {  # why a search met no target
    "levers": {
        "vi": "Không đạt được {value:n} người vào {by:t} với khả năng {p:p}, dù dùng mọi giải pháp ở mức cao nhất.",
        "en": "{value:n} by {by:t} cannot be met with {p:p}, even with all levers at their most.",
    },
    "budget": {
        "vi": "Không đạt được {value:n} người vào {by:t} với khả năng {p:p} trong {budget:m}; tốt nhất tốn {cost:m}.",
        "en": "{value:n} by {by:t} cannot be met with {p:p} within {budget:m}; the best mix costs {cost:m}.",
    },
    "share": {
        "vi": "Không đạt được {value:n} người vào {by:t} với khả năng {p:p} khi {share:p} phần tăng thêm phải là người "
        "nghèo, cận nghèo, dân tộc thiểu số.",
        "en": "{value:n} by {by:t} cannot be met with {p:p} where {share:p} of the gain must be poor, near-poor or "
        "minority people.",
    },
    "stay": {
        "vi": "Không đạt được {value:n} người vào {by:t} với khả năng {p:p} khi {stay:p} số tăng thêm phải còn lại sau "
        "một năm.",
        "en": "{value:n} by {by:t} cannot be met with {p:p} where {stay:p} of the gain must be left after a year.",
    },
}


def _opened(question: Scenario, lang: str) -> words.Text:
    """Say how many members there were at the start, or that nobody has counted them: a share is no count."""
    opening, month, status = question.opening
    if status == BORROWED:
        return say(
            lang,
            month=question.start,
            vi="đến {month:t} chưa có số nào được công bố",
            en="no count of it up to {month:t}",
        )
    return say(lang, opening=opening, month=month, vi="{month:t} có {opening:a}", en="{opening:a} in {month:t}")


def projected(answer: Projection, questions: Sequence[Scenario], lang: str = "vi") -> Brief:
    """Say where the first scenario ends, and set all scenarios and engines side by side at their last month."""
    parts = [_ends(answer, question) for question in questions]
    ends = pd.concat([part for part in parts if len(part)], ignore_index=True)
    first = frames.records(ends)[0]
    question = next(q for q in questions if q.scenario == first["scenario"])
    lines = [
        say(
            lang,
            title=_called(question, lang),
            x=first["median"],
            low=first["low"],
            high=first["high"],
            until=question.until,
            opened=_opened(question, lang),
            vi="{title}: khoảng {x:a} người tham gia vào {until:T} (khoảng 90%: {low:a} – {high:a}); {opened}.",
            en="{title}: about {x:a} members in {until:T} (90% interval: {low:a} to {high:a}); {opened}.",
        )
    ]
    if question.target is not None and question.target.measure == "members" and question.target.group == "all":
        aim = question.target
        lines.append(
            say(
                lang,
                p=first["probability"],
                value=aim.value,
                by=aim.by,
                vi="Chỉ tiêu {value:n} người vào {by:t}: khả năng đạt {p:c}.",
                en="Target of {value:n} by {by:t}: met with probability {p:c}.",
            )
        )
    shown = ends.assign(scenario=ends["scenario"].astype(str)).head(ROWS)  # as its file is called: short
    forms = {"scenario": "", "engine": "", "median": "a", "low": "a", "high": "a"}
    if shown["probability"].notna().any():
        forms |= {"probability": "c"}
    return Brief([str(line) for line in lines], words.table(shown, lang, forms))


def _called(question: Scenario, lang: str) -> str:
    """Return the title of a scenario with its place, once."""
    title, place = words.title(question, lang), words.form(question.place.name, "place", lang)
    return capital(title) if place in title else f"{place}, {title}"


def _ends(answer: Projection, question: Scenario) -> pd.DataFrame:
    """Members at the last month of a scenario by engine, the one that is spoken of first."""
    rows = answer.only(scenario=question.scenario, measure="members", group="all", month=question.until)
    if rows.frame.empty:
        return rows.frame
    summary = rows.summary()
    aim = question.target
    chances: dict[str, Chance] = {}
    if aim is not None and aim.measure == "members" and aim.group == "all":
        probabilities = answer.only(scenario=question.scenario).probability("members", at_least=aim.value, by=aim.by)
        chances = {
            str(r["engine"]): Chance(float(r["probability"]), int(r["draws"])) for r in frames.records(probabilities)
        }
    engines = summary["engine"].astype(str)
    summary = summary.assign(
        probability=pd.Series([chances.get(e) for e in engines], index=summary.index, dtype=object)
    )
    spoken = speaks(summary)
    return summary.assign(rank=(engines != spoken).astype(int)).sort_values("rank", kind="stable")


def target(desk: pd.DataFrame, alternatives: pd.DataFrame, scenario: Scenario, lang: str = "vi") -> Brief:
    """Say how likely the target is and what is missing, and which single levers would reach it or come nearest."""
    aim = target_of(scenario)
    name = f"measure.{aim.measure}"
    row = frames.records(words.counted(desk)[desk["engine"] == speaks(desk)])[0]
    lines = [
        say(
            lang,
            p=row["probability"],
            what={"vi": "người", "en": "members"}[lang] if aim.measure == "members" else f"({term(name, lang)})",
            place=scenario.place.name,
            target=row["target"],
            by=row["by"],
            vi="{p:v}: {place} đạt {target:n} {what} vào {by:T} với khả năng {p:c}.",
            en="{p:v}: {place} reaches {target:n} {what} by {by:T} with probability {p:c}.",
        ),
        say(
            lang,
            median=row["median"],
            low=row["low"],
            high=row["high"],
            gap=abs(row["gap"]),
            word=side(row["gap"], lang),
            vi="Dự kiến khoảng {median:a} (khoảng 90%: {low:a} – {high:a}), {word} {gap:a} so với chỉ tiêu.",
            en="Expected are about {median:a} (90% interval: {low:a} to {high:a}), about {gap:a} {word} it.",
        ),
    ]
    return Brief([str(line) for line in lines], _best_ways(alternatives, lang))


def best_ways(alternatives: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of :func:`forecast.desk.target.ways` that matter most.

    Those that reach the target stand first, the cheapest first, then those that come nearest; "together" is kept.
    """
    alone, together = alternatives[alternatives["way"] != TOGETHER], alternatives[alternatives["way"] == TOGETHER]
    reach = alone[alone["needed"].notna()].sort_values("total", kind="stable").head(ROWS)
    miss = alone[alone["needed"].isna()].sort_values(["probability_reached", "total"], ascending=[False, True])
    return pd.concat([reach, miss.head(max(0, min(NEAREST, ROWS - len(reach)))), together])


def _best_ways(alternatives: pd.DataFrame, lang: str) -> Table | None:
    if not len(alternatives) or (alternatives["needed"] == 0).all():
        return None
    best = words.counted(best_ways(alternatives), "probability_reached")
    rows = []
    for row in frames.records(best):
        payer = max(MONEY, key=lambda one: row[one])
        rows.append(
            {
                "way": term(f"way.{TOGETHER}", lang) if row["way"] == TOGETHER else label(row["way"], lang),
                "needed": ways.needed(row, lang, short=True),
                "probability": row["probability_reached"],
                "total": row["total"] / 1e6,
                "most": term(f"payer.{payer}", lang) if row[payer] >= 5e4 else "–",
            }
        )
    heads = {
        "way": term("column.way", lang),
        "needed": term("column.more_needed", lang),
        "total": say(lang, vi="chi thêm (triệu đồng)", en="cost (million VND)"),
        "most": say(lang, vi="trả nhiều nhất", en="pays most"),
    }
    forms = {"way": "", "needed": "", "probability": "c", "total": "n", "most": ""}
    return words.table(pd.DataFrame(rows), lang, forms, heads)


def compared(table: pd.DataFrame, titles: Mapping[str, str], base: str = "", lang: str = "vi") -> Brief:
    """Say what the policy that adds most adds in the last month and at what cost, and set all of them side by side.

    `table` is that of :func:`forecast.desk.compare.comparison`; with one policy its groups stand side by side.
    """
    rows = table[table["engine"] == speaks(table)]
    members, cost = rows[rows["measure"] == "members"], rows[rows["measure"] == "cost_per_member_year"]
    cost = cost[(cost["group"] == "all") & (cost["payer"] == "public and donors")].set_index("scenario")
    alls = members[members["group"] == "all"].sort_values("median", ascending=False, kind="stable")
    best = frames.records(alls)[0]
    lines = [
        say(
            lang,
            title=capital(titles.get(best["scenario"], best["scenario"])),
            base=against(base, lang),
            x=best["median"],
            low=best["low"],
            high=best["high"],
            month=best["month"],
            vi="{title}: so với {base}, {month:T} có thêm khoảng {x:a} người (khoảng 90%: {low:a} – {high:a}).",
            en="{title}: about {x:a} more members in {month:T} than under {base} (90% interval: {low:a} to {high:a}).",
        )
    ]
    if best["scenario"] in cost.index:
        paid = cost.loc[best["scenario"]]
        lines.append(
            say(
                lang,
                x=paid["median"],
                low=paid["low"],
                high=paid["high"],
                vi="Mỗi năm tham gia tăng thêm tốn ngân sách, nhà hảo tâm và cơ quan BHXH khoảng {x:m1} ({low:m1} – "
                "{high:m1}).",
                en="An additional member-year costs public budgets, donors and the office about {x:m1} ({low:m1} to "
                "{high:m1}).",
            )
        )
    numbers = dict.fromkeys(("median", "low", "high"), "a")
    if len(alls) > 1:
        price = [cost["median"].get(name, float("nan")) / 1e6 for name in alls["scenario"]]
        shown = alls.assign(scenario=[titles.get(s, s) for s in alls["scenario"]], price=price).head(ROWS)
        head = {"price": say(lang, vi="một năm tham gia (triệu đồng)", en="a member-year (million VND)")}
        forms = {"scenario": ""} | numbers | {"price": "n1"}
        return Brief([str(line) for line in lines], words.table(shown, lang, forms, head))
    order = {name: number for number, name in enumerate(("all", *GROUPS))}
    shown = members.sort_values("group", key=lambda group: group.map(order), kind="stable")
    return Brief([str(line) for line in lines], words.table(shown, lang, {"group": ""} | numbers))


def optimum(solution: "Optimum", lang: str = "vi") -> Brief:
    """Say whether the target can be met within the budget, at what cost and how surely, with the levers that do it."""
    aim, verified = target_of(solution.scenario), solution.verified
    values: dict[str, Any] = {
        "value": aim.value,
        "by": aim.by,
        "p": solution.probability,
        "budget": solution.budget,
        "cost": verified.cost,
    }
    values |= {"low": verified.cost_low, "high": verified.cost_high, "sure": judged(verified.probability, verified)}
    values["base"] = judged(solution.base, verified)
    if solution.met:
        first = say(
            lang,
            **values,
            vi="Đạt được {value:n} người vào {by:t} với khả năng ít nhất {p:p}: tốn thêm khoảng {cost:m} (khoảng 90%: "
            "{low:m} – {high:m}).",
            en="{value:n} by {by:t} can be met with at least {p:p}: it costs about {cost:m} more (90% interval: "
            "{low:m} to {high:m}).",
        )
    else:
        why = WHY[solution.why]
        first = say(lang, **values, share=solution.poor_share, stay=solution.least_stay, vi=why["vi"], en=why["en"])
    second = say(
        lang,
        **values,
        vi="Kiểm lại bằng mô phỏng mới: khả năng {sure:c}; nếu không làm thêm: {base:c}.",
        en="Verified with new simulations: probability {sure:c}; without doing more: {base:c}.",
    )
    mix = levers.table(solution.scenario, lang)
    return Brief([str(first), str(second)], mix if isinstance(mix, Table) else None)


def allocated(split: "Allocation", lang: str = "vi") -> Brief:
    """Say how hard the target is for the communes under both splits, with the communes that carry most of it."""
    table, aim = split.table, target_of(split.scenario)
    lines = [
        say(
            lang,
            v=aim.value,
            by=aim.by,
            p=allocation.of_place(split),
            place=split.scenario.place.name,
            vi="{place} đạt {v:n} người vào {by:t} với khả năng {p:c}.",
            en="{place} reaches {v:n} by {by:t} with probability {p:c}.",
        ),
        say(
            lang,
            **allocation.ends(table),
            vi="Khả năng một xã đạt phần của mình: {a:c} đến {b:c} khi chia theo khả năng, {c:c} đến {d:c} khi chia "
            "theo dân số.",
            en="A commune meets its share with {a:c} to {b:c} where it goes by capacity, {c:c} to {d:c} where it goes "
            "by people.",
        ),
    ]
    shown = table.sort_values("share_by_capacity", ascending=False, kind="stable").head(ROWS)
    for column in ("chance_by_capacity", "chance_by_people"):
        shown = words.counted(shown, column)
    shown = shown.assign(commune=[name.rpartition("/")[2] for name in shown["commune"]])
    heads = {
        "commune": say(lang, vi="xã", en="commune"),
        "opening": say(lang, vi="hiện có", en="today"),
        "expected": say(lang, vi="dự kiến", en="expected"),
        "share_by_capacity": say(lang, vi="giao theo khả năng", en="by capacity"),
        "chance_by_capacity": say(lang, vi="khả năng đạt", en="chance"),
        "share_by_people": say(lang, vi="giao theo dân số", en="by people"),
        "chance_by_people": say(lang, vi="khả năng đạt ", en="chance "),
    }
    forms = {"commune": "", "opening": "n", "expected": "n", "share_by_capacity": "n", "chance_by_capacity": "c"}
    return Brief(
        [str(line) for line in lines],
        words.table(shown, lang, forms | {"share_by_people": "n", "chance_by_people": "c"}, heads),
    )
