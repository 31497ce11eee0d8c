"""Answers in brief of the commands about trust: scores of the past, what was learned, what doubt comes from."""

import pandas as pd

from forecast.calibration.learning import Learned
from forecast.data import frames
from forecast.data.vocabulary import NATION
from forecast.desk.board import targets
from forecast.desk.board.board import Board
from forecast.experiment.update import BELIEFS, Update
from forecast.language import words
from forecast.language.words import say, term
from forecast.show import board as shown_board
from forecast.show import calibration
from forecast.show.brief_base import ROWS, Brief
from forecast.show.evidence import label
from forecast.show.picture import capital


def board(outlook: Board, names: tuple[str, ...] = (), lang: str = "vi") -> Brief:
    """Say where the nation will stand, beside the provinces that were asked for, or those with most members."""
    rows = shown_board.counted(outlook)
    nation = frames.records(rows.loc[[NATION]])[0]
    line = say(
        lang,
        m=outlook.asked.month,
        a=nation["median_now"],
        low=nation["low_now"],
        high=nation["high_now"],
        goal=targets.GOAL,
        g=nation["target_goal"],
        p=nation["chance_goal"],
        vi="Cả nước cuối {m:t}: khoảng {a:a} người (khoảng 90%: {low:a} – {high:a}). Đạt {g:n} vào {goal:t}: {p:c}.",
        en="The nation at the end of {m:t}: about {a:a} members (90% interval: {low:a} to {high:a}). {g:n} by "
        "{goal:t}: {p:c}.",
    )
    most = [name for name in rows.sort_values("median_now", ascending=False).index if name != NATION]
    chosen = [name for name in names if name != NATION] or most[: ROWS - 1]
    shown = rows.loc[[NATION, *dict.fromkeys(chosen)]]
    shown = shown.assign(place=[shown_board.short(name) for name in shown["place"]])
    heads = {
        "place": say(lang, vi="nơi", en="place"),
        "median_now": say(lang, vi="hiện nay", en="today"),
        "median_december": say(lang, vi="tháng 12 này", en="this December"),
        "median_march": say(lang, vi="tháng 3 tới", en="next March"),
        "target_goal": say(lang, vi="mục tiêu 2030", en="target of 2030"),
        "chance_goal": say(lang, vi="khả năng đạt", en="probability"),
    }
    forms = {"place": "", "median_now": "a", "median_december": "a", "median_march": "a", "target_goal": "n"}
    table = words.table(shown, lang, forms | {"chance_goal": "c"}, heads)
    return Brief([str(shown_board.title(outlook, lang)), str(line)], table)


def scored(short: pd.DataFrame, lang: str = "vi") -> Brief:
    """Say how the engines did in a backtest; `short` is that of :func:`forecast.answer.score.summary`."""
    rows = []
    for engine, part in frames.groups(short.set_index("metric"), "engine", sort=False):
        held = part.loc[["covered"]].query("level == 0.9")["value"].iloc[0]
        skill, counts = float(frames.at(part, "crps", "skill naive")), int(frames.at(part, "crps", "targets"))
        rows.append({"engine": engine, "error": 1 - skill, "held": held, "counts": counts})
    table = pd.DataFrame(rows).sort_values("error", kind="stable")
    best = frames.records(table)[0]
    line = say(
        lang,
        engine=capital(term(f"engine.{best['engine']}", lang)),
        error=best["error"],
        held=best["held"],
        n=best["counts"],
        vi="{engine} sai ít nhất: bằng {error:p} sai số của cách lặp lại số gần nhất; khoảng 90% chứa {held:p} "
        "của {n:n} số.",
        en="{engine} errs least: {error:p} of the error of the last count again; 90% intervals held {held:p} of {n:n} "
        "counts.",
    )
    heads = {
        "error": say(lang, vi="sai số so với lặp lại số gần nhất", en="error of the last count again"),
        "held": say(lang, vi="khoảng 90% chứa", en="90% interval held"),
        "counts": say(lang, vi="số được chấm", en="counts"),
    }
    forms = {"engine": "", "error": "p", "held": "p", "counts": "n"}
    return Brief([str(line)], words.table(table.head(ROWS), lang, forms, heads))


