"""What an allocation promises: whole persons that add up, equally hard shares, and a sheet that runs nothing."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from forecast.data import files, tables, toy
from forecast.desk import allocation
from forecast.desk.allocation import equally_hard
from forecast.engines.people.agents import AgentEngine, by_commune
from forecast.question.levers import Collectors, Policy
from forecast.question.scenario import Scenario, Target
from forecast.show import allocation as shown
from made import toy_question

LAW = toy.law()


def question(place=None, goal=340.0, **more) -> Scenario:
    return toy_question(place=place or toy.place(), goal=goal, **more)


@pytest.fixture(scope="module")
def split():
    place = toy.place()
    communes = place.communes.copy()
    communes.loc[0, "commune"], communes.loc[1, "commune"] = '=HYPERLINK("x")', "Toy/@SUM(1)"
    return allocation.allocate(question(replace(place, communes=communes)), draws=32, jobs=1, progress=False)


def test_members_by_commune_are_those_of_the_engine():
    asked = question()
    rows = AgentEngine().run(asked, range(3), 7)
    rows = rows[(rows["measure"] == "members") & (rows["group"] == "all")]
    total = rows.pivot(index="draw", columns="month", values="value").to_numpy()
    assert np.array_equal(by_commune(asked, range(3), 7).sum(axis=2), total)
    assert np.array_equal(by_commune(asked, range(2, 3), 7)[0], by_commune(asked, range(3), 7)[2])


def test_communes_live_apart():
    """What is done in one commune changes nothing in another: so all can be tried at once."""
    more = Policy(Collectors(count=9, where={"communes": ["Núi"]}, start="2022-01"))
    quo, there = (by_commune(q, range(4), 1) for q in (question(), question(policy=more)))
    changed = (quo != there).any(axis=(0, 1))
    names = list(toy.place().communes["commune"])
    assert [n for n, c in zip(names, changed, strict=True) if c] == ["Toy/Núi"]


def test_pieces_of_a_split_are_kept_and_damaged_ones_done_again(split, tmp_path, monkeypatch, caplog):
    how = {"draws": 32, "jobs": 1, "progress": False, "keep": tmp_path}
    first = allocation.allocate(question(), **how)
    kept, done = sorted(tmp_path.iterdir()), []
    assert len(kept) == 4
    kept[0].unlink()
    data = bytearray(kept[1].read_bytes())
    data[len(data) // 2] ^= 4
    kept[1].write_bytes(data)
    files.keep({"members": np.ones((2, 2, 2))}, kept[2])
    monkeypatch.setattr(
        allocation, "by_commune", lambda scenario, draws, seed: done.append(draws) or by_commune(scenario, draws, seed)
    )
    pd.testing.assert_frame_equal(allocation.allocate(question(), **how).table, first.table)
    assert len(done) == 3
    assert "its hash does not fit" in caplog.text and "it holds other arrays" in caplog.text
    allocation.allocate(question(), **how, seed=2)
    assert len(done) == 7  # another question goes on with nothing


def test_shares_are_whole_and_add_up(split):
    for column in ("share_by_capacity", "share_by_people"):
        assert split.table[column].dtype.kind == "i"
        assert split.table[column].sum() == 340
    people = split.table["people"]
    assert (split.table["share_by_people"] - 340 * people / people.sum()).abs().max() < 1


def test_shares_by_capacity_are_equally_hard(split):
    by_capacity, by_people = split.table["chance_by_capacity"], split.table["chance_by_people"]
    assert by_capacity.std() < 0.6 * by_people.std()
    assert (by_capacity - split.level).abs().max() < 0.3  # 32 draws to judge by
    assert 0 < split.level < 1


@pytest.mark.parametrize("goal", [10.0, 100.0, 599.0])
def test_the_same_quantile_everywhere(goal):
    luck = np.random.default_rng(1).gamma(4.0, [[5.0, 20.0, 50.0]], (400, 3))
    shares, chance = equally_hard(luck, goal)
    assert shares.sum() == pytest.approx(goal)
    met = (luck >= shares).mean(axis=0)
    assert np.allclose(met, chance, atol=0.01)


def test_a_target_that_nobody_can_meet_is_as_near_as_can_be():
    luck = np.random.default_rng(2).lognormal([[2.0, 3.0]], 0.5, (200, 2))
    shares, chance = equally_hard(luck, 5 * luck.sum(axis=1).max())
    assert shares.sum() == pytest.approx(5 * luck.sum(axis=1).max())
    assert 0 <= chance < 1e-3
    assert shares[1] / shares[0] == pytest.approx(np.exp(1.0), rel=0.5)  # as the communes are, not as one draw was
    assert equally_hard(np.array([[2.0, 6.0], [2.0, 6.0]]), 16.0)[0].tolist() == [4.0, 12.0]
    rising = [equally_hard(luck, goal)[0] for goal in (1, 10, 30, 33, 60, 90, 200)]
    assert (np.diff(rising, axis=0) > 0).all()


def test_only_a_target_of_members_is_split():
    for target in (
        None,
        Target(measure="entries", value=9, since="2022-01", by="2022-12"),
        Target(value=9, by="2022-12", group="poor"),
    ):
        asked = Scenario("x", toy.place(), start="2021-12", until="2022-12", law=LAW, target=target)
        with pytest.raises(tables.UserError, match="only a target of all members"):
            allocation.allocate(asked, draws=2, progress=False)


def test_the_picture_and_the_sentence_say_both_splits(split):
    picture = shown.picture(split.table, split.scenario.place, lang="en")
    assert "when split by population" in picture.alt and picture.png()[:4] == b"\x89PNG"
    assert "mỗi xã đạt phần của mình" in shown.text(split, "vi")


def test_the_command_writes_table_sheet_and_picture(tmp_path, run):
    out = tmp_path / "out"
    line = ["allocate", "data/scenarios/da-bac-status-quo.yaml", "--draws", "4", "--jobs", "1", "--out", str(out)]
    done = run(*line)
    assert done.exit_code == 0, done.output
    assert "Đà Bắc reaches 750 by" in done.output
    table = pd.read_csv(out / "allocation.csv")
    assert len(table) == 17 and table["share_by_capacity"].sum() == 750
    assert {p.name for p in out.iterdir()} == {
        "allocation.csv",
        "allocation.xlsx",
        "allocation.png",
        "answer.md",
        "manifest.json",
    }
