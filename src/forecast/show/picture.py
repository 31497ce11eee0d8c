"""Pictures: what a planner sees first. The only module that imports matplotlib.

Every function takes frames and a language and returns a :class:`Picture`, a matplotlib figure that carries its own
description (`alt`) for people who do not see it. House style: names stand on the lines and not in a legend, lines
differ in pattern as well as color, units stand under the title, the source under the picture.
"""

import base64
import io
import textwrap

import numpy as np
import pandas as pd
from matplotlib import rc_context
from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.ticker import MaxNLocator

from forecast.data import history as facts
from forecast.data import places, tables
from forecast.data.law import SCHEME
from forecast.data.tables import GROUPS, UserError
from forecast.language import words
from forecast.language.words import say, term
from forecast.show import marks
from forecast.show.marks import INK, MUTED

WIDTH = 6.4  # inches; a page shows it at the width of its text, a phone at half its size
GRID, TARGET = "#dfe3e8", "#8c1d18"
DASHES = (0, (6, 2, 1, 2))  # the pattern of targets and of what they need
# One look for each line, darkest first, so that they stay apart in gray: color, pattern, marker.
LOOKS = (("#1b5e9b", "-", "o"), ("#b4561f", "--", "s"), ("#3f7d3a", "-.", "^"), ("#7b5ea7", ":", "D"))
STYLE = {"font.family": "DejaVu Sans", "font.size": 10.5, "text.color": INK, "axes.edgecolor": MUTED,
         "axes.labelcolor": INK, "xtick.color": MUTED, "ytick.color": MUTED, "axes.spines.top": False,
         "axes.spines.right": False, "axes.spines.left": False, "axes.grid": True, "axes.grid.axis": "y",
         "grid.color": GRID, "axes.axisbelow": True, "ytick.left": False, "hatch.linewidth": 0.4}
MANY = 12  # dots; where there are more, only the first, the last and the highest carry their number
ENGINES = ("agents", "stock", "series")  # the first of them that speaks is the one shown alone


class Picture(Figure):
    """A figure with a description in words; a notebook shows it as PNG, sharp on dense screens."""

    alt = ""

    def describe(self, text: str) -> "Picture":
        """Set the description and return the figure."""
        self.alt = " ".join(str(text).split())
        self.set_label(self.alt)
        return self

    def written(self) -> list[str]:
        """Return all that is written in the figure, for search, for tests, for people who read it with a machine."""
        self.draw_without_rendering()  # which writes the numbers at the ticks
        found = self.findobj(lambda artist: isinstance(artist, Text) and artist.get_visible())
        return [text for text in (artist.get_text().strip() for artist in found) if text]

    def png(self, dpi: int = 150) -> bytes:
        """Return the figure as PNG, which holds its description and texts too; the same figure gives the same bytes."""
        stream = io.BytesIO()
        with rc_context(STYLE):
            said = {"Software": None, "Description": self.alt, "Comment": "\n".join(self.written())}
            self.savefig(stream, format="png", dpi=dpi, facecolor="white", metadata=said,
                         pil_kwargs={"optimize": True})
        return stream.getvalue()

    def __repr__(self) -> str:
        return self.alt or super().__repr__()

    def _repr_mimebundle_(self, include=None, exclude=None):
        data = {"image/png": base64.b64encode(self.png()).decode(), "text/plain": self.alt}
        return data, {"image/png": {"alt": self.alt, "width": round(self.get_figwidth() * 100)}}


