"""Communes by one's own monthly table: what a planner reads first, a table by rank, and a small picture of each."""

import numpy as np

from forecast.exchange.own_communes import SEASONS, Communes
from forecast.exchange.spreadsheet import MARK
from forecast.language import words
from forecast.language.words import Chance, Table, Text, say
from forecast.show.marks import INK, MUTED, numbers
from forecast.show.picture import LOOKS, TARGET, Picture, sheet, style

FIRST, MOST, ACROSS = 5, 23, 4  # communes named in a sentence, drawn (the place beside them), and pictures in a row
WIDE, NARROW = 0.9, 0.7  # shares of past counts inside 80% intervals at which their width is remarked on
TOP, TALL = 1.36, 1.15  # inches above the small pictures, and of a row of them
LOOK_BACK = 24  # months of the past in a small picture


def sentences(communes: Communes, lang: str = "vi") -> list[Text]:
    """Return what was found: forecast, plan, shares, who needs help first, how it would have done, who is due."""
    table, end = communes.table, communes.whole[:, communes.months.index(communes.by)]
    low, high = np.quantile(end, (0.05, 0.95))
    draws = len(communes.paths)
    mark = f"{MARK}. " if communes.synthetic else ""
    texts = [
        Text(
            mark
            + say(
                lang,
                vi="Đến {m:T}, {k:n} xã có {n:n} người đang tham gia; theo riêng số đã đếm, đến {by:T} có {e:n} "
                "người (khoảng dự báo 90%: {a:n} đến {b:n}).",
                en="{n:n} members in {k:n} communes in {m:T}; by the counts alone {e:n} in {by:T} (90% interval: {a:n} "
                "to {b:n}).",
                m=communes.month,
                k=len(table),
                n=table["members"].sum(),
                by=communes.by,
                e=table["expected"].sum(),
                a=low,
                b=high,
            )
        )
    ]
    if communes.goal is not None:
        texts.append(
            say(
                lang,
                vi="Cả địa bàn đạt {g:n} người vào {by:T} với khả năng {p:c}; chia để khó như nhau, mỗi xã đạt phần "
                "của mình với khả năng khoảng {l:p}.",
                en="The place reaches {g:n} in {by:T} with probability {p:c}; split to be equally hard, each commune "
                "meets its share with probability of about {l:p}.",
                g=communes.goal,
                by=communes.by,
                p=Chance(communes.goal_chance, draws),
                l=communes.level,
            )
        )
    else:
        texts.append(
            say(
                lang,
                vi="Số liệu chưa có kế hoạch năm {y} của đủ các xã: thêm --target SỐ NGƯỜI để chia cho từng xã.",
                en="The table has no plan of {y} for all communes: add --target PERSONS to split one over them.",
                y=communes.by[:4],
            )
        )
    first = table["commune"].head(FIRST)
    texts.append(
        say(
            lang,
            vi="Cần giúp trước: {names}.",
            en="Communes that need help first: {names}.",
            names=", ".join(first),
        )
    )
    tried, met = int(table["tried"].sum()), int(table["met"].sum())
    judged = _judged(met / tried) if tried else ("", "")
    texts.append(
        say(
            lang,
            vi="Thử lại từ các tháng trước, {m:n} trong {t:n} số đã đếm nằm trong khoảng dự báo 80%" + judged[0],
            en="Tried from past months, 80% intervals held {m:n} of {t:n} counts" + judged[1],
            m=met,
            t=tried,
        )
        if tried
        else say(
            lang,
            vi="Bảng còn ngắn, chưa thử lại được dự báo từ các tháng trước.",
            en="The table is too short for the forecast to be tried from past months.",
        )
    )
    if len(communes.stock) < SEASONS:
        texts.append(
            say(
                lang,
                vi="Bảng có {n:n} tháng, chưa đủ hai năm: dự báo không thấy được đợt ra quân cuối năm và đợt dừng "
                "đóng đầu năm.",
                en="The table has {n:n} months, less than two years: the forecast does not see the campaigns at the "
                "end of a year and those who stop at its beginning.",
                n=len(communes.stock),
            )
        )
    if communes.due is not None:
        months = [(month, float(row.sum())) for month, row in communes.due.iterrows()]
        due_counts = "; ".join(
            f"{words.month(month, lang)}: {words.number(count, lang)}" for month, count in months[:6]
        )
        texts.append(
            say(lang, vi="Số người đến hạn đóng: {due_counts}.", en="Members due: {due_counts}.", due_counts=due_counts)
        )
    return texts


def _judged(held: float) -> tuple[str, str]:
    """Return what the share of counts in 80% intervals says of their width, in Vietnamese and English."""
    if held > WIDE:
        return ": khoảng dự báo rộng hơn cần thiết.", ": they are wider than they need to be."
    if held < NARROW:
        return ": khoảng dự báo quá hẹp, đừng tin quá.", ": they are too narrow to be trusted."
    return ".", "."