def examined(short: pd.DataFrame, lang: str = "vi") -> Brief:
    """Say which engine did best in the exam, the nation and other places apart."""
    ordered = short.sort_values("of_naive", kind="stable")
    lines = []
    for scope in ("nation", "places"):
        for row in frames.records(ordered[ordered["scope"] == scope])[:1]:
            lines.append(
                say(
                    lang,
                    whom={"nation": say(lang, vi="Cả nước", en="The nation")}.get(
                        scope, say(lang, vi="Các địa phương", en="Other places")
                    ),
                    engine=term(f"engine.{row['engine']}", lang),
                    r=row["of_naive"],
                    held=row["held_80"],
                    n=row["targets"],
                    vi="{whom}: {engine} tốt nhất, sai số {r:n2} lần cách lặp lại số gần nhất; khoảng 80% chứa "
                    "{held:p} của {n:n} số.",
                    en="{whom}: {engine} is best, {r:n2} times the error of the last count again; 80% intervals held "
                    "{held:p} of {n:n} counts.",
                )
            )
    best = pd.concat([part.head(ROWS // 2) for _, part in frames.groups(ordered, "scope", sort=False)])
    best = best.assign(
        scope=[
            say(lang, vi="cả nước", en="nation") if s == "nation" else say(lang, vi="địa phương", en="places")
            for s in best["scope"]
        ]
    )
    heads = {
        "scope": say(lang, vi="của", en="of"),
        "of_naive": say(lang, vi="sai số", en="error"),
        "held_80": say(lang, vi="khoảng 80% chứa", en="80% held"),
        "held_95": say(lang, vi="khoảng 95% chứa", en="95% held"),
        "targets": say(lang, vi="số được chấm", en="counts"),
    }
    forms = {"scope": "", "engine": "", "of_naive": "n2", "held_80": "p", "held_95": "p", "targets": "n"}
    return Brief([str(line) for line in lines], words.table(best, lang, forms, heads))


def split(parts: pd.DataFrame, lang: str = "vi") -> Brief:
    """Say how far published forecasts were off, and what each miss comes from."""
    worst = parts.reindex(parts["total"].abs().sort_values(ascending=False, kind="stable").index)
    line = say(
        lang,
        n=len(parts),
        k=parts["forecast"].nunique(),
        share=(parts["total"].abs() / parts["observed"].clip(lower=1)).median(),
        vi="{n:n} số đã đối chiếu với {k:n} dự báo đã công bố; một nửa lệch không quá {share:p}.",
        en="{n:n} counts were held against {k:n} published forecasts; half of them miss by at most {share:p}.",
    )
    heads = {
        "total": say(lang, vi="lệch", en="miss"),
        "law_part": say(lang, vi="do luật", en="law"),
        "scenario_part": say(lang, vi="do kịch bản", en="scenario"),
        "chance_part": say(lang, vi="do ngẫu nhiên", en="chance"),
        "model_part": say(lang, vi="do mô hình", en="model"),
    }
    forms = {"place": "", "month": "t", "engine": ""} | dict.fromkeys(heads, "n")
    return Brief([str(line)], words.table(worst.head(ROWS), lang, forms, heads))


def learned(posterior: Learned, lang: str = "vi") -> Brief:
    """Say from how many counts was learned and how sure it is, with what the counts taught most about."""
    line = say(
        lang,
        n=posterior.counts,
        k=posterior.places,
        month=posterior.origin,
        vi="Các tham số được học từ {n:n} số của {k:n} nơi, biết đến {month:T}.",
        en="The parameters were learned from {n:n} counts of {k:n} places, as known in {month:T}.",
    )
    most = posterior.table.sort_values("narrowed", ascending=False, kind="stable").head(ROWS - 2)
    return Brief(
        [str(line), str(calibration.repeated(posterior, lang))], calibration.table(posterior._replace(table=most), lang)
    )


def studied(study_tables: dict[str, pd.DataFrame], lang: str = "vi") -> Brief:
    """Say what makes the interval of the last place wide, and which statistic would narrow each place's most."""
    ladder, following = study_tables["ladder"], study_tables["next"]
    place = ladder["place"].iloc[-1]
    most = ladder[ladder["place"] == place].nlargest(1, "share").iloc[0]
    line = say(
        lang,
        place=place,
        source=term(f"ladder.{most['source']}", lang),
        share=most["share"],
        low=most["low"],
        high=most["high"],
        vi="{place}: khoảng 90% từ {low:a} đến {high:a} người, phần lớn nhất do {source} ({share:p}).",
        en="{place}: the 90% interval is {low:a} to {high:a}, the largest part of it is {source} ({share:p}).",
    )
    best = following[~following["published"]].groupby("scenario", sort=False).head(1).head(ROWS)
    best = best.assign(
        statistic=[label(name, lang) for name in best["statistic"]], narrower=best["narrower"].clip(lower=0)
    )
    first = frames.records(best)[-1]
    advice = say(
        lang,
        name=first["statistic"],
        less=first["narrower"],
        vi="Số liệu nên công bố tiếp: {name} (khoảng hẹp thêm {less:p}).",
        en="Publish next: {name} (the interval would be {less:p} narrower).",
    )
    heads = {
        "statistic": say(lang, vi="nên công bố", en="publish"),
        "narrower": say(lang, vi="khoảng hẹp thêm", en="narrower by"),
    }
    table = words.table(best, lang, {"place": "", "scenario": "scenario", "statistic": "", "narrower": "p"}, heads)
    return Brief([str(line), str(advice)], table)


def updated(update: Update, lang: str = "vi") -> Brief:
    """Say which new count surprises most and whether to be alarmed, with all counts beside their forecasts."""
    surprises = update.surprise[update.surprise["by"] == BELIEFS].sort_values("chance", kind="stable")
    lines = []
    if len(surprises):
        inside = int(surprises["observed"].between(surprises["q100"], surprises["q900"]).sum())
        lines.append(
            say(
                lang,
                n=len(surprises),
                k=inside,
                vi="{k:n} trong {n:n} số mới nằm trong khoảng dự báo 80%.",
                en="{k:n} of {n:n} new counts lie inside their 80% interval.",
            )
        )
    else:
        lines.append(
            say(lang, vi="Chưa có dự báo nào về các số mới.", en="Nothing had been forecast of the new counts.")
        )
    alarmed = bool(update.alarm["alarm"].any()) if len(update.alarm) else False
    lines.append(
        say(
            lang,
            vi="Báo động: các khoảng dự báo sai nhiều hơn mức cho phép; xem update.md.",
            en="Alarm: the intervals miss more often than they may; see update.md.",
        )
        if alarmed
        else say(lang, vi="Không có báo động.", en="No alarm.")
    )
    names = {
        "observed": say(lang, vi="thực hiện", en="counted"),
        "q500": say(lang, vi="dự báo", en="forecast"),
        "q100": say(lang, vi="khoảng 80% từ", en="80% from"),
        "q900": say(lang, vi="đến", en="to"),
    }
    forms = {"place": "", "month": "t", "observed": "n", "q500": "a", "q100": "a", "q900": "a"}
    return Brief(
        [str(line) for line in lines], words.table(surprises.head(ROWS), lang, forms, names) if len(surprises) else None
    )


def ranked(verdict: pd.DataFrame, lang: str = "vi") -> Brief:
    """Say whether truths of invented nations were found again, with the quantities that fit least."""
    rest = verdict[verdict["coordinate"] != "all"].sort_values("uniform_p", kind="stable")
    first = str(calibration.found_again(verdict, lang)).split("\n")[0]
    shown = rest.assign(coordinate=[calibration.coordinate(name, lang) for name in rest["coordinate"]]).head(ROWS)
    names = {
        "coordinate": say(lang, vi="đại lượng", en="quantity"),
        "uniform_p": say(lang, vi="xác suất thứ hạng đều", en="p of uniform ranks"),
        "held": say(lang, vi="khoảng 80% chứa", en="80% held"),
    }
    return Brief([first], words.table(shown, lang, {"coordinate": "", "uniform_p": "n3", "held": "p"}, names))
