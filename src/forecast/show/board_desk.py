"""What can be done about the board, in words and tables: plans, the top-up, policies; and how often it was right."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from forecast.data import frames, tables
from forecast.data.places import read_place
from forecast.data.vocabulary import NATION, PAYERS
from forecast.desk.board import back as past
from forecast.desk.board.board import Board
from forecast.desk.board.compare import STATUS_QUO
from forecast.desk.board.equal import BUDGET, EXACT
from forecast.desk.board.price import undoing
from forecast.language import words
from forecast.language.words import Text, join, say
from forecast.show import ranking, register, vintage
from forecast.show.board import answer, foot, short, tell, title

OWN_TITLES = {
    STATUS_QUO: {"vi": "luật như hiện nay", "en": "the law as it is"},
}


def undo(board: Board, cost: pd.DataFrame, lang: str = "vi") -> Text:
    """Return the top-up that would undo the rise of the floor, and who would pay what in its first year."""
    register.undone(cost)
    shares = undoing(board.asked.known_law, board.rise, (NATION,))
    paid = cost[cost["place"] == NATION].set_index("payer")
    return say(
        lang,
        vi="Để mỗi người trả như trước khi tăng mức sàn, phải hỗ trợ thêm {a:p1} mức đóng trên sàn cho "
        "hộ nghèo, {b:p1} cho "
        "hộ cận nghèo, {c:p1} cho người dân tộc thiểu số và {d:p1} cho người khác. Năm {y} tỉnh trả "
        "{p:m} (không hỗ trợ: "
        "{p0:m}), nhà nước {s:m} ({s0:m}), người tham gia {m:m} ({m0:m}).",
        en="For everybody to pay what they paid before the rise takes a top-up of {a:p1} of the floor "
        "contribution for the "
        "poor, {b:p1} for the near-poor, {c:p1} for ethnic minorities and {d:p1} for others. In {y} "
        "provinces pay {p:m} "
        "(without it {p0:m}), the state {s:m} ({s0:m}), members {m:m} ({m0:m}).",
        a=shares["poor"],
        b=shares["near_poor"],
        c=shares["ethnic_minority"],
        d=shares["other"],
        y=board.rise.month[:4],
        p=float(frames.at(paid, "province", "undone")),
        p0=float(frames.at(paid, "province", "usual")),
        s=float(frames.at(paid, "state", "undone")),
        s0=float(frames.at(paid, "state", "usual")),
        m=float(frames.at(paid, "members", "undone")),
        m0=float(frames.at(paid, "members", "usual")),
    )


BILLION = 1e9  # VND
OUTREACH = "model-communes"  # what offices would do in place of a top-up, as the table of provinces tells it


def undo_table(board: Board, cost: pd.DataFrame, policies: pd.DataFrame, lang: str = "vi") -> Text:
    """Return for each place what the rise takes, the top-up that undoes it, who pays more, and what outreach adds."""
    register.undone(cost)
    register.policies(policies)
    tell(board)
    rows = board.rows.set_index("place")
    more = (cost["undone"] - cost["usual"]).set_axis(pd.MultiIndex.from_frame(cost[["place", "payer"]])).unstack()
    reach = policies[policies["policy"] == OUTREACH].set_index("place")
    lineages = [read_place(name, at=board.rise.month).lineage for name in rows.index]
    shares = [undoing(board.asked.known_law, board.rise, lineage).values() for lineage in lineages]
    shown = pd.DataFrame(
        {
            "place": [short(name) for name in rows.index],
            "taken": -rows["median_rise_year"],
            "low": -rows["high_rise_year"],
            "high": -rows["low_rise_year"],
            "top_up": [f"{words.number(100 * min(s), lang)}–{words.percent(max(s), lang)}" for s in shares],
            **{payer: more[payer] / BILLION for payer in ("province", "state", "members")},
            "outreach": reach["added_year"],
            "office": reach["more_office"] / BILLION,
        },
        index=rows.index,
    )
    names = {
        "place": say(lang, vi="Nơi", en="Place"),
        "taken": say(lang, vi="Mức sàn làm giảm sau một năm", en="The floor takes in a year"),
        "low": say(lang, vi="90%: từ", en="90%: from"),
        "high": say(lang, vi="đến", en="to"),
        "top_up": say(lang, vi="Hỗ trợ thêm để bù (tùy nhóm)", en="Top-up that undoes it (by group)"),
        "province": say(lang, vi="Bù: tỉnh trả thêm (tỷ đồng)", en="Undone: province pays more (billion VND)"),
        "state": say(lang, vi="Bù: trung ương trả thêm (tỷ đồng)", en="Undone: state pays more (billion VND)"),
        "members": say(lang, vi="Bù: người tham gia trả thêm (tỷ đồng)", en="Undone: members pay more (billion VND)"),
        "outreach": say(lang, vi="Xã điểm: thêm người bền vững", en="Model communes: lasting members added"),
        "office": say(lang, vi="Xã điểm: BHXH trả thêm (tỷ đồng)", en="Model communes: office pays more (billion VND)"),
    }
    forms = dict.fromkeys(names, "n1") | {"place": "", "top_up": "w"}
    forms |= dict.fromkeys(("taken", "low", "high", "outreach"), "a")
    return words.table(shown, lang, forms, names)


def prices(effects: pd.DataFrame, lang: str = "vi") -> Text:
    """Return the effect of the price by counts of members and by trials of entry, and which one is used where."""
    register.prices(effects)
    row = next(frames.rows(effects[effects["place"] == NATION]))
    provinces = effects[effects["place"] != NATION]
    most = next(frames.rows(provinces[provinces["people"] == provinces["people"].max()]))
    return say(
        lang,
        vi="**Hai cách trả lời cho một mức đóng.** Nếu mọi người trả như trước khi tăng mức sàn, sau một năm số "
        "người bền vững của cả nước nhiều hơn {a:p} (khoảng 90%: {b:p} đến {c:p}) theo tác động của mức đóng "
        "lên **số người đang tham gia** mà các số thực hiện cho biết, phần lớn là lần tăng năm 2022. Theo "
        "**mô phỏng từng người**, trong đó người mới và người đến hạn phản ứng như trong các thử nghiệm, con "
        "số là {d:p} ({e:p} đến {f:p}), ở {place} {g:p}, và năm sau còn tăng tiếp vì mỗi tháng có thêm người "
        "vào. Bảng này dùng cách thứ nhất, thận trọng hơn, cho mọi thay đổi của mức đóng; trang của từng nơi "
        "dùng cách thứ hai khi hỏi về hỗ trợ thêm. Số thực hiện giữa năm 2027 sẽ cho biết cách nào đúng.",
        en="**Two answers for one price.** If everybody paid what they paid before the rise, the nation would "
        "have {a:p} more lasting members after a year (90% interval {b:p} to {c:p}) by the effect of the "
        "price on **the stock of members** that counts have taught, most of all the rise of 2022. By "
        "**simulated people**, of whom newcomers and those who are due respond as in trials, it is {d:p} "
        "({e:p} to {f:p}), in {place} {g:p}, and more the year after, since every month brings more "
        "newcomers. This board uses the first, the cautious one, for whatever changes the price; the page of "
        "a place uses the second for a top-up. Counts of mid-2027 will say which is true.",
        a=row.counts,
        b=row.counts_low,
        c=row.counts_high,
        d=row.people,
        e=row.people_low,
        f=row.people_high,
        place=short(most.place),
        g=most.people,
    )


def equal(outcomes: pd.DataFrame, titles: Mapping[str, Mapping[str, str]], lang: str = "vi") -> Text:
    """Return what policies add for the same money of all payers but the members, the one that adds most first.

    Over the table stands how often the first one is first, and whether the next one can be told from it. Policies that
    cannot be made to cost the budget stand last and are not ranked.
    """
    register.policies(outcomes, " at equal money")
    outcomes = outcomes.assign(policy=[titles.get(name, {}).get(lang, name) for name in outcomes["policy"]])
    order = [outcomes["first"].isna(), -outcomes["added_goal"]]
    rows = outcomes.iloc[np.lexsort(order[::-1])].reset_index(drop=True)
    ranked, other = rows[rows["first"].notna()], rows[rows["first"].isna()]
    chances = dict(zip(ranked["policy"], words.counted(ranked, "first")["first"], strict=True))
    names = {
        "policy": say(lang, vi="Chính sách, cùng {b:m} một năm", en="Policy, for {b:m} a year", b=BUDGET),
        "size": say(lang, vi="Phần của chính sách ở bảng trên", en="Part of the policy above"),
        "support": say(lang, vi="Chi thêm một năm", en="Spent more in a year"),
        "added_year": say(lang, vi="Thêm người bền vững sau một năm", en="Lasting members added in a year"),
        "added_goal": say(lang, vi="đến 12/2030", en="by Dec 2030"),
        "low_goal": say(lang, vi="90%: từ", en="90%: from"),
        "high_goal": say(lang, vi="đến", en="to"),
        "first": say(lang, vi="Đứng đầu", en="Ranks first"),
    }
    forms = {"policy": "", "size": "p", "support": "m"}
    forms |= dict.fromkeys(("added_year", "added_goal", "low_goal", "high_goal"), "a") | {"first": "w"}
    unranked = say(lang, vi="không xếp hạng", en="not ranked")
    first = [words.form(chances[name], "c", lang) if name in chances else unranked for name in rows["policy"]]
    text = [ranking.sentence(chances, lang), *([_not_ranked(list(other["policy"]), lang)] if len(other) else [])]
    return join([join(text, " "), words.table(rows.assign(first=first), lang, forms, names)])


def _not_ranked(named: Sequence[str], lang: str) -> Text:
    """Say which policies cannot be made to cost the budget."""
    return say(
        lang,
        vi="Không phần nào của {names} tốn đúng {b:m} (sai khác quá {exact:p}): bảng ghi số tiền đã chi và không xếp "
        "hạng.",
        en="No part of {names} costs {b:m} (to within {exact:p}): the table says what is spent, and gives no rank.",
        names=", ".join(named),
        b=BUDGET,
        exact=EXACT,
    )


def plans(table: pd.DataFrame, year: int, lang: str = "vi") -> Text:
    """Return the nation's plan for a December in a sentence for each chance."""
    register.plans(table, year)
    rows = table[table["place"] == NATION]
    return words.listing(
        say(
            lang,
            vi="Kế hoạch tháng 12/{y} mà khả năng đạt là **{p:p}**: {plan:a} người, bằng {over:n2} lần "
            "tháng 12 trước đó; đến "
            "tháng 3 còn {left:p} của kế hoạch (khoảng 90%: {low:p} đến {high:p}).",
            en="A plan for December {y} that is met with **{p:p}**: {plan:a} members, {over:n2} times "
            "the December before; in "
            "March {left:p} of the plan are left (90% interval {low:p} to {high:p}).",
            y=str(year),
            p=row.chance,
            plan=row.plan,
            over=row.over_last,
            left=row.left,
            low=row.left_low,
            high=row.left_high,
        )
        for row in frames.rows(rows)
    )


