"""What happened: the saw-tooth, the price, the law and the merger of places, told from the tables of published figures.

Nothing here is a forecast. Counts that nobody has checked stay marked, and contradictory ones are listed, not averaged.
"""

import re

import pandas as pd

from forecast.data import history as facts
from forecast.data import places, tables
from forecast.data.history import SCHEME
from forecast.data.law import read_law
from forecast.data.tables import GROUPS
from forecast.language import words
from forecast.language.words import Text, form, listing, say, term

NATION = "Việt Nam"
BEFORE, AFTER = 4, 6  # months before and after a December within which a count belongs to its tooth
RULES = ("contribution_rate", "min_declared_income", "state_subsidy_share", "local_top_up_share",
         "min_years_for_pension")  # fmt: skip
_FORMS = {"contribution_rate": "p", "min_declared_income": "d", "min_years_for_pension": "n"}
_ACTS = {"Law": "Luật số", "Decree": "Nghị định số", "Resolution": "Nghị quyết số", "Decision": "Quyết định số"}


def teeth(history: pd.DataFrame | None = None) -> pd.DataFrame:
    """Return each December that was counted together with a count before or after it: one tooth of the saw.

    Columns: place, month (of the December), members, before_month and before (the last count of the months before it),
    after_month and after (the lowest count of the half year behind it), fall (share of the December that was gone by
    then; negative where the stock had grown). Only stated and derived counts of `history` (data/history.csv when left
    out) are used, :func:`forecast.data.history.counts`.

    >>> rows = teeth().set_index(["place", "month"])
    >>> round(float(rows.at[("Việt Nam", "2023-12"), "fall"]), 2), rows.at[("Cà Mau", "2021-12"), "after_month"]
    (0.21, '2022-06')
    """
    if history is None:
        history = tables.read(tables.data_dir() / "history.csv", "history")
    rows = []
    for place, counts in facts.counts(history).groupby("place", sort=False):
        found = counts.drop_duplicates("month", keep="last").set_index("month")["value"]
        for month in found.index[found.index.str.endswith("-12")]:
            peak = tables.month(month)
            early = found[(found.index < month) & (found.index >= str(peak - BEFORE))]
            late = found[(found.index > month) & (found.index <= str(peak + AFTER))]
            if early.empty and late.empty:
                continue
            row = {"place": place, "month": month, "members": found[month]}
            if len(early):
                row |= {"before_month": early.index[-1], "before": early.iloc[-1]}
            if len(late):
                low = late.idxmin()
                row |= {"after_month": low, "after": late[low], "fall": 1 - late[low] / found[month]}
            rows.append(row)
    columns = ["place", "month", "members", "before_month", "before", "after_month", "after", "fall"]
    return pd.DataFrame(rows, columns=columns)


def teeth_table(found: pd.DataFrame, lang: str = "vi") -> Text:
    """Return teeth as a table: the count before, the December, the count after, and what was gone by then."""
    rows = [
        {
            "place": r.place,
            "early": _dated(r.before, r.before_month, lang),
            "peak": _dated(r.members, r.month, lang),
            "late": _dated(r.after, r.after_month, lang),
            "change": -r.fall,
        }
        for r in found.itertuples()
    ]
    names = {
        "early": say(lang, vi="trước tháng 12", en="before December"),
        "peak": say(lang, vi="cuối năm", en="end of the year"),
        "late": say(lang, vi="thấp nhất trong nửa năm sau", en="lowest in the next half year"),
        "change": say(lang, vi="so với cuối năm", en="against the year's end"),
    }
    return words.table(
        pd.DataFrame(rows), lang, {"place": "", "early": "", "peak": "", "late": "", "change": "p"}, names
    )


def _dated(value: float, month, lang: str) -> str:
    """Return a count with its month, a dash where there is none."""
    when = words.month(month, lang).replace(" ", "\u00a0") if value == value else ""
    return f"{words.number(value, lang)} ({when})" if when else "–"


