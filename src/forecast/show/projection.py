"""The projected path: its picture, and what the counts published since say of it."""

from collections.abc import Sequence

import numpy as np

from forecast.answer import stated
from forecast.answer.projection import Projection
from forecast.data import history, places, tables
from forecast.data.tables import UserError
from forecast.language import words
from forecast.language.words import Text, listing, say, term
from forecast.question.scenario import Scenario, Target
from forecast.show import marks
from forecast.show.picture import (
    DASHES,
    LOOKS,
    TARGET,
    Picture,
    capital,
    redrawn,
    sheet,
    short,
    source_line,
    speaks,
    style,
)


@redrawn
def fan(
    answer: Projection,
    scenario: Scenario | Sequence[Scenario] | None = None,
    measure: str = "members",
    lang: str = "vi",
    engine: str | None = None,
    group: str = "all",
    small: bool = False,
) -> Picture:
    """Draw the projected path of `measure` with its spread, over what was published.

    `answer` is a Projection of one place; `scenario` one Scenario or a list of them (it gives titles and the target;
    all scenarios of the answer when left out). The first one's spread is drawn (half of the draws in the dark band,
    90% in the light one), the others are lines. Filled dots were known at the start, hollow ones were not. A `small`
    picture is for a card that says the rest in words.
    """
    asked = [] if scenario is None else [scenario] if isinstance(scenario, Scenario) else list(scenario)
    titles = {s.scenario: words.title(s, lang) for s in asked}
    acts = {s.scenario: s.policy != s.policy.in_force(s.start) for s in asked}  # beyond what goes on anyway
    frame = answer.only(measure=measure, group=group).frame
    names = list(titles) or list(frame["scenario"].unique())
    engine = engine or speaks(frame)
    frame = frame[(frame["engine"] == engine) & frame["scenario"].isin(names)]
    if frame.empty:
        raise UserError(
            "nothing to draw: no {measure} of {group} by engine {engine} for {known}",
            measure=measure,
            group=group,
            engine=engine,
            known=", ".join(names),
        )
    place = asked[0].place if asked else places.read_place(str(frame["place"].iloc[0]))
    origin, until = str(frame["origin"].iloc[0]), max(frame["month"].astype(str))
    goals = (s.target for s in asked if s.target)
    goal = next((t for t in goals if (t.measure, t.group) == (measure, group)), None)
    months_stated = {until, goal.by} if goal else {until}
    stated.tell(stated.paths(frame[frame["month"].astype(str).isin(months_stated)]))
    what = term(f"measure.{measure}", lang) + ("" if group == "all" else f" ({term(f'group.{group}', lang)})")
    unit = term(f"unit.{tables.MEASURES[measure]}", lang)
    with style():
        changes = history.price_changes(place, origin, until, law=asked[0].law if asked else None)
        if small:
            ends = (
                "" if not goal or goal.by == until else say(lang, vi="; bên phải: {m:t}", en="; right: {m:t}", m=until)
            )
            picture, axes = sheet("", f"{capital(what)}, {unit}{ends}", "", height=2.7, width=3.9)
            axes.set_position((0.17, 0.125, 0.555, 0.735))
        else:
            at = goal.by if goal and goal.by <= until else until
            first = frame[(frame["scenario"] == names[0]) & (frame["month"].astype(str) == at)]["value"]
            picture, axes = sheet(
                _finding(place.name, float(first.median()), at, goal, lang),
                say(
                    lang,
                    vi="{what} ({unit}), cuối tháng; dải: khoảng dự báo 50% và 90%.\nChấm đặc: số biết khi bắt đầu; "
                    "chấm rỗng: số công bố về sau.",
                    en="{what} ({unit}), end of month; bands: 50% and 90% intervals.\nFilled dot: known at the start; "
                    "hollow dot: published later.",
                    what=capital(what),
                    unit=unit,
                ),
                source_line(lang, place),
                height=4.7,
            )
            axes.set_position((0.11, 0.135, 0.60, 0.565 if changes else 0.66))
        labels, forecasts = [], []
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
            label = short(titles.get(name, name), place.name, lang)
            if small and len(names) > 1:
                label = capital(term(f"card.{'plan' if acts.get(name) else 'quo'}", lang))
            labels.append((x[-1], middle[-1], f"{label}\n{words.about(middle[-1], lang)}", color))
            forecasts.append(
                say(
                    lang,
                    vi="{label}: mức giữa {m:a}, khoảng dự báo 90%: {low:a} – {high:a}",
                    en="{label}: median {m:a}, 90% interval: {low:a} to {high:a}",
                    label=label,
                    m=middle[-1],
                    low=low[-1],
                    high=high[-1],
                )
            )
        counted = marks.published_dots(axes, place, measure, group, origin, until, lang)
        if goal:
            due, label = marks.number(goal.by), term("column.target", lang).capitalize()
            axes.plot([marks.number(origin), due], [goal.value] * 2, color=TARGET, lw=1.2, ls=DASHES)
            axes.plot([due], [goal.value], marker="*", ms=13, color=TARGET, mec="white", zorder=5, clip_on=False)
            labels.append((marks.number(until), goal.value, f"{label}\n{words.number(goal.value, lang)}", TARGET))
            forecasts.append(
                say(lang, vi="chỉ tiêu {v:n} vào {by:t}", en="target {v:n} by {by:t}", v=goal.value, by=goal.by)
            )
        axes.set_ylim(0, max(axes.get_ylim()[1], max(m[1] for m in labels) * 1.06))
        marks.month_axis(axes, origin, until, lang, most=3 if small else 6)
        marks.end_labels(axes, labels, width=13 if small else 22)
        if not small:
            marks.law_ticks(picture, axes, changes, lang)
        marks.beside(axes, counted)
    return picture.describe(
        say(
            lang,
            vi="Biểu đồ {what} tại {place} từ {a:t} đến {b:t}. {forecasts}.",
            en="Chart of {what} in {place} from {a:t} to {b:t}. {forecasts}.",
            what=what,
            place=place.name,
            a=origin,
            b=until,
            forecasts="; ".join(forecasts),
        )
    )


