"""The study of doubt: how wide forecasts are and why, what to count next, and what moves the headline.

One run makes all tables that the notebook of sensitivity and the evidence cards read; :func:`read` gives them back.
"""

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd
from scipy.stats import spearmanr

from forecast.data import tables
from forecast.data.code import PACKAGES, code_hash
from forecast.question.scenario import Scenario, target_of
from forecast.uncertainty import sensitivity, value_of_information, variance

FOLDER = "sensitivity"  # in data/


class Plan(NamedTuple):
    """How large the designs are."""

    sets: int = 40  # sets of parameters of the ladder
    judged: int = 1  # sets of what is judged alone, under each of them; more where the status quo follows counts
    repeats: int = 3  # times the luck under each
    draws: int = 600  # of measure_next
    trajectories: int = 6  # of Morris's screening, by the stock engine over everything
    base: int = 32  # of Sobol's design, by the stock engine over the strongest
    strongest: int = 8  # factors that are looked at closely
    walks: int = 4  # trajectories of the agents over the strongest
    lucks: int = 4  # draws of each run of the agents


PLAN = Plan()


def study(scenarios: Iterable[Scenario], plan: Plan = PLAN, *, seed: int = 1, **run: Any) -> dict[str, pd.DataFrame]:
    """Return the tables of the study of `scenarios`; Morris and Sobol look at the last one. `run` as for `project`.

    - ladder: `Projection.ladder` of each scenario at its target's month, engines pooled with equal weights;
    - next: `measure.Next` of each scenario, its table with what was found before it in columns of their own;
    - shares: `parameter, share` of the variance of the log headline, by itself, at the last scenario;
    - morris, sobol: by the stock engine; agents: Morris by the agents over the strongest factors, beside the stock
      engine's effect on the same runs;
    - pairing: what the same luck in all runs saves, and how well both engines agree on the order (Spearman).
    """
    parts: dict[str, list[pd.DataFrame]] = {"ladder": [], "next": []}
    for scenario in scenarios:
        asked = variance.layered(scenario, sets=plan.sets, judged=plan.judged, repeats=plan.repeats, seed=seed, **run)
        goal = target_of(scenario)
        parts["ladder"].append(asked.ladder(measure=goal.measure, group=goal.group, by=goal.by, since=goal.since))
        ranking = value_of_information.measure_next(scenario, draws=plan.draws, seed=seed, **run)
        head: dict[str, Any] = {
            "place": scenario.place.name,
            "scenario": scenario.scenario,
            "by": goal.by,
            "target": goal.value,
            "wanted": ranking.wanted,
            "probability": ranking.probability,
            "low": ranking.low,
            "median": ranking.median,
            "high": ranking.high,
            "months": ranking.months,
        }
        parts["next"].append(ranking.table.assign(**head)[[*head, *ranking.table.columns]])
    last = sensitivity.without_levers(scenario)
    everything = sensitivity.factors(last)
    screened, _ = sensitivity.morris(everything, trajectories=plan.trajectories, seed=seed, **run)
    strongest = everything.only(screened["factor"].head(plan.strongest))
    split = sensitivity.sobol(strongest, base=plan.base, seed=seed, **run)
    design = {"trajectories": plan.walks, "seed": seed, **run}
    agents, values = sensitivity.morris(strongest, "agents", lucks=plan.lucks, **design)
    stock, _ = sensitivity.morris(strongest, "stock", **design)
    both = agents.merge(stock[["factor", "effect"]].rename(columns={"effect": "stock"}), on="factor")
    saved = sensitivity.pairing(values, len(strongest.names) + 1)
    saved["agreement"] = spearmanr(both["effect"], both["stock"]).statistic
    saved["runs"] = values.size
    return {
        "ladder": pd.concat(parts["ladder"], ignore_index=True),
        "next": pd.concat(parts["next"], ignore_index=True),
        "shares": shares(scenario, plan.draws, seed, **run),
        "morris": screened,
        "sobol": split,
        "agents": both,
        "pairing": saved.rename_axis("what").rename("value").reset_index(),
    }


def shares(scenario: Scenario, draws: int, seed: int = 1, **run: Any) -> pd.DataFrame:
    """Return `parameter, share`: what each parameter explains by itself of the log headline's variance."""
    goal = target_of(scenario)
    values = sensitivity.answered(scenario, "stock", draws, seed, **run)
    rows = variance.parameter_rows(scenario, seed, range(draws))
    rows = rows.loc[:, rows.nunique() > 1].rename(columns=lambda c: "place_effect" if c.startswith("place_eff") else c)
    explained = value_of_information.first_orders(rows, values)
    return (
        explained.rename_axis("parameter").rename("share").reset_index().assign(by=goal.by, place=scenario.place.name)
    )


def write(by_name: dict[str, pd.DataFrame], folder: Path) -> None:
    """Write the tables, numbers with six figures."""
    for name, table in by_name.items():
        rounded = {c: [float(f"{v:.6g}") for v in table[c]] for c in table.select_dtypes("float").columns}
        tables.write(table.assign(**rounded), folder / f"{name}.csv")


def made_from() -> dict[str, str]:
    """Return hashes of what the tables depend on, for their manifest."""
    names = ("parameters", "history", "law")
    hashes = {n: hashlib.sha256((tables.data_dir() / f"{n}.csv").read_bytes()).hexdigest()[:16] for n in names}
    return {**hashes, "code": code_hash(*PACKAGES, "uncertainty")}


def read(folder: Path | None = None) -> tuple[dict[str, pd.DataFrame], dict[str, Any]]:
    """Return the stored tables by name, and their manifest; data/sensitivity when no folder is given."""
    folder = Path(folder) if folder else tables.data_dir() / FOLDER
    manifest = folder / "manifest.json"
    if not manifest.is_file():
        raise tables.UserError(
            "{folder}: no manifest.json; expected the folder of a forecast sensitivity run", folder=folder
        )
    paths = sorted(folder.glob("*.csv"))
    by_name = {path.stem: pd.read_csv(path, keep_default_na=False, na_values=[""]) for path in paths}
    return by_name, json.loads(manifest.read_text(encoding="utf-8"))
