"""Sentences and small tables about a run or a place, in both languages; every number comes from what is passed in."""

import re

import numpy as np
import pandas as pd

from forecast import facts, tables, words
from forecast.tables import GROUPS, STATUSES
from forecast.words import Text, form, join, listing, say, term

ENGINES = ("agents", "stock", "series")  # the first that speaks gives the numbers of a sentence


def _row(desk: pd.DataFrame, engine: str | None) -> dict:
    """Return the row of a target desk to speak about, as a dict."""
    there = list(desk["engine"])
    engine = engine or next((e for e in ENGINES if e in there), there[0])
    return desk[desk["engine"] == engine].iloc[0].to_dict()


def headline(desk: pd.DataFrame, scenario, lang: str = "vi", engine: str | None = None) -> Text:
    """Return the answer in two lines: will the target be met, and how much is missing."""
    row = _row(desk, engine)
    missing = {"vi": "thiếu khoảng", "en": "short of it by about"} if row["gap"] < 0 else {
        "vi": "vượt khoảng", "en": "above it by about"}
    return say(
        lang, place=scenario.place.name, p=row["probability"], target=row["target"], by=row["by"], median=row["median"],
        low=row["low"], high=row["high"], gap=abs(row["gap"]), word=missing[lang],
        vi="> **{p:v}**  \n> Khả năng đạt chỉ tiêu {target:n} người tham gia BHXH tự nguyện vào {by:T}: **{p:c}**. "
        "Dự kiến khoảng {median:a} người (9 phần 10 khả năng trong khoảng {low:a} – {high:a}), {word} {gap:a} người "
        "so với chỉ tiêu.",
        en="> **{p:v}**  \n> Probability that {place} has {target:n} members by {by:T}: **{p:c}**. Expected are "
        "about {median:a} (nine in ten between {low:a} and {high:a}), {word} {gap:a}.")


def agreement(desk: pd.DataFrame, lang: str = "vi") -> Text:
    """Say how far the engines agree about the target, and which of them kept silent."""
    p, low, high = desk["probability"], desk["probability"].min(), desk["probability"].max()
    silent = [term(f"engine.{e}", lang) for e in ENGINES if e not in set(desk["engine"])]
    spoken = say(lang, n=len(p), low=low, high=high,
                 vi="{n:n} cách tính cho khả năng từ {low:c} đến {high:c}.",
                 en="{n:n} engines give probabilities from {low:c} to {high:c}.") if len(p) > 1 else ""
    quiet = say(lang, names=", ".join(silent),
                vi="Không trả lời: {names}, vì cách tính ấy chưa từng thấy các giải pháp của kế hoạch này trong số "
                "liệu quá khứ. Không trả lời không có nghĩa là không có tác động.",
                en="Silent: {names}, because that engine has not seen the levers of this plan in the past. Silence "
                "does not mean that there is no effect.") if silent else ""
    return join([spoken, quiet], " ")


def desk_table(desk: pd.DataFrame, lang: str = "vi") -> Text:
    """Return the target desk as a table: one row for each engine."""
    people = dict.fromkeys(("median", "low", "high", "gap"), "a")
    return words.table(desk, lang, {"engine": "", "probability": "c"} | people)


def path_text(path: pd.DataFrame, lang: str = "vi") -> Text:
    """Say what each month must bring to meet the target, beside what is expected."""
    if "entries_needed" not in path:
        return Text("")
    ahead = path.iloc[1:]
    return say(lang, a=ahead["month"].iloc[0], b=ahead["month"].iloc[-1], needed=ahead["entries_needed"].mean(),
               expected=ahead["entries_expected"].mean(), ratio=_ratio(ahead),
               vi="Muốn đi đúng đường tới chỉ tiêu, từ {a:t} đến {b:t} mỗi tháng cần tăng mới bình quân khoảng "
               "{needed:a} người, kể cả phần bù cho số dừng đóng; theo mô phỏng chỉ có khoảng {expected:a} người "
               "({ratio:p} mức cần).",
               en="To stay on the path to the target, {a:t} to {b:t} must bring about {needed:a} new members a "
               "month on average, which includes those who replace leavers; the simulation expects about "
               "{expected:a} ({ratio:p} of what is needed).")


def _ratio(ahead: pd.DataFrame) -> float:
    needed = ahead["entries_needed"].mean()
    return ahead["entries_expected"].mean() / needed if needed > 0 else float("nan")


