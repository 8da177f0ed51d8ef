"""The running session of a conversation: recognises, answers, and handles interruptions; see contract.ConversationSession."""

from __future__ import annotations

import asyncio
import itertools
import logging
import time
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from capabilities.conversation.session.answers.answering import Answering
from capabilities.conversation.session.answers.answers import Answers
from capabilities.conversation.session.contract import HistoryItem, SessionObserver
from capabilities.conversation.session.events import (
    CLOCK_RATE,
    PersonSaid,
    SessionEnded,
    SessionEvent,
    SessionProblem,
    SessionStarted,
    SettingsChanged,
)
from capabilities.conversation.session.history import ConversationHistory
from capabilities.conversation.session.listening.hearing_queue import HearingQueue
from capabilities.conversation.session.listening.person_turn import PersonTurn
from capabilities.conversation.session.listening.speech_detector import Likelihood, SpeechDetector
from capabilities.conversation.session.parts.roles import SessionParts
from capabilities.conversation.session.replies import Replies
from capabilities.conversation.session.settings import SessionSettings
from capabilities.conversation.session.turn_taking import TurnTaking
from capabilities.conversation.session.values import AsideKind, CutReason, TurnTimes
from studio.errors import EngineError, GreenroomError, InvalidInput

log = logging.getLogger(__name__)

TICK_SECONDS = 0.02
GAP = int(0.6 * CLOCK_RATE)
"""Sound that comes so much later than what came before is not its continuation."""

DEAF = int(0.5 * CLOCK_RATE)
"""A microphone that gives nothing for so long in the middle of a turn is silent."""

LONGEST_TEXT = 8_000
_FIXED = ("language", "ear", "voice", "engine", "listen", "speak")
"""Settings that other parts would have to be leased for."""


