"""Evidence cards: on what each parameter and each lever rests, and how much of a headline is judgement.

A parameter rests on judgement where its row says so, whatever studies its makers had read, else on studies; counts
teach the level of the status quo and none of these. A lever rests on its parameters. Everything is read from
data/parameters.csv and data/evidence.csv, and from the shares of a headline's variance; nothing is typed in here.
"""

import html
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from forecast.beliefs import costs
from forecast.beliefs.evidence import STUDY, supporting
from forecast.beliefs.parameters import parameters_table
from forecast.data import frames
from forecast.data.tables import UserError
from forecast.language import words
from forecast.language.words import say, term
from forecast.question.levers import LEVERS

BASES = ("studies", "judgement")


class Card(NamedTuple):
    """What one parameter or lever rests on."""

    name: str
    kind: str  # parameter or lever
    status: str  # of its row in data/parameters.csv; of a lever, that of what a unit costs ("" if it has no price)
    basis: str  # studies or judgement; of a lever, the weaker of its parameters'
    prior: tuple[float, float, float] | None  # low, value, high; of a lever, VND of a unit
    distance: int  # of the nearest study from this scheme: 0, 1 or 2
    studies: pd.DataFrame  # STUDY
    share: float  # of the headline's variance that rests on it, nan if not known
    parameters: tuple[str, ...]  # of a lever


def names() -> list[str]:
    """Return the names that have a card: all parameters, then all levers."""
    return [*parameters_table().index, *LEVERS]


def cards(shares: pd.Series | None = None) -> list[Card]:
    """Return the card of every parameter and lever.

    `shares` is the share of a headline's variance by parameter (`value_of_information.first_orders`).
    """
    studies, table = supporting(), parameters_table()
    parameter_cards = {name: _parameter(name, row, studies, shares) for name, row in frames.pairs(table)}
    return [*parameter_cards.values(), *(_lever(name, parameter_cards) for name in LEVERS)]


def card(name: str, shares: pd.Series | None = None) -> Card:
    """Return one card; `shares` is as in :func:`cards`.

    >>> card("model_commune_ratio").basis, card("Reminders").parameters, card("renewal_contact").basis
    ('studies', ('renewal_contact',), 'judgement')
    """
    if name not in names():
        raise UserError("no parameter or lever {name!r}; expected one of {known}", name=name, known=", ".join(names()))
    return next(c for c in cards(shares) if c.name == name)


def _parameter(name: str, row: Any, studies: pd.DataFrame, shares: pd.Series | None) -> Card:
    cited = studies[studies["supports"] == name]
    apart = cited["abroad"].astype(int) + cited["other_scheme"].astype(int)
    return Card(
        name=name,
        kind="parameter",
        status=row["status"],
        basis="judgement" if row["status"] == "judgement" else "studies",
        prior=(float(row["low"]), float(row["value"]), float(row["high"])),
        distance=int(apart.min()) if len(cited) else 2,
        studies=cited[STUDY].reset_index(drop=True),
        share=float(shares[name]) if shares is not None and name in shares else np.nan,
        parameters=(),
    )


def _lever(name: str, parameter_cards: dict[str, Card]) -> Card:
    rests = LEVERS[name].evidence
    on = [parameter_cards[p] for p in rests]
    cost = LEVERS[name].cost
    price: Any = frames.at(costs.newest(), cost) if cost else None
    return Card(
        name=name,
        kind="lever",
        status="" if price is None else price["status"],
        basis=max((c.basis for c in on), key=BASES.index),
        prior=None if price is None else (float(price["low"]), float(price["value"]), float(price["high"])),
        distance=max(c.distance for c in on),
        studies=pd.concat([c.studies for c in on], ignore_index=True).drop_duplicates(ignore_index=True),
        share=float(np.nansum([c.share for c in on])) if any(c.share == c.share for c in on) else np.nan,
        parameters=tuple(rests),
    )


def by_basis(evidence_cards: list[Card]) -> pd.Series:
    """Share of the headline's variance that rests on studies and on judgement, index basis, adding up to 1.

    Of the parameters' own parts (those below zero, which luck makes, count as none); what only their interactions
    explain is shared out in proportion.
    """
    shares = [(c.basis, max(c.share, 0.0)) for c in evidence_cards if c.kind == "parameter" and c.share == c.share]
    total = pd.DataFrame(shares, columns=["basis", "share"]).groupby("basis")["share"].sum()
    return total.reindex(list(BASES), fill_value=0.0) / max(total.sum(), 1e-300)


