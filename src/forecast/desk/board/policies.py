"""What a policy does to a province: one small function, so that better engines can take its place.

Levers are judged by the engine `stock`: paired draws with and without the policy say, month by month, by how much
members and lasting members are multiplied, and what outreach and commissions cost whom. The board's own draws are then
multiplied by the first, each by one of its own. A change of the law acts in the board's draws themselves
(:func:`forecast.desk.board.outlook.outlooks`), a top-up among them. What members, state and province pay follows from
the law: every member pays on the floor.
"""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np

from forecast.data import chance, files, places, workers
from forecast.data.law import Law
from forecast.data.places import Place, read_place
from forecast.data.vocabulary import GROUPS, NATION, PAYERS
from forecast.desk import pieces
from forecast.desk.board import adding
from forecast.desk.board.outlook import MEASURES, Asked, Outlook
from forecast.engines.people.draws import parameter_draws
from forecast.experiment.project import project
from forecast.question import costs
from forecast.question.levers import Lever, Policy, Where
from forecast.question.scenario import Scenario

ENGINE = "stock"
MOST = 0.8  # share of the people liable for the scheme with which a province may open
OFFICE = "office"


class Effect(NamedTuple):
    """What a policy does in a province.

    `times`: what each measure of the board is multiplied by, (months, draws) of the engine; `spent`: VND of outreach
    and commissions in the month by payer, (months, draws); `shares`: of members by group, (groups,); `usual`: persons
    of each measure under the status quo, (months, draws), which the policy's are divided by.
    """

    times: Mapping[str, np.ndarray]
    spent: Mapping[str, np.ndarray]
    shares: np.ndarray
    usual: Mapping[str, np.ndarray]

    @property
    def draws(self) -> int:
        """Draws of the engine."""
        return int(next(iter(self.times.values())).shape[1])


Levers = Callable[[Place], Iterable[Lever]]
Paid = dict[str, np.ndarray]  # VND by payer, (draws,)


def effects(
    asked: Asked,
    outlook: Outlook,
    levers: Mapping[str, Levers],
    *,
    draws: int | None = None,
    jobs: int | None = None,
    keep: Path | None = None,
    usual: Mapping[str, Effect] | None = None,
) -> dict[str, dict[str, Effect]]:
    """Return the effect of each policy in each province, by policy and place; "" is the status quo.

    `levers` gives for each policy the levers of a province. A province opens with its stock of today, the median of the
    board's draws. Every lever that has a price in data/unit_costs.csv and was given none gets it. `draws` are the
    engine's, as many as the board has when left out; `keep` is a folder for provinces that are finished. `usual` is
    what an earlier answer said of the status quo, with its draws: it is then not simulated again.
    """
    draws = next(iter(usual.values())).draws if usual else draws or outlook.draws
    counts = {name: districts(name) for name in outlook.places}
    share = {name: count / max(sum(counts.values()), 1) for name, count in counts.items()}
    opening = {name: float(np.median(outlook.of(name, "lasting_members")[0])) for name in outlook.places}
    each = [
        _questions(asked, name, opening[name], _chosen(name, asked, levers, share[name])) for name in outlook.places
    ]
    known = [usual[name] if usual else None for name in outlook.places]
    given = [(questions, range(draws), asked.seed, one) for questions, one in zip(each, known, strict=True)]
    paths = [pieces.path(keep, "effects", questions, draws, asked.seed) for questions in each]
    done = workers.every(_in_province, given, jobs, paths=paths, kept=lambda i, path: _kept(path, *given[i][:2]))
    return {
        policy: {name: _effect(arrays, number) for name, arrays in zip(outlook.places, done, strict=True)}
        for number, policy in enumerate(("", *levers))
    }


def _chosen(name: str, asked: Asked, levers: Mapping[str, Levers], share: float) -> dict[str, Policy]:
    place = read_place(name, at=asked.month)
    local_levers = {policy: tuple(give(place)) for policy, give in levers.items()}
    return {
        policy: Policy(*(localized(lever, share, place) for lever in given)) for policy, given in local_levers.items()
    }


