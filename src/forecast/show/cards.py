"""What a thing shows of itself in a notebook: a title, a line or two, and a small table, in the reader's language.

Each class that has a card says ``_repr_html_ = shown.html`` (:mod:`forecast.data.shown`); its contents are here, a
function for each class. Everything is escaped: names come from tables, files and people.
"""

from collections.abc import Sequence
from functools import singledispatch
from html import escape
from typing import NamedTuple

import pandas as pd

from forecast.answer.projection import Projection
from forecast.calibration.learning import Learned
from forecast.data import frames
from forecast.data.law import NATION, Law
from forecast.data.messages import UserError, reader
from forecast.data.places import Place
from forecast.data.vocabulary import GROUPS
from forecast.desk.additionality import Added
from forecast.desk.allocation import Allocation
from forecast.desk.marginal_hours import Hours
from forecast.desk.optimize import Optimum
from forecast.experiment import calendar
from forecast.experiment.backtest import Backtest
from forecast.experiment.calendar import Exam
from forecast.experiment.update import Update
from forecast.language import words
from forecast.language.words import Table, say, term
from forecast.question.levers import Lever, Policy
from forecast.question.scenario import Scenario, Target
from forecast.show import brief, brief_trust, hours, levers, truth
from forecast.show.picture import capital
from forecast.uncertainty.truth import Truth

ROWS = 12  # of a card: more is for a file
PRICE = ("contribution_rate", "min_declared_income", "state_subsidy_share")  # a price changes where one of them does


class Card(NamedTuple):
    """What a thing says of itself: a title, lines below it, and a table."""

    title: str
    lines: Sequence[str] = ()
    table: Table | None = None


def html(thing: object, lang: str | None = None) -> str:
    """Return the card of `thing` as an HTML table, in `lang` or the reader's language.

    >>> html(Target(value=1200, by="2025-12"), "en").startswith("<table><caption><b>Target</b>")
    True
    """
    lang = lang or reader()
    card = of(thing, lang)
    caption = "<br>".join([f"<b>{escape(card.title)}</b>", *(escape(str(line)) for line in card.lines)])
    parts = [f"<table><caption>{caption}</caption>"]
    if card.table is not None:
        aligned = [' style="text-align: right"' if right else ' style="text-align: left"' for right in card.table.right]
        cells = zip(card.table.heads, aligned, strict=True)
        parts.append("<thead><tr>" + "".join(f'<th scope="col"{at}>{escape(x)}</th>' for x, at in cells))
        parts.append("</tr></thead><tbody>")
        for row in card.table.rows[:ROWS]:
            parts.append("<tr>" + "".join(f"<td{at}>{escape(x)}</td>" for x, at in zip(row, aligned, strict=True)))
            parts.append("</tr>")
        if (more := len(card.table.rows) - ROWS) > 0:
            rest = say(lang, n=more, vi="và {n:n} dòng nữa", en="and {n:n} rows more")
            parts.append(f'<tr><td colspan="{len(aligned)}">{escape(rest)}</td></tr>')
        parts.append("</tbody>")
    return "".join(parts) + "</table>"


@singledispatch
def of(thing: object, lang: str) -> Card:
    """Return the card of `thing`; a function for each class says what is on it."""
    raise TypeError(f"{type(thing).__name__} has no card")


@of.register
def _(place: Place, lang: str) -> Card:
    counted = place.latest("members", None)
    rows = [(term(f"measure.{name}", lang), words.number(getattr(place, name), lang)) for name in _PEOPLE]
    shares = [
        (term("group.poor", lang), place.poor_share),
        (term("group.near_poor", lang), place.near_poor_share),
        (term("measure.minority_share", lang), place.minority_share),
    ]
    rows += [(name, words.percent(share, lang, 1)) for name, share in shares]
    rows.append((term("measure.communes", lang), words.number(place.communes["communes"].sum(), lang)))
    if counted:
        month, value, status = counted
        named = f"{term('measure.members', lang)}, {words.month(month, lang)} ({term(f'status.{status}', lang)})"
        rows.append((named, words.number(value, lang)))
    heads = [
        say(lang, vi="Số liệu", en="Figure"),
        say(lang, vi="Giá trị (người, hộ, %)", en="Value (persons, households, %)"),
    ]
    table = Table([str(head) for head in heads], [[capital(name), value] for name, value in rows], [False, True])
    parents = [words.form(name, "place", lang) for name in place.lineage[1:]]
    return Card(
        words.form(place.name, "place", lang),
        [", ".join([capital(term(f"level.{place.level}", lang)), *parents])],
        table,
    )


_PEOPLE = ("population", "eligible", "labor_force", "households", "hamlets")