def path_table(path: pd.DataFrame, lang: str = "vi", rows: int = 6) -> Text:
    """Return the needed and the expected path at a few months, the last always among them."""
    at = np.unique(np.linspace(0, len(path) - 1, min(rows, len(path))).round().astype(int))
    forms = {"month": "t", "needed": "a", "expected": "a", "low": "a", "high": "a", "entries_needed": "a",
             "entries_expected": "a"}
    return words.table(path.iloc[at], lang, {c: f for c, f in forms.items() if c in path})


def effort_text(effort: dict, lang: str = "vi") -> Text:
    """Say how much more outreach would make the target as likely as was asked."""
    common = {"p": effort["probability_wanted"], "visits": effort["visits_per_month_now"],
              "collectors": effort["collectors_now"], "target": effort["target"]}
    if effort["multiple"] is None:
        return say(lang, **common, reached=effort["probability_reached"],
                   vi="Dù nhân nỗ lực vận động lên mức cao nhất được thử, khả năng đạt {target:n} người chỉ là "
                   "{reached:c}, chưa tới {p:p}: riêng việc đi vận động nhiều hơn không đủ.",
                   en="Even the largest outreach tried gives {target:n} members a probability of {reached:c}, not "
                   "{p:p}: more visits alone are not enough.")
    if effort["multiple"] <= 1:
        return say(lang, **common, now=effort["probability_now"],
                   vi="Với nỗ lực như kế hoạch, khả năng đạt đã là {now:c}, không thấp hơn {p:p}.",
                   en="With the effort of the plan the probability is {now:c}, which is not below {p:p}.")
    return say(lang, **common, times=effort["multiple"], needed=effort["visits_per_month_needed"],
               more=effort["collectors_needed"],
               vi="Để khả năng đạt là {p:p}, nỗ lực vận động phải gấp khoảng {times:n1} lần kế hoạch: từ khoảng "
               "{visits:a} lên {needed:a} lượt thăm hộ mỗi tháng, tương đương từ {collectors:a} lên {more:a} nhân "
               "viên thu.",
               en="For a probability of {p:p}, outreach must be about {times:n1} times that of the plan: from about "
               "{visits:a} to {needed:a} household visits a month, or from {collectors:a} to {more:a} collectors.")


def added_text(comparison: pd.DataFrame, lang: str = "vi", engine: str | None = None) -> Text:
    """Say what the plan adds to the status quo at the end, among whom, and at what cost."""
    there = list(comparison["engine"].unique())
    engine = engine or next((e for e in ENGINES if e in there), str(there[0]))
    rows = comparison[comparison["engine"] == engine]
    members = rows[rows["measure"] == "members"].set_index("group")
    total = members.loc["all"]
    few = members["median"].reindex(["poor", "near_poor"]).sum() / total["median"] if total["median"] > 0 else np.nan
    lines = [say(lang, engine=term(f"engine.{engine}", lang), x=total["median"], low=total["low"], high=total["high"],
                 vi="So với giữ nguyên cách làm cũ, kế hoạch đem lại thêm khoảng {x:a} người vào cuối kỳ (9 phần 10 "
                 "trong khoảng {low:a} – {high:a}): cùng những con người ấy, cùng vận may ấy, chỉ khác chính sách.",
                 en="Compared with the status quo the plan adds about {x:a} members at the end (nine in ten between "
                 "{low:a} and {high:a}): the same people with the same luck, only the policy differs.")]
    if np.isfinite(few):
        lines.append(say(lang, few=few, vi="Hộ nghèo và hộ cận nghèo chiếm {few:p} phần tăng thêm.",
                         en="Poor and near-poor people are {few:p} of that gain."))
    cost = rows[(rows["measure"] == "cost_per_member_year") & (rows["group"] == "all")
                & (rows["payer"] == "public and donors")]
    if len(cost):
        lines.append(say(lang, x=cost["median"].iloc[0], low=cost["low"].iloc[0], high=cost["high"].iloc[0],
                         vi="Mỗi năm tham gia tăng thêm tốn khoảng {x:m1} tiền công và tiền hảo tâm (9 phần 10 "
                         "trong khoảng {low:m1} – {high:m1}).",
                         en="Each additional member-year costs public budgets and donors about {x:m1} (nine in ten "
                         "between {low:m1} and {high:m1})."))
    return join(lines, " ")


