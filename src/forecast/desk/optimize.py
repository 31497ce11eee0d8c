"""The cheapest lever mix that meets a target: found on some draws, judged on others.

1. *Explore.* Each lever alone is asked for the least that reaches the target; then Optuna proposes mixes. The stock
   engine says what each costs, reaches, keeps and brings to the poor. The mixes that no other beats are the front.
2. *Refine.* From the best of them, levers go up and down, alone and two at a time, by a tenth of their range, then by
   a hundredth, until nothing is cheaper. What the fine steps save says how far from the best the coarse ones were.
3. *Promise.* The agent engine is put beside the stock engine on the same draws (:mod:`desk.verify`). What it says
   otherwise moves the bar, and the mix is refined again, until the promise holds. Where every lever at its highest
   falls short, the likeliest mix is refined and judged so instead, at once.
   The best of every stage of the exploring is taken so far, so that more trials never find a dearer mix, or, where
   none is enough, a less likely one.
4. *Verify.* The mix is judged on draws that no choice has seen. Promised less verified is the loss of optimism.

Members who vanish when the money stops are no growth: all levers of a mix end in the scenario's last month, the worlds
go on for a year, and `least_stay` of those whom the mix has added must still be there. The answer to each mix is kept,
so a search that was killed takes the same way again in no time; neither that nor the number of cores changes a byte.
"""

import math
import os
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from forecast.data import shown, tables
from forecast.data.messages import Message
from forecast.desk.search import COARSE, MANY, WIDE, Levels, Rule, Search
from forecast.desk.verify import Judged
from forecast.question.scenario import Scenario

ROUNDS = 5  # promises that are tried before the search gives up
MOST_NEED = 0.999  # probability that the draws of the search may be asked to show at most
CLOSE = 0.015  # a promise so little above what was asked is not made cheaper
WORTH = 0.02  # a gain of probability for which another walk is begun: as much as the error of what is promised
APART = 0.25  # by how much the cost of a lever on the draws of the search may be below that on many draws
LEAST_STAY = 0.5  # see docs/decisions/0008


class Optimum(NamedTuple):
    """What a search found."""

    scenario: Scenario  # the mix as a question, ready to be asked again
    budget: float  # VND, as asked
    probability: float  # as asked
    poor_share: float  # as asked; 0 if no share was asked for
    least_stay: float  # as asked
    met: bool
    why: str  # "" if met, else what stands in the way: levers, budget, share or stay
    promised: Judged
    verified: Judged
    base: float  # probability without anything from the search, by the same two levels
    most: float  # probability with every lever at its highest, whatever it costs; that of what was found if higher
    finer: float  # what steps of a hundredth of a range bring over those of a tenth: part of the cost, else probability
    tried: pd.DataFrame  # mix, cost, cost_high, probability, guarded_share, stay, front, fair: every mix screened

    def _repr_html_(self) -> str:
        return shown.html(self)

    @property
    def optimism(self) -> float:
        """Promised less verified probability."""
        return self.promised.probability - self.verified.probability


