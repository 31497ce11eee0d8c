"""Which engine to trust: what backtests found, in sentences, tables and pictures, and where the engines disagree.

Numbers come from `score.summary` of an `experiment.backtest`, and from a projection of several places by several
engines. Errors are weighted interval scores beside a yardstick's on the same targets, each place with one vote.
"""

import numpy as np
import pandas as pd

from forecast.answer import score
from forecast.data import tables
from forecast.data.tables import UserError
from forecast.desk.target import INTERVAL
from forecast.language import words
from forecast.language.words import Text, join, say, term
from forecast.show.marks import INK, MUTED, end_labels
from forecast.show.picture import DASHES, ENGINES, GRID, LOOKS, Picture, sheet, source_line, style

BANDS = ("1-6", "7-12", "13-24", "25+")


METRIC, HELD = "wis", 0.9


def errors(summary: pd.DataFrame, yardstick: str = "naive") -> pd.Series:
    """Return the error of each engine as a share of a yardstick's (1: as bad; nan: no target in common)."""
    rows = summary[summary["metric"] == METRIC].set_index([c for c in ("engine", "band") if c in summary])
    return 1 - rows[f"skill {yardstick}"]


def coverage(summary: pd.DataFrame, level: float = HELD) -> pd.Series:
    """Return the share of counts that lay within the central interval of `level`, by engine (and band)."""
    rows = summary[(summary["metric"] == "covered") & (summary["level"] == level)]
    return rows.set_index([c for c in ("engine", "band") if c in rows])["value"]


def answer(summary: pd.DataFrame, lang: str = "vi") -> Text:
    """Say which engine forecast best, by how much, whether its intervals held, and on how many trials that rests."""
    found = errors(summary)
    ours = [e for e in ENGINES if e in found.index]
    best = found[ours].idxmin()
    line, covered = errors(summary, "drift"), coverage(summary)
    row = summary[(summary["metric"] == METRIC) & (summary["engine"] == best)].iloc[0]
    others = [e for e in ours if e != best]
    parts = [
        say(
            lang,
            best=term(f"engine.{best}", lang),
            n=int(row["targets"]),
            k=int(row["places"]),
            x=found[best],
            y=line[best],
            naive=term("engine.naive", lang),
            drift=term("engine.drift", lang),
            vi="Đối chiếu {n:n} dự báo trước đây của {k:n} nơi với số thực hiện về sau, khá nhất là **{best}**: sai số "
            "bằng {x:p} của cách “{naive}” và {y:p} của cách “{drift}”.",
            en="Of {n:n} past forecasts for {k:n} places, held against what was counted later, the best are those of "
            "**{best}**: their error is {x:p} of “{naive}” and {y:p} of “{drift}”.",
        ),
        say(
            lang,
            x=covered[best],
            level=HELD,
            vi="Dải {level:p} của cách ấy giữ được {x:p} số thực hiện.",
            en="Its interval of {level:p} held {x:p} of the counts.",
        ),
    ]
    parts += [
        say(
            lang,
            name=words.term(f"engine.{e}", lang),
            x=found[e],
            h=covered[e],
            level=HELD,
            vi="Còn {name}: sai số {x:p}, dải {level:p} giữ được {h:p}.",
            en="As for {name}: error {x:p}, the interval of {level:p} held {h:p}.",
        )
        for e in others
    ]
    worse = [term(f"engine.{e}", lang) for e in ours if line[e] >= 1]
    if worse:
        parts.append(
            say(
                lang,
                names="; ".join(worse),
                drift=term("engine.drift", lang),
                vi="Không hơn cách “{drift}”: {names}.",
                en="No better than “{drift}”: {names}.",
            )
        )
    return join(parts, " ")


