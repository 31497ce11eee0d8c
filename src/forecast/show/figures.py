"""The published figures of a place: picture and table, where they contradict one another, their status and sources."""

import re
from collections.abc import Iterable, Sequence
from typing import Any

from forecast.checks.findings import Finding
from forecast.data import frames, history, places, syllables
from forecast.data.history import HasPlace
from forecast.data.places import Place
from forecast.data.tables import STATUSES, UserError
from forecast.data.vocabulary import NATION as NATION
from forecast.language import words
from forecast.language.words import Text, form, join, listing, say, term
from forecast.show import marks
from forecast.show.picture import LOOKS, TARGET, Picture, capital, redrawn, sheet, source_line, style

MANY = 12  # dots; where there are more, only the first, the last and the highest carry their number


@redrawn
def picture(place: Place, lang: str = "vi", measure: str = "members", until: str | None = None) -> Picture:
    """Draw what was published about `place`: counts as dots, plans and targets as stars, changes of price as ticks."""
    rows = history.with_plans(place.history[place.history["place"] == place.name], measure)
    if rows.empty:
        raise UserError("{place}: data/history.csv has no {measure} to draw", place=place.name, measure=measure)
    rows = rows.sort_values("month", kind="stable")
    rows = rows[rows["month"] <= (until or rows["month"].max())]
    since, until = rows["month"].iloc[0], rows["month"].iloc[-1]
    seen = history.observed(rows)
    ends = rows if seen.empty else seen
    with style():
        drawn, axes = sheet(
            say(
                lang,
                vi="{place}: {measure} từ {a:n} ({s:t}) đến {b:n} ({e:t})",
                en="{place}: {measure} from {a:n} ({s:t}) to {b:n} ({e:t})",
                place=place.name,
                measure=term(f"measure.{measure}", lang),
                a=ends["value"].iloc[0],
                s=ends["month"].iloc[0],
                b=ends["value"].iloc[-1],
                e=ends["month"].iloc[-1],
            ),
            say(
                lang,
                vi="Người. Chấm: thực hiện (rỗng: {recalled}); sao: kế hoạch, mục tiêu",
                en="Persons. Dots: observed (hollow: {recalled}); stars: plans and targets",
                recalled=term("status.recalled", lang),
            ),
            source_line(lang, place, simulated=False),
            height=4.4,
        )
        changes = history.price_changes(place, since, until)
        axes.set_position((0.11, 0.145, 0.84, 0.56 if changes else 0.66))
        axes.plot(marks.numbers(seen["month"]), seen["value"], color=LOOKS[0][0], lw=1, ls=":")
        texts = []
        for row in frames.rows(rows):
            wish, x = row.kind in history.PLANNED, marks.number(row.month)
            color = TARGET if wish else LOOKS[0][0]
            face = "white" if row.status == "recalled" else color
            marker, size = ("*", 12) if wish else ("o", 8)
            axes.plot([x], [row.value], marker=marker, ms=size, color=color, mfc=face, mew=1.5)
            labelled = len(rows) <= MANY or row.month in (since, until) or row.value == rows["value"].max()
            texts.append((x, row.value, words.number(row.value, lang) if labelled else "", color))
        axes.set_ylim(0, rows["value"].max() * 1.18)
        pad = max(1, round(0.06 * (marks.number(until) - marks.number(since))))
        marks.month_axis(axes, since, until, lang, pad=pad)
        marks.dot_labels(drawn, axes, texts)
        marks.law_ticks(drawn, axes, changes, lang)
    listed_values = "; ".join(
        f"{words.month(r.month, lang)} {words.number(r.value, lang)} ({term(f'kind.{r.kind}', lang)})"
        for r in frames.rows(rows if len(rows) <= MANY else rows.iloc[[0, -1]])
    )
    return drawn.describe(
        say(
            lang,
            vi="Số liệu đã công bố tại {place}: {listed_values}.",
            en="Published for {place}: {listed_values}.",
            place=place.name,
            listed_values=listed_values,
        )
    )


def table(place: Place, lang: str = "vi") -> Text:
    """Return every published figure of a place with its kind, status and source."""
    rows = place.history[place.history["value"].notna()].sort_values(["month", "measure"], kind="stable")
    publisher = history.sources()["publisher"]
    rows = rows.assign(
        value=[_value(r.value, r.unit, lang) for r in frames.rows(rows)],
        named=[_named(r, lang) for r in frames.rows(rows)],
        source=[
            form(str(publisher.get(s, s)).split(" (")[0], "publisher", lang).replace(history.MAKERS, "–")
            for s in rows["source"]
        ],
    )
    forms = {"month": "t", "named": "", "value": "", "kind": "", "status": "", "source": ""}
    return words.table(rows, lang, forms, {"named": term("column.measure", lang)})


