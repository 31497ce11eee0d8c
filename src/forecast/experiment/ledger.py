"""The ledger of published forecasts: what was said, frozen, so that later counts can judge it.

A ledger is a folder. ``published.csv`` (schema ``published`` of :mod:`data.tables`) has a row for each published
month: quantiles of members, and what made them. ``QUESTION.yaml`` is the scenario's own text and ``law-LAW.csv`` the
law that it was asked under, both named by the hash of their content. A row is never changed: rows are added behind
those that are there, a forecast's name is the hash of what it says, and the same forecast is there once, however often
it is published.

**Whose fault was it?** The miss of a published median is split into four parts that add up to it exactly,

    observed - published median = law + scenario + chance + model

law       rerun under today's law - rerun under the law of then. Both by today's program with the same luck, so that
          a new version of the program does not pass for a new law; zero when the table has not changed.
scenario  rerun under today's law with what was really done - the same with what was planned. Zero while nobody has
          written down what was done (``PLACE-as-happened.yaml`` among the scenarios), or when the engine is deaf to it.
chance    of the rest, what lies within the 90% spread of a rerun with all parameters at their centers, in which only
          chance is left (months, people), moved to where the forecast stands with the right law and scenario.
model     what is beyond: parameters, structure, and the changes of the program since.

The order matters: each part is measured with the ones before it put right. `told` says which part could not be known.
"""

import hashlib
import json
import os
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from forecast.answer import score
from forecast.answer.projection import Projection
from forecast.data import tables
from forecast.data.code import PACKAGES, code_hash
from forecast.data.frames import rows as rows_of
from forecast.data.history import counts
from forecast.data.law import Law, read_law
from forecast.data.messages import Message, SeveralErrors, UserError
from forecast.data.vocabulary import PUBLISHED_QUANTILES
from forecast.engines import ENGINES
from forecast.question.scenario import Scenario, read_scenario
from forecast.question.scenario_file import scenario_yaml

TABLE = "published"
KEY = ["forecast", "published", "place", "scenario", "engine", "origin"]
PARTS = ["law_part", "scenario_part", "chance_part", "model_part"]
HAPPENED = "{slug}-as-happened.yaml"
CHANCE = (0.05, 0.95)  # the spread within which a miss is called chance
WAIT = 20.0  # seconds for another report that is adding to the same ledger


class Entry(NamedTuple):
    """Forecasts that are ready to be published: rows without a day, and the texts they lean on by file name."""

    rows: pd.DataFrame
    texts: dict[str, str]

    def bundle(self) -> dict[str, Any]:
        """Return the entry as JSON can hold it, on its way from a notebook's kernel to the report."""
        return {"rows": json.loads(self.rows.to_json(orient="split", index=False)), "texts": self.texts}


def ledger() -> Path:
    """Return the folder of the project's ledger; it is made by the first report."""
    return tables.data_dir() / TABLE


