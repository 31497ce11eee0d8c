"""Where work is done: in this process, by processes of this machine, or by the workers of a cluster.

Work is a function and what it is given, many times; :func:`each` and :func:`every` do it and keep what is finished.
They are the only ones that start processes. With :func:`cluster` (or an address in ``FORECAST_CLUSTER``) all work
inside goes to a Dask scheduler, whatever number of processes was asked for. The place does not change the answer.
"""

import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from forecast.data.home import code_folder
from forecast.data.messages import UserError

if TYPE_CHECKING:
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing.process import BaseProcess

    from forecast.data.cluster import Cluster

R = TypeVar("R")
ADDRESS = "FORECAST_CLUSTER"  # address of a scheduler, for a process that is told nothing else
IDLE = 300.0  # seconds after which processes that nobody gives work to end
ONE_THREAD = "OMP OPENBLAS MKL BLIS VECLIB_MAXIMUM NUMEXPR NUMBA".split()  # libraries that would take all cores in each
LOST = (
    "a worker process ended before its work was done: somebody killed it, or memory ran out (a smaller --jobs needs "
    "less); what was finished is kept, and the same command goes on from here"
)

BEFORE: list[Callable[[], None]] = []  # called in the process that asks for work, before it begins
_cluster: "list[Cluster]" = []  # the last one counts
_worker = threading.local()  # `at_home` is set in a thread that works for somebody
_lock = threading.RLock()  # of what follows
_pool: "_Pool | None" = None
_users = 0  # who is waiting for work of the pool
_idle: threading.Timer | None = None
_method = ""  # how processes are started, once :func:`get_ready` has looked


class _Pool(NamedTuple):
    """Processes that work for this one, and how they are given work."""

    executor: "ProcessPoolExecutor"
    jobs: int
    processes: "list[BaseProcess]"


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
    from forecast.data import files

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


def share(function: Callable[..., object], given: Sequence[tuple[Any, ...]], jobs: int | None = None) -> None:
    """Let `jobs` processes find what pieces of work that come after will all need, and leave it on this machine's disk.

    Else each process would find it for itself. Where work is done here, or by a cluster, whoever needs it finds it.
    """
    if (jobs or os.cpu_count() or 1) > 1 and not _there():
        every(function, given, jobs)


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
    if jobs == 1 or (len(waiting) == 1 and not _method):  # one piece alone goes to those who have what it takes
        for number in waiting:
            yield number, function(*given[number])
        return
    yield from _by_processes(function, [(number, given[number]) for number in waiting], jobs)


def _by_processes(
    function: Callable[..., R], pieces: Sequence[tuple[int, tuple[Any, ...]]], jobs: int
) -> Iterator[tuple[int, R]]:
    """Do pieces of work, numbered, by `jobs` processes of this machine."""
    global _users, _idle
    from concurrent.futures import FIRST_COMPLETED, wait
    from concurrent.futures.process import BrokenProcessPool

    import cloudpickle

    module = function.__module__
    get_ready([module] if module.startswith("forecast.") else [], jobs)  # what others define goes along, or is loaded
    work = [(number, cloudpickle.dumps((function, what))) for number, what in pieces]
    with _lock:
        if _pool and not _users and (_pool.jobs != jobs or not all(one.is_alive() for one in _pool.processes)):
            end()
        pool = _pool or _begun(jobs)
        _users += 1
        if _idle:
            _idle.cancel()
    open_: dict[Any, int] = {}
    try:
        with _lock:
            open_ = _submitted(pool, work)
        while open_:
            done, _ = wait(open_, return_when=FIRST_COMPLETED)
            for future in done:
                number = open_.pop(future)
                yield number, future.result()
    except BrokenProcessPool:
        end()
        raise UserError(LOST) from None
    finally:
        with _lock:
            _users -= 1
            if open_:  # nobody waits for them any more
                end()
            elif not _users:
                _idle = threading.Timer(IDLE, _end_if_idle)
                _idle.daemon = True
                _idle.start()


