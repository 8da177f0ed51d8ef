"""When an answer to the page was made, so that an older one that arrives late is not taken for the newer.

Handlers of one page run at the same time, and a network or a busy browser hands their answers over in any order. A header
tells when each was ready; static/answers.js leaves out what a newer answer, or the person, has changed since.
"""

from __future__ import annotations

import time

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

HEADER = "x-greenroom-answered"
HANDLERS = "/run/predict"
_OFFSET = time.time_ns() - time.monotonic_ns()


def moment() -> int:
    """Return the time in microseconds, never earlier than what was returned before, also before a restart of the machine."""
    return (_OFFSET + time.monotonic_ns()) // 1000


class AnswerTimes:
    """ASGI middleware that writes the time, in microseconds, into the head of every answer of a page's handler."""

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
