"""What the scenario page answers: the chance of the target, what is added and for how much, answers side by side."""

from collections.abc import Sequence
from html import escape
from typing import NamedTuple

import numpy as np
import pandas as pd

from forecast.answer.projection import Projection
from forecast.app import charts
from forecast.app.charts import Line
from forecast.app.markup import paragraphs, table
from forecast.data.vocabulary import GROUPS, PAYERS
from forecast.desk.compare import comparison
from forecast.desk.target import target_table
from forecast.language import words
from forecast.language.words import Chance, Table, say, term
from forecast.question.fingerprint import fingerprint
from forecast.question.levers import Lever
from forecast.question.scenario import Scenario
from forecast.show import costs, policy
from forecast.show import levers as lever_words
from forecast.show.evidence import label

SPENDERS = ("office", "province", "donors")
"""Whose money a budget is: the state's share is due by law, whatever an office decides."""
BY_COMMUNE = 16
"""Draws of the agents behind the picture of communes."""
MOST_COMMUNES = 20
_USUAL: dict[str, np.ndarray] = {}  # members by commune under the status quo that was asked about last


class Answer(NamedTuple):
    """The question and what answered it: the two scenarios, engine and draws, and the budget (VND) if there is one."""

    chosen: Scenario
    quo: Scenario
    engine: str
    draws: int
    projected: Projection
    budget: float | None = None
    link: str = ""

    @property
    def acts(self) -> bool:
        """Is anything done beyond the status quo?"""
        return bool(self.chosen.policy.levers)


class Facts(NamedTuple):
    """An answer in numbers: members at the end, what is added, money, and the chances of target and budget."""

    members: tuple[float, float, float]  # 5%, 50%, 95%
    added: tuple[float, float, float]
    spent: float  # VND of SPENDERS beyond the status quo, mean of the draws
    chance: Chance | None
    within: Chance | None


def facts(answer: Answer) -> Facts:
    """Return an answer in numbers."""
    chosen, projected = answer.chosen, answer.projected
    last = str(chosen.months[-1])
    rows = projected.only(measure="members", group="all", month=last).frame
    by_name = {str(n): part.set_index("draw")["value"] for n, part in rows.groupby("scenario", observed=True)}
    mine, quo = by_name[chosen.scenario], by_name[answer.quo.scenario]
    spent = _spent(answer)
    within = None if answer.budget is None else Chance(float((spent <= answer.budget).mean()), answer.draws)
    chance = None
    if chosen.target is not None and chosen.target.measure in set(projected.frame["measure"]):
        desk = target_table(projected, chosen)
        chance = Chance(float(desk["probability"].iloc[0]), answer.draws)
    return Facts(_three(mine), _three(mine - quo), float(spent.mean()), chance, within)


def _three(values: pd.Series) -> tuple[float, float, float]:
    low, middle, high = np.quantile(values, (0.05, 0.5, 0.95))
    return float(low), float(middle), float(high)


def _spent(answer: Answer) -> pd.Series:
    """Money of :data:`SPENDERS` beyond the status quo, draw by draw."""
    rows = answer.projected.only(measure=[PAYERS[p] for p in SPENDERS], group="all").frame
    total = rows.groupby(["scenario", "draw"], observed=True)["value"].sum()
    spent: pd.Series = total[answer.chosen.scenario] - total[answer.quo.scenario]
    return spent


def summary(answer: Answer, lang: str) -> str:
    """Return the answer in few words, that which stands beside the levers at all times."""
    known = facts(answer)
    low, middle, high = known.members
    lines, goal = [], answer.chosen.target
    if goal is not None and known.chance is None:
        measure = term(f"measure.{goal.measure}", lang)
        lines.append(
            say(
                lang,
                measure=measure,
                vi="Cách tính này không cho biết {measure}; hãy chọn cách tính khác.",
                en="This engine says nothing of {measure}; choose another one.",
            )
        )
    elif goal is not None and known.chance is not None:
        lines.append(
            say(
                lang,
                p=known.chance,
                goal=goal.value,
                by=goal.by,
                vi="**{p:c}** khả năng đạt {goal:n} vào {by:t}",
                en="**{p:c}** chance of {goal:n} by {by:t}",
            )
        )
    lines.append(
        say(
            lang,
            m=middle,
            low=low,
            high=high,
            month=answer.chosen.until,
            vi="**{m:a}** người tham gia vào {month:t} ({low:a} – {high:a})",
            en="**{m:a}** members in {month:t} ({low:a} to {high:a})",
        )
    )
    if answer.acts:
        lines.append(
            say(
                lang,
                a=known.added[1],
                low=known.added[0],
                high=known.added[2],
                spent=known.spent,
                vi="thêm **{a:a}** ({low:a} – {high:a}), chi thêm **{spent:m1}**",
                en="**{a:a}** added ({low:a} to {high:a}), **{spent:m1}** more spent",
            )
        )
    if known.within is not None and answer.budget is not None:
        lines.append(
            say(
                lang,
                p=known.within,
                budget=answer.budget,
                vi="**{p:c}** khả năng chi không quá {budget:m1}",
                en="**{p:c}** chance of spending no more than {budget:m1}",
            )
        )
    return "".join(paragraphs(line) for line in lines)


