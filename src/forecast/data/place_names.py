"""Which place a name means: as it stands in ``data/places.csv``, without diacritics, or with the word for its kind."""

import difflib
import re
import unicodedata
from functools import lru_cache
from pathlib import Path

import pandas as pd

from forecast.data import frames, tables
from forecast.data.messages import Message, joined
from forecast.data.synonyms import meant, slug, unit
from forecast.data.tables import UserError

_LARGER = {"nation": 0.15, "province": 0.1, "district": 0.05}  # what a level adds to how like a name is


@lru_cache(maxsize=8)
def _load(path: Path, changed: int, name: str) -> pd.DataFrame:
    """Read a table once for as long as its file does not change (``changed`` is its time stamp)."""
    frame = tables.read(path, name)
    return frame.set_index("place", drop=False) if name == "places" else frame


def _file(name: str) -> tuple[Path, int, str]:
    """Return what names the present content of a table of the data folder."""
    path = tables.data_dir() / f"{name}.csv"
    return path, tables.changed(path), name


def table(name: str) -> pd.DataFrame:
    """Return a table of the data folder, to be read and never written to."""
    return _load(*_file(name))


@lru_cache(maxsize=4)
def _slugs(path: Path, changed: int, name: str) -> dict[str, str]:
    """Return the slug of each name of a table: of places, or of the old units of the crosswalk."""
    frame = _load(path, changed, name)
    return {one: slug(one) for one in dict.fromkeys(frame["place" if name == "places" else "old"])}


@lru_cache(maxsize=4)
def _ends(path: Path, changed: int, name: str) -> dict[str, tuple[str, str, str]]:
    """Return level and last part of the name of each place: as it is, and without the word for its kind; no years."""
    frame = _load(path, changed, name)
    ends = {place: place.rpartition("/")[2].split(" (")[0] for place in frame["place"]}
    levels = frame["level"].to_dict()
    return {place: (levels[place], slug(end), unit(end).bare) for place, end in ends.items()}


@lru_cache(maxsize=4)
def _districts(path: Path, changed: int, name: str) -> frozenset[str]:
    """Return the slugs of the districts that stand in the names of old communes, ``PROVINCE/DISTRICT/NAME``."""
    parts = [one.split("/") for one in _slugs(path, changed, name)] if changed else []
    return frozenset(slug(each[1]) for each in parts if len(each) == 3)


def find(name: str, places: pd.DataFrame, month: str = "") -> str:
    """Return the exact name of the place that ``name`` means, or raise an error with the nearest names.

    Of several places that are called so, those of today count in a ``month`` (``YYYY-MM``) in which they exist.
    """
    exact = unicodedata.normalize("NFC", str(name)).strip()
    if exact in places.index:
        return exact
    slugs, wanted = _slugs(*_file("places")), slug(exact)
    candidates = [place for place, short in slugs.items() if short == wanted]
    if len(candidates) == 1:
        return candidates[0]
    if (other := str(meant("place")(exact))) in places.index:
        return other
    named = _with_kind(exact, places)
    named = [one for one in named if _of_today(one, places, month)] or named
    if len(named) == 1:
        return named[0]
    if len(named) > 1:
        raise UserError(
            '"{name}" is the name of {count} places: write one of {names}',
            name=name,
            count=len(named),
            names=", ".join(named[:8]),
        )
    if not candidates and (gone := _gone(wanted, places)):
        raise UserError('there is no place "{name}" with figures of its own: {gone}', name=name, gone=gone)
    if not candidates:
        candidates = _near(exact, wanted)
    if candidates:
        raise UserError('there is no place "{name}"; nearest: {found}', name=name, found=", ".join(candidates))
    raise UserError('there is no place "{name}"; data/places.csv lists all places', name=name)


def _of_today(place: str, places: pd.DataFrame, month: str) -> bool:
    """Return whether a place of today exists in a month; of those that are gone, not all communes are listed."""
    since, until = (str(frames.at(places, place, end)) for end in ("since", "until"))
    return since <= month and not until


def known(name: str) -> bool:
    """Return whether a name means one place.

    >>> known("ca mau"), known("Cà")
    (True, False)
    """
    try:
        return bool(find(name, table("places")))
    except UserError:
        return False