def fan(answer, scenario=None, measure: str = "members", lang: str = "vi", engine: str | None = None,
        group: str = "all", small: bool = False) -> Picture:
    """Draw the projected path of `measure` with its spread, over what was published.

    `answer` is a Projection of one place; `scenario` one Scenario or a list of them (it gives titles and the target;
    all scenarios of the answer when left out). The first one's spread is drawn (half of the draws in the dark band,
    90% in the light one), the others are lines. Filled dots were known at the start, hollow ones were not. A `small`
    picture is for a card that says the rest in words.
    """
    asked = [] if scenario is None else list(scenario) if isinstance(scenario, (list, tuple)) else [scenario]
    titles = {s.scenario: words.title(s, lang) for s in asked}
    acts = {s.scenario: bool(s.policy.levers) for s in asked}
    frame = answer.only(measure=measure, group=group).frame
    names = list(titles) or list(frame["scenario"].unique())
    engine = engine or _speaks(frame)
    frame = frame[(frame["engine"] == engine) & frame["scenario"].isin(names)]
    if frame.empty:
        raise UserError(f"nothing to draw: no {measure} of {group} by engine {engine} for {', '.join(names)}")
    place = asked[0].place if asked else places.read_place(str(frame["place"].iloc[0]))
    origin, until = str(frame["origin"].iloc[0]), max(frame["month"].astype(str))
    goals = (s.target for s in asked if s.target)
    goal = next((t for t in goals if (t.measure, t.group) == (measure, group)), None)
    what = term(f"measure.{measure}", lang) + ("" if group == "all" else f" ({term(f'group.{group}', lang)})")
    unit = term(f"unit.{tables.MEASURES[measure]}", lang)
    with rc_context(STYLE):
        changes = facts.price_changes(place, origin, until, law=asked[0].law if asked else None)
        if small:
            picture, axes = sheet("", f"{_capital(what)}, {unit}", "", height=2.7, width=3.9)
            axes.set_position((0.17, 0.125, 0.555, 0.735))
        else:
            picture, axes = sheet(
                f"{place.name}: {what}",
                say(lang, vi="Đơn vị: {unit}, cuối tháng. Dải đậm: một nửa số lần mô phỏng; dải nhạt: 9 phần "
                          "10.\nChấm đặc: số biết khi bắt đầu; chấm rỗng: số công bố về sau.",
                    en="Unit: {unit}, end of month. Dark band: half of the simulations; light: nine in ten.\nFilled "
                    "dot: known at the start; hollow dot: published later.", unit=unit),
                source_line(lang, place), height=4.7)
            axes.set_position((0.11, 0.135, 0.60, 0.565 if changes else 0.66))
        labels, said = [], []
        for name, (color, pattern, _) in zip(names, LOOKS * len(names), strict=False):
            rows = frame[frame["scenario"] == name]
            wide = rows.pivot(index="month", columns="draw", values="value").sort_index()
            if wide.empty:
                continue
            x = marks.numbers(wide.index)
            low, quarter, middle, upper, high = np.quantile(wide, (0.05, 0.25, 0.5, 0.75, 0.95), axis=1)
            if name == names[0]:
                axes.fill_between(x, low, high, color=color, alpha=0.16, lw=0)
                axes.fill_between(x, quarter, upper, color=color, alpha=0.28, lw=0)
            axes.plot(x, middle, pattern, color=color, lw=2.2)
            label = _short(titles.get(name, name), place.name)
            if small and len(names) > 1:
                label = _capital(term(f"card.{'plan' if acts.get(name) else 'quo'}", lang))
            labels.append((x[-1], middle[-1], f"{label}\n{words.about(middle[-1], lang)}", color))
            said.append(say(lang, vi="{label}: mức giữa {m:a}, 9 phần 10 trong khoảng {low:a} – {high:a}",
                            en="{label}: median {m:a}, nine in ten between {low:a} and {high:a}", label=label,
                            m=middle[-1], low=low[-1], high=high[-1]))
        counted = marks.published_dots(axes, place, measure, group, origin, until, lang)
        if goal:
            x, label = marks.number(goal.by), term("column.target", lang).capitalize()
            axes.plot([marks.number(origin), x], [goal.value] * 2, color=TARGET, lw=1.2, ls=DASHES)
            axes.plot([x], [goal.value], marker="*", ms=13, color=TARGET, mec="white", zorder=5, clip_on=False)
            labels.append((marks.number(until), goal.value, f"{label}\n{words.number(goal.value, lang)}", TARGET))
            said.append(say(lang, vi="chỉ tiêu {v:n} vào {by:t}", en="target {v:n} by {by:t}", v=goal.value,
                            by=goal.by))
        axes.set_ylim(0, max(axes.get_ylim()[1], max(m[1] for m in labels) * 1.06))
        marks.month_axis(axes, origin, until, lang, most=3 if small else 6)
        marks.end_labels(axes, labels, width=13 if small else 22)
        if not small:
            marks.law_ticks(picture, axes, changes, lang)
        marks.beside(axes, counted)
    return picture.describe(say(
        lang, vi="Biểu đồ {what} tại {place} từ {a:t} đến {b:t}. {said}.",
        en="Chart of {what} in {place} from {a:t} to {b:t}. {said}.", what=what, place=place.name, a=origin, b=until,
        said="; ".join(said)))