def entry(answer: Projection, scenarios: Scenario | Iterable[Scenario], *, seed: int) -> Entry:
    """Return the forecasts of `answer` about `scenarios` (members of all groups, months after the start) as an entry.

    Left out are scenarios of a place that is not in places.csv, about which nothing will ever be counted, and
    engines that are not the project's, which nobody could run again.

    >>> from forecast.data import toy
    >>> from forecast.experiment.project import project
    >>> quo = Scenario("quo", toy.place(), start="2021-12", until="2022-02", law=toy.law())
    >>> entry(project(quo, ["stock"], draws=2, jobs=1, progress=False), quo, seed=1).rows.empty
    True
    """

    scenarios = [scenarios] if isinstance(scenarios, Scenario) else list(scenarios)
    known = set(tables.read(tables.data_dir() / "places.csv", "places")["place"])
    quantiles = list(PUBLISHED_QUANTILES.values())
    parts: list[pd.DataFrame] = []
    texts: dict[str, str] = {}
    for asked in scenarios:
        mine = answer.only(
            scenario=asked.scenario,
            place=asked.place.name,
            origin=asked.start,
            measure="members",
            group="all",
            engine=list(ENGINES),
        )
        mine = mine.only(month=[m for m in mine.frame["month"].unique() if str(m) > asked.start])
        if mine.frame.empty or asked.place.name not in known:
            continue
        question, law = scenario_yaml(asked, everything=True), asked.law.frame.to_csv(index=False)
        names = {
            "question": text_hash(question),
            "law": text_hash(law),
            "code": code_hash(*PACKAGES),
            "data": _data_hash(),
            "seed": str(seed),
        }
        texts |= {f"{names['question']}.yaml": question, f"law-{names['law']}.csv": law}
        for engine, rows in mine.frame.groupby("engine", observed=True):
            one = Projection(rows)
            wide = one.quantiles(quantiles).pivot(index="month", columns="quantile", values="value").round(2)
            wide.columns = list(PUBLISHED_QUANTILES)
            wide = (
                wide.reset_index()
                .astype({"month": str})
                .sort_values("month")
                .assign(
                    place=asked.place.name,
                    scenario=asked.scenario,
                    engine=engine,
                    origin=asked.start,
                    group="all",
                    measure="members",
                    draws=float(rows["draw"].nunique()),
                    published="",
                    **names,
                )
            )
            parts.append(wide.assign(forecast=_name(wide))[tables.columns(TABLE)])
    empty = pd.DataFrame(columns=tables.columns(TABLE))
    return Entry(pd.concat(parts, ignore_index=True) if parts else empty, texts)


def merged(entries: Iterable[Entry]) -> Entry:
    """Return several entries as one; the same forecast is there once."""
    entries = [e for e in entries if len(e.rows)]
    empty = pd.DataFrame(columns=tables.columns(TABLE))
    rows = pd.concat([e.rows for e in entries], ignore_index=True) if entries else empty
    texts = {name: text for e in entries for name, text in e.texts.items()}
    return Entry(rows.drop_duplicates(["forecast", "month"]).reset_index(drop=True), texts)


def unbundled(bundle: dict[str, Any]) -> Entry:
    """Return the entry that :meth:`Entry.bundle` wrote as JSON."""
    rows = pd.DataFrame(bundle["rows"]["data"], columns=bundle["rows"]["columns"])
    numbers = [*PUBLISHED_QUANTILES, "draws"]
    return Entry(rows.astype(dict.fromkeys(numbers, float)), bundle["texts"])


def add(new: Entry, folder: str | Path, day: str) -> int:
    """Publish: add what is new of `new` to the ledger in `folder` under `day` (YYYY-MM-DD); return how many forecasts.

    The file is replaced as a whole by its own bytes with the new rows behind them. Two reports that add at once wait
    for each other. A day that is none, and a ledger that is not in order, are errors, and nothing is written.
    """
    check_day(day)
    if new.rows.empty:
        return 0
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    with _alone(folder):
        path = folder / f"{TABLE}.csv"
        there = read(folder)
        rows = new.rows[~new.rows["forecast"].isin(there["forecast"])].assign(published=day)
        if rows.empty:
            return 0
        faults = tables.check(rows, TABLE, "what is to be published")
        if faults:
            raise tables.TableError(faults)
        for name, text in new.texts.items():
            if not (folder / name).exists():
                tables.write_text(text, folder / name)
        tables.behind(rows, path)
    return int(rows["forecast"].nunique())


def check_day(day: str) -> None:
    """Raise :class:`~forecast.data.tables.UserError` unless `day` is a day written YYYY-MM-DD.

    >>> check_day("2026-02-28")
    """
    try:
        if date.fromisoformat(day).isoformat() != day:
            raise ValueError
    except (TypeError, ValueError):
        raise UserError('published: "{day}" is not a day written YYYY-MM-DD, such as 2026-11-22', day=day) from None


def read(folder: str | Path) -> pd.DataFrame:
    """Return the rows of a ledger, none where there is no ledger yet; a row that was changed is an error."""
    path = Path(folder) / f"{TABLE}.csv"
    if not path.exists():
        return pd.DataFrame(
            {name: pd.Series(dtype=float if name in PUBLISHED_QUANTILES else str) for name in tables.columns(TABLE)}
        )
    rows = tables.read(path, TABLE)
    wrong = changed(rows, path.parent)
    if wrong:
        raise SeveralErrors(
            UserError("{file}, row {row}: {what}", file=path, row=row, what=text) for row, _, text in wrong
        )
    return rows


