"""What the project's own tables promise: complete, sourced, explained, and never mixing what must be kept apart."""

import re

import pytest

from forecast.checks import check, conflicts
from forecast.data import history as facts
from forecast.data import tables, vocabulary

DATA = tables.data_dir()


@pytest.fixture(scope="module")
def history():
    return tables.read(DATA / "history.csv", "history")


@pytest.fixture(scope="module")
def sources():
    return tables.read(DATA / "sources.csv", "sources").set_index("source")


@pytest.fixture(scope="module")
def evidence():
    return tables.read(DATA / "evidence.csv", "evidence")


@pytest.fixture(scope="module")
def parameters():
    return tables.read(DATA / "parameters.csv", "parameters")


@pytest.fixture(scope="module")
def dictionary():
    return (DATA / "README.md").read_text(encoding="utf-8")


def value(history, place, month, measure, **equal):
    """Return the one value with these properties."""
    equal = {"scheme": "voluntary_si", "group": "all", "place": place, "month": month, "measure": measure} | equal
    rows = history
    for column, wanted in equal.items():
        rows = rows[rows[column] == wanted]
    assert len(rows) == 1, rows
    return rows["value"].iloc[0]


@pytest.mark.parametrize(
    ("place", "month", "measure", "more", "number"),
    [
        ("Đà Bắc", "2020-10", "members", {}, 648),
        ("Đà Bắc", "2020-12", "members", {"kind": "plan"}, 750),
        ("Đà Bắc", "2020-10", "money", {}, 1.3e9),
        ("Đà Bắc", "2020-12", "money", {"kind": "plan"}, 1.5e9),
        ("Đông Triều", "2021-11", "members", {}, 3550),
        ("Đông Triều", "2020-11", "members", {"status": "derived"}, 2591),
        ("Đông Triều", "2021-12", "members", {"kind": "plan"}, 3656),
        ("Đông Triều", "2021-11", "members", {"scheme": "household_hi"}, 139_200),
        ("Đông Triều", "2021-12", "campaign_days", {}, 4),
        ("Đông Triều", "2021-11", "money", {"scheme": "all_schemes"}, 383.9e9),
        ("Hà Nội", "2021-12", "members", {"status": "stated"}, 63_300),
        ("Hà Nội", "2021-12", "members", {"status": "conflicting"}, 63_000),
        ("Hà Nội", "2022-12", "members", {"kind": "target"}, 100_000),
        ("Hà Nội", "2022-12", "entries", {}, 37_000),
        ("Hà Nội/30 xã điểm", "2021-12", "entries_per_commune", {}, 115),
        ("Lào Cai", "2023-10", "members", {}, 8700),
        ("Lào Cai", "2023-10", "members", {"group": "poor"}, 67),
        ("Lào Cai", "2023-10", "members", {"group": "near_poor"}, 111),
        ("Cà Mau", "2025-12", "members", {}, 116_400),
        ("Cà Mau", "2025-12", "members_share", {}, 19.61),
        ("Cà Mau", "2025-12", "members", {"scheme": "compulsory_si"}, 86_383),
        ("Cà Mau", "2021-12", "members", {"kind": "observation"}, 26_948),
        ("Cà Mau", "2022-06", "members", {}, 21_824),
        ("Việt Nam", "2021-12", "members", {"kind": "observation"}, 1_450_000),
        ("Việt Nam", "2023-12", "members", {"kind": "observation", "status": "stated"}, 1_830_000),
        ("Việt Nam", "2024-12", "members", {}, 2_311_000),
        ("Việt Nam", "2025-11", "members", {}, 2_016_000),
        ("Việt Nam", "2025-12", "members", {"kind": "observation", "status": "derived"}, 3_071_900),
        ("Việt Nam", "2025-12", "members", {"kind": "plan"}, 2_947_000),
        ("Hà Nội", "2025-06", "members", {}, 112_293),
        ("Cà Mau", "2024-09", "members", {}, 28_500),
        ("Lào Cai (2025)", "2025-12", "members", {"kind": "observation"}, 80_900),
    ],
)
def test_the_figures_of_the_articles_are_there(history, place, month, measure, more, number):
    assert value(history, place, month, measure, **more) == number


def test_every_source_that_is_named_is_listed(sources):
    for table in ("history", "law", "places", "crosswalk", "parameters", "evidence"):
        named = set(tables.read(DATA / f"{table}.csv", table)["source"]) - {""}
        assert named <= set(sources.index), table


def test_figures_of_articles_say_where_they_stand(history):
    articles = ("hoabinh-da-bac-2020", "vtc-dong-trieu-2021", "chinhphu-ha-noi-2022", "lao-cai-2023", "ca-mau-2021")
    rows = history[history["source"].isin(articles)]
    assert set(rows["source"]) == set(articles)
    assert rows["locator"].str.fullmatch(r"paragraph [0-9]+( and [0-9]+)*").all()


def test_derived_figures_say_how(history):
    derived = history[(history["status"] == "derived")]
    assert derived["note"].str.contains("formula: ").all()


def test_formulas_give_the_values(history):
    frame = history.assign(t=history["month"])
    for row in (row for _, row in frame[frame["note"].str.contains("formula: ")].iterrows()):
        text = conflicts.written_out(row["note"].split("formula: ")[1].split(";")[0], row, frame)
        assert conflicts.calculate(text) == pytest.approx(row["value"], rel=5e-3), row