def plans_table(table: pd.DataFrame, year: int, lang: str = "vi") -> Text:
    """Return the plans of all places for a December by chance, and what is left of the middle one in March."""
    register.plans(table, year)
    wide = table.pivot(index="place", columns="chance", values="plan").reindex(table["place"].unique())
    kept = table[table["chance"] == table["chance"].median()].set_index("place")
    shown = wide.set_axis([f"p{round(100 * float(c))}" for c in wide.columns], axis=1).reset_index()
    shown["left"] = kept["left"].reindex(wide.index).to_numpy()
    shown["place"] = shown["place"].map(short)
    chances = {f"p{round(100 * float(c))}": words.percent(float(c), lang) for c in wide.columns}
    names = {"place": say(lang, vi="Nơi", en="Place")} | chances
    names["left"] = say(lang, vi="Còn lại tháng 3 (kế hoạch ở giữa)", en="Left in March (the middle plan)")
    return words.table(shown, lang, {"place": "", **dict.fromkeys(chances, "a"), "left": "p"}, names)


def communes(table: pd.DataFrame, year: int, lang: str = "vi") -> Text:
    """Return the plan of a province split over its communes, the largest first."""
    register.communes(table, year)
    rows = table.sort_values("plan", ascending=False, kind="stable")
    shown = rows.assign(commune=rows["commune"].str.rpartition("/")[2])
    names = {
        "commune": say(lang, vi="Xã", en="Commune"),
        "people": say(lang, vi="Người thuộc diện", en="People liable"),
        "plan": say(lang, vi="Kế hoạch tháng 12/{y}", en="Plan for December {y}", y=str(year)),
    }
    return words.table(shown, lang, {"commune": "", "people": "n", "plan": "n"}, names)