def added_table(comparison: pd.DataFrame, lang: str = "vi") -> Text:
    """Return what the plan adds, by engine and group, with its interval."""
    rows = comparison[comparison["measure"].isin(["members", "member_years"])]
    rows = rows[(rows["measure"] == "members") | (rows["group"] == "all")]
    return words.table(rows, lang, {"engine": "", "measure": "", "group": "", "median": "a", "low": "a", "high": "a"})


def outcome_text(answer, scenario, lang: str = "vi", engine: str | None = None) -> Text:
    """Hold the projection against counts that were published of later months: inside its interval, or not."""
    frame = answer.only(scenario=scenario.scenario, measure="members", group="all").frame
    there = list(frame["engine"].unique())
    engine = engine or next((e for e in ENGINES if e in there), str(there[0]) if there else "")
    frame = frame[frame["engine"] == engine]
    lines = []
    for month, value in scenario.place.observed(until=scenario.until).items():
        draws = frame[frame["month"].astype(str) == str(month)]["value"]
        if month <= tables.month(scenario.start) or draws.empty:
            continue
        low, middle, high = np.quantile(draws, (0.05, 0.5, 0.95))
        where = 0 if low <= value <= high else -1 if value < low else 1
        word = {"vi": ("thấp hơn khoảng ấy", "nằm trong khoảng ấy", "cao hơn khoảng ấy"),
                "en": ("below that interval", "inside that interval", "above that interval")}[lang][where + 1]
        lines.append(say(lang, m=month, v=value, mid=middle, low=low, high=high, start=scenario.start, word=word,
                         vi="{m:t}: công bố **{v:n}** người; mô phỏng, chỉ biết số liệu đến {start:t}, dự kiến "
                         "{mid:a} ({low:a} – {high:a}). Số thật {word}.",
                         en="{m:t}: published **{v:n}**; the simulation, which knows figures up to {start:t} only, "
                         "expected {mid:a} ({low:a} to {high:a}). The count is {word}."))
    return listing(lines) if lines else say(
        lang, vi="Chưa có số liệu công bố sau {start:t} để đối chiếu.", start=scenario.start,
        en="Nothing was published after {start:t} to hold against it.")


def price_table(place, since: str, until: str, lang: str = "vi", law=None) -> Text:
    """Return the least to pay for a month by group: one row from each month in which it changed for anybody."""
    net = facts.net_prices(place, pd.period_range(since, until, freq="M"), law)
    rows = net[(net.diff().abs() > 0.5).any(axis=1) | (net.index == net.index[0])]
    names = {"since": term("column.since", lang)} | {g: term(f"group.{g}", lang) for g in GROUPS}
    rows = rows.rename_axis("since").reset_index()
    return words.table(rows, lang, {"since": "t"} | dict.fromkeys(GROUPS, "d"), names)


def price_text(place, since: str, until: str, lang: str = "vi", group: str = "other") -> Text:
    """Say each change of the least to pay for one group, as a list."""
    return listing(say(lang, m=m, a=a, b=b, up=abs(b / a - 1) if a else 1.0, who=term(f"group.{group}", lang),
                       word={"vi": "tăng", "en": "up"}[lang] if b > a else {"vi": "giảm", "en": "down"}[lang],
                       vi="{m:t}: {a:d} → {b:d} mỗi tháng ({word} {up:p}, {who})",
                       en="{m:t}: {a:d} → {b:d} a month ({word} {up:p}, {who})")
                   for m, a, b in facts.price_changes(place, since, until, group))


_MARKS = {"new conflict": "‼", "fault": "✗", "known conflict": "≠", "note": "ⓘ"}


def conflicts(findings, place, lang: str = "vi", severities=tuple(_MARKS)) -> Text:
    """Return what `check` found about a place as a list, with a sign that needs no color; never smoothed away."""
    kept = [f for f in findings if (f.place == place.name or f.place.startswith(place.name + "/"))
            and f.severity in severities]
    kept.sort(key=lambda f: severities.index(f.severity))
    lines = [f"{_MARKS[f.severity]} {plain(getattr(f, 'message_' + lang), lang)}" for f in kept]
    return listing(lines) if lines else say(lang, vi="Không tìm thấy mâu thuẫn nào.", en="No conflict was found.")


