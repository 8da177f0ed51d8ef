"""From the end of speech to the first sound, and from the first sound of an interruption to silence.

A recorded reader speaks into a session in real time. The ear and the voice are the studio's own, whichever are ready; the mind is
a stand-in that writes a word every 20 ms, or, with `built-in`, the built-in model. A listener plays in real time what it gets,
and reports it. Every second answer is interrupted. Then the voice says what listeners say ("Mhm.", "Yeah.") over an answer, and
noise stands for coughs and bangs, a hundred of them: how many ended it. Last, a thousand answers are cancelled at any moment:
how much sound came after that. Weights are those of $MODEL_WEIGHTS, else of the studio. The machine's load stands beside it all,
and what a turn took of the processor.

Run: python -m bench.conversation.conversation [TURNS] [built-in] [turns]; `turns` leaves out what comes after them.
"""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from statistics import quantiles

import numpy as np
from numpy.typing import NDArray

from bench.conversation.processor_time import ProcessorTime
from bench.figures import Figure, tell
from capabilities.conversation.session.events import (
    CLOCK_RATE,
    SOUND_RATE,
    Ducked,
    Paused,
    ReplyCut,
    SessionEvent,
    SessionStarted,
    SoundChunk,
)
from capabilities.conversation.session.live import LiveSession
from capabilities.conversation.session.parts.choice import choose_recogniser, choose_voice, made_recogniser, made_voice
from capabilities.conversation.session.parts.language_model import ServiceLanguageModel
from capabilities.conversation.session.parts.roles import LanguageModelPart, SessionParts, VoicePart
from capabilities.conversation.session.settings import SessionSettings
from capabilities.conversation.session.values import TurnTimes
from capabilities.registry import all_capabilities
from engines.contract import ChatMessage
from media.audio.decode import decode_audio
from media.audio.resample import resample
from studio.services import Services
from studio.settings import HOME, load_settings

TURNS = 40
MADE_ASIDES, CANCELS = 100, 1_000
STEP = CLOCK_RATE // 50
ANSWER = "Well, that is a good question. " + "It takes a while to tell, and there is more to it than people think. " * 6
ASIDES = ("Mhm.", "Yeah.", "Right.", "Okay.", "Uh huh.")
PATIENCE = 60.0


class ScriptedMind:
    """Writes a word every 20 ms."""

    title = "a stand-in"

    async def open(self) -> None: ...

    async def close(self) -> None: ...

    async def answer(self, messages: tuple[ChatMessage, ...], longest: int, temperature: float) -> AsyncIterator[str]:
        for word in ANSWER.split(" "):
            await asyncio.sleep(0.02)
            yield f"{word} "


STEPS = {
    "pause": "the pause is noticed", "words": "the words are there", "turn_end": "the turn is over",
    "first_token": "the first word is written", "first_clause": "the first clause is written",
    "first_sound": "the first sound is sent",
}  # fmt: skip


