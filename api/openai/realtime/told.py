"""What the studio's session tells, as events of the Realtime API."""

from __future__ import annotations

from copy import deepcopy
from typing import Any, Protocol

from api.openai.realtime.events import ResponseWish
from api.openai.realtime.items import ItemList, KeptItem
from api.openai.realtime.refusals import ServerEvent, new_id, server_event
from api.openai.realtime.response import ResponseWriter
from api.openai.realtime.session_config import RealtimeSession
from capabilities.conversation.session.contract import ConversationSession
from capabilities.conversation.session.events import (
    CLOCK_RATE,
    HeardCorrected,
    NothingSaid,
    PersonSaid,
    ReplyBegun,
    ReplyCut,
    ReplyEnded,
    ReplyMade,
    ReplyText,
    ReplyWords,
    ReplyWritten,
    SessionEvent,
    SessionProblem,
    SoundChunk,
    SpeechStarted,
    SpeechStopped,
    ToolCall,
)
from capabilities.conversation.session.values import CutReason


class TellerHost(Protocol):
    """What a connection's conversation does for it."""

    items: ItemList
    session: RealtimeSession

    @property
    def live(self) -> ConversationSession | None: ...

    def emit(self, event: ServerEvent) -> None: ...

    def words_came(self) -> None:
        """Note that a turn's transcript has arrived, or that it has none."""

    def new_response(self, reply: str, wish: ResponseWish | None) -> ResponseWriter: ...


