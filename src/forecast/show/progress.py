"""The month's report in words: what was done, who is due, early warning, and what comes next; Vietnamese first."""

import numpy as np

from forecast.exchange.progress import Progress
from forecast.exchange.spreadsheet import MARK
from forecast.language import words
from forecast.language.words import Chance, say

MOST = 8  # communes and areas named in a sentence
MONTHS_DUE = 6  # months of who is due in a sentence
PARTS = {
    "done": ("Kết quả thực hiện", "What was done"),
    "due": ("Người đến hạn đóng", "Who is due"),
    "warning": ("Cảnh báo sớm", "Early warning"),
    "next": ("Khả năng và kế hoạch tháng sau", "Chances and work of next month"),
}
"""Parts of the report, in their order: Vietnamese and English heading."""
_ACTS = {  # Vietnamese, English, and English of a single one
    "calls": ("{n:n} cuộc gọi nhắc", "{n:n} calls", "{n:n} call"),
    "visits": ("{n:n} lượt thăm hộ", "{n:n} visits", "{n:n} visit"),
    "meetings": ("{n:n} hội nghị", "{n:n} meetings", "{n:n} meeting"),
    "campaign_days": ("{n:n} ngày ra quân", "{n:n} campaign days", "{n:n} campaign day"),
}
_WHOLE = {  # a warning where no commune was counted
    "low": ("Số người thấp hơn khoảng dự báo 90%.", "The count is below its 90% interval."),
    "high": ("Số người cao hơn khoảng dự báo 90%.", "The count is above its 90% interval."),
}


def title(report: Progress, lang: str = "vi") -> str:
    """Return the title of the report, without the place."""
    return str(
        say(
            lang,
            vi="Tiến độ phát triển người tham gia BHXH tự nguyện, {t:T}",
            en="Progress of voluntary social insurance, {t:T}",
            t=report.month,
        )
    )


def sentences(report: Progress, lang: str = "vi") -> list[str]:
    """Return the report in sentences: plan, expectation, last year, who is due, warnings, chances, next month."""
    return [text for part in parts(report, lang).values() for text in part]


def parts(report: Progress, lang: str = "vi") -> dict[str, list[str]]:
    """Return the sentences by part (a key of :data:`PARTS`); a part without any is left out."""
    by_part = {
        "done": _done(report, lang),
        "due": _due(report, lang),
        "warning": _warning(report, lang),
        "next": _next(report, lang),
    }
    return {part: texts for part, texts in by_part.items() if texts}


def _done(report: Progress, lang: str) -> list[str]:
    table = report.table
    members, plan = table["members"].sum(), table["plan"].sum(min_count=len(table))
    mark = f"{MARK}. " if report.synthetic else ""
    texts = [
        mark
        + say(lang, vi="Đến {t:T}: {n:n} người đang tham gia.", en="{t:T}: {n:n} members.", t=report.month, n=members)
    ]
    if np.isfinite(plan):
        texts.append(
            say(
                lang,
                vi="Kế hoạch năm {p:n} người: đạt {s:p1}, còn thiếu {g:n}.",
                en="The year's plan is {p:n}: {s:p1} done, {g:n} missing.",
                p=plan,
                s=members / plan,
                g=max(0.0, plan - members),
            )
        )
    if not report.by_commune:
        vi, en = "Số liệu của toàn địa bàn, không theo xã.", "Counts are of the whole place, not by commune."
        texts.append(say(lang, vi=vi, en=en))
    low, middle, high = report.whole
    if np.isfinite(middle):
        above = members - middle
        texts.append(
            say(
                lang,
                vi="Dự kiến từ {s:t} nếu giữ cách làm cũ: {e:n} người (khoảng 90%: {a:n} đến {b:n}); thực tế "
                + ("nhiều hơn {d:n}." if above >= 0 else "ít hơn {d:n}."),
                en="Expected since {s:t} if nothing changes: {e:n} (90% interval: {a:n} to {b:n}); the count is {d:n} "
                + ("above." if above >= 0 else "below."),
                s=report.since,
                e=middle,
                a=low,
                b=high,
                d=abs(above),
            )
        )
    if table["last_year"].notna().all():
        last = table["last_year"].sum()
        texts.append(
            say(
                lang,
                vi="Cùng kỳ năm trước: {n:n} người; nay " + ("tăng {d:n}." if members >= last else "giảm {d:n}."),
                en="A year ago: {n:n}; now {d:n} " + ("more." if members >= last else "fewer."),
                n=last,
                d=abs(members - last),
            )
        )
    before, lapses = table["before"].sum(min_count=1), table["lapses"].sum(min_count=1)
    if before > 0 and np.isfinite(lapses):
        texts.append(
            say(
                lang,
                vi="Trong tháng có {e:n} người tăng mới, {l:n} người dừng đóng ({s:p1} số tháng trước).",
                en="In the month {e:n} joined and {l:n} stopped ({s:p1} of the members before).",
                e=table["entries"].sum(),
                l=lapses,
                s=lapses / before,
            )
        )
    return [str(text) for text in texts]


