"""The decision desk: the best plan found."""

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from forecast.answer import stated
from forecast.answer.stated import Figure
from forecast.language import words
from forecast.language.words import Text, join, listing, say, term
from forecast.show import levers
from forecast.show.costs import held
from forecast.show.marks import MUTED
from forecast.show.picture import DASHES, LOOKS, TARGET, Picture, few_ticks, redrawn, sheet, source_line, style
from forecast.show.policy import uneven
from forecast.show.target import goal

if TYPE_CHECKING:
    from forecast.desk.optimize import Optimum
    from forecast.desk.verify import Judged

WHY = {
    "levers": {
        "vi": "**Không thể đạt bằng các giải pháp đã cho**: dùng tất cả ở mức cao nhất, không kể tiền, khả năng đạt "
        "{target:n} người vào {by:t} cũng chỉ là {most}, chưa tới {p:p}.",
        "en": "**Cannot be reached with the levers given**: all of them at their highest, whatever the money, give "
        "{target:n} by {by:t} a probability of {most}, not {p:p}.",
    },
    "budget": {
        "vi": "**Không thể đạt trong ngân sách {budget:m}**: khả năng cao nhất tìm được là {found}, chưa tới {p:p}. "
        "Không kể tiền thì có thể tới {high:c}.",
        "en": "**Cannot be reached within {budget:m}**: the highest probability that was found is {found}, not "
        "{p:p}. Whatever the money, it can be {high:c}.",
    },
    "money": {
        "vi": "**Không thể đạt trong ngân sách {budget:m}**: tổ hợp gần nhất đạt {target:n} người với khả năng "
        "{found}, "
        "nhưng cứ 20 lần thì có hơn một lần tốn hơn ngân sách.",
        "en": "**Cannot be reached within {budget:m}**: the nearest mix gives {target:n} members a probability of "
        "{found}, but costs more than the budget in more than one simulation of 20.",
    },
    "share": {
        "vi": "**Không thể đạt khi phải dành ít nhất {share:p} phần tăng thêm cho hộ nghèo, cận nghèo và người dân tộc "
        "thiểu số** trong ngân sách {budget:m}: tổ hợp gần nhất cho khả năng {found}.",
        "en": "**Cannot be reached with at least {share:p} of the gain for poor, near-poor and minority people** "
        "within {budget:m}: the nearest mix gives a probability of {found}.",
    },
    "stay": {
        "vi": "**Không thể đạt khi ít nhất {stay:p} số người tăng thêm phải còn tham gia sau một năm kể từ khi thôi hỗ "
        "trợ, vận động**, trong ngân sách {budget:m}: tổ hợp gần nhất cho khả năng {found}.",
        "en": "**Cannot be reached if at least {stay:p} of the added members must still be there a year after the "
        "levers end**, within {budget:m}: the nearest mix gives a probability of {found}.",
    },
}


def _as_many(p: float, standard_error: float) -> int:
    """Return how many plain draws have the Monte Carlo error of a probability that was judged on two levels.

    >>> _as_many(0.5, 0.05)
    100
    """
    return max(round(p * (1 - p) / standard_error**2), 1)


def judged(p: float, like: "Judged") -> words.Chance | float:
    """Return a probability that knows its error, which is that of `like`, judged on the same levels."""
    return words.Chance(p, _as_many(like.probability, like.standard_error)) if like.standard_error > 0 else p