class Bench:
    """A session with a microphone and a loudspeaker that keep time. It listens in on itself."""

    def __init__(self, settings: SessionSettings, parts: SessionParts) -> None:
        self.session = LiveSession("bench", settings, parts, observers=(self,))
        self.events: list[SessionEvent] = []
        self._stream = self._stale = self._place = self._end = 0
        self.late = 0
        """Pieces of sound that were given out; see `cancelled`."""
        self._chance = np.random.default_rng(5)

    def person_sound(self, at: int, pcm: bytes) -> None: ...

    def event(self, event: SessionEvent) -> None:
        if isinstance(event, Paused):
            self._stale = max(self._stale, event.stream)
        if isinstance(event, SoundChunk):
            self.late += 1
        if not isinstance(event, SoundChunk):
            self.events.append(event)
        elif event.stream > self._stale:
            if event.stream != self._stream:
                self._stream, self._place = event.stream, event.first
            self._end = event.end

    async def speak(self, sound: NDArray[np.float32]) -> int:
        """Say something in real time; where its first loud sample lies on the session's clock."""
        loud = int(np.flatnonzero(np.abs(sound) > 0.02)[0])
        onset = self.session.now + loud
        begun, played = time.monotonic(), time.monotonic()
        for at in range(0, sound.size, STEP):
            hiss = self._chance.standard_normal(sound[at : at + STEP].size) * 2e-4
            self.session.feed(((sound[at : at + STEP] + hiss) * 32767).astype("<i2").tobytes())
            await asyncio.sleep(max(0.0, begun + (at + STEP) / CLOCK_RATE - time.monotonic()))
            now = time.monotonic()
            if self._stream > self._stale and self._place < self._end:
                self._place = min(self._end, self._place + int((now - played) * SOUND_RATE))
                self.session.played(self._stream, self._place)
            played = now
        return onset

    async def until(self, kind: type[SessionEvent], count: int) -> None:
        """Be silent until so many events of a kind were told."""
        until = time.monotonic() + PATIENCE
        while len(self.of(kind)) < count and time.monotonic() < until:
            await self.silence(0.1)

    async def silence(self, seconds: float) -> None:
        quiet = np.zeros(int(seconds * CLOCK_RATE), np.float32)
        quiet[0] = 0.03
        await self.speak(quiet)

    async def sounding(self) -> bool:
        until = time.monotonic() + PATIENCE
        while not self.session.sounding() and time.monotonic() < until:
            await self.silence(0.06)
        return self.session.sounding()

    def of(self, kind: type[SessionEvent]) -> list[SessionEvent]:
        return [one for one in self.events if isinstance(one, kind)]


def clip(name: str) -> NDArray[np.float32]:
    return resample(decode_audio(HOME / "assets" / "voices" / f"{name}.wav").mono(), CLOCK_RATE).samples[:, 0]


async def talk(bench: Bench, turns: int) -> tuple[list[TurnTimes], list[float], list[float], list[float]]:
    """The times of each answer; milliseconds from the onset of an interruption to the duck, and to silence; and seconds of the
    processor that each question took until its answer was heard."""
    first: list[TurnTimes] = []
    work: list[float] = []
    processor = ProcessorTime()
    duck: list[float] = []
    silence: list[float] = []
    clips = [clip("LJ001-0008"), clip("LJ001-0002")]
    for number in range(turns):
        processor.since()
        await bench.speak(clips[number % 2])
        if not await bench.sounding():
            continue
        work.append(processor.since())
        await bench.silence(1.5)
        reply = bench.session._replies.current  # what the page is told at the reply's end
        if reply is not None:
            first.append(reply.times)
        if number % 2:
            await bench.session.cancel()
            continue
        before = len(bench.events)
        onset = await bench.speak(clips[1])
        for kind, found in ((Ducked, duck), (Paused, silence)):
            at = next((one.at for one in bench.events[before:] if isinstance(one, kind)), None)
            if at is not None:
                found.append((at - onset) / CLOCK_RATE * 1000)
        await bench.sounding()
        await bench.session.cancel()
    return first, duck, silence, work


def since_speech(times: Sequence[TurnTimes], step: str) -> list[float]:
    """Milliseconds from the end of speech to a step."""
    return [(getattr(one, step) - one.speech_end) / CLOCK_RATE * 1000 for one in times]


async def asides(bench: Bench, voice: VoicePart, count: int) -> tuple[int, int]:
    """How many sounds that ask for nothing were made over answers, and how many of them ended one."""
    sounds = await aside_sounds(voice)
    made = ended = 0
    for number in range(count):
        if not bench.session.sounding():
            await bench.session.send_text("Go on.")
            if not await bench.sounding():
                continue
            await bench.silence(0.8)
        before = len(bench.of(ReplyCut))
        await bench.speak(sounds[number % len(sounds)])
        await bench.silence(1.5)
        made, ended = made + 1, ended + (len(bench.of(ReplyCut)) > before)
    await bench.session.cancel()
    return made, ended


async def cancelled(bench: Bench, count: int) -> int:
    """How much sound of an answer came after it was cancelled, in pieces, over so many answers."""
    chance = np.random.default_rng(9)
    late = 0
    for _ in range(count):
        await bench.session.send_text("Go on.")
        await asyncio.sleep(float(chance.uniform(0, 0.15)))
        await bench.session.cancel()
        bench.late = 0
        await asyncio.sleep(0.02)
        late += bench.late
    return late


