"""The month's report of an office: done against plan, expectation and last year; who is due; what comes next.

The counts are those of one's own monthly table (`forecast import`), persons by commune and month. What was expected is
the status quo of the agent engine from the last count a year ago (or the first there is); a commune starts from its own
count and grows as its simulated people do, scaled so that parts add up to the place in every draw. An interval is that
of 90% of the draws. Chances come from draws that start at the month itself.
"""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from forecast.data import tables
from forecast.data.apportion import shared
from forecast.data.places import Place
from forecast.data.vocabulary import INTERVAL
from forecast.desk.allocation import commune_members
from forecast.exchange import own_counts
from forecast.question.scenario import Scenario

CALL, VISIT, MEETING, CAMPAIGN = 0.25, 2.0, 4.0, 8.0
"""Hours of a call to a member who is due, a visit to a household, a meeting, a campaign day (judgement)."""
MEETING_FROM, CAMPAIGN_FROM = 12.0, 30.0
"""Hours of a commune from which one of them goes into a meeting, into a campaign day (judgement)."""
ENDS = (INTERVAL[0], 0.5, INTERVAL[1])
COLUMNS = (
    "commune",
    "members",
    "entries",
    "lapses",
    "before",
    "last_year",
    "low",
    "expected",
    "high",
    "warning",
    "plan",
    "due",
    "renewed",
    "hours",
    "calls",
    "visits",
    "meetings",
    "campaign_days",
)


class Progress(NamedTuple):
    """A month's report: `table` has a row for each commune with :data:`COLUMNS`, in persons, hours and acts.

    `plan_chance` is the probability that the year's plan is met in December, `march_chance` that the stock of the next
    March is not below today's; NaN without a plan. `since` is the month from which the expectation starts, `whole` the
    low, middle and high of the place. Where a list of persons was given, `areas` has persons, due and renewed by area
    of a collector (no row if it names none), `due` months by commune; `calls` are not known without one. Without
    `by_commune` the place was counted and its communes were not: the table has one row, the place.
    """

    place: Place
    month: str
    since: str
    table: pd.DataFrame
    plan_chance: float
    march_chance: float
    whole: tuple[float, float, float]
    areas: pd.DataFrame
    due: pd.DataFrame | None
    synthetic: bool
    draws: int
    seed: int
    by_commune: bool = True

    @property
    def decided(self) -> bool:
        """Whether the year of the plan is over, so that its result is known."""
        return self.month.endswith("-12")


def progress(
    place: str,
    month: str | None = None,
    *,
    hours: float = 160.0,
    due: Path | None = None,
    draws: int = 100,
    seed: int = 1,
    jobs: int | None = None,
) -> Progress:
    """Return the report of a place for a month (the last counted one if left out).

    `hours` are those of all collectors in the next month, `due` is the member-counts.csv of an imported list. Raises
    :class:`~forecast.data.tables.UserError` where there are no own counts of the month.
    """
    counts = own_counts.read(place, month, whole=True)
    listed = own_counts.NOBODY if due is None else own_counts.listed(due)  # a fault is told before the work begins
    place_record, units, stock, month = counts.place, counts.units, counts.stock, counts.month
    now = stock.loc[month, units].to_numpy(float)
    year_ago = str(tables.month(month) - 12)
    earlier = [str(m) for m in stock.index if m < month]
    since = year_ago if year_ago in stock.index else (earlier[0] if earlier else month)
    table = pd.DataFrame({"commune": counts.names, "members": now})
    for measure in ("entries", "lapses"):
        table[measure] = counts.of(measure).reindex([month]).to_numpy(float)[0]
    table["before"] = stock.reindex([str(tables.month(month) - 1)])[units].to_numpy(float)[0]
    table["last_year"] = stock.reindex([year_ago])[units].to_numpy(float)[0]
    expected = _expected(place_record, stock[units], since, month, (draws, seed, jobs))
    low, middle, high = np.quantile(expected, ENDS, axis=0)
    table["low"], table["expected"], table["high"] = low, middle, high
    table["warning"] = np.where(now < low, "low", np.where(now > high, "high", ""))
    table["plan"] = counts.of("plan").reindex([f"{month[:4]}-12"]).to_numpy(float)[0]
    table["due"], table["renewed"], by_month = np.nan, np.nan, None
    following = str(tables.month(month) + 1)
    if not counts.by_commune:  # everybody of the list belongs to the one row
        listed = listed.assign(commune=counts.names[0])
    areas = own_counts.by_area(listed, following)
    if due is not None:
        table["due"] = own_counts.due_in(listed, following, table["commune"])
        table["renewed"] = own_counts.renewed(listed, table["commune"])
        by_month = own_counts.due_by_month(listed, month, list(table["commune"]))
    table = _work(table, hours)
    plan = table["plan"].sum(min_count=len(table))
    plan_chance, march_chance = _chances(place_record, float(now.sum()), float(plan), month, (draws, seed, jobs))
    bounds = [float(bound) for bound in np.quantile(expected.sum(axis=1), ENDS)]
    return Progress(
        place=place_record,
        month=month,
        since=since,
        table=table[list(COLUMNS)],
        plan_chance=plan_chance,
        march_chance=march_chance,
        whole=(bounds[0], bounds[1], bounds[2]),
        areas=areas,
        due=by_month,
        synthetic=counts.synthetic or "synthetic" in set(listed["status"]),
        draws=draws,
        seed=seed,
        by_commune=counts.by_commune,
    )