def optimum_text(optimum: "Optimum", lang: str = "vi") -> Text:
    """Say what a search found, at what cost, and what is left of its promise on simulations it had not seen."""
    target, promised, verified = goal(optimum.scenario), optimum.promised, optimum.verified
    _tell(optimum)
    common = {
        "target": target.value,
        "by": target.by,
        "p": optimum.probability,
        "budget": optimum.budget,
        "share": optimum.poor_share,
        "stay": optimum.least_stay,
        "high": optimum.most,
        "most": words.below(optimum.most, optimum.probability, lang),
    }
    least = min((promised, verified), key=lambda judged: judged.probability)
    lower = least.probability
    reached = lower >= optimum.probability
    shown = judged(lower, least)
    common["found"] = words.chance(shown, lang) if reached else words.below(shown, optimum.probability, lang)
    if optimum.met:
        common |= {"cost": verified.cost, "low": verified.cost_low, "high": verified.cost_high}
        common |= {"base": judged(optimum.base, verified)}
        head = say(
            lang,
            **common,
            n=len(optimum.tried),
            vi="Tổ hợp rẻ nhất trong {n:n} tổ hợp đã thử để đạt {target:n} người vào {by:t} với khả năng ít "
            "nhất {p:p} (nếu không làm thêm, cũng theo các lần mô phỏng của phép tìm: {base:c}) tốn thêm khoảng "
            "**{cost:m}** cả giai đoạn (khoảng dự báo 90%: {low:m} – {high:m}; ngân sách {budget:m}).",
            en="The cheapest of {n:n} mixes that were tried that gives {target:n} by {by:t} a probability of at "
            "least {p:p} ({base:c} without it, by the simulations of the search) costs about **{cost:m}** more over "
            "all months (90% interval: {low:m} to {high:m}; budget {budget:m}).",
        )
    else:
        reason = WHY["money" if optimum.why == "budget" and lower >= optimum.probability else optimum.why]
        head = say(lang, **common, vi=reason["vi"], en=reason["en"])
        head = join(
            [
                head,
                say(
                    lang,
                    n=len(optimum.tried),
                    x=100 * optimum.finer,
                    cost=verified.cost,
                    top=verified.cost_high,
                    vi="Tổ hợp tốt nhất trong {n:n} tổ hợp đã thử (tìm mịn hơn mười lần quanh đó, khả năng tăng thêm "
                    "{x:n1} điểm phần trăm) tốn thêm khoảng {cost:m}; cứ 20 lần thì 19 lần không quá {top:m}, và ngân "
                    "sách phải đủ cho cả 19 lần ấy:",
                    en="The best of {n:n} mixes that were tried (a search ten times as fine around it gained {x:n1} "
                    "points) costs about {cost:m} more; 19 times in 20 at most {top:m}, and the budget has to hold in "
                    "all of these:",
                ),
            ],
            " ",
        )
    if optimum.met:
        finer = say(
            lang,
            x=optimum.finer,
            vi="Tìm mịn hơn mười lần quanh tổ hợp này rẻ thêm {x:p1}; không có cách đơn lẻ nào trong số ấy đạt "
            "mà rẻ hơn.",
            en="A search ten times as fine around it saved {x:p1}; no single lever among them does it for less.",
        )
        head = join([head, finer], " ")
    loss = say(
        lang,
        a=promised.probability,
        b=verified.probability,
        n=abs(optimum.optimism) * 100,
        se=(promised.standard_error**2 + verified.standard_error**2) ** 0.5 * 100,
        word={"vi": ("giảm", "tăng"), "en": ("lost", "gained")}[lang][optimum.optimism < 0],
        vi="Khả năng khi tìm: **{a:p1}**; kiểm lại bằng các lần mô phỏng mới: **{b:p1}** ({word} {n:n1} điểm phần "
        "trăm; sai số mô phỏng {se:n1}).",
        en="Probability promised by the search: **{a:p1}**; verified with new simulations: **{b:p1}** ({word} {n:n1} "
        "points; error of the simulation {se:n1}).",
    )
    years = verified.member_years
    share = uneven(verified.guarded_share * years, years, years, lang) or say(
        lang,
        share=verified.guarded_share,
        years=years,
        vi="Phần của hộ nghèo, cận nghèo và người dân tộc thiểu số trong khoảng {years:a} năm tham gia tăng thêm: "
        "{share:p}.",
        en="Of about {years:a} additional member-years, {share:p} go to poor, near-poor and minority people.",
    )
    stays = say(
        lang,
        stay=verified.stay,
        least=optimum.least_stay,
        vi="Một năm sau khi mọi giải pháp của tổ hợp kết thúc, còn {stay:p} số người tăng thêm vẫn tham gia "
        "(yêu cầu ít nhất {least:p}).",
        en="A year after all levers of the mix have ended, {stay:p} of the added members are still there (at "
        "least {least:p} was asked for).",
    )
    every = verified.by_payer | {"all": sum(verified.by_payer.values())}
    paid = listing(
        [
            *(f"{_payer(name, lang)}: {words.money(vnd, lang)}" for name, vnd in every.items()),
            say(lang, n=verified.hours, vi="giờ không được trả công: {n:a}", en="hours that nobody pays: {n:a}"),
        ]
    )
    return join(
        [
            head,
            levers.table(optimum.scenario, lang),
            loss,
            share,
            stays,
            say(lang, vi="Ai trả thêm (bình quân):", en="Who pays more (mean):"),
            paid,
            held(optimum.scenario, lang=lang),
        ]
    )


def _tell(optimum: "Optimum") -> None:
    """Tell what a search found, under the question that it was asked."""
    target, asked = goal(optimum.scenario), f"search of {optimum.budget:g} VND for {optimum.probability:g}"
    head = (optimum.scenario.place.name, optimum.scenario.scenario, f"{target.measure}, {asked}", target.by, "all")
    figures = {"without it": optimum.base, "everything": optimum.most, "mixes tried": len(optimum.tried)}
    for name, judged in (("promised", optimum.promised), ("verified", optimum.verified)):
        figures |= {f"probability {name}": judged.probability, f"VND {name}, mean": judged.cost}
    stated.tell(Figure(*head, "stock, agents", name, value) for name, value in figures.items())


def _payer(name: str, lang: str) -> str:
    return term(f"payer.{name}", lang)


MOST_POINTS = 10  # of a front that carry a mark; all of them are on its line


