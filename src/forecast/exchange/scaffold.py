"""A place of one's own: a folder of tables and scenarios that `forecast` works on in place of the project's data.

The folder holds the project's tables, with the place and its counts added, and two scenarios ready to be changed. It is
used by naming it in the variable `FORECAST_DATA`; nothing of the project is changed.
"""

import re
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from forecast.checks.counts import OWN as OWN
from forecast.data import tables
from forecast.data.history import observed, startable
from forecast.data.mergers import one_series
from forecast.data.messages import SeveralErrors, UserError
from forecast.data.places import DEFAULT_MONTH, Place, name_at, place_in, read_place, slug
from forecast.data.vocabulary import NATION
from forecast.data.vocabulary import SCHEME as SCHEME
from forecast.exchange.faults import told
from forecast.exchange.reading.names import Names
from forecast.exchange.reading.report import FINDING, Note
from forecast.exchange.reading.texts import tidy
from forecast.language import words
from forecast.question.levers import Reminders, TopUp, Visits
from forecast.question.levers.base import Lever
from forecast.question.scenario_file import form_yaml, lever_form

if TYPE_CHECKING:
    from forecast.exchange.spreadsheet import Book

Frames = dict[str, pd.DataFrame]
TABLES = ("sources", "history", "law", "places", "crosswalk", "parameters", "unit_costs", "ranges", "evidence", "pool")
AHEAD = 24  # months that the scenarios look ahead
_SHARED = ("labor_force", "eligible", "households", "hamlets")  # known of the parent by head, taken for a new place


def copied() -> Frames:
    """Return the tables of the data folder in use to which counts are added; :func:`write` copies the others."""
    return {name: _here(name) for name in ("sources", "history")}


def _here(name: str) -> pd.DataFrame:
    """A table of the data folder in use."""
    return tables.read(tables.data_dir() / f"{name}.csv", name)


def added_place(
    frames: Frames,
    name: str,
    population: float,
    parent: str = "Việt Nam",
    communes: tuple[str, ...] = (),
    since: str = "2025-07",
) -> Frames:
    """Return the tables with a new district (no district is needed: any unit) and its communes, alike in size.

    What is not given is the parent's, by head, and the row says so: a guess to be replaced by the place's own figures.
    Several communes may stand in one text, with commas.
    An unknown parent, a name that is taken or a population that is none is an error.
    """
    places = frames["places"] if "places" in frames else _here("places")
    if name in set(places["place"]):
        raise UserError('"{name}" is a place already; a scaffold for it needs no population', name=name)
    if "/" in name or not slug(name):
        raise UserError('"{name}" is no name of a place; expected letters, without a stroke', name=name)
    if not (np.isfinite(population) and population >= 1):
        raise UserError("population: {population:g}; expected at least 1 person", population=population)
    if parent in set(_here("places")["place"]) or parent not in set(places["place"]):  # it may have been added just now
        parent = name_at(parent, since)
    above = places[places["place"] == parent].iloc[0]
    communes = tuple(tidy(one) for text in communes for one in re.split("[,;]", text) if tidy(one))
    twice = sorted({c for c in communes if list(communes).count(c) > 1})
    if twice:
        raise UserError('commune "{name}" is named twice', name=twice[0])

    def row(unit: str, level: str, over: str, people: float, count: int) -> dict[str, Any]:
        shares = {c: above[c] for c in ("poor_share", "near_poor_share", "minority_share")}
        counts = {c: np.ceil(people * above[c] / above["population"]) for c in _SHARED}
        return (
            {
                "place": unit,
                "level": level,
                "parent": over,
                "since": since,
                "until": "",
                "population": people,
                "communes": float(count),
                "source": "judgement",
                "note": f"derived: population as given, the rest by head as in {parent}",
            }
            | counts
            | shares
        )

    rows = [row(name, "district", parent, float(round(population)), max(len(communes), 1))]
    rows += [row(f"{name}/{c}", "commune", name, np.ceil(population / len(communes)), 1) for c in communes]
    new = pd.DataFrame(rows)[tables.columns("places")]
    return frames | {"places": pd.concat([places, new], ignore_index=True)}


