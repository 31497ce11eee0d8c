"""What places promise: dated units whose communes add up, names found as people type them, totals kept in mergers."""

import numpy as np
import pandas as pd
import pytest

from forecast.data import tables
from forecast.data.mergers import carry, parts
from forecast.data.places import COMMUNE_COLUMNS, crosswalk, read_place, slug

PLACES = tables.read(tables.data_dir() / "places.csv", "places")
MOVES = tables.read(tables.data_dir() / "crosswalk.csv", "crosswalk")
BEFORE = {
    "Đà Bắc": ("2019-06", 17),
    "Đông Triều": ("2020-11", 21),
    "Hà Nội": ("2020-12", 579),
    "Lào Cai": ("2023-10", 152),
    "Cà Mau": ("2021-12", 101),
    "Quảng Ninh": ("2021-12", 177),
    "Hòa Bình": ("2021-12", 151),
    "Trần Văn Thời": ("2023-06", 13),
}
AFTER = {"Hà Nội": 126, "Lào Cai (2025)": 99, "Quảng Ninh": 54, "Phú Thọ (2025)": 148, "Cà Mau (2025)": 64}


@pytest.mark.parametrize("name", BEFORE)
def test_each_place_of_the_articles_has_its_old_communes(name):
    month, count = BEFORE[name]
    place = read_place(name, at=month)
    assert place.name == name
    assert len(place.communes) == place.communes["commune"].nunique() == count
    assert list(place.communes.columns) == list(COMMUNE_COLUMNS)


@pytest.mark.parametrize("name", AFTER)
def test_the_provinces_since_the_reform_have_their_new_communes(name):
    place = read_place(name, at="2026-01")
    assert len(place.communes) == AFTER[name]
    assert set(place.communes["district"]) == {""}


@pytest.mark.parametrize("at", ["2021-12", "2025-03", "2026-01"])
def test_communes_add_up_to_the_place(at):
    for name in [*BEFORE, *AFTER]:
        row = PLACES[PLACES["place"] == name].iloc[0]
        if row["since"] <= at and (not row["until"] or at <= row["until"]):
            place = read_place(name, at=at)
            for count in ("population", "eligible", "households", "hamlets"):
                assert place.communes[count].sum() == getattr(place, count)
            assert (place.communes["eligible"] > 0).all()
            assert place.group_sizes().sum() == pytest.approx(place.eligible)


def test_a_district_is_inside_its_province_and_its_communes_in_both():
    district, province = read_place("Đà Bắc"), read_place("Hòa Bình")
    inside = province.communes[province.communes["district"] == "Đà Bắc"]
    assert inside["eligible"].sum() == district.eligible
    assert set(inside["commune"]) == set(district.communes["commune"])
    assert read_place("Đà Bắc/Tú Lý").lineage == ("Đà Bắc/Tú Lý", "Đà Bắc", "Hòa Bình", "Việt Nam")


def test_figures_that_were_published_are_carried_unchanged():
    assert read_place("Đà Bắc").population == 55_000
    assert read_place("Cà Mau").eligible == 612_000
    assert read_place("Cà Mau").households == 290_846
    assert read_place("Hà Nội").population == 8_418_883
    assert read_place("Hà Nội", at="2026-01").population == 8_718_000
    assert read_place("Cà Mau (2025)").population == 2_606_672


def test_a_conflict_about_the_eligible_of_ca_mau_is_named_not_smoothed():
    note = read_place("Cà Mau").note
    assert all(figure in note for figure in ("conflicting", "36,720/6%", "593,575", "575,900"))


def test_every_row_says_where_its_figures_come_from():
    known = set(tables.read(tables.data_dir() / "sources.csv", "sources")["source"])
    assert set(PLACES["source"]) | set(MOVES["source"]) <= known
    assert set(PLACES["note"].str.findall(r"\[([a-z][a-z0-9-]+)\]").explode().dropna()) <= known
    assert PLACES["note"].str.contains("derived|stated|recalled").all()
    assert MOVES["note"].str.match("derived|stated|recalled").all()


