"""Price and law: the minimum contribution as a picture, as text and as tables, and what the law changed and when."""

import re
from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd

from forecast.data import frames, history, places, tables
from forecast.data.history import SCHEME
from forecast.data.law import Law, read_law
from forecast.data.places import Place
from forecast.data.tables import GROUPS
from forecast.data.vocabulary import NATION as NATION
from forecast.language import words
from forecast.language.words import Text, form, listing, say, term
from forecast.show import marks
from forecast.show.picture import LOOKS, Picture, redrawn, sheet, style

RULES = (
    "contribution_rate",
    "min_declared_income",
    "state_subsidy_share",
    "local_top_up_share",
    "min_years_for_pension",
)


_FORMS = {"contribution_rate": "p", "min_declared_income": "d", "min_years_for_pension": "n"}


_ACTS = {"Law": "Luật số", "Decree": "Nghị định số", "Resolution": "Nghị quyết số", "Decision": "Quyết định số"}


@redrawn
def price(
    place: Place, since: str = "2018-01", until: str = "2027-12", lang: str = "vi", law: Law | None = None
) -> Picture:
    """Draw the minimum contribution of each group for a month, as the law and local top-ups change."""
    months = pd.period_range(since, until, freq="M")
    net = history.net_prices(place, months, law)
    changed = np.flatnonzero(np.diff(net[["other", "poor"]].to_numpy(float), axis=0).any(axis=1))
    with style():
        picture, axes = sheet(
            say(
                lang,
                vi="{place}: từ {t:t}, ít nhất {a:d} mỗi tháng; hộ nghèo {b:d}",
                en="{place}: from {t:t} at least {a:d} a month; the poor {b:d}",
                place=place.name,
                t=months.astype(str)[changed[-1] + 1 if len(changed) else 0],
                a=net["other"].iloc[-1],
                b=net["poor"].iloc[-1],
            ),
            say(
                lang,
                vi="Mức đóng thấp nhất sau hỗ trợ, đồng mỗi tháng, theo nhóm",
                en="Minimum contribution after support, VND a month, by group",
            )
            + (
                say(
                    lang,
                    vi="; mức từ 2027 theo chuẩn nghèo mới là suy luận",
                    en="; that of 2027 follows the new poverty line (inferred)",
                )
                if until >= "2027"
                else ""
            ),
            say(
                lang,
                vi="Nguồn: luật, nghị định và nghị quyết ghi ở cuối trang",
                en="Source: the laws, decrees and resolutions listed at the end of the page",
            ),
            height=4.3,
        )
        axes.set_position((0.115, 0.135, 0.575, 0.66))
        x = marks.numbers(months.astype(str))
        labels: list[tuple[float, float, str, str]] = []
        drawn: dict[tuple[float, ...], list[str]] = {}
        for index, group in enumerate(GROUPS):
            path = tuple(net[group])
            drawn.setdefault(path, []).append(group)
            if len(drawn[path]) == 1:
                axes.step(x, path, where="post", color=LOOKS[index][0], ls=LOOKS[index][1], lw=2.2)
        for path, who in drawn.items():
            color = LOOKS[GROUPS.index(who[0])][0]
            name = ", ".join(term(f"group.{g}", lang) for g in who)
            labels.append((x[-1], path[-1], f"{name[:1].upper()}{name[1:]}\n{words.vnd(path[-1], lang)}", color))
        axes.set_ylim(0, max(max(p) for p in drawn) * 1.12)
        marks.month_axis(axes, since, until, lang, most=5)
        marks.end_labels(axes, labels, width=25)
    ends = {g: (words.vnd(net[g].iloc[0], lang), words.vnd(net[g].iloc[-1], lang)) for g in GROUPS}
    changes = "; ".join(f"{term(f'group.{g}', lang)} {a} → {b}" for g, (a, b) in ends.items())
    return picture.describe(
        say(
            lang,
            vi="Mức đóng thấp nhất sau hỗ trợ tại {place}, {a:t} và {b:t}: {changes}.",
            en="Minimum contribution after support in {place}, {a:t} and {b:t}: {changes}.",
            place=place.name,
            a=since,
            b=until,
            changes=changes,
        )
    )


def price_table(place: Place, since: str, until: str, lang: str = "vi", law: Law | None = None) -> Text:
    """Return the minimum contribution for a month by group: one row from each month in which it changed for anybody."""
    net = history.net_prices(place, pd.period_range(since, until, freq="M"), law)
    rows = net[(net.diff().abs() > 0.5).any(axis=1) | (net.index == net.index[0])]
    names = {"since": term("column.since", lang)} | {g: term(f"group.{g}", lang) for g in GROUPS}
    rows = rows.rename_axis("since").reset_index()
    return words.table(rows, lang, {"since": "t"} | dict.fromkeys(GROUPS, "d"), names)


