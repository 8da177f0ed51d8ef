"""A connection's conversation: what the client says is done to a session of the studio, and what that tells becomes events."""

from __future__ import annotations

import asyncio
import contextlib
import time
from dataclasses import replace
from typing import Any, Protocol

from api.openai.errors import WrongParameter
from api.openai.realtime.codecs import FormatName, WireDecoder
from api.openai.realtime.events import (
    AudioAppend,
    AudioClear,
    AudioCommit,
    ClientEvent,
    ItemCreate,
    ItemDelete,
    ItemRetrieve,
    ItemTruncate,
    ResponseCancel,
    ResponseCreate,
    ResponseWish,
    SessionUpdate,
)
from api.openai.realtime.items import FunctionCallItem, FunctionOutputItem, ItemList, KeptItem, MessageItem, item_fields
from api.openai.realtime.refusals import error_event, new_id, server_event
from api.openai.realtime.response import Emit, ResponseWriter
from api.openai.realtime.session_config import SESSION_FIELDS, RealtimeSession, check_response, new_session, updated
from api.openai.realtime.told import SessionTeller
from capabilities.conversation.session.contract import ConversationSession, HistoryItem
from capabilities.conversation.session.events import CLOCK_RATE, SOUND_RATE
from capabilities.conversation.session.settings import SessionSettings
from studio.errors import GreenroomError

LEAST_COMMIT_MS = 100.0
FIXED = {"output_modalities": "spoken", "audio.output.voice": "voice"}


class SessionHost(Protocol):
    """Begins and ends sessions of the studio."""

    async def begin(self, settings: SessionSettings) -> ConversationSession:
        """Raises GreenroomError."""

    async def end(self, session: ConversationSession) -> None: ...


