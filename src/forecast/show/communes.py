"""The communes of a place in a month, one rule of teams beside another: as a picture, and under controls."""

import base64
import html
from collections.abc import Iterable
from typing import Any

import ipywidgets as widgets
import pandas as pd

from forecast.data.places import Place
from forecast.data.tables import UserError
from forecast.language import words
from forecast.language.words import join, say
from forecast.show.marks import INK
from forecast.show.picture import GRID, LOOKS, Picture, capital, few_ticks, redrawn, sheet, source_line, style

MEASURES = ("members", "visits", "called")  # what can be watched of a commune; `called` is a share
MOST = 24  # communes in one picture; of a larger place, those with the most members
NARROW = 2  # panels that stand side by side


@redrawn
def picture(
    rules: dict[str, pd.DataFrame],
    place: Place,
    months: str | tuple[str, ...],
    measure: str = "members",
    lang: str = "vi",
) -> Picture:
    """Draw each commune of `place` in one month (or two, side by side): the first rule as bars, the others as marks.

    `rules` gives each rule a name for people and its months as `forecast.observe` returns them; `measure` is one of
    members, visits, called. The scale is that of all months, so that one month can be held against another.
    """
    months = (months,) if isinstance(months, str) else tuple(months)
    base = next(iter(rules.values()))
    if measure not in MEASURES or not 1 <= len(months) <= NARROW:
        raise UserError(
            "communes: {measure} in {count} months; expected one of {known}, in one or {narrow} months",
            measure=measure,
            count=len(months),
            known=", ".join(MEASURES),
            narrow=NARROW,
        )
    for month in months:
        if month not in set(base["month"]):
            raise UserError(
                "month {month} was not watched; there are {first} to {last}",
                month=month,
                first=min(base["month"]),
                last=max(base["month"]),
            )
    order = base.groupby("commune")["members"].mean().nlargest(MOST).index
    form = words.percent if measure == "called" else words.about
    most = max(frame.loc[frame["commune"].isin(order), measure].max() for frame in rules.values())
    cut = say(lang, vi="{n:n} xã đông người tham gia nhất", en="the {n:n} communes with the most members", n=MOST)
    subtitle = [_unit(measure, lang), cut if base["commune"].nunique() > MOST else ""]
    totals, height = [], 2.03 + 0.185 * len(order)
    with style():
        title = say(
            lang,
            vi="{place}: {what} ở từng xã",
            en="{place}: {what} by commune",
            place=place.name,
            what=_what(measure, lang),
        )
        drawn, first = sheet(title, join(subtitle, "; "), source_line(lang, place), height=height)
        _key(drawn, rules, 1 - 0.75 / height)
        low, tall = 0.62 / height, 1 - 1.83 / height
        for index, month in enumerate(months):
            axes = first if index == 0 else drawn.add_axes((0, 0, 0.1, 0.1))
            width = 0.66 if len(months) == 1 else 0.33
            axes.set_position((0.24 + 0.385 * index, low, width, tall))
            for number, (name, frame) in enumerate(rules.items()):
                color, _, marker = LOOKS[number]
                values = frame[frame["month"] == month].set_index("commune")[measure].reindex(order)
                if number == 0:
                    axes.barh(range(len(order)), values, height=0.62, color=color, alpha=0.55)
                else:
                    axes.plot(values, range(len(order)), marker, color=color, ms=5, mec="white", mew=0.5)
                total = values.mean() if measure == "called" else frame.loc[frame["month"] == month, measure].sum()
                totals.append(f"{words.month(month, lang)}, {name}: {form(total, lang)}")
            axes.set(ylim=(len(order) - 0.4, -0.6), xlim=(0, 1.04 * max(most, 1e-9)))
            axes.set_yticks(range(len(order)), [c.rpartition("/")[2] for c in order] if index == 0 else [], fontsize=9)
            axes.set_title(capital(words.month(month, lang, long=True)), loc="left", fontsize=10, color=INK)
            axes.grid(False)
            axes.grid(True, axis="x", color=GRID)
            few_ticks(axes.xaxis, 4)
            axes.xaxis.set_major_formatter(lambda x, _: form(x, lang))
    return drawn.describe(
        say(
            lang,
            vi="{what} theo xã tại {place}; cả địa bàn {totals}.",
            en="{what} by commune in {place}; the whole place {totals}.",
            what=capital(_what(measure, lang)),
            place=place.name,
            totals="; ".join(totals),
        )
    )


def _key(picture: Picture, rules: Iterable[str], y: float) -> None:
    """Write the names of the rules under the subtitle, each in the color and with the mark that it has below."""
    left = 0.02
    for name, mark, (color, _, _) in zip(rules, "▬■▲◆", LOOKS, strict=False):
        text = picture.text(left, y, f"{mark} {name}", color=color, fontsize=9.5, va="top")
        left += text.get_window_extent().width / picture.bbox.width + 0.03


def _what(measure: str, lang: str) -> str:
    """Return what a picture of communes shows."""
    return {
        "members": say(lang, vi="số người đang tham gia", en="members"),
        "visits": say(lang, vi="lượt thăm hộ mới", en="new visits"),
        "called": say(lang, vi="phần người đến hạn được gọi nhắc", en="share of due members called on"),
    }[measure]


def _unit(measure: str, lang: str) -> str:
    """Return in what the bars are counted."""
    return {
        "members": say(lang, vi="Người, cuối tháng", en="Persons, end of month"),
        "visits": say(lang, vi="Lượt trong tháng", en="Visits in the month"),
        "called": say(
            lang,
            vi="Phần trăm số người hết thời gian đã đóng trong tháng",
            en="Percent of those whose paid months run out in the month",
        ),
    }[measure] + say(lang, vi="; trung bình các lần mô phỏng", en="; means of the simulations")


def controls(rules: dict[str, pd.DataFrame], place: Place, measure: str = "members", lang: str = "vi") -> widgets.VBox:
    """Return a picture of the communes under controls: play, step through the months, choose what is shown.

    `rules` are those of :func:`picture`. It lives in JupyterLab while the kernel runs; a page of the site, which has
    no kernel, shows `picture` instead.
    """
    months = sorted(next(iter(rules.values()))["month"].unique())
    play = widgets.Play(min=0, max=len(months) - 1, interval=900)
    step = widgets.IntSlider(min=0, max=len(months) - 1, readout=False, description=say(lang, vi="Tháng", en="Month"))
    shown = widgets.Dropdown(
        options=[(capital(_what(m, lang)), m) for m in MEASURES],
        value=measure,
        description=say(lang, vi="Xem", en="Show"),
    )
    widgets.jslink((play, "value"), (step, "value"))
    view = widgets.HTML()

    def redraw(_: Any = None) -> None:
        drawn = picture(rules, place, months[step.value], shown.value, lang)
        view.value = (
            f'<img alt="{html.escape(drawn.alt, quote=True)}" style="max-width: 640px" '
            f'src="data:image/png;base64,{base64.b64encode(drawn.png(100)).decode()}">'
        )

    step.observe(redraw, "value")
    shown.observe(redraw, "value")
    redraw()
    return widgets.VBox([widgets.HBox([play, step, shown]), view])
