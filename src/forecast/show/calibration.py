"""What counts taught, and whether learning finds invented truths: sentences, tables and pictures."""

import math
import textwrap

import numpy as np
import pandas as pd
from scipy.stats import binom

from forecast.calibration.learning import Learned
from forecast.data import frames
from forecast.data.tables import UserError
from forecast.engines.campaign import parameters as par
from forecast.engines.campaign.beliefs import Beliefs
from forecast.language import words
from forecast.language.words import Table, Text, join, say, term
from forecast.show.marks import INK, MUTED
from forecast.show.picture import DASHES, GRID, LOOKS, Picture, redrawn, sheet, source_line, style

PRIOR = 1.645  # 90% of a standard normal lie between minus and plus this
SURE = 0.05  # a p-value below is said to speak against the method


def answer(learned: Learned, lang: str = "vi") -> Text:
    """Say from how many counts was learned, how sure the numbers are, and what the counts taught most."""
    most = learned.table.sort_values("narrowed", ascending=False, kind="stable").head(3)
    return say(
        lang,
        n=learned.counts,
        k=learned.places,
        month=learned.origin,
        names="; ".join(term(f"belief.{name}", lang) for name in most["parameter"]),
        again=repeated(learned, lang),
        vi="Các tham số được học từ **{n:n} số** của {k:n} nơi, biết đến {month:T}. Số liệu dạy nhiều nhất về: "
        "{names}. {again}",
        en="The parameters were learned from **{n:n} counts** of {k:n} places, as known in {month:T}. The counts "
        "taught most about: {names}. {again}",
    )


def repeated(learned: Learned, lang: str = "vi") -> Text:
    """Say how far the central estimates of other random numbers lie apart, in widths of the interval learned."""
    return say(
        lang,
        part=learned.table["error"].max() / 2,  # which is told of half an interval
        vi="Học lại với số khởi tạo ngẫu nhiên (seed) khác, mức giữa của mỗi tham số xê dịch không quá {part:p} bề "
        "rộng khoảng 90% của nó.",
        en="Learned again with other random numbers, no central estimate moves by more than {part:p} of the width of "
        "its 90% interval.",
    )


def table(learned: Learned, lang: str = "vi") -> Table:
    """Return each parameter before and after the counts, 90% intervals."""
    rows = pd.DataFrame(
        {
            "name": [term(f"belief.{name}", lang) for name in learned.table["parameter"]],
            "before": [_span(r.prior_low, r.prior_center, r.prior_high, lang) for r in frames.rows(learned.table)],
            "after": [_span(r.low, r.center, r.high, lang) for r in frames.rows(learned.table)],
            "narrowed": [max(x, 0.0) for x in learned.table["narrowed"]],
        }
    )
    names = {
        "name": say(lang, vi="tham số", en="parameter"),
        "before": say(lang, vi="trước khi học (khoảng 90%)", en="before (90% interval)"),
        "after": say(lang, vi="sau khi học (khoảng 90%)", en="after (90% interval)"),
        "narrowed": say(lang, vi="khoảng hẹp lại", en="narrowed by"),
    }
    return words.table(rows, lang, {"name": "", "before": "", "after": "", "narrowed": "p"}, names)


def _span(low: float, center: float, high: float, lang: str) -> str:
    """Tell a parameter and its interval with as many decimals as the interval has two figures; most are below one."""
    decimals = max(0, 1 - math.floor(math.log10(high - low))) if high > low else 2
    x, a, b = (words.number(value, lang, decimals) for value in (center, low, high))
    return f"{x} ({a} – {b})"


def standardized(beliefs: Beliefs, lang: str = "vi") -> pd.DataFrame:
    """Return what was learned of each parameter, one column each under its name in words, in spreads of the prior.

    A unit is a 1.645th of half the prior's range from 5 to 95%, in the coordinates without limits.
    """
    columns = {}
    for name, prior in (par.NATION | par.PLACES).items():
        low, center, high = prior.free(prior.draws(np.array([-PRIOR, 0.0, PRIOR])))
        columns[term(f"belief.{name}", lang)] = (
            2 * PRIOR * (prior.free(beliefs.parameters[name]) - center) / (high - low)
        )
    return pd.DataFrame(columns)


