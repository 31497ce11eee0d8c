"""The uncertainty ladder: one question asked so that chance, parameters and model can be told apart.

Sets of parameters are drawn first; under each of them the question is asked several times with other luck. All engines
get the same sets. With a posterior the parameters fall into two: those that counts have taught (`counts`, a row of the
posterior) and those that keep their priors (`judgement`), each drawn anew under the other. `Projection.ladder`
splits the width. A scenario is a choice and has no chance of its own: scenarios stand beside each other, each with a
ladder of its own.
"""

from typing import NamedTuple

import pandas as pd

from forecast import behavior, tables
from forecast.engines.series import SeriesEngine
from forecast.experiment import project
from forecast.posterior import EFFECT, YEAR, Posterior
from forecast.projection import Projection
from forecast.scenario import Scenario

CHANCE, PARAMETERS, COUNTS, JUDGEMENT = "chance", "parameters", "counts", "judgement"


class Layered(NamedTuple):
    """A nested answer and its design, ready for `answer.ladder(by=..., design=design)`."""

    answer: Projection
    design: dict[str, dict[str, int]]  # engine -> size of each source, the outermost first

    def ladder(self, **asked) -> pd.DataFrame:
        """Return `Projection.ladder` of the answer."""
        return self.answer.ladder(design=self.design, **asked)


def parameter_rows(scenario: Scenario, seed: int, draws: range, posterior: Posterior | None = None) -> pd.DataFrame:
    """Return sets of all parameters, one row a draw: those of the priors, over them those that a posterior holds.

    Columns are parameters, `place_effect/<place>` (a factor on entry_rate), and `year/<year>` of a posterior. What
    the scenario assumes goes before both. Row d is the set that draw d of an experiment has.

    >>> from forecast import toy
    >>> question = Scenario("x", toy.place(), start="2021-12", until="2022-12", law=toy.law())
    >>> rows = parameter_rows(question, 1, range(3))
    >>> bool((rows["entry_rate"] == behavior.parameter_draws(question, 1, range(3))["entry_rate"]).all())
    True
    """
    drawn = behavior.parameter_draws(scenario, seed, draws)
    frame = pd.DataFrame({name: values for name, values in drawn.items() if name != "place_effect"})
    frame[EFFECT + scenario.place.name] = drawn["place_effect"]
    if posterior is not None:
        rows = posterior.frame.iloc[[posterior.row(draw) for draw in draws]].reset_index(drop=True)
        own = EFFECT + scenario.place.name
        for name in rows.columns:
            if (name in frame and name not in scenario.assumptions) or name == own or name.startswith(YEAR):
                frame[name] = rows[name]
    return frame


def layered(
    scenario: Scenario,
    engines=("agents", "stock", "series"),
    *,
    sets: int = 50,
    judged: int = 1,
    repeats: int = 3,
    seed: int = 1,
    posterior: Posterior | None = None,
    **run,
) -> Layered:
    """Ask `scenario` with `sets` sets of parameters and `repeats` times the luck under each; more options of `project`.

    With a `posterior`, `sets` of its rows are taken and under each of them `judged` sets of the parameters of which it
    says nothing (from 2 on the design tells `counts` from `judgement`). The engine `stock` knows the luck of months,
    and none of people.
    """
    if sets < 2 or repeats < 2 or judged < 1 or (judged > 1 and posterior is None):
        raise tables.UserError(
            f"{sets} sets, {judged} judged, {repeats} repeats; expected at least 2 sets and 2 repeats, and more than "
            "one judged with a posterior only"
        )
    rows = parameter_rows(scenario, seed, range(sets * judged))
    if posterior is not None:
        learned = parameter_rows(scenario, seed, range(sets), posterior)
        learned = learned.loc[learned.index.repeat(judged)].reset_index(drop=True)
        known = set(posterior.frame.columns) | {c for c in learned if c not in rows}
        rows = rows.assign(**{c: learned[c] for c in learned if c in known})
    fixed = {name: v for name, v in scenario.assumptions.items() if name not in rows}  # the rows hold the others
    question = scenario.model_copy(update={"assumptions": fixed})
    nested = Posterior.of(rows, repeats)
    asked = [SeriesEngine(repeats=repeats) if e == "series" else e for e in engines]
    answer = project(question, asked, draws=sets * judged * repeats, seed=seed, posterior=nested, **run)
    two = {COUNTS: sets, JUDGEMENT: judged, CHANCE: repeats}
    one = {PARAMETERS if posterior is None else COUNTS: sets * judged, CHANCE: repeats}
    spoke = answer.frame["engine"].unique()
    return Layered(answer, {engine: two if judged > 1 and engine != "series" else one for engine in spoke})
