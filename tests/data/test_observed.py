"""One rule for what counts as an observation, and no page with one of its own."""

import re
from pathlib import Path

import forecast
from forecast.data import history, places, tables
from forecast.show import history as happened

SHOW = Path(forecast.__file__).parent / "show"


def test_no_page_says_for_itself_what_an_observation_is():
    own = re.compile(r"""kind["']?\]?\s*(==|!=)\s*["']observation""")
    found = [path.name for path in SHOW.glob("*.py") if own.search(path.read_text(encoding="utf-8"))]
    assert found == []


def test_what_contradicts_or_is_of_another_scheme_neither_counts_nor_is_drawn():
    place = places.read_place("Cà Mau")
    rows = history.with_plans(place.history, "members")
    seen = history.observed(rows)
    whole = tables.read(tables.data_dir() / "history.csv", "history")
    other = whole[(whole["scheme"] != history.SCHEME) | (whole["status"] == "conflicting")]
    assert len(seen) and not set(rows.index) & set(other[other["place"] == place.name].index)
    assert set(rows["kind"]) - {"observation"} == set(history.PLANNED)
    first, last = (seen.sort_values("month")["value"].iloc[at] for at in (0, -1))
    assert happened._growth(rows) == last / first  # plans are no counts