def found_again(verdict: pd.DataFrame, lang: str = "vi") -> Text:
    """Say whether truths of invented nations and places were found again, those that were not first."""
    overall = verdict[verdict["coordinate"] == "all"].iloc[0]
    rest = verdict[verdict["coordinate"] != "all"]
    odd = rest[rest["uniform_p"] < SURE].sort_values("uniform_p", kind="stable")
    lines = [
        say(
            lang,
            name=coordinate(row.coordinate, lang),
            p=row.uniform_p,
            held=row.held,
            vi="{name}: thứ hạng không đều (xác suất {p:n3}), khoảng 80% chứa giá trị thật {held:p} số lần",
            en="{name}: ranks are not uniform (p = {p:n3}), 80% intervals hold the truth in {held:p} of the cases",
        )
        for row in frames.rows(odd)
    ]
    head = say(
        lang,
        n=int(overall["times"]),
        k=len(rest),
        m=len(odd),
        e=SURE * len(rest),
        held=rest["held"].mean(),
        vi="Đã làm như vậy {n:n} lần. Với **{m:n} trên {k:n}** đại lượng, thứ hạng của giá trị thật không trải đều (do "
        "ngẫu nhiên thì khoảng {e:n1}); tính chung, khoảng 80% chứa giá trị thật trong {held:p} số lần.",
        en="This was done {n:n} times. For **{m:n} of {k:n}** quantities the ranks of the truth are not uniform (about "
        "{e:n1} by chance alone); over all of them 80% intervals hold the truth in {held:p} of the cases.",
    )
    return join([head, words.listing(lines) if lines else ""])


def coordinate(name: str, lang: str = "vi") -> str:
    """Return the name of what has a rank: a parameter, the nation's level, or members of a month to come.

    >>> coordinate("nation, 12 months ahead", "en"), coordinate("level", "en")
    ('members of the nation, 12 months ahead', 'lasting members of the nation at the origin')
    """
    if name == "level":
        return say(
            lang, vi="số người bền vững của cả nước lúc dự báo", en="lasting members of the nation at the origin"
        )
    scope, _, rest = name.partition(", ")
    if not rest:
        return term(f"belief.{name}", lang)
    months = int(rest.split()[0])
    whom = {"nation": ("cả nước", "the nation"), "place": ("địa phương", "places")}[scope]
    return say(
        lang,
        n=months,
        a=whom[0],
        b=whom[1],
        vi="số người tham gia của {a}, {n:n} tháng sau",
        en="members of {b}, {n:n} months ahead",
    )


@redrawn
def before_after(z: pd.DataFrame, lang: str = "vi") -> Picture:
    """Draw each parameter after the counts beside its prior; `z` (:func:`standardized`) has a column a parameter.

    The prior is the same gray bar for all; a parameter of which the counts say nothing fills it again.
    """
    if z.empty:
        raise UserError("nothing to draw: no rows of what was learned")
    low, middle, high = np.quantile(z, (0.05, 0.5, 0.95), axis=0)
    order = np.argsort(high - low, kind="stable")
    names = [textwrap.fill(name, 46) for name in z.columns]
    height = 1.75 + sum(0.26 if "\n" not in name else 0.36 for name in names)
    color, _, marker = LOOKS[0]
    with style():
        picture, axes = sheet(
            say(
                lang,
                vi="Số liệu nói nhiều nhất về {name}",
                en="The counts say most about {name}",
                name=z.columns[order[0]],
            ),
            say(
                lang,
                vi="Vạch xám: trước (khoảng 90%). Vạch xanh: sau. Vạch xanh dài bằng vạch xám:\n"
                "số liệu không nói gì về tham số đó. Đơn vị: độ lệch chuẩn trước khi học.",
                en="Gray: before (90% interval). Blue: after; as long as the gray one: the counts say\n"
                "nothing about that parameter. Unit: standard deviations of what was believed before.",
            ),
            source_line(lang),
            height=height,
        )
        axes.set_position((0.53, 0.45 / height, 0.44, 1 - 1.65 / height))
        for y, i in enumerate(order):
            axes.plot([-PRIOR, PRIOR], [y, y], color=GRID, lw=7, solid_capstyle="butt")
            axes.plot([low[i], high[i]], [y, y], color=color, lw=2.2)
            axes.plot([middle[i]], [y], marker=marker, ms=5, color=color)
        axes.set_yticks(range(len(order)), [names[i] for i in order], fontsize=8.5)
        axes.set_ylim(len(order) - 0.4, -0.6)
        axes.axvline(0, color=MUTED, lw=1, ls=DASHES)
        axes.grid(False)
    part = (high - low) / (2 * PRIOR)  # of the interval before
    narrowest = ", ".join(f"{z.columns[i]} {words.percent(part[i], lang)}" for i in order[:5])
    return picture.describe(
        say(
            lang,
            names=narrowest,
            vi="Khoảng sau so với khoảng trước, hẹp nhất: {names}.",
            en="Interval after as a part of that before, the narrowest: {names}.",
        )
    )


