"""The board: one row for the nation and each province, and the path of each by month."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from forecast.data import frames, tables
from forecast.data.messages import Both, UserError
from forecast.data.places import Place, read_place
from forecast.data.vocabulary import AS_IS, NATION
from forecast.desk.board import counted, price, targets
from forecast.desk.board.outlook import MEASURES, Asked, Outlook, outlooks
from forecast.language.words import term

PROBABILITIES = {"q05": 0.05, "q10": 0.1, "q25": 0.25, "median": 0.5, "q75": 0.75, "q90": 0.9, "q95": 0.95}
CHANCES = [
    *(f"{name}_{when}" for when in ("review", "goal") for name in ("target", "basis", "chance")),
    *("chance_review_lasting", "chance_goal_lasting", "needed", "expected"),
]
FLAT = "no_rise"  # the law had the floor not risen


@dataclass(frozen=True, eq=False)
class Board:
    """What a board says.

    `rows` has one row a place, the nation first and provinces by the chance that lasting members
    reach the target of 2030 (:func:`rows_of` names its
    columns); `paths` has `place, month, measure` and the columns of :data:`PROBABILITIES` and `mean`, persons;
    `outlook` and `flat` are the draws under the law as it is and without the rise of the floor.
    """

    asked: Asked
    rise: price.Rise
    outlook: Outlook
    flat: Outlook
    targets: pd.DataFrame
    counts: pd.DataFrame
    rows: pd.DataFrame
    paths: pd.DataFrame


def board(
    asked: Asked, *, target_file: str | Path | None = None, progress: Callable[[str], None] = lambda _: None
) -> Board:
    """Return the board of `asked`; `target_file` holds targets of one's own (:func:`forecast.desk.board.targets.read`).

    `progress` is told each province when it is drawn.
    """
    law = asked.known_law
    rise = price.next_rise(law, asked.month)
    if target_file is not None:
        targets.read(target_file)  # a file that cannot be read is told before the work
    return of(asked, outlooks(asked, {FLAT: price.without(law, rise)}, progress), target_file)


def of(asked: Asked, drawn: Mapping[str, Outlook], target_file: str | Path | None = None) -> Board:
    """Return the board of draws: the outlook under the law as it is and without the rise of the floor."""
    law, history = asked.known_law, asked.known_history
    given = None if target_file is None else targets.read(target_file)
    rise = price.next_rise(law, asked.month)
    outlook, flat = drawn[AS_IS], drawn[FLAT]
    wanted = targets.resolution(law, history, outlook.places)
    published = targets.published(history, asked.month)
    if given is not None:
        _within(given, outlook, str(target_file))
        published = pd.concat([published, given], ignore_index=True).drop_duplicates(["place", "month"], keep="last")
    counts = counted.last_counts(history, outlook.places, asked.month)
    parts = [
        rows_of(outlook),
        _chances(outlook, wanted),
        _last_published(outlook, published),
        _rise(outlook, flat, rise),
    ]
    rows = pd.concat(parts, axis=1)
    rows = rows.join(counts.set_index("place").add_prefix("count_"))
    order = rows.drop(index=NATION).sort_values(["chance_goal_lasting", "chance_goal"], ascending=False, kind="stable")
    rows = pd.concat([rows.loc[[NATION]], order]).rename_axis("place").reset_index()
    return Board(asked, rise, outlook, flat, wanted, counts, rows, paths_of(outlook))


def _within(given: pd.DataFrame, outlook: Outlook, file: str) -> None:
    """Raise an error for a target that no row of the board can hold."""
    for row in frames.rows(given):
        outlook.at(str(row.month))
        if row.place not in outlook.all:
            where = read_place(str(row.place), at=row.month)
            raise UserError("{file}: {error}", file=Path(file).name, error=no_row(where))


def no_row(place: Place) -> UserError:
    """Return why the board has no row of a place, and where it is counted.

    >>> print(no_row(read_place("Phú Thọ (2025)/Đà Bắc")))
    Phú Thọ (2025)/Đà Bắc is a commune; the board holds the nation and its provinces: it is counted in Phú Thọ (2025)
    """
    level = Both(vi=term(f"level.{place.level}", "vi"), en=term(f"level.{place.level}", "en"))
    alone = "{place} is a {level}; the board holds the nation and its provinces"
    above = "{place} is a {level}; the board holds the nation and its provinces: it is counted in {above}"
    upper = "".join(place.lineage[1:2])
    return UserError(above if upper else alone, place=place.name, level=level, above=upper)


def paths_of(outlook: Outlook) -> pd.DataFrame:
    """Return the path of each place: place, month, measure, :data:`PROBABILITIES` and mean, whole persons.

    The numbers of the nation are quantiles of the sums of its provinces, never sums of quantiles.
    """
    parts = []
    for name in outlook.all:
        for measure in MEASURES:
            values = outlook.of(name, measure)
            quantiles = np.quantile(values, list(PROBABILITIES.values()), axis=1)
            columns = dict(zip(PROBABILITIES, np.rint(quantiles), strict=True)) | {"mean": np.rint(values.mean(axis=1))}
            frame = pd.DataFrame({"month": outlook.months.astype(str), "measure": measure} | columns)
            parts.append(frame.assign(place=name))
    table = pd.concat(parts, ignore_index=True)
    return table[["place", "month", "measure", *PROBABILITIES, "mean"]]


def rows_of(outlook: Outlook) -> pd.DataFrame:
    """Return where each place stands: `median`, `low` and `high` (90%) with the name of a month.

    `now`, `now_lasting` (today), `december`, `march` (this winter, members), `goal`, `goal_lasting` (December 2030).
    """
    year = outlook.months[0].year + (outlook.months[0].month == 12)
    asked = {
        "now": (0, "members"),
        "now_lasting": (0, "lasting_members"),
        "december": (outlook.at(f"{year}-12"), "members"),
        "march": (outlook.at(f"{year + 1}-03"), "members"),
        "goal": (len(outlook.months) - 1, "members"),
        "goal_lasting": (len(outlook.months) - 1, "lasting_members"),
    }
    rows = {}
    for name in outlook.all:
        rows[name] = {
            f"{which}_{when}": value
            for when, (t, measure) in asked.items()
            for which, value in _three(outlook.of(name, measure)[t]).items()
        }
    return pd.DataFrame.from_dict(rows, orient="index")


def _three(values: np.ndarray) -> dict[str, float]:
    """Return median and ends of the 90% interval, whole persons."""
    low, median, high = np.rint(np.quantile(values, (0.05, 0.5, 0.95)))
    return {"median": float(median), "low": float(low), "high": float(high)}


def _chances(outlook: Outlook, wanted: pd.DataFrame) -> pd.DataFrame:
    """Return targets of review and goal, the chance that members and lasting members reach them, and the path needed.

    `needed` and `expected` are lasting members to be gained in a month from today to the goal, in the middle.
    """
    rows: dict[str, dict[str, object]] = {name: {} for name in outlook.all}
    last = len(outlook.months) - 1
    for row in frames.rows(wanted):
        when = {targets.REVIEW: "review", targets.GOAL: "goal"}[str(row.month)]
        if row.month > str(outlook.months[-1]):
            continue
        at, name, goal = outlook.at(str(row.month)), str(row.place), float(str(row.target))
        members, lasting = outlook.of(name), outlook.of(name, "lasting_members")
        rows[name] |= {
            f"target_{when}": goal,
            f"basis_{when}": row.basis,
            f"chance_{when}": float((members[at] >= goal).mean()),
            f"chance_{when}_lasting": float((lasting[at] >= goal).mean()),
        }
        if when == "goal":
            rows[name] |= {
                "needed": float(np.median(np.maximum(goal - lasting[0], 0)) / at),
                "expected": float(np.median(lasting[last] - lasting[0]) / last),
            }
    return pd.DataFrame.from_dict(rows, orient="index").reindex(columns=CHANCES)


def _last_published(outlook: Outlook, published: pd.DataFrame) -> pd.DataFrame:
    """Return each place's own published target that lies within the board's months, the last one, and its chance."""
    latest = published[published["place"].isin(outlook.all) & (published["month"] <= str(outlook.months[-1]))]
    latest = latest.sort_values("month", kind="stable").drop_duplicates("place", keep="last")
    rows = {
        row.place: {
            "own_target": row.target,
            "own_month": row.month,
            "own_chance": float((outlook.of(row.place)[outlook.at(row.month)] >= row.target).mean()),
        }
        for row in frames.rows(latest)
    }
    columns = ["own_target", "own_month", "own_chance"]
    return pd.DataFrame.from_dict(rows, orient="index", columns=columns).reindex(list(outlook.all))


def _rise(outlook: Outlook, flat: Outlook, rise: price.Rise) -> pd.DataFrame:
    """Return what the rise of the floor does to lasting members, paired: a year later and in the last month."""
    year = (tables.month(rise.month) + 11).strftime("%Y-%m")
    months = {"rise_year": year, "rise_goal": str(outlook.months[-1])}
    rows: dict[str, dict[str, float]] = {}
    for name in outlook.all:
        gap = outlook.of(name, "lasting_members") - flat.of(name, "lasting_members")
        rows[name] = {
            f"{which}_{when}": value
            for when, month in months.items()
            for which, value in _three(gap[outlook.at(month)]).items()
        }
        rows[name]["rise_fewer"] = float((gap[outlook.at(year)] < 0).mean())
    return pd.DataFrame.from_dict(rows, orient="index")
