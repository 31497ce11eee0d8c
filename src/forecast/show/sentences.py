"""Sentences and small tables about a run or a place, in both languages; every number comes from what is passed in."""

import re

import numpy as np
import pandas as pd

from forecast.data import history, tables
from forecast.data.tables import GROUPS, STATUSES
from forecast.language import syllables, words
from forecast.language.words import Text, form, join, listing, say, term
from forecast.show import gains

ENGINES = ("agents", "stock", "series")  # the first that speaks gives the numbers of a sentence
APART = 0.05  # of probability: where engines differ by more, the page says why


def _speaks(frame: pd.DataFrame) -> str:
    """Return the first of our engines that has an answer, else whichever has one."""
    there = list(frame["engine"].unique())
    return next((e for e in ENGINES if e in there), str(there[0]) if there else "")


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _row(desk: pd.DataFrame, engine: str | None) -> dict:
    """Return the row of a target desk to speak about, as a dict."""
    return desk[desk["engine"] == (engine or _speaks(desk))].iloc[0].to_dict()


def headline(desk: pd.DataFrame, scenario, lang: str = "vi", engine: str | None = None) -> Text:
    """Return the answer in two lines: will the target be met, and how much is missing."""
    row = _row(desk, engine)
    word = {"vi": ("vượt khoảng", "thiếu khoảng"), "en": ("above", "short of")}[lang]
    said = say(
        lang, place=scenario.place.name, p=row["probability"], target=row["target"], by=row["by"], median=row["median"],
        low=row["low"], high=row["high"], gap=abs(row["gap"]), word=word[row["gap"] < 0],
        vi="> **{p:v}**  \n> Khả năng đạt chỉ tiêu {target:n} người tham gia BHXH tự nguyện vào {by:T}: **{p:c}**. "
        "Dự kiến khoảng {median:a} người (9 phần 10 khả năng trong khoảng {low:a} – {high:a}), {word} {gap:a} người "
        "so với chỉ tiêu.",
        en="> **{p:v}**  \n> Probability that {place} has {target:n} members by {by:T}: **{p:c}**. Expected are "
        "about {median:a} (nine in ten between {low:a} and {high:a}), about {gap:a} {word} it.")
    return join([said, _target_status(scenario, lang)], " ")


def _target_status(scenario, lang: str) -> str:
    """Return a warning where no source states the target, "" where one does."""
    if scenario.target.source in history.sources().index:
        return ""
    recalled = say(lang, vi=", dựa trên số nhớ lại, chưa kiểm chứng", en=", from figures that were recalled and not "
                                                                      "verified")
    return say(lang, basis=recalled if "recalled" in scenario.target.source else "",
               vi="Chỉ tiêu này không do địa phương công bố mà do bộ công cụ suy ra{basis}.",
               en="The place did not publish this target: the workbench derived it{basis}.")


def agreement(desk: pd.DataFrame, lang: str = "vi") -> Text:
    """Say how far the engines agree about the target, and which of them kept silent."""
    p, low, high = desk["probability"], desk["probability"].min(), desk["probability"].max()
    silent = [term(f"engine.{e}", lang) for e in ENGINES if e not in set(desk["engine"])]
    spoken = ""
    if len(p) > 1:
        spoken = say(lang, low=low, high=high, vi="Các cách tính cho khả năng từ {low:c} đến {high:c}.",
                     en="The engines give probabilities from {low:c} to {high:c}.")
    if len(p) > 1 and words.chance(low, lang) == words.chance(high, lang):
        spoken = say(lang, p=low, vi="Các cách tính cho cùng một khả năng: {p:c}.",
                     en="The engines agree on the probability: {p:c}.")
    quiet = say(lang, names=", ".join(silent),
                vi="Không trả lời: {names}, vì cách tính ấy chưa từng thấy các giải pháp của kế hoạch này trong số "
                "liệu quá khứ. Không trả lời không có nghĩa là không có tác động.",
                en="Silent: {names}, because that engine has not seen the levers of this plan in the past. Silence "
                "does not mean that there is no effect.") if silent else ""
    apart = ""
    if "series" in set(desk["engine"]) and high - low > APART:
        apart = say(lang, vi="Xu hướng chuỗi số liệu chỉ kéo dài đà tăng đã qua, không biết đến mức đóng hay việc vận "
                          "động, nên có thể khác xa.",
                    en="The time series only carries the past on and knows neither the price nor any outreach, so that "
                    "it may be far from the others.")
    return join([spoken, apart, quiet], " ")


