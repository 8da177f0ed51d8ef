"""The list of engines: one line for each, imported when first used."""

from __future__ import annotations

import difflib
import importlib
from collections.abc import Sequence
from functools import cached_property

from engines.contract import CALLABLE_METHODS, Card, Engine, EngineKind, EngineOptions
from engines.contract.errors import EngineError
from media.errors import NotFound

BUILT_IN: tuple[str, ...] = (
    "engines.speech.hibari.engine:Hibari",
    "engines.speech.kokoro.engine:Kokoro",
    "engines.speech.espeak.engine:Espeak",
    "engines.speech.f5.engine:F5TTS",
    "engines.speech.voxcpm2.engine:VoxCPM2",
    "engines.speech.kokoro_torch.engine:KokoroTorch",
    "engines.speech.vibevoice.engine:VibeVoice",
    "engines.speech.dia.engine:Dia",
    "engines.speech.speecht5.engine:SpeechT5",
    "engines.speech.mms.engine:Mms",
    "engines.verification.reading_follower.engine:ReadingFollower",
    "engines.verification.wavlm.engine:WavlmSpeaker",
    "engines.verification.voice_encoder.engine:VoiceEncoder",
    "engines.transcription.pocketsphinx.engine:Pocketsphinx",
    "engines.transcription.faster_whisper.engine:FasterWhisper",
    "engines.speech.fish.engine:FishSpeech",
    "engines.speech.fish.server_engine:FishServer",
    "engines.transcription.whisper_transformers.engine:WhisperTransformers",
    "engines.analysis.engine:FaceAnalysis",
    "engines.faces.puppet.engine:Puppet",
    "engines.faces.musetalk.engine:MuseTalk",  # before LivePortrait: for speech it is the better of the two
    "engines.faces.liveportrait.engine:LivePortrait",
    "engines.swap.basic.engine:BasicFaceSwap",
    "engines.video.wan.engine:WanT2V13B",
    "engines.video.wan.engine:WanT2V14B",
    "engines.video.wan.engine:WanI2V14B",
    "engines.video.wan.engine:WanTI2V5B",
    "engines.video.wan.engine:WanT2VA14B",
    "engines.video.wan.engine:WanI2VA14B",
    "engines.video.animatic.engine:Animatic",
    "engines.upscaling.real_esrgan.engine:RealEsrgan",
    "engines.upscaling.basic.engine:BasicUpscale",
    "engines.upscaling.animevideo.engine:AnimeVideoUpscale",  # after the basic one, which Automatic takes: it is wrong for faces
    "engines.language.qwen_coder.engine:QwenCoder",
)
"""Adding an engine is one line here: "module:Class"."""


class Catalog:
    """All engines by id, the built-in ones first. Reads classes only and loads no engine.

    Args:
        extra: further engines as "module:Class", importable where the studio and its workers run (`engines.extra`).

    Raises:
        EngineError: from the first access on, if an entry cannot be imported or is no engine; the reason names the entry.
    """

    def __init__(self, extra: Sequence[str] = ()) -> None:
        self._entries = (*BUILT_IN, *extra)

    @cached_property
    def _by_id(self) -> dict[str, type[Engine]]:
        found: dict[str, type[Engine]] = {}
        for entry in self._entries:
            engine = _import(entry)
            other = found.setdefault(engine.card.id, engine)
            if other is not engine:
                raise EngineError(
                    "engine.id-taken", entry=entry, id=engine.card.id, module=other.__module__, other=other.__name__
                )
        return found

    def all(self) -> list[type[Engine]]:
        """Return every engine, built-in ones first, then the extra ones as listed."""
        return list(self._by_id.values())

    def of(self, capability: EngineKind) -> list[type[Engine]]:
        """Return the engines of one kind, in the same order."""
        return [engine for engine in self.all() if engine.card.capability is capability]

    def get(self, engine_id: str) -> type[Engine]:
        """Return an engine by its id.

        Raises:
            NotFound: with similar ids, or all of them if none is similar.
        """
        engine = self._by_id.get(engine_id)
        if engine is not None:
            return engine
        near = difflib.get_close_matches(engine_id.strip().lower(), self._by_id, n=3, cutoff=0.5)
        raise NotFound("engine.unknown", engine=engine_id, near=near, known=list(self._by_id))


def _import(entry: str) -> type[Engine]:
    module_name, _, class_name = entry.partition(":")
    try:
        engine = getattr(importlib.import_module(module_name), class_name)
    except Exception as error:  # whatever a foreign module does while it is imported, the entry is what has to be fixed
        raise EngineError("engine.entry-not-imported", entry=entry, problem=type(error).__name__) from error
    problem = _what_is_wrong(engine)
    if problem:
        raise EngineError("engine.entry-wrong", entry=entry, problem=problem)
    return engine  # type: ignore[no-any-return]


def _what_is_wrong(engine: object) -> str:
    if not (isinstance(engine, type) and issubclass(engine, Engine)):
        return "it is no subclass of engines.contract.Engine"
    if not isinstance(getattr(engine, "card", None), Card):
        return "it has no card"
    if not (isinstance(engine.Options, type) and issubclass(engine.Options, EngineOptions)):
        return "its Options are no EngineOptions"
    if not any(callable(getattr(engine, method, None)) for method in CALLABLE_METHODS[engine.card.capability]):
        return f"it has no method of its capability, {engine.card.capability}"
    return ""
