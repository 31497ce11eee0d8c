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
from collections.abc import Iterable
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import yaml
from tqdm.auto import tqdm

from forecast.answer import score
from forecast.answer.projection import Projection
from forecast.data import history as facts
from forecast.data import places, tables
from forecast.data.law import Law, read_law
from forecast.data.tables import PUBLISHED_QUANTILES, UserError
from forecast.experiment.manifest import PACKAGES, code_hash
from forecast.question.scenario import Assumption, Scenario, parameters_table, read_scenario

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
    from forecast.experiment import project

    scenarios = [scenarios] if isinstance(scenarios, Scenario) else list(scenarios)
    known = set(tables.read(tables.data_dir() / "places.csv", "places")["place"])
    quantiles = list(PUBLISHED_QUANTILES.values())
    parts, texts = [], {}
    for asked in scenarios:
        mine = answer.only(scenario=asked.scenario, place=asked.place.name, origin=asked.start, measure="members",
                           group="all", engine=list(project.ENGINES))
        mine = mine.only(month=[m for m in mine.frame["month"].unique() if str(m) > asked.start])
        if mine.frame.empty or asked.place.name not in known:
            continue
        question, law = _text(asked), asked.law.frame.to_csv(index=False)
        names = {"question": _hash(question), "law": _hash(law), "code": code_hash(*PACKAGES),
                 "data": _data_hash(), "seed": str(seed)}
        texts |= {f"{names['question']}.yaml": question, f"law-{names['law']}.csv": law}
        for engine, rows in mine.frame.groupby("engine", observed=True):
            one = Projection(rows)
            wide = one.quantiles(quantiles).pivot(index="month", columns="quantile", values="value").round(2)
            wide.columns = list(PUBLISHED_QUANTILES)
            wide = wide.reset_index().astype({"month": str}).sort_values("month").assign(
                place=asked.place.name, scenario=asked.scenario, engine=engine, origin=asked.start, group="all",
                measure="members", draws=float(rows["draw"].nunique()), published="", **names)
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
        fresh = folder / f".new.{os.getpid()}.csv"
        try:
            lines = tables.write(rows, fresh).read_bytes()
        finally:
            fresh.unlink(missing_ok=True)
        old = path.read_bytes() if path.exists() else lines[: lines.index(b"\n") + 1]
        tables.write_bytes(old + (b"" if old.endswith(b"\n") else b"\n") + lines[lines.index(b"\n") + 1 :], path)
    return rows["forecast"].nunique()


def check_day(day: str) -> None:
    """Raise :class:`~forecast.data.tables.UserError` unless `day` is a day written YYYY-MM-DD.

    >>> check_day("2026-02-28")
    """
    try:
        if date.fromisoformat(day).isoformat() != day:
            raise ValueError
    except (TypeError, ValueError):
        raise UserError(f'published: "{day}" is not a day written YYYY-MM-DD, such as 2026-11-22') from None


def read(folder: str | Path) -> pd.DataFrame:
    """Return the rows of a ledger, none where there is no ledger yet; a row that was changed is an error."""
    path = Path(folder) / f"{TABLE}.csv"
    if not path.exists():
        return pd.DataFrame({name: pd.Series(dtype=float if name in PUBLISHED_QUANTILES else str)
                             for name in tables.columns(TABLE)})
    rows = tables.read(path, TABLE)
    wrong = changed(rows, path.parent)
    if wrong:
        raise UserError("\n".join(f"{path}, row {row}: {text}" for row, _, text in wrong))
    return rows


def changed(rows: pd.DataFrame, folder: Path) -> list[tuple[int, str, str]]:
    """Return (line, place, what) for each forecast whose rows, question or law are not those that were published."""
    found = []
    for name, part in rows.groupby("forecast", sort=False):
        first, place = part.index[0] + 2, part["place"].iloc[0]
        if _name(part) != name:
            found.append((first, place, f"forecast {name} does not say any more what was published; expected the rows "
                                        "as they were added"))
        for file, digest in ((f"{part['question'].iloc[0]}.yaml", part["question"].iloc[0]),
                             (f"law-{part['law'].iloc[0]}.csv", part["law"].iloc[0])):
            path = Path(folder) / file
            if not path.exists() or _hash(path.read_text(encoding="utf-8")) != digest:
                found.append((first, place, f"{file} is missing or was changed; expected it as it was added"))
    return found