def _due(report: Progress, lang: str) -> list[str]:
    table, texts = report.table, []
    if table["due"].notna().any():
        texts.append(
            say(
                lang,
                vi="Tháng sau có {n:n} người đến hạn đóng; trong danh sách có {r:n} người đã đóng tiếp.",
                en="{n:n} are due next month; {r:n} of the list have renewed.",
                n=table["due"].sum(),
                r=table["renewed"].sum(),
            )
        )
    else:
        texts.append(
            say(
                lang,
                vi="Chưa nhập danh sách người tham gia, nên chưa có số người đến hạn đóng và số cuộc gọi nhắc.",
                en="No list of members was given, so who is due and how many to call is not known.",
            )
        )
    if report.due is not None:
        months = report.due.sum(axis=1).head(MONTHS_DUE)
        texts.append(
            say(
                lang,
                vi="Đến hạn theo tháng: {due_counts}.",
                en="Due by month: {due_counts}.",
                due_counts="; ".join(f"{words.month(m, lang)}: {words.number(n, lang)}" for m, n in months.items()),
            )
        )
    if len(report.areas):
        most = report.areas.sort_values(["due", "area"], ascending=[False, True]).head(MOST)
        due_counts = "; ".join(
            f"{row.area}: {row.due:.0f} / {row.renewed:.0f}" for row in most.itertuples() if row.due or row.renewed
        )
        texts.append(
            say(
                lang,
                vi="Theo khu vực thu (đến hạn / đã đóng tiếp): {due_counts}{more}",
                en="By collector's area (due / renewed): {due_counts}{more}",
                due_counts=due_counts or "0",
                more=" ..." if len(report.areas) > MOST else ".",
            )
        )
    return [str(text) for text in texts]


def _warning(report: Progress, lang: str) -> list[str]:
    table, texts = report.table, []
    for kind, vi, en in (
        ("low", "{n:n} xã dưới khoảng dự báo 90%: {names}", "{n:n} communes below their 90% interval: {names}"),
        ("high", "{n:n} xã trên khoảng dự báo 90%: {names}", "{n:n} communes above their 90% interval: {names}"),
    ):
        names = table.loc[table["warning"] == kind, "commune"]
        if len(names) and not report.by_commune:
            vi, en = _WHOLE[kind]
            texts.append(str(say(lang, vi=vi, en=en)))
            continue
        if len(names):
            listed = ", ".join(names[:MOST]) + (" ..." if len(names) > MOST else ".")
            texts.append(str(say(lang, vi=vi, en=en, n=len(names), names=listed)))
    return texts


def _next(report: Progress, lang: str) -> list[str]:
    texts = []
    if np.isfinite(report.plan_chance) and not report.decided:
        texts.append(
            say(
                lang,
                vi="Khả năng đạt kế hoạch năm: {c:c}.",
                en="Probability that the year's plan is met: {c:c}.",
                c=Chance(report.plan_chance, report.draws),
            )
        )
    texts.append(
        say(
            lang,
            vi="Khả năng tháng 3 năm sau không thấp hơn tháng này: {c:c}.",
            en="Probability that next March is not below this month: {c:c}.",
            c=Chance(report.march_chance, report.draws),
        )
    )
    work = report.table[["hours", *_ACTS]].sum()
    acts = [
        str(say(lang, vi=vi, en=en if work[act] != 1 else one, n=work[act]))
        for act, (vi, en, one) in _ACTS.items()
        if work[act] > 0
    ]
    if acts:
        where = say(lang, vi=" (phân theo xã ở bảng kèm theo)", en=" (by commune in the table)")
        texts.append(
            say(
                lang,
                vi="Tháng sau: {h:n} giờ công cho {acts}{where}.",
                en="Next month: {h:n} hours for {acts}{where}.",
                h=work["hours"],
                acts=", ".join(acts),
                where=where if report.by_commune else "",
            )
        )
    return [str(text) for text in texts]
