"""A calibration finds what made the counts, is the same on any number of cores, and says when not to use it."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from forecast.beliefs.counts import STATUS_SD, counts
from forecast.beliefs.parameters import learned_names, parameters_table, priors
from forecast.beliefs.posterior import Posterior
from forecast.calibration import cross_validation, predictive_checks, sampler
from forecast.calibration.emulator import Emulator, Shape
from forecast.calibration.likelihood import Model
from forecast.calibration.sampler import Fit, calibrate, keyed_luck, stand_in, weigh
from forecast.calibration.targets import even_classes
from forecast.data import chance, tables, toy
from forecast.data.places import read_place
from forecast.data.tables import UserError
from forecast.engines.people.draws import parameter_draws
from forecast.engines.people.stock import CLASS_SHARES, expected
from forecast.engines.people.world import make_world
from forecast.experiment.project import project
from forecast.question.levers import Policy, Visits
from forecast.question.scenario import Scenario
from forecast.show import calibration as calibration_charts
from forecast.show import validation
from made import toy_question

SHORT = (16, 20, 300)


@pytest.fixture(scope="module")
def model() -> Model:
    return predictive_checks.toy_model()


@pytest.fixture(scope="module")
def fit(model) -> Fit:
    return calibrate(model, jobs=1, plan=SHORT, progress=False)


def test_many_vectors_at_once_are_what_the_stock_engine_says_of_each(model):
    """Same formulas as `make_world`, but for the opening's whole persons, the luck of months and that of teams."""
    track = model.tracks["Toy"]
    fixed = {"month_noise": 0.0, "place_spread": 0.0, "skill_spread": 0.0}
    names = parameters_table().index
    z = np.zeros((2, len(model.coordinates)))
    z[1, :3] = 0.7, -0.5, 0.4
    drawn = model.drawn(z) | {"skill_spread": np.zeros(2), "place_effect": np.ones(2)}
    ours = track.run(drawn, dict.fromkeys((2021, 2022, 2023), np.ones(2)), np.zeros(2))
    for row in range(2):
        given = {name: float(drawn[name][row]) for name in names} | fixed
        scenario = track.scenario.but(assumptions=track.scenario.assumptions | given)
        world = make_world(scenario, range(1), 1, np.zeros(6, np.int64))
        theirs = expected(world, even_classes(np.zeros(1)))[0, :, :2]
        assert ours[row, :, 0, -1] == pytest.approx(theirs[:, 0, -1], rel=1e-3)
        assert ours[row, 1:, 1, -1] == pytest.approx(theirs[1:, 1, -1], rel=1e-3)
        assert ours[row, :, 0] == pytest.approx(theirs[:, 0], rel=5e-3)


def test_classes_of_skill_of_many_teams_have_mean_one():
    classes = even_classes(np.array([0.0, 0.4, 1.2]))
    assert np.einsum("sqd,q->sd", classes, CLASS_SHARES) == pytest.approx(1.0)
    assert (np.diff(classes[0, :, 1]) > 0).all()


def test_priors_are_as_wide_as_their_studies_are_far():
    table = priors()
    assert list(table.index) == learned_names()
    assert table.at["drive_yield", "distance"] == 0  # 63 provinces of this scheme, July 2020
    assert table.at["price_response", "distance"] == 1  # health insurance of Viet Nam
    assert table.at["visits_per_collector", "distance"] == 2  # nobody publishes it
    assert (table["widened"] == 1 + table["distance"] / 4).all()


def test_a_count_that_is_less_sure_has_a_wider_error():
    rows = counts(read_place("Việt Nam"))
    month = rows[rows["month"] == "2019-12"].reset_index(drop=True)
    assert month["status"].tolist() == ["stated", "conflicting", "conflicting"]
    assert month["sd"].iloc[0] < month["sd"].iloc[1:].min()
    assert rows.loc[rows["status"] == "stated", "sd"].min() == STATUS_SD["stated"]
    assert (rows["sd"] >= rows["error"].fillna(0)).all()  # a wide error that a row states is not narrowed