@redrawn
def front(optimum: "Optimum", lang: str = "vi") -> Picture:
    """Draw the front of cost against probability, and beneath it that of cost against who gains.

    `optimum` is what `search.optimize` returns. Only mixes that no cheaper one beats are drawn; the star is the mix
    that was chosen, by its verified probability.
    """
    place, target = optimum.scenario.place, goal(optimum.scenario)
    rows = optimum.tried
    _tell(optimum)
    panels = (
        (
            "front",
            "probability",
            say(lang, vi="Khả năng đạt chỉ tiêu", en="Probability of the target"),
            optimum.verified.probability,
        ),
        (
            "fair",
            "guarded_share",
            say(
                lang,
                vi="Phần tăng thêm của người nghèo, cận nghèo, dân tộc thiểu số",
                en="Share of the gain for poor, near-poor and minority people",
            ),
            optimum.verified.guarded_share,
        ),
    )
    curves = []
    with style():
        picture, first = sheet(
            say(
                lang,
                vi="{place}: với {c:m}, khả năng đạt {v:n} người là {p:c}",
                en="{place}: {c:m} give {v:n} members a probability of {p:c}",
                place=place.name,
                c=optimum.verified.cost,
                v=target.value,
                p=judged(optimum.verified.probability, optimum.verified),
            ),
            say(
                lang,
                vi="Chỉ tiêu {v:n} người vào {by:t}. Trục ngang: chi phí tăng thêm cả giai đoạn.\n"
                "Đường: tổ hợp giải pháp mà không tổ hợp rẻ hơn nào bằng; sao: tổ hợp được chọn.",
                en="Target: {v:n} members by {by:t}. Across: additional cost over all months.\n"
                "Line: mixes that no cheaper one equals; star: the mix chosen.",
                v=target.value,
                by=target.by,
            ),
            source_line(lang, place),
            height=6.6,
        )
        for index, (mark, column, title, chosen) in enumerate(panels):
            axes = first if index == 0 else picture.add_axes((0, 0, 0.1, 0.1))
            axes.set_position((0.13, 0.525 - 0.42 * index, 0.72, 0.265))
            color, pattern, marker = LOOKS[index]
            shown = rows[rows[mark]]
            x, y = shown["cost"].to_numpy() / 1e9, shown[column].clip(0, 1).to_numpy()
            axes.plot(x, y, pattern, color=color, lw=1.6, drawstyle="steps-post")
            few = np.unique(np.linspace(0, max(len(x) - 1, 0), min(MOST_POINTS, len(x))).round().astype(int))
            axes.plot(x[few], y[few], ls="", marker=marker, ms=6, color=color)
            star, height = optimum.verified.cost / 1e9, min(max(chosen, 0), 1)
            axes.plot([star], [height], marker="*", ms=15, color=TARGET, mec="white", zorder=5)
            axes.annotate(
                f"{words.part(chosen, lang)}\n{words.money(optimum.verified.cost, lang)}",
                (star, height),
                xytext=(10, -4),
                textcoords="offset points",
                va="top",
                fontsize=9,
                color=TARGET,
                zorder=6,
                bbox={"boxstyle": "square,pad=0.1", "fc": "white", "ec": "none", "alpha": 0.85},
            )
            axes.axvline(optimum.budget / 1e9, color=MUTED, lw=1.1, ls=DASHES)
            axes.set_ylim(0, 1.08)
            most = max([optimum.budget / 1e9, star, *x[y <= 1]]) if len(x) else optimum.budget / 1e9
            axes.set_xlim(*(first.get_xlim() if index else (0, min(most, 2 * max(optimum.budget / 1e9, star)) * 1.12)))
            if index == 0:
                axes.axhline(optimum.probability, color=MUTED, lw=1.1, ls=":")
                wanted = say(lang, vi="mong muốn", en="wanted")
                axes.text(
                    axes.get_xlim()[1], optimum.probability, wanted, va="bottom", ha="right", fontsize=9, color=MUTED
                )
                axes.text(
                    optimum.budget / 1e9,
                    1.08,
                    say(lang, vi="ngân sách", en="budget"),
                    ha="center",
                    va="bottom",
                    fontsize=9,
                    color=MUTED,
                )
            axes.set_title(title, loc="left", fontsize=10, pad=14 if index == 0 else 6)
            axes.yaxis.set_major_formatter(lambda v, _: words.percent(v, lang))
            far = axes.get_xlim()[1]
            few_ticks(axes.xaxis, 6)
            digits = 0 if far >= 5 else 1 if far >= 1 else 2
            axes.xaxis.set_major_formatter(partial(_number, lang=lang, digits=digits))
            axes.set_xlabel(say(lang, vi="tỷ đồng", en="billion VND"), fontsize=9.5)
            ends = "; ".join(
                f"{words.money(a * 1e9, lang)}: {words.percent(b, lang)}" for a, b in zip(x, y, strict=True)
            )
            curves.append(f"{title}: {ends}")
    return picture.describe(
        say(
            lang,
            vi="Đường biên chi phí tại {place}. {curves}. Chọn: {c:m}, khả năng {p:c}.",
            en="Front of cost in {place}. {curves}. Chosen: {c:m}, probability {p:c}.",
            place=place.name,
            curves=". ".join(curves),
            c=optimum.verified.cost,
            p=optimum.verified.probability,
        )
    )


def _number(x: float, _: int | None, *, lang: str, digits: int) -> str:
    """Return what stands at a tick of an axis."""
    return words.number(x, lang, digits)
