"""What new counts say, in sentences: how surprising they are, what they moved, and whether to be alarmed."""

import pandas as pd

from forecast.data.frames import rows
from forecast.experiment.alarm import RARE
from forecast.experiment.update import BELIEFS, Update
from forecast.language.words import Text, form, join, listing, say, term

INTERVALS = {0.5: ("q250", "q750"), 0.8: ("q100", "q900"), 0.95: ("q025", "q975")}
ORDINARY = 0.5  # a count that is no farther out than half of all counts
MOST = 10  # lines of a list
NOTEWORTHY = 0.2  # half the prior's range from 5 to 95% is 1: parameters that moved by less are not named


def summary(update: Update, lang: str = "vi") -> Text:
    """Return all of it, one paragraph under another."""
    counts = [surprise(update.surprise, lang), untold(update.untold, lang), published_scores(update.surprise, lang)]
    effects = [moved(update.moved, lang), beliefs(update.beliefs, lang), changed(update.published, lang)]
    return join([*counts, *effects, alarm(update.alarm, lang)])


def odds(chance: float, lang: str = "vi") -> Text:
    """Return how often a count is at least as far out.

    >>> odds(0.04, "en"), odds(0.6, "en")
    ('about one count in 25 is as far out', 'more than half of all counts are as far out')
    """
    if chance > ORDINARY:
        return say(
            lang, vi="hơn một nửa các số lệch bằng hoặc hơn thế", en="more than half of all counts are as far out"
        )
    times = 1 / chance
    return say(
        lang,
        n=round(times) if times < 10 else 5 * round(times / 5),
        vi="cứ {n:n} số thì khoảng một số lệch như thế hoặc hơn",
        en="about one count in {n:n} is as far out",
    )


def where(row: object, lang: str = "vi") -> Text:
    """Return where a count lies in its forecast: the narrowest of three intervals that holds it, or the side it left.

    `row` has `observed` and the quantiles of :data:`forecast.data.vocabulary.PUBLISHED_QUANTILES`.
    """
    seen = float(getattr(row, "observed"))  # noqa: B009
    for level, (low, high) in INTERVALS.items():
        if getattr(row, low) <= seen <= getattr(row, high):
            return say(lang, level=level, vi="nằm trong khoảng {level:p}", en="inside the {level:p} interval")
    above = seen > getattr(row, INTERVALS[0.95][1])
    if above:
        return say(lang, vi="cao hơn cả khoảng 95%", en="above the 95% interval")
    return say(lang, vi="thấp hơn cả khoảng 95%", en="below the 95% interval")


def surprise(table: pd.DataFrame, lang: str = "vi") -> Text:
    """Say of each count what the beliefs that had not seen it expected, the most surprising first."""
    surprises = table[table["by"] == BELIEFS].sort_values("chance", kind="stable")
    lines = [
        say(
            lang,
            place=form(row.place, "place", lang),
            month=row.month,
            seen=row.observed,
            median=row.q500,
            low=row.q100,
            high=row.q900,
            origin=row.origin,
            where=where(row, lang),
            odds=odds(row.chance, lang),
            vi="**{place}, {month:t}**: {seen:n} người. Với những gì biết đến {origin:t}, dự báo là {median:a} (khoảng "
            "80%: {low:a} đến {high:a}). Số này {where}; {odds}.",
            en="**{place}, {month:t}**: {seen:n} members. With what was known in {origin:t} the forecast was "
            "{median:a} (80% interval: {low:a} to {high:a}). The count is {where}; {odds}.",
        )
        for row in rows(surprises)
    ]
    return listing(lines) if lines else Text("")


def untold(table: pd.DataFrame, lang: str = "vi") -> Text:
    """Say which counts could not be foretold, and why."""
    lines = [
        say(
            lang,
            place=form(row.place, "place", lang),
            month=row.month,
            why=row.why,
            vi="{place}, {month:t}: không có dự báo nào trước đó ({why}).",
            en="{place}, {month:t}: nothing could be said of it before ({why}).",
        )
        for row in rows(table)
    ]
    return listing(lines) if lines else Text("")


def published_scores(table: pd.DataFrame, lang: str = "vi") -> Text:
    """Say how many published forecasts of these counts held them within 80%, and name those that did not."""
    rest = table[table["by"] != BELIEFS]
    if rest.empty:
        return say(
            lang, vi="Chưa có dự báo đã công bố nào về các số này.", en="No published forecast speaks of these counts."
        )
    inside = rest["observed"].between(rest["q100"], rest["q900"])
    head = say(
        lang,
        n=len(rest),
        k=int(inside.sum()),
        vi="Trong {n:n} dự báo đã công bố về các số này, {k:n} dự báo chứa số ấy trong khoảng 80%.",
        en="Of {n:n} published forecasts of these counts, {k:n} hold them in their 80% interval.",
    )
    lines = [
        say(
            lang,
            scenario=row.scenario,
            engine=term(f"engine.{row.engine}", lang),
            month=row.month,
            median=row.q500,
            seen=row.observed,
            where=where(row, lang),
            vi="{scenario} ({engine}), {month:t}: dự báo {median:a}, số thực hiện {seen:n}, {where}.",
            en="{scenario} ({engine}), {month:t}: forecast {median:a}, counted {seen:n}, {where}.",
        )
        for row in rows(rest[~inside].sort_values("chance", kind="stable").head(MOST))
    ]
    return join([head, listing(lines) if lines else ""])


