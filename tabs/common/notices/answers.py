"""Time stamps of answers to the page, so that an older answer that arrives late does not replace a newer one.

Handlers of one page run concurrently, and their answers arrive in any order. A header holds the time at which each was ready;
static/answers.js drops values that a newer answer, or the user, has changed since.
"""

from __future__ import annotations

import time

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

HEADER = "x-greenroom-answered"
HANDLERS = "/run/predict"
_OFFSET = time.time_ns() - time.monotonic_ns()


def moment() -> int:
    """Return the time in microseconds, never earlier than any value returned before, also across restarts of the machine."""
    return (_OFFSET + time.monotonic_ns()) // 1000


class AnswerTimes:
    """ASGI middleware that adds the time, in microseconds, to the headers of every answer of a page's handler."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not str(scope["path"]).endswith(HANDLERS):
            await self._app(scope, receive, send)
            return

        async def timed(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)[HEADER] = str(moment())
            await send(message)

        await self._app(scope, receive, timed)