def overview(evidence_cards: list[Card], kind: str, lang: str = "vi") -> words.Text:
    """Return the cards of a kind as one Markdown table, those with the largest share first."""
    shown = sorted((c for c in evidence_cards if c.kind == kind), key=lambda c: -max(np.nan_to_num(c.share), 0.0))
    rows = [
        {
            "name": label(c.name, lang),
            "basis": term(f"basis.{c.basis}", lang),
            "prior": span(c.prior, lang),
            "studies": len(c.studies),
            "distance": term(f"distance.{c.distance if len(c.studies) else 'none'}", lang),
            "share": max(c.share, 0.0) if c.share == c.share else c.share,
        }
        for c in shown
    ]
    forms = {"name": "", "basis": "", "prior": "", "studies": "n", "distance": "", "share": "p"}
    heads = {
        "name": say(lang, vi="tham số", en="parameter") if kind == "parameter" else term("column.lever", lang),
        "basis": say(lang, vi="dựa vào", en="rests on"),
        "prior": say(
            lang,
            vi="mức giữa (khoảng 90%)" if kind == "parameter" else "đơn giá (đồng)",
            en="center (90% interval)" if kind == "parameter" else "VND a unit",
        ),
        "studies": say(lang, vi="số nghiên cứu", en="studies"),
        "distance": say(lang, vi="nghiên cứu gần nhất", en="nearest study"),
        "share": say(lang, vi="phần của khoảng dự báo", en="share of the forecast's spread"),
    }
    if not any(c.share == c.share for c in shown):
        forms.pop("share")
    return words.table(pd.DataFrame(rows), lang, forms, heads)


def label(name: str, lang: str = "vi") -> str:
    """Return a parameter, lever or statistic in words.

    >>> label("annual_lapse", "en"), label("TopUp/poor", "en")
    ('share of members who lapse in a year', 'top-up of the contribution (poor)')
    """
    head, _, rest = name.partition("/")
    if head in LEVERS:
        more = next(
            (
                term(f"{kind}.{rest}", lang)
                for kind in ("group", "payer", "first")
                if f"{kind}.{rest}" in words.terms().index
            ),
            rest,
        )
        return term(f"lever.{head}", lang) + (f" ({more})" if rest else "")
    kind = "statistic" if f"statistic.{name}" in words.terms().index else "parameter"
    return term(f"{kind}.{name}", lang)


def span(three: tuple[float, float, float] | None, lang: str = "vi") -> str:
    """Return low, middle and high as text with three significant figures.

    >>> span((0.008, 0.02, 0.05), "vi"), span((200000, 500000, 1500000), "en")
    ('0,02 (0,008 – 0,05)', '500,000 (200,000 – 1,500,000)')
    """
    if three is None:
        return "–"
    low, middle, high = (_figure(x, lang) for x in three)
    return f"{middle} ({low} – {high})"


def _figure(x: float, lang: str) -> str:
    digits = 0 if x == 0 else max(0, 2 - int(np.floor(np.log10(abs(x)))))
    while digits and round(x, digits - 1) == round(x, digits):
        digits -= 1
    return words.number(x, lang, digits)


def text(c: Card, lang: str = "vi") -> words.Text:
    """Return one card as Markdown; what comes from the tables is escaped, and marked where it is English."""
    lines: list[str] = [say(lang, vi="Dựa vào: {basis}", en="Rests on: {basis}", basis=term(f"basis.{c.basis}", lang))]
    if c.parameters:
        labels = ", ".join(label(p, lang) for p in c.parameters)
        lines.append(say(lang, vi="Qua các tham số: {labels}", en="Through the parameters: {labels}", labels=labels))
    if c.prior:
        what = {
            "parameter": ("Mức giữa (khoảng 90%)", "Center (90% interval)"),
            "lever": ("Đơn giá, đồng", "VND a unit"),
        }[c.kind]
        lines.append(
            say(
                lang,
                vi=what[0] + ": {span} ({status})",
                en=what[1] + ": {span} ({status})",
                span=span(c.prior, lang),
                status=term(f"status.{c.status}", lang),
            )
        )
    if c.share == c.share:
        lines.append(
            say(
                lang,
                vi="Phần của khoảng dự báo: {s:p1}",
                en="Share of the forecast's spread: {s:p1}",
                s=max(c.share, 0.0),
            )
        )
    lines += [_study(row, lang) for row in frames.rows(c.studies)]
    if c.studies.empty:
        lines.append(say(lang, vi="Chưa có nghiên cứu nào", en="No study"))
    return words.join([f"**{label(c.name, lang)}**", words.listing(lines)])


def _study(row: Any, lang: str) -> str:
    apart = int(row.abroad) + int(row.other_scheme)
    who = f"{html.escape(str(row.study))} ({row.year})"
    where = f": {html.escape(str(row.population))}" if lang == "en" else ""
    who = who if lang == "en" else f'<span lang="en">{who}</span>'
    return f"{who}{where}; {term(f'distance.{apart}', lang)}, {term(f'status.{row.status}', lang)}"
