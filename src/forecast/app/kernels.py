"""How many windows of the scenario page run at a time, a kernel each, and what is given back when one is gone."""

import gc
from typing import Any

from jupyter_client.manager import KernelManager
from jupyter_events import EventLogger
from jupyter_server.services.kernels.kernelmanager import AsyncMappingKernelManager
from tornado.ioloop import IOLoop
from tornado.web import HTTPError

from forecast.data.trim import one_arena, trim

MOST = 24  # windows, each with a kernel of some 300 MB
_REST = 1.0  # seconds from the end of a kernel until nothing holds what was made for its window


class Capped(AsyncMappingKernelManager):
    """Kernels of the windows, :data:`MOST` at most; one window more is told so, and the others go on."""

    def __init__(self, **options: Any):
        super().__init__(**options)  # type: ignore[no-untyped-call]
        # Kernels that were asked for: many windows may be opened at once. One that starts is for a while in the list
        # of kernels too, so they are counted by name.
        self._starting: set[str] = set()
        # Kernels tell what happens to them to a logger of the application. Voilà has none, and each kernel would make
        # one of its own, which `logging` keeps forever.
        if self.parent is not None and not hasattr(self.parent, "event_logger"):
            self.parent.event_logger = EventLogger(parent=self.parent)

    async def start_kernel(self, **options: Any) -> str:  # type: ignore[override]
        """Start a kernel if there is room; whoever is one too many is asked to close a window (503)."""
        name = options.pop("kernel_id", None) or self.new_kernel_id()
        if len(self._starting.union(self.list_kernel_ids()) - {name}) >= MOST:
            reason = f"{MOST} windows are open: close one"  # the page itself says it in forecast.app.notes
            raise HTTPError(503, reason=reason, log_message=reason)
        self._starting.add(name)
        try:
            started: str = await super().start_kernel(kernel_id=name, **options)
        finally:
            self._starting.discard(name)
        return started

    def remove_kernel(self, kernel_id: str) -> KernelManager:
        """Forget a kernel, however it ended, and soon after that what was made for its window."""
        IOLoop.current().call_later(_REST, tidy)
        return super().remove_kernel(kernel_id)


def settle() -> None:
    """Say that all there is now stays: :func:`tidy` need not look at it, which takes 0.03 s instead of 0.9.

    Python looks through all it holds only when a quarter of that is new. To a server that holds the whole package that
    is dozens of windows; of what comes after this, it is a few.

    Threads that serve windows share one store of memory: with one each, 20 windows at once left half a MB each.
    """
    one_arena()
    gc.collect()
    gc.freeze()


def tidy() -> None:
    """Give back what windows that are gone have left: a megabyte each in circles of objects, and holes as large.

    The circles are templates of pages, compiled for each window anew, and sockets.

    >>> tidy()
    """
    gc.collect()
    trim()
