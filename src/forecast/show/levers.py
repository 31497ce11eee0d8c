"""What a policy consists of: its levers as a table, and how much each does in words."""

from collections.abc import Sequence
from typing import Any

import pandas as pd

from forecast.language import words
from forecast.language.words import Text, say, term
from forecast.question.levers import Lever
from forecast.question.scenario import Scenario


def table(scenario: Scenario, lang: str = "vi") -> Text:
    """Return what the plan does: one row a lever, with its size and dates."""
    return rows(scenario.policy.levers, lang, scenario.start, scenario.until)


def rows(levers: Sequence[Lever], lang: str = "vi", first: str | None = None, last: str | None = None) -> Text:
    """Return a table of levers, a row each; `first` and `last` are the months of a lever that names none of its own."""
    if not levers:
        return say(lang, vi="Không có giải pháp nào mới.", en="No lever acts.")
    frame = pd.DataFrame(
        {
            "lever": [term(f"lever.{type(lever).__name__}", lang) for lever in levers],
            "size": [size(lever, lang) for lever in levers],
            "since": [lever.start or first for lever in levers],
            "until": [lever.end or last for lever in levers],
        }
    )
    return words.table(frame, lang, {"lever": "", "size": "", "since": "t", "until": "t"})


def size(lever: Lever, lang: str = "vi") -> str:
    """Say how much a lever does: its numbers with their units, and for whom."""
    fields = lever.model_dump()
    return "; ".join(filter(None, (_size(n, v, fields, lang) for n, v in fields.items() if v not in (None, (), 0.0))))


def _size(name: str, value: Any, fields: dict[str, Any], lang: str) -> str:
    """Return one number of a lever with its unit, "" for what stands in other columns."""
    if name in ("share", "assisted"):
        return words.percent(value, lang)
    if name in ("group", "first") and value != "all":
        return term(f"{name}.{value}", lang)
    if name == "every" and not isinstance(value, str):
        return say(lang, n=value, vi="{n:n} tháng một lần", en="every {n:n} months")
    if name == "dates":
        return ", ".join(words.day(date, lang) for date in value)
    if name == "where" and isinstance(value, dict):
        if value.get("per_district"):
            return say(
                lang, n=value["per_district"], vi="số xã mỗi quận huyện: {n:n}", en="communes in each district: {n:n}"
            )
        return ", ".join(value.get("communes") or ()) or say(
            lang, n=value["count"], vi="số xã: {n:n}", en="communes: {n:n}"
        )
    if name not in ("count", "per_month", "hours_per_month", "persons_per_month", "staff", "months", "times"):
        return ""
    if name == "per_month" and fields["lever"] == "Drive" and 0 < value < 1:
        return say(lang, n=1 / value, vi="1 ngày mỗi {n:n1} tháng", en="1 day every {n:n1} months")
    if name == "count" and fields["lever"] == "Visits" and fields.get("per") == "household" and value < 1:
        every = term(f"every.{fields.get('every') or 'month'}", lang)
        return say(
            lang,
            n=1000 * value,
            every=every,
            vi="{n:n} lượt trên 1.000 hộ {every}",
            en="{n:n} visits per 1,000 households {every}",
        )
    if name == "count":
        per, every = fields.get("per", "place"), fields.get("every") or ("month" if fields["lever"] == "Visits" else "")
        counted = f"count.{fields['lever']}"
        counted += ".one" if value == 1 else ""
        unit = [counted if counted in words.terms().index else "", f"per.{per}", f"every.{every}" if every else ""]
    else:
        lever_term = f"size.{fields['lever']}.{name}"
        unit = [lever_term if lever_term in words.terms().index else f"size.{name}"]
        unit = [f"{unit[0]}.one"] if value == 1 and f"{unit[0]}.one" in words.terms().index else unit
    digits = 0 if value == round(value) else 1 if value * 10 == round(value * 10) else 3 if value < 0.1 else 2
    return " ".join([words.number(value, lang, digits), *(term(u, lang) for u in unit if u)])
