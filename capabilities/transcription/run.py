"""Transcription of a sound for every job that needs it: choice of the engine, processing in parts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from engines.common.devices import ctranslate2_device, torch_device
from engines.contract import Device, Engine, EngineKind, EngineOptions, Transcript, TranscriptionTraits
from engines.transcription.common.transcript import RATE, primary
from engines.transcription.defaults import choose_transcriber
from media.audio.audio import Audio
from media.audio.decode import iterate_audio, probe
from media.audio.mixing.one_voice import one_voice
from media.audio.resample import StreamResampler
from media.audio.silence import cut_at_pauses
from studio.artifacts.transcripts import TranscriptStore, end_to_end
from studio.errors import EngineNotReady, InvalidInput
from studio.jobs.capability import CPU_LANE, GPU_LANE, JobContext
from studio.services import Services
from studio.validation import validated
from studio.workers.engine_service import readiness_of

AUTO = "auto"
_BLOCK_SECONDS = 10.0
_LONGEST_PART = 60.0
"""For engines whose card does not say."""


@dataclass(frozen=True)
class TranscriberChoice:
    """A ready engine with its options for this machine, and why it was chosen ("" if it was requested)."""

    engine: type[Engine]
    options: EngineOptions
    why: str = ""

    @property
    def lane(self) -> str:
        on_cpu = getattr(self.options, "device", AUTO) == "cpu"
        return GPU_LANE if self.engine.card.device is Device.CUDA and not on_cpu else CPU_LANE


@dataclass(frozen=True)
class TranscriptResult:
    """The transcript of a sound and its length in seconds."""

    transcript: Transcript
    duration: float


class Transcriber:
    """Chooses engines and transcribes sounds; has no state of a job."""

    def __init__(self, services: Services) -> None:
        self._catalog, self._site = services.catalog, services.site
        self._chunks = TranscriptStore(services.paths.root / "transcripts")

    def choose(self, engine_id: str, language: str, options: dict[str, Any]) -> TranscriberChoice:
        """Return the engine of an id, or the best ready one for "auto", with its options validated and resolved.

        Raises:
            NotFound, InvalidInput, EngineNotReady: no such engine, invalid options or language, or not ready.
        """
        why = ""
        if engine_id == AUTO:
            if options:
                raise InvalidInput("transcription.options-without-engine")
            self._refuse_unknown(language)
            engine_id, why = self._best(language)
        engine = self._catalog.get(engine_id)
        card = engine.card
        if card.capability is not EngineKind.TRANSCRIPTION:
            raise InvalidInput("transcription.engine-unfit", engine=card.title)
        if language != AUTO and card.languages and primary(language) not in card.languages:
            raise InvalidInput("transcription.engine-lacks-language", engine=card.title, language=language)
        readiness = readiness_of(engine, self._site)
        if not readiness.ready:
            raise EngineNotReady("engine.not-ready", engine=card.title, why=readiness.why, next_step=readiness.step)
        return TranscriberChoice(engine, engine.settled(self._site, validated(engine.Options, options, "option")), why)

    def ready(self) -> list[str]:
        """Ids of the transcription engines that can work now."""
        engines = self._catalog.of(EngineKind.TRANSCRIPTION)
        return [engine.card.id for engine in engines if readiness_of(engine, self._site).ready]

    def _refuse_unknown(self, language: str) -> None:
        """Refuse a language that no engine supports, whatever is downloaded."""
        known = {tag for engine in self._catalog.of(EngineKind.TRANSCRIPTION) for tag in engine.card.languages}
        if language != AUTO and primary(language) not in known:
            raise InvalidInput("transcription.language-unknown", language=language)

    def _best(self, language: str) -> tuple[str, str]:
        choice = choose_transcriber(
            language,
            self.ready(),
            torch_gpu=torch_device() is Device.CUDA,
            ctranslate2_gpu=ctranslate2_device() is Device.CUDA,
        )
        return choice.engine_id, choice.why

    def transcribe(self, sound: Path, choice: TranscriberChoice, language: str, context: JobContext) -> TranscriptResult:
        """Transcribe a whole file, part by part; parts that an earlier attempt has finished are reused.

        Memory holds one part. With the language "auto" the first part with speech decides for all.

        Raises:
            MediaError, EngineError, MemoryRefused, Cancelled.
        """
        card = choice.engine.card
        declared = probe(sound).duration
        parts: list[tuple[float, Transcript]] = []
        spoken, reached = language, 0.0
        with ExitStack() as lease:
            engine: Any = None
            for part in cut_at_pauses(_audio_of(sound), card.traits_of(TranscriptionTraits).longest_sound or _LONGEST_PART):
                end = part.start + part.audio.duration
                share = (part.start / max(declared, end), end / max(declared, end))
                context.progress(share[0], f"{card.title} listens")
                key = TranscriptStore.key(part.audio, card, choice.options, spoken)
                transcript = self._chunks.get(key)
                if transcript is None:
                    engine = engine or lease.enter_context(context.engine(choice.engine, choice.options))
                    with context.span(*share):
                        transcript = engine.transcribe(part.audio, spoken)
                    self._chunks.put(key, transcript)
                    context.event("part", start=round(part.start, 3), end=round(end, 3))
                parts.append((part.start, transcript))
                spoken, reached = transcript.language if spoken == AUTO and transcript.language else spoken, end
        self._chunks.prune()
        context.progress(1.0, "Written down")
        return TranscriptResult(end_to_end(parts, "" if spoken == AUTO else spoken, reached), reached)


def _audio_of(sound: Path) -> Iterator[Audio]:
    """Yield the sound of a file as recognisers need it, block by block."""
    resampler: StreamResampler | None = None
    for block in iterate_audio(sound, _BLOCK_SECONDS):
        resampler = resampler or StreamResampler(block.rate, RATE, 1)
        yield Audio(resampler.process(one_voice(block).samples), RATE)
    if resampler is not None:
        yield Audio(resampler.process(np.zeros((0, 1), np.float32), last=True), RATE)
