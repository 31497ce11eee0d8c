"""What should be counted next: the one statistic that, if it were published, would narrow the decision most.

The draws of one answer are enough. In each draw the model says what the statistic would have been and what came of the
question; a smooth regression of the one on the other is what a planner who had read the statistic would expect (Strong,
Oakley and Brennan 2014, Medical Decision Making 34). Everything is judged on draws that the regression has not seen,
so that a statistic that says nothing is worth nothing, and what is found is what a rule made of it would gain. The
count of members comes out anyway: every other statistic is judged by what it says beyond that.
"""

from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from scipy.interpolate import make_smoothing_spline
from scipy.special import ndtri
from scipy.stats import rankdata

from forecast.answer.projection import Projection
from forecast.data import tables
from forecast.data.frames import names
from forecast.data.vocabulary import PAYERS
from forecast.engines import SILENT
from forecast.engines.people import hazards, prices
from forecast.engines.people.hazards import USUAL_SHARES
from forecast.engines.people.prices import BAND_SHARES
from forecast.experiment.project import project
from forecast.question.plan import GROUPS
from forecast.question.scenario import Scenario, target_of
from forecast.uncertainty.variance import parameter_rows

FOLDS, BINS, FEW = 5, 40, 8  # parts of the draws, each predicted from the others; bins of x; fewer are no curve
SPELL = max(USUAL_SHARES, key=USUAL_SHARES.__getitem__)  # months; the renewal rate is that of the most usual spell
ENDS = (0.05, 0.95)
COUNTED = ("lapses", "entries", "returns", "exits_compulsory", "paid_months", "members")
PUBLISHED = "members"  # comes out anyway, and is shown to compare with
# Money of others that a policy spends; what members pay themselves is their own saving.
SPENT = [measure for payer, measure in PAYERS.items() if payer != "members"]


class Next(NamedTuple):
    """What :func:`measure_next` found.

    `table` has one row for each statistic, the best first: statistic, published (comes out anyway), worth (what the
    decision would gain, in its unit), resolved (worth as a share of what knowing everything would gain, 0 to 1),
    width (of the headline's 90% interval once it is known, persons), narrower (1 - width / width before; below zero
    where the regression found nothing). The count of members is held against nothing, every other against that count.
    `named` is the first that is not published anyway.
    """

    scenario: Scenario
    against: Scenario | None
    wanted: float
    probability: float  # of the target (of the first policy being the better one, with `against`)
    low: float  # the headline's 90% interval now
    median: float
    high: float
    everything: float  # what knowing everything, chance too, would gain
    months: int  # first months that are counted
    table: pd.DataFrame

    @property
    def named(self) -> pd.Series:
        """The statistic to publish first."""
        return self.table[~self.table["published"]].iloc[0]


def measure_next(
    scenario: Scenario,
    *,
    against: Scenario | None = None,
    worth: float | None = None,
    wanted: float = 0.5,
    draws: int = 1000,
    seed: int = 1,
    engine: str = "stock",
    **run: Any,
) -> Next:
    """Name the one statistic that would narrow a decision most.

    The decision is whether `scenario` is enough for its target: it is relied on if the probability is at least
    `wanted`, which is right for whoever minds a target missed and an effort made for nothing as wanted to 1 - wanted.
    With `against`, another policy of the same place and months, it is which of the two to take: the one with more
    `worth` (VND) for member-years than public and donors' money spent, or simply with more of what the target counts.
    Where no statistic moves the decision, the one that narrows the headline's interval most is named.
    """
    if scenario.target is None:
        raise tables.UserError(
            "scenario {scenario!r} has no target; give target: {{measure, value, by}}", scenario=scenario.scenario
        )
    if not 0 < wanted < 1:
        raise tables.UserError("wanted: {wanted:g}; expected above 0 and below 1", wanted=wanted)
    if draws < 20 * FOLDS:
        raise tables.UserError(
            "draws: {draws}; expected at least {least} to learn a curve from", draws=draws, least=20 * FOLDS
        )
    engine = "agents" if scenario.target.measure in SILENT else engine
    asked = [scenario] if against is None else [scenario, against]
    answer = project(asked, [engine], draws=draws, seed=seed, **run)
    reached = [_reached(answer, s, scenario) for s in asked]
    if against is None:
        hit = reached[0] >= scenario.target.value
        gains = np.stack([-wanted * ~hit, -(1 - wanted) * hit], axis=1)  # rely on it, or do more
        headline, probability = reached[0], float(hit.mean())
    else:
        gains = np.stack(reached if worth is None else [_net(answer, s, worth) for s in asked], axis=1)
        headline, probability = reached[0] - reached[1], float((gains[:, 0] > gains[:, 1]).mean())
    known, months = statistics(answer, scenario, parameter_rows(scenario, seed, range(draws)))
    table = rank_statistics(gains, headline, known, PUBLISHED)
    low, median, high = np.quantile(headline, (ENDS[0], 0.5, ENDS[1]))
    return Next(scenario, against, wanted, probability, low, median, high, _everything(gains), months, table)


