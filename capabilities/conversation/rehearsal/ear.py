"""Hears a person in a rehearsal: cuts what the microphone sends at its pauses and writes each stretch down.

One thread for each rehearsal, because a lease and a call of an engine block. What it finds is told from that thread.
"""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from capabilities.transcription.run import Transcriber
from engines.contract import Engine, EngineKind
from media.audio.audio import Audio
from media.audio.voice_activity import RATE, SpeechTiming, Utterance, UtteranceCutter, model_file
from studio.errors import Cancelled, EngineNotReady, GreenroomError
from studio.services import Services
from studio.workers.engine_service import readiness_of

log = logging.getLogger(__name__)

FOLLOWER = "reading-follower"
DICTATION_TOO_WEAK = frozenset({"pocketsphinx"})
"""Recognisers whose text is too often wrong to hold a person's words against it."""

LONGEST_UTTERANCE = 12.0
MOST_WAITING = 600
"""Pieces of sound that may wait, some 20 ms each; a machine that falls behind further loses the oldest."""


@dataclass(frozen=True)
class EarReady:
    """It can listen. `exact`: it writes down what it hears, so that changed words are found, not only those left out."""

    title: str
    exact: bool


@dataclass(frozen=True)
class SpeechActivity:
    """Somebody has begun to speak, or has paused."""

    going_on: bool


@dataclass(frozen=True)
class Heard:
    """All that was heard since listening began for this line. `line` is the mark that `listen` was given."""

    line: int
    text: str


@dataclass(frozen=True)
class EarFailed:
    """It hears nothing more; the rehearsal can go on by hand."""

    error: GreenroomError


EarEvent = EarReady | SpeechActivity | Heard | EarFailed


class _Listener(Protocol):
    """How one kind of engine hears a line."""

    def hear(self, engine: Any, spoken: list[Utterance], line: str) -> str:
        """What was said in all utterances of a line so far."""
        ...


class _Dictation:
    """Writes down each utterance once, whatever the line says."""

    def __init__(self, language: str) -> None:
        self._language = language
        self._written: list[str] = []

    def hear(self, engine: Any, spoken: list[Utterance], line: str) -> str:
        if len(spoken) == 1:
            self._written = []
        for utterance in spoken[len(self._written) :]:
            said = engine.transcribe(_audio(utterance.samples), self._language)
            self._written.append(" ".join(one.text for one in said.segments if not one.doubt) or "")
        return " ".join(filter(None, self._written))


class _Follower:
    """Tells which words of the line were said, once its end was reached; until then it hears nothing.

    A follower that is given another text repeats some words of its own to fill the time, so what repeats itself is none.
    """

    MOST_AGAIN, LEAST_SHARE = 1.2, 0.5

    def hear(self, engine: Any, spoken: list[Utterance], line: str) -> str:
        said = engine.align(_audio(np.concatenate([one.samples for one in spoken])), line).text
        found, wanted = len(said.split()), max(1, len(line.split()))
        return said if self.LEAST_SHARE * wanted <= found <= self.MOST_AGAIN * wanted else ""


@dataclass(frozen=True)
class ChosenEar:
    """What will listen in a language."""

    engine: type[Engine]
    options: Any
    exact: bool


def choose_ear(services: Services, language: str) -> ChosenEar:
    """The best ready engine that can follow a person in this language.

    Raises:
        EngineNotReady: none can; the hint is the next step.
    """
    if model_file() is None:
        raise EngineNotReady("rehearsal.no-voice-detector")
    transcriber = Transcriber(services)
    try:
        choice = transcriber.choose("auto", language, {})
    except GreenroomError:
        choice = None
    if choice is not None and choice.engine.card.id not in DICTATION_TOO_WEAK:
        quick = {name: value for name, value in {"beam_size": 1, "vad": False}.items() if hasattr(choice.options, name)}
        return ChosenEar(choice.engine, choice.options.model_copy(update=quick), exact=True)
    follower = next((one for one in services.catalog.of(EngineKind.VERIFICATION) if one.card.id == FOLLOWER), None)
    if follower and language.split("-")[0] in follower.card.languages and readiness_of(follower, services.site).ready:
        return ChosenEar(follower, follower.Options(), exact=False)
    raise EngineNotReady("rehearsal.no-ear", language=language)


class Ear:
    """Listens until it is closed. `feed`, `listen` and `close` may be called from any thread and return at once; `told` is called
    from the ear's own thread."""

    def __init__(self, services: Services, language: str, told: Callable[[EarEvent], None]) -> None:
        self._services, self._language, self._told = services, language, told
        self._waiting: queue.Queue[NDArray[np.float32] | tuple[int, str] | None] = queue.Queue(MOST_WAITING)
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._run, name="rehearsal ear", daemon=True)
        self._thread.start()

    def listen(self, line: int, text: str) -> None:
        """From now on what comes belongs to this line; `text` "" = to none, and it is not listened to."""
        self._put((line, text))

    def feed(self, pcm: bytes) -> None:
        """The next sound of the microphone: 16-bit little-endian samples, mono at 16 kHz."""
        usable = len(pcm) - len(pcm) % 2
        self._put(np.frombuffer(pcm[:usable], "<i2").astype(np.float32) / np.float32(32768))

    def close(self) -> None:
        """End; a call that is going on is broken off."""
        self._closed.set()
        self._put(None)

    def _put(self, item: NDArray[np.float32] | tuple[int, str] | None) -> None:
        while True:
            try:
                return self._waiting.put_nowait(item)
            except queue.Full:
                try:
                    self._waiting.get_nowait()
                except queue.Empty:
                    continue

    def _run(self) -> None:
        try:
            chosen = choose_ear(self._services, self._language)
            with self._services.workers.lease(chosen.engine, chosen.options, cancelled=self._closed.is_set) as engine:
                self._told(EarReady(chosen.engine.card.title, chosen.exact))
                self._listen(engine, _Dictation(self._language) if chosen.exact else _Follower())
        except Cancelled:
            pass
        except GreenroomError as error:
            if not self._closed.is_set():
                self._told(EarFailed(error))
        except Exception:
            log.exception("The ear of a rehearsal ended unexpectedly.")
            self._told(EarFailed(EngineNotReady("rehearsal.ear-ended")))

    def _listen(self, engine: Any, listener: _Listener) -> None:
        cutter = UtteranceCutter(SpeechTiming(), LONGEST_UTTERANCE)
        spoken: list[Utterance] = []
        line, text = -1, ""
        while not self._closed.is_set():
            item = self._waiting.get()
            if item is None:
                return
            if isinstance(item, tuple):
                (line, text), spoken = item, []
                cutter = UtteranceCutter(SpeechTiming(), LONGEST_UTTERANCE)
                continue
            if not text:
                continue
            was = cutter.speaking
            ended = cutter.feed(item)
            if (cutter.speaking or ended) and not was:
                self._told(SpeechActivity(True))
            for utterance in ended:
                spoken.append(utterance)
                self._told(Heard(line, listener.hear(engine, spoken, text)))
                self._told(SpeechActivity(False))


def _audio(samples: NDArray[np.float32]) -> Audio:
    return Audio(samples[:, None], RATE)