def desk_table(desk: pd.DataFrame, lang: str = "vi") -> Text:
    """Return the target desk as a table: one row for each engine."""
    people = dict.fromkeys(("median", "low", "high", "gap"), "a")
    return words.table(desk, lang, {"engine": "", "probability": "c"} | people)


def overview(answer, scenarios, lang: str = "vi", engine: str = "stock") -> Text:
    """Return the targets of several scenarios in one table, by one engine."""
    rows = []
    for s in scenarios:
        row = answer.only(scenario=s.scenario, engine=engine).probability(
            s.target.measure, at_least=s.target.value, by=s.target.by, group=s.target.group, since=s.target.since)
        rows.append(row.assign(target=s.target.value, by=s.target.by, verdict=row["probability"]))
    forms = {"place": "", "target": "n", "by": "t", "median": "a", "gap": "a", "probability": "c", "verdict": "v"}
    return words.table(pd.concat(rows), lang, forms)


def status_key(lang: str = "vi") -> Text:
    """Return what each status of a figure means."""
    return listing(f"**{term(f'status.{s}', lang)}**: {term(f'status.{s}.meaning', lang)}" for s in STATUSES)


def path_text(path: pd.DataFrame, lang: str = "vi") -> Text:
    """Say what each month must bring to meet the target, beside what is expected."""
    if "entries_needed" not in path:
        return Text("")
    ahead = path.iloc[1:]
    return say(lang, a=ahead["month"].iloc[0], b=ahead["month"].iloc[-1], needed=ahead["entries_needed"].mean(),
               expected=ahead["entries_expected"].mean(),
               vi="Muốn đi đúng đường tới chỉ tiêu, từ {a:t} đến {b:t} mỗi tháng cần tăng mới bình quân khoảng "
               "{needed:a} người, kể cả phần bù cho số dừng đóng. Bình quân của các lần mô phỏng là khoảng "
               "{expected:a} người mỗi tháng.",
               en="To stay on the path to the target, {a:t} to {b:t} must bring about {needed:a} new members a "
               "month, which includes those who replace leavers. The mean of the simulations is about {expected:a} "
               "a month.")


def path_table(path: pd.DataFrame, lang: str = "vi", rows: int = 6) -> Text:
    """Return the needed and the expected path at a few months, the last always among them."""
    at = np.unique(np.linspace(0, len(path) - 1, min(rows, len(path))).round().astype(int))
    forms = {"month": "t", "needed": "n", "expected": "a", "low": "a", "high": "a", "entries_needed": "a",
             "entries_expected": "a"}
    return words.table(path.iloc[at], lang, {c: f for c, f in forms.items() if c in path})


def effort_text(effort: dict, lang: str = "vi") -> Text:
    """Say how much more outreach would make the target as likely as was asked, by the engine that can be asked fast."""
    common = {"p": effort["probability_wanted"], "visits": effort["visits_per_month_now"],
              "collectors": effort["collectors_now"], "target": effort["target"]}
    if effort["multiple"] is None:
        return say(lang, **common, reached=words.below(effort["probability_reached"], common["p"], lang),
                   vi="Tính bằng cân đối tăng – giảm: dù nhân nỗ lực vận động lên mức cao nhất được thử, khả năng "
                   "đạt {target:n} người chỉ là {reached}, chưa tới {p:p}: riêng việc đi vận động nhiều hơn không "
                   "đủ.",
                   en="By the engine “entries minus exits”, even the largest outreach tried gives {target:n} members a "
                   "probability of {reached}, not {p:p}: more visits alone are not enough.")
    if effort["multiple"] <= 1:
        return say(lang, **common, now=effort["probability_now"],
                   vi="Tính bằng cân đối tăng – giảm: với nỗ lực như kế hoạch, khả năng đạt đã là {now:c}, không "
                   "thấp hơn {p:p}.",
                   en="By the engine “entries minus exits”, with the effort of the plan the probability is {now:c}, "
                   "which is not below {p:p}.")
    return say(lang, **common, times=effort["multiple"], needed=effort["visits_per_month_needed"],
               more=effort["collectors_needed"],
               vi="Tính bằng cân đối tăng – giảm: để khả năng đạt là {p:p}, nỗ lực vận động phải gấp khoảng "
               "{times:n1} lần kế hoạch: từ khoảng {visits:a} lên {needed:a} lượt thăm hộ mỗi tháng, với số nhân viên "
               "thu từ {collectors:a} lên {more:a} người.",
               en="By the engine “entries minus exits”, for a probability of {p:p} outreach must be about {times:n1} "
               "times that of the plan: from about {visits:a} to {needed:a} household visits a month, with {more:a} "
               "collectors instead of {collectors:a}.")


