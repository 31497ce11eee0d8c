"""Will the target be met: the answer in two lines, the target desk as tables, text and a picture."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from forecast.answer.projection import Projection
from forecast.data import frames, history
from forecast.data.tables import UserError
from forecast.desk.target import MONEY, TOGETHER
from forecast.engines import USUAL
from forecast.language import words
from forecast.language.words import Text, form, join, say, term
from forecast.question.scenario import Scenario, Target
from forecast.show import marks
from forecast.show.costs import held
from forecast.show.evidence import label
from forecast.show.marks import MUTED
from forecast.show.picture import (
    DASHES,
    GRID,
    LOOKS,
    TARGET,
    Picture,
    capital,
    sheet,
    source_line,
    speaks,
    style,
)

APART = 0.05  # of probability: where engines differ by more, the page says why


def goal(scenario: Scenario) -> Target:
    """Return the target of a scenario; one without a target is an error that names it."""
    if scenario.target is None:
        raise UserError(f"{scenario.scenario}: no target; expected target: {{measure, value, by}}")
    return scenario.target


def _row(desk: pd.DataFrame, engine: str | None) -> dict[str, Any]:
    """Return the row of a target desk to speak about, as a dict."""
    return frames.records(desk[desk["engine"] == (engine or speaks(desk))])[0]


def headline(desk: pd.DataFrame, scenario: Scenario, lang: str = "vi", engine: str | None = None) -> Text:
    """Return the answer in two lines: will the target be met, and how much is missing."""
    row = _row(desk, engine)
    word = {"vi": ("vượt khoảng", "thiếu khoảng"), "en": ("above", "short of")}[lang]
    said = say(
        lang,
        place=scenario.place.name,
        p=row["probability"],
        target=row["target"],
        by=row["by"],
        median=row["median"],
        low=row["low"],
        high=row["high"],
        gap=abs(row["gap"]),
        word=word[row["gap"] < 0],
        vi="> **{p:v}**  \n> Khả năng đạt chỉ tiêu {target:n} người tham gia BHXH tự nguyện vào {by:T}: **{p:c}**. "
        "Dự kiến khoảng {median:a} người (khoảng dự báo 90%: {low:a} – {high:a}), {word} {gap:a} người "
        "so với chỉ tiêu.",
        en="> **{p:v}**  \n> Probability that {place} has {target:n} members by {by:T}: **{p:c}**. Expected are "
        "about {median:a} (90% interval: {low:a} to {high:a}), about {gap:a} {word} it.",
    )
    return join([said, _target_status(scenario, lang)], " ")


def _target_status(scenario: Scenario, lang: str) -> str:
    """Return a warning where no source states the target, "" where one does."""
    source = goal(scenario).source
    if source in history.sources().index:
        return ""
    recalled = say(
        lang, vi=", dựa trên số nhớ lại, chưa kiểm chứng", en=", from figures that were recalled and not verified"
    )
    return say(
        lang,
        basis=recalled if "recalled" in source else "",
        vi="Chỉ tiêu này không do địa phương công bố mà do bộ công cụ suy ra{basis}.",
        en="The place did not publish this target: the workbench derived it{basis}.",
    )


def agreement(desk: pd.DataFrame, lang: str = "vi") -> Text:
    """Say how far the engines agree about the target, and which of them have no estimate."""
    p, low, high = desk["probability"], desk["probability"].min(), desk["probability"].max()
    silent = [term(f"engine.{e}", lang) for e in USUAL if e not in set(desk["engine"])]
    spoken = ""
    if len(p) > 1:
        spoken = say(
            lang,
            low=low,
            high=high,
            vi="Các cách tính cho khả năng từ {low:c} đến {high:c}.",
            en="The engines give probabilities from {low:c} to {high:c}.",
        )
    if len(p) > 1 and words.chance(low, lang) == words.chance(high, lang):
        spoken = say(
            lang,
            p=low,
            vi="Các cách tính cho cùng một khả năng: {p:c}.",
            en="The engines agree on the probability: {p:c}.",
        )
    quiet = (
        say(
            lang,
            names=capital(", ".join(silent)),
            vi="{names}: không có ước tính, vì các giải pháp của kế hoạch này chưa từng có trong số liệu quá khứ mà "
            "cách tính ấy dựa vào. Điều đó không có nghĩa là không có tác động.",
            en="{names}: no estimate, because the levers of this plan are not in the past data that this engine uses. "
            "That does not mean that there is no effect.",
        )
        if silent
        else ""
    )
    apart = ""
    if "series" in set(desk["engine"]) and high - low > APART:
        apart = say(
            lang,
            vi="Xu hướng chuỗi số liệu chỉ kéo dài đà tăng đã qua, không biết đến mức đóng hay việc vận "
            "động, nên có thể khác xa.",
            en="The time series only carries the past on and knows neither the price nor any outreach, so that "
            "it may be far from the others.",
        )
    return join([spoken, apart, quiet], " ")


def desk_table(desk: pd.DataFrame, lang: str = "vi") -> Text:
    """Return the target desk as a table: one row for each engine."""
    people = dict.fromkeys(("median", "low", "high", "gap"), "a")
    return words.table(desk, lang, {"engine": "", "probability": "c"} | people)


def readings(desks: Sequence[tuple[pd.DataFrame, Scenario]], lang: str = "vi") -> Text:
    """Return the target desk of several readings of one goal, one table: what is counted, and how likely it is."""
    parts = []
    for desk, scenario in desks:
        aim = goal(scenario)
        told = term(f"measure.{aim.measure}", lang)
        span = say(lang, a=aim.since or aim.by, b=aim.by, vi="{a:t} đến {b:t}", en="{a:t} to {b:t}")
        reading = f"{told}, {span}" if aim.since else f"{told}, {words.form(aim.by, 't', lang)}"
        parts.append(desk.assign(reading=reading)[desk["engine"].isin(["agents", "stock"])])
    people = dict.fromkeys(("median", "low", "high", "gap"), "a")
    forms = {"reading": "", "engine": "", "probability": "c"} | people
    head = {"reading": say(lang, vi="cách hiểu", en="reading")}
    return words.table(pd.concat(parts), lang, forms, head)


def overview(answer: Projection, scenarios: Sequence[Scenario], lang: str = "vi", engine: str = "stock") -> Text:
    """Return the targets of several scenarios in one table, by one engine."""
    rows = []
    for s in scenarios:
        aim = goal(s)
        row = answer.only(scenario=s.scenario, engine=engine).probability(
            aim.measure, at_least=aim.value, by=aim.by, group=aim.group, since=aim.since
        )
        rows.append(row.assign(target=aim.value, by=aim.by, verdict=row["probability"]))
    forms = {"place": "", "target": "n", "by": "t", "median": "a", "gap": "a", "probability": "c", "verdict": "v"}
    return words.table(pd.concat(rows), lang, forms)


def path_text(path: pd.DataFrame, lang: str = "vi") -> Text:
    """Say what each month must bring to meet the target, beside what is expected."""
    if "entries_needed" not in path:
        return Text("")
    ahead = path.iloc[1:]
    return say(
        lang,
        a=ahead["month"].iloc[0],
        b=ahead["month"].iloc[-1],
        needed=ahead["entries_needed"].mean(),
        expected=ahead["entries_expected"].mean(),
        vi="Muốn đi đúng đường tới chỉ tiêu, từ {a:t} đến {b:t} mỗi tháng cần tăng mới bình quân khoảng "
        "{needed:a} người, kể cả phần bù cho số dừng đóng. Bình quân của các lần mô phỏng là khoảng "
        "{expected:a} người mỗi tháng.",
        en="To stay on the path to the target, {a:t} to {b:t} must bring about {needed:a} new members a "
        "month, which includes those who replace leavers. The mean of the simulations is about {expected:a} "
        "a month.",
    )


def path_table(path: pd.DataFrame, lang: str = "vi", rows: int = 6) -> Text:
    """Return the needed and the expected path at a few months, the last always among them."""
    at = np.unique(np.linspace(0, len(path) - 1, min(rows, len(path))).round().astype(int))
    forms = {
        "month": "t",
        "needed": "n",
        "expected": "a",
        "low": "a",
        "high": "a",
        "entries_needed": "a",
        "entries_expected": "a",
    }
    return words.table(path.iloc[at], lang, {c: f for c, f in forms.items() if c in path})


def effort_text(effort: dict[str, Any], lang: str = "vi") -> Text:
    """Say how much more outreach would make the target as likely as was asked, by the engine that can be asked fast."""
    common = {
        "p": effort["probability_wanted"],
        "visits": effort["visits_per_month_now"],
        "collectors": effort["collectors_now"],
        "target": effort["target"],
    }
    if effort["multiple"] is None:
        common |= {
            "times": max(effort["most_multiple"], 1.0),
            "reached": words.below(effort["probability_reached"], common["p"], lang),
        }
        return say(
            lang,
            **common,
            vi="Tính bằng cân đối tăng – giảm: dù nhân nỗ lực vận động lên mức cao nhất từng thấy ({times:n1} lần kế "
            "hoạch), khả năng đạt {target:n} người là {reached}, chưa tới {p:p}. Muốn đạt chỉ bằng đi vận động thì cần "
            "nhiều hơn mức đã từng thấy.",
            en="By the engine “entries minus exits”, even the largest outreach that has been seen ({times:n1} times "
            "that of the plan) gives {target:n} members a probability of {reached}, not {p:p}. By visits alone "
            "it takes more "
            "than has been seen.",
        )
    if effort["multiple"] <= 1:
        return say(
            lang,
            **common,
            now=effort["probability_now"],
            vi="Tính bằng cân đối tăng – giảm: với nỗ lực như kế hoạch, khả năng đạt đã là {now:c}, không "
            "thấp hơn {p:p}.",
            en="By the engine “entries minus exits”, with the effort of the plan the probability is {now:c}, "
            "which is not below {p:p}.",
        )
    return say(
        lang,
        **common,
        times=effort["multiple"],
        needed=effort["visits_per_month_needed"],
        more=effort["collectors_needed"],
        money=effort["total"],
        hours=effort["hours"],
        vi="Tính bằng cân đối tăng – giảm: để khả năng đạt là {p:p}, nỗ lực vận động phải gấp khoảng "
        "{times:n1} lần kế hoạch: từ khoảng {visits:a} lên {needed:a} lượt thăm hộ mỗi tháng, với số nhân viên "
        "thu từ {collectors:a} lên {more:a} người; ngân sách, nhà hảo tâm và cơ quan BHXH chi thêm khoảng {money:m1} "
        "cả kỳ.",
        en="By the engine “entries minus exits”, for a probability of {p:p} outreach must be about {times:n1} "
        "times that of the plan: from about {visits:a} to {needed:a} household visits a month, with {more:a} "
        "collectors instead of {collectors:a}; public budgets, donors and the office pay about {money:m1} more "
        "over all months.",
    )


_AMOUNTS = {"share": "p", "communes": "n", "meetings_per_year": "n1", "days_per_month": "n2"}


def _amount(value: float, unit: str, lang: str) -> str:
    """Return an amount of a lever with its unit."""
    if not unit:
        return say(lang, vi="có", en="yes")
    return f"{form(value, _AMOUNTS.get(unit, 'a'), lang)} {term(f'amount.{unit}', lang)}".strip()


def ways_table(ways: pd.DataFrame, lang: str = "vi") -> Text:
    """Return how much of each single lever would make the target as likely as was asked, and what it costs whom.

    `ways` is that of :func:`forecast.desk.target.ways`. A lever that is not enough at the most that was seen is marked
    so; its money is that of the most. Where none is enough, the last row says whether all of them together are.
    """
    if (ways["needed"] == 0).all():
        return say(lang, vi="Không giải pháp nào phải làm thêm.", en="No lever needs to do more.")
    rows = []
    for row in frames.records(ways):
        most = _amount(row["most"], row["unit"], lang)
        if row["way"] == TOGETHER:
            failed = say(
                lang, vi="**không thể đạt bằng mức đã từng thấy**", en="**cannot be reached with what has been seen**"
            )
            needed = say(lang, vi="đủ", en="enough") if row["needed"] == 1 else failed
        elif row["needed"] == 0:
            needed = say(lang, vi="không cần thêm", en="nothing more")
        elif row["needed"] == row["needed"]:
            needed = Text(_amount(row["needed"], row["unit"], lang))
        elif not row["unit"] or (row["unit"] == "share" and row["most"] >= 1):  # there is no more of it
            even = say(lang, vi=", dù đến mức {most}", en=", even {most}", most=most) if row["unit"] else ""
            needed = say(lang, vi="không đủ{even}", en="not enough{even}", even=even)
        else:
            needed = say(
                lang,
                vi="nhiều hơn mức đã từng thấy ({most})",
                en="more than has been seen ({most})",
                most=most,
            )
        name = term(f"way.{TOGETHER}", lang) if row["way"] == TOGETHER else label(row["way"], lang)
        money = {payer: row[payer] / 1e6 for payer in (*MONEY, "total")}
        rows.append(
            {"way": name, "needed": needed, "probability": row["probability_reached"], "hours": row["hours"]} | money
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
    return join([words.table(frame, lang, forms, heads), held(lang=lang)])


def picture(table: pd.DataFrame, path: pd.DataFrame, scenario: Scenario | None = None, lang: str = "vi") -> Picture:
    """Draw the target desk: the probability by each engine, and the path that the target needs beside the expected one.

    `table` and `path` are those of `decide.target_table` and `decide.needed_path`.
    """
    wanted, by = float(table["target"].iloc[0]), str(table["by"].iloc[0])
    place = scenario.place if scenario is not None else None
    title = say(lang, vi="Có đạt {v:n} người vào {by:T}?", en="Will {v:n} be reached by {by:T}?", v=wanted, by=by)
    title = Text(f"{place.name}: {title}") if place else title
    rows, tall = frames.records(table), 0.32 * len(table)  # inches
    with style():
        drawn, top = sheet(
            title,
            say(
                lang,
                vi="Khả năng đạt, theo từng cách tính (vạch đậm: sai số mô phỏng)",
                en="Probability by each engine (thick line: error of the simulation)",
            ),
            source_line(lang, place),
            height=4.3 + tall,
        )
        inch = 1 / drawn.get_figheight()
        top.set_position((0.41, 1 - (0.72 + tall) * inch, 0.43, tall * inch))
        for y, row in enumerate(rows):
            p, spread = row["probability"], 1.96 * row["standard_error"]
            top.plot([0, 1], [y, y], color=GRID, lw=5, solid_capstyle="round", clip_on=False)
            top.plot([max(0, p - spread), min(1, p + spread)], [y, y], color=LOOKS[0][0], lw=5, alpha=0.45)
            top.plot([p], [y], marker=LOOKS[0][2], ms=8, color=LOOKS[0][0], clip_on=False)
            top.text(-0.04, y, capital(term(f"engine.{row['engine']}", lang)), ha="right", va="center")
            top.text(1.04, y, words.chance(p, lang), ha="left", va="center", fontweight="bold")
        top.set(xlim=(0, 1), ylim=(len(rows) - 0.4, -0.6), yticks=[], xticks=[])
        top.grid(False)
        top.spines["bottom"].set_visible(False)
        axes = drawn.add_axes((0.11, 0.6 * inch, 0.60, 2.3 * inch))
        drawn.text(
            0.02,
            1 - (0.86 + tall) * inch,
            say(
                lang,
                vi="Đường cần đi để đạt chỉ tiêu và đường dự kiến\n(người, cuối tháng; dải nhạt: khoảng dự báo 90%)",
                en="The path that the target needs, and the path expected\n(persons, end of month; bands: 90% "
                "intervals)",
            ),
            color=MUTED,
            fontsize=9.5,
            va="top",
        )
        x = marks.numbers(path["month"])
        color, pattern, _ = LOOKS[0]
        axes.fill_between(x, path["low"], path["high"], color=color, alpha=0.16, lw=0)
        axes.plot(x, path["expected"], pattern, color=color, lw=2.2)
        axes.fill_between(x, path["needed_low"], path["needed_high"], color=TARGET, alpha=0.14, lw=0)
        axes.plot(x, path["needed"], color=TARGET, lw=1.8, ls=DASHES)
        axes.set_ylim(0, max(path["needed_high"].max(), path["high"].max()) * 1.06)
        marks.month_axis(axes, str(path["month"].iloc[0]), str(path["month"].iloc[-1]), lang)
        ends = path.iloc[-1]
        marks.end_labels(
            axes,
            [
                (x[-1], ends[column], f"{capital(term('column.' + column, lang))}\n{written}", ink)
                for column, written, ink in (
                    ("expected", words.about(ends["expected"], lang), color),
                    ("needed", words.number(ends["needed"], lang), TARGET),
                )
            ],
        )
    chances = "; ".join(f"{term('engine.' + r['engine'], lang)} {words.chance(r['probability'], lang)}" for r in rows)
    return drawn.describe(
        say(
            lang,
            vi="{title} {chances}. Dự kiến {e:a} người, cần {n:n} người.",
            en="{title} {chances}. Expected {e:a}, needed {n:n}.",
            title=title,
            chances=chances,
            e=ends["expected"],
            n=ends["needed"],
        )
    )