def optimize(
    scenario: Scenario,
    budget: float,
    probability: float = 0.5,
    *,
    poor_share: float | None = None,
    least_stay: float = LEAST_STAY,
    draws: int = 100,
    seed: int = 1,
    trials: int = 96,
    jobs: int | None = None,
    progress: bool = True,
    keep: str | Path | None = None,
) -> Optimum:
    """Find the cheapest levers, added to the scenario's own, that meet its target with `probability`.

    `budget` (VND, over all months of the scenario) has to hold in 19 of 20 draws; it counts what outreach, province and
    donors pay on top of the scenario as it stands, unless the scenario's `search` names other payers. `poor_share` is
    the least share of additional member-years that must go to poor, near-poor and minority people, `least_stay` the
    least share of the members whom the mix has added in the scenario's last month that it still adds a year after its
    levers have ended (0: they may all vanish). Where nothing meets all of it, the likeliest mix within budget,
    share and stay is returned and `why` says what stands in the way.
    `draws` are those that mixes are compared by; promise and verification use 12 times as many. `keep` is a folder for
    answers. A scenario without a target, or a wish out of its range, raises
    :class:`~forecast.data.tables.UserError`. How the search works is docs/decisions/0008.

    >>> import forecast as f
    >>> levers = [{"lever": "Visits", "count": [0, 400], "per": "place", "start": "2022-01", "unit_cost": 30_000}]
    >>> asked = f.Scenario("plan", f.toy.place(), start="2021-12", until="2022-06", law=f.toy.law(),
    ...                    target=f.Target(value=250, by="2022-06"), search={"levers": levers})
    >>> found = optimize(asked, 1e9, 0.5, least_stay=0.0, draws=4, trials=4, progress=False, jobs=1)
    >>> found.met, 0 < found.verified.probability <= 1
    (True, True)
    """
    if scenario.target is None:
        raise tables.UserError(
            "scenario {scenario!r} has no target; give target: {{measure, value, by}}", scenario=scenario.scenario
        )
    for name, value, top in ((Message("budget"), budget, math.inf), (Message("probability"), probability, 1.0)):
        if not 0 < value < top:
            text = (
                "{name}: {value:g}; expected more than 0"
                if top > 1
                else "{name}: {value:g}; expected more than 0, below 1"
            )
            raise tables.UserError(text, name=name, value=value)
    for name, value in ((Message("minimum poor share"), poor_share or 0.0), (Message("minimum stay"), least_stay)):
        if not 0 <= value <= 1:
            raise tables.UserError("{name}: {value:g}; expected 0 to 1", name=name, value=value)
    folder, jobs = Path(keep) if keep else None, jobs or os.cpu_count() or 1
    asked = (float(budget), probability, poor_share or 0.0, least_stay)
    search = Search(scenario, *asked, draws=draws, seed=seed, jobs=jobs, keep=folder, progress=progress)
    most = search.judge(search.all, 0, enough=1.0)
    best, promised, finer = _found(search, trials, most.probability < probability)
    why = search.holds(promised)  # of what is given, after the last step
    if why == "target":
        why = "levers" if most.probability < probability else search.in_the_way()
    unseen = max(WIDE, MANY * draws)  # no choice has seen the draws from here on
    verified, now = search.judge(best, unseen), search.judge(search.none, unseen, enough=1.0)
    result = search.question(best, f"{scenario.scenario}-optimum")
    top = max(most.probability, promised.probability)  # some levers at their highest undo a part of the others
    return Optimum(result, *asked, not why, why, promised, verified, now.probability, top, finer, search.tried())


def _found(search: Search, trials: int, out_of_reach: bool) -> tuple[Levels, Judged, float]:
    """Return the cheapest mix whose promise holds, or the likeliest where none does, with what fine steps brought.

    What seems out of reach is asked for the likeliest first: no cheapest mix is looked for unless that one holds.
    """
    found = None if out_of_reach else _promise(search, _starts(search, trials))
    if found is not None and not search.holds(found[1]):
        return found
    farther = search.afresh()
    nearest = _reach(farther, trials)
    if found is None and not farther.holds(nearest[1]):
        found = _promise(search, _starts(search, trials))
    search.seen |= farther.seen
    if found is None:
        return nearest
    missed = search.holds(found[1]) and (search.keeps(found[1]) or nearest[1].probability > found[1].probability)
    return nearest if missed else found


def _reach(search: Search, trials: int) -> tuple[Levels, Judged, float]:
    """Explore, and return the likeliest mix found at a stage of it; the stages of few trials are those of more."""
    kept: dict[Levels, float] = {}
    for _ in search.explore(search.rounds(trials)):
        best, gained = _farthest(search)
        kept.setdefault(best, gained)
    judged = {levels: search.judge(levels, 0) for levels in kept}
    best = max(judged, key=lambda levels: (not search.keeps(judged[levels]), judged[levels].probability))
    return best, judged[best], kept[best]


def _starts(search: Search, trials: int) -> list[Levels]:
    """Explore, and return the best mixes on the way, each better than those before it, from which promises begin."""
    _begin(search)
    rule = search.cheapest()
    improving: list[Levels] = []
    for _ in search.explore(search.rounds(trials)):
        best = min([*search.seen, *search.alone()], key=rule.key)
        best = search.refine(best, rule, COARSE)
        if not improving or rule.key(best) < rule.key(improving[-1]):
            improving.append(best)
    return improving