def test_a_count_that_follows_from_a_later_one_names_it_and_was_not_known_before(history):
    rows = history[
        (history["measure"] == "members")
        & history["note"].str.contains(r"formula: \[")
        & (history["status"] != "conflicting")
    ]
    assert len(rows) > 15
    for row in rows.itertuples():
        assert re.search(r"formula: \[([0-9-]+)\]", row.note)[1] > row.month, row
    known = {("Việt Nam", "2023-09"): "2024-09", ("Việt Nam", "2024-03"): "2025-03", ("Hà Nội", "2024-06"): "2025-06"}
    for (place, counted), month in known.items():
        assert rows.loc[(rows["place"] == place) & (rows["month"] == counted), "known"].tolist() == [month]


def test_every_count_says_when_it_was_known_and_how_far_it_may_be_off(history):
    rows = history[
        (history["scheme"] == "voluntary_si")
        & (history["measure"] == "members")
        & (history["kind"] == "observation")
        & (history["status"] != "conflicting")
    ]
    assert len(rows) > 110
    assert (rows["known"] >= rows["month"]).all()
    bounds = rows["use"] == "no"
    assert rows.loc[~bounds, "error"].between(0.01, 0.2).all() and rows.loc[bounds, "error"].isna().all()
    assert not (facts.usable(history) & history["status"].isin(("recalled", "conflicting"))).any()
    rough = rows[rows["error"] >= 0.1]
    assert len(rough) >= 5 and not facts.usable(rough, learn=False).any() and facts.usable(rough).all()


def test_recalled_figures_are_marked(history, sources):
    unchecked = history.loc[history["source"].isin(["recalled", "vhlss-2021"]), "status"]
    assert unchecked.isin(["recalled", "conflicting"]).all()
    assert sources.loc["recalled", "publisher"] == sources.loc["judgement", "publisher"]


def test_contradictions_name_their_rule(history):
    for note in history.loc[history["status"] == "conflicting", "note"]:
        tags = re.findall(r"conflict:([a-z-]+)", note)
        assert tags
        assert set(tags) <= set(check.RULES)


def test_no_count_is_listed_twice(history):
    counts = history[(history["measure"] == "members") & (history["status"] != "conflicting")]
    keys = ["scheme", "place", "month", "group", "kind"]
    assert not counts[counts["kind"] == "observation"].duplicated(keys).any()


def test_shares_say_what_they_are_a_share_of(history):
    shares = history[history["measure"].isin(["members_share", "trained_share", "informed_share", "visited_share"])]
    assert (shares["denominator"] != "").all()


def test_every_measure_is_used_and_explained(history, dictionary):
    assert set(history["measure"]) == set(vocabulary.HISTORY_MEASURES)
    for measure, units in vocabulary.HISTORY_MEASURES.items():
        assert f"| {measure} | {', '.join(units)} |" in dictionary, measure


def test_every_table_and_column_is_explained(dictionary):
    for table in set(tables.SCHEMAS) - {"projection", "published"}:
        part = dictionary.split(f"## {table}.csv")[1].split("\n## ")[0]
        explained = {
            name
            for line in part.splitlines()
            if line.startswith("|")
            for name in line.split("|")[1].replace(" ", "").split(",")
        }
        assert set(tables.columns(table)) <= explained, table


def test_every_rule_is_explained(dictionary):
    part = dictionary.split("## What `forecast check` looks for")[1]
    assert {line.split("|")[1].strip() for line in part.splitlines() if line.startswith("|")} >= set(check.RULES)


def test_every_denominator_is_explained(dictionary):
    assert all(name in dictionary for name in vocabulary.DENOMINATORS)


def test_parameters_have_a_range_within_their_limits(parameters):
    rows = parameters[parameters["kind"] != "opening"]
    assert (rows["low"] < rows["high"]).all()
    assert (rows["low"] >= rows["least"]).all() and not (rows["high"] > rows["most"]).any()
    assert not ((rows["open"].isin(("least", "both"))) & (rows["low"] == rows["least"])).any()
    assert {"entry_rate", "price_response", "annual_lapse", "campaign_rise", "frailty_shape"} <= set(rows["parameter"])
    assert (parameters["kind"] == "opening").sum() == 2


def test_parameters_do_not_share_a_name_with_a_study(evidence, parameters):
    assert not set(parameters["parameter"]) & set(evidence["measure"])


def test_studies_without_a_number_say_what_they_teach(evidence):
    silent = evidence[evidence["value"].isna()]
    assert len(silent)
    assert silent["use"].str.startswith("no number: ").all()


def test_support_that_a_study_claims_is_for_a_real_parameter(evidence, parameters):
    claimed = {name for cell in evidence["supports"] for name in cell.split()}
    assert claimed
    assert claimed <= set(parameters.loc[parameters["kind"] == "parameter", "parameter"])
    assert not evidence["use"].str.contains("supports").any()  # columns say it, no prose


def test_the_price_response_follows_from_its_studies(parameters):
    rows = parameters.set_index("parameter").loc["price_response"]
    burden = 138_600 / 4_205_000  # net price / income per head, 2021
    for name, elasticity in (("low", 0.1), ("value", 0.5), ("high", 1.9)):
        assert rows[name] == pytest.approx(elasticity / (burden * 0.85), rel=0.15)
