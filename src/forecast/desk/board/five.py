"""The five places of the articles in their present form: communes, wards and provinces of today, from today to 2030."""

from dataclasses import replace
from typing import NamedTuple

import numpy as np
import pandas as pd

from forecast.data import frames, places, tables
from forecast.desk.board import counted, price
from forecast.desk.board.board import Board
from forecast.desk.board.outlook import few
from forecast.engines.campaign.ahead import ahead
from forecast.engines.campaign.beliefs import states
from forecast.engines.campaign.kept import learned
from forecast.engines.campaign.known import known_at
from forecast.language import words


class Present(NamedTuple):
    """A place of the articles: its name then and now, and the unit whose name people read."""

    then: str
    now: str
    unit: str

    def name(self, lang: str) -> str:
        """Return what people call it, as everywhere else.

        >>> FIVE[3].name("vi")
        'Lào Cai (cùng Yên Bái)'
        """
        return words.form(self.unit, "place", lang)


FIVE = (
    Present("Đà Bắc", "Phú Thọ (2025)", "Phú Thọ (2025)/Đà Bắc cũ"),
    Present("Đông Triều", "Quảng Ninh", "Quảng Ninh/Đông Triều cũ"),
    Present("Hà Nội", "Hà Nội", "Hà Nội"),
    Present("Lào Cai", "Lào Cai (2025)", "Lào Cai (2025)"),
    Present("Cà Mau", "Cà Mau (2025)", "Cà Mau (2025)"),
)


def communes_of(then: str, now: str) -> list[str]:
    """Return the communes of today in which people of an old district are counted; all of a province.

    >>> len(communes_of("Đà Bắc", "Phú Thọ (2025)")), len(communes_of("Hà Nội", "Hà Nội"))
    (7, 126)
    """
    moves = places.crosswalk()
    communes = moves.loc[moves["old"].str.startswith(then + "/") & moves["new"].str.startswith(now + "/"), "new"]
    if places.read_place(then).level == "district":
        return sorted(set(communes))
    return list(places.read_place(now, at="2026-01").communes["commune"])


def five(board: Board) -> pd.DataFrame:
    """Return the five, one row each: vi, en, communes, last (count), and medians and ends (90%) of the board's draws.

    `last` is the month of the last count, as in the board, and `last_age` how many months ago that was.

    A district that is gone is drawn by the engine from its own counts, with the nation and the luck of the board; a
    province is the board's own.
    """
    rows = []
    for place in FIVE:
        members, lasting, flat = _draws(board, place)
        year = tables.month(board.asked.month)
        december = f"{year.year + (year.month == 12)}-12"
        at = {"december": board.outlook.at(december), "march": board.outlook.at(str(tables.month(december) + 3))}
        name = place.then if _gone(place) else place.now
        counts = counted.last_counts(board.asked.known_history, (name,), board.asked.month).set_index("place")
        gap = lasting - flat
        rows.append(
            {
                "vi": place.name("vi"),
                "en": place.name("en"),
                "communes": len(communes_of(place.then, place.now)),
                "last": frames.at(counts, name, "month"),
                "last_age": frames.at(counts, name, "age"),
                "now": float(np.median(members[0])),
                "december": float(np.median(members[at["december"]])),
                "march": float(np.median(members[at["march"]])),
                "goal": float(np.median(members[-1])),
                "goal_lasting": float(np.median(lasting[-1])),
                "low": float(np.quantile(lasting[-1], 0.05)),
                "high": float(np.quantile(lasting[-1], 0.95)),
                "taken": -float(np.median(gap[board.outlook.at(f"{board.rise.month[:4]}-12")])),
            }
        )
    return pd.DataFrame(rows)


def _gone(place: Present) -> bool:
    """Return whether it was a district, which there are none of any more."""
    return places.read_place(place.then).level == "district"


def _draws(board: Board, place: Present) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return members, lasting members, and lasting members without the rise of the floor, (months, draws) each."""
    if not _gone(place):
        outlook, flat = board.outlook, board.flat
        return outlook.of(place.now), outlook.of(place.now, "lasting_members"), flat.of(place.now, "lasting_members")
    asked, law = board.asked, board.asked.known_law
    known = known_at(asked.known_history, tables.month(asked.month), law)
    beliefs = few(learned(known), asked.draws)
    state = states(beliefs, place.then)
    without = replace(known, law=price.without(law, board.rise))
    both = [
        ahead(beliefs, place.then, asked.months, range(asked.draws), asked.seed, k, state) for k in (known, without)
    ]
    return both[0].members, both[0].lasting, both[1].lasting
