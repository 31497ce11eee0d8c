"""The exam at calendar origins (`experiment.calendar`), misses first: which engine to trust, how far, and where not.

All functions take the kept exam with its scores (:func:`read`). The nation and other places stand apart, since one has
many counts of one series and the others few counts of many.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import binomtest

from forecast.answer import stated
from forecast.data import frames
from forecast.data.tables import UserError
from forecast.experiment import calendar
from forecast.language import words
from forecast.language.words import Text, form, join, listing, say, term
from forecast.show.marks import INK, end_labels
from forecast.show.picture import DASHES, LOOKS, Picture, redrawn, sheet, source_line, style

SCOPES = ("nation", "places")
SHOWN = ("pool", "campaign", "series", "stock", "agents")
WANTED = {50: (0.4, 0.6), 80: (0.7, 0.9), 95: (0.88, 0.99)}  # share of counts that an interval should hold
FEW = 0.65  # of counts should lie in the 80% interval in each band of horizons at least
MOST = 10  # misses that are named
WIDEST = 4.0  # upper over lower end of an interval from half to twice its middle: it would hold almost any figure


def read(folder: Path | None = None) -> pd.DataFrame:
    """Return the kept exam with its scores; an error where none is kept."""
    scored = calendar.stored(folder)
    if scored.empty:
        raise UserError("data/exam.csv: no exam is kept; expected what forecast backtest --calendar --store writes")
    return scored


def _summary(scored: pd.DataFrame, by: tuple[str, ...]) -> pd.DataFrame:
    """Return the exam in short by `scope`, `engine` and perhaps `band`, and tell its figures."""
    summary = calendar.summary(scored, by)
    rows = summary.assign(place=summary["scope"], scenario="", measure="exam", draws=summary["targets"])
    rows["month"] = rows["band"].astype(str) + " ahead" if "band" in by else ""
    names = {name: name for name in ("held_50", "held_80", "held_95", "width", "bias", "of_naive")}
    stated.tell(stated.rows(rows, names))
    return summary


def _whom(scope: str, lang: str) -> Text:
    nation = say(lang, vi="Cả nước", en="The nation")
    return nation if scope == "nation" else say(lang, vi="Các địa phương", en="Other places")


def _rates(row: Any, lang: str) -> Text:
    return say(
        lang,
        whom=_whom(row.scope, lang),
        n=row.targets,
        h50=row.held_50,
        h80=row.held_80,
        h95=row.held_95,
        x=row.of_naive,
        width=row.width,
        vi="{whom}: {n:n} dự báo có số đối chiếu; khoảng 50% chứa {h50:p}, khoảng 80% chứa **{h80:p}**, khoảng 95% "
        "chứa {h95:p} số thực hiện; sai số bằng **{x:p}** của cách lặp lại số gần nhất; đầu trên của khoảng 80% gấp "
        "{width:n2} lần đầu dưới.",
        en="{whom}: {n:n} forecasts met by a count; 50% intervals hold {h50:p}, 80% intervals **{h80:p}** and 95% "
        "intervals {h95:p} of the counts; the error is **{x:p}** of the last count again; the upper end of an 80% "
        "interval is {width:n2} times its lower end.",
    )


def answer(scored: pd.DataFrame, lang: str = "vi", engine: str = calendar.POOL) -> Text:
    """Say how the baseline did for the nation and for other places, and what it does not reach."""
    short = _summary(scored, ("scope", "engine"))
    mine = short[short["engine"] == engine].set_index("scope", drop=False)
    lines = [_rates(mine.loc[scope], lang) for scope in SCOPES if scope in mine.index]
    return join([failures(scored, lang, engine), listing(lines)])


def failures(scored: pd.DataFrame, lang: str = "vi", engine: str = calendar.POOL) -> Text:
    """Say where the intervals of an engine hold fewer or more counts than they should, and which engine beats it."""
    short, bands = _summary(scored, ("scope", "engine")), _summary(scored, ("scope", "band", "engine"))
    lines = []
    for row in frames.rows(short[short["engine"] == engine]):
        for level, (low, high) in WANTED.items():
            held = getattr(row, f"held_{level}")
            if not low <= held <= high:
                lines.append(
                    say(
                        lang,
                        whom=_whom(row.scope, lang),
                        level=level / 100,
                        held=held,
                        low=low,
                        high=high,
                        vi="{whom}: khoảng {level:p} chứa {held:p} số thực hiện (mong muốn {low:p} đến {high:p}).",
                        en="{whom}: {level:p} intervals hold {held:p} of the counts (wanted: {low:p} to {high:p}).",
                    )
                )
    for row in frames.rows(bands[(bands["engine"] == engine) & (bands["held_80"] < FEW)]):
        lines.append(
            say(
                lang,
                whom=_whom(row.scope, lang),
                band=row.band.replace("-", "–"),
                held=row.held_80,
                few=FEW,
                vi="{whom}, trước {band} tháng: khoảng 80% chỉ chứa {held:p} (ít nhất phải {few:p}).",
                en="{whom}, {band} months ahead: 80% intervals hold only {held:p} (at least {few:p} wanted).",
            )
        )
    lines += _beaten(short, engine, lang)
    if not lines:
        return say(
            lang,
            vi="Không mức nào nằm ngoài giới hạn đã đặt ra, và không cách nào khác có sai số thấp hơn.",
            en="No share is outside the limits that were set, and no other method has a smaller error.",
        )
    head = say(lang, vi="**Chỗ chưa đạt**", en="**Where it fails**")
    return join([head, listing(lines)])


def _beaten(short: pd.DataFrame, engine: str, lang: str) -> list[Text]:
    """Say which engines and yardsticks have a smaller error on the targets that naive answered too."""
    lines = []
    for scope in SCOPES:
        rows = short[short["scope"] == scope].set_index("engine")["of_naive"]
        better = rows[rows < rows.get(engine, np.nan)].sort_values(kind="stable")
        if len(better):
            names = ", ".join(f"{term(f'engine.{e}', lang)} ({words.percent(x, lang)})" for e, x in better.items())
            lines.append(
                say(
                    lang,
                    whom=_whom(scope, lang),
                    name=term(f"engine.{engine}", lang),
                    x=rows[engine],
                    names=names,
                    vi="{whom}: sai số của {name} là {x:p} của cách lặp lại số gần nhất; thấp hơn thế có {names}.",
                    en="{whom}: the error of the {name} is {x:p} of the last count again; smaller: {names}.",
                )
            )
    return lines


def misses(scored: pd.DataFrame, lang: str = "vi", engine: str = calendar.POOL, most: int = MOST) -> Text:
    """Return the worst forecasts by name as a table, each count once, the worst score first."""
    rows = scored[scored["engine"] == engine].sort_values("wis", ascending=False, kind="stable")
    rows = rows.drop_duplicates(["place", "month"]).head(most)
    table = pd.DataFrame(
        {
            "place": [form(place, "place", lang) for place in rows["place"]],
            "month": rows["month"],
            "origin": rows["origin"],
            "observed": rows["observed"],
            "median": rows["q500"],
            "range": [_between(r.q100, r.q900, lang) for r in frames.rows(rows)],
            "off": [_signed(np.expm1(bias), lang) for bias in rows["bias"]],
            "inside": [_yes(x, lang) for x in rows["within_80"]],
        }
    )
    names = {
        "origin": say(lang, vi="dự báo từ", en="forecast from"),
        "observed": say(lang, vi="số thực hiện", en="counted"),
        "range": say(lang, vi="khoảng 80%", en="80% interval"),
        "off": say(lang, vi="mức giữa lệch", en="median off by"),
        "inside": say(lang, vi="trong khoảng?", en="inside?"),
    }
    forms = {"place": "", "month": "t", "origin": "t", "observed": "n", "median": "a", "range": "", "off": ""}
    return words.table(table, lang, forms | {"inside": ""}, names)


def _between(low: float, high: float, lang: str) -> Text:
    return say(lang, vi="{a:a} – {b:a}", en="{a:a} – {b:a}", a=low, b=high)


def _signed(change: float, lang: str) -> str:
    return ("+" if change > 0 else "") + words.percent(change, lang)


def _yes(inside: float, lang: str) -> Text:
    return say(lang, vi="có", en="yes") if inside else say(lang, vi="không", en="no")


_NAMES = {
    "targets": ("số dự báo", "forecasts"),
    "draws": ("số lần mô phỏng", "draws"),
    "held_50": ("khoảng 50% chứa", "50% holds"),
    "held_80": ("khoảng 80% chứa", "80% holds"),
    "held_95": ("khoảng 95% chứa", "95% holds"),
    "width": ("đầu trên/đầu dưới (80%)", "upper/lower end (80%)"),
    "bias": ("lệch trung bình", "mean bias"),
    "of_naive": ("sai số so với lặp lại số gần nhất", "error relative to last count"),
    "band": ("số tháng trước", "months ahead"),
}
_FORMS = {"held_50": "p", "held_80": "p", "held_95": "p", "width": "n2", "bias": "", "of_naive": "p"}


def _headings(lang: str) -> dict[str, str]:
    return {name: str(say(lang, vi=vi, en=en)) for name, (vi, en) in _NAMES.items()}


def table(scored: pd.DataFrame, scope: str, lang: str = "vi") -> Text:
    """Return one row for each engine and yardstick of a scope, the smallest error first."""
    short = _summary(scored[scored["scope"] == scope], ("scope", "engine")).drop(columns="scope")
    short["draws"] = short["engine"].map(scored.groupby("engine")["draws"].max())
    short = short.sort_values("of_naive", kind="stable")
    short["bias"] = [_signed(np.expm1(x), lang) for x in short["bias"]]
    return words.table(short, lang, {"engine": "", "targets": "n", "draws": "n"} | _FORMS, _headings(lang))


def bands(scored: pd.DataFrame, scope: str, lang: str = "vi", engine: str = calendar.POOL) -> Text:
    """Return one row for each band of horizons, in their order, of an engine."""
    some = scored[(scored["scope"] == scope) & scored["engine"].isin([engine, calendar.NAIVE])]
    rows = _summary(some, ("scope", "engine", "band")).drop(columns="scope")
    rows = rows[rows["engine"] == engine].set_index("band", drop=False).reindex(list(calendar.BANDS)).dropna()
    rows["bias"] = [_signed(np.expm1(x), lang) for x in rows["bias"]]
    rows["band"] = [band.replace("-", "–") for band in rows["band"]]
    return words.table(rows, lang, {"band": "", "targets": "n"} | _FORMS, _headings(lang))


def price(scored: pd.DataFrame, lang: str = "vi") -> Text:
    """Say how many draws each engine had, since those that take long have few, and which were not tried."""
    most = scored.groupby("engine")["draws"].max()
    draws = ", ".join(f"{term(f'engine.{e}', lang)} {words.number(most[e], lang)}" for e in SHOWN if e in most)
    missing = [term(f"engine.{e}", lang) for e in SHOWN if e not in most]
    parts = [
        say(
            lang,
            draws=draws,
            vi="Số lần mô phỏng mỗi dự báo: {draws}. Cách tính chậm được chạy ít lần hơn nên hai đầu khoảng của nó kém "
            "chắc hơn, và khoảng 95% từ vài chục lần thường hơi hẹp.",
            en="Draws of each forecast: {draws}. Slow engines have fewer, so that the ends of their intervals are less "
            "sure, and a 95% interval of a few dozen draws is a little too narrow.",
        )
    ]
    if missing:
        parts.append(say(lang, names=", ".join(missing), vi="Chưa thử: {names}.", en="Not tried: {names}."))
    return join(parts, " ")


def checks(scored: pd.DataFrame, engine: str = "campaign") -> pd.DataFrame:
    """Return each published count beside what beliefs that had not seen it foretold, from the last June or December.

    Columns: scope, place, month, origin, observed, low, high (80%), width (upper over lower end), inside, counted: a
    check whose interval is as wide as :data:`WIDEST` would pass for almost any figure and is not counted.
    """
    rows = scored[scored["engine"] == engine].sort_values("origin", kind="stable")
    rows = rows.drop_duplicates(["place", "month"], keep="last")
    checked = rows.rename(columns={"q100": "low", "q900": "high"}).assign(
        inside=rows["within_80"].astype(bool), counted=rows["width"] < WIDEST
    )
    columns = ["scope", "place", "month", "origin", "observed", "low", "high", "width", "inside", "counted"]
    return checked[columns].sort_values(["scope", "place", "month"], kind="stable").reset_index(drop=True)


def checks_text(checked: pd.DataFrame, lang: str = "vi") -> Text:
    """Say how many checks that can fail did, and how many could not fail."""
    lines = []
    for scope in SCOPES:
        mine = checked[checked["scope"] == scope]
        fair = mine[mine["counted"]]
        if fair.empty:
            continue
        passed, n = int(fair["inside"].sum()), len(fair)
        told = say(
            lang,
            whom=_whom(scope, lang),
            n=n,
            k=n - passed,
            e=0.2 * n,
            p=binomtest(passed, n, 0.8).pvalue,
            width=fair["width"].median(),
            vi="{whom}: **{k:n} trên {n:n}** số công bố nằm ngoài khoảng 80% (mong đợi {e:n1}; xác suất lệch ít "
            "nhất chừng ấy nếu các khoảng đúng: {p:c}). Đầu trên của khoảng thường gấp {width:n2} lần đầu dưới.",
            en="{whom}: **{k:n} of {n:n}** published counts lie outside their 80% interval ({e:n1} are expected; "
            "the probability of being at least so far from that if intervals are right is {p:c}). The upper end of "
            "an interval is typically {width:n2} times its lower end.",
        )
        lines.append(told + _uncounted(len(mine) - n, lang))
    return listing(lines)


def _uncounted(n: int, lang: str) -> str:
    """Say how many counts had an interval that any figure would pass; nothing where there was none."""
    if not n:
        return ""
    return " " + say(
        lang,
        n=n,
        vi="Không tính {n:n} số vì khoảng của chúng rộng đến mức số nào cũng lọt.",
        en="Not counted: {n:n}, whose intervals are so wide that any figure would pass.",
    )


def checks_table(checked: pd.DataFrame, lang: str = "vi", failed: bool | None = None) -> Text:
    """Return the checks that count as a table, each figure beside its interval and the interval's width.

    `failed` keeps those that failed (True) or passed (False).
    """
    rows = checked[checked["counted"]]
    rows = rows if failed is None else rows[rows["inside"] != failed]
    rows = rows.assign(place=[form(place, "place", lang) for place in rows["place"]])
    rows["range"] = [_between(r.low, r.high, lang) for r in frames.rows(rows)]
    rows["passed"] = [_yes(x, lang) for x in rows["inside"]]
    names = _headings(lang) | {
        "origin": say(lang, vi="dự báo từ", en="forecast from"),
        "observed": say(lang, vi="số công bố", en="published"),
        "range": say(lang, vi="khoảng 80%", en="80% interval"),
        "passed": say(lang, vi="trong khoảng?", en="inside?"),
    }
    forms = {"place": "", "month": "t", "origin": "t", "observed": "n", "range": "", "width": "n2", "passed": ""}
    return words.table(rows, lang, forms, names)


@redrawn
def by_band(scored: pd.DataFrame, lang: str = "vi", shown: Sequence[str] = SHOWN[:4]) -> Picture:
    """Draw how many counts the 80% intervals of each engine held, by how far ahead, the nation and places apart."""
    table = _summary(scored, ("scope", "band", "engine")).set_index(["scope", "engine", "band"])["held_80"].sort_index()
    engines = [e for e in shown if e in table.index.get_level_values("engine")]
    if not engines:
        raise UserError("nothing to draw: no scores of the engines that are shown")
    shares_by_band: list[str] = []
    held = _summary(scored, ("scope", "engine")).set_index(["scope", "engine"])["held_80"]
    scopes = {scope for scope, engine in held.index if engine == engines[0]}
    with style():
        picture, left = sheet(
            say(
                lang,
                vi="Khoảng 80% của “{engine}” chứa {a} số cả nước, {b} số địa phương",
                en="80% intervals of {engine} hold {a} of the nation's counts, {b} of places'",
                engine=term(f"engine.{engines[0]}", lang),
                a=words.percent(float(frames.at(held, ("nation", engines[0]))), lang) if "nation" in scopes else "–",
                b=words.percent(float(frames.at(held, ("places", engines[0]))), lang) if "places" in scopes else "–",
            ),
            say(
                lang,
                vi="Trái: cả nước. Phải: các địa phương có số trước đó. Trục ngang: số tháng tính từ lúc dự báo.\n"
                "Vạch: 80%, mức phải đạt",
                en="Left: the nation. Right: places with an earlier count. Across: months ahead.\n"
                "Line: 80%, what should be held",
            ),
            source_line(lang),
            height=4.1,
        )
        right = picture.add_axes((0, 0, 0.1, 0.1))
        x = np.arange(len(calendar.BANDS))
        asked = {label[:2] for label in table.index.tolist()}  # scope and engine
        for axes, scope, box in ((left, "nation", (0.1, 0.31)), (right, "places", (0.5, 0.31))):
            axes.set_position((box[0], 0.15, box[1], 0.55))
            ends = []
            for engine, (color, pattern, marker) in zip(engines, LOOKS, strict=False):
                if (scope, engine) not in asked:
                    continue
                y = table.loc[scope, engine].reindex(list(calendar.BANDS))
                axes.plot(x, y, pattern, color=color, marker=marker, lw=2, ms=5)
                label = term(f"engine.{engine}", lang)
                ends.append((float(x[-1]), float(y.dropna().iloc[-1]), label, color))
                shares = ", ".join(words.percent(v, lang) if v == v else "–" for v in y)
                shares_by_band.append(f"{_whom(scope, lang)}, {label}: {shares}")
            axes.axhline(0.8, color=INK, lw=1, ls=DASHES)
            axes.set(xlim=(-0.2, x[-1] + 0.3), ylim=(0, 1.05))
            axes.set_xticks(x, [band.replace("-", "–") for band in calendar.BANDS], fontsize=8)
            axes.yaxis.set_major_formatter(lambda v, _: words.percent(v, lang))
            if axes is right:
                axes.set_yticklabels([])
                end_labels(axes, ends, width=16)
    return picture.describe(
        say(
            lang,
            shares_by_band="; ".join(shares_by_band),
            vi="Phần số thực hiện nằm trong khoảng 80% theo số tháng tính từ lúc dự báo. {shares_by_band}.",
            en="Share of counts in the 80% interval by months ahead. {shares_by_band}.",
        )
    )
