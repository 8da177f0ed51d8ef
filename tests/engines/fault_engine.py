"""An engine that behaves as badly as it is told to, for proving what the studio promises about bad engines.

Use it through settings.engines.extra = ["tests.engines.fault_engine:FaultEngine"]. Well-behaved, it speaks a tone for
every character, the same each time, so that a test can tell one text's sound from another's.
"""

from __future__ import annotations

import ctypes
import os
import signal
import stat
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import Literal

import numpy as np

from engines.contract import (
    Card,
    Engine,
    EngineKind,
    EngineOptions,
    EnginePaths,
    Licence,
    PresetVoice,
    RunContext,
    Speech,
    SpeechRequest,
    SpeechTraits,
    Tier,
    TimedMark,
    option,
)
from engines.contract.errors import EngineError
from engines.speech.common.request_checks import refuse_what_no_preset_engine_takes
from media.audio.audio import Audio
from media.errors import Cancelled

SAMPLE_RATE = 16_000
SECONDS_PER_CHARACTER = 0.06
FOREVER = 10**6
OWN_LICENCE = Licence("Apache-2.0")

Behaviour = Literal[
    "well", "hang", "hang_gil", "ignore_cancel", "crash", "exit", "hog", "garbage", "garbage_bytes", "raise", "slow", "flaky"
]
Garbage = Literal["nan", "short", "silence", "rate", "type"]


class FaultOptions(EngineOptions):
    """Which fault, where and how much of it."""

    behaviour: Behaviour = option("well", "Behaviour", "What the engine does when it is called.", common=True)
    at: Literal["call", "load"] = option("call", "At", "Whether it misbehaves in a call or while loading.", reload=True)
    when: str = option("", "When", "Misbehave only for texts that hold this; empty: for every text.")
    log: str = option("", "Log", "A file that gets one line for every call: process id, seed and text. Empty: none.")
    seconds: float = option(1.0, "Seconds", 'Length of a "slow" or "ignore_cancel" call.', unit="s", ge=0, le=3600)
    failures: int = option(1, "Failures", 'How many calls for the same text give silence before "flaky" speaks.', ge=0, le=100)
    garbage: Garbage = option("nan", "Garbage", 'What "garbage" gives back.')
    hog_gib: float = option(4.0, "Hog", 'Where "hog" stops taking memory and waits to be ended.', unit="GiB", ge=0.01, le=1024)
    signal: Literal["SIGABRT", "SIGSEGV", "SIGKILL"] = option("SIGABRT", "Signal", 'What "crash" dies of.')
    exit_code: int = option(3, "Exit code", 'What "exit" ends with.', ge=0, le=255)
    load_seconds: float = option(0.0, "Load time", "How long loading takes.", unit="s", ge=0, le=3600, reload=True)


