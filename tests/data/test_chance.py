"""What luck promises: even, independent of its neighbors, and the same answer in whatever order it is asked."""

from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from forecast.data import chance, code
from forecast.engines.people import contact, events, hazards, outside, person

N = 100_000
KEY = np.uint64(chance.stream(1, 0))
NUMBERS = np.arange(N, dtype=np.int64)
MOST = 2**64 - 1

# Ways in which the project asks for many numbers that must look like luck.
SERIES = {
    "decisions of one person": lambda: chance.uniform_array(KEY, NUMBERS),
    "one decision of a person, month by month": lambda: chance.uniform_array(KEY, 32 * NUMBERS + 6),
    "one decision of neighbors": lambda: chance.uniform_array(chance.child_array(KEY, NUMBERS), 0),
    "one decision in each draw": lambda: chance.uniform_array(chance.streams(1, range(N)), 5),
    "one decision under each seed": lambda: np.array([chance.uniform(chance.stream(s, 0), 5) for s in range(20_000)]),
    "grandchildren": lambda: chance.uniform_array(
        chance.child_array(chance.child_array(KEY, NUMBERS[:, None] % 300), NUMBERS[None, :300]).ravel()[:N], 3
    ),
    "names": lambda: chance.uniform_array(KEY, np.array([chance.name_number(f"xã {i}") for i in range(20_000)])),
    "numbers below zero": lambda: chance.uniform_array(KEY, -1 - NUMBERS),
}


def unlikely(counts: np.ndarray) -> bool:
    """Would even luck give these counts less than once in 100,000 times?"""
    return stats.chisquare(counts.ravel()).pvalue < 1e-5


@pytest.mark.parametrize("series", SERIES)
def test_numbers_are_even_and_do_not_hang_together_with_their_neighbors(series):
    u = SERIES[series]()
    assert not unlikely(np.histogram(u, 200, (0, 1))[0])
    for lag in (1, 2, 16):
        assert not unlikely(np.histogram2d(u[:-lag], u[lag:], 16, ((0, 1), (0, 1)))[0]), lag


def test_the_test_of_evenness_would_find_a_poor_generator():
    poor = (NUMBERS * 0.618033988749895) % 1  # even, but each number gives away the next
    assert unlikely(np.histogram2d(poor[:-1], poor[1:], 16, ((0, 1), (0, 1)))[0])
    assert unlikely(np.histogram(SERIES["decisions of one person"]() ** 1.1, 200, (0, 1))[0])


def test_every_bit_is_up_half_of_the_time():
    keys = chance.child_array(KEY, NUMBERS)
    shares = np.array([((keys >> np.uint64(bit)) & np.uint64(1)).mean() for bit in range(64)])
    assert np.abs(shares - 0.5).max() < 5 * 0.5 / N**0.5


@pytest.mark.parametrize("one, other", [("draw", (1, 0, 1, 1)), ("seed", (1, 0, 2, 0))])
def test_neighboring_draws_and_seeds_share_no_luck(one, other):
    seed, draw, next_seed, next_draw = other
    a = chance.uniform_array(np.uint64(chance.stream(seed, draw)), NUMBERS)
    b = chance.uniform_array(np.uint64(chance.stream(next_seed, next_draw)), NUMBERS)
    assert not unlikely(np.histogram2d(a, b, 16, ((0, 1), (0, 1)))[0])
    assert abs(np.corrcoef(a, b)[0, 1]) < 5 / N**0.5


def test_a_key_and_its_child_share_no_luck():
    a = chance.uniform_array(chance.child_array(KEY, NUMBERS), 0)
    b = chance.uniform_array(chance.child_array(chance.child_array(KEY, NUMBERS), 0), 0)
    assert not unlikely(np.histogram2d(a, b, 16, ((0, 1), (0, 1)))[0])


def test_the_order_of_asking_changes_nothing():
    order = np.random.default_rng(0).permutation(N)
    assert np.array_equal(chance.uniform_array(KEY, NUMBERS)[order], chance.uniform_array(KEY, NUMBERS[order]))
    draws = [7, 3, 900]
    assert np.array_equal(chance.streams(5, draws), chance.streams(5, range(901))[draws])