def localized(lever: Lever, share: float, place: Place) -> Lever:
    """Return a lever for the nation as a province has it: of a number of communes, its `share`, at least one.

    >>> from forecast.question.levers import ModelCommunes
    >>> lever = ModelCommunes(where={"count": 100})
    >>> localized(lever, 0.16, read_place("ca-mau", at="2026-11")).where.count
    16
    """
    where = lever.where
    if not isinstance(where, Where) or not where.count:
        return lever
    count = min(max(round(where.count * share), 1), len(place.communes))
    return lever.model_copy(update={"where": Where(count=count, order=where.order)})


def districts(province: str) -> int:
    """Return how many districts a province had before July 2025, by the crosswalk of its communes.

    >>> districts("Cà Mau (2025)")
    16
    """
    moves = places.crosswalk()
    old = moves.loc[moves["new"].str.startswith(province + "/") & (moves["since"] == "2025-07"), "old"].str.split("/")
    known = read_districts()
    names = {"/".join(p[:2]) if len(p) == 3 else known.get(p[0], "") for p in old}
    return len(names - {""})


def read_districts() -> dict[str, str]:
    """Return the districts that have rows of their own, each named after itself: their communes are `DISTRICT/NAME`."""
    moves = places.crosswalk()
    names = {old.partition("/")[0] for old in moves["old"] if old.count("/") == 1}
    return {name: name for name in names if read_place(name).level == "district"}


def _questions(asked: Asked, name: str, opening: float, chosen: Mapping[str, Policy]) -> list[Scenario]:
    """Return the status quo of a province and each policy there."""
    law, place = asked.law, read_place(name, at=asked.month)
    opening = min(opening, MOST * place.eligible)
    base = Scenario(
        "status quo",
        place,
        start=asked.month,
        until=asked.until,
        assumptions={"opening_members": round(opening)},
        **({"law": law} if law else {}),
    )
    base = base.with_policy(base.scenario, Policy())  # made like the others, so that all follow what one of them led
    return [base, *(base.with_policy(policy, levers) for policy, levers in chosen.items())]


def _kept(path: Path | None, questions: list[Scenario], draws: range) -> dict[str, np.ndarray] | None:
    """Return what an earlier run kept at `path`: so many policies, months and draws, or None."""
    arrays = files.kept_arrays(path)
    if arrays is None or path is None:
        return None
    shape, numbers = (len(questions[0].months), len(draws)), range(len(questions))
    named = {f"{n} times {m}" for n in numbers for m in MEASURES} | {f"usual {m}" for m in MEASURES} | {"shares"}
    if named <= arrays.keys() and all(a.shape == shape for key, a in arrays.items() if key != "shares"):
        return arrays
    files.damaged(path, "it holds other policies, months or draws")
    return None


def _effect(arrays: Mapping[str, np.ndarray], number: int) -> Effect:
    """Return the effect of one of the policies of which a province has `arrays`."""

    def of(kind: str) -> dict[str, np.ndarray]:
        head = f"{number} {kind} "
        return {key.removeprefix(head): array for key, array in arrays.items() if key.startswith(head)}

    usual = {measure: arrays[f"usual {measure}"] for measure in MEASURES}
    return Effect(of("times"), of("spent"), arrays["shares"], usual)