def _begun(jobs: int) -> _Pool:
    """Make a pool of processes; they start with their first piece of work."""
    global _pool
    from concurrent.futures import ProcessPoolExecutor

    context: Any = multiprocessing.get_context(_method)
    # Before the library's own end of the pool, which lets each process end in its own time.
    getattr(threading, "_register_atexit", lambda _: None)(end)
    _pool = _Pool(ProcessPoolExecutor(jobs, context, _begin, (dict(os.environ),)), jobs, [])
    return _pool


def _submitted(pool: _Pool, pieces: list[tuple[int, bytes]]) -> dict[Any, int]:
    """Hand out pieces of work. Futures, with the numbers of their pieces.

    Processes start meanwhile: none of them loads the script that this process runs, which may have no guard, and what
    is defined in it goes along with the work.
    """
    before, main = set(multiprocessing.active_children()), sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        futures = {pool.executor.submit(_worked, work): number for number, work in pieces}
    finally:
        sys.modules["__main__"] = main
    pool.processes.extend(set(multiprocessing.active_children()) - before)
    return futures


def get_ready(modules: Sequence[str], jobs: int | None = None) -> None:
    """Begin to load `modules` for the processes that will work, while this process loads its own.

    A server loads them once; each process is a copy of it, which is there at once and shares its memory. Where the
    system has none, processes start anew and load what they are given. Where no process is needed, nothing is done.
    """
    global _method
    jobs = jobs or os.cpu_count() or 1
    if jobs == 1 or _method or _there():
        return
    with _lock:
        _method = _method or _served(modules)


def _served(modules: Sequence[str]) -> str:
    """Start the server of processes where the system has one; return how processes are to be started."""
    code_folder()  # is chosen here, for all
    if sys.platform != "linux":  # elsewhere libraries do not bear to be copied
        return "spawn"
    import atexit
    from multiprocessing import forkserver

    added = [name for library in ONE_THREAD if (name := f"{library}_NUM_THREADS") not in os.environ]
    os.environ.update(dict.fromkeys(added, "1"))
    try:
        forkserver.set_forkserver_preload([__name__, *modules])
        forkserver.ensure_running()
        atexit.register(_stop_server)
    except OSError:  # no folder for its socket
        return "spawn"
    finally:
        for name in added:
            del os.environ[name]
    return "forkserver"


def _stop_server() -> None:
    """End the server, which may be loading still: whoever reads what this process prints need not wait for that."""
    from multiprocessing import forkserver

    pid = getattr(getattr(forkserver, "_forkserver", None), "_forkserver_pid", None)
    if pid is not None:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def _begin(environment: dict[str, str]) -> None:
    """Begin to work for another process: see what it sees, and end with it."""
    import gc

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C is for the one who asked, who ends all others
    for name in os.environ.keys() - environment.keys():
        del os.environ[name]
    os.environ.update(environment)
    at_home()
    threading.Thread(target=_end_with, args=(multiprocessing.parent_process(),), daemon=True).start()
    gc.freeze()  # what was loaded stays: it need not be looked through again and again


def _end_with(parent: "BaseProcess") -> None:
    """End this process when the one that it works for is gone."""
    parent.join()
    os._exit(1)


def _worked(work: bytes) -> Any:
    """Do a piece of work."""
    import pickle

    function, given = pickle.loads(work)  # made by this program for its own processes
    return function(*given)


def at_home() -> None:
    """Let this thread do its own work from now on: a worker that asked its own cluster would wait for itself."""
    _worker.at_home = True


def end() -> None:
    """End the processes that work for this one, at once."""
    global _pool
    with _lock:
        pool, _pool = _pool, None
        if pool is None:
            return
        for process in pool.processes:
            process.kill()
        pool.executor.shutdown(cancel_futures=True)


def _end_if_idle() -> None:
    with _lock:
        if not _users:
            end()
