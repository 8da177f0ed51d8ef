"""A session on a simulated clock: the person's sound, the listener's loudspeaker and every part move on when the test says so."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from capabilities.conversation.session.events import (
    CLOCK_RATE,
    SOUND_RATE,
    Ducked,
    Paused,
    Resumed,
    SessionEvent,
    SoundChunk,
)
from capabilities.conversation.session.live import LiveSession
from capabilities.conversation.session.parts.roles import SessionParts, SpokenPiece, Understood
from capabilities.conversation.session.settings import SessionSettings
from capabilities.conversation.session.values import ReplyWord
from engines.contract import ChatMessage
from media.audio.voice_activity import WINDOW

WORD_SECONDS = 0.25
STEP = 320
"""Samples of the session's clock that pass at once: 20 ms."""


class ScriptedMind:
    """Answers with the next text, in pieces of a few characters."""

    title = "Scripted mind"

    def __init__(self, *texts: str) -> None:
        self.texts = list(texts)
        self.asked: list[tuple[ChatMessage, ...]] = []
        self.thinking = 0
        """Steps of the clock that pass before the first word."""

    async def open(self) -> None: ...

    async def close(self) -> None: ...

    async def answer(self, messages: tuple[ChatMessage, ...], longest: int, temperature: float) -> AsyncIterator[str]:
        self.asked.append(messages)
        text = self.texts.pop(0) if len(self.texts) > 1 else self.texts[0]
        for _ in range(6 * self.thinking):
            await asyncio.sleep(0)
        for at in range(0, len(text), 5):
            await asyncio.sleep(0)
            yield text[at : at + 5]


class ScriptedEar:
    """Writes down what the test says that was said."""

    title = "Scripted ear"

    def __init__(self) -> None:
        self.text = "What is the weather like?"
        self.heard: list[float] = []
        self.wait = 0.0
        """Seconds of the clock that it takes."""
        self.clock: Callable[[], float] = lambda: 0.0

    async def open(self) -> None: ...

    async def close(self) -> None: ...

    async def hear(self, samples: NDArray[np.float32]) -> Understood:
        self.heard.append(samples.size / CLOCK_RATE)
        until = self.clock() + self.wait
        while self.clock() < until:
            await asyncio.sleep(0)
        return Understood(self.text, "en")


class ToneVoice:
    """Each word is a tone of the same length, so that it is known what was heard."""

    title, voice = "Tones", "tones/sine"

    async def open(self) -> None: ...

    async def close(self) -> None: ...

    async def speak(self, text: str) -> AsyncIterator[SpokenPiece]:
        length = int(WORD_SECONDS * SOUND_RATE)
        tone = (np.sin(np.arange(length) / 20) * 8000).astype("<i2").tobytes()
        for word in text.split():
            yield SpokenPiece(tone, (ReplyWord(f"{word} ", 0, length),))


@dataclass
class Listener:
    """A loudspeaker: plays what comes in order, at its rate, and reports. `lost`: sound that came under a stale number."""

    reports: Callable[[int, int], None]
    ring: list[tuple[int, int]] = field(default_factory=list)
    stream: int = 0
    stale_before: int = 0
    position: int = 0
    played: list[tuple[int, int, int]] = field(default_factory=list)
    stale: int = 0
    delay: int = 0
    """Steps of the clock that a report is under way."""
    under_way: list[tuple[int, int, int]] = field(default_factory=list)

    def receive(self, event: SessionEvent) -> None:
        if isinstance(event, SoundChunk):
            if event.stream <= self.stale_before:
                self.stale += 1
                return
            if event.stream != self.stream:
                self.stream, self.ring, self.position = event.stream, [], event.first
            self.ring.append((event.first, event.end))
        elif isinstance(event, Paused):
            self.stale_before = max(self.stale_before, event.stream)
            if self.stream <= event.stream:
                self._report()
                self.ring = []

    def run(self, frames: int) -> None:
        while frames and self.ring:
            first, end = self.ring[0]
            taken = min(frames, end - first)
            self.position = first + taken
            frames -= taken
            self.ring[0] = (self.position, end)
            if self.position >= end:
                self.ring.pop(0)
            self.played.append((self.stream, first, self.position))
        if self.stream > self.stale_before:
            self._report()

    def arrive(self) -> None:
        """A step of the clock passes: what was long enough under way is there."""
        self.under_way = [(left - 1, stream, at) for left, stream, at in self.under_way]
        while self.under_way and self.under_way[0][0] < 0:
            _, stream, at = self.under_way.pop(0)
            self.reports(stream, at)

    def _report(self) -> None:
        if self.delay or self.under_way:  # later ones do not overtake
            self.under_way.append((self.delay, self.stream, self.position))
        else:
            self.reports(self.stream, self.position)