def details(answer: Answer, kept: Sequence["Kept"], lang: str, titles: dict[str, str]) -> str:
    """Return the pictures and tables of an answer: path, groups, money by payer, and the kept answers beside it."""
    chosen, quo, engine, projected = answer.chosen, answer.quo, answer.engine, answer.projected
    lines = [charts.path(projected, chosen, titles[chosen.scenario], engine, band=True)]
    if answer.acts:
        lines.append(charts.path(projected, quo, titles[quo.scenario], engine))
    lines += [one.line for one in kept if len(one.line.middle) == len(chosen.months)]
    parts = [charts.fan(lines, chosen, lang)]
    if kept:
        parts.append(side_by_side([Kept.of(say(lang, vi="đang xem", en="shown now"), answer), *kept], lang))
    parts.append(groups(answer, lang))
    if answer.acts:
        compared = comparison(projected, quo.scenario)
        parts += [
            paragraphs(policy.added_text(compared, lang, chosen, engine)),
            table(_table(costs.table(compared, lang)), say(lang, vi="Tiền tăng thêm", en="Money added")),
            paragraphs(costs.held(chosen, lang=lang)),
        ]
    return "".join(parts)


def _table(text: words.Text) -> Table:
    """Return a text that is known to be a table."""
    if not isinstance(text, Table):
        raise TypeError(f"{text[:40]!r} is no table")
    return text


def groups(answer: Answer, lang: str) -> str:
    """Draw members of each group in the last month, or what is added to each where something is done."""
    rows = answer.projected.only(measure="members", group=list(GROUPS), month=str(answer.chosen.months[-1])).frame
    wide = rows.pivot_table(index=["group", "draw"], columns="scenario", values="value", observed=True)
    values = wide[answer.chosen.scenario]
    if answer.acts:
        values = values - wide[answer.quo.scenario]
    ends = values.unstack("draw")
    table = pd.DataFrame(
        {
            "name": [term(f"group.{group}", lang) for group in GROUPS],
            **{name: [float(np.quantile(ends.loc[group], q)) for group in GROUPS] for name, q in _ENDS.items()},
        }
    )
    month = words.month(answer.chosen.until, lang)
    title = (
        say(lang, vi="Tăng thêm theo nhóm, {m}", en="Added by group, {m}", m=month)
        if answer.acts
        else say(lang, vi="Người tham gia theo nhóm, {m}", en="Members by group, {m}", m=month)
    )
    return charts.bars(table, title, lang)


_ENDS = {"value": 0.5, "low": 0.05, "high": 0.95}


def communes(answer: Answer, lang: str) -> str:
    """Simulate people by commune, and draw what is added in each (members, where nothing is done), most first."""
    from forecast.engines.people.agents import by_commune

    draws = range(BY_COMMUNE)
    members = by_commune(answer.chosen, draws, 1)[:, -1]
    values = members
    if answer.acts:
        asked = fingerprint(answer.quo)
        if asked not in _USUAL:
            _USUAL.clear()
            _USUAL[asked] = by_commune(answer.quo, draws, 1)[:, -1]
        values = members - _USUAL[asked]
    low, middle, high = np.quantile(values, (0.05, 0.5, 0.95), axis=0)
    names = [str(name).rpartition("/")[2] for name in answer.chosen.place.communes["commune"]]
    table = pd.DataFrame({"name": names, "value": values.mean(axis=0), "low": low, "high": high})
    order = middle if answer.acts else table["value"]
    shown = table.loc[pd.Series(order).sort_values(ascending=False, kind="stable").index[:MOST_COMMUNES]]
    values_of = {
        "month": answer.chosen.until,
        "n": len(shown),
        "all": len(table),
        "draws": BY_COMMUNE,
    }
    title = (
        say(
            lang,
            **values_of,
            vi="Tăng thêm ở từng xã, {month:t}: {n:n} trong {all:n} xã, theo mô phỏng từng người ({draws:n} lần)",
            en="Added by commune, {month:t}: {n:n} of {all:n} communes, by the agents ({draws:n} draws)",
        )
        if answer.acts
        else say(
            lang,
            **values_of,
            vi="Người tham gia ở từng xã, {month:t}: {n:n} trong {all:n} xã, theo mô phỏng từng người ({draws:n} lần)",
            en="Members by commune, {month:t}: {n:n} of {all:n} communes, by the agents ({draws:n} draws)",
        )
    )
    return charts.bars(shown, title, lang)