def test_each_count_is_met_at_its_own_month():
    model = Model(["Cà Mau", "Đông Triều"])
    assert [(t.place, t.month, t.value) for t in model.targets] == [
        ("Cà Mau", "2020-12", 22000.0),
        ("Cà Mau", "2021-12", 26948.0),
        ("Cà Mau", "2022-06", 21824.0),
        ("Cà Mau", "2024-09", 28500.0),
        ("Đông Triều", "2021-11", 3550.0),
    ]
    assert "effect/Cà Mau" in model.coordinates
    z = np.zeros((2, len(model.coordinates)))
    z[1, model.at["effect/Cà Mau"]] = 1.0
    change = np.diff(model.predict(z), axis=0)[0]
    assert (change[:4] > 0.005).all()
    assert change[4] == 0


def test_a_place_that_was_counted_once_tells_nothing():
    with pytest.raises(UserError, match="no counts to learn from"):
        Model(["Nam Đàn"])


def test_the_chains_are_the_same_on_any_number_of_cores_and_after_a_kill(model, fit, tmp_path):
    calibrate(model, jobs=1, plan=SHORT, progress=False, keep=tmp_path)
    for path in sorted(tmp_path.rglob("*.npz"))[::2]:
        path.unlink()
    again = calibrate(model, jobs=2, plan=SHORT, progress=False, keep=tmp_path)
    assert again.z.tobytes() == fit.z.tobytes()
    assert again.predicted.tobytes() == fit.predicted.tobytes()
    assert calibrate(model, seed=2, jobs=1, plan=SHORT, progress=False).z.tobytes() != fit.z.tobytes()


def test_slopes_of_the_stand_in_are_those_of_its_posterior(fit):
    """By differences, also of the spread of places, which no figure depends on but through their effects."""
    model = Model(["Cà Mau", "Đông Triều"], free=("entry_rate", "place_spread", "peer_effect", "rush_lapse"))
    size = len(model.coordinates)
    z = np.random.default_rng(1).normal(size=(150, size))
    emulator = Emulator.fit(model, Shape.of(np.zeros(size), np.eye(size)), z, model.predict(z))
    slope, step = emulator.log_posterior(z[:5])[1], 1e-5 * np.eye(size)
    for i in range(size):
        up, down = (emulator.log_posterior(z[:5] + way * step[i])[0] for way in (1, -1))
        assert slope[:, i] == pytest.approx((up - down) / 2e-5, rel=1e-4, abs=1e-5)
    assert emulator.predict(z) == pytest.approx(model.predict(z), abs=0.3)  # of the log of a count, years ahead


def test_what_is_kept_is_the_engines_own_prediction(model, fit):
    assert model.predict(fit.z[:5]) == pytest.approx(fit.predicted[:5], rel=1e-12)
    assert 0.5 < fit.accepted <= 1
    assert fit.divergences == 0


def test_weights_turn_the_stand_ins_posterior_into_the_engines(model, fit):
    """A stand-in that is wrong by a shift of one figure leads elsewhere; weights bring its draws back."""
    place = fit.emulator.places[0]
    shifted = replace(fit.emulator, places=[place._replace(level=place.level + 0.07), *fit.emulator.places[1:]])
    z = stand_in(shifted, fit.z[:64], 60, keyed_luck(1, "test"))[0][20:].reshape(-1, fit.z.shape[1])[::2]
    rows, effective, khat = weigh(shifted, z, model.predict(z))
    i = model.at["effect/Toy 2"]
    truth = fit.z[:, i].mean()
    assert abs(z[:, i].mean() - truth) > 0.25
    assert abs(z[rows, i].mean() - truth) < 0.15
    assert effective < len(z)
    assert khat < 1


def test_counts_narrow_what_they_are_about(model):
    """Counts that double the members of one district raise its effect, not so much that of the other."""
    seen = model.seen + np.where([t.place == "Toy" for t in model.targets], 0.7, 0.0)
    z = calibrate(predictive_checks.given(model, seen), jobs=1, plan=SHORT, progress=False).z
    mean = dict(zip(model.coordinates, z.mean(axis=0), strict=True))
    assert mean["effect/Toy"] > 0.5
    assert mean["effect/Toy"] > mean["effect/Toy 2"] + 0.5
    assert z[:, model.at["effect/Toy"]].var() < 0.9


