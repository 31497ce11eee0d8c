"""Numbers, terms and text in Vietnamese and English, so that every figure a person reads is made by a run.

Numbers are written by babel (vi: ``1.234,5``; en: ``1,234.5``). Terms come from ``docs/words.csv``, one row a term in
both languages. :func:`say` fills a sentence that is given in both with values. Sentences about a run: `forecast.show`.
"""

import math
import string
from collections.abc import Iterable, Mapping
from datetime import date
from functools import cache
from typing import Any, NamedTuple, Protocol

import pandas as pd
from babel.dates import format_date
from babel.numbers import format_decimal

from forecast.data import synonyms, tables
from forecast.data.tables import UserError

LANGS = synonyms.LANGS
TERMS = synonyms.TERMS
_CHANCES = (0.01, 0.10, 0.33, 0.66, 0.90, 0.99)  # upper ends of the classes of words; see docs/words.csv
_OWN_NAMES = ("engine", "place", "publisher", "scenario")  # kinds of which a run brings names that are no terms
_TERM_COLUMNS = ("engine", "group", "measure", "payer", "status", "kind", "scheme", "level", "unit")


class Titled(Protocol):
    """What has a name for programs and titles for people: a scenario."""

    @property
    def scenario(self) -> str:
        """The name for programs."""

    @property
    def title(self) -> Mapping[Any, str]:
        """The titles by language."""


class Text(str):
    """Text that a notebook shows as Markdown.

    >>> Text("**1**")._repr_markdown_()
    '**1**'
    """

    __slots__ = ()

    def _repr_markdown_(self) -> str:
        return str(self)


class Table(Text):
    """A Markdown table that still knows its cells, for readers who see no Markdown.

    >>> Table(["a"], [["1"]], [True]).rows
    [['1']]
    """

    heads: list[str]
    rows: list[list[str]]
    right: list[bool]
    """Which columns are set to the right."""

    def __new__(cls, heads: list[str], rows: list[list[str]], right: list[bool]) -> "Table":
        """Write the cells as Markdown."""
        rules = ["--:" if to_right else ":--" for to_right in right]
        escaped = ([cell.replace("|", "\\|") for cell in row] for row in rows)
        text = super().__new__(cls, "\n".join("| " + " | ".join(line) + " |" for line in [heads, rules, *escaped]))
        text.heads, text.rows, text.right = heads, rows, right
        return text

    def __reduce__(self) -> tuple[Any, ...]:
        return Table, (self.heads, self.rows, self.right)


def _known(lang: str) -> str:
    """Return `lang` if it is one of ours, else raise an error that names them."""
    if lang not in LANGS:
        raise UserError('language "{lang}" is not known; expected one of {known}', lang=lang, known=", ".join(LANGS))
    return lang


def number(x: float, lang: str = "vi", digits: int = 0) -> str:
    """Return `x` with thousands separators and `digits` decimals; an unknown number is a dash.

    >>> number(1234567.8, "vi", 1), number(-1234.5, "en"), number(float("nan"), "vi")
    ('1.234.567,8', '−1,234', '–')
    """
    if x is None or not math.isfinite(x):
        return "–"
    x = round(float(x), digits) + 0.0  # no minus before a zero
    pattern = "#,##0" + ("." + "0" * digits if digits else "")
    return format_decimal(x, format=pattern, locale=_known(lang)).replace("-", "−")


def about(x: float, lang: str = "vi", figures: int = 3) -> str:
    """Return `x` rounded to `figures` significant figures: a simulation does not know the last person.

    >>> about(38217, "vi"), about(0.5, "en"), about(648.3, "en")
    ('38.200', '1', '648')
    """
    if x is None or not math.isfinite(x):
        return "–"
    size = abs(round(float(x)))
    if size == 0:
        return number(math.copysign(math.ceil(abs(x)), x) if x else 0, lang)
    return number(round(float(x), min(0, figures - len(str(size)))), lang)


def percent(share: float, lang: str = "vi", digits: int = 0) -> str:
    """Return a share (0 to 1) as a percentage, rounded as :func:`number` rounds it.

    >>> percent(0.864, "vi", 1), percent(0.3, "en"), percent(0.445), chance(Chance(0.445, 200))
    ('86,4%', '30%', '44%', '44 ± 7%')
    """
    return number(100 * share, lang, digits) + "%" if share is not None and math.isfinite(share) else "–"