def plain(text: str, lang: str = "vi") -> str:
    """Replace the words of our tables (schemes, measures, months) in a message by those of people.

    >>> plain("voluntary_si: members of 2021-12.", "vi")
    'BHXH tự nguyện: số người đang tham gia của 12/2021.'
    """
    text = re.sub(r"\b(\d{4}-(?:0[1-9]|1[0-2]))\b(?!-)", lambda m: words.month(m[1], lang), text)
    text = text.replace(" of ", " của ") if lang == "vi" else text
    known = words.terms().index
    for kind in ("scheme", "measure"):
        text = re.sub(r"\b[a-z]+(?:_[a-z0-9]+)*\b", lambda m, k=kind: term(f"{k}.{m[0]}", lang)
                      if f"{k}.{m[0]}" in known and (lang == "vi" or "_" in m[0]) else m[0], text)
    return text[:1].upper() + text[1:]


def history_table(place, lang: str = "vi") -> Text:
    """Return every published figure of a place with its kind, status and source."""
    rows = place.history[place.history["value"].notna()].sort_values(["month", "measure"], kind="stable")
    publisher = facts.sources()["publisher"]
    rows = rows.assign(
        value=[_value(r.value, r.unit, lang) for r in rows.itertuples()],
        measure=[_named(r, lang) for r in rows.itertuples()],
        source=[str(publisher.get(s, s)).split(" (")[0] for s in rows["source"]])
    return words.table(rows, lang, {"month": "t", "measure": "", "value": "", "kind": "", "status": "", "source": ""})


def _named(row, lang: str) -> str:
    """Return the measure of a history row with its scheme and group where they are not the usual ones."""
    more = [] if row.scheme == facts.SCHEME else [term(f"scheme.{row.scheme}", lang)]
    more += [] if row.group == "all" else [term(f"group.{row.group}", lang)]
    return form(row.measure, "measure", lang) + (f" ({', '.join(more)})" if more else "")


def _value(value: float, unit: str, lang: str) -> str:
    """Return a published figure with its unit."""
    if unit == "percent":
        return words.number(value, lang, 0 if value == round(value) else 2 if value < 10 or value > 100 else 1) + "%"
    if unit == "vnd":
        return words.money(value, lang)
    digits = 0 if value == round(value) else 1
    return f"{words.number(value, lang, digits)} {form(unit, 'unit', lang)}".strip()


def statuses(place, lang: str = "vi") -> Text:
    """Say how many figures of a place have each status, and name those that were only recalled."""
    rows = facts.used(place, law=False)
    counts = rows["status"].value_counts()
    lines = [f"{term(f'status.{s}', lang)}: {words.number(counts[s], lang)}" for s in STATUSES if s in counts]
    doubtful = place.history[place.history["status"].isin(["recalled", "synthetic"]) & place.history["value"].notna()]
    named = [f"{_named(r, lang)} {words.month(r.month, lang)}: {_value(r.value, r.unit, lang)} "
             f"({term(f'status.{r.status}', lang)})" for r in doubtful.itertuples()]
    named += [f"{form(name, 'measure', lang)} ({term('status.recalled', lang)})"
              for name in re.findall(r"(\w+): recalled", place.note)]
    law = facts.used(place)[lambda f: f["table"] == "law"]["status"]
    if (law == "recalled").any():
        named.append(say(lang, n=int((law == "recalled").sum()), status=term("status.recalled", lang),
                         vi="{n:n} dòng luật ({status})", en="{n:n} rows of the law ({status})"))
    if not named:
        return listing(lines)
    return join([listing(lines), say(lang, vi="Cần kiểm chứng trước khi dựa vào:", en="To be verified before use:"),
                 listing(named)])


def source_list(place, lang: str = "vi") -> Text:
    """Return the sources that a place's figures and law come from, the most used first."""
    rows = facts.used(place)
    counts = rows["source"].value_counts()
    lines = []
    for row in facts.sources(counts.index).itertuples():
        title = f"[{row.title}]({row.address})" if str(row.address).startswith("http") else row.title
        lines.append(f"{title}. {row.publisher}" + (f", {row.date}" if row.date else "")
                     + say(lang, n=int(counts[row.source]), vi=" ({n:n} số liệu)", en=" ({n:n} figures)"))
    return listing(lines)


def repeat(files, draws: int, seed: int, lang: str = "vi") -> Text:
    """Return the commands that repeat the run of a page."""
    names = " ".join(files)
    block = f"```\nforecast project {names} --draws {draws} --seed {seed}\nforecast compare {names} --draws {draws} " \
            f"--seed {seed}\nforecast target {files[0]}\nforecast check\n```"
    return join([say(lang, vi="Chạy lại đúng những con số này từ dòng lệnh:",
                     en="The same numbers from the command line:"), block])
