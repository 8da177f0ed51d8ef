"""The line between a page and a rehearsal: a WebSocket at `/rehearsal`.

Text messages are JSON objects with a `type` (capabilities/conversation/rehearsal/session.py names them), binary ones are sound of
the microphone: 16-bit little-endian samples, mono at 16 kHz. The first message begins; the socket's end ends the run.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import threading
from typing import Any

from fastapi import FastAPI, WebSocket, WebSocketDisconnect
from pydantic import ValidationError

from capabilities.conversation.rehearsal.report import FOLDER, finish_left
from capabilities.conversation.rehearsal.session import TICK_SECONDS, Begin, RehearsalSession, client_message
from studio.errors import GreenroomError, InvalidInput
from studio.services import Services

log = logging.getLogger(__name__)

PATH = "/rehearsal"
MOST_RUNS = 4
LONGEST_TEXT = 4_000
LONGEST_SOUND = 64_000
"""Bytes of one message: two seconds of sound."""
BEGIN_SECONDS = 20.0
MOST_UNSENT = 500
_TOO_MANY, _NOT_UNDERSTOOD = 1013, 1008


class RehearsalChannel:
    """All rehearsals that are going on; lives on the event loop alone."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._running = 0

    async def serve(self, page: WebSocket) -> None:
        """One run, until the page leaves or says something that is no message."""
        if self._running >= MOST_RUNS:
            await page.close(_TOO_MANY, "Too many rehearsals are going on.")
            return
        self._running += 1
        try:
            await page.accept()
            await self._run(page)
        except (TimeoutError, WebSocketDisconnect, RuntimeError):
            pass
        finally:
            self._running -= 1

    async def _run(self, page: WebSocket) -> None:
        unsent: asyncio.Queue[dict[str, Any]] = asyncio.Queue(MOST_UNSENT)
        try:
            begin = _begin(await asyncio.wait_for(page.receive_text(), BEGIN_SECONDS))
            session = RehearsalSession(self._services, begin, lambda message: _put(unsent, message))
            await session.open()
        except GreenroomError as error:
            await page.send_text(json.dumps({"type": "error", **error.as_dict()}))
            await page.close()
            return
        tasks = [asyncio.create_task(one) for one in (_send(page, unsent), _tick(session))]
        try:
            await _receive(page, session)
        except InvalidInput as error:
            await page.send_text(json.dumps({"type": "error", **error.as_dict()}))
            await page.close(_NOT_UNDERSTOOD)
        finally:
            for task in tasks:
                task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.gather(*tasks, return_exceptions=True)
            await session.close()


def _begin(text: str) -> Begin:
    try:
        return Begin.model_validate_json(text[:LONGEST_TEXT])
    except ValidationError:
        raise InvalidInput("rehearsal.message-unknown") from None


async def _receive(page: WebSocket, session: RehearsalSession) -> None:
    while True:
        message = await page.receive()
        if message["type"] == "websocket.disconnect":
            return
        sound, text = message.get("bytes"), message.get("text")
        if sound is not None and len(sound) <= LONGEST_SOUND:
            session.sound(sound)
        elif text is not None and len(text) <= LONGEST_TEXT:
            await session.receive(client_message(text))
        else:
            raise InvalidInput("rehearsal.message-unknown")


async def _send(page: WebSocket, unsent: asyncio.Queue[dict[str, Any]]) -> None:
    while True:
        await page.send_text(json.dumps(await unsent.get(), ensure_ascii=False))


async def _tick(session: RehearsalSession) -> None:
    while True:
        await asyncio.sleep(TICK_SECONDS)
        await session.tick()


def _put(unsent: asyncio.Queue[dict[str, Any]], message: dict[str, Any]) -> None:
    """A page that takes nothing any more loses the oldest; it is told the state anew with the next line."""
    if unsent.full():
        unsent.get_nowait()
    unsent.put_nowait(message)


def add_rehearsal_channel(app: FastAPI, studio: Services) -> None:
    """Declare the socket on `app`, before Gradio is mounted, and take up what a killed server has left."""
    channel = RehearsalChannel(studio)
    folder = studio.paths.root / FOLDER
    if folder.is_dir():
        threading.Thread(target=finish_left, args=(folder, studio.library), name="rehearsals left", daemon=True).start()

    @app.websocket(PATH)
    async def rehearsal(page: WebSocket) -> None:
        await channel.serve(page)
