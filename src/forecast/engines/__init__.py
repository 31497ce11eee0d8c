"""The promise that an engine makes.

An engine answers a scenario with rows of a projection. It names the plan columns that it `sees`; for a scenario whose
policy differs from the status quo in any other column it is silent (no rows), never zero: silence is a finding, a
zero would be a claim. The same (scenario, draws, seed) gives the same rows, whichever other draws are asked with them.
"""

from typing import TYPE_CHECKING, NamedTuple, Protocol

from forecast.data.vocabulary import NATION

if TYPE_CHECKING:  # a command looks engines up before it loads anything
    import pandas as pd

    from forecast.question.scenario import Scenario


class Kind(NamedTuple):
    """What is known of an engine before it is loaded."""

    location: str  # module:class; imported when it is asked for, since each brings libraries that take seconds to load
    needs: str  # "people": a place with its people and teams; "history": the counts that were known
    hindsight: str  # what a backtest cannot hide from it, to be said beside its scores
    batch: int  # draws in one piece of work, so that all cores end at about the same time


_SET = (
    "its status quo follows the pool and has the hindsight of that; the parameters behind what policies change were "
    "set with the whole history in view"
)
ENGINES = {
    "agents": Kind("forecast.engines.people.agents:AgentEngine", "people", _SET, 24),
    "stock": Kind("forecast.engines.people.stock:StockEngine", "people", _SET, 200),
    "series": Kind(
        "forecast.engines.series.engine:SeriesEngine",
        "history",
        "the constants of its model were chosen with the whole history in view; what it fits, it fits to counts that "
        "were known",
        200,
    ),
    "campaign": Kind(
        "forecast.engines.campaign.engine:CampaignEngine",
        "history",
        "its priors were set after a look at the counts up to December 2025; what it learns, it learns from counts "
        "that were known",
        200,
    ),
    "pool": Kind(
        "forecast.engines.pool:PoolEngine",
        "history",
        "it has the hindsight of the engines in it; its weights come from earlier origins alone",
        200,
    ),
}
"""The engines by name, in the order of speaking: the first that answers gives the numbers of a sentence."""

USUAL = ("agents", "stock", "pool")
"""The engines that are asked when nobody names any: those that say every measure, and the baseline that they follow."""


POOLED = ("campaign", "series")
"""The engines in the pool."""

SILENT = ("active_9of12",)
"""Measures that `stock` does not say."""


class Engine(Protocol):
    """What every engine has: a name, what it sees, and a run."""

    name: str
    sees: frozenset[str]

    def run(self, scenario: "Scenario", draws: range, seed: int) -> "pd.DataFrame":
        """Return projection rows for `draws`; empty when the engine is deaf to the scenario's policy."""


def heard(engine: str) -> frozenset[str]:
    """Return the plan columns that an engine of ours sees, before it is loaded: all, or, of counts alone, none.

    >>> "visits" in heard("stock"), heard("series")
    (True, frozenset())
    """
    from forecast.question import plan

    return frozenset(plan.COLUMNS if ENGINES[engine].needs == "people" else ())


def deaf_to(engine: Engine | str, scenario: "Scenario") -> frozenset[str]:
    """Return the plan columns that the policy changes and the engine, or the one of ours by that name, does not see."""
    sees = heard(engine) if isinstance(engine, str) else engine.sees
    return scenario.plan.changed(scenario.status_quo_plan) - sees


def status_quo(scenario: "Scenario") -> "Scenario":
    """Return the question if nothing changes, without what then says nothing: its target, prices and titles."""
    policy = scenario.policy.in_force(scenario.start)
    return scenario.but(scenario="status quo", policy=policy, target=None, prices={}, title={}, search=None)


def as_counts_see(scenario: "Scenario") -> "Scenario":
    """Return the status quo with no assumption but that of its opening: all that engines of counts alone can hear."""
    opening = {name: given for name, given in scenario.assumptions.items() if name == "opening_members"}
    return status_quo(scenario).but(assumptions=opening)


def scope_of(place: str) -> str:
    """Return whose scores a place's weights in the pool come from: the nation's, or those of all other places.

    >>> scope_of("Việt Nam"), scope_of("Cà Mau")
    ('nation', 'places')
    """
    return "nation" if place == NATION else "places"


def silence() -> "pd.DataFrame":
    """Return no rows, in the form of a projection."""
    import pandas as pd

    from forecast.answer.projection import COLUMNS

    return pd.DataFrame(columns=COLUMNS)
