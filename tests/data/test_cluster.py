"""A cluster is one: work is done on its workers, gives the same, survives the loss of a worker, and ends in words."""

import hashlib
import socket
import subprocess
import time

import pytest

from dasked import array, asks, dask, fatal, kill, nap, refused
from forecast.data import cluster, files, toy, workers
from forecast.data.tables import TableError, UserError
from forecast.experiment import project as experiment
from forecast.experiment.project import project
from forecast.question.scenario import Scenario

pytestmark = pytest.mark.slow

pytest.importorskip("distributed")
SECONDS = 30  # in which whoever waits has to be told


@pytest.fixture(autouse=True)
def hasty(monkeypatch):
    """Wait less for what does not come, and look more often."""
    for name, seconds in {"ANSWER": 4.0, "PATIENCE": 3.0, "TICK": 0.2}.items():
        monkeypatch.setattr(cluster, name, seconds)


@pytest.fixture(scope="module")
def two(tmp_path_factory):
    """A scheduler with two workers of one thread each, for the tests that leave them whole."""
    with dask(tmp_path_factory.mktemp("dask"), 2) as made:
        yield made


def told(seconds: float = SECONDS):
    """Expect one message before so many seconds are over."""

    class Told:
        def __enter__(self):
            self.since = time.monotonic()
            return self

        def __exit__(self, kind, error, trace):
            assert kind is UserError, kind
            assert time.monotonic() - self.since < seconds
            self.text = str(error)
            return True

    return Told()


def test_an_answer_is_worked_out_on_the_workers_and_is_the_same(two, tmp_path, monkeypatch):
    monkeypatch.setattr(experiment, "CHUNK", 2)
    asked = Scenario("quo", toy.place(), start="2021-12", until="2022-02", law=toy.law())

    def run(**options):
        answer = project(asked, ["stock", "agents"], draws=4, progress=False, keep=None, **options)
        answer.save(tmp_path / "answer.parquet")
        return hashlib.sha256((tmp_path / "answer.parquet").read_bytes()).hexdigest()

    here = run(jobs=1)  # first, so that what it compiles is there for the workers
    with workers.cluster(two.address) as place:
        there = run()
    assert place.ran.total() == 4
    assert there == here == run(cluster=two.address)


def test_both_workers_work_and_nobody_else_does(two):
    with workers.cluster(two.address) as place:
        done = workers.every(nap, [(0.1, n) for n in range(10)], jobs=1)  # however many processes were asked for
    assert [number for number, _ in done] == list(range(10))
    assert {process for _, process in done} == {worker.pid for worker in two.workers}
    assert sorted(place.ran) == sorted(set(place.ran)) and len(place.ran) == 2


def test_one_piece_of_work_goes_there_too(two):
    with workers.cluster(two.address):
        ((_, process),) = workers.every(nap, [(0, 1)])
    assert process in {worker.pid for worker in two.workers}


def test_work_that_asks_for_work_does_it_itself(two, monkeypatch):
    monkeypatch.setenv(workers.ADDRESS, two.address)
    with workers.cluster(two.address):
        assert workers.every(asks, [(n,) for n in range(4)]) == [0, 2, 4, 6]


def test_what_a_worker_refuses_is_told_as_here(two):
    with workers.cluster(two.address), pytest.raises(TableError, match='a.csv, row 3, column value: found "x"'):
        workers.every(refused, [(3,)])


def test_other_versions_on_the_workers_are_named(two, monkeypatch):
    mine = cluster.state()
    monkeypatch.setattr(cluster, "state", lambda: mine | {"numpy": "1.0", "tables of data": "others"})
    with told() as it, workers.cluster(two.address):
        workers.every(nap, [(0, 1)])
    assert "numpy" in it.text and "instead of 1.0" in it.text
    assert "tables of data" in it.text and "code of forecast" not in it.text


def test_a_worker_and_then_all_workers_are_lost(tmp_path, monkeypatch):
    with dask(tmp_path, 2) as made:
        with workers.cluster(made.address) as place:
            seen = []
            for number, _ in workers.each(nap, [(0.2, n) for n in range(14)]):
                if not seen:
                    kill(made.workers[0])
                seen.append(number)
            assert sorted(seen) == list(range(14))
            assert max(place.ran.values()) >= 12
        paths = [tmp_path / "kept" / f"{n}.npz" for n in range(30)]
        work = {"given": [(n,) for n in range(30)], "paths": paths, "kept": lambda _, path: files.kept_arrays(path)}
        with told() as it, workers.cluster(made.address):
            for _ in workers.each(array, **work):
                kill(made.workers[1])
        assert "has no worker" in it.text and "goes on from here" in it.text
        finished = sum(path.exists() for path in paths)
        assert 1 <= finished < 30
        monkeypatch.setattr(cluster, "PATIENCE", 60.0)
        with workers.cluster(made.address) as place:  # the same again, with a worker that is only starting
            made.workers.append(made.worker())
            found = workers.every(array, **work)
        assert [int(part["number"]) for part in found] == list(range(30))
        assert place.ran.total() == 30 - finished
        with told() as it, workers.cluster(made.address):
            for _ in workers.each(nap, [(0.2, n) for n in range(20)]):
                kill(made.scheduler)
        assert made.address in it.text and "goes on from here" in it.text


def test_work_that_ends_its_workers_is_told(tmp_path):
    with dask(tmp_path, 1, DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES="0") as made:
        with told() as it, workers.cluster(made.address):
            workers.every(fatal, [(1,)])
        assert "more memory" in it.text or "has no worker" in it.text


def test_an_address_where_no_scheduler_is_gets_one_message(monkeypatch):
    monkeypatch.setattr(cluster, "ANSWER", 1.0)
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        port = silent.getsockname()[1]
        for address in ("nowhere", "tcp://127.0.0.1:9", f"tcp://127.0.0.1:{port}", "ftp://x", "tls://127.0.0.1:9"):
            with told() as it, workers.cluster(address):
                raise AssertionError("nobody is there")
            assert f"no Dask scheduler answers at {address!r}" in it.text
            assert len(it.text) < 300 and "\n" not in it.text


def test_a_scheduler_behind_tls_is_reached_by_who_has_the_key(tmp_path, monkeypatch):
    key, certificate = str(tmp_path / "key.pem"), str(tmp_path / "cert.pem")
    words = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=forecast"]
    try:
        subprocess.run([*words, "-keyout", key, "-out", certificate], check=True, capture_output=True)
    except FileNotFoundError:
        pytest.skip("openssl is not here to make a certificate")
    security = ("--tls-ca-file", certificate, "--tls-cert", certificate, "--tls-key", key)
    import dask as config

    with dask(tmp_path, 1, security=security) as made:
        assert made.address.startswith("tls://")
        with monkeypatch.context() as hasty:
            hasty.setattr(cluster, "ANSWER", 1.0)
            for address in (made.address, made.address.replace("tls://", "tcp://")):
                with told(), workers.cluster(address):
                    raise AssertionError("without a key")
        monkeypatch.setattr(cluster, "ANSWER", 20.0)  # a busy machine takes its time to shake hands
        mine = {"ca-file": certificate, "client.cert": certificate, "client.key": key}
        with (
            config.config.set({f"distributed.comm.tls.{name}": value for name, value in mine.items()}),
            workers.cluster(made.address),
        ):
            ((_, process),) = workers.every(nap, [(0, 1)])
        assert process == made.workers[0].pid