def _named(row: Any, lang: str) -> str:
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


_MONTH = re.compile(r"(?<![\d-])20\d\d-(?:0[1-9]|1[0-2])(?![\d-])")


_LEVER = re.compile(r"^policy\.\d+\.(\w+)(?: \([^)]*\))?")  # where in a file, which readers of a page do not see
_SEVERITIES = ("new conflict", "fault", "known conflict", "note")


def conflicts(
    findings: Iterable[Finding], place: Place, lang: str = "vi", severities: tuple[str, ...] = _SEVERITIES
) -> Text:
    """Return what `check` found about a place as a list; contradictions are never smoothed away."""
    kept = [
        f
        for f in findings
        if (f.place == place.name or f.place.startswith(place.name + "/")) and f.severity in severities
    ]
    kept.sort(key=lambda f: severities.index(f.severity))
    messages = [
        _of_part(f, lang)
        + _MONTH.sub(
            lambda match: words.month(match[0], lang),
            _LEVER.sub(lambda match: term(f"lever.{match[1]}", lang), getattr(f, f"message_{lang}")),
        )
        for f in kept
    ]
    lines = dict.fromkeys(  # what is found of two scenarios of a place is told once
        f"**{capital(term('severity.' + f.severity.replace(' ', '_'), lang))}.** {capital(text)}"
        for f, text in zip(kept, messages, strict=True)
    )
    return listing(list(lines)) if lines else say(lang, vi="Không tìm thấy mâu thuẫn nào.", en="No conflict was found.")


def _of_part(finding: Finding, lang: str) -> str:
    """Return which part of a place a finding is about, where its message does not say so."""
    whole, _, part = finding.place.partition("/")
    if not part or part.lstrip("0123456789 ") in finding.message_vi or finding.message_vi.startswith(whole):
        return ""
    return f"{form(part, 'part', lang)}: "


def units(place: Place, months: Sequence[str], lang: str = "vi") -> Text:
    """Say how many communes a place had in each of `months`, first to last, and which of them a forecast counts.

    Numbers of communes of different years stand side by side in sources; communes were merged in between.
    """
    counts = [len(places.read_place(place.name, at=month).communes) for month in months]
    counts_by_month = [
        say(lang, n=n, m=month, vi="{m:t}: {n:n}", en="{m:t}: {n:n}") for n, month in zip(counts, months, strict=True)
    ]
    return say(
        lang,
        place=place.name,
        counts_by_month="; ".join(counts_by_month),
        current=len(place.communes),
        vi="Số xã, phường, thị trấn của {place} đổi qua các lần sắp xếp ({counts_by_month}). Trang này "
        "tính theo {current:n} đơn vị có vào lúc bắt đầu dự báo; số liệu của năm khác có thể ghi con số khác.",
        en="The number of communes of {place} changed as they were merged ({counts_by_month}). This page "
        "counts the {current:n} that there were when the forecast begins; figures of another year may have another "
        "number.",
    )


def status_key(lang: str = "vi") -> Text:
    """Return what each status of a figure means."""
    return listing(f"**{term(f'status.{s}', lang)}**: {term(f'status.{s}.meaning', lang)}" for s in STATUSES)


def statuses(place: Place | HasPlace | Sequence[Place | HasPlace], lang: str = "vi") -> Text:
    """Say how many figures of a place, or of several, have each status, and name those that no source states."""
    several = history.together(place)
    counts = history.used(several, law=False)["status"].value_counts()
    lines = [
        say(
            lang,
            status=capital(term(f"status.{s}", lang)),
            n=counts[s],
            s="" if counts[s] == 1 else "s",
            vi="{status}: {n:n} số liệu",
            en="{status}: {n:n} figure{s}",
        )
        for s in STATUSES
        if s in counts
    ]
    named = []
    for one in several:
        whose = f"**{one.name}**: " if len(several) > 1 else ""
        for status in ("recalled", "judgement", "synthetic"):
            doubtful = _doubtful(one, status, lang)
            listed = whose + "; ".join(doubtful) if whose else capital("; ".join(doubtful))
            named += [f"{listed} ({term(f'status.{status}', lang)})"] if doubtful else []
    law = history.used(several)[lambda f: f["table"] == "law"]["status"]
    named += [
        say(
            lang,
            n=int((law == status).sum()),
            status=term(f"status.{status}", lang),
            vi="{n:n} dòng luật ({status})",
            en="{n:n} rows of the law ({status})",
        )
        for status in ("recalled", "judgement")
        if (law == status).any()
    ]
    if not named:
        return listing(lines)
    return join(
        [
            listing(lines),
            say(lang, vi="Cần kiểm chứng trước khi dựa vào:", en="To be verified before use:"),
            listing(named),
        ]
    )