def target(table: pd.DataFrame, path: pd.DataFrame, scenario=None, lang: str = "vi") -> Picture:
    """Draw the target desk: the probability by each engine, and the path that the target needs beside the expected one.

    `table` and `path` are those of `decide.target_table` and `decide.needed_path`.
    """
    goal, by = float(table["target"].iloc[0]), str(table["by"].iloc[0])
    place = scenario.place if scenario is not None else None
    title = say(lang, vi="Có đạt {v:n} người vào {by:T}?", en="Will {v:n} be reached by {by:T}?", v=goal, by=by)
    title = f"{place.name}: {title}" if place else title
    rows, tall = table.to_dict("records"), 0.32 * len(table)  # inches
    with rc_context(STYLE):
        picture, top = sheet(title, say(lang, vi="Khả năng đạt, theo từng cách tính (vạch đậm: sai số mô phỏng)",
                                         en="Probability by each engine (thick line: error of the simulation)"),
                              source_line(lang, place), height=4.3 + tall)
        inch = 1 / picture.get_figheight()
        top.set_position((0.41, 1 - (0.72 + tall) * inch, 0.43, tall * inch))
        for y, row in enumerate(rows):
            p, spread = row["probability"], 1.96 * row["standard_error"]
            top.plot([0, 1], [y, y], color=GRID, lw=5, solid_capstyle="round", clip_on=False)
            top.plot([max(0, p - spread), min(1, p + spread)], [y, y], color=LOOKS[0][0], lw=5, alpha=0.45)
            top.plot([p], [y], marker=LOOKS[0][2], ms=8, color=LOOKS[0][0], clip_on=False)
            top.text(-0.04, y, _capital(term(f"engine.{row['engine']}", lang)), ha="right", va="center")
            top.text(1.04, y, words.chance(p, lang), ha="left", va="center", fontweight="bold")
        top.set(xlim=(0, 1), ylim=(len(rows) - 0.4, -0.6), yticks=[], xticks=[])
        top.grid(False)
        top.spines["bottom"].set_visible(False)
        axes = picture.add_axes((0.11, 0.6 * inch, 0.60, 2.3 * inch))
        picture.text(0.02, 1 - (0.86 + tall) * inch, say(
            lang, vi="Đường cần đi để đạt chỉ tiêu và đường dự kiến\n(người, cuối tháng; dải nhạt: 9 phần 10)",
            en="The path that the target needs, and the path expected\n(persons, end of month; bands: nine in ten)"),
            color=MUTED, fontsize=9.5, va="top")
        x = marks.numbers(path["month"])
        color, pattern, _ = LOOKS[0]
        axes.fill_between(x, path["low"], path["high"], color=color, alpha=0.16, lw=0)
        axes.plot(x, path["expected"], pattern, color=color, lw=2.2)
        axes.fill_between(x, path["needed_low"], path["needed_high"], color=TARGET, alpha=0.14, lw=0)
        axes.plot(x, path["needed"], color=TARGET, lw=1.8, ls=DASHES)
        axes.set_ylim(0, max(path["needed_high"].max(), path["high"].max()) * 1.06)
        marks.month_axis(axes, str(path["month"].iloc[0]), str(path["month"].iloc[-1]), lang)
        ends = path.iloc[-1]
        marks.end_labels(axes, [(x[-1], ends[column], f"{_capital(term('column.' + column, lang))}\n{written}", ink)
                     for column, written, ink in (("expected", words.about(ends["expected"], lang), color),
                                                  ("needed", words.number(ends["needed"], lang), TARGET))])
    chances = "; ".join(f"{term('engine.' + r['engine'], lang)} {words.chance(r['probability'], lang)}" for r in rows)
    return picture.describe(say(
        lang, vi="{title} {chances}. Dự kiến {e:a} người, cần {n:n} người.",
        en="{title} {chances}. Expected {e:a}, needed {n:n}.", title=title, chances=chances, e=ends["expected"],
        n=ends["needed"]))


