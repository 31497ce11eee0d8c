"""What is compared in benchmarks/ is the same work: this engine gives the answer that is known without simulation."""

import importlib
from math import sqrt
from pathlib import Path

import pytest

AGENTS = Path(__file__).parents[1] / "benchmarks" / "agents"


@pytest.fixture
def work(monkeypatch):
    monkeypatch.syspath_prepend(str(AGENTS))
    return importlib.import_module("work")


@pytest.mark.parametrize("method", ["forecast", "plain_numpy"])
def test_entries_and_members_are_as_expected_without_simulation(work, method):
    task, draws = work.make_work(300_000, months=24), 3
    method = importlib.import_module(f"methods.{method}")
    answers = []
    for seed in range(draws):
        people = method.prepare(task, seed)
        method.live(people)
        answers += method.count(people)
    for known, seen in zip(work.expected(task), zip(*answers, strict=True), strict=True):
        assert abs(sum(seen) / draws - known) < 4 * sqrt(known / draws)
