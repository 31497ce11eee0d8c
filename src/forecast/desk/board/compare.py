"""Policies side by side at national scale: what each does to lasting members and the chance of 2030, and who pays.

A policy is a scenario file about the nation. What it changes in the law acts in the board's own draws, and so does a
campaign of the year's end that is not held; its other levers act in each province as the stock engine has it
(:mod:`forecast.desk.board.policies`), at the prices of data/unit_costs.csv. All policies have the same people and the
same luck as the status quo.
"""

from collections.abc import Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from forecast.data import tables
from forecast.data.law import Law
from forecast.data.law_changes import Change, changed
from forecast.data.places import Place, read_place
from forecast.data.tables import UserError
from forecast.data.vocabulary import NATION, PAYERS
from forecast.desk.board import price
from forecast.desk.board.board import Board
from forecast.desk.board.outlook import Asked, Outlook, outlooks
from forecast.desk.board.policies import Effect, Paid, anew, effects, money, together, under, work
from forecast.desk.board.targets import GOAL
from forecast.question.levers import Gift, Lever, TopUp, YearEndCampaign
from forecast.question.scenario import Scenario, read_scenario

STATUS_QUO, UNDONE = "status-quo", "price-undone"
FOLDER = "scenarios/board"
SUPPORT = tuple(payer for payer in PAYERS if payer != "members")

Outcomes = dict[str, tuple[Law, Outlook, dict[str, Effect]]]  # by policy: its law, its draws, what it does by province


class Compared(NamedTuple):
    """What policies do.

    `rows`: policy, place, then of the draws `added_year` and `added_goal` (lasting members more than under the status
    quo a year after the policies begin and in the last month, with `low_` and `high_`, 90%), `added_december` (members
    more in the December of that year, those of its campaign too, median), `chance` (lasting members
    reach the target of 2030), `draws` on which these rest, and what each payer pays more in the first year
    (`more_PAYER`, VND, median), `support` all but the members together, `price` the support for an additional
    member-year of that year (NaN where none).
    `outlooks` are the draws under each policy, `usual` is the status quo of each province, `prices` what the price does
    by two ways (:func:`prices`).
    """

    rows: pd.DataFrame
    outlooks: dict[str, Outlook]
    usual: dict[str, Effect]
    titles: dict[str, dict[str, str]]
    prices: pd.DataFrame


def files(folder: str | Path | None = None) -> list[Path]:
    """Return the scenario files of policies that come with the data."""
    return sorted(Path(folder or tables.data_dir() / FOLDER).glob("*.yaml"))


def compared(
    board: Board,
    scenarios: Iterable[Scenario | Path],
    *,
    draws: int | None = None,
    jobs: int | None = None,
    keep: Path | None = None,
) -> Compared:
    """Return what `scenarios` (or their files) do on the board; each is about the nation.

    `draws` are the engine's, as many as the board has when left out; `keep` is a folder for finished provinces.
    """
    asked = [read_scenario(one) if isinstance(one, Path) else one for one in scenarios]
    for scenario in asked:
        _check(scenario)
    undone = partial(_top_ups, board)
    acting = {one.scenario: partial(_levers, one) for one in asked if _simulated(one)}
    done = effects(board.asked, board.outlook, {**acting, UNDONE: undone}, draws=draws, jobs=jobs, keep=keep)
    outcomes = outcomes_of(board, asked, done)
    titles = {one.scenario: {str(k): v for k, v in one.title.items()} for one in asked}
    rows = rows_of(board, outcomes)
    drawn = {name: each[1] for name, each in outcomes.items()}
    return Compared(pd.DataFrame(rows), drawn, done[""], titles, prices(board, done[UNDONE]))


def _check(scenario: Scenario) -> None:
    """Raise an error for a policy that cannot act on the board."""
    if scenario.place.name != NATION:
        raise UserError(
            "scenario {scenario!r}: place: {place}; expected {nation}, since a policy on the board acts in "
            "every province",
            scenario=scenario.scenario,
            place=scenario.place.name,
            nation=NATION,
        )
    for lever in scenario.policy.levers:
        if isinstance(lever, TopUp | Gift):
            raise UserError(
                "{scenario}: {lever} on the board is a change of the law; expected law: [{{parameter: "
                "local_top_up_share, value: 0.1, since: 2027-01}}]",
                scenario=scenario.scenario,
                lever=type(lever).__name__,
            )


