"""The work of writing down a sound, shared by every job that does it: choosing the engine, hearing part by part."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from engines.catalog import Catalog
from engines.contract import Capability, Device, Engine, EngineOptions, Site, Transcript
from engines.transcription.defaults import choose_transcriber
from engines.transcription.devices import ctranslate2_device, torch_device
from engines.transcription.words import RATE, primary
from media.audio import Audio
from media.decode import iterate_audio, probe
from media.pauses import cut_at_pauses
from media.resample import StreamResampler
from studio.engines_service import readiness_of
from studio.errors import EngineNotReady, InvalidInput
from studio.jobs.production import CPU_LANE, GPU_LANE, Stage
from studio.paths import DataPaths
from studio.productions.transcript_pieces import TranscriptPieces, end_to_end
from studio.validation import validated

AUTO = "auto"
_BLOCK_SECONDS = 10.0
_LONGEST_PART = 60.0
"""For engines whose card does not say."""


class Rooms(Protocol):
    """What writing down uses of the studio."""

    @property
    def paths(self) -> DataPaths: ...
    @property
    def catalog(self) -> Catalog: ...
    @property
    def site(self) -> Site: ...


@dataclass(frozen=True)
class Listener:
    """An engine that will listen, with its options settled for this machine, and why it was chosen ("" when asked for)."""

    engine: type[Engine]
    options: EngineOptions
    why: str = ""

    @property
    def lane(self) -> str:
        on_cpu = getattr(self.options, "device", AUTO) == "cpu"
        return GPU_LANE if self.engine.card.device is Device.CUDA and not on_cpu else CPU_LANE


@dataclass(frozen=True)
class Written:
    """What a sound came to: its transcript and its length in seconds."""

    transcript: Transcript
    duration: float


class Transcribing:
    """Chooses listeners and writes sounds down; holds nothing of a job."""

    def __init__(self, rooms: Rooms) -> None:
        self._catalog, self._site = rooms.catalog, rooms.site
        self._pieces = TranscriptPieces(rooms.paths.root / "transcripts")

    def listener(self, engine_id: str, language: str, options: dict[str, Any]) -> Listener:
        """The engine of that id, or the best ready one for "auto", with its options checked and settled.

        Raises:
            NotFound, InvalidInput, EngineNotReady: no such engine, options or a language it does not take, or not ready.
        """
        why = ""
        if engine_id == AUTO:
            if options:
                raise InvalidInput("Options belong to an engine, and none is chosen.", "Choose an engine, or leave them out.")
            self._refuse_unknown(language)
            engine_id, why = self._best(language)
        engine = self._catalog.get(engine_id)
        card = engine.card
        if card.capability is not Capability.TRANSCRIPTION:
            raise InvalidInput(f"{card.title} does not write down speech.", "Choose a transcription engine, or auto.")
        if language != AUTO and card.languages and primary(language) not in card.languages:
            raise InvalidInput(f'{card.title} does not understand the language "{language}".', "Choose another engine, or auto.")
        readiness = readiness_of(engine, self._site)
        if not readiness.ready:
            raise EngineNotReady(f"{card.title} is not ready. {readiness.sentence}", readiness.next_step)
        return Listener(engine, engine.settled(self._site, validated(engine.Options, options, "option")), why)

    def ready(self) -> list[str]:
        """Ids of the transcription engines that can work now."""
        engines = self._catalog.of(Capability.TRANSCRIPTION)
        return [engine.card.id for engine in engines if readiness_of(engine, self._site).ready]

    def _refuse_unknown(self, language: str) -> None:
        """No engine will ever know it, whatever is downloaded."""
        known = {tag for engine in self._catalog.of(Capability.TRANSCRIPTION) for tag in engine.card.languages}
        if language != AUTO and primary(language) not in known:
            raise InvalidInput(f'No recogniser knows the language "{language}".', "Use a tag such as en or de, or auto.")

    def _best(self, language: str) -> tuple[str, str]:
        choice = choose_transcriber(
            language,
            self.ready(),
            torch_gpu=torch_device() is Device.CUDA,
            ctranslate2_gpu=ctranslate2_device() is Device.CUDA,
        )
        return choice.engine_id, choice.why

    def write_down(self, sound: Path, listener: Listener, language: str, stage: Stage) -> Written:
        """The transcript of a whole file, heard part by part; parts that an earlier attempt has heard are taken as they are.

        Memory holds one part. With the language "auto" the first part in which something is said decides for all.

        Raises:
            MediaError, EngineError, MemoryRefused, Cancelled.
        """
        card = listener.engine.card
        declared = probe(sound).duration
        parts: list[tuple[float, Transcript]] = []
        spoken, reached = language, 0.0
        with ExitStack() as lease:
            engine: Any = None
            for part in cut_at_pauses(_heard(sound), card.longest_sound or _LONGEST_PART):
                end = part.start + part.audio.duration
                share = (part.start / max(declared, end), end / max(declared, end))
                stage.progress(share[0], f"{card.title} listens")
                key = TranscriptPieces.key(part.audio, card, listener.options, spoken)
                heard = self._pieces.get(key)
                if heard is None:
                    engine = engine or lease.enter_context(stage.engine(listener.engine, listener.options))
                    with stage.span(*share):
                        heard = engine.transcribe(part.audio, spoken)
                    self._pieces.put(key, heard)
                    stage.event("part", start=round(part.start, 3), end=round(end, 3))
                parts.append((part.start, heard))
                spoken, reached = heard.language if spoken == AUTO and heard.language else spoken, end
        self._pieces.prune()
        stage.progress(1.0, "Written down")
        return Written(end_to_end(parts, "" if spoken == AUTO else spoken, reached), reached)


def _heard(sound: Path) -> Iterator[Audio]:
    """The sound of a file as recognisers want it, block by block."""
    resampler: StreamResampler | None = None
    for block in iterate_audio(sound, _BLOCK_SECONDS):
        resampler = resampler or StreamResampler(block.rate, RATE, 1)
        yield Audio(resampler.process(block.mono().samples), RATE)
    if resampler is not None:
        yield Audio(resampler.process(np.zeros((0, 1), np.float32), last=True), RATE)
