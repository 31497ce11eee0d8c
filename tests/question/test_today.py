"""The questions of today about the five places of the articles: they stand, and their targets are the board's."""

import pytest

from forecast.data import tables
from forecast.data.law import read_law
from forecast.data.places import read_place
from forecast.desk.board import targets
from forecast.question.scenario import read_scenario

FOLDER = tables.data_dir() / "scenarios" / "today"
# Slug -> place, the province of which it is a part, and where its opening comes from.
FIVE = {
    "da-bac": ("Phú Thọ (2025)/Đà Bắc cũ", "Phú Thọ (2025)", "borrowed"),
    "dong-trieu": ("Quảng Ninh/Đông Triều cũ", "Quảng Ninh", "borrowed"),
    "ha-noi": ("Hà Nội", "Hà Nội", "stated"),
    "lao-cai": ("Lào Cai (2025)", "Lào Cai (2025)", "derived"),
    "ca-mau": ("Cà Mau (2025)", "Cà Mau (2025)", "borrowed"),
}


def test_every_file_of_the_folder_is_known_here():
    assert {p.stem for p in FOLDER.glob("*.yaml")} == {
        f"{s}-2030-{kind}" for s in FIVE for kind in ("plan", "status-quo")
    }


@pytest.mark.parametrize("slug", FIVE)
def test_plan_and_status_quo_ask_the_same_about_today(slug):
    place, province, opening = FIVE[slug]
    plan, quo = (read_scenario(FOLDER / f"{slug}-2030-{kind}.yaml") for kind in ("plan", "status-quo"))
    assert plan.place.name == quo.place.name == place and plan.opening[2] == opening
    assert (plan.start, plan.until, plan.target) == (quo.start, quo.until, quo.target)
    assert plan.plan.changed(quo.plan) == {"reminders", "training", "visits"} and not quo.policy.levers


@pytest.mark.parametrize("slug", FIVE)
def test_the_target_is_the_places_share_of_the_nations(slug):
    place, province, _ = FIVE[slug]
    history = tables.read(tables.data_dir() / "history.csv", "history")
    units = tables.read(tables.data_dir() / "places.csv", "places").set_index("place")
    alive = units[
        (units["level"] == "province") & (units["since"] <= "2026-10") & ~units["until"].between("0", "2026-10")
    ]
    rows = targets.resolution(read_law(), history, tuple(alive.index))
    part = rows.loc[(rows["place"] == province) & (rows["month"] == targets.GOAL), "target"].iloc[0]
    wanted = read_scenario(FOLDER / f"{slug}-2030-plan.yaml").target.value
    own = read_place(place, at="2026-10").labor_force / read_place(province, at="2026-10").labor_force
    assert wanted == round(part * own)
