"""The first use of the code on a machine: one process compiles it for all, and somebody is told why it takes a while.

Functions are compiled when they are first called, and kept on the disk for every process after that (numba). Processes
that begin together would all compile the same. So whoever lays out a world first simulates an invented district, which
calls every function there is, and leaves a mark; the others wait for the mark and load what was made.
"""

import hashlib
import os
import platform
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.metadata import version
from pathlib import Path

import numpy as np
from filelock import FileLock

from forecast.data import code, workers
from forecast.data.messages import UserError, translate
from forecast.data.steps import say_beside

_begun = False
_looked = False


def mark() -> Path:
    """Return the file that stands where all is compiled: for these sources, this Python, these libraries, this CPU.

    numba compiles anew where any of them is another one, also where a source only has another time. No compiler is
    loaded to find out: a command leaves that to its workers.
    """
    sources = [(path.name, path.stat().st_size, path.stat().st_mtime_ns) for path in code.compiled_sources()]
    facts = [sys.implementation.cache_tag, version("numba"), version("llvmlite"), *_machine(), *sources]
    return code.compiled_folder() / f"ready-{hashlib.sha256(repr(facts).encode()).hexdigest()[:12]}"


def _machine() -> list[str]:
    """Return what code is compiled for: the CPU, and what it can do where the system tells."""
    told = Path("/proc/cpuinfo")
    lines = told.read_text().split("\n\n")[0].splitlines() if told.exists() else []
    names = ("model name", "flags", "CPU part", "Features")
    return [platform.machine(), platform.processor(), *(line for line in lines if line.startswith(names))]


def missing() -> bool:
    """Return whether functions must be compiled before the first answer."""
    off = os.environ.get("NUMBA_DISABLE_JIT", "0") not in ("", "0")
    return not (off or mark().exists())


def get_ready() -> None:
    """See that all is compiled: by this process, or by another one that has begun. Later calls do nothing."""
    global _begun
    if _begun:
        return
    _begun = True  # the simulation below comes by here, and each batch of draws does
    if not missing():
        return
    done = mark()
    with _alone(done.with_suffix(".lock")):
        if not done.exists():
            with suppress(UserError):  # a fault in the tables: the question itself will meet it, and tell it
                _call_all()
                with suppress(OSError):
                    done.touch()


@contextmanager
def _alone(lock: Path) -> Iterator[None]:
    """Have other processes wait; where the disk knows no locks, each compiles for itself."""
    held = FileLock(lock)
    with suppress(OSError, NotImplementedError):
        lock.parent.mkdir(parents=True, exist_ok=True)
        held.acquire()
    try:
        yield
    finally:
        held.release()


def _call_all() -> None:
    """Simulate a year of an invented district: what it follows (up, then down), and both engines.

    There are two draws: with one, arrays have other types.
    """
    from forecast.data import toy
    from forecast.engines.campaign.ahead import Paths
    from forecast.engines.people.agents import AgentEngine
    from forecast.engines.people.following import lead
    from forecast.engines.people.stock import StockEngine
    from forecast.question.levers import Policy, Visits
    from forecast.question.scenario import Scenario

    policy = Policy(Visits(count=100, per="commune"))
    asked = Scenario("first use", toy.place(), start="2021-12", until="2022-12", law=toy.law(), policy=policy)
    lasting = np.repeat([[300.0 + 20 * min(t, 12 - t) for t in range(13)]], 2, axis=0).T
    same = np.full_like(lasting, 0.5)
    lead(asked, range(2), 1, Paths(asked.months, lasting + 10, lasting, same, 0 * same))
    for engine in (StockEngine(), AgentEngine()):
        engine.run(asked, range(2), seed=1)


def tell() -> None:
    """Say once, to somebody who waits at a terminal or for a command, that functions have to be compiled first."""
    global _looked
    if _looked:
        return
    _looked = True  # looked at once: it takes reading all sources, and a search asks for work hundreds of times
    if missing():
        why = translate(
            "the first run after an installation or an update prepares the model, which takes a minute or two; "
            "later runs need not"
        )
        say_beside(translate("note: {what}", what=why))


def get_ready_apart() -> None:
    """Tell and compile in a process of its own, so that the memory which compiling takes goes with it."""
    if missing():
        tell()
        code = f"from {__name__} import get_ready; get_ready()"
        subprocess.run([sys.executable, "-c", code], check=False, stderr=subprocess.DEVNULL)


workers.BEFORE.append(tell)
