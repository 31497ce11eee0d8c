"""Work on the workers of a Dask scheduler, and one message when they are gone, cannot be reached, or are not alike.

Whoever reaches a scheduler can run any code as the one who started its workers: docs/cluster.md says how to close it.
"""

import hashlib
import logging
import pickle
import platform
import queue
import threading
import time
import uuid
import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import cache, partial
from importlib.metadata import PackageNotFoundError, version
from typing import Any, NamedTuple, TypeVar

from forecast.data import files, tables, workers
from forecast.data.messages import Message, UserError, joined

R = TypeVar("R")
ANSWER, PATIENCE, TICK = 8.0, 15.0, 2.0  # seconds: for a scheduler to answer, for a worker to come, between two looks
AHEAD = 4  # pieces of work for each thread that are sent before the first is back
ALIKE = ("numpy", "scipy", "pandas", "pyarrow", "llvmlite", "statsmodels", "mesa")
GOES_ON = "what was finished is kept, and the same command goes on from here"


class _Differs(UserError):
    """A worker has other code, data or libraries."""


@cache
def state() -> dict[str, str]:
    """Return what must be the same on every worker: versions, and hashes of the code and of the tables."""
    code, data = (
        hashlib.sha256(b"".join(p.relative_to(top).as_posix().encode() + p.read_bytes() for p in sorted(paths)))
        for top, paths in (
            (files.PACKAGE, files.PACKAGE.rglob("*.py")),
            (tables.data_dir(), tables.data_dir().glob("*.csv")),
        )
    )
    versions = {"python": ".".join(platform.python_version_tuple()[:2])}
    for name in ALIKE:
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            versions[name] = "none"
    return versions | {"code of forecast": code.hexdigest()[:12], "tables of data": data.hexdigest()[:12]}


class _Work(NamedTuple):
    """Work that is done where it is unpickled: a scheduler, which unpickles what it passes on, sees bytes alone.

    So it need not have the package, and does not stand still while it is loaded.
    """

    wanted: dict[str, str]
    function: Callable[..., Any]
    given: tuple[Any, ...]

    def __reduce__(self) -> tuple[Any, ...]:
        """Say what a worker has to call."""
        return _on_worker, tuple(self)


def _on_worker(wanted: dict[str, str], function: Callable[..., R], given: tuple[Any, ...]) -> tuple[str, R]:
    """Work on a worker that is like the one who asks; return its address too."""
    from distributed import get_worker

    workers.at_home()
    mine, where = state(), str(get_worker().address)
    other = [
        Message("{name} {mine} instead of {value}", name=name, mine=mine.get(name, Message("none")), value=value)
        for name, value in wanted.items()
        if mine.get(name) != value
    ]
    if other:
        raise _Differs("{where} has {other}", where=where, other=joined(other, ", "))
    return where, function(*given)


def _in_time(connect: Callable[[], R]) -> R:
    """Return what `connect` returns; TimeoutError where it waits for somebody who listens and says nothing."""
    answers: queue.SimpleQueue[Any] = queue.SimpleQueue()

    def call() -> None:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # other versions: we look ourselves, at what counts
                answers.put((connect(), None))
        except Exception as error:
            answers.put((None, error))

    threading.Thread(target=call, daemon=True).start()
    try:
        client, error = answers.get(timeout=2 * ANSWER)
    except queue.Empty:
        raise TimeoutError("somebody listens there and does not answer") from None
    if error is not None:
        raise error
    connected: R = client
    return connected