def _doubtful(place: Place, status: str, lang: str) -> list[str]:
    """Return the measures of a place that have a figure of this status, each with its months and values."""
    rows = place.history[(place.history["status"] == status) & place.history["value"].notna()]
    by_measure: dict[str, list[str]] = {}
    for row in frames.rows(rows):
        dated_value = f"{words.month(row.month, lang)}: {_value(row.value, row.unit, lang)}"
        by_measure.setdefault(_named(row, lang), []).append(dated_value)
    notes = re.findall(r"(\w+): recalled", place.note) if status == "recalled" else []
    return [
        *(f"{name} ({', '.join(values)})" for name, values in by_measure.items()),
        *(form(name, "measure", lang) for name in notes),
    ]


def source_list(place: Place | HasPlace | Sequence[Place | HasPlace], lang: str = "vi") -> Text:
    """Return the sources that the figures and law of a place, or of several, come from, the most used first."""
    rows = history.used(place)
    counts = rows["source"].value_counts()
    lines = []
    for row in frames.rows(history.sources(counts.index)):
        term_key = f"source.{row.source}"  # what the makers wrote down themselves has no title in the world
        if term_key in words.terms().index:
            citation = term(term_key, lang)
        else:
            title = term(title_key, lang) if (title_key := f"title.{row.source}") in words.terms().index else row.title
            citation = f"[{title}]({row.address})" if str(row.address).startswith("http") else title
            by = row.publisher if lang == "vi" else form(str(row.publisher).split(" (")[0], "publisher", lang)
            citation = f"{_marked(citation, title, lang)}. {_marked(capital(by), by, lang)}"
        lines.append(
            citation
            + (f", {words.dated(row.date, lang)}" if row.date else "")
            + say(
                lang,
                n=int(counts[row.source]),
                s="" if counts[row.source] == 1 else "s",
                vi=" ({n:n} số liệu)",
                en=" ({n:n} figure{s})",
            )
        )
    return listing(lines)


def _marked(phrase: str, text: str, lang: str) -> str:
    """Return a phrase about a `text`, marked with the language of that text where that is not the page's."""
    written = syllables.language(text)
    return phrase if written == lang else f'<span lang="{written}">{phrase}</span>'


def repeat(files: Sequence[str], draws: int, seed: int, lang: str = "vi") -> Text:
    """Return the commands that repeat the run of a page; `files` are the plan, the status quo, then other plans."""
    luck = f"--draws {draws} --seed {seed}"
    two = " ".join(f"\\\n    {file}" for file in (files[1], files[0], *files[2:]))
    commands = [
        "forecast check",
        f"forecast project {two} \\\n    {luck} --out results/project",
        f"forecast compare {two} \\\n    {luck} --people {draws} --out results/compare",
        f"forecast target {files[0]} \\\n    {luck} --out results/target",
    ]
    return join(
        [
            say(
                lang, vi="Chạy lại những con số này từ dòng lệnh:", en="Reproduce these numbers from the command line:"
            ),
            "\n".join(["```sh", *commands, "```"]),
        ]
    )


def conflict_counts(findings: Iterable[Finding], names: Iterable[str], lang: str = "vi") -> Text:
    """Return how many contradictions the published figures of each place hold, and that none is smoothed away."""
    counted = {
        name: sum(
            f.severity.endswith("conflict") and (f.place == name or f.place.startswith(name + "/")) for f in findings
        )
        for name in names
    }
    counts_by_place = "; ".join(f"{name}: {words.number(count, lang)}" for name, count in counted.items())
    return say(
        lang,
        counts_by_place=counts_by_place,
        vi="Số chỗ mâu thuẫn trong số liệu đã công bố: {counts_by_place}. Trang của mỗi địa phương ghi rõ từng chỗ.",
        en="Contradictions in the published figures: {counts_by_place}. The page of each place lists them.",
    )


def targets(lang: str = "vi") -> Text:
    """Return what was hoped for the nation, by month: targets that differ stand beside one another."""
    rows = places.read_place(NATION).history
    rows = rows[(rows["scheme"] == history.SCHEME) & (rows["measure"] == "members") & (rows["kind"] == "target")]
    publisher = history.sources()["publisher"]
    return listing(
        say(
            lang,
            m=r.month,
            v=r.value,
            who=str(publisher.get(r.source, "")).split(" (")[0],
            vi="{m:t}: {v:n} người ({who})",
            en="{m:t}: {v:n} ({who})",
        )
        for r in frames.rows(rows.sort_values("month"))
    )
