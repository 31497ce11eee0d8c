"""A place of one's own: a folder of tables and scenarios that `forecast` works on in place of the project's data.

The folder holds the project's tables, with the place and its counts added, and two scenarios ready to be changed. It is
used by naming it in the variable `FORECAST_DATA`; nothing of the project is changed.
"""

import difflib
import json
from pathlib import Path

import numpy as np
import pandas as pd

from forecast.data import tables
from forecast.data.places import Place, read_place, slug
from forecast.data.tables import UserError
from forecast.exchange.spreadsheet import Book
from forecast.language import words

TABLES = ("sources", "history", "law", "places", "crosswalk", "parameters", "evidence")
SCHEME = "voluntary_si"
OWN = "own-file"  # source of what came from a spreadsheet
AHEAD = 24  # months that the scenarios look ahead
_SHARED = ("labor_force", "eligible", "households", "hamlets")  # known of the parent by head, taken for a new place


def copied() -> dict[str, pd.DataFrame]:
    """Return the tables of the data folder in use."""
    return {name: tables.read(tables.data_dir() / f"{name}.csv", name) for name in TABLES}


def added_place(frames: dict, name: str, population: float, parent: str = "Việt Nam",
                communes: tuple[str, ...] = (), since: str = "2025-07") -> dict:  # fmt: skip
    """Return the tables with a new district (no district is needed: any unit) and its communes, alike in size.

    What is not given is the parent's, by head, and the row says so: a guess to be replaced by the place's own figures.
    An unknown parent, a name that is taken or a population that is none is an error.
    """
    places = frames["places"]
    if name in set(places["place"]):
        raise UserError(f'"{name}" is a place already; a scaffold for it needs no population')
    if "/" in name or not slug(name):
        raise UserError(f'"{name}" is no name of a place; expected letters, without a stroke')
    if not (np.isfinite(population) and population >= 1):
        raise UserError(f"population: {population:g}; expected at least 1 person")
    above = places[places["place"] == parent]
    if above.empty:
        near = difflib.get_close_matches(parent, list(places["place"]), n=3)
        raise UserError(f'there is no place "{parent}"' + (f"; nearest: {', '.join(near)}" if near else ""))
    above = above.iloc[0]
    twice = sorted({c for c in communes if list(communes).count(c) > 1})
    if twice:
        raise UserError(f'commune "{twice[0]}" is named twice')

    def row(unit: str, level: str, over: str, people: float, count: int) -> dict:
        shares = {c: above[c] for c in ("poor_share", "near_poor_share", "minority_share")}
        counts = {c: np.ceil(people * above[c] / above["population"]) for c in _SHARED}
        return {"place": unit, "level": level, "parent": over, "since": since, "until": "", "population": people,
                "communes": float(count), "source": "judgement",
                "note": f"derived: population as given, the rest by head as in {parent}"} | counts | shares  # fmt: skip

    rows = [row(name, "district", parent, float(round(population)), max(len(communes), 1))]
    rows += [row(f"{name}/{c}", "commune", name, np.ceil(population / len(communes)), 1) for c in communes]
    new = pd.DataFrame(rows)[tables.columns("places")]
    return frames | {"places": pd.concat([places, new], ignore_index=True)}


def added_counts(frames: dict, place: Place, book: Book, title: str) -> dict:
    """Return the tables with the counts of a spreadsheet as rows of the history, those of communes and of the place.

    The place has a sum where all its communes were counted in a month. A commune that the place does not have is named
    with the nearest ones. Counts of a sample are marked synthetic. `title` is the name of the file.
    """
    names = {slug(c.rpartition("/")[2]): c for c in place.communes["commune"]}
    unknown = [c for c in dict.fromkeys(book.counts["commune"]) if slug(c) not in names]
    if unknown:
        ends = [c.rpartition("/")[2] for c in names.values()]
        near = [", ".join(names[found].rpartition("/")[2] for found in difflib.get_close_matches(slug(c), names, n=2))
                for c in unknown[:8]]  # fmt: skip
        told = [f'{title}: sheet "{book.sheet}", commune "{c}" is none of {place.name}'
                + (f"; nearest: {n}" if n else f"; it has {', '.join(ends[:8])}") for c, n in
                zip(unknown, near, strict=False)]  # fmt: skip
        raise UserError("\n".join(told))
    counts = book.counts.assign(unit=[names[slug(c)] for c in book.counts["commune"]])
    status = "synthetic" if book.synthetic else "stated"
    head = {"scheme": SCHEME, "group": "all", "unit": "persons", "kind": "observation", "status": status,
            "denominator": "", "source": OWN, "locator": book.sheet, "note": ""}  # fmt: skip
    rows = []
    for measure in ("members", "entries", "lapses"):
        wide = counts.pivot(index="month", columns="unit", values=measure)
        one = len(names) == 1
        parts = [] if one else [(unit, "commune", wide[unit].dropna()) for unit in wide]
        whole = wide.dropna() if len(wide.columns) == len(names) else wide.iloc[:0]
        for unit, level, values in [*parts, (place.name, place.level, whole.sum(axis=1))]:
            rows += [head | {"place": unit, "level": level, "month": month, "measure": measure, "value": value}
                     for month, value in values.items()]  # fmt: skip
    plans = counts[counts["plan"].notna()].assign(year=counts["month"].str[:4])
    for year, part in plans.groupby("year"):
        last = part.drop_duplicates("unit", keep="last")
        if len(last) == len(names):
            rows.append(head | {"place": place.name, "level": place.level, "month": f"{year}-12", "kind": "plan",
                                "measure": "members", "value": last["plan"].sum()})  # fmt: skip
    history = pd.concat([frames["history"], pd.DataFrame(rows)[tables.columns("history")]], ignore_index=True)
    source = {"source": OWN, "title": title, "publisher": place.name, "date": max(counts["month"]), "address": ""}
    sources = frames["sources"]
    sources = pd.concat([sources[sources["source"] != OWN], pd.DataFrame([source])], ignore_index=True)
    return frames | {"history": history, "sources": sources}