def _expected(
    place: Place, stock: pd.DataFrame, since: str, month: str, run: tuple[int, int, int | None]
) -> npt.NDArray[np.float64]:
    """Return members in a month by (draws, communes), NaN without an earlier count; in each draw they add up."""
    at_start = stock.loc[since].to_numpy(float)
    if since == month:
        return np.full((1, len(at_start)), np.nan)
    draws, seed, jobs = run
    question = Scenario("expected", place, start=since, until=month, assumptions={"opening_members": at_start.sum()})
    simulated = commune_members(question, range(draws), seed, jobs=jobs, progress=False)
    if len(at_start) == 1:
        simulated = simulated.sum(axis=2, keepdims=True)
    return anchored(at_start, simulated[:, 0], simulated[:, -1])


def anchored(counted: npt.NDArray[np.float64], start: np.ndarray, end: np.ndarray) -> npt.NDArray[np.float64]:
    """Return simulated communes, (draws, communes), as if each had started from its `counted` members.

    Each grows as its simulated people did from `start` to `end`; then all of a draw are scaled to add up to what the
    place has in it.

    >>> anchored(np.array([10.0, 30.0]), np.array([[20.0, 20.0]]), np.array([[30.0, 20.0]])).round(1).tolist()
    [[16.7, 33.3]]
    """
    grown = counted * (end / np.maximum(start, 1.0))
    members: npt.NDArray[np.float64] = (
        grown * end.sum(axis=1, keepdims=True) / np.maximum(grown.sum(axis=1), 1e-9)[:, None]
    )
    return members


def _chances(
    place: Place, members: float, plan: float, month: str, run: tuple[int, int, int | None]
) -> tuple[float, float]:
    """Return the probability of the year's plan in December and of at least today's stock in the March after."""
    draws, seed, jobs = run
    december, march = f"{month[:4]}-12", f"{int(month[:4]) + 1}-03"
    question = Scenario("from here", place, start=month, until=march, assumptions={"opening_members": members})
    total = commune_members(question, range(draws), seed + 1, jobs=jobs, progress=False).sum(axis=2)
    at = list(question.months.astype(str))
    plan_chance = float((total[:, at.index(december)] >= plan).mean()) if np.isfinite(plan) else float("nan")
    return plan_chance, float((total[:, -1] >= members).mean())


def _work(table: pd.DataFrame, hours: float) -> pd.DataFrame:
    """Return the table with a plan of work: calls to who is due first, other hours by the gap to plan or expectation.

    Hours add up to `hours`; a commune without a gap keeps a share for its size, one twentieth of the hours in all.
    """
    goal = table["plan"].fillna(table["expected"]).fillna(table["members"])
    gap = (goal - table["members"]).clip(lower=0).to_numpy(float)
    calls = table["due"].fillna(0).to_numpy(float)
    calls = np.floor(calls * min(1.0, hours / max(CALL * calls.sum(), 1e-9)))
    left = max(0.0, hours - CALL * calls.sum())
    size = table["members"].to_numpy(float) / max(table["members"].sum(), 1.0)
    share = 0.95 * gap / gap.sum() + 0.05 * size if gap.sum() > 0 else size
    field_hours = shared(share * left, int(left))
    campaign = (field_hours >= CAMPAIGN_FROM).astype(int)
    meetings = (field_hours - CAMPAIGN * campaign >= MEETING_FROM).astype(int)
    visits = np.floor((field_hours - CAMPAIGN * campaign - MEETING * meetings) / VISIT).clip(min=0)
    listed = table["due"].notna()  # without a list nobody knows whom to call
    return table.assign(
        hours=field_hours + CALL * calls,
        calls=np.where(listed, calls, np.nan),
        visits=visits,
        meetings=meetings,
        campaign_days=campaign,
    )