class RealtimeConversation:
    """One connection, on its event loop. The studio's session is begun with the first sound, item or response, so that what the
    client sets before costs nothing; everything that a client says is done in its order.

    Args:
        emit: takes the events for the client; it does not block.
    """

    def __init__(self, host: SessionHost, model: str, lasts_seconds: float, emit: Emit) -> None:
        self.session: RealtimeSession = new_session(model, int(time.time() + lasts_seconds))
        self.items = ItemList()
        self._host, self._emit = host, emit
        self._conversation = new_id("conv")
        self._live: ConversationSession | None = None
        self._reading: asyncio.Task[None] | None = None
        self._teller = SessionTeller(self)
        self._decoder: WireDecoder | None = None
        self._format: FormatName = "audio/pcm"
        self.buffered_ms = 0.0
        """Sound of the client since the last turn."""
        self._waiting: list[ResponseWish | None] = []
        self._turns = [0, 0]
        """How many turns were committed by hand, and how many of them have their words."""

    # What the socket calls

    def created(self) -> None:
        self._emit(server_event("session.created", session=self.session.as_json()))

    async def take(self, event: ClientEvent) -> None:
        """Do what an event asks for. What is wrong with it is told as an event of its own."""
        try:
            await self._do(event)
        except GreenroomError as error:
            self._emit(error_event(error, event.event_id))

    async def close(self) -> None:
        """Close the conversation after the client has disconnected."""
        if self._reading is not None:
            self._reading.cancel()
            await asyncio.gather(self._reading, return_exceptions=True)
        if self._live is not None:
            await self._host.end(self._live)
            self._live = None

    # Events

    async def _do(self, event: ClientEvent) -> None:
        match event:
            case SessionUpdate(session=given):
                await self._update(given)
            case AudioAppend(audio=audio):
                await self._append(audio)
            case AudioCommit():
                await self._commit()
            case AudioClear():
                self.buffered_ms = 0.0
                if self._live is not None:
                    await self._live.clear()
                self._emit(server_event("input_audio_buffer.cleared"))
            case ResponseCreate(response=wish):
                await self._respond(wish)
            case ResponseCancel():
                await self._cancel(event)
            case ItemCreate() | ItemRetrieve() | ItemDelete() | ItemTruncate():
                await self._item(event)

    async def _update(self, given: dict[str, Any]) -> None:
        new = updated(self.session, given)
        if self._live is not None:
            for name, part in FIXED.items():
                if _part(new, part) != _part(self.session, part):
                    raise WrongParameter(
                        "openai.realtime-fixed", param=f"session.{name}", openai_code="cannot_update_voice", name=name
                    )
            changed, fixed = new.settings(), self._live.settings
            await self._live.update(_with_fixed(changed, fixed))
        self.session = new
        self._emit(server_event("session.updated", session=new.as_json()))

    async def _append(self, audio: str) -> None:
        format = self.session.audio.input.format.type
        if self._decoder is None or format != self._format:
            self._decoder, self._format = WireDecoder(format, CLOCK_RATE), format
        pcm, milliseconds = self._decoder.decode(audio)
        live = await self._begun(listening=True)
        self.buffered_ms += milliseconds
        if pcm:
            live.feed(pcm)

    async def _commit(self) -> None:
        if self.buffered_ms < LEAST_COMMIT_MS:
            has = f"{self.buffered_ms:.2f}"
            raise WrongParameter(
                "openai.realtime-commit-empty", param="", openai_code="input_audio_buffer_commit_empty",
                least=int(LEAST_COMMIT_MS), has=has,
            )  # fmt: skip
        live = await self._begun()
        self.buffered_ms = 0.0
        self._turns[0] += self.session.audio.input.turn_detection is None
        await live.commit()

    async def _respond(self, wish: ResponseWish | None) -> None:
        if wish is not None and (wish.conversation == "none" or wish.input is not None):
            raise WrongParameter("openai.realtime-out-of-band", param="response.conversation", openai_code="unsupported_value")
        if wish is not None:
            check_response(self.session, wish.model_dump(include=SESSION_FIELDS, exclude_none=True))
        active = self._teller.response
        if active is not None:
            raise WrongParameter(
                "openai.realtime-response-going-on", param="", openai_code="conversation_already_has_active_response",
                response=active.id,
            )  # fmt: skip
        if self._turns[0] > self._turns[1]:
            self._waiting.append(wish)
            return
        live = await self._begun()
        if wish is not None and wish.output_modalities == ["audio"] and not live.settings.speak:
            raise WrongParameter(
                "openai.realtime-silent-session", param="response.output_modalities", openai_code="invalid_value"
            )
        self._teller.all_heard()
        self._teller.wish = wish
        await live.respond(wish.instructions or "" if wish else "")

    async def _cancel(self, event: ResponseCancel) -> None:
        active = self._teller.response
        if self._live is None or active is None or event.response_id not in (None, active.id):
            raise WrongParameter("openai.realtime-cancel-nothing", param="", openai_code="response_cancel_not_active")
        await self._live.cancel()

    # Items

    async def _item(self, event: ItemCreate | ItemRetrieve | ItemDelete | ItemTruncate) -> None:
        match event:
            case ItemCreate():
                await self._create(event)
            case ItemRetrieve(item_id=id):
                found = self.items.found(id, "item_retrieve_invalid_item_id")
                self._emit(server_event("conversation.item.retrieved", item=found.fields))
            case ItemDelete(item_id=id):
                gone = self.items.remove(id)
                if self._live is not None and gone.of_session:
                    await self._live.delete(gone.of_session)
                self._emit(server_event("conversation.item.deleted", item_id=id))
            case ItemTruncate():
                await self._truncate(event)

    async def _create(self, event: ItemCreate) -> None:
        given = event.item
        self.items.check_room()
        kept = KeptItem(item_fields(given, given.id or new_id("item")))
        live = await self._begun()
        before = self.items.add(kept, event.previous_item_id)
        self._teller.all_heard()
        kept.of_session = await self._remembered(live, given)
        for state in ("added", "done"):
            self._emit(server_event(f"conversation.item.{state}", previous_item_id=before, item=kept.fields))

    async def _remembered(self, live: ConversationSession, item: MessageItem | FunctionCallItem | FunctionOutputItem) -> str:
        """Put an item of the client's into what the mind remembers; what the session calls it."""
        match item:
            case FunctionOutputItem(call_id=call, output=output):
                await live.tool_result(call, output)
                return call
            case MessageItem(role="user"):
                return await live.send_text(item.words, respond=False) if item.words else ""
            case MessageItem(role=role):
                return await live.remember("assistant" if role == "assistant" else "system", item.words)
            case FunctionCallItem(call_id=call):
                return call or ""

    async def _truncate(self, event: ItemTruncate) -> None:
        item = self.items.found(event.item_id, "item_truncate_invalid_item_id")
        if item.fields.get("role") != "assistant" or not item.samples or event.content_index != 0 or self._live is None:
            raise WrongParameter("openai.realtime-not-truncatable", param="item_id", openai_code="invalid_value")
        length = item.samples * 1000 // SOUND_RATE
        if event.audio_end_ms > length:
            raise WrongParameter(
                "openai.realtime-shorter", param="audio_end_ms", openai_code="invalid_value", has=length, asked=event.audio_end_ms
            )
        heard_to = event.audio_end_ms * SOUND_RATE // 1000
        self._live.played(item.stream, heard_to)
        await self._live.truncate(item.of_session, heard_to)
        self._teller.truncated(item.stream)
        heard = _heard_of(self._live.history, item.of_session)
        if heard is not None and item.fields["content"]:
            item.fields["content"][0]["transcript"] = heard
        fields = {"item_id": item.id, "content_index": 0, "audio_end_ms": event.audio_end_ms}
        self._emit(server_event("conversation.item.truncated", **fields))

    # The studio's session

    async def _begun(self, *, listening: bool = False) -> ConversationSession:
        """The session, begun where it is not.

        Raises:
            GreenroomError: something that it needs is not ready; it is tried again with the next event.
        """
        if self._live is None:
            settings = self.session.settings()
            self._live = await self._host.begin(settings)
            self._reading = asyncio.create_task(self._read(self._live))
        if listening and not self._live.settings.listen:
            raise WrongParameter("openai.realtime-deaf", param="audio", openai_code="not_ready")
        return self._live

    async def _read(self, live: ConversationSession) -> None:
        async for event in live.events():
            self._teller.tell(event)
            await self._after_words()

    async def _after_words(self) -> None:
        """Responses that waited for the words of a committed turn."""
        while self._waiting and self._turns[1] >= self._turns[0]:
            wish = self._waiting.pop(0)
            with contextlib.suppress(GreenroomError):
                await self._respond(wish)

    # For the teller

    @property
    def live(self) -> ConversationSession | None:
        return self._live

    def emit(self, event: dict[str, Any]) -> None:
        self._emit(event)

    def words_came(self) -> None:
        """Note that a turn's transcript has arrived, or that it has none."""
        self.buffered_ms = 0.0 if self.session.audio.input.turn_detection else self.buffered_ms
        self._turns[1] = min(self._turns[0], self._turns[1] + 1)

    def new_response(self, reply: str, wish: ResponseWish | None) -> ResponseWriter:
        return ResponseWriter(reply, self.session, self.items, wish, self._conversation, self._emit)


def _part(session: RealtimeSession, part: str) -> object:
    return session.spoken if part == "spoken" else session.audio.output.voice_name


def _with_fixed(changed: SessionSettings, fixed: SessionSettings) -> SessionSettings:
    """The new settings with what was leased for the session as it is."""
    names = ("language", "ear", "voice", "engine", "listen", "speak")
    return replace(changed, **{name: getattr(fixed, name) for name in names})


def _heard_of(history: tuple[HistoryItem, ...], id: str) -> str | None:
    return next((one.text for one in history if one.id == id), None)