_AMOUNTS = {"collectors": "a", "visits_per_month": "a", "communes": "n", "share": "p"}


def ways_table(ways: pd.DataFrame, lang: str = "vi") -> Text:
    """Return how much of each single lever would make the target as likely as was asked (`decide.ways`).

    Where none is enough, the last row says whether all of them together are.
    """
    if (ways["needed"] == 0).all():
        return say(lang, vi="Không giải pháp nào phải làm thêm.", en="No lever needs to do more.")
    rows = []
    for row in ways.to_dict("records"):
        amount, unit = _AMOUNTS[row["unit"]], term(f"amount.{row['unit']}", lang)
        most = form(row["most"], amount, lang)
        if row["way"] == "together":
            failed = say(lang, vi="**không thể đạt bằng các giải pháp đã cho**",
                         en="**cannot be reached with the levers given**")
            needed = say(lang, vi="đủ", en="enough") if row["needed"] == 1 else failed
        elif row["needed"] == 0:
            needed = say(lang, vi="không cần thêm", en="nothing more")
        elif row["needed"] == row["needed"]:
            needed = f"{form(row['needed'], amount, lang)} {unit}".strip()
        else:
            needed = say(lang, vi="không đủ, dù đến mức {most}", en="not enough, even {most}",
                         most=f"{most} {unit}".strip())
        rows.append({"way": term(f"way.{row['way']}", lang), "needed": needed,
                     "probability": row["probability_reached"], "money": row["public_vnd"]})
    return words.table(pd.DataFrame(rows), lang, {"way": "", "needed": "", "probability": "c", "money": "m1"},
                       {"way": term("column.way", lang), "needed": term("column.more_needed", lang),
                        "probability": term("column.probability", lang), "money": term("column.public", lang)})


def added_text(comparison: pd.DataFrame, lang: str = "vi", scenario=None, engine: str | None = None,
               base: str = "") -> Text:
    """Say what `scenario` (the first of the comparison when left out) adds at the end, among whom, and at what cost.

    `base` is the title of what it is compared with, if that is no status quo.
    """
    name = scenario.scenario if scenario is not None else comparison["scenario"].iloc[0]
    rows = comparison[comparison["scenario"] == name]
    engine = engine or _speaks(rows)
    rows = rows[rows["engine"] == engine]
    members = rows[rows["measure"] == "members"].set_index("group")
    total = members.loc["all"]
    poor = members["median"].reindex(["poor", "near_poor"]).sum()
    few = poor / total["median"] if total["median"] > 0 else np.nan
    what = _capital(words.title(scenario, lang)) if scenario is not None else name
    lines = [say(lang, what=what, x=total["median"], low=total["low"], high=total["high"],
                 base=words.against(base, lang),
                 vi="**{what}**: so với {base}, cuối kỳ có thêm khoảng {x:a} người (9 phần 10 trong "
                 "khoảng {low:a} – {high:a}).",
                 en="**{what}**: compared with {base} there are about {x:a} more members at the end (nine "
                 "in ten between {low:a} and {high:a}).")]
    uneven = gains.uneven(poor, total["median"], total["low"], lang, who="poor", what="members")
    if np.isfinite(few) and uneven:
        lines.append(uneven)
    elif np.isfinite(few) and few < 0.97:
        lines.append(say(lang, few=max(few, 0), vi="Hộ nghèo và hộ cận nghèo chiếm {few:p} phần tăng thêm.",
                         en="Poor and near-poor people are {few:p} of that gain."))
    elif np.isfinite(few):
        lines.append(say(lang, vi="Phần tăng thêm hầu như đều là hộ nghèo và hộ cận nghèo.",
                         en="Almost all of that gain are poor and near-poor people."))
    cost = rows[(rows["measure"] == "cost_per_member_year") & (rows["group"] == "all")
                & (rows["payer"] == "public and donors")]
    if len(cost):
        lines.append(say(lang, x=cost["median"].iloc[0], low=cost["low"].iloc[0], high=cost["high"].iloc[0],
                         vi="Mỗi năm tham gia tăng thêm, ngân sách và nhà hảo tâm chi khoảng {x:m1} (9 phần 10 "
                         "trong khoảng {low:m1} – {high:m1}).",
                         en="Each additional member-year costs public budgets and donors about {x:m1} (nine in ten "
                         "between {low:m1} and {high:m1})."))
    return join(lines, " ")