def _finding(place: str, middle: float, month: str, goal: Target | None, lang: str) -> Text:
    """Say what a projection comes to, as the title of its picture."""
    if goal is None:
        vi, en = "{place}: khoảng {m:a} vào {month:t}", "{place}: about {m:a} by {month:t}"
        return say(lang, vi=vi, en=en, place=place, m=middle, month=month)
    return say(
        lang,
        vi="{place}: khoảng {m:a} vào {month:t}, chỉ tiêu {goal:n}",
        en="{place}: about {m:a} by {month:t}, target {goal:n}",
        place=place,
        m=middle,
        month=month,
        goal=goal.value,
    )


def outcome_text(answer: Projection, scenario: Scenario, lang: str = "vi", engine: str | None = None) -> Text:
    """Hold the projection against counts that were published of later months: inside its interval, or not."""
    frame = answer.only(scenario=scenario.scenario, measure="members", group="all").frame
    frame = frame[frame["engine"] == (engine or speaks(frame))]
    lines = []
    observed = scenario.place.observed(until=scenario.until)
    for month, value in zip(observed.index, observed.to_numpy(float), strict=True):
        draws = frame[frame["month"].astype(str) == str(month)]["value"]
        if month <= tables.month(scenario.start) or draws.empty:
            continue
        stated.tell(stated.paths(frame.loc[draws.index]))
        low, middle, high = np.quantile(draws, (0.05, 0.5, 0.95))
        where = 0 if low <= value <= high else -1 if value < low else 1
        word = {
            "vi": ("thấp hơn khoảng ấy", "nằm trong khoảng ấy", "cao hơn khoảng ấy"),
            "en": ("below that interval", "inside that interval", "above that interval"),
        }[lang][where + 1]
        lines.append(
            say(
                lang,
                m=month,
                v=value,
                mid=middle,
                low=low,
                high=high,
                start=scenario.start,
                word=word,
                vi="{m:t}: công bố **{v:n}** người; mô phỏng, chỉ biết số liệu đến {start:t}, dự kiến "
                "{mid:a} ({low:a} – {high:a}). Số thật {word}.",
                en="{m:t}: published **{v:n}**; the simulation, which knows figures up to {start:t} only, "
                "expected {mid:a} ({low:a} to {high:a}). The count is {word}.",
            )
        )
    return (
        listing(lines)
        if lines
        else say(
            lang,
            vi="Chưa có số liệu công bố sau {start:t} để đối chiếu.",
            start=scenario.start,
            en="Nothing was published after {start:t} to hold against it.",
        )
    )
