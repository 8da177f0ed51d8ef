"""Speech recognition in a rehearsal: cuts the microphone's sound at pauses and recognises each stretch.

One thread for each rehearsal, because a lease and a call of an engine block. Results are reported from that thread.
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
class RecogniserReady:
    """The recogniser is ready. `exact`: it transcribes, so that changed words are found, not only omitted ones."""

    title: str
    exact: bool


@dataclass(frozen=True)
class SpeechActivity:
    """The person has begun to speak, or has paused."""

    going_on: bool


@dataclass(frozen=True)
class Heard:
    """Everything that was recognised since the line began. `line` is the value that was passed to `listen`."""

    line: int
    text: str


@dataclass(frozen=True)
class RecogniserFailed:
    """The recogniser has failed; the rehearsal can continue by hand."""

    error: GreenroomError


RecogniserEvent = RecogniserReady | SpeechActivity | Heard | RecogniserFailed


class _Listener(Protocol):
    """How one kind of engine recognises a line."""

    def hear(self, engine: Any, spoken: list[Utterance], line: str) -> str:
        """What was said in all utterances of a line so far."""
        ...


class _Dictation:
    """Transcribes each utterance once, independent of the line."""

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
    """Aligns the words of the line once its end was reached; until then it recognises nothing.

    A follower that gets another text repeats some of its words to fill the time, so a repetition counts as no match.
    """

    MOST_AGAIN, LEAST_SHARE = 1.2, 0.5

    def hear(self, engine: Any, spoken: list[Utterance], line: str) -> str:
        said = engine.align(_audio(np.concatenate([one.samples for one in spoken])), line).text
        found, wanted = len(said.split()), max(1, len(line.split()))
        return said if self.LEAST_SHARE * wanted <= found <= self.MOST_AGAIN * wanted else ""


@dataclass(frozen=True)
class ChosenRecogniser:
    """The chosen recogniser for a language."""

    engine: type[Engine]
    options: Any
    exact: bool


def choose_recogniser(services: Services, language: str) -> ChosenRecogniser:
    """Return the best ready engine that can follow a person in this language.

    Raises:
        EngineNotReady: there is none; the hint is the next step.
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
        return ChosenRecogniser(choice.engine, choice.options.model_copy(update=quick), exact=True)
    follower = next((one for one in services.catalog.of(EngineKind.VERIFICATION) if one.card.id == FOLLOWER), None)
    if follower and language.split("-")[0] in follower.card.languages and readiness_of(follower, services.site).ready:
        return ChosenRecogniser(follower, follower.Options(), exact=False)
    raise EngineNotReady("rehearsal.no-ear", language=language)


class LineRecogniser:
    """Recognises until it is closed. Any thread may call `feed`, `listen` and `close`, which return at once; `told` is called
    from the recogniser's own thread."""

    def __init__(self, services: Services, language: str, told: Callable[[RecogniserEvent], None]) -> None:
        self._services, self._language, self._told = services, language, told
        self._waiting: queue.Queue[NDArray[np.float32] | tuple[int, str] | None] = queue.Queue(MOST_WAITING)
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._run, name="rehearsal recogniser", daemon=True)
        self._thread.start()

    def listen(self, line: int, text: str) -> None:
        """From now on the sound belongs to this line; `text` "" = to none, and it is not recognised."""
        self._put((line, text))

    def feed(self, pcm: bytes) -> None:
        """Add sound of the microphone: 16-bit little-endian samples, mono at 16 kHz."""
        usable = len(pcm) - len(pcm) % 2
        self._put(np.frombuffer(pcm[:usable], "<i2").astype(np.float32) / np.float32(32768))

    def close(self) -> None:
        """End; a running call is cancelled."""
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
            chosen = choose_recogniser(self._services, self._language)
            with self._services.workers.lease(chosen.engine, chosen.options, cancelled=self._closed.is_set) as engine:
                self._told(RecogniserReady(chosen.engine.card.title, chosen.exact))
                self._listen(engine, _Dictation(self._language) if chosen.exact else _Follower())
        except Cancelled:
            pass
        except GreenroomError as error:
            if not self._closed.is_set():
                self._told(RecogniserFailed(error))
        except Exception:
            log.exception("The recogniser of a rehearsal ended unexpectedly.")
            self._told(RecogniserFailed(EngineNotReady("rehearsal.ear-ended")))

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
