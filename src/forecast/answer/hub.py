"""A projection as model output of a forecast hub (hubverse), and what a hub's own rules say of it.

A hub takes one file a model and origin, ``model-output/TEAM-MODEL/ORIGIN-TEAM-MODEL.csv``, with columns for what was
asked, then `output_type`, `output_type_id` and `value`. Its rules stand in its ``hub-config/tasks.json``: which values
each column may have, which quantile levels it wants, how many samples, and between what a value lies. A draw is a
sample of all that it says: months, groups and scenarios of one draw are one future, so its number is the same in each.
"""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from forecast.data import frames, tables
from forecast.data.tables import UserError

if TYPE_CHECKING:
    from forecast.answer.projection import Projection

COLUMNS = ["location", "scenario_id", "model_id", "origin_date", "target_end_date", "target"]
VALUES = ["output_type", "output_type_id", "value"]
DIGITS = 6  # of a quantile level: levels are told apart by it, and not by the last bit of a float
TEAM, FOLDER = "forecast", "model-output"


def table(answer: "Projection", quantiles: Sequence[float] | None) -> pd.DataFrame:
    """Return the rows of a projection that are forecasts: months after their origin, as quantiles or samples.

    Levels are rounded to :data:`DIGITS`; one that is not within 0 and 1, or there twice, raises
    :class:`~forecast.data.tables.UserError`.
    """
    later = answer.frame["month"].astype(str) > answer.frame["origin"].astype(str)
    ahead = answer._part(answer.frame[later])
    if quantiles is None:
        rows = ahead.frame.rename(columns={"draw": "output_type_id"}).assign(output_type="sample")
    else:
        levels = [round(float(level), DIGITS) for level in quantiles]
        wrong = [level for level in levels if not 0 < level < 1 or levels.count(level) > 1]
        if wrong:
            raise UserError("quantile level {level:g}: expected levels between 0 and 1, each once", level=wrong[0])
        rows = ahead.quantiles(levels).rename(columns={"quantile": "output_type_id"}).assign(output_type="quantile")
    group, measure = rows["group"].astype(str), rows["measure"].astype(str)
    ends = {
        c: pd.PeriodIndex(rows[c].astype(str), freq="M").to_timestamp(how="end").strftime("%Y-%m-%d")
        for c in ("origin", "month")
    }
    asked = {
        "location": rows["place"].astype(str),
        "scenario_id": rows["scenario"].astype(str),
        "model_id": rows["engine"].astype(str),
        "origin_date": ends["origin"],
        "target_end_date": ends["month"],
        "target": measure.where(group == "all", measure + ":" + group),
    }
    return pd.DataFrame(asked | {name: rows[name] for name in VALUES})


def faults(hub: pd.DataFrame, rules: Any) -> list[UserError]:
    """Return where model output is not as the rules of a hub (its tasks.json) want it; [] if nowhere.

    A row is held to the rules of that round and task whose targets and output types it has.
    """
    tasks = [task for one in rules.get("rounds", []) for task in one.get("model_tasks", [])]
    if not tasks:
        raise UserError("the rules of the hub name no tasks; expected rounds with model_tasks")
    held, wrong = pd.Series(False, index=hub.index), []
    for task in tasks:
        targets = _allowed(task["task_ids"].get("target", {}))
        mine = hub["target"].isin(targets) if targets else pd.Series(True, index=hub.index)
        held |= mine
        wrong += list(_of_task(hub[mine], task)) if mine.any() else []
    if not held.all():
        odd = sorted(set(hub.loc[~held, "target"]))
        wrong.append(UserError("target {value}: no task of the hub asks for it", value=odd[0]))
    return wrong


def _of_task(rows: pd.DataFrame, task: dict[str, Any]) -> Iterator[UserError]:
    for name, values in task["task_ids"].items():
        allowed = _allowed(values)
        if name not in rows:
            if values.get("required"):
                yield UserError("column {name}: the hub wants it", name=name)
            continue
        odd = sorted(set(rows[name].astype(str)) - set(allowed)) if allowed else []
        if odd:
            known = ", ".join(allowed[:8])
            yield UserError("{name} {value}: expected one of {known}", name=name, value=odd[0], known=known)
        missing = sorted({str(one) for one in values.get("required") or []} - set(rows[name].astype(str)))
        if missing:
            yield UserError("{name} {value}: the hub wants it, and it is missing", name=name, value=missing[0])
    for kind, part in frames.groups(rows, "output_type"):
        form = task["output_type"].get(str(kind))
        if form is None:
            yield UserError("{name} {value}: the hub does not take it", name="output_type", value=kind)
            continue
        yield from _values(part, form.get("value", {}))
        yield from _samples(part, form["output_type_id_params"]) if kind == "sample" else _levels(part, form)


def _allowed(values: dict[str, Any]) -> list[str]:
    return [str(one) for key in ("required", "optional") for one in values.get(key) or []]


def _values(rows: pd.DataFrame, form: dict[str, Any]) -> Iterator[UserError]:
    least, most = form.get("minimum", float("-inf")), form.get("maximum", float("inf"))
    outside = rows.loc[~rows["value"].between(least, most), "value"]
    if len(outside):
        text = "value {value:g}: expected from {least:g} to {most:g}"
        yield UserError(text, value=outside.iloc[0], least=least, most=most)


def _levels(rows: pd.DataFrame, form: dict[str, Any]) -> Iterator[UserError]:
    ids = form.get("output_type_id", {})
    wanted = {round(float(one), DIGITS) for one in ids.get("required") or []}
    allowed = wanted | {round(float(one), DIGITS) for one in ids.get("optional") or []}
    there = {round(float(one), DIGITS) for one in rows["output_type_id"]}
    for level in sorted(wanted - there):
        yield UserError("quantile {level:g}: the hub wants it, and it is missing", level=level)
    for level in sorted(there - allowed):
        yield UserError("quantile {level:g}: the hub does not take it", level=level)


def _samples(rows: pd.DataFrame, form: dict[str, Any]) -> Iterator[UserError]:
    asked = [name for name in COLUMNS if name in rows]
    counts = rows.groupby(asked, observed=True)["output_type_id"].nunique()
    least, most = form.get("min_samples_per_task", 1), form.get("max_samples_per_task", float("inf"))
    outside = counts[~counts.between(least, most)]
    if len(outside):
        text = "{count} samples of {target}: expected from {least:g} to {most:g}"
        yield UserError(text, count=outside.iloc[0], target=outside.index[0][-1], least=least, most=most)


def write(hub: pd.DataFrame, folder: Path, team: str = TEAM) -> list[Path]:
    """Write model output below a folder as a hub keeps it, a file a model and origin; return the files."""
    if not re.fullmatch(r"\w+", team, re.ASCII):
        raise UserError("team {team!r}: expected letters, digits and underscores", team=team)
    written = []
    for (model, origin), rows in frames.groups(hub, ["model_id", "origin_date"]):
        name = f"{team}-" + re.sub(r"\W", "_", str(model))  # letters, digits and underscores, as hubs ask for
        path = folder / FOLDER / name / f"{origin}-{name}.csv"
        path.parent.mkdir(parents=True, exist_ok=True)
        tables.write(rows.drop(columns="model_id"), path)
        written.append(path)
    return written