def paired_text(lang: str = "vi") -> Text:
    """Say what a paired comparison is."""
    return say(lang, vi="Phép so từng cặp: trong hai kịch bản là cùng những con người ấy, cùng may rủi ấy, chỉ khác "
                     "chính sách. Phần tăng thêm là số người tham gia nhờ kế hoạch, không kể những người đằng nào "
                     "cũng tham gia.",
               en="The comparison is paired: both scenarios have the same people with the same luck, and only the "
               "policy differs. What is added are people who join because of the plan, without those who would have "
               "joined anyway.")


def added_table(comparison: pd.DataFrame, lang: str = "vi", titles: dict[str, str] | None = None) -> Text:
    """Return what each scenario adds at the end, by engine and group, with its interval."""
    rows = comparison[comparison["measure"] == "members"]
    order = {name: index for index, name in enumerate(("all", *GROUPS))}
    rows = rows.sort_values("group", key=lambda g: g.map(order), kind="stable").sort_values(
        ["scenario", "engine"], kind="stable")
    forms = {"engine": "", "group": "", "median": "a", "low": "a", "high": "a"}
    if rows["scenario"].nunique() > 1:
        rows, forms = rows.assign(scenario=rows["scenario"].map(titles or {}).fillna(rows["scenario"])), \
            {"scenario": ""} | forms
    return words.table(rows, lang, forms)


def levers(scenario, lang: str = "vi") -> Text:
    """Return what the plan does: one row a lever, with its size and dates."""
    rows = []
    for lever in scenario.policy.levers:
        rows.append({"lever": term(f"lever.{lever.lever}", lang), "size": size(lever, lang),
                     "since": lever.start or scenario.start, "until": lever.end or scenario.until})
    if not rows:
        return say(lang, vi="Không có giải pháp nào mới.", en="No lever acts.")
    return words.table(pd.DataFrame(rows), lang, {"lever": "", "size": "", "since": "t", "until": "t"})


def size(lever, lang: str = "vi") -> str:
    """Say how much a lever does: its numbers with their units, and for whom."""
    said = lever.model_dump()
    return "; ".join(filter(None, (_size(n, v, said, lang) for n, v in said.items() if v not in (None, (), 0.0))))


def _size(name: str, value, said: dict, lang: str) -> str:
    """Return one number of a lever with its unit, "" for what stands in other columns."""
    if name in ("share", "assisted"):
        return words.percent(value, lang)
    if name in ("group", "first") and value != "all":
        return term(f"{name}.{value}", lang)
    if name == "every" and not isinstance(value, str):
        return say(lang, n=value, vi="{n:n} tháng một lần", en="every {n:n} months")
    if name == "dates":
        return ", ".join(words.day(date, lang) for date in value)
    if name == "where" and isinstance(value, dict):
        if value.get("per_district"):
            return say(lang, n=value["per_district"], vi="số xã mỗi quận huyện: {n:n}", en="communes in each "
                                                                                        "district: {n:n}")
        return ", ".join(value.get("communes") or ()) or say(lang, n=value["count"], vi="số xã: {n:n}", en="communes: "
                                                                                                        "{n:n}")
    if name not in ("count", "per_month", "hours_per_month", "persons_per_month", "staff", "months", "times"):
        return ""
    if name == "per_month" and said["lever"] == "Drive" and 0 < value < 1:
        return say(lang, n=1 / value, vi="1 ngày mỗi {n:n1} tháng", en="1 day every {n:n1} months")
    if name == "count" and said["lever"] == "Visits" and said.get("per") == "household" and value < 1:
        every = term(f"every.{said.get('every') or 'month'}", lang)
        return say(lang, n=1000 * value, every=every, vi="{n:n} lượt trên 1.000 hộ {every}",
                   en="{n:n} visits per 1,000 households {every}")
    if name == "count":
        per, every = said.get("per", "place"), said.get("every") or ("month" if said["lever"] == "Visits" else "")
        counted = f"count.{said['lever']}"
        counted += ".one" if value == 1 else ""
        unit = [counted if counted in words.terms().index else "", f"per.{per}", f"every.{every}" if every else ""]
    else:
        own = f"size.{said['lever']}.{name}"
        unit = [own if own in words.terms().index else f"size.{name}"]
        unit = [f"{unit[0]}.one"] if value == 1 and f"{unit[0]}.one" in words.terms().index else unit
    digits = 0 if value == round(value) else 1 if value * 10 == round(value * 10) else 3 if value < 0.1 else 2
    return " ".join([words.number(value, lang, digits), *(term(u, lang) for u in unit if u)])


