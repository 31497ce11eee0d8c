"""Memory that was freed goes back to the machine."""

import ctypes
import sys


def trim() -> None:
    """Ask the C library for the holes that freed memory has left; they would stay with the process.

    A library that cannot be asked (not glibc) keeps them for what is made next.

    >>> trim()
    """
    if sys.platform == "linux" and (ask := getattr(ctypes.CDLL(None), "malloc_trim", None)):
        ask(0)