def table(summary: pd.DataFrame, lang: str = "vi") -> Text:
    """Return one row for each engine and yardstick: error beside each yardstick, and how often each interval held."""
    beside = {name: errors(summary, name) for name in score.YARDSTICKS}
    kept = {level: coverage(summary, level) for level in score.LEVELS}
    targets = summary[summary["metric"] == METRIC].set_index("engine")["targets"]
    rows = [
        {"engine": e, "targets": targets[e]}
        | {n: s.get(e) for n, s in beside.items()}
        | {str(level): s.get(e) for level, s in kept.items()}
        for e in targets.index
    ]
    names = {"targets": say(lang, vi="số lần đối chiếu", en="forecasts met by a count")}
    names |= {
        n: say(lang, vi="sai số so với “{n}”", en="error relative to “{n}”", n=term(f"engine.{n}", lang))
        for n in beside
    }
    names |= {str(level): say(lang, vi="dải {x:p} giữ được", en="in the {x:p} interval", x=level) for level in kept}
    return words.table(
        pd.DataFrame(rows), lang, {"engine": "", "targets": "n"} | dict.fromkeys([*beside, *map(str, kept)], "p"), names
    )


def untried(found, lang: str = "vi") -> Text:
    """Say which places of a `Backtest` could not be tried at all: too few counts, or none that came out later."""
    tried = set(found.forecasts.frame["place"].astype(str))
    missing = [p for p in dict.fromkeys(found.silent["place"]) if p not in tried]
    if not missing:
        return Text("")
    return say(
        lang,
        names=", ".join(missing),
        vi="Chưa thử được nơi nào trong số này vì có quá ít số công bố, hoặc số về sau chưa công bố: {names}. Ở "
        "đó, độ tin cậy của mọi cách tính là suy ra từ nơi khác.",
        en="These places could not be tried, because too few counts were published or none came later: {names}. "
        "There the trust in any engine is borrowed from other places.",
    )


def apart(answers, scenarios) -> pd.DataFrame:
    """Return what each engine expects of each scenario at its target's month (its last one, without a target).

    Columns: place, engine, month, median, low, high (90%), and times: median beside the members at the start.
    """
    rows = []
    for s in scenarios:
        month = s.target.by if s.target else s.until
        frame = answers.only(place=s.place.name, scenario=s.scenario, measure="members", group="all").at(month).frame
        for engine, part in frame.groupby("engine", observed=True, sort=False):
            low, median, high = part["value"].quantile([INTERVAL[0], 0.5, INTERVAL[1]])
            rows.append(
                {
                    "place": s.place.name,
                    "engine": str(engine),
                    "month": month,
                    "median": median,
                    "low": low,
                    "high": high,
                    "times": median / s.opening[0],
                }
            )
    return pd.DataFrame(rows)


def apart_table(found: pd.DataFrame, lang: str = "vi") -> Text:
    """Return what the engines expect of each place, side by side."""
    rows = []
    for place, part in found.groupby("place", sort=False):
        row = {"place": place, "month": part["month"].iloc[0]}
        for r in part.itertuples():
            row[r.engine] = say(
                lang, vi="{m:a} ({a:a} – {b:a})", en="{m:a} ({a:a} – {b:a})", m=r.median, a=r.low, b=r.high
            )
        rows.append(row | {"ratio": part["median"].max() / part["median"].min()})
    engines = [e for e in ENGINES if e in set(found["engine"])]
    frame = pd.DataFrame(rows).reindex(columns=["place", "month", *engines, "ratio"])
    frame[engines] = frame[engines].fillna("–")
    names = {e: term(f"engine.{e}", lang) for e in engines}
    names["ratio"] = say(lang, vi="cao nhất gấp thấp nhất (lần)", en="highest beside lowest (times)")
    forms = {"place": "", "month": "t"} | dict.fromkeys(engines, "") | {"ratio": "n1"}
    return words.table(frame, lang, forms, names)


