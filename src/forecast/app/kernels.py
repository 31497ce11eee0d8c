"""How many windows of the scenario page run at a time: a kernel each, and each takes memory."""

from typing import Any

from jupyter_server.services.kernels.kernelmanager import AsyncMappingKernelManager
from tornado.web import HTTPError

MOST = 24  # windows, each with a kernel of some 300 MB


class Capped(AsyncMappingKernelManager):
    """Kernels of the windows, :data:`MOST` at most; one window more is told so, and the others go on."""

    _starting = 0  # kernels that were asked for and are in no list yet: many windows may be opened at once

    async def start_kernel(self, **options: Any) -> str:  # type: ignore[override]
        """Start a kernel if there is room; whoever is one too many is asked to close a window (503)."""
        if len(self.list_kernel_ids()) + self._starting >= MOST:
            reason = f"{MOST} windows are open: close one / đang mở {MOST} cửa sổ: hãy đóng bớt"
            raise HTTPError(503, reason=reason.encode("ascii", "ignore").decode(), log_message=reason)
        self._starting += 1
        try:
            started: str = await super().start_kernel(**options)
        finally:
            self._starting -= 1
        return started
