"""A Dask scheduler and workers on loopback for tests, each a process of its own, and work that is seen from outside."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

HERE = Path(__file__).parent
# Quiet, without a page, with one thread: what it needs of a machine is little.
DASK = {
    "DASK_DISTRIBUTED__DASHBOARD__LINK": "",
    "PYTHONPATH": os.pathsep.join([str(HERE.parent / "src"), str(HERE)]),
    "NUMBA_THREADING_LAYER": "workqueue",
}


class Dask:
    """A scheduler and its workers; `address` is the scheduler's."""

    def __init__(self, folder: Path, workers: int, *, security: tuple[str, ...] = (), **environment: str):
        self.file, self.security = folder / "scheduler.json", security
        self.environment = os.environ | DASK | environment
        protocol = ["--protocol", "tls"] if security else []
        self.scheduler = self._start(
            "dask_scheduler", "--port", "0", "--no-dashboard", "--idle-timeout", "300s", *protocol
        )
        self.workers = [self.worker() for _ in range(workers)]
        self.address = _soon(lambda: json.loads(self.file.read_text())["address"])

    def worker(self) -> subprocess.Popen:
        """Start one more worker, with one thread; it ends when it finds no scheduler."""
        more = ("--nthreads", "1", "--no-nanny", "--no-dashboard", "--death-timeout", "20")
        return self._start("dask_worker", *more)

    def _start(self, name: str, *words: str) -> subprocess.Popen:
        command = [sys.executable, "-m", f"distributed.cli.{name}", "--host", "127.0.0.1"]
        command += ["--scheduler-file", str(self.file), *words, *self.security]
        return subprocess.Popen(
            command, env=self.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
        )

    def end(self) -> None:
        """End all of it."""
        for process in (*self.workers, self.scheduler):
            kill(process)


@contextmanager
def dask(folder: Path, workers: int, **options) -> Iterator[Dask]:
    """Give a scheduler with so many workers, and end it."""
    made = Dask(folder, workers, **options)
    try:
        yield made
    finally:
        made.end()


def kill(process: subprocess.Popen) -> None:
    """End a process as a power cut would."""
    if process.poll() is None:
        os.kill(process.pid, signal.SIGKILL)
    process.wait()


def _soon(look: Callable, seconds: float = 60):
    """Return what `look` gives as soon as it gives something."""
    for _ in range(int(seconds * 20)):
        try:
            if found := look():
                return found
        except (OSError, ValueError, KeyError):
            pass
        time.sleep(0.05)
    raise AssertionError("it never came")


def nap(seconds: float, number: int) -> tuple[int, int]:
    """Rest, and say by which process it was done; a piece of work for tests."""
    time.sleep(seconds)
    return number, os.getpid()


def array(number: int) -> dict:
    """Return arrays, as what can be kept, a little later."""
    import numpy as np

    time.sleep(0.1)
    return {"number": np.array(number)}


def fatal(number: int) -> int:
    """End the process that does this work."""
    os.kill(os.getpid(), signal.SIGKILL)
    return number


def refused(number: int) -> int:
    """Raise what a person can mend, as a table does."""
    from forecast.data.tables import Fault, TableError

    raise TableError([Fault("a.csv", number, "value", "x", "a number")])


def asks(number: int) -> int:
    """Ask for work from within work."""
    from forecast.data import workers

    return sum(workers.every(abs, [(number,), (-number,)]))