def outcome_text(answer, scenario, lang: str = "vi", engine: str | None = None) -> Text:
    """Hold the projection against counts that were published of later months: inside its interval, or not."""
    frame = answer.only(scenario=scenario.scenario, measure="members", group="all").frame
    frame = frame[frame["engine"] == (engine or _speaks(frame))]
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
    net = history.net_prices(place, pd.period_range(since, until, freq="M"), law)
    rows = net[(net.diff().abs() > 0.5).any(axis=1) | (net.index == net.index[0])]
    names = {"since": term("column.since", lang)} | {g: term(f"group.{g}", lang) for g in GROUPS}
    rows = rows.rename_axis("since").reset_index()
    return words.table(rows, lang, {"since": "t"} | dict.fromkeys(GROUPS, "d"), names)


def price_text(place, since: str, until: str, lang: str = "vi", group: str = "other") -> Text:
    """Say each change of the least to pay for one group, as a list."""
    least = say(lang, vi="nhóm được hỗ trợ ít nhất", en="those with the least support")
    return listing(say(lang, m=m, a=a, b=b, up=abs(b / a - 1) if a else 1.0,
                       whom=least if group == "other" else term(f"group.{group}", lang),
                       word={"vi": "tăng", "en": "up"}[lang] if b > a else {"vi": "giảm", "en": "down"}[lang],
                       vi="{m:t}: {a:d} → {b:d} mỗi tháng ({word} {up:p}, với {whom})",
                       en="{m:t}: {a:d} → {b:d} a month ({word} {up:p} for {whom})")
                   for m, a, b in history.price_changes(place, since, until, group))


_MONTH = re.compile(r"(?<![\d-])20\d\d-(?:0[1-9]|1[0-2])(?![\d-])")
_SEVERITIES = ("new conflict", "fault", "known conflict", "note")


def conflicts(findings, place, lang: str = "vi", severities=_SEVERITIES) -> Text:
    """Return what `check` found about a place as a list; contradictions are never smoothed away."""
    kept = [f for f in findings if (f.place == place.name or f.place.startswith(place.name + "/"))
            and f.severity in severities]
    kept.sort(key=lambda f: severities.index(f.severity))
    said = [_of_part(f, lang) + _MONTH.sub(lambda found: words.month(found[0], lang), getattr(f, f"message_{lang}"))
            for f in kept]
    lines = [f"**{_capital(term('severity.' + f.severity.replace(' ', '_'), lang))}.** {_capital(text)}"
             for f, text in zip(kept, said, strict=True)]
    return listing(lines) if lines else say(lang, vi="Không tìm thấy mâu thuẫn nào.", en="No conflict was found.")


def _of_part(finding, lang: str) -> str:
    """Return which part of a place a finding is about, where its message does not say so."""
    whole, _, part = finding.place.partition("/")
    if not part or part.lstrip("0123456789 ") in finding.message_vi or finding.message_vi.startswith(whole):
        return ""
    return f"{form(part, 'part', lang)}: "


def history_table(place, lang: str = "vi") -> Text:
    """Return every published figure of a place with its kind, status and source."""
    rows = place.history[place.history["value"].notna()].sort_values(["month", "measure"], kind="stable")
    publisher = history.sources()["publisher"]
    rows = rows.assign(
        value=[_value(r.value, r.unit, lang) for r in rows.itertuples()],
        measure=[_named(r, lang) for r in rows.itertuples()],
        source=[form(str(publisher.get(s, s)).split(" (")[0], "publisher", lang).replace(history.MAKERS, "–")
                for s in rows["source"]])
    return words.table(rows, lang, {"month": "t", "measure": "", "value": "", "kind": "", "status": "", "source": ""})


def _named(row, lang: str) -> str:
    """Return the measure of a history row with its scheme and group where they are not the usual ones."""
    more = [] if row.scheme == history.SCHEME else [term(f"scheme.{row.scheme}", lang)]
    more += [] if row.group == "all" else [term(f"group.{row.group}", lang)]
    return form(row.measure, "measure", lang) + (f" ({', '.join(more)})" if more else "")