def question(row, folder: str | Path, law: Law | None = None) -> Scenario:
    """Return the scenario of a row of the ledger, under the law of then or under `law`."""
    asked = read_scenario(Path(folder) / f"{row.question}.yaml")
    return _like(asked, law=law or read_law(Path(folder) / f"law-{row.law}.csv"))


def scores(folder: str | Path, history: pd.DataFrame | None = None) -> pd.DataFrame:
    """Score published forecasts against the counts that came out in a later month than they did.

    Columns are those of :func:`score.scores` with `forecast` and `published` before them; empty while nothing came.
    """
    parts, columns = [], ["forecast", "published", *score.COLUMNS]
    counts, rows = _met(folder, history)
    for (name, day), part in rows.groupby(["forecast", "published"], sort=False):
        tall = part.melt([*KEY, "month", "group", "measure"], list(PUBLISHED_QUANTILES), "quantile")
        tall["quantile"] = tall["quantile"].map(PUBLISHED_QUANTILES)
        scored = score.scores(tall, counts)
        parts.append(scored.assign(forecast=name, published=day)[columns])
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)


def split(
    folder: str | Path,
    history: pd.DataFrame | None = None,
    *,
    law: Law | None = None,
    happened: str | Path | None = None,
    only: set[str] | None = None,
    jobs: int | None = 1,
    progress: bool = True,
) -> pd.DataFrame:
    """Split the miss of each published median that a later count has met into law, scenario, chance and model.

    Columns: forecast, published, place, scenario, engine, origin, month, observed, median, total (observed - median,
    persons), law_part, scenario_part, chance_part, model_part (which add up to total; see the module), told. `law` is
    today's law, `happened` the folder of scenarios that say what was done, one `PLACE-as-happened.yaml` a place; `only`
    names the forecasts that are wanted.
    """
    counts, rows = _met(folder, history)
    rows = rows if only is None else rows[rows["forecast"].isin(only)]
    law = law or read_law()
    happened = Path(happened) if happened else tables.data_dir() / "scenarios"
    truth = counts.drop_duplicates(["place", "month"], keep="last").set_index(["place", "month"])["value"]
    found = []
    forecasts = tqdm(rows.groupby("forecast", sort=False), desc="run again", unit="forecast", disable=not progress)
    for _, part in forecasts:
        first = next(part.itertuples())
        effects, told = _effects(first, folder, law, happened, jobs)
        for row in part.itertuples():
            observed = float(truth[row.place, row.month])
            total = observed - row.q500
            by_law, by_scenario, low, high = (float(effect.get(row.month, 0.0)) for effect in effects)
            center = max(row.q500 + by_law + by_scenario, 0.0)  # where the forecast stands with law and scenario right
            chance = float(np.clip(total - by_law - by_scenario, low * center, high * center))
            found.append({**{key: getattr(row, key) for key in KEY}, "month": row.month, "observed": observed,
                          "median": row.q500, "total": total, "law_part": by_law, "scenario_part": by_scenario,
                          "chance_part": chance, "model_part": total - by_law - by_scenario - chance, "told": told})
    return pd.DataFrame(found, columns=[*KEY, "month", "observed", "median", "total", *PARTS, "told"])


def _effects(row, folder, law: Law, happened: Path, jobs) -> tuple[list[dict], str]:
    """Return by month the effects of law and scenario and the ends of chance as shares; and what is not known."""
    from forecast.experiment import project

    told = []
    try:
        then, now = question(row, folder), question(row, folder, law)
        runs = {"now": now}
        if _hash(law.frame.to_csv(index=False)) != row.law:
            runs["then"] = then
        path = happened / HAPPENED.format(slug=places.slug(row.place))
        if path.exists():
            runs["done"] = now.with_policy("done", read_scenario(path).policy)
        else:
            told.append("what was done is not recorded")
        base = "done" if path.exists() else "now"
        engine = project.engine_of(row.engine)
        median = {name: _run(asked, engine, row, jobs) for name, asked in runs.items()}
        if median.get("done") is not None and median["done"].empty:
            told.append(f"{row.engine} is deaf to what was done")
            del median["done"]
            base = "now"
        calm, settled = _settled(runs[base], engine)
        chance = _run(settled, calm, row, jobs, (CHANCE[0], 0.5, CHANCE[1]))
    except UserError as error:
        return [{}, {}, {}, {}], f"cannot be run again: {error}"
    middle = chance[0.5].where(chance[0.5] > 0)
    nothing = median["now"][0.5] * 0
    by_law = median["now"][0.5] - median["then"][0.5] if "then" in median else nothing
    by_scenario = median["done"][0.5] - median["now"][0.5] if "done" in median else nothing
    ends = [(chance[p] / middle - 1).fillna(0.0) for p in CHANCE]
    return [effect.to_dict() for effect in (by_law, by_scenario, *ends)], "; ".join(told)


