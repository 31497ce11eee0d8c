"""The cheapest lever mix that meets a target: found on some draws, judged on others.

1. *Explore.* Optuna proposes mixes; the stock engine says what each costs, reaches and brings to the poor. The mixes
   that no other beats are the front.
2. *Refine.* From the best of them, levers go up and down a level, alone and two at a time, until nothing is cheaper.
3. *Promise.* The agent engine is put beside the stock engine on the same draws. What it says otherwise moves the bar,
   and the mix is refined again, until the promise holds.
4. *Verify.* The mix is judged on draws that no choice has seen. Promised less verified is the loss of optimism.

A probability is that of the agent engine, estimated on two levels (Giles 2008): the stock engine on many draws, and
on a part of them the difference that the agents make. The answer to each mix is kept, so a search that was killed
takes the same way again in no time; neither that nor the number of cores changes a byte.
"""

import math
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np
import optuna
import pandas as pd
from tqdm.auto import tqdm

from forecast import behavior, chance, choices, tables
from forecast.choices import Choice
from forecast.decide import INTERVAL
from forecast.engines.stock import SILENT
from forecast.policy import spending
from forecast.posterior import Posterior
from forecast.scenario import Scenario
from forecast.tally import guarded_share, tallies

ASKED_AT_ONCE = 8  # mixes that are tried side by side; fixed, so that the number of cores changes nothing
WIDE = 10  # times the draws of the search: the stock engine's draws behind a promise
ROUNDS = 5  # promises that are tried before the search gives up
CLOSE = 0.02  # a promise so little above what was asked is not made cheaper
STEPS = (-3, -2, -1, 1, 2, 3)  # levels that a lever moves at once


class Rule(NamedTuple):
    """What makes one mix better than another: the lower `key` of a mix, guessed from (cost, bar, share) by `guess`."""

    key: Callable
    guess: Callable


class Judged(NamedTuple):
    """What a mix does, by the agent engine: probability with its standard error, and what it adds to the base."""

    probability: float
    standard_error: float
    cost: float  # VND, mean of the draws, over all months; of the payers that count
    cost_low: float
    cost_high: float
    guarded_share: float  # share of additional member-years that go to poor, near-poor and minority people
    member_years: float  # added, mean
    by_payer: dict[str, float]  # VND added, mean; members and state too


class Optimum(NamedTuple):
    """What a search found."""

    scenario: Scenario  # the mix as a question, ready to be asked again
    budget: float  # VND, as asked
    probability: float  # as asked
    poor_share: float  # as asked; 0 if no share was asked for
    met: bool
    why: str  # "" if met, else what stands in the way: levers, budget or share
    promised: Judged
    verified: Judged
    base: float  # probability without anything from the search, by the same two levels
    most: float  # probability with every lever at its highest, whatever it costs
    tried: pd.DataFrame  # mix, cost, cost_high, probability, guarded_share, front, fair: every mix that was screened

    @property
    def optimism(self) -> float:
        """Promised less verified probability."""
        return self.promised.probability - self.verified.probability


