"""One search for levers under way: what may be chosen, what each mix comes to, and the steps that better it.

A mix is a level for each lever that may be chosen. The fast engine answers a mix on the draws of the search
(:meth:`Search.screen`); Optuna proposes mixes (:meth:`Search.explore`), moves of one or two levers better them
(:meth:`Search.refine`), and the agents judge them (:meth:`Search.judge`).
"""

from bisect import bisect_left
from collections.abc import Callable, Iterator
from dataclasses import KW_ONLY, dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from forecast.data.steps import steps
from forecast.data.vocabulary import INTERVAL
from forecast.desk import verify
from forecast.desk.totals import guarded_share, stay, tallies
from forecast.desk.verify import Judged
from forecast.engines import SILENT
from forecast.engines.people.draws import parameter_draws
from forecast.question import menu
from forecast.question.levers import Policy
from forecast.question.menu import Choice
from forecast.question.scenario import Scenario, target_of

ASKED_AT_ONCE = 8  # mixes that are tried side by side; fixed, so that the number of cores changes nothing
LOOKED_AT = 20 * ASKED_AT_ONCE  # moves, the most promising first, among which those within what was seen are tried
COARSE = 10  # levels that a lever moves while mixes are explored, of 100; the last steps are of one level
MANY = 12  # times the draws of the search: the stock engine's draws behind a promise
WIDE = 40_000  # draws of parameters behind a promise, which no engine runs
FIRST, ENOUGH, MOST = 48, 0.006, 8  # agents' draws: to begin with; error at which no more are asked for; most, x draws
STEPS = (-3, -2, -1, 1, 2, 3)  # steps that a lever moves at once
YEAR = 12  # months that the worlds go on after the last lever of a mix has ended

Levels = tuple[int, ...]  # of a mix: how much of each lever that may be chosen
Move = tuple[tuple[int, int], ...]  # levers (positions), each with the levels that it goes up or down
Guess = Callable[[np.ndarray], tuple[float, float]]  # of (cost, bar, share, stay)


class Rule(NamedTuple):
    """What makes one mix better than another: the lower `key`; `guess` guesses it from (cost, bar, share, stay)."""

    key: Callable[[Levels], tuple[Any, ...]]
    guess: Guess