def _run(asked: Scenario, engine, row, jobs, quantiles=(0.5,)) -> pd.DataFrame:
    """Return quantiles of members by month (index text, columns quantiles) of the row's draws and seed."""
    from forecast.experiment import project

    answer = project.project(asked, [engine], draws=int(row.draws), seed=int(row.seed), jobs=jobs, progress=False)
    table = answer.only(measure="members", group="all").quantiles(quantiles)
    return table.astype({"month": str}).pivot(index="month", columns="quantile", values="value")


def _settled(asked: Scenario, engine) -> tuple:
    """Return the engine and the question with all parameters at their centers, so that only chance is left."""
    from forecast.engines.series.engine import SeriesEngine

    class Settled(SeriesEngine):
        """The series engine without doubt about what it has fitted: the noise of the months is left."""

        def fit(self, scenario):
            fit = super().fit(scenario)
            return fit._replace(cov=np.zeros_like(fit.cov))

    if isinstance(engine, SeriesEngine):
        return Settled(), asked
    fixed = {name: float(value) for name, value in parameters_table()["value"].items()} | {"place_spread": 0.0}
    own = {name: given.value if isinstance(given, Assumption) else given for name, given in asked.assumptions.items()}
    return engine, _like(asked, assumptions=fixed | own)


def _met(folder, history: pd.DataFrame | None) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the counts, and the rows of the ledger that one of them has met which came out in a later month."""
    rows = read(folder)
    history = tables.read(tables.data_dir() / "history.csv", "history") if history is None else history
    counts = facts.counts(history)
    truth = counts.drop_duplicates(["place", "month"], keep="last").set_index(["place", "month"])["known"]
    known = [truth.get((row.place, row.month), "") for row in rows.itertuples()]
    later = pd.Series(known, rows.index, dtype=str) > rows["published"].str[:7]
    return counts, rows[later & (rows["measure"] == "members") & (rows["group"] == "all")]


def _like(asked: Scenario, **changes) -> Scenario:
    """Return the same question with some things changed."""
    kept = ("start", "until", "target", "policy", "assumptions", "title", "law")
    return Scenario(asked.scenario, asked.place, **{name: getattr(asked, name) for name in kept} | changes)


def _text(asked: Scenario) -> str:
    """Return the scenario as a file that says everything, whatever defaults come to be."""
    data = asked.model_dump(mode="json", exclude={"place", "law", "policy"}, exclude_none=True)
    data["place"] = asked.place.name
    data["policy"] = [lever.model_dump(mode="json", exclude_none=True) for lever in asked.policy.levers]
    return yaml.safe_dump(data, allow_unicode=True, sort_keys=True)


def _name(rows: pd.DataFrame) -> str:
    """Return the name of a forecast: the hash of what it says and was asked, not of when and by what code."""
    said = ["place", "scenario", "engine", "origin", "month", "group", "measure", *PUBLISHED_QUANTILES, "draws", "seed",
            "question", "law"]
    lines = [[f"{x:.2f}" if isinstance(x, float) else str(x) for x in row]
             for row in rows[said].itertuples(index=False, name=None)]
    return _hash(json.dumps(lines, ensure_ascii=False))


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _data_hash() -> str:
    digest = hashlib.sha256()
    for path in sorted(tables.data_dir().glob("*.csv")):
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()[:16]


@contextmanager
def _alone(folder: Path):
    """Hold the ledger for as long as this lasts; who comes second waits, and then gives up with a message."""
    lock, until = folder / ".lock", time.monotonic() + WAIT
    while True:
        try:
            os.close(os.open(lock, os.O_CREAT | os.O_EXCL))
            break
        except FileExistsError:
            if time.monotonic() > until:
                text = f"{lock}: another report is adding to this ledger; if none is, delete that file"
                raise UserError(text) from None
            time.sleep(0.05)
    try:
        yield
    finally:
        lock.unlink(missing_ok=True)
