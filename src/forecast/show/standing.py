"""Whether a December stands, in a sentence and a table."""

import pandas as pd

from forecast.answer import stated
from forecast.data import frames
from forecast.language import words
from forecast.language.words import Text, say


def _registered(standings: pd.DataFrame) -> pd.DataFrame:
    """Tell the figures, and return them with probabilities that know their draws."""
    goal = float(standings["target"].iloc[0])
    names = {"probability": f"probability of {goal:g}", "median": "median", "low": "low", "high": "high"}
    stated.tell(stated.rows(standings, names))
    return words.counted(standings)


def text(standings: pd.DataFrame, lang: str = "vi") -> Text:
    """Say the chance in the month of the target and three months later, from what `desk.standing.standing` returns.

    >>> rows = [("members", "2025-12", 900.0, 0.5, 0.04, 200, 905.0, 700.0, 1200.0),
    ...         ("lasting_members", "2025-12", 900.0, 0.2, 0.03, 200, 790.0, 600.0, 1000.0),
    ...         ("members", "2026-03", 900.0, 0.25, 0.03, 200, 805.0, 620.0, 1050.0)]
    >>> columns = ["measure", "month", "target", "probability", "standard_error", "draws", "median", "low", "high"]
    >>> asked = {"place": "Cà Mau", "scenario": "plan", "engine": "stock", "group": "all"}
    >>> print(text(pd.DataFrame(rows, columns=columns).assign(**asked), "en"))
    The target of 900 is met in Dec 2025 with a chance of 50 ± 7% and still stands in Mar 2026 with one of 25 ± 6% \
(200 draws, entries minus exits): of about 905 members then, about 115 come from the campaign of the year's end, and \
most of them pay for one to three months.
    >>> rows[2] = (*rows[2][:3], 0.6, *rows[2][4:])
    >>> "there are so many with one of 60" in text(pd.DataFrame(rows, columns=columns).assign(**asked), "en")
    True
    """
    then, lasting, later = frames.records(_registered(standings))
    p, q, month = then["probability"], later["probability"], later["month"]
    still = say(lang, vi="và đến {m:t} vẫn còn giữ được", en="and still stands in {m:t}", m=month)
    if q.share > p.share:  # more are reached after the target's month than in it
        still = say(lang, vi="còn vào {m:t} có từng ấy người", en="and in {m:t} there are so many", m=month)
    return say(
        lang,
        target=then["target"],
        by=then["month"],
        still=still,
        p=p,
        q=q,
        members=then["median"],
        draws=then["draws"],
        engine=words.term(f"engine.{then['engine']}", lang),
        campaign=max(then["median"] - lasting["median"], 0.0),
        vi="Chỉ tiêu {target:n} đạt vào {by:t} với khả năng {p:c}, {still} với khả năng {q:c} ({draws:n} lần mô "
        "phỏng, {engine}): trong khoảng {members:a} người khi ấy có khoảng {campaign:a} người vào trong đợt cao điểm "
        "cuối năm, phần lớn chỉ đóng một đến ba tháng.",
        en="The target of {target:n} is met in {by:t} with a chance of {p:c} {still} with one of {q:c} ({draws:n} "
        "draws, {engine}): of about {members:a} members then, about {campaign:a} come from the campaign of the year's "
        "end, and most of them pay for one to three months.",
    )


def table(standings: pd.DataFrame, lang: str = "vi") -> Text:
    """Return the three stocks as a table: in the month of the target, what lasts of it, and three months later."""
    forms = {"measure": "", "month": "t", "median": "a", "low": "a", "high": "a", "target": "n", "probability": "c"}
    return words.table(_registered(standings), lang, forms)