def apart_text(found: pd.DataFrame, lang: str = "vi") -> Text:
    """Say where the engines agree least and where most."""
    ratio = found.groupby("place", sort=False)["median"].agg(lambda x: x.max() / x.min())
    most, least = ratio.idxmax(), ratio.idxmin()
    rows = found[found["place"] == most].sort_values("median")
    low, high = rows.iloc[0], rows.iloc[-1]
    return say(
        lang,
        place=most,
        x=ratio[most],
        other=least,
        y=ratio[least],
        a=term(f"engine.{high.engine}", lang),
        b=term(f"engine.{low.engine}", lang),
        m=high.month,
        high=high["median"],
        low=low["median"],
        vi="Khác nhau nhiều nhất ở **{place}**: vào {m:T}, {a} cho {high:a} người, {b} cho {low:a}, tức gấp "
        "{x:n1} lần. Gần nhau nhất ở {other}: {y:n1} lần. Khoảng cách ấy là phần chưa biết mà khoảng của riêng "
        "một cách tính không cho thấy.",
        en="They differ most in **{place}**: for {m:T}, {a} says {high:a} members and {b} {low:a}, {x:n1} times "
        "as many. They are nearest in {other}: {y:n1} times. That gap is what is not known beyond the interval "
        "of any one engine.",
    )


def origins(since: str, until: str, step: int = 6) -> list[str]:
    """Return the months from `since` to `until` (YYYY-MM) in steps of `step` months.

    >>> origins("2020-06", "2021-06")
    ['2020-06', '2020-12', '2021-06']
    """
    first, last = tables.month(since), tables.month(until)
    return [str(first + i) for i in range(0, (last - first).n + 1, step)]


def by_band(summary: pd.DataFrame, lang: str = "vi", shown=("series", "stock", "agents", "drift")) -> Picture:
    """Draw, by how far ahead, each engine's error beside the last count again, and how often its interval held.

    `summary` is `score.summary` by engine and band; `shown` names engines and yardsticks in the order wanted.
    """
    error, within = errors(summary), coverage(summary)
    engines = [e for e in shown if e in error.index.get_level_values("engine")]
    if not engines:
        raise UserError("nothing to draw: no scores by band")
    said = []
    with style():
        picture, left = sheet(
            say(lang, vi="Dự báo càng xa, sai đến đâu?", en="How wrong, the farther ahead?"),
            say(
                lang,
                vi="Trái: sai số so với “{naive}” (dưới 100% là tốt hơn). Phải: phần số thực hiện nằm trong dải "
                "9 phần 10. Trục ngang: số tháng tính từ lúc dự báo",
                naive=term("engine.naive", lang),
                en="Left: error relative to “{naive}” (below 100% is better). Right: share of counts within the band "
                "of nine in ten. Across: months ahead",
            ),
            source_line(lang),
            height=4.3,
        )
        right = picture.add_axes((0, 0, 0.1, 0.1))
        x = np.arange(len(BANDS))
        for axes, table, box, line in ((left, error, (0.11, 0.33), 1.0), (right, within, (0.53, 0.25), HELD)):
            axes.set_position((box[0], 0.145, box[1], 0.56))
            ends, top = [], 1.05
            for engine, (color, pattern, marker) in zip(engines, LOOKS, strict=False):
                y = table.loc[engine].reindex(BANDS)
                axes.plot(x, y, pattern, color=color, marker=marker, lw=2, ms=5)
                top = max(top, 1.08 * y.max())
                label = term(f"engine.{engine}", lang)
                ends.append((x[-1], y.dropna().iloc[-1], label, color))
                told = ", ".join(words.percent(v, lang) if v == v else "–" for v in y)
                said.append(f"{label}: {told}")
            axes.axhline(line, color=INK, lw=1, ls=DASHES)
            axes.set(xlim=(-0.2, x[-1] + 0.3), ylim=(0, top))
            axes.set_xticks(x, [band.replace("-", "–") for band in BANDS])
            axes.yaxis.set_major_formatter(lambda v, _: words.percent(v, lang))
            if axes is right:
                end_labels(axes, ends, width=18)
    return picture.describe(
        say(
            lang,
            vi="Sai số so với cách đơn giản nhất và phần số thực hiện nằm trong dải, theo số tháng tính từ "
            "lúc dự báo ({b}). {said}.",
            en="Error beside the simplest way, and share of counts in the band, {b} months ahead. {said}.",
            b=", ".join(BANDS),
            said="; ".join(said),
        )
    )


