"""What is compared in benchmarks/ is the same work: answers that are known without simulation, and the same books."""

import importlib
from math import sqrt
from pathlib import Path

import numpy as np
import pytest

AGENTS = Path(__file__).parents[1] / "benchmarks" / "agents"


@pytest.fixture
def work(monkeypatch):
    monkeypatch.syspath_prepend(str(AGENTS))
    return importlib.import_module("work")


@pytest.mark.parametrize("method", ["forecast", "plain_numpy", "events_numba", "lives_numba", "dense_numba_once"])
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


def books_of(name, task, draws):
    """Books of each draw by month and group, (draws, months + 1, groups, books)."""
    from forecast.engines.people.records import COUNTED

    method, found = importlib.import_module(f"methods.{name}"), []
    for seed in range(draws):
        people = method.prepare(task, seed)
        kept = np.zeros((task.months + 1, task.communes, 4, COUNTED + 1))
        method.live(people, kept)
        found.append(kept.sum(axis=1))
    return np.array(found)


@pytest.mark.parametrize("rival", ["events_numba", "lives_numba"])
def test_a_rival_keeps_the_same_books(work, rival):
    task, draws = work.make_work(100_000, months=30, entry_a_year=0.1), 40
    names = importlib.import_module("methods.books").BOOKS
    ours, its = books_of("forecast", task, draws), books_of(rival, task, draws)
    checked = set()
    for months in (slice(1, 13), slice(13, 31)):
        for group in range(4):
            for number, name in enumerate(names):
                one, other = (found[:, months, group, number].sum(axis=1) for found in (ours, its))
                error = sqrt((one.var(ddof=1) + other.var(ddof=1)) / draws)
                assert abs(one.mean() - other.mean()) <= 4.5 * error, (name, group, months, one.mean(), other.mean())
                checked |= {name} if one.mean() > 0 else set()
    assert set(names) - checked == {"paid_donors", "newly"}  # nobody gives, and a new member is worth no more here