def added_counts(frames: Frames, place: Place, book: "Book", title: str) -> Frames:
    """Return the tables with the counts of a spreadsheet as rows of the history, those of communes and of the place.

    The place has a sum where all its communes were counted in a month. Months of another set of communes (before and
    after a merger) go to the place and the communes of their time, and what the old ones counted is carried over to the
    new where all parts were counted. A newer file replaces what an older one of one's own counted (:func:`replaced`). A
    commune that the place does not have is named with the nearest ones. Counts of a sample are marked synthetic.
    `title` is the name of the file.
    """
    counts = book.counts.assign(unit=list(book.units) or _units(place, book, title))
    rows: list[dict[str, Any]] = []
    parts: dict[tuple[str, int, str], tuple[Place, list[pd.DataFrame]]] = {}
    for _, part in counts.groupby("month", sort=False):
        at = place_in(place.name, str(part["month"].iloc[0]))
        parts.setdefault((at.name, len(at.communes), at.communes["commune"].iloc[0]), (at, []))[1].append(part)
    for at, months in parts.values():
        rows += _history_rows(at, pd.concat(months), book)
    if len(parts) > 1:
        rows += _carried(counts, [at for at, _ in parts.values()], book)
    return with_rows(frames, rows, place.name, title, max(counts["month"]))


def with_rows(frames: Frames, rows: list[dict[str, Any]], place: str, title: str, date: str) -> Frames:
    """Return the tables with rows of one's own counts in place of earlier ones of the same things, and their source."""
    if not rows:
        return frames
    new = pd.DataFrame(rows)[tables.columns("history")]
    history = pd.concat([_without(frames["history"], new), new], ignore_index=True)
    source = {"source": OWN, "title": title, "publisher": place, "date": date, "address": ""}
    sources = frames["sources"]
    sources = pd.concat([sources[sources["source"] != OWN], pd.DataFrame([source])], ignore_index=True)
    return frames | {"history": history, "sources": sources}


def _units(place: Place, book: "Book", title: str) -> list[str]:
    """Return the unit of each row of a table that was read without a place."""
    names = Names(place)
    matches = {name: names.match(name) for name in book.counts["commune"].unique()}
    unknown = {name: match for name, match in matches.items() if not match.unit}
    if unknown:
        ends = [unit.rpartition("/")[2] for unit in names.units]
        near = '{file}: sheet "{sheet}", commune "{name}" is none of {place}; nearest: {known}'
        others = '{file}: sheet "{sheet}", commune "{name}" is none of {place}; it has {known}'
        raise SeveralErrors(
            UserError(
                near if match.near else others,
                file=title,
                sheet=book.sheet,
                name=name,
                place=place.name,
                known=", ".join(match.near or ends[:8]),
            )
            for name, match in list(unknown.items())[:8]
        )
    return [matches[name].unit for name in book.counts["commune"]]


def head(book: "Book", note: str = "") -> dict[str, Any]:
    """Return what all rows of the history have that come from a spreadsheet; a note makes them derived."""
    status = "synthetic" if book.synthetic else "derived" if note else "stated"
    return {
        "scheme": SCHEME,
        "group": "all",
        "unit": "persons",
        "kind": "observation",
        "status": status,
        "denominator": "",
        "source": OWN,
        "locator": book.sheet,
        "note": note,
        "known": "",
        "error": float("nan"),
        "use": "",
    }


def _history_rows(place: Place, counts: pd.DataFrame, book: "Book") -> list[dict[str, Any]]:
    """Return the rows of the history of one set of communes."""
    units = list(place.communes["commune"])
    common, rows = head(book), []
    for measure in ("members", "entries", "lapses"):
        wide = counts.pivot(index="month", columns="unit", values=measure)
        one = len(units) == 1
        parts = [] if one else [(unit, "commune", wide[unit].dropna()) for unit in wide]
        whole = wide.dropna() if len(wide.columns) == len(units) else wide.iloc[:0]
        for unit, level, values in [*parts, (place.name, place.level, whole.sum(axis=1))]:
            rows += [
                common | {"place": unit, "level": level, "month": month, "measure": measure, "value": value}
                for month, value in values.items()
            ]
    plans = counts.assign(year=counts["month"].str[:4])[counts["plan"].notna()]
    for year, part in plans.groupby("year"):
        last = part.drop_duplicates("unit", keep="last")
        goals = [(row.unit, "commune", row.plan) for row in last.itertuples()] if len(units) > 1 else []
        if len(last) == len(units):
            goals.append((place.name, place.level, last["plan"].sum()))
        more = {"month": f"{year}-12", "kind": "plan", "measure": "members"}
        rows += [common | more | {"place": unit, "level": level, "value": value} for unit, level, value in goals]
    return rows


