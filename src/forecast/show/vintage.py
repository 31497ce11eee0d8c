"""When something was made, up to which month it knows counts, and which law it assumes."""

import pandas as pd

from forecast.data import history as facts
from forecast.data.law import Law
from forecast.data.vocabulary import NATION
from forecast.desk.board.counted import OLD
from forecast.language.words import Text, say


def line(history: pd.DataFrame, law: Law, month: str, lang: str = "vi") -> Text:
    """Return one line for the foot of what was made at the end of `month` with what was known then.

    >>> from forecast.data import tables
    >>> from forecast.data.law import read_law
    >>> rows = tables.read(tables.data_dir() / "history.csv", "history")
    >>> line(rows, read_law(), "2026-11", "en")
    'As of November 2026. Counts known up to Dec 2025. Law: floor of 1,500,000 VND, 2,200,000 VND from Jan 2027 (...).'
    """
    counts = facts.counts(history, learn=True)
    counts = counts[(counts["known"] != "") & (counts["known"] <= month) & (counts["place"] == NATION)]
    rows = law.known(month).frame
    floor = rows[(rows["parameter"] == "min_declared_income") & (rows["since"] > month)].sort_values("since")
    after = "".join(
        say(
            lang,
            vi=", {v:d} từ {since:t} ({status:status})",
            en=", {v:d} from {since:t} ({status:status})",
            v=value,
            since=since,
            status=status,
        )
        for value, since, status in zip(floor["value"], floor["since"], floor["status"], strict=True)
    )
    return say(
        lang,
        vi="Tính đến {m:T}. Số liệu biết đến {last:t}. Luật: mức thu nhập thấp nhất {now:d}{after}.",
        en="As of {m:T}. Counts known up to {last:t}. Law: floor of {now:d}{after}.",
        m=month,
        last=str(counts["month"].max()),
        now=law.value("min_declared_income", month),
        after=after,
    )


def old(month: object, age: float, lang: str = "vi") -> str:
    """Return the month of a count, marked where it is older than nine months; a dash where there is none.

    >>> old("2025-12", 11, "en"), old("2026-09", 2, "en"), old("", float("nan"), "en")
    ('Dec 2025 (old)', 'Sep 2026', '–')
    """
    if not month:
        return "–"
    mark = {"vi": " (cũ)", "en": " (old)"}[lang] if age > OLD else ""
    return say(lang, vi="{m:t}", en="{m:t}", m=month) + mark