def policies(outcomes: pd.DataFrame, titles: Mapping[str, Mapping[str, str]], lang: str = "vi") -> Text:
    """Return what each policy does to the nation: lasting members, the chance of 2030, and what it costs whom.

    Under the table stands how many draws it rests on.
    """
    rows = outcomes[outcomes["place"] == NATION].sort_values("added_goal", ascending=False, kind="stable")
    register.policies(outcomes)
    rows = words.counted(rows, "chance")
    named = [{**OWN_TITLES, **titles}.get(name, {}).get(lang, name) for name in rows["policy"]]
    names = {
        "policy": say(lang, vi="Chính sách", en="Policy"),
        "added_december": say(lang, vi="Thêm người tham gia đến tháng 12 năm sau", en="Members added by next December"),
        "added_year": say(lang, vi="Riêng người bền vững", en="Lasting ones alone"),
        "added_goal": say(lang, vi="Thêm người bền vững đến 12/2030", en="Lasting ones added by Dec 2030"),
        "low_goal": say(lang, vi="90%: từ", en="90%: from"),
        "high_goal": say(lang, vi="đến", en="to"),
        "chance": say(lang, vi="Khả năng 2030, người bền vững", en="Probability of 2030, lasting"),
        **{
            f"more_{payer}": say(lang, vi="{p:payer} (tỷ đồng)", en="{p:payer} (billion VND)", p=payer)
            for payer in PAYERS
            if payer != "donors" or rows["more_donors"].any()
        },
        "price": say(lang, vi="Chi cho một năm tham gia thêm (triệu đồng)", en="Support per added year (million VND)"),
    }
    paid = [name for name in names if name.startswith("more_")]
    rows = rows.assign(price=rows["price"] / 1e6, **{name: rows[name] / BILLION for name in paid})
    forms = dict.fromkeys(names, "n1") | {"policy": "", "chance": "c"}
    forms |= dict.fromkeys(("added_december", "added_year", "added_goal", "low_goal", "high_goal"), "a")
    rest = say(
        lang,
        vi="Mức giữa, khoảng và khả năng là của {n:n} lần mô phỏng; ± là sai số mô phỏng của khả năng. "
        "Mọi chính sách có cùng các lần mô phỏng. Tiền là phần mỗi bên trả thêm trong một năm; cột cuối là phần chi "
        "của các bên không phải người tham gia cho mỗi năm tham gia thêm.",
        en="Medians, intervals and probabilities are of {n:n} draws; ± is the simulation error of a probability. All "
        "policies have the same draws. Money is what each pays more in a year; the last column is what all payers but "
        "members spend on each member-year more.",
        n=int(rows["draws"].min()),
    )
    return join([words.table(rows.assign(policy=named), lang, forms, names), rest])