def versus(comparison: pd.DataFrame, lang: str = "vi", measure: str = "members", titles: dict | None = None,
           place=None, plan: str = "", base: str = "") -> Picture:
    """Draw what each scenario adds to the base, by group: median and the interval that holds nine draws in ten.

    More than three scenarios are drawn as a whole only, or nobody would see them side by side. `comparison` is the
    frame of `decide.comparison`; `titles` gives scenarios a name for people, `plan` is the title of a single one,
    to stand over the picture, `base` that of the base if it is no status quo.
    """
    rows = comparison[comparison["measure"] == measure]
    if rows.empty:
        raise UserError(f"nothing to draw: the comparison has no {measure}")
    engine, titles = _speaks(rows), titles or {}
    name = place.name if place is not None else str(rows["place"].iloc[0])
    several = rows["scenario"].nunique()
    drawn = ("all", *GROUPS) if several <= 3 else ("all",)
    shown = pd.concat([rows[(rows["engine"] == engine) & (rows["group"] == g)] for g in drawn]
                      + [rows[(rows["engine"] != engine) & (rows["group"] == "all")]])
    shown = pd.concat([part for _, part in shown.groupby("scenario", observed=True, sort=False)])
    with rc_context(STYLE):
        picture, axes = sheet(
            f"{name}: " + say(lang, vi="phần tăng thêm nhờ chính sách", en="what the policy adds"),
            (f"{_short(plan, name)}\n" if plan else "") + say(lang, vi="{measure}: chênh so với {base} (vạch: "
                                                                    "9 phần 10 số lần mô phỏng)",
                en="{measure}: difference from {base} (line: nine in ten simulations)", base=words.against(base, lang),
                measure=_capital(term(f"measure.{measure}", lang))),
            source_line(lang, place), height=1.5 + 0.42 * len(shown) + (0.2 if plan else 0))
        inch = 1 / picture.get_figheight()
        axes.set_position((0.44, 0.55 * inch, 0.39, 1 - (1.65 if plan else 1.45) * inch))
        said = []
        for y, row in enumerate(shown.to_dict("records")):
            color, pattern, marker = LOOKS[0] if row["engine"] == engine else LOOKS[1]
            axes.plot([row["low"], row["high"]], [y, y], pattern, color=color, lw=2.2)
            axes.plot([row["median"]], [y], marker=marker, ms=8, color=color)
            group = term(f"group.{row['group']}", lang)
            label = [] if several > 3 else [group]
            label = [_short(titles.get(row["scenario"], row["scenario"]), name), *label] if several > 1 else label
            label = ": ".join(label)
            said += [f"{label} {signed(row['median'], lang)}"] if row["engine"] == engine else []
            label += "" if row["engine"] == engine else f" ({term('engine.' + row['engine'], lang)})"
            axes.text(-0.03, y, textwrap.fill(_capital(label), 32), transform=axes.get_yaxis_transform(),
                      ha="right", va="center")
            axes.text(1.03, y, signed(row["median"], lang), transform=axes.get_yaxis_transform(), ha="left",
                      va="center", fontweight="bold")
        axes.axvline(0, color=INK, lw=1)
        axes.set(ylim=(len(shown) - 0.4, -0.6), yticks=[])
        axes.grid(False)
        axes.grid(True, axis="x", color=GRID)
        axes.xaxis.set_major_locator(MaxNLocator(4))
        axes.xaxis.set_major_formatter(lambda v, _: words.number(v, lang))
    return picture.describe(say(lang, vi="Chênh lệch so với {base}: {said}.", en="Difference from {base}: {said}.",
                                said="; ".join(said), base=words.against(base, lang)))