def moved(table: pd.DataFrame, lang: str = "vi") -> Text:
    """Say the forecasts of the coming dates without and with the counts."""
    lines = [
        say(
            lang,
            place=form(row.place, "place", lang),
            month=row.month,
            before=row.median_before,
            low0=row.low_before,
            high0=row.high_before,
            after=row.median_after,
            low=row.low_after,
            high=row.high_after,
            vi="{place}, {month:t}: từ {before:a} ({low0:a} đến {high0:a}) thành **{after:a}** ({low:a} đến {high:a})",
            en="{place}, {month:t}: from {before:a} ({low0:a} to {high0:a}) to **{after:a}** ({low:a} to {high:a})",
        )
        for row in rows(table)
    ]
    if not lines:
        return Text("")
    head = say(
        lang,
        vi="Dự báo khi giữ nguyên cách làm, chưa có và có các số mới (trong ngoặc: khoảng 80%):",
        en="Forecasts of the status quo without and with the new counts (in brackets: 80% intervals):",
    )
    return join([head, listing(lines)])


def beliefs(table: pd.DataFrame, lang: str = "vi") -> Text:
    """Name the parameters that the counts moved, the most first."""
    width = (table["high_before"] - table["low_before"]) / 2
    shift = (table["center_after"] - table["center_before"]) / width
    order = shift.abs().sort_values(ascending=False, kind="stable").index
    some = table.loc[order][shift.abs()[order] >= NOTEWORTHY].head(MOST)
    if some.empty:
        return say(
            lang,
            vi="Các số mới hầu như không làm đổi tham số nào.",
            en="The new counts hardly move any parameter.",
        )
    lines = [
        say(
            lang,
            name=term(f"belief.{row.parameter}", lang),
            a=row.center_before,
            b=row.center_after,
            low=row.low_after,
            high=row.high_after,
            vi="{name}: từ {a:n3} thành {b:n3} (khoảng 90%: {low:n3} đến {high:n3})",
            en="{name}: from {a:n3} to {b:n3} (90% interval: {low:n3} to {high:n3})",
        )
        for row in rows(some)
    ]
    head = say(lang, vi="Tham số thay đổi nhiều nhất:", en="Parameters that moved most:")
    return join([head, listing(lines)])


def changed(table: pd.DataFrame, lang: str = "vi") -> Text:
    """Name the published forecasts that change by more than their error of simulation."""
    if table.empty:
        return say(
            lang,
            vi="Không dự báo đã công bố nào thay đổi nhiều hơn sai số mô phỏng của nó.",
            en="No published forecast changes by more than its error of simulation.",
        )
    head = say(
        lang,
        n=len(table),
        vi="**{n:n} dự báo đã công bố** thay đổi nhiều hơn sai số mô phỏng của chúng, nhiều nhất trước:",
        en="**{n:n} published forecasts** change by more than their error of simulation, the most first:",
    )
    lines = [
        say(
            lang,
            scenario=row.scenario,
            engine=term(f"engine.{row.engine}", lang),
            day=row.published,
            month=row.month,
            median=row.median,
            now=row.now,
            change=("+" if row.change > 0 else "") + form(row.change, "p1", lang),
            error=row.error,
            vi="{scenario} ({engine}, công bố {day}), {month:t}: từ {median:a} thành {now:a} ({change}; sai số "
            "{error:p1})",
            en="{scenario} ({engine}, published {day}), {month:t}: from {median:a} to {now:a} ({change}; error "
            "{error:p1})",
        )
        for row in rows(table.head(MOST))
    ]
    return join([head, listing(lines)])


def alarm(table: pd.DataFrame, lang: str = "vi") -> Text:
    """Say whether counts of late leave the 80% intervals more often than they should."""
    lines = []
    for row in rows(table):
        whom = {
            "nation": say(lang, vi="Cả nước", en="The nation"),
            "places": say(lang, vi="Các địa phương", en="Other places"),
        }[row.scope]
        seen = say(
            lang,
            whom=whom,
            n=row.counts,
            k=row.outside,
            e=row.expected,
            since=row.since,
            vi="{whom}: từ {since:t} có {n:n} số được đối chiếu, {k:n} số nằm ngoài khoảng 80%, mong đợi là {e:n1}",
            en="{whom}: {n:n} counts since {since:t} were compared, {k:n} lie outside their 80% interval; {e:n1} are "
            "expected",
        )
        if row.alarm:
            verdict = say(
                lang,
                p=row.p_value,
                vi="**Báo động:** nếu các khoảng là đúng thì nhiều số lệch như vậy chỉ xảy ra với xác suất {p:c}. Các "
                "khoảng dự báo đang quá hẹp hoặc lệch một phía; đừng dựa vào chúng khi chưa xem lại mô hình.",
                en="**Alarm:** if the intervals were right, so many misses would come with a probability of {p:c}. "
                "The intervals are too narrow or off to one side; do not rely on them before the model is revised.",
            )
        else:
            verdict = say(
                lang,
                p=row.p_value,
                rare=RARE,
                vi="Xác suất có ít nhất chừng ấy khi các khoảng là đúng: {p:c}. Không có báo động (ngưỡng {rare:p}).",
                en="The probability of at least so many if the intervals are right is {p:c}. No alarm (limit "
                "{rare:p}).",
            )
        lines.append(join([seen + ".", verdict], " "))
    return (
        listing(lines)
        if lines
        else say(
            lang,
            vi="Chưa có số nào để đối chiếu các khoảng dự báo.",
            en="There is no count to hold the intervals against.",
        )
    )
