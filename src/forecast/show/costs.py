"""What a column of money holds, and what it leaves to be told as hours."""

from collections.abc import Iterable

import pandas as pd

from forecast.answer import stated
from forecast.beliefs import costs
from forecast.data import frames
from forecast.desk.compare import ALL
from forecast.language import words
from forecast.language.words import Text, say, term
from forecast.question.scenario import Scenario
from forecast.show.picture import speaks


def adding(cells: Iterable[float], digits: int) -> float:
    """Return the sum of what cells show, so that a reader who adds them up finds the total that stands beside them.

    >>> round(adding([148.94, 951.94], 1), 1)  # beside 148.9 and 951.9; not 1,100.9
    1100.8
    """
    return float(sum(round(cell, digits) for cell in cells))


def table(comparison: pd.DataFrame, lang: str = "vi", engine: str | None = None) -> Text:
    """Return what a scenario adds to each payer's money, their total, and unpaid hours: one row a payer.

    `comparison` is that of :func:`forecast.desk.compare.comparison` of one scenario beside a base. Means of the draws,
    so that payers add up to the total, and 90% intervals of each.
    """
    rows = comparison[comparison["measure"].isin(["money", "unpaid_hours"]) & (comparison["group"] == "all")]
    rows = rows[rows["engine"] == (engine or speaks(rows))]
    stated.tell(stated.added(rows))
    shown, parts = [], rows.loc[(rows["measure"] == "money") & (rows["payer"] != ALL), "mean"] / 1e6
    for row in frames.records(rows.sort_values("measure", kind="stable")):
        money = row["measure"] == "money"
        name = term(f"payer.{row['payer']}", lang) if money else term("measure.unpaid_hours", lang)
        total = term("column.total", lang) if row["payer"] == ALL else ""
        scale, spec = (1e6, "n1") if money else (1.0, "a")
        values = {end: row[end] / scale for end in ("mean", "low", "high")}
        if total:
            values["mean"] = adding(parts, 1)
        ends = {end: words.form(value, spec, lang) for end, value in values.items()}
        shown.append({"who": total or name} | ends)
    heads = {
        "who": say(lang, vi="bên chi trả (triệu đồng)", en="payer (million VND)"),
        "mean": say(lang, vi="bình quân", en="mean"),
    }
    return words.table(pd.DataFrame(shown), lang, {"who": "", "mean": "w", "low": "w", "high": "w"}, heads)


def of_year(lang: str = "vi") -> Text:
    """Say what the price of an additional member-year is, below a table that has the money and the years beside it."""
    return say(
        lang,
        vi="Chi cho mỗi năm tham gia tăng thêm là trung vị các lần mô phỏng, mỗi lần lấy tiền chia cho số năm của lần "
        "ấy; vì vậy không bằng cột tiền (bình quân) chia cho cột số năm (trung vị).",
        en="The price of an additional member-year is the median of the simulations, each with its own money divided "
        "by its own years; hence it is not the column of money (a mean) divided by that of years (a median).",
    )


def held(*scenarios: Scenario, lang: str = "vi") -> Text:
    """Say what the money of a table holds: contributions, commission, the work of these plans, and its hours.

    Work is named by its items (without scenarios, all of it is meant); those that take hours which nobody pays are
    told, with the price of such an hour where a planner has set one.
    """
    items = dict.fromkeys(bill.item for s in scenarios for bill in s.plan.bills)
    paid = [item for item in items if float(frames.at(costs.newest(), item, "high")) > 0]
    unpaid = [item for item in items if costs.hours(item) > 0]
    work = say(
        lang,
        named=", ".join(term(f"item.{item}", lang) for item in paid),
        vi="; công việc theo đơn giá ({named})",
        en="; work at unit costs ({named})",
    )
    included = say(
        lang,
        work=work if paid else "" if scenarios else say(lang, vi="; công việc theo đơn giá", en="; work at unit costs"),
        vi="Tiền gồm: tiền đóng theo từng nguồn; hoa hồng của nhân viên thu{work}. Đơn giá là nhận định của nhóm làm, "
        "được lấy ngẫu nhiên trong khoảng của nó (data/unit_costs.csv). Mức tiền là bình quân các lần mô phỏng, nên "
        "các nguồn cộng lại bằng tổng.",
        en="Money holds: contributions of each payer; commission of collectors{work}. Unit costs are judgement and are "
        "drawn with their spread (data/unit_costs.csv). Money is the mean of the simulations, so that payers add up to "
        "the total.",
    )
    prices = {
        x.value if hasattr(x, "value") else float(x) for s in scenarios if (x := s.prices.get(costs.UNPAID)) is not None
    }
    if not scenarios:
        more = say(
            lang,
            vi="Giờ không được trả công được kể bằng giờ, chỉ tính thành tiền khi kịch bản ghi "
            "`prices: {{unpaid_hour: ...}}`.",
            en="Hours that nobody pays are told as hours; they are in the money only where a scenario says "
            "`prices: {{unpaid_hour: ...}}`.",
        )
        return Text(f"{included} {more}")
    if not unpaid:
        return included
    named = ", ".join(term(f"item.{item}", lang) for item in unpaid)
    if prices:
        more = say(
            lang,
            named=named,
            price=max(prices),
            vi="Giờ không được trả công ({named}) được tính {price:d} một giờ và nằm trong số tiền.",
            en="Hours that nobody pays ({named}) are priced at {price:d} each and are part of the money.",
        )
    else:
        more = say(
            lang,
            named=named,
            vi="Giờ không được trả công ({named}) được kể bằng giờ, không tính thành tiền; muốn tính thì ghi "
            "`prices: {{unpaid_hour: ...}}` vào kịch bản.",
            en="Hours that nobody pays ({named}) are told as hours and are not in the money; `prices: {{unpaid_hour: "
            "...}}` in a scenario prices them.",
        )
    return Text(f"{included} {more}")