def _with_kind(name: str, places: pd.DataFrame) -> list[str]:
    """Return the places that are called so: by the last part of their names, with the word for their kind or without.

    ``Tỉnh Cà Mau``, ``Tú Lý``, ``xã Tú Lý, huyện Đà Bắc``. Of places that differ in diacritics alone, those that are
    spelled so; of a unit and the one of its name that took its place, the first.
    """
    first, *around = [part for part in re.split(r"\s*[,;/]\s*|\s+[-–]\s+", name) if part]
    levels, bare = unit(first)
    if not levels and not around and bare in _districts(*_file("places")) | _districts(*_file("crosswalk")):
        return []  # a commune may have kept the name of a district that is gone: which of them is meant, nobody said
    outer = [unit(part).bare for part in around]
    ends, named = _ends(*_file("places")), dict[str, str]()
    for place, (level, *end) in ends.items():
        if bare in end and (not levels or level in levels):
            above = {part for each in lineage(place, places)[1:] for part in ends.get(each, ("",))[1:]}
            if above.issuperset(outer):
                named.setdefault(re.sub(r" \(\d{4}\)", "", place), place)
    written = first.casefold()
    spelled = [one for end, one in named.items() if written.endswith(end.rpartition("/")[2].casefold())]
    return spelled or list(named.values())


def _near(name: str, wanted: str) -> list[str]:
    """Return the places whose names are most like one that is none; the last part is what people remember of it.

    What stands in parentheses is a remark; and of names as like as each other, the larger place is meant more often.
    """
    if (plain := re.sub(r"\s*\([^)]*\)", "", name)) != name and known(plain):
        return [find(plain, table("places"))]
    slugs, (levels, bare) = _slugs(*_file("places")), unit(name)
    ends = {
        place: bare_end if levels else end
        for place, (level, end, bare_end) in _ends(*_file("places")).items()
        if not levels or level in levels
    }
    if levels:
        wanted, slugs = bare, {place: slugs[place] for place in ends}
    near = difflib.get_close_matches(wanted, {*slugs.values(), *ends.values()}, n=5, cutoff=0.6)
    likely = {place: short if short in near else ends[place] for place, short in slugs.items()}
    matches = [place for place, short in likely.items() if short in near]

    def how_like(place: str) -> tuple[float, int]:
        ratio = difflib.SequenceMatcher(None, likely[place], wanted).ratio()
        return -ratio - _LARGER.get(frames.at(table("places"), place, "level"), 0.0), len(place)

    return sorted(matches, key=how_like)[:6]


def _gone(wanted: str, places: pd.DataFrame) -> Message | None:
    """Say what became of an old commune or district without a row, whose slug is ``wanted``; None if none is it."""
    if not (tables.data_dir() / "crosswalk.csv").is_file():
        return None
    dissolved: dict[tuple[str, str], list[str]] = {}
    for old, short in _slugs(*_file("crosswalk")).items():
        above, parts = old.rpartition("/")[0], old.split("/")
        if old in places.index or len(parts) < 2:
            continue
        if short == wanted:
            dissolved[old, ""] = [old]
        elif len(parts) == 3 and wanted in (slug(parts[1]), slug(above)):
            dissolved.setdefault((parts[1], parts[0]), []).append(old)
    moves = table("crosswalk")
    words = []
    for (old, above), units in dissolved.items():
        into = list(dict.fromkeys(moves.loc[moves["old"].isin(units), "new"]))
        was = "{old} was a district of {above}" if above else "{old} was a commune"
        words.append(
            Message(
                "{what} until 2025-06; its people are since counted in {units}{more}",
                what=Message(was, old=old, above=above),
                units=", ".join(into[:6]),
                more=Message(" and {count:,} more", count=len(into) - 6) if len(into) > 6 else "",
            )
        )
    return joined(words) if words else None


def lineage(name: str, places: pd.DataFrame) -> tuple[str, ...]:
    """Return the place and all that contain it, smallest first."""
    chain = [name]
    while parent := frames.at(places, chain[-1], "parent"):
        if parent not in places.index or parent in chain:
            inside = 'places.csv: "{parent}", the parent of {place}, is inside it'
            rowless = 'places.csv: "{parent}", the parent of {place}, has no row of its own'
            raise UserError(inside if parent in chain else rowless, parent=parent, place=chain[-1])
        chain.append(parent)
    return tuple(chain)