class Simulation:
    """A session, its clock, and its listener."""

    def __init__(self, *texts: str, settings: SessionSettings | None = None, voiced: bool = True) -> None:
        self.time = self._part = 0.0
        self.speech = False
        self.mind, self.ear = ScriptedMind(*(texts or ("It is fine today.",))), ScriptedEar()
        self.ear.clock = lambda: self.time
        self.events: list[SessionEvent] = []
        self.session = LiveSession(
            "simulated",
            settings or SessionSettings(echo="headphones"),
            SessionParts(self.mind, self.ear, ToneVoice() if voiced else None),
            clock=lambda: self.time,
            likelihood=lambda window: 0.9 if self.speech else 0.02,
        )
        self.listener = Listener(self.session.played)
        self.session._observers = (self,)
        self.sound: Callable[[int], NDArray[np.float32]] = voice

    def person_sound(self, at: int, pcm: bytes) -> None: ...

    def event(self, event: SessionEvent) -> None:
        self.events.append(event)
        self.listener.receive(event)

    async def open(self) -> Simulation:
        await self.session.open(tick=False)
        return self

    async def run(
        self, seconds: float, *, speech: bool = False, listening: bool = True, step: int = STEP, pace: float = 1.0
    ) -> None:
        """Let time pass; `speech`: the person makes the present sound. `pace`: of the loudspeaker's clock beside it."""
        for _ in range(round(seconds * CLOCK_RATE / step)):
            self.time += step / CLOCK_RATE
            self.speech = speech
            samples = self.sound(step) if speech else np.zeros(step, np.float32)
            self.session.feed((samples * 32767).astype("<i2").tobytes())
            if listening:
                self.listener.run(self._frames(step * SOUND_RATE / CLOCK_RATE * pace))
            self.listener.arrive()
            self.stepped()
            self.session.tick()
            for _ in range(6):
                await asyncio.sleep(0)

    def stepped(self) -> None:
        """Called after each step of the clock."""

    def _frames(self, wanted: float) -> int:
        """Whole frames; what is left of one is played with the next."""
        whole = int(wanted + self._part + 1e-6)
        self._part = max(0.0, wanted + self._part - whole)
        return whole

    async def ask(self, text: str = "What is the weather like?") -> None:
        """Say something, and wait until the answer begins to sound."""
        self.ear.text = text
        await self.run(0.8, speech=True)
        for _ in range(100):
            if self.session.sounding():
                return
            await self.run(0.04)
        raise AssertionError("no answer")

    def of(self, kind: type[SessionEvent]) -> list[SessionEvent]:
        return [one for one in self.events if isinstance(one, kind)]


_phase = [0]


def voice(count: int) -> NDArray[np.float32]:
    """A voice that speaks: a pitch of 140 Hz whose colour moves."""
    at = np.arange(_phase[0], _phase[0] + count) / CLOCK_RATE
    _phase[0] += count
    colour = 0.5 + 0.5 * np.sin(2 * np.pi * 5 * at)
    low = sum(np.sin(2 * np.pi * 140 * k * at) / k for k in range(1, 6))
    high = sum(np.sin(2 * np.pi * 140 * k * at) for k in range(7, 18))
    return (0.12 * ((1 - colour) * low + 0.25 * colour * high)).astype(np.float32)


def hum(count: int) -> NDArray[np.float32]:
    """ "Mhm": a pitch through the nose."""
    at = np.arange(_phase[0], _phase[0] + count) / CLOCK_RATE
    _phase[0] += count
    return (0.2 * (np.sin(2 * np.pi * 130 * at) + 0.4 * np.sin(2 * np.pi * 260 * at))).astype(np.float32)


def noise(count: int) -> NDArray[np.float32]:
    """A cough's hiss."""
    return (0.2 * np.random.default_rng(_phase[0] + count).standard_normal(count)).astype(np.float32)


__all__ = ["WINDOW", "Ducked", "Listener", "Resumed", "Simulation", "hum", "noise", "voice"]
