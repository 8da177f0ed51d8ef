"""The WebSocket by which pages learn of changes. It sends the stamps of studio/changes at first and whenever one of them
differs, and while jobs run also what the studio is doing (studio/changes/work.py), at most once a second.

It is a WebSocket because browsers allow only six other connections to a host over all tabs, and each page already uses one.
Nothing is polled while no page is open, and nothing is sent to an idle page.
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Callable
from functools import partial

from fastapi import FastAPI, WebSocket, WebSocketDisconnect

from studio.changes.stamps import Changes, Stamps
from studio.changes.work import Work, work_of
from studio.services import Services

log = logging.getLogger(__name__)

PATH = "/changes"
LOOK_SECONDS = 0.4
SEND_SECONDS = 5.0
WORK_SECONDS = 1.0
MOST_PAGES = 200


class ChangeChannel:
    """All open sockets, and one task that looks for changes while there are any. Use it on the event loop only."""

    def __init__(self, changes: Changes, work: Callable[[], Work]) -> None:
        self._changes, self._work = changes, work
        self._pages: set[WebSocket] = set()
        self._told: Stamps = {}
        self._working, self._worked = Work(), 0.0
        self._looking: asyncio.Task[None] | None = None

    async def serve(self, page: WebSocket) -> None:
        """Send stamps to a page until it disconnects; its messages are ignored."""
        if len(self._pages) >= MOST_PAGES:
            await page.close(1013, "Too many pages are open.")
            return
        await page.accept()
        now = await asyncio.to_thread(self._changes.stamps)
        if not self._pages:
            self._told = now
        self._pages.add(page)
        await self._send(page, _message(now))
        work = await asyncio.to_thread(self._work)
        if work.jobs:
            await self._send(page, _work_message(work))
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look())
        try:
            while True:
                await page.receive_text()
        except (WebSocketDisconnect, RuntimeError):
            pass
        finally:
            self._pages.discard(page)

    async def _look(self) -> None:
        while self._pages:
            await asyncio.sleep(LOOK_SECONDS)
            try:
                now = await asyncio.to_thread(self._changes.stamps)
                await self._tell_work()
            except Exception:
                log.exception("The studio's lists could not be looked at.")
                continue
            if now != self._told:
                self._told = now
                await asyncio.gather(*(self._send(page, _message(now)) for page in list(self._pages)))

    async def _tell_work(self) -> None:
        """Send what has changed of the work; one last time when there is none any more."""
        if time.monotonic() - self._worked < WORK_SECONDS:
            return
        self._worked, before = time.monotonic(), self._working
        self._working = await asyncio.to_thread(self._work)
        if self._working != before and (self._working.jobs or before.jobs):
            await asyncio.gather(*(self._send(page, _work_message(self._working)) for page in list(self._pages)))

    async def _send(self, page: WebSocket, message: str) -> None:
        try:
            await asyncio.wait_for(page.send_text(message), SEND_SECONDS)
        except (TimeoutError, WebSocketDisconnect, RuntimeError):
            self._pages.discard(page)


def _message(stamps: Stamps) -> str:
    return json.dumps(stamps)


def _work_message(work: Work) -> str:
    return json.dumps({"work": work.as_dict()})


def add_change_channel(app: FastAPI, studio: Services) -> None:
    """Declare the socket on `app`, before Gradio is mounted."""
    channel = ChangeChannel(Changes(studio), partial(work_of, studio))

    @app.websocket(PATH)
    async def changes(page: WebSocket) -> None:
        await channel.serve(page)
