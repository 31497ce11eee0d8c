"""Promises on paper are held by tests that exist, and the bill of materials is that of the lock."""

import ast
import json
import re
import runpy
from pathlib import Path

import pytest

from forecast.data import files, tables

ROOT = Path(__file__).parents[1]
HELD = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", (ROOT / "SECURITY.md").read_text(encoding="utf-8"))


def test_each_promise_names_a_test():
    lines = (ROOT / "SECURITY.md").read_text(encoding="utf-8").partition("## What is not promised")[0].splitlines()
    rows = [line for line in lines if line.startswith("| ")][1:]
    assert len(rows) == len(HELD) > 10


@pytest.mark.parametrize(("file", "name"), HELD)
def test_the_test_of_a_promise_is_there(file, name):
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    assert name in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


def test_the_bill_of_materials_is_that_of_the_lock():
    made = runpy.run_path(str(ROOT / "docs" / "sbom.py"))["bill"]()
    assert json.loads((ROOT / "sbom.json").read_text(encoding="utf-8")) == made
    locked = re.findall(r"^([a-z0-9._-]+)==", (ROOT / "requirements.lock").read_text(encoding="utf-8"), re.MULTILINE)
    assert [part["name"] for part in made["components"]] == locked
    assert all(part["hashes"] for part in made["components"])


@pytest.mark.parametrize("text", ["\n=1+1", "＝1+1", "＋1", "－1", "＠x", "=1", "'=1", "\t=1"])
def test_a_formula_is_inert_wherever_it_is_written_and_reads_back_the_same(text, tmp_path):
    assert files.inert(text).startswith("'")
    assert tables._unescape(tables._escape(text)) == text
    assert tables._escape(text).startswith("'")
