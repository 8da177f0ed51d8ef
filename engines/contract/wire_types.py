"""The types that may be passed between studio and worker, and the methods of each kind of engine."""

from __future__ import annotations

from engines.contract.analysis import WIRE_VALUES as ANALYSIS
from engines.contract.card import EngineKind
from engines.contract.faces import WIRE_VALUES as FACES
from engines.contract.language import WIRE_VALUES as LANGUAGE
from engines.contract.speech import WIRE_VALUES as SPEECH
from engines.contract.swap import WIRE_VALUES as SWAP
from engines.contract.transcription import WIRE_VALUES as TRANSCRIPTION
from engines.contract.upscaling import WIRE_VALUES as UPSCALING
from engines.contract.video import WIRE_VALUES as VIDEO
from media.audio.audio import Audio

CALLABLE_METHODS: dict[EngineKind, frozenset[str]] = {
    EngineKind.SPEECH: frozenset({"synthesize", "stream", "synthesize_batch"}),
    EngineKind.TRANSCRIPTION: frozenset({"transcribe"}),
    EngineKind.FACES: frozenset({"animate", "lip_sync"}),
    EngineKind.VIDEO: frozenset({"generate"}),
    EngineKind.SWAP: frozenset({"swap"}),
    EngineKind.UPSCALING: frozenset({"upscale"}),
    EngineKind.VERIFICATION: frozenset({"align", "embed"}),
    EngineKind.ANALYSIS: frozenset({"faces", "look", "measure", "track_mouth"}),
    EngineKind.LANGUAGE: frozenset({"chat"}),
}
"""The methods that a worker accepts for each kind: nothing else on an engine can be called from outside."""

WIRE_VALUES: tuple[type, ...] = (Audio, *SPEECH, *TRANSCRIPTION, *FACES, *SWAP, *VIDEO, *UPSCALING, *ANALYSIS, *LANGUAGE)
"""The types that may cross, beside JSON's own, Path, bytes and numpy arrays."""
