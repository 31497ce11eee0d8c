"""Simulation and forecasting workbench for enrollment in Viet Nam's voluntary social insurance (BHXH tự nguyện).

Objects go in, tables come out; nothing that goes in is changed by running it. Names are loaded when they are first
used, so that a command that only reads a table does not wait for the engines.

>>> import forecast as f
>>> plan = f.Scenario("visits", f.toy.place(), start="2021-12", until="2022-12", law=f.toy.law(),
...                   policy=f.Policy(f.Visits(count=100, per="commune")))
>>> answer = f.project([f.status_quo(plan), plan], engines=["stock"], draws=20, progress=False, jobs=1)
>>> added = answer.versus("status quo").at("2022-12").only(measure="members", group="all")
>>> bool((added.frame["value"] > 0).all())
True
"""

import warnings
from importlib import import_module

# loky ends a worker process that has grown by 300 MB and starts another; no work is lost, and nobody need be told.
warnings.filterwarnings("ignore", message="A worker stopped while some jobs were given to the executor")

_MODULES = {
    "additional": "desk.additionality",
    "additional_charts": "show.additionality",
    "allocate": "desk.allocation",
    "baselines": "timeseries.baseline",
    "behavior": "engines.people.behavior",
    "chance": "data.chance",
    "charts": "show.picture",
    "check": "checks.check",
    "choices": "question.menu",
    "chronicle": "show.chronicle",
    "chronicle_charts": "show.history",
    "decide": "desk.target",
    "desk_charts": "show.desk",
    "desk_texts": "show.desk_texts",
    "effects": "calibration.trials",
    "experiment": "experiment.project",
    "facts": "data.history",
    "hours": "desk.marginal_hours",
    "law": "data.law",
    "odd": "show.model",
    "places": "data.places",
    "plan": "question.plan",
    "policies": "desk.equal_money",
    "policies_charts": "show.equal_money",
    "policy": "question.levers",
    "projection": "answer.projection",
    "published": "experiment.ledger",
    "questions": "show.questions",
    "reconcile": "timeseries.reconcile",
    "report": "publish.site",
    "scenario": "question.scenario",
    "score": "answer.score",
    "score_charts": "show.score",
    "search": "desk.optimize",
    "sentences": "show.sentences",
    "tables": "data.tables",
    "toy": "data.toy",
    "trust": "show.trust",
    "trust_charts": "show.trust_charts",
    "watch": "show.teams",
    "words": "language.words",
}
_HOME = {
    "timeseries.baseline": "baseline",
    "desk.target": "comparison effort needed_path status_quo target_table ways",
    "engines.people.agents": "AgentEngine RenewalsFirst Team observe",
    "engines.series.engine": "SeriesEngine",
    "engines.people.stock": "StockEngine",
    "experiment.project": "backtest project",
    "desk.marginal_hours": "scarce_hours",
    "data.law": "read_law",
    "data.places": "read_place",
    "question.plan": "Plan Where",
    "question.levers": "Broadcast Collectors Drive Effort Gift Inspection Language Meetings ModelCommunes PaymentAdvice"
    " Policy Quota Reminders TopUp Training VisitOrder Visits",
    "answer.projection": "Projection",
    "desk.optimize": "optimize",
    "question.scenario": "Scenario Target read_scenario",
}
_FOUND = {name: module for module, names in _HOME.items() for name in names.split()}
__all__ = sorted([*_MODULES, *_FOUND])


def __getattr__(name: str):
    if name in _MODULES:
        return import_module(f"forecast.{_MODULES[name]}")
    if name in _FOUND:
        return getattr(import_module(f"forecast.{_FOUND[name]}"), name)
    raise AttributeError(f"module 'forecast' has no attribute {name!r}")


def __dir__():
    return __all__
