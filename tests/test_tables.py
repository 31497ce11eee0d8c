"""What the table reader promises: typed frames, or one message that names every fault."""

import doctest

import pandas as pd
import pytest

from forecast import tables

HEADER = "scheme,place,level,month,measure,group,value,unit,kind,status,denominator,source,locator,note\n"
GOOD = "voluntary_si,Việt Nam,nation,2021-12,members,all,1450000,persons,observation,stated,,vss,,\n"


def put(folder, text, name="history.csv"):
    """Write ``text`` into a file of ``folder`` and return its path."""
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_examples_in_the_docstrings_hold():
    assert doctest.testmod(tables).failed == 0


def test_a_good_table_is_typed(tmp_path):
    frame = tables.read(put(tmp_path, HEADER + GOOD), "history")
    assert frame["value"].dtype == float
    assert frame["note"].tolist() == [""]
    assert frame["month"].tolist() == ["2021-12"]


def test_every_fault_is_named_in_one_message(tmp_path):
    bad = GOOD.replace("2021-12", "2021").replace("voluntary_si", "lottery")
    with pytest.raises(tables.TableError) as caught:
        tables.read(put(tmp_path, HEADER + GOOD + bad), "history")
    assert [(f.row, f.column, f.value) for f in caught.value.faults] == [(3, "scheme", "lottery"), (3, "month", "2021")]
    assert "row 3, column month" in str(caught.value)
    assert str(caught.value).count("\n") == 1