def scenarios(place: str, start: str, members: float | None = None, synthetic: bool = False) -> dict[str, str]:
    """Return the text of two scenarios, by file name: the status quo, and a plan whose levers are to be changed.

    The titles of what rests on `synthetic` counts say so, and with them every picture and table.
    """
    mark = {lang: f" ({words.term('status.synthetic', lang)})" if synthetic else "" for lang in words.LANGS}
    short, until = slug(place), str(tables.month(start) + AHEAD)
    first = str(tables.month(start) + 1)
    opening = "{}" if members is None else f"{{opening_members: {members:g}}}"
    head = (
        "# {told}\nscenario: {short}-{kind}\ntitle:\n  vi: {vi}\n  en: {en}\nplace: {place}\n"
        "start: {start}   # the month whose members are known\nuntil: {until}\nassumptions: {opening}\n"
    )
    quoted = json.dumps(place, ensure_ascii=False)  # a name may hold what YAML reads as its own
    common = {"short": short, "place": quoted, "start": start, "until": until, "opening": opening}

    def named(kind: str, vi: str, en: str) -> dict:
        titles = {
            lang: json.dumps(f"{place}, {told}{mark[lang]}", ensure_ascii=False)
            for lang, told in (("vi", vi), ("en", en))
        }
        return common | titles | {"kind": kind}

    quo = head.format(told="Nothing changes: no lever acts.",
                      **named("status-quo", "giữ nguyên cách làm cũ", "nothing changes"))  # fmt: skip
    quo += "policy: []\n"
    plan = head.format(told="A plan: put your own numbers, prices and months in place of these.",
                       **named("plan", "kế hoạch của tôi", "my plan"))  # fmt: skip
    plan += ("policy:\n"
             f"  - {{lever: Visits, count: 50, per: commune, start: {first}, unit_cost: 30000}}\n"
             f"  - {{lever: Reminders, share: 0.5, start: {first}, unit_cost: 100000}}\n"
             f"  - {{lever: TopUp, group: poor, share: 0.2, start: {first}}}\n")  # fmt: skip
    return {f"{short}-status-quo.yaml": quo, f"{short}-plan.yaml": plan}


def write(frames: dict, texts: dict[str, str], out: Path) -> None:
    """Write the tables, and the scenarios in a folder of their own; what does not fit its table is named before."""
    faults = [fault for name, frame in frames.items() for fault in tables.check(frame, name, f"{name}.csv")]
    if faults:
        raise tables.TableError(faults)
    for name, frame in frames.items():
        tables.write(frame, out / f"{name}.csv")
    for name, text in texts.items():
        tables.write_text(text, out / "scenarios" / name)


def imported(path: Path, place: str, read) -> tuple[dict, dict[str, str], Book]:
    """Return tables and scenarios of a spreadsheet about `place`; `read` is :func:`exchange.spreadsheet.read`."""
    book = read(path)
    found = read_place(place, at=min(book.counts["month"]))
    frames = added_counts(copied(), found, book, path.name)
    history = frames["history"]
    own = history[(history["place"] == found.name) & (history["source"] == OWN) & (history["measure"] == "members")
                  & (history["kind"] == "observation")]  # fmt: skip
    if own.empty:
        missing = sorted(set(found.communes["commune"]) - {f"{found.name}/{c}" for c in book.counts["commune"]})
        told = ", ".join(c.rpartition("/")[2] for c in missing[:5])
        raise UserError(
            f'{path.name}: sheet "{book.sheet}": no month in which all {len(found.communes)} communes of '
            f"{found.name} were counted, so that it has no sum" + (f"; missing: {told}" if told else "")
        )
    return frames, scenarios(found.name, own["month"].max(), synthetic=book.synthetic), book


def guess(place: Place) -> float:
    """Return how many members a place without a count may have: the nation's share of the eligible people."""
    nation = read_place("Việt Nam")
    members = nation.latest("members", until=None)
    return float(round(place.eligible * members[1] / nation.eligible)) if members else 0.0