@dataclass
class Search:
    """One search under way: the question, what may be chosen, and the answers so far."""

    scenario: Scenario
    budget: float
    probability: float
    share: float
    draws: int
    seed: int
    jobs: int
    keep: Path | None
    progress: bool
    posterior: Posterior | None = None
    choices: tuple[Choice, ...] = ()
    factor: float = 1.0  # what the agents reach, as a multiple of the stock engine
    need: float = 0.0  # probability that the screening draws must show for the promise to hold
    seen: dict = field(default_factory=dict)  # levels -> (cost per draw, tally)

    def __post_init__(self):
        self.target, self.need = self.scenario.target, self.probability
        self.fast = fast_engine(self.scenario)
        asked = self.scenario.search or choices.Search()
        self.payers = asked.payers
        usual = asked.choices or choices.usual(
            self.scenario.place, str(self.scenario.months[1]), float(self.scenario.plan.collectors[-1].sum())
        )
        self.costs = choices.cost_table()
        self.known = {choice.name for choice in usual if "unit_cost" in choice.form}  # prices without a spread
        self.choices = choices.priced(usual, self.costs)
        self.none = (0,) * len(self.choices)
        self.all = tuple(choice.levels for choice in self.choices)
        self.base = self._tallies([(self.none, self.fast, range(self.draws))])[0]

    def question(self, levels: tuple[int, ...], name: str = "mix") -> Scenario:
        """Return the scenario with the levers of a mix behind its own."""
        return self.scenario.with_policy(name, choices.policy(self.scenario.policy, self.choices, levels))

    # -- answers -----------------------------------------------------------------------------------------------------

    def _tallies(self, asked: list[tuple[tuple[int, ...], str, range]]) -> list[pd.DataFrame]:
        """Return a tally for each (levels, engine, draws), on all cores."""
        work = [(self.question(levels), engine, draws) for levels, engine, draws in asked]
        return tallies(work, self.seed, jobs=self.jobs, keep=self.keep, posterior=self.posterior)

    def cost(self, levels: tuple[int, ...], draws: range, rows: pd.DataFrame, base: pd.DataFrame) -> np.ndarray:
        """VND of the payers that count, added to the base in each draw; prices of outreach are drawn as well."""
        total = sum(
            (rows[payer].to_numpy() - base[payer].to_numpy() for payer in self.payers if payer != "outreach"),
            np.zeros(len(draws)),
        )
        return total + (self.outreach(levels, draws) if "outreach" in self.payers else 0.0)

    def outreach(self, levels: tuple[int, ...], draws: range) -> np.ndarray:
        """VND spent on outreach for the mix in each draw: units at their unit cost, times the luck of its price."""
        total, keys = np.zeros(len(draws)), chance.streams(self.seed, draws)
        taken = [(c, c.at(level)) for c, level in zip(self.choices, levels, strict=True) if level]
        spent = spending([lever for _, lever in taken], self.scenario.plan, self.scenario.place)
        for (choice, _), vnd in zip(taken, spent, strict=True):
            name = choices.PRICES.get(choice.lever)
            ratio: float | np.ndarray = 1.0
            if name in self.costs.index and choice.name not in self.known:
                value, low, high = self.costs.loc[name, ["value", "low", "high"]].astype(float)
                luck = chance.normal_array(keys, chance.name_number(name))
                ratio = behavior.between(luck, value, low, high) / value
            total += vnd * ratio
        return total

    def screen(self, mixes: list[tuple[int, ...]]) -> None:
        """Let the fast engine answer mixes that it has not seen."""
        new = [m for m in dict.fromkeys(mixes) if m not in self.seen]
        draws = range(self.draws)
        for start in range(0, len(new), ASKED_AT_ONCE):
            some = new[start : start + ASKED_AT_ONCE]
            for levels, rows in zip(some, self._tallies([(m, self.fast, draws) for m in some]), strict=True):
                self.seen[levels] = self.cost(levels, draws, rows, self.base), rows

    # -- what is better ----------------------------------------------------------------------------------------------

    def bar(self, levels: tuple[int, ...]) -> float:
        """Persons that the mix reaches or passes with the needed probability, on the draws of the search."""
        reached = np.sort(self.seen[levels][1]["reached"].to_numpy() * self.factor)[::-1]
        return float(reached[min(max(math.ceil(self.need * len(reached)) - 1, 0), len(reached) - 1)])

    def missing(self, levels: tuple[int, ...]) -> tuple[float, float, float]:
        """How far the mix is from target, budget and share, each as a part of it; 0 where it holds."""
        cost, rows = self.seen[levels]
        target = max(1 - self.bar(levels) / max(self.target.value, 1e-9), 0.0)
        budget = max(float(np.quantile(cost, INTERVAL[1])) / self.budget - 1, 0.0)
        share = guarded_share(rows, self.base)
        return target, budget, max(self.share - share, 0.0) if self.share else 0.0

    def cheapest(self) -> "Rule":
        """What holds comes before what does not, then the cheaper."""

        def key(levels):
            return round(sum(self.missing(levels)), 9), float(self.seen[levels][0].mean()), levels

        def guess(place):
            cost, bar, share = place
            return max(1 - bar / self.target.value, 0.0) + max(self.share - share, 0.0) * bool(self.share), cost

        return Rule(key, guess)

    def farthest(self) -> "Rule":
        """Where the target cannot be met: within budget and share, the most members."""

        def key(levels):
            return round(sum(self.missing(levels)[1:]), 9), -self.bar(levels), levels

        def guess(place):
            cost, bar, share = place
            return max(cost / self.budget - 1, 0.0) + max(self.share - share, 0.0) * bool(self.share), -bar

        return Rule(key, guess)

    # -- the four steps ----------------------------------------------------------------------------------------------

    def explore(self, trials: int) -> None:
        """Let Optuna propose `trials` mixes, after nothing, everything, and each lever alone."""
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        sampler = optuna.samplers.TPESampler(seed=self.seed % 2**32, n_startup_trials=3 * ASKED_AT_ONCE)
        study = optuna.create_study(directions=["minimize", "maximize", "maximize"], sampler=sampler)
        alone = [tuple(c.levels * (i == j) for j, c in enumerate(self.choices)) for i in range(len(self.choices))]
        half = tuple(math.ceil(c.levels / 2) for c in self.choices)
        for levels in [self.none, self.all, half, *alone][:trials]:
            study.enqueue_trial({str(i): level for i, level in enumerate(levels)})
        with tqdm(total=trials, desc="explore", unit="mix", disable=not self.progress) as bar:
            for done in range(0, trials, ASKED_AT_ONCE):
                asked = [study.ask() for _ in range(min(ASKED_AT_ONCE, trials - done))]
                mixes = [
                    tuple(trial.suggest_int(str(i), 0, c.levels) for i, c in enumerate(self.choices)) for trial in asked
                ]
                self.screen(mixes)
                for trial, levels in zip(asked, mixes, strict=True):
                    cost, rows = self.seen[levels]
                    values = float(cost.mean()), self.bar(levels), guarded_share(rows, self.base)
                    study.tell(trial, values)
                bar.update(len(asked))

    def refine(self, levels: tuple[int, ...], best_of: "Rule") -> tuple[int, ...]:
        """Walk from a mix to one that no step betters.

        What a step of each lever does is taken as a straight line; the most promising moves, of one lever or of two,
        are tried. When none of them is better, the lines are drawn again, until they are fresh and nothing is better.
        """
        lines, drawn_at = {}, None
        with tqdm(desc="refine", unit="mix", disable=not self.progress) as bar:
            while True:
                before = len(self.seen)
                if drawn_at is None:
                    lines, drawn_at = self._lines(levels), levels
                moves = self._moves(levels, lines, best_of.guess)
                self.screen(moves)
                bar.update(len(self.seen) - before)
                best = min([levels, *moves], key=best_of.key)
                if best != levels:
                    levels = best
                elif drawn_at == levels:
                    return levels
                else:
                    drawn_at = None

    def _place(self, levels: tuple[int, ...]) -> np.ndarray:
        """Cost, bar and share of a mix that was screened."""
        cost, rows = self.seen[levels]
        return np.array([float(cost.mean()), self.bar(levels), guarded_share(rows, self.base)])

    def _lines(self, levels: tuple[int, ...]) -> dict[int, np.ndarray]:
        """What one level more of each lever does to cost, bar and share."""
        near = {}
        for i, most in enumerate(self.all):
            by = 1 if levels[i] < most else -1
            near[i] = by, tuple(v + by * (i == j) for j, v in enumerate(levels))
        self.screen([levels, *(mix for _, mix in near.values())])
        here = self._place(levels)
        return {i: (self._place(mix) - here) * by for i, (by, mix) in near.items()}

    def _moves(self, levels: tuple[int, ...], lines: dict[int, np.ndarray], guess) -> list[tuple[int, ...]]:
        """The most promising moves: one lever by up to three levels, or one down and another up."""
        here = self._place(levels)
        single = [(i, by) for i in lines for by in STEPS if 0 <= levels[i] + by <= self.all[i]]
        pairs = [((i, a), (j, b)) for i, a in single for j, b in single if i != j and a < 0 < b]
        moves = [((i, by),) for i, by in single] + pairs
        ranked = sorted((guess(here + sum(lines[i] * by for i, by in move)), move) for move in moves)
        return [tuple(v + dict(move).get(i, 0) for i, v in enumerate(levels)) for _, move in ranked[:ASKED_AT_ONCE]]

    def judge(self, levels: tuple[int, ...], first: int, size: int) -> tuple[Judged, float]:
        """Judge a mix on `size` draws of the agents from draw `first` on; return it with the agents' factor."""
        few = range(first, first + size)
        many = range(first, first + (WIDE * self.draws if self.fast != "agents" else size))
        rows, base, fast = self._tallies(
            [(levels, "agents", few), (self.none, "agents", few), (levels, self.fast, many)]
        )
        a, s = rows["reached"].to_numpy(), fast["reached"].to_numpy()
        factor = float(np.median(a / np.maximum(s[:size], 1e-9)))
        goal = self.target.value
        by_fast, by_agents = (s * factor >= goal).astype(float), (a >= goal).astype(float)
        gap = by_agents - by_fast[:size]
        cost = self.cost(levels, few, rows, base)
        added = {p: float((rows[p] - base[p]).mean()) for p in ("members", "state", "province", "donors")}
        low, high = np.quantile(cost, INTERVAL)
        judged = Judged(
            probability=float(min(max(by_fast.mean() + gap.mean(), 0.0), 1.0)),
            standard_error=float(math.sqrt(by_fast.var() / len(s) + gap.var() / size)),
            cost=float(cost.mean()),
            cost_low=float(low),
            cost_high=float(high),
            guarded_share=guarded_share(rows, base),
            member_years=float((rows["years"] - base["years"]).mean()),
            by_payer=added | {"outreach": float(self.outreach(levels, few).mean())},
        )
        return judged, factor

    def holds(self, judged: Judged) -> str:
        """Return "" if a judged mix keeps what was asked, else what it misses: target, budget or share."""
        if judged.probability < self.probability:
            return "target"
        if judged.cost_high > self.budget:
            return "budget"
        return "share" if self.share and judged.guarded_share < self.share else ""

    def tried(self) -> pd.DataFrame:
        """Every mix that was screened, the cheapest first; `front` and `fair` mark those that no other beats."""
        rows = []
        for levels, (cost, answer) in self.seen.items():
            reached = answer["reached"].to_numpy() * self.factor
            rows.append(
                {
                    "mix": levels,
                    "cost": float(cost.mean()),
                    "cost_high": float(np.quantile(cost, INTERVAL[1])),
                    "probability": float(np.mean(reached >= self.target.value)),
                    "guarded_share": guarded_share(answer, self.base),
                }
            )
        table = pd.DataFrame(rows).sort_values(["cost", "mix"], ignore_index=True)
        within = table["cost_high"] <= self.budget
        table["front"] = _unbeaten(table["probability"])
        enough = within & (table["probability"] >= min(self.probability, table.loc[within, "probability"].max()))
        table["fair"] = _unbeaten(table["guarded_share"].where(enough, -1.0)) & enough
        return table


