"""What calibration read of the tables, item by item, and what of it is not so any more.

An item (`ITEM`) says the file, what in it, and its value as text, so that all of them can be kept beside what was
learned and compared with the tables of today: what changed has a name, and what nobody read may change without harm.
"""

import hashlib
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import pandas as pd
import yaml

from forecast.beliefs.counts import DENSE, NATION, POLICIES, assumes_collectors, errors, figures, is_track
from forecast.beliefs.parameters import parameters_table
from forecast.data import tables
from forecast.data.frames import rows as rows_of
from forecast.data.history import observed
from forecast.data.law import Law, read_law
from forecast.data.places import Place, read_place
from forecast.data.vocabulary import SCHEME

ITEM = ["file", "item", "value"]
REFERENCE_MONTH = "2021-06"  # entry_rate is measured at its prices, which are read as well
# Rules of the law that the stock engine reads, and the beginning of the names of others.
RULES = (
    "contribution_rate",
    "min_declared_income",
    "max_declared_income",
    "state_subsidy_share",
    "local_top_up_share",
    "total_support_share",
    "min_years_for_pension",
    "subsidy_max_months",
)
MODES = "payment_mode_"
UNREAD = ["month_noise"]  # months have no luck in calibration


def spans(places: Iterable[Place]) -> dict[str, tuple[str, str]]:
    """Return the first and last month in which calibration over `places` reads the law of each place and those above.

    >>> spans([read_place("Cà Mau")])
    {'Cà Mau': ('2019-12', '2024-09'), 'Việt Nam': ('2019-12', '2024-09')}
    """
    found: dict[str, tuple[str, str]] = {}
    for place in places:
        rows = figures(place)
        months = rows.loc[rows["measure"] == "members", "month"]
        for name in place.lineage if len(months) else ():
            known = [*months, *found.get(name, ()), *([REFERENCE_MONTH] if name == NATION else [])]
            found[name] = (min(known), max(known))
    return found


def read_by_calibration(places: Iterable[Place], law: Law | None = None) -> pd.DataFrame:
    """Return all that calibration over `places` reads, ITEM: figures, parameters, places, law, scenario files."""
    several = list(places)
    rows = pd.concat([figures(place) for place in several], ignore_index=True)
    tracks = [place for place in several if is_track(place)]
    months, given = spans(several), {place.name: place for place in several}
    names = [*months, *([DENSE] if any(assumes_collectors(place) for place in tracks) else [])]
    files = sorted(POLICIES[place.name] for place in tracks if place.name in POLICIES)
    return pd.concat(
        [
            history_items(rows),
            parameter_items(),
            place_items(given.get(name) or read_place(name) for name in dict.fromkeys(names)),
            law_items(law or read_law(), months),
            *(scenario_items(name) for name in files),
        ],
        ignore_index=True,
    )


def history_items(rows: pd.DataFrame) -> pd.DataFrame:
    """Return rows of a history as ITEM: a figure by place, month, measure, group and source, with status and error."""
    found = []
    for row in rows_of(rows.assign(sd=errors(rows))):
        group = "" if row.group == "all" else f" {row.group}"
        error = f", error {row.sd:.3g}" if row.measure == "members" else ""
        told = f"{row.value:.12g} {row.unit}, {row.status}{error}"
        found.append(("history.csv", f"{row.place} {row.month} {row.measure}{group} ({row.source})", told))
    return _items(found)


def parameter_items() -> pd.DataFrame:
    """Return the parameters as ITEM: the center of each, of the learned ones their range and distance as well."""
    found = []
    for row in rows_of(parameters_table().drop(index=UNREAD, errors="ignore")):
        more = "" if math.isnan(row.learned) else f" ({row.low:.12g} to {row.high:.12g}, distance {row.distance:g})"
        found.append(("parameters.csv", str(row.Index), f"{row.value:.12g}{more}"))
    return _items(found)


def place_items(places: Iterable[Place]) -> pd.DataFrame:
    """Return places as ITEM: a hash of what engines read of each, people by commune and group and what contains it."""
    found = []
    for place in places:
        columns = ["commune", "district", "eligible", "households", "poor_share", "near_poor_share", "minority_share"]
        text = json.dumps([place.lineage, place.eligible]) + place.communes[columns].to_csv(index=False)
        found.append(("places.csv", place.name, _hash(text)))
    return _items(found)


