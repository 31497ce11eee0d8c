"""Memory that was freed goes back to the machine."""

import ctypes
import sys
from typing import Any

_ARENA_MAX = -8  # M_ARENA_MAX of glibc's malloc.h


def trim() -> None:
    """Ask the C library for the holes that freed memory has left; they would stay with the process.

    A library that cannot be asked (not glibc) keeps them for what is made next.

    >>> trim()
    """
    if ask := _asked("malloc_trim"):
        ask(0)


def one_arena() -> None:
    """Let all threads of this process share one store of memory, from now on.

    glibc gives each thread that allocates at the same time as others a store of its own, and keeps it; a server in
    which threads come and go grows by what lies about in them. It costs time only where threads wait for memory.

    >>> one_arena()
    """
    if ask := _asked("mallopt"):
        ask(_ARENA_MAX, 1)


def _asked(name: str) -> Any:
    """Return a function of the C library of Linux, or None."""
    return getattr(ctypes.CDLL(None), name, None) if sys.platform == "linux" else None