def test_the_tree_of_places_is_whole():
    names = set(PLACES["place"])
    assert set(PLACES["parent"]) - names == {""}
    assert set(MOVES["new"]) <= names
    unlisted = {old.split("/")[0] for old in set(MOVES["old"]) - names}  # communes with no figures of their own
    assert len(unlisted) > 50 and unlisted <= names
    history = tables.read(tables.data_dir() / "history.csv", "history")
    assert set(history["place"]) <= names


@pytest.mark.parametrize("typed", ["ca-mau", "CÀ MAU", "Ca Mau", "cà mau", " Cà Mau "])
def test_a_name_is_found_as_people_type_it(typed):
    assert read_place(typed).name == "Cà Mau"


def test_an_unknown_name_is_answered_with_the_nearest_ones():
    with pytest.raises(tables.UserError, match="Cà Mau"):
        read_place("Ca Mao")
    with pytest.raises(tables.UserError, match="Đà Bắc/Tú Lý"):
        read_place("Tú Lýy")
    with pytest.raises(tables.UserError, match="Sa Pả"):
        read_place("lao-cai-sa-pa-sa-pa")
    with pytest.raises(tables.UserError, match="places.csv"):
        read_place("qqqqqqqqqq")


def test_a_commune_is_found_by_its_name_alone_where_that_means_one_of_the_month():
    assert read_place("Tú Lý").name == "Đà Bắc/Tú Lý"
    assert read_place("an xuyen", at="2026-11").name == "Cà Mau (2025)/An Xuyên"
    with pytest.raises(tables.UserError, match="of 2 places"):  # of that time not all communes are listed
        read_place("An Xuyên", at="2021-12")
    assert read_place("Phường Cam Đường", at="2026-11").name == "Lào Cai (2025)/Cam Đường"
    with pytest.raises(tables.UserError, match=r"of 2 places: write one of Hà Nội/Kim Liên, Nghệ An/Kim Liên"):
        read_place("Kim Liên", at="2026-11")
    with pytest.raises(tables.UserError, match=r"nearest: Cà Mau \(2025\)/Thới Bình"):  # it was a district as well
        read_place("Thới Bình", at="2026-11")


def test_a_place_is_one_dated_unit():
    assert read_place("Cà Mau", at="2025-06").name == "Cà Mau"
    assert read_place("ca-mau", at="2025-07").name == "Cà Mau (2025)"
    assert read_place("lao-cai", at=pd.Period("2026-01")).name == "Lào Cai (2025)"
    with pytest.raises(tables.UserError, match=r"Phú Thọ \(2025\)/Đà Bắc"):
        read_place("Đà Bắc", at="2026-01")
    with pytest.raises(tables.UserError, match="since 2025-07"):
        read_place("Cà Mau (2025)", at="2021-12")
    with pytest.raises(tables.UserError, match="YYYY-MM"):
        read_place("Cà Mau", at="2021")


def test_what_is_gone_is_answered_with_the_present_names():
    with pytest.raises(tables.UserError, match=r"Vinh was a district of Nghệ An until 2025-06.*Nghệ An/"):
        read_place("Vinh")
    with pytest.raises(tables.UserError, match=r"Nghệ An/Vinh/Quán Bàu was a commune.*Nghệ An/Vinh Hưng"):
        read_place("nghe-an-vinh-quan-bau")
    with pytest.raises(tables.UserError, match=r"Châu Thành was a district of Tây Ninh.*Châu Thành was a district of"):
        read_place("chau thanh")
    with pytest.raises(tables.UserError, match=r"Thừa Thiên Huế ended in 2025-06.*Huế"):
        read_place("Thừa Thiên Huế", at="2026-01")


