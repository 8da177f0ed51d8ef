"""One response while it is made: the server events of it, in their order."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from api.openai.realtime.codecs import WireEncoder
from api.openai.realtime.events import ResponseWish
from api.openai.realtime.items import ItemList, KeptItem
from api.openai.realtime.refusals import ServerEvent, new_id, server_event
from api.openai.realtime.session_config import RealtimeSession
from capabilities.conversation.session.events import SOUND_RATE
from capabilities.conversation.session.values import AnswerEnd

Emit = Callable[[ServerEvent], None]


class ResponseWriter:
    """Tells a client of one response. Its message is opened with the first word or sound, so that a call of a function has none.

    Args:
        reply: what the session calls it. wish: how the client asked for it, None where it came by itself.
    """

    def __init__(
        self, reply: str, session: RealtimeSession, items: ItemList, wish: ResponseWish | None, conversation: str, emit: Emit
    ) -> None:
        self.reply, self._items, self._emit = reply, items, emit
        self.spoken = session.spoken if wish is None or wish.output_modalities is None else wish.output_modalities == ["audio"]
        self._session, self._encoder = session, WireEncoder(session.audio.output.format.type, SOUND_RATE)
        self.item: KeptItem | None = None
        self.said = ""
        self.called = False
        """Whether a function is to be called."""
        self._cut_off = False
        self._outputs: list[KeptItem] = []
        self._index = 0
        self._fields: dict[str, Any] = {
            "id": new_id("resp"),
            "object": "realtime.response",
            "status": "in_progress",
            "status_details": None,
            "output": [],
            "conversation_id": conversation,
            "output_modalities": ["audio"] if self.spoken else ["text"],
            "max_output_tokens": session.max_output_tokens,
            "audio": {"output": session.audio.output.model_dump(mode="json", exclude={"speed"})} if self.spoken else None,
            "usage": None,
            "metadata": wish.metadata if wish else None,
        }
        emit(server_event("response.created", response=dict(self._fields)))

    @property
    def id(self) -> str:
        return str(self._fields["id"])

    # What it is made of

    def text(self, delta: str) -> None:
        """More of the words: of the transcript, or of the text."""
        self._open()
        self.said += delta
        self._tell("output_audio_transcript.delta" if self.spoken else "output_text.delta", delta=delta)

    def sound(self, pcm: bytes, end: int, stream: int) -> None:
        """More of the sound, up to this sample of the reply at `SOUND_RATE`."""
        item = self._open()
        item.samples, item.stream = max(item.samples, end), stream
        self._tell_sound(self._encoder.encode(pcm))

    def call(self, call_id: str, name: str, arguments: str) -> None:
        """Write a function call."""
        self._close_message("completed")
        self.called = True
        fields = {
            "id": new_id("item"), "object": "realtime.item", "type": "function_call", "call_id": call_id, "name": name,
            "arguments": "", "status": "in_progress",
        }  # fmt: skip
        item = KeptItem(fields, call_id)
        self._added(item)
        place = {"response_id": self.id, "item_id": item.id, "output_index": self._index, "call_id": call_id}
        self._emit(server_event("response.function_call_arguments.delta", **place, delta=arguments))
        self._emit(server_event("response.function_call_arguments.done", **place, name=name, arguments=arguments))
        fields |= {"arguments": arguments, "status": "completed"}
        self._done(item)

    def written(self, end: AnswerEnd) -> None:
        """Record the end of the model's answer and its tokens; the studio's models read and write text only."""
        self._cut_off = end.cut_off
        if end.prompt or end.answer:
            self._fields["usage"] = {
                "total_tokens": end.prompt + end.answer,
                "input_tokens": end.prompt,
                "output_tokens": end.answer,
                "input_token_details": {
                    "text_tokens": end.prompt, "audio_tokens": 0, "image_tokens": 0, "cached_tokens": 0,
                    "cached_tokens_details": {"text_tokens": 0, "audio_tokens": 0, "image_tokens": 0},
                },
                "output_token_details": {"text_tokens": end.answer, "audio_tokens": 0},
            }  # fmt: skip

    def finish(self, status: str, reason: str = "", error: dict[str, Any] | None = None) -> None:
        """Finish the response: "completed", "cancelled", "failed"; a complete one that reached the model's limit is
        "incomplete".
        """
        if status == "completed" and self._cut_off and not self.called:
            status, reason = "incomplete", "max_output_tokens"
        self._close_message("completed" if status == "completed" else "incomplete")
        details = {"type": status, **({"reason": reason} if reason else {}), **({"error": error} if error else {})}
        self._fields |= {
            "status": status,
            "status_details": details if status != "completed" else None,
            "output": [dict(one.fields) for one in self._outputs],
        }
        self._emit(server_event("response.done", response=dict(self._fields)))

    # Inside

    def _open(self) -> KeptItem:
        if self.item is None:
            fields: dict[str, Any] = {
                "id": new_id("item"), "object": "realtime.item", "type": "message", "role": "assistant", "content": [],
                "status": "in_progress",
            }  # fmt: skip
            self.item = KeptItem(fields, self.reply)
            self._added(self.item)
            self._tell("content_part.added", part=self._part(""))
        return self.item

    def _close_message(self, status: str) -> None:
        item = self.item
        if item is None or item.fields["status"] != "in_progress":
            return
        if self.spoken:
            self._tell_sound(self._encoder.encode(b"", last=True))
            self._tell("output_audio.done")
            self._tell("output_audio_transcript.done", transcript=self.said)
        else:
            self._tell("output_text.done", text=self.said)
        self._tell("content_part.done", part=self._part(self.said))
        kind, words = ("output_audio", "transcript") if self.spoken else ("output_text", "text")
        item.fields |= {"content": [{"type": kind, words: self.said.strip()}], "status": status}
        self._done(item)

    def _added(self, item: KeptItem) -> None:
        before = self._items.add(item)
        self._outputs.append(item)
        self._index = len(self._outputs) - 1
        shown = dict(item.fields)
        self._emit(server_event("response.output_item.added", response_id=self.id, output_index=self._index, item=shown))
        self._emit(server_event("conversation.item.added", previous_item_id=before, item=shown))

    def _done(self, item: KeptItem) -> None:
        shown = dict(item.fields)
        self._emit(server_event("response.output_item.done", response_id=self.id, output_index=self._index, item=shown))
        self._emit(server_event("conversation.item.done", previous_item_id=self._items.before(item.id), item=shown))

    def _part(self, words: str) -> dict[str, str]:
        return {"type": "audio", "transcript": words} if self.spoken else {"type": "text", "text": words}

    def _tell(self, kind: str, **fields: Any) -> None:
        item = self.item.id if self.item else ""
        place = {"response_id": self.id, "item_id": item, "output_index": self._index, "content_index": 0}
        self._emit(server_event(f"response.{kind}", **place, **fields))

    def _tell_sound(self, delta: str) -> None:
        if delta and self.spoken:
            self._tell("output_audio.delta", delta=delta)