def part(share: float, lang: str = "vi") -> str:
    """Return a share of a gain: more than the whole, or less than nothing, is said so and not counted in percent.

    Such shares come up where others lose, and differ wildly from draw to draw.

    >>> part(0.42, "en"), part(1.34, "en"), part(-0.2, "vi"), part(float("nan"), "vi")
    ('42%', 'over 100%', 'dưới 0%', '–')
    """
    if share >= 1.005:
        return {"vi": "trên 100%", "en": "over 100%"}[_known(lang)]
    if share < -0.005:
        return {"vi": "dưới 0%", "en": "below 0%"}[_known(lang)]
    return percent(share, lang)


def vnd(amount: float, lang: str = "vi") -> str:
    """Return an amount of money to the đồng.

    >>> vnd(138600, "vi"), vnd(138600, "en")
    ('138.600 đồng', '138,600 VND')
    """
    return number(amount, lang) + {"vi": " đồng", "en": " VND"}[_known(lang)]


def money(amount: float, lang: str = "vi", digits: int = 1) -> str:
    """Return an amount of money in billions or millions; below a million, to the thousand.

    >>> money(1.3e9, "vi"), money(792e6, "en", 0), money(545520, "vi"), money(float("nan"))
    ('1,3 tỷ đồng', '792 million VND', '546.000 đồng', '–')
    """
    if not math.isfinite(amount):
        return "–"
    for size, vi, en in ((1e9, "tỷ đồng", "billion VND"), (1e6, "triệu đồng", "million VND")):
        if abs(amount) >= size:
            return f"{number(amount / size, lang, digits)} {vi if _known(lang) == 'vi' else en}"
    return vnd(round(amount, -3), lang)


def month(text: object, lang: str = "vi", long: bool = False) -> str:
    """Return a month (`YYYY-MM` or a Period) as people write it.

    >>> month("2025-12", "vi"), month("2025-12", "vi", long=True)
    ('12/2025', 'tháng 12/2025')
    >>> month("2025-12", "en"), month("2025-12", "en", long=True)
    ('Dec 2025', 'December 2025')
    """
    first = tables.month(str(text)).to_timestamp().date()
    if _known(lang) == "vi":
        return ("tháng " if long else "") + format_date(first, "MM/y", locale="vi")
    return format_date(first, "MMMM y" if long else "MMM y", locale="en")


def day(text: str, lang: str = "vi") -> str:
    """Return a day (`YYYY-MM-DD`) as people write it.

    >>> day("2021-05-21", "vi"), day("2021-05-21", "en")
    ('21/5/2021', '21 May 2021')
    """
    return format_date(date.fromisoformat(text), {"vi": "d/M/y", "en": "d MMM y"}[_known(lang)], locale=lang)


def dated(text: str, lang: str = "vi") -> str:
    """Return a date that may be a year, a month or a day as people write it.

    >>> dated("2021", "vi"), dated("2021-05", "vi"), dated("2021-05-21", "en")
    ('2021', '05/2021', '21 May 2021')
    """
    return text if len(text) == 4 else month(text, lang) if len(text) == 7 else day(text, lang)


class Chance(NamedTuple):
    """A share (0 to 1) of simulations that knows how many there were: it is written with its Monte Carlo error.

    >>> chance(Chance(0.8, 200), "en"), chance(Chance(0.0, 200), "vi"), chance(Chance(1.0, 200), "en")
    ('80 ± 6%', 'dưới 2%', 'above 98%')
    """

    share: float
    draws: int


def counted(frame: pd.DataFrame, column: str = "probability") -> pd.DataFrame:
    """Return a table whose shares of simulations in `column` know how many there were (its column `draws`).

    >>> counted(pd.DataFrame({"probability": [0.8], "draws": [200]}))["probability"].iloc[0].draws
    200
    """
    shares = [Chance(float(p), int(n)) for p, n in zip(frame[column], frame["draws"], strict=True)]
    return frame.assign(**{column: pd.Series(shares, index=frame.index, dtype=object)})


def error(p: float, draws: float) -> float:
    """Return the Monte Carlo error of a share of `draws` simulations: half of its 95% interval.

    >>> round(error(0.8, 200), 3), error(0.5, 0)
    (0.055, 0.0)
    """
    return 1.96 * math.sqrt(max(p * (1 - p), 0.0) / draws) if draws else 0.0