def outcomes_of(board: Board, asked: Iterable[Scenario], done: Mapping[str, dict[str, Effect]]) -> Outcomes:
    """Return the law, the draws and the effects of the status quo and of each policy; `done` is what levers do."""
    asked, base, law = list(asked), board.outlook, board.asked.known_law
    laws = {one.scenario: changed(law, one.changes) for one in asked if one.changes}
    drawn = outlooks(board.asked, laws) if laws else {}
    outcomes: Outcomes = {STATUS_QUO: (law, base, done[""])}
    for one in asked:
        outlook, effect = drawn.get(one.scenario, base), done[""]
        if _simulated(one):
            effect = done[one.scenario]
            outlook = under(outlook, effect)
        elif one.policy.levers:
            outlook = less_campaign(outlook, one.policy.levers[0])
            effect = {place: _saved(board.asked, one, place, usual) for place, usual in effect.items()}
        outcomes[one.scenario] = (laws.get(one.scenario, law), outlook, effect)
    return outcomes


def _simulated(scenario: Scenario) -> bool:
    """Return whether people have to be simulated to know what a policy does: a campaign not held is in the draws."""
    levers = scenario.policy.levers
    return bool(levers) and not (len(levers) == 1 and _cut(levers[0]))


def _saved(asked: Asked, scenario: Scenario, place: str, usual: Effect) -> Effect:
    """Return the status quo of a province less the work of a campaign that is not held."""
    in_province = scenario.but(place=read_place(place, at=asked.month), start=asked.month, until=asked.until)
    return anew(usual, work(in_province, asked.seed, asked.draws), asked.draws)


def _cut(lever: Lever) -> bool:
    return isinstance(lever, YearEndCampaign) and lever.month == 12 and not lever.kept and lever.where == "all"


def _levers(scenario: Scenario, place: Place) -> tuple[Lever, ...]:
    """Return the levers of a scenario, the same in every place."""
    return scenario.policy.levers


def _top_ups(board: Board, place: Place) -> tuple[Lever, ...]:
    """Return the top-ups that undo the rise of the floor in a province, as levers."""
    return price.top_ups(board.asked.known_law, board.rise, place.lineage)


def less_campaign(outlook: Outlook, lever: Lever) -> Outlook:
    """Return the board with a part of the campaigns, from the first December of the lever on; lasting members stay.

    Who signed in an earlier campaign is a member for as long as they would have been.
    """
    if not isinstance(lever, YearEndCampaign):
        raise TypeError(f"{type(lever).__name__} is no campaign")
    lasting, members = outlook.persons["lasting_members"], outlook.persons["members"].copy()
    begin, end = (tables.month(x) if x else None for x in (lever.start, lever.end))
    for t, month in enumerate(outlook.months):
        december = month - (month.month % 12)  # of the last campaign
        if december.month == 12 and (begin is None or december >= begin) and (end is None or december <= end):
            members[:, t] = lasting[:, t] + np.rint(lever.held * (members[:, t] - lasting[:, t])).astype(np.int64)
    return Outlook(outlook.places, outlook.months, {"members": members, "lasting_members": lasting})


def prices(board: Board, simulated: dict[str, Effect]) -> pd.DataFrame:
    """Return by how much lasting members would be more a year after the rise had nobody to pay more, by two ways.

    place, then low, middle and high (90%) of the share more: `counts`, the board's own, by the effect of the price on
    the stock of members that counts have taught, and `people`, by the stock engine's people, whose entries and renewals
    answer the price as trials had it (:mod:`forecast.desk.board.price`).
    """
    base, rows = board.outlook, []
    at = base.at(f"{board.rise.month[:4]}-12")
    ways = {"counts": board.flat, "people": under(base, simulated)}
    for place in base.all:
        row: dict[str, object] = {"place": place}
        for name, outlook in ways.items():
            more = outlook.of(place, "lasting_members")[at] / np.maximum(base.of(place, "lasting_members")[at], 1) - 1
            row |= dict(zip((f"{name}_low", name, f"{name}_high"), np.quantile(more, (0.05, 0.5, 0.95)), strict=True))
        rows.append(row)
    return pd.DataFrame(rows)