@pytest.mark.parametrize("number", [0, 1, 7, 31, 32 * 24_000 + 6, 2**40 + 3, 2**62, -1, -1000])
@pytest.mark.parametrize("seed, draw", [(0, 0), (1, 199), (2**63 - 1, 12)])
def test_arrays_and_single_numbers_agree_to_the_last_bit(seed, draw, number):
    key = chance.stream(seed, draw)
    array = chance.streams(seed, [draw])
    assert int(array[0]) == key
    assert int(chance.child_array(array, number)[0]) == chance.child(key, number)
    assert chance.uniform_array(array, number)[0] == chance.uniform(key, number)
    assert chance.normal_array(array, number)[0] == chance.normal(key, number)


def undo(x: int) -> int:
    """Undo `chance.mix`."""
    for shift, factor in ((31, 0x94D049BB133111EB), (27, 0xBF58476D1CE4E5B9), (30, None)):
        y = x
        for _ in range(64 // shift + 1):
            y = x ^ (y >> shift)
        x = y * pow(factor, -1, 2**64) % 2**64 if factor else y
    return x


@pytest.mark.parametrize("mixed", [0, MOST])
def test_no_number_is_ever_0_or_1(mixed):
    key = (undo(mixed) - int(chance.GOLDEN)) % 2**64
    assert chance.child(np.uint64(key), 0) == mixed
    assert 0 < chance.uniform(np.uint64(key), 0) < 1
    assert 0 < chance.uniform_array(np.uint64(key), 0) < 1
    assert np.isfinite(chance.normal(np.uint64(key), 0))


def test_no_two_children_are_the_same():
    assert len(np.unique(chance.child_array(KEY, NUMBERS))) == N


def test_normal_numbers_are_standard_normal():
    z = chance.normal_array(KEY, NUMBERS)
    assert stats.kstest(z, "norm").pvalue > 1e-5
    assert abs(z.mean()) < 5 / N**0.5
    assert abs(z.std() - 1) < 5 / (2 * N) ** 0.5


def test_luck_follows_the_name_and_not_the_place_in_a_list():
    names = ["Hà Nội", "Cà Mau", "Đà Bắc/Tú Lý", "Đông Triều"]
    luck = {n: chance.uniform(chance.child(KEY, chance.name_number(n)), 1) for n in names}
    again = {n: chance.uniform(chance.child(KEY, chance.name_number(n)), 1) for n in reversed(names)}
    assert luck == again
    assert len(set(luck.values())) == len(names)
    assert all(0 <= chance.name_number(n) < 2**56 for n in names)  # fits a signed 64-bit number


def test_names_that_differ_by_one_accent_are_different_people():
    names = [f"{a}/{b}" for a in ("Đà Bắc", "Đa Bắc", "Da Bac") for b in ("Mường", "Mương", "Muong", "muong")]
    assert len({chance.name_number(n) for n in names}) == len(names)


def test_compiled_code_is_never_older_than_what_it_calls(tmp_path, monkeypatch):
    """numba keeps a function as long as its own file stands still; ours are kept by the code of all of them."""
    monkeypatch.setattr(code, "PACKAGE", tmp_path)
    (tmp_path / "engines").mkdir()
    (tmp_path / "engines" / "caller.py").write_text("from numba import njit\nfrom forecast import called")
    (tmp_path / "table.py").write_text("import pandas")
    folders = []
    for number in (1, 20):
        (tmp_path / "called.py").write_text(f"from numba import njit\n@njit\ndef number():\n    return {number}\n")
        folders.append(code.compiled_folder())
    assert folders[0] != folders[1]
    (tmp_path / "table.py").write_text("import pandas as pd")  # is not compiled
    assert code.compiled_folder() == folders[1]
    (tmp_path / "called.py").write_text((tmp_path / "called.py").read_text().replace("20", "1"))
    assert code.compiled_folder() == folders[0]
    (tmp_path / "records.py").write_text('"""Constants that are compiled in."""\nROWS = 3')
    assert code.compiled_folder() not in folders


def test_every_compiled_function_is_kept_there():
    for function in (
        hazards.lapse_chance,
        events.live_month,
        person.begin,
        contact._contact,
        outside._press,
        chance.child,
    ):
        assert Path(function._cache.cache_path).parent == Path(chance.config.CACHE_DIR)