def _in_province(
    asked_for: list[Scenario], draws: range, seed: int, usual: Effect | None = None
) -> dict[str, np.ndarray]:
    """Return what questions about one province come to, the first its status quo: arrays for :func:`_effect`.

    Where the status quo is known (`usual`), only the others are asked.
    """
    base = asked_for[0]
    new = asked_for[1:] if usual else asked_for
    answer = project(new, [ENGINE], draws=draws, seed=seed, jobs=1, progress=False)
    rows = answer.only(measure=[*MEASURES, PAYERS[OFFICE]]).frame
    wide = rows.pivot_table(
        index=["scenario", "measure", "group", "month"], columns="draw", values="value", observed=True
    )
    there = {key: part.droplevel([0, 1, 2]) for key, part in wide.groupby(level=[0, 1, 2], observed=True)}
    months = list(base.months.astype(str))

    def of(scenario: str, measure: str, group: str = "all") -> np.ndarray:
        """Return draws by month; what is not said is nothing: flows have no row in the opening month."""
        part = there.get((scenario, measure, group))
        return np.zeros((len(months), len(draws))) if part is None else part.reindex(months).fillna(0.0).to_numpy(float)

    def effect(one: Scenario, before: Mapping[str, np.ndarray], shares: np.ndarray) -> Effect:
        times = {m: of(one.scenario, m) / np.maximum(before[m], 1e-9) for m in MEASURES}
        return Effect(times, work(one, seed, len(draws)) | {OFFICE: of(one.scenario, PAYERS[OFFICE])}, shares, before)

    if usual is None:
        groups = np.array([of(base.scenario, "members", group)[0].mean() for group in GROUPS])
        shares = groups / max(groups.sum(), 1e-9)
        usual = effect(base, {m: of(base.scenario, m) for m in MEASURES}, shares)
    arrays = {"shares": usual.shares} | {f"usual {m}": persons for m, persons in usual.usual.items()}
    for number, found in enumerate([usual, *(effect(one, usual.usual, usual.shares) for one in asked_for[1:])]):
        arrays |= {f"{number} times {m}": times for m, times in found.times.items()}
        arrays |= {f"{number} spent {payer}": vnd for payer, vnd in found.spent.items()}
    return {name: np.ascontiguousarray(array) for name, array in arrays.items()}  # as they come back from a file


def work(scenario: Scenario, seed: int, draws: int) -> Paid:
    """Return what each payer pays for what the levers of a scenario take, VND, (months, draws): without commission."""
    drawn = parameter_draws(scenario, seed, range(draws)) if costs.depends(scenario) else None
    paid: Paid = {}
    for item in costs.work(scenario, chance.streams(seed, range(draws)), drawn):
        paid[item.payer] = paid.get(item.payer, 0.0) + item.vnd.T
    return paid


def anew(effect: Effect, more: Paid, draws: int) -> Effect:
    """Return an effect in which payers pay `more`, (months, draws), and all else is as it was."""
    spent = {payer: vnd[:, np.arange(draws) % vnd.shape[1]] for payer, vnd in effect.spent.items()}
    return effect._replace(spent=spent | {payer: spent.get(payer, 0.0) + vnd for payer, vnd in more.items()})


def under(outlook: Outlook, effect: Mapping[str, Effect]) -> Outlook:
    """Return the board under a policy: each province's draws times what the policy does there, in whole persons."""
    persons = {}
    for measure in MEASURES:
        each = [effect[name].times[measure] for name in outlook.places]
        times = np.array([one[:, np.arange(outlook.draws) % one.shape[1]] for one in each])
        persons[measure] = adding.whole(outlook.persons[measure] * times)
    return Outlook(outlook.places, outlook.months, persons)


def together(each: Iterable[Paid]) -> Paid:
    """Return what several provinces pay."""
    provinces = list(each)
    return {payer: np.sum([one[payer] for one in provinces], axis=0) for payer in PAYERS}


def money(law: Law, outlook: Outlook, effect: Mapping[str, Effect], place: str, year: int) -> Paid:
    """Return what each payer pays in a year for the members of `outlook` under `law`, VND by draw.

    `place` may be the nation. Members pay on the floor, each month.
    """
    if place == NATION:
        return together(money(law, outlook, effect, name, year) for name in outlook.places)
    within = np.asarray(outlook.months.year == year)
    months, members, province_effect = outlook.months[within], outlook.of(place)[within], effect[place]
    path = law.price_arrays(months, read_place(place, at=str(months[0])).lineage)
    gross = path["rate"] * path["floor"]
    state, local = (gross * (path[name] @ province_effect.shares) for name in ("state_share", "local_share"))
    paid = {"members": gross - state - local, "state": state, "province": local}
    totals = dict.fromkeys(PAYERS, np.zeros(outlook.draws))
    totals |= {payer: (rate[:, None] * members).sum(axis=0) for payer, rate in paid.items()}
    for payer, vnd in province_effect.spent.items():
        totals[payer] = totals[payer] + vnd[within][:, np.arange(outlook.draws) % vnd.shape[1]].sum(axis=0)
    return totals