class FaultEngine(Engine):
    """See the module."""

    card = Card(
        id="fault",
        title="Fault engine",
        capability=EngineKind.SPEECH,
        summary="For tests: fails in the way its options say.",
        version="1",
        code_licence=OWN_LICENCE,
        weights_licence=OWN_LICENCE,
        tier=Tier.LIGHT,
        memory_gib=0.05,
        traits=SpeechTraits(sample_rate=SAMPLE_RATE),
        languages=("en",),
        longest_text=1_000,
        stall_seconds=3.0,
        reload_seconds=0.1,
    )
    Options = FaultOptions
    options: FaultOptions

    def __init__(self, site: EnginePaths, options: EngineOptions, run: RunContext) -> None:
        super().__init__(site, options, run)
        self._calls: Counter[str] = Counter()
        self._hoard: list[bytearray] = []

    @classmethod
    def preset_voices(cls, site: EnginePaths) -> tuple[PresetVoice, ...]:
        return (PresetVoice("low", "Low", "en"), PresetVoice("high", "High", "en"))

    def load(self) -> None:
        time.sleep(self.options.load_seconds)
        if self.options.at == "load":
            self._misbehave()

    def synthesize(self, request: SpeechRequest) -> Speech:
        """A tone for each character, or the fault that the options ask for."""
        self.run.check()
        refuse_what_no_preset_engine_takes(request, self.card)
        if request.voice.preset not in ("", "low", "high"):
            raise EngineError("speech.voice-unknown", engine=self.card.title, voice=request.voice.preset, known=["low", "high"])
        if request.language.split("-")[0] not in self.card.languages:
            raise EngineError(
                "speech.language-unknown", engine=self.card.title, language=request.language, languages=self.card.languages
            )
        earlier = self._count(request)
        speech = _tones(request)
        if self.options.at == "load" or self.options.when not in request.text:
            return speech
        if self.options.behaviour == "garbage":
            return self._garbage(speech)
        if self.options.behaviour == "flaky" and earlier < self.options.failures:
            return Speech(Audio(np.zeros_like(speech.audio.samples), SAMPLE_RATE))
        self._misbehave()
        return speech

    def _count(self, request: SpeechRequest) -> int:
        """Log the call and tell how many came before for the same text; over processes when there is a log."""
        line = request.text.replace("\n", " ")
        if not self.options.log:
            self._calls[line] += 1
            return self._calls[line] - 1
        log = Path(self.options.log)
        earlier = log.read_text(encoding="utf-8").splitlines() if log.exists() else []
        with log.open("a", encoding="utf-8") as file:
            file.write(f"{os.getpid()}\t{request.seed}\t{line}\n")
        return sum(entry.split("\t", 2)[2] == line for entry in earlier)

    def _misbehave(self) -> None:
        """The faults that need no result; returns for those that are none or that pass."""
        behaviour = self.options.behaviour
        if behaviour == "hang":
            while True:
                time.sleep(1)
        elif behaviour == "hang_gil":
            ctypes.PyDLL(None).sleep(FOREVER)  # PyDLL keeps the interpreter's lock, unlike CDLL
        elif behaviour == "ignore_cancel":
            self._ignore_cancel()
        elif behaviour == "crash":
            os.kill(os.getpid(), getattr(signal, self.options.signal))
        elif behaviour == "exit":
            os._exit(self.options.exit_code)
        elif behaviour == "hog":
            self._hog()
        elif behaviour == "garbage_bytes":
            _write_rubbish()
        elif behaviour == "raise":
            raise ValueError("a fault with /root/secret/path and token=abc123 in it")
        elif behaviour == "slow":
            self._work_slowly()

    def _ignore_cancel(self) -> None:
        """Works and shows signs of life, but takes no notice of being cancelled."""
        end = time.monotonic() + self.options.seconds
        while time.monotonic() < end:
            with suppress(Cancelled):
                self.run.progress(0.5, "ignoring you")
            time.sleep(0.05)

    def _hog(self) -> None:
        block = 64 << 20
        while len(self._hoard) * block < self.options.hog_gib * (1 << 30):
            self._hoard.append(bytearray(os.urandom(4096)) * (block // 4096))  # written to, so the pages are real
            self.run.progress(0.5, f"{len(self._hoard) * block >> 20} MiB")
        while True:
            self.run.progress(0.9, "sitting on it")
            time.sleep(0.1)

    def _work_slowly(self) -> None:
        begin = time.monotonic()
        while (passed := time.monotonic() - begin) < self.options.seconds:
            self.run.progress(passed / self.options.seconds, "slow")
            time.sleep(0.02)

    def _garbage(self, speech: Speech) -> Speech:
        kind = self.options.garbage
        if kind == "type":
            return "not speech"  # type: ignore[return-value]
        if kind == "short":
            return Speech(speech.audio.slice(0, 0.005))
        if kind == "silence":
            return Speech(Audio(np.zeros_like(speech.audio.samples), SAMPLE_RATE))
        if kind == "rate":
            return Speech(Audio(speech.audio.samples, SAMPLE_RATE // 2))
        audio = Audio(speech.audio.samples, SAMPLE_RATE)
        object.__setattr__(audio, "samples", np.full_like(audio.samples, np.nan))  # past Audio's own check
        return Speech(audio)


def _tones(request: SpeechRequest) -> Speech:
    """One tone a character, its pitch from the character, the voice and (slightly) the seed; words with exact times."""
    frames = round(SECONDS_PER_CHARACTER * SAMPLE_RATE)
    time_axis = np.arange(frames) / SAMPLE_RATE
    envelope = np.minimum(1, np.minimum(np.arange(frames), np.arange(frames)[::-1]) / 80)
    base = 320.0 if request.voice.preset == "high" else 160.0
    pieces = []
    for character in request.text:
        level = 0.02 if character.isspace() else 0.3
        pitch = base + 7 * (ord(character) % 97) + request.seed % 5
        pieces.append(level * envelope * np.sin(2 * np.pi * pitch * time_axis))
    words, begin = [], 0
    for word in request.text.split():
        begin = request.text.index(word, begin)
        end = begin + len(word)
        words.append(TimedMark(word, begin * SECONDS_PER_CHARACTER, end * SECONDS_PER_CHARACTER, begin, len(word)))
        begin = end
    return Speech(Audio(np.concatenate(pieces).astype(np.float32), SAMPLE_RATE), tuple(words))


def _write_rubbish() -> None:
    """Rubbish to standard output and into every socket and pipe the process holds, as a stray C library might."""
    for descriptor in range(1, 256):
        try:
            mode = os.fstat(descriptor).st_mode
            if descriptor == 1 or stat.S_ISSOCK(mode) or stat.S_ISFIFO(mode):
                os.set_blocking(descriptor, False)
                os.write(descriptor, b"\xff\x00rubbish\xfe" * 64)
        except OSError:
            continue
