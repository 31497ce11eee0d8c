"""Why a published forecast missed: the part of the law, of what was done, of chance, and of the model.

Each question is asked again under the law of today, with what was done as far as it is written down, and with all
parameters at their centers, so that only chance is left; what remains is the model's.
"""

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from forecast.beliefs.parameters import Assumption, parameters_table
from forecast.beliefs.sets import Sets
from forecast.data import places, tables
from forecast.data.frames import rows as rows_of
from forecast.data.law import Law, read_law
from forecast.data.steps import steps
from forecast.data.tables import UserError
from forecast.engines import Engine
from forecast.experiment import project
from forecast.experiment.ledger import CHANCE, HAPPENED, KEY, PARTS, met, question, text_hash
from forecast.question.scenario import Scenario, read_scenario


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
    counts, rows = met(folder, history)
    rows = rows if only is None else rows[rows["forecast"].isin(only)]
    law = law or read_law()
    happened = Path(happened) if happened else tables.data_dir() / "scenarios"
    truth = counts.drop_duplicates(["place", "month"], keep="last").set_index(["place", "month"])["value"]
    misses = []
    each = [part for _, part in rows.groupby("forecast", sort=False)]
    bar = steps("run again", "forecast", len(each), shown=progress)
    for part in each:
        bar.update()
        first = next(rows_of(part))
        effects, unknown = _effects(first, folder, law, happened, jobs)
        for row in rows_of(part):
            observed = float(truth[row.place, row.month])
            total = observed - row.q500
            by_law, by_scenario, low, high = (float(effect.get(row.month, 0.0)) for effect in effects)
            center = max(row.q500 + by_law + by_scenario, 0.0)  # where the forecast stands with law and scenario right
            chance = float(np.clip(total - by_law - by_scenario, low * center, high * center))
            misses.append(
                {
                    **{key: getattr(row, key) for key in KEY},
                    "month": row.month,
                    "observed": observed,
                    "median": row.q500,
                    "total": total,
                    "law_part": by_law,
                    "scenario_part": by_scenario,
                    "chance_part": chance,
                    "model_part": total - by_law - by_scenario - chance,
                    "told": unknown,
                }
            )
    bar.close()
    return pd.DataFrame(misses, columns=[*KEY, "month", "observed", "median", "total", *PARTS, "told"])


def _effects(
    row: Any, folder: str | Path, law: Law, happened: Path, jobs: int | None
) -> tuple[list[dict[str, float]], str]:
    """Return by month the effects of law and scenario and the ends of chance as shares; and what is not known."""
    unknown = []
    try:
        then, now = question(row, folder), question(row, folder, law)
        runs = {"now": now}
        if text_hash(law.frame.to_csv(index=False)) != row.law:
            runs["then"] = then
        path = happened / HAPPENED.format(slug=places.slug(row.place))
        if path.exists():
            runs["done"] = now.with_policy("done", read_scenario(path).policy)
        else:
            unknown.append("what was done is not recorded")
        base = "done" if path.exists() else "now"
        engine = project.engine_of(row.engine)
        median = {name: _run(asked, engine, row, jobs) for name, asked in runs.items()}
        if median.get("done") is not None and median["done"].empty:
            unknown.append(f"{row.engine} is deaf to what was done")
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
    effects = [{str(month): float(x) for month, x in part.items()} for part in (by_law, by_scenario, *ends)]
    return effects, "; ".join(unknown)


def _run(
    asked: Scenario, engine: Engine, row: Any, jobs: int | None, quantiles: tuple[float, ...] = (0.5,)
) -> pd.DataFrame:
    """Return quantiles of members by month (index text, columns quantiles) of the row's draws and seed."""
    answer = project.project(asked, [engine], draws=int(row.draws), seed=int(row.seed), jobs=jobs, progress=False)
    table = answer.only(measure="members", group="all").quantiles(quantiles)
    return table.astype({"month": str}).pivot(index="month", columns="quantile", values="value")


def _settled(asked: Scenario, engine: Engine) -> tuple[Engine, Scenario]:
    """Return the engine and the question with all parameters known, so that only chance is left.

    Parameters are at their centers; of what counts taught, all draws have the same row.
    """
    from forecast.engines.series.engine import SeriesEngine

    class Settled(SeriesEngine):
        """The series engine without doubt about what it has fitted: the noise of the months is left."""

        def fit(self, scenario: Scenario) -> Any:
            fit = super().fit(scenario)
            return fit._replace(cov=np.zeros_like(fit.cov))

    if isinstance(engine, SeriesEngine):
        return Settled(), asked
    fixed = {name: float(value) for name, value in parameters_table()["value"].items()} | {"place_spread": 0.0}
    assumed = {
        name: given.value if isinstance(given, Assumption) else given for name, given in asked.assumptions.items()
    }
    one = Sets.of(pd.DataFrame([fixed]), judged=sys.maxsize)
    return engine, asked.but(assumptions=fixed | assumed, sets=one)
