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

_MODULES = tuple(
    "additional additional_charts allocate baselines behavior chance charts check choices chronicle chronicle_charts"
    " decide desk_charts desk_texts effects experiment facts hours law odd places plan policies policies_charts policy"
    " projection published questions reconcile report scenario score score_charts search sentences tables toy"
    " trust trust_charts watch words".split()
)
_HOME = {
    "baselines": "baseline",
    "decide": "comparison effort needed_path status_quo target_table ways",
    "engines.agents": "AgentEngine RenewalsFirst Team observe",
    "engines.series": "SeriesEngine",
    "engines.stock": "StockEngine",
    "experiment": "backtest project",
    "hours": "scarce_hours",
    "law": "read_law",
    "places": "read_place",
    "plan": "Plan Where",
    "policy": "Broadcast Collectors Drive Effort Gift Inspection Language Meetings ModelCommunes PaymentAdvice Policy"
    " Quota Reminders TopUp Training VisitOrder Visits",
    "projection": "Projection",
    "search": "optimize",
    "scenario": "Scenario Target read_scenario",
}
_FOUND = {name: module for module, names in _HOME.items() for name in names.split()}
__all__ = sorted([*_MODULES, *_FOUND])


def __getattr__(name: str):
    if name in _MODULES:
        return import_module(f"forecast.{name}")
    if name in _FOUND:
        return getattr(import_module(f"forecast.{_FOUND[name]}"), name)
    raise AttributeError(f"module 'forecast' has no attribute {name!r}")


def __dir__():
    return __all__
