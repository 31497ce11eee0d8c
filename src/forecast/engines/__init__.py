"""The promise that an engine makes.

An engine answers a scenario with rows of a projection. It names the plan columns that it `sees`; for a scenario whose
policy differs from the status quo in any other column it is silent (no rows), never zero: silence is a finding, a
zero would be a claim. The same (scenario, draws, seed) gives the same rows, whichever other draws are asked with them.
"""

from typing import Protocol

import pandas as pd

from forecast.answer.projection import COLUMNS
from forecast.question.scenario import Scenario


class Engine(Protocol):
    """What every engine has: a name, what it sees, and a run."""

    name: str
    sees: frozenset[str]

    def run(self, scenario: Scenario, draws: range, seed: int) -> pd.DataFrame:
        """Return projection rows for `draws`; empty when the engine is deaf to the scenario's policy."""


def deaf_to(engine: Engine, scenario: Scenario) -> frozenset[str]:
    """Return the plan columns that the policy changes and the engine does not see."""
    return scenario.plan.changed(scenario.status_quo_plan) - engine.sees


def silence() -> pd.DataFrame:
    """Return no rows, in the form of a projection."""
    return pd.DataFrame(columns=COLUMNS)