def held(hindcasts: pd.DataFrame, lang: str = "vi") -> Text:
    """Return how often earlier boards would have been right: the nation's December, then the rates of provinces."""
    register.held(hindcasts)
    nation = next(frames.rows(hindcasts[hindcasts["place"] == NATION]))
    rates = past.rates(hindcasts).set_index("which")
    sentences = [
        say(
            lang,
            vi="Cả nước, {m:T} nhìn từ {s:T}: {a:a} (khoảng 80%: {b:a} đến {c:a}); thực hiện {x:n}, "
            + ("nằm trong khoảng." if nation.in_80 else "nằm ngoài khoảng 80%."),
            en="The nation in {m:T}, seen from {s:T}: {a:a} (80% interval {b:a} to {c:a}); the count was {x:n}, "
            + ("inside." if nation.in_80 else "outside the 80% interval."),
            m=nation.month,
            s=nation.seen,
            a=nation.median,
            b=nation.low,
            c=nation.high,
            x=nation.members,
        )
    ]
    for which, vi, en in (
        ("last", "Số gần nhất của {n:n} tỉnh", "The last count of {n:n} provinces"),
        ("last before", "Của {n:n} tỉnh trong đó đã có số từ trước", "Of the {n:n} among them counted before"),
        ("all", "Mọi số của các tỉnh, {n:n} số", "All counts of provinces, {n:n}"),
        ("before", "{n:n} số trong đó, của tỉnh đã có số từ trước", "The {n:n} among them counted before"),
    ):
        row = frames.at(rates, which)
        sentences.append(
            say(
                lang,
                vi=vi + ": khoảng 50% chứa {a:p} số thực hiện, khoảng 80% chứa {b:p}, khoảng 95% chứa {c:p}; đầu "
                "trên của khoảng 80% gấp {w:n1} lần đầu dưới.",
                en=en + ": 50% intervals held {a:p} of them, 80% intervals {b:p}, 95% intervals {c:p}; the upper end "
                "of the 80% interval is {w:n1} times the lower one.",
                n=row["counts"],
                a=row["in_50"],
                b=row["in_80"],
                c=row["in_95"],
                w=row["width"],
            )
        )
    later = hindcasts[(hindcasts["place"] != NATION) & (hindcasts["seen"] > past.CHOSEN)]
    sentences.append(
        say(
            lang,
            vi="Phần lớn mô hình được chọn với các mốc đến {c:t}; trong {n:n} số của tỉnh nhìn từ sau đó, khoảng 80% "
            "chứa {k:n}. Một mốc sau đó cũng góp vào việc chọn, và giả định ban đầu đến từ một bản thử đã thấy mọi "
            "số, nên không lần nào là kiểm tra hoàn toàn độc lập.",
            en="Most of the model was chosen at months up to {c:t}; of {n:n} counts of provinces seen from later ones "
            "80% intervals held {k:n}. One later month had a part in the choice too, and its first assumptions come "
            "from a trial that had seen all counts, so that none of this is wholly blind.",
            c=past.CHOSEN,
            n=len(later),
            k=int(later["in_80"].sum()),
        )
    )
    return words.listing(sentences)


