"""Pictures of backtests: what was forecast from past months beside what came, and how the engines scored."""

import numpy as np
import pandas as pd

from forecast.answer import score
from forecast.answer.projection import Projection
from forecast.data.messages import Message, UserError
from forecast.data.places import Place
from forecast.language import words
from forecast.language.words import say, term
from forecast.show import marks
from forecast.show.marks import INK, MUTED, margin
from forecast.show.picture import DASHES, LOOKS, Picture, capital, redrawn, sheet, source_line, style


@redrawn
def backtest(
    forecasts: Projection, counts: pd.DataFrame, place: Place, lang: str = "vi", engine: str | None = None
) -> Picture:
    """Draw forecasts of one place from up to three past origins, with the 90% interval, and what was counted.

    `forecasts` and `counts` are those of `experiment.backtest`. Shown are the first origin of `engine` (the first
    engine that is no yardstick, if left out) and those a third and two thirds along: later ones have little to meet.
    """
    frame = forecasts.only(place=place.name).frame
    frame = frame.assign(origin=frame["origin"].astype(str), month=frame["month"].astype(str))
    engine = engine or next((str(e) for e in frame["engine"].unique() if e not in score.YARDSTICKS), "")
    frame = frame[frame["engine"] == engine]
    if frame.empty:
        raise UserError(
            "nothing to draw: no backtest of {place} by engine {engine}",
            place=place.name,
            engine=engine or Message("(none)"),
        )
    origins = sorted(frame["origin"].unique())
    shown = [origins[i] for i in sorted({0, len(origins) // 3, 2 * len(origins) // 3})]
    seen = counts[counts["place"] == place.name].drop_duplicates("month", keep="last")
    last = max(frame.loc[frame["origin"].isin(shown), "month"])
    hits, labels = [], []
    inside = {origin: _inside(frame[frame["origin"] == origin], seen, origin) for origin in shown}
    with style():
        picture, axes = sheet(
            say(
                lang,
                vi="{place}: {k:n} trong {n:n} số thực hiện nằm trong khoảng dự báo",
                en="{place}: {k:n} of {n:n} counts came inside the band",
                place=place.name,
                k=sum(k for k, _ in inside.values()),
                n=sum(n for _, n in inside.values()),
            ),
            say(
                lang,
                vi="Người, cuối tháng; cách tính: {engine}. Mỗi đường chỉ dùng số liệu đã công bố đến tháng ghi "
                "ở cuối đường.\nDải: khoảng dự báo 90%. Chấm: số thực hiện.",
                en="Persons, end of month; engine: {engine}. Each line uses only what was published by the month "
                "at its end.\nBand: 90% interval. Dots: what was counted.",
                engine=term(f"engine.{engine}", lang),
            ),
            source_line(lang, place),
            height=4.6,
        )
        axes.set_position((0.11, 0.135, 0.68, 0.60))
        dots = seen[seen["month"] <= last]
        top = dots["value"].max()
        for origin, (color, pattern, _) in zip(shown, LOOKS, strict=False):
            wide = frame[frame["origin"] == origin].pivot(index="month", columns="draw", values="value").sort_index()
            x = marks.numbers(wide.index)
            low, middle, high = np.quantile(wide, (0.05, 0.5, 0.95), axis=1)
            axes.fill_between(x, low, high, color=color, alpha=0.14, lw=0)
            axes.plot(x, middle, pattern, color=color, lw=2.0)
            name = say(lang, vi="từ {o:t}", en="from {o:t}", o=origin)
            if wide.index[-1] == last:
                labels.append((x[-1], middle[-1], name, color))
            else:
                axes.annotate(
                    name,
                    (x[-1], middle[-1]),
                    xytext=(-6, 14),
                    textcoords="offset points",
                    color=color,
                    fontsize=9,
                    ha="right",
                    va="center",
                    zorder=7,
                    bbox={"boxstyle": "square,pad=0.1", "fc": "white", "ec": "none", "alpha": 0.7},
                )
            top = max(top, middle.max())
            hits.append(
                say(
                    lang,
                    vi="từ {o:t}: {k} trên {n} số thực hiện nằm trong dải",
                    en="from {o:t}: {k} of {n} counts in the band",
                    o=origin,
                    k=inside[origin][0],
                    n=inside[origin][1],
                )
            )
        axes.plot(marks.numbers(dots["month"]), dots["value"], "o", ms=5, color=INK, zorder=6, clip_on=False)
        axes.set_ylim(0, 1.25 * top)  # a band that opens wider is cut, so that the counts can be seen
        marks.month_axis(axes, min(dots["month"].min(), shown[0]), last, lang)
        marks.end_labels(axes, labels)
    return picture.describe(
        say(
            lang,
            vi="Dự báo trước đây tại {place}: {hits}.",
            en="Past forecasts for {place}: {hits}.",
            place=place.name,
            hits="; ".join(hits),
        )
    )


def _inside(frame: pd.DataFrame, seen: pd.DataFrame, origin: str) -> tuple[int, int]:
    """How many of the counts that came out later lie in the 90% interval, and of how many."""
    by_month = frame.groupby("month")["value"]
    met = seen[(seen["month"] > origin) & (seen["known"] > origin) & seen["month"].isin(frame["month"])]
    low, high = (by_month.quantile(level).reindex(met["month"]).to_numpy() for level in (0.05, 0.95))
    return int(((low <= met["value"]) & (met["value"] <= high)).sum()), len(met)


@redrawn
def scores(summary: pd.DataFrame, lang: str = "vi", yardstick: str = "naive", metric: str = "wis") -> Picture:
    """Draw for each engine its error beside a yardstick's and how often its intervals held.

    `summary` is that of `score.summary` by engine. The error is the weighted interval score (or another `metric`),
    which judges the whole forecast, on targets that both answered.
    """
    error = summary[summary["metric"] == metric].set_index("engine")
    held = summary[(summary["metric"] == "covered") & (summary["level"] == 0.9)].set_index("engine")["value"]
    if error.empty:
        raise UserError("nothing to draw: no scores")
    ratio, names = 1 - error[f"skill {yardstick}"], list(error.index)
    other, best = term(f"engine.{yardstick}", lang), str(ratio.idxmin()) if ratio.notna().any() else names[0]
    engine_scores, inch = [], 0.42
    height = 1.85 + inch * len(names)
    with style():
        picture, left = sheet(
            say(
                lang,
                vi="{best} sai ít nhất: {r} sai số của “{other}”",
                en="{best}: the smallest error, {r} of that of “{other}”",
                best=term(f"engine.{best}", lang),
                r=words.percent(float(ratio[best]), lang),
                other=other,
            ),
            say(
                lang,
                vi="Trái: sai số so với “{other}” (nhỏ hơn 100% là tốt hơn).\nPhải: phần số thực hiện nằm trong "
                "khoảng dự báo 90%.\n{n:n} lần đối chiếu dự báo với số thực hiện.",
                en="Left: error relative to “{other}” (below 100% is better).\nRight: share of counts within the 90% "
                "interval.\n{n:n} forecasts met by a count.",
                other=other,
                n=int(error["targets"].max()),
            ),
            source_line(lang),
            height=height,
        )
        box = (0.5 / height, 1 - 1.6 / height)
        left.set_position((0.36, box[0], 0.17, box[1]))
        right = picture.add_axes((0.70, box[0], 0.17, box[1]))
        for y, name in enumerate(names):
            color, pattern, marker = LOOKS[1] if name in score.YARDSTICKS else LOOKS[0]
            if np.isfinite(ratio[name]):
                left.plot([1, ratio[name]], [y, y], pattern, color=color, lw=2.2)
                left.plot([ratio[name]], [y], marker=marker, ms=8, color=color)
            right.plot([0.9, held[name]], [y, y], pattern, color=color, lw=2.2)
            right.plot([held[name]], [y], marker=marker, ms=8, color=color)
            label = term(f"engine.{name}", lang)
            margin(left, y, capital(label), -0.08, fontsize=9.5)
            margin(left, y, _share(ratio[name], lang), 1.1, fontsize=9.5, fontweight="bold")
            margin(right, y, words.percent(held[name], lang), 1.1, fontsize=9.5, fontweight="bold")
            engine_scores.append(
                say(
                    lang,
                    label=label,
                    r=_share(ratio[name], lang),
                    h=held[name],
                    vi="{label}: sai số {r}, dải giữ được {h:p}",
                    en="{label}: error {r}, band held {h:p}",
                )
            )
        widest = 1.1 * max(1.0, ratio.max())  # the largest of those that could be compared
        for axes, line, ends in ((left, 1.0, (0, widest)), (right, 0.9, (0, 1.03))):
            axes.axvline(line, color=MUTED, lw=1, ls=DASHES)
            axes.set(xlim=ends, ylim=(len(names) - 0.4, -0.6), yticks=[], xticks=[0, line])
            axes.grid(False)
            axes.xaxis.set_major_formatter(lambda v, _: words.percent(v, lang))
    return picture.describe(
        say(
            lang,
            vi="So với cách “{other}”: {engine_scores}.",
            en="Beside “{other}”: {engine_scores}.",
            other=other,
            engine_scores="; ".join(engine_scores),
        )
    )


def _share(ratio: float, lang: str) -> str:
    """Return a ratio in percent, a dash where the two answered no month in common."""
    return words.percent(ratio, lang) if np.isfinite(ratio) else "–"
