"""The line between a page and a conversation: a WebSocket at `/conversation`, see `messages`. The socket's end ends it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from dataclasses import replace

from fastapi import FastAPI, WebSocket, WebSocketDisconnect

from api.http.conversation.messages import (
    LONGEST_SOUND,
    LONGEST_TEXT,
    SettingsWish,
    SoundPlayed,
    TalkMessage,
    Written,
    begin_of,
    message_of,
    told,
)
from capabilities.conversation.session.events import SessionEvent
from capabilities.conversation.session.live import LiveSession
from capabilities.conversation.session.sessions import LONGEST_SECONDS, ConversationSessions
from capabilities.conversation.session.settings import SessionSettings
from studio.errors import EngineError, GreenroomError, InvalidInput

log = logging.getLogger(__name__)

PATH = "/conversation"
BEGIN_SECONDS = 20.0
SEND_SECONDS = 10.0
"""A page that takes nothing for so long is gone."""

HOUR_OVER = "An hour is over."
_NOT_UNDERSTOOD = 1008


class ConversationChannel:
    """All sockets; lives on the event loop alone."""

    def __init__(self, sessions: ConversationSessions) -> None:
        self._sessions = sessions

    async def serve(self, page: WebSocket) -> None:
        """One conversation, until the page leaves or says something that is no message."""
        with contextlib.suppress(TimeoutError, WebSocketDisconnect, RuntimeError):
            await page.accept()
            await self._run(page)

    async def _run(self, page: WebSocket) -> None:
        unsent: asyncio.Queue[SessionEvent] = asyncio.Queue()
        waiting = asyncio.create_task(_send_waiting(page, unsent))
        try:
            begin = begin_of(await asyncio.wait_for(page.receive_text(), BEGIN_SECONDS))
            session = await self._begun(page, begin.settings, unsent)
        except GreenroomError as error:
            await _refuse(page, error)
            return
        except (KeyError, TypeError):  # bytes where the first message belongs
            await _refuse(page, InvalidInput("talk.message-unknown"))
            return
        finally:
            waiting.cancel()
            await asyncio.gather(waiting, return_exceptions=True)
        if session is not None:
            await self._talk(page, session)

    async def _begun(self, page: WebSocket, settings: SessionSettings, unsent: asyncio.Queue[SessionEvent]) -> LiveSession | None:
        """The session once it is ready; None where the page has left before."""
        beginning = asyncio.create_task(self._sessions.begin(settings, unsent.put_nowait))
        leaving = asyncio.create_task(_gone(page))
        try:
            await asyncio.wait({beginning, leaving}, return_when=asyncio.FIRST_COMPLETED)
            if not beginning.done():
                beginning.cancel()
                await asyncio.gather(beginning, return_exceptions=True)
                return None
            return await beginning
        finally:
            leaving.cancel()
            await asyncio.gather(leaving, return_exceptions=True)

    async def _talk(self, page: WebSocket, session: LiveSession) -> None:
        sending = asyncio.create_task(_send(page, session))
        why = ""
        try:
            async with asyncio.timeout(LONGEST_SECONDS):
                await _receive(page, session, sending)
        except TimeoutError:
            why = HOUR_OVER
        except InvalidInput as error:
            with contextlib.suppress(RuntimeError, WebSocketDisconnect):
                await _refuse(page, error, _NOT_UNDERSTOOD)
        except (WebSocketDisconnect, RuntimeError):
            pass
        except Exception:
            log.exception("A conversation ended unexpectedly.")
            with contextlib.suppress(RuntimeError, WebSocketDisconnect):
                await _refuse(page, EngineError("talk.unexpected"))
        finally:
            await self._sessions.end(session, why)
            await asyncio.wait({sending}, timeout=1)
            sending.cancel()
            await asyncio.gather(sending, return_exceptions=True)


async def _refuse(page: WebSocket, error: GreenroomError, code: int = 1000) -> None:
    await page.send_text(json.dumps({"type": "error", **error.as_dict()}))
    await page.close(code)


async def _gone(page: WebSocket) -> None:
    """Until the page has left; what it says before the session is ready is passed over."""
    while (await page.receive())["type"] != "websocket.disconnect":
        pass


async def _send_waiting(page: WebSocket, unsent: asyncio.Queue[SessionEvent]) -> None:
    while True:
        await page.send_text(str(told(await unsent.get())))


async def _send(page: WebSocket, session: LiveSession) -> None:
    async for event in session.events():
        message = told(event)
        async with asyncio.timeout(SEND_SECONDS):
            await (page.send_bytes(message) if isinstance(message, bytes) else page.send_text(message))


async def _receive(page: WebSocket, session: LiveSession, sending: asyncio.Task[None]) -> None:
    while not sending.done():
        message = await page.receive()
        if message["type"] == "websocket.disconnect":
            return
        sound, text = message.get("bytes"), message.get("text")
        if sound is not None and len(sound) <= LONGEST_SOUND:
            session.feed(sound)
        elif text is not None and len(text) <= LONGEST_TEXT:
            await _act(session, message_of(text))
        else:
            raise InvalidInput("talk.message-unknown")


async def _act(session: LiveSession, message: TalkMessage) -> None:
    match message:
        case SoundPlayed(stream=stream, sample=sample):
            session.played(stream, sample)
        case Written(text=text):
            await session.send_text(text)
        case SettingsWish():
            await session.update(_changed(session.settings, message))
        case _:
            wishes = {
                "cancel": session.cancel,
                "commit": session.commit,
                "clear": session.clear,
                "no_interruption": session.was_no_interruption,
            }
            await wishes[message.type]()


def _changed(settings: SessionSettings, message: SettingsWish) -> SessionSettings:
    given = message.model_dump(exclude={"type"}, exclude_none=True)
    turns = replace(settings.turns, **{name: given.pop(name) for name in ("silence", "interrupt") if name in given})
    return replace(settings, **given, turns=turns)


def add_conversation_channel(app: FastAPI, sessions: ConversationSessions) -> None:
    """Declare the socket on `app`, before Gradio is mounted."""
    channel = ConversationChannel(sessions)

    @app.websocket(PATH)
    async def conversation(page: WebSocket) -> None:
        await channel.serve(page)