@dataclass
class Search:
    """One search under way: the question, what may be chosen, and the answers so far."""

    scenario: Scenario
    budget: float
    probability: float
    share: float
    least_stay: float
    _: KW_ONLY
    draws: int
    seed: int
    jobs: int = 1
    keep: Path | None = None
    progress: bool = False
    menu: tuple[Choice, ...] = ()
    factor: float = 1.0  # what the agents reach, as a multiple of the stock engine
    dear: float = 1.0  # what may be spent at most on many draws, as a multiple of that on the draws of the search
    need: float = 0.0  # probability that the screening draws must show for the promise to hold
    seen: dict[Levels, tuple[np.ndarray, pd.DataFrame]] = field(default_factory=dict)  # cost per draw, tally
    within: dict[Levels, bool] = field(default_factory=dict)  # what was seen in the place
    parameters: dict[int, np.ndarray] = field(default_factory=dict)  # first draw -> features of very many
    likely: dict[Levels, float] = field(default_factory=dict)  # probability of what was judged, by lines alone
    tallied: dict[tuple[Levels, str, int, int], pd.DataFrame] = field(default_factory=dict)  # first, last draw -> tally

    def __post_init__(self) -> None:
        self.target, self.need = target_of(self.scenario), self.probability
        self.fast = fast_engine(self.scenario)
        asked = self.scenario.search or menu.Search()  # who gave ranges answers for them
        self.payers, self.ranges_given = asked.payers, bool(asked.levers)
        self.choices = menu.offered(self.scenario)
        self.none = (0,) * len(self.choices)
        self.all = tuple(choice.levels for choice in self.choices)
        self.longer = self.scenario.lasting(str(self.scenario.months[-1] + YEAR))
        (self.base,) = self._tallies([(self.none, self.fast, range(self.draws))])

    def afresh(self) -> "Search":
        """Return the same search before its first mix, with the answers that there are."""
        return replace(self, need=0.0, factor=1.0, dear=1.0, seen={}, likely={})

    def question(self, levels: Levels, name: str = "mix") -> Scenario:
        """Return the scenario with the levers of a mix behind its own."""
        return self.scenario.with_policy(name, menu.policy(self.scenario.policy, self.choices, levels))

    def until_after(self, levels: Levels) -> Scenario:
        """Return the same question with a year more, in which the levers of the mix have ended."""
        levers_given = self.scenario.policy.levers
        mix = menu.policy(self.scenario.policy, self.choices, levels).levers[len(levers_given) :]
        ended = (lever.model_copy(update={"end": lever.end or self.scenario.until}) for lever in mix)
        return self.longer.with_policy("mix", Policy(*levers_given, *ended))

    # -- answers -----------------------------------------------------------------------------------------------------

    def _tallies(self, asked: list[tuple[Levels, str, range]]) -> list[pd.DataFrame]:
        """Return a tally for each (levels, engine, draws), on all cores; none is worked out twice."""
        named = [(levels, engine, draws.start, draws.stop) for levels, engine, draws in asked]
        new = {name: one for name, one in zip(named, asked, strict=True) if name not in self.tallied}
        work = [(self.until_after(levels), engine, draws) for levels, engine, draws in new.values()]
        if work:
            result = tallies(work, self.seed, jobs=self.jobs, keep=self.keep, last=self.scenario.until)
            self.tallied |= dict(zip(new, result, strict=True))
        return [self.tallied[name] for name in named]

    def cost(self, rows: pd.DataFrame, base: pd.DataFrame) -> np.ndarray:
        """VND of the payers that count, added to the base in each draw."""
        return sum((rows[payer].to_numpy() - base[payer].to_numpy() for payer in self.payers), np.zeros(len(rows)))

    def screen(self, mixes: list[Levels]) -> None:
        """Let the fast engine answer mixes that it has not seen."""
        new = [m for m in dict.fromkeys(mixes) if m not in self.seen]
        draws = range(self.draws)
        for levels, rows in zip(new, self._tallies([(m, self.fast, draws) for m in new]), strict=True):
            self.seen[levels] = self.cost(rows, self.base), rows

    # -- what is better ----------------------------------------------------------------------------------------------

    def bar(self, levels: Levels) -> float:
        """Persons that the mix reaches or passes with the needed probability, on the draws of the search.

        It is a draw, not a number between two: as many reach it as `target.ways` asks for.
        """
        return float(np.quantile(self.seen[levels][1]["reached"], 1 - self.need, method="higher")) * self.factor

    def shown(self, levels: Levels) -> float:
        """Probability of the target on the draws of the search, as `bar` reads them."""
        reached = np.sort(self.seen[levels][1]["reached"].to_numpy()) * self.factor
        return float(1 - np.interp(self.target.value, reached, np.linspace(0, 1, len(reached))))

    def missing(self, levels: Levels) -> dict[str, float]:
        """How far the mix is from target, budget, share and stay, each as a part of it; 0 where it holds."""
        cost, rows = self.seen[levels]
        return {
            "target": max(1 - self.bar(levels) / max(self.target.value, 1e-9), 0.0),
            "budget": max(float(np.quantile(cost, INTERVAL[1])) * self.dear / self.budget - 1, 0.0),
            "share": max(self.share - guarded_share(rows, self.base), 0.0) if self.share else 0.0,
            "stay": max(self.least_stay - stay(rows, self.base), 0.0),
            "seen": 0.0 if self.ranges_given or self.is_seen(levels) else 1.0,
        }

    def is_seen(self, levels: Levels) -> bool:
        """Does a mix, all of its levers together, stay within what was seen in the place?"""
        if levels not in self.within:
            mix = [lever for c, level in zip(self.choices, levels, strict=True) if (lever := c.at(level)) is not None]
            self.within[levels] = menu.is_seen(self.scenario, mix)
        return self.within[levels]

    def _short(self, share: float, stays: float) -> float:
        return max(self.share - share, 0.0) * bool(self.share) + max(self.least_stay - stays, 0.0)

    def cheapest(self) -> "Rule":
        """What holds comes before what does not, then the cheaper."""

        def key(levels: Levels) -> tuple[float, float, Levels]:
            return round(sum(self.missing(levels).values()), 9), float(self.seen[levels][0].mean()), levels

        def guess(place: np.ndarray) -> tuple[float, float]:
            cost, bar, share, stays = place
            return max(1 - bar / self.target.value, 0.0) + self._short(share, stays), cost

        return Rule(key, guess)

    def farthest(self) -> "Rule":
        """Where the target cannot be met: within budget, share and stay, the likeliest, else the most members."""

        def key(levels: Levels) -> tuple[float, float, float, Levels]:
            missing = self.missing(levels)
            others = round(sum(missing.values()) - missing["target"], 9)
            return others, -round(self.shown(levels), 6), -self.bar(levels), levels

        def guess(place: np.ndarray) -> tuple[float, float]:
            cost, bar, share, stays = place
            return max(cost / self.budget - 1, 0.0) + self._short(share, stays), -bar

        return Rule(key, guess)

    # -- the four steps ----------------------------------------------------------------------------------------------

    def rounds(self, trials: int) -> list[int]:
        """How many mixes are proposed until each time that the best so far is made better; at most `trials`.

        The first are nothing, everything, and each lever alone; then twice as many each time. The same trials are the
        beginning of more, so that more can only add to what is found.
        """
        ends = [max(3 * ASKED_AT_ONCE, -(-(len(self.choices) + 3) // ASKED_AT_ONCE) * ASKED_AT_ONCE)]
        while 2 * ends[-1] <= trials:
            ends.append(2 * ends[-1])
        return ends if trials >= ends[0] else [len(self.choices) + 3]

    def explore(self, ends: list[int]) -> Iterator[None]:
        """Let Optuna propose mixes, and pause each time that as many as `ends` says have been screened."""
        import optuna  # only a search loads it, not what reads or tells one

        optuna.logging.set_verbosity(optuna.logging.WARNING)
        sampler = optuna.samplers.TPESampler(seed=self.seed % 2**32, n_startup_trials=3 * ASKED_AT_ONCE)
        study = optuna.create_study(directions=["minimize", "maximize", "maximize"], sampler=sampler)
        alone = [tuple(c.levels * (i == j) for j, c in enumerate(self.choices)) for i in range(len(self.choices))]
        half = tuple(c.levels // 2 if c.levels > 1 else 1 for c in self.choices)
        for levels in [self.none, self.all, half, *alone]:
            study.enqueue_trial({str(i): level for i, level in enumerate(levels)})
        strides = [COARSE if c.levels > 1 else 1 for c in self.choices]
        with steps("mixes tried", "mix", ends[-1], shown=self.progress) as bar:
            for done in range(0, ends[-1], ASKED_AT_ONCE):
                asked = [study.ask() for _ in range(min(ASKED_AT_ONCE, ends[-1] - done))]
                mixes = [
                    tuple(trial.suggest_int(str(i), 0, c.levels, step=strides[i]) for i, c in enumerate(self.choices))
                    for trial in asked
                ]
                self.screen(mixes)
                for trial, levels in zip(asked, mixes, strict=True):
                    cost, rows = self.seen[levels]
                    values = float(cost.mean()), self.bar(levels), guarded_share(rows, self.base)
                    study.tell(trial, values)
                bar.update(len(asked))
                if done + len(asked) in ends:
                    yield

    def alone(self) -> list[Levels]:
        """Each lever by itself that reaches the target, at the least level that does; the others are left out.

        A mix that was found is never dearer than the cheapest of them, for the steps begin there too.
        """
        reaching = []
        for i, choice in enumerate(self.choices):

            def at(level: int, i: int = i) -> Levels:
                return tuple(level * (i == j) for j in range(len(self.choices)))

            def enough(level: int) -> bool:
                self.screen([at(level)])
                return self.missing(at(level))["target"] == 0

            if enough(choice.levels):
                reaching.append(at(1 + bisect_left(range(1, choice.levels), True, key=enough)))
        return reaching

    def refine(self, levels: Levels, best_of: "Rule", step: int = 1) -> Levels:
        """Walk from a mix to one that no step betters; a step is of so many levels.

        What a step of each lever does is taken as a straight line; the most promising moves, of one lever or of two,
        are tried. When none of them is better, the lines are drawn again, until they are fresh and nothing is better.
        """
        lines: dict[int, np.ndarray] = {}
        drawn_at: Levels | None = None
        with steps("refined", "mix", shown=self.progress) as bar:
            while True:
                before = len(self.seen)
                if drawn_at is None:
                    lines, drawn_at = self._lines(levels, step), levels
                moves = self._moves(levels, lines, best_of.guess, step)
                self.screen(moves)
                bar.update(len(self.seen) - before)
                best = min([levels, *moves], key=best_of.key)
                if best != levels:
                    levels = best
                elif drawn_at == levels:
                    return levels
                else:
                    drawn_at = None

    def _place(self, levels: Levels) -> np.ndarray:
        """Cost, bar, share and stay of a mix that was screened."""
        cost, rows = self.seen[levels]
        return np.array([float(cost.mean()), self.bar(levels), guarded_share(rows, self.base), stay(rows, self.base)])

    def _lines(self, levels: Levels, step: int) -> dict[int, np.ndarray]:
        """What one level more of each lever does to cost, bar, share and stay, drawn over a step.

        Small steps are asked of the levers of the mix alone: one that large steps have left out stays out.
        """
        near = {}
        for i, most in enumerate(self.all):
            if not levels[i] and step < COARSE:
                continue
            by = min(step, most - levels[i]) or -min(step, levels[i])
            near[i] = by, tuple(v + by * (i == j) for j, v in enumerate(levels))
        self.screen([levels, *(mix for _, mix in near.values())])
        here = self._place(levels)
        return {i: (self._place(mix) - here) / by for i, (by, mix) in near.items()}

    def _moves(self, levels: Levels, lines: dict[int, np.ndarray], guess: Guess, step: int) -> list[Levels]:
        """The most promising moves: one lever by up to three steps, or one down and another up.

        From a mix within what was seen in the place, no move leads beyond it: what lies there is never better.
        """
        here = self._place(levels)
        single = [(i, by) for i in lines for by in self._steps(levels[i], self.all[i], step)]
        pairs = [((i, a), (j, b)) for i, a in single for j, b in single if i != j and a < 0 < b]
        moves: list[Move] = [*(((i, by),) for i, by in single), *pairs]
        ranked = sorted((guess(here + sum(lines[i] * by for i, by in move)), move) for move in moves)
        mixes = (tuple(v + dict(move).get(i, 0) for i, v in enumerate(levels)) for _, move in ranked[:LOOKED_AT])
        anywhere = self.ranges_given or not self.is_seen(levels)
        return list(islice((mix for mix in mixes if anywhere or self.is_seen(mix)), ASKED_AT_ONCE))

    def _steps(self, level: int, most: int, step: int) -> list[int]:
        """By how many levels a lever may move: steps, cut where its range ends."""
        wide = (min(max(level + by * step, 0), most) - level for by in STEPS)
        return sorted({by for by in wide if by})

    def judge(self, levels: Levels, first: int, enough: float = ENOUGH) -> Judged:
        """Judge a mix on draws from `first` on and note the agents' factor.

        The agents are asked until their part of the error is `enough`; what a mix costs and to whom it goes, where
        they hardly differ from the fast engine, is put right by the first of their draws.
        """
        many = range(first, first + (MANY if self.fast != "agents" else MOST) * self.draws)
        base, fast = self._tallies([(self.none, self.fast, many), (levels, self.fast, many)])
        few = range(first, first + min(FIRST, len(many)))
        known, pair = self._parameters(first, len(many)), (self._agents(levels, few), self._agents(self.none, few))
        while True:
            slow = self._agents(levels, few)["reached"].to_numpy()
            result = verify.chance(slow, fast["reached"].to_numpy(), self.target.value, *known)
            more = min(2 * len(few), MOST * self.draws, len(many))
            if result.error_of_few <= enough or more <= len(few):
                break
            few = range(first, first + more)
        self.factor = float(np.median(slow / np.maximum(fast["reached"].to_numpy()[: len(few)], 1e-9)))
        self.likely[levels] = result.by_lines
        costs = self.cost(*pair), self.cost(fast, base)
        tallied = verify.judged(result, pair, (fast, base), costs)
        if levels in self.seen and levels != self.none:
            self.dear = tallied.cost_high / max(float(np.quantile(self.seen[levels][0], INTERVAL[1])), 1.0)
        return tallied._replace(draws=(len(few), len(many)))

    def _parameters(self, first: int, size: int) -> tuple[np.ndarray, ...]:
        """Features of the parameters of `size` draws from `first` on, and of very many."""
        if first not in self.parameters:
            drawn = parameter_draws(self.longer, self.seed, range(first, first + WIDE))
            self.parameters[first] = verify.features(drawn)
        return self.parameters[first][:size], self.parameters[first]

    def _agents(self, levels: Levels, draws: range) -> pd.DataFrame:
        """Tally of the agents, asked for in doubling pieces so that none is asked for twice."""
        ends = [draws.start]
        while ends[-1] < draws.stop:
            ends.append(min(draws.start + max(2 * (ends[-1] - draws.start), FIRST), draws.stop))
        pieces = [range(a, b) for a, b in zip(ends, ends[1:], strict=False)]
        return pd.concat(self._tallies([(levels, "agents", piece) for piece in pieces]))

    def holds(self, judged: Judged) -> str:
        """Return "" if a judged mix keeps what was asked, else what it misses: target, budget, share or stay."""
        return "target" if judged.probability < self.probability else self.keeps(judged)

    def keeps(self, judged: Judged) -> str:
        """Return what a judged mix misses beside the target: budget, share or stay, else ""."""
        if judged.cost_high > self.budget:
            return "budget"
        if self.share and judged.guarded_share < self.share:
            return "share"
        return "stay" if judged.stay < self.least_stay else ""

    def in_the_way(self) -> str:
        """Name the wish without which a mix that was screened would do: stay, share, or else the budget."""
        missing = [self.missing(levels) for levels in self.seen]
        for wish in ("stay", "share"):
            if any(result[wish] > 0 and sum(result.values()) == result[wish] for result in missing):
                return wish
        return "budget"

    def tried(self) -> pd.DataFrame:
        """Every mix that was screened, the cheapest first; `front` and `fair`: no other that lasts beats it."""
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
                    "stay": stay(answer, self.base),
                }
            )
        table = pd.DataFrame(rows).sort_values(["cost", "mix"], ignore_index=True)
        lasts = table["stay"] >= self.least_stay
        within = lasts & (table["cost_high"] <= self.budget)
        table["front"] = _unbeaten(table["probability"].where(lasts, -1.0)) & lasts
        enough = within & (table["probability"] >= min(self.probability, table.loc[within, "probability"].max()))
        table["fair"] = _unbeaten(table["guarded_share"].where(enough, -1.0)) & enough
        return table


def fast_engine(scenario: Scenario) -> str:
    """Name of the engine that screens mixes: the stock engine, unless it is silent about the target."""
    return "agents" if target_of(scenario).measure in SILENT else "stock"


def _unbeaten(values: pd.Series) -> pd.Series:
    """Mark the values above all before them: in a table sorted by cost, those that no cheaper mix reaches."""
    return values > values.cummax().shift(fill_value=-np.inf)
