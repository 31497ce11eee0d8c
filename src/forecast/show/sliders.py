"""Live controls on a page that runs nothing: pull a lever, and the answer moves at once, from a surface of runs.

A page holds the polynomials of a :class:`~forecast.desk.surface.Surface` and a script (``sliders.js``) that works them
out as :meth:`Surface.at` does. It opens from a disk, asks nothing of any host, and says how far off it may be.
"""

import html
import json
from functools import cache
from pathlib import Path
from typing import Any

from forecast.desk import surface as surfaces
from forecast.desk.surface import Surface
from forecast.language import words
from forecast.language.words import Text, say, term
from forecast.question.scenario import target_of
from forecast.show.evidence import label

_AMOUNTS = {"share": (100, 0), "meetings_per_year": (1, 1), "days_per_month": (1, 2)}  # scale and decimals by unit
_DIGITS = 5  # significant digits of a polynomial's weights: the answer moves by less than its last digit


class Sliders:
    """Controls with the answer below them; where no script runs, the sentence that says what they are.

    >>> Sliders("<p>x</p>", Text("y"))._repr_markdown_()
    'y'
    """

    def __init__(self, page: str, summary: Text):
        self.page, self.summary = page, summary

    def _repr_html_(self) -> str:
        return self.page

    def _repr_markdown_(self) -> str:
        return str(self.summary)


def sliders(made: Surface, lang: str = "vi") -> Sliders:
    """Return the controls of a surface in one language."""
    summary = text(made, lang)
    parts = "".join(_control(made, number, lang) for number in range(len(made.choices)))
    options = "".join(
        f'<option value="{number}"{" selected" if month == target_of(made.question).by else ""}>'
        f"{html.escape(words.month(month, lang))}</option>"
        for number, month in enumerate(made.months)
    )
    when, back = say(lang, vi="Tính đến", en="By"), say(lang, vi="Như kế hoạch", en="As planned")
    answer = '<p role="status" class="live-answer"></p>'
    page = (
        f'<div class="live" lang="{lang}"><style>{_STYLE}</style><div hidden>{parts}'
        f'<p><label>{when} <select>{options}</select></label> <button type="button">{back}</button></p>{answer}</div>'
        f'<p class="live-note">{html.escape(summary)}</p>'
        f'<script type="application/json">{_data(made, lang)}</script><script>{_script()}</script></div>'
    )
    return Sliders(page, summary)


def text(made: Surface, lang: str = "vi") -> Text:
    """Say what the controls rest on, and how far off they may be."""
    return say(
        lang,
        runs=made.runs,
        draws=made.draws,
        checks=made.checks,
        off=100 * made.off_probability,
        members=made.off_members,
        engine=term(f"engine.{made.engine}", lang),
        vi="Thanh trượt cộng thêm vào kế hoạch, đến mức cao nhất từng thấy. Trang này không chạy mô phỏng: câu trả lời "
        "được nội suy từ {runs:n} phương án đã chạy sẵn ({draws:n} lần mô phỏng mỗi phương án, cách tính: {engine}). "
        "Thử trên {checks:n} phương án khác, khả năng lệch nhiều nhất {off:n1} điểm phần trăm, số "
        "người lệch nhiều nhất {members:p1}.",
        en="The sliders add to the plan, up to the most that has been seen. This page runs no simulation: the answer "
        "is interpolated from {runs:n} settings that were run before (a response surface, {draws:n} draws each, "
        "engine: {engine}). On {checks:n} other settings the probability was off by at most {off:n1} percentage "
        "points, the number of members by at most {members:p1}.",
    )


def _control(made: Surface, number: int, lang: str) -> str:
    """Return one slider with its name, and where its amount stands."""
    key = f"live-{number}"
    name = html.escape(label(made.choices[number].name, lang))
    return (
        f'<p><label for="{key}">{name[:1].upper() + name[1:]}</label> <output for="{key}"></output>'
        f'<input type="range" id="{key}" min="0" max="100" step="1" value="0" autocomplete="off"></p>'
    )


def _data(made: Surface, lang: str) -> str:
    """Return what the script reads, as JSON that no text can end."""
    target = target_of(made.question)
    amounts = []
    for choice in made.choices:
        scale, digits = _AMOUNTS.get(choice.unit, (1, 0))
        unit = "%" if choice.unit == "share" else f" {term(f'amount.{choice.unit}', lang)}"
        amounts.append({"scale": choice.amount(choice.levels) * scale, "digits": digits, "form": f"+{{x}}{unit}"})
    group = "" if target.group == "all" else f" ({term(f'group.{target.group}', lang)})"
    what = term(f"measure.{target.measure}", lang) + group
    phrases = {
        "chance": say(lang, vi="{{p}}% (lệch tới {{off}} điểm)", en="{{p}}% (off by up to {{off}} points)"),
        "below": say(lang, vi="dưới {{p}}%", en="below {{p}}%"),
        "above": say(lang, vi="trên {{p}}%", en="above {{p}}%"),
        "million": say(lang, vi="{{x}} triệu đồng", en="{{x}} million VND"),
        "billion": say(lang, vi="{{x}} tỷ đồng", en="{{x}} billion VND"),
        "answer": say(
            lang,
            value=target.value,
            what=what[:1].upper() + what[1:],
            vi="{what}: khả năng đạt {value:n} vào {{month}} là {{chance}}; dự kiến khoảng {{median}} (khoảng dự báo "
            "90%: {{low}} – {{high}}). Ngân sách, nhà hảo tâm và cơ quan BHXH chi thêm khoảng {{money}} cả kỳ.",
            en="{what}: the probability of {value:n} by {{month}} is {{chance}}; about {{median}} are expected (90% "
            "interval: {{low}} to {{high}}). Public budgets, donors and the office pay about {{money}} more over all "
            "months.",
        ),
    }
    given: dict[str, Any] = {
        "lang": lang,
        "levels": surfaces.QUANTILES,
        "normal": [round(float(z), 6) for z in surfaces.NORMAL],
        "bend": surfaces.BEND,
        "powers": surfaces.powers(len(made.choices)),
        "quantiles": [[_short(weights) for weights in month] for month in made.quantiles.tolist()],
        "money": _short(made.money.tolist()),
        "wanted": float(surfaces.log_of(target.value)),
        "off": round(made.off_probability, 4),
        "amounts": amounts,
        "text": {name: str(phrase) for name, phrase in phrases.items()},
    }
    return json.dumps(given, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")


def _short(weights: list[float]) -> list[float]:
    return [float(f"{weight:.{_DIGITS}g}") for weight in weights]


@cache
def _script() -> str:
    return Path(__file__).with_suffix(".js").read_text(encoding="utf-8")


_STYLE = (
    ".live{border:1px solid currentColor;border-radius:.5rem;padding:.5rem 1rem;margin:1rem 0}"
    ".live label{font-weight:600}"
    ".live output{float:right}.live input[type=range]{display:block;width:100%;min-height:2.75rem;margin:0}"
    ".live select,.live button{font:inherit;min-height:2.75rem}.live-answer{font-weight:600}.live-note{font-size:.9em}"
    ".live p{margin:.4rem 0}"
)
