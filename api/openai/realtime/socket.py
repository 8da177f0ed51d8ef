"""The WebSocket `/v1/realtime`: who may come in, how much and how fast they may speak, and for how long."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import time
from dataclasses import replace

from fastapi import FastAPI, WebSocket, WebSocketDisconnect

from api.openai.errors import WrongParameter
from api.openai.realtime.conversation import RealtimeConversation
from api.openai.realtime.events import client_event, event_id_of
from api.openai.realtime.refusals import ServerEvent, error_event
from capabilities.conversation.session.contract import ConversationSession
from capabilities.conversation.session.live import LiveSession
from capabilities.conversation.session.sessions import ConversationSessions
from capabilities.conversation.session.settings import SessionSettings
from studio.callbacks import no_op
from studio.errors import EngineError, EngineNotReady, GreenroomError

log = logging.getLogger(__name__)

PATH = "/v1/realtime"
PROTOCOL = "realtime"
MOST_CONNECTIONS = 8
LASTS_SECONDS = 60 * 60.0
"""As OpenAI's sessions."""
IDLE_SECONDS = 15 * 60.0
LONGEST_TEXT = 1 << 20
"""Bytes of a message, as the server has it: some 16 s of PCM."""
MOST_EVENTS, EVENTS_PER_SECOND = 2_000, 400.0
"""A burst, and what may follow for ever: twenty times as fast as sound in pieces of 50 ms."""
MOST_UNSENT = 20_000
SEND_SECONDS = 20.0
"""A client that takes nothing for so long is gone."""

_POLICY, _TRY_LATER = 1008, 1013


class EventAllowance:
    """How many events may come: a burst, filled up again at a steady rate. `now`: seconds of a clock that rises."""

    def __init__(self, now: float) -> None:
        self._left, self._at = float(MOST_EVENTS), now

    def take(self, now: float) -> bool:
        """Count an event; whether it may come."""
        self._left = min(float(MOST_EVENTS), self._left + (now - self._at) * EVENTS_PER_SECOND)
        self._at = now
        self._left -= 1
        return self._left >= 0


class _Sessions:
    """`SessionHost`: a session that listens where anything can, and else one that is written to."""

    def __init__(self, sessions: ConversationSessions) -> None:
        self._sessions = sessions

    async def begin(self, settings: SessionSettings) -> ConversationSession:
        try:
            return await self._sessions.begin(settings, no_op, PROTOCOL)
        except EngineNotReady as error:
            if error.code not in NO_EAR:
                raise
            return await self._sessions.begin(replace(settings, listen=False), no_op, PROTOCOL)

    async def end(self, session: ConversationSession) -> None:
        if isinstance(session, LiveSession):
            await self._sessions.end(session)


NO_EAR = frozenset({"talk.no-ear", "talk.no-voice-detector"})


class RealtimeChannel:
    """All connections; lives on the event loop alone."""

    def __init__(self, sessions: ConversationSessions) -> None:
        self._host = _Sessions(sessions)
        self._open = 0

    async def serve(self, client: WebSocket) -> None:
        """Serve one connection until the client disconnects, its time is over, or it sends too much."""
        offered = client.scope.get("subprotocols") or []
        await client.accept(subprotocol=PROTOCOL if PROTOCOL in offered else None)
        if self._open >= MOST_CONNECTIONS:
            await _refuse(client, WrongParameter("openai.realtime-busy", param="", openai_code="rate_limit_exceeded"), _TRY_LATER)
            return
        self._open += 1
        try:
            with contextlib.suppress(WebSocketDisconnect, RuntimeError):
                await self._run(client)
        finally:
            self._open -= 1

    async def _run(self, client: WebSocket) -> None:
        unsent: asyncio.Queue[ServerEvent] = asyncio.Queue(MOST_UNSENT)
        sending = asyncio.create_task(_send(client, unsent))

        def emit(event: ServerEvent) -> None:
            if unsent.full():
                sending.cancel()  # the client reads nothing; what it is told next would have a hole
            else:
                unsent.put_nowait(event)

        conversation = RealtimeConversation(self._host, client.query_params.get("model", ""), LASTS_SECONDS, emit)
        conversation.created()
        receiving = asyncio.create_task(_receive(client, conversation))
        try:
            await asyncio.wait({receiving, sending}, return_when=asyncio.FIRST_COMPLETED, timeout=LASTS_SECONDS)
            if not receiving.done() and not sending.done():
                expired = WrongParameter(
                    "openai.realtime-expired", param="", openai_code="session_expired", minutes=int(LASTS_SECONDS // 60)
                )
                await _refuse(client, expired, 1000)
            elif receiving.done() and (error := receiving.exception()) is not None:
                await _end(client, error)
        finally:
            for task in (receiving, sending):
                task.cancel()
            await asyncio.gather(receiving, sending, return_exceptions=True)
            await conversation.close()


async def _receive(client: WebSocket, conversation: RealtimeConversation) -> None:
    allowance = EventAllowance(time.monotonic())
    while True:
        try:
            message = await asyncio.wait_for(client.receive(), IDLE_SECONDS)
        except TimeoutError:
            minutes = int(IDLE_SECONDS // 60)
            raise WrongParameter("openai.realtime-idle", param="", openai_code="session_expired", minutes=minutes) from None
        if message["type"] == "websocket.disconnect":
            return
        if not allowance.take(time.monotonic()):
            raise WrongParameter("openai.realtime-flood", param="", openai_code="rate_limit_exceeded")
        text = message.get("text")
        if text is None:
            text = (message.get("bytes") or b"").decode("utf-8", "replace")
        if len(text) > LONGEST_TEXT:
            raise WrongParameter("openai.realtime-too-large", param="", openai_code="message_too_large", most=LONGEST_TEXT)
        await _take(conversation, text)


async def _take(conversation: RealtimeConversation, text: str) -> None:
    try:
        event = client_event(text)
    except GreenroomError as error:
        conversation.emit(error_event(error, event_id_of(text)))
        return
    await conversation.take(event)


async def _send(client: WebSocket, unsent: asyncio.Queue[ServerEvent]) -> None:
    while True:
        event = await unsent.get()
        await asyncio.wait_for(client.send_text(json.dumps(event, ensure_ascii=False)), SEND_SECONDS)


async def _end(client: WebSocket, error: BaseException) -> None:
    """Why the server hangs up: the client said too much, or something went wrong that nobody foresaw."""
    if isinstance(error, GreenroomError):
        await _refuse(client, error, _POLICY)
    elif not isinstance(error, WebSocketDisconnect | RuntimeError | asyncio.CancelledError):
        log.error("A realtime connection ended unexpectedly.", exc_info=error)
        await _refuse(client, EngineError("talk.unexpected"), 1011)


async def _refuse(client: WebSocket, error: GreenroomError, code: int) -> None:
    with contextlib.suppress(WebSocketDisconnect, RuntimeError, TimeoutError):
        await asyncio.wait_for(client.send_text(json.dumps(error_event(error), ensure_ascii=False)), SEND_SECONDS)
        await asyncio.wait_for(client.close(code), SEND_SECONDS)


def add_realtime_channel(app: FastAPI, sessions: ConversationSessions) -> None:
    """Declare the socket on `app`, before Gradio is mounted."""
    channel = RealtimeChannel(sessions)

    @app.websocket(PATH)
    async def realtime(client: WebSocket) -> None:
        await channel.serve(client)