def _counted(p: Chance, lang: str) -> str:
    """Return a share with its error; one that rounds to none or all with the 95% bound of as many draws without any.

    The bound is that of Clopper and Pearson (1934), 1 - 0.05^(1 / draws): some 3 / draws where there are many.

    >>> [_counted(Chance(0.0, draws), "en") for draws in (2, 60, 200, 1000)]
    ['below 78%', 'below 5%', 'below 2%', 'below 1%']
    """
    share, bound = p.share, max(math.ceil(100 * (1 - 0.05 ** (1 / p.draws))), 1) / 100
    if round(100 * share) in (0, 100):
        word = {"vi": ("dưới", "trên"), "en": ("below", "above")}[_known(lang)][int(share > 0.5)]
        return f"{word} {percent(1 - bound if share > 0.5 else bound, lang)}"
    return f"{number(100 * share, lang)} ± {percent(max(error(*p), 0.01), lang)}"


def chance(p: float | Chance, lang: str = "vi") -> str:
    """Return a probability from a simulation; its ends are never called 0 or 1. A :class:`Chance` has its error.

    >>> chance(0.002, "vi"), chance(0.42, "en"), chance(1.0, "en")
    ('dưới 1%', '42%', 'above 99%')
    """
    if isinstance(p, Chance):
        return _counted(p, lang)
    if p < 0.01:
        return {"vi": "dưới 1%", "en": "below 1%"}[_known(lang)]
    if p > 0.99:
        return {"vi": "trên 99%", "en": "above 99%"}[_known(lang)]
    return percent(p, lang)


def below(p: float | Chance, wanted: float, lang: str = "vi") -> str:
    """Return a probability that is below another one, with as many digits as it takes for both to be seen to differ.

    >>> below(0.42, 0.5, "en"), below(0.4963, 0.5, "vi"), below(0.49996, 0.5, "en")
    ('42%', '49,6%', 'just under 50%')
    """
    share = p.share if isinstance(p, Chance) else p
    if share < 0.01 or percent(share, lang) != percent(wanted, lang):
        return chance(p, lang)
    p = share
    if percent(p, lang, 1) != percent(wanted, lang, 1):
        return percent(p, lang, 1)
    return str(say(_known(lang), vi="gần tới {p:p}", en="just under {p:p}", p=wanted))


def verdict(p: float | Chance, lang: str = "vi") -> str:
    """Return a probability in words, with a row of dots that needs no color.

    >>> verdict(0.002, "vi"), verdict(0.8, "en")
    ('○○○○○○ gần như không thể', '●●●●○○ likely')
    """
    share = p.share if isinstance(p, Chance) else p
    step = sum(share >= end for end in _CHANCES)
    return "●" * step + "○" * (6 - step) + " " + term(f"chance.{step}", lang)


@cache
def terms() -> pd.DataFrame:
    """Return the table of terms: index `term`, columns `vi`, `en` and `meaning`."""
    return pd.DataFrame.from_dict(synonyms.terms(), orient="index").rename_axis("term")


def term(name: str, lang: str = "vi") -> str:
    """Return one term of ``docs/words.csv``.

    >>> term("group.near_poor", "vi"), term("group.near_poor", "en")
    ('hộ cận nghèo', 'near-poor')
    """
    _known(lang)
    try:
        return str(terms().at[name, lang])
    except KeyError:
        raise UserError('docs/words.csv has no term "{name}"', name=name) from None


def title(scenario: Titled, lang: str = "vi") -> str:
    """Return the name of a scenario for people: its title, or a term, or else its own name."""
    return scenario.title.get(lang) or _word("scenario", scenario.scenario, lang)


def _word(kind: str, name: Any, lang: str) -> str:
    """Return the term of a name; only one of a kind in :data:`_OWN_NAMES` may have none, and is told as it is."""
    key = f"{kind}.{name}"
    return str(name) if kind in _OWN_NAMES and key not in terms().index else term(key, lang)