class SessionTeller:
    """For one connection. `wish`: how the response that begins next was asked for; `response`: the one that is being made."""

    def __init__(self, conversation: TellerHost) -> None:
        self._conversation = conversation
        self.wish: ResponseWish | None = None
        self.response: ResponseWriter | None = None
        self._turns: dict[str, str] = {}
        """Turns of the person to the ids of their items."""
        self._stopped: dict[str, int] = {}
        self._sent = (0, 0)
        """The stream that was sent last, and up to which sample."""
        self._problem: SessionProblem | None = None

    def all_heard(self) -> None:
        """Note that a client which continues in writing has received everything; only playback can be interrupted."""
        if self._conversation.live is not None and self._sent[1]:
            self._conversation.live.played(*self._sent)

    def truncated(self, stream: int) -> None:
        """Note that the client has reported how much was heard, which replaces the estimate."""
        self._sent = (0, 0) if self._sent[0] == stream else self._sent

    def tell(self, event: SessionEvent) -> None:
        """Send one event of the session."""
        match event:
            case SpeechStarted() | SpeechStopped() | PersonSaid() | NothingSaid():
                self._person(event)
            case ReplyBegun(reply=reply):
                self._finish("cancelled", "turn_detected")
                self.response, self.wish = self._conversation.new_response(reply, self.wish), None
                self._sent, self._problem = (0, 0), None
            case ReplyWritten(reply=reply, end=end) if self.response is not None and self.response.reply == reply:
                self.response.written(end)
            case ToolCall(call=call, name=name, arguments=arguments) if self.response is not None:
                self.response.call(call, name, arguments)
            case SessionProblem():
                self._failed(event)
            case _:
                self._reply(event)

    # The person

    def _person(self, event: SpeechStarted | SpeechStopped | PersonSaid | NothingSaid) -> None:
        emit = self._conversation.emit
        match event:
            case SpeechStarted(turn=turn, start=start):
                if turn not in self._turns:
                    emit(server_event("input_audio_buffer.speech_started", audio_start_ms=_ms(start), item_id=self._item(turn)))
            case SpeechStopped(turn=turn, end=end):
                self._stopped[turn] = end
            case PersonSaid(turn=turn, written=False):
                self._said(event)
                self._conversation.words_came()
            case NothingSaid(turn=turn):
                self._stop(turn, self._stopped.get(turn, event.at))
                self._conversation.words_came()
            case _:
                pass

    def _said(self, said: PersonSaid) -> None:
        conversation, item = self._conversation, self._item(said.turn)
        self._stop(said.turn, said.end)
        conversation.emit(server_event("input_audio_buffer.committed", previous_item_id=conversation.items.last, item_id=item))
        told_later = (
            conversation.session.audio.input.transcription is not None
        )  # clients add what an item has to what is told later
        content = [{"type": "input_audio", "transcript": None if told_later else said.text}]
        fields: dict[str, Any] = {
            "id": item,
            "object": "realtime.item",
            "type": "message",
            "role": "user",
            "status": "completed",
            "content": content,
        }
        before = conversation.items.add(KeptItem(fields, said.turn))
        for state in ("added", "done"):
            conversation.emit(server_event(f"conversation.item.{state}", previous_item_id=before, item=deepcopy(fields)))
        if told_later:
            content[0]["transcript"] = said.text
            usage = {"type": "duration", "seconds": round((said.end - said.start) / CLOCK_RATE, 3)}
            kind = "conversation.item.input_audio_transcription.completed"
            conversation.emit(server_event(kind, item_id=item, content_index=0, transcript=said.text, usage=usage))

    def _stop(self, turn: str, end: int) -> None:
        if self._conversation.session.audio.input.turn_detection is not None and turn in self._turns:
            self._conversation.emit(
                server_event("input_audio_buffer.speech_stopped", audio_end_ms=_ms(end), item_id=self._turns[turn])
            )

    def _item(self, turn: str) -> str:
        return self._turns.setdefault(turn, new_id("item"))

    # The reply

    def _reply(self, event: SessionEvent) -> None:
        response = self.response
        match event:
            case HeardCorrected(reply=reply, heard=heard):
                self._correct(reply, heard)
            case SoundChunk(reply=reply, stream=stream, pcm=pcm):
                self._sent = (stream, event.end)
                if response is not None and response.reply == reply:
                    response.sound(pcm, event.end, stream)
            case ReplyText(reply=reply, text=text) if response is not None and response.reply == reply:
                if not response.spoken:
                    response.text(text)
            case ReplyWords(reply=reply, words=words) if response is not None and response.reply == reply:
                if response.spoken:
                    response.text("".join(word.text for word in words))
            case ReplyMade(reply=reply) | ReplyEnded(reply=reply) if response is not None and response.reply == reply:
                self._finish("completed")
            case ReplyCut(reply=reply, reason=reason, heard=heard):
                if response is not None and response.reply == reply:
                    self._cut(reason)
                self._correct(reply, heard)
            case _:
                pass

    def _cut(self, reason: CutReason) -> None:
        if reason is CutReason.FAILED:
            problem = self._problem
            error = {"type": "server_error", "code": problem.code, "message": problem.reason} if problem else None
            self._finish("failed", error=error)
        elif self.response is not None and self.response.called:
            self._finish("completed")
        else:
            self._finish("cancelled", "turn_detected" if reason is CutReason.INTERRUPTED else "client_cancelled")

    def _correct(self, reply: str, heard: str) -> None:
        """What stands in the item is what was heard."""
        item = self._conversation.items.of_session(reply)
        if item is not None and item.fields["content"] and "transcript" in item.fields["content"][0]:
            item.fields["content"][0]["transcript"] = heard

    def _finish(self, status: str, reason: str = "", error: dict[str, str] | None = None) -> None:
        response, self.response = self.response, None
        if response is not None:
            response.finish(status, reason, error)

    def _failed(self, problem: SessionProblem) -> None:
        """Told with the response that it ends, or as an error by itself."""
        self._problem = problem
        if self.response is None:
            message = f"{problem.reason} {problem.hint}".strip()
            error = {"type": "server_error", "code": problem.code, "message": message, "param": None, "event_id": None}
            self._conversation.emit(server_event("error", error=error))


def _ms(sample: int) -> int:
    return sample * 1000 // CLOCK_RATE