def price_text(place: Place, since: str, until: str, lang: str = "vi", group: str = "other") -> Text:
    """Say each change of the minimum contribution for one group, as a list."""
    least = say(lang, vi="nhóm được hỗ trợ ít nhất", en="those with the least support")
    return listing(
        say(
            lang,
            m=m,
            a=a,
            b=b,
            up=abs(b / a - 1) if a else 1.0,
            whom=least if group == "other" else term(f"group.{group}", lang),
            word={"vi": "tăng", "en": "up"}[lang] if b > a else {"vi": "giảm", "en": "down"}[lang],
            vi="{m:t}: {a:d} → {b:d} mỗi tháng ({word} {up:p}, với {whom})",
            en="{m:t}: {a:d} → {b:d} a month ({word} {up:p} for {whom})",
        )
        for m, a, b in history.price_changes(place, since, until, group)
    )


def price_steps(place: Place, since: str, until: str, lang: str = "vi") -> Text:
    """Return changes of the minimum contribution (VND a month) as a table: a row for a month, a column for a group."""
    net = history.net_prices(place, pd.period_range(since, until, freq="M"))
    before = net.shift()
    rows = []
    for month in net.index[(net.diff().abs() > 0.5).any(axis=1)]:
        cells = {
            g: say(lang, a=before.at[month, g], b=net.at[month, g], vi="{a:n} → {b:n}", en="{a:n} → {b:n}")
            + _change(frames.at(before, month, g), frames.at(net, month, g), lang)
            for g in GROUPS
        }
        rows.append({"since": month} | cells)
    names = {g: term(f"group.{g}", lang) for g in GROUPS}
    unit = say(
        lang,
        vi="Mức đóng thấp nhất sau hỗ trợ, đồng mỗi tháng:",
        en="The minimum contribution after support, VND a month:",
    )
    return words.join([unit, words.table(pd.DataFrame(rows), lang, {"since": "t"} | dict.fromkeys(GROUPS, ""), names)])


def _change(before: float, after: float, lang: str) -> str:
    """Return a change of price in percent, in brackets, "" where nothing was paid before or nothing changed."""
    if not before or abs(after - before) < 0.5:
        return ""
    share = after / before - 1
    return f" ({'+' if share > 0 else ''}{words.percent(share, lang)})"


def calendar(names: Iterable[str], since: str = "2008-01", lang: str = "vi") -> Text:
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
    rows: list[dict[str, Any]] = []
    before: dict[tuple[str, str], str] = {}
    for (month, place, parameter), part in frames.groups(frame, ["since", "place", "parameter"], sort=True):
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
                "trust": "; ".join(dict.fromkeys(term(f"status.{s}", lang) for s in part["status"])),
            }
        )
    names = {
        "what": say(lang, vi="quy định", en="rule"),
        "value": say(lang, vi="từ đó là", en="from then on"),
        "trust": term("column.status", lang),
    }
    return words.table(
        pd.DataFrame(rows), lang, {"since": "t", "what": "", "value": "", "basis": "", "trust": ""}, names
    )


def _values(part: pd.DataFrame, parameter: str, lang: str) -> str:
    """Return what a rule is from a month on: one value, or one for each group that has another."""
    spec, unit = _FORMS.get(parameter, "p"), term("unit.years", lang) if parameter == "min_years_for_pension" else ""
    values = {r.group: f"{form(r.value, spec, lang)} {unit}".strip() for r in frames.rows(part)}
    if set(values) == {"all"}:
        return values["all"]
    return ", ".join(f"{term(f'group.{g}', lang)} {values[g]}" for g in GROUPS if g in values)


def acts(basis: str, lang: str = "vi") -> list[str]:
    """Return the laws, decrees and resolutions that a legal basis names, as people of the language write them.

    >>> acts("Law 58/2014: the rural poverty line of Decree 07/2021", "vi")
    ['Luật số 58/2014', 'Nghị định số 07/2021']
    """
    own_basis = re.sub(r"\(.*?\)|(in place of|inferred).*", "", basis)  # what is said of other acts
    citations = re.findall(r"(Law|Decree|Resolution|Decision) (\d+/\d{4}[\w/Đ-]*)", own_basis)
    return [f"{_ACTS[kind] if lang == 'vi' else kind} {number}" for kind, number in dict.fromkeys(citations)]


def merger_table(names: Iterable[str], at: str = "2025-07", lang: str = "vi") -> Text:
    """Return what became of places in the reform of the month `at`: communes before and after."""
    moves, rows, last = places.crosswalk(), [], str(tables.month(at) - 1)
    for name in names:
        old = places.read_place(name, at=last)
        successors = moves[(moves["old"] == name) & (moves["since"] == at)]
        homes = dict.fromkeys(new.split("/")[0] for new in successors["new"])
        gone = old.level == "district"
        now = successors["new"].nunique() if gone else len(places.read_place(name, at=at).communes)
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