def apart_picture(found: pd.DataFrame, lang: str = "vi") -> Picture:
    """Draw each engine's answer for each place in times of the members at the start, with the interval of nine in ten.

    `found` is that of `apart`; the scale is logarithmic, since twice and half are equally far.
    """
    names = list(dict.fromkeys(found["place"]))
    engines = [e for e in ENGINES if e in set(found["engine"])]
    said, height = [], 1.9 + 0.62 * len(names)
    with style():
        picture, axes = sheet(
            say(lang, vi="Ba cách tính, năm địa phương: khác nhau đến đâu?", en="How far apart are the engines?"),
            say(
                lang,
                vi="Số người tham gia vào tháng của chỉ tiêu, nếu giữ nguyên cách làm cũ, gấp mấy lần số khi bắt "
                "đầu.\nVạch: 9 phần 10 số lần mô phỏng; cột số: mức giữa, số người",
                en="Members in the target's month under the status quo, as a multiple of the start.\n"
                "Line: nine in ten simulations; numbers: medians, in persons",
            ),
            source_line(lang),
            height=height,
        )
        axes.set_position((0.15, 0.5 / height, 0.43, 1 - 1.75 / height))
        ends = []
        for y, place in enumerate(names):
            part = found[found["place"] == place].set_index("engine")
            for number, engine in enumerate(e for e in engines if e in part.index):
                row, (color, _, marker) = part.loc[engine], LOOKS[engines.index(engine)]
                start, at = row["median"] / row["times"], y + 0.24 * (number - (len(part) - 1) / 2)
                axes.plot([row["low"] / start, row["high"] / start], [at, at], color=color, lw=2.2)
                axes.plot([row["times"]], [at], marker=marker, ms=6, color=color)
                axes.text(
                    1.03,
                    at,
                    words.about(row["median"], lang),
                    transform=axes.get_yaxis_transform(),
                    va="center",
                    fontsize=8.5,
                    color=color,
                )
                said.append(f"{place}, {term(f'engine.{engine}', lang)} {words.about(row['median'], lang)}")
                if y == 0:
                    ends.append((engine, color, at))
        for engine, color, at in ends:  # names stand once, beside the numbers of the first place
            axes.annotate(
                term(f"engine.{engine}", lang),
                (1.22, at),
                xycoords=axes.get_yaxis_transform(),
                fontsize=8,
                color=color,
                va="center",
                annotation_clip=False,
            )
        axes.axvline(1, color=INK, lw=1)
        axes.set_xscale("log")
        low, high = found["low"] * found["times"] / found["median"], found["high"] * found["times"] / found["median"]
        steps = [t for t in (0.25, 0.5, 1, 2, 4, 8, 16) if low.min() / 1.3 < t < high.max() * 1.3]
        axes.set(xlim=(low.min() / 1.1, high.max() * 1.1), ylim=(len(names) - 0.5, -0.5))
        axes.set_yticks(range(len(names)), names)
        axes.set_xticks(steps, [words.number(t, lang, len(f"{t:g}".partition(".")[2])) for t in steps])
        axes.set_xticks([], minor=True)
        axes.grid(True, axis="x", color=GRID)
        axes.grid(False, axis="y")
        axes.tick_params(axis="y", colors=INK)
        axes.spines["bottom"].set_color(MUTED)
    return picture.describe(
        say(lang, vi="Số người tham gia dự kiến: {said}.", en="Members expected: {said}.", said="; ".join(said))
    )