@redrawn
def ranks(table: pd.DataFrame, lang: str = "vi", bins: int = 10) -> Picture:
    """Draw how often the truth had which rank among the draws; `table` is that of `calibration.ranks.ranks`.

    A band holds 95% of the bars where ranks are uniform (binomial); a bar out of it carries a mark, so that no color
    is needed.
    """
    if table.empty:
        raise UserError("nothing to draw: no invented world was learned from")
    each = np.histogram(table["rank"].to_numpy(float), bins=bins, range=(0.0, 1.0))[0]
    # The ranks of one calibration hang together, so that it counts once: as many trials as there were worlds.
    times, share = table["time"].nunique(), each / each.sum()
    low, high = (float(binom.ppf(level, times, 1 / bins)) / times for level in (0.025, 0.975))
    out = (share < low) | (share > high)
    with style():
        picture, axes = sheet(
            say(
                lang,
                vi="Tìm lại sự thật: {k} trong {n} cột nằm ngoài dải",
                en="The truth found again: {k} of {n} bars out of the band",
                k=int(out.sum()),
                n=bins,
            ),
            say(
                lang,
                vi="Hạng của giá trị thật trong các lần rút, {n} lần học từ số liệu giả định.\n"
                "Dải xám: 95% số cột phải nằm trong nếu phương pháp đúng.",
                en="Rank of the truth among the draws, learned from {n} invented nations.\n"
                "Gray band: holds 95% of the bars if the method is right.",
                n=times,
            ),
            source_line(lang),
            height=3.6,
        )
        axes.set_position((0.10, 0.24, 0.86, 0.47))
        axes.xaxis.set_major_formatter(lambda v, _: words.number(v, lang, 1))
        axes.axhspan(100 * low, 100 * high, color=GRID, lw=0)
        axes.axhline(100 / bins, color=MUTED, lw=1, ls=DASHES)
        middle = (np.arange(bins) + 0.5) / bins
        axes.bar(middle, 100 * share, width=0.8 / bins, color=LOOKS[0][0])
        for x, y in zip(middle[out], 100 * share[out], strict=True):
            axes.text(x, y + 0.4, "×", ha="center", va="bottom", fontsize=11, color=INK)
        axes.set(xlim=(0, 1), ylim=(0, max(100 * share.max(), 100 * high) + 2.5))
        axes.set_ylabel(say(lang, vi="Phần trăm", en="Percent"))
        axes.set_xlabel(
            say(lang, vi="Hạng (0: thấp hơn mọi lần rút; 1: cao hơn)", en="Rank (0: below all draws; 1: above)")
        )
    wording = {"vi": "{n} trên {bins} cột nằm ngoài dải.", "en": "{n} of {bins} bars lie outside the band."}
    return picture.describe(say(lang, **wording, n=int(out.sum()), bins=bins))