def rows_of(board: Board, outcomes: Outcomes) -> list[dict[str, object]]:
    """Return the rows of :class:`Compared`: of each policy, the nation first."""
    year, rows, usual = int(board.rise.month[:4]), [], dict[str, Paid]()
    for name, (law, outlook, effect) in outcomes.items():
        paid = {place: money(law, outlook, effect, place, year) for place in outlook.places}
        paid[NATION] = together(paid.values())
        usual = usual or paid  # the status quo is the first
        rows += [_row(board, name, outcomes, place, _more(paid[place], usual[place])) for place in outlook.all]
    return rows


def _row(board: Board, name: str, outcomes: Outcomes, place: str, more: Paid) -> dict[str, object]:
    """Return a row of :class:`Compared`."""
    outlook, base = outcomes[name][1], outcomes[STATUS_QUO][1]
    gap = outlook.of(place, "lasting_members") - base.of(place, "lasting_members")
    year = int(board.rise.month[:4])
    december = base.at(f"{year}-12")
    row: dict[str, object] = {"policy": name, "place": place}
    for which, at in (("year", december), ("goal", len(base.months) - 1)):
        low, middle, high = np.rint(np.quantile(gap[at], (0.05, 0.5, 0.95)))
        row |= {f"added_{which}": middle, f"low_{which}": low, f"high_{which}": high}
    row["added_december"] = float(np.rint(np.median(outlook.of(place)[december] - base.of(place)[december])))
    target = board.targets[(board.targets["place"] == place) & (board.targets["month"] == GOAL)]["target"]
    row["chance"] = (
        float((outlook.of(place, "lasting_members")[-1] >= target.iloc[0]).mean()) if len(target) else np.nan
    )
    row["draws"] = min(outlook.draws, *(outcomes[name][2][one].draws for one in outlook.places))
    row |= {f"more_{payer}": float(np.median(values)) for payer, values in more.items()}
    support = np.sum([more[payer] for payer in SUPPORT], axis=0)
    paid = float(np.median(support))
    within = np.asarray(outlook.months.year == year)
    years = float(np.median((outlook.of(place)[within] - base.of(place)[within]).sum(axis=0)) / 12)
    return row | {"support": paid, "price": paid / years if years > 0.5 and paid > 0 else float("nan")}


def _more(one: Paid, other: Paid) -> Paid:
    return {payer: one[payer] - other[payer] for payer in PAYERS}


def undoing(board: Board, usual: dict[str, Effect]) -> pd.DataFrame:
    """Return what the top-up that undoes the rise costs in its first year: place, payer, undone, usual (VND).

    Each group gets as much as the rise takes (:func:`forecast.desk.board.price.undoing`), so members are those of the
    board without the rise. `usual` is the status quo of each province (:class:`Compared`).
    """
    law, rows, year = board.asked.known_law, [], int(board.rise.month[:4])
    for place in board.outlook.places:
        shares = price.undoing(law, board.rise, read_place(place, at=board.rise.month).lineage)
        changes = [
            Change.model_validate(
                {"parameter": "local_top_up_share", "group": group, "value": share, "since": board.rise.month}
            )
            for group, share in shares.items()
        ]
        undone = money(changed(law, changes), board.flat, usual, place, year)
        now = money(law, board.outlook, usual, place, year)
        rows += [(place, payer, undone[payer], now[payer]) for payer in PAYERS]
    frame = pd.DataFrame(rows, columns=["place", "payer", "undone", "usual"])
    whole = [
        (NATION, payer, np.sum(list(part["undone"]), axis=0), np.sum(list(part["usual"]), axis=0))
        for payer, part in frame.groupby("payer", sort=False)
    ]
    frame = pd.concat([pd.DataFrame(whole, columns=frame.columns), frame], ignore_index=True)
    return frame.assign(**{name: [float(np.median(v)) for v in frame[name]] for name in ("undone", "usual")})
