"""A reply during writing and playback: the language model writes, the voice follows a clause behind, the playback tracks its
position."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace

from capabilities.conversation.session.events import SOUND_RATE, ReplyText, ReplyWords, ReplyWritten, SessionEvent, ToolCall
from capabilities.conversation.session.parts.roles import SessionParts, VoicePart
from capabilities.conversation.session.speaking.clauses import ClauseCutter
from capabilities.conversation.session.speaking.playback import Playback
from capabilities.conversation.session.speaking.thoughts import ThoughtFilter
from capabilities.conversation.session.speaking.tool_calls import CallFilter
from capabilities.conversation.session.values import AnswerEnd, TurnTimes
from engines.contract import ChatMessage
from studio.errors import EngineError

AHEAD = 12 * SOUND_RATE
"""How much sound is made before it is heard; what is cut off was made for nothing."""

AHEAD_POLL = 0.1


class Reply:
    """One reply, on the event loop of its session. Nothing of it is told until `adopt`.

    Args:
        emit: takes events. now: the session's clock. made: called when there is more to send.
    """

    def __init__(
        self,
        id: str,
        to: str,
        playback: Playback,
        times: TurnTimes,
        *,
        emit: Callable[[SessionEvent], None],
        now: Callable[[], int],
        made: Callable[[], None],
    ) -> None:
        self.id, self.to, self.playback, self.times = id, to, playback, times
        self.written = ""
        """All that the mind has written, markup and all."""
        self.calls = CallFilter(())
        """Keeps calls of the functions that there are out of what is spoken."""
        self.told_made = False
        self.copy: list[str] = []
        """What of it is spoken, in pieces."""
        self.wanted = asyncio.Event()
        """Set by `adopt`."""
        self.spoilt = False
        """It failed before anybody wanted it."""
        self._tell, self._now, self._made = emit, now, made
        self._untold: list[SessionEvent] = []

    def adopt(self, times: TurnTimes) -> None:
        """Somebody waits for it now; tell what there is of it. `times`: those of the turn that it answers."""
        self.times = replace(times, first_token=self.times.first_token, first_clause=self.times.first_clause)
        self.wanted.set()
        for event in self._untold:
            self._tell(replace(event, at=self._now()))
        self._untold.clear()

    def _emit(self, event: SessionEvent) -> None:
        if self.wanted.is_set():
            self._tell(event)
        else:
            self._untold.append(event)

    async def make(self, parts: SessionParts, messages: tuple[ChatMessage, ...], longest: int, heat: float, tongue: str) -> None:
        """Write and speak all of it; to stop earlier, cancel the task.

        Raises:
            GreenroomError: the language model or the voice has failed; what was made so far stays.
        """
        clauses: asyncio.Queue[str | None] = asyncio.Queue()
        speaking = asyncio.create_task(self._speak(parts.voice, clauses)) if parts.voice is not None else None
        try:
            await self._write(parts, messages, longest, heat, ClauseCutter(tongue), clauses)
            clauses.put_nowait(None)
            if speaking is not None:
                await speaking
        finally:
            if speaking is not None and not speaking.done():
                speaking.cancel()
        self.playback.complete = True

    async def _write(
        self,
        parts: SessionParts,
        messages: tuple[ChatMessage, ...],
        longest: int,
        heat: float,
        cutter: ClauseCutter,
        clauses: asyncio.Queue[str | None],
    ) -> None:
        thoughts = ThoughtFilter()
        async for piece in parts.mind.answer(messages, longest, heat):
            if isinstance(piece, AnswerEnd):
                self._emit(ReplyWritten(self._now(), self.id, piece))
                continue
            text = thoughts.feed(piece)
            if thoughts.restarted:
                self.written = ""
                cutter.restart()
                self.calls.restart()
            text = self.calls.feed(text)
            self._wrote(text, cutter.feed(text), clauses)
        rest = self.calls.feed(thoughts.finish()) + self.calls.finish()
        self._wrote(rest, [*cutter.feed(rest), *cutter.finish()], clauses)
        if asked := self.calls.asked:
            self._emit(ToolCall(self._now(), self.id, f"call-{self.id}", asked.name, asked.arguments))
        elif not self.written.strip():
            raise EngineError("llm.answered-nothing", retryable=True)

    def _wrote(self, text: str, pieces: list[str], clauses: asyncio.Queue[str | None]) -> None:
        if text:
            if not self.written:
                self._step(first_token=self._now())
            self.written += text
            self._emit(ReplyText(self._now(), self.id, text))
        for piece in pieces:
            self._step(first_clause=self._now())
            self.copy.append(piece)
            clauses.put_nowait(piece)

    async def _speak(self, voice: VoicePart, clauses: asyncio.Queue[str | None]) -> None:
        while (clause := await clauses.get()) is not None:
            while self.playback.made - self.playback.played > AHEAD:
                await asyncio.sleep(AHEAD_POLL)
            async for piece in voice.speak(f"{clause} "):
                words = self.playback.add(piece.pcm, list(piece.words))
                if words:
                    self._emit(ReplyWords(self._now(), self.id, tuple(words)))
                self._made()

    def _step(self, **reached: int) -> None:
        """Note when a step was reached, the first time."""
        new = {name: at for name, at in reached.items() if getattr(self.times, name) < 0}
        self.times = replace(self.times, **new) if new else self.times

    def sounded(self) -> None:
        """Its first sound was sent."""
        self._step(first_sound=self._now())

    def was_heard(self) -> None:
        """Something of it was heard."""
        self._step(first_heard=self._now())
