"""Will the target be met: the answer in two lines, the target desk as tables, text and a picture."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from forecast.answer import stated
from forecast.answer.projection import Projection
from forecast.data import frames, history
from forecast.data.tables import UserError
from forecast.engines import USUAL
from forecast.language import words
from forecast.language.words import Chance, Text, form, join, say, term
from forecast.question.scenario import Scenario, Target
from forecast.show import marks
from forecast.show.marks import MUTED
from forecast.show.picture import DASHES, LOOKS, TARGET, Picture, capital, redrawn, sheet, source_line, speaks, style

AXIS = 0.2  # inches of the ticks of an axis
APART = 0.05  # of probability: where engines differ by more, the page says why


def goal(scenario: Scenario) -> Target:
    """Return the target of a scenario; one without a target is an error that names it."""
    if scenario.target is None:
        raise UserError("{scenario}: no target; expected target: {{measure, value, by}}", scenario=scenario.scenario)
    return scenario.target


def _row(desk: pd.DataFrame, engine: str | None) -> dict[str, Any]:
    """Return the row of a target desk to speak about, as a dict."""
    return frames.records(desk[desk["engine"] == (engine or speaks(desk))])[0]


def _registered(desk: pd.DataFrame, scenario: Scenario) -> pd.DataFrame:
    """Tell the figures of a target desk, and return it with probabilities that know their draws."""
    aim = goal(scenario)
    names = {"probability": f"probability of {aim.value:g}", "median": "median", "low": "low", "high": "high"}
    since = f" since {aim.since}" if aim.since else ""
    stated.tell(stated.rows(desk.assign(measure=aim.measure + since), names, month=aim.by, group=aim.group))
    return words.counted(desk)


def side(gap: float, lang: str) -> Text:
    """Return the words for a median that is `gap` more than a target, or less where `gap` is below zero."""
    if gap < 0:
        return say(lang, vi="thiếu khoảng", en="short of")
    return say(lang, vi="vượt khoảng", en="above")


def headline(desk: pd.DataFrame, scenario: Scenario, lang: str = "vi", engine: str | None = None) -> Text:
    """Return the answer in two lines: will the target be met, and how much is missing."""
    row = _row(_registered(desk, scenario), engine)
    sentence = say(
        lang,
        place=scenario.place.name,
        p=row["probability"],
        target=row["target"],
        by=row["by"],
        median=row["median"],
        low=row["low"],
        high=row["high"],
        gap=abs(row["gap"]),
        word=side(row["gap"], lang),
        draws=row["draws"],
        vi="> **{p:v}**  \n> Khả năng đạt chỉ tiêu {target:n} người tham gia BHXH tự nguyện vào {by:T}: **{p:c}** "
        "({draws:n} lần mô phỏng). "
        "Dự kiến khoảng {median:a} người (khoảng dự báo 90%: {low:a} – {high:a}), {word} {gap:a} người "
        "so với chỉ tiêu.",
        en="> **{p:v}**  \n> Probability that {place} has {target:n} members by {by:T}: **{p:c}** ({draws:n} draws). "
        "Expected are "
        "about {median:a} (90% interval: {low:a} to {high:a}), about {gap:a} {word} it.",
    )
    return join([sentence, _target_status(scenario, lang)], " ")


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
    counted = {p.share: p for p in words.counted(desk)["probability"]}
    p, low, high = desk["probability"], desk["probability"].min(), desk["probability"].max()
    silent = [term(f"engine.{e}", lang) for e in USUAL if e not in set(desk["engine"])]
    spoken = ""
    if len(p) > 1 and low == 0:
        spoken = say(
            lang,
            high=counted[float(high)],
            vi="Không cách tính nào cho khả năng cao hơn {high:c}.",
            en="No engine gives a probability above {high:c}.",
        )
    elif len(p) > 1:
        spoken = say(
            lang,
            low=counted[float(low)],
            high=counted[float(high)],
            vi="Các cách tính cho khả năng từ {low:c} đến {high:c}.",
            en="The engines give probabilities from {low:c} to {high:c}.",
        )
    if len(p) > 1 and form(counted[float(low)], "c", lang) == form(counted[float(high)], "c", lang):
        spoken = say(
            lang,
            p=counted[float(low)],
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


def desk_table(desk: pd.DataFrame, scenario: Scenario, lang: str = "vi") -> Text:
    """Return the target desk as a table: one row for each engine, the probability with its Monte Carlo error."""
    people = dict.fromkeys(("median", "low", "high", "gap"), "a")
    return words.table(_registered(desk, scenario), lang, {"engine": "", "probability": "c", "draws": "n"} | people)


def readings(desks: Sequence[tuple[pd.DataFrame, Scenario]], lang: str = "vi") -> Text:
    """Return the target desk of several readings of one goal, one table: what is counted, and how likely it is."""
    parts = []
    for desk, scenario in desks:
        aim = goal(scenario)
        measure_name = term(f"measure.{aim.measure}", lang)
        span = say(lang, a=aim.since or aim.by, b=aim.by, vi="{a:t} đến {b:t}", en="{a:t} to {b:t}")
        reading = f"{measure_name}, {span}" if aim.since else f"{measure_name}, {words.form(aim.by, 't', lang)}"
        parts.append(_registered(desk, scenario).assign(reading=reading)[desk["engine"].isin(["agents", "stock"])])
    people = dict.fromkeys(("median", "low", "high", "gap"), "a")
    forms = {"reading": "", "engine": "", "probability": "c", "draws": "n"} | people
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
        verdict = row["probability"]
        row["low"], row["high"] = np.nan, np.nan
        rows.append(_registered(row, s).assign(target=aim.value, by=aim.by, verdict=verdict))
    forms = {"place": "", "target": "n", "by": "t", "median": "a", "gap": "a", "probability": "c", "verdict": "v"}
    return words.table(pd.concat(rows), lang, forms)


def _tell_path(path: pd.DataFrame) -> None:
    """Tell the figures of a path to a target: each month's, needed and expected."""
    names = {"expected": "median", "low": "low", "high": "high", "needed": "needed for the target"}
    figures = stated.rows(path, names, measure="members")
    if "entries_needed" in path:
        flows = {"entries_expected": "median of the month", "entries_needed": "needed for the target"}
        figures += stated.rows(path.iloc[1:], flows, measure="entries")
    stated.tell(figures)


