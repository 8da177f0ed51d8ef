"""The interface of an engine: a card, options, readiness, and the methods of its kind.

Importing an engine's module must be cheap: heavy libraries are imported inside `load`, which runs only in a worker process. The
studio reads the class (card, options, readiness); the worker makes the instance.

Each kind of engine has a module here (`speech`, `transcription`, `faces` …): its protocol, its requests and its results.
"""

from __future__ import annotations

import warnings
from typing import Any

from engines.contract.analysis import AnalysisEngine
from engines.contract.card import Card, Device, EngineKind, HubFile, Licence, ProblemSize, Reduction, Tier, Traits
from engines.contract.engine import Engine, EnginePaths, Machine, Readiness, RunContext
from engines.contract.former_names import FORMER_CLASSES, accept_former_fields
from engines.contract.language import ChatMessage, ChatPiece, ChatRequest, LanguageEngine, LanguageTraits
from engines.contract.options import EngineOptions, option
from engines.contract.speech import (
    BatchSpeechEngine,
    PhonemeSpan,
    PresetVoice,
    SpeakingVoice,
    Speech,
    SpeechEngine,
    SpeechRequest,
    SpeechTraits,
    StreamingSpeechEngine,
    TimedMark,
    Unsayable,
)
from engines.contract.transcription import (
    AlignmentEngine,
    SpeakerEmbedding,
    TranscribedSegment,
    Transcript,
    TranscriptionEngine,
    TranscriptionTraits,
)
from engines.contract.video import VideoTraits
from engines.contract.wire_types import CALLABLE_METHODS, WIRE_VALUES

__all__ = [
    "AlignmentEngine",
    "AnalysisEngine",
    "BatchSpeechEngine",
    "CALLABLE_METHODS",
    "Card",
    "ChatMessage",
    "ChatPiece",
    "ChatRequest",
    "Device",
    "Engine",
    "EngineKind",
    "EngineOptions",
    "EnginePaths",
    "HubFile",
    "LanguageEngine",
    "LanguageTraits",
    "Licence",
    "Machine",
    "PhonemeSpan",
    "PresetVoice",
    "ProblemSize",
    "Readiness",
    "Reduction",
    "RunContext",
    "SpeakerEmbedding",
    "SpeakingVoice",
    "Speech",
    "SpeechEngine",
    "SpeechRequest",
    "SpeechTraits",
    "StreamingSpeechEngine",
    "Tier",
    "TimedMark",
    "TranscribedSegment",
    "Traits",
    "Transcript",
    "TranscriptionEngine",
    "TranscriptionTraits",
    "Unsayable",
    "VideoTraits",
    "WIRE_VALUES",
    "option",
]

accept_former_fields(Card)


def __getattr__(name: str) -> Any:
    if name not in FORMER_CLASSES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    warnings.warn(f"engines.contract.{name} is called {FORMER_CLASSES[name]} now.", DeprecationWarning, stacklevel=2)
    return globals()[FORMER_CLASSES[name]]
