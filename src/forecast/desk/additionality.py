"""What a policy adds, person by person: who joined because of it, who would have joined anyway, and who stays.

The same people live under two policies with the same luck (see :mod:`engines.people.events`), so each can be looked
up in both worlds. People of a draw fall into five kinds:

- ``because``: join under the policy, and not without it in these months;
- ``sooner``: join in both, under the policy earlier; ``anyway``: join in both, not earlier;
- ``already``: were members when the months began;
- ``instead``: join without the policy, and not under it (hours that went elsewhere).

Member-years under the policy less those without it, added up over the five kinds, are what the policy adds: no more,
no less. A policy is judged over all months of its scenario, and not in one December. What remains when the money stops
is told by those it had ``brought`` by then: people who joined before it ended, and without it would not have by then.
"""

from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import pandas as pd

from forecast.answer import projection
from forecast.answer.projection import Projection
from forecast.data import files, shown, tables, workers
from forecast.data.steps import steps
from forecast.data.vocabulary import GUARDED, INTERVAL, PAYERS, SUPPORTERS
from forecast.desk import lined_up, pieces
from forecast.engines.people import agents, lives
from forecast.engines.people.world import rows_of
from forecast.question.plan import GROUPS
from forecast.question.scenario import Scenario

ROOM, MOST_DRAWS = 6e8, 16  # bytes for people who are followed in one process; draws followed side by side
ROW = 150  # bytes of a row in two worlds, while a third is lived


Draws: TypeAlias = "pd.Series[float]"  # a value for each draw


class Added(NamedTuple):
    """What two worlds differ in; `people` one row a draw, group and kind, `months` one a draw, kind and month."""

    people: pd.DataFrame
    months: pd.DataFrame

    def _repr_html_(self) -> str:
        return shown.html(self)


def follow(
    base: Scenario,
    policies: list[Scenario],
    *,
    draws: int = 60,
    seed: int = 1,
    jobs: int | None = None,
    progress: bool = True,
    keep: Path | None = None,
) -> tuple[Projection, list[Added]]:
    """Live the base's world and that of each policy once; return what the agents answer, and who differs in each.

    The projection is that of :func:`forecast.project` by `agents`, draws 0 to `draws`, for the base and all policies.
    `keep` is a folder in which finished chunks are kept for whoever asks again.

    `people`: draw, group, kind, persons, member_years (under the policy less without it), supported (months with a
    subsidy paid for under the policy while it acts), before (the same without it), dead (those that are paid for in
    both), once (persons who came under the policy, paid one time, and were gone), entries (who came under it), paid
    (the months that these have paid for, as far as they are supported).
    `months`: draw, kind, month, members (under the policy), gap (less without it).
    Raises :class:`~forecast.data.tables.UserError` for different questions.
    """
    for policy in policies:
        for what in ("start", "until"):
            if getattr(base, what) != getattr(policy, what) or base.place.name != policy.place.name:
                raise tables.UserError(
                    "{scenario!r} ({place}, {start} to {until}) cannot be compared with {base!r} ({its_place}, "
                    "{its_start} to {its_until}): expected the same place and months",
                    scenario=policy.scenario,
                    place=policy.place.name,
                    start=policy.start,
                    until=policy.until,
                    base=base.scenario,
                    its_place=base.place.name,
                    its_start=base.start,
                    its_until=base.until,
                )
    size = _side_by_side(base, draws)
    chunks = [range(d, min(d + size, draws)) for d in range(0, draws, size)]
    given = [(base, policies, chunk, seed) for chunk in chunks]
    named = [one.with_policy("-", one.policy) for one in (base, *policies)]  # whatever they are called
    paths = [pieces.path(keep, "follow", named, [chunk.start, chunk.stop], seed) for chunk in chunks]
    parts: list[Any] = [None] * len(chunks)
    with steps("people followed", "draw", draws, shown=progress) as bar:
        done = workers.each(_chunk, given, jobs, paths=paths, kept=lambda _, path: files.kept_arrays(path))
        for number, part in done:
            parts[number] = part
            bar.update(len(chunks[number]))
    whole = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    rows = [
        rows_of(one, agents.AgentEngine.name, range(draws), whole[f"values {number}"])
        for number, one in enumerate([base, *policies])
    ]
    months = base.months.astype(str)
    both = [
        Added(*lined_up.frames(whole[f"people {number}"], whole[f"months {number}"], months))
        for number in range(1, len(policies) + 1)
    ]
    return projection.concat(rows), both


