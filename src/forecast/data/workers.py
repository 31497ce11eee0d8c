"""Where work is done: in this process, by processes of this machine, or by the workers of a cluster.

Work is a function and what it is given, many times; :func:`each` and :func:`every` do it and keep what is finished.
They are the only ones that start processes. With :func:`cluster` (or an address in ``FORECAST_CLUSTER``) all work
inside goes to a Dask scheduler, whatever number of processes was asked for. The place does not change the answer.
"""

import gc
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from forecast.data import files
from forecast.data.tables import UserError

if TYPE_CHECKING:
    from forecast.data.cluster import Cluster

R = TypeVar("R")
ADDRESS = "FORECAST_CLUSTER"  # address of a scheduler, for a process that is told nothing else
LOOK = 1.0  # seconds between two looks at whether the process that asked for work is still there
LOST = (
    "a worker process ended before its work was done: somebody killed it, or memory ran out (a smaller --jobs needs "
    "less); what was finished is kept, and the same command goes on from here"
)

BEFORE: list[Callable[[], None]] = []  # called in the process that asks for work, before it begins
_cluster: "list[Cluster]" = []  # the last one counts
_worker = threading.local()  # `at_home` is set in a thread that works for somebody
_watching = False
_starting: threading.Thread | None = None  # what :func:`get_ready` began


@contextmanager
def cluster(address: str | None) -> "Iterator[Cluster | None]":
    """Let all work inside be done by the workers of the Dask scheduler at `address`; where it is None, as before.

    Raises :class:`~forecast.data.tables.UserError` where no scheduler answers there.
    """
    if not address:
        yield _there()
        return
    from forecast.data.cluster import Cluster

    with Cluster(address) as place:
        _cluster.append(place)
        try:
            yield place
        finally:
            _cluster.remove(place)


def _there() -> "Cluster | None":
    """Return the cluster that work goes to, connected; None for this machine."""
    if getattr(_worker, "at_home", False):
        return None
    if not _cluster and (address := os.environ.get(ADDRESS)):
        import atexit

        from forecast.data.cluster import Cluster

        _cluster.append(Cluster(address))  # for as long as the process lives, as with a notebook
        atexit.register(_cluster[0].close)
    return _cluster[-1] if _cluster else None


def each(
    function: Callable[..., R],
    given: Sequence[tuple[Any, ...]],
    jobs: int | None = None,
    *,
    paths: Sequence[Path | None] | None = None,
    kept: Callable[[int, Path | None], R | None] | None = None,
) -> Iterator[tuple[int, R]]:
    """Give the number of each of `given` and what `function` returns for it, in the order in which they are finished.

    `jobs` is the number of processes (all cores by default; 1 works here). `paths` are files to keep what is finished
    in; what `kept` finds for a number and its path is given first and not done again (:func:`files.kept_table` by
    default). Files are written in this process alone: a cluster's workers need not see its disk.

    >>> dict(each(pow, [(2, 3), (3, 2)], jobs=1))
    {0: 8, 1: 9}
    """
    where = list(paths) if paths is not None else [None] * len(given)
    waiting = []
    for number, path in enumerate(where):
        stored = None
        if path is not None:
            stored = kept(number, path) if kept else files.kept_table(path)
        if stored is None:
            waiting.append(number)
        else:
            yield number, stored  # type: ignore[misc]  # what was kept is what the function returned
    for number, result in _done(function, given, waiting, jobs):
        if where[number] is not None:
            files.keep(result, where[number])  # type: ignore[arg-type]  # what is kept is a table or arrays
        yield number, result


def every(
    function: Callable[..., R], given: Sequence[tuple[Any, ...]], jobs: int | None = None, **options: Any
) -> list[R]:
    """Return what `function` returns for each of `given`, in their order; `options` are those of :func:`each`.

    >>> every(pow, [(2, 3), (3, 2)], jobs=1)
    [8, 9]
    """
    results = dict(each(function, given, jobs, **options))
    return [results[number] for number in range(len(given))]


def _done(
    function: Callable[..., R], given: Sequence[tuple[Any, ...]], waiting: list[int], jobs: int | None
) -> Iterator[tuple[int, R]]:
    """Do what is waiting, wherever work is done now."""
    if not waiting:
        return
    if not getattr(_worker, "at_home", False):
        for tell in BEFORE:
            tell()
    if place := _there():
        yield from place.each(function, given, waiting)
        return
    jobs = jobs or os.cpu_count() or 1
    if jobs == 1 or (len(waiting) == 1 and not _starting):  # one piece alone goes to those who have what it takes
        for number in waiting:
            yield number, function(*given[number])
        return
    if _starting:
        _starting.join()
    joblib = _joblib()
    calls = (joblib.delayed(_numbered)(os.getpid(), number, function, given[number]) for number in waiting)
    try:
        yield from joblib.Parallel(n_jobs=jobs, return_as="generator_unordered", batch_size=1)(calls)
    except BrokenProcessPool:
        raise UserError(LOST) from None


def _joblib() -> Any:
    """Load joblib; a command that only reads does without.

    It throws its processes away when multiprocessing's start method is another one than before, which loading mesa
    makes it. A method of its own is none of that; processes are started in the same way with either.
    """
    os.environ.setdefault("JOBLIB_START_METHOD", "spawn")
    import joblib

    return joblib


def get_ready(modules: Sequence[str], jobs: int | None = None) -> None:
    """Start the processes that will work, and let them load `modules` while this process loads its own.

    Work waits for them: two users of joblib's processes at a time would clear away each other's files. Where no process
    is started for work, nothing is done.
    """
    global _starting
    jobs = jobs or os.cpu_count() or 1
    if jobs == 1 or _starting or _there():
        return

    def start() -> None:
        joblib = _joblib()
        calls = (joblib.delayed(_numbered)(os.getpid(), number, _load, (modules,)) for number in range(jobs))
        with suppress(Exception):  # whatever is wrong with processes here, work itself will meet it and say so
            joblib.Parallel(n_jobs=jobs, batch_size=1)(calls)

    _starting = threading.Thread(target=start, daemon=True)
    _starting.start()


def _load(modules: Sequence[str]) -> None:
    for module in modules:
        import_module(module)
    gc.freeze()  # what was loaded stays: it need not be looked through again and again


def _numbered(parent: int, number: int, function: Callable[..., R], given: tuple[Any, ...]) -> tuple[int, R]:
    """Work for a process of this machine, and end with it."""
    at_home()
    _end_with(parent)
    return number, function(*given)


def at_home() -> None:
    """Let this thread do its own work from now on: a worker that asked its own cluster would wait for itself."""
    _worker.at_home = True


def _end_with(parent: int) -> None:
    """End this process soon after the process that it works for is gone."""
    global _watching
    if _watching or parent == os.getpid():
        return
    _watching = True

    def look() -> None:
        while os.getppid() == parent:
            time.sleep(LOOK)
        os._exit(1)

    threading.Thread(target=look, daemon=True).start()


def end() -> None:
    """End the processes that work for this one, at once."""
    reusable = sys.modules.get("joblib.externals.loky.reusable_executor")
    executor = getattr(reusable, "_executor", None)  # the one to be used again, if there is one
    if executor is not None:
        executor.shutdown(wait=False, kill_workers=True)