def changed(rows: pd.DataFrame, folder: Path) -> list[tuple[int, str, Message]]:
    """Return (line, place, what) for each forecast whose rows, question or law are not those that were published."""
    faults = []
    for name, part in rows.groupby("forecast", sort=False):
        first, place = part.index[0] + 2, part["place"].iloc[0]
        if _name(part) != name:
            other = "forecast {name} does not say any more what was published; expected the rows as they were added"
            faults.append((first, place, Message(other, name=name)))
        for file, digest in (
            (f"{part['question'].iloc[0]}.yaml", part["question"].iloc[0]),
            (f"law-{part['law'].iloc[0]}.csv", part["law"].iloc[0]),
        ):
            path = Path(folder) / file
            if not path.exists() or text_hash(path.read_text(encoding="utf-8")) != digest:
                text = "{file} is missing or was changed; expected it as it was added"
                faults.append((first, place, Message(text, file=file)))
    return faults


def question(row: Any, folder: str | Path, law: Law | None = None) -> Scenario:
    """Return the scenario of a row of the ledger, under the law of then or under `law`."""
    asked = read_scenario(Path(folder) / f"{row.question}.yaml")
    return asked.but(law=law or read_law(Path(folder) / f"law-{row.law}.csv"))


def scores(folder: str | Path, history: pd.DataFrame | None = None) -> pd.DataFrame:
    """Score published forecasts against the counts that came out in a later month than they did.

    Columns are those of :func:`score.scores` with `forecast` and `published` before them; empty while nothing came.
    """
    parts, columns = [], ["forecast", "published", *score.COLUMNS]
    counted, rows = met(folder, history)
    for (name, day), part in rows.groupby(["forecast", "published"], sort=False):
        tall = part.melt([*KEY, "month", "group", "measure"], list(PUBLISHED_QUANTILES), "quantile")
        tall["quantile"] = tall["quantile"].map(PUBLISHED_QUANTILES)
        scored = score.scores(tall, counted)
        parts.append(scored.assign(forecast=str(name), published=str(day))[columns])
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)


def met(folder: str | Path, history: pd.DataFrame | None) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the counts, and the rows of the ledger that one of them has met which came out in a later month."""
    rows = read(folder)
    history = tables.read(tables.data_dir() / "history.csv", "history") if history is None else history
    counted = counts(history)
    truth = counted.drop_duplicates(["place", "month"], keep="last").set_index(["place", "month"])["out"]
    known = [truth.get((row.place, row.month), "") for row in rows_of(rows)]
    later = pd.Series(known, rows.index, dtype=str) > rows["published"].str[:7]
    return counted, rows[later & (rows["measure"] == "members") & (rows["group"] == "all")]


def _name(rows: pd.DataFrame) -> str:
    """Return the name of a forecast: the hash of what it says and was asked, not of when and by what code."""
    columns = [
        "place",
        "scenario",
        "engine",
        "origin",
        "month",
        "group",
        "measure",
        *PUBLISHED_QUANTILES,
        "draws",
        "seed",
        "question",
        "law",
    ]
    lines = [
        [f"{x:.2f}" if isinstance(x, float) else str(x) for x in row]
        for row in rows[columns].itertuples(index=False, name=None)
    ]
    return text_hash(json.dumps(lines, ensure_ascii=False))


def text_hash(text: str) -> str:
    """Return the hash by which a text is named in the ledger, 16 hexadecimal digits."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _data_hash() -> str:
    digest = hashlib.sha256()
    for path in sorted(tables.data_dir().glob("*.csv")):
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()[:16]


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Hold the ledger for as long as this lasts; who comes second waits, and then gives up with a message."""
    lock, until = folder / ".lock", time.monotonic() + WAIT
    while True:
        try:
            os.close(os.open(lock, os.O_CREAT | os.O_EXCL))
            break
        except FileExistsError:
            if time.monotonic() > until:
                text = "{file}: another report is adding to this ledger; if none is, delete that file"
                raise UserError(text, file=lock) from None
            time.sleep(0.05)
    try:
        yield
    finally:
        lock.unlink(missing_ok=True)