def optimize(
    scenario: Scenario,
    budget: float,
    probability: float = 0.5,
    *,
    poor_share: float | None = None,
    draws: int = 200,
    seed: int = 1,
    trials: int = 96,
    jobs: int | None = None,
    progress: bool = True,
    keep: str | Path | None = None,
    posterior: Posterior | None = None,
) -> Optimum:
    """Find the cheapest levers, added to the scenario's own, that meet its target with `probability`.

    `budget` (VND, over all months of the scenario) has to hold in 19 of 20 draws; it counts what outreach, province and
    donors pay on top of the scenario as it stands, unless the scenario's `search` names other payers. `poor_share` is
    the least share of additional member-years that must go to poor, near-poor and minority people. Where nothing meets
    all of it, the mix with the most members within budget and share is returned and `why` says what stands in the way.
    `draws` are those of the search; promise and verification use more. `keep` is a folder for answers.
    With a `posterior`, draws have its parameters in place of the priors; that takes far longer, and draws beyond its
    number of rows have the same parameters with other luck.
    """
    if scenario.target is None:
        raise tables.UserError(f"scenario {scenario.scenario!r} has no target; give target: {{measure, value, by}}")
    for name, value, top in (("budget", budget, math.inf), ("probability", probability, 1.0)):
        if not 0 < value < top:
            raise tables.UserError(f"{name}: {value:g}; expected more than 0{', below 1' * (top == 1)}")
    if poor_share is not None and not 0 <= poor_share <= 1:
        raise tables.UserError(f"minimum poor share: {poor_share:g}; expected 0 to 1")
    keep, jobs = Path(keep) if keep else None, jobs or os.cpu_count() or 1
    search = Search(
        scenario, float(budget), probability, poor_share or 0.0, draws, seed, jobs, keep, progress, posterior
    )
    search.explore(max(trials, len(search.choices) + 3))
    most, search.factor = search.judge(search.all, 0, draws)
    best, judged = _promise(search)
    why = search.holds(judged)
    if why:
        why = "levers" if most.probability < probability else "share" if search.share and why == "share" else "budget"
        rule = search.farthest()
        best = search.refine(min(search.seen, key=rule.key), rule)
        judged, _ = search.judge(best, 0, 2 * draws)
    first = max(WIDE, 2) * draws  # no choice has seen these draws
    verified, _ = search.judge(best, first, 2 * draws)
    now, _ = search.judge(search.none, first, 2 * draws)
    found = search.question(best, f"{scenario.scenario}-optimum")
    asked = float(budget), probability, search.share
    return Optimum(found, *asked, not why, why, judged, verified, now.probability, most.probability, search.tried())


