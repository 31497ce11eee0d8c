"""The small line under a headline: how far it can be trusted."""

from forecast.answer.stated import Figure, tell
from forecast.data import tables
from forecast.desk.board.counted import last_counts
from forecast.language import words
from forecast.language.words import Text, join, say, term
from forecast.show import vintage
from forecast.show.picture import capital
from forecast.uncertainty.truth import Truth, judgements

STEP = 0.1  # to which a part of the width is rounded: as much as some hundred draws carry


def text(truth: Truth, lang: str = "vi") -> Text:
    """Say under a headline what of its width is judgement, what had seen the outcome, and how its engine did."""
    what = "added: years" if truth.adds else "target"
    head = (truth.place, truth.scenario, what, truth.month, "all", truth.by, "part of the width that is judgement")
    tell([Figure(*head, truth.judged, truth.draws)])
    part = round(truth.judged / STEP) * STEP
    width = say(
        lang,
        p=words.percent(part, lang) if part else say(lang, vi="ít hơn {step:p}", en="less than {step:p}", step=STEP),
        n=truth.draws,
        engine=term(f"engine.{truth.by}", lang),
        vi="{p} độ rộng của khoảng dự báo là do những tham số chưa có số liệu, nhóm làm phải nhận định ({engine}, "
        "{n:n} lần mô phỏng)",
        en="{p} of the interval's width comes from parameters without data, which are the makers' judgement ({engine}, "
        "{n:n} draws)",
    )
    latest = _latest(truth.place, truth.since, lang)
    known = say(
        lang,
        since=truth.since,
        latest=latest,
        vi="dự báo chỉ dùng số đếm đến {since:t}{latest}, và không tham số nào được ghi sau đó",
        en="only counts up to {since:t} are used{latest}, and no parameter was written down later",
    )
    seen = say(
        lang,
        since=truth.since,
        latest=latest,
        k=truth.later,
        n=truth.parameters,
        vi="dự báo chỉ dùng số đếm đến {since:t}{latest}, nhưng {k:n} trong {n:n} tham số được ghi sau đó, bởi người "
        "đã biết kết quả",
        en="only counts up to {since:t} are used{latest}, yet {k:n} of {n:n} parameters were written down later, by "
        "people who knew the outcome",
    )
    sentences = [width, seen if truth.later else known, _exam(truth, lang)]
    return Text(f"<small>{join([capital(one) for one in sentences], '. ')}.</small>")


def _latest(place: str, since: str, lang: str) -> str:
    """Return the month of a place's latest count, marked where it is older than nine months; "" where there is none.

    >>> _latest("Lào Cai (2025)", "2026-11", "en"), _latest("Lai Châu", "2026-11", "en")
    (', here the latest is of Dec 2025 (old)', '')
    """
    latest_count = last_counts(tables.read(tables.data_dir() / "history.csv", "history"), (place,), since).iloc[-1]
    month = vintage.old(latest_count["month"], latest_count["age"], lang)
    if not latest_count["month"]:
        return ""
    return say(lang, m=month, vi=", ở đây gần nhất là {m}", en=", here the latest is of {m}")


def _exam(truth: Truth, lang: str) -> Text:
    if truth.adds:
        return say(
            lang,
            vi="phần tăng thêm nhờ chính sách chưa lần nào được chấm điểm",
            en="what a policy adds has never been scored",
        )
    if not truth.examined:
        return say(lang, vi="chưa có dự báo nào như thế được chấm điểm", en="no forecast like it has been scored")
    other = say(
        lang,
        mine=term(f"engine.{truth.engine}", lang),
        name=term(f"engine.{truth.examined}", lang),
        vi=" ({mine} chưa được chấm; đây là điểm của {name})",
        en=" ({mine}: not scored; these are the scores of {name})",
    )
    return say(
        lang,
        k=truth.forecasts,
        band=truth.band.replace("-", "–"),
        held=words.Chance(truth.held, truth.forecasts),
        r=truth.of_naive,
        naive=term("engine.naive", lang),
        other=other if truth.examined != truth.engine else "",
        whom=say(lang, vi="cả nước", en="the nation")
        if truth.scope == "nation"
        else say(lang, vi="các địa phương", en="places"),
        vi="đã chấm điểm {k:n} dự báo về {whom} trước {band} tháng, không có chính sách mới: khoảng dự báo 80% chứa "
        "{held:c} số đếm, sai số bằng {r:n2} lần sai số của cách {naive}{other}",
        en="{k:n} forecasts of {whom} {band} months ahead, without a new policy, were scored: 80% intervals held "
        "{held:c} of counts, with {r:n2} times the error of the naive forecast{other}",
    )


def judged_text(lang: str = "vi") -> Text:
    """Say how many parameters there are, and which part of them is judgement: the same wherever it is told."""
    every, judged = judgements()
    tell([Figure("", "", "parameters that are judgement", "", "all", "", "count", judged)])
    return say(
        lang,
        n=every,
        judged=judged,
        p=judged / every,
        vi="Có {n:n} tham số; {judged:n} trong đó ({p:p}) là nhận định của nhóm làm bộ công cụ.",
        en="There are {n:n} parameters; {judged:n} of them ({p:p}) are judgements of the makers.",
    )