def table(communes: Communes, lang: str = "vi", most: int = 10) -> Table:
    """Return the communes that need help first as a table: members, expected, plan and its probability, the share."""
    some = communes.table.head(most)
    draws = len(communes.paths)

    def cell(value: float) -> str:
        return "" if np.isnan(value) else words.number(value, lang)

    heads = {
        "vi": ["Xã, phường", "Đang tham gia", "Dự kiến", "Kế hoạch", "Khả năng đạt", "Phần khó như nhau"],
        "en": ["Commune", "Members", "Expected", "Plan", "Probability", "Equally hard share"],
    }[lang]
    rows = [
        [
            str(row["commune"]),
            cell(row["members"]),
            cell(row["expected"]),
            cell(row["plan"]),
            "" if np.isnan(row["plan_chance"]) else words.chance(Chance(row["plan_chance"], draws), lang),
            cell(row["share"]),
        ]
        for row in some.to_dict("records")
    ]
    kept = [n for n in range(len(heads)) if any(row[n] for row in rows)]  # no plan, no column of it
    return Table([heads[n] for n in kept], [[row[n] for n in kept] for row in rows], [n > 0 for n in kept])


def _source(lang: str) -> str:
    return str(
        say(
            lang,
            vi="Nguồn: bảng theo dõi hằng tháng của đơn vị; dự báo của bộ công cụ này.",
            en="Source: the office's own monthly table; forecasts of this workbench.",
        )
    )


def picture(communes: Communes, lang: str = "vi") -> Picture:
    """Draw the place and its communes by rank, each on its own scale: counts, expectation, 90% interval, plan."""
    units = [str(name) for name in communes.stock.columns]
    shown = list(communes.table["commune"].head(MOST))
    rows = -(-(len(shown) + 1) // ACROSS)
    plans = dict(zip(communes.table["commune"], communes.table["plan"], strict=True))
    title = say(
        lang,
        vi="{place}: từng xã đến {by:T}, theo riêng số đã đếm",
        en="{place}: each commune to {by:T}, by the counts alone",
        place=communes.place.name,
        by=communes.months[-1],
    )
    mark = f"{MARK}. " if communes.synthetic else ""
    subtitle = mark + say(
        lang,
        vi="Người đang tham gia. Nét liền: đã đếm; nét đứt: dự kiến; dải: khoảng 90%{plan}.\n"
        "Xếp theo thứ tự cần giúp trước{more}; mỗi ô một thang riêng.",
        en="Members. Line: counted; dashes: expected; band: 90% interval{plan}.\n"
        "Those that need help first come first{more}; each on its own scale.",
        plan=say(lang, vi="; vạch ngang: kế hoạch", en="; level line: plan")
        if communes.goal is not None or communes.table["plan"].notna().any()
        else "",
        more=""
        if len(shown) == len(units)
        else say(lang, vi=" ({n:n} trong {m:n} xã)", en=" ({n:n} of {m:n})", n=len(shown), m=len(units)),
    )
    height = TOP + TALL * rows
    with style():
        drawn, spare = sheet(title, subtitle, _source(lang), height=height)
        drawn.delaxes(spare)
        wide, tall = 0.215, 0.66 * TALL / height
        for number, name in enumerate([None, *shown]):
            at = units.index(name) if name is not None else None
            past = communes.stock.tail(LOOK_BACK)
            seen = past.sum(axis=1) if at is None else past.iloc[:, at]
            paths = communes.whole if at is None else communes.paths[:, :, at]
            goal = float(communes.goal) if at is None and communes.goal is not None else plans.get(name or "", np.nan)
            left = 0.035 + 0.245 * (number % ACROSS)
            axes = drawn.add_axes((left, 1 - (TOP + TALL * (number // ACROSS) + 0.72) / height, wide, tall))
            x, past_x = numbers([communes.month, *communes.months]), numbers(past.index)
            low, high = np.quantile(paths, (0.05, 0.95), axis=0)
            now = float(seen.iloc[-1])
            axes.fill_between(x, [now, *low], [now, *high], color=LOOKS[0][0], alpha=0.18, lw=0)
            axes.plot(past_x, seen, color=INK, lw=1.4)
            axes.plot(x, [now, *paths.mean(axis=0)], color=LOOKS[0][0], lw=1.2, ls="--")
            if np.isfinite(goal):
                axes.plot(
                    [numbers([communes.by])[0] - 5, numbers([communes.by])[0] + 1], [goal, goal], color=TARGET, lw=1.4
                )
            name = name or say(lang, vi="Cả địa bàn", en="The whole place")
            axes.set_title(name, fontsize=8.5, loc="left", color=INK, fontweight="bold" if at is None else "normal")
            axes.text(
                1.0, 1.06, words.number(now, lang), transform=axes.transAxes, ha="right", fontsize=8.5, color=MUTED
            )
            axes.set(xticks=[], yticks=[], ylim=(0, None))
            axes.grid(False)
    return drawn.describe(" ".join(map(str, sentences(communes, lang))))
