"""Kept work is checked: no bit of it may be another than was written, and what is damaged is told and taken away."""

import os

import numpy as np
import pandas as pd
import pytest

from forecast.data import files
from made import flipped

TIMES = int(os.environ.get("FUZZ", "150"))  # make fuzz: 10,000
TABLE = pd.DataFrame({"draw": np.arange(40), "value": np.linspace(0, 1, 40), "month": "2021-12"})
ARRAYS = {"z": np.arange(30.0).reshape(5, 6)}


def kept(path):
    return files.kept_table(path) if path.suffix == ".parquet" else files.kept_arrays(path)


def same(found) -> bool:
    if isinstance(found, pd.DataFrame):
        return found.equals(TABLE)
    return found.keys() == ARRAYS.keys() and np.array_equal(found["z"], ARRAYS["z"])


@pytest.mark.parametrize(("name", "what"), [("a.parquet", TABLE), ("a.npz", ARRAYS)])
def test_no_flipped_bit_is_taken_for_an_answer(name, what, tmp_path, caplog):
    path = tmp_path / name
    files.keep(what, path)
    whole = path.read_bytes()
    assert same(kept(path))
    taken = 0
    for data in flipped(whole, TIMES, seed=21):
        path.write_bytes(data)
        taken += kept(path) is not None
        assert not path.exists()
    assert taken == 0
    assert len(caplog.messages) == TIMES
    assert all(name in text and "done again" in text for text in caplog.messages)
    path.write_bytes(whole)
    assert same(kept(path))


@pytest.mark.parametrize("length", [0, 1, 31, 32, 33, 200])
def test_a_file_that_was_cut_off_is_not_taken(length, tmp_path):
    path = tmp_path / "a.parquet"
    files.keep(TABLE, path)
    path.write_bytes(path.read_bytes()[:length])
    assert kept(path) is None


def test_an_answer_under_the_name_of_another_is_not_taken(tmp_path):
    files.keep(TABLE, tmp_path / "a.parquet")
    (tmp_path / "a.parquet").rename(tmp_path / "b.parquet")
    assert kept(tmp_path / "b.parquet") is None


def test_what_was_written_before_there_was_a_hash_is_not_taken(tmp_path):
    TABLE.to_parquet(tmp_path / "a.parquet")
    assert kept(tmp_path / "a.parquet") is None