def test_truths_are_found_and_their_ranks_are_uniform(model):
    """A small version of `forecast calibrate --check`: pooled over coordinates, since there are few districts."""
    judged = predictive_checks.verdict(predictive_checks.recovery(model, 3, plan=SHORT)).set_index("coordinate")
    assert judged.at["all", "uniform_p"] > 0.001
    assert 0.6 < judged.at["all", "held"] < 0.95
    assert judged.at["all", "found"] > 0.25  # three districts: no more can be asked of so few


def test_chains_that_do_not_agree_are_not_good(model, fit):
    apart = fit.chains.copy()
    apart[: len(apart) // 2] += 5.0
    table = replace(fit, chains=apart).diagnostics
    assert (table["rhat"] > sampler.MOST_RHAT).all()
    assert not table["good"].any()


def test_weights_that_a_few_draws_carry_are_not_good(fit, monkeypatch):
    monkeypatch.setattr(sampler, "LEAST_ESS", 1)
    monkeypatch.setattr(sampler, "MOST_RHAT", 9.0)
    assert replace(fit, khat=0.5).diagnostics["good"].all()
    assert not replace(fit, khat=0.9).diagnostics["good"].any()
    assert not replace(fit, khat=0.5, divergences=1).diagnostics["good"].any()


def test_p_values_say_where_the_published_figure_lies(model, fit, monkeypatch):
    key = ("Toy", "2022-12", "members")
    check = predictive_checks.Check("toy", (key,), np.exp, "persons")
    monkeypatch.setattr(predictive_checks, "CHECKS", (check,))
    seen, new = predictive_checks.replicated(fit)
    row = predictive_checks.checks(fit).iloc[0]
    assert row["published"] == pytest.approx(np.exp(seen[key]))
    assert row["p_value"] == np.mean(new[key] >= seen[key])
    far = [v + (5.0 if t.month == "2022-12" else 0.0) for v, t in zip(model.seen, model.targets, strict=True)]
    off = replace(fit, model=predictive_checks.given(model, np.array(far)))
    assert predictive_checks.checks(off).iloc[0]["p_value"] == 0
    assert not predictive_checks.checks(off).iloc[0]["good"]


def test_every_check_is_made_of_published_figures():
    model = Model()
    keys = {(t.place, t.month, t.measure) for t in model.targets}
    keys |= {(p, t.scenario.start, "members") for p, t in model.tracks.items()}
    assert [c.item for c in predictive_checks.CHECKS if not set(c.wanted) <= keys] == []


def question(until="2022-06", **more) -> Scenario:
    return toy_question("q", until=until, **more)


def test_a_draw_has_the_parameters_of_its_row_under_every_policy(fit):
    frame = fit.frame(3)
    asked = Posterior.of(frame).scenario(question(until="2025-06", assumptions={"rush": 2.0}))
    drawn = parameter_draws(asked.with_policy("other", Policy(Visits(count=9))), 1, range(7))
    rows = frame.iloc[[0, 1, 2, 0, 1, 2, 0]]
    assert drawn["annual_lapse"].tolist() == rows["annual_lapse"].tolist()
    assert (drawn["rush"] == 2.0).all()  # what the scenario assumes goes first
    assert drawn["place_effect"].tolist() == rows["place_effect/Toy"].tolist()
    assert drawn["year/2022"] == pytest.approx((rows["year/2022"] * rows["place_year/2022/Toy"]).to_numpy())
    assert drawn["floor_share"].std() > 0  # counts say nothing about it: the prior
    steps = [np.log(drawn[f"year/{b}"] / drawn[f"year/{a}"]) for a, b in ((2023, 2024), (2024, 2025))]
    assert all(0.05 < s.std() < 1 for s in steps)  # years that nobody has counted go on by steps of their own
    assert steps[0].tolist() != steps[1].tolist()


def test_a_place_within_a_learned_one_has_its_effect_and_one_of_its_own(fit):
    frame = fit.frame(4)
    inside = replace(toy.place(), name="Toy/Alder", lineage=("Toy/Alder", "Toy", "Việt Nam"))
    asked = Posterior.of(frame.assign(place_spread=0.0)).scenario(
        Scenario("q", inside, start="2021-12", until="2022-06", law=toy.law(), assumptions={"opening_members": 40.0})
    )
    drawn = parameter_draws(asked, 1, range(4))
    assert drawn["place_effect"] == pytest.approx(frame["place_effect/Toy"].to_numpy())


def test_years_to_come_are_as_unlike_as_those_that_were_learned():
    """Steps that all places share, and a place's own beside them: its own years, those around it, or from its start."""
    row = {
        "entry_rate": 0.02,
        "year/2023": 1.0,
        "year_step": 0.2,
        "place_year/2022/Toy": 2.0,
        "place_year/2023/Toy": 3.0,
        "place_step": 0.1,
    }
    told, keys = Posterior.of(pd.DataFrame([row])), chance.streams(1, range(4000))
    lineages = {
        "nation": ("Việt Nam",),
        "known": ("Toy", "Việt Nam"),
        "inside": ("Toy/Alder", "Toy", "Việt Nam"),
        "new": ("Elsewhere", "Việt Nam"),
    }
    logs = {k: np.log(told.year(2025, range(4000), keys, lineage, 2021)) for k, lineage in lineages.items()}
    assert logs["nation"].std() == pytest.approx(0.2 * np.sqrt(2), rel=0.05)
    assert logs["known"].std() == pytest.approx(np.hypot(0.2, 0.1) * np.sqrt(2), rel=0.05)
    assert logs["new"].std() == pytest.approx(np.hypot(0.2 * np.sqrt(2), 0.1 * np.sqrt(4)), rel=0.05)
    assert logs["inside"].mean() == pytest.approx(np.log(3), abs=0.03)
    assert np.corrcoef(logs["inside"], logs["known"])[0, 1] < 0.95
    assert (told.year(2022, range(3), keys[:3], lineages["inside"], 2021) == 2.0).all()


def test_the_spread_of_places_can_be_learned_to_be_wide():
    """Its prior is log-normal on each side of the median: 0.7 lies within, and nothing ends at one."""
    model = Model(["Cà Mau", "Đông Triều"], free=("entry_rate", "place_spread"))
    z = np.zeros((3, len(model.coordinates)))
    z[:, model.at["place_spread"]] = -1.0, 0.0, 3.0
    widened = model.prior.at["place_spread", "widened"]
    low, middle, high = model.drawn(z)["place_spread"]
    assert (low, middle) == pytest.approx((0.4 * (0.2 / 0.4) ** (widened / 1.645), 0.4), rel=1e-3)
    assert high > 1
    assert sampler.natural(model, z)["year_step"].tolist() == [0.3] * 3


def test_a_learned_year_scales_the_entries_of_its_months_and_of_no_other(fit):
    """A little less than twice as many: those who are readiest come first."""
    frame = fit.frame(2)
    given = {"engines": ["stock"], "draws": 2, "jobs": 1, "progress": False}
    asked = question(until="2023-02", assumptions={"peer_effect": 0.0})
    usual = project(asked, posterior=Posterior.of(frame), **given)
    doubled = project(asked, posterior=Posterior.of(frame.assign(**{"year/2023": 2 * frame["year/2023"]})), **given)
    before, after = (
        doubled.only(month=m, measure="entries", group="all").frame["value"].to_numpy()
        / usual.only(month=m, measure="entries", group="all").frame["value"].to_numpy()
        for m in ("2022-12", "2023-01")
    )
    assert (before == 1).all()
    assert ((after > 1.5) & (after <= 2)).all()


def test_projections_take_learned_parameters_only_when_asked(fit):
    learned = Posterior.of(fit.frame(8))
    given = {"engines": ["stock"], "jobs": 1, "progress": False}
    plain, asked = project(question(), draws=3, **given), project(question(), draws=3, posterior=learned, **given)
    assert not plain.frame["value"].equals(asked.frame["value"])
    longer = project(question(), draws=5, posterior=learned, **given)
    assert longer.only(draw=[0, 1, 2]).frame["value"].tolist() == asked.frame["value"].tolist()


def test_a_folder_without_a_posterior_is_named(tmp_path):
    with pytest.raises(UserError, match="posterior.parquet: no such file"):
        Posterior.read(tmp_path)
    (tmp_path / "posterior.parquet").write_text("no")
    with pytest.raises(UserError, match="not a Parquet file"):
        Posterior.read(tmp_path)
    pd.DataFrame({"x": [1]}).to_parquet(tmp_path / "posterior.parquet")
    with pytest.raises(UserError, match="no column entry_rate"):
        Posterior.read(tmp_path)


@pytest.mark.parametrize(("rhat", "code"), [(9.0, 0), (0.5, 1)])
def test_the_command_writes_everything_and_fails_when_chains_disagree(tmp_path, monkeypatch, fit, rhat, code, run):
    monkeypatch.setattr(sampler, "calibrate", lambda *a, **k: fit)
    monkeypatch.setattr(sampler, "MOST_RHAT", rhat)
    monkeypatch.setattr(sampler, "LEAST_ESS", 1)
    monkeypatch.setattr(sampler, "MOST_KHAT", 9.0)
    result = run("calibrate", "ca-mau", "--out", tmp_path / "r", "--draws", 50)
    assert result.exit_code == code, result.output
    manifest = json.loads((tmp_path / "r" / "manifest.json").read_text())
    assert manifest["converged"] is (code == 0)
    assert ("must not be used" in result.output) is (code == 1)
    assert {
        "posterior.parquet",
        "diagnostics.csv",
        "checks.csv",
        "predicted.csv",
        "moved.csv",
        "before-after.png",
        "moved.png",
    } == set(manifest["files"])
    if code:
        with pytest.raises(UserError, match="must not be used"):
            Posterior.read(tmp_path / "r")
    else:
        assert len(Posterior.read(tmp_path / "r").frame) == 50


def test_counts_held_back_are_told_without_having_been_seen(fit, monkeypatch):
    """Doubling what is held back does not move what is told of it; doubling what is known does."""
    for name, few in (("RUNS", 150), ("SETTLE", 10), ("STEPS", 20), ("ROUNDS", 1)):
        monkeypatch.setattr(cross_validation, name, few)
    fold = next(f for f in cross_validation.folds(fit.model) if f.cut)
    table = cross_validation.judged(fit, fold)
    used = fold.used(fit.model)
    assert set(table["month"]) == {t.month for t, u in zip(fit.model.targets, used, strict=True) if not u}
    hidden = predictive_checks.given(fit.model, fit.model.seen + np.where(used, 0.0, 0.7))
    again = cross_validation.judged(replace(fit, model=hidden, emulator=replace(fit.emulator, model=hidden)), fold)
    assert again["median"].tolist() == table["median"].tolist()
    assert (again["wis"] > table["wis"]).all()
    short = cross_validation.summary(table).iloc[0]
    assert short["counts"] == len(table)
    assert short["covered95"] == np.mean((table["low95"] <= table["observed"]) & (table["observed"] <= table["high95"]))


def test_the_page_says_what_held_back_counts_told():
    """It names the method that did better, in persons or in logs, and says where the forecasts of other pages stand."""
    rows = pd.DataFrame(
        {
            "engine": ["model", "series"],
            "counts": [50, 50],
            "covered80": [0.64, 0.5],
            "covered95": [0.9, 0.8],
            "wis": [100.0, 200.0],
            "wis_log": [0.12, 0.2],
            "model_wis": 100.0,
            "model_wis_log": 0.12,
        }
    )
    said = validation.held_back({"held_out_summary": rows}, "en")
    assert "80% intervals hold **64%** (wanted: 70% to 90%)" in said
    assert "better than that of every other method" in said
    worse = validation.held_back({"held_out_summary": rows.assign(wis=[100.0, 90.0])}, "en")
    assert "**not** better, in persons or in logs, than: time series" in worse
    assert "--held-out" in validation.held_back({}, "en")


@pytest.mark.parametrize("lang", ["vi", "en"])
def test_ranks_are_drawn_in_both_languages(lang):
    even = pd.DataFrame({"time": np.repeat(range(50), 10), "rank": np.tile(np.arange(10) / 10 + 0.05, 50)})
    low = even.assign(rank=even["rank"] ** 3)
    assert calibration_charts.ranks(even, lang).alt != calibration_charts.ranks(low, lang).alt


def test_the_methods_own_test_is_kept_with_the_data_and_passed():
    """`forecast calibrate --check 60`, kept in data/validation: the ranks of the truth are uniform."""
    table = pd.read_csv(tables.data_dir() / "validation" / "recovery.csv")
    judged = predictive_checks.verdict(table).set_index("coordinate")
    assert judged["uniform_p"].min() > 0.02
    assert 0.75 < judged.at["all", "held"] < 0.85