def answer(lang: str = "vi") -> Text:
    """Return what happened in the nation, in a few sentences: how far it came, the teeth, the price, what is due."""
    nation = places.read_place(NATION)
    ends = facts.counts(nation.history).query("month.str.endswith('-12')").set_index("month")["value"]
    old = nation.observed("members").iloc[:1]
    falls = teeth().query("place == @NATION").dropna(subset="fall")
    steps = facts.price_changes(nation, "2018-01", "2027-12")
    worst, last = max(steps, key=lambda step: step[2] / step[1]), steps[-1]
    told = "; ".join(
        say(lang, vi="sau {m:t} {x:p}", en="after {m:t} {x:p}", m=r.month, x=r.fall) for r in falls.itertuples()
    )
    return words.join([
        say(lang, a=ends.index[0], n=ends.iloc[0], b=ends.index[-1], m=ends.iloc[-1], x=old.iloc[0],
            o=str(old.index[0]), times=ends.iloc[-1] / ends.iloc[0],
            vi="Từ cuối {a:T} đến cuối {b:T}, số người tham gia cả nước tăng từ {n:n} lên **{m:n}**, gấp {times:n1} "
            "lần (cuối {o:T}: {x:n} người, số nhớ lại, chưa kiểm chứng).",
            en="From {a:T} to {b:T} the nation's members rose from {n:n} to **{m:n}**, {times:n1} times as many "
            "({x:n} in {o:T}, recalled and not verified)."),
        say(lang, told=told, vi="Nhưng số cuối năm là đỉnh răng cưa, nửa năm sau đã tụt, và răng cưa lớn dần. Phần đã "
            "mất, so với cuối năm: {told}.", en="But the end of a year is the tip of a saw-tooth, and the teeth have "
            "grown. Gone in the half year behind it: {told}."),
        say(lang, m=worst[0], a=worst[1], b=worst[2], up=worst[2] / worst[1] - 1,
            vi="Thay đổi lớn nhất về giá là vào {m:T}: mức đóng thấp nhất của người không thuộc diện ưu tiên tăng "
            "{up:p}, từ {a:d} lên {b:d} mỗi tháng.",
            en="The largest change of price came in {m:T}: the least that an ordinary person pays rose by {up:p}, from "
            "{a:d} to {b:d} a month."),
        say(lang, m=last[0], up=last[2] / last[1] - 1, b=last[2],
            vi="Lần tăng sắp tới, {m:T}, là {up:p}, lên {b:d} mỗi tháng.",
            en="The next rise, in {m:T}, is {up:p}, to {b:d} a month."),
    ], " ")  # fmt: skip


def price_steps(place, since: str, until: str, lang: str = "vi") -> Text:
    """Return each change of the least to pay (VND a month) as a table: a row for each month, a column for a group."""
    net = facts.net_prices(place, pd.period_range(since, until, freq="M"))
    before = net.shift()
    rows = []
    for month in net.index[(net.diff().abs() > 0.5).any(axis=1)]:
        cells = {g: say(lang, a=before.at[month, g], b=net.at[month, g], vi="{a:n} → {b:n}", en="{a:n} → {b:n}")
                 + _change(before.at[month, g], net.at[month, g], lang) for g in GROUPS}  # fmt: skip
        rows.append({"since": month} | cells)
    names = {g: term(f"group.{g}", lang) for g in GROUPS}
    unit = say(lang, vi="Mức đóng thấp nhất sau hỗ trợ, đồng mỗi tháng:", en="The least to pay after support, VND a "
               "month:")
    return words.join([unit, words.table(pd.DataFrame(rows), lang, {"since": "t"} | dict.fromkeys(GROUPS, ""), names)])


def _change(before: float, after: float, lang: str) -> str:
    """Return a change of price in percent, in brackets, "" where nothing was paid before or nothing changed."""
    if not before or abs(after - before) < 0.5:
        return ""
    share = after / before - 1
    return f" ({'+' if share > 0 else ''}{words.percent(share, lang)})"


def law_calendar(names, since: str = "2008-01", lang: str = "vi") -> Text:
    """Return what the law changed and when: a row for each change, with its legal basis and how far it can be trusted.

    `names` are the places whose own support is shown beside the nation's rules; of the rules, those of :data:`RULES`.
    """
    frame = read_law().frame
    lines = {place for name in names for place in places.read_place(name).lineage}
    frame = frame[
        (frame["scheme"] == SCHEME)
        & frame["parameter"].isin(RULES)
        & (frame["since"] >= since)
        & frame["place"].isin({NATION, *lines})
    ]
    rows, before = [], {}
    for (month, place, parameter), part in frame.groupby(["since", "place", "parameter"], sort=True):
        values = _values(part, parameter, lang)
        if before.get((place, parameter)) == values:  # another act, the same rule
            continue
        before[place, parameter] = values
        what = term(f"law.{parameter}", lang) + ("" if place == NATION else f" ({place})")
        rows.append(
            {
                "since": month,
                "what": what,
                "value": values,
                "basis": "; ".join(dict.fromkeys(a for b in part["legal_basis"] for a in acts(b, lang))) or "–",
                "status": "; ".join(dict.fromkeys(term(f"status.{s}", lang) for s in part["status"])),
            }
        )
    names = {"what": say(lang, vi="quy định", en="rule"), "value": say(lang, vi="từ đó là", en="from then on")}
    return words.table(
        pd.DataFrame(rows), lang, {"since": "t", "what": "", "value": "", "basis": "", "status": ""}, names
    )