async def aside_sounds(voice: VoicePart) -> list[NDArray[np.float32]]:
    """What listeners say, by this voice, and two coughs and two bangs."""
    sounds = []
    for text in ASIDES:
        pieces = [np.frombuffer(piece.pcm, "<i2") async for piece in voice.speak(text)]
        sound = np.concatenate(pieces).astype(np.float32) / 32768
        sounds.append(
            np.interp(np.arange(0, sound.size, SOUND_RATE / CLOCK_RATE), np.arange(sound.size), sound).astype(np.float32)
        )
    chance = np.random.default_rng(1)
    for seconds, fall in ((0.3, 5), (0.4, 3), (0.1, 8), (0.15, 12)):
        shape = np.exp(-np.linspace(0, fall, int(seconds * CLOCK_RATE))) * 0.3
        sounds.append((chance.standard_normal(shape.size) * shape).astype(np.float32))
    return sounds


async def measure(studio: Services, turns: int, *, built_in: bool, turns_alone: bool) -> None:
    settings = SessionSettings(echo="headphones")
    mind: LanguageModelPart = ServiceLanguageModel(studio.language, print) if built_in else ScriptedMind()
    voice = made_voice(studio, settings, choose_voice(studio, settings), print)
    bench = Bench(
        settings, SessionParts(mind, made_recogniser(studio, settings, choose_recogniser(studio, settings), print), voice)
    )
    await bench.session.open()
    try:
        (started,) = bench.of(SessionStarted)
        assert isinstance(started, SessionStarted)
        print(f"{started.ear} listens, {started.mind} thinks, {started.voice} speaks; {turns} turns")
        times, duck, silence, work = await talk(bench, turns)
        loads = [os.getloadavg()[0]]
        made, ended = (0, 0) if turns_alone else await asides(bench, voice, MADE_ASIDES)
        late = 0 if turns_alone else await cancelled(bench, CANCELS)
        loads.append(os.getloadavg()[0])
    finally:
        await bench.session.close()
    note = f"{started.ear}, {started.mind}, {started.voice}; load {loads[0]:.0f} after the turns, {loads[1]:.0f} at the end"
    first = since_speech(times, "first_sound")
    tell(Figure("End of speech to first sound, p50", "ms", first, promise="900 on two idle cores", note=note))
    for step, said in STEPS.items():
        tell(Figure(f"… until {said}", "ms", since_speech(times, step)))
    tell(Figure("Processor time of a question and its first sound", "s", work, note="with the session's own hearing of 2 s"))
    tell(
        Figure(
            "End of speech to first sound, p95",
            "ms",
            [quantiles(first, n=20, method="inclusive")[-1]],
            note=f"of {len(first)} turns",
        )
    )
    tell(Figure("Onset of an interruption to the lowered voice", "ms", duck))
    tell(Figure("Onset of an interruption to silence", "ms", silence, promise="300 at most, and what a busy machine adds"))
    if turns_alone:
        return
    tell(
        Figure(
            "“Mhm”, “yeah”, coughs and bangs that ended an answer",
            "%",
            [100 * ended / max(1, made)],
            promise="at most 5",
            note=f"of {made}",
        )
    )
    tell(Figure("Pieces of sound that came after a cancel", "", [late], promise="none", note=f"{CANCELS:,} cancels"))


def main() -> int:
    turns = next((int(one) for one in sys.argv[1:] if one.isdigit()), TURNS)
    with tempfile.TemporaryDirectory(prefix="greenroom-bench-") as folder:
        weights = os.environ.get("MODEL_WEIGHTS") or str(HOME / "data" / "weights")
        settings = load_settings(data={"folder": str(Path(folder) / "data"), "weights": [weights]})
        studio = Services.open(settings, all_capabilities)
        try:
            asyncio.run(measure(studio, turns, built_in="built-in" in sys.argv, turns_alone="turns" in sys.argv))
        finally:
            studio.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