def rank_statistics(gains: np.ndarray, headline: np.ndarray, known: pd.DataFrame, anyway: str = "") -> pd.DataFrame:
    """Return `statistic, published, worth, resolved, width, narrower` for each column of `known`, the best first.

    `gains` (draws, options) is what each option brings in each draw, `headline` (draws,) the number whose interval
    is shown. The worth of a statistic is what the rule "take the option that the regression expects more of" brings
    on draws that the regression has not seen, above the best option without it (none if within two standard errors of
    none). With `anyway`, a column that is known
    in any case, every other is judged by what it adds to that one: what that column does not predict of it
    explains what that column has left unexplained.
    """
    one = headline.min() > 0  # what only multiplies has no even spread as it is
    scaled, back = (np.log(headline), np.exp) if one else (headline, np.asarray)
    wanted = np.column_stack([gains[:, 1:] - gains[:, :1], scaled])

    def expected(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        return np.column_stack([predicted(x, column) for column in y.T])

    def judge(middle: np.ndarray) -> tuple[np.ndarray, float]:
        option = np.insert(middle[:, :-1], 0, 0.0, axis=1).argmax(axis=1)
        ends = np.quantile(scaled - middle[:, -1], ENDS)
        width = np.mean(back(middle[:, -1] + ends[1]) - back(middle[:, -1] + ends[0]))
        return np.take_along_axis(gains, option[:, None], axis=1)[:, 0], float(width)

    nothing = np.broadcast_to(wanted.mean(axis=0), wanted.shape)
    base = expected(known[anyway].to_numpy(float), wanted) if anyway in known else nothing
    everything, rows = _everything(gains), []
    for name in known.columns:
        x, before = known[name].to_numpy(float), nothing if name == anyway else base
        if name != anyway and anyway in known:
            x = x - predicted(known[anyway].to_numpy(float), x)
        (now, wide), (then, width) = judge(before), judge(before + expected(x, wanted - before))
        worth, error = (then - now).mean(), (then - now).std() / len(now) ** 0.5
        worth = float(worth) if worth > 2 * error else 0.0  # less could be luck
        rows.append((name, name == anyway, worth, worth / everything if everything else 0.0, width, 1 - width / wide))
    table = pd.DataFrame(rows, columns=["statistic", "published", "worth", "resolved", "width", "narrower"])
    return table.sort_values(["worth", "narrower"], ascending=False, kind="stable", ignore_index=True)


def _everything(gains: np.ndarray) -> float:
    """What knowing everything would gain over the best single option; exactly 0 where one option is always best."""
    return float((gains.max(axis=1) - gains[:, gains.mean(axis=0).argmax()]).mean())


def predicted(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return what each y is expected to be by a smooth curve over x, learned from the other draws, (draws,).

    The curve is a smoothing spline through means of 40 bins over normal scores of the ranks of x, its smoothness
    chosen by generalized cross-validation (`scipy.interpolate.make_smoothing_spline`); of few different values it is
    the mean of each.

    >>> x = np.linspace(-2, 2, 400)
    >>> bool(np.abs(predicted(np.exp(x), x**2) - x**2)[20:-20].max() < 0.05)
    True
    """
    order = (rankdata(x, method="average") - 0.5) / len(x)
    scores, bins = ndtri(order), np.minimum((order * BINS).astype(int), BINS - 1)
    fold, result = np.arange(len(x)) % FOLDS, np.empty(len(x))
    for part in range(FOLDS):
        learn, ask = fold != part, fold == part
        count = np.bincount(bins[learn], minlength=BINS).astype(float)
        seen = count > 0
        at, mean = (np.bincount(bins[learn], v[learn], BINS)[seen] / count[seen] for v in (scores, y))
        if len(at) < FEW:
            level = dict(zip(np.flatnonzero(seen), mean, strict=True))
            result[ask] = [level.get(b, y[learn].mean()) for b in bins[ask]]
            continue
        curve = make_smoothing_spline(at, mean, w=count[seen])
        result[ask] = curve(np.clip(scores[ask], at[0], at[-1]))
    return result


def first_orders(known: pd.DataFrame, y: np.ndarray) -> pd.Series:
    """Share of the variance of y that each column explains by itself, index column: Sobol's first-order index.

    Read off given draws, without runs of its own (Plischke, Borgonovo and Smith 2013); out of sample, so that a
    column without effect has about zero, and may fall a little below.
    """
    around = np.mean((y - y.mean()) ** 2)
    return pd.Series(
        {name: 1 - np.mean((y - predicted(known[name].to_numpy(float), y)) ** 2) / around for name in known.columns}
    )


def statistics(answer: Projection, scenario: Scenario, rows: pd.DataFrame) -> tuple[pd.DataFrame, int]:
    """Return what each statistic would have been in each draw (index draw), and the number of months counted.

    Counts are those of the first months of the projection, a third of all, at least 3 and at most 12; the rest is what
    a survey or a register would say of the parameters `rows` (`ladder.parameter_rows`), without error: renewal (share
    who pay again at the due date), income (mean of a worker), willing (share who would say yes at today's price when
    asked), and the parameters on which the policy's levers rest. What is the same in every draw is left out.
    """
    months = [str(m) for m in scenario.months[1:]]
    months = months[: min(max(len(months) // 3, 3), 12)]
    frame = answer.only(scenario=scenario.scenario, group="all", month=months).frame
    counts = {}
    for measure in COUNTED:
        part = frame[frame["measure"] == measure]
        part = part[part["month"] == months[-1]] if measure == PUBLISHED else part
        if len(part):
            counts[measure] = part.groupby("draw")["value"].sum().sort_index()
    if "paid_months" in counts:
        held = frame[frame["measure"] == "members"].groupby("draw")["value"].sum().sort_index()
        counts["paid_months"] = counts["paid_months"] / held
    table = pd.DataFrame(counts).reset_index(drop=True)
    drawn = {name: rows[name].to_numpy(float) for name in names(rows)}
    hazard = np.vectorize(hazards.lapse_hazard)(drawn["annual_lapse"], SPELL)
    table["renewal"] = np.exp(-hazard * (1 - drawn["follow_up"] * drawn["renewal_contact"]))
    people = scenario.place.group_sizes().sum(axis=0)
    income = prices.incomes(scenario, drawn)
    month = tables.month(months[0])
    price = np.array([scenario.law.price(g, month, scenario.place.lineage).net for g in GROUPS])
    grown = (1 + drawn["income_growth"]) ** prices.years_from_base(months[0], scenario.law)
    accept = prices.acceptance(price[:, None], income * grown[:, None, None], drawn)
    share = people / people.sum()
    table["income"], table["willing"] = (np.einsum("dgb,g,b->d", v, share, BAND_SHARES) for v in (income, accept))
    for name in ("visits_per_collector", "visit_share", *_levered(scenario)):
        table[name] = drawn[name]
    return table.loc[:, table.nunique() > 1], len(months)


def _levered(scenario: Scenario) -> list[str]:
    """Parameters on which the levers of the policy rest."""
    return list(dict.fromkeys(name for lever in scenario.policy.levers for name in lever.evidence))


def _reached(answer: Projection, of: Scenario, asked: Scenario) -> np.ndarray:
    """What the target counts in each draw, (draws,)."""
    goal = target_of(asked)
    rows = answer.only(scenario=of.scenario, measure=goal.measure, group=goal.group).frame
    rows = rows[(rows["month"].astype(str) >= (goal.since or goal.by)) & (rows["month"].astype(str) <= goal.by)]
    return rows.groupby("draw")["value"].sum().sort_index().to_numpy()


def _net(answer: Projection, of: Scenario, worth: float) -> np.ndarray:
    """Worth of the member-years of all months less what others than members spend, VND, (draws,)."""
    rows = answer.only(scenario=of.scenario, group="all").frame
    total = rows.groupby(["measure", "draw"], observed=True)["value"].sum().unstack("draw").sort_index(axis=1)
    return (worth * total.loc["members"] / 12 - total.reindex(SPENT).fillna(0).sum()).to_numpy()