def _carried(counts: pd.DataFrame, places: list[Place], book: "Book") -> list[dict[str, Any]]:
    """Return what communes before a merger counted as rows of those after it, where all their parts were counted."""
    since = tables.read(tables.data_dir() / "places.csv", "places").set_index("place")["since"]
    new = max(places, key=lambda place: since[list(place.communes["commune"])].max())
    first = since[list(new.communes["commune"])].max()
    common = head(book, f"derived: carried over from the communes before {first}")
    rows = []
    for measure in ("members", "entries", "lapses"):
        wide = counts.pivot_table(index="month", columns="unit", values=measure, aggfunc="first")
        wide = wide.loc[:, wide.notna().any()]
        if wide.empty or not (wide.index < first).any():
            continue
        series = one_series(wide.sort_index(), at=first)
        early = series[series.index.astype(str) < first]
        units = [unit for unit in new.communes["commune"] if unit in early]
        for unit in units:
            rows += [
                common | {"place": unit, "level": "commune", "month": str(month), "measure": measure, "value": value}
                for month, value in early[unit].dropna().round(6).items()
            ]
        if len(units) == len(new.communes):
            rows += [
                common
                | {"place": new.name, "level": new.level, "month": str(month), "measure": measure, "value": value}
                for month, value in early[units].dropna().sum(axis=1).round(6).items()
            ]
    return rows


_KEY = ["scheme", "group", "place", "month", "measure", "kind"]


def _without(history: pd.DataFrame, new: pd.DataFrame) -> pd.DataFrame:
    """Return a history without one's own rows that new ones count again."""
    again = pd.MultiIndex.from_frame(history[_KEY]).isin(pd.MultiIndex.from_frame(new[_KEY]))
    return history[~(again & (history["source"] == OWN))]


def replaced(before: pd.DataFrame, after: pd.DataFrame) -> list[Note]:
    """Return what a newer file changed in one's own earlier counts: how many, and the first of them by name."""
    old = before[before["source"] == OWN].drop_duplicates(_KEY, keep="last").set_index(_KEY)["value"]
    new = after[after["source"] == OWN].drop_duplicates(_KEY, keep="last").set_index(_KEY)["value"]
    both = old.index.intersection(new.index)
    changed = [key for key in both if old[key] != new[key]]
    if not changed:
        return []
    places, months = _KEY.index("place"), _KEY.index("month")
    changes = "; ".join(
        f"{key[places].rpartition('/')[2]} {key[months]}: {old[key]:g} -> {new[key]:g}" for key in changed[:6]
    )
    more = " ..." if len(changed) > 6 else ""
    return [
        Note(
            FINDING,
            "",
            "",
            f"{len(changed)} số của tệp trước được thay: {changes}{more}",
            f"{len(changed)} counts of an earlier file replaced: {changes}{more}",
        )
    ]


def last_counted() -> str:
    """Return the last month (``YYYY-MM``) in which the nation was counted; a usual one where it never was."""
    last = read_place(NATION).latest("members", until=None)
    return str(last[0]) if last else DEFAULT_MONTH


def beginning(name: str, start: str | None = None) -> tuple[Place, str]:
    """Return the place of a name and the month in which its scenarios start: `start`, or that of its last count.

    Of a place of today and the one of the same name before it, the one of today goes first if it was counted. Where
    neither was, it is the one of today in the month in which the nation was counted last; it then opens with its share
    of that count, if nobody says more. A name that is none raises :class:`~forecast.data.tables.UserError`.

    >>> [(place.name, start) for place, start in map(beginning, ("Lào Cai", "Cà Mau", "Phú Thọ"))]
    [('Lào Cai (2025)', '2025-12'), ('Cà Mau', '2024-09'), ('Phú Thọ (2025)', '2025-12')]
    """
    if start:
        return read_place(name, at=start), start
    now, places = last_counted(), []
    with suppress(UserError):  # it may have ended
        places.append(read_place(name, at=now))
    places.append(read_place(name))
    for place in places:
        if counted := place.latest("members", until=None):
            return place, str(counted[0])
    return places[0], min(now, places[0].until or now)