def path_text(path: pd.DataFrame, lang: str = "vi") -> Text:
    """Say what each month must bring to meet the target, beside what is expected."""
    if "entries_needed" not in path:
        return Text("")
    _tell_path(path)
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
    _tell_path(path)
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


@redrawn
def picture(table: pd.DataFrame, path: pd.DataFrame, scenario: Scenario | None = None, lang: str = "vi") -> Picture:
    """Draw the target desk: the probability by each engine, and the path that the target needs beside the expected one.

    `table` and `path` are those of `decide.target_table` and `decide.needed_path`.
    """
    wanted, by = float(table["target"].iloc[0]), str(table["by"].iloc[0])
    place = scenario.place if scenario is not None else None
    _tell_path(path)
    if scenario is not None:
        _registered(table, scenario)
    title = say(
        lang,
        vi="khả năng đạt {v:n} người vào {by:T} là {p:c}",
        en="{v:n} by {by:T}: a chance of {p:c}",
        v=wanted,
        by=by,
        p=_row(words.counted(table), None)["probability"],
    )
    title = say(lang, vi="{place}: {title}", en="{place}: {title}", place=place.name, title=title) if place else title
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
            height=4.3 + AXIS + tall,
        )
        inch = 1 / drawn.get_figheight()
        top.set_position((0.41, 1 - (0.72 + tall) * inch, 0.43, tall * inch))
        for y, row in enumerate(rows):
            p = Chance(row["probability"], row["draws"])
            spread = words.error(*p)
            top.plot([max(0, p.share - spread), min(1, p.share + spread)], [y, y], color=LOOKS[0][0], lw=5, alpha=0.45)
            top.plot([p.share], [y], marker=LOOKS[0][2], ms=8, color=LOOKS[0][0], clip_on=False)
            top.text(-0.04, y, capital(term(f"engine.{row['engine']}", lang)), ha="right", va="center")
            top.text(1.04, y, words.chance(p, lang), ha="left", va="center", fontweight="bold")
        top.set(xlim=(0, 1), ylim=(len(rows) - 0.4, -0.6), yticks=[], xticks=[0, 0.5, 1])
        top.xaxis.set_major_formatter(lambda v, _: words.percent(v, lang))
        top.grid(False)
        top.grid(True, axis="x")
        axes = drawn.add_axes((0.11, 0.6 * inch, 0.60, 2.3 * inch))
        drawn.text(
            0.02,
            1 - (0.86 + AXIS + tall) * inch,
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
    chances = "; ".join(
        f"{term('engine.' + r['engine'], lang)} {words.chance(Chance(r['probability'], r['draws']), lang)}"
        for r in rows
    )
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