def _side_by_side(base: Scenario, draws: int) -> int:
    """How many draws are followed at once: as many as there is room for the people of two worlds, in even parts."""
    rows = max(3 * base.opening[0], 0.05 * base.place.eligible) / agents.persons_per_row(base)
    most = int(min(max(ROOM / (rows * ROW), 2), MOST_DRAWS))
    return -(-draws // -(-draws // most))


def acting(base: Scenario, policy: Scenario) -> tuple[int, int]:
    """Return the first and last month (positions) in which the two plans differ; (0, 0) when they never do.

    What a lever leaves behind when it has ended (training fades over years) is no longer the policy.

    >>> import forecast as f
    >>> quo = f.Scenario("quo", f.toy.place(), start="2021-12", until="2022-12", law=f.toy.law())
    >>> acting(quo, quo.with_policy("top-up", f.Policy(f.TopUp(share=0.2, start="2022-03", end="2022-05"))))
    (3, 5)
    """
    names = policy.plan.changed(base.plan)
    differs = np.zeros(len(policy.months), bool)
    for name in names:
        with_policy, without_policy = getattr(policy.plan, name), getattr(base.plan, name)
        differs |= (with_policy != without_policy).reshape(len(differs), -1).any(axis=1)
    at = np.flatnonzero(differs)
    if not len(at):
        return 0, 0
    with_policy, without_policy = policy.policy.levers, base.policy.levers
    differing = [
        lever for lever in (*with_policy, *without_policy) if (lever in with_policy) != (lever in without_policy)
    ]
    ends = [tables.month_index(tables.month(lever.end or policy.until)) - policy.plan.first for lever in differing]
    return int(at[0]), min(int(at[-1]), max([int(at[0]), *ends]))


def table(result: Added, base: Scenario, policy: Scenario, answer: Projection, engine: str = "agents") -> pd.DataFrame:
    """Sum up what :func:`follow` found, over the draws.

    Columns: place, scenario, base, engine, month (the last), group (or all), measure, kind, payer, unit, median, low,
    high (90%), draws. Measures:

    - persons, member_years: of each kind (see the module).
    - stayed: members in the scenario's last month, of those brought who were members when the policy ended, as a share;
      net: the same, net of those who would have joined anyway since. Left out when the policy acts to the end.
    - once: share of those who came under the policy that paid one time and were gone; paid_per_entry: months paid by
      one of them up to the end (a subsidy's months are counted, 120 at most).
    - active: of the members that the policy adds in the last month, the share that it adds to those who paid at least
      9 of the last 12 months, where the policy began 18 months before it or earlier; rush: share of the entries of the
      last calendar year under the policy that came in its December; fall: share of the last December's members under
      the policy who are gone by March.
    - dead_weight (vnd): extra money of a payer on months that would have been paid for without it, while the policy
      acts. Extra is what the payer gave under the policy less what the same months would have cost without it.
    - added: member-years of all kinds together; of kind `guarded`: those of poor, near-poor and minority people.
    - equity: share of the additional member-years that goes to poor, near-poor and minority people; creaming: that
      share by their share of the eligible people (1: in proportion; below 1: the better-off are reached first). Left
      out of a draw that adds less than half a member-year in all.

    `answer` has both scenarios by `engine`, with at least the draws of `result`.
    """
    head = {"place": policy.place.name, "scenario": policy.scenario, "base": base.scenario, "engine": engine}
    head |= {"month": policy.until}
    people = result.people
    parts: list[dict[str, str | float]] = []
    answer = answer.only(engine=engine, scenario=[base.scenario, policy.scenario])

    def note(values: Draws, measure: str, unit: str, group: str = "all", kind: str = "", payer: str = "") -> None:
        values = values.dropna()
        if len(values):
            low, median, high = values.quantile([INTERVAL[0], 0.5, INTERVAL[1]]).tolist()
            what = {"group": group, "measure": measure, "kind": kind, "payer": payer, "unit": unit}
            parts.append(head | what | {"median": median, "low": low, "high": high, "draws": len(values)})

    for group in ("all", *GROUPS):
        rows = people if group == "all" else people[people["group"] == group]
        for name, part in rows.groupby("kind", sort=False):
            kind, sums = str(name), part.groupby("draw")[["persons", "member_years"]].sum()
            note(sums["persons"], "persons", "persons", group, kind)
            note(sums["member_years"], "member_years", "years", group, kind)
        sums = rows.groupby("draw")[["once", "paid", "entries"]].sum()
        came = sums["entries"].where(sums["entries"] > 0)
        note(sums["once"] / came, "once", "share", group)
        note(sums["paid"] / came, "paid_per_entry", "months", group)
    dead = {g: _dead_weight(people[people["group"] == g], answer, base, policy, g) for g in GROUPS}
    for payer in SUPPORTERS:
        parted = {group: part[payer] for group, part in dead.items() if payer in part}
        total = sum((part.fillna(0.0) for part in parted.values()), pd.Series(0.0, index=people["draw"].unique()))
        if total.median() > 0:
            note(total, "dead_weight", "vnd", payer=payer)
            for group, values in parted.items():
                note(values, "dead_weight", "vnd", group, payer=payer)
    note(_stayed(result, base, policy, "members"), "stayed", "share", kind="brought")
    note(_stayed(result, base, policy, "gap"), "net", "share", kind="brought")
    note(_active(answer, base, policy), "active", "share")
    note(_rush(answer.only(scenario=policy.scenario)), "rush", "share")
    note(_fall(answer.only(scenario=policy.scenario)), "fall", "share")
    years = people.groupby(["draw", "group"])["member_years"].sum().unstack()
    total = years.sum(axis=1)
    guarded = years[list(GUARDED)].sum(axis=1)
    note(total, "added", "years")
    note(guarded, "added", "years", kind="guarded")
    share = (guarded / total).where(total > 0.5)
    sizes = policy.place.group_sizes().sum(axis=0)
    eligible = sum(sizes[GROUPS.index(g)] for g in GUARDED) / sizes.sum()
    note(share, "equity", "share")
    note(share / eligible, "creaming", "ratio")
    return pd.DataFrame(parts)


def after(result: Added, base: Scenario, policy: Scenario) -> pd.DataFrame:
    """Return what becomes of those whom the policy has brought by its last month, month by month.

    Columns: month, median, low, high (members among them, 90% interval), net (the median, less those of them who would
    be members without the policy), acting (does the policy still act?), and place, scenario, engine and draws.
    """
    rows = result.months[result.months["kind"] == "brought"]
    members = rows.groupby("month")["members"]
    low, high = INTERVAL
    table = pd.DataFrame(
        {"low": members.quantile(low), "median": members.quantile(0.5), "high": members.quantile(high)}
    )
    first, last = acting(base, policy)
    at = np.arange(len(table))
    table["net"] = rows.groupby("month")["gap"].median()
    table = table[["median", "low", "high", "net"]].assign(acting=(at >= first) & (at <= last)).reset_index()
    who = f"{policy.scenario}, not {base.scenario}"
    return table.assign(place=policy.place.name, scenario=who, engine="agents", draws=rows["draw"].nunique())


SETTLED = 18  # months
PAPER = {"once": (0.25, 1), "active": (0.5, -1), "fall": (0.10, 1)}


def paper(table: pd.DataFrame) -> list[str]:
    """Return the signs of paper growth in a table of :func:`table`: measures whose median is beyond the limit.

    More than a quarter paid once and went; fewer than half of the added members have paid 9 of 12 months; more than a
    tenth of a December is gone by March. The limits are judgement of the makers; the national falls were 2, 9 and 21%.
    """
    middle = table[table["group"] == "all"].drop_duplicates("measure").set_index("measure")["median"]
    return [m for m, (limit, sign) in PAPER.items() if m in middle and (middle[m] - limit) * sign > 0]


def _active(answer: Projection, base: Scenario, policy: Scenario) -> Draws:
    if len(policy.months) - 1 - acting(base, policy)[0] < SETTLED:  # newcomers have not had the time to pay 9 months
        return pd.Series(dtype=float)
    rows = answer.only(group="all", month=policy.until, measure=["members", "active_9of12"]).frame
    wide = rows.pivot_table(index="draw", columns=["measure", "scenario"], values="value", observed=True)
    gap = {m: wide[m, policy.scenario] - wide[m, base.scenario] for m in ("members", "active_9of12")}
    return gap["active_9of12"] / gap["members"].where(gap["members"] > 0.5)


def _by_month(answer: Projection, measure: str) -> dict[str, Draws]:
    """Values of a measure of all groups by month."""
    wide = answer.only(group="all", measure=measure).frame.pivot(index="draw", columns="month", values="value")
    return {str(month): wide[month] for month in wide}


def _rush(answer: Projection) -> Draws:
    wide = _by_month(answer, "entries")
    years = [m[:4] for m in wide if m.endswith("-12") and f"{m[:4]}-01" in wide]
    if not years:
        return pd.Series(dtype=float)
    year = pd.DataFrame({m: values for m, values in wide.items() if m.startswith(max(years))}).sum(axis=1)
    return wide[f"{max(years)}-12"] / year.where(year > 0)


def _fall(answer: Projection) -> Draws:
    wide = _by_month(answer, "members")
    ends = [m for m in wide if m.endswith("-03") and f"{int(m[:4]) - 1}-12" in wide]
    if not ends:
        return pd.Series(dtype=float)
    return 1 - wide[max(ends)] / wide[f"{int(max(ends)[:4]) - 1}-12"]


def _stayed(result: Added, base: Scenario, policy: Scenario, column: str) -> Draws:
    _, last = acting(base, policy)
    months = policy.months.astype(str)
    if last in (0, len(months) - 1):
        return pd.Series(dtype=float)
    rows = result.months[result.months["kind"] == "brought"].set_index("draw")
    then: Draws = rows.loc[rows["month"] == months[last], "members"]
    left: Draws = rows.loc[rows["month"] == months[-1], column]
    return left / then.where(then > 0)


def _dead_weight(
    rows: pd.DataFrame, answer: Projection, base: Scenario, policy: Scenario, group: str
) -> dict[str, Draws]:
    """Return VND by payer, a value for each draw."""
    first, last = acting(base, policy)
    months = policy.months.astype(str)[max(first, 1) : last + 1]
    sums = rows.groupby("draw")[["supported", "before", "dead"]].sum()
    result = {}
    for payer in SUPPORTERS:
        money = answer.only(measure=PAYERS[payer], group=group, month=list(months)).frame
        paid = money.groupby(["scenario", "draw"], observed=True)["value"].sum().unstack("scenario")
        if paid.empty or not {base.scenario, policy.scenario} <= set(paid.columns):
            continue
        with_policy, without_policy = (paid[s.scenario].reindex(sums.index) for s in (policy, base))
        usual = (without_policy / sums["before"].where(sums["before"] > 0)).fillna(0.0) * sums["supported"]
        extra = with_policy - usual
        extra = extra.where(extra > 0.05 * with_policy)  # less is a change of prices from month to month
        result[payer] = extra * sums["dead"] / sums["supported"]
    return {payer: values for payer, values in result.items() if values.notna().any()}


def _chunk(base: Scenario, policies: list[Scenario], draws: range, seed: int) -> dict[str, np.ndarray]:
    """The values of each question (the base is 0), and for each policy its differences from the base, draw by draw."""
    spans = [acting(base, policy) for policy in policies]
    last_month = len(base.months) - 1
    ends = sorted({end for first, last in spans for end in (max(first - 1, 0), last)} - {last_month})
    paid_by = [*ends, last_month]
    values, without = lives.lives(base, draws, seed, paid_by)
    arrays = {"values 0": values}
    for number, (policy, (first, last)) in enumerate(zip(policies, spans, strict=True), 1):
        values, under = lives.lives(policy, draws, seed, paid_by)
        acts = last_month + 1, last, paid_by.index(max(first - 1, 0)), paid_by.index(last)
        differences = [lined_up.compare(a, b, acts) for a, b in zip(without, under, strict=True)]
        people, months = (np.stack(one) for one in zip(*differences, strict=True))
        arrays |= {f"values {number}": values, f"people {number}": people, f"months {number}": months}
    return arrays