def _promise(search: Search, starts: list[Levels]) -> tuple[Levels, Judged, float]:
    """Return the cheapest mix whose promise holds, of those from every start, with what fine steps saved; else the
    likeliest."""
    kept: dict[Levels, tuple[Judged, float]] = {}
    for start in starts:
        _begin(search)
        kept |= _kept(search, start)
    _begin(search)
    limit = min((judged.cost for judged, _ in kept.values() if not search.holds(judged)), default=math.inf)
    for levels in search.alone():  # one lever may hold its promise where the mixes beside it just miss theirs
        if levels not in kept and float(search.seen[levels][0].mean()) < limit * (1 + APART):
            kept[levels] = search.judge(levels, 0), 0.0
    good = {levels: judged for levels, judged in kept.items() if not search.holds(judged[0])}
    if good:
        best, (judged, finer) = min(good.items(), key=lambda pair: pair[1][0].cost)
    else:
        best, (judged, finer) = max(kept.items(), key=lambda pair: pair[1][0].probability)
    return best, judged, finer


def _begin(search: Search) -> None:
    """Ask the draws of the search for what was asked, as if nothing had been judged yet."""
    search.need, search.factor, search.dear = search.probability, 1.0, 1.0


def _kept(search: Search, best: Levels) -> dict[Levels, tuple[Judged, float]]:
    """Refine and judge by turns until the agents' probability is what was asked for, at the least cost."""
    kept: dict[Levels, tuple[Judged, float]] = {}
    for _ in range(ROUNDS):
        best, saved = _cheapest(search, best)
        while best in kept and kept[best][0].probability < search.probability and search.need < MOST_NEED:
            search.need = min(search.need + 1 / search.draws, MOST_NEED)  # few draws: the last need asked for as many
            best, saved = _cheapest(search, best)
        if best in kept:
            break
        kept[best] = search.judge(best, 0), saved
        above = kept[best][0].probability - search.probability
        near, missing = 0 <= above < CLOSE, search.missing(best)
        if near and not search.holds(kept[best][0]) or sum(missing.values()) > missing["target"] and above < 0:
            break
        if not near:
            search.need = min(max(search.shown(best) - above + 0.005, 0.001), MOST_NEED)
    return kept


def _cheapest(search: Search, best: Levels) -> tuple[Levels, float]:
    """Walk from the cheapest of a mix and each lever alone to the cheapest near it; say what fine steps saved."""
    rule = search.cheapest()
    coarse = search.refine(min([best, *search.alone()], key=rule.key), rule, COARSE)
    fine = search.refine(coarse, rule)
    whole, cost = (float(search.seen[levels][0].mean()) for levels in (coarse, fine))
    return fine, max(1 - cost / whole, 0.0) if whole > 0 and rule.key(coarse)[0] == rule.key(fine)[0] else 0.0


def _farthest(search: Search) -> tuple[Levels, float]:
    """Refine and judge by turns until the likeliest mix keeps the budget on many draws too; say what fine steps gained.

    On the way a mix is judged by the first of the agents' draws: they say as much of what it costs and of how many stay
    as all of them do. Which is likeliest, the fast engine and the lines say alone: the agents' own luck is nearly the
    same for mixes that differ by a step. What is promised of it then rests on all draws.
    """
    rule, last = search.farthest(), 0.0
    kept: dict[Levels, tuple[Judged, float]] = {}
    for _ in range(ROUNDS):  # each judgment says anew how dear and how far a mix is on many draws
        coarse = _highest(search, rule, COARSE)
        best = _highest(search, rule, COARSE, 1)
        if best in kept:
            break
        gained = max(search.shown(best) - search.shown(coarse), 0.0)
        kept[best] = search.judge(best, 0, enough=1.0), gained
        if not search.keeps(kept[best][0]) and search.likely[best] - last < WORTH:
            break
        last = search.likely[best]
    within = [levels for levels, (judged, _) in kept.items() if not search.keeps(judged)]
    if within:
        best = max(within, key=search.likely.__getitem__)
    else:
        best = min(kept, key=lambda levels: kept[levels][0].cost_high)
    return best, kept[best][1]


def _highest(search: Search, rule: Rule, *sizes: int) -> Levels:
    """Walk from the likeliest mix so far, in steps of each of `sizes`, until none of them makes it likelier.

    Lines are drawn for the members at that quantile which the target is at: what moves them moves the probability.
    """
    best = min(search.seen, key=rule.key)
    for _ in range(ROUNDS):
        search.need, higher = min(max(search.shown(best), 1 / search.draws), search.probability), best
        for size in sizes:
            higher = search.refine(higher, rule, size)
        more, others = search.shown(higher) - search.shown(best), rule.key(higher)[0] - rule.key(best)[0]
        best = higher
        if more < WORTH and not others:
            break
    return best
