"""The uncertainty ladder: one question asked so that chance, parameters and model can be told apart.

Sets of parameters are drawn first; under each of them the question is asked several times with other luck. All engines
get the same sets. Where the status quo follows what counts taught, there are two kinds of parameters: those that counts
have taught (`counts`, a row of the beliefs of :mod:`forecast.engines.campaign`) and those of people and teams that are
drawn from their priors (`judgement`), each drawn anew under the other. `Projection.ladder` splits the width. A scenario
is a choice and has no chance of its own: scenarios stand beside each other, each with a ladder of its own.
"""

from collections.abc import Iterable
from typing import Any, NamedTuple

import pandas as pd

from forecast.answer.projection import Projection
from forecast.beliefs.sets import EFFECT, Sets
from forecast.data import tables
from forecast.engines import USUAL, Engine
from forecast.engines.people.draws import parameter_draws
from forecast.engines.series.engine import SeriesEngine
from forecast.experiment.project import project
from forecast.question.scenario import Scenario

CHANCE, PARAMETERS, COUNTS, JUDGEMENT = "chance", "parameters", "counts", "judgement"


class Layered(NamedTuple):
    """A nested answer and its design, ready for `answer.ladder(by=..., design=design)`."""

    answer: Projection
    design: dict[str, dict[str, int]]  # engine -> size of each source, the outermost first

    def ladder(self, **asked: Any) -> pd.DataFrame:
        """Return `Projection.ladder` of the answer."""
        return self.answer.ladder(design=self.design, **asked)


def parameter_rows(scenario: Scenario, seed: int, draws: range) -> pd.DataFrame:
    """Return sets of all parameters of people and teams, one row a draw: what draw d of an experiment has.

    Columns are parameters and `place_effect/<place>` (a factor on entry_rate).

    >>> from forecast import toy
    >>> question = Scenario("x", toy.place(), start="2021-12", until="2022-12", law=toy.law())
    >>> rows = parameter_rows(question, 1, range(3))
    >>> bool((rows["entry_rate"] == parameter_draws(question, 1, range(3))["entry_rate"]).all())
    True
    """
    drawn = parameter_draws(scenario, seed, draws)
    parameters = {name: values for name, values in drawn.items() if name != "place_effect"}
    return pd.DataFrame(parameters | {EFFECT + scenario.place.name: drawn["place_effect"]})


def layered(
    scenario: Scenario,
    engines: Iterable[str] = USUAL,
    *,
    sets: int = 50,
    judged: int = 1,
    repeats: int = 3,
    seed: int = 1,
    **run: Any,
) -> Layered:
    """Ask `scenario` with `sets` sets of parameters and `repeats` times the luck under each; more options of `project`.

    Where the status quo follows counts (`Scenario.follows`), `sets` rows of what they taught are taken and under each
    `judged` sets of the parameters of people and teams; from 2 on the design tells `counts` from `judgement`, with 1
    both are `parameters`. The engine `stock` knows the luck of months, and none of people.
    """
    if sets < 2 or repeats < 2 or judged < 1 or (judged > 1 and not scenario.follows):
        raise tables.UserError(
            "{sets} sets, {judged} judged, {repeats} repeats; expected at least 2 sets and 2 repeats, and "
            "more than one judged only where the status quo follows what counts taught",
            sets=sets,
            judged=judged,
            repeats=repeats,
        )
    rows = parameter_rows(scenario, seed, range(sets * judged))
    fixed = {name: v for name, v in scenario.assumptions.items() if name not in rows}  # the rows hold the others
    question = scenario.but(assumptions=fixed, sets=Sets.of(rows, repeats, judged))
    asked: list[str | Engine] = [SeriesEngine(repeats=repeats) if e == "series" else e for e in engines]
    answer = project(question, asked, draws=len(rows) * repeats, seed=seed, **run)
    two = {COUNTS: sets, JUDGEMENT: judged, CHANCE: repeats}
    one = {PARAMETERS: len(rows), CHANCE: repeats}
    spoke = [str(engine) for engine in answer.frame["engine"].unique()]
    return Layered(answer, {engine: two if judged > 1 and engine != "series" else one for engine in spoke})