class Cluster:
    """A connection to a Dask scheduler; `ran` counts the pieces of work that each worker did, by its address."""

    def __init__(self, address: str):
        self.address = address
        self.ran: Counter[str] = Counter()
        try:
            from distributed import Client
        except ImportError:
            raise UserError("a cluster needs the extra packages: pip install 'forecast[cluster]'") from None
        self._log = logging.getLogger("distributed")
        self._level = self._log.level
        self._log.setLevel(logging.CRITICAL)  # it tells each attempt to reach what is gone; we tell it once
        try:
            self._client: Client = _in_time(partial(Client, address, timeout=ANSWER, set_as_default=False))
        except Exception as error:  # of sockets, of TLS, of addresses: whatever it is, there is no scheduler
            self._log.setLevel(self._level)
            reason = " ".join(str(error).split())[:150]
            raise UserError(
                "no Dask scheduler answers at {address!r}: {said}", address=address, said=reason or type(error).__name__
            ) from None

    def __enter__(self) -> "Cluster":
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the scheduler, whether or not it is still there."""
        try:
            self._client.close(timeout=2)
        except Exception as error:  # it may be gone
            self._log.debug("%s", error)
        finally:
            self._log.setLevel(self._level)

    def each(
        self, function: Callable[..., R], given: Sequence[tuple[Any, ...]], waiting: Sequence[int]
    ) -> Iterator[tuple[int, R]]:
        """Give number and result of each piece of work that is waiting, as the workers finish them."""
        import cloudpickle

        finished: queue.SimpleQueue[int] = queue.SimpleQueue()
        left, run = list(reversed(waiting)), uuid.uuid4().hex
        out: dict[int, Any] = {}
        alone = time.monotonic()
        threads = self._threads()
        try:
            while left or out:
                while left and len(out) < AHEAD * max(threads, 1):
                    number = left.pop()
                    work = cloudpickle.dumps(_Work(state(), function, given[number]))
                    out[number] = self._client.submit(pickle.loads, work, key=f"forecast-{run}-{number}")
                    out[number].add_done_callback(lambda _, number=number: finished.put(number))
                try:
                    number = finished.get(timeout=TICK)
                except queue.Empty:
                    threads = self._threads()
                    alone = time.monotonic() if threads else alone
                    if time.monotonic() - alone > PATIENCE:
                        raise self._gone(Message("has no worker (any more)")) from None
                    continue
                alone = time.monotonic()
                where, result = self._result(out[number])
                del out[number]
                self.ran[where] += 1
                yield number, result
        finally:
            if out and self._client.status == "running":
                self._client.cancel(list(out.values()), force=True)

    def _threads(self) -> int:
        """Return the threads of all workers now; an error where the scheduler does not answer."""
        try:
            if self._client.status == "running":
                scheduler: Any = self._client.scheduler
                return int(sum(self._client.sync(scheduler.ncores, callback_timeout=ANSWER).values()))
        except (OSError, TimeoutError, RuntimeError):
            pass
        raise self._gone(Message("does not answer any more"))

    def _result(self, future: Any) -> tuple[str, Any]:
        """Return what a worker sent; what went wrong there in words."""
        from distributed import CancelledError, KilledWorker

        until = time.monotonic() + PATIENCE
        while True:
            try:
                result: tuple[str, Any] = future.result(timeout=TICK)
                return result
            except KilledWorker:
                why = "has lost each worker that was given one piece of work: it may need more memory than they have"
                raise self._gone(Message(why)) from None
            except CancelledError:
                raise self._gone(Message("is gone, or has forgotten the work")) from None
            except (_Differs, ImportError, AttributeError) as error:
                if isinstance(error, AttributeError) and "Can't get attribute" not in str(error):
                    raise  # a mistake of ours
                raise UserError(
                    "the workers of {address} are not like this machine: {error}; expected the same code, data and "
                    "libraries on both",
                    address=self.address,
                    error=error if isinstance(error, _Differs) else str(error),
                ) from None
            except (TimeoutError, OSError):  # its worker went before it was fetched; others do it again
                if self._threads():
                    until = time.monotonic() + PATIENCE
                elif time.monotonic() > until:
                    raise self._gone(Message("has no worker (any more)")) from None

    def _gone(self, why: Message) -> UserError:
        return UserError(
            "the Dask scheduler at {address} {why}; {then}", address=self.address, why=why, then=Message(GOES_ON)
        )
