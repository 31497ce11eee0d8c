"""A line that shows how far the work is: on a terminal or in a notebook, never in a log."""

import sys
import threading
from typing import Any

from tqdm.auto import tqdm

from forecast.data.messages import speaks, translate

# One process shows a bar. tqdm's own lock is for several, and the name of it outlives a worker that is ended at once.
tqdm.set_lock(threading.RLock())


def steps(what: str, unit: str, total: int | None = None, *, shown: bool = True, done: int = 0) -> "tqdm[Any]":
    """Return a bar of `total` steps of which `done` are done, on standard error, gone when the work has ended.

    `what` and `unit` are told in the language that is spoken. Where standard error is neither a terminal nor that of a
    notebook, or `shown` is False, nothing is shown.

    >>> with steps("projection", "draw", 2, shown=False) as bar:
    ...     bar.update(2)
    """
    notebook = _in_notebook()
    return tqdm(
        desc=translate(what),
        unit=" " + translate(unit) if unit else "",
        total=total,
        initial=done,
        disable=not shown or not (notebook or sys.stderr.isatty()),
        leave=notebook,
        dynamic_ncols=True,
    )


def say_beside(text: str) -> None:
    """Say something on standard error, beside a bar that may be there: for a command, or on a terminal.

    A notebook would keep it with its outputs, and a program that only uses the library has no reader.

    >>> say_beside("nobody is told in a notebook")
    """
    if speaks() or (sys.stderr.isatty() and not _in_notebook()):
        tqdm.write(text, file=sys.stderr)


def _in_notebook() -> bool:
    """Return whether a kernel of a notebook runs this, not merely whether somebody has imported one."""
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    return hasattr(shell, "kernel")