class LiveSession:
    """The session of the studio. On one event loop; the parts have threads of their own.

    Args:
        clock: seconds, rising; tests have their own and call `tick` themselves.
        likelihood: of speech, for tests; Silero VAD otherwise.
    """

    def __init__(
        self,
        id: str,
        settings: SessionSettings,
        parts: SessionParts,
        *,
        observers: Sequence[SessionObserver] = (),
        clock: Callable[[], float] = time.monotonic,
        likelihood: Likelihood | None = None,
    ) -> None:
        self.id, self.settings, self._parts = id, settings, parts
        self._observers, self._clock = tuple(observers), clock
        self._began = clock()
        self._numbers = itertools.count(1)
        self._events: asyncio.Queue[SessionEvent] = asyncio.Queue()
        self._remembered = ConversationHistory()
        self._answering = Answering(parts, self._tell)
        self._replies = Replies(self._remembered, emit=self.emit, now=lambda: self.now, ended=self._answering.end)
        self._answering.replies = self._replies
        self._answers = Answers(self._answering, self._remembered, self.new_id)
        self._floor = TurnTaking(self, SpeechDetector(settings.turns.threshold, likelihood, prefix=settings.turns.prefix))
        self._hearing: HearingQueue | None = None
        self._ticking: asyncio.Task[None] | None = None
        self._fed = 0
        self._open = self._closed = False

    # The contract

    @property
    def now(self) -> int:
        return round((self._clock() - self._began) * CLOCK_RATE)

    @property
    def history(self) -> tuple[HistoryItem, ...]:
        return self._remembered.items

    async def open(self, *, tick: bool = True) -> None:
        try:
            opened = await asyncio.gather(*(one.open() for one in self._parts.all), return_exceptions=True)
            for problem in filter(None, opened):
                raise problem
        except BaseException:  # also if the client has left during loading
            await asyncio.gather(*(one.close() for one in self._parts.all), return_exceptions=True)
            raise
        if self._parts.ear is not None:
            self._hearing = HearingQueue(self._parts.ear, self._floor.words, self._floor.unheard, self._tell)
        self._open = True
        ear, mind, voice = self._parts.ear, self._parts.mind, self._parts.voice
        titles = (ear.title if ear else "", mind.title, voice.voice if voice else "")
        self.emit(SessionStarted(self.now, *titles, self.settings))
        if tick:
            self._ticking = asyncio.create_task(self._tick_on())

    async def events(self) -> AsyncIterator[SessionEvent]:
        while True:
            event = await self._events.get()
            yield event
            if isinstance(event, SessionEnded):
                return

    def feed(self, pcm: bytes) -> None:
        if not self._open or self._closed or self._hearing is None:
            return
        usable = pcm[: len(pcm) - len(pcm) % 2]
        samples = np.frombuffer(usable, "<i2").astype(np.float32) / np.float32(32768)
        end = self._placed(samples.size)
        for one in self._observers:
            one.person_sound(end - samples.size, usable)
        self._listen(samples, end)

    def played(self, stream: int, sample: int) -> None:
        if not self._closed:
            self._replies.played(stream, sample)

    async def commit(self) -> None:
        self._floor.commit()

    async def clear(self) -> None:
        self._floor.clear()
        self._settle()

    async def send_text(self, text: str, *, respond: bool = True) -> str:
        turn = self.new_id("turn")
        text = text.strip()[:LONGEST_TEXT]
        if self._closed or not text:
            return ""
        self._floor.clear()
        self._replies.cut(CutReason.INTERRUPTED)
        now = self.now
        self._said(PersonSaid(now, turn, text, now, now, self.settings.language, written=True))
        if respond:
            self._answer(turn, TurnTimes(speech_end=now, turn_end=now))
        return turn

    async def remember(self, role: Literal["assistant", "system"], text: str) -> str:
        self._remembered.add(HistoryItem(item := self.new_id(role), role, text.strip()[:LONGEST_TEXT]))
        return item

    async def respond(self, instructions: str = "") -> str:
        if self._closed:
            return ""
        return self._answer("", TurnTimes(speech_end=self.now, turn_end=self.now), instructions)

    async def tool_result(self, call: str, output: str) -> None:
        self._remembered.add(HistoryItem(f"{call}-result", "tool", f"What {call} returned: {output[:LONGEST_TEXT]}"))

    async def cancel(self) -> None:
        self._replies.cut(CutReason.CANCELLED)

    async def truncate(self, reply: str, sample: int) -> None:
        self._replies.truncate(reply, sample)

    async def delete(self, item: str) -> bool:
        return self._remembered.delete(item)

    async def was_no_interruption(self) -> None:
        if self._closed:
            return
        answered = self._replies.restore()
        if self._replies.current is not None:
            self._floor.clear()
            if answered:
                self._remembered.delete(answered)

    async def update(self, settings: SessionSettings) -> None:
        changed = [name for name in _FIXED if getattr(settings, name) != getattr(self.settings, name)]
        if changed:
            raise InvalidInput("talk.setting-fixed", settings=changed)
        self.settings = settings
        self._floor.detector.adapt(settings.turns.threshold, settings.turns.prefix)
        self.emit(SettingsChanged(self.now, settings))

    async def close(self, why: str = "") -> None:
        if self._closed:
            return
        self._replies.cut(CutReason.CANCELLED)
        self._closed = True
        if self._ticking is not None:
            self._ticking.cancel()
        if self._hearing is not None:
            self._hearing.close()
        await self._answering.close()
        await asyncio.gather(*(one.close() for one in self._parts.all), return_exceptions=True)
        self.emit(SessionEnded(self.now, why))

    # What turn taking asks of it

    def emit(self, event: SessionEvent) -> None:
        for observer in self._observers:
            observer.event(event)
        self._events.put_nowait(event)

    def new_id(self, kind: str) -> str:
        return f"{kind}-{next(self._numbers)}"

    def sounding(self) -> bool:
        return self._replies.sounding

    def held(self) -> bool:
        return self._replies.held

    def played_between(self, first: int, last: int) -> NDArray[np.float32]:
        return self._replies.played_between(first, last)

    def spoken_lately(self) -> list[str]:
        return self._replies.lately()

    def duck(self, start: int) -> None:
        self._replies.duck(start)

    def stop_for_now(self) -> None:
        self._replies.stop_for_now()

    def go_on(self, aside: AsideKind) -> None:
        self._replies.go_on(aside)

    def interrupted(self) -> None:
        self._replies.cut(CutReason.INTERRUPTED)

    def ask_ear(self, turn: PersonTurn, *, final: bool) -> None:
        if self._hearing is not None:
            self._hearing.ask(turn, final=final)

    def foresee(self, turn: PersonTurn, text: str) -> None:
        self._answers.foresee(turn, text, self.settings)

    def turn_over(self, turn: PersonTurn, text: str, *, answer: bool) -> None:
        now = self.now
        self._said(PersonSaid(now, turn.id, text, turn.start, turn.speech_end, turn.language))
        self._replies.cut(CutReason.INTERRUPTED)
        if answer:
            self._answer(turn.id, TurnTimes(turn.speech_end, turn.pause_at, turn.words_at, now))

    # Inside

    def tick(self) -> None:
        """Time has passed: send what is due, and notice a microphone that has gone silent."""
        self._replies.held_back = self._floor.turn is not None and self.settings.turns.automatic
        self._replies.send()
        self._answers.keep_for(self._floor.turn)
        missing = self.now - self._fed
        if self._floor.turn is not None and self.settings.turns.automatic and missing > DEAF:
            self._fed += missing
            self._listen(np.zeros(missing, np.float32), self._fed)

    async def _tick_on(self) -> None:
        while True:
            await asyncio.sleep(TICK_SECONDS)
            try:
                self.tick()
            except Exception:
                log.exception("A conversation failed unexpectedly.")
                self._tell(EngineError("talk.unexpected"))

    def _placed(self, count: int) -> int:
        """Where the next samples end on the session's clock."""
        if self.now - (self._fed + count) > GAP:
            self._fed = self.now - count
        self._fed += count
        return self._fed

    def _listen(self, samples: NDArray[np.float32], end: int) -> None:
        if self.settings.echo == "half duplex" and self._replies.sounding and not self._replies.held:
            return
        for window in self._floor.detector.feed(samples, end):
            self._floor.take(window)
        self._settle()

    def _settle(self) -> None:
        if self._replies.held and self._floor.turn is None:
            self._replies.go_on(AsideKind.NOISE)

    def _said(self, said: PersonSaid) -> None:
        self._remembered.add(HistoryItem(said.turn, "user", said.text))
        self.emit(said)

    def _answer(self, to: str, times: TurnTimes, more: str = "") -> str:
        return self._answers.answer(to, times, self.settings, more)

    def _tell(self, error: GreenroomError) -> None:
        self.emit(SessionProblem(self.now, error.code, error.reason, error.hint))