@of.register
def _(law: Law, lang: str) -> Card:
    frame = law.frame
    steps = frame[frame["parameter"].isin(PRICE) & frame["place"].isin(NATION) & (frame["unit"] != "rule")]
    rows: list[list[str]] = []
    for since in sorted(steps["since"].unique()):
        nets = {}
        for group in GROUPS:
            try:
                nets[group] = words.number(law.price(group, since, NATION).net, lang)
            except UserError:  # the scheme was not yet there
                continue
        if nets and (not rows or rows[-1][1:] != [nets.get(group, "–") for group in GROUPS]):
            rows.append([words.month(since, lang), *(nets.get(group, "–") for group in GROUPS)])
    heads = [capital(term("column.since", lang)), *(capital(term(f"group.{group}", lang)) for group in GROUPS)]
    return Card(
        str(say(lang, vi="Luật BHXH tự nguyện", en="Law of voluntary social insurance")),
        [
            say(
                lang,
                n=len(frame),
                first=min(frame["since"]),
                last=max(frame["since"]),
                vi="{n:n} quy định, có hiệu lực từ {first:t} đến {last:t}. Mức đóng thấp nhất sau hỗ trợ của Nhà "
                "nước, đồng mỗi tháng:",
                en="{n:n} rules that begin from {first:t} to {last:t}. Minimum contribution after state support, VND a "
                "month:",
            )
        ],
        Table([str(head) for head in heads], rows[-ROWS:], [False] + [True] * len(GROUPS)),
    )


@of.register
def _(lever: Lever, lang: str) -> Card:
    return _levers(term(f"lever.{type(lever).__name__}", lang), [lever], lang)


@of.register
def _(policy: Policy, lang: str) -> Card:
    return _levers(term("column.policy", lang), policy.levers, lang)


def _levers(title: str, them: Sequence[Lever], lang: str) -> Card:
    table = levers.rows(them, lang)
    return Card(capital(title), *([[], table] if isinstance(table, Table) else [[table], None]))


@of.register
def _(target: Target, lang: str) -> Card:
    frame = pd.DataFrame([target.model_dump()])
    forms = {"measure": "", "group": "", "value": "n", "since": "t", "by": "t"}
    shown = frame.dropna(axis=1)
    return Card(
        capital(term("column.target", lang)), (), words.table(shown, lang, {c: forms[c] for c in forms if c in shown})
    )


@of.register
def _(scenario: Scenario, lang: str) -> Card:
    opening, month, status = scenario.opening
    lines = [
        say(
            lang,
            place=scenario.place.name,
            start=scenario.start,
            until=scenario.until,
            x=opening,
            month=month,
            status=status,
            vi="{place}, {start:t} – {until:t}; {x:n} người đang tham gia vào {month:t} ({status:status}).",
            en="{place}, {start:t} to {until:t}; {x:n} members in {month:t} ({status:status}).",
        )
    ]
    if aim := scenario.target:
        lines.append(
            say(
                lang,
                measure=aim.measure,
                group=aim.group,
                value=aim.value,
                by=aim.by,
                vi="Chỉ tiêu: {measure:measure} ({group:group}) {value:n} vào {by:t}.",
                en="Target: {measure:measure} ({group:group}) {value:n} by {by:t}.",
            )
        )
    if scenario.assumptions:
        given = ", ".join(f"{name} = {value}" for name, value in scenario.assumptions.items())
        lines.append(say(lang, given=given, vi="Giả định riêng: {given}.", en="Own assumptions: {given}."))
    shown = levers.table(scenario, lang)
    more, table = ([], shown) if isinstance(shown, Table) else ([shown], None)
    return Card(capital(words.title(scenario, lang)), [str(line) for line in (*lines, *more)], table)


@of.register
def _(answer: Projection, lang: str) -> Card:
    frame = answer.frame
    title = str(say(lang, vi="Kết quả dự báo", en="Projection"))
    if frame.empty:
        return Card(title, [say(lang, vi="Không có dòng nào.", en="No rows.")])
    there = list(frame["measure"].unique())
    measure = "members" if "members" in there else there[0]
    groups = list(frame["group"].unique())
    some = answer.only(measure=measure, group="all" if "all" in groups else groups[0])
    rows = some.summary().sort_values("month", kind="stable")
    rows = rows.drop_duplicates(["place", "scenario", "engine", "origin"], keep="last").sort_index()
    forms = {
        "place": "place",
        "scenario": "",
        "engine": "",
        "month": "t",
        "median": "a",
        "low": "a",
        "high": "a",
    }
    lines = [
        say(
            lang,
            rows=len(frame),
            draws=frame["draw"].nunique(),
            first=min(frame["month"].cat.remove_unused_categories().cat.categories),
            last=max(frame["month"].cat.remove_unused_categories().cat.categories),
            measure=measure,
            vi="{rows:n} dòng, {draws:n} lần mô phỏng, {first:t} – {last:t}. Dưới đây: {measure:measure}, tháng cuối "
            "của mỗi kịch bản.",
            en="{rows:n} rows, {draws:n} draws, {first:t} to {last:t}. Below: {measure:measure} in the last month of "
            "each scenario.",
        )
    ]
    return Card(title, lines, words.table(rows, lang, forms))