def groups(answer, scenario=None, measure: str = "members", lang: str = "vi", engine: str | None = None) -> Picture:
    """Draw one small picture for each group, each with its own scale: who is reached and who is not."""
    frame = answer.only(measure=measure, group=list(GROUPS)).frame
    engine = engine or _speaks(frame)
    name = scenario.scenario if scenario is not None else str(frame["scenario"].iloc[0])
    frame = frame[(frame["engine"] == engine) & (frame["scenario"] == name)]
    if frame.empty:
        raise UserError(f"nothing to draw: no {measure} by group of engine {engine} for {name}")
    place = scenario.place if scenario is not None else places.read_place(str(frame["place"].iloc[0]))
    said = []
    with rc_context(STYLE):
        picture, first = sheet(
            say(lang, vi="{place}: {measure} theo nhóm", en="{place}: {measure} by group", place=place.name,
                measure=term(f"measure.{measure}", lang)),
            say(lang, vi="{unit}, mỗi hình một thang đo riêng; dải nhạt: 9 phần 10 số lần mô phỏng",
                en="{unit}, each picture on its own scale; band: nine in ten simulations",
                unit=_capital(term(f"unit.{tables.MEASURES[measure]}", lang))),
            source_line(lang, place), height=5.2)
        for index, group in enumerate(GROUPS):
            axes = first if index == 0 else picture.add_axes((0, 0, 0.1, 0.1))
            axes.set_position((0.10 + 0.48 * (index % 2), 0.555 - 0.40 * (index // 2), 0.30, 0.235))
            wide = frame[frame["group"] == group].pivot(index="month", columns="draw", values="value").sort_index()
            x = marks.numbers(wide.index)
            low, middle, high = np.quantile(wide, (0.05, 0.5, 0.95), axis=1)
            color, pattern, _ = LOOKS[index]
            axes.fill_between(x, low, high, color=color, alpha=0.18, lw=0)
            axes.plot(x, middle, pattern, color=color, lw=2.2)
            axes.set_title(term(f"group.{group}", lang).capitalize(), loc="left", fontsize=10.5, color=color)
            axes.set_ylim(0, max(high.max() * 1.1, 1))
            marks.month_axis(axes, wide.index[0], wide.index[-1], lang, most=3)
            axes.yaxis.set_major_locator(MaxNLocator(3, integer=True))
            marks.end_labels(axes, [(x[-1], middle[-1], words.about(middle[-1], lang), color)])
            said.append(f"{term(f'group.{group}', lang)} {words.about(middle[-1], lang)}")
    return picture.describe(say(lang, vi="{measure} tại {place} vào {m:t}, mức giữa theo nhóm: {said}.",
                                en="{measure} in {place} by {m:t}, medians by group: {said}.", place=place.name,
                                measure=term(f"measure.{measure}", lang).capitalize(), m=max(wide.index),
                                said="; ".join(said)))


def teams(rules: dict[str, pd.DataFrame], place, lang: str = "vi") -> Picture:
    """Draw what commune teams do under one or more rules: members, new visits, and due members called on.

    `rules` gives each rule a name for people and its months as `forecast.observe` returns them.
    """
    rows = (
        (say(lang, vi="Số người đang tham gia", en="Members"), "members", "sum", words.about),
        (say(lang, vi="Lượt đến nhà người chưa tham gia, mỗi tháng", en="Visits a month to those who have not joined"),
         "visits", "sum", words.about),
        (say(lang, vi="Phần người đến hạn được gọi nhắc", en="Share of due members called on"), "called", "mean",
         words.percent),
    )
    said = []
    with rc_context(STYLE):
        picture, first = sheet(
            say(lang, vi="{place}: các tổ thu làm gì mỗi tháng", en="{place}: what the teams do each month",
                place=place.name),
            say(lang, vi="Trung bình các lần mô phỏng, cả địa bàn", en="Means of the simulations, the whole place"),
            source_line(lang, place), height=6.4)
        for index, (title, column, how, form) in enumerate(rows):
            axes = first if index == 0 else picture.add_axes((0, 0, 0.1, 0.1))
            axes.set_position((0.11, 0.665 - 0.27 * index, 0.60, 0.175))
            ends, top = [], 0.0
            for number, (name, frame) in enumerate(rules.items()):
                months = frame.groupby("month")[column].agg(how)
                x, (color, pattern, _) = marks.numbers(months.index), LOOKS[number]
                axes.plot(x, months, pattern, color=color, lw=2.0)
                top = max(top, months.max())
                ends.append((x[-1], months.iloc[-1], f"{name}\n{form(months.iloc[-1], lang)}", color))
                said.append(f"{title}, {name}: {form(months.iloc[-1], lang)}")
            axes.set_title(title, loc="left", fontsize=10)
            axes.set_ylim(0, 1.1 * top or 1)  # the line itself is not cut
            axes.yaxis.set_major_locator(MaxNLocator(3))
            marks.month_axis(axes, months.index[0], months.index[-1], lang)
            axes.yaxis.set_major_formatter(lambda y, _, form=form: form(y, lang))
            marks.end_labels(axes, ends)
    return picture.describe(say(lang, vi="Tổ thu tại {place} đến {m:t}. {said}.",
                                en="Teams in {place} by {m:t}. {said}.", place=place.name,
                                m=months.index[-1], said="; ".join(said)))


def history(place, lang: str = "vi", measure: str = "members", until: str | None = None) -> Picture:
    """Draw what was published about `place`: counts as dots, plans and targets as stars, changes of price as ticks."""
    rows = place.history
    rows = rows[(rows["place"] == place.name) & (rows["measure"] == measure) & (rows["scheme"] == SCHEME)
                & (rows["group"] == "all") & rows["value"].notna() & (rows["status"] != "conflicting")]
    if rows.empty:
        raise UserError(f"{place.name}: data/history.csv has no {measure} to draw")
    rows = rows[rows["kind"].isin(["observation", "plan", "target"])].sort_values("month", kind="stable")
    rows = rows[rows["month"] <= (until or rows["month"].max())]
    since, until = rows["month"].iloc[0], rows["month"].iloc[-1]
    with rc_context(STYLE):
        picture, axes = sheet(
            say(lang, vi="{place}: số liệu đã công bố về {measure}", en="{place}: what was published about {measure}",
                place=place.name, measure=term(f"measure.{measure}", lang)),
            say(lang, vi="Người. Chấm: thực hiện (rỗng: {recalled}); sao: kế hoạch, mục tiêu",
                en="Persons. Dots: observed (hollow: {recalled}); stars: plans and targets",
                recalled=term("status.recalled", lang)), source_line(lang, place, own=False), height=4.4)
        changes = facts.price_changes(place, since, until)
        axes.set_position((0.11, 0.145, 0.84, 0.56 if changes else 0.66))
        seen = rows[rows["kind"] == "observation"]
        axes.plot(marks.numbers(seen["month"]), seen["value"], color=LOOKS[0][0], lw=1, ls=":")
        texts = []
        for row in rows.itertuples():
            wish, x = row.kind != "observation", marks.number(row.month)
            color = TARGET if wish else LOOKS[0][0]
            face = "white" if row.status == "recalled" else color
            marker, size = ("*", 12) if wish else ("o", 8)
            axes.plot([x], [row.value], marker=marker, ms=size, color=color, mfc=face, mew=1.5)
            told = len(rows) <= MANY or row.month in (since, until) or row.value == rows["value"].max()
            texts.append((x, row.value, words.number(row.value, lang) if told else "", color))
        axes.set_ylim(0, rows["value"].max() * 1.18)
        pad = max(1, round(0.06 * (marks.number(until) - marks.number(since))))
        marks.month_axis(axes, since, until, lang, pad=pad)
        marks.dot_labels(picture, axes, texts)
        marks.law_ticks(picture, axes, changes, lang)
    said = "; ".join(f"{words.month(r.month, lang)} {words.number(r.value, lang)} ({term(f'kind.{r.kind}', lang)})"
                     for r in (rows if len(rows) <= MANY else rows.iloc[[0, -1]]).itertuples())
    return picture.describe(say(lang, vi="Số liệu đã công bố tại {place}: {said}.", en="Published for {place}: "
                                                                                    "{said}.",
                                place=place.name, said=said))


def price(place, since: str = "2018-01", until: str = "2027-12", lang: str = "vi", law=None) -> Picture:
    """Draw the least that a person of each group pays for a month, as the law and local top-ups change."""
    months = pd.period_range(since, until, freq="M")
    net = facts.net_prices(place, months, law)
    with rc_context(STYLE):
        picture, axes = sheet(
            say(lang, vi="{place}: mức đóng thấp nhất sau hỗ trợ", en="{place}: the least to pay after support",
                place=place.name),
            say(lang, vi="Đồng mỗi tháng, theo nhóm", en="VND a month, by group")
            + (say(lang, vi="; mức từ 2027 theo chuẩn nghèo mới là suy luận",
                   en="; that of 2027 follows the new poverty line (inferred)") if until >= "2027" else ""),
            say(lang, vi="Nguồn: luật, nghị định và nghị quyết ghi ở cuối trang",
                en="Source: the laws, decrees and resolutions listed at the end of the page"), height=4.3)
        axes.set_position((0.115, 0.135, 0.575, 0.66))
        x, labels, drawn = marks.numbers(months.astype(str)), [], {}
        for index, group in enumerate(GROUPS):
            path = tuple(net[group])
            drawn.setdefault(path, []).append(group)
            if len(drawn[path]) == 1:
                axes.step(x, path, where="post", color=LOOKS[index][0], ls=LOOKS[index][1], lw=2.2)
        for path, who in drawn.items():
            color = LOOKS[GROUPS.index(who[0])][0]
            name = ", ".join(term(f"group.{g}", lang) for g in who)
            labels.append((x[-1], path[-1], f"{name[:1].upper()}{name[1:]}\n{words.vnd(path[-1], lang)}", color))
        axes.set_ylim(0, max(max(p) for p in drawn) * 1.12)
        marks.month_axis(axes, since, until, lang, most=5)
        marks.end_labels(axes, labels, width=25)
    ends = {g: (words.vnd(net[g].iloc[0], lang), words.vnd(net[g].iloc[-1], lang)) for g in GROUPS}
    said = "; ".join(f"{term(f'group.{g}', lang)} {a} → {b}" for g, (a, b) in ends.items())
    return picture.describe(say(lang, vi="Mức đóng thấp nhất sau hỗ trợ tại {place}, {a:t} và {b:t}: {said}.",
                                en="Least to pay after support in {place}, {a:t} and {b:t}: {said}.",
                                place=place.name, a=since, b=until, said=said))


def sheet(title: str, subtitle: str, source: str, height: float, width: float = WIDTH) -> tuple[Picture, object]:
    """Return an empty picture with its words in place, and axes to be moved where the caller wants them."""
    picture = Picture(figsize=(width, height))
    inch = 1 / height
    picture.text(0.02, 1 - 0.14 * inch, textwrap.fill(title, 56), fontsize=12.5, fontweight="bold", va="top")
    subtitle = "\n".join(textwrap.fill(line, 84) for line in subtitle.split("\n"))
    picture.text(0.02, 1 - (0.44 if title else 0.1) * inch, subtitle, color=MUTED, fontsize=9.5, va="top")
    picture.text(0.02, 0.06 * inch, source, color=MUTED, fontsize=7.5, va="bottom")
    return picture, picture.add_axes((0.1, 0.15, 0.65, 0.6))


def source_line(lang: str, place=None, own: bool = True, most: int = 3) -> str:
    """Return the line under a picture: our runs (`own`), and who published the figures that they stand on."""
    names = [words.form(name, "publisher", lang) for name in facts.publishers(place)] if place is not None else []
    more = say(lang, vi=" và {n:n} nguồn khác", en=" and {n:n} more", n=len(names) - most) if len(names) > most else ""
    seen = ", ".join(names[:most]) + more
    if own:
        seen = (say(lang, vi="mô phỏng của bộ công cụ này", en="simulations of this workbench")
                + (say(lang, vi="; số đã công bố: ", en="; published figures: ") + seen if seen else ""))
    if place is not None and (place.history["status"] == "synthetic").any():
        seen += say(lang, vi="; một phần là số giả lập do máy tạo ra", en="; some counts are invented by the machine")
    return textwrap.fill(say(lang, vi="Nguồn: ", en="Source: ") + seen, 108)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _short(title: str, place: str) -> str:
    """Return a scenario's title without the place, which the picture's own title names."""
    return _capital(title.removeprefix(place).lstrip(" ,:–-")) or title


def _speaks(frame: pd.DataFrame) -> str:
    """Return the engine to show alone: the first of ours that has an answer, else whichever has."""
    there = list(frame["engine"].unique())
    return next((e for e in ENGINES if e in there), str(there[0]) if there else "")


def signed(x: float, lang: str) -> str:
    """Return a difference with its sign, rounded for reading."""
    return ("+" if x > 0 else "") + words.about(x, lang)