def law_items(law: Law, months: Mapping[str, Sequence[str]]) -> pd.DataFrame:
    """Return the rules in force in places within their `months` (first, last) as ITEM, cut to these."""
    frame = law.frame
    named = frame["parameter"].isin(RULES) | frame["parameter"].str.startswith(MODES)
    frame = frame[(frame["scheme"] == SCHEME) & named & frame["value"].notna()]
    found = []
    for name, (first, last) in months.items():
        rows = frame[(frame["place"] == name) & (frame["since"] <= last)]
        for row in rows_of(rows[(rows["until"] == "") | (rows["until"] >= first)]):
            span = f"{max(row.since, first)} to {min(row.until or last, last)}"
            found.append(("law.csv", f"{row.parameter} {row.group} {name} {span}", f"{row.value:.12g}"))
    return _items(found)


def scenario_items(name: str) -> pd.DataFrame:
    """Return the policy of a scenario file of the data folder as ITEM: a hash of its levers, or "none"."""
    path, policy = tables.data_dir() / "scenarios" / f"{name}.yaml", "none"
    if path.is_file():
        try:
            levers = (yaml.safe_load(path.read_text(encoding="utf-8")) or {}).get("policy")
        except (yaml.YAMLError, UnicodeDecodeError, AttributeError) as error:
            raise tables.UserError(f"{path}: not a scenario in YAML: {' '.join(str(error).split())}") from None
        policy = _hash(json.dumps(levers, sort_keys=True, default=str))
    return _items([(f"scenarios/{name}.yaml", "policy", policy)])


def changed(read: pd.DataFrame, months: Mapping[str, Sequence[str]]) -> list[str]:
    """Return what of `read` (ITEM, with the months of its law) is not so any more, one line each, none where all is.

    What nobody read then may come, go or change: other places, newer counts, parameters of new levers, later rules.
    """
    history = tables.read(tables.data_dir() / "history.csv", "history")
    old = {str(file): part for file, part in read.groupby("file", sort=False)}
    there = known_places()
    names = [name for name in old.get("places.csv", read[:0])["item"] if name in there]
    incomes = history[(history["measure"] == "income_per_head") & history["value"].notna()]
    now = [history_items(pd.concat([observed(history), incomes])), parameter_items(), law_items(read_law(), months)]
    now += [place_items(read_place(name) for name in names)]
    now += [scenario_items(Path(file).stem) for file in old if file.startswith("scenarios/")]
    found = pd.concat(now, ignore_index=True)
    lines = _differences(read, found)
    new = _without(found[found["file"] == "law.csv"], read)
    rules = (*RULES, *(name for name in old.get("law.csv", read[:0])["item"].str.split().str[0] if name not in RULES))
    lines += [
        f"law.csv: {row.item}: none then, {row.value} now"
        for row in rows_of(new[new["item"].str.split().str[0].isin(rules)])
        if row.item not in set(read["item"])
    ]
    return lines


def newer(read: pd.DataFrame, places: Iterable[str]) -> list[str]:
    """Return the figures of `places` that calibration would read today and had not read when it read `read` (ITEM)."""
    there = known_places()
    rows = pd.concat([figures(read_place(name)) for name in places if name in there], ignore_index=True)
    new = _without(history_items(rows), read)
    return [f"{row.item}: {row.value}" for row in rows_of(new)]


def known_places() -> set[str]:
    """Return the names of all places of data/places.csv."""
    return set(tables.read(tables.data_dir() / "places.csv", "places")["place"])


def _differences(read: pd.DataFrame, now: pd.DataFrame) -> list[str]:
    gone, values = _without(read, now), now.groupby(["file", "item"])["value"].agg(" / ".join)
    return [
        f"{row.file}: {row.item}: {row.value} then, {values.get((row.file, row.item), 'none')} now"
        for row in rows_of(gone)
    ]


def _without(rows: pd.DataFrame, others: pd.DataFrame) -> pd.DataFrame:
    """Rows of ITEM that do not stand among `others`."""
    known = set(others[ITEM].itertuples(index=False, name=None))
    return rows[[row not in known for row in rows[ITEM].itertuples(index=False, name=None)]]


def _items(found: list[tuple[str, str, str]]) -> pd.DataFrame:
    return pd.DataFrame(found, columns=ITEM, dtype="str").drop_duplicates(ignore_index=True)


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]