def test_the_country_is_whole_in_both_geographies():
    old = PLACES[(PLACES["level"] == "province") & (PLACES["since"] == "2008-01")]
    new = PLACES[(PLACES["level"] == "province") & (PLACES["until"] == "")]
    communes = PLACES[(PLACES["level"] == "commune") & (PLACES["until"] == "")]
    assert (len(old), len(new), len(communes)) == (63, 34, 3321)
    assert (PLACES["level"] == "region").sum() == 6
    assert set(communes["parent"]) == set(new["place"])
    figures = ["population", "eligible", "labor_force", "households", "poor_share", "near_poor_share", "minority_share"]
    assert pd.concat([old, new, communes])[figures].notna().all().all()
    nation = PLACES.set_index("place").loc["Việt Nam"]
    for name in ("population", "eligible", "labor_force", "households"):
        assert old[name].sum() == pytest.approx(nation[name], rel=0.03), name
    assert new["population"].sum() == pytest.approx(101_343_750, rel=0.03)  # three of them count registered people
    gone = old[old["until"] != ""]
    assert set(gone["place"]) <= set(MOVES["old"])
    units = MOVES[~MOVES["old"].isin(PLACES.loc[PLACES["level"].isin(["province", "district"]), "place"])]
    assert units["old"].nunique() >= 10_035 and set(units["new"]) >= set(communes["place"])


@pytest.mark.parametrize("name", PLACES[(PLACES["level"] == "province") & (PLACES["until"] == "")]["place"])
def test_every_province_of_today_can_be_read_with_its_communes(name):
    place = read_place(name, at="2026-11")
    communes = PLACES[(PLACES["parent"] == name) & (PLACES["level"] == "commune")]
    assert len(place.communes) == (communes["until"] == "").sum()
    assert place.communes["eligible"].sum() == place.eligible > 0
    assert place.group_sizes().sum() == pytest.approx(place.eligible)
    assert place.lineage == (name, "Việt Nam")


def test_a_figure_that_was_filled_in_says_so():
    filled = PLACES[PLACES["note"].str.contains("median commune")]
    assert len(filled) > 107 and filled["note"].str.contains("dossier").all()
    kept = PLACES[PLACES["note"].str.contains("flagged as suspect but kept")]
    assert len(kept) == 8


@pytest.mark.parametrize(
    ("group", "old", "communes"),
    [("phu-tho-2025-da-bac-cu", "Đà Bắc", 7), ("quang-ninh-dong-trieu-cu", "Đông Triều", 5)],
)
def test_a_district_that_is_gone_lives_on_as_the_communes_in_which_its_people_are_counted(group, old, communes):
    place, then = read_place(group), read_place(old)
    assert place.level == "commune_group" and parts(place.name) == (old,) and parts(old) == ()
    assert (
        set(place.communes["commune"]) == set(MOVES.loc[MOVES["old"] == old, "new"]) and len(place.communes) == communes
    )
    assert place.eligible == then.eligible == place.communes["eligible"].sum()
    assert place.communes["minority_share"].unique().tolist() == [then.minority_share]


def test_districts_are_known_before_the_reform():
    communes = read_place("Hà Nội").communes
    assert communes["district"].replace("", np.nan).nunique() == 30
    assert (communes["district"] == "").sum() == 53


@pytest.mark.parametrize(("month", "provinces", "communes"), [("2021-12", 63, None), ("2026-11", 34, 3321)])
def test_the_nation_is_its_provinces(month, provinces, communes):
    """One team of one luck for a whole nation would tell nothing; each province counts its communes of the month."""
    nation = read_place("Việt Nam", at=month)
    assert len(nation.communes) == provinces
    assert nation.communes["eligible"].sum() == nation.eligible
    parts = nation.communes.set_index("commune")["communes"]
    assert parts["Hà Nội"] == len(read_place("Hà Nội", at=month).communes)
    assert (parts > 1).all() and parts.sum() == (communes or parts.sum())


def test_a_place_without_listed_communes_is_one_unit():
    for name in ("Nghệ An", "Nam Đàn", "Hà Nội/30 xã điểm", "Đà Bắc/Tú Lý"):
        assert read_place(name).communes["commune"].tolist() == [name]