@of.register
def _(tried: Backtest, lang: str) -> Card:
    frame, rows = tried.forecasts.frame, []
    for (place, engine), part in frames.groups(frame.astype({"place": str, "engine": str}), ["place", "engine"]):
        rows.append(
            {"place": place, "engine": engine, "counts": part["origin"].nunique(), "draws": part["draw"].nunique()}
        )
    names = {"counts": str(say(lang, vi="số thời điểm dự báo", en="origins"))}
    forms = {"place": "place", "engine": "", "counts": "n", "draws": "n"}
    return Card(
        str(say(lang, vi="Kiểm chứng dự báo trên số liệu quá khứ", en="Backtest")),
        [
            say(
                lang,
                n=len(tried.counts),
                silent=len(tried.silent),
                vi="Số đã công bố để đối chiếu: {n:n}. Trường hợp không dự báo được: {silent:n}.",
                en="Published counts to hold it against: {n:n}. Cases without a forecast: {silent:n}.",
            )
        ],
        words.table(pd.DataFrame(rows), lang, forms, names) if rows else None,
    )


@of.register
def _(optimum: Optimum, lang: str) -> Card:
    summary = brief.optimum(optimum, lang)
    return Card(capital(words.title(optimum.scenario, lang)), summary.lines, summary.table)


@of.register
def _(allocation: Allocation, lang: str) -> Card:
    summary = brief.allocated(allocation, lang)
    return Card(capital(words.title(allocation.scenario, lang)), summary.lines, summary.table)


@of.register
def _(added: Added, lang: str) -> Card:
    sums = added.people.groupby(["kind", "draw"], sort=False)[["persons", "member_years"]].sum()
    rows = []
    for kind, part in sums.groupby(level="kind", sort=False):
        low, median, high = part["member_years"].quantile([0.05, 0.5, 0.95])
        row = {"kind": kind, "persons": part["persons"].median(), "median": median, "low": low, "high": high}
        rows.append(row)
    names = {
        "kind": str(say(lang, vi="người", en="people")),
        "persons": str(say(lang, vi="số người", en="persons")),
        "median": term("measure.member_years", lang),
    }
    line = say(
        lang,
        n=added.people["draw"].nunique(),
        vi="Mức giữa của {n:n} lần mô phỏng; số năm tham gia là phần tăng thêm so với khi không có chính sách, khoảng "
        "dự báo 90%.",
        en="Medians of {n:n} draws; member-years are those that the policy adds, with their 90% interval.",
    )
    shown = words.table(
        pd.DataFrame(rows), lang, {"kind": "kind", "persons": "a", "median": "a", "low": "a", "high": "a"}, names
    )
    return Card(str(say(lang, vi="Ai tham gia nhờ chính sách", en="Who joins because of a policy")), [line], shown)


@of.register
def _(bought: Hours, lang: str) -> Card:
    sizes = bought.place["kind"].map(hours.UNITS_SHOWN)
    figures = bought.place[["median", "low", "high"]].mul(sizes, axis=0)
    task = [hours.task_name(str(name), lang) for name in bought.place["task"]]
    more = [capital(term(f"hours.{kind}", lang)) for kind in bought.place["kind"]]
    names = {
        "more": str(say(lang, vi="thêm gì", en="what is added")),
        "task": str(say(lang, vi="việc", en="task")),
        "median": term("measure.member_years", lang),
    }
    shown = words.table(
        figures.assign(more=more, task=task),
        lang,
        {"more": "", "task": "", "median": "n1", "low": "n1", "high": "n1"},
        names,
    )
    line = say(
        lang,
        place=bought.scenario.place.name,
        n=bought.draws,
        vi="{place}; {n:n} lần mô phỏng; mức giữa và khoảng dự báo 90%.",
        en="{place}; {n:n} draws; median and 90% interval.",
    )
    title = say(
        lang, vi="Thêm giờ, thêm người, thêm tiền thì được gì", en="What more hours, collectors and money bring"
    )
    return Card(str(title), [line], shown)


@of.register
def _(doubt: Truth, lang: str) -> Card:
    title = say(lang, vi="Tin được con số đến đâu", en="How far the number can be trusted")
    return Card(str(title), [truth.text(doubt, lang).replace("**", "")])


@of.register
def _(updated: Update, lang: str) -> Card:
    return _briefly(say(lang, vi="Số mới nói gì", en="What new counts say"), brief_trust.updated(updated, lang))


@of.register
def _(exam: Exam, lang: str) -> Card:
    title = say(lang, vi="Sát hạch dự báo trên số đã công bố", en="Exam of the forecasts on published counts")
    return _briefly(title, brief_trust.examined(calendar.summary(exam.scored), lang))


@of.register
def _(learned: Learned, lang: str) -> Card:
    title = say(lang, vi="Các tham số học được từ số đã công bố", en="What published counts teach")
    return _briefly(title, brief_trust.learned(learned, lang))


def _briefly(title: str, brief_of: brief.Brief) -> Card:
    lines = [line.replace("**", "") for line in brief_of.lines]
    return Card(str(title), lines, brief_of.table)