def scenarios(
    place: str, start: str, members: float | None = None, synthetic: bool = False, counted: bool = True
) -> dict[str, str]:
    """Return the text of two scenarios, by file name: the status quo, and a plan whose levers are to be changed.

    The titles of what rests on `synthetic` counts say so, and with them every picture and table; the text of a place
    that nobody has `counted` says how it opens. A `start` that is too early is an error (:func:`startable`).
    """
    startable(start)
    mark = {lang: f" ({words.term('status.synthetic', lang)})" if synthetic else "" for lang in words.LANGS}
    short, first = slug(place), str(tables.month(start) + 1)
    proposed: list[Lever] = [
        Visits(count=50, per="commune", start=first),
        Reminders(share=0.5, start=first),
        TopUp(group="poor", share=0.2, start=first),
    ]

    def text(kind: str, remark: str, titles: dict[str, str], levers: list[Lever]) -> str:
        form = {
            "scenario": f"{short}-{kind}",
            "title": {lang: f"{place}, {title}{mark[lang]}" for lang, title in titles.items()},
            "place": place,
            "start": start,
            "until": str(tables.month(start) + AHEAD),
            "policy": [lever_form(lever) for lever in levers],
            "assumptions": {} if members is None else {"opening_members": members},
        }
        return f"# {remark}\n# {known}\n{form_yaml(form)}"

    known = "start is the month whose members are known."
    if not counted:
        known = (
            "Nobody has counted the place: it opens with its share of the nation's members. To put your own number:\n"
            "# assumptions: {opening_members: 12000}"
        )

    quo = text(
        "status-quo", "Nothing changes: no lever acts.", {"vi": "giữ nguyên cách làm cũ", "en": "nothing changes"}, []
    )
    remark = "A plan: put your own numbers, prices and months in place of these."
    plan = text("plan", remark, {"vi": "kế hoạch của tôi", "en": "my plan"}, proposed)
    return {f"{short}-status-quo.yaml": quo, f"{short}-plan.yaml": plan}


def write(frames: Frames, texts: dict[str, str], out: Path) -> None:
    """Write the tables, and the scenarios in a folder of their own; what does not fit its table is named before.

    A table that is not in `frames` is that of the data folder in use, byte for byte.
    """
    faults = [fault for name, frame in frames.items() for fault in tables.check(frame, name, f"{name}.csv")]
    if faults:
        raise tables.TableError(faults)
    for name in TABLES:
        if name in frames:
            tables.write(frames[name], out / f"{name}.csv")
        elif (file := tables.data_dir() / f"{name}.csv").is_file():  # an older folder may have no pool
            tables.write_bytes(file.read_bytes(), out / f"{name}.csv")
    for name, text in texts.items():
        tables.write_text(text, out / "scenarios" / name)


def imported(path: Path, place: str, answers: Iterable[str] = ()) -> tuple[Frames, dict[str, str], "Book"]:
    """Return tables and scenarios of a spreadsheet about `place`, and what was read with its whole report.

    `answers` are those of :mod:`forecast.exchange.reading.answers`.
    """
    from forecast.exchange.spreadsheet import read  # with the readers of workbooks: `new` needs none of them

    book = read(path, place, answers)
    with told(book.notes):
        return _with_scenarios(book, place, path.name)


def _with_scenarios(book: "Book", place: str, title: str) -> tuple[Frames, dict[str, str], "Book"]:
    """Return tables and scenarios of what was read; the place needs a month in which all of it was counted."""
    frames = copied()
    before = frames["history"]
    first = place_in(place, min(book.counts["month"]))
    frames = added_counts(frames, first, book, title)
    history = frames["history"]
    book = book._replace(notes=(*book.notes, *replaced(before, history)))
    members = observed(history[history["source"] == OWN], "members")
    last = place_in(place, max(book.counts["month"]))
    for one in (last, first):
        sums = members[members["place"] == one.name]
        if not sums.empty:
            return frames, scenarios(one.name, sums["month"].max(), synthetic=book.synthetic), book
    missing = sorted(set(first.communes["commune"]) - set(book.units))
    missing_names = ", ".join(c.rpartition("/")[2] for c in missing[:5])
    text = (
        '{file}: sheet "{sheet}": no month in which all {count} communes of {place} were counted, so that it has no sum'
    )
    if missing_names:
        text = (
            '{file}: sheet "{sheet}": no month in which all {count} communes of {place} were counted, '
            "so that it has no sum; missing: {missing}"
        )
    count = len(first.communes)
    raise UserError(text, file=title, sheet=book.sheet, count=count, place=first.name, missing=missing_names)
