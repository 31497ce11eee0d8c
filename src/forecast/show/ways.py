"""What more it would take to meet a target: more outreach, or how much of each single lever, in full with its money."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from forecast.answer import stated
from forecast.answer.stated import Figure
from forecast.data import frames
from forecast.data.vocabulary import MONEY, TOGETHER
from forecast.language import words
from forecast.language.words import Chance, Text, form, join, say, term
from forecast.show import register
from forecast.show.costs import adding, held
from forecast.show.evidence import label


def effort_text(effort: dict[str, Any], lang: str = "vi") -> Text:
    """Say how much more outreach would make the target as likely as was asked, by the engine that can be asked fast."""
    reached, now = (Chance(effort[f"probability_{name}"], effort["draws"]) for name in ("reached", "now"))
    what = f"outreach for {effort['target']:g} with {effort['probability_wanted']:g}"
    head = (effort["place"], effort["scenario"], what, effort["by"], "all", effort["engine"])
    names = {"multiple": "times", "total": "VND, mean"}
    stated.tell(
        Figure(*head, statistic, effort[key], effort["draws"]) for key, statistic in names.items() if effort[key]
    )
    common = {
        "draws": effort["draws"],
        "p": effort["probability_wanted"],
        "visits": effort["visits_per_month_now"],
        "collectors": effort["collectors_now"],
        "target": effort["target"],
    }
    if effort["multiple"] is None:
        common |= {
            "times": max(effort["most_multiple"], 1.0),
            "reached": words.below(reached, common["p"], lang),
        }
        return say(
            lang,
            **common,
            vi="Tính bằng cân đối tăng – giảm: dù nhân nỗ lực vận động lên mức cao nhất từng thấy ({times:n1} lần kế "
            "hoạch), khả năng đạt {target:n} người là {reached} ({draws:n} lần mô phỏng), chưa tới {p:p}. Muốn đạt "
            "chỉ bằng đi vận động thì cần "
            "nhiều hơn mức đã từng thấy.",
            en="By the engine “entries minus exits”, even the largest outreach that has been seen ({times:n1} times "
            "that of the plan) gives {target:n} members a probability of {reached} ({draws:n} draws), not {p:p}. By "
            "visits alone "
            "it takes more "
            "than has been seen.",
        )
    if effort["multiple"] <= 1:
        return say(
            lang,
            **common,
            now=now,
            vi="Tính bằng cân đối tăng – giảm: với nỗ lực như kế hoạch, khả năng đạt đã là {now:c} ({draws:n} lần mô "
            "phỏng), không thấp hơn {p:p}.",
            en="By the engine “entries minus exits”, with the effort of the plan the probability is {now:c} "
            "({draws:n} draws), which is not below {p:p}.",
        )
    return say(
        lang,
        **common,
        times=effort["multiple"],
        needed=effort["visits_per_month_needed"],
        more=effort["collectors_needed"],
        money=effort["total"],
        hours=effort["hours"],
        vi="Tính bằng cân đối tăng – giảm: để khả năng đạt là {p:p} ({draws:n} lần mô phỏng), nỗ lực vận động phải gấp "
        "khoảng {times:n1} lần kế hoạch: từ khoảng {visits:a} lên {needed:a} lượt thăm hộ mỗi tháng, với số nhân viên "
        "thu từ {collectors:a} lên {more:a} người; ngân sách, nhà hảo tâm và cơ quan BHXH chi thêm khoảng {money:m1} "
        "cả kỳ.",
        en="By the engine “entries minus exits”, for a probability of {p:p} ({draws:n} draws) outreach must be about "
        "{times:n1} times that of the plan: from about {visits:a} to {needed:a} household visits a month, with "
        "{more:a} "
        "collectors instead of {collectors:a}; public budgets, donors and the office pay about {money:m1} more "
        "over all months.",
    )


_AMOUNTS = {"share": "p", "communes": "n", "meetings_per_year": "n1", "days_per_month": "n2"}


def _amount(value: float, unit: str, lang: str) -> str:
    """Return an amount of a lever with its unit."""
    if not unit:
        return say(lang, vi="có", en="yes")
    return f"{form(value, _AMOUNTS.get(unit, 'a'), lang)} {term(f'amount.{unit}', lang)}".strip()


def needed(row: Mapping[str, Any], lang: str = "vi", short: bool = False) -> Text:
    """Return how much more of a lever one row of the ways needs; `short` for a table in a terminal."""
    most = _amount(row["most"], row["unit"], lang)
    if row["way"] == TOGETHER:
        failed = say(
            lang, vi="**không thể đạt bằng mức đã từng thấy**", en="**cannot be reached with what has been seen**"
        )
        return say(lang, vi="đủ", en="enough") if row["needed"] == 1 else failed
    if row["needed"] == 0:
        return say(lang, vi="không cần thêm", en="nothing more")
    if row["needed"] == row["needed"]:
        return Text(_amount(row["needed"], row["unit"], lang))
    if not row["unit"] or (row["unit"] == "share" and row["most"] >= 1):  # there is no more of it
        even = say(lang, vi=", dù đến mức {most}", en=", even {most}", most=most) if row["unit"] else ""
        return say(lang, vi="không đủ{even}", en="not enough{even}", even=even)
    if short:
        return say(lang, vi="hơn {most}", en="over {most}", most=most)
    return say(lang, vi="nhiều hơn mức đã từng thấy ({most})", en="more than has been seen ({most})", most=most)


def table(ways: pd.DataFrame, lang: str = "vi") -> Text:
    """Return how much of each single lever would make the target as likely as was asked, and what it costs whom.

    `ways` is that of :func:`forecast.desk.target.ways`. A lever that is not enough at the most that was seen is marked
    so; its money is that of the most. Where none is enough, the last row says whether all of them together are.
    """
    register.ways(ways)
    ways = words.counted(ways, "probability_reached")
    if (ways["needed"] == 0).all():
        return say(lang, vi="Không giải pháp nào phải làm thêm.", en="No lever needs to do more.")
    rows = []
    for row in frames.records(ways):
        wanted = needed(row, lang)
        name = term(f"way.{TOGETHER}", lang) if row["way"] == TOGETHER else label(row["way"], lang)
        money = {payer: row[payer] / 1e6 for payer in MONEY}
        money["total"] = adding(money.values(), 1)
        rows.append(
            {"way": name, "needed": wanted, "probability": row["probability_reached"], "hours": row["hours"]} | money
        )
    frame = pd.DataFrame(rows)
    paid = [payer for payer in MONEY if frame[payer].abs().max() >= 0.05]
    millions = say(lang, vi=" (triệu đồng)", en=" (million VND)")
    heads = {
        "way": term("column.way", lang),
        "needed": term("column.more_needed", lang),
        "probability": term("column.probability", lang),
        "total": term("column.total", lang) + millions,
        "hours": term("column.unpaid_hours", lang),
    } | {payer: term(f"payer.{payer}", lang) + millions for payer in paid}
    forms = {"way": "", "needed": "", "probability": "c"} | dict.fromkeys((*paid, "total"), "n1") | {"hours": "a"}
    drawn = say(
        lang,
        n=ways["draws"].max(),
        vi="Mỗi dòng: {n:n} lần mô phỏng, như nhau cho mọi dòng. Cột cộng không kể tiền người tham gia tự đóng.",
        en="Each row: {n:n} draws, the same for all rows. The total is without what members pay themselves.",
    )
    return join([words.table(frame, lang, forms, heads), join([drawn, held(lang=lang)], " ")])
