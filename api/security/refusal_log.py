"""Logs refused requests with address, path and reason, never with a token, a query or a header."""

from __future__ import annotations

import logging
import threading
import time
from collections import OrderedDict

from starlette.types import ASGIApp, Receive, Scope, Send

log = logging.getLogger(__name__)

BURST = 40
WINDOW_SECONDS = 10.0
LONGEST_PATH = 120
REMEMBERED = 1024
_KEY = "greenroom.refusals"


class RefusalLog:
    """The outermost middleware: gives each request a function that logs its refusal.

    The number of lines per address, reason and period is limited, so that a flood does not displace other lines.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self._lock = threading.Lock()
        self._windows: OrderedDict[str, tuple[float, int]] = OrderedDict()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope[_KEY] = self
        await self.app(scope, receive, send)

    def passes(self, kind: str) -> tuple[bool, int]:
        """Return whether to write a line for an address and a reason, and how many were suppressed before it."""
        now = time.monotonic()
        with self._lock:
            begun, count = self._windows.pop(kind, (now, 0))
            left_out = 0
            if now - begun > WINDOW_SECONDS:
                begun, left_out, count = now, max(0, count - BURST), 0
            self._windows[kind] = begun, count + 1
            while len(self._windows) > REMEMBERED:
                self._windows.popitem(last=False)
        return count < BURST, left_out


def note_refusal(scope: Scope, why: str, code: str = "") -> None:
    """Write a line into the studio's log."""
    address, keeper = caller(scope), scope.get(_KEY)
    written, left_out = keeper.passes(f"{address} {why}") if isinstance(keeper, RefusalLog) else (True, 0)
    if not written:
        return
    path = str(scope.get("path", ""))[:LONGEST_PATH]
    before = f" ({left_out} more like it were not written down)" if left_out else ""
    marked = f"[{code}] " if code else ""
    log.info("RequestRefused %s %r from %s: %s%s%s", scope.get("method", "WebSocket"), path, address, marked, why, before)


def caller(scope: Scope) -> str:
    """Return the address that a request comes from."""
    client = scope.get("client")
    return str(client[0]) if client else "an unknown address"