def _values(part: pd.DataFrame, parameter: str, lang: str) -> str:
    """Return what a rule is from a month on: one value, or one for each group that has another."""
    spec, unit = _FORMS.get(parameter, "p"), term("unit.years", lang) if parameter == "min_years_for_pension" else ""
    values = {r.group: f"{form(r.value, spec, lang)} {unit}".strip() for r in part.itertuples()}
    if set(values) == {"all"}:
        return values["all"]
    return ", ".join(f"{term(f'group.{g}', lang)} {values[g]}" for g in GROUPS if g in values)


def acts(basis: str, lang: str = "vi") -> list[str]:
    """Return the laws, decrees and resolutions that a legal basis names, as people of the language write them.

    >>> acts("Law 58/2014: the rural poverty line of Decree 07/2021", "vi")
    ['Luật số 58/2014', 'Nghị định số 07/2021']
    """
    own = re.sub(r"\(.*?\)|(in place of|inferred).*", "", basis)  # what is said of other acts
    found = re.findall(r"(Law|Decree|Resolution|Decision) (\d+/\d{4}[\w/Đ-]*)", own)
    return [f"{_ACTS[kind] if lang == 'vi' else kind} {number}" for kind, number in dict.fromkeys(found)]


def merger_table(names, at: str = "2025-07", lang: str = "vi") -> Text:
    """Return what became of places in the reform of the month `at`: communes before and after."""
    moves, rows, last = places.crosswalk(), [], str(tables.month(at) - 1)
    for name in names:
        old = places.read_place(name, at=last)
        own = moves[(moves["old"] == name) & (moves["since"] == at)]
        homes = dict.fromkeys(new.split("/")[0] for new in own["new"])
        gone = old.level == "district"
        now = own["new"].nunique() if gone else len(places.read_place(name, at=at).communes)
        parts = sorted(o for o in set(moves.loc[moves["new"].isin(homes), "old"]) if "/" not in o and not gone)
        where = ", ".join(new.split(" (")[0] for new in homes) or name
        where += say(lang, vi=" mới, gồm {p}", en=" as it is now: {p}", p=" + ".join(parts)) if parts else ""
        rows.append({"place": name, "level": old.level, "before": len(old.communes), "after": now, "where": where})
    names = {
        "level": say(lang, vi="cấp", en="level"),
        "before": say(lang, vi="số xã trước", en="communes before"),
        "after": say(lang, vi="số xã sau", en="communes after"),
        "where": say(lang, vi="nay thuộc", en="now in"),
    }
    forms = {"place": "", "level": "", "before": "n", "after": "n", "where": ""}
    return words.table(pd.DataFrame(rows), lang, forms, names)


def conflicts(findings, names, lang: str = "vi") -> Text:
    """Return how many contradictions the published figures of each place hold, and that none is smoothed away."""
    counted = {name: sum(f.severity.endswith("conflict") and (f.place == name or f.place.startswith(name + "/"))
                         for f in findings) for name in names}  # fmt: skip
    told = "; ".join(f"{name}: {words.number(count, lang)}" for name, count in counted.items())
    return say(
        lang,
        told=told,
        vi="Số chỗ mâu thuẫn trong số liệu đã công bố: {told}. Trang của mỗi địa phương ghi rõ từng chỗ.",
        en="Contradictions in the published figures: {told}. The page of each place lists them.",
    )


def aims(lang: str = "vi") -> Text:
    """Return what was hoped for the nation, by month: targets that differ stand beside one another."""
    rows = places.read_place(NATION).history.query("scheme == @SCHEME and measure == 'members' and kind == 'target'")
    publisher = facts.sources()["publisher"]
    return listing(say(lang, m=r.month, v=r.value, who=str(publisher.get(r.source, "")).split(" (")[0],
                       vi="{m:t}: {v:n} người ({who})", en="{m:t}: {v:n} ({who})")
                   for r in rows.sort_values("month").itertuples())  # fmt: skip