def held_table(hindcasts: pd.DataFrame, lang: str = "vi") -> Text:
    """Return each count and what the board would have said of it half a year before or more."""
    register.held(hindcasts)
    inside = {True: say(lang, vi="trong", en="inside"), False: say(lang, vi="ngoài", en="outside")}
    names = {
        "place": say(lang, vi="Nơi", en="Place"),
        "seen": say(lang, vi="Nhìn từ", en="Seen from"),
        "month": say(lang, vi="Tháng", en="Month"),
        "low": say(lang, vi="80%: từ", en="80%: from"),
        "median": say(lang, vi="Mức giữa", en="Median"),
        "high": say(lang, vi="đến", en="to"),
        "members": say(lang, vi="Thực hiện", en="Count"),
        "in_80": say(lang, vi="Khoảng 80%", en="80% interval"),
        "before": say(lang, vi="Số đã biết trước", en="Counts known before"),
    }
    forms = {
        "place": "",
        "seen": "t",
        "month": "t",
        "low": "a",
        "median": "a",
        "high": "a",
        "members": "n",
        "in_80": "",
        "before": "n",
    }
    return words.table(hindcasts.assign(in_80=hindcasts["in_80"].map(inside)), lang, forms, names)


def today(board: Board, lang: str = "vi") -> Text:
    """Return the head of the front page: the month, and the nation's answers of :func:`forecast.show.board.answer`."""
    return join([f"**{title(board, lang)}.**", answer(board, lang), foot(board, lang)])


def five(rows: pd.DataFrame, lang: str = "vi") -> Text:
    """Return the five places of the articles in their present form, from today to 2030."""
    register.five(rows)
    names = {
        "name": say(lang, vi="Nơi ngày nay", en="Place of today"),
        "communes": say(lang, vi="Số xã", en="Communes"),
        "last": say(lang, vi="Số gần nhất", en="Latest count"),
        "now": say(lang, vi="Hiện nay", en="Today"),
        "december": say(lang, vi="Tháng 12 này", en="This Dec"),
        "march": say(lang, vi="Tháng 3 tới", en="Next Mar"),
        "goal": say(lang, vi="12/2030", en="Dec 2030"),
        "goal_lasting": say(lang, vi="bền vững", en="lasting"),
        "low": say(lang, vi="90%: từ", en="90%: from"),
        "high": say(lang, vi="đến", en="to"),
        "taken": say(lang, vi="Mức sàn làm giảm", en="The floor takes"),
    }
    shown = rows.assign(
        name=[row.vi if lang == "vi" else row.en for row in frames.rows(rows)],
        last=[vintage.old(month, age, lang) for month, age in zip(rows["last"], rows["last_age"], strict=True)],
    )
    forms = dict.fromkeys(names, "a") | {"name": "", "last": "", "communes": "n"}
    return words.table(shown, lang, forms, names)


def year_of(board: Board) -> int:
    """Return the year of the plan that offices make now: the next one but for January."""
    return tables.month(board.asked.month).year + 1
