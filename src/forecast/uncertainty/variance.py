"""The uncertainty ladder: one question asked so that chance, parameters and model can be told apart.

Sets of parameters are drawn first; under each of them the question is asked several times with other luck. All engines
get the same sets. With a posterior the parameters fall into two: those that counts have taught (`counts`, a row of the
posterior) and those that keep their priors (`judgement`), each drawn anew under the other. `Projection.ladder`
splits the width. A scenario is a choice and has no chance of its own: scenarios stand beside each other, each with a
ladder of its own.
"""

from collections.abc import Iterable
from typing import Any, NamedTuple

import pandas as pd

from forecast.answer.projection import Projection
from forecast.beliefs.posterior import EFFECT, PRIORS, YEAR, Posterior, learned
from forecast.data import tables
from forecast.data.frames import names
from forecast.engines import ENGINES, Engine
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
    """Return sets of all parameters, one row a draw: what draw d of an experiment has, learned or from the priors.

    Columns are parameters, `place_effect/<place>` (a factor on entry_rate), and `Posterior.walks` where years were
    learned; what the years to come bring is chance.

    >>> from forecast import toy
    >>> question = Scenario("x", toy.place(), start="2021-12", until="2022-12", law=toy.law())
    >>> rows = parameter_rows(question, 1, range(3))
    >>> bool((rows["entry_rate"] == parameter_draws(question, 1, range(3))["entry_rate"]).all())
    True
    """
    drawn, known = parameter_draws(scenario, seed, draws), learned(scenario)
    found = {name: v for name, v in drawn.items() if name != "place_effect" and not name.startswith(YEAR)}
    found[EFFECT + scenario.place.name] = drawn["place_effect"]
    if known is not None:
        walks = ((name, known.column(name, draws)) for name in known.walks)
        found |= {name: values for name, values in walks if values is not None}
    return pd.DataFrame(found)


def layered(
    scenario: Scenario,
    engines: Iterable[str] = tuple(ENGINES),
    *,
    sets: int = 50,
    judged: int = 1,
    repeats: int = 3,
    seed: int = 1,
    posterior: Posterior | None = None,
    **run: Any,
) -> Layered:
    """Ask `scenario` with `sets` sets of parameters and `repeats` times the luck under each; more options of `project`.

    Where parameters were learned (`Scenario.learned`, or the `posterior` given), `sets` rows of them are taken and
    under each `judged` sets of the parameters of which they say nothing; from 2 on the design tells `counts` from
    `judgement`. The engine `stock` knows the luck of months, and none of people.
    """
    scenario = posterior.scenario(scenario) if posterior else scenario
    known = learned(scenario)
    if sets < 2 or repeats < 2 or judged < 1 or (judged > 1 and known is None):
        raise tables.UserError(
            f"{sets} sets, {judged} judged, {repeats} repeats; expected at least 2 sets and 2 repeats, and more than "
            "one judged where parameters were learned only"
        )
    rows = parameter_rows(scenario, seed, range(sets))
    if judged > 1 and known is not None:
        rows = rows.loc[rows.index.repeat(judged)].reset_index(drop=True)
        judgement = parameter_rows(scenario.but(learned=PRIORS), seed, range(sets * judged))
        taught = {*known.frame, *(EFFECT + place for place in scenario.place.lineage[:1])}
        rows = rows.assign(**{name: judgement[name] for name in names(judgement) if name not in taught})
    fixed = {name: v for name, v in scenario.assumptions.items() if name not in rows}  # the rows hold the others
    question = scenario.but(assumptions=fixed)
    asked: list[str | Engine] = [SeriesEngine(repeats=repeats) if e == "series" else e for e in engines]
    nested = Posterior.of(rows, repeats)
    answer = project(question, asked, draws=len(rows) * repeats, seed=seed, posterior=nested, **run)
    two = {COUNTS: sets, JUDGEMENT: judged, CHANCE: repeats}
    one = {PARAMETERS if known is None else COUNTS: len(rows), CHANCE: repeats}
    spoke = [str(engine) for engine in answer.frame["engine"].unique()]
    return Layered(answer, {engine: two if judged > 1 and engine != "series" else one for engine in spoke})