def test_the_history_of_a_place_is_its_own():
    place = read_place("Hà Nội")
    assert set(place.history["place"]) == {"Hà Nội"}
    members = place.observed("members")
    assert members[pd.Period("2021-12")] == 63_300  # not the rounded 63,000 of the same article
    assert place.observed("members", until="2020-12").index[-1] == pd.Period("2020-12")
    assert members.index.is_unique
    assert read_place("Lào Cai").latest("members", until="2023-12", group="poor")[1] == 67
    assert read_place("Lào Cai").latest("members", until="2010-01") is None


def test_groups_split_the_eligible():
    place = read_place("Lào Cai")
    poor, near_poor, minority, other = place.group_sizes().sum(axis=0)
    assert poor / place.eligible == pytest.approx(place.poor_share)
    assert near_poor / place.eligible == pytest.approx(place.near_poor_share)
    assert minority / (minority + other) == pytest.approx(place.minority_share)


def test_shares_of_the_crosswalk_sum_to_one():
    sums = MOVES.groupby("old")["share"].sum()
    np.testing.assert_allclose(sums, 1.0, atol=1e-9)
    assert (MOVES["share"] > 0).all()
    assert not MOVES.duplicated(["old", "new"]).any()


def test_every_unit_that_ended_has_a_successor_that_lives_on():
    ended = PLACES[(PLACES["until"] != "") & (PLACES["level"] == "commune")]
    assert set(ended["place"]) <= set(MOVES["old"])
    final = set(MOVES["new"]) - set(MOVES["old"])
    assert (PLACES.set_index("place").loc[sorted(final), "until"] == "").all()


@pytest.mark.parametrize("name", ["Đà Bắc", "Đông Triều", "Hà Nội", "Lào Cai", "Cà Mau"])
def test_a_series_keeps_its_total_across_the_merger(name):
    communes = read_place(name).communes["commune"]
    months = pd.period_range("2025-01", "2025-06", freq="M")
    values = np.arange(1.0, len(communes) * len(months) + 1).reshape(len(months), -1)
    old = pd.DataFrame(values, index=months, columns=communes)
    new = carry(old)
    np.testing.assert_allclose(new.sum(axis=1), old.sum(axis=1))
    alive = PLACES.set_index("place").loc[list(new.columns), "until"]
    assert (alive == "").all()
    if name == "Đà Bắc":
        assert set(carry(pd.Series({"Đà Bắc": 648.0})).index) == set(new.columns)


def test_carrying_leaves_alone_what_did_not_change():
    series = pd.Series({"Hà Nội": 63_300.0, "ca-mau": 26_948.0}, name="2021-12")
    assert carry(series).to_dict() == {"Hà Nội": 63_300.0, "Cà Mau (2025)": 26_948.0}
    assert carry(series).name == "2021-12"
    town = pd.Series({"Đông Triều/Tân Việt": 8.0})
    assert carry(town, at="2024-12").to_dict() == {"Đông Triều/Việt Dân": 8.0}
    assert carry(town, at="2025-07").to_dict() == {"Quảng Ninh/An Sinh": 8.0}
    with pytest.raises(tables.UserError, match="no place"):
        carry(pd.Series({"Nowhere at all": 1.0}))


def test_a_missing_part_makes_a_missing_sum():
    parts = pd.Series({"Đà Bắc/Tú Lý": np.nan, "Đà Bắc/Đà Bắc": 5.0})
    assert carry(parts).isna().all()


def test_reading_changes_nothing_for_the_next_reader():
    place, moves = read_place("Đà Bắc"), crosswalk()
    place.communes["eligible"] = 0.0
    moves["share"] = 0.0
    assert read_place("Đà Bắc").communes["eligible"].sum() > 0
    assert (crosswalk()["share"] > 0).all()


def test_a_slug_is_plain():
    assert PLACES["place"].map(slug).str.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*").all()