class Kept(NamedTuple):
    """An answer that was kept: its name, numbers, path, what it does, and the link that asks for it again."""

    name: str
    place: str
    until: str
    facts: Facts
    line: Line
    levers: tuple[Lever, ...]
    link: str

    @classmethod
    def of(cls, name: str, answer: Answer) -> "Kept":
        """Keep an answer under a name, without its draws."""
        line = charts.path(answer.projected, answer.chosen, name, answer.engine)
        chosen = answer.chosen
        return cls(name, chosen.place.name, chosen.until, facts(answer), line, chosen.policy.levers, answer.link)


def side_by_side(kept: Sequence[Kept], lang: str) -> str:
    """Return kept answers as columns: place, chance, members, what is added, money, and what each does."""

    def interval(three: tuple[float, float, float]) -> str:
        low, middle, high = (words.about(x, lang) for x in three)
        return f"{middle} ({low} – {high})"

    chance = [words.chance(k.facts.chance, lang) if k.facts.chance is not None else "–" for k in kept]
    within = [words.chance(k.facts.within, lang) if k.facts.within is not None else "–" for k in kept]
    rows = {
        say(lang, vi="địa phương", en="place"): [f"{k.place}, {words.month(k.until, lang)}" for k in kept],
        say(lang, vi="khả năng đạt chỉ tiêu", en="chance of the target"): chance,
        say(lang, vi="người tham gia", en="members"): [interval(k.facts.members) for k in kept],
        say(lang, vi="tăng thêm", en="added"): [interval(k.facts.added) for k in kept],
        say(lang, vi="chi thêm", en="more spent"): [words.money(k.facts.spent, lang) for k in kept],
        say(lang, vi="khả năng trong ngân sách", en="chance within budget"): within,
    }
    title = say(lang, vi="Các phương án cạnh nhau", en="Answers side by side")
    again = say(lang, vi="mở", en="open")
    heads = "".join(f'<th scope="col">{escape(k.name)}</th>' for k in kept)
    body = [
        f'<tr><th scope="row">{escape(name)}</th>' + "".join(f"<td>{escape(cell)}</td>" for cell in cells) + "</tr>"
        for name, cells in rows.items()
    ]
    what = "".join(f"<td>{_apart(k, kept, lang)}</td>" for k in kept)
    differ = say(lang, vi="giải pháp khác nhau", en="levers that differ")
    body.append(f'<tr><th scope="row">{escape(differ)}</th>{what}</tr>')
    links = "".join(  # the column says whose it is to the eye, the label to the ear
        f'<td><a href="{escape(k.link)}" aria-label="{again}: {escape(k.name)}">{again}</a></td>' for k in kept
    )
    body.append(f'<tr><th scope="row">{escape(say(lang, vi="liên kết", en="link"))}</th>{links}</tr>')
    return (
        f'<div class="fc-scroll" tabindex="0" role="group" aria-label="{escape(title)}"><table class="fc-beside">'
        f"<caption>{escape(title)}</caption><thead><tr><td></td>{heads}</tr></thead><tbody>{''.join(body)}</tbody>"
        "</table></div>"
    )


def _apart(one: Kept, kept: Sequence[Kept], lang: str) -> str:
    """Return the levers of an answer that are not in all of them."""
    levers = [lever for lever in one.levers if not all(lever in other.levers for other in kept)]
    lines = [
        ": ".join(filter(None, [label(type(lever).__name__, lang), lever_words.size(lever, lang)])) for lever in levers
    ]
    return "<br>".join(escape(line) for line in lines) or "–"