def _value(value: float, unit: str, lang: str) -> str:
    """Return a published figure with its unit."""
    if unit == "percent":
        return words.number(value, lang, 0 if value == round(value) else 2 if value < 10 or value > 100 else 1) + "%"
    if unit == "vnd":
        return words.money(value, lang)
    digits = 0 if value == round(value) else 1
    unit = f"{unit}.one" if value == 1 and f"unit.{unit}.one" in words.terms().index else unit
    return f"{words.number(value, lang, digits)} {form(unit, 'unit', lang)}".strip()


def statuses(place, lang: str = "vi") -> Text:
    """Say how many figures of a place, or of several, have each status, and name those that were only recalled."""
    several = history.together(place)
    counts = history.used(several, law=False)["status"].value_counts()
    lines = [say(lang, status=_capital(term(f"status.{s}", lang)), n=counts[s], s="" if counts[s] == 1 else "s",
                 vi="{status}: {n:n} số liệu", en="{status}: {n:n} figure{s}") for s in STATUSES if s in counts]
    named = []
    for one in several:
        whose = f"**{one.name}**: " if len(several) > 1 else ""
        for status in ("recalled", "synthetic"):
            said = _doubtful(one, status, lang)
            listed = whose + "; ".join(said) if whose else _capital("; ".join(said))
            named += [f"{listed} ({term(f'status.{status}', lang)})"] if said else []
    law = history.used(several)[lambda f: f["table"] == "law"]["status"]
    if (law == "recalled").any():
        named.append(say(lang, n=int((law == "recalled").sum()), status=term("status.recalled", lang),
                         vi="{n:n} dòng luật ({status})", en="{n:n} rows of the law ({status})"))
    if not named:
        return listing(lines)
    return join([listing(lines), say(lang, vi="Cần kiểm chứng trước khi dựa vào:", en="To be verified before use:"),
                 listing(named)])


def _doubtful(place, status: str, lang: str) -> list[str]:
    """Return the measures of a place that have a figure of this status, each with its months and values."""
    rows = place.history[(place.history["status"] == status) & place.history["value"].notna()]
    found: dict[str, list[str]] = {}
    for row in rows.itertuples():
        said = f"{words.month(row.month, lang)}: {_value(row.value, row.unit, lang)}"
        found.setdefault(_named(row, lang), []).append(said)
    notes = re.findall(r"(\w+): recalled", place.note) if status == "recalled" else []
    return [*(f"{name} ({', '.join(values)})" for name, values in found.items()),
            *(form(name, "measure", lang) for name in notes)]


def source_list(place, lang: str = "vi") -> Text:
    """Return the sources that the figures and law of a place, or of several, come from, the most used first."""
    rows = history.used(place)
    counts = rows["source"].value_counts()
    lines = []
    for row in history.sources(counts.index).itertuples():
        own = f"source.{row.source}"  # what the makers wrote down themselves has no title in the world
        if own in words.terms().index:
            said = term(own, lang)
        else:
            said = f"[{row.title}]({row.address})" if str(row.address).startswith("http") else row.title
            by = row.publisher if lang == "vi" else form(str(row.publisher).split(" (")[0], "publisher", lang)
            said = f"{_marked(said, row.title, lang)}. {_marked(_capital(by), by, lang)}"
        lines.append(said + (f", {words.dated(row.date, lang)}" if row.date else "")
                     + say(lang, n=int(counts[row.source]), s="" if counts[row.source] == 1 else "s",
                           vi=" ({n:n} số liệu)", en=" ({n:n} figure{s})"))
    return listing(lines)


def _marked(said: str, text: str, lang: str) -> str:
    """Return what is `said` of a `text`, marked with its language where that is not the page's."""
    written = syllables.language(text)
    return said if written == lang else f'<span lang="{written}">{said}</span>'


def repeat(files, draws: int, seed: int, lang: str = "vi") -> Text:
    """Return the commands that repeat the run of a page; `files` are the plan, the status quo, then other plans."""
    luck = f"--draws {draws} --seed {seed}"
    two = " ".join(f"\\\n    {file}" for file in (files[1], files[0], *files[2:]))
    commands = ["forecast check", f"forecast project {two} \\\n    {luck} --out results/project",
                f"forecast compare {two} \\\n    {luck} --out results/compare",
                f"forecast target {files[0]} \\\n    {luck} --out results/target"]
    return join([say(lang, vi="Chạy lại những con số này từ dòng lệnh:", en="The same numbers from the command line:"),
                 "\n".join(["```sh", *commands, "```"])])