def fast_engine(scenario: Scenario) -> str:
    """Name of the engine that screens mixes: the stock engine, unless it is silent about the target."""
    return "agents" if scenario.target.measure in SILENT else "stock"


def _promise(search: Search) -> tuple[tuple[int, ...], Judged]:
    """Refine and judge by turns until the agents' probability is what was asked for, at the least cost."""
    rule = search.cheapest()
    best = min(search.seen, key=rule.key)
    kept: list[tuple[tuple[int, ...], Judged]] = []
    for _ in range(ROUNDS):
        best = search.refine(best, rule)
        if best in [levels for levels, _ in kept]:
            break
        judged, search.factor = search.judge(best, 0, 2 * search.draws)
        kept.append((best, judged))
        if 0 <= judged.probability - search.probability < CLOSE or search.missing(best)[1] > 0:
            break
        shown = float(np.mean(search.seen[best][1]["reached"] * search.factor >= search.target.value))
        search.need = min(max(search.probability + shown - judged.probability + 0.005, 0.001), 0.999)
    good = [pair for pair in kept if not search.holds(pair[1])]
    return min(good, key=lambda pair: pair[1].cost) if good else max(kept, key=lambda pair: pair[1].probability)


def _unbeaten(values: pd.Series) -> pd.Series:
    """Mark the values above all before them: in a table sorted by cost, those that no cheaper mix reaches."""
    return values > values.cummax().shift(fill_value=-np.inf)