_SPECS = {
    "n": lambda x, lang, digits: number(x, lang, digits),
    "a": lambda x, lang, digits: about(x, lang, digits or 3),
    "p": lambda x, lang, digits: percent(x, lang, digits),
    "s": lambda x, lang, digits: part(x, lang),
    "m": lambda x, lang, digits: money(x, lang, digits),
    "d": lambda x, lang, digits: vnd(x, lang),
    "t": lambda x, lang, digits: month(x, lang),
    "T": lambda x, lang, digits: month(x, lang, long=True),
    "c": lambda x, lang, digits: chance(x, lang),
    "v": lambda x, lang, digits: verdict(x, lang),
    "w": lambda x, lang, digits: str(x),
}


_NUMBERS = ("n", "a", "p", "s", "m", "d", "c", "w")  # forms that a table sets to the right


def form(value: Any, spec: str, lang: str) -> str:
    """Return `value` as text in the form that `spec` names.

    ``n`` number, ``a`` about, ``p`` percent of a share, ``s`` share of a gain, ``m`` money in billions or millions,
    ``d`` money to the đồng, ``t`` and ``T`` month (short, long), ``c`` chance, ``v`` verdict,
    ``w`` a number that is written already, or a kind of term: ``group``. A digit after the letter is the number of
    decimals (of significant figures for ``a``).

    >>> form(0.864, "p1", "vi"), form("poor", "group", "en"), form(1.3e9, "m1", "vi")
    ('86,4%', 'poor', '1,3 tỷ đồng')
    """
    if spec[:1] in _SPECS and (len(spec) == 1 or spec[1:].isdigit()):
        return _SPECS[spec[0]](value, lang, int(spec[1:] or 0))
    return _word(spec, value, lang) if spec else str(value)


class _Sentence(string.Formatter):
    """Format fields with the forms of :func:`form` in one language."""

    def __init__(self, lang: str):
        self.lang = _known(lang)

    def format_field(self, value: Any, format_spec: str) -> str:
        return form(value, format_spec, self.lang)


def say(lang: str, *, vi: str, en: str, **values: Any) -> Text:
    """Return a sentence in one language, its fields filled with `values` (see :func:`form`).

    A field `place` is a place's name in the tables, and is told by its plain name where docs/words.csv has one.

    >>> say("vi", vi="{x:n} người ({share:p1})", en="{x:n} people ({share:p1})", x=1648, share=0.8641)
    '1.648 người (86,4%)'
    >>> say("en", vi="", en="In {place}", place="Quảng Ninh/Đông Triều cũ")
    'In wards of old Đông Triều'
    """
    if isinstance(values.get("place"), str):
        values["place"] = form(values["place"], "place", lang)
    return Text(_Sentence(lang).format({"vi": vi, "en": en}[_known(lang)], **values))


def join(parts: Iterable[object], sep: str = "\n\n") -> Text:
    """Put texts under one another as paragraphs."""
    return Text(sep.join(str(part) for part in parts if part))


def listing(lines: Iterable[object]) -> Text:
    """Return lines as a Markdown list."""
    return Text("\n".join(f"- {line}" for line in lines))


def table(
    frame: pd.DataFrame, lang: str, forms: Mapping[str, str] | None = None, names: Mapping[str, str] | None = None
) -> Table:
    """Return a frame as a Markdown table in one language.

    `forms` says how to write each column (see :func:`form`); only its columns are shown, in its order; terms
    (engine, group, status, ...) need no form but "". `names` gives headings that are no terms `column.NAME`.

    >>> print(table(pd.DataFrame({"group": ["poor"], "value": [1200.0]}), "en", {"group": "", "value": "n"}))
    | Group | Value |
    | :-- | --: |
    | poor | 1,200 |
    """
    forms, names = forms or dict.fromkeys(frame.columns, ""), names or {}
    specs = {c: spec or (c if c in _TERM_COLUMNS else "") for c, spec in forms.items()}
    heads = [names.get(c) or term(f"column.{c}", lang) for c in forms]
    right = [spec[:1] in _NUMBERS and not spec[1:].strip("0123456789") for spec in forms.values()]
    rows = [[_cell(row[c], spec, lang) for c, spec in specs.items()] for row in frame.to_dict("records")]
    return Table([h[:1].upper() + h[1:] for h in heads], rows, right)


def _cell(value: Any, spec: str, lang: str) -> str:
    """Return what a cell of a table says: a dash where there is nothing; a month stays on one line."""
    text = "–" if value is None or value != value else form(value, spec, lang)  # nan is unequal to itself
    return text.replace(" ", "\u00a0") if spec == "t" else text
