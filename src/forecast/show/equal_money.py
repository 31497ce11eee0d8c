"""Pictures of policies beside one another: what each adds, costs and leaves, and how often each is the best."""

import textwrap

import pandas as pd

from forecast.desk.equal_money import CRITERIA
from forecast.language import words
from forecast.language.words import say
from forecast.show import picture as charts
from forecast.show.marks import INK, MUTED
from forecast.show.picture import GRID, LOOKS, Picture, rc_context, sheet, source_line

ROW = 0.46  # inches


def _heads(lang: str) -> dict[str, tuple[str, str]]:
    """Return for each measure its heading and the form of its numbers."""
    return {
        "years": (say(lang, vi="Số năm tham gia\ntăng thêm", en="Additional\nmember-years"), "a"),
        "own_price": (say(lang, vi="Chi cho mỗi năm ấy\n(triệu đồng)", en="Price of each\n(million VND)"), "n2"),
        "end": (say(lang, vi="Người tăng thêm\ncuối kỳ", en="Members added\nat the end"), "a"),
    }


def beside(found: pd.DataFrame, titles: dict[str, str], place, lang: str = "vi", note: str = "") -> Picture:
    """Draw additional member-years, the price of one and what is left at the end, with the interval of nine in ten.

    `found` is :func:`desk.equal_money.summary`, `titles` names scenarios in the order wanted, `note` says more under
    the title.
    """
    height = 1.95 + ROW * len(titles)
    said = []
    with rc_context(charts.STYLE):
        picture, first = sheet(
            say(lang, vi="{place}: các chính sách đặt cạnh nhau", en="{place}: policies side by side",
                place=place.name),
            say(lang, vi="So với giữ nguyên cách làm cũ. Chấm: mức giữa; vạch: 9 phần 10 số lần mô phỏng",
                en="Against the status quo. Dot: median; line: nine in ten simulations")
            + say(lang, vi=".\nChi: ngân sách địa phương, nhà hảo tâm, vận động; không kể Nhà nước hỗ trợ",
                  en=".\nPrice: local budget, donors, outreach, without the state's support")
            + (f"\n{note}" if note else ""),
            source_line(lang, place), height=height)  # fmt: skip
        base, tall = 0.42 / height, ROW * len(titles) / height
        for number, (measure, (head, spec)) in enumerate(_heads(lang).items()):
            axes = first if number == 0 else picture.add_axes((0, 0, 0.1, 0.1))
            axes.set_position((0.285 + 0.245 * number, base, 0.13, tall))
            scale = 1e6 if measure == "own_price" else 1
            color = LOOKS[number][0]
            for y, (name, title) in enumerate(titles.items()):
                row = found.loc[(name, measure)] / scale
                value = words.form(row["median"], spec, lang)
                axes.plot([row["low"], row["high"]], [y, y], color=color, lw=2.2)
                axes.plot([row["median"]], [y], marker=LOOKS[number][2], ms=7, color=color)
                axes.text(1.05, y, value, transform=axes.get_yaxis_transform(), va="center", fontweight="bold")
                if number == 0:
                    label = textwrap.fill(title[:1].upper() + title[1:], 22)
                    axes.text(-0.1, y, label, transform=axes.get_yaxis_transform(), ha="right", va="center",
                              fontsize=9, linespacing=1.1)  # fmt: skip
                said.append(f"{title}: {head} {value}".replace("\n", " "))
            axes.axvline(0, color=INK, lw=1)
            axes.set(ylim=(len(titles) - 0.5, -0.5), yticks=[], xticks=[])
            axes.set_title(head, fontsize=9, color=color, loc="left", linespacing=1.15)
            axes.grid(False)
            axes.spines["bottom"].set_visible(False)
    return picture.describe("; ".join(said) + ".")


def chances(found: pd.DataFrame, titles: dict[str, str], place, lang: str = "vi") -> Picture:
    """Draw how often each policy is the best by each criterion; `found` is :func:`forecast.desk.equal_money.best`."""
    height = 1.65 + ROW * len(titles)
    heads = {"years": say(lang, vi="nhiều năm tham\ngia tăng thêm", en="most additional\nmember-years"),
             "end": say(lang, vi="còn nhiều người\ncuối kỳ", en="most members\nat the end"),
             "guarded": say(lang, vi="nhiều cho nhóm\nyếu thế", en="most for poor and\nminority people")}  # fmt: skip
    said = []
    with rc_context(charts.STYLE):
        picture, first = sheet(
            say(lang, vi="{place}: mỗi cách đứng đầu bao nhiêu lần", en="{place}: how often each is the best",
                place=place.name),
            say(lang, vi="Phần số lần mô phỏng mà chính sách đứng đầu, theo ba tiêu chí",
                en="Share of simulations in which a policy is the first, by three criteria"),
            source_line(lang, place), height=height)  # fmt: skip
        base, tall = 0.42 / height, ROW * len(titles) / height
        for number, criterion in enumerate(CRITERIA):
            axes = first if number == 0 else picture.add_axes((0, 0, 0.1, 0.1))
            axes.set_position((0.285 + 0.245 * number, base, 0.13, tall))
            for y, (name, title) in enumerate(titles.items()):
                share = found.at[name, criterion]
                axes.plot([0, 1], [y, y], color=GRID, lw=7, solid_capstyle="butt")
                axes.plot([0, share], [y, y], color=LOOKS[number][0], lw=7, solid_capstyle="butt")
                value = words.chance(share, lang) if share else words.percent(0, lang)
                axes.text(1.06, y, value, transform=axes.get_yaxis_transform(), va="center", fontsize=9.5,
                          fontweight="bold" if share == found[criterion].max() else "normal")  # fmt: skip
                if number == 0:
                    label = textwrap.fill(title[:1].upper() + title[1:], 22)
                    axes.text(-0.1, y, label, transform=axes.get_yaxis_transform(), ha="right", va="center",
                              fontsize=9, linespacing=1.1)  # fmt: skip
                said.append(f"{title}, {heads[criterion]} {value}".replace("\n", " "))
            axes.set(xlim=(0, 1), ylim=(len(titles) - 0.5, -0.5), yticks=[], xticks=[])
            axes.set_title(heads[criterion], fontsize=9, color=LOOKS[number][0], loc="left", linespacing=1.15)
            axes.grid(False)
            axes.spines["bottom"].set_color(MUTED)
            axes.spines["bottom"].set_visible(False)
    return picture.describe(say(lang, vi="Đứng đầu tại {place}. {said}.", en="The first in {place}. {said}.",
                                place=place.name, said="; ".join(said)))  # fmt: skip


def titles(scenarios, lang: str = "vi") -> dict[str, str]:
    """Return the names for people of scenarios, the place left out of them."""
    return {s.scenario: words.title(s, lang).removeprefix(s.place.name).lstrip(" ,:–-") for s in scenarios}
